/* Refused on purpose: a counter in a static variable is state that outlives a call and that no operator can see. */
#include "parigot.h"

static int served;
static int limits[4] = {1, 2, 3, 4};

int counter_next(void);
int counter_next(void)
{
    limits[served & 3]++;
    return ++served + limits[0];
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    parigot_log("%d", counter_next());
    parigot_exit(PARIGOT_OK);
}
