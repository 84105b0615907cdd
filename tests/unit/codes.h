/* codes.h: a diagnostic's code is the one that is expected, or the test tells both by name. */
#ifndef PARIGOT_TESTS_CODES_H
#define PARIGOT_TESTS_CODES_H
#include <check.h>

#include "wasm/wasm.h"

/* ck_code(got, expected [, number of the case]) */
#define ck_code(got, expected, ...)                                                                            \
    do {                                                                                                       \
        DiagCode got_ = (got);                                                                                 \
        ck_assert_msg(got_ == (expected), "%s instead of %s, at %d", diag_code_text(got_), diag_code_text(expected), \
                      (int)(0 __VA_OPT__(+) __VA_ARGS__));                                                     \
    } while (0)

#endif
