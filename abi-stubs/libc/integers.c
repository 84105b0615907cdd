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

typedef struct Number {
    unsigned long long size;               /* without its sign */
    bool negative, over;                   /* over: it does not fit even this type */
} Number;

static Number parse(const char *s, char **end, int base)
{
    const char *p = s;
    Number n = {0};
    bool any = false;
    while (isspace((unsigned char)*p)) p++;
    n.negative = *p == '-';
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
        n.over = n.over || n.size > (ULLONG_MAX - (unsigned)digit) / (unsigned)base;
        n.size = n.size * (unsigned)base + (unsigned)digit;
    }
    if (end) *end = (char *)(size_t)(any ? p : s);
    return n;
}

/* Signed: one more on the negative side. */
static long long parse_signed(const char *s, char **end, int base, long long most)
{
    Number n = parse(s, end, base);
    if (n.over || n.size > (unsigned long long)most) return n.negative ? -most - 1 : most;
    return n.negative ? -(long long)n.size : (long long)n.size;
}

long strtol(const char *restrict s, char **restrict end, int base)
{
    return (long)parse_signed(s, end, base, LONG_MAX);
}

long long strtoll(const char *restrict s, char **restrict end, int base)
{
    return parse_signed(s, end, base, LLONG_MAX);
}

/* Unsigned: a minus sign negates, as the standard has it; what is out of range is the limit. */
static unsigned long long parse_unsigned(const char *s, char **end, int base, unsigned long long most)
{
    Number n = parse(s, end, base);
    if (n.over || n.size > most) return most;
    return n.negative ? 0 - n.size : n.size;
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
