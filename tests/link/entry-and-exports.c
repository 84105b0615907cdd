/* --entry, --export and its kin, -u; what they name and nobody defines.
 * NEED: clang-19
 * NEED: llvm-ar-19
 * NEED: wasm-ld-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && clang-19 --target=wasm32 -O1 -ffreestanding -DMEMBER -c %s -o m.o && llvm-ar-19 rcs lib.a m.o
 * RUN: parigot-ld --policy=none a.o -o a.wasm
 * EXIT: 1
 * ERR: entry symbol not defined (pass --no-entry to suppress): _start [L0107]
 * RUN: parigot-ld --policy=none --no-entry --export=main_loop --export=nowhere a.o -o a.wasm
 * EXIT: 1
 * ERR: symbol exported via --export not found: nowhere [L0108]
 * NOFILE: a.wasm
 * RUN: mkdir x y
 * RUN: for o in "--entry=main_loop" "-e main_loop --export=value" "--no-entry --export-if-defined=nowhere --export-if-defined=main_loop" "--no-entry --export=in_member lib.a" "--no-entry --export-dynamic" "--no-entry -E --undefined=in_member lib.a" "--no-entry -u in_member lib.a --export=__heap_base --export=__data_end" "--entry=in_member lib.a --export-memory=mem" "--no-entry --export-all -s" "--no-entry --export-memory --import-memory=host,ram" "--no-entry --initial-heap=65536 --no-growable-memory --export=main_loop" "--no-entry --strip-debug --keep-section=name --soname=called --export=main_loop" "--no-entry --strip-all --keep-section=name --keep-section=target_features --export=main_loop"; do wasm-ld-19 a.o $o -o x/m.wasm && parigot-ld --policy=none a.o $o -o y/m.wasm && cmp x/m.wasm y/m.wasm || { echo "differs: $o"; exit 1; }; done
 */
#ifdef MEMBER
int in_member(void) { return 7; }
#else
int value = 3;
__attribute__((visibility("default"))) int seen(int n) { return n + value; }
int main_loop(void) { return seen(1); }
#endif
