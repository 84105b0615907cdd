/* --Map, -M, --print-map: sections, functions, segments and symbols, with wasm-ld's columns.
 * NEED: clang-19
 * RUN: for n in 1 2; do clang-19 --target=wasm32 -O1 -g -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry --Map=%o/map -O2 1.o 2.o --import-undefined
 * ORACLE: --no-entry -M -s 1.o 2.o --import-undefined --print-gc-sections -t
 * ORACLE: --no-entry --print-map -S --no-merge-data-segments -O0 2.o 1.o --import-undefined --export-all
 * ORACLE: --no-entry --Map %o/map --strip-debug 2.o 1.o --import-undefined --no-gc-sections --export-table
 * RUN: parigot-ld --policy=audit --Map=map --import-undefined 1.o 2.o -o a.wasm; cat map
 * OUT: Symbol
 * OUT: CUSTOM(parigot.module)
 * OUT: 1.o:(run)
 * OUT: .rodata
 * OUT: CUSTOM(name)
 */
extern int outside(int);
extern int shared;
extern const char *const names[];
#if N == 1
extern int nobody(int) __attribute__((weak));
static int zeros[100];
int counter = 5;
static int twice(int n) { return n * 2; }
__attribute__((alias("counter"))) extern int counter_too;
typedef int fn(int);
static fn *const table[] = {twice, outside, nobody};
__attribute__((constructor)) static void first(void) { counter++; }
__attribute__((export_name("run"))) int run(int n)
{
    zeros[n]++;
    counter += shared;
    return table[n & 1](n) + (nobody ? nobody(n) : 0) + zeros[n + 1] + names[n][0] + counter_too;
}
#else
int shared = 7;
const char *const names[] = {"alpha", "hello", "lo"};
int imported(int);
int outside(int n) { return n + imported(n); }
#endif
