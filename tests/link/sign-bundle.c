/* A name that ends in .pbundle makes a bundle; --sign signs it. The key is opened last: what is wrong with the program comes first,
 * and nothing is written when the key is wrong.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && parigot-bundle keygen -W -s k.key -p k.pub
 * RUN: SOURCE_DATE_EPOCH=1700000000 parigot-ld a.o --sign=k.key -o greeter.pbundle && parigot-bundle verify -p k.pub greeter.pbundle
 * OUT: good: greeter, generation 1, signed by 1 trusted key
 * RUN: mkdir elsewhere && cp a.o elsewhere && cd elsewhere && SOURCE_DATE_EPOCH=1700000000 parigot-ld a.o --sign=../k.key -o greeter.pbundle && cmp greeter.pbundle ../greeter.pbundle
 * RUN: parigot-ld a.o --bundle --bundle-name=other -o - > b && parigot-bundle inspect b
 * OUT: other
 * RUN: parigot-ld a.o --sign=missing.key -o c.pbundle
 * EXIT: 2
 * ERR: missing.key: cannot open
 * NOFILE: c.pbundle
 * RUN: echo not a key > bad.key && parigot-ld a.o --sign=bad.key -o c.pbundle
 * EXIT: 1
 * NOFILE: c.pbundle
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -DBAD -c %s -o bad.o
 * RUN: parigot-ld bad.o --sign=missing.key -o c.pbundle
 * EXIT: 1
 * ERR: undefined symbol: nothing
 * NOT: missing.key
 * NOFILE: c.pbundle
 */
#include "entries.h"
#ifdef BAD
int nothing(int);
#else
#define nothing(n) (n)
#endif
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { *(volatile int *)(long)a = nothing(b) + c + d; }
