/* Names from an object are shown escaped: nothing in them reaches the terminal as it is.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o
 * RUN: parigot-ld --policy=none --no-entry a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: bad\x1b[31mred\x0aparigot-ld: all is well
 */
extern int bad(int) __asm__("bad\x1b[31mred\nparigot-ld: all is well");
__attribute__((export_name("f"))) int f(int n) { return bad(n); }
