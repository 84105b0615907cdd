;; A module that names no service is not part of a world.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate m.wasm
;; OUT: valid, 26 rules proved
(module)
