/* Debug information of position-independent code refers to __memory_base; nothing else may.
 * NEED: clang-19
 * RUN: for n in 1 2; do clang-19 --target=wasm32 -O1 -g -fPIC -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry -O2 1.o 2.o
 * ORACLE: --no-entry -O2 --no-gc-sections 1.o 2.o
 * ORACLE: --no-entry -O2 --no-gc-sections 2.o
 * ORACLE: --no-entry --no-gc-sections -s 2.o --export-all
 */
extern int shared;
#if N == 1
__attribute__((export_name("get"))) int *get(void) { return &shared; }
static int own = 5;
__attribute__((export_name("next"))) int next(void) { return own++; }
#else
int shared = 3, also = 4;
__attribute__((visibility("default"))) int three(void) { return 3; }
#endif
