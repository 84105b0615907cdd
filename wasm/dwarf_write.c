/* dwarf_write.c: debug sections that tell lines and nothing more: for code whose old sections say what is not true of it
 * any more. One unit without entries below it; its line table has a sequence for each stretch of code with lines.
 *
 * Sources: DWARF 4 §6.2 "Line Number Information", §7.5 "Format of Debugging Information"; tool-conventions "DWARF for
 * WebAssembly": addresses count from the code section's payload. */
#include "wasm/dwarf_read.h"

enum { DW_TAG_compile_unit = 0x11, DW_AT_name = 0x03, DW_AT_stmt_list = 0x10, DW_AT_low_pc = 0x11, DW_AT_high_pc = 0x12 };
enum { VERSION = 4, ADDRESS_SIZE = 4 };
/* What LLVM writes for WebAssembly too, so special opcodes are as many as they can be. */
enum { LINE_BASE = -5, LINE_RANGE = 14, OPCODE_BASE = 13 };

static size_t begin_custom(Writer *w, Str name)
{
    wr_byte(w, SEC_CUSTOM);
    size_t mark = wr_begin_size(w);
    wr_name(w, name);
    return mark;
}

/* A length in four bytes, of what comes until end_length. */
static size_t begin_length(Writer *w)
{
    wr_le32(w, 0);
    return w->len;
}
static void end_length(Writer *w, size_t from)
{
    if (!w->failed) put_le32(w->ptr + from - 4, (uint32_t)(w->len - from));
}

static void write_le16(Writer *w, unsigned v)
{
    wr_byte(w, (uint8_t)v);
    wr_byte(w, (uint8_t)(v >> 8));
}

static void write_string(Writer *w, const char *s)
{
    Str text = str_of(s);
    wr_bytes(w, text.ptr, text.len);
    wr_byte(w, 0);
}

static void write_abbrev(Writer *w)
{
    static const uint8_t specs[][2] = {{DW_AT_name, DW_FORM_string}, {DW_AT_stmt_list, DW_FORM_sec_offset},
                                       {DW_AT_low_pc, DW_FORM_addr}, {DW_AT_high_pc, DW_FORM_data4}, {0, 0}};
    size_t mark = begin_custom(w, STR(".debug_abbrev"));
    wr_byte(w, 1); /* its code */
    wr_byte(w, DW_TAG_compile_unit);
    wr_byte(w, 0); /* no children */
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) wr_bytes(w, specs[i], sizeof specs[i]);
    wr_byte(w, 0);
    wr_end_size(w, mark);
}

static void write_info(Writer *w, const DwarfLines *l)
{
    uint32_t low = l->items[0].offset, high = l->items[l->n - 1].offset;
    size_t mark = begin_custom(w, STR(".debug_info")), unit = begin_length(w);
    write_le16(w, VERSION);
    wr_le32(w, 0); /* .debug_abbrev */
    wr_byte(w, ADDRESS_SIZE);
    wr_byte(w, 1);
    write_string(w, l->n_files ? l->files[0] : "");
    wr_le32(w, 0); /* .debug_line */
    wr_le32(w, low);
    wr_le32(w, high - low);
    end_length(w, unit);
    wr_end_size(w, mark);
}

static void write_line_header(Writer *w, const DwarfLines *l)
{
    static const uint8_t lengths[OPCODE_BASE - 1] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    size_t from = begin_length(w);
    wr_byte(w, 1); /* minimum_instruction_length */
    wr_byte(w, 1); /* maximum_operations_per_instruction */
    wr_byte(w, 1); /* default_is_stmt */
    wr_byte(w, (uint8_t)LINE_BASE);
    wr_byte(w, LINE_RANGE);
    wr_byte(w, OPCODE_BASE);
    wr_bytes(w, lengths, sizeof lengths);
    wr_byte(w, 0); /* no folders: the names have theirs */
    for (size_t i = 0; i < l->n_files; i++) {
        write_string(w, l->files[i]);
        wr_byte(w, 0); /* folder, time, length */
        wr_byte(w, 0);
        wr_byte(w, 0);
    }
    wr_byte(w, 0);
    end_length(w, from);
}

typedef struct State { uint32_t address, file, line; } State;

static void write_address(Writer *w, uint32_t address)
{
    wr_byte(w, 0);
    wr_u32(w, 1 + ADDRESS_SIZE);
    wr_byte(w, DW_LNE_set_address);
    wr_le32(w, address);
}

static void write_row(Writer *w, State *s, const DwarfLine *row)
{
    uint32_t advance = row->offset - s->address, file = row->file + 1;
    int64_t lines = (int64_t)row->line - s->line;
    if (file != s->file) {
        wr_byte(w, DW_LNS_set_file);
        wr_u32(w, file);
    }
    bool near = lines >= LINE_BASE && lines < LINE_BASE + LINE_RANGE && advance < 256 / LINE_RANGE;
    unsigned special = near ? (unsigned)(lines - LINE_BASE) + LINE_RANGE * advance + OPCODE_BASE : 256;
    if (special < 256) wr_byte(w, (uint8_t)special);
    else {
        wr_byte(w, DW_LNS_advance_pc);
        wr_u32(w, advance);
        wr_byte(w, DW_LNS_advance_line);
        wr_s64(w, lines);
        wr_byte(w, DW_LNS_copy);
    }
    *s = (State){row->offset, file, row->line};
}

static void write_end(Writer *w, const State *s, uint32_t address)
{
    wr_byte(w, DW_LNS_advance_pc);
    wr_u32(w, address - s->address);
    wr_byte(w, 0);
    wr_u32(w, 1);
    wr_byte(w, DW_LNE_end_sequence);
}

static void write_program(Writer *w, const DwarfLines *l)
{
    State s = {0};
    bool open = false;
    for (size_t i = 0; i < l->n; i++) {
        const DwarfLine *row = &l->items[i];
        if (row->file == UINT32_MAX) {
            if (open) write_end(w, &s, row->offset);
            open = false;
            continue;
        }
        if (!open) {
            s = (State){row->offset, 1, 1};
            write_address(w, row->offset);
        }
        open = true;
        write_row(w, &s, row);
    }
    if (open) write_end(w, &s, s.address + 1);
}

void dwarf_write_lines(Writer *w, const DwarfLines *l)
{
    if (l->n == 0) return;
    write_abbrev(w);
    write_info(w, l);
    size_t mark = begin_custom(w, STR(".debug_line")), unit = begin_length(w);
    write_le16(w, VERSION);
    write_line_header(w, l);
    write_program(w, l);
    end_length(w, unit);
    wr_end_size(w, mark);
}
