/* assert.c: what a failed assertion does. */
#include <assert.h>
#include "../lib/runtime.h"

void parigot_assert_failed(const char *condition, const char *file, int line, const char *function)
{
    parigot_log_at(parigot_log_v1_LEVEL_ERROR, "%s:%d: %s: assertion failed: %s", file, line, function,
                   condition);
    __builtin_trap();
}
