;; --engine=wamr --invoke: values of all types, traps, and what is refused by name.
;; NEED: wamr
;; RUN: wat2wasm --debug-names %s -o m.wasm
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=add 1 -2 3.5 4.25
;; OUT: 6.75
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=two 41
;; OUT: 42
;; OUT: -7
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=nan -nan:0x400001
;; OUT: -nan:0x400001
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=load 65533
;; EXIT: 134
;; ERR: trap: out of bounds memory access (address 0x10000)
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=fill 65530 10
;; EXIT: 134
;; ERR: trap: out of bounds memory access
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=convert nan
;; EXIT: 134
;; ERR: trap: invalid conversion to integer
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=overflow -2147483648 -1
;; EXIT: 134
;; ERR: trap: integer overflow
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=indirect 2
;; EXIT: 134
;; ERR: trap: undefined element
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=indirect 1
;; EXIT: 134
;; ERR: trap: uninitialized element
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=indirect 0
;; OUT: 7
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --memory=192KiB --invoke=grow 1
;; OUT: 1
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --memory=192KiB --invoke=grow 3
;; OUT: -1
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --memory=32KiB --invoke=grow 1
;; EXIT: 1
;; ERR: memory of 65536 bytes exceeds the limit of 0 [R0104]
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --stack=2GiB --invoke=grow 1
;; EXIT: 1
;; ERR: WAMR's stacks have 1073741824 bytes at most [R0104]
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --checked --invoke=grow 1
;; EXIT: 1
;; ERR: engine wamr has no code that compares addresses (--checked) [R0402]
;; RUN: parigot-run --engine=wamr m.wasm --allow-unsigned --policy=none --invoke=reference null
;; EXIT: 134
;; ERR: engine wamr hands no references to functions
;; RUN: printf '(module (func $f) (start $f))' > s.wat && wat2wasm s.wat -o s.wasm && parigot-run --engine=wamr s.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: a start section [P606]
;; RUN: printf '(module (memory 1) (data (i32.const 65536) "x") (func (export "f")))' > s.wat && wat2wasm s.wat -o s.wasm && parigot-run --engine=wamr s.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: [R0105]
;; RUN: printf '(module (func (export "f\\00g") (result i32) (i32.const 2)) (func (export "f") (result i32) (i32.const 1)))' > s.wat && wat2wasm s.wat -o s.wasm && parigot-run --engine=wamr s.wasm --allow-unsigned --policy=none --invoke=f
;; OUT: 1
;; NOT: 2
;; RUN: (echo '(module (func (export "f") (local'; yes i64 | head -40000; echo ')))') > s.wat && wat2wasm s.wat -o s.wasm && parigot-run --allow-unsigned --policy=none s.wasm --invoke=f
;; RUN: parigot-run --engine=wamr --allow-unsigned --policy=none s.wasm --invoke=f
;; EXIT: 1
;; ERR: WAMR refuses the module: 
;; ERR: [R0403]
;; RUN: printf '(module (import "a" "b" (func)) (func (export "f")))' > s.wat && wat2wasm s.wat -o s.wasm && parigot-run --engine=wamr s.wasm --allow-unsigned --policy=none --invoke=f
;; EXIT: 1
;; ERR: unknown import: function "a" "b" () -> void [R0102]
(module
  (memory 1)
  (table 2 funcref)
  (elem (i32.const 0) $seven)
  (type $to-i32 (func (result i32)))
  (func $seven (result i32) (i32.const 7))
  (func (export "add") (param i32 i64 f32 f64) (result f64)
    (f64.add (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
             (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))
  (func (export "two") (param i64) (result i64 i32) (i64.add (local.get 0) (i64.const 1)) (i32.const -7))
  (func (export "nan") (param f32) (result f32) (local.get 0))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
  (func (export "convert") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
  (func (export "overflow") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "indirect") (param i32) (result i32) (call_indirect (type $to-i32) (local.get 0)))
  (func (export "reference") (param funcref))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
