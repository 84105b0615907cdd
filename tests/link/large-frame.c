/* A frame larger than the null guard gets a check in front of the function; source lines stay right behind it.
 * NEED: clang-19
 * NEED: llvm-dwarfdump-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm && wasm-validate a.wasm && parigot-validate a.wasm && wasm-objdump -d a.wasm
 * OUT: <large>:
 * OUT: local[
 * OUT: global.get 0
 * OUT: i32.const 12288
 * OUT: i32.lt_u
 * OUT: if
 * OUT: unreachable
 * OUT: end
 * OUT: global.get 0
 * OUT: i32.const 8192
 * OUT: i32.sub
 * RUN: parigot-ld --policy=none --no-entry a.o -o b.wasm && wasm-objdump -d b.wasm
 * NOT: unreachable
 * RUN: llvm-dwarfdump-19 --verify a.wasm
 * RUN: for k in coarse exact; do for s in engine check; do parigot-ld --meter=$k --seal=$s a.o -o m.wasm && parigot-validate m.wasm || exit 1; done; done
 */
#include "entries.h"
__attribute__((noinline)) static int large(int n)
{
    volatile char room[8192];
    room[n & 8191] = 1;
    return room[n >> 1 & 8191];
}
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { *(volatile int *)a = large(b + c + d); }
