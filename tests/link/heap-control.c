/* The allocator's control block is the linker's; only the object with parigot_alloc may name it. Nobody else stores through the
 * linker's symbols, and data at fixed addresses is a finding.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o && parigot-ld a.o -o a.wasm && parigot-validate a.wasm
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -DTHIEF -c %s -o b.o
 * RUN: parigot-ld a.o b.o -o b.wasm
 * EXIT: 1
 * ERR: error: b.o: __parigot_heap_control belongs to the object that defines parigot_alloc [L0109]
 * ERR: >>> parigot_alloc is defined in a.o
 * NOFILE: b.wasm
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -DWRITER -c %s -o c.o
 * RUN: parigot-ld a.o c.o -o c.wasm
 * EXIT: 1
 * ERR: c.o
 * ERR: __heap_base
 * ERR: [P104]
 * NOFILE: c.wasm
 */
extern int __parigot_heap_control[64];
extern int __heap_base[];
#define ENTRY(name) __attribute__((export_name(name)))
#if defined THIEF
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { __parigot_heap_control[3] += a + b + c + d; }
#elif defined WRITER
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { __heap_base[0] += a + b + c + d; }
#else
ENTRY("parigot_alloc") int parigot_alloc(int len) { return __parigot_heap_control[0] += len; }
ENTRY("parigot_init") int parigot_init(int ptr, int len) { return ptr + len; }
#endif
