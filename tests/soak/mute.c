/* mute.c: never answers: its calls end by a deadline, or because the caller cancels them. */
#include "provider.h"
#include "soak/v1/mute.parigot.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}

void parigot_on_cancel(parigot_app *app, parigot_call *call)
{
    (void)app, (void)call; /* and so it is over */
}

void soak_v1_Mute_Do(parigot_app *app, parigot_call *call, const soak_v1_Task *task)
{
    (void)app, (void)call, (void)task;
}
