;; Exports of asyncify, imports of Go's scheduler.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: import "gojs" "runtime.scheduleTimeoutEvent" belongs to the scheduler of Go [P206]
;; OUT: export "asyncify_start_unwind" suspends the program (asyncify) [P206]
(module (import "gojs" "runtime.scheduleTimeoutEvent" (func (param i32))) (func (export "asyncify_start_unwind") (param i32)))
