/* What a program must not have been given: no writable data, and only the imports that it uses.
 * NEED: wasm-objdump
 * RUN: protoc -I%d/../guest --parigot_out=. work.proto && parigot-cc -Wall -Wextra -Werror -I. -I%d/tools %s work.parigot.c -o main.wasm && wasm-objdump -x -j Import main.wasm
 * OUT: <- parigot.kernel.v1.Kernel.Exit
 * NOT: parigot.log
 * NOT: parigot.clock
 * NOT: Worker
 * RUN: wasm-objdump -x -j Global main.wasm
 * OUT: Global[1]:
 * OUT: i32 mutable=1 <__stack_pointer>
 * RUN: wasm-objdump -x -j Export main.wasm
 * OUT: Export[4]:
 * OUT: "parigot_init"
 * OUT: "parigot_event"
 * OUT: "parigot_result"
 * OUT: "parigot_alloc"
 */
#include "work.h"

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return NULL;
}
