/* strtod.c: text to the nearest double or float. Short numbers by one exact multiplication or division (D.
 * Gay, 1990, says when that is right), the rest through decimal.c. Hexadecimal numbers are rounded from their
 * bits. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>
#include "../lib/runtime.h"

enum {
    DOUBLE_BITS = 53,
    DOUBLE_MIN = -1074,
    DOUBLE_MAX = 971,
    FLOAT_BITS = 24,
    FLOAT_MIN = -149,
    FLOAT_MAX = 104
};

typedef struct Format {
    int bits, min_exponent, max_exponent;
} Format;

/* "e+12" after a number, or nothing. Huge ones are cut: they decide nothing any more. */
static const char *exponent(const char *p, char letter, int *value)
{
    const char *s = p;
    *value = 0;
    if ((*p++ | 32) != letter) return s;
    int sign = *p == '-' ? -1 : 1;
    if (*p == '-' || *p == '+') p++;
    if (!isdigit((unsigned char)*p)) return s;
    for (; isdigit((unsigned char)*p); p++)
        if (*value < 100000000) *value = *value * 10 + (*p - '0');
    *value *= sign;
    return p;
}

static double from_decimal(const char **text, Format f)
{
    Decimal d = {.count = 0};
    const char *p = *text;
    uint64_t brief = 0; /* the digits, while there are at most 19 */
    int seen = 0, power = 0;
    bool point = false, significant = false;
    int64_t place = 0; /* digits in front of the point, from the first one that is not 0 */
    for (;; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!isdigit((unsigned char)*p)) break;
        uint8_t digit = (uint8_t)(*p - '0');
        significant = significant || digit;
        if (!significant) {
            place -= point;
            continue;
        }
        place += !point;
        if (seen < 20) seen++;
        if (seen < 20) brief = brief * 10 + digit;
        if (d.count < DECIMAL_DIGITS) d.digit[d.count++] = digit;
        else if (digit) d.rest = true;
    }
    *text = exponent(p, 'e', &power);
    if (!d.count) return 0;
    int64_t scale = place + power - d.count; /* brief * 10^scale, when all digits are in it */
    if (seen < 20 && brief < (uint64_t)1 << 53 && scale >= -22 && scale <= 22 && f.bits == DOUBLE_BITS) {
        double ten = 1;
        for (int64_t i = scale < 0 ? -scale : scale; i > 0; i--) ten *= 10;
        return scale < 0 ? (double)brief / ten : (double)brief * ten;
    }
    place += power;
    d.point = place > 100000 ? 100000 : place < -100000 ? -100000 : (int)place;
    while (d.count > 0 && !d.digit[d.count - 1]) d.count--;
    return parigot_decimal_get(&d, f.bits, f.min_exponent, f.max_exponent);
}

/* m * 2^exponent with a flag for what was cut, rounded to the format. */
static double from_bits(uint64_t m, bool rest, int64_t e, Format f)
{
    if (!m) return 0;
    int drop = 64 - __builtin_clzll(m) - f.bits;
    if (e + drop < f.min_exponent) drop = f.min_exponent - e > 65 ? 65 : (int)(f.min_exponent - e);
    if (drop > 0) {
        uint64_t whole = drop > 63 ? 0 : m >> drop, cut = drop > 64    ? 0
                                                          : drop == 64 ? m
                                                                       : m & (((uint64_t)1 << drop) - 1);
        uint64_t half = drop > 64 ? UINT64_MAX : (uint64_t)1 << (drop - 1);
        bool up = cut > half || (cut == half && (rest || whole % 2));
        m = whole + up;
        e += drop;
    }
    int high = 64 - (m ? __builtin_clzll(m) : 64);
    if (m && e + high > f.max_exponent + f.bits) return __builtin_inf();
    double value = (double)m;
    for (; e > 0; e--) value *= 2;
    for (; e < 0 && value != 0; e++) value *= 0.5; /* exact: the bits were cut to the format already */
    return value;
}

static double from_hex(const char **text, Format f)
{
    const char *p = *text;
    uint64_t m = 0;
    int64_t e = 0;
    bool point = false, rest = false;
    int power;
    for (;; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!isxdigit((unsigned char)*p)) break;
        uint64_t digit = (uint64_t)(isdigit((unsigned char)*p) ? *p - '0' : (*p | 32) - 'a' + 10);
        if (m >> 60) {
            rest = rest || digit;
            e += 4;
        } else {
            m = m << 4 | digit;
        }
        if (point) e -= 4;
    }
    *text = exponent(p, 'p', &power);
    e += power;
    if (m && e > 2000) return __builtin_inf();
    if (e < -4000) return 0;
    return from_bits(m, rest, e, f);
}

static bool starts_number(const char *p, int (*is_digit)(int))
{
    return is_digit((unsigned char)p[0]) || (p[0] == '.' && is_digit((unsigned char)p[1]));
}

static double parse(const char *s, char **end, Format f)
{
    const char *p = s;
    double value;
    while (isspace((unsigned char)*p)) p++;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if (p[0] == '0' && (p[1] | 32) == 'x' && starts_number(p + 2, isxdigit)) {
        p += 2;
        value = from_hex(&p, f);
    } else if (starts_number(p, isdigit)) {
        value = from_decimal(&p, f);
    } else if (strncasecmp(p, "inf", 3) == 0) {
        p += strncasecmp(p, "infinity", 8) == 0 ? 8 : 3;
        value = __builtin_inf();
    } else if (strncasecmp(p, "nan", 3) == 0) {
        p += 3;
        value = __builtin_nan("");
    } else {
        p = s;
        value = 0;
        negative = false;
    }
    if (end) *end = (char *)(uintptr_t)p;
    return negative ? -value : value;
}

double strtod(const char *restrict s, char **restrict end)
{
    return parse(s, end, (Format){DOUBLE_BITS, DOUBLE_MIN, DOUBLE_MAX});
}

float strtof(const char *restrict s, char **restrict end)
{
    return (float)parse(s, end, (Format){FLOAT_BITS, FLOAT_MIN, FLOAT_MAX});
}

double atof(const char *s) { return strtod(s, NULL); }
