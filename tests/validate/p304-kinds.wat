;; Imports that are not functions.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; EXIT: 1
;; OUT: imports the memory "env" "memory" [P304]
;; OUT: imports the table "env" "table" [P304]
;; OUT: imports the global "env" "g" [P304]
(module (import "env" "memory" (memory 1)) (import "env" "table" (table 1 funcref)) (import "env" "g" (global i32)))
