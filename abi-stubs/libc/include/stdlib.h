/* stdlib.h of the guest library: what needs no state but the heap. There is no errno: strtol and strtod tell a
 * range error by their result alone. No rand, no environment, no atexit. */
#ifndef PARIGOT_LIBC_STDLIB_H
#define PARIGOT_LIBC_STDLIB_H
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

void *malloc(size_t size); /* aligned to 16; size 0 gives a pointer too */
void *calloc(size_t count, size_t size);
void *realloc(void *p, size_t size);
void *reallocarray(void *p, size_t count, size_t size);
void *aligned_alloc(size_t align, size_t size);
void free(void *p); /* traps when p is not a block in use */

_Noreturn void abort(void);    /* a trap */
_Noreturn void exit(int code); /* parigot_exit */
_Noreturn void _Exit(int code);

int atoi(const char *s);
long atol(const char *s);
long long atoll(const char *s);
double atof(const char *s);
long strtol(const char *__restrict s, char **__restrict end, int base);
unsigned long strtoul(const char *__restrict s, char **__restrict end, int base);
long long strtoll(const char *__restrict s, char **__restrict end, int base);
unsigned long long strtoull(const char *__restrict s, char **__restrict end, int base);
double strtod(const char *__restrict s, char **__restrict end); /* correctly rounded */
float strtof(const char *__restrict s, char **__restrict end);

void qsort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *));
void qsort_r(void *items, size_t count, size_t size, int (*compare)(const void *, const void *, void *),
             void *arg);
void *bsearch(const void *key, const void *items, size_t count, size_t size,
              int (*compare)(const void *, const void *));

int abs(int n);
long labs(long n);
long long llabs(long long n);
typedef struct { int quot, rem; } div_t;
typedef struct { long quot, rem; } ldiv_t;
typedef struct { long long quot, rem; } lldiv_t;
div_t div(int n, int by);
ldiv_t ldiv(long n, long by);
lldiv_t lldiv(long long n, long long by);

#ifdef __cplusplus
}
#endif
#endif
