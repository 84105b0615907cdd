/* in_process.c: what a request's reset costs: bench-reset MODULE.wasm [ROUNDS].
 *
 * One round: so many pages are written, and the memory goes back to its image; what it costs the next round to write them
 * again is in it. The two ways of memory.c, and then the whole instance: an entry that writes, called in the interpreter,
 * and reset. The median of ROUNDS times 1000. */
#include "loader/interp.h"
#include "validator/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 1000, MOST_ROUNDS = 1000, PAGE = 4096, FIRST = 65536 };

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void fail(const char *what)
{
    fprintf(stderr, "bench-reset: %s\n", what);
    exit(1);
}

static double median(double *times, int n)
{
    qsort(times, (size_t)n, sizeof *times, by_value);
    return times[n / 2];
}

/* page 0 is the guard, up to FIRST is sealed. */
static double memory_reset(uint64_t size, int pages, bool copy, int rounds)
{
    LoadMemory m = {0};
    MemoryImage image;
    if (!memory_open(&m, size, size, false)) fail("no memory");
    for (uint64_t at = PAGE; at < size; at += PAGE) m.base[at] = 1;
    if (!memory_guard(&m, PAGE) || !memory_seal(&m, PAGE, FIRST) || !memory_image_take(&image, &m, true)) fail("no image");
    if (!copy && image.pagemap >= 0) {
        close(image.pagemap);
        image.pagemap = -1;
    }
    double times[MOST_ROUNDS];
    for (int r = -1; r < rounds; r++) {
        double start = now_us();
        for (int i = 0; i < BATCH; i++) {
            for (int p = 0; p < pages; p++) ((volatile uint8_t *)m.base)[FIRST + p * PAGE] = (uint8_t)(i + 2);
            if (!memory_restore(&m, &image)) fail("restore");
        }
        if (r >= 0) times[r] = (now_us() - start) / BATCH;
    }
    for (int p = 0; p < pages; p++)
        if (m.base[FIRST + p * PAGE] != 1) fail("not restored");
    memory_close(&m);
    memory_image_free(&image);
    return median(times, rounds);
}

static uint32_t find(const WasmModule *m, const char *name)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, str_of(name))) return m->exports[i].index;
    fail("no such export");
    return 0;
}

static double instance_reset(LoadInstance *instance, uint32_t func, int pages, bool reset, int rounds)
{
    double times[MOST_ROUNDS];
    LoadTrap trap;
    for (int r = -1; r < rounds; r++) {
        double start = now_us();
        for (int i = 0; i < BATCH; i++) {
            LoadSlot slot = (LoadSlot)pages;
            if (!load_interp.call(instance, func, &slot, &trap)) fail("trap");
            if (reset && !load_interp.reset(instance)) fail("reset");
        }
        if (r >= 0) times[r] = (now_us() - start) / BATCH;
    }
    return median(times, rounds);
}

int main(int argc, char **argv)
{
    static const int counts[] = {1, 4, 16, 64};
    int rounds = argc > 2 ? atoi(argv[2]) : 31;
    if (argc < 2 || rounds < 1 || rounds > MOST_ROUNDS) fail("usage: bench-reset MODULE.wasm [ROUNDS]");
    printf("%-34s", "us per round; pages written:");
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) printf("%8d", counts[i]);
    static const uint64_t sizes[] = {1 << 20, 16 << 20};
    for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
        for (int copy = 0; copy < 2; copy++) {
            printf("\nmemory of %2d MiB, %-16s", (int)(sizes[s] >> 20), copy ? "copied back" : "dropped");
            for (size_t i = 0; i < ARRAY_LEN(counts); i++)
                printf("%8.2f", memory_reset(sizes[s], counts[i], copy, rounds));
        }
    }

    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    FileBytes file;
    if (!file_read(argv[1], 0, &diags, &file)) fail("cannot read the module");
    ValOptions options = {.policy = val_builtin_policy(STR("none")), .features = load_interp.features};
    if (!val_module(&arena, file.ptr, file.size, argv[1], &options, &diags, &report)) fail("not valid");
    LoadModule *module = load_interp.compile(&report.module, &(LoadCompileOptions){0}, &diags);
    LoadInstance *first = module ? load_interp.instantiate(module, NULL, 0, NULL, NULL, &diags) : NULL;
    LoadTrap trap;
    if (!first || !load_interp.start(first, &trap)) fail("no instance");
    uint32_t func = find(&report.module, "dirty");
    printf("\n%-34s", "instance: call alone");
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) printf("%8.2f", instance_reset(first, func, counts[i], false, rounds));
    LoadImage *image = load_interp.take_image(first);
    LoadInstance *second = image ? load_interp.from_image(image, NULL) : NULL;
    if (!second) fail("no image");
    printf("\n%-34s", "instance: call and reset");
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) printf("%8.2f", instance_reset(second, func, counts[i], true, rounds));
    double start = now_us();
    for (int i = 0; i < BATCH; i++) {
        LoadInstance *one = load_interp.from_image(image, NULL);
        if (!one) fail("no instance");
        load_interp.destroy(one);
    }
    printf("\ninstance made from the image and destroyed: %.2f\n", (now_us() - start) / BATCH);
    load_interp.destroy(first);
    load_interp.destroy(second);
    load_interp.free_image(image);
    load_interp.free_module(module);
    arena_free(&arena);
    file_close(&file);
    diag_free(&diags);
    return 0;
}
