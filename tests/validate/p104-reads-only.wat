;; A module that never writes to memory has no writable data.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; OUT: valid, 26 rules proved
(module (memory 1 1) (data (i32.const 0) "x") (func (param i32) (result i32) (i32.load (local.get 0))))
