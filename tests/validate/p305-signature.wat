;; Imports of other types than their methods.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: import "log.v1.Log" "Write" is (i32, i32) -> void, the method is (i32, i32, i32) -> i32 [P305]
;; OUT: import "parigot.kernel.v1.Kernel" "Exit" is (i64) -> i32, the method is (i32) -> i32 [P305]
;; NOT: "Reply"
(module
 (import "log.v1.Log" "Write" (func (param i32 i32)))
 (import "parigot.kernel.v1.Kernel" "Reply" (func (param i32 i32 i32 i32) (result i32)))
 (import "parigot.kernel.v1.Kernel" "Exit" (func (param i64) (result i32))))
