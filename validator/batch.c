/* batch.c: a ring of slots. Workers take items in order and fill slots; the caller empties them in order. */
#include "validator/batch.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct Ring {
    const Batch *batch;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t slots, next, taken;                         /* items begun, items taken */
    bool ready[BATCH_MAX_JOBS * BATCH_SLOTS_PER_JOB]; /* by slot: its item is done */
} Ring;

static void *worker(void *arg)
{
    Ring *r = arg;
    const Batch *b = r->batch;
    pthread_mutex_lock(&r->lock);
    while (r->next < b->n) {
        if (r->next >= r->taken + r->slots) {
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        size_t item = r->next++, slot = item % r->slots;
        pthread_mutex_unlock(&r->lock);
        b->work(b->ctx, item, slot);
        pthread_mutex_lock(&r->lock);
        r->ready[slot] = true;
        pthread_cond_broadcast(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void take_all(Ring *r)
{
    const Batch *b = r->batch;
    for (size_t item = 0; item < b->n; item++) {
        size_t slot = item % r->slots;
        pthread_mutex_lock(&r->lock);
        while (!r->ready[slot]) pthread_cond_wait(&r->changed, &r->lock);
        r->ready[slot] = false;
        pthread_mutex_unlock(&r->lock);
        b->take(b->ctx, item, slot);
        pthread_mutex_lock(&r->lock);
        r->taken++;
        pthread_cond_broadcast(&r->changed);
        pthread_mutex_unlock(&r->lock);
    }
}

void batch_run(const Batch *b)
{
    Ring r = {.batch = b, .slots = b->jobs * BATCH_SLOTS_PER_JOB};
    pthread_t threads[BATCH_MAX_JOBS];
    unsigned started = 0;
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.changed, NULL);
    while (b->jobs > 1 && started < b->jobs && started < b->n &&
           pthread_create(&threads[started], NULL, worker, &r) == 0)
        started++;
    if (started) take_all(&r);
    else /* one job, or no thread to be had */
        for (size_t i = 0; i < b->n; i++) {
            b->work(b->ctx, i, 0);
            b->take(b->ctx, i, 0);
        }
    for (unsigned i = 0; i < started; i++) pthread_join(threads[i], NULL);
    pthread_cond_destroy(&r.changed);
    pthread_mutex_destroy(&r.lock);
}
