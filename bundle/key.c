/* key.c: secret keys in minisign's file form: read, made, wiped.  docs/bundle-format.md §5 "Keys"
 *
 *     "Ed"  kdf:2 ("Sc" or two zeros)  "B2"  salt:32  opslimit:8  memlimit:8  | key id:8  seed:32  public
 * key:32  checksum:32 |
 *
 * What stands between the bars is xor-ed with scrypt(password) when kdf is "Sc". The checksum is BLAKE2b-256
 * of "Ed", key id, seed and public key; minisign -W writes zeros instead. */
#include "bundle/key.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum {
    KDF_AT = 2,
    CHECKSUM_ALGORITHM_AT = 4,
    SALT_AT = 6,
    OPSLIMIT_AT = SALT_AT + 32,
    MEMLIMIT_AT = OPSLIMIT_AT + 8,
    BOXED_AT = MEMLIMIT_AT + 8,
    CHECKSUM_BYTES = 32,
    BOXED_BYTES = BUNDLE_KEY_ID_BYTES + SECRET_BYTES + CHECKSUM_BYTES,
    SECRET_KEY_BYTES = BOXED_AT + BOXED_BYTES,
    BASE64_BYTES = (SECRET_KEY_BYTES + 2) / 3 * 4,
    MAX_KEY_FILE = 64 << 10,
};
_Static_assert(SECRET_KEY_BYTES == 158 && SEED_BYTES == crypto_sign_SEEDBYTES, "minisign's form");
_Static_assert(SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "Ed25519");
_Static_assert(OPSLIMIT_AT - SALT_AT == crypto_pwhash_scryptsalsa208sha256_SALTBYTES, "scrypt");

/* The decoded file; lies in sodium_malloc memory. */
typedef struct KeyBytes {
    uint8_t b[SECRET_KEY_BYTES];
} KeyBytes;

static bool bad(Diags *d, DiagCode code, const char *file, const char *why)
{
    diag_add(d, code, DIAG_AT(.file = file), "%s", why);
    return false;
}

static bool decode(const uint8_t *text, size_t size, const char *file, Diags *d, KeyBytes *out)
{
    static const char first[] = "untrusted comment:";
    const uint8_t *nl = size ? memchr(text, '\n', size) : NULL;
    if (!nl || (size_t)(nl - text) < strlen(first) || memcmp(text, first, strlen(first)) != 0)
        return bad(d, BUNDLE_BAD_KEY, file,
                   "not a minisign secret key: the first line is not an untrusted comment");
    const char *base64 = (const char *)nl + 1;
    size_t left = size - (size_t)(base64 - (const char *)text), len = 0;
    while (left && strchr("\r\n \t", base64[left - 1]) && base64[left - 1]) left--;
    if (sodium_base642bin(out->b, sizeof out->b, base64, left, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        len != sizeof out->b)
        return bad(d, BUNDLE_BAD_KEY, file, "not a minisign secret key: expected 212 characters of base64");
    if (memcmp(out->b, "Ed", 2) != 0 || memcmp(out->b + CHECKSUM_ALGORITHM_AT, "B2", 2) != 0)
        return bad(d, BUNDLE_BAD_KEY, file, "not a minisign secret key of Ed25519 with a BLAKE2b checksum");
    return true;
}

static void checksum(const uint8_t *key, uint8_t out[CHECKSUM_BYTES])
{
    crypto_generichash_state s;
    crypto_generichash_init(&s, NULL, 0, CHECKSUM_BYTES);
    crypto_generichash_update(&s, key, 2);
    crypto_generichash_update(&s, key + BOXED_AT, BUNDLE_KEY_ID_BYTES + SECRET_BYTES);
    crypto_generichash_final(&s, out, CHECKSUM_BYTES);
    sodium_memzero(&s, sizeof s);
}

/* Xors the boxed part with the key stream of the password: the same for locking and unlocking. */
static bool mask(KeyBytes *k, const char *password)
{
    uint8_t *stream = sodium_malloc(BOXED_BYTES);
    bool ok = stream && crypto_pwhash_scryptsalsa208sha256(stream, BOXED_BYTES, password, strlen(password),
                                                           k->b + SALT_AT, load_le64(k->b + OPSLIMIT_AT),
                                                           (size_t)load_le64(k->b + MEMLIMIT_AT)) == 0;
    for (size_t i = 0; ok && i < BOXED_BYTES; i++) k->b[BOXED_AT + i] ^= stream[i];
    sodium_free(stream);
    return ok;
}

static bool unlock(KeyBytes *k, const BundlePassword *from, const char *file, Diags *d)
{
    /* A file may not make us work or allocate more than minisign itself would. */
    if (load_le64(k->b + OPSLIMIT_AT) > crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE ||
        load_le64(k->b + MEMLIMIT_AT) > crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE)
        return bad(d, BUNDLE_BAD_KEY, file, "the key asks for more work or memory than minisign ever does");
    char *password = password_get(from, file, false, d);
    if (!password) return false;
    bool ok = mask(k, password);
    sodium_free(password);
    if (!ok)
        return bad(d, OUT_OF_MEMORY, file, "not enough memory to open the key (scrypt wants up to 1 GiB)");
    uint8_t sum[CHECKSUM_BYTES];
    checksum(k->b, sum);
    ok = sodium_memcmp(sum, k->b + SECRET_KEY_BYTES - CHECKSUM_BYTES, sizeof sum) == 0;
    sodium_memzero(sum, sizeof sum);
    return ok || bad(d, BUNDLE_BAD_PASSWORD, file, "wrong password");
}

static bool check_open_key(const KeyBytes *k, const char *file, Diags *d)
{
    uint8_t sum[CHECKSUM_BYTES];
    const uint8_t *said = k->b + SECRET_KEY_BYTES - CHECKSUM_BYTES;
    checksum(k->b, sum);
    bool ok = sodium_is_zero(said, CHECKSUM_BYTES) || sodium_memcmp(sum, said, sizeof sum) == 0;
    sodium_memzero(sum, sizeof sum);
    return ok || bad(d, BUNDLE_BAD_KEY, file, "the secret key is damaged: its checksum is wrong");
}

/* A public half that does not belong to the seed would give the seed away with the first two signatures. */
static bool check_pair(const SecretKey *key, const char *file, Diags *d)
{
    uint8_t public_key[BUNDLE_KEY_BYTES], *secret = sodium_malloc(SECRET_BYTES);
    if (!secret) return bad(d, OUT_OF_MEMORY, file, "out of memory");
    crypto_sign_seed_keypair(public_key, secret, key->secret);
    bool ok = sodium_memcmp(secret, key->secret, SECRET_BYTES) == 0;
    sodium_free(secret);
    return ok ||
           bad(d, BUNDLE_BAD_KEY, file, "the secret key is damaged: its two halves do not belong together");
}

SecretKey *key_open(const char *path, const BundlePassword *from, Diags *d)
{
    FileBytes f = {0};
    SecretKey *key = NULL;
    bool good = false;
    if (sodium_init() < 0 || !file_read(path, MAX_KEY_FILE, d, &f)) return NULL;
    KeyBytes *k = sodium_malloc(sizeof *k);
    if (!k) bad(d, OUT_OF_MEMORY, path, "out of memory");
    else if (decode(f.ptr, f.size, path, d, k)) {
        static const uint8_t none[2];
        if (memcmp(k->b + KDF_AT, "Sc", 2) == 0) good = unlock(k, from, path, d);
        else if (memcmp(k->b + KDF_AT, none, 2) == 0) good = check_open_key(k, path, d);
        else bad(d, BUNDLE_BAD_KEY, path, "unknown way of encrypting the key: neither scrypt nor none");
    }
    if (good && (key = sodium_malloc(sizeof *key))) {
        memcpy(key->id, k->b + BOXED_AT, sizeof key->id);
        memcpy(key->secret, k->b + BOXED_AT + BUNDLE_KEY_ID_BYTES, sizeof key->secret);
        good = check_pair(key, path, d);
    } else if (good) good = bad(d, OUT_OF_MEMORY, path, "out of memory");
    sodium_free(k);
    if (f.size) sodium_memzero(f.ptr, f.size);
    file_close(&f);
    if (good) return key;
    sodium_free(key);
    return NULL;
}

void key_close(SecretKey *key) { sodium_free(key); } /* wipes */

/* ---- a new pair ---- */

static bool encrypt(KeyBytes *k, const char *password)
{
    uint64_t ops = crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE,
             mem = crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE;
    memcpy(k->b + KDF_AT, "Sc", 2);
    randombytes_buf(k->b + SALT_AT, OPSLIMIT_AT - SALT_AT);
    put_le32(k->b + OPSLIMIT_AT, (uint32_t)ops);
    put_le32(k->b + OPSLIMIT_AT + 4, (uint32_t)(ops >> 32));
    put_le32(k->b + MEMLIMIT_AT, (uint32_t)mem);
    put_le32(k->b + MEMLIMIT_AT + 4, (uint32_t)(mem >> 32));
    return mask(k, password);
}

static bool append_lines(FileOutput *f, const char *comment, const char *base64, Diags *d)
{
    return file_append(f, comment, strlen(comment), d) && file_append(f, "\n", 1, d) &&
           file_append(f, base64, strlen(base64), d) && file_append(f, "\n", 1, d);
}

typedef struct KeyText {
    const char *comment, *base64;
} KeyText;

static bool write_lines(FileOutput *f, KeyText text, Diags *d)
{
    if (!append_lines(f, text.comment, text.base64, d)) return false;
    if (f->temporary == NULL || fsync(f->fd) == 0) return true;
    return bad(d, IO_WRITE, f->path, "cannot write");
}

/* Both files are on the disk before either gets its name, so nothing but a kill between two renames leaves half a pair;
 * then it is the new public key that is of no use, and the old secret one that is still there. */
static bool write_both(const BundleKeyFiles *to, KeyText secret, KeyText public, Diags *d)
{
    FileOutput s, p;
    if (!file_begin(to->secret_file, d, &s)) return false;
    if (!write_lines(&s, secret, d) || !file_begin(to->public_file, d, &p)) {
        file_abandon(&s);
        return false;
    }
    if (!write_lines(&p, public, d)) file_abandon(&p);
    else if (file_commit(&p, 0644, false, d)) return file_commit(&s, 0600, true, d);
    file_abandon(&s);
    return false;
}

static bool may_create(const char *path, bool replace, Diags *d)
{
    if (replace || strcmp(path, "-") == 0 || (access(path, F_OK) < 0 && errno == ENOENT)) return true;
    return bad(d, IO_WRITE, path, "exists already: a key is not replaced without --force");
}

static bool write_pair(const KeyBytes *k, bool encrypted, const uint8_t id[BUNDLE_KEY_ID_BYTES],
                       const uint8_t public_key[BUNDLE_KEY_BYTES], const BundleKeyFiles *to, Diags *d)
{
    uint8_t public_bytes[PUBLIC_KEY_BYTES];
    char public_text[64], comment[64] = "untrusted comment: minisign public key ",
                          *secret_text = sodium_malloc(BASE64_BYTES + 1);
    if (!secret_text) return bad(d, OUT_OF_MEMORY, to->secret_file, "out of memory");
    memcpy(public_bytes, "Ed", ALGORITHM_BYTES);
    memcpy(public_bytes + ALGORITHM_BYTES, id, BUNDLE_KEY_ID_BYTES);
    memcpy(public_bytes + ALGORITHM_BYTES + BUNDLE_KEY_ID_BYTES, public_key, BUNDLE_KEY_BYTES);
    sodium_bin2base64(public_text, sizeof public_text, public_bytes, sizeof public_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(secret_text, BASE64_BYTES + 1, k->b, sizeof k->b, sodium_base64_VARIANT_ORIGINAL);
    bundle_key_id_text(id, comment + strlen(comment));
    KeyText secret = {encrypted ? "untrusted comment: minisign encrypted secret key"
                                : "untrusted comment: minisign secret key, not encrypted", secret_text};
    bool ok = write_both(to, secret, (KeyText){comment, public_text}, d);
    sodium_free(secret_text);
    return ok;
}

bool bundle_keygen(const BundleKeyFiles *to, const BundlePassword *from, uint8_t id[BUNDLE_KEY_ID_BYTES],
                   Diags *d)
{
    if (sodium_init() < 0) return bad(d, OUT_OF_MEMORY, NULL, "libsodium cannot be initialised");
    if (!may_create(to->secret_file, to->replace, d) || !may_create(to->public_file, to->replace, d))
        return false;
    KeyBytes *k = sodium_malloc(sizeof *k);
    uint8_t public_key[BUNDLE_KEY_BYTES];
    bool ok = k != NULL;
    if (!ok) return bad(d, OUT_OF_MEMORY, to->secret_file, "out of memory");
    memset(k->b, 0, sizeof k->b);
    memcpy(k->b, "Ed", 2);
    memcpy(k->b + CHECKSUM_ALGORITHM_AT, "B2", 2);
    randombytes_buf(id, BUNDLE_KEY_ID_BYTES);
    memcpy(k->b + BOXED_AT, id, BUNDLE_KEY_ID_BYTES);
    crypto_sign_keypair(public_key, k->b + BOXED_AT + BUNDLE_KEY_ID_BYTES);
    checksum(k->b, k->b + SECRET_KEY_BYTES - CHECKSUM_BYTES); /* minisign -W leaves zeros; both read both */
    if (to->encrypt) {
        char *password = password_get(from, to->secret_file, true, d);
        ok = password != NULL;
        if (ok && !encrypt(k, password))
            ok = bad(d, OUT_OF_MEMORY, to->secret_file,
                     "not enough memory to encrypt the key (scrypt wants 1 GiB)");
        sodium_free(password);
    }
    ok = ok && write_pair(k, to->encrypt, id, public_key, to, d);
    sodium_free(k);
    return ok;
}
