/* prelude.h: the instructions that the functions made by wasm2c are written in, for native code of a module.
 *
 * parigot-bundle puts it behind abi.h and in front of wasm2c's functions, instead of what wasm2c itself puts there:
 * these traps have the loader's kinds, nothing is global, and nothing outside this file is needed, not even a C library.
 * Each function has its instance as `instance`; so macros stand where a trap is possible.
 *
 * Memory is not checked: what is out of bounds faults (abi.h). Bulk operations are, before their first byte.
 * Floating point: compiled with -fsignaling-nans, arithmetic turns signalling NaNs into quiet ones as core 2.0 §4.3.3 asks.
 * A loop or a recursion without effects is not the compiler's to leave out: it runs until it is interrupted. */
#include <stdbool.h>

#ifndef PARIGOT_NATIVE_TARGET
#error "cc does not compile for a machine that native code is known for"
#endif

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
typedef float f32;
typedef double f64;

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define INLINE      static inline __attribute__((always_inline, unused))
#define COLD        static __attribute__((cold, noinline, noreturn, unused))

/* ---- traps --------------------------------------------------------------------------------------------------------- */

#define CONTEXT(instance) ((NativeContext *)(void *)((char *)(void *)(instance) - sizeof(NativeContext)))

COLD void trap(void *instance, NativeTrap kind)
{
    CONTEXT(instance)->trap(CONTEXT(instance), kind);
}

/* The loader does not come back from one of these. */
COLD void refuse(void *instance, NativeService service, u64 a, u64 b, u64 c)
{
    u64 slots[] = {a, b, c};
    CONTEXT(instance)->leave(CONTEXT(instance), service, 0, slots);
    __builtin_unreachable();
}

#define TRAP(kind)  trap(instance, NATIVE_##kind)
#define UNREACHABLE TRAP(UNREACHABLE)
#define STACK_FULL  TRAP(STACK_FULL)
#define FUNC_PROLOGUE                                                                                                  \
    if (UNLIKELY((uintptr_t)__builtin_frame_address(0) < CONTEXT(instance)->stack_limit)) TRAP(CALL_STACK)
#define FUNC_EPILOGUE

/* ---- what the compiler may call of itself -------------------------------------------------------------------------- */

#define OWN __attribute__((visibility("hidden"), used))
/* In a loop: it is not to be made into a call of what it is the body of. */
#define NO_IDIOM() __asm__ volatile("" ::: "memory")

typedef u64 any64 __attribute__((may_alias, aligned(1)));
typedef u32 any32 __attribute__((may_alias, aligned(1)));
typedef u16 any16 __attribute__((may_alias, aligned(1)));
typedef u64 vector128 __attribute__((vector_size(16)));
typedef vector128 any128 __attribute__((may_alias, aligned(1)));

/* All is read before the first byte is written: source and target may overlap. */
INLINE void move_few(u8 *to, const u8 *from, size_t n)
{
    if (n >= 32) {
        any128 a = *(const any128 *)from, b = *(const any128 *)(from + 16);
        any128 c = *(const any128 *)(from + n - 32), d = *(const any128 *)(from + n - 16);
        *(any128 *)to = a;
        *(any128 *)(to + 16) = b;
        *(any128 *)(to + n - 32) = c;
        *(any128 *)(to + n - 16) = d;
    } else if (n >= 16) {
        any128 a = *(const any128 *)from, b = *(const any128 *)(from + n - 16);
        *(any128 *)to = a;
        *(any128 *)(to + n - 16) = b;
    } else if (n >= 8) {
        u64 a = *(const any64 *)from, b = *(const any64 *)(from + n - 8);
        *(any64 *)to = a;
        *(any64 *)(to + n - 8) = b;
    } else if (n >= 4) {
        u32 a = *(const any32 *)from, b = *(const any32 *)(from + n - 4);
        *(any32 *)to = a;
        *(any32 *)(to + n - 4) = b;
    } else if (n >= 2) {
        u16 a = *(const any16 *)from, b = *(const any16 *)(from + n - 2);
        *(any16 *)to = a;
        *(any16 *)(to + n - 2) = b;
    } else if (n) {
        *to = *from;
    }
}

OWN void *memmove(void *target, const void *source, size_t n)
{
    u8 *to = target;
    const u8 *from = source;
    if (n <= 64) {
        move_few(to, from, n);
    } else if ((uintptr_t)to - (uintptr_t)from >= n) { /* the target does not begin within the source */
#ifdef __x86_64__
        if (n >= 1024 && (uintptr_t)from - (uintptr_t)to >= 64) {
            __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
            return target;
        }
#endif
        for (; n > 32; n -= 32, to += 32, from += 32) {
            any128 a = *(const any128 *)from, b = *(const any128 *)(from + 16);
            *(any128 *)to = a;
            *(any128 *)(to + 16) = b;
            NO_IDIOM();
        }
        move_few(to, from, n);
    } else {
        for (; n > 32; n -= 32) {
            any128 a = *(const any128 *)(from + n - 16), b = *(const any128 *)(from + n - 32);
            *(any128 *)(to + n - 16) = a;
            *(any128 *)(to + n - 32) = b;
            NO_IDIOM();
        }
        move_few(to, from, n);
    }
    return target;
}

OWN void *memcpy(void *to, const void *from, size_t n) { return memmove(to, from, n); }

OWN void *memset(void *target, int byte, size_t n)
{
    u8 *to = target;
    u64 eight = (u8)byte * UINT64_C(0x0101010101010101);
#ifdef __x86_64__
    if (n >= 1024) {
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(byte) : "memory");
        return target;
    }
#endif
    if (n >= 8) {
        u8 *last = to + n - 8;
        for (; to < last; to += 8) {
            *(any64 *)to = eight;
            NO_IDIOM();
        }
        *(any64 *)last = eight;
    } else {
        for (; n; n--) {
            *to++ = (u8)byte;
            NO_IDIOM();
        }
    }
    return target;
}

OWN int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;
    for (; n; n--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}

/* ---- types and references ------------------------------------------------------------------------------------------- */

typedef NativeMemory wasm_rt_memory_t;
typedef NativeFn wasm_rt_function_ptr_t;
typedef struct wasm_rt_funcref_t { /* a NativeRef, by the names that wasm2c knows */
    u32 func_type;
    wasm_rt_function_ptr_t func;
    void *module_instance;
} wasm_rt_funcref_t;
typedef u64 wasm_rt_externref_t;
typedef struct wasm_rt_funcref_table_t {
    wasm_rt_funcref_t *data;
    u32 max_size, size;
} wasm_rt_funcref_table_t;
typedef struct wasm_rt_externref_table_t {
    wasm_rt_externref_t *data;
    u32 max_size, size;
} wasm_rt_externref_table_t;
_Static_assert(sizeof(wasm_rt_funcref_t) == sizeof(NativeRef), "");
_Static_assert(sizeof(wasm_rt_funcref_table_t) == sizeof(NativeTable), "");
#define wasm_rt_funcref_null_value   ((wasm_rt_funcref_t){0, NULL, NULL})
#define wasm_rt_externref_null_value 0

/* Numbers for types come from a list that parigot-bundle writes, in the order of the type section. */
static u32 types_registered;
#define wasm_rt_register_func_type(...) type_numbers[types_registered++]
#define wasm_rt_is_initialized()        true
#define assert(x)                       ((void)(x))

COLD void refuse_indirect(void *instance, const wasm_rt_funcref_table_t *table, u32 i)
{
    trap(instance, i >= table->size ? NATIVE_UNDEFINED_ELEM
                   : table->data[i].func_type == 0 ? NATIVE_NULL_ELEM : NATIVE_BAD_CALL_TYPE);
}
/* A null reference has a type of its own, 0. self: whose function it would be; all are this instance's. */
#define CALL_INDIRECT(table, t, ft, x, self, ...)                                                                      \
    (LIKELY((x) < (table).size && (table).data[x].func_type == func_types[ft])                                         \
         ? (void)0 : refuse_indirect(instance, &(table), x),                                                           \
     ((t)(table).data[x].func)((void *)instance, ##__VA_ARGS__))

/* ---- memory --------------------------------------------------------------------------------------------------------- */

/* Any place of linear memory, at whatever alignment. All accesses go through this one type, which has no pointer in it: so
 * the compiler knows that they do not change where memory is, and that they may change each other. */
typedef union __attribute__((packed)) Guest {
    u8 as_u8;
    s8 as_s8;
    u16 as_u16;
    s16 as_s16;
    u32 as_u32;
    s32 as_s32;
    u64 as_u64;
    f32 as_f32;
    f64 as_f64;
} Guest;
#define GUEST(m, at) ((Guest *)(void *)((m)->data + (at)))

/* A load that nobody wants the value of may fault all the same: it stays. */
#define DEFINE_LOAD(name, T, S, R)                                                                                     \
    INLINE R name(const wasm_rt_memory_t *m, u64 at)                                                                   \
    {                                                                                                                  \
        T v = GUEST(m, at)->as_##T;                                                                                    \
        __asm__("" ::"r"(v));                                                                                          \
        return (R)(S)v;                                                                                                \
    }
#define DEFINE_LOAD_FLOAT(name, T)                                                                                     \
    INLINE T name(const wasm_rt_memory_t *m, u64 at)                                                                   \
    {                                                                                                                  \
        T v = GUEST(m, at)->as_##T;                                                                                    \
        KEEP_FLOAT(v);                                                                                                 \
        return v;                                                                                                      \
    }
#define DEFINE_STORE(name, T, V)                                                                                       \
    INLINE void name(wasm_rt_memory_t *m, u64 at, V value)                                                             \
    {                                                                                                                  \
        GUEST(m, at)->as_##T = (T)value;                                                                               \
    }
#ifdef __x86_64__
#define KEEP_FLOAT(v) __asm__("" ::"x"(v))
#else
#define KEEP_FLOAT(v) __asm__("" ::"w"(v))
#endif
DEFINE_LOAD(i32_load, u32, u32, u32)
DEFINE_LOAD(i64_load, u64, u64, u64)
DEFINE_LOAD_FLOAT(f32_load, f32)
DEFINE_LOAD_FLOAT(f64_load, f64)
DEFINE_LOAD(i32_load8_s, s8, s32, u32)
DEFINE_LOAD(i64_load8_s, s8, s64, u64)
DEFINE_LOAD(i32_load8_u, u8, u32, u32)
DEFINE_LOAD(i64_load8_u, u8, u64, u64)
DEFINE_LOAD(i32_load16_s, s16, s32, u32)
DEFINE_LOAD(i64_load16_s, s16, s64, u64)
DEFINE_LOAD(i32_load16_u, u16, u32, u32)
DEFINE_LOAD(i64_load16_u, u16, u64, u64)
DEFINE_LOAD(i64_load32_s, s32, s64, u64)
DEFINE_LOAD(i64_load32_u, u32, u64, u64)
DEFINE_STORE(i32_store, u32, u32)
DEFINE_STORE(i64_store, u64, u64)
DEFINE_STORE(f32_store, f32, f32)
DEFINE_STORE(f64_store, f64, f64)
DEFINE_STORE(i32_store8, u8, u32)
DEFINE_STORE(i32_store16, u16, u32)
DEFINE_STORE(i64_store8, u8, u64)
DEFINE_STORE(i64_store16, u16, u64)
DEFINE_STORE(i64_store32, u32, u64)

INLINE void check_access(void *instance, const wasm_rt_memory_t *m, u32 at, u32 n, bool write)
{
    const NativeContext *c = CONTEXT(instance);
    u64 end = (u64)at + n;
    bool guarded = n && at < c->null_guard;
    bool sealed = write && n && at < c->sealed_high && end > c->sealed_low;
    if (UNLIKELY(end > m->size || guarded || sealed)) refuse(instance, NATIVE_BAD_ACCESS, at, n, write);
}

INLINE void fill_memory(void *instance, wasm_rt_memory_t *m, u32 at, u32 byte, u32 n)
{
    check_access(instance, m, at, n, true);
    if (n) memset(m->data + at, (int)byte, n);
}
INLINE void copy_memory(void *instance, wasm_rt_memory_t *m, u32 to, u32 from, u32 n)
{
    check_access(instance, m, from, n, false);
    check_access(instance, m, to, n, true);
    if (n) memmove(m->data + to, m->data + from, n);
}
INLINE void init_memory(void *instance, wasm_rt_memory_t *m, const u8 *bytes, u32 size, u32 to, u32 from, u32 n)
{
    if (UNLIKELY((u64)from + n > size)) TRAP(OOB_MEMORY);
    check_access(instance, m, to, n, true);
    if (n) memcpy(m->data + to, bytes + from, n);
}
INLINE u32 grow_memory(void *instance, u32 pages)
{
    u64 slot = pages;
    CONTEXT(instance)->leave(CONTEXT(instance), NATIVE_MEMORY_GROW, 0, &slot);
    return (u32)slot;
}
#define memory_fill(m, at, byte, n)                fill_memory(instance, m, at, byte, n)
#define memory_copy(to_m, from_m, to, from, n)     copy_memory(instance, to_m, to, from, n)
#define memory_init(m, bytes, size, to, from, n)   init_memory(instance, m, bytes, size, to, from, n)
#define wasm_rt_grow_memory(m, pages)              grow_memory(instance, pages)
#define wasm_rt_allocate_memory(m, pages, max)     ((void)0) /* the loader has done it */
#define wasm_rt_free_memory(m)                     ((void)0)
#define LOAD_DATA(m, at, bytes, n)                 ((void)memcpy((m).data + (at), bytes, n)) /* it fits: the loader has looked */

/* ---- tables --------------------------------------------------------------------------------------------------------- */

typedef struct wasm_elem_segment_expr_t {
    u32 func_type_index;
    wasm_rt_function_ptr_t func;
    size_t module_offset; /* not looked at: imported functions take our instance too */
} wasm_elem_segment_expr_t;

INLINE void init_funcrefs(void *instance, wasm_rt_funcref_table_t *t, const wasm_elem_segment_expr_t *items, u32 size, u32 to,
                          u32 from, u32 n, const u32 *types)
{
    if (UNLIKELY((u64)from + n > size || (u64)to + n > t->size)) TRAP(OOB_TABLE);
    for (u32 i = 0; i < n; i++) {
        const wasm_elem_segment_expr_t *e = &items[from + i];
        t->data[to + i] = e->func ? (wasm_rt_funcref_t){types[e->func_type_index], e->func, NULL} : wasm_rt_funcref_null_value;
    }
}
INLINE void init_externrefs(void *instance, wasm_rt_externref_table_t *t, u32 size, u32 to, u32 from, u32 n)
{
    if (UNLIKELY((u64)from + n > size || (u64)to + n > t->size)) TRAP(OOB_TABLE);
    for (u32 i = 0; i < n; i++) t->data[to + i] = wasm_rt_externref_null_value; /* no other constant is there */
}
#define DEFINE_TABLE(kind)                                                                                             \
    INLINE wasm_rt_##kind##_t get_##kind(void *instance, const wasm_rt_##kind##_table_t *t, u32 i)                     \
    {                                                                                                                  \
        if (UNLIKELY(i >= t->size)) TRAP(OOB_TABLE);                                                                   \
        return t->data[i];                                                                                             \
    }                                                                                                                  \
    INLINE void set_##kind(void *instance, const wasm_rt_##kind##_table_t *t, u32 i, wasm_rt_##kind##_t v)             \
    {                                                                                                                  \
        if (UNLIKELY(i >= t->size)) TRAP(OOB_TABLE);                                                                   \
        t->data[i] = v;                                                                                                \
    }                                                                                                                  \
    INLINE void fill_##kind(void *instance, const wasm_rt_##kind##_table_t *t, u32 at, wasm_rt_##kind##_t v, u32 n)    \
    {                                                                                                                  \
        if (UNLIKELY((u64)at + n > t->size)) TRAP(OOB_TABLE);                                                          \
        for (u32 i = 0; i < n; i++) t->data[at + i] = v;                                                               \
    }                                                                                                                  \
    INLINE void copy_##kind(void *instance, const wasm_rt_##kind##_table_t *d, const wasm_rt_##kind##_table_t *s, u32 to,  \
                            u32 from, u32 n)                                                                           \
    {                                                                                                                  \
        if (UNLIKELY((u64)from + n > s->size || (u64)to + n > d->size)) TRAP(OOB_TABLE);                               \
        if (n) memmove(d->data + to, s->data + from, n * sizeof *d->data);                                             \
    }                                                                                                                  \
    INLINE u32 grow_##kind(void *instance, void *t, u32 n, wasm_rt_##kind##_t v)                                       \
    {                                                                                                                  \
        u64 slots[] = {n, (u64)(uintptr_t)&v, (u64)((char *)t - (char *)instance)};                                    \
        CONTEXT(instance)->leave(CONTEXT(instance), NATIVE_TABLE_GROW, 0, slots);                                      \
        return (u32)slots[0];                                                                                          \
    }
DEFINE_TABLE(funcref)
DEFINE_TABLE(externref)
#define funcref_table_init(t, items, size, to, from, n, self, types)                                                   \
    init_funcrefs(instance, t, items, size, to, from, n, types)
#define externref_table_init(t, size, to, from, n)   init_externrefs(instance, t, size, to, from, n)
#define funcref_table_get(t, i)                      get_funcref(instance, t, i)
#define funcref_table_set(t, i, v)                   set_funcref(instance, t, i, v)
#define funcref_table_fill(t, at, v, n)              fill_funcref(instance, t, at, v, n)
#define funcref_table_copy(d, s, to, from, n)        copy_funcref(instance, d, s, to, from, n)
#define wasm_rt_grow_funcref_table(t, n, v)          grow_funcref(instance, t, n, v)
#define wasm_rt_allocate_funcref_table(t, n, max)    ((void)0)
#define wasm_rt_free_funcref_table(t)                ((void)0)
#define externref_table_get(t, i)                    get_externref(instance, t, i)
#define externref_table_set(t, i, v)                 set_externref(instance, t, i, v)
#define externref_table_fill(t, at, v, n)            fill_externref(instance, t, at, v, n)
#define externref_table_copy(d, s, to, from, n)      copy_externref(instance, d, s, to, from, n)
#define wasm_rt_grow_externref_table(t, n, v)        grow_externref(instance, t, n, v)
#define wasm_rt_allocate_externref_table(t, n, max)  ((void)0)
#define wasm_rt_free_externref_table(t)              ((void)0)

/* ---- integers ------------------------------------------------------------------------------------------------------- */

#define I32_CLZ(x)    ((x) ? (u32)__builtin_clz(x) : 32u)
#define I64_CLZ(x)    ((x) ? (u64)__builtin_clzll(x) : 64u)
#define I32_CTZ(x)    ((x) ? (u32)__builtin_ctz(x) : 32u)
#define I64_CTZ(x)    ((x) ? (u64)__builtin_ctzll(x) : 64u)
#define I32_POPCNT(x) ((u32)__builtin_popcount(x))
#define I64_POPCNT(x) ((u64)__builtin_popcountll(x))
#define ROTATE(x, left, right, mask) ((x) << ((left) & (mask)) | (x) >> ((right) & (mask)))
#define I32_ROTL(x, n) ROTATE(x, n, -(n), 31)
#define I64_ROTL(x, n) ROTATE(x, n, -(n), 63)
#define I32_ROTR(x, n) ROTATE(x, -(n), n, 31)
#define I64_ROTR(x, n) ROTATE(x, -(n), n, 63)

#define DEFINE_DIVISION(bits)                                                                                          \
    INLINE u##bits div_s##bits(void *instance, u##bits x, u##bits y)                                                   \
    {                                                                                                                  \
        if (UNLIKELY(y == 0)) TRAP(DIV_BY_ZERO);                                                                       \
        if (UNLIKELY(y == (u##bits)-1 && x == (u##bits)INT##bits##_MIN)) TRAP(INT_OVERFLOW);                           \
        return (u##bits)((s##bits)x / (s##bits)y);                                                                     \
    }                                                                                                                  \
    INLINE u##bits rem_s##bits(void *instance, u##bits x, u##bits y)                                                   \
    {                                                                                                                  \
        if (UNLIKELY(y == 0)) TRAP(DIV_BY_ZERO);                                                                       \
        return UNLIKELY(y == (u##bits)-1) ? 0 : (u##bits)((s##bits)x % (s##bits)y);                                    \
    }
DEFINE_DIVISION(32)
DEFINE_DIVISION(64)
#define I32_DIV_S(x, y) div_s32(instance, x, y)
#define I64_DIV_S(x, y) div_s64(instance, x, y)
#define I32_REM_S(x, y) rem_s32(instance, x, y)
#define I64_REM_S(x, y) rem_s64(instance, x, y)
#define DIV_U(x, y) ((UNLIKELY((y) == 0) ? TRAP(DIV_BY_ZERO) : (void)0), (x) / (y))
#define REM_U(x, y) ((UNLIKELY((y) == 0) ? TRAP(DIV_BY_ZERO) : (void)0), (x) % (y))

/* ---- floats --------------------------------------------------------------------------------------------------------- */

#define DEFINE_REINTERPRET(name, from, to)                                                                             \
    INLINE to name(from x)                                                                                             \
    {                                                                                                                  \
        to y;                                                                                                          \
        __builtin_memcpy(&y, &x, sizeof y);                                                                            \
        return y;                                                                                                      \
    }
DEFINE_REINTERPRET(f32_reinterpret_i32, u32, f32)
DEFINE_REINTERPRET(i32_reinterpret_f32, f32, u32)
DEFINE_REINTERPRET(f64_reinterpret_i64, u64, f64)
DEFINE_REINTERPRET(i64_reinterpret_f64, f64, u64)

/* Conversion to integers: x must lie strictly between, or at low where that is a float of its own. */
#define DEFINE_TRUNC(name, I, V, F, above_low, high, least, most)                                                      \
    INLINE I trunc_##name(void *instance, F x)                                                                         \
    {                                                                                                                  \
        if (UNLIKELY(!(x above_low && x < high))) trap(instance, x != x ? NATIVE_BAD_CONVERSION : NATIVE_INT_OVERFLOW); \
        return (I)(V)x;                                                                                                \
    }                                                                                                                  \
    INLINE I trunc_sat_##name(F x)                                                                                     \
    {                                                                                                                  \
        return x != x ? 0 : !(x above_low) ? (I)(least) : !(x < high) ? (I)(most) : (I)(V)x;                           \
    }
DEFINE_TRUNC(s32_f32, u32, s32, f32, >= -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX)
DEFINE_TRUNC(u32_f32, u32, u32, f32, > -1.f, 0x1p32f, 0, UINT32_MAX)
DEFINE_TRUNC(s32_f64, u32, s32, f64, > -2147483649., 0x1p31, INT32_MIN, INT32_MAX)
DEFINE_TRUNC(u32_f64, u32, u32, f64, > -1., 0x1p32, 0, UINT32_MAX)
DEFINE_TRUNC(s64_f32, u64, s64, f32, >= -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX)
DEFINE_TRUNC(u64_f32, u64, u64, f32, > -1.f, 0x1p64f, 0, UINT64_MAX)
DEFINE_TRUNC(s64_f64, u64, s64, f64, >= -0x1p63, 0x1p63, INT64_MIN, INT64_MAX)
DEFINE_TRUNC(u64_f64, u64, u64, f64, > -1., 0x1p64, 0, UINT64_MAX)
#define I32_TRUNC_S_F32(x)     trunc_s32_f32(instance, x)
#define I32_TRUNC_U_F32(x)     trunc_u32_f32(instance, x)
#define I32_TRUNC_S_F64(x)     trunc_s32_f64(instance, x)
#define I32_TRUNC_U_F64(x)     trunc_u32_f64(instance, x)
#define I64_TRUNC_S_F32(x)     trunc_s64_f32(instance, x)
#define I64_TRUNC_U_F32(x)     trunc_u64_f32(instance, x)
#define I64_TRUNC_S_F64(x)     trunc_s64_f64(instance, x)
#define I64_TRUNC_U_F64(x)     trunc_u64_f64(instance, x)
#define I32_TRUNC_SAT_S_F32(x) trunc_sat_s32_f32(x)
#define I32_TRUNC_SAT_U_F32(x) trunc_sat_u32_f32(x)
#define I32_TRUNC_SAT_S_F64(x) trunc_sat_s32_f64(x)
#define I32_TRUNC_SAT_U_F64(x) trunc_sat_u32_f64(x)
#define I64_TRUNC_SAT_S_F32(x) trunc_sat_s64_f32(x)
#define I64_TRUNC_SAT_U_F32(x) trunc_sat_u64_f32(x)
#define I64_TRUNC_SAT_S_F64(x) trunc_sat_s64_f64(x)
#define I64_TRUNC_SAT_U_F64(x) trunc_sat_u64_f64(x)

#define INFINITY  __builtin_inff() /* constants; NaNs are written as their bits */
#define copysign  __builtin_copysign
#define copysignf __builtin_copysignf

/* Rounding without instructions for it: adding 2^52 (2^23) to a smaller number leaves no fraction. */
#define DEFINE_FLOATS(F, f, whole)                                                                                     \
    INLINE F wasm_quiet##f(F x) { return x != x ? x + x : x; }                                                         \
    INLINE F wasm_fabs##f(F x) { return __builtin_fabs##f(x); }                                                        \
    INLINE F wasm_sqrt##f(F x) { return __builtin_sqrt##f(x); }                                                        \
    INLINE F min##f(F x, F y)                                                                                          \
    {                                                                                                                  \
        if (UNLIKELY(x != x || y != y)) return x + y;                                                                  \
        if (x == y) return __builtin_signbit(x) ? x : y; /* of two zeros, the negative one */                          \
        return x < y ? x : y;                                                                                          \
    }                                                                                                                  \
    INLINE F max##f(F x, F y)                                                                                          \
    {                                                                                                                  \
        if (UNLIKELY(x != x || y != y)) return x + y;                                                                  \
        if (x == y) return __builtin_signbit(x) ? y : x;                                                               \
        return x > y ? x : y;                                                                                          \
    }                                                                                                                  \
    INLINE F nearest##f(F x) /* |x| < whole */                                                                         \
    {                                                                                                                  \
        return __builtin_copysign##f((__builtin_fabs##f(x) + whole) - whole, x);                                       \
    }                                                                                                                  \
    INLINE F wasm_nearbyint##f(F x)                                                                                    \
    {                                                                                                                  \
        return LIKELY(__builtin_fabs##f(x) < whole) ? nearest##f(x) : x + 0;                                           \
    }                                                                                                                  \
    INLINE F wasm_floor##f(F x)                                                                                        \
    {                                                                                                                  \
        if (UNLIKELY(!(__builtin_fabs##f(x) < whole))) return x + 0;                                                   \
        F r = nearest##f(x);                                                                                           \
        return r > x ? r - 1 : r;                                                                                      \
    }                                                                                                                  \
    INLINE F wasm_ceil##f(F x)                                                                                         \
    {                                                                                                                  \
        if (UNLIKELY(!(__builtin_fabs##f(x) < whole))) return x + 0;                                                   \
        F r = nearest##f(x);                                                                                           \
        return __builtin_copysign##f(r < x ? r + 1 : r, x);                                                            \
    }                                                                                                                  \
    INLINE F wasm_trunc##f(F x)                                                                                        \
    {                                                                                                                  \
        if (UNLIKELY(!(__builtin_fabs##f(x) < whole))) return x + 0;                                                   \
        F a = __builtin_fabs##f(x), r = nearest##f(a);                                                                 \
        return __builtin_copysign##f(r > a ? r - 1 : r, x);                                                            \
    }
DEFINE_FLOATS(f64, , 0x1p52)
DEFINE_FLOATS(f32, f, 0x1p23f)
#define FMIN(x, y) _Generic((x), f32: minf(x, y), f64: min(x, y))
#define FMAX(x, y) _Generic((x), f32: maxf(x, y), f64: max(x, y))

/* ---- what is about wasm2c's code as a whole ---------------------------------------------------------------------------- */

#pragma GCC diagnostic ignored "-Wunused"
