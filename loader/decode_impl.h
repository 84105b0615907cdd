/* decode_impl.h: the state of one decoding, which decode.c and decode_vector.c share. Private to them.
 *
 * decode.c says what it is for; the functions here are its own, those that vector instructions need too. */
#ifndef PARIGOT_LOADER_DECODE_IMPL_H
#define PARIGOT_LOADER_DECODE_IMPL_H

#include "loader/simd.h"

/* ---- the families of interp.def ---- */

typedef enum Family {
    FAM_NONE,
#define BIN(name, T, R, expr)         FAM_##name,
#define BINT(name, T, R, trap, expr)  FAM_##name,
#define CMP(name, T, negation, expr)  FAM_##name,
#define CMPN                          CMP
#define UN(name, T, R, expr)          FAM_##name,
#define UNT(name, T, R, trap, expr)   FAM_##name,
#define LOAD(name, R, access)         FAM_##name,
#define STORE(name, T, access)        FAM_##name,
#define OTHER(name, words)
#define VECTOR(name, words, width, at)
#include "loader/interp.def"
    FAM_COUNT
} Family;

typedef enum Class { I32, I64, F32, F64 } Class;

/* ---- state of one decoding ---- */

#define NO_SLOT  UINT32_MAX
#define NO_PLACE SIZE_MAX
#define IS_WIDE  (UINT32_C(1) << 31)

enum { SPECIALS_MAX = 64 };

/* An operand that is not in its own slot: a local as it is now, or a constant. */
typedef struct Special {
    uint32_t height;
    uint32_t slot; /* of the local; NO_SLOT: a constant */
    uint64_t bits;
} Special;

/* What an instruction uses. */
typedef struct Operand {
    uint32_t slot;   /* where it is, or NO_SLOT for a constant */
    uint32_t own;    /* the slot of its height */
    uint64_t bits;
} Operand;

/* What an accumulator holds: the operand in slot temp, the local in slot local, both, or (NO_SLOT) nothing known. */
typedef struct Acc {
    uint32_t temp, local;
    size_t producer;   /* the instruction that put it there */
    bool has_short;    /* it has a form that leaves out the store: RegOp + 1 */
    bool redirects;    /* its d is the destination */
} Acc;
enum { ACC_I, ACC_F, ACC_D, ACC_COUNT };

typedef struct Label {
    uint8_t op;          /* OP_BLOCK, OP_LOOP, OP_IF (no else yet), OP_ELSE */
    uint32_t height;     /* of the operand stack below the parameters */
    uint32_t n_params, n_results; /* slots */
    const WasmType *type;         /* NULL: no parameters, and */
    uint8_t result;               /* this result, TYPE_VOID: none */
    size_t target;       /* loop: byte place of its first instruction */
    size_t behind;       /* loop: of the one behind its charge, when that is the first, */
    uint32_t charge;     /* and what is charged; 0: it begins with something else */
    size_t sites;        /* chain of the branches to the end; 0 = none */
    size_t else_site;    /* if: the branch to the else; 0 = none */
    size_t stub;         /* chain of entries of the br_table at hand; 0 = none */
} Label;

struct Decoder {
    Code *code;
    const WasmModule *m;
    Func *func;
    Reader in;
    Diags diags;
    LoadTrapKind failed;

    Word *out;
    size_t n_out, cap_out;    /* words */
    size_t last;              /* place of the last instruction, when no label has been bound behind it */
    Family last_family;       /* of it, or FAM_NONE */
    Acc acc[ACC_COUNT], acc_before_last; /* ACC_I as it was before the last instruction */

    uint32_t n_params, n_results, n_locals, temp_base; /* slots */
    uint32_t gauge_local;     /* index of the last local, where a meter may keep its gauge; UINT32_MAX: none */
    uint32_t *local_slots;    /* by index, IS_WIDE added; used only when any local is a vector */
    size_t cap_local_slots;
    bool has_wide_locals;
    uint32_t height, max_height;
    uint32_t *wide;           /* heights of the vectors on the operand stack, ascending */
    size_t n_wide, cap_wide;
    size_t last_wide;         /* the instruction that put the topmost of them there, when its d can still be changed */
    Special specials[SPECIALS_MAX]; /* heights ascend */
    uint32_t n_specials;
    uint8_t *pending;         /* by slot: number of specials of that local */
    size_t cap_pending;

    Label *labels;            /* outermost first; labels[0] is the function */
    size_t n_labels, cap_labels;
    bool unreachable;
    uint32_t skipped;         /* blocks opened in unreachable code */

    uint32_t op_offset;       /* in the file, of the instruction at hand */
    uint32_t n_wanted;        /* when decoding again for decode_offsets */
    const uint32_t *wanted_words;
    uint32_t *found_offsets;
};

/* ---- decode.c ---- */

void dec_fail(Decoder *, LoadTrapKind why);                /* the first reason counts */
Ins *dec_emit(Decoder *, RegOp);                           /* with zero operands; its place is d->last */
Ins *dec_ins_at(Decoder *, size_t place);
void dec_acc_lost(Decoder *);                              /* what is called keeps the integer accumulator alone */
uint32_t dec_slot_of_height(const Decoder *, uint32_t height);
void dec_slot_changes(Decoder *, uint32_t slot);           /* no accumulator holds it any more */
void dec_set_height(Decoder *, uint64_t height);
void dec_push_temps(Decoder *, uint32_t n);                /* operands that are in their own slots */
void dec_push_const(Decoder *, uint64_t bits);
void dec_flush_top(Decoder *, uint32_t n);                 /* the topmost slots get their values */
Operand dec_pop(Decoder *);
uint16_t dec_in_slot(Decoder *, Operand *);                /* a constant goes into its own slot */
void dec_mark_wide(Decoder *);                             /* the topmost two slots are a vector */
uint16_t dec_pop_wide(Decoder *);                          /* slot of the low half, the high half is in the next */
void dec_push_wide_result(Decoder *);                      /* of the instruction just emitted */
uint32_t dec_read_memarg(Decoder *);                       /* the offset */

/* ---- decode_vector.c ---- */

void decode_vector(Decoder *, WasmOp); /* any vector instruction */

#endif
