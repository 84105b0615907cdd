/* Attacks on the container that are not about whom to trust: damage of every byte by the part that it lies in, exchanged
 * blobs, other things that the same key has signed, messages that swell, and files that change while they are read.
 * Each is refused with its own code, before a byte of a module is used; where the head shows it, before one is read.
 * docs/security.md has the list. */
#include "tests/unit/codes.h"
#include "tests/unit/bundle_fixture.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct Setup {
    TestKey key;
    BundleKey trusted;
    BundleTrust trust;
    BundleOpenOptions options;
    Fixture fixture;
} Setup;

static void set_up(Setup *s)
{
    *s = (Setup){.key = test_key(1)};
    memcpy(s->trusted.id, s->key.id, sizeof s->trusted.id);
    memcpy(s->trusted.key, s->key.public_key, sizeof s->trusted.key);
    s->trusted.name = "test.pub";
    s->trust = (BundleTrust){.keys = &s->trusted, .n = 1, .cap = 1};
    s->options = (BundleOpenOptions){.trust = &s->trust, .require = 1};
    fixture_init(&s->fixture);
}

static Str part(const Writer *w, size_t from, size_t to) { return (Str){(const char *)w->ptr + from, to - from}; }
static size_t head_size(const Writer *w) { return BUNDLE_HEADER_BYTES + load_le32(w->ptr + 12) + load_le32(w->ptr + 16); }

static DiagCode code_of(bool ok, Bundle *b, Diags *d)
{
    DiagCode code = d->n ? d->items[0].code : DIAG_NONE;
    ck_assert(ok == (d->errors == 0));
    ck_assert(ok || (!b->manifest && !b->blobs && !b->blob_memory)); /* nothing of it can be used */
    if (ok) bundle_close(b);
    diag_free(d);
    return code;
}

static DiagCode open_code(Str bytes, const BundleOpenOptions *o)
{
    Diags d = {0};
    Bundle b;
    bool ok = bundle_open_bytes((const uint8_t *)bytes.ptr, bytes.len, "test.pbundle", o, &d, &b);
    return code_of(ok, &b, &d);
}

/* A pipe that holds these bytes and is never closed at its other end: who reads on waits until the test's time is over. */
static DiagCode open_head_code(Str bytes, const BundleOpenOptions *o)
{
    int ends[2];
    char path[32];
    ck_assert(pipe(ends) == 0 && fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
    ck_assert(write(ends[1], bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    Diags d = {0};
    Bundle b;
    bool ok = bundle_open(path, o, &d, &b);
    close(ends[0]);
    close(ends[1]);
    return code_of(ok, &b, &d);
}

/* ---- damage ---- */

/* The code that a changed byte of this part must give; OTHER: one of several, all of the container. */
#define OTHER DIAG_NONE
static DiagCode code_of_part(const Writer *w, size_t at)
{
    size_t record = BUNDLE_HEADER_BYTES + load_le32(w->ptr + 12), end = head_size(w);
    if (at < 8) return BUNDLE_BAD_MAGIC;
    if (at < 12) return BUNDLE_BAD_VERSION;
    if (at < 20) return OTHER; /* sizes: too large, or the records begin elsewhere */
    if (at < 24) return BUNDLE_BAD_HEADER;
    if (at < record) return BUNDLE_BAD_SIGNATURE;
    if (at < record + 2) return BUNDLE_BAD_RECORD;
    if (at < record + 4) return BUNDLE_BAD_ALGORITHM;
    if (at < record + 12) return BUNDLE_UNTRUSTED; /* the key's id */
    if (at < record + 76) return BUNDLE_BAD_SIGNATURE;
    if (at < end - 64) return OTHER; /* the comment: not text, or not what was signed */
    if (at < end) return BUNDLE_BAD_SIGNATURE;
    size_t first = BUNDLE_ALIGN, second = 2 * BUNDLE_ALIGN;
    bool padding = at < first || (at >= first + 19 && at < second); /* the first blob has 19 bytes */
    return padding ? BUNDLE_BAD_PADDING : BUNDLE_BAD_DIGEST;
}

START_TEST(every_byte_has_its_code)
{
    Setup s;
    set_up(&s);
    Writer w = fixture_bundle(&s.fixture, &s.key, 1);
    ck_assert_uint_eq(s.fixture.contents[0].len, 19);
    static const uint8_t changes[] = {0x01, 0x80, 0xff};
    for (size_t i = 0; i < w.len; i++)
        for (size_t k = 0; k < ARRAY_LEN(changes); k++) {
            w.ptr[i] ^= changes[k];
            DiagCode is = open_code(written(&w), &s.options);
            w.ptr[i] ^= changes[k];
            DiagCode wanted = code_of_part(&w, i);
            if (wanted != OTHER) ck_code(is, wanted, (int)i);
            ck_assert_msg(is != DIAG_NONE && is < MANIFEST_TYPE, "byte %zu: %s", i, diag_code_text(is));
        }
    wr_free(&w);
}
END_TEST

/* What the head shows is told before anything behind it is read: the pipe holds the head alone. */
START_TEST(the_head_is_judged_first)
{
    Setup s;
    set_up(&s);
    Writer w = fixture_bundle(&s.fixture, &s.key, 1);
    size_t end = head_size(&w);
    for (size_t i = 0; i < end; i++) {
        if (i >= 12 && i < 20) continue; /* other sizes: another head, which is not there as a whole */
        w.ptr[i] ^= 1;
        DiagCode wanted = code_of_part(&w, i), is = open_head_code(part(&w, 0, end), &s.options);
        w.ptr[i] ^= 1;
        if (wanted != OTHER) ck_code(is, wanted, (int)i);
        ck_assert(is != DIAG_NONE);
    }
    wr_free(&w);

    Writer unsigned_one = fixture_bundle(&s.fixture, NULL, 0);
    ck_code(open_head_code(part(&unsigned_one, 0, head_size(&unsigned_one)), &s.options), BUNDLE_UNSIGNED);
    wr_free(&unsigned_one);
    TestKey stranger = test_key(9);
    w = fixture_bundle(&s.fixture, &stranger, 1);
    ck_code(open_head_code(part(&w, 0, head_size(&w)), &s.options), BUNDLE_UNTRUSTED);
    wr_free(&w);
    s.fixture.manifest.not_after = 1000;
    s.options.now = 1001;
    w = fixture_bundle(&s.fixture, &s.key, 1);
    ck_code(open_head_code(part(&w, 0, head_size(&w)), &s.options), BUNDLE_EXPIRED);
    wr_free(&w);
    s.options.now = 0;
    s.fixture.manifest.generation = 0;
    w = fixture_bundle(&s.fixture, &s.key, 1);
    ck_code(open_head_code(part(&w, 0, head_size(&w)), &s.options), MANIFEST_VALUE);
    wr_free(&w);
    s.fixture.manifest.generation = 1;
    s.fixture.modules[1].n_grants = 0;
    w = fixture_bundle(&s.fixture, &s.key, 1);
    ck_code(open_head_code(part(&w, 0, head_size(&w)), &s.options), MANIFEST_WORLD);
    wr_free(&w);
}
END_TEST

/* ---- blobs in another order ---- */

START_TEST(exchanged_blobs)
{
    Setup s;
    set_up(&s);
    Fixture *f = &s.fixture;
    Writer w = fixture_bundle(f, &s.key, 1);
    Str contents[2] = {f->contents[1], f->contents[0]};
    /* As they are: of other sizes, so padding or digests show it. */
    Writer swapped = assemble(part(&w, 24, 24 + load_le32(w.ptr + 12)), part(&w, 24 + load_le32(w.ptr + 12), head_size(&w)), contents, 2);
    DiagCode is = open_code(written(&swapped), &s.options);
    ck_assert(is == BUNDLE_BAD_DIGEST || is == BUNDLE_BAD_PADDING || is == BUNDLE_BAD_SIZE);
    wr_free(&swapped);

    /* With the manifest's list in that order too, under the old signature; and with the modules' numbers as well. */
    Str records = part(&w, 24 + load_le32(w.ptr + 12), head_size(&w));
    f->blob_list[0] = &f->blobs[1];
    f->blob_list[1] = &f->blobs[0];
    for (int i = 0; i < 2; i++) {
        Writer manifest = fixture_manifest(f);
        swapped = assemble(written(&manifest), records, contents, 2);
        ck_code(open_code(written(&swapped), &s.options), BUNDLE_BAD_SIGNATURE);
        wr_free(&swapped);
        wr_free(&manifest);
        f->modules[0].blob = 1;
        f->modules[1].blob = 0;
    }
    wr_free(&w);
}
END_TEST

/* One bundle's head before another one's blobs, both signed by the same key. */
START_TEST(mixed_bundles)
{
    Setup s, other;
    set_up(&s);
    set_up(&other);
    other.fixture.contents[0] = STR("\0asm\1\0\0\0 the SERVER");
    other.fixture.blobs[0].digest = fixture_digest(other.fixture.digests[0], other.fixture.contents[0]);
    Writer a = fixture_bundle(&s.fixture, &s.key, 1), b = fixture_bundle(&other.fixture, &s.key, 1);
    ck_assert(a.len == b.len && head_size(&a) == head_size(&b));
    Writer mixed = {0};
    wr_bytes(&mixed, a.ptr, head_size(&a));
    wr_bytes(&mixed, b.ptr + head_size(&a), b.len - head_size(&a));
    ck_code(open_code(written(&mixed), &s.options), BUNDLE_BAD_DIGEST);
    memcpy(mixed.ptr, b.ptr, head_size(&b)); /* b's head: b again */
    ck_code(open_code(written(&mixed), &s.options), DIAG_NONE);
    memcpy(mixed.ptr, a.ptr, 24 + load_le32(a.ptr + 12)); /* a's manifest under b's signature */
    ck_code(open_code(written(&mixed), &s.options), BUNDLE_BAD_SIGNATURE);
    wr_free(&a);
    wr_free(&b);
    wr_free(&mixed);
}
END_TEST

/* ---- other things under the same key ---- */

START_TEST(other_signed_files)
{
    Setup s;
    set_up(&s);
    static const char tar[512] = "parigot.bundle.v1.Manifest";
    static const Str files[] = {
        {"{\"type\": \"parigot.bundle.v1.Manifest\"}", 38},
        {tar, sizeof tar},
        {"\x0a\x1aparigot.bundle.v2.Manifest\x12\x04pair", 34}, /* another protobuf, one letter off */
        {"\x0a\x1bparigot.bundle.v1.Manifest\0\x12\x04pair", 35},
        {"\0asm\1\0\0\0", 8},
        {"PBUNDLE\0\1\0\0\0", 12},
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        Writer records = {0};
        sign_record(&records, &s.key, files[i], "c");
        Writer w = assemble(files[i], written(&records), NULL, 0);
        ck_code(open_code(written(&w), &s.options), MANIFEST_TYPE, (int)i);
        ck_code(open_head_code(written(&w), &s.options), MANIFEST_TYPE, (int)i);
        wr_free(&w);
        wr_free(&records);
    }
}
END_TEST

/* A real manifest that was signed as something else: its own bytes (minisign's older form), its hash as a file, a part of it. */
START_TEST(manifest_signed_as_another_file)
{
    Setup s;
    set_up(&s);
    Writer manifest = fixture_manifest(&s.fixture);
    uint8_t hash[64], sig[64], both[64 + 1];
    crypto_generichash(hash, sizeof hash, manifest.ptr, manifest.len, NULL, 0);
    for (int way = 0; way < 4; way++) {
        Writer records = {0};
        if (way == 0) sign_record(&records, &s.key, (Str){(const char *)hash, sizeof hash}, "c");
        else if (way == 1) sign_record(&records, &s.key, (Str){(const char *)manifest.ptr, manifest.len - 1}, "c");
        else {
            sign_record(&records, &s.key, written(&manifest), "c");
            crypto_sign_detached(sig, NULL, manifest.ptr, manifest.len, s.key.secret); /* "Ed": not of the hash */
            memcpy(both, sig, sizeof sig);
            both[sizeof sig] = 'c';
            memcpy(records.ptr + 12, sig, sizeof sig);
            crypto_sign_detached(records.ptr + 77, NULL, both, sizeof both, s.key.secret);
            if (way == 3) records.ptr[3] = 'd';
        }
        Writer w = assemble(written(&manifest), written(&records), s.fixture.contents, 2);
        ck_code(open_code(written(&w), &s.options), way == 3 ? BUNDLE_BAD_ALGORITHM : BUNDLE_BAD_SIGNATURE, way);
        wr_free(&w);
        wr_free(&records);
    }
    wr_free(&manifest);
}
END_TEST

/* ---- messages that swell: refused before protobuf-c has had a byte of memory ---- */

static void refused_unpacked(const Writer *tail, DiagCode code)
{
    Writer w = {0};
    wr_bytes(&w, "\x0a\x1a" BUNDLE_MANIFEST_TYPE, 28);
    wr_bytes(&w, tail->ptr, tail->len);
    Arena a = {0};
    Diags d = {0};
    const BundleManifest *m = NULL;
    ck_assert(!bundle_read_manifest(&a, written(&w), "x", &d, &m) && !m);
    ck_code(d.items[0].code, code);
    ck_assert_uint_eq(a.used_bytes, 0); /* all that protobuf-c takes would come from here */
    ck_assert_ptr_null(a.head);
    diag_free(&d);
    arena_free(&a);
    wr_free(&w);
}

static void within(Writer *w, uint8_t tag)
{
    Writer outer = {0};
    wr_byte(&outer, tag);
    wr_u32(&outer, (uint32_t)w->len);
    wr_bytes(&outer, w->ptr, w->len);
    wr_free(w);
    *w = outer;
}

START_TEST(swelling_messages)
{
    static const struct {
        const char *unit;
        uint32_t n;
        DiagCode code;
    } rows[] = {
        {"\x42\x00", 8 << 20, MANIFEST_TOO_BIG},  /* modules of nothing: two bytes here, 200 in memory; more than 16 MiB */
        {"\x42\x00", 7 << 20, MANIFEST_TOO_BIG},  /* less than that */
        {"\x3a\x00", 7 << 20, MANIFEST_TOO_BIG},  /* blobs */
        {"\x62\x00", 7 << 20, MANIFEST_TOO_BIG},  /* strings */
        {"\xc2\x3e\x00", 5 << 20, MANIFEST_TOO_BIG}, /* information that may be ignored, but is kept */
        {"\x12\x00", 2, MANIFEST_WIRE},
        {"\x7a\x00", 1, MANIFEST_UNKNOWN_FIELD},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Writer w = {0};
        size_t n = rows[i].unit[1] ? 3 : 2;
        for (uint32_t k = 0; k < rows[i].n; k++) wr_bytes(&w, rows[i].unit, n);
        ck_assert(!w.failed);
        refused_unpacked(&w, rows[i].code);
        wr_free(&w);
    }
    /* Depth: Manifest.modules, Module.provides, and no field 8 in a Method. No message of this schema holds itself, so an
     * unknown field ends it before the limit of eight does; unit-bundle wire_depth has that one. */
    Writer deep = {0};
    for (int k = 0; k < 2000; k++) within(&deep, 0x42);
    refused_unpacked(&deep, MANIFEST_UNKNOWN_FIELD);
    wr_free(&deep);
}
END_TEST

/* ---- a file that changes while it is read ---- */

typedef enum Manner { REWRITE, THROUGH_MAP, REPLACE, RESIZE } Manner;

typedef struct Changing {
    char path[64], next[80];
    Writer versions[2];
    Manner manner;
    atomic_bool stop;
    atomic_ulong rounds;
} Changing;

static void write_whole(const char *path, const Writer *w)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert(fd >= 0 && write(fd, w->ptr, w->len) == (ssize_t)w->len && close(fd) == 0);
}

static void *change_on(void *arg)
{
    Changing *c = arg;
    int fd = open(c->path, O_RDWR);
    size_t size = c->versions[0].len;
    uint8_t *map = c->manner == THROUGH_MAP ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : NULL;
    for (unsigned n = 0; !atomic_load(&c->stop); n++) {
        const Writer *w = &c->versions[n % 2];
        bool ok = true;
        switch (c->manner) {
        case REWRITE: ok = pwrite(fd, w->ptr, size, 0) == (ssize_t)size; break;
        case THROUGH_MAP: memcpy(map, w->ptr, size); break;
        case REPLACE:
            write_whole(c->next, w);
            ok = rename(c->next, c->path) == 0;
            break;
        case RESIZE: ok = ftruncate(fd, n % 3 == 0 ? (off_t)size / 2 : n % 3 == 1 ? (off_t)size : (off_t)size + 5000) == 0; break;
        }
        if (!ok) abort();
        atomic_fetch_add(&c->rounds, 1);
    }
    if (map) munmap(map, size);
    close(fd);
    return NULL;
}

/* Is this whole bundle one of the versions, also after a while? */
static void check_whole(const Changing *c, const Bundle *b, const Fixture *f)
{
    for (int look = 0; look < 2; look++) {
        const Writer *w = &c->versions[strcmp(b->manifest->version, "2") == 0];
        ck_assert(b->manifest_bytes.len == load_le32(w->ptr + 12) && memcmp(b->manifest_bytes.ptr, w->ptr + 24, b->manifest_bytes.len) == 0);
        ck_assert(b->blobs[0].size == f->contents[0].len && memcmp(b->blobs[0].ptr, w->ptr + BUNDLE_ALIGN, b->blobs[0].size) == 0);
        ck_assert(memcmp(b->blobs[1].ptr, w->ptr + 2 * BUNDLE_ALIGN, b->blobs[1].size) == 0);
        sched_yield();
    }
}

START_TEST(changing_file)
{
    enum { LOOKS = 1000, SECONDS = 5 };
    Setup s;
    set_up(&s);
    static Changing c;
    c = (Changing){.manner = (Manner)_i};
    s.fixture.manifest.version = text("1");
    c.versions[0] = fixture_bundle(&s.fixture, &s.key, 1);
    s.fixture.manifest.version = text("2");
    s.fixture.contents[0] = STR("\0asm\1\0\0\0 the SERVER");
    s.fixture.blobs[0].digest = fixture_digest(s.fixture.digests[0], s.fixture.contents[0]);
    c.versions[1] = fixture_bundle(&s.fixture, &s.key, 1);
    ck_assert_uint_eq(c.versions[0].len, c.versions[1].len);
    snprintf(c.path, sizeof c.path, "/tmp/parigot-changing-%d", (int)getpid());
    snprintf(c.next, sizeof c.next, "%s.next", c.path);
    write_whole(c.path, &c.versions[0]);

    pthread_t thread;
    ck_assert(pthread_create(&thread, NULL, change_on, &c) == 0);
    unsigned good = 0, refused = 0;
    time_t end = time(NULL) + SECONDS; /* on a busy machine the two may hardly meet */
    for (int i = 0; (i < LOOKS || atomic_load(&c.rounds) < 100 || good == 0) && time(NULL) < end; i++) {
        Diags d = {0};
        Bundle b;
        if (bundle_open(c.path, &s.options, &d, &b)) {
            good++;
            check_whole(&c, &b, &s.fixture);
            bundle_close(&b);
        } else {
            refused++;
            DiagCode code = d.items[0].code;
            ck_assert_msg(code == BUNDLE_BAD_SIGNATURE || code == BUNDLE_BAD_DIGEST || code == BUNDLE_BAD_SIZE ||
                              code == BUNDLE_TRUNCATED || code == BUNDLE_BAD_PADDING,
                          "%s", diag_code_text(code));
        }
        diag_free(&d);
    }
    atomic_store(&c.stop, true);
    pthread_join(thread, NULL);
    if (c.manner == REPLACE) ck_assert_msg(good > 0 && refused == 0, "%u refused", refused); /* an open file stays what it was */
    unlink(c.path);
    wr_free(&c.versions[0]);
    wr_free(&c.versions[1]);
}
END_TEST

/* The same without chance: a pipe gives one version's head, and then the other one's rest. */
START_TEST(pipe_that_changes_its_mind)
{
    Setup s;
    set_up(&s);
    Writer a = fixture_bundle(&s.fixture, &s.key, 1);
    s.fixture.contents[0] = STR("\0asm\1\0\0\0 the SERVER");
    s.fixture.blobs[0].digest = fixture_digest(s.fixture.digests[0], s.fixture.contents[0]);
    Writer b = fixture_bundle(&s.fixture, &s.key, 1);
    size_t manifest = 24 + load_le32(a.ptr + 12), end = head_size(&a);
    const struct {
        size_t at;
        DiagCode code;
    } rows[] = {{24, DIAG_NONE}, {manifest, BUNDLE_BAD_SIGNATURE}, {end, BUNDLE_BAD_DIGEST}, {4096, BUNDLE_BAD_DIGEST}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Writer w = {0};
        wr_bytes(&w, a.ptr, rows[i].at);
        wr_bytes(&w, b.ptr + rows[i].at, b.len - rows[i].at);
        int ends[2];
        char path[32];
        ck_assert(pipe(ends) == 0 && write(ends[1], w.ptr, w.len) == (ssize_t)w.len && close(ends[1]) == 0);
        snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
        Diags d = {0};
        Bundle bundle;
        bool ok = bundle_open(path, &s.options, &d, &bundle);
        ck_code(code_of(ok, &bundle, &d), rows[i].code, (int)i); /* the headers are the same: the first row is b */
        close(ends[0]);
        wr_free(&w);
    }
    wr_free(&a);
    wr_free(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bundle_attacks");
    TCase *t = tcase_create("attacks");
    tcase_set_timeout(t, 100);
    suite_add_tcase(s, t);
    tcase_add_test(t, every_byte_has_its_code);
    tcase_add_test(t, the_head_is_judged_first);
    tcase_add_test(t, exchanged_blobs);
    tcase_add_test(t, mixed_bundles);
    tcase_add_test(t, other_signed_files);
    tcase_add_test(t, manifest_signed_as_another_file);
    tcase_add_test(t, swelling_messages);
    tcase_add_loop_test(t, changing_file, 0, RESIZE + 1);
    tcase_add_test(t, pipe_that_changes_its_mind);
    return run_tap(s);
}
