/* dwarf_remap_line.c: line programs for code that has moved. "6.2.5 The Line Number Program"
 *
 * A program is taken in spans: the opcodes up to one that makes a row, or ends the sequence. Where the new addresses of two
 * rows are as far apart as the old ones were, the span's bytes stay as they are. Elsewhere its opcodes are written again
 * without those that advance the address; the row's opcode then advances by all of the new distance. Directories, files and
 * all other opcodes are copied. */
#include "wasm/dwarf_remap.h"

typedef struct Span {
    const uint8_t *start, *end;
    LineOp last;           /* LINE_ROW, LINE_END; else the program ends in it */
    uint64_t old, address; /* before it: of the last row; behind it */
    bool has_address;      /* DW_LNE_set_address is in it; the last one's operand: */
    uint64_t named;
} Span;

/* Reads a span; `address` is the old one where it begins. false: an opcode cannot be read. */
static bool read_span(const LineHeader *u, Reader *r, uint64_t address, Span *s)
{
    *s = (Span){.start = r->pos, .old = address, .address = address};
    do {
        if (rd_left(r) == 0) return s->end = r->pos, true;
        if (!dw_line_op(u, r, &s->last)) return false;
        s->address += s->last.advance;
        if (s->last.kind == LINE_ADDRESS) {
            s->has_address = true;
            s->named = s->address = s->last.number;
        }
    } while (s->last.kind != LINE_ROW && s->last.kind != LINE_END);
    s->end = r->pos;
    return true;
}

/* Rows ascend, also beyond the end of the code, where no row should be. Only of sequences that are not dead. */
static uint64_t row_address(const Remap *m, uint64_t address)
{
    return code_map_find_near(m->map, (uint32_t)address, m->near);
}

static void copy(Writer *out, const uint8_t *start, const uint8_t *end) { wr_bytes(out, start, (size_t)(end - start)); }

static bool write_advance(const LineHeader *u, Writer *out, uint64_t by)
{
    if (by == 0) return true;
    if (u->opcode_base <= DW_LNS_advance_pc) return false; /* there is no such opcode in this program */
    wr_byte(out, DW_LNS_advance_pc);
    wr_u64(out, by);
    return true;
}

/* A special opcode that advances the line as `op` did, and the address by `by` instructions. */
static bool write_special(const LineHeader *u, Writer *out, const LineOp *op, uint64_t by)
{
    unsigned code = op->line - (uint32_t)u->line_base + u->opcode_base; /* for 0; no larger than the old one */
    unsigned most = (255 - code) / u->line_range, constant = (255u - u->opcode_base) / u->line_range;
    if (by > most && by - constant <= most && by >= constant && u->opcode_base > DW_LNS_const_add_pc) {
        wr_byte(out, DW_LNS_const_add_pc);
        by -= constant;
    }
    if (by > most) {
        if (!write_advance(u, out, by)) return false;
        by = 0;
    }
    wr_byte(out, (uint8_t)(code + by * u->line_range));
    return true;
}

/* The span's last opcode, which was [start, end), with the address `by` behind the row before. */
static bool write_last(const LineHeader *u, Writer *out, const Span *s, const uint8_t *start, uint64_t by)
{
    if (u->min_inst > 1 && by % u->min_inst) return false;
    if (u->min_inst == 0 && by) return false;
    if (u->min_inst > 1) by /= u->min_inst;
    if (s->last.special) return write_special(u, out, &s->last, by);
    if (!write_advance(u, out, by)) return false;
    copy(out, start, s->end);
    return true;
}

/* `row` is the new address of the row before the span. */
static bool write_span(Remap *m, const LineHeader *u, Writer *out, const Span *s, uint64_t row)
{
    Reader r = dw_reader(&m->in, &m->in.line, (uint64_t)(s->start - m->in.line.bytes), (uint64_t)(s->end - m->in.line.bytes));
    while (rd_left(&r)) {
        LineOp op;
        const uint8_t *start = r.pos;
        if (!dw_line_op(u, &r, &op)) return false;
        switch (op.kind) {
        case LINE_ADVANCE: break;
        case LINE_ADDRESS:
            row = remap_address(m, op.number);
            if (op.size == 4 && row > UINT32_MAX) return false;
            copy(out, start, m->in.line.bytes + op.at);
            remap_fixed(out, op.size, row);
            copy(out, m->in.line.bytes + op.at + op.size, r.pos);
            break;
        case LINE_ROW:
        case LINE_END: return write_last(u, out, s, start, row_address(m, s->address) - row);
        case LINE_FILE:
        case LINE_OTHER: copy(out, start, r.pos); break;
        }
    }
    return true;
}

/* Whether the span's own bytes say the right thing behind a row at `row`. */
static bool says_the_same(const Remap *m, const Span *s, uint64_t row)
{
    if (s->has_address) row = s->named;
    if (s->has_address && remap_address(m, s->named) != s->named) return false;
    uint64_t old = s->has_address ? s->named : s->old;
    return row_address(m, s->address) - row == s->address - old;
}

/* false: not all of it can be read or written; *out then ends with the last whole sequence. */
static bool remap_program(Remap *m, const LineHeader *u, Writer *out)
{
    Reader r = dw_reader(&m->in, &m->in.line, u->program, u->end);
    size_t whole = out->len;
    uint64_t old = 0, row = 0; /* addresses of the last row, before and after */
    bool dead = false;         /* in a sequence of code that was not linked */
    bool good = u->max_ops == 1;
    while (good && rd_left(&r)) {
        Span s;
        if (!(good = read_span(u, &r, old, &s))) break;
        if (s.has_address) dead = s.named > m->in.code_size;
        if (!dead && s.address > UINT32_MAX) good = false;
        if (!good) break;
        if (dead || (s.last.kind != LINE_ROW && s.last.kind != LINE_END) || says_the_same(m, &s, row)) copy(out, s.start, s.end);
        else good = write_span(m, u, out, &s, row);
        old = s.address;
        row = dead ? old : row_address(m, old);
        if (good && s.last.kind == LINE_END) {
            old = row = 0;
            dead = false;
            whole = out->len;
        }
    }
    if (!good && !out->failed) out->len = whole;
    return good;
}

/* Stands for a unit that cannot be read, since entries refer to it: no files, no rows. */
static void write_empty_unit(Writer *out)
{
    static const uint8_t lengths[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    size_t start = out->len;
    remap_begin_unit(out, 4);
    remap_fixed(out, 2, 4);
    remap_fixed(out, 4, 6 + sizeof lengths + 2);
    wr_bytes(out, "\1\1\1\xfb\x0e\x0d", 6);
    wr_bytes(out, lengths, sizeof lengths);
    wr_zeros(out, 2);
    remap_end_unit(out, start, 4);
}

static void note_bad(Remap *m, uint32_t at)
{
    if (m->bad_lines++ == 0) m->first_bad_line = at;
}

void remap_lines(Remap *m, Writer *out)
{
    const Section *line = &m->in.line;
    Reader r = dw_reader(&m->in, line, 0, line->size), unit;
    while (rd_left(&r) && !m->failed) {
        LineHeader u = {.offset = (uint32_t)rd_offset(&r)};
        size_t start = out->len;
        if (!remap_moved(m, &m->lines, u.offset, start)) return;
        bool framed = dw_unit(&r, &unit, &u.enc.offset_size);
        if (!framed || !dw_line_header(&unit, &u)) {
            note_bad(m, u.offset);
            write_empty_unit(out);
            if (!framed) return; /* nobody knows where the next one is */
            continue;
        }
        copy(out, line->bytes + u.offset, line->bytes + u.program);
        if (!remap_program(m, &u, out)) note_bad(m, u.offset);
        if (!out->failed) remap_end_unit(out, start, u.enc.offset_size);
    }
}
