/* Source lines from DWARF 4 and 5, of code, of functions and of data; line tables alone have those of code.
 * NEED: clang-19
 * RUN: for g in "-g -gdwarf-4" "-g -gdwarf-5"; do clang-19 --target=wasm32 -ffreestanding -O1 $g -c %s -o a.o && clang-19 --target=wasm32 -ffreestanding -O1 $g -DSECOND -c %s -o b.o || exit; parigot-ld a.o b.o -o a.wasm 2>log; test $? = 1 || exit; grep -o '[a-z-]*\.c:[0-9]* (.*' log | tr '\n' ' '; grep -o '[a-z-]*\.c:[0-9]*: a.o:0x' log; done | uniq -c
 * OUT: 2 source-lines.c:24 (a.o) source-lines.c:24 (b.o) source-lines.c:26 (a.o) source-lines.c:31 (b.o: function f) source-lines.c:32 (b.o: function f) source-lines.c:30 (b.o: data pointers) source-lines.c:30 (b.o: data pointers) source-lines.c:27: a.o:0x
 * RUN: clang-19 --target=wasm32 -ffreestanding -O1 -gline-tables-only -c %s -o a.o && clang-19 --target=wasm32 -ffreestanding -O1 -gline-tables-only -DSECOND -c %s -o b.o; parigot-ld a.o b.o -o a.wasm
 * EXIT: 1
 * ERR: duplicate symbol: shared [L0104]
 * ERR: >>> defined in a.o: section .rodata.shared
 * ERR: function signature mismatch: typed
 * ERR: source-lines.c:26 (a.o)
 * ERR: source-lines.c:31 (b.o: function f)
 * ERR: error: a.o:0x
 * ERR: writable data: state, 4 bytes
 * ERR: >>> referenced by
 * ERR: source-lines.c:32 (b.o: function f)
 * ERR: >>> referenced by b.o: data pointers
 * NOFILE: a.wasm
 */
#ifndef SECOND
int typed(int n);
#else
int typed(void), missing(int);
#endif
const int shared = 5;
#ifndef SECOND
int typed(int n) { return n; }
static volatile int state;
__attribute__((export_name("g"))) int g(void) { return typed(state); }
#else
int (*const pointers[])(int) = {missing, missing};
__attribute__((export_name("f"))) int f(int n) { return typed() + pointers[n & 1](1) +
    missing(2); }
#endif
