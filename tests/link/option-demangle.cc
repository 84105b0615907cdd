// The name section, maps and --why-extract have names as the source has them; --no-demangle: as the objects do, and a policy too.
// NEED: clang-19
// RUN: for n in 1 2; do clang-19 --target=wasm32 -O1 -fPIC -ffreestanding -fno-exceptions -fno-rtti -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs 2.a 2.o
// ORACLE: --no-entry 1.o 2.o
// ORACLE: --no-entry 1.o 2.a --import-undefined --Map=%o/map --why-extract=%o/why
// ORACLE: --no-entry --no-demangle 1.o 2.o --Map=%o/map
// ORACLE: --no-entry --no-demangle --demangle 1.o 2.o
// RUN: parigot-ld --policy=audit --export=run 1.o 2.o -o a.wasm && wasm-objdump -x a.wasm
// OUT: _ZN5space3boxINS0_IiEEE3getEi
namespace space
{
template <class T> struct box {
    int get(int n);
};
int outer(box<box<int>> *, const char *);
__attribute__((weak)) int nobody(box<int> &);
extern int datum;
} // namespace space
#if N == 1
template <class T> __attribute__((noinline)) int space::box<T>::get(int n) { return n + space::datum; }
extern "C" __attribute__((export_name("run"))) int run(int n)
{
    space::box<space::box<int>> b;
    space::box<int> i;
    return b.get(n) + space::outer(&b, "") + (space::nobody ? space::nobody(i) : 0);
}
#else
int space::datum = 3;
int space::outer(box<box<int>> *, const char *) { return 1; }
#endif
