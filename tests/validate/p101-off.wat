;; What a policy has switched off is not looked at.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate --policy=none m.wasm
;; OUT: pass  m.wasm: valid, 0 rules proved
(module (global (mut i32) (i32.const 0)))
