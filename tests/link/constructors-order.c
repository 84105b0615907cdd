/* Constructors by priority; of objects that are linked for something else; commands, whose exports run them and the
 * destructors, and reactors, which call them themselves.
 * NEED: clang-19
 * RUN: for n in 1 2 3 4 5; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs 2.a 2.o
 * ORACLE: --no-entry 1.o 2.o
 * ORACLE: --no-entry 2.o 1.o --export-all
 * ORACLE: --no-entry 1.o 2.a
 * ORACLE: --no-entry --whole-archive 2.a --no-whole-archive 1.o
 * ORACLE: --no-entry 1.o --start-lib 2.o --end-lib
 * ORACLE: --no-entry 1.o 2.o 3.o
 * ORACLE: --no-entry 1.o 2.o 4.o
 * ORACLE: 1.o 2.o 5.o
 * ORACLE: --entry=__wasm_call_ctors 1.o 2.o
 * ORACLE: --no-entry --export=__wasm_call_ctors 1.o 2.o 3.o
 * ORACLE: --no-entry --export=a --no-gc-sections 1.o 2.o
 * ORACLE: --no-entry 3.o
 */
extern int order;
#if N == 1
int order;
__attribute__((constructor)) static void c1(void) { order = order * 10 + 1; }
__attribute__((constructor(200))) static void c2(void) { order = order * 10 + 2; }
__attribute__((constructor(300))) static void c3(void) { order = order * 10 + 3; }
int from_two(void);
__attribute__((export_name("run"))) int run(int n) { return order + n; }
#elif N == 2
__attribute__((constructor(250))) static void c4(void) { order = order * 10 + 4; }
__attribute__((constructor)) static void c5(void) { order = order * 10 + 5; }
__attribute__((visibility("default"))) int a(void) { return 1; }
#elif N == 3
void __wasm_call_dtors(void) {}
__attribute__((export_name("with_dtors"))) long long with_dtors(int n, double d) { return n + (int)d; }
#elif N == 4
void __wasm_call_ctors(void);
__attribute__((export_name("_initialize"))) void initialize(void) { __wasm_call_ctors(); }
#else
void _start(void) { order++; }
#endif
