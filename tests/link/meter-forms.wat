(; --meter: forms and amounts, docs/metering.md. Entry 2 and its locals; forward code once for its dearest way; a loop without
   calls keeps the gauge in a local, which is stored before it is needed in the global.
RUN: wat2wasm %s -o in.wasm && parigot-ld --policy=none --rewrite in.wasm --meter -o out.wasm && wasm-validate out.wasm && wasm2wat out.wasm
OUT: (func (;0;)
OUT: global.get 1
OUT: i64.const 9
OUT: i64.sub
OUT: global.set 1
OUT: global.get 1
OUT: i64.const 0
OUT: i64.lt_s
OUT: if
OUT: unreachable
OUT: if (result i32)
OUT: (func (;1;)
OUT: (local i32 i64)
OUT: global.get 1
OUT: i64.const 4
OUT: i64.sub
OUT: local.tee 2
OUT: loop
OUT: local.get 2
OUT: i64.const 9
OUT: i64.sub
OUT: local.tee 2
OUT: i64.lt_s
OUT: if
OUT: local.get 2
OUT: global.set 1
OUT: unreachable
OUT: br_if 0
OUT: local.get 2
OUT: global.set 1
OUT: (func (;2;)
OUT: (local i32)
OUT: i64.const 104
OUT: local.tee 1
OUT: global.get 1
OUT: local.get 1
OUT: i64.extend_i32_u
OUT: i64.const 4096
OUT: i64.mul
OUT: i64.sub
OUT: global.set 1
OUT: memory.grow
OUT: (global (;0;) (mut i32) (i32.const 5))
OUT: (global (;1;) (mut i64) (i64.const 0))
OUT: (export "parigot:fuel" (global 1))

Exactly: each block for itself.
RUN: parigot-ld --policy=none --rewrite in.wasm --meter=exact -o out.wasm && wasm-validate out.wasm && wasm2wat out.wasm
OUT: (func (;0;)
OUT: i64.const 4
OUT: if (result i32)
OUT: i64.const 3
OUT: i32.add
OUT: else
OUT: i64.const 1
OUT: i32.const 7

What is metered is the same each time, and proved; what is only rewritten has no meter.
RUN: parigot-ld --policy=none --rewrite in.wasm --meter -o a.wasm && parigot-ld --policy=none --rewrite in.wasm --meter=coarse -o b.wasm && cmp a.wasm b.wasm
RUN: printf 'policy = 1; name = "metered"; base = "none"; rules = ({ code = "P7xx"; violated = "error"; });' > metered.cfg && parigot-validate --policy=metered.cfg a.wasm out.wasm
OUT: 3 rules proved
RUN: parigot-validate --policy=metered.cfg in.wasm
EXIT: 1
OUT: P701
RUN: parigot-ld --policy=metered.cfg --rewrite in.wasm -o c.wasm
EXIT: 1
ERR: [P701]
NOFILE: c.wasm
RUN: parigot-ld --policy=metered.cfg --rewrite in.wasm --meter -o c.wasm
RUN: parigot-ld --policy=none --rewrite in.wasm -o d.wasm && cmp in.wasm d.wasm
;)
(module
  (memory 1 2)
  (global (mut i32) (i32.const 5))
  (func (export "branches") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (i32.const 2))) (else (i32.const 7)))
    (global.set 0) (global.get 0))
  (func (export "loop") (param i32) (local i32)
    (loop
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
