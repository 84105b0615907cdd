/* embed.c: a program that takes plug-ins asks libparigot-validator about each before it lets one in.
 *
 *     cc embed.c $(pkg-config --cflags --libs parigot-validator) -o embed
 *     embed POLICY FILE...         POLICY: strict, reset, audit, none, or a policy file
 *
 * Prints each finding and what was not proved; exit status 0 when all are let in, 1 when some are not, 2 for trouble. */
#include <validator/validator.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_BYTES = 64 << 20, MOST_MEMORY = 256 << 20 };

/* The whole file; NULL: it cannot be read, or is larger than any plug-in. The caller's to free. */
static uint8_t *read_plugin(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = f ? malloc(MOST_BYTES + 1) : NULL;
    *size = bytes ? fread(bytes, 1, MOST_BYTES + 1, f) : 0;
    if (!bytes || ferror(f) || *size > MOST_BYTES) {
        free(bytes);
        bytes = NULL;
    }
    if (f) fclose(f);
    return bytes;
}

static void show(const Diags *diags)
{
    for (size_t i = 0; i < diags->n; i++) {
        TextBuf line = {0};
        diag_format_gnu(&line, &diags->items[i], "embed"); /* escaped: names in a module may be anything */
        if (line.ptr) fputs(line.ptr, stdout);
        text_free(&line);
    }
}

static void show_verdicts(const char *path, const ValReport *report)
{
    int proved = 0;
    for (int rule = 0; rule < VAL_RULE_COUNT; rule++) {
        ValVerdict verdict = report->rules[rule].verdict;
        proved += verdict == VAL_PROVED;
        if (verdict == VAL_VIOLATED || verdict == VAL_NOT_PROVABLE)
            printf("%s: %s, %s: %s\n", path, val_rule_info[rule].code, val_rule_info[rule].name, val_verdict_text(verdict));
    }
    printf("%s: %u functions, %u imports, %d rules proved\n", path, report->module.n_funcs, report->module.n_imports, proved);
}

/* Everything that belongs to one module ends here. */
static bool let_in(const char *path, const uint8_t *bytes, size_t size, const ValPolicy *policy)
{
    Arena arena = {.limit_bytes = MOST_MEMORY};
    Diags diags = {.limit = 20};
    ValReport report;
    ValOptions options = {.policy = policy, .now = time(NULL)};
    bool ok = val_module(&arena, bytes, size, path, &options, &diags, &report);
    show(&diags);
    if (report.valid) show_verdicts(path, &report);
    printf("%s: %s\n", path, ok ? "let in" : "refused");
    diag_free(&diags);
    arena_free(&arena);
    return ok;
}

int main(int argc, char **argv)
{
    Arena arena = {0};
    Diags diags = {0};
    ValPolicy policy;
    int status = 0;
    if (argc < 3) {
        fputs("usage: embed POLICY FILE...\n", stderr);
        return 2;
    }
    if (!val_load_policy(&arena, argv[1], &diags, &policy)) {
        show(&diags);
        status = 2;
    }
    for (int i = 2; i < argc && status < 2; i++) {
        size_t size;
        uint8_t *bytes = read_plugin(argv[i], &size);
        if (!bytes) {
            fprintf(stderr, "embed: cannot read %s\n", argv[i]);
            status = 2;
        } else if (!let_in(argv[i], bytes, size, &policy)) {
            status = 1;
        }
        free(bytes);
    }
    diag_free(&diags);
    arena_free(&arena);
    return status;
}
