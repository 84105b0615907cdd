;; --format=json is one document, with the keys that docs/validate-json.md names; odd names stay JSON.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate --format=json m.wasm m.wasm nowhere.wasm > j.json
;; EXIT: 2
;; RUN: python3 -c "import json; d = json.load(open('j.json')); f = d['files']; print(len(f), d['tool'], d['policy']['name'], len(d['policy']['digest']), f[0]['valid'], f[0]['passes'], sorted(f[0]))"
;; OUT: 3 parigot-validate strict 76 True False ['diagnostics', 'errors', 'features', 'file', 'passes', 'rules', 'valid', 'waived', 'warnings']
;; RUN: python3 -c "import json; f = json.load(open('j.json'))['files'][0]; print([(r['verdict'], r['level'], r['findings']) for r in f['rules'] if r['code'] == 'P501']); print(f['diagnostics'][0])"
;; OUT: [('violated', 'error', 1)]
;; OUT: 'code': 'P104', 'severity': 'error'
;; OUT: 'function': 0, 'functionName': 'ab'
;; OUT: 'message': 'writes 4 bytes at the fixed address 0x0'
(module (memory 1 1)
 (func $ab (export "\n\u{202e}x") (i32.store (i32.const 0) (i32.const 1))))
