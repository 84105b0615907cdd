;; Names of thread-local storage.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: export "__tls_base" belongs to thread-local storage [P203]
;; OUT: export "__wasm_init_tls" initialises thread-local storage [P203]
(module (global (export "__tls_base") i32 (i32.const 0)) (func (export "__wasm_init_tls") (param i32)))
