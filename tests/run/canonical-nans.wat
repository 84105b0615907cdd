;; --canonical-nans: the NaN that arithmetic gives is the canonical one; what only moves keeps its payload.
;; RUN: wat2wasm %s -o m.wasm
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --canonical-nans --invoke=add32
;; OUT: 2143289344
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --canonical-nans --checked --invoke=mul64
;; OUT: 9221120237041090560
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --canonical-nans --invoke=vector
;; OUT: 9221120237041090560
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --canonical-nans --invoke=moved
;; OUT: -6194261
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=moved
;; OUT: -6194261
(module
  (func (export "add32") (result i32) (i32.reinterpret_f32 (f32.add (f32.const -nan:0x21) (f32.const 1))))
  (func (export "mul64") (result i64) (i64.reinterpret_f64 (f64.mul (f64.const -inf) (f64.const 0))))
  (func (export "vector") (result i64)
    (i64x2.extract_lane 1 (f64x2.sqrt (f64x2.splat (f64.const -1)))))
  (func (export "moved") (result i32) (i32.reinterpret_f32 (f32.neg (f32.const nan:0x217bab)))))
