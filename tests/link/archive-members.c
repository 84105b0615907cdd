/* Members are linked when something needs them and not else; a weak reference pulls none; --whole-archive takes all.
 * NEED: clang-19
 * NEED: llvm-ar-19
 * RUN: clang-19 --target=wasm32 -ffreestanding -c %s -o main.o
 * RUN: for m in ONE TWO THREE; do clang-19 --target=wasm32 -ffreestanding -D$m -c %s -o $m.o; done
 * RUN: llvm-ar-19 rcs libparts.a ONE.o TWO.o THREE.o && llvm-ar-19 rcST thin.a ONE.o TWO.o THREE.o && llvm-ar-19 rcS noindex.a ONE.o TWO.o THREE.o
 * RUN: parigot-ld --policy=none --no-entry main.o -L. -lparts -o a.wasm && wasm-objdump -x a.wasm
 * OUT: <one>
 * OUT: <two>
 * NOT: <three>
 * RUN: parigot-ld --policy=none --no-entry libparts.a main.o -o b.wasm && cmp a.wasm b.wasm || wasm-objdump -x b.wasm
 * NOT: <three>
 * RUN: parigot-ld --policy=none --no-entry main.o thin.a -o c/../a.wasm || (mkdir c; cp a.wasm want; parigot-ld --policy=none --no-entry main.o thin.a -o a.wasm && cmp a.wasm want && parigot-ld --policy=none --no-entry main.o noindex.a -o a.wasm && cmp a.wasm want)
 * ERR: cannot create
 * RUN: parigot-ld --policy=none --no-entry main.o --start-lib ONE.o TWO.o THREE.o --end-lib -o a.wasm && cmp a.wasm want
 * RUN: parigot-ld --policy=none --no-entry main.o --whole-archive -l:libparts.a --no-whole-archive -L. -o a.wasm && wasm-objdump -x a.wasm
 * OUT: <__wasm_call_ctors>
 * RUN: parigot-ld --policy=none --no-entry main.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: one
 * RUN: parigot-ld main.o -lnothing -L. -Lelsewhere -o a.wasm
 * EXIT: 1
 * ERR: error: unable to find library -lnothing [L0101]
 * ERR: >>> searched in .
 * ERR: >>> searched in elsewhere
 */
int one(void), two(void), three(void) __attribute__((weak));
#if defined ONE
int one(void) { return two(); }
#elif defined TWO
int two(void) { return 2; }
#elif defined THREE
__attribute__((constructor)) static void run(void) { (void)*(volatile int *)16; }
int three(void) { return 3; }
#else
__attribute__((export_name("f"))) int f(void) { return one() + (three ? three() : 0); }
#endif
