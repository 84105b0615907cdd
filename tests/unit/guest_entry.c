/* Tests of the guest library's entries on the host, with the hooks that a program need not define left out: requests
 * and their ends, results and what they must be, events, log lines. docs/abi.md has the rules. */
#include <unistd.h>
#include "guest_kernel.h"

struct parigot_app {
    int requests;
};

/* ---- the program: does what the test says ---- */

static parigot_call *kept;       /* the last request, whether or not it is still there */
static parigot_status returned;  /* by the last reply, piece or end */
static enum { REPLY, FAIL, LATER, TWICE, END_UNARY, AS_ANOTHER, BAD_TEXT, ODD_STATUS, EXIT } ask_does;
static bool end_count;
static char config_seen[64];

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    parigot_str who = parigot_config(init, "who");
    snprintf(config_seen, sizeof config_seen, "%.*s %.*s %d", (int)init->module.len, init->module.ptr, (int)who.len,
             who.ptr, parigot_config(init, "nothing").ptr == NULL);
    return parigot_new(sizeof(parigot_app));
}

void tests_guest_v1_Tester_Ask(parigot_app *app, parigot_call *call, const All *req)
{
    app->requests++;
    kept = call;
    ck_assert_int_eq(req->an_int32, 1);
    Inner1 reply = {.n = 5, .text = parigot_format(call, "no. %d", app->requests)};
    switch (ask_does) {
    case REPLY: returned = tests_guest_v1_Tester_Ask_reply(call, &reply); break;
    case FAIL: returned = parigot_fail(call, PARIGOT_NOT_FOUND, "no %s", "such thing"); break;
    case LATER: break;
    case TWICE:
        tests_guest_v1_Tester_Ask_reply(call, &reply);
        ck_assert_int_eq(req->an_int32, 1); /* still there until this returns */
        returned = tests_guest_v1_Tester_Ask_reply(call, &reply);
        ck_assert_int_eq(parigot_fail(call, PARIGOT_ABORTED, "x"), PARIGOT_NOT_FOUND);
        ck_assert_int_eq(parigot_end(call), PARIGOT_NOT_FOUND);
        break;
    case END_UNARY: returned = parigot_end(call); break;
    case AS_ANOTHER: returned = tests_guest_v1_Tester_Count_piece(call, &reply); break;
    case BAD_TEXT:
        reply.text = (parigot_str){"\xff", 1};
        returned = tests_guest_v1_Tester_Ask_reply(call, &reply);
        break;
    case ODD_STATUS: returned = parigot_fail(call, (parigot_status)99, "%s", "\xff"); break;
    case EXIT: parigot_exit(7);
    }
}

void tests_guest_v1_Tester_Count(parigot_app *app, parigot_call *call, const Inner1 *req)
{
    app->requests++;
    kept = call;
    for (uint32_t n = 0; n < req->n; n++) {
        returned = tests_guest_v1_Tester_Count_piece(call, &(Inner1){.n = n});
        if (returned) return;
    }
    if (end_count) returned = parigot_end(call);
}

void tests_guest_v1_Tester_Elsewhere(parigot_app *app, parigot_call *call, const tests_other_v1_Point *req)
{
    (void)app;
    tests_guest_v1_Tester_Elsewhere_reply(call, req);
}
void tests_guest_v1_Tester_Nothing(parigot_app *app, parigot_call *call, const tests_guest_v1_Empty *req)
{
    (void)app;
    (void)req;
    returned = tests_guest_v1_Tester_Nothing_reply(call, &(tests_guest_v1_Empty){0});
}
void tests_guest_v1_Second_Ask(parigot_app *app, parigot_call *call, const Inner1 *req)
{
    (void)app;
    (void)req;
    parigot_fail(call, PARIGOT_UNIMPLEMENTED, "no");
}

/* ---- requests ---- */

static parigot_str failure_message(void)
{
    const parigot_kernel_v1_Failure *f;
    ck_assert_int_eq(parigot_kernel_v1_Failure_decode(scratch, (parigot_bytes){last_message, last_len}, &f), PARIGOT_OK);
    return f->message;
}

START_TEST(init)
{
    ck_assert_str_eq(config_seen, "tester world 1");
}
END_TEST

START_TEST(init_of_another_version)
{
    if (!setjmp(exit_jump)) {
        parigot_init(buffer("\x08\x02", 2), 2);
        ck_abort_msg("went on");
    }
    ck_assert_int_eq(exit_code, PARIGOT_FAILED_PRECONDITION);
    _exit(0); /* an ended program gives nothing back, and the leak checker need not look */
}
END_TEST

START_TEST(init_malformed)
{
    if (!setjmp(exit_jump)) {
        parigot_init(buffer("\x08", 1), 1);
        ck_abort_msg("went on");
    }
    ck_assert_int_eq(exit_code, PARIGOT_INVALID_ARGUMENT);
    _exit(0);
}
END_TEST

START_TEST(reply)
{
    const Inner1 *got;
    ask_does = REPLY;
    ask(41);
    assert_asked("Reply 41 9 1\n");
    ck_assert_int_eq(returned, PARIGOT_OK);
    ck_assert_int_eq(tests_guest_v1_Inner1_decode(scratch, (parigot_bytes){last_message, last_len}, &got), PARIGOT_OK);
    ck_assert(got->n == 5 && parigot_str_equal(got->text, PARIGOT_STR("no. 1")));
    ask(42);
    assert_asked("Reply 42 9 1\n");
}
END_TEST

START_TEST(empty_messages)
{
    tests_guest_v1_Tester_Nothing_entry(state, 3, NULL, 0);
    assert_asked("Reply 3 0 1\n"); /* an empty message, not none */
}
END_TEST

START_TEST(fail)
{
    ask_does = FAIL;
    ask(1);
    assert_asked("Fail 1 5 15\n");
    ck_assert(parigot_str_equal(failure_message(), PARIGOT_STR("no such thing")));
    ask_does = ODD_STATUS;
    ask(2);
    assert_asked("Fail 2 2 3\n");
    ck_assert(parigot_str_equal(failure_message(), PARIGOT_STR("?")));
}
END_TEST

START_TEST(undecodable_request)
{
    tests_guest_v1_Tester_Ask_entry(state, 9, buffer("\x18", 1), 1);
    assert_asked("Fail 9 3 0\n");
}
END_TEST

START_TEST(mistakes_of_the_program)
{
    ask_does = TWICE;
    ask(1);
    assert_asked("Reply 1 9 1\n");
    ck_assert_int_eq(returned, PARIGOT_NOT_FOUND);
    ask_does = END_UNARY;
    ask(2);
    ck_assert_int_eq(returned, PARIGOT_INTERNAL);
    ck_assert(parigot_str_equal(failure_message(), PARIGOT_STR("the program ended without a reply")));
    ask_does = AS_ANOTHER;
    ask(3);
    ck_assert_int_eq(returned, PARIGOT_INTERNAL);
    ck_assert(parigot_str_equal(failure_message(), PARIGOT_STR("the program replied as to another method")));
    ask_does = BAD_TEXT;
    ask(4);
    ck_assert_int_eq(returned, PARIGOT_INTERNAL);
    ck_assert(parigot_str_equal(failure_message(), PARIGOT_STR("the reply cannot be encoded")));
    assert_asked("Fail 2 13 35\nFail 3 13 42\nFail 4 13 29\n");
}
END_TEST

START_TEST(reply_refused)
{
    ask_does = REPLY;
    answer = -PARIGOT_CANCELLED;
    ask(1);
    ck_assert_int_eq(returned, PARIGOT_CANCELLED);
    assert_asked("Reply 1 9 1\n");
    answer = -PARIGOT_INVALID_ARGUMENT; /* too large: the caller is told */
    ask(2);
    ck_assert_int_eq(returned, PARIGOT_INTERNAL);
    assert_asked("Reply 2 9 1\nFail 2 8 24\n");
    ck_assert(parigot_str_equal(failure_message(), PARIGOT_STR("the reply is too large")));
    count(3, 5);
    ck_assert_int_eq(returned, PARIGOT_INTERNAL);
    assert_asked("Reply 3 0 0\nFail 3 8 35\n");
}
END_TEST

/* There was no room: the reply goes out when there is, from where it was kept. */
START_TEST(reply_waits_for_room)
{
    ask_does = REPLY;
    answer = -PARIGOT_RESOURCE_EXHAUSTED;
    ask(2);
    ck_assert_int_eq(returned, PARIGOT_OK);
    ck_assert_int_eq(tests_guest_v1_Tester_Ask_reply(kept, &(Inner1){0}), PARIGOT_NOT_FOUND);
    parigot_event(state, 2, 2);
    answer = 0;
    memset(last_message, 0, sizeof last_message);
    parigot_event(state, 2, 2);
    assert_asked("Reply 2 9 1\nReply 2 9 1\nReply 2 9 1\n");
    ck_assert_mem_eq(last_message + 4, "no. 1", 5);
    parigot_event(state, 2, 2);
    assert_asked("");
    answer = -PARIGOT_RESOURCE_EXHAUSTED;
    ask(3);
    parigot_event(state, 1, 3); /* the caller does not wait that long */
    parigot_event(state, 2, 3);
    assert_asked("Reply 3 9 1\n");
    ask(4);
    answer = -PARIGOT_INVALID_ARGUMENT;
    parigot_event(state, 2, 4);
    assert_asked("Reply 4 9 1\nReply 4 9 1\nFail 4 8 24\n");
}
END_TEST

START_TEST(exit_from_a_request)
{
    ask_does = EXIT;
    if (!setjmp(exit_jump)) ask(1);
    ck_assert_int_eq(exit_code, 7);
}
END_TEST

/* ---- pieces ---- */

START_TEST(pieces)
{
    end_count = true;
    count(6, 2);
    assert_asked("Reply 6 0 0\nReply 6 2 0\nReply 6 0 3\n");
    ck_assert_int_eq(returned, PARIGOT_OK);
}
END_TEST

START_TEST(end_when_the_queue_is_full)
{
    end_count = true;
    answer = -PARIGOT_RESOURCE_EXHAUSTED;
    count(6, 0);
    ck_assert_int_eq(returned, PARIGOT_OK);
    assert_asked("Reply 6 0 3\n");
    ck_assert_int_eq(tests_guest_v1_Tester_Count_piece(kept, &(Inner1){.n = 1}), PARIGOT_NOT_FOUND);
    parigot_event(state, 2, 6); /* still no room */
    assert_asked("Reply 6 0 3\n");
    answer = 0;
    parigot_event(state, 2, 6);
    assert_asked("Reply 6 0 3\n");
    parigot_event(state, 2, 6); /* gone */
    parigot_event(state, 1, 6);
    assert_asked("");
}
END_TEST

START_TEST(end_waits_and_the_caller_goes)
{
    end_count = true;
    answer = -PARIGOT_RESOURCE_EXHAUSTED;
    count(6, 0);
    assert_asked("Reply 6 0 3\n");
    parigot_event(state, 1, 6);
    parigot_event(state, 2, 6);
    assert_asked("");
}
END_TEST

START_TEST(no_room)
{
    answer = -PARIGOT_RESOURCE_EXHAUSTED;
    end_count = true;
    count(6, 3);
    ck_assert_int_eq(returned, PARIGOT_RESOURCE_EXHAUSTED);
    assert_asked("Reply 6 0 0\n");
    answer = 0;
    parigot_event(state, 2, 6); /* nobody has on_room here */
    assert_asked("");
    ck_assert_int_eq(tests_guest_v1_Tester_Count_piece(kept, &(Inner1){.n = 1}), PARIGOT_OK);
    ck_assert_int_eq(parigot_end(kept), PARIGOT_OK);
}
END_TEST

/* A program without parigot_on_cancel that holds a request finds out when it uses it. */
START_TEST(caller_goes_while_held)
{
    ask_does = LATER;
    ask(1);
    parigot_event(state, 1, 1);
    assert_asked("");
    ck_assert_int_eq(tests_guest_v1_Tester_Ask_reply(kept, &(Inner1){.n = 1}), PARIGOT_CANCELLED);
    parigot_event(state, 99, 0); /* an entry ends: now it is given back, as the leak checker confirms */
    end_count = false;
    count(2, 1);
    asked[0] = 0;
    parigot_event(state, 1, 2);
    ck_assert_int_eq(tests_guest_v1_Tester_Count_piece(kept, &(Inner1){.n = 1}), PARIGOT_CANCELLED);
    ck_assert_int_eq(parigot_end(kept), PARIGOT_NOT_FOUND);
    parigot_event(state, 99, 0);
    assert_asked("");
}
END_TEST

/* One that was told by a piece is not told again. */
START_TEST(caller_has_gone_at_a_piece)
{
    end_count = true;
    answer = -PARIGOT_CANCELLED;
    count(3, 5);
    ck_assert_int_eq(returned, PARIGOT_CANCELLED);
    assert_asked("Reply 3 0 0\n");
    parigot_event(state, 1, 3);
    parigot_event(state, 2, 3);
    assert_asked("");
}
END_TEST

START_TEST(many_open_requests)
{
    parigot_call *calls[200];
    ask_does = LATER;
    for (uint32_t i = 0; i < 200; i++) {
        ask(i * 7 + 1);
        calls[i] = kept;
        parigot_call_set(kept, &calls[i]);
    }
    for (uint32_t i = 0; i < 200; i += 2) parigot_fail(calls[i], PARIGOT_ABORTED, "even");
    parigot_event(state, 99, 0);
    for (uint32_t i = 1; i < 200; i += 2) {
        ck_assert_ptr_eq(parigot_call_get(calls[i]), &calls[i]);
        ck_assert_int_eq(parigot_fail(calls[i], PARIGOT_ABORTED, "odd"), PARIGOT_OK);
    }
    parigot_event(state, 99, 0);
}
END_TEST

START_TEST(stop)
{
    if (!setjmp(exit_jump)) {
        parigot_event(state, 3, 0);
        ck_abort_msg("went on");
    }
    ck_assert_int_eq(exit_code, 0);
}
END_TEST

/* ---- calls to others ---- */

static void result(uintptr_t cookie, uint32_t status, const parigot_descriptor *type, const void *message, uint32_t flags)
{
    parigot_bytes bytes = {0};
    if (type) ck_assert_int_eq(parigot_gen_encode(scratch, type, message, &bytes), PARIGOT_OK);
    parigot_result(state, cookie, status, buffer(bytes.ptr, bytes.len), bytes.len, flags);
}

static int dones;
static parigot_result_info seen;
static Inner1 seen_reply;
static char seen_text[128];

static void on_reply(parigot_app *app, void *arg, const parigot_result_info *info, const Inner1 *piece)
{
    ck_assert_ptr_eq(arg, &dones);
    ck_assert_ptr_nonnull(app);
    dones++;
    seen = *info;
    seen_reply = piece ? *piece : (Inner1){.n = 12345};
    parigot_str text = info->failure ? info->failure->message : piece ? piece->text : PARIGOT_STR("(none)");
    snprintf(seen_text, sizeof seen_text, "%.*s", (int)text.len, text.ptr);
}

static int32_t call_unary(void)
{
    asked[0] = 0;
    return tests_guest_v1_Tester_Ask_call(NULL, &(All){.an_int32 = 1}, on_reply, &dones);
}
static int32_t call_stream(void)
{
    asked[0] = 0;
    return tests_guest_v1_Tester_Count_call(NULL, &(Inner1){.n = 1}, on_reply, &dones);
}

static const Inner1 good = {.n = 3, .text = {"three", 5}};
static const parigot_descriptor *const good_type = &tests_guest_v1_Inner1_descriptor;

/* Is `dones` n, and the last one this? */
static void assert_done(int n, parigot_status status, bool last, const char *text)
{
    ck_assert_int_eq(dones, n);
    ck_assert_int_eq(seen.status, status);
    ck_assert_int_eq(seen.last, last);
    ck_assert_str_eq(seen_text, text);
}

START_TEST(unary_call)
{
    int32_t id = call_unary();
    assert_asked("tests_guest_v1_Tester_Ask_import 2\n");
    result(last_cookie, 0, good_type, &good, 1);
    assert_done(1, PARIGOT_OK, true, "three");
    ck_assert_int_eq(seen.call, id);
    ck_assert_uint_eq(seen_reply.n, 3);
}
END_TEST

START_TEST(unary_call_of_nobody)
{
    ck_assert_int_gt(tests_guest_v1_Tester_Ask_call(NULL, NULL, NULL, NULL), 0);
    assert_asked("tests_guest_v1_Tester_Ask_import 0 for nobody\n");
    parigot_result(state, 0, 0, buffer("\xff", 1), 1, 1); /* none should come; if one does, nothing happens */
}
END_TEST

START_TEST(call_refused)
{
    answer = -PARIGOT_RESOURCE_EXHAUSTED;
    ck_assert_int_eq(call_unary(), -PARIGOT_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(dones, 0);
    answer = 0;
    All bad = {.a_string = {"\xff", 1}};
    asked[0] = 0;
    ck_assert_int_eq(tests_guest_v1_Tester_Ask_call(NULL, &bad, on_reply, &dones), -PARIGOT_INVALID_ARGUMENT);
    assert_asked("");
}
END_TEST

START_TEST(long_request)
{
    char *text = malloc(60000);
    memset(text, 'x', 60000);
    ck_assert_int_gt(tests_guest_v1_Tester_Ask_call(NULL, &(All){.a_string = {text, 60000}}, on_reply, &dones), 0);
    assert_asked("tests_guest_v1_Tester_Ask_import 60004\n");
    free(text);
    result(last_cookie, 14, NULL, NULL, 1);
}
END_TEST

START_TEST(failure_result)
{
    call_unary();
    parigot_kernel_v1_Failure f = {.message = PARIGOT_STR("greeter was killed"), .reason = parigot_kernel_v1_Failure_KILLED};
    result(last_cookie, 14, &parigot_kernel_v1_Failure_descriptor, &f, 1);
    assert_done(1, PARIGOT_UNAVAILABLE, true, "greeter was killed");
    call_unary();
    result(last_cookie, 4, NULL, NULL, 1);
    assert_done(2, PARIGOT_DEADLINE_EXCEEDED, true, "(none)");
    ck_assert_ptr_null(seen.failure);
    call_unary(); /* what is said of the failure cannot be read: the failure counts all the same */
    parigot_result(state, last_cookie, 5, buffer("\x0a", 1), 1, 1);
    assert_done(3, PARIGOT_NOT_FOUND, true, "(none)");
}
END_TEST

/* Rule 6: unary is one piece with bit 0. */
START_TEST(unary_in_two_pieces)
{
    int32_t id = call_unary();
    char cancel[32];
    snprintf(cancel, sizeof cancel, "Cancel %d\n", id);
    asked[0] = 0;
    result(last_cookie, 0, good_type, &good, 0);
    assert_done(1, PARIGOT_INTERNAL, true, "more than one reply");
    assert_asked(cancel);
    result(last_cookie, 0, good_type, &good, 0); /* what comes until the end is dropped */
    result(last_cookie, 1, NULL, NULL, 1);
    ck_assert_int_eq(dones, 1);
    assert_asked("");
}
END_TEST

START_TEST(unary_without_a_reply)
{
    call_unary();
    asked[0] = 0;
    result(last_cookie, 0, NULL, NULL, 3);
    assert_done(1, PARIGOT_INTERNAL, true, "no reply");
    assert_asked("");
}
END_TEST

/* Rule 13: undecodable results become 13. */
START_TEST(undecodable_results)
{
    call_unary();
    asked[0] = 0;
    parigot_result(state, last_cookie, 0, buffer("\x08", 1), 1, 1);
    assert_done(1, PARIGOT_INTERNAL, true, "the reply cannot be decoded");
    assert_asked("");
    int32_t id = call_stream();
    asked[0] = 0;
    uintptr_t cookie = last_cookie;
    result(cookie, 0, good_type, &good, 0);
    assert_done(2, PARIGOT_OK, false, "three");
    parigot_result(state, cookie, 0, buffer("\x08", 1), 1, 0);
    assert_done(3, PARIGOT_INTERNAL, true, "the reply cannot be decoded");
    char cancel[32];
    snprintf(cancel, sizeof cancel, "Cancel %d\n", id);
    assert_asked(cancel);
    parigot_result(state, cookie, 1, NULL, 0, 1);
    ck_assert_int_eq(dones, 3);
}
END_TEST

START_TEST(stream_call)
{
    call_stream();
    uintptr_t cookie = last_cookie;
    result(cookie, 0, good_type, &good, 0);
    assert_done(1, PARIGOT_OK, false, "three");
    result(cookie, 0, good_type, &(Inner1){0}, 0); /* an empty message is a message */
    assert_done(2, PARIGOT_OK, false, "");
    ck_assert_uint_eq(seen_reply.n, 0);
    result(cookie, 0, NULL, NULL, 3);
    assert_done(3, PARIGOT_OK, true, "(none)");
    call_stream();
    result(last_cookie, 0, good_type, &good, 1); /* the last piece may bring a message */
    assert_done(4, PARIGOT_OK, true, "three");
    call_stream();
    result(last_cookie, 1, NULL, NULL, 1);
    assert_done(5, PARIGOT_CANCELLED, true, "(none)");
}
END_TEST

START_TEST(cancel_and_deadline)
{
    ck_assert_int_eq(parigot_cancel(5), PARIGOT_OK);
    ck_assert_int_eq(parigot_deadline(5, 100), PARIGOT_OK);
    assert_asked("Cancel 5\nDeadline 5 100\n");
    answer = -PARIGOT_NOT_FOUND;
    ck_assert_int_eq(parigot_cancel(5), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_deadline(5, 100), PARIGOT_NOT_FOUND);
}
END_TEST

/* ---- log lines ---- */

static void assert_logged(int level, const char *text)
{
    const parigot_log_v1_WriteRequest *r;
    ck_assert_int_eq(parigot_log_v1_WriteRequest_decode(scratch, (parigot_bytes){last_message, last_len}, &r), PARIGOT_OK);
    ck_assert_int_eq(r->level, level);
    ck_assert_uint_eq(r->text.len, strlen(text));
    if (*text) ck_assert_mem_eq(r->text.ptr, text, r->text.len);
}

START_TEST(log_lines)
{
    parigot_log("%d lines", 1);
    assert_asked("parigot_log_v1_Log_Write_import 11 for nobody\n");
    assert_logged(parigot_log_v1_LEVEL_INFO, "1 lines");
    parigot_log_at(parigot_log_v1_LEVEL_ERROR, "a\nbc\n");
    assert_asked("parigot_log_v1_Log_Write_import 5 for nobody\nparigot_log_v1_Log_Write_import 6 for nobody\n");
    assert_logged(parigot_log_v1_LEVEL_ERROR, "bc");
    parigot_log("%s", "\xff\xc3\xa9\xe2\x82");
    assert_logged(parigot_log_v1_LEVEL_INFO, "?\xc3\xa9??");
    asked[0] = 0;
    char *text = malloc(5001);
    memset(text, 'y', 5000);
    text[5000] = 0;
    parigot_log("%s", text);
    assert_logged(parigot_log_v1_LEVEL_INFO, text);
    free(text);
}
END_TEST

static void tear_down(void)
{
    parigot_arena_close(scratch);
    free(parigot_gen_app(state));
}

int main(void)
{
    Suite *suite = suite_create("guest entries");
    TCase *cases = tcase_create("entry");
    suite_add_tcase(suite, cases);
    tcase_add_checked_fixture(cases, start_module, tear_down);
    const TTest *const tests[] = {
        init, reply, empty_messages, fail, undecodable_request, mistakes_of_the_program, reply_refused,
        reply_waits_for_room, exit_from_a_request,
        pieces, end_when_the_queue_is_full, end_waits_and_the_caller_goes, no_room, caller_goes_while_held,
        caller_has_gone_at_a_piece, many_open_requests, stop,
        unary_call, unary_call_of_nobody, call_refused, long_request, failure_result, unary_in_two_pieces,
        unary_without_a_reply, undecodable_results, stream_call, cancel_and_deadline,
        log_lines,
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(cases, tests[i]);
    tcase_add_exit_test(cases, init_of_another_version, 0);
    tcase_add_exit_test(cases, init_malformed, 0);
    return run_tap(suite);
}
