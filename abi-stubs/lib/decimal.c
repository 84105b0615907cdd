/* decimal.c: doubles to decimal digits and back, exactly, by multiplying and dividing digits by powers of
 * two. Slow for the extremes (1e300 takes some 40 passes over its digits), simple, and always right to the
 * last bit. */
#include "runtime.h"

enum { MAX_SHIFT = 56 }; /* ten times 2^56 and a carry fit 64 bits */

static void trim(Decimal *d)
{
    while (d->count > 0 && d->digit[d->count - 1] == 0) d->count--;
    if (d->count == 0) d->point = 0;
}

/* d * 2^bits, bits <= MAX_SHIFT. */
static void shift_left(Decimal *d, int bits)
{
    int extra = bits * 30103 / 100000 + 1, total = d->count + extra; /* 2^bits has at most extra digits */
    uint64_t carry = 0;
    for (int i = total; i-- > 0;) {
        if (i >= extra) carry += (uint64_t)d->digit[i - extra] << bits;
        unsigned digit = (unsigned)(carry % 10);
        carry /= 10;
        if (i < DECIMAL_DIGITS) d->digit[i] = (uint8_t)digit;
        else if (digit) d->rest = true;
    }
    d->count = total < DECIMAL_DIGITS ? total : DECIMAL_DIGITS;
    d->point += extra;
    int zeros = 0;
    while (zeros < d->count && d->digit[zeros] == 0) zeros++;
    for (int i = zeros; zeros && i < d->count; i++) d->digit[i - zeros] = d->digit[i];
    d->count -= zeros;
    d->point -= zeros;
    trim(d);
}

/* d / 2^bits, bits <= MAX_SHIFT. */
static void shift_right(Decimal *d, int bits)
{
    uint64_t left = 0, mask = ((uint64_t)1 << bits) - 1;
    int in = 0, out = 0, point = d->point;
    bool started = false;
    while (in < d->count || left) {
        left = left * 10 + (in < d->count ? d->digit[in] : 0);
        in++;
        unsigned digit = (unsigned)(left >> bits);
        left &= mask;
        if (!started && !digit) {
            point--;
            continue;
        }
        started = true;
        if (out < DECIMAL_DIGITS) d->digit[out++] = (uint8_t)digit; /* never ahead of in: digit[in] is read */
        else if (digit) d->rest = true;
    }
    d->count = out;
    d->point = point;
    trim(d);
}

static void shift(Decimal *d, int bits)
{
    for (; d->count && bits > MAX_SHIFT; bits -= MAX_SHIFT) shift_left(d, MAX_SHIFT);
    for (; d->count && bits < -MAX_SHIFT; bits += MAX_SHIFT) shift_right(d, MAX_SHIFT);
    if (d->count && bits > 0) shift_left(d, bits);
    if (d->count && bits < 0) shift_right(d, -bits);
}

void parigot_decimal_set(Decimal *d, double value)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t mantissa = bits & 0xfffffffffffffu;
    if (exponent) mantissa |= (uint64_t)1 << 52;
    else exponent = 1;
    d->count = d->point = 0;
    d->rest = false;
    uint8_t digits[17];
    for (; mantissa; mantissa /= 10) digits[d->point++] = (uint8_t)(mantissa % 10);
    for (int i = d->point; i-- > 0;) d->digit[d->count++] = digits[i];
    trim(d);
    shift(d, exponent - 1075);
}

/* Whether cutting after `count` digits rounds up. */
static bool rounds_up(const Decimal *d, int count)
{
    if (count >= d->count) return false;
    if (d->digit[count] != 5) return d->digit[count] > 5;
    if (count + 1 < d->count || d->rest) return true;
    return count > 0 && d->digit[count - 1] % 2;
}

void parigot_decimal_round(Decimal *d, int count)
{
    if (count >= d->count) return;
    bool up = count >= 0 && rounds_up(d, count);
    d->count = count < 0 ? 0 : count;
    d->rest = false;
    if (up) {
        int i = d->count;
        while (i > 0 && d->digit[i - 1] == 9) i--;
        d->count = i;
        if (i > 0) {
            d->digit[i - 1]++;
        } else { /* all nines: 1 and a place more */
            d->digit[0] = 1;
            d->count = 1;
            d->point++;
        }
    }
    trim(d);
}

/* The integer nearest to d, half to even; d < 2^63. */
static uint64_t to_integer(const Decimal *d)
{
    uint64_t n = 0;
    int i = 0;
    for (; i < d->point; i++) n = n * 10 + (i < d->count ? d->digit[i] : 0);
    return n + (d->point >= 0 && rounds_up(d, d->point));
}

/* The double nearest to d in a format of so many bits, the first one counted: m * 2^e, e between the bounds.
 * Infinity when it is too large. Changes d. */
double parigot_decimal_get(Decimal *d, int mantissa_bits, int min_exponent, int max_exponent)
{
    if (!d->count || d->point < -400) return 0;
    if (d->point > 400) return __builtin_inf();
    int exponent = 0;
    while (d->point > 0) { /* to [0.5, 1): each step at least halves the digits before the point */
        int bits = d->point * 3 < MAX_SHIFT ? d->point * 3 : MAX_SHIFT;
        shift(d, -bits);
        exponent += bits;
    }
    while (d->point < 0 || d->digit[0] < 5) {
        int bits = d->point < 0 ? (-d->point * 3 < MAX_SHIFT ? -d->point * 3 : MAX_SHIFT) : 1;
        shift(d, bits);
        exponent -= bits;
    }
    exponent -= mantissa_bits; /* d * 2^mantissa_bits is the mantissa */
    int lost = exponent < min_exponent ? min_exponent - exponent : 0;
    if (lost > mantissa_bits + 1) return 0;
    shift(d, mantissa_bits - lost);
    exponent += lost;
    uint64_t mantissa = to_integer(d);
    if (mantissa >> mantissa_bits) {
        mantissa >>= 1;
        exponent++;
    }
    if (exponent > max_exponent) return __builtin_inf();
    double value =
        (double)mantissa; /* exact, and so is each step: scale within normal numbers, then once more */
    for (; exponent > 900; exponent -= 900) value *= 0x1p900;
    for (; exponent < -900; exponent += 900) value *= 0x1p-900;
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    __builtin_memcpy(&power, &bits, sizeof power);
    return value * power;
}
