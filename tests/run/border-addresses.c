/* What the kernel reads and writes of a module with a layout: nothing in the null guard, nothing in sealed data or the stack
 * for writing, nothing across the end (rule 4). A server gives a wrong buffer for each length; a client sends from anywhere.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -DSERVER -c %s -o s.o && parigot-ld --no-entry --max-memory=131072 --initial-memory=131072 s.o -o server.wasm
 * RUN: printf 'world = 1; name = "t"; main = "client"; modules = ({ name = "server"; file = "server.wasm"; }, { name = "client"; file = "client.wasm"; });' > world.cfg
 * RUN: printf '#!/bin/sh\nclang-19 --target=wasm32 -O1 -ffreestanding -DLEN=$1 -DFROM=$2 -c %s -o c.o && parigot-ld --no-entry --max-memory=131072 --initial-memory=131072 c.o -o client.wasm && parigot-bundle create --world world.cfg -o w.pbundle && parigot-run --allow-unsigned w.pbundle 2>err; echo "$1 $2: $?"; grep -o "[a-z]* was killed: message outside memory" err; grep -v "message outside memory" err | grep "killed"; true\n' > try.sh; chmod +x try.sh
 * RUN: for n in 1 2 3 4 5 6 7 8 9 10 11; do ./try.sh $n sealed; done
 * OUT: 1 sealed: 8
 * OUT: 2 sealed: 14
 * OUT: server was killed: message outside memory
 * OUT: 3 sealed: 14
 * OUT: server was killed: message outside memory
 * OUT: 4 sealed: 14
 * OUT: server was killed: message outside memory
 * OUT: 5 sealed: 14
 * OUT: server was killed: message outside memory
 * OUT: 6 sealed: 14
 * OUT: server was killed: message outside memory
 * OUT: 7 sealed: 0
 * OUT: 8 sealed: 0
 * OUT: 9 sealed: 14
 * OUT: server was killed: message outside memory
 * OUT: 10 sealed: 14
 * OUT: server was killed: message outside memory
 * OUT: 11 sealed: 14
 * OUT: server was killed: message outside memory
 * RUN: for from in 16 4095 4096 0x1fff9 0x1fffa 0xfffffffe; do ./try.sh 7 $from; done
 * OUT: 7 16: 134
 * OUT: client was killed: message outside memory
 * OUT: 7 4095: 134
 * OUT: client was killed: message outside memory
 * OUT: 7 4096: 0
 * OUT: 7 0x1fff9: 0
 * OUT: 7 0x1fffa: 134
 * OUT: client was killed: message outside memory
 * OUT: 7 0xfffffffe: 134
 * OUT: client was killed: message outside memory
 */
#define EXPORT(name)          __attribute__((export_name(name)))
#define IMPORT(service, name) __attribute__((import_module(service), import_name(name)))
extern char __heap_base;
static const char sealed[64] = "what is said, and what is not to be written";
enum { END = 131072 };

#ifdef SERVER
IMPORT("parigot.kernel.v1.Kernel", "Reply") int reply(unsigned call, unsigned ptr, unsigned len, unsigned flags);

EXPORT("parigot_alloc") unsigned alloc(unsigned len)
{
    unsigned heap = (unsigned)&__heap_base;
    switch (len) {
    case 1: return 0;
    case 2: return 16;                      /* the null guard */
    case 3: return 4095;                    /* partly */
    case 4: return (unsigned)sealed;
    case 5: return 4096;                    /* the stack */
    case 6: return heap - 1;
    case 7: return heap + 256;              /* the first of it is the allocator's */
    case 8: return END - 8;
    case 9: return END - 8;                 /* across the end */
    case 10: return 0xfffffffc;             /* wraps */
    case 11: return (unsigned)sealed - 10;  /* ends in sealed data */
    default: return END - 4096;             /* the InitRequest */
    }
}
EXPORT("parigot_init") unsigned init(unsigned ptr, unsigned len) { return ptr ^ len; }
EXPORT("t.Echo/Say") void say(unsigned state, unsigned call, unsigned ptr, unsigned len) { reply(call, ptr, state ? len : 0, 1); }
#else
IMPORT("t.Echo", "Say") int say(unsigned ptr, unsigned len, unsigned cookie);
IMPORT("parigot.kernel.v1.Kernel", "Exit") int leave(int code);
EXPORT("parigot_alloc") unsigned alloc(unsigned len) { return END - 4096 + (len == 0); }
EXPORT("parigot_init") unsigned init(unsigned ptr, unsigned len)
{
    say((unsigned)FROM, LEN, 1);
    return ptr ^ len ^ (unsigned)sealed;
}
EXPORT("parigot_result") void result(unsigned state, unsigned cookie, unsigned status, unsigned ptr, unsigned len, unsigned flags)
{
    leave(status == 0 && len != LEN ? 99 : (int)status + (cookie != 1) + (flags != 1 && status != 0) + 0 * (int)(state + ptr));
}
#endif
