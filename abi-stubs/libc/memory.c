/* memory.c: mem* of string.h. Copying and filling are single instructions of WebAssembly (bulk memory). */
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n) { return __builtin_memcpy(to, from, n); }
void *memmove(void *to, const void *from, size_t n) { return __builtin_memmove(to, from, n); }
void *memset(void *p, int byte, size_t n) { return __builtin_memset(p, byte, n); }
void *mempcpy(void *restrict to, const void *restrict from, size_t n)
{
    return (char *)memcpy(to, from, n) + n;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (; n >= 8; n -= 8, x += 8, y += 8) { /* to the first eight bytes that differ */
        uint64_t p, q;
        __builtin_memcpy(&p, x, 8);
        __builtin_memcpy(&q, y, 8);
        if (p != q) break;
    }
    for (; n > 0; n--, x++, y++)
        if (*x != *y) return *x < *y ? -1 : 1;
    return 0;
}

void *memchr(const void *p, int byte, size_t n)
{
    const unsigned char *s = p;
    for (; n > 0; n--, s++)
        if (*s == (unsigned char)byte) return (void *)(uintptr_t)s;
    return NULL;
}

void *memrchr(const void *p, int byte, size_t n)
{
    const unsigned char *s = p;
    while (n-- > 0)
        if (s[n] == (unsigned char)byte) return (void *)(uintptr_t)(s + n);
    return NULL;
}

void *memccpy(void *restrict to, const void *restrict from, int byte, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    for (; n > 0; n--)
        if ((*t++ = *f++) == (unsigned char)byte) return t;
    return NULL;
}
