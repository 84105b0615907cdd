;; Tail calls are validated, and refused by P601 where the policy does not list them.
;; NEED: wat2wasm
;; RUN: wat2wasm --enable-tail-call %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: feature tail-call is used, first here, and not on the policy's list (func 0) [P601]
(module (func $f (result i32) (return_call $f)))
