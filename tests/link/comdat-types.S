// Two copies of a comdat group with different types (a broken one-definition rule): calls of the copy that gave way are calls of
// another type.
// NEED: clang-19
// RUN: for d in FIRST SECOND; do clang-19 --target=wasm32 -D$d -c %s -o $d.o || exit; done
// RUN: parigot-ld FIRST.o SECOND.o -o a.wasm
// EXIT: 1
// ERR: error: SECOND.o: function signature mismatch: twice [L0105]
// ERR: >>> defined as (i32) -> i32 in FIRST.o
// ERR: >>> called as () -> i32 in SECOND.o: function f
// NOFILE: a.wasm
// RUN: parigot-ld --policy=none --no-entry FIRST.o SECOND.o -o a.wasm && wasm-validate a.wasm
// ERR: warning: SECOND.o: function signature mismatch: twice [L0105]
    .section .text.twice,"G",@,group,comdat
    .globl twice
twice:
#ifdef FIRST
    .functype twice (i32) -> (i32)
    local.get 0
#else
    .functype twice () -> (i32)
    i32.const 2
#endif
    end_function
#ifdef SECOND
    .section .text.f,"",@
    .globl f
    .export_name f, f
f:
    .functype f () -> (i32)
    call twice
    end_function
#endif
