;; A thunk that sets another value than the initial one is none.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: mutable global 0 (i32), 1 write
(module (memory 2 2) (global $__stack_pointer (mut i32) (i32.const 66560))
 (func (export "parigot_alloc") (param i32) (result i32) (global.set 0 (i32.const 66544)) (i32.const 0)))
