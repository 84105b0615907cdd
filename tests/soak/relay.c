/* relay.c: asks steady on behalf of whoever asks it; traps when it is asked to, with calls open in both directions. */
#include "provider.h"
#include "soak/v1/relay.parigot.h"
#include "soak/v1/steady.parigot.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}

static void on_done(parigot_app *app, void *arg, const parigot_result_info *info, const soak_v1_Done *done)
{
    (void)app;
    if (info->status) parigot_fail(arg, info->status, "steady failed");
    else soak_v1_Relay_Do_reply(arg, done);
}

void soak_v1_Relay_Do(parigot_app *app, parigot_call *call, const soak_v1_Task *task)
{
    int32_t id = soak_v1_Steady_Do_call(app, &(soak_v1_Task){.number = task->number, .size = task->size}, on_done, call);
    if (task->act) __builtin_trap();
    if (id < 0) parigot_fail(call, (parigot_status)-id, "steady was not asked");
}
