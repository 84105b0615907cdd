;; Exports that the ABI does not name.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: export "run" (function) is not named by the ABI [P501]
;; OUT: export "greeting.v1.Greeter/" (function) is not named by the ABI [P501]
;; OUT: export "parigot.log.v1.Log/Write": package parigot belongs to the host, a module cannot provide it [P501]
(module (func (export "run")) (func (export "greeting.v1.Greeter/") ) (func (export "parigot.log.v1.Log/Write") (param i32 i32 i32 i32)))
