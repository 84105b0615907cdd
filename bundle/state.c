/* state.c: the highest generation seen of each name, for each key: what a loader does not go back behind.
 *
 *     parigot-generations 1
 *     <base64 of the public key> <bundle name> <generation>      sorted by key and name, no two alike
 *     end <hexadecimal BLAKE2b-256 of the lines before>
 *
 * One text that is replaced whole. A file without its last line was cut short and says nothing about what is missing: it is
 * refused, not repaired. Writers lock FILE.lock, a file of its own, because FILE is another file after each rename.
 * docs/trust.md */
#include "bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/container.h"

enum { MAX_STATE = 16 << 20, KEY_TEXT = 44, DIGEST_TEXT = 2 * BUNDLE_DIGEST_BYTES };
static const char first_line[] = "parigot-generations 1\n", last_word[] = "end ";

static int order(const BundleSeen *a, const uint8_t *key, Str name)
{
    int by_key = memcmp(a->key, key, BUNDLE_KEY_BYTES);
    return by_key ? by_key : str_cmp(a->name, name);
}

/* Where such an item is, or belongs. */
static size_t find(const BundleSeens *s, const uint8_t *key, Str name)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (order(&s->items[mid], key, name) < 0) low = mid + 1;
        else high = mid;
    }
    return low;
}

static bool is_at(const BundleSeens *s, size_t i, const uint8_t *key, Str name)
{
    return i < s->n && order(&s->items[i], key, name) == 0;
}

/* ---- text ---- */

static void digest_text(const char *text, size_t size, char out[DIGEST_TEXT + 1])
{
    uint8_t digest[BUNDLE_DIGEST_BYTES];
    crypto_generichash(digest, sizeof digest, (const uint8_t *)text, size, NULL, 0);
    sodium_bin2hex(out, DIGEST_TEXT + 1, digest, sizeof digest);
}

void bundle_state_text(TextBuf *t, const BundleSeens *s)
{
    text_add(t, STR(first_line));
    for (size_t i = 0; i < s->n; i++) {
        char key[KEY_TEXT + 1];
        sodium_bin2base64(key, sizeof key, s->items[i].key, BUNDLE_KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
        text_printf(t, "%s %.*s %" PRIu64 "\n", key, STR_ARG(s->items[i].name), s->items[i].generation);
    }
    if (t->failed) return;
    char digest[DIGEST_TEXT + 1];
    digest_text(t->ptr, t->len, digest);
    text_printf(t, "%s%s\n", last_word, digest);
}

static bool damaged(Diags *d, const char *file, uint32_t line, const char *why)
{
    diag_add(d, BUNDLE_BAD_STATE, DIAG_AT(.src_file = file, .src_line = line), "%s", why);
    return false;
}

static bool read_generation(Str digits, uint64_t *out)
{
    *out = 0;
    if (digits.len == 0 || digits.ptr[0] == '0') return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') return false;
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, digits.ptr[i] - '0', out)) return false;
    }
    return true;
}

static bool read_line(Str line, BundleSeen *out)
{
    if (line.len < KEY_TEXT + 1 || !bundle_unbase64((Str){line.ptr, KEY_TEXT}, out->key, BUNDLE_KEY_BYTES) ||
        line.ptr[KEY_TEXT] != ' ')
        return false;
    Str rest = {line.ptr + KEY_TEXT + 1, line.len - KEY_TEXT - 1};
    const char *space = rest.len ? memchr(rest.ptr, ' ', rest.len) : NULL;
    if (!space) return false;
    out->name = (Str){rest.ptr, (size_t)(space - rest.ptr)};
    Str digits = {space + 1, rest.len - out->name.len - 1};
    return bundle_name_ok(out->name) && read_generation(digits, &out->generation);
}

static bool add_line(Arena *a, BundleSeens *s, const BundleSeen *item, uint32_t line, const char *file, Diags *d)
{
    if (s->n && order(&s->items[s->n - 1], item->key, item->name) >= 0)
        return damaged(d, file, line, "the lines are not in their order");
    BundleSeen *grown = arena_grow(a, s->items, s->n, &s->cap, sizeof *grown);
    if (!grown) {
        diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = file), "out of memory");
        return false;
    }
    s->items = grown;
    grown[s->n++] = *item;
    return true;
}

bool bundle_state_read(Arena *a, Str text, const char *file, Diags *d, BundleSeens *out)
{
    *out = (BundleSeens){0};
    Str rest = text, line;
    if (!str_has_prefix(text, STR(first_line))) return damaged(d, file, 1, "not a record of generations");
    uint32_t number = 0;
    char digest[DIGEST_TEXT + 1];
    while (bundle_next_line(&rest, &line)) {
        number++;
        if (number == 1) continue;
        if (str_has_prefix(line, STR(last_word))) {
            digest_text(text.ptr, (size_t)(line.ptr - text.ptr), digest);
            Str said = {line.ptr + strlen(last_word), line.len - strlen(last_word)};
            if (!str_eq(said, str_of(digest))) return damaged(d, file, number, "the lines before this one have been changed");
            return rest.len == 0 || damaged(d, file, number + 1, "there is something after the end");
        }
        BundleSeen item;
        if (!read_line(line, &item)) return damaged(d, file, number, "expected a key, a name and a generation");
        if (!add_line(a, out, &item, number, file, d)) return false;
    }
    return damaged(d, file, number, "the record was cut short: its last line is missing");
}

/* ---- one bundle against what was seen ---- */

static bool rolled_back(const BundleSeen *seen, const Bundle *b, const char *path, Diags *d)
{
    Diag *diag = diag_add(d, BUNDLE_ROLLED_BACK, DIAG_AT(.file = b->file),
                          "generation %" PRIu64 " of \"%s\": generation %" PRIu64 " was run before",
                          b->manifest->generation, b->manifest->name, seen->generation);
    diag_note(d, diag, "recorded in %s", path);
    return false;
}

/* Raises what is recorded for one key; *changed when it was lower. */
static bool raise_key(Arena *a, BundleSeens *s, const uint8_t *key, const Bundle *b, bool *changed)
{
    Str name = str_of(b->manifest->name);
    size_t i = find(s, key, name);
    if (is_at(s, i, key, name)) {
        if (s->items[i].generation >= b->manifest->generation) return true;
        s->items[i].generation = b->manifest->generation;
        return *changed = true;
    }
    BundleSeen *grown = arena_grow(a, s->items, s->n, &s->cap, sizeof *grown);
    if (!grown) return false;
    s->items = grown;
    memmove(&grown[i + 1], &grown[i], (s->n - i) * sizeof *grown);
    grown[i] = (BundleSeen){.name = name, .generation = b->manifest->generation};
    memcpy(grown[i].key, key, BUNDLE_KEY_BYTES);
    s->n++;
    return *changed = true;
}

/* The i-th key of all that are known; of those, the lineage of a signer is what it is compared and recorded for, so that
 * neither a rotation nor taking the old key away forgets what was seen. */
static const uint8_t *nth_key(const BundleTrust *t, size_t i)
{
    if (i < t->n) return t->keys[i].key;
    i -= t->n;
    if (i < t->n_rotations) return t->rotations[i].from.key;
    i -= t->n_rotations;
    return i < t->n_rotations ? t->rotations[i].to.key : NULL;
}

static bool is_a_signers(const Bundle *b, const BundleTrust *t, const uint8_t *key)
{
    return bundle_lineage_signed(t, key, b->signers, b->n_signers);
}

static bool compare(const BundleSeens *s, const Bundle *b, const BundleTrust *t, const char *path, Diags *d)
{
    const uint8_t *key;
    Str name = str_of(b->manifest->name);
    for (size_t i = 0; (key = nth_key(t, i)) != NULL; i++) {
        size_t at = find(s, key, name);
        if (is_at(s, at, key, name) && s->items[at].generation > b->manifest->generation && is_a_signers(b, t, key))
            return rolled_back(&s->items[at], b, path, d);
    }
    return true;
}

static bool raise_all(Arena *a, BundleSeens *s, const Bundle *b, const BundleTrust *t, bool *changed)
{
    const uint8_t *key;
    for (size_t i = 0; (key = nth_key(t, i)) != NULL; i++)
        if (is_a_signers(b, t, key) && !raise_key(a, s, key, b, changed)) return false;
    return true;
}

/* ---- the file ---- */

/* An absent file is an empty record. */
static bool load(Arena *a, const char *path, Diags *d, FileBytes *bytes, BundleSeens *out)
{
    *out = (BundleSeens){0};
    struct stat st;
    if (stat(path, &st) < 0 && errno == ENOENT) return true;
    if (!file_read(path, MAX_STATE, d, bytes)) return false;
    return bundle_state_read(a, (Str){(const char *)bytes->ptr, bytes->size}, path, d, out);
}

static bool store(const char *path, const BundleSeens *s, Diags *d)
{
    TextBuf t = {0};
    bundle_state_text(&t, s);
    bool ok = !t.failed && t.len <= MAX_STATE;
    if (t.failed) diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = path), "out of memory");
    else if (!ok) diag_add(d, IO_TOO_BIG, DIAG_AT(.file = path), "the record of generations would be larger than 16 MiB");
    ok = ok && file_write(path, t.ptr, t.len, 0644, true, d);
    text_free(&t);
    return ok;
}

static bool update(Arena *a, const char *path, bool may_write, const Bundle *b, const BundleTrust *t, Diags *d)
{
    BundleSeens seen;
    FileBytes bytes = {0};
    bool changed = false;
    bool ok = load(a, path, d, &bytes, &seen) && compare(&seen, b, t, path, d);
    if (ok && !raise_all(a, &seen, b, t, &changed)) {
        diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = path), "out of memory");
        ok = false;
    }
    if (ok && changed && !may_write) {
        diag_add(d, IO_WRITE, DIAG_AT(.file = path), "cannot lock the record of generations: %s.lock cannot be made", path);
        ok = false;
    }
    ok = ok && (!changed || store(path, &seen, d));
    if (bytes.ptr) file_close(&bytes);
    return ok;
}

/* -1: where no lock can be made nothing is recorded, only compared: a volume that is mounted read-only. */
static int lock_of(Arena *a, const char *path)
{
    char *file = arena_printf(a, "%s.lock", path);
    int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644) : -1;
    int locked = -1;
    while (fd >= 0 && (locked = flock(fd, LOCK_EX)) < 0 && errno == EINTR) {}
    if (fd < 0 || locked == 0) return fd;
    close(fd);
    return -1;
}

bool bundle_state_check(const char *path, const Bundle *b, const BundleTrust *t, Diags *d)
{
    if (!b->trusted) return true;
    Arena scratch = {0};
    BundleSeens seen;
    FileBytes bytes = {0};
    bool ok = load(&scratch, path, d, &bytes, &seen) && compare(&seen, b, t, path, d);
    if (bytes.ptr) file_close(&bytes);
    arena_free(&scratch);
    return ok;
}

bool bundle_state_update(const char *path, const Bundle *b, const BundleTrust *t, Diags *d)
{
    if (!b->trusted) return true;
    Arena scratch = {0};
    int lock = lock_of(&scratch, path);
    bool ok = update(&scratch, path, lock >= 0, b, t, d);
    if (lock >= 0) close(lock);
    arena_free(&scratch);
    return ok;
}

/* ---- where it is ---- */

static bool make_folders(char *path, Diags *d)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = 0;
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        if (!ok) diag_add(d, IO_WRITE, DIAG_AT(.file = path), "cannot make the folder: %s", strerror(errno));
        *slash = '/';
        if (!ok) return false;
    }
    return true;
}

const char *bundle_state_default(Arena *a, Diags *d)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    bool has_base = base && base[0] == '/';
    if (!has_base && !(home && home[0] == '/')) {
        diag_add(d, USAGE, DIAG_AT(.file = NULL),
                 "no folder to keep the generations seen in: --state=FILE names one, --state=none keeps none");
        return NULL;
    }
    char *path = has_base ? arena_printf(a, "%s/parigot/generations", base)
                          : arena_printf(a, "%s/.local/state/parigot/generations", home);
    if (!path) diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = NULL), "out of memory");
    if (path && make_folders(path, d)) return path;
    if (path) diag_note(d, d->n ? &d->items[d->n - 1] : NULL, "--state=FILE names another place for the generations seen, --state=none keeps none");
    return NULL;
}
