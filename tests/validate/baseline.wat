;; A baseline: what is known does not fail, also after unrelated changes; what is new does; hostile files are refused by line.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm && parigot-validate --write-baseline=b.txt m.wasm
;; OUT: pass  m.wasm
;; OUT: ; 3 known
;; RUN: cat b.txt
;; OUT: parigot-baseline 1
;; OUT: P104 2
;; OUT: m.wasm: save: writes 4 bytes at the fixed address
;; RUN: parigot-validate --baseline=b.txt m.wasm
;; OUT: pass  m.wasm
;; NOT: no more
;; RUN: parigot-validate --baseline=b.txt --format=json "$PWD/m.wasm" ./m.wasm | python3 -c "import json, sys; d = json.load(sys.stdin); print(d['baseline'], [(f['passes'], f['known'], f['errors']) for f in d['files']])"
;; OUT: b.txt [(True, 3, 0), (False, 0, 3)]
;; RUN: sed 's/(func $save/(func $other (result i32) (i32.const 7)) (func $save/; s/const 16/const 32/' %s > c.wat && wat2wasm --debug-names c.wat -o m.wasm && parigot-validate --baseline=b.txt m.wasm
;; OUT: pass  m.wasm
;; RUN: sed 's/(i32.store (i32.const 16) (i32.const 1))//' %s > c.wat && wat2wasm --debug-names c.wat -o m.wasm && parigot-validate --baseline=b.txt m.wasm
;; OUT: 1 finding of the baseline is no more
;; RUN: sed 's/(i32.store (i32.const 16) (i32.const 1))/& & /' %s > c.wat && wat2wasm --debug-names c.wat -o m.wasm && parigot-validate --baseline=b.txt m.wasm
;; EXIT: 1
;; OUT: writes 4 bytes at the fixed address 0x14 (func 1 "save") [P104]
;; OUT: FAIL  m.wasm
;; RUN: sed 's/"env" "f"/"env" "g"/' %s > c.wat && wat2wasm --debug-names c.wat -o m.wasm && parigot-validate --baseline=b.txt m.wasm
;; EXIT: 1
;; OUT: import "env" "g" does not name
;; RUN: cp m.wasm n.wasm; parigot-validate --baseline=b.txt n.wasm
;; EXIT: 1
;; RUN: wat2wasm --debug-names %s -o m.wasm; parigot-validate --write-baseline=1 m.wasm m.wasm >out; parigot-validate --jobs=1 --format=gnu --write-baseline=2 ./m.wasm "$PWD/m.wasm" && cmp 1 2
;; RUN: tr '\n' '\r' < b.txt | sed 's/\r/\r\n/g' > crlf.txt; parigot-validate --baseline=crlf.txt m.wasm
;; OUT: pass
;; RUN: echo no > no.wasm; parigot-validate --write-baseline=n.txt no.wasm
;; EXIT: 1
;; OUT: FAIL  no.wasm
;; RUN: cat n.txt | wc -l
;; OUT: 2
;; RUN: python3 -c "print('(module (memory 1 1) (func', '(i32.store (i32.const 16) (i32.const 1))' * 10100, '))')" > many.wat && wat2wasm many.wat -o many.wasm; parigot-validate --write-baseline=n.txt --error-limit=3 many.wasm
;; EXIT: 1
;; OUT: more findings of this rule, not shown [P104]
;; RUN: printf 'parigot-baseline 2\n' > x; parigot-validate --baseline=x m.wasm
;; EXIT: 2
;; ERR: x:1: expected "parigot-baseline 1" in the first line [C0301]
;; RUN: parigot-validate --baseline=/dev/null m.wasm
;; EXIT: 2
;; ERR: an empty file
;; RUN: printf 'parigot-baseline 1\nP999 1 00\nP104 0 00\nP104 1 00G\nP104 4294967297 00\n' > x; parigot-validate --baseline=x m.wasm
;; EXIT: 2
;; ERR: x:2: expected the code of a rule first
;; ERR: x:3: expected a count after the rule
;; ERR: x:4: expected a fingerprint after the count
;; ERR: x:5: expected a count after the rule
;; RUN: f=00112233445566778899aabbccddeeff; printf "parigot-baseline 1\nP104 1 $f\nP105 1 $f x\n" > x; parigot-validate --baseline=x m.wasm
;; EXIT: 2
;; ERR: two lines have the fingerprint 00112233445566778899aabbccddeeff [C0302]
;; RUN: (echo parigot-baseline 1; yes | head -c 17000000) > x; parigot-validate --baseline=x m.wasm
;; EXIT: 2
;; ERR: [I0103]
;; RUN: (echo parigot-baseline 1; yes | head -c 16000000) > x; parigot-validate --baseline=x m.wasm 2>&1 | wc -l
;; OUT: 20
;; RUN: parigot-validate --baseline=nowhere m.wasm
;; EXIT: 2
;; ERR: [I0101]
;; RUN: parigot-validate --baseline=b.txt --write-baseline=b.txt m.wasm
;; EXIT: 2
;; ERR: --write-baseline takes no --baseline
;; RUN: parigot-validate --write-baseline=no/such/folder m.wasm
;; EXIT: 2
;; ERR: [I0102]
(module (import "env" "f" (func)) (memory 1 1)
 (func $save (i32.store (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 1))))
