/* --seal-ctors: constructors that can be computed run at link time, and what they wrote is sealed data: the module is strict,
 * without constructors, and says what the one that runs them says.
 * NEED: clang++-19
 * NEED: wasm-ctor-eval
 * RUN: clang++-19 --target=wasm32 -O1 -g -ffreestanding -fno-exceptions -fno-rtti -mbulk-memory -c %s -o a.o
 * RUN: parigot-ld a.o -o no.wasm
 * EXIT: 1
 * ERR: writable data: crc, 1024 bytes in section .bss.
 * ERR: constructor: _GLOBAL__sub_I_seal_ctors.cc, priority 65535
 * ERR: >>> with --seal-ctors it runs at link time, if it can, and what it writes is sealed
 * NOFILE: no.wasm
 * RUN: parigot-ld --seal-ctors a.o -o a.wasm && parigot-validate a.wasm && wasm-objdump -x a.wasm
 * OUT: valid, 26 rules proved
 * OUT: <parigot_init>
 * NOT: _GLOBAL__sub_I
 * NOT: call_ctors
 * NOT: make_table
 * NOT: host
 * RUN: parigot-ld --policy=reset a.o -o b.wasm
 * RUN: for i in 0 1 7 255; do for m in a b; do parigot-run --allow-unsigned --policy=none --invoke=parigot_init $m.wasm $i 3 > $m.txt || exit; done; cmp a.txt b.txt || exit; cat a.txt; done
 * OUT: 755167226
 *
 * The bytes are the same each time, metered or not, and with the stack's size measured.
 * RUN: parigot-ld --seal-ctors a.o -o c.wasm && cmp a.wasm c.wasm && parigot-ld --seal-ctors --meter -z stack-size=auto a.o -o d.wasm && parigot-validate d.wasm
 * OUT: valid
 *
 * Without the flag it is P104 as before; under a waiver the variables hold what the constructors wrote, from the start.
 * RUN: parigot-ld --waive=P104:_ZL3crc:t --waive=P104:_ZL6square:t --waive=P104:_ZL5total:t a.o -o w.wasm && wasm-objdump -x w.wasm
 * NOT: _GLOBAL__sub_I
 * RUN: for i in 0 7; do for m in w b; do parigot-run --allow-unsigned --policy=none --invoke=parigot_init $m.wasm $i 3 > $m.txt || exit; done; cmp w.txt b.txt || exit; done
 *
 * What is written later as well is found where the address is known.
 * RUN: clang++-19 --target=wasm32 -O1 -DLATER -ffreestanding -fno-exceptions -fno-rtti -mbulk-memory -c %s -o l.o
 * RUN: parigot-ld --seal-ctors l.o -o no.wasm
 * EXIT: 1
 * ERR: [P104]
 * NOFILE: no.wasm
 *
 * Constructors by priority; a variable that none of them writes to stays what it was.
 * RUN: clang++-19 --target=wasm32 -O1 -DCOUNTER -ffreestanding -fno-exceptions -fno-rtti -mbulk-memory -c %s -o n.o
 * RUN: parigot-ld --seal-ctors n.o -o no.wasm
 * EXIT: 1
 * ERR: writable data: counter, 4 bytes
 * ERR: >>> no constructor has written to it
 * NOT: writable data: crc
 * NOT: P106
 * NOFILE: no.wasm
 *
 * It seals under a policy that forbids writable data, and when something is linked.
 * RUN: parigot-ld --seal-ctors --policy=reset a.o -o no.wasm
 * EXIT: 2
 * ERR: --seal-ctors needs a policy that forbids writable data (P104): "reset" lets it through [U0101]
 * RUN: parigot-ld --seal-ctors --policy=none --no-entry a.o -o no.wasm
 * EXIT: 2
 * ERR: --seal-ctors has no meaning with --policy=none
 * RUN: parigot-ld --seal-ctors --rewrite a.wasm -o no.wasm
 * EXIT: 2
 * ERR: --seal-ctors has no meaning with --rewrite
 * NOFILE: no.wasm
 */
#define ENTRY(name) extern "C" __attribute__((export_name(name)))

struct Crc {
    unsigned at[256];
    Crc()
    {
        for (unsigned i = 0; i < 256; i++) at[i] = make_table(i);
    }
    __attribute__((noinline)) static unsigned make_table(unsigned c)
    {
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
        return c;
    }
};
struct Shape {
    virtual int area() const = 0;
};
struct Square : Shape {
    int side;
    explicit Square(int n) : side(n) {}
    int area() const override { return side * side; }
};

extern "C" __attribute__((import_module("parigot.kernel.v1.Kernel"), import_name("Exit"))) void host(int);
static Crc crc;
static Square square(int(crc.at[1] & 7) + 2); /* 0x77073096 & 7 + 2 */
static int total = square.area() ? int(crc.at[255] >> 24) : (host(1), 0);
static const Shape *const shapes[] = {&square};
#ifdef COUNTER
static volatile int counter;
#endif
#ifdef LATER
ENTRY("demo.v1.T/F") void later(int, int, int, int) { total++; }
#endif

ENTRY("parigot_alloc") int take(int n)
{
    return n < 0 ? 0 : 0x20000;
}
ENTRY("parigot_init") int start(int i, int n)
{
#ifdef COUNTER
    counter++;
#endif
    return int(crc.at[i & 255]) + shapes[n & 0]->area() + total;
}
