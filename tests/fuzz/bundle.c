/* Fuzz target: everything that reads a bundle, its manifest, keys and signatures. The first byte says what the rest is;
 * a fuzzer cannot sign or hash, so the manifest is also handed to its reader directly. */
#include "bundle/container.h"
#include "bundle/create.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_BUNDLE, AS_MANIFEST, AS_PUBLIC_KEY, AS_MINISIG, AS_COUNT };

static void as_bundle(const uint8_t *data, size_t size, Diags *d)
{
    BundleOpenOptions o = {.allow_unsigned = true, .now = 1700000000};
    Bundle b;
    if (bundle_open_bytes(data, size, "fuzz", &o, d, &b)) bundle_close(&b);
}

/* Behind the type, which a fuzzer would only ever lose. */
static void as_manifest(const uint8_t *data, size_t size, Arena *a, Diags *d)
{
    static const char type[] = "\x0a\x1a" BUNDLE_MANIFEST_TYPE;
    const BundleManifest *m;
    Writer w = {0};
    wr_bytes(&w, type, sizeof type - 1);
    wr_bytes(&w, data, size);
    if (!w.failed && bundle_read_manifest(a, (Str){(const char *)w.ptr, w.len}, "fuzz", d, &m) && bundle_check_manifest(m, "fuzz", d))
        for (size_t i = 0; i < m->n_services; i++) (void)bundle_provider(m, m->services[i]->name);
    wr_free(&w);
}

static void as_public_key(const uint8_t *data, size_t size, Arena *a, Diags *d)
{
    BundleTrust t = {.arena = a};
    char *text = arena_strndup(a, (const char *)data, size);
    if (text && !bundle_trust_text(&t, text, d)) return;
}

static void as_minisig(const uint8_t *data, size_t size, Diags *d)
{
    uint8_t bundle[BUNDLE_ALIGN + 1] = "PBUNDLE\0\1\0\0\0\1";
    Writer out;
    if (bundle_attach(bundle, sizeof bundle, "fuzz", (Str){(const char *)data, size}, "fuzz.minisig", d, &out)) wr_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {0};
    Diags d = {.limit = 20};
    if (size == 0) return 0;
    switch (data[0] % AS_COUNT) {
    case AS_BUNDLE: as_bundle(data + 1, size - 1, &d); break;
    case AS_MANIFEST: as_manifest(data + 1, size - 1, &a, &d); break;
    case AS_PUBLIC_KEY: as_public_key(data + 1, size - 1, &a, &d); break;
    case AS_MINISIG: as_minisig(data + 1, size - 1, &d); break;
    }
    diag_free(&d);
    arena_free(&a);
    return 0;
}
