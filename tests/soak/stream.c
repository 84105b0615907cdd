/* stream.c: answers in pieces, more than a queue holds. */
#include "provider.h"
#include "soak/v1/stream.parigot.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}

typedef struct Progress {
    const soak_v1_Task *task;
    uint32_t sent;
} Progress;

static void go_on(parigot_call *call)
{
    Progress *p = parigot_call_get(call);
    for (; p->sent < p->task->size; p->sent++) {
        soak_v1_Done done = {.number = p->task->number, .load = {(const uint8_t *)&p->task->number, 1}};
        if (soak_v1_Stream_Do_piece(call, &done)) return; /* no room yet, or the caller has gone */
    }
    parigot_end(call);
}

void parigot_on_room(parigot_app *app, parigot_call *call)
{
    (void)app;
    go_on(call);
}

void soak_v1_Stream_Do(parigot_app *app, parigot_call *call, const soak_v1_Task *task)
{
    (void)app;
    Progress *p = parigot_arena_new(parigot_call_arena(call), sizeof *p);
    p->task = task;
    parigot_call_set(call, p);
    go_on(call);
}
