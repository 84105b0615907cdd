;; --report=capabilities: what a module can do, whatever the policy.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate --report=capabilities m.wasm
;; OUT: m.wasm:
;; OUT: 2 mutable globals, runs code when it is instantiated (start)
;; OUT: can use     files by name, clocks, 1 import of unknown meaning
;; OUT: features    mvp mutable-global
;; OUT: memory      128 KiB to 640 KiB
;; OUT: imports     4
;; OUT: function  wasi_snapshot_preview1 / path_open: (i32) -> i32  [files by name]
;; OUT: global    wasi_snapshot_preview1 / clock_now: mutable i32
;; OUT: function  a\x0a / #\x23vso[x]: () -> void
;; OUT: exports     2
;; OUT: memory    memory: 2 to 10 pages
;; OUT: function  wide: (40 parameters) -> (0 results)
;; RUN: parigot-validate --report=capabilities --format=json m.wasm | python3 -c "import json, sys; d = json.load(sys.stdin); f = d['files'][0]; print(d['report'], sorted(f)); print(f['canUse'], f['unknownImports'], f['start'], f['memories'], f['tables']); print(f['imports'][0]); print(ascii(f['imports'][2]['module']), f['exports'][0])"
;; OUT: capabilities ['bytes', 'canUse', 'diagnostics', 'exports', 'features', 'file', 'functions', 'imports', 'memories', 'mutableGlobals', 'start', 'tables', 'unknownImports', 'valid']
;; OUT: ['files by name', 'clocks'] 1 True [{'imported': False, 'min': 2, 'max': 10}] [{'imported': False, 'type': 'funcref', 'min': 3}]
;; OUT: {'module': 'wasi_snapshot_preview1', 'name': 'path_open', 'kind': 'function', 'type': '(i32) -> i32', 'use': 'files by name'}
;; OUT: 'a\n' {'name': 'memory', 'kind': 'memory', 'type': '2 to 10 pages'}
;; RUN: echo '(module)' > e.wat && wat2wasm e.wat -o e.wasm && parigot-validate --report=capabilities e.wasm
;; OUT: nothing: it imports nothing
;; RUN: echo no > no.wasm; parigot-validate --report=capabilities no.wasm e.wasm
;; EXIT: 1
;; OUT: no.wasm: not a valid module, 1 error
;; OUT: e.wasm: 8 bytes
;; RUN: parigot-validate --report=capabilities --format=sarif e.wasm
;; EXIT: 2
;; ERR: is shown as text or json
;; RUN: parigot-validate --report=nothing e.wasm
;; EXIT: 2
;; ERR: expected findings or capabilities
;; RUN: for o in --baseline=b --write-baseline=b --policy=strict --strict --features=wamr --service=a.B --abi=x; do parigot-validate --report=capabilities $o e.wasm; test $? = 2 || exit 1; done
;; ERR: --report=capabilities judges by no rule
(module
 (import "wasi_snapshot_preview1" "path_open" (func (param i32) (result i32)))
 (import "wasi_snapshot_preview1" "clock_now" (global (mut i32)))
 (import "a\0a" "##vso[x]" (func))
 (import "wasi_snapshot_preview1" "path_link" (func))
 (memory (export "memory") 2 10) (table 3 funcref) (global (mut i32) (i32.const 0))
 (func $start) (start $start)
 (func (export "wide") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32
   i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
