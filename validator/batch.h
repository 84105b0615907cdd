/* batch.h: work on many items, several at a time, with results in order. */
#ifndef PARIGOT_VALIDATOR_BATCH_H
#define PARIGOT_VALIDATOR_BATCH_H

#include <stddef.h>

/* Work runs ahead of what was taken by at most so many items: memory is bounded by the slots, not by the items. */
enum { BATCH_SLOTS_PER_JOB = 2, BATCH_MAX_JOBS = 64 };

typedef struct Batch {
    size_t n;      /* items */
    unsigned jobs; /* threads, 1 to BATCH_MAX_JOBS; 1: none besides the caller's */
    void *ctx;
    void (*work)(void *ctx, size_t item, size_t slot); /* in any thread; the slot, below jobs * 2, is this item's alone */
    void (*take)(void *ctx, size_t item, size_t slot); /* in the caller's thread, item after item; frees the slot */
} Batch;

void batch_run(const Batch *);

#endif
