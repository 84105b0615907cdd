/* state.h: what the passes of one validation share. Private to validator/.
 *
 * module.c    the list of passes: structure, code, rules
 * structure.c core 2.0 §3.4 "Modules" outside of code: indices, limits, names, segments
 * expr.c      constant expressions
 * code.c      all function bodies, in threads if asked
 * body.c      one function body: the algorithm of core 2.0 §7.3, every instruction
 * fast.c      the same for the instructions that most code consists of, by computed goto; falls back to body.c
 * known.c     what is known of constants, addresses and the stack pointer while a body is read
 * fuel.c      a second walk over the code of modules that record a meter: does every path pay?
 * rules_seal.c another over that of modules whose seal is by checks: where can each write go?
 * rules_*.c   verdicts, from what the passes above have noted
 * findings.c  recording: levels, waivers, features */
#ifndef PARIGOT_VALIDATOR_STATE_H
#define PARIGOT_VALIDATOR_STATE_H

#include "validator/validator.h"

#define NONE32 UINT32_MAX

enum {
    WORTH_THREADS = 256 * 1024, /* bytes of code below which starting threads takes longer than it saves */
    CHUNK = 64 * 1024,          /* bytes of code that a thread takes at a time */
};


/* A place in the module. */
typedef struct Site {
    uint32_t offset, func; /* NONE32 = not known, not in a function */
} Site;
#define SITE(offset)     ((Site){(offset), NONE32})
#define SITE_OF_MODULE   ((Site){NONE32, NONE32})

/* What is noted of a global while code is read. */
typedef struct GlobalFacts {
    uint32_t sets;       /* global.set of it */
    uint32_t first_set;  /* offset of the first */
    uint32_t first_func;
    uint32_t frames;     /* sets that lower it like a stack pointer, by a constant */
    bool unlike_stack;   /* some set is no frame of a stack: see known.c */
    uint32_t left_by;    /* bytes above or below where it was, when left_func ends at left_at; 0: none is known to */
    uint32_t left_func, left_at;
    bool is_known;       /* immutable, i32, initialised by i32.const */
    uint32_t value;      /* of that; or the initial value of a mutable one when has_init */
    bool has_init;
    const WasmExport *export; /* the first that names it, or NULL */
} GlobalFacts;

/* What is seen of it is what a compiler does with a stack pointer. That proves nothing. */
static inline bool used_like_stack(const GlobalFacts *g)
{
    return g->has_init && g->value && g->frames && !g->unlike_stack && !g->left_by;
}

typedef struct Val {
    const WasmModule *m;
    Arena *arena;  /* the caller's: what the report refers to */
    Arena scratch; /* freed at the end */
    Diags *diags;
    ValOptions o;
    ValReport *report;

    /* what policy and options come to */
    bool judging;         /* some rule is on */
    size_t errors_before; /* in diags */
    size_t rule_errors;   /* of those since: findings, not errors of the specification */
    struct {
        ValLevel violated, not_provable;
        uint32_t stored; /* Diags */
    } rules[VAL_RULE_COUNT];
    uint64_t limits[VAL_LIMIT_COUNT];
    WasmFeatures features_policy;

    bool types_broken; /* a type or a function's type index is such that code cannot be looked at */
    WasmFeatures allowed, used;
    Site feature_site[FEATURE_COUNT]; /* of the first use */
    WasmNames names;
    bool names_read;
    Dwarf *dwarf; /* opened for the first place in code; NULL when there is none */
    uint32_t lines_asked;
    bool dwarf_asked;
    bool datas_sorted;
    struct DataAt *data_at; /* findings.c */
    uint32_t n_data_at;
    uint32_t *code_starts;  /* of each body, where its instructions begin; 0: not asked for: open_func */
    uint32_t code_at;       /* where the code section's contents are; 0: not yet asked for */
    bool recorded_sorted;   /* these two, of parigot.module: findings.c */
    const PmInput **inputs;           uint32_t n_inputs;          /* by digest */
    const PmWaiver **archive_waivers; uint32_t n_archive_waivers; /* by symbol, archive and rule */

    uint8_t *declared;      /* a bit for each function: named outside of code (core 2.0 §3.4.1: C.refs) */
    GlobalFacts *globals;   /* one for each */
    uint32_t stack_pointer; /* index of the global that is watched as one, or NONE32 */
    uint32_t null_guard, stack_low, stack_high; /* of the layout; 0 without */
    bool track;             /* constants are followed: P101 or P104 is on */
    bool layout_ok;         /* of the layout's checks 1, 3, 4, 5 and frames none has failed so far */
    bool stack_ok;          /* nothing in the stack pointer survives an entry (P101) */
    bool memory_written;    /* there is some instruction that writes to memory */
    uint32_t table_writes;
    size_t cap_waived, cap_frames;
    uint64_t nearest_budget; /* for "did you mean" */
    bool has_meter, meter_ok; /* one is recorded; its proof went through */
    bool numbers_ok;          /* of the layout's checks 1 and 2 none has failed */
    bool seal_recorded, seal_ok; /* it is by checks in the code; they were proved (P403) */
    size_t workers_bytes;    /* scratch memory that threads had */
    bool quiet, marked;      /* code.c: findings are not recorded, they set marked */
} Val;

/* ---- findings.c ---- */

/* In a thread that records nothing: leave a mark instead. */
static inline bool only_marked(Val *v)
{
    v->marked |= v->quiet;
    return v->quiet;
}

DiagPlace place(Val *, Site);
/* A name for "%.*s": that ends at a NUL, and what stands behind one would not be seen. */
Str shown(Val *, Str name);
Str func_name(Val *, uint32_t func);
Str global_name(Val *, uint32_t global);
Str data_name(Val *, uint32_t data);
/* What lies at an address of linear memory: a variable by debug information, else by the name of a data segment of its own;
 * at least the segment. All may be empty. */
typedef struct Datum {
    Str symbol, segment;
    const char *src_file; /* of the variable's declaration */
    uint32_t src_line;
} Datum;
Datum datum_at(Val *, uint64_t address);
/* An error of the specification. */
void invalid(Val *, DiagCode, Site, const char *format, ...) PRINTF(4, 5);
/* Notes that the module uses a feature; false, and an error that names it, when it is not allowed. */
bool use_feature(Val *, WasmFeature, Site, const char *what);
void refuse_feature(Val *, WasmFeature, Site, const char *what);

static inline bool still_valid(const Val *v) { return v->diags->errors - v->errors_before == v->rule_errors; }

static inline bool rule_on(const Val *v, ValRule r)
{
    return v->rules[r].violated != VAL_OFF || v->rules[r].not_provable != VAL_OFF;
}
/* Will the words of the next finding of this rule be shown? Others need not be made. */
bool worth_words(const Val *, ValRule);
/* A rule is broken here. symbol: what a waiver may name; {0} = none. */
void violated(Val *, ValRule, Site, Str symbol, const char *format, ...) PRINTF(5, 6);
void vviolated(Val *, ValRule, Site, Str symbol, const char *format, va_list) PRINTF(5, 0);
/* The same with a level that the caller has found by itself, for each policy and its waivers; expired: one that was for it,
 * or NULL. */
void violated_as(Val *, ValRule, ValLevel, Site, Str symbol, const ValWaiver *expired, const char *format, ...) PRINTF(7, 8);
/* Nothing was found, but nothing is shown either. */
void not_provable(Val *, ValRule, Site, Str symbol, const char *format, ...) PRINTF(5, 6);
/* A finding that parigot.module and the policy have both let through. */
void note_waived(Val *, ValRule, const ValWaiver *, Str symbol, uint32_t address, uint32_t size);
/* The policies that are in force, 0 to 2 of them. */
const ValPolicy *policy_at(const Val *, int i);
bool waiver_expired(const Val *, const ValWaiver *);
bool waiver_object_linked(Val *, const ValWaiver *); /* its object, if it names one, is among the recorded inputs */
void out_of_memory(Val *);

/* ---- rules_globals.c: the start of a function, step by step. Each returns false, for good, at the first difference. ---- */

typedef struct FuncStart {
    Reader r;
    bool ok;
} FuncStart;
void open_func(Val *, uint32_t func, FuncStart *); /* behind the locals; !ok for an import */
bool start_op(FuncStart *, WasmOp);               /* of one byte */
bool start_byte(FuncStart *, uint8_t);
bool start_u32(FuncStart *, uint32_t value);
bool start_i32(FuncStart *, uint32_t *value);
bool start_sets(const FuncStart *, uint32_t global, uint32_t *value); /* i32.const value, global.set global? */
void take_thunk(FuncStart *);                                         /* steps over these two */

/* ---- passes ---- */

void check_structure(Val *);
void check_code(Val *); /* provides: facts of globals, table_writes, findings of constant stores and frames */
void read_layout(Val *);     /* rules_layout.c: parigot.module, before the code is read */
/* rules_layout.c: a write of size bytes (0: unknown) at an address that is a constant. P104 */
void judge_constant_store(Val *, Site, uint64_t address, uint64_t size);
/* A function that lowers the stack pointer by a constant frame above the guard: depth in all. P104 */
void judge_frame(Val *, uint32_t func, uint32_t frame_at, uint32_t depth);
void judge_layout(Val *);    /* P104 */
void check_meter(Val *);     /* fuel.c: P701 to P703; provides has_meter, meter_ok */
void check_seal(Val *);      /* rules_seal.c: P403, P404; provides seal_ok */
void judge_globals(Val *);   /* P101 to P103 */
void judge_tables(Val *);    /* P105, P106 */
void judge_threads(Val *);   /* P201 to P206 */
void judge_imports(Val *);   /* P301 to P305 */
void judge_memory(Val *);    /* P401, P402 */
void judge_exports(Val *);   /* P501 to P503 */
void judge_limits(Val *);    /* P601 to P603; P604 comes from the code */
void judge_wamr(Val *);      /* P606 */

/* ---- expr.c ---- */

/* A constant expression of this type; ref.func in it declares the function. global_limit: global.get sees those before. */
void check_const_expr(Val *, WasmRange, uint8_t type);
/* The same for one that is part of a sequence: *pos is left behind it. */
bool check_const_expr_at(Val *, Reader *, uint8_t type);

#endif
