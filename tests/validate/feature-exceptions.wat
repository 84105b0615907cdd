;; A tag section is refused by the name of its feature, also when no tag is in it; no tool writes such a one.
;; RUN: printf '\0asm\001\0\0\0\015\001\0' >m.wasm && parigot-validate --policy=none m.wasm
;; EXIT: 1
;; OUT: feature exception-handling is not supported: tag section [W0117]
