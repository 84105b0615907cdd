;; A start function would run before the host can give fuel, and before anything is proved of when it runs. It becomes an
;; export that the host calls.
;; NEED: wat2wasm
;; NEED: parigot-opt
;; RUN: wat2wasm --debug-names %s -o a.wasm && printf 'policy = 1; name = "p"; base = "strict"; exports = { allow = [ "begin", "get" ]; };' > p.cfg
;; RUN: parigot-ld --policy=p.cfg --rewrite a.wasm -o no.wasm
;; EXIT: 1
;; ERR: the start section runs a function when the module is instantiated (func 0 "first") [P106]
;; NOFILE: no.wasm
;; RUN: parigot-ld --policy=none --rewrite a.wasm --meter -o no.wasm
;; EXIT: 1
;; ERR: [L0152]
;; NOFILE: no.wasm
;; RUN: for x in "" -O2 --meter "-O2 --meter"; do parigot-ld --policy=p.cfg --rewrite a.wasm $x --start-export=begin -o b.wasm && parigot-validate --policy=p.cfg b.wasm && wasm-objdump -x b.wasm || exit; done
;; OUT: pass  b.wasm: valid, 25 rules proved
;; OUT: <first> -> "begin"
;; OUT: pass  b.wasm: valid, 25 rules proved
;; OUT: -> "begin"
;; OUT: pass  b.wasm: valid, 27 rules proved
;; OUT: pass  b.wasm: valid, 27 rules proved
;; NOT: Start:
;; NOT: <1>
;; RUN: parigot-ld --policy=none --rewrite a.wasm --start-export=begin -o c.wasm && wasm-validate c.wasm && parigot-run --allow-unsigned --policy=none --invoke=get c.wasm && wasm-interp c.wasm --run-all-exports
;; OUT: 0
;; OUT: get() => i32:0
;; OUT: begin() =>
;; RUN: parigot-ld --policy=none --rewrite a.wasm --start-export=get -o no.wasm
;; EXIT: 1
;; ERR: --start-export: the module has an export "get" already [L0174]
;; NOFILE: no.wasm
;; RUN: parigot-ld --policy=none --rewrite c.wasm --start-export=more -o no.wasm
;; EXIT: 1
;; ERR: --start-export: the module has no start function [L0174]
;; NOFILE: no.wasm
;; RUN: parigot-ld --start-export=begin a.o -o no.wasm
;; EXIT: 2
;; ERR: --start-export is for modules that are linked already (--rewrite)
(module
  (memory 1 1)
  (func $first (i32.store (memory.grow (i32.const 0)) (i32.const 7)))
  (func (export "get") (result i32) (i32.load (i32.const 1)))
  (start $first))
