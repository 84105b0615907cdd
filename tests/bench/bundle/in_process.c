/* in_process.c: where the time of opening a bundle goes: bench-bundle BUNDLE PUBLICKEY [ROUNDS]. Each step by itself, the
 * least CPU time of all rounds, in microseconds; tests/bench/bundle/bench.py runs it and shows it. */
#include "bundle/container.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void failed(const char *what)
{
    fprintf(stderr, "bench-bundle: %s\n", what);
    exit(1);
}

typedef struct Step {
    const char *name;
    double least_us;
} Step;
enum { OPEN, READ, HASH_MANIFEST, SIGNATURES, MANIFEST, HASH_BLOBS, MAP, N_STEPS };
static Step steps[N_STEPS] = {{"open", 0},     {"read", 0},        {"hash-manifest", 0}, {"signatures", 0},
                              {"manifest", 0}, {"hash-blobs", 0}, {"map", 0}};
#define TIMED(step, statement)                                                                         \
    do {                                                                                               \
        double start_ = now_us();                                                                      \
        statement;                                                                                     \
        double us_ = now_us() - start_;                                                                \
        if (steps[step].least_us == 0 || us_ < steps[step].least_us) steps[step].least_us = us_;       \
    } while (0)

/* What the loader adds for one instance: 8 GiB of addresses, pages that are protected, and given back. */
static void map_and_unmap(void)
{
    enum { PAGE = 65536 };
    size_t reservation = ((size_t)8 << 30) + PAGE;
    uint8_t *p = mmap(NULL, reservation, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED || mprotect(p + 4096, 16 * PAGE, PROT_READ | PROT_WRITE) != 0 ||
        mprotect(p + 8192, 4096, PROT_READ) != 0)
        failed("no address space");
    munmap(p, reservation);
}

static void one_round(const char *path, const BundleOpenOptions *o)
{
    Diags d = {0};
    Bundle b;
    FileBytes file;
    bool ok;
    TIMED(OPEN, ok = bundle_open(path, o, &d, &b));
    if (!ok) failed("the bundle is refused");
    TIMED(READ, ok = file_read(path, 0, &d, &file); if (ok) file_close(&file));

    uint8_t hash[HASH_BYTES], digest[BUNDLE_DIGEST_BYTES];
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    uint32_t n;
    TIMED(HASH_MANIFEST, bundle_hash_manifest(b.manifest_bytes.ptr, b.manifest_bytes.len, hash));
    TIMED(SIGNATURES, {
        ok = bundle_read_records(b.signature_bytes, 0, path, &d, records, &n);
        for (uint32_t i = 0; ok && i < n; i++) ok = bundle_verify_record(&records[i], o->trust->keys[0].key, hash);
    });
    if (!ok) failed("a signature is wrong");
    Arena a = {0};
    const BundleManifest *m;
    TIMED(MANIFEST, ok = bundle_read_manifest(&a, b.manifest_bytes, path, &d, &m) && bundle_check_manifest(m, path, &d));
    if (!ok) failed("the manifest is refused");
    TIMED(HASH_BLOBS, for (uint32_t i = 0; i < b.n_blobs; i++)
                          crypto_generichash(digest, sizeof digest, b.blobs[i].ptr, b.blobs[i].size, NULL, 0));
    TIMED(MAP, map_and_unmap());
    arena_free(&a);
    bundle_close(&b);
    diag_free(&d);
}

int main(int argc, char **argv)
{
    if (argc < 3) failed("usage: bench-bundle BUNDLE PUBLICKEY [ROUNDS]");
    Arena arena = {0};
    Diags d = {0};
    BundleTrust trust = {.arena = &arena};
    if (!bundle_trust_file(&trust, argv[2], &d)) failed("not a public key");
    BundleOpenOptions o = {.trust = &trust, .now = time(NULL)};
    int rounds = argc > 3 ? atoi(argv[3]) : 100;
    for (int i = 0; i < rounds; i++) one_round(argv[1], &o);
    for (int i = 0; i < N_STEPS; i++) printf("%s %.1f\n", steps[i].name, steps[i].least_us);
    arena_free(&arena);
    return 0;
}
