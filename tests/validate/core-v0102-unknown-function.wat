;; A function index that is not there.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all --debug-names %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown function 7: the module has 1 (func 0 "f") [V0102]
(module (func $f (call 7)))
