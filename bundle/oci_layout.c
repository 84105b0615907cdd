/* oci_layout.c: image layouts on disk. Reading trusts nothing below the folder: each part of a path is opened
 * without following links, without waiting for the other end of a FIFO, and has to be a plain file of the
 * size that was said. Writing changes a layout by one rename: of the whole folder when it is new, of
 * index.json when it is there. Source: image-spec 1.1 image-layout.md */
#include "bundle/oci_json.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char empty_index[] =
    "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_INDEX "\",\"manifests\":[]}";

/* ---- reading ---- */

static bool store_fail(const OciStore *s, Diags *d, DiagCode code, const char *name, const char *why)
{
    diag_add(d, code, DIAG_AT(.file = s->file), "%s: %s", name, why);
    return false;
}

/* Opens a file by its name in the layout, link by link. O_NONBLOCK: a FIFO, a device or a terminal makes
 * nobody wait. */
static int open_beneath(int folder, const char *name)
{
    int at = folder;
    for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
        char part[256];
        size_t n = (size_t)(slash - name);
        if (n >= sizeof part) return errno = ENAMETOOLONG, -1;
        memcpy(part, name, n);
        part[n] = 0;
        int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (at != folder) close(at);
        if (next < 0) return -1;
        at = next;
    }
    int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int error = errno;
    if (at != folder) close(at);
    errno = error;
    return fd;
}

/* Exactly n bytes, and then the end. */
static bool read_all(const OciStore *s, int fd, const char *name, size_t n, Diags *d, Writer *append)
{
    size_t start = append->len, done = 0;
    wr_zeros(append, n);
    if (append->failed) return store_fail(s, d, OUT_OF_MEMORY, name, "out of memory");
    uint8_t more;
    for (;;) {
        ssize_t r = done < n ? read(fd, append->ptr + start + done, n - done) : read(fd, &more, 1);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return store_fail(s, d, IO_READ, name, strerror(errno));
        if ((r == 0) != (done == n)) return store_fail(s, d, OCI_BAD_SIZE, name, "changes while it is read");
        if (r == 0) return true;
        done += (size_t)r;
    }
}

static bool read_open(const OciStore *s, int fd, const char *name, uint64_t min, uint64_t max, Diags *d,
                      Writer *append)
{
    struct stat st;
    if (fstat(fd, &st) < 0) return store_fail(s, d, IO_READ, name, strerror(errno));
    if (!S_ISREG(st.st_mode)) return store_fail(s, d, OCI_NO_BLOB, name, "not a plain file");
    uint64_t size = (uint64_t)st.st_size;
    if (size >= min && size <= max && size <= SIZE_MAX) return read_all(s, fd, name, (size_t)size, d, append);
    if (min == max)
        diag_add(d, OCI_BAD_SIZE, DIAG_AT(.file = s->file), "%s: has %llu bytes, its descriptor says %llu",
                 name, (unsigned long long)size, (unsigned long long)max);
    else
        diag_add(d, OCI_TOO_BIG, DIAG_AT(.file = s->file), "%s: has %llu bytes, at most %llu are read", name,
                 (unsigned long long)size, (unsigned long long)max);
    return false;
}

static bool read_file(OciStore *s, const char *name, uint64_t min, uint64_t max, Diags *d, Writer *append)
{
    int fd = open_beneath(s->fd, name);
    if (fd < 0 && errno == ENOENT) return store_fail(s, d, OCI_NO_BLOB, name, "is not there");
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR || errno == ENXIO || errno == EMLINK))
        return store_fail(s, d, OCI_NO_BLOB, name,
                          "not a plain file below plain folders: links are not followed");
    if (fd < 0) return store_fail(s, d, IO_READ, name, strerror(errno));
    bool ok = read_open(s, fd, name, min, max, d, append);
    close(fd);
    return ok;
}

bool oci_open_folder(const char *folder, Diags *d, OciStore *out)
{
    *out =
        (OciStore){.read = read_file, .file = folder, .fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (out->fd >= 0) return true;
    diag_add(d, IO_READ, DIAG_AT(.file = folder), "cannot open the folder: %s", strerror(errno));
    return false;
}

void oci_close_folder(OciStore *s)
{
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
}

/* ---- writing ---- */

static bool layout_fail(OciLayout *l, const char *what)
{
    diag_add(l->diags, IO_WRITE, DIAG_AT(.file = l->folder), "%s: %s", what, strerror(errno));
    return false;
}

static const char *path_in(OciLayout *l, const char *name)
{
    const char *path = arena_printf(l->arena, "%s/%s", l->path, name);
    if (!path) diag_add(l->diags, OUT_OF_MEMORY, DIAG_AT(.file = l->folder), "out of memory");
    return path;
}

static bool make_folder(OciLayout *l, const char *name)
{
    const char *path = path_in(l, name);
    struct stat st;
    if (!path) return false;
    if (mkdir(path, 0777) == 0) return true;
    if (errno != EEXIST) return layout_fail(l, "cannot make the folder");
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) return true;
    diag_add(l->diags, OCI_NOT_LAYOUT, DIAG_AT(.file = l->folder), "%s is not a folder", name);
    return false;
}

static bool sync_folder(OciLayout *l, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return layout_fail(l, "cannot open the folder");
    bool ok = fsync(fd) == 0 || errno == EINVAL; /* some file systems have nothing to do here */
    if (!ok) layout_fail(l, "cannot write the folder");
    close(fd);
    return ok;
}

static bool write_text(OciLayout *l, const char *name, const char *text)
{
    const char *path = path_in(l, name);
    return path && file_write(path, text, strlen(text), 0644, true, l->diags);
}

/* 0 when it is not there or an empty folder, 1 when it is a folder with something in it, -1 after recording
 * what is wrong. */
static int is_occupied(OciLayout *l)
{
    int fd = open(l->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return 0;
    if (fd < 0) return layout_fail(l, "cannot open the folder"), -1;
    static const char *const kept[] = {"oci-layout", "index.json", "blobs"};
    struct stat st;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (fstatat(fd, kept[i], &st, AT_SYMLINK_NOFOLLOW) == 0) {
            l->lock = fd;
            return 1;
        }
    close(fd);
    return 0; /* when it is not empty, the rename says so */
}

/* The layout that is there: locked, and one of the version that we know. */
static bool begin_existing(OciLayout *l)
{
    OciStore store = {.read = read_file, .file = l->folder, .fd = l->lock};
    Writer text = {0};
    json_t *json = NULL;
    if (flock(l->lock, LOCK_EX) < 0) return layout_fail(l, "cannot lock the folder");
    bool ok = store.read(&store, "oci-layout", 0, OCI_MAX_DOCUMENT, l->diags, &text) &&
              oci_json_read(&text, l->folder, "oci-layout", l->diags, &json);
    const char *version = oci_json_text(json, "imageLayoutVersion");
    if (ok && (!version || strcmp(version, "1.0.0") != 0)) {
        diag_add(l->diags, OCI_NOT_LAYOUT, DIAG_AT(.file = l->folder), "imageLayoutVersion is not 1.0.0");
        ok = false;
    }
    json_decref(json);
    wr_free(&text);
    l->path = l->folder;
    return ok && make_folder(l, "blobs") && make_folder(l, "blobs/sha256");
}

/* A folder of a name that nobody has, beside its place. Not mkdtemp: the modes are those that the umask
 * leaves. */
static bool begin_new(OciLayout *l)
{
    size_t n = strlen(l->folder);
    while (n > 1 && l->folder[n - 1] == '/') n--;
    for (int i = 0; i < 100; i++) {
        l->path = arena_printf(l->arena, "%.*s.tmp-%08x", (int)n, l->folder, randombytes_random());
        if (!l->path)
            return diag_add(l->diags, OUT_OF_MEMORY, DIAG_AT(.file = l->folder), "out of memory"), false;
        if (mkdir(l->path, 0777) == 0)
            return make_folder(l, "blobs") && make_folder(l, "blobs/sha256") &&
                   write_text(l, "oci-layout", layout_text);
        if (errno != EEXIST) break;
    }
    l->path = NULL;
    return layout_fail(l, "cannot make the folder");
}

bool oci_begin(Arena *a, const char *folder, Diags *d, OciLayout *out)
{
    OciLayout l = {.folder = folder, .lock = -1, .arena = a, .diags = d};
    int occupied = is_occupied(&l);
    bool ok = occupied >= 0 && (occupied ? begin_existing(&l) : begin_new(&l));
    if (!ok) oci_abandon(&l);
    *out = l;
    return ok;
}

void oci_describe(const void *bytes, size_t size, const char *media_type, OciDescriptor *out)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, bytes, size);
    *out = (OciDescriptor){.media_type = media_type, .digest = "sha256:", .size = size};
    sodium_bin2hex(out->digest + 7, sizeof out->digest - 7, hash, sizeof hash);
}

bool oci_add_blob(OciLayout *l, const void *bytes, size_t size, const char *media_type, OciDescriptor *out)
{
    char name[sizeof "blobs/sha256/" + 64];
    oci_describe(bytes, size, media_type, out);
    snprintf(name, sizeof name, "blobs/sha256/%s", out->digest + 7);
    const char *path = path_in(l, name);
    return path && file_write(path, bytes, size, 0644, true, l->diags);
}

/* What our manifest takes the place of: whatever has its tag; without a tag, the same manifest without one.
 */
static bool is_replaced(const json_t *entry, const OciDescriptor *manifest, Str tag)
{
    const char *its = oci_json_tag(entry), *digest = oci_json_text(entry, "digest");
    if (tag.len) return its && str_eq(str_of(its), tag);
    return !its && digest && strcmp(digest, manifest->digest) == 0;
}

/* index.json with one entry more, as text that free() takes; NULL: it has been recorded. */
static char *index_with(OciLayout *l, const Writer *old, const OciDescriptor *manifest, const TextBuf *entry,
                        Str tag)
{
    Writer entry_bytes = {.ptr = (uint8_t *)entry->ptr, .len = entry->len}; /* to be read only */
    json_t *index = NULL, *added = NULL;
    char *text = NULL;
    bool ok = oci_json_read(old, l->folder, "index.json", l->diags, &index) &&
              oci_json_is(index, OCI_TYPE_INDEX, l->folder, "index.json", l->diags) &&
              oci_json_read(&entry_bytes, l->folder, "index.json", l->diags, &added);
    json_t *manifests = json_object_get(index, "manifests");
    if (ok && !json_is_array(manifests)) {
        diag_add(l->diags, OCI_JSON, DIAG_AT(.file = l->folder), "index.json: manifests is not a list");
        ok = false;
    }
    for (size_t i = 0; ok && i < json_array_size(manifests);) {
        if (is_replaced(json_array_get(manifests, i), manifest, tag)) json_array_remove(manifests, i);
        else i++;
    }
    if (ok && json_array_append(manifests, added) == 0) text = oci_json_write(index);
    if (ok && !text) diag_add(l->diags, OUT_OF_MEMORY, DIAG_AT(.file = l->folder), "out of memory");
    json_decref(added);
    json_decref(index);
    return text;
}

static bool write_index(OciLayout *l, const OciDescriptor *manifest, const TextBuf *entry, Str tag)
{
    OciStore store = {.read = read_file, .file = l->folder, .fd = l->lock};
    Writer old = {0};
    bool ok = true;
    if (l->lock >= 0) ok = store.read(&store, "index.json", 0, OCI_MAX_DOCUMENT, l->diags, &old);
    else wr_bytes(&old, empty_index, sizeof empty_index - 1);
    char *text = ok ? index_with(l, &old, manifest, entry, tag) : NULL;
    ok = text != NULL;
    if (ok && strlen(text) > OCI_MAX_DOCUMENT) {
        diag_add(l->diags, OCI_TOO_BIG, DIAG_AT(.file = l->folder),
                 "index.json would be larger than anybody reads");
        ok = false;
    }
    ok = ok && write_text(l, "index.json", text);
    free(text);
    wr_free(&old);
    return ok;
}

/* Everything is on disk before anything refers to it. */
static bool publish(OciLayout *l, const OciDescriptor *manifest, const TextBuf *entry, Str tag)
{
    const char *blobs = path_in(l, "blobs/sha256");
    if (!blobs || !sync_folder(l, blobs) || !write_index(l, manifest, entry, tag) || !sync_folder(l, l->path))
        return false;
    if (l->lock >= 0) return true;
    if (rename(l->path, l->folder) == 0) {
        l->path = NULL;
        return true;
    }
    if (errno != ENOTEMPTY && errno != EEXIST) return layout_fail(l, "cannot rename to");
    bool is_layout = is_occupied(l) == 1;
    diag_add(l->diags, OCI_NOT_LAYOUT, DIAG_AT(.file = l->folder), "%s",
             is_layout ? "another layout was made there at the same time: try again, and this one is added"
                       : "the folder holds other things than an image layout");
    return false;
}

bool oci_commit(OciLayout *l, const OciDescriptor *manifest, const char *more, Str tag)
{
    TextBuf entry = {0};
    oci_text_descriptor(&entry, manifest);
    text_printf(&entry, "%s", more);
    if (tag.len)
        text_printf(&entry, ",\"annotations\":{\"" OCI_ANNOTATION "ref.name\":\"%.*s\"}", STR_ARG(tag));
    text_add(&entry, STR("}"));
    bool ok = !entry.failed && publish(l, manifest, &entry, tag);
    if (entry.failed) diag_add(l->diags, OUT_OF_MEMORY, DIAG_AT(.file = l->folder), "out of memory");
    text_free(&entry);
    oci_abandon(l); /* takes away what was not renamed */
    return ok;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void oci_abandon(OciLayout *l)
{
    bool is_temporary = l->path && l->path != l->folder;
    if (is_temporary) (void)nftw(l->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (l->lock >= 0) close(l->lock);
    l->lock = -1;
    l->path = NULL;
}
