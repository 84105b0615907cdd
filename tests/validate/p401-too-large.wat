;; A memory above the limit.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: the memory's maximum is 67174400 bytes, limits.memory is 67108864 [P401]
(module (memory 1 1025))
