;; A reference to a function that nothing outside of code names.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: undeclared function reference 0: no export, element segment or global names it (func 1) [V0212]
(module (func $f) (func (drop (ref.func $f))))
