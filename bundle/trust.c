/* trust.c: public keys, in the form of minisign's files: a line that anybody may have written ("untrusted
 * comment:
 * ..."), then base64 of "Ed", key id and Ed25519 key.  docs/bundle-format.md §5 "Keys" */
#include "bundle/container.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KEY_FILE = 64 << 10 };

void bundle_key_id_text(const uint8_t id[BUNDLE_KEY_ID_BYTES], char out[17])
{
    snprintf(out, 17, "%016llX", (unsigned long long)load_le64(id));
}

static bool bad_key(Diags *d, const char *file, const char *why)
{
    diag_add(d, BUNDLE_BAD_KEY, DIAG_AT(.file = file), "not a minisign public key: %s", why);
    return false;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Two keys that differ by a point of small order would count as two signers although one secret serves both,
 * so a key must lie in the main subgroup. */
static bool add_key(BundleTrust *t, Str base64, const char *file, const char *name, Diags *d)
{
    uint8_t bytes[PUBLIC_KEY_BYTES];
    size_t len = 0;
    if (sodium_base642bin(bytes, sizeof bytes, base64.ptr, base64.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        len != sizeof bytes)
        return bad_key(d, file, "expected 56 characters of base64");
    if (memcmp(bytes, "Ed", ALGORITHM_BYTES) != 0)
        return bad_key(d, file, "algorithm is not \"Ed\" (Ed25519)");
    BundleKey key = {0};
    memcpy(key.id, bytes + ALGORITHM_BYTES, BUNDLE_KEY_ID_BYTES);
    memcpy(key.key, bytes + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES, BUNDLE_KEY_BYTES);
    if (crypto_core_ed25519_is_valid_point(key.key) != 1)
        return bad_key(d, file, "the point is not of the main subgroup");

    key.name = arena_strndup(t->arena, name, strlen(name));
    BundleKey *keys = arena_grow(t->arena, t->keys, t->n, &t->cap, sizeof *keys);
    if (!keys || !key.name) {
        diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = file), "out of memory");
        return false;
    }
    t->keys = keys;
    t->keys[t->n++] = key;
    return true;
}

/* Cuts the next line off; without its CR. */
static Str next_line(Str *rest)
{
    const char *nl = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    Str line = {rest->ptr, nl ? (size_t)(nl - rest->ptr) : rest->len};
    size_t used = nl ? line.len + 1 : line.len;
    *rest = (Str){rest->ptr + used, rest->len - used};
    if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
    return line;
}

static bool is_blank(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \t\r\n", s.ptr[i]) || s.ptr[i] == 0) return false;
    return true;
}

bool bundle_trust_file(BundleTrust *t, const char *path, Diags *d)
{
    FileBytes f;
    if (!file_read(path, MAX_KEY_FILE, d, &f)) return false;
    Str rest = {(const char *)f.ptr, f.size};
    Str comment = next_line(&rest), key = next_line(&rest);
    bool ok = true;
    if (!str_has_prefix(comment, STR("untrusted comment:")))
        ok = bad_key(d, path, "the first line is not an untrusted comment");
    else if (!is_blank(rest)) ok = bad_key(d, path, "there is more than two lines");
    else ok = add_key(t, key, path, last_part(path), d);
    file_close(&f);
    return ok;
}

bool bundle_trust_text(BundleTrust *t, const char *base64, Diags *d)
{
    return add_key(t, str_of(base64), base64, base64, d);
}

static int is_public_key_file(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_has_suffix(str_of(e->d_name), STR(".pub"));
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool bundle_trust_folder(BundleTrust *t, const char *path, Diags *d)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, is_public_key_file, by_bytes);
    if (n < 0) {
        diag_add(d, IO_READ, DIAG_AT(.file = path), "cannot read the folder: %s", strerror(errno));
        return false;
    }
    bool ok = n > 0;
    if (n == 0) diag_add(d, BUNDLE_NO_KEYS, DIAG_AT(.file = path), "no public key (*.pub) in this folder");
    Arena scratch = {0};
    for (int i = 0; i < n; i++) {
        char *file = arena_printf(&scratch, "%s/%s", path, entries[i]->d_name);
        if (!file) diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = path), "out of memory");
        ok = file && bundle_trust_file(t, file, d) && ok;
        free(entries[i]);
    }
    free(entries);
    arena_free(&scratch);
    return ok;
}
