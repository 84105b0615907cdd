/* simd.c: the vector instructions, but for those that touch memory (interp.c) and those that only move (decode.c).
 *
 * One function each, which the interpreter calls through its address: `to` takes the result, `a` and `b` are where the
 * operands lie. A vector is two slots, low half first, as in memory. Operands that are no vectors, and third operands, stand
 * behind the first: a[2], a[4]. Results may lie where operands do, so every function reads before it writes.
 *
 * Lane by lane, in the words of the specification; the compiler finds the machine's vector instructions by itself.
 * Source: core 2.0 §4.3 "Numerics", §4.4.3 "Vector Instructions". */
#include "loader/simd.h"

#include "loader/numeric.h"

typedef union V {
    uint64_t half[2];
    int8_t s8[16];
    uint8_t u8[16];
    int16_t s16[8];
    uint16_t u16[8];
    int32_t s32[4];
    uint32_t u32[4];
    int64_t s64[2];
    uint64_t u64[2];
    float f32[4];
    double f64[2];
} V;
_Static_assert(sizeof(V) == 2 * sizeof(Slot), "two slots");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "lanes are numbered as they lie in memory"
#endif

static inline V get(const Slot *s)
{
    V v;
    memcpy(&v, s, sizeof v);
    return v;
}
static inline void put(Slot *s, V v) { memcpy(s, &v, sizeof v); }

#define FN(name) static void fn_##name(Slot *to, const Slot *a, const Slot *b, uint32_t lane)
#define UNUSED   (void)b, (void)lane

/* One result a lane: x, y are the operands' lanes of that kind; expr becomes a lane of kind R. */
#define LANES_1(name, n, T, R, expr)                                                                                   \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        UNUSED;                                                                                                        \
        V v = get(a), r;                                                                                               \
        for (int i = 0; i < (n); i++) {                                                                                \
            __typeof__(v.T[0]) x = v.T[i];                                                                             \
            r.R[i] = (__typeof__(r.R[0]))(expr);                                                                       \
        }                                                                                                              \
        put(to, r);                                                                                                    \
    }
#define LANES_2(name, n, T, R, expr)                                                                                   \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        (void)lane;                                                                                                    \
        V v = get(a), w = get(b), r;                                                                                   \
        for (int i = 0; i < (n); i++) {                                                                                \
            __typeof__(v.T[0]) x = v.T[i], y = w.T[i];                                                                 \
            r.R[i] = (__typeof__(r.R[0]))(expr);                                                                       \
        }                                                                                                              \
        put(to, r);                                                                                                    \
    }
/* The same where lanes come from elsewhere: v and w are the operands, i the lane of the result. */
#define MIX(name, n, R, expr)                                                                                          \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        (void)lane;                                                                                                    \
        V v = get(a), w = get(b), r;                                                                                   \
        (void)w;                                                                                                       \
        for (int i = 0; i < (n); i++) r.R[i] = (__typeof__(r.R[0]))(expr);                                             \
        put(to, r);                                                                                                    \
    }
#define MIX_1(name, n, R, expr)                                                                                        \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        UNUSED;                                                                                                        \
        V v = get(a), r;                                                                                               \
        for (int i = 0; i < (n); i++) r.R[i] = (__typeof__(r.R[0]))(expr);                                             \
        put(to, r);                                                                                                    \
    }
/* A number for a vector. */
#define SCALAR(name, expr)                                                                                             \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        UNUSED;                                                                                                        \
        V v = get(a);                                                                                                  \
        to[0].i = (expr);                                                                                              \
    }
#define SPLAT(name, n, R, expr)                                                                                        \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        UNUSED;                                                                                                        \
        uint64_t x = a[0].i;                                                                                           \
        V r;                                                                                                           \
        for (int i = 0; i < (n); i++) r.R[i] = (expr);                                                                 \
        put(to, r);                                                                                                    \
    }
#define REPLACE(name, R, expr)                                                                                         \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        (void)b;                                                                                                       \
        uint64_t x = a[2].i;                                                                                           \
        V r = get(a);                                                                                                  \
        r.R[lane] = (expr);                                                                                            \
        put(to, r);                                                                                                    \
    }
#define SHIFT(name, n, bits, T, op)                                                                                    \
    FN(name)                                                                                                           \
    {                                                                                                                  \
        UNUSED;                                                                                                        \
        unsigned by = (unsigned)a[2].i % (bits);                                                                       \
        V v = get(a), r;                                                                                               \
        for (int i = 0; i < (n); i++) r.T[i] = (__typeof__(r.T[0]))(v.T[i] op by);                                     \
        put(to, r);                                                                                                    \
    }

#define CLAMP(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))
#define MIN(x, y)           ((x) < (y) ? (x) : (y))
#define MAX(x, y)           ((x) > (y) ? (x) : (y))

/* ---- bits ---- */

LANES_1(V128_NOT, 2, u64, u64, ~x)
LANES_2(V128_AND, 2, u64, u64, x & y)
LANES_2(V128_ANDNOT, 2, u64, u64, x & ~y)
LANES_2(V128_OR, 2, u64, u64, x | y)
LANES_2(V128_XOR, 2, u64, u64, x ^ y)
FN(V128_BITSELECT)
{
    UNUSED;
    V v = get(a), w = get(a + 2), mask = get(a + 4), r;
    for (int i = 0; i < 2; i++) r.u64[i] = (v.u64[i] & mask.u64[i]) | (w.u64[i] & ~mask.u64[i]);
    put(to, r);
}
SCALAR(V128_ANY_TRUE, (v.u64[0] | v.u64[1]) != 0)

/* ---- lanes in and out ---- */

SPLAT(I8X16_SPLAT, 16, u8, (uint8_t)x)
SPLAT(I16X8_SPLAT, 8, u16, (uint16_t)x)
SPLAT(I32X4_SPLAT, 4, u32, (uint32_t)x)
SPLAT(I64X2_SPLAT, 2, u64, x)
SPLAT(F32X4_SPLAT, 4, u32, (uint32_t)x)
SPLAT(F64X2_SPLAT, 2, u64, x)
SCALAR(I8X16_EXTRACT_LANE_S, (uint32_t)v.s8[lane])
SCALAR(I8X16_EXTRACT_LANE_U, v.u8[lane])
SCALAR(I16X8_EXTRACT_LANE_S, (uint32_t)v.s16[lane])
SCALAR(I16X8_EXTRACT_LANE_U, v.u16[lane])
SCALAR(I32X4_EXTRACT_LANE, v.u32[lane])
SCALAR(I64X2_EXTRACT_LANE, v.u64[lane])
SCALAR(F32X4_EXTRACT_LANE, v.u32[lane])
SCALAR(F64X2_EXTRACT_LANE, v.u64[lane])
REPLACE(I8X16_REPLACE_LANE, u8, (uint8_t)x)
REPLACE(I16X8_REPLACE_LANE, u16, (uint16_t)x)
REPLACE(I32X4_REPLACE_LANE, u32, (uint32_t)x)
REPLACE(I64X2_REPLACE_LANE, u64, x)
REPLACE(F32X4_REPLACE_LANE, u32, (uint32_t)x)
REPLACE(F64X2_REPLACE_LANE, u64, x)
MIX(I8X16_SWIZZLE, 16, u8, w.u8[i] < 16 ? v.u8[w.u8[i]] : 0)

/* ---- integers, any width ---- */

static inline uint32_t bitmask(const V *v, int n, int bytes)
{
    uint32_t mask = 0;
    for (int i = 0; i < n; i++) mask |= (uint32_t)(v->u8[(i + 1) * bytes - 1] >> 7) << i;
    return mask;
}

#define INTEGERS(NAME, n, bits, s, u)                                                                                  \
    LANES_1(NAME##_ABS, n, s, u, x < 0 ? -(__typeof__(v.u[0]))x : (__typeof__(v.u[0]))x)                               \
    LANES_1(NAME##_NEG, n, u, u, -x)                                                                                   \
    SHIFT(NAME##_SHL, n, bits, u, <<)                                                                                  \
    SHIFT(NAME##_SHR_S, n, bits, s, >>)                                                                                \
    SHIFT(NAME##_SHR_U, n, bits, u, >>)                                                                                \
    LANES_2(NAME##_ADD, n, u, u, x + y)                                                                                \
    LANES_2(NAME##_SUB, n, u, u, x - y)                                                                                \
    LANES_2(NAME##_EQ, n, u, s, -(x == y))                                                                             \
    LANES_2(NAME##_NE, n, u, s, -(x != y))                                                                             \
    LANES_2(NAME##_LT_S, n, s, s, -(x < y))                                                                            \
    LANES_2(NAME##_GT_S, n, s, s, -(x > y))                                                                            \
    LANES_2(NAME##_LE_S, n, s, s, -(x <= y))                                                                           \
    LANES_2(NAME##_GE_S, n, s, s, -(x >= y))                                                                           \
    SCALAR(NAME##_BITMASK, bitmask(&v, n, (bits) / 8))                                                                 \
    FN(NAME##_ALL_TRUE)                                                                                                \
    {                                                                                                                  \
        UNUSED;                                                                                                        \
        V v = get(a);                                                                                                  \
        uint64_t all = 1;                                                                                              \
        for (int i = 0; i < (n); i++) all &= v.u[i] != 0;                                                              \
        to[0].i = all;                                                                                                 \
    }
/* What i64x2 has not. */
#define UNSIGNED_TOO(NAME, n, s, u)                                                                                    \
    LANES_2(NAME##_LT_U, n, u, s, -(x < y))                                                                            \
    LANES_2(NAME##_GT_U, n, u, s, -(x > y))                                                                            \
    LANES_2(NAME##_LE_U, n, u, s, -(x <= y))                                                                           \
    LANES_2(NAME##_GE_U, n, u, s, -(x >= y))                                                                           \
    LANES_2(NAME##_MIN_S, n, s, s, MIN(x, y))                                                                          \
    LANES_2(NAME##_MIN_U, n, u, u, MIN(x, y))                                                                          \
    LANES_2(NAME##_MAX_S, n, s, s, MAX(x, y))                                                                          \
    LANES_2(NAME##_MAX_U, n, u, u, MAX(x, y))
/* Of bytes and halves. */
#define SATURATING(NAME, n, s, u, low, high, most)                                                                     \
    LANES_2(NAME##_ADD_SAT_S, n, s, s, CLAMP(x + y, low, high))                                                        \
    LANES_2(NAME##_ADD_SAT_U, n, u, u, MIN(x + y, most))                                                               \
    LANES_2(NAME##_SUB_SAT_S, n, s, s, CLAMP(x - y, low, high))                                                        \
    LANES_2(NAME##_SUB_SAT_U, n, u, u, MAX(x - y, 0))                                                                  \
    LANES_2(NAME##_AVGR_U, n, u, u, (x + y + 1) / 2)

INTEGERS(I8X16, 16, 8, s8, u8)
INTEGERS(I16X8, 8, 16, s16, u16)
INTEGERS(I32X4, 4, 32, s32, u32)
INTEGERS(I64X2, 2, 64, s64, u64)
UNSIGNED_TOO(I8X16, 16, s8, u8)
UNSIGNED_TOO(I16X8, 8, s16, u16)
UNSIGNED_TOO(I32X4, 4, s32, u32)
SATURATING(I8X16, 16, s8, u8, -128, 127, 255)
SATURATING(I16X8, 8, s16, u16, -32768, 32767, 65535)
LANES_1(I8X16_POPCNT, 16, u8, u8, popcnt32(x))
LANES_2(I16X8_MUL, 8, u16, u16, (uint32_t)x *y)
LANES_2(I32X4_MUL, 4, u32, u32, x *y)
LANES_2(I64X2_MUL, 2, u64, u64, x *y)
LANES_2(I16X8_Q15MULR_SAT_S, 8, s16, s16, MIN((x * y + 0x4000) >> 15, 32767))

/* ---- between widths ---- */

#define OF_BOTH(half, T) (i < (half) ? v.T[i] : w.T[i - (half)])
MIX(I8X16_NARROW_I16X8_S, 16, s8, CLAMP(OF_BOTH(8, s16), -128, 127))
MIX(I8X16_NARROW_I16X8_U, 16, u8, CLAMP(OF_BOTH(8, s16), 0, 255))
MIX(I16X8_NARROW_I32X4_S, 8, s16, CLAMP(OF_BOTH(4, s32), -32768, 32767))
MIX(I16X8_NARROW_I32X4_U, 8, u16, CLAMP(OF_BOTH(4, s32), 0, 65535))

/* From lanes of half the width, signed and not: the lower or upper half of them, products, neighbours' sums. */
#define WIDENING(NAME, FROM, n, S, s, U, u)                                                                            \
    MIX_1(NAME##_EXTEND_LOW_##FROM##_S, n, S, v.s[i])                                                                  \
    MIX_1(NAME##_EXTEND_HIGH_##FROM##_S, n, S, v.s[(n) + i])                                                           \
    MIX_1(NAME##_EXTEND_LOW_##FROM##_U, n, U, v.u[i])                                                                  \
    MIX_1(NAME##_EXTEND_HIGH_##FROM##_U, n, U, v.u[(n) + i])                                                           \
    MIX(NAME##_EXTMUL_LOW_##FROM##_S, n, S, (__typeof__(v.S[0]))v.s[i] * w.s[i])                                       \
    MIX(NAME##_EXTMUL_HIGH_##FROM##_S, n, S, (__typeof__(v.S[0]))v.s[(n) + i] * w.s[(n) + i])                          \
    MIX(NAME##_EXTMUL_LOW_##FROM##_U, n, U, (__typeof__(v.U[0]))v.u[i] * w.u[i])                                       \
    MIX(NAME##_EXTMUL_HIGH_##FROM##_U, n, U, (__typeof__(v.U[0]))v.u[(n) + i] * w.u[(n) + i])
#define PAIRWISE(NAME, FROM, n, S, s, U, u)                                                                            \
    MIX_1(NAME##_EXTADD_PAIRWISE_##FROM##_S, n, S, v.s[2 * i] + v.s[2 * i + 1])                                        \
    MIX_1(NAME##_EXTADD_PAIRWISE_##FROM##_U, n, U, v.u[2 * i] + v.u[2 * i + 1])

WIDENING(I16X8, I8X16, 8, s16, s8, u16, u8)
WIDENING(I32X4, I16X8, 4, s32, s16, u32, u16)
WIDENING(I64X2, I32X4, 2, s64, s32, u64, u32)
PAIRWISE(I16X8, I8X16, 8, s16, s8, u16, u8)
PAIRWISE(I32X4, I16X8, 4, s32, s16, u32, u16)
/* The one sum that does not fit, of two squares of -32768, wraps around. */
MIX(I32X4_DOT_I16X8_S, 4, u32, (uint32_t)(v.s16[2 * i] * w.s16[2 * i]) + (uint32_t)(v.s16[2 * i + 1] * w.s16[2 * i + 1]))

/* ---- floats ---- */

#define FLOATS(NAME, n, f, s, suffix, root)                                                                            \
    LANES_2(NAME##_EQ, n, f, s, -(x == y))                                                                             \
    LANES_2(NAME##_NE, n, f, s, -(x != y))                                                                             \
    LANES_2(NAME##_LT, n, f, s, -(x < y))                                                                              \
    LANES_2(NAME##_GT, n, f, s, -(x > y))                                                                              \
    LANES_2(NAME##_LE, n, f, s, -(x <= y))                                                                             \
    LANES_2(NAME##_GE, n, f, s, -(x >= y))                                                                             \
    LANES_1(NAME##_ABS, n, f, f, copysign_##suffix(x, 1))                                                              \
    LANES_1(NAME##_NEG, n, f, f, neg_##suffix(x))                                                                      \
    LANES_1(NAME##_SQRT, n, f, f, root(x))                                                                             \
    LANES_1(NAME##_CEIL, n, f, f, ceil_##suffix(x))                                                                    \
    LANES_1(NAME##_FLOOR, n, f, f, floor_##suffix(x))                                                                  \
    LANES_1(NAME##_TRUNC, n, f, f, trunc_##suffix(x))                                                                  \
    LANES_1(NAME##_NEAREST, n, f, f, nearest_##suffix(x))                                                              \
    LANES_2(NAME##_ADD, n, f, f, x + y)                                                                                \
    LANES_2(NAME##_SUB, n, f, f, x - y)                                                                                \
    LANES_2(NAME##_MUL, n, f, f, x *y)                                                                                 \
    LANES_2(NAME##_DIV, n, f, f, x / y)                                                                                \
    LANES_2(NAME##_MIN, n, f, f, min_##suffix(x, y))                                                                   \
    LANES_2(NAME##_MAX, n, f, f, max_##suffix(x, y))                                                                   \
    LANES_2(NAME##_PMIN, n, f, f, y < x ? y : x)                                                                       \
    LANES_2(NAME##_PMAX, n, f, f, x < y ? y : x)

FLOATS(F32X4, 4, f32, s32, f32, __builtin_sqrtf)
FLOATS(F64X2, 2, f64, s64, f64, __builtin_sqrt)

LANES_1(I32X4_TRUNC_SAT_F32X4_S, 4, f32, u32, (uint32_t)SATURATE(x, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX, (int32_t)x))
LANES_1(I32X4_TRUNC_SAT_F32X4_U, 4, f32, u32, SATURATE(x, 0.0f, 0x1p32f, 0u, UINT32_MAX, (uint32_t)(int64_t)x))
LANES_1(F32X4_CONVERT_I32X4_S, 4, s32, f32, (float)x)
LANES_1(F32X4_CONVERT_I32X4_U, 4, u32, f32, (float)x)
MIX_1(F64X2_CONVERT_LOW_I32X4_S, 2, f64, v.s32[i])
MIX_1(F64X2_CONVERT_LOW_I32X4_U, 2, f64, v.u32[i])
MIX_1(F64X2_PROMOTE_LOW_F32X4, 2, f64, v.f32[i])
static inline uint32_t sat_s(double x) { return (uint32_t)SATURATE(x, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX, (int32_t)x); }
static inline uint32_t sat_u(double x) { return SATURATE(x, 0.0, 0x1p32, 0u, UINT32_MAX, (uint32_t)(int64_t)x); }
MIX_1(I32X4_TRUNC_SAT_F64X2_S_ZERO, 4, u32, i < 2 ? sat_s(v.f64[i & 1]) : 0)
MIX_1(I32X4_TRUNC_SAT_F64X2_U_ZERO, 4, u32, i < 2 ? sat_u(v.f64[i & 1]) : 0)
MIX_1(F32X4_DEMOTE_F64X2_ZERO, 4, f32, i < 2 ? (float)v.f64[i & 1] : 0.0f)

/* ---- what is made of a value that was loaded ---- */

#define WIDEN(name, n, R, T)                                                                                           \
    static void load_##name(Slot *to, uint64_t raw)                                                                    \
    {                                                                                                                  \
        V v = {.half = {raw, 0}}, r;                                                                                   \
        for (int i = 0; i < (n); i++) r.R[i] = v.T[i];                                                                 \
        put(to, r);                                                                                                    \
    }
WIDEN(V128_LOAD8X8_S, 8, s16, s8)
WIDEN(V128_LOAD8X8_U, 8, u16, u8)
WIDEN(V128_LOAD16X4_S, 4, s32, s16)
WIDEN(V128_LOAD16X4_U, 4, u32, u16)
WIDEN(V128_LOAD32X2_S, 2, s64, s32)
WIDEN(V128_LOAD32X2_U, 2, u64, u32)
#define ALL_LANES(name, n, R)                                                                                          \
    static void load_##name(Slot *to, uint64_t raw)                                                                    \
    {                                                                                                                  \
        V r;                                                                                                           \
        for (int i = 0; i < (n); i++) r.R[i] = (__typeof__(r.R[0]))raw;                                                \
        put(to, r);                                                                                                    \
    }
ALL_LANES(V128_LOAD8_SPLAT, 16, u8)
ALL_LANES(V128_LOAD16_SPLAT, 8, u16)
ALL_LANES(V128_LOAD32_SPLAT, 4, u32)
ALL_LANES(V128_LOAD64_SPLAT, 2, u64)
static void load_zero(Slot *to, uint64_t raw) { put(to, (V){.half = {raw, 0}}); }

/* ---- by opcode ---- */

#define FIRST OP_V128_LOAD
#define ROW(name) [OP_##name - FIRST] = fn_##name,
#define ROWS_INTEGERS(N)                                                                                               \
    ROW(N##_ABS) ROW(N##_NEG) ROW(N##_SHL) ROW(N##_SHR_S) ROW(N##_SHR_U) ROW(N##_ADD) ROW(N##_SUB) ROW(N##_EQ)         \
    ROW(N##_NE) ROW(N##_LT_S) ROW(N##_GT_S) ROW(N##_LE_S) ROW(N##_GE_S) ROW(N##_BITMASK) ROW(N##_ALL_TRUE)
#define ROWS_UNSIGNED(N)                                                                                               \
    ROW(N##_LT_U) ROW(N##_GT_U) ROW(N##_LE_U) ROW(N##_GE_U) ROW(N##_MIN_S) ROW(N##_MIN_U) ROW(N##_MAX_S) ROW(N##_MAX_U)
#define ROWS_SATURATING(N) ROW(N##_ADD_SAT_S) ROW(N##_ADD_SAT_U) ROW(N##_SUB_SAT_S) ROW(N##_SUB_SAT_U) ROW(N##_AVGR_U)
#define ROWS_WIDENING(N, F)                                                                                            \
    ROW(N##_EXTEND_LOW_##F##_S) ROW(N##_EXTEND_HIGH_##F##_S) ROW(N##_EXTEND_LOW_##F##_U) ROW(N##_EXTEND_HIGH_##F##_U)  \
    ROW(N##_EXTMUL_LOW_##F##_S) ROW(N##_EXTMUL_HIGH_##F##_S) ROW(N##_EXTMUL_LOW_##F##_U) ROW(N##_EXTMUL_HIGH_##F##_U)
#define ROWS_PAIRWISE(N, F) ROW(N##_EXTADD_PAIRWISE_##F##_S) ROW(N##_EXTADD_PAIRWISE_##F##_U)
#define ROWS_FLOATS(N)                                                                                                 \
    ROW(N##_EQ) ROW(N##_NE) ROW(N##_LT) ROW(N##_GT) ROW(N##_LE) ROW(N##_GE) ROW(N##_ABS) ROW(N##_NEG) ROW(N##_SQRT)    \
    ROW(N##_CEIL) ROW(N##_FLOOR) ROW(N##_TRUNC) ROW(N##_NEAREST) ROW(N##_ADD) ROW(N##_SUB) ROW(N##_MUL) ROW(N##_DIV)   \
    ROW(N##_MIN) ROW(N##_MAX) ROW(N##_PMIN) ROW(N##_PMAX)

static SimdFn *const fns[OP_F64X2_CONVERT_LOW_I32X4_U + 1 - FIRST] = {
    ROW(V128_NOT) ROW(V128_AND) ROW(V128_ANDNOT) ROW(V128_OR) ROW(V128_XOR) ROW(V128_BITSELECT) ROW(V128_ANY_TRUE)
    ROW(I8X16_SPLAT) ROW(I16X8_SPLAT) ROW(I32X4_SPLAT) ROW(I64X2_SPLAT) ROW(F32X4_SPLAT) ROW(F64X2_SPLAT)
    ROW(I8X16_EXTRACT_LANE_S) ROW(I8X16_EXTRACT_LANE_U) ROW(I16X8_EXTRACT_LANE_S) ROW(I16X8_EXTRACT_LANE_U)
    ROW(I32X4_EXTRACT_LANE) ROW(I64X2_EXTRACT_LANE) ROW(F32X4_EXTRACT_LANE) ROW(F64X2_EXTRACT_LANE)
    ROW(I8X16_REPLACE_LANE) ROW(I16X8_REPLACE_LANE) ROW(I32X4_REPLACE_LANE) ROW(I64X2_REPLACE_LANE)
    ROW(F32X4_REPLACE_LANE) ROW(F64X2_REPLACE_LANE) ROW(I8X16_SWIZZLE)
    ROWS_INTEGERS(I8X16) ROWS_INTEGERS(I16X8) ROWS_INTEGERS(I32X4) ROWS_INTEGERS(I64X2)
    ROWS_UNSIGNED(I8X16) ROWS_UNSIGNED(I16X8) ROWS_UNSIGNED(I32X4) ROWS_SATURATING(I8X16) ROWS_SATURATING(I16X8)
    ROW(I8X16_POPCNT) ROW(I16X8_MUL) ROW(I32X4_MUL) ROW(I64X2_MUL) ROW(I16X8_Q15MULR_SAT_S)
    ROW(I8X16_NARROW_I16X8_S) ROW(I8X16_NARROW_I16X8_U) ROW(I16X8_NARROW_I32X4_S) ROW(I16X8_NARROW_I32X4_U)
    ROWS_WIDENING(I16X8, I8X16) ROWS_WIDENING(I32X4, I16X8) ROWS_WIDENING(I64X2, I32X4)
    ROWS_PAIRWISE(I16X8, I8X16) ROWS_PAIRWISE(I32X4, I16X8) ROW(I32X4_DOT_I16X8_S)
    ROWS_FLOATS(F32X4) ROWS_FLOATS(F64X2)
    ROW(I32X4_TRUNC_SAT_F32X4_S) ROW(I32X4_TRUNC_SAT_F32X4_U) ROW(F32X4_CONVERT_I32X4_S) ROW(F32X4_CONVERT_I32X4_U)
    ROW(F64X2_CONVERT_LOW_I32X4_S) ROW(F64X2_CONVERT_LOW_I32X4_U) ROW(F64X2_PROMOTE_LOW_F32X4)
    ROW(I32X4_TRUNC_SAT_F64X2_S_ZERO) ROW(I32X4_TRUNC_SAT_F64X2_U_ZERO) ROW(F32X4_DEMOTE_F64X2_ZERO)
};

SimdFn *simd_fn(WasmOp op) { return op >= FIRST && op - FIRST < ARRAY_LEN(fns) ? fns[op - FIRST] : NULL; }

LANES_1(F32X4_CANON, 4, f32, f32, canon_f32(x))
LANES_1(F64X2_CANON, 2, f64, f64, canon_f64(x))

SimdFn *simd_canonical(WasmOp op)
{
#define ARITHMETIC(N)                                                                                                  \
    case OP_##N##_ADD: case OP_##N##_SUB: case OP_##N##_MUL: case OP_##N##_DIV: case OP_##N##_MIN: case OP_##N##_MAX:  \
    case OP_##N##_CEIL: case OP_##N##_FLOOR: case OP_##N##_TRUNC: case OP_##N##_NEAREST: case OP_##N##_SQRT
    switch (op) {
    ARITHMETIC(F32X4): case OP_F32X4_DEMOTE_F64X2_ZERO: return fn_F32X4_CANON;
    ARITHMETIC(F64X2): case OP_F64X2_PROMOTE_LOW_F32X4: return fn_F64X2_CANON;
    default: return NULL;
    }
#undef ARITHMETIC
}

SimdLoadFn *simd_load_fn(WasmOp op)
{
    switch (op) {
    case OP_V128_LOAD8X8_S: return load_V128_LOAD8X8_S;
    case OP_V128_LOAD8X8_U: return load_V128_LOAD8X8_U;
    case OP_V128_LOAD16X4_S: return load_V128_LOAD16X4_S;
    case OP_V128_LOAD16X4_U: return load_V128_LOAD16X4_U;
    case OP_V128_LOAD32X2_S: return load_V128_LOAD32X2_S;
    case OP_V128_LOAD32X2_U: return load_V128_LOAD32X2_U;
    case OP_V128_LOAD8_SPLAT: return load_V128_LOAD8_SPLAT;
    case OP_V128_LOAD16_SPLAT: return load_V128_LOAD16_SPLAT;
    case OP_V128_LOAD32_SPLAT: return load_V128_LOAD32_SPLAT;
    case OP_V128_LOAD64_SPLAT: return load_V128_LOAD64_SPLAT;
    case OP_V128_LOAD32_ZERO:
    case OP_V128_LOAD64_ZERO: return load_zero;
    default: return NULL;
    }
}

void simd_shuffle(Slot *to, const Slot *a, const Slot *b, const uint8_t lanes[16])
{
    V v[2] = {get(a), get(b)}, r;
    for (int i = 0; i < 16; i++) r.u8[i] = v[lanes[i] >> 4 & 1].u8[lanes[i] & 15];
    put(to, r);
}
