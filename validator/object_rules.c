/* object_rules.c: isolation rules on an object's symbols, segments and sections. docs/rules.md
 *
 * Everything here is a walk over one table of the object that asks one question; object_code.c asks those about code. */
#include "validator/object_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- recording ---- */

static void PRINTF(3, 0) record(ObjectJudge *j, ValObjectFinding f, const char *format, va_list args)
{
    ValObjectReport *r = j->report;
    ValObjectFinding *items = arena_grow(j->arena, r->findings, r->n_findings, &r->cap_findings, sizeof *items);
    const char *text = arena_vprintf(j->arena, format, args);
    if (!items || !text) {
        j->out_of_memory = true;
        return;
    }
    r->findings = items;
    f.text = text;
    items[r->n_findings++] = f;
}

void object_violated(ObjectJudge *j, ValRule rule, ValObjectFinding f, const char *format, ...)
{
    f.rule = rule;
    f.code = val_rule_info[rule].diag;
    va_list args;
    va_start(args, format);
    record(j, f, format, args);
    va_end(args);
}

void object_broken(ObjectJudge *j, DiagCode code, ValObjectFinding f, const char *format, ...)
{
    f.rule = VAL_RULE_COUNT;
    f.code = code;
    va_list args;
    va_start(args, format);
    record(j, f, format, args);
    va_end(args);
}

/* ---- scope ---- */

static bool is_in(const ObjectJudge *j, bool (*says)(void *, uint32_t), uint32_t index)
{
    return !says || says(j->scope->ctx, index);
}
#define IN_SCOPE(j, what, index) (!(j)->scope || is_in((j), (j)->scope->what, (index)))

/* Names can be long; a message needs not. */
enum { SHOWN = 200 };
#define SHOWN_ARG(s) ((s).len < SHOWN ? (int)(s).len : SHOWN), ((s).len ? (s).ptr : "")

/* ---- names ---- */

bool val_segment_is_constant(const WasmSegmentInfo *s)
{
    static const Str names[] = {{".rodata", 7}, {".data.rel.ro", 12}};
    if (s->flags & SEGMENT_TLS) return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_has_prefix(s->name, names[i]) && (s->name.len == names[i].len || s->name.ptr[names[i].len] == '.')) return true;
    return false;
}

static bool is_tls(const WasmSegmentInfo *s)
{
    return (s->flags & SEGMENT_TLS) || str_has_prefix(s->name, STR(".tdata")) || str_has_prefix(s->name, STR(".tbss"));
}

bool is_linker_symbol(Str name)
{
    static const char *const names[] = {"__heap_base", "__heap_end",   "__data_end",  "__global_base",         "__dso_handle",
                                        "__stack_low", "__stack_high", "__memory_base", "__table_base",        "__wasm_first_page_end",
                                        "__parigot_heap_control"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(name, str_of(names[i]))) return true;
    return false;
}

static const ValForeign foreign[] = {
#define FOREIGN(rule, module, name, what) {RULE_##rule, module, name, what},
#include "validator/foreign.def"
#undef FOREIGN
};

static bool matches(Str name, const char *pattern)
{
    Str p = str_of(pattern);
    bool open = str_has_suffix(p, STR("*"));
    if (open) p.len--;
    return open ? str_has_prefix(name, p) : str_eq(name, p);
}

const ValForeign *val_find_foreign(Str module, Str name)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (matches(module, foreign[i].module) && matches(name, foreign[i].name)) return &foreign[i];
    return NULL;
}

/* ---- globals: P101 to P103; tables: P105 ---- */

static void judge_defined_global(ObjectJudge *j, uint32_t symbol)
{
    const WasmSymbol *s = &j->obj->symbols[symbol];
    if (!IN_SCOPE(j, global, s->index)) return;
    ValObjectFinding f = FINDING(.symbol = symbol, .offset = s->offset);
    object_violated(j, RULE_P101, f, "mutable global: %.*s", SHOWN_ARG(s->name));
    if (s->flags & SYM_EXPORTED) object_violated(j, RULE_P103, f, "exported mutable global: %.*s", SHOWN_ARG(s->name));
}

static void judge_global_symbols(ObjectJudge *j)
{
    const WasmObject *o = j->obj;
    for (uint32_t i = 0; i < o->n_symbols; i++) {
        const WasmSymbol *s = &o->symbols[i];
        if (s->kind == SYM_TABLE && (s->flags & SYM_EXPORTED))
            object_violated(j, RULE_P105, FINDING(.symbol = i, .offset = s->offset), "exported table: %.*s", SHOWN_ARG(s->name));
        if (s->kind != SYM_GLOBAL || !o->module.globals[s->index].mutable) continue;
        if (!(s->flags & SYM_UNDEFINED)) judge_defined_global(j, i);
        else if (!str_eq(s->name, STR("__stack_pointer")) && !str_eq(s->name, STR("__tls_base")) && IN_SCOPE(j, symbol, i))
            object_violated(j, RULE_P102, FINDING(.symbol = i, .offset = s->offset), "imported mutable global: %.*s", SHOWN_ARG(s->name));
    }
}

/* A global without a symbol cannot be reached by relocation, but it would be there. */
static void judge_nameless_globals(ObjectJudge *j)
{
    const WasmObject *o = j->obj;
    const WasmModule *m = &o->module;
    uint32_t imported = m->n_imported[KIND_GLOBAL];
    uint8_t *named = arena_alloc(j->arena, m->n_globals / 8 + 1);
    if (!named) {
        j->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < o->n_symbols; i++)
        if (o->symbols[i].kind == SYM_GLOBAL) named[o->symbols[i].index / 8] |= (uint8_t)(1 << o->symbols[i].index % 8);
    for (uint32_t g = imported; g < m->n_globals; g++)
        if (m->globals[g].mutable && !(named[g / 8] & 1 << g % 8) && IN_SCOPE(j, global, g))
            object_violated(j, RULE_P101, FINDING(.offset = m->globals[g].init.offset), "mutable global %u, which has no symbol", g);
}

/* ---- data: P104, P203 ---- */

typedef struct DataSymbol { uint32_t segment, offset, symbol; } DataSymbol;

static int by_place(const void *a, const void *b)
{
    const DataSymbol *x = a, *y = b;
    if (x->segment != y->segment) return x->segment < y->segment ? -1 : 1;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

/* Symbols of written segments, in order; NULL when there are none or memory is out. */
static DataSymbol *sort_data_symbols(ObjectJudge *j, uint32_t *n)
{
    const WasmObject *o = j->obj;
    *n = 0;
    for (uint32_t i = 0; i < o->n_symbols; i++)
        *n += o->symbols[i].kind == SYM_DATA && !(o->symbols[i].flags & (SYM_UNDEFINED | SYM_ABSOLUTE)) &&
              !val_segment_is_constant(&o->segments[o->symbols[i].index]);
    if (*n == 0) return NULL;
    DataSymbol *items = arena_array(j->arena, *n, sizeof *items);
    if (!items) {
        j->out_of_memory = true;
        return NULL;
    }
    uint32_t k = 0;
    for (uint32_t i = 0; i < o->n_symbols; i++) {
        const WasmSymbol *s = &o->symbols[i];
        if (s->kind == SYM_DATA && !(s->flags & (SYM_UNDEFINED | SYM_ABSOLUTE)) && !val_segment_is_constant(&o->segments[s->index]))
            items[k++] = (DataSymbol){s->index, s->data_offset, i};
    }
    qsort(items, *n, sizeof *items, by_place);
    return items;
}

static void judge_datum(ObjectJudge *j, uint32_t symbol)
{
    const WasmObject *o = j->obj;
    const WasmSymbol *s = &o->symbols[symbol];
    const WasmSegmentInfo *segment = &o->segments[s->index];
    ValObjectFinding f = FINDING(.symbol = symbol, .segment = s->index, .size = s->data_size,
                                 .offset = o->module.datas[s->index].bytes.offset + s->data_offset);
    object_violated(j, RULE_P104, f, "writable data: %.*s, %u bytes in section %.*s", SHOWN_ARG(s->name), s->data_size, SHOWN_ARG(segment->name));
    if (is_tls(segment)) object_violated(j, RULE_P203, f, "thread-local data: %.*s, %u bytes", SHOWN_ARG(s->name), s->data_size);
}

static void judge_unnamed_data(ObjectJudge *j, uint32_t segment)
{
    const WasmSegmentInfo *s = &j->obj->segments[segment];
    WasmRange bytes = j->obj->module.datas[segment].bytes;
    ValObjectFinding f = FINDING(.segment = segment, .size = bytes.size, .offset = bytes.offset);
    object_violated(j, RULE_P104, f, "writable data without a symbol: %u bytes in section %.*s", bytes.size, SHOWN_ARG(s->name));
    if (is_tls(s)) object_violated(j, RULE_P203, f, "thread-local data without a symbol: %u bytes in section %.*s", bytes.size, SHOWN_ARG(s->name));
}

static void judge_data(ObjectJudge *j)
{
    const WasmObject *o = j->obj;
    uint32_t n, k = 0;
    const DataSymbol *symbols = sort_data_symbols(j, &n);
    if (j->out_of_memory) return;
    for (uint32_t i = 0; i < o->n_segments; i++) {
        uint32_t first = k;
        while (k < n && symbols[k].segment == i) k++;
        if (val_segment_is_constant(&o->segments[i]) || o->module.datas[i].bytes.size == 0 || !IN_SCOPE(j, segment, i)) continue;
        for (uint32_t s = first; s < k; s++) judge_datum(j, symbols[s].symbol);
        if (first == k) judge_unnamed_data(j, i);
    }
}

static void judge_absolute_symbols(ObjectJudge *j)
{
    const WasmObject *o = j->obj;
    for (uint32_t i = 0; i < o->n_symbols; i++) {
        const WasmSymbol *s = &o->symbols[i];
        if (s->kind != SYM_DATA || !(s->flags & SYM_ABSOLUTE) || (s->flags & SYM_UNDEFINED) || !IN_SCOPE(j, symbol, i)) continue;
        object_violated(j, RULE_P104, FINDING(.symbol = i, .size = s->data_size, .offset = s->offset),
                        "data at a fixed address: absolute symbol %.*s, %u bytes at 0x%x", SHOWN_ARG(s->name), s->data_size, s->data_offset);
    }
}

/* ---- constructors: P106 ---- */

static void judge_constructors(ObjectJudge *j)
{
    const WasmObject *o = j->obj;
    const WasmModule *m = &o->module;
    for (uint32_t i = 0; i < o->n_inits; i++) {
        const WasmSymbol *s = &o->symbols[o->inits[i].symbol];
        uint32_t func = s->flags & SYM_UNDEFINED ? NONE : s->index;
        object_violated(j, RULE_P106, FINDING(.symbol = o->inits[i].symbol, .func = func, .offset = s->offset),
                        "constructor: %.*s, priority %u", SHOWN_ARG(s->name), o->inits[i].priority);
    }
    if (m->has_start) object_violated(j, RULE_P106, FINDING(.offset = m->start_offset), "start section: function %u", m->start);
}

/* ---- threads and schedulers: P201, P204 to P206 ---- */

static void judge_memories(ObjectJudge *j)
{
    const WasmModule *m = &j->obj->module;
    for (uint32_t i = 0; i < m->n_memories; i++)
        if (m->memories[i].shared) object_violated(j, RULE_P201, FINDING(.func = NONE), "shared memory");
}

static void judge_features(ObjectJudge *j)
{
    static const char *const of_threads[] = {"atomics", "shared-mem"};
    const WasmObject *o = j->obj;
    for (size_t k = 0; k < ARRAY_LEN(of_threads); k++) {
        bool used = false; /* told once, however often it is there */
        for (uint32_t i = 0; i < o->n_features; i++)
            used |= o->features[i].prefix != '-' && str_eq(o->features[i].name, str_of(of_threads[k]));
        if (used) object_violated(j, RULE_P205, FINDING(.func = NONE), "target feature: %s", of_threads[k]);
    }
}

static void judge_undefined_functions(ObjectJudge *j)
{
    const WasmObject *o = j->obj;
    for (uint32_t i = 0; i < o->n_symbols; i++) {
        const WasmSymbol *s = &o->symbols[i];
        if (s->kind != SYM_FUNCTION || !(s->flags & SYM_UNDEFINED)) continue;
        const WasmImport *import = &o->module.imports[s->import];
        const ValForeign *f = val_find_foreign(import->module, import->name);
        if (!f) f = val_find_foreign(STR("env"), s->name);
        if (f && IN_SCOPE(j, symbol, i))
            object_violated(j, f->rule, FINDING(.symbol = i, .offset = s->offset), "undefined function %.*s %s", SHOWN_ARG(s->name), f->what);
    }
}

/* ---- the whole ---- */

static bool defines(const WasmObject *o, Str name)
{
    for (uint32_t i = 0; i < o->n_symbols; i++)
        if (o->symbols[i].kind == SYM_FUNCTION && !(o->symbols[i].flags & SYM_UNDEFINED) && str_eq(o->symbols[i].name, name)) return true;
    return false;
}

bool val_object_rules(Arena *arena, const WasmObject *obj, const ValObjectScope *scope, ValObjectReport *out)
{
    *out = (ValObjectReport){0};
    ObjectJudge j = {.arena = arena, .obj = obj, .scope = scope, .report = out};
    j.is_allocator = defines(obj, STR("parigot_alloc"));
    judge_memories(&j);
    judge_features(&j);
    judge_global_symbols(&j);
    judge_nameless_globals(&j);
    judge_data(&j);
    judge_absolute_symbols(&j);
    judge_constructors(&j);
    judge_undefined_functions(&j);
    judge_object_code(&j);
    return !j.out_of_memory;
}

/* ---- reporting ---- */

static bool names_function(const WasmSymbol *s, uint32_t func) { return s->kind == SYM_FUNCTION && s->index == func; }

/* Looked for only for findings in code, which are few: others know their symbol. */
static Str function_name(const WasmObject *o, const ValObjectFinding *f)
{
    if (f->symbol != NONE && names_function(&o->symbols[f->symbol], f->func)) return o->symbols[f->symbol].name;
    for (uint32_t i = 0; i < o->n_symbols; i++)
        if (names_function(&o->symbols[i], f->func)) return o->symbols[i].name;
    return (Str){0};
}

static bool line_in_code(const WasmObject *o, uint32_t offset, Dwarf *d, const char **file, uint32_t *line)
{
    for (uint32_t i = 0; i < o->module.n_sections; i++)
        if (o->module.sections[i].id == SEC_CODE) return dwarf_line_of_code(d, offset - o->module.sections[i].payload.offset, file, line);
    return false;
}

static void find_source(const WasmObject *o, const ValObjectFinding *f, Dwarf *d, DiagPlace *p)
{
    const char *file;
    uint32_t line;
    bool in_code = f->func != NONE && f->rule != RULE_P106; /* a constructor is named where it is declared */
    bool found = in_code ? line_in_code(o, f->offset, d, &file, &line)
                         : f->symbol != NONE && dwarf_line_of_symbol(d, f->symbol, &file, &line);
    if (!found) return;
    p->src_file = file;
    p->src_line = line;
}

Diag *val_report_finding(const WasmObject *o, const ValObjectFinding *f, Dwarf *d, DiagSeverity severity, Diags *diags)
{
    DiagPlace p = DIAG_AT(.file = o->module.file);
    if (f->offset != NONE) p.offset = f->offset;
    if (f->func != NONE) {
        p.func = f->func;
        p.func_name = function_name(o, f);
    }
    if (f->symbol != NONE) p.symbol = o->symbols[f->symbol].name;
    if (d) find_source(o, f, d, &p);
    return diag_add_as(diags, severity, f->code, p, "%s", f->text);
}
