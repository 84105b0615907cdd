;; A memory of no pages: every access traps until it has grown. No maximum: the host's limit (256 MiB here) holds.
(module
  (memory 0)
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size)))
;; assert_trap (invoke "load" 0) "out of bounds memory access"
;; assert_return (invoke "fill" 0 0)
;; assert_trap (invoke "fill" 1 0) "out of bounds memory access"
;; assert_trap (invoke "fill" 0 1) "out of bounds memory access"
;; assert_return (invoke "grow" 65537) -1
;; assert_return (invoke "grow" 65536) -1
;; assert_return (invoke "grow" 4097) -1
;; assert_return (invoke "grow" 1) 0
;; assert_return (invoke "load" 65535) 0
;; assert_trap (invoke "load" 65536) "out of bounds memory access"
;; assert_return (invoke "grow" 4095) 1
;; assert_return (invoke "grow" 1) -1
;; assert_return (invoke "load" 0x0fffffff) 0
;; assert_trap (invoke "load" 0x10000000) "out of bounds memory access"
