/* kernel.c: the rules of docs/abi.md, and each row of its table of errors, by fakes (kernel_rig.h). */
#include "kernel_rig.h"

/* ---- the rules ------------------------------------------------------------------------------------------------------ */

START_TEST(init_first_then_question_and_answer)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = answers;
    rig_run(&r);
    ck_assert_uint_eq(b->n_seen, 2);
    ck_assert_int_eq(b->seen[0].e.kind, ENTRY_INIT);
    ck_assert_str_eq(b->seen[0].text, "hello");
    ck_assert_int_eq(b->seen[1].e.kind, ENTRY_METHOD);
    ck_assert_uint_eq(b->seen[1].e.method, 0);
    ck_assert_uint_eq(b->seen[1].e.call, 1);
    ck_assert_str_eq(b->seen[1].text, "question");
    ck_assert_uint_eq(a->n_seen, 2);
    const Seen *s = the_last(a, 7);
    ck_assert_uint_eq(s->e.status, 0);
    ck_assert_str_eq(s->text, "answer");
    ck_assert_int_eq(kernel_step(r.k), KERNEL_ENDED);
    ck_assert_int_eq(kernel_exit_code(r.k), 0);
    rig_close(&r);
}
END_TEST

static RunEnd asks_itself(Fake *f, const Entry *e)
{
    (void)e;
    unsigned before = f->n_seen, other = f->rig->fakes[0]->n_seen;
    ck_assert_int_gt(say(f, 0, "x", 1), 0);
    ck_assert_int_gt(say(f, 2, "to myself", 2), 0);
    ck_assert_uint_eq(f->n_seen, before);
    ck_assert_uint_eq(f->rig->fakes[0]->n_seen, other);
    return RUN_RETURNED;
}
START_TEST(rule_1_no_entry_within_an_entry)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    kernel_import(a->p, a->p, 1);
    a->on_init = asks_itself;
    a->on_request = b->on_request = answers;
    rig_run(&r);
    ck_assert_str_eq(the_last(a, 1)->text, "answer");
    ck_assert_str_eq(the_last(a, 2)->text, "answer");
    ck_assert_str_eq(nth(a, ENTRY_METHOD, 0)->text, "to myself");
    rig_close(&r);
}
END_TEST

static RunEnd calls_with_nothing(Fake *f, const Entry *e)
{
    (void)e;
    f->got = kernel_call(f->p, 0, 0xffffffff, 0, 3); /* len = 0: ptr is not looked at */
    return RUN_RETURNED;
}
static RunEnd answers_with_nothing(Fake *f, const Entry *e)
{
    f->got = kernel_reply(f->p, e->call, 1, 0, FLAG_LAST | FLAG_NO_MESSAGE);
    return RUN_RETURNED;
}
START_TEST(rules_2_and_3_empty_messages_need_no_address_and_no_buffer)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = calls_with_nothing;
    b->on_request = answers_with_nothing;
    rig_run(&r);
    ck_assert_int_eq(a->got, 1);
    ck_assert_int_eq(b->got, 0);
    ck_assert_uint_eq(a->allocs, 1); /* the InitRequest */
    ck_assert_uint_eq(b->allocs, 1);
    ck_assert_uint_eq(nth(b, ENTRY_METHOD, 0)->e.ptr, 0);
    ck_assert_uint_eq(nth(b, ENTRY_METHOD, 0)->e.len, 0);
    ck_assert_uint_eq(the_last(a, 3)->e.flags, FLAG_LAST | FLAG_NO_MESSAGE);
    rig_close(&r);
}
END_TEST

static RunEnd asks_then_starves_b(Fake *f, const Entry *e)
{
    f->rig->fakes[0]->alloc_fails = 1;
    return asks_on_init(f, e);
}
START_TEST(rule_3_a_provider_without_memory_lives_and_the_call_gets_8)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_then_starves_b;
    b->on_request = answers;
    rig_run(&r);
    ck_assert_uint_eq(b->n_seen, 1);
    ck_assert_uint_eq(r.n_deaths, 0);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_RESOURCE_EXHAUSTED);
    check_failure(a, the_last(a, 7), REASON(NO_MEMORY), "b has no memory");
    rig_close(&r);
}
END_TEST

static RunEnd asks_then_starves(Fake *f, const Entry *e)
{
    f->alloc_fails = 1;
    return asks_on_init(f, e);
}
static RunEnd sends_two(Fake *f, const Entry *e)
{
    piece(f, e->call, "one", 0);
    piece(f, e->call, "two", 0);
    return RUN_RETURNED;
}
START_TEST(rule_3_a_caller_without_memory_gets_8_and_the_provider_event_1)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_then_starves;
    b->on_request = sends_two;
    rig_run(&r);
    const Seen *s = the_last(a, 7);
    ck_assert_uint_eq(s->e.status, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_uint_eq(s->e.len, 0);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 1);
    ck_assert_uint_eq(nth(b, ENTRY_EVENT, 0)->e.event, EVENT_ENDED);
    ck_assert_uint_eq(nth(b, ENTRY_EVENT, 0)->e.call, 1);
    ck_assert_uint_eq(r.n_deaths, 0);
    rig_close(&r);
}
END_TEST

START_TEST(rule_3_no_memory_for_the_init_request_is_a_kill)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    b->alloc_fails = 1;
    a->on_init = asks_on_init;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert_str_eq(r.deaths[0].why, "parigot_alloc has no memory for the InitRequest");
    ck_assert_int_eq(r.deaths[0].d.entry, ENTRY_INIT);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    rig_close(&r);
}
END_TEST

typedef struct BadAddress {
    uint32_t ptr, len;
} BadAddress;
static const BadAddress bad_addresses[] = {
    {0, 1}, {NULL_GUARD - 1, 1}, {MEMORY, 1}, {MEMORY - 1, 2}, {0xffffffff, 1}, {0xffffffff, 0xffffffff},
    {NULL_GUARD, MEMORY}, {0x80000000, 0x80000000},
};
enum { N_BAD = ARRAY_LEN(bad_addresses) };
static RunEnd bad_call(Fake *f, const Entry *e)
{
    (void)e;
    BadAddress b = bad_addresses[f->counter];
    ck_assert_int_eq(kernel_call(f->p, 0, b.ptr, b.len, 9), KERNEL_STOP);
    ck_assert_int_eq(say(f, 0, "no more", 9), KERNEL_STOP); /* an adapter that goes on all the same */
    ck_assert_int_eq(kernel_exit(f->p, 0), KERNEL_STOP);
    return RUN_TRAPPED;
}
static RunEnd bad_reply(Fake *f, const Entry *e)
{
    BadAddress b = bad_addresses[f->counter];
    ck_assert_int_eq(kernel_reply(f->p, e->call, b.ptr, b.len, FLAG_LAST), KERNEL_STOP);
    return RUN_RETURNED; /* the kernel remembers */
}
static RunEnd bad_fail(Fake *f, const Entry *e)
{
    BadAddress b = bad_addresses[f->counter];
    ck_assert_int_eq(kernel_fail(f->p, e->call, 3, b.ptr, b.len), KERNEL_STOP);
    return RUN_RETURNED;
}
START_TEST(rule_4_a_message_outside_memory_kills)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    int i = _i % N_BAD, how = _i / N_BAD;
    a->on_init = how == 0 ? bad_call : asks_on_init;
    b->on_request = how == 1 ? bad_reply : bad_fail;
    a->counter = b->counter = (unsigned)i;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert_str_eq(r.deaths[0].why, "message outside memory");
    ck_assert_ptr_eq(r.deaths[0].d.process, how == 0 ? a->p : b->p);
    if (how) {
        ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
        check_failure(a, the_last(a, 7), REASON(KILLED), "message outside memory");
        ck_assert_str_eq(r.deaths[0].sender, "a");
        ck_assert_str_eq(r.deaths[0].method, "t.Test/Zero");
    }
    rig_close(&r);
}
END_TEST

static const uint32_t bad_buffers[] = {1, NULL_GUARD, HEAP_BASE - 1, MEMORY - 1, MEMORY, 0xffffffff};
static RunEnd asks_then_misleads_b(Fake *f, const Entry *e)
{
    f->rig->fakes[0]->alloc_gives = bad_buffers[f->counter];
    return asks_on_init(f, e);
}
START_TEST(rule_4_a_buffer_outside_the_heap_kills)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->counter = (unsigned)_i;
    a->on_init = asks_then_misleads_b;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert_ptr_eq(r.deaths[0].d.process, b->p);
    ck_assert_str_eq(r.deaths[0].why, "message outside memory");
    ck_assert_uint_eq(count(b, ENTRY_METHOD), 0);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    rig_close(&r);
}
END_TEST

static RunEnd fails(Fake *f, const Entry *e)
{
    f->got = kernel_fail(f->p, e->call, 5, 0, 0);
    return RUN_RETURNED;
}
static RunEnd exits(Fake *f, const Entry *e)
{
    (void)e;
    f->got = kernel_exit(f->p, 42);
    return RUN_TRAPPED;
}
static RunEnd asks_and_cancels(Fake *f, const Entry *e)
{
    asks_on_init(f, e);
    ck_assert_int_eq(kernel_cancel(f->p, 1), 0);
    ck_assert_int_eq(kernel_cancel(f->p, 1), 0); /* its last result has not come yet */
    return RUN_RETURNED;
}
START_TEST(rule_5_one_last_result_whatever_happens)
{
    static const struct {
        FakeFn *caller, *provider;
        uint32_t status;
    } ways[] = {
        {asks_on_init, answers, 0},
        {asks_on_init, fails, 5},
        {asks_on_init, ignores, STATUS_DEADLINE_EXCEEDED},
        {asks_on_init, traps, STATUS_UNAVAILABLE},
        {asks_on_init, exits, STATUS_UNAVAILABLE},
        {asks_and_cancels, answers, STATUS_CANCELLED},
    };
    ck_assert_int_lt(_i, (int)ARRAY_LEN(ways));
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = ways[_i].caller;
    b->on_request = ways[_i].provider;
    rig_run(&r);
    ck_assert_uint_eq(the_last(a, 7)->e.status, ways[_i].status);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 1);
    rig_close(&r);
}
END_TEST

static RunEnd asks_for_nothing(Fake *f, const Entry *e)
{
    (void)e;
    ck_assert_int_eq(say(f, 0, "log line", 0), 1);
    ck_assert_int_eq(say(f, 0, "log line", 0), 2);
    return RUN_RETURNED;
}
static RunEnd answers_or_fails(Fake *f, const Entry *e)
{
    if (e->call == 1) return sends_two(f, e), answers(f, e);
    return fails(f, e);
}
START_TEST(rule_5_cookie_0_gets_no_result)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_for_nothing;
    b->on_request = _i == 0 ? answers_or_fails : _i == 1 ? ignores : traps;
    rig_run(&r);
    if (_i < 2) ck_assert_uint_eq(count(b, ENTRY_METHOD), 2);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 0);
    ck_assert_uint_eq(a->p->made.n, 0);
    rig_close(&r);
}
END_TEST

static RunEnd streams(Fake *f, const Entry *e)
{
    piece(f, e->call, "one", 0);
    piece(f, e->call, "", 0); /* an empty message is a message */
    piece(f, e->call, "three", 0);
    piece(f, e->call, "", FLAG_LAST | FLAG_NO_MESSAGE);
    ck_assert_int_eq(piece(f, e->call, "more", 0), -STATUS_NOT_FOUND);
    return RUN_RETURNED;
}
START_TEST(rules_6_and_8_pieces_come_in_order)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = streams;
    rig_run(&r);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 4);
    ck_assert_str_eq(nth(a, ENTRY_RESULT, 0)->text, "one");
    ck_assert_uint_eq(nth(a, ENTRY_RESULT, 1)->e.len, 0);
    ck_assert_uint_eq(nth(a, ENTRY_RESULT, 1)->e.flags, 0);
    ck_assert_str_eq(nth(a, ENTRY_RESULT, 2)->text, "three");
    ck_assert_uint_eq(nth(a, ENTRY_RESULT, 3)->e.flags, FLAG_LAST | FLAG_NO_MESSAGE);
    rig_close(&r);
}
END_TEST

static RunEnd asks_many(Fake *f, const Entry *e)
{
    (void)e;
    char text[8];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "%u", i);
        ck_assert_int_gt(say(f, i % 2, text, i + 1), 0);
    }
    return RUN_RETURNED;
}
START_TEST(rule_8_requests_of_one_caller_come_in_order)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_many;
    b->on_request = answers;
    rig_run(&r);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_eq(atoi(nth(b, ENTRY_METHOD, i)->text), (int)i);
        ck_assert_uint_eq(nth(b, ENTRY_METHOD, i)->e.method, i % 2);
        ck_assert_uint_eq(the_last(a, i + 1)->e.status, 0);
    }
    rig_close(&r);
}
END_TEST

static RunEnd asks_again(Fake *f, const Entry *e)
{
    if (f->counter++ < 6) say(f, 0, "x", e->kind == ENTRY_RESULT ? e->cookie + 1 : 1);
    return RUN_RETURNED;
}
START_TEST(rule_7_ids_wrap_and_skip_those_in_use)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    b->on_request = answers;
    rig_settle(&r);
    a->p->made.last = KERNEL_MAX_ID - 1;
    b->p->served.last = KERNEL_MAX_ID - 2;
    /* an id that is in use where counting comes along: by an open call of the other space's neighbour */
    Call stuck = {0};
    IdLink *in_use = &stuck.made;
    in_use->id = 2;
    in_use->call = &stuck;
    a->p->made.buckets[2] = in_use;
    a->p->made.n++;
    a->on_event = asks_again;
    a->on_result = asks_again;
    kernel_please_stop(r.k); /* event 3 gives a its entry */
    r.k->ended = false;
    rig_settle(&r);
    ck_assert_int_eq(a->ids[0], KERNEL_MAX_ID);
    ck_assert_int_eq(a->ids[1], 1);
    ck_assert_int_eq(a->ids[2], 3);
    ck_assert_int_eq(a->ids[3], 4);
    ck_assert_uint_eq(nth(b, ENTRY_METHOD, 0)->e.call, KERNEL_MAX_ID - 1);
    ck_assert_uint_eq(nth(b, ENTRY_METHOD, 1)->e.call, KERNEL_MAX_ID);
    ck_assert_uint_eq(nth(b, ENTRY_METHOD, 2)->e.call, 1);
    a->p->made.buckets[2] = NULL;
    a->p->made.n--;
    rig_close(&r);
}
END_TEST

/* c serves a call of a's under id 1 and has made one to b: b tries its hand on ids that are not its own. */
static RunEnd meddles(Fake *f, const Entry *e)
{
    for (uint32_t id = 0; id < 10; id++) {
        if (id == e->call) continue;
        ck_assert_int_eq(piece(f, id, "fake", FLAG_LAST), -STATUS_NOT_FOUND);
        ck_assert_int_eq(kernel_fail(f->p, id, 3, 0, 0), -STATUS_NOT_FOUND);
    }
    for (uint32_t id = 0; id < 10; id++) {
        ck_assert_int_eq(kernel_cancel(f->p, id), -STATUS_NOT_FOUND);
        ck_assert_int_eq(kernel_deadline(f->p, id, 1), -STATUS_NOT_FOUND);
    }
    static const uint32_t wild[] = {0x7fffffff, 0x80000000, 0xffffffff};
    for (unsigned i = 0; i < 3; i++) ck_assert_int_eq(piece(f, wild[i], "fake", FLAG_LAST), -STATUS_NOT_FOUND);
    return answers(f, e);
}
static RunEnd asks_five_times(Fake *f, const Entry *e)
{
    (void)e;
    for (uint32_t i = 1; i <= 5; i++) say(f, 0, "x", i);
    /* the caller cannot answer its own calls */
    ck_assert_int_eq(piece(f, 1, "fake", FLAG_LAST), -STATUS_NOT_FOUND);
    return RUN_RETURNED;
}
START_TEST(rule_7_ids_of_others_are_not_found)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_five_times;
    b->on_request = meddles;
    rig_run(&r);
    for (uint32_t i = 1; i <= 5; i++) ck_assert_uint_eq(the_last(a, i)->e.status, 0);
    rig_close(&r);
}
END_TEST

/* What another provider has open is not found, whatever its id. */
static RunEnd tries_others_ids(Fake *f, const Entry *e)
{
    for (uint32_t id = 1; id < 50; id++) {
        if (id == e->call) continue;
        ck_assert_int_eq(piece(f, id, "forged", FLAG_LAST), -STATUS_NOT_FOUND);
        ck_assert_int_eq(kernel_fail(f->p, id, 3, 0, 0), -STATUS_NOT_FOUND);
        ck_assert_int_eq(kernel_cancel(f->p, id), -STATUS_NOT_FOUND);
    }
    return answers(f, e);
}
static RunEnd answers_all_at_the_fourth(Fake *f, const Entry *e)
{
    for (uint32_t id = 1; e->call == 4 && id <= 4; id++) piece(f, id, "true", FLAG_LAST);
    return RUN_RETURNED;
}
static RunEnd asks_three_then_the_other_thrice(Fake *f, const Entry *e)
{
    if (e->kind == ENTRY_INIT) {
        for (uint32_t i = 1; i <= 3; i++) say(f, 0, "x", i);
        say(f, 1, "forge", 7);
    } else if (e->cookie >= 7) { /* its ids go on; those before it are others' alone then */
        say(f, e->cookie == 9 ? 0 : 1, "x", e->cookie == 9 ? 4 : e->cookie + 1);
    }
    return RUN_RETURNED;
}
START_TEST(rule_7_nobody_answers_for_another)
{
    Rig r;
    rig_open(&r);
    Fake *c = fake(&r, "c"), *b = fake(&r, "b"), *a = fake(&r, "a");
    kernel_import(a->p, c->p, 0);
    kernel_import(a->p, b->p, 0);
    a->on_init = a->on_result = asks_three_then_the_other_thrice;
    c->on_request = answers_all_at_the_fourth;
    b->on_request = tries_others_ids;
    rig_run(&r);
    for (uint32_t i = 1; i <= 4; i++) ck_assert_str_eq(the_last(a, i)->text, "true");
    ck_assert_str_eq(the_last(a, 9)->text, "answer");
    rig_close(&r);
}
END_TEST

static RunEnd logs_asks_and_traps(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 0, "last words", 0);
    say(f, 0, "question", 1);
    return RUN_TRAPPED;
}
static RunEnd answers_all_then_traps(Fake *f, const Entry *e)
{
    piece(f, e->call, "one", 0);
    piece(f, e->call, "two", FLAG_LAST);
    return RUN_TRAPPED;
}
START_TEST(rule_9_effects_stay)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = logs_asks_and_traps;
    b->on_request = answers;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert_uint_eq(count(b, ENTRY_METHOD), 1); /* the other was cancelled before it came: rule 12 */
    ck_assert_str_eq(nth(b, ENTRY_METHOD, 0)->text, "last words");
    ck_assert_uint_eq(b->p->waiting_bytes + a->p->waiting_bytes, 0);
    rig_close(&r);

    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = answers_all_then_traps;
    rig_run(&r);
    ck_assert_str_eq(nth(a, ENTRY_RESULT, 0)->text, "one");
    ck_assert_str_eq(the_last(a, 7)->text, "two");
    ck_assert_uint_eq(the_last(a, 7)->e.status, 0);
    rig_close(&r);
}
END_TEST

static RunEnd floods_the_queue(Fake *f, const Entry *e)
{
    if (e->kind == ENTRY_METHOD) f->ids[0] = (int32_t)e->call;
    else ck_assert_uint_eq(e->event, EVENT_ROOM);
    while (f->counter < 40) {
        char text[8];
        snprintf(text, sizeof text, "%u", f->counter);
        int32_t got = piece(f, (uint32_t)f->ids[0], text, f->counter == 39 ? FLAG_LAST : 0);
        if (got == -STATUS_RESOURCE_EXHAUSTED) {
            ck_assert_int_eq(piece(f, (uint32_t)f->ids[0], text, 0), -STATUS_RESOURCE_EXHAUSTED);
            return RUN_RETURNED;
        }
        ck_assert_int_eq(got, 0);
        f->counter++;
    }
    return RUN_RETURNED;
}
START_TEST(rule_10_a_full_queue_says_8_and_event_2_comes_once_when_half_is_free)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.queue = 8}, 0, true), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    a->on_init = asks_on_init;
    b->on_request = b->on_event = floods_the_queue;
    rig_run(&r);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 40);
    for (unsigned i = 0; i < 40; i++) ck_assert_int_eq(atoi(nth(a, ENTRY_RESULT, i)->text), (int)i);
    /* 8 at first; after each event at least the half that was free */
    ck_assert_uint_ge(count(b, ENTRY_EVENT), 4);
    ck_assert_uint_le(count(b, ENTRY_EVENT), 8);
    rig_close(&r);
}
END_TEST

static RunEnd fills_bytes(Fake *f, const Entry *e)
{
    if (e->kind == ENTRY_METHOD) f->ids[f->n_ids++] = (int32_t)e->call;
    if (f->n_ids < 2) return RUN_RETURNED;
    /* Two calls, each with room in its queue, but what is under way may take 1 MiB: 20 x 50 KiB + the rest. */
    for (unsigned i = 0; i < 2; i++) {
        while (f->counter < 60) {
            int32_t got = kernel_reply(f->p, (uint32_t)f->ids[i], 8192, 50000, 0);
            if (got) {
                ck_assert_int_eq(got, -STATUS_RESOURCE_EXHAUSTED);
                break;
            }
            f->counter++;
        }
        ck_assert_uint_le(f->p->waiting_bytes, 1 << 20);
    }
    if (f->counter == 60) {
        piece(f, (uint32_t)f->ids[0], "end", FLAG_LAST);
        piece(f, (uint32_t)f->ids[1], "end", FLAG_LAST);
        f->counter++;
    }
    return RUN_RETURNED;
}
static RunEnd asks_twice(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 0, "x", 1);
    say(f, 0, "x", 2);
    return RUN_RETURNED;
}
START_TEST(rule_10_what_is_under_way_is_bounded_in_bytes_too)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.message_bytes = 50000}, 0, true);
    Fake *a = fake_add(&r, "a", (ProcessLimits){.message_bytes = 50000}, 0, true);
    kernel_import(a->p, b->p, 0);
    a->on_init = asks_twice;
    b->on_request = b->on_event = fills_bytes;
    rig_run(&r);
    ck_assert_uint_eq(the_last(a, 1)->e.status, 0);
    ck_assert_uint_eq(the_last(a, 2)->e.status, 0);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 62);
    ck_assert_uint_ge(count(b, ENTRY_EVENT), 2);
    rig_close(&r);
}
END_TEST

/* Deadlines: which of the three is the earliest. */
static RunEnd asks_with_deadline(Fake *f, const Entry *e)
{
    asks_on_init(f, e);
    ck_assert_int_eq(kernel_deadline(f->p, 1, f->counter), 0);
    ck_assert_int_eq(kernel_deadline(f->p, 1, f->counter + 50000), 0); /* never longer */
    return RUN_RETURNED;
}
START_TEST(rule_11_deadline_of_the_caller_and_limit_of_the_provider)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.deadline_ns = 2 * SEC}, 0, true), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    a->counter = _i == 0 ? 500 : _i == 1 ? 5000 : 0;
    uint64_t due = _i == 0 ? 500 * MS : _i == 1 ? 2 * SEC : 0;
    a->on_init = asks_with_deadline;
    b->on_request = ignores;
    rig_run(&r);
    const Seen *s = the_last(a, 7);
    ck_assert_uint_eq(s->e.status, STATUS_DEADLINE_EXCEEDED);
    ck_assert_uint_eq(s->at, 5 * SEC + due);
    if (_i < 2) {
        const Seen *told = nth(b, ENTRY_EVENT, 0);
        ck_assert_uint_eq(told->e.event, EVENT_ENDED);
        ck_assert_uint_eq(told->e.call, 1);
    } else {
        ck_assert_uint_eq(b->n_seen, 1); /* its time was over before its turn came */
    }
    rig_close(&r);
}
END_TEST

/* a -> b (1 s) -> c, in b's request and again in its result: both calls end with a's. */
static RunEnd passes_on(Fake *f, const Entry *e)
{
    if (e->kind == ENTRY_METHOD || f->counter++ == 0) say(f, 0, "on", 10 + f->counter);
    return RUN_RETURNED;
}
static RunEnd answers_first_only(Fake *f, const Entry *e)
{
    f->rig->now += 300 * MS;
    return f->counter++ == 0 ? answers(f, e) : RUN_RETURNED;
}
START_TEST(rule_11_deadlines_are_inherited_through_results)
{
    Rig r;
    rig_open(&r);
    Fake *c = fake(&r, "c"), *b = fake(&r, "b"), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    kernel_import(b->p, c->p, 0);
    a->counter = 1000;
    a->on_init = asks_with_deadline;
    b->on_request = b->on_result = passes_on;
    c->on_request = answers_first_only;
    rig_run(&r);
    ck_assert_uint_eq(the_last(a, 7)->at, 6 * SEC);
    ck_assert_uint_eq(the_last(b, 10)->e.status, 0);
    ck_assert_uint_eq(the_last(b, 11)->e.status, STATUS_DEADLINE_EXCEEDED);
    ck_assert_uint_eq(the_last(b, 11)->at, 6 * SEC);
    ck_assert_uint_eq(nth(c, ENTRY_EVENT, 0)->at, 6 * SEC);
    rig_close(&r);
}
END_TEST

static RunEnd calls_after_the_end(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 0, "late", 20); /* in an event no request is being served: nothing is inherited */
    return RUN_RETURNED;
}
START_TEST(rule_11_an_event_inherits_nothing)
{
    Rig r;
    rig_open(&r);
    Fake *c = fake(&r, "c"), *b = fake(&r, "b"), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    kernel_import(b->p, c->p, 0);
    a->counter = 100;
    a->on_init = asks_with_deadline;
    b->on_event = calls_after_the_end;
    c->on_request = answers;
    rig_run(&r);
    ck_assert_uint_eq(the_last(b, 20)->e.status, 0);
    rig_close(&r);
}
END_TEST

START_TEST(rule_12_a_kill_hits_the_process_its_callers_and_its_calls_and_no_one_else)
{
    Rig r;
    rig_open(&r);
    Fake *c = fake(&r, "c"), *b = fake(&r, "b"), *a = fake(&r, "a"), *d = fake(&r, "d");
    kernel_import(b->p, c->p, 1);
    kernel_import(a->p, b->p, 0);
    kernel_import(d->p, c->p, 0);
    b->on_init = asks_on_init; /* an open call of b's at c */
    b->on_request = traps_on_poison;
    b->why = "integer divide by zero";
    a->on_init = sends_poison;
    d->on_init = asks_on_init;
    c->on_request = ignores;
    rig_settle(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert_str_eq(r.deaths[0].why, "integer divide by zero");
    ck_assert_str_eq(r.deaths[0].sender, "a");
    ck_assert_str_eq(r.deaths[0].method, "t.Test/Zero");
    ck_assert_int_eq(r.deaths[0].d.entry, ENTRY_METHOD);
    ck_assert(!r.deaths[0].d.restarts);
    ck_assert_uint_eq(the_last(a, 1)->e.status, 0);
    ck_assert_uint_eq(the_last(a, 2)->e.status, STATUS_UNAVAILABLE);
    ck_assert_uint_eq(the_last(a, 3)->e.status, STATUS_UNAVAILABLE);
    check_failure(a, the_last(a, 2), REASON(KILLED), "b was killed: integer divide by zero");
    ck_assert_uint_eq(count(c, ENTRY_EVENT), 1); /* b's call there, not d's */
    ck_assert_uint_eq(nth(c, ENTRY_EVENT, 0)->e.event, EVENT_ENDED);
    ck_assert(!b->live);
    /* and who calls it now is told at once */
    a->on_event = asks_on_init;
    kernel_please_stop(r.k);
    rig_settle(&r);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    check_failure(a, the_last(a, 7), REASON(KILLED), "b has ended");
    rig_close(&r);
}
END_TEST

static RunEnd burns(Fake *f, const Entry *e)
{
    (void)f;
    (void)e;
    return RUN_OUT_OF_FUEL;
}
START_TEST(rule_12_out_of_fuel_has_its_own_reason)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = burns;
    b->why = "out of fuel";
    rig_run(&r);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    check_failure(a, the_last(a, 7), REASON(NO_FUEL), "out of fuel");
    rig_close(&r);
}
END_TEST

START_TEST(rule_12_a_trap_in_alloc_kills)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = answers;
    while (!b->n_seen) kernel_step(r.k);
    b->alloc_ends = RUN_TRAPPED;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert(r.deaths[0].d.in_alloc);
    ck_assert_str_eq(r.deaths[0].sender, "a");
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    rig_close(&r);

    pair(&r, &a, &b); /* for a result: the caller itself goes */
    a->on_init = asks_on_init;
    b->on_request = sends_two;
    while (a->n_seen < 1) kernel_step(r.k);
    a->alloc_ends = RUN_TRAPPED;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert_ptr_eq(r.deaths[0].d.process, a->p);
    ck_assert_str_eq(r.deaths[0].sender, "b");
    ck_assert_int_eq(r.deaths[0].d.entry, ENTRY_RESULT);
    ck_assert_uint_eq(nth(b, ENTRY_EVENT, 0)->e.event, EVENT_ENDED);
    rig_close(&r);
}
END_TEST

START_TEST(rule_12_a_process_that_does_not_start_is_killed)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    b->starts_badly = true;
    a->on_init = asks_on_init;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 1);
    ck_assert_int_eq(r.deaths[0].d.entry, ENTRY_NONE);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    rig_close(&r);
}
END_TEST

START_TEST(rule_12_a_fresh_start_serves_what_was_waiting)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.restarts_per_minute = 10}, 0, true), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    a->on_init = sends_poison;
    b->on_request = traps_on_poison;
    rig_run(&r);
    ck_assert_uint_eq(b->starts, 2);
    ck_assert(r.deaths[0].d.restarts);
    ck_assert_uint_eq(r.deaths[0].d.pause_ns, 10 * MS);
    ck_assert_uint_eq(the_last(a, 1)->e.status, 0);
    ck_assert_uint_eq(the_last(a, 2)->e.status, STATUS_UNAVAILABLE);
    ck_assert_uint_eq(the_last(a, 3)->e.status, 0);
    ck_assert_uint_eq(the_last(a, 3)->at, 5 * SEC + 10 * MS);
    ck_assert_uint_eq(count(b, ENTRY_INIT), 2);
    ck_assert_uint_eq(nth(b, ENTRY_METHOD, 2)->e.call, 1); /* a fresh instance counts from 1 */
    rig_close(&r);
}
END_TEST

static RunEnd asks_for_ever(Fake *f, const Entry *e)
{
    (void)e;
    if (f->n_seen < 40) say(f, 0, "poison", 1);
    return RUN_RETURNED;
}
START_TEST(rule_12_fresh_starts_come_with_growing_pauses_and_not_too_often)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake_add(&r, "b", (ProcessLimits){.restarts_per_minute = 6, .deadline_ns = 3600 * SEC}, 0, true);
    Fake *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    a->on_init = a->on_result = asks_for_ever;
    b->on_request = traps;
    rig_run(&r);
    ck_assert_uint_eq(r.n_deaths, 39);
    uint64_t starts[64];
    unsigned n = 0;
    for (unsigned i = 0; i < b->n_seen; i++)
        if (b->seen[i].e.kind == ENTRY_INIT) starts[n++] = b->seen[i].at;
    for (unsigned i = 0; i < 3; i++) ck_assert_uint_eq(starts[i + 1] - starts[i], (10 * MS) << i);
    ck_assert_uint_eq(r.deaths[0].d.restart_limit, 0); /* it waits for its pause; later, for its minute */
    unsigned limited = 0;
    for (unsigned i = 0; i < r.n_deaths; i++) limited += r.deaths[i].d.restart_limit == 6;
    ck_assert_uint_ge(limited, 1);
    for (unsigned i = 1; i + 2 < n; i++) ck_assert_uint_ge(starts[i + 2] - starts[i + 1] + MS, starts[2] - starts[1]);
    /* never more than six (and one for what a minute's end lets through) in any minute */
    for (unsigned i = 1; i + 13 < n; i++) ck_assert_uint_ge(starts[i + 13] - starts[i], 60 * SEC);
    rig_close(&r);
}
END_TEST

START_TEST(rule_12_main_is_not_started_afresh)
{
    Rig r;
    rig_open(&r);
    Fake *a = fake_add(&r, "a", (ProcessLimits){.restarts_per_minute = 6}, 0, true);
    kernel_set_main(r.k, a->p);
    a->on_init = traps;
    rig_run(&r);
    ck_assert_uint_eq(a->starts, 1);
    ck_assert(kernel_main_killed(r.k));
    rig_close(&r);
}
END_TEST

START_TEST(rule_13_any_bytes_are_a_message)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init; /* "question" is no protobuf message */
    b->on_request = answers;
    rig_run(&r);
    ck_assert_str_eq(nth(b, ENTRY_METHOD, 0)->text, "question");
    ck_assert_str_eq(the_last(a, 7)->text, "answer");
    rig_close(&r);
}
END_TEST

START_TEST(rule_14_the_world_ends_with_main)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    kernel_set_main(r.k, a->p);
    a->on_init = asks_on_init;
    a->on_result = exits;
    b->on_request = answers;
    rig_run(&r);
    ck_assert_int_eq(kernel_step(r.k), KERNEL_ENDED);
    ck_assert_int_eq(kernel_exit_code(r.k), 42);
    ck_assert(!kernel_main_killed(r.k));
    ck_assert_uint_eq(r.exits, 1);
    rig_close(&r);

    pair(&r, &a, &b);
    kernel_set_main(r.k, a->p);
    a->on_init = traps;
    rig_run(&r);
    ck_assert(kernel_main_killed(r.k));
    rig_close(&r);
}
END_TEST

START_TEST(rule_14_without_main_when_nothing_can_come)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = ignores;
    ck_assert_int_eq(rig_settle(&r), KERNEL_WAITING); /* the deadline is open */
    ck_assert_uint_eq(kernel_next_timer(r.k), 35 * SEC);
    r.now = 35 * SEC;
    ck_assert_int_eq(rig_settle(&r), KERNEL_ENDED);
    ck_assert_int_eq(kernel_exit_code(r.k), 0);
    rig_close(&r);
}
END_TEST

START_TEST(exit_of_another_leaves_the_world_running)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    kernel_set_main(r.k, a->p);
    a->on_init = asks_on_init;
    b->on_init = ignores;
    b->on_request = exits;
    a->on_result = exits;
    rig_run(&r);
    ck_assert_uint_eq(r.exits, 2);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    rig_close(&r);
}
END_TEST

START_TEST(event_3_asks_to_end)
{
    Rig r;
    rig_open(&r);
    Fake *a = fake(&r, "a"), *b = fake_add(&r, "b", (ProcessLimits){0}, 0, false);
    while (!b->n_seen) kernel_step(r.k);
    ck_assert(kernel_hears_stop(r.k));
    kernel_please_stop(r.k);
    kernel_please_stop(r.k);
    rig_run(&r);
    ck_assert_uint_eq(count(a, ENTRY_EVENT), 1);
    ck_assert_uint_eq(nth(a, ENTRY_EVENT, 0)->e.event, EVENT_STOP);
    ck_assert_uint_eq(nth(a, ENTRY_EVENT, 0)->e.call, 0);
    ck_assert_uint_eq(count(b, ENTRY_EVENT), 0);
    rig_close(&r);
}
END_TEST

/* The host program: acts between turns, and a world that it may call into is idle, not over. */
START_TEST(a_process_from_outside)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->p->spec.outside = r.k->open = true;
    b->on_request = answers;
    ck_assert(kernel_is_busy(r.k));
    ck_assert_int_eq(rig_settle(&r), KERNEL_WAITING);
    ck_assert_uint_eq(kernel_next_timer(r.k), UINT64_MAX);
    ck_assert(!kernel_is_busy(r.k));
    kernel_begin(a->p);
    ck_assert_int_eq(say(a, 0, "hello", 7), 1);
    ck_assert_int_eq(say(a, 0, "gone", 8), 2);
    ck_assert_int_eq(kernel_cancel(a->p, 2), 0);
    kernel_end(a->p);
    ck_assert(kernel_is_busy(r.k));
    ck_assert_int_eq(rig_settle(&r), KERNEL_WAITING);
    ck_assert_uint_eq(the_last(a, 7)->e.status, 0);
    ck_assert_uint_eq(the_last(a, 8)->e.status, STATUS_CANCELLED);
    ck_assert_uint_eq(count(b, ENTRY_METHOD), 1);
    ck_assert_uint_eq(process_usage(a->p)->made, 2);
    ck_assert_uint_eq(process_usage(a->p)->failed, 1);
    kernel_please_stop(r.k);
    ck_assert_int_eq(rig_settle(&r), KERNEL_ENDED);
    rig_close(&r);
}
END_TEST

/* ---- the table of errors ------------------------------------------------------------------------------------------------ */

static RunEnd calls_beyond_the_limits(Fake *f, const Entry *e)
{
    (void)e;
    ck_assert_int_eq(kernel_call(f->p, 0, 8192, 101, 1), -STATUS_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(kernel_call(f->p, 1, 8192, 51, 1), -STATUS_RESOURCE_EXHAUSTED); /* the provider's limit */
    ck_assert_int_eq(kernel_call(f->p, 0, 8192, 100, 1), 1);
    ck_assert_int_eq(kernel_call(f->p, 1, 8192, 50, 2), 2);
    ck_assert_int_eq(kernel_call(f->p, 0, 8192, 1, 3), 3);
    ck_assert_int_eq(kernel_call(f->p, 0, 8192, 1, 4), 4);
    ck_assert_int_eq(kernel_call(f->p, 0, 8192, 1, 5), -STATUS_RESOURCE_EXHAUSTED); /* four in flight */
    f->counter = 1;
    return RUN_RETURNED;
}
START_TEST(errors_of_a_call)
{
    Rig r;
    rig_open(&r);
    Fake *c = fake_add(&r, "c", (ProcessLimits){.message_bytes = 50}, 0, true);
    Fake *b = fake(&r, "b"), *a = fake_add(&r, "a", (ProcessLimits){.calls = 4, .message_bytes = 100}, 0, true);
    kernel_import(a->p, b->p, 0);
    kernel_import(a->p, c->p, 0);
    a->on_init = calls_beyond_the_limits;
    b->on_request = c->on_request = answers;
    rig_run(&r);
    ck_assert_uint_eq(a->counter, 1);
    for (uint32_t i = 1; i <= 4; i++) ck_assert_uint_eq(the_last(a, i)->e.status, 0);
    ck_assert_uint_eq(a->p->made.n, 0);
    rig_close(&r);
}
END_TEST

static void tries_all_in_alloc(Fake *f)
{
    if (f->starts == 0 || f->n_seen < 1) return;
    ck_assert_int_eq(say(f, 0, "x", 1), -STATUS_FAILED_PRECONDITION);
    ck_assert_int_eq(piece(f, 1, "x", FLAG_LAST), -STATUS_FAILED_PRECONDITION);
    ck_assert_int_eq(kernel_fail(f->p, 1, 3, 0, 0), -STATUS_FAILED_PRECONDITION);
    ck_assert_int_eq(kernel_cancel(f->p, 1), -STATUS_FAILED_PRECONDITION);
    ck_assert_int_eq(kernel_deadline(f->p, 1, 0), -STATUS_FAILED_PRECONDITION);
    f->counter++;
}
static void exits_in_alloc(Fake *f)
{
    if (f->n_seen) kernel_exit(f->p, 3);
}
START_TEST(imports_in_alloc_fail_but_for_exit)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    a->in_alloc = tries_all_in_alloc;
    b->on_request = answers;
    rig_run(&r);
    ck_assert_uint_eq(a->counter, 1);
    ck_assert_uint_eq(the_last(a, 7)->e.status, 0);
    rig_close(&r);

    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = answers;
    b->in_alloc = exits_in_alloc;
    rig_run(&r);
    ck_assert_int_eq(r.exit_code, 3);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    rig_close(&r);
}
END_TEST

static RunEnd wrong_replies(Fake *f, const Entry *e)
{
    ck_assert_int_eq(piece(f, e->call, "x", 4), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(piece(f, e->call, "x", 0x80000001), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(piece(f, e->call, "", FLAG_NO_MESSAGE), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(piece(f, e->call, "x", FLAG_NO_MESSAGE | FLAG_LAST), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(kernel_fail(f->p, e->call, 0, 0, 0), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(kernel_fail(f->p, e->call, 17, 0, 0), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(kernel_fail(f->p, e->call, 0xffffffff, 0, 0), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(kernel_reply(f->p, e->call, 8192, 101, FLAG_LAST), -STATUS_INVALID_ARGUMENT);
    ck_assert_int_eq(kernel_fail(f->p, e->call, 16, 0, 0), 0);
    ck_assert_int_eq(piece(f, e->call, "x", FLAG_LAST), -STATUS_NOT_FOUND);
    ck_assert_int_eq(kernel_fail(f->p, e->call, 16, 0, 0), -STATUS_NOT_FOUND);
    f->counter = 1;
    return RUN_RETURNED;
}
START_TEST(errors_of_reply_and_fail)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake(&r, "b"), *a = fake_add(&r, "a", (ProcessLimits){.message_bytes = 100}, 0, true);
    kernel_import(a->p, b->p, 0);
    a->on_init = asks_on_init;
    b->on_request = wrong_replies;
    rig_run(&r);
    ck_assert_uint_eq(b->counter, 1);
    ck_assert_uint_eq(the_last(a, 7)->e.status, 16);
    rig_close(&r);
}
END_TEST

/* The caller cancels between request and reply: b is reached by one more request and tries then. */
static RunEnd replies_to_the_first(Fake *f, const Entry *e)
{
    if (e->call == 1) return RUN_RETURNED;
    f->got = piece(f, 1, "late", FLAG_LAST);
    ck_assert_int_eq(kernel_fail(f->p, 1, 3, 0, 0), f->got);
    return answers(f, e);
}
static RunEnd cancels_then_asks(Fake *f, const Entry *e)
{
    if (e->cookie != 99) return RUN_RETURNED;
    kernel_cancel(f->p, 1);
    say(f, 0, "second", 2);
    return RUN_RETURNED;
}
static RunEnd asks_two_services(Fake *f, const Entry *e)
{
    (void)e;
    say(f, 0, "first", 1);
    say(f, 1, "tick", 99);
    return RUN_RETURNED;
}
START_TEST(a_reply_after_the_callers_end_says_1)
{
    Rig r;
    rig_open(&r);
    /* b cannot be told by an event: the id goes on meaning "gone" */
    Fake *b = fake_add(&r, "b", (ProcessLimits){.calls = 8}, 0, false), *t = fake(&r, "t"), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    kernel_import(a->p, t->p, 0);
    a->on_init = asks_two_services;
    a->on_result = cancels_then_asks;
    b->on_request = replies_to_the_first;
    t->on_request = answers;
    rig_run(&r);
    ck_assert_int_eq(b->got, 0); /* answers() was the last */
    ck_assert_uint_eq(the_last(a, 1)->e.status, STATUS_CANCELLED);
    ck_assert_uint_eq(the_last(a, 2)->e.status, 0);
    ck_assert_uint_eq(b->p->served.n, 1);
    rig_close(&r);
}
END_TEST

static RunEnd notes_the_reply(Fake *f, const Entry *e)
{
    if (e->kind == ENTRY_EVENT) ck_assert_int_eq(piece(f, e->call, "x", 0), -STATUS_NOT_FOUND);
    return RUN_RETURNED;
}
static RunEnd cancels_at_tick(Fake *f, const Entry *e)
{
    if (e->cookie == 99) ck_assert_int_eq(kernel_cancel(f->p, 1), 0);
    return RUN_RETURNED;
}
START_TEST(after_event_1_the_id_is_gone)
{
    Rig r;
    rig_open(&r);
    Fake *b = fake(&r, "b"), *t = fake(&r, "t"), *a = fake(&r, "a");
    kernel_import(a->p, b->p, 0);
    kernel_import(a->p, t->p, 0);
    a->on_init = asks_two_services;
    a->on_result = cancels_at_tick;
    b->on_event = notes_the_reply;
    t->on_request = answers;
    rig_run(&r);
    ck_assert_uint_eq(count(b, ENTRY_EVENT), 1);
    ck_assert_uint_eq(b->p->served.n, 0);
    rig_close(&r);
}
END_TEST

START_TEST(cancel_drops_what_is_waiting_and_the_last_result_is_1)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    a->on_result = cancels_replies;
    b->on_request = streams;
    rig_run(&r);
    ck_assert_uint_eq(count(a, ENTRY_RESULT), 2);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_CANCELLED);
    ck_assert_uint_eq(count(b, ENTRY_EVENT), 0); /* it had ended the call itself */
    ck_assert_uint_eq(b->p->waiting_bytes, 0);
    rig_close(&r);
}
END_TEST

START_TEST(a_service_that_nobody_provides)
{
    Rig r;
    rig_open(&r);
    Fake *a = fake(&r, "a");
    kernel_import(a->p, NULL, 0);
    a->on_init = asks_on_init;
    rig_run(&r);
    ck_assert_uint_eq(the_last(a, 7)->e.status, STATUS_UNAVAILABLE);
    check_failure(a, the_last(a, 7), REASON(NOT_ROUTED), "nobody provides");
    rig_close(&r);
}
END_TEST

/* ---- Failure ------------------------------------------------------------------------------------------------------------- */

static size_t clean(const void *bytes, size_t len, uint8_t *out)
{
    size_t n = failure_clean(out, bytes, len);
    ck_assert_uint_le(n, KERNEL_MAX_FAILURE_BYTES);
    return n;
}
START_TEST(a_failure_cannot_claim_the_kernels_reason)
{
    uint8_t out[KERNEL_MAX_FAILURE_BYTES];
    size_t n = clean("\x0a\x02hi\x10\x01\x1a\x03xyz\x98\x06\x01", 14, out);
    Parigot__Kernel__V1__Failure *x = parigot__kernel__v1__failure__unpack(NULL, n, out);
    ck_assert_str_eq(x->message, "hi");
    ck_assert_int_eq(x->reason, REASON(NONE));
    ck_assert_uint_eq(x->detail.len, 3);
    ck_assert_uint_eq(x->base.n_unknown_fields, 0);
    parigot__kernel__v1__failure__free_unpacked(x, NULL);
    ck_assert_uint_eq(clean("\x0a\x02zz\x0a\x02hi", 8, out), 4); /* the last one counts */
    ck_assert_mem_eq(out, "\x0a\x02hi", 4);
}
END_TEST

START_TEST(a_failure_that_cannot_be_read_is_none)
{
    static const char *const bad[] = {"\x0a", "\x0a\x05hi", "\x0b", "\x02\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                      "\x0a\x02hi\x11zz", "\x10\x80", "\x0c", "\x0a\xff\xff\xff\xff\x0fhi"};
    uint8_t out[KERNEL_MAX_FAILURE_BYTES];
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) ck_assert_uint_eq(clean(bad[i], strlen(bad[i]), out), 0);
    ck_assert_uint_eq(clean("\x0a\x02\xc3(", 4, out), 0); /* not UTF-8 */
    ck_assert_uint_eq(clean("", 0, out), 0);
}
END_TEST

START_TEST(a_long_failure_is_cut_between_characters)
{
    uint8_t out[KERNEL_MAX_FAILURE_BYTES], in[20010];
    for (unsigned shift = 0; shift < 3; shift++) {
        /* 20000 bytes of a three-byte character, from each alignment; then a detail that fits no more */
        memcpy(in, "\x0a\xa0\x9c\x01", 4);
        memset(in + 4, 'x', 20000);
        for (unsigned i = shift; i + 3 <= 20000; i += 3) memcpy(in + 4 + i, "\xe2\x82\xac", 3);
        memcpy(in + 20004, "\x1a\x03xyz", 5);
        size_t n = clean(in, 20009, out);
        ck_assert_uint_gt(n, KERNEL_MAX_FAILURE_BYTES - 8);
        Parigot__Kernel__V1__Failure *x = parigot__kernel__v1__failure__unpack(NULL, n, out);
        ck_assert_ptr_nonnull(x);
        ck_assert(str_is_utf8(str_of(x->message)));
        parigot__kernel__v1__failure__free_unpacked(x, NULL);
    }
    memcpy(in, "\x1a\xfd\x1f", 3); /* a detail of exactly what fits: 4093 + 3 */
    memset(in + 3, 'd', 4094);
    ck_assert_uint_eq(clean(in, 4096, out), 4096);
    in[1] = 0xfe; /* one more does not */
    ck_assert_uint_eq(clean(in, 4097, out), 0);
}
END_TEST

START_TEST(any_bytes_give_a_failure_that_can_be_read_or_none)
{
    uint32_t x = 1;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t in[64], out[KERNEL_MAX_FAILURE_BYTES];
        size_t len = 0, want = round % sizeof in;
        while (len < want) { /* mostly fields of a Failure, so that they get beyond the first tag */
            static const uint8_t tags[] = {0x0a, 0x10, 0x1a, 0x0d, 0x09, 0x22};
            x = x * 1664525 + 1013904223;
            in[len++] = x >> 28 ? tags[(x >> 20) % sizeof tags] : (uint8_t)(x >> 8);
            x = x * 1664525 + 1013904223;
            if (len < want) in[len++] = (uint8_t)(x >> 29 ? x >> 27 : x >> 16);
        }
        size_t n = clean(in, len, out);
        Parigot__Kernel__V1__Failure *f = parigot__kernel__v1__failure__unpack(NULL, n, out);
        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(f->reason, REASON(NONE));
        ck_assert_uint_eq(f->base.n_unknown_fields, 0);
        parigot__kernel__v1__failure__free_unpacked(f, NULL);
    }
}
END_TEST

static RunEnd fails_at_length(Fake *f, const Entry *e)
{
    uint8_t *m = f->memory + 10000;
    memcpy(m, "\x0a\xa0\x9c\x01", 4);
    memset(m + 4, 'w', 20000);
    f->got = kernel_fail(f->p, e->call, 13, 10000, 20004);
    return RUN_RETURNED;
}
START_TEST(fail_hands_on_at_most_4_kib)
{
    Rig r;
    Fake *a, *b;
    pair(&r, &a, &b);
    a->on_init = asks_on_init;
    b->on_request = fails_at_length;
    rig_run(&r);
    ck_assert_int_eq(b->got, 0);
    const Seen *s = the_last(a, 7);
    ck_assert_uint_eq(s->e.status, 13);
    ck_assert_uint_eq(s->e.len, KERNEL_MAX_FAILURE_BYTES);
    check_failure(a, s, REASON(NONE), "wwww");
    rig_close(&r);
}
END_TEST
int main(void)
{
    Suite *s = suite_create("kernel");
    TCase *t = tcase_create("rules");
    tcase_add_test(t, init_first_then_question_and_answer);
    tcase_add_test(t, rule_1_no_entry_within_an_entry);
    tcase_add_test(t, rules_2_and_3_empty_messages_need_no_address_and_no_buffer);
    tcase_add_test(t, rule_3_a_provider_without_memory_lives_and_the_call_gets_8);
    tcase_add_test(t, rule_3_a_caller_without_memory_gets_8_and_the_provider_event_1);
    tcase_add_test(t, rule_3_no_memory_for_the_init_request_is_a_kill);
    tcase_add_loop_test(t, rule_4_a_message_outside_memory_kills, 0, 3 * N_BAD);
    tcase_add_loop_test(t, rule_4_a_buffer_outside_the_heap_kills, 0, (int)ARRAY_LEN(bad_buffers));
    tcase_add_loop_test(t, rule_5_one_last_result_whatever_happens, 0, 6);
    tcase_add_loop_test(t, rule_5_cookie_0_gets_no_result, 0, 3);
    tcase_add_test(t, rules_6_and_8_pieces_come_in_order);
    tcase_add_test(t, rule_8_requests_of_one_caller_come_in_order);
    tcase_add_test(t, rule_7_ids_wrap_and_skip_those_in_use);
    tcase_add_test(t, rule_7_ids_of_others_are_not_found);
    tcase_add_test(t, rule_7_nobody_answers_for_another);
    tcase_add_test(t, rule_9_effects_stay);
    tcase_add_test(t, rule_10_a_full_queue_says_8_and_event_2_comes_once_when_half_is_free);
    tcase_add_test(t, rule_10_what_is_under_way_is_bounded_in_bytes_too);
    tcase_add_loop_test(t, rule_11_deadline_of_the_caller_and_limit_of_the_provider, 0, 3);
    tcase_add_test(t, rule_11_deadlines_are_inherited_through_results);
    tcase_add_test(t, rule_11_an_event_inherits_nothing);
    tcase_add_test(t, rule_12_a_kill_hits_the_process_its_callers_and_its_calls_and_no_one_else);
    tcase_add_test(t, rule_12_out_of_fuel_has_its_own_reason);
    tcase_add_test(t, rule_12_a_trap_in_alloc_kills);
    tcase_add_test(t, rule_12_a_process_that_does_not_start_is_killed);
    tcase_add_test(t, rule_12_a_fresh_start_serves_what_was_waiting);
    tcase_add_test(t, rule_12_fresh_starts_come_with_growing_pauses_and_not_too_often);
    tcase_add_test(t, rule_12_main_is_not_started_afresh);
    tcase_add_test(t, rule_13_any_bytes_are_a_message);
    tcase_add_test(t, rule_14_the_world_ends_with_main);
    tcase_add_test(t, rule_14_without_main_when_nothing_can_come);
    tcase_add_test(t, exit_of_another_leaves_the_world_running);
    tcase_add_test(t, event_3_asks_to_end);
    tcase_add_test(t, a_process_from_outside);
    suite_add_tcase(s, t);
    t = tcase_create("errors");
    tcase_add_test(t, errors_of_a_call);
    tcase_add_test(t, imports_in_alloc_fail_but_for_exit);
    tcase_add_test(t, errors_of_reply_and_fail);
    tcase_add_test(t, a_reply_after_the_callers_end_says_1);
    tcase_add_test(t, after_event_1_the_id_is_gone);
    tcase_add_test(t, cancel_drops_what_is_waiting_and_the_last_result_is_1);
    tcase_add_test(t, a_service_that_nobody_provides);
    tcase_add_test(t, a_failure_cannot_claim_the_kernels_reason);
    tcase_add_test(t, a_failure_that_cannot_be_read_is_none);
    tcase_add_test(t, a_long_failure_is_cut_between_characters);
    tcase_add_test(t, any_bytes_give_a_failure_that_can_be_read_or_none);
    tcase_add_test(t, fail_hands_on_at_most_4_kib);
    suite_add_tcase(s, t);
    return run_tap(s);
}
