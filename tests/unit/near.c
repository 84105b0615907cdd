/* Tests of linker/near.c: identifiers of mangled names, and distances against a plain table of all of them. */
#include "linker/words.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_base_names)
{
    static const struct {
        const char *name, *base;
    } rows[] = {
        {"frob", "frob"},
        {"__frob", "frob"},
        {"_", "_"},
        {"", ""},
        {"_Z4frobi", "frob"},
        {"_ZL4frobi", "frob"},
        {"_ZN2ns4frobEv", "frob"},
        {"_ZNK2ns3FooIiNS_3BarEE4frobILb1EEEvT_", "frob"},
        {"_ZN3FooC2Ev", "Foo"},
        {"_ZNSt3__14moveEv", "move"},
        {"_ZSt4moveIiEvT_", "move"},
        {"_ZTV6Widget", "Widget"},
        {"_ZN3foo3barB5cxx11Ev", "bar"},
        {"_ZN4core3fmt5write17h0123456789abcdefE", "write"},
        {"_ZN4core3fmt5write17h0123456789abcdeXE", "h0123456789abcdeX"},
        {"_ZplRK1AS1_", "ZplRK1AS1_"}, /* an operator: taken whole */
        {"_ZN3foo", "ZN3foo"},
        {"_Z99999999999999999999foo", "Z99999999999999999999foo"},
        {"_ZNI", "ZNI"},
        {"_ZN1aI", "ZN1aI"},
        {"_ZN1aIS", "ZN1aIS"},
        {"_ZN1aIL", "ZN1aIL"},
        {"_ZN1aIEE", "a"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Str is = ld_base_name(str_of(rows[i].name));
        ck_assert_msg(str_eq(is, str_of(rows[i].base)), "%s: %.*s", rows[i].name, STR_ARG(is));
    }
}
END_TEST

START_TEST(test_paths)
{
    ck_assert(ld_same_path(STR("_ZN2ns5scaleEi"), STR("_ZN2ns5scaleEd")));
    ck_assert(!ld_same_path(STR("_ZN2ns5scaleEi"), STR("_ZN2nt5scaleEd")));
    ck_assert(!ld_same_path(STR("scale"), STR("scale")));
    ck_assert(ld_same_path(STR("_ZN1a1b17h0123456789abcdefE"), STR("_ZN1a1b17hfedcba9876543210E")));
    ck_assert(ld_same_scope(STR("_ZN2ns1aEi"), STR("_ZN2NS1bEd")) && ld_same_scope(STR("_ZN2ns1aEi"), STR("_Z1bi")));
    ck_assert(!ld_same_scope(STR("_ZN2ns1aEi"), STR("_ZN2nt1aEi")));
    ck_assert(ld_same_letters(STR("Frob"), STR("fROB")) && !ld_same_letters(STR("frob"), STR("frobs")));
}
END_TEST

static unsigned plain(Str a, Str b)
{
    unsigned d[20][20];
    for (size_t i = 0; i <= a.len; i++)
        for (size_t j = 0; j <= b.len; j++) {
            unsigned best = i == 0 ? (unsigned)j : j == 0 ? (unsigned)i : UINT32_MAX;
            if (i && j) {
                unsigned differs = ld_fold(a.ptr[i - 1]) != ld_fold(b.ptr[j - 1]);
                best = d[i - 1][j - 1] + differs;
                if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
                if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
                if (i > 1 && j > 1 && ld_fold(a.ptr[i - 1]) == ld_fold(b.ptr[j - 2]) &&
                    ld_fold(a.ptr[i - 2]) == ld_fold(b.ptr[j - 1]) && d[i - 2][j - 2] + 1 < best)
                    best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    return d[a.len][b.len];
}

START_TEST(test_distance)
{
    ck_assert(ld_distance(STR("frob"), STR("frob"), 2) == 0 && ld_distance(STR("frob"), STR("FORB"), 2) == 1);
    ck_assert(ld_distance(STR("frobnicate"), STR("frobniate"), 2) == 1 && ld_distance(STR("abc"), STR("xyz"), 2) == 3);
    srand(1);
    for (int round = 0; round < 200000; round++) {
        char x[12], y[12];
        Str a = {x, (size_t)rand() % sizeof x}, b = {y, (size_t)rand() % sizeof y};
        for (size_t i = 0; i < a.len; i++) x[i] = "abAB"[rand() % 4];
        for (size_t i = 0; i < b.len; i++) y[i] = "abAB"[rand() % 4];
        unsigned most = (unsigned)rand() % 4, wanted = plain(a, b), is = ld_distance(a, b, most);
        ck_assert_msg(is == (wanted > most ? most + 1 : wanted), "%.*s %.*s: %u, not %u", STR_ARG(a), STR_ARG(b), is, wanted);
        ck_assert((unsigned)__builtin_popcountll(ld_letters(a) ^ ld_letters(b)) <= 2 * wanted);
    }
}
END_TEST

/* Anything may stand in a name; names end where their bytes end. */
START_TEST(test_any_bytes)
{
    srand(2);
    for (int round = 0; round < 200000; round++) {
        size_t len = (size_t)rand() % 40;
        char *name = malloc(len + 1);
        for (size_t i = 0; i < len; i++) name[i] = "_ZNESITLDCB0123abcXFJAtK"[rand() % 24];
        if (len > 3 && round & 1) memcpy(name, "_ZN", 3);
        Str s = {name, len}, base = ld_base_name(s);
        ck_assert(base.len <= len && (base.len == 0 || (base.ptr >= name && base.ptr + base.len <= name + len) || str_eq(base, STR("std"))));
        ck_assert(ld_distance(s, base, ld_most_edits(base)) <= ld_most_edits(base) + 1);
        free(name);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("near");
    TCase *c = tcase_create("near");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_base_names);
    tcase_add_test(c, test_paths);
    tcase_add_test(c, test_distance);
    tcase_add_test(c, test_any_bytes);
    suite_add_tcase(s, c);
    return run_tap(s);
}
