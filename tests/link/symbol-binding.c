/* Weak and strong, local, hidden, aliases: who wins, what is exported, what is kept.
 * NEED: clang-19
 * RUN: for n in 1 2 3; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs 2.a 2.o; llvm-ar-19 rcs 3.a 3.o
 * ORACLE: --no-entry 1.o 2.o
 * ORACLE: --no-entry 2.o 1.o
 * ORACLE: --no-entry 1.o 2.o 3.o
 * ORACLE: --no-entry 3.o 2.o 1.o --export-dynamic
 * ORACLE: --no-entry 1.o 2.a 3.a
 * ORACLE: --no-entry 2.a 3.a 1.o
 * ORACLE: --no-entry 1.o 3.a 2.a --export-all
 * ORACLE: --no-entry 1.o 2.o --export-dynamic --no-export-dynamic
 * ORACLE: --no-entry 1.o 2.o -E
 * ORACLE: --no-entry 1.o 2.o --export=hidden --export=weak_alias --export-if-defined=same
 * ORACLE: --no-entry 1.o 2.o --no-gc-sections
 */
int weak_in_first(int), weak_in_both(int), strong(int), hidden(int), aliased(int), maybe(int) __attribute__((weak));
extern int data_weak, data_alias, maybe_data __attribute__((weak));
#if N == 1
static int same(int n) { return n + __LINE__; }
__attribute__((weak)) int weak_in_first(int n) { return n + 1; }
__attribute__((weak)) int weak_in_both(int n) { return n + 2; }
__attribute__((weak)) int data_weak = 1;
__attribute__((export_name("run"))) int run(int n)
{
    return weak_in_first(n) + weak_in_both(n) + strong(n) + hidden(n) + aliased(n) + data_weak + data_alias +
           (maybe ? maybe(n) : 0) + (&maybe_data ? maybe_data : 0) + same(n);
}
#elif N == 2
static int same(int n) { return n * __LINE__; }
int weak_in_first(int n) { return n + 3; }
__attribute__((weak)) int weak_in_both(int n) { return same(n) + 4; }
int strong(int n) { return n + 5; }
__attribute__((visibility("hidden"))) int hidden(int n) { return n + 6; }
int target(int n) { return n + 7; }
int aliased(int) __attribute__((alias("target")));
__attribute__((weak)) int weak_alias(int) __attribute__((alias("target")));
int data_weak = 2;
static int data_target = 3;
extern int data_alias __attribute__((alias("data_target")));
__attribute__((visibility("default"))) int shown(int n) { return n; }
#else
int maybe(int n) { return n + 8; }
int maybe_data = 9;
#endif
