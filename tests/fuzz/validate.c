/* Fuzz target: a finished module through the validator, with and without rules. Whatever the rules say, whether the
 * module is valid does not depend on them; and what is refused says why. */
#include "validator/validator.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool judge(const uint8_t *data, size_t size, const ValOptions *o)
{
    Arena arena = {0};
    Diags diags = {.limit = 20};
    ValReport report;
    bool ok = val_module(&arena, data, size, "fuzz", o, &diags, &report), valid = report.valid;
    if (ok != (diags.errors == 0) || (ok && !valid)) abort();
    for (int r = 0; r < VAL_RULE_COUNT; r++)
        if (report.rules[r].verdict == VAL_PROVED && report.rules[r].findings) abort();
    diag_free(&diags);
    arena_free(&arena);
    return valid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ValOptions all = {.policy = val_builtin_policy(STR("strict")), .also = val_builtin_policy(STR("audit")), .strict = true, .world = true, .wamr = true};
    if (judge(data, size, NULL) != judge(data, size, &all)) abort();
    return 0;
}
