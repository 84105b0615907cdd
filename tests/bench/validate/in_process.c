/* in_process.c: what validating costs without process and file: each module is read into memory once and validated
 * many times by libparigot-validator in one thread, as bench.py has node do with WebAssembly.validate.
 *
 *     bench-validate POLICY ROUNDS FILE...      POLICY: strict, reset, audit or none
 *
 * Prints a line for each file: name, least milliseconds of wall time and of CPU time, bytes held, errors found. */
#include "validator/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

typedef struct Measured {
    double wall_ms, cpu_ms; /* least so far */
    size_t errors, bytes_held;
} Measured;

static void measure_once(const char *path, const FileBytes *file, const ValPolicy *policy, Measured *least)
{
    Arena arena = {0};
    Diags diags = {.limit = SIZE_MAX};
    ValReport report;
    double wall = now_ms(CLOCK_MONOTONIC), cpu = now_ms(CLOCK_THREAD_CPUTIME_ID);
    bool ok = val_module(&arena, file->ptr, file->size, path, &(ValOptions){.policy = policy}, &diags, &report);
    wall = now_ms(CLOCK_MONOTONIC) - wall;
    cpu = now_ms(CLOCK_THREAD_CPUTIME_ID) - cpu;
    if (wall < least->wall_ms) least->wall_ms = wall;
    if (cpu < least->cpu_ms) least->cpu_ms = cpu;
    least->errors = ok ? 0 : diags.errors;
    least->bytes_held = arena.used_bytes + report.scratch_bytes;
    diag_free(&diags);
    arena_free(&arena);
}

static bool measure(const char *path, const ValPolicy *policy, int rounds)
{
    Diags diags = {0};
    FileBytes file;
    bool ok = file_read(path, 0, &diags, &file);
    if (ok) {
        Measured m = {.wall_ms = 1e300, .cpu_ms = 1e300};
        for (int i = 0; i < rounds; i++) measure_once(path, &file, policy, &m);
        printf("%s %.3f %.3f ms %zu bytes held %zu errors\n", path, m.wall_ms, m.cpu_ms, m.bytes_held, m.errors);
        file_close(&file);
    }
    diag_free(&diags);
    return ok;
}

int main(int argc, char **argv)
{
    const ValPolicy *policy = argc > 3 ? val_builtin_policy((Str){argv[1], strlen(argv[1])}) : NULL;
    int rounds = policy ? atoi(argv[2]) : 0;
    if (rounds < 1) {
        fputs("usage: bench-validate strict|reset|audit|none ROUNDS FILE...\n", stderr);
        return 2;
    }
    for (int i = 3; i < argc; i++)
        if (!measure(argv[i], policy, rounds)) {
            fprintf(stderr, "bench-validate: cannot read %s\n", argv[i]);
            return 2;
        }
    return 0;
}
