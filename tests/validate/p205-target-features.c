/* P205: a linked module that says that it was compiled for atomics.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * RUN: clang-19 --target=wasm32 -matomics -mbulk-memory -ffreestanding -c %s -o a.o && wasm-ld-19 --no-entry --export=f a.o -o a.wasm
 * RUN: parigot-validate a.wasm
 * EXIT: 1
 * OUT: target_features: +atomics [P205]
 */
int f(void);
int f(void) { return 1; }
