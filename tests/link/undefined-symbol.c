/* Undefined symbols: each once, with the places that refer to it; what only dead code refers to is not said.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -fno-inline -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm
 * EXIT: 1
 * ERR: parigot-ld: error: a.o: undefined symbol: table [L0103]
 * ERR: parigot-ld: error: a.o: undefined symbol: frob [L0103]
 * ERR: >>> referenced by
 * ERR: undefined-symbol.c:20 (a.o: function first)
 * ERR: undefined-symbol.c:21 (a.o: function second)
 * NOT: nowhere
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry --allow-undefined a.o -o a.wasm
 * RUN: wasm-objdump -x a.wasm
 * OUT: func[0] sig=0 <frob> <- env.frob
 */
extern int frob(int);
extern int nowhere(int);
extern const int table[];
int first(int n) { return frob(n) + table[n]; }
int second(int n) { return frob(n + 1); }
int dead(int n) { return nowhere(n); }
__attribute__((export_name("f"))) int f(int n) { return first(n) + second(n); }
