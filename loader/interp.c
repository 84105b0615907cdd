/* interp.c: runs register code.
 *
 * One function, one label for each RegOp, and a jump through the address in the next instruction at the end of each.
 * Memory lies in a reservation that no address can leave, and a fault tells (trap.c). Where there is no such reservation, code
 * is linked with other labels for the accesses: each compares its address with the memory's size, and goes on to the same
 * handler (CHECK_).
 *
 * A handler that may fault hands pc and fp to the fault handler: on x86-64 in rdi and rsi, by the constraints of the one
 * asm statement that makes the access, elsewhere through the instance. Guest memory is read exactly once for each guest load.
 *
 * Sources: core 2.0 §4.4 "Instructions". The operations themselves stand in interp.def and numeric.h. */
#include "loader/interp.h"
#include "loader/numeric.h"
#include "loader/simd.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- accesses to guest memory ---- */

#if defined(__x86_64__)

#define LOAD_BY(mnemonic, modifier, out, at)                                                                           \
    __asm__ volatile(mnemonic " %1, %" modifier "0" : "=r"(out) : "m"(*(const uint8_t *)(at)), "D"(pc), "S"(fp))
#define load_u8(out, at)     LOAD_BY("movzbl", "k", out, at)
#define load_s8_32(out, at)  LOAD_BY("movsbl", "k", out, at)
#define load_s8_64(out, at)  LOAD_BY("movsbq", "q", out, at)
#define load_u16(out, at)    LOAD_BY("movzwl", "k", out, at)
#define load_s16_32(out, at) LOAD_BY("movswl", "k", out, at)
#define load_s16_64(out, at) LOAD_BY("movswq", "q", out, at)
#define load_u32(out, at)    LOAD_BY("movl", "k", out, at)
#define load_s32_64(out, at) LOAD_BY("movslq", "q", out, at)
#define load_u64(out, at)    LOAD_BY("movq", "q", out, at)
#define load_f32(out, at)    __asm__ volatile("movss %1, %0" : "=x"(out) : "m"(*(const float *)(at)), "D"(pc), "S"(fp))
#define load_f64(out, at)    __asm__ volatile("movsd %1, %0" : "=x"(out) : "m"(*(const double *)(at)), "D"(pc), "S"(fp))
#define STORE_BY(mnemonic, modifier, class, in, at)                                                                    \
    __asm__ volatile(mnemonic " %" modifier "1, %0" : "=m"(*(uint8_t *)(at)) : class(in), "D"(pc), "S"(fp) : "memory")
#define store_u8(in, at)  STORE_BY("movb", "b", "q", in, at)
#define store_u16(in, at) STORE_BY("movw", "w", "r", in, at)
#define store_u32(in, at) STORE_BY("movl", "k", "r", in, at)
#define store_u64(in, at) STORE_BY("movq", "q", "r", in, at)
#define store_f32(in, at) STORE_BY("movss", "", "x", in, at)
#define store_f64(in, at) STORE_BY("movsd", "", "x", in, at)
typedef long long Vector __attribute__((vector_size(16)));
#define load_v128(slots, at)                                                                                           \
    do {                                                                                                               \
        Vector vector;                                                                                                 \
        __asm__ volatile("movdqu %1, %0" : "=x"(vector) : "m"(*(const uint8_t *)(at)), "D"(pc), "S"(fp));              \
        memcpy(slots, &vector, sizeof vector);                                                                         \
    } while (0)
#define store_v128(slots, at)                                                                                          \
    do {                                                                                                               \
        Vector vector;                                                                                                 \
        memcpy(&vector, slots, sizeof vector);                                                                         \
        __asm__ volatile("movdqu %1, %0" : "=m"(*(uint8_t *)(at)) : "x"(vector), "D"(pc), "S"(fp) : "memory");         \
    } while (0)

#else

#define UNALIGNED(type, name) typedef type __attribute__((aligned(1), may_alias)) name
UNALIGNED(uint16_t, any_u16);
UNALIGNED(int16_t, any_s16);
UNALIGNED(uint32_t, any_u32);
UNALIGNED(int32_t, any_s32);
UNALIGNED(uint64_t, any_u64);
UNALIGNED(float, any_f32);
UNALIGNED(double, any_f64);
#define LOAD_BY(type, cast, out, at) (inst->pc = pc, inst->fp = fp, (out) = (cast)*(const volatile type *)(at))
#define load_u8(out, at)     LOAD_BY(uint8_t, uint8_t, out, at)
#define load_s8_32(out, at)  LOAD_BY(int8_t, uint32_t, out, at)
#define load_s8_64(out, at)  LOAD_BY(int8_t, uint64_t, out, at)
#define load_u16(out, at)    LOAD_BY(any_u16, uint16_t, out, at)
#define load_s16_32(out, at) LOAD_BY(any_s16, uint32_t, out, at)
#define load_s16_64(out, at) LOAD_BY(any_s16, uint64_t, out, at)
#define load_u32(out, at)    LOAD_BY(any_u32, uint32_t, out, at)
#define load_s32_64(out, at) LOAD_BY(any_s32, uint64_t, out, at)
#define load_u64(out, at)    LOAD_BY(any_u64, uint64_t, out, at)
#define load_f32(out, at)    LOAD_BY(any_f32, float, out, at)
#define load_f64(out, at)    LOAD_BY(any_f64, double, out, at)
#define STORE_BY(type, in, at) (inst->pc = pc, inst->fp = fp, *(volatile type *)(at) = (type)(in))
#define store_u8(in, at)  STORE_BY(uint8_t, in, at)
#define store_u16(in, at) STORE_BY(any_u16, in, at)
#define store_u32(in, at) STORE_BY(any_u32, in, at)
#define store_u64(in, at) STORE_BY(any_u64, in, at)
#define store_f32(in, at) STORE_BY(any_f32, in, at)
#define store_f64(in, at) STORE_BY(any_f64, in, at)
#define load_v128(slots, at)                                                                                           \
    do {                                                                                                               \
        uint64_t low, high;                                                                                            \
        load_u64(low, at);                                                                                             \
        load_u64(high, (at) + 8);                                                                                      \
        (slots)[0].i = low;                                                                                            \
        (slots)[1].i = high;                                                                                           \
    } while (0)
#define store_v128(slots, at) /* the upper half first: it is the one that may lie beyond the end */                    \
    do {                                                                                                               \
        store_u64((slots)[1].i, (at) + 8);                                                                             \
        store_u64((slots)[0].i, at);                                                                                   \
    } while (0)

#endif

#define width_u8     1
#define width_s8_32  1
#define width_s8_64  1
#define width_u16    2
#define width_s16_32 2
#define width_s16_64 2
#define width_u32    4
#define width_s32_64 4
#define width_u64    8
#define width_f32    4
#define width_f64    8
#define width_v128   16

/* at: where the access goes. base + (2^32 - 1) + (2^32 - 1) + 16 lies within the reservation. */
#define AT(address, width) uint8_t *at = mem + (uint64_t)(address)

/* ---- operands by class: I32 I64 F32 F64; imm: in an operation; wide: in a branch or store ---- */

#define C_I32 uint32_t
#define C_I64 uint64_t
#define C_F32 float
#define C_F64 double
#define SLOT_I32(n) ((uint32_t)fp[n].i)
#define SLOT_I64(n) (fp[n].i)
#define SLOT_F32(n) load_to_f32(fp[n].i)
#define SLOT_F64(n) (fp[n].d)
#define ACC_I32     ((uint32_t)acc)
#define ACC_I64     acc
#define ACC_F32     acc_f
#define ACC_F64     acc_d
#define IMM_I32     ((uint32_t)pc->imm)
#define IMM_I64     ((uint64_t)(int64_t)pc->imm)
#define IMM_F32     load_to_f32(pc->u)
#define IMM_F64     load_to_f64(pc->imm64)
#define WIDE_I32    ((uint32_t)pc->imm64)
#define WIDE_I64    (pc->imm64)
#define WIDE_F32    load_to_f32(pc->imm64)
#define WIDE_F64    load_to_f64(pc->imm64)
#define PUT_I32_A(v) (acc = (uint32_t)(v))
#define PUT_I64_A(v) (acc = (v))
#define PUT_F32_A(v) (acc_f = (v))
#define PUT_F64_A(v) (acc_d = (v))
#define PUT_I32_S(v) (PUT_I32_A(v), fp[pc->d].i = acc)
#define PUT_I64_S(v) (PUT_I64_A(v), fp[pc->d].i = acc)
#define PUT_F32_S(v) (PUT_F32_A(v), fp[pc->d].i = load_from_f32(acc_f))
#define PUT_F64_S(v) (PUT_F64_A(v), fp[pc->d].d = acc_d)

/* ---- the end of a handler ---- */

#define GOTO_PC()   goto *pc->run
#define NEXT(words) do { pc = (const Ins *)((const Word *)pc + (words)); GOTO_PC(); } while (0)
#define TRAP(k)     do { trap = (k); goto trapped; } while (0)
#define INTERRUPTED() unlikely(atomic_load_explicit(&inst->interrupt, memory_order_relaxed))
#define JUMP(field)                                                                                                    \
    do {                                                                                                               \
        if (INTERRUPTED()) goto interrupted;                                                                           \
        pc = (const Ins *)((const char *)&(field) + (field));                                                          \
        GOTO_PC();                                                                                                     \
    } while (0)

/* Into a function whose first argument lies at base; the record says where it returns to. Its code is looked at first:
 * the rest belongs to that code, or to later code, never to earlier (decode.c publishes in the other order). */
#define LOOK_AT(func, base)                                                                                            \
    const Ins *code = atomic_load_explicit(&(func)->code, memory_order_acquire);                                       \
    uint32_t frame_bytes = atomic_load_explicit(&(func)->frame_bytes, memory_order_relaxed);                           \
    uint32_t n_clear = atomic_load_explicit(&(func)->n_clear, memory_order_relaxed);                                   \
    if (unlikely((size_t)((char *)inst->stack_end - (char *)(base)) < frame_bytes)) TRAP(TRAP_CALL_STACK);             \
    if (INTERRUPTED()) goto interrupted
#define ENTER(func, base, back, up)                                                                                    \
    do {                                                                                                               \
        Slot *record = (base) + (func)->record;                                                                        \
        record[0].code = (back);                                                                                       \
        record[1].frame = (up);                                                                                        \
        CLEAR(record + RECORD_SLOTS, n_clear);                                                                         \
        fp = (base);                                                                                                   \
        pc = code;                                                                                                     \
        GOTO_PC();                                                                                                     \
    } while (0)
#define CLEAR(from, n)                                                                                                 \
    for (Slot *s = (from), *clear_end = s + (n); s != clear_end; s += CLEAR_SLOTS)                                     \
        s[0].i = s[1].i = s[2].i = s[3].i = 0

#define RETURN()                                                                                                       \
    do {                                                                                                               \
        pc = record_code;                                                                                              \
        fp = record_frame;                                                                                             \
        GOTO_PC();                                                                                                     \
    } while (0)
#define READ_RECORD(slot)                                                                                              \
    const Ins *record_code = fp[slot].code;                                                                            \
    Slot *record_frame = fp[(slot) + 1].frame

/* core 2.0 §4.4.8 "call_indirect" */
#define LOOK_UP(index, table, wanted)                                                                                  \
    do {                                                                                                               \
        const Table *t = &inst->tables[table];                                                                         \
        uint32_t i = (index);                                                                                          \
        if (unlikely(i >= t->size)) TRAP(TRAP_UNDEFINED_ELEM);                                                         \
        func = t->elems[i].func;                                                                                       \
        if (unlikely(func == NULL)) TRAP(TRAP_NULL_ELEM);                                                              \
        if (unlikely(func->type != (wanted))) TRAP(TRAP_BAD_CALL_TYPE);                                                \
    } while (0)

/* The callee takes the caller's place: arguments from slot d on move down, the record is handed on. */
#define TAIL_ENTER(func, n_args)                                                                                       \
    do {                                                                                                               \
        LOOK_AT(func, fp);                                                                                             \
        READ_RECORD(pc->b);                                                                                            \
        memmove(fp, fp + pc->d, (n_args) * sizeof *fp);                                                                \
        acc_f = 0;                                                                                                     \
        acc_d = 0;                                                                                                     \
        ENTER(func, fp, record_code, record_frame);                                                                    \
    } while (0)

/* Host code: it may look at pc and fp, and leaves no register but the callee-saved ones. */
#define HOST(call)                                                                                                     \
    do {                                                                                                               \
        inst->pc = pc;                                                                                                 \
        inst->fp = fp;                                                                                                 \
        LoadTrapKind result = (call);                                                                                  \
        acc_f = 0;                                                                                                     \
        acc_d = 0;                                                                                                     \
        if (unlikely(result != TRAP_NONE)) TRAP(result);                                                               \
        inst->pc = NULL;                                                                                               \
    } while (0)

/* ---- families ---- */

#define BIN_FORM(form, T, R, words, X, Y, to, check, expr)                                                             \
    form:                                                                                                              \
    {                                                                                                                  \
        C_##T x = X, y = Y;                                                                                            \
        (void)y;                                                                                                       \
        check;                                                                                                         \
        PUT_##R##_##to(expr);                                                                                          \
    }                                                                                                                  \
    NEXT(words);
#define BIN_FORMS(name, T, R, check, expr)                                                                             \
    BIN_FORM(name##_SS_S, T, R, 2, SLOT_##T(pc->a), SLOT_##T(pc->b), S, check, expr)                                   \
    BIN_FORM(name##_SS_A, T, R, 2, SLOT_##T(pc->a), SLOT_##T(pc->b), A, check, expr)                                   \
    BIN_FORM(name##_AS_S, T, R, 2, ACC_##T, SLOT_##T(pc->b), S, check, expr)                                           \
    BIN_FORM(name##_AS_A, T, R, 2, ACC_##T, SLOT_##T(pc->b), A, check, expr)                                           \
    BIN_FORM(name##_SA_S, T, R, 2, SLOT_##T(pc->a), ACC_##T, S, check, expr)                                           \
    BIN_FORM(name##_SA_A, T, R, 2, SLOT_##T(pc->a), ACC_##T, A, check, expr)                                           \
    BIN_FORM(name##_SI_S, T, R, WORDS_IMM_##T, SLOT_##T(pc->a), IMM_##T, S, check, expr)                               \
    BIN_FORM(name##_SI_A, T, R, WORDS_IMM_##T, SLOT_##T(pc->a), IMM_##T, A, check, expr)                               \
    BIN_FORM(name##_AI_S, T, R, WORDS_IMM_##T, ACC_##T, IMM_##T, S, check, expr)                                       \
    BIN_FORM(name##_AI_A, T, R, WORDS_IMM_##T, ACC_##T, IMM_##T, A, check, expr)
#define CHECKED_BY(condition)                                                                                          \
    LoadTrapKind result = condition;                                                                                   \
    if (unlikely(result != TRAP_NONE)) TRAP(result)

#define BR_FORM(form, T, words, X, Y, expr)                                                                            \
    form:                                                                                                              \
    {                                                                                                                  \
        C_##T x = X, y = Y;                                                                                            \
        if (expr) JUMP(pc->target);                                                                                    \
    }                                                                                                                  \
    NEXT(words);
#define BR_FORMS(name, T, expr)                                                                                        \
    BR_FORM(BR_##name##_SS, T, 2, SLOT_##T(pc->d), SLOT_##T(pc->a), expr)                                              \
    BR_FORM(BR_##name##_AS, T, 2, ACC_##T, SLOT_##T(pc->a), expr)                                                      \
    BR_FORM(BR_##name##_SA, T, 2, SLOT_##T(pc->d), ACC_##T, expr)                                                      \
    BR_FORM(BR_##name##_SI, T, 3, SLOT_##T(pc->d), WIDE_##T, expr)                                                     \
    BR_FORM(BR_##name##_AI, T, 3, ACC_##T, WIDE_##T, expr)

/* Back to the head of a loop: what a time around costs is paid on the way, and the loop's charge is passed over. */
#define PAY(amount)                                                                                                    \
    do {                                                                                                               \
        if (unlikely((*inst->gauge -= (int64_t)(amount)) < 0)) TRAP(TRAP_FUEL);                                        \
    } while (0)
#define GO_BACK()                                                                                                      \
    do {                                                                                                               \
        if (INTERRUPTED()) goto interrupted; /* before it pays: it may begin again */                                  \
        PAY(pc->u3);                                                                                                   \
        pc = (const Ins *)((const char *)&pc->target + pc->target);                                                    \
        GOTO_PC();                                                                                                     \
    } while (0)
#define BACK_FORM(form, X, Y, expr)                                                                                    \
    form:                                                                                                              \
    {                                                                                                                  \
        uint32_t x = X, y = Y;                                                                                         \
        if (expr) GO_BACK();                                                                                           \
    }                                                                                                                  \
    NEXT(3);
#define BACK_FORMS(name, expr)                                                                                         \
    BACK_FORM(BACK_##name##_SS, SLOT_I32(pc->d), SLOT_I32(pc->a), expr)                                                \
    BACK_FORM(BACK_##name##_AS, ACC_I32, SLOT_I32(pc->a), expr)                                                        \
    BACK_FORM(BACK_##name##_SA, SLOT_I32(pc->d), ACC_I32, expr)                                                        \
    BACK_FORM(BACK_##name##_SI, SLOT_I32(pc->d), pc->u2, expr)                                                         \
    BACK_FORM(BACK_##name##_AI, ACC_I32, pc->u2, expr)

#define UN_FORM(form, T, R, X, to, check, expr)                                                                        \
    form:                                                                                                              \
    {                                                                                                                  \
        C_##T x = X;                                                                                                   \
        check;                                                                                                         \
        PUT_##R##_##to(expr);                                                                                          \
    }                                                                                                                  \
    NEXT(2);
#define UN_FORMS(name, T, R, check, expr)                                                                              \
    UN_FORM(name##_S_S, T, R, SLOT_##T(pc->a), S, check, expr)                                                         \
    UN_FORM(name##_S_A, T, R, SLOT_##T(pc->a), A, check, expr)                                                         \
    UN_FORM(name##_A_S, T, R, ACC_##T, S, check, expr)                                                                 \
    UN_FORM(name##_A_A, T, R, ACC_##T, A, check, expr)

#define LOAD_FORM(form, R, access, address, to)                                                                        \
    form:                                                                                                              \
    {                                                                                                                  \
        AT(address, width_##access);                                                                                   \
        IN_##R v;                                                                                                      \
        load_##access(v, at);                                                                                          \
        PUT_##R##_##to(v);                                                                                             \
    }                                                                                                                  \
    NEXT(2);
#define IN_I32 uint64_t /* loads extend into all 64 bits by themselves */
#define IN_I64 uint64_t
#define IN_F32 float
#define IN_F64 double
#define LOAD_FORMS(name, R, access)                                                                                    \
    LOAD_FORM(name##_S_S, R, access, (uint64_t)SLOT_I32(pc->a) + pc->u, S)                                             \
    LOAD_FORM(name##_S_A, R, access, (uint64_t)SLOT_I32(pc->a) + pc->u, A)                                             \
    LOAD_FORM(name##_A_S, R, access, (uint64_t)ACC_I32 + pc->u, S)                                                     \
    LOAD_FORM(name##_A_A, R, access, (uint64_t)ACC_I32 + pc->u, A)                                                     \
    LOAD_FORM(name##_I_S, R, access, pc->u, S)                                                                         \
    LOAD_FORM(name##_I_A, R, access, pc->u, A)

#define STORE_FORM(form, T, access, words, address, value)                                                             \
    form:                                                                                                              \
    {                                                                                                                  \
        AT(address, width_##access);                                                                                   \
        C_##T v = value;                                                                                               \
        store_##access(v, at);                                                                                         \
    }                                                                                                                  \
    NEXT(words);
#define STORE_FORMS(name, T, access)                                                                                   \
    STORE_FORM(name##_SS, T, access, 2, (uint64_t)SLOT_I32(pc->d) + pc->u, SLOT_##T(pc->a))                            \
    STORE_FORM(name##_AS, T, access, 2, (uint64_t)ACC_I32 + pc->u, SLOT_##T(pc->a))                                    \
    STORE_FORM(name##_SA, T, access, 2, (uint64_t)SLOT_I32(pc->d) + pc->u, ACC_##T)                                    \
    STORE_FORM(name##_SI, T, access, 3, (uint64_t)SLOT_I32(pc->d) + pc->u, WIDE_##T)                                   \
    STORE_FORM(name##_AI, T, access, 3, (uint64_t)ACC_I32 + pc->u, WIDE_##T)                                           \
    STORE_FORM(name##_IS, T, access, 2, pc->u, SLOT_##T(pc->a))                                                        \
    STORE_FORM(name##_IA, T, access, 2, pc->u, ACC_##T)                                                                \
    STORE_FORM(name##_II, T, access, 3, pc->u, WIDE_##T)                                                               \
    STORE_FORM(name##_AA, T, access, 2, (uint64_t)ACC_I32 + pc->u, ACC_##T)

#ifdef __clang__
#define COLD_LABEL
#else
#define COLD_LABEL __attribute__((cold))
#endif
#define CHECK(form, width, address)                                                                                    \
    CHECK_##form: COLD_LABEL;                                                                                          \
    {                                                                                                                  \
        uint64_t ea = (address);                                                                                       \
        if (likely(ea + (width) <= inst->memory.size_bytes)) goto form;                                                \
        inst->fault_address = ea;                                                                                      \
        goto out_of_bounds;                                                                                            \
    }
#define CHECK_LOAD(name, width)                                                                                        \
    CHECK(name##_S_S, width, (uint64_t)SLOT_I32(pc->a) + pc->u)                                                        \
    CHECK(name##_S_A, width, (uint64_t)SLOT_I32(pc->a) + pc->u)                                                        \
    CHECK(name##_A_S, width, (uint64_t)ACC_I32 + pc->u)                                                                \
    CHECK(name##_A_A, width, (uint64_t)ACC_I32 + pc->u)                                                                \
    CHECK(name##_I_S, width, pc->u)                                                                                    \
    CHECK(name##_I_A, width, pc->u)
#define CHECK_STORE(name, width)                                                                                       \
    CHECK(name##_SS, width, (uint64_t)SLOT_I32(pc->d) + pc->u)                                                         \
    CHECK(name##_SA, width, (uint64_t)SLOT_I32(pc->d) + pc->u)                                                         \
    CHECK(name##_SI, width, (uint64_t)SLOT_I32(pc->d) + pc->u)                                                         \
    CHECK(name##_AS, width, (uint64_t)ACC_I32 + pc->u)                                                                 \
    CHECK(name##_AA, width, (uint64_t)ACC_I32 + pc->u)                                                                 \
    CHECK(name##_AI, width, (uint64_t)ACC_I32 + pc->u)                                                                 \
    CHECK(name##_IS, width, pc->u)                                                                                     \
    CHECK(name##_IA, width, pc->u)                                                                                     \
    CHECK(name##_II, width, pc->u)

/* ---- vectors: what is called leaves no register of floats, and nothing is expected in one (decode.c) ---- */

#define FORGET_FLOATS()                                                                                                \
    do {                                                                                                               \
        acc_f = 0;                                                                                                     \
        acc_d = 0;                                                                                                     \
    } while (0)
#define V_LOAD(label, access)                                                                                          \
    label:                                                                                                             \
    {                                                                                                                  \
        AT((uint64_t)SLOT_I32(pc->a) + pc->u, width_##access);                                                         \
        uint64_t v;                                                                                                    \
        load_##access(v, at);                                                                                          \
        ((SimdLoadFn *)(uintptr_t)pc->ptr)(fp + pc->d, v);                                                             \
        FORGET_FLOATS();                                                                                               \
    }                                                                                                                  \
    NEXT(3);
#define V_LOAD_LANE(label, access, T)                                                                                  \
    label:                                                                                                             \
    {                                                                                                                  \
        AT((uint64_t)SLOT_I32(pc->a) + pc->u, width_##access);                                                         \
        uint64_t v;                                                                                                    \
        load_##access(v, at);                                                                                          \
        T value = (T)v;                                                                                                \
        memmove(fp + pc->d, fp + pc->a + 1, 2 * sizeof *fp);                                                           \
        memcpy((char *)(fp + pc->d) + pc->u2 * sizeof value, &value, sizeof value);                                    \
    }                                                                                                                  \
    NEXT(3);
#define V_STORE_LANE(label, access, T)                                                                                 \
    label:                                                                                                             \
    {                                                                                                                  \
        AT((uint64_t)SLOT_I32(pc->a) + pc->u, width_##access);                                                         \
        T value;                                                                                                       \
        memcpy(&value, (const char *)(fp + pc->a + 1) + pc->u2 * sizeof value, sizeof value);                          \
        store_##access(value, at);                                                                                     \
    }                                                                                                                  \
    NEXT(3);

/* ---- the loop ---- */

/* With a NULL instance: only gives the labels. (They are addresses inside this function; nothing else can name them.) */
static LoadTrapKind run(LoadInstance *inst, const Ins *pc, Slot *fp, Labels labels_out[2])
{
    static const int32_t labels[2][REG_COUNT] = {{
#define ONE(label, words)    &&label - &&FINISH,
#include "loader/reg_ops.def"
    }, {
#define ONE(label, words)    &&label - &&FINISH,
#define ACCESS(label, words) &&CHECK_##label - &&FINISH,
#include "loader/reg_ops.def"
    }};
    if (inst == NULL) {
        for (int checked = 0; checked < 2; checked++) labels_out[checked] = (Labels){&&FINISH, labels[checked]};
        return TRAP_NONE;
    }

    uint8_t *mem = inst->memory.base;
    uint64_t acc = inst->acc;
    float acc_f = inst->acc_f;
    double acc_d = inst->acc_d;
    LoadTrapKind trap;
    inst->pc = NULL;
    GOTO_PC();

#define BIN(name, T, R, expr)              BIN_FORMS(name, T, R, , expr)
#define BINT(name, T, R, condition, expr)  BIN_FORMS(name, T, R, CHECKED_BY(condition), expr)
#define CMP(name, T, negation, expr)       BIN_FORMS(name, T, I32, , expr) BR_FORMS(name, T, expr)
#define CMPN                               CMP
#define CMPB(name, T, negation, expr)      BIN_FORMS(name, T, I32, , expr) BR_FORMS(name, T, expr) BACK_FORMS(name, expr)
#define UN(name, T, R, expr)               UN_FORMS(name, T, R, , expr)
#define UNT(name, T, R, condition, expr)   UN_FORMS(name, T, R, CHECKED_BY(condition), expr)
#define LOAD(name, R, access)              LOAD_FORMS(name, R, access)
#define STORE(name, T, access)             STORE_FORMS(name, T, access)
#define OTHER(name, words)
#define VECTOR(name, words, width, at)
#include "loader/interp.def"

    /* The same accesses, looked at before. */
#define BIN(name, T, R, expr)
#define BINT(name, T, R, condition, expr)
#define CMP(name, T, negation, expr)
#define CMPN                               CMP
#define CMPB                               CMP
#define UN(name, T, R, expr)
#define UNT(name, T, R, condition, expr)
#define LOAD(name, R, access)              CHECK_LOAD(name, width_##access)
#define STORE(name, T, access)             CHECK_STORE(name, width_##access)
#define OTHER(name, words)
#define VECTOR(name, words, width, at)     CHECK(name, width, (uint64_t)SLOT_I32(pc->at) + pc->u)
#include "loader/interp.def"

COPY_S:
    fp[pc->d] = fp[pc->a];
    NEXT(2);
COPY_A:
    fp[pc->d].i = acc;
    NEXT(2);
COPY_F:
    fp[pc->d].i = load_from_f32(acc_f);
    NEXT(2);
COPY_D:
    fp[pc->d].d = acc_d;
    NEXT(2);
COPY_I:
    fp[pc->d].i = pc->imm64;
    NEXT(3);
MOVE:
    memmove(fp + pc->d, fp + pc->a, pc->b * sizeof *fp);
    acc_f = 0;
    acc_d = 0;
    NEXT(2);
SELECT_S:
    acc = SLOT_I32(pc->c) ? fp[pc->a].i : fp[pc->b].i;
    fp[pc->d].i = acc;
    NEXT(2);
SELECT_A:
    acc = ACC_I32 ? fp[pc->a].i : fp[pc->b].i;
    fp[pc->d].i = acc;
    NEXT(2);
GLOBAL_GET:
    acc = inst->globals[pc->u].i;
    fp[pc->d].i = acc;
    NEXT(2);
GLOBAL_SET_S:
    inst->globals[pc->u] = fp[pc->a];
    NEXT(2);
GLOBAL_SET_A:
    inst->globals[pc->u].i = acc;
    NEXT(2);
GLOBAL_SET_I:
    inst->globals[pc->u].i = pc->imm64;
    NEXT(3);
REF_FUNC:
    fp[pc->d].func = &inst->funcs[pc->u];
    NEXT(2);

CHARGE:
    PAY(pc->u);
    NEXT(2);
CHARGE_EACH:
    PAY((uint64_t)SLOT_I32(pc->a) * pc->u);
    NEXT(2);
CHARGE_POWER:
    PAY((uint64_t)SLOT_I32(pc->a) >> (pc->u & 63));
    NEXT(2);
CHARGE_COUNTED : {
    uint32_t high = pc->u3 & COUNTED_HIGH_CONST ? pc->u : SLOT_I32(pc->d);
    uint32_t low = pc->u3 & COUNTED_LOW_CONST ? pc->u : SLOT_I32(pc->a);
    unsigned shift = pc->u3 & 31;
    uint32_t once = UINT32_C(1) << shift;
    uint64_t rounds = UINT64_C(1) + ((high - low - once) >> shift);
    *inst->gauge -= (int64_t)(rounds * pc->u2);
    if (unlikely(*inst->gauge < 0 || ((high ^ low) & (once - 1)) != 0)) {
        *inst->gauge = -1;
        TRAP(TRAP_FUEL);
    }
    NEXT(3);
}

BR:
    JUMP(pc->target);
BR_IF_S:
    if (SLOT_I32(pc->a)) JUMP(pc->target);
    NEXT(2);
BR_IF_A:
    if (ACC_I32) JUMP(pc->target);
    NEXT(2);
BR_UNLESS_S:
    if (!SLOT_I32(pc->a)) JUMP(pc->target);
    NEXT(2);
BR_UNLESS_A:
    if (!ACC_I32) JUMP(pc->target);
    NEXT(2);
BACK:
    GO_BACK();
BACK_IF_S:
    if (SLOT_I32(pc->a)) GO_BACK();
    NEXT(3);
BACK_IF_A:
    if (ACC_I32) GO_BACK();
    NEXT(3);
BACK_UNLESS_S:
    if (!SLOT_I32(pc->a)) GO_BACK();
    NEXT(3);
BACK_UNLESS_A:
    if (!ACC_I32) GO_BACK();
    NEXT(3);
BR_TABLE_S:
    acc = SLOT_I32(pc->a);
BR_TABLE_A : {
    uint32_t n = pc->u, i = ACC_I32;
    const int32_t *entry = (const int32_t *)((const Word *)pc + 2) + (i < n ? i : n);
    JUMP(*entry);
}
UNREACHABLE:
    TRAP(TRAP_UNREACHABLE);

RETURN_0 : {
    READ_RECORD(pc->b);
    RETURN();
}
RETURN_S : {
    READ_RECORD(pc->b);
    acc = fp[pc->a].i;
    fp[0].i = acc;
    RETURN();
}
RETURN_A : {
    READ_RECORD(pc->b);
    fp[0].i = acc;
    RETURN();
}
RETURN_F : {
    READ_RECORD(pc->b);
    acc = load_from_f32(acc_f);
    fp[0].i = acc;
    RETURN();
}
RETURN_D : {
    READ_RECORD(pc->b);
    acc = load_from_f64(acc_d);
    fp[0].i = acc;
    RETURN();
}
RETURN_I : {
    READ_RECORD(pc->b);
    acc = pc->imm64;
    fp[0].i = acc;
    RETURN();
}
RETURN_N : {
    READ_RECORD(pc->b);
    memmove(fp, fp + pc->a, pc->d * sizeof *fp);
    acc_f = 0;
    acc_d = 0;
    RETURN();
}

CALL : {
    const Func *func = pc->ptr;
    Slot *base = fp + pc->d;
    LOOK_AT(func, base);
    ENTER(func, base, (const Ins *)((const Word *)pc + 3), fp);
}
CALL_INDIRECT_S:
    acc = SLOT_I32(pc->a);
CALL_INDIRECT_A : {
    const Func *func;
    LOOK_UP(ACC_I32, pc->u, pc->u2);
    Slot *base = fp + pc->d;
    LOOK_AT(func, base);
    ENTER(func, base, (const Ins *)((const Word *)pc + 3), fp);
}
RETURN_CALL : {
    const Func *func = pc->ptr;
    TAIL_ENTER(func, pc->a);
}
RETURN_CALL_INDIRECT_S:
    acc = SLOT_I32(pc->a);
RETURN_CALL_INDIRECT_A : {
    const Func *func;
    LOOK_UP(ACC_I32, pc->u3, pc->u2);
    TAIL_ENTER(func, pc->c);
}
ENTER_UNDECODED : { /* record and parameters are there already */
    Func *func = (Func *)((uintptr_t)pc - offsetof(Func, stub));
    HOST(op_enter_undecoded(inst, func));
    if ((size_t)((char *)inst->stack_end - (char *)fp) < atomic_load_explicit(&func->frame_bytes, memory_order_relaxed))
        TRAP(TRAP_CALL_STACK);
    CLEAR(fp + func->record + RECORD_SLOTS, atomic_load_explicit(&func->n_clear, memory_order_relaxed));
    pc = atomic_load_explicit(&func->code, memory_order_acquire);
    GOTO_PC();
}
ENTER_HOST : {
    const Func *func = (const Func *)((uintptr_t)pc - offsetof(Func, stub));
    HOST(op_enter_host(inst, func, fp));
    READ_RECORD(func->record);
    acc = fp[0].i;
    RETURN();
}
FINISH:
    return TRAP_NONE;

MEMORY_SIZE:
    acc = inst->memory.size_bytes >> 16;
    fp[pc->a].i = acc;
    NEXT(2);
MEMORY_GROW:
    HOST(op_memory_grow(inst, fp + pc->a));
    mem = inst->memory.base;
    NEXT(2);
MEMORY_COPY:
    HOST(op_memory_copy(inst, fp + pc->a));
    NEXT(2);
MEMORY_FILL:
    HOST(op_memory_fill(inst, fp + pc->a));
    NEXT(2);
MEMORY_INIT:
    HOST(op_memory_init(inst, fp + pc->a, pc->u));
    NEXT(2);
DATA_DROP:
    inst->datas[pc->u].size = 0;
    NEXT(2);
TABLE_GET:
    HOST(op_table_get(inst, fp + pc->a, pc->u));
    NEXT(2);
TABLE_SET:
    HOST(op_table_set(inst, fp + pc->a, pc->u));
    NEXT(2);
TABLE_SIZE:
    acc = inst->tables[pc->u].size;
    fp[pc->a].i = acc;
    NEXT(2);
TABLE_GROW:
    HOST(op_table_grow(inst, fp + pc->a, pc->u));
    NEXT(2);
TABLE_FILL:
    HOST(op_table_fill(inst, fp + pc->a, pc->u));
    NEXT(2);
TABLE_COPY:
    HOST(op_table_copy(inst, fp + pc->a, pc->u2, pc->u3));
    NEXT(3);
TABLE_INIT:
    HOST(op_table_init(inst, fp + pc->a, pc->u2, pc->u3));
    NEXT(3);
ELEM_DROP:
    inst->elems[pc->u].n = 0;
    NEXT(2);

V_COPY:
    memmove(fp + pc->d, fp + pc->a, 2 * sizeof *fp);
    NEXT(2);
V_SELECT:
    memmove(fp + pc->d, fp + (SLOT_I32(pc->c) ? pc->a : pc->b), 2 * sizeof *fp);
    NEXT(2);
V_GLOBAL_GET:
    fp[pc->d] = inst->globals[pc->u];
    fp[pc->d + 1] = inst->globals[pc->u2];
    NEXT(3);
V_GLOBAL_SET:
    inst->globals[pc->u] = fp[pc->a];
    inst->globals[pc->u2] = fp[pc->a + 1];
    NEXT(3);
V_OP:
    ((SimdFn *)(uintptr_t)pc->ptr)(fp + pc->d, fp + pc->a, fp + pc->b, pc->c);
    FORGET_FLOATS();
    NEXT(3);
V_SHUFFLE:
    simd_shuffle(fp + pc->d, fp + pc->a, fp + pc->b, (const uint8_t *)((const Word *)pc + 2));
    FORGET_FLOATS();
    NEXT(4);
V_LOAD128 : {
    AT((uint64_t)SLOT_I32(pc->a) + pc->u, width_v128);
    load_v128(fp + pc->d, at);
    NEXT(2);
}
    V_LOAD(V_LOAD8, u8)
    V_LOAD(V_LOAD16, u16)
    V_LOAD(V_LOAD32, u32)
    V_LOAD(V_LOAD64, u64)
V_STORE128 : {
    AT((uint64_t)SLOT_I32(pc->d) + pc->u, width_v128);
    store_v128(fp + pc->a, at);
    NEXT(2);
}
    V_LOAD_LANE(V_LOAD8_LANE, u8, uint8_t)
    V_LOAD_LANE(V_LOAD16_LANE, u16, uint16_t)
    V_LOAD_LANE(V_LOAD32_LANE, u32, uint32_t)
    V_LOAD_LANE(V_LOAD64_LANE, u64, uint64_t)
    V_STORE_LANE(V_STORE8_LANE, u8, uint8_t)
    V_STORE_LANE(V_STORE16_LANE, u16, uint16_t)
    V_STORE_LANE(V_STORE32_LANE, u32, uint32_t)
    V_STORE_LANE(V_STORE64_LANE, u64, uint64_t)

out_of_bounds:
    TRAP(TRAP_OOB_MEMORY);
interrupted: /* always before an instruction has done anything */
    inst->acc = acc;
    inst->acc_f = acc_f;
    inst->acc_d = acc_d;
    trap = (LoadTrapKind)atomic_load_explicit(&inst->interrupt, memory_order_relaxed);
trapped:
    inst->pc = pc;
    inst->fp = fp;
    return trap;
}

LoadTrapKind interp_run(LoadInstance *inst, const Ins *pc, Slot *fp) { return run(inst, pc, fp, NULL); }

Labels interp_labels(bool checked)
{
    Labels labels[2];
    (void)run(NULL, NULL, NULL, labels);
    return labels[checked];
}
