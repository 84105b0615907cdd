;; An import that starts threads.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: import "wasi" "thread-spawn" starts a thread
;; OUT: [P204]
;; OUT: import "env" "pthread_create" starts a thread [P204]
(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (import "env" "pthread_create" (func (param i32 i32 i32 i32) (result i32))))
