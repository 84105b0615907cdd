/* parallel.c: the same work on many things, by the few processors that there are.
 *
 * What is done must not depend on who does it, nor in what order: each item has its own place for results, and
 * whatever counts is put together afterwards in the order of the items. So the bytes of a module are the same
 * with any number of threads. */
#include "wasm/wasm.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

typedef struct Work {
    ParallelWork *work;
    void *ctx;
    uint32_t n;
    atomic_uint next;
} Work;

typedef struct Worker {
    Work *w;
    unsigned number;
} Worker;

static void *run(void *arg)
{
    Worker *me = arg;
    for (;;) {
        uint32_t i = atomic_fetch_add_explicit(&me->w->next, 1, memory_order_relaxed);
        if (i >= me->w->n) return NULL;
        me->w->work(me->w->ctx, i, me->number);
    }
}

unsigned parallel_processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > PARALLEL_MOST ? PARALLEL_MOST : (unsigned)n;
}

void parallel_for(unsigned threads, uint32_t n, ParallelWork *work, void *ctx)
{
    Work w = {.work = work, .ctx = ctx, .n = n};
    Worker workers[PARALLEL_MOST];
    pthread_t ids[PARALLEL_MOST];
    unsigned started = 1;
    if (threads > n) threads = n;
    for (unsigned i = 0; i < threads; i++) workers[i] = (Worker){&w, i};
    workers[0] = (Worker){&w, 0};
    while (started < threads && pthread_create(&ids[started], NULL, run, &workers[started]) == 0) started++;
    (void)run(&workers[0]);
    for (unsigned i = 1; i < started; i++) (void)pthread_join(ids[i], NULL);
}
