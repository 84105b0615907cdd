/* dwarf_remap.h: what the three files of dwarf_remap share. Private to wasm/.
 *
 * The passes, in this order: line programs (dwarf_remap_line.c) are encoded anew. The entries of .debug_info are walked
 * once (dwarf_remap.c); what has to change in them is collected as patches, and each list of ranges or locations that they
 * use as a ListRef. The lists are encoded anew (dwarf_remap_lists.c), so that it is known where they are now; then the
 * patches of the good units are applied, and the entries of the bad ones emptied. */
#ifndef PARIGOT_DWARF_REMAP_H
#define PARIGOT_DWARF_REMAP_H

#include "wasm/dwarf_read.h"

/* Where something begins in its section, before and after. */
typedef struct Moved { uint32_t from, to; } Moved;
typedef struct MovedList {
    Moved *items; /* by `from` */
    size_t n, cap;
} MovedList;

/* Sections of lists. Those of DWARF 5 can change their size. */
typedef enum ListKind { LISTS_RANGES, LISTS_LOC, LISTS_RNGLISTS, LISTS_LOCLISTS, LIST_KINDS } ListKind;
typedef struct ListRef { uint32_t at, unit; } ListRef;
typedef struct ListSection {
    Section section;
    ListRef *refs; size_t n_refs, cap_refs;
    MovedList lists, tables; /* tables: of offsets, what DW_AT_rnglists_base and DW_AT_loclists_base name */
    Writer out;
} ListSection;

typedef enum PatchKind { PATCH_NUMBER, PATCH_ULEB, PATCH_LIST, PATCH_TABLE } PatchKind;
typedef struct Patch {
    uint64_t value;     /* PATCH_LIST, PATCH_TABLE: the old offset */
    uint32_t at, size;
    uint8_t kind, list; /* list: ListKind */
} Patch;

typedef struct RemapUnit {
    InfoUnit info;
    uint64_t low_pc;                 /* what offsets in its lists are relative to */
    uint64_t tables[LIST_KINDS];     /* of LISTS_RNGLISTS, LISTS_LOCLISTS */
    bool has_tables[LIST_KINDS], bad;
    size_t patches, n_patches;
} RemapUnit;

typedef struct Remap {
    DwarfInput in; /* its arena is given back at the end */
    const CodeMap *map;
    size_t *near; /* for code_map_find_near */
    bool failed; /* out of memory */
    MovedList lines; /* units of .debug_line */
    uint32_t bad_lines, first_bad_line, line_size;
    RemapUnit *units; size_t n_units, cap_units;
    Patch *patches;   size_t n_patches, cap_patches;
    ListSection lists[LIST_KINDS];
    uint8_t *code_addresses; /* a bit for each byte of .debug_addr: an address of code begins there */
    uint32_t shortened;      /* DW_AT_high_pc that had no room for more */
} Remap;

/* ---- addresses ---- */

/* Where this address of code is now; itself when it is none (a tombstone). */
static inline uint64_t remap_address(const Remap *m, uint64_t address)
{
    return address <= m->in.code_size ? code_map_find_near(m->map, (uint32_t)address, m->near) : address;
}
static inline bool remap_is_range(const Remap *m, uint64_t start, uint64_t length)
{
    return start <= m->in.code_size && length <= m->in.code_size - start;
}
/* How long [start, start + length) is now. */
static inline uint64_t remap_length(const Remap *m, uint64_t start, uint64_t length)
{
    if (!remap_is_range(m, start, length)) return length;
    return remap_address(m, start + length) - remap_address(m, start);
}

/* Entry `index` of the unit's part of .debug_addr, which is then known to be one of code. */
MUST_USE bool remap_indexed(Remap *, const InfoUnit *, uint64_t index, uint64_t *address);

/* ---- bytes ---- */

void put_fixed(uint8_t *at, unsigned size, uint64_t value); /* little-endian */
void remap_fixed(Writer *, unsigned size, uint64_t value);
/* A number that was written as the bytes [old, old + size): these again when it is the same. */
void remap_uleb(Writer *, const uint8_t *old, size_t size, uint64_t was, uint64_t is);
/* A unit's length that was reserved: the writer's end is its end. */
void remap_end_unit(Writer *, size_t start, uint8_t offset_size);
void remap_begin_unit(Writer *, uint8_t offset_size);

bool remap_moved(Remap *, MovedList *, uint64_t from, uint64_t to);
const Moved *remap_find(const MovedList *, uint64_t from); /* NULL: nothing begins there */

/* ---- passes ---- */

void remap_lines(Remap *, Writer *);
void remap_add_ref(Remap *, ListKind, uint64_t at, uint32_t unit);
void remap_lists(Remap *, ListKind);

#endif
