;; --error-limit: so many findings of each rule are shown, all are counted, and no rule crowds out another.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate --error-limit=2 m.wasm
;; EXIT: 1
;; OUT: (func 0 "a") [P104]
;; OUT: (func 0 "a") [P104]
;; OUT: more findings of this rule, not shown [P104]
;; OUT: exports its memory as "memory" [P402]
;; OUT: more errors are not shown (--error-limit=0 shows all)
;; RUN: parigot-validate --error-limit=0 --format=gnu m.wasm | grep -c P104
;; OUT: 5
(module (memory (export "memory") 1 1)
 (func $a
  (i32.store (i32.const 4) (i32.const 1)) (i32.store (i32.const 8) (i32.const 1)) (i32.store (i32.const 12) (i32.const 1))
  (i32.store (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 1))))
