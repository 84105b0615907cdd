/* run_ctors.c: constructors that can be computed run while the program is linked, and what they wrote is data.
 *
 * The module is laid out for good and given to wasm-ctor-eval (a program of Binaryen's), in a process of its own with limits
 * (child.h). It exports the constructors, the memory and the mutable globals, and nothing else. What comes back is a module
 * whose memory is as the constructors left it. Nothing is taken of it but the bytes of variables; all else must be as it was:
 * constants, the null guard, the heap, the globals, the memory's size. The stack is of no account: above its top nothing lives.
 * The module is written anew from the objects, without the constructors and what only they called, and judged like any other.
 *
 * Constructors run in their order. Where one cannot be run (it calls an import, allocates, registers a destructor, traps),
 * it and those behind it stay what they were: P106. Nothing is believed but the values of the variables themselves: those
 * cannot be checked without computing them once more. */
#include "wasm/child.h"
#include "linker/ld.h"
#include "validator/validator.h"

#include <string.h>

#define TOOL "wasm-ctor-eval"
enum { MOST_CTORS = 10000, MOST_STATIC_BYTES = 64 << 20, MOST_OUTPUT = 256 << 20 };
enum { UNKNOWN = UINT32_MAX };

typedef struct Run {
    Ld *ld;
    const char *program;
    Writer module;       /* what is given: without custom sections */
    uint32_t exported;   /* globals of it */
    uint32_t size;       /* of the memory that belongs to the program: up to the heap */
    uint8_t *before, *after; /* arena */
    InSegment **written; /* variables that are not as they were */
    size_t n_written, written_cap;
    const char *reason;  /* why the last attempt failed; arena */
    bool failed;         /* the program itself did, and that was told */
} Run;

/* ---- what is given ---- */

/* The module's sections but custom ones. */
static void copy_sections(const Writer *whole, Writer *out)
{
    Diags ignored = {.limit = 1};
    Reader r = rd_open(whole->ptr, whole->len, NULL, &ignored);
    const uint8_t *bytes;
    if (rd_bytes(&r, "magic", 8, &bytes)) wr_bytes(out, bytes, 8);
    while (r.pos < r.end) {
        const uint8_t *at = r.pos;
        uint8_t id;
        uint32_t size;
        if (!rd_byte(&r, "section", &id) || !rd_u32(&r, "size", &size) || !rd_bytes(&r, "section", size, &bytes)) break;
        if (id != SEC_CUSTOM) wr_bytes(out, at, (size_t)(r.pos - at));
    }
    diag_free(&ignored);
}

static bool make_module(Run *run, uint32_t n)
{
    Ld *ld = run->ld;
    OutExport *exports = ld->exports;
    size_t n_exports = ld->n_exports, k = 0;
    Writer whole = {0};
    ld->exports = arena_array(&ld->arena, 1 + ld->n_globals + n, sizeof *ld->exports);
    ld->exports[k++] = (OutExport){.name = STR("memory"), .kind = KIND_MEMORY};
    for (size_t i = 0; i < ld->n_globals; i++)
        if (ld->globals[i]->mutable)
            ld->exports[k++] = (OutExport){str_of(arena_printf(&ld->arena, "g%zu", i)), KIND_GLOBAL, ld->globals[i]->out_index, NULL};
    run->exported = (uint32_t)k - 1;
    for (uint32_t i = 0; i < n; i++)
        ld->exports[k++] = (OutExport){.name = str_of(arena_printf(&ld->arena, "c%u", i)),
                                       .kind = KIND_FUNC,
                                       .index = ld->ctors[i].symbol->func->out_index};
    ld->n_exports = k;
    ld_write_module(ld, &whole);
    ld->exports = exports;
    ld->n_exports = n_exports;
    run->module.len = 0;
    if (!ld->diags->errors) copy_sections(&whole, &run->module);
    wr_free(&whole);
    if (run->module.failed) diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    return ld->diags->errors == 0;
}

/* ---- the program ---- */

static const char *names_of(Run *run, uint32_t n)
{
    TextBuf t = {0};
    for (uint32_t i = 0; i < n; i++) text_printf(&t, "%sc%u", i ? "," : "", i);
    const char *names = t.failed ? NULL : arena_strndup(&run->ld->arena, t.ptr ? t.ptr : "", t.len);
    text_free(&t);
    return names;
}

/* Its words for why it stopped: "  ...stopping since could not eval: call import: env.f". */
static const char *stopped_because(Ld *ld, const Writer *said)
{
    enum { MOST_SHOWN = 200 };
    static const Str before[] = {{"could not eval: ", 16}, {"...stopping ", 12}};
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        const char *at = said->ptr ? memmem(said->ptr, said->len, before[i].ptr, before[i].len) : NULL;
        if (!at) continue;
        Str rest = {at + before[i].len, said->len - (size_t)(at + before[i].len - (const char *)said->ptr)};
        const char *end = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;
        if (end) rest.len = (size_t)(end - rest.ptr);
        if (rest.len > MOST_SHOWN) rest.len = MOST_SHOWN;
        return arena_printf(&ld->arena, TOOL " says: %s", diag_escape(&ld->arena, rest));
    }
    return TOOL " could not run it, and does not say why";
}

static bool run_program(Run *run, uint32_t n, ChildResult *result)
{
    const char *const arguments[] = {run->program, CHILD_INPUT_PATH, "-o", CHILD_SECOND_OUTPUT_PATH, "-c", names_of(run, n),
                                     "--enable-bulk-memory", "--enable-mutable-globals", "--enable-sign-ext",
                                     "--enable-nontrapping-float-to-int", "--enable-multivalue", "--enable-reference-types",
                                     "--enable-simd", NULL};
    ChildJob job = {.program = run->program,
                    .arguments = arguments,
                    .input = run->module.ptr,
                    .input_size = run->module.len,
                    .limits = run->ld->opt->child,
                    .has_second = true}; /* its standard output is what it says */
    job.limits.output_bytes = MOST_OUTPUT;
    bool ok = child_run(&job, result);
    if (ok) return true;
    child_tell(&job, result, run->ld->opt->output, run->ld->diags);
    run->failed = true;
    run->reason = result->end == CHILD_OUT_OF_TIME ? TOOL " had not finished with it in time" : TOOL " has failed";
    return false;
}

/* ---- what comes back ---- */

static bool refuse(Run *run, const char *what)
{
    diag_add(run->ld->diags, LD_OPT_CHANGED, DIAG_AT(.file = run->ld->opt->output), TOOL " changed what it must keep: %s", what);
    run->failed = true;
    run->reason = TOOL " has failed";
    return false;
}

static bool not_valid(Run *run, const char *why)
{
    Diag *d = diag_add(run->ld->diags, LD_CHILD_OUTPUT, DIAG_AT(.file = run->ld->opt->output), TOOL " wrote no valid module");
    diag_note(run->ld->diags, d, "%s", why);
    run->failed = true;
    run->reason = TOOL " has failed";
    return false;
}

static const WasmExport *find_export(const WasmModule *m, Str name)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, name)) return &m->exports[i];
    return NULL;
}

/* As many as were given, but for those of constructors that have run: *ran of them, from the first on. */
static bool same_exports(Run *run, const WasmModule *given, const WasmModule *m, uint32_t *ran)
{
    uint32_t kept = 1 + run->exported, n = given->n_exports - kept, left = 0;
    for (uint32_t i = 0; i < given->n_exports; i++) {
        const WasmExport *it = find_export(m, given->exports[i].name);
        if (!it && (i < kept || left)) return refuse(run, "its exports");
        if (it && it->kind != given->exports[i].kind) return refuse(run, "its exports");
        if (it && i >= kept) left++;
    }
    if (m->n_exports != kept + left) return refuse(run, "its exports");
    *ran = n - left;
    return true;
}

static bool same_imports(Run *run, const WasmModule *given, const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *it = &m->imports[i];
        bool found = false;
        for (uint32_t k = 0; k < given->n_imports && !found; k++)
            found = given->imports[k].kind == it->kind && str_eq(given->imports[k].module, it->module) &&
                    str_eq(given->imports[k].name, it->name);
        if (!found) return refuse(run, "its imports");
    }
    return true;
}

static bool same_value(const WasmModule *a, const WasmGlobal *x, const WasmModule *b, const WasmGlobal *y)
{
    return x->type == y->type && x->mutable == y->mutable && x->init.size == y->init.size &&
           memcmp(wasm_at(a, x->init), wasm_at(b, y->init), x->init.size) == 0;
}

/* false: a reason, or a refusal. */
static bool same_globals(Run *run, const WasmModule *given, const WasmModule *m)
{
    for (uint32_t i = 1; i <= run->exported; i++) {
        const WasmExport *a = &given->exports[i], *b = find_export(m, a->name);
        if (b->index < m->n_imported[KIND_GLOBAL]) return refuse(run, "its globals");
        if (same_value(given, &given->globals[a->index], m, &m->globals[b->index])) continue;
        run->reason = "it changes a global";
        return false;
    }
    return true;
}

static bool same_memory(Run *run, const WasmModule *given, const WasmModule *m)
{
    const WasmLimits *a = given->memories, *b = m->memories;
    bool same = given->n_memories == 1 && m->n_memories == 1 && m->n_imported[KIND_MEMORY] == 0 && a->min == b->min &&
                a->has_max == b->has_max && (!a->has_max || a->max == b->max);
    return same || refuse(run, "the memory");
}

/* What the data segments put into memory, up to the heap. false: one is none of those that are asked for, or there is
 * something in the heap. */
static bool fill(Run *run, const WasmModule *m, uint8_t *memory)
{
    memset(memory, 0, run->size);
    for (uint32_t i = 0; i < m->n_datas; i++) {
        const WasmData *d = &m->datas[i];
        if (d->mode != SEG_ACTIVE || d->memory != 0 || !d->has_address) return refuse(run, "what data segments are");
        const uint8_t *bytes = wasm_at(m, d->bytes);
        for (uint32_t k = 0; k < d->bytes.size; k++) {
            uint64_t at = (uint64_t)d->address + k;
            if (at < run->size) memory[at] = bytes[k];
            else if (bytes[k]) {
                run->reason = arena_printf(&run->ld->arena, "it writes to the heap, at 0x%llx", (unsigned long long)at);
                return false;
            }
        }
    }
    return true;
}

static bool read_result(Run *run, const Writer *output, uint32_t *ran)
{
    Diags found = {.limit = 1};
    ValReport report;
    WasmModule given;
    const ValOptions how = {0};
    Arena *arena = &run->ld->arena;
    bool read = val_module(arena, output->ptr, output->len, TOOL, &how, &found, &report) &&
                wasm_read_module(arena, run->module.ptr, run->module.len, NULL, &(WasmReadOptions){0}, &found, &given);
    const char *wrong = found.n ? arena_strndup(arena, found.items[0].text, strlen(found.items[0].text)) : "it is not valid";
    diag_free(&found);
    if (!read) return not_valid(run, wrong);
    const WasmModule *m = &report.module;
    if (m->has_start) return refuse(run, "a start function that was not there");
    if (!same_exports(run, &given, m, ran) || !same_imports(run, &given, m) || !same_memory(run, &given, m)) return false;
    return same_globals(run, &given, m) && fill(run, &given, run->before) && fill(run, m, run->after);
}

/* ---- what they wrote ---- */

static bool is_variable(const InSegment *in) { return !in->pieces && !val_segment_is_constant(ld_segment_info(in)); }

static void find_written(Run *run)
{
    Ld *ld = run->ld;
    run->n_written = 0;
    for (size_t i = 0; i < ld->n_segments; i++) {
        OutSegment *out = ld->segments[i];
        for (size_t k = 0; k < out->n; k++) {
            InSegment *in = out->parts[k];
            uint64_t at = out->address + in->offset;
            if (!is_variable(in) || memcmp(run->before + at, run->after + at, in->size) == 0) continue;
            LD_PUSH(ld, run->written, run->n_written, run->written_cap) = in;
            memcpy(run->before + at, run->after + at, in->size);
        }
    }
}

/* requires: both memories. What is not a variable's is as it was. provides: run->written */
static bool only_variables(Run *run)
{
    const LdLayout *l = &run->ld->layout;
    memset(run->before + l->stack_low, 0, l->stack_high - l->stack_low);
    memset(run->after + l->stack_low, 0, l->stack_high - l->stack_low);
    find_written(run);
    uint32_t at = 0;
    while (at < run->size && run->before[at] == run->after[at]) at++;
    if (at == run->size) return true;
    const char *where = at < l->null_guard ? "the null guard" : at >= l->heap_base ? "the heap" : "constant data";
    run->reason = arena_printf(&run->ld->arena, "it writes to %s, at 0x%x", where, at);
    return false;
}

static void take(Run *run, InSegment *in)
{
    uint8_t *bytes = arena_alloc(&run->ld->arena, in->size);
    memcpy(bytes, run->after + in->out->address + in->offset, in->size);
    in->bytes = bytes;
    in->relocs = (WasmRelocRange){0}; /* they are in it */
    in->seals = false;
    for (uint32_t i = 0; i < in->size && in->out->bss; i++)
        if (bytes[i]) in->out->bss = false;
}

/* ---- which of them can run ---- */

/* The first `n`: true: all did, and run->after is what they left. Else *ran did, when that is known. */
static bool attempt(Run *run, uint32_t n, uint32_t *ran)
{
    ChildResult result = {0};
    *ran = UNKNOWN;
    bool read = make_module(run, n) && run_program(run, n, &result) && read_result(run, &result.second_output, ran);
    if (*ran < n) run->reason = stopped_because(run->ld, &result.output);
    wr_free(&result.output);
    wr_free(&result.second_output);
    if (read && *ran == n && only_variables(run)) return true;
    if (*ran == n) *ran = UNKNOWN; /* one of them did what it may not */
    return false;
}

/* As many as can, from the first on. */
static uint32_t find_prefix(Run *run, uint32_t n)
{
    uint32_t good = 0, bad = n + 1, last = 0;
    for (uint32_t k = n, ran; good + 1 < bad && !run->failed; k = ran != UNKNOWN && ran > good ? ran : good + (bad - good) / 2) {
        last = k;
        if (attempt(run, k, &ran)) good = ran = k;
        else bad = ran == UNKNOWN ? k : ran + 1;
        if (run->ld->diags->errors) return 0;
    }
    const char *reason = run->reason;
    uint32_t ran;
    if (good && last != good && !attempt(run, good, &ran)) return 0;
    run->reason = reason;
    return good;
}

/* ---- destructors ---- */

static bool is_registration(Str name)
{
    return str_eq(name, STR("__cxa_atexit")) || str_eq(name, STR("atexit")) || str_eq(name, STR("__cxa_thread_atexit"));
}

typedef struct Walk {
    bool *seen;        /* [out_index] */
    const InFunc **todo;
    size_t n, cap;
} Walk;

static void visit(Ld *ld, Walk *w, const InFunc *f)
{
    if (!f->obj || f->out_index == LD_NONE || w->seen[f->out_index]) return;
    w->seen[f->out_index] = true;
    LD_PUSH(ld, w->todo, w->n, w->cap) = f;
}

/* The function that registers a destructor, of those that it calls by name; or NULL. */
static const InFunc *registers_destructor(Ld *ld, const InFunc *ctor)
{
    Walk w = {.seen = arena_array(&ld->arena, ld->n_imported_funcs + ld->n_funcs, sizeof *w.seen)};
    visit(ld, &w, ctor);
    while (w.n) {
        const InFunc *f = w.todo[--w.n];
        WasmReloc r;
        for (WasmRelocCursor c = wasm_relocs_in(f->obj->code_relocs, f->relocs); wasm_next_reloc(&c, &r);) {
            const Symbol *s = r.type == R_WASM_TYPE_INDEX_LEB ? NULL : f->obj->symbols[r.index];
            if (!s || s->kind != SYM_FUNCTION) continue;
            if (is_registration(s->name)) return f;
            if (s->state == SYM_DEFINED && wasm_reloc_info(r.type)->index_kind == RI_FUNC) visit(ld, &w, s->func);
        }
    }
    return NULL;
}

/* How many can be tried at all; what stands in the way of the next is the reason. */
static uint32_t count_candidates(Run *run)
{
    Ld *ld = run->ld;
    uint32_t n = 0;
    for (; n < ld->n_ctors && n < MOST_CTORS; n++) {
        const Symbol *s = ld->ctors[n].symbol;
        const InFunc *f = s->state == SYM_DEFINED ? registers_destructor(ld, s->func) : NULL;
        if (s->state != SYM_DEFINED) run->reason = "it is imported";
        else if (f) run->reason = arena_printf(&ld->arena, "%.*s registers a destructor, which would be state", STR_ARG(f->name));
        else continue;
        break;
    }
    if (n == MOST_CTORS && n < ld->n_ctors) run->reason = "there are too many constructors";
    return n;
}

/* ---- all together ---- */

/* What was held is settled, or says why it is not. `ran`: constructors that did. */
static void settle(Run *run, uint32_t ran)
{
    Ld *ld = run->ld;
    for (size_t i = 0; i < ld->n_held; i++) {
        LdHeld *h = &ld->held[i];
        if (h->segment) {
            h->settled = !h->segment->seals;
            if (ran == ld->n_ctors) h->note = "no constructor has written to it";
            continue;
        }
        uint32_t k = 0;
        while (k < ld->n_ctors && ld->ctors[k].symbol != h->ctor) k++;
        h->settled = k < ran;
        if (k == ran && run->reason) h->note = arena_printf(&ld->arena, "it was not run at link time: %s", run->reason);
        else if (k > ran) h->note = "it was not run at link time: one before it was not";
    }
}

static void drop(Ld *ld, uint32_t ran)
{
    ld->ctors += ran;
    ld->n_ctors -= ran;
    ld_forget_constructors(ld);
    ld_mark_functions_again(ld);
    ld_assign_functions_again(ld);
    ld_number_segments(ld);
    ld_fill_bodies(ld);
}

static void run_them(Run *run)
{
    Ld *ld = run->ld;
    uint32_t n = count_candidates(run), ran = 0;
    run->program = n ? child_find(&ld->arena, TOOL, true) : NULL;
    run->size = ld->layout.heap_base + ld->layout.heap_control;
    if (n && !run->program) {
        run->reason = TOOL ", of the package binaryen, is not here";
        if (ld->opt->seal_ctors) child_missing(TOOL, "--seal-ctors", CHILD_FROM_BINARYEN, ld->diags);
    } else if (n && run->size > MOST_STATIC_BYTES) run->reason = "the program's data is too large";
    else if (n) {
        const char *why_not_all = run->reason;
        run->before = arena_alloc(&ld->arena, run->size);
        run->after = arena_alloc(&ld->arena, run->size);
        ran = find_prefix(run, n);
        if (ran == n) run->reason = why_not_all;
        for (size_t i = 0; i < run->n_written && ran; i++) take(run, run->written[i]);
    }
    settle(run, ran);
    if (ran && !ld->diags->errors) drop(ld, ran);
}

/* requires: every address is final, and all bodies are there. provides: ld->ctors is what will run when the module does;
 * nothing is held any more. false: errors */
bool ld_run_constructors(Ld *ld)
{
    if (!ld->n_held) return true;
    Run run = {.ld = ld};
    run_them(&run);
    wr_free(&run.module);
    ld_report_held(ld);
    if (!ld->diags->errors) ld_check_constructors_run(ld);
    return ld->diags->errors == 0;
}
