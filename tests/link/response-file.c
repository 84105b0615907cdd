/* @file in both quotings, nested; a folder with a blank in its name.
 * NEED: clang-19
 * RUN: mkdir "a b" && clang-19 --target=wasm32 -ffreestanding -c %s -o "a b/x'y.o"
 * RUN: echo '"a b/x'"'"'y.o" @inner' > outer && printf -- '-o "a b/out.wasm"' > inner && parigot-ld @outer && wasm-validate "a b/out.wasm"
 * RUN: printf 'a\\ b/x\\'"'"'y.o -o'"'"'a b/two.wasm'"'"'' > posix && parigot-ld @posix && cmp "a b/out.wasm" "a b/two.wasm"
 * RUN: printf '"a b/x'"'"'y.o" -o "a b/"three.wasm' > win && parigot-ld --rsp-quoting=windows @win && cmp "a b/out.wasm" "a b/three.wasm"
 * RUN: echo @self > self && parigot-ld @self
 * EXIT: 2
 * ERR: nested more than 8 deep
 * RUN: parigot-ld --rsp-quoting=dos x.o
 * EXIT: 2
 * ERR: invalid response file quoting: dos
 */
__attribute__((used)) int f(void) { return 1; }
