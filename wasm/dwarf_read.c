/* dwarf_read.c: numbers, forms, line opcodes, abbreviations and unit headers of DWARF 2 to 5. See dwarf_read.h. */
#include "wasm/dwarf_read.h"

#include <string.h>

Reader dw_reader(DwarfInput *d, const Section *s, uint64_t low, uint64_t high)
{
    if (high > s->size) high = s->size;
    if (low >= high) return (Reader){.diags = &d->ignored};
    return (Reader){.base = s->bytes, .pos = s->bytes + low, .end = s->bytes + high, .diags = &d->ignored};
}

/* ---- numbers, offsets, addresses ---- */

bool dw_fixed(Reader *r, unsigned size, uint64_t *out)
{
    const uint8_t *p;
    if (!rd_bytes(r, "", size, &p)) return false;
    uint64_t v = 0;
    for (unsigned i = size; i; i--) v = v << 8 | p[i - 1];
    *out = v;
    return true;
}

bool dw_unit(Reader *r, Reader *unit, uint8_t *offset_size)
{
    uint64_t length;
    if (!dw_fixed(r, 4, &length)) return false;
    *offset_size = length == 0xffffffff ? 8 : 4;
    if (*offset_size == 8 && !dw_fixed(r, 8, &length)) return false;
    return length <= rd_left(r) && rd_sub(r, "", (size_t)length, unit);
}

const WasmReloc *dw_find_reloc(const Section *s, uint32_t at)
{
    const WasmReloc *items = s->relocs;
    uint32_t low = 0, high = s->n_relocs;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (items[mid].offset < at) low = mid + 1;
        else high = mid;
    }
    return low < s->n_relocs && items[low].offset == at ? &items[low] : NULL;
}

uint64_t dw_section_offset(const Section *s, uint32_t at, uint64_t in_place)
{
    const WasmReloc *r = dw_find_reloc(s, at);
    return r && r->type == R_WASM_SECTION_OFFSET_I32 ? (uint32_t)r->addend : in_place;
}

/* ---- attribute forms: "7.5.6 Form Encodings" ---- */

typedef enum FormClass {
    CLASS_UNKNOWN, /* ends the unit: nobody knows how long it is */
    CLASS_FIXED,   /* `size` bytes, little-endian                */
    CLASS_BYTES,   /* `size` bytes                               */
    CLASS_ADDRESS, CLASS_OFFSET, CLASS_REF_ADDR,
    CLASS_ULEB, CLASS_SLEB,
    CLASS_BLOCK,   /* as long as a number of `size` bytes in front says; 0: ULEB128 */
    CLASS_STRING, CLASS_NOTHING, CLASS_IMPLICIT, CLASS_INDIRECT
} FormClass;
typedef struct Form { uint8_t class, size; } Form;

static Form form_of(uint64_t form)
{
    static const Form forms[] = {
        [DW_FORM_addr] = {CLASS_ADDRESS},         [DW_FORM_block2] = {CLASS_BLOCK, 2},
        [DW_FORM_block4] = {CLASS_BLOCK, 4},      [DW_FORM_data2] = {CLASS_FIXED, 2},
        [DW_FORM_data4] = {CLASS_FIXED, 4},       [DW_FORM_data8] = {CLASS_FIXED, 8},
        [DW_FORM_string] = {CLASS_STRING},        [DW_FORM_block] = {CLASS_BLOCK, 0},
        [DW_FORM_block1] = {CLASS_BLOCK, 1},      [DW_FORM_data1] = {CLASS_FIXED, 1},
        [DW_FORM_flag] = {CLASS_FIXED, 1},        [DW_FORM_sdata] = {CLASS_SLEB},
        [DW_FORM_strp] = {CLASS_OFFSET},          [DW_FORM_udata] = {CLASS_ULEB},
        [DW_FORM_ref_addr] = {CLASS_REF_ADDR},    [DW_FORM_ref1] = {CLASS_FIXED, 1},
        [DW_FORM_ref2] = {CLASS_FIXED, 2},        [DW_FORM_ref4] = {CLASS_FIXED, 4},
        [DW_FORM_ref8] = {CLASS_FIXED, 8},        [DW_FORM_ref_udata] = {CLASS_ULEB},
        [DW_FORM_indirect] = {CLASS_INDIRECT},    [DW_FORM_sec_offset] = {CLASS_OFFSET},
        [DW_FORM_exprloc] = {CLASS_BLOCK, 0},     [DW_FORM_flag_present] = {CLASS_NOTHING},
        [DW_FORM_strx] = {CLASS_ULEB},            [DW_FORM_addrx] = {CLASS_ULEB},
        [DW_FORM_ref_sup4] = {CLASS_FIXED, 4},    [DW_FORM_strp_sup] = {CLASS_OFFSET},
        [DW_FORM_data16] = {CLASS_BYTES, 16},     [DW_FORM_line_strp] = {CLASS_OFFSET},
        [DW_FORM_ref_sig8] = {CLASS_FIXED, 8},    [DW_FORM_implicit_const] = {CLASS_IMPLICIT},
        [DW_FORM_loclistx] = {CLASS_ULEB},        [DW_FORM_rnglistx] = {CLASS_ULEB},
        [DW_FORM_ref_sup8] = {CLASS_FIXED, 8},    [DW_FORM_strx1] = {CLASS_FIXED, 1},
        [DW_FORM_strx2] = {CLASS_FIXED, 2},       [DW_FORM_strx3] = {CLASS_FIXED, 3},
        [DW_FORM_strx4] = {CLASS_FIXED, 4},       [DW_FORM_addrx1] = {CLASS_FIXED, 1},
        [DW_FORM_addrx2] = {CLASS_FIXED, 2},      [DW_FORM_addrx3] = {CLASS_FIXED, 3},
        [DW_FORM_addrx4] = {CLASS_FIXED, 4},
    };
    switch (form) {
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index: return (Form){CLASS_ULEB};
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt: return (Form){CLASS_OFFSET};
    default: return form < ARRAY_LEN(forms) ? forms[form] : (Form){CLASS_UNKNOWN};
    }
}

static bool read_block(Reader *r, unsigned length_size, Value *v)
{
    uint64_t length;
    const uint8_t *p;
    if (!(length_size ? dw_fixed(r, length_size, &length) : rd_u64(r, "", &length))) return false;
    if (length > rd_left(r)) return false;
    v->at = (uint32_t)rd_offset(r);
    if (!rd_bytes(r, "", (size_t)length, &p)) return false;
    v->bytes = (Str){(const char *)p, (size_t)length};
    return true;
}

bool dw_string(Reader *r, Value *v)
{
    const uint8_t *end = rd_left(r) ? memchr(r->pos, 0, rd_left(r)) : NULL;
    if (!end) return false;
    v->bytes = (Str){(const char *)r->pos, (size_t)(end - r->pos)};
    r->pos = end + 1;
    return true;
}

static bool read_value(Reader *r, uint64_t form, int64_t implicit, const Encoding *enc, Value *v)
{
    if (form == DW_FORM_indirect && !rd_u64(r, "", &form)) return false; /* the form stands in front of the value */
    Form f = form_of(form);
    *v = (Value){.form = form, .at = (uint32_t)rd_offset(r)};
    int64_t s;
    const uint8_t *p;
    switch ((FormClass)f.class) {
    case CLASS_FIXED: return dw_fixed(r, f.size, &v->number);
    case CLASS_BYTES: return rd_bytes(r, "", f.size, &p);
    case CLASS_ADDRESS: return dw_fixed(r, enc->address_size, &v->number);
    case CLASS_OFFSET: return dw_fixed(r, enc->offset_size, &v->number);
    case CLASS_REF_ADDR: return dw_fixed(r, enc->version <= 2 ? enc->address_size : enc->offset_size, &v->number);
    case CLASS_ULEB: return rd_u64(r, "", &v->number);
    case CLASS_SLEB:
        if (!rd_s64(r, "", &s)) return false;
        v->number = (uint64_t)s;
        return true;
    case CLASS_BLOCK: return read_block(r, f.size, v);
    case CLASS_STRING: return dw_string(r, v);
    case CLASS_NOTHING: return true;
    case CLASS_IMPLICIT: v->number = (uint64_t)implicit; return true;
    case CLASS_INDIRECT: /* of an indirect one: nobody writes that */
    case CLASS_UNKNOWN: break;
    }
    return false;
}

bool dw_value(Reader *r, uint64_t form, int64_t implicit, const Encoding *enc, Value *v)
{
    if (!read_value(r, form, implicit, enc, v)) return false;
    v->size = (uint32_t)rd_offset(r) - v->at;
    return true;
}

bool dw_is_encoding(const Encoding *enc)
{
    return enc->version >= 2 && enc->version <= 5 && (enc->address_size == 4 || enc->address_size == 8);
}

/* ---- .debug_line: headers. "6.2.4 The Line Number Program Header" ---- */

bool dw_line_header(Reader *r, LineHeader *u)
{
    uint64_t version, header_length;
    uint8_t segment_size, default_is_stmt, line_base;
    const uint8_t *lengths;
    u->max_ops = 1;
    u->end = (uint32_t)(r->end - r->base);
    if (!dw_fixed(r, 2, &version)) return false;
    u->enc.version = (uint16_t)version;
    u->enc.address_size = 4;
    if (version >= 5 && (!rd_byte(r, "", &u->enc.address_size) || !rd_byte(r, "", &segment_size))) return false;
    if (!dw_is_encoding(&u->enc)) return false;
    if (!dw_fixed(r, u->enc.offset_size, &header_length) || header_length > rd_left(r)) return false;
    u->program = (uint32_t)(rd_offset(r) + header_length);
    if (!rd_byte(r, "", &u->min_inst) || (version >= 4 && !rd_byte(r, "", &u->max_ops)) ||
        !rd_byte(r, "", &default_is_stmt) || !rd_byte(r, "", &line_base) || !rd_byte(r, "", &u->line_range) ||
        !rd_byte(r, "", &u->opcode_base))
        return false;
    if (u->line_range == 0 || u->opcode_base == 0) return false;
    if (!rd_bytes(r, "", u->opcode_base - 1u, &lengths)) return false;
    u->line_base = (int8_t)line_base;
    u->opcode_lengths = lengths;
    u->tables = (uint32_t)rd_offset(r);
    return u->tables <= u->program;
}

/* ---- .debug_line: opcodes. "6.2.5 The Line Number Program" ---- */

static bool extended_opcode(Reader *r, LineOp *op)
{
    uint64_t length;
    uint8_t opcode;
    Reader operands;
    if (!rd_u64(r, "", &length) || length == 0 || length > rd_left(r) || !rd_sub(r, "", (size_t)length, &operands) ||
        !rd_byte(&operands, "", &opcode))
        return false;
    if (opcode == DW_LNE_end_sequence) op->kind = LINE_END;
    if (opcode != DW_LNE_set_address) return true;
    op->kind = LINE_ADDRESS;
    op->at = (uint32_t)rd_offset(&operands);
    op->size = (uint32_t)rd_left(&operands);
    return (op->size == 4 || op->size == 8) && dw_fixed(&operands, op->size, &op->number);
}

static bool standard_opcode(const LineHeader *u, Reader *r, uint8_t opcode, LineOp *op)
{
    uint64_t n;
    int64_t delta;
    switch (opcode) {
    case DW_LNS_copy: op->kind = LINE_ROW; return true;
    case DW_LNS_advance_pc:
        if (!rd_u64(r, "", &n) || n > UINT32_MAX) return false;
        op->kind = LINE_ADVANCE;
        op->advance = n * u->min_inst;
        return true;
    case DW_LNS_advance_line:
        if (!rd_s64(r, "", &delta)) return false;
        op->line = (uint32_t)delta;
        return true;
    case DW_LNS_set_file: op->kind = LINE_FILE; return rd_u64(r, "", &op->number);
    case DW_LNS_const_add_pc:
        op->kind = LINE_ADVANCE;
        op->advance = (255u - u->opcode_base) / u->line_range * u->min_inst;
        return true;
    case DW_LNS_fixed_advance_pc: op->kind = LINE_ADVANCE; return dw_fixed(r, 2, &op->advance);
    default: /* also set_column and all that came after DWARF 5: operands are ULEB128, their number is in the header */
        for (uint8_t i = u->opcode_lengths[opcode - 1]; i; i--)
            if (!rd_u64(r, "", &n)) return false;
        return true;
    }
}

bool dw_line_op(const LineHeader *u, Reader *r, LineOp *op)
{
    uint8_t opcode;
    *op = (LineOp){0};
    if (!rd_byte(r, "", &opcode)) return false;
    if (opcode == 0) return extended_opcode(r, op);
    if (opcode < u->opcode_base) return standard_opcode(u, r, opcode, op);
    unsigned adjusted = opcode - u->opcode_base;
    op->kind = LINE_ROW;
    op->special = true;
    op->advance = adjusted / u->line_range * u->min_inst;
    op->line = (uint32_t)(u->line_base + (int)(adjusted % u->line_range));
    return true;
}

/* ---- .debug_abbrev: "7.5.3 Abbreviations Tables" ---- */

bool dw_step(DwarfInput *d)
{
    if (d->steps_left == 0) return false;
    d->steps_left--;
    return true;
}

bool dw_spec(DwarfInput *d, Reader *r, Spec *s)
{
    *s = (Spec){0};
    return dw_step(d) && rd_u64(r, "", &s->attribute) && rd_u64(r, "", &s->form) &&
           (s->form != DW_FORM_implicit_const || rd_s64(r, "", &s->implicit));
}

static bool read_abbrev(DwarfInput *d, Reader *r, Abbrev *a)
{
    uint8_t has_children;
    if (!dw_step(d) || !rd_u64(r, "", &a->code)) return false;
    if (a->code == 0) return true;
    if (!rd_u64(r, "", &a->tag) || !rd_byte(r, "", &has_children)) return false;
    a->attributes = (uint32_t)rd_offset(r);
    for (Spec s;;) {
        if (!dw_spec(d, r, &s)) return false;
        if (s.attribute == 0 && s.form == 0) return true;
    }
}

bool dw_load_abbrevs(DwarfInput *d, uint64_t at)
{
    if (d->has_abbrevs && d->abbrevs_at == at) return true;
    d->has_abbrevs = false;
    d->n_abbrevs = 0;
    Reader r = dw_reader(d, &d->abbrev, at, d->abbrev.size);
    for (;;) {
        Abbrev *items = arena_grow(d->arena, d->abbrevs, d->n_abbrevs, &d->cap_abbrevs, sizeof *items);
        if (!items) return false;
        d->abbrevs = items;
        Abbrev *a = &items[d->n_abbrevs];
        if (!read_abbrev(d, &r, a)) return false;
        if (a->code == 0) break;
        d->n_abbrevs++;
    }
    d->has_abbrevs = true;
    d->abbrevs_at = at;
    return true;
}

/* Every producer counts them from 1. */
const Abbrev *dw_find_abbrev(DwarfInput *d, uint64_t code)
{
    if (code - 1 < d->n_abbrevs && d->abbrevs[code - 1].code == code) return &d->abbrevs[code - 1];
    for (size_t i = 0; i < d->n_abbrevs && dw_step(d); i++)
        if (d->abbrevs[i].code == code) return &d->abbrevs[i];
    return NULL;
}

/* ---- .debug_info ---- */

bool dw_info_header(Reader *r, bool types, InfoUnit *u)
{
    uint64_t version, ignored;
    uint8_t type = 0;
    if (!dw_fixed(r, 2, &version)) return false;
    u->enc.version = (uint16_t)version;
    if (version >= 5 && (!rd_byte(r, "", &type) || !rd_byte(r, "", &u->enc.address_size))) return false;
    uint32_t at = (uint32_t)rd_offset(r);
    if (!dw_fixed(r, u->enc.offset_size, &u->abbrevs)) return false;
    u->abbrevs = dw_section_offset(u->section, at, u->abbrevs);
    if (version < 5 && !rd_byte(r, "", &u->enc.address_size)) return false;
    if (types) type = DW_UT_type;
    if (type == DW_UT_skeleton || type == DW_UT_split_compile || type == DW_UT_type || type == DW_UT_split_type)
        if (!dw_fixed(r, 8, &ignored)) return false;
    if (type == DW_UT_type || type == DW_UT_split_type)
        if (!dw_fixed(r, u->enc.offset_size, &ignored)) return false;
    u->entries = (uint32_t)rd_offset(r);
    return dw_is_encoding(&u->enc);
}

/* ---- sections ---- */

Section dw_section(const DwarfInput *d, const WasmCustom *c)
{
    Section s = {.bytes = d->module->bytes + c->payload.offset, .size = c->payload.size};
    const WasmRelocs *relocs = d->object ? wasm_section_relocs(d->object, c->order) : NULL;
    if (relocs) s.relocs = wasm_reloc_array(relocs, d->arena);
    if (s.relocs) s.n_relocs = relocs->n;
    return s;
}

void dw_open(DwarfInput *d, const WasmModule *m, const WasmObject *object, Arena *arena)
{
    *d = (DwarfInput){.arena = arena, .module = m, .object = object, .ignored = DIAGS_NOTHING};
    struct { Section *section; Str name; } sections[] = {
        {&d->abbrev, STR(".debug_abbrev")},     {&d->addr, STR(".debug_addr")}, {&d->line, STR(".debug_line")},
        {&d->line_str, STR(".debug_line_str")}, {&d->str, STR(".debug_str")},   {&d->str_offsets, STR(".debug_str_offsets")},
    };
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        const WasmCustom *c = wasm_find_custom(m, sections[i].name);
        if (c) *sections[i].section = dw_section(d, c);
    }
    for (uint32_t i = 0; i < m->n_sections; i++)
        if (m->sections[i].id == SEC_CODE) {
            d->code_offset = m->sections[i].payload.offset;
            d->code_size = m->sections[i].payload.size;
        }
}
