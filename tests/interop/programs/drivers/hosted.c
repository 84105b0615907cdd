/* hosted.c: a program over wasi-libc as one function that any engine can call: run() runs main() and returns a
 * checksum of all that it wrote; it traps when main() fails. What wasi-libc asks of its host is answered here: there are no files, no
 * arguments, no environment, and every clock stands still. So a module imports nothing and does the same each time.
 * With HOSTED_OWN_RUN the program brings its own run(), and this is only the host. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WASI(name, ...) int32_t name(__VA_ARGS__) __asm__("__imported_wasi_snapshot_preview1_" #name); int32_t name(__VA_ARGS__)

enum { SUCCESS = 0, E_BADF = 8, E_NOENT = 44, E_NOSYS = 52, E_SPIPE = 70 };

typedef struct Iovec {
    const unsigned char *ptr;
    size_t len;
} Iovec;

static uint64_t sum = 14695981039346656037u;

WASI(fd_write, uint32_t fd, const Iovec *parts, size_t n, size_t *written)
{
    if (fd != 1 && fd != 2) return E_BADF;
    *written = 0;
    for (; n > 0; n--, parts++) {
        for (size_t i = 0; i < parts->len; i++) sum = (sum ^ parts->ptr[i]) * 1099511628211u;
        *written += parts->len;
    }
    return SUCCESS;
}

WASI(fd_read, uint32_t fd, const Iovec *parts, size_t n, size_t *read)
{
    (void)parts, (void)n;
    *read = 0;
    return fd == 0 ? SUCCESS : E_BADF;
}

WASI(clock_time_get, uint32_t clock, uint64_t precision, uint64_t *time)
{
    (void)clock, (void)precision;
    *time = UINT64_C(1600000000000000000);
    return SUCCESS;
}

WASI(fd_fdstat_get, uint32_t fd, void *out) { return (void)fd, (void)out, E_BADF; }
WASI(fd_fdstat_set_flags, uint32_t fd, uint32_t flags) { return (void)fd, (void)flags, E_BADF; }
WASI(fd_prestat_get, uint32_t fd, void *out) { return (void)fd, (void)out, E_BADF; }
WASI(fd_prestat_dir_name, uint32_t fd, char *out, size_t n) { return (void)fd, (void)out, (void)n, E_BADF; }
WASI(fd_close, uint32_t fd) { return (void)fd, SUCCESS; }
WASI(fd_seek, uint32_t fd, int64_t by, uint32_t from, uint64_t *out) { return (void)fd, (void)by, (void)from, (void)out, E_SPIPE; }
WASI(fd_renumber, uint32_t from, uint32_t to) { return (void)from, (void)to, E_BADF; }
WASI(environ_sizes_get, size_t *n, size_t *bytes) { return *n = *bytes = 0, SUCCESS; }
WASI(environ_get, char **list, char *bytes) { return (void)list, (void)bytes, SUCCESS; }
WASI(path_open, uint32_t a, uint32_t b, const char *c, size_t d, uint32_t e, uint64_t f, uint64_t g, uint32_t h, void *i)
{
    return (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h, (void)i, E_NOENT;
}
WASI(path_remove_directory, uint32_t fd, const char *path, size_t n) { return (void)fd, (void)path, (void)n, E_NOENT; }
WASI(path_unlink_file, uint32_t fd, const char *path, size_t n) { return (void)fd, (void)path, (void)n, E_NOENT; }
WASI(path_filestat_get, uint32_t fd, uint32_t flags, const char *path, size_t n, void *out)
{
    return (void)fd, (void)flags, (void)path, (void)n, (void)out, E_NOENT;
}
WASI(path_rename, uint32_t from_fd, const char *from, size_t n, uint32_t to_fd, const char *to, size_t to_n)
{
    return (void)from_fd, (void)from, (void)n, (void)to_fd, (void)to, (void)to_n, E_NOSYS;
}

void proc_exit(uint32_t status) __asm__("__imported_wasi_snapshot_preview1_proc_exit");
void proc_exit(uint32_t status)
{
    (void)status;
    __builtin_trap(); /* exit() has nobody to end */
}

#ifndef HOSTED_OWN_RUN
int __main_void(void);
void __wasm_call_ctors(void);

__attribute__((export_name("run"))) int64_t run(void)
{
    __wasm_call_ctors();
    if (__main_void() != 0) __builtin_trap();
    fflush(NULL);
    return (int64_t)sum;
}
#endif
