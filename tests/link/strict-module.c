/* A module that keeps all rules: the record of its layout is first, memory is as docs/module-section.md says, nothing is exported
 * but the ABI's entries, and the same inputs give the same bytes from any folder.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O2 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm && wasm-validate a.wasm && parigot-validate --features=wamr a.wasm
 * RUN: wasm-objdump -x a.wasm
 * OUT: name: "parigot.module"
 * OUT: Import[1]:
 * OUT: <- parigot.log.v1.Log.Write
 * OUT: memory[0] pages: initial=2 max=256
 * OUT: Global[1]:
 * OUT: global[0] i32 mutable=1 <__stack_pointer> - init i32=69632
 * OUT: Export[4]:
 * OUT: segment[0] <.rodata> memory=0 size=20 - init i32=69632
 * NOT: "memory"
 * NOT: Start
 * RUN: parigot-ld -z stack-size=16384 --max-memory=131072 --seal-align=65536 a.o -o b.wasm && parigot-validate b.wasm && wasm-objdump -x b.wasm
 * OUT: pages: initial=2 max=2
 * OUT: init i32=20480
 * OUT: init i32=65536
 * RUN: mkdir -p deep/er && cp a.o deep/er/ && cd deep && parigot-ld er/a.o -o er/c.wasm && cmp ../a.wasm er/c.wasm
 * RUN: parigot-ld --strip-all a.o -o s.wasm && parigot-validate s.wasm && wasm-objdump -h s.wasm
 * OUT: "parigot.module"
 * NOT: "name"
 * NOT: debug
 * RUN: parigot-ld --max-memory=65536 a.o -o d.wasm
 * EXIT: 1
 * ERR: error: maximum memory too small, 131072 bytes needed [L0121]
 * NOFILE: d.wasm
 * RUN: parigot-ld -z stack-size=100 a.o -o d.wasm
 * EXIT: 1
 * ERR: stack size must be 16-byte aligned
 * RUN: parigot-ld --max-memory=100000 a.o -o d.wasm
 * EXIT: 1
 * ERR: maximum memory must be 65536-byte aligned
 * RUN: parigot-ld --initial-memory=16777216 --max-memory=8388608 a.o -o d.wasm
 * EXIT: 1
 * ERR: maximum memory too small, 16777216 bytes needed
 */
#include "entries.h"
IMPORT("parigot.log.v1.Log", "Write") int log_write(const void *ptr, int len, int cookie);
static const char *const words[] = {"alpha", "omega"};
ENTRY("demo.v1.Words/Say") void say(int state, int call, int ptr, int len)
{
    (void)state, (void)ptr, (void)len;
    log_write(words[call & 1], 5, 0);
}
