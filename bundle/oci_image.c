/* oci_image.c: a container image: parigot-run, a folder of keys, a bundle. Three layers, so that a new bundle
 * is one new layer. The runtime has to be linked statically: then it is the one file that an image needs, and
 * nothing has to be guessed about which shared libraries it would find there.
 *
 * Layers are plain ustar, names in order, owner root, time 0: the same files make the same bytes. They are
 * not compressed, since a digest would then depend on a compressor's version; tools that push compress them.
 * Sources: image-spec 1.1 config.md, layer.md; ELF: System V gABI "Object Files", "Program Loading" */
#include "bundle/oci.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAX_LAYERS = 3,
    MAX_TRUST_FILES = 1000,
    MAX_TRUST_FILE = 1 << 20,
    MAX_RUNTIME = 256 << 20,
    USER = 65532, /* who it runs as: nobody on any host, as in other images without a user database */
};

#define RUN_PATH    "usr/bin/parigot-run"
#define TRUST_PATH  "etc/parigot/trust"
#define STATE_PATH  "var/lib/parigot"
#define BUNDLE_PATH "srv/world.pbundle"

typedef struct Image {
    Arena *arena;
    OciLayout *layout;
    Diags *diags;
    OciDescriptor layers[MAX_LAYERS]; /* not compressed: their digests are the diff_ids */
    const char *made_by[MAX_LAYERS];
    uint32_t n_layers;
    const char *architecture;
} Image;

static bool image_fail(Image *im, DiagCode code, const char *file, const char *why)
{
    diag_add(im->diags, code, DIAG_AT(.file = file), "%s", why);
    return false;
}

/* ---- the runtime ---- */

/* Go's names, as config.md wants them. */
static const struct {
    uint16_t machine;
    uint8_t class, data;
    const char *name;
} architectures[] = {
    {EM_X86_64, ELFCLASS64, ELFDATA2LSB, "amd64"},
    {EM_AARCH64, ELFCLASS64, ELFDATA2LSB, "arm64"},
    {EM_RISCV, ELFCLASS64, ELFDATA2LSB, "riscv64"},
};

/* The operator's own program; its numbers are compared with the file all the same. */
static bool check_runtime(Image *im, const char *path, const FileBytes *f)
{
    Elf64_Ehdr header;
    if (f->size < sizeof header || memcmp(f->ptr, ELFMAG, SELFMAG) != 0)
        return image_fail(im, OCI_RUNTIME, path, "not an ELF program");
    memcpy(&header, f->ptr, sizeof header);
    for (size_t i = 0; i < ARRAY_LEN(architectures); i++)
        if (header.e_machine == architectures[i].machine &&
            header.e_ident[EI_CLASS] == architectures[i].class &&
            header.e_ident[EI_DATA] == architectures[i].data)
            im->architecture = architectures[i].name;
    if (!im->architecture)
        return image_fail(im, OCI_RUNTIME, path,
                          "a program for another kind of machine than images are made for");
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return image_fail(im, OCI_RUNTIME, path, "not an executable");
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        if (header.e_phentsize != sizeof segment || header.e_phoff > f->size ||
            (f->size - header.e_phoff) / sizeof segment <= i)
            return image_fail(im, OCI_RUNTIME, path, "its program headers are not in the file");
        memcpy(&segment, f->ptr + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_INTERP)
            return image_fail(im, OCI_RUNTIME, path,
                              "linked dynamically: the image would lack its libraries; parigot-run-static is "
                              "linked statically");
    }
    return header.e_phnum > 0 || image_fail(im, OCI_RUNTIME, path, "not an executable");
}

/* ---- tar ---- */

typedef struct Tar {
    struct archive *archive;
    struct archive_entry *entry;
    Writer bytes;
} Tar;

static la_ssize_t take_bytes(struct archive *a, void *ctx, const void *bytes, size_t n)
{
    Writer *w = ctx;
    wr_bytes(w, bytes, n);
    if (!w->failed) return (la_ssize_t)n;
    archive_set_error(a, ENOMEM, "out of memory");
    return -1;
}

static bool tar_open(Tar *t)
{
    *t = (Tar){.archive = archive_write_new(), .entry = archive_entry_new()};
    return t->archive && t->entry && archive_write_set_format_ustar(t->archive) == ARCHIVE_OK &&
           archive_write_set_bytes_per_block(t->archive, 0) == ARCHIVE_OK &&
           archive_write_open(t->archive, &t->bytes, NULL, take_bytes, NULL) == ARCHIVE_OK;
}

static bool tar_add(Tar *t, const char *name, mode_t type, mode_t mode, int owner, const void *bytes,
                    size_t size)
{
    archive_entry_clear(t->entry);
    archive_entry_set_pathname(t->entry, name);
    archive_entry_set_filetype(t->entry, type);
    archive_entry_set_perm(t->entry, mode);
    archive_entry_set_uid(t->entry, owner);
    archive_entry_set_gid(t->entry, owner);
    archive_entry_set_mtime(t->entry, 0, 0);
    archive_entry_set_size(t->entry, (la_int64_t)size);
    return archive_write_header(t->archive, t->entry) == ARCHIVE_OK &&
           (size == 0 || archive_write_data(t->archive, bytes, size) == (la_ssize_t)size);
}

static bool tar_folder(Tar *t, const char *name) { return tar_add(t, name, AE_IFDIR, 0755, 0, NULL, 0); }

/* Ends the layer: adds it as a blob, frees the Tar. ok: whether all of it could be added. */
static bool add_layer(Image *im, Tar *t, bool ok, const char *made_by)
{
    ok = ok && archive_write_close(t->archive) == ARCHIVE_OK && !t->bytes.failed;
    if (!ok) {
        const char *why = t->archive ? archive_error_string(t->archive) : NULL;
        image_fail(im, OUT_OF_MEMORY, im->layout->folder, why ? why : "out of memory");
    }
    im->made_by[im->n_layers] = made_by;
    ok =
        ok && oci_add_blob(im->layout, t->bytes.ptr, t->bytes.len, OCI_TYPE_TAR, &im->layers[im->n_layers++]);
    archive_entry_free(t->entry);
    archive_write_free(t->archive);
    wr_free(&t->bytes);
    return ok;
}

/* Folders that something may be mounted on are there also when it is not. */
static bool add_runtime(Image *im, const char *path)
{
    FileBytes f;
    Tar t;
    if (!file_read(path, MAX_RUNTIME, im->diags, &f)) return false;
    bool ok = check_runtime(im, path, &f);
    if (ok) {
        ok = tar_open(&t) && tar_folder(&t, "etc") && tar_folder(&t, "etc/parigot") &&
             tar_folder(&t, TRUST_PATH) && tar_folder(&t, "usr") && tar_folder(&t, "usr/bin") &&
             tar_add(&t, RUN_PATH, AE_IFREG, 0755, 0, f.ptr, f.size) && tar_folder(&t, "var") &&
             tar_folder(&t, "var/lib") && tar_add(&t, STATE_PATH, AE_IFDIR, 0700, USER, NULL, 0);
        ok = add_layer(im, &t, ok, "parigot-run");
    }
    file_close(&f);
    return ok;
}

/* ---- the trust folder ---- */

typedef struct Names {
    const char **items;
    size_t n, cap;
} Names;

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool name_fits(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-+@");
    return !name[n] && n <= 64;
}

/* Files that do not begin with a dot, by name. What parigot-run makes of them is its business: all of them
 * are copied. */
static bool list_files(Image *im, const char *folder, Names *out)
{
    DIR *dir = opendir(folder);
    const struct dirent *e;
    if (!dir)
        return diag_add(im->diags, IO_READ, DIAG_AT(.file = folder), "cannot open the folder: %s",
                        strerror(errno)),
               false;
    bool ok = true;
    while (ok && (e = readdir(dir))) {
        const char *path = arena_printf(im->arena, "%s/%s", folder, e->d_name);
        struct stat st;
        if (!path || e->d_name[0] == '.' || stat(path, &st) < 0 || !S_ISREG(st.st_mode)) continue;
        const char *name = arena_strndup(im->arena, e->d_name, strlen(e->d_name));
        const char **items = arena_grow(im->arena, out->items, out->n, &out->cap, sizeof *items);
        if (!name || !items) ok = image_fail(im, OUT_OF_MEMORY, folder, "out of memory");
        else if (!name_fits(name))
            ok =
                image_fail(im, USAGE, path, "a file in an image is named with letters, digits and . _ - + @");
        else if (out->n == MAX_TRUST_FILES)
            ok = image_fail(im, USAGE, folder, "too many files for a folder of keys");
        else (out->items = items)[out->n++] = name;
    }
    closedir(dir);
    if (ok && out->n) qsort(out->items, out->n, sizeof *out->items, compare_names);
    return ok;
}

static bool add_trust_file(Image *im, Tar *t, const char *folder, const char *name)
{
    FileBytes f;
    const char *from = arena_printf(im->arena, "%s/%s", folder, name),
               *to = arena_printf(im->arena, TRUST_PATH "/%s", name);
    if (!from || !to) return image_fail(im, OUT_OF_MEMORY, folder, "out of memory");
    if (!file_read(from, MAX_TRUST_FILE, im->diags, &f)) return false;
    bool ok = tar_add(t, to, AE_IFREG, 0644, 0, f.ptr, f.size) ||
              image_fail(im, OUT_OF_MEMORY, folder, "out of memory");
    file_close(&f);
    return ok;
}

static bool add_trust(Image *im, const char *folder)
{
    Names names = {0};
    Tar t;
    if (!folder) return true;
    if (!list_files(im, folder, &names)) return false;
    bool made =
        tar_open(&t) && tar_folder(&t, "etc") && tar_folder(&t, "etc/parigot") && tar_folder(&t, TRUST_PATH);
    size_t before = im->diags->n;
    for (size_t i = 0; made && i < names.n; i++) made = add_trust_file(im, &t, folder, names.items[i]);
    if (im->diags->n == before) return add_layer(im, &t, made, "trusted keys");
    archive_entry_free(t.entry);
    archive_write_free(t.archive);
    wr_free(&t.bytes);
    return false;
}

static bool add_bundle(Image *im, const Bundle *b)
{
    Writer w = {0};
    Tar t;
    oci_write_bundle(b, &w);
    bool ok = !w.failed && tar_open(&t);
    if (!ok) {
        wr_free(&w);
        return image_fail(im, OUT_OF_MEMORY, b->file, "out of memory");
    }
    ok = tar_folder(&t, "srv") && tar_add(&t, BUNDLE_PATH, AE_IFREG, 0644, 0, w.ptr, w.len);
    wr_free(&w);
    return add_layer(im, &t, ok, "the bundle");
}

/* ---- config and manifest ---- */

/* Entrypoint is the program alone: arguments of `podman run` or of a pod take the place of Cmd. */
static void text_process(TextBuf *t, const OciImage *o)
{
    text_printf(
        t, ",\"config\":{\"User\":\"%d:%d\",\"Env\":[\"PATH=/usr/bin\",\"XDG_STATE_HOME=/" STATE_PATH "\"]",
        USER, USER);
    text_printf(t, ",\"Entrypoint\":[\"/" RUN_PATH "\"],\"Cmd\":[\"--trust=/" TRUST_PATH "\"");
    if (o->require) text_printf(t, ",\"--require=%u\"", o->require);
    text_printf(t, ",\"/" BUNDLE_PATH "\"],\"Volumes\":{\"/" STATE_PATH
                   "\":{}},\"WorkingDir\":\"/\",\"StopSignal\":\"SIGTERM\"}");
}

static bool add_image_config(Image *im, const OciImage *o, OciDescriptor *out)
{
    TextBuf t = {0};
    char created[32];
    if (!oci_created(created, im->diags)) return false;
    text_add(&t, STR("{"));
    if (*created) text_printf(&t, "\"created\":\"%s\",", created);
    text_printf(&t, "\"architecture\":\"%s\",\"os\":\"linux\"", im->architecture);
    text_process(&t, o);
    text_add(&t, STR(",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["));
    for (uint32_t i = 0; i < im->n_layers; i++)
        text_printf(&t, "%s\"%s\"", i ? "," : "", im->layers[i].digest);
    text_add(&t, STR("]},\"history\":["));
    for (uint32_t i = 0; i < im->n_layers; i++) {
        text_printf(&t, "%s{", i ? "," : "");
        if (*created) text_printf(&t, "\"created\":\"%s\",", created);
        text_printf(&t, "\"created_by\":\"parigot-bundle export-oci: %s\"}", im->made_by[i]);
    }
    text_add(&t, STR("]}"));
    bool ok = t.failed ? image_fail(im, OUT_OF_MEMORY, im->layout->folder, "out of memory")
                       : oci_add_blob(im->layout, t.ptr, t.len, OCI_TYPE_IMAGE, out);
    text_free(&t);
    return ok;
}

static bool add_image_manifest(Image *im, const Bundle *b, const OciDescriptor *config, OciDescriptor *out)
{
    TextBuf t = {0};
    text_printf(&t, "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"config\":");
    oci_text_descriptor(&t, config);
    text_add(&t, STR("},\"layers\":["));
    for (uint32_t i = 0; i < im->n_layers; i++) {
        if (i) text_add(&t, STR(","));
        oci_text_descriptor(&t, &im->layers[i]);
        text_add(&t, STR("}"));
    }
    text_add(&t, STR("]"));
    bool ok = oci_text_annotations(&t, b->manifest, im->diags);
    text_add(&t, STR("}"));
    if (t.failed) ok = image_fail(im, OUT_OF_MEMORY, im->layout->folder, "out of memory");
    ok = ok && oci_add_blob(im->layout, t.ptr, t.len, OCI_TYPE_MANIFEST, out);
    text_free(&t);
    return ok;
}

bool oci_export_image(Arena *a, const Bundle *b, const OciImage *o, const OciPlace *place, Diags *d)
{
    OciLayout l;
    Image im = {.arena = a, .layout = &l, .diags = d};
    OciDescriptor config, manifest;
    if (!oci_begin(a, place->folder, d, &l)) return false;
    bool ok = add_runtime(&im, o->runtime) && add_trust(&im, o->trust_folder) && add_bundle(&im, b) &&
              add_image_config(&im, o, &config) && add_image_manifest(&im, b, &config, &manifest);
    const char *platform =
        ok ? arena_printf(a, ",\"platform\":{\"architecture\":\"%s\",\"os\":\"linux\"}", im.architecture)
           : NULL;
    if (platform) return oci_commit(&l, &manifest, platform, place->tag);
    if (ok) image_fail(&im, OUT_OF_MEMORY, place->folder, "out of memory");
    oci_abandon(&l);
    return false;
}
