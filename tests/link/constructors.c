/* Constructors: an error under strict; under reset they run in parigot_init; under none as wasm-ld has them, by priority, in
 * each export of a command or where the program calls __wasm_call_ctors.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm
 * EXIT: 1
 * ERR: constructor: first, priority 101 (func 4 "first") [P106]
 * ERR: constructor: second, priority 65535 (func 3 "second") [P106]
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=reset a.o -o a.wasm && wasm-validate a.wasm && wasm-objdump -d a.wasm
 * OUT: <__wasm_call_ctors>:
 * OUT: call 5 <first>
 * OUT: call 4 <second>
 * OUT: <parigot_init with constructors>:
 * OUT: <__wasm_call_ctors>
 * OUT: <parigot_init>
 * RUN: mkdir x y && wasm-ld-19 --no-entry a.o -o x/m.wasm && parigot-ld --policy=none --no-entry a.o -o y/m.wasm
 * RUN: wasm-ld-19 -S --no-entry a.o -o x/m.wasm && parigot-ld -S --policy=none --no-entry a.o -o y/m.wasm && cmp x/m.wasm y/m.wasm
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -DCALLS -c %s -o b.o
 * RUN: wasm-ld-19 --no-entry b.o -o x/m.wasm && parigot-ld --policy=none --no-entry b.o -o y/m.wasm && cmp x/m.wasm y/m.wasm
 */
#include "entries.h"
static volatile int order;
__attribute__((constructor)) static void second(void) { order = order * 2; }
__attribute__((constructor(101))) static void first(void) { order = 5; }
#ifdef CALLS
void __wasm_call_ctors(void);
ENTRY("start") void start(void) { __wasm_call_ctors(); }
#endif
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { *(volatile int *)a = order + b + c + d; }
