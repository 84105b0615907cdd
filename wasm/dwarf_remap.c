/* dwarf_remap.c: the debug sections of a linked module for code that has moved. The contract is in wasm.h.
 *
 * Here are the walk over the entries of .debug_info, the small sections, and the table of all of them; see dwarf_remap.h
 * for the passes. .debug_info keeps its size, since entries refer to each other, and other sections to them, by offset: a
 * number that has become too large for its form is given the largest one that fits (only DW_AT_high_pc of DW_FORM_data1,
 * data2 or udata can be such a number: its entry then covers less of what it is about, and nothing else).
 *
 * Where addresses of code are is known by attribute: DW_FORM_addr and the entries of .debug_addr hold those of data, too.
 * Expressions have addresses of data, but for one kind: the value of a pointer to a function (an argument of a C++
 * template), which is `DW_OP_addr f, DW_OP_stack_value`.
 *
 * Time and memory are linear in the sections' size, but for sorting: entries by the step budget of dwarf_read.h, lists
 * since each byte of them is read once.
 *
 * Sources: DWARF 5 §7.5 "Format of Debugging Information", §7.21 "Address Range Table", §7.22 "Macro Information";
 * tool-conventions "DWARF for WebAssembly". */
#include "wasm/dwarf_remap.h"

#include <string.h>

/* ---- bytes ---- */

void put_fixed(uint8_t *at, unsigned size, uint64_t value)
{
    for (; size; size--, value >>= 8) *at++ = (uint8_t)value;
}

void remap_fixed(Writer *w, unsigned size, uint64_t value)
{
    uint8_t bytes[8];
    put_fixed(bytes, size, value);
    wr_bytes(w, bytes, size);
}

void remap_uleb(Writer *w, const uint8_t *old, size_t size, uint64_t was, uint64_t is)
{
    if (was == is) wr_bytes(w, old, size);
    else wr_u64(w, is);
}

void remap_begin_unit(Writer *w, uint8_t offset_size)
{
    if (offset_size == 8) remap_fixed(w, 4, UINT32_MAX);
    wr_zeros(w, offset_size);
}

void remap_end_unit(Writer *w, size_t start, uint8_t offset_size)
{
    if (w->failed) return;
    size_t at = start + (offset_size == 8 ? 4 : 0);
    put_fixed(w->ptr + at, offset_size, w->len - at - offset_size);
}

bool remap_moved(Remap *m, MovedList *l, uint64_t from, uint64_t to)
{
    Moved *items = arena_grow(m->in.arena, l->items, l->n, &l->cap, sizeof *items);
    if (!items) return m->failed = true, false;
    l->items = items;
    items[l->n++] = (Moved){(uint32_t)from, (uint32_t)to};
    return true;
}

const Moved *remap_find(const MovedList *l, uint64_t from)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (l->items[mid].from < from) low = mid + 1;
        else high = mid;
    }
    return low < l->n && l->items[low].from == from ? &l->items[low] : NULL;
}

/* ---- .debug_addr ---- */

static bool has_bit(const uint8_t *bits, uint64_t i) { return bits[i / 8] >> i % 8 & 1; }

/* No other address may begin within this one: which it is would be anybody's guess. */
static bool mark_code(Remap *m, uint64_t at, unsigned size)
{
    if (has_bit(m->code_addresses, at)) return true;
    for (uint64_t i = at < size ? 0 : at - size + 1; i < at + size && i < m->in.addr.size; i++)
        if (has_bit(m->code_addresses, i)) return false;
    m->code_addresses[at / 8] |= (uint8_t)(1u << at % 8);
    return true;
}

bool remap_indexed(Remap *m, const InfoUnit *u, uint64_t index, uint64_t *address)
{
    const Section *s = &m->in.addr;
    unsigned size = u->enc.address_size;
    if (index > s->size || u->addr_base > s->size) return false;
    uint64_t at = u->addr_base + index * size;
    Reader r = dw_reader(&m->in, s, at, at + size);
    return dw_fixed(&r, size, address) && mark_code(m, at, size);
}

static void write_addresses(Remap *m, Writer *out)
{
    const Section *s = &m->in.addr;
    wr_bytes(out, s->bytes, s->size);
    if (out->failed) return;
    for (uint32_t at = 0; at < s->size; at++) {
        if (!has_bit(m->code_addresses, at)) continue;
        /* Those of eight bytes are less than 2^32 or tombstones, so that their upper half never changes. */
        uint64_t address;
        Reader r = dw_reader(&m->in, s, at, (uint64_t)at + 4);
        if (dw_fixed(&r, 4, &address)) put_fixed(out->ptr + at, 4, remap_address(m, address));
    }
}

/* ---- .debug_info: what to change ---- */

enum { DW_AT_location = 0x02, DW_AT_stmt_list = 0x10, DW_AT_low_pc = 0x11, DW_AT_high_pc = 0x12, DW_AT_string_length = 0x19,
       DW_AT_return_addr = 0x2a, DW_AT_start_scope = 0x2c, DW_AT_data_member_location = 0x38, DW_AT_frame_base = 0x40,
       DW_AT_segment = 0x46, DW_AT_static_link = 0x48, DW_AT_type = 0x49, DW_AT_use_location = 0x4a, DW_AT_vtable_elem_location = 0x4d,
       DW_AT_entry_pc = 0x52, DW_AT_ranges = 0x55, DW_AT_trampoline = 0x56, DW_AT_addr_base = 0x73, DW_AT_rnglists_base = 0x74,
       DW_AT_call_return_pc = 0x7d, DW_AT_call_pc = 0x81, DW_AT_loclists_base = 0x8c, DW_AT_GNU_addr_base = 0x2133 };

enum { DW_TAG_pointer_type = 0x0f, DW_TAG_reference_type = 0x10, DW_TAG_subroutine_type = 0x15, DW_TAG_typedef = 0x16,
       DW_TAG_const_type = 0x26, DW_TAG_volatile_type = 0x35, DW_TAG_rvalue_reference_type = 0x42 };
enum { DW_OP_addr = 0x03, DW_OP_stack_value = 0x9f, DW_OP_addrx = 0xa1, DW_OP_GNU_addr_index = 0xfb };

/* One entry, while it is read. */
typedef struct Entry {
    uint64_t tag;
    Value low_pc, high_pc, entry_pc, location, type;
} Entry;

static void add_patch(Remap *m, Patch p)
{
    Patch *items = arena_grow(m->in.arena, m->patches, m->n_patches, &m->cap_patches, sizeof *items);
    if (!items) {
        m->failed = true;
        return;
    }
    m->patches = items;
    items[m->n_patches++] = p;
}

static void patch_number(Remap *m, const Value *v, uint64_t is)
{
    if (is != v->number) add_patch(m, (Patch){.value = is, .at = v->at, .size = v->size});
}

static bool is_index_form(uint64_t form)
{
    return form == DW_FORM_addrx || (form >= DW_FORM_addrx1 && form <= DW_FORM_addrx4) || form == DW_FORM_GNU_addr_index;
}

static bool is_address(const Value *v) { return v->form == DW_FORM_addr || is_index_form(v->form); }

/* The address, which is one of code. */
static bool value_address(Remap *m, const InfoUnit *u, const Value *v, uint64_t *address)
{
    *address = v->number;
    return v->form == DW_FORM_addr || (is_index_form(v->form) && remap_indexed(m, u, v->number, address));
}

static bool remap_code_value(Remap *m, const InfoUnit *u, const Value *v)
{
    uint64_t address;
    if (!is_address(v)) return true; /* a trampoline's name, or nothing */
    if (!value_address(m, u, v, &address)) return false;
    if (v->form == DW_FORM_addr) patch_number(m, v, remap_address(m, address));
    return true;
}

/* A constant that is now `is`. */
static bool remap_constant(Remap *m, const Value *v, uint64_t is)
{
    unsigned bits;
    if (is == v->number) return true;
    switch (v->form) {
    case DW_FORM_data1:
    case DW_FORM_data2:
    case DW_FORM_data4:
    case DW_FORM_data8: bits = 8 * v->size; break;
    case DW_FORM_udata: bits = 7 * v->size; break;
    case DW_FORM_sdata: bits = 7 * v->size - 1; break;
    default: return false; /* one for all entries of an abbreviation */
    }
    uint64_t most = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
    if (is > most) {
        is = most;
        m->shortened++;
    }
    uint8_t kind = v->form == DW_FORM_udata || v->form == DW_FORM_sdata ? PATCH_ULEB : PATCH_NUMBER;
    add_patch(m, (Patch){.value = is, .at = v->at, .size = v->size, .kind = kind});
    return true;
}

/* An address, or what is added to low_pc. */
static bool remap_relative(Remap *m, const InfoUnit *u, const Entry *e, const Value *v)
{
    uint64_t low;
    if (!v->form) return true;
    if (is_address(v)) return remap_code_value(m, u, v);
    if (!is_address(&e->low_pc)) return v->number == 0; /* relative to the beginning of its ranges */
    return value_address(m, u, &e->low_pc, &low) && remap_constant(m, v, remap_length(m, low, v->number));
}

static bool is_offset_form(const InfoUnit *u, uint64_t form)
{
    bool by_size = u->enc.version <= 3 && (form == DW_FORM_data4 || form == DW_FORM_data8);
    return form == DW_FORM_sec_offset || by_size;
}

/* DW_FORM_rnglistx, DW_FORM_loclistx: entry `index` of the table that the unit names. */
static bool indexed_list(Remap *m, const RemapUnit *u, ListKind kind, uint64_t index, uint64_t *at)
{
    const Section *s = &m->lists[kind].section;
    if (!u->has_tables[kind] || index > s->size || u->tables[kind] > s->size) return false;
    uint64_t entry = u->tables[kind] + index * u->info.enc.offset_size;
    Reader r = dw_reader(&m->in, s, entry, entry + u->info.enc.offset_size);
    if (!dw_fixed(&r, u->info.enc.offset_size, at) || *at > s->size) return false;
    *at += u->tables[kind];
    return true;
}

static bool remap_list(Remap *m, uint32_t unit, const Value *v, bool is_location)
{
    const RemapUnit *u = &m->units[unit];
    ListKind kind = u->info.enc.version >= 5 ? (is_location ? LISTS_LOCLISTS : LISTS_RNGLISTS)
                                             : (is_location ? LISTS_LOC : LISTS_RANGES);
    uint64_t at = v->number;
    if (v->form == DW_FORM_rnglistx || v->form == DW_FORM_loclistx) {
        if (!indexed_list(m, u, kind, v->number, &at)) return false;
    } else if (is_offset_form(&u->info, v->form)) {
        add_patch(m, (Patch){.value = at, .at = v->at, .size = v->size, .kind = PATCH_LIST, .list = (uint8_t)kind});
    } else return true; /* an expression or a constant */
    remap_add_ref(m, kind, at, unit);
    return true;
}

static void remap_table(Remap *m, const Value *v, ListKind kind)
{
    add_patch(m, (Patch){.value = v->number, .at = v->at, .size = v->size, .kind = PATCH_TABLE, .list = (uint8_t)kind});
}

/* No line table begins there: then beyond the end, where never one is. */
static void remap_line_table(Remap *m, const Value *v)
{
    const Moved *line = remap_find(&m->lines, v->number);
    patch_number(m, v, line ? line->to : m->line_size);
}

static bool remap_attribute(Remap *m, uint32_t unit, uint64_t attribute, const Value *v, Entry *e)
{
    switch (attribute) {
    case DW_AT_low_pc: e->low_pc = *v; return remap_code_value(m, &m->units[unit].info, v);
    case DW_AT_high_pc: e->high_pc = *v; return true;
    case DW_AT_entry_pc: e->entry_pc = *v; return true;
    case DW_AT_call_return_pc:
    case DW_AT_call_pc:
    case DW_AT_trampoline: return remap_code_value(m, &m->units[unit].info, v);
    case DW_AT_stmt_list: remap_line_table(m, v); return true;
    case DW_AT_ranges:
    case DW_AT_start_scope: return remap_list(m, unit, v, false);
    case DW_AT_type: e->type = *v; return true;
    case DW_AT_location: e->location = *v; return remap_list(m, unit, v, true);
    case DW_AT_string_length:
    case DW_AT_return_addr:
    case DW_AT_data_member_location:
    case DW_AT_frame_base:
    case DW_AT_segment:
    case DW_AT_static_link:
    case DW_AT_use_location:
    case DW_AT_vtable_elem_location: return remap_list(m, unit, v, true);
    case DW_AT_rnglists_base: remap_table(m, v, LISTS_RNGLISTS); return true;
    case DW_AT_loclists_base: remap_table(m, v, LISTS_LOCLISTS); return true;
    default: return true;
    }
}

/* What the unit's own entry says of all others. */
static void keep_base(RemapUnit *u, uint64_t attribute, const Value *v)
{
    ListKind kind = attribute == DW_AT_rnglists_base ? LISTS_RNGLISTS : LISTS_LOCLISTS;
    switch (attribute) {
    case DW_AT_GNU_addr_base:
    case DW_AT_addr_base: u->info.addr_base = v->number; break;
    case DW_AT_rnglists_base:
    case DW_AT_loclists_base:
        u->has_tables[kind] = true;
        u->tables[kind] = v->number;
        break;
    default: break;
    }
}

/* What is wanted of an entry. */
typedef enum Walk {
    WALK_BASES, /* of the unit's own: keep_base, and low_pc */
    WALK_TYPE,  /* the type that it has                     */
    WALK_ALL    /* everything is collected that changes     */
} Walk;

static bool walk_attributes(Remap *m, uint32_t unit, Reader *r, Walk walk, Entry *e)
{
    RemapUnit *u = &m->units[unit];
    uint64_t code;
    *e = (Entry){0};
    if (!dw_step(&m->in) || !rd_u64(r, "", &code)) return false;
    if (code == 0) return true;
    const Abbrev *a = dw_find_abbrev(&m->in, code);
    if (!a) return false;
    e->tag = a->tag;
    Reader specs = dw_reader(&m->in, &m->in.abbrev, a->attributes, m->in.abbrev.size);
    for (Spec s;;) {
        Value v;
        if (!dw_spec(&m->in, &specs, &s)) return false;
        if (s.attribute == 0 && s.form == 0) return true;
        if (!dw_value(r, s.form, s.implicit, &u->info.enc, &v)) return false;
        if (walk == WALK_ALL && !remap_attribute(m, unit, s.attribute, &v, e)) return false;
        if (walk == WALK_BASES) keep_base(u, s.attribute, &v);
        if (walk == WALK_BASES && s.attribute == DW_AT_low_pc) e->low_pc = v;
        if (walk == WALK_TYPE && s.attribute == DW_AT_type) e->type = v;
    }
}

/* The entry that a reference names, in the same unit; 0: another place, or none. */
static uint64_t referred(const InfoUnit *u, const Value *v)
{
    bool in_section = v->form == DW_FORM_ref_addr;
    if (!v->form || v->form == DW_FORM_ref_sig8 || (!in_section && v->number > u->end)) return 0;
    uint64_t at = in_section ? v->number : u->start + v->number;
    return at >= u->entries && at < u->end ? at : 0;
}

/* A pointer or reference to a function, by whatever names. */
static bool points_to_code(Remap *m, uint32_t unit, const Value *type)
{
    enum { HOPS = 16 };
    const InfoUnit *u = &m->units[unit].info;
    bool pointer = false;
    Entry e = {.type = *type};
    for (unsigned hop = 0; hop < HOPS; hop++) {
        uint64_t at = referred(u, &e.type);
        Reader r = dw_reader(&m->in, u->section, at, u->end);
        if (at == 0 || !walk_attributes(m, unit, &r, WALK_TYPE, &e)) return false;
        switch (e.tag) {
        case DW_TAG_typedef:
        case DW_TAG_const_type:
        case DW_TAG_volatile_type: break;
        case DW_TAG_pointer_type:
        case DW_TAG_reference_type:
        case DW_TAG_rvalue_reference_type:
            if (pointer) return false;
            pointer = true;
            break;
        default: return pointer && e.tag == DW_TAG_subroutine_type;
        }
    }
    return false;
}

/* A location that is no place but a value: an address, which may be a function's. */
static bool remap_pointer_value(Remap *m, uint32_t unit, const Entry *e)
{
    const Value *l = &e->location;
    const InfoUnit *u = &m->units[unit].info;
    if (l->bytes.len < 3 || (uint8_t)l->bytes.ptr[l->bytes.len - 1] != DW_OP_stack_value) return true;
    uint8_t op = (uint8_t)l->bytes.ptr[0];
    if (op != DW_OP_addr && op != DW_OP_addrx && op != DW_OP_GNU_addr_index) return true;
    Reader r = dw_reader(&m->in, u->section, (uint64_t)l->at + 1, l->at + (uint64_t)l->bytes.len - 1);
    Value v = {.form = op == DW_OP_addr ? DW_FORM_addr : DW_FORM_addrx, .at = l->at + 1, .size = u->enc.address_size};
    bool read = op == DW_OP_addr ? dw_fixed(&r, u->enc.address_size, &v.number) : rd_u64(&r, "", &v.number);
    if (!read || rd_left(&r) || !points_to_code(m, unit, &e->type)) return true; /* computed, or of data */
    return remap_code_value(m, u, &v);
}

static bool walk_entry(Remap *m, uint32_t unit, Reader *r)
{
    Entry e;
    const InfoUnit *u = &m->units[unit].info;
    return walk_attributes(m, unit, r, WALK_ALL, &e) && remap_relative(m, u, &e, &e.high_pc) &&
           remap_relative(m, u, &e, &e.entry_pc) && remap_pointer_value(m, unit, &e);
}

static bool walk_unit(Remap *m, uint32_t unit)
{
    RemapUnit *u = &m->units[unit];
    Reader r = dw_reader(&m->in, u->info.section, u->info.entries, u->info.end), root = r;
    Entry e;
    if (rd_left(&r) == 0) return true;
    if (!dw_load_abbrevs(&m->in, u->info.abbrevs) || !walk_attributes(m, unit, &root, WALK_BASES, &e)) return false;
    if (is_address(&e.low_pc) && !value_address(m, &u->info, &e.low_pc, &u->low_pc)) return false;
    while (rd_left(&r) && !m->failed)
        if (!walk_entry(m, unit, &r)) return false;
    return true;
}

static void walk_info(Remap *m, const Section *s, bool types)
{
    Reader r = dw_reader(&m->in, s, 0, s->size), contents;
    while (rd_left(&r) && !m->failed) {
        RemapUnit u = {.info = {.section = s, .start = (uint32_t)rd_offset(&r)}, .patches = m->n_patches};
        bool framed = dw_unit(&r, &contents, &u.info.enc.offset_size);
        u.info.end = framed ? (uint32_t)(contents.end - contents.base) : s->size;
        u.info.entries = framed ? (uint32_t)rd_offset(&contents) : u.info.start; /* when the header is not understood */
        u.bad = !framed || !dw_info_header(&contents, types, &u.info);
        RemapUnit *items = arena_grow(m->in.arena, m->units, m->n_units, &m->cap_units, sizeof *items);
        if (!items) {
            m->failed = true;
            return;
        }
        m->units = items;
        items[m->n_units++] = u;
        uint32_t unit = (uint32_t)m->n_units - 1;
        if (!u.bad && !walk_unit(m, unit)) m->units[unit].bad = true;
        m->units[unit].n_patches = m->n_patches - u.patches;
        if (!framed) return;
    }
}

/* ---- .debug_info: changing it ---- */

static void put_padded_uleb(uint8_t *at, unsigned size, uint64_t value)
{
    for (; size > 1; size--, value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at = value & 0x7f;
}

/* Offsets that lead nowhere lead beyond the end, where never anything is. */
static uint64_t moved_to(const Remap *m, const Patch *p)
{
    const ListSection *l = &m->lists[p->list];
    const Moved *found = remap_find(p->kind == PATCH_LIST ? &l->lists : &l->tables, p->value);
    return found ? found->to : l->out.len;
}

static void apply_patch(const Remap *m, const Patch *p, uint8_t *bytes)
{
    switch ((PatchKind)p->kind) {
    case PATCH_NUMBER: put_fixed(bytes + p->at, p->size, p->value); break;
    case PATCH_ULEB: put_padded_uleb(bytes + p->at, p->size, p->value); break;
    case PATCH_LIST:
    case PATCH_TABLE: put_fixed(bytes + p->at, p->size, moved_to(m, p)); break;
    }
}

/* Zeros are null entries, which pad ("7.5.2"). */
static void write_info(Remap *m, const Section *s, Writer *out)
{
    wr_bytes(out, s->bytes, s->size);
    if (out->failed) return;
    for (size_t i = 0; i < m->n_units; i++) {
        const RemapUnit *u = &m->units[i];
        if (u->info.section != s) continue;
        if (u->bad) memset(out->ptr + u->info.entries, 0, u->info.end - u->info.entries);
        for (size_t p = 0; p < u->n_patches && !u->bad; p++) apply_patch(m, &m->patches[u->patches + p], out->ptr);
    }
}

/* ---- .debug_aranges, .debug_macro ---- */

static bool remap_arange_set(Remap *m, Reader *unit, uint32_t start, uint8_t offset_size, uint8_t *bytes)
{
    uint64_t version, ignored, address, length;
    uint8_t size, segment_size;
    if (!dw_fixed(unit, 2, &version) || version != 2 || !dw_fixed(unit, offset_size, &ignored) ||
        !rd_byte(unit, "", &size) || (size != 4 && size != 8) || !rd_byte(unit, "", &segment_size) || segment_size)
        return false;
    uint64_t past = (rd_offset(unit) - start) % (2 * size); /* tuples are aligned in the set */
    const uint8_t *padding;
    if (past && !rd_bytes(unit, "", (size_t)(2 * size - past), &padding)) return false;
    while (rd_left(unit)) {
        uint8_t *at = bytes + rd_offset(unit);
        if (!dw_fixed(unit, size, &address) || !dw_fixed(unit, size, &length)) return false;
        if (address == 0 && length == 0) return true;
        if (!remap_is_range(m, address, length)) continue;
        put_fixed(at, size, remap_address(m, address));
        put_fixed(at + size, size, remap_length(m, address, length));
    }
    return true;
}

static bool remap_aranges(Remap *m, const Section *s, Writer *out)
{
    Reader r = dw_reader(&m->in, s, 0, s->size), unit;
    wr_bytes(out, s->bytes, s->size);
    while (rd_left(&r) && !out->failed) {
        uint32_t start = (uint32_t)rd_offset(&r);
        uint8_t offset_size;
        if (!dw_unit(&r, &unit, &offset_size) || !remap_arange_set(m, &unit, start, offset_size, out->ptr)) return false;
    }
    return true;
}

enum { DW_MACRO_define = 1, DW_MACRO_undef, DW_MACRO_start_file, DW_MACRO_end_file, DW_MACRO_define_strp, DW_MACRO_undef_strp,
       DW_MACRO_import, DW_MACRO_define_sup, DW_MACRO_undef_sup, DW_MACRO_import_sup, DW_MACRO_define_strx, DW_MACRO_undef_strx };

static bool skip_macro(Reader *r, uint8_t opcode, unsigned offset_size)
{
    uint64_t n;
    Value v;
    switch (opcode) {
    case DW_MACRO_define:
    case DW_MACRO_undef: return rd_u64(r, "", &n) && dw_string(r, &v);
    case DW_MACRO_end_file: return true;
    case DW_MACRO_define_strp:
    case DW_MACRO_undef_strp:
    case DW_MACRO_define_sup:
    case DW_MACRO_undef_sup: return rd_u64(r, "", &n) && dw_fixed(r, offset_size, &n);
    case DW_MACRO_import:
    case DW_MACRO_import_sup: return dw_fixed(r, offset_size, &n);
    case DW_MACRO_start_file:
    case DW_MACRO_define_strx:
    case DW_MACRO_undef_strx: return rd_u64(r, "", &n) && rd_u64(r, "", &n);
    default: return false; /* also where the header has a table of opcodes: nobody writes one */
    }
}

/* Units name their line table. */
static bool remap_macros(Remap *m, const Section *s, Writer *out)
{
    enum { LARGE_OFFSETS = 1, HAS_LINE_TABLE = 2, HAS_OPCODES = 4 };
    Reader r = dw_reader(&m->in, s, 0, s->size);
    wr_bytes(out, s->bytes, s->size);
    while (rd_left(&r) && !out->failed) {
        uint64_t version, offset;
        uint8_t flags, opcode;
        if (!dw_fixed(&r, 2, &version) || (version != 4 && version != 5) || !rd_byte(&r, "", &flags) || flags & HAS_OPCODES)
            return false;
        unsigned offset_size = flags & LARGE_OFFSETS ? 8 : 4;
        uint8_t *at = out->ptr + rd_offset(&r);
        if (flags & HAS_LINE_TABLE) {
            if (!dw_fixed(&r, offset_size, &offset)) return false;
            const Moved *line = remap_find(&m->lines, offset);
            put_fixed(at, offset_size, line ? line->to : m->line_size);
        }
        do {
            if (!rd_byte(&r, "", &opcode) || (opcode && !skip_macro(&r, opcode, offset_size))) return false;
        } while (opcode);
    }
    return true;
}

/* ---- the sections ---- */

typedef enum DebugSection { DEBUG_LINE, DEBUG_INFO, DEBUG_TYPES, DEBUG_RANGES, DEBUG_LOC, DEBUG_RNGLISTS, DEBUG_LOCLISTS,
                            DEBUG_ADDR, DEBUG_ARANGES, DEBUG_MACRO, DEBUG_REWRITTEN,
                            DEBUG_CONSTANT = DEBUG_REWRITTEN, /* says nothing of code: this one and those above */
                            DEBUG_UNKNOWN = 32 } DebugSection;

/* One that is not named here (.debug_frame among them: rules for registers, which wasm does not have) is left out, for it
 * might say something of code. */
static DebugSection debug_section(Str name)
{
    static const char *const names[] = {
        [DEBUG_LINE] = ".debug_line", [DEBUG_INFO] = ".debug_info", [DEBUG_TYPES] = ".debug_types",
        [DEBUG_RANGES] = ".debug_ranges", [DEBUG_LOC] = ".debug_loc", [DEBUG_RNGLISTS] = ".debug_rnglists",
        [DEBUG_LOCLISTS] = ".debug_loclists", [DEBUG_ADDR] = ".debug_addr", [DEBUG_ARANGES] = ".debug_aranges",
        [DEBUG_MACRO] = ".debug_macro",
        [DEBUG_CONSTANT] = ".debug_abbrev", ".debug_str", ".debug_line_str", ".debug_str_offsets", ".debug_names",
        ".debug_pubnames", ".debug_pubtypes", ".debug_gnu_pubnames", ".debug_gnu_pubtypes", ".debug_macinfo",
        ".debug_gdb_scripts",
    };
    _Static_assert(ARRAY_LEN(names) <= DEBUG_UNKNOWN, "a bit for each");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(name, str_of(names[i]))) return (DebugSection)i;
    return DEBUG_UNKNOWN;
}

static bool is_debug(Str name) { return str_has_prefix(name, STR(".debug_")) || str_eq(name, STR(".eh_frame")); }

typedef struct Output {
    Arena *arena;
    Diags *diags;
    DwarfSection *sections;
    size_t n, cap;
    uint32_t dropped; /* sections */
    bool failed;
} Output;

static void add_section(Output *o, DwarfSection s)
{
    DwarfSection *items = arena_grow(o->arena, o->sections, o->n, &o->cap, sizeof *items);
    if (!items) {
        o->failed = true;
        return;
    }
    o->sections = items;
    items[o->n++] = s;
}

/* The section is now what was written, when that is another. */
static void put_section(Output *o, const WasmModule *m, uint32_t custom, const Writer *w)
{
    const WasmRange *old = &m->customs[custom].payload;
    o->failed |= w->failed || w->len > UINT32_MAX;
    bool same = w->len == old->size && (w->len == 0 || memcmp(w->ptr, m->bytes + old->offset, w->len) == 0);
    if (o->failed || same) return;
    uint8_t *bytes = w->len ? arena_alloc(o->arena, w->len) : NULL;
    if (w->len && !bytes) {
        o->failed = true;
        return;
    }
    if (w->len) memcpy(bytes, w->ptr, w->len);
    add_section(o, (DwarfSection){custom, bytes, (uint32_t)w->len});
}

#define NOTE(o, m, ...) diag_add((o)->diags, DEBUG_DROPPED, DIAG_AT(.file = (m)->file), __VA_ARGS__)

static void drop_section(Output *o, const WasmModule *m, uint32_t custom, const char *why)
{
    enum { MOST_NOTES = 8 };
    add_section(o, (DwarfSection){.custom = custom});
    if (o->dropped++ < MOST_NOTES) NOTE(o, m, "the section %.*s is left out: %s", STR_ARG(m->customs[custom].name), why);
}

static void note_units(const Remap *m, Output *o, const Section *s, const char *name)
{
    uint32_t bad = 0, first = 0;
    for (size_t i = m->n_units; s->bytes && i; i--)
        if (m->units[i - 1].info.section == s && m->units[i - 1].bad) {
            bad++;
            first = m->units[i - 1].info.start;
        }
    if (bad) NOTE(o, m->in.module, "%s: entries of %u units cannot be read and are left out, first at 0x%x", name, bad, first);
}

static void note_rest(const Remap *m, Output *o)
{
    if (m->bad_lines)
        NOTE(o, m->in.module, ".debug_line: %u units cannot be read to their end, and lines are left out, first at 0x%x",
             m->bad_lines, m->first_bad_line);
    if (m->shortened)
        NOTE(o, m->in.module, ".debug_info: %u entries have no room for their new DW_AT_high_pc and cover less code", m->shortened);
}

static void make_section(Remap *m, const Section *info, const Section *types, uint32_t custom, Output *o)
{
    const WasmModule *module = m->in.module;
    Section s = dw_section(&m->in, &module->customs[custom]);
    Writer w = {.limit_bytes = UINT32_MAX};
    bool good = true;
    switch (debug_section(module->customs[custom].name)) {
    case DEBUG_INFO: write_info(m, info, &w); break;
    case DEBUG_TYPES: write_info(m, types, &w); break;
    case DEBUG_RANGES: put_section(o, module, custom, &m->lists[LISTS_RANGES].out); return;
    case DEBUG_LOC: put_section(o, module, custom, &m->lists[LISTS_LOC].out); return;
    case DEBUG_RNGLISTS: put_section(o, module, custom, &m->lists[LISTS_RNGLISTS].out); return;
    case DEBUG_LOCLISTS: put_section(o, module, custom, &m->lists[LISTS_LOCLISTS].out); return;
    case DEBUG_ADDR: write_addresses(m, &w); break;
    case DEBUG_ARANGES: good = remap_aranges(m, &s, &w); break;
    case DEBUG_MACRO: good = remap_macros(m, &s, &w); break;
    case DEBUG_LINE: return;
    case DEBUG_UNKNOWN: drop_section(o, module, custom, "it is not known whether it names code"); return;
    default: return;
    }
    if (good || w.failed) put_section(o, module, custom, &w);
    else drop_section(o, module, custom, "it cannot be read");
    wr_free(&w);
}

/* Where those are that change; UINT32_MAX: not there. false: one that is known is there twice. */
static bool find_sections(const WasmModule *m, uint32_t at[DEBUG_REWRITTEN])
{
    uint32_t seen = 0;
    memset(at, 0xff, DEBUG_REWRITTEN * sizeof *at);
    for (uint32_t i = 0; i < m->n_customs; i++) {
        DebugSection s = debug_section(m->customs[i].name);
        if (s == DEBUG_UNKNOWN) continue;
        if (seen >> s & 1) return false;
        seen |= UINT32_C(1) << s;
        if (s < DEBUG_REWRITTEN) at[s] = i;
    }
    return true;
}

static Section section_at(const Remap *m, const uint32_t at[DEBUG_REWRITTEN], DebugSection s)
{
    return at[s] == UINT32_MAX ? (Section){0} : dw_section(&m->in, &m->in.module->customs[at[s]]);
}

/* requires: each known section is there once. */
static void remap_all(Remap *m, const uint32_t at[DEBUG_REWRITTEN], Output *o)
{
    static const DebugSection list_sections[LIST_KINDS] = {DEBUG_RANGES, DEBUG_LOC, DEBUG_RNGLISTS, DEBUG_LOCLISTS};
    const WasmModule *module = m->in.module;
    Section info = section_at(m, at, DEBUG_INFO), types = section_at(m, at, DEBUG_TYPES);
    for (int i = 0; i < LIST_KINDS; i++) {
        m->lists[i].section = section_at(m, at, list_sections[i]);
        m->lists[i].out.limit_bytes = UINT32_MAX;
    }
    m->in.steps_left = ((uint64_t)info.size + types.size + m->in.abbrev.size) * DW_STEPS_PER_BYTE;
    if (!(m->code_addresses = arena_alloc(m->in.arena, m->in.addr.size / 8 + 1))) m->failed = true;

    Writer lines = {.limit_bytes = UINT32_MAX};
    remap_lines(m, &lines);
    m->line_size = (uint32_t)lines.len;
    if (!m->failed) walk_info(m, &info, false);
    if (!m->failed) walk_info(m, &types, true);
    for (int i = 0; i < LIST_KINDS && !m->failed; i++) remap_lists(m, (ListKind)i);
    for (uint32_t i = 0; i < module->n_customs && !m->failed && !o->failed; i++) {
        if (i == at[DEBUG_LINE]) put_section(o, module, i, &lines);
        else if (is_debug(module->customs[i].name)) make_section(m, &info, &types, i, o);
    }
    note_units(m, o, &info, ".debug_info");
    note_units(m, o, &types, ".debug_types");
    note_rest(m, o);
    wr_free(&lines);
    for (int i = 0; i < LIST_KINDS; i++) wr_free(&m->lists[i].out);
}

bool dwarf_remap(const WasmModule *module, const CodeMap *map, Arena *arena, Diags *diags, DwarfSection **sections, uint32_t *n)
{
    Arena scratch = {.limit_bytes = arena->limit_bytes};
    Output o = {.arena = arena, .diags = diags};
    size_t near = 0;
    Remap m = {.map = map, .near = &near};
    uint32_t at[DEBUG_REWRITTEN];
    *sections = NULL;
    *n = 0;
    if (map->n == 0) return true;
    dw_open(&m.in, module, NULL, &scratch);
    if (find_sections(module, at)) remap_all(&m, at, &o);
    else {
        NOTE(&o, module, "debug sections are left out: one is there twice");
        for (uint32_t i = 0; i < module->n_customs && !o.failed; i++)
            if (is_debug(module->customs[i].name)) add_section(&o, (DwarfSection){.custom = i});
    }
    arena_free(&scratch);
    if (m.failed || o.failed) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = module->file), "out of memory");
        return false;
    }
    *sections = o.sections;
    *n = (uint32_t)o.n;
    return true;
}
