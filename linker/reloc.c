/* reloc.c: numbers into the places that the compiler left for them. tool-conventions Linking.md "Relocation
 * Sections"
 *
 * A relocation in code or data must have a value: its symbol is defined or imported, and live because this
 * site is. In custom sections (DWARF) it may refer to what was not kept; there the value is a tombstone that
 * no debugger takes for an address. */
#include "linker/ld.h"

typedef struct Value {
    uint64_t v;
    bool ok;
} Value;

static Value value_of(uint64_t v) { return (Value){v, true}; }

static Value no_value(Ld *ld, const RelocSite *site, const WasmReloc *r, DiagCode code, const char *why)
{
    if (site->quiet) return (Value){0};
    const Symbol *s = r->type == R_WASM_TYPE_INDEX_LEB ? NULL : site->obj->symbols[r->index];
    Diag *d = diag_add(ld->diags, code, DIAG_AT(.file = site->obj->file, .symbol = s ? s->name : (Str){0}),
                       "relocation %s against %s %s", wasm_reloc_info(r->type)->text,
                       s ? ld_name_text(ld, s->name) : "a type", why);
    diag_note(ld->diags, d, "at offset 0x%x of %s", r->offset,
              site->section.len ? ld_name_text(ld, site->section)
              : site->func      ? "the code section"
                                : "the data section");
    return (Value){0};
}

/* What stands for an address that is no more, by section; lld agrees, DWARF 5 §2.17 and consumers ask for it.
 */
static uint32_t tombstone(Str section, int64_t addend)
{
    if (str_eq(section, STR(".debug_ranges")) || str_eq(section, STR(".debug_loc"))) return UINT32_MAX - 1;
    if (str_has_prefix(section, STR(".debug_")) || str_has_prefix(section, STR("llvm.func_attr.")))
        return UINT32_MAX;
    return (uint32_t)addend;
}

/* Relocatable output has no address for data of others, and needs none. */
bool ld_is_there(const Ld *ld, const Symbol *s)
{
    if (s->state != SYM_DEFINED) return s->imported || (ld->opt->relocatable && s->kind == SYM_DATA);
    switch (s->kind) {
    case SYM_FUNCTION: return s->func->live && s->func->out_index != LD_NONE;
    case SYM_DATA: return s->linker || !s->segment || s->segment->live;
    case SYM_GLOBAL: return s->global->out_index != LD_NONE;
    case SYM_TABLE: return s->table->out_index != LD_NONE;
    case SYM_TAG: return s->tag->out_index != LD_NONE;
    default: return false;
    }
}

static Value table_index(Ld *ld, const RelocSite *site, const WasmReloc *r, const Symbol *s)
{
    uint32_t base = r->type == R_WASM_TABLE_INDEX_REL_SLEB ? ld->opt->table_base : 0;
    if (s->state != SYM_DEFINED) return s->imported ? value_of(s->extra->table_place - base) : value_of(0);
    if (s->func->table_index == LD_NONE)
        return no_value(ld, site, r, LD_BAD_RELOC,
                        "cannot be applied: the function has no place in the table");
    return value_of(s->func->table_index - base);
}

static Value address(Ld *ld, const RelocSite *site, const WasmReloc *r, const Symbol *s)
{
    uint64_t v = ld_data_address(s, r->addend);
    if (s->tls && s->state == SYM_DEFINED && s->segment) v -= s->segment->out->address;
    if (r->type == R_WASM_MEMORY_ADDR_LOCREL_I32) v -= site->address + (r->offset - site->in_offset);
    bool is_offset =
        r->type == R_WASM_MEMORY_ADDR_LEB; /* of a load or store: added to an operand without wrap-around */
    int64_t signed_v = (int64_t)v;
    if (is_offset ? v > UINT32_MAX : signed_v > UINT32_MAX || signed_v < INT32_MIN)
        return no_value(ld, site, r, LD_BAD_RELOC, "is out of range");
    return value_of(v);
}

static Value code_offset(Ld *ld, const RelocSite *site, const WasmReloc *r, const Symbol *s)
{
    const InFunc *f = s->func;
    if (f->packed && r->addend)
        return no_value(ld, site, r, LD_BAD_RELOC,
                        "cannot be applied: --compress-relocations has moved the code");
    return value_of(f->out_offset + f->extra->check_size + (uint64_t)r->addend);
}

uint64_t ld_section_offset(const Symbol *s, uint64_t in_offset)
{
    const InCustom *c = s->custom;
    if (!c || !c->out) return in_offset;
    const MergedStrings *m = c->out->merged;
    if (c->pieces) return ld_piece_offset(m, c->pieces, c->n_pieces, in_offset);
    return c->offset + (m ? m->size : 0) + in_offset;
}

static Value calculate(Ld *ld, const RelocSite *site, const WasmReloc *r)
{
    const Obj *obj = site->obj;
    if (r->type == R_WASM_TYPE_INDEX_LEB) {
        uint32_t type = ld->types[obj->type_ids[r->index]].out_index;
        return type != LD_NONE
                   ? value_of(type)
                   : no_value(ld, site, r, LD_BAD_RELOC, "cannot be applied: the type is not used");
    }
    const Symbol *s = obj->symbols[r->index];
    uint8_t kind = wasm_reloc_info(r->type)->index_kind;
    if (kind == RI_SECTION_OFFSET) return value_of(ld_section_offset(s, (uint64_t)r->addend));
    bool stub = s->kind == SYM_FUNCTION && s->state == SYM_DEFINED && s->func->null_address;
    if (stub && kind == RI_TABLE_ELEM) return value_of(0); /* whether it is called, and so is there, or not */
    if (!ld_is_there(ld, s) && !(stub && kind == RI_GLOBAL)) {
        if (site->section.len) return value_of(tombstone(site->section, r->addend));
        bool null_is_fine =
            s->weak && s->state != SYM_DEFINED &&
            (kind == RI_DATA || kind == RI_TABLE_ELEM || (kind == RI_GLOBAL && s->extra->got != LD_NONE));
        bool ignored = s->state != SYM_DEFINED && ld->opt->unresolved != LD_UNRESOLVED_ERROR &&
                       (kind == RI_DATA || (kind == RI_GLOBAL && s->kind == SYM_DATA && s->extra->got != LD_NONE));
        if (!null_is_fine && !ignored)
            return no_value(ld, site, r, LD_DISCARDED,
                            s->state == SYM_DEFINED
                                ? "refers to something that was discarded with its comdat group"
                                : "cannot be applied: nothing defines it");
    }
    switch (kind) {
    case RI_FUNC: return value_of(s->state == SYM_DEFINED ? s->func->out_index : s->out_index);
    case RI_TABLE_ELEM: return table_index(ld, site, r, s);
    case RI_DATA: return address(ld, site, r, s);
    case RI_GLOBAL:
        if (s->kind != SYM_GLOBAL) return value_of(s->extra->got);
        return value_of(s->state == SYM_DEFINED ? s->global->out_index : s->out_index);
    case RI_TABLE: return value_of(s->state == SYM_DEFINED ? s->table->out_index : s->out_index);
    case RI_TAG: return value_of(s->state == SYM_DEFINED ? s->tag->out_index : s->out_index);
    case RI_FUNC_OFFSET:
        if (s->state != SYM_DEFINED) return value_of(tombstone(site->section, r->addend));
        return code_offset(ld, site, r, s);
    default: return no_value(ld, site, r, LD_BAD_RELOC, "is of a kind that is not supported");
    }
}

static void put(uint8_t *at, uint8_t field, uint64_t v)
{
    switch (field) {
    case FIELD_LEB32: put_u32_padded5(at, (uint32_t)v); break;
    case FIELD_SLEB32: put_s32_padded5(at, (int32_t)(uint32_t)v); break;
    case FIELD_I32: put_le32(at, (uint32_t)v); break;
    default: break; /* 64-bit fields: refused when read */
    }
}

/* An input that was changed since it was read can have relocations that nobody checked. */
const WasmRelocInfo *ld_reloc_fits(const RelocSite *site, const WasmReloc *r)
{
    uint32_t at = r->offset - site->in_offset;
    const WasmObject *o = &site->obj->o;
    const WasmRelocInfo *info = wasm_reloc_info(r->type);
    if (!info || info->width > site->size || at > site->size - info->width) return NULL;
    bool fits = info->symbols ? r->index < o->n_symbols && (info->symbols & 1u << site->obj->symbols[r->index]->kind)
                              : r->index < o->module.n_types;
    /* what the object takes for a global of the linker's may be an address: __memory_base */
    if (!fits && info->index_kind == RI_GLOBAL && r->index < o->n_symbols)
        fits = site->obj->symbols[r->index]->kind == SYM_DATA;
    return fits ? info : NULL;
}

/* DWARF refers to one section's strings thousands of times: what is looked up for that section is kept. */
typedef struct Strings {
    const Symbol *symbol;
    const InCustom *section; /* NULL: it has no pieces */
    uint32_t last;           /* the piece that was found last */
} Strings;

static bool is_string(Strings *known, const RelocSite *site, const WasmReloc *r, Value *out)
{
    if (r->type != R_WASM_SECTION_OFFSET_I32) return false;
    const Symbol *s = site->obj->symbols[r->index];
    if (s != known->symbol) {
        const InCustom *c = s->custom;
        *known = (Strings){s, c && c->out && c->pieces ? c : NULL, 0};
    }
    const InCustom *c = known->section;
    if (!c) return false;
    *out = value_of(ld_piece_offset_from(c->out->merged, c->pieces, c->n_pieces, (uint64_t)r->addend, &known->last));
    return true;
}

bool ld_apply_relocs(Ld *ld, const RelocSite *site, WasmRelocCursor relocs)
{
    bool ok = true;
    WasmReloc r;
    Strings strings = {0};
    while (wasm_next_reloc(&relocs, &r)) {
        uint32_t at = r.offset - site->in_offset;
        const WasmRelocInfo *info = ld_reloc_fits(site, &r);
        if (!info) {
            if (!site->quiet)
                diag_add(ld->diags, LD_BAD_OBJECT, DIAG_AT(.file = site->obj->file),
                         "the file was changed while it was linked");
            return false;
        }
        Value v;
        if (!is_string(&strings, site, &r, &v)) v = calculate(ld, site, &r);
        if (v.ok) put(site->at + at + (at >= site->split ? site->shift : 0), info->field, v.v);
        ok &= v.ok;
    }
    return ok;
}
