;; SIMD depends on WAMR's build: it is in the form where it is asked for.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate --policy=none --features=wamr m.wasm
;; EXIT: 1
;; OUT: feature simd is not enabled: v128 [W0117]
(module (func (param v128)))
;; RUN: parigot-validate --policy=none --features=wamr,simd m.wasm
;; OUT: pass
