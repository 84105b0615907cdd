/* Sizes of the memory, who has it, and zero data of one that is imported.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -mno-bulk-memory -c %s -o a.o && clang-19 --target=wasm32 -O1 -ffreestanding -mbulk-memory -c %s -o bulk.o
 * ORACLE: --no-entry a.o --initial-memory=1048576
 * ORACLE: --no-entry a.o --max-memory=2097152
 * ORACLE: --no-entry a.o --initial-heap=131072 --max-memory=1048576
 * ORACLE: --no-entry a.o --initial-memory=1048576 --no-growable-memory
 * ORACLE: --no-entry a.o --initial-memory=4294967296
 * ORACLE: --no-entry a.o --export-memory=mine
 * ORACLE: --no-entry a.o --import-memory
 * ORACLE: --no-entry a.o --import-memory=a,b --export-memory
 * ORACLE: --no-entry a.o --import-memory --export-memory=c --max-memory=1048576
 * ORACLE: --no-entry bulk.o --import-memory
 * ORACLE: --no-entry bulk.o --import-memory --export-all --no-merge-data-segments
 * ORACLE: --no-entry bulk.o --import-memory --export=f
 * ORACLE: --no-entry a.o --initial-memory=100
 * EXIT: 1
 * ERR: initial memory must be 65536-byte aligned
 * ERR: initial memory too small, 66
 * ORACLE: --no-entry a.o --max-memory=65536
 * EXIT: 1
 * ERR: maximum memory too small, 131072 bytes needed
 * ORACLE: --no-entry a.o --initial-memory=8589934592
 * EXIT: 1
 * ERR: initial memory too large, cannot be greater than 4294967296
 * ORACLE: --no-entry a.o --initial-heap=5
 * EXIT: 1
 * ERR: initial heap must be 65536-byte aligned
 * ORACLE: --no-entry a.o --initial-heap=4294967296
 * EXIT: 1
 * ERR: initial heap too large, cannot be greater than 42949
 * ORACLE: --no-entry a.o --max-memory=1048576 --no-growable-memory
 * EXIT: 2
 * ERR: --max-memory is incompatible with --no-growable-memory
 * ORACLE22: --no-stack-first --no-entry a.o --page-size=1 --initial-memory=70001
 * ORACLE22: --no-stack-first --no-entry a.o --page-size=65536 --initial-heap=65536
 * RUN: parigot-ld --policy=none --no-entry a.o --page-size=1 --initial-memory=70001 -o small.wasm && node -e 'const b = require("fs").readFileSync("small.wasm"); console.log(b.includes(Buffer.from([0x05, 0x06, 0x01, 0x08, 0xf1, 0xa2, 0x04, 0x00])))'
 * OUT: true
 * RUN: parigot-ld --policy=none --no-entry a.o --page-size=4096 -o x
 * EXIT: 2
 * ERR: a page has 1 or 65536 bytes
 * NOFILE: x
 * RUN: parigot-ld --policy=none --no-entry bulk.o --import-memory -o i.wasm && node -e 'const memory = new WebAssembly.Memory({initial: 2}); new Uint8Array(memory.buffer).fill(7); WebAssembly.instantiate(require("fs").readFileSync("i.wasm"), {env: {memory}}).then(m => console.log(m.instance.exports.get(50)))'
 * OUT: 0
 */
static int zeros[100];
int one = 1;
__attribute__((export_name("get"))) int get(int n) { return zeros[n]; }
__attribute__((export_name("set"))) void set(int n) { zeros[n] = one; }
__attribute__((visibility("default"))) int f(void) { return 1; }
