;; Stores to fixed addresses: direct, through a local, with an offset, by bulk instructions, through i64.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: writes 4 bytes at the fixed address 0x400 (func 0 "direct") [P104]
;; OUT: writes 8 bytes at the fixed address 0x408 (func 1 "local") [P104]
;; OUT: writes 1 byte at the fixed address 0x400 (func 2 "sum") [P104]
;; OUT: writes 2 bytes at the fixed address 0x1002 (func 3 "global") [P104]
;; OUT: writes 8 bytes at the fixed address 0x10 (func 4 "wrap") [P104]
;; OUT: writes 100 bytes at the fixed address 0x40 (func 5 "fill") [P104]
;; OUT: writes at the fixed address 0x40 (func 6 "copy") [P104]
;; NOT: "nothing"
;; NOT: "other"
;; NOT: "joined"
;; NOT: "looped"
(module (memory 1 1)
 (global $base i32 (i32.const 4096))
 (func $direct (i32.store (i32.const 1024) (i32.const 1)))
 (func $local (local i32) (local.set 0 (i32.const 1024)) (i64.store offset=8 (local.get 0) (i64.const 1)))
 (func $sum (i32.store8 (i32.add (i32.const 1000) (i32.shl (i32.const 3) (i32.const 3))) (i32.const 1)))
 (func $global (i32.store16 offset=2 (global.get $base) (i32.const 1)))
 (func $wrap (f64.store (i32.wrap_i64 (i64.add (i64.const 4294967296) (i64.const 16))) (f64.const 1)))
 (func $fill (memory.fill (i32.const 64) (i32.const 0) (i32.const 100)))
 (func $copy (param i32) (memory.copy (i32.const 64) (i32.const 0) (local.get 0)))
 (func $nothing (memory.fill (i32.const 64) (i32.const 0) (i32.const 0)))
 (func $other (param i32) (i32.store (local.get 0) (i32.const 1)))
 (func $joined (param i32) (local i32)
  (local.set 1 (i32.const 8)) (if (local.get 0) (then (local.set 1 (local.get 0)))) (i32.store (local.get 1) (i32.const 1)))
 (func $looped (param i32) (local i32)
  (local.set 1 (i32.const 8)) (loop (i32.store (local.get 1) (i32.const 1)) (local.set 1 (i32.add (local.get 1) (i32.const 4))) (br_if 0 (local.get 0)))))
