;; Writes through computed addresses, and no recorded layout.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; OUT: no layout is recorded: writes through computed addresses could reach static data [P104]
;; OUT: not provable: P104
;; RUN: parigot-validate --strict m.wasm
;; EXIT: 1
;; OUT: error: m.wasm: no layout is recorded
(module (memory 1 1) (func (param i32) (i32.store (local.get 0) (i32.const 1))))
