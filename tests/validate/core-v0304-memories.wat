;; Two memories; the feature has a name.
;; NEED: wat2wasm
;; RUN: wat2wasm --no-check --enable-all %s -o m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: multiple memories: feature multi-memory is not supported [V0304]
(module (memory 1) (memory 1))
