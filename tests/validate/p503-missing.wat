;; A module that calls a service needs the entries for its results.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: no export "parigot_alloc"
;; OUT: no export "parigot_init"
;; OUT: no export "parigot_result": the module calls services, their results come there [P503]
(module (import "a.v1.B" "C" (func (param i32 i32 i32) (result i32))))
