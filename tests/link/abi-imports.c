/* With --abi only described methods can be imported or provided; what is not says which was probably meant. Without findings the
 * import section is exactly the methods that the program names, and the record has each service's digest.
 * NEED: clang-19
 * NEED: protoc
 * NEED: wasm-objdump
 * RUN: protoc -I$PARIGOT_SOURCE/examples/greeting -o g.abi greeting/v1/greeting.proto && clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld --abi=g.abi --service=greeting.v1.Greeter --service parigot.log.v1.Log a.o -o a.wasm
 * RUN: wasm-objdump -x -j Import a.wasm | sed -n 's/.* <- //p' >has; printf 'greeting.v1.Greeter.Hello\nparigot.log.v1.Log.Write\nparigot.kernel.v1.Kernel.Exit\n' | diff - has
 * RUN: parigot-validate --abi=g.abi a.wasm
 * OUT: 27 rules proved
 * RUN: parigot-ld --service=greeting.v1.Greeter a.o -o b.wasm
 * EXIT: 1
 * ERR: import "parigot.log.v1.Log" "Write": the service is not named by --service [P303]
 * ERR: >>> referenced by
 * ERR: abi-imports.c:50 (a.o: function f)
 * NOFILE: b.wasm
 * RUN: parigot-ld --abi=g.abi --service=parigot.log.v1.Log a.o -o b.wasm
 * EXIT: 1
 * ERR: import "greeting.v1.Greeter" "Hello": the service is not named by --service [P303]
 * ERR: export "greeting.v1.Greeter/Hello": the service is not named by --service [P501]
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -DGREET='"Greet"' -c %s -o b.o; parigot-ld --abi=g.abi b.o -o b.wasm
 * EXIT: 1
 * ERR: import "greeting.v1.Greeter" "Greet": the service has no such method, nearest: greeting.v1.Greeter/Hello [P301]
 * NOFILE: b.wasm
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -DGREETER='"greeting.v2.Greeter"' -c %s -o b.o; parigot-ld --abi=g.abi b.o -o b.wasm
 * EXIT: 1
 * ERR: import "greeting.v2.Greeter" "Hello": no such service is described, nearest: greeting.v1.Greeter/Hello [P301]
 * RUN: clang-19 --target=wasm32 -O1 -g -ffreestanding -DPROVIDED='"greeting.v1.Greeter/Helo"' -c %s -o b.o; parigot-ld --abi=g.abi b.o -o b.wasm
 * EXIT: 1
 * ERR: export "greeting.v1.Greeter/Helo": the service has no such method, nearest: greeting.v1.Greeter/Hello [P504]
 * RUN: parigot-ld --policy=audit --abi=g.abi b.o -o b.wasm
 * ERR: warning
 * ERR: [P504]
 */
#include "entries.h"
#ifndef GREET
#define GREET "Hello"
#endif
#ifndef GREETER
#define GREETER "greeting.v1.Greeter"
#endif
#ifndef PROVIDED
#define PROVIDED "greeting.v1.Greeter/Hello"
#endif
IMPORT(GREETER, GREET) int greet(int, int, int);
IMPORT("parigot.log.v1.Log", "Write") int put(int, int, int);
IMPORT("parigot.log.v1.Log", "Never") int never(int, int, int);
IMPORT("parigot.kernel.v1.Kernel", "Exit") int leave(int);
int dead(void) { return never(1, 2, 3); }
ENTRY(PROVIDED) void f(int a, int b, int c, int d) { if (greet(a, b + d, c) < put(a, b, c)) leave(1); }
