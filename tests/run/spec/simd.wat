;; Vectors through everything that moves values: locals, parameters, results, blocks, branches, select, drop, globals,
;; calls of each kind. What the instructions compute is tests/run/simd.py's.
(module
  (type $vv-v (func (param v128 v128) (result v128)))
  (type $ivI-Iv (func (param i32 v128 i64) (result i64 v128)))
  (memory 1)
  (global $g (mut v128) (v128.const i64x2 1 2))
  (global $h v128 (v128.const i64x2 3 4))
  (global $n (mut i32) (i32.const 7))
  (table funcref (elem $sub $swap))
  (func $sub (export "sub") (type $vv-v) (i64x2.sub (local.get 0) (local.get 1)))
  (func $swap (export "swap") (type $vv-v) (local.get 1) (local.set 1 (local.get 0)) (drop (local.get 1)))
  (func (export "const") (result v128) (v128.const i32x4 1 2 3 4))
  (func (export "mixed") (type $ivI-Iv) (i64.add (local.get 2) (i64.extend_i32_u (local.get 0))) (local.get 1))
  (func $mixed (type $ivI-Iv) (i64.add (local.get 2) (i64.extend_i32_u (local.get 0))) (local.get 1))
  (func (export "call-mixed") (param i32 v128 i64) (result i64 v128) (call $mixed (local.get 0) (local.get 1) (local.get 2)))
  (func (export "tail") (param v128 v128) (result v128) (return_call $sub (local.get 1) (local.get 0)))
  (func (export "indirect") (param i32 v128 v128) (result v128) (call_indirect (type $vv-v) (local.get 1) (local.get 2) (local.get 0)))
  (func (export "tail-indirect") (param i32 v128 v128) (result v128)
    (return_call_indirect (type $vv-v) (local.get 1) (local.get 2) (local.get 0)))
  (func (export "locals") (param i32 v128) (result v128 i32 v128) (local v128 i32 v128)
    (local.set 2 (local.get 1)) (local.set 3 (i32.add (local.get 0) (i32.const 1)))
    (local.set 4 (i64x2.add (local.get 2) (local.get 2)))
    (local.get 2) (local.get 3) (local.get 4))
  (func (export "zeroed") (result v128) (local i32 v128 v128) (v128.or (local.get 1) (local.get 2)))
  ;; the old value of a local is meant, although it changes before it is used
  (func (export "old-value") (param v128) (result v128)
    (local.get 0) (local.set 0 (v128.const i64x2 0 0)) (local.get 0) (drop))
  (func (export "old-value-2") (param v128) (result v128)
    (local.get 0) (local.set 0 (i64x2.add (local.get 0) (v128.const i64x2 1 1))) (local.get 0) (i64x2.sub))
  (func (export "tee") (param v128) (result v128) (local v128)
    (i64x2.add (local.tee 1 (i64x2.add (local.get 0) (local.get 0))) (local.get 1)))
  (func (export "tee-self") (param v128) (result v128) (i64x2.add (local.tee 0 (local.get 0)) (local.get 0)))
  (func (export "select") (param i32 v128 v128) (result v128) (select (local.get 1) (local.get 2) (local.get 0)))
  (func (export "select-t") (param i32 v128 v128) (result v128)
    (select (result v128) (i64x2.neg (local.get 1)) (i64x2.neg (local.get 2)) (local.get 0)))
  (func (export "drop") (param i32) (result i32) (local.get 0) (drop (v128.const i64x2 8 9)))
  (func (export "drop-narrow") (param v128 i32) (result v128) (local.get 0) (local.get 1) (drop))
  (func (export "drop-two") (param v128) (result i32)
    (i32.const 5) (i32.const 6) (local.get 0) (drop) (drop))
  ;; two numbers where a vector stood
  (func (export "reuse") (param v128 i32) (result i32)
    (drop (i64x2.neg (local.get 0)))
    (i32.add (local.get 1) (i32.const 1)) (i32.add (local.get 1) (i32.const 2)) (drop))
  (func (export "block") (param i32 v128) (result v128)
    (block $b (result v128)
      (br_if $b (local.get 1) (local.get 0))
      (i64x2.neg)))
  (func (export "block-below") (param i32 v128) (result v128)
    (block $b (result v128)
      (i32.const 1) (i32.const 2)
      (br_if $b (local.get 1) (local.get 0))
      (drop) (drop) (drop) (i64x2.splat (i64.const 9))))
  (func (export "if") (param i32 v128) (result v128 i32)
    (local.get 1)
    (if (param v128) (result v128 i32) (local.get 0)
      (then (i64x2.neg) (i32.const 1))
      (else (drop) (v128.const i64x2 5 6) (i32.const 2))))
  (func (export "loop") (param i32 v128) (result v128)
    (local.get 1)
    (loop $l (param v128) (result v128)
      (i64x2.add (local.get 1))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $l (local.get 0))))
  (func (export "table") (param i32 v128) (result v128)
    (block $c (result v128)
      (block $b (result v128)
        (block $a (result v128)
          (br_table $a $b $c (local.get 1) (local.get 0)))
        (i64x2.neg) (br $c))
      (i64x2.add (v128.const i64x2 100 100))))
  (func (export "return") (param i32 v128) (result v128)
    (i32.const 3)
    (if (local.get 0) (then (return (local.get 1))))
    (drop) (v128.const i64x2 0 0))
  (func (export "unreachable") (param v128) (result v128)
    (block $b (result v128) (br $b (local.get 0)) (i64x2.add) (drop) (v128.const i64x2 1 1)))
  (func (export "global") (param v128) (result v128 v128 i32)
    (global.get $g) (global.set $g (local.get 0)) (global.get $h) (global.get $n))
  (func (export "global-kept") (result v128) (global.get $g))
  ;; accumulators: numbers of each kind live across a vector instruction
  (func (export "across") (param i32 f32 f64 v128) (result i64 f32 f64 v128)
    (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1))
    (f32.add (local.get 1) (f32.const 1))
    (f64.add (local.get 2) (f64.const 1))
    (i32x4.add (f32x4.sqrt (local.get 3)) (v128.const i32x4 0 0 0 0)))
  (func (export "lanes") (param v128 i32) (result i32)
    (i32.add (i32x4.extract_lane 1 (i32x4.replace_lane 1 (local.get 0) (i32.mul (local.get 1) (i32.const 3)))) (local.get 1)))
  (func (export "store-load") (param i32 v128) (result v128) (v128.store offset=3 (local.get 0) (local.get 1)) (v128.load offset=3 (local.get 0)))
  (func (export "load-local") (param i32) (result v128) (local v128) (local.set 1 (v128.load (local.get 0))) (local.get 1))
)
;; assert_return (invoke "sub" 0x00000000000000050000000000000007 0x00000000000000010000000000000002) 0x40000000000000005
;; assert_return (invoke "swap" 0x1 0x20000000000000000) 0x20000000000000000
;; assert_return (invoke "const") 0x00000004000000030000000200000001
;; assert_return (invoke "mixed" 3 0xa0000000000000000b 4) 7 0xa0000000000000000b
;; assert_return (invoke "call-mixed" 3 0xa0000000000000000b 4) 7 0xa0000000000000000b
;; assert_return (invoke "tail" 0x2 0x5) 0x3
;; assert_return (invoke "indirect" 0 0x9 0x5) 0x4
;; assert_return (invoke "indirect" 1 0x9 0x5) 0x5
;; assert_return (invoke "tail-indirect" 0 0x9 0x5) 0x4
;; assert_trap (invoke "indirect" 2 0x9 0x5) "undefined element"
;; assert_return (invoke "locals" 4 0x30000000000000001) 0x30000000000000001 5 0x60000000000000002
;; assert_return (invoke "zeroed") 0x0
;; assert_return (invoke "old-value" 0x30000000000000001) 0x30000000000000001
;; assert_return (invoke "old-value-2" 0x30000000000000001) 0xffffffffffffffffffffffffffffffff
;; assert_return (invoke "tee" 0x30000000000000001) 0xc0000000000000004
;; assert_return (invoke "tee-self" 0x30000000000000001) 0x60000000000000002
;; assert_return (invoke "select" 1 0x1 0x2) 0x1
;; assert_return (invoke "select" 0 0x10000000000000000 0x20000000000000000) 0x20000000000000000
;; assert_return (invoke "select-t" 1 0x00000000000000010000000000000001 0x2) 0xffffffffffffffffffffffffffffffff
;; assert_return (invoke "drop" 6) 6
;; assert_return (invoke "drop-narrow" 0x70000000000000005 3) 0x70000000000000005
;; assert_return (invoke "drop-two" 0x1) 5
;; assert_return (invoke "reuse" 0x1 10) 11
;; assert_return (invoke "block" 1 0x00000000000000010000000000000002) 0x00000000000000010000000000000002
;; assert_return (invoke "block" 0 0x00000000000000010000000000000001) 0xffffffffffffffffffffffffffffffff
;; assert_return (invoke "block-below" 1 0x00000000000000010000000000000002) 0x00000000000000010000000000000002
;; assert_return (invoke "block-below" 0 0x1) 0x00000000000000090000000000000009
;; assert_return (invoke "if" 1 0x00000000000000010000000000000001) 0xffffffffffffffffffffffffffffffff 1
;; assert_return (invoke "if" 0 0x1) 0x00000000000000060000000000000005 2
;; assert_return (invoke "loop" 4 0x00000000000000010000000000000002) 0x0000000000000005000000000000000a
;; assert_return (invoke "table" 0 0x00000000000000010000000000000001) 0xffffffffffffffffffffffffffffffff
;; assert_return (invoke "table" 1 0x00000000000000010000000000000002) 0x00000000000000650000000000000066
;; assert_return (invoke "table" 2 0x00000000000000010000000000000002) 0x00000000000000010000000000000002
;; assert_return (invoke "return" 1 0x00000000000000010000000000000002) 0x00000000000000010000000000000002
;; assert_return (invoke "return" 0 0x1) 0x0
;; assert_return (invoke "unreachable" 0x00000000000000010000000000000002) 0x00000000000000010000000000000002
;; assert_return (invoke "global" 0x00000000000000080000000000000009) 0x00000000000000020000000000000001 0x00000000000000040000000000000003 7
;; assert_return (invoke "global-kept") 0x00000000000000080000000000000009
;; assert_return (invoke "across" 1 2 3 0x40800000408000004080000040800000) 2 3 4 0x40000000400000004000000040000000
;; assert_return (invoke "lanes" 0x1 5) 20
;; assert_return (invoke "store-load" 100 0x0123456789abcdef0011223344556677) 0x0123456789abcdef0011223344556677
;; assert_return (invoke "store-load" 65517 0x0123456789abcdef0011223344556677) 0x0123456789abcdef0011223344556677
;; assert_trap (invoke "store-load" 65518 0x1) "out of bounds memory access"
;; assert_return (invoke "load-local" 65520) 0x0123456789abcdef0011223344556677
;; assert_trap (invoke "load-local" 65521) "out of bounds memory access"
;; assert_trap (invoke "load-local" -1) "out of bounds memory access"
