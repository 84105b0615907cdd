;; Another linker's stack pointer: not provable, an error under --strict.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; OUT: global 0 is used like a stack pointer (2 writes, the first at 0x74 in function 0), but entry "parigot_event" does not reset it: what one entry leaves in it the next one finds [P101]
;; OUT: not provable: P101 P104
(module (memory 2 2) (global $__stack_pointer (mut i32) (i32.const 66560))
 (func $f (export "parigot_event") (param i32 i32 i32) (local i32)
  (local.set 3 (i32.sub (global.get 0) (i32.const 32)))
  (global.set 0 (local.get 3))
  (i32.store (local.get 3) (local.get 0))
  (global.set 0 (i32.add (local.get 3) (i32.const 32))))
 (func (export "parigot_alloc") (param i32) (result i32) (i32.const 0))
 (func (export "parigot_init") (param i32 i32) (result i32) (i32.const 0)))
;; RUN: parigot-validate --strict m.wasm
;; EXIT: 1
;; OUT: error: m.wasm
