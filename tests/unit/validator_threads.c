/* Function bodies checked in several threads: the report and every word are those of one thread. */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

enum { BODIES = 6000, FILLER = 60 }; /* above 256 KiB of code: below that no threads are started */

/* What single functions add to the facts of the module, and what is wrong with some of them. */
static const struct {
    const char *body; /* without locals and end */
    size_t size;
    uint32_t every;   /* one function in so many */
} odd_bodies[] = {
    {"\x41\xc0\x00\x41\x07\x36\x02\x00", 8, 700},     /* i32.store at 64: P104 */
    {"\x23\x00\x41\x01\x6a\x24\x00", 7, 900},         /* global 0 += 1: P101 */
    {"\x23\x01\x41\x10\x6b\x24\x01", 7, 1100},        /* global 1 -= 16, and left there */
    {"\x42\x00\x1a\x6a\x1a", 5, 1300},                /* i32.add without operands */
    {"\x41\x80\x80\x80\x80\x70\x1a", 7, 1500},        /* LEB128 with bits too many */
    {"\xfe\x03\x00", 3, 1700},                        /* atomic.fence: a feature that is not supported */
    {"\x41\x00\xc0\x1a", 4, 400},                     /* i32.extend8_s: a feature that is */
    {"\x41\x00\x41\x00\x26\x00", 6, 1900},            /* table.set of a number */
};

static void write_body(Writer *w, uint32_t i)
{
    size_t mark = wr_begin_size(w);
    wr_byte(w, 0);
    for (int k = 0; k < FILLER; k++) wr_bytes(w, "\x41\x05\x1a", 3); /* i32.const 5, drop */
    for (size_t k = 0; k < ARRAY_LEN(odd_bodies); k++)
        if (i % odd_bodies[k].every == 17) wr_bytes(w, odd_bodies[k].body, odd_bodies[k].size);
    wr_byte(w, 0x0b);
    wr_end_size(w, mark);
}

static void write_module(Writer *w, uint32_t bodies)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, 1);
    write_func_type(w, "", "");
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_FUNCTION);
    wr_u32(w, bodies);
    wr_zeros(w, bodies);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_TABLE);
    wr_bytes(w, "\1\x70\0\1", 4);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_MEMORY);
    wr_bytes(w, "\1\0\1", 3);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_GLOBAL);
    wr_bytes(w, "\2\x7f\1\x41\0\x0b\x7f\1\x41\x80\x80\4\x0b", 13);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, bodies);
    for (uint32_t i = 0; i < bodies; i++) write_body(w, i);
    wr_end_size(w, mark);
    write_trailer(w);
}

/* Everything that the report and the diagnostics say. */
static void say(TextBuf *out, const Writer *module, unsigned threads, size_t limit)
{
    Arena arena = {0};
    Diags diags = {.limit = limit};
    ValReport report;
    ValOptions options = {.policy = val_builtin_policy(STR("strict")), .threads = threads};
    bool ok = val_module(&arena, module->ptr, module->len, "m.wasm", &options, &diags, &report);
    text_printf(out, "%d %zu errors %zu warnings valid %d features %llx\n", ok, diags.errors, diags.warnings, report.valid,
                (unsigned long long)report.features);
    for (int r = 0; r < VAL_RULE_COUNT; r++)
        text_printf(out, "%s %s %u\n", val_rule_info[r].code, val_verdict_text(report.rules[r].verdict),
                    report.rules[r].findings);
    for (size_t i = 0; i < diags.n; i++) diag_format_json(out, &diags.items[i]);
    diag_free(&diags);
    arena_free(&arena);
}

static void check_same(uint32_t bodies, size_t limit)
{
    Writer module = {0};
    write_module(&module, bodies);
    TextBuf one = {0};
    say(&one, &module, 1, limit);
    ck_assert_uint_gt(one.len, 500);
    for (unsigned threads = 2; threads <= 64; threads *= 4) {
        TextBuf several = {0};
        say(&several, &module, threads, limit);
        ck_assert_str_eq(several.ptr, one.ptr);
        text_free(&several);
    }
    text_free(&one);
    wr_free(&module);
}

START_TEST(words_are_the_same) { check_same(BODIES, 0); }
END_TEST

START_TEST(words_are_the_same_at_the_limit) { check_same(BODIES, 7); }
END_TEST

/* No function of the first 17 has anything odd: all is proved by threads, none is checked again. */
START_TEST(valid_modules_are_valid)
{
    Writer w = {0};
    write_header(&w);
    size_t mark = begin_section(&w, SEC_TYPE);
    wr_u32(&w, 1);
    write_func_type(&w, "", "");
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_FUNCTION);
    wr_u32(&w, BODIES);
    wr_zeros(&w, BODIES);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_CODE);
    wr_u32(&w, BODIES);
    for (uint32_t i = 0; i < BODIES; i++) write_body(&w, 0);
    wr_end_size(&w, mark);
    Arena arena = {0};
    Diags diags = {0};
    ValReport one, four;
    ck_assert(val_module(&arena, w.ptr, w.len, "m.wasm", NULL, &diags, &one));
    ck_assert(val_module(&arena, w.ptr, w.len, "m.wasm", &(ValOptions){.threads = 4}, &diags, &four));
    ck_assert(four.valid);
    ck_assert_uint_eq(one.type_comparisons, four.type_comparisons);
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validator_threads");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    tcase_add_test(t, words_are_the_same);
    tcase_add_test(t, words_are_the_same_at_the_limit);
    tcase_add_test(t, valid_modules_are_valid);
    return run_tap(s);
}
