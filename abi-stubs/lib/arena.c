/* arena.c: memory given back all at once, in chunks that double up to 64 KiB. */
#include <stdlib.h>
#include <string.h>
#include "runtime.h"

enum {
    FIRST_CHUNK = 1024 - sizeof(Chunk),
    LARGEST_CHUNK = 65536 - sizeof(Chunk),
    ALIGN = 16,
    MESSAGE_ROOM = 240
};

static size_t align_up(size_t n, size_t align) { return (n + align - 1) & ~(align - 1); }

static Chunk *new_chunk(size_t size)
{
    size_t bytes;
    if (__builtin_add_overflow(sizeof(Chunk), size, &bytes)) return NULL;
    Chunk *c = malloc(bytes);
    if (c) *c = (Chunk){.size = size};
    return c;
}

/* Room for size bytes in a chunk of their own or in a new first chunk. */
static Chunk *add_chunk(parigot_arena *a, size_t size)
{
    size_t usual = a->chunks ? a->chunks->size * 2 : FIRST_CHUNK;
    if (usual < FIRST_CHUNK) usual = FIRST_CHUNK;
    if (usual > LARGEST_CHUNK) usual = LARGEST_CHUNK;
    if (size <= usual / 4) {
        Chunk *c = new_chunk(usual);
        if (c) {
            c->next = a->chunks;
            return a->chunks = c;
        }
    }
    Chunk *c = new_chunk(size); /* large, or memory is short: the first chunk stays in use */
    if (!c) return NULL;
    if (!a->chunks) return a->chunks = c;
    c->next = a->chunks->next;
    return a->chunks->next = c;
}

void *parigot_arena_get(parigot_arena *a, size_t size)
{
    size_t align = size > 8 ? ALIGN : size > 4 ? 8 : size > 1 ? 4 : 1;
    Chunk *c = a->chunks;
    if (c) {
        size_t at = align_up(c->used, align);
        if (at <= c->size && size <= c->size - at) {
            c->used = at + size;
            return (char *)(c + 1) + at;
        }
    }
    c = add_chunk(a, size);
    if (!c) return NULL;
    c->used = size;
    return c + 1;
}

void *parigot_arena_grow(parigot_arena *a, void *p, size_t old, size_t size)
{
    Chunk *c = a->chunks;
    if (p && c && (char *)p + old == (char *)(c + 1) + c->used && size - old <= c->size - c->used) {
        c->used += size - old;
        return p;
    }
    void *copy = parigot_arena_get(a, size);
    if (copy && old) memcpy(copy, p, old);
    return copy;
}

void parigot_arena_free(parigot_arena *a)
{
    Chunk *c = a->chunks; /* the arena itself may lie in one of its chunks */
    while (c) {
        Chunk *next = c->next;
        free(c);
        c = next;
    }
}

void *parigot_message_buffer(size_t len)
{
    size_t size;
    if (__builtin_add_overflow(len, (size_t)MESSAGE_ROOM, &size)) return NULL;
    Chunk *c = new_chunk(size);
    if (!c) return NULL;
    c->used = len;
    return c + 1;
}

void parigot_message_arena(parigot_arena *a, void *p) { a->chunks = p ? (Chunk *)p - 1 : NULL; }
