;; The list of a policy holds for every import, also where the policy lets through names that are no services'. A pattern's last
;; slash separates its sides, and each side is compared with one name: none can pass for the other.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm; printf 'policy = 1;\nname = "wasi";\nrules = ( { code = "P301"; violated = "off"; }, { code = "P302"; violated = "off"; }, { code = "P304"; violated = "note"; } );\nimports = { allow = [ "wasi_snapshot_preview1/fd_*", "./glue.js/*" ]; deny = [ "*/fd_write" ]; };\n' > w.cfg; parigot-validate --policy=w.cfg m.wasm
;; EXIT: 1
;; OUT: import "wasi_snapshot_preview1" "fd_write" is not allowed by the policy [P303]
;; OUT: import "wasi_snapshot_preview1" "path_open" is not allowed by the policy [P303]
;; OUT: import "." "glue.js/f" is not allowed by the policy [P303]
;; OUT: import "" "" is not allowed by the policy [P303]
;; OUT: import "env" "memory" is not allowed by the policy [P303]
;; NOT: "fd_read"
;; NOT: "g/h" is
(module
 (import "wasi_snapshot_preview1" "fd_read" (func))
 (import "wasi_snapshot_preview1" "fd_write" (func))
 (import "wasi_snapshot_preview1" "path_open" (func))
 (import "./glue.js" "g/h" (func))
 (import "." "glue.js/f" (func))
 (import "" "" (func))
 (import "env" "memory" (memory 1 1)))
