/* Fuzz target: the manifest's bytes behind its type, which a fuzzer would only ever lose. What has been checked is used as a
 * loader uses it. */
#include "bundle/bundle.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that an index or a name in the manifest leads to is there. */
static void use(const BundleManifest *m)
{
    for (size_t i = 0; i < m->n_services; i++)
        if (bundle_provider(m, m->services[i]->name) >= (int)m->n_modules) abort();
    for (size_t i = 0; i < m->n_modules; i++) {
        const BundleModule *mod = m->modules[i];
        if (mod->blob >= m->n_blobs || mod->policy >= m->n_policies || !mod->limits || !mod->meter) abort();
        if (bundle_find_module(m, mod->name) != mod) abort();
        for (size_t j = 0; j < mod->n_native; j++)
            if (mod->native[j]->blob >= m->n_blobs) abort();
        for (size_t j = 0; j < mod->n_imports; j++) { /* somebody stands before, or the host, or nobody here */
            const char *service = mod->imports[j]->service;
            int provider = bundle_is_system_service(service) ? -1 : bundle_provider(m, service);
            if (provider > (int)i) abort();
        }
    }
    if (m->main[0] && !bundle_find_module(m, m->main)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char type[] = "\x0a\x1a" BUNDLE_MANIFEST_TYPE;
    Arena a = {0};
    Diags d = {.limit = 20};
    const BundleManifest *m;
    Writer w = {0};
    wr_bytes(&w, type, sizeof type - 1);
    wr_bytes(&w, data, size);
    bool good = bundle_read_manifest(&a, (Str){(const char *)w.ptr, w.len}, "fuzz", &d, &m) && bundle_check_manifest(m, "fuzz", &d);
    if (good) use(m);
    else if (d.errors == 0) abort();
    if (a.used_bytes > BUNDLE_MAX_UNPACKED + (BUNDLE_MAX_UNPACKED >> 3)) abort(); /* the estimate is a bound */
    wr_free(&w);
    diag_free(&d);
    arena_free(&a);
    return 0;
}
