// Templates and inline functions of two objects once: functions, their static data, debug information.
// NEED: clang-19
// RUN: for n in 1 2; do clang-19 --target=wasm32 -O0 -g -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics -DN=$n -c %s -o $n.o || exit 1; done
// ORACLE: --no-entry --no-demangle -O2 1.o 2.o
// ORACLE: --no-entry --no-demangle -O2 2.o 1.o
// ORACLE: --no-entry --no-demangle -S --export-all 1.o 2.o
// ORACLE: --no-entry --no-demangle -s --print-gc-sections 1.o 2.o
// ORACLE: --no-entry 1.o -S
// ORACLE: --no-entry --no-demangle --no-gc-sections -s 1.o 2.o
// DIFFERS: function: wasm-ld writes the second copies of comdat groups too, which nothing can reach
// DIFFERS: code: the same
// DIFFERS: export: the same
// DIFFERS: data: the same
// DIFFERS: global: the same
template <class T> struct Counter {
    static T value;
    T next(T by) { return value += by; }
};
template <class T> T Counter<T>::value = 5;
inline int shared(int n)
{
    static int calls;
    return n + ++calls;
}
#if N == 1
extern "C" __attribute__((export_name("one"))) int one(int n) { return shared(n) + Counter<int>().next(1); }
#else
extern "C" __attribute__((export_name("two"))) int two(int n) { return shared(n) * Counter<int>().next(2); }
#endif
