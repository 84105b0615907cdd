/* What is waived is let through by name, stands in the record with address, size and reason, and is all that is let through.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld --waive=P104:hits:"counts calls" a.o -o a.wasm
 * EXIT: 1
 * ERR: writable data: table, 48 bytes
 * NOT: writable data: hits
 * NOFILE: a.wasm
 * RUN: parigot-ld --waive=P104:hits:"counts calls" --waive=P104:table:"cache" a.o -o a.wasm && strings a.wasm
 * OUT: counts calls
 * RUN: parigot-validate a.wasm
 * EXIT: 1
 * OUT: but not by policy strict
 * RUN: parigot-ld --waive=P201:hits:no a.o -o b.wasm
 * EXIT: 2
 * ERR: P201 cannot be waived
 * RUN: parigot-ld --waive=P999:hits:no a.o -o b.wasm
 * EXIT: 2
 * ERR: no such rule: P999
 * RUN: printf 'policy = 1; name = "p"; base = "strict"; waivers = ( { name = "h"; rule = "P104"; symbol = "hits"; reason = "r"; }, { name = "t"; rule = "P104"; symbol = "table"; reason = "r"; expires = "2020-01-01"; } );' > p.cfg
 * RUN: parigot-ld --policy=p.cfg a.o -o b.wasm
 * EXIT: 1
 * ERR: writable data: table
 * NOFILE: b.wasm
 * RUN: SOURCE_DATE_EPOCH=1500000000 parigot-ld --policy=p.cfg a.o -o b.wasm
 */
#include "entries.h"
static int hits;
static char table[48];
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { table[a & 31]++; *(volatile int *)(long)b = hits++ + table[c & d & 31]; }
