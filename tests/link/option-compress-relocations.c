/* --compress-relocations: numbers in code without padding; it does the same.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o && clang-19 --target=wasm32 -O2 -ffreestanding -DOTHER -c %s -o b.o
 * ORACLE: --no-entry --compress-relocations --strip-debug a.o b.o
 * ORACLE: --no-entry --compress-relocations -s --stack-first -z stack-size=1048576 b.o a.o --Map=%o/map
 * ORACLE: --no-entry --compress-relocations -S --export-all --no-gc-sections a.o b.o --print-map
 * ORACLE: --no-entry --compress-relocations a.o b.o
 * EXIT: 2
 * ERR: --compress-relocations is incompatible with output debug information
 * RUN: parigot-ld --policy=none --no-entry --compress-relocations -S a.o b.o -o a.wasm && wasm-validate a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: run() => i32:123
 * RUN: parigot-ld --policy=audit --export=run --compress-relocations -S a.o b.o -o a.wasm && wasm-validate a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: run() => i32:123
 */
int twice(int);
extern int numbers[1000];
typedef int fn(int);
extern fn *volatile pointer;
#ifndef OTHER
int add(int n) { return n + 100; }
fn *volatile pointer = add;
__attribute__((export_name("run"))) int run(void)
{
    volatile char frame[5000]; /* larger than the null guard: gets a check */
    frame[twice(1)] = 3;
    numbers[999] = 5;
    return twice(numbers[999]) * 2 + pointer(frame[2]);
}
#else
int numbers[1000];
__attribute__((noinline)) int twice(int n) { return n + numbers[n] + n; }
#endif
