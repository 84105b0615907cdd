/* math_parts.h: arithmetic on sums of two doubles, and the kernels that several functions of math.h share. */
#ifndef PARIGOT_MATH_PARTS_H
#define PARIGOT_MATH_PARTS_H
#include <stdint.h>

/* high + low, |low| at most half a unit of high: about 106 bits. Dekker, "A Floating-Point Technique for
 * Extending the Available Precision", 1971. */
typedef struct Sum {
    double high, low;
} Sum;

static inline Sum sum_two(double a, double b) /* exact */
{
    double s = a + b, bb = s - a;
    return (Sum){s, (a - (s - bb)) + (b - bb)};
}

static inline Sum sum_quick(double a, double b) /* exact if |a| >= |b| */
{
    double s = a + b;
    return (Sum){s, b - (s - a)};
}

static inline Sum product_two(double a, double b) /* exact unless it overflows; |a|, |b| < 2^996 */
{
    double p = a * b, ca = 0x8000001p0 * a, cb = 0x8000001p0 * b;
    double ah = ca - (ca - a), bh = cb - (cb - b), al = a - ah, bl = b - bh;
    return (Sum){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

static inline Sum sum_times(Sum a, Sum b)
{
    Sum p = product_two(a.high, b.high);
    return sum_quick(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static inline uint64_t bits_of(double x)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double double_of(uint64_t bits)
{
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* x * 2^n, rounded once. */
double parigot_math_scale(double x, int n);
/* ln(x) for finite x > 0. */
Sum parigot_math_ln(double x);
/* e^(x.high + x.low); infinity and 0 where it leaves the range. */
double parigot_math_exp(Sum x);
#endif
