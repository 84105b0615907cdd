;; Arguments of --invoke: their number and their form are looked at before anything runs; imports too.
;; RUN: wat2wasm %s -o m.wasm
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=twice 21
;; OUT: 42
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=twice
;; EXIT: 2
;; ERR: [R0107]
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=twice 1 2
;; EXIT: 2
;; ERR: [R0107]
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=twice one
;; EXIT: 2
;; ERR: argument 1, "one", is no i32 [R0107]
(module (func (export "twice") (param i32) (result i32) local.get 0 i32.const 2 i32.mul))
