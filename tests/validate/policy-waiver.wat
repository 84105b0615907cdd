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
;; RUN: sed 's/reason = /expires = "2020-01-01"; reason = /' w.cfg > e.cfg; parigot-validate --policy=e.cfg m.wasm
;; EXIT: 1
(module (table 1 funcref) (elem func $fill)
 (func $fill (table.set 0 (i32.const 0) (ref.func $fill))))
