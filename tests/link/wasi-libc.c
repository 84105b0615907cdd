/* A program over Debian's wasi-libc: the bytes are wasm-ld's, with and without dead code; under strict each writable datum of the
 * library is named with its line.
 * NEED: clang-19
 * NEED: wasm-ld-19
 * NEED: node
 * RUN: test -f /usr/lib/wasm32-wasi/libc.a || exit 0; clang-19 --target=wasm32-wasi -O2 -c %s -o a.o && mkdir x y && for o in "" "--no-gc-sections" "--export-dynamic -O2" "--stack-first -z stack-size=1048576 --export=malloc" "--strip-all --global-base=65536"; do A="-m wasm32 -L/usr/lib/wasm32-wasi /usr/lib/wasm32-wasi/crt1-command.o a.o -lc"; wasm-ld-19 $A -S $o -o x/m.wasm && parigot-ld --policy=none $A -S $o -o y/m.wasm && cmp x/m.wasm y/m.wasm || { echo "differs: $o"; exit 1; }; done
 * RUN: test -f /usr/lib/wasm32-wasi/libc.a || exit 0; A="-L/usr/lib/wasm32-wasi /usr/lib/wasm32-wasi/crt1-command.o a.o -lc"; parigot-ld --policy=none $A -o m.wasm && node -e 'const {WASI}=require("wasi"),f=require("fs"),w=new WASI({args:["a"],version:"preview1"});WebAssembly.instantiate(f.readFileSync("m.wasm"),{wasi_snapshot_preview1:w.wasiImport}).then(r=>w.start(r.instance))' >out && grep -q '^1 5 0.333$' out || exit 1; parigot-ld --entry=_start $A -o s.wasm 2>err; test $? = 1 && grep -q 'errno.c:[0-9]*: /usr/lib/wasm32-wasi/libc.a(errno.o):0x[0-9a-f]*: writable data: errno, 4 bytes in section .bss.errno .P104.' err
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int cmp(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(int argc, char **argv)
{
    int v[5] = {5, 3, 1, 4, 2};
    qsort(v, 5, sizeof *v, cmp);
    char *p = malloc(100);
    snprintf(p, 100, "%d %d %.3f", v[0], v[4], (double)argc / 3);
    puts(p);
    int status = strlen(p) == 0 || argv[0] == 0;
    free(p);
    return status;
}
