;; The form that WAMR runs.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate --policy=none --features=wamr m.wasm
;; EXIT: 1
;; OUT: a start section [P606]
;; OUT: WAMR runs the export "__post_instantiate" when it instantiates [P606]
;; OUT: exports __heap_base and __data_end: WAMR then shrinks the memory and guesses the stack [P606]
;; OUT: WAMR takes global 0, the first mutable i32, for the stack pointer; it is global 1 [P606]
(module (import "a.v1.B" "C" (func (param i32 i32 i32) (result i32)))
 (memory 1 1)
 (global (mut i32) (i32.const 0))
 (global $__stack_pointer (mut i32) (i32.const 65536))
 (global (export "__heap_base") i32 (i32.const 65536)) (global (export "__data_end") i32 (i32.const 1024))
 (func (export "__post_instantiate")) (func $s) (start $s))
