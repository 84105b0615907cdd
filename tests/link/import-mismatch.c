/* Two objects that import one symbol from different places, or with different types: nobody can know which is meant.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -g -ffreestanding -DMETHOD='"One"' -c %s -o a.o && clang-19 --target=wasm32 -g -ffreestanding -DMETHOD='"Two"' -c %s -o b.o && clang-19 --target=wasm32 -g -ffreestanding -DMETHOD='"One"' -DMORE=,int -c %s -o c.o
 * RUN: parigot-ld --policy=none --no-entry a.o b.o -o a.wasm
 * EXIT: 1
 * ERR: b.o: import name mismatch for symbol: call_out [L0110]
 * ERR: >>> defined as demo.v1.T.One in
 * ERR: >>> defined as demo.v1.T.Two in
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry a.o c.o -o a.wasm
 * EXIT: 1
 * ERR: error: c.o: function signature mismatch: call_out [L0105]
 * ERR: >>> imported as (i32) -> i32 in
 * ERR: >>> called as (i32, i32) -> i32 in
 * NOFILE: a.wasm
 */
#ifndef MORE
#define MORE
#define ARGS 1
#else
#define ARGS 1, 2
#endif
__attribute__((import_module("demo.v1.T"), import_name(METHOD))) int call_out(int MORE);
#ifdef ARGS
__attribute__((weak, export_name("f"))) int f(void) { return call_out(ARGS); }
#endif
