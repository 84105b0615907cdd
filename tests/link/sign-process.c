/* The signing key is opened last, by a process that has opened no object; the one that parses them never opens it.
 * NEED: clang-19
 * NEED: strace
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && parigot-bundle keygen -W -s k.key -p k.pub
 * RUN: strace -f -qq -e trace=openat,read -e signal=none -o calls parigot-ld a.o --sign=k.key -o a.pbundle && awk '/"a.o"/ { object = $1; at = NR } /"k.key"/ { key = $1; last = NR } END { print (object && key && object != key && last > at) ? "apart" : "together" }' calls && awk '/"k.key"/ { key[$1] } { pid[NR] = $1; line[NR] = $0 } END { for (i = 1; i <= NR; i++) if (pid[i] in key && line[i] ~ /asm/) print "the signer reads an object" }' calls
 * OUT: apart
 * NOT: the signer reads
 */
#include "entries.h"
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { *(volatile int *)(long)a = b + c + d; }
