(; What asks the greeters of examples/rust and examples/assemblyscript: requests as they should be and as they should not,
   each logged as NUMBER STATUS; then so many that memory which is not given back would run out. ;)
(module
  (import "greeting.v1.Greeter" "Hello" (func $hello (param i32 i32 i32) (result i32)))
  (import "greeting.v1.Greeter" "Countdown" (func $countdown (param i32 i32 i32) (result i32)))
  (import "parigot.log.v1.Log" "Write" (func $log (param i32 i32 i32) (result i32)))
  (import "parigot.kernel.v1.Kernel" "Exit" (func $exit (param i32) (result i32)))
  (memory 2 2)
  (global $asked (mut i32) (i32.const 0))
  (data (i32.const 8000) "\12\03? ?")              ;; WriteRequest { text = "? ?" }
  (data (i32.const 8016) "\0a\03you")              ;; HelloRequest { name = "you" }
  (data (i32.const 8032) "\0a\04you")              ;; longer than the message
  (data (i32.const 8048) "\0a\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\01") ;; a number without an end
  (data (i32.const 8064) "\0f")                    ;; a wire type that is none
  (data (i32.const 8080) "\08\05\19\01\02\03\04\05\06\07\08\25\01\02\03\04\0a\01x") ;; fields that are not known, then a name
  (data (i32.const 8112) "\08\02")                 ;; CountdownRequest { from = 2 }
  (func (export "parigot_alloc") (param i32) (result i32) (i32.const 65536))
  (func $ask (param i32 i32 i32) (drop (call $hello (local.get 0) (local.get 1) (local.get 2))))
  (func (export "parigot_init") (param i32 i32) (result i32)
    (call $ask (i32.const 8016) (i32.const 5) (i32.const 1))
    (call $ask (i32.const 0) (i32.const 0) (i32.const 2))
    (call $ask (i32.const 8032) (i32.const 5) (i32.const 3))
    (call $ask (i32.const 8048) (i32.const 12) (i32.const 4))
    (call $ask (i32.const 8064) (i32.const 1) (i32.const 5))
    (call $ask (i32.const 8080) (i32.const 19) (i32.const 6))
    (drop (call $countdown (i32.const 8112) (i32.const 2) (i32.const 7)))
    (drop (call $countdown (i32.const 8112) (i32.const 1) (i32.const 8)))
    (i32.const 0))
  (func (export "parigot_result") (param $state i32) (param $cookie i32) (param $status i32) (param $at i32) (param $len i32) (param $flags i32)
    (if (i32.le_u (local.get $cookie) (i32.const 8)) (then
      (i32.store8 (i32.const 8002) (i32.add (i32.const 48) (local.get $cookie)))
      (i32.store8 (i32.const 8004) (i32.add (i32.const 48) (local.get $status)))
      (drop (call $log (i32.const 8000) (i32.const 5) (i32.const 0)))
      (if (i32.or (i32.ne (local.get $cookie) (i32.const 8)) (i32.eqz (i32.and (local.get $flags) (i32.const 1)))) (then (return)))))
    (if (local.get $status) (then (if (i32.gt_u (local.get $cookie) (i32.const 8)) (then (drop (call $exit (local.get $status)))))))
    (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
    (if (i32.gt_u (global.get $asked) (i32.const 200000)) (then (drop (call $exit (i32.const 0)))))
    (call $ask (i32.const 8016) (i32.const 5) (i32.const 9))))
