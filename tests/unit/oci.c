/* Tests of OCI image layouts: names of places, blobs of every kind there and back, memory that runs out at every point.
 * Layouts made to mislead are in tests/bundle/oci-hostile.txt, other people's tools in tests/interop/oci.py. */
#include "tests/unit/failing_malloc.h"
#include "tests/unit/tap.h"

#include "bundle/container.h"
#include "bundle/oci.h"

#include <elf.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a bundle with a blob of each kind; nothing here looks into its manifest's bytes ---- */

static BundleBlobInfo infos[4] = {
    {.kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_MODULE, .size = 4096},
    {.kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NATIVE, .size = 1},
    {.kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DESCRIPTORS, .size = 4097},
    {.kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DEBUG, .size = 100},
};
static BundleBlobInfo *info_list[4] = {&infos[0], &infos[1], &infos[2], &infos[3]};
static uint8_t content[4][5000];
static BundleBlob blobs[4];
static char some_name[] = "some", some_version[] = "1 \"x\" \\ \xc3\xa9";
static BundleManifest manifest;

static Bundle some_bundle(void)
{
    parigot__bundle__v1__manifest__init(&manifest);
    manifest.name = some_name;
    manifest.version = some_version;
    manifest.generation = UINT64_MAX;
    manifest.n_blobs = ARRAY_LEN(blobs);
    manifest.blobs = info_list;
    for (size_t i = 0; i < ARRAY_LEN(blobs); i++) {
        memset(content[i], (int)('a' + i), infos[i].size);
        blobs[i] = (BundleBlob){content[i], infos[i].size};
    }
    return (Bundle){.file = "some.pbundle", .manifest = &manifest, .blobs = blobs, .n_blobs = ARRAY_LEN(blobs),
                    .manifest_bytes = STR("not looked at"), .signature_bytes = STR("nor this")};
}

/* ---- a folder of the test's own ---- */

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void remove_tree(const char *path) { (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

static void make_folder(void)
{
    /* in memory where that can be: everything is synced, again and again */
    snprintf(folder, sizeof folder, "%s/parigot-oci-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---- places ---- */

START_TEST(places)
{
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
    static const struct {
        const char *text, *folder, *tag, *digest; /* folder NULL: refused */
    } rows[] = {
        {"a", "a", "", ""},
        {"a/", "a/", "", ""},
        {"a:1.0", "a", "1.0", ""},
        {"./a:b/c:d", "./a:b/c", "d", ""},
        {"a:b/c", "a:b/c", "", ""},
        {"a@sha256:" ZEROS, "a", "", "sha256:" ZEROS},
        {"a@sha256:" ZEROS "0", NULL, "", ""},
        {"a@sha256:A" ZEROS, NULL, "", ""},
        {"a@sha512:" ZEROS, NULL, "", ""},
        {"a@", NULL, "", ""},
        {"a:", NULL, "", ""},
        {"a:.x", NULL, "", ""},
        {"a:x y", NULL, "", ""},
        {"a:x:y", NULL, "", ""},
        {"a:1@sha256:" ZEROS, NULL, "", ""},
        {":x", NULL, "", ""},
        {"", NULL, "", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Arena a = {0};
        Diags d = {0};
        OciPlace p;
        bool ok = oci_parse_place(&a, rows[i].text, &d, &p);
        ck_assert_msg(ok == (rows[i].folder != NULL) && ok == (d.errors == 0), "\"%s\"", rows[i].text);
        if (ok) ck_assert_str_eq(p.folder, rows[i].folder);
        if (ok) ck_assert_msg(str_eq(p.tag, str_of(rows[i].tag)) && str_eq(p.digest, str_of(rows[i].digest)), "\"%s\"", rows[i].text);
        diag_free(&d);
        arena_free(&a);
    }
}
END_TEST

START_TEST(tags_and_digests)
{
    char tag[OCI_MAX_TAG + 2];
    memset(tag, 'x', sizeof tag);
    ck_assert(oci_tag_ok((Str){tag, OCI_MAX_TAG}) && !oci_tag_ok((Str){tag, OCI_MAX_TAG + 1}));
    ck_assert(oci_tag_ok(STR("_")) && oci_tag_ok(STR("A.-_9")) && !oci_tag_ok(STR("")) && !oci_tag_ok(STR("-")) && !oci_tag_ok(STR("a\0b")));
    for (int c = 0; c < 256; c++) {
        char digest[] = "sha256:" ZEROS;
        digest[70] = (char)c;
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        ck_assert_msg(oci_digest_ok((Str){digest, 71}) == is_hex, "%d", c);
    }
}
END_TEST

/* ---- there and back ---- */

static bool there(const char *to, const char *tag, Diags *d)
{
    Arena a = {0};
    Bundle b = some_bundle();
    OciPlace place = {.folder = to, .tag = str_of(tag)};
    bool ok = oci_export(&a, &b, &place, d);
    arena_free(&a);
    return ok;
}

static bool back(const char *from, const char *tag, Diags *d, bool *same)
{
    Arena a = {0};
    Bundle b = some_bundle();
    OciPlace place = {.folder = from, .tag = str_of(tag)};
    OciStore store;
    OciImported imported;
    Writer expected = {0};
    if (!oci_open_folder(from, d, &store)) return false;
    bool ok = oci_import(&a, &store, &place, d, &imported) && oci_check_bundle(&imported, &b, d);
    oci_close_folder(&store);
    if (ok) {
        fail_at = fail_at < 0 ? -1 : fail_at + 1000; /* the test's own memory does not run out */
        oci_write_bundle(&b, &expected);
        *same = expected.len == imported.bundle.len && memcmp(expected.ptr, imported.bundle.ptr, expected.len) == 0;
    }
    wr_free(&expected);
    oci_imported_free(&imported);
    arena_free(&a);
    return ok;
}

START_TEST(every_kind)
{
    Diags d = {0};
    bool same = false;
    make_folder();
    ck_assert(there(in_folder("lay"), "1", &d) && back(in_folder("lay"), "1", &d, &same) && same && d.n == 0);
    remove_tree(folder);
}
END_TEST

/* What is put together and what the manifest says are compared, one by one. */
START_TEST(differences)
{
    Arena a = {0};
    Diags d = {0};
    OciStore store;
    OciImported in;
    OciPlace place = {.folder = "x"};
    make_folder();
    ck_assert(there(in_folder("lay"), "1", &d) && oci_open_folder(in_folder("lay"), &d, &store));
    ck_assert(oci_import(&a, &store, &place, &d, &in));
    Bundle b = some_bundle();
    ck_assert(oci_check_bundle(&in, &b, &d));
    blobs[2].size--;
    ck_assert(!oci_check_bundle(&in, &b, &d) && d.items[0].code == OCI_LAYERS);
    b = some_bundle();
    infos[1].kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DEBUG;
    ck_assert(!oci_check_bundle(&in, &b, &d) && d.items[1].code == OCI_LAYERS);
    infos[1].kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NATIVE;
    b.n_blobs--;
    ck_assert(!oci_check_bundle(&in, &b, &d) && d.items[2].code == OCI_LAYERS);
    b = some_bundle();
    manifest.generation--;
    ck_assert(!oci_check_bundle(&in, &b, &d) && d.items[3].code == OCI_DIFFERS);
    oci_close_folder(&store);
    oci_imported_free(&in);
    diag_free(&d);
    arena_free(&a);
    remove_tree(folder);
}
END_TEST

/* ---- memory runs out ---- */

/* The nth allocation fails: an error, and no layout; or a result that is whole all the same. */
START_TEST(memory_runs_out)
{
    bool done = false, same = false;
    make_folder();
    ck_assert_int_ge(sodium_init(), 0);
    for (long n = 0; !done && n < 10000; n++) {
        Diags d = {0}, after = {0};
        fail_at = n;
        bool ok = there(in_folder("new"), "1", &d) && there(in_folder("new"), "2", &d);
        bool reached = fail_at < 0;
        fail_at = -1;
        ck_assert_msg(ok == (d.errors == 0), "allocation %ld: %zu errors", n, d.errors);
        if (access(in_folder("new"), F_OK) == 0) ck_assert_msg(back(in_folder("new"), "1", &after, &same) && same, "allocation %ld: %s", n, after.n ? after.items[0].text : "not the same");
        done = ok && !reached;
        if (!done) remove_tree(in_folder("new"));
        diag_free(&d);
        diag_free(&after);
    }
    ck_assert(done);
    done = false;
    for (long n = 0; !done && n < 10000; n++) {
        Diags d = {0};
        fail_at = n;
        bool ok = back(in_folder("new"), "2", &d, &same);
        done = ok && fail_at >= 0;
        fail_at = -1;
        ck_assert_msg(ok ? same : d.errors > 0 || d.out_of_memory, "allocation %ld", n);
        diag_free(&d);
    }
    ck_assert(done);
    remove_tree(folder);
}
END_TEST

/* ---- images ---- */

static void write_runtime(const char *path, uint16_t machine, uint32_t segment_type)
{
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
    } file = {.header = {.e_type = ET_EXEC, .e_machine = machine, .e_phoff = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1},
              .segment = {.p_type = segment_type}};
    Diags d = {0};
    memcpy(file.header.e_ident, "\x7f" "ELF", 4);
    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    file.header.e_ident[EI_DATA] = ELFDATA2LSB;
    ck_assert(file_write(path, &file, sizeof file, 0755, false, &d));
}

static bool image(const char *to, const char *runtime, const char *trust, Diags *d)
{
    Arena a = {0};
    Bundle b = some_bundle();
    OciPlace place = {.folder = to, .tag = STR("1")};
    OciImage options = {.runtime = runtime, .trust_folder = trust};
    bool ok = oci_export_image(&a, &b, &options, &place, d);
    arena_free(&a);
    return ok;
}

static bool layout_says(const char *path, const char *what)
{
    FileBytes f;
    Diags d = {0};
    ck_assert(file_read(path, 0, &d, &f));
    bool found = memmem(f.ptr, f.size, what, strlen(what)) != NULL;
    file_close(&f);
    return found;
}

START_TEST(runtimes)
{
    static const struct {
        uint16_t machine;
        uint32_t segment;
        const char *platform; /* NULL: refused */
    } rows[] = {
        {EM_X86_64, PT_LOAD, "{\"architecture\":\"amd64\",\"os\":\"linux\"}"},
        {EM_AARCH64, PT_LOAD, "{\"architecture\":\"arm64\",\"os\":\"linux\"}"},
        {EM_RISCV, PT_LOAD, "{\"architecture\":\"riscv64\",\"os\":\"linux\"}"},
        {EM_X86_64, PT_INTERP, NULL},
        {EM_SPARCV9, PT_LOAD, NULL},
    };
    make_folder();
    char runtime[128], to[128];
    snprintf(runtime, sizeof runtime, "%s/run", folder);
    snprintf(to, sizeof to, "%s/lay", folder);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Diags d = {0};
        write_runtime(runtime, rows[i].machine, rows[i].segment);
        bool ok = image(to, runtime, NULL, &d);
        ck_assert_int_eq(ok, rows[i].platform != NULL);
        if (ok) ck_assert(layout_says(in_folder("lay/index.json"), rows[i].platform));
        else ck_assert_int_eq(d.items[0].code, OCI_RUNTIME);
        remove_tree(to);
        diag_free(&d);
    }
    remove_tree(folder);
}
END_TEST

START_TEST(memory_runs_out_in_images)
{
    char runtime[128], to[128];
    bool done = false;
    make_folder();
    ck_assert_int_ge(sodium_init(), 0);
    snprintf(runtime, sizeof runtime, "%s/run", folder);
    snprintf(to, sizeof to, "%s/lay", folder);
    write_runtime(runtime, EM_X86_64, PT_LOAD);
    for (long n = 0; !done && n < 10000; n++) {
        Diags d = {0};
        fail_at = n;
        bool ok = image(to, runtime, folder, &d); /* the runtime is a file of the folder, too */
        done = ok && fail_at >= 0;
        fail_at = -1;
        ck_assert_msg(ok ? d.errors == 0 : d.errors > 0 || d.out_of_memory, "allocation %ld", n);
        ck_assert_msg(ok == (access(to, F_OK) == 0), "allocation %ld", n);
        remove_tree(to);
        diag_free(&d);
    }
    ck_assert(done);
    remove_tree(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("oci");
    TCase *c = tcase_create("layouts");
    tcase_set_timeout(c, 120);
    suite_add_tcase(s, c);
    tcase_add_test(c, places);
    tcase_add_test(c, tags_and_digests);
    tcase_add_test(c, every_kind);
    tcase_add_test(c, differences);
    tcase_add_test(c, memory_runs_out);
    tcase_add_test(c, runtimes);
    tcase_add_test(c, memory_runs_out_in_images);
    return s;
}

int main(void) { return run_tap(suite()); }
