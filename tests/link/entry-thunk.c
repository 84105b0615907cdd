/* An exported entry is a thunk that first sets the stack pointer; the export is the thunk, calls go to the function itself.
 * NEED: clang-19
 * NEED: wasm-objdump
 * RUN: clang-19 --target=wasm32 -O2 -ffreestanding -c %s -o a.o
 * RUN: parigot-ld --policy=audit a.o -o a.wasm
 * RUN: wasm-validate a.wasm
 * RUN: wasm-objdump -x a.wasm
 * OUT: parigot.module
 * OUT: func[1] <demo.v1.Adder/Add> -> "demo.v1.Adder/Add"
 * RUN: wasm-objdump -d a.wasm
 * OUT: func[1] <demo.v1.Adder/Add>
 * OUT: i32.const 69632
 * OUT: global.set 0
 * OUT: local.get 3
 * OUT: call 0 <add>
 * OUT: end
 */
__attribute__((export_name("demo.v1.Adder/Add"))) void add(int state, int call, int ptr, int len)
{
    volatile int here[4];
    here[call & 3] = state + ptr + len;
}
