/* open.c: from a file to something that can be believed, in two steps (docs/bundle-format.md §6 "Reading"):
 *
 *   header, manifest, signatures   read; records parsed; the manifest hashed; signatures counted bound: 16.2
 * MiB the rest                       manifest parsed and checked, which tells the exact size; blobs read,
 * digests compared
 *
 * Every byte is read once, into memory that only this process sees; what was hashed is what is used. */
#include "bundle/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE_UNKNOWN = -1 };

/* Where the bytes come from: a descriptor, or memory (fd < 0). */
typedef struct Source {
    int fd;
    const uint8_t *bytes; /* memory: what is left */
    size_t left;
    int64_t size; /* of the whole, when it is known beforehand */
    const char *file;
    Diags *diags;
} Source;

static bool fail(Source *s, DiagCode code, uint64_t offset, const char *text)
{
    diag_add(s->diags, code, DIAG_AT(.file = s->file, .offset = offset), "%s", text);
    return false;
}

/* Up to n bytes; fewer only at the end. */
static bool read_some(Source *s, uint8_t *to, size_t n, size_t *got)
{
    *got = 0;
    if (s->fd < 0) {
        *got = n < s->left ? n : s->left;
        if (*got) memcpy(to, s->bytes, *got);
        s->bytes += *got;
        s->left -= *got;
        return true;
    }
    while (*got < n) {
        ssize_t r = read(s->fd, to + *got, n - *got);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) {
            diag_add(s->diags, IO_READ, DIAG_AT(.file = s->file), "cannot read: %s", strerror(errno));
            return false;
        }
        if (r == 0) break;
        *got += (size_t)r;
    }
    return true;
}

static bool read_exactly(Source *s, uint8_t *to, size_t n, uint64_t offset, const char *what)
{
    size_t got;
    if (!read_some(s, to, n, &got)) return false;
    if (got == n) return true;
    diag_add(s->diags, BUNDLE_TRUNCATED, DIAG_AT(.file = s->file, .offset = offset + got),
             "the file ends inside %s", what);
    return false;
}

/* ---- step one: who has signed? ---- */

/* minisign puts tabs between the parts of its comments; a space shows them as well. */
static const char *shown_comment(Arena *a, Str comment)
{
    char *plain = arena_strndup(a, comment.ptr, comment.len);
    for (size_t i = 0; plain && i < comment.len; i++)
        if (plain[i] == '\t') plain[i] = ' ';
    return plain ? diag_escape(a, (Str){plain, comment.len}) : NULL;
}

static bool add_signer(Source *s, Bundle *b, const BundleKey *key, Str comment, uint32_t record, uint64_t at)
{
    for (uint32_t i = 0; i < b->n_signers; i++)
        if (bundle_same_key(b->signers[i].key->key, key->key)) return true; /* whatever its ids are */
    const char *shown = shown_comment(&b->arena, comment);
    if (!shown) return fail(s, OUT_OF_MEMORY, at, "out of memory");
    b->signers[b->n_signers++] = (BundleSigner){key, shown, record};
    return true;
}

/* However many keys of a lineage have signed, it is one signer. */
static uint32_t count_lineages(const Bundle *b, const BundleTrust *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->n_signers; i++)
        n += !bundle_lineage_signed(t, b->signers[i].key->key, b->signers, i);
    return n;
}

/* The keys that a record's id may mean: those of the set, those that others vouched for. */
static const BundleKey *nth_key(const BundleTrust *t, size_t i)
{
    if (i < t->n) return &t->keys[i];
    i -= t->n;
    return i < t->n_rotations ? &t->rotations[i].to : NULL;
}

static const BundleKey *revoked_signer(const BundleRecord *r, const uint8_t hash[HASH_BYTES], const BundleTrust *t)
{
    for (size_t i = 0; i < t->n_revoked; i++)
        if (sodium_memcmp(t->revoked[i].id, r->id, BUNDLE_KEY_ID_BYTES) == 0 &&
            bundle_verify_record(r, t->revoked[i].key, hash))
            return &t->revoked[i];
    return NULL;
}

/* What the records amount to, besides the signers. */
typedef struct Counted {
    uint32_t good;            /* records whose signatures are right under a trusted key */
    const BundleKey *revoked; /* one that has signed */
} Counted;

/* One record. A wrong signature under the id of a trusted key is somebody's mistake or attack: an error even
 * where other signatures would do. A record of a key that we do not know, or that is revoked, says nothing. */
static bool count_record(Source *s, Bundle *b, const BundleRecord *r, uint32_t number,
                         const uint8_t hash[HASH_BYTES], const BundleTrust *t, uint64_t at, Counted *counted)
{
    bool claimed = false;
    const BundleKey *key;
    for (size_t i = 0; (key = nth_key(t, i)) != NULL; i++) {
        if (sodium_memcmp(key->id, r->id, BUNDLE_KEY_ID_BYTES) != 0 || !bundle_is_trusted(t, key->key)) continue;
        claimed = true;
        if (!bundle_verify_record(r, key->key, hash)) continue;
        counted->good++;
        return add_signer(s, b, key, r->comment, number, at);
    }
    if (!counted->revoked) counted->revoked = revoked_signer(r, hash, t);
    if (!claimed) return true;
    char id[17];
    bundle_key_id_text(r->id, id);
    diag_add(s->diags, BUNDLE_BAD_SIGNATURE, DIAG_AT(.file = s->file, .offset = at),
             "the signature of key %s is wrong", id);
    return false;
}

/* Why the signers are too few: the likeliest reason first. */
static DiagCode code_of_distrust(const Bundle *b, uint32_t require, const Counted *counted)
{
    if (b->n_signatures == 0) return BUNDLE_UNSIGNED;
    if (counted->good >= require) return BUNDLE_ONE_SIGNER;
    return counted->revoked ? BUNDLE_REVOKED : BUNDLE_UNTRUSTED;
}

static void explain_distrust(Source *s, const Bundle *b, uint32_t require, bool allow, const Counted *counted)
{
    DiagPlace at = DIAG_AT(.file = s->file);
    DiagCode code = allow ? BUNDLE_RUNS_UNSIGNED : code_of_distrust(b, require, counted);
    const char *tail = allow ? "; it is used all the same, as --allow-unsigned asks" : "";
    Diag *d;
    if (b->n_signatures == 0) d = diag_add(s->diags, code, at, "the bundle is not signed%s", tail);
    else if (b->n_lineages == 0)
        d = diag_add(s->diags, code, at, "the bundle is signed, but by no trusted key%s", tail);
    else
        d = diag_add(s->diags, code, at, "%u trusted key%s signed the bundle, %u are required%s", b->n_lineages,
                     b->n_lineages == 1 ? " has" : "s have", require, tail);
    if (b->n_lineages < b->n_signers)
        diag_note(s->diags, d, "keys that one vouched for the other count once");
    else if (b->n_lineages < counted->good)
        diag_note(s->diags, d, "%u signatures are right, but a key that has signed twice counts once", counted->good);
    if (!counted->revoked) return;
    char id[17];
    bundle_key_id_text(counted->revoked->id, id);
    diag_note(s->diags, d, "key %s has signed it, and is revoked", id);
}

static uint32_t required(const BundleOpenOptions *o) { return o->require ? o->require : 1; }

static bool verify(Source *s, Bundle *b, const BundleOpenOptions *o)
{
    static const BundleTrust nobody;
    const BundleTrust *trust = o->trust ? o->trust : &nobody;
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint8_t hash[HASH_BYTES];
    bool good = false;
    Counted counted = {0};
    uint64_t at = BUNDLE_HEADER_BYTES + b->manifest_bytes.len;
    if (!bundle_read_records(b->signature_bytes, at, s->file, s->diags, records, &b->n_signatures))
        return false;
    b->signers = arena_array(&b->arena, BUNDLE_MAX_SIGNATURES, sizeof *b->signers);
    if (!b->signers) return fail(s, OUT_OF_MEMORY, at, "out of memory");

    if (o->ignore_signers) return true;

    bundle_hash_manifest(b->manifest_bytes.ptr, b->manifest_bytes.len, hash);
    for (uint32_t i = 0; i < b->n_signatures; i++) {
        uint64_t here =
            at + (uint64_t)(records[i].id - ALGORITHM_BYTES - (const uint8_t *)b->signature_bytes.ptr);
        if (!count_record(s, b, &records[i], i, hash, trust, here, &counted)) return false;
    }
    b->n_lineages = count_lineages(b, trust);
    good = b->n_lineages >= required(o);
    if (!good) explain_distrust(s, b, required(o), o->allow_unsigned, &counted);
    b->trusted = good;
    return good || o->allow_unsigned;
}

/* ---- may those who have signed sign this name? The manifest is read, and was signed by whom we trust ---- */

static bool check_names(Source *s, Bundle *b, const BundleOpenOptions *o)
{
    uint32_t kept = 0;
    const BundleKey *other = NULL;
    for (uint32_t i = 0; i < b->n_signers; i++) {
        if (bundle_may_sign(o->trust, b->signers[i].key->key, b->manifest->name)) b->signers[kept++] = b->signers[i];
        else other = b->signers[i].key;
    }
    if (!other) return true;
    bool was_trusted = b->trusted;
    b->n_signers = kept;
    b->n_lineages = count_lineages(b, o->trust);
    b->trusted = b->n_lineages >= required(o);
    if (b->trusted || !was_trusted) return true;
    char id[17];
    bundle_key_id_text(other->id, id);
    diag_add(s->diags, o->allow_unsigned ? BUNDLE_RUNS_UNSIGNED : BUNDLE_NOT_ITS_NAME, DIAG_AT(.file = s->file),
             "key %s may not sign bundles named \"%s\"%s", id, b->manifest->name,
             o->allow_unsigned ? "; it is used all the same, as --allow-unsigned asks" : "");
    return o->allow_unsigned;
}

static bool read_head(Source *s, Bundle *b, uint64_t *end)
{
    uint8_t bytes[BUNDLE_HEADER_BYTES];
    BundleHeader h;
    if (!read_exactly(s, bytes, sizeof bytes, 0, "the header")) return false;
    if (!bundle_read_header(bytes, s->file, s->diags, &h)) return false;
    size_t size = (size_t)h.manifest_size + h.signatures_size;
    if (s->size != SIZE_UNKNOWN && (uint64_t)s->size < BUNDLE_HEADER_BYTES + size)
        return fail(s, BUNDLE_TRUNCATED, (uint64_t)s->size, "the file ends inside manifest or signatures");
    uint8_t *p = b->head_memory = malloc(size);
    if (!p) return fail(s, OUT_OF_MEMORY, 0, "out of memory");
    if (!read_exactly(s, p, size, BUNDLE_HEADER_BYTES, "manifest or signatures")) return false;
    b->manifest_bytes = (Str){(char *)p, h.manifest_size};
    b->signature_bytes = (Str){(char *)p + h.manifest_size, h.signatures_size};
    *end = BUNDLE_HEADER_BYTES + size;
    return true;
}

/* ---- step two: the manifest, and what it describes ---- */

static bool check_time(Source *s, const BundleManifest *m, int64_t now)
{
    if (now == 0) return true;
    bool ok = true;
    if (m->not_after && now > m->not_after)
        ok = fail(s, BUNDLE_EXPIRED, DIAG_NOWHERE, "the bundle has expired: its not_after has passed");
    for (size_t i = 0; i < m->n_modules; i++) {
        const BundleModule *mod = m->modules[i];
        for (size_t j = 0; j < mod->n_waivers; j++) {
            if (mod->waivers[j]->expires == 0 || now <= mod->waivers[j]->expires) continue;
            diag_add(s->diags, BUNDLE_EXPIRED, DIAG_AT(.file = s->file),
                     "module \"%s\": waiver \"%s\" has expired", mod->name, mod->waivers[j]->name);
            ok = false;
        }
    }
    return ok;
}

/* Offset at which each blob starts, and where the file ends. */
static bool lay_out(Source *s, const BundleManifest *m, uint64_t head_end, uint64_t *offsets,
                    uint64_t *file_end)
{
    uint64_t at = head_end;
    for (size_t i = 0; i < m->n_blobs; i++) {
        offsets[i] = at = bundle_align(at);
        if (at > UINT32_MAX || m->blobs[i]->size > UINT32_MAX - at)
            return fail(s, BUNDLE_BAD_SIZE, DIAG_NOWHERE, "the blobs would make a file of 4 GiB or more");
        at += m->blobs[i]->size;
    }
    *file_end = at;
    if (s->size != SIZE_UNKNOWN && (uint64_t)s->size != at) {
        diag_add(s->diags, BUNDLE_BAD_SIZE, DIAG_AT(.file = s->file),
                 "the file has %lld bytes, header and manifest add up to %llu", (long long)s->size,
                 (unsigned long long)at);
        return false;
    }
    return true;
}

static bool is_zero(const uint8_t *p, size_t n) { return n == 0 || sodium_is_zero(p, n) == 1; }

/* Blobs keep their distance from the first one in memory, so that each starts at a page. */
static bool read_blobs(Source *s, Bundle *b, uint64_t head_end)
{
    const BundleManifest *m = b->manifest;
    uint64_t *offsets = arena_array(&b->arena, m->n_blobs, sizeof *offsets), file_end = 0;
    b->blobs = arena_array(&b->arena, m->n_blobs, sizeof *b->blobs);
    if (!offsets || !b->blobs) return fail(s, OUT_OF_MEMORY, DIAG_NOWHERE, "out of memory");
    if (!lay_out(s, m, head_end, offsets, &file_end)) return false;

    uint8_t gap[BUNDLE_ALIGN];
    uint64_t first = offsets[0];
    if (!read_exactly(s, gap, first - head_end, head_end, "the padding before the first blob")) return false;
    if (!is_zero(gap, first - head_end)) return fail(s, BUNDLE_BAD_PADDING, head_end, "padding is not zero");
    b->blob_memory_size = file_end - first;
    b->blob_memory = aligned_alloc(BUNDLE_ALIGN, bundle_align(b->blob_memory_size));
    if (!b->blob_memory) return fail(s, OUT_OF_MEMORY, DIAG_NOWHERE, "out of memory");
    if (!read_exactly(s, b->blob_memory, b->blob_memory_size, first, "the blobs")) return false;
    size_t more;
    if (!read_some(s, gap, 1, &more)) return false;
    if (more) return fail(s, BUNDLE_BAD_SIZE, file_end, "there are bytes after the last blob");

    const uint8_t *base = b->blob_memory;
    uint64_t end = first;
    for (size_t i = 0; i < m->n_blobs; i++) {
        if (!is_zero(base + (end - first), offsets[i] - end))
            return fail(s, BUNDLE_BAD_PADDING, end, "padding is not zero");
        b->blobs[i] = (BundleBlob){base + (offsets[i] - first), m->blobs[i]->size};
        end = offsets[i] + m->blobs[i]->size;
        uint8_t digest[BUNDLE_DIGEST_BYTES];
        crypto_generichash(digest, sizeof digest, b->blobs[i].ptr, b->blobs[i].size, NULL, 0);
        if (sodium_memcmp(digest, m->blobs[i]->digest.data, sizeof digest) == 0) continue;
        diag_add(s->diags, BUNDLE_BAD_DIGEST, DIAG_AT(.file = s->file, .offset = offsets[i]),
                 "blob %zu is not the one that the manifest describes", i);
        return false;
    }
    b->n_blobs = (uint32_t)m->n_blobs;
    return true;
}

static bool open_source(Source *s, const BundleOpenOptions *o, Bundle *out)
{
    uint64_t head_end = 0;
    Bundle b = {.file = s->file};
    bool good = false;
    if (sodium_init() < 0) fail(s, OUT_OF_MEMORY, DIAG_NOWHERE, "libsodium cannot be initialised");
    else
        good = read_head(s, &b, &head_end) &&
               verify(s, &b, o) && /* nothing of the manifest was looked at so far */
               bundle_read_manifest(&b.arena, b.manifest_bytes, s->file, s->diags, &b.manifest) &&
               bundle_check_manifest(b.manifest, s->file, s->diags) && check_names(s, &b, o) && check_time(s, b.manifest, o->now) &&
               read_blobs(s, &b, head_end);
    if (!good) bundle_close(&b);
    *out = b;
    return good;
}

bool bundle_open(const char *path, const BundleOpenOptions *o, Diags *d, Bundle *out)
{
    *out = (Bundle){0};
    bool is_stdin = strcmp(path, "-") == 0;
    Source s = {.fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC),
                .size = SIZE_UNKNOWN,
                .file = path,
                .diags = d};
    if (s.fd < 0) {
        diag_add(d, IO_READ, DIAG_AT(.file = path), "cannot open: %s", strerror(errno));
        return false;
    }
    struct stat st;
    if (!is_stdin && fstat(s.fd, &st) == 0 && S_ISREG(st.st_mode)) s.size = st.st_size;
    bool ok = open_source(&s, o, out);
    if (!is_stdin) close(s.fd);
    return ok;
}

bool bundle_open_bytes(const uint8_t *bytes, size_t size, const char *file, const BundleOpenOptions *o,
                       Diags *d, Bundle *out)
{
    *out = (Bundle){0};
    Source s = {.fd = -1, .bytes = bytes, .left = size, .size = (int64_t)size, .file = file, .diags = d};
    return open_source(&s, o, out);
}

void bundle_close(Bundle *b)
{
    arena_free(&b->arena);
    free(b->head_memory);
    free(b->blob_memory);
    *b = (Bundle){0};
}
