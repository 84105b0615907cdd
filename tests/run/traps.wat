;; RUN: wat2wasm --debug-names %s -o m.wasm
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=outer 0
;; EXIT: 134
;; ERR: parigot-run: trap: integer divide by zero
;; ERR: #0 func 1 "divide" at 0x
;; ERR: #1 func 2 "middle" at 0x
;; ERR: #2 func 3 at 0x
;; NOT: #3
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=load -- 65533
;; EXIT: 134
;; ERR: trap: out of bounds memory access (address 0x
;; RUN: parigot-run m.wasm --checked --allow-unsigned --policy=none --invoke=load 65533
;; EXIT: 134
;; ERR: trap: out of bounds memory access (address 0xfffd)
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=forever
;; EXIT: 134
;; ERR: trap: call stack exhausted
;; ERR: #0 func 5 "again"
;; ERR: #47 func 5
;; ERR: more ...
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=spin --deadline=50ms
;; EXIT: 134
;; ERR: trap: deadline exceeded
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=outer 7
;; OUT: 14
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-run m.wasm --allow-unsigned --policy=none --invoke=fill-all --deadline=1ms --memory=1GiB
;; EXIT: 134
;; ERR: trap: deadline exceeded
(module
  (memory 1 65536)
  (func $unused)
  (func $divide (param i32) (result i32) (i32.div_u (i32.const 98) (local.get 0)))
  (func $middle (param i32) (result i32) (local i32 i64) (i32.add (i32.const 0) (call $divide (local.get 0))))
  (func (export "outer") (param i32) (result i32) (call $middle (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $again (call 5))
  (func (export "forever") (call 5))
  (func (export "spin") (loop (br 0)))
  (func (export "fill-all")
    (drop (memory.grow (i32.const 16383)))
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x40000000)) (br 0))))
