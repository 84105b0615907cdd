/* Calls that are answered, fail, are cancelled, are late, lose their provider; pieces that fill the queue.
 * NEED: node
 * RUN: %d/tools/make.sh %s -- who:world count:1000
 * OUT: [main] main calls
 * OUT: tests_work_v1_Worker_Trap: assertion failed: req->n == 12345
 * OUT: [worker] killed in tests.work.v1.Worker/Trap: unreachable
 * OUT: [main] all good: 1000 pieces
 * NOT: calls.c:1
 * NOT: calls.c:2
 * RUN: %d/tools/run.sh %s
 * OUT: main: main calls
 * OUT: main: all good: 1000 pieces
 * NOT: calls.c:1
 * NOT: calls.c:2
 * ERR: worker was killed: unreachable
 * ERR: tests_work_v1_Worker_Trap
 */
#include <assert.h>
#include "work.h"
#include "parigot/clock/v1/clock.parigot.h"

#ifdef WORKER
struct parigot_app {
    parigot_call *counting;
    uint32_t next, last;
    int cancelled;
};

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return parigot_new(sizeof(parigot_app));
}

void tests_work_v1_Worker_Echo(parigot_app *app, parigot_call *call, const Note *req)
{
    if (req->n == 404) {
        parigot_fail_with(call, PARIGOT_NOT_FOUND, &(parigot_kernel_v1_Failure){
            .message = parigot_format(call, "no %.*s", (int)req->text.len, req->text.ptr),
            .detail = {(const uint8_t *)"\1\2", 2} });
        return;
    }
    tests_work_v1_Worker_Echo_reply(call, &(Note){.n = req->n + (uint32_t)app->cancelled, .text = req->text, .notes = req->notes});
}

static void go_on(parigot_app *app)
{
    while (app->next < app->last) {
        parigot_status status = tests_work_v1_Worker_Count_piece(app->counting, &(Note){.n = app->next});
        if (status == PARIGOT_RESOURCE_EXHAUSTED) return;
        CHECK(status == PARIGOT_OK);
        app->next++;
    }
    parigot_end(app->counting);
}
void parigot_on_room(parigot_app *app, parigot_call *call)
{
    CHECK(call == app->counting);
    go_on(app);
}
void tests_work_v1_Worker_Count(parigot_app *app, parigot_call *call, const Note *req)
{
    app->counting = call;
    app->next = 0;
    app->last = req->n;
    go_on(app);
}

void tests_work_v1_Worker_Trap(parigot_app *app, parigot_call *call, const Note *req)
{
    (void)app;
    (void)call;
    assert(req->n == 12345);
}

/* Replies after ten minutes: nobody waits that long. */
static void woken(parigot_app *app, void *arg, const parigot_result_info *info, const parigot_clock_v1_SleepReply *reply)
{
    (void)app;
    (void)info;
    (void)reply;
    tests_work_v1_Worker_Slow_reply(arg, NULL);
}
void tests_work_v1_Worker_Slow(parigot_app *app, parigot_call *call, const Note *req)
{
    (void)app;
    (void)req;
    parigot_clock_v1_Clock_Sleep_call(app, &(parigot_clock_v1_SleepRequest){.duration_ns = 600000000000}, woken, call);
}
void parigot_on_cancel(parigot_app *app, parigot_call *call)
{
    parigot_keep(call);
    app->cancelled++;
}

#else

struct parigot_app {
    uint32_t pieces;
    int steps;
};

/* Each step's result begins the next one. */
static void step(parigot_app *app, void *arg, const parigot_result_info *info, const Note *reply);

static int32_t ask(parigot_app *app, uint32_t n, const char *text)
{
    static const Note notes[] = {{.n = 1}, {.n = 2, .text = {"two", 3}}};
    Note note = {.n = n, .text = parigot_str_of(text), .notes = {notes, 2}};
    return tests_work_v1_Worker_Echo_call(app, &note, step, NULL);
}

static void step(parigot_app *app, void *arg, const parigot_result_info *info, const Note *reply)
{
    int32_t id;
    (void)arg;
    switch (app->steps) {
    case 0:
        CHECK(info->status == PARIGOT_OK && info->last && reply->n == 7);
        CHECK(parigot_str_equal(reply->text, PARIGOT_STR("h\xc3\xa9")) && reply->notes.len == 2);
        CHECK(parigot_str_equal(reply->notes.ptr[1].text, PARIGOT_STR("two")));
        ask(app, 404, "page");
        break;
    case 1:
        CHECK(info->status == PARIGOT_NOT_FOUND && !reply && info->failure);
        CHECK(parigot_str_equal(info->failure->message, PARIGOT_STR("no page")) && info->failure->detail.len == 2);
        id = tests_work_v1_Worker_Slow_call(app, NULL, step, NULL);
        CHECK(parigot_deadline(id, 20) == PARIGOT_OK);
        break;
    case 2:
        CHECK(info->status == PARIGOT_DEADLINE_EXCEEDED && !reply);
        id = tests_work_v1_Worker_Slow_call(app, NULL, step, NULL);
        CHECK(parigot_cancel(id) == PARIGOT_OK);
        CHECK(parigot_cancel(id + 1000) == PARIGOT_NOT_FOUND);
        break;
    case 3:
        CHECK(info->status == PARIGOT_CANCELLED && !reply);
        ask(app, 5, "");
        break;
    case 4:
        /* 5, and 1 for each request that the worker was told is over; of the cancelled one it may never have heard */
        CHECK(reply && (reply->n == 6 || reply->n == 7));
        id = tests_work_v1_Worker_Count_call(app, &(Note){.n = 1000}, step, NULL);
        break;
    case 5:
        CHECK(info->status == PARIGOT_OK);
        if (reply) CHECK(reply->n == app->pieces++);
        if (!info->last) return;
        tests_work_v1_Worker_Trap_call(app, &(Note){.n = 1}, step, NULL);
        break;
    case 6:
        CHECK(info->status == PARIGOT_UNAVAILABLE && info->failure);
        CHECK(info->failure && info->failure->reason == parigot_kernel_v1_Failure_KILLED);
        ask(app, 1, "anybody?");
        break;
    default:
        CHECK(info->status == PARIGOT_UNAVAILABLE);
        parigot_log("all good: %u pieces", app->pieces);
        parigot_exit(0);
    }
    app->steps++;
}

static void now(parigot_app *app, void *arg, const parigot_result_info *info, const parigot_clock_v1_NowReply *reply)
{
    (void)arg;
    CHECK(info->status == PARIGOT_OK && reply->unix_ns > INT64_C(1700000000000000000));
    ask(app, 7, "h\xc3\xa9");
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    parigot_app *app = parigot_new(sizeof *app);
    parigot_log("%.*s calls", (int)init->module.len, init->module.ptr);
    CHECK(parigot_str_equal(parigot_config(init, "who"), PARIGOT_STR("world")));
    CHECK(parigot_str_equal(parigot_config(init, "count"), PARIGOT_STR("1000")));
    CHECK(!parigot_config(init, "none").ptr);
    parigot_clock_v1_Clock_Now_call(app, NULL, now, NULL);
    return app;
}
#endif
