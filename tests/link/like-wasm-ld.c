/* Under --policy=none the bytes are those of wasm-ld 19: symbols, strings with tails, tables, weak ones, dead code, names.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O2 -ffreestanding -mbulk-memory -c %s -o a.o
 * RUN: clang-19 --target=wasm32 -O2 -ffreestanding -mbulk-memory -DOTHER -c %s -o b.o
 * ORACLE: --no-entry a.o b.o
 * ORACLE: --no-entry --export-all a.o b.o
 * ORACLE: --no-entry -O0 --no-gc-sections a.o b.o
 * ORACLE: --no-entry --stack-first -z stack-size=8192 a.o b.o
 * ORACLE: --no-entry --global-base=4096 --initial-memory=1048576 --max-memory=2097152 -s a.o b.o
 * RUN: for d in THIS OTHER; do clang-19 --target=wasm32 -O2 -ffreestanding -mno-bulk-memory -D$d -c %s -o $d.o; done; mv THIS.o a.o; mv OTHER.o b.o
 * ORACLE: --entry=entry --import-memory --no-merge-data-segments a.o b.o
 * ORACLE: --no-entry --export-table --growable-table --table-base=5 a.o b.o
 */
typedef int (*fn)(int);
extern int outside(int);
extern int shared_count;
extern const char *const names[];
#ifndef OTHER
__attribute__((import_module("env2"), import_name("print"))) int print(const char *, int);
extern int nobody(int) __attribute__((weak));
extern char __heap_base, __data_end;
static int zeros[100];
int counter = 5;
static int twice(int n) { return n * 2; }
int unused(int n) { return n * 3; }
static const fn table[] = {twice, outside, nobody};
__attribute__((weak)) int both(int n) { return n; }
__attribute__((export_name("run"))) int run(int n)
{
    zeros[n]++;
    counter += shared_count;
    print("hello", 5);
    print("lo", 2);
    return table[n & 1](n) + (nobody ? nobody(n) : (int)&__heap_base) + (int)&__data_end + zeros[n + 1] + both(n);
}
__attribute__((visibility("default"))) int entry(void) { return names[counter][0]; }
#else
int both(int n) { return n + 1; }
int shared_count = 7;
int also_unused;
const char *const names[] = {"alpha", "hello", "ha"};
int outside(int n) { return n + names[n][0]; }
#endif
