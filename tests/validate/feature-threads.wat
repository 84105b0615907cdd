;; A feature that is not supported is refused by its name, and the rules on threads say so too.
;; NEED: wat2wasm
;; RUN: wat2wasm --enable-threads %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: feature threads is not supported: shared memory [W0117]
;; OUT: the memory is shared [P201]
;; OUT: i32.atomic.load (func 0) [P202]
;; OUT: FAIL  m.wasm: not validated, needs threads; 4 errors; violated: P201 P202
(module (memory 1 1 shared)
 (func (drop (i32.atomic.load (i32.const 0)))))
