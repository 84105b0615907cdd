;; A counter in a mutable global; under reset it is let through, and still told.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: mutable global 0 "served" (i32), 1 write, the first at 0x
(module (global $served (mut i32) (i32.const 0))
 (func (export "f") (global.set $served (i32.add (global.get $served) (i32.const 1)))))
