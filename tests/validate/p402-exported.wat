;; An exported memory.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: exports its memory as "memory" [P402]
(module (memory (export "memory") 1 1))
