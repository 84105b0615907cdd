/* Fuzz target: a world file, without opening what it names. */
#include "bundle/create.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 loses strings when the grammar breaks off behind them. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void) { return "leak:strbuf_append\nleak:libconfig_yylex\n"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {0};
    Diags d = {.limit = 20};
    World w;
    if (!bundle_parse_world(&a, (Str){(const char *)data, size}, "fuzz.cfg", &d, &w) && d.errors == 0) __builtin_trap();
    bundle_close_world(&w);
    diag_free(&d);
    arena_free(&a);
    return 0;
}
