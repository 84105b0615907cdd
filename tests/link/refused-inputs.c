/* What cannot be linked names itself: bitcode, also as a member that something needs; shared libraries, finished modules,
 * components, other machines' objects, 64-bit memories. A member that nothing can need is passed over.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -c %s -o a.o && clang-19 --target=wasm32 -flto -DOTHER -c %s -o bc.o && llvm-ar-19 rcs bc.a bc.o && clang-19 --target=wasm64 -c %s -o w64.o && clang-19 --target=x86_64-linux-gnu -c %s -o elf.o && printf '\0asm\1\0\0\0\0\12\10dylink.0\0' > lib.so && printf '\0asm\1\0\0\0' > module.wasm && printf '\0asm\15\0\1\0' > component.wasm && echo text > lib.rmeta && llvm-ar-19 rcs rust.a lib.rmeta a.o
 * RUN: parigot-ld --policy=none --no-entry bc.o -o x
 * EXIT: 1
 * ERR: bc.o: LLVM bitcode cannot be linked: compile without -flto [L0111]
 * NOFILE: x
 * RUN: parigot-ld --policy=none --no-entry a.o bc.a -o x --export=f
 * EXIT: 1
 * ERR: bc.a(bc.o): LLVM bitcode cannot be linked: compile without -flto [L0111]
 * NOFILE: x
 * RUN: parigot-ld --policy=none --no-entry --whole-archive bc.a -o x
 * EXIT: 1
 * ERR: bc.a(bc.o): LLVM bitcode cannot be linked
 * RUN: parigot-ld --policy=none --no-entry lib.so -o x
 * EXIT: 1
 * ERR: lib.so: not a relocatable wasm file: a shared library, and dynamic linking is not done [W0306]
 * RUN: parigot-ld --policy=none --no-entry module.wasm -o x
 * EXIT: 1
 * ERR: module.wasm: not a relocatable wasm file [W0306]
 * RUN: parigot-ld --policy=none --no-entry component.wasm -o x
 * EXIT: 1
 * ERR: component.wasm: unknown file type: a component
 * RUN: parigot-ld --policy=none --no-entry elf.o -o x
 * EXIT: 1
 * ERR: elf.o: unknown file type: an ELF file, not WebAssembly (compile with --target=wasm32)
 * RUN: parigot-ld --policy=none --no-entry w64.o -o x
 * EXIT: 1
 * ERR: feature memory64 is not supported
 * RUN: parigot-ld --policy=none --no-entry --export=start --allow-undefined rust.a -o y && parigot-ld --policy=none --no-entry --whole-archive --fatal-warnings rust.a --allow-undefined -o y
 * NOT: lib.rmeta
 * RUN: for o in -shared --shared -pie --shared-memory "-m wasm64" --experimental-pic --import-dynamic --lto-O2 --lto-partitions=2 --thinlto-jobs=2 --thinlto-cache-dir=x --thinlto-cache-policy=x --thinlto-index-only --thinlto-emit-index-files --thinlto-emit-imports-files --thinlto-object-suffix-replace=x --thinlto-prefix-replace=x --lto-CGO2 --lto-debug-pass-manager --lto-obj-path=x --disable-verify --rpath=x --save-temps "--mllvm=x" --unresolved-symbols=import-dynamic; do parigot-ld --policy=none --no-entry $o a.o -o x 2>err && exit 1; grep -q "not supported" err && ! test -e x || { echo "no words: $o"; cat err; }; done
 * NOT: no words
 */
int f(void);
#ifndef OTHER
int start(void) { return f(); }
#else
int f(void) { return 1; }
#endif
