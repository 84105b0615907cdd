;; A finding that the policy waives is counted beside the verdict; a waiver that has run out, or is for another, is not.
;; NEED: wat2wasm
;; RUN: wat2wasm --debug-names %s -o m.wasm; parigot-validate --policy=strict m.wasm
;; EXIT: 1
;; OUT: table.set changes a table (func 0 "fill") [P105]
;; RUN: printf 'policy = 1;\nname = "w";\nwaivers = ( { name = "t"; rule = "P105"; finding = "P105@fill"; reason = "once, at the start"; } );\n' > w.cfg; parigot-validate --policy=w.cfg m.wasm
;; OUT: pass  m.wasm: valid, 26 rules proved; 1 waived
;; RUN: sed 's/P105@fill/P105@0/' w.cfg > n.cfg; parigot-validate --policy=n.cfg m.wasm
;; OUT: pass
;; RUN: sed 's/P105@fill/P105@other/' w.cfg > o.cfg; parigot-validate --policy=o.cfg m.wasm
;; EXIT: 1
;; OUT: waiver "t" (P105) let nothing through: it can go
;; RUN: sed 's/reason = /expires = "2020-01-01"; reason = /' w.cfg > e.cfg; parigot-validate --policy=e.cfg m.wasm
;; EXIT: 1
;; OUT: table.set changes a table (func 0 "fill") [P105]
;; OUT: >>> waiver "t" let this through until 2020-01-01: it has expired
;; OUT: waiver "t" (P105) expired after 2020-01-01
;; RUN: parigot-validate --policy=e.cfg --format=json m.wasm
;; EXIT: 1
;; OUT: "note":"waiver \"t\" let this through until 2020-01-01: it has expired"
;; OUT: "waivers":[{"rule":"P105","name":"t","reason":"once, at the start","expires":"2020-01-01","findings":0,"state":"expired"}]
;; RUN: sed "s/reason = /expires = \"$(date -u -d '+10 days' +%F)\"; reason = /" w.cfg > s.cfg; parigot-validate --policy=s.cfg m.wasm m.wasm
;; OUT: 2 files under policy w: 2 pass, 0 fail
;; OUT: waiver "t" (P105) expires after 2
;; OUT: : 10 days from now
;; RUN: parigot-validate --policy=s.cfg --format=json m.wasm m.wasm
;; OUT: "findings":2,"state":"expires soon"}]
;; RUN: sed 's/reason = /expires = "2999-12-31"; reason = /' w.cfg > l.cfg; parigot-validate --policy=l.cfg m.wasm
;; OUT: 1 waived
;; NOT: waiver "t"
;; RUN: for f in w e l; do parigot-validate --print-policy=$f.cfg > 1.cfg && parigot-validate --print-policy=1.cfg | cmp - 1.cfg || exit 9; parigot-validate --policy=$f.cfg --format=json m.wasm > 1.json; parigot-validate --policy=1.cfg --format=json m.wasm | cmp - 1.json || exit 8; done
(module (table 1 funcref) (elem func $fill)
 (func $fill (table.set 0 (i32.const 0) (ref.func $fill))))
