/* Imports are methods of services, by name; what is not is a finding that says who refers to it. A policy's list decides.
 * NEED: clang-19
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm
 * EXIT: 1
 * ERR: import "env" "thing" does not name a method of a service [P301]
 * ERR: >>> referenced by
 * ERR: imports-by-name.c:30 (a.o: function f)
 * NOFILE: a.wasm
 * RUN: parigot-ld --error-format=sarif a.o -o a.wasm 2>log; python3 %d/check_sarif.py log
 * OUT: P301 error
 * OUT: imports-by-name.c:30
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -DGOOD -c %s -o b.o && parigot-ld b.o -o b.wasm
 * RUN: printf 'policy = 1; name = "few"; base = "strict"; imports = { allow = [ "parigot.log.v1.Log/*" ]; };' > few.cfg
 * RUN: parigot-ld --policy=few.cfg b.o -o c.wasm
 * EXIT: 1
 * ERR: import "demo.v1.Store" "Get" is not allowed by the policy [P303]
 * ERR: >>> referenced by
 * ERR: imports-by-name.c:30 (b.o: function f)
 * NOFILE: c.wasm
 * RUN: parigot-ld --policy=missing.cfg b.o -o c.wasm
 * EXIT: 2
 */
#include "entries.h"
#ifdef GOOD
IMPORT("demo.v1.Store", "Get") int thing(int, int, int);
#else
IMPORT("env", "thing") int thing(int, int, int);
#endif
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { thing(a, b + d, c); }
