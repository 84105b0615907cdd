/* dwarf_read.h: the pieces that DWARF is made of, for those who read it: dwarf.c asks for lines and names,
 * dwarf_remap.c writes the tables anew after code has moved. Private to wasm/.
 *
 * Nothing here records a diagnostic: a bad value is `false`, and the caller decides what it ends.
 *
 * Sources: DWARF 5 and 4: §7.5 "Format of Debugging Information", §6.2 "Line Number Information";
 * tool-conventions "DWARF for WebAssembly". */
#ifndef PARIGOT_DWARF_READ_H
#define PARIGOT_DWARF_READ_H

#include "wasm/wasm.h"

typedef struct Section {
    const uint8_t *bytes; /* NULL: not there */
    uint32_t size;
    const WasmReloc *relocs; /* of objects, by offset; n_relocs of them */
    uint32_t n_relocs;
} Section;

/* How numbers of a unit are encoded. */
typedef struct Encoding {
    uint16_t version;
    uint8_t offset_size, address_size;
} Encoding;

typedef struct Abbrev {
    uint64_t code, tag;
    uint32_t attributes; /* where they begin in .debug_abbrev */
} Abbrev;

/* What all readers share. */
typedef struct DwarfInput {
    Arena *arena;
    const WasmModule *module;
    const WasmObject *object; /* NULL: linked */
    Diags ignored;            /* full from the start: stores nothing */
    uint32_t code_offset, code_size;
    Section abbrev, addr, line, line_str, str, str_offsets;
    uint64_t steps_left; /* for walks over entries: see DW_STEPS_PER_BYTE */

    Abbrev *abbrevs;     size_t n_abbrevs, cap_abbrevs;
    uint64_t abbrevs_at; /* the table that they are of */
    bool has_abbrevs;
} DwarfInput;

enum { DW_STEPS_PER_BYTE = 16 }; /* of debug sections: hostile abbreviations make an entry cost more than its bytes */

void dw_open(DwarfInput *, const WasmModule *, const WasmObject *, Arena *);
Section dw_section(const DwarfInput *, const WasmCustom *);
Reader dw_reader(DwarfInput *, const Section *, uint64_t low, uint64_t high); /* nothing to read when there is no such range */

/* ---- numbers and offsets ---- */

MUST_USE bool dw_fixed(Reader *, unsigned size, uint64_t *out); /* little-endian; size <= 8 */
/* "7.4 32-Bit and 64-Bit DWARF Formats": the length of a unit, and what size offsets have in it */
MUST_USE bool dw_unit(Reader *, Reader *unit, uint8_t *offset_size);
const WasmReloc *dw_find_reloc(const Section *, uint32_t at);
/* An offset into another debug section that stands at `at`. */
uint64_t dw_section_offset(const Section *, uint32_t at, uint64_t in_place);
bool dw_is_encoding(const Encoding *); /* a version and a size of addresses that we know */

/* ---- attribute forms: "7.5.6 Form Encodings" ---- */

enum {
    DW_FORM_addr = 0x01, DW_FORM_block2 = 0x03, DW_FORM_block4, DW_FORM_data2, DW_FORM_data4, DW_FORM_data8,
    DW_FORM_string, DW_FORM_block, DW_FORM_block1, DW_FORM_data1, DW_FORM_flag, DW_FORM_sdata, DW_FORM_strp,
    DW_FORM_udata, DW_FORM_ref_addr, DW_FORM_ref1, DW_FORM_ref2, DW_FORM_ref4, DW_FORM_ref8, DW_FORM_ref_udata,
    DW_FORM_indirect, DW_FORM_sec_offset, DW_FORM_exprloc, DW_FORM_flag_present, DW_FORM_strx, DW_FORM_addrx,
    DW_FORM_ref_sup4, DW_FORM_strp_sup, DW_FORM_data16, DW_FORM_line_strp, DW_FORM_ref_sig8, DW_FORM_implicit_const,
    DW_FORM_loclistx, DW_FORM_rnglistx, DW_FORM_ref_sup8, DW_FORM_strx1, DW_FORM_strx2, DW_FORM_strx3, DW_FORM_strx4,
    DW_FORM_addrx1, DW_FORM_addrx2, DW_FORM_addrx3, DW_FORM_addrx4,
    DW_FORM_GNU_addr_index = 0x1f01, DW_FORM_GNU_str_index = 0x1f02, DW_FORM_GNU_ref_alt = 0x1f20,
    DW_FORM_GNU_strp_alt = 0x1f21
};

typedef struct Value {
    uint64_t form;   /* 0: there is none */
    uint64_t number; /* numbers, offsets, addresses, indices; signed ones sign-extended */
    Str bytes;       /* blocks and strings in place */
    uint32_t at;     /* where it stands in its section; of a block, its contents */
    uint32_t size;   /* bytes that it takes from there */
} Value;

MUST_USE bool dw_string(Reader *, Value *);
MUST_USE bool dw_value(Reader *, uint64_t form, int64_t implicit, const Encoding *, Value *);

/* ---- .debug_line: headers and opcodes ---- */

typedef struct LineHeader {
    uint32_t offset, tables, program, end; /* of the unit, its directories and files, its program; in .debug_line */
    Encoding enc;
    uint8_t min_inst, max_ops, opcode_base, line_range;
    int8_t line_base;
    const uint8_t *opcode_lengths; /* opcode_base - 1 of them */
} LineHeader;

enum { DW_LNS_copy = 1, DW_LNS_advance_pc, DW_LNS_advance_line, DW_LNS_set_file, DW_LNS_set_column, DW_LNS_negate_stmt,
       DW_LNS_set_basic_block, DW_LNS_const_add_pc, DW_LNS_fixed_advance_pc, DW_LNS_set_prologue_end,
       DW_LNS_set_epilogue_begin, DW_LNS_set_isa };
enum { DW_LNE_end_sequence = 1, DW_LNE_set_address = 2 };

typedef enum LineOpKind {
    LINE_OTHER,   /* advances the line by `line`, or says nothing of lines and addresses */
    LINE_ADVANCE, /* the address by `advance`                                            */
    LINE_ROW,     /* both, then a row                                                    */
    LINE_FILE,    /* `number`                                                            */
    LINE_ADDRESS, /* `number`, which stands at `at` and has `size` bytes                 */
    LINE_END      /* of the sequence                                                     */
} LineOpKind;
typedef struct LineOp {
    LineOpKind kind;
    bool special;     /* a row by a special opcode; else by DW_LNS_copy */
    uint32_t line;    /* modulo 2^32 */
    uint64_t advance; /* < 2^40 */
    uint64_t number;
    uint32_t at, size;
} LineOp;

/* "6.2.4 The Line Number Program Header"; what follows the unit's length. */
MUST_USE bool dw_line_header(Reader *, LineHeader *);
/* "6.2.5 The Line Number Program": one opcode with its operands. */
MUST_USE bool dw_line_op(const LineHeader *, Reader *, LineOp *);

/* ---- .debug_abbrev, .debug_info ---- */

typedef struct Spec { uint64_t attribute, form; int64_t implicit; } Spec;

bool dw_step(DwarfInput *); /* false: the budget is used up */
MUST_USE bool dw_load_abbrevs(DwarfInput *, uint64_t at);
const Abbrev *dw_find_abbrev(DwarfInput *, uint64_t code); /* NULL when there is none */
/* The next attribute of an abbreviation; all zero after the last. */
MUST_USE bool dw_spec(DwarfInput *, Reader *, Spec *);

enum { DW_UT_type = 2, DW_UT_skeleton = 4, DW_UT_split_compile = 5, DW_UT_split_type = 6 };

typedef struct InfoUnit {
    const Section *section;
    uint32_t start, end, entries; /* in .debug_info; entries: behind the header */
    Encoding enc;
    uint64_t abbrevs, addr_base, str_base;
    uint32_t line_unit; /* dwarf.c's */
} InfoUnit;

/* "7.5.1 Unit Headers"; what follows the unit's length. types: a unit of .debug_types, DWARF 4 "7.5.1.2 Type Unit Header". */
MUST_USE bool dw_info_header(Reader *, bool types, InfoUnit *);

#endif
