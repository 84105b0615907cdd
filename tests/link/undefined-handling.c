/* What is done about undefined symbols, by option; the bytes are wasm-ld's but where stubs have names (here: the missing function's).
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && printf 'frob\n# no symbol\nother\ndatum\n' > names
 * ORACLE: --no-entry --allow-undefined a.o
 * ORACLE: --no-entry --import-undefined --unresolved-symbols=ignore-all a.o
 * ORACLE: --no-entry --allow-undefined-file=names --unresolved-symbols=ignore-all a.o
 * ORACLE: --no-entry --allow-undefined --export=nowhere a.o
 * ORACLE: --no-entry --allow-undefined --no-gc-sections --export-table a.o
 * ORACLE: --no-entry --allow-undefined --error-unresolved-symbols --unresolved-symbols=report-all a.o
 * ORACLE: --no-entry --unresolved-symbols=report-all --warn-unresolved-symbols --import-undefined a.o
 * ERR: warning: a.o: undefined symbol: datum
 * RUN: parigot-ld --policy=none --no-entry --unresolved-symbols=ignore-all --soname=m a.o -o a.wasm && wasm-objdump -x a.wasm
 * OUT: <undefined_stub:frob>
 * NOT: Import
 * RUN: parigot-ld --policy=none --no-entry --warn-unresolved-symbols --soname=m a.o -o b.wasm && cmp a.wasm b.wasm
 * ERR: warning: a.o: undefined symbol: frob [L0103]
 * RUN: wasm-interp a.wasm --run-all-exports
 * OUT: f() => error: unreachable executed
 * RUN: parigot-ld --policy=none --no-entry --import-undefined a.o -o c.wasm
 * EXIT: 1
 * ERR: undefined symbol: datum
 * NOT: frob
 * NOFILE: c.wasm
 */
extern int frob(int);
extern int other(int);
extern int datum;
extern int weak_function(int) __attribute__((weak));
extern int weak_datum __attribute__((weak));
int (*pointer)(int) = frob;
__attribute__((export_name("f"))) int f(void) { return frob(1) + other(2) + datum + (weak_function ? weak_function(1) : 2) + weak_datum + pointer(3); }
__attribute__((export_name("g"))) int (*g(void))(int) { return other; }
