/* Objects compiled with -fPIC link statically: addresses come from globals that the linker makes.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * NEED: node
 * RUN: clang-19 --target=wasm32 -O1 -fPIC -fvisibility=default -ffreestanding -c %s -o a.o && clang-19 --target=wasm32 -O1 -ffreestanding -DOTHER -c %s -o b.o
 * RUN: mkdir x y && wasm-ld-19 --no-entry a.o b.o -o x/m.wasm && parigot-ld --policy=none --no-entry a.o b.o -o y/m.wasm
 * RUN: wasm-interp x/m.wasm --run-all-exports > x/out; wasm-interp y/m.wasm --run-all-exports > y/out; cmp x/out y/out && cat y/out
 * OUT: f() => i32:49
 * RUN: cmp x/m.wasm y/m.wasm
 */
extern int data[4];
int twice(int);
#ifdef OTHER
int data[4] = {1, 2, 3, 4};
int twice(int n) { return n * 2; }
#else
static int local = 7;
int here = 5;
int (*pick(int n))(int) { return n ? twice : 0; }
__attribute__((export_name("f"))) int f(void) { int *p = &here; local++; return pick(local)(data[2] + local) + *p + data[1] + local + data[0] + (local + data[2]); }
#endif
