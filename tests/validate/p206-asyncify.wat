;; Exports of asyncify, also under short names, and imports of Go's scheduler.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: import "gojs" "runtime.scheduleTimeoutEvent" belongs to the scheduler of Go [P206]
;; OUT: export "asyncify_start_unwind" suspends the program (asyncify) [P206]
;; OUT: export "a" suspends the program: it has the code of asyncify (func 2) [P206]
;; OUT: export "b" suspends the program: it has the code of asyncify (func 3) [P206]
;; NOT: export "c" suspends
;; NOT: export "d" suspends
;; NOT: export "e" suspends
(module (import "gojs" "runtime.scheduleTimeoutEvent" (func (param i32)))
 (memory 1 1) (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
 (func (export "asyncify_start_unwind") (param i32))
 (func (export "a") (param i32)
  (global.set $state (i32.const 2)) (global.set $data (local.get 0))
  (if (i32.gt_u (i32.load (global.get $data)) (i32.load offset=4 (global.get $data))) (then unreachable)))
 (func (export "b")
  (global.set $state (i32.const 0))
  (if (i32.gt_u (i32.load (global.get $data)) (i32.load offset=4 (global.get $data))) (then unreachable)))
 (func (export "c") (param i32) (global.set $state (i32.const 1)) (global.set $data (local.get 0)))
 (func (export "d")
  (global.set $state (i32.const 3))
  (if (i32.gt_u (i32.load (global.get $data)) (i32.load offset=4 (global.get $data))) (then unreachable)))
 (func (export "e")
  (global.set $state (i32.const 0))
  (if (i32.gt_u (i32.load (global.get $data)) (i32.load offset=4 (global.get $state))) (then unreachable))))
