;; A global index that is not there; and one that is not known yet where it is read.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown global 0: a constant expression may read imported globals, there are 0 [V0105]
;; OUT: unknown global 4: the module has 1 (func 0) [V0105]
(module (global i32 (global.get 0)) (func (drop (global.get 4))))
