/* Exceptions under --policy=none: tags that are defined weakly and strongly, imported, exported, dead, thrown and caught.
 * NEED: clang-19
 * RUN: for n in 1 2 3 4; do clang-19 --target=wasm32 -Wa,--no-type-check -fwasm-exceptions -mexception-handling -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry --export=f 1.o 2.o
 * ORACLE: --no-entry --export=f 2.o 1.o
 * ORACLE: --no-entry --export=f --export-all 1.o 2.o
 * ORACLE: --no-entry --no-gc-sections 1.o 2.o
 * ORACLE: --no-entry --print-gc-sections --export=f 1.o 2.o
 * ORACLE: --no-entry --export=g --import-undefined --unresolved-symbols=ignore-all 3.o
 * ORACLE: --no-entry --export=f --export=g 1.o 3.o 2.o
 * ORACLE: --no-entry --export=f --export=h 1.o 4.o 2.o
 * ERR: warning: 4.o: Tag signature mismatch: tag
 * RUN: parigot-ld --policy=none --no-entry --export=g 3.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: tag
 * NOFILE: a.wasm
 * RUN: parigot-ld --export=f 1.o 2.o -o a.wasm
 * EXIT: 1
 * ERR: exception-handling
 * NOFILE: a.wasm
 * RUN: parigot-ld --policy=none --no-entry --export=f 1.o 2.o -o a.wasm && node -e 'WebAssembly.instantiate(require("fs").readFileSync("a.wasm"),{}).then(m => console.log(m.instance.exports.f(1), m.instance.exports.f(0)))'
 * OUT: 42 7
 */
#if N == 1
    .tagtype tag i32
    .functype thrower (i32) -> ()
    .globl f
    .type f,@function
f:
    .functype f (i32) -> (i32)
    try
    local.get 0
    call thrower
    i32.const 7
    local.set 0
    catch tag
    local.set 0
    end_try
    local.get 0
    end_function
    .weak tag
tag:
    .tagtype dead i64
    .globl dead
dead:
#elif N == 2
    .tagtype tag i32
    .globl thrower
    .type thrower,@function
thrower:
    .functype thrower (i32) -> ()
    block
    local.get 0
    i32.eqz
    br_if 0
    i32.const 42
    throw tag
    unreachable
    end_block
    end_function
    .weak tag
tag:
#elif N == 3
    .tagtype tag i32
    .globl g
    .type g,@function
g:
    .functype g () -> ()
    i32.const 1
    throw tag
    unreachable
    end_function
#else
    .tagtype tag i64
    .globl h
    .type h,@function
h:
    .functype h () -> ()
    i64.const 1
    throw tag
    unreachable
    end_function
#endif
