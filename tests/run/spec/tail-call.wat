;; Tail calls proposal: the caller's frame is gone, so depth does not count.
(module
  (type $i-i (func (param i32) (result i32)))
  (type $acc (func (param i64 i64) (result i64)))
  (import "test" "twice" (func $twice (param i32) (result i32)))
  (table funcref (elem $even $odd $sum $twice))
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 44)) (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
  (func $odd (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 99)) (else (return_call $even (i32.sub (local.get 0) (i32.const 1))))))
  (func $sum (export "sum") (param $n i64) (param $s i64) (result i64)
    (if (i64.eqz (local.get $n)) (then (return (local.get $s))))
    (return_call $sum (i64.sub (local.get $n) (i64.const 1)) (i64.add (local.get $s) (local.get $n))))
  (func $sum-indirect (export "sum-indirect") (param $n i64) (param $s i64) (result i64)
    (if (i64.eqz (local.get $n)) (then (return (local.get $s))))
    (return_call_indirect (type $acc) (i64.sub (local.get $n) (i64.const 1)) (i64.add (local.get $s) (local.get $n)) (i32.const 2)))
  ;; from few parameters to many and back: frames of different shapes in one place
  (func $many (param i32 i64 f32 f64 i32 i64 f32 f64 i32) (result i32) (local $z i64)
    (if (i64.ne (local.get $z) (i64.const 0)) (then (unreachable)))
    (local.set $z (i64.const -1))
    (return_call $few (i32.sub (local.get 8) (i32.const 1))))
  (func $few (export "few") (param i32) (result i32) (local $z f64)
    (if (f64.ne (local.get $z) (f64.const 0)) (then (unreachable)))
    (local.set $z (f64.const 1))
    (if (i32.eqz (local.get 0)) (then (return (i32.const 5))))
    (return_call $many (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5) (i64.const 6) (f32.const 7) (f64.const 8) (local.get 0)))
  (func (export "wrapped") (param i32) (result i32) (i32.add (i32.const 1000) (call $few (local.get 0))))
  (func (export "host") (param i32) (result i32) (return_call $twice (i32.add (local.get 0) (i32.const 1))))
  (func (export "host-indirect") (param i32 i32) (result i32) (return_call_indirect (type $i-i) (local.get 0) (i32.add (local.get 1) (i32.const 1))))
  (func (export "swap") (param i64 i64) (result i64) (return_call $minus (local.get 1) (local.get 0)))
  (func $minus (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
  (func $forever (export "forever") (return_call $forever))
  (func (export "then-trap") (param i32) (result i32) (return_call $divide (i32.const 1) (local.get 0)))
  (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
)
;; assert_return (invoke "even" 1000000) 44
;; assert_return (invoke "even" 1000001) 99
;; assert_return (invoke "sum" 1000000 0) 500000500000
;; assert_return (invoke "sum-indirect" 10000 0) 50005000
;; assert_return (invoke "few" 100000) 5
;; assert_return (invoke "wrapped" 1000) 1005
;; assert_return (invoke "host" 20) 42
;; assert_return (invoke "host-indirect" 21 2) 42
;; assert_return (invoke "host-indirect" 4 0) 99
;; assert_trap (invoke "host-indirect" 4 1) "indirect call type mismatch"
;; assert_trap (invoke "host-indirect" 4 3) "undefined element"
;; assert_return (invoke "swap" 10 3) -7
;; assert_trap (invoke "then-trap" 0) "integer divide by zero"
