;; Two exports of one name.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: duplicate export name: "a" [V0302]
(module (func (export "a")) (func (export "b")) (func (export "a")))
