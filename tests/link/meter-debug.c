/* Debug information follows metered code: what traps has its line. Source maps cannot follow.
RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o && parigot-ld --policy=none --no-entry --export=quotient --export=sum a.o --meter -o a.wasm && wasm-validate a.wasm && wasm-objdump -h a.wasm
OUT: ".debug_info"
OUT: ".debug_line"
NOT: L0154
RUN: parigot-run --allow-unsigned --policy=none --invoke=quotient a.wasm 1 0
EXIT: 134
ERR: meter-debug.c:28
RUN: parigot-ld --policy=none --no-entry --export=quotient --export=sum a.o --soname=a.wasm -o b.wasm && parigot-ld --policy=none --rewrite b.wasm --meter -o c.wasm && llvm-dwarfdump-19 --verify c.wasm
RUN: cmp a.wasm c.wasm
RUN: parigot-ld --policy=none --rewrite b.wasm --strip-debug --meter -o d.wasm && wasm-objdump -h d.wasm
NOT: .debug_
RUN: echo '(module (func))' > m.wat && wat2wasm m.wat -o m.wasm && printf '\000\023\020sourceMappingURLxx\000\007\005othery' >> m.wasm && parigot-ld --policy=none --rewrite m.wasm --meter -o e.wasm && wasm-objdump -h e.wasm
OUT: "other"
ERR: sourceMappingURL is left out
ERR: [L0154]
NEED: clang-19
NEED: llvm-dwarfdump-19
*/
#define KEPT __attribute__((noinline))

KEPT int sum(const int *p, int n)
{
    int total = 0;
    for (int i = 0; i < n; i++) total += p[i];
    return total;
}
KEPT int quotient(int a, int b) { return a / b; }
