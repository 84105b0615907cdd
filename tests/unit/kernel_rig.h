/* kernel_rig.h: processes that are C functions and have 64 KiB for a memory, for the tests of the kernel.
 *
 * A test makes a Rig (a kernel, a clock that stands still, fakes), gives the fakes what they do on a request, a result
 * or an event, and runs the kernel until nothing can happen any more. Each fake keeps a list of its entries. */
#ifndef PARIGOT_TESTS_KERNEL_RIG_H
#define PARIGOT_TESTS_KERNEL_RIG_H

#include "loader/kernel_impl.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

enum { MEMORY = 65536, NULL_GUARD = 4096, HEAP_BASE = 8192, MOST_SEEN = 4096, MOST_FAKES = 8, MOST_DEATHS = 256 };
#define MS  UINT64_C(1000000)
#define SEC (1000 * MS)

typedef struct Rig Rig;
typedef struct Fake Fake;
typedef RunEnd FakeFn(Fake *, const Entry *);
typedef struct Seen {
    Entry e;
    uint64_t at;
    char text[32]; /* the message's first bytes */
} Seen;
struct Fake {
    Rig *rig;
    Process *p;
    char name[16];
    FakeFn *on_init, *on_request, *on_result, *on_event;
    uint8_t memory[MEMORY];
    uint32_t brk;
    int alloc_fails;             /* how many times from now on parigot_alloc gives 0 */
    uint32_t alloc_gives;        /* a bad address to give instead; 0 = a good one */
    RunEnd alloc_ends;
    void (*in_alloc)(Fake *);
    const char *why;
    bool starts_badly;
    unsigned *room;              /* of workers: for so many more instances there is memory; NULL = for any */
    bool has_room;               /* its instance is kept from one request to the next */
    unsigned starts, stops, allocs;
    bool live;
    Seen seen[MOST_SEEN];
    unsigned n_seen;
    int32_t ids[2048];           /* of calls made, for hooks */
    unsigned n_ids;
    int32_t got;                 /* what the last import said */
    unsigned counter;
    uint64_t fuel, fuel_per_entry; /* used; what its entries take, for hooks */
};
struct Rig {
    Kernel *k;
    uint64_t now;
    Fake *fakes[MOST_FAKES];
    unsigned n_fakes;
    struct {
        ProcessDeath d;
        char why[64], sender[16], method[64];
    } deaths[MOST_DEATHS];
    unsigned n_deaths, exits;
    int32_t exit_code;
    long fail_at; /* the allocation that fails; 0 = none */
    long n_allocs;
};

static const char *const methods[] = {"t.Test/Zero", "t.Test/One"};

static inline uint64_t rig_now(void *ctx) { return ((Rig *)ctx)->now; }
static inline void rig_died(void *ctx, const ProcessDeath *d)
{
    Rig *r = ctx;
    ck_assert_uint_lt(r->n_deaths, MOST_DEATHS);
    r->deaths[r->n_deaths].d = *d;
    snprintf(r->deaths[r->n_deaths].why, 64, "%s", d->why);
    snprintf(r->deaths[r->n_deaths].sender, 16, "%s", d->sender ? d->sender : "");
    snprintf(r->deaths[r->n_deaths].method, 64, "%s", d->method ? d->method : "");
    r->n_deaths++;
}
static inline void rig_exited(void *ctx, Process *p, int32_t code)
{
    (void)p;
    ((Rig *)ctx)->exits++;
    ((Rig *)ctx)->exit_code = code;
}
static inline void *rig_allocate(void *ctx, size_t size)
{
    Rig *r = ctx;
    return ++r->n_allocs == r->fail_at ? NULL : calloc(1, size);
}

static inline RunEnd fake_start(void *self)
{
    Fake *f = self;
    ck_assert(!f->live);
    if (f->room && !f->has_room) {
        if (*f->room == 0) return RUN_NO_ROOM;
        --*f->room;
        f->has_room = true;
    }
    f->live = true;
    f->starts++;
    memset(f->memory, 0, MEMORY);
    f->brk = HEAP_BASE + 256;
    if (f->starts_badly) f->why = "no room";
    return f->starts_badly ? RUN_TRAPPED : RUN_RETURNED;
}
static inline void fake_stop(void *self)
{
    Fake *f = self;
    ck_assert(f->live);
    f->live = false;
    f->stops++;
}
static inline RunEnd fake_alloc(void *self, uint32_t len, uint32_t *address)
{
    Fake *f = self;
    ck_assert(f->live);
    ck_assert_uint_ge(len, 1);
    f->allocs++;
    if (f->in_alloc) f->in_alloc(f);
    if (f->alloc_ends != RUN_RETURNED) return f->alloc_ends;
    *address = 0;
    if (f->alloc_fails > 0) {
        f->alloc_fails--;
        return RUN_RETURNED;
    }
    if (f->brk + len > MEMORY) f->brk = HEAP_BASE + 256; /* nobody keeps a message for long */
    *address = f->alloc_gives ? f->alloc_gives : f->brk;
    if (!f->alloc_gives) f->brk += len;
    return RUN_RETURNED;
}
static inline RunEnd fake_enter(void *self, const Entry *e)
{
    Fake *f = self;
    ck_assert(f->live);
    ck_assert_uint_lt(f->n_seen, MOST_SEEN);
    Seen *s = &f->seen[f->n_seen++];
    s->e = *e;
    s->at = f->rig->now;
    memset(s->text, 0, sizeof s->text);
    if (e->len) memcpy(s->text, f->memory + e->ptr, e->len < sizeof s->text ? e->len : sizeof s->text - 1);
    FakeFn *fn[] = {[ENTRY_INIT] = f->on_init, [ENTRY_METHOD] = f->on_request, [ENTRY_RESULT] = f->on_result,
                    [ENTRY_EVENT] = f->on_event};
    return fn[e->kind] ? fn[e->kind](f, e) : RUN_RETURNED;
}
static inline const uint8_t *fake_readable(void *self, uint32_t ptr, uint32_t len)
{
    return ptr >= NULL_GUARD && (uint64_t)ptr + len <= MEMORY ? ((Fake *)self)->memory + ptr : NULL;
}
static inline uint8_t *fake_writable(void *self, uint32_t ptr, uint32_t len)
{
    return ptr >= HEAP_BASE && (uint64_t)ptr + len <= MEMORY ? ((Fake *)self)->memory + ptr : NULL;
}
static inline const char *fake_why(void *self) { return ((Fake *)self)->why ? ((Fake *)self)->why : "unreachable"; }
static inline uint64_t fake_fuel_used(void *self) { return ((Fake *)self)->fuel; }
static inline bool fake_take_image(void *self) { return ((Fake *)self)->live; }
static const ProcessOps fake_ops = {fake_start, fake_stop, fake_alloc, fake_enter, fake_readable, fake_writable,
                                    fake_why, fake_fuel_used, fake_take_image};

static inline void rig_open(Rig *r)
{
    memset(r, 0, sizeof *r);
    r->now = 5 * SEC;
    r->k = kernel_new(&(KernelOptions){.now = rig_now, .died = rig_died, .exited = rig_exited,
                                       .allocate = rig_allocate, .ctx = r});
    ck_assert_ptr_nonnull(r->k);
}

static inline Fake *fake_of(Rig *r, const char *name, Process *front, ProcessLimits limits, uint32_t share, bool events)
{
    Fake *f = calloc(1, sizeof *f);
    f->rig = r;
    snprintf(f->name, sizeof f->name, "%s", name);
    ProcessSpec spec = {.name = f->name, .ops = &fake_ops, .self = f, .limits = limits, .share = share,
                        .takes_events = events, .init = STR("hello"), .methods = methods, .n_methods = 2};
    f->p = front ? kernel_add_worker(r->k, front, &spec) : kernel_add(r->k, &spec);
    r->fakes[r->n_fakes++] = f;
    return f;
}
static inline Fake *fake_add(Rig *r, const char *name, ProcessLimits limits, uint32_t share, bool events)
{
    return fake_of(r, name, NULL, limits, share, events);
}
/* Of a front, under policy reset; without events. */
static inline Fake *fake_worker(Rig *r, Fake *front, ProcessLimits limits, unsigned *room)
{
    Fake *f = fake_of(r, front->name, front->p, limits, 0, false);
    f->room = room;
    return f;
}
static inline Fake *fake(Rig *r, const char *name) { return fake_add(r, name, (ProcessLimits){0}, 0, true); }

static inline void rig_close(Rig *r)
{
    kernel_free(r->k);
    for (unsigned i = 0; i < r->n_fakes; i++) {
        ck_assert(!r->fakes[i]->live);
        ck_assert_uint_eq(r->fakes[i]->starts, r->fakes[i]->stops);
        free(r->fakes[i]);
    }
}

/* Until nothing can happen without time going on. */
static inline KernelState rig_settle(Rig *r)
{
    for (unsigned turns = 0;; turns++) {
        ck_assert_uint_lt(turns, 1000000);
        KernelState s = kernel_step(r->k);
        if (s != KERNEL_BUSY) return s;
    }
}
/* Also through time, timer by timer. */
static inline void rig_run(Rig *r)
{
    while (rig_settle(r) == KERNEL_WAITING) r->now = kernel_next_timer(r->k);
}

/* What fakes do. */
static inline int32_t say(Fake *f, uint32_t import, const char *text, uint32_t cookie)
{
    uint32_t len = (uint32_t)strlen(text);
    memcpy(f->memory + 20000, text, len);
    int32_t id = kernel_call(f->p, import, len ? 20000 : 0, len, cookie);
    memset(f->memory + 20000, '#', len); /* rule 2: the buffer is ours again */
    if (id > 0 && f->n_ids < 2048) f->ids[f->n_ids++] = id;
    return f->got = id;
}
static inline int32_t piece(Fake *f, uint32_t call, const char *text, uint32_t flags)
{
    uint32_t len = (uint32_t)strlen(text);
    memcpy(f->memory + 21000, text, len);
    int32_t got = kernel_reply(f->p, call, len ? 21000 : 0, len, flags);
    memset(f->memory + 21000, '#', len);
    return f->got = got;
}
static inline RunEnd asks_on_init(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 0, "question", 7);
    return RUN_RETURNED;
}
static inline RunEnd answers(Fake *f, const Entry *e)
{
    piece(f, e->call, "answer", FLAG_LAST);
    return RUN_RETURNED;
}
static inline RunEnd ignores(Fake *f, const Entry *e)
{
    (void)f;
    (void)e;
    return RUN_RETURNED;
}
static inline RunEnd traps(Fake *f, const Entry *e)
{
    (void)f;
    (void)e;
    return RUN_TRAPPED;
}

static inline unsigned count(const Fake *f, EntryKind kind)
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n_seen; i++) n += f->seen[i].e.kind == kind;
    return n;
}
static inline const Seen *nth(const Fake *f, EntryKind kind, unsigned which)
{
    for (unsigned i = 0; i < f->n_seen; i++)
        if (f->seen[i].e.kind == kind && which-- == 0) return &f->seen[i];
    ck_abort_msg("%s has no such entry", f->name);
    return NULL;
}
/* The only result of that cookie that is a last one. */
static inline const Seen *the_last(const Fake *f, uint32_t cookie)
{
    const Seen *found = NULL;
    for (unsigned i = 0; i < f->n_seen; i++) {
        const Entry *e = &f->seen[i].e;
        if (e->kind != ENTRY_RESULT || e->cookie != cookie) continue;
        ck_assert_msg(!found, "something after the last result of cookie %u", cookie);
        if (e->flags & FLAG_LAST) found = &f->seen[i];
    }
    ck_assert_msg(found != NULL, "no last result of cookie %u", cookie);
    return found;
}
static inline Parigot__Kernel__V1__Failure *failure_of(const Fake *f, const Seen *s)
{
    /* the message is still in the fake's memory */
    Parigot__Kernel__V1__Failure *x = parigot__kernel__v1__failure__unpack(NULL, s->e.len, f->memory + s->e.ptr);
    ck_assert_ptr_nonnull(x);
    return x;
}
static inline void check_failure(const Fake *f, const Seen *s, Reason reason, const char *words)
{
    Parigot__Kernel__V1__Failure *x = failure_of(f, s);
    ck_assert_int_eq(x->reason, reason);
    ck_assert_msg(strstr(x->message, words) != NULL, "'%s' lacks '%s'", x->message, words);
    parigot__kernel__v1__failure__free_unpacked(x, NULL);
}

/* Two of them, a asks b: what most tests need. */
static inline void pair(Rig *r, Fake **a, Fake **b)
{
    rig_open(r);
    *b = fake(r, "b");
    *a = fake(r, "a");
    ck_assert_int_eq(kernel_import((*a)->p, (*b)->p, 0), 0);
    ck_assert_int_eq(kernel_import((*a)->p, (*b)->p, 1), 1);
}
static inline RunEnd traps_on_poison(Fake *f, const Entry *e)
{
    if (strncmp((char *)f->memory + e->ptr, "poison", 6) == 0) return RUN_TRAPPED;
    return answers(f, e);
}
static inline RunEnd sends_poison(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 0, "good", 1);
    say(f, 0, "poison", 2);
    say(f, 0, "good", 3);
    return RUN_RETURNED;
}
static inline RunEnd cancels_replies(Fake *f, const Entry *e)
{
    /* three pieces and the last lie in our mailbox; the first has just come */
    if (!(e->flags & FLAG_LAST) && f->counter++ == 0) ck_assert_int_eq(kernel_cancel(f->p, 1), 0);
    if (e->flags & FLAG_LAST) ck_assert_int_eq(kernel_cancel(f->p, 1), -STATUS_NOT_FOUND);
    return RUN_RETURNED;
}

#endif
