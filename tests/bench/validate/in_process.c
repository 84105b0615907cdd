/* in_process.c: what validating costs without process and file: each module is read into memory once and validated
 * many times by libparigot-validator in one thread, as bench.py has node do with WebAssembly.validate.
 *
 *     in_process POLICY ROUNDS FILE...      POLICY: strict, reset, audit or none
 *
 * Prints a line for each file: least milliseconds of CPU time, megabytes a second, bytes held, errors found. */
#include "validator/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double thread_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool measure(const char *path, const ValPolicy *policy, int rounds)
{
    Diags io = {0};
    FileBytes file;
    if (!file_read(path, 0, &io, &file)) {
        diag_free(&io);
        return false;
    }
    double least = 1e300;
    size_t errors = 0, held = 0;
    for (int i = 0; i < rounds; i++) {
        Arena arena = {0};
        Diags diags = {.limit = SIZE_MAX};
        ValOptions options = {.policy = policy};
        ValReport report;
        double start = thread_ms();
        (void)val_module(&arena, file.ptr, file.size, path, &options, &diags, &report);
        double ms = thread_ms() - start;
        if (ms < least) least = ms;
        errors = diags.errors;
        held = arena.used_bytes + report.scratch_bytes;
        diag_free(&diags);
        arena_free(&arena);
    }
    printf("%s %.3f ms %.0f MB/s %zu bytes held %zu errors\n", path, least, (double)file.size / 1e3 / least, held,
           errors);
    file_close(&file);
    diag_free(&io);
    return true;
}

int main(int argc, char **argv)
{
    const ValPolicy *policy = argc > 3 ? val_builtin_policy((Str){argv[1], strlen(argv[1])}) : NULL;
    int rounds = policy ? atoi(argv[2]) : 0;
    if (rounds < 1) {
        fputs("usage: in_process strict|reset|audit|none ROUNDS FILE...\n", stderr);
        return 2;
    }
    for (int i = 3; i < argc; i++)
        if (!measure(argv[i], policy, rounds)) {
            fprintf(stderr, "in_process: cannot read %s\n", argv[i]);
            return 2;
        }
    return 0;
}
