/* malloc.c: malloc and its kin, and parigot_alloc, the entry by which the kernel gets memory for a message.
 * The only object that refers to the control block, which the linker puts at __heap_base. */
#include <parigot/generated.h>
#include <stdlib.h>
#include <string.h>
#include "heap.h"
#include "runtime.h"

enum { PAGE = 65536, CONTROL_BYTES = 256, MAX_STEP_PAGES = 16 };

extern unsigned char __parigot_heap_control[CONTROL_BYTES];

static Heap *heap(void) { return (Heap *)(void *)__parigot_heap_control; }

bool parigot_heap_more(Heap *h, uint32_t bytes, uint32_t *start, uint32_t *end)
{
    uint32_t base = (uint32_t)(uintptr_t)h, pages = (uint32_t)__builtin_wasm_memory_size(0);
    if (!h->given) { /* what the module has from the start */
        h->given = 1;
        *start = CONTROL_BYTES;
        *end = (pages < 65536 ? pages * PAGE : UINT32_MAX - HEAP_ALIGN + 1) - base;
        return true;
    }
    uint32_t need = bytes / PAGE + 1, step = pages / 8;
    if (step > MAX_STEP_PAGES) step = MAX_STEP_PAGES;
    size_t old = need < step ? __builtin_wasm_memory_grow(0, step) : SIZE_MAX;
    if (old != SIZE_MAX) need = step;
    else old = __builtin_wasm_memory_grow(0, need);
    if (old == SIZE_MAX) return false;
    *start = (uint32_t)old * PAGE - base;
    /* The last page of 4 GiB ends where addresses wrap to 0: 16 bytes of it stay unused. */
    uint32_t last = (uint32_t)old + need;
    *end = (last < 65536 ? last * PAGE : UINT32_MAX - HEAP_ALIGN + 1) - base;
    return true;
}

void *malloc(size_t size) { return parigot_heap_alloc(heap(), size); }
void free(void *p) { parigot_heap_free(heap(), p); }
void *realloc(void *p, size_t size) { return parigot_heap_resize(heap(), p, size); }
void *aligned_alloc(size_t align, size_t size) { return parigot_heap_alloc_aligned(heap(), align, size); }

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *p = malloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

void *reallocarray(void *p, size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : realloc(p, bytes);
}

PARIGOT_EXPORT("parigot_alloc") void *parigot_alloc(size_t len);
void *parigot_alloc(size_t len) { return parigot_message_buffer(len); }
