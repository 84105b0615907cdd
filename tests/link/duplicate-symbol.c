/* Two strong definitions: both places. A weak one gives way without a word.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -g -ffreestanding -c %s -o a.o
 * RUN: clang-19 --target=wasm32 -g -ffreestanding -DSECOND -c %s -o b.o
 * RUN: parigot-ld a.o b.o -o a.wasm
 * EXIT: 1
 * ERR: error: b.o: duplicate symbol: twice [L0104]
 * ERR: >>> defined in
 * ERR: duplicate-symbol.c:17 (a.o)
 * ERR: >>> defined in
 * ERR: duplicate-symbol.c:17 (b.o)
 * NOT: weak_one
 * NOFILE: a.wasm
 */
int twice(int);
__attribute__((weak)) int weak_one(int n) { return n; }
int twice(int n) { return weak_one(n) * 2; }
