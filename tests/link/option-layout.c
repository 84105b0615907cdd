/* Where data and stack go, alignment, and the addresses that the linker defines.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o
 * ORACLE: --no-entry a.o
 * ORACLE: --no-entry a.o --stack-first
 * ORACLE: --no-entry a.o --stack-first -z stack-size=1024
 * ORACLE: --no-entry a.o --stack-first --global-base=100000
 * ORACLE: --no-entry a.o --global-base=64 -zstack-size=0
 * ORACLE: --no-entry a.o --global-base=0
 * ORACLE: --no-entry a.o --global-base=65536 --no-merge-data-segments
 * ORACLE: --no-entry a.o --export-all
 * ORACLE: --no-entry a.o -O0
 * ORACLE: --no-entry a.o --merge-data-segments --no-gc-sections
 * ORACLE: --no-entry a.o -z stack-size=17
 * EXIT: 1
 * ERR: stack size must be 16-byte aligned
 * ORACLE: --no-entry a.o --stack-first --global-base=5
 * EXIT: 1
 * ERR: --global-base cannot be less than stack size when --stack-first is used
 * RUN: parigot-ld --policy=none --no-entry a.o --stack-first --no-stack-first -o a.wasm && parigot-ld --policy=none --no-entry a.o --soname=a.wasm -o b.wasm && cmp a.wasm b.wasm
 * ORACLE22: --no-entry --stack-first a.o
 * ORACLE22: --no-stack-first --no-entry a.o
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -DPAGE -c %s -o p.o && parigot-ld --policy=none --no-entry p.o -o p.wasm && wasm-interp p.wasm --run-all-exports
 * OUT: page() => i32:65536
 * ORACLE22: --no-stack-first --no-entry p.o --page-size=1
 */
extern char __heap_base, __heap_end, __data_end, __stack_low, __stack_high, __global_base, __dso_handle, __table_base,
    __memory_base;
#ifdef PAGE
extern char __wasm_first_page_end;
__attribute__((export_name("page"))) void *page(void) { return &__wasm_first_page_end; }
#else
_Alignas(64) int aligned = 1;
_Alignas(4096) char page[10] = {2};
char odd = 3, odd_zero;
_Alignas(32) int aligned_zero[3];
const double number = 1.5;
const char text[] = "text", *const texts[] = {"hello", "lo", "ello", "other", "hello"};
__attribute__((export_name("where"))) const void *where(int n)
{
    const void *const all[] = {&__heap_base, &__heap_end, &__data_end, &__stack_low, &__stack_high, &__global_base,
                               &__dso_handle, &__table_base, &__memory_base, &aligned, page, &odd, &odd_zero,
                               aligned_zero, &number, text, texts};
    return all[n];
}
#endif
