/* thirsty.c: answers, and runs out of fuel when it is asked to. */
#include "provider.h"
#include "soak/v1/thirsty.parigot.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}

void soak_v1_Thirsty_Do(parigot_app *app, parigot_call *call, const soak_v1_Task *task)
{
    (void)app;
    for (volatile uint32_t act = task->act; act;) {}
    soak_v1_Done done = done_for(call, task, task->size);
    soak_v1_Thirsty_Do_reply(call, &done);
}
