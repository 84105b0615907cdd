;; An imported mutable global.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: imports the mutable global "env" "g" (i32), which no code writes [P102]
(module (import "env" "g" (global (mut i32))))
