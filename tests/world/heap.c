/* The allocator on a memory that grows to its maximum and is then full; and what out of memory means.
 * NEED: node
 * RUN: %d/tools/make.sh %s --max-memory=1048576
 * EXIT: 8
 * OUT: [main] all good
 * NOT: heap.c:
 * RUN: %d/tools/run.sh %s --max-memory=1048576
 * EXIT: 8
 * OUT: main: all good
 * NOT: heap.c:
 */
#include "work.h"

static void fill_up(void)
{
    enum { SIZE = 30000 };
    struct Link {
        struct Link *next;
        unsigned char body[SIZE];
    } *all = NULL;
    size_t n = 0;
    for (struct Link *l; (l = malloc(sizeof *l)); all = l, n++) {
        CHECK((uintptr_t)l % 16 == 0);
        memset(l->body, (int)n, SIZE);
        l->next = all;
    }
    CHECK(n >= 28 && n < 35);
    CHECK(__builtin_wasm_memory_size(0) == 16);
    while (all) {
        struct Link *next = all->next;
        CHECK(all->body[0] == (unsigned char)(n - 1) && all->body[SIZE - 1] == (unsigned char)(n - 1));
        free(all);
        all = next;
        n--;
    }
    CHECK(n == 0);
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    for (int i = 0; i < 3; i++) fill_up();
    char *large = malloc(800000);
    CHECK(large);
    large = realloc(large, 900000);
    CHECK(large && !malloc(200000));
    free(large);
    char *zero = calloc(1000, 100);
    for (size_t i = 0; zero && i < 100000; i++)
        if (zero[i]) CHECK(!"calloc is zero");
    free(zero);
    CHECK(!calloc(65536, 65537) && !malloc(SIZE_MAX) && !reallocarray(NULL, 1 << 20, 1 << 20));
    void *aligned = aligned_alloc(4096, 100);
    CHECK(aligned && (uintptr_t)aligned % 4096 == 0);
    free(aligned);
    free(NULL);
    parigot_log("all good");
    parigot_new(1 << 20); /* ends the program */
    parigot_log("went on");
    return NULL;
}
