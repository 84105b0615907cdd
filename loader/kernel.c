/* kernel.c: processes and their turns: start, one entry after the other, death, fresh start.
 *
 * Whose turn it is: the process that has mail and the least virtual time, which is what its turns have cost, divided by
 * its share. One that wakes is set to the time of the last pick: sleeping earns no credit, so a late one is neither
 * starved nor ahead.
 *
 * What a turn costs is counted in nanoseconds, of which a unit of fuel is taken to be one. A metered module pays for its
 * fuel, and for each message it sends: the same run costs the same on every machine. Any other pays for the processor
 * time of the turn. docs/abi.md "Turns".
 *
 * A turn is one entry. Between two turns everything is consistent: whatever an entry did, by returning, trapping or
 * calling Exit, is settled before the next one starts. docs/abi.md rules 1, 3, 9, 12, 14. */
#include "loader/kernel_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SHARE = 100, MOST_SHARE = 10000 };
#define MS          UINT64_C(1000000)
/* Time by the clock is charged in whole ones of these, as soon as there is one: short entries cost the same, so that
 * processes which only talk take turns evenly, and almost always in the same order. */
#define QUANTUM       (MS / 10)
#define TURN_PRICE    UINT64_C(1000)         /* what every turn costs besides                                         */
#define MESSAGE_PRICE UINT64_C(1000)         /* a call or a reply, of a metered module; and 1 for each 8 bytes        */
#define MOST_COST     (UINT64_C(1) << 40)    /* one turn. Times MOST_SHARE it is far from VTIME_WRAP                  */
#define VTIME_WRAP    (UINT64_C(1) << 62)
#define FIRST_PAUSE (10 * MS)      /* before the first fresh start; doubles with each kill                         */
#define MOST_PAUSE  (10000 * MS)
#define MINUTE      (60000 * MS)   /* who has lived that long starts with the first pause again                    */

void *kernel_alloc(Kernel *k, size_t size)
{
    return k->options.allocate ? k->options.allocate(k->options.ctx, size) : calloc(1, size);
}

uint64_t kernel_now(Kernel *k) { return k->now_ns = k->options.now(k->options.ctx); }

void process_charge_message(Process *p, uint32_t len) { p->turn_cost += MESSAGE_PRICE + len / 8; }

/* ---- the heap of those that are ready ---------------------------------------------------------------------------------- */

static bool goes_first(const Process *a, const Process *b)
{
    return a->vtime != b->vtime ? a->vtime < b->vtime : a->ready_seq < b->ready_seq;
}

static void put_ready(Kernel *k, size_t i, Process *p)
{
    k->ready[i] = p;
    p->ready_slot = i + 1;
}

static bool is_runnable(const Process *p)
{
    return p->state == PROCESS_STARTING || (p->state == PROCESS_LIVE && (p->first || p->over));
}

void process_ready(Process *p)
{
    Kernel *k = p->kernel;
    if (p->native || p->running || p->ready_slot || !is_runnable(p)) return;
    Process *account = public_process(p);
    if (account->vtime < k->vtime) account->vtime = k->vtime;
    p->vtime = account->vtime;
    p->ready_seq = k->seq++;
    size_t i = k->n_ready++;
    for (; i > 0 && goes_first(p, k->ready[(i - 1) / 2]); i = (i - 1) / 2) put_ready(k, i, k->ready[(i - 1) / 2]);
    put_ready(k, i, p);
}

/* The one whose turn it is; NULL: nobody. */
static Process *take_ready(Kernel *k)
{
    while (k->n_ready) {
        Process *p = k->ready[0];
        p->ready_slot = 0;
        Process *last = k->ready[--k->n_ready];
        size_t i = 0;
        if (last != p) {
            for (size_t child; (child = 2 * i + 1) < k->n_ready; i = child) {
                if (child + 1 < k->n_ready && goes_first(k->ready[child + 1], k->ready[child])) child++;
                if (!goes_first(k->ready[child], last)) break;
                put_ready(k, i, k->ready[child]);
            }
            put_ready(k, i, last);
        }
        if (is_runnable(p)) return p; /* its mail may have been withdrawn, or it was killed */
    }
    return NULL;
}

/* ---- making a world ------------------------------------------------------------------------------------------------------ */

static uint32_t limit_of(uint32_t asked, uint32_t normal, uint32_t most)
{
    return asked == 0 ? normal : asked < most ? asked : most;
}

static uint32_t waiting_of(uint32_t asked, uint32_t message_bytes)
{
    uint64_t waiting = (uint64_t)message_bytes * PROCESS_WAITING_MESSAGES;
    if (waiting < PROCESS_LEAST_WAITING) waiting = PROCESS_LEAST_WAITING;
    const uint32_t two = 2 * (message_bytes + PROCESS_PIECE_BYTES);
    if (asked) waiting = asked > two ? asked : two;
    return waiting < PROCESS_MOST_WAITING ? (uint32_t)waiting : PROCESS_MOST_WAITING;
}

ProcessLimits process_limits(ProcessLimits asked)
{
    uint32_t message_bytes = limit_of(asked.message_bytes, PROCESS_MESSAGE_BYTES, PROCESS_MOST_MESSAGE);
    return (ProcessLimits){
        .deadline_ns = asked.deadline_ns == 0 ? PROCESS_DEADLINE_NS
                       : asked.deadline_ns < UINT64_MAX / 4 ? asked.deadline_ns : UINT64_MAX / 4,
        .calls = limit_of(asked.calls, PROCESS_CALLS, PROCESS_MOST_CALLS),
        .message_bytes = message_bytes,
        .waiting_bytes = waiting_of(asked.waiting_bytes, message_bytes),
        .queue = limit_of(asked.queue, PROCESS_QUEUE, PROCESS_MOST_QUEUE),
        .restarts_per_minute = limit_of(asked.restarts_per_minute, 0, PROCESS_MOST_RESTARTS),
    };
}

Kernel *kernel_new(const KernelOptions *options)
{
    Kernel *k = options->allocate ? options->allocate(options->ctx, sizeof *k) : calloc(1, sizeof *k);
    if (k) k->options = *options;
    return k;
}

static Process *add(Kernel *k, const char *name, void *self)
{
    assert(!k->started);
    Process *p = kernel_alloc(k, sizeof *p);
    Process **ready = kernel_alloc(k, (k->n_processes + 1) * sizeof(Process *));
    if (!p || !ready || !ids_init(k, &p->made) || !ids_init(k, &p->served)) {
        if (p) free(p->made.buckets);
        free(p);
        free(ready);
        return NULL;
    }
    p->kernel = k;
    p->spec.name = name;
    p->spec.self = self;
    free(k->ready);
    k->ready = ready;
    k->n_processes++;
    if (k->last) k->last->next = p;
    else k->first = k->next_start = p;
    k->last = p;
    return p;
}

Process *kernel_add(Kernel *k, const ProcessSpec *spec)
{
    Process *p = add(k, spec->name, spec->self);
    if (!p) return NULL;
    p->spec = *spec;
    if (p->spec.share == 0) p->spec.share = DEFAULT_SHARE;
    if (p->spec.share > MOST_SHARE) p->spec.share = MOST_SHARE;
    p->limits = process_limits(spec->limits);
    k->open |= p->spec.outside;
    return p;
}

Process *kernel_add_worker(Kernel *k, Process *front, const ProcessSpec *spec)
{
    Process *p = kernel_add(k, spec);
    return p && pool_add(front, p) ? p : NULL;
}

Process *kernel_add_native(Kernel *k, const NativeSpec *spec)
{
    Process *p = add(k, spec->name, spec->self);
    if (!p) return NULL;
    p->native = spec->ops;
    p->spec.methods = spec->methods;
    p->spec.n_methods = spec->n_methods;
    p->state = PROCESS_LIVE;
    return p;
}

/* items with room for one more, or NULL. Worlds are small: an array grows by one. */
static void *grow(Kernel *k, void *items, size_t n, size_t size)
{
    void *more = kernel_alloc(k, (n + 1) * size);
    if (!more) return NULL;
    if (n) memcpy(more, items, n * size);
    free(items);
    return more;
}

static bool find_target(Process *caller, const Process *provider, size_t *target)
{
    for (*target = 0; *target < caller->n_targets; ++*target)
        if (caller->targets[*target].provider == provider) return true;
    return false;
}

int32_t kernel_import(Process *caller, Process *provider, uint32_t method)
{
    assert(!provider || method < provider->spec.n_methods);
    Kernel *k = caller->kernel;
    size_t target;
    if (!find_target(caller, provider, &target)) {
        Target *targets = grow(k, caller->targets, caller->n_targets, sizeof *targets);
        if (!targets) return -1;
        caller->targets = targets;
        targets[caller->n_targets++] = (Target){.provider = provider};
    }
    Import *imports = grow(k, caller->imports, caller->n_imports, sizeof *imports);
    if (!imports) return -1;
    caller->imports = imports;
    imports[caller->n_imports] = (Import){.target = (uint32_t)target, .method = method};
    return (int32_t)caller->n_imports++;
}

void kernel_set_main(Kernel *k, Process *p) { k->main = p; }

/* ---- the end of a process -------------------------------------------------------------------------------------------------- */

static void stop_instance(Process *p)
{
    if (p->state == PROCESS_LIVE) p->spec.ops->stop(p->spec.self);
}

static void exit_process(Process *p)
{
    char words[200];
    snprintf(words, sizeof words, "%s has ended", p->spec.name);
    stop_instance(p);
    p->state = PROCESS_DEAD;
    calls_lose_process(p, REASON(NOT_ROUTED), words, false);
    Kernel *k = p->kernel;
    if (k->options.exited) k->options.exited(k->options.ctx, p, p->exit_code);
    if (public_process(p) == k->main) {
        k->ended = true;
        k->exit_code = p->exit_code;
    }
}

static void restart_rings(Timer *t)
{
    Process *p = (Process *)(void *)((char *)t - offsetof(Process, restart));
    p->state = PROCESS_STARTING;
    p->usage.restarts++;
    process_ready(p);
}

/* Rule 12. The pause doubles with each kill in a row; over a minute there are no more fresh starts than allowed:
 * restarts_per_minute at once at most, then one for each that the minute has grown older (a leaky bucket). */
static uint64_t restart_pause(Process *p, bool *limited)
{
    Kernel *k = p->kernel;
    if (k->now_ns - p->started_ns >= MINUTE) p->kills_in_row = 0;
    unsigned doublings = p->kills_in_row < 10 ? p->kills_in_row : 10;
    p->kills_in_row++;
    uint64_t pause = FIRST_PAUSE << doublings;
    if (pause > MOST_PAUSE) pause = MOST_PAUSE;

    uint64_t spacing = MINUTE / p->limits.restarts_per_minute;
    uint64_t at = k->now_ns + pause, burst = MINUTE - spacing;
    *limited = p->next_restart_ns > at + burst;
    if (*limited) at = p->next_restart_ns - burst;
    p->next_restart_ns = (p->next_restart_ns > at ? p->next_restart_ns : at) + spacing;
    return at - k->now_ns;
}

typedef struct Doing { /* what a process was at, for the words about its death */
    const Entry *entry;
    const Call *call; /* METHOD, RESULT: a reference */
    const char *why;  /* NULL: the process knows */
} Doing;

static void describe(const Process *p, const Doing *doing, ProcessDeath *d)
{
    d->entry = doing->entry ? doing->entry->kind : ENTRY_NONE;
    d->in_alloc = p->in_alloc;
    const Call *c = doing->call;
    if (!c) return;
    d->sender = d->entry == ENTRY_METHOD ? c->caller->spec.name : c->provider ? c->provider->spec.name : NULL;
    if (c->provider) d->method = c->provider->spec.methods[c->method];
}

static void kill_process(Process *p, RunEnd end, const Doing *doing)
{
    Kernel *k = p->kernel;
    kernel_now(k);
    p->usage.kills++;
    ProcessDeath death = {.process = p, .end = end};
    describe(p, doing, &death);
    death.why = p->stop == STOP_BAD_ADDRESS ? "message outside memory"
                : doing->why ? doing->why
                : end == RUN_NO_ROOM ? "the host has no memory for another instance" : p->spec.ops->why(p->spec.self);
    bool one_request = pool_serves_request(p), is_main = public_process(p) == k->main && !one_request;
    death.restarts = !is_main && !one_request && end != RUN_USED_UP && p->limits.restarts_per_minute > 0;
    bool limited = false;
    if (death.restarts) death.pause_ns = restart_pause(p, &limited);
    if (limited) death.restart_limit = p->limits.restarts_per_minute;
    if (death.restarts && !timer_set(k, &p->restart, k->now_ns + death.pause_ns, restart_rings)) death.restarts = false;
    if (k->options.died) k->options.died(k->options.ctx, &death);

    char words[200];
    snprintf(words, sizeof words, "%s was killed: %s", p->spec.name, death.why);
    stop_instance(p);
    p->state = death.restarts ? PROCESS_PAUSED : PROCESS_DEAD;
    p->killed = true;
    bool fuel = end == RUN_OUT_OF_FUEL || end == RUN_USED_UP;
    calls_lose_process(p, fuel ? REASON(NO_FUEL) : REASON(KILLED), words, death.restarts);
    if (is_main) k->ended = k->main_killed = true;
}

/* ---- one entry ----------------------------------------------------------------------------------------------------------- */

static uint64_t fuel_of(const Process *p) { return p->spec.metered ? p->spec.ops->fuel_used(p->spec.self) : 0; }

static void begin(Process *p, Call *behalf)
{
    if (p->kernel->options.called) {
        p->fuel_before = fuel_of(p);
        p->ran_since_ns = kernel_now(p->kernel);
    }
    p->running = true;
    p->stop = STOP_NOT;
    p->in_alloc = false;
    p->behalf = behalf;
    if (behalf) call_ref(behalf);
}

/* After everything that ran guest code. false: the process is no more, or not for now. */
static bool settle(Process *p, RunEnd end, const Doing *doing)
{
    p->running = false;
    Call *behalf = p->behalf;
    p->behalf = NULL;
    if (behalf && p->kernel->options.called) {
        behalf->fuel += fuel_of(p) - p->fuel_before;
        behalf->ran_ns += kernel_now(p->kernel) - p->ran_since_ns;
    }
    bool lives = false;
    if (p->stop == STOP_EXIT) exit_process(p);
    else if (p->stop == STOP_BAD_ADDRESS) kill_process(p, RUN_TRAPPED, doing);
    else if (end != RUN_RETURNED) kill_process(p, end, doing);
    else lives = true;
    p->in_alloc = false;
    if (behalf) call_unref(behalf);
    return lives;
}

typedef enum Handed { HANDED, NO_MEMORY, HANDED_FATAL } Handed;

/* Rule 3: a buffer from the guest, filled. HANDED_FATAL: *end says why; settle has to follow. */
static Handed hand_over(Process *p, const uint8_t *bytes, Entry *e, RunEnd *end)
{
    *end = RUN_RETURNED;
    e->ptr = 0;
    if (e->len == 0) return HANDED;
    p->in_alloc = true;
    *end = p->spec.ops->alloc(p->spec.self, e->len, &e->ptr);
    if (p->stop || *end != RUN_RETURNED) return HANDED_FATAL;
    p->in_alloc = false;
    if (e->ptr == 0) return NO_MEMORY;
    uint8_t *to = p->spec.ops->writable(p->spec.self, e->ptr, e->len);
    if (!to) {
        p->stop = STOP_BAD_ADDRESS;
        return HANDED_FATAL;
    }
    memcpy(to, bytes, e->len);
    return HANDED;
}

static void deliver_request(Process *p, Mail *m)
{
    Call *c = m->call;
    call_ref(c);
    uint8_t *bytes = m->bytes;
    Entry e = {.kind = ENTRY_METHOD, .method = c->method, .len = m->len};
    m->bytes = NULL;
    Process *payer = m->payer;
    mail_unlink(m);
    tell_room_for_bytes(payer);
    e.call = call_serve(c);

    Doing doing = {.entry = &e, .call = c};
    RunEnd end;
    begin(p, c);
    switch (hand_over(p, bytes, &e, &end)) {
    case HANDED: end = p->spec.ops->enter(p->spec.self, &e); break;
    case HANDED_FATAL: break;
    case NO_MEMORY:
        call_close_provider(c);
        call_end(c, STATUS_RESOURCE_EXHAUSTED, REASON(NO_MEMORY), "%s has no memory for the request", p->spec.name);
        break;
    }
    settle(p, end, &doing);
    free(bytes);
    call_unref(c);
}

static void deliver_result(Process *p, Mail *m)
{
    Call *c = m->call;
    call_ref(c);
    piece_take(p, m);
    Entry e = {.kind = ENTRY_RESULT, .cookie = c->cookie, .status = m->status, .flags = m->flags, .len = m->len};

    Doing doing = {.entry = &e, .call = c};
    RunEnd end;
    begin(p, c->origin);
    Handed handed = hand_over(p, m->bytes, &e, &end);
    if (handed == NO_MEMORY) {
        call_abandon(c);
        e.status = STATUS_RESOURCE_EXHAUSTED;
        e.flags = FLAG_LAST;
        e.len = 0;
    }
    mail_free(m);
    if (handed != HANDED_FATAL) {
        if (e.flags & FLAG_LAST) call_close_caller(c); /* the cookie is the guest's again, the id is free */
        end = p->spec.ops->enter(p->spec.self, &e);
    }
    settle(p, end, &doing);
    call_unref(c);
}

static void deliver_event(Process *p, Mail *m)
{
    Entry e = {.kind = ENTRY_EVENT, .event = m->event, .call = m->call ? m->call->served.id : 0};
    mail_unlink(m);
    if (m->event == EVENT_ENDED) call_close_provider(m->call);
    begin(p, NULL);
    settle(p, p->spec.ops->enter(p->spec.self, &e), &(Doing){.entry = &e});
}

static void tell_stop(Process *p)
{
    if (p->state != PROCESS_LIVE || !p->spec.takes_events || p->stop_mail.kind) return;
    p->stop_mail = (Mail){.kind = ENTRY_EVENT, .event = EVENT_STOP};
    mail_post(p, &p->stop_mail);
}

static void start_process(Process *p)
{
    Kernel *k = p->kernel;
    Entry e = {.kind = ENTRY_INIT, .len = (uint32_t)p->spec.init.len};
    Doing doing = {0};
    p->started_ns = k->now_ns;
    p->stop_mail.kind = ENTRY_NONE;
    begin(p, NULL);
    p->state = PROCESS_LIVE; /* also when start fails half-way: stop is called */
    RunEnd end = p->front ? pool_start(p) : p->spec.ops->start(p->spec.self);
    if (end == RUN_RETURNED) {
        doing.entry = &e;
        switch (hand_over(p, (const uint8_t *)p->spec.init.ptr, &e, &end)) {
        case HANDED: end = p->spec.ops->enter(p->spec.self, &e); break;
        case HANDED_FATAL: break;
        case NO_MEMORY:
            end = RUN_TRAPPED;
            doing.why = "parigot_alloc has no memory for the InitRequest";
            break;
        }
    }
    if (settle(p, end, &doing) && k->stopping) tell_stop(p);
}

static void deliver(Process *p)
{
    if (p->over) return;
    Mail *m = p->first;
    switch (m->kind) {
    case ENTRY_METHOD: deliver_request(p, m); break;
    case ENTRY_RESULT: deliver_result(p, m); break;
    case ENTRY_EVENT: deliver_event(p, m); break;
    default: assert(!"no such mail");
    }
}

/* A worker's instance for the request that it has got; unless that has been withdrawn. */
static void start_worker(Process *p)
{
    if (!p->first) return;
    p->stop_mail.kind = ENTRY_NONE;
    begin(p, NULL);
    p->state = PROCESS_LIVE;
    RunEnd end = pool_start(p);
    if (end == RUN_NO_ROOM && pool_put_back(p)) end = RUN_RETURNED;
    if (!settle(p, end, &(Doing){0}) || p->state == PROCESS_IDLE) return;
    if (p->kernel->stopping) tell_stop(p);
    deliver(p);
}

static void settle_worker(Process *p)
{
    if (pool_after_turn(p)) return;
    kill_process(p, RUN_TRAPPED, &(Doing){.why = "the host has no memory for an image of it"});
    if (!pool_after_turn(p)) assert(!"of a process that is dead no image is taken");
}

/* ---- turns ------------------------------------------------------------------------------------------------------------------ */

/* What p is charged by: fuel, or the processor's time. The latter is asked for by a system call: where one turn begins as
 * another ends, one look is enough. */
static uint64_t meter_before(Process *p)
{
    const Kernel *k = p->kernel;
    if (p->spec.metered) return p->spec.ops->fuel_used(p->spec.self);
    if (!k->options.cpu) return kernel_now(p->kernel);
    return k->cpu_is_fresh ? k->cpu_ns : k->options.cpu(k->options.ctx);
}

static uint64_t meter_after(Process *p)
{
    Kernel *k = p->kernel;
    if (p->spec.metered) return p->spec.ops->fuel_used(p->spec.self);
    if (!k->options.cpu) return kernel_now(k);
    k->cpu_is_fresh = true;
    return k->cpu_ns = k->options.cpu(k->options.ctx);
}

void kernel_was_away(Kernel *k) { k->now_is_fresh = k->cpu_is_fresh = false; }

static uint64_t cost_of_turn(Process *p, uint64_t used)
{
    uint64_t cost = used;
    if (p->spec.metered) {
        cost = used < MOST_COST ? used + p->turn_cost : used;
    } else { /* what the host did for it is in the time already */
        p->unpaid += used;
        cost = p->unpaid / QUANTUM * QUANTUM;
        p->unpaid -= cost;
    }
    return (cost < MOST_COST ? cost : MOST_COST) + TURN_PRICE;
}

/* Virtual time is never near its end: long before, all of it is moved down by the same amount. */
static void rebase_vtime(Kernel *k)
{
    if (k->vtime < VTIME_WRAP) return;
    for (Process *p = k->first; p; p = p->next) p->vtime = p->vtime > k->vtime ? p->vtime - k->vtime : 0;
    k->vtime = 0;
}

static void take_turn(Process *p)
{
    Kernel *k = p->kernel;
    k->turn_ns = k->now_ns;
    p->turn_cost = 0;
    uint64_t before = meter_before(p), fuel_before = fuel_of(p);
    k->cpu_is_fresh = false; /* unless this turn ends with a look */
    if (p->state == PROCESS_LIVE) deliver(p);
    else if (pool_serves_request(p)) start_worker(p);
    else start_process(p);
    public_process(p)->vtime += cost_of_turn(p, meter_after(p) - before) * MOST_SHARE / p->spec.share;
    p->usage.entries++;
    p->usage.fuel += fuel_of(p) - fuel_before;
    if (p->front) settle_worker(p);
    public_process(p)->usage.ran_ns += kernel_now(k) - k->turn_ns;
    k->now_is_fresh = true;
    process_ready(p);
}

KernelState kernel_step(Kernel *k)
{
    k->started = true;
    if (k->ended) return KERNEL_ENDED;
    if (!k->now_is_fresh) kernel_now(k); /* a turn has ended with a look at the clock: one look a turn is enough */
    k->now_is_fresh = false;
    timers_ring(k);

    Process *p;
    while ((p = k->next_start) && p->state != PROCESS_NEW) k->next_start = p->next;
    if (p) {
        k->next_start = p->next;
        take_turn(p);
    } else if ((p = take_ready(k))) {
        k->vtime = p->vtime;
        take_turn(p);
        rebase_vtime(k);
    } else if (k->n_timers || (k->open && !k->stopping)) {
        return KERNEL_WAITING;
    } else {
        k->ended = true; /* rule 14: no entry can come any more */
    }
    return k->ended ? KERNEL_ENDED : KERNEL_BUSY;
}

bool kernel_is_busy(const Kernel *k) { return !k->ended && (k->n_ready > 0 || k->next_start); }

void kernel_begin(Process *p)
{
    assert(p->spec.outside && !p->running);
    begin(p, NULL);
}

void kernel_end(Process *p)
{
    settle(p, RUN_RETURNED, &(Doing){0});
    process_ready(p);
}

void kernel_please_stop(Kernel *k)
{
    k->stopping = true;
    for (Process *p = k->first; p; p = p->next) tell_stop(p);
}

bool kernel_hears_stop(const Kernel *k)
{
    for (const Process *p = k->first; p; p = p->next)
        if (p->state == PROCESS_LIVE && p->spec.takes_events) return true;
    return false;
}

void kernel_halt(Kernel *k)
{
    k->ended = true;
    for (Process *p = k->first; p; p = p->next) {
        if (p->native) continue;
        stop_instance(p);
        timer_clear(k, &p->restart);
        p->state = PROCESS_DEAD;
        calls_lose_process(p, REASON(NONE), "the world has ended", false);
    }
}

void kernel_free(Kernel *k)
{
    if (!k) return;
    kernel_halt(k);
    for (Process *p = k->first, *next; p; p = next) {
        next = p->next;
        assert(!p->first && !p->made.n && !p->served.n && !p->waiting_bytes);
        free(p->made.buckets);
        free(p->served.buckets);
        free(p->targets);
        free(p->imports);
        pool_free(p);
        free(p);
    }
    free(k->ready);
    free(k->timers);
    free(k);
}

bool kernel_main_killed(const Kernel *k) { return k->main_killed; }
int32_t kernel_exit_code(const Kernel *k) { return k->exit_code; }
uint64_t process_turn_started(const Process *p) { return p->kernel->turn_ns; }
const ProcessUsage *process_usage(const Process *p) { return &p->usage; }
bool process_is_metered(const Process *p) { return p->spec.metered; }
const char *process_name(const Process *p) { return p->spec.name; }
void *process_self(const Process *p) { return p->spec.self; }
