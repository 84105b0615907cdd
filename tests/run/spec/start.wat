;; Instantiation: globals in order, segments, then the start function. Constant expressions with extended-const.
(module
  (memory 1)
  (table 4 funcref)
  (global $a i32 (i32.const 40))
  (global $b (mut i32) (i32.add (i32.const 2) (i32.mul (i32.const -3) (i32.sub (i32.const 1) (i32.const 5)))))
  (global $c i64 (i64.mul (i64.sub (i64.const 0) (i64.const 2)) (i64.add (i64.const 3) (i64.const 4))))
  (global $d f32 (f32.const -0x1.8p3))
  (global $e f64 (f64.const nan:0x8000000000001))
  (data (offset (i32.add (i32.const 8) (i32.const 8))) "\2a")
  (data (i32.const 65536) "")
  (elem (offset (i32.const 4)) func)
  (elem (i32.const 1) func $start)
  (func $start
    (global.set $b (i32.add (global.get $b) (i32.load8_u (i32.const 16))))
    (i32.store8 (i32.const 17) (i32.const 43)))
  (start $start)
  (func (export "a") (result i32) (global.get $a))
  (func (export "b") (result i32) (global.get $b))
  (func (export "c") (result i64) (global.get $c))
  (func (export "d") (result f32) (global.get $d))
  (func (export "e") (result i64) (i64.reinterpret_f64 (global.get $e)))
  (func (export "stored") (result i32) (i32.load8_u (i32.const 17)))
  (func (export "call") (call_indirect (i32.const 1))))
;; assert_return (invoke "a") 40
;; assert_return (invoke "b") 56
;; assert_return (invoke "c") -14
;; assert_return (invoke "d") -12
;; assert_return (invoke "e") 0x7ff8000000000001
;; assert_return (invoke "stored") 43
;; assert_return (invoke "call")
;; assert_return (invoke "b") 98
;; fresh
;; assert_return (invoke "b") 56
