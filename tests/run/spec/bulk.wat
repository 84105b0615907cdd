;; memory.copy, memory.fill, memory.init, data.drop: core 2.0 §4.4.7. What is out of bounds changes nothing.
(module
  (memory 1 2)
  (data (i32.const 16) "0123456789")
  (data $p "passive")
  (data $q "")
  (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32) (memory.init $p (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init-empty") (param i32 i32 i32) (memory.init $q (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init-active") (param i32 i32 i32) (memory.init 0 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $p))
  (func (export "drop-active") (data.drop 0))
  (func (export "string") (param i32) (result i64) (i64.load (local.get 0)))
  ;; operands that are constants, results of instructions, and locals
  (func (export "mixed") (param i32) (result i32)
    (memory.fill (i32.add (local.get 0) (i32.const 1)) (i32.const 65) (i32.shl (local.get 0) (i32.const 1)))
    (memory.copy (i32.const 400) (local.get 0) (i32.add (local.get 0) (i32.const 3)))
    (i32.add (i32.load8_u offset=400 (i32.const 1)) (i32.load8_u (i32.add (local.get 0) (i32.mul (local.get 0) (i32.const 2)))))))
;; assert_return (invoke "copy" 100 16 10)
;; assert_return (invoke "string" 100) 0x3736353433323130
;; assert_return (invoke "byte" 109) 57
;; assert_return (invoke "byte" 110) 0
;; assert_return (invoke "copy" 102 100 8)
;; assert_return (invoke "string" 100) 0x3534333231303130
;; assert_return (invoke "copy" 101 102 7)
;; assert_return (invoke "string" 100) 0x3635343332313030
;; assert_return (invoke "copy" 16 16 10)
;; assert_return (invoke "string" 16) 0x3736353433323130
;; assert_return (invoke "copy" 65536 0 0)
;; assert_return (invoke "copy" 0 65536 0)
;; assert_trap (invoke "copy" 65537 0 0) "out of bounds memory access"
;; assert_trap (invoke "copy" 0 65537 0) "out of bounds memory access"
;; assert_trap (invoke "copy" 65530 16 7) "out of bounds memory access"
;; assert_return (invoke "byte" 65530) 0
;; assert_trap (invoke "copy" 200 65530 7) "out of bounds memory access"
;; assert_trap (invoke "copy" -1 16 2) "out of bounds memory access"
;; assert_trap (invoke "copy" 16 16 -1) "out of bounds memory access"
;; assert_return (invoke "fill" 300 0x1ff 3)
;; assert_return (invoke "byte" 299) 0
;; assert_return (invoke "byte" 300) 255
;; assert_return (invoke "byte" 302) 255
;; assert_return (invoke "byte" 303) 0
;; assert_return (invoke "fill" 65536 1 0)
;; assert_trap (invoke "fill" 65537 1 0) "out of bounds memory access"
;; assert_trap (invoke "fill" 65535 1 2) "out of bounds memory access"
;; assert_return (invoke "byte" 65535) 0
;; assert_trap (invoke "fill" 0 1 -1) "out of bounds memory access"
;; assert_return (invoke "init" 500 0 7)
;; assert_return (invoke "string" 500) 0x0065766973736170
;; assert_return (invoke "init" 500 7 0)
;; assert_trap (invoke "init" 500 8 0) "out of bounds memory access"
;; assert_trap (invoke "init" 500 1 7) "out of bounds memory access"
;; assert_trap (invoke "init" 65530 0 7) "out of bounds memory access"
;; assert_return (invoke "init" 65529 0 7)
;; assert_return (invoke "byte" 65535) 101
;; assert_return (invoke "init" 65536 0 0)
;; assert_trap (invoke "init" 65537 0 0) "out of bounds memory access"
;; assert_return (invoke "init-empty" 0 0 0)
;; assert_trap (invoke "init-empty" 0 0 1) "out of bounds memory access"
;; assert_return (invoke "init-active" 0 0 0)
;; assert_trap (invoke "init-active" 0 0 1) "out of bounds memory access"
;; assert_return (invoke "drop-active")
;; assert_return (invoke "drop")
;; assert_return (invoke "drop")
;; assert_return (invoke "init" 0 0 0)
;; assert_trap (invoke "init" 0 0 1) "out of bounds memory access"
;; assert_return (invoke "mixed" 600) 130
;; fresh
;; assert_return (invoke "init" 0 0 1)
;; assert_return (invoke "byte" 0) 112
