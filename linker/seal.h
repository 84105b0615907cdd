/* seal.h: a finished module in, one out whose code keeps its writes out of the null guard and of the sealed data:
 * docs/seal-check.md. Nothing here is trusted: the validator proves the result from its bytes (P403).
 *
 * seal.c decides with the validator's own walk over each function (wasm/writes.h) where a check is needed, seal_emit.c
 * writes it. */
#ifndef PARIGOT_LINKER_SEAL_H
#define PARIGOT_LINKER_SEAL_H

#include "linker/recode.h"
#include "wasm/writes.h"

typedef struct SealOptions {
    bool strip_debug, strip_all; /* as in MeterOptions */
    const PmSection *record;     /* what parigot.module says besides the kind of seal; NULL: what it says already */
    unsigned threads;            /* that may write bodies; 0, 1: the caller's alone. The bytes are the same */
} SealOptions;
/* ld_seal_module: the same module with store checks.
 * in:     a module that was found valid; arena with on_oom
 * out:    *out  the module's bytes, behind what was there; the caller's, also after an error
 * errors: LD_SEAL_LAYOUT, LD_RECODE_RELOCS, W codes of a broken parigot.module; LD_RECODE_DEBUG is a warning */
MUST_USE bool ld_seal_module(const WasmModule *, const SealOptions *, Arena *, Diags *, Writer *out);

/* ---- between the two ---- */

/* One check, in front of the instruction that is at this place in the file. */
typedef struct SealCheck {
    GapKind kind;
    uint32_t at;
    uint32_t least;        /* FRAME */
    uint64_t offset, size; /* STORE */
    uint32_t address, length; /* locals that have them; NO_LOCAL: they are on the stack, and put into ours */
    bool early;               /* the address alone is there: this stands behind the instruction that put it there */
    uint8_t above[2];      /* types of the operands above the address, deepest first */
    uint8_t n_above;
    uint32_t id, distance, run; /* of the address */
    size_t order;               /* in which it was planned */
} SealCheck;

enum { SEAL_I32S = 3 };
/* How many locals of ours a function uses: first the i32s, then at most one each. */
typedef struct SealLocals {
    uint8_t i32s;
    bool i64, f32, f64, v128;
} SealLocals;

/* Where a function is checked. One is used for all functions. */
typedef struct SealPlan {
    const WasmModule *m;
    Arena *arena;
    Diags *diags;
    WriteWalk walk;
    SealCheck *checks; size_t n_checks, checks_cap; /* by place */
    SealLocals ours;
    uint32_t n_params;
    WasmLocals locals;
    bool wants_inserts;
    CodeInsert *inserts; size_t n_inserts, inserts_cap;
    uint32_t head_size; /* of the new declaration of locals */
} SealPlan;

/* The body of what was planned, without its size. */
void seal_emit(SealPlan *, uint32_t body, Writer *out);

#endif
