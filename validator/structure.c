/* structure.c: everything of core 2.0 §3.4 "Modules" that is not code: types, indices, limits, names of
 * exports, the start function, segments; and which features these need. Also fills in `declared` (§3.4.1: the
 * functions that ref.func may name) and what is known of globals. */
#include "validator/state.h"

#include <string.h>

enum { MAX_PAGES = 65536 };

/* ---- types, imports, definitions ---- */

static uint32_t section_offset(const Val *v, WasmSectionId id)
{
    for (uint32_t i = 0; i < v->m->n_sections; i++)
        if (v->m->sections[i].id == id) return v->m->sections[i].payload.offset;
    return NONE32;
}

static uint32_t offset_of(const Val *v, const uint8_t *p) { return (uint32_t)(p - v->m->bytes); }

static void check_value_type(Val *v, uint8_t type, Site site)
{
    if (type == TYPE_V128) (void)use_feature(v, FEATURE_SIMD, site, "v128");
    if (wasm_is_ref_type(type)) (void)use_feature(v, FEATURE_REFERENCE_TYPES, site, wasm_type_text(type));
}

static void check_types(Val *v)
{
    for (uint32_t i = 0; i < v->m->n_types; i++) {
        const WasmType *t = &v->m->types[i];
        Site site = SITE(offset_of(v, t->params));
        bool too_many = t->n_params > VAL_MAX_PARAMS || t->n_results > VAL_MAX_RESULTS;
        v->types_broken |= too_many;
        if (too_many)
            invalid(v, VAL_IMPLEMENTATION, site,
                    "type %u has %u parameters and %u results, at most %d are possible", i, t->n_params,
                    t->n_results, VAL_MAX_PARAMS);
        else if (t->n_params > v->limits[VAL_LIMIT_PARAMS])
            violated(v, RULE_P604, site, (Str){0}, "type %u has %u parameters, limits.params is %llu", i,
                     t->n_params, (unsigned long long)v->limits[VAL_LIMIT_PARAMS]);
        if (t->n_results > 1) (void)use_feature(v, FEATURE_MULTI_VALUE, site, "several results");
        for (uint32_t k = 0; k < t->n_params; k++) check_value_type(v, t->params[k], site);
        for (uint32_t k = 0; k < t->n_results; k++) check_value_type(v, t->results[k], site);
    }
}

static void check_limits(Val *v, const WasmLimits *l, uint32_t most, Site site)
{
    if (l->has_max && l->min > l->max)
        invalid(v, VAL_LIMITS, site, "size minimum must not be greater than maximum: %u, %u", l->min, l->max);
    if (l->min > most || (l->has_max && l->max > most))
        invalid(v, VAL_LIMITS, site, "memory size must be at most 65536 pages (4GiB): %u",
                l->min > most ? l->min : l->max);
}

static void check_table(Val *v, const WasmTable *t, Site site)
{
    check_limits(v, &t->limits, UINT32_MAX, site);
    if (t->elem_type != TYPE_FUNCREF)
        (void)use_feature(v, FEATURE_REFERENCE_TYPES, site, "table of externref");
}

static void check_memory(Val *v, const WasmLimits *l, Site site)
{
    if (l->shared) {
        violated(v, RULE_P201, site, (Str){0}, "the memory is shared");
        refuse_feature(v, FEATURE_THREADS, site, "shared memory");
    }
    check_limits(v, l, MAX_PAGES, site);
}

static void check_imports(Val *v)
{
    const WasmModule *m = v->m;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *im = &m->imports[i];
        Site site = SITE(im->offset);
        switch ((WasmKind)im->kind) {
        case KIND_FUNC:
            if (m->func_types[im->index] < m->n_types) break;
            invalid(v, VAL_UNKNOWN_TYPE, site, "unknown type %u of an imported function",
                    m->func_types[im->index]);
            v->types_broken = true;
            break;
        case KIND_TABLE: check_table(v, &m->tables[im->index], site); break;
        case KIND_MEMORY: check_memory(v, &m->memories[im->index], site); break;
        case KIND_GLOBAL:
            check_value_type(v, m->globals[im->index].type, site);
            if (m->globals[im->index].mutable)
                (void)use_feature(v, FEATURE_MUTABLE_GLOBAL, site, "import of a mutable global");
            break;
        default: refuse_feature(v, FEATURE_EXCEPTIONS, site, "imported tag");
        }
    }
}

static void check_definitions(Val *v)
{
    const WasmModule *m = v->m;
    Site functions = SITE(section_offset(v, SEC_FUNCTION)), tables = SITE(section_offset(v, SEC_TABLE));
    Site memories = SITE(section_offset(v, SEC_MEMORY));
    for (uint32_t i = m->n_imported[KIND_FUNC]; i < m->n_funcs; i++) {
        if (m->func_types[i] < m->n_types) continue;
        invalid(v, VAL_UNKNOWN_TYPE, functions, "unknown type %u of function %u", m->func_types[i], i);
        v->types_broken = true;
    }
    for (uint32_t i = m->n_imported[KIND_TABLE]; i < m->n_tables; i++) check_table(v, &m->tables[i], tables);
    if (m->n_tables > 1) (void)use_feature(v, FEATURE_REFERENCE_TYPES, tables, "several tables");
    for (uint32_t i = m->n_imported[KIND_MEMORY]; i < m->n_memories; i++)
        check_memory(v, &m->memories[i], memories);
    if (m->n_memories > 1)
        invalid(v, VAL_MEMORIES, memories, "multiple memories: feature %s is not supported",
                wasm_feature_text(FEATURE_MULTI_MEMORY));
    if (section_offset(v, SEC_TAG) != NONE32) /* also an empty one: core 2.0 knows no such section */
        refuse_feature(v, FEATURE_EXCEPTIONS, SITE(section_offset(v, SEC_TAG)), "tag section");
}

static void check_globals(Val *v)
{
    const WasmModule *m = v->m;
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        const WasmGlobal *g = &m->globals[i];
        check_value_type(v, g->type, SITE(g->init.offset));
        check_const_expr(v, g->init, g->type);
        GlobalFacts *facts = &v->globals[i];
        facts->has_init = g->type == TYPE_I32 && wasm_const_i32(m, g->init, &facts->value);
        facts->is_known = facts->has_init && !g->mutable;
    }
}

/* ---- exports, start ---- */

/* Sorts indices of exports by name; merge sort: n log n whatever the names are. */
static void sort_by_name(const WasmExport *exports, uint32_t *order, uint32_t *spare, uint32_t n)
{
    for (uint32_t width = 1; width<n; width = width> n / 2 ? n : width * 2) {
        for (uint32_t low = 0; low<n; low += width>(n - low) / 2 ? n - low : 2 * width) {
            uint32_t mid = n - low < width ? n : low + width, high = n - mid < width ? n : mid + width;
            uint32_t a = low, b = mid;
            for (uint32_t k = low; k < high; k++) {
                bool from_a =
                    a < mid && (b >= high || str_cmp(exports[order[a]].name, exports[order[b]].name) <= 0);
                spare[k] = order[from_a ? a++ : b++];
            }
        }
        memcpy(order, spare, n * sizeof *order);
    }
}

static void check_export_names(Val *v)
{
    const WasmModule *m = v->m;
    uint32_t n = m->n_exports;
    uint32_t *order = arena_array(&v->scratch, n, sizeof *order),
             *spare = arena_array(&v->scratch, n, sizeof *spare);
    if (!order || !spare) {
        out_of_memory(v);
        return;
    }
    for (uint32_t i = 0; i < n; i++) order[i] = i;
    sort_by_name(m->exports, order, spare, n);
    for (uint32_t i = 1; i < n; i++) {
        const WasmExport *e = &m->exports[order[i]];
        if (str_eq(e->name, m->exports[order[i - 1]].name))
            invalid(v, VAL_DUPLICATE_EXPORT, SITE(e->offset), "duplicate export name: \"%.*s\"",
                    STR_ARG(shown(v, e->name)));
    }
}

static void check_exports(Val *v)
{
    static const DiagCode unknown[] = {[KIND_FUNC] = VAL_UNKNOWN_FUNC,
                                       [KIND_TABLE] = VAL_UNKNOWN_TABLE,
                                       [KIND_MEMORY] = VAL_UNKNOWN_MEMORY,
                                       [KIND_GLOBAL] = VAL_UNKNOWN_GLOBAL};
    const WasmModule *m = v->m;
    const uint32_t counts[] = {[KIND_FUNC] = m->n_funcs,
                               [KIND_TABLE] = m->n_tables,
                               [KIND_MEMORY] = m->n_memories,
                               [KIND_GLOBAL] = m->n_globals};
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        Site site = SITE(e->offset);
        if (e->kind > KIND_GLOBAL) refuse_feature(v, FEATURE_EXCEPTIONS, site, "exported tag");
        else if (e->index >= counts[e->kind])
            invalid(v, unknown[e->kind], site, "unknown %s %u: the module has %u", wasm_kind_text(e->kind),
                    e->index, counts[e->kind]);
        else if (e->kind == KIND_FUNC) v->declared[e->index / 8] |= (uint8_t)(1 << e->index % 8);
        else if (e->kind == KIND_GLOBAL) {
            if (!v->globals[e->index].export) v->globals[e->index].export = e;
            if (m->globals[e->index].mutable)
                (void)use_feature(v, FEATURE_MUTABLE_GLOBAL, site, "export of a mutable global");
        }
    }
    check_export_names(v);
}

static void check_start(Val *v)
{
    const WasmModule *m = v->m;
    if (!m->has_start) return;
    const WasmType *t = wasm_func_type(m, m->start);
    if (m->start >= m->n_funcs)
        invalid(v, VAL_UNKNOWN_FUNC, SITE(m->start_offset), "unknown function %u: the start function",
                m->start);
    else if (t && (t->n_params || t->n_results))
        invalid(v, VAL_START, SITE(m->start_offset), "start function %u has parameters or results", m->start);
}

/* ---- segments ---- */

static void check_items(Val *v, const WasmElem *e)
{
    Reader r = wasm_reader(v->m, e->items, v->diags);
    for (uint32_t i = 0; i < e->n; i++) {
        uint32_t func, at = (uint32_t)rd_offset(&r);
        if (e->exprs) {
            if (!check_const_expr_at(v, &r, e->elem_type)) return;
        } else if (!rd_u32(&r, "function index", &func)) {
            return;
        } else if (func >= v->m->n_funcs) {
            invalid(v, VAL_UNKNOWN_FUNC, SITE(at), "unknown function %u: the module has %u", func,
                    v->m->n_funcs);
        } else {
            v->declared[func / 8] |= (uint8_t)(1 << func % 8);
        }
    }
}

static void check_elems(Val *v)
{
    const WasmModule *m = v->m;
    for (uint32_t i = 0; i < m->n_elems; i++) {
        const WasmElem *e = &m->elems[i];
        Site site = SITE(e->offset);
        if (e->mode != SEG_ACTIVE || e->exprs)
            (void)use_feature(v, FEATURE_BULK_MEMORY, site, "element segment flags");
        if (e->elem_type != TYPE_FUNCREF || e->table)
            (void)use_feature(v, FEATURE_REFERENCE_TYPES, site, "element segment");
        if (e->mode == SEG_ACTIVE) {
            if (e->table >= m->n_tables)
                invalid(v, VAL_UNKNOWN_TABLE, site, "unknown table %u: the module has %u", e->table,
                        m->n_tables);
            else if (m->tables[e->table].elem_type != e->elem_type)
                invalid(v, VAL_TYPE_MISMATCH, site, "type mismatch: elements of %s for a table of %s",
                        wasm_type_text(e->elem_type), wasm_type_text(m->tables[e->table].elem_type));
            check_const_expr(v, e->where, TYPE_I32);
        }
        check_items(v, e);
    }
}

static void check_datas(Val *v)
{
    const WasmModule *m = v->m;
    if (m->has_data_count)
        (void)use_feature(v, FEATURE_BULK_MEMORY, SITE(section_offset(v, SEC_DATA_COUNT)),
                          "data count section");
    for (uint32_t i = 0; i < m->n_datas; i++) {
        const WasmData *d = &m->datas[i];
        Site site = SITE(d->offset);
        if (d->mode != SEG_ACTIVE) (void)use_feature(v, FEATURE_BULK_MEMORY, site, "passive data segment");
        else {
            if (d->memory >= m->n_memories)
                invalid(v, VAL_UNKNOWN_MEMORY, site, "unknown memory %u: a data segment is for it",
                        d->memory);
            if (!d->has_address) check_const_expr(v, d->where, TYPE_I32);
        }
    }
}

void check_structure(Val *v)
{
    check_types(v);
    check_imports(v);
    check_definitions(v);
    check_globals(v);
    check_exports(v);
    check_start(v);
    check_elems(v);
    check_datas(v);
}
