/* Debug information of what was left out leads nowhere: versions 4 and 5, ranges and locations, sections that were
 * compiled apart; equal strings stand once.
 * NEED: clang-19
 * RUN: for v in 4 5; do for n in 1 2; do clang-19 --target=wasm32 -O1 -gdwarf-$v -ffunction-sections -fdata-sections -ffreestanding -DN=$n -c %s -o $n-$v.o || exit 1; done; done
 * ORACLE: --no-entry -O2 1-4.o 2-4.o
 * ORACLE: --no-entry -O2 2-5.o 1-5.o
 * ORACLE: --no-entry -O2 1-4.o 2-5.o --export-all
 * ORACLE: --no-entry -O0 1-5.o 2-4.o
 * ORACLE: --no-entry -O2 --no-gc-sections 1-5.o 2-5.o
 * RUN: parigot-ld --policy=none --no-entry 1-5.o 2-5.o -o a.wasm && llvm-dwarfdump-19 --verify a.wasm && llvm-dwarfdump-19 a.wasm
 * OUT: DW_AT_name	("kept")
 * NOT: error:
 */
extern int dead_data, kept_data;
int helper(int);
#if N == 1
int dead_data, kept_data;
static inline int inlined(int n) { for (int i = 0; i < n; i++) kept_data += i; return n; }
int dead(int n) { return inlined(n) + dead_data; }
__attribute__((export_name("kept"))) int kept(int n) { int local = helper(n); return inlined(local) + local; }
#else
int helper(int n) { return n * 3; }
int dead_helper(int n) { return n * 4 + dead_data; }
#endif
