;; A load without a memory.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown memory 0: i32.load in a module without memory (func 0) [V0104]
(module (func (drop (i32.load (i32.const 0)))))
