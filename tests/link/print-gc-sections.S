/* --print-gc-sections lists what was left out, in the order of the objects: functions, data, globals, tags, tables.
 * NEED: clang-19
 * RUN: for n in 1 2; do clang-19 --target=wasm32 -mexception-handling -Wa,--no-type-check -DN=$n -c %s -o $n.o || exit 1; done
 * ORACLE: --no-entry --export=f --print-gc-sections 1.o 2.o
 * ORACLE: --no-entry --export=f --print-gc-sections --no-gc-sections 1.o 2.o
 * ORACLE: --no-entry --export=f --print-gc-sections --no-print-gc-sections 1.o 2.o
 * ORACLE: --no-entry --export=f --print-gc-sections 2.o 1.o --undefined=unused
 */
#if N == 1
    .functype g () -> (i32)
    .globl f
    .type f,@function
f:
    .functype f () -> (i32)
    call g
    end_function
    .globl unused
    .type unused,@function
unused:
    .functype unused () -> ()
    end_function
    .globaltype glob, i32
    .globl glob
glob:
    .tagtype tag i32
    .globl tag
tag:
    .tabletype tab, funcref
    .globl tab
tab:
#else
    .globl g
    .type g,@function
g:
    .functype g () -> (i32)
    i32.const datum
    i32.load 0
    end_function
    .type datum,@object
    .section .data.datum,"",@
datum:
    .int32 5
    .size datum, 4
    .type dead,@object
    .section .bss.dead,"",@
    .globl dead
dead:
    .int32 0
    .size dead, 4
#endif
