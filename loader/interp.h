/* interp.h: what the parts of the interpreter share. Private to loader/: instance.c, decode.c, image.c, interp.c, memory.c, trap.c.
 *
 * A function's stack code is decoded into register code at its first call (decode.c) and then run (interp.c).
 *
 * Frame: consecutive 64-bit slots on the instance's stack.
 *     parameters (later: results) | record: return address, caller's frame | other locals | operand stack
 * The record stands at slot max(parameters, results). An operand at height h of the operand stack has one slot of its
 * own; a callee's frame begins at its first argument's, so that arguments and results are passed where they lie.
 *
 * Accumulators: the result of the last instruction that had an i32 or i64 result is also in a register of the machine,
 * likewise for f32 and for f64. decode.c knows at each point what they hold, and picks forms that use it. */
#ifndef PARIGOT_LOADER_INTERP_H
#define PARIGOT_LOADER_INTERP_H

#include <pthread.h>
#include <stdatomic.h>

#include "loader/engine.h"
#include "loader/fault.h"
#include "loader/memory.h"

/* ---- register code ------------------------------------------------------------------------------------------------ */

typedef uint64_t Word;

/* One instruction. Only as many words are there as the opcode has (reg_op_words). */
typedef struct Ins {
    const void *run;      /* address of the code in interp.c that does it; while decoding: the RegOp          */
    uint16_t d, a;        /* slots                                                                            */
    union {
        struct {
            uint16_t b, c;
        };
        int32_t imm;
        uint32_t u;       /* offset of an access, global index, constant address, ...                         */
        int32_t target;   /* of a branch: bytes from this field to the target                                  */
    };
    union {
        uint64_t imm64;
        const void *ptr;
        struct {
            uint32_t u2, u3;
        };
    };
} Ins;

/* Forms, in the order of the enum below: for the result, +1 means accumulator only. */
enum { FORM_SS, FORM_AS = 2, FORM_SA = 4, FORM_SI = 6, FORM_AI = 8 };                  /* BIN, CMP */
enum { BR_SS, BR_AS, BR_SA, BR_SI, BR_AI };                                            /* BR_ and BACK_ of CMP */
enum { FORM_S, FORM_A = 2, FORM_I = 4 };                                               /* UN, LOAD */
enum { STORE_SS, STORE_AS, STORE_SA, STORE_SI, STORE_AI, STORE_IS, STORE_IA, STORE_II, STORE_AA };

#define FORMS_BIN(F, name, T)                                                                                          \
    F(name##_SS_S, 2) F(name##_SS_A, 2) F(name##_AS_S, 2) F(name##_AS_A, 2) F(name##_SA_S, 2) F(name##_SA_A, 2)        \
    F(name##_SI_S, WORDS_IMM_##T) F(name##_SI_A, WORDS_IMM_##T) F(name##_AI_S, WORDS_IMM_##T) F(name##_AI_A, WORDS_IMM_##T)
#define FORMS_BR(F, name)                                                                                              \
    F(BR_##name##_SS, 2) F(BR_##name##_AS, 2) F(BR_##name##_SA, 2) F(BR_##name##_SI, 3) F(BR_##name##_AI, 3)
#define FORMS_BACK(F, name)                                                                                            \
    F(BACK_##name##_SS, 3) F(BACK_##name##_AS, 3) F(BACK_##name##_SA, 3) F(BACK_##name##_SI, 3) F(BACK_##name##_AI, 3)
#define FORMS_UN(F, name)   F(name##_S_S, 2) F(name##_S_A, 2) F(name##_A_S, 2) F(name##_A_A, 2)
#define FORMS_LOAD(F, name) FORMS_UN(F, name) F(name##_I_S, 2) F(name##_I_A, 2)
#define FORMS_STORE(F, name)                                                                                           \
    F(name##_SS, 2) F(name##_AS, 2) F(name##_SA, 2) F(name##_SI, 3) F(name##_AI, 3)                                    \
    F(name##_IS, 2) F(name##_IA, 2) F(name##_II, 3) F(name##_AA, 2)
#define WORDS_IMM_I32 2
#define WORDS_IMM_I64 2 /* 32 bits, sign-extended; other constants go through a slot */
#define WORDS_IMM_F32 2
#define WORDS_IMM_F64 3

/* Of CHARGE_COUNTED, beside the shift: which end of the distance is the constant u. */
enum { COUNTED_LOW_CONST = 0x100, COUNTED_HIGH_CONST = 0x200 };

typedef enum RegOp {
#define ONE(label, words)              REG_##label,
#include "loader/reg_ops.def"
    REG_COUNT
} RegOp;

/* ---- module ------------------------------------------------------------------------------------------------------- */

/* One function, as calls see it. Fields that decoding changes are written under the module's lock, code last. */
typedef struct Func {
    _Atomic(const Ins *) code;     /* stub until decoded                                                        */
    const void *stub;              /* an Ins of one word: ENTER_UNDECODED or ENTER_HOST                         */
    _Atomic uint32_t frame_bytes;  /* of the whole frame; until decoded: parameters, results and record         */
    _Atomic uint16_t n_clear;      /* slots after the record to be cleared, a multiple of CLEAR_SLOTS           */
    uint16_t record;               /* slot of the record                                                        */
    uint32_t type;                 /* canonical type index: equal for equal types                               */
    uint32_t index;
    uint32_t n_words;              /* of code, once decoded                                                     */
} Func;
enum { RECORD_SLOTS = 2, CLEAR_SLOTS = 4, SLOTS_MAX = 65535 };

/* Where interp.c does each RegOp: distances from one place, so that the tables need no relocation. */
typedef struct Labels {
    const char *base;
    const int32_t *at;          /* by RegOp                                                                     */
} Labels;
static inline const void *label_of(Labels l, RegOp op) { return l.base + l.at[op]; }

/* The functions of a module for one of the two sorts of memory: with guard pages, or with comparisons. */
typedef struct Code {
    struct LoadModule *module;
    Labels labels;
    Func *funcs;
    Ins finish;                 /* FINISH: where the outermost call returns to                                  */
    Func **decoded;             /* those with code of their own; sorted by address when a trap needs it          */
    uint32_t n_decoded;
    size_t cap_decoded, n_sorted;
    Arena arena;                /* of register code                                                              */
} Code;

typedef struct Decoder Decoder;

struct LoadModule {
    const WasmModule *wasm;
    PmLayout layout;            /* all zero when there is none                                                   */
    bool has_layout, force_checks, canonical_nans;
    uint32_t stack_pointer;     /* global index + 1                                                              */
    uint32_t fuel;              /* likewise                                                                      */
    uint32_t *canonical;        /* of each type index                                                            */
    pthread_mutex_t lock;       /* decoding, and the first use of a Code                                         */
    Code guarded, checked;
    Decoder *decoder;           /* scratch memory, kept from one function to the next                            */
    Arena arena;
};

/* ---- instance ----------------------------------------------------------------------------------------------------- */

typedef union Slot {
    uint64_t i;
    double d;
    const Ins *code;
    union Slot *frame;
    const Func *func;
} Slot;

typedef struct Table {
    Slot *elems; /* funcref: Func or NULL; externref: the host's number */
    uint32_t size, max;
    uint8_t type;
} Table;

typedef struct ElemSegment {
    Slot *items; /* malloc */
    uint32_t n;
} ElemSegment;

/* Beside the kinds of traps: the run is left and goes on. */
enum { INTERRUPT_SAMPLE = TRAP_KIND_COUNT };

struct LoadInstance {
    LoadMemory memory;
    Table *tables;
    Func *funcs;
    Slot *stack_end;
    _Atomic uint32_t interrupt;  /* LoadTrapKind, or INTERRUPT_SAMPLE                                            */
    /* accumulators of a run that was left to tell where it is: the same instruction begins again with them      */
    uint64_t acc;
    float acc_f;
    double acc_d;
    _Atomic(LoadSampleFn *) sampler;
    int64_t *gauge;              /* of the meter, among globals; NULL: there is none                             */
    /* where the guest is, when it is not in a plain instruction: set before host code is entered                */
    const Ins *pc;
    Slot *fp;
    uint64_t fault_address;      /* of an access that a check refused                                            */

    Slot *stack;
    size_t stack_bytes;
    bool busy;                   /* one activation at a time                                                     */
    bool enforces_layout;        /* pages are small enough to guard and seal                                     */
    LoadModule *module;
    Code *code;
    LoadTrap *trap;              /* of the call that runs                                                        */
    void *host;
    const LoadImport *imports;   /* one for each imported function; copied                                       */
    WasmRange *datas;            /* bytes of each data segment; size 0 once dropped, or when it was active         */
    ElemSegment *elems;          /* likewise                                                                     */
    uint32_t table_elems, table_elems_left; /* of all tables                                                     */
    void (*refused)(void *host, LoadGrowth, uint64_t limit, uint64_t wanted); /* NULL: nobody is told            */
    LoadImage *image;            /* what reset goes back to; NULL: none was taken. Items of elems are its own        */
    Arena arena;
    Slot globals[];              /* by index; when any is a vector, as many again: the upper halves               */
};

/* ---- functions, by file ------------------------------------------------------------------------------------------- */

/* interp.c: runs from pc until FINISH or a trap. Never recurses for guest calls.
 * out: TRAP_NONE, or the trap's kind with instance->pc and ->fp at the instruction; INTERRUPT_SAMPLE: to be called again
 *      with those, which begins that instruction again: nothing of it has been done. */
LoadTrapKind interp_run(LoadInstance *, const Ins *pc, Slot *fp);
Labels interp_labels(bool checked); /* checked: with those that compare each access with the memory's size */

/* decode.c */
extern const uint8_t reg_op_words[REG_COUNT];
/* decode_function: under the module's lock, by itself; when it returns TRAP_NONE, func->code is real code.
 * errors: TRAP_TOO_COMPLEX, TRAP_NO_MEMORY */
LoadTrapKind decode_function(Code *, Func *);
/* For each of n words of the function's code, the offset in the file of the instruction that made it. Decodes again. */
void decode_offsets(Code *, const Func *, uint32_t n, const uint32_t words[], uint32_t offsets[]);
void decoder_free(Decoder *);
/* dump.c: the register code of all functions decoded so far */
void decode_dump(TextBuf *, const LoadModule *);

/* instance.c */
MUST_USE bool instance_make_stack(LoadInstance *, uint64_t wanted_bytes);

/* image.c */
LoadImage *image_take(LoadInstance *);
LoadInstance *image_instance(LoadImage *, void *host);
bool image_reset(LoadInstance *);
void image_free(LoadImage *);

/* trap.c: faults in guest code become traps */
LoadTrapKind trap_guarded_run(LoadInstance *, const Ins *pc, Slot *fp);
void trap_fill(LoadInstance *, LoadTrap *, LoadTrapKind); /* kind and frames, from instance->pc and ->fp */
void trap_fill_functions(LoadInstance *, LoadTrap *);     /* TRAP_NONE, and frames without offsets: cheap */

/* instance.c: what the rarer instructions do; slots hold operands and take the result */
LoadTrapKind op_memory_grow(LoadInstance *, Slot *);
LoadTrapKind op_memory_copy(LoadInstance *, Slot *);
LoadTrapKind op_memory_fill(LoadInstance *, Slot *);
LoadTrapKind op_memory_init(LoadInstance *, Slot *, uint32_t data);
LoadTrapKind op_table_get(LoadInstance *, Slot *, uint32_t table);
LoadTrapKind op_table_set(LoadInstance *, Slot *, uint32_t table);
LoadTrapKind op_table_grow(LoadInstance *, Slot *, uint32_t table);
LoadTrapKind op_table_fill(LoadInstance *, Slot *, uint32_t table);
LoadTrapKind op_table_copy(LoadInstance *, Slot *, uint32_t to, uint32_t from);
LoadTrapKind op_table_init(LoadInstance *, Slot *, uint32_t elem, uint32_t table);
LoadTrapKind op_enter_undecoded(LoadInstance *, Func *);
LoadTrapKind op_enter_host(LoadInstance *, const Func *, Slot *fp);

#endif
