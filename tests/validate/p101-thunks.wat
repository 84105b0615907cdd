;; Entries that first reset the stack pointer: proved, whoever made the module.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; OUT: pass  m.wasm: valid, 26 rules proved
(module (memory 2 2) (global $__stack_pointer (mut i32) (i32.const 66560))
 (func $f (param i32 i32 i32) (local i32)
  (local.set 3 (i32.sub (global.get 0) (i32.const 32)))
  (global.set 0 (local.get 3))
  (global.set 0 (i32.add (local.get 3) (i32.const 32))))
 (func (export "parigot_event") (param i32 i32 i32)
  (global.set 0 (i32.const 66560)) (call $f (local.get 0) (local.get 1) (local.get 2)))
 (func (export "parigot_alloc") (param i32) (result i32) (global.set 0 (i32.const 66560)) (i32.const 0))
 (func (export "parigot_init") (param i32 i32) (result i32) (global.set 0 (i32.const 66560)) (i32.const 0)))
