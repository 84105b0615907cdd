/* bombs_code.c: bombs in function bodies: nesting, arities, tables of branches, locals, unreachable code, what is known of
 * constants and of the stack pointer, and errors without end. */
#include "tests/bombs/bombs.h"

enum { WIDE = BOMB_WIDE, STACK_TOP = 65536 };

/* ---- the module around them ---- */

static void no_types(Writer *w, uint32_t n) { (void)w, (void)n; }

/* metered: the module says that it pays for what it runs; its fuel is the last global. */
static void env(Writer *w, uint32_t n_functions, uint32_t n_types, void (*types)(Writer *, uint32_t), bool metered)
{
    write_header(w);
    if (metered)
        pm_write(w, &(PmSection){.has_globals = true, .fuel = ENV_GLOBALS + 1, .has_meter = true, .meter_kind = 2, .meter_prices = 1});
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, n_types + 3);
    put_type(w, 0, 0);
    put_type(w, WIDE, WIDE);
    put_type(w, 1, 1);
    types(w, n_types);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_FUNCTION);
    wr_u32(w, n_functions + 1);
    wr_zeros(w, n_functions);
    wr_byte(w, 1); /* the last one has a thousand parameters */
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_TABLE);
    wr_bytes(w, "\1\x70\0\1", 4);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_MEMORY);
    wr_bytes(w, "\1\1\1\2", 4);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_GLOBAL);
    wr_u32(w, ENV_GLOBALS + metered);
    for (int i = 0; i < ENV_GLOBALS; i++) {
        wr_bytes(w, "\x7f\1", 2);
        put_i32(w, STACK_TOP);
        put_op(w, OP_END);
    }
    if (metered) wr_bytes(w, "\x7e\1\x42\0\x0b", 5);
    wr_end_size(w, mark);
    if (metered) {
        mark = begin_section(w, SEC_EXPORT);
        wr_u32(w, 1);
        wr_name(w, STR("parigot:fuel"));
        wr_byte(w, KIND_GLOBAL);
        wr_u32(w, ENV_GLOBALS);
        wr_end_size(w, mark);
    }
    mark = begin_section(w, SEC_ELEMENT);
    wr_bytes(w, "\1\0\x41\0\x0b\1\0", 7);
    wr_end_size(w, mark);
}

static void put_env(Writer *w, uint32_t n_functions, uint32_t n_types, void (*types)(Writer *, uint32_t))
{
    env(w, n_functions, n_types, types, false);
}

/* n_bodies functions of type 0, each with what `body` writes for n. */
static void bodies(Writer *w, void (*body)(Writer *, uint32_t), uint32_t n_bodies, uint32_t n, bool metered)
{
    Writer b = {0};
    body(&b, n);
    env(w, n_bodies, 0, no_types, metered);
    size_t mark = begin_section(w, SEC_CODE);
    wr_u32(w, n_bodies + 1);
    for (uint32_t i = 0; i < n_bodies; i++) {
        wr_u32(w, (uint32_t)b.len);
        wr_bytes(w, b.ptr, b.len);
    }
    wr_bytes(w, "\3\0\0\x0b", 4); /* no locals, unreachable, end */
    wr_end_size(w, mark);
    write_trailer(w);
    w->failed |= b.failed;
    wr_free(&b);
}

static void put_bodies(Writer *w, void (*body)(Writer *, uint32_t), uint32_t n_bodies, uint32_t n)
{
    bodies(w, body, n_bodies, n, false);
}

void put_module(Writer *w, void (*body)(Writer *, uint32_t), uint32_t n) { put_bodies(w, body, 1, n); }

static void put_metered(Writer *w, void (*body)(Writer *, uint32_t), uint32_t n) { bodies(w, body, 1, n, true); }

static void put_wide(Writer *b) /* a thousand operands */
{
    for (int i = 0; i < WIDE; i++) put_i32(b, 0);
}

static void drop_wide(Writer *b)
{
    for (int i = 0; i < WIDE; i++) put_op(b, OP_DROP);
}

static void ends(Writer *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) put_op(b, OP_END);
}

#define BODY(name) static void name(Writer *b, uint32_t n)
#define MODULE(name) static void bomb_##name(Writer *w, uint32_t n) { put_module(w, name, n); }

/* ---- nesting and arities ---- */

BODY(nested)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 3; i++) wr_bytes(b, i % 3 ? i % 2 ? "\x02\x40" : "\x03\x40" : "\x41\0\x04\x40", i % 3 ? 2 : 4);
    ends(b, n / 3 + 1);
}
MODULE(nested)

BODY(nested_wide)
{
    wr_byte(b, 0);
    put_wide(b);
    for (uint32_t i = 0; i < n / 3; i++) put_block(b, i & 1 ? OP_LOOP : OP_BLOCK, 1);
    ends(b, n / 3);
    drop_wide(b);
    ends(b, 1);
}
MODULE(nested_wide)

BODY(wide_loops)
{
    wr_byte(b, 0);
    put_wide(b);
    for (uint32_t i = 0; i < n / 3; i++) {
        put_block(b, OP_LOOP, 1);
        ends(b, 1);
    }
    drop_wide(b);
    ends(b, 1);
}
MODULE(wide_loops)

BODY(wide_ifs) /* without else: parameters and results are compared with each other */
{
    wr_byte(b, 0);
    put_wide(b);
    for (uint32_t i = 0; i < n / 5; i++) {
        put_i32(b, 1);
        put_block(b, OP_IF, 1);
        ends(b, 1);
    }
    drop_wide(b);
    ends(b, 1);
}
MODULE(wide_ifs)

BODY(wide_calls) /* of the last function */
{
    wr_byte(b, 0);
    put_wide(b);
    for (uint32_t i = 0; i < n / 2; i++) put_index(b, OP_CALL, 1);
    drop_wide(b);
    ends(b, 1);
}
MODULE(wide_calls)

BODY(wide_branches)
{
    wr_byte(b, 0);
    put_wide(b);
    put_block(b, OP_LOOP, 1);
    for (uint32_t i = 0; i < n / 4; i++) {
        put_i32(b, 1);
        put_index(b, OP_BR_IF, 0);
    }
    ends(b, 1);
    drop_wide(b);
    ends(b, 1);
}
MODULE(wide_branches)

BODY(results_of_unreachable) /* each end pushes a thousand results of nothing; at the limit of operands the body is given up */
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 5; i++) {
        put_op(b, OP_UNREACHABLE);
        put_block(b, OP_BLOCK, 1);
        put_op(b, OP_UNREACHABLE);
        ends(b, 1);
    }
    put_op(b, OP_UNREACHABLE);
    ends(b, 1);
}
MODULE(results_of_unreachable)

/* ---- br_table ---- */

BODY(one_br_table)
{
    wr_byte(b, 0);
    put_block(b, OP_BLOCK, 0);
    put_i32(b, 0);
    put_index(b, OP_BR_TABLE, n);
    for (uint32_t k = 0; k <= n; k++) wr_byte(b, k & 1);
    ends(b, 2);
}
MODULE(one_br_table)

BODY(wide_br_tables) /* labels of 1000 operands, in turns a loop and a block, so that none is like the one before */
{
    wr_byte(b, 0);
    put_op(b, OP_UNREACHABLE);
    put_block(b, OP_BLOCK, 1);
    put_block(b, OP_LOOP, 1);
    for (uint32_t i = 0; i < n / 3008 + 1; i++) {
        put_wide(b);
        put_i32(b, 0);
        put_index(b, OP_BR_TABLE, 1000);
        for (int k = 0; k <= 1000; k++) wr_byte(b, k & 1);
    }
    ends(b, 1);
    ends(b, 1);
    put_op(b, OP_UNREACHABLE);
    ends(b, 1);
}
MODULE(wide_br_tables)

/* n types [] -> [i32 x 500], each with one i64 somewhere: labels of them differ, and unreachable code fits all */
static void types_unlike(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        wr_byte(w, TYPE_FUNC);
        wr_u32(w, 0);
        wr_u32(w, 500);
        for (uint32_t k = 0; k < 500; k++) wr_byte(w, k == i ? TYPE_I64 : TYPE_I32);
    }
}

static void bomb_unlike_labels(Writer *w, uint32_t n)
{
    enum { LABELS = 60 };
    put_env(w, 1, LABELS, types_unlike);
    size_t mark = begin_section(w, SEC_CODE);
    wr_u32(w, 2);
    size_t body = wr_begin_size(w);
    wr_byte(w, 0);
    put_op(w, OP_UNREACHABLE);
    for (uint32_t i = 0; i < LABELS; i++) put_block(w, OP_BLOCK, 3 + i);
    put_op(w, OP_UNREACHABLE);
    for (uint32_t k = 0; k < n / (LABELS + 4); k++) {
        put_i32(w, 0);
        put_index(w, OP_BR_TABLE, LABELS - 1);
        for (uint8_t i = 0; i < LABELS; i++) wr_byte(w, i);
    }
    for (int i = 0; i < LABELS; i++) {
        put_op(w, OP_UNREACHABLE);
        ends(w, 1);
    }
    put_op(w, OP_UNREACHABLE);
    ends(w, 1);
    wr_end_size(w, body);
    wr_bytes(w, "\3\0\0\x0b", 4);
    wr_end_size(w, mark);
    write_trailer(w);
}

/* ---- locals ---- */

BODY(fifty_thousand_locals)
{
    (void)n;
    wr_u32(b, 1);
    wr_u32(b, 50000);
    wr_byte(b, TYPE_I32);
    put_index(b, OP_LOCAL_GET, 16383);
    put_op(b, OP_DROP);
    ends(b, 1);
}
static void bomb_huge_locals(Writer *w, uint32_t n) { put_bodies(w, fifty_thousand_locals, n / 13, n); }

BODY(groups_of_locals) /* and each local is looked for among the groups */
{
    uint32_t groups = n / 8;
    wr_u32(b, groups);
    for (uint32_t i = 0; i < groups; i++) {
        wr_u32(b, 3);
        wr_byte(b, i & 1 ? TYPE_I32 : TYPE_F64);
    }
    for (uint32_t i = 0; i < groups; i++) {
        put_index(b, OP_LOCAL_GET, groups * 2 + i);
        put_op(b, OP_DROP);
    }
    ends(b, 1);
}
MODULE(groups_of_locals)

BODY(empty_groups)
{
    wr_u32(b, n / 2);
    for (uint32_t i = 0; i < n / 2; i++) wr_bytes(b, "\0\x7f", 2);
    ends(b, 1);
}
MODULE(empty_groups)

BODY(huge_groups) /* all 2^32 - 1 locals that there may be, again in every body */
{
    (void)n;
    wr_u32(b, 2);
    wr_u32(b, UINT32_MAX - 1);
    wr_byte(b, TYPE_F64);
    wr_u32(b, 1);
    wr_byte(b, TYPE_I32);
    put_index(b, OP_LOCAL_GET, UINT32_MAX - 1);
    put_op(b, OP_DROP);
    ends(b, 1);
}
static void bomb_huge_groups(Writer *w, uint32_t n) { put_bodies(w, huge_groups, n / 18, n); }

BODY(just_an_end)
{
    (void)n;
    wr_byte(b, 0);
    ends(b, 1);
}
static void bomb_many_functions(Writer *w, uint32_t n) { put_bodies(w, just_an_end, n / 4, n); }

/* Functions of a thousand parameters each, which every one of them could copy. */
static void bomb_wide_functions(Writer *w, uint32_t n)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, 1);
    put_type(w, WIDE, 0);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_FUNCTION);
    wr_u32(w, n / 4);
    wr_zeros(w, n / 4);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, n / 4);
    for (uint32_t i = 0; i < n / 4; i++) wr_bytes(w, "\2\0\x0b", 3);
    wr_end_size(w, mark);
}

/* Each body a little longer than those before: what is kept from one to the next must not be made anew each time. */
static void bomb_growing_bodies(Writer *w, uint32_t n)
{
    uint32_t bodies = 1;
    while (bodies * bodies < n) bodies++;
    put_env(w, bodies, 0, no_types);
    size_t mark = begin_section(w, SEC_CODE);
    wr_u32(w, bodies + 1);
    for (uint32_t i = 0; i < bodies; i++) {
        size_t body = wr_begin_size(w);
        wr_byte(w, 0);
        for (uint32_t k = 0; k < 2 * i; k++) put_op(w, OP_NOP);
        ends(w, 1);
        wr_end_size(w, body);
    }
    wr_bytes(w, "\3\0\0\x0b", 4);
    wr_end_size(w, mark);
    write_trailer(w);
}

/* ---- unreachable code ---- */

BODY(polymorphic) /* operands of unknown type, selected, dropped, compared with every type */
{
    wr_byte(b, 0);
    put_op(b, OP_UNREACHABLE);
    for (uint32_t i = 0; i < n / 5; i++) {
        put_op(b, OP_SELECT);
        put_op(b, OP_SELECT);
        put_op(b, OP_I64_ADD);
        put_op(b, OP_DROP);
        put_op(b, OP_UNREACHABLE);
    }
    ends(b, 1);
}
MODULE(polymorphic)

BODY(high_stack)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 3; i++) put_i32(b, (int32_t)(i & 63));
    for (uint32_t i = 0; i < n / 3; i++) put_op(b, OP_DROP);
    ends(b, 1);
}
MODULE(high_stack)

/* ---- what is known ---- */

BODY(known_locals) /* constants in a hundred locals, forgotten at the end of each block */
{
    wr_bytes(b, "\1\x64\x7f", 3);
    for (uint32_t i = 0; i < n / 7; i++) {
        put_i32(b, 0);
        put_index(b, OP_LOCAL_SET, i % 100);
        put_block(b, OP_LOOP, 0);
        ends(b, 1);
    }
    ends(b, 1);
}
MODULE(known_locals)

BODY(known_joins) /* many locals known, then joins only; and again */
{
    enum { LOCALS = 64, JOINS = 512 };
    wr_bytes(b, "\1\x64\x7f", 3);
    for (uint32_t i = 0; i < n / (LOCALS * 4 + JOINS * 3) + 1; i++) {
        for (uint32_t k = 0; k < LOCALS; k++) {
            put_i32(b, 0);
            put_index(b, OP_LOCAL_SET, k);
        }
        for (int k = 0; k < JOINS; k++) wr_bytes(b, "\x02\x40\x0b", 3);
    }
    ends(b, 1);
}
MODULE(known_joins)

BODY(known_again) /* the same local known, unknown, known: it is in the list once */
{
    wr_bytes(b, "\1\2\x7f", 3);
    for (uint32_t i = 0; i < n / 8; i++) {
        put_i32(b, 0);
        put_index(b, OP_LOCAL_SET, 0);
        put_index(b, OP_LOCAL_GET, 1);
        put_index(b, OP_LOCAL_SET, 0);
    }
    ends(b, 1);
}
MODULE(known_again)

BODY(globals_written)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 4; i++) {
        put_index(b, OP_GLOBAL_GET, i % ENV_GLOBALS);
        put_index(b, OP_GLOBAL_SET, (i + 1) % ENV_GLOBALS);
    }
    ends(b, 1);
}
MODULE(globals_written)

BODY(one_frame) /* deeper than any guard, and never undone */
{
    (void)n;
    wr_byte(b, 0);
    put_index(b, OP_GLOBAL_GET, 0);
    put_i32(b, 8192);
    put_op(b, OP_I32_SUB);
    put_index(b, OP_GLOBAL_SET, 0);
    ends(b, 1);
}
static void bomb_frames(Writer *w, uint32_t n) { put_bodies(w, one_frame, n / 12, n); }

BODY(frames_in_one)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 8; i++) {
        put_index(b, OP_GLOBAL_GET, 0);
        put_i32(b, 8192);
        put_op(b, OP_I32_SUB);
        put_index(b, OP_GLOBAL_SET, 0);
    }
    ends(b, 1);
}
MODULE(frames_in_one)

/* ---- metered: the code is walked over a second time ---- */

BODY(charges) /* of nothing that needs one, inside of blocks, in the middle of other charges */
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 24; i++) {
        put_index(b, OP_GLOBAL_GET, ENV_GLOBALS);
        wr_bytes(b, "\x42\1", 2); /* i64.const 1 */
        put_op(b, OP_I64_SUB);
        put_index(b, OP_GLOBAL_SET, ENV_GLOBALS);
        put_index(b, OP_GLOBAL_GET, ENV_GLOBALS);
        wr_bytes(b, "\x42\0", 2);
        put_op(b, OP_I64_LT_S);
        wr_bytes(b, "\x04\x40\0\x0b", 4); /* if unreachable end */
        wr_bytes(b, "\x02\x40\x0b", 3);   /* block end */
        put_op(b, OP_NOP);
    }
    ends(b, 1);
}

#define METERED(name) static void bomb_metered_##name(Writer *w, uint32_t n) { put_metered(w, name, n); }
METERED(nested)
METERED(nested_wide)
METERED(one_br_table)
METERED(wide_br_tables)
METERED(globals_written)
METERED(empty_groups)
METERED(charges)

/* ---- findings and errors without end ---- */

BODY(constant_stores)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 7; i++) {
        put_i32(b, 16);
        put_i32(b, 0);
        put_index(b, OP_I32_STORE, 2);
        wr_u32(b, 0);
    }
    ends(b, 1);
}
MODULE(constant_stores)

BODY(table_writes)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 6; i++) {
        put_i32(b, 0);
        wr_bytes(b, "\xd0\x70", 2); /* ref.null func */
        put_index(b, OP_TABLE_SET, 0);
    }
    ends(b, 1);
}
MODULE(table_writes)

BODY(mismatches)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 3; i++) {
        wr_bytes(b, "\x02\x40", 2);
        put_op(b, OP_I32_ADD);
        ends(b, 1);
    }
    ends(b, 1);
}
MODULE(mismatches)

BODY(values_left)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 5; i++) {
        wr_bytes(b, "\x02\x40", 2);
        put_i32(b, 0);
        ends(b, 1);
    }
    ends(b, 1);
}
MODULE(values_left)

BODY(unknown_indices)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 4; i++) {
        put_index(b, OP_LOCAL_GET, 100);
        put_index(b, OP_CALL, 100);
    }
    ends(b, 1);
}
MODULE(unknown_indices)

BODY(wide_mismatches) /* a thousand parameters that are all of another type: the first one is said */
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 2; i++) put_index(b, OP_CALL, 1);
    ends(b, 1);
}
MODULE(wide_mismatches)

BODY(no_such_opcode)
{
    (void)n;
    wr_byte(b, 0);
    wr_byte(b, 0xff);
    ends(b, 1);
}
static void bomb_bad_opcodes(Writer *w, uint32_t n) { put_bodies(w, no_such_opcode, n / 5, n); }

/* Work a byte: a call, a block or a label of one or two bytes may handle a thousand operands each way, three times over. */
enum { PER_LABEL = 4000 };

const Bomb bombs_code[] = {
    {"nested blocks", bomb_nested, 0},
    {"nested blocks of 1000 parameters", bomb_nested_wide, PER_LABEL},
    {"loops of 1000 parameters", bomb_wide_loops, PER_LABEL},
    {"if without else, of 1000 parameters", bomb_wide_ifs, PER_LABEL},
    {"calls of 1000 parameters", bomb_wide_calls, PER_LABEL},
    {"branches to labels of 1000 operands", bomb_wide_branches, PER_LABEL},
    {"1000 results of unreachable blocks", bomb_results_of_unreachable, PER_LABEL},
    {"one br_table", bomb_one_br_table, 0},
    {"br_tables to labels of 1000 operands", bomb_wide_br_tables, PER_LABEL},
    {"br_tables to labels of different types", bomb_unlike_labels, PER_LABEL},
    {"bodies of 50,000 locals", bomb_huge_locals, 0},
    {"groups of locals", bomb_groups_of_locals, 0},
    {"empty groups of locals", bomb_empty_groups, 0},
    {"bodies of 4294967295 locals", bomb_huge_groups, 0},
    {"functions", bomb_many_functions, 0},
    {"functions of 1000 parameters", bomb_wide_functions, 0},
    {"bodies that grow", bomb_growing_bodies, 0},
    {"operands of unknown type", bomb_polymorphic, 0},
    {"operands", bomb_high_stack, 0},
    {"known locals", bomb_known_locals, 0},
    {"joins", bomb_known_joins, 0},
    {"locals known again and again", bomb_known_again, 0},
    {"writes of globals", bomb_globals_written, 0},
    {"frames in functions", bomb_frames, 0},
    {"frames in one function", bomb_frames_in_one, 0},
    {"stores to fixed addresses", bomb_constant_stores, 0},
    {"writes of tables", bomb_table_writes, 0},
    {"type errors", bomb_mismatches, 0},
    {"values left at ends", bomb_values_left, 0},
    {"unknown indices", bomb_unknown_indices, 0},
    {"calls of 1000 parameters without operands", bomb_wide_mismatches, PER_LABEL},
    {"unknown opcodes", bomb_bad_opcodes, 0},
    {"metered: nested blocks", bomb_metered_nested, 0},
    {"metered: nested blocks of 1000 parameters", bomb_metered_nested_wide, PER_LABEL},
    {"metered: one br_table", bomb_metered_one_br_table, 0},
    {"metered: br_tables to labels of 1000 operands", bomb_metered_wide_br_tables, PER_LABEL},
    {"metered: writes of globals", bomb_metered_globals_written, 0},
    {"metered: empty groups of locals", bomb_metered_empty_groups, 0},
    {"metered: charges", bomb_metered_charges, 0},
    {0},
};
