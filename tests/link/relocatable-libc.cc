/* -r of a whole C library, and of all that a C++ program needs, by us and by wasm-ld, linked by us and by wasm-ld.
 * NEED: clang++-19
 * NEED: wasm-ld-19
 * NEED: node
 * NEED: /usr/lib/wasm32-wasi/libc++.a
 * NEED: /usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a
 * ORACLE: -r -O2 --whole-archive /usr/lib/wasm32-wasi/libc.a
 * DIFFERS: linking: wasm-ld loses the marks of segments
 * DIFFERS: target_features: it forgets what must not be used
 * RUN: clang++-19 --target=wasm32-wasi -g -O1 -fno-exceptions -c %s -o a.o && for ld in parigot-ld wasm-ld-19; do $ld -r /usr/lib/wasm32-wasi/crt1-command.o a.o -L/usr/lib/wasm32-wasi -lc++ -lc++abi -lc /usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a -o by-$ld.o || exit 1; done
 * RUN: for o in by-*.o; do for ld in "parigot-ld --policy=none" wasm-ld-19; do $ld $o -o m.wasm && node --no-warnings -e 'const {WASI} = require("wasi"), w = new WASI({version: "preview1"}); WebAssembly.instantiate(require("fs").readFileSync("m.wasm"), w.getImportObject()).then(m => w.start(m.instance))'; done; done
 * OUT: a2 b1 c1
 * OUT: a2 b1 c1
 * OUT: a2 b1 c1
 * OUT: a2 b1 c1
 */
#include <cstdio>
#include <map>
#include <string>
int main()
{
    std::map<std::string, int> seen;
    for (auto s : {"b", "a", "c", "a"}) seen[s]++;
    std::string r;
    for (auto &[name, times] : seen) r += name + std::to_string(times) + " ";
    puts(r.c_str());
}
