/* key.h: secret keys in memory. Private to the create half of bundle/.
 * Source: docs/bundle-format.md §5 "Keys" */
#ifndef PARIGOT_BUNDLE_KEY_H
#define PARIGOT_BUNDLE_KEY_H

#include "bundle/container.h"
#include "bundle/create.h"

enum { SEED_BYTES = 32, SECRET_BYTES = 64 /* seed, public key */ };

typedef struct SecretKey {
    uint8_t id[BUNDLE_KEY_ID_BYTES];
    uint8_t secret[SECRET_BYTES];
} SecretKey;

/* key_open: reads a secret key file, with its password when it is encrypted.
 * out:    memory that is locked where the system lets us, and wiped by key_close; NULL on failure
 * errors: IO_READ, BUNDLE_BAD_KEY, BUNDLE_BAD_PASSWORD */
SecretKey *key_open(const char *path, const BundlePassword *, Diags *);
void key_close(SecretKey *);

/* password.c: the password as a string in memory of sodium_malloc (sodium_free it), or NULL (one Diag).
 * in:     repeat  asks twice, for a new one */
char *password_get(const BundlePassword *, const char *key_file, bool repeat, Diags *);
enum { PASSWORD_MAX_BYTES = 1024 };

#endif
