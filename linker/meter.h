/* meter.h: a finished module in, a metered one out: docs/metering.md. Nothing here is trusted: the validator
 * proves the result from its bytes.
 *
 * meter.c adds the gauge to the module, meter_plan.c decides for one function where it is charged and what,
 * meter_emit.c writes it. The second half of this header is between these three. */
#ifndef PARIGOT_LINKER_METER_H
#define PARIGOT_LINKER_METER_H

#include "linker/recode.h"

/* As in parigot.module. */
typedef enum MeterKind {
    METER_NONE,
    METER_COARSE, /* once for the dearest way through forward code: cheap to run, charges too much rather than too little */
    METER_EXACT   /* each basic block for itself: what was charged is what has run */
} MeterKind;

#define METER_EXPORT STR("parigot:fuel")

typedef struct MeterOptions {
    MeterKind kind;          /* METER_NONE: the code stays as it is */
    bool strip_debug, strip_all; /* custom sections with debug information, or all but target_features and ours, are left out */
    unsigned threads;        /* that may write bodies; 0, 1: the caller's alone. The bytes are the same */
    const PmSection *record; /* what parigot.module says besides the meter; NULL: what it says already */
} MeterOptions;
/* ld_meter_module: the same module, which pays for what it runs.
 * in:     a module that was found valid; arena with on_oom
 * out:    *out  the module's bytes, behind what was there; the caller's, also after an error
 * errors: LD_METERED, LD_METER_START, LD_RECODE_RELOCS, W codes of a broken parigot.module; LD_RECODE_DEBUG is a warning */
MUST_USE bool ld_meter_module(const WasmModule *, const MeterOptions *, Arena *, Diags *, Writer *out);

/* ---- between the three ---- */

typedef enum StepKind {
    STEP_ENTRY,
    STEP_BLOCK,
    STEP_LOOP,
    STEP_IF,
    STEP_ELSE,
    STEP_END,
    STEP_BR,
    STEP_BR_IF,
    STEP_BR_TABLE,
    STEP_CALL,
    STEP_SIZED, /* pays by its operand as well */
    STEP_LEAVE, /* return, tail calls */
    STEP_TRAP
} StepKind;

/* An instruction that matters, and the straight run of instructions before it. Code that cannot be reached has none. */
typedef struct Step {
    uint8_t kind;
    bool dead_before;   /* ELSE, END: nothing falls through to it */
    bool wants_local;   /* a charge behind it does well to leave the gauge in the local */
    uint16_t op;
    uint32_t at, next;  /* of the instruction and behind it: in the file */
    uint32_t label;     /* BLOCK to END: its own; branches: the target, br_table: the first in targets */
    uint32_t n_targets;
    uint32_t loop;      /* the innermost around it, a label; NO_LABEL: none */
    uint64_t cost;      /* of the run and the instruction */
    uint64_t charge;    /* to be paid behind it; 0: nothing */
} Step;

enum { GAUGE_IN_F = 1, GAUGE_IN_L = 2, GAUGE_IN_BOTH = 3 }; /* where the gauge is right */

enum { NO_LABEL = UINT32_MAX, THE_FUNCTION = 0 };
typedef struct Label {
    uint8_t kind;       /* STEP_BLOCK, STEP_LOOP or STEP_IF */
    bool has_else, joined; /* joined: more than one way leads behind its end */
    bool crossed;       /* a branch out of a loop within it leads behind its end */
    bool quiet;         /* loop: it can go around without a call */
    uint32_t calls;     /* loop: in it, while the body is read but for those of loops that are still open */
    uint32_t backs;     /* loop: branches back to it */
    uint32_t at;        /* loop: of what is behind its head, in the file */
    bool outer, left;   /* loop: has loops in it; is left by branches or returns */
    bool counted;       /* loop: charged before it, for all times around: */
    WasmCounted times;
    bool local;         /* loop: runs with the gauge in the local; others: ways join with the gauge there */
    uint32_t depth;     /* loops around what is in it */
    uint32_t loop;      /* innermost loop around it */
    uint32_t carried;   /* values that a branch to it carries */
    uint32_t called;    /* of the loops around its end, so many outermost ones have made a call since their head */
    uint32_t around, else_around; /* depth of the innermost loop that can go around from behind its end */
    uint64_t promise, else_promise; /* credit that who comes there must bring */
    uint64_t credit, credit_at_if;  /* that every way brings, behind its end and to its `else` */
    uint8_t right_behind, right_at_if; /* while the body is written: on all ways that came so far */
} Label;

/* Where a function is charged. One is used for all functions, so that its arrays grow once. */
typedef struct MeterPlan {
    const WasmModule *m;
    MeterKind kind;
    Arena *arena;
    Diags *diags;
    WasmPlain plain;
    Step *steps;         size_t n_steps, steps_cap;
    Label *labels;       size_t n_labels, labels_cap;
    uint32_t *targets;   size_t n_targets, targets_cap;
    struct Frame *stack; size_t n_stack, stack_cap; /* while the body is read */
    bool wants_inserts;
    CodeInsert *inserts;
    size_t n_inserts, inserts_cap;
    uint32_t head_size;     /* of the new declaration of locals */
    uint32_t n_params;
    WasmLocals locals;      /* without ours */
    bool uses_local, uses_size;  /* L, T are there: docs/metering.md */
} MeterPlan;

void meter_begin(MeterPlan *); /* m, kind, arena and diags are set */
/* Reads function n_imported + body. false: it was not valid, and that was recorded. */
MUST_USE bool meter_plan(MeterPlan *, uint32_t body);
/* The body of what was planned, without its size. */
void meter_emit(MeterPlan *, uint32_t body, uint32_t fuel, Writer *out);

#endif
