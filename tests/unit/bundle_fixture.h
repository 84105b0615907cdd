/* bundle_fixture.h: small bundles made by hand, from the format's description and not by the create half, so that a
 * mistake on both sides would show. Two modules: "server" provides a.v1.A, "client" requires it and the log. */
#ifndef PARIGOT_TESTS_BUNDLE_FIXTURE_H
#define PARIGOT_TESTS_BUNDLE_FIXTURE_H

#include "bundle/bundle.h"
#include "bundle/container.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* protobuf-c's strings are not const. */
static inline char *text(const char *s) { return (char *)(uintptr_t)s; }

/* A pair of keys that is the same in every run. */
typedef struct TestKey {
    uint8_t id[8], public_key[32], secret[64];
} TestKey;

static inline TestKey test_key(uint8_t n)
{
    TestKey k;
    uint8_t seed[32];
    memset(seed, n, sizeof seed);
    memset(k.id, 0xa0 + n, sizeof k.id);
    if (sodium_init() < 0) abort();
    crypto_sign_seed_keypair(k.public_key, k.secret, seed);
    return k;
}

/* Everything that a test may want to change before it is encoded. */
typedef struct Fixture {
    BundleManifest manifest;
    BundleModule modules[2];
    BundleModule *module_list[2];
    BundleBlobInfo blobs[2];
    BundleBlobInfo *blob_list[2];
    BundlePolicy policy;
    BundlePolicy *policy_list[1];
    BundleService services[3];
    BundleService *service_list[3];
    BundleMethod provides;
    BundleMethod *provides_list[1];
    BundleImport imports[3]; /* two of the client, one of the server: the kernel */
    BundleImport *import_list[3];
    BundleVerdict verdict;
    BundleVerdict *verdict_list[1];
    BundleLayout layout;
    BundleLimits limits;
    BundleInput input;
    BundleInput *input_list[1];
    BundleKeyValue config;
    BundleKeyValue *config_list[1];
    char *grants[1];
    char *features[1];
    uint8_t digests[4][32];
    Str contents[2];
} Fixture;

static inline ProtobufCBinaryData fixture_digest(uint8_t out[32], Str of)
{
    crypto_generichash(out, 32, (const uint8_t *)of.ptr, of.len, NULL, 0);
    return (ProtobufCBinaryData){32, out};
}

static inline void fixture_init(Fixture *f)
{
    static uint8_t i32x3[] = {TYPE_I32, TYPE_I32, TYPE_I32};
    memset(f, 0, sizeof *f);
    BundleManifest *m = &f->manifest;
    parigot__bundle__v1__manifest__init(m);
    m->type = text(BUNDLE_MANIFEST_TYPE);
    m->name = text("pair");
    m->version = text("1.0.0");
    m->generation = 3;
    m->tool = text("test 0");
    m->main = text("client");

    f->contents[0] = STR("\0asm\1\0\0\0 the server");
    f->contents[1] = STR("\0asm\1\0\0\0 the client, a little longer");
    for (int i = 0; i < 2; i++) {
        parigot__bundle__v1__blob__init(&f->blobs[i]);
        f->blobs[i].kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_MODULE;
        f->blobs[i].size = f->contents[i].len;
        f->blobs[i].digest = fixture_digest(f->digests[i], f->contents[i]);
        f->blob_list[i] = &f->blobs[i];
        parigot__bundle__v1__module__init(&f->modules[i]);
        f->modules[i].blob = (uint32_t)i;
        f->modules[i].share = 100;
        f->module_list[i] = &f->modules[i];
    }
    m->n_blobs = m->n_modules = 2;
    m->blobs = f->blob_list;
    m->modules = f->module_list;

    parigot__bundle__v1__policy__init(&f->policy);
    f->policy.name = text("strict");
    f->policy.text = text("policy = 1;\n");
    f->policy.digest = fixture_digest(f->digests[2], STR("policy = 1;\n"));
    f->policy_list[0] = &f->policy;
    m->n_policies = 1;
    m->policies = f->policy_list;

    static const char *const names[] = {"a.v1.A", BUNDLE_KERNEL, "parigot.log.v1.Log"};
    for (int i = 0; i < 3; i++) {
        parigot__bundle__v1__service__init(&f->services[i]);
        f->services[i].name = text(names[i]);
        f->service_list[i] = &f->services[i];
    }
    m->n_services = 3;
    m->services = f->service_list;

    BundleModule *server = &f->modules[0], *client = &f->modules[1];
    server->name = text("server");
    parigot__bundle__v1__method__init(&f->provides);
    f->provides.service = text("a.v1.A");
    f->provides.method = text("Do");
    f->provides_list[0] = &f->provides;
    server->n_provides = 1;
    server->provides = f->provides_list;
    parigot__bundle__v1__layout__init(&f->layout);
    f->layout = (BundleLayout){.base = f->layout.base, .null_guard = 4096, .stack_low = 4096, .stack_high = 69632,
                               .sealed_low = 69632, .sealed_high = 73728, .waived_low = 73728, .waived_high = 73728,
                               .heap_base = 73728, .heap_control = 256, .seal = 1, .page_log2 = 12};
    server->layout = &f->layout;
    parigot__bundle__v1__verdict__init(&f->verdict);
    f->verdict.code = text("P101");
    f->verdict.result = PARIGOT__BUNDLE__V1__RESULT__RESULT_PROVED;
    f->verdict_list[0] = &f->verdict;
    server->n_verdicts = 1;
    server->verdicts = f->verdict_list;
    parigot__bundle__v1__input__init(&f->input);
    f->input.name = text("server.o");
    f->input.digest = fixture_digest(f->digests[3], STR("server.o"));
    f->input_list[0] = &f->input;
    server->n_inputs = 1;
    server->inputs = f->input_list;
    f->features[0] = text("bulk-memory");
    server->n_features = 1;
    server->features = f->features;

    client->name = text("client");
    for (int i = 0; i < 3; i++) {
        parigot__bundle__v1__import__init(&f->imports[i]);
        f->imports[i].params = (ProtobufCBinaryData){3, i32x3};
        f->imports[i].results = (ProtobufCBinaryData){1, i32x3};
        f->import_list[i] = &f->imports[i];
    }
    f->imports[0].service = text("a.v1.A");
    f->imports[0].method = text("Do");
    f->imports[1].service = text("parigot.log.v1.Log");
    f->imports[1].method = text("Write");
    f->imports[2].service = text(BUNDLE_KERNEL);
    f->imports[2].method = text("Reply");
    server->n_imports = 1;
    server->imports = &f->import_list[2];
    client->n_imports = 2;
    client->imports = f->import_list;
    f->grants[0] = text("parigot.log.v1.Log");
    client->n_grants = 1;
    client->grants = f->grants;
    parigot__bundle__v1__limits__init(&f->limits);
    f->limits.deadline_ns = 30000000000;
    client->limits = &f->limits;
    parigot__bundle__v1__key_value__init(&f->config);
    f->config.key = text("who");
    f->config.value = text("world");
    f->config_list[0] = &f->config;
    client->n_config = 1;
    client->config = f->config_list;
}

static inline Writer fixture_manifest(const Fixture *f)
{
    Writer w = {0};
    size_t size = parigot__bundle__v1__manifest__get_packed_size(&f->manifest);
    wr_zeros(&w, size);
    if (parigot__bundle__v1__manifest__pack(&f->manifest, w.ptr) != size) abort();
    return w;
}

/* One record, size and all. */
static inline void sign_record(Writer *w, const TestKey *k, Str manifest, const char *comment)
{
    uint8_t hash[64], sig[64], global[64], both[64 + 1024];
    crypto_generichash(hash, 64, (const uint8_t *)manifest.ptr, manifest.len, NULL, 0);
    crypto_sign_detached(sig, NULL, hash, 64, k->secret);
    memcpy(both, sig, 64);
    memcpy(both + 64, comment, strlen(comment));
    crypto_sign_detached(global, NULL, both, 64 + strlen(comment), k->secret);
    size_t size = 2 + 8 + 64 + strlen(comment) + 64;
    wr_byte(w, (uint8_t)size);
    wr_byte(w, (uint8_t)(size >> 8));
    wr_bytes(w, "ED", 2);
    wr_bytes(w, k->id, 8);
    wr_bytes(w, sig, 64);
    wr_bytes(w, comment, strlen(comment));
    wr_bytes(w, global, 64);
}

static inline Writer assemble(Str manifest, Str records, const Str *blobs, size_t n_blobs)
{
    Writer w = {0};
    wr_bytes(&w, "PBUNDLE\0", 8);
    wr_le32(&w, 1);
    wr_le32(&w, (uint32_t)manifest.len);
    wr_le32(&w, (uint32_t)records.len);
    wr_le32(&w, 0);
    wr_bytes(&w, manifest.ptr, manifest.len);
    wr_bytes(&w, records.ptr, records.len);
    for (size_t i = 0; i < n_blobs; i++) {
        wr_zeros(&w, (4096 - w.len % 4096) % 4096);
        wr_bytes(&w, blobs[i].ptr, blobs[i].len);
    }
    if (w.failed) abort();
    return w;
}

static inline Str written(const Writer *w) { return (Str){(const char *)w->ptr, w->len}; }

/* The whole bundle, signed by these keys. */
static inline Writer fixture_bundle(const Fixture *f, const TestKey *keys, size_t n_keys)
{
    Writer manifest = fixture_manifest(f), records = {0};
    for (size_t i = 0; i < n_keys; i++) sign_record(&records, &keys[i], written(&manifest), "timestamp:1\tfile:x");
    Writer w = assemble(written(&manifest), written(&records), f->contents, f->manifest.n_blobs);
    wr_free(&manifest);
    wr_free(&records);
    return w;
}

#endif
