;; What does not even start: imports without a provider, features that the engine lacks, limits, segments.
;; RUN: wat2wasm %s -o m.wasm
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: unknown import: function "some.v1.Service" "Call" (i32, i32, i32) -> i32 [R0102]
;; ERR: unknown import: memory "env" "memory" [R0102]
;; RUN: echo '(module (memory i64 1) (func (export "f")))' > s.wat && wat2wasm --enable-memory64 s.wat && parigot-run s.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: feature memory64
;; RUN: echo '(module (memory 32) (func (export "f")))' > l.wat && wat2wasm l.wat && parigot-run l.wasm --memory=1MiB --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: memory of 2097152 bytes exceeds the limit of 1048576 [R0104]
;; RUN: echo '(module (memory 1) (data (i32.const 65535) "xx") (func (export "f")))' > d.wat && wat2wasm d.wat && parigot-run d.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: out of bounds memory access: data segment 0 [R0105]
;; RUN: echo '(module (table 1 funcref) (elem (i32.const 1) $f) (func $f (export "f")))' > e.wat && wat2wasm e.wat && parigot-run e.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: out of bounds table access: element segment 0 [R0105]
;; RUN: echo '(module (table 100000000 funcref) (func (export "f")))' > t.wat && wat2wasm t.wat && parigot-run t.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: exceed the limit of 10000000 [R0104]
;; RUN: echo '(module (func $s unreachable) (start $s) (func (export "f")))' > u.wat && wat2wasm u.wat && parigot-run u.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 134
;; ERR: trap: unreachable
(module
  (import "some.v1.Service" "Call" (func (param i32 i32 i32) (result i32)))
  (import "env" "memory" (memory 1))
  (func (export "f")))
