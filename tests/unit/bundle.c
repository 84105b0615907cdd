/* Tests of the verify half of bundle/: the container and every way of spoiling it, signatures and thresholds, the walk
 * over protobuf, what must hold within a manifest. Bundles are made by bundle_fixture.h. */
#include "tests/unit/codes.h"
#include "tests/unit/tap.h"
#include "tests/unit/bundle_fixture.h"
#include "recursive.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens bytes; returns the first diagnostic's code, or DIAG_NONE when it opened. */
static DiagCode open_code(Str bytes, const BundleOpenOptions *o)
{
    Diags d = {0};
    Bundle b;
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1); /* of its own, so that a sanitizer sees a step behind the end */
    if (bytes.len) memcpy(copy, bytes.ptr, bytes.len);
    bool ok = bundle_open_bytes(copy, bytes.len, "test.pbundle", o, &d, &b);
    ck_assert(ok == (d.errors == 0));
    ck_assert(ok || (!b.manifest && !b.blobs && !b.trusted && !b.head_memory && !b.blob_memory));
    DiagCode code = d.n ? d.items[0].code : DIAG_NONE;
    if (ok) bundle_close(&b);
    diag_free(&d);
    free(copy);
    return code;
}

typedef struct Trusting {
    BundleKey keys[4];
    BundleTrust trust;
    BundleOpenOptions options;
} Trusting;

static void trusting(Trusting *t, const TestKey *keys, size_t n, uint32_t require)
{
    *t = (Trusting){0};
    for (size_t i = 0; i < n; i++) {
        memcpy(t->keys[i].id, keys[i].id, 8);
        memcpy(t->keys[i].key, keys[i].public_key, 32);
        t->keys[i].name = "test.pub";
    }
    t->trust = (BundleTrust){.keys = t->keys, .n = n, .cap = n};
    t->options = (BundleOpenOptions){.trust = &t->trust, .require = require};
}

/* One key that is trusted, and a bundle for it to sign. */
static void set_up(TestKey *key, Trusting *t, Fixture *f)
{
    *key = test_key(1);
    trusting(t, key, 1, 1);
    fixture_init(f);
}

/* ---- good ones ---- */

START_TEST(opens)
{
    TestKey key = test_key(1);
    Trusting t;
    trusting(&t, &key, 1, 0);
    Fixture f;
    fixture_init(&f);
    Writer w = fixture_bundle(&f, &key, 1);
    Diags d = {0};
    Bundle b;
    ck_assert(bundle_open_bytes(w.ptr, w.len, "test.pbundle", &t.options, &d, &b));
    ck_assert(b.trusted && b.n_signers == 1 && b.n_signatures == 1 && d.n == 0);
    ck_assert_str_eq(b.signers[0].comment, "timestamp:1 file:x");
    ck_assert_str_eq(b.manifest->name, "pair");
    ck_assert_uint_eq(b.n_blobs, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert((uintptr_t)b.blobs[i].ptr % BUNDLE_ALIGN == 0 && b.blobs[i].size == f.contents[i].len);
        ck_assert(memcmp(b.blobs[i].ptr, f.contents[i].ptr, f.contents[i].len) == 0);
    }
    ck_assert(bundle_find_module(b.manifest, "client") == b.manifest->modules[1] && !bundle_find_module(b.manifest, "x"));
    ck_assert(bundle_provider(b.manifest, "a.v1.A") == 0 && bundle_provider(b.manifest, "b.v1.B") == -1);
    ck_assert(b.manifest->modules[0]->limits && b.manifest->modules[0]->meter && !b.manifest->modules[1]->layout);
    bundle_close(&b);
    wr_free(&w);
}
END_TEST

static Str slice(const Writer *w, size_t from, size_t to) { return (Str){(const char *)w->ptr + from, to - from}; }

/* A pipe has no size beforehand: the same verdicts come from reading. */
static DiagCode open_pipe_code(Str bytes, const BundleOpenOptions *o)
{
    int ends[2];
    ck_assert(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        while (bytes.len) {
            ssize_t n = write(ends[1], bytes.ptr, bytes.len < 7 ? bytes.len : 7);
            if (n <= 0) _exit(0);
            bytes = (Str){bytes.ptr + n, bytes.len - (size_t)n};
        }
        _exit(0);
    }
    close(ends[1]);
    char path[64];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    Diags d = {0};
    Bundle b;
    bool ok = bundle_open(path, o, &d, &b);
    DiagCode code = d.n ? d.items[0].code : DIAG_NONE;
    ck_assert(ok == (code == DIAG_NONE));
    if (ok) bundle_close(&b);
    diag_free(&d);
    close(ends[0]);
    return code;
}

START_TEST(pipe_and_file)
{
    TestKey key;
    Trusting t;
    Fixture f;
    set_up(&key, &t, &f);
    Writer w = fixture_bundle(&f, &key, 1);
    ck_code(open_pipe_code(written(&w), &t.options), DIAG_NONE);
    ck_code(open_pipe_code(slice(&w, 0, w.len - 1), &t.options), BUNDLE_TRUNCATED);
    ck_code(open_pipe_code(slice(&w, 0, 100), &t.options), BUNDLE_TRUNCATED);
    wr_byte(&w, 0);
    ck_code(open_pipe_code(written(&w), &t.options), BUNDLE_BAD_SIZE);

    Diags d = {0};
    Bundle b;
    ck_assert(!bundle_open("/nowhere/x.pbundle", &t.options, &d, &b) && d.items[0].code == IO_READ);
    ck_assert(!bundle_open("/", &t.options, &d, &b) && d.items[1].code == IO_READ);
    diag_free(&d);
    wr_free(&w);
}
END_TEST

/* ---- spoilt ones ---- */

START_TEST(every_byte_flipped)
{
    TestKey key;
    Trusting t;
    Fixture f;
    set_up(&key, &t, &f);
    Writer w = fixture_bundle(&f, &key, 1);
    ck_code(open_code(written(&w), &t.options), DIAG_NONE);
    size_t manifest_end = 24 + load_le32(w.ptr + 12);
    for (size_t i = 0; i < w.len; i++) {
        w.ptr[i] ^= (uint8_t)(1u << i % 8);
        DiagCode code = open_code(written(&w), &t.options);
        ck_assert_msg(code != DIAG_NONE, "byte %zu", i);
        /* Nothing is said about the manifest's meaning: it was not looked at. */
        bool early = code < MANIFEST_TYPE || code > MANIFEST_WORLD;
        ck_assert_msg(early, "byte %zu: %s", i, diag_code_text(code));
        if (i >= 24 && i < manifest_end) ck_code(code, BUNDLE_BAD_SIGNATURE);
        w.ptr[i] ^= (uint8_t)(1u << i % 8);
    }
    wr_free(&w);
}
END_TEST

START_TEST(every_truncation)
{
    TestKey key;
    Trusting t;
    Fixture f;
    set_up(&key, &t, &f);
    Writer w = fixture_bundle(&f, &key, 1);
    for (size_t n = 0; n < w.len; n++) {
        DiagCode code = open_code(slice(&w, 0, n), &t.options);
        ck_assert_msg(code == BUNDLE_TRUNCATED || code == BUNDLE_BAD_SIZE, "%zu bytes: %s", n, diag_code_text(code));
    }
    wr_byte(&w, 0);
    ck_code(open_code(written(&w), &t.options), BUNDLE_BAD_SIZE);
    wr_zeros(&w, 4095);
    ck_code(open_code(written(&w), &t.options), BUNDLE_BAD_SIZE);
    wr_free(&w);
}
END_TEST

START_TEST(swapped_blobs)
{
    TestKey key;
    Trusting t;
    Fixture f;
    set_up(&key, &t, &f);
    f.contents[1] = STR("\0asm\1\0\0\0 the SERVER"); /* as long as the other one */
    f.blobs[1].size = f.contents[1].len;
    f.blobs[1].digest = fixture_digest(f.digests[1], f.contents[1]);
    Writer good = fixture_bundle(&f, &key, 1);
    ck_code(open_code(written(&good), &t.options), DIAG_NONE);
    Str first = f.contents[0];
    f.contents[0] = f.contents[1];
    f.contents[1] = first;
    Writer w = fixture_bundle(&f, &key, 1);
    ck_code(open_code(written(&w), &t.options), BUNDLE_BAD_DIGEST);
    wr_free(&good);
    wr_free(&w);
}
END_TEST

START_TEST(header_fields)
{
    static const struct {
        size_t at;
        uint32_t value;
        DiagCode code;
    } rows[] = {
        {0, 0x11111111, BUNDLE_BAD_MAGIC},    {8, 0, BUNDLE_BAD_VERSION},  {8, 2, BUNDLE_BAD_VERSION},
        {12, 0, BUNDLE_BAD_HEADER},           {12, (16 << 20) + 1, BUNDLE_BAD_HEADER},
        {12, UINT32_MAX, BUNDLE_BAD_HEADER},  {12, 16 << 20, BUNDLE_TRUNCATED},
        {16, UINT32_MAX, BUNDLE_BAD_HEADER},  {16, 16 * 8194 + 1, BUNDLE_BAD_HEADER},
        {16, 16 * 8194, BUNDLE_TRUNCATED},    {16, 0, BUNDLE_UNSIGNED},    {16, 1, BUNDLE_BAD_RECORD},
        {20, 1, BUNDLE_BAD_HEADER},
    };
    TestKey key;
    Trusting t;
    Fixture f;
    set_up(&key, &t, &f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Writer w = fixture_bundle(&f, &key, 1);
        put_le32(w.ptr + rows[i].at, rows[i].value);
        DiagCode code = open_code(written(&w), &t.options);
        ck_assert_msg(code == rows[i].code, "row %zu: %s", i, diag_code_text(code));
        wr_free(&w);
    }
}
END_TEST

/* ---- signatures ---- */

/* The fixture's bundle with these records. */
static Writer with_records(const Fixture *f, const Writer *records)
{
    Writer manifest = fixture_manifest(f);
    Writer w = assemble(written(&manifest), written(records), f->contents, f->manifest.n_blobs);
    wr_free(&manifest);
    return w;
}

static DiagCode code_with_records(const Writer *records, const BundleOpenOptions *o)
{
    Fixture f;
    fixture_init(&f);
    Writer w = with_records(&f, records);
    DiagCode code = open_code(written(&w), o);
    wr_free(&w);
    return code;
}

static Writer record_of(const TestKey *key, const char *comment)
{
    Fixture f;
    fixture_init(&f);
    Writer manifest = fixture_manifest(&f), records = {0};
    sign_record(&records, key, written(&manifest), comment);
    wr_free(&manifest);
    return records;
}

START_TEST(thresholds)
{
    TestKey keys[3] = {test_key(1), test_key(2), test_key(3)};
    Fixture f;
    fixture_init(&f);
    Writer unsigned_one = fixture_bundle(&f, NULL, 0), one = fixture_bundle(&f, keys, 1), two = fixture_bundle(&f, keys, 2);
    Trusting t;
    trusting(&t, keys, 3, 1);
    ck_code(open_code(written(&unsigned_one), &t.options), BUNDLE_UNSIGNED);
    ck_code(open_code(written(&one), &t.options), DIAG_NONE);
    t.options.require = 2;
    ck_code(open_code(written(&one), &t.options), BUNDLE_UNTRUSTED);
    ck_code(open_code(written(&two), &t.options), DIAG_NONE);
    t.options.require = 3;
    ck_code(open_code(written(&two), &t.options), BUNDLE_UNTRUSTED);

    Trusting other;
    trusting(&other, keys + 2, 1, 1);
    ck_code(open_code(written(&two), &other.options), BUNDLE_UNTRUSTED);
    other.options.trust = NULL;
    ck_code(open_code(written(&two), &other.options), BUNDLE_UNTRUSTED);
    wr_free(&unsigned_one);
    wr_free(&one);
    wr_free(&two);
}
END_TEST

START_TEST(one_key_is_one_signer)
{
    TestKey key = test_key(1), alias = key;
    memset(alias.id, 0x77, sizeof alias.id);
    TestKey both[2] = {key, alias};
    Trusting t;
    trusting(&t, both, 2, 2);
    Fixture f;
    fixture_init(&f);
    Writer w = fixture_bundle(&f, both, 2); /* two records, two ids, both right */
    ck_code(open_code(written(&w), &t.options), BUNDLE_ONE_SIGNER);
    t.options.require = 1;
    ck_code(open_code(written(&w), &t.options), DIAG_NONE);
    Diags d = {0};
    Bundle b;
    ck_assert(bundle_open_bytes(w.ptr, w.len, "x", &t.options, &d, &b));
    ck_assert(b.n_signatures == 2 && b.n_signers == 1);
    bundle_close(&b);
    wr_free(&w);

    both[1] = key; /* the same record twice */
    w = fixture_bundle(&f, both, 2);
    t.options.require = 2;
    ck_code(open_code(written(&w), &t.options), BUNDLE_ONE_SIGNER);
    wr_free(&w);
}
END_TEST

START_TEST(relabelled_records)
{
    TestKey a = test_key(1), b = test_key(2), keys[2] = {a, b};
    Trusting t;
    trusting(&t, keys, 2, 1);
    TestKey a_as_b = a, a_as_nobody = a, b_with_id_of_a = b;
    memcpy(a_as_b.id, b.id, 8);
    memset(a_as_nobody.id, 0, 8);
    memcpy(b_with_id_of_a.id, a.id, 8);
    Writer w = record_of(&a_as_b, "c");
    ck_code(code_with_records(&w, &t.options), BUNDLE_BAD_SIGNATURE);
    wr_free(&w);
    w = record_of(&a_as_nobody, "c");
    ck_code(code_with_records(&w, &t.options), BUNDLE_UNTRUSTED);
    wr_free(&w);
    /* Ids are hints: two trusted keys may share one, and both may sign. */
    TestKey clash[2] = {a, b_with_id_of_a};
    trusting(&t, clash, 2, 1);
    w = record_of(&b_with_id_of_a, "c");
    ck_code(code_with_records(&w, &t.options), DIAG_NONE);
    wr_free(&w);
}
END_TEST

START_TEST(bad_records)
{
    TestKey key = test_key(1);
    Trusting t;
    trusting(&t, &key, 1, 1);
    Writer good = record_of(&key, "c"), w;
    ck_code(code_with_records(&good, &t.options), DIAG_NONE);

    static const char *const algorithms[] = {"Ed", "ed", "EC", "\0\0"};
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        memcpy(good.ptr + 2, algorithms[i], 2);
        ck_code(code_with_records(&good, &t.options), BUNDLE_BAD_ALGORITHM);
    }
    memcpy(good.ptr + 2, "ED", 2);
    static const uint16_t sizes[] = {0, 1, 137, 8193, 65535, 140, 138};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) { /* 139 is right */
        good.ptr[0] = (uint8_t)sizes[i];
        good.ptr[1] = (uint8_t)(sizes[i] >> 8);
        ck_code(code_with_records(&good, &t.options), BUNDLE_BAD_RECORD);
    }
    wr_free(&good);

    static const char *const comments[] = {"a\nb", "\x1b[2J", "\x7f", "\xff", "\xed\xa0\x80", "a\rb"};
    for (size_t i = 0; i < ARRAY_LEN(comments); i++) {
        w = record_of(&key, comments[i]);
        ck_code(code_with_records(&w, &t.options), BUNDLE_BAD_RECORD);
        wr_free(&w);
    }
    w = (Writer){0};
    for (int i = 0; i < 17; i++) {
        Writer r = record_of(&key, "c");
        wr_bytes(&w, r.ptr, r.len);
        wr_free(&r);
        if (i == 15) ck_code(code_with_records(&w, &t.options), DIAG_NONE);
    }
    ck_code(code_with_records(&w, &t.options), BUNDLE_BAD_RECORD);
    wr_free(&w);

    /* The comment is signed too, by the global signature. */
    w = record_of(&key, "generation:3");
    w.ptr[2 + 74 + 11] = '4';
    ck_code(code_with_records(&w, &t.options), BUNDLE_BAD_SIGNATURE);
    wr_free(&w);
}
END_TEST

/* A comment that would turn the terminal's text around is shown escaped. */
START_TEST(comment_is_escaped)
{
    TestKey key = test_key(1);
    Trusting t;
    trusting(&t, &key, 1, 1);
    Writer records = record_of(&key, "a\xe2\x80\xae" "b");
    Fixture f;
    fixture_init(&f);
    Writer w = with_records(&f, &records);
    Diags d = {0};
    Bundle b;
    ck_assert(bundle_open_bytes(w.ptr, w.len, "x", &t.options, &d, &b));
    ck_assert_str_eq(b.signers[0].comment, "a\\xe2\\x80\\xaeb");
    bundle_close(&b);
    wr_free(&w);
    wr_free(&records);
}
END_TEST

START_TEST(unsigned_allowed)
{
    TestKey keys[2] = {test_key(1), test_key(2)};
    Trusting t;
    trusting(&t, keys, 1, 1);
    t.options.allow_unsigned = true;
    Fixture f;
    fixture_init(&f);
    Writer w = fixture_bundle(&f, NULL, 0), other = fixture_bundle(&f, keys + 1, 1), right = fixture_bundle(&f, keys, 1);
    ck_code(open_code(written(&w), &t.options), BUNDLE_RUNS_UNSIGNED);
    ck_code(open_code(written(&other), &t.options), BUNDLE_RUNS_UNSIGNED);
    ck_code(open_code(written(&right), &t.options), DIAG_NONE);
    Diags d = {0};
    Bundle b;
    ck_assert(bundle_open_bytes(other.ptr, other.len, "x", &t.options, &d, &b));
    ck_assert(!b.trusted && b.n_signers == 0 && b.n_signatures == 1 && d.warnings == 1);
    bundle_close(&b);
    right.ptr[30] ^= 1; /* wrong under a trusted key's id: refused all the same */
    ck_code(open_code(written(&right), &t.options), BUNDLE_BAD_SIGNATURE);
    right.ptr[30] ^= 1;
    diag_free(&d);
    wr_free(&w);
    wr_free(&other);
    wr_free(&right);
}
END_TEST

/* Who signed is not asked, with the right key, a wrong one, none, or a wrong signature; all else is checked. */
START_TEST(signers_ignored)
{
    TestKey keys[2] = {test_key(1), test_key(2)};
    Trusting t;
    trusting(&t, keys, 1, 2);
    t.options.ignore_signers = true;
    Fixture f;
    fixture_init(&f);
    Writer bundles[3] = {fixture_bundle(&f, NULL, 0), fixture_bundle(&f, keys + 1, 1), fixture_bundle(&f, keys, 1)};
    for (size_t i = 0; i < ARRAY_LEN(bundles); i++) {
        Diags d = {0};
        Bundle b;
        ck_assert(bundle_open_bytes(bundles[i].ptr, bundles[i].len, "x", &t.options, &d, &b));
        ck_assert(!b.trusted && b.n_signers == 0 && b.n_lineages == 0 && b.n_signatures == (i > 0) && d.n == 0);
        bundle_close(&b);
        bundles[i].ptr[bundles[i].len - 1] ^= 1;
        ck_code(open_code(written(&bundles[i]), &t.options), BUNDLE_BAD_DIGEST);
        bundles[i].ptr[bundles[i].len - 1] ^= 1;
    }
    bundles[2].ptr[BUNDLE_HEADER_BYTES] ^= 1; /* what is signed: refused as a manifest, not for its signature */
    ck_code(open_code(written(&bundles[2]), &t.options), MANIFEST_TYPE);
    for (size_t i = 0; i < ARRAY_LEN(bundles); i++) wr_free(&bundles[i]);
}
END_TEST

/* Some other file, signed by the same key with minisign, put into a container. */
START_TEST(other_signed_file)
{
    static const char *const files[] = {
        "#!/bin/sh\necho hello\n",
        "\x0a\x1bparigot.bundle.v1.ManifestX",
        "\x12\x04pair\x0a\x1aparigot.bundle.v1.Manifest", /* the type, but not first */
        "\x0a\x19parigot.bundle.v1.Manifes",
    };
    TestKey key = test_key(1);
    Trusting t;
    trusting(&t, &key, 1, 1);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        Writer records = {0};
        sign_record(&records, &key, str_of(files[i]), "c");
        Writer w = assemble(str_of(files[i]), written(&records), NULL, 0);
        ck_code(open_code(written(&w), &t.options), MANIFEST_TYPE);
        wr_free(&w);
        wr_free(&records);
    }
}
END_TEST

/* ---- protobuf ---- */

static DiagCode wire_code(const ProtobufCMessageDescriptor *desc, Str bytes, ProtoWireLimits limits)
{
    Diags d = {0};
    bool ok = proto_check_wire(desc, bytes, limits, BUNDLE_WIRE_CODES, "x", 0, &d);
    DiagCode code = d.n ? d.items[0].code : DIAG_NONE;
    ck_assert(ok == (code == DIAG_NONE) && d.n <= 1);
    diag_free(&d);
    return code;
}

static const ProtoWireLimits strict_limits = {8, 1 << 20, 1000}, lenient = {8, 1 << 20, 0};

START_TEST(wire_rows)
{
    static const struct {
        const char *bytes;
        size_t n;
        DiagCode strict, lenient;
    } rows[] = {
#define ROW(bytes, strict, lenient) {bytes, sizeof bytes - 1, strict, lenient}
        ROW("", DIAG_NONE, DIAG_NONE),
        ROW("\x12\x01x", DIAG_NONE, DIAG_NONE),                                /* name */
        ROW("\x12\x02x", MANIFEST_WIRE, MANIFEST_WIRE),                        /* longer than what is left */
        ROW("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", MANIFEST_WIRE, MANIFEST_WIRE),
        ROW("\x12", MANIFEST_WIRE, MANIFEST_WIRE),
        ROW("\x12\x03" "a\0b", MANIFEST_WIRE, MANIFEST_WIRE),                  /* NUL would cut the string */
        ROW("\x12\x01\xff", MANIFEST_WIRE, MANIFEST_WIRE),                     /* UTF-8 */
        ROW("\x12\x01x\x12\x01y", MANIFEST_WIRE, DIAG_NONE),                   /* twice */
        ROW("\x10\x01", MANIFEST_WIRE, MANIFEST_WIRE),                         /* wire type of a string */
        ROW("\x20\x05", DIAG_NONE, DIAG_NONE),                                 /* generation */
        ROW("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", DIAG_NONE, DIAG_NONE),
        ROW("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", MANIFEST_WIRE, MANIFEST_WIRE), /* 65 bits */
        ROW("\x20\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", MANIFEST_WIRE, MANIFEST_WIRE),
        ROW("\x20\x80", MANIFEST_WIRE, MANIFEST_WIRE),
        ROW("\x22\x01\x05", MANIFEST_WIRE, MANIFEST_WIRE),                     /* packed, but not repeated */
        ROW("\x92\x80\x80\x80\x00\x01x", DIAG_NONE, DIAG_NONE),                /* a tag of five bytes */
        ROW("\x92\x80\x80\x80\x80\x00\x01x", MANIFEST_WIRE, MANIFEST_WIRE),    /* of six */
        ROW("\x12\x81\x80\x80\x80\x00x", DIAG_NONE, DIAG_NONE),                /* a length of five bytes */
        ROW("\x12\x81\x80\x80\x80\x80\x00x", MANIFEST_WIRE, MANIFEST_WIRE),    /* of six */
        ROW("\xc2\x3e\x81\x80\x80\x80\x80\x00z", MANIFEST_WIRE, MANIFEST_WIRE), /* also of an unknown field */
        ROW("\x25\0\0\0\0", MANIFEST_WIRE, MANIFEST_WIRE),
        ROW("\x00", MANIFEST_WIRE, MANIFEST_WIRE),                             /* field 0 */
        ROW("\x83\x01\x84\x01", MANIFEST_WIRE, MANIFEST_WIRE),                 /* a group */
        ROW("\x86\x01", MANIFEST_WIRE, MANIFEST_WIRE),                         /* wire type 6 */
        ROW("\xf8\x06\x01", MANIFEST_UNKNOWN_FIELD, DIAG_NONE),                /* field 111 */
        ROW("\xb8\x3e\x01", MANIFEST_UNKNOWN_FIELD, DIAG_NONE),                /* field 999 */
        ROW("\xc0\x3e\x01", DIAG_NONE, DIAG_NONE),                             /* field 1000 */
        ROW("\xc2\x3e\x02zz", DIAG_NONE, DIAG_NONE),
        ROW("\xc5\x3e....", DIAG_NONE, DIAG_NONE),
        ROW("\xc1\x3e........", DIAG_NONE, DIAG_NONE),
        ROW("\xc1\x3e.......", MANIFEST_WIRE, MANIFEST_WIRE),
        ROW("\xc2\x3e\x03zz", MANIFEST_WIRE, MANIFEST_WIRE),
        ROW("\x3a\x02\x08\x01", DIAG_NONE, DIAG_NONE),                         /* blob kind 1 */
        ROW("\x3a\x02\x08\x09", MANIFEST_WIRE, DIAG_NONE),                     /* kind 9 */
        ROW("\x3a\x06\x08\x80\x80\x80\x80\x10", MANIFEST_WIRE, MANIFEST_WIRE), /* kind 2^32 */
        ROW("\x3a\x02\x78\x01", MANIFEST_UNKNOWN_FIELD, DIAG_NONE),            /* unknown, one level down */
        ROW("\x42\x06\x10\x80\x80\x80\x80\x10", MANIFEST_WIRE, MANIFEST_WIRE), /* Module.blob = 2^32 */
        ROW("\x42\x05\x82\x01\x02\x10\x02", MANIFEST_WIRE, MANIFEST_WIRE),     /* Folder.write = 2 */
#undef ROW
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Str bytes = {rows[i].bytes, rows[i].n};
        DiagCode s = wire_code(&parigot__bundle__v1__manifest__descriptor, bytes, strict_limits);
        DiagCode l = wire_code(&parigot__bundle__v1__manifest__descriptor, bytes, lenient);
        ck_assert_msg(s == rows[i].strict && l == rows[i].lenient, "row %zu: %s, %s", i, diag_code_text(s), diag_code_text(l));
    }
}
END_TEST

/* `depth` messages within each other, all lengths right. */
static Writer nested(uint32_t depth)
{
    Writer w = {0};
    for (uint32_t i = 1; i < depth; i++) {
        Writer outer = {0};
        wr_byte(&outer, 0x0a);
        wr_u32(&outer, (uint32_t)w.len);
        wr_bytes(&outer, w.ptr, w.len);
        wr_free(&w);
        w = outer;
    }
    return w;
}

START_TEST(wire_depth)
{
    Writer eight = nested(8), nine = nested(9), many = nested(2000);
    ck_code(wire_code(&recursive__descriptor, written(&eight), strict_limits), DIAG_NONE);
    ck_code(wire_code(&recursive__descriptor, written(&nine), strict_limits), MANIFEST_TOO_BIG);
    ck_code(wire_code(&recursive__descriptor, written(&many), strict_limits), MANIFEST_TOO_BIG);
    wr_free(&eight);
    wr_free(&nine);
    wr_free(&many);
}
END_TEST

/* Two bytes on the wire, hundreds once unpacked: bounded before anything is allocated. */
START_TEST(wire_memory)
{
    Writer w = {0};
    for (int i = 0; i < 1 << 20; i++) wr_bytes(&w, "\x42\x00", 2);
    ck_code(wire_code(&parigot__bundle__v1__manifest__descriptor, written(&w), (ProtoWireLimits){8, BUNDLE_MAX_UNPACKED, 1000}), MANIFEST_TOO_BIG);
    wr_free(&w);
    w = (Writer){0};
    for (int i = 0; i < 4; i++) wr_bytes(&w, "\x42\x00", 2);
    ck_code(wire_code(&parigot__bundle__v1__manifest__descriptor, written(&w), strict_limits), DIAG_NONE);
    ck_code(wire_code(&parigot__bundle__v1__manifest__descriptor, written(&w), (ProtoWireLimits){8, 1000, 1000}), MANIFEST_TOO_BIG);
    wr_free(&w);
    /* packed numbers take eight bytes each */
    ck_code(wire_code(&recursive__descriptor, STR("\x12\x03\x01\x80\x01"), lenient), DIAG_NONE);
    ck_code(wire_code(&recursive__descriptor, STR("\x12\x03\x01\x80\x80"), lenient), MANIFEST_WIRE);
    ck_code(wire_code(&recursive__descriptor, STR("\x12\x05\xff\xff\xff\xff\x1f"), lenient), MANIFEST_WIRE);
}
END_TEST

/* The estimate is safe: what unpacking takes from the arena stays below it. */
START_TEST(wire_estimate)
{
    Fixture f;
    fixture_init(&f);
    Writer w = fixture_manifest(&f);
    size_t low = 0, high = 1 << 20;
    while (low + 1 < high) {
        size_t mid = (low + high) / 2;
        bool fits = wire_code(&parigot__bundle__v1__manifest__descriptor, written(&w), (ProtoWireLimits){8, mid, 1000}) == DIAG_NONE;
        if (fits) high = mid;
        else low = mid;
    }
    Arena a = {0};
    Diags d = {0};
    const BundleManifest *m;
    ck_assert(bundle_read_manifest(&a, written(&w), "x", &d, &m));
    ck_assert(a.used_bytes <= high + (64 << 10)); /* the arena's chunk */
    arena_free(&a);
    wr_free(&w);
}
END_TEST

/* Memory is out while unpacking: an error, nothing else. */
START_TEST(manifest_without_memory)
{
    Fixture f;
    fixture_init(&f);
    Writer w = fixture_manifest(&f);
    Arena a = {.limit_bytes = 64};
    Diags d = {0};
    const BundleManifest *m;
    ck_assert(!bundle_read_manifest(&a, written(&w), "x", &d, &m));
    ck_code(d.items[0].code, OUT_OF_MEMORY);
    diag_free(&d);
    arena_free(&a);
    wr_free(&w);
}
END_TEST

/* ---- what must hold within a manifest ---- */

static DiagCode check_code(Fixture *f)
{
    static BundleLimits no_limits = PARIGOT__BUNDLE__V1__LIMITS__INIT; /* as reading fills them in */
    static BundleMeter no_meter = PARIGOT__BUNDLE__V1__METER__INIT;
    for (int i = 0; i < 2; i++) {
        if (!f->modules[i].limits) f->modules[i].limits = &no_limits;
        if (!f->modules[i].meter) f->modules[i].meter = &no_meter;
    }
    Diags d = {0};
    bool ok = bundle_check_manifest(&f->manifest, "x", &d);
    ck_assert(ok == (d.errors == 0));
    DiagCode code = d.n ? d.items[0].code : DIAG_NONE;
    diag_free(&d);
    return code;
}

static uint8_t short_digest[31];
static BundleRoute a_route;
static BundleRoute *route_list[2] = {&a_route, &a_route};
static BundleWaiver a_waiver;
static BundleWaiver *waiver_list[1] = {&a_waiver};
static BundleFolder a_folder;
static BundleFolder *folder_list[2] = {&a_folder, &a_folder};
static Parigot__Bundle__V1__Native a_native;
static Parigot__Bundle__V1__Native *native_list[1] = {&a_native};
static char *remote_list[2];

/* Each row spoils one thing. */
#define SPOIL(name, ...) static void spoil_##name(Fixture *f) { __VA_ARGS__; }
SPOIL(type, f->manifest.type = text("x"))
SPOIL(name, f->manifest.name = text("Pair"))
SPOIL(name_empty, f->manifest.name = text(""))
SPOIL(name_dot, f->manifest.name = text(".."))
SPOIL(name_long, f->manifest.name = text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
SPOIL(version, f->manifest.version = text("1\n2"))
SPOIL(tool, f->manifest.tool = text("\x1b[2J"))
SPOIL(generation, f->manifest.generation = 0)
SPOIL(not_after, f->manifest.not_after = -1)
SPOIL(main, f->manifest.main = text("nobody"))
SPOIL(blob_kind, f->blobs[0].kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NONE)
SPOIL(blob_size, f->blobs[0].size = 0)
SPOIL(blob_digest, f->blobs[1].digest.len = 31)
SPOIL(blob_unused, f->modules[1].blob = 0)
SPOIL(no_modules, f->manifest.n_modules = 0)
SPOIL(module_name, f->modules[0].name = text("a/b"))
SPOIL(module_names, f->modules[0].name = text("client"))
SPOIL(module_blob, f->modules[0].blob = 2)
SPOIL(module_blob_kind, f->blobs[1].kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DEBUG)
SPOIL(share, f->modules[0].share = 0)
SPOIL(share_high, f->modules[0].share = 10001)
SPOIL(memory, f->limits.memory_bytes = (UINT64_C(1) << 32) + 1)
SPOIL(policy_index, f->modules[0].policy = 1)
SPOIL(policy_digest, f->policy.text = text("policy = 2;\n"))
SPOIL(policy_digest_size, f->policy.digest.len = 31)
SPOIL(policy_name, f->policy.name = text(""))
SPOIL(layout_order, f->layout.stack_high = f->layout.sealed_low + 1)
SPOIL(layout_empty_stack, f->layout.stack_low = f->layout.stack_high)
SPOIL(layout_guard, f->layout.null_guard = 8192)
SPOIL(layout_seal, f->layout.seal = 3)
SPOIL(layout_page, f->layout.page_log2 = 17)
SPOIL(layout_page_small, f->layout.page_log2 = 11)
SPOIL(layout_align, f->layout.page_log2 = 16; f->layout.sealed_high++; f->layout.waived_low++)
SPOIL(layout_control, f->layout.heap_control = 257)
SPOIL(meter, static BundleMeter m; parigot__bundle__v1__meter__init(&m); m.kind = 3; f->modules[0].meter = &m)
SPOIL(verdict_code, f->verdict.code = text("Q101"))
SPOIL(verdict_code_long, f->verdict.code = text("P1011"))
SPOIL(verdict_result, f->verdict.result = PARIGOT__BUNDLE__V1__RESULT__RESULT_NONE)
SPOIL(input_digest, f->input.digest.len = 0)
SPOIL(input_path, f->input.name = text("/home/me/server.o"))
SPOIL(input_member, f->input.member = text("a/b.o"))
SPOIL(feature, f->features[0] = text("telepathy"))
SPOIL(config_key, f->config.key = text(""))
SPOIL(grant_own, f->grants[0] = text("a.v1.A"))
SPOIL(grant_missing, f->modules[1].n_grants = 0)
SPOIL(grant_unlisted, f->grants[0] = text("parigot.net.v1.Net"))
SPOIL(method, f->provides.method = text("Do/It"))
SPOIL(provides_host, f->provides.service = text("parigot.log.v1.Log"))
SPOIL(import_method, f->imports[0].method = text(""))
SPOIL(import_type, f->imports[0].params.data = (uint8_t *)(uintptr_t) "\x01\x02\x03")
SPOIL(import_service, f->imports[0].service = text("b.v1.B"))
SPOIL(nobody_provides, f->modules[0].n_provides = 0)
SPOIL(order, f->module_list[0] = &f->modules[1]; f->module_list[1] = &f->modules[0])
SPOIL(services_order, f->service_list[0] = &f->services[1]; f->service_list[1] = &f->services[0])
SPOIL(services_twice, f->services[1].name = text("a.v1.A"))
SPOIL(service_name, f->services[0].name = text("A"))
SPOIL(service_unused, f->modules[0].n_imports = 0)
SPOIL(service_digest, f->services[0].descriptor_digest = (ProtobufCBinaryData){31, short_digest})
SPOIL(service_descriptors, f->services[0].descriptors = 1)
SPOIL(debug_blob, f->modules[0].debug_blob = 2)
SPOIL(remote_provided, remote_list[0] = text("a.v1.A"); f->manifest.n_remote = 1; f->manifest.remote = remote_list)
SPOIL(remote_twice, f->modules[0].n_provides = 0; remote_list[0] = remote_list[1] = text("a.v1.A"); f->manifest.n_remote = 2; f->manifest.remote = remote_list)
SPOIL(remote_host, remote_list[0] = text("parigot.log.v1.Log"); f->manifest.n_remote = 1; f->manifest.remote = remote_list)
#define ROUTE(to) parigot__bundle__v1__route__init(&a_route); a_route.service = text("a.v1.A"); a_route.module = text(to); \
    f->manifest.n_routes = 1; f->manifest.routes = route_list
SPOIL(route_needless, ROUTE("server"))
SPOIL(route_wrong, ROUTE("client"))
SPOIL(route_nobody, ROUTE("nobody"))
SPOIL(two_providers, f->modules[1].n_provides = 1; f->modules[1].provides = f->provides_list)
SPOIL(route_twice, f->modules[1].n_provides = 1; f->modules[1].provides = f->provides_list; ROUTE("server"); f->manifest.n_routes = 2)
#define WAIVER(r, n, why) parigot__bundle__v1__waiver__init(&a_waiver); a_waiver.rule = text(r); a_waiver.name = text(n); \
    a_waiver.reason = text(why); f->modules[0].n_waivers = 1; f->modules[0].waivers = waiver_list
SPOIL(waiver_rule, WAIVER("P201", "w", "because"))
SPOIL(waiver_name, WAIVER("P104", "", "because"))
SPOIL(waiver_reason, WAIVER("P104", "w", ""))
SPOIL(waiver_digest, WAIVER("P104", "w", "because"); a_waiver.archive_digest = (ProtobufCBinaryData){31, short_digest})
SPOIL(waiver_expires, WAIVER("P104", "w", "because"); a_waiver.expires = -1)
#define FOLDER(n) parigot__bundle__v1__folder__init(&a_folder); a_folder.name = text(n); f->modules[1].n_folders = 1; \
    f->modules[1].folders = folder_list; f->imports[1].service = f->grants[0] = text(BUNDLE_FILE_SERVICE);             \
    f->services[1].name = text(BUNDLE_FILE_SERVICE); f->services[2].name = text(BUNDLE_KERNEL)
SPOIL(folder, FOLDER("data"))
SPOIL(folder_name, FOLDER("../etc"))
SPOIL(folder_twice, FOLDER("data"); f->modules[1].n_folders = 2)
SPOIL(folder_ungranted, FOLDER("data"); f->modules[1].n_grants = 0; f->modules[1].n_imports = 1; f->service_list[1] = &f->services[2];
      f->manifest.n_services = 2)
SPOIL(native, parigot__bundle__v1__native__init(&a_native); a_native.blob = 1; f->modules[0].n_native = 1; f->modules[0].native = native_list)
#undef SPOIL

static const struct {
    const char *name;
    void (*spoil)(Fixture *);
    DiagCode code;
} spoilers[] = {
#define ROW(name, code) {#name, spoil_##name, code}
    ROW(type, MANIFEST_TYPE), ROW(name, MANIFEST_VALUE), ROW(name_empty, MANIFEST_VALUE), ROW(name_dot, MANIFEST_VALUE),
    ROW(name_long, MANIFEST_VALUE), ROW(version, MANIFEST_VALUE), ROW(tool, MANIFEST_VALUE), ROW(generation, MANIFEST_VALUE),
    ROW(not_after, MANIFEST_VALUE), ROW(main, MANIFEST_WORLD), ROW(blob_kind, MANIFEST_VALUE), ROW(blob_size, MANIFEST_VALUE),
    ROW(blob_digest, MANIFEST_VALUE), ROW(blob_unused, MANIFEST_VALUE), ROW(no_modules, MANIFEST_VALUE),
    ROW(module_name, MANIFEST_VALUE), ROW(module_names, MANIFEST_VALUE), ROW(module_blob, MANIFEST_VALUE),
    ROW(module_blob_kind, MANIFEST_VALUE), ROW(share, MANIFEST_VALUE), ROW(share_high, MANIFEST_VALUE),
    ROW(memory, MANIFEST_VALUE), ROW(policy_index, MANIFEST_VALUE), ROW(policy_digest, MANIFEST_VALUE),
    ROW(policy_digest_size, MANIFEST_VALUE), ROW(policy_name, MANIFEST_VALUE), ROW(layout_order, MANIFEST_VALUE),
    ROW(layout_empty_stack, MANIFEST_VALUE), ROW(layout_guard, MANIFEST_VALUE), ROW(layout_seal, MANIFEST_VALUE),
    ROW(layout_page, MANIFEST_VALUE), ROW(layout_page_small, MANIFEST_VALUE), ROW(layout_align, MANIFEST_VALUE),
    ROW(layout_control, MANIFEST_VALUE), ROW(meter, MANIFEST_VALUE), ROW(verdict_code, MANIFEST_VALUE),
    ROW(verdict_code_long, MANIFEST_VALUE), ROW(verdict_result, MANIFEST_VALUE), ROW(input_digest, MANIFEST_VALUE),
    ROW(input_path, MANIFEST_VALUE), ROW(input_member, MANIFEST_VALUE), ROW(feature, MANIFEST_VALUE),
    ROW(config_key, MANIFEST_VALUE), ROW(grant_own, MANIFEST_VALUE), ROW(grant_missing, MANIFEST_WORLD),
    ROW(grant_unlisted, MANIFEST_VALUE), ROW(method, MANIFEST_VALUE), ROW(provides_host, MANIFEST_VALUE),
    ROW(import_method, MANIFEST_VALUE), ROW(import_type, MANIFEST_VALUE), ROW(import_service, MANIFEST_VALUE),
    ROW(nobody_provides, MANIFEST_WORLD), ROW(order, MANIFEST_WORLD), ROW(services_order, MANIFEST_VALUE),
    ROW(services_twice, MANIFEST_VALUE), ROW(service_name, MANIFEST_VALUE), ROW(service_unused, MANIFEST_VALUE),
    ROW(service_digest, MANIFEST_VALUE), ROW(service_descriptors, MANIFEST_VALUE), ROW(debug_blob, MANIFEST_VALUE),
    ROW(remote_provided, MANIFEST_WORLD), ROW(remote_twice, MANIFEST_WORLD), ROW(remote_host, MANIFEST_WORLD),
    ROW(route_needless, MANIFEST_WORLD), ROW(route_wrong, MANIFEST_WORLD), ROW(route_nobody, MANIFEST_WORLD),
    ROW(two_providers, MANIFEST_WORLD), ROW(route_twice, MANIFEST_WORLD), ROW(waiver_rule, MANIFEST_VALUE),
    ROW(waiver_name, MANIFEST_VALUE), ROW(waiver_reason, MANIFEST_VALUE), ROW(waiver_digest, MANIFEST_VALUE),
    ROW(waiver_expires, MANIFEST_VALUE), ROW(folder_name, MANIFEST_VALUE), ROW(folder_twice, MANIFEST_VALUE), ROW(folder_ungranted, MANIFEST_VALUE),
    ROW(native, MANIFEST_VALUE),
#undef ROW
};

START_TEST(manifest_rows)
{
    Fixture f;
    fixture_init(&f);
    ck_code(check_code(&f), DIAG_NONE);
    spoilers[_i].spoil(&f);
    DiagCode code = check_code(&f);
    ck_assert_msg(code == spoilers[_i].code, "%s: %s", spoilers[_i].name, diag_code_text(code));
}
END_TEST

/* What is allowed and looks close to what is not. */
START_TEST(manifest_allowed)
{
    Fixture f;
    fixture_init(&f);
    f.modules[0].n_provides = 0; /* the provider is elsewhere */
    spoil_remote_provided(&f);
    ck_code(check_code(&f), DIAG_NONE);

    fixture_init(&f);
    spoil_two_providers(&f);
    spoil_route_needless(&f);
    ck_code(check_code(&f), DIAG_NONE);
    ck_assert_int_eq(bundle_provider(&f.manifest, "a.v1.A"), 0);

    fixture_init(&f);
    spoil_folder(&f);
    ck_code(check_code(&f), DIAG_NONE);

    fixture_init(&f); /* two modules may share one blob */
    f.modules[1].blob = 0;
    f.manifest.n_blobs = 1;
    ck_code(check_code(&f), DIAG_NONE);

    fixture_init(&f); /* a module may call itself */
    f.modules[0].n_imports = 2;
    BundleImport *own[2] = {&f.imports[2], &f.imports[0]};
    f.modules[0].imports = own;
    ck_code(check_code(&f), DIAG_NONE);
}
END_TEST

/* The list of findings is bounded, whatever the manifest. */
START_TEST(manifest_findings_bounded)
{
    enum { N = 5000 };
    Fixture f;
    fixture_init(&f);
    BundleVerdict **many = malloc(N * sizeof(*many));
    for (int i = 0; i < N; i++) many[i] = &f.verdict;
    f.modules[0].n_verdicts = N;
    f.modules[0].verdicts = many;
    ck_code(check_code(&f), MANIFEST_VALUE);
    Diags d = {0};
    ck_assert(!bundle_check_manifest(&f.manifest, "x", &d));
    ck_assert_uint_le(d.n, 20);
    diag_free(&d);
    free(many);
}
END_TEST

START_TEST(expired)
{
    TestKey key;
    Trusting t;
    Fixture f;
    set_up(&key, &t, &f);
    f.manifest.not_after = 1000;
    Writer w = fixture_bundle(&f, &key, 1);
    static const struct {
        int64_t now;
        DiagCode code;
    } rows[] = {{0, DIAG_NONE}, {999, DIAG_NONE}, {1000, DIAG_NONE}, {1001, BUNDLE_EXPIRED}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        t.options.now = rows[i].now;
        ck_code(open_code(written(&w), &t.options), rows[i].code);
    }
    wr_free(&w);

    fixture_init(&f);
    spoil_waiver_rule(&f);
    a_waiver.rule = text("P104");
    a_waiver.expires = 1000;
    w = fixture_bundle(&f, &key, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        t.options.now = rows[i].now;
        ck_code(open_code(written(&w), &t.options), rows[i].code);
    }
    wr_free(&w);
}
END_TEST

/* ---- sizes that lie, inside a manifest that is signed ---- */

START_TEST(sizes_do_not_add_up)
{
    static const struct {
        uint64_t size;
        DiagCode code;
    } rows[] = {
        {1, BUNDLE_BAD_DIGEST}, {UINT64_MAX, BUNDLE_BAD_SIZE}, {UINT64_MAX - 4096, BUNDLE_BAD_SIZE},
        {UINT32_MAX, BUNDLE_BAD_SIZE}, {(UINT64_C(1) << 32) - 8192, BUNDLE_BAD_SIZE}, {4096, BUNDLE_BAD_SIZE},
    };
    TestKey key = test_key(1);
    Trusting t;
    trusting(&t, &key, 1, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Fixture f;
        fixture_init(&f);
        f.blobs[i % 2].size = rows[i].size;
        Writer w = fixture_bundle(&f, &key, 1);
        DiagCode code = open_code(written(&w), &t.options), piped = open_pipe_code(written(&w), &t.options);
        /* the first blob's size may make the second start later: then its bytes are others */
        ck_assert_msg(code == rows[i].code, "row %zu: %s", i, diag_code_text(code));
        ck_assert_msg(piped == BUNDLE_BAD_SIZE || piped == BUNDLE_TRUNCATED || piped == rows[i].code, "row %zu: %s", i,
                      diag_code_text(piped));
        wr_free(&w);
    }
}
END_TEST

START_TEST(padding_is_zero)
{
    TestKey key;
    Trusting t;
    Fixture f;
    set_up(&key, &t, &f);
    Writer w = fixture_bundle(&f, &key, 1);
    size_t head_end = 24 + load_le32(w.ptr + 12) + load_le32(w.ptr + 16);
    const size_t places[] = {head_end, 4095, 4096 + f.contents[0].len, 8191};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        w.ptr[places[i]] = 1;
        ck_code(open_code(written(&w), &t.options), BUNDLE_BAD_PADDING);
        w.ptr[places[i]] = 0;
    }
    wr_free(&w);
}
END_TEST

/* ---- public keys ---- */

START_TEST(public_keys)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"RWTpY/0O+RP7Puw066N1QUi2aiezCgwZSum172OEUTq6OvIcgJkh9wMP", true},
        {"RWTpY/0O+RP7Puw066N1QUi2aiezCgwZSum172OEUTq6OvIcgJkh9wM=", false}, /* a byte less */
        {"RWTpY/0O+RP7Puw066N1QUi2aiezCgwZSum172OEUTq6OvIcgJkh9wMP=", false},
        {"RUTpY/0O+RP7Puw066N1QUi2aiezCgwZSum172OEUTq6OvIcgJkh9wMP", false}, /* "ED" is for signatures */
        {"RWTpY/0O+RP7PgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false}, /* the neutral element */
        {"RWTpY/0O+RP7PgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false}, /* order 4 */
        {"RWTpY/0O+RP7Pv//////////////////////////////////////////", false}, /* not canonical */
        {"", false},
        {"not base64!", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Arena a = {0};
        Diags d = {0};
        BundleTrust t = {.arena = &a};
        bool ok = bundle_trust_text(&t, rows[i].text, &d);
        ck_assert_msg(ok == rows[i].ok && t.n == rows[i].ok, "row %zu", i);
        if (!ok) ck_code(d.items[0].code, BUNDLE_BAD_KEY);
        if (ok) {
            char id[17];
            bundle_key_id_text(t.keys[0].id, id);
            ck_assert_str_eq(id, "3EFB13F90EFD63E9");
        }
        diag_free(&d);
        arena_free(&a);
    }
}
END_TEST

/* A key plus a point of order two verifies with the same secret as often as not: it is not a second signer, it is
 * no key at all. */
START_TEST(key_outside_main_subgroup)
{
    static const uint8_t order_two[32] = {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    TestKey key = test_key(1);
    uint8_t bytes[42] = "Ed", twin[32];
    ck_assert(crypto_core_ed25519_add(twin, key.public_key, order_two) == 0);
    memcpy(bytes + 10, twin, 32);
    char base64[64];
    sodium_bin2base64(base64, sizeof base64, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    Arena a = {0};
    Diags d = {0};
    BundleTrust t = {.arena = &a};
    ck_assert(!bundle_trust_text(&t, base64, &d));
    diag_free(&d);
    arena_free(&a);
}
END_TEST

static void write_text(const char *path, const char *text_)
{
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs(text_, f) >= 0 && fclose(f) == 0);
}

START_TEST(key_files_and_folders)
{
    char folder[] = "/tmp/parigot-trust-XXXXXX", path[128];
    ck_assert(mkdtemp(folder));
    Arena a = {0};
    Diags d = {0};
    BundleTrust t = {.arena = &a};
    ck_assert(!bundle_trust_folder(&t, folder, &d));
    ck_code(d.items[0].code, BUNDLE_NO_KEYS);

    const char *key = "RWTpY/0O+RP7Puw066N1QUi2aiezCgwZSum172OEUTq6OvIcgJkh9wMP";
    snprintf(path, sizeof path, "%s/b.pub", folder);
    write_text(path, arena_printf(&a, "untrusted comment: b\n%s\n", key));
    snprintf(path, sizeof path, "%s/a.pub", folder);
    write_text(path, arena_printf(&a, "untrusted comment: a\r\n%s\r\n\n", key));
    snprintf(path, sizeof path, "%s/readme.txt", folder);
    write_text(path, "no key");
    ck_assert(bundle_trust_folder(&t, folder, &d) && t.n == 2);
    ck_assert_str_eq(t.keys[0].name, "a.pub");

    static const char *const bad[] = {"", "untrusted comment: x\n", "untrusted comment: x\nRWTp\n", "RWTpY/0O+RP7Puw066N1QUi2aiezCgwZSum172OEUTq6OvIcgJkh9wMP\n",
                                      "untrusted comment: x\nRWTpY/0O+RP7Puw066N1QUi2aiezCgwZSum172OEUTq6OvIcgJkh9wMP\nmore\n"};
    snprintf(path, sizeof path, "%s/c.pub", folder);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        write_text(path, bad[i]);
        diag_free(&d);
        ck_assert(!bundle_trust_file(&t, path, &d));
        ck_code(d.items[0].code, BUNDLE_BAD_KEY);
        ck_assert(!bundle_trust_folder(&t, folder, &d)); /* one broken key spoils the folder */
    }
    diag_free(&d);
    ck_assert(!bundle_trust_folder(&t, "/nowhere", &d));
    ck_code(d.items[0].code, IO_READ);
    ck_assert(system(arena_printf(&a, "rm -r %s", folder)) == 0);
    diag_free(&d);
    arena_free(&a);
}
END_TEST

/* ---- names ---- */

START_TEST(names)
{
    static const struct {
        const char *s;
        bool name, service, method;
    } rows[] = {
        {"a", true, false, true},        {"a.b", true, true, false},   {"A", false, false, true},      {"_x", false, false, true},
        {"0a", true, false, false},      {"a.0", true, false, false},  {"", false, false, false},      {".a", false, false, false},
        {"a.", true, false, false},      {"a..b", true, false, false}, {"a-b", true, false, false},    {"a/b", false, false, false},
        {"x.v1.Y", false, true, false},  {"a b", false, false, false}, {"\xc3\xa9", false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Str s = str_of(rows[i].s);
        ck_assert_msg(bundle_name_ok(s) == rows[i].name && wasm_is_service(s) == rows[i].service && wasm_is_method(s) == rows[i].method,
                      "\"%s\"", rows[i].s);
    }
    ck_assert(bundle_is_system_service("parigot.x.Y") && !bundle_is_system_service("parigotx.Y") && !bundle_is_system_service("parigot"));
    Str service, method;
    ck_assert(wasm_split_method(STR("a.v1.A/Do"), &service, &method) && str_eq(service, STR("a.v1.A")) && str_eq(method, STR("Do")));
    ck_assert(!wasm_split_method(STR("memory"), &service, &method) && !wasm_split_method(STR("a/b"), &service, &method) &&
              !wasm_split_method(STR("a.v1.A/B/C"), &service, &method));
    ck_assert(bundle_can_be_waived(STR("P104")) && bundle_can_be_waived(STR("P601")) && !bundle_can_be_waived(STR("P201")) &&
              !bundle_can_be_waived(STR("P6")) && !bundle_can_be_waived(STR("P6x1")) && !bundle_can_be_waived(STR("P60x")) && !bundle_can_be_waived(STR("")));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("bundle");
    TCase *c = tcase_create("verify");
    tcase_set_timeout(c, 120);
    suite_add_tcase(s, c);
    tcase_add_test(c, opens);
    tcase_add_test(c, pipe_and_file);
    tcase_add_test(c, every_byte_flipped);
    tcase_add_test(c, every_truncation);
    tcase_add_test(c, swapped_blobs);
    tcase_add_test(c, header_fields);
    tcase_add_test(c, thresholds);
    tcase_add_test(c, one_key_is_one_signer);
    tcase_add_test(c, relabelled_records);
    tcase_add_test(c, bad_records);
    tcase_add_test(c, comment_is_escaped);
    tcase_add_test(c, unsigned_allowed);
    tcase_add_test(c, signers_ignored);
    tcase_add_test(c, other_signed_file);
    tcase_add_test(c, wire_rows);
    tcase_add_test(c, wire_depth);
    tcase_add_test(c, wire_memory);
    tcase_add_test(c, wire_estimate);
    tcase_add_test(c, manifest_without_memory);
    tcase_add_loop_test(c, manifest_rows, 0, ARRAY_LEN(spoilers));
    tcase_add_test(c, manifest_allowed);
    tcase_add_test(c, manifest_findings_bounded);
    tcase_add_test(c, expired);
    tcase_add_test(c, sizes_do_not_add_up);
    tcase_add_test(c, padding_is_zero);
    tcase_add_test(c, public_keys);
    tcase_add_test(c, key_outside_main_subgroup);
    tcase_add_test(c, key_files_and_folders);
    tcase_add_test(c, names);
    return s;
}

int main(void) { return run_tap(suite()); }
