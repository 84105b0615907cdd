;; Entries of other types; one that is an import handed on; one that is a global.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: export "a.v1.B/C" hands an import on: entries are functions of the module's own [P502]
;; OUT: export "parigot_alloc" is (i64) -> i32, the ABI's is (i32) -> i32 (func 1) [P502]
;; OUT: export "parigot_init" is a global, the ABI's is a function [P502]
;; OUT: export "a.v1.B/D" is (i32, i32, i32, i32) -> i32, the ABI's is (i32, i32, i32, i32) -> void (func 3) [P502]
(module (import "a.v1.B" "C" (func $import (param i32 i32 i32) (result i32)))
 (export "a.v1.B/C" (func $import))
 (func (export "parigot_alloc") (param i64) (result i32) (i32.const 0))
 (global (export "parigot_init") i32 (i32.const 0))
 (func (export "parigot_result") (param i32 i32 i32 i32 i32 i32))
 (func (export "a.v1.B/D") (param i32 i32 i32 i32) (result i32) (i32.const 1)))
