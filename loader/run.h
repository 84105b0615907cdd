/* run.h: what parigot-run was asked to do. Private to the tool: main.c reads the command line, the rest does it. */
#ifndef PARIGOT_LOADER_RUN_H
#define PARIGOT_LOADER_RUN_H

#include "loader/engines.h"
#include "loader/values.h"
#include "loader/world.h"
#include "validator/validator.h"

enum { EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3, EXIT_TRAP = 134 };

typedef enum TrustKind { TRUST_FOLDER, TRUST_FILE, TRUST_TEXT, TRUST_REVOKED } TrustKind;
typedef struct Trust {
    TrustKind kind;
    const char *value;
} Trust;

typedef struct RunOptions {
    const char *file;          /* "-": standard input */
    const char *engine;        /* its name; NULL: the interpreter */
    const char *invoke;        /* export to call; NULL: run the world of a bundle */
    char *const *args;         /* of the export */
    size_t n_args;
    bool allow_unsigned;
    const ValPolicy *policy;   /* the operator's floor */
    ValPolicy own_policy;      /* when it was named by --policy; its strings are in the arena */
    Arena arena;
    uint64_t deadline_ns;      /* 0 = none */
    uint64_t fuel;             /* for one entry; 0 = no limit */
    uint64_t memory_bytes;     /* 0 = the module's own maximum */
    uint64_t stack_bytes;      /* 0 = default */
    uint32_t table_elems;      /* 0 = default */
    bool checked;              /* no reservation of address space */
    bool canonical_nans;

    /* Worlds only */
    Trust *trust;              /* malloc */
    size_t n_trust;
    Str *grants;               /* arena; NULL: all that the bundle grants */
    size_t n_grants, grants_cap;
    uint32_t require;          /* distinct keys; 0 = 1 */
    const char *state;         /* file of generations seen; NULL: where it always is; "none": none is kept */
    LoadWorldLimits limits;    /* besides the four above */
    bool log_times, verbose, trace_calls, stats;
    const char *trust_native;  /* public key, in a file or in base64; NULL: no native code is run */
    const char *profile;       /* file of folded stacks; NULL: none */
    void (*print)(Diags *);    /* shows what has been recorded, and empties the list */
} RunOptions;

/* run_invoke: validates a bare module, instantiates it without imports, calls one export, prints its results.
 * out: exit status; what was wrong is in the Diags, a trap on standard error */
int run_invoke(const RunOptions *, Diags *);

/* run_world: verifies a bundle, validates its modules, runs its world.
 * out: exit status; what was wrong before the world started is in the Diags */
int run_world(const RunOptions *, Diags *);

#endif
