/* Target features: the union is written; --features says which are allowed.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -msimd128 -c %s -o a.o && clang-19 --target=wasm32 -O1 -ffreestanding -mcpu=mvp -DOTHER -c %s -o b.o
 * RUN: mkdir x y && for o in "" "--extra-features=tail-call,zebra" "--no-check-features --features=mutable-globals,atomics" "--features=simd128,bulk-memory,multivalue,mutable-globals,reference-types,sign-ext"; do wasm-ld-19 --no-entry a.o b.o $o -o x/m.wasm && parigot-ld --policy=none --no-entry a.o b.o $o -o y/m.wasm && cmp x/m.wasm y/m.wasm || { echo "differs: $o"; exit 1; }; done
 * RUN: parigot-ld --policy=none --no-entry --features=mutable-globals a.o -o a.wasm
 * EXIT: 1
 * ERR: Target feature 'simd128' used by a.o is not allowed
 * NOFILE: a.wasm
 */
#ifdef OTHER
__attribute__((export_name("g"))) int g(int n) { return n; }
#else
__attribute__((export_name("f"))) int f(int n) { return n; }
#endif
