;; One exported function that does not reset it is enough.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate --strict m.wasm
;; EXIT: 1
;; OUT: but entry "parigot_event" does not reset it
(module (memory 2 2) (global $__stack_pointer (mut i32) (i32.const 66560))
 (func (export "parigot_event") (param i32 i32 i32)
  (global.set 0 (i32.sub (global.get 0) (i32.const 32))) (global.set 0 (i32.add (global.get 0) (i32.const 32))))
 (func (export "parigot_alloc") (param i32) (result i32) (global.set 0 (i32.const 66560)) (i32.const 0))
 (func (export "parigot_init") (param i32 i32) (result i32) (global.set 0 (i32.const 66560)) (i32.const 0)))
