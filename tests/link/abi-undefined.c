/* With --abi a function that nobody defines is a finding of P301, or P303 when it is code generated for a service that --service
 * does not name; the nearest method is told. Imports are judged in the same run.
 * NEED: clang-19
 * NEED: protoc
 * RUN: protoc -I$PARIGOT_SOURCE/examples/greeting -o g.abi greeting/v1/greeting.proto && clang-19 --target=wasm32 -O1 -g -ffreestanding -c %s -o a.o
 * RUN: parigot-ld a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: greeting_v1_Greeter_Hello_call [L0103]
 * NOT: Greeter/Hello
 * RUN: parigot-ld --abi=g.abi a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: greeting_v1_Greeter_Hello_call [P301]
 * ERR: >>> referenced by
 * ERR: >>> it belongs to greeting.v1.Greeter/Hello: link the code that protoc-gen-parigot makes for it
 * ERR: undefined symbol: greeting_v1_Greeter_CountDown_reply [P301]
 * ERR: >>> nearest: greeting.v1.Greeter/Countdown
 * ERR: undefined symbol: frob [P301]
 * ERR: undefined symbol: datum [L0103]
 * ERR: import "greeting.v1.Greeter" "Greet": the service has no such method, nearest: greeting.v1.Greeter/Hello [P301]
 * ERR: >>> referenced by
 * ERR: import "env" "old" does not name a method of a service [P301]
 * NOFILE: a.wasm
 * RUN: parigot-ld --abi=g.abi --service=parigot.log.v1.Log a.o -o a.wasm
 * EXIT: 1
 * ERR: undefined symbol: greeting_v1_Greeter_Hello_call [P303]
 * ERR: >>> it belongs to greeting.v1.Greeter/Hello, a service that --service does not name
 * NOFILE: a.wasm
 */
#include "entries.h"
int greeting_v1_Greeter_Hello_call(int), greeting_v1_Greeter_CountDown_reply(int), frob(int);
IMPORT("greeting.v1.Greeter", "Greet") int greet(int, int, int); /* told in the same run */
IMPORT("env", "old") int old(int);
extern const int datum;
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d)
{
    *(volatile int *)(long)a = greeting_v1_Greeter_Hello_call(b) + greeting_v1_Greeter_CountDown_reply(c) + frob(d) + datum + greet(a, b, c) + old(d);
}
