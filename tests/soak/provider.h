/* provider.h: what the services of the soak have in common. */
#ifndef SOAK_PROVIDER_H
#define SOAK_PROVIDER_H
#include <parigot.h>
#include <string.h>

#include "soak/v1/task.parigot.h"

/* The answer to a task, in the memory of its call. */
static inline soak_v1_Done done_for(parigot_call *call, const soak_v1_Task *task, uint32_t size)
{
    uint8_t *load = parigot_arena_new(parigot_call_arena(call), size ? size : 1);
    memset(load, (int)(task->number & 0xff), size);
    return (soak_v1_Done){.number = task->number, .load = {load, size}};
}

#endif
