/* opt_lines.c: source lines on their way through Binaryen. See opt_lines.h.
 *
 * Binaryen follows the line of each expression through all of its passes when lines come by a source map; when they come as
 * DWARF it keeps to places in the binary, which most passes lose. So it is given a map in which each instruction has a
 * line of its own, and what comes out tells which instruction each one was made of.
 *
 * Binaryen 108 writes the line of an expression where its operands begin, not at its own instruction: the lines of a whole
 * tree can stand at one offset, the outermost first. So the code is walked with a stack of where values begin, and each
 * instruction takes, of the lines at the place where its operands begin, the innermost one that is left and was one of an
 * instruction like it. (Where a version writes lines at the instructions themselves, they are found there.)
 *
 * Source: Source Map Revision 3, "mappings": offset in the file, source, line, column, each as the difference from the
 * one before, in base 64 VLQ; there is one line of them, for a binary has no lines. */
#include "linker/opt_lines.h"
#include "linker/edit.h"

#include <string.h>

static uint32_t code_payload(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_sections; i++)
        if (m->sections[i].id == SEC_CODE) return m->sections[i].payload.offset;
    return 0;
}

/* A reader of a body's instructions. */
static Reader open_code(const WasmModule *m, uint32_t body, Diags *ignored)
{
    Reader r = wasm_reader(m, m->bodies[body], ignored);
    r.pos = m->bytes + edit_code_start(m, body);
    return r;
}

/* ---- writing ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
enum { DIGIT_BITS = 5, MORE = 1 << DIGIT_BITS };

static void write_vlq(Writer *w, int64_t v)
{
    uint64_t rest = v < 0 ? (uint64_t)-v << 1 | 1 : (uint64_t)v << 1;
    do {
        unsigned digit = rest & (MORE - 1);
        rest >>= DIGIT_BITS;
        wr_byte(w, (uint8_t)digits[digit | (rest ? MORE : 0)]);
    } while (rest);
}

static void write_text(Writer *w, const char *s) { wr_bytes(w, s, strlen(s)); }

void lines_to_map(const WasmModule *m, Writer *json)
{
    Diags ignored = DIAGS_NOTHING;
    uint32_t payload = code_payload(m);
    int64_t at = 0, line = 0; /* lines count from 0 here */
    write_text(json, "{\"version\":3,\"sources\":[\"code\"],\"names\":[],\"mappings\":\"");
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        Reader r = open_code(m, i, &ignored);
        for (WasmInstr in; rd_left(&r) && rd_instr(&r, &in);) {
            int64_t to = in.at - m->bytes;
            if (at) wr_byte(json, ',');
            write_vlq(json, to - at);
            write_vlq(json, 0);
            write_vlq(json, to - payload - line);
            write_vlq(json, 0);
            at = to;
            line = to - payload;
        }
    }
    write_text(json, "\"}");
}

/* ---- reading ---- */

/* What stands at `at` was made of the instruction that stood at `from`: offsets in the code sections' payloads. */
typedef struct MapEntry {
    uint32_t at, from;
} MapEntry;
typedef struct Map {
    MapEntry *items; /* by at; of one place in their order */
    size_t n, cap;
    uint32_t *left; /* [n] at the first of each place: so many of its entries are not taken yet */
} Map;

static bool read_vlq(const char **pos, const char *end, int64_t *out)
{
    enum { MOST_BITS = 40 };
    uint64_t v = 0;
    for (unsigned shift = 0; *pos < end && shift < MOST_BITS; shift += DIGIT_BITS) {
        const char *digit = memchr(digits, **pos, sizeof digits - 1);
        if (!digit) return false;
        ++*pos;
        v |= (uint64_t)((digit - digits) & (MORE - 1)) << shift;
        if ((digit - digits) & MORE) continue;
        *out += v & 1 ? -(int64_t)(v >> 1) : (int64_t)(v >> 1);
        return true;
    }
    return false;
}

static void read_entries(const char *pos, const char *end, uint32_t payload, Arena *arena, Map *out)
{
    int64_t at = 0, file = 0, line = 0, column = 0;
    while (pos < end) {
        if (*pos == ',') {
            pos++;
            continue;
        }
        if (!read_vlq(&pos, end, &at)) return;
        if (pos == end || *pos == ',') continue; /* a place without a line */
        if (!read_vlq(&pos, end, &file) || !read_vlq(&pos, end, &line) || !read_vlq(&pos, end, &column)) return;
        bool sane = at >= payload && at <= UINT32_MAX && line >= 0 && line <= UINT32_MAX;
        if (!sane || (out->n && (uint32_t)at - payload < out->items[out->n - 1].at)) continue;
        ARENA_PUSH(arena, out->items, out->n, out->cap) = (MapEntry){(uint32_t)at - payload, (uint32_t)line};
    }
}

static void count_places(Map *map, Arena *arena)
{
    map->left = arena_array(arena, map->n + 1, sizeof *map->left);
    for (size_t i = 0, first = 0; i < map->n; i++) {
        if (map->items[i].at != map->items[first].at) first = i;
        map->left[first]++;
    }
}

static bool read_map(Str json, uint32_t payload, Arena *arena, Map *out)
{
    static const char key[] = "\"mappings\":\"";
    const char *at = json.len ? memmem(json.ptr, json.len, key, sizeof key - 1) : NULL;
    *out = (Map){0};
    if (!at) return false;
    const char *from = at + sizeof key - 1, *end = memchr(from, '"', (size_t)(json.ptr + json.len - from));
    if (!end) return false;
    read_entries(from, end, payload, arena, out);
    count_places(out, arena);
    return out->n != 0;
}

/* The first entry of this place; n: there is none. */
static size_t find_place(const Map *map, uint32_t at)
{
    size_t low = 0, high = map->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (map->items[mid].at < at) low = mid + 1;
        else high = mid;
    }
    return low < map->n && map->items[low].at == at ? low : map->n;
}

/* ---- the walk ---- */

typedef struct Block {
    uint32_t start, height; /* where its expression begins; values below it */
    uint32_t results, carried; /* carried: by a branch to it */
} Block;

typedef struct Walk {
    const WasmModule *before, *after;
    uint32_t before_code, after_code; /* offsets of the payloads */
    const DwarfLines *lines;          /* of `before` */
    Arena *arena;
    Map map;
    DwarfLines *out;
    uint32_t *starts; /* of the values on the stack */
    size_t n_starts, starts_cap;
    Block *blocks;
    size_t n_blocks, blocks_cap;
} Walk;

/* The instruction that stood there before; false: none did. */
static bool old_instr(const Walk *x, uint32_t from, WasmInstr *out)
{
    Diags ignored = DIAGS_NOTHING;
    const WasmModule *m = x->before;
    if (from >= m->size - x->before_code) return false;
    Reader r = wasm_reader(m, (WasmRange){x->before_code + from, (uint32_t)m->size - x->before_code - from}, &ignored);
    return rd_instr(&r, out);
}

/* One may have become the other: a load of another sign, a call by pointer to a function that is known. */
static bool alike(WasmOp a, WasmOp b)
{
    const WasmOpInfo *x = &wasm_op_info[a], *y = &wasm_op_info[b];
    if (a == b) return true;
    if (x->imm == IMM_MEMARG && y->imm == IMM_MEMARG) return strlen(x->pops) == strlen(y->pops);
    bool call_a = a == OP_CALL || a == OP_CALL_INDIRECT, call_b = b == OP_CALL || b == OP_CALL_INDIRECT;
    return call_a && call_b;
}

/* Of the entries where its operands begin, the innermost that is left and was of its kind. false: it is new */
static bool take_entry(Walk *x, uint32_t start, WasmOp op, uint32_t *from)
{
    enum { MOST_LOOKED_AT = 64 };
    size_t first = find_place(&x->map, start);
    if (first == x->map.n) return false;
    uint32_t n = x->map.left[first], least = n > MOST_LOOKED_AT ? n - MOST_LOOKED_AT : 0;
    for (uint32_t i = n; i-- > least;) {
        WasmInstr old;
        if (!old_instr(x, x->map.items[first + i].from, &old) || !alike(old.op, op)) continue;
        *from = x->map.items[first + i].from;
        x->map.left[first] = i;
        return true;
    }
    return false;
}

/* Where the line is known on which that stood; file UINT32_MAX: it is not. */
static DwarfLine line_of(const Walk *x, uint32_t from, uint32_t at)
{
    size_t low = 0, high = x->lines->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (x->lines->items[mid].offset <= from) low = mid + 1;
        else high = mid;
    }
    DwarfLine l = low ? x->lines->items[low - 1] : (DwarfLine){0, UINT32_MAX, 0};
    l.offset = at;
    return l;
}

static void push_line(Walk *x, DwarfLine l)
{
    DwarfLines *out = x->out;
    if (out->n && out->items[out->n - 1].offset == l.offset) out->n--;
    const DwarfLine *last = out->n ? &out->items[out->n - 1] : NULL;
    if (!last || last->file != l.file || last->line != l.line) ARENA_PUSH(x->arena, out->items, out->n, out->cap) = l;
}

/* Takes values from the stack. returns where the deepest of them begins; none are there: `at` */
static uint32_t pop(Walk *x, uint32_t n, uint32_t at)
{
    uint32_t height = x->n_blocks ? x->blocks[x->n_blocks - 1].height : 0;
    uint32_t there = (uint32_t)x->n_starts - height, take = n < there ? n : there; /* fewer in code that is not reached */
    x->n_starts -= take;
    return take ? x->starts[x->n_starts] : at;
}

static void push(Walk *x, uint32_t n, uint32_t start)
{
    for (; n; n--) ARENA_PUSH(x->arena, x->starts, x->n_starts, x->starts_cap) = start;
}

static uint32_t carried(const Walk *x, uint32_t label)
{
    return label < x->n_blocks ? x->blocks[x->n_blocks - 1 - label].carried : 0;
}

static void leave(Walk *x)
{
    x->n_starts = x->n_blocks ? x->blocks[x->n_blocks - 1].height : 0;
}

static uint32_t open_block(Walk *x, const WasmInstr *in, uint32_t at)
{
    uint32_t params = wasm_block_params(x->after, in->value), results = wasm_block_results(x->after, in->value);
    uint32_t start = pop(x, params + (in->op == OP_IF), at);
    ARENA_PUSH(x->arena, x->blocks, x->n_blocks, x->blocks_cap) =
        (Block){start, (uint32_t)x->n_starts, results, in->op == OP_LOOP ? params : results};
    push(x, params, at);
    return start;
}

static uint32_t call(Walk *x, const WasmType *t, bool by_pointer, bool returns, uint32_t at)
{
    uint32_t start = pop(x, t->n_params + by_pointer, at);
    if (returns) push(x, t->n_results, start);
    else leave(x);
    return start;
}

/* A branch away, with so many values besides those that it carries. */
static uint32_t jump(Walk *x, uint32_t values, uint32_t at)
{
    uint32_t start = pop(x, values, at);
    leave(x);
    return start;
}

/* What most instructions do stands in opcodes.def. */
static uint32_t step_plain(Walk *x, const WasmInstr *in, uint32_t at)
{
    const WasmOpInfo *info = &wasm_op_info[in->op];
    uint32_t pops = *info->pops == '*' ? 0 : (uint32_t)strlen(info->pops);
    uint32_t start = pop(x, pops, at);
    push(x, *info->pushes == '*' ? 0 : (uint32_t)strlen(info->pushes), start);
    return start;
}

static uint32_t step_by_count(Walk *x, uint32_t pops, uint32_t pushes, uint32_t at)
{
    uint32_t start = pop(x, pops, at);
    push(x, pushes, start);
    return start;
}

/* One instruction's effect on the stack. returns where its expression begins */
static uint32_t step(Walk *x, const WasmInstr *in, uint32_t at)
{
    const WasmModule *m = x->after;
    switch (in->op) {
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: return open_block(x, in, at);
    case OP_ELSE: leave(x); return at;
    case OP_END: {
        Block b = x->n_blocks ? x->blocks[--x->n_blocks] : (Block){0};
        x->n_starts = b.height;
        push(x, b.results, b.start);
        return at;
    }
    case OP_UNREACHABLE: leave(x); return at;
    case OP_RETURN: return jump(x, x->blocks[0].carried, at);
    case OP_BR: return jump(x, carried(x, in->index), at);
    case OP_BR_TABLE: return jump(x, carried(x, in->index) + 1, at);
    case OP_BR_IF: {
        uint32_t n = carried(x, in->index);
        return step_by_count(x, n + 1, n, at);
    }
    case OP_CALL: return call(x, wasm_func_type(m, in->index), false, true, at);
    case OP_CALL_INDIRECT: return call(x, &m->types[in->index], true, true, at);
    case OP_RETURN_CALL: return call(x, wasm_func_type(m, in->index), false, false, at);
    case OP_RETURN_CALL_INDIRECT: return call(x, &m->types[in->index], true, false, at);
    case OP_SELECT:
    case OP_SELECT_T: return step_by_count(x, 3, 1, at);
    case OP_LOCAL_TEE:
    case OP_TABLE_GET: return step_by_count(x, 1, 1, at);
    case OP_LOCAL_GET:
    case OP_GLOBAL_GET:
    case OP_REF_NULL:
    case OP_REF_FUNC: return step_by_count(x, 0, 1, at);
    case OP_DROP:
    case OP_LOCAL_SET:
    case OP_GLOBAL_SET: return step_by_count(x, 1, 0, at);
    case OP_TABLE_SET: return step_by_count(x, 2, 0, at);
    default: return step_plain(x, in, at);
    }
}

/* A sequence of lines for each body; an instruction that is new belongs to the line before it. */
static void walk_body(Walk *x, uint32_t body)
{
    Diags ignored = DIAGS_NOTHING;
    const WasmModule *m = x->after;
    const WasmRange where = m->bodies[body];
    uint32_t results = wasm_func_type(m, m->n_imported[KIND_FUNC] + body)->n_results;
    bool open = false;
    x->n_starts = x->n_blocks = 0;
    ARENA_PUSH(x->arena, x->blocks, x->n_blocks, x->blocks_cap) = (Block){0, 0, results, results};
    Reader r = open_code(m, body, &ignored);
    for (WasmInstr in; rd_left(&r) && rd_instr(&r, &in);) {
        uint32_t at = (uint32_t)(in.at - m->bytes) - x->after_code, start = step(x, &in, at), from;
        if (in.op == OP_END || in.op == OP_ELSE) continue;
        if (!take_entry(x, start, in.op, &from) && (start == at || !take_entry(x, at, in.op, &from))) continue;
        DwarfLine l = line_of(x, from, open ? at : where.offset - x->after_code);
        if (l.file == UINT32_MAX) continue;
        push_line(x, l);
        open = true;
    }
    if (open) push_line(x, (DwarfLine){where.offset + where.size - x->after_code, UINT32_MAX, 0});
}

void lines_from_map(Str json, const WasmModule *before, const DwarfLines *lines, const WasmModule *after, Arena *arena,
                    DwarfLines *out)
{
    Walk x = {.before = before, .after = after, .lines = lines, .arena = arena, .out = out};
    x.before_code = code_payload(before);
    x.after_code = code_payload(after);
    *out = (DwarfLines){.files = lines->files, .n_files = lines->n_files};
    if (!read_map(json, x.after_code, arena, &x.map)) return;
    for (uint32_t i = 0; i < after->n_bodies; i++) walk_body(&x, i);
}
