/* --emit-relocs: a finished module that keeps its symbols and relocations.
 * NEED: clang-19
 * RUN: for half in A B; do clang-19 --target=wasm32 -O1 -g -ffreestanding -D$half -c %s -o $half.o; clang-19 --target=wasm32 -O1 -fPIC -ffreestanding -D$half -c %s -o pic$half.o; done
 * ORACLE: --emit-relocs --strip-debug A.o B.o
 * ORACLE: --emit-relocs --strip-all A.o B.o
 * ORACLE: --emit-relocs --strip-debug --no-gc-sections --export-all A.o B.o
 * ORACLE: --emit-relocs picA.o picB.o
 * ORACLE: --emit-relocs -O2 --no-gc-sections A.o B.o
 * ORACLE: --emit-relocs -O2 A.o B.o
 * DIFFERS: reloc..debug_info: wasm-ld's refer to symbols that are not there
 * DIFFERS: reloc..debug_ranges: the same
 * DIFFERS: reloc..debug_line: the same
 * RUN: parigot-ld --policy=none --emit-relocs A.o B.o --soname=x -o a.wasm && parigot-ld --policy=none --emit-relocs --threads=1 A.o B.o --soname=x -o b.wasm && cmp a.wasm b.wasm && wasm-objdump -x a.wasm | grep -c illegal
 * EXIT: 1
 * OUT: 0
 * RUN: parigot-ld --policy=none A.o B.o --soname=x -o c.wasm && parigot-ld -r a.wasm -o again.o
 * RUN: for half in A B; do clang-19 --target=wasm32 -O1 -g -fPIC -ffreestanding -D$half -c %s -o both$half.o; done; parigot-ld --policy=none --emit-relocs bothA.o bothB.o -o d.wasm && parigot-ld -r d.wasm -o again.o
 */
#ifdef A
extern int shared;
int other(int);
__attribute__((weak)) int maybe(void);
int zeros[4];
int dead(void) { return other(zeros[1]); }
int (*pointer)(int) = other;
int _start(void) { return pointer(shared) + zeros[0]++ + (maybe ? maybe() : 0); }
#else
int shared = 4;
const char *text = "text";
int more(int x) { return x + text[1]; }
int other(int x) { return text[x] + shared; }
#endif
