/* One link tells of everything: a definition too many, a wrong type, writable data, what is missing, what cannot be exported.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: clang-19 --target=wasm32 -O1 -g0 -ffreestanding -DSECOND -c %s -o b.o
 * RUN: parigot-ld a.o b.o --export=nothing --entry=nowhere -o a.wasm
 * EXIT: 1
 * ERR: b.o: duplicate symbol: twice [L0104]
 * ERR: >>> defined in
 * ERR: all-errors.c:30 (a.o)
 * ERR: >>> defined in b.o
 * ERR: b.o: duplicate symbol: constant [L0104]
 * ERR: all-errors.c:29 (a.o)
 * ERR: >>> defined in b.o: section .rodata.constant
 * ERR: symbol exported via --export not found: nothing [L0108]
 * ERR: entry symbol not defined (pass --no-entry to suppress): nowhere [L0107]
 * ERR: b.o: function signature mismatch: typed [L0105]
 * ERR: all-errors.c:31: a.o:0x
 * ERR: writable data: state, 4 bytes in section .bss.state [P104]
 * ERR: undefined symbol: missing [L0103]
 * NOFILE: a.wasm
 * RUN: parigot-ld a.o -lone -ltwo other.o -o a.wasm
 * EXIT: 2
 * ERR: unable to find library -lone [L0101]
 * ERR: unable to find library -ltwo [L0101]
 * ERR: other.o: cannot open
 * NOT: undefined symbol
 */
#ifndef SECOND
const int constant = 5;
int twice(int n) { return n * constant; }
int state;
__attribute__((export_name("g"))) int typed(int n) { return state += n; }
#else
const int constant = 6;
int twice(int n) { return n * 2; }
int typed(void);
int missing(int);
__attribute__((export_name("f"))) int f(void) { return typed() + missing(constant) + twice(2); }
#endif
