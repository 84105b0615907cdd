/* Every limit of limits.def, low and at its default: at the limit a module passes, one above it is a finding that names
 * the limit and both values. */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include <stdio.h>

enum { PAGE = 65536 };
#define B(bytes) (bytes), sizeof(bytes) - 1

/* ---- modules that have n of something ---- */

static size_t section_of(Writer *w, WasmSectionId id, uint64_t n)
{
    size_t mark = begin_section(w, id);
    wr_u32(w, (uint32_t)n);
    return mark;
}

static void repeat(Writer *w, WasmSectionId id, uint64_t n, const void *item, size_t size)
{
    size_t mark = section_of(w, id, n);
    for (uint64_t i = 0; i < n; i++) wr_bytes(w, item, size);
    wr_end_size(w, mark);
}

static void one_type(Writer *w) { repeat(w, SEC_TYPE, 1, B("\x60\0\0")); }

static void custom_section(Writer *w, size_t payload)
{
    wr_byte(w, SEC_CUSTOM);
    wr_u32_padded(w, (uint32_t)payload + 2);
    wr_name(w, STR("x"));
    wr_zeros(w, payload);
}

/* A function without parameters, of this code; declared locals come before it. */
static void function(Writer *w, const void *code, size_t size)
{
    one_type(w);
    repeat(w, SEC_FUNCTION, 1, "\0", 1);
    size_t mark = section_of(w, SEC_CODE, 1), body = wr_begin_size(w);
    wr_bytes(w, code, size);
    wr_end_size(w, body);
    wr_end_size(w, mark);
}

static void memory(Writer *w, uint64_t n)
{
    size_t mark = section_of(w, SEC_MEMORY, 1);
    wr_bytes(w, "\1\0", 2);
    wr_u32(w, (uint32_t)(n / PAGE));
    wr_end_size(w, mark);
}

static void module(Writer *w, uint64_t n) { custom_section(w, n - w->len - 8); }
static void custom(Writer *w, uint64_t n)
{
    custom_section(w, n / 2);
    custom_section(w, n - n / 2);
}

static void body(Writer *w, uint64_t n)
{
    Writer code = {0};
    wr_byte(&code, 0);
    for (uint64_t i = 0; i < n - 2; i++) wr_byte(&code, 0x01); /* nop */
    wr_byte(&code, 0x0b);
    function(w, code.ptr, code.len);
    wr_free(&code);
}

static void types(Writer *w, uint64_t n) { repeat(w, SEC_TYPE, n, B("\x60\0\0")); }

static void functions(Writer *w, uint64_t n)
{
    one_type(w);
    repeat(w, SEC_FUNCTION, n, "\0", 1);
    repeat(w, SEC_CODE, n, B("\2\0\x0b"));
}

static void imports(Writer *w, uint64_t n)
{
    repeat(w, SEC_TYPE, 1, B("\x60\3\x7f\x7f\x7f\1\x7f"));
    repeat(w, SEC_IMPORT, n, B("\3a.b\1c\0\0"));
}

static void exports(Writer *w, uint64_t n)
{
    char name[24];
    one_type(w);
    repeat(w, SEC_FUNCTION, 1, "\0", 1);
    size_t mark = section_of(w, SEC_EXPORT, n);
    for (uint64_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "f%llu", (unsigned long long)i);
        wr_name(w, str_of(name));
        wr_bytes(w, "\0\0", 2);
    }
    wr_end_size(w, mark);
    repeat(w, SEC_CODE, 1, B("\2\0\x0b"));
}

static void globals(Writer *w, uint64_t n) { repeat(w, SEC_GLOBAL, n, B("\x7f\0\x41\0\x0b")); }

static void table(Writer *w, uint64_t n) /* in two tables together */
{
    size_t mark = section_of(w, SEC_TABLE, 2);
    wr_bytes(w, "\x70\0", 2);
    wr_u32(w, (uint32_t)(n / 2));
    wr_bytes(w, "\x70\0", 2);
    wr_u32(w, (uint32_t)(n - n / 2));
    wr_end_size(w, mark);
}

static void segments(Writer *w, uint64_t n) /* of both kinds together */
{
    repeat(w, SEC_MEMORY, 1, B("\1\0\1"));
    repeat(w, SEC_ELEMENT, n / 2, B("\1\0\0"));
    repeat(w, SEC_DATA, n - n / 2, B("\1\0"));
}

static void locals(Writer *w, uint64_t n)
{
    Writer code = {0};
    wr_bytes(&code, "\2", 1);
    wr_u32(&code, 1);
    wr_byte(&code, TYPE_I64);
    wr_u32(&code, (uint32_t)n - 1);
    wr_bytes(&code, "\x7f\x0b", 2);
    function(w, code.ptr, code.len);
    wr_free(&code);
}

static void params(Writer *w, uint64_t n)
{
    size_t mark = section_of(w, SEC_TYPE, 1);
    wr_byte(w, TYPE_FUNC);
    wr_u32(w, (uint32_t)n);
    for (uint64_t i = 0; i < n; i++) wr_byte(w, TYPE_I32);
    wr_byte(w, 0);
    wr_end_size(w, mark);
}

static void br_table(Writer *w, uint64_t n) /* n targets and the default */
{
    Writer code = {0};
    wr_bytes(&code, "\0\x41\0\x0e", 4);
    wr_u32(&code, (uint32_t)n);
    wr_zeros(&code, n + 1);
    wr_byte(&code, 0x0b);
    function(w, code.ptr, code.len);
    wr_free(&code);
}

static void nesting(Writer *w, uint64_t n)
{
    Writer code = {0};
    wr_byte(&code, 0);
    for (uint64_t i = 0; i < n; i++) wr_bytes(&code, "\x02\x40", 2);
    for (uint64_t i = 0; i <= n; i++) wr_byte(&code, 0x0b);
    function(w, code.ptr, code.len);
    wr_free(&code);
}

/* ---- every one of them ---- */

static const struct {
    void (*make)(Writer *, uint64_t n);
    uint64_t low, step;
} rows[VAL_LIMIT_COUNT] = {
    [VAL_LIMIT_MEMORY] = {memory, 2 * PAGE, PAGE}, [VAL_LIMIT_MODULE] = {module, 100, 1},
    [VAL_LIMIT_CUSTOM] = {custom, 10, 1},          [VAL_LIMIT_BODY] = {body, 10, 1},
    [VAL_LIMIT_TYPES] = {types, 3, 1},             [VAL_LIMIT_FUNCTIONS] = {functions, 3, 1},
    [VAL_LIMIT_IMPORTS] = {imports, 3, 1},         [VAL_LIMIT_EXPORTS] = {exports, 3, 1},
    [VAL_LIMIT_GLOBALS] = {globals, 3, 1},         [VAL_LIMIT_TABLE] = {table, 3, 1},
    [VAL_LIMIT_SEGMENTS] = {segments, 3, 1},       [VAL_LIMIT_LOCALS] = {locals, 3, 1},
    [VAL_LIMIT_PARAMS] = {params, 3, 1},           [VAL_LIMIT_BR_TABLE] = {br_table, 3, 1},
    [VAL_LIMIT_NESTING] = {nesting, 3, 1},
};

typedef struct Judged {
    bool valid;
    ValVerdict verdict;
    char text[300];
} Judged;

static Judged judge(ValLimit limit, uint64_t n, const ValPolicy *policy)
{
    Writer w = {0};
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    Judged j = {0};
    write_header(&w);
    rows[limit].make(&w, n);
    ck_assert(!w.failed);
    bool clean = val_module(&arena, w.ptr, w.len, "test", &(ValOptions){.policy = policy}, &diags, &report);
    ck_assert(report.valid || !clean);
    j.valid = report.valid;
    j.verdict = report.rules[val_limit_info[limit].rule].verdict;
    for (size_t i = 0; i < diags.n; i++)
        if (diags.items[i].code == val_rule_info[val_limit_info[limit].rule].diag || !j.valid)
            snprintf(j.text, sizeof j.text, "%s", diags.items[i].text);
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
    return j;
}

static void at_and_above(ValLimit limit, uint64_t n, const ValPolicy *policy)
{
    char words[80], found[40];
    Judged at = judge(limit, n, policy), above = judge(limit, n + rows[limit].step, policy);
    ck_assert_msg(at.valid && at.verdict == VAL_PROVED, "%s at %llu: %s", val_limit_info[limit].key, (unsigned long long)n, at.text);
    ck_assert_msg(above.valid && above.verdict == VAL_VIOLATED, "%s above %llu: %s", val_limit_info[limit].key,
                  (unsigned long long)n, above.text);
    snprintf(words, sizeof words, "limits.%s is %llu", val_limit_info[limit].key, (unsigned long long)n);
    snprintf(found, sizeof found, "%llu", (unsigned long long)(n + rows[limit].step));
    ck_assert_msg(strstr(above.text, words) && strstr(above.text, found), "%s", above.text);
}

START_TEST(low)
{
    ValPolicy p = *val_builtin_policy(STR("strict"));
    ck_assert_msg(rows[_i].make, "no test of limits.%s", val_limit_info[_i].key);
    p.limits[_i] = rows[_i].low;
    at_and_above((ValLimit)_i, rows[_i].low, &p);
}
END_TEST

/* Alone: custom sections of 64 MiB make a module of more. What no module may have is not valid, whatever the policy says:
 * 1,000 parameters are both. */
START_TEST(by_default)
{
    ValPolicy p = *val_builtin_policy(STR("strict"));
    uint64_t n = val_limit_info[_i].value;
    for (int l = 0; l < VAL_LIMIT_COUNT; l++) {
        ck_assert_uint_eq(p.limits[l], val_limit_info[l].value);
        if (l != _i) p.limits[l] = UINT64_MAX;
    }
    if (_i != VAL_LIMIT_PARAMS) {
        at_and_above((ValLimit)_i, n, &p);
        return;
    }
    ck_assert(judge(VAL_LIMIT_PARAMS, n, &p).verdict == VAL_PROVED);
    ck_assert(!judge(VAL_LIMIT_PARAMS, n + 1, &p).valid);
}
END_TEST

/* Beside a maximum, which P401 wants: what the memory starts with. */
START_TEST(memory_without_maximum)
{
    static const uint8_t module_of_two_pages[] = "\0asm\1\0\0\0\5\3\1\0\2";
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    ValPolicy p = *val_builtin_policy(STR("strict"));
    p.limits[VAL_LIMIT_MEMORY] = PAGE;
    ck_assert(!val_module(&arena, module_of_two_pages, sizeof module_of_two_pages - 1, "test", &(ValOptions){.policy = &p}, &diags, &report));
    ck_assert_uint_eq(report.rules[RULE_P401].findings, 2);
    diag_free(&diags);
    arena_free(&arena);
}
END_TEST

/* none has no limits; the smaller of two policies' counts. */
START_TEST(of_two_policies)
{
    ValPolicy a = *val_builtin_policy(STR("none")), b = a;
    for (int l = 0; l < VAL_LIMIT_COUNT; l++) ck_assert(a.limits[l] == UINT64_MAX);
    a.rules[RULE_P603].violated = b.rules[RULE_P603].violated = VAL_ERROR;
    a.limits[VAL_LIMIT_TYPES] = 5;
    b.limits[VAL_LIMIT_TYPES] = 3;
    Writer w = {0};
    write_header(&w);
    types(&w, 4);
    for (int swapped = 0; swapped < 2; swapped++) {
        Arena arena = {0};
        Diags diags = {0};
        ValReport report;
        ValOptions o = {.policy = swapped ? &b : &a, .also = swapped ? &a : &b};
        ck_assert(!val_module(&arena, w.ptr, w.len, "test", &o, &diags, &report));
        ck_assert(strstr(diags.items[0].text, "4 types, limits.types is 3"));
        diag_free(&diags);
        arena_free(&arena);
    }
    wr_free(&w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validator_limits");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, low, 0, VAL_LIMIT_COUNT);
    tcase_add_loop_test(t, by_default, 0, VAL_LIMIT_COUNT);
    tcase_add_test(t, memory_without_maximum);
    tcase_add_test(t, of_two_policies);
    return run_tap(s);
}
