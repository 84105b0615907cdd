;; Without --features=wamr the form is not looked at.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate --policy=none m.wasm
;; OUT: pass  m.wasm
(module (func $s) (start $s))
