/* abi.h: the border between a module's native code and the loader.
 *
 * parigot-bundle puts this file in front of what it compiles, and the loader includes it: both sides are what is written
 * here, or PARIGOT_NATIVE_ABI differs and the code is not used. Data of one instance lies in one piece of memory:
 *
 *     NativeContext | struct that wasm2c made (globals, memory, tables, flags of dropped segments)
 *                   ^ what native functions are given as `instance`
 *
 * Guest code runs on a stack of its own. It comes back to the loader in three ways: by returning, by `leave` (which runs
 * a piece of the loader on the thread's stack), or by `trap`, which does not return. docs/native.md */
#ifndef PARIGOT_NATIVE_ABI_H
#define PARIGOT_NATIVE_ABI_H

#include <stddef.h>
#include <stdint.h>

#define PARIGOT_NATIVE_ABI    1u
#define PARIGOT_NATIVE_SYMBOL "parigot_native"     /* a const NativeCode: the one symbol of the shared object       */
#if defined __x86_64__
#define PARIGOT_NATIVE_TARGET "x86_64-linux-gnu"
#elif defined __aarch64__ && defined __AARCH64EL__
#define PARIGOT_NATIVE_TARGET "aarch64-linux-gnu"
#endif
/* A frame is at most this large: the compiler is asked to refuse larger ones. */
#define PARIGOT_NATIVE_FRAME_BYTES 65536

typedef enum NativeTrap {
    NATIVE_UNREACHABLE,
    NATIVE_STACK_FULL,                             /* the unreachable of a frame check: the stack in linear memory    */
    NATIVE_DIV_BY_ZERO,
    NATIVE_INT_OVERFLOW,
    NATIVE_BAD_CONVERSION,
    NATIVE_OOB_MEMORY,
    NATIVE_OOB_TABLE,
    NATIVE_UNDEFINED_ELEM,
    NATIVE_NULL_ELEM,
    NATIVE_BAD_CALL_TYPE,
    NATIVE_CALL_STACK,
    NATIVE_TRAPS
} NativeTrap;

typedef enum NativeService {
    NATIVE_CALL,        /* an imported function. index: it; slots: parameters, then results                           */
    NATIVE_MEMORY_GROW, /* slots: pages; then what memory.grow gives                                                  */
    NATIVE_TABLE_GROW,  /* slots: number, address of the new elements' value, offset of the table; then the result    */
    NATIVE_BAD_ACCESS   /* slots: address, length, 1 for writing: of a bulk operation that may not; does not return   */
} NativeService;

typedef struct NativeContext NativeContext;
struct NativeContext {
    void (*leave)(NativeContext *, NativeService, uint32_t index, uint64_t *slots);
    __attribute__((noreturn)) void (*trap)(NativeContext *, NativeTrap);
    uintptr_t stack_limit;                         /* no function is entered with its frame below                     */
    uint64_t null_guard, sealed_low, sealed_high;  /* of linear memory: what bulk operations keep clear of            */
    void *run;                                     /* the loader's                                                    */
    void *owner;                                   /* likewise                                                        */
};
_Static_assert(sizeof(NativeContext) % 16 == 0 && offsetof(NativeContext, run) == 48, "the loader's assembly knows it");

typedef struct NativeMemory {
    uint8_t *data;                                 /* what is beyond size faults, 8 GiB and 64 KiB from data on       */
    uint32_t pages, max_pages;
    uint64_t size;
} NativeMemory;

typedef void (*NativeFn)(void);
typedef struct NativeRef {                         /* a funcref                                                       */
    uint32_t type;                                 /* 0: null; equal for equal types                                  */
    NativeFn fn;
    void *unused;                                  /* wasm2c's functions could be another instance's, ours are not     */
} NativeRef;

typedef struct NativeTable {
    void *data;                                    /* NativeRef, or uint64_t: an externref                             */
    uint32_t max, size;
} NativeTable;

/* A function that the host may call, or that a reference may name. */
typedef struct NativeFunc {
    uint32_t index, type;
    NativeFn fn;
    void (*enter)(void *instance, uint64_t *slots); /* slots: parameters, then results                                */
} NativeFunc;

#define NATIVE_NONE UINT32_MAX
typedef struct NativeCode {
    uint32_t abi, instance_bytes;
    uint32_t memory_at, fuel_at, stack_pointer_at; /* offsets in the instance; NATIVE_NONE                            */
    uint32_t self_at;                              /* of a pointer to the instance itself; NATIVE_NONE                 */
    uint32_t n_funcs, n_tables;
    const NativeFunc *funcs;                       /* by index                                                        */
    const uint32_t *tables_at;                     /* offsets of NativeTables                                         */
    void (*init)(void);                            /* once, before anything else                                      */
    void (*instantiate)(void *instance, uint64_t *slots); /* guest code: globals, segments                            */
} NativeCode;

#endif
