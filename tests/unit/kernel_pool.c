/* kernel_pool.c: a front and its workers (policy reset) where the host has not room for as many instances as there may be:
 * requests wait for those that are in use, in their order, and fail only where nobody could ever take them. */
#include "kernel_rig.h"

enum { MOST_SERVED = 4096 };

/* The world of these tests: a asks, the workers of `front` ask b and answer when b has. */
typedef struct Pooled {
    Rig r;
    Fake *front, *workers[5], *a, *b;
    unsigned n_workers, room;
} Pooled;
static char served[MOST_SERVED][8]; /* in this order */
static unsigned n_served, busy, most_busy;

static RunEnd asks_b(Fake *f, const Entry *e)
{
    const Seen *s = &f->seen[f->n_seen - 1];
    ck_assert_uint_lt(n_served, MOST_SERVED);
    snprintf(served[n_served++], sizeof served[0], "%.7s", s->text);
    if (++busy > most_busy) most_busy = busy;
    f->counter = e->call;
    say(f, 0, "hold", 1);
    return RUN_RETURNED;
}
static RunEnd answers_at_last(Fake *f, const Entry *e)
{
    (void)e;
    busy--;
    piece(f, f->counter, "answer", FLAG_LAST);
    return RUN_RETURNED;
}
static RunEnd asks_six_times(Fake *f, const Entry *e)
{
    (void)e;
    for (uint32_t i = 1; i <= 6; i++) say(f, 0, (char[]){'q', (char)('0' + i), 0}, i);
    return RUN_RETURNED;
}

/* room: for so many instances, when the image is there. */
static void pooled(Pooled *p, unsigned n_workers, unsigned room, ProcessLimits limits)
{
    rig_open(&p->r);
    n_served = busy = most_busy = 0;
    p->room = room;
    p->n_workers = n_workers;
    p->b = fake(&p->r, "b");
    p->b->on_request = answers;
    p->front = fake_add(&p->r, "front", limits, 0, false);
    for (unsigned i = 0; i < n_workers; i++) {
        p->workers[i] = fake_worker(&p->r, p->front, limits, &p->room);
        p->workers[i]->on_request = asks_b;
        p->workers[i]->on_result = answers_at_last;
    }
    kernel_import(p->front->p, p->b->p, 0);
    p->a = fake(&p->r, "a");
    kernel_import(p->a->p, p->front->p, 0);
    p->a->on_init = asks_six_times;
}

static void all_answered(const Pooled *p, unsigned n)
{
    ck_assert_uint_eq(n_served, n);
    for (unsigned i = 1; i <= n; i++) {
        ck_assert_str_eq(served[i - 1], ((char[]){'q', (char)('0' + i), 0}));
        ck_assert_uint_eq(the_last(p->a, i)->e.status, STATUS_OK);
    }
}

START_TEST(requests_wait_for_instances_in_use)
{
    Pooled p;
    unsigned room = (unsigned)_i + 1;
    pooled(&p, 4, room, (ProcessLimits){0});
    rig_run(&p.r);
    all_answered(&p, 6);
    ck_assert_uint_eq(most_busy, room < 4 ? room : 4);
    ck_assert_uint_eq(p.r.n_deaths, 0);
    ck_assert_uint_eq(p.room, room > 4 ? room - 4 : 0);
    rig_close(&p.r);
}
END_TEST

/* None is left, and there is no room for one. */
static void lose_all(Pooled *p)
{
    p->room = 0;
    for (unsigned i = 0; i < p->n_workers; i++) p->workers[i]->has_room = false;
}
static RunEnd asks_in_vain(Fake *f, const Entry *e)
{
    lose_all((Pooled *)(void *)f->rig);
    return asks_six_times(f, e);
}
/* Nobody is in use: waiting would be for ever. */
START_TEST(without_any_instance_requests_fail)
{
    Pooled p;
    pooled(&p, 3, 1, (ProcessLimits){0});
    p.a->on_init = asks_in_vain;
    rig_run(&p.r);
    ck_assert_uint_eq(p.r.n_deaths, 6);
    for (unsigned i = 1; i <= 6; i++) {
        ck_assert_uint_eq(the_last(p.a, i)->e.status, STATUS_UNAVAILABLE);
        ck_assert_str_eq(p.r.deaths[i - 1].why, "the host has no memory for another instance");
        ck_assert(!p.r.deaths[i - 1].d.restarts);
    }
    ck_assert_uint_eq(n_served, 0);
    rig_close(&p.r);
}
END_TEST

static RunEnd asks_once_in_vain(Fake *f, const Entry *e)
{
    (void)e;
    lose_all((Pooled *)(void *)f->rig);
    say(f, 0, "q0", 99);
    return RUN_RETURNED;
}
static RunEnd asks_again(Fake *f, const Entry *e)
{
    if (e->cookie == 99 && ++((Pooled *)(void *)f->rig)->room) asks_six_times(f, e);
    return RUN_RETURNED;
}
START_TEST(and_are_served_when_there_is_room_again)
{
    Pooled p;
    pooled(&p, 3, 1, (ProcessLimits){0});
    p.a->on_init = asks_once_in_vain;
    p.a->on_result = asks_again;
    rig_run(&p.r);
    ck_assert_uint_eq(the_last(p.a, 99)->e.status, STATUS_UNAVAILABLE);
    all_answered(&p, 6);
    ck_assert_uint_eq(p.r.n_deaths, 1);
    rig_close(&p.r);
}
END_TEST

/* The one instance never gives an answer. */
START_TEST(a_deadline_says_what_was_waited_for)
{
    Pooled p;
    pooled(&p, 4, 1, (ProcessLimits){.deadline_ns = SEC});
    p.b->on_request = ignores;
    rig_run(&p.r);
    for (unsigned i = 1; i <= 6; i++) {
        const Seen *s = the_last(p.a, i);
        ck_assert_uint_eq(s->e.status, STATUS_DEADLINE_EXCEEDED);
        const char *words = (const char *)p.a->memory + s->e.ptr;
        bool waited = memmem(words, s->e.len, ": all of its 1 instances were in use", 36) != NULL;
        ck_assert_int_eq(waited, i > 1);
    }
    ck_assert_uint_eq(n_served, 1);
    rig_close(&p.r);
}
END_TEST

/* Requests that are withdrawn while they wait for room. */
static RunEnd asks_and_cancels(Fake *f, const Entry *e)
{
    asks_six_times(f, e);
    return RUN_RETURNED;
}
static RunEnd cancels_the_even(Fake *f, const Entry *e)
{
    if (e->cookie == 1)
        for (unsigned i = 1; i < 6; i += 2) kernel_cancel(f->p, (uint32_t)f->ids[i]);
    return RUN_RETURNED;
}
START_TEST(who_waits_can_be_cancelled)
{
    Pooled p;
    pooled(&p, 4, 1, (ProcessLimits){0});
    p.a->on_init = asks_and_cancels;
    p.a->on_result = cancels_the_even;
    rig_run(&p.r);
    for (unsigned i = 1; i <= 6; i++)
        ck_assert_uint_eq(the_last(p.a, i)->e.status, i % 2 ? STATUS_OK : STATUS_CANCELLED);
    ck_assert_uint_le(n_served, 4); /* one may have begun */
    ck_assert_uint_eq(p.r.n_deaths, 0);
    rig_close(&p.r);
}
END_TEST

/* Room that comes and goes, workers that trap, callers that cancel: each call has one last result. */
static uint32_t dice_state;
static uint32_t dice(uint32_t n)
{
    dice_state = dice_state * 1664525 + 1013904223;
    return (dice_state >> 8) % n;
}
static RunEnd wild_request(Fake *f, const Entry *e)
{
    if (dice(8) == 0) {
        f->has_room = false;
        ++*f->room;
        return RUN_TRAPPED;
    }
    if (dice(3) == 0) return answers(f, e);
    f->counter = e->call;
    say(f, 0, "hold", 1);
    return RUN_RETURNED;
}
static RunEnd wild_result(Fake *f, const Entry *e)
{
    (void)e;
    piece(f, f->counter, "answer", FLAG_LAST);
    return RUN_RETURNED;
}
static RunEnd wild_asker(Fake *f, const Entry *e)
{
    Pooled *p = (Pooled *)(void *)f->rig;
    if (e->kind == ENTRY_RESULT) ck_assert(e->flags & FLAG_LAST);
    if (dice(4) == 0) p->room += dice(2); /* the host has more memory, or less: taken by others */
    else if (p->room && dice(6) == 0) p->room--;
    for (uint32_t n = dice(3) + (e->kind == ENTRY_INIT ? 5 : 0); n && f->n_ids < 1500; n--) say(f, 0, "q", 1000 + f->n_ids);
    if (f->n_ids && dice(5) == 0) kernel_cancel(f->p, (uint32_t)f->ids[dice(f->n_ids)]);
    return RUN_RETURNED;
}
START_TEST(room_comes_and_goes)
{
    Pooled p;
    dice_state = (uint32_t)_i * 7919 + 1;
    pooled(&p, 1 + dice(5), 1 + dice(4), (ProcessLimits){.deadline_ns = 20 * SEC});
    for (unsigned i = 0; i < p.n_workers; i++) {
        p.workers[i]->on_request = wild_request;
        p.workers[i]->on_result = wild_result;
    }
    p.a->on_init = p.a->on_result = wild_asker;
    rig_run(&p.r);
    ck_assert_uint_ge(p.a->n_ids, 5);
    for (uint32_t i = 0; i < p.a->n_ids; i++) ck_assert_ptr_nonnull(the_last(p.a, 1000 + i));
    rig_close(&p.r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kernel-pool");
    TCase *t = tcase_create("room");
    tcase_add_loop_test(t, requests_wait_for_instances_in_use, 0, 5);
    tcase_add_test(t, without_any_instance_requests_fail);
    tcase_add_test(t, and_are_served_when_there_is_room_again);
    tcase_add_test(t, a_deadline_says_what_was_waited_for);
    tcase_add_test(t, who_waits_can_be_cancelled);
    tcase_add_loop_test(t, room_comes_and_goes, 0, 60);
    suite_add_tcase(s, t);
    return run_tap(s);
}
