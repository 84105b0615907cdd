/* Tests of the functions that a program may define: parigot_on_cancel, parigot_on_room, parigot_on_stop. */
#include "guest_kernel.h"

struct parigot_app {
    parigot_call *held;
    int cancels, rooms, stops;
    bool keep, fail;
};

static parigot_app app_memory;

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return &app_memory;
}

void parigot_on_cancel(parigot_app *app, parigot_call *call)
{
    app->cancels++;
    ck_assert_ptr_eq(call, app->held);
    if (app->keep) parigot_keep(call);
    if (app->fail) ck_assert_int_eq(parigot_fail(call, PARIGOT_ABORTED, "x"), PARIGOT_CANCELLED);
}
void parigot_on_room(parigot_app *app, parigot_call *call)
{
    app->rooms++;
    ck_assert_int_eq(tests_guest_v1_Tester_Count_piece(call, &(Inner1){.n = 300}), PARIGOT_OK);
    parigot_end(call);
}
void parigot_on_stop(parigot_app *app) { app->stops++; }

void tests_guest_v1_Tester_Ask(parigot_app *app, parigot_call *call, const All *req)
{
    (void)req;
    app->held = call;
}
void tests_guest_v1_Tester_Count(parigot_app *app, parigot_call *call, const Inner1 *req)
{
    app->held = call;
    tests_guest_v1_Tester_Count_piece(call, req);
}
void tests_guest_v1_Tester_Nothing(parigot_app *app, parigot_call *call, const tests_guest_v1_Empty *req)
{
    (void)app;
    (void)req;
    tests_guest_v1_Tester_Nothing_reply(call, NULL);
}
void tests_guest_v1_Tester_Elsewhere(parigot_app *app, parigot_call *call, const tests_other_v1_Point *req)
{
    (void)app;
    (void)req;
    parigot_fail(call, PARIGOT_UNIMPLEMENTED, "no");
}
void tests_guest_v1_Second_Ask(parigot_app *app, parigot_call *call, const Inner1 *req)
{
    (void)app;
    (void)req;
    parigot_fail(call, PARIGOT_UNIMPLEMENTED, "no");
}

/* The program is told: the request is over, and its memory is given back (the leak checker looks). */
START_TEST(cancel)
{
    ask(1);
    parigot_event(state, 1, 1);
    ck_assert_int_eq(app_memory.cancels, 1);
    parigot_event(state, 1, 1);
    ck_assert_int_eq(app_memory.cancels, 1);
    assert_asked("");
}
END_TEST

START_TEST(cancel_and_keep)
{
    app_memory.keep = true;
    ask(1);
    parigot_event(state, 1, 1);
    ck_assert_int_eq(tests_guest_v1_Tester_Ask_reply(app_memory.held, &(Inner1){.n = 1}), PARIGOT_CANCELLED);
    parigot_event(state, 99, 0);
    assert_asked("");
}
END_TEST

START_TEST(cancel_and_fail)
{
    app_memory.fail = true;
    ask(1);
    parigot_event(state, 1, 1);
    assert_asked("");
}
END_TEST

START_TEST(cancel_after_a_piece_told)
{
    answer = -PARIGOT_CANCELLED;
    count(4, 1);
    parigot_event(state, 1, 4);
    ck_assert_int_eq(app_memory.cancels, 1); /* the hook is where a program cleans up: it comes all the same */
}
END_TEST

START_TEST(room)
{
    answer = -PARIGOT_RESOURCE_EXHAUSTED;
    count(4, 1);
    answer = 0;
    asked[0] = 0;
    parigot_event(state, 2, 4);
    assert_asked("Reply 4 3 0\nReply 4 0 3\n");
    parigot_event(state, 2, 4);
    parigot_event(state, 2, 5);
    ck_assert_int_eq(app_memory.rooms, 1);
}
END_TEST

START_TEST(stop)
{
    parigot_event(state, 3, 0);
    ck_assert_int_eq(app_memory.stops, 1);
}
END_TEST

static void tear_down(void) { parigot_arena_close(scratch); }

int main(void)
{
    Suite *suite = suite_create("guest hooks");
    TCase *cases = tcase_create("hooks");
    suite_add_tcase(suite, cases);
    tcase_add_checked_fixture(cases, start_module, tear_down);
    tcase_add_test(cases, cancel);
    tcase_add_test(cases, cancel_and_keep);
    tcase_add_test(cases, cancel_and_fail);
    tcase_add_test(cases, cancel_after_a_piece_told);
    tcase_add_test(cases, room);
    tcase_add_test(cases, stop);
    return run_tap(suite);
}
