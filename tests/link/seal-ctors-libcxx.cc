/* --seal-ctors with libc++: std::array, an object of virtual functions, pointers from constants into what is computed, sorting by
 * code of the archive. The same as when it runs by itself.
 * NEED: clang++-19
 * NEED: wasm-ctor-eval
 * NEED: /usr/include/wasm32-wasi/c++/v1/array
 * RUN: clang++-19 --target=wasm32-wasi -O2 -g -fno-exceptions -fno-rtti -c %s -o a.o
 * RUN: for o in "--seal-ctors" "--seal-ctors --seal=check --meter" "--seal-ctors -O2" "--policy=reset"; do parigot-ld $o a.o $(ls /usr/lib/wasm32-wasi/libc++.a /usr/lib/llvm-19/lib/wasm32-wasi/libc++.a 2>/dev/null) -o a.wasm || exit; case $o in *seal*) parigot-validate a.wasm || exit;; esac; for i in 0 1 2 70; do parigot-run --allow-unsigned --policy=none --invoke=parigot_init a.wasm $i 0; done | xargs; done
 * OUT: 26 rules proved
 * OUT: 4360 4413 4458 4421
 * OUT: 4360 4413 4458 4421
 * OUT: 4360 4413 4458 4421
 * OUT: 4360 4413 4458 4421
 */
#include <algorithm>
#include <array>
#include <cstdint>

#define ENTRY(name) extern "C" __attribute__((export_name(name)))

struct Squares {
    std::array<uint32_t, 64> at;
    explicit Squares(uint32_t seed)
    {
        for (uint32_t i = 0; i < at.size(); i++) at[i] = (seed + i) * (seed + i) % 97;
        std::sort(at.begin(), at.end());
    }
};
struct Shape {
    virtual uint32_t area() const = 0;
};
struct Square final : Shape {
    uint32_t side;
    explicit Square(uint32_t n) : side(n) {}
    uint32_t area() const override { return side * side; }
};

extern const volatile uint32_t seed = 7;
static Squares squares(seed);
static Square square(squares.at[40]);
static const std::array<const Shape *, 1> shapes = {&square};
const std::array<const uint32_t *, 3> picks = {&squares.at[0], &squares.at[31], &squares.at[63]};

ENTRY("parigot_alloc") int take(int n)
{
    return n < 0 ? 0 : 0x20000;
}
ENTRY("parigot_init") uint32_t start(uint32_t i, int)
{
    return *picks[i % 3] + squares.at[i & 63] + shapes[i / 100]->area();
}
