/* entry.c: the exported entries of a module, and the requests that it serves. docs/abi.md, "What the module
 * exports".
 *
 * The state that the kernel hands to each entry is a State: the program's own state and the open requests. A
 * request lives in an arena that begins in the buffer of its message. What has been ended is marked, and
 * given back when the entry is left, so that a program may look at a request until it returns. */
#include <stdlib.h>
#include <string.h>
#include "runtime.h"

enum { BUCKETS = 64 };

struct parigot_call {
    parigot_call *next; /* in its bucket */
    parigot_state *state;
    const parigot_method *method;
    uint32_t id;
    parigot_call *next_done; /* in the state's list */
    bool ended;              /* the program has ended it, or knows that it is over */
    bool ending;             /* ended, but there was no room for the last piece: event 2 goes on */
    bool gone;               /* event 1 has come */
    bool told;               /* a piece was answered with CANCELLED */
    bool kept;               /* parigot_keep() */
    parigot_bytes last;      /* that piece, and its flags */
    uint32_t last_flags;
    void *data;
    parigot_arena arena; /* holds this struct too */
};

struct parigot_state {
    parigot_app *app;
    parigot_arena init; /* the InitRequest, for good */
    parigot_call *done; /* to be given back when the entry is left */
    parigot_call *calls[BUCKETS];
};

_Noreturn void parigot_exit(int32_t code)
{
    parigot_kernel_v1_Kernel_Exit(code);
    __builtin_trap();
}

static _Noreturn void no_memory(void) { parigot_exit(PARIGOT_RESOURCE_EXHAUSTED); }

/* ---- memory ------------------------------------------------------------------------------------------ */

void *parigot_new(size_t size)
{
    void *p = calloc(1, size);
    if (!p) no_memory();
    return p;
}

parigot_arena *parigot_arena_open(void) { return parigot_new(sizeof(parigot_arena)); }

void parigot_arena_close(parigot_arena *a)
{
    if (!a) return;
    parigot_arena_free(a);
    free(a);
}

void *parigot_arena_new(parigot_arena *a, size_t size)
{
    void *p = parigot_arena_get(a, size);
    if (!p) no_memory();
    return memset(p, 0, size);
}

/* ---- starting ---------------------------------------------------------------------------------------- */

__attribute__((weak)) void parigot_libc_start(void) {}

PARIGOT_EXPORT("parigot_init") parigot_state *parigot_init(void *ptr, size_t len);
parigot_state *parigot_init(void *ptr, size_t len)
{
    parigot_status status;
    parigot_state *s = parigot_new(sizeof *s);
    parigot_message_arena(&s->init, len ? ptr : NULL);
    const parigot_kernel_v1_InitRequest *init =
        parigot_gen_decode(&s->init, &parigot_kernel_v1_InitRequest_descriptor, ptr, len, &status);
    if (!init) parigot_exit(status);
    if (init->abi_version != PARIGOT_ABI_VERSION) parigot_exit(PARIGOT_FAILED_PRECONDITION);
    parigot_libc_start();
    s->app = parigot_start(init);
    return s;
}

/* ---- requests being served --------------------------------------------------------------------------- */

static parigot_call **find_call(parigot_state *s, uint32_t id)
{
    parigot_call **link = &s->calls[id % BUCKETS];
    while (*link && (*link)->id != id) link = &(*link)->next;
    return link;
}

/* Nothing is left to do for c: it is given back when the entry is left. Once for each call. */
static void set_done(parigot_call *c)
{
    c->ended = true;
    c->next_done = c->state->done;
    c->state->done = c;
}

/* What Kernel.Fail says of a request that has no call yet. */
static const void *refuse(uint32_t id, parigot_status status, parigot_arena *arena)
{
    parigot_arena_free(arena);
    parigot_kernel_v1_Kernel_Fail(id, status, NULL, 0);
    return NULL;
}

const void *parigot_gen_enter(parigot_state *s, uint32_t id, void *ptr, size_t len,
                              const parigot_method *method, parigot_call **out)
{
    parigot_arena arena;
    parigot_status status;
    parigot_message_arena(&arena, len ? ptr : NULL);
    parigot_call *c = parigot_arena_get(&arena, sizeof *c);
    if (!c) return refuse(id, PARIGOT_RESOURCE_EXHAUSTED, &arena);
    const void *request = parigot_gen_decode(&arena, method->request, ptr, len, &status);
    if (!request) return refuse(id, status, &arena);
    parigot_call **link = find_call(s, id);
    *c = (parigot_call){.next = *link, .state = s, .method = method, .id = id, .arena = arena};
    *link = c;
    *out = c;
    return request;
}

parigot_app *parigot_gen_app(parigot_state *s) { return s->app; }

void parigot_gen_leave(parigot_state *s)
{
    while (s->done) {
        parigot_call *c = s->done;
        s->done = c->next_done;
        parigot_call **link = &s->calls[c->id % BUCKETS];
        while (*link != c) link = &(*link)->next;      /* an id that came around may be there twice */
        *link = c->next;
        parigot_arena_free(&c->arena);
    }
}

parigot_arena *parigot_call_arena(parigot_call *c) { return &c->arena; }
void parigot_call_set(parigot_call *c, void *data) { c->data = data; }
void *parigot_call_get(const parigot_call *c) { return c->data; }
void parigot_keep(parigot_call *c) { c->kept = true; }

/* Ends the call by Kernel.Fail. failure NULL: no bytes. */
static parigot_status end_with(parigot_call *c, parigot_status status,
                               const parigot_kernel_v1_Failure *failure)
{
    parigot_gen_out o;
    if (c->ended) return PARIGOT_NOT_FOUND;
    set_done(c);
    if (c->gone) return PARIGOT_CANCELLED;
    if (status < PARIGOT_CANCELLED || status > PARIGOT_UNAUTHENTICATED) status = PARIGOT_UNKNOWN;
    parigot_out_init(&o);
    /* A failure that cannot be encoded is left out; the status says the rest. */
    if (!failure || !parigot_out_message(&o, &parigot_kernel_v1_Failure_descriptor, failure)) o.at = o.end;
    int32_t result = parigot_kernel_v1_Kernel_Fail(c->id, status, o.at, (size_t)(o.end - o.at));
    parigot_out_free(&o);
    return (parigot_status)-result;
}

parigot_status parigot_fail_with(parigot_call *c, parigot_status status,
                                 const parigot_kernel_v1_Failure *failure)
{
    return end_with(c, status, failure);
}

parigot_status parigot_fail(parigot_call *c, parigot_status status, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    parigot_kernel_v1_Failure failure = {.message = parigot_arena_vformat(&c->arena, format, ap)};
    va_end(ap);
    parigot_utf8_mend(failure.message.ptr, failure.message.len);
    return end_with(c, status, &failure);
}

/* Ends the call because its reply cannot be sent. What the program is told is neither CANCELLED nor
 * RESOURCE_EXHAUSTED: there is no room to wait for. */
static parigot_status give_up(parigot_call *c, parigot_status status, parigot_str why)
{
    end_with(c, status, &(parigot_kernel_v1_Failure){.message = why});
    return PARIGOT_INTERNAL;
}

/* Hands over the last piece, now or when there is room for it. */
static parigot_status send_last(parigot_call *c)
{
    int32_t result = parigot_kernel_v1_Kernel_Reply(c->id, c->last.ptr, c->last.len, c->last_flags);
    c->ended = true;
    c->ending = result == -PARIGOT_RESOURCE_EXHAUSTED;
    if (c->ending) return PARIGOT_OK;
    if (result == -PARIGOT_INVALID_ARGUMENT) {
        c->ended = false;
        return give_up(c, PARIGOT_RESOURCE_EXHAUSTED, PARIGOT_STR("the reply is too large"));
    }
    set_done(c);
    return (parigot_status)-result;
}

/* Encodes a reply and hands it over; the last piece may wait. */
static parigot_status send(parigot_call *c, const void *reply, bool last)
{
    parigot_gen_out o;
    parigot_status status;
    parigot_out_init(&o);
    if (!parigot_out_message(&o, c->method->reply, reply)) {
        bool memory = o.status == PARIGOT_RESOURCE_EXHAUSTED;
        status = give_up(c, memory ? PARIGOT_RESOURCE_EXHAUSTED : PARIGOT_INTERNAL,
                         memory ? PARIGOT_STR("no memory for the reply")
                                : PARIGOT_STR("the reply cannot be encoded"));
    } else if (last) {
        c->last = (parigot_bytes){o.at, (size_t)(o.end - o.at)};
        c->last_flags = parigot_kernel_v1_REPLY_FLAG_LAST;
        status = send_last(c);
        uint8_t *copy = c->ending ? parigot_arena_get(&c->arena, c->last.len) : NULL;
        if (copy) c->last.ptr = memcpy(copy, o.at, c->last.len);
        if (c->ending && !copy) {
            c->ended = c->ending = false;
            status = give_up(c, PARIGOT_RESOURCE_EXHAUSTED, PARIGOT_STR("no memory for the reply"));
        }
    } else {
        status = (parigot_status)-parigot_kernel_v1_Kernel_Reply(c->id, o.at, (size_t)(o.end - o.at), 0);
        if (status == PARIGOT_INVALID_ARGUMENT)
            status = give_up(c, PARIGOT_RESOURCE_EXHAUSTED, PARIGOT_STR("a piece of the reply is too large"));
    }
    parigot_out_free(&o);
    return status;
}

/* What keeps a reply from being sent at all, or OK. */
static parigot_status may_reply(parigot_call *c, const parigot_method *method)
{
    if (c->ended) return PARIGOT_NOT_FOUND;
    if (c->method != method)
        return give_up(c, PARIGOT_INTERNAL, PARIGOT_STR("the program replied as to another method"));
    if (!c->gone) return PARIGOT_OK;
    set_done(c); /* it was kept, and now the program knows */
    return PARIGOT_CANCELLED;
}

parigot_status parigot_gen_reply(parigot_call *c, const parigot_method *method, const void *reply)
{
    parigot_status status = may_reply(c, method);
    return status ? status : send(c, reply, true);
}

parigot_status parigot_gen_piece(parigot_call *c, const parigot_method *method, const void *reply)
{
    parigot_status status = may_reply(c, method);
    if (!status) status = send(c, reply, false);
    if (status == PARIGOT_CANCELLED && !c->gone) c->told = true;
    return status;
}

parigot_status parigot_end(parigot_call *c)
{
    if (!c->ended && !c->method->stream)
        return give_up(c, PARIGOT_INTERNAL, PARIGOT_STR("the program ended without a reply"));
    parigot_status status = may_reply(c, c->method);
    if (status) return status;
    c->last = (parigot_bytes){NULL, 0};
    c->last_flags = parigot_kernel_v1_REPLY_FLAG_LAST | parigot_kernel_v1_REPLY_FLAG_NO_MESSAGE;
    return send_last(c);
}

/* ---- events ------------------------------------------------------------------------------------------ */

__attribute__((weak)) void parigot_on_cancel(parigot_app *app, parigot_call *c)
{
    (void)app;
    if (!c->told) parigot_keep(c);
}

__attribute__((weak)) void parigot_on_room(parigot_app *app, parigot_call *c)
{
    (void)app;
    (void)c;
}

__attribute__((weak)) void parigot_on_stop(parigot_app *app)
{
    (void)app;
    parigot_exit(0);
}

/* The caller has gone. A call that waits only for room to end is over now. */
static void on_ended(parigot_state *s, parigot_call *c)
{
    c->gone = true;
    if (c->ending) {
        c->ending = false;
        set_done(c);
        return;
    }
    parigot_on_cancel(s->app, c);
    if (!c->kept && !c->ended) set_done(c);
}

PARIGOT_EXPORT("parigot_event") void parigot_event(parigot_state *s, uint32_t kind, uint32_t id);
void parigot_event(parigot_state *s, uint32_t kind, uint32_t id)
{
    parigot_call *c = *find_call(s, id);
    switch (kind) {
    case parigot_kernel_v1_EVENT_ENDED:
        if (c) on_ended(s, c);
        break;
    case parigot_kernel_v1_EVENT_ROOM:
        if (c && c->ending) send_last(c);
        else if (c && !c->gone) parigot_on_room(s->app, c);
        break;
    case parigot_kernel_v1_EVENT_STOP: parigot_on_stop(s->app); break;
    default: break;
    }
    parigot_gen_leave(s);
}

/* ---- results of calls to others ---------------------------------------------------------------------- */

/* What a cookie points to, from the call until its last result. */
typedef struct Pending {
    const parigot_method *method;
    parigot_gen_function *done;
    void *arg;
    int32_t id;
    bool over; /* done has been told the last result; what still comes is dropped */
} Pending;

int32_t parigot_gen_begin(parigot_gen_call *g, const parigot_method *method, const void *request,
                          parigot_gen_function *done, void *arg)
{
    Pending *p = NULL;
    parigot_out_init(&g->out);
    if (done) {
        p = malloc(sizeof *p);
        if (!p) return -PARIGOT_RESOURCE_EXHAUSTED;
        *p = (Pending){.method = method, .done = done, .arg = arg};
    }
    if (!parigot_out_message(&g->out, method->request, request)) {
        parigot_out_free(&g->out);
        free(p);
        return -(int32_t)g->out.status;
    }
    g->ptr = g->out.at;
    g->len = (size_t)(g->out.end - g->out.at);
    g->cookie = (uintptr_t)p;
    return 0;
}

int32_t parigot_gen_sent(parigot_gen_call *g, int32_t id)
{
    Pending *p = (Pending *)g->cookie;
    parigot_out_free(&g->out);
    if (id < 0) free(p);
    else if (p) p->id = id;
    return id;
}

static void deliver(parigot_state *s, Pending *p, parigot_result_info *info, const void *reply)
{
    if (p->over) return;
    p->over = info->last;
    info->call = p->id;
    p->method->deliver(p->done, s->app, p->arg, info, reply);
}

/* A result that is none: the program gets its last result now. If the call is not over, it is cancelled. */
static void deliver_failure(parigot_state *s, Pending *p, parigot_arena *arena, parigot_status status,
                            bool last, parigot_str why)
{
    parigot_kernel_v1_Failure failure = {.message = why};
    if (!last && !p->over) parigot_kernel_v1_Kernel_Cancel((uint32_t)p->id);
    deliver(s, p, &(parigot_result_info){.status = status, .last = true, .failure = &failure, .arena = arena},
            NULL);
}

/* A piece with status OK. A unary call has one piece, and that brings a message. */
static void on_piece(parigot_state *s, Pending *p, parigot_arena *arena, const void *ptr, size_t len,
                     uint32_t flags)
{
    bool last = flags & parigot_kernel_v1_REPLY_FLAG_LAST,
         message = !(flags & parigot_kernel_v1_REPLY_FLAG_NO_MESSAGE);
    parigot_result_info info = {.status = PARIGOT_OK, .last = last, .arena = arena};
    parigot_status status;
    if (!p->method->stream && (!last || !message)) {
        deliver_failure(s, p, arena, PARIGOT_INTERNAL, last,
                        message ? PARIGOT_STR("more than one reply") : PARIGOT_STR("no reply"));
        return;
    }
    const void *reply = NULL;
    if (message) {
        reply = parigot_gen_decode(arena, p->method->reply, ptr, len, &status);
        if (!reply && status == PARIGOT_RESOURCE_EXHAUSTED) {
            deliver_failure(s, p, arena, status, last, PARIGOT_STR("no memory for the reply"));
            return;
        }
        if (!reply) {
            deliver_failure(s, p, arena, PARIGOT_INTERNAL, last, PARIGOT_STR("the reply cannot be decoded"));
            return;
        }
    }
    deliver(s, p, &info, reply);
}

PARIGOT_EXPORT("parigot_result")
void parigot_result(parigot_state *s, uintptr_t cookie, uint32_t status, void *ptr, size_t len,
                    uint32_t flags);
void parigot_result(parigot_state *s, uintptr_t cookie, uint32_t status, void *ptr, size_t len,
                    uint32_t flags)
{
    parigot_arena arena;
    Pending *p = (Pending *)cookie;
    bool last = status != PARIGOT_OK || (flags & parigot_kernel_v1_REPLY_FLAG_LAST);
    parigot_message_arena(&arena, len ? ptr : NULL);
    if (p && !p->over && status == PARIGOT_OK) {
        on_piece(s, p, &arena, ptr, len, flags);
    } else if (p && !p->over) {
        parigot_status ignored;
        const void *failure =
            len ? parigot_gen_decode(&arena, &parigot_kernel_v1_Failure_descriptor, ptr, len, &ignored)
                : NULL;
        parigot_result_info info = {
            .status = (parigot_status)status, .last = true, .failure = failure, .arena = &arena};
        deliver(s, p, &info, NULL);
    }
    if (last) free(p);
    parigot_arena_free(&arena);
    parigot_gen_leave(s);
}

parigot_status parigot_cancel(int32_t call)
{
    return (parigot_status)-parigot_kernel_v1_Kernel_Cancel((uint32_t)call);
}

parigot_status parigot_deadline(int32_t call, uint32_t milliseconds)
{
    return (parigot_status)-parigot_kernel_v1_Kernel_Deadline((uint32_t)call, milliseconds);
}
