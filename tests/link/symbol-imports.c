/* Imports by attribute: module and name, two names for one, one name with two types, globals; in which order.
 * NEED: clang-19
 * RUN: for n in 1 2 3; do clang-19 --target=wasm32 -O1 -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry 1.o 2.o
 * ORACLE: --no-entry 2.o 1.o
 * ORACLE: --no-entry 1.o 2.o --import-memory=host,mem --import-table
 * ORACLE: --no-entry 1.o 2.o --export-table -s
 * ORACLE: --no-entry 1.o 2.o --no-gc-sections
 * ORACLE: --no-entry 3.o 1.o --import-undefined
 * ORACLE: --no-entry 3.o --allow-undefined
 * ORACLE: --no-entry 3.o --import-undefined
 */
#define FROM(m, n) __attribute__((import_module(#m), import_name(#n)))
int plain(int);
#if N == 1
FROM(host, print) void print(const char *);
FROM(host, print) void print_too(const char *);
FROM(host, print) int print_other(int);
FROM(env, named) int named(int);
__attribute__((import_name("name"))) int name_only(int);
__attribute__((export_name("run"))) int run(int n)
{
    print("x");
    print_too("y");
    return print_other(n) + named(n) + name_only(n);
}
__attribute__((export_name("pointer"))) void *pointer(void) { return (void *)print; }
#elif N == 2
FROM(host, print) void print(const char *);
FROM(host, dead) void dead(void);
void unused(void) { dead(); }
FROM(host, used) void used_only(void) __attribute__((used));
__attribute__((export_name("other"))) void other(void) { print("z"); }
#else
extern int datum;
__attribute__((import_module("host"))) int module_only(int);
__attribute__((export_name("wants"))) int wants(int n) { return plain(n) + module_only(n); }
int plain_but_dead(int n) { return datum + n; }
#endif
