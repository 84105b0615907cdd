/* prober.c: asks for the fault that the world's configuration names, while it pings the other service; says what came
 * of it. config: fault ("self": its own, after a log line; "wait": it waits for what never comes); again = how often it
 * asks; exit = the exit code. */
#include "fault/v1/faulty.parigot.h"
#include "fault/v1/steady.parigot.h"

struct parigot_app { parigot_str fault; uint32_t again, code; bool fault_over, ping_over; };

static void ask(parigot_app *app);

static uint32_t number(parigot_str s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++) n = n * 10 + (uint32_t)(s.ptr[i] - '0');
    return n;
}

/* The world is asked to end. */
void parigot_on_stop(parigot_app *app)
{
    parigot_log("asked to end");
    if (app->code) parigot_exit((int32_t)app->code); /* without exit=: it does not listen */
}

static void maybe_exit(parigot_app *app)
{
    if (app->fault_over && app->ping_over) parigot_exit((int32_t)app->code);
}

static void on_second_ping(parigot_app *app, void *arg, const parigot_result_info *res, const fault_v1_PingReply *reply)
{
    (void)arg;
    parigot_log("steady: %s, ping %u", parigot_status_name(res->status), reply ? reply->number : 0);
    app->ping_over = true;
    maybe_exit(app);
}

static void on_ping(parigot_app *app, void *arg, const parigot_result_info *res, const fault_v1_PingReply *reply)
{
    (void)app;
    (void)arg;
    parigot_log("steady: %s, ping %u", parigot_status_name(res->status), reply ? reply->number : 0);
}

static void on_fault(parigot_app *app, void *arg, const parigot_result_info *res, const fault_v1_DoReply *reply)
{
    if (reply) parigot_log("faulty: %.*s", (int)reply->text.len, reply->text.ptr);
    else if (res->failure)
        parigot_log("faulty: %s, reason %d: %.*s", parigot_status_name(res->status), (int)res->failure->reason,
                    (int)res->failure->message.len, res->failure->message.ptr);
    else parigot_log("faulty: %s", parigot_status_name(res->status));
    if (app->again > 1) {
        app->again--;
        ask(app);
        return;
    }
    app->fault_over = true;
    fault_v1_Steady_Ping_call(app, &(fault_v1_PingRequest){0}, on_second_ping, arg);
}

static void ask(parigot_app *app)
{
    int32_t id = fault_v1_Faulty_Do_call(app, &(fault_v1_DoRequest){.fault = app->fault}, on_fault, NULL);
    if (id < 0) parigot_exit(-id);
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    parigot_app *app = parigot_new(sizeof *app);
    app->fault = parigot_config(init, "fault");
    app->again = number(parigot_config(init, "again"));
    app->code = number(parigot_config(init, "exit"));
    if (parigot_str_equal(app->fault, PARIGOT_STR("self"))) {
        parigot_log("last words");
        __builtin_trap();
    }
    if (parigot_str_equal(app->fault, PARIGOT_STR("wait"))) {
        parigot_log("waiting");
        app->fault = PARIGOT_STR("no-answer");
    }
    fault_v1_Steady_Ping_call(app, &(fault_v1_PingRequest){0}, on_ping, NULL);
    ask(app);
    return app;
}
