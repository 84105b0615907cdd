/* Policy files: what they come to, the canonical text as its own canonical text, and each error with its line. */
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include <stdio.h>
#include <string.h>

static bool parse(Arena *a, const char *text, Diags *d, ValPolicy *p) { return val_parse_policy(a, str_of(text), "p.cfg", d, p); }

static void canonical_again(const ValPolicy *p)
{
    Arena a = {0};
    Diags d = {0};
    TextBuf first = {0}, second = {0};
    ValPolicy again;
    val_policy_text(&first, p);
    ck_assert_msg(parse(&a, first.ptr, &d, &again), "%s\n%s", d.n ? d.items[0].text : "", first.ptr);
    val_policy_text(&second, &again);
    ck_assert_str_eq(first.ptr, second.ptr);
    uint8_t x[32], y[32];
    ck_assert(val_policy_digest(p, x) && val_policy_digest(&again, y));
    ck_assert_mem_eq(x, y, 32);
    ck_assert(again.base == p->base && again.features == (p->features | FEATURE_BIT(MVP)));
    ck_assert_mem_eq(again.limits, p->limits, sizeof p->limits);
    ck_assert_mem_eq(again.rules, p->rules, sizeof p->rules);
    text_free(&first);
    text_free(&second);
    diag_free(&d);
    arena_free(&a);
}

START_TEST(builtin)
{
    static const char *const names[] = {"strict", "reset", "audit", "none"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) canonical_again(val_builtin_policy(str_of(names[i])));
    ck_assert_ptr_null(val_builtin_policy(STR("lax")));
}
END_TEST

static const char example[] =
    "policy = 1;\n"
    "name = \"acme\";\n"
    "base = \"reset\";\n"
    "rules = ( { code = \"P1xx\"; violated = \"warning\"; }, { code = \"P104\"; violated = \"error\"; not_provable = \"error\"; },\n"
    "          { code = \"P7xx\"; violated = \"off\"; not_provable = \"off\"; } );\n"
    "imports = { allow = [ \"z.v1.*/*\", \"a.B/c\", \"a.B/c\" ]; deny = [ \"n.Net/*\" ]; };\n"
    "exports = { allow = [ \"run\" ]; memory = true; };\n"
    "features = [ \"simd\", \"bulk-memory\" ];\n"
    "limits = { memory = \"1 MiB\"; body = \"10 B\"; types = 0; functions = 5000000000L; };\n"
    "waivers = (\n"
    "  { name = \"z\"; rule = \"P104\"; symbol = \"a\\\"b\"; reason = \"because\"; expires = \"2028-02-29\"; },\n"
    "  { name = \"a\"; rule = \"P104\"; reason = \"libc\"; bytes = 4096;\n"
    "    archive = \"blake2b-256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"; },\n"
    "  { name = \"f\"; rule = \"P105\"; finding = \"P105@init\"; reason = \"once\"; } );\n";

START_TEST(values)
{
    Arena a = {0};
    Diags d = {0};
    ValPolicy p;
    ck_assert_msg(parse(&a, example, &d, &p), "%s", d.n ? d.items[0].text : "");
    ck_assert(p.base == VAL_BASE_RESET && str_eq(p.name, STR("acme")));
    ck_assert(p.rules[RULE_P101].violated == VAL_WARNING && p.rules[RULE_P101].not_provable == VAL_NOTE);
    ck_assert(p.rules[RULE_P104].violated == VAL_ERROR && p.rules[RULE_P104].not_provable == VAL_ERROR);
    ck_assert(p.rules[RULE_P201].violated == VAL_ERROR);
    ck_assert(p.n_imports_allow == 2 && str_eq(p.imports_allow[0], STR("a.B/c")) && p.n_imports_deny == 1);
    ck_assert(p.exports_memory && p.n_exports_allow == 1);
    ck_assert(p.features == (FEATURE_BIT(MVP) | FEATURE_BIT(MUTABLE_GLOBAL) | FEATURE_BIT(SIMD) | FEATURE_BIT(BULK_MEMORY)));
    ck_assert(p.limits[VAL_LIMIT_MEMORY] == 1 << 20 && p.limits[VAL_LIMIT_TYPES] == UINT64_MAX && p.limits[VAL_LIMIT_BODY] == 10);
    ck_assert(p.limits[VAL_LIMIT_FUNCTIONS] == UINT64_C(5000000000) && p.limits[VAL_LIMIT_IMPORTS] == 10000);
    ck_assert(p.n_waivers == 3 && str_eq(p.waivers[0].name, STR("a")) && p.waivers[0].has_archive && p.waivers[0].bytes == 4096);
    ck_assert_int_eq(p.waivers[2].expires, 1835481599); /* date -d '2028-02-29 23:59:59 UTC' +%s */
    canonical_again(&p);
    arena_free(&a);
    diag_free(&d);
}
END_TEST

#define DIGEST "blake2b-256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD "policy = 1;\nname = \"p\";\n"
static const struct {
    const char *text;
    DiagCode code;
    unsigned line;
    const char *words;
} wrong[] = {
    {"name = \"p\";\npolicy = 1;\n", CFG_VERSION, 1, "policy = 1;"},
    {"policy = 1;\n", CFG_MISSING, 0, "\"name\" is missing"},
    {"policy = 1;\nname = \"\";\n", CFG_VALUE, 2, "needs a name"},
    {HEAD "base = \"lax\";\n", CFG_VALUE, 3, "expected strict, reset, audit or none, found \"lax\""},
    {HEAD "rules = ( { code = \"P999\"; } );\n", CFG_VALUE, 3, "no such rule: \"P999\""},
    {HEAD "rules = ( { code = \"P8xx\"; } );\n", CFG_VALUE, 3, "no such rule"},
    {HEAD "rules = ( { code = \"P104\";\n violated = \"fatal\"; } );\n", CFG_VALUE, 4, "expected error, warning, note or off, found \"fatal\""},
    {HEAD "rules = ( { violated = \"error\"; } );\n", CFG_MISSING, 3, "rules[].code"},
    {HEAD "imports = {\n allow = [ \"greeting\" ]; };\n", CFG_VALUE, 4, "of the form service/Method"},
    {HEAD "imports = { deny = [ \"a/b\", \"\" ]; };\n", CFG_VALUE, 3, "of the form service/Method"},
    {HEAD "features = [ \"sse2\" ];\n", CFG_VALUE, 3, "no such feature: \"sse2\""},
    {HEAD "features = [ \"multivalue\" ];\n", CFG_VALUE, 3, "did you mean multi-value? (features: mvp, "},
    {HEAD "features = [ \"threads\" ];\n", CFG_VALUE, 3, "feature threads is not supported"},
    {HEAD "limits = { memory = 5; };\n", CFG_TYPE, 3, "a size in a string"},
    {HEAD "limits = { params = 1001; };\n", CFG_VALUE, 3, "at most 1000"},
    {HEAD "limits = { lcoals = 5; };\n", CFG_UNKNOWN_KEY, 3, "limits.lcoals"},
    {HEAD "waivers = ( { rule = \"P104\"; symbol = \"x\"; reason = \"y\"; } );\n", CFG_MISSING, 3, "waivers[].name"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; } );\n", CFG_MISSING, 3, "waivers[].reason"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; reason = \"\"; } );\n", CFG_VALUE, 3, "needs a reason"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P301\"; symbol = \"x\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "P301 cannot be waived"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P1\"; symbol = \"x\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "no such rule"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "exactly one of"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; finding = \"P104@x\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "exactly one of"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; archive = \"sha256:00\"; reason = \"y\"; bytes = 1; } );\n", CFG_VALUE, 3, "64 hexadecimal digits"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P105\"; finding = \"P104@x\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "expected P105@function"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; reason = \"y\"; expires = \"2027-02-29\"; } );\n", CFG_VALUE, 3, "expected a day"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; reason = \"y\"; bytes = 5; } );\n", CFG_VALUE, 3, "bytes goes with archive"},
    {HEAD "waivers = ( { name = \"\"; rule = \"P104\"; symbol = \"x\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "needs a name"},
    {HEAD "waivers = ( { name = \"n\"; symbol = \"x\"; reason = \"y\"; } );\n", CFG_MISSING, 3, "waivers[].rule"},
    {HEAD "waivers = (\n { name = \"n\"; rule = \"P104\"; finding = \"P104@x\"; reason = \"y\";\n object = \"" DIGEST "\"; } );\n", CFG_VALUE, 5, "object goes with symbol"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; object = \"00\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "64 hexadecimal digits"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; archive = \"" DIGEST "\"; reason = \"y\"; } );\n", CFG_VALUE, 3, "an archive needs bytes"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; reason = \"y\"; expires = \"tomorrow\"; } );\n", CFG_VALUE, 3, "expected a day, 2027-06-30, found \"tomorrow\""},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; reasons = \"y\"; } );\n", CFG_UNKNOWN_KEY, 3, "waivers[].reasons"},
    {HEAD "exports = { memory = \"yes\"; };\n", CFG_TYPE, 3, "true or false"},
    {HEAD "rules = {};\n", CFG_TYPE, 3, "parentheses"},
    {HEAD "limits = { types = -1; };\n", CFG_VALUE, 3, "not negative"},
    {HEAD "limits = { body = \"1 kB\"; };\n", CFG_VALUE, 3, "MiB"},
    {HEAD "polcies = 1;\n", CFG_UNKNOWN_KEY, 3, "polcies"},
    {HEAD "features = [ \"simd\" ;\n", CFG_SYNTAX, 3, "syntax"},
    {HEAD "@include \"other.cfg\"\n", CFG_INCLUDE, 3, "@include"},
    {"policy = 2;\nname = \"p\";\n", CFG_VERSION, 1, "version 1"},
    {HEAD "waivers = ( { name = \"n\"; rule = \"P104\"; symbol = \"x\"; reason = \"y\"; },\n { name = \"n\"; rule = \"P104\"; symbol = \"z\"; reason = \"y\"; } );\n",
     CFG_VALUE, 3, "two waivers are called \"n\""},
};

START_TEST(refused)
{
    Arena a = {0};
    Diags d = {0};
    ValPolicy p;
    ck_assert(!parse(&a, wrong[_i].text, &d, &p));
    ck_assert_msg(d.items[0].code == wrong[_i].code && strstr(d.items[0].text, wrong[_i].words), "row %d: %s %s", _i, diag_code_text(d.items[0].code), d.items[0].text);
    if (wrong[_i].line) ck_assert_uint_eq(d.items[0].place.src_line, wrong[_i].line);
    arena_free(&a);
    diag_free(&d);
}
END_TEST

/* A set of features is written out; wamr asks for its rule, unless the file says otherwise. */
START_TEST(feature_sets)
{
    Arena a = {0};
    Diags d = {0};
    ValPolicy p;
    ck_assert(parse(&a, HEAD "features = [ \"wamr\", \"simd\" ];\n", &d, &p));
    ck_assert(p.features == (FEATURES_CORE | FEATURE_BIT(SIMD)));
    ck_assert(p.rules[RULE_P606].violated == VAL_ERROR);
    canonical_again(&p);
    ck_assert(parse(&a, HEAD "features = [ \"wamr\" ];\nrules = ( { code = \"P606\"; violated = \"note\"; } );\n", &d, &p));
    ck_assert(p.rules[RULE_P606].violated == VAL_NOTE);
    ck_assert(parse(&a, HEAD "features = [ \"all\" ];\n", &d, &p));
    ck_assert(p.features == FEATURES_ALL && p.rules[RULE_P606].violated == VAL_OFF);
    canonical_again(&p);
    arena_free(&a);
    diag_free(&d);
}
END_TEST

/* Each code that a policy file can be refused with is among them. */
START_TEST(each_code_is_tested)
{
    for (DiagCode code = CFG_SYNTAX; code <= CFG_VALUE; code++) {
        bool found = false;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) found |= wrong[i].code == code && wrong[i].line;
        ck_assert_msg(found, "no file is refused with %s at a line", diag_code_text(code));
    }
}
END_TEST

START_TEST(digests)
{
    uint8_t x[32];
    TextBuf t = {0};
    ck_assert(val_parse_digest(STR("blake2b-256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), x));
    val_digest_text(&t, x);
    ck_assert_str_eq(t.ptr, "blake2b-256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    text_free(&t);
    ck_assert(!val_parse_digest(STR("blake2b-256:00"), x) && !val_parse_digest((Str){0}, x));
    ck_assert(!val_parse_digest(STR("blake2b-256:0011223344556677889XAABBCCDDEEFF00112233445566778899aabbccddeeff"), x));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_test(t, builtin);
    tcase_add_test(t, values);
    tcase_add_loop_test(t, refused, 0, ARRAY_LEN(wrong));
    tcase_add_test(t, each_code_is_tested);
    tcase_add_test(t, feature_sets);
    tcase_add_test(t, digests);
    return run_tap(s);
}
