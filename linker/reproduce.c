/* reproduce.c: --reproduce: all inputs as they were opened, and the command line with their places in the
 * tar.
 *
 *     tar xf R.tar && cd R && parigot-ld @response.txt
 *
 * Files stand under their absolute paths, so that a thin archive finds its members. The same inputs make the
 * same bytes: no times, no owners. A signing key is never put in, nor where it is. Format: POSIX.1-2017 pax,
 * "ustar Interchange Format"; a path that does not fit there has an extended header. */
#include "linker/reproduce.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 512 };

typedef struct TarHeader {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6],
        version[2], user[32], group[32], major[8], minor[8], prefix[155], zero[12];
} TarHeader;
_Static_assert(sizeof(TarHeader) == BLOCK, "a header is a block");

/* ---- tar ---- */

static void put(LdReproduce *r, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    while (size && !r->failed) {
        ssize_t n = write(r->out.fd, p, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            diag_add(r->diags, IO_WRITE, DIAG_AT(.file = r->out.path), "cannot write: %s", strerror(errno));
            r->failed = r->told = true;
            return;
        }
        p += n;
        size -= (size_t)n;
    }
}

static void put_padding(LdReproduce *r, size_t size)
{
    static const uint8_t zeros[BLOCK] = {0};
    if (size % BLOCK) put(r, zeros, BLOCK - size % BLOCK);
}

static void put_header(LdReproduce *r, const char *path, const char *prefix, size_t prefix_len, size_t size,
                       char type)
{
    TarHeader h = {.type = type};
    size_t len = strlen(path);
    memcpy(h.name, path, len < sizeof h.name ? len : sizeof h.name);
    memcpy(h.prefix, prefix, prefix_len);
    memcpy(h.magic, "ustar", sizeof h.magic);
    memcpy(h.version, "00", sizeof h.version);
    snprintf(h.mode, sizeof h.mode, "%07o", 0644);
    snprintf(h.uid, sizeof h.uid, "%07o", 0);
    snprintf(h.gid, sizeof h.gid, "%07o", 0);
    snprintf(h.mtime, sizeof h.mtime, "%011o", 0);
    char digits[24];
    snprintf(digits, sizeof digits, "%011llo", (unsigned long long)size); /* inputs are below 8 GiB */
    memcpy(h.size, digits, sizeof h.size);
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < sizeof h; i++) sum += ((const uint8_t *)&h)[i];
    snprintf(h.checksum, sizeof h.checksum, "%06o", sum & 0777777);
    h.checksum[7] = ' ';
    put(r, &h, sizeof h);
}

/* "27 path=...\n", where the number counts all of it. */
static void put_long_path(LdReproduce *r, const char *path)
{
    size_t rest = strlen(" path=\n") + strlen(path), digits = 1;
    while (snprintf(NULL, 0, "%zu", rest + digits) != (int)digits) digits++;
    const char *record = arena_printf(&r->arena, "%zu path=%s\n", rest + digits, path);
    if (!record) {
        r->failed = true;
        return;
    }
    put_header(r, "././@PaxHeader", "", 0, strlen(record), 'x');
    put(r, record, strlen(record));
    put_padding(r, strlen(record));
}

static void put_file(LdReproduce *r, const char *path, const void *bytes, size_t size)
{
    size_t len = strlen(path), max_name = sizeof((TarHeader *)0)->name,
           max_prefix = sizeof((TarHeader *)0)->prefix;
    const char *name = path;
    if (len > max_name) { /* parted at a slash */
        name = strchr(path + (len - max_name - 1), '/');
        if (name && name > path && (size_t)(name - path) <= max_prefix) name++;
        else {
            put_long_path(r, path);
            name = path;
        }
    }
    size_t prefix_len = name > path ? (size_t)(name - path - 1) : 0;
    put_header(r, name, path, prefix_len, size, '0');
    put(r, bytes, size);
    put_padding(r, size);
}

/* ---- paths ---- */

/* Below the tar's root: absolute, without "." and "..", without the slash in front. NULL: out of memory. */
static char *below_root(LdReproduce *r, const char *path)
{
    char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
    char *whole = arena_printf(&r->arena, "%s/%s", cwd ? cwd : "", path);
    free(cwd);
    if (!whole) return NULL;
    char *to = whole;
    for (const char *from = whole; *from;) {
        size_t slashes = strspn(from, "/"), n = strcspn(from + slashes, "/");
        const char *part = from + slashes;
        from = part + n;
        if (n == 0 || (n == 1 && part[0] == '.')) continue;
        if (n == 2 && part[0] == '.' && part[1] == '.') {
            while (to > whole && *--to != '/') continue;
            continue;
        }
        if (to > whole) *to++ = '/';
        memmove(to, part, n);
        to += n;
    }
    *to = 0;
    return whole;
}

/* "R" of "somewhere/R.tar": the folder that everything is in. */
static const char *base(LdReproduce *r)
{
    const char *slash = strrchr(r->command->reproduce, '/'),
               *name = slash ? slash + 1 : r->command->reproduce;
    const char *dot = strrchr(name, '.');
    return arena_strndup(&r->arena, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static int by_path(const void *a, const void *b) { return strcmp(a, b); }

static void add(LdReproduce *r, const char *path, const void *bytes, size_t size)
{
    const char *in_tar = arena_printf(&r->arena, "%s/%s", base(r), path);
    char **found = in_tar ? tsearch(in_tar, &r->seen, by_path) : NULL;
    if (!found) r->failed = true;
    else if (*found == in_tar) put_file(r, in_tar, bytes, size);
}

static void on_input(void *ctx, const LdInput *input, const char *path, const uint8_t *bytes, size_t size)
{
    LdReproduce *r = ctx;
    char *place = below_root(r, path);
    if (!place) r->failed = true;
    if (r->failed) return;
    if (input) r->resolved[input - r->command->link.inputs] = place;
    add(r, place, bytes, size);
}

/* ---- the command line ---- */

/* As POSIX quoting in response files reads it. */
static void put_quoted(TextBuf *t, const char *s)
{
    bool plain = *s && !s[strcspn(s, " \t\n\r\"'\\")];
    if (!plain) text_add(t, STR("\""));
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') text_add(t, STR("\\"));
        text_add(t, (Str){s, 1});
    }
    if (!plain) text_add(t, STR("\""));
}

static void put_argument(LdReproduce *r, TextBuf *t, const LdArgument *a)
{
    const char *value = a->value;
    if (a->kind == LD_ARGUMENT_INPUT) {
        const LdInput *in = &r->command->link.inputs[a->input];
        value = r->resolved[a->input] ? r->resolved[a->input] : below_root(r, in->path);
    } else if (a->kind == LD_ARGUMENT_FILE && access(value, R_OK) == 0) {
        FileBytes f;
        value = below_root(r, a->value);
        if (!value || !file_read(a->value, 64 << 20, r->diags, &f)) {
            r->failed = true;
            r->told = value != NULL;
            return;
        }
        add(r, value, f.ptr, f.size);
        file_close(&f);
    }
    if (*a->option) put_quoted(t, a->option);
    if (*a->option && value) text_add(t, STR(" "));
    if (value) put_quoted(t, value);
    text_add(t, STR("\n"));
}

bool ld_reproduce_begin(LdReproduce *r, LdCommand *c, Diags *d)
{
    *r = (LdReproduce){.command = c, .diags = d};
    if (!file_begin(c->reproduce, d, &r->out)) return false;
    r->begun = true;
    r->resolved = arena_array(&r->arena, c->link.n_inputs, sizeof *r->resolved);
    if (!r->resolved) r->failed = true;
    c->link.on_input = on_input;
    c->link.on_input_ctx = r;
    return true;
}

static void nothing(void *path) { (void)path; }

bool ld_reproduce_end(LdReproduce *r)
{
    static const uint8_t end[2 * BLOCK] = {0};
    static const char version[] = "parigot-ld " PARIGOT_VERSION "\n";
    TextBuf t = {0};
    if (!r->begun) return true;
    for (size_t i = 0; i < r->command->n_arguments && !r->failed; i++)
        put_argument(r, &t, &r->command->arguments[i]);
    if (t.failed) r->failed = true;
    if (!r->failed) add(r, "response.txt", t.ptr ? t.ptr : "", t.len);
    if (!r->failed) add(r, "version.txt", version, sizeof version - 1);
    if (!r->failed) put(r, end, sizeof end);
    bool ok = !r->failed && file_commit(&r->out, 0666, false, r->diags);
    if (r->failed) {
        file_abandon(&r->out);
        if (!r->told)
            diag_add(r->diags, OUT_OF_MEMORY, DIAG_AT(.file = r->command->reproduce), "out of memory");
    }
    text_free(&t);
    tdestroy(r->seen, nothing);
    arena_free(&r->arena);
    return ok;
}
