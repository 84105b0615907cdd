;; Empty names.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: import "" "f" has an empty name [P302]
;; OUT: import "a.B" "" has an empty name [P302]
;; NOT: P301
(module (import "" "f" (func)) (import "a.B" "" (func)))
