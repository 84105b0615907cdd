;; With -O a module is written anew, and the rules on form (P601, P606) are asked of that: numbers in limits are minimal, what nobody
;; needs is gone. What Binaryen cannot take out is refused by its name.
;; NEED: parigot-opt
;; NEED: wat2wasm
;; RUN: printf 'policy = 1; name = "p"; base = "audit"; features = [ "sign-ext", "bulk-memory" ]; rules = ( { code = "P606"; violated = "error"; }, { code = "P601"; violated = "error"; } );' > p.cfg
;; RUN: printf '\000asm\001\000\000\000\005\005\001\001\201\000\002' > padded.wasm && parigot-ld --policy=p.cfg --rewrite padded.wasm -o no.wasm
;; EXIT: 1
;; ERR: [P606]
;; NOFILE: no.wasm
;; RUN: parigot-ld --policy=p.cfg --rewrite padded.wasm -O1 -o a.wasm && parigot-validate --policy=p.cfg a.wasm && wasm-objdump -x -j Memory a.wasm
;; OUT: pass
;; OUT: initial=1 max=2
;; RUN: wat2wasm --enable-extended-const --enable-tail-call %s -o b.wasm && parigot-ld --policy=p.cfg --rewrite b.wasm -o no.wasm
;; EXIT: 1
;; ERR: feature extended-const is used
;; ERR: [P601]
;; NOFILE: no.wasm
;; RUN: parigot-ld --policy=p.cfg --rewrite b.wasm -O2 -o c.wasm && parigot-validate --policy=p.cfg c.wasm && wasm-objdump -d c.wasm
;; OUT: pass
;; OUT: i32.const 7
;; RUN: sed 's/nop (;1;)/return_call $g/; s/;; RUN.*//' %s > d.wat && wat2wasm --enable-extended-const --enable-tail-call d.wat -o d.wasm && parigot-ld --policy=p.cfg --rewrite d.wasm -O2 -o no.wasm
;; EXIT: 1
;; ERR: feature tail-call is used
;; ERR: [P601]
;; NOFILE: no.wasm
(module
  (import "a.b.C" "D" (func $g))
  (global i32 (i32.add (i32.const 3) (i32.const 4)))
  (func (export "f") (result i32) (i32.add (i32.const 3) (i32.const 4)))
  (func (export "h") nop (;1;)))
