/* oci_image.c: a container image: parigot-run, a folder of keys, a bundle. Three layers, so that a new bundle
 * is one new layer. The runtime has to be linked statically: then it is the one file that an image needs, and
 * nothing has to be guessed about which shared libraries it would find there.
 *
 * Layers are plain ustar, names in order, owner root, time 0: the same files make the same bytes. They are
 * not compressed, since a digest would then depend on a compressor's version; tools that push compress them.
 * Sources: image-spec 1.1 config.md, layer.md; ELF: System V gABI "Object Files", "Program Loading" */
#include "bundle/oci.h"

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

/* A header of ustar: text fields, numbers in octal digits with a NUL behind them. POSIX.1-2017 pax, "ustar
 * Interchange Format". Written here, not by libarchive: layers are named by their digest, so their bytes must
 * not depend on a library's version; and its shared library would bring libxml2 and ICU into the program that
 * signs. */
typedef struct TarHeader {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
} TarHeader;
_Static_assert(sizeof(TarHeader) == 512, "one block");

static void put_octal(char *field, size_t size, uint64_t value)
{
    field[size - 1] = 0;
    for (size_t i = size - 1; i-- > 0; value >>= 3) field[i] = (char)('0' + (value & 7));
}

typedef struct TarEntry {
    const char *name; /* shorter than a header's; a folder's ends in a slash */
    unsigned mode, owner;
    const void *bytes;
    size_t size; /* a bundle's at most: fits eleven digits */
} TarEntry;

static void tar_add(Writer *tar, TarEntry e)
{
    TarHeader h = {.magic = "ustar", .version = {'0', '0'}};
    size_t n = strlen(e.name);
    unsigned sum = 0;
    memcpy(h.name, e.name, n < sizeof h.name ? n : sizeof h.name);
    h.type = n && e.name[n - 1] == '/' ? '5' : '0';
    put_octal(h.mode, sizeof h.mode, e.mode);
    put_octal(h.uid, sizeof h.uid, e.owner);
    put_octal(h.gid, sizeof h.gid, e.owner);
    put_octal(h.size, sizeof h.size, e.size);
    put_octal(h.mtime, sizeof h.mtime, 0);
    put_octal(h.major, sizeof h.major, 0);
    put_octal(h.minor, sizeof h.minor, 0);
    memset(h.checksum, ' ', sizeof h.checksum); /* counts as blanks */
    for (size_t i = 0; i < sizeof h; i++) sum += ((const uint8_t *)&h)[i];
    put_octal(h.checksum, sizeof h.checksum - 1, sum); /* six digits, NUL, blank */
    wr_bytes(tar, &h, sizeof h);
    if (e.size) wr_bytes(tar, e.bytes, e.size);
    wr_zeros(tar, -e.size % sizeof h);
}

static void tar_folder(Writer *tar, const char *name)
{
    tar_add(tar, (TarEntry){.name = name, .mode = 0755});
}

/* Ends the layer and adds it as a blob; frees it. */
static bool add_layer(Image *im, Writer *tar, const char *made_by)
{
    wr_zeros(tar, 2 * sizeof(TarHeader));
    bool ok = !tar->failed || image_fail(im, OUT_OF_MEMORY, im->layout->folder, "out of memory");
    im->made_by[im->n_layers] = made_by;
    ok = ok && oci_add_blob(im->layout, tar->ptr, tar->len, OCI_TYPE_TAR, &im->layers[im->n_layers++]);
    wr_free(tar);
    return ok;
}

/* Folders that something may be mounted on are there also when it is not. */
static bool add_runtime(Image *im, const char *path)
{
    FileBytes f;
    Writer tar = {0};
    if (!file_read(path, MAX_RUNTIME, im->diags, &f)) return false;
    bool ok = check_runtime(im, path, &f);
    if (ok) {
        tar_folder(&tar, "etc/");
        tar_folder(&tar, "etc/parigot/");
        tar_folder(&tar, TRUST_PATH "/");
        tar_folder(&tar, "usr/");
        tar_folder(&tar, "usr/bin/");
        tar_add(&tar, (TarEntry){RUN_PATH, 0755, 0, f.ptr, f.size});
        tar_folder(&tar, "var/");
        tar_folder(&tar, "var/lib/");
        tar_add(&tar, (TarEntry){STATE_PATH "/", 0700, USER, NULL, 0});
        ok = add_layer(im, &tar, "parigot-run");
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

static bool add_trust_file(Image *im, Writer *tar, const char *folder, const char *name)
{
    FileBytes f;
    const char *from = arena_printf(im->arena, "%s/%s", folder, name),
               *to = arena_printf(im->arena, TRUST_PATH "/%s", name);
    if (!from || !to) return image_fail(im, OUT_OF_MEMORY, folder, "out of memory");
    if (!file_read(from, MAX_TRUST_FILE, im->diags, &f)) return false;
    tar_add(tar, (TarEntry){to, 0644, 0, f.ptr, f.size});
    file_close(&f);
    return true;
}

static bool add_trust(Image *im, const char *folder)
{
    Names names = {0};
    Writer tar = {0};
    if (!folder) return true;
    if (!list_files(im, folder, &names)) return false;
    tar_folder(&tar, "etc/");
    tar_folder(&tar, "etc/parigot/");
    tar_folder(&tar, TRUST_PATH "/");
    bool ok = true;
    for (size_t i = 0; ok && i < names.n; i++) ok = add_trust_file(im, &tar, folder, names.items[i]);
    if (ok) return add_layer(im, &tar, "trusted keys");
    wr_free(&tar);
    return false;
}

static bool add_bundle(Image *im, const Bundle *b)
{
    Writer bytes = {0}, tar = {0};
    oci_write_bundle(b, &bytes);
    if (bytes.failed) {
        wr_free(&bytes);
        return image_fail(im, OUT_OF_MEMORY, b->file, "out of memory");
    }
    tar_folder(&tar, "srv/");
    tar_add(&tar, (TarEntry){BUNDLE_PATH, 0644, 0, bytes.ptr, bytes.len});
    wr_free(&bytes);
    return add_layer(im, &tar, "the bundle");
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
