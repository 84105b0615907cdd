/* Link-time optimisation is refused by name, with what to do instead.
   RUN: clang-19 --target=wasm32 -O2 -flto -c %s -o lto.o
   RUN: parigot-ld --policy=none --no-entry lto.o -o x.wasm
   EXIT: 1
   ERR: lto.o
   ERR: [L0111]
   NOFILE: x.wasm */
int one(void);
int one(void) { return 1; }
