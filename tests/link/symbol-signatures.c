/* A function that is called with another type than it has: a stub that traps, in wasm-ld's place and under its name; an
 * error where warnings are, and under a policy.
 * NEED: clang-19
 * RUN: for n in 1 2 3; do clang-19 --target=wasm32 -O1 -ffreestanding -w -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs 2.a 2.o
 * ORACLE: --no-entry 1.o 2.o
 * ERR: warning: 1.o: function signature mismatch: f
 * ORACLE: --no-entry 2.o 1.o
 * ERR: warning
 * ORACLE: --no-entry 1.o 2.a
 * ORACLE: --no-entry 1.o 3.o 2.o
 * ORACLE: --no-entry 1.o 3.o
 * EXIT: 1
 * ERR: function signature mismatch: f
 * ORACLE: --no-entry --fatal-warnings 1.o 2.o
 * EXIT: 1
 * ORACLE: --no-entry --no-fatal-warnings 1.o 2.o
 * RUN: parigot-ld --policy=audit --export=run 1.o 2.o -o a.wasm
 * EXIT: 1
 * ERR: error: 1.o: function signature mismatch: f [L0105]
 * NOFILE: a.wasm
 */
#if N == 1
int f(int);
__attribute__((export_name("run"))) int run(int n) { return f(n); }
#elif N == 2
long long f(long long n, int m) { return n + m; }
__attribute__((export_name("well"))) long long well(void) { return f(1, 2); }
#else
double f(double);
__attribute__((export_name("third"))) double third(double n) { return f(n); }
__attribute__((export_name("address"))) void *address(void) { return f; }
#endif
