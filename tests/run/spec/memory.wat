;; memory.size, memory.grow and accesses around the end: core 2.0 §4.4.7 "Memory Instructions".
(module
  (memory 1 4)
  (data (i32.const 0) "abcdefgh")
  (data (i32.const 65535) "z")
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow-size") (param i32) (result i32) (i32.add (i32.mul (memory.grow (local.get 0)) (i32.const 100)) (memory.size)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "load8") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "store64") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
  (func (export "store-after-grow") (param i32) (result i32) (local $old i32)
    (local.set $old (memory.grow (i32.const 1)))
    (i32.store (i32.mul (local.get $old) (i32.const 65536)) (local.get 0))
    (i32.load (i32.mul (local.get $old) (i32.const 65536))))
  (func (export "sum") (result i32) (local $i i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (local.get $s) (i32.load8_u (local.get $i))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
    (local.get $s))
  ;; a store is seen by what loads the same bytes in another width
  (func (export "overlap") (param i64) (result i32)
    (i64.store offset=100 (i32.const 0) (local.get 0))
    (i32.add (i32.load16_u offset=101 (i32.const 0)) (i32.load8_s (i32.const 107))))
  ;; bits of floats pass through memory unchanged, signalling NaNs too
  (func (export "snan32") (param i32) (result i32)
    (i32.store (i32.const 200) (local.get 0))
    (f32.store (i32.const 204) (f32.load (i32.const 200)))
    (i32.load (i32.const 204)))
  (func (export "snan64") (param i64) (result i64)
    (i64.store (i32.const 200) (local.get 0))
    (f64.store (i32.const 208) (f64.load (i32.const 200)))
    (i64.load (i32.const 208)))
  (func (export "snan32-local") (param i32) (result i32) (local f32)
    (local.set 1 (f32.reinterpret_i32 (local.get 0)))
    (i32.reinterpret_f32 (f32.neg (f32.neg (f32.abs (local.get 1))))))
  (func (export "address-wraps-not") (param i32) (result i32)
    (i32.load offset=0xfffffff0 (i32.add (local.get 0) (i32.const 32))))
  ;; which is evaluated first shows in what is stored
  (func $tick (param i32) (result i32)
    (i32.store (i32.const 300) (i32.add (i32.mul (i32.load (i32.const 300)) (i32.const 10)) (local.get 0)))
    (local.get 0))
  (func (export "order") (result i32)
    (i32.store (i32.const 300) (i32.const 0))
    (i32.store offset=304 (i32.sub (call $tick (i32.const 4)) (i32.const 4)) (call $tick (i32.const 2)))
    (i32.load (i32.const 300)))
)
;; assert_return (invoke "size") 1
;; assert_return (invoke "load8" 65535) 122
;; assert_return (invoke "load8" 7) 104
;; assert_return (invoke "sum") 804
;; assert_trap (invoke "load8" 65536) "out of bounds memory access"
;; assert_trap (invoke "load" 65533) "out of bounds memory access"
;; assert_trap (invoke "load" 0x80000000) "out of bounds memory access"
;; assert_trap (invoke "load" -1) "out of bounds memory access"
;; assert_trap (invoke "store" 65533 7) "out of bounds memory access"
;; assert_return (invoke "load8" 65535) 122
;; assert_trap (invoke "store64" 65529 -1) "out of bounds memory access"
;; assert_return (invoke "load8" 65535) 122
;; assert_return (invoke "grow" 0) 1
;; assert_return (invoke "grow" 4) -1
;; assert_return (invoke "grow" -1) -1
;; assert_return (invoke "size") 1
;; assert_return (invoke "grow-size" 1) 102
;; assert_return (invoke "load8" 65536) 0
;; assert_return (invoke "load" 65533) 7995392
;; assert_return (invoke "store" 65533 -1)
;; assert_return (invoke "load" 131068) 0
;; assert_trap (invoke "load" 131069) "out of bounds memory access"
;; assert_return (invoke "store-after-grow" 77) 77
;; assert_return (invoke "size") 3
;; assert_return (invoke "grow" 2) -1
;; assert_return (invoke "grow" 1) 3
;; assert_return (invoke "grow" 1) -1
;; assert_return (invoke "grow" 0) 4
;; assert_trap (invoke "load" 262144) "out of bounds memory access"
;; assert_return (invoke "load" 262140) 0
;; assert_return (invoke "overlap" 0x8877665544332211) 12970
;; assert_return (invoke "snan32" 0x7fa00001) 0x7fa00001
;; assert_return (invoke "snan64" 0xfff4000000000001) 0xfff4000000000001
;; assert_return (invoke "snan32-local" 0xffa00001) 0x7fa00001
;; assert_trap (invoke "address-wraps-not" 0) "out of bounds memory access"
;; assert_return (invoke "order") 42
;; fresh
;; assert_return (invoke "size") 1
;; assert_return (invoke "load8" 0) 97
;; assert_trap (invoke "load8" 65536) "out of bounds memory access"
