/* A service of two methods. What it remembers lies in struct parigot_app, which the kernel hands to every entry:
 * there is no global to hide anything in. */
#include "greeting/v1/greeting.parigot.h"

struct parigot_app {
    uint32_t served;
};

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return parigot_new(sizeof(parigot_app)); /* zeroed; when memory is out, the program ends */
}

void greeting_v1_Greeter_Hello(parigot_app *app, parigot_call *call, const greeting_v1_HelloRequest *req)
{
    if (req->name.len == 0) {
        parigot_fail(call, PARIGOT_INVALID_ARGUMENT, "name is empty");
        return;
    }
    app->served++;
    greeting_v1_Greeter_Hello_reply(
        call, &(greeting_v1_HelloReply){
                  .text = parigot_format(call, "hello, %.*s (no. %u)", (int)req->name.len, req->name.ptr, app->served)});
}

void greeting_v1_Greeter_Countdown(parigot_app *app, parigot_call *call, const greeting_v1_CountdownRequest *req)
{
    (void)app;
    for (uint32_t n = req->from; n > 0; n--) /* the queue holds 64 pieces: a longer count would go on in parigot_on_room() */
        if (greeting_v1_Greeter_Countdown_piece(call, &(greeting_v1_HelloReply){parigot_format(call, "%u ...", n)})) return;
    parigot_end(call); /* last piece, no message */
}
