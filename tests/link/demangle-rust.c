/* Names of Rust, in its legacy form and in that of RFC 2603 ("v0"); a name of another build of a crate is told as such.
 * NEED: clang-19
 * NEED: libiberty
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && clang-19 --target=wasm32 -O1 -ffreestanding -DCRATE -c %s -o b.o
 * RUN: parigot-ld --policy=none --no-entry a.o b.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: core::fmt::Formatter::write_str [L0103]
 * ERR: undefined symbol: mycrate::shapes::area [L0103]
 * ERR: undefined symbol: demo::greet [L0103]
 * ERR: >>> another build of it is in b.o
 * NOT: h0123456789abcdef
 */
#ifdef CRATE
int greet(int n) __asm__("_ZN4demo5greet17hfedcba9876543210E");
int greet(int n) { return n; }
#else
int write_str(int n) __asm__("_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE");
int area(int n) __asm__("_RNvNtCs9ltgdHTiPiY_7mycrate6shapes4area");
int greet(int n) __asm__("_ZN4demo5greet17h0123456789abcdefE");
__attribute__((export_name("f"))) int f(int n) { return write_str(n) + area(n) + greet(n); }
#endif
