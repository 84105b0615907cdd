/* inspect.h: what parigot-run shows of a world that runs: a line for each call (--trace=calls), a table at the end (--stats).
 * Names are escaped. Source: docs/man/parigot-run.1 "Inspection". */
#ifndef PARIGOT_LOADER_INSPECT_H
#define PARIGOT_LOADER_INSPECT_H

#include "loader/kernel.h"

void inspect_call(TextBuf *, const CallRecord *, const char *tool);

/* One row of the table; `memory_peak` 0: none, a service of the host's. */
typedef struct InspectRow {
    const Process *process;
    uint64_t memory_peak_bytes;
    bool native;
} InspectRow;
void inspect_stats(TextBuf *, const InspectRow *rows, size_t n);

#endif
