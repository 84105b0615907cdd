;; A start section.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: the start section runs a function when the module is instantiated (func 0
(module (func $main) (start $main))
