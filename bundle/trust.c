/* trust.c: public keys and what is said about them, from files. Keys have the form of minisign's files: a line that anybody
 * may have written ("untrusted comment: ..."), then base64 of "Ed", key id and Ed25519 key.
 * docs/bundle-format.md §5 "Keys", docs/trust.md */
#include "bundle/container.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_KEY_FILE = 64 << 10,
    MAX_LIST_FILE = 1 << 20, /* names, revoked keys */
    MAX_ROTATIONS = 256,
    KEY_TEXT_BYTES = PUBLIC_KEY_BYTES / 3 * 4,
};
_Static_assert(PUBLIC_KEY_BYTES % 3 == 0, "base64 without padding");

void bundle_key_id_text(const uint8_t id[BUNDLE_KEY_ID_BYTES], char out[17])
{
    snprintf(out, 17, "%016llX", (unsigned long long)load_le64(id));
}

static bool fail(Diags *d, DiagCode code, const char *file, const char *why)
{
    diag_add(d, code, DIAG_AT(.file = file), "%s", why);
    return false;
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

/* ---- one key ---- */

/* Two keys that differ by a point of small order would count as two signers although one secret serves both,
 * so a key must lie in the main subgroup. */
static bool read_key(Arena *a, Str base64, const char *file, const char *name, Diags *d, BundleKey *out)
{
    uint8_t bytes[PUBLIC_KEY_BYTES];
    *out = (BundleKey){0};
    if (!bundle_unbase64(base64, bytes, sizeof bytes))
        return bad_key(d, file, "expected 56 characters of base64");
    if (memcmp(bytes, "Ed", ALGORITHM_BYTES) != 0)
        return bad_key(d, file, "algorithm is not \"Ed\" (Ed25519)");
    memcpy(out->id, bytes + ALGORITHM_BYTES, BUNDLE_KEY_ID_BYTES);
    memcpy(out->key, bytes + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES, BUNDLE_KEY_BYTES);
    if (crypto_core_ed25519_is_valid_point(out->key) != 1)
        return bad_key(d, file, "the point is not of the main subgroup");
    out->name = arena_strndup(a, name, strlen(name));
    return out->name || fail(d, OUT_OF_MEMORY, file, "out of memory");
}

static bool append_key(Arena *a, BundleKey **keys, size_t *n, size_t *cap, const BundleKey *key, const char *file,
                       Diags *d)
{
    BundleKey *grown = arena_grow(a, *keys, *n, cap, sizeof *grown);
    if (!grown) return fail(d, OUT_OF_MEMORY, file, "out of memory");
    *keys = grown;
    grown[(*n)++] = *key;
    return true;
}

static bool add_key(BundleTrust *t, Str base64, const char *file, const char *name, Diags *d)
{
    BundleKey key;
    return read_key(t->arena, base64, file, name, d, &key) &&
           append_key(t->arena, &t->keys, &t->n, &t->cap, &key, file, d);
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
    Str rest = {(const char *)f.ptr, f.size}, comment = {0}, key = {0};
    bool ok = true, both = bundle_next_line(&rest, &comment) && bundle_next_line(&rest, &key);
    if (!str_has_prefix(comment, STR("untrusted comment:")))
        ok = bad_key(d, path, "the first line is not an untrusted comment");
    else if (!both) ok = bad_key(d, path, "there is no second line");
    else if (!is_blank(rest)) ok = bad_key(d, path, "there is more than two lines");
    else ok = add_key(t, key, path, last_part(path), d);
    file_close(&f);
    return ok;
}

bool bundle_trust_text(BundleTrust *t, const char *base64, Diags *d)
{
    return add_key(t, str_of(base64), base64, base64, d);
}

/* ---- lists: bundle names, revoked keys ---- */

/* The next line that says something; `#` and the comment lines of key files do not. */
static bool next_entry(Str *rest, Str *line, uint32_t *number)
{
    while (bundle_next_line(rest, line)) {
        ++*number;
        while (line->len && strchr(" \t", line->ptr[line->len - 1]) && line->ptr[line->len - 1]) line->len--;
        if (line->len && line->ptr[0] != '#' && !str_has_prefix(*line, STR("untrusted comment:"))) return true;
    }
    return false;
}

bool bundle_trust_revoke_text(BundleTrust *t, Str text, const char *file, Diags *d)
{
    bool ok = true;
    uint32_t number = 0;
    for (Str line; next_entry(&text, &line, &number);) {
        char where[32];
        BundleKey key;
        snprintf(where, sizeof where, "line %u", number);
        size_t before = d->n;
        bool good = read_key(t->arena, line, file, where, d, &key) &&
                    append_key(t->arena, &t->revoked, &t->n_revoked, &t->revoked_cap, &key, file, d);
        if (!good && d->n > before) diag_note(d, &d->items[before], "in %s", where);
        ok = good && ok;
    }
    return ok;
}

bool bundle_trust_revoke(BundleTrust *t, const char *path, Diags *d)
{
    FileBytes f;
    if (!file_read(path, MAX_LIST_FILE, d, &f)) return false;
    bool ok = bundle_trust_revoke_text(t, (Str){(const char *)f.ptr, f.size}, path, d);
    file_close(&f);
    return ok;
}

static bool is_name_pattern(Str s)
{
    if (s.len && s.ptr[s.len - 1] == '*') s.len--;
    if (s.len == 0) return true; /* `*` alone; lines are not empty */
    return bundle_name_ok(s);
}

static bool add_name(Arena *a, Str **names, uint32_t *n, size_t *cap, Str line)
{
    Str *grown = arena_grow(a, *cap ? *names : NULL, *n, cap, sizeof *grown);
    char *copy = grown ? arena_strndup(a, line.ptr, line.len) : NULL;
    if (!copy) return false;
    *names = grown;
    grown[(*n)++] = (Str){copy, line.len};
    return true;
}

bool bundle_trust_names_text(BundleTrust *t, BundleKey *key, Str text, const char *file, Diags *d)
{
    Str *names = arena_alloc(t->arena, sizeof *names); /* not NULL: there is a list, be it empty */
    size_t cap = 0;
    uint32_t n = 0, number = 0;
    bool ok = names != NULL;
    for (Str line; ok && next_entry(&text, &line, &number);) {
        if (!is_name_pattern(line)) {
            diag_add(d, BUNDLE_BAD_KEY, DIAG_AT(.src_file = file, .src_line = number),
                     "\"%.*s\" is not the name of a bundle, nor one with a * at its end", STR_ARG(line));
            return false;
        }
        ok = add_name(t->arena, &names, &n, &cap, line);
    }
    key->names = names;
    key->n_names = n;
    return ok || fail(d, OUT_OF_MEMORY, file, "out of memory");
}

static bool read_names(BundleTrust *t, BundleKey *key, const char *path, Diags *d)
{
    FileBytes f;
    if (!file_read(path, MAX_LIST_FILE, d, &f)) return false;
    bool ok = bundle_trust_names_text(t, key, (Str){(const char *)f.ptr, f.size}, path, d);
    file_close(&f);
    return ok;
}

/* ---- rotations ---- */

/* The statement's bytes, and no others: a signature over anything else cannot pass for a rotation. */
static const char first_line[] = "parigot-key-rotation 1\n", from_word[] = "from ", to_word[] = "to ";

static bool take(Str *rest, const char *word)
{
    if (!str_has_prefix(*rest, str_of(word))) return false;
    size_t n = strlen(word);
    *rest = (Str){rest->ptr + n, rest->len - n};
    return true;
}

static bool take_key(Str *rest, const char *word, Str *key)
{
    if (!take(rest, word) || rest->len < KEY_TEXT_BYTES) return false;
    *key = (Str){rest->ptr, KEY_TEXT_BYTES};
    *rest = (Str){rest->ptr + KEY_TEXT_BYTES, rest->len - KEY_TEXT_BYTES};
    return take(rest, "\n");
}

static bool read_rotation(Arena *a, Str text, const char *file, Diags *d, BundleRotation *out)
{
    Str from, to;
    if (!take(&text, first_line) || !take_key(&text, from_word, &from) || !take_key(&text, to_word, &to) || text.len)
        return fail(d, BUNDLE_BAD_ROTATION, file, "not a statement of rotation");
    const char *name = last_part(file);
    return read_key(a, from, file, name, d, &out->from) && read_key(a, to, file, name, d, &out->to);
}

const char *bundle_rotation_text(Arena *a, const BundleKey *from, const BundleKey *to)
{
    const BundleKey *keys[] = {from, to};
    char text[2][KEY_TEXT_BYTES + 1];
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        uint8_t bytes[PUBLIC_KEY_BYTES] = {'E', 'd'};
        memcpy(bytes + ALGORITHM_BYTES, keys[i]->id, BUNDLE_KEY_ID_BYTES);
        memcpy(bytes + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES, keys[i]->key, BUNDLE_KEY_BYTES);
        sodium_bin2base64(text[i], sizeof text[i], bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    }
    return arena_printf(a, "%s%s%s\n%s%s\n", first_line, from_word, text[0], to_word, text[1]);
}

/* One voucher for each key, and no circle: lineage.c walks from voucher to voucher. */
static bool fits_the_others(const BundleTrust *t, const BundleRotation *r, const char *file, Diags *d)
{
    if (bundle_same_key(r->from.key, r->to.key))
        return fail(d, BUNDLE_BAD_ROTATION, file, "the new key is the old one");
    for (size_t i = 0; i < t->n_rotations; i++)
        if (bundle_same_key(t->rotations[i].to.key, r->to.key)) {
            diag_add(d, BUNDLE_BAD_ROTATION, DIAG_AT(.file = file),
                     "the new key has been vouched for already, in %s", t->rotations[i].to.name);
            return false;
        }
    if (bundle_same_key(bundle_lineage(t, r->from.key), r->to.key))
        return fail(d, BUNDLE_BAD_ROTATION, file, "the new key stands before the old one already: a circle");
    if (t->n_rotations == MAX_ROTATIONS) return fail(d, BUNDLE_BAD_ROTATION, file, "there are more than 256 rotations");
    return true;
}

static bool add_rotation(BundleTrust *t, const BundleRotation *r, const char *file, Diags *d)
{
    if (!fits_the_others(t, r, file, d)) return false;
    BundleRotation *grown = arena_grow(t->arena, t->rotations, t->n_rotations, &t->rotations_cap, sizeof *grown);
    if (!grown) return fail(d, OUT_OF_MEMORY, file, "out of memory");
    t->rotations = grown;
    grown[t->n_rotations++] = *r;
    return true;
}

bool bundle_trust_rotation_text(BundleTrust *t, Str text, Str minisig, const char *file, Diags *d)
{
    BundleRotation r;
    BundleMinisig m;
    uint8_t hash[HASH_BYTES];
    if (!read_rotation(t->arena, text, file, d, &r) || !bundle_read_minisig(minisig, file, d, &m)) return false;
    bundle_hash_manifest(text.ptr, text.len, hash);
    if (!bundle_verify_record(&m.record, r.from.key, hash))
        return fail(d, BUNDLE_BAD_ROTATION, file, "the old key has not signed this statement");
    return add_rotation(t, &r, file, d);
}

bool bundle_trust_rotation(BundleTrust *t, const char *path, Diags *d)
{
    FileBytes text, minisig;
    Arena scratch = {0};
    char *beside = arena_printf(&scratch, "%s.minisig", path);
    bool ok = beside || fail(d, OUT_OF_MEMORY, path, "out of memory");
    if (ok && (ok = file_read(path, MAX_KEY_FILE, d, &text))) {
        ok = file_read(beside, MAX_KEY_FILE, d, &minisig);
        if (ok) {
            ok = bundle_trust_rotation_text(t, (Str){(const char *)text.ptr, text.size},
                                            (Str){(const char *)minisig.ptr, minisig.size}, path, d);
            file_close(&minisig);
        }
        file_close(&text);
    }
    arena_free(&scratch);
    return ok;
}

/* ---- a folder of all these ---- */

static bool ends(const struct dirent *e, const char *suffix)
{
    return e->d_name[0] != '.' && str_has_suffix(str_of(e->d_name), str_of(suffix));
}

static int is_ours(const struct dirent *e)
{
    return ends(e, ".pub") || ends(e, ".names") || ends(e, ".rotation") || strcmp(e->d_name, "revoked") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_public_key(BundleTrust *t, const char *path, Diags *d)
{
    size_t before = t->n;
    if (!bundle_trust_file(t, path, d)) return false;
    char *names = arena_printf(t->arena, "%.*s.names", (int)(strlen(path) - strlen(".pub")), path);
    if (!names) return fail(d, OUT_OF_MEMORY, path, "out of memory");
    return access(names, F_OK) < 0 && errno == ENOENT ? true : read_names(t, &t->keys[before], names, d);
}

/* A list without its key is a spelling mistake that would let the key sign everything. */
static bool has_its_key(BundleTrust *t, const char *path, Diags *d)
{
    char *key = arena_printf(t->arena, "%.*s.pub", (int)(strlen(path) - strlen(".names")), path);
    if (!key) return fail(d, OUT_OF_MEMORY, path, "out of memory");
    return access(key, F_OK) == 0 || fail(d, BUNDLE_BAD_KEY, path, "there is no key (.pub) of this name beside the list");
}

static bool add_entry(BundleTrust *t, const struct dirent *e, const char *path, Diags *d)
{
    if (ends(e, ".pub")) return add_public_key(t, path, d);
    if (ends(e, ".names")) return has_its_key(t, path, d);
    if (ends(e, ".rotation")) return bundle_trust_rotation(t, path, d);
    return bundle_trust_revoke(t, path, d);
}

bool bundle_trust_folder(BundleTrust *t, const char *path, Diags *d)
{
    struct dirent **entries = NULL;
    size_t keys = t->n;
    int n = scandir(path, &entries, is_ours, by_bytes);
    if (n < 0) {
        diag_add(d, IO_READ, DIAG_AT(.file = path), "cannot read the folder: %s", strerror(errno));
        return false;
    }
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char *file = arena_printf(t->arena, "%s/%s", path, entries[i]->d_name);
        if (!file) fail(d, OUT_OF_MEMORY, path, "out of memory");
        ok = file && add_entry(t, entries[i], file, d) && ok;
        free(entries[i]);
    }
    free(entries);
    if (ok && t->n == keys) return fail(d, BUNDLE_NO_KEYS, path, "no public key (*.pub) in this folder");
    return ok;
}
