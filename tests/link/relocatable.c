/* -r: one object from several, with all that a later link needs, byte for byte as wasm-ld makes it; linking that object is
 * linking the ones it is made of.
 * NEED: clang-19
 * NEED: node
 * RUN: for half in A B; do clang-19 --target=wasm32 -O1 -ffreestanding -D$half -c %s -o $half.o; clang-19 --target=wasm32 -O1 -ffreestanding -fPIC -D$half -c %s -o pic$half.o; clang-19 --target=wasm32 -mcpu=mvp -O1 -ffreestanding -D$half -c %s -o mvp$half.o; clang-19 --target=wasm32 -g -O1 -ffreestanding -D$half -c %s -o debug$half.o; done
 * ORACLE: -r A.o B.o
 * ORACLE: -r A.o
 * ORACLE: -r picA.o picB.o
 * ORACLE: -r mvpA.o mvpB.o
 * ORACLE: -r -O2 debugA.o debugB.o
 * ORACLE: -r -O2 debugA.o B.o
 * ORACLE: -r --strip-debug debugA.o debugB.o
 * ORACLE: -r --strip-all debugA.o debugB.o
 * ORACLE: -r --merge-data-segments A.o B.o
 * ORACLE: -r --import-memory --table-base=7 --max-memory=1048576 A.o B.o
 * ORACLE: -r --import-table --export-all --no-gc-sections --allow-undefined --export=run A.o B.o
 * RUN: parigot-ld -r A.o B.o -o AB.o && parigot-ld -r AB.o -o again.o && parigot-ld -r --threads=1 --soname=AB.o A.o B.o -o one.o && cmp AB.o one.o
 * RUN: link() { parigot-ld --policy=none --no-entry --export=run "$@" -o m.wasm && node -e 'WebAssembly.instantiate(require("fs").readFileSync("m.wasm"), {env: {host: x => x + 1}}).then(m => console.log(m.instance.exports.run(2)))'; }; link --allow-undefined A.o B.o; link --allow-undefined AB.o; link --allow-undefined again.o
 * OUT: 2152
 * OUT: 2152
 * OUT: 2152
 * RUN: parigot-ld -r picA.o B.o -o mixed.o && parigot-ld -r --import-undefined debugA.o mixed.o -o x.o
 * EXIT: 1
 * ERR: duplicate symbol: run
 * RUN: parigot-ld --policy=none --no-entry --export=run AB.o -o x.wasm
 * EXIT: 1
 * ERR: undefined symbol: host
 */
#ifdef A
extern int other(int), host(int);
extern int shared;
__attribute__((weak)) int maybe(void);
static int own = 5;
int known = 7, zeros[10];
const char *text = "hello";
__attribute__((noinline)) static int local(int x) { return x + own + known; }
int (*const near)(int) = local;
int (*far)(int) = other;
__attribute__((constructor)) static void second(void) { zeros[2] = zeros[1] * 10; }
int run(int a)
{
    own++;
    zeros[a]++;
    return host(shared) + local(a) + near(2) + far(3) + (maybe ? maybe() : 2000) + text[a] + zeros[1];
}
#else
static int own = 1;
int shared = 9;
extern int zeros[];
const char *text2 = "hello", *tail = "lo";
__attribute__((constructor(101))) static void first(void) { zeros[1] = tail[0] - text2[1] - 6; }
int other(int a) { return a + own++ - zeros[1]; }
#endif
