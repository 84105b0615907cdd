/* Findings carry the source line where the module has DWARF.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * RUN: clang-19 --target=wasm32 -g -O1 -ffreestanding -c %s -o a.o && wasm-ld-19 --no-entry --export=count a.o -o a.wasm
 * RUN: parigot-validate --format=gnu a.wasm
 * EXIT: 1
 * OUT: source-line.c:12: error: writes 4 bytes at the fixed address
 * OUT: "count") [P104]
 */
static int served;
int count(void);
int count(void) { return served += 3; }
