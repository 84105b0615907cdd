/* watchdog.h: no entry runs longer than its limit. One thread that sleeps; guests that are within an entry for too long
 * are interrupted in the engine's own way, and asked where they are when a profile is wanted. It costs an entry two atomic writes and no system call. */
#ifndef PARIGOT_LOADER_WATCHDOG_H
#define PARIGOT_LOADER_WATCHDOG_H

#include "loader/engine.h"

typedef struct Watchdog Watchdog;

/* now: the clock that the times below are by; shortest_ns: of all limits, by which it looks more or less often. NULL when
 * there is no memory or no thread to be had. */
Watchdog *watchdog_new(uint64_t shortest_ns, uint64_t (*now)(void *ctx), void *ctx);
void watchdog_free(Watchdog *);
/* watchdog_sample: every so often what runs is to tell fn where it is (LoadEngine.sample). Before the first begin. */
void watchdog_sample(Watchdog *, uint64_t every_ns, LoadSampleFn *fn);

/* Around everything that runs guest code. started_ns: since when this entry has been running (it may consist of two
 * calls). limit_ns: how long it may. After watchdog_end the instance is not interrupted: neither now, nor later for this entry. */
void watchdog_begin(Watchdog *, const LoadEngine *, LoadInstance *, uint64_t started_ns, uint64_t limit_ns);
void watchdog_end(Watchdog *);

#endif
