;; RUN: wat2wasm %s -o m.wasm
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=i32 -1
;; OUT: -1
;; RUN: parigot-run --invoke i32 m.wasm 0xffffffff --policy none --allow-unsigned
;; OUT: -1
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=i64 -9223372036854775808
;; OUT: -9223372036854775808
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f32 0.1
;; OUT: 0.1
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f64 0.1
;; OUT: 0.1
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f64 -- -0x1.fffffffffffffp+1023
;; OUT: -1.7976931348623157e+308
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f64 -nan:0x4000000000000
;; OUT: -nan:0x4000000000000
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f32 -inf
;; OUT: -inf
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=two 1 2 | tr '\n' ' '
;; OUT: 2 1
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=none
;; NOT: 0
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=ref 3 null | tr '\n' ' '
;; OUT: 3 null
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=vector 0x10000000000000002 5 | tr '\n' ' '
;; OUT: 5 0x00000000000000010000000000000002
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=vector 12 5
;; EXIT: 2
;; ERR: argument 1, "12", is no v128
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=vector 0x123456789012345678901234567890123 5
;; EXIT: 2
;; ERR: is no v128
;; RUN: cat m.wasm | parigot-run - --allow-unsigned --policy=none --invoke=i32 7
;; OUT: 7
(module
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "two") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
  (func (export "none"))
  (func (export "vector") (param v128 i32) (result i32 v128) (local.get 1) (local.get 0))
  (func (export "ref") (param funcref externref) (result funcref externref) (local.get 0) (local.get 1)))
