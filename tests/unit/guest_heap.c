/* Tests of the guest library's allocator, on the host: its control block stands in front of a range of memory that
 * grows in steps, as the memory of a module does. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "abi-stubs/lib/heap.h"
#include "tap.h"

enum { CONTROL = 256, MOST = 32 << 20, SLOTS = 2000 };

/* Memory as heap_more() gives it out: all in a row, or with holes that somebody else has taken. */
static _Alignas(4096) unsigned char memory[MOST];
static uint32_t step, hole, limit;
static Heap *heap;

bool parigot_heap_more(Heap *h, uint32_t bytes, uint32_t *start, uint32_t *end)
{
    uint32_t from = h->given ? h->given : CONTROL, n = ((bytes > step ? bytes : step) + 15) & ~15u;
    if (h->given) from += hole;
    if (n > limit || from > limit - n) return false;
    *start = from;
    *end = h->given = from + n;
    return true;
}

static void set_up(void)
{
    memset(memory, 0xa5, sizeof memory);
    heap = (Heap *)(void *)memory;
    memset(heap, 0, sizeof *heap);
    step = 65536;
    hole = 0;
    limit = MOST;
}

static uint64_t random_state = 0x2545f4914f6cdd1d;
static uint64_t below(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

static size_t random_size(void) { return below(10) ? below(200) : below(20) ? below(5000) : below(300000); }

/* What a program believes it owns. */
static struct { unsigned char *p, mark; size_t size; } slots[SLOTS];

static void fill(size_t i, unsigned char *p, size_t size)
{
    slots[i].p = p;
    slots[i].size = size;
    slots[i].mark = (unsigned char)below(256);
    if (size) memset(p, slots[i].mark, size);
}

static void check(size_t i, size_t size)
{
    size_t k = 0;
    while (k < size && slots[i].p[k] == slots[i].mark) k++;
    if (k < size) ck_abort_msg("block %zu of %zu bytes has changed at %zu", i, size, k);
}

/* Random work on many blocks; each holds what was written to it. In the end all is one block again. */
static void stress(unsigned rounds)
{
    memset(slots, 0, sizeof slots);
    for (unsigned n = 0; n < rounds; n++) {
        size_t i = below(SLOTS), size = random_size();
        if (!slots[i].p) {
            size_t align = (size_t)1 << below(13);
            void *p = below(4) ? parigot_heap_alloc(heap, size) : parigot_heap_alloc_aligned(heap, align, size);
            if (!p) continue;
            if ((uintptr_t)p % 16) ck_abort_msg("%p is not aligned", p);
            fill(i, p, size);
        } else if (below(3) == 0) {
            void *p = parigot_heap_resize(heap, slots[i].p, size);
            if (!p) {
                check(i, slots[i].size);
                continue;
            }
            slots[i].p = p;
            check(i, size < slots[i].size ? size : slots[i].size);
            fill(i, p, size);
        } else {
            check(i, slots[i].size);
            parigot_heap_free(heap, slots[i].p);
            slots[i].p = NULL;
        }
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (slots[i].p) check(i, slots[i].size);
        parigot_heap_free(heap, slots[i].p);
    }
    ck_assert_uint_eq(heap->used_bytes, 0);
}

START_TEST(random_work)
{
    stress(200000);
    uint32_t whole = heap->given - CONTROL - 64; /* everything has been merged: it can be had in one piece */
    limit = heap->given;
    ck_assert_ptr_nonnull(parigot_heap_alloc(heap, whole));
}
END_TEST

START_TEST(random_work_with_holes)
{
    hole = 65536;
    stress(100000);
}
END_TEST

START_TEST(random_work_near_the_limit)
{
    limit = 2 << 20;
    stress(100000);
    ck_assert_uint_le(heap->given, limit);
}
END_TEST

START_TEST(aligned)
{
    for (size_t align = 1; align <= 65536; align *= 2) {
        void *p = parigot_heap_alloc_aligned(heap, align, 100);
        ck_assert_uint_eq((uintptr_t)p % align, 0);
        memset(p, 1, 100);
    }
    ck_assert_ptr_null(parigot_heap_alloc_aligned(heap, 48, 100));
}
END_TEST

START_TEST(sizes_that_cannot_be)
{
    ck_assert_ptr_null(parigot_heap_alloc(heap, SIZE_MAX));
    ck_assert_ptr_null(parigot_heap_alloc(heap, SIZE_MAX - 15));
    ck_assert_ptr_null(parigot_heap_alloc(heap, UINT32_MAX));
    ck_assert_ptr_null(parigot_heap_alloc(heap, (size_t)UINT32_MAX + 1));
    ck_assert_ptr_null(parigot_heap_alloc(heap, MOST));
    void *p = parigot_heap_alloc(heap, 0), *q = parigot_heap_alloc(heap, 0);
    ck_assert(p && q && p != q);
    ck_assert_ptr_null(parigot_heap_resize(heap, p, SIZE_MAX));
    parigot_heap_free(heap, p);
    parigot_heap_free(heap, NULL);
}
END_TEST

/* A heap of many free blocks of the wrong size: a request looks at a few of them only, and still finds one in the end. */
START_TEST(last_resort)
{
    enum { N = 2000 };
    void *blocks[N], *fit = NULL;
    step = 0;
    for (size_t i = 0; i < N; i++) {
        blocks[i] = parigot_heap_alloc(heap, i == 3 ? 376 : 280);
        if (i == 3) fit = blocks[i];
        ck_assert_ptr_nonnull(parigot_heap_alloc(heap, 8)); /* keeps neighbours apart */
    }
    parigot_heap_free(heap, blocks[3]);
    for (size_t i = 0; i < N; i++)
        if (i != 3) parigot_heap_free(heap, blocks[i]);
    limit = heap->given;
    ck_assert_ptr_eq(parigot_heap_alloc(heap, 376), fit);
}
END_TEST

START_TEST(freed_twice)
{
    char *p = parigot_heap_alloc(heap, 100);
    parigot_heap_free(heap, p);
    parigot_heap_free(heap, p);
}
END_TEST

START_TEST(freed_twice_merged)
{
    char *a = parigot_heap_alloc(heap, 100), *b = parigot_heap_alloc(heap, 100);
    parigot_heap_free(heap, a);
    parigot_heap_free(heap, b);
    parigot_heap_free(heap, b);
}
END_TEST

START_TEST(freed_in_the_middle)
{
    char *p = parigot_heap_alloc(heap, 100);
    parigot_heap_free(heap, p + 4);
}
END_TEST

START_TEST(freed_elsewhere)
{
    static _Alignas(16) char elsewhere[64];
    ck_assert_ptr_nonnull(parigot_heap_alloc(heap, 100));
    parigot_heap_free(heap, elsewhere + 16);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guest heap");
    TCase *cases = tcase_create("heap");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, random_work);
    tcase_add_test(cases, random_work_with_holes);
    tcase_add_test(cases, random_work_near_the_limit);
    tcase_add_test(cases, aligned);
    tcase_add_test(cases, sizes_that_cannot_be);
    tcase_add_test(cases, last_resort);
    tcase_add_test_raise_signal(cases, freed_twice, SIGILL);
    tcase_add_test_raise_signal(cases, freed_twice_merged, SIGILL);
    tcase_add_test_raise_signal(cases, freed_in_the_middle, SIGILL);
    tcase_add_test_raise_signal(cases, freed_elsewhere, SIGILL);
    return run_tap(suite);
}
