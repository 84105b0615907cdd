/* rustc passes --export=__heap_base and --export=__data_end in every link: under a policy they are exported where it says so.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o
 * RUN: parigot-ld --fatal-warnings --export=__heap_base --export-if-defined=__data_end a.o -o a.wasm && parigot-validate a.wasm && wasm-objdump -x a.wasm
 * OUT: 26 rules proved
 * OUT: Export
 * NOT: heap_base
 * NOT: data_end
 * RUN: echo 'policy = 1; name = "more"; base = "strict"; exports = { allow = [ "__heap_base" ]; };' > more.cfg
 * RUN: parigot-ld --policy=more.cfg --export=__heap_base --export=__data_end a.o -o a.wasm && wasm-objdump -x a.wasm
 * OUT: "__heap_base"
 * NOT: "__data_end"
 *
 * Other addresses are what they were: asked for, and refused by the rule.
 * RUN: parigot-ld --export=__stack_low a.o -o no.wasm
 * EXIT: 1
 * ERR: export "__stack_low" (global) is not named by the ABI [P501]
 * NOFILE: no.wasm
 */
#include "entries.h"
