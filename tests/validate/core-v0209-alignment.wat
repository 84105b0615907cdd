;; An alignment above the natural one.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: alignment must not be larger than natural: 2^2 of i32.load16_u (func 0) [V0209]
(module (memory 1) (func (drop (i32.load16_u align=4 (i32.const 0)))))
