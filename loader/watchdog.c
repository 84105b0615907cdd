/* watchdog.c: the thread that interrupts entries that run for too long.
 *
 * What the two threads share is one word, `running`: 0, or when the present entry must have ended. The watchdog
 * interrupts an entry only after it has exchanged that very time for FIRING; so it never hits the entry that came after
 * the one it meant. Likewise for a sample: while `running` is SAMPLING, the entry does not end. While nothing runs for a whole tick it sleeps until it is woken. */
#include "loader/watchdog.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>

enum { IDLE = 0, FIRING = 1, FIRED = 2, SAMPLING = 3, FIRST_TIME = 4 };

struct Watchdog {
    const LoadEngine *engine;     /* of the instance                                                                  */
    uint64_t tick_ns;
    uint64_t (*now)(void *ctx);
    void *ctx;
    LoadInstance *instance;       /* written before `running`, read after FIRING has been taken                       */
    atomic_uint_least64_t running;
    atomic_uint_least64_t latest; /* the start of the latest entry: was there one since the last tick?                */
    atomic_bool asleep;           /* waits without a timeout                                                          */
    LoadSampleFn *sample;         /* NULL: no samples; under the mutex                                                */
    bool quit;                    /* under the mutex                                                                  */
    uv_mutex_t mutex;
    uv_cond_t wake;
    uv_thread_t thread;
};

/* Interrupts what has been running for too long. */
static void look(Watchdog *w)
{
    uint64_t due = atomic_load(&w->running);
    if (due < FIRST_TIME || w->now(w->ctx) < due) return;
    if (!atomic_compare_exchange_strong(&w->running, &due, FIRING)) return; /* it has just ended */
    w->engine->interrupt(w->instance, TRAP_DEADLINE);
    atomic_store(&w->running, FIRED);
}

static void take_sample(Watchdog *w)
{
    uint64_t due = atomic_load(&w->running);
    if (due < FIRST_TIME || !atomic_compare_exchange_strong(&w->running, &due, SAMPLING)) return;
    w->engine->sample(w->instance, w->sample);
    atomic_store(&w->running, due);
}

static void watch(void *arg)
{
    Watchdog *w = arg;
    sigset_t outside; /* signals that come from outside are for the other threads */
    sigemptyset(&outside);
    const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD, SIGWINCH};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) sigaddset(&outside, signals[i]);
    pthread_sigmask(SIG_BLOCK, &outside, NULL);

    uint64_t seen = 0;
    uv_mutex_lock(&w->mutex);
    while (!w->quit) {
        uint64_t latest = atomic_load_explicit(&w->latest, memory_order_relaxed);
        bool busy = latest != seen || atomic_load(&w->running) != IDLE;
        seen = latest;
        if (!busy) {
            atomic_store(&w->asleep, true);
            /* One that began before it could see that: look again. One that begins now takes the mutex to wake us. */
            if (atomic_load(&w->running) == IDLE) uv_cond_wait(&w->wake, &w->mutex);
            atomic_store(&w->asleep, false);
        } else {
            uv_cond_timedwait(&w->wake, &w->mutex, w->tick_ns);
            if (w->sample) take_sample(w);
            look(w);
        }
    }
    uv_mutex_unlock(&w->mutex);
}

Watchdog *watchdog_new(uint64_t shortest_ns, uint64_t (*now)(void *ctx), void *ctx)
{
    Watchdog *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    /* An entry may run one tick longer than its limit. */
    uint64_t tick = shortest_ns / 8;
    w->tick_ns = tick < 1000000 ? 1000000 : tick > 100000000 ? 100000000 : tick;
    w->now = now;
    w->ctx = ctx;
    if (uv_mutex_init(&w->mutex)) goto no_mutex;
    if (uv_cond_init(&w->wake)) goto no_cond;
    if (uv_thread_create(&w->thread, watch, w)) goto no_thread;
    return w;
no_thread:
    uv_cond_destroy(&w->wake);
no_cond:
    uv_mutex_destroy(&w->mutex);
no_mutex:
    free(w);
    return NULL;
}

static void wake(Watchdog *w)
{
    uv_mutex_lock(&w->mutex);
    uv_cond_signal(&w->wake);
    uv_mutex_unlock(&w->mutex);
}

void watchdog_free(Watchdog *w)
{
    if (!w) return;
    uv_mutex_lock(&w->mutex);
    w->quit = true;
    uv_mutex_unlock(&w->mutex);
    wake(w);
    uv_thread_join(&w->thread);
    uv_cond_destroy(&w->wake);
    uv_mutex_destroy(&w->mutex);
    free(w);
}

void watchdog_sample(Watchdog *w, uint64_t every_ns, LoadSampleFn *fn)
{
    uv_mutex_lock(&w->mutex);
    w->sample = fn;
    if (every_ns < w->tick_ns) w->tick_ns = every_ns;
    uv_mutex_unlock(&w->mutex);
}

void watchdog_begin(Watchdog *w, const LoadEngine *engine, LoadInstance *instance, uint64_t started_ns, uint64_t limit_ns)
{
    w->engine = engine;
    uint64_t due = limit_ns < UINT64_MAX - started_ns ? started_ns + limit_ns : UINT64_MAX;
    w->instance = instance;
    atomic_store_explicit(&w->latest, started_ns, memory_order_relaxed);
    atomic_store(&w->running, due < FIRST_TIME ? FIRST_TIME : due);
    if (atomic_load(&w->asleep)) wake(w);
}

void watchdog_end(Watchdog *w)
{
    uint64_t running;
    while ((running = atomic_load(&w->running)) != FIRED) {
        if (running >= FIRST_TIME && atomic_compare_exchange_strong(&w->running, &running, IDLE)) return;
        sched_yield(); /* it is about to set the flag: let it */
    }
    w->engine->interrupt(w->instance, TRAP_NONE);
    atomic_store(&w->running, IDLE);
}
