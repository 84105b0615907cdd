/* All errors of a run are told, or as many as --error-limit says, and then wasm-ld's phrase.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: one
 * ERR: undefined symbol: two
 * ERR: undefined symbol: three
 * NOT: too many errors
 * RUN: parigot-ld --error-limit=2 a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: one
 * ERR: undefined symbol: two
 * ERR: parigot-ld: error: too many errors emitted, stopping now (use --error-limit=0 to see all errors) [L0114]
 * ERR: >>> 1 more
 * NOT: symbol: three
 * RUN: parigot-ld --error-limit=0 a.o -o a.wasm 2>&1 | grep -c 'undefined symbol'
 * OUT: 3
 * RUN: parigot-ld --error-limit=1 --error-format=json a.o -o a.wasm
 * EXIT: 1
 * ERR: {"code":"L0114","severity":"error","message":"too many errors emitted
 * RUN: python3 -c 'm = b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\x0a"; b = b"\0" + b"\x20\5\x1a" * 20000 + b"\x0b"; u = lambda n: bytes([n & 127 | 128, n >> 7 & 127 | 128, n >> 14]); b = b"\1" + u(len(b)) + b; open("many.wasm", "wb").write(m + u(len(b)) + b)' && parigot-ld --policy=none --rewrite many.wasm -o a.wasm 2>&1 | tail -2
 * OUT: too many errors emitted, stopping now
 * OUT: >>> 10000 more
 * RUN: parigot-ld --error-limit=x a.o
 * EXIT: 2
 * ERR: --error-limit: 'x' is not a number
 */
int one(void), two(void), three(void);
__attribute__((export_name("f"))) int f(void) { return one() + two() + three(); }
