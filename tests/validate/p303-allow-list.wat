;; P303: imports.allow and imports.deny; `*` stays on its side of the slash; deny wins; the kernel needs no line.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm; printf 'policy = 1;\nname = "w";\nbase = "audit";\nrules = ( { code = "P303"; violated = "error"; } );\nimports = { allow = [ "a.v1.*/*", "b.*/Write" ]; deny = [ "a.v1.Secret/*" ]; };\n' > p.cfg; parigot-validate --policy=p.cfg m.wasm
;; EXIT: 1
;; OUT: import "a.v1.Secret" "Open" is not allowed by the policy [P303]
;; OUT: import "b.Log" "Read" is not allowed by the policy [P303]
;; OUT: import "c.d.E" "f" is not allowed by the policy [P303]
;; NOT: "Write" is not allowed
;; NOT: "Get" is not allowed
;; NOT: "Exit" is not allowed
;; RUN: parigot-validate --policy=audit m.wasm
;; NOT: P303 [
(module
 (import "a.v1.Box" "Get" (func (param i32 i32 i32) (result i32)))
 (import "a.v1.Secret" "Open" (func (param i32 i32 i32) (result i32)))
 (import "b.Log" "Write" (func (param i32 i32 i32) (result i32)))
 (import "b.Log" "Read" (func (param i32 i32 i32) (result i32)))
 (import "c.d.E" "f" (func (param i32 i32 i32) (result i32)))
 (import "parigot.kernel.v1.Kernel" "Exit" (func (param i32) (result i32))))
