/* One name, two kinds of things: both places, with what each says it is.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -g -ffreestanding -DAS=1 -c %s -o a.o && clang-19 --target=wasm32 -g -ffreestanding -DAS=2 -c %s -o b.o && clang-19 --target=wasm32 -g -ffreestanding -DAS=3 -c %s -o c.o
 * RUN: parigot-ld --policy=none --no-entry a.o b.o -o a.wasm
 * EXIT: 1
 * ERR: error: b.o: symbol type mismatch: thing [L0106]
 * ERR: >>> defined as WASM_SYMBOL_TYPE_FUNCTION in
 * ERR: symbol-kinds.c:19 (a.o)
 * ERR: >>> defined as WASM_SYMBOL_TYPE_DATA in
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry c.o -o a.wasm
 * EXIT: 1
 * ERR: c.o: symbol type mismatch: __heap_base is an address that the linker defines [L0106]
 * RUN: parigot-ld --policy=none --no-entry --unresolved-symbols=ignore-all b.o a.o -o a.wasm
 * EXIT: 1
 * ERR: a.o: symbol type mismatch: thing
 */
#if AS == 1
int thing(void) { return 1; }
#elif AS == 2
extern int thing;
__attribute__((export_name("f"))) int f(void) { return thing; }
#else
int __heap_base(void);
__attribute__((export_name("f"))) int f(void) { return __heap_base(); }
#endif
