/* What page protection finds in a module of parigot-ld: null pointers, constants, the end of the shadow stack.
 * RUN: printf 'policy = 1; name = "t"; base = "strict"; rules = ({ code = "P501"; violated = "off"; not_provable = "off"; });' > t.cfg
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o t.o && parigot-ld --policy=t.cfg --export=read --export=write --export=constant --export=recurse --export=leaf --export=large --export=fine t.o -o t.wasm
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=fine 2
 * OUT: 3
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=read 8
 * EXIT: 134
 * ERR: trap: null pointer access (address 0x8)
 * ERR: "read" at 0x
 * ERR: guard-and-seal.c:
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=read 4095
 * EXIT: 134
 * ERR: trap: null pointer access (address 0xfff)
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=read 4096
 * OUT: 0
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=write 0
 * EXIT: 134
 * ERR: trap: null pointer access (address 0x0)
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=constant 1
 * EXIT: 134
 * ERR: trap: write to read-only data (address 0x
 * ERR: "constant" at 0x
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=recurse 1
 * EXIT: 134
 * ERR: trap: stack overflow (address 0x
 * ERR: #0 func
 * ERR: "down" at 0x
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=leaf 1
 * EXIT: 134
 * ERR: trap: stack overflow (address 0x
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=large 1
 * EXIT: 134
 * ERR: trap: stack overflow
 * ERR: "wide" at 0x
 * RUN: parigot-run t.wasm --checked --allow-unsigned --policy=none --invoke=constant 1
 * EXIT: 134
 * ERR: trap: write to read-only data (address 0x
 * RUN: parigot-run t.wasm --checked --allow-unsigned --policy=none --invoke=recurse 1
 * EXIT: 134
 * ERR: trap: stack overflow (address 0x
 */
#define NOINLINE __attribute__((noinline))
static const int table[4] = {1, 2, 3, 4};

int fine(int n) { return ((const volatile int *)table)[n & 3]; }
int read(int at) { return *(volatile char *)at; }
int write(int at) { return *(volatile char *)at = 1; }
int constant(int n) { return *(volatile int *)&table[n & 3] = n; }

static NOINLINE int down(int n)
{
    volatile char frame[200];
    frame[n & 127] = (char)n;
    return down(n + 1) + frame[3];
}
int recurse(int n) { return down(n); }

/* Functions that call nobody do not move the stack pointer: only the address tells. */
static NOINLINE int touch(int n)
{
    volatile char frame[120];
    for (int i = 0; i < 100; i++) frame[i] = (char)n;
    return frame[5];
}
static NOINLINE int step(int n)
{
    volatile char frame[16];
    frame[n & 7] = (char)touch(n);
    return step(n + 1) + frame[1];
}
int leaf(int n) { return step(n); }

/* A frame that could jump over the guard is checked by code. */
static NOINLINE int wide(int n)
{
    volatile char frame[20000];
    frame[n & 16383] = (char)n;
    return wide(n + 1) + frame[5];
}
int large(int n) { return wide(n); }
