/* world.h: a verified bundle as a running world: every module validated again and compiled, a process each, the services
 * that they name bound to each other and to the host.
 *
 * No global state: several worlds may live in a process, each in a thread of its own.
 *
 * Source: docs/abi.md; docs/bundle-format.md (manifest). */
#ifndef PARIGOT_LOADER_WORLD_H
#define PARIGOT_LOADER_WORLD_H

#include "bundle/bundle.h"
#include "loader/engine.h"
#include "loader/services.h"
#include "validator/validator.h"

typedef struct LoadWorld LoadWorld;

/* What the operator allows. What holds is the smaller of this and what the manifest says; 0 = the manifest alone. */
typedef struct LoadWorldLimits {
    ProcessLimits process;
    uint64_t memory_bytes;   /* of a module's linear memory                                                          */
    uint64_t stack_bytes;    /* for the frames of a module's functions; 0 = LOAD_STACK_BYTES                         */
    uint64_t fuel_per_entry; /* of a module that is metered                                                          */
    uint64_t fuel_total;     /* likewise, for a process in all its lives                                             */
    uint32_t table_elems;    /* of all tables of a module; 0 = LOAD_TABLE_ELEMS                                      */
    uint64_t entry_ns;       /* longest time that one entry may run; 0 = LOAD_ENTRY_NS                              */
    uint32_t instances;      /* of a module that is reset for each request; 0 = LOAD_INSTANCES, at most LOAD_MOST_INSTANCES */
    uint64_t grace_ns;       /* after a request to end, until the world ends anyway; 0 = LOAD_GRACE_NS              */
} LoadWorldLimits;
#define LOAD_ENTRY_NS UINT64_C(10000000000)
#define LOAD_MOST_STACK (UINT64_C(64) << 20) /* that a bundle may ask for */
#define LOAD_GRACE_NS UINT64_C(2000000000)
#define LOAD_INSTANCES      8u
#define LOAD_MOST_INSTANCES 1024u

typedef struct LoadWorldOptions {
    const LoadEngine *engine;  /* NULL: load_interp                                                                  */
    const uint8_t *native_key; /* Ed25519: native code of a bundle that it has signed is run; NULL: none is           */
    const ValPolicy *floor;    /* the operator's policy, kept besides each module's own; NULL: reset                 */
    LoadWorldLimits limits;
    const Str *grants;         /* system services that any module may use, of those that it is granted; NULL: all         */
    size_t n_grants;
    bool checked;              /* no reservation of address space: code compares each address                        */
    bool canonical_nans;       /* arithmetic gives one NaN only: the same bits on each machine                       */
    ServiceHost services;
    int64_t now;               /* seconds since 1970, for the ends of waivers; 0 = not looked at                     */
    /* What is to be told while the world runs: traps, and with `verbose` each step. Whole lines, escaped, that begin with
     * the name of the tool. */
    void (*tell)(void *ctx, Str lines);
    void *ctx;
    const char *tool;          /* NULL: parigot-run                                                                  */
    bool verbose;
    bool trace_calls;          /* a line for each call, when it has ended                                            */
    bool stats;                /* a table, when the world has ended                                                  */
    bool profile;              /* stacks are sampled, for load_world_profile                                         */
} LoadWorldOptions;

/* load_world_open: validates (always, whatever the manifest says was proved), compiles, binds. No guest code runs.
 * in:     the bundle must outlive the world
 * errors: P, V, W codes of the validator; BUNDLE_MODULE_DIFFERS; RUN_NO_SERVICE, RUN_NOT_GRANTED, RUN_NO_IMPORT, RUN_ENTRY, RUN_FEATURE, RUN_LAYOUT,
 *         RUN_FUEL, RUN_NATIVE_BROKEN, RUN_NO_NATIVE (RUN_NATIVE_UNUSED is a warning); OUT_OF_MEMORY. NULL when there was any */
LoadWorld *load_world_open(const Bundle *, const LoadWorldOptions *, Diags *);

/* load_world_run: until the world ends. Returns the exit status of the program: main's code (what is not within 0 to
 * 255 becomes 255), 0 without main, 134 when main was killed, 128 + signal when it had to be ended by load_world_stop. */
int load_world_run(LoadWorld *);

/* The same in steps, for a host program that does other things between them, or calls services itself (host.h). */
typedef enum LoadWorldState {
    LOAD_WORLD_BUSY,    /* there is more to do now                                                                   */
    LOAD_WORLD_WAITING, /* nothing to do before load_world_due                                                       */
    LOAD_WORLD_IDLE,    /* nothing to do until the host program calls something, or load_world_stop                  */
    LOAD_WORLD_ENDED,   /* load_world_status says how                                                                */
} LoadWorldState;
/* load_world_step: turns, and between them waits for timers, until the world is idle or has ended, that much time has
 * passed (0: some turns, no waiting), or *enough is true. An entry that runs is not interrupted for that.
 * in: enough: NULL, or what an entry may set */
LoadWorldState load_world_step(LoadWorld *, uint64_t for_ns, const bool *enough);
int load_world_status(const LoadWorld *);      /* as load_world_run returns it; after the end                        */
void load_world_end(LoadWorld *);              /* at once, unless it has ended                                       */
uint64_t load_world_due(const LoadWorld *);    /* ns from now until a step has something to do; UINT64_MAX: not known */
int load_world_fd(LoadWorld *);                /* readable (poll, epoll) when a step has something to do before that */

/* The host program as a process of its own, before the first step. NULL: out of memory */
Process *load_world_add_host(LoadWorld *, const ProcessSpec *);
/* What the modules provide, routes applied; sorted by name. NULL: out of memory. Valid until load_world_close. */
typedef struct LoadMethod {
    const char *name;          /* "service/method"                                                                   */
    Process *provider;
    uint32_t number;           /* for kernel_import                                                                  */
} LoadMethod;
const LoadMethod *load_world_methods(LoadWorld *, size_t *n);

/* load_world_profile: folded stacks (profile.h), after load_world_run; out: t->failed: out of memory */
void load_world_profile(const LoadWorld *, TextBuf *t);

/* load_world_stop: asks the world to end: event 3, and the end after a while; the second time at once. May be called
 * from a signal handler or another thread, while the world exists. */
void load_world_stop(LoadWorld *, int signal);

void load_world_close(LoadWorld *);

#endif
