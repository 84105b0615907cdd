/* steady.c: the other service of the world, which goes on answering. */
#include "fault/v1/steady.parigot.h"

struct parigot_app { uint32_t pings; };

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return parigot_new(sizeof(parigot_app));
}

void fault_v1_Steady_Ping(parigot_app *app, parigot_call *call, const fault_v1_PingRequest *req)
{
    (void)req;
    fault_v1_Steady_Ping_reply(call, &(fault_v1_PingReply){.number = ++app->pings});
}
