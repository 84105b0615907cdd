/* What lies where in memory is drawn: the layout that the linker made, with and without pages that are protected.
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "own"; base = "strict"; waivers = ( { name = "w"; rule = "P104"; symbol = "served"; reason = "counts requests"; } );\n' >own.policy
 * RUN: parigot-cc %s -o c.wasm --policy=own.policy && parigot-bundle create --policy own.policy c.wasm -o c.pbundle && parigot-bundle inspect --memory-map c.pbundle
 * OUT: c: seal by page protection, pages of 4 KiB
 * OUT: 0x00000000 +------------------------+
 * OUT: | null guard       4 KiB | no access: page protection
 * OUT: 0x00001000 +------------------------+
 * OUT: | stack           64 KiB | read, write; grows down to the guard
 * OUT: 0x00011000 +------------------------+
 * OUT: | sealed data      4 KiB | read only after start: page protection
 * OUT: 0x00012000 +------------------------+
 * OUT: | waived data       16 B | read, write: by waiver
 * OUT: 0x00012010 +------------------------+
 * OUT: | heap control     256 B | read, write: the allocator's root
 * OUT: 0x00012110 +------------------------+
 * OUT: | heap
 * OUT: 0x00020000 +------------------------+ size at the start
 * OUT: : not there yet
 * OUT: 0x01000000 +------------------------+ maximum of the module
 * RUN: printf 'world = 1; name = "c"; modules = ( { name = "c"; file = "c.wasm"; policy = "own.policy"; memory = "1 MiB"; grant = [ "parigot.log.v1.Log" ]; } );\n' >w.cfg
 * RUN: parigot-bundle create --world w.cfg -o c.pbundle && parigot-bundle inspect --memory-map c.pbundle
 * OUT: 0x00100000 +------------------------+ limit of the world
 * RUN: parigot-cc %s -o c.wasm --policy=own.policy -Wl,--seal=check && parigot-bundle create --policy own.policy c.wasm -o c.pbundle && parigot-bundle inspect --memory-map c.pbundle
 * OUT: c: seal by store checks
 * OUT: null guard       4 KiB | no writes: checks in the code
 * RUN: parigot-bundle inspect --memory-map c.pbundle | awk 'length > 80 { print; bad = 1 } END { exit bad }'
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
