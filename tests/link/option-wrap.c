/* --wrap: references to f go to __wrap_f, those to __real_f to f; also from the object that defines f, through the
 * table, for what is not defined, from archives, and twice the same name is once.
 * NEED: clang-19
 * RUN: for n in 1 2 3 4; do clang-19 --target=wasm32 -O0 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs w.a 3.o
 * ORACLE: --no-entry --wrap=f 1.o 2.o 3.o
 * ORACLE: --no-entry --wrap f --wrap=f --wrap=nobody 1.o 2.o w.a
 * ORACLE: --no-entry --wrap=f --wrap=g 1.o 2.o 3.o 4.o
 * ORACLE: --no-entry --wrap=f --export=f --export=__real_f 1.o 2.o 3.o
 * ORACLE: --no-entry --wrap=f --wrap=missing 1.o 2.o w.a
 * RUN: llvm-ar-19 rcs f.a 2.o; parigot-ld --policy=none --no-entry --wrap=f 3.o --export=__wrap_f f.a -o f.wasm && wasm-objdump -x f.wasm
 * OUT: <f>
 * RUN: parigot-ld --policy=none --no-entry --wrap=f 1.o 2.o --warn-unresolved-symbols -o s.wasm && wasm-validate s.wasm && parigot-ld --policy=none --no-entry --wrap=f 1.o 2.o --allow-undefined -o i.wasm && wasm-objdump -x i.wasm
 * OUT: <__wrap_f> <- env.__wrap_f
 * RUN: parigot-ld --policy=none --no-entry --wrap=__stack_pointer --wrap=__heap_base 1.o 2.o -o a.wasm
 * EXIT: 1
 * ERR: symbol type mismatch: __stack_pointer is no function, which --wrap needs
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry --wrap=f 1.o 2.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: __wrap_f
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry --wrap=f 1.o 2.o 3.o -o a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: run() => i32:144
 * RUN: parigot-ld --policy=none --no-entry --wrap=f --warn-unresolved-symbols 1.o 2.o -o b.wasm && wasm-validate b.wasm && wasm-interp b.wasm --run-all-exports
 * ERR: warning: 1.o: undefined symbol: __wrap_f
 * OUT: run() => error: unreachable executed
 * RUN: parigot-ld --policy=audit --no-entry --export=run --wrap=f 1.o 2.o 3.o -o a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: run() => i32:144
 */
int f(int), __real_f(int), g(int), __real_g(int);
#if N == 1
static int (*const volatile pointer)(int) = f;
__attribute__((export_name("run"))) int run(void) { return f(1) + g(2) + pointer(3); }
#elif N == 2
int f(int n) { return n; }
int g(int n) { return f(n) * 10; }
#elif N == 3
int __wrap_f(int n) { return __real_f(n) + 10; }
#else
int __wrap_g(int n) { return __real_g(n) + 100; }
#endif
