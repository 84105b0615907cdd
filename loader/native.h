/* native.h: what the parts of the native engine share. Private to loader/: native.c, native_image.c, native_object.c, native_trap.c.
 *
 * The engine's LoadModule is an Object: the shared object of a bundle, loaded from a file in memory that nobody can write to
 * any more. Its LoadInstance is a Native. docs/native.md */
#ifndef PARIGOT_LOADER_NATIVE_H
#define PARIGOT_LOADER_NATIVE_H

#include <pthread.h>
#include <stdatomic.h>

#include "loader/engine.h"
#include "loader/fault.h"
#include "loader/memory.h"
#include "loader/native_switch.h"

/* ---- native_object.c: the shared object ---------------------------------------------------------------------------- */

/* A function of the module in the machine's code; one has several when the compiler has cut it up. */
typedef struct NativeSymbol {
    uintptr_t at, size;
    uint32_t func;
} NativeSymbol;

typedef struct Object {
    const WasmModule *wasm;
    PmLayout layout;
    bool has_layout;
    uint32_t stack_pointer;      /* global index + 1                                                                 */
    bool metered;                /* the gauge is one                                                                 */
    const uint8_t *bytes;        /* of the file; borrowed                                                            */
    size_t size;
    int fd;                      /* of the file in memory: open as long as it is loaded, so its path is nobody else's */
    void *handle;
    const NativeCode *code;
    uintptr_t base;              /* of the addresses in it                                                           */
    uintptr_t text, text_end;    /* where its code is                                                                */
    pthread_mutex_t lock;        /* symbols, which are read when they are first wanted                               */
    bool has_symbols;
    NativeSymbol *symbols; uint32_t n_symbols; /* by address                                                         */
} Object;

/* object_open: loads it.    errors: RUN_NATIVE_BROKEN, OUT_OF_MEMORY */
MUST_USE bool object_open(Object *, Diags *);
void object_close(Object *);
/* Which function's code is there; false: none's. */
bool object_find(Object *, uintptr_t pc, NativeSymbol *out);
static inline bool object_has(const Object *o, uintptr_t pc) { return pc >= o->text && pc < o->text_end; }

/* ---- native.c: instances ------------------------------------------------------------------------------------------------ */

typedef struct NativeRun NativeRun;
typedef struct Native {
    LoadMemory memory;
    Object *object;
    NativeContext *context;      /* and the struct behind it: malloc                                                 */
    void *host;
    const LoadImport *imports;   /* by function index                                                                */
    LoadTrap *trap;              /* of the call that runs                                                            */
    NativeRun *run;              /* likewise                                                                         */
    _Atomic uint32_t stop;       /* LoadTrapKind: what interrupt has set                                             */
    _Atomic(LoadSampleFn *) sampler; /* NULL: no sample is wanted                                                    */
    _Atomic pid_t thread;        /* that runs it; 0: none                                                            */
    bool busy, enforces_layout;
    uint32_t table_elems, table_elems_left;
    void (*refused)(void *host, LoadGrowth, uint64_t limit, uint64_t wanted);
    uint64_t stack_limit_bytes;  /* as asked for                                                                     */
    uint8_t *stack;              /* mmap: guard, head room, and what the limit allows                                */
    size_t stack_bytes;
    LoadImage *image;            /* what reset goes back to; NULL: none was taken. imports are its own then          */
    Arena arena;
} Native;

struct NativeRun {
    Run run;
    Switch at;
    Native *native;
    LoadTrapKind kind;           /* why guest code was left, when it was not by native_trap                          */
    bool faulted;
    uint64_t address;            /* in linear memory, of an access that was refused                                  */
    Place place;                 /* of a fault or poke                                                               */
};

static inline void *native_data(const Native *n) { return (char *)n->context + sizeof *n->context; }
static inline NativeTable *native_table(const Native *n, uint32_t i)
{
    return (NativeTable *)(void *)((char *)native_data(n) + n->object->code->tables_at[i]);
}
static inline size_t native_elem_bytes(const Object *o, uint32_t table)
{
    return o->wasm->tables[table].elem_type == TYPE_FUNCREF ? sizeof(NativeRef) : sizeof(uint64_t);
}
/* After the bytes of the struct have changed as a whole, or the memory has: what in it is about this instance. */
void native_bind(Native *);
MUST_USE bool native_make_stack(Native *, uint64_t limit_bytes);
void native_destroy(LoadInstance *);

/* ---- native_trap.c: where a call was when it ended --------------------------------------------------------------------------- */

/* native_trap_kind: what native_enter's false means.  out: has_address and address of *trap */
LoadTrapKind native_trap_kind(const NativeRun *, LoadTrap *);
/* Frames, from the place where guest code was left: by leave, trap, or a signal. */
void native_fill_frames(const NativeRun *, LoadTrap *);
/* The engine's part in fault.h's handlers. */
void native_on_fault(Run *, uint64_t address, void *context);
bool native_on_poke(Run *, void *context);

/* ---- native_image.c -------------------------------------------------------------------------------------------------------- */

LoadImage *native_take_image(LoadInstance *);
LoadInstance *native_from_image(LoadImage *, void *host);
bool native_reset(LoadInstance *);
void native_free_image(LoadImage *);

#endif
