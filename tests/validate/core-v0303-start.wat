;; A start function with a result.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: start function 0 has parameters or results [V0303]
(module (func $f (result i32) (i32.const 1)) (start $f))
