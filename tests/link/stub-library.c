/* A stub library lists functions of the host and what they need of the program; names in libx.imports beside libx.a may
 * stay undefined.
 * NEED: clang-19
 * RUN: for n in 1 2 3; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs libx.a 2.o 3.o; printf '#STUB\n# comment\nhost: helper , other\nunused: nothing\n' > stub.so
 * ORACLE: --no-entry 1.o libx.a stub.so
 * ORACLE: --no-entry stub.so libx.a 1.o
 * RUN: parigot-ld --policy=none --no-entry 1.o libx.a stub.so -o a.wasm && wasm-objdump -x a.wasm
 * OUT: <host> <- env.host
 * OUT: -> "helper"
 * OUT: -> "other"
 * RUN: printf '#STUB\nhost: missing\n' > bad.so; parigot-ld --policy=none --no-entry 1.o bad.so -o b.wasm
 * EXIT: 1
 * ERR: bad.so: undefined symbol: missing. Required by host
 * NOFILE: b.wasm
 * RUN: cp libx.a liby.a && printf '# what the host has\n host \n' > liby.imports
 * ORACLE: --no-entry 1.o liby.a
 * ORACLE: --no-entry -L. 1.o -ly
 */
int host(int), helper(int), other(int);
#if N == 1
__attribute__((export_name("run"))) int run(int n) { return host(n); }
#elif N == 2
int helper(int n) { return n + 1; }
#else
int other(int n) { return n + 2; }
#endif
