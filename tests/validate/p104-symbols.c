/* The variable that lies at a fixed address: by DWARF 4 and 5, also within arrays and structures; by a segment's name.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * RUN: for v in 4 5; do clang-19 --target=wasm32 -gdwarf-$v -O1 -ffreestanding -c %s -o a.o && wasm-ld-19 --no-entry --export=count a.o -o $v.wasm || exit 9; done; parigot-validate --format=gnu 4.wasm 5.wasm
 * EXIT: 1
 * OUT: writes 4 bytes at the fixed address 0x
 * OUT: , "grid" (
 * OUT: p104-symbols.c:28) (func 0 "count") [P104]
 * OUT: writes 2 bytes at the fixed address 0x
 * OUT: , "shelf" (
 * OUT: p104-symbols.c:29) (func 0 "count") [P104]
 * OUT: writes 4 bytes at the fixed address 0x
 * OUT: , "grid" (
 * OUT: , "shelf" (
 * RUN: parigot-validate --format=json 4.wasm
 * EXIT: 1
 * OUT: "symbol":"grid"
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -fdata-sections -c %s -o a.o && wasm-ld-19 --no-merge-data-segments --no-entry --export=count a.o -o n.wasm && parigot-validate n.wasm
 * EXIT: 1
 * OUT: , "shelf" (func 0 "count") [P104]
 * OUT: data segment 0 is called ".data.shelf": 12 bytes of writable static data [P104]
 * RUN: wasm-ld-19 --no-entry --export=count a.o -o m.wasm; parigot-validate m.wasm
 * EXIT: 1
 * OUT: , in segment ".data" (func 0 "count") [P104]
 * RUN: printf 'policy = 1;\nname = "w";\nwaivers = ( { name = "grid"; rule = "P104"; symbol = "grid"; reason = "a cache"; }, { name = "shelf"; rule = "P104"; symbol = "shelf"; reason = "a cache"; }, { name = "data"; rule = "P104"; symbol = ".data"; reason = "the shelf"; }, { name = "rest"; rule = "P104"; finding = "P104@"; reason = "read by hand"; } );\n' > w.cfg; parigot-validate --policy=w.cfg --format=json 4.wasm | tr '{' '\n' | grep '^"code":"P104"'
 * OUT: "verdict":"proved","level":"error","findings":0,"waived":4}
 */
static int grid[3][5];
static struct Shelf { int size; short items[4]; } shelf = {1, {2}};
int count(int);
int count(int n) { grid[1][2] = n; shelf.items[1]++; return grid[0][n] + shelf.items[n] + shelf.size; }
