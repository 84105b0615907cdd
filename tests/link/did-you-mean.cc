/* Undefined symbols and what may have been meant: another case, another spelling, C for C++ and the reverse, other parameters,
 * a static function, a name in an archive.
 * NEED: clang-19
 * NEED: llvm-ar-19
 * NEED: libiberty
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -DLIBRARY -c %s -o b.o && clang-19 --target=wasm32 -O1 -g -ffreestanding -DARCHIVE -c %s -o c.o && clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o && llvm-ar-19 rc libc.a c.o
 * RUN: parigot-ld --policy=none --no-entry a.o b.o libc.a -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: frobnicat [L0103]
 * ERR: >>> did you mean: frobnicate
 * ERR: >>> defined in:
 * ERR: did-you-mean.cc:71 (b.o)
 * ERR: undefined symbol: Reset_all [L0103]
 * ERR: >>> did you mean: reset_all
 * ERR: undefined symbol: area(int) [L0103]
 * ERR: >>> did you mean: extern "C" area
 * ERR: did-you-mean.cc:73 (b.o)
 * ERR: undefined symbol: volume [L0103]
 * ERR: >>> did you mean to declare volume(int) as extern "C"?
 * ERR: undefined symbol: ns::scale(long) [L0103]
 * ERR: >>> did you mean: ns::scale(int)
 * ERR: >>> did you mean: ns::scale(double)
 * ERR: undefined symbol: ns::rotato() [L0103]
 * ERR: >>> did you mean: ns::rotate()
 * ERR: undefined symbol: hidden_here [L0103]
 * ERR: >>> a static function of that name is in
 * ERR: did-you-mean.cc:78 (b.o)
 * ERR: undefined symbol: archivd [L0103]
 * ERR: >>> did you mean: archived
 * ERR: >>> defined in: libc.a(c.o)
 * ERR: undefined symbol: memcmp [L0103]
 * ERR: >>> clang calls it to compare memory
 * ERR: undefined symbol: qqqqqqqq [L0103]
 * ERR: undefined symbol: __heap_bas [L0103]
 * ERR: >>> did you mean: __heap_base
 * ERR: >>> defined by the linker
 * NOT: did you mean: q
 * RUN: parigot-ld --policy=none --no-entry --export=frobnicat --entry=frobnicte b.o -o a.wasm
 * EXIT: 1
 * ERR: symbol exported via --export not found: frobnicat [L0108]
 * ERR: >>> did you mean: frobnicate
 * ERR: entry symbol not defined (pass --no-entry to suppress): frobnicte [L0107]
 * ERR: >>> did you mean: frobnicate
 */
#ifndef LIBRARY
#ifndef ARCHIVE
int area(int);
namespace ns {
int scale(long);
int rotato();
}
extern "C" {
int frobnicat(int);
int Reset_all(int);
int volume(int);
int hidden_here(int);
int archivd(int);
int memcmp(const void *, const void *, unsigned long);
int qqqqqqqq(int);
extern char __heap_bas;
__attribute__((export_name("f"))) int f(int n)
{
    return frobnicat(n) + Reset_all(n) + area(n) + volume(n) + ns::scale((long)n) + ns::rotato() + hidden_here(n) + archivd(n) +
           memcmp(&n, "abcdefgh", (unsigned long)n) + qqqqqqqq(n) + __heap_bas;
}
}
#else
extern "C" __attribute__((used)) int archived(int n) { return n; }
#endif
#else
extern "C" int frobnicate(int n) { return n; }
extern "C" int reset_all(int n) { return n; }
extern "C" int area(int n) { return n; }
int volume(int n) { return n; }
namespace ns { int scale(int n) { return n; }
double scale(double n) { return n; }
int rotate() { return 1; } }
extern "C" { __attribute__((used, noinline)) static int hidden_here(int n) { return n; } }
#endif
