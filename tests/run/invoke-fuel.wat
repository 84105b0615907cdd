;; A metered module runs as far as its fuel, and says where it ended; the same number each time.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o plain.wasm && parigot-ld --policy=none --meter --rewrite plain.wasm -o m.wasm
;; RUN: printf 'policy = 1; name = "metered"; base = "none"; rules = ( { code = "P7xx"; violated = "error"; } );' > p.cfg
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --invoke=sum 100
;; OUT: 4950
;; RUN: parigot-run m.wasm --allow-unsigned --policy=none --fuel=100 --invoke=sum 100
;; EXIT: 134
;; ERR: trap: out of fuel
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --invoke=sum 100
;; OUT: 4950
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=100000 --invoke=sum 100
;; OUT: 4950
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=100 --invoke=sum 100
;; EXIT: 134
;; ERR: trap: out of fuel
;; ERR: "sum" at 0x
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --checked --fuel=100 --invoke=sum 100
;; EXIT: 134
;; ERR: trap: out of fuel
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=1000000 --invoke=forever
;; EXIT: 134
;; ERR: trap: out of fuel
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=10000 --invoke=deep
;; EXIT: 134
;; ERR: trap: out of fuel
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=1000000 --invoke=stop
;; EXIT: 134
;; ERR: trap: unreachable
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=1000000 --invoke=grow 1
;; OUT: 1
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=1000000 --invoke=grow 1000
;; EXIT: 134
;; ERR: trap: out of fuel
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=1000000 --invoke=fill 4294967295
;; EXIT: 134
;; ERR: trap: out of fuel
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=1000000 --invoke=fill 65536
;; RUN: parigot-run plain.wasm --allow-unsigned --policy=none --fuel=100 --invoke=sum 100
;; EXIT: 1
;; ERR: not proved to be metered
;; ERR: [R0204]
;; RUN: parigot-run plain.wasm --allow-unsigned --policy=p.cfg --invoke=sum 100
;; EXIT: 1
;; ERR: no meter is recorded
;; RUN: parigot-run m.wasm --allow-unsigned --policy=p.cfg --fuel=0 --invoke=sum 100
;; EXIT: 2
;; ERR: --fuel wants a number from 1 to 9223372036854775807
(module
  (memory 1)
  (func $sum (export "sum") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (block $out
      (loop $next
        (br_if $out (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $s (i32.add (local.get $s) (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $s))
  (func (export "forever") (loop $l (br $l)))
  (func $deep (export "deep") (call $deep))
  (func (export "stop") unreachable)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))
