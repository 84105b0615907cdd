/* -s, -S and their long names; what --keep-section keeps; the name section's parts.
 * NEED: clang-19
 * RUN: for n in 1 2; do clang-19 --target=wasm32 -O1 -g -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry -O2 1.o 2.o
 * ORACLE: --no-entry -s 1.o 2.o
 * ORACLE: --no-entry -S 1.o 2.o
 * ORACLE: --no-entry --strip-all 1.o 2.o
 * ORACLE: --no-entry --strip-debug 1.o 2.o
 * ORACLE: --no-entry --strip-all --keep-section=name 1.o 2.o
 * ORACLE: --no-entry --strip-all --keep-section=producers --keep-section=target_features 1.o 2.o
 * ORACLE: --no-entry --strip-all --keep-section mine 1.o 2.o
 * ORACLE: --no-entry --strip-debug --strip-all --soname=other 1.o 2.o
 * ORACLE: --no-entry --soname=other -S 1.o 2.o
 * RUN: parigot-ld --policy=none --no-entry -s --keep-section=.debug_info 1.o 2.o -o a.wasm && wasm-objdump -h a.wasm
 * OUT: ".debug_info"
 * NOT: ".debug_str"
 */
__asm__(".section .custom_section.mine,\"\",@\n.ascii \"text\"\n");
extern const char *const words[];
#if N == 1
__attribute__((import_module("m"), import_name("n"))) int imported(int);
int counter = 1;
__attribute__((export_name("run"))) int run(int n) { return words[n][0] + imported(n) + counter; }
#else
const char *const words[] = {"one", "two"};
static int zeros[10];
__attribute__((export_name("zero"))) int *zero(void) { return zeros; }
#endif
