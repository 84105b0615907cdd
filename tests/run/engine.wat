;; Engines have names.
;; RUN: wat2wasm %s -o m.wasm
;; RUN: parigot-run --engine=interp m.wasm --allow-unsigned --policy=none --invoke=f
;; OUT: 7
;; RUN: parigot-run --engine=fast m.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 2
;; ERR: --engine wants interp or wamr, not "fast"
(module (func (export "f") (result i32) (i32.const 7)))
