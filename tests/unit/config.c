/* Configuration files: what is accepted, what is refused and at which line, defaults, units. */
#include "tests/unit/tap.h"
#include "validator/config.h"

#include <stdio.h>
#include <string.h>

static const CfgKey keys[] = {
    {"world", CFG_NUMBER, "1", 1, 1, "version"},
    {"name", CFG_STRING, NULL, 0, 0, "the name of the world"},
    {"fast", CFG_BOOL, "true", 0, 0, "whether it is fast"},
    {"grant", CFG_STRINGS, "", 0, 0, "services"},
    {"limits", CFG_GROUP, "", 0, 0, "limits"},
    {"limits.memory", CFG_SIZE, "64 MiB", 0, 0, "memory"},
    {"limits.count", CFG_NUMBER, "7", 1, 100, "how many"},
    {"modules", CFG_LIST, "", 0, 0, "the modules"},
    {"modules[].name", CFG_STRING, NULL, 0, 0, "its name"},
    {"modules[].deadline", CFG_DURATION, "30 s", 0, 0, "how long"},
    {"modules[].config", CFG_MAP, "", 0, 0, "its configuration"},
};
static const CfgTable table = {"world", keys, ARRAY_LEN(keys)};

static CfgFile *parse(const char *text, Diags *d) { return cfg_parse(str_of(text), "t.cfg", &table, d); }

START_TEST(values)
{
    Diags d = {0};
    CfgFile *f = parse("world = 1;\nname = \"w\";\nfast = false;\ngrant = [ \"a\", \"b\" ];\n"
                       "limits = { memory = \"3 KiB\"; count = 8L; };\n"
                       "modules = ( { name = \"m\"; deadline = \"5 min\"; config = { k = \"v\"; l = \"\"; }; },\n"
                       "            { name = \"n\"; } );\n", &d);
    ck_assert_msg(f, "%s", d.n ? d.items[0].text : "no diagnostic");
    CfgAt root = cfg_root(f);
    ck_assert(str_eq(cfg_string(root, "name"), STR("w")));
    ck_assert(!cfg_bool(root, "fast"));
    ck_assert_uint_eq(cfg_number(root, "limits.memory"), 3072);
    ck_assert_uint_eq(cfg_number(root, "limits.count"), 8);
    ck_assert_uint_eq(cfg_count(root, "grant"), 2);
    ck_assert(str_eq(cfg_string_at(root, "grant", 1), STR("b")));
    ck_assert_uint_eq(cfg_count(root, "modules"), 2);
    CfgAt m = cfg_item(root, "modules", 0), n = cfg_item(root, "modules", 1);
    ck_assert(str_eq(cfg_string(n, "name"), STR("n")));
    ck_assert_uint_eq(cfg_number(m, "deadline"), UINT64_C(300000000000));
    ck_assert_uint_eq(cfg_number(n, "deadline"), UINT64_C(30000000000));
    ck_assert_uint_eq(cfg_count(n, "config"), 0);
    Str name;
    ck_assert(str_eq(cfg_map_at(m, "config", 0, &name), STR("v")) && str_eq(name, STR("k")));
    ck_assert_uint_eq(cfg_place(n, "").src_line, 7);
    ck_assert_uint_eq(cfg_place(m, "name").src_line, 6);
    cfg_error(m, "name", "no such module");
    ck_assert(d.items[0].code == CFG_VALUE && d.items[0].place.src_line == 6);
    cfg_close(f);
    diag_free(&d);
}
END_TEST

START_TEST(defaults)
{
    Diags d = {0};
    CfgFile *f = parse("world = 1;\nname = \"w\";\n", &d);
    ck_assert_ptr_nonnull(f);
    ck_assert(cfg_bool(cfg_root(f), "fast"));
    ck_assert_uint_eq(cfg_number(cfg_root(f), "limits.memory"), 64u << 20);
    ck_assert_uint_eq(cfg_number(cfg_root(f), "limits.count"), 7);
    ck_assert_uint_eq(cfg_count(cfg_root(f), "modules"), 0);
    ck_assert(!cfg_has(cfg_root(f), "fast"));
    cfg_close(f);
    diag_free(&d);
}
END_TEST

/* Each wrong file: the code, the line, and a piece of the text of its first diagnostic. */
static const struct {
    const char *text;
    DiagCode code;
    unsigned line;
    const char *words;
} wrong[] = {
    {"world = 1;\nname = ;\n", CFG_SYNTAX, 2, "syntax"},
    {"world = 1;\nname = \"a\";\nname = \"b\";\n", CFG_SYNTAX, 3, "duplicate"},
    {"world = 1;\n  @include \"x\"\nname = \"a\";\n", CFG_INCLUDE, 2, "@include"},
    {"name = \"a\";\nworld = 1;\n", CFG_VERSION, 1, "first"},
    {"", CFG_VERSION, 1, "first"},
    {"world = 2;\nname = \"a\";\n", CFG_VERSION, 1, "version 1"},
    {"world = 1;\nname = \"a\";\nfsat = true;\n", CFG_UNKNOWN_KEY, 3, "fsat"},
    {"world = 1;\nname = \"a\";\nlimits = { memroy = \"1 B\"; };\n", CFG_UNKNOWN_KEY, 3, "limits.memroy"},
    {"world = 1;\nname = \"a\";\nmodules = ( { name = \"x\";\n zzzzzzzz = 1; } );\n", CFG_UNKNOWN_KEY, 4, "modules[].zzzzzzzz"},
    {"world = 1;\nname = 5;\n", CFG_TYPE, 2, "a string"},
    {"world = 1;\nname = \"a\";\nfast = 1;\n", CFG_TYPE, 3, "true or false"},
    {"world = 1;\nname = \"a\";\ngrant = \"b\";\n", CFG_TYPE, 3, "brackets"},
    {"world = 1;\nname = \"a\";\ngrant = [ 1 ];\n", CFG_TYPE, 3, "brackets"},
    {"world = 1;\nname = \"a\";\nlimits = [ 1 ];\n", CFG_TYPE, 3, "braces"},
    {"world = 1;\nname = \"a\";\nmodules = { };\n", CFG_TYPE, 3, "parentheses"},
    {"world = 1;\nname = \"a\";\nmodules = ( 1 );\n", CFG_TYPE, 3, "parentheses"},
    {"world = 1;\nname = \"a\";\nlimits = { count = \"1\"; };\n", CFG_TYPE, 3, "an integer"},
    {"world = 1;\nname = \"a\";\nlimits = { count = 1.5; };\n", CFG_TYPE, 3, "an integer"},
    {"world = 1;\nfast = true;\n", CFG_MISSING, 0, "\"name\" is missing"},
    {"world = 1;\nname = \"a\";\nmodules = (\n { deadline = \"1 s\"; } );\n", CFG_MISSING, 4, "modules[].name"},
    {"world = 1;\nname = \"a\";\nlimits = { count = 101; };\n", CFG_VALUE, 3, "1 to 100"},
    {"world = 1;\nname = \"a\";\nlimits = { count = -1; };\n", CFG_VALUE, 3, "not negative"},
    {"world = 1;\nname = \"a\";\nlimits = { memory = \"1 MB\"; };\n", CFG_VALUE, 3, "MiB"},
    {"world = 1;\nname = \"a\";\nlimits = { memory = \"99999999999999999999 B\"; };\n", CFG_VALUE, 3, "MiB"},
    {"world = 1;\nname = \"a\\x01\";\n", CFG_VALUE, 2, "control characters"},
    {"world = 1;\nname = \"a\\xff\";\n", CFG_VALUE, 2, "UTF-8"},
};

START_TEST(refused)
{
    Diags d = {0};
    ck_assert_ptr_null(parse(wrong[_i].text, &d));
    ck_assert_uint_ge(d.n, 1);
    ck_assert_msg(d.items[0].code == wrong[_i].code, "row %d: %s %s", _i, diag_code_text(d.items[0].code), d.items[0].text);
    if (wrong[_i].line) ck_assert_uint_eq(d.items[0].place.src_line, wrong[_i].line);
    ck_assert_msg(strstr(d.items[0].text, wrong[_i].words), "row %d: %s", _i, d.items[0].text);
    diag_free(&d);
}
END_TEST

START_TEST(all_errors_of_a_file)
{
    Diags d = {0};
    ck_assert_ptr_null(parse("world = 1;\nnmae = \"a\";\nfast = 2;\n", &d));
    ck_assert_uint_eq(d.errors, 3); /* unknown nmae, fast, name is missing */
    ck_assert(strstr(d.items[0].note, "did you mean \"name\"?"));
    diag_free(&d);
}
END_TEST

START_TEST(zero_byte_and_depth)
{
    Diags d = {0};
    ck_assert_ptr_null(cfg_parse((Str){"world = 1;\0", 11}, "t.cfg", &table, &d));
    ck_assert(d.items[0].code == CFG_SYNTAX);
    static char deep[200001];
    memset(deep, '(', 200000);
    ck_assert_ptr_null(parse(deep, &d));
    char *text = malloc(200100);
    sprintf(text, "world = 1; x = %s", deep);
    ck_assert_ptr_null(parse(text, &d));
    free(text);
    diag_free(&d);
}
END_TEST

START_TEST(units)
{
    uint64_t v;
    Arena a = {0};
    ck_assert(cfg_parse_size(STR("7654321 B"), &v) && v == 7654321);
    ck_assert(cfg_parse_size(STR("4GiB"), &v) && v == UINT64_C(4) << 30);
    ck_assert(!cfg_parse_size(STR("4"), &v) && !cfg_parse_size(STR("GiB"), &v) && !cfg_parse_size(STR("-1 B"), &v));
    ck_assert(!cfg_parse_size(STR("99999999999 GiB"), &v));
    ck_assert(cfg_parse_duration(STR("250 ms"), &v) && v == 250000000);
    ck_assert_str_eq(cfg_size_text(&a, 64u << 20), "64 MiB");
    ck_assert_str_eq(cfg_size_text(&a, 7654321), "7654321 B");
    ck_assert_str_eq(cfg_size_text(&a, 0), "0 B");
    arena_free(&a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("config");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_test(t, values);
    tcase_add_test(t, defaults);
    tcase_add_loop_test(t, refused, 0, ARRAY_LEN(wrong));
    tcase_add_test(t, all_errors_of_a_file);
    tcase_add_test(t, zero_byte_and_depth);
    tcase_add_test(t, units);
    return run_tap(s);
}
