;; Each family of limits: sizes, counts, code. A policy file sets them low.
;; RUN: wat2wasm %s -o m.wasm
;; RUN: printf 'policy = 1;\nname = "low";\nbase = "audit";\nrules = ({ code = "P602"; violated = "error"; }, { code = "P603"; violated = "error"; }, { code = "P604"; violated = "error"; });\nlimits = { body = "8 B"; types = 1; exports = 1; locals = 2; params = 1; br_table = 1; nesting = 1; };\n' > low.cfg
;; RUN: parigot-validate --policy=low.cfg m.wasm
;; EXIT: 1
;; OUT: [P602]
;; OUT: [P603]
;; OUT: [P604]
;; RUN: parigot-validate --policy=none m.wasm
(module
  (func (export "a") (param i32 i32) (local i32 i32 i32)
    (block (block (block (br_table 0 1 2 (local.get 0))))))
  (func (export "b")))
