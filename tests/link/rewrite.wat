(; --rewrite: a module that is linked already, as it would have been linked here.
RUN: wat2wasm --debug-names %s -o in.wasm && parigot-ld --rewrite in.wasm -o out.wasm
EXIT: 1
ERR: in.wasm:0x
ERR: mutable global 0 "state"
ERR: [P101]
NOFILE: out.wasm
RUN: parigot-ld --policy=reset --service=acme.v1.Log --rewrite in.wasm --meter -o out.wasm
NOT: mutable
RUN: parigot-validate --policy=reset out.wasm && wasm-objdump -x out.wasm
OUT: parigot.module
OUT: parigot:fuel
OUT: name: "name"
RUN: parigot-ld --policy=reset --rewrite in.wasm --strip-all --meter -o bare.wasm && wasm-objdump -h bare.wasm
OUT: parigot.module
NOT: "name"
RUN: parigot-validate --report=capabilities out.wasm
OUT: acme.v1.Log
RUN: sed 's/(import .*//; s/(call $write.*/(i32.const 0))/' %s > own.wat && wat2wasm own.wat -o own.wasm && parigot-ld --policy=reset --rewrite own.wasm --meter -o out.pbundle && parigot-bundle inspect out.pbundle
OUT: policy     reset
RUN: parigot-ld --policy=reset --rewrite in.wasm --export=run -o out2.wasm
EXIT: 2
ERR: --export=run has no meaning with --rewrite: that module is linked already
RUN: parigot-ld --policy=reset --rewrite in.wasm in.wasm -o out2.wasm
EXIT: 2
ERR: --rewrite takes one module
RUN: parigot-ld --policy=reset --rewrite in.wasm --rewrite in.wasm -o out2.wasm
EXIT: 2
ERR: --rewrite takes one module
RUN: parigot-ld --policy=reset --rewrite in.wasm -o - > piped.wasm && parigot-validate --policy=reset piped.wasm
RUN: parigot-ld --policy=reset --rewrite - -o piped2.wasm < in.wasm && parigot-validate --policy=reset piped2.wasm
RUN: parigot-ld --policy=reset --rewrite out.wasm -o again.wasm && parigot-validate --policy=reset again.wasm && wasm-objdump -x again.wasm
OUT: parigot:fuel
NOFILE: out2.wasm
;)
(module
  (import "acme.v1.Log" "Write" (func $write (param i32 i32 i32) (result i32)))
  (memory 1 2)
  (global $state (mut i32) (i32.const 0))
  (func (export "parigot_alloc") (param i32) (result i32) (global.set $state (local.get 0)) (i32.const 1024))
  (func (export "parigot_init") (param i32 i32) (result i32)
    (call $write (i32.const 0) (i32.const 0) (i32.const 0)))
  (func (export "parigot_result") (param i32 i32 i32 i32 i32 i32)))
