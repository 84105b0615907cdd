/* The compiler driver: one command from source to module; commands shown; modes; where things are found.
 * NEED: clang-19
 * RUN: parigot-cc --help | awk 'length > 80 || NR > 24 { print; bad = 1 } END { exit bad }'
 * RUN: parigot-cc %s -o a.wasm && wasm-validate a.wasm
 * RUN: parigot-cc -v -DVALUE=3 -O1 %s -o b.wasm
 * ERR: "--target=wasm32" "-ffreestanding" "-mbulk-memory"
 * ERR: "-DVALUE=3" "-O1" "-c"
 * ERR: parigot-ld" "-o" "b.wasm"
 * RUN: parigot-cc -c %s -o a.o && parigot-cc a.o -o c.wasm && wasm-validate c.wasm
 * RUN: parigot-cc -S %s -o - -O0
 * OUT: parigot-cc.c
 * RUN: parigot-cc '-###' --max-memory 131072 -Wl,--print-gc-sections,--trace %s -o d.wasm
 * ERR: "--max-memory" "131072" "--print-gc-sections" "--trace"
 * NOFILE: d.wasm
 * RUN: mkdir two && cp %s two/ && parigot-cc -DVALUE=4 -Dvalue=other %s two/parigot-cc.c -o e.wasm
 * EXIT: 1
 * ERR: parigot-cc.2.o: duplicate symbol: other
 * NOFILE: e.wasm
 * RUN: parigot-cc %s --guest-dir=nowhere
 * EXIT: 2
 * ERR: no such folder: nowhere
 * RUN: parigot-cc -DVALUE=nonsense %s -o f.wasm
 * EXIT: 1
 * ERR: nonsense
 * NOFILE: f.wasm
 * RUN: parigot-cc -flto %s
 * EXIT: 2
 * RUN: parigot-cc
 * EXIT: 2
 * ERR: no input files
 * RUN: PARIGOT_CLANG=/bin/false parigot-cc %s -o g.wasm
 * EXIT: 1
 * RUN: TMPDIR=$PWD parigot-cc %s -o a.wasm && ls
 * NOT: parigot-cc-
 * RUN: parigot-cc --help
 * OUT: usage: parigot-cc
 */
#ifndef VALUE
#define VALUE 2
#endif
int value(void) { return VALUE; }
__attribute__((used)) int f(void) { return value(); }
