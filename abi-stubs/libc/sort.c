/* sort.c: qsort as a heap sort: no recursion, no memory, n log n for every input. bsearch. */
#include <stdlib.h>
#include <string.h>

static void swap(char *a, char *b, size_t size)
{
    char tmp[64];
    for (size_t n; size > 0; size -= n, a += n, b += n) {
        n = size < sizeof tmp ? size : sizeof tmp;
        memcpy(tmp, a, n);
        memcpy(a, b, n);
        memcpy(b, tmp, n);
    }
}

typedef int Compare(const void *, const void *, void *);

/* Moves item i down to where no child is larger; the heap has count items. */
static void sift(char *items, size_t i, size_t count, size_t size, Compare *compare, void *arg)
{
    while (i < count / 2) {
        size_t child = 2 * i + 1;
        if (child + 1 < count && compare(items + child * size, items + (child + 1) * size, arg) < 0) child++;
        if (compare(items + i * size, items + child * size, arg) >= 0) return;
        swap(items + i * size, items + child * size, size);
        i = child;
    }
}

void qsort_r(void *base, size_t count, size_t size, Compare *compare, void *arg)
{
    char *items = base;
    for (size_t i = count / 2; i-- > 0;) sift(items, i, count, size, compare, arg);
    while (count > 1) {
        swap(items, items + --count * size, size);
        sift(items, 0, count, size, compare, arg);
    }
}

/* The function that qsort was given, as a thing that can be pointed to. */
typedef struct Plain {
    int (*compare)(const void *, const void *);
} Plain;

static int compare_plain(const void *a, const void *b, void *arg) { return ((Plain *)arg)->compare(a, b); }

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    Plain plain = {compare};
    qsort_r(base, count, size, compare_plain, &plain);
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *))
{
    const char *items = base;
    while (count > 0) {
        size_t mid = count / 2;
        const char *item = items + mid * size;
        int order = compare(key, item);
        if (order == 0) return (void *)(size_t)item;
        if (order > 0) {
            items = item + size;
            count -= mid + 1;
        } else {
            count = mid;
        }
    }
    return NULL;
}
