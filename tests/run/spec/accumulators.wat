;; What decode.c keeps track of: results used at once, later, twice, across stores, calls, branches and float results.
(module
  (memory 1)
  (func $id (param i32) (result i32) (local.get 0))
  (func $half (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
  (func (export "across-store") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1))
    (i32.store (i32.const 8) (local.get 0))
    (i32.mul (i32.const 2)))
  (func (export "two-temps") (param i32 i32) (result i32)
    (i32.sub (i32.mul (local.get 0) (local.get 1)) (i32.xor (local.get 0) (local.get 1))))
  (func (export "int-under-float") (param i32 f64) (result f64)
    (i32.add (local.get 0) (i32.const 1))
    (f64.add (local.get 1) (f64.const 1))
    (local.set 1)
    (f64.convert_i32_s)
    (f64.add (local.get 1)))
  (func (export "float-under-int") (param f64 i32) (result f64)
    (f64.add (local.get 0) (f64.const 0.5))
    (i32.add (local.get 1) (i32.const 1))
    (local.set 1)
    (f64.mul (f64.convert_i32_s (local.get 1))))
  (func (export "f32-f64") (param f32 f64) (result f64)
    (f32.add (local.get 0) (f32.const 1))
    (f64.add (local.get 1) (f64.const 1))
    (local.set 1)
    (f64.promote_f32)
    (f64.sub (local.get 1)))
  (func (export "tee-use") (param i32) (result i32) (local i32)
    (i32.add (local.tee 1 (i32.add (local.get 0) (i32.const 1))) (local.get 1)))
  (func (export "tee-tee") (param i32) (result i32) (local i32 i32)
    (local.tee 1 (local.tee 2 (i32.add (local.get 0) (i32.const 1))))
    (i32.add (local.get 1)) (i32.add (local.get 2)))
  (func (export "tee-then-change") (param i32) (result i32) (local i32)
    (local.tee 1 (i32.add (local.get 0) (i32.const 1)))
    (local.set 1 (i32.const 100))
    (i32.add (local.get 1)))
  (func (export "acc-local-overwritten") (param i32) (result i32) (local i32)
    (local.set 1 (i32.add (local.get 0) (i32.const 1)))
    (local.set 1 (local.get 0))
    (i32.mul (local.get 1) (i32.const 3)))
  (func (export "call-result") (param i32) (result i32)
    (i32.add (call $id (local.get 0)) (call $id (i32.add (call $id (i32.const 5)) (local.get 0)))))
  (func (export "call-float") (param f64) (result f64)
    (f64.sub (call $half (local.get 0)) (call $half (f64.add (call $half (f64.const 8)) (local.get 0)))))
  (func (export "float-across-call") (param f64) (result f64)
    (f64.mul (local.get 0) (local.get 0)) (call $half (local.get 0)) (f64.add))
  (func (export "dropped") (param i32) (result i32)
    (drop (f64.add (f64.const 1) (f64.const 2)))
    (drop (i32.add (local.get 0) (i32.const 5)))
    (i32.add (local.get 0) (i32.const 6)) (i32.add (i32.const 1)))
  (func (export "dropped-then-select") (param f64) (result f64)
    (drop (f64.add (local.get 0) (f64.const 7)))
    (select (local.get 0) (f64.const 3) (i32.const 1))
    (f64.add (f64.const 1)))
  (func (export "loop-carried") (param i32) (result i32) (local $i i32) (local $x i32)
    (local.set $x (i32.const 1))
    (loop $l
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 3)) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.ne (local.get $i) (local.get 0))))
    (local.get $x))
  (func (export "acc-into-loop") (param i32) (result i32) (local $n i32)
    (local.set $n (i32.add (local.get 0) (i32.const 1)))
    (loop $l
      (local.set 0 (i32.add (local.get 0) (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $l (local.get $n)))
    (local.get 0))
  (func (export "cond-acc") (param i32 i32) (result i32)
    (local.set 0 (i32.and (local.get 0) (i32.const 7)))
    (if (i32.gt_u (local.get 0) (local.get 1)) (then (return (i32.const 1))))
    (if (i32.gt_u (local.get 1) (local.get 0)) (then (return (i32.const 2))))
    (i32.const 3))
  (func (export "cmp-kept") (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.lt_s (local.get 0) (local.get 1)))
    (if (local.get 2) (then (return (i32.add (local.get 2) (i32.const 10)))))
    (local.get 2))
  (func (export "cmp-tee") (param i32 i32) (result i32) (local i32)
    (if (local.tee 2 (i32.lt_s (local.get 0) (local.get 1))) (then (return (i32.add (local.get 2) (i32.const 10)))))
    (i32.sub (local.get 2) (i32.const 1)))
  (func (export "cmp-twice") (param i32 i32) (result i32)
    (i32.add (i32.lt_s (local.get 0) (local.get 1)) (i32.eqz (i32.lt_s (local.get 1) (local.get 0)))))
  (func (export "cmp-then-flush") (param i32 i32) (result i32)
    (local.get 0) (i32.const 7) (local.get 1)
    (if (param i32 i32 i32) (result i32) (i32.lt_u (local.get 0) (local.get 1))
      (then (i32.add) (i32.add)) (else (i32.sub) (i32.sub))))
  (func (export "store-both") (param i32 i32)
    (i32.store (i32.add (local.get 0) (i32.const 4)) (i32.mul (local.get 1) (i32.const 2)))
    (f64.store (i32.add (local.get 0) (i32.const 8)) (f64.add (f64.const 1) (f64.convert_i32_s (local.get 1)))))
  (func (export "load32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "load64") (param i32) (result f64) (f64.load (local.get 0)))
  (func (export "chain") (param i32) (result i32)
    (i32.load (i32.load (i32.load (local.get 0)))))
  (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "many-pending") (param i32) (result i32)
    (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)
    (local.set 0 (i32.const 1))
    (local.get 0) (i32.add) (i32.add) (i32.add) (i32.add) (i32.add) (i32.add) (i32.add) (i32.add))
  (func (export "const-left") (param i32) (result i32)
    (i32.add (i32.sub (i32.const 0) (local.get 0)) (i32.shl (i32.const 1) (local.get 0))))
  (func (export "const-const") (result i64) (i64.sub (i64.const 0x123456789) (i64.const 0x987654321)))
  (func (export "i64-wide-imm") (param i64) (result i64) (i64.and (local.get 0) (i64.const 0x0f0f0f0f0f0f0f0f)))
  (func (export "i64-wide-cmp") (param i64) (result i32) (if (result i32) (i64.lt_u (local.get 0) (i64.const 0x100000000)) (then (i32.const 1)) (else (i32.const 2))))
  (func (export "same-twice") (param i32) (result i32) (i32.mul (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
  (func (export "block-result-acc") (param i32) (result i32)
    (block (result i32) (i32.add (local.get 0) (i32.const 1))) (i32.mul (i32.const 2)))
  (func (export "block-br_if-acc") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1))
    (block (br_if 0 (local.get 0)) (local.set 0 (i32.const 5)))
    (i32.add (local.get 0)))
)
;; assert_return (invoke "across-store" 4) 10
;; assert_return (invoke "load32" 8) 4
;; assert_return (invoke "two-temps" 6 3) 13
;; assert_return (invoke "int-under-float" 4 2.5) 8.5
;; assert_return (invoke "float-under-int" 1.5 3) 8
;; assert_return (invoke "f32-f64" 1.5 0.25) 1.25
;; assert_return (invoke "tee-use" 4) 10
;; assert_return (invoke "tee-tee" 4) 15
;; assert_return (invoke "tee-then-change" 4) 105
;; assert_return (invoke "acc-local-overwritten" 4) 12
;; assert_return (invoke "call-result" 4) 13
;; assert_return (invoke "call-float" 10) -2
;; assert_return (invoke "float-across-call" 3) 10.5
;; assert_return (invoke "dropped" 1) 8
;; assert_return (invoke "dropped-then-select" 2) 3
;; assert_return (invoke "loop-carried" 4) 99
;; assert_return (invoke "acc-into-loop" 3) 13
;; assert_return (invoke "cond-acc" 15 6) 1
;; assert_return (invoke "cond-acc" 8 6) 2
;; assert_return (invoke "cond-acc" 14 6) 3
;; assert_return (invoke "cmp-kept" 1 2) 11
;; assert_return (invoke "cmp-kept" 2 1) 0
;; assert_return (invoke "cmp-tee" 1 2) 11
;; assert_return (invoke "cmp-tee" 2 1) -1
;; assert_return (invoke "cmp-twice" 1 2) 2
;; assert_return (invoke "cmp-twice" 2 1) 0
;; assert_return (invoke "cmp-then-flush" 3 4) 14
;; assert_return (invoke "cmp-then-flush" 4 3) 0
;; assert_return (invoke "store-both" 100 7)
;; assert_return (invoke "load32" 104) 14
;; assert_return (invoke "load64" 108) 8
;; assert_return (invoke "poke" 200 204)
;; assert_return (invoke "poke" 204 208)
;; assert_return (invoke "poke" 208 17)
;; assert_return (invoke "chain" 200) 17
;; assert_return (invoke "many-pending" 5) 41
;; assert_return (invoke "const-left" 3) 5
;; assert_return (invoke "const-const") -36039547800
;; assert_return (invoke "i64-wide-imm" -1) 0x0f0f0f0f0f0f0f0f
;; assert_return (invoke "i64-wide-cmp" 0xffffffff) 1
;; assert_return (invoke "i64-wide-cmp" 0x100000000) 2
;; assert_return (invoke "same-twice" 4) 25
;; assert_return (invoke "block-result-acc" 4) 10
;; assert_return (invoke "block-br_if-acc" 0) 6
;; assert_return (invoke "block-br_if-acc" 2) 5
