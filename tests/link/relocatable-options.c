/* -r and --emit-relocs beside other options: wasm-ld's words, and ours where a policy is asked for.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -c %s -o a.o
 * ORACLE: -r a.o --entry=f
 * EXIT: 2
 * ERR: entry point specified for relocatable output file
 * ORACLE: -r a.o --gc-sections
 * EXIT: 2
 * ERR: -r and --gc-sections may not be used together
 * ORACLE: -r a.o --strip-all --compress-relocations
 * EXIT: 2
 * ERR: -r -and --compress-relocations may not be used together
 * ORACLE: -r a.o -u f
 * EXIT: 2
 * ERR: -r -and --undefined may not be used together
 * ORACLE: -r a.o --global-base=2048
 * EXIT: 2
 * ERR: -r and --global-base may not by used together
 * ORACLE: -r a.o --export-table
 * EXIT: 2
 * ERR: --relocatable is incompatible with --export-table
 * ORACLE: -r a.o --growable-table
 * EXIT: 2
 * ERR: --relocatable is incompatible with --growable-table
 * ORACLE: -r a.o --export=nobody
 * EXIT: 1
 * ERR: symbol exported via --export not found: nobody
 * ORACLE: -r a.o a.o
 * EXIT: 1
 * ERR: duplicate symbol: f
 * ORACLE: --relocatable a.o --no-entry --no-gc-sections --gc-sections --no-gc-sections --print-gc-sections --initial-memory=131072 --stack-first --export-dynamic --soname=q
 * RUN: parigot-ld -r -shared a.o -o x
 * EXIT: 2
 * ERR: -shared is not supported
 * NOFILE: x
 * RUN: parigot-ld -r --policy=strict a.o -o x
 * EXIT: 2
 * ERR: -r and --policy=strict may not be used together: an object is judged when it is linked into a module
 * NOFILE: x
 * RUN: parigot-ld -r a.o -o x.pbundle
 * EXIT: 2
 * ERR: -r makes an object, not a module: it cannot be bundled or signed
 * NOFILE: x.pbundle
 * RUN: parigot-ld -r a.o --waive=P104:state:because -o x
 * EXIT: 2
 * ERR: --waive has no meaning
 * RUN: parigot-ld --emit-relocs --no-entry a.o -o x
 * EXIT: 2
 * ERR: --emit-relocs needs --policy=none
 * RUN: parigot-ld --policy=none --emit-relocs --no-entry --strip-all --compress-relocations a.o -o x
 * EXIT: 2
 * ERR: --emit-relocs and --compress-relocations may not be used together
 * RUN: parigot-ld -r a.o -o object.o && parigot-ld --no-entry --export=f object.o -o x
 * EXIT: 1
 * ERR: object.o:0x41: writable data: state, 4 bytes in section .bss.state [P104]
 * NOFILE: x
 */
int state;
int f(void) { return ++state; }
