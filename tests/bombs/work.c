/* work.c: the counters of work.h. Not itself compiled to count. */
#include "tests/bombs/work.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t steps;
static ptrdiff_t held, held_at_start, peak; /* below 0 when what others handed out is given back */

enum { BYTES_A_STEP = 8 };

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { steps++; }

void work_start(void)
{
    steps = 0;
    held_at_start = peak = held;
}

Work work_done(void) { return (Work){steps, (size_t)(peak - held_at_start)}; }

/* ---- bytes that the C library handles ---- */

static void bytes(size_t n) { steps += n / BYTES_A_STEP; }

#define WRAP(type, name, params) type __real_##name params; type __wrap_##name params; type __wrap_##name params

WRAP(void *, memcpy, (void *to, const void *from, size_t n)) { bytes(n); return __real_memcpy(to, from, n); }
WRAP(void *, memmove, (void *to, const void *from, size_t n)) { bytes(n); return __real_memmove(to, from, n); }
WRAP(void *, memset, (void *to, int byte, size_t n)) { bytes(n); return __real_memset(to, byte, n); }
WRAP(int, memcmp, (const void *a, const void *b, size_t n))
{
    size_t same = 0;
    while (same < n && ((const uint8_t *)a)[same] == ((const uint8_t *)b)[same]) same++;
    bytes(same);
    return __real_memcmp(a, b, n);
}
WRAP(void *, memchr, (const void *s, int byte, size_t n))
{
    void *found = __real_memchr(s, byte, n);
    bytes(found ? (size_t)((char *)found - (const char *)s) : n);
    return found;
}
WRAP(size_t, strlen, (const char *s)) { size_t n = __real_strlen(s); bytes(n); return n; }
WRAP(int, vsnprintf, (char *to, size_t n, const char *format, va_list args))
{
    int written = __real_vsnprintf(to, n, format, args);
    bytes(written > 0 ? (size_t)written : 0);
    return written;
}

/* ---- memory ---- */

static void more(size_t n)
{
    held += (ptrdiff_t)n;
    if (held > peak) peak = held;
}

WRAP(void *, malloc, (size_t n))
{
    void *p = __real_malloc(n);
    if (p) more(malloc_usable_size(p));
    return p;
}
WRAP(void *, calloc, (size_t n, size_t size))
{
    void *p = __real_calloc(n, size);
    if (p) more(malloc_usable_size(p));
    return p;
}
WRAP(void *, realloc, (void *old, size_t n))
{
    size_t was = old ? malloc_usable_size(old) : 0;
    void *p = __real_realloc(old, n);
    if (p || n == 0) held -= (ptrdiff_t)was;
    if (p) more(malloc_usable_size(p));
    return p;
}
void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
    if (p) held -= (ptrdiff_t)malloc_usable_size(p);
    __real_free(p);
}
WRAP(void *, mmap, (void *at, size_t n, int protection, int flags, int fd, off_t offset))
{
    void *p = __real_mmap(at, n, protection, flags, fd, offset);
    if (p != MAP_FAILED) more(n);
    return p;
}
WRAP(void *, mremap, (void *old, size_t was, size_t n, int flags))
{
    void *p = __real_mremap(old, was, n, flags);
    if (p != MAP_FAILED) {
        held -= (ptrdiff_t)was;
        more(n);
    }
    return p;
}
WRAP(int, munmap, (void *p, size_t n))
{
    held -= (ptrdiff_t)n;
    return __real_munmap(p, n);
}
