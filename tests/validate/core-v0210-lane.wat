;; A lane that the vector does not have.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: invalid lane index 4: i32x4.extract_lane has 4 lanes (func 0) [V0210]
(module (func (param v128) (result i32) (i32x4.extract_lane 4 (local.get 0))))
