(; What cannot be metered.
RUN: wat2wasm %s -o in.wasm && parigot-ld --policy=none --rewrite in.wasm --meter -o out.wasm
RUN: parigot-ld --policy=none --rewrite out.wasm --meter -o twice.wasm
EXIT: 1
ERR: out.wasm: it is metered already
ERR: [L0151]
NOFILE: twice.wasm
RUN: printf '(module (global (export "parigot:fuel") i32 (i32.const 0)))' > fuel.wat && wat2wasm fuel.wat -o fuel.wasm && parigot-ld --policy=none --rewrite fuel.wasm --meter -o out2.wasm
EXIT: 1
ERR: [L0151]
RUN: printf '(module (func) (start 0))' > start.wat && wat2wasm start.wat -o start.wasm && parigot-ld --policy=none --rewrite start.wasm --meter -o out2.wasm
EXIT: 1
ERR: its start function runs before the host can give it fuel
ERR: [L0152]
NOFILE: out2.wasm
RUN: parigot-ld --policy=none --rewrite start.wasm -o out2.wasm
RUN: printf 'int f(void) { return 1; }' > f.c && clang-19 --target=wasm32 -c f.c && parigot-ld --policy=none --rewrite f.o --meter -o out3.wasm
EXIT: 1
ERR: f.o: it has relocations
ERR: [L0153]
NOFILE: out3.wasm
RUN: head -c 30 in.wasm > cut.wasm; parigot-ld --policy=none --rewrite cut.wasm --meter -o out3.wasm
EXIT: 1
ERR: cut.wasm
NOFILE: out3.wasm
RUN: printf 'a\0bc' > text.wasm; parigot-ld --policy=none --rewrite text.wasm -o out3.wasm
EXIT: 1
ERR: text.wasm
RUN: parigot-ld --policy=none --rewrite none.wasm -o out3.wasm
EXIT: 2
ERR: none.wasm
RUN: parigot-ld --meter=often --rewrite in.wasm -o out3.wasm
EXIT: 2
ERR: unknown --meter kind: often (known: coarse, exact)
RUN: parigot-ld --policy=none -r f.o --meter -o out3.o
EXIT: 2
ERR: it cannot be metered
RUN: parigot-ld --policy=none --emit-relocs --no-entry f.o --meter -o out3.wasm
EXIT: 2
ERR: --emit-relocs and --meter may not be used together
;)
(module (func (export "f")))
