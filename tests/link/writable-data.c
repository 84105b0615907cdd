/* Every writable datum of a program is named with size, section, object and line; constants and dead data are not.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm
 * EXIT: 1
 * ERR: writable-data.c:27: a.o:0x
 * ERR: writable data: initialised, 4 bytes in section .data.initialised [P104]
 * ERR: writable-data.c:26: a.o:0x
 * ERR: writable data: zero, 400 bytes in section .bss.zero [P104]
 * ERR: writable-data.c:28: a.o:0x
 * ERR: writable data: in_function.hits, 8 bytes in section .bss.in_function.hits [P104]
 * NOT: constant
 * NOT: unused
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=reset a.o -o a.wasm && wasm-validate a.wasm
 * NOT: P104
 * RUN: parigot-ld --policy=reset --verbose a.o -o a.wasm
 * ERR: note: 
 * RUN: parigot-ld --policy=audit a.o -o a.wasm
 * ERR: warning: 
 * RUN: parigot-ld --error-format=json a.o -o b.wasm
 * EXIT: 1
 * ERR: {"code":"P104","severity":"error","file":"a.o"
 */
#include "entries.h"
static int zero[100];
int initialised = 5;
static int in_function(int n) { static long long hits; hits += n; return (int)hits; }
static const int constant[] = {1, 2, 3};
int unused = 3;
ENTRY("demo.v1.State/Use") void use(int state, int call, int ptr, int len)
{
    (void)state;
    zero[call & 63] += in_function(initialised++) + constant[len & 1];
    *(volatile int *)ptr = zero[len & 63];
}
