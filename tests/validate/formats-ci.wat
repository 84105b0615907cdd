;; The formats of CI systems: each is well-formed and escapes names for who reads it, also those of files.
;; NEED: wat2wasm
;; RUN: mkdir d && wat2wasm --debug-names %s -o d/m.wasm && cp d/m.wasm 'd/100%,:<&>.wasm' && cp d/m.wasm '::error::x.wasm' && echo '(module)' > e.wat && wat2wasm e.wat -o d/e.wasm && echo no > d/no.wasm
;; RUN: parigot-validate --format=github d
;; EXIT: 1
;; OUT: ::error file=d/100%25%2C%3A<&>.wasm,line=1,title=P301 an import does not name a method of a service::d/100%25,:<&>.wasm:0x
;; OUT: error: import "a\x0a::error::b" "#\x23vso[task] 50%25,x" does not name a method of a service [P301]
;; OUT: ::error file=d/m.wasm,line=1,title=P401
;; OUT: ::error file=d/no.wasm,line=1,title=W0101
;; OUT: 4 files under policy strict: 1 pass, 3 fail
;; NOT: ##
;; RUN: parigot-validate --format=github --policy=audit d/m.wasm
;; OUT: ::warning file=d/m.wasm
;; RUN: parigot-validate --format=gnu '::error::x.wasm'
;; EXIT: 1
;; OUT: ./::error::x.wasm:0x
;; NOT: ##
;; RUN: parigot-validate --format=json d/m.wasm > m.json; grep -c '##' m.json; python3 -c "import json; print([d['symbol'] for d in json.load(open('m.json'))['files'][0]['diagnostics'] if d['code'] == 'P301'])"
;; OUT: 0
;; OUT: ['##vso[task] 50%,x']
;; RUN: parigot-validate --format=junit d nowhere.wasm > j.xml
;; EXIT: 2
;; RUN: python3 -c "import xml.etree.ElementTree as E; print([tuple(s.get(k) for k in ('name', 'tests', 'failures', 'errors', 'skipped')) for s in E.parse('j.xml').getroot()])"
;; OUT: ('d/100%,:<&>.wasm', '34', '2', '0', '7'), ('d/e.wasm', '34', '0', '0', '7'), ('d/m.wasm', '34', '2', '0', '7'), ('d/no.wasm', '34', '1', '0', '33'), ('nowhere.wasm', '1', '0', '1', '0')
;; RUN: python3 -c "import xml.etree.ElementTree as E; r = E.parse('j.xml').getroot(); assert all(len(s) == int(s.get('tests')) and sum(len(c.findall('failure')) for c in s) == int(s.get('failures')) and len(s.findall('.//skipped')) == int(s.get('skipped')) and len(s.findall('.//error')) == int(s.get('errors')) for s in r); print(r.find('.//failure').get('message'))"
;; OUT: import "a\x0a::error::b" "#\x23vso[task] 50%,x" does not name a method of a service
;; RUN: parigot-validate --format=junit --fail-level=never d > j.xml; python3 -c "import xml.etree.ElementTree as E; r = E.parse('j.xml').getroot(); print(len(r.findall('.//failure')), len(r.findall('.//system-out')))"
;; OUT: 0 5
;; RUN: parigot-validate --format=sarif d > s.json; test $? = 1 && python3 %d/../link/check_sarif.py s.json
;; OUT: P301 error d/100%25,%3A%3C%26%3E.wasm:1 ##vso[task] 50%,x
;; OUT: P401 error d/m.wasm:1
;; OUT: W0101 error d/no.wasm:1
;; OUT: completed
;; RUN: parigot-validate --format=sarif d nowhere.wasm > s.json; test $? = 2 && python3 %d/../link/check_sarif.py s.json
;; OUT: I0101 error nowhere.wasm:1
;; OUT: not completed
;; RUN: parigot-validate --format=sarif d > 1; parigot-validate --jobs=1 --format=sarif "$PWD/d" > 2; python3 -c "import json; a, b = ([r['locations'][0]['physicalLocation']['artifactLocation']['uri'] for r in json.load(open(n))['runs'][0]['results']] for n in '12'); print(a == b)"
;; OUT: True
(module (import "a\0a::error::b" "##vso[task] 50%,x" (func)) (memory 1))
