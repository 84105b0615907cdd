/* A message nested as deep as may be, and one deeper, on the default stack of 64 KiB: decoding is bounded by its limit,
 * not by a trap.
 * NEED: node
 * RUN: %d/tools/make.sh %s
 * EXIT: 0
 * OUT: [main] all good
 * NOT: depth.c:
 * RUN: %d/tools/run.sh %s
 * OUT: main: all good
 * NOT: depth.c:
 */
#include "work.h"

#ifdef WORKER
parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}
void tests_work_v1_Worker_Echo(parigot_app *app, parigot_call *call, const Note *req)
{
    (void)app;
    uint32_t depth = 0;
    for (const Note *n = req; n; n = n->inner) depth++;
    tests_work_v1_Worker_Echo_reply(call, &(Note){.n = depth, .inner = req->inner});
}
void tests_work_v1_Worker_Count(parigot_app *app, parigot_call *call, const Note *req) { (void)app; (void)call; (void)req; }
void tests_work_v1_Worker_Trap(parigot_app *app, parigot_call *call, const Note *req) { (void)app; (void)call; (void)req; }
void tests_work_v1_Worker_Slow(parigot_app *app, parigot_call *call, const Note *req) { (void)app; (void)call; (void)req; }
#else
static void done(parigot_app *app, void *arg, const parigot_result_info *info, const Note *reply)
{
    (void)app;
    (void)arg;
    CHECK(info->status == PARIGOT_OK && reply->n == PARIGOT_MAX_DEPTH);
    parigot_log("all good");
    parigot_exit(0);
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    Note *top = NULL;
    for (int i = 0; i < PARIGOT_MAX_DEPTH; i++) {
        Note *n = parigot_new(sizeof *n);
        n->inner = top;
        top = n;
    }
    CHECK(tests_work_v1_Worker_Echo_call(NULL, &(Note){.inner = top}, done, NULL) == -PARIGOT_INVALID_ARGUMENT);
    CHECK(tests_work_v1_Worker_Echo_call(NULL, top, done, NULL) > 0);
    return NULL;
}
#endif
