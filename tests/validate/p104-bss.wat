;; A gap between data and stack that can only be zero-initialised data.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: 4100 bytes between data and stack, 0x40c to 0x1410: zero-initialised data (.bss), if the stack has 64 KiB [P104]
(module (memory 3 3) (global $__stack_pointer (mut i32) (i32.const 70672))
 (data (i32.const 1024) "hello, world")
 (func (export "f") (param i32) (result i32) (local i32)
  (local.set 1 (i32.sub (global.get 0) (i32.const 16))) (global.set 0 (local.get 1))
  (i32.store (local.get 1) (local.get 0)) (global.set 0 (i32.add (local.get 1) (i32.const 16))) (local.get 1)))
