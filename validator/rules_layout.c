/* rules_layout.c: P104, writable static data: the layout that parigot.module records, checked against the
 * module (docs/module-section.md "Checked means" 1 to 5), and what can be said without one. docs/rules.md
 *
 * read_layout comes before the code and notes what the code is compared with; judge_constant_store and
 * judge_frame come with the code; judge_layout gives the verdict. */
#include "validator/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 65536, NULL_GUARD = 4096, MAX_HEAP_CONTROL = 256, WAIVER_PADDING = 16, MAX_WAIVERS = 10000 };

#define BROKEN(v, ...) broken(v, SITE_OF_MODULE, __VA_ARGS__)
static void broken(Val *v, Site, const char *format, ...) PRINTF(3, 4);
static void broken(Val *v, Site site, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vviolated(v, RULE_P104, site, (Str){0}, format, args);
    va_end(args);
    v->layout_ok = false;
}

/* ---- 1: the numbers ---- */

static void check_numbers(Val *v, const PmLayout *l)
{
    const struct {
        const char *name;
        uint32_t value;
    } order[] = {{"null_guard", l->null_guard},   {"stack_low", l->stack_low},
                 {"stack_high", l->stack_high},   {"sealed_low", l->sealed_low},
                 {"sealed_high", l->sealed_high}, {"waived_low", l->waived_low},
                 {"waived_high", l->waived_high}, {"heap_base", l->heap_base}};
    for (size_t i = 1; i < ARRAY_LEN(order); i++)
        if (order[i].value < order[i - 1].value)
            BROKEN(v, "layout: %s 0x%x is below %s 0x%x", order[i].name, order[i].value, order[i - 1].name,
                   order[i - 1].value);
    if (l->stack_low == l->stack_high)
        BROKEN(v, "layout: stack_low and stack_high are both 0x%x", l->stack_low);
    if (l->null_guard != 0 && l->null_guard != NULL_GUARD)
        BROKEN(v, "layout: null_guard 0x%x is neither 0 nor 0x1000", l->null_guard);
    if (l->heap_control > MAX_HEAP_CONTROL)
        BROKEN(v, "layout: heap_control %u is above %d", l->heap_control, MAX_HEAP_CONTROL);
    if (l->page_log2 < 12 || l->page_log2 > 16) {
        BROKEN(v, "layout: page_log2 %u is not between 12 and 16", l->page_log2);
    } else {
        uint32_t mask = (1u << l->page_log2) - 1;
        if (l->sealed_low & mask)
            BROKEN(v, "layout: sealed_low 0x%x is not a multiple of 2^%u", l->sealed_low, l->page_log2);
        if (l->sealed_high & mask)
            BROKEN(v, "layout: sealed_high 0x%x is not a multiple of 2^%u", l->sealed_high, l->page_log2);
    }
    uint64_t initial = v->m->n_memories ? (uint64_t)v->m->memories[0].min * PAGE : 0;
    if ((uint64_t)l->heap_base + l->heap_control > initial)
        BROKEN(v, "layout: heap_base 0x%x with its control block ends behind the initial memory, 0x%llx",
               l->heap_base, (unsigned long long)initial);
}

/* ---- 2: the stack pointer (entries: rules_globals.c; frames: judge_frame) ---- */

static uint32_t first_mutable_i32(const WasmModule *m)
{
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++)
        if (m->globals[i].mutable && m->globals[i].type == TYPE_I32) return i;
    return NONE32;
}

/* The global that the section names, where it can be one at all; else NONE32. */
static uint32_t recorded_stack_pointer(const Val *v, const PmSection *pm)
{
    const WasmModule *m = v->m;
    uint32_t sp = pm->stack_pointer - 1;
    if (sp >= m->n_globals || sp < m->n_imported[KIND_GLOBAL]) return NONE32;
    return m->globals[sp].mutable && m->globals[sp].type == TYPE_I32 ? sp : NONE32;
}

static void check_stack_pointer(Val *v, const PmSection *pm)
{
    uint32_t sp = recorded_stack_pointer(v, pm), first = first_mutable_i32(v->m);
    if (sp == NONE32) {
        BROKEN(v, "layout: stack_pointer %u is no mutable i32 global of this module", pm->stack_pointer - 1);
        return;
    }
    if (sp != first)
        BROKEN(v, "layout: stack_pointer %u is not the first mutable i32 global, that is %u", sp, first);
    const GlobalFacts *g = &v->globals[sp];
    if (!g->has_init) BROKEN(v, "layout: stack_pointer %u is not initialised by i32.const", sp);
    else if (g->value != pm->layout.stack_high)
        BROKEN(v, "layout: stack_pointer %u starts at 0x%x, stack_high is 0x%x", sp, g->value,
               pm->layout.stack_high);
}

void read_layout(Val *v)
{
    ValReport *r = v->report;
    size_t errors = v->diags->errors;
    r->section = pm_read(v->m, v->arena, v->diags, &r->pm);
    v->rule_errors += v->diags->errors - errors; /* a broken custom section does not make a module invalid */
    if (r->section == PM_MISPLACED)
        invalid(v, PM_PLACE, SITE_OF_MODULE,
                "parigot.module is not the first section, or there twice: nothing in it counts");
    v->track = rule_on(v, RULE_P101) || rule_on(v, RULE_P104);
    v->stack_pointer = first_mutable_i32(v->m);
    if (r->section != PM_PRESENT) return;
    if (r->pm.n_waivers > MAX_WAIVERS) {
        BROKEN(v, "layout: %u waivers, at most %d are looked at", r->pm.n_waivers, MAX_WAIVERS);
        r->pm.n_waivers = 0;
    }
    if (r->pm.has_layout) {
        const PmLayout *l = &r->pm.layout;
        check_numbers(v, l);
        v->null_guard = l->null_guard;
        v->stack_low = l->stack_low;
        v->stack_high = l->stack_high;
    }
    v->numbers_ok = v->layout_ok;
    if (r->pm.stack_pointer == 0) return;
    if (recorded_stack_pointer(v, &r->pm) != NONE32) v->stack_pointer = recorded_stack_pointer(v, &r->pm);
    if (r->pm.has_layout) check_stack_pointer(v, &r->pm);
    v->numbers_ok = v->layout_ok;
}

static bool has_layout(const Val *v) { return v->report->section == PM_PRESENT && v->report->pm.has_layout; }

/* Exact metering charges each block: that of the trap, too. */
static void skip_trap_charge(const Val *v, FuncStart *s)
{
    WasmCharge charge;
    if (v->report->pm.fuel && s->ok && wasm_read_charge(s->r, s->r.pos, v->report->pm.fuel - 1, NONE32, &charge)) s->r.pos = charge.end;
}

/* The function starts with: global.get sp, i32.const C, i32.lt_u, if, unreachable, end; maybe behind an entry
 * thunk. */
static bool has_frame_check(Val *v, uint32_t func, uint32_t depth)
{
    enum { EMPTY_BLOCK = 0x40 };
    uint64_t need = (uint64_t)v->stack_low + depth;
    uint32_t c;
    FuncStart s;
    open_func(v, func, &s);
    if (start_sets(&s, v->stack_pointer, &c)) take_thunk(&s);
    if (!start_op(&s, OP_GLOBAL_GET) || !start_u32(&s, v->stack_pointer) || !start_op(&s, OP_I32_CONST) ||
        !start_i32(&s, &c))
        return false;
    if (!start_op(&s, OP_I32_LT_U) || !start_op(&s, OP_IF) || !start_byte(&s, EMPTY_BLOCK)) return false;
    skip_trap_charge(v, &s);
    return start_op(&s, OP_UNREACHABLE) && start_op(&s, OP_END) && (c >= need || c == UINT32_MAX);
}

void judge_frame(Val *v, uint32_t func, uint32_t frame_at, uint32_t depth)
{
    ValReport *r = v->report;
    if (!has_layout(v) || has_frame_check(v, func, depth) || only_marked(v)) return;
    ValFrame *items = arena_grow(v->arena, r->frames, r->n_frames, &v->cap_frames, sizeof *items);
    if (!items) {
        out_of_memory(v);
        return;
    }
    r->frames = items;
    items[r->n_frames++] = (ValFrame){func, depth};
    broken(v, (Site){frame_at, func},
           "a frame lowers the stack by %u bytes, over the null guard, without a check", depth);
}

/* ---- 3: data segments ---- */

static bool within(uint64_t low, uint64_t high, uint64_t from, uint64_t to)
{
    return low >= from && high <= to;
}

static void check_segments(Val *v, const PmLayout *l)
{
    for (uint32_t i = 0; i < v->m->n_datas; i++) {
        const WasmData *d = &v->m->datas[i];
        uint32_t address = d->address;
        if (d->mode != SEG_ACTIVE) continue;
        if (!d->has_address) {
            broken(v, SITE(d->offset), "layout: data segment %u has no constant address", i);
            continue;
        }
        uint64_t end = (uint64_t)address + d->bytes.size;
        if (!within(address, end, l->sealed_low, l->sealed_high) &&
            !within(address, end, l->waived_low, l->waived_high))
            broken(v, SITE(d->offset),
                   "layout: data segment %u, 0x%x to 0x%llx, is in neither the sealed range 0x%x to 0x%x nor "
                   "the waived 0x%x to 0x%x",
                   i, address, (unsigned long long)end, l->sealed_low, l->sealed_high, l->waived_low,
                   l->waived_high);
    }
}

/* ---- 4: stores ---- */

/* `, "served" (a.c:3)`, or `, in segment ".data"` */
static const char *datum_words(Val *v, const Datum *d)
{
    enum { SHOWN = 200 };
    if (!worth_words(v, RULE_P104)) return "";
    Str name = d->symbol.len ? d->symbol : d->segment;
    if (name.len > SHOWN) name.len = SHOWN;
    const char *line = d->src_file ? arena_printf(&v->scratch, " (%s:%u)", d->src_file, d->src_line) : "";
    const char *words = name.len ? arena_printf(&v->scratch, ", %s\"%.*s\"%s", d->symbol.len ? "" : "in segment ",
                                                STR_ARG(shown(v, name)), line ? line : "") : "";
    return words ? words : "";
}

void judge_constant_store(Val *v, Site site, uint64_t address, uint64_t size)
{
    uint64_t end = address + (size ? size : 1);
    if (has_layout(v)) {
        const PmLayout *l = &v->report->pm.layout;
        if (within(address, end, l->waived_low, l->waived_high)) return;
        if (within(address, end, l->heap_base, (uint64_t)l->heap_base + l->heap_control)) return;
        v->layout_ok = false;
    }
    if (!rule_on(v, RULE_P104) || only_marked(v)) return;
    Datum datum = datum_at(v, address);
    char bytes[40] = "";
    if (size) snprintf(bytes, sizeof bytes, " %llu byte%s", (unsigned long long)size, size == 1 ? "" : "s");
    violated(v, RULE_P104, site, datum.symbol, "writes%s at the fixed address 0x%llx%s", bytes,
             (unsigned long long)address, datum_words(v, &datum));
}

/* ---- 5: the waived range ---- */

static int by_address(const void *a, const void *b)
{
    const PmWaiver *x = *(const PmWaiver *const *)a, *y = *(const PmWaiver *const *)b;
    if (x->address != y->address) return x->address < y->address ? -1 : 1;
    return (x > y) - (x < y);
}

/* The policy's waiver that lets this one through; *admitted: bytes so far by each of the policy's waivers; *expired: one
 * that would have, had it not expired. */
static const ValWaiver *find_grant(Val *v, const ValPolicy *p, const PmWaiver *w, uint64_t *admitted,
                                   const ValWaiver **expired)
{
    for (uint32_t i = 0; i < p->n_waivers; i++) {
        const ValWaiver *g = &p->waivers[i];
        if (g->rule != RULE_P104) continue;
        if (g->has_archive) {
            if (!w->has_archive || memcmp(g->archive, w->archive, sizeof g->archive) != 0) continue;
            if (w->size > g->bytes || admitted[i] > g->bytes - w->size) continue;
        } else if (g->symbol.len == 0 || !str_eq(g->symbol, w->symbol) || !waiver_object_linked(v, g)) {
            continue;
        }
        if (waiver_expired(v, g)) {
            *expired = g;
            continue;
        }
        admitted[i] += w->size;
        return g;
    }
    return NULL;
}

/* It counts as the highest of the policies' levels that do not grant it. */
static void judge_waiver(Val *v, const PmWaiver *w, uint64_t *admitted[2])
{
    const ValWaiver *grant = NULL, *expired = NULL;
    const ValPolicy *strictest = NULL;
    for (int i = 0; i < 2; i++) {
        const ValPolicy *p = policy_at(v, i);
        if (!p || p->rules[RULE_P104].violated == VAL_OFF) continue;
        const ValWaiver *g = find_grant(v, p, w, admitted[i], &expired);
        if (g) grant = g;
        else if (!strictest || p->rules[RULE_P104].violated > strictest->rules[RULE_P104].violated) strictest = p;
    }
    if (strictest)
        violated_as(v, RULE_P104, strictest->rules[RULE_P104].violated, SITE_OF_MODULE, w->symbol, expired,
                    "writable static data: %.*s, %u bytes at 0x%x; waived when it was linked (%.*s), but not by "
                    "policy %.*s",
                    STR_ARG(shown(v, w->symbol)), w->size, w->address, STR_ARG(shown(v, w->waiver)), STR_ARG(strictest->name));
    else if (grant) note_waived(v, RULE_P104, grant, w->symbol, w->address, w->size);
}

static void check_waived_range(Val *v, const PmSection *pm)
{
    const PmLayout *l = &pm->layout;
    uint32_t n = 0;
    uint64_t cursor = l->waived_low, *admitted[2] = {NULL, NULL};
    const PmWaiver **waivers = arena_array(&v->scratch, pm->n_waivers, sizeof *waivers);
    for (int i = 0; i < 2; i++)
        if (policy_at(v, i))
            admitted[i] = arena_array(&v->scratch, policy_at(v, i)->n_waivers, sizeof **admitted);
    if (!waivers || (policy_at(v, 0) && !admitted[0]) || (policy_at(v, 1) && !admitted[1])) {
        out_of_memory(v);
        return;
    }
    for (uint32_t i = 0; i < pm->n_waivers; i++)
        if (str_eq(pm->waivers[i].rule, STR("P104"))) waivers[n++] = &pm->waivers[i];
    qsort(waivers, n, sizeof *waivers, by_address);
    for (uint32_t i = 0; i < n; i++) {
        const PmWaiver *w = waivers[i];
        if (w->address < cursor)
            BROKEN(v, "layout: waived data %.*s at 0x%x overlaps what is before it, up to 0x%llx",
                   STR_ARG(shown(v, w->symbol)), w->address, (unsigned long long)cursor);
        else if (w->address - cursor >= (i ? WAIVER_PADDING : 1)) /* alignment pads between two of them, nowhere else */
            BROKEN(v, "layout: no waiver covers 0x%llx to 0x%x of the waived range",
                   (unsigned long long)cursor, w->address);
        cursor = (uint64_t)w->address + w->size;
        judge_waiver(v, w, admitted);
    }
    if (cursor > l->waived_high)
        BROKEN(v, "layout: waivers reach 0x%llx, waived_high is 0x%x", (unsigned long long)cursor,
               l->waived_high);
    else if (cursor < l->waived_high)
        BROKEN(v, "layout: no waiver covers 0x%llx to 0x%x of the waived range", (unsigned long long)cursor,
               l->waived_high);
}

/* ---- the verdict ---- */

static void judge_with_layout(Val *v)
{
    const PmSection *pm = &v->report->pm;
    check_segments(v, &pm->layout);
    check_waived_range(v, pm);
    v->report->layout_proved = v->layout_ok && v->stack_ok;
    if (!v->layout_ok) return;
    if (!v->stack_ok) {
        not_provable(v, RULE_P104, SITE_OF_MODULE, (Str){0},
                     "the layout is as recorded, but the stack pointer can carry state (P101)");
    } else if (pm->layout.seal == PM_SEAL_NONE && pm->layout.sealed_low != pm->layout.sealed_high) {
        not_provable(v, RULE_P104, SITE_OF_MODULE, (Str){0},
                     "the layout is as recorded, but its data is not sealed");
    } else if (pm->layout.seal == PM_SEAL_CHECK && !v->seal_ok) {
        not_provable(v, RULE_P104, SITE_OF_MODULE, (Str){0},
                     "the layout is as recorded, but its seal is by checks in the code, which are not proved (P403)");
    }
}

/* The end of the last active data segment with a constant address. */
static uint64_t data_end(const WasmModule *m)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < m->n_datas; i++) {
        uint32_t address = m->datas[i].address;
        if (!m->datas[i].has_address) continue;
        if ((uint64_t)address + m->datas[i].bytes.size > end)
            end = (uint64_t)address + m->datas[i].bytes.size;
    }
    return end;
}

/* .data, .bss, .data.counter; not .data.rel.ro, which is constant once it is relocated */
static bool is_writable_by_name(Str name)
{
    static const char *const kinds[] = {".data", ".bss", ".tdata", ".tbss"};
    if (name.len == 0) return false;
    if (val_segment_is_constant(&(WasmSegmentInfo){.name = name})) return false;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        Str kind = str_of(kinds[i]);
        if (str_has_prefix(name, kind) && (name.len == kind.len || name.ptr[kind.len] == '.')) return true;
    }
    return false;
}

/* wasm-ld without --stack-first: data, zero-initialised data (which is in no segment), then 64 KiB of stack,
 * at whose upper end the stack pointer starts. What lies between is .bss. Another -z stack-size would be
 * misread, so the text says what it rests on. */
static void look_for_bss(Val *v)
{
    enum { DEFAULT_STACK = 65536, ALIGNMENT = 16 };
    uint32_t sp = v->stack_pointer;
    if (sp == NONE32 || !used_like_stack(&v->globals[sp])) return;
    uint64_t end = data_end(v->m), top = v->globals[sp].value;
    if (end == 0 || top < end + DEFAULT_STACK + ALIGNMENT) return;
    violated(v, RULE_P104, SITE_OF_MODULE, (Str){0},
             "%llu bytes between data and stack, 0x%llx to 0x%llx: zero-initialised data (.bss), if the "
             "stack has 64 KiB",
             (unsigned long long)(top - DEFAULT_STACK - end), (unsigned long long)end,
             (unsigned long long)(top - DEFAULT_STACK));
}

/* Linkers name data segments in the name section (extended name section, subsection 9). A name proves nothing; but a
 * linker that calls a segment .data says that compilers meant it to be written. */
static void look_for_writable_segments(Val *v)
{
    for (uint32_t i = 0; i < v->m->n_datas; i++) {
        Str name = data_name(v, i);
        if (is_writable_by_name(name))
            violated(v, RULE_P104, SITE(v->m->datas[i].offset), name,
                     "data segment %u is called \"%.*s\": %u bytes of writable static data", i, STR_ARG(shown(v, name)),
                     v->m->datas[i].bytes.size);
    }
}

void judge_layout(Val *v)
{
    if (has_layout(v)) {
        judge_with_layout(v);
        return;
    }
    if (v->m->n_memories == 0 || !v->memory_written) return; /* nothing to write to, or nothing that writes */
    look_for_writable_segments(v);
    look_for_bss(v);
    if (v->report->rules[RULE_P104].verdict != VAL_VIOLATED)
        not_provable(v, RULE_P104, SITE_OF_MODULE, (Str){0},
                     "no layout is recorded: writes through computed addresses could reach static data");
}
