/* Options that change nothing in the module: threads, colours, messages, what is done anyway. -v and -V tell the version and
 * link; a later --gc-sections wins.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o && mkdir dir
 * ORACLE: --no-entry --threads=1 a.o -O2
 * ORACLE: --no-entry --threads=8 a.o -O2
 * ORACLE: --no-entry --threads 2 -m wasm32 a.o -O2 --no-gc-sections --gc-sections
 * ORACLE: --no-entry -non_shared --no-shlib-sigcheck --no-pie --color-diagnostics=never --no-color-diagnostics --color-diagnostics a.o -s
 * ORACLE: --no-entry -Bsymbolic a.o -s
 * ERR: warning: --Bsymbolic is only meaningful when combined with -shared
 * ORACLE: --no-entry --threads=0 a.o
 * EXIT: 2
 * ERR: --threads: expected a positive integer, but got '0'
 * ORACLE: --no-entry --color-diagnostics=maybe a.o
 * EXIT: 2
 * RUN: parigot-ld --policy=none --no-entry --emulation=wasm32 --no-as-needed --no-undefined --no-pic-executable a.o --output=dir/b.wasm && parigot-ld --policy=none --no-entry a.o -o b.wasm && cmp b.wasm dir/b.wasm
 * RUN: parigot-ld --policy=none -v --no-entry a.o -o c.wasm && test -e c.wasm && parigot-ld -V && parigot-ld -v --policy=none nothing.o
 * EXIT: 2
 * OUT: LLD 19
 * OUT: LLD 19
 * OUT: LLD 19
 * ERR: nothing.o
 * RUN: parigot-ld --policy=none --no-entry --hide-prefix=$PWD/ $PWD/a.o --color-diagnostics --export=nowhere -t -o d.wasm
 * EXIT: 1
 * OUT: a.o
 * ERR: error: 
 * NOT: /a.o
 * NOFILE: d.wasm
 */
static int twice(int n) { return 2 * n; }
int unused(int n) { return n + 1; }
__attribute__((export_name("run"))) int run(int n) { return twice(n); }
