/* numeric.h: the numeric operations that C has not, or has otherwise. Expanded into each handler of interp.c.
 *
 * Nothing here calls a function of libm: a call would cost the interpreter its registers. Rounding mode is to nearest.
 * A NaN that comes out of arithmetic is quiet; sign and payload are what the machine gives (core 2.0 §4.3.3 "NaN
 * propagation" lets that open), unless it goes through canon_f32 or canon_f64 next. abs, neg, copysign and reinterpret change no bit but the sign.
 *
 * Source: core 2.0 §4.3 "Numerics". */
#ifndef PARIGOT_LOADER_NUMERIC_H
#define PARIGOT_LOADER_NUMERIC_H

#include "loader/engine.h"

static inline uint32_t bits_f32(float x) { return (uint32_t)load_from_f32(x); }
static inline uint64_t bits_f64(double x) { return load_from_f64(x); }

/* ---- integers ---- */

static inline LoadTrapKind trap_div(uint64_t divisor) { return divisor == 0 ? TRAP_DIV_BY_ZERO : TRAP_NONE; }
static inline LoadTrapKind trap_div_s32(uint32_t x, uint32_t y)
{
    if (y == 0) return TRAP_DIV_BY_ZERO;
    return x == 0x80000000u && y == UINT32_MAX ? TRAP_INT_OVERFLOW : TRAP_NONE;
}
static inline LoadTrapKind trap_div_s64(uint64_t x, uint64_t y)
{
    if (y == 0) return TRAP_DIV_BY_ZERO;
    return x == UINT64_C(1) << 63 && y == UINT64_MAX ? TRAP_INT_OVERFLOW : TRAP_NONE;
}

/* Bits in parallel: pairs, nibbles, bytes, then all bytes summed into the highest by a multiplication. */
static inline uint32_t popcnt32(uint32_t x)
{
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0fu;
    return x * 0x01010101u >> 24;
}
static inline uint64_t popcnt64(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return x * UINT64_C(0x0101010101010101) >> 56;
}

/* ---- signs ---- */

static inline float copysign_f32(float x, float y)
{
    return load_to_f32((bits_f32(x) & 0x7fffffffu) | (bits_f32(y) & 0x80000000u));
}
static inline double copysign_f64(double x, double y)
{
    uint64_t sign = UINT64_C(1) << 63;
    return load_to_f64((bits_f64(x) & ~sign) | (bits_f64(y) & sign));
}
static inline float neg_f32(float x) { return load_to_f32(bits_f32(x) ^ 0x80000000u); }
static inline double neg_f64(double x) { return load_to_f64(bits_f64(x) ^ UINT64_C(1) << 63); }

/* ---- NaNs ---- */

/* The canonical one, positive: what the deterministic profile of later editions of the specification prescribes. */
static inline float canon_f32(float x) { return x == x ? x : load_to_f32(0x7fc00000u); }
static inline double canon_f64(double x) { return x == x ? x : load_to_f64(UINT64_C(0x7ff8) << 48); }

/* ---- minimum, maximum: a NaN wins, -0 is less than +0. For equal operands `or` and `and` of the bits settle the sign. */

static inline float min_f32(float x, float y)
{
    if (x < y) return x;
    if (y < x) return y;
    return x == y ? load_to_f32(bits_f32(x) | bits_f32(y)) : x + y;
}
static inline float max_f32(float x, float y)
{
    if (x > y) return x;
    if (y > x) return y;
    return x == y ? load_to_f32(bits_f32(x) & bits_f32(y)) : x + y;
}
static inline double min_f64(double x, double y)
{
    if (x < y) return x;
    if (y < x) return y;
    return x == y ? load_to_f64(bits_f64(x) | bits_f64(y)) : x + y;
}
static inline double max_f64(double x, double y)
{
    if (x > y) return x;
    if (y > x) return y;
    return x == y ? load_to_f64(bits_f64(x) & bits_f64(y)) : x + y;
}

/* ---- rounding to integers ----
 * Adding and subtracting 2^23 (2^52), with the operand's sign, rounds to nearest, ties to even, because there are no
 * bits left below one. What is that large already is an integer, or infinite, or a NaN, which x + x makes quiet and
 * everything else keeps by x + 0. The others start from the nearest integer and step by one. */

#define ROUNDING(T, suffix, LIMIT)                                                                                     \
    static inline T nearest_##suffix(T x)                                                                              \
    {                                                                                                                  \
        T magnitude = copysign_##suffix(x, 1);                                                                         \
        if (!(magnitude < (LIMIT))) return x != x ? x + x : x;                                                         \
        T rounded = magnitude + (LIMIT);                                                                               \
        __asm__("" : "+x"(rounded)); /* the sum is rounded, whatever the compiler knows about algebra */               \
        return copysign_##suffix(rounded - (LIMIT), x);                                                                \
    }                                                                                                                  \
    static inline T floor_##suffix(T x)                                                                                \
    {                                                                                                                  \
        T n = nearest_##suffix(x);                                                                                     \
        return copysign_##suffix(n > x ? n - 1 : n, x);                                                                \
    }                                                                                                                  \
    static inline T ceil_##suffix(T x)                                                                                 \
    {                                                                                                                  \
        T n = nearest_##suffix(x);                                                                                     \
        return copysign_##suffix(n < x ? n + 1 : n, x);                                                                \
    }                                                                                                                  \
    static inline T trunc_##suffix(T x)                                                                                \
    {                                                                                                                  \
        T magnitude = copysign_##suffix(x, 1), n = nearest_##suffix(magnitude);                                        \
        return copysign_##suffix(n > magnitude ? n - 1 : n, x);                                                        \
    }
ROUNDING(float, f32, 0x1p23f)
ROUNDING(double, f64, 0x1p52)
#undef ROUNDING

/* ---- float to integer ---- */

/* For 2^63 and above, the machine's signed conversion after taking 2^63 away. */
static inline uint64_t u64_of_f64(double x)
{
    return x < 0x1p63 ? (uint64_t)(int64_t)x : (uint64_t)(int64_t)(x - 0x1p63) ^ UINT64_C(1) << 63;
}

#define TRAP_TRUNC(x, low_ok, high_ok)                                                                                 \
    ((x) != (x) ? TRAP_BAD_CONVERSION : (low_ok) && (high_ok) ? TRAP_NONE : TRAP_INT_OVERFLOW)
#define SATURATE(x, low, high, min, max, convert) ((x) != (x) ? 0 : (x) < (low) ? (min) : (x) >= (high) ? (max) : (convert))

#endif
