/* spec_modules.c: validates many files in one process, for tests/spec_modules.py.
 *
 * Reads paths, one a line, from standard input; writes one line for each: "valid", or "invalid" and the texts of its
 * errors, tab-separated. Each module is validated a second time with a custom section behind it: bodies at the very end
 * of a file go another way through the validator (fast.c), and both ways must say the same. "differs" when they do not. */
#include "validator/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t trailer[] = {0, 30, 4, 't', 'e', 's', 't', 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0, 0,  0, 0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0};

static char *judge(const uint8_t *bytes, size_t size, const char *path, bool *format_error)
{
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    TextBuf t = {0};
    text_add(&t, val_module(&arena, bytes, size, path, NULL, &diags, &report) ? STR("valid") : STR("invalid"));
    *format_error = diags.n && diag_code_text(diags.items[0].code)[0] == 'W';
    for (size_t i = 0; i < diags.n; i++) text_printf(&t, "\t%s %s", diag_code_text(diags.items[i].code), diags.items[i].text);
    diag_free(&diags);
    arena_free(&arena);
    if (t.failed) abort();
    return t.ptr;
}

int main(void)
{
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        Diags diags = {0};
        FileBytes file;
        bool format_error, ignored;
        path[strcspn(path, "\n")] = 0;
        uint8_t *longer = file_read(path, 0, &diags, &file) ? malloc(file.size + sizeof trailer) : NULL;
        if (!longer) return 2;
        memcpy(longer, file.ptr, file.size);
        memcpy(longer + file.size, trailer, sizeof trailer);
        char *result = judge(file.ptr, file.size, path, &format_error);
        char *again = judge(longer, file.size + sizeof trailer, path, &ignored);
        puts(format_error || strcmp(result, again) == 0 ? result : "differs");
        free(result);
        free(again);
        free(longer);
        file_close(&file);
    }
    return 0;
}
