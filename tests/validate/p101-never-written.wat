;; A mutable global that nothing writes is still one.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: mutable global 1 (f64), which no code writes [P101]
(module (global f64 (f64.const 0)) (global (mut f64) (f64.const 0)))
