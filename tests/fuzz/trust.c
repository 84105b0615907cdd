/* Fuzz target: what an operator says about keys: generations seen, revoked keys, names, rotations. The first byte says what
 * the rest is. Rotations are signed here with a key of the target's own, so that what is behind the signature is reached:
 * each byte of the input is a statement between two of sixteen keys. */
#include "bundle/container.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_STATE, AS_REVOKED, AS_NAMES, AS_STATEMENT, AS_ROTATIONS, AS_COUNT };
enum { KEYS = 16 };

static struct Pair { BundleKey public; uint8_t secret[crypto_sign_SECRETKEYBYTES]; } pairs[KEYS];

static void make_keys(void)
{
    if (pairs[0].public.name) return;
    if (sodium_init() < 0) abort();
    for (uint8_t i = 0; i < KEYS; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {i};
        memset(pairs[i].public.id, i, sizeof pairs[i].public.id);
        crypto_sign_seed_keypair(pairs[i].public.key, pairs[i].secret, seed);
        pairs[i].public.name = "key";
    }
}

/* What can be read is what is written. */
static void as_state(Str text, Arena *a, Diags *d)
{
    BundleSeens seen, again;
    if (!bundle_state_read(a, text, "fuzz", d, &seen)) {
        if (d->n == 0) abort();
        return;
    }
    TextBuf out = {0};
    bundle_state_text(&out, &seen);
    if (!bundle_state_read(a, (Str){out.ptr, out.len}, "fuzz", d, &again) || again.n != seen.n) abort();
    text_free(&out);
}

/* The digest is not for a fuzzer to find. */
static void as_state_with_end(Str lines, Arena *a, Diags *d)
{
    static const char first[] = "parigot-generations 1\n";
    uint8_t digest[BUNDLE_DIGEST_BYTES];
    char hex[2 * sizeof digest + 1];
    char *text = arena_printf(a, "%s%.*s\n", first, STR_ARG(lines));
    if (!text) return;
    crypto_generichash(digest, sizeof digest, (const uint8_t *)text, strlen(text), NULL, 0);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    char *whole = arena_printf(a, "%send %s\n", text, hex);
    if (whole) as_state(str_of(whole), a, d);
}

/* A statement and its signature by the key that it is from. */
static void add_rotation(BundleTrust *t, size_t from, size_t to, Diags *d)
{
    char first[128], global[128];
    uint8_t fixed[RECORD_FIXED_BYTES] = {'E', 'D'}, second[BUNDLE_SIGNATURE_BYTES], hash[HASH_BYTES];
    const char *text = bundle_rotation_text(t->arena, &pairs[from].public, &pairs[to].public);
    if (!text) return;
    bundle_hash_manifest(text, strlen(text), hash);
    uint8_t *signature = fixed + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES;
    crypto_sign_detached(signature, NULL, hash, sizeof hash, pairs[from].secret);
    crypto_sign_detached(second, NULL, signature, BUNDLE_SIGNATURE_BYTES, pairs[from].secret);
    sodium_bin2base64(first, sizeof first, fixed, sizeof fixed, sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(global, sizeof global, second, sizeof second, sodium_base64_VARIANT_ORIGINAL);
    char *minisig = arena_printf(t->arena, "untrusted comment: x\n%s\ntrusted comment: \n%s\n", first, global);
    if (minisig && !bundle_trust_rotation_text(t, str_of(text), str_of(minisig), "fuzz.rotation", d) && d->n == 0) abort();
}

/* By the definition, without lineage.c: from a key to those before it, until one is in the set; none may be revoked. */
static bool is_trusted(const BundleTrust *t, const uint8_t *key)
{
    for (size_t steps = 0; key; steps++) {
        const uint8_t *before = NULL;
        if (steps > t->n_rotations) abort(); /* a circle */
        if (memcmp(key, t->revoked[0].key, BUNDLE_KEY_BYTES) == 0) return false;
        if (memcmp(key, t->keys[0].key, BUNDLE_KEY_BYTES) == 0) return true;
        for (size_t i = 0; i < t->n_rotations; i++)
            if (memcmp(t->rotations[i].to.key, key, BUNDLE_KEY_BYTES) == 0) before = t->rotations[i].from.key;
        key = before;
    }
    return false;
}

/* A byte a statement; then every key is asked about. */
static void as_rotations(Str bytes, Arena *a, Diags *d)
{
    BundleTrust t = {.arena = a, .keys = &pairs[0].public, .n = 1, .revoked = &pairs[1].public, .n_revoked = 1};
    for (size_t i = 0; i < bytes.len && i < 32; i++)
        add_rotation(&t, (uint8_t)bytes.ptr[i] % KEYS, (uint8_t)bytes.ptr[i] / KEYS, d);
    for (size_t i = 0; i < KEYS; i++) {
        const uint8_t *key = pairs[i].public.key, *first = bundle_lineage(&t, key);
        if (bundle_lineage(&t, first) != first) abort();
        if (bundle_is_trusted(&t, key) != is_trusted(&t, key)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {0};
    Diags d = {.limit = 20};
    BundleTrust t = {.arena = &a};
    BundleKey key = {0};
    if (size == 0) return 0;
    make_keys();
    Str rest = {(const char *)data + 1, size - 1};
    bool ok = true;
    switch (data[0] % AS_COUNT) {
    case AS_STATE:
        as_state(rest, &a, &d);
        as_state_with_end(rest, &a, &d);
        break;
    case AS_REVOKED: ok = bundle_trust_revoke_text(&t, rest, "fuzz", &d); break;
    case AS_NAMES: ok = bundle_trust_names_text(&t, &key, rest, "fuzz", &d); break;
    case AS_STATEMENT: ok = bundle_trust_rotation_text(&t, rest, STR(""), "fuzz", &d); break;
    case AS_ROTATIONS: as_rotations(rest, &a, &d); break;
    }
    if (!ok && d.n == 0) abort(); /* a refusal says why */
    diag_free(&d);
    arena_free(&a);
    return 0;
}
