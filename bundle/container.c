/* container.c: header and signature records, in and out: the only bytes that are parsed before a signature
 * has been checked. On disk everything is bytes; nothing is cast.  docs/bundle-format.md §1, §2 */
#include "bundle/container.h"

#include <sodium.h>
#include <string.h>

_Static_assert(BUNDLE_SIGNATURE_BYTES == crypto_sign_BYTES && BUNDLE_KEY_BYTES == crypto_sign_PUBLICKEYBYTES,
               "Ed25519");

static bool bad_header(Diags *d, DiagCode code, const char *file, unsigned offset, const char *text,
                       unsigned value)
{
    diag_add(d, code, DIAG_AT(.file = file, .offset = offset), "%s: %u", text, value);
    return false;
}

bool bundle_read_header(const uint8_t bytes[BUNDLE_HEADER_BYTES], const char *file, Diags *d,
                        BundleHeader *out)
{
    if (memcmp(bytes, BUNDLE_MAGIC, MAGIC_BYTES) != 0) {
        diag_add(d, BUNDLE_BAD_MAGIC, DIAG_AT(.file = file, .offset = 0),
                 "not a bundle: the first bytes are not PBUNDLE");
        return false;
    }
    uint32_t version = load_le32(bytes + 8), manifest = load_le32(bytes + 12),
             signatures = load_le32(bytes + 16), zero = load_le32(bytes + 20);
    if (version != BUNDLE_VERSION)
        return bad_header(d, BUNDLE_BAD_VERSION, file, 8, "unknown bundle version", version);
    if (manifest == 0 || manifest > BUNDLE_MAX_MANIFEST)
        return bad_header(d, BUNDLE_BAD_HEADER, file, 12, "manifest size is not in 1..16 MiB", manifest);
    if (signatures > BUNDLE_MAX_SIGNATURES * (2 + BUNDLE_MAX_RECORD))
        return bad_header(d, BUNDLE_BAD_HEADER, file, 16, "size of the signatures is over the limit",
                          signatures);
    if (zero != 0) return bad_header(d, BUNDLE_BAD_HEADER, file, 20, "reserved field is not zero", zero);
    *out = (BundleHeader){manifest, signatures};
    return true;
}

void bundle_write_header(Writer *w, BundleHeader h)
{
    wr_bytes(w, BUNDLE_MAGIC, MAGIC_BYTES);
    wr_le32(w, BUNDLE_VERSION);
    wr_le32(w, h.manifest_size);
    wr_le32(w, h.signatures_size);
    wr_le32(w, 0);
}

bool bundle_comment_ok(Str comment)
{
    if (comment.len > MAX_COMMENT_BYTES || !str_is_utf8(comment)) return false;
    for (size_t i = 0; i < comment.len; i++) {
        uint8_t c = (uint8_t)comment.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static bool bad_record(Diags *d, DiagCode code, const char *file, uint64_t at, uint32_t index,
                       const char *why)
{
    diag_add(d, code, DIAG_AT(.file = file, .offset = at), "signature record %u: %s", index, why);
    return false;
}

bool bundle_read_records(Str bytes, uint64_t at, const char *file, Diags *d,
                         BundleRecord out[BUNDLE_MAX_SIGNATURES], uint32_t *n)
{
    const uint8_t *p = (const uint8_t *)bytes.ptr;
    size_t left = bytes.len;
    uint32_t i = 0;
    for (; left; i++) {
        uint64_t here = at + (bytes.len - left);
        if (i == BUNDLE_MAX_SIGNATURES)
            return bad_record(d, BUNDLE_BAD_RECORD, file, here, i, "there are more than 16");
        if (left < 2) return bad_record(d, BUNDLE_BAD_RECORD, file, here, i, "ends inside its size");
        size_t size = (size_t)p[0] | (size_t)p[1] << 8;
        p += 2;
        left -= 2;
        if (size < RECORD_MIN_BYTES || size > BUNDLE_MAX_RECORD)
            return bad_record(d, BUNDLE_BAD_RECORD, file, here, i, "size is not in 138..8192");
        if (size > left)
            return bad_record(d, BUNDLE_BAD_RECORD, file, here, i, "is longer than what is left");
        if (memcmp(p, "ED", ALGORITHM_BYTES) != 0)
            return bad_record(d, BUNDLE_BAD_ALGORITHM, file, here + 2, i,
                              "algorithm is not \"ED\" (Ed25519 over BLAKE2b-512)");
        BundleRecord r = {
            .id = p + ALGORITHM_BYTES,
            .signature = p + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES,
            .comment = {(const char *)p + RECORD_FIXED_BYTES, size - RECORD_MIN_BYTES},
            .global = p + size - BUNDLE_SIGNATURE_BYTES,
        };
        if (!bundle_comment_ok(r.comment))
            return bad_record(d, BUNDLE_BAD_RECORD, file, here + 2 + RECORD_FIXED_BYTES, i,
                              "trusted comment is not UTF-8 without control characters");
        out[i] = r;
        p += size;
        left -= size;
    }
    *n = i;
    return true;
}

void bundle_write_record(Writer *w, const BundleRecord *r)
{
    size_t size = RECORD_MIN_BYTES + r->comment.len;
    wr_byte(w, (uint8_t)size);
    wr_byte(w, (uint8_t)(size >> 8));
    wr_bytes(w, "ED", ALGORITHM_BYTES);
    wr_bytes(w, r->id, BUNDLE_KEY_ID_BYTES);
    wr_bytes(w, r->signature, BUNDLE_SIGNATURE_BYTES);
    wr_bytes(w, r->comment.ptr, r->comment.len);
    wr_bytes(w, r->global, BUNDLE_SIGNATURE_BYTES);
}

/* libsodium's verification refuses public keys of small order and encodings that are not canonical; the key
 * has been checked for its subgroup when it was read (trust.c). */
bool bundle_verify_record(const BundleRecord *r, const uint8_t key[BUNDLE_KEY_BYTES],
                          const uint8_t hash[HASH_BYTES])
{
    bool good = false;
    uint8_t globally[BUNDLE_SIGNATURE_BYTES + MAX_COMMENT_BYTES];
    if (r->comment.len > MAX_COMMENT_BYTES) return false;
    memcpy(globally, r->signature, BUNDLE_SIGNATURE_BYTES);
    if (r->comment.len) memcpy(globally + BUNDLE_SIGNATURE_BYTES, r->comment.ptr, r->comment.len);

    if (crypto_sign_verify_detached(r->signature, hash, HASH_BYTES, key) != 0) return false;
    if (crypto_sign_verify_detached(r->global, globally, BUNDLE_SIGNATURE_BYTES + r->comment.len, key) != 0)
        return false;
    good = true;
    return good;
}

void bundle_hash_manifest(const void *bytes, size_t size, uint8_t out[HASH_BYTES])
{
    crypto_generichash(out, HASH_BYTES, bytes, size, NULL, 0);
}
