/* brittle.c: answers, and traps when it is asked to, in ways that take turns. */
#include "provider.h"
#include "soak/v1/brittle.parigot.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}

static uint32_t deeper(volatile uint32_t *p)
{
    volatile uint32_t here = *p + 1;
    return here == 0 ? 0 : deeper(&here) + *p; /* there is no stack for so many */
}

void soak_v1_Brittle_Do(parigot_app *app, parigot_call *call, const soak_v1_Task *task)
{
    (void)app;
    uint32_t volatile zero = 0;
    switch (task->act ? task->number % 4 + 1 : 0) {
    case 1: __builtin_trap();
    case 2: ((volatile uint32_t *)(uintptr_t)0xff000000u)[task->number] = 1; break; /* outside memory */
    case 3: zero = (uint32_t)task->number / zero; break;
    case 4: zero = deeper(&zero); break;
    default: break;
    }
    soak_v1_Done done = done_for(call, task, task->size);
    soak_v1_Brittle_Do_reply(call, &done);
}
