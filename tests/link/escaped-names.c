/* Names from an object are shown escaped: nothing in them reaches the terminal as it is.
 * NEED: clang-19
 * NEED: llvm-ar-19
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
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o d.o && parigot-ld --export=f d.o -o a.wasm 2>&1 | cat -v
 * OUT: >>> referenced by src\x1b]0;title\x07.c:
 * NOT: ^[
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -ffunction-sections -DMEMBER -c %s -o "$(printf 'm\033[2J.o')" && llvm-ar-19 rcs l.a m* && clang-19 --target=wasm32 -O1 -ffreestanding -DUSER -c %s -o u.o && parigot-ld --policy=none --no-entry --export=f u.o l.a -o u.wasm -t --print-gc-sections -M --why-extract=- -y g | cat -v
 * OUT: l.a(m\x1b[2J.o)
 * OUT: definition of g
 * OUT: removing unused section l.a(m\x1b[2J.o):(dead\x1b[31mred\x0anext)
 * OUT: g\x1b[0m
 * NOT: ^[
 */
#if defined MEMBER
int dead(int) __asm__("dead\x1b[31mred\nnext");
int dead(int n) { return n; }
int escaped(int) __asm__("g\x1b[0m");
int g(int n) { return escaped(n); }
__attribute__((noinline)) int escaped(int n) { return n + *(volatile int *)4; }
#elif defined USER
int g(int);
int f(int n) { return g(n); }
#else
#line 1 "src\033]0;title\007.c"
extern int bad(int) __asm__("bad\x1b[31mred\nparigot-ld: all is well");
__attribute__((export_name("f"))) int f(int n) { return bad(n); }
#endif
