;; A start section.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: function 0 runs when the module is instantiated (start section)
(module (func $main) (start $main))
