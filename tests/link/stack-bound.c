/* --stack-report and -z stack-size=auto: the deepest chain of calls of each entry, and a stack just large enough for it.
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "t"; base = "strict"; rules = ({ code = "P501"; violated = "off"; not_provable = "off"; });' > t.cfg
 * RUN: for n in FINE RECURSION MUTUAL POINTERS DYNAMIC; do clang-19 --target=wasm32 -O1 -g -ffreestanding -D$n -c %s -o $n.o || exit 1; done
 * RUN: parigot-ld --policy=t.cfg --export=chain --export=diamond --export=leaf --export=aligned --export=one --export=several FINE.o -o fine.wasm --hide-prefix=%d/ --stack-report
 * OUT: stack: at most 1616 bytes of 65536
 * OUT: entry chain: 576 bytes
 * OUT: 64  first  stack-bound.c:
 * OUT: 512  second  stack-bound.c:
 * OUT: entry diamond: 1536 bytes
 * OUT: 1024  large
 * OUT: 512  second
 * OUT: entry leaf: 0 bytes
 * OUT: entry aligned: 816 bytes
 * OUT: 304  aligned
 * OUT: entry one: 176 bytes
 * OUT: 160  only
 * OUT: entry several: 1616 bytes
 * OUT: 1600  b
 * RUN: parigot-ld --policy=t.cfg --export=chain FINE.o -o auto.wasm -z stack-size=auto --stack-report=r && cat r && parigot-validate --policy=t.cfg auto.wasm
 * OUT: stack: at most 576 bytes of 576
 * RUN: parigot-ld --policy=t.cfg --export=leaf FINE.o -o leaf.wasm -z stack-size=auto --stack-report
 * OUT: stack: at most 0 bytes of 16
 * RUN: clang-19 --target=wasm32 -O0 -ffreestanding -DFINE -c %s -o O0.o && parigot-ld --policy=t.cfg --export=chain --export=several O0.o -o O0.wasm -z stack-size=auto --meter --stack-report
 * OUT: stack: at most 1632 bytes of 1632
 * OUT: entry chain: 624 bytes
 * RUN: parigot-ld --policy=none --no-entry --export=chain FINE.o -o none.wasm -z stack-size=auto && parigot-ld --policy=audit --rewrite none.wasm -o again.wasm --stack-report
 * OUT: stack: at most 576 bytes
 * RUN: parigot-ld --policy=none --no-entry --export=chain --export=__stack_pointer FINE.o -o no.wasm -z stack-size=auto
 * EXIT: 1
 * ERR: -z stack-size=auto: the stack pointer is shared [L0163]
 * NOFILE: no.wasm
 * RUN: parigot-ld --policy=t.cfg --export=run RECURSION.o -o no.wasm -z stack-size=auto
 * EXIT: 1
 * ERR: error: no.wasm: -z stack-size=auto: recursion: down -> down [L0161]
 * RUN: parigot-ld --policy=t.cfg --export=run MUTUAL.o -o no.wasm -z stack-size=auto
 * EXIT: 1
 * ERR: -z stack-size=auto: recursion: pong -> ping -> pong [L0161]
 * RUN: parigot-ld --policy=t.cfg --export=run POINTERS.o -o no.wasm -z stack-size=auto
 * EXIT: 1
 * ERR: -z stack-size=auto: recursion: callback -> (by pointer) callback [L0161]
 * RUN: parigot-ld --policy=t.cfg --export=run --export=calls --export=plain DYNAMIC.o -o no.wasm -z stack-size=auto
 * EXIT: 1
 * ERR: the frame has no constant size (func
 * ERR: "vary") [L0162]
 * ERR: the frame has no constant size (func
 * ERR: "calls") [L0162]
 * NOFILE: no.wasm
 * RUN: parigot-ld --policy=t.cfg --export=run --export=calls --export=plain DYNAMIC.o -o yes.wasm --stack-report
 * OUT: stack: no bound
 * OUT: entry run: no bound: no constant frame: vary
 * OUT: entry calls: no bound: no constant frame: calls
 * OUT: entry plain: 208 bytes
 * RUN: parigot-ld -r FINE.o -z stack-size=auto --stack-report -o r.o
 * EXIT: 2
 * ERR: its stack gets its size in the last link
 * RUN: parigot-ld --policy=t.cfg --export=leaf FINE.o -o - --stack-report
 * EXIT: 2
 * ERR: would be mixed on standard output
 */
#define NOINLINE __attribute__((noinline))
#define HOLD(bytes) volatile char room[bytes]; room[n & 3] = 1

#ifdef FINE
typedef int narrow(int);
typedef long long wide(long long);
NOINLINE static int second(int n) { HOLD(512); return room[n >> 1 & 3]; }
NOINLINE static int first(int n) { HOLD(64); return second(n) + room[n & 1]; }
NOINLINE static int large(int n) { HOLD(1024); return second(n) + room[n & 1]; }
int chain(int n) { return first(n); }
int diamond(int n) { return first(n) + large(n); }
int leaf(int n) { return n * 2; }
int aligned(int n)
{
    __attribute__((aligned(64))) volatile char room[256];
    room[n & 3] = 1;
    return second(n) + room[n & 1];
}
static long long only(long long n) { HOLD(160); return room[n & 1]; }
int one(int n) { wide *volatile f = only; return (int)f(n); }
static int a(int n) { HOLD(160); return room[n & 1]; }
static int b(int n) { HOLD(1600); return room[n & 1]; }
int several(int n) { narrow *volatile f = n ? a : b; return f(n); }
#elif defined RECURSION
NOINLINE static int down(int n) { HOLD(200); return n ? down(n - 1) + room[n & 1] : 0; }
int run(int n) { return down(n); }
#elif defined MUTUAL
NOINLINE static int pong(int n);
NOINLINE static int ping(int n) { HOLD(200); return n ? pong(n - 1) + room[n & 1] : 0; }
NOINLINE static int pong(int n) { HOLD(200); return n ? ping(n - 1) + room[n & 1] : 0; }
int run(int n) { return pong(n); }
#elif defined POINTERS
typedef int fn(int);
static int callback(int n);
int run(int n) { fn *volatile f = callback; return f(n); }
static int callback(int n) { HOLD(200); return run(n) + room[0]; }
#elif defined DYNAMIC
int plain(int n);
NOINLINE static int vary(int n) { volatile char room[n]; room[n >> 1] = 1; return room[n >> 2]; }
int run(int n) { return vary(n); }
int calls(int n) { volatile char room[n]; room[0] = (char)plain(n); return room[n >> 1]; }
NOINLINE int plain(int n) { HOLD(200); return room[n & 1]; }
#endif
