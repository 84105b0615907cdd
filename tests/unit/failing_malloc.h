/* failing_malloc.h: the test decides which allocation fails. For programs that are linked with `failing_malloc` of meson.build. */
#ifndef PARIGOT_TESTS_FAILING_MALLOC_H
#define PARIGOT_TESTS_FAILING_MALLOC_H
#include <stdbool.h>
#include <stddef.h>

static long fail_at = -1; /* so many succeed, then one does not; -1 from then on: none fails */
static bool out_of_memory(void) { return fail_at >= 0 && fail_at-- == 0; }

void *__real_malloc(size_t), *__real_calloc(size_t, size_t), *__real_realloc(void *, size_t), *__real_aligned_alloc(size_t, size_t);
void *__wrap_malloc(size_t), *__wrap_calloc(size_t, size_t), *__wrap_realloc(void *, size_t), *__wrap_aligned_alloc(size_t, size_t);
void *__wrap_malloc(size_t n) { return out_of_memory() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t m) { return out_of_memory() ? NULL : __real_calloc(n, m); }
void *__wrap_realloc(void *p, size_t n) { return out_of_memory() ? NULL : __real_realloc(p, n); }
void *__wrap_aligned_alloc(size_t a, size_t n) { return out_of_memory() ? NULL : __real_aligned_alloc(a, n); }

#endif
