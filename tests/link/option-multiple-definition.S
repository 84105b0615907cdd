/* --allow-multiple-definition, -z muldefs: the first definition counts. --noinhibit-exec: warnings, and there is a module.
 * NEED: clang-19
 * RUN: for n in 1 2 3; do clang-19 --target=wasm32 -DN=$n -c %s -o $n.o || exit 1; done
 * RUN: parigot-ld --policy=none --no-entry --export=f 1.o 2.o -o a.wasm
 * EXIT: 1
 * ERR: duplicate symbol: f
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry --export=f --allow-multiple-definition 1.o 2.o -o a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: f() => i32:1
 * RUN: parigot-ld --policy=none --no-entry --export=f -z muldefs 2.o 1.o -o a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: f() => i32:2
 * NOT: duplicate
 * RUN: parigot-ld --policy=none --no-entry --export=f --allow-multiple-definition --no-allow-multiple-definition 1.o 2.o -o b.wasm
 * EXIT: 1
 * NOFILE: b.wasm
 * RUN: parigot-ld --policy=none --no-entry --export=f --noinhibit-exec 1.o 2.o -o a.wasm && wasm-interp a.wasm --run-all-exports
 * ERR: warning: 2.o: duplicate symbol: f
 * OUT: f() => i32:2
 * RUN: parigot-ld --policy=none --no-entry --export=g --noinhibit-exec 3.o -o g.wasm
 * EXIT: 1
 * ERR: error: 3.o: undefined symbol: nobody
 * NOFILE: g.wasm
 * RUN: parigot-ld --policy=none --no-entry --export=f --noinhibit-exec --fatal-warnings 1.o 2.o -o c.wasm
 * EXIT: 1
 * NOFILE: c.wasm
 * ORACLE22: --no-stack-first --no-entry --export=f --allow-multiple-definition 1.o 2.o
 * ORACLE22: --no-stack-first --no-entry --export=f -z muldefs 2.o 1.o
 * ORACLE22: --no-stack-first --no-entry --export=f --noinhibit-exec 2.o 1.o
 * ORACLE: --no-entry -z nonsense 3.o --unresolved-symbols=ignore-all
 * ERR: warning: unknown -z value: nonsense
 */
#if N < 3
.globl f
f:
.functype f () -> (i32)
 i32.const N
 end_function
#else
.functype nobody () -> ()
.globl g
g:
.functype g () -> ()
 call nobody
 end_function
#endif
