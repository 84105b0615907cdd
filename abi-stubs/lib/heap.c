/* heap.c: segregated free lists with boundary tags.
 *
 * Memory is a row of blocks: an 8-byte header, then what malloc's caller gets, aligned to 16. A block's size
 * is a multiple of 16 and includes the header. A free block keeps two links in its body, and its size in the
 * first word of the block after it, so that neighbours merge in constant time. Each segment ends with a
 * header of size 0 that counts as used.
 *
 * Free blocks hang in 56 lists: one for each size up to 256, above that two for each power of two. A request
 * looks at a few blocks of its own list, then takes from the next list that is not empty, where every block
 * is large enough: bounded time, whatever the program did before. */
#include "heap.h"

enum { USED = 1, BEFORE_USED = 2, FLAGS = 15, HEADER = 8, MIN_BLOCK = 16, TRIES = 16 };

typedef struct Block {
    uint32_t before; /* size of the block before this one; only when that is free */
    uint32_t size_flags;
    uint32_t next, prev; /* only when free: offsets, 0 = none */
} Block;

static Block *at(Heap *h, uint32_t offset) { return (Block *)((char *)h + offset); }
static uint32_t offset_of(Heap *h, const Block *b) { return (uint32_t)((const char *)b - (const char *)h); }
static uint32_t size_of(const Block *b) { return b->size_flags & ~(uint32_t)FLAGS; }
static Block *after(Block *b) { return (Block *)((char *)b + size_of(b)); }
static void *body(Block *b) { return (char *)b + HEADER; }

static uint32_t log2_floor(uint32_t n) { return 31 - (uint32_t)__builtin_clz(n); }

/* Which list holds free blocks of that size: every block of list i + 1 is larger than any of list i. */
static unsigned bin_of(uint32_t size)
{
    if (size <= 256) return size / 16 - 1;
    uint32_t log = log2_floor(size); /* 8 or more */
    uint32_t bin = 16 + (log - 8) * 2 + (size >> (log - 1) & 1);
    return bin < HEAP_BINS ? bin : HEAP_BINS - 1;
}

static void link_free(Heap *h, Block *b)
{
    unsigned bin = bin_of(size_of(b));
    b->prev = 0;
    b->next = h->bins[bin];
    if (b->next) at(h, b->next)->prev = offset_of(h, b);
    h->bins[bin] = offset_of(h, b);
    h->nonempty |= (uint64_t)1 << bin;
}

static void unlink_free(Heap *h, Block *b)
{
    unsigned bin = bin_of(size_of(b));
    if (b->next) at(h, b->next)->prev = b->prev;
    if (b->prev) at(h, b->prev)->next = b->next;
    else h->bins[bin] = b->next;
    if (!h->bins[bin]) h->nonempty &= ~((uint64_t)1 << bin);
}

/* b, whose header holds its size, becomes free: merges with free neighbours and goes into its list. */
static void release(Heap *h, Block *b)
{
    uint32_t size = size_of(b);
    Block *next = after(b);
    b->size_flags &= ~(uint32_t)USED; /* stays visible to free() in the middle of a merged block */
    if (!(next->size_flags & USED)) {
        unlink_free(h, next);
        size += size_of(next);
    }
    if (!(b->size_flags & BEFORE_USED)) {
        size += b->before;
        b = (Block *)((char *)b - b->before);
        unlink_free(h, b);
    }
    b->size_flags = size | (b->size_flags & BEFORE_USED);
    next = after(b);
    next->before = size;
    next->size_flags &= ~(uint32_t)BEFORE_USED;
    link_free(h, b);
}

/* The block in use keeps `size`; the rest, if it can be a block, becomes free. */
static void give_back_tail(Heap *h, Block *b, uint32_t size)
{
    uint32_t rest = size_of(b) - size;
    if (rest < MIN_BLOCK) return;
    b->size_flags = size | (b->size_flags & FLAGS);
    Block *tail = after(b);
    tail->size_flags = rest | USED | BEFORE_USED;
    release(h, tail);
}

static Block *first_fit(Heap *h, unsigned bin, uint32_t size, unsigned tries)
{
    for (uint32_t o = h->bins[bin]; o && tries > 0; o = at(h, o)->next, tries--)
        if (size_of(at(h, o)) >= size) return at(h, o);
    return NULL;
}

static Block *find(Heap *h, uint32_t size)
{
    unsigned bin = bin_of(size);
    /* The last list is open-ended; its blocks are over 100 MiB, so there are few. */
    Block *b = first_fit(h, bin, size, bin == HEAP_BINS - 1 ? UINT32_MAX : TRIES);
    if (b || bin == HEAP_BINS - 1) return b;
    uint64_t larger = h->nonempty >> (bin + 1);
    return larger ? at(h, h->bins[bin + 1 + (unsigned)__builtin_ctzll(larger)]) : NULL;
}

/* A range of fresh memory becomes a free block: part of the last segment, or a segment of its own. */
static void add_range(Heap *h, uint32_t start, uint32_t end)
{
    Block *b;
    end -= (uint32_t)(((uintptr_t)h + end) % HEAP_ALIGN);
    if (start == h->top && h->top) {
        b = at(h, start - HEADER); /* the old end mark */
    } else {
        start += (uint32_t)(-((uintptr_t)h + start + HEADER) % HEAP_ALIGN);
        if (end <= start || end - start < MIN_BLOCK + HEADER) return;
        b = at(h, start);
        b->size_flags = BEFORE_USED;
    }
    uint32_t size = end - HEADER - offset_of(h, b);
    b->size_flags = size | USED | (b->size_flags & BEFORE_USED);
    after(b)->size_flags = USED | BEFORE_USED;
    h->top = end;
    release(h, b);
}

/* The size of the block that holds `size` bytes, or 0 when there can be none. */
static uint32_t block_size(size_t size)
{
    if (size > UINT32_MAX / 2) return 0;
    uint32_t block = ((uint32_t)size + HEADER + HEAP_ALIGN - 1) & ~(uint32_t)(HEAP_ALIGN - 1);
    return block < MIN_BLOCK ? MIN_BLOCK : block;
}

static Block *take(Heap *h, uint32_t size)
{
    Block *b = find(h, size);
    while (!b) {
        uint32_t start, end;
        if (!parigot_heap_more(h, size + HEADER + HEAP_ALIGN, &start, &end)) {
            b = first_fit(h, bin_of(size), size, UINT32_MAX);
            if (!b) return NULL;
            break;
        }
        add_range(h, start, end);
        b = find(h, size);
    }
    unlink_free(h, b);
    b->size_flags |= USED;
    after(b)->size_flags |= BEFORE_USED;
    give_back_tail(h, b, size);
    h->used_bytes += size_of(b);
    return b;
}

void *parigot_heap_alloc(Heap *h, size_t size)
{
    uint32_t need = block_size(size);
    Block *b = need ? take(h, need) : NULL;
    return b ? body(b) : NULL;
}

void *parigot_heap_alloc_aligned(Heap *h, size_t align, size_t size)
{
    if (align <= HEAP_ALIGN) return parigot_heap_alloc(h, size);
    uint32_t need = block_size(size);
    if (!need || align > UINT32_MAX / 4 || (align & (align - 1))) return NULL;
    Block *b = take(h, need + (uint32_t)align);
    if (!b) return NULL;
    /* Where the aligned body starts; both addresses are multiples of 16, so what is cut off is a block or
     * nothing. */
    uint32_t cut = (uint32_t)(-(uintptr_t)body(b) & (align - 1));
    h->used_bytes -= size_of(b);
    if (cut) {
        Block *front = b;
        b = (Block *)((char *)b + cut);
        b->size_flags = (size_of(front) - cut) | USED | BEFORE_USED;
        front->size_flags = cut | USED | (front->size_flags & BEFORE_USED);
        release(h, front);
    }
    give_back_tail(h, b, need);
    h->used_bytes += size_of(b);
    return body(b);
}

/* The block of a pointer that malloc gave out; anything else is a bug that must not go on. */
static Block *block_of(Heap *h, void *p)
{
    Block *b = (Block *)((char *)p - HEADER);
    if ((uintptr_t)p % HEAP_ALIGN || (uintptr_t)b < (uintptr_t)h || offset_of(h, b) >= h->top ||
        !(b->size_flags & USED) || size_of(b) < MIN_BLOCK)
        __builtin_trap();
    return b;
}

void parigot_heap_free(Heap *h, void *p)
{
    if (!p) return;
    Block *b = block_of(h, p);
    h->used_bytes -= size_of(b);
    release(h, b);
}

void *parigot_heap_resize(Heap *h, void *p, size_t size)
{
    if (!p) return parigot_heap_alloc(h, size);
    Block *b = block_of(h, p);
    uint32_t need = block_size(size), old = size_of(b);
    if (!need) return NULL;
    Block *next = after(b);
    if (need > old && !(next->size_flags & USED) && size_of(next) >= need - old) {
        unlink_free(h, next);
        b->size_flags += size_of(next);
        after(b)->size_flags |= BEFORE_USED;
    }
    if (need <= size_of(b)) {
        give_back_tail(h, b, need);
        h->used_bytes += size_of(b) - old;
        return p;
    }
    Block *copy = take(h, need);
    if (!copy) return NULL;
    __builtin_memcpy(body(copy), p, old - HEADER);
    parigot_heap_free(h, p);
    return body(copy);
}
