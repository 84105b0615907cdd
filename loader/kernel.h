/* kernel.h: processes that talk by messages, and nothing else: mailboxes, calls, deadlines, turns.
 *
 * The kernel knows no WebAssembly. A Process is whatever stands behind a ProcessOps: an instance of a module (world.c),
 * a fake in a test. A native service (log, clock) is a process that runs on the host: it takes requests in place and
 * answers now or later. Everything else, which is rules 1 to 14 of docs/abi.md, is the same for all of them and is here.
 *
 * One thread, no global state: a Kernel is one world, and several may live beside each other. Time comes from the
 * caller (KernelOptions.now), so that a test decides what time it is.
 *
 * Who owns what. A Kernel owns its processes until kernel_free. A Call lives as long as one of the two ends needs it.
 * Bytes of a message are copied when it is made and freed when it has been handed over or dropped; until then they are
 * charged to the process that sent it.
 *
 * Source: docs/abi.md. */
#ifndef PARIGOT_LOADER_KERNEL_H
#define PARIGOT_LOADER_KERNEL_H

#include "parigot/kernel/v1/kernel.pb-c.h"
#include "wasm/wasm.h"

typedef struct Kernel Kernel;
typedef struct Process Process;
typedef struct Call Call;

/* gRPC's codes, by shorter names than the generated ones. */
typedef enum Status {
    STATUS_OK = PARIGOT__KERNEL__V1__STATUS__OK,
    STATUS_CANCELLED = PARIGOT__KERNEL__V1__STATUS__CANCELLED,
    STATUS_INVALID_ARGUMENT = PARIGOT__KERNEL__V1__STATUS__INVALID_ARGUMENT,
    STATUS_DEADLINE_EXCEEDED = PARIGOT__KERNEL__V1__STATUS__DEADLINE_EXCEEDED,
    STATUS_NOT_FOUND = PARIGOT__KERNEL__V1__STATUS__NOT_FOUND,
    STATUS_RESOURCE_EXHAUSTED = PARIGOT__KERNEL__V1__STATUS__RESOURCE_EXHAUSTED,
    STATUS_FAILED_PRECONDITION = PARIGOT__KERNEL__V1__STATUS__FAILED_PRECONDITION,
    STATUS_UNIMPLEMENTED = PARIGOT__KERNEL__V1__STATUS__UNIMPLEMENTED,
    STATUS_INTERNAL = PARIGOT__KERNEL__V1__STATUS__INTERNAL,
    STATUS_UNAVAILABLE = PARIGOT__KERNEL__V1__STATUS__UNAVAILABLE,
    STATUS_MAX = PARIGOT__KERNEL__V1__STATUS__UNAUTHENTICATED,
} Status;

enum {
    FLAG_LAST = PARIGOT__KERNEL__V1__REPLY_FLAG__REPLY_FLAG_LAST,
    FLAG_NO_MESSAGE = PARIGOT__KERNEL__V1__REPLY_FLAG__REPLY_FLAG_NO_MESSAGE,
    EVENT_ENDED = PARIGOT__KERNEL__V1__EVENT__EVENT_ENDED,
    EVENT_ROOM = PARIGOT__KERNEL__V1__EVENT__EVENT_ROOM,
    EVENT_STOP = PARIGOT__KERNEL__V1__EVENT__EVENT_STOP,
    KERNEL_MAX_FAILURE_BYTES = 4096,
    KERNEL_MAX_ID = INT32_MAX,
};
/* What an import gives back when the guest must not go on (rule 4, Exit): the adapter stops it, the entry ends. */
#define KERNEL_STOP INT32_MIN

/* ---- processes ---------------------------------------------------------------------------------------------------- */

/* What holds for a process. 0 = the default below. What is above the most is taken as the most: host memory has to
 * stay bounded whoever wrote the manifest. */
typedef struct ProcessLimits {
    uint64_t deadline_ns;         /* longest time for a call that it serves                                          */
    uint32_t calls;               /* in flight: that it has made; that one caller has at it                          */
    uint32_t message_bytes;       /* longest message, in and out                                                     */
    uint32_t queue;               /* pieces waiting, a call                                                          */
    uint32_t waiting_bytes;       /* that it has sent and nobody has taken yet                                       */
    uint32_t restarts_per_minute; /* 0 = a process that was killed stays dead                                        */
} ProcessLimits;
#define PROCESS_DEADLINE_NS       UINT64_C(30000000000)
#define PROCESS_CALLS             1024u
#define PROCESS_MESSAGE_BYTES     (4u << 20)
#define PROCESS_QUEUE             64u
#define PROCESS_MOST_CALLS        65536u
#define PROCESS_MOST_MESSAGE      (64u << 20)
#define PROCESS_MOST_QUEUE        4096u
#define PROCESS_MOST_RESTARTS     600u
/* waiting_bytes: by default so many messages of its longest length, but not less than the least nor more than the most. What
 * is asked for is never less than two messages: half of it takes any, so that a sender who waits for room gets it. A Reply
 * beyond gets -8 and event 2 later, a call gets -8. A reply's piece counts PROCESS_PIECE_BYTES more than it has, the host's
 * own record of it, so that empty ones are bounded too. What waits for one caller may be as much as is free besides: one
 * that takes nothing leaves room for the replies to others. */
#define PROCESS_PIECE_BYTES       128u
#define PROCESS_WAITING_MESSAGES  16u
#define PROCESS_LEAST_WAITING     (1u << 20)
#define PROCESS_MOST_WAITING      (4u * PROCESS_MOST_MESSAGE)
ProcessLimits process_limits(ProcessLimits asked); /* defaults and bounds applied */

typedef enum EntryKind { ENTRY_NONE, ENTRY_INIT, ENTRY_METHOD, ENTRY_RESULT, ENTRY_EVENT } EntryKind;
/* One entry: which export is called, and with what. The message has been written to [ptr, ptr + len). */
typedef struct Entry {
    EntryKind kind;
    uint32_t method; /* METHOD: the provider's own number of it */
    uint32_t call;   /* METHOD, EVENT */
    uint32_t cookie, status, flags; /* RESULT */
    uint32_t event;  /* EVENT */
    uint32_t ptr, len;
} Entry;

/* RUN_USED_UP: all the fuel that the process may ever use: it is not started afresh. RUN_NO_ROOM: of a worker's start: the host
 * has no memory for one more instance; its request waits for one that is in use, if there is any. */
typedef enum RunEnd { RUN_RETURNED, RUN_TRAPPED, RUN_OUT_OF_FUEL, RUN_OUT_OF_TIME, RUN_USED_UP, RUN_NO_ROOM } RunEnd;

/* What a process can do. `self` is ProcessSpec.self. */
typedef struct ProcessOps {
    /* A fresh instance: new memory, new everything; no guest code but a start function runs. Anything but
     * RUN_RETURNED counts as a kill. */
    RunEnd (*start)(void *self);
    void (*stop)(void *self); /* drops the instance; start may follow                                                */
    RunEnd (*alloc)(void *self, uint32_t len, uint32_t *address); /* parigot_alloc                                   */
    RunEnd (*enter)(void *self, const Entry *);
    /* Where the host may read or write: NULL when [ptr, ptr + len) is not wholly allowed (rule 4). len > 0. */
    const uint8_t *(*readable)(void *self, uint32_t ptr, uint32_t len);
    uint8_t *(*writable)(void *self, uint32_t ptr, uint32_t len);
    /* One line about why start, alloc or enter did not return, for callers: "integer divide by zero". */
    const char *(*why)(void *self);
    /* Fuel used so far, by all its instances. Asked for only where ProcessSpec.metered says so. */
    uint64_t (*fuel_used)(void *self);
    /* Of workers (kernel_add_worker), else NULL: from now on, what the instance is at this moment is what start of any
     * worker of that front gives. false: out of memory. */
    bool (*take_image)(void *self);
} ProcessOps;

typedef struct ProcessSpec {
    const char *name;             /* borrowed for the kernel's life, like all below                                  */
    const ProcessOps *ops;
    void *self;
    ProcessLimits limits;
    uint32_t share;               /* weight for the processor, 1..10000; 0 = 100                                     */
    bool takes_events;            /* exports parigot_event                                                           */
    bool metered;                 /* its turns are charged by fuel, others by the clock                              */
    bool outside;                 /* the host program: it may act between turns too (kernel_begin)                   */
    Str init;                     /* the InitRequest, encoded                                                        */
    const char *const *methods;   /* "service/method" by the number in Entry.method, for words                      */
    uint32_t n_methods;
} ProcessSpec;

/* A service of the host. It never blocks and never calls into a guest: an answer waits in the caller's mailbox. */
typedef struct NativeOps {
    /* A request; the bytes are the kernel's and go away when this returns. To be answered once, now or later. */
    void (*request)(void *self, Call *, uint32_t method, const uint8_t *bytes, size_t len);
    /* The call has ended without the service (cancelled, deadline, caller gone): forget it. Also at kernel_free. */
    void (*ended)(void *self, Call *);
} NativeOps;
typedef struct NativeSpec {
    const char *name;
    const NativeOps *ops;
    void *self;
    const char *const *methods;   /* by number; a call's method is an index here                                     */
    uint32_t n_methods;
} NativeSpec;

/* ---- a world's life ------------------------------------------------------------------------------------------------ */

/* How a process ended, for the report. The words are valid during the call only. */
typedef struct ProcessDeath {
    Process *process;
    RunEnd end;
    EntryKind entry;          /* what it was doing; ENTRY_NONE: it did not start                                     */
    bool in_alloc;            /* in parigot_alloc, for that entry                                                    */
    const char *method;       /* METHOD and RESULT: "service/method"; else NULL                                      */
    const char *sender;       /* whose message that was: the caller, or the provider of a result; else NULL          */
    const char *why;
    bool restarts;
    uint64_t pause_ns;        /* until it is started afresh                                                          */
    uint32_t restart_limit;   /* fresh starts a minute, when the pause is longer for that; else 0                    */
} ProcessDeath;

/* One call, told when nothing of it is left; or a call or a reply that a limit refused, at once. Valid during the call. */
typedef struct CallRecord {
    const Process *caller;
    const Process *provider;  /* NULL: nobody provides it                                                            */
    const char *method;       /* "service/method"; NULL: nobody provides it                                          */
    Status status;
    uint32_t request_bytes;
    uint32_t pieces;          /* of the reply                                                                        */
    uint64_t reply_bytes;
    uint64_t fuel;            /* that the provider used for it, when that is metered                                 */
    uint64_t ran_ns;          /* time in which entries of the provider's ran for it                                  */
    uint64_t took_ns;         /* from its making to its end                                                          */
    const char *refused;      /* NULL; else the limit that was in the way, and:                                      */
    const Process *whose;     /* the process that has that limit                                                     */
    const Process *sender;    /* who wanted to send: the caller, or the provider a piece of a reply                  */
    uint64_t limit, wanted;
} CallRecord;

typedef struct KernelOptions {
    uint64_t (*now)(void *ctx);                          /* monotonic, nanoseconds                                   */
    uint64_t (*cpu)(void *ctx);                          /* processor time of this thread, likewise; NULL = now      */
    void (*died)(void *ctx, const ProcessDeath *);       /* a process was killed; may be NULL                        */
    void (*exited)(void *ctx, Process *, int32_t code);  /* a process has called Exit; may be NULL                   */
    void (*called)(void *ctx, const CallRecord *);       /* may be NULL                                              */
    void *(*allocate)(void *ctx, size_t);                /* zeroed memory for free(); NULL = calloc. Tests make it fail */
    void *ctx;
} KernelOptions;

Kernel *kernel_new(const KernelOptions *); /* NULL: out of memory */
void kernel_halt(Kernel *);                /* stops every process; calls that are open end. Nothing runs after it */
void kernel_free(Kernel *);                /* with kernel_halt first */

/* Before the first kernel_step; processes are initialised in the order in which they were added. NULL: out of memory. */
Process *kernel_add(Kernel *, const ProcessSpec *);
Process *kernel_add_native(Kernel *, const NativeSpec *);
/* kernel_add_worker: makes `front`, a process just added, one of which each request gets an instance of its own; this is
 * one that serves such requests, one at a time. The first one added also runs parigot_init. Same spec, but another self;
 * what is imported is bound to the front. Limits hold for each worker; all share one share of the processor. */
Process *kernel_add_worker(Kernel *, Process *front, const ProcessSpec *);
/* kernel_import: `caller` may call `method` of `provider` (NULL: nobody provides it; calls fail with NOT_ROUTED).
 * out: the number that kernel_call takes, from 0 up in the order of these calls; -1: out of memory */
int32_t kernel_import(Process *caller, Process *provider, uint32_t method);
void kernel_set_main(Kernel *, Process *); /* the world ends with this process */

typedef enum KernelState {
    KERNEL_BUSY,    /* call kernel_step again                                                                        */
    KERNEL_WAITING, /* nothing can run before kernel_next_timer, unless something comes from outside                 */
    KERNEL_ENDED,   /* rule 14                                                                                       */
} KernelState;
/* kernel_step: rings the timers that are due, then runs at most one entry. A world that could end for want of entries
 * is KERNEL_WAITING, without a timer, where a process from outside may act; until kernel_please_stop. */
KernelState kernel_step(Kernel *);
void kernel_was_away(Kernel *);              /* the thread has done other things since the last step: clocks went on    */
bool kernel_is_busy(const Kernel *);         /* is there a turn to take, timers aside?                               */
uint64_t kernel_next_timer(const Kernel *);  /* by the clock of options.now; UINT64_MAX = none                       */
void kernel_please_stop(Kernel *);           /* event 3 to every process that takes events; once                     */
bool kernel_hears_stop(const Kernel *);      /* is there a living process that takes events?                         */
bool kernel_main_killed(const Kernel *);
int32_t kernel_exit_code(const Kernel *);    /* of main; 0 without                                                   */

/* What a process has done so far, in all its lives. */
typedef struct ProcessUsage {
    uint64_t entries;      /* turns: an entry each, with its parigot_alloc                                           */
    uint64_t made, served; /* calls                                                                                  */
    uint64_t failed;       /* of those made: ended by another status than OK, or open when it was killed or exited     */
    uint64_t refused;      /* calls and pieces that it could not send for a limit                                    */
    uint64_t fuel;         /* when it is metered                                                                     */
    uint64_t ran_ns;
    uint32_t kills, restarts;
} ProcessUsage;
const ProcessUsage *process_usage(const Process *);
bool process_is_metered(const Process *);
const char *process_name(const Process *);
void *process_self(const Process *); /* ProcessSpec.self */
uint64_t process_turn_started(const Process *); /* when the entry that runs now began, its parigot_alloc included */

/* ---- what a guest imports ------------------------------------------------------------------------------------------ */

/* Results as in docs/abi.md "What the module imports": >= 0, minus a status, or KERNEL_STOP. To be called only while
 * the process runs an entry, by its adapter; of a process from outside also between these two, outside of kernel_step. */
void kernel_begin(Process *);
void kernel_end(Process *);
int32_t kernel_call(Process *, uint32_t import, uint32_t ptr, uint32_t len, uint32_t cookie);
int32_t kernel_reply(Process *, uint32_t call, uint32_t ptr, uint32_t len, uint32_t flags);
int32_t kernel_fail(Process *, uint32_t call, uint32_t status, uint32_t ptr, uint32_t len);
int32_t kernel_cancel(Process *, uint32_t call);
int32_t kernel_deadline(Process *, uint32_t call, uint32_t milliseconds);
int32_t kernel_exit(Process *, int32_t code);

/* ---- for native services --------------------------------------------------------------------------------------------- */

void kernel_answer(Call *, const void *message, size_t len);      /* the one and last piece; the call is gone after */
void kernel_answer_fail(Call *, Status, const char *words);       /* the call is gone after                         */
Kernel *call_kernel(const Call *);
const Process *call_caller(const Call *);
void **call_data(Call *);          /* a place for the service's own pointer, NULL at first */
uint64_t kernel_now(Kernel *);

/* A timer lies in a struct of its owner's; zero is a timer that is not set. */
typedef struct Timer Timer;
typedef void TimerFn(Timer *);
struct Timer {
    uint64_t due_ns, seq;
    size_t slot; /* place in the heap + 1; 0 = not set */
    TimerFn *ring;
};
/* timer_set: (again) at due_ns; timers ring in order of due time, those of one time in the order in which they were set.
 * out: false: out of memory, and the timer is as it was */
MUST_USE bool timer_set(Kernel *, Timer *, uint64_t due_ns, TimerFn *);
void timer_clear(Kernel *, Timer *);

#endif
