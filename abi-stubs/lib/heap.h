/* heap.h: the allocator behind malloc. All that it knows lies in a control block of at most 256 bytes and in
 * the blocks themselves; places are offsets from the control block, so one code serves 32-bit guests and the
 * host's tests. The control block starts as zeros. */
#ifndef PARIGOT_HEAP_H
#define PARIGOT_HEAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAP_BINS = 56, HEAP_ALIGN = 16 };

typedef struct Heap {
    uint32_t top;             /* end of the newest segment; 0 = no memory yet */
    uint32_t used_bytes;      /* in blocks handed out, headers included */
    uint32_t given;           /* parigot_heap_more's own: 0 until it was called */
    uint64_t nonempty;        /* bit i: bins[i] has a block */
    uint32_t bins[HEAP_BINS]; /* first free block of each size class */
} Heap;

_Static_assert(sizeof(Heap) <= 256, "the linker keeps 256 bytes");

/* The allocator's functions do what the standard says of malloc, aligned_alloc (any power of two as
 * alignment), realloc and free. A pointer that is none of the heap's blocks in use is a trap. */
void *parigot_heap_alloc(Heap *, size_t size);
void *parigot_heap_alloc_aligned(Heap *, size_t align, size_t size);
void *parigot_heap_resize(Heap *, void *, size_t size);
void parigot_heap_free(Heap *, void *);

/* Where memory comes from: supplied by whoever uses the allocator (malloc.c, tests).
 * in:     bytes   the least that is of use
 * out:    [*start, *end), offsets from the heap; if *start is the end of the range before, the two become one
 * errors: false when there is no more; a range shorter than bytes may be followed by another call */
bool parigot_heap_more(Heap *, uint32_t bytes, uint32_t *start, uint32_t *end);
#endif
