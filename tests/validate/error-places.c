/* All functions are checked, and each error of the specification has offset, function, name and source line. The
 * i32.const of each function is made an i64.const.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * NEED: python3
 * RUN: clang-19 --target=wasm32 -g -O1 -ffreestanding -c %s -o a.o && wasm-ld-19 --no-entry --export=one --export=two --export=three a.o -o a.wasm && parigot-validate --policy=none a.wasm
 * OUT: pass
 * RUN: python3 -c "b = open('a.wasm', 'rb').read(); open('b.wasm', 'wb').write(b.replace(b'\x41\x8d\xda\x02', b'\x42\x8d\xda\x02'))"
 * RUN: parigot-validate --policy=none --format=gnu b.wasm
 * EXIT: 1
 * OUT: error-places.c:29: error: type mismatch: i32.add needs i32, found i64
 * OUT: "one") [V0207]
 * OUT: error-places.c:31: error: type mismatch: i32.mul needs i32, found i64
 * OUT: "two") [V0207]
 * OUT: error-places.c:33: error: type mismatch: i32.xor needs i32, found i64
 * OUT: "three") [V0207]
 * RUN: parigot-validate --policy=none --error-limit=2 b.wasm
 * EXIT: 1
 * OUT: b.wasm:0x
 * OUT: "one") [V0207]
 * OUT: "two") [V0207]
 * NOT: "three"
 * OUT: 1 more error is not shown (--error-limit=0 shows all)
 * RUN: parigot-validate --policy=none --format=json b.wasm
 * EXIT: 1
 * OUT: "function":0,"functionName":"one","sourceFile":
 * OUT: "sourceLine":29
 */
int one(int a) { return a + 44301; }
int two(int a);
int two(int a) { return a * 44301; }
int three(int a);
int three(int a) { return a ^ 44301; }
