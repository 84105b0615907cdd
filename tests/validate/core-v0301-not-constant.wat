;; An initialiser that computes.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: constant expression required: i32.clz is not constant [V0301]
(module (global i32 (i32.clz (i32.const 1))))
