/* gadfly.c: serves nobody; asks steady, and dies with calls open when it has had enough answers. */
#include "provider.h"
#include "soak/v1/steady.parigot.h"

enum { WINDOW = 16, ENOUGH = 5000 };

struct parigot_app {
    uint32_t answers;
};

static void on_done(parigot_app *app, void *arg, const parigot_result_info *info, const soak_v1_Done *done)
{
    if (info->status || !done || done->number != (uint64_t)(uintptr_t)arg) parigot_log("wrong answer");
    if (++app->answers == ENOUGH) __builtin_trap();
    soak_v1_Steady_Do_call(app, &(soak_v1_Task){.number = (uintptr_t)arg, .size = 100}, on_done, arg);
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    parigot_app *app = parigot_new(sizeof *app);
    for (uintptr_t i = 1; i <= WINDOW; i++)
        soak_v1_Steady_Do_call(app, &(soak_v1_Task){.number = i, .size = 100}, on_done, (void *)i);
    return app;
}
