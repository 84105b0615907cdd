/* --build-id: a section at the end that names the module by what is in it.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o
 * ORACLE: --no-entry --build-id=sha1 a.o
 * ORACLE: --no-entry --build-id=tree -s a.o
 * ORACLE: --no-entry --build-id=0x0123456789abCDEF a.o
 * ORACLE: --no-entry --build-id=none a.o
 * ORACLE: --no-entry --build-id=sha1 --build-id=none a.o
 * ORACLE: --no-entry --build-id a.o
 * DIFFERS: build_id: made with BLAKE2b, not XXH3; section and size are the same
 * ORACLE: --no-entry --build-id=uuid a.o
 * DIFFERS: build_id: the same inputs give the same bytes, so it is not random
 * ORACLE: --no-entry --build-id=md5 a.o
 * EXIT: 2
 * ERR: unknown --build-id style: md5
 * RUN: parigot-ld --policy=none --no-entry --build-id=0x123 a.o -o b.wasm
 * EXIT: 2
 * ERR: an even number of hexadecimal digits
 * NOFILE: b.wasm
 * RUN: for k in fast uuid; do parigot-ld --policy=none --soname=m --no-entry --build-id=$k a.o -o $k-1; parigot-ld --policy=none --soname=m --no-entry --build-id=$k a.o -o $k-2; parigot-ld --policy=none --soname=m --no-entry --build-id=$k a.o -o - > $k-3; cmp $k-1 $k-2 && cmp $k-1 $k-3 || exit 1; done; ! cmp fast-1 uuid-1
 * RUN: parigot-ld --policy=audit --export=f --build-id=sha1 a.o -o c.wasm && wasm-objdump -h c.wasm
 * OUT: "build_id"
 */
char text[3 << 20] = {1}; /* more than one piece of the tree */
int f(int n) { return text[n]; }
__attribute__((export_name("g"))) int g(int n) { return f(n) + 1; }
