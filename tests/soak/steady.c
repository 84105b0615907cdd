/* steady.c: answers, always. */
#include "provider.h"
#include "soak/v1/steady.parigot.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}

void soak_v1_Steady_Do(parigot_app *app, parigot_call *call, const soak_v1_Task *task)
{
    (void)app;
    soak_v1_Done done = done_for(call, task, task->size);
    soak_v1_Steady_Do_reply(call, &done);
}
