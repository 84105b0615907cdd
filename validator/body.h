/* body.h: the state of one function body while it is read; shared by body.c, fast.c and known.c.
 *
 * Operands are one byte each: the value type's own byte, with bit 7 set where the value is known (then vals has it).
 * Below the operands of each block lies one SENTINEL byte, which is no type: code that compares the topmost n bytes
 * with n types at once needs no separate check for too few operands, it simply does not match.
 * Work and memory are linear in the size of the body: each operand comes from at least one byte of code, but for the
 * vectors of calls and blocks, which are at most VAL_MAX_PARAMS long. */
#ifndef PARIGOT_VALIDATOR_BODY_H
#define PARIGOT_VALIDATOR_BODY_H

#include "validator/state.h"

enum {
    SENTINEL = 0x00,
    BOTTOM = 0x01,   /* operand of unknown type, in unreachable code: fits everything (the specification's Bot) */
    KNOWN = 0x80,
    TYPE_MASK = 0x7f,
    OPS_PAD = VAL_MAX_PARAMS + 24, /* sentinels before the first operand; room behind the last that a handler may write */
    MAX_KNOWN_LOCALS = 64
};

typedef enum CtlKind { CTL_FUNC, CTL_BLOCK, CTL_LOOP, CTL_IF, CTL_ELSE } CtlKind;

/* One open block. Signature: a value type's byte, TYPE_VOID, or SIG_INDEX + type index. */
typedef struct Ctl {
    uint32_t height; /* of its first operand, in ops */
    uint32_t sig;
    uint8_t kind;    /* CtlKind */
    uint8_t unreachable;
} Ctl;
enum { SIG_INDEX = 0x100 };

typedef struct LocalGroup {
    uint32_t end; /* index after the last local of the group */
    uint8_t type;
} LocalGroup;

/* A known value: kind in the upper half, what it is in the lower. i64 constants take all bits: their type says so. */
enum { KV_CONST = 0, KV_STACK = 1 }; /* KV_STACK: the stack pointer at the function's start plus the lower half */
static inline uint64_t kv(uint32_t kind, uint32_t value) { return (uint64_t)kind << 32 | value; }

/* What fast.c wants to know of an instruction at once. */
typedef enum FastKind { FAST_NONE, FAST_PLAIN, FAST_LOAD, FAST_STORE, FAST_LANE, FAST_LANES16, FAST_V128 } FastKind;
typedef struct FastRow {
    uint8_t kind; /* FastKind, of vector instructions */
    uint8_t n_in, in[3], out, align_log2;
} FastRow;

typedef struct Body {
    Val *v;
    const WasmModule *m;
    Reader r;          /* the code left */
    const uint8_t *at; /* the opcode being checked */
    uint32_t func;
    const WasmType *type;
    bool dead;         /* nothing more can be read of it */

    uint8_t *ops, *sp, *ops_end; /* ops[0 .. OPS_PAD) is padding */
    uint64_t *vals;              /* parallel to ops */
    Ctl *ctls, *ctl;             /* ctl is the innermost */
    Ctl *ctl_last;               /* ctl must not go beyond it without push_ctrl: for want of room, or for the limit */
    size_t cap_ctls;

    uint8_t *local_types;        /* of the first n_expanded locals, KNOWN bit as in ops */
    uint64_t *local_vals;
    size_t cap_locals;
    uint32_t room_locals;        /* how many of this body may be expanded: no more than it has bytes */
    uint32_t n_locals, n_expanded;
    LocalGroup *groups;          /* of all declared locals; only kept when not all are expanded */
    uint32_t n_groups;
    size_t cap_groups;

    uint32_t known_locals[MAX_KNOWN_LOCALS];
    uint32_t n_known;
    bool sp_moved, sp_known;     /* the stack pointer was set in this body; it is at its start + sp_delta */
    bool sp_guessed;             /* sp_delta rests on the deepest point, where it was read while it was not known */
    uint32_t sp_delta;
    uint32_t deepest;            /* most that it was lowered by constants */
    uint32_t frame_depth;        /* deepest at the last frame above the guard, 0 = there was none */
    uint32_t frame_at;           /* offset of the first such frame */
    bool nested_too_deep;        /* reported */

    const void *jump[256];       /* fast.c: handler of each opcode byte */
    FastRow rows[256], simd[256]; /* by opcode byte; by the number behind the prefix 0xfd */
} Body;

/* ---- body.c: the specification's algorithm ---- */

Body *body_new(Val *);                     /* for one body after the other; NULL: recorded. Goes with v->scratch */
void check_body(Body *, uint32_t body);    /* index in m->bodies */
void check_instruction(Body *, WasmOp op); /* its opcode has been read; reads the immediates */
WasmOp read_opcode(Body *);                /* OP_COUNT: reported, the body is dead */
void run_body(Body *);                     /* fast.c: from the first instruction to the end */
void body_error(Body *, DiagCode, const char *format, ...) PRINTF(3, 4);
bool reserve_operands(Body *, uint32_t n); /* room for n more besides what the code left can push */
uint8_t local_type_slow(const Body *, uint32_t index); /* index < n_locals */
static inline uint8_t local_type(const Body *b, uint32_t index)
{
    return index < b->n_expanded ? b->local_types[index] : local_type_slow(b, index);
}
static inline uint8_t *frame_base(const Body *b) { return b->ops + b->ctl->height; }
static inline Site here(const Body *b) { return (Site){(uint32_t)(b->at - b->r.base), b->func}; }
/* The types that a branch to this block brings, and those at its end. */
const uint8_t *label_types(const Body *, const Ctl *, uint32_t *n);
const uint8_t *end_types(const Body *, const Ctl *, uint32_t *n);

/* ---- known.c ---- */

void known_reset(Body *);  /* at the start of a body */
void known_forget(Body *); /* where control flow joins */
static inline void known_join(Body *b)
{
    if (b->n_known || b->sp_moved) known_forget(b);
}
void known_set_local(Body *, uint32_t index, uint8_t operand, uint64_t value);
void known_global_get(Body *, uint32_t index); /* the operand has been pushed */
void known_global_set(Body *, uint32_t index, uint8_t operand, uint64_t value);
void known_leave(Body *); /* the function ends at b->at, and control gets there */
/* The operands at sp[0] and sp[1] were popped by op and its result pushed at sp[0]: sp points behind it. */
void known_binary(Body *, WasmOp op, uint8_t *result, uint8_t left, uint8_t right);
void known_unary(Body *, WasmOp op, uint8_t *result, uint8_t operand);
/* A write of size bytes at address operand + offset, where the operand is known. size 0: not known. */
void known_store(Body *, uint64_t address, uint32_t offset, uint64_t size);

#endif
