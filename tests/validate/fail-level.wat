;; What fails a file: --fail-level. Findings that are not shown count as well.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && echo '(module)' > e.wat && wat2wasm e.wat -o e.wasm && parigot-validate --policy=audit m.wasm
;; OUT: pass  m.wasm
;; RUN: parigot-validate --policy=audit --fail-level=warning m.wasm
;; EXIT: 1
;; OUT: FAIL  m.wasm
;; RUN: parigot-validate --policy=audit --fail-level=warning e.wasm
;; RUN: printf 'policy = 1;\nname = "n";\nrules = ( { code = "P105"; violated = "note"; not_provable = "note"; } );\n' > n.cfg; parigot-validate --policy=n.cfg --fail-level=warning m.wasm
;; OUT: note: m.wasm
;; OUT: pass  m.wasm
;; RUN: parigot-validate --policy=n.cfg --fail-level=note m.wasm
;; EXIT: 1
;; OUT: FAIL  m.wasm
;; RUN: parigot-validate --fail-level=never m.wasm
;; OUT: FAIL  m.wasm
;; RUN: parigot-validate --fail-level=never m.wasm nowhere.wasm
;; EXIT: 2
;; RUN: parigot-validate --fail-level=some m.wasm
;; EXIT: 2
;; ERR: --fail-level=some: expected error, warning, note or never
;; RUN: parigot-validate --policy=audit --error-limit=1 --format=json m.wasm | python3 -c "import json, sys; f = json.load(sys.stdin)['files'][0]; print(f['warnings'], len(f['diagnostics']))"
;; OUT: 2 2
(module (table 1 funcref) (elem func $fill)
 (func $fill (table.set 0 (i32.const 0) (ref.func $fill)) (table.set 0 (i32.const 0) (ref.func $fill))))
