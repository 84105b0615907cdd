/* What no module may be, whatever the policy, and what happens when memory ends. Modules that cost much are in tests/bombs. */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

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

static void nested_blocks(Writer *b, uint32_t n)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n / 3; i++) wr_bytes(b, "\x02\x40", 2);
    for (uint32_t i = 0; i < n / 3; i++) wr_byte(b, 0x0b);
    wr_byte(b, 0x0b);
}

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
    tcase_add_test(t, implementation_limits);
    tcase_add_test(t, memory_fails);
    return run_tap(s);
}
