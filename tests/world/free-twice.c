/* Giving back what is not there is a trap, not a surprise later.
 * NEED: node
 * RUN: %d/tools/make.sh %s
 * EXIT: 134
 * OUT: [main] killed in parigot_init: unreachable
 * NOT: went on
 * RUN: %d/tools/run.sh %s
 * EXIT: 134
 * ERR: main was killed: unreachable
 * ERR: "parigot_start"
 * NOT: went on
 */
#include "work.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    void *p = malloc(10);
    free(p);
    free(p);
    parigot_log("went on");
    return NULL;
}
