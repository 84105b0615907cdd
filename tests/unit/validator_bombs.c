/* Modules made to cost more than they are long. Time is not measured: the validator counts the items that it looks at
 * one by one, and the memory that it holds; both are bounded by the size of the file, and twice the file costs at most
 * about twice as much. */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include <stdio.h>

/* Work that a byte of code may cause: a call or a block of two or three bytes handles up to 1000 types each way. */
enum { WORK_PER_BYTE = 1400, BYTES_PER_BYTE = 40, FIXED_BYTES = 1 << 20 };

static void types_of_n(Writer *w, const char *shape, uint32_t n_params, uint32_t n_results)
{
    wr_byte(w, TYPE_FUNC);
    wr_u32(w, n_params);
    for (uint32_t i = 0; i < n_params; i++) wr_byte(w, type_of(*shape));
    wr_u32(w, n_results);
    for (uint32_t i = 0; i < n_results; i++) wr_byte(w, type_of(*shape));
}

/* One module: types as given, n_bodies functions of type 0, each with this body (locals included). */
static void write_module(Writer *w, void (*types)(Writer *, uint32_t n), uint32_t n_types, uint32_t n_bodies, const Writer *body)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_TYPE);
    types(w, n_types);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_FUNCTION);
    wr_u32(w, n_bodies);
    wr_zeros(w, n_bodies);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, n_bodies);
    for (uint32_t i = 0; i < n_bodies; i++) {
        wr_u32(w, (uint32_t)body->len);
        wr_bytes(w, body->ptr, body->len);
    }
    wr_end_size(w, mark);
    write_trailer(w);
}

static void type_plain(Writer *w, uint32_t n)
{
    (void)n;
    wr_u32(w, 1);
    write_func_type(w, "", "");
}

/* 0: [] -> [], 1: [i32 x 1000] -> [i32 x 1000] */
static void type_wide(Writer *w, uint32_t n)
{
    (void)n;
    wr_u32(w, 2);
    write_func_type(w, "", "");
    types_of_n(w, "i", VAL_MAX_PARAMS, VAL_MAX_RESULTS);
}

/* 0: [] -> [], then n different types [] -> [i32 x 500 and one of its own at the bottom] */
static void type_many(Writer *w, uint32_t n)
{
    wr_u32(w, n + 1);
    write_func_type(w, "", "");
    for (uint32_t i = 0; i < n; i++) {
        wr_byte(w, TYPE_FUNC);
        wr_u32(w, 0);
        wr_u32(w, 500);
        for (uint32_t k = 0; k < 500; k++) wr_byte(w, i >> (k % 16) & 1 && k < 16 ? TYPE_I64 : TYPE_I32);
    }
}

/* ---- the bombs; each writes a body of about n bytes ---- */

static void nested_blocks(Writer *b, uint32_t n)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 3; i++) wr_bytes(b, "\x02\x40", 2);
    for (uint32_t i = 0; i < n / 3; i++) wr_byte(b, 0x0b);
    wr_byte(b, 0x0b);
}

static void nested_wide_blocks(Writer *b, uint32_t n)
{
    wr_byte(b, 0);
    for (int i = 0; i < VAL_MAX_PARAMS; i++) wr_bytes(b, "\x41\0", 2);
    for (uint32_t i = 0; i < n / 3; i++) wr_bytes(b, "\x02\1", 2);
    for (uint32_t i = 0; i < n / 3; i++) wr_byte(b, 0x0b);
    for (int i = 0; i < VAL_MAX_PARAMS; i++) wr_byte(b, 0x1a);
    wr_byte(b, 0x0b);
}

static void wide_blocks_in_a_row(Writer *b, uint32_t n)
{
    wr_byte(b, 0);
    for (int i = 0; i < VAL_MAX_PARAMS; i++) wr_bytes(b, "\x41\0", 2);
    for (uint32_t i = 0; i < n / 3; i++) wr_bytes(b, "\x03\1\x0b", 3);
    for (int i = 0; i < VAL_MAX_PARAMS; i++) wr_byte(b, 0x1a);
    wr_byte(b, 0x0b);
}

static void wide_br_tables(Writer *b, uint32_t n) /* each target has 1000 results to look at */
{
    wr_byte(b, 0);
    wr_bytes(b, "\x00\x02\1\x02\1", 5);
    for (uint32_t i = 0; i < n / 1004 + 1; i++) {
        wr_bytes(b, "\x41\0\x0e", 3);
        wr_u32(b, 1000);
        for (int k = 0; k < 1000; k++) wr_byte(b, k & 1);
        wr_byte(b, 0);
    }
    wr_bytes(b, "\x0b\x0b\x00\x0b", 4);
}

static void one_huge_br_table(Writer *b, uint32_t n)
{
    wr_byte(b, 0);
    wr_bytes(b, "\x02\x40\x41\0\x0e", 5);
    wr_u32(b, n);
    for (uint32_t k = 0; k <= n; k++) wr_byte(b, k & 1);
    wr_bytes(b, "\x0b\x0b", 2);
}

static void unreachable_pushes(Writer *b, uint32_t n) /* after unreachable each end pushes 1000 results of nothing */
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 4; i++) wr_bytes(b, "\x00\x02\1\x00", 4), wr_byte(b, 0x0b);
    wr_bytes(b, "\x00\x0b", 2);
}

static void many_locals(Writer *b, uint32_t n) /* small bodies that declare 50,000 locals each */
{
    (void)n;
    wr_u32(b, 1);
    wr_u32(b, 50000);
    wr_bytes(b, "\x7f\x20\xff\x7f\x1a\x0b", 6);
}

static void many_groups(Writer *b, uint32_t n)
{
    wr_u32(b, n / 6);
    for (uint32_t i = 0; i < n / 6; i++) {
        wr_u32(b, 3);
        wr_byte(b, i & 1 ? TYPE_I32 : TYPE_F64);
    }
    for (uint32_t i = 0; i < n / 6; i++) {
        wr_byte(b, 0x20);
        wr_u32(b, n / 4);
        wr_byte(b, 0x1a);
    }
    wr_byte(b, 0x0b);
}

static void known_locals(Writer *b, uint32_t n) /* constants kept and forgotten again and again */
{
    wr_bytes(b, "\1\x64\x7f", 3);
    for (uint32_t i = 0; i < n / 7; i++) {
        wr_bytes(b, "\x41\0\x21", 3);
        wr_u32(b, i % 100);
        wr_bytes(b, "\x03\x40\x0b", 3);
    }
    wr_byte(b, 0x0b);
}

static void many_types_to_compare(Writer *b, uint32_t n) /* unreachable code that branches to labels of ever other types */
{
    wr_byte(b, 0);
    wr_byte(b, 0x00);
    for (int i = 1; i <= 60; i++) wr_byte(b, 0x02), wr_u32(b, (uint32_t)i);
    wr_byte(b, 0x00);
    for (uint32_t k = 0; k < n / 64; k++) {
        wr_bytes(b, "\x41\0\x0e\x3b", 4);
        for (int i = 0; i < 60; i++) wr_byte(b, (uint8_t)i);
    }
    for (int i = 0; i < 60; i++) wr_bytes(b, "\x00\x0b", 2);
    wr_bytes(b, "\x00\x0b", 2);
}

static const struct {
    const char *name;
    void (*types)(Writer *, uint32_t);
    uint32_t n_types;
    void (*body)(Writer *, uint32_t n);
    uint32_t bytes_a_body; /* 0: one body of all bytes; else many small ones */
} bombs[] = {
    {"nested blocks", type_plain, 0, nested_blocks, 0},
    {"nested blocks of 1000 parameters", type_wide, 0, nested_wide_blocks, 0},
    {"loops of 1000 parameters", type_wide, 0, wide_blocks_in_a_row, 0},
    {"br_tables to labels of 1000 operands", type_wide, 0, wide_br_tables, 0},
    {"one br_table", type_plain, 0, one_huge_br_table, 0},
    {"results of unreachable blocks", type_wide, 0, unreachable_pushes, 0},
    {"bodies of 50,000 locals", type_plain, 0, many_locals, 12},
    {"groups of locals", type_plain, 0, many_groups, 0},
    {"known locals", type_plain, 0, known_locals, 0},
    {"labels of different types", type_many, 60, many_types_to_compare, 0},
};

typedef struct Cost {
    size_t size, scratch;
    uint64_t work;
    bool valid;
} Cost;

static Cost cost_of(int i, uint32_t n)
{
    Writer body = {0}, w = {0};
    bombs[i].body(&body, n);
    write_module(&w, bombs[i].types, bombs[i].n_types, bombs[i].bytes_a_body ? n / bombs[i].bytes_a_body : 1, &body);
    ck_assert(!w.failed);
    Arena arena = {0};
    Diags diags = {.limit = 10};
    ValReport report;
    ValPolicy audit = *val_builtin_policy(STR("audit"));
    bool ok = val_module(&arena, w.ptr, w.len, "bomb", &(ValOptions){.policy = &audit}, &diags, &report);
    ck_assert(ok == (diags.errors == 0));
    Cost c = {w.len, report.scratch_bytes, report.type_comparisons, report.valid};
    ck_assert_msg(c.valid || diags.items[0].code == VAL_IMPLEMENTATION || diags.items[1].code == VAL_IMPLEMENTATION, "%s: %s", bombs[i].name,
                  diags.items[0].text);
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
    wr_free(&body);
    return c;
}

START_TEST(linear)
{
    Cost small = cost_of(_i, 100000), large = cost_of(_i, 200000);
    ck_assert_msg(large.work <= (uint64_t)large.size * WORK_PER_BYTE, "%s: %llu items for %zu bytes", bombs[_i].name,
                  (unsigned long long)large.work, large.size);
    ck_assert_msg(large.scratch <= large.size * BYTES_PER_BYTE + FIXED_BYTES + VAL_MAX_OPERANDS * 10u, "%s: %zu bytes of memory for %zu", bombs[_i].name,
                  large.scratch, large.size);
    double ratio = (double)large.size / (double)small.size;
    ck_assert_msg((double)large.work <= 1.25 * ratio * (double)small.work + 100000, "%s: %llu items became %llu", bombs[_i].name,
                  (unsigned long long)small.work, (unsigned long long)large.work);
}
END_TEST

/* What the specification's implementation limits are for: these are refused, with a code of their own. */
START_TEST(implementation_limits)
{
    Writer w = {0};
    write_header(&w);
    size_t mark = begin_section(&w, SEC_TYPE);
    wr_u32(&w, 1);
    types_of_n(&w, "i", VAL_MAX_PARAMS + 1, 0);
    wr_end_size(&w, mark);
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    ck_assert(!val_module(&arena, w.ptr, w.len, "bomb", NULL, &diags, &report));
    ck_assert(diags.items[0].code == VAL_IMPLEMENTATION);
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
}
END_TEST

/* Each limit of a policy, set so low that the module breaks it: the finding has the limit's rule and names it. */
START_TEST(policy_limits)
{
    Writer body = {0}, w = {0};
    wr_bytes(&body, "\1\5\x7f\x02\x40\x02\x40\x41\0\x0e\2\0\0\0\x0b\x0b\x41\0\x41\0\x10\1\x1a\x0b", 24);
    write_header(&w);
    size_t mark = begin_section(&w, SEC_CUSTOM);
    wr_name(&w, STR("x"));
    wr_zeros(&w, 8);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_TYPE);
    wr_u32(&w, 2);
    write_func_type(&w, "", "");
    write_func_type(&w, "ii", "i");
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_IMPORT);
    wr_u32(&w, 2);
    for (int i = 0; i < 2; i++) {
        wr_name(&w, STR("a.B"));
        wr_name(&w, STR("c"));
        wr_bytes(&w, i ? "\0\1" : "\0\0", 2);
    }
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_FUNCTION);
    wr_bytes(&w, "\1\0", 2);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_TABLE);
    wr_bytes(&w, "\1\x70\0\5", 4);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_MEMORY);
    wr_bytes(&w, "\1\1\2\2", 4);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_GLOBAL);
    wr_bytes(&w, "\2\x7f\0\x41\0\x0b\x7f\0\x41\0\x0b", 11);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_EXPORT);
    wr_bytes(&w, "\2\1a\3\0\1b\3\1", 9);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_CODE);
    wr_u32(&w, 1);
    wr_u32(&w, (uint32_t)body.len);
    wr_bytes(&w, body.ptr, body.len);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_DATA);
    wr_bytes(&w, "\2\0\x41\0\x0b\0\0\x41\0\x0b\0", 11);
    wr_end_size(&w, mark);
    write_trailer(&w);

    ValPolicy p = *val_builtin_policy(STR("none")), within = p;
    p.limits[_i] = 1;
    p.rules[val_limit_info[_i].rule].violated = VAL_ERROR;
    within.rules[val_limit_info[_i].rule].violated = VAL_ERROR; /* the same rule without limits */
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    ck_assert_msg(val_module(&arena, w.ptr, w.len, "m", &(ValOptions){.policy = &within}, &diags, &report), "%s", diags.items[0].text);
    ck_assert(!val_module(&arena, w.ptr, w.len, "m", &(ValOptions){.policy = &p}, &diags, &report));
    ck_assert(report.valid);
    ck_assert_msg(diags.items[0].code == val_rule_info[val_limit_info[_i].rule].diag, "%s", diags.items[0].text);
    char words[40];
    snprintf(words, sizeof words, "limits.%s is 1", val_limit_info[_i].key);
    ck_assert_msg(strstr(diags.items[0].text, words), "%s", diags.items[0].text);
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
    wr_free(&body);
}
END_TEST

START_TEST(memory_fails)
{
    Writer body = {0}, w = {0};
    nested_blocks(&body, 60000);
    write_module(&w, type_plain, 0, 1, &body);
    bool ok = false;
    for (size_t limit = 1; !ok; limit += 40000) {
        Arena arena = {.limit_bytes = limit};
        Diags diags = {0};
        ValReport report;
        ok = val_module(&arena, w.ptr, w.len, "test", NULL, &diags, &report);
        ck_assert(ok || diags.errors > 0);
        ck_assert(limit < (size_t)1 << 26);
        diag_free(&diags);
        arena_free(&arena);
    }
    wr_free(&w);
    wr_free(&body);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validator_bombs");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, linear, 0, ARRAY_LEN(bombs));
    tcase_add_test(t, implementation_limits);
    tcase_add_loop_test(t, policy_limits, 0, VAL_LIMIT_COUNT);
    tcase_add_test(t, memory_fails);
    return run_tap(s);
}
