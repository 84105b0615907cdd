/* Source lines of optimised code are those of the instructions that it was made of, through inlining and with a meter in
 * between; what else was said of the code is left out. Without wasm-opt lines are left out as well, with a word.
 * NEED: clang-19
 * NEED: parigot-opt
 * NEED: wasm-opt
 * NEED: llvm-dwarfdump-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o && parigot-ld --policy=audit --export=run --export=reach a.o -o a.wasm
 * RUN: for l in 1 2 3 4 s z; do for m in "" --meter; do f=${m:+--fuel=1000}; parigot-ld --policy=audit --export=run --export=reach -O$l $m a.o -o b.wasm || exit; llvm-dwarfdump-19 --verify b.wasm >&2; for a in "1 2" "6 0"; do parigot-run --allow-unsigned --policy=none $f --invoke=run b.wasm $a; done; parigot-run --allow-unsigned --policy=none $f --invoke=reach b.wasm 100000000; done; done; true
 * ERR: No errors.
 * ERR: optimize-lines.c:47
 * ERR: optimize-lines.c:54
 * ERR: No errors.
 * ERR: optimize-lines.c:47
 * ERR: optimize-lines.c:54
 * ERR: No errors.
 * ERR: optimize-lines.c:47
 * ERR: optimize-lines.c:54
 * ERR: No errors.
 * ERR: optimize-lines.c:47
 * ERR: optimize-lines.c:54
 * ERR: No errors.
 * ERR: optimize-lines.c:47
 * ERR: optimize-lines.c:54
 * ERR: No errors.
 * ERR: optimize-lines.c:47
 * ERR: optimize-lines.c:54
 * NOT: L0173
 * RUN: parigot-ld --policy=audit --export=run --export=reach -O2 -v a.o -o b.wasm && wasm-objdump -h b.wasm
 * OUT: ".debug_abbrev"
 * OUT: ".debug_info"
 * OUT: ".debug_line"
 * NOT: ".debug_str"
 * RUN: parigot-ld --policy=audit --rewrite a.wasm -O2 -o c.wasm && parigot-run --allow-unsigned --policy=none --invoke=run c.wasm 6 0
 * EXIT: 134
 * ERR: optimize-lines.c:47
 * RUN: parigot-ld --policy=audit -O2 --strip-debug --rewrite a.wasm -o d.wasm 2>log; wasm-objdump -h d.wasm; cat log
 * OUT: "name"
 * NOT: .debug_
 * NOT: L0173
 * RUN: mkdir own && cp $(command -v parigot-opt) own && PARIGOT_LIBEXEC_DIR=own parigot-ld --policy=audit -O2 --rewrite a.wasm -o e.wasm && wasm-objdump -h e.wasm
 * NOT: ".debug_
 * ERR: debug information is left out: wasm-opt, which would carry its lines, is not here [L0173]
 */
static int divide(int a, int b)
{
    int q =
        a / b; /* 47 */
    return q + 1;
}
int run(int a, int b) { return divide(a, b) * 2 + divide(a + 1, b); }
static int load(const int *p, int n)
{
    return *p * n
         + p[n]; /* 54 */
}
int reach(int n) { return load((const int *)8192, n); }
