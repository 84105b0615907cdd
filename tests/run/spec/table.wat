;; Tables and references: core 2.0 §4.4.6 "Table Instructions", §4.4.8 call_indirect.
(module
  (type $v-i (func (result i32)))
  (type $i-i (func (param i32) (result i32)))
  (type $same-as-i-i (func (param i32) (result i32)))
  (type $l-l (func (param i64) (result i64)))
  (table $t 8 16 funcref)
  (table $x 4 externref)
  (table $u 3 funcref)
  (elem (table $t) (i32.const 1) func $one $double $long)
  (elem $p func $two $three $one)
  (elem $e funcref (ref.func $two) (ref.null func) (ref.func $one))
  (elem $d declare func $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $three (result i32) (i32.const 3))
  (func $double (type $i-i) (i32.mul (local.get 0) (i32.const 2)))
  (func $long (type $l-l) (i64.add (local.get 0) (i64.const 1)))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $v-i) (local.get 0)))
  (func (export "call-u") (param i32) (result i32) (call_indirect $u (type $v-i) (local.get 0)))
  (func (export "call-const") (result i32) (call_indirect $t (type $v-i) (i32.const 1)))
  (func (export "call1") (param i32 i32) (result i32) (call_indirect $t (type $i-i) (local.get 0) (local.get 1)))
  (func (export "call1-computed") (param i32 i32) (result i32)
    (call_indirect $t (type $same-as-i-i) (i32.add (local.get 0) (i32.const 1)) (i32.sub (local.get 1) (i32.const 1))))
  (func (export "call-long") (param i32 i64) (result i64) (call_indirect $t (type $l-l) (local.get 1) (local.get 0)))
  (func (export "get") (param i32) (result funcref) (table.get $t (local.get 0)))
  (func (export "set") (param i32 funcref) (table.set $t (local.get 0) (local.get 1)))
  (func (export "set-two") (param i32) (table.set $t (local.get 0) (ref.func $two)))
  (func (export "get-x") (param i32) (result externref) (table.get $x (local.get 0)))
  (func (export "set-x") (param i32 externref) (table.set $x (local.get 0) (local.get 1)))
  (func (export "null") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
  (func (export "null-x") (param externref) (result i32) (ref.is_null (local.get 0)))
  (func (export "null-const") (result i32) (i32.add (ref.is_null (ref.null extern)) (ref.is_null (ref.func $two))))
  (func (export "if-null") (param funcref) (result i32) (if (result i32) (ref.is_null (local.get 0)) (then (i32.const 10)) (else (i32.const 20))))
  (func (export "size") (result i32) (table.size $t))
  (func (export "size-x") (result i32) (table.size $x))
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $three) (local.get 0)))
  (func (export "grow-x") (param externref i32) (result i32) (table.grow $x (local.get 0) (local.get 1)))
  (func (export "fill") (param i32 i32) (table.fill $t (local.get 0) (ref.func $one) (local.get 1)))
  (func (export "fill-x") (param i32 externref i32) (table.fill $x (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy-tu") (param i32 i32 i32) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy-ut") (param i32 i32 i32) (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32) (table.init $t $p (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init-u") (param i32 i32 i32) (table.init $u $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init-declared") (param i32) (table.init $t $d (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "drop") (elem.drop $p))
  (global $g (mut funcref) (ref.func $one))
  (func (export "global-ref") (param i32) (result i32)
    (table.set $t (i32.const 0) (global.get $g)) (global.set $g (ref.null func))
    (i32.add (call_indirect $t (type $v-i) (i32.const 0)) (ref.is_null (global.get $g))))
)
;; assert_return (invoke "call" 1) 1
;; assert_trap (invoke "call" 0) "uninitialized element"
;; assert_trap (invoke "call" 2) "indirect call type mismatch"
;; assert_trap (invoke "call" 3) "indirect call type mismatch"
;; assert_trap (invoke "call" 8) "undefined element"
;; assert_trap (invoke "call" -1) "undefined element"
;; assert_return (invoke "call-const") 1
;; assert_return (invoke "call1" 21 2) 42
;; assert_trap (invoke "call1" 21 1) "indirect call type mismatch"
;; assert_return (invoke "call1-computed" 20 3) 42
;; assert_return (invoke "call-long" 3 41) 42
;; assert_trap (invoke "call-long" 2 41) "indirect call type mismatch"
;; assert_return (invoke "get" 0) null
;; assert_return (invoke "get" 1) 0
;; assert_return (invoke "get" 2) 3
;; assert_trap (invoke "get" 8) "out of bounds table access"
;; assert_return (invoke "set" 0 2)
;; assert_return (invoke "call" 0) 3
;; assert_return (invoke "set-two" 0)
;; assert_return (invoke "call" 0) 2
;; assert_return (invoke "set" 0 null)
;; assert_trap (invoke "call" 0) "uninitialized element"
;; assert_trap (invoke "set" 8 null) "out of bounds table access"
;; assert_return (invoke "get-x" 0) null
;; assert_return (invoke "set-x" 3 77)
;; assert_return (invoke "get-x" 3) 77
;; assert_trap (invoke "set-x" 4 77) "out of bounds table access"
;; assert_trap (invoke "get-x" 4) "out of bounds table access"
;; assert_return (invoke "null" 0) 1
;; assert_return (invoke "null" 1) 0
;; assert_return (invoke "null-x" null) 1
;; assert_return (invoke "null-x" 0) 0
;; assert_return (invoke "null-const") 1
;; assert_return (invoke "if-null" null) 10
;; assert_return (invoke "if-null" 1) 20
;; assert_return (invoke "size") 8
;; assert_return (invoke "grow" 0) 8
;; assert_return (invoke "grow" 9) -1
;; assert_return (invoke "grow" -1) -1
;; assert_return (invoke "grow" 3) 8
;; assert_return (invoke "size") 11
;; assert_return (invoke "call" 10) 3
;; assert_trap (invoke "call" 11) "undefined element"
;; assert_return (invoke "grow-x" 5 2) 4
;; assert_return (invoke "get-x" 5) 5
;; assert_return (invoke "size-x") 6
;; assert_return (invoke "grow-x" 5 0x7fffffff) -1
;; assert_return (invoke "fill" 9 2)
;; assert_return (invoke "call" 9) 1
;; assert_return (invoke "call" 8) 3
;; assert_return (invoke "fill" 11 0)
;; assert_trap (invoke "fill" 12 0) "out of bounds table access"
;; assert_trap (invoke "fill" 10 2) "out of bounds table access"
;; assert_return (invoke "fill-x" 0 9 2)
;; assert_return (invoke "get-x" 1) 9
;; assert_return (invoke "get-x" 2) null
;; assert_return (invoke "init" 4 0 3)
;; assert_return (invoke "call" 4) 2
;; assert_return (invoke "call" 5) 3
;; assert_return (invoke "call" 6) 1
;; assert_return (invoke "copy" 5 4 3)
;; assert_return (invoke "call" 5) 2
;; assert_return (invoke "call" 6) 3
;; assert_return (invoke "call" 7) 1
;; assert_return (invoke "copy" 4 5 3)
;; assert_return (invoke "call" 4) 2
;; assert_return (invoke "call" 6) 1
;; assert_return (invoke "copy" 11 0 0)
;; assert_trap (invoke "copy" 12 0 0) "out of bounds table access"
;; assert_trap (invoke "copy" 9 0 3) "out of bounds table access"
;; assert_trap (invoke "copy" 0 9 3) "out of bounds table access"
;; assert_return (invoke "init-u" 0 0 3)
;; assert_return (invoke "call-u" 0) 2
;; assert_trap (invoke "call-u" 1) "uninitialized element"
;; assert_return (invoke "call-u" 2) 1
;; assert_return (invoke "copy-tu" 0 2 1)
;; assert_return (invoke "call" 0) 1
;; assert_return (invoke "copy-ut" 1 5 1)
;; assert_return (invoke "call-u" 1) 3
;; assert_trap (invoke "copy-ut" 1 5 3) "out of bounds table access"
;; assert_trap (invoke "init-u" 1 0 3) "out of bounds table access"
;; assert_trap (invoke "init-u" 0 1 3) "out of bounds table access"
;; assert_return (invoke "init-u" 3 3 0)
;; assert_trap (invoke "init-u" 4 0 0) "out of bounds table access"
;; assert_return (invoke "init-declared" 0)
;; assert_trap (invoke "init-declared" 1) "out of bounds table access"
;; assert_return (invoke "drop")
;; assert_return (invoke "drop")
;; assert_return (invoke "init" 0 0 0)
;; assert_trap (invoke "init" 0 0 1) "out of bounds table access"
;; assert_return (invoke "global-ref" 0) 2
;; fresh
;; assert_return (invoke "init" 0 0 1)
;; assert_return (invoke "call" 0) 2
;; assert_return (invoke "size") 8
