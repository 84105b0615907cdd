/* A frame larger than the null guard is checked on entry. That trap is told as what it is, metered or not.
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "t"; base = "strict"; exports = { allow = [ "*" ]; };' > t.cfg
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o t.o
 * RUN: parigot-ld --policy=t.cfg --export=deep t.o -o plain.wasm && parigot-run plain.wasm --allow-unsigned --policy=t.cfg --invoke=deep 3
 * OUT: 6
 * RUN: parigot-run plain.wasm --allow-unsigned --policy=t.cfg --invoke=deep 1000
 * EXIT: 134
 * ERR: trap: stack overflow
 * RUN: parigot-ld --policy=t.cfg --meter --export=deep t.o -o metered.wasm && parigot-run metered.wasm --allow-unsigned --policy=t.cfg --invoke=deep 3
 * OUT: 6
 * RUN: parigot-run metered.wasm --allow-unsigned --policy=t.cfg --invoke=deep 1000
 * EXIT: 134
 * ERR: trap: stack overflow
 * RUN: parigot-ld --policy=t.cfg --meter=exact --export=deep t.o -o exact.wasm && parigot-run exact.wasm --allow-unsigned --policy=t.cfg --invoke=deep 1000
 * EXIT: 134
 * ERR: trap: stack overflow
 */
__attribute__((noinline)) int deep(int n)
{
    volatile char frame[5000];
    frame[n] = (char)n;
    return n == 0 ? 0 : deep(n - 1) + frame[n];
}
