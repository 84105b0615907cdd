/* Constructors that cannot be run at link time stay P106, each with the reason; there is no output.
 * NEED: clang++-19
 * NEED: wasm-ctor-eval
 * RUN: for c in IMPORT TRAP HEAP CONSTANT GROW DESTRUCTOR ENDLESS THROUGH NULL DEEP; do clang++-19 --target=wasm32 -O1 -g -D$c -ffreestanding -fno-exceptions -fno-rtti -mbulk-memory -Wno-null-dereference -c %s -o $c.o || exit; done
 * RUN: echo 'int __cxa_atexit(void (*f)(void *), void *arg, void *d) { return (f(arg), d != 0); }' > atexit.c && clang-19 --target=wasm32 -O1 -c atexit.c
 * RUN: parigot-ld --seal-ctors IMPORT.o -o no.wasm
 * EXIT: 1
 * ERR: writable data: table, 16 bytes
 * ERR: constructor: _GLOBAL__sub_I_seal_ctors_refused.cc, priority 65535
 * ERR: >>> it was not run at link time: wasm-ctor-eval says: call import: parigot.kernel.v1.Kernel.Cancel
 * NOFILE: no.wasm
 * RUN: parigot-ld --seal-ctors TRAP.o -o no.wasm
 * EXIT: 1
 * ERR: >>> it was not run at link time: wasm-ctor-eval says: trap: unreachable
 * RUN: parigot-ld --seal-ctors HEAP.o -o no.wasm
 * EXIT: 1
 * ERR: >>> it was not run at link time: it writes to the heap, at 0x
 * RUN: parigot-ld --seal-ctors CONSTANT.o -o no.wasm
 * EXIT: 1
 * ERR: >>> it was not run at link time: it writes to constant data, at 0x
 * RUN: parigot-ld --seal-ctors NULL.o -o no.wasm
 * EXIT: 1
 * ERR: >>> it was not run at link time: it writes to the null guard, at 0x10
 * RUN: parigot-ld --seal-ctors GROW.o -o no.wasm
 * EXIT: 1
 * ERR: >>> it was not run at link time: wasm-ctor-eval says: grow memory
 * RUN: parigot-ld --seal-ctors DESTRUCTOR.o atexit.o -o no.wasm
 * EXIT: 1
 * ERR: >>> it was not run at link time: _GLOBAL__sub_I_seal_ctors_refused.cc registers a destructor, which would be state
 * RUN: parigot-ld --seal-ctors --child-seconds=1 ENDLESS.o -o no.wasm
 * EXIT: 1
 * ERR: wasm-ctor-eval had not finished after 1 seconds [L0168]
 * ERR: >>> it was not run at link time: wasm-ctor-eval had not finished with it in time
 * RUN: parigot-ld --seal-ctors DEEP.o -o no.wasm
 * EXIT: 1
 * ERR: >>> it was not run at link time: wasm-ctor-eval
 * NOFILE: no.wasm
 *
 * Those before it have run; those behind it have not.
 * RUN: parigot-ld --seal-ctors THROUGH.o -o no.wasm
 * EXIT: 1
 * ERR: constructor: third(), priority 103
 * ERR: >>> it was not run at link time: wasm-ctor-eval says: trap
 * ERR: constructor: fourth(), priority 104
 * ERR: >>> it was not run at link time: one before it was not
 * NOT: constructor: first
 * NOT: constructor: second
 * NOFILE: no.wasm
 *
 * The rest may be let through: then it runs when the module does, and the others do not.
 * RUN: parigot-ld --seal-ctors --waive=P106:_ZL5thirdv:why --waive=P106:_ZL6fourthv:why THROUGH.o -o yes.wasm && wasm-objdump -d yes.wasm
 * OUT: <__wasm_call_ctors>
 * OUT: <_ZL5thirdv>
 * OUT: <_ZL6fourthv>
 * NOT: <_ZL5firstv>
 * NOT: <_ZL6secondv>
 *
 * Without the program there is nobody to run them.
 * RUN: mkdir none && PARIGOT_LIBEXEC_DIR=none parigot-ld --seal-ctors THROUGH.o -o no.wasm
 * EXIT: 1
 * ERR: wasm-ctor-eval is not here, which --seal-ctors needs [L0165]
 * ERR: constructor: first()
 * NOFILE: no.wasm
 */
#define ENTRY(name) extern "C" __attribute__((export_name(name)))
extern "C" __attribute__((import_module("parigot.kernel.v1.Kernel"), import_name("Cancel"))) int cancel(int);
extern "C" unsigned char __heap_base;

static int table[4];
static const volatile int constant[4] = {1, 2, 3, 4};

__attribute__((noinline)) static int deep(volatile int *p)
{
    volatile char room[1000];
    room[*p & 7] = 1;
    return *p < 0 ? 1 : deep(p) + room[0];
}

struct Filler {
    Filler()
    {
        table[0] = 7;
#ifdef IMPORT
        table[1] = cancel(1);
#elif defined TRAP
        if (constant[0]) __builtin_trap();
#elif defined HEAP
        *(volatile unsigned char *)(&__heap_base + 20) = 5;
#elif defined CONSTANT
        *(volatile int *)&constant[1] = 5;
#elif defined NULL
        *(volatile int *)16 = 5;
#elif defined GROW
        table[1] = int(__builtin_wasm_memory_grow(0, 1));
#elif defined ENDLESS
        for (;;) table[1] = constant[1];
#elif defined DEEP
        table[1] = deep((volatile int *)&constant[0]);
#endif
    }
#ifdef DESTRUCTOR
    ~Filler() { (void)cancel(table[2]); }
#endif
};
#ifndef THROUGH
static Filler filler;
#else
extern "C" {
__attribute__((constructor(101))) static void first() { table[0] = constant[0]; }
__attribute__((constructor(102))) static void second() { table[1] = table[0] + constant[1]; }
__attribute__((constructor(103))) static void third()
{
    if (constant[0]) __builtin_trap();
}
__attribute__((constructor(104))) static void fourth() { (void)constant[0]; }
}
#endif

ENTRY("parigot_alloc") int take(int n)
{
    return n < 0 ? 0 : 0x20000;
}
ENTRY("parigot_init") int start(int i, int)
{
    return table[i & 3] + constant[i & 3];
}
