/* Fuzz target: a baseline. What is accepted has sane entries, sorted, each once; what is refused says why, and not without end. */
#include "validator/baseline.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Diags diags = {0}, found = {0};
    Baseline b = {0};
    bool ok = baseline_parse(&arena, (Str){(const char *)data, size}, "fuzz", &diags, &b);
    if (ok != (diags.errors == 0) || diags.n > 21) abort();
    for (size_t i = 0; ok && i < b.n; i++) {
        if (b.items[i].count == 0 || b.items[i].left != b.items[i].count || b.items[i].rule >= VAL_RULE_COUNT) abort();
        if (i && memcmp(b.items[i - 1].print, b.items[i].print, BASELINE_PRINT) >= 0) abort();
    }
    char *text = arena_strndup(&arena, (const char *)data, size); /* as a hostile name: what is collected is found again */
    for (int i = 0; i < 2; i++)
        diag_add_as(&found, SEV_ERROR, val_rule_info[i].diag, DIAG_AT(.file = text, .symbol = str_of(text)), "has %s", text);
    Baseline made = {0}, again = {0};
    TextBuf out = {0};
    if (baseline_collect(&arena, &made, &found) != 2 || found.n || found.errors) abort();
    baseline_text(&out, &made);
    if (!baseline_parse(&arena, (Str){out.ptr, out.len}, "again", &diags, &again)) abort();
    for (int i = 0; i < 2; i++)
        diag_add_as(&found, SEV_ERROR, val_rule_info[i].diag, DIAG_AT(.file = text, .symbol = str_of(text)), "has %s", text);
    if (baseline_filter(&again, &found) != 2 || baseline_stale(&again)) abort();
    text_free(&out);
    diag_free(&diags);
    diag_free(&found);
    arena_free(&arena);
    return 0;
}
