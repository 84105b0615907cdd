/* calls.c: calls from their making to the last result, the mail that they consist of, and the imports by which a guest
 * makes, answers and ends them. docs/abi.md "What the module imports", rules 2 to 11. kernel_impl.h has a call's life.
 *
 * Nothing here runs a guest: an import changes mailboxes, and their owners read them in a later turn (rule 1). */
#include "loader/kernel_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ids (rule 7) ---------------------------------------------------------------------------------------------------- */

enum { FIRST_BUCKETS = 16 };

bool ids_init(Kernel *k, IdTable *t)
{
    t->buckets = kernel_alloc(k, FIRST_BUCKETS * sizeof(IdLink *));
    t->n_buckets = FIRST_BUCKETS;
    return t->buckets != NULL;
}

static IdLink **bucket_of(const IdTable *t, uint32_t id) { return &t->buckets[id & (t->n_buckets - 1)]; }

static Call *ids_find(const IdTable *t, uint32_t id)
{
    if (id == 0 || id > KERNEL_MAX_ID) return NULL;
    for (IdLink *l = *bucket_of(t, id); l; l = l->next)
        if (l->id == id) return l->call;
    return NULL;
}

/* Without memory the chains get longer, that is all. */
static void ids_spread(Kernel *k, IdTable *t)
{
    if (t->n < t->n_buckets * 2) return;
    IdTable wide = {.buckets = kernel_alloc(k, (size_t)t->n_buckets * 4 * sizeof(IdLink *)),
                    .n_buckets = t->n_buckets * 4, .n = t->n, .last = t->last};
    if (!wide.buckets) return;
    for (uint32_t i = 0; i < t->n_buckets; i++) {
        for (IdLink *l = t->buckets[i], *next; l; l = next) {
            next = l->next;
            IdLink **to = bucket_of(&wide, l->id);
            l->next = *to;
            *to = l;
        }
    }
    free(t->buckets);
    *t = wide;
}

static uint32_t ids_add(Kernel *k, IdTable *t, IdLink *link, Call *call)
{
    ids_spread(k, t);
    do t->last = t->last >= KERNEL_MAX_ID ? 1 : t->last + 1;
    while (ids_find(t, t->last));
    *link = (IdLink){.next = *bucket_of(t, t->last), .call = call, .id = t->last};
    *bucket_of(t, t->last) = link;
    t->n++;
    return link->id;
}

static void ids_remove(IdTable *t, IdLink *link)
{
    if (!link->id) return;
    IdLink **at = bucket_of(t, link->id);
    while (*at != link) at = &(*at)->next;
    *at = link->next;
    link->id = 0;
    t->n--;
}

static Call *ids_any(const IdTable *t, uint32_t *bucket)
{
    for (; *bucket < t->n_buckets; ++*bucket)
        if (t->buckets[*bucket]) return t->buckets[*bucket]->call;
    return NULL;
}

/* ---- mail ------------------------------------------------------------------------------------------------------------ */

static void append(Process *to, Mail *m)
{
    assert(!m->box);
    m->box = to;
    m->prev = to->last;
    m->next = NULL;
    if (to->last) to->last->next = m;
    else to->first = m;
    to->last = m;
    if (to->pool) pool_dispatch(to);
    else process_ready(to);
}

void mail_post(Process *to, Mail *m)
{
    m->seq = to->kernel->seq++;
    append(to, m);
}

/* Who pays for it goes on to do so. */
static void take_out(Mail *m)
{
    Process *payer = m->payer;
    m->payer = NULL;
    mail_unlink(m);
    m->payer = payer;
}

void mail_move(Mail *m, Process *to)
{
    take_out(m);
    append(to, m);
}

void mail_put_back(Mail *m, Process *to)
{
    take_out(m);
    Mail *next = to->first;
    while (next && next->seq < m->seq) next = next->next;
    m->box = to;
    m->next = next;
    m->prev = next ? next->prev : to->last;
    if (m->prev) m->prev->next = m;
    else to->first = m;
    if (next) next->prev = m;
    else to->last = m;
}

static Target *target_of(const Call *c) { return &c->caller->targets[c->target]; }

/* What its sender is charged. Calls are counted, and their requests with them; the pieces of a reply are not. */
static_assert(sizeof(Mail) <= PROCESS_PIECE_BYTES, "a record is counted as more than it is");
static uint64_t cost_of_piece(uint32_t len) { return (uint64_t)len + PROCESS_PIECE_BYTES; }
static uint64_t charge_of(const Mail *m) { return m->kind == ENTRY_RESULT ? cost_of_piece(m->len) : m->len; }

void mail_unlink(Mail *m)
{
    Process *p = m->box;
    if (!p) return;
    if (m->prev) m->prev->next = m->next;
    else p->first = m->next;
    if (m->next) m->next->prev = m->prev;
    else p->last = m->prev;
    m->box = NULL;
    if (m->payer) m->payer->waiting_bytes -= charge_of(m);
    if (m->payer && m->kind == ENTRY_RESULT) target_of(m->call)->waiting_bytes -= charge_of(m);
    m->payer = NULL;
}

/* One that lies in its call. */
static void mail_empty(Mail *m)
{
    free(m->bytes);
    m->bytes = NULL;
    m->len = 0;
}

void mail_free(Mail *m)
{
    assert(!m->box);
    if (m->single) free(m);
    else mail_empty(m);
}

static void mail_charge(Mail *m, Process *payer, uint32_t len)
{
    m->payer = payer;
    m->len = len;
    payer->waiting_bytes += charge_of(m);
    if (m->kind == ENTRY_RESULT) target_of(m->call)->waiting_bytes += charge_of(m);
}

static void post_event(Process *to, Mail *m, Call *call, uint8_t event)
{
    *m = (Mail){.kind = ENTRY_EVENT, .event = event, .call = call};
    mail_post(to, m);
}

/* ---- room for replies (rule 10) ---------------------------------------------------------------------------------------- */

static void list_want(Call *c, bool by_bytes)
{
    Process *p = c->provider;
    p->bytes_refused |= by_bytes;
    if (c->wants_room) return;
    c->wants_room = true;
    c->list_prev = NULL;
    c->list_next = p->wants_first;
    if (p->wants_first) p->wants_first->list_prev = c;
    p->wants_first = c;
}

static void unlist_want(Call *c)
{
    if (!c->wants_room) return;
    c->wants_room = false;
    if (c->list_prev) c->list_prev->list_next = c->list_next;
    else c->provider->wants_first = c->list_next;
    if (c->list_next) c->list_next->list_prev = c->list_prev;
    c->list_prev = c->list_next = NULL;
}

/* What p may still send; of that, to one caller not more than leaves as much for others. */
static uint64_t free_bytes(const Process *p) { return p->limits.waiting_bytes - p->waiting_bytes; }
static bool caller_has_room(const Process *p, const Call *c, uint64_t cost)
{
    uint64_t waiting = target_of(c)->waiting_bytes;
    return waiting == 0 || waiting + cost <= free_bytes(p);
}
static bool has_half_its_bytes(const Process *p, const Call *c)
{
    return p->waiting_bytes <= p->limits.waiting_bytes / 2 && target_of(c)->waiting_bytes <= free_bytes(p) / 2;
}

static void tell_room(Call *c)
{
    Process *p = c->provider;
    if (!c->wants_room || c->n_pieces > p->limits.queue / 2) return;
    if (!has_half_its_bytes(p, c)) { /* whatever it was refused for */
        p->bytes_refused = true;
        return;
    }
    unlist_want(c);
    if (p->spec.takes_events && !c->room.box) post_event(p, &c->room, c, EVENT_ROOM);
}

void tell_room_for_bytes(Process *p)
{
    if (!p || !p->bytes_refused || p->waiting_bytes > p->limits.waiting_bytes / 2) return;
    p->bytes_refused = false;
    for (Call *c = p->wants_first, *next; c; c = next) {
        next = c->list_next;
        tell_room(c);
    }
}

/* ---- results on their way ------------------------------------------------------------------------------------------------ */

static void post_result(Call *c, Mail *m)
{
    m->next_piece = NULL;
    if (c->piece_last) c->piece_last->next_piece = m;
    else c->piece_first = m;
    c->piece_last = m;
    c->n_pieces++;
    mail_post(c->caller, m);
}

void piece_take(Process *p, Mail *m)
{
    Call *c = m->call;
    assert(c->caller == p && c->piece_first == m); /* pieces of one call stay in order (rule 8) */
    Process *payer = m->payer;
    mail_unlink(m);
    c->piece_first = m->next_piece;
    if (!c->piece_first) c->piece_last = NULL;
    c->n_pieces--;
    if (c->provider) tell_room(c);
    tell_room_for_bytes(payer);
}

static void drop_pieces(Call *c)
{
    Process *payer = NULL;
    for (Mail *m; (m = c->piece_first);) {
        c->piece_first = m->next_piece;
        if (m->payer) payer = m->payer;
        mail_unlink(m);
        mail_free(m);
    }
    c->piece_last = NULL;
    c->n_pieces = 0;
    tell_room_for_bytes(payer);
}

/* ---- a call's two ends ----------------------------------------------------------------------------------------------------- */

/* ---- what is told of calls (CallRecord) ------------------------------------------------------------------------------------ */

static const char *method_name(const Process *provider, uint32_t method)
{
    return provider ? provider->spec.methods[method] : NULL;
}

static void tell_call(const Call *c)
{
    const KernelOptions *o = &c->kernel->options;
    if (!o->called) return;
    o->called(o->ctx, &(CallRecord){.caller = c->caller, .provider = c->provider,
                                    .method = method_name(c->provider, c->method), .status = c->status,
                                    .request_bytes = c->request_bytes, .pieces = c->pieces_sent,
                                    .reply_bytes = c->reply_bytes, .fuel = c->fuel, .ran_ns = c->ran_ns,
                                    .took_ns = c->ended_ns - c->made_ns});
}

/* A call that is not made, or a piece of a reply that is not taken, for the limit named `refused` of `whose`. */
typedef struct Refusal {
    const char *refused;
    const Process *whose;
    uint64_t limit, wanted;
} Refusal;

static int32_t refuse(Process *sender, const Process *caller, const Process *provider, uint32_t method, uint32_t len,
                      Refusal why)
{
    const KernelOptions *o = &sender->kernel->options;
    sender->usage.refused++;
    if (o->called)
        o->called(o->ctx, &(CallRecord){.caller = caller, .provider = provider, .method = method_name(provider, method),
                                        .status = STATUS_RESOURCE_EXHAUSTED, .request_bytes = len, .sender = sender,
                                        .refused = why.refused, .whose = why.whose, .limit = why.limit,
                                        .wanted = why.wanted});
    return -STATUS_RESOURCE_EXHAUSTED;
}

void call_ref(Call *c) { c->refs++; }

void call_unref(Call *c)
{
    if (--c->refs) return;
    assert(!c->caller_open && !c->provider_open && !c->request.box && !c->end.box && !c->gone.box && !c->room.box);
    mail_empty(&c->request);
    mail_empty(&c->end);
    tell_call(c);
    free(c);
}

void call_close_caller(Call *c)
{
    assert(c->caller_open);
    c->caller_open = false;
    drop_pieces(c);
    ids_remove(&c->caller->made, &c->made);
    if (!c->ended || c->status != STATUS_OK) public_process(c->caller)->usage.failed++;
    c->orphan = !c->ended;
    if (!c->orphan) c->caller->targets[c->target].in_flight--;
    if (c->origin) call_unref(c->origin);
    c->origin = NULL;
    call_unref(c);
}

static void unlist_gone(Call *c)
{
    if (!c->is_gone) return;
    Process *p = c->provider;
    c->is_gone = false;
    p->n_gone--;
    if (c->list_prev) c->list_prev->list_next = c->list_next;
    else p->gone_first = c->list_next;
    if (c->list_next) c->list_next->list_prev = c->list_prev;
    else p->gone_last = c->list_prev;
    c->list_prev = c->list_next = NULL;
}

void call_close_provider(Call *c)
{
    assert(c->provider_open);
    c->provider_open = false;
    if (c->orphan) c->caller->targets[c->target].in_flight--;
    unlist_want(c);
    unlist_gone(c);
    if (!c->provider->native) {
        Process *payer = c->request.payer;
        mail_unlink(&c->request);
        mail_empty(&c->request);
        mail_unlink(&c->gone);
        mail_unlink(&c->room);
        ids_remove(&c->provider->served, &c->served);
        tell_room_for_bytes(payer);
    }
    call_unref(c);
}

uint32_t call_serve(Call *c)
{
    c->delivered = true;
    c->provider->usage.served++;
    return ids_add(c->kernel, &c->provider->served, &c->served, c);
}

/* The id still means "the caller has gone" to a process that cannot be told by event 1. Not for ever: the oldest are
 * forgotten when there are as many as calls it may serve. */
static void keep_gone(Call *c)
{
    Process *p = c->provider;
    c->is_gone = true;
    c->list_prev = p->gone_last;
    c->list_next = NULL;
    if (p->gone_last) p->gone_last->list_next = c;
    else p->gone_first = c;
    p->gone_last = c;
    if (++p->n_gone > p->limits.calls) call_close_provider(p->gone_first);
}

/* The call has ended without its provider. */
static void tell_provider(Call *c)
{
    if (!c->provider_open) return;
    Process *p = c->provider;
    if (p->native) {
        p->native->ended(p->spec.self, c);
        call_close_provider(c);
    } else if (!c->delivered) {
        call_close_provider(c);
    } else {
        unlist_want(c);
        mail_unlink(&c->room);
        if (p->spec.takes_events) {
            post_event(p, &c->gone, c, EVENT_ENDED);
        } else if (pool_serves_request(p)) {
            call_close_provider(c);
            pool_request_is_over(p);
        } else {
            keep_gone(c);
        }
    }
}

static void set_ended(Call *c, Status status)
{
    c->ended = true;
    c->status = status;
    if (c->kernel->options.called) c->ended_ns = kernel_now(c->kernel);
    timer_clear(c->kernel, &c->deadline);
}

/* The last result is known. In: c has not ended. bytes: malloc, taken over; may be NULL. */
static void finish(Call *c, Status status, uint8_t *bytes, uint32_t len)
{
    set_ended(c, status);
    if (!c->caller_open || c->cookie == 0) {
        free(bytes);
        if (c->caller_open) call_close_caller(c);
        return;
    }
    c->end = (Mail){.kind = ENTRY_RESULT, .call = c, .status = (uint8_t)status, .flags = FLAG_LAST, .bytes = bytes,
                    .len = len};
    post_result(c, &c->end);
}

static uint8_t *copy_bytes(Kernel *k, const void *bytes, size_t len)
{
    uint8_t *copy = len ? kernel_alloc(k, len) : NULL;
    if (copy) memcpy(copy, bytes, len);
    return copy;
}

/* With a Failure of the kernel's own; without memory, with none. */
static void finish_with(Call *c, Status status, Reason reason, const char *words)
{
    uint8_t failure[KERNEL_MAX_FAILURE_BYTES];
    size_t len = failure_encode(failure, words, reason);
    uint8_t *bytes = c->cookie ? copy_bytes(c->kernel, failure, len) : NULL;
    finish(c, status, bytes, bytes ? (uint32_t)len : 0);
}

void call_end(Call *c, Status status, Reason reason, const char *format, ...)
{
    if (c->ended) return;
    char words[256];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    finish_with(c, status, reason, words);
}

void call_abandon(Call *c)
{
    drop_pieces(c);
    if (c->ended) return;
    set_ended(c, STATUS_CANCELLED);
    tell_provider(c);
}

static void deadline_rings(Timer *t)
{
    Call *c = (Call *)(void *)t; /* its first member */
    call_ref(c);
    const Process *p = c->provider;
    char in_use[64] = "";
    uint32_t instances = p && !c->delivered ? pool_all_in_use(p) : 0;
    if (instances) snprintf(in_use, sizeof in_use, ": all of its %u instances were in use", instances);
    call_end(c, STATUS_DEADLINE_EXCEEDED, REASON(NONE), "deadline exceeded: no last result of %s from %s within %.3g s%s",
             p ? p->spec.methods[c->method] : "a call", p ? p->spec.name : "nobody",
             (double)(c->deadline_ns - c->made_ns) / 1e9, in_use);
    tell_provider(c);
    call_unref(c);
}

/* Its calls are cancelled (rule 12), but for those that want no result: what was handed over stays so (rule 9). */
void calls_lose_process(Process *p, Reason reason, const char *words, bool keep_requests)
{
    uint32_t bucket = 0;
    for (Call *c; (c = ids_any(&p->made, &bucket));) {
        call_ref(c);
        bool stays = c->cookie == 0 && c->provider_open && !c->provider->native;
        if (!c->ended && !stays) {
            set_ended(c, STATUS_CANCELLED);
            tell_provider(c);
        }
        call_close_caller(c);
        call_unref(c);
    }
    bucket = 0;
    for (Call *c; (c = ids_any(&p->served, &bucket));) {
        call_ref(c);
        call_close_provider(c);
        call_end(c, STATUS_UNAVAILABLE, reason, "%s", words);
        call_unref(c);
    }
    for (Mail *m = p->first, *next; m; m = next) {
        next = m->next;
        if (m->kind != ENTRY_METHOD) {
            mail_unlink(m);
        } else if (!keep_requests) {
            Call *c = m->call;
            call_ref(c);
            call_close_provider(c);
            call_end(c, STATUS_UNAVAILABLE, reason, "%s", words);
            call_unref(c);
        }
    }
    /* Ids are per instance: the next one counts from 1. */
    p->made.last = p->served.last = 0;
}

/* ---- imports ----------------------------------------------------------------------------------------------------------------- */

/* Rule 4. len = 0: ptr is not looked at. */
static bool message_from(Process *p, uint32_t ptr, uint32_t len, const uint8_t **bytes)
{
    *bytes = len ? p->spec.ops->readable(p->spec.self, ptr, len) : NULL;
    if (len && !*bytes) p->stop = STOP_BAD_ADDRESS;
    return p->stop == STOP_NOT;
}

static uint64_t earlier_of(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t deadline_of(Call *c, uint64_t now)
{
    uint64_t at = UINT64_MAX;
    if (c->provider && !c->provider->native) at = now + c->provider->limits.deadline_ns;
    return c->origin ? earlier_of(at, c->origin->deadline_ns) : at;
}

/* A call with its timer set and its request copied, in nobody's tables yet. NULL: out of memory. */
static Call *new_call(Process *p, const Import *import, const uint8_t *bytes, uint32_t len, uint32_t cookie)
{
    Kernel *k = p->kernel;
    Call *c = kernel_alloc(k, sizeof *c);
    if (!c) return NULL;
    c->kernel = k;
    c->caller = p;
    c->target = import->target;
    c->provider = p->targets[import->target].provider;
    c->method = import->method;
    c->cookie = cookie;
    c->origin = p->behalf;
    c->made_ns = c->ended_ns = kernel_now(k);
    c->request_bytes = len;
    c->deadline_ns = deadline_of(c, c->made_ns);
    c->request = (Mail){.kind = ENTRY_METHOD, .call = c};
    if (c->provider && !c->provider->native && len && !(c->request.bytes = copy_bytes(k, bytes, len))) goto failed;
    if (c->deadline_ns != UINT64_MAX && !timer_set(k, &c->deadline, c->deadline_ns, deadline_rings)) goto failed;
    return c;
failed:
    free(c->request.bytes);
    free(c);
    return NULL;
}

/* Hands the request on: to a native service at once, to a process by its mailbox, or to nobody. */
static void send_request(Call *c, const uint8_t *bytes, uint32_t len)
{
    Process *to = c->provider;
    if (!to) {
        call_end(c, STATUS_UNAVAILABLE, REASON(NOT_ROUTED), "nobody provides this service");
        return;
    }
    if (to->state == PROCESS_DEAD) {
        call_end(c, STATUS_UNAVAILABLE, to->killed ? REASON(KILLED) : REASON(NOT_ROUTED), "%s has ended",
                 to->spec.name);
        return;
    }
    if (c->deadline_ns <= c->kernel->now_ns) {
        call_end(c, STATUS_DEADLINE_EXCEEDED, REASON(NONE), "deadline exceeded");
        return;
    }
    c->provider_open = true;
    call_ref(c);
    if (to->native) {
        to->usage.served++;
        to->native->request(to->spec.self, c, c->method, bytes, len);
        return;
    }
    mail_charge(&c->request, c->caller, len);
    mail_post(to, &c->request);
}

/* The limit that keeps p from making this call; .refused NULL: none does. */
static Refusal call_refusal(const Process *p, const Target *t, uint32_t len)
{
    const Process *to = t->provider;
    if (len > p->limits.message_bytes) return (Refusal){"message", p, p->limits.message_bytes, len};
    if (p->made.n >= p->limits.calls) return (Refusal){"calls", p, p->limits.calls, p->made.n + UINT64_C(1)};
    if (!to || to->native) return (Refusal){0};
    if (len > to->limits.message_bytes) return (Refusal){"message", to, to->limits.message_bytes, len};
    if (t->in_flight >= to->limits.calls) return (Refusal){"calls", to, to->limits.calls, t->in_flight + UINT64_C(1)};
    if (len > free_bytes(p))
        return (Refusal){"waiting bytes", p, p->limits.waiting_bytes, p->waiting_bytes + len};
    return (Refusal){0};
}

int32_t kernel_call(Process *p, uint32_t import, uint32_t ptr, uint32_t len, uint32_t cookie)
{
    assert(p->running && import < p->n_imports);
    if (p->stop) return KERNEL_STOP;
    if (p->in_alloc) return -STATUS_FAILED_PRECONDITION;
    const uint8_t *bytes;
    if (!message_from(p, ptr, len, &bytes)) return KERNEL_STOP;

    Target *t = &p->targets[p->imports[import].target];
    const Process *to = t->provider;
    uint32_t method = p->imports[import].method;
    Refusal why = call_refusal(p, t, len);
    if (why.refused) return refuse(p, p, to, method, len, why);
    Call *c = new_call(p, &p->imports[import], bytes, len, cookie);
    if (!c) return -STATUS_RESOURCE_EXHAUSTED;
    if (c->origin) call_ref(c->origin);
    c->caller_open = true;
    c->refs = 1;
    t->in_flight++;
    process_charge_message(p, len);
    p->usage.made++;
    int32_t id = (int32_t)ids_add(p->kernel, &p->made, &c->made, c);
    send_request(c, bytes, len);
    return id;
}

/* What Reply and Fail have in common: the open call of that id, or why not. */
static int32_t find_served(Process *p, uint32_t call, Call **out)
{
    Call *c = ids_find(&p->served, call);
    if (!c) return -STATUS_NOT_FOUND;
    if (c->ended) return -STATUS_CANCELLED;
    *out = c;
    return 0;
}

/* The limit that keeps p from sending another piece of c now; there will be room. .refused NULL: none does. */
static Refusal piece_refusal(const Process *p, const Call *c, uint64_t cost)
{
    if (c->n_pieces >= p->limits.queue) return (Refusal){"queue", p, p->limits.queue, c->n_pieces + UINT64_C(1)};
    if (cost > free_bytes(p)) return (Refusal){"waiting bytes", p, p->limits.waiting_bytes, p->waiting_bytes + cost};
    if (!caller_has_room(p, c, cost))
        return (Refusal){"waiting bytes for one caller", p, free_bytes(p), target_of(c)->waiting_bytes + cost};
    return (Refusal){0};
}

static int32_t take_piece(Call *c, const uint8_t *bytes, uint32_t len, uint32_t flags)
{
    Process *p = c->provider;
    if (c->cookie == 0) return 0; /* no result is wanted */
    /* Not -8: there will never be room for a message that is too long, so no event 2 will come. */
    const Process *shorter = p->limits.message_bytes < c->caller->limits.message_bytes ? p : c->caller;
    if (len > shorter->limits.message_bytes) {
        refuse(p, c->caller, p, c->method, len, (Refusal){"message", shorter, shorter->limits.message_bytes, len});
        return -STATUS_INVALID_ARGUMENT;
    }
    Refusal why = piece_refusal(p, c, cost_of_piece(len));
    if (why.refused) {
        list_want(c, c->n_pieces < p->limits.queue);
        return refuse(p, c->caller, p, c->method, len, why);
    }
    Mail *m = kernel_alloc(c->kernel, sizeof *m + len);
    if (!m) return -STATUS_RESOURCE_EXHAUSTED;
    *m = (Mail){.kind = ENTRY_RESULT, .call = c, .flags = (uint8_t)flags, .single = true, .bytes = (uint8_t *)(m + 1)};
    if (len) memcpy(m->bytes, bytes, len);
    mail_charge(m, p, len);
    process_charge_message(p, len);
    c->pieces_sent++;
    c->reply_bytes += len;
    post_result(c, m);
    return 0;
}

int32_t kernel_reply(Process *p, uint32_t call, uint32_t ptr, uint32_t len, uint32_t flags)
{
    assert(p->running);
    if (p->stop) return KERNEL_STOP;
    if (p->in_alloc) return -STATUS_FAILED_PRECONDITION;
    const uint8_t *bytes;
    if (!message_from(p, ptr, len, &bytes)) return KERNEL_STOP;
    bool no_message = flags & FLAG_NO_MESSAGE;
    if (flags & ~(uint32_t)(FLAG_LAST | FLAG_NO_MESSAGE)) return -STATUS_INVALID_ARGUMENT;
    if (no_message && (!(flags & FLAG_LAST) || len)) return -STATUS_INVALID_ARGUMENT;

    Call *c;
    int32_t error = find_served(p, call, &c);
    if (!error) error = take_piece(c, bytes, len, flags);
    if (error || !(flags & FLAG_LAST)) return error;
    call_ref(c);
    set_ended(c, STATUS_OK);
    if (c->cookie == 0 && c->caller_open) call_close_caller(c);
    call_close_provider(c);
    call_unref(c);
    return 0;
}

int32_t kernel_fail(Process *p, uint32_t call, uint32_t status, uint32_t ptr, uint32_t len)
{
    assert(p->running);
    if (p->stop) return KERNEL_STOP;
    if (p->in_alloc) return -STATUS_FAILED_PRECONDITION;
    const uint8_t *bytes;
    if (!message_from(p, ptr, len, &bytes)) return KERNEL_STOP;
    if (status == STATUS_OK || status > STATUS_MAX) return -STATUS_INVALID_ARGUMENT;

    Call *c;
    int32_t error = find_served(p, call, &c);
    if (error) return error;
    uint8_t failure[KERNEL_MAX_FAILURE_BYTES];
    size_t n = c->cookie ? failure_clean(failure, bytes, len) : 0;
    uint8_t *copy = copy_bytes(p->kernel, failure, n);
    call_ref(c);
    finish(c, (Status)status, copy, copy ? (uint32_t)n : 0);
    call_close_provider(c);
    call_unref(c);
    return 0;
}

int32_t kernel_cancel(Process *p, uint32_t call)
{
    assert(p->running);
    if (p->stop) return KERNEL_STOP;
    if (p->in_alloc) return -STATUS_FAILED_PRECONDITION;
    Call *c = ids_find(&p->made, call);
    if (!c) return -STATUS_NOT_FOUND;
    call_ref(c);
    call_abandon(c);
    finish_with(c, STATUS_CANCELLED, REASON(NONE), "cancelled");
    call_unref(c);
    return 0;
}

int32_t kernel_deadline(Process *p, uint32_t call, uint32_t milliseconds)
{
    assert(p->running);
    if (p->stop) return KERNEL_STOP;
    if (p->in_alloc) return -STATUS_FAILED_PRECONDITION;
    Call *c = ids_find(&p->made, call);
    if (!c) return -STATUS_NOT_FOUND;
    uint64_t at = kernel_now(p->kernel) + milliseconds * UINT64_C(1000000);
    if (c->ended || at >= c->deadline_ns) return 0;
    if (!timer_set(p->kernel, &c->deadline, at, deadline_rings)) return -STATUS_RESOURCE_EXHAUSTED;
    c->deadline_ns = at;
    return 0;
}

int32_t kernel_exit(Process *p, int32_t code)
{
    assert(p->running);
    if (p->stop) return KERNEL_STOP;
    p->stop = STOP_EXIT;
    p->exit_code = code;
    return KERNEL_STOP;
}

/* ---- native services ------------------------------------------------------------------------------------------------------- */

void kernel_answer(Call *c, const void *message, size_t len)
{
    assert(c->provider_open && c->provider->native && !c->ended);
    uint8_t *bytes = c->cookie ? copy_bytes(c->kernel, message, len) : NULL;
    c->pieces_sent = 1;
    c->reply_bytes = len;
    if (c->cookie && len && !bytes) finish_with(c, STATUS_RESOURCE_EXHAUSTED, REASON(NO_MEMORY), "host out of memory");
    else finish(c, STATUS_OK, bytes, bytes ? (uint32_t)len : 0);
    call_close_provider(c);
}

void kernel_answer_fail(Call *c, Status status, const char *words)
{
    assert(c->provider_open && c->provider->native && !c->ended);
    finish_with(c, status, REASON(NONE), words);
    call_close_provider(c);
}

Kernel *call_kernel(const Call *c) { return c->kernel; }
const Process *call_caller(const Call *c) { return c->caller; }
void **call_data(Call *c) { return &c->data; }
