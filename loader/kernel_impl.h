/* kernel_impl.h: what kernel.c (processes, turns), calls.c (calls, mail, imports), pool.c (policy reset), timers.c and
 * failure.c share.
 *
 * Life of a Call, seen from its two ends:
 *
 *   caller    open ----------------------------------------------> closed  its last result has been handed over (or
 *                                                                          was not wanted: cookie 0), or the caller died
 *   provider  waiting in the mailbox -> served under an id ------> closed  it sent the last piece, failed the call,
 *                                                                          was told by event 1, or died
 *   ended     once it is known how the call ends: its last result is made, nothing more is taken from the provider.
 *             Comes before the caller's end closes, but for orphans: calls of cookie 0 whose caller died.
 *
 * A call is freed when both ends are closed and no other call was made on its behalf (Call.origin). */
#ifndef PARIGOT_LOADER_KERNEL_IMPL_H
#define PARIGOT_LOADER_KERNEL_IMPL_H

#include "loader/kernel.h"

typedef Parigot__Kernel__V1__Failure__Reason Reason;
#define REASON(name) PARIGOT__KERNEL__V1__FAILURE__REASON__##name

/* One message, result or event on its way. Lies in its Call, or was allocated by itself with its bytes behind it. */
typedef struct Mail Mail;
struct Mail {
    Mail *prev, *next;  /* in the mailbox                                                                            */
    uint64_t seq;       /* in the order of their coming                                                              */
    Process *box;       /* whose mailbox it lies in; NULL = in none                                                  */
    Process *payer;     /* charged for it until it leaves the mailbox (mail_charge); NULL = nobody                   */
    Mail *next_piece;   /* RESULT: the same call's next one                                                          */
    Call *call;         /* NULL: EVENT_STOP                                                                          */
    EntryKind kind;
    uint8_t event, status, flags;
    bool single;        /* allocated by itself                                                                       */
    uint32_t len;
    uint8_t *bytes;     /* malloc, unless single                                                                     */
};

typedef struct IdLink IdLink;
struct IdLink {
    IdLink *next; /* in its bucket */
    Call *call;
    uint32_t id;  /* 0 = not in a table */
};
/* Ids in use by one instance. Ids count up, so the low bits spread them evenly. */
typedef struct IdTable {
    IdLink **buckets;
    uint32_t n_buckets; /* a power of two */
    uint32_t n, last;
} IdTable;

/* One provider as one caller sees it. */
typedef struct Target {
    Process *provider; /* NULL = nobody */
    uint32_t in_flight;
    uint64_t waiting_bytes; /* of results from it that wait in the caller's mailbox */
} Target;
typedef struct Import {
    uint32_t target, method;
} Import;

typedef enum ProcessState {
    PROCESS_NEW,      /* its turn to be started comes                                                                */
    PROCESS_STARTING, /* to be started afresh, as soon as it is picked                                               */
    PROCESS_LIVE,
    PROCESS_PAUSED,   /* killed; the restart timer runs                                                              */
    PROCESS_DEAD,     /* killed or exited, for good                                                                  */
    PROCESS_FRONT,    /* runs nothing: its requests go to workers                                                    */
    PROCESS_IDLE,     /* a worker without a request                                                                  */
} ProcessState;
typedef struct Pool Pool; /* pool.c */
typedef enum StopCause { STOP_NOT, STOP_BAD_ADDRESS, STOP_EXIT } StopCause;

struct Process {
    Kernel *kernel;
    Process *next;             /* in the order of kernel_add                                                         */
    ProcessSpec spec;          /* a native service has name, self and methods                                        */
    const NativeOps *native;   /* NULL: a guest                                                                      */
    ProcessLimits limits;
    ProcessState state;
    bool killed;               /* DEAD: how                                                                          */

    Mail *first, *last;        /* the mailbox                                                                        */
    IdTable made, served;
    Target *targets; size_t n_targets;
    Import *imports; size_t n_imports;

    uint64_t waiting_bytes;    /* of what it has sent and nobody has got yet                                         */
    Call *wants_first;         /* calls whose Reply was refused for want of room                                     */
    bool bytes_refused;        /* one of them waits for bytes, not only for its queue                                */
    Call *gone_first, *gone_last; /* without parigot_event: ended calls whose ids still mean "the caller has gone"   */
    uint32_t n_gone;

    /* its turns */
    uint64_t vtime;            /* what its turns have cost * 10000 / share                                           */
    uint64_t unpaid;           /* processor time used, not charged yet: less than a QUANTUM                          */
    ProcessUsage usage;
    uint64_t turn_cost;        /* of the present turn, for what the host does in it: calls, copies                   */
    uint64_t ready_seq;
    size_t ready_slot;         /* place in the heap + 1; 0 = not ready                                               */

    /* while it runs an entry */
    bool running, in_alloc;
    uint64_t fuel_before, ran_since_ns; /* of the entry: where CallRecords are wanted                               */
    StopCause stop;
    int32_t exit_code;
    Call *behalf;              /* the request for whose sake calls are made now, NULL = nobody's; a reference        */

    /* policy reset */
    Pool *pool;                /* of a front                                                                         */
    Process *front, *next_idle; /* of a worker                                                                       */
    bool over;                 /* of a worker: its request has ended, and it is to forget it in its turn             */

    /* after a kill */
    Timer restart;
    uint32_t kills_in_row;
    uint64_t started_ns;
    uint64_t next_restart_ns;  /* theoretical arrival time: at most restarts_per_minute                              */
    Mail stop_mail;
};

struct Call {
    Timer deadline; /* first: the timer's address is the call's */
    Kernel *kernel;
    uint32_t refs;
    Process *caller, *provider; /* kept after an end has closed, for words; provider NULL = nobody                   */
    uint32_t target;            /* of the caller                                                                     */
    uint32_t method, cookie;
    bool caller_open, provider_open, delivered, ended;
    bool orphan;                /* the caller is gone, the request stays (cookie 0): it counts until the provider's
                                   end has closed, so that a process that is killed again and again cannot flood  */
    bool wants_room, is_gone;   /* in which of the provider's lists the links below are                              */
    Call *list_prev, *list_next;
    IdLink made, served;
    uint64_t deadline_ns;       /* UINT64_MAX = none                                                                 */
    Call *origin;               /* the request for whose sake it was made; a reference while caller_open             */
    Mail request, end, gone, room;
    Mail *piece_first, *piece_last; /* results in the caller's mailbox                                               */
    uint32_t n_pieces;
    /* for CallRecord */
    Status status;
    uint32_t request_bytes, pieces_sent;
    uint64_t reply_bytes, fuel, ran_ns, made_ns, ended_ns;
    void *data;
};

struct Kernel {
    KernelOptions options;
    Process *first, *last;
    Process *main;
    Process *next_start;  /* the next to be started for the first time                                               */
    size_t n_processes;
    Process **ready;      /* heap by (vtime, ready_seq); room for all                                                */
    size_t n_ready;
    uint64_t vtime;       /* of the process that was picked last: no process that is ready has less                  */
    uint64_t seq;
    uint64_t now_ns;      /* the clock, when it was last looked at                                                   */
    uint64_t turn_ns;     /* when the present turn began                                                             */
    bool now_is_fresh;    /* now_ns is from the end of the last turn                                                 */
    uint64_t cpu_ns;      /* options.cpu, when it was last looked at                                                 */
    bool cpu_is_fresh;    /* likewise                                                                                */
    Timer **timers;       /* heap by (due_ns, seq)                                                                   */
    size_t n_timers, cap_timers;
    bool started, stopping, ended, main_killed;
    bool open;            /* there is a process from outside: idle is not the end */
    int32_t exit_code;
};

/* kernel.c */
void *kernel_alloc(Kernel *, size_t);
void process_charge_message(Process *, uint32_t len); /* it has sent one: work for the host                          */
/* The one that others know, and that a worker's time is charged to. */
static inline Process *public_process(Process *p) { return p->front ? p->front : p; }
void process_ready(Process *); /* has mail, or is to be started: takes its place among those that wait for a turn */
/* calls.c */
bool ids_init(Kernel *, IdTable *);
void mail_post(Process *to, Mail *);
void mail_move(Mail *, Process *to); /* from one mailbox to another, with who pays for it */
void mail_put_back(Mail *, Process *to); /* the same, to where it was in the order of mail; nobody is told */
void mail_unlink(Mail *);      /* out of the mailbox and off the payer's account */
void mail_free(Mail *);        /* its bytes, and itself when it is single; unlinked already */
void piece_take(Process *, Mail *); /* a RESULT at the front of the mailbox: out of it and out of its call */
/* After mail that this process has sent left a mailbox: replies that were refused for bytes may be tried again. */
void tell_room_for_bytes(Process *payer);
void call_ref(Call *);
void call_unref(Call *);
void call_close_caller(Call *);
void call_close_provider(Call *);
uint32_t call_serve(Call *);   /* takes it into the provider's ids */
void call_end(Call *, Status, Reason, const char *format, ...) PRINTF(4, 5);
void call_abandon(Call *);     /* the caller cannot take what comes: nothing more will, the provider is told */
void calls_lose_process(Process *, Reason, const char *words, bool keep_requests);
/* pool.c */
MUST_USE bool pool_add(Process *front, Process *worker);
RunEnd pool_start(Process *worker);           /* ProcessOps.start, with what the front imports                       */
bool pool_serves_request(const Process *);    /* a worker that is not the module itself before its image was taken    */
void pool_dispatch(Process *front);           /* requests to workers, as far as there are any                        */
/* pool_put_back: a worker that cannot be started gives its request back. false: no other one could ever take it. */
MUST_USE bool pool_put_back(Process *worker);
/* pool_after_turn: what the end of this turn means to a worker's front. false: there is no memory for the image. */
MUST_USE bool pool_after_turn(Process *worker);
void pool_request_is_over(Process *worker);   /* its request has ended without it                                     */
uint32_t pool_all_in_use(const Process *);     /* of a front: how many have instances, when all are in use; else 0    */
void pool_free(Process *front);
/* timers.c */
void timers_ring(Kernel *);
/* failure.c: the bytes of a Failure */
size_t failure_encode(uint8_t out[KERNEL_MAX_FAILURE_BYTES], const char *message, Reason);
/* What a guest gave to Fail, fit to be handed on: message and detail alone (reason is the kernel's to set), at most
 * 4 KiB: a longer message is cut between characters, a detail that does not fit is left out. Not decodable: nothing. */
size_t failure_clean(uint8_t out[KERNEL_MAX_FAILURE_BYTES], const uint8_t *bytes, size_t len);

#endif
