/* host.c: what wasi-libc asks of its host, answered within the module: so a program over wasi-libc imports
 * nothing of WASI. Standard output and standard error are lines of the log service; there are no files, no
 * arguments, no environment, and no clock: a clock's answer would be a message, and nothing here can wait for
 * one.
 *
 * wasi-libc imports each function under a symbol of its own, __imported_wasi_snapshot_preview1_x. Defining
 * that symbol is all it takes. Only what a program reaches is in its module; one that never writes does not
 * ask for the log.
 *
 * No state is kept here: a line that is flushed in two parts is two lines.
 *
 * WASI: phases/snapshot/docs.md (wasi_snapshot_preview1), numbers from wasi-libc's <wasi/api.h> */
#include <stdlib.h>
#include <string.h>
#include "../lib/runtime.h"

#define WASI(name) __asm__("__imported_wasi_snapshot_preview1_" #name)

enum { STDIN = 0, STDOUT = 1, STDERR = 2 };
enum {
    SUCCESS = 0,
    E_BADF = 8,
    E_INVAL = 28,
    E_IO = 29,
    E_NOMEM = 48,
    E_NOSYS = 52,
    E_SPIPE = 70,
};

static bool is_open(uint32_t fd) { return fd <= STDERR; }
static int32_t if_open(uint32_t fd, int32_t answer) { return is_open(fd) ? answer : E_BADF; }

/* ---- writing ----------------------------------------------------------------------------------------- */

enum { LINE_BYTES = 16384 }; /* a longer line is several: the log shows no more of one */

typedef struct Iovec {
    const char *ptr;
    size_t len;
} Iovec;

/* How much of a text that is too long for one line goes into the first: no character is cut in two. */
static size_t cut(const char *text)
{
    size_t n = LINE_BYTES;
    while (n > LINE_BYTES - 4 && ((uint8_t)text[n] & 0xc0) == 0x80) n--;
    return n;
}

static bool write_line(int level, const char *text, size_t len)
{
    while (len > LINE_BYTES) {
        size_t n = cut(text);
        if (!write_line(level, text, n)) return false;
        text += n;
        len -= n;
    }
    parigot_log_v1_WriteRequest request = {.level = (parigot_log_v1_Level)level, .text = {text, len}};
    return parigot_log_v1_Log_Write_call(NULL, &request, NULL, NULL) >= 0;
}

static bool write_lines(int level, const char *text, size_t len)
{
    while (len) {
        const char *newline = memchr(text, '\n', len);
        size_t line = newline ? (size_t)(newline - text) : len;
        if (!write_line(level, text, line)) return false;
        line += newline != NULL;
        text += line;
        len -= line;
    }
    return true;
}

/* The parts make one text first: a line may be in several of them, and its bytes may lie in read-only memory,
 * where what is not UTF-8 could not be mended. */
int32_t fd_write(uint32_t fd, const Iovec *parts, size_t n, size_t *written) WASI(fd_write);
int32_t fd_write(uint32_t fd, const Iovec *parts, size_t n, size_t *written)
{
    size_t len = 0, at = 0;
    if (fd != STDOUT && fd != STDERR) return E_BADF;
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(len, parts[i].len, &len)) return E_INVAL;
    char *text = malloc(len ? len : 1);
    if (!text) return E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len) memcpy(text + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    parigot_utf8_mend(text, len);
    bool ok = write_lines(fd == STDOUT ? parigot_log_v1_LEVEL_INFO : parigot_log_v1_LEVEL_WARNING, text, len);
    free(text);
    if (!ok) return E_IO;
    *written = len;
    return SUCCESS;
}

/* ---- what a program asks of its three open files ------------------------------------------------------ */

enum { FILETYPE_CHARACTER_DEVICE = 2 };
enum { RIGHT_FD_READ = 1 << 1, RIGHT_FD_WRITE = 1 << 6 };

typedef struct Fdstat {
    uint8_t filetype;
    uint16_t flags;
    uint64_t rights, rights_inheriting;
} Fdstat;

typedef struct Filestat {
    uint64_t dev, ino;
    uint8_t filetype;
    uint64_t nlink, size, atim, mtim, ctim;
} Filestat;

/* Something that cannot be sought in: so wasi-libc takes it for a terminal, and writes standard output by
 * lines. */
int32_t fd_fdstat_get(uint32_t fd, Fdstat *out) WASI(fd_fdstat_get);
int32_t fd_fdstat_get(uint32_t fd, Fdstat *out)
{
    if (!is_open(fd)) return E_BADF;
    *out = (Fdstat){.filetype = FILETYPE_CHARACTER_DEVICE,
                    .rights = fd == STDIN ? RIGHT_FD_READ : RIGHT_FD_WRITE};
    return SUCCESS;
}

int32_t fd_filestat_get(uint32_t fd, Filestat *out) WASI(fd_filestat_get);
int32_t fd_filestat_get(uint32_t fd, Filestat *out)
{
    if (!is_open(fd)) return E_BADF;
    *out = (Filestat){.filetype = FILETYPE_CHARACTER_DEVICE, .nlink = 1};
    return SUCCESS;
}

/* Standard input is at its end. */
int32_t fd_read(uint32_t fd, const Iovec *parts, size_t n, size_t *read) WASI(fd_read);
int32_t fd_read(uint32_t fd, const Iovec *parts, size_t n, size_t *read)
{
    (void)parts, (void)n;
    if (fd != STDIN) return E_BADF;
    *read = 0;
    return SUCCESS;
}

int32_t fd_close(uint32_t fd) WASI(fd_close);
int32_t fd_close(uint32_t fd) { return if_open(fd, SUCCESS); }
int32_t fd_sync(uint32_t fd) WASI(fd_sync);
int32_t fd_sync(uint32_t fd) { return if_open(fd, SUCCESS); }
int32_t fd_datasync(uint32_t fd) WASI(fd_datasync);
int32_t fd_datasync(uint32_t fd) { return if_open(fd, SUCCESS); }
int32_t fd_seek(uint32_t fd, int64_t offset, uint32_t whence, uint64_t *out) WASI(fd_seek);
int32_t fd_seek(uint32_t fd, int64_t offset, uint32_t whence, uint64_t *out)
{
    (void)offset, (void)whence, (void)out;
    return if_open(fd, E_SPIPE);
}
int32_t fd_tell(uint32_t fd, uint64_t *out) WASI(fd_tell);
int32_t fd_tell(uint32_t fd, uint64_t *out)
{
    (void)out;
    return if_open(fd, E_SPIPE);
}

/* ---- the program's surroundings ------------------------------------------------------------------------ */

/* argv[0] and nothing behind it. What a module is configured with comes in its InitRequest. */
static const char program[] = "program";

int32_t args_sizes_get(size_t *n, size_t *bytes) WASI(args_sizes_get);
int32_t args_sizes_get(size_t *n, size_t *bytes)
{
    *n = 1;
    *bytes = sizeof program;
    return SUCCESS;
}

int32_t args_get(char **args, char *bytes) WASI(args_get);
int32_t args_get(char **args, char *bytes)
{
    args[0] = memcpy(bytes, program, sizeof program);
    return SUCCESS;
}

int32_t environ_sizes_get(size_t *n, size_t *bytes) WASI(environ_sizes_get);
int32_t environ_sizes_get(size_t *n, size_t *bytes)
{
    *n = *bytes = 0;
    return SUCCESS;
}

int32_t environ_get(char **variables, char *bytes) WASI(environ_get);
int32_t environ_get(char **variables, char *bytes)
{
    (void)variables, (void)bytes;
    return SUCCESS;
}

_Noreturn void proc_exit(uint32_t code) WASI(proc_exit);
_Noreturn void proc_exit(uint32_t code) { parigot_exit((int32_t)code); }

/* Every entry has the processor to itself until it returns. */
int32_t sched_yield(void) WASI(sched_yield);
int32_t sched_yield(void) { return SUCCESS; }

/* ---- what is not there --------------------------------------------------------------------------------- */

#pragma clang diagnostic ignored "-Wc2x-extensions" /* parameters without names */
#define ABSENT(name, answer, parameters)                                                                     \
    int32_t name parameters WASI(name);                                                                      \
    int32_t name parameters { return answer; }
typedef uint32_t i;
typedef uint64_t I;

/* None of the host's clocks, no randomness, nothing to wait for: those are services, whose answers come
 * later. */
ABSENT(clock_res_get, E_NOSYS, (i, i))
ABSENT(clock_time_get, E_NOSYS, (i, I, i))
ABSENT(poll_oneoff, E_NOSYS, (i, i, i, i))
ABSENT(random_get, E_NOSYS, (i, i))

/* No file but the three that are open, and those can do no more than the above. */
ABSENT(fd_advise, E_NOSYS, (i, I, I, i))
ABSENT(fd_allocate, E_NOSYS, (i, I, I))
ABSENT(fd_fdstat_set_flags, E_NOSYS, (i, i))
ABSENT(fd_fdstat_set_rights, E_NOSYS, (i, I, I))
ABSENT(fd_filestat_set_size, E_NOSYS, (i, I))
ABSENT(fd_filestat_set_times, E_NOSYS, (i, I, I, i))
ABSENT(fd_pread, E_NOSYS, (i, i, i, I, i))
ABSENT(fd_pwrite, E_NOSYS, (i, i, i, I, i))
ABSENT(fd_renumber, E_NOSYS, (i, i))

/* No folder and no socket is open. (The first of these ends wasi-libc's search for folders.) */
ABSENT(fd_prestat_get, E_BADF, (i, i))
ABSENT(fd_prestat_dir_name, E_BADF, (i, i, i))
ABSENT(fd_readdir, E_BADF, (i, i, i, I, i))
ABSENT(path_create_directory, E_BADF, (i, i, i))
ABSENT(path_filestat_get, E_BADF, (i, i, i, i, i))
ABSENT(path_filestat_set_times, E_BADF, (i, i, i, i, I, I, i))
ABSENT(path_link, E_BADF, (i, i, i, i, i, i, i))
ABSENT(path_open, E_BADF, (i, i, i, i, i, I, I, i, i))
ABSENT(path_readlink, E_BADF, (i, i, i, i, i, i))
ABSENT(path_remove_directory, E_BADF, (i, i, i))
ABSENT(path_rename, E_BADF, (i, i, i, i, i, i))
ABSENT(path_symlink, E_BADF, (i, i, i, i, i))
ABSENT(path_unlink_file, E_BADF, (i, i, i))
ABSENT(sock_accept, E_BADF, (i, i, i))
ABSENT(sock_recv, E_BADF, (i, i, i, i, i, i))
ABSENT(sock_send, E_BADF, (i, i, i, i, i))
ABSENT(sock_shutdown, E_BADF, (i, i))
