/* --seal=check: the code keeps its writes out of what is sealed; the record says so; the validator proves it, also with a meter
 * on top. Debug information follows. tests/interop/seal.py runs such modules.
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "t"; base = "strict"; exports = { allow = [ "*" ]; }; rules = ( { code = "P404"; violated = "error"; } );' > t.cfg
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -mbulk-memory -c %s -o a.o && parigot-ld --policy=t.cfg --seal=check --export=put --export=frame --export=room a.o -o a.wasm && wasm-validate a.wasm
 * RUN: parigot-validate --policy=t.cfg a.wasm
 * OUT: pass
 * RUN: parigot-validate --policy=t.cfg --format=json a.wasm
 * OUT: "seal":2
 * RUN: llvm-dwarfdump-19 --verify a.wasm
 * RUN: for k in coarse exact; do parigot-ld --policy=t.cfg --seal=check --meter=$k --export=put --export=frame --export=room a.o -o $k.wasm && parigot-validate --policy=t.cfg $k.wasm || exit 1; done
 * RUN: parigot-run --allow-unsigned --policy=t.cfg --invoke=put a.wasm 100 1
 * EXIT: 134
 * ERR: unreachable
 * ERR: seal-check.c:48
 * RUN: parigot-run --allow-unsigned --policy=t.cfg --invoke=frame a.wasm 20
 * OUT: 195
 * RUN: parigot-run --allow-unsigned --policy=t.cfg --invoke=frame a.wasm 20000
 * EXIT: 134
 * ERR: unreachable
 * RUN: parigot-run --allow-unsigned --policy=t.cfg --invoke=room a.wasm 5000
 * OUT: 6
 * RUN: parigot-run --allow-unsigned --policy=t.cfg --invoke=room a.wasm 5000000
 * EXIT: 134
 * ERR: unreachable
 * RUN: parigot-ld --policy=t.cfg --export=put --export=frame --export=room a.o -o plain.wasm
 * EXIT: 1
 * ERR: leaves its seal to the engine
 * ERR: [P404]
 * NOFILE: plain.wasm
 * RUN: parigot-ld --export-if-defined=none a.o -o plain.wasm && parigot-ld --rewrite plain.wasm --seal=check -o re.wasm && parigot-ld a.o --seal=check -o linked.wasm && parigot-validate --report=capabilities re.wasm linked.wasm
 * RUN: parigot-ld --rewrite re.wasm --seal=check -o twice.wasm && parigot-validate twice.wasm
 * RUN: parigot-ld --policy=none --no-entry --export=put a.o -o none.wasm && parigot-ld --policy=none --rewrite none.wasm --seal=check -o x.wasm
 * EXIT: 1
 * ERR: it records no memory layout
 * ERR: [L0155]
 * NOFILE: x.wasm
 * RUN: parigot-ld --policy=none --no-entry --seal=check a.o -o x.wasm
 * EXIT: 2
 * ERR: --seal=check has no meaning with --policy=none
 * RUN: parigot-ld --seal=pages a.o -o x.wasm
 * EXIT: 2
 * ERR: unknown --seal kind: pages (known: engine, check)
 * RUN: parigot-ld -r --seal=check a.o -o x.o
 * EXIT: 2
 * ERR: it gets its store checks in the last link
 */
void put(int *at, int value) { *at = value; }

static __attribute__((noinline)) int fill(volatile int *p, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) p[i] = i;
    for (int i = 0; i < n; i++) sum += p[i];
    return sum;
}

static const volatile int sealed[8] = {1, 1, 2, 3, 5, 8, 13, 21};
int frame(int n)
{
    volatile int here[100];
    return fill(here, n) + sealed[n & 7];
}

int room(int n)
{
    volatile int *p = __builtin_alloca((unsigned)n);
    return fill(p, 4);
}
