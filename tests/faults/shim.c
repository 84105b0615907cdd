/* shim.c: preloaded into a tool: one call of libc's goes wrong. FAULT=CALL:N:HOW, CALL one of open read write fsync close
 * rename fchmod mkostemp, N its number counted from 1 in each process, HOW an errno's number or `short` (write and read: one
 * byte). A file $FAULT_HIT is made when it has happened. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int counted;

/* Is this the call that goes wrong? 1: yes; errno is set, or *is_short. */
static bool goes_wrong(const char *call, bool *is_short)
{
    const char *fault = getenv("FAULT");
    size_t n = strlen(call);
    *is_short = false;
    if (!fault || strncmp(fault, call, n) != 0 || fault[n] != ':') return false;
    char *how;
    long number = strtol(fault + n + 1, &how, 10);
    if (++counted != number) return false;
    const char *hit = getenv("FAULT_HIT");
    int (*real_open)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    if (hit) close(real_open(hit, O_WRONLY | O_CREAT, 0600));
    *is_short = strcmp(how, ":short") == 0;
    errno = atoi(how + 1);
    return true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t n)
{
    bool is_short, bad = fd > 2 && goes_wrong("write", &is_short);
    if (bad && !is_short) return -1;
    return REAL(write)(fd, bytes, bad && n ? 1 : n);
}

ssize_t read(int fd, void *bytes, size_t n)
{
    bool is_short, bad = goes_wrong("read", &is_short);
    if (bad && !is_short) return -1;
    return REAL(read)(fd, bytes, bad && n ? 1 : n);
}

#define FAILING(name, parameters, arguments)                                   \
    int name parameters                                                        \
    {                                                                          \
        bool is_short;                                                         \
        return goes_wrong(#name, &is_short) ? -1 : REAL(name) arguments;       \
    }
FAILING(fsync, (int fd), (fd))
FAILING(rename, (const char *from, const char *to), (from, to))
FAILING(fchmod, (int fd, mode_t mode), (fd, mode))
FAILING(mkostemp, (char *path, int flags), (path, flags))

/* What is closed is closed, also when it fails. */
int close(int fd)
{
    bool is_short, bad = goes_wrong("close", &is_short);
    int error = errno, result = REAL(close)(fd);
    if (!bad) return result;
    errno = error;
    return -1;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    bool is_short;
    return goes_wrong("open", &is_short) ? -1 : REAL(open)(path, flags, mode);
}
