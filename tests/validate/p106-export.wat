;; Exported constructors.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: exports the constructor "__wasm_call_ctors" (func 0) [P106]
;; OUT: exports the constructor "_initialize" (func 1) [P106]
(module (func (export "__wasm_call_ctors")) (func (export "_initialize")))
