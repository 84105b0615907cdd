;; A table index that is not there.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: unknown table 3: the module has 0 (func 0) [V0103]
(module (func (drop (table.size 3))))
