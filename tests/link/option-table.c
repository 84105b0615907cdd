/* The function table: base, size, import, export, growth; null pointers and weak functions are 0.
 * NEED: clang-19
 * RUN: for n in 1 2; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry 1.o 2.o
 * ORACLE: --no-entry 2.o 1.o --table-base=100
 * ORACLE: --no-entry 2.o 1.o --table-base=0
 * ORACLE: --no-entry 1.o 2.o --export-table
 * ORACLE: --no-entry 1.o 2.o --import-table
 * ORACLE: --no-entry 1.o 2.o --import-table --growable-table --table-base=5
 * ORACLE: --no-entry 1.o 2.o --growable-table
 * ORACLE: --no-entry 1.o 2.o --growable-table --export-table --export-all
 * ORACLE: --no-entry 2.o --export-table
 * ORACLE: --no-entry 2.o --import-table
 * ORACLE: --no-entry 1.o 2.o --import-table --export-table
 * EXIT: 2
 * ERR: --import-table and --export-table may not be used together
 */
typedef int fn(int);
extern fn second, weak __attribute__((weak)), imported __attribute__((import_module("m"), import_name("i")));
#if N == 1
static int first(int n) { return n; }
fn *pointers[] = {first, second, first, weak, imported, 0};
__attribute__((export_name("run"))) int run(int n) { return pointers[n](n); }
#else
int second(int n) { return n + 1; }
__attribute__((export_name("other"))) int other(int n) { return second(n); }
#endif
