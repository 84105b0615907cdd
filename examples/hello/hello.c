/* The smallest program: it starts, says something to the log service, and ends. */
#include "parigot.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    parigot_log("hello from %.*s", (int)init->module.len, init->module.ptr);
    parigot_exit(PARIGOT_OK);
}
