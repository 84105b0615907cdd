/* __start_NAME and __stop_NAME of data whose section has a name that C can spell.
 * NEED: clang-19
 * RUN: for n in 1 2; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry 1.o 2.o
 * ORACLE: --no-entry 2.o 1.o --export=__start_table --export=__stop_other
 * ORACLE: --no-entry --export-all 1.o 2.o
 * ORACLE: --no-entry --no-gc-sections 1.o 2.o
 * RUN: parigot-ld --policy=none --no-entry 1.o 2.o -o a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: sum() => i32:6
 * RUN: parigot-ld --policy=none --no-entry 1.o -o b.wasm
 * OUT:
 * RUN: parigot-ld --policy=none --no-entry --export=__start_nothing 1.o 2.o -o c.wasm
 * EXIT: 1
 * ERR: symbol exported via --export not found: __start_nothing
 * NOFILE: c.wasm
 */
#define IN(name) __attribute__((section(#name), used, retain))
#if N == 1
extern int __start_table[], __stop_table[];
static int a IN(table) = 1;
__attribute__((export_name("sum"))) int sum(void)
{
    int n = 0;
    for (int *p = __start_table; p < __stop_table; p++) n += *p;
    return n;
}
#else
static int b IN(table) = 2, c IN(table) = 3;
static int d IN(other) = 4;
static int e __attribute__((section("with.dot"), used, retain)) = 5;
#endif
