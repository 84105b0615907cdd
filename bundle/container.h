/* container.h: the bytes around the manifest, for both halves. Private to bundle/.
 * Source: docs/bundle-format.md §1 "Container", §2 "Signature records" */
#ifndef PARIGOT_BUNDLE_CONTAINER_H
#define PARIGOT_BUNDLE_CONTAINER_H

#include "bundle/bundle.h"

#define BUNDLE_MAGIC "PBUNDLE\0"

enum {
    MAGIC_BYTES = 8,
    ALGORITHM_BYTES = 2,
    HASH_BYTES = 64,                                            /* BLAKE2b-512 of the manifest: what is signed  */
    RECORD_FIXED_BYTES = ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES + BUNDLE_SIGNATURE_BYTES, /* before the comment  */
    RECORD_MIN_BYTES = RECORD_FIXED_BYTES + BUNDLE_SIGNATURE_BYTES,
    MAX_COMMENT_BYTES = BUNDLE_MAX_RECORD - RECORD_MIN_BYTES,
    PUBLIC_KEY_BYTES = ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES + BUNDLE_KEY_BYTES, /* minisign's public key         */
};

typedef struct BundleHeader { uint32_t manifest_size, signatures_size; } BundleHeader;

/* One signature as minisign makes it; the pointers are into the record. */
typedef struct BundleRecord {
    const uint8_t *id;         /* of the key: a hint that nobody has signed                                    */
    const uint8_t *signature;  /* over the hash                                                                */
    Str comment;               /* trusted comment: UTF-8, no control character but tab                         */
    const uint8_t *global;     /* signature over signature and comment                                         */
} BundleRecord;

/* errors: BUNDLE_BAD_MAGIC, BUNDLE_BAD_VERSION, BUNDLE_BAD_HEADER */
MUST_USE bool bundle_read_header(const uint8_t bytes[BUNDLE_HEADER_BYTES], const char *file, Diags *, BundleHeader *out);
void bundle_write_header(Writer *, BundleHeader);
/* in:     bytes  all records; `at` is their offset in the file
 * errors: BUNDLE_BAD_RECORD, BUNDLE_BAD_ALGORITHM */
MUST_USE bool bundle_read_records(Str bytes, uint64_t at, const char *file, Diags *,
                                  BundleRecord out[BUNDLE_MAX_SIGNATURES], uint32_t *n);
void bundle_write_record(Writer *, const BundleRecord *); /* with its u16 size */
/* true when this key made both signatures of the record over this hash. Starts from "no". */
MUST_USE bool bundle_verify_record(const BundleRecord *, const uint8_t key[BUNDLE_KEY_BYTES],
                                   const uint8_t hash[HASH_BYTES]);
/* minisig.c: one signature in the form of minisign's files, .minisig.
 * out:    *out     its bytes and, into them and into text, the record
 * errors: BUNDLE_BAD_KEY, BUNDLE_BAD_ALGORITHM, BUNDLE_BAD_RECORD */
typedef struct BundleMinisig {
    uint8_t first[RECORD_FIXED_BYTES], global[BUNDLE_SIGNATURE_BYTES];
    BundleRecord record;
} BundleMinisig;
MUST_USE bool bundle_read_minisig(Str text, const char *file, Diags *, BundleMinisig *out);
/* The lines of a text, cut off one after the other, without CR LF. false: there is no more. */
bool bundle_next_line(Str *rest, Str *line);
/* Base64 of exactly that many bytes. */
MUST_USE bool bundle_unbase64(Str text, uint8_t *out, size_t size);
MUST_USE bool bundle_comment_ok(Str comment); /* what may stand in a record */
void bundle_hash_manifest(const void *bytes, size_t size, uint8_t out[HASH_BYTES]);

static inline uint64_t bundle_align(uint64_t offset)
{
    return (offset + BUNDLE_ALIGN - 1) & ~(uint64_t)(BUNDLE_ALIGN - 1);
}
static inline uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t load_le64(const uint8_t *p) { return load_le32(p) | (uint64_t)load_le32(p + 4) << 32; }

#endif
