/* write.c: the module's small sections: what stands before the code, and the names behind the data (output.c
 * puts it all together). core 2.0 §5.5 */
#include "linker/ld.h"

#include <string.h>

static size_t begin_section(Writer *w, uint8_t id)
{
    wr_byte(w, id);
    return wr_begin_size(w);
}

void ld_write_op(Writer *w, WasmOp o) { wr_byte(w, (uint8_t)wasm_op_info[o].code); }

void ld_write_const(Writer *w, uint32_t value)
{
    ld_write_op(w, OP_I32_CONST);
    wr_s32(w, (int32_t)value);
}

void ld_write_const_expr(Writer *w, uint32_t value)
{
    ld_write_const(w, value);
    ld_write_op(w, OP_END);
}

/* ---- head ---- */

static void write_types(Ld *ld, Writer *w)
{
    if (!ld->n_out_types) return;
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, (uint32_t)ld->n_out_types);
    for (size_t i = 0; i < ld->n_out_types; i++) {
        const WasmType *t = &ld->types[ld->out_types[i]].type;
        wr_byte(w, TYPE_FUNC);
        wr_u32(w, t->n_params);
        wr_bytes(w, t->params, t->n_params);
        wr_u32(w, t->n_results);
        wr_bytes(w, t->results, t->n_results);
    }
    wr_end_size(w, mark);
}

static void write_limits(Writer *w, uint32_t min, bool has_max, uint32_t max)
{
    wr_byte(w, has_max);
    wr_u32(w, min);
    if (has_max) wr_u32(w, max);
}

static void write_memory_type(Ld *ld, Writer *w)
{
    enum { HAS_MAX = 1, HAS_PAGE_SIZE = 8 };
    bool small_pages = ld->opt->page_size != WASM_PAGE;
    wr_byte(w, (uint8_t)((ld->layout.has_max ? HAS_MAX : 0) | (small_pages ? HAS_PAGE_SIZE : 0)));
    wr_u32(w, ld->layout.pages);
    if (ld->layout.has_max) wr_u32(w, ld->layout.max_pages);
    if (small_pages) wr_u32(w, (uint32_t)__builtin_ctz(ld->opt->page_size));
}

static uint32_t table_size(const Ld *ld)
{
    return ld->n_elems || ld->indirect_table ? ld->opt->table_base + (uint32_t)ld->n_elems : 0;
}

static void write_import(Ld *ld, Writer *w, const Symbol *s)
{
    wr_name(w, ld_import_module(s));
    wr_name(w, ld_import_name(s));
    switch (s->kind) {
    case SYM_FUNCTION:
        wr_byte(w, KIND_FUNC);
        wr_u32(w, ld_out_type(ld, s->type));
        break;
    case SYM_TAG:
        wr_byte(w, KIND_TAG);
        wr_byte(w, 0); /* exception */
        wr_u32(w, ld_out_type(ld, s->type));
        break;
    case SYM_GLOBAL: {
        const WasmGlobal *g = &s->obj->o.module.globals[s->obj->o.symbols[s->obj_symbol].index];
        wr_byte(w, KIND_GLOBAL);
        wr_byte(w, g->type);
        wr_byte(w, g->mutable);
        break;
    }
    default: {
        WasmTable t = {.elem_type = TYPE_FUNCREF, .limits.min = ld->opt->table_base + (uint32_t)ld->n_elems};
        if (s != ld->table_symbol && s->obj)
            t = s->obj->o.module.tables[s->obj->o.symbols[s->obj_symbol].index];
        wr_byte(w, KIND_TABLE);
        wr_byte(w, t.elem_type);
        write_limits(w, t.limits.min, t.limits.has_max, t.limits.max);
        break;
    }
    }
}

static void write_imports(Ld *ld, Writer *w)
{
    uint32_t n = (uint32_t)ld->n_imports + ld->opt->import_memory;
    if (!n) return;
    size_t mark = begin_section(w, SEC_IMPORT);
    wr_u32(w, n);
    if (ld->opt->import_memory) {
        wr_name(w, str_of(ld->opt->import_memory_module));
        wr_name(w, str_of(ld->opt->import_memory_name));
        wr_byte(w, KIND_MEMORY);
        write_memory_type(ld, w);
    }
    for (size_t i = 0; i < ld->n_imports; i++) write_import(ld, w, ld->imports[i].symbol);
    wr_end_size(w, mark);
}

static void write_functions(Ld *ld, Writer *w)
{
    if (!ld->n_funcs) return;
    size_t mark = begin_section(w, SEC_FUNCTION);
    wr_u32(w, (uint32_t)ld->n_funcs);
    for (size_t i = 0; i < ld->n_funcs; i++) wr_u32(w, ld_out_type(ld, ld->funcs[i]->type));
    wr_end_size(w, mark);
}

static void write_tables(Ld *ld, Writer *w)
{
    if (!ld->n_tables) return;
    size_t mark = begin_section(w, SEC_TABLE);
    wr_u32(w, (uint32_t)ld->n_tables);
    for (size_t i = 0; i < ld->n_tables; i++) {
        const InTable *t = ld->tables[i];
        wr_byte(w, t->type.elem_type);
        WasmLimits l = t->type.limits;
        if (t == ld->indirect_table) {
            l.min = table_size(ld);
            l.has_max = !ld->opt->growable_table;
            l.max = l.min;
        }
        write_limits(w, l.min, l.has_max, l.max);
    }
    wr_end_size(w, mark);
}

static void write_memory(Ld *ld, Writer *w)
{
    if (ld->opt->import_memory) return;
    size_t mark = begin_section(w, SEC_MEMORY);
    wr_u32(w, 1);
    write_memory_type(ld, w);
    wr_end_size(w, mark);
}

static void write_tags(Ld *ld, Writer *w)
{
    if (!ld->n_tags) return;
    size_t mark = begin_section(w, SEC_TAG);
    wr_u32(w, (uint32_t)ld->n_tags);
    for (size_t i = 0; i < ld->n_tags; i++) {
        wr_byte(w, 0); /* exception */
        wr_u32(w, ld_out_type(ld, ld->tags[i]->type));
    }
    wr_end_size(w, mark);
}

static uint32_t global_value(const InGlobal *g)
{
    const Symbol *s = g->address_of;
    if (!s) return g->value;
    if (s->kind == SYM_DATA) return (uint32_t)ld_data_address(s, 0);
    if (s->state != SYM_DEFINED) return s->imported ? s->extra->table_place : 0;
    return s->func->table_index == LD_NONE ? 0 : s->func->table_index;
}

static void write_globals(Ld *ld, Writer *w)
{
    if (!ld->n_globals) return;
    size_t mark = begin_section(w, SEC_GLOBAL);
    wr_u32(w, (uint32_t)ld->n_globals);
    for (size_t i = 0; i < ld->n_globals; i++) {
        const InGlobal *g = ld->globals[i];
        wr_byte(w, g->type);
        wr_byte(w, g->mutable);
        if (g->init) wr_bytes(w, g->init, g->init_size);
        else ld_write_const_expr(w, global_value(g));
    }
    wr_end_size(w, mark);
}

static void write_exports(Ld *ld, Writer *w)
{
    if (!ld->n_exports) return;
    size_t mark = begin_section(w, SEC_EXPORT);
    wr_u32(w, (uint32_t)ld->n_exports);
    for (size_t i = 0; i < ld->n_exports; i++) {
        wr_name(w, ld->exports[i].name);
        wr_byte(w, ld->exports[i].kind);
        wr_u32(w, ld->exports[i].index);
    }
    wr_end_size(w, mark);
}

static void write_start(Ld *ld, Writer *w)
{
    if (!ld->init_memory) return;
    size_t mark = begin_section(w, SEC_START);
    wr_u32(w, ld->init_memory->out_index);
    wr_end_size(w, mark);
}

static void write_elems(Ld *ld, Writer *w)
{
    enum { ACTIVE_WITH_TABLE = 2, ELEM_KIND_FUNCREF = 0 };
    if (!ld->n_elems) return;
    size_t mark = begin_section(w, SEC_ELEMENT);
    uint32_t table = ld->indirect_table ? ld->indirect_table->out_index : ld->table_symbol->out_index;
    wr_u32(w, 1);
    wr_u32(w, table ? ACTIVE_WITH_TABLE : 0);
    if (table) wr_u32(w, table);
    ld_write_const_expr(w, ld->opt->table_base);
    if (table) wr_byte(w, ELEM_KIND_FUNCREF);
    wr_u32(w, (uint32_t)ld->n_elems);
    for (size_t i = 0; i < ld->n_elems; i++) {
        const Symbol *s = ld->elems[i];
        wr_u32(w, s->state == SYM_DEFINED ? s->func->out_index : s->out_index);
    }
    wr_end_size(w, mark);
}

/* ---- names, core 2.0 §7.4.1 and the extended-name-section proposal ---- */

enum { NAMES_MODULE = 0, NAMES_FUNCTIONS = 1, NAMES_GLOBALS = 7, NAMES_DATA = 9 };

/* ">>" as LLVM writes it, where libiberty writes "> >". */
static Str close_brackets(char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        bool gap = *p == ' ' && p[1] == '>' && n && text[n - 1] == '>';
        if (!gap) text[n++] = *p;
    }
    return (Str){text, n};
}

static Str demangled(Ld *ld, Str name)
{
    const char *text = demangle_name(&ld->arena, name);
    if (!text) return name;
    Str shown = close_brackets(arena_strndup(&ld->arena, text, strlen(text)));
    return str_is_utf8(shown) && !str_has_suffix(shown, STR("...")) ? shown : name;
}

/* The compiler's name for a main with parameters is nobody else's business; wasm-ld agrees. Under a policy
 * names stay as the objects have them. */
Str ld_shown_name(Ld *ld, Str name)
{
    static const Str prefixes[] = {{"undefined_weak:", 15},
                                   {"undefined_stub:", 15},
                                   {"signature_mismatch:", 19},
                                   {"GOT.func.internal.", 18},
                                   {"GOT.data.internal.", 18}};
    if (str_eq(name, STR("__main_argc_argv"))) return STR("main");
    if (ld->opt->isolate || ld->opt->no_demangle) return name;
    if (demangle_is_mangled(name)) return demangled(ld, name);
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        size_t n = prefixes[i].len;
        Str rest = {name.ptr + n, name.len - n};
        if (!str_has_prefix(name, prefixes[i])) continue;
        if (n == 18 && str_has_prefix(rest, prefixes[0])) rest.ptr += 15, rest.len -= 15, n += 15;
        if (!demangle_is_mangled(rest)) break;
        rest = demangled(ld, rest);
        return str_of(arena_printf(&ld->arena, "%.*s%.*s", (int)n, name.ptr, STR_ARG(rest)));
    }
    return name;
}

static void write_function_names(Ld *ld, Writer *w)
{
    uint32_t n = 0;
    for (size_t i = 0; i < ld->n_imports; i++) n += ld->imports[i].symbol->kind == SYM_FUNCTION;
    for (size_t i = 0; i < ld->n_funcs; i++) n += ld->funcs[i]->name.len != 0;
    if (!n) return;
    size_t mark = begin_section(w, NAMES_FUNCTIONS);
    wr_u32(w, n);
    for (size_t i = 0; i < ld->n_imports; i++) {
        const Symbol *s = ld->imports[i].symbol;
        if (s->kind != SYM_FUNCTION) continue;
        wr_u32(w, s->out_index);
        wr_name(w, ld_shown_name(ld, s->name));
    }
    for (size_t i = 0; i < ld->n_funcs; i++) {
        if (!ld->funcs[i]->name.len) continue;
        wr_u32(w, ld->funcs[i]->out_index);
        wr_name(w, ld_shown_name(ld, ld->funcs[i]->name));
    }
    wr_end_size(w, mark);
}

static void write_global_names(Ld *ld, Writer *w)
{
    uint32_t n = 0;
    for (size_t i = 0; i < ld->n_imports; i++) n += ld->imports[i].symbol->kind == SYM_GLOBAL;
    for (size_t i = 0; i < ld->n_globals; i++) n += ld->globals[i]->name.len != 0;
    if (!n) return;
    size_t mark = begin_section(w, NAMES_GLOBALS);
    wr_u32(w, n);
    for (size_t i = 0; i < ld->n_imports; i++) {
        const Symbol *s = ld->imports[i].symbol;
        if (s->kind != SYM_GLOBAL) continue;
        wr_u32(w, s->out_index);
        wr_name(w, ld_shown_name(ld, s->name));
    }
    for (size_t i = 0; i < ld->n_globals; i++) {
        if (!ld->globals[i]->name.len) continue;
        wr_u32(w, ld->globals[i]->out_index);
        wr_name(w, ld_shown_name(ld, ld->globals[i]->name));
    }
    wr_end_size(w, mark);
}

static void write_data_names(Ld *ld, Writer *w)
{
    if (!ld->n_data_segments) return;
    size_t mark = begin_section(w, NAMES_DATA);
    wr_u32(w, ld->n_data_segments);
    for (size_t i = 0; i < ld->n_segments; i++) {
        if (ld->segments[i]->index == LD_NONE) continue;
        wr_u32(w, ld->segments[i]->index);
        wr_name(w, ld->segments[i]->name);
    }
    wr_end_size(w, mark);
}

static Str module_name(const Ld *ld)
{
    const char *path = ld->opt->soname && *ld->opt->soname ? ld->opt->soname : ld->opt->output;
    const char *slash = path ? strrchr(path, '/') : NULL;
    return str_of(slash ? slash + 1 : path);
}

static void write_names(Ld *ld, Writer *w)
{
    size_t mark = begin_section(w, SEC_CUSTOM);
    wr_name(w, STR("name"));
    Str name = module_name(ld);
    if (name.len && str_is_utf8(name) && (!ld->opt->isolate || ld->opt->soname)) {
        size_t sub = begin_section(w, NAMES_MODULE);
        wr_name(w, name);
        wr_end_size(w, sub);
    }
    write_function_names(ld, w);
    write_global_names(ld, w);
    write_data_names(ld, w);
    wr_end_size(w, mark);
}

static bool is_kept(const Ld *ld, const char *section)
{
    if (ld->opt->strip != LD_STRIP_ALL) return true;
    for (size_t i = 0; i < ld->opt->keep_sections.n; i++)
        if (strcmp(ld->opt->keep_sections.items[i], section) == 0) return true;
    return false;
}

/* What stands before the code section. */
void ld_write_head(Ld *ld, Writer *w)
{
    static const uint8_t magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    wr_bytes(w, magic, sizeof magic);
    if (ld->opt->isolate) ld_write_record(ld, w);
    write_types(ld, w);
    write_imports(ld, w);
    write_functions(ld, w);
    write_tables(ld, w);
    write_memory(ld, w);
    write_tags(ld, w);
    write_globals(ld, w);
    write_exports(ld, w);
    write_start(ld, w);
    write_elems(ld, w);
}

/* What stands behind the objects' custom sections. */
void ld_write_tail(Ld *ld, Writer *w)
{
    if (is_kept(ld, "name")) write_names(ld, w);
    if (is_kept(ld, "producers")) ld_write_producers(ld, w);
    ld_write_features(ld, w);
    ld_write_build_id(ld, w);
}
