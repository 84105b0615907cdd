/* Bounds of the stack on modules made by hand: chains deeper than any C stack, wide calls by pointer, and code that
 * no compiler writes. The work is counted in edges, and the time limit of the test is for what is not linear. */
#include "linker/stack_bound.h"
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"

enum { FRAME = 16, MANY = 100000 };
#define OP1(w, op) wr_byte(w, (uint8_t)wasm_op_info[op].code)

static void op(Writer *w, WasmOp which, uint32_t operand)
{
    OP1(w, which);
    wr_u32(w, operand);
}

static void constant(Writer *w, int32_t v)
{
    OP1(w, OP_I32_CONST);
    wr_s32(w, v);
}

static void move_pointer(Writer *w, int32_t by)
{
    op(w, OP_GLOBAL_GET, 0);
    constant(w, by);
    OP1(w, OP_I32_ADD);
    op(w, OP_GLOBAL_SET, 0);
}

/* Type, functions, table, memory and stack pointer in front of the code; the last function is the entry. */
static size_t begin_module(Writer *w, uint32_t n, bool in_table)
{
    write_header(w);
    size_t s = begin_section(w, SEC_TYPE);
    wr_u32(w, 1);
    write_func_type(w, "", "");
    wr_end_size(w, s);
    s = begin_section(w, SEC_FUNCTION);
    wr_u32(w, n);
    wr_zeros(w, n);
    wr_end_size(w, s);
    s = begin_section(w, SEC_TABLE);
    wr_bytes(w, (const uint8_t[]){1, TYPE_FUNCREF, 0}, 3);
    wr_u32(w, n);
    wr_end_size(w, s);
    s = begin_section(w, SEC_MEMORY);
    wr_bytes(w, (const uint8_t[]){1, 0, 1}, 3);
    wr_end_size(w, s);
    s = begin_section(w, SEC_GLOBAL);
    wr_bytes(w, (const uint8_t[]){1, TYPE_I32, 1}, 3);
    constant(w, 4096);
    OP1(w, OP_END);
    wr_end_size(w, s);
    s = begin_section(w, SEC_EXPORT);
    wr_u32(w, 1);
    wr_name(w, STR("run"));
    wr_byte(w, KIND_FUNC);
    wr_u32(w, n - 1);
    wr_end_size(w, s);
    if (in_table) { /* all but the entry */
        s = begin_section(w, SEC_ELEMENT);
        wr_bytes(w, (const uint8_t[]){1, 0}, 2);
        constant(w, 0);
        OP1(w, OP_END);
        wr_u32(w, n - 1);
        for (uint32_t i = 0; i + 1 < n; i++) wr_u32(w, i);
        wr_end_size(w, s);
    }
    s = begin_section(w, SEC_CODE);
    wr_u32(w, n);
    return s;
}

static size_t begin_body(Writer *w)
{
    size_t s = wr_begin_size(w);
    wr_u32(w, 0);
    return s;
}

static void end_body(Writer *w, size_t s)
{
    OP1(w, OP_END);
    wr_end_size(w, s);
}

/* false: no bound, and *codes has the first error's code. */
static bool bound_of(Writer *w, size_t code, uint64_t *bound, DiagCode *error)
{
    wr_end_size(w, code);
    Arena arena = {0};
    Diags diags = {0};
    bool ok = ld_stack_bound(&arena, w->ptr, w->len, "made.wasm", &diags, bound);
    *error = diags.n ? diags.items[0].code : DIAG_NONE;
    ck_assert(ok == (diags.errors == 0));
    diag_free(&diags);
    arena_free(&arena);
    wr_free(w);
    return ok;
}

/* Each calls the one before it, within a frame; first_calls: whom the first one calls. */
static size_t chain(Writer *w, uint32_t n, uint32_t first_calls, int32_t frame)
{
    size_t code = begin_module(w, n, false);
    for (uint32_t i = 0; i < n; i++) {
        size_t s = begin_body(w);
        if (frame) move_pointer(w, -frame);
        if (i || first_calls < n) op(w, OP_CALL, i ? i - 1 : first_calls);
        if (frame) move_pointer(w, frame);
        end_body(w, s);
    }
    return code;
}

START_TEST(deep_chain)
{
    Writer w = {0};
    uint64_t bound;
    DiagCode error;
    ck_assert(bound_of(&w, chain(&w, MANY, UINT32_MAX, FRAME), &bound, &error));
    ck_assert(bound == (uint64_t)MANY * FRAME);
}
END_TEST

START_TEST(deep_circle)
{
    Writer w = {0};
    uint64_t bound;
    DiagCode error;
    ck_assert(!bound_of(&w, chain(&w, MANY, MANY - 1, FRAME), &bound, &error));
    ck_assert(error == LD_STACK_RECURSION);
    /* nobody holds a frame: it needs nothing */
    ck_assert(bound_of(&w, chain(&w, MANY, MANY - 1, 0), &bound, &error));
    ck_assert(bound == 0);
}
END_TEST

/* n places call by pointer what may be any of n functions. */
START_TEST(many_pointers)
{
    Writer w = {0};
    uint64_t bound;
    DiagCode error;
    size_t code = begin_module(&w, MANY, true);
    for (uint32_t i = 0; i < MANY; i++) {
        bool entry = i == MANY - 1;
        size_t s = begin_body(&w);
        move_pointer(&w, -FRAME);
        for (uint32_t k = 0; entry && k < MANY; k++) {
            constant(&w, 0);
            op(&w, OP_CALL_INDIRECT, 0);
            wr_u32(&w, 0);
        }
        move_pointer(&w, FRAME);
        end_body(&w, s);
    }
    ck_assert(bound_of(&w, code, &bound, &error));
    ck_assert(bound == 2 * FRAME);
}
END_TEST

/* Each of many calls itself: a bounded number is told. */
START_TEST(many_recursions)
{
    Writer w = {0};
    Arena arena = {0};
    Diags diags = {0};
    uint64_t bound;
    size_t code = begin_module(&w, MANY, false);
    for (uint32_t i = 0; i < MANY; i++) {
        size_t s = begin_body(&w);
        move_pointer(&w, -FRAME);
        op(&w, OP_CALL, i);
        if (i) op(&w, OP_CALL, i - 1);
        move_pointer(&w, FRAME);
        end_body(&w, s);
    }
    wr_end_size(&w, code);
    ck_assert(!ld_stack_bound(&arena, w.ptr, w.len, "made.wasm", &diags, &bound));
    ck_assert(diags.errors == 33);
    LdOptions options = {.output = "made.wasm"};
    TextBuf t = {0};
    diags.errors = 0;
    ck_assert(ld_report_stack(&options, &diags, &w, &t));
    ck_assert(strstr(t.ptr, "entry run: no bound: recursion: func 0 -> func 0") != NULL);
    text_free(&t);
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
}
END_TEST

/* One function; what is between is up to the test. */
#define ONE_FUNCTION(...)                                                                                              \
    do {                                                                                                               \
        Writer made = {0}, *w = &made;                                                                                 \
        size_t code = begin_module(w, 1, false), s = begin_body(w);                                                    \
        __VA_ARGS__;                                                                                                   \
        end_body(w, s);                                                                                                \
        bounded = bound_of(w, code, &bound, &error);                                                                   \
    } while (0)

START_TEST(odd_code)
{
    bool bounded;
    uint64_t bound;
    DiagCode error;
    ONE_FUNCTION(move_pointer(w, -16), move_pointer(w, -32), move_pointer(w, 48));
    ck_assert(bounded && bound == 48);
    /* lower each time around */
    ONE_FUNCTION(op(w, OP_LOOP, TYPE_VOID), move_pointer(w, -16), constant(w, 0), op(w, OP_BR_IF, 0), OP1(w, OP_END),
                 move_pointer(w, 16));
    ck_assert(!bounded && error == LD_STACK_DYNAMIC);
    /* lower and back each time around */
    ONE_FUNCTION(op(w, OP_LOOP, TYPE_VOID), move_pointer(w, -16), move_pointer(w, 16), constant(w, 0), op(w, OP_BR_IF, 0),
                 OP1(w, OP_END));
    ck_assert(bounded && bound == 16);
    /* never brought back */
    ONE_FUNCTION(move_pointer(w, -16));
    ck_assert(!bounded && error == LD_STACK_DYNAMIC);
    /* on one way only: the deeper one counts behind it */
    ONE_FUNCTION(constant(w, 1), op(w, OP_IF, TYPE_VOID), move_pointer(w, -16), OP1(w, OP_END));
    ck_assert(!bounded && error == LD_STACK_DYNAMIC);
    /* what cannot be reached moves nothing */
    ONE_FUNCTION(OP1(w, OP_RETURN), move_pointer(w, -16));
    ck_assert(bounded && bound == 0);
    /* a tail call of itself holds nothing */
    ONE_FUNCTION(move_pointer(w, -16), move_pointer(w, 16), op(w, OP_RETURN_CALL, 0));
    ck_assert(bounded && bound == 16);
    ONE_FUNCTION(constant(w, 4096), op(w, OP_GLOBAL_SET, 0), move_pointer(w, -16), move_pointer(w, 16));
    ck_assert(bounded && bound == 16);
    /* a way of 80,000 blocks; followed up to a depth that no compiler comes near */
    ONE_FUNCTION(for (int i = 0; i < 80000; i++) op(w, OP_BLOCK, TYPE_VOID); for (int i = 0; i < 80000; i++) OP1(w, OP_END));
    ck_assert(!bounded && error == LD_STACK_DYNAMIC);
    ONE_FUNCTION(for (int i = 0; i < 60000; i++) op(w, OP_BLOCK, TYPE_VOID); for (int i = 0; i < 60000; i++) OP1(w, OP_END));
    ck_assert(bounded && bound == 0);
    ONE_FUNCTION(constant(w, 4080), op(w, OP_GLOBAL_SET, 0));
    ck_assert(!bounded && error == LD_STACK_DYNAMIC);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stack_bound");
    TCase *t = tcase_create("bounds");
    tcase_set_timeout(t, 20);
    tcase_add_test(t, deep_chain);
    tcase_add_test(t, deep_circle);
    tcase_add_test(t, many_pointers);
    tcase_add_test(t, many_recursions);
    tcase_add_test(t, odd_code);
    suite_add_tcase(suite, t);
    return run_tap(suite);
}
