/* integers.c: strtol and its kin, abs, div. A number out of range becomes the limit of its type. */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static int digit_of(char c)
{
    if (isdigit((unsigned char)c)) return c - '0';
    if (isalpha((unsigned char)c)) return (c | 32) - 'a' + 10;
    return 36;
}

/* The number's absolute value, at most `limit`, or twice the sign's limit for a negative one: see
 * parse_signed. */
static unsigned long long parse(const char *s, char **end, int base, unsigned long long limit, bool *negative)
{
    const char *p = s;
    unsigned long long value = 0;
    bool any = false, over = false;
    while (isspace((unsigned char)*p)) p++;
    *negative = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if ((base == 0 || base == 16) && p[0] == '0' && (p[1] | 32) == 'x' && digit_of(p[2]) < 16) {
        p += 2;
        base = 16;
    } else if (base == 0) {
        base = *p == '0' ? 8 : 10;
    }
    bool valid = base >= 2 && base <= 36;
    for (int digit; valid && (digit = digit_of(*p)) < base; p++) {
        any = true;
        over = over || value > (ULLONG_MAX - (unsigned)digit) / (unsigned)base;
        value = value * (unsigned)base + (unsigned)digit;
    }
    if (end) *end = (char *)(size_t)(any ? p : s);
    return over || value > limit ? limit : value;
}

/* Signed: the limit is that of the positive side, and one more on the negative. */
static long long parse_signed(const char *s, char **end, int base, long long most)
{
    bool negative;
    unsigned long long limit = (unsigned long long)most, v = parse(s, end, base, limit + 1, &negative);
    if (!negative) return (long long)(v > limit ? limit : v);
    return v > limit ? -most - 1 : -(long long)v;
}

long strtol(const char *restrict s, char **restrict end, int base)
{
    return (long)parse_signed(s, end, base, LONG_MAX);
}

long long strtoll(const char *restrict s, char **restrict end, int base)
{
    return parse_signed(s, end, base, LLONG_MAX);
}

/* Unsigned: a minus sign negates, as the standard has it; what is out of range stays the limit. */
static unsigned long long parse_unsigned(const char *s, char **end, int base, unsigned long long limit)
{
    bool negative, over;
    unsigned long long v = parse(s, end, base, ULLONG_MAX, &negative);
    over = v > limit || (v == limit && limit == ULLONG_MAX);
    return over ? limit : negative ? 0 - v : v;
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
    return (unsigned long)parse_unsigned(s, end, base, ULONG_MAX);
}

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
    return parse_unsigned(s, end, base, ULLONG_MAX);
}

int atoi(const char *s) { return (int)strtol(s, NULL, 10); }
long atol(const char *s) { return strtol(s, NULL, 10); }
long long atoll(const char *s) { return strtoll(s, NULL, 10); }

int abs(int n) { return n < 0 ? -n : n; }
long labs(long n) { return n < 0 ? -n : n; }
long long llabs(long long n) { return n < 0 ? -n : n; }
div_t div(int n, int by) { return (div_t){n / by, n % by}; }
ldiv_t ldiv(long n, long by) { return (ldiv_t){n / by, n % by}; }
lldiv_t lldiv(long long n, long long by) { return (lldiv_t){n / by, n % by}; }
