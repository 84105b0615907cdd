/* What an object says beside code and data is in the output of -r: export names, marks of segments, import names,
 * aliases, custom sections; stubs for wrong calls; renamed references.
 * NEED: clang-19
 * NEED: wasm-objdump
 * NEED: node
 * RUN: clang-19 --target=wasm32 -O1 -matomics -mbulk-memory -c %s -o a.o && clang-19 --target=wasm32 -O1 -DWRONG -matomics -mbulk-memory -c %s -o wrong.o && parigot-ld -r a.o -o r.o && wasm-objdump -x r.o
 * OUT: <run> -> "out"
 * OUT: name: "mine"
 * OUT: <imported> func=0 [ undefined explicit_name binding=global
 * OUT: <alias> func=1 [ binding=weak
 * OUT: .tdata p2align=2 [ TLS ]
 * OUT: .data.retained p2align=2 [ unknown_flags=0x4 ]
 * OUT: priority=7
 * OUT: priority=65535
 * OUT: [+] atomics
 * ORACLE: -r a.o
 * DIFFERS: export: wasm-ld loses export names
 * DIFFERS: reloc.CODE: it counts the sections
 * DIFFERS: reloc.DATA: the same
 * DIFFERS: linking: wasm-ld loses the marks of segments
 * RUN: parigot-ld -r -O0 a.o -o o0.o && wasm-objdump -x o0.o
 * OUT: .rodata..L.str p2align=0 [ STRINGS ]
 * RUN: parigot-ld --policy=none --no-entry r.o -o m.wasm && node -e 'const d = []; WebAssembly.instantiate(require("fs").readFileSync("m.wasm"), {elsewhere: {named: x => (d.push(x), x)}}).then(m => console.log(m.instance.exports.out(), d))'
 * OUT: 52 [ 1, 2, 5 ]
 * RUN: parigot-ld -r a.o wrong.o -o w.o; wasm-objdump -x w.o
 * ERR: warning: wrong.o: function signature mismatch: helper
 * OUT: <signature_mismatch:helper> func=1 [ binding=local vis=default ]
 * OUT: R_WASM_FUNCTION_INDEX_LEB offset=0x000098(file=0x000118) symbol=13 <signature_mismatch:helper>
 * ORACLE: -r wrong.o
 * RUN: parigot-ld -r a.o --wrap=helper -o wrapped.o && llvm-nm-19 wrapped.o
 * OUT: U __wrap_helper
 * RUN: parigot-ld -r a.o --Map=map -o m.o && grep -c "linking\|reloc" map
 * OUT: 3
 */
#ifndef WRONG
__attribute__((import_module("elsewhere"), import_name("named"))) int imported(int);
__attribute__((retain, used)) int retained = 3;
_Thread_local int own = 40;
const char *volatile text = "text";
__attribute__((noinline)) int helper(int x) { return x + own + retained; }
__attribute__((weak, alias("helper"))) int alias(int);
__attribute__((constructor)) static void late(void) { own += imported(2); }
__attribute__((constructor(7))) static void early(void) { own += imported(1); }
__attribute__((export_name("out"))) int run(void) { return alias(imported(5)) + text[0] - 't' + 1; }
__asm__(".section .custom_section.mine,\"\",@\n.ascii \"section\"\n");
#else
int helper(int, int);
int call(void) { return helper(1, 2); }
#endif
