;; Wrong operands; every function is checked, one message each.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all --debug-names %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: type mismatch: i32.add needs i32, found i64 (func 0 "a") [V0207]
;; OUT: type mismatch: f32.neg needs f32, found nothing (func 1 "b") [V0207]
;; OUT: type mismatch: values remaining on stack at end of block: 1 too many, the topmost i32 (func 2 "c") [V0207]
;; OUT: not a valid module, 3 errors
(module
 (func $a (drop (i32.add (i32.const 1) (i64.const 2))))
 (func $b (drop (f32.neg)))
 (func $c (result i32) (i32.const 1) (i32.const 2))
 (func $d (drop (i32.eqz (i32.const 1)))))
