;; A memory that may grow without limit.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: the memory has no maximum [P401]
(module (memory 1))
