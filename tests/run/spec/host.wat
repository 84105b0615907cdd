;; Host functions: values of every type cross the border; a host function can stop the guest, and cannot enter it again.
(module
  (import "test" "twice" (func $twice (param i32) (result i32)))
  (import "test" "stop" (func $stop (param i32)))
  (import "test" "again" (func $again (result i32)))
  (import "test" "swap" (func $swap (param i64 f32) (result f32 i64)))
  (import "test" "funcref" (func $funcref (param funcref) (result funcref)))
  (import "test" "externref" (func $externref (param externref) (result externref)))
  (table 1 funcref)
  (memory 1)
  (func $seven (result i32) (i32.const 7))
  (elem declare func $seven)
  (export "reexported" (func $twice))
  (func (export "twice") (param i32) (result i32) (call $twice (i32.add (local.get 0) (call $twice (i32.const 3)))))
  (func (export "negative") (param i32) (result i64) (i64.extend_i32_u (call $twice (local.get 0))))
  (func (export "stop") (param i32) (i32.store (i32.const 0) (i32.const 1)) (call $stop (local.get 0)) (i32.store (i32.const 0) (i32.const 2)))
  (func (export "stored") (result i32) (i32.load (i32.const 0)))
  (func (export "again") (result i32) (call $again))
  (func (export "swap") (param i64 f32) (result f32 i64) (call $swap (local.get 0) (local.get 1)))
  (func (export "float-kept") (param f64 i32) (result f64)
    (f64.add (f64.mul (local.get 0) (f64.const 3)) (f64.convert_i32_s (call $twice (local.get 1)))))
  (func (export "funcref") (result i32)
    (table.set 0 (i32.const 0) (call $funcref (ref.func $seven))) (call_indirect (result i32) (i32.const 0)))
  (func (export "funcref-null") (result i32) (ref.is_null (call $funcref (ref.null func))))
  (func (export "externref") (param externref) (result externref) (call $externref (local.get 0)))
)
;; assert_return (invoke "reexported" 4) 8
;; assert_return (invoke "twice" 1) 14
;; assert_return (invoke "negative" 0x80000001) 2
;; assert_trap (invoke "stop" 3) "trap in a host function"
;; assert_return (invoke "stored") 1
;; assert_return (invoke "again") 0
;; assert_return (invoke "swap" -5 2.5) 2.5 -5
;; assert_return (invoke "float-kept" 1.5 2) 8.5
;; assert_return (invoke "funcref") 7
;; assert_return (invoke "funcref-null") 1
;; assert_return (invoke "externref" 12) 12
;; assert_return (invoke "externref" null) null
