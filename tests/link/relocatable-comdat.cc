/* -r of C++: comdat groups stay groups, of which a later link keeps one; debug information comes out as that of a direct
 * link, byte for byte.
 * NEED: clang++-19
 * NEED: wasm-ld-19
 * NEED: node
 * RUN: for half in A B C; do clang++-19 --target=wasm32 -g -O1 -ffreestanding -fno-exceptions -fno-rtti -D$half -c %s -o $half.o; clang++-19 --target=wasm32 -g -O1 -fPIC -ffreestanding -fno-exceptions -fno-rtti -D$half -c %s -o pic$half.o; done; llvm-ar-19 rcs libc.a C.o
 * ORACLE: -r -O2 A.o
 * ORACLE: -r -O2 picC.o
 * RUN: for pic in "" pic; do parigot-ld -r $pic"A.o" $pic"B.o" -o AB.o && parigot-ld -r AB.o $pic"C.o" -o all.o && parigot-ld --policy=none --no-entry --export=run --soname=x $pic"A.o" $pic"B.o" $pic"C.o" -o direct.wasm && parigot-ld --policy=none --no-entry --export=run --soname=x all.o -o later.wasm && cmp direct.wasm later.wasm; parigot-ld --policy=none --no-entry --export=run --soname=x AB.o $pic"C.o" -o later.wasm && cmp direct.wasm later.wasm; done
 * RUN: run() { node -e 'WebAssembly.instantiate(require("fs").readFileSync(process.argv[1])).then(m => console.log(m.instance.exports.run(2)))' $1; }; run direct.wasm; wasm-ld-19 --no-entry --export=run all.o -o theirs.wasm && run theirs.wasm; wasm-ld-19 --no-entry --export=run AB.o C.o -o theirs.wasm && run theirs.wasm
 * OUT: 9014
 * OUT: 9014
 * OUT: 9014
 * RUN: parigot-ld -r -O2 --threads=1 --soname=all.o A.o B.o C.o -o one.o; parigot-ld -r -O2 --threads=8 --soname=all.o A.o B.o C.o -o eight.o && cmp one.o eight.o && parigot-ld -r -L. A.o B.o --soname=all.o -O2 -lc -o member.o && llvm-nm-19 member.o
 * OUT: T _Z5thirdv
 */
inline int count() { static int n = 3; return ++n; }
template <class T> struct Shape {
    virtual T area() { return count(); }
    T size = 4;
};
int second(Shape<int> &), third();
#ifdef A
struct Square : Shape<int> {
    int area() override { return size * size; }
};
extern "C" int run(int n)
{
    Square s;
    s.size = n;
    Shape<int> plain;
    return second(s) + 1000 * second(plain) + third();
}
#elif defined B
int second(Shape<int> &s) { return s.area() + count() - 4; }
#else
static int start = count();
int third() { Shape<int> s; return s.area() + start - 3; }
#endif
