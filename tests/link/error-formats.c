/* Findings as one line each, as JSON and as SARIF 2.1.0: the same ones, with their places.
 * NEED: clang-19
 * RUN: mkdir -p "src dir" && cp %s "src dir/a.c" && clang-19 --target=wasm32 -O1 -g -ffreestanding -c "src dir/a.c" -o a.o
 * RUN: parigot-ld --error-format=gnu a.o -o a.wasm
 * EXIT: 1
 * ERR: src dir/a.c:40: error: writable data: counter, 4 bytes in section .bss.counter [P104]
 * ERR: src dir/a.c:41: error: undefined symbol: no"where [L0103]
 * NOT: >>>
 * RUN: parigot-ld --error-format=json a.o -o a.wasm 2>log; test $? = 1 && python3 -c 'import json; d = [json.loads(l) for l in open("log")]; print(*[(x["code"], x["symbol"], x["sourceLine"]) for x in d])'
 * OUT: ('P104', 'counter', 40) ('L0103', 'no"where', 41)
 * RUN: parigot-ld --error-format=sarif a.o -o a.wasm 2>log; test $? = 1 && python3 %d/check_sarif.py log
 * OUT: P104 error src%20dir/a.c:40 counter
 * OUT: L0103 error src%20dir/a.c:41 no"where
 * OUT: completed
 * RUN: parigot-ld --error-format=sarif --policy=none --no-entry --allow-undefined a.o -o a.wasm 2>log && python3 %d/check_sarif.py log
 * OUT: completed
 * NOT: L0103
 * RUN: parigot-ld --error-format=sarif a.o -lnowhere -o a.wasm 2>log; test $? = 1 && python3 %d/check_sarif.py log
 * OUT: notification L0101 error
 * OUT: completed
 * RUN: parigot-ld --error-format=sarif --nonsense a.o 2>log; test $? = 2 && python3 %d/check_sarif.py log
 * OUT: notification U0101 error
 * OUT: not completed
 * RUN: parigot-ld --error-format=sarif a.o -o a.wasm 2>one; parigot-ld --error-format=sarif a.o -o a.wasm 2>two; cmp one two
 * RUN: parigot-ld --error-format=sarif --error-file=log a.o -o a.wasm
 * EXIT: 1
 * ERR: parigot-ld: error: src dir/a.c:40: a.o:0x
 * NOT: ruleId
 * RUN: cmp log one
 * RUN: parigot-ld --error-format=json --error-file=nowhere/log a.o -o a.wasm
 * EXIT: 2
 * ERR: undefined symbol
 * ERR: nowhere/log: 
 * RUN: parigot-ld --error-format=xml a.o
 * EXIT: 2
 * ERR: unknown --error-format: xml (known: text, gnu, json, sarif)
 */
extern int nowhere(void) __asm__("no\"where");
static int
    counter;
__attribute__((export_name("f"))) int f(void) { return counter++ + nowhere(); }
