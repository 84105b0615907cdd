/* The C library as a module has it: instructions for what has one, long double, headers that need no other.
 * NEED: node
 * RUN: %d/tools/make.sh %s -Wno-unused-result
 * OUT: [main] 3.141592653589793 2.718281828 1e+300 -0x1.8p+1 inf
 * OUT: [main] 1.00000000000000022204 0.3333333333 1e-4900
 * OUT: [main] abc|   42|002a|-1|18446744073709551615|4294967295
 * OUT: [main] all good
 * NOT: libc.c:
 * RUN: %d/tools/run.sh %s
 * OUT: main: all good
 * NOT: libc.c:
 */
#include <assert.h>
#include <ctype.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>
#include "work.h"

static int by_length(const void *a, const void *b)
{
    return (int)strlen(*(const char *const *)a) - (int)strlen(*(const char *const *)b);
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    volatile double one = 1, two = 2, zero = 0;
    parigot_log("%.16g %.10g %g %a %f", 4 * atan(one), exp(one), pow(10, 300), -sqrt(9 * one), one / zero);
    long double third = (long double)1 / 3, small = 1e-4900L; /* a double has no such number: it becomes 0 */
    parigot_log("%.20Lf %.10Lf %s", 1 + (long double)DBL_EPSILON * 3 / 4, third, small > 0 ? "1e-4900" : "0");
    char text[64], *end;
    snprintf(text, sizeof text, "%s|%5d|%04x|%" PRId64 "|%" PRIu64 "|%zu", "abc", 42, 42, (int64_t)-1, UINT64_MAX, SIZE_MAX);
    parigot_log("%s", text);
    CHECK(sin(one) > 0.8414709848 && sin(one) < 0.8414709849 && floor(-one / two) == -1 && fabs(-one) == 1);
    CHECK(isnan(zero / zero) && isinf(one / zero) && signbit(-zero) && fmod(7 * one, 4) == 3 && lround(one + 1.5) == 3);
    CHECK(lrint(1e30) == LONG_MAX && llrint(-1e30) == LLONG_MIN && ldexp(one, 10) == 1024);
    CHECK(strtol("-2147483649", &end, 10) == LONG_MIN && !*end && strtoul("4294967296", NULL, 10) == ULONG_MAX);
    CHECK(strtod("0.1e1x", &end) == 1 && *end == 'x' && strtof("1e39", NULL) == INFINITY && atoi("12") == 12);
    const char *words[] = {"three", "a", "on", "four"};
    qsort(words, 4, sizeof *words, by_length);
    CHECK(!strcmp(words[0], "a") && !strcmp(words[3], "three"));
    CHECK(strstr("haystack", "st") && !strcasecmp("ABC", "abc") && toupper('x') == 'X' && memcmp("a", "b", 1) < 0);
    char *copy = strdup("copied");
    CHECK(copy && !strcmp(copy, "copied") && memchr(copy, 'p', 6) == copy + 2);
    free(copy);
    assert(copy != words[0]);
    parigot_log("all good");
    parigot_exit(0);
}
