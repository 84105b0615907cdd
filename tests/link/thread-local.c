/* Thread-local data, compiled for threads and linked for one: plain data in .tdata, counted from __tls_base, which is a
 * constant; whether through the symbol, the GOT, an export, or debug information.
 * NEED: clang-19
 * RUN: for n in 1 2; do clang-19 --target=wasm32 -O1 -g -ffreestanding -matomics -mbulk-memory -ftls-model=local-exec -DN=$n -c %s -o $n.o || exit 1; done
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -matomics -mbulk-memory -fPIC -DN=1 -c %s -o p.o
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -mno-atomics -DN=2 -c %s -o plain.o
 * ORACLE: --no-entry -O2 1.o 2.o
 * DIFFERS: code: wasm-ld 19 adds the start of .tdata twice; 20 and later do not
 * DIFFERS: .debug_info: the same
 * ORACLE: --no-entry -O2 --export-all 1.o 2.o
 * DIFFERS: code: wasm-ld 19 adds the start of .tdata twice; 20 and later do not
 * DIFFERS: .debug_info: the same
 * ORACLE: --no-entry --export=__tls_base --export=one --no-gc-sections -s 2.o 1.o
 * DIFFERS: code: wasm-ld 19 adds the start of .tdata twice; 20 and later do not
 * ORACLE: --no-entry -O2 p.o 2.o
 * DIFFERS: code: the same
 * DIFFERS: .debug_info: the same
 * ORACLE: --no-entry -O2 --stack-first --no-merge-data-segments 1.o 2.o
 * DIFFERS: code: wasm-ld 19 adds the start of .tdata twice; 20 and later do not
 * DIFFERS: .debug_info: the same
 * ORACLE22: --no-stack-first --no-entry -O2 1.o 2.o
 * ORACLE22: --no-stack-first --no-entry -s p.o 2.o
 * RUN: parigot-ld --policy=none --no-entry --export=__tls_base plain.o -o plain.wasm
 * RUN: parigot-ld --policy=none --no-entry --features=mutable-globals 1.o 2.o -o a.wasm
 * EXIT: 1
 * ERR: 'atomics' feature must be used in order to use thread-local storage
 * NOFILE: a.wasm
 * RUN: parigot-ld 1.o 2.o --export=run -o a.wasm
 * EXIT: 1
 * ERR: P203
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry 1.o 2.o -o a.wasm && wasm-interp a.wasm --run-all-exports
 * OUT: run() => i32:6
 */
extern _Thread_local int one, two;
extern _Thread_local int zeros[20];
#if N == 1
_Thread_local int zeros[20];
int plain = 3;
__attribute__((export_name("run"))) int run(void)
{
    zeros[3]++;
    return one + two + plain + zeros[4];
}
__attribute__((export_name("address"))) int *address(void) { return &two; }
#else
_Thread_local int one = 1, two = 2;
_Thread_local int dead = 5;
__attribute__((export_name("peek"))) int peek(void) { return one; }
#endif
