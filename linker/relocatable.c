/* relocatable.c: what a linked file keeps for a later link: the sections "linking" and "reloc.*" of -r and
 * --emit-relocs. tool-conventions Linking.md, version 2; order and contents as wasm-ld has them.
 *
 * Symbols are numbered once all indices are known: global ones in the order in which their names were first
 * seen, the local ones of each object, then one for each custom section. A relocation is copied with the
 * place where its bytes went, its symbol's number, and an addend that counts from where the symbol went. One
 * of a custom section whose symbol was left out is left out too: its bytes say so already (reloc.c). */
#include "linker/ld.h"

#include <stdlib.h>

enum { LINKING_VERSION = 2 };
enum { LINKING_SEGMENT_INFO = 5, LINKING_INIT_FUNCS = 6, LINKING_COMDAT_INFO = 7, LINKING_SYMBOL_TABLE = 8 };
enum { COMDAT_DATA = 0, COMDAT_FUNCTION = 1 };

/* ---- numbers ---- */

static bool is_listed(const Ld *ld, const Symbol *s)
{
    if (s->kind == SYM_SECTION) return false;
    if (s->state == SYM_DEFINED) return ld_is_there(ld, s) && (!s->linker || s->used || s->local);
    if (s->state != SYM_IS_UNDEFINED || !s->used) return false;
    return s->kind == SYM_DATA ? ld->opt->relocatable || s->live : s->imported;
}

static void list(Ld *ld, Symbol *s)
{
    LD_PUSH(ld, ld->out_symbols, ld->n_out_symbols, ld->out_symbols_cap) = s;
    *ld_out_symbol(s) = (uint32_t)ld->n_out_symbols;
}

/* requires: indices are final, custom sections gathered. provides: ld->out_symbols, and out_symbol of each.
 */
void ld_number_symbols(Ld *ld)
{
    for (uint32_t i = 0; i < ld->names.n; i++) {
        *ld_out_symbol(ld->symbols[i]) = 0;
        if (is_listed(ld, ld->symbols[i])) list(ld, ld->symbols[i]);
    }
    for (size_t o = 0; o < ld->n_objs;
         o++) { /* stubs are local as well, and stand there once for each object */
        const Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.n_symbols; i++) {
            if (!obj->symbols[i]->local) continue;
            *ld_out_symbol(obj->symbols[i]) = 0;
            if (is_listed(ld, obj->symbols[i])) list(ld, obj->symbols[i]);
        }
    }
    uint32_t n = (uint32_t)ld->n_out_symbols;
    for (size_t i = 0; i < ld->n_customs; i++) ld->customs[i]->out_symbol = ++n;
}

/* ---- "linking" ---- */

static const WasmSymbol *as_in_object(const Symbol *s)
{
    return s->obj ? &s->obj->o.symbols[s->obj_symbol] : NULL;
}

static uint32_t flags_of(const Symbol *s)
{
    const WasmSymbol *w = s->linker ? NULL : as_in_object(s);
    uint32_t flags = w ? w->flags : 0;
    flags &= ~(uint32_t)(SYM_BINDING_WEAK | SYM_BINDING_LOCAL | SYM_UNDEFINED | SYM_EXPLICIT_NAME);
    if (s->no_strip && s->state != SYM_DEFINED) flags |= SYM_NO_STRIP;
    if (s->weak && !s->local) flags |= SYM_BINDING_WEAK;
    if (s->local) flags |= SYM_BINDING_LOCAL;
    bool stub_of_weak = s->local && s->used; /* others are nobody's but their callers' */
    if (s->linker && (s->hidden || stub_of_weak)) flags |= SYM_VISIBILITY_HIDDEN;
    if (s->state == SYM_DEFINED && !s->local && !s->hidden)
        flags &= ~(uint32_t)SYM_VISIBILITY_HIDDEN; /* the entry */
    if (s->linker && s->kind == SYM_DATA) flags |= SYM_ABSOLUTE;
    if (s->state == SYM_DEFINED) return flags;
    if (s->kind != SYM_DATA && (s->explicit_import || !str_eq(ld_import_name(s), s->name)))
        flags |= SYM_EXPLICIT_NAME;
    return flags | SYM_UNDEFINED;
}

static uint32_t out_index(const Symbol *s)
{
    if (s->state != SYM_DEFINED) return s->out_index;
    switch (s->kind) {
    case SYM_FUNCTION: return s->func->out_index;
    case SYM_GLOBAL: return s->global->out_index;
    case SYM_TABLE: return s->table->out_index;
    default: return s->tag->out_index;
    }
}

/* A symbol's bytes may be in merged strings, of which it is no more than one: what it claims beyond is not
 * its own. */
static void write_data_place(Writer *w, const Symbol *s)
{
    uint32_t size = s->linker ? 0 : as_in_object(s)->data_size;
    if (s->linker || !s->segment) {
        wr_u32(w, 0);
        wr_u32(w, s->value);
        wr_u32(w, size);
        return;
    }
    const OutSegment *out = s->segment->out;
    uint64_t offset = ld_data_address(s, 0) - out->address;
    uint64_t left = offset <= out->size ? out->size - offset : 0;
    wr_u32(w, out->index);
    wr_u32(w, (uint32_t)offset);
    wr_u32(w, size < left ? size : (uint32_t)left);
}

static void write_symbol(Writer *w, const Symbol *s)
{
    uint32_t flags = flags_of(s);
    wr_byte(w, s->kind);
    wr_u32(w, flags);
    if (s->kind == SYM_DATA) {
        wr_name(w, s->name);
        if (s->state == SYM_DEFINED) write_data_place(w, s);
        return;
    }
    wr_u32(w, out_index(s));
    bool stub = s->kind == SYM_FUNCTION && s->state == SYM_DEFINED && s->linker;
    if (s->state == SYM_DEFINED || flags & SYM_EXPLICIT_NAME) wr_name(w, stub ? s->func->name : s->name);
}

static void write_symbols(const Ld *ld, Writer *w, uint32_t first_custom)
{
    size_t n = ld->n_out_symbols + ld->n_customs;
    if (!n) return;
    wr_byte(w, LINKING_SYMBOL_TABLE);
    size_t mark = wr_begin_size(w);
    wr_u32(w, (uint32_t)n);
    for (size_t i = 0; i < ld->n_out_symbols; i++) write_symbol(w, ld->out_symbols[i]);
    for (size_t i = 0; i < ld->n_customs; i++) {
        wr_byte(w, SYM_SECTION);
        wr_u32(w, SYM_BINDING_LOCAL);
        wr_u32(w, first_custom + (uint32_t)i);
    }
    wr_end_size(w, mark);
}

/* Strings that were merged here are not marked for another merge: wasm-ld does not either. */
static uint32_t segment_flags(const OutSegment *s)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->parts[i]->pieces) flags |= ld_segment_info(s->parts[i])->flags;
    return flags;
}

static void write_segment_infos(const Ld *ld, Writer *w)
{
    if (!ld->n_data_segments) return;
    wr_byte(w, LINKING_SEGMENT_INFO);
    size_t mark = wr_begin_size(w);
    wr_u32(w, ld->n_data_segments);
    for (size_t i = 0; i < ld->n_segments; i++) {
        const OutSegment *s = ld->segments[i];
        if (s->index == LD_NONE) continue;
        wr_name(w, s->name);
        wr_u32(w, s->align_log2);
        wr_u32(w, segment_flags(s));
    }
    wr_end_size(w, mark);
}

static void write_init_functions(const Ld *ld, Writer *w)
{
    size_t n = 0;
    for (size_t i = 0; i < ld->n_ctors; i++) n += *ld_out_symbol(ld->ctors[i].symbol) != 0;
    if (!n) return;
    wr_byte(w, LINKING_INIT_FUNCS);
    size_t mark = wr_begin_size(w);
    wr_u32(w, (uint32_t)n);
    for (size_t i = 0; i < ld->n_ctors; i++) {
        if (!*ld_out_symbol(ld->ctors[i].symbol)) continue;
        wr_u32(w, ld->ctors[i].priority);
        wr_u32(w, *ld_out_symbol(ld->ctors[i].symbol) - 1);
    }
    wr_end_size(w, mark);
}

/* ---- comdat groups ---- */

const uint32_t *ld_comdats_of_segments(Ld *ld, const Obj *obj)
{
    if (!obj->o.n_comdats) return NULL;
    uint32_t *groups = arena_array(&ld->arena, obj->o.n_segments, sizeof *groups);
    for (uint32_t c = 0; c < obj->o.n_comdats; c++)
        for (uint32_t i = 0; i < obj->o.comdats[c].n; i++)
            if (obj->o.comdats[c].entries[i].kind == COMDAT_DATA)
                groups[obj->o.comdats[c].entries[i].index] = c + 1;
    return groups;
}

typedef struct Member {
    Str group;
    uint8_t kind;
    uint32_t index;
} Member;
typedef struct Members {
    Member *items;
    size_t n, cap;
} Members;

/* By group; in it functions first, then data, each in their order. */
static int by_group(const void *a, const void *b)
{
    const Member *x = a, *y = b;
    int c = str_cmp(x->group, y->group);
    if (c) return c;
    if (x->kind != y->kind) return x->kind == COMDAT_FUNCTION ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void gather_functions(Ld *ld, Members *m, const Obj *obj)
{
    for (uint32_t c = 0; c < obj->o.n_comdats; c++)
        for (uint32_t i = 0; i < obj->o.comdats[c].n; i++) {
            const WasmComdatEntry *e = &obj->o.comdats[c].entries[i];
            if (e->kind != COMDAT_FUNCTION) continue;
            const InFunc *f = &obj->funcs[e->index - obj->o.module.n_imported[KIND_FUNC]];
            if (f->live && !f->discarded)
                LD_PUSH(ld, m->items, m->n, m->cap) =
                    (Member){obj->o.comdats[c].name, COMDAT_FUNCTION, f->out_index};
        }
}

/* Custom sections leave their groups: here they are parts of larger ones. */
static void write_comdats(Ld *ld, Writer *w)
{
    Members m = {0};
    for (size_t o = 0; o < ld->n_objs; o++) gather_functions(ld, &m, ld->objs[o]);
    for (size_t i = 0; i < ld->n_segments; i++)
        if (ld->segments[i]->comdat.len && ld->segments[i]->index != LD_NONE)
            LD_PUSH(ld, m.items, m.n, m.cap) =
                (Member){ld->segments[i]->comdat, COMDAT_DATA, ld->segments[i]->index};
    if (!m.n) return;
    qsort(m.items, m.n, sizeof *m.items, by_group);
    uint32_t n_groups = 0;
    for (size_t i = 0; i < m.n; i++) n_groups += i == 0 || !str_eq(m.items[i].group, m.items[i - 1].group);
    wr_byte(w, LINKING_COMDAT_INFO);
    size_t mark = wr_begin_size(w);
    wr_u32(w, n_groups);
    for (size_t i = 0, end; i < m.n; i = end) {
        for (end = i; end < m.n && str_eq(m.items[end].group, m.items[i].group);) end++;
        wr_name(w, m.items[i].group);
        wr_u32(w, 0); /* flags */
        wr_u32(w, (uint32_t)(end - i));
        for (size_t k = i; k < end; k++) {
            wr_byte(w, m.items[k].kind);
            wr_u32(w, m.items[k].index);
        }
    }
    wr_end_size(w, mark);
}

void ld_write_linking(Ld *ld, Writer *w, uint32_t first_custom)
{
    wr_byte(w, SEC_CUSTOM);
    size_t mark = wr_begin_size(w);
    wr_name(w, STR("linking"));
    wr_u32(w, LINKING_VERSION);
    write_symbols(ld, w, first_custom);
    write_segment_infos(ld, w);
    write_init_functions(ld, w);
    write_comdats(ld, w);
    wr_end_size(w, mark);
}

/* ---- "reloc.*" ---- */

static void out_byte(RelocOutput *out, uint8_t b)
{
    if (out->at && out->size < (uint64_t)(out->end - out->at)) out->at[out->size] = b;
    out->size++;
}

static void out_u32(RelocOutput *out, uint32_t v)
{
    for (; v >= 0x80; v >>= 7) out_byte(out, (uint8_t)(v | 0x80));
    out_byte(out, (uint8_t)v);
}

static void out_s32(RelocOutput *out, int32_t v)
{
    for (;; v >>= 7) {
        uint8_t b = v & 0x7f;
        bool last = v >> 6 == 0 || v >> 6 == -1;
        out_byte(out, last ? b : b | 0x80);
        if (last) return;
    }
}

/* What the relocation refers to, as it is numbered in the output; false: it is not there. */
static bool out_target(const Ld *ld, const Obj *obj, const WasmReloc *r, uint32_t *index)
{
    if (r->type == R_WASM_TYPE_INDEX_LEB) {
        *index = ld->types[obj->type_ids[r->index]].out_index;
        return true;
    }
    Symbol *s = obj->symbols[r->index];
    uint32_t symbol = *ld_out_symbol(s);
    if (s->kind == SYM_SECTION) symbol = s->custom && s->custom->out ? s->custom->out->out_symbol : 0;
    *index = symbol - 1;
    /* a name that objects have as a global's can be an address that the linker defines (__memory_base) */
    return symbol != 0 && wasm_reloc_info(r->type)->symbols & 1u << s->kind;
}

static int32_t out_addend(const Obj *obj, const WasmReloc *r)
{
    const Symbol *s = obj->symbols[r->index];
    if (s->kind == SYM_SECTION) return (int32_t)ld_section_offset(s, (uint64_t)(int64_t)r->addend);
    bool merged =
        s->kind == SYM_DATA && s->state == SYM_DEFINED && !s->linker && s->segment && s->segment->pieces;
    if (!merged) return r->addend;
    return (int32_t)(ld_data_address(s, r->addend) - ld_data_address(s, 0));
}

bool ld_copy_relocs(Ld *ld, const RelocSite *site, WasmRelocCursor relocs, uint64_t out_offset,
                    RelocOutput *out)
{
    WasmReloc r;
    while (wasm_next_reloc(&relocs, &r)) {
        uint32_t index, at = r.offset - site->in_offset;
        if (!ld_reloc_fits(site, &r)) return false;
        if (!out_target(ld, site->obj, &r, &index)) {
            if (site->section.len || ld->opt->emit_relocs) continue;
            return false; /* code and data would be bound to numbers of this file */
        }
        out->n++;
        out_byte(out, r.type);
        out_u32(out, (uint32_t)(out_offset + at));
        out_u32(out, index);
        if (wasm_reloc_info(r.type)->has_addend) out_s32(out, out_addend(site->obj, &r));
    }
    return true;
}
