;; A write to an immutable global.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: global is immutable: 0 (func 0) [V0208]
(module (global i32 (i32.const 1)) (func (global.set 0 (i32.const 2))))
