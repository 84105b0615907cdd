/* keeper.c: keeps state in variables and on the heap, under policy reset: whoever finds any of another request answers
 * wrongly. Leaves calls open, and traps when it is asked to: that ends one request and no other. */
#include "provider.h"
#include <stdlib.h>

#include "soak/v1/keeper.parigot.h"
#include "soak/v1/steady.parigot.h"

static uint64_t seen;
static char *kept;

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}

static void forget(parigot_app *app, void *arg, const parigot_result_info *info, const soak_v1_Done *done)
{
    (void)app, (void)arg, (void)info, (void)done;
}

void soak_v1_Keeper_Do(parigot_app *app, parigot_call *call, const soak_v1_Task *task)
{
    bool clean = seen == 0 && kept == NULL;
    seen = task->number;
    kept = malloc(100000); /* memory grows */
    if (kept) memset(kept, 1, 100000);
    soak_v1_Steady_Do_call(app, &(soak_v1_Task){.number = task->number}, forget, NULL); /* nobody waits for it */
    if (task->act) __builtin_trap();
    soak_v1_Done done = done_for(call, task, task->size);
    if (!clean) done.number = ~task->number;
    soak_v1_Keeper_Do_reply(call, &done);
}
