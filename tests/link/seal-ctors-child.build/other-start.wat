(module
  (memory (export "memory") 2 256)
  (global (export "g0") (mut i32) (i32.const 69632))
  (data (i32.const 0x11000) "\01\00\00\00\02\00\00\00\03\00\00\00\04")
  (data (i32.const 0x11010) "\08\07\06\05")
  (func $s) (start $s)
)
