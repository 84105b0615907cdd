;; --report=capabilities knows the imports of compilers whose modules need JavaScript, or other modules, around them.
;; NEED: wat2wasm
;; RUN: wat2wasm %s -o m.wasm && parigot-validate --report=capabilities m.wasm
;; OUT: can use     JavaScript of its host (Go), JavaScript of its host (wasm-bindgen), being linked at run time, files, sockets and processes of its host (Emscripten), ending its process, 1 import of unknown meaning
(module
 (import "gojs" "runtime.ticks" (func))
 (import "./a_bg.js" "__wbg_new_1" (func))
 (import "GOT.mem" "x" (global i32))
 (import "env" "__syscall_openat" (func))
 (import "env" "abort" (func))
 (import "a" "b" (func)))
