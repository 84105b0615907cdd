/* findings.c: recording what the passes find: places with names, features, levels of a policy, waivers. */
#include "validator/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_DEFAULT = 100 };

/* Names are read when the first finding needs one: most modules have none to report. */
static void read_names(Val *v)
{
    if (v->names_read) return;
    v->names_read = true;
    wasm_read_names(v->m, &v->scratch, &v->names);
}

Str func_name(Val *v, uint32_t func)
{
    read_names(v);
    return func < v->names.n_funcs ? v->names.funcs[func] : (Str){0};
}

Str global_name(Val *v, uint32_t global)
{
    read_names(v);
    return global < v->names.n_globals ? v->names.globals[global] : (Str){0};
}

Str data_name(Val *v, uint32_t data)
{
    read_names(v);
    return data < v->names.n_datas ? v->names.datas[data] : (Str){0};
}

/* For the first place in code, or the first address. */
static Dwarf *dwarf_of(Val *v)
{
    if (!v->dwarf_asked) v->dwarf = dwarf_open_module(v->m, &v->scratch);
    v->dwarf_asked = true;
    return v->dwarf;
}

/* Source lines cost a walk through debug information: for the first so many places only. */
enum { LINES_MOST = 1000 };

static void add_line(Val *v, Site s, DiagPlace *p)
{
    const WasmModule *m = v->m;
    if (v->lines_asked >= LINES_MOST || s.func < m->n_imported[KIND_FUNC] ||
        s.func - m->n_imported[KIND_FUNC] >= m->n_bodies)
        return;
    v->lines_asked++;
    if (!dwarf_of(v)) return;
    WasmRange body = m->bodies[s.func - m->n_imported[KIND_FUNC]];
    if (s.offset < body.offset || s.offset - body.offset >= body.size) return; /* of an export, say */
    for (uint32_t i = 0; v->code_at == 0 && i < m->n_sections; i++)
        if (m->sections[i].id == SEC_CODE) v->code_at = m->sections[i].payload.offset;
    (void)dwarf_line_of_code(v->dwarf, s.offset - v->code_at, &p->src_file, &p->src_line);
}

Str shown(Val *v, Str name)
{
    static const char nul[] = "\\x00";
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++) n += name.ptr[i] == 0;
    if (n == 0) return name;
    char *made = arena_alloc(&v->scratch, name.len + n * (sizeof nul - 1)), *to = made;
    if (!made) return (Str){0};
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i]) *to++ = name.ptr[i];
        else to = mempcpy(to, nul, sizeof nul - 1);
    }
    return (Str){made, (size_t)(to - made)};
}

DiagPlace place(Val *v, Site s)
{
    DiagPlace p = DIAG_AT(.file = v->m->file);
    if (s.offset != NONE32) p.offset = s.offset;
    if (s.func != NONE32) {
        p.func = s.func;
        p.func_name = func_name(v, s.func);
        add_line(v, s, &p);
    }
    return p;
}

/* ---- what lies at an address ---- */

typedef struct DataAt {
    uint32_t address, index;
} DataAt;

static int by_address(const void *a, const void *b)
{
    const DataAt *x = a, *y = b;
    if (x->address != y->address) return x->address < y->address ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Active data segments at constant addresses, sorted; made for the first question. */
static void sort_datas(Val *v)
{
    const WasmModule *m = v->m;
    if (v->datas_sorted) return;
    v->datas_sorted = true;
    DataAt *items = arena_array(&v->scratch, m->n_datas, sizeof *items);
    if (!items) return; /* names only */
    bool sorted = true; /* as linkers write them */
    for (uint32_t i = 0; i < m->n_datas; i++) {
        if (!m->datas[i].has_address) continue;
        items[v->n_data_at] = (DataAt){m->datas[i].address, i};
        sorted &= v->n_data_at == 0 || items[v->n_data_at - 1].address <= m->datas[i].address;
        v->n_data_at++;
    }
    if (!sorted) qsort(items, v->n_data_at, sizeof *items, by_address);
    v->data_at = items;
}

/* The segment's index, or NONE32. */
static uint32_t segment_at(Val *v, uint64_t address)
{
    uint32_t low = 0, high;
    sort_datas(v);
    for (high = v->n_data_at; low < high;) { /* the first behind it */
        uint32_t mid = low + (high - low) / 2;
        if (v->data_at[mid].address <= address) low = mid + 1;
        else high = mid;
    }
    if (low == 0) return NONE32;
    const DataAt *d = &v->data_at[low - 1];
    return address - d->address < v->m->datas[d->index].bytes.size ? d->index : NONE32;
}

/* ".bss.counter": a segment for each datum (clang -fdata-sections, wasm-ld --no-merge-data-segments) */
static Str datum_of_segment(Str name)
{
    static const char *const prefixes[] = {".data.rel.ro.", ".data.", ".bss.", ".rodata.", ".tdata.", ".tbss."};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        Str p = str_of(prefixes[i]);
        if (str_has_prefix(name, p)) return (Str){name.ptr + p.len, name.len - p.len};
    }
    return (Str){0};
}

Datum datum_at(Val *v, uint64_t address)
{
    Datum d = {0};
    DwarfVariable found;
    uint32_t segment = segment_at(v, address);
    if (segment != NONE32) d.segment = data_name(v, segment);
    if (address <= UINT32_MAX && dwarf_variable_at(dwarf_of(v), (uint32_t)address, &found)) {
        d.symbol = found.name;
        d.src_file = found.file;
        d.src_line = found.line;
    } else {
        d.symbol = datum_of_segment(d.segment);
    }
    return d;
}

void out_of_memory(Val *v)
{
    diag_add(v->diags, OUT_OF_MEMORY, DIAG_AT(.file = v->m->file), "out of memory");
}

void invalid(Val *v, DiagCode code, Site site, const char *format, ...)
{
    if (only_marked(v)) return;
    va_list args;
    va_start(args, format);
    diag_vadd(v->diags, code, place(v, site), format, args);
    va_end(args);
}

/* ---- features ---- */

void refuse_feature(Val *v, WasmFeature f, Site site, const char *what)
{
    invalid(v, WASM_FEATURE, site, "feature %s is not %s: %s", wasm_feature_text(f),
            wasm_feature_supported(f) ? "enabled" : "supported", what);
}

bool use_feature(Val *v, WasmFeature f, Site site, const char *what)
{
    if (!(v->allowed >> f & 1)) {
        refuse_feature(v, f, site, what);
        return false;
    }
    if (!(v->used >> f & 1)) {
        v->used |= UINT64_C(1) << f;
        v->feature_site[f] = site;
    }
    return true;
}

/* ---- waivers ---- */

const ValPolicy *policy_at(const Val *v, int i)
{
    if (i == 0) return v->o.policy;
    return i == 1 ? v->o.also : NULL;
}

bool waiver_expired(const Val *v, const ValWaiver *w)
{
    return w->expires && v->o.now && v->o.now > w->expires;
}

/* What parigot.module records is asked for by every finding that a waiver might let through: it is sorted first. */

static int by_digest(const void *a, const void *b)
{
    return memcmp((*(const PmInput *const *)a)->digest, (*(const PmInput *const *)b)->digest, sizeof ((PmInput *)0)->digest);
}

static int by_symbol(const void *a, const void *b)
{
    const PmWaiver *x = *(const PmWaiver *const *)a, *y = *(const PmWaiver *const *)b;
    int c = str_cmp(x->symbol, y->symbol);
    if (c == 0) c = memcmp(x->archive, y->archive, sizeof x->archive);
    return c ? c : str_cmp(x->rule, y->rule);
}

static void sort_recorded(Val *v)
{
    const PmSection *pm = &v->report->pm;
    if (v->recorded_sorted) return;
    v->recorded_sorted = true;
    v->inputs = arena_array(&v->scratch, pm->n_inputs, sizeof *v->inputs);
    v->archive_waivers = arena_array(&v->scratch, pm->n_waivers, sizeof *v->archive_waivers);
    if (!v->inputs || !v->archive_waivers) {
        out_of_memory(v);
        return;
    }
    for (uint32_t i = 0; i < pm->n_inputs; i++) v->inputs[v->n_inputs++] = &pm->inputs[i];
    for (uint32_t i = 0; i < pm->n_waivers; i++)
        if (pm->waivers[i].has_archive) v->archive_waivers[v->n_archive_waivers++] = &pm->waivers[i];
    qsort(v->inputs, v->n_inputs, sizeof *v->inputs, by_digest);
    qsort(v->archive_waivers, v->n_archive_waivers, sizeof *v->archive_waivers, by_symbol);
}

bool waiver_object_linked(Val *v, const ValWaiver *w)
{
    PmInput wanted;
    const PmInput *key = &wanted;
    if (!w->has_object) return true;
    sort_recorded(v);
    memcpy(wanted.digest, w->object, sizeof wanted.digest);
    return v->n_inputs && bsearch(&key, v->inputs, v->n_inputs, sizeof *v->inputs, by_digest);
}

/* Did the linker record that this symbol, found to break this rule, came from that archive? */
static bool from_archive(Val *v, ValRule rule, Str symbol, const uint8_t archive[32])
{
    PmWaiver wanted = {.symbol = symbol, .rule = str_of(val_rule_info[rule].code)};
    const PmWaiver *key = &wanted;
    sort_recorded(v);
    memcpy(wanted.archive, archive, sizeof wanted.archive);
    return v->n_archive_waivers &&
           bsearch(&key, v->archive_waivers, v->n_archive_waivers, sizeof *v->archive_waivers, by_symbol);
}

/* "P105@name" or "P105@17", against the function of the finding; "P602@" is a finding about the module as a
 * whole. */
static bool names_finding(Val *v, Str finding, ValRule rule, uint32_t func)
{
    char number[16];
    const char *at = finding.len ? memchr(finding.ptr, '@', finding.len) : NULL;
    if (!at || !str_eq((Str){finding.ptr, (size_t)(at - finding.ptr)}, str_of(val_rule_info[rule].code)))
        return false;
    Str rest = {at + 1, finding.len - (size_t)(at + 1 - finding.ptr)};
    if (func == NONE32) return rest.len == 0;
    snprintf(number, sizeof number, "%u", func);
    return str_eq(rest, str_of(number)) || (rest.len && str_eq(rest, func_name(v, func)));
}

/* Whether it has expired or not. */
static bool names(Val *v, const ValWaiver *w, ValRule rule, uint32_t func, Str symbol)
{
    if (w->rule != rule) return false;
    if (w->has_archive) /* what an archive brings of P104 is counted in bytes: rules_layout.c */
        return rule != RULE_P104 && symbol.len && from_archive(v, rule, symbol, w->archive);
    if (w->symbol.len) return str_eq(w->symbol, symbol) && waiver_object_linked(v, w);
    return names_finding(v, w->finding, rule, func);
}

/* *expired: one that would have, had it not expired; else as it was. */
static const ValWaiver *find_waiver(Val *v, const ValPolicy *p, ValRule rule, uint32_t func, Str symbol,
                                    const ValWaiver **expired)
{
    if (!val_rule_info[rule].waivable) return NULL;
    for (uint32_t i = 0; i < p->n_waivers; i++) {
        if (!names(v, &p->waivers[i], rule, func, symbol)) continue;
        if (!waiver_expired(v, &p->waivers[i])) return &p->waivers[i];
        *expired = &p->waivers[i];
    }
    return NULL;
}

/* What a finding counts as: the highest level of the policies that do not let it through; VAL_OFF with a
 * *waiver: all do. So a policy to which it is a note does not turn it into the error that another one has
 * waived. */
static ValLevel weigh(Val *v, ValRule rule, bool is_violated, uint32_t func, Str symbol,
                      const ValWaiver **waiver, const ValWaiver **expired)
{
    ValLevel level = VAL_OFF;
    *waiver = *expired = NULL;
    for (int i = 0; i < 2; i++) {
        const ValPolicy *p = policy_at(v, i);
        if (!p || p->rules[rule].violated == VAL_OFF) continue;
        const ValWaiver *w = find_waiver(v, p, rule, func, symbol, expired);
        ValLevel its = is_violated || v->o.strict ? p->rules[rule].violated : p->rules[rule].not_provable;
        if (w) *waiver = w;
        else if (its > level) level = its;
    }
    if (*waiver) return level;
    return is_violated ? v->rules[rule].violated : v->rules[rule].not_provable;
}

static void record_waived(Val *v, ValRule rule, ValWaived waived)
{
    ValReport *r = v->report;
    ValWaived *items = arena_grow(v->arena, r->waived, r->n_waived, &v->cap_waived, sizeof *items);
    if (!items) {
        out_of_memory(v);
        return;
    }
    r->waived = items;
    items[r->n_waived++] = waived;
    r->rules[rule].waived++;
}

void note_waived(Val *v, ValRule rule, const ValWaiver *w, Str symbol, uint32_t address, uint32_t size)
{
    record_waived(v, rule, (ValWaived){w, symbol, address, size, NONE32});
}

/* ---- findings ---- */

const char val_more_findings[] = "more findings of this rule, not shown";

static const DiagSeverity severities[] = {
    [VAL_OFF] = SEV_NOTE, [VAL_NOTE] = SEV_NOTE, [VAL_WARNING] = SEV_WARNING, [VAL_ERROR] = SEV_ERROR};

static uint32_t most_findings(const Val *v) { return v->o.findings_limit ? v->o.findings_limit : FINDINGS_DEFAULT; }

bool worth_words(const Val *v, ValRule rule) { return v->rules[rule].stored < most_findings(v); }

static void say_expired(Val *v, Diag *d, const ValWaiver *w)
{
    char day[VAL_DAY_SIZE];
    diag_note(v->diags, d, "waiver \"%.*s\" let this through until %s: it has expired", STR_ARG(shown(v, w->name)),
              val_day_text(day, w->expires));
}

/* expired: a waiver that was for it, or NULL */
static void PRINTF(7, 0) record(Val *v, ValRule rule, ValLevel level, Site site, Str symbol, const ValWaiver *expired,
                                const char *format, va_list args)
{
    uint32_t limit = most_findings(v);
    if (level == VAL_ERROR) v->rule_errors++;
    DiagPlace at = DIAG_AT(.file = v->m->file);
    char text[1200]; /* room for names of both sides of an import, and of the nearest method */
    const char *words = val_more_findings;
    if (worth_words(v, rule)) { /* names and words are made only for those that will be shown */
        at = place(v, site);
        at.symbol = symbol;
        vsnprintf(text, sizeof text, format, args);
        words = text;
    } else if (v->rules[rule].stored > limit) {
        if (level == VAL_ERROR) v->diags->errors++; /* counted like any other beyond a limit */
        if (level == VAL_WARNING) v->diags->warnings++;
        return;
    }
    v->rules[rule].stored++;
    Diag *d = diag_add_as(v->diags, severities[level], val_rule_info[rule].diag, at, "%s", words);
    if (expired && words != val_more_findings) say_expired(v, d, expired);
}

static void PRINTF(7, 0) count_violation(Val *v, ValRule rule, ValLevel level, Site site, Str symbol,
                                         const ValWaiver *expired, const char *format, va_list args)
{
    ValResult *result = &v->report->rules[rule];
    result->verdict = VAL_VIOLATED;
    result->findings++;
    if (level != VAL_OFF) record(v, rule, level, site, symbol, expired, format, args);
}

void vviolated(Val *v, ValRule rule, Site site, Str symbol, const char *format, va_list args)
{
    if (!rule_on(v, rule) || only_marked(v)) return;
    const ValWaiver *w, *expired;
    ValLevel level = weigh(v, rule, true, site.func, symbol, &w, &expired);
    if (w && level == VAL_OFF) record_waived(v, rule, (ValWaived){w, symbol, 0, 0, site.func});
    else count_violation(v, rule, level, site, symbol, expired, format, args);
}

void violated(Val *v, ValRule rule, Site site, Str symbol, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vviolated(v, rule, site, symbol, format, args);
    va_end(args);
}

void violated_as(Val *v, ValRule rule, ValLevel level, Site site, Str symbol, const ValWaiver *expired, const char *format,
                 ...)
{
    va_list args;
    va_start(args, format);
    count_violation(v, rule, level, site, symbol, expired, format, args);
    va_end(args);
}

void not_provable(Val *v, ValRule rule, Site site, Str symbol, const char *format, ...)
{
    if (!rule_on(v, rule) || only_marked(v)) return;
    ValResult *result = &v->report->rules[rule];
    const ValWaiver *w, *expired;
    ValLevel level = weigh(v, rule, false, site.func, symbol, &w, &expired);
    if (w && level == VAL_OFF) {
        record_waived(v, rule, (ValWaived){w, symbol, 0, 0, site.func});
        return;
    }
    if (result->verdict != VAL_VIOLATED) result->verdict = VAL_NOT_PROVABLE;
    result->findings++;
    if (level == VAL_OFF) return;
    va_list args;
    va_start(args, format);
    record(v, rule, level, site, symbol, expired, format, args);
    va_end(args);
}
