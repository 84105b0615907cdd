/* Fuzz target: signatures and keys, all forms in which they come. The first byte says which: records of a bundle, the text
 * of a .minisig file, a public key as a file and as its line, a secret key's file. */
#include "bundle/container.h"
#include "bundle/create.h"
#include "bundle/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_RECORDS, AS_MINISIG, AS_PUBLIC_FILE, AS_PUBLIC_TEXT, AS_SECRET_FILE, AS_COUNT };

/* What is read is what was written: records have one form. */
static void as_records(Str bytes, Diags *d)
{
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint32_t n = 0;
    if (!bundle_read_records(bytes, 0, "fuzz", d, records, &n)) return;
    Writer w = {0};
    for (uint32_t i = 0; i < n; i++) {
        static const uint8_t key[BUNDLE_KEY_BYTES] = {1}, hash[HASH_BYTES] = {2};
        if (!bundle_comment_ok(records[i].comment) || bundle_verify_record(&records[i], key, hash)) abort();
        bundle_write_record(&w, &records[i]);
    }
    if (!str_eq((Str){(const char *)w.ptr, w.len}, bytes)) abort();
    wr_free(&w);
}

/* What it says becomes a record that can be read. */
static void as_minisig(Str text, Diags *d)
{
    uint8_t bundle[BUNDLE_ALIGN + 1] = "PBUNDLE\0\1\0\0\0\1";
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint32_t n;
    Writer out;
    if (!bundle_attach(bundle, sizeof bundle, "fuzz", text, "fuzz.minisig", d, &out)) return;
    Str made = {(const char *)out.ptr + BUNDLE_HEADER_BYTES + 1, load_le32(out.ptr + 16)};
    if (!bundle_read_records(made, 0, "fuzz", d, records, &n) || n != 1) abort();
    wr_free(&out);
}

static void as_public_text(Str text, Arena *a, Diags *d)
{
    BundleTrust t = {.arena = a};
    char *line = arena_strndup(a, text.ptr, text.len);
    if (line && bundle_trust_text(&t, line, d) && t.n != 1) abort();
}

/* A path to these bytes; the descriptor is to be closed. */
static int as_file(Str bytes, char path[32])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || (bytes.len && write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len)) abort();
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static void as_public_file(Str bytes, Arena *a, Diags *d)
{
    char path[32];
    int fd = as_file(bytes, path);
    BundleTrust t = {.arena = a};
    if (bundle_trust_file(&t, path, d) && t.n != 1) abort();
    close(fd);
}

/* No password is there, so that no scrypt keeps the fuzzer waiting. */
static void as_secret_file(Str bytes, Diags *d)
{
    char path[32];
    int fd = as_file(bytes, path);
    BundlePassword none = {.environment = "PARIGOT_NO_SUCH_VARIABLE"};
    SecretKey *key = key_open(path, &none, d);
    if (key) key_close(key);
    else if (d->errors == 0) abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {0};
    Diags d = {.limit = 20};
    if (size == 0) return 0;
    Str rest = {(const char *)data + 1, size - 1};
    switch (data[0] % AS_COUNT) {
    case AS_RECORDS: as_records(rest, &d); break;
    case AS_MINISIG: as_minisig(rest, &d); break;
    case AS_PUBLIC_FILE: as_public_file(rest, &a, &d); break;
    case AS_PUBLIC_TEXT: as_public_text(rest, &a, &d); break;
    case AS_SECRET_FILE: as_secret_file(rest, &d); break;
    }
    diag_free(&d);
    arena_free(&a);
    return 0;
}
