(; What metering.py meters: one function or more for each way that code can go, and a line for each that calls it:
   CALL name arguments. After a call memory and tables stay as they are. ;)
(module
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1 20)
  (table $t 8 100 funcref)
  (elem (table $t) (i32.const 0) func $straight $fact $even)
  (elem $passive func $straight $fact $even)
  (data $bytes "some bytes to be copied")
  (global $g (mut i32) (i32.const 0))

  ;; CALL straight 5
  (func $straight (export "straight") (param i32) (result i32)
    (i32.add (i32.mul (local.get 0) (local.get 0)) (i32.div_u (local.get 0) (i32.const 3))))
  ;; CALL nothing
  (func (export "nothing"))
  ;; CALL branches 0
  ;; CALL branches 1
  ;; CALL branches 2
  (func (export "branches") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 10))
      (else (if (result i32) (i32.eq (local.get 0) (i32.const 1))
        (then (i32.add (i32.const 11) (i32.const 22)))
        (else (i32.rem_s (i32.const 1000) (local.get 0)))))))
  ;; CALL sum 0
  ;; CALL sum 100
  (func (export "sum") (param i32) (result i32) (local i32)
    (block $out (loop $top
      (br_if $out (i32.eqz (local.get 0)))
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br $top)))
    (local.get 1))
  ;; CALL nested 7
  (func (export "nested") (param i32) (result i32) (local i32 i32 i32)
    (loop $i
      (local.set 2 (i32.const 0))
      (loop $j
        (local.set 3 (i32.add (local.get 3) (i32.mul (local.get 1) (local.get 2))))
        (br_if $j (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (local.get 0))))
      (br_if $i (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
    (local.get 3))
  ;; CALL fact 10
  (func $fact (export "fact") (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (i32.const 1))))
    (i32.mul (local.get 0) (call $fact (i32.sub (local.get 0) (i32.const 1)))))
  ;; CALL even 1001
  (func $even (export "even") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
  (func $odd (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call_indirect $t (type $unary) (i32.sub (local.get 0) (i32.const 1)) (i32.const 2)))
  ;; CALL switch 0
  ;; CALL switch 1
  ;; CALL switch 2
  ;; CALL switch 9
  (func (export "switch") (param i32) (result i32)
    (block $default (block $two (block $one (block $zero
      (br_table $zero $one $two $default (local.get 0)))
      (return (i32.const 100)))
      (local.set 0 (i32.const 7)))
      (local.set 0 (i32.add (local.get 0) (i32.div_s (local.get 0) (i32.const 2)))))
    (i32.add (local.get 0) (i32.const 1)))
  ;; CALL machine 50
  (func (export "machine") (param i32) (result i32) (local i32 i32)
    (loop $next
      (block $stop (block $double (block $increment (block $call
        (br_table $increment $double $call $increment $stop (local.tee 2 (i32.rem_u (local.get 0) (i32.const 4)))))
        (local.set 1 (i32.add (local.get 1) (call $straight (local.get 0))))
        (br $stop))
        (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br $stop))
        (local.set 1 (i32.add (local.get 1) (local.get 1))))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  ;; CALL callback 20
  (func (export "callback") (param i32) (result i32) (local i32)
    (loop $top
      (local.set 1 (i32.xor (local.get 1) (call_indirect $t (type $unary) (local.get 0) (i32.const 0))))
      (br_if $top (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  ;; CALL mixed 30
  ;; CALL mixed 0
  (func (export "mixed") (param i32) (result i32) (local i32 i32)
    (block $skip
      (br_if $skip (i32.eqz (call $straight (local.get 0))))
      (local.set 1 (local.get 0))
      (loop $hot
        (if (i32.eq (local.get 1) (i32.const 13)) (then (drop (call $fact (i32.const 4)))) (else (nop)))
        (local.set 2 (i32.add (local.get 2) (local.get 1)))
        (br_if $hot (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
      (loop $warm
        (drop (call $straight (local.get 1)))
        (loop $inner
          (br_if $skip (i32.gt_u (local.get 1) (i32.const 1000)))
          (br_if $inner (i32.rem_u (local.tee 1 (i32.add (local.get 1) (i32.const 3))) (i32.const 10))))
        (br_if $warm (i32.lt_u (local.get 1) (local.get 0)))))
    (i32.add (local.get 2) (call $straight (local.get 1))))
  ;; CALL early 3
  ;; CALL early 30
  (func (export "early") (param i32) (result i32) (local i32)
    (loop $top (result i32)
      (if (i32.gt_u (local.get 1) (i32.const 20)) (then (return (i32.const -1))))
      (br_if 1 (i32.const 5) (i32.eq (local.get 1) (local.get 0)))
      (drop)
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br $top)))
  ;; CALL pair 9
  (func $two (param i32) (result i32 i32) (local.get 0) (i32.const 2))
  (func (export "pair") (param i32) (result i32 i32)
    (call $two (local.get 0))
    (block (param i32 i32) (result i32 i32)
      (br_if 0 (i32.and (local.get 0) (i32.const 1)))
      (drop) (drop) (i32.const 3) (i32.const 4)))
  ;; CALL carried 6
  (func (export "carried") (param i32) (result i32) (local i32)
    (local.get 0) (i32.const 0)
    (loop $top (param i32 i32) (result i32)
      (local.set 1) (local.set 0)
      (if (result i32) (local.get 0)
        (then (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (local.get 0)) (br $top))
        (else (local.get 1)))))
  ;; CALL dead 1
  ;; CALL dead 0
  (func (export "dead") (param i32) (result i32)
    (block $b (result i32)
      (if (local.get 0) (then (br $b (i32.const 8))) (else (br $b (i32.const 9))))
      (loop $never (br $never) (block (br 0) (br_table 0 1 (i32.const 0))) (drop (memory.grow (i32.const 9))))
      (unreachable) (if (then (drop (memory.grow (i32.const 1)))) (else (br 0))) (i32.add)))
  ;; CALL trap 0
  ;; CALL trap 4
  (func (export "trap") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (unreachable)))
    (loop (br_if 0 (i32.load (i32.shl (local.tee 0 (i32.mul (local.get 0) (i32.const 9))) (i32.const 3)))) )
    (i32.div_s (i32.const 1) (i32.sub (local.get 0) (local.get 0))))
  ;; CALL expensive 0
  ;; CALL expensive 40
  (func (export "expensive") (param i32) (result i32) (local i32)
    (loop $top
      (if (i32.gt_u (local.get 1) (i32.const 1000))
        (then (return (i32.rem_u (i32.rem_u (i32.rem_u (i32.rem_u (local.get 0) (i32.const 7)) (i32.const 6)) (i32.const 5)) (i32.const 4)))))
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if $top (local.tee 0 (i32.sub (local.get 0) (i32.ne (local.get 0) (i32.const 0))))))
    (local.get 1))
  ;; CALL grow 2
  ;; CALL grow -1
  ;; CALL grow 0
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  ;; CALL fill 1000
  ;; CALL fill 15
  (func (export "fill") (param i32) (result i32)
    (memory.fill (i32.const 64) (i32.const 7) (local.get 0))
    (memory.copy (i32.const 2048) (i32.const 64) (local.get 0))
    (memory.init $bytes (i32.const 0) (i32.const 0) (i32.const 23))
    (i32.load (i32.const 2048)))
  ;; CALL fills 20
  (func (export "fills") (param i32) (result i32) (local i32)
    (loop $top
      (memory.fill (i32.const 64) (local.get 0) (local.get 0))
      (if (i32.eq (local.get 0) (i32.const 4)) (then (local.set 1 (call $fact (local.get 0)))
         (memory.copy (i32.const 128) (i32.const 64) (i32.const 100))))
      (br_if $top (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.add (local.get 1) (i32.load8_u (i32.const 128))))
  ;; CALL tables 5
  (func (export "tables") (param i32) (result i32)
    (drop (table.grow $t (ref.null func) (local.get 0)))
    (table.fill $t (i32.const 4) (ref.func $fact) (i32.const 3))
    (table.init $t $passive (i32.const 4) (i32.const 0) (i32.const 2))
    (table.copy $t $t (i32.const 6) (i32.const 4) (i32.const 1))
    (i32.add (table.size $t) (call_indirect $t (type $unary) (i32.const 5) (i32.const 5))))
  ;; CALL i64sum 10
  (func (export "i64sum") (param i32) (result i64) (local i64 i64)
    (loop $top
      (local.set 2 (i64.add (local.get 2) (local.tee 1 (i64.extend_i32_u (local.get 0)))))
      (br_if $top (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2))
  ;; loops that count: charged before they begin
  ;; CALL countdown 1
  ;; CALL countdown 1000
  (func (export "countdown") (param i32) (result i32) (local i32)
    (loop $top
      (local.set 1 (i32.add (local.get 1) (i32.mul (local.get 0) (local.get 0))))
      (br_if $top (local.tee 0 (i32.add (local.get 0) (i32.const -1)))))
    (local.get 1))
  ;; CALL fours 3
  (func (export "fours") (param i32) (result i32) (local i32)
    (loop $top
      (if (i32.and (local.get 1) (i32.const 4)) (then (local.set 0 (i32.mul (local.get 0) (i32.const 5)))))
      (br_if $top (i32.ne (local.tee 1 (i32.add (local.get 1) (i32.const 4))) (i32.const 400))))
    (local.get 0))
  ;; CALL towards 2
  ;; CALL towards -7
  (func (export "towards") (param i32) (result i32) (local i32 i32)
    (local.set 1 (i32.add (local.get 0) (i32.const 64)))
    (loop $top
      (local.set 2 (i32.add (local.get 2) (local.get 1)))
      (br_if $top (i32.ne (local.get 0) (local.tee 1 (i32.add (local.get 1) (i32.const -8))))))
    (local.get 2))
  ;; CALL around
  (func (export "around") (result i32) (local i32 i32)
    (local.set 0 (i32.const 0x7ffffff0))
    (loop $top
      (local.set 1 (i32.add (local.get 1) (i32.const 3)))
      (br_if $top (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 0x80000010))))
    (local.get 1))
  ;; CALL high
  (func (export "high") (result i32) (local i32 i32)
    (local.set 0 (i32.const 0x80000000))
    (loop $top
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $top (local.tee 0 (i32.add (local.get 0) (i32.const 65536)))))
    (local.get 1))
  ;; CALL table 9
  (func (export "table") (param i32) (result i32) (local i32 i32 i32)
    (loop $rows
      (local.set 2 (i32.const 16))
      (loop $columns
        (local.set 3 (i32.add (local.get 3) (i32.mul (local.get 1) (local.get 2))))
        (br_if $columns (local.tee 2 (i32.add (local.get 2) (i32.const -1)))))
      (br_if $rows (i32.ne (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
    (local.get 3))
  ;; CALL found 5
  ;; CALL found 50
  (func (export "found") (param i32) (result i32) (local i32)
    (local.set 1 (i32.const 20))
    (block $out (loop $top
      (br_if $out (i32.eq (local.get 0) (local.get 1)))
      (br_if $top (local.tee 1 (i32.add (local.get 1) (i32.const -1))))))
    (local.get 1))
  ;; CALL skips 40
  (func (export "skips") (param i32) (result i32) (local i32)
    (loop $top
      (if (i32.eq (local.get 0) (i32.const 20)) (then (local.set 0 (i32.const 10))))
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $top (local.tee 0 (i32.add (local.get 0) (i32.const -1)))))
    (local.get 1))
  ;; CALL wipes 8
  (func (export "wipes") (param i32) (result i32)
    (loop $top
      (memory.fill (i32.const 64) (local.get 0) (i32.const 200))
      (br_if $top (local.tee 0 (i32.add (local.get 0) (i32.const -1)))))
    (i32.load8_u (i32.const 100)))
  ;; CALL afterwards 6
  (func (export "afterwards") (param i32) (result i32) (local i32 i32)
    (local.set 1 (local.get 0))
    (loop $top
      (local.set 2 (i32.add (local.get 2) (local.get 1)))
      (br_if $top (local.tee 1 (i32.add (local.get 1) (i32.const -1))))
      (local.set 2 (i32.mul (local.get 2) (call $fact (local.get 0)))))
    (local.get 2))
)
