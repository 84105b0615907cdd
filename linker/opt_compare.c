/* opt_compare.c: what an optimiser must not have changed: docs/optimization.md "What is compared". Both modules are valid;
 * the second one was made by a program that nobody trusts.
 *
 * Things that may be left out (imports, globals, tables with their segments) must stand in the order in which they stood,
 * so one walk over each list is enough. */
#include "linker/optimize.h"

#include <string.h>

typedef struct Compare {
    const WasmModule *a, *b; /* before, after */
    const WasmImport **globals_a, **globals_b; /* imported ones, by index */
    const char *file, *program;
    Diags *diags;
} Compare;

static bool changed(Compare *c, const char *format, ...) PRINTF(2, 3);
static bool changed(Compare *c, const char *format, ...)
{
    Arena arena = {0};
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(&arena, format, args);
    va_end(args);
    diag_add(c->diags, LD_OPT_CHANGED, DIAG_AT(.file = c->file), "%s changed what it must keep: %s", c->program,
             what ? what : "");
    arena_free(&arena);
    return false;
}

static bool same_bytes(const Compare *c, WasmRange a, WasmRange b)
{
    return a.size == b.size && memcmp(wasm_at(c->a, a), wasm_at(c->b, b), a.size) == 0;
}

static bool same_limits(const WasmLimits *a, const WasmLimits *b)
{
    return a->min == b->min && a->has_max == b->has_max && (!a->has_max || a->max == b->max) && a->shared == b->shared;
}

static bool same_func_type(const Compare *c, uint32_t a, uint32_t b)
{
    return wasm_same_type(wasm_func_type(c->a, a), wasm_func_type(c->b, b));
}

static bool same_table(const Compare *c, uint32_t a, uint32_t b)
{
    const WasmTable *x = &c->a->tables[a], *y = &c->b->tables[b];
    return x->elem_type == y->elem_type && same_limits(&x->limits, &y->limits);
}

/* ---- imports ---- */

static bool same_import(const Compare *c, const WasmImport *a, const WasmImport *b)
{
    if (a->kind != b->kind || !str_eq(a->module, b->module) || !str_eq(a->name, b->name)) return false;
    switch (a->kind) {
    case KIND_FUNC: return same_func_type(c, a->index, b->index);
    case KIND_TABLE: return same_table(c, a->index, b->index);
    case KIND_MEMORY: return same_limits(&c->a->memories[a->index], &c->b->memories[b->index]);
    case KIND_GLOBAL:
        return c->a->globals[a->index].type == c->b->globals[b->index].type &&
               c->a->globals[a->index].mutable == c->b->globals[b->index].mutable;
    default: return false;
    }
}

/* Those of one kind stand in the old order; some may be missing. */
static bool check_imports(Compare *c)
{
    uint32_t next[KIND_COUNT] = {0};
    for (uint32_t i = 0; i < c->b->n_imports; i++) {
        const WasmImport *b = &c->b->imports[i];
        uint32_t *k = &next[b->kind];
        while (*k < c->a->n_imports && !same_import(c, &c->a->imports[*k], b)) ++*k;
        if (*k == c->a->n_imports)
            return changed(c, "an import of the %s \"%.*s\" \"%.*s\" that was not there", wasm_kind_text(b->kind),
                           STR_ARG(b->module), STR_ARG(b->name));
        ++*k;
    }
    return true;
}

/* ---- globals ---- */

static const WasmImport **imported_globals(const WasmModule *m, Arena *arena)
{
    const WasmImport **all = arena_array(arena, m->n_imported[KIND_GLOBAL] + 1, sizeof *all);
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].kind == KIND_GLOBAL) all[m->imports[i].index] = &m->imports[i];
    return all;
}

/* The same constant, or the value of the same imported global. */
static bool same_init(const Compare *c, WasmRange a, WasmRange b)
{
    Diags ignored = DIAGS_NOTHING;
    Reader ra = wasm_reader(c->a, a, &ignored), rb = wasm_reader(c->b, b, &ignored);
    WasmInstr x, y;
    bool gets = rd_left(&ra) && rd_left(&rb) && rd_instr(&ra, &x) && rd_instr(&rb, &y) && x.op == OP_GLOBAL_GET &&
                y.op == OP_GLOBAL_GET;
    if (!gets) return same_bytes(c, a, b);
    bool imported = x.index < c->a->n_imported[KIND_GLOBAL] && y.index < c->b->n_imported[KIND_GLOBAL];
    return imported && same_import(c, c->globals_a[x.index], c->globals_b[y.index]);
}

static bool same_global(const Compare *c, uint32_t a, uint32_t b)
{
    const WasmGlobal *x = &c->a->globals[a], *y = &c->b->globals[b];
    return x->type == y->type && x->mutable == y->mutable && (x->init.size != 0) == (y->init.size != 0) &&
           same_init(c, x->init, y->init);
}

/* What code may write beside memory: none is new. Constants may come and go. */
static bool check_globals(Compare *c)
{
    uint32_t k = c->a->n_imported[KIND_GLOBAL];
    for (uint32_t i = c->b->n_imported[KIND_GLOBAL]; i < c->b->n_globals; i++) {
        if (!c->b->globals[i].mutable) continue;
        while (k < c->a->n_globals && !same_global(c, k, i)) k++;
        if (k++ >= c->a->n_globals) return changed(c, "global %u, which is mutable, was not there so", i);
    }
    return true;
}

/* ---- exports and the start ---- */

static bool same_export(const Compare *c, const WasmExport *a, const WasmExport *b)
{
    if (a->kind != b->kind || !str_eq(a->name, b->name)) return false;
    uint32_t imported_a = a->index < c->a->n_imported[a->kind], imported_b = b->index < c->b->n_imported[b->kind];
    if (imported_a != imported_b) return false;
    switch (a->kind) {
    case KIND_FUNC: return same_func_type(c, a->index, b->index);
    case KIND_TABLE: return same_table(c, a->index, b->index);
    case KIND_GLOBAL: return same_global(c, a->index, b->index);
    default: return true; /* the one memory */
    }
}

static bool check_exports(Compare *c)
{
    if (c->a->n_exports != c->b->n_exports)
        return changed(c, "%u exports instead of %u", c->b->n_exports, c->a->n_exports);
    for (uint32_t i = 0; i < c->a->n_exports; i++)
        if (!same_export(c, &c->a->exports[i], &c->b->exports[i]))
            return changed(c, "the export \"%.*s\"", STR_ARG(c->a->exports[i].name));
    if (c->b->has_start && !c->a->has_start) return changed(c, "a start function that was not there");
    return true;
}

/* ---- memory and data ---- */

static bool check_memory(Compare *c)
{
    uint32_t a = c->a->n_memories, b = c->b->n_memories;
    if (a != b) return changed(c, "%u memories instead of %u", b, a);
    return !a || same_limits(&c->a->memories[0], &c->b->memories[0]) || changed(c, "the size of the memory");
}

static bool check_data(Compare *c)
{
    if (c->a->n_datas != c->b->n_datas)
        return changed(c, "%u data segments instead of %u", c->b->n_datas, c->a->n_datas);
    for (uint32_t i = 0; i < c->a->n_datas; i++) {
        const WasmData *a = &c->a->datas[i], *b = &c->b->datas[i];
        if (a->mode != b->mode || (a->mode == SEG_ACTIVE && !same_init(c, a->where, b->where)))
            return changed(c, "where data segment %u lies", i);
        if (!same_bytes(c, a->bytes, b->bytes)) return changed(c, "the bytes of data segment %u", i);
    }
    return true;
}

/* ---- tables and their segments ---- */

/* One item: the function, UINT32_MAX for null or a global's value. */
static uint32_t item(const WasmElem *e, Reader *r)
{
    uint32_t func = UINT32_MAX;
    WasmInstr in, end;
    if (!e->exprs) return rd_u32(r, "function", &func) ? func : UINT32_MAX;
    if (rd_left(r) && rd_instr(r, &in) && rd_left(r) && rd_instr(r, &end) && in.op == OP_REF_FUNC) func = in.index;
    return func;
}

/* Functions may be others, when they do the same; that cannot be seen here. Their types are the same. */
static bool same_elem(const Compare *c, const WasmElem *a, const WasmElem *b)
{
    Diags ignored = DIAGS_NOTHING;
    Reader ra = wasm_reader(c->a, a->items, &ignored), rb = wasm_reader(c->b, b->items, &ignored);
    if (a->mode != b->mode || a->n != b->n || (a->mode == SEG_ACTIVE && !same_init(c, a->where, b->where))) return false;
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t x = item(a, &ra), y = item(b, &rb);
        if ((x == UINT32_MAX) != (y == UINT32_MAX)) return false;
        if (x != UINT32_MAX && !same_func_type(c, x, y)) return false;
    }
    return true;
}

static uint32_t next_elem(const WasmModule *m, uint32_t i, WasmSegMode mode)
{
    while (i < m->n_elems && m->elems[i].mode != mode) i++;
    return i;
}

/* All tables with all their segments, or none of either: then no code asks for one. */
static bool check_tables(Compare *c)
{
    if (c->b->n_tables == 0 && next_elem(c->b, 0, SEG_ACTIVE) == c->b->n_elems) return true;
    if (c->a->n_tables != c->b->n_tables) return changed(c, "%u tables instead of %u", c->b->n_tables, c->a->n_tables);
    for (uint32_t i = 0; i < c->a->n_tables; i++)
        if (!same_table(c, i, i)) return changed(c, "table %u", i);
    uint32_t a = next_elem(c->a, 0, SEG_ACTIVE), b = next_elem(c->b, 0, SEG_ACTIVE);
    while (a < c->a->n_elems && b < c->b->n_elems) {
        if (c->a->elems[a].table != c->b->elems[b].table || !same_elem(c, &c->a->elems[a], &c->b->elems[b]))
            return changed(c, "element segment %u", b);
        a = next_elem(c->a, a + 1, SEG_ACTIVE);
        b = next_elem(c->b, b + 1, SEG_ACTIVE);
    }
    if (a < c->a->n_elems || b < c->b->n_elems) return changed(c, "the number of element segments");
    return true;
}

/* Nobody showed it any but the names. */
static bool check_customs(Compare *c)
{
    for (uint32_t i = 0; i < c->b->n_customs; i++)
        if (!str_eq(c->b->customs[i].name, STR("name")))
            return changed(c, "a custom section \"%.*s\" that was not there", STR_ARG(c->b->customs[i].name));
    return true;
}

bool opt_same(const WasmModule *before, const WasmModule *after, Arena *arena, const char *file, const char *program,
              Diags *d)
{
    Compare c = {.a = before, .b = after, .file = file, .program = program, .diags = d};
    c.globals_a = imported_globals(before, arena);
    c.globals_b = imported_globals(after, arena);
    return check_imports(&c) && check_globals(&c) && check_exports(&c) && check_memory(&c) && check_data(&c) &&
           check_tables(&c) && check_customs(&c);
}
