/* Metering and its proof are shared out: the same bytes with any number of threads, and the same words about charges that
   were lowered.
RUN: awk 'BEGIN { for (i = 0; i < 9000; i++) print "int f" i "(int x) { while (x > " i ") x = x / 3 - " i "; return x; }" }' > many.c && clang-19 --target=wasm32 -O1 -ffreestanding -c many.c -o many.o && parigot-ld --policy=none --no-entry --export-all many.o -o m.wasm
RUN: for n in 1 2 7; do parigot-ld --policy=none --meter --threads=$n --rewrite m.wasm -o $n.wasm || exit 1; done; cmp 1.wasm 2.wasm && cmp 1.wasm 7.wasm
RUN: printf 'policy = 1; name = "metered"; base = "none"; rules = ( { code = "P7xx"; violated = "error"; } );' > p.cfg
RUN: parigot-validate --policy=p.cfg --jobs=7 1.wasm && python3 -c 'import re; b = bytearray(open("1.wasm", "rb").read()); at = [m.start(1) for m in re.finditer(rb"\x42([\x02-\x3f])\x7d", b)]; print("charges", len(at) > 9000); b[at[0]] -= 1; b[at[-1]] -= 1; open("bad.wasm", "wb").write(b)'
OUT: 3 rules proved
OUT: charges True
RUN: for n in 1 2 7; do parigot-validate --policy=p.cfg --jobs=$n bad.wasm > $n.txt 2>&1; test $? = 1 || exit 1; done; cmp 1.txt 2.txt && cmp 1.txt 7.txt && grep -c 'more than was paid for' 1.txt
OUT: 2
NEED: clang-19
*/
