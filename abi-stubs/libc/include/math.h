/* math.h of the guest library: the functions without state. There is no errno and no floating-point
 * environment: rounding is to nearest, errors show as NaN and infinity alone. No long double. */
#ifndef PARIGOT_LIBC_MATH_H
#define PARIGOT_LIBC_MATH_H

#ifdef __cplusplus
extern "C" {
#endif

typedef float float_t;
typedef double double_t;

#define HUGE_VAL  __builtin_huge_val()
#define HUGE_VALF __builtin_huge_valf()
#define INFINITY  __builtin_inff()
#define NAN       __builtin_nanf("")

#define FP_NAN       0
#define FP_INFINITE  1
#define FP_ZERO      2
#define FP_SUBNORMAL 3
#define FP_NORMAL    4
#define FP_ILOGB0    (-2147483647 - 1)
#define FP_ILOGBNAN  2147483647

#define M_E        2.7182818284590452354
#define M_LOG2E    1.4426950408889634074
#define M_LOG10E   0.43429448190325182765
#define M_LN2      0.69314718055994530942
#define M_LN10     2.30258509299404568402
#define M_PI       3.14159265358979323846
#define M_PI_2     1.57079632679489661923
#define M_PI_4     0.78539816339744830962
#define M_1_PI     0.31830988618379067154
#define M_2_PI     0.63661977236758134308
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2    1.41421356237309504880
#define M_SQRT1_2  0.70710678118654752440

#define fpclassify(x)       __builtin_fpclassify(FP_NAN, FP_INFINITE, FP_NORMAL, FP_SUBNORMAL, FP_ZERO, x)
#define isfinite(x)         __builtin_isfinite(x)
#define isinf(x)            __builtin_isinf(x)
#define isnan(x)            __builtin_isnan(x)
#define isnormal(x)         __builtin_isnormal(x)
#define signbit(x)          __builtin_signbit(x)
#define isgreater(x, y)     __builtin_isgreater(x, y)
#define isgreaterequal(x, y) __builtin_isgreaterequal(x, y)
#define isless(x, y)        __builtin_isless(x, y)
#define islessequal(x, y)   __builtin_islessequal(x, y)
#define islessgreater(x, y) __builtin_islessgreater(x, y)
#define isunordered(x, y)   __builtin_isunordered(x, y)

#define PARIGOT_MATH_1(name) double name(double); float name##f(float);
#define PARIGOT_MATH_2(name) double name(double, double); float name##f(float, float);
PARIGOT_MATH_1(acos) PARIGOT_MATH_1(asin) PARIGOT_MATH_1(atan) PARIGOT_MATH_2(atan2)
PARIGOT_MATH_1(cos) PARIGOT_MATH_1(sin) PARIGOT_MATH_1(tan)
PARIGOT_MATH_1(acosh) PARIGOT_MATH_1(asinh) PARIGOT_MATH_1(atanh)
PARIGOT_MATH_1(cosh) PARIGOT_MATH_1(sinh) PARIGOT_MATH_1(tanh)
PARIGOT_MATH_1(exp) PARIGOT_MATH_1(exp2) PARIGOT_MATH_1(expm1)
PARIGOT_MATH_1(log) PARIGOT_MATH_1(log2) PARIGOT_MATH_1(log10) PARIGOT_MATH_1(log1p)
PARIGOT_MATH_2(pow) PARIGOT_MATH_1(sqrt) PARIGOT_MATH_1(cbrt) PARIGOT_MATH_2(hypot)
PARIGOT_MATH_1(fabs) PARIGOT_MATH_2(fmod) PARIGOT_MATH_2(remainder)
PARIGOT_MATH_2(fmin) PARIGOT_MATH_2(fmax) PARIGOT_MATH_2(fdim)
PARIGOT_MATH_2(copysign) PARIGOT_MATH_2(nextafter)
PARIGOT_MATH_1(ceil) PARIGOT_MATH_1(floor) PARIGOT_MATH_1(trunc) PARIGOT_MATH_1(round)
PARIGOT_MATH_1(rint) PARIGOT_MATH_1(nearbyint) PARIGOT_MATH_1(logb)
#undef PARIGOT_MATH_1
#undef PARIGOT_MATH_2

double frexp(double, int *exponent);
float frexpf(float, int *exponent);
double modf(double, double *whole);
float modff(float, float *whole);
double ldexp(double, int exponent);
float ldexpf(float, int exponent);
double scalbn(double, int exponent);
float scalbnf(float, int exponent);
double scalbln(double, long exponent);
float scalblnf(float, long exponent);
int ilogb(double);
int ilogbf(float);
long lround(double);
long lroundf(float);
long long llround(double);
long long llroundf(float);
long lrint(double);
long lrintf(float);
long long llrint(double);
long long llrintf(float);
double nan(const char *);
float nanf(const char *);

/* One instruction each, even where the compiler is told to know no library function. */
#ifndef __cplusplus
#define fabs(x)         __builtin_fabs(x)
#define fabsf(x)        __builtin_fabsf(x)
#define floor(x)        __builtin_floor(x)
#define floorf(x)       __builtin_floorf(x)
#define ceil(x)         __builtin_ceil(x)
#define ceilf(x)        __builtin_ceilf(x)
#define trunc(x)        __builtin_trunc(x)
#define truncf(x)       __builtin_truncf(x)
#define copysign(x, y)  __builtin_copysign(x, y)
#define copysignf(x, y) __builtin_copysignf(x, y)
#endif

#ifdef __cplusplus
}
#endif
#endif
