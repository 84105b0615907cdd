/* Libraries: -l, -L, -l:FILE, thin archives, groups, whole archives, --start-lib, members that are no objects; archives
 * without an index; which members, in which order.
 * NEED: clang-19
 * RUN: mkdir lib && for n in 1 2 3 4 5; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done; echo meta > lib.rmeta; llvm-ar-19 rcs lib/libab.a lib.rmeta 2.o 3.o && llvm-ar-19 rcsT lib/libthin.a 2.o 3.o 4.o && llvm-ar-19 rcS noindex.a 2.o 3.o && cp 5.o lib/crt1.o && llvm-ar-19 rcs lib/libb.a 3.o 4.o && llvm-ar-19 rcs lib/liba.a 2.o
 * ORACLE: --no-entry 1.o -Llib -lab
 * ORACLE: --no-entry -L nowhere -L lib -l ab 1.o -t
 * ORACLE: --no-entry 1.o lib/libthin.a -t
 * ORACLE: --no-entry 1.o --library-path=lib --library=thin
 * ORACLE: 1.o -Llib -l:crt1.o -l:libab.a -t
 * ORACLE: --no-entry 1.o noindex.a -t
 * ORACLE: --no-entry 1.o --whole-archive lib/libthin.a --no-whole-archive -t
 * ORACLE: --no-entry 1.o --start-lib 4.o 3.o 2.o --end-lib -t
 * ORACLE: --no-entry 1.o -Llib -la -lb -t
 * ORACLE: --no-entry 1.o -Llib -lb -la -t
 * ORACLE: --no-entry -Bstatic -static --no-pie -dn 1.o -Llib -Bdynamic -lb -dy -la --call_shared
 * ORACLE: --no-entry 1.o -Llib -lab -u four -lb
 * ORACLE: --no-entry 1.o -Llib -lnowhere
 * EXIT: 1
 * ERR: unable to find library -lnowhere [L0101]
 * RUN: parigot-ld --policy=none --no-entry 1.o -Llib --start-group -la -lb --end-group '-(' -lab '-)' --as-needed -o a.wasm && parigot-ld --policy=none --no-entry --fatal-warnings 1.o --whole-archive lib/libab.a -o b.wasm
 * RUN: cp -r lib deep; rm 3.o; parigot-ld --policy=none --no-entry 1.o lib/libthin.a -o c.wasm
 * EXIT: 2
 * ERR: 3.o: cannot open: No such file or directory
 * NOFILE: c.wasm
 */
int one(void), two(void), three(void), four(void);
#if N == 1
__attribute__((export_name("one"))) int one(void) { return two(); }
#elif N == 2
int two(void) { return three(); }
#elif N == 3
int three(void) { return 3; }
#elif N == 4
int four(void) { return 4; }
#else
void _start(void) { one(); }
#endif
