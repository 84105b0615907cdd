/* Names from an object are shown escaped: nothing in them reaches the terminal as it is.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o
 * RUN: parigot-ld --policy=none --no-entry a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: bad\x1b[31mred\x0aparigot-ld: all is well
 * RUN: parigot-ld --policy=none --no-entry --error-format=gnu a.o -o a.wasm
 * EXIT: 1
 * ERR: a.o: error: undefined symbol: bad\x1b[31mred\x0aparigot-ld: all is well [L0103]
 * RUN: cp a.o "$(printf 'o%%41 \033"\n\377(.o')" && for f in json sarif; do parigot-ld --policy=none --no-entry --error-format=$f o* -o a.wasm 2>$f; done; python3 -c 'import json; d = json.load(open("json")); print(ascii(d["symbol"]))' && python3 %d/check_sarif.py sarif | cat -v
 * OUT: 'bad\x1b[31mred\nparigot-ld: all is well'
 * OUT: L0103 error o%2541%20%1B%22%0A%FF(.o:1 bad
 */
extern int bad(int) __asm__("bad\x1b[31mred\nparigot-ld: all is well");
__attribute__((export_name("f"))) int f(int n) { return bad(n); }
