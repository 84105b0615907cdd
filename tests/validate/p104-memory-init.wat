;; A bulk write from a passive segment to a fixed address.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: writes 3 bytes at the fixed address 0x40
;; OUT: writes at the fixed address 0x50
;; NOT: "elsewhere"
(module (memory 1 1) (data $d "abc")
 (func $known (memory.init $d (i32.const 64) (i32.const 0) (i32.const 3)))
 (func $some (param i32) (memory.init $d (i32.const 80) (i32.const 0) (local.get 0)))
 (func $elsewhere (param i32) (memory.init $d (local.get 0) (i32.const 0) (i32.const 3))))
