/* watchdog.c: entries that run for too long are interrupted, others never. The engine is a flag. */
#include "loader/watchdog.h"

#include <stdatomic.h>
#include <time.h>
#include <uv.h>

#include "tap.h"

#define MS UINT64_C(1000000)

static atomic_int flag, interrupts;
static void interrupt(LoadInstance *instance, LoadTrapKind kind)
{
    (void)instance;
    if (kind != TRAP_NONE) atomic_fetch_add(&interrupts, 1);
    atomic_store(&flag, (int)kind);
}
static const LoadEngine engine = {.name = "flag", .interrupt = interrupt};

static uint64_t now(void *ctx)
{
    (void)ctx;
    return uv_hrtime();
}

/* An endless loop in a guest; how long it took to be stopped. */
static uint64_t loop_for_ever(Watchdog *w, uint64_t started, uint64_t limit)
{
    watchdog_begin(w, &engine, NULL, started, limit);
    while (atomic_load(&flag) == TRAP_NONE) {
        if (uv_hrtime() - started > 20000 * MS) ck_abort_msg("never interrupted");
    }
    watchdog_end(w);
    ck_assert_int_eq(atomic_load(&flag), TRAP_NONE); /* the next entry begins without it */
    return uv_hrtime() - started;
}

START_TEST(an_endless_entry_is_interrupted_after_its_limit)
{
    Watchdog *w = watchdog_new(50 * MS, now, NULL);
    ck_assert_ptr_nonnull(w);
    for (int i = 0; i < 3; i++) {
        uint64_t took = loop_for_ever(w, uv_hrtime(), 50 * MS);
        ck_assert_uint_ge(took, 50 * MS);
        if (i == 1) nanosleep(&(struct timespec){.tv_nsec = 120 * 1000000}, NULL); /* it falls asleep meanwhile */
    }
    ck_assert_int_eq(atomic_load(&interrupts), 3);
    /* two calls of one entry count together */
    ck_assert_uint_lt(loop_for_ever(w, uv_hrtime() - 50 * MS, 50 * MS), 10000 * MS);
    ck_assert_int_eq(atomic_load(&interrupts), 4);
    watchdog_free(w);
}
END_TEST

START_TEST(each_entry_has_its_own_limit)
{
    Watchdog *w = watchdog_new(20 * MS, now, NULL);
    ck_assert_ptr_nonnull(w);
    for (unsigned i = 0; i < 6; i++) {
        uint64_t limit = (i % 2 ? 150 : 20) * MS;
        ck_assert_uint_ge(loop_for_ever(w, uv_hrtime(), limit), limit);
    }
    int before = atomic_load(&interrupts);
    uint64_t started = uv_hrtime();
    watchdog_begin(w, &engine, NULL, started, UINT64_MAX); /* as good as none */
    while (uv_hrtime() - started < 60 * MS) continue;
    watchdog_end(w);
    ck_assert_int_eq(atomic_load(&interrupts), before);
    watchdog_free(w);
}
END_TEST

START_TEST(short_entries_are_left_alone)
{
    Watchdog *w = watchdog_new(2 * MS, now, NULL);
    uint64_t until = uv_hrtime() + 300 * MS;
    for (unsigned n = 0; uv_hrtime() < until; n++) {
        /* Only what has been within an entry for less than half the limit is certain not to be hit. */
        uint64_t started = uv_hrtime();
        int before = atomic_load(&interrupts);
        watchdog_begin(w, &engine, NULL, started, 2 * MS);
        while (n % 8 == 0 && uv_hrtime() - started < MS / 2) continue;
        watchdog_end(w);
        ck_assert_int_eq(atomic_load(&flag), TRAP_NONE);
        if (uv_hrtime() - started < 2 * MS) ck_assert_int_eq(atomic_load(&interrupts), before);
        if (n % 64 == 63) nanosleep(&(struct timespec){.tv_nsec = (long)(n % 5) * 1000000}, NULL);
    }
    watchdog_free(w);
}
END_TEST

START_TEST(entries_that_end_about_when_their_time_is_over)
{
    /* The race between the end of an entry and its interruption, as often as it can be had. */
    Watchdog *w = watchdog_new(1 * MS, now, NULL);
    uint64_t until = uv_hrtime() + 500 * MS;
    while (uv_hrtime() < until) {
        uint64_t started = uv_hrtime();
        watchdog_begin(w, &engine, NULL, started, MS);
        while (uv_hrtime() - started < MS + MS / 2 && atomic_load(&flag) == TRAP_NONE) continue;
        watchdog_end(w);
        ck_assert_int_eq(atomic_load(&flag), TRAP_NONE);
    }
    watchdog_free(w);
}
END_TEST

START_TEST(it_can_be_freed_at_any_time)
{
    for (unsigned i = 0; i < 50; i++) {
        Watchdog *w = watchdog_new((1 + i % 3 * 1000) * MS, now, NULL);
        if (i % 2) {
            watchdog_begin(w, &engine, NULL, uv_hrtime(), (1 + i % 3 * 1000) * MS);
            watchdog_end(w);
        }
        watchdog_free(w);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("watchdog");
    TCase *t = tcase_create("watchdog");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, an_endless_entry_is_interrupted_after_its_limit);
    tcase_add_test(t, each_entry_has_its_own_limit);
    tcase_add_test(t, short_entries_are_left_alone);
    tcase_add_test(t, entries_that_end_about_when_their_time_is_over);
    tcase_add_test(t, it_can_be_freed_at_any_time);
    suite_add_tcase(s, t);
    return run_tap(s);
}
