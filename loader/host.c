/* host.c: calls of the host program. A call lies in a slot; its number in the slot is the kernel's cookie, and with a count
 * of how often the slot was used the number that the program knows. */
#include "loader/host.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)
enum { KEPT_BYTES = 1 << 20 }; /* of the buffer for results, between two of them */

typedef struct Slot {
    ParigotReplyFn *fn;
    void *arg;
    bool *done;        /* NULL, or set behind the last reply */
    uint32_t id;       /* the kernel's; 0: free */
    uint32_t uses;
    uint32_t next_free;
} Slot;

struct Host {
    Process *process;
    Slot *slots; uint32_t n_slots;
    uint32_t first_free;            /* index + 1; 0: none */
    const uint8_t *request;         /* of the call that is being made */
    uint8_t *result; size_t result_cap;
    bool entered;                   /* the kernel runs an entry */
};

/* ---- slots ---------------------------------------------------------------------------------------------------------- */

static bool add_slots(Host *h)
{
    uint32_t n = h->n_slots ? h->n_slots * 2 : 16;
    Slot *more = realloc(h->slots, n * sizeof *more);
    if (!more) return false;
    memset(more + h->n_slots, 0, (n - h->n_slots) * sizeof *more);
    for (uint32_t i = n; i > h->n_slots; i--) {
        more[i - 1].next_free = h->first_free;
        h->first_free = i;
    }
    h->slots = more;
    h->n_slots = n;
    return true;
}

static int64_t call_number(const Host *h, uint32_t index)
{
    return (int64_t)(h->slots[index].uses & INT32_MAX) << 32 | (index + 1);
}

static Slot *find_slot(const Host *h, int64_t call)
{
    uint64_t index = (uint64_t)call & UINT32_MAX;
    if (index == 0 || index > h->n_slots) return NULL;
    Slot *s = &h->slots[index - 1];
    return s->id && call_number(h, (uint32_t)index - 1) == call ? s : NULL;
}

/* Gives the slot back, and what it was for. */
static Slot end_call(Host *h, uint32_t index)
{
    Slot was = h->slots[index];
    h->slots[index] = (Slot){.uses = was.uses + 1, .next_free = h->first_free};
    h->first_free = index + 1;
    return was;
}

/* Why a call has failed, from its bytes: a Failure that the kernel made, or put in order. */
static void give_failure(const Slot *s, ParigotReply *r)
{
    Arena scratch = {0};
    Parigot__Kernel__V1__Failure *failure = r->size ? parigot__kernel__v1__failure__unpack(NULL, r->size, r->bytes) : NULL;
    const char *words = failure ? diag_escape(&scratch, str_of(failure->message)) : NULL;
    if (words) r->words = words;
    if (failure) r->reason = (int)failure->reason;
    s->fn(s->arg, r);
    if (failure) parigot__kernel__v1__failure__free_unpacked(failure, NULL);
    arena_free(&scratch);
}

static void give_reply(Host *h, uint32_t cookie, ParigotReply *r)
{
    Slot s = r->last ? end_call(h, cookie - 1) : h->slots[cookie - 1]; /* fn may make calls: slots may move */
    if (s.fn && r->status) give_failure(&s, r);
    else if (s.fn) s.fn(s.arg, r);
    if (r->last && s.done) *s.done = true;
}

/* ---- as a process ----------------------------------------------------------------------------------------------------- */

static RunEnd start(void *self)
{
    (void)self;
    return RUN_RETURNED;
}

static void stop(void *self) { (void)self; }

/* The result is written to a buffer of ours, whatever the address. */
static RunEnd allocate(void *self, uint32_t len, uint32_t *address)
{
    Host *h = self;
    if (len > h->result_cap) {
        free(h->result);
        h->result = malloc(len);
        h->result_cap = h->result ? len : 0;
    }
    *address = h->result ? 1 : 0;
    return RUN_RETURNED;
}

static uint8_t *writable(void *self, uint32_t ptr, uint32_t len)
{
    (void)ptr;
    (void)len;
    return ((Host *)self)->result;
}

static const uint8_t *readable(void *self, uint32_t ptr, uint32_t len)
{
    (void)ptr;
    (void)len;
    return ((Host *)self)->request;
}

static RunEnd enter(void *self, const Entry *e)
{
    Host *h = self;
    if (e->kind != ENTRY_RESULT) return RUN_RETURNED;
    h->entered = true;
    give_reply(h, e->cookie, &(ParigotReply){.status = (int)e->status, .last = e->flags & FLAG_LAST,
                                             .has_message = e->status == STATUS_OK && !(e->flags & FLAG_NO_MESSAGE),
                                             .bytes = e->len ? h->result : NULL, .size = e->len, .words = ""});
    h->entered = false;
    if (h->result_cap > KEPT_BYTES) {
        free(h->result);
        h->result = NULL;
        h->result_cap = 0;
    }
    return RUN_RETURNED;
}

static const char *why(void *self)
{
    (void)self;
    return "";
}

static const ProcessOps ops = {.start = start, .stop = stop, .alloc = allocate, .enter = enter, .readable = readable,
                               .writable = writable, .why = why};

/* Its share is the largest there is: results do not wait behind those who made them. Providers' own limits hold. */
ProcessSpec host_spec(Host *h)
{
    return (ProcessSpec){.name = "the host", .ops = &ops, .self = h, .share = 10000, .outside = true,
                         .limits = {.calls = PROCESS_MOST_CALLS, .message_bytes = PROCESS_MOST_MESSAGE,
                                    .queue = PROCESS_MOST_QUEUE}};
}

Host *host_new(void) { return calloc(1, sizeof(Host)); }

void host_attach(Host *h, Process *p) { h->process = p; }

void host_free(Host *h)
{
    if (!h) return;
    free(h->slots);
    free(h->result);
    free(h);
}

/* ---- calls -------------------------------------------------------------------------------------------------------------- */

bool host_is_in_reply(const Host *h) { return h->entered; }

/* Within a result the process runs an entry; else it acts from outside. */
static void begin(Host *h)
{
    if (!h->entered) kernel_begin(h->process);
}

static void end(Host *h)
{
    if (!h->entered) kernel_end(h->process);
}

/* false: there is no memory for the timer. */
static bool set_deadline(Host *h, uint32_t id, uint64_t timeout_ns)
{
    uint64_t ms = timeout_ns ? (timeout_ns - 1) / NS_PER_MS + 1 : UINT32_MAX;
    return ms >= UINT32_MAX || kernel_deadline(h->process, id, (uint32_t)ms) == 0;
}

int64_t host_call(Host *h, uint32_t import, const void *bytes, uint32_t len, uint64_t timeout_ns, ParigotReplyFn *fn,
                  void *arg)
{
    if (!h->first_free && !add_slots(h)) return -STATUS_RESOURCE_EXHAUSTED;
    uint32_t index = h->first_free - 1;
    h->request = bytes;
    begin(h);
    int32_t id = kernel_call(h->process, import, 1, len, index + 1);
    if (id > 0) {
        Slot *s = &h->slots[index];
        h->first_free = s->next_free;
        *s = (Slot){.fn = fn, .arg = arg, .id = (uint32_t)id, .uses = s->uses};
        if (!set_deadline(h, (uint32_t)id, timeout_ns)) kernel_cancel(h->process, (uint32_t)id);
    }
    end(h);
    h->request = NULL;
    return id > 0 ? call_number(h, index) : id;
}

bool host_watch(Host *h, int64_t call, bool *done)
{
    Slot *s = find_slot(h, call);
    if (s) s->done = done;
    return s != NULL;
}

void host_forget(Host *h, int64_t call)
{
    Slot *s = find_slot(h, call);
    if (s) s->fn = NULL;
}

bool host_cancel(Host *h, int64_t call)
{
    const Slot *s = find_slot(h, call);
    if (!s) return false;
    begin(h);
    kernel_cancel(h->process, s->id);
    end(h);
    return true;
}

void host_end_calls(Host *h)
{
    for (uint32_t i = 0; i < h->n_slots; i++)
        if (h->slots[i].id)
            give_reply(h, i + 1, &(ParigotReply){.status = STATUS_UNAVAILABLE, .last = true, .words = "the world has ended"});
}
