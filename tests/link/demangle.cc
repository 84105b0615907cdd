/* C++ names are told as the source has them; --no-demangle and JSON have the object's.
 * NEED: clang-19
 * NEED: libiberty
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -fno-exceptions -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm
 * EXIT: 1
 * ERR: parigot-ld: error: a.o: undefined symbol: shop::Cart::add(shop::Item const&, int) [L0103]
 * ERR: >>> referenced by a.o: function shop::fill(shop::Cart&)
 * ERR: undefined symbol: vtable for shop::Cart [L0103]
 * NOT: _ZN
 * RUN: parigot-ld --no-demangle a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: _ZN4shop4Cart3addERKNS_4ItemEi [L0103]
 * ERR: function _ZN4shop4fillERNS_4CartE
 * RUN: parigot-ld --no-demangle --demangle --error-format=gnu a.o -o a.wasm
 * EXIT: 1
 * ERR: a.o: error: undefined symbol: shop::Cart::add(shop::Item const&, int) [L0103]
 * NOT: >>>
 * RUN: parigot-ld --error-format=json a.o -o a.wasm
 * EXIT: 1
 * ERR: "symbol":"_ZN4shop4Cart3addERKNS_4ItemEi","message":"undefined symbol: _ZN4shop4Cart3addERKNS_4ItemEi"
 */
namespace shop {
struct Item {
    int price;
};
struct Cart {
    virtual int add(const Item &item, int count);
    int total;
};
__attribute__((noinline)) int fill(Cart &cart) { return cart.Cart::add(Item{3}, 2); }
}
extern "C" __attribute__((export_name("f"))) int f()
{
    shop::Cart cart;
    return fill(cart);
}
