/* math_exp.c: exponentials, logarithms, powers and roots of math.h, below one unit in the last place.
 * Both kernels are series on a short interval; the coefficients are those of the series. Where a result would
 * magnify an error (pow), the logarithm is kept as a sum of two doubles. */
#include <math.h>
#include "math_parts.h"

/* ln 2 with 32 bits in the first part, so that its product with an exponent is exact. */
static const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
static const Sum per_ln2 = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
static const Sum per_ln10 = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
static const Sum ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

/* e^r - 1 - r for |r| <= 0.35: the series from r^2/2 on. */
static double exp_tail(double r)
{
    static const double per_factorial[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                                           1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                                           1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    double sum = 0;
    for (int i = sizeof per_factorial / sizeof *per_factorial; i-- > 0;) sum = sum * r + per_factorial[i];
    return sum * r * r;
}

double parigot_math_exp(Sum x)
{
    if (x.high != x.high) return x.high;
    if (x.high > 710) return __builtin_inf();
    if (x.high < -746) return 0;
    double k = __builtin_rint(x.high * per_ln2.high);
    Sum r = sum_two(x.high - k * ln2_high, x.low - k * ln2_low);
    double tail = exp_tail(r.high) + r.low * (1 + r.high);
    return parigot_math_scale(1 + (r.high + tail), (int)k);
}

/* x = 2^k m, m near 1; with s = (m - 1) / (m + 1), ln m = 2 s (1 + s^2/3 + s^4/5 + ...), |s| <= 0.172. */
Sum parigot_math_ln(double x)
{
    static const double odd[] = {1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
                                 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        exponent--;
    }
    double above = m - 1, below = m + 1, below_low = m - (below - 1);
    Sum s = {above / below, 0};
    Sum back = product_two(s.high, below);
    s.low = ((above - back.high) - back.low - s.high * below_low) / below;

    Sum square = sum_times(s, s);
    double tail = 0;
    for (int i = sizeof odd / sizeof *odd; i-- > 0;) tail = tail * square.high + odd[i];
    Sum third = sum_quick(0x1.5555555555555p-2, tail * square.high); /* 1/3 + s^2/5 + ... */
    third.low += 0x1.5555555555555p-56;
    Sum rest = sum_times(s, sum_times(square, third));
    Sum twice = sum_quick(2 * s.high, 2 * s.low + 2 * rest.low);
    Sum ln_m = sum_quick(twice.high, 2 * rest.high);
    ln_m.low += twice.low;
    Sum all = sum_two(exponent * ln2_high, ln_m.high);
    return sum_quick(all.high, all.low + (ln_m.low + exponent * ln2_low));
}

/* What the logarithms say where there is none. */
static int no_logarithm(double x, double *result)
{
    if (x > 0 && x < __builtin_inf()) return 0;
    *result = x == 0 ? -__builtin_inf() : x < 0 ? __builtin_nan("") : x;
    return 1;
}

double exp(double x) { return x == x ? parigot_math_exp((Sum){x, 0}) : x; }
double exp2(double x)
{
    if (x != x) return x;
    if (x > 1024) return __builtin_inf();
    if (x < -1076) return 0;
    double k = __builtin_rint(x);
    Sum r = sum_times((Sum){x - k, 0}, ln2);
    return parigot_math_scale(1 + (r.high + (exp_tail(r.high) + r.low)), (int)k);
}
double expm1(double x)
{
    if (__builtin_fabs(x) < 0.35) return x + exp_tail(x);
    if (x < -40) return -1;
    if (x > 40 || x != x) return exp(x);
    double k = __builtin_rint(x * per_ln2.high), power = parigot_math_scale(1, (int)k);
    Sum r = sum_two(x - k * ln2_high, -k * ln2_low);
    return power * (r.high + (exp_tail(r.high) + r.low * (1 + r.high))) + (power - 1);
}
double log(double x)
{
    double r;
    return no_logarithm(x, &r) ? r : parigot_math_ln(x).high;
}
double log2(double x)
{
    double r;
    return no_logarithm(x, &r) ? r : sum_times(parigot_math_ln(x), per_ln2).high;
}
double log10(double x)
{
    double r;
    return no_logarithm(x, &r) ? r : sum_times(parigot_math_ln(x), per_ln10).high;
}
double log1p(double x)
{
    double r;
    if (x == 0 || no_logarithm(1 + x, &r)) return x == 0 || x != x ? x : r;
    Sum one_more = sum_two(1, x), ln = parigot_math_ln(one_more.high);
    return ln.high + (ln.low + one_more.low / one_more.high);
}

float expf(float x) { return (float)exp(x); }
float exp2f(float x) { return (float)exp2(x); }
float expm1f(float x) { return (float)expm1(x); }
float logf(float x) { return (float)log(x); }
float log2f(float x) { return (float)log2(x); }
float log10f(float x) { return (float)log10(x); }
float log1pf(float x) { return (float)log1p(x); }

/* ---- powers and roots -------------------------------------------------------------------------------- */

enum { NO_INTEGER, EVEN, ODD };

static int parity(double y)
{
    if (__builtin_trunc(y) != y) return NO_INTEGER;
    if (__builtin_fabs(y) >= 0x1p53) return EVEN;
    return (long long)y & 1 ? ODD : EVEN;
}

/* C11 F.10.4.4 "The pow functions". */
double pow(double x, double y)
{
    if (y == 0 || x == 1) return 1;
    if (x != x || y != y) return x + y;
    double size = __builtin_fabs(x);
    if (__builtin_isinf(y)) {
        if (size == 1) return 1;
        return (size > 1) == (y > 0) ? __builtin_inf() : 0;
    }
    int integer = parity(y);
    double sign = __builtin_signbit(x) && integer == ODD ? -1 : 1;
    if (x == 0) return y > 0 ? sign * 0 : sign * __builtin_inf();
    if (__builtin_isinf(x)) return y > 0 ? sign * __builtin_inf() : sign * 0;
    if (x < 0 && integer == NO_INTEGER) return __builtin_nan("");
    if (size == 1) return sign;
    if (__builtin_fabs(y) > 0x1p64) return (size > 1) == (y > 0) ? __builtin_inf() : 0; /* an even integer */
    return sign * parigot_math_exp(sum_times(parigot_math_ln(size), (Sum){y, 0}));
}
float powf(float x, float y) { return (float)pow(x, y); }

double cbrt(double x)
{
    if (x == 0 || !__builtin_isfinite(x)) return x;
    double size = __builtin_fabs(x);
    double root = parigot_math_exp(sum_times(parigot_math_ln(size), (Sum){1.0 / 3, 0x1.5555555555555p-56}));
    /* One step of Newton's, with an exact cube, on numbers of a middle size. */
    int exponent;
    root = frexp(root, &exponent);
    size = parigot_math_scale(size, -3 * exponent);
    Sum cube = sum_times(product_two(root, root), (Sum){root, 0});
    root -= ((cube.high - size) + cube.low) / (3 * root * root);
    return __builtin_copysign(parigot_math_scale(root, exponent), x);
}
float cbrtf(float x) { return (float)cbrt(x); }

double hypot(double x, double y)
{
    if (__builtin_isinf(x) || __builtin_isinf(y)) return __builtin_inf();
    if (x != x || y != y) return x + y;
    double a = __builtin_fabs(x), b = __builtin_fabs(y);
    if (a < b) {
        double t = a;
        a = b;
        b = t;
    }
    if (b == 0) return a;
    int exponent;
    a = frexp(a, &exponent);
    b = parigot_math_scale(b, -exponent);
    Sum aa = product_two(a, a), bb = product_two(b, b), sum = sum_quick(aa.high, bb.high);
    double low = sum.low + aa.low + bb.low, root = __builtin_sqrt(sum.high + low);
    Sum square = product_two(root, root);
    root += ((sum.high - square.high) - square.low + low) / (2 * root);
    return parigot_math_scale(root, exponent);
}
float hypotf(float x, float y) { return (float)hypot(x, y); }

/* ---- hyperbolic functions ---------------------------------------------------------------------------- */

double sinh(double x)
{
    double size = __builtin_fabs(x), result;
    if (size < 22) {
        double t = expm1(size);
        result = size < 1e-8 ? size : (t + t / (t + 1)) / 2;
    } else {
        double half = parigot_math_exp((Sum){size / 2, 0}); /* e^size itself may be too large */
        result = size < 709 ? exp(size) / 2 : half / 2 * half;
    }
    return x != x ? x : __builtin_copysign(result, x);
}
double cosh(double x)
{
    double size = __builtin_fabs(x);
    if (size < 22) {
        double e = exp(size);
        return (e + 1 / e) / 2;
    }
    if (size < 709) return exp(size) / 2;
    double half = exp(size / 2);
    return half / 2 * half;
}
double tanh(double x)
{
    double size = __builtin_fabs(x), t;
    if (size > 22) return __builtin_copysign(1, x);
    t = expm1(2 * size);
    return x != x || size < 1e-8 ? x : __builtin_copysign(t / (t + 2), x);
}
double asinh(double x)
{
    double size = __builtin_fabs(x), result;
    if (!__builtin_isfinite(x) || size < 1e-8) return x;
    if (size > 0x1p28) result = log(size) + ln2.high;
    else result = log1p(size + size * size / (1 + __builtin_sqrt(1 + size * size)));
    return __builtin_copysign(result, x);
}
double acosh(double x)
{
    double above = x - 1;
    if (!(x >= 1)) return __builtin_nan("");
    if (x > 0x1p28) return log(x) + ln2.high;
    return log1p(above + __builtin_sqrt(2 * above + above * above));
}
double atanh(double x)
{
    double size = __builtin_fabs(x);
    if (size < 1e-8) return x;
    return __builtin_copysign(log1p(2 * size / (1 - size)) / 2, x); /* infinity at 1, NaN beyond */
}

float sinhf(float x) { return (float)sinh(x); }
float coshf(float x) { return (float)cosh(x); }
float tanhf(float x) { return (float)tanh(x); }
float asinhf(float x) { return (float)asinh(x); }
float acoshf(float x) { return (float)acosh(x); }
float atanhf(float x) { return (float)atanh(x); }
