/* guest.h: one module of a bundle as a process of the kernel: its entries, its memory, its traps.
 *
 * guest.c is the only place where kernel and engine meet: ProcessOps on top of a LoadEngine, and the host functions that
 * a module's imports are bound to. */
#ifndef PARIGOT_LOADER_GUEST_H
#define PARIGOT_LOADER_GUEST_H

#include "loader/engine.h"
#include "loader/kernel.h"
#include "loader/profile.h"
#include "loader/watchdog.h"

/* Policy reset: what the instances of one module have in common. */
typedef struct GuestPool {
    LoadImage *image;              /* NULL: not yet                                                                  */
    uint32_t state;                /* what parigot_init gave                                                         */
    uint64_t fuel_used;            /* by all of them: fuel_total is one for all                                      */
    bool was_full;                 /* the host had no room for one more; has been told                               */
} GuestPool;

/* What memory.grow or table.grow asked for in vain. */
typedef struct GuestRefusal {
    uint64_t limit, wanted;        /* the most that was wanted; 0 = nothing was refused                              */
    LoadTrap place;                /* of the first time                                                              */
} GuestRefusal;

typedef struct Guest {
    const char *name;              /* of the module in the bundle                                                    */
    const char *place;             /* "greeting.pbundle(greeter)", for diagnostics                                   */
    const LoadEngine *engine;
    Watchdog *watchdog;
    uint64_t entry_limit_ns;
    uint64_t fuel_per_entry;       /* of a module that is metered; 0 = as much as there is                           */
    Profile *profile;              /* NULL: none is wanted                                                           */
    uint64_t fuel_total;           /* likewise, for all its lives                                                    */
    const WasmModule *module;
    uint32_t stack_bytes;          /* in its memory; 0 = not known                                                   */
    LoadModule *compiled;
    LoadLimits limits;
    bool checked;                  /* asked for: no reservation of address space                                     */
    void (*on_no_space)(void *ctx, const char *place, const char *words); /* there was none to be had; what comes of it */
    void *ctx;
    LoadImport *imports; uint32_t n_imports;
    Process *process;
    GuestPool *pool;               /* NULL: one instance serves all requests                                         */

    /* Function indices of the entries; DIAG_NOWHERE32: not there. */
    uint32_t alloc, init, result, event;
    uint32_t *methods;             /* by the number in Entry.method                                                  */

    /* The instance that lives now */
    LoadInstance *instance;
    uint32_t state;                /* what parigot_init gave                                                         */
    int64_t gauge;                 /* of its meter, when it was last read or set                                     */
    uint64_t fuel_used;            /* by this instance and those before it                                           */
    uint64_t memory_peak_bytes;    /* likewise: memory only grows, so it is the size at the end                      */
    GuestRefusal refusals[GROWTH_KINDS]; /* likewise                                                                 */
    bool fueled;                   /* by alloc, for the entry that follows: they share (docs/abi.md rule 12)          */
    bool has_trap;
    LoadTrap trap;                 /* of the last call that did not return                                           */
    char why[200];
} Guest;

extern const ProcessOps guest_ops; /* self: a Guest */

/* guest_find_entries: the exports that the ABI names, with exactly its types.
 * in:     methods: the names "service/method" that the manifest says it provides
 * errors: RUN_ENTRY, one for each that is missing or has another type */
MUST_USE bool guest_find_entries(Guest *, Arena *, const char *const *methods, uint32_t n_methods, Diags *);
bool guest_has_event(const Guest *);
LoadSampleFn guest_sampled; /* host: a Guest: into its profile */
void guest_refused(void *host, LoadGrowth, uint64_t limit, uint64_t wanted); /* LoadLimits.refused: into its refusals */
/* After the kernel has gone: the instance that waits for the next request; the image after all of them. */
void guest_drop_instance(Guest *);
void guest_drop_image(const LoadEngine *, GuestPool *);

/* The rows for the module's imports. A method of the kernel's service by its name, false: it has no such method;
 * any other by the number that kernel_import gave. */
bool guest_kernel_import(Str method, LoadImport *out);
void guest_call_import(Str service, Str method, int32_t number, LoadImport *out);

#endif
