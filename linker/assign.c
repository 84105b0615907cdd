/* assign.c: dense indices for all that is written: imports first, then what the linker made, then the objects
 * in their order. Types are numbered as they are first used, equal ones once. */
#include "linker/ld.h"

#include <string.h>

uint32_t ld_out_type(Ld *ld, uint32_t type)
{
    TypeInfo *t = &ld->types[type];
    if (t->out_index == LD_NONE) {
        t->out_index = (uint32_t)ld->n_out_types;
        LD_PUSH(ld, ld->out_types, ld->n_out_types, ld->out_types_cap) = type;
    }
    return t->out_index;
}

/* ---- imports ---- */

/* Globals and tables have their types in the object that refers to them. */
static uint32_t type_key(const Symbol *s)
{
    if (s->kind == SYM_FUNCTION || s->kind == SYM_TAG || !s->obj) return s->type;
    uint32_t index = s->obj->o.symbols[s->obj_symbol].index;
    if (s->kind == SYM_TABLE) return s->obj->o.module.tables[index].elem_type;
    const WasmGlobal *g = &s->obj->o.module.globals[index];
    return g->type << 1 | g->mutable;
}

/* One import for all symbols that name the same thing with the same type. */
static Str import_key(Ld *ld, const Symbol *s)
{
    Str module = ld_import_module(s), name = ld_import_name(s);
    return str_of(arena_printf(&ld->arena, "%u %u %zu %.*s %.*s", s->kind, type_key(s), module.len,
                               STR_ARG(module), STR_ARG(name)));
}

static void assign_imports(Ld *ld)
{
    NameTable keys[SYM_TABLE + 1] = {0};
    if (ld->opt->import_table && !ld->table_symbol && ld->n_elems) {
        Symbol *s = ld->table_symbol = ld_symbol(ld, STR("__indirect_function_table"));
        s->kind = SYM_TABLE;
        s->state = SYM_IS_UNDEFINED;
        s->imported = s->used = true;
    }
    /* the function table first: objects without table symbols call through table 0 */
    if (ld->table_symbol && ld->table_symbol->imported) {
        ld->table_symbol->out_index = ld->n_imported_tables++;
        LD_PUSH(ld, ld->imports, ld->n_imports, ld->imports_cap) = (OutImport){ld->table_symbol};
    }
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (!s->imported || s == ld->table_symbol) continue;
        uint32_t *counts[] = {[SYM_FUNCTION] = &ld->n_imported_funcs,
                              [SYM_GLOBAL] = &ld->n_imported_globals,
                              [SYM_TAG] = &ld->n_imported_tags,
                              [SYM_TABLE] = &ld->n_imported_tables};
        bool added = true;
        uint32_t known = ld_name_add(ld, &keys[s->kind], import_key(ld, s), &added);
        if (!added) { /* keys of a kind stand in the order of their indices, behind the function table */
            s->out_index = known + (s->kind == SYM_TABLE && ld->table_symbol && ld->table_symbol->imported);
            continue;
        }
        s->out_index = (*counts[s->kind])++;
        LD_PUSH(ld, ld->imports, ld->n_imports, ld->imports_cap) = (OutImport){s};
    }
}

/* ---- functions, globals, tables ---- */

static void add_func(Ld *ld, InFunc *f)
{
    if (!f->live) return;
    f->out_index = ld->n_imported_funcs + (uint32_t)ld->n_funcs;
    LD_PUSH(ld, ld->funcs, ld->n_funcs, ld->funcs_cap) = f;
}

static void assign_funcs(Ld *ld)
{
    for (size_t i = 0; i < ld->n_synthetic; i++) add_func(ld, ld->synthetic[i]);
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.module.n_bodies; i++) add_func(ld, &ld->objs[o]->funcs[i]);
    for (size_t i = 0; i < ld->n_thunks; i++) add_func(ld, ld->thunks[i].func);
}

static InGlobal *add_global(Ld *ld, InGlobal *g)
{
    g->out_index = ld->n_imported_globals + (uint32_t)ld->n_globals;
    LD_PUSH(ld, ld->globals, ld->n_globals, ld->globals_cap) = g;
    return g;
}

static void assign_tags(Ld *ld)
{
    for (size_t o = 0; o < ld->n_objs; o++) {
        const WasmModule *m = &ld->objs[o]->o.module;
        for (uint32_t i = 0; i < m->n_tags - m->n_imported[KIND_TAG]; i++) {
            InTag *t = &ld->objs[o]->tags[i];
            if (!t->live) continue;
            t->out_index = ld->n_imported_tags + (uint32_t)ld->n_tags;
            LD_PUSH(ld, ld->tags, ld->n_tags, ld->tags_cap) = t;
        }
    }
}

/* The stack pointer is the first mutable one: so WAMR finds it, and rule 2 of docs/module-section.md says so
 * too. */
static void assign_globals(Ld *ld)
{
    if (ld->stack_pointer->state == SYM_DEFINED && ld->stack_pointer->linker)
        add_global(ld, ld->stack_pointer->global);
    if (ld->tls_base && ld->tls_base->live) add_global(ld, ld->tls_base->global);
    for (size_t o = 0; o < ld->n_objs; o++) {
        const Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.module.n_globals - obj->o.module.n_imported[KIND_GLOBAL]; i++)
            if (obj->globals[i].live) add_global(ld, &obj->globals[i]);
    }
    for (size_t i = 0; i < ld->n_gots; i++) {
        Symbol *s = ld->gots[i];
        InGlobal *g = arena_alloc(&ld->arena, sizeof *g);
        bool stub = s->kind == SYM_FUNCTION && s->state == SYM_DEFINED && s->func->null_address;
        Str name = stub ? s->func->name : s->name;
        const char *kind = s->kind == SYM_FUNCTION ? "GOT.func.internal." : "GOT.data.internal.";
        *g = (InGlobal){.type = TYPE_I32,
                        .live = true,
                        .address_of = s,
                        .name = str_of(arena_printf(&ld->arena, "%s%.*s", kind, STR_ARG(name)))};
        ld_symbol_extra(ld, s)->got = add_global(ld, g)->out_index;
    }
}

static void add_table(Ld *ld, InTable *t)
{
    t->out_index = ld->n_imported_tables + (uint32_t)ld->n_tables;
    LD_PUSH(ld, ld->tables, ld->n_tables, ld->tables_cap) = t;
}

/* The function table is there when an address is taken, when code calls through it, or when it is exported.
 */
static void assign_tables(Ld *ld)
{
    const Symbol *s = ld->table_symbol;
    bool imported = s && s->imported;
    if (!imported && (ld->n_elems || ld->opt->export_table || (s && s->live))) {
        if (s && s->state == SYM_DEFINED) ld->indirect_table = s->table;
        else {
            ld->indirect_table = arena_alloc(&ld->arena, sizeof *ld->indirect_table);
            *ld->indirect_table = (InTable){.type.elem_type = TYPE_FUNCREF,
                                            .name = STR("__indirect_function_table"),
                                            .out_index = LD_NONE};
        }
        ld->indirect_table->live = true;
    }
    InTable *function_table = ld->indirect_table && !ld->indirect_table->obj ? ld->indirect_table : NULL;
    if (function_table && (ld->opt->isolate || ld->table_is_first)) add_table(ld, function_table);
    if (function_table && ld->table_is_first && function_table->out_index != 0)
        diag_add(ld->diags, LD_BAD_OBJECT, DIAG_AT(),
                 "an object not built with 'reference-types' or 'call-indirect-overlong' feature needs the "
                 "function table to "
                 "be table 0, but another table is imported");
    for (size_t o = 0; o < ld->n_objs; o++) {
        const Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.module.n_tables - obj->o.module.n_imported[KIND_TABLE]; i++)
            if (obj->tables[i].live) add_table(ld, &obj->tables[i]);
    }
    if (function_table && function_table->out_index == LD_NONE) add_table(ld, function_table);
}

static void assign_elems(Ld *ld)
{
    for (size_t i = 0; i < ld->n_elems; i++) {
        Symbol *s = ld->elems[i];
        uint32_t at = ld->opt->table_base + (uint32_t)i;
        if (s->state == SYM_DEFINED) s->func->table_index = at;
        else ld_symbol_extra(ld, s)->table_place = at;
    }
}

/* ---- types ---- */

static void assign_types(Ld *ld)
{
    for (size_t o = 0; o < ld->n_objs; o++) {
        Obj *obj = ld->objs[o];
        for (uint32_t f = 0; f < obj->o.module.n_bodies; f++) {
            const InFunc *func = &obj->funcs[f];
            if (!func->live) continue;
            WasmReloc r;
            for (WasmRelocCursor c = wasm_relocs_in(obj->code_relocs, func->relocs); wasm_next_reloc(&c, &r);)
                if (r.type == R_WASM_TYPE_INDEX_LEB) (void)ld_out_type(ld, obj->type_ids[r.index]);
        }
    }
    for (size_t i = 0; i < ld->n_imports; i++)
        if (ld->imports[i].symbol->kind == SYM_FUNCTION || ld->imports[i].symbol->kind == SYM_TAG)
            (void)ld_out_type(ld, ld->imports[i].symbol->type);
    for (size_t i = 0; i < ld->n_funcs; i++) (void)ld_out_type(ld, ld->funcs[i]->type);
    for (size_t i = 0; i < ld->n_tags; i++) (void)ld_out_type(ld, ld->tags[i]->type);
}

/* ---- exports ---- */

static void export_global_of(Ld *ld, Symbol *s)
{
    InGlobal *g = arena_alloc(&ld->arena, sizeof *g);
    *g = (InGlobal){.type = TYPE_I32, .live = true, .address_of = s};
    LD_PUSH(ld, ld->exports, ld->n_exports, ld->exports_cap) =
        (OutExport){s->name, KIND_GLOBAL, add_global(ld, g)->out_index, NULL};
}

static void export_symbol(Ld *ld, Symbol *s)
{
    OutExport e = {.name = s->name, .kind = KIND_FUNC};
    switch (s->kind) {
    case SYM_FUNCTION:
        if (s->func->extra->export_name.len) e.name = s->func->extra->export_name;
        e.func = s->func->extra->thunk ? s->func->extra->thunk : s->func;
        e.index = e.func->out_index;
        break;
    case SYM_GLOBAL:
        e.kind = KIND_GLOBAL;
        e.index = s->global->out_index;
        break;
    case SYM_TABLE:
        e.kind = KIND_TABLE;
        e.index = s->table->out_index;
        break;
    case SYM_TAG:
        e.kind = KIND_TAG;
        e.index = s->tag->out_index;
        break;
    case SYM_DATA: export_global_of(ld, s); return;
    default: return;
    }
    LD_PUSH(ld, ld->exports, ld->n_exports, ld->exports_cap) = e;
}

/* Those wasm-ld makes late, so they stand last. */
static bool is_command_export(const Ld *ld, const Symbol *s)
{
    return !ld->opt->isolate && s->kind == SYM_FUNCTION && s->state == SYM_DEFINED && s->func->extra->thunk;
}

/* In an object an export says no more than what a function's export_name is. */
static void keep_export_names(Ld *ld)
{
    for (size_t i = 0; i < ld->n_funcs; i++)
        if (ld->funcs[i]->extra->export_name.len)
            LD_PUSH(ld, ld->exports, ld->n_exports, ld->exports_cap) =
                (OutExport){ld->funcs[i]->extra->export_name, KIND_FUNC, ld->funcs[i]->out_index, ld->funcs[i]};
}

static void assign_exports(Ld *ld)
{
    if (ld->opt->relocatable) {
        keep_export_names(ld);
        return;
    }
    if (ld->opt->export_memory || (!ld->opt->import_memory && !ld->opt->no_export_memory))
        LD_PUSH(ld, ld->exports, ld->n_exports, ld->exports_cap) =
            (OutExport){str_of(ld->opt->export_memory_name), KIND_MEMORY, 0, NULL};
    bool table_done = false, wrappers = false;
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        bool the_table = s == ld->table_symbol && ld->opt->export_table && ld->indirect_table;
        if (!the_table && (!s->live || !ld_is_exported(ld, s))) continue;
        if (is_command_export(ld, s)) wrappers = true;
        else export_symbol(ld, s);
        table_done |= the_table;
    }
    if (ld->init_memory && ld->opt->export_all)
        LD_PUSH(ld, ld->exports, ld->n_exports, ld->exports_cap) =
            (OutExport){ld->init_memory->name, KIND_FUNC, ld->init_memory->out_index, ld->init_memory};
    for (uint32_t i = 0; wrappers && i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (s->live && is_command_export(ld, s) && ld_is_exported(ld, s)) export_symbol(ld, s);
    }
    if (ld->opt->export_table && ld->indirect_table && !table_done)
        LD_PUSH(ld, ld->exports, ld->n_exports, ld->exports_cap) =
            (OutExport){STR("__indirect_function_table"), KIND_TABLE, ld->indirect_table->out_index, NULL};
}

/* Functions that were only the constructors' are gone, and imports that only those called. Tables and globals, which
 * what the constructors wrote may point to, stay as they are.
 * requires: live of functions is final once more. provides: out indices of functions and types, imports, exports */
void ld_assign_functions_again(Ld *ld)
{
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (s->kind == SYM_FUNCTION && s->state != SYM_DEFINED && !s->live) s->imported = false;
    }
    ld->n_imports = ld->n_imported_funcs = ld->n_imported_globals = ld->n_imported_tables = ld->n_imported_tags = 0;
    assign_imports(ld);
    for (size_t i = 0; i < ld->n_funcs; i++) ld->funcs[i]->out_index = LD_NONE;
    ld->n_funcs = 0;
    assign_funcs(ld);
    for (size_t i = 0; i < ld->n_out_types; i++) ld->types[ld->out_types[i]].out_index = LD_NONE;
    ld->n_out_types = 0;
    assign_types(ld);
    for (size_t i = 0; i < ld->n_exports; i++)
        if (ld->exports[i].func) ld->exports[i].index = ld->exports[i].func->out_index;
}

/* requires: live, elems and gots are final. provides: out indices; after this no function, global, table or
 * type is added. */
void ld_assign_indices(Ld *ld)
{
    assign_imports(ld);
    assign_funcs(ld);
    assign_globals(ld);
    assign_tags(ld);
    assign_tables(ld);
    assign_elems(ld);
    assign_types(ld);
    assign_exports(ld);
}
