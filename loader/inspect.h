/* inspect.h: what parigot-run shows of a world that runs: a line for each call (--trace=calls), tables of processes and
 * methods at the end (--stats). Names are escaped. Source: docs/man/parigot-run.1 "Inspection". */
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

/* What has become of the calls of one method. */
const char *inspect_status_name(Status); /* "NOT_FOUND"; "?" for what is none */

typedef struct InspectMethod {
    const char *name;        /* CallRecord.method: the same pointer                                                  */
    const Process *provider;
    uint64_t calls, failed, refused; /* ended; of those, with another status than OK; kept away by a limit, with pieces of replies */
    uint64_t request_bytes, reply_bytes, fuel, ran_ns;
} InspectMethod;
/* The methods of a world: one array, sorted by inspect_sort. */
void inspect_sort(InspectMethod *, size_t n);
void inspect_count(InspectMethod *, size_t n, const CallRecord *);
void inspect_methods(TextBuf *, InspectMethod *, size_t n); /* those that were called; sorts them anew                */

#endif
