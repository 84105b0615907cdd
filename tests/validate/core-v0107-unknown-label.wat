;; A branch out of more blocks than are open.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown label 2: 2 blocks are open (func 0) [V0107]
(module (func (block (br 2))))
