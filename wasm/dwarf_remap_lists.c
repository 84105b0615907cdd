/* dwarf_remap_lists.c: lists of ranges and locations for code that has moved.
 *
 * The lists of one section are read in the order in which they stand, each once, however many entries refer to it. They
 * must not overlap: no compiler writes that, and reading each of many overlapping ones would cost the square of their size.
 * - .debug_ranges, .debug_loc (DWARF 2 to 4): pairs of fixed size, changed in place
 * - .debug_rnglists, .debug_loclists (DWARF 5): entries with ULEB128 numbers, encoded anew; the table of offsets in front of
 *   them is made again. A table's lists count as used by the first unit that names it.
 * Expressions are copied: they have no addresses of code.
 *
 * Sources: DWARF 4 §2.17.3 "Non-Contiguous Address Ranges", §2.6.2 "Location Lists"; DWARF 5 §7.25 "Range List Table",
 * §7.29 "Location List Table", §7.7.3, §2.6.2, §2.17.3. */
#include "wasm/dwarf_remap.h"

#include <stdlib.h>
#include <string.h>

void remap_add_ref(Remap *m, ListKind kind, uint64_t at, uint32_t unit)
{
    ListSection *l = &m->lists[kind];
    if (at >= l->section.size) {
        m->units[unit].bad = true;
        return;
    }
    ListRef *refs = arena_grow(m->in.arena, l->refs, l->n_refs, &l->cap_refs, sizeof *refs);
    if (!refs) {
        m->failed = true;
        return;
    }
    l->refs = refs;
    refs[l->n_refs++] = (ListRef){(uint32_t)at, unit};
}

static int by_place(const void *a, const void *b)
{
    const ListRef *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static void bad_list(Remap *m, const ListRef *ref) { m->units[ref->unit].bad = true; }

/* Whether the same list says the same to both units. */
static bool read_alike(const RemapUnit *a, const RemapUnit *b)
{
    return a == b || (a->low_pc == b->low_pc && a->info.addr_base == b->info.addr_base &&
                      a->info.enc.address_size == b->info.enc.address_size);
}

/* ---- DWARF 2 to 4 ---- */

static uint64_t mask_of(unsigned address_size) { return address_size == 8 ? UINT64_MAX : UINT32_MAX; }

/* One pair of a list, which stands at `at` in the new bytes too. */
static void remap_pair(const Remap *m, unsigned size, uint64_t base, uint64_t begin, uint64_t end, uint8_t *at)
{
    uint64_t mask = mask_of(size), start = (base + begin) & mask, stop = (base + end) & mask;
    if (base > m->in.code_size || start > m->in.code_size || stop > m->in.code_size) return; /* not linked */
    uint64_t new_base = remap_address(m, base);
    begin = (remap_address(m, start) - new_base) & mask;
    end = (remap_address(m, stop) - new_base) & mask;
    if (begin == 0 && end == 0) begin = end = 1; /* nothing, too, but not the end of the list */
    put_fixed(at, size, begin);
    put_fixed(at + size, size, end);
}

static bool remap_old_list(Remap *m, ListKind kind, const RemapUnit *u, Reader *r, uint8_t *bytes)
{
    unsigned size = u->info.enc.address_size;
    uint64_t base = u->low_pc, begin, end, length;
    for (;;) {
        size_t at = (size_t)rd_offset(r);
        if (!dw_fixed(r, size, &begin) || !dw_fixed(r, size, &end)) return false;
        if (begin == 0 && end == 0) return true;
        if (begin == mask_of(size)) {
            base = end;
            put_fixed(bytes + at + size, size, remap_address(m, base));
            continue;
        }
        remap_pair(m, size, base, begin, end, bytes + at);
        const uint8_t *expression;
        if (kind == LISTS_LOC && (!dw_fixed(r, 2, &length) || !rd_bytes(r, "", (size_t)length, &expression))) return false;
    }
}

static void remap_old_lists(Remap *m, ListKind kind)
{
    ListSection *l = &m->lists[kind];
    wr_bytes(&l->out, l->section.bytes, l->section.size);
    uint64_t done = 0; /* the lists up to there have been read */
    for (size_t i = 0; i < l->n_refs && !l->out.failed && !m->failed; i++) {
        const ListRef *ref = &l->refs[i];
        const RemapUnit *u = &m->units[ref->unit];
        if (i && ref[-1].at == ref->at && read_alike(u, &m->units[ref[-1].unit])) {
            if (!remap_find(&l->lists, ref->at)) bad_list(m, ref);
            continue;
        }
        Reader r = dw_reader(&m->in, &l->section, ref->at, l->section.size);
        if (ref->at < done || !remap_old_list(m, kind, u, &r, l->out.ptr)) bad_list(m, ref);
        else if (!remap_moved(m, &l->lists, ref->at, ref->at)) return;
        if (ref->at >= done) done = rd_offset(&r);
    }
}

/* ---- DWARF 5 ---- */

/* Entries of both kinds of lists. */
typedef enum ItemKind { ITEM_END, ITEM_BASE_INDEX, ITEM_INDICES, ITEM_INDEX_LENGTH, ITEM_OFFSETS, ITEM_DEFAULT, ITEM_BASE,
                        ITEM_ADDRESSES, ITEM_ADDRESS_LENGTH } ItemKind;
static const uint8_t range_items[] = {ITEM_END, ITEM_BASE_INDEX, ITEM_INDICES, ITEM_INDEX_LENGTH, ITEM_OFFSETS,
                                      ITEM_BASE, ITEM_ADDRESSES, ITEM_ADDRESS_LENGTH}; /* DW_RLE_*, 7.25 */
static const uint8_t location_items[] = {ITEM_END, ITEM_BASE_INDEX, ITEM_INDICES, ITEM_INDEX_LENGTH, ITEM_OFFSETS, ITEM_DEFAULT,
                                         ITEM_BASE, ITEM_ADDRESSES, ITEM_ADDRESS_LENGTH}; /* DW_LLE_*, 7.7.3 */

static bool read_item_kind(Reader *r, ListKind list, Writer *out, ItemKind *kind)
{
    uint8_t code;
    if (!rd_byte(r, "", &code)) return false;
    if (code >= (list == LISTS_RNGLISTS ? ARRAY_LEN(range_items) : ARRAY_LEN(location_items))) return false;
    wr_byte(out, code);
    *kind = list == LISTS_RNGLISTS ? range_items[code] : location_items[code];
    return true;
}

static bool copy_index(Remap *m, const RemapUnit *u, Reader *r, Writer *out, uint64_t *address)
{
    const uint8_t *start = r->pos;
    uint64_t index;
    if (!rd_u64(r, "", &index) || !remap_indexed(m, &u->info, index, address)) return false;
    wr_bytes(out, start, (size_t)(r->pos - start));
    return true;
}

static bool remap_number(Remap *m, const RemapUnit *u, Reader *r, Writer *out, uint64_t *address)
{
    if (!dw_fixed(r, u->info.enc.address_size, address)) return false;
    remap_fixed(out, u->info.enc.address_size, remap_address(m, *address));
    return true;
}

static bool remap_item_length(Remap *m, uint64_t start, Reader *r, Writer *out)
{
    const uint8_t *at = r->pos;
    uint64_t length;
    if (!rd_u64(r, "", &length)) return false;
    remap_uleb(out, at, (size_t)(r->pos - at), length, remap_length(m, start, length));
    return true;
}

/* Two offsets from the base: a beginning and an end. */
static bool remap_offsets(Remap *m, uint64_t base, Reader *r, Writer *out)
{
    const uint8_t *first = r->pos, *second;
    uint64_t begin, end, new_begin, new_end;
    if (!rd_u64(r, "", &begin)) return false;
    second = r->pos;
    if (!rd_u64(r, "", &end)) return false;
    new_begin = begin;
    new_end = end;
    if (remap_is_range(m, base, begin) && remap_is_range(m, base, end)) {
        new_begin = remap_length(m, base, begin);
        new_end = remap_length(m, base, end);
    }
    remap_uleb(out, first, (size_t)(second - first), begin, new_begin);
    remap_uleb(out, second, (size_t)(r->pos - second), end, new_end);
    return true;
}

static bool copy_expression(Reader *r, Writer *out)
{
    const uint8_t *start = r->pos, *expression;
    uint64_t length;
    if (!rd_u64(r, "", &length) || length > rd_left(r) || !rd_bytes(r, "", (size_t)length, &expression)) return false;
    wr_bytes(out, start, (size_t)(r->pos - start));
    return true;
}

static bool remap_new_list(Remap *m, ListKind list, const RemapUnit *u, Reader *r, Writer *out)
{
    uint64_t base = u->low_pc, address;
    for (;;) {
        ItemKind kind;
        bool good = read_item_kind(r, list, out, &kind), is_range = true;
        if (!good) return false;
        switch (kind) {
        case ITEM_END: return true;
        case ITEM_BASE_INDEX: good = copy_index(m, u, r, out, &base); is_range = false; break;
        case ITEM_BASE: good = remap_number(m, u, r, out, &base); is_range = false; break;
        case ITEM_INDICES: good = copy_index(m, u, r, out, &address) && copy_index(m, u, r, out, &address); break;
        case ITEM_INDEX_LENGTH: good = copy_index(m, u, r, out, &address) && remap_item_length(m, address, r, out); break;
        case ITEM_OFFSETS: good = remap_offsets(m, base, r, out); break;
        case ITEM_ADDRESSES: good = remap_number(m, u, r, out, &address) && remap_number(m, u, r, out, &address); break;
        case ITEM_ADDRESS_LENGTH: good = remap_number(m, u, r, out, &address) && remap_item_length(m, address, r, out); break;
        case ITEM_DEFAULT: break;
        }
        if (!good || (list == LISTS_LOCLISTS && is_range && !copy_expression(r, out))) return false;
    }
}

/* A table of lists: header, offsets, lists. */
typedef struct ListTable {
    uint32_t start, offsets, lists, end; /* in the old section */
    uint32_t n;                          /* offsets */
    uint8_t offset_size;
} ListTable;

static bool read_table(Reader *r, ListTable *t)
{
    Reader unit;
    uint64_t version, n;
    uint8_t address_size, segment_size;
    *t = (ListTable){.start = (uint32_t)rd_offset(r)};
    if (!dw_unit(r, &unit, &t->offset_size)) return r->pos = r->end, false;
    t->end = (uint32_t)(unit.end - unit.base);
    if (!dw_fixed(&unit, 2, &version) || version != 5 || !rd_byte(&unit, "", &address_size) ||
        !rd_byte(&unit, "", &segment_size) || segment_size != 0 || !dw_fixed(&unit, 4, &n) ||
        n > rd_left(&unit) / t->offset_size)
        return false;
    t->offsets = (uint32_t)rd_offset(&unit);
    t->n = (uint32_t)n;
    t->lists = t->offsets + t->n * t->offset_size;
    return true;
}

static uint64_t table_offset(Remap *m, const Section *s, const ListTable *t, uint32_t i)
{
    uint64_t at = t->offsets + (uint64_t)i * t->offset_size, offset = 0;
    Reader r = dw_reader(&m->in, s, at, at + t->offset_size);
    if (!dw_fixed(&r, t->offset_size, &offset) || offset > s->size) return UINT32_MAX;
    return t->offsets + offset;
}

/* The first unit that names this table; owners: by that, at = the table. */
static void add_table_refs(Remap *m, ListKind kind, const ListRef *owners, size_t n)
{
    const Section *s = &m->lists[kind].section;
    Reader r = dw_reader(&m->in, s, 0, s->size);
    size_t next = 0;
    while (rd_left(&r) && !m->failed) {
        ListTable t;
        if (!read_table(&r, &t)) continue;
        while (next < n && owners[next].at < t.offsets) next++;
        if (next == n || owners[next].at != t.offsets) continue;
        for (uint32_t i = 0; i < t.n; i++) remap_add_ref(m, kind, table_offset(m, s, &t, i), owners[next].unit);
    }
}

static void add_all_table_refs(Remap *m, ListKind kind)
{
    size_t n = 0;
    ListRef *owners = arena_array(m->in.arena, m->n_units, sizeof *owners);
    if (!owners) {
        m->failed = true;
        return;
    }
    for (uint32_t i = 0; i < m->n_units; i++)
        if (m->units[i].has_tables[kind] && m->units[i].tables[kind] <= UINT32_MAX)
            owners[n++] = (ListRef){(uint32_t)m->units[i].tables[kind], i};
    if (n) qsort(owners, n, sizeof *owners, by_place);
    add_table_refs(m, kind, owners, n);
}

/* The lists of one table that are referred to, from refs[i] on; what stands between them is copied. Returns the next ref. */
static size_t write_lists(Remap *m, ListKind kind, const ListTable *t, size_t i)
{
    ListSection *l = &m->lists[kind];
    uint64_t done = t->lists;
    for (; i < l->n_refs && l->refs[i].at < t->end && !l->out.failed; i++) {
        const ListRef *ref = &l->refs[i];
        const RemapUnit *u = &m->units[ref->unit];
        if (i && ref[-1].at == ref->at && read_alike(u, &m->units[ref[-1].unit])) {
            if (!remap_find(&l->lists, ref->at)) bad_list(m, ref);
            continue;
        }
        if (ref->at < done) {
            bad_list(m, ref);
            continue;
        }
        wr_bytes(&l->out, l->section.bytes + done, ref->at - done);
        size_t start = l->out.len;
        Reader r = dw_reader(&m->in, &l->section, ref->at, t->end);
        bool good = remap_new_list(m, kind, u, &r, &l->out);
        done = rd_offset(&r);
        if (!good && !l->out.failed) l->out.len = start;
        if (!good) bad_list(m, ref);
        else if (!remap_moved(m, &l->lists, ref->at, start)) return l->n_refs;
    }
    wr_bytes(&l->out, l->section.bytes + done, t->end - done);
    return i;
}

/* Offsets of a table: of lists that nobody can use beyond its end. */
static void fill_table(Remap *m, ListKind kind, const ListTable *t, size_t start)
{
    ListSection *l = &m->lists[kind];
    size_t offsets = start + (t->offsets - t->start);
    for (uint32_t i = 0; i < t->n; i++) {
        const Moved *list = remap_find(&l->lists, table_offset(m, &l->section, t, i));
        put_fixed(l->out.ptr + offsets + (size_t)i * t->offset_size, t->offset_size,
                  (list ? list->to : l->out.len) - offsets);
    }
}

static void remap_new_lists(Remap *m, ListKind kind)
{
    ListSection *l = &m->lists[kind];
    Reader r = dw_reader(&m->in, &l->section, 0, l->section.size);
    size_t i = 0;
    while (rd_left(&r) && !l->out.failed && !m->failed) {
        ListTable t;
        bool good = read_table(&r, &t); /* left out when it cannot be read, with the units that use it */
        for (; i < l->n_refs && (good ? l->refs[i].at < t.lists : l->refs[i].at < rd_offset(&r)); i++) bad_list(m, &l->refs[i]);
        if (!good) continue;
        size_t start = l->out.len, first = i;
        if (!remap_moved(m, &l->tables, t.offsets, start + (t.offsets - t.start))) return;
        wr_bytes(&l->out, l->section.bytes + t.start, t.lists - t.start);
        i = write_lists(m, kind, &t, i);
        if (l->out.failed || m->failed) return;
        if (i > first) fill_table(m, kind, &t, start);
        remap_end_unit(&l->out, start, t.offset_size);
    }
    for (; i < l->n_refs; i++) bad_list(m, &l->refs[i]);
}

void remap_lists(Remap *m, ListKind kind)
{
    ListSection *l = &m->lists[kind];
    bool is_new = kind == LISTS_RNGLISTS || kind == LISTS_LOCLISTS;
    if (!l->section.bytes) return;
    if (is_new) add_all_table_refs(m, kind);
    if (l->n_refs) qsort(l->refs, l->n_refs, sizeof *l->refs, by_place);
    if (is_new) remap_new_lists(m, kind);
    else remap_old_lists(m, kind);
}
