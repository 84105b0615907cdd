/* tap.h: runs one Check suite and prints its result in TAP, which scripts/test counts. */
#ifndef PARIGOT_TESTS_TAP_H
#define PARIGOT_TESTS_TAP_H
#include <check.h>
#include <stdlib.h>

static inline int run_tap(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-"); /* "-": standard output */
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
#endif
