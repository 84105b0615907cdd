/* What stands in for a WASI host: lines of both streams, whole lines from an unbuffered stderr, long ones in parts, no files,
 * no clock, arguments of one, exit status; and a service that prints. Nothing of WASI is imported.
 * NEED: clang-19
 * NEED: wasm-objdump
 * NEED: /usr/lib/wasm32-wasi/libc.a
 * RUN: sed 's/1808/8192/; s/} );/}, { name = "ctor"; rule = "P106"; archive = "blake2b-256:67fab587096abf478f358c005156237bb5abe3e13a2e627a8fa76d09666b22de"; bytes = 1; reason = "folders"; } );/' $PARIGOT_SOURCE/examples/printf/libc.cfg >libc.cfg
 * RUN: parigot-cc -g -Wall -Werror --libc=wasi --policy=libc.cfg %s -o m.wasm && parigot-validate --policy=libc.cfg m.wasm && wasm-objdump -x -j Import m.wasm | grep -c 'parigot.log.v1.Log.Write'
 * OUT: 1
 * NOT: wasi_snapshot
 * RUN: printf 'world = 1; name = "w"; main = "m"; modules = ( { name = "m"; file = "m.wasm"; policy = "libc.cfg"; grant = [ "parigot.log.v1.Log" ]; } );' >w.cfg && parigot-bundle create --world w.cfg -o w.pbundle && parigot-run --allow-unsigned w.pbundle
 * EXIT: 7
 * OUT: m: 1 argument: program
 * OUT: m: pi is 3.14159, 1e+300 7 -12 0x1f
 * OUT: m: warning: standard error: 0000000000000000000000000000000000000000000000000000000000000000000000000000000000042, whole
 * OUT: m: part
 * OUT: m:  and part
 * OUT: m: raw ?
 * OUT: m: 40000 in 3 lines
 * OUT: m: eof 1
 * OUT: m: open: No such file or directory
 * OUT: m: close(7): Bad file descriptor
 * OUT: m: lseek(1): Invalid seek
 * OUT: m: clock: Function not implemented
 * OUT: m: getentropy: Function not implemented
 * OUT: m: fsync 0, isatty 1 0
 * OUT: m: 1000 lines
 * OUT: m: at exit, no line end
 * NOT: trap
 * RUN: parigot-run --allow-unsigned w.pbundle | grep -c '^m: line'
 * OUT: 1000
 * RUN: parigot-cc -DSERVICE --libc=wasi --policy=libc.cfg %s -o m.wasm && parigot-bundle create --world w.cfg -o s.pbundle && parigot-run --allow-unsigned s.pbundle
 * EXIT: 3
 * OUT: m: started as m, 3
 * RUN: parigot-cc -DSILENT --libc=wasi --policy=libc.cfg %s -o q.wasm && wasm-objdump -x -j Import q.wasm
 * NOT: parigot.log
 * RUN: parigot-cc --libc=wasi -DSTATE --policy=libc.cfg %s -o x.wasm
 * EXIT: 1
 * ERR: writable data: count, 4 bytes
 * NOT: libc.a
 * NOFILE: x.wasm
 * RUN: mkdir none; parigot-cc --libc=wasi --sysroot=none %s -o x.wasm
 * EXIT: 2
 * ERR: no none/lib/wasm32-wasi/libc.a (package wasi-libc)
 * RUN: parigot-cc --libc=glibc %s -o x.wasm
 * EXIT: 2
 * ERR: --libc=glibc: expected parigot or wasi
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef SILENT
int main(void) { return 0; }
#elif defined STATE
static int count;
int main(void) { return printf("%d\n", *(volatile int *)&count += 1); }
#elif defined SERVICE
#include "parigot.h"
struct parigot_app { int x; };
parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    char *name = malloc(init->module.len + 1);
    snprintf(name, init->module.len + 1, "%.*s", (int)init->module.len, init->module.ptr);
    printf("started as %s, %d\n", name, 3);
    parigot_exit(3);
}
#else
static void say(const char *what) { printf("%s: %s\n", what, strerror(errno)); }

static void last(void) { printf("at exit, no line end"); }

int main(int argc, char **argv)
{
    atexit(last);
    printf("%d argument: %s\n", argc, argv[0]);
    printf("pi is %.5f, %g %lld %d %#x\n", 3.14159265, 1e300, 7LL, -12, 31);
    fprintf(stderr, "standard error: %085d, whole\n", 42);
    printf("part");
    fflush(stdout);
    printf(" and part\n");
    if (write(1, "raw \xff\n", 6) != 6) return 1;
    char *long_line = malloc(40001);
    memset(long_line, 'x', 40000);
    long_line[40000] = '\n';
    if (write(1, long_line, 40001) != 40001) return 2;
    free(long_line);
    printf("40000 in 3 lines\n");
    printf("eof %d\n", getchar() == EOF);
    if (open("/etc/passwd", O_RDONLY) < 0) errno = ENOENT, say("open");
    if (close(7) < 0) say("close(7)");
    if (lseek(1, 0, SEEK_SET) < 0) say("lseek(1)");
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) < 0) say("clock");
    char c;
    if (getentropy(&c, 1) < 0) say("getentropy");
    printf("fsync %d, isatty %d %d\n", fsync(1), isatty(1), isatty(5));
    for (int i = 0; i < 1000; i++) printf("line %d\n", i);
    printf("1000 lines\n");
    return 7;
}
#endif
