/* target_features: what all objects use, or what the command line says; and whether that goes together.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -DN=1 -c %s -o 1.o && clang-19 --target=wasm32 -O1 -ffreestanding -mbulk-memory -msimd128 -DN=2 -c %s -o 2.o && clang-19 --target=wasm32 -O1 -mcpu=mvp -ffreestanding -DN=3 -c %s -o 3.o && clang-19 --target=wasm32 -ffreestanding -matomics -mbulk-memory -DN=2 -c %s -o 4.o
 * ORACLE: --no-entry 1.o 2.o
 * ORACLE: --no-entry 3.o
 * ORACLE: --no-entry 1.o 2.o --extra-features=zebra,ant
 * ORACLE: --no-entry 1.o 2.o --features=one,mutable-globals,two --no-check-features
 * ORACLE: --no-entry 1.o 2.o --features=first --features=second --extra-features=third --no-check-features
 * ORACLE: --no-entry 1.o 4.o
 * ORACLE: --no-entry 1.o 2.o --features=mutable-globals
 * EXIT: 1
 * ERR: Target feature 'simd128' used by 2.o is not allowed.
 * ORACLE: --no-entry 3.o --export=__stack_pointer
 * EXIT: 1
 * ERR: mutable global exported but 'mutable-globals' feature not present in inputs: `__stack_pointer`. Use --no-check-features to suppress.
 * ORACLE: --no-entry 3.o --export=__stack_pointer --no-check-features
 * ORACLE: --no-entry 3.o --export=__stack_pointer --no-check-features --check-features
 * EXIT: 1
 */
#if N == 1
__attribute__((export_name("one"))) int one(int n) { return n; }
#elif N == 2
__attribute__((export_name("two"))) int two(int n) { return n + 1; }
#else
__attribute__((export_name("three"))) int three(int n) { return n + 1; }
#endif
