;; Names of services and methods are ASCII identifiers of protobuf: what only looks like one is not, in imports and in exports.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: import "parig\xc2\xadot.kernel.v1.Kernel" "Exit" does not name a method of a service [P301]
;; OUT: "Wriε" does not name a method of a service [P301]
;; OUT: import "log.v1.Log/Write" "Write" does not name a method of a service [P301]
;; OUT: import "log..Log" "Write" does not name a method of a service [P301]
;; OUT: import "Log" "Write" does not name a method of a service [P301]
;; OUT: import "log.v1.Log*" "Write" does not name a method of a service [P301]
;; OUT: import "log.v1.Log " "Write" does not name a method of a service [P301]
;; OUT: export "a.v1.B/C\x00" (function) is not named by the ABI [P501]
;; OUT: export "a.v1.B//C" (function) is not named by the ABI [P501]
;; OUT: export "parigot/Init" (function) is not named by the ABI [P501]
;; OUT: export "parigot.v1.X/Y": package parigot belongs to the host, a module cannot provide it [P501]
;; NOT: "parigots.v1.X/Y"
(module
 (type $t (func (param i32 i32 i32) (result i32))) (type $e (func (param i32 i32 i32 i32)))
 (import "parig\c2\adot.kernel.v1.Kernel" "Exit" (func (type $t)))
 (import "log.v1.Log" "Wri\ce\b5" (func (type $t)))
 (import "log.v1.Log/Write" "Write" (func (type $t)))
 (import "log..Log" "Write" (func (type $t)))
 (import "Log" "Write" (func (type $t)))
 (import "log.v1.Log*" "Write" (func (type $t)))
 (import "log.v1.Log " "Write" (func (type $t)))
 (func $f (type $e))
 (export "a.v1.B/C\00" (func $f)) (export "a.v1.B//C" (func $f)) (export "parigot/Init" (func $f))
 (export "parigot.v1.X/Y" (func $f)) (export "parigots.v1.X/Y" (func $f)))
