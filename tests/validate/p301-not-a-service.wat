;; Imports that do not name a method of a service.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: import "env" "print" does not name a method of a service [P301]
;; OUT: import "log.v1." "Write" does not name
;; OUT: import "log.v1.Log" "9" does not name
;; OUT: the kernel has no method "Reboot" [P301]
;; NOT: "log.v1.Log" "Write"
(module
 (import "env" "print" (func (param i32 i32 i32) (result i32)))
 (import "log.v1." "Write" (func (param i32 i32 i32) (result i32)))
 (import "log.v1.Log" "9" (func (param i32 i32 i32) (result i32)))
 (import "parigot.kernel.v1.Kernel" "Reboot" (func (param i32) (result i32)))
 (import "log.v1.Log" "Write" (func (param i32 i32 i32) (result i32))))
