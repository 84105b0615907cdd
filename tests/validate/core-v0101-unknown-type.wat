;; A type index that is not there.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown type 9: the module has 1 (func 0) [V0101]
(module (type (func)) (table 1 funcref)
 (func (call_indirect (type 9) (i32.const 0))))
