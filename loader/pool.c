/* pool.c: policy reset: a module of which each request gets an instance of its own (docs/reset.md).
 *
 * Such a module is several processes. The front is what others know: its mailbox takes the requests, and it never runs
 * anything. Workers serve them, one request each at a time, with ids and calls of their own; so what belongs to a request
 * ends with its worker's mail and calls, by the same rules as when a process dies.
 *
 * The first worker begins as the module's only instance: it is started, runs parigot_init, and takes the results of calls
 * made there. When none of those is open any more, what it is then becomes the image that every request finds, and requests
 * are let in. A kill before that is the module's, with fresh starts as for any (rule 12); one after it is the request's.
 *
 * Where the host has no memory, or no address space, for one more instance, a request goes back to wait for one that is in
 * use. The worker stands aside then, until no request waits any more: the next ones may find more room. */
#include "loader/kernel_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Pool {
    bool open;       /* the image is there                                                                           */
    Process *first;  /* worker                                                                                       */
    uint32_t n;      /* workers                                                                                      */
    Process *idle;   /* by next_idle: the one that was used last comes first, its pages are at hand                   */
    Process *aside;  /* by next_idle: for whom there was no room                                                     */
    uint32_t n_aside;
};

static void put_first(Process **list, Process *worker)
{
    worker->next_idle = *list;
    *list = worker;
}

static void put_last(Process **list, Process *worker)
{
    while (*list) list = &(*list)->next_idle;
    put_first(list, worker);
}

static Process *take_first(Process **list)
{
    Process *worker = *list;
    *list = worker->next_idle;
    worker->next_idle = NULL;
    return worker;
}

bool pool_add(Process *front, Process *worker)
{
    if (!front->pool) {
        front->pool = kernel_alloc(front->kernel, sizeof *front->pool);
        if (!front->pool) return false;
        front->state = PROCESS_FRONT;
        front->pool->first = worker;
    } else {
        worker->state = PROCESS_IDLE;
        put_first(&front->pool->idle, worker);
    }
    worker->front = front;
    front->pool->n++;
    return true;
}

/* What it may call is what the front may; how many calls are in flight is its own. */
static bool share_imports(Process *worker)
{
    const Process *front = worker->front;
    if (worker->n_imports == front->n_imports) return true;
    Kernel *k = worker->kernel;
    Import *imports = kernel_alloc(k, front->n_imports * sizeof *imports);
    Target *targets = kernel_alloc(k, front->n_targets * sizeof *targets);
    if (!imports || !targets) {
        free(imports);
        free(targets);
        return false;
    }
    memcpy(imports, front->imports, front->n_imports * sizeof *imports);
    for (size_t i = 0; i < front->n_targets; i++) targets[i].provider = front->targets[i].provider;
    worker->imports = imports;
    worker->n_imports = front->n_imports;
    worker->targets = targets;
    worker->n_targets = front->n_targets;
    return true;
}

RunEnd pool_start(Process *worker)
{
    RunEnd end = share_imports(worker) ? worker->spec.ops->start(worker->spec.self) : RUN_NO_ROOM;
    if (end == RUN_NO_ROOM) worker->state = PROCESS_STARTING; /* there is nothing to stop */
    return end;
}

bool pool_serves_request(const Process *p) { return p->front && p->front->pool->open; }

void pool_dispatch(Process *front)
{
    Pool *pool = front->pool;
    while (pool->open && pool->idle && front->first) {
        Mail *m = front->first;
        Process *worker = take_first(&pool->idle);
        worker->state = PROCESS_STARTING;
        assert(m->kind == ENTRY_METHOD && !worker->first);
        mail_move(m, worker);
        m->call->provider = worker;
    }
}

/* Everything of that request's has gone: the worker waits for the next. */
static void rest(Process *worker)
{
    Pool *pool = worker->front->pool;
    worker->state = PROCESS_IDLE;
    worker->over = false;
    put_first(&pool->idle, worker);
    for (; pool->aside && !worker->front->first; pool->n_aside--) put_last(&pool->idle, take_first(&pool->aside));
}

bool pool_put_back(Process *worker)
{
    Process *front = worker->front;
    Pool *pool = front->pool;
    Mail *m = worker->first;
    if (pool->n_aside + 1 == pool->n) return false; /* the others are all aside: nobody is in use, and nobody else can try */
    worker->state = PROCESS_IDLE;
    m->call->provider = front;
    mail_put_back(m, front);
    put_first(&pool->aside, worker);
    pool->n_aside++;
    return true;
}

static void end_request(Process *worker)
{
    worker->spec.ops->stop(worker->spec.self);
    worker->state = PROCESS_IDLE; /* before its calls go: nothing of what they bring about is for it */
    calls_lose_process(worker, REASON(NONE), "the request has ended", false);
    rest(worker);
}

static bool open_pool(Process *worker)
{
    Pool *pool = worker->front->pool;
    if (!worker->spec.ops->take_image(worker->spec.self)) return false;
    pool->open = true;
    worker->stop_mail.kind = ENTRY_NONE;
    end_request(worker);
    return true;
}

/* What it has used is the front's, whom the operator asks about. */
static void hand_on_usage(Process *worker)
{
    ProcessUsage *to = &worker->front->usage, *from = &worker->usage;
    to->entries += from->entries;
    to->made += from->made;
    to->served += from->served;
    to->refused += from->refused;
    to->fuel += from->fuel;
    to->ran_ns += from->ran_ns;
    to->kills += from->kills;
    to->restarts += from->restarts;
    *from = (ProcessUsage){0};
}

bool pool_after_turn(Process *worker)
{
    Process *front = worker->front;
    Pool *pool = front->pool;
    hand_on_usage(worker);
    if (!pool->open) {
        if (worker->state == PROCESS_DEAD) {
            front->state = PROCESS_DEAD;
            front->killed = worker->killed;
            calls_lose_process(front, worker->killed ? REASON(KILLED) : REASON(NOT_ROUTED), "the module has ended", false);
        } else if (worker->state == PROCESS_LIVE && worker->made.n == 0 && !open_pool(worker)) {
            return false;
        }
    } else if (worker->state == PROCESS_DEAD || worker->state == PROCESS_STARTING) {
        rest(worker); /* killed, and only this request was its; or the request was withdrawn */
    } else if (worker->state == PROCESS_LIVE && worker->served.n == 0) {
        end_request(worker);
    }
    pool_dispatch(front);
    return true;
}

void pool_request_is_over(Process *worker)
{
    worker->over = true;
    process_ready(worker);
}

uint32_t pool_all_in_use(const Process *front)
{
    const Pool *pool = front->pool;
    return pool && pool->open && !pool->idle ? pool->n - pool->n_aside : 0;
}

void pool_free(Process *front) { free(front->pool); }
