/* --trace names the objects that are linked, members of archives as they are read; --trace-symbol and -y tell who refers
 * to a symbol and who defines it; --why-extract tells why a member was linked.
 * NEED: clang-19
 * RUN: for n in 1 2 3 4 5; do clang-19 --target=wasm32 -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs l.a 2.o 3.o && llvm-ar-19 rcs m.a 4.o
 * ORACLE: --trace --export=f 1.o l.a m.a
 * ORACLE: -t --export=f --start-lib 2.o 3.o --end-lib --whole-archive m.a --no-whole-archive 1.o
 * ORACLE: --trace-symbol=g -y h --trace-symbol nobody --export=f 1.o l.a m.a
 * ORACLE: -yh -y k --export=f l.a 1.o 5.o m.a
 * ORACLE: --why-extract=%o/why --export=f 1.o l.a m.a
 * ORACLE: --why-extract=%o/why --no-entry -u k --export=h l.a m.a
 * ORACLE: --why-extract=- --export=f l.a 1.o m.a
 * RUN: parigot-ld --policy=none --no-entry --export=f 1.o l.a -o a.wasm --why-extract=why; cat why
 * EXIT: 0
 * ERR: undefined symbol: k
 * OUT: 1.o	l.a(2.o)	g
 * NOFILE: a.wasm
 */
#if N == 1
.functype g () -> ()
.functype k () -> ()
.globl f
.globl _start
_start:
.functype _start () -> ()
 end_function
f:
.functype f () -> ()
 call g
 call k
 end_function
#elif N == 2
.functype h () -> ()
.globl g
g:
.functype g () -> ()
 call h
 end_function
#elif N == 3
.globl h
h:
.functype h () -> ()
 end_function
#elif N == 4
.globl k
k:
.functype k () -> ()
 end_function
#else
.functype h () -> ()
.weak h
.globl w
w:
.functype w () -> ()
 call h
 end_function
#endif
