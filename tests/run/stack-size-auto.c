/* -z stack-size=auto: the stack is just large enough; the smallest frame less, and it overflows.
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "t"; base = "strict"; rules = ({ code = "P501"; violated = "off"; not_provable = "off"; });' > t.cfg
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o t.o && parigot-ld --policy=t.cfg --export=chain t.o -z stack-size=auto -o t.wasm --stack-report
 * OUT: at most 160 bytes of 160
 * RUN: parigot-run t.wasm --allow-unsigned --policy=none --invoke=chain 2
 * OUT: 7
 * RUN: parigot-ld --policy=t.cfg --export=chain t.o -z stack-size=144 -o less.wasm && parigot-run less.wasm --allow-unsigned --policy=none --invoke=chain 2
 * EXIT: 134
 * ERR: trap: stack overflow (address 0x
 */
#define NOINLINE __attribute__((noinline))
NOINLINE static int last(int n) /* below the pointer: LLVM's red zone */
{
    volatile int room[4] = {n, 1, 2, 3};
    return room[n & 3];
}
NOINLINE static int middle(int n)
{
    volatile char room[128];
    for (int i = 0; i < 128; i++) room[i] = 2;
    return last(n) + room[n];
}
int chain(int n)
{
    volatile int room[4] = {1, 2, 3, 4};
    return middle(n) + room[n];
}
