;; Every instruction that changes a table, and the exported table.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: table.set changes a table (func 0) [P105]
;; OUT: table.grow changes a table (func 0) [P105]
;; OUT: table.fill changes a table (func 0) [P105]
;; OUT: table.copy changes a table (func 0) [P105]
;; OUT: table.init changes a table (func 0) [P105]
;; OUT: exports the table 0 as "tab" [P105]
(module (table $t (export "tab") 4 funcref) (elem $e func $f)
 (func $f
  (table.set $t (i32.const 0) (ref.null func))
  (drop (table.grow $t (ref.null func) (i32.const 1)))
  (table.fill $t (i32.const 0) (ref.null func) (i32.const 1))
  (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))
  (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))))
