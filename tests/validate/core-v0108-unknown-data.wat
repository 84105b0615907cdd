;; A data segment that is not there.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown data segment 1: the module has 1 (func 0) [V0108]
(module (memory 1) (data "x") (func (data.drop 1)))
