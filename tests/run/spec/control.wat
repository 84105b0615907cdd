;; Blocks, branches and calls: core 2.0 §4.4.8 "Control Instructions".
(module (memory 1)
  (type $pair (func (param i32 i32) (result i32 i32)))
  (func $nop (export "nop") (nop) (block) (loop))
  (func (export "block-value") (result i32) (block (result i32) (i32.const 7)))
  (func (export "block-br") (param i32) (result i32)
    (block (result i32) (br 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 99)))
  (func (export "nested-br") (param i32) (result i32)
    (block $a (result i32)
      (block $b (result i32)
        (drop (br_if $a (i32.const 1) (i32.eq (local.get 0) (i32.const 1))))
        (drop (br_if $b (i32.const 2) (i32.eq (local.get 0) (i32.const 2))))
        (i32.const 3))
      (i32.add (i32.const 10))))
  ;; values below a block stay what they were, though their local changes inside
  (func (export "under-block") (param i32) (result i32)
    (local.get 0)
    (block (br_if 0 (i32.eqz (local.get 0))) (local.set 0 (i32.const 100)))
    (i32.add (local.get 0)))
  (func (export "under-if") (param i32 i32) (result i32)
    (local.get 0)
    (if (local.get 1) (then (local.set 0 (i32.const 100))) (else (local.set 0 (i32.const 200))))
    (i32.mul (local.get 0)))
  (func (export "under-loop") (param i32) (result i32) (local $n i32)
    (local.get 0)
    (loop $l
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $n) (i32.const 5))))
    (i32.sub (local.get 0)))
  (func (export "set-while-pending") (param i32 i32) (result i32)
    (local.get 0) (local.get 0) (local.set 0 (local.get 1)) (i32.mul) (i32.add (local.get 0)))
  (func (export "tee-while-pending") (param i32) (result i32)
    (i32.add (local.get 0) (i32.mul (local.tee 0 (i32.const 5)) (local.get 0))))
  (func (export "swap-locals") (param i32 i32) (result i32)
    (local.get 0) (local.get 1) (local.set 0) (local.set 1)
    (i32.sub (i32.mul (local.get 0) (i32.const 10)) (local.get 1)))
  (func (export "set-self") (param i32) (result i32) (local.set 0 (local.get 0)) (local.get 0))
  (func (export "locals-zero") (result i64) (local i32 i64 f32 f64)
    (i64.add (local.get 1) (i64.extend_i32_u (local.get 0))))

  (func (export "if-else") (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
  (func (export "if-only") (param i32) (result i32) (local $r i32) (if (local.get 0) (then (local.set $r (i32.const 5)))) (local.get $r))
  (func (export "if-params") (param i32 i32) (result i32)
    (local.get 0) (i32.const 3) (local.get 1)
    (if (param i32 i32) (result i32) (then (i32.add)) (else (i32.sub))))
  (func (export "if-dead-then") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (return (i32.const 1))) (else (i32.const 2))) (i32.add (i32.const 10)))
  (func (export "if-dead-else") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (return (i32.const 2)))) (i32.add (i32.const 10)))
  (func (export "if-both-dead") (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1))) (else (return (i32.const 2)))) (unreachable))
  (func (export "if-deep") (param i32) (result i32)
    (if (result i32) (i32.gt_s (local.get 0) (i32.const 10))
      (then (if (result i32) (i32.gt_s (local.get 0) (i32.const 20))
        (then (if (result i32) (i32.gt_s (local.get 0) (i32.const 30)) (then (i32.const 4)) (else (i32.const 3))))
        (else (i32.const 2))))
      (else (i32.const 1))))

  (func (export "loop-sum") (param i32) (result i32) (local $s i32)
    (block $end (loop $l
      (br_if $end (i32.eqz (local.get 0)))
      (local.set $s (i32.add (local.get $s) (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br $l)))
    (local.get $s))
  (func (export "loop-params") (param i32) (result i32)
    (i32.const 1) (local.get 0)
    (loop $l (param i32 i32) (result i32)
      (local.set 0) (i32.mul (local.get 0))
      (i32.sub (local.get 0) (i32.const 1))
      (local.tee 0) (local.get 0) (i32.const 0) (i32.gt_s)
      (br_if $l) (drop)))
  (func (export "br_if-value") (param i32) (result i32)
    (block (result i32) (br_if 0 (i32.const 10) (local.get 0)) (i32.add (i32.const 1))))
  (func (export "br_if-value-temp") (param i32 i32) (result i32)
    (i32.const 1000)
    (block (result i32) (br_if 0 (i32.mul (local.get 1) (local.get 1)) (local.get 0)) (i32.add (i32.const 1)))
    (i32.add))
  (func (export "br_if-value-local") (param i32 i32) (result i32)
    (block (result i32) (br_if 0 (local.get 1) (i32.eq (local.get 0) (local.get 1))) (local.set 1 (i32.const 50)) (i32.add (local.get 1))))
  (func (export "br_if-out-two") (param i32) (result i32)
    (i32.add (i32.const 100) (block (result i32)
      (i32.add (i32.const 20) (block (result i32)
        (br_if 1 (i32.const 3) (i32.gt_u (local.get 0) (i32.const 5))))))))
  (func (export "br_if-return") (param i32) (result i32)
    (br_if 0 (i32.const 1) (local.get 0)) (drop) (i32.const 2))
  (func (export "br_if-float-nan") (param f64 f64) (result i32)
    (block (br_if 0 (f64.lt (local.get 0) (local.get 1))) (return (i32.const 0))) (i32.const 1))
  (func (export "if-float-nan") (param f64 f64) (result i32)
    (if (result i32) (i32.eqz (f64.ge (local.get 0) (local.get 1))) (then (i32.const 1)) (else (i32.const 0))))
  (func (export "br_if-multi") (param i32) (result i32 i64 f32)
    (block (result i32 i64 f32)
      (i32.const 99)
      (i32.const 1) (i64.const 2) (f32.const 3)
      (br_if 0 (local.get 0))
      (drop) (drop) (drop) (i64.const 5) (f32.const 6)))
  (func (export "br-multi-moves") (param i32 i32) (result i32 i32)
    (block (result i32 i32) (i32.const 1) (i32.const 2) (local.get 1) (local.get 0) (br 0)))
  (func (export "br_table") (param i32) (result i32)
    (block (block (block (block (br_table 0 1 2 3 0 (local.get 0))) (return (i32.const 10))) (return (i32.const 11))) (return (i32.const 12))) (i32.const 13))
  (func (export "br_table-values") (param i32) (result i32)
    (i32.add (i32.const 1000) (block $a (result i32)
      (i32.add (i32.const 100) (block $b (result i32)
        (i32.add (i32.const 10) (block $c (result i32)
          (br_table $a $b $c $b $a (i32.const 5) (local.get 0)))))))))
  (func (export "br_table-multi") (param i32) (result i32 i32)
    (i32.const 7)
    (block $a (result i32 i32)
      (block $b (result i32 i32)
        (i32.const 99) (i32.const 1) (i32.const 2) (br_table $b $a $b (local.get 0)))
      (i32.add (i32.const 50)))
    (local.set 0) (i32.add) (local.get 0))
  (func (export "br_table-return") (param i32) (result i32)
    (block (result i32) (br_table 0 1 (i32.const 3) (local.get 0))) (i32.add (i32.const 1)))
  (func (export "br_table-loop") (param i32) (result i32) (local $n i32)
    (loop $l (block $out
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_table $l $out (i32.ge_u (local.get $n) (local.get 0)))))
    (local.get $n))
  (func (export "br_table-only-default") (param i32) (result i32) (block (br_table 0 (local.get 0))) (i32.const 1))
  (func (export "br_table-computed") (param i32) (result i32)
    (block (block (br_table 0 1 (i32.and (local.get 0) (i32.const 1)))) (return (i32.const 20))) (i32.const 21))

  (func (export "unreachable") (unreachable))
  (func (export "unreachable-if") (param i32) (if (local.get 0) (then (unreachable))))
  (func (export "dead-code") (result i32)
    (return (i32.const 1)) (drop (i32.add)) (block (br 0) (loop (if (i32.const 0) (then) (else (br 1))))) (br_table 0 0) (select) (i32.load) (call $nop))
  (func (export "dead-loop") (result i32) (block (br 0) (loop (br 0))) (i32.const 4))
  (func (export "dead-block-result") (param i32) (result i32)
    (block (result i32) (block (result i32) (br 1 (local.get 0))) (drop) (i32.const 0)))
  (func (export "select") (param i32 i32 i32) (result i32) (select (local.get 0) (local.get 1) (local.get 2)))
  (func (export "select-const") (param i32) (result i64) (select (i64.const -1) (i64.const 2) (local.get 0)))
  (func (export "select-f64") (param f64 f64) (result f64) (select (local.get 0) (local.get 1) (f64.lt (local.get 0) (local.get 1))))
  (func (export "select-f64-use") (param f64 f64) (result f64)
    (f64.add (select (f64.mul (local.get 0) (local.get 0)) (local.get 1) (f64.lt (local.get 0) (local.get 1))) (f64.const 1)))
  (func (export "select-chain") (param f32 i32) (result f32)
    (f32.neg (select (f32.neg (local.get 0)) (f32.const 9) (local.get 1))))
  (func (export "select-t") (param i32) (result funcref) (select (result funcref) (ref.null func) (ref.func $nop) (local.get 0)))

  (func $two (type $pair) (local.get 1) (local.get 0))
  (func (export "call-two") (param i32 i32) (result i32) (call $two (local.get 0) (local.get 1)) (i32.sub))
  (func (export "call-two-through") (param i32 i32) (result i32 i32) (call $two (call $two (local.get 0) (local.get 1))))
  (func $none)
  (func (export "call-none") (param i32) (result i32) (call $none) (local.get 0) (call $none) (i32.add (i32.const 1)) (call $none))
  (func $add3 (param i32 i64 f64) (result f64)
    (f64.add (local.get 2) (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))))
  (func (export "call-mixed") (param i32) (result f64)
    (f64.mul (call $add3 (local.get 0) (i64.const -3) (f64.const 0.5)) (call $add3 (i32.const 1) (i64.extend_i32_s (local.get 0)) (f64.const 2))))
  (func $fac (export "fac") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1)) (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 44)) (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
  (func $odd (export "odd") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 99)) (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
  (func $runaway (export "runaway") (call $runaway))
  (func $mutual1 (export "mutual-runaway") (call $mutual2))
  (func $mutual2 (call $mutual1))
  (func $many (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64 i64 i64 i64 i64 i64 i64 i64)
    (local.get 7) (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "many") (result i64)
    (call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8))
    (drop) (drop) (drop) (drop) (drop) (drop) (i64.const 10) (i64.mul) (i64.add))
  (func $more-results (param i32) (result i32 i32 i32 i32 i32)
    (local.get 0) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5))
  (func (export "more-results") (param i32) (result i32)
    (call $more-results (local.get 0)) (i32.add) (i32.add) (i32.add) (i32.add))

  (global $g (mut i32) (i32.const 5))
  (global $f (mut f64) (f64.const 1.5))
  (func (export "global") (param i32) (result i32) (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g))
  (func (export "global-const") (result i32) (global.set $g (i32.const -8)) (global.get $g))
  (func (export "global-f64") (param f64) (result f64)
    (global.set $f (f64.add (global.get $f) (local.get 0))) (f64.mul (global.get $f) (f64.const 2)))
  (func (export "global-pending") (param i32) (result i32)
    (global.get $g) (global.set $g (local.get 0)) (global.get $g) (i32.sub))
)
;; assert_return (invoke "nop")
;; assert_return (invoke "block-value") 7
;; assert_return (invoke "block-br" 4) 5
;; assert_return (invoke "nested-br" 1) 1
;; assert_return (invoke "nested-br" 2) 12
;; assert_return (invoke "nested-br" 3) 13
;; assert_return (invoke "under-block" 0) 0
;; assert_return (invoke "under-block" 3) 103
;; assert_return (invoke "under-if" 3 1) 300
;; assert_return (invoke "under-if" 3 0) 600
;; assert_return (invoke "under-loop" 10) -5
;; assert_return (invoke "set-while-pending" 3 4) 13
;; assert_return (invoke "tee-while-pending" 3) 28
;; assert_return (invoke "swap-locals" 3 4) 37
;; assert_return (invoke "set-self" 3) 3
;; assert_return (invoke "locals-zero") 0
;; assert_return (invoke "if-else" 1) 1
;; assert_return (invoke "if-else" 0) 2
;; assert_return (invoke "if-else" -1) 1
;; assert_return (invoke "if-only" 1) 5
;; assert_return (invoke "if-only" 0) 0
;; assert_return (invoke "if-params" 10 1) 13
;; assert_return (invoke "if-params" 10 0) 7
;; assert_return (invoke "if-dead-then" 1) 1
;; assert_return (invoke "if-dead-then" 0) 12
;; assert_return (invoke "if-dead-else" 1) 11
;; assert_return (invoke "if-dead-else" 0) 2
;; assert_return (invoke "if-both-dead" 1) 1
;; assert_return (invoke "if-both-dead" 0) 2
;; assert_return (invoke "if-deep" 5) 1
;; assert_return (invoke "if-deep" 15) 2
;; assert_return (invoke "if-deep" 25) 3
;; assert_return (invoke "if-deep" 35) 4
;; assert_return (invoke "loop-sum" 0) 0
;; assert_return (invoke "loop-sum" 100) 5050
;; assert_return (invoke "loop-params" 5) 120
;; assert_return (invoke "br_if-value" 1) 10
;; assert_return (invoke "br_if-value" 0) 11
;; assert_return (invoke "br_if-value-temp" 1 3) 1009
;; assert_return (invoke "br_if-value-temp" 0 3) 1010
;; assert_return (invoke "br_if-value-local" 3 3) 3
;; assert_return (invoke "br_if-value-local" 3 4) 54
;; assert_return (invoke "br_if-out-two" 6) 103
;; assert_return (invoke "br_if-out-two" 5) 123
;; assert_return (invoke "br_if-return" 1) 1
;; assert_return (invoke "br_if-return" 0) 2
;; assert_return (invoke "br_if-float-nan" nan 1) 0
;; assert_return (invoke "br_if-float-nan" 0 1) 1
;; assert_return (invoke "if-float-nan" nan 1) 1
;; assert_return (invoke "if-float-nan" 1 1) 0
;; assert_return (invoke "br_if-multi" 1) 1 2 3
;; assert_return (invoke "br_if-multi" 0) 99 5 6
;; assert_return (invoke "br-multi-moves" 3 4) 4 3
;; assert_return (invoke "br_table" 0) 10
;; assert_return (invoke "br_table" 1) 11
;; assert_return (invoke "br_table" 2) 12
;; assert_return (invoke "br_table" 3) 13
;; assert_return (invoke "br_table" 4) 10
;; assert_return (invoke "br_table" -1) 10
;; assert_return (invoke "br_table-values" 0) 1005
;; assert_return (invoke "br_table-values" 1) 1105
;; assert_return (invoke "br_table-values" 2) 1115
;; assert_return (invoke "br_table-values" 3) 1105
;; assert_return (invoke "br_table-values" 4) 1005
;; assert_return (invoke "br_table-values" 77) 1005
;; assert_return (invoke "br_table-multi" 0) 8 52
;; assert_return (invoke "br_table-multi" 1) 8 2
;; assert_return (invoke "br_table-multi" 2) 8 52
;; assert_return (invoke "br_table-return" 0) 4
;; assert_return (invoke "br_table-return" 1) 3
;; assert_return (invoke "br_table-return" 9) 3
;; assert_return (invoke "br_table-loop" 10) 10
;; assert_return (invoke "br_table-only-default" 3) 1
;; assert_return (invoke "br_table-computed" 2) 20
;; assert_return (invoke "br_table-computed" 3) 21
;; assert_trap (invoke "unreachable") "unreachable"
;; assert_trap (invoke "unreachable-if" 1) "unreachable"
;; assert_return (invoke "unreachable-if" 0)
;; assert_return (invoke "dead-code") 1
;; assert_return (invoke "dead-loop") 4
;; assert_return (invoke "dead-block-result" 6) 6
;; assert_return (invoke "select" 1 2 1) 1
;; assert_return (invoke "select" 1 2 0) 2
;; assert_return (invoke "select-const" 1) -1
;; assert_return (invoke "select-const" 0) 2
;; assert_return (invoke "select-f64" 1 2) 1
;; assert_return (invoke "select-f64" 2 1) 1
;; assert_return (invoke "select-f64-use" 2 3) 5
;; assert_return (invoke "select-f64-use" 3 2) 3
;; assert_return (invoke "select-chain" 4 1) 4
;; assert_return (invoke "select-chain" 4 0) -9
;; assert_return (invoke "select-t" 1) null
;; assert_return (invoke "select-t" 0) 0
;; assert_return (invoke "call-two" 3 10) 7
;; assert_return (invoke "call-two-through" 3 10) 3 10
;; assert_return (invoke "call-none" 3) 4
;; assert_return (invoke "call-mixed" 2) -2.5
;; assert_return (invoke "fac" 20) 2432902008176640000
;; assert_return (invoke "even" 1000) 44
;; assert_return (invoke "even" 1001) 99
;; assert_trap (invoke "even" 1000000) "call stack exhausted"
;; assert_trap (invoke "runaway") "call stack exhausted"
;; assert_trap (invoke "mutual-runaway") "call stack exhausted"
;; assert_return (invoke "many") 78
;; assert_return (invoke "more-results" 1) 15
;; assert_return (invoke "global" 3) 8
;; assert_return (invoke "global" 3) 11
;; assert_return (invoke "global-const") -8
;; assert_return (invoke "global-pending" 2) -10
;; assert_return (invoke "global-f64" 2) 7
;; fresh
;; assert_return (invoke "global" 0) 5
