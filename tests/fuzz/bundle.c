/* Fuzz target: the container. The first byte says what the rest is: a file as it is; or manifest and signature records
 * behind their two sizes, with header, padding and a trusted signature put around them, so that what a fuzzer cannot
 * make (sizes that add up, a signature) does not stop it. */
#include "bundle/container.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t public_key[BUNDLE_KEY_BYTES], secret_key[crypto_sign_SECRETKEYBYTES];
static const uint8_t key_id[BUNDLE_KEY_ID_BYTES] = "fuzz key";

static void open_and_use(const uint8_t *data, size_t size, bool trusting)
{
    BundleKey key = {.name = "fuzz.pub"};
    memcpy(key.id, key_id, sizeof key.id);
    memcpy(key.key, public_key, sizeof key.key);
    BundleTrust trust = {.keys = &key, .n = 1, .cap = 1};
    BundleOpenOptions o = {.trust = &trust, .allow_unsigned = !trusting, .now = 1700000000};
    Diags d = {.limit = 20};
    Bundle b;
    if (bundle_open_bytes(data, size, "fuzz", &o, &d, &b)) {
        if (!b.manifest || b.n_blobs != b.manifest->n_blobs || (trusting && !b.trusted)) abort();
        for (size_t i = 0; i < b.manifest->n_modules; i++)
            if (b.blobs[b.manifest->modules[i]->blob].size == 0) abort();
        bundle_close(&b);
    } else if (d.errors == 0) abort();
    diag_free(&d);
}

static void sign(Writer *records, const uint8_t *manifest, size_t size)
{
    uint8_t hash[HASH_BYTES], signature[BUNDLE_SIGNATURE_BYTES], global[BUNDLE_SIGNATURE_BYTES];
    bundle_hash_manifest(manifest, size, hash);
    crypto_sign_detached(signature, NULL, hash, sizeof hash, secret_key);
    crypto_sign_detached(global, NULL, signature, sizeof signature, secret_key);
    BundleRecord r = {.id = key_id, .signature = signature, .comment = {"", 0}, .global = global};
    bundle_write_record(records, &r);
}

/* u16 size of the manifest, u16 size of more records, both, blobs */
static void put_around(const uint8_t *data, size_t size)
{
    if (size < 4) return;
    size_t manifest = (size_t)data[0] | (size_t)data[1] << 8, more = (size_t)data[2] | (size_t)data[3] << 8;
    data += 4;
    size -= 4;
    if (manifest > size) manifest = size;
    if (more > size - manifest) more = size - manifest;
    Writer records = {0}, w = {0};
    sign(&records, data, manifest);
    wr_bytes(&records, data + manifest, more);
    bundle_write_header(&w, (BundleHeader){(uint32_t)manifest, (uint32_t)records.len});
    wr_bytes(&w, data, manifest);
    wr_bytes(&w, records.ptr, records.len);
    if (size > manifest + more) {
        wr_zeros(&w, bundle_align(w.len) - w.len);
        wr_bytes(&w, data + manifest + more, size - manifest - more);
    }
    if (!w.failed && !records.failed) open_and_use(w.ptr, w.len, true);
    wr_free(&records);
    wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = "a seed that everybody may know.";
    if (sodium_init() < 0 || crypto_sign_seed_keypair(public_key, secret_key, seed) != 0) abort();
    if (size == 0) return 0;
    if (data[0] % 2 == 0) open_and_use(data + 1, size - 1, false);
    else put_around(data + 1, size - 1);
    return 0;
}
