/* spec_modules.c: validates many files in one process, for tests/spec_modules.py.
 *
 * Reads paths, one a line, from standard input; writes one line for each: "valid", or "invalid" and the texts of its
 * errors, tab-separated. */
#include "validator/validator.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        Arena arena = {0};
        Diags diags = {0};
        FileBytes file;
        ValReport report;
        bool ok = file_read(path, 0, &diags, &file) && val_module(&arena, file.ptr, file.size, path, NULL, &diags, &report);
        printf("%s", ok ? "valid" : "invalid");
        for (size_t i = 0; i < diags.n; i++) printf("\t%s %s", diag_code_text(diags.items[i].code), diags.items[i].text);
        printf("\n");
        file_close(&file);
        diag_free(&diags);
        arena_free(&arena);
    }
    return 0;
}
