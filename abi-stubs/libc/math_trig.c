/* math_trig.c: the circular functions of math.h. An argument of any size is reduced exactly (Payne and Hanek,
 * "Radian reduction for trigonometric functions", 1983): x times 2/pi, of which only the bits that matter are
 * multiplied. */
#include <math.h>
#include "math_parts.h"

/* 2/pi, 32 bits a word. */
static const uint32_t two_per_pi[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
    0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
    0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f,
    0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b,
    0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab,
};
static const Sum half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

enum { WINDOW = 7, PRODUCT = WINDOW + 2 };

static uint64_t word_at(const uint32_t *words, int i) { return i >= 0 && i < PRODUCT ? words[i] : 0; }

/* 64 bits of a number of PRODUCT words, the lowest word first, from bit `at` on (-32 or more); bits that are
 * not there are 0. */
static uint64_t bits_at(const uint32_t *words, int at)
{
    int word = (at + 32) / 32 - 1, shift = (at + 32) % 32;
    uint64_t low = (word_at(words, word + 1) << 32 | word_at(words, word)) >> shift;
    uint64_t high = (word_at(words, word + 2) << 32 | word_at(words, word + 1)) >> shift;
    return high << 32 | (uint32_t)low;
}

/* x, |x| > pi/4 and finite, to r = x - n pi/2 with |r| <= pi/4; returns n, of which two bits count.
 *
 * x = m 2^e. Bits of 2/pi whose product with x is a multiple of 4 are left out; 7 words are kept, so that the
 * error is below 2^-138, while no double comes nearer to a multiple of pi/2 than about 2^-62. */
static unsigned reduce(double x, Sum *r)
{
    int e;
    uint64_t m = (uint64_t)(frexp(__builtin_fabs(x), &e) * 0x1p53);
    e -= 53;
    int first = e > 2 ? (e - 2) / 32 : 0; /* word of two_per_pi */
    uint32_t product[PRODUCT] = {0};
    for (int half = 0; half < 2; half++) {
        uint64_t factor = (uint32_t)(m >> 32 * half), carry = 0;
        for (int i = 0; i < WINDOW; i++) {
            carry += factor * two_per_pi[first + WINDOW - 1 - i] + product[i + half];
            product[i + half] = (uint32_t)carry;
            carry >>= 32;
        }
        product[WINDOW + half] += (uint32_t)carry;
    }
    int point = 32 * (first + WINDOW) - e; /* bits behind the binary point */
    unsigned n = (unsigned)bits_at(product, point) & 3;
    uint64_t f[3] = {bits_at(product, point - 64), bits_at(product, point - 128),
                     bits_at(product, point - 192)};
    int negative = f[0] >> 63;
    if (negative) { /* 1 - f, and a quadrant more */
        n++;
        f[2] = 0 - f[2];
        f[1] = ~f[1] + !f[2];
        f[0] = ~f[0] + (!f[2] && !f[1]);
    }
    int zeros = 0;
    for (; zeros < 128 && !(f[0] >> 63); zeros++) {
        f[0] = f[0] << 1 | f[1] >> 63;
        f[1] = f[1] << 1 | f[2] >> 63;
        f[2] <<= 1;
    }
    Sum turn = {(double)(f[0] >> 11) * 0x1p-53, (double)((f[0] & 0x7ff) << 42 | f[1] >> 22) * 0x1p-106};
    Sum angle = sum_times(turn, half_pi);
    double unit = parigot_math_scale(1, -zeros);
    if (negative) unit = -unit;
    *r = (Sum){angle.high * unit, angle.low * unit};
    if (__builtin_signbit(x)) {
        *r = (Sum){-r->high, -r->low};
        n = 0 - n;
    }
    return n;
}

static double series(const double *c, int n, double z)
{
    double sum = 0;
    while (n-- > 0) sum = sum * z + c[n];
    return sum;
}

/* For |r| <= pi/4. */
static double sine(Sum r)
{
    static const double c[] = {
        -1.0 / 6,        1.0 / 120,        -1.0 / 5040,          1.0 / 362880,
        -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
    double x = r.high, z = x * x;
    return x + (x * z * series(c, 8, z) + r.low * (1 - z / 2));
}

static double cosine(Sum r)
{
    static const double c[] = {
        1.0 / 24,        -1.0 / 720,         1.0 / 40320,          -1.0 / 3628800,
        1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000, -1.0 / 6402373705728000};
    double x = r.high, z = x * x, half = z / 2, w = 1 - half;
    return w + (((1 - w) - half) + (z * z * series(c, 8, z) - x * r.low));
}

static unsigned quadrant(double x, Sum *r)
{
    *r = (Sum){x, 0};
    return __builtin_fabs(x) <= half_pi.high / 2 ? 0 : reduce(x, r);
}

double sin(double x)
{
    Sum r;
    if (!__builtin_isfinite(x)) return x - x;
    if (x == 0) return x;
    unsigned n = quadrant(x, &r);
    double value = n & 1 ? cosine(r) : sine(r);
    return n & 2 ? -value : value;
}

double cos(double x)
{
    Sum r;
    if (!__builtin_isfinite(x)) return x - x;
    unsigned n = quadrant(x, &r);
    double value = n & 1 ? sine(r) : cosine(r);
    return (n + 1) & 2 ? -value : value;
}

double tan(double x)
{
    Sum r;
    if (!__builtin_isfinite(x)) return x - x;
    if (x == 0) return x;
    unsigned n = quadrant(x, &r);
    return n & 1 ? -cosine(r) / sine(r) : sine(r) / cosine(r);
}

/* ---- inverses ---------------------------------------------------------------------------------------- */

/* atan(t) for 0 <= t <= 1: from the nearest of atan(k/8) by the difference of two angles. */
static Sum arc(Sum t)
{
    static const Sum eighths[] = {
        {0x0.0p+0, 0x0.0p+0},
        {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
        {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
        {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
        {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
        {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
        {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
        {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
        {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
    };
    static const double c[] = {-1.0 / 3, 1.0 / 5, -1.0 / 7, 1.0 / 9, -1.0 / 11, 1.0 / 13, -1.0 / 15};
    int k = (int)(t.high * 8 + 0.5);
    double base = k / 8.0;
    Sum below = sum_quick(1, base * t.high); /* t - base is exact, base * t has at most 3 bits more */
    double above = t.high - base, d = above / below.high;
    Sum back = product_two(d, below.high);
    double low = ((above - back.high) - back.low - d * (below.low + base * t.low) + t.low) / below.high;
    double z = d * d;
    Sum sum = sum_quick(eighths[k].high, d);
    if (k == 0) sum = (Sum){d, 0};
    return sum_quick(sum.high, sum.low + (d * z * series(c, 7, z) + (low + eighths[k].low)));
}

static Sum quotient(double a, double b)
{
    double q = a / b;
    Sum back = product_two(q, b);
    return (Sum){q, ((a - back.high) - back.low) / b};
}

double atan2(double y, double x)
{
    if (x != x || y != y) return x + y;
    double a = __builtin_fabs(y), b = __builtin_fabs(x);
    Sum angle;
    if (a == 0) angle = (Sum){0, 0};
    else if (b == 0) angle = half_pi;
    else if (__builtin_isinf(a) && __builtin_isinf(b)) angle = (Sum){half_pi.high / 2, half_pi.low / 2};
    else if (__builtin_isinf(a)) angle = half_pi;
    else if (__builtin_isinf(b)) angle = (Sum){0, 0};
    else {
        int ea, eb;
        double fa = frexp(a, &ea), fb = frexp(b, &eb);
        if (ea - eb > 60) {
            angle = half_pi;
        } else if (eb - ea > 60) { /* so small that the angle is the quotient, or less */
            angle = (Sum){__builtin_signbit(x) ? 0 : a / b, 0};
        } else if (a <= b) {
            angle = arc(quotient(parigot_math_scale(fa, ea - eb), fb));
        } else {
            Sum rest = arc(quotient(parigot_math_scale(fb, eb - ea), fa));
            Sum s = sum_quick(half_pi.high, -rest.high);
            angle = sum_quick(s.high, s.low + (half_pi.low - rest.low));
        }
    }
    if (__builtin_signbit(x)) {
        Sum s = sum_quick(2 * half_pi.high, -angle.high);
        angle = (Sum){s.high + (s.low + (2 * half_pi.low - angle.low)), 0};
    }
    return __builtin_copysign(angle.high + angle.low, y);
}

double atan(double x) { return x == 0 || x != x ? x : atan2(x, 1); }

/* sqrt((1 - x)(1 + x)), of which nothing is lost near 1. */
static double other_side(double x) { return __builtin_sqrt((1 - x) * (1 + x)); }

double asin(double x)
{
    if (__builtin_fabs(x) < 1e-8) return x;
    return __builtin_fabs(x) <= 1 ? atan2(x, other_side(x)) : __builtin_nan("");
}
double acos(double x) { return __builtin_fabs(x) <= 1 ? atan2(other_side(x), x) : __builtin_nan(""); }

float sinf(float x) { return (float)sin(x); }
float cosf(float x) { return (float)cos(x); }
float tanf(float x) { return (float)tan(x); }
float atanf(float x) { return (float)atan(x); }
float atan2f(float y, float x) { return (float)atan2(y, x); }
float asinf(float x) { return (float)asin(x); }
float acosf(float x) { return (float)acos(x); }
