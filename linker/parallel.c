/* parallel.c: the same work on many things, by the few processors that there are.
 *
 * What is done must not depend on who does it, nor in what order: each item has its own place for results, and
 * whatever counts is put together afterwards in the order of the items. So the bytes of a module are the same
 * with any number of threads. */
#include "linker/ld.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST_THREADS = 64 };

typedef struct Work {
    LdWork *work;
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

unsigned ld_threads(const Ld *ld)
{
    unsigned n = ld->opt->threads;
    cpu_set_t set;
    if (n == 0) n = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    return n > MOST_THREADS ? MOST_THREADS : n;
}

/* Where no more threads can be had, those that there are do it all. */
void ld_parallel(unsigned threads, uint32_t n, LdWork *work, void *ctx)
{
    Work w = {.work = work, .ctx = ctx, .n = n};
    Worker workers[MOST_THREADS];
    pthread_t ids[MOST_THREADS];
    unsigned started = 1;
    if (threads > n) threads = n;
    for (unsigned i = 0; i < threads; i++) workers[i] = (Worker){&w, i};
    workers[0] = (Worker){&w, 0};
    while (started < threads && pthread_create(&ids[started], NULL, run, &workers[started]) == 0) started++;
    (void)run(&workers[0]);
    for (unsigned i = 1; i < started; i++) (void)pthread_join(ids[i], NULL);
}
