/* Fuzz target: a policy file. What is accepted has a canonical text that is accepted again, and is its own. */
#include "validator/validator.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 loses strings when the grammar breaks off behind them. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void) { return "leak:strbuf_append\nleak:libconfig_yylex\n"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Diags diags = {.limit = 20};
    ValPolicy policy, again;
    if (val_parse_policy(&arena, (Str){(const char *)data, size}, "fuzz", &diags, &policy)) {
        TextBuf text = {0}, second = {0};
        val_policy_text(&text, &policy);
        if (!val_parse_policy(&arena, (Str){text.ptr, text.len}, "again", &diags, &again)) abort();
        val_policy_text(&second, &again);
        if (strcmp(text.ptr, second.ptr) != 0) abort();
        text_free(&text);
        text_free(&second);
    } else if (diags.errors == 0) {
        abort();
    }
    diag_free(&diags);
    arena_free(&arena);
    return 0;
}
