/* loader.h: runs bundles inside a program of yours: libparigot-loader (pkg-config: parigot-loader; docs/library.md).
 *
 * A bundle is verified (signatures, generations), a world is made of it (every module validated again, with the limits and
 * grants of yours), and from then on the program lets the world run, calls services in it, and ends it. It is what
 * parigot-run does, by the same functions; examples/host is a whole program.
 *
 *     ParigotErrors *errors = parigot_errors_new();
 *     ParigotTrust *trust = parigot_trust_new();
 *     parigot_trust_add_file(trust, "release.pub", errors);
 *     ParigotBundle *bundle = parigot_bundle_open("greeting.pbundle", &(ParigotOpenOptions){.trust = trust}, errors);
 *     ParigotWorld *world = bundle ? parigot_world_start(bundle, NULL, errors) : NULL;
 *     if (!world) fputs(parigot_errors_text(errors, "host"), stderr);
 *     ParigotAnswer answer;
 *     if (parigot_ask(world, parigot_method(world, "greeting.v1.Greeter/Hello"), request, size, 0, &answer) == PARIGOT_OK) ...
 *
 * Shapes     ParigotErrors, ParigotTrust, ParigotBundle and ParigotWorld are opaque. Options are structures of the caller's
 *            in which zero is the default; NULL for options is all defaults, NULL for errors: they are not wanted. Other
 *            pointers must not be NULL unless their line says so; free and close functions take NULL. Text ends with NUL and
 *            is UTF-8; messages are bytes with a length, encoded protobuf, which nobody here looks into.
 * Units      times in nanoseconds, sizes in bytes.
 * Statuses   of calls are gRPC's codes, 0 to 16 (ParigotStatus); a function that gives a number or fails gives minus a status.
 * Errors     Nothing prints or exits. A function that can fail for what it is given says so by NULL or false, and adds to
 *            the ParigotErrors what was wrong: a code that never changes its meaning (docs/messages.md), the place, and words.
 *            Memory that runs out is such an error too.
 * Ownership  What a function named ..._new, _open or _start gives is the caller's, to be given back to the _free or _close of
 *            the same name, in any order: a world keeps its bundle, a bundle its trust, as long as they are needed. Options,
 *            names and bytes are copied; they need live only until the function returns. What a callback is given is gone
 *            when it returns.
 * Threads    No global state. Objects that have nothing to do with each other may be used in different threads at the same
 *            time, worlds of one bundle too. One object is one thread's at a time; only parigot_world_stop may be called from
 *            anywhere. A world has one more thread, which interrupts entries that run for too long; it is asleep between them,
 *            and takes no signals. A child of fork() uses nothing of its parent's worlds.
 * Callbacks  come only from within parigot_world_run, _ask, _wait and _close of that world. In a ParigotReplyFn the world's
 *            functions are allowed that do not run it: parigot_call, _cancel, _method, _world_stop; in `log` and `tell` only
 *            _method and _world_stop. Others do nothing there and say FAILED_PRECONDITION, BUSY, or false. Callbacks must return
 *            (no longjmp, no C++ exception).
 * Signals    Memory of modules is guarded by page protection. For that, the first world that is started installs handlers
 *            for SIGSEGV and SIGBUS; they pass on every fault that is no guest's to the handler that was there before, or let
 *            it end the process as it would have. Some engines interrupt by SIGURG, likewise. A program with handlers of its own
 *            installs them first; or it installs them later, and hands on the signals that are not its own.
 * Hostile    bundles may be, and so may be modules that run: wrong, slow, greedy. Memory and time are bounded by limits, a
 *            guest's crash ends its process in the world and nothing else. What the caller gives here (pointers, options) is
 *            trusted. */
#ifndef PARIGOT_LOADER_H
#define PARIGOT_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libparigot-loader exports */

#define PARIGOT_FOREVER UINT64_MAX

const char *parigot_loader_version(void); /* "0.1.0" */

/* ---- errors ------------------------------------------------------------------------------------------------------- */

typedef struct ParigotErrors ParigotErrors;
typedef struct ParigotError {
    const char *code;     /* "B0203"                                                                                 */
    bool is_error;        /* else a warning, or a note: the function may have succeeded                              */
    const char *file;     /* as the caller named it, a module of a bundle as "x.pbundle(module)"; NULL: none          */
    uint64_t offset;      /* in that file; UINT64_MAX: none                                                          */
    const char *text;     /* one line; names in it are as the bundle has them: see parigot_errors_text               */
} ParigotError;

ParigotErrors *parigot_errors_new(void); /* NULL: out of memory. Keeps a hundred errors; text tells of more           */
size_t parigot_errors_count(const ParigotErrors *);
bool parigot_errors_get(const ParigotErrors *, size_t i, ParigotError *out); /* valid until the list changes; false: no such */
/* parigot_errors_text: all of them in lines as parigot-run prints them, escaped: safe to show, whatever a bundle says.
 * in:  tool  what each line begins with
 * out: the list's own; valid until it changes. "" when there is none */
const char *parigot_errors_text(ParigotErrors *, const char *tool);
void parigot_errors_clear(ParigotErrors *);
void parigot_errors_free(ParigotErrors *);

/* ---- trust: whose signatures count --------------------------------------------------------------------------------- */

typedef struct ParigotTrust ParigotTrust;
ParigotTrust *parigot_trust_new(void); /* trusts nobody. NULL: out of memory */
/* parigot_trust_add_file:   the public key in a file that `parigot-bundle keygen` or `minisign -G` wrote
 * parigot_trust_add_folder: every *.pub in a folder, with X.names beside X.pub, *.rotation, and the file `revoked`
 * parigot_trust_add_key:    a public key as its base64 line (minisign -P)
 * parigot_trust_revoke:     the keys in a file are believed no longer, whoever trusts them
 * in:     before the first bundle is opened with it
 * errors: I0101 (cannot be read), U0101 (too late), B0207 (not a key), B0209 (no key in the folder), B0215 (a wrong
 *         statement of rotation)
 * source: docs/trust.md */
bool parigot_trust_add_file(ParigotTrust *, const char *path, ParigotErrors *);
bool parigot_trust_add_folder(ParigotTrust *, const char *path, ParigotErrors *);
bool parigot_trust_add_key(ParigotTrust *, const char *base64, ParigotErrors *);
bool parigot_trust_revoke(ParigotTrust *, const char *path, ParigotErrors *);
void parigot_trust_free(ParigotTrust *);

/* ---- bundles --------------------------------------------------------------------------------------------------------- */

typedef struct ParigotBundle ParigotBundle;
typedef struct ParigotOpenOptions {
    ParigotTrust *trust;  /* NULL: nobody                                                                             */
    unsigned require;     /* how many distinct trusted keys must have signed; 0 counts as 1                          */
    bool allow_unsigned;  /* fewer of them is a warning. A wrong signature is an error all the same                  */
    /* File of the highest generations seen, by key and bundle name: an older one is refused, a newer one recorded when its
     * world is started. NULL: where parigot-run keeps them (~/.local/state/parigot/generations); "none": none is kept. */
    const char *state;
    int64_t now;          /* seconds since 1970 UTC, for what expires; 0: the clock                                   */
} ParigotOpenOptions;

/* parigot_bundle_open: reads, verifies and checks a bundle; each byte is read once.
 * in:     path  "-" is standard input
 * errors: I01 (cannot be read, too big), B01 (container), B02 (signatures, generations), B03 (manifest), in this order:
 *         nothing later is looked at
 * source: docs/bundle-format.md, docs/trust.md */
ParigotBundle *parigot_bundle_open(const char *path, const ParigotOpenOptions *, ParigotErrors *);
/* The same for bytes in memory. name: for errors */
ParigotBundle *parigot_bundle_open_bytes(const void *bytes, size_t size, const char *name, const ParigotOpenOptions *,
                                         ParigotErrors *);

typedef struct ParigotBundleInfo {
    const char *name, *version; /* valid until the bundle is closed                                                  */
    uint64_t generation;
    bool trusted;               /* as many trusted keys have signed as were required                                 */
    size_t n_signers;           /* distinct trusted keys among the signatures                                        */
    size_t n_modules;
    const char *main;           /* the module with which the world ends; "": there is none                           */
} ParigotBundleInfo;
void parigot_bundle_info(const ParigotBundle *, ParigotBundleInfo *out);

typedef struct ParigotSigner {
    char key_id[17];            /* as minisign shows it: a hint, not unique                                           */
    const char *key_name;       /* last part of the key file's path, or the key itself                               */
    const char *comment;        /* of the signature, signed too; escaped                                              */
} ParigotSigner;
bool parigot_bundle_signer(const ParigotBundle *, size_t i, ParigotSigner *out); /* false: no such */
void parigot_bundle_close(ParigotBundle *);

/* ---- worlds ---------------------------------------------------------------------------------------------------------- */

/* What holds is the smaller of this and what the bundle says; 0: the bundle alone, or the default. docs/limits.md */
typedef struct ParigotLimits {
    uint64_t deadline_ns;    /* of a call that a module serves; 30 s                                                  */
    uint64_t entry_ns;       /* of one entry into a module: it cannot be interrupted by anything else; 10 s           */
    uint64_t fuel;           /* of one entry, of metered modules. One that is not metered is refused then             */
    uint64_t fuel_total;     /* of a module in all, likewise                                                          */
    uint64_t memory_bytes;   /* of a module's linear memory                                                           */
    uint64_t stack_bytes;    /* of a module's frames; 1 MiB                                                           */
    uint32_t table_elements; /* of a module's tables together; 10,000,000                                             */
    uint32_t calls;          /* in flight, made and served; 1024                                                      */
    uint32_t message_bytes;  /* the longest; 4 MiB                                                                    */
    uint32_t queue;          /* pieces of a reply that wait; 64                                                       */
    uint32_t waiting_bytes;  /* that a module has sent and nobody has taken; 16 of its longest messages               */
    uint32_t restarts;       /* of a killed module, a minute; as the bundle says                                      */
    uint32_t instances;      /* at a time, of a module with a fresh one for each request; 8                            */
    uint64_t grace_ns;       /* after parigot_world_stop; 2 s                                                         */
} ParigotLimits;

typedef enum ParigotLevel { PARIGOT_LEVEL_NONE, PARIGOT_DEBUG, PARIGOT_INFO, PARIGOT_WARNING, PARIGOT_ERROR } ParigotLevel;

typedef struct ParigotWorldOptions {
    const char *policy;         /* what modules must keep, besides their own policy: strict, reset, audit, none, or a
                                   policy file; NULL: reset                                                          */
    ParigotLimits limits;
    const char *const *grants;  /* the system services that modules may use, of those that the bundle grants them; NULL: all */
    size_t n_grants;
    /* A line that a module has logged. level: ParigotLevel, or a number of later versions; text: at most 16 KiB, escaped,
     * without "\n". NULL: lines are dropped. */
    void (*log)(void *ctx, const char *module, int level, const char *text);
    /* What the operator should read: who was killed, why, its call stack; and with the three below more. Whole lines,
     * escaped; len without the NUL. NULL: not told. */
    void (*tell)(void *ctx, const char *lines, size_t len);
    void *ctx;
    const char *tool;           /* what such lines begin with; NULL: "parigot"                                        */
    bool verbose;               /* tell each step                                                                     */
    bool trace_calls;           /* tell each call when it has ended                                                   */
    bool stats;                 /* tell a table when the world has ended                                              */
    bool checked;               /* no 8 GiB of address space for each memory: code compares addresses, and is slower  */
    bool canonical_nans;        /* arithmetic gives one NaN only: the same bits on each machine                       */
} ParigotWorldOptions;

/* parigot_world_start: validates every module, compiles, binds imports, records the generation. No guest code has run when
 * it returns: that begins with the first function that runs the world.
 * errors: V, P, W codes (modules), B0307 (the manifest is not true), C codes and I01 (policy file), U0101 (no such system
 *         service), R01, R02 (layouts, imports, limits, grants, services, entries), B0212, B0213, I01 (generations) */
typedef struct ParigotWorld ParigotWorld;
ParigotWorld *parigot_world_start(ParigotBundle *, const ParigotWorldOptions *, ParigotErrors *);

typedef enum ParigotState {
    PARIGOT_BUSY,    /* there is more to do now                                                                      */
    PARIGOT_WAITING, /* modules wait for time to pass, see parigot_world_due                                          */
    PARIGOT_IDLE,    /* nothing will happen unless the program makes a call, or stops the world                       */
    PARIGOT_ENDED,   /* main has exited or was killed, or the world was stopped                                       */
} ParigotState;
/* parigot_world_run: lets modules run, and sleeps while none can, until the world is idle or has ended, or about that time
 * has passed. An entry that runs is not interrupted (limits.entry_ns bounds it).
 * in: for_ns  PARIGOT_FOREVER: for a program that has nothing else to do
 *             0: a bounded number of entries and no sleep: for a program with an event loop. On PARIGOT_BUSY it calls this
 *             again soon; else when parigot_world_due has passed or parigot_world_fd is readable, and after it has made calls */
ParigotState parigot_world_run(ParigotWorld *, uint64_t for_ns);
uint64_t parigot_world_due(const ParigotWorld *); /* ns from now; 0: now; PARIGOT_FOREVER: only the descriptor tells     */
int parigot_world_fd(ParigotWorld *);             /* the world's own: for poll or epoll only, to wait until it is readable */
/* parigot_world_stop: asks the world to end: modules are told, and have limits.grace_ns; the second time it ends at once.
 * From any thread, callback or signal handler, between start and close. Whoever runs the world comes to know. */
void parigot_world_stop(ParigotWorld *);
/* After PARIGOT_ENDED: the exit code of main (what is not within 0 to 255 is 255), 0 without main, 134 when main was killed,
 * 143 when the world had to be stopped. Before: -1. */
int parigot_world_status(const ParigotWorld *);
/* parigot_world_close: ends the world at once if it has not ended; calls that are open get their last reply (UNAVAILABLE)
 * from within it. false: called from a callback of this world; nothing has happened. */
bool parigot_world_close(ParigotWorld *);

/* ---- calls ------------------------------------------------------------------------------------------------------------ */

typedef enum ParigotStatus { /* gRPC's */
    PARIGOT_OK, PARIGOT_CANCELLED, PARIGOT_UNKNOWN, PARIGOT_INVALID_ARGUMENT, PARIGOT_DEADLINE_EXCEEDED, PARIGOT_NOT_FOUND,
    PARIGOT_ALREADY_EXISTS, PARIGOT_PERMISSION_DENIED, PARIGOT_RESOURCE_EXHAUSTED, PARIGOT_FAILED_PRECONDITION,
    PARIGOT_ABORTED, PARIGOT_OUT_OF_RANGE, PARIGOT_UNIMPLEMENTED, PARIGOT_INTERNAL, PARIGOT_UNAVAILABLE, PARIGOT_DATA_LOSS,
    PARIGOT_UNAUTHENTICATED,
} ParigotStatus;
const char *parigot_status_text(int status); /* "NOT_FOUND"; also for minus a status; "?" for what is none */

/* Why a call failed, as far as the kernel knows; PARIGOT_REASON_NONE: the provider itself said so. */
typedef enum ParigotReason {
    PARIGOT_REASON_NONE, PARIGOT_KILLED, PARIGOT_NO_FUEL, PARIGOT_NO_MEMORY, PARIGOT_NOT_ROUTED, PARIGOT_REMOTE,
} ParigotReason;

/* parigot_method: the number of a method that a module of this world provides, for calls; >= 0, the same in every world of
 * the bundle.
 * in:  name  "greeting.v1.Greeter/Hello"
 * out: -PARIGOT_NOT_FOUND: nobody provides that service; -PARIGOT_UNIMPLEMENTED: it has no such method */
int parigot_method(const ParigotWorld *, const char *name);
const char *parigot_method_name(const ParigotWorld *, int method); /* sorted by name; NULL: no such: 0, 1, ... lists all */

/* A piece of a reply, or the end of it. */
typedef struct ParigotReply {
    int status;         /* not 0: the call has failed, `last` is true                                                */
    bool last;          /* true exactly once for each call: it has ended                                             */
    bool has_message;   /* a last piece may bring none; an empty message has size 0 as well                          */
    const void *bytes;  /* the message; of a failed call an encoded parigot.kernel.v1.Failure, or nothing             */
    size_t size;
    int reason;         /* ParigotReason, of a failed call                                                           */
    const char *words;  /* for people, of a failed call, escaped; never NULL                                         */
} ParigotReply;
typedef void ParigotReplyFn(void *arg, const ParigotReply *);

/* parigot_call: makes a call; replies come while the world runs, in order, and the last one always does.
 * in:  method      of parigot_method. A negative one is given back: errors of that need not be looked at apart
 *      request     encoded; NULL when size is 0
 *      timeout_ns  besides the provider's own limit; counted in ms, rounded up; 0: none
 *      fn          NULL: replies are dropped
 * out: the call's number, >= 1, never used again in this world; or minus a status, and fn is never called:
 *      -PARIGOT_NOT_FOUND            no such method
 *      -PARIGOT_RESOURCE_EXHAUSTED   message over the provider's limit, too many calls in flight, out of memory
 *      -PARIGOT_FAILED_PRECONDITION  from a callback where it is not allowed
 *      -PARIGOT_UNAVAILABLE          the world has ended */
int64_t parigot_call(ParigotWorld *, int method, const void *request, size_t size, uint64_t timeout_ns, ParigotReplyFn *fn,
                     void *arg);
/* parigot_cancel: the reply is no longer wanted; the last one still comes, with PARIGOT_CANCELLED.
 * out: 0; PARIGOT_NOT_FOUND: the call has ended; PARIGOT_FAILED_PRECONDITION: as above */
int parigot_cancel(ParigotWorld *, int64_t call);
/* parigot_wait: runs the world until that call has had its last reply.
 * out: 0; PARIGOT_DEADLINE_EXCEEDED: the time has passed, the call goes on; PARIGOT_NOT_FOUND: no such call was open;
 *      PARIGOT_FAILED_PRECONDITION: from a callback */
int parigot_wait(ParigotWorld *, int64_t call, uint64_t for_ns);

/* The one message that answers a unary call. */
typedef struct ParigotAnswer {
    int status;         /* as parigot_ask returns it                                                                 */
    void *bytes;        /* the caller's, for free(); NULL when size is 0 or the call has failed                        */
    size_t size;
    int reason;         /* as in ParigotReply                                                                        */
    char words[256];    /* likewise, perhaps cut; "" when it has not failed                                           */
} ParigotAnswer;
/* parigot_ask: parigot_call and parigot_wait in one, for methods that do not stream: another number of messages than one is
 * PARIGOT_INTERNAL. Returns answer->status; what parigot_call refuses is told that way too. */
int parigot_ask(ParigotWorld *, int method, const void *request, size_t size, uint64_t timeout_ns, ParigotAnswer *answer);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
