/* lineage.c: who stands for whom.
 *
 *     release.pub  --rotation-->  release-2  --rotation-->  release-3
 *
 * A key that is in the trust set by itself is trusted; so is one that a trusted key vouched for. Of a lineage, however many
 * keys have signed, one signer is counted. A revoked key counts for nothing, and so does its word for another.
 * trust.c takes care that each key has one voucher at most and that no lineage is a circle, so that every walk from a key
 * to those before it ends.  docs/trust.md */
#include "bundle/bundle.h"

#include <sodium.h>
#include <string.h>

bool bundle_same_key(const uint8_t a[BUNDLE_KEY_BYTES], const uint8_t b[BUNDLE_KEY_BYTES])
{
    return sodium_memcmp(a, b, BUNDLE_KEY_BYTES) == 0;
}

/* The key that vouched for this one, or NULL. */
static const uint8_t *voucher(const BundleTrust *t, const uint8_t *key)
{
    for (size_t i = 0; i < t->n_rotations; i++)
        if (bundle_same_key(t->rotations[i].to.key, key)) return t->rotations[i].from.key;
    return NULL;
}

const uint8_t *bundle_lineage(const BundleTrust *t, const uint8_t key[BUNDLE_KEY_BYTES])
{
    for (const uint8_t *before; (before = voucher(t, key)) != NULL;) key = before;
    return key;
}

bool bundle_lineage_signed(const BundleTrust *t, const uint8_t key[BUNDLE_KEY_BYTES], const BundleSigner *signers, uint32_t n)
{
    const uint8_t *lineage = bundle_lineage(t, key);
    for (uint32_t i = 0; i < n; i++)
        if (bundle_same_key(bundle_lineage(t, signers[i].key->key), lineage)) return true;
    return false;
}

const BundleKey *bundle_revoked_key(const BundleTrust *t, const uint8_t key[BUNDLE_KEY_BYTES])
{
    for (size_t i = 0; i < t->n_revoked; i++)
        if (bundle_same_key(t->revoked[i].key, key)) return &t->revoked[i];
    return NULL;
}

static bool is_in_the_set(const BundleTrust *t, const uint8_t *key)
{
    for (size_t i = 0; i < t->n; i++)
        if (bundle_same_key(t->keys[i].key, key)) return true;
    return false;
}

/* The key by which this one is trusted: itself, else the nearest before it that is in the set. */
static const uint8_t *trusted_by(const BundleTrust *t, const uint8_t *key)
{
    for (; key != NULL && !bundle_revoked_key(t, key); key = voucher(t, key))
        if (is_in_the_set(t, key)) return key;
    return NULL;
}

bool bundle_is_trusted(const BundleTrust *t, const uint8_t key[BUNDLE_KEY_BYTES])
{
    return trusted_by(t, key) != NULL;
}

static bool fits(Str pattern, Str name)
{
    if (!str_has_suffix(pattern, STR("*"))) return str_eq(pattern, name);
    pattern.len--;
    return str_has_prefix(name, pattern);
}

static bool lists(const BundleKey *k, Str name)
{
    for (uint32_t i = 0; i < k->n_names; i++)
        if (fits(k->names[i], name)) return true;
    return k->names == NULL;
}

bool bundle_may_sign(const BundleTrust *t, const uint8_t key[BUNDLE_KEY_BYTES], const char *name)
{
    const uint8_t *by = trusted_by(t, key);
    for (size_t i = 0; by && i < t->n; i++)
        if (bundle_same_key(t->keys[i].key, by) && lists(&t->keys[i], str_of(name))) return true;
    return false;
}
