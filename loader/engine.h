/* engine.h: what runs guest code. Each engine is one struct of functions; the kernel and parigot-run know no more.
 *
 * Three things: a LoadModule is compiled once and then shared by any number of instances, in any number of threads.
 * A LoadInstance has its own memory, globals and tables; one thread at a time may call into it. A call ends by
 * returning, or by a LoadTrap that says what happened and where.
 *
 * There is no state outside these, with one exception that lies in the nature of signals: the process has one handler
 * for faults (trap.c). It takes a fault for a guest's only when the address is within the reservation of the instance
 * that this very thread is running at that moment; every other fault goes to the handler that was there before.
 *
 * Sources: core 2.0 §4 "Execution"; docs/abi.md "Rules". */
#ifndef PARIGOT_LOADER_ENGINE_H
#define PARIGOT_LOADER_ENGINE_H

#include <string.h>

#include "wasm/wasm.h"

/* ---- values ------------------------------------------------------------------------------------------------------- */

/* Values cross in 64-bit slots: i32 zero-extended, i64, f32 and f64 by their bits (f32 zero-extended),
 * funcref as function index + 1, externref as any number of the host's; null is 0 for both. A v128 takes two slots,
 * its low half first. */
typedef uint64_t LoadSlot;

static inline LoadSlot load_from_f32(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}
static inline LoadSlot load_from_f64(double d)
{
    LoadSlot bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}
static inline float load_to_f32(LoadSlot s)
{
    uint32_t bits = (uint32_t)s;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}
static inline double load_to_f64(LoadSlot s)
{
    double d;
    memcpy(&d, &s, sizeof d);
    return d;
}

/* ---- traps -------------------------------------------------------------------------------------------------------- */

typedef enum LoadTrapKind {
    TRAP_NONE,
#define TRAP(name, text) TRAP_##name,
#include "loader/traps.def"
#undef TRAP
    TRAP_KIND_COUNT
} LoadTrapKind;
const char *load_trap_text(LoadTrapKind); /* "integer divide by zero" */

/* One activation of a guest function. An import that was being called has no frame: detail names it. */
typedef struct LoadFrame {
    uint32_t func;
    uint32_t offset; /* in the file, of the instruction that was running; of the call, for all but the innermost; 0: not known */
} LoadFrame;

enum { LOAD_FRAMES_INNER = 48, LOAD_FRAMES_OUTER = 16, LOAD_FRAMES_MAX = LOAD_FRAMES_INNER + LOAD_FRAMES_OUTER };

/* Zero-initialise. Valid by itself: it borrows nothing from the instance. */
typedef struct LoadTrap {
    LoadTrapKind kind;
    bool has_address;  /* memory traps: where in linear memory                                                       */
    uint64_t address;  /* may lie beyond 4 GiB: address operand plus offset immediate                                */
    int32_t exit_code; /* TRAP_EXIT: what the host function asked for                                                */
    char detail[160];  /* may be empty; else goes after the kind's text                                             */
    uint32_t depth;    /* frames on the stack; of more than LOAD_FRAMES_MAX the innermost and the outermost are kept  */
    uint32_t n_frames;
    LoadFrame frames[LOAD_FRAMES_MAX]; /* innermost first                                                             */
} LoadTrap;

/* load_trap_print: "trap: integer divide by zero" and one line a frame: index, name, offset, source place where DWARF
 * has it. Names are escaped.   in: module: that of the instance; tool: "parigot-run" */
void load_trap_print(TextBuf *, const LoadTrap *, const WasmModule *, const char *tool);
void load_frames_print(TextBuf *, const LoadTrap *, const WasmModule *); /* the frames alone */

/* ---- linear memory ------------------------------------------------------------------------------------------------ */

/* The host's view of an instance's memory 0. base stays what it is until the next call into the instance (a memory
 * that grows without a reservation may move). Without a memory: base NULL, size 0. */
typedef struct LoadMemory {
    uint8_t *base;
    uint64_t size_bytes;
    uint64_t max_bytes;     /* the smaller of the module's maximum and the host's limit                               */
    uint64_t reserved_bytes;/* of address space from base on; accesses beyond size_bytes fault                        */
    bool checked;           /* no reservation could be had: code tests every access                                   */
    bool sealed;            /* protection of the sealed range is on                                                   */
    uint32_t null_guard;    /* 0 or 4096                                                                              */
    uint32_t sealed_low, sealed_high;
    uint32_t heap_base;     /* the host writes only at or above it; 0 when the module has no layout                   */
} LoadMemory;

/* The two ways in which the host may touch guest memory: [addr, addr + len) must lie wholly between the null guard
 * (for writing: heap_base) and the memory's size. NULL when it does not: the guest's trap TRAP_MESSAGE.
 * len = 0 gives a pointer that must not be used, never NULL.   source: docs/abi.md rules 2 and 4 */
static inline const uint8_t *load_readable(const LoadMemory *m, uint32_t addr, uint32_t len)
{
    static const uint8_t nothing;
    if (len == 0) return &nothing;
    return addr >= m->null_guard && (uint64_t)addr + len <= m->size_bytes ? m->base + addr : NULL;
}
static inline uint8_t *load_writable(const LoadMemory *m, uint32_t addr, uint32_t len)
{
    static uint8_t nothing;
    if (len == 0) return &nothing;
    bool low_enough = (uint64_t)addr + len <= m->size_bytes;
    bool in_seal = addr < m->sealed_high && (uint64_t)addr + len > m->sealed_low;
    return addr >= m->null_guard && addr >= m->heap_base && low_enough && !in_seal ? m->base + addr : NULL;
}

/* ---- host functions ----------------------------------------------------------------------------------------------- */

typedef struct LoadModule LoadModule;
typedef struct LoadInstance LoadInstance;
typedef struct LoadImage LoadImage; /* an instance at one moment */

/* What a host function sees. It may not call into the same instance (that call traps). */
typedef struct LoadHostCall {
    LoadInstance *instance;
    void *host;         /* of load_instantiate                                                                        */
    void *data;         /* of the import's row                                                                        */
    const LoadMemory *memory;
    LoadSlot *slots;    /* in: parameters; out: results, from slots[0] on. Room for the larger of both                 */
    LoadTrap *trap;
} LoadHostCall;
/* false: the guest is stopped; the function has filled trap by load_host_trap. */
typedef bool LoadHostFn(LoadHostCall *);
bool load_host_trap(LoadHostCall *, LoadTrapKind, const char *format, ...) PRINTF(3, 4); /* returns false */
bool load_host_exit(LoadHostCall *, int32_t code);                                       /* returns false */

/* One row a function that the host offers. Types by letter: i i32, I i64, f f32, F f64, V v128 (two
 * slots), c funcref, e externref. */
typedef struct LoadImport {
    Str module, name;
    const char *params, *results;
    LoadHostFn *fn;
    void *data;
} LoadImport;

/* ---- limits ------------------------------------------------------------------------------------------------------- */

typedef enum LoadGrowth { GROWTH_MEMORY, GROWTH_TABLES, GROWTH_KINDS } LoadGrowth;

/* 0 = the default. What is asked for beyond: memory.grow and table.grow give -1, calls trap, instantiation fails. */
typedef struct LoadLimits {
    uint64_t memory_bytes; /* of memory 0; default 4 GiB, the module's maximum holds anyway                           */
    uint64_t stack_bytes;  /* all frames of guest functions together; default 1 MiB                                   */
    uint32_t table_elems;  /* of all tables together; default 10 million                                              */
    /* Is told when memory.grow or table.grow would go beyond the smaller of limit and the module's own maximum, in bytes or
     * elements; NULL: nobody is. Like a host function: LoadEngine.where tells the place. host: of instantiate. */
    void (*refused)(void *host, LoadGrowth, uint64_t limit, uint64_t wanted);
} LoadLimits;
#define LOAD_MEMORY_BYTES (UINT64_C(4) << 30)
#define LOAD_STACK_BYTES  (UINT64_C(1) << 20)
#define LOAD_TABLE_ELEMS  10000000u

/* Where a call is: kind TRAP_NONE, functions without offsets. host: of load_instantiate. Guest code waits meanwhile. */
typedef void LoadSampleFn(void *host, const LoadTrap *);

/* ---- engines ------------------------------------------------------------------------------------------------------ */

typedef struct LoadCompileOptions {
    const PmLayout *layout;  /* from parigot.module, after its checks; NULL = none. Copied                           */
    uint32_t stack_pointer;  /* global index + 1, as in PmSection; 0 = unknown: tells a stack overflow by name        */
    uint32_t fuel;           /* global index + 1 of the gauge of a meter that was proved (P702, P703); 0 = none      */
    bool force_checks;       /* as if there were no address space for a reservation (tests)                           */
    bool canonical_nans;     /* what core 2.0 §4.3.3 leaves open is one NaN: the same bits on each machine           */
    const uint8_t *native;   /* load_native alone: the shared object made from this module; borrowed                  */
    size_t native_bytes;
} LoadCompileOptions;

/* What an engine cannot do. Whoever is asked for it refuses by name (RUN_ENGINE_CANNOT); nothing is left out in silence. */
enum {
    LOAD_LACKS_RESET = 1,     /* take_image, from_image, reset and free_image are NULL                                */
    LOAD_LACKS_SAMPLES = 2,   /* sample is NULL                                                                       */
    LOAD_LACKS_CHECKED = 4,   /* LoadCompileOptions.force_checks                                                      */
    LOAD_LACKS_INTERRUPT = 8, /* interrupt is seen only when guest code calls a host function                         */
    LOAD_LACKS_NANS = 16,     /* LoadCompileOptions.canonical_nans                                                    */
};

typedef struct LoadEngine {
    const char *name;
    WasmFeatures features; /* what it runs: modules are to be validated with no more */
    bool wamr_form;        /* and with rule P606                                     */
    unsigned lacks;        /* LOAD_LACKS_*                                           */

    /* compile: in: a module that val_module has accepted with these features; it and its bytes must outlive the LoadModule.
     * out:    NULL after recording a Diag: RUN_LAYOUT, OUT_OF_MEMORY; load_native: RUN_NATIVE_BROKEN, RUN_NO_NATIVE */
    LoadModule *(*compile)(const WasmModule *, const LoadCompileOptions *, Diags *);
    void (*free_module)(LoadModule *); /* after its last instance */

    /* instantiate: memory, globals, tables, segments; no guest code runs. imports: looked up by both names, later rows
     * win; an import that has no row, another type, or is not a function is an error (all of them are reported).
     * out:    NULL after recording Diags: RUN_NO_IMPORT, RUN_IMPORT_TYPE, RUN_LIMIT, RUN_SEGMENT, OUT_OF_MEMORY
     * source: core 2.0 §4.5.4 "Instantiation" */
    LoadInstance *(*instantiate)(LoadModule *, const LoadImport *, size_t n_imports, void *host, const LoadLimits *,
                                 Diags *);
    /* start: runs the start function if there is one, then seals what the layout says. Once, before any call. */
    MUST_USE bool (*start)(LoadInstance *, LoadTrap *);
    /* call: one function by its index. in: slots: parameters; out: slots: results, from slots[0] on; the caller gives
     * room for the larger of both (load_call_slots). false: *trap says why; what was done to memory stays done.
     * An instance that has trapped can be called again; whether that makes sense is the caller's to know. */
    MUST_USE bool (*call)(LoadInstance *, uint32_t func, LoadSlot *slots, LoadTrap *);
    /* interrupt: from any other thread: guest code traps with this kind at its next loop iteration or call. Stays set,
     * for later calls too, until TRAP_NONE is set. */
    void (*interrupt)(LoadInstance *, LoadTrapKind);
    /* sample: from another thread, while a call runs: that call tells where it is at its next loop iteration or call, in
     * its own thread, and goes on. Not if the call ends before; a trap by interrupt goes before. */
    void (*sample)(LoadInstance *, LoadSampleFn *);
    /* where: from a host function that the instance has called, or LoadLimits.refused: the frames of that call, as of a trap. */
    void (*where)(LoadInstance *, LoadTrap *);
    const LoadMemory *(*memory)(LoadInstance *);
    /* fuel: the gauge; NULL: the module is not metered. To be set, 0 or more, before start and each call; a module that
     * runs dry ends by TRAP_FUEL. After any other trap it may be higher than what is left (docs/metering.md). */
    int64_t *(*fuel)(LoadInstance *);
    void (*destroy)(LoadInstance *);

    /* take_image: what the instance is now, between two calls and after start: memory, globals, tables, segments. Once;
     * from now on reset brings the instance back to this. NULL: the host has no memory; the instance is to be destroyed. */
    LoadImage *(*take_image)(LoadInstance *);
    /* from_image: another instance that is what that one was, with its guard and seal; imports and limits are the same.
     * NULL: the host has no memory, or no address space. */
    LoadInstance *(*from_image)(LoadImage *, void *host);
    /* reset: nothing of what was done since is left. false: it could not be done, the instance is to be destroyed. */
    MUST_USE bool (*reset)(LoadInstance *);
    void (*free_image)(LoadImage *); /* after its last instance */
} LoadEngine;

extern const LoadEngine load_interp; /* instance.c: the default */
extern const LoadEngine load_native; /* native.c: code that is in the bundle; not for LoadCompileOptions.force_checks */

bool load_native_here(void); /* false: this program cannot load code, or its machine is none that native code is made for */

/* ---- for engines: what they all do alike (engine.c) ---------------------------------------------------------------- */

/* load_check_layout: what page protection can do here for this layout.   errors: RUN_LAYOUT */
MUST_USE bool load_check_layout(const WasmModule *, const PmLayout *, Diags *);
bool load_pages_enforce(const PmLayout *); /* false: PM_SEAL_CHECK on pages that are too large */
/* load_open_memory: memory 0 in its initial size, without guard or seal; none, if the module has none.
 * errors: RUN_LIMIT, OUT_OF_MEMORY */
MUST_USE bool load_open_memory(const WasmModule *, const LoadLimits *, bool force_checks, LoadMemory *, Diags *);
/* load_check_tables: whether all tables in their initial sizes are within the limit, which is *most.   errors: RUN_LIMIT */
MUST_USE bool load_check_tables(const WasmModule *, const LoadLimits *, uint32_t *most, Diags *);
/* load_link_imports: the row for each function import, by its index.
 * errors: RUN_NO_IMPORT, RUN_IMPORT_TYPE, one for each; OUT_OF_MEMORY */
MUST_USE bool load_link_imports(const WasmModule *, const LoadImport *rows, size_t n_rows, Arena *, Diags *,
                                const LoadImport **out);

static inline uint32_t load_slots(const uint8_t *types, uint32_t n)
{
    uint32_t slots = n;
    for (uint32_t i = 0; i < n; i++) slots += types[i] == TYPE_V128;
    return slots;
}
static inline uint32_t load_call_slots(const WasmType *t)
{
    uint32_t params = load_slots(t->params, t->n_params), results = load_slots(t->results, t->n_results);
    return params > results ? params : results;
}

#endif
