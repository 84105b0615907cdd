;; A feature that the policy does not list.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: feature simd is used, first here, and not on the policy's list [P601]
(module (func (param v128) (result v128) (v128.not (local.get 0))))
