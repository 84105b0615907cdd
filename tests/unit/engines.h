/* engines.h: the engines, and the ways to run them, that tests of traps and of hostile guests go through. */
#ifndef PARIGOT_TESTS_ENGINES_H
#define PARIGOT_TESTS_ENGINES_H
#include "loader/engine.h"

typedef struct EngineRow {
    const char *name;
    const LoadEngine *engine;
    bool checked; /* LoadCompileOptions.force_checks */
} EngineRow;

static const EngineRow engine_rows[] = {
#ifdef TEST_NATIVE /* compiled apart: not every host can make native code */
    {"native", &load_native, false},
#else
    {"interp, guard pages", &load_interp, false},
    {"interp, checked", &load_interp, true},
#endif
};
#endif
