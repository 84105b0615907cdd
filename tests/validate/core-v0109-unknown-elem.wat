;; An element segment that is not there.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown elem segment 1: the module has 1 (func 0) [V0109]
(module (table 1 funcref) (elem func) (func (elem.drop 1)))
