;; Binaryen gets as much memory as it may have, and no time to spare when it gets none; neither leaves an output.
;; NEED: parigot-opt
;; NEED: wat2wasm
;; NEED: ulimit -v
;; RUN: wat2wasm %s -o a.wasm; for m in 1000000 10000000; do parigot-ld --policy=none --rewrite a.wasm -O2 -o no.wasm --child-memory=$m 2>&1 && exit 1; done; exit 0
;; OUT: [L0169]
;; OUT: [L0169]
;; NOFILE: no.wasm
;; RUN: parigot-ld --policy=none --rewrite a.wasm -O2 -o yes.wasm --child-memory=0 --child-seconds=0 && wasm-validate yes.wasm
;; RUN: parigot-ld --policy=none --rewrite a.wasm -O2 -o no.wasm --child-seconds=90000
;; EXIT: 2
;; ERR: --child-seconds: '90000' is not a number from 0 to 86400
(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 0))))
