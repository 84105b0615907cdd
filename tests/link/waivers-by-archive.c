/* A waiver by archive lets through what that archive brings, bytes for bytes, up to so many, until a day; nothing of any other file,
 * and nothing but the rule that it names. The message says what waiver would do it. The digest is what b2sum prints; of a thin
 * archive, that of its members' digests.
 * NEED: clang-19
 * NEED: llvm-ar-19
 * RUN: for p in LIB MAIN OWN; do clang-19 --target=wasm32 -O1 -g -ffreestanding -D$p -c %s -o $p.o || exit 1; done; llvm-ar-19 rcsD lib.a LIB.o && llvm-ar-19 rcsD other.a LIB.o OWN.o && b2sum -l 256 lib.a | cut -d' ' -f1 >digest
 * RUN: parigot-ld MAIN.o lib.a -o a.wasm 2>err; test $? = 1 && grep -F "archive = \"blake2b-256:$(cat digest)\"; bytes = 52; reason" err && cat err >&2
 * ERR: writable data: table, 48 bytes
 * ERR: >>> lib.a: 2 findings of P104; a waiver in the policy that lets through what this archive brings:
 * ERR: >>> { name = "lib-P104"; rule = "P104"; archive = "blake2b-256:
 * ERR: writable data: hits, 4 bytes
 * NOT: >>> MAIN.o
 * RUN: echo 'policy = 1; name = "p"; base = "strict"; waivers = ( { name = "lib"; rule = "RULE"; archive = "blake2b-256:DIGEST"; bytes = BYTES; reason = "counts"; expires = "DAY"; } );' | sed "s/DIGEST/$(cat digest)/" >in; set_() { sed "s/RULE/$1/; s/BYTES/$2/; s/DAY/$3/" in >$4.cfg; }; set_ P104 52 2999-12-31 good; set_ P104 51 2999-12-31 small; set_ P104 52 2020-01-01 old; set_ P105 52 2999-12-31 rule; set_ P203 52 2999-12-31 never
 * RUN: parigot-ld --policy=good.cfg MAIN.o lib.a -o good.wasm && parigot-validate --format=json --policy=good.cfg good.wasm
 * OUT: "waivedLow":69632,"waivedHigh":69684
 * OUT: {"rule":"P104","waiver":"lib","symbol":"table","reason":"counts"
 * OUT: {"rule":"P104","waiver":"lib","symbol":"hits","reason":"counts"
 * RUN: parigot-ld --policy=small.cfg MAIN.o lib.a -o x.wasm
 * EXIT: 1
 * ERR: >>> waiver "lib" admits 51 bytes, 52 are needed
 * NOFILE: x.wasm
 * RUN: parigot-validate --policy=small.cfg good.wasm
 * EXIT: 1
 * OUT: waived when it was linked (lib), but not by policy p [P104]
 * RUN: parigot-ld --policy=old.cfg MAIN.o lib.a -o x.wasm
 * EXIT: 1
 * ERR: >>> waiver "lib" has expired
 * NOFILE: x.wasm
 * RUN: parigot-ld --policy=rule.cfg MAIN.o lib.a -o x.wasm
 * EXIT: 1
 * ERR: writable data: hits
 * NOFILE: x.wasm
 * RUN: parigot-ld --policy=never.cfg MAIN.o lib.a -o x.wasm
 * EXIT: 2
 * ERR: P203 cannot be waived
 * NOFILE: x.wasm
 * RUN: sed 's/COUNTS/COUNTZ/' lib.a >changed.a && cmp lib.a changed.a >/dev/null; test $? = 1 && parigot-ld --policy=good.cfg MAIN.o changed.a -o x.wasm
 * EXIT: 1
 * ERR: writable data: table
 * ERR: >>> waiver "lib" is for another archive
 * NOFILE: x.wasm
 * RUN: cat lib.a >appended.a && printf 'x/              0           0     0     644     2         `\nhi' >>appended.a && parigot-ld --policy=good.cfg MAIN.o appended.a -o x.wasm
 * EXIT: 1
 * ERR: >>> waiver "lib" is for another archive
 * RUN: parigot-ld --policy=good.cfg MAIN.o LIB.o -o x.wasm
 * EXIT: 1
 * ERR: LIB.o
 * ERR: writable data: hits
 * NOT: archive =
 * RUN: parigot-ld --policy=good.cfg MAIN.o OWN.o lib.a -o x.wasm
 * EXIT: 1
 * ERR: OWN.o
 * ERR: writable data: mine, 4 bytes
 * NOT: hits
 * NOT: archive =
 * RUN: parigot-ld --policy=good.cfg MAIN.o other.a -o x.wasm
 * EXIT: 1
 * ERR: other.a(LIB.o)
 * RUN: clang-19 --target=wasm32 -O1 -matomics -mbulk-memory -ffreestanding -DTHREAD -c %s -o THREAD.o && llvm-ar-19 rcsD threads.a LIB.o THREAD.o && sed "s/[0-9a-f]\{64\}/$(b2sum -l 256 threads.a | cut -d' ' -f1)/" good.cfg >t.cfg && sed -i 's/= 52/= 500/' t.cfg && parigot-ld --no-check-features --policy=t.cfg MAIN.o -u per_thread threads.a -o x.wasm
 * EXIT: 1
 * ERR: thread-local data: per_thread
 * ERR: [P203]
 * NOT: hits
 * NOFILE: x.wasm
 * RUN: llvm-ar-19 rcsDT thin.a LIB.o OWN.o && python3 -c 'from hashlib import blake2b as b; print(b(b"".join(b(open(f, "rb").read(), digest_size=32).digest() for f in ("LIB.o", "OWN.o")), digest_size=32).hexdigest())' >thin; sed "s/[0-9a-f]\{64\}/$(cat thin)/" good.cfg >thin.cfg; parigot-ld --policy=thin.cfg MAIN.o thin.a -o thin.wasm && parigot-validate --policy=thin.cfg thin.wasm
 * OUT: 2 waived
 * RUN: sed -i 's/COUNTS/COUNTZ/' LIB.o && parigot-ld --policy=thin.cfg MAIN.o thin.a -o x.wasm
 * EXIT: 1
 * ERR: >>> waiver "lib" is for another archive
 * NOFILE: x.wasm
 * RUN: sed -i 's/COUNTZ/COUNTS/' LIB.o && parigot-ld --policy=thin.cfg MAIN.o thin.a -o again.wasm && cmp thin.wasm again.wasm && rm OWN.o && parigot-ld --policy=thin.cfg MAIN.o thin.a -o x.wasm
 * EXIT: 2
 * ERR: OWN.o
 * NOFILE: x.wasm
 */
#ifdef LIB
static int hits;
static char table[48];
const char *library_name(void);
const char *library_name(void) { return "COUNTS"; }
int count(int a);
int count(int a)
{
    table[a & 31]++;
    return hits++ + table[(a + 1) & 31] + *library_name();
}
#elif defined OWN
static int mine;
int own(int a);
int own(int a) { return mine += a; }
__attribute__((used)) int (*const keep)(int) = own;
#elif defined THREAD
__attribute__((used)) _Thread_local int per_thread = 7;
#else
#include "entries.h"
int count(int);
__attribute__((weak)) int own(int);
ENTRY("demo.v1.T/F") void f(int a, int b, int c, int d) { *(volatile int *)(long)a = count(b + c + d) + (own ? own(c) : 0); }
#endif
