/* words.c: who and where, for messages: names made safe, objects as the user knows them, places in the
 * source. */
#include "linker/ld.h"

#include <string.h>

const char *ld_name_text(Ld *ld, Str name)
{
    enum { SHOWN = 120 }; /* hostile names can be long; nobody reads more */
    if (name.len <= SHOWN) return diag_escape(&ld->arena, name);
    return arena_printf(&ld->arena, "%s...", diag_escape(&ld->arena, (Str){name.ptr, SHOWN}));
}

/* What goes into the module is UTF-8, whatever the file system says. */
Str ld_utf8(Ld *ld, Str s) { return str_is_utf8(s) ? s : str_of(diag_escape(&ld->arena, s)); }

const char *ld_obj_text(const Obj *obj) { return obj ? obj->file : "<internal>"; }

/* Debug information is opened for objects that something is said about, and for no others. */
Dwarf *ld_dwarf(Ld *ld, Obj *obj)
{
    if (!obj->dwarf_tried) {
        obj->dwarf_tried = true;
        obj->dwarf = dwarf_open_object(&obj->o, &ld->arena);
    }
    return obj->dwarf;
}

const char *ld_code_place(Ld *ld, Obj *obj, const InFunc *func, uint32_t code_offset)
{
    const char *file = NULL, *in = "";
    uint32_t line = 0;
    Dwarf *d = ld_dwarf(ld, obj);
    if (func && func->name.len) in = arena_printf(&ld->arena, ": function %s", ld_name_text(ld, func->name));
    if (!d || !dwarf_line_of_code(d, code_offset, &file, &line))
        return arena_printf(&ld->arena, "%s%s", obj->file, in);
    return arena_printf(&ld->arena, "%s:%u (%s%s)", file, line, obj->file, in);
}

const char *ld_symbol_place(Ld *ld, Obj *obj, uint32_t obj_symbol)
{
    if (!obj) return "<internal>";
    const char *file = NULL;
    uint32_t line = 0;
    Dwarf *d = ld_dwarf(ld, obj);
    if (!d || !dwarf_line_of_symbol(d, obj_symbol, &file, &line)) return obj->file;
    return arena_printf(&ld->arena, "%s:%u (%s)", file, line, obj->file);
}

/* ---- findings on the linked module ---- */

static void explain_code(Ld *ld, Diag *d, const InFunc *f, uint32_t module_offset, uint32_t code_payload)
{
    const char *file;
    uint32_t line, at = module_offset - code_payload - f->out_offset; /* in the body as it was written */
    if (at >= f->check_at) at = at - f->check_at < f->check_size ? f->check_at : at - f->check_size;
    Dwarf *dwarf = ld_dwarf(ld, f->obj);
    diag_note(ld->diags, d, "in %s", f->obj->file);
    if (!dwarf || !dwarf_line_of_code(dwarf, f->code_offset + at, &file, &line)) return;
    d->place.src_file = arena_strndup(&ld->diags->arena, file, strlen(file));
    d->place.src_line = line;
}

/* The first object that refers to an imported symbol, and from where. */
static void explain_import(Ld *ld, Diag *d, const Symbol *s)
{
    for (size_t o = 0; o < ld->n_objs; o++) {
        Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.module.n_bodies; i++) {
            const InFunc *f = &obj->funcs[i];
            WasmReloc r;
            if (!f->live) continue;
            for (WasmRelocCursor c = wasm_relocs_in(obj->code_relocs, f->relocs); wasm_next_reloc(&c, &r);) {
                if (r.type == R_WASM_TYPE_INDEX_LEB || obj->symbols[r.index] != s) continue;
                diag_note(ld->diags, d, "referenced by %s", ld_code_place(ld, obj, f, r.offset));
                return;
            }
        }
    }
}

void ld_explain_findings(Ld *ld, const WasmModule *m, size_t first)
{
    enum { MOST = 100 }; /* each import costs a walk over all relocations */
    uint32_t payload = 0, imports = ld->opt->import_memory ? 1 : 0;
    for (uint32_t i = 0; i < m->n_sections; i++)
        if (m->sections[i].id == SEC_CODE) payload = m->sections[i].payload.offset;
    for (size_t k = first; k < ld->diags->n && k < first + MOST; k++) {
        Diag *d = &ld->diags->items[k];
        uint32_t func = d->place.func;
        if (func != DIAG_NOWHERE32 && func >= ld->n_imported_funcs &&
            func - ld->n_imported_funcs < ld->n_funcs) {
            const InFunc *f = ld->funcs[func - ld->n_imported_funcs];
            bool in_body = d->place.offset >= (uint64_t)payload + f->out_offset &&
                           d->place.offset < (uint64_t)payload + f->out_offset + f->size + f->check_size;
            if (f->obj && in_body) explain_code(ld, d, f, (uint32_t)d->place.offset, payload);
        }
        for (uint32_t i = imports; i < m->n_imports; i++)
            if (m->imports[i].offset == d->place.offset)
                explain_import(ld, d, ld->imports[i - imports].symbol);
    }
}
