/* Asks the greeter once, then for a countdown that comes in pieces. No call waits: each result is an entry of its own. */
#include "greeting/v1/greeting.parigot.h"

struct parigot_app {
    uint32_t pieces;
};

static void on_piece(parigot_app *app, void *arg, const parigot_result_info *res, const greeting_v1_HelloReply *reply)
{
    (void)arg;
    if (reply) {
        app->pieces++;
        parigot_log("%.*s", (int)reply->text.len, reply->text.ptr);
    }
    if (res->last) {
        parigot_log("%u pieces, status %d", app->pieces, (int)res->status);
        parigot_exit(res->status);
    }
}

static void on_hello(parigot_app *app, void *arg, const parigot_result_info *res, const greeting_v1_HelloReply *reply)
{
    if (res->status != PARIGOT_OK) parigot_exit(res->status);
    parigot_log("%.*s", (int)reply->text.len, reply->text.ptr);
    greeting_v1_Greeter_Countdown_call(app, &(greeting_v1_CountdownRequest){.from = 3}, on_piece, arg);
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    parigot_app *app = parigot_new(sizeof *app);
    greeting_v1_Greeter_Hello_call(app, &(greeting_v1_HelloRequest){PARIGOT_STR("world")}, on_hello, NULL);
    return app; /* the result comes as a later entry */
}
