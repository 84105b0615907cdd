/* Tests of keys and signatures: minisign's file forms, passwords, the process that signs, attaching, memory that runs
 * out. tests/interop/ compares with minisign itself. */
#include "tests/unit/codes.h"
#include "tests/unit/failing_malloc.h"
#include "tests/unit/tap.h"
#include "tests/unit/bundle_fixture.h"

#include "bundle/create.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a folder, keys in it, an unsigned bundle ---- */

static char folder[64];
static Arena arena;
static Writer unsigned_bundle;

static const char *in_folder(const char *name) { return arena_printf(&arena, "%s/%s", folder, name); }

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "w");
    ck_assert(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
}

static void make_key(const char *name, const char *password)
{
    Diags d = {0};
    uint8_t id[8];
    write_bytes(in_folder("pw"), password ? password : "", password ? strlen(password) : 0);
    BundlePassword from = {.file = in_folder("pw")};
    BundleKeyFiles files = {.secret_file = in_folder(arena_printf(&arena, "%s.key", name)),
                            .public_file = in_folder(arena_printf(&arena, "%s.pub", name)), .encrypt = password != NULL};
    ck_assert(bundle_keygen(&files, &from, id, &d));
}

static void setup(void)
{
    strcpy(folder, "/tmp/parigot-sign-XXXXXX");
    ck_assert(mkdtemp(folder));
    Fixture f;
    fixture_init(&f);
    unsigned_bundle = fixture_bundle(&f, NULL, 0);
}

static void teardown(void)
{
    ck_assert(system(arena_printf(&arena, "rm -r %s", folder)) == 0);
    wr_free(&unsigned_bundle);
    arena_free(&arena);
}

/* Signs; the first diagnostic's code, or DIAG_NONE. */
static DiagCode sign_code(const Writer *in, const char *key_file, const char *password_file, const char *comment, Writer *out)
{
    Diags d = {0};
    BundleSignerProcess p;
    BundlePassword from = {.file = password_file};
    ck_assert(bundle_signer_start(&p, key_file, &from, &d));
    bool ok = bundle_signer_sign(&p, in->ptr, in->len, "x.pbundle", comment, &d, out);
    DiagCode code = d.n ? d.items[0].code : DIAG_NONE;
    ck_assert(ok == (code == DIAG_NONE) && (ok || out->len == 0));
    bundle_signer_stop(&p);
    bundle_signer_stop(&p); /* twice does no harm */
    diag_free(&d);
    return code;
}

static DiagCode open_code(const Writer *w, const char *public_key, Bundle *out)
{
    Diags d = {0};
    BundleTrust t = {.arena = &arena};
    ck_assert(bundle_trust_file(&t, public_key, &d));
    BundleOpenOptions o = {.trust = &t, .require = 1};
    Bundle b;
    bool ok = bundle_open_bytes(w->ptr, w->len, "x.pbundle", &o, &d, &b);
    DiagCode code = d.n ? d.items[0].code : DIAG_NONE;
    ck_assert(ok == (code == DIAG_NONE));
    if (out) *out = b;
    else bundle_close(&b);
    diag_free(&d);
    return code;
}

/* ---- signing ---- */

START_TEST(sign_and_open)
{
    make_key("a", NULL);
    make_key("b", NULL);
    Writer one, two, three;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, "first", &one), DIAG_NONE);
    ck_code(open_code(&one, in_folder("a.pub"), NULL), DIAG_NONE);
    ck_code(open_code(&one, in_folder("b.pub"), NULL), BUNDLE_UNTRUSTED);
    ck_code(sign_code(&one, in_folder("b.key"), NULL, "second", &two), DIAG_NONE);
    Bundle b;
    ck_code(open_code(&two, in_folder("b.pub"), &b), DIAG_NONE);
    ck_assert(b.n_signatures == 2 && b.n_signers == 1 && b.signers[0].record == 1);
    ck_assert_str_eq(b.signers[0].comment, "second");
    bundle_close(&b);
    ck_code(open_code(&two, in_folder("a.pub"), NULL), DIAG_NONE);
    ck_code(sign_code(&two, in_folder("a.key"), NULL, "again", &three), BUNDLE_SIGNED_TWICE);

    Writer same; /* Ed25519 is deterministic: same inputs, same bytes */
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, "first", &same), DIAG_NONE);
    ck_assert(same.len == one.len && memcmp(same.ptr, one.ptr, one.len) == 0);
    wr_free(&one);
    wr_free(&two);
    wr_free(&same);
}
END_TEST

START_TEST(seventeenth_signature)
{
    Fixture f;
    fixture_init(&f);
    TestKey keys[16];
    for (uint8_t i = 0; i < 16; i++) keys[i] = test_key((uint8_t)(i + 1));
    Writer w = fixture_bundle(&f, keys, 16), out;
    make_key("a", NULL);
    ck_code(sign_code(&w, in_folder("a.key"), NULL, "c", &out), BUNDLE_SIGNED_TWICE);
    wr_free(&w);
}
END_TEST

START_TEST(comments)
{
    static const struct {
        const char *text;
        DiagCode code;
    } rows[] = {{"", DIAG_NONE}, {"a\tb", DIAG_NONE}, {"\xc3\xa9", DIAG_NONE}, {"a\nb", BUNDLE_BAD_RECORD}, {"\x1b", BUNDLE_BAD_RECORD}, {"\xff", BUNDLE_BAD_RECORD}};
    make_key("a", NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Writer w;
        ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, rows[i].text, &w), rows[i].code);
        if (rows[i].code == DIAG_NONE) ck_code(open_code(&w, in_folder("a.pub"), NULL), DIAG_NONE);
        wr_free(&w);
    }
    char *longest = arena_alloc(&arena, 8192);
    memset(longest, 'x', 8192 - 138);
    Writer w, none;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, longest, &w), DIAG_NONE);
    ck_code(open_code(&w, in_folder("a.pub"), NULL), DIAG_NONE);
    longest[8192 - 138] = 'x';
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, longest, &none), BUNDLE_BAD_RECORD);
    wr_free(&w);
}
END_TEST

START_TEST(not_a_bundle)
{
    make_key("a", NULL);
    for (size_t n = 0; n < unsigned_bundle.len && n <= 4096; n += n < 32 ? 1 : 101) {
        Writer cut = {.ptr = unsigned_bundle.ptr, .len = n}, out;
        if (n >= 4096) break; /* the first blob is there: the reader will say what is wrong */
        ck_code(sign_code(&cut, in_folder("a.key"), NULL, "c", &out), BUNDLE_TRUNCATED);
    }
    unsigned_bundle.ptr[0] ^= 1;
    Writer out;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, "c", &out), BUNDLE_BAD_MAGIC);
}
END_TEST

/* ---- keys ---- */

/* A key that costs little to open: scrypt's numbers are the file's. Made by hand, not by bundle_keygen. */
static void make_cheap_key(const char *name, const char *password)
{
    enum { BOX = 104 };
    TestKey k = test_key(9);
    uint8_t b[158] = "EdScB2", stream[BOX], sum[32];
    crypto_generichash_state hash;
    memset(b + 6, 0x5a, 32);
    put_le32(b + 38, 32768);
    put_le32(b + 46, 16 << 20);
    memcpy(b + 54, k.id, 8);
    memcpy(b + 62, k.secret, 64);
    crypto_generichash_init(&hash, NULL, 0, sizeof sum);
    crypto_generichash_update(&hash, b, 2);
    crypto_generichash_update(&hash, b + 54, 72);
    crypto_generichash_final(&hash, b + 126, sizeof sum);
    ck_assert(crypto_pwhash_scryptsalsa208sha256(stream, BOX, password, strlen(password), b + 6, 32768, 16 << 20) == 0);
    for (int i = 0; i < BOX; i++) b[54 + i] ^= stream[i];
    char base64[256];
    sodium_bin2base64(base64, sizeof base64, b, sizeof b, sodium_base64_VARIANT_ORIGINAL);
    const char *secret = arena_printf(&arena, "untrusted comment: cheap\n%s\n", base64);
    write_bytes(in_folder(arena_printf(&arena, "%s.key", name)), secret, strlen(secret));
    uint8_t p[42] = "Ed";
    memcpy(p + 2, k.id, 8);
    memcpy(p + 10, k.public_key, 32);
    sodium_bin2base64(base64, sizeof base64, p, sizeof p, sodium_base64_VARIANT_ORIGINAL);
    const char *public_text = arena_printf(&arena, "untrusted comment: cheap\n%s\n", base64);
    write_bytes(in_folder(arena_printf(&arena, "%s.pub", name)), public_text, strlen(public_text));
}

/* What bundle_keygen encrypts opens again, and only with its password's help (a second and a gigabyte each time). */
START_TEST(encrypted_key)
{
    make_key("a", "correct horse");
    Writer w;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), in_folder("pw"), "c", &w), DIAG_NONE);
    ck_code(open_code(&w, in_folder("a.pub"), NULL), DIAG_NONE);
    wr_free(&w);
}
END_TEST

START_TEST(passwords)
{
    make_cheap_key("a", "correct horse");
    write_bytes(in_folder("good"), "correct horse\r\nrest", 19);
    write_bytes(in_folder("bad"), "correct house", 13);
    write_bytes(in_folder("nul"), "correct\0horse", 13);
    char long_one[2000];
    memset(long_one, 'x', sizeof long_one);
    write_bytes(in_folder("long"), long_one, sizeof long_one);
    Writer w;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), in_folder("good"), "c", &w), DIAG_NONE);
    ck_code(open_code(&w, in_folder("a.pub"), NULL), DIAG_NONE);
    wr_free(&w);
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), in_folder("bad"), "c", &w), BUNDLE_BAD_PASSWORD);
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), in_folder("nul"), "c", &w), BUNDLE_BAD_PASSWORD);
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), in_folder("long"), "c", &w), BUNDLE_BAD_PASSWORD);
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), in_folder("nowhere"), "c", &w), IO_READ);

    Diags d = {0};
    BundleSignerProcess p;
    BundlePassword from = {.environment = "PARIGOT_TEST_PASSWORD"};
    unsetenv("PARIGOT_TEST_PASSWORD");
    ck_assert(bundle_signer_start(&p, in_folder("a.key"), &from, &d));
    ck_assert(!bundle_signer_sign(&p, unsigned_bundle.ptr, unsigned_bundle.len, "x", "c", &d, &w));
    ck_code(d.items[0].code, BUNDLE_BAD_PASSWORD);
    bundle_signer_stop(&p);
    setenv("PARIGOT_TEST_PASSWORD", "correct horse", 1);
    ck_assert(bundle_signer_start(&p, in_folder("a.key"), &from, &d));
    ck_assert(bundle_signer_sign(&p, unsigned_bundle.ptr, unsigned_bundle.len, "x", "c", &d, &w));
    bundle_signer_stop(&p);
    wr_free(&w);
    diag_free(&d);
}
END_TEST

START_TEST(keys_are_not_replaced)
{
    make_key("a", NULL);
    struct stat st;
    ck_assert(stat(in_folder("a.key"), &st) == 0 && (st.st_mode & 0777) == 0600);
    Diags d = {0};
    uint8_t id[8];
    BundleKeyFiles files = {.secret_file = in_folder("a.key"), .public_file = in_folder("new.pub")};
    ck_assert(!bundle_keygen(&files, NULL, id, &d));
    ck_code(d.items[0].code, IO_WRITE);
    ck_assert(access(in_folder("new.pub"), F_OK) != 0);
    files = (BundleKeyFiles){.secret_file = in_folder("new.key"), .public_file = in_folder("a.pub")};
    ck_assert(!bundle_keygen(&files, NULL, id, &d) && access(in_folder("new.key"), F_OK) != 0);
    files.replace = true;
    ck_assert(bundle_keygen(&files, NULL, id, &d));
    files.secret_file = in_folder("no/such/folder.key");
    ck_assert(!bundle_keygen(&files, NULL, id, &d));
    diag_free(&d);
}
END_TEST

/* Any character of the key's text that is changed: refused, but for salt and scrypt's numbers, which a key without
 * password does not use. */
START_TEST(damaged_keys)
{
    make_key("a", NULL);
    FileBytes f;
    Diags d = {0};
    ck_assert(file_read(in_folder("a.key"), 0, &d, &f));
    char *line = strchr((char *)f.ptr, '\n') + 1;
    size_t salt_first = (6 * 8) / 6, salt_last = (54 * 8 - 1) / 6; /* not used without password */
    for (size_t i = 0; i < 212; i += 3) {
        char was = line[i];
        line[i] = was == 'A' ? 'B' : 'A';
        write_bytes(in_folder("damaged.key"), f.ptr, f.size);
        Writer w;
        DiagCode code = sign_code(&unsigned_bundle, in_folder("damaged.key"), NULL, "c", &w);
        bool unused = i >= salt_first && i <= salt_last;
        if (unused) ck_assert_msg(code == DIAG_NONE || code == BUNDLE_BAD_KEY, "character %zu", i);
        else ck_assert_msg(code == BUNDLE_BAD_KEY, "character %zu: %s", i, diag_code_text(code));
        if (code == DIAG_NONE) wr_free(&w);
        line[i] = was;
    }
    for (size_t n = 0; n + 2 < f.size; n += 7) {
        write_bytes(in_folder("damaged.key"), f.ptr, n);
        Writer w;
        ck_code(sign_code(&unsigned_bundle, in_folder("damaged.key"), NULL, "c", &w), BUNDLE_BAD_KEY);
    }
    file_close(&f);
    Writer w;
    ck_code(sign_code(&unsigned_bundle, in_folder("nowhere.key"), NULL, "c", &w), IO_READ);
    ck_code(sign_code(&unsigned_bundle, in_folder("a.pub"), NULL, "c", &w), BUNDLE_BAD_KEY);
}
END_TEST

/* What minisign -G -W writes: no checksum. The key's two halves must still belong together. */
START_TEST(key_without_checksum)
{
    TestKey k = test_key(5);
    uint8_t bytes[158] = "Ed\0\0B2";
    memcpy(bytes + 54, k.id, 8);
    memcpy(bytes + 62, k.secret, 64);
    char base64[256];
    static const char *const comment = "untrusted comment: minisign encrypted secret key\n";
    sodium_bin2base64(base64, sizeof base64, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    const char *text_ = arena_printf(&arena, "%s%s\n", comment, base64);
    write_bytes(in_folder("w.key"), text_, strlen(text_));
    Writer w;
    ck_code(sign_code(&unsigned_bundle, in_folder("w.key"), NULL, "c", &w), DIAG_NONE);
    wr_free(&w);

    bytes[62 + 40] ^= 1; /* the public half: signatures would give the secret away */
    sodium_bin2base64(base64, sizeof base64, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    text_ = arena_printf(&arena, "%s%s\n", comment, base64);
    write_bytes(in_folder("w.key"), text_, strlen(text_));
    ck_code(sign_code(&unsigned_bundle, in_folder("w.key"), NULL, "c", &w), BUNDLE_BAD_KEY);

    /* scrypt that would take a terabyte */
    memcpy(bytes, "EdScB2", 6);
    bytes[38 + 4] = 1;
    bytes[46 + 5] = 1;
    sodium_bin2base64(base64, sizeof base64, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    text_ = arena_printf(&arena, "%s%s\n", comment, base64);
    write_bytes(in_folder("w.key"), text_, strlen(text_));
    ck_code(sign_code(&unsigned_bundle, in_folder("w.key"), in_folder("w.key"), "c", &w), BUNDLE_BAD_KEY);
}
END_TEST

/* ---- attaching ---- */

START_TEST(attach)
{
    make_key("a", NULL);
    Writer signed_one, again;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, "by a", &signed_one), DIAG_NONE);
    Bundle b;
    ck_code(open_code(&signed_one, in_folder("a.pub"), &b), DIAG_NONE);
    const char *minisig = bundle_minisig_text(&arena, &b, 0);
    Diags d = {0};
    ck_assert(bundle_attach(unsigned_bundle.ptr, unsigned_bundle.len, "x", str_of(minisig), "x.minisig", &d, &again));
    ck_assert(again.len == signed_one.len && memcmp(again.ptr, signed_one.ptr, again.len) == 0);
    wr_free(&again);
    ck_assert(!bundle_attach(signed_one.ptr, signed_one.len, "x", str_of(minisig), "x.minisig", &d, &again));
    ck_code(d.items[0].code, BUNDLE_SIGNED_TWICE);

    for (size_t n = 0; n < strlen(minisig) - 1; n++) { /* every shorter text */
        diag_free(&d);
        bool ok = bundle_attach(unsigned_bundle.ptr, unsigned_bundle.len, "x", (Str){minisig, n}, "x.minisig", &d, &again);
        ck_assert_msg(!ok && again.len == 0, "%zu", n);
    }
    diag_free(&d);
    ck_assert(!bundle_attach(unsigned_bundle.ptr, unsigned_bundle.len, "x", str_of(arena_printf(&arena, "%smore", minisig)), "x.minisig", &d, &again));
    ck_code(d.items[0].code, BUNDLE_BAD_KEY);
    ck_assert_str_eq(bundle_minisig_text(&arena, &b, 1), "");
    diag_free(&d);
    bundle_close(&b);
    wr_free(&signed_one);
}
END_TEST

/* The old form, without hashing first. */
START_TEST(attach_legacy)
{
    uint8_t first[74] = "Ed", second[64] = {0};
    char a[128], b[128];
    sodium_bin2base64(a, sizeof a, first, sizeof first, sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(b, sizeof b, second, sizeof second, sodium_base64_VARIANT_ORIGINAL);
    const char *minisig = arena_printf(&arena, "untrusted comment: x\n%s\ntrusted comment: y\n%s\n", a, b);
    Diags d = {0};
    Writer w;
    ck_assert(!bundle_attach(unsigned_bundle.ptr, unsigned_bundle.len, "x", str_of(minisig), "x.minisig", &d, &w));
    ck_code(d.items[0].code, BUNDLE_BAD_ALGORITHM);
    diag_free(&d);
}
END_TEST

/* ---- time and comments ---- */

START_TEST(clock_and_comment)
{
    static const struct {
        const char *value;
        int64_t seconds;
    } rows[] = {{"1700000000", 1700000000}, {"1", 1}, {"0", 0}, {"-5", 0}, {"", 0}, {"12x", 0}, {"99999999999999999999", 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Diags d = {0};
        int64_t now;
        setenv("SOURCE_DATE_EPOCH", rows[i].value, 1);
        bool ok = bundle_clock(&d, &now);
        ck_assert_msg(ok == (rows[i].seconds > 0) && (!ok || now == rows[i].seconds), "row %zu", i);
        diag_free(&d);
    }
    ck_assert_str_eq(bundle_default_comment(&arena, "/some/where/x.pbundle", 7), "timestamp:7\tfile:x.pbundle\thashed");
    ck_assert_str_eq(bundle_default_comment(&arena, "a\nb", 7), "timestamp:7\tfile:a\\x0ab\thashed");
}
END_TEST

/* ---- memory ---- */

/* Opening a bundle with the Nth allocation failing, for every N: an error each time, and nothing is left behind (the
 * sanitizer's leak check sees to that). */
START_TEST(memory_runs_out)
{
    make_key("a", NULL);
    Writer w;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, "c", &w), DIAG_NONE);
    bool opened = false;
    for (long n = 0; !opened && n < 1000; n++) {
        Arena a = {0};
        Diags d = {0};
        Bundle b;
        BundleTrust t = {.arena = &a};
        fail_at = n;
        bool trusted = bundle_trust_file(&t, in_folder("a.pub"), &d);
        BundleOpenOptions o = {.trust = &t, .require = 1};
        opened = trusted && bundle_open_bytes(w.ptr, w.len, "x.pbundle", &o, &d, &b);
        fail_at = -1;
        ck_assert(opened || d.errors > 0);
        if (opened) bundle_close(&b);
        diag_free(&d);
        arena_free(&a);
    }
    ck_assert(opened);
    wr_free(&w);
}
END_TEST

START_TEST(memory_runs_out_while_attaching)
{
    make_key("a", NULL);
    Writer w, out;
    ck_code(sign_code(&unsigned_bundle, in_folder("a.key"), NULL, "c", &w), DIAG_NONE);
    Bundle b;
    ck_code(open_code(&w, in_folder("a.pub"), &b), DIAG_NONE);
    const char *minisig = bundle_minisig_text(&arena, &b, 0);
    bool ok = false;
    for (long n = 0; !ok && n < 1000; n++) {
        Diags d = {0};
        fail_at = n;
        ok = bundle_attach(unsigned_bundle.ptr, unsigned_bundle.len, "x", str_of(minisig), "x.minisig", &d, &out);
        fail_at = -1;
        ck_assert(ok || (d.errors > 0 && out.len == 0));
        diag_free(&d);
    }
    ck_assert(ok);
    wr_free(&out);
    wr_free(&w);
    bundle_close(&b);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("bundle-sign");
    TCase *c = tcase_create("sign");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    suite_add_tcase(s, c);
    tcase_add_test(c, sign_and_open);
    tcase_add_test(c, seventeenth_signature);
    tcase_add_test(c, comments);
    tcase_add_test(c, not_a_bundle);
    tcase_add_test(c, encrypted_key);
    tcase_add_test(c, passwords);
    tcase_add_test(c, keys_are_not_replaced);
    tcase_add_test(c, damaged_keys);
    tcase_add_test(c, key_without_checksum);
    tcase_add_test(c, attach);
    tcase_add_test(c, attach_legacy);
    tcase_add_test(c, clock_and_comment);
    tcase_add_test(c, memory_runs_out);
    tcase_add_test(c, memory_runs_out_while_attaching);
    return s;
}

int main(void) { return run_tap(suite()); }
