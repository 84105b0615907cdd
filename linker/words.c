/* words.c: who and where, for messages: names made safe, objects as the user knows them, places in the
 * source. */
#include "linker/ld.h"
#include "linker/words.h"

#include <string.h>

/* Searches for messages are for people: what hostile objects can make them cost is bounded for the whole link. */
enum { SEARCH_STEPS = 50000000, PATH_BYTES = 16 << 20 };

LdWords *ld_words(Ld *ld)
{
    if (ld->words) return ld->words;
    ld->words = arena_alloc(&ld->arena, sizeof *ld->words);
    ld->words->steps_left = SEARCH_STEPS;
    ld->words->path_bytes_left = PATH_BYTES;
    return ld->words;
}

bool ld_may_search(Ld *ld, uint64_t steps)
{
    LdWords *w = ld_words(ld);
    bool may = steps <= w->steps_left;
    w->steps_left = may ? w->steps_left - steps : 0;
    return may;
}

bool ld_may_name_source(Ld *ld, const char *path)
{
    LdWords *w = ld_words(ld);
    size_t len = path ? strlen(path) : 0;
    bool may = len <= w->path_bytes_left;
    w->path_bytes_left = may ? w->path_bytes_left - len : 0;
    return may && w->path_bytes_left;
}

/* Hostile names can be long, and nobody reads more; what may be demangled must stay whole. */
const char *ld_name_text(Ld *ld, Str name)
{
    enum { SHOWN = 120 };
    if (name.len <= SHOWN || demangle_is_mangled(name)) return diag_escape(&ld->arena, name);
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

static void say_place(Ld *ld, LdPlace *p, const char *in)
{
    if (!ld_may_name_source(ld, p->src_file)) p->src_file = NULL;
    p->text = p->src_file ? arena_printf(&ld->arena, "%s:%u (%s%s)", p->src_file, p->src_line, p->obj->file, in)
                          : arena_printf(&ld->arena, "%s%s", p->obj->file, in);
}

LdPlace ld_code_place(Ld *ld, Obj *obj, const InFunc *func, uint32_t code_offset)
{
    LdPlace p = {.obj = obj};
    const char *in = "";
    Dwarf *d = ld_dwarf(ld, obj);
    if (func && func->name.len) in = arena_printf(&ld->arena, ": function %s", ld_name_text(ld, func->name));
    if (d) (void)dwarf_line_of_code(d, code_offset, &p.src_file, &p.src_line);
    say_place(ld, &p, in);
    return p;
}

/* The data symbol that a place in a segment belongs to: the last one that begins before it. */
static uint32_t data_symbol_at(Ld *ld, const Obj *obj, uint32_t segment, uint32_t offset)
{
    uint32_t best = LD_NONE;
    if (!ld_may_search(ld, obj->o.n_symbols)) return best;
    for (uint32_t i = 0; i < obj->o.n_symbols; i++) {
        const WasmSymbol *s = &obj->o.symbols[i];
        if (s->kind != SYM_DATA || (s->flags & (SYM_UNDEFINED | SYM_ABSOLUTE)) || s->index != segment) continue;
        if (s->data_offset > offset || offset - s->data_offset >= s->data_size) continue;
        if (best == LD_NONE || s->data_offset > obj->o.symbols[best].data_offset) best = i;
    }
    return best;
}

LdPlace ld_data_place(Ld *ld, Obj *obj, const InSegment *segment, uint32_t data_offset)
{
    LdPlace p = {.obj = obj};
    uint32_t i = data_symbol_at(ld, obj, (uint32_t)(segment - obj->segments), data_offset - segment->data_offset);
    Dwarf *d = ld_dwarf(ld, obj);
    if (i != LD_NONE && d) (void)dwarf_line_of_symbol(d, i, &p.src_file, &p.src_line);
    say_place(ld, &p,
              arena_printf(&ld->arena, ": %s %s", i == LD_NONE ? "section" : "data",
                           ld_name_text(ld, i == LD_NONE ? ld_segment_info(segment)->name : obj->o.symbols[i].name)));
    return p;
}

/* Where a function's first instruction is: behind the groups of locals. There are four types, and few groups. */
static uint32_t first_instruction(const Obj *obj, uint32_t body)
{
    enum { MOST_GROUPS = 100 };
    WasmRange where = obj->o.module.bodies[body];
    Diags ignored = DIAGS_NOTHING;
    Reader r = wasm_reader(&obj->o.module, where, &ignored);
    uint32_t groups, n;
    uint8_t type;
    if (!rd_u32(&r, "", &groups) || groups > MOST_GROUPS) return 0;
    while (groups-- && rd_u32(&r, "", &n) && rd_byte(&r, "", &type)) continue;
    return (uint32_t)rd_offset(&r) - where.offset;
}

/* Where there are line tables and no declarations (-gline-tables-only), a function is where its code begins. */
static void find_declaration(const Obj *obj, uint32_t i, Dwarf *d, LdPlace *p)
{
    const WasmSymbol *s = &obj->o.symbols[i];
    if (dwarf_line_of_symbol(d, i, &p->src_file, &p->src_line)) return;
    if (s->kind != SYM_FUNCTION || s->flags & SYM_UNDEFINED) return;
    uint32_t body = s->index - obj->o.module.n_imported[KIND_FUNC], at = obj->funcs[body].code_offset;
    if (!dwarf_line_of_code(d, at, &p->src_file, &p->src_line))
        (void)dwarf_line_of_code(d, at + first_instruction(obj, body), &p->src_file, &p->src_line);
}

LdPlace ld_symbol_place(Ld *ld, Obj *obj, uint32_t obj_symbol)
{
    if (!obj) return (LdPlace){.text = "<internal>"};
    LdPlace p = {.obj = obj};
    const char *in = "";
    const WasmSymbol *s = &obj->o.symbols[obj_symbol];
    Dwarf *d = ld_dwarf(ld, obj);
    if (d) find_declaration(obj, obj_symbol, d, &p);
    if (!p.src_file && s->kind == SYM_DATA && !(s->flags & (SYM_UNDEFINED | SYM_ABSOLUTE)))
        in = arena_printf(&ld->arena, ": section %s", ld_name_text(ld, obj->o.segments[s->index].name));
    say_place(ld, &p, in);
    return p;
}

static void put_source(Ld *ld, DiagPlace *place, const LdPlace *p)
{
    place->src_file = arena_strndup(&ld->diags->arena, p->src_file, strlen(p->src_file));
    place->src_line = p->src_line;
}

void ld_note_place(Ld *ld, Diag *d, const char *how, LdPlace p)
{
    if (!d) return;
    diag_note(ld->diags, d, "%s %s", how, p.text);
    if (!p.obj) return;
    DiagPlace *place = &d->place;
    bool here = place->file && (strcmp(place->file, p.obj->file) == 0 || strcmp(place->file, ld->opt->output) == 0);
    if (p.src_file && !place->src_file && here) {
        put_source(ld, place, &p);
        place->src_in_note = true;
    } else
        diag_relate(ld->diags, d, DIAG_AT(.file = p.obj->file, .src_file = p.src_file, .src_line = p.src_line), how);
}

/* ---- findings on the linked module ---- */

static void explain_code(Ld *ld, Diag *d, const InFunc *f, uint32_t module_offset, uint32_t code_payload)
{
    uint32_t at = module_offset - code_payload - f->out_offset; /* in the body as it was written */
    if (f->packed) at = 0; /* somewhere in the function */
    const FuncExtra *x = f->extra;
    if (at >= x->check_at) at = at - x->check_at < x->check_size ? x->check_at : at - x->check_size;
    Dwarf *dwarf = ld_dwarf(ld, f->obj);
    diag_note(ld->diags, d, "in %s", f->obj->file);
    LdPlace p;
    if (dwarf && dwarf_line_of_code(dwarf, f->code_offset + at, &p.src_file, &p.src_line)) put_source(ld, &d->place, &p);
}

/* The first object that refers to an imported symbol, and from where. */
void ld_explain_import(Ld *ld, Diag *d, const Symbol *s)
{
    for (size_t o = 0; o < ld->n_objs; o++) {
        Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.module.n_bodies; i++) {
            const InFunc *f = &obj->funcs[i];
            WasmReloc r;
            if (!f->live) continue;
            for (WasmRelocCursor c = wasm_relocs_in(obj->code_relocs, f->relocs); wasm_next_reloc(&c, &r);) {
                if (r.type == R_WASM_TYPE_INDEX_LEB || obj->symbols[r.index] != s) continue;
                ld_note_place(ld, d, "referenced by", ld_code_place(ld, obj, f, r.offset));
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
                           d->place.offset < (uint64_t)payload + f->out_offset + f->size + f->extra->check_size;
            if (f->obj && in_body) explain_code(ld, d, f, (uint32_t)d->place.offset, payload);
        }
        for (uint32_t i = imports; i < m->n_imports; i++)
            if (m->imports[i].offset == d->place.offset)
                ld_explain_import(ld, d, ld->imports[i - imports].symbol);
    }
}
