/* -O1 to -O4, -Os, -Oz under a policy: Binaryen makes the module smaller, and every rule is proved of what comes out; with
 * --meter too, which comes after it. Entries are thunks again, large frames have their check.
 * NEED: clang-19
 * NEED: parigot-opt
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && parigot-ld a.o -o O0.wasm && parigot-ld -O0 a.o -o same.wasm && cmp O0.wasm same.wasm
 * RUN: for l in 1 2 3 4 s z; do parigot-ld -O$l a.o -o O$l.wasm && parigot-validate O$l.wasm || exit; done
 * OUT: pass  O1.wasm: valid, 26 rules proved
 * OUT: pass  O2.wasm: valid, 26 rules proved
 * OUT: pass  O3.wasm: valid, 26 rules proved
 * OUT: pass  O4.wasm: valid, 26 rules proved
 * OUT: pass  Os.wasm: valid, 26 rules proved
 * OUT: pass  Oz.wasm: valid, 26 rules proved
 * RUN: for l in 1 2 3 4 s z; do parigot-ld --meter -O$l a.o -o M$l.wasm && parigot-validate M$l.wasm || exit; done
 * OUT: pass  M1.wasm: valid, 28 rules proved
 * OUT: pass  Mz.wasm: valid, 28 rules proved
 * RUN: for l in 1 2 4 s z; do parigot-ld --seal=check --meter -O$l a.o -o S$l.wasm && parigot-validate S$l.wasm || exit; done
 * OUT: pass  S1.wasm: valid, 29 rules proved
 * OUT: pass  Sz.wasm: valid, 29 rules proved
 * RUN: parigot-ld -O2 --rewrite S2.wasm -o no.wasm
 * EXIT: 1
 * RUN: test $(wc -c < O2.wasm) -lt $(wc -c < O0.wasm) && parigot-ld -O2 a.o -o again.wasm && cmp O2.wasm again.wasm && wasm-objdump -dx O2.wasm
 * OUT: - name: "parigot.module"
 * OUT: Export[4]:
 * OUT: -> "parigot_alloc"
 * OUT: -> "parigot_init"
 * OUT: -> "parigot_result"
 * OUT: -> "demo.v1.T/F"
 * OUT: <f>:
 * OUT: i32.const
 * OUT: global.set 0
 * OUT: global.get 0
 * OUT: i32.const 12288
 * OUT: i32.lt_u
 * OUT: if
 * OUT: unreachable
 * RUN: parigot-ld -Os --rewrite same.wasm -o rewritten.wasm && parigot-validate rewritten.wasm
 * OUT: pass  rewritten.wasm: valid, 26 rules proved
 * RUN: parigot-ld -O2 --strip-all a.o -o stripped.wasm && parigot-validate stripped.wasm && wasm-objdump -x stripped.wasm
 * OUT: pass
 * NOT: "name"
 * RUN: parigot-ld -O5 a.o -o no.wasm
 * EXIT: 2
 * ERR: invalid optimization level: -O5 (known: 0 to 4, s, z) [U0101]
 * NOFILE: no.wasm
 * RUN: parigot-ld -O2 --rewrite M2.wasm -o no.wasm
 * EXIT: 1
 * ERR: -O2: the module is metered already [L0172]
 * NOFILE: no.wasm
 */
#include "entries.h"
static const char words[] = "a string that is read\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0and another";
__attribute__((noinline)) static int large(int n)
{
    volatile char room[8192];
    room[n & 8191] = words[n & 63];
    return room[n >> 1 & 8191];
}
static int helper(int a) { return a * 2 / 2; }
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { *(volatile int *)a = large(helper(b) + c + d); }
