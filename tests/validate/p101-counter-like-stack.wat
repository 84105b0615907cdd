;; A counter cannot pose as a stack pointer: it counts up.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: mutable global 0 (i32), 1 write, the first at 0x
;; OUT: in function 0; function 0 leaves it 16 above where it was [P101]
;; NOT: used like a stack pointer
(module (memory 2 2) (global $__stack_pointer (mut i32) (i32.const 66560))
 (func (export "f") (global.set 0 (i32.add (global.get 0) (i32.const 16)))))
