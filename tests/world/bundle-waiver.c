/* Writable data that a policy waives stands, with its reason, in the bundle; and holds only under that policy.
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "own"; base = "strict"; waivers = ( { name = "count"; rule = "P104"; symbol = "served"; reason = "counts requests"; expires = "2999-06-30"; } );' >own.policy
 * RUN: parigot-cc %s -o c.wasm --policy=own.policy && parigot-bundle create --policy own.policy c.wasm -o c.pbundle && parigot-bundle inspect c.pbundle
 * OUT: policy     own
 * OUT: waived     P104 in c: 1 symbol, 16 B, until
 * OUT: waived 16 B
 * RUN: parigot-bundle inspect --full c.pbundle
 * OUT: counts requests
 * OUT: served, 16 bytes at 0x12000
 * RUN: parigot-bundle keygen -W -s k -p k.pub && parigot-bundle sign -s k c.pbundle && parigot-bundle verify -p k.pub c.pbundle
 * OUT: good
 * RUN: parigot-bundle inspect --json c.pbundle
 * OUT: "archive_digest":"","reason":"counts requests","address":73728,"size":16,"expires":32487782399
 * OUT: "name":"libparigot.a"
 * RUN: parigot-bundle create c.wasm -o d.pbundle
 * EXIT: 1
 * ERR: served, 16 bytes
 * ERR: [P104]
 * NOFILE: d.pbundle
 * RUN: sed 's/2999/2001/' own.policy >old.policy; parigot-bundle create --policy old.policy c.wasm -o e.pbundle
 * EXIT: 1
 * NOFILE: e.pbundle
 */
#include "parigot.h"
static int served[4];
int *served_at(unsigned i);
int *served_at(unsigned i) { return &served[i & 3]; }
struct parigot_app { int x; };
parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    ++*served_at(init->abi_version);
    parigot_log("started");
    return parigot_new(sizeof(parigot_app));
}
