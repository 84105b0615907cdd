;; A feature that is supported, but not enabled by --features.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate --policy=none --features=mvp,bulk-memory m.wasm
;; EXIT: 1
;; OUT: feature simd is not enabled: v128 [W0117]
(module (func (param v128)))
