/* A constructor with parameters cannot be called; constructors that nobody would run are an error where they may be.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && clang-19 --target=wasm32 -O1 -ffreestanding -DPLAIN -c %s -o b.o
 * RUN: parigot-ld --policy=none --no-entry a.o -o a.wasm
 * EXIT: 1
 * ERR: a.o: constructor functions cannot take arguments: early [L0113]
 * RUN: parigot-ld --policy=reset b.o -o a.wasm
 * EXIT: 1
 * ERR: b.o: constructors would never run: no entry parigot_init is exported [L0113]
 * NOFILE: a.wasm
 */
#ifdef PLAIN
#define ARGS void
#else
#define ARGS int n
#endif
__attribute__((constructor)) static void early(ARGS) { *(volatile int *)4096 = 5; }
__attribute__((export_name("f"))) int f(int k) { return k; }
