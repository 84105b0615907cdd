/* Objects for WebAssembly 1.0 use the function table without a symbol and without relocations: it is table 0, and there.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -mcpu=mvp -O1 -ffreestanding -c %s -o a.o && clang-19 --target=wasm32 -O1 -ffreestanding -DOTHER -c %s -o b.o
 * ORACLE: --no-entry a.o
 * ORACLE: --no-entry a.o b.o
 * ORACLE: --no-entry b.o a.o --export-all
 * ORACLE: --no-entry a.o b.o --import-table --allow-undefined
 * ORACLE: --no-entry a.o b.o --export-table --growable-table --table-base=3
 * ORACLE: --no-entry a.o --no-gc-sections
 * RUN: parigot-ld --policy=none --no-entry a.o -o a.wasm && wasm-validate a.wasm
 */
typedef int fn(int);
#ifndef OTHER
__attribute__((export_name("call"))) int call(fn *f, int n) { return f(n); }
#else
static int twice(int n) { return 2 * n; }
__attribute__((export_name("get"))) fn *get(void) { return twice; }
#endif
