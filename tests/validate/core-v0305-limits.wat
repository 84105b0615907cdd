;; Limits out of order, and beyond 4 GiB.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: size minimum must not be greater than maximum: 3, 2 [V0305]
;; OUT: size minimum must not be greater than maximum: 2, 1 [V0305]
(module (memory 2 1) (table 3 2 funcref))
