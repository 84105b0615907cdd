;; Atomic operations are P202.
;; NEED: wat2wasm
;; RUN: wat2wasm --enable-threads --no-check %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: feature threads is not supported: i32.atomic.rmw.add (func 0) [W0117]
;; OUT: i32.atomic.rmw.add (func 0) [P202]
;; NOT: proved
(module (memory 1 1)
 (func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))
