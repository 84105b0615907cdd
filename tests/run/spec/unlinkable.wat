;; An active segment that does not fit makes instantiation fail.
(module
  (memory 1)
  (data (i32.const 0) "fits")
  (data (i32.const 65534) "does not")
  (func (export "f")))
;; assert_unlinkable "out of bounds memory access: data segment 1"
