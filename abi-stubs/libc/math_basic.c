/* math_basic.c: the functions of math.h that only move bits: rounding, exponents, remainders. All exact. */
#include <limits.h>
#include <math.h>
#include "math_parts.h"

/* In parentheses where math.h has a macro of that name. */
double (fabs)(double x) { return __builtin_fabs(x); }
float (fabsf)(float x) { return __builtin_fabsf(x); }
double (floor)(double x) { return __builtin_floor(x); }
float (floorf)(float x) { return __builtin_floorf(x); }
double (ceil)(double x) { return __builtin_ceil(x); }
float (ceilf)(float x) { return __builtin_ceilf(x); }
double (trunc)(double x) { return __builtin_trunc(x); }
float (truncf)(float x) { return __builtin_truncf(x); }
double rint(double x) { return __builtin_rint(x); }
float rintf(float x) { return __builtin_rintf(x); }
double nearbyint(double x) { return __builtin_rint(x); }
float nearbyintf(float x) { return __builtin_rintf(x); }
double sqrt(double x) { return __builtin_sqrt(x); }
float sqrtf(float x) { return __builtin_sqrtf(x); }
double (copysign)(double x, double y) { return __builtin_copysign(x, y); }
float (copysignf)(float x, float y) { return __builtin_copysignf(x, y); }

double round(double x)
{
    double whole = __builtin_trunc(x);
    if (__builtin_fabs(x - whole) >= 0.5) whole += __builtin_copysign(1, x);
    return __builtin_copysign(whole, x);
}
float roundf(float x) { return (float)round(x); }

/* Out of range: the limit; NaN: the least. The standard leaves it open, a trap would be worse. */
static long long to_integer(double x, long long least, long long most)
{
    if (!(x >= (double)least)) return least;
    if (x >= -(double)least) return most;
    return (long long)x;
}

long lround(double x) { return (long)to_integer(round(x), LONG_MIN, LONG_MAX); }
long lroundf(float x) { return lround(x); }
long long llround(double x) { return to_integer(round(x), LLONG_MIN, LLONG_MAX); }
long long llroundf(float x) { return llround(x); }
long lrint(double x) { return (long)to_integer(rint(x), LONG_MIN, LONG_MAX); }
long lrintf(float x) { return lrint(x); }
long long llrint(double x) { return to_integer(rint(x), LLONG_MIN, LLONG_MAX); }
long long llrintf(float x) { return llrint(x); }

double fmin(double x, double y)
{
    if (x != x) return y;
    if (y != y) return x;
    if (x == y) return __builtin_signbit(x) ? x : y;
    return x < y ? x : y;
}
double fmax(double x, double y)
{
    if (x != x) return y;
    if (y != y) return x;
    if (x == y) return __builtin_signbit(x) ? y : x;
    return x > y ? x : y;
}
double fdim(double x, double y) { return x <= y ? 0 : x - y; } /* NaN stays NaN */
float fminf(float x, float y) { return (float)fmin(x, y); }
float fmaxf(float x, float y) { return (float)fmax(x, y); }
float fdimf(float x, float y) { return (float)fdim(x, y); }

double nan(const char *tag)
{
    (void)tag;
    return __builtin_nan("");
}
float nanf(const char *tag)
{
    (void)tag;
    return __builtin_nanf("");
}

/* ---- exponents --------------------------------------------------------------------------------------- */

double parigot_math_scale(double x, int n)
{
    /* Down in steps that keep 53 bits above the smallest normal number: only the last one rounds. */
    for (; n > 1023; n -= 1023) {
        x *= 0x1p1023;
        if (x == 0 || __builtin_isinf(x)) return x;
    }
    for (; n < -1022; n += 969) {
        x *= 0x1p-969;
        if (x == 0) return x;
    }
    return x * double_of((uint64_t)(n + 1023) << 52);
}

double scalbn(double x, int n) { return x == x ? parigot_math_scale(x, n) : x; }
double ldexp(double x, int n) { return scalbn(x, n); }
double scalbln(double x, long n) { return scalbn(x, n > 10000 ? 10000 : n < -10000 ? -10000 : (int)n); }
float scalbnf(float x, int n) { return (float)scalbn(x, n); }
float ldexpf(float x, int n) { return (float)scalbn(x, n); }
float scalblnf(float x, long n) { return (float)scalbln(x, n); }

double frexp(double x, int *exponent)
{
    *exponent = 0;
    if (x == 0 || !__builtin_isfinite(x)) return x;
    if (__builtin_fabs(x) < 0x1p-1022) {
        x *= 0x1p54;
        *exponent = -54;
    }
    uint64_t bits = bits_of(x);
    *exponent += (int)(bits >> 52 & 0x7ff) - 1022;
    return double_of((bits & 0x800fffffffffffff) | (uint64_t)1022 << 52);
}
float frexpf(float x, int *exponent) { return (float)frexp(x, exponent); }

int ilogb(double x)
{
    int exponent;
    if (x == 0) return FP_ILOGB0;
    if (x != x) return FP_ILOGBNAN;
    if (__builtin_isinf(x)) return INT_MAX;
    frexp(x, &exponent);
    return exponent - 1;
}
int ilogbf(float x) { return ilogb(x); }

double logb(double x)
{
    if (x == 0) return -__builtin_inf();
    if (!__builtin_isfinite(x)) return x * x;
    return ilogb(x);
}
float logbf(float x) { return (float)logb(x); }

double modf(double x, double *whole)
{
    *whole = __builtin_trunc(x);
    return __builtin_copysign(__builtin_isinf(x) ? 0 : x - *whole, x);
}
float modff(float x, float *whole)
{
    double w, rest = modf(x, &w);
    *whole = (float)w;
    return (float)rest;
}

double nextafter(double x, double y)
{
    if (x != x || y != y) return x + y;
    if (x == y) return y;
    if (x == 0) return __builtin_copysign(0x1p-1074, y);
    uint64_t bits = bits_of(x);
    return double_of((x < y) == (x > 0) ? bits + 1 : bits - 1);
}

float nextafterf(float x, float y)
{
    uint32_t bits;
    if (x != x || y != y) return x + y;
    if (x == y) return y;
    if (x == 0) return __builtin_copysignf(0x1p-149f, y);
    __builtin_memcpy(&bits, &x, sizeof bits);
    bits = (x < y) == (x > 0) ? bits + 1 : bits - 1;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- remainders -------------------------------------------------------------------------------------- */

/* The remainder of |x| / |y| (finite, y not 0), and whether the quotient is odd. Long division on the
 * mantissas, eleven bits a step. */
static double divide(double x, double y, int *odd)
{
    int ex, ey;
    uint64_t mx = (uint64_t)(frexp(__builtin_fabs(x), &ex) * 0x1p53),
             my = (uint64_t)(frexp(__builtin_fabs(y), &ey) * 0x1p53);
    *odd = 0;
    if (ex < ey || mx == 0) return __builtin_fabs(x);
    *odd = mx / my & 1;
    mx %= my;
    for (int left = ex - ey; left > 0;) {
        int step = left < 11 ? left : 11;
        mx <<= step;
        *odd = mx / my & 1;
        mx %= my;
        left -= step;
    }
    return parigot_math_scale((double)mx, ey - 53);
}

double fmod(double x, double y)
{
    int odd;
    if (y == 0 || !__builtin_isfinite(x) || y != y) return (x * y) / (x * y);
    if (__builtin_isinf(y)) return x;
    return __builtin_copysign(divide(x, y, &odd), x);
}
float fmodf(float x, float y) { return (float)fmod(x, y); }

double remainder(double x, double y)
{
    int odd;
    if (y == 0 || !__builtin_isfinite(x) || y != y) return (x * y) / (x * y);
    if (__builtin_isinf(y)) return x;
    double r = divide(x, y, &odd),
           rest = __builtin_fabs(y) - r; /* to the multiple below, and to the one above */
    if (r > rest || (r == rest && odd)) r = -rest;
    return __builtin_signbit(x) ? -r : r;
}
float remainderf(float x, float y) { return (float)remainder(x, y); }
