;; A local index that is not there.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown local 2: the function has 2 (func 0) [V0106]
(module (func (param i32) (local i64) (drop (local.get 2))))
