/* words.c: who and where, for messages: names made safe, objects as the user knows them, places in the source. */
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
static Dwarf *dwarf_of(Ld *ld, Obj *obj)
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
    Dwarf *d = dwarf_of(ld, obj);
    if (func && func->name.len) in = arena_printf(&ld->arena, ": function %s", ld_name_text(ld, func->name));
    if (!d || !dwarf_line_of_code(d, code_offset, &file, &line)) return arena_printf(&ld->arena, "%s%s", obj->file, in);
    return arena_printf(&ld->arena, "%s:%u (%s%s)", file, line, obj->file, in);
}

const char *ld_symbol_place(Ld *ld, Obj *obj, uint32_t obj_symbol)
{
    if (!obj) return "<internal>";
    const char *file = NULL;
    uint32_t line = 0;
    Dwarf *d = dwarf_of(ld, obj);
    if (!d || !dwarf_line_of_symbol(d, obj_symbol, &file, &line)) return obj->file;
    return arena_printf(&ld->arena, "%s:%u (%s)", file, line, obj->file);
}
