/* string.c: str* of string.h, and strings.h. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

size_t strlen(const char *s)
{
    const char *p = s;
    while (*p) p++;
    return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t most)
{
    size_t n = 0;
    while (n < most && s[n]) n++;
    return n;
}

char *stpcpy(char *restrict to, const char *restrict from)
{
    while ((*to = *from++)) to++;
    return to;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    stpcpy(to, from);
    return to;
}

char *stpncpy(char *restrict to, const char *restrict from, size_t n)
{
    size_t len = strnlen(from, n);
    memcpy(to, from, len);
    memset(to + len, 0, n - len);
    return to + len;
}

char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
    stpncpy(to, from, n);
    return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
    stpcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t n)
{
    size_t len = strnlen(from, n);
    char *end = to + strlen(to);
    memcpy(end, from, len);
    end[len] = 0;
    return to;
}

size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
    size_t len = strlen(from);
    if (size) {
        size_t n = len < size ? len : size - 1;
        memcpy(to, from, n);
        to[n] = 0;
    }
    return len;
}

size_t strlcat(char *restrict to, const char *restrict from, size_t size)
{
    size_t len = strnlen(to, size);
    return len + strlcpy(to + len, from, size - len);
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    while (n > 0 && *a && *a == *b) {
        n--;
        a++;
        b++;
    }
    return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

int strcoll(const char *a, const char *b) { return strcmp(a, b); }
size_t strxfrm(char *restrict to, const char *restrict from, size_t n) { return strlcpy(to, from, n); }

int strncasecmp(const char *a, const char *b, size_t n)
{
    while (n > 0 && *a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        n--;
        a++;
        b++;
    }
    return n ? tolower((unsigned char)*a) - tolower((unsigned char)*b) : 0;
}

int strcasecmp(const char *a, const char *b) { return strncasecmp(a, b, SIZE_MAX); }
int ffs(int n) { return __builtin_ffs(n); }

char *strchrnul(const char *s, int c)
{
    while (*s && *s != (char)c) s++;
    return (char *)(uintptr_t)s;
}

char *strchr(const char *s, int c)
{
    char *p = strchrnul(s, c);
    return *p == (char)c ? p : NULL;
}

char *strrchr(const char *s, int c) { return memrchr(s, c, strlen(s) + 1); }

/* A set of bytes, as bits. */
typedef struct Set {
    uint32_t bits[8];
} Set;

static Set set_of(const char *members)
{
    Set set = {{0}};
    for (const unsigned char *p = (const unsigned char *)members; *p; p++) set.bits[*p / 32] |= 1u << *p % 32;
    return set;
}

static int has(const Set *set, char c)
{
    return set->bits[(unsigned char)c / 32] >> (unsigned char)c % 32 & 1;
}

size_t strspn(const char *s, const char *members)
{
    Set set = set_of(members);
    size_t n = 0;
    while (s[n] && has(&set, s[n])) n++;
    return n;
}

size_t strcspn(const char *s, const char *members)
{
    Set set = set_of(members);
    size_t n = 0;
    while (s[n] && !has(&set, s[n])) n++;
    return n;
}

char *strpbrk(const char *s, const char *members)
{
    s += strcspn(s, members);
    return *s ? (char *)(uintptr_t)s : NULL;
}

char *strsep(char **s, const char *separators)
{
    char *part = *s;
    if (!part) return NULL;
    char *end = part + strcspn(part, separators);
    *s = *end ? end + 1 : NULL;
    *end = 0;
    return part;
}

char *strtok_r(char *restrict s, const char *restrict separators, char **restrict rest)
{
    if (!s) s = *rest;
    s += strspn(s, separators);
    char *end = s + strcspn(s, separators);
    *rest = *end ? end + 1 : end;
    *end = 0;
    return end > s ? s : NULL;
}
