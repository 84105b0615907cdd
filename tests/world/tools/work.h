/* work.h: what the programs of tests/world share. make.sh compiles FILE.c as the main program and, where it has a part
 * for WORKER, once more as the provider. */
#include <stdlib.h>
#include <string.h>
#include "work.parigot.h"

typedef tests_work_v1_Note Note;

/* One line for a truth that does not hold; the case looks for "all good". */
#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) parigot_log("%s:%d: %s", __FILE__, __LINE__, #condition); \
    } while (0)
