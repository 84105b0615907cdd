;; RUN: wat2wasm %s -o m.wasm
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=nothing
;; EXIT: 1
;; ERR: no exported function "nothing"
;; ERR: [R0106]
;; ERR: exported: "f"
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f 1
;; EXIT: 2
;; ERR: "f" is (i32, f64) -> i32 and was given 1 arguments
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f 4294967296 1e
;; EXIT: 2
;; ERR: argument 1, "4294967296", is no i32
;; ERR: argument 2, "1e", is no f64
;; RUN: parigot-run m.wasm --policy=none --invoke=f 1 2
;; EXIT: 1
;; ERR: not signed
;; ERR: [R0108]
;; RUN: parigot-run m.wasm --allow-unsigned --invoke=f 1 2
;; EXIT: 1
;; ERR: [P
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none
;; EXIT: 1
;; ERR: [B0101]
;; ERR: --invoke=EXPORT
;; RUN: parigot-run --allow-unsigned --policy=none --invoke=f
;; EXIT: 2
;; ERR: no file
;; RUN: parigot-run m.wasm --polcy=none --invoke=f
;; EXIT: 2
;; ERR: unknown option "--polcy=none"
;; ERR: --help
;; RUN: parigot-run m.wasm --policy=lax --invoke=f
;; EXIT: 2
;; ERR: lax: cannot open
;; ERR: >>> built in: strict, reset, audit, none
;; RUN: parigot-run m.wasm --deadline=soon --invoke=f
;; EXIT: 2
;; ERR: --deadline wants a time
;; RUN: parigot-run m.wasm --memory= --invoke=f
;; EXIT: 2
;; ERR: --memory wants a size
;; RUN: parigot-run m.wasm --invoke
;; EXIT: 2
;; ERR: --invoke wants a value
;; RUN: parigot-run m.wasm --checked=yes
;; EXIT: 2
;; ERR: --checked takes no value
;; RUN: parigot-run missing.wasm --allow-unsigned --invoke=f
;; EXIT: 2
;; ERR: missing.wasm
;; RUN: head -c 30 m.wasm > cut.wasm && parigot-run cut.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: cut.wasm:0x
;; RUN: (head -c 8 m.wasm && head -c 1000 /dev/zero) > many.wasm && parigot-run many.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: many.wasm:0xa: unexpected end
;; ERR: 400 more errors are not shown
;; RUN: parigot-run --help
;; OUT: usage: parigot-run
;; RUN: parigot-run --help | awk 'length > 80 || NR > 24 { print; bad = 1 } END { exit bad }'
;; RUN: parigot-run --version
;; OUT: parigot-run 0
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=f 1 2 > /dev/full
;; EXIT: 2
;; ERR: I0102
(module (memory 1 1) (func (export "f") (param i32 f64) (result i32) (local.get 0)))
