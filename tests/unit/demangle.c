/* Tests of wasm/demangle.c: names of C++ and Rust, text around them, and names made to cost time or memory. */
#include "tests/unit/tap.h"
#include "wasm/wasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef PARIGOT_LIBIBERTY
enum { HAVE_LIBIBERTY = 1 };
#else
enum { HAVE_LIBIBERTY = 0 };
#endif

START_TEST(test_names)
{
    static const struct {
        const char *name, *expected; /* NULL: as it is */
    } rows[] = {
        {"_Z3fooi", "foo(int)"},
        {"_ZN2ns6Widget4drawERKNS_5PointE", "ns::Widget::draw(ns::Point const&)"},
        {"_ZTV6Widget", "vtable for Widget"},
        {"_ZNSt3__16vectorIiNS_9allocatorIiEEE9push_backEOi",
         "std::__1::vector<int, std::__1::allocator<int> >::push_back(int&&)"},
        {"_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE", "core::fmt::Formatter::write_str"},
        {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
        {"foo", NULL},
        {"_Z", NULL},
        {"_R", NULL},
        {"_ZN", NULL},
        {"_Z3fooi\xff", NULL},
        {"_Z3 fooi", NULL},
        {"", NULL},
    };
    Arena a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *is = demangle_name(&a, str_of(rows[i].name));
        if (rows[i].expected && HAVE_LIBIBERTY) ck_assert_str_eq(is, rows[i].expected);
        else ck_assert_ptr_null(is);
    }
    arena_free(&a);
}
END_TEST

START_TEST(test_text)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"undefined symbol: _Z3fooi", "undefined symbol: foo(int)"},
        {"a.cc:3 (a.o: function _Z3barv)\nand _Z3fooi, too", "a.cc:3 (a.o: function bar())\nand foo(int), too"},
        {"my_Z3fooi _Z3foo? __Z3fooi", "my_Z3fooi foo? __Z3fooi"},
        {"", ""},
    };
    Arena a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_str_eq(demangle_text(&a, rows[i].text), HAVE_LIBIBERTY ? rows[i].expected : rows[i].text);
    ck_assert_str_eq(demangle_text(&a, "undefined symbol: __main_argc_argv"), "undefined symbol: main");
    arena_free(&a);
}
END_TEST

START_TEST(test_diags)
{
    Diags d = {0};
    Diag *it = diag_add(&d, LD_UNDEFINED, DIAG_AT(.symbol = STR("_Z3fooi"), .func = 1, .func_name = STR("_Z3barv")), "no _Z3fooi");
    diag_note(&d, it, "by _Z3barv");
    demangle_diags(&d);
    ck_assert(str_eq(it->place.symbol, STR("_Z3fooi")));
    ck_assert_str_eq(it->text, HAVE_LIBIBERTY ? "no foo(int)" : "no _Z3fooi");
    ck_assert_str_eq(it->note, HAVE_LIBIBERTY ? "by bar()" : "by _Z3barv");
    ck_assert(str_eq(it->place.func_name, HAVE_LIBIBERTY ? STR("bar()") : STR("_Z3barv")));
    diag_free(&d);
}
END_TEST

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each is demangled or left alone, soon, and in bounds. */
static void is_bounded(const char *name, size_t len)
{
    Arena a = {0};
    double start = seconds();
    const char *is = demangle_name(&a, (Str){name, len});
    ck_assert_msg(seconds() - start < 1.0, "takes %f s: %.*s", seconds() - start, (int)len, name);
    ck_assert(!is || strlen(is) <= DEMANGLED_BYTES + 3);
    arena_free(&a);
}

START_TEST(test_bombs)
{
    static const struct {
        const char *before, *repeated, *after;
    } rows[] = {
        {"_Z", "N", ""},                       /* depth */
        {"_Z1f", "P", "i"},
        {"_Z1f", "1AI", "i"},
        {"_Z1fI", "J", "E"},
        {"_Z1f", "DTfp_", ""},
        {"_Z1f", "F", "vE"},
        {"_Z1f1AIiE", "S_", ""},
        {"_Z1f1AIii", "S0_S0_S0_", "E"},
        {"_Z1fIiEvT_", "T_", ""},
        {"_RNvC1a", "I", "E"},
        {"_RINvC1a1f", "T", "E"},
        {"_RINvC1a1f", "RL_", "uE"},
        {"_RINvC1a1fFG", "z", "_EuE"},         /* for<'a, 'b, ...>: 62^n of them */
        {"_RXYDG", "z", "_S_C1NvT0_"},         /* the same where nothing is printed */
        {"_RINvC1a1fTuB7_", "TB7_B7_E", "E"},  /* doubles each time */
        {"_RINvC1a1fu", "TBa_Ba_E", "E"},
    };
    char name[MANGLED_BYTES + 64];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].before), more = strlen(rows[i].repeated), after = strlen(rows[i].after);
        memcpy(name, rows[i].before, len);
        for (; len + more + after <= MANGLED_BYTES; len += more) {
            memcpy(name + len, rows[i].repeated, more);
            memcpy(name + len + more, rows[i].after, after);
            is_bounded(name, len + more + after);
        }
    }
    memset(name, 'N', sizeof name);
    memcpy(name, "_ZN", 3);
    Arena a = {0};
    ck_assert_ptr_null(demangle_name(&a, (Str){name, MANGLED_BYTES + 1}));
    arena_free(&a);
}
END_TEST

/* C++ names in which each type is two of the one before it: 2^n in full. */
START_TEST(test_doubling)
{
    char name[MANGLED_BYTES + 1] = "_Z1f1AIiiE";
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t len = strlen(name);
    for (size_t i = 0; i + 2 < sizeof digits; i++) {
        len += (size_t)snprintf(name + len, sizeof name - len, "S_IS%c_S%c_E", digits[i], digits[i]);
        is_bounded(name, len);
    }
    Arena a = {0};
    char text[4 * sizeof name];
    size_t n = 0;
    for (int i = 0; i < 4; i++) n += (size_t)snprintf(text + n, sizeof text - n, "%s ", name);
    ck_assert(strlen(demangle_text(&a, text)) < 4 * (DEMANGLED_BYTES + 8));
    arena_free(&a);
}
END_TEST

/* Pieces of names in any order. */
START_TEST(test_random)
{
    static const char *const pieces[] = {"N",  "E",  "I",   "S_",  "S0_", "T_",  "P",   "K",  "1a",  "3foo", "i",  "v",  "L",  "X",
                                         "cl", "fp", "D",   "J",   "Z",   "St",  "C1",  "F",  "M",   "A_",  "Dp", "sr", "on", "G",
                                         "B_", "B0_", "B1_", "Cs_", "Nv",  "Nt",  "Y",   "u",  "p",   "R",   "Q",  "T",  "O",  "H",
                                         "17h0123456789abcdef", "$LT$", "..", "u30nie", "_", "0", "9", "z"};
    Arena a = {0};
    srand(1);
    double start = seconds();
    for (int round = 0; round < 200000 && seconds() - start < 5; round++) {
        char name[MANGLED_BYTES + 64];
        size_t len = 2, want = (size_t)rand() % (round % 100 ? 60 : MANGLED_BYTES);
        memcpy(name, round & 1 ? "_Z" : "_R", 2);
        while (len < want) {
            const char *p = pieces[(size_t)rand() % ARRAY_LEN(pieces)];
            memcpy(name + len, p, strlen(p));
            len += strlen(p);
        }
        is_bounded(name, len);
    }
    arena_free(&a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("demangle");
    TCase *c = tcase_create("demangle");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_names);
    tcase_add_test(c, test_text);
    tcase_add_test(c, test_diags);
    tcase_add_test(c, test_bombs);
    tcase_add_test(c, test_doubling);
    tcase_add_test(c, test_random);
    suite_add_tcase(s, c);
    return run_tap(s);
}
