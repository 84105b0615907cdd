/* io.c: whole files in, whole files out. A file is read privately or mapped; written all or nothing. */
#include "wasm/wasm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_FILE = UINT32_MAX,
    WORTH_A_MAP = 16384 /* smaller files are read: cheaper than a map, its fault and a whole page for each */
};

static bool io_fail(Diags *d, DiagCode code, const char *path, const char *what)
{
    diag_add(d, code, DIAG_AT(.file = path), "%s: %s", what, strerror(errno));
    return false;
}

static bool too_big(Diags *d, const char *path, size_t limit)
{
    diag_add(d, IO_TOO_BIG, DIAG_AT(.file = path), "file is larger than %zu bytes", limit);
    return false;
}

/* Memory for a file: of large pages where that saves faults, since a page fault costs more than copying the page. */
static uint8_t *room_for_file(size_t size)
{
    enum { LARGE_PAGE = 2 << 20 };
    void *p;
    if (size < 2 * LARGE_PAGE) return malloc(size);
    if (posix_memalign(&p, LARGE_PAGE, size) != 0) return NULL;
    (void)madvise(p, size / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE); /* the rest by small ones: no more memory than without */
    return p;
}

/* Reads to the end, whatever fstat said: pipes have no size and files can grow meanwhile. */
static bool read_all(int fd, const char *path, size_t limit, size_t expected, Diags *d, FileBytes *out)
{
    size_t cap = expected + 1, len = 0; /* one more, so that the read that finds the end has room */
    uint8_t *p = room_for_file(cap);
    for (;;) {
        if (!p) {
            diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = path), "out of memory while reading");
            return false;
        }
        if (len > limit) {
            free(p);
            return too_big(d, path, limit);
        }
        ssize_t n = read(fd, p + len, cap - len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            free(p);
            return io_fail(d, IO_READ, path, "cannot read");
        }
        if (n == 0) break;
        len += (size_t)n;
        if (len == cap) {
            uint8_t *more = realloc(p, cap *= 2);
            if (!more) free(p);
            p = more;
        }
    }
    *out = (FileBytes){.ptr = p, .size = len};
    return true;
}

/* keep: not NULL: the file stays open when it is mapped. */
static bool load(const char *path, size_t limit, bool map, Diags *d, FileBytes *out, int *keep)
{
    if (limit == 0) limit = MAX_FILE;
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return io_fail(d, IO_READ, path, "cannot open");

    struct stat st;
    bool ok;
    if (fstat(fd, &st) < 0) ok = io_fail(d, IO_READ, path, "cannot stat");
    else if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        ok = io_fail(d, IO_READ, path, "cannot read");
    } else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit) ok = too_big(d, path, limit);
    else {
        size_t size = S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
        void *p = map && size >= WORTH_A_MAP ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) : MAP_FAILED;
        ok = true;
        if (p != MAP_FAILED) *out = (FileBytes){.ptr = p, .size = size, .mapped = true};
        else ok = read_all(fd, path, limit, size ? size : 4096, d, out);
    }
    bool kept = keep && ok && out->mapped && !is_stdin;
    if (keep) *keep = kept ? fd : -1;
    if (!is_stdin && !kept) close(fd);
    return ok;
}

bool file_read(const char *path, size_t limit, Diags *d, FileBytes *out) { return load(path, limit, false, d, out, NULL); }
bool file_map(const char *path, size_t limit, Diags *d, FileBytes *out) { return load(path, limit, true, d, out, NULL); }
bool file_map_open(const char *path, size_t limit, Diags *d, FileBytes *out, int *fd)
{
    *fd = -1;
    return load(path, limit, true, d, out, fd);
}

void file_close(FileBytes *f)
{
    if (f->mapped) munmap(f->ptr, f->size);
    else free(f->ptr);
    *f = (FileBytes){0};
}

/* The whole pages of a part of a mapped file. */
static void advise(const uint8_t *bytes, size_t size, int advice)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), low = ((uintptr_t)bytes + page - 1) & ~(page - 1),
              high = ((uintptr_t)bytes + size) & ~(page - 1);
    if (low < high) (void)madvise((void *)low, high - low, advice);
}

void file_forget(const uint8_t *bytes, size_t size) { advise(bytes, size, MADV_DONTNEED); }

/* A fault brings in its neighbours too, but none across a change of advice. */
void file_set_apart(const uint8_t *bytes, size_t size) { advise(bytes, size, MADV_SEQUENTIAL); }

static bool write_all(int fd, const uint8_t *p, size_t size)
{
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

/* A device or a pipe is written to as it is; renaming over /dev/null would replace it. */
bool file_is_special(const char *path)
{
    struct stat st;
    return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

/* As it is, with nothing to rename. */
static bool begin_special(const char *path, Diags *d, FileOutput *out)
{
    bool to_stdout = strcmp(path, "-") == 0;
    out->fd = to_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_WRONLY | O_CLOEXEC);
    return out->fd >= 0 || io_fail(d, IO_WRITE, path, "cannot write");
}

bool file_begin(const char *path, Diags *d, FileOutput *out)
{
    *out = (FileOutput){.fd = -1, .path = path};
    if (file_is_special(path)) return begin_special(path, d, out);
    if (asprintf(&out->temporary, "%s.tmp-XXXXXX", path) < 0) out->temporary = NULL;
    if (out->temporary) out->fd = mkostemp(out->temporary, O_CLOEXEC);
    if (out->fd >= 0) return true;
    free(out->temporary);
    return io_fail(d, IO_WRITE, path, "cannot create");
}

void file_abandon(FileOutput *f)
{
    close(f->fd);
    if (f->temporary) unlink(f->temporary);
    free(f->temporary);
}

/* A file that replaced another is there for good when the folder has been written too. A file system that cannot sync
 * folders says EINVAL: there is nothing more to be had. */
static bool sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    if (fd < 0) return errno == EACCES; /* may be written to, may not be read */
    bool ok = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return ok;
}

bool file_append(FileOutput *f, const void *bytes, size_t size, Diags *d)
{
    return write_all(f->fd, bytes, size) || io_fail(d, IO_WRITE, f->path, "cannot write");
}

bool file_commit(FileOutput *f, unsigned mode, bool sync, Diags *d)
{
    bool replaces = f->temporary != NULL;
    mode_t mask = umask(0);
    umask(mask);
    bool ok = !replaces || (fchmod(f->fd, (mode_t)mode & ~mask) == 0 && (!sync || fsync(f->fd) == 0));
    if (!ok) io_fail(d, IO_WRITE, f->path, "cannot write");
    if (close(f->fd) < 0 && ok) ok = io_fail(d, IO_WRITE, f->path, "cannot write");
    if (replaces && ok && rename(f->temporary, f->path) < 0) ok = io_fail(d, IO_WRITE, f->path, "cannot rename to");
    if (replaces && !ok) unlink(f->temporary);
    else if (replaces && sync && !sync_folder(f->path)) ok = io_fail(d, IO_WRITE, f->path, "cannot sync the folder");
    free(f->temporary);
    return ok;
}

bool file_write(const char *path, const void *bytes, size_t size, unsigned mode, bool sync, Diags *d)
{
    FileOutput f;
    if (!file_begin(path, d, &f)) return false;
    if (file_append(&f, bytes, size, d)) return file_commit(&f, mode, sync, d);
    file_abandon(&f);
    return false;
}
