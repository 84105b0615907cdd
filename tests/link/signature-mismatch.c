/* A caller with another idea of a function: an error with both types and both objects; under none a warning, as wasm-ld has it,
 * and the call traps.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -g -ffreestanding -c %s -o a.o
 * RUN: clang-19 --target=wasm32 -g -ffreestanding -DCALLER -c %s -o b.o
 * RUN: parigot-ld a.o b.o -o a.wasm
 * EXIT: 1
 * ERR: parigot-ld: error: b.o: function signature mismatch: area [L0105]
 * ERR: >>> defined as (i32, i32) -> i32 in
 * ERR: signature-mismatch.c:32 (a.o)
 * ERR: >>> called as (i32) -> i32 in
 * ERR: signature-mismatch.c:29 (b.o: function f)
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry a.o b.o -o a.wasm
 * ERR: parigot-ld: warning: b.o: function signature mismatch: area [L0105]
 * RUN: wasm-interp a.wasm --run-all-exports
 * OUT: f() => error: unreachable executed
 * RUN: parigot-ld --policy=none --no-entry --fatal-warnings a.o b.o -o b.wasm
 * EXIT: 1
 * ERR: parigot-ld: error: b.o: function signature mismatch: area [L0105]
 * NOFILE: b.wasm
 * RUN: parigot-ld --error-format=sarif a.o b.o -o b.wasm 2>log; python3 %d/check_sarif.py log
 * OUT: L0105 error
 * OUT: signature-mismatch.c:29 area
 * OUT: related
 * OUT: signature-mismatch.c:32 defined as (i32, i32) -> i32 in
 */
#ifdef CALLER
int area(int); __attribute__((export_name("f"))) int f(void) { return area(3); }
#else
int area(int, int);
int area(int w, int h) { return w * h; }
#endif
