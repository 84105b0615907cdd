;; An exported mutable global; and an immutable one, which is P501.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: exports the mutable global 0 as "a" (i32), which no code writes [P103]
;; OUT: export "b" (global) is not named by the ABI [P501]
(module (global (export "a") (mut i32) (i32.const 0)) (global (export "b") i32 (i32.const 0)))
