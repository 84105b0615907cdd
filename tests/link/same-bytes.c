// The same inputs make the same bytes, whatever the number of threads, the folder, the locale, the umask and the time zone:
// modules, maps, objects, bundles, and what is told when a link fails. The inputs are large enough to be shared out.
// NEED: clang-19
// NEED: llvm-ar-19
// RUN: for n in 1 2 3 4 5 6 7 8 9; do clang-19 --target=wasm32 -O1 -g -ffreestanding -DN=$n -c %s -o $n.o || exit 1; done; llvm-ar-19 rcs libmore.a 7.o 8.o && for d in one "an other/of a long name" three; do mkdir -p "$d" && cp *.o *.a "$d" || exit 1; done; sed -n "s,^// LINK ,,p" %s > links
// LINK m.wasm --policy=strict --no-gc-sections
// LINK m.pbundle --policy=strict
// LINK n.wasm --policy=reset -O2 --build-id=sha1 --no-gc-sections
// LINK o.wasm --policy=none --no-entry --export-all -Map=m.map
// LINK p.wasm --policy=none --no-entry --no-gc-sections --build-id=fast -O2 --compress-relocations --strip-debug
// LINK r.o -r
// RUN: link() { (cd "$1" && umask $3 && LC_ALL=$4 TZ=$5 parigot-ld --threads=$2 $args 1.o 2.o 3.o 4.o 5.o 6.o --whole-archive libmore.a -o $out); }; while read -r out args; do link one 1 022 C UTC && link "an other/of a long name" 2 077 C.UTF-8 Asia/Tokyo && link three 7 027 POSIX America/Lima || exit 1; for d in "an other/of a long name" three; do cmp one/$out "$d/$out" || exit 1; done; ls one/$out; done < links; cmp one/m.map three/m.map
// OUT: one/m.wasm
// OUT: one/m.pbundle
// OUT: one/n.wasm
// OUT: one/o.wasm
// OUT: one/p.wasm
// OUT: one/r.o
// RUN: for t in 1 2 7; do parigot-ld --threads=$t --no-gc-sections --max-memory=65536 [1-9].o libmore.a -o x.wasm 2>$t.txt; test $? = 1 || exit 1; done; cmp 1.txt 2.txt && cmp 1.txt 7.txt && grep -c 'undefined symbol: missing' 1.txt
// OUT: 100
// NOFILE: x.wasm
#if N == 1
#include "entries.h"
#endif

#define TEN(m, x) m(x##0) m(x##1) m(x##2) m(x##3) m(x##4) m(x##5) m(x##6) m(x##7) m(x##8) m(x##9)
#define HUNDRED(m, x) TEN(m, x##0) TEN(m, x##1) TEN(m, x##2) TEN(m, x##3) TEN(m, x##4) TEN(m, x##5) TEN(m, x##6) TEN(m, x##7) TEN(m, x##8) TEN(m, x##9)
#define PASTE(a, b, c) a##b##_##c
#define NAME(a, b, c) PASTE(a, b, c)

#if N == 9
#define FUNCTION(x) int missing##x(int); int caller##x(int n) { return missing##x(n); }
#else
#define FUNCTION(x) __attribute__((weak)) int shared##x(int n) { return n * N; } \
        int NAME(f, N, x)(int n) { static const char text[] = "text " #x; return text[n & 7] + shared##x(n) + blob[n]; }
#endif
extern const unsigned char NAME(blob, N, 0)[1 << 18];
const unsigned char NAME(blob, N, 0)[1 << 18] = {[0 ... (1 << 18) - 1] = N};
#define blob NAME(blob, N, 0)
HUNDRED(FUNCTION, 1)

#if N == 1
ENTRY("demo.v1.Words/Say") void say(int state, int call, int ptr, int len) { *(volatile int *)(long)ptr = f1_100(state + call + len); }
#endif
