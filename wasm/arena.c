/* arena.c: memory that belongs to a context and is freed as a whole; and strings that somebody else owns.
 *
 * What does not fit in the current chunk starts a new one, of twice the size up to CHUNK_BYTES: a chunk is cleared, and
 * a context that needs little touches little. Requests larger than a quarter of CHUNK_BYTES get a chunk of their own
 * behind the current one, so that the room left in that is not lost, and so that an array of that size can grow where it
 * is. Very large ones are mapped: growing them moves page tables, not bytes, and what is never touched costs nothing. */
#include "wasm/wasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

enum { FIRST_CHUNK = 2 * 1024, CHUNK_BYTES = 64 * 1024, OWN_CHUNK = CHUNK_BYTES / 4, MAPPED_CHUNK = 64 * 1024, ALIGN = 16 };

/* Under AddressSanitizer each allocation is a malloc of its own, of the size that was asked for: a step beyond one array
 * into the next, which a shared chunk would hide, is then seen. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { ONE_CHUNK_EACH = 1 };
#else
enum { ONE_CHUNK_EACH = 0 };
#endif

struct ArenaChunk {
    ArenaChunk *next, *previous;
    size_t size, used; /* bytes behind this header; mapped when size >= MAPPED_CHUNK */
};
_Static_assert(sizeof(ArenaChunk) <= 2 * ALIGN, "header fits");
enum { HEADER = 2 * ALIGN };

static void *out_of_memory(Arena *a)
{
    if (a->on_oom) {
        a->on_oom(a->oom_ctx);
        abort(); /* it must not return */
    }
    return NULL;
}

static bool is_mapped(size_t size) { return !ONE_CHUNK_EACH && size >= MAPPED_CHUNK; }

static bool within_limit(const Arena *a, size_t more)
{
    return !a->limit_bytes || (a->used_bytes <= a->limit_bytes && more <= a->limit_bytes - a->used_bytes);
}

static ArenaChunk *new_chunk(Arena *a, size_t size)
{
    if (size > SIZE_MAX / 2 || !within_limit(a, HEADER + size)) return NULL;
    ArenaChunk *c;
    if (is_mapped(size)) {
        c = mmap(NULL, HEADER + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (c == MAP_FAILED) return NULL;
    } else if (!(c = calloc(1, HEADER + size))) return NULL;
    c->size = size;
    a->used_bytes += HEADER + size;
    return c;
}

static void free_chunk(ArenaChunk *c)
{
    if (is_mapped(c->size)) munmap(c, HEADER + c->size);
    else free(c);
}

static void link_chunk(ArenaChunk *c, ArenaChunk **at, ArenaChunk *previous)
{
    c->previous = previous;
    c->next = *at;
    if (c->next) c->next->previous = c;
    *at = c;
}

/* The size of the next shared chunk, which must hold at least `least` bytes. */
static size_t next_chunk(const Arena *a, size_t least)
{
    size_t bytes = FIRST_CHUNK;
    while (bytes < CHUNK_BYTES && (bytes <= a->used_bytes || bytes - HEADER < least)) bytes *= 2;
    return bytes - HEADER;
}

void *arena_alloc(Arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGN) return out_of_memory(a);
    if (!ONE_CHUNK_EACH) size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (size == 0) size = ALIGN;

    ArenaChunk *c = a->head;
    bool own = ONE_CHUNK_EACH || size > OWN_CHUNK;
    if (own || !c || size > c->size - c->used) {
        ArenaChunk *fresh = new_chunk(a, own ? size : next_chunk(a, size));
        if (!fresh) return out_of_memory(a);
        if (own && c) link_chunk(fresh, &c->next, c);
        else link_chunk(fresh, &a->head, NULL);
        c = fresh;
    }
    void *p = (uint8_t *)c + HEADER + c->used;
    c->used += size;
    return p;
}

void *arena_array(Arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) return out_of_memory(a);
    return arena_alloc(a, bytes);
}

char *arena_strndup(Arena *a, const char *s, size_t len)
{
    if (len == SIZE_MAX) return out_of_memory(a);
    char *p = arena_alloc(a, len + 1);
    if (p && len) memcpy(p, s, len);
    return p;
}

char *arena_vprintf(Arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *p = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
    if (p) vsnprintf(p, (size_t)len + 1, format, args);
    return p;
}

char *arena_printf(Arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *p = arena_vprintf(a, format, args);
    va_end(args);
    return p;
}

/* A chunk that one array has for itself, made larger; NULL: it is as it was. */
static ArenaChunk *grow_chunk(Arena *a, ArenaChunk *c, size_t size)
{
    size_t was = c->size;
    if (!is_mapped(was) || size > SIZE_MAX / 2 || !within_limit(a, size - was)) return NULL;
    ArenaChunk *grown = mremap(c, HEADER + was, HEADER + size, MREMAP_MAYMOVE);
    if (grown == MAP_FAILED) return NULL;
    grown->size = grown->used = size;
    *(grown->previous ? &grown->previous->next : &a->head) = grown;
    if (grown->next) grown->next->previous = grown;
    a->used_bytes += size - was;
    return grown;
}

static void drop_chunk(Arena *a, ArenaChunk *c)
{
    *(c->previous ? &c->previous->next : &a->head) = c->next;
    if (c->next) c->next->previous = c->previous;
    a->used_bytes -= HEADER + c->size;
    free_chunk(c);
}

void *arena_grow(Arena *a, void *items, size_t n, size_t *cap, size_t item_size)
{
    if (n < *cap) return items;
    size_t more = *cap ? *cap : 8, was = *cap * item_size, bytes;
    if (more > SIZE_MAX / 2 || __builtin_mul_overflow(more * 2, item_size, &bytes)) return out_of_memory(a);
    ArenaChunk *own = was > OWN_CHUNK || (ONE_CHUNK_EACH && items) ? (ArenaChunk *)((uint8_t *)items - HEADER) : NULL;
    ArenaChunk *grown = own ? grow_chunk(a, own, bytes) : NULL;
    void *p = grown ? (uint8_t *)grown + HEADER : arena_alloc(a, bytes);
    if (!p) return NULL;
    if (!grown && n) memcpy(p, items, n * item_size);
    if (!grown && own) drop_chunk(a, own);
    *cap = more * 2;
    return p;
}

void arena_free(Arena *a)
{
    for (ArenaChunk *c = a->head, *next; c; c = next) {
        next = c->next;
        free_chunk(c);
    }
    a->head = NULL;
    a->used_bytes = 0;
}

/* ---- strings ---- */

Str str_of(const char *s) { return s ? (Str){s, strlen(s)} : (Str){0}; }

bool str_eq(Str a, Str b) { return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0); }

int str_cmp(Str a, Str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool str_has_prefix(Str s, Str prefix) { return s.len >= prefix.len && str_eq((Str){s.ptr, prefix.len}, prefix); }

bool str_has_suffix(Str s, Str suffix)
{
    return s.len >= suffix.len && str_eq((Str){s.ptr + (s.len - suffix.len), suffix.len}, suffix);
}

/* One code point at s[0..left): its length in bytes, or 0 when it is not well-formed (Unicode 15, table 3-7). */
static size_t utf8_length(const uint8_t *s, size_t left, uint32_t *code_point)
{
    uint8_t b = s[0];
    if (b < 0x80) {
        *code_point = b;
        return 1;
    }
    size_t n = b >= 0xc2 && b <= 0xdf ? 2 : b >= 0xe0 && b <= 0xef ? 3 : b >= 0xf0 && b <= 0xf4 ? 4 : 0;
    if (n == 0 || left < n) return 0;
    uint32_t c = b & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 0;
    *code_point = c;
    return n;
}

size_t str_distance(Str a, Str b)
{
    enum { LONGEST = 31 };
    size_t row[LONGEST + 1];
    if (a.len > LONGEST || b.len > LONGEST) return LONGEST;
    for (size_t j = 0; j <= b.len; j++) row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b.len];
}

bool str_is_utf8(Str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        uint64_t eight; /* nearly all names are ASCII */
        if (s.len - i >= sizeof eight && (memcpy(&eight, p + i, sizeof eight), !(eight & UINT64_C(0x8080808080808080)))) {
            i += sizeof eight;
            continue;
        }
        uint32_t c;
        size_t n = utf8_length(p + i, s.len - i, &c);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

/* Characters that a reader cannot see, or that change how he sees the rest of the line (Unicode 15, Default_Ignorable_Code_Point,
 * Bidi_Control). */
static bool is_unsafe(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } rows[] = {{0, 0x1f}, {0x7f, 0x9f},                       /* controls */
                {0x061c, 0x061c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x206f}, /* directions */
                {0x2028, 0x2029},                              /* ends of lines and paragraphs */
                {0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200d},
                {0x2060, 0x2065}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff9, 0xfffb},
                {0xe0000, 0xe0fff}};                           /* not seen at all: two names that differ by one look the same */
    if (c >= 0x20 && c < 0x7f) return false;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (c >= rows[i].first && c <= rows[i].last) return true;
    return false;
}

/* "##[" and "##vso[" begin a command to a CI system that reads the log: is this the second # of one? */
static bool begins_command(Str s, size_t i)
{
    if (i == 0 || s.ptr[i] != '#' || s.ptr[i - 1] != '#') return false;
    const char *rest = s.ptr + i + 1;
    size_t left = s.len - i - 1;
    return (left >= 1 && rest[0] == '[') || (left >= 4 && strncasecmp(rest, "vso[", 4) == 0);
}

const char *diag_escape(Arena *a, Str s)
{
    if (s.len > SIZE_MAX / 4 - 1) return out_of_memory(a);
    char *out = arena_alloc(a, s.len * 4 + 1);
    if (!out) return NULL;
    char *o = out;
    const uint8_t *p = (const uint8_t *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        uint32_t c = 0;
        size_t n = utf8_length(p + i, s.len - i, &c);
        if (n && !is_unsafe(c) && !begins_command(s, i)) {
            memcpy(o, p + i, n);
            o += n;
            i += n;
            continue;
        }
        for (size_t bad = n ? n : 1; bad; bad--) o += sprintf(o, "\\x%02x", p[i++]);
    }
    *o = 0;
    return out;
}

/* ---- texts to print ---- */

static bool text_room(TextBuf *t, size_t more)
{
    if (t->failed || more >= SIZE_MAX / 2 - t->len) {
        t->failed = true;
        return false;
    }
    if (t->len + more + 1 <= t->cap) return true;
    size_t cap = t->cap ? t->cap : 256;
    while (cap < t->len + more + 1) cap *= 2;
    char *p = realloc(t->ptr, cap);
    if (!p) {
        t->failed = true;
        return false;
    }
    t->ptr = p;
    t->cap = cap;
    return true;
}

void text_add(TextBuf *t, Str s)
{
    if (!text_room(t, s.len)) return;
    if (s.len) memcpy(t->ptr + t->len, s.ptr, s.len);
    t->len += s.len;
    t->ptr[t->len] = 0;
}

void text_printf(TextBuf *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0) t->failed = true;
    else if (text_room(t, (size_t)n)) {
        vsnprintf(t->ptr + t->len, (size_t)n + 1, format, args);
        t->len += (size_t)n;
    }
    va_end(args);
}

void text_add_escaped(TextBuf *t, Str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;
    size_t safe = 0; /* from here to i nothing needs to be escaped */
    for (size_t i = 0; i < s.len;) {
        uint32_t c = 0;
        size_t n = utf8_length(p + i, s.len - i, &c);
        if (n && !is_unsafe(c) && !begins_command(s, i)) {
            i += n;
            continue;
        }
        text_add(t, (Str){s.ptr + safe, i - safe});
        for (size_t bad = n ? n : 1; bad; bad--) text_printf(t, "\\x%02x", p[i++]);
        safe = i;
    }
    if (s.len > safe) text_add(t, (Str){s.ptr + safe, s.len - safe});
}

void text_add_json(TextBuf *t, Str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;
    size_t plain = 0; /* from here to i all stands as it is */
    text_add(t, STR("\""));
    for (size_t i = 0; i < s.len;) {
        uint32_t c = 0;
        size_t n = utf8_length(p + i, s.len - i, &c);
        if (n && c != '"' && c != '\\' && !is_unsafe(c) && !begins_command(s, i)) {
            i += n;
            continue;
        }
        text_add(t, (Str){s.ptr + plain, i - plain});
        if (n == 0) text_add(t, STR("\xef\xbf\xbd"));
        else if (c > 0xffff && is_unsafe(c)) text_printf(t, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
        else if (is_unsafe(c) || c == '#') text_printf(t, "\\u%04x", c);
        else text_printf(t, "\\%c", (char)c);
        i += n ? n : 1;
        plain = i;
    }
    if (s.len > plain) text_add(t, (Str){s.ptr + plain, s.len - plain});
    text_add(t, STR("\""));
}

void text_free(TextBuf *t)
{
    free(t->ptr);
    *t = (TextBuf){0};
}
