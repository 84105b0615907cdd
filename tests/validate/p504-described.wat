;; P301, P305 and P504 with --abi, P303 and P501 with --service: methods that are described, of services that are named.
;; NEED: wat2wasm
;; NEED: protoc
;; RUN: wat2wasm %s -o m.wasm; protoc -I$PARIGOT_SOURCE/examples/greeting -o g.abi greeting/v1/greeting.proto; parigot-validate m.wasm
;; RUN: parigot-validate --format=json m.wasm
;; OUT: {"code":"P504","name":"exported methods described","verdict":"off"
;; RUN: parigot-validate --abi=g.abi m.wasm
;; EXIT: 1
;; OUT: import "greeting.v1.Greeter" "Count": the service has no such method, nearest: greeting.v1.Greeter/Countdown [P301]
;; OUT: import "other.v1.Other" "Get": no such service is described [P301]
;; OUT: export "greeting.v1.Greeter/Hallo": the service has no such method, nearest: greeting.v1.Greeter/Hello [P504]
;; OUT: export "other.v1.Other/Do": no such service is described [P504]
;; OUT: violated: P301 P504
;; NOT: "Countdown"
;; NOT: "Write"
;; RUN: parigot-validate --service=greeting.v1.Greeter m.wasm
;; EXIT: 1
;; OUT: import "parigot.log.v1.Log" "Write": the service is not named by --service [P303]
;; OUT: import "other.v1.Other" "Get": the service is not named by --service [P303]
;; OUT: export "other.v1.Other/Do": the service is not named by --service [P501]
;; NOT: Exit
;; RUN: printf 'policy = 1; name = "off"; base = "strict"; rules = ( { code = "P3xx"; violated = "off"; not_provable = "off"; }, { code = "P504"; violated = "off"; } );' >off.cfg; parigot-validate --policy=off.cfg m.wasm
;; RUN: parigot-validate --policy=off.cfg --abi=g.abi m.wasm
;; EXIT: 1
;; OUT: [P301]
;; OUT: [P504]
;; NOT: [P303]
;; RUN: parigot-validate --policy=off.cfg --service=greeting.v1.Greeter m.wasm
;; EXIT: 1
;; OUT: import "parigot.log.v1.Log" "Write": the service is not named by --service [P303]
;; RUN: parigot-validate --policy=audit --abi=g.abi m.wasm
;; OUT: warning: m.wasm
;; OUT: [P301]
;; RUN: parigot-validate --service
;; EXIT: 2
;; ERR: --service needs a value
(module
 (import "greeting.v1.Greeter" "Countdown" (func (param i32 i32 i32) (result i32)))
 (import "greeting.v1.Greeter" "Count" (func (param i32 i32 i32) (result i32)))
 (import "parigot.log.v1.Log" "Write" (func (param i32 i32 i32) (result i32)))
 (import "other.v1.Other" "Get" (func (param i32 i32 i32) (result i32)))
 (import "parigot.kernel.v1.Kernel" "Exit" (func (param i32) (result i32)))
 (func (export "parigot_alloc") (param i32) (result i32) i32.const 0)
 (func (export "parigot_init") (param i32 i32) (result i32) i32.const 0)
 (func (export "parigot_result") (param i32 i32 i32 i32 i32 i32))
 (func (export "greeting.v1.Greeter/Hello") (param i32 i32 i32 i32))
 (func (export "greeting.v1.Greeter/Hallo") (param i32 i32 i32 i32))
 (func (export "other.v1.Other/Do") (param i32 i32 i32 i32)))
