/* kernel_load.c: the kernel under load: storms, turns, timers, services of the host, a crowd gone wild, no memory. */
#include "kernel_rig.h"

/* ---- storms ---------------------------------------------------------------------------------------------------------------- */

static unsigned mails_of(const Process *p)
{
    unsigned n = 0;
    for (const Mail *m = p->first; m; m = m->next) n++;
    return n;
}

static RunEnd storms(Fake *f, const Entry *e)
{
    unsigned made = 0;
    while (kernel_call(f->p, 0, 0, 0, e->kind == ENTRY_INIT ? 1 : 0) > 0) ck_assert_uint_lt(++made, 5000);
    return RUN_RETURNED;
}
START_TEST(a_storm_fills_the_senders_own_quota)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.calls = 50}, 0, true);
    Fake *s = fake(&r, "s"), *a = fake(&r, "a");
    kernel_import(s->p, b->p, 0);
    kernel_import(a->p, b->p, 0);
    s->on_init = storms;
    a->on_init = asks_on_init;
    b->on_request = answers;
    for (unsigned i = 0; i < 3; i++) kernel_step(r.k);
    ck_assert_uint_eq(s->p->made.n, 50);
    ck_assert_uint_eq(mails_of(b->p), 51); /* a's call has its place all the same */
    rig_run(&r);
    ck_assert_uint_eq(the_last(a, 7)->e.status, 0);
    rig_close(&r);
}
END_TEST

static RunEnd storms_to_all(Fake *f, const Entry *e)
{
    (void)e;
    while (kernel_call(f->p, f->counter % 3, 0, 0, 1) > 0) f->counter++;
    return RUN_RETURNED;
}
START_TEST(a_storm_to_many_is_bounded_too)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake(&r, "b"), *c = fake(&r, "c"), *s = fake_add(&r, "s", (ProcessLimits){.calls = 50}, 0, true);
    kernel_import(s->p, b->p, 0);
    kernel_import(s->p, c->p, 0);
    kernel_import(s->p, NULL, 0);
    s->on_init = storms_to_all;
    b->on_request = c->on_request = answers;
    for (unsigned i = 0; i < 3; i++) kernel_step(r.k);
    ck_assert_uint_eq(s->counter, 50);
    ck_assert_uint_eq(s->p->made.n, 50);
    rig_run(&r);
    ck_assert_uint_eq(count(s, ENTRY_RESULT), 50);
    rig_close(&r);
}
END_TEST

static RunEnd calls_and_cancels(Fake *f, const Entry *e)
{
    (void)e;
    for (unsigned i = 0; i < 3000; i++) {
        int32_t id = say(f, 0, "abcdefgh", i + 1);
        if (id < 0) break;
        f->counter++;
        kernel_cancel(f->p, (uint32_t)id);
    }
    return RUN_RETURNED;
}
START_TEST(a_storm_of_cancelled_calls_leaves_nothing)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = calls_and_cancels;
    kernel_step(r.k);
    kernel_step(r.k);
    ck_assert_uint_eq(a->counter, PROCESS_CALLS); /* until its last result has come, a call is in flight */
    ck_assert_uint_eq(mails_of(b->p), 0);
    ck_assert_uint_eq(a->p->waiting_bytes, 0);
    rig_run(&r);
    ck_assert_uint_eq(count(b, ENTRY_METHOD), 0);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), PROCESS_CALLS);
    rig_close(&r);
}
END_TEST

static RunEnd calls_big(Fake *f, const Entry *e)
{
    (void)e;
    while (kernel_call(f->p, 0, 8192, 50000, 0) > 0) f->counter++;
    return RUN_RETURNED;
}
START_TEST(a_storm_of_long_messages_is_bounded)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake(&r, "b"), *a = fake_add(&r, "a", (ProcessLimits){.message_bytes = 50000}, 0, true);
    kernel_import(a->p, b->p, 0);
    a->on_init = calls_big;
    kernel_step(r.k);
    kernel_step(r.k);
    ck_assert_uint_eq(a->counter, (1 << 20) / 50000);
    ck_assert_uint_le(a->p->waiting_bytes, 1 << 20);
    rig_run(&r);
    ck_assert_uint_eq(a->p->waiting_bytes, 0);
    rig_close(&r);
}
END_TEST

static RunEnd storms_and_traps(Fake *f, const Entry *e)
{
    (void)e;
    while (kernel_call(f->p, 0, 8192, 100, 0) > 0) f->counter++;
    return RUN_TRAPPED;
}
START_TEST(one_that_is_killed_again_and_again_cannot_flood)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake(&r, "b");
    Fake *a = fake_add(&r, "a", (ProcessLimits){.restarts_per_minute = 600}, 0, true);
    kernel_import(a->p, b->p, 0);
    a->on_init = storms_and_traps;
    b->on_request = ignores; /* its calls stay open until their deadline */
    for (unsigned i = 0; i < 20; i++) {
        rig_settle(&r);
        ck_assert_uint_le(a->p->targets[0].in_flight, PROCESS_CALLS);
        ck_assert_uint_le(b->p->served.n + mails_of(b->p), 2 * PROCESS_CALLS);
        r.now = kernel_next_timer(r.k);
        if (r.now > 34 * SEC) break;
    }
    ck_assert_uint_eq(a->counter, PROCESS_CALLS);
    rig_close(&r);
}
END_TEST

/* Replies that nobody takes. */
static RunEnd keeps_call(Fake *f, const Entry *e)
{
    f->ids[f->n_ids++] = (int32_t)e->call;
    return RUN_RETURNED;
}
static RunEnd sends_empty_pieces(Fake *f, const Entry *e)
{
    while (kernel_reply(f->p, e->call, 0, 0, 0) == 0) f->counter++;
    return RUN_RETURNED;
}
static RunEnd storms_for_results(Fake *f, const Entry *e)
{
    (void)e;
    while (kernel_call(f->p, 0, 0, 0, 1) > 0) ck_assert_uint_lt(++f->counter, 100000);
    return RUN_RETURNED;
}
START_TEST(a_storm_of_empty_pieces_is_bounded)
{
    Rig r;
    rig_open(&r);
    ProcessLimits most = {.message_bytes = 1, .queue = UINT32_MAX, .calls = UINT32_MAX};
    Fake *b = fake_add(&r, "b", most, 1, true), *a = fake_add(&r, "a", most, 1, true);
    kernel_import(a->p, b->p, 0);
    a->on_init = storms_for_results;
    b->on_request = sends_empty_pieces;
    for (unsigned i = 0; i < 2 + 300; i++) kernel_step(r.k); /* queues could take 1.2 million of them */
    ck_assert_uint_eq(a->counter, PROCESS_MOST_CALLS);
    ck_assert_uint_le(mails_of(a->p) * sizeof(Mail), PROCESS_LEAST_WAITING);
    ck_assert_uint_gt(b->counter, 1000);
    rig_close(&r);
}
END_TEST

static RunEnd fills_all(Fake *f, const Entry *e)
{
    (void)e;
    for (unsigned i = 0; i < f->n_ids; i++)
        while (kernel_reply(f->p, (uint32_t)f->ids[i], 8192, 50000, 0) == 0) f->counter++;
    return RUN_RETURNED;
}
static RunEnd keeps_then_fills_or_answers(Fake *f, const Entry *e)
{
    if (strcmp((const char *)f->memory + e->ptr, "question") == 0) { /* the others' */
        fills_all(f, e);
        return answers(f, e);
    }
    return keeps_call(f, e);
}
static RunEnd asks_much(Fake *f, const Entry *e)
{
    (void)e;
    for (unsigned i = 0; i < 100; i++) say(f, 0, "", i + 1);
    return RUN_RETURNED;
}
START_TEST(what_waits_for_one_caller_leaves_room_for_others)
{
    Rig r;
    rig_open(&r);
    ProcessLimits limits = {.message_bytes = 50000};
    Fake *b = fake_add(&r, "b", limits, 10000, true), *bad = fake_add(&r, "bad", limits, 1, true), *a = fake_add(&r, "a", limits, 10000, true);
    Fake *c = fake_add(&r, "c", limits, 10000, true);
    kernel_import(bad->p, b->p, 0);
    kernel_import(a->p, b->p, 0);
    kernel_import(c->p, b->p, 0);
    bad->on_init = asks_much;
    a->on_init = c->on_init = asks_on_init;
    b->on_request = keeps_then_fills_or_answers;
    for (unsigned i = 0; i < 4 + 100; i++) kernel_step(r.k);
    ck_assert_uint_eq(b->n_ids, 100); /* nothing has been sent yet */
    while (count(b, ENTRY_METHOD) < 102) kernel_step(r.k);
    ck_assert_uint_ge(b->counter, 9);
    ck_assert_uint_le(bad->p->targets[0].waiting_bytes, 1 << 19);
    while (count(a, ENTRY_RESULT) < 1 || count(c, ENTRY_RESULT) < 1) ck_assert_int_eq(kernel_step(r.k), KERNEL_BUSY);
    ck_assert_uint_eq(the_last(a, 7)->e.status, 0);
    ck_assert_uint_eq(the_last(c, 7)->e.status, 0);
    rig_close(&r);
}
END_TEST

static RunEnd keeps_seven_then_fills(Fake *f, const Entry *e)
{
    keeps_call(f, e);
    return f->n_ids == 7 ? fills_all(f, e) : RUN_RETURNED;
}
START_TEST(replies_to_many_callers_are_bounded_together)
{
    Rig r;
    rig_open(&r);
    ProcessLimits limits = {.message_bytes = 50000};
    Fake *b = fake_add(&r, "b", limits, 0, true), *callers[7];
    b->on_request = keeps_seven_then_fills;
    for (unsigned i = 0; i < 7; i++) {
        char name[2] = {(char)('c' + i), 0};
        callers[i] = fake_add(&r, name, limits, 0, true);
        kernel_import(callers[i]->p, b->p, 0);
        callers[i]->on_init = asks_on_init;
    }
    for (unsigned i = 0; i < 8 || b->n_ids < 7; i++) kernel_step(r.k);
    ck_assert_uint_ge(b->counter, 15);
    ck_assert_uint_le(b->p->waiting_bytes, 1 << 20);
    rig_close(&r);
}
END_TEST

/* Event 2 comes also when the queue has room first and the bytes only later. */
static RunEnd fills_queue_then_bytes(Fake *f, const Entry *e)
{
    keeps_call(f, e);
    if (f->n_ids < 4) return RUN_RETURNED;
    for (unsigned i = 0; i < 5; i++) piece(f, (uint32_t)f->ids[0], "piece", 0);
    ck_assert_int_eq(f->got, -STATUS_RESOURCE_EXHAUSTED);
    for (unsigned i = 1; i < 4; i++) /* 8 x 50,000 of what one caller may have, half of 1 MiB: more than half of that */
        for (unsigned n = 0; n < (i < 3 ? 3 : 2); n++) ck_assert_int_eq(kernel_reply(f->p, (uint32_t)f->ids[i], 8192, 50000, 0), 0);
    return RUN_RETURNED;
}
static RunEnd asks_four_times(Fake *f, const Entry *e)
{
    (void)e;
    for (unsigned i = 0; i < 4; i++) say(f, 0, "x", i + 1);
    return RUN_RETURNED;
}
START_TEST(room_is_told_when_queue_and_bytes_have_it)
{
    Rig r;
    rig_open(&r);
    ProcessLimits limits = {.message_bytes = 50000, .queue = 4};
    Fake *b = fake_add(&r, "b", limits, 0, true), *a = fake_add(&r, "a", limits, 0, true);
    kernel_import(a->p, b->p, 0);
    a->on_init = asks_four_times;
    b->on_request = fills_queue_then_bytes;
    rig_settle(&r);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 4 + 8);
    ck_assert_uint_eq(count(b, ENTRY_EVENT), 1);
    ck_assert_uint_eq(nth(b, ENTRY_EVENT, 0)->e.event, EVENT_ROOM);
    rig_close(&r);
}
END_TEST

static RunEnd cancels_delivered(Fake *f, const Entry *e)
{
    /* each tick: cancel the call that b serves by now, make another */
    if (e->kind == ENTRY_RESULT && e->cookie != 99) return RUN_RETURNED;
    if (f->n_ids) kernel_cancel(f->p, (uint32_t)f->ids[0]);
    f->n_ids = 0;
    if (f->counter++ >= 500) return RUN_RETURNED;
    say(f, 0, "x", 1);
    say(f, 1, "tick", 99);
    f->n_ids = 1;
    return RUN_RETURNED;
}
START_TEST(ids_of_calls_that_have_gone_are_forgotten_in_the_end)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.calls = 16}, 0, false), *t = fake(&r, "t"), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    kernel_import(a->p, t->p, 0);
    a->on_init = a->on_result = cancels_delivered;
    t->on_request = answers;
    rig_run(&r);
    ck_assert_uint_gt(count(b, ENTRY_METHOD), 400);
    ck_assert_uint_le(b->p->served.n, 16);
    rig_close(&r);
}
END_TEST

/* ---- turns ------------------------------------------------------------------------------------------------------------------ */

static RunEnd works(Fake *f, const Entry *e)
{
    f->rig->now += 1 * MS;
    f->counter++;
    say(f, 0, "again", 0); /* to itself */
    return e->kind == ENTRY_METHOD ? answers(f, e) : RUN_RETURNED;
}
START_TEST(busy_processes_get_time_by_their_shares)
{
    Rig r;
    rig_open(&r);
    Fake *a = fake_add(&r, "a", (ProcessLimits){0}, 300, true), *b = fake_add(&r, "b", (ProcessLimits){0}, 100, true);
    Fake *late = fake_add(&r, "late", (ProcessLimits){0}, 100, true);
    Fake *all[] = {a, b, late};
    for (unsigned i = 0; i < 3; i++) {
        kernel_import(all[i]->p, all[i]->p, 0);
        all[i]->on_request = works;
    }
    a->on_init = b->on_init = works;
    late->on_event = works;
    for (unsigned i = 0; i < 4003; i++) kernel_step(r.k);
    ck_assert_uint_ge(a->counter, 2990);
    ck_assert_uint_le(a->counter, 3010);
    /* One that comes late gets its share from then on: not less, and no credit for the past. */
    unsigned a0 = a->counter, b0 = b->counter;
    kernel_please_stop(r.k);
    a->on_event = b->on_event = ignores;
    for (unsigned i = 0; i < 5000; i++) {
        a->n_seen = b->n_seen = late->n_seen = 0;
        kernel_step(r.k);
    }
    ck_assert_uint_le(late->counter, 1010);
    ck_assert_uint_ge(late->counter, 990);
    ck_assert_uint_ge(a->counter - a0, 2980);
    ck_assert_uint_ge(b->counter - b0, 990);
    rig_close(&r);
}
END_TEST

/* Metered modules: what counts is fuel, however many entries it is spread over and whatever the clock says. */
static RunEnd burns(Fake *f, const Entry *e)
{
    f->n_seen = 0;
    f->fuel += f->fuel_per_entry;
    say(f, 0, "again", 0);
    return e->kind == ENTRY_METHOD ? answers(f, e) : RUN_RETURNED;
}
static Fake *burner(Rig *r, const char *name, uint32_t share, uint64_t fuel_per_entry)
{
    Fake *f = fake_add(r, name, (ProcessLimits){0}, share, true);
    kernel_import(f->p, f->p, 0);
    f->p->spec.metered = true;
    f->fuel_per_entry = fuel_per_entry;
    f->on_request = burns;
    return f;
}
#define ck_assert_ratio(a, b, wanted)                                                                                  \
    do {                                                                                                               \
        double ratio = (double)(a) / (double)(b);                                                                      \
        ck_assert_msg(ratio > (wanted) * 0.97 && ratio < (wanted) * 1.03, "%g, not %g", ratio, (double)(wanted));      \
    } while (0)
START_TEST(metered_processes_get_fuel_by_their_shares)
{
    static const uint64_t per_entry[][2] = {{1000000, 1000000}, {200000, 700000}, {900000, 90000}};
    Rig r;
    rig_open(&r);
    Fake *a = burner(&r, "a", 300, per_entry[_i][0]), *b = burner(&r, "b", 100, per_entry[_i][1]);
    Fake *late = burner(&r, "late", 200, 400000);
    a->on_init = b->on_init = burns;
    late->on_event = burns;
    for (unsigned i = 0; i < 20000; i++) kernel_step(r.k);
    ck_assert_ratio(a->fuel, b->fuel, 3.0);
    ck_assert_uint_eq(late->fuel, 0);
    /* Who was idle for all that time gets its share from now on: no less, and nothing for the past. */
    uint64_t a0 = a->fuel, b0 = b->fuel;
    a->on_event = b->on_event = ignores;
    kernel_please_stop(r.k);
    for (unsigned i = 0; i < 20000; i++) kernel_step(r.k);
    ck_assert_ratio(a->fuel - a0, b->fuel - b0, 3.0);
    ck_assert_ratio(late->fuel, b->fuel - b0, 2.0);
    rig_close(&r);
}
END_TEST

static RunEnd burns_once(Fake *f, const Entry *e)
{
    f->fuel += e->kind == ENTRY_INIT ? UINT64_MAX / 2 : f->fuel_per_entry;
    say(f, 0, "again", 0);
    return e->kind == ENTRY_METHOD ? answers(f, e) : RUN_RETURNED;
}
START_TEST(virtual_time_does_not_run_out)
{
    Rig r;
    rig_open(&r);
    Fake *a = burner(&r, "a", 1, 1000000), *b = burner(&r, "b", 1, 1000000);
    a->on_init = b->on_init = burns_once; /* as if they had run for long */
    for (unsigned i = 0; i < 10; i++) kernel_step(r.k);
    ck_assert_uint_le(a->p->vtime, (UINT64_C(1) << 40) * 10000 * 2);
    uint64_t past = (UINT64_C(1) << 62) - 5000000;
    a->p->vtime += past;
    b->p->vtime += past;
    uint64_t a0 = a->fuel, b0 = b->fuel;
    for (unsigned i = 0; i < 2000; i++) kernel_step(r.k);
    ck_assert_uint_lt(a->p->vtime, UINT64_C(1) << 62);
    ck_assert_ratio(a->fuel - a0, b->fuel - b0, 1.0);
    rig_close(&r);
}
END_TEST

static RunEnd says_much(Fake *f, const Entry *e) /* all its work is the host's: messages */
{
    f->n_seen = f->n_ids = 0;
    for (unsigned i = 0; i < 500; i++, f->counter++)
        if (kernel_call(f->p, 1, 0, 0, 0) < 0) break;
    say(f, 0, "again", 0);
    return e->kind == ENTRY_METHOD ? answers(f, e) : RUN_RETURNED;
}
START_TEST(messages_are_charged_too)
{
    Rig r;
    rig_open(&r);
    Fake *t = fake(&r, "t"), *a = burner(&r, "a", 100, 0), *b = burner(&r, "b", 100, 100000);
    kernel_import(a->p, t->p, 0);
    t->on_request = answers;
    a->on_init = a->on_request = says_much;
    b->on_init = burns;
    while (b->fuel < 5000000) {
        t->n_seen = 0;
        kernel_step(r.k);
    }
    /* 1000 for each: as much as b has paid, and not as many as there is room for in entries that burn no fuel. */
    ck_assert_uint_ge(a->counter, 4000);
    ck_assert_uint_le(a->counter, 6000);
    rig_close(&r);
}
END_TEST

/* s never stops calling; a asks and waits for the answer, again and again. */
static RunEnd storms_on(Fake *f, const Entry *e)
{
    (void)e;
    f->n_seen = f->n_ids = 0;
    while ((f->got = kernel_call(f->p, 0, 0, 0, 1)) > 0) f->counter++;
    ck_assert_int_eq(f->got, -STATUS_RESOURCE_EXHAUSTED);
    return RUN_RETURNED;
}
static RunEnd asks_again(Fake *f, const Entry *e)
{
    if (e->kind == ENTRY_RESULT) ck_assert_uint_eq(e->status, 0);
    f->n_seen = f->n_ids = 0;
    f->counter++;
    ck_assert_int_gt(say(f, 0, "please", 1), 0);
    return RUN_RETURNED;
}
START_TEST(a_flood_does_not_keep_others_calls_away)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.calls = 50}, 0, true), *s = fake(&r, "s"), *a = fake(&r, "a");
    kernel_import(s->p, b->p, 0);
    kernel_import(a->p, b->p, 0);
    s->on_init = s->on_result = storms_on;
    a->on_init = a->on_result = asks_again;
    b->on_request = answers;
    for (unsigned i = 0; i < 20000; i++) {
        b->n_seen = 0;
        kernel_step(r.k);
        ck_assert_uint_le(s->p->made.n, 50);
        ck_assert_uint_le(mails_of(b->p), 51); /* its quota, and a's one call */
    }
    /* b serves 51 calls for each of a's at worst; a turn of b's, s's and a's each. */
    ck_assert_uint_ge(a->counter, 20000 / (51 * 3));
    ck_assert_uint_ge(s->counter, 1000);
    rig_close(&r);
}
END_TEST

static unsigned rung[64], n_rung;
static Timer timers_of_test[64];
static void rings(Timer *t) { rung[n_rung++] = (unsigned)(t - timers_of_test); }
START_TEST(timers_ring_in_order)
{
    Rig r;
    rig_open(&r);
    srand(7);
    uint64_t due[64];
    bool set[64] = {0};
    n_rung = 0;
    for (unsigned i = 0; i < 2000; i++) {
        unsigned t = (unsigned)rand() % 64;
        if (rand() % 3) {
            due[t] = 6 * SEC + (uint64_t)(rand() % 40);
            ck_assert(timer_set(r.k, &timers_of_test[t], due[t], rings));
            set[t] = true;
        } else {
            timer_clear(r.k, &timers_of_test[t]);
            set[t] = false;
        }
    }
    unsigned expected = 0;
    for (unsigned i = 0; i < 64; i++) expected += set[i];
    rig_run(&r);
    ck_assert_uint_eq(n_rung, expected);
    for (unsigned i = 0; i < n_rung; i++) {
        ck_assert(set[rung[i]]);
        if (i) ck_assert_uint_le(due[rung[i - 1]], due[rung[i]]);
    }
    rig_close(&r);
}
END_TEST

/* ---- what is told of calls ----------------------------------------------------------------------------------------------------- */

static CallRecord records[64];
static unsigned n_records;
static void keep_record(void *ctx, const CallRecord *r)
{
    (void)ctx;
    if (n_records < 64) records[n_records++] = *r;
}

static RunEnd answers_at_a_cost(Fake *f, const Entry *e)
{
    f->fuel += 500;
    f->rig->now += 2 * MS;
    return answers(f, e);
}
static RunEnd breaks_limits(Fake *f, const Entry *e)
{
    if (e->kind != ENTRY_INIT) return RUN_RETURNED;
    ck_assert_int_lt(kernel_call(f->p, 0, 20000, 101, 1), 0);
    ck_assert_int_gt(kernel_call(f->p, 0, 20000, 3, 1), 0);
    ck_assert_int_lt(kernel_call(f->p, 0, 20000, 3, 1), 0);
    return RUN_RETURNED;
}
START_TEST(each_call_is_told_once_and_each_refusal_with_its_limit)
{
    Rig r;
    rig_open(&r);
    n_records = 0;
    r.k->options.called = keep_record;
    Fake *b = fake_add(&r, "b", (ProcessLimits){.calls = 1, .message_bytes = 100}, 0, true), *a = fake(&r, "a");
    b->p->spec.metered = true;
    kernel_import(a->p, b->p, 0);
    a->on_init = breaks_limits;
    b->on_request = answers_at_a_cost;
    rig_run(&r);
    ck_assert_uint_eq(n_records, 3);
    ck_assert_str_eq(records[0].refused, "message");
    ck_assert_ptr_eq(records[0].whose, b->p);
    ck_assert_ptr_eq(records[0].sender, a->p);
    ck_assert_uint_eq(records[0].limit, 100);
    ck_assert_uint_eq(records[0].wanted, 101);
    ck_assert_str_eq(records[1].refused, "calls");
    ck_assert_uint_eq(records[1].limit, 1);
    ck_assert_uint_eq(records[1].wanted, 2);
    const CallRecord *c = &records[2];
    ck_assert_ptr_null(c->refused);
    ck_assert_ptr_eq(c->caller, a->p);
    ck_assert_ptr_eq(c->provider, b->p);
    ck_assert_str_eq(c->method, methods[0]);
    ck_assert_uint_eq(c->status, 0);
    ck_assert_uint_eq(c->request_bytes, 3);
    ck_assert_uint_eq(c->pieces, 1);
    ck_assert_uint_eq(c->fuel, 500);
    ck_assert_uint_eq(c->ran_ns, 2 * MS);
    const ProcessUsage *u = process_usage(a->p), *v = process_usage(b->p);
    ck_assert_uint_eq(u->made, 1);
    ck_assert_uint_eq(u->refused, 2);
    ck_assert_uint_eq(v->served, 1);
    ck_assert_uint_eq(v->fuel, 500);
    rig_close(&r);
    ck_assert_uint_eq(n_records, 3);
}
END_TEST

static RunEnd uses_all_up(Fake *f, const Entry *e)
{
    (void)e;
    return f->counter++ ? RUN_USED_UP : RUN_OUT_OF_FUEL;
}
START_TEST(who_has_used_all_its_fuel_is_not_started_afresh)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.restarts_per_minute = 600}, 0, true);
    b->on_init = uses_all_up;
    rig_run(&r);
    ck_assert_uint_eq(b->starts, 2);
    ck_assert_uint_eq(r.n_deaths, 2);
    ck_assert(r.deaths[0].d.restarts && !r.deaths[1].d.restarts);
    rig_close(&r);
}
END_TEST

/* ---- native services ---------------------------------------------------------------------------------------------------------- */

typedef struct Echo {
    unsigned requests, ended;
    Call *kept[8];
    unsigned n_kept;
} Echo;
static void echo_request(void *self, Call *c, uint32_t method, const uint8_t *bytes, size_t len)
{
    Echo *x = self;
    x->requests++;
    *call_data(c) = x;
    if (method == 1) x->kept[x->n_kept++] = c;
    else if (len && bytes[0] == '!') kernel_answer_fail(c, STATUS_NOT_FOUND, "no such thing");
    else kernel_answer(c, bytes, len);
}
static void echo_ended(void *self, Call *c)
{
    Echo *x = self;
    ck_assert_ptr_eq(*call_data(c), x);
    x->ended++;
}
static const NativeOps echo_ops = {echo_request, echo_ended};

static RunEnd asks_native(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 0, "echo", 1);
    say(f, 0, "!", 2);
    say(f, 0, "unheard", 0);
    say(f, 1, "later", 3);
    say(f, 1, "later", 4);
    ck_assert_int_eq(kernel_cancel(f->p, (uint32_t)f->ids[4]), 0);
    ck_assert_uint_eq(count(f, ENTRY_RESULT), 0); /* answered at once, heard in a later turn */
    return RUN_RETURNED;
}
START_TEST(native_services_answer_now_or_later)
{
    Rig r;
    rig_open(&r);
    Echo echo = {0};
    Process *n = kernel_add_native(r.k, &(NativeSpec){.name = "echo", .ops = &echo_ops, .self = &echo,
                                                      .methods = methods, .n_methods = 2});
    Fake *a = fake(&r, "a");
    kernel_import(a->p, n, 0);
    kernel_import(a->p, n, 1);
    a->on_init = asks_native;
    rig_settle(&r);
    ck_assert_str_eq(the_last(a, 1)->text, "echo");
    ck_assert_uint_eq(the_last(a, 2)->e.status, STATUS_NOT_FOUND);
    ck_assert_uint_eq(the_last(a, 4)->e.status, STATUS_CANCELLED);
    ck_assert_uint_eq(echo.requests, 5);
    ck_assert_uint_eq(echo.ended, 1);
    r.k->ended = false; /* nothing can come without a timer: here comes something from outside */
    kernel_answer(echo.kept[0], "x", 1);
    rig_settle(&r);
    ck_assert_str_eq(the_last(a, 3)->text, "x");
    rig_close(&r);
    ck_assert_uint_eq(echo.ended, 1);
}
END_TEST

static RunEnd asks_native_and_traps(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 1, "later", 3);
    say(f, 1, "later", 0);
    return f->counter ? RUN_RETURNED : RUN_TRAPPED;
}
static RunEnd asks_native_with_deadline(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 1, "later", 3);
    ck_assert_int_eq(kernel_deadline(f->p, (uint32_t)f->ids[0], 20), 0);
    return RUN_RETURNED;
}
START_TEST(native_services_have_deadlines_too)
{
    Rig r;
    rig_open(&r);
    Echo echo = {0};
    Process *n = kernel_add_native(r.k, &(NativeSpec){.name = "echo", .ops = &echo_ops, .self = &echo,
                                                      .methods = methods, .n_methods = 2});
    Fake *a = fake(&r, "a");
    kernel_import(a->p, n, 0);
    kernel_import(a->p, n, 1);
    a->on_init = asks_native_with_deadline;
    rig_run(&r);
    ck_assert_uint_eq(the_last(a, 3)->e.status, STATUS_DEADLINE_EXCEEDED);
    ck_assert_uint_eq(the_last(a, 3)->at, 5 * SEC + 20 * MS);
    ck_assert_uint_eq(echo.ended, 1);
    rig_close(&r);
}
END_TEST

START_TEST(native_services_are_told_when_the_caller_goes)
{
    Rig r;
    for (unsigned i = 0; i < 2; i++) {
        rig_open(&r);
        Echo echo = {0};
        Process *n = kernel_add_native(r.k, &(NativeSpec){.name = "echo", .ops = &echo_ops, .self = &echo,
                                                          .methods = methods, .n_methods = 2});
        Fake *a = fake(&r, "a");
        kernel_import(a->p, n, 0);
        kernel_import(a->p, n, 1);
        a->on_init = asks_native_and_traps;
        a->counter = i;
        rig_settle(&r);
        rig_close(&r); /* or the kernel itself goes */
        ck_assert_uint_eq(echo.ended, 2);
    }
}
END_TEST

/* ---- everything at once -------------------------------------------------------------------------------------------------------- */

enum { CROWD = 6 };
static uint32_t dice; /* xorshift: the same storm for the same seed */
static uint32_t roll(uint32_t n)
{
    dice ^= dice << 13;
    dice ^= dice >> 17;
    dice ^= dice << 5;
    return dice % n;
}
static uint8_t awaited[CROWD][100000]; /* by cookie: 1 = a last result has to come */
static uint32_t next_cookie[CROWD];
static unsigned crowd_index(const Fake *f) { return (unsigned)(f->name[0] - 'a'); }

static RunEnd forgets(Fake *f, const Entry *e) /* a fresh instance: nothing is owed to it */
{
    (void)e;
    memset(awaited[crowd_index(f)], 0, sizeof awaited[0]);
    f->n_ids = 0;
    return RUN_RETURNED;
}
static RunEnd keeps_accounts(Fake *f, const Entry *e)
{
    uint8_t *mine = awaited[crowd_index(f)];
    ck_assert_uint_ne(e->cookie, 0);
    ck_assert_uint_eq(mine[e->cookie], 1);
    if (e->flags & FLAG_LAST) mine[e->cookie] = 2;
    if (e->status) ck_assert_uint_eq(e->flags, FLAG_LAST);
    return RUN_RETURNED;
}

static RunEnd runs_wild(Fake *f, const Entry *e)
{
    unsigned me = crowd_index(f);
    if (e->kind == ENTRY_INIT) forgets(f, e);
    if (e->kind == ENTRY_RESULT) keeps_accounts(f, e);
    if (e->kind == ENTRY_METHOD && f->n_ids < 64) f->ids[f->n_ids++] = (int32_t)e->call;
    f->rig->now += roll(3) * MS;
    f->n_seen = 0;
    for (unsigned n = roll(6); n; n--) {
        char text[40];
        snprintf(text, sizeof text, "%0*u", (int)roll(39) + 1, n);
        if (roll(4) == 0) text[0] = 0;
        switch (roll(8)) {
        case 0:
        case 1:
            if (next_cookie[me] < 99999) {
                uint32_t cookie = roll(5) ? ++next_cookie[me] : 0;
                unsigned before = f->n_ids;
                int32_t id = say(f, roll(CROWD), text, cookie);
                f->n_ids = before; /* ids holds calls served */
                if (id > 0) awaited[me][cookie] = 1;
                else ck_assert_int_eq(id, -STATUS_RESOURCE_EXHAUSTED);
            }
            break;
        case 2:
        case 3:
            if (f->n_ids) piece(f, (uint32_t)f->ids[roll(f->n_ids)], text, roll(2));
            break;
        case 4:
            if (f->n_ids) kernel_fail(f->p, (uint32_t)f->ids[roll(f->n_ids)], 1 + roll(16), 20000, roll(20));
            break;
        case 5: kernel_cancel(f->p, roll(60)); break;
        case 6: kernel_deadline(f->p, roll(60), roll(100)); break;
        case 7: f->alloc_fails = roll(10) == 0; break;
        }
    }
    if (f->n_ids >= 64) f->n_ids = 0;
    if (roll(60) == 0) return RUN_TRAPPED;
    if (roll(200) == 0) return kernel_reply(f->p, 1, 0, 1, 0) == KERNEL_STOP ? RUN_TRAPPED : RUN_RETURNED;
    return RUN_RETURNED;
}

static void check_crowd(const Rig *r)
{
    for (unsigned i = 0; i < CROWD; i++) {
        const Fake *f = r->fakes[i];
        unsigned owed = 0;
        for (uint32_t c = 1; c <= next_cookie[i]; c++) owed += awaited[i][c] == 1;
        if (f->live) ck_assert_msg(owed == 0, "%s still waits for %u results", f->name, owed);
        ck_assert_uint_eq(f->p->made.n, 0);
        ck_assert_uint_eq(f->p->waiting_bytes, 0);
    }
}

START_TEST(a_wild_crowd_loses_no_result)
{
    Rig r;
    rig_open(&r);
    dice = 12345u + (uint32_t)_i * 977u;
    memset(next_cookie, 0, sizeof next_cookie);
    Fake *crowd[CROWD];
    for (unsigned i = 0; i < CROWD; i++) {
        char name[2] = {(char)('a' + i), 0};
        ProcessLimits limits = {.deadline_ns = (1 + roll(20)) * 100 * MS, .calls = 1 + roll(40), .queue = 1 + roll(6),
                                .restarts_per_minute = roll(4) * 200};
        crowd[i] = fake_add(&r, name, limits, 1 + roll(300), roll(4) != 0);
        crowd[i]->on_init = crowd[i]->on_request = crowd[i]->on_result = crowd[i]->on_event = runs_wild;
    }
    for (unsigned i = 0; i < CROWD; i++)
        for (unsigned j = 0; j < CROWD; j++) kernel_import(crowd[i]->p, crowd[j]->p, roll(2));
    for (unsigned turn = 0; turn < 6000; turn++) {
        r.n_deaths = 0;
        if (turn == 3000) kernel_please_stop(r.k);
        KernelState s = kernel_step(r.k);
        if (s == KERNEL_ENDED) break;
        if (s == KERNEL_WAITING) r.now = kernel_next_timer(r.k);
    }
    /* Everybody falls silent: what is open runs into its deadline. */
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i]->on_init = forgets;
        crowd[i]->on_request = crowd[i]->on_event = ignores;
        crowd[i]->on_result = keeps_accounts;
        crowd[i]->alloc_fails = 0;
    }
    for (unsigned turn = 0; turn < 20000; turn++) {
        for (unsigned i = 0; i < CROWD; i++) crowd[i]->n_seen = 0;
        KernelState s = kernel_step(r.k);
        if (s == KERNEL_ENDED) break;
        if (s == KERNEL_WAITING) r.now = kernel_next_timer(r.k);
    }
    ck_assert_int_eq(kernel_step(r.k), KERNEL_ENDED);
    check_crowd(&r);
    rig_close(&r);
}
END_TEST

START_TEST(out_of_memory_at_any_moment)
{
    /* The scenario of a stream, a cancel and a kill, with the Nth allocation failing, for every N. */
    long total = 0;
    for (long fail = 0; fail <= total; fail++) {
        Rig r;
        memset(&r, 0, sizeof r);
        r.now = 5 * SEC;
        r.fail_at = fail;
        r.k = kernel_new(&(KernelOptions){.now = rig_now, .died = rig_died, .allocate = rig_allocate, .ctx = &r});
        if (!r.k) continue;
        Fake *b = fake_add(&r, "b", (ProcessLimits){.restarts_per_minute = 2}, 0, true), *a = fake(&r, "a");
        bool built = a->p && b->p && kernel_import(a->p, b->p, 0) >= 0 && kernel_import(a->p, b->p, 1) >= 0;
        if (built) {
            a->on_init = sends_poison;
            a->on_result = cancels_replies;
            b->on_request = traps_on_poison;
            rig_run(&r);
            for (uint32_t c = 1; c <= 3; c++)
                if (a->n_ids == 3) the_last(a, c);
        }
        if (fail == 0) total = r.n_allocs;
        rig_close(&r);
    }
    ck_assert_int_gt(total, 20);
}
END_TEST
int main(void)
{
    Suite *s = suite_create("kernel-load");
    TCase *t = tcase_create("storms");
    tcase_add_test(t, a_storm_fills_the_senders_own_quota);
    tcase_add_test(t, a_storm_to_many_is_bounded_too);
    tcase_add_test(t, a_storm_of_cancelled_calls_leaves_nothing);
    tcase_add_test(t, a_storm_of_long_messages_is_bounded);
    tcase_add_test(t, a_storm_of_empty_pieces_is_bounded);
    tcase_add_test(t, what_waits_for_one_caller_leaves_room_for_others);
    tcase_add_test(t, replies_to_many_callers_are_bounded_together);
    tcase_add_test(t, room_is_told_when_queue_and_bytes_have_it);
    tcase_add_test(t, one_that_is_killed_again_and_again_cannot_flood);
    tcase_add_test(t, ids_of_calls_that_have_gone_are_forgotten_in_the_end);
    tcase_add_test(t, busy_processes_get_time_by_their_shares);
    tcase_add_loop_test(t, metered_processes_get_fuel_by_their_shares, 0, 3);
    tcase_add_test(t, virtual_time_does_not_run_out);
    tcase_add_test(t, messages_are_charged_too);
    tcase_add_test(t, a_flood_does_not_keep_others_calls_away);
    tcase_add_test(t, each_call_is_told_once_and_each_refusal_with_its_limit);
    tcase_add_test(t, who_has_used_all_its_fuel_is_not_started_afresh);
    tcase_add_test(t, timers_ring_in_order);
    tcase_add_test(t, native_services_answer_now_or_later);
    tcase_add_test(t, native_services_have_deadlines_too);
    tcase_add_test(t, native_services_are_told_when_the_caller_goes);
    tcase_add_loop_test(t, a_wild_crowd_loses_no_result, 0, 40);
    tcase_add_test(t, out_of_memory_at_any_moment);
    suite_add_tcase(s, t);
    return run_tap(s);
}
