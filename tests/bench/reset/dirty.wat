;; dirty(n) writes one word to each of n pages, and a global; 16 pages of data, a table of 64 functions.
(module
  (memory 16 64)
  (table 64 64 funcref)
  (global $n (mut i32) (i32.const 0))
  (data (i32.const 4096) "not zero")
  (data (i32.const 1000000) "not zero")
  (func (export "dirty") (param i32)
    (local $at i32)
    (local.set $at (i32.const 65536))
    (loop $next
      (i32.store (local.get $at) (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
