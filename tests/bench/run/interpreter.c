/* An interpreter: a switch in a loop, calls through a table. */
enum { PUSH, ADD, SUB, DUP, SWAP, JNZ, CALL, HALT };
static int stack[64];
static int twice(int x) { return x * 2; }
static int inc(int x) { return x + 1; }
static int half(int x) { return x / 2; }
static int (*volatile functions[])(int) = {twice, inc, half, inc};
/* sum = f(sum) for n, n-1, ... 1 */
static const int program[] = {PUSH, 0, SWAP, DUP, JNZ, 7, HALT, SWAP, CALL, 0, CALL, 1, CALL, 2, CALL, 3, SWAP, PUSH, 1, SUB, DUP, JNZ, 7, HALT};
int run(int n)
{
    int *sp = stack, acc = 0;
    const int *pc = program;
    *sp++ = n;
    for (;;) {
        switch (*pc++) {
        case PUSH: *sp++ = *pc++; break;
        case ADD: sp--; sp[-1] += sp[0]; break;
        case SUB: sp--; sp[-1] -= sp[0]; break;
        case DUP: sp[0] = sp[-1]; sp++; break;
        case SWAP: acc = sp[-1]; sp[-1] = sp[-2]; sp[-2] = acc; break;
        case JNZ: acc = *pc++; if (*--sp != 0) pc = program + acc; break;
        case CALL: sp[-1] = functions[*pc++](sp[-1]); break;
        case HALT: return sp[-2] ^ sp[-1];
        }
    }
}
