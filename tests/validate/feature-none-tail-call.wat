;; Under policy none all supported features are let through.
;; NEED: wat2wasm
;; RUN: wat2wasm --enable-tail-call %s -o m.wasm && parigot-validate --policy=none m.wasm
;; OUT: pass  m.wasm: valid
(module (func $f (result i32) (return_call $f)))
