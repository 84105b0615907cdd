(; Asks the greeter of examples/assemblyscript-reset: four times one behind the other, four times at once, then one by one until
   it has asked 2,000 times; logs the first eight answers, and exits with the status of what fails. ;)
(module
  (import "greeting.v1.Greeter" "Hello" (func $hello (param i32 i32 i32) (result i32)))
  (import "parigot.log.v1.Log" "Write" (func $log (param i32 i32 i32) (result i32)))
  (import "parigot.kernel.v1.Kernel" "Exit" (func $exit (param i32) (result i32)))
  (memory 2 2)
  (global $got (mut i32) (i32.const 0))
  (data (i32.const 8000) "\0a\03you")              ;; HelloRequest { name = "you" }
  (func (export "parigot_alloc") (param i32) (result i32) (i32.const 65536))
  (func $ask (drop (call $hello (i32.const 8000) (i32.const 5) (i32.const 1))))
  (func (export "parigot_init") (param i32 i32) (result i32) (call $ask) (i32.const 0))
  (func (export "parigot_result") (param $state i32) (param $cookie i32) (param $status i32) (param $at i32) (param $len i32) (param $flags i32)
    (if (local.get $status) (then (drop (call $exit (local.get $status)))))
    (global.set $got (i32.add (global.get $got) (i32.const 1)))
    (if (i32.le_u (global.get $got) (i32.const 8)) (then
      (i32.store8 (local.get $at) (i32.const 0x12)) ;; HelloReply.text, field 1, as WriteRequest.text, field 2
      (drop (call $log (local.get $at) (local.get $len) (i32.const 0)))))
    (if (i32.lt_u (global.get $got) (i32.const 4)) (then (call $ask)))
    (if (i32.eq (global.get $got) (i32.const 4)) (then (call $ask) (call $ask) (call $ask) (call $ask)))
    (if (i32.ge_u (global.get $got) (i32.const 8)) (then (call $ask)))
    (if (i32.eq (global.get $got) (i32.const 2000)) (then (drop (call $exit (i32.const 0)))))))
