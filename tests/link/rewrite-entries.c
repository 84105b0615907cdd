/* A module that another linker made has a stack pointer that entries do not reset. Rewritten under a policy without mutable
 * globals, they do, and P101 is proved; where the policy lets state through, nothing changes.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o && wasm-ld-19 --no-entry --export=run --export=twice --export=plain --max-memory=1048576 a.o -o a.wasm
 * RUN: printf 'policy = 1; name = "p"; base = "strict"; exports = { allow = [ "run", "twice", "plain" ]; memory = true; }; rules = ( { code = "P503"; violated = "off"; not_provable = "off"; } );' > p.cfg && parigot-validate --policy=p.cfg a.wasm
 * OUT: global 0 "__stack_pointer" is used like a stack pointer
 * OUT: not provable: P101 P104
 * RUN: parigot-ld --policy=p.cfg --rewrite a.wasm -o b.wasm && parigot-validate --policy=p.cfg b.wasm && wasm-objdump -dx b.wasm
 * ERR: [P104]
 * OUT: 24 rules proved; not provable: P104
 * OUT: - func[4] <twice> -> "twice"
 * OUT: func[1] <run>:
 * OUT: i32.const 66560
 * OUT: global.set 0
 * OUT: global.get 0
 * OUT: func[2] <twice>:
 * OUT: global.get 0
 * OUT: func[4] <twice>:
 * OUT: i32.const 66560
 * OUT: global.set 0
 * OUT: local.get 0
 * OUT: local.get 1
 * OUT: call 2
 * NOT: P101
 * RUN: llvm-dwarfdump-19 --verify b.wasm && for i in a b; do parigot-run --allow-unsigned --policy=none --invoke=run $i.wasm 6 3; parigot-run --allow-unsigned --policy=none --invoke=twice $i.wasm 6 3; done
 * OUT: 189
 * OUT: 32
 * OUT: 189
 * OUT: 32
 * RUN: parigot-run --allow-unsigned --policy=none --invoke=run b.wasm 6 0
 * EXIT: 134
 * ERR: rewrite-entries.c:43
 * RUN: parigot-ld --policy=p.cfg --rewrite b.wasm -o c.wasm && parigot-ld --policy=p.cfg --rewrite c.wasm -o d.wasm && wasm-objdump -d b.wasm > b.txt && wasm-objdump -d d.wasm > d.txt && tail -n +4 b.txt > b && tail -n +4 d.txt > d && cmp b d
 * RUN: for l in 1 2 3 4 s z; do for m in "" --meter; do parigot-ld --policy=p.cfg --rewrite a.wasm $m -O$l -o e.wasm && parigot-validate --policy=p.cfg e.wasm || exit; done; done
 * OUT: rules proved; not provable: P104
 * NOT: P101
 * RUN: parigot-ld --policy=reset --rewrite a.wasm -o f.wasm 2>log; parigot-ld --policy=audit --rewrite a.wasm -o f.wasm && wasm-objdump -d f.wasm
 * NOT: i32.const 66560
 */
#define KEPT __attribute__((noinline))
KEPT int fill(int *p, int n, int by)
{
    for (int i = 0; i < 16; i++)
        p[i] = n / by + i; /* 43 */
    return p[n & 15];
}
int run(int n, int by)
{
    int room[16];
    int last = fill(room, n, by), sum = 0;
    for (int i = 0; i < 16; i++) sum += room[i];
    return sum + last + 29;
}
KEPT int twice(int n, int by)
{
    int room[16];
    return n > 20 ? n : fill(room, n, by) + twice(n * 4, by);
}
int plain(int n) { return n; }
