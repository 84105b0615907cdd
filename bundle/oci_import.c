/* oci_import.c: a bundle out of an image layout that anybody may have made.
 *
 *   index.json -> (nested indexes) -> manifest -> config, layers -> the bundle's bytes
 *
 * Each step is bounded, and each file is read once into memory that only this process sees, compared with the
 * size and the digest by which the step before named it, and used. Nothing that these documents say is
 * believed about the bundle: they only lead to its bytes, which are then opened as those of any bundle.
 * docs/oci.md §3 Source: image-spec 1.1 image-layout.md, image-index.md, manifest.md, descriptor.md */
#include "bundle/container.h"
#include "bundle/oci_json.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

typedef struct Import {
    Arena *arena;
    OciStore *store;
    Diags *diags;
} Import;

static bool import_fail(Import *im, DiagCode code, const char *what, const char *why)
{
    diag_add(im->diags, code, DIAG_AT(.file = im->store->file), "%s: %s", what, why);
    return false;
}

/* The bytes that a descriptor names, added to `append`. */
static bool fetch(Import *im, const OciDescriptor *d, uint64_t max, Writer *append)
{
    char name[sizeof "blobs/sha256/" + 64];
    OciDescriptor found;
    size_t start = append->len;
    if (d->size > max)
        return import_fail(im, OCI_TOO_BIG, d->digest, "its descriptor gives it more bytes than can be");
    snprintf(name, sizeof name, "blobs/sha256/%s", d->digest + 7);
    if (!im->store->read(im->store, name, d->size, d->size, im->diags, append)) return false;
    oci_describe(append->ptr ? append->ptr + start : NULL, append->len - start, d->media_type, &found);
    if (sodium_memcmp(found.digest, d->digest, sizeof found.digest) == 0) return true;
    return import_fail(im, OCI_BAD_DIGEST, d->digest, "the bytes under this digest have another one");
}

static bool fetch_json(Import *im, const OciDescriptor *d, json_t **out)
{
    Writer bytes = {0};
    bool ok = fetch(im, d, OCI_MAX_DOCUMENT, &bytes) &&
              oci_json_read(&bytes, im->store->file, d->digest, im->diags, out) &&
              oci_json_is(*out, d->media_type, im->store->file, d->digest, im->diags);
    wr_free(&bytes);
    return ok; /* the JSON may be there all the same: the caller's */
}

/* ---- which manifest? ---- */

typedef struct Choice {
    OciDescriptor found;
    size_t n;    /* different digests that fit */
    size_t seen; /* entries in all */
} Choice;

static void note_entry(Import *im, Diag *d, const json_t *entry)
{
    const char *tag = oci_json_tag(entry), *digest = oci_json_text(entry, "digest");
    diag_note(im->diags, d, "%s%s%s", tag ? diag_escape(im->arena, str_of(tag)) : "", tag ? " is " : "",
              digest ? diag_escape(im->arena, str_of(digest)) : "?");
}

static bool refuse_choice(Import *im, const OciPlace *place, const json_t *manifests, const Choice *c)
{
    enum { SHOWN = 10 };
    const char *why = c->n ? "several manifests would fit" : "no manifest fits";
    const char *how = place->tag.len      ? " this tag"
                      : place->digest.len ? " this digest"
                                          : ": :TAG or @DIGEST says which";
    Diag *d =
        diag_add(im->diags, OCI_REFERENCE, DIAG_AT(.file = im->store->file), "%s%s", why, c->seen ? how : "");
    for (size_t i = 0; d && i < json_array_size(manifests) && i < SHOWN; i++)
        note_entry(im, d, json_array_get(manifests, i));
    return false;
}

static bool choose(Import *im, const OciPlace *place, const json_t *index, const char *what, Choice *c)
{
    const json_t *manifests = json_object_get(index, "manifests");
    if (!json_is_array(manifests)) return import_fail(im, OCI_JSON, what, "manifests is not a list");
    *c = (Choice){.seen = json_array_size(manifests)};
    for (size_t i = 0; i < c->seen; i++) {
        const json_t *entry = json_array_get(manifests, i);
        const char *tag = oci_json_tag(entry);
        OciDescriptor one;
        if (!oci_json_descriptor(entry, im->store->file, what, im->diags, &one)) return false;
        if (place->tag.len && (!tag || !str_eq(str_of(tag), place->tag))) continue;
        if (place->digest.len && !str_eq(str_of(one.digest), place->digest)) continue;
        if (c->n && strcmp(c->found.digest, one.digest) == 0) continue;
        if (c->n++ == 0) c->found = one;
    }
    return true;
}

/* Indexes that are still to be looked into. */
typedef struct Pending {
    OciDescriptor items[OCI_MAX_INDEXES];
    size_t n, next;
} Pending;

static bool add_pending(Import *im, Pending *p, const OciDescriptor *index)
{
    if (p->n == OCI_MAX_INDEXES)
        return import_fail(im, OCI_TOO_BIG, index->digest, "one index too many within index.json");
    p->items[p->n] = *index;
    p->items[p->n++].media_type = OCI_TYPE_INDEX; /* the one that it was borrowed from goes away */
    return true;
}

/* A digest may also be that of something in an index within this one. */
static bool add_nested(Import *im, Pending *p, const json_t *index)
{
    const json_t *manifests = json_object_get(index, "manifests");
    for (size_t i = 0; i < json_array_size(manifests); i++) {
        OciDescriptor one;
        if (!oci_json_descriptor(json_array_get(manifests, i), im->store->file, "index", im->diags, &one))
            return false;
        if (strcmp(one.media_type, OCI_TYPE_INDEX) == 0 && !add_pending(im, p, &one)) return false;
    }
    return true;
}

/* One index: *done with the manifest's descriptor, or more of them are pending. A tag or digest that leads to
 * an index has done its part; what is in there has to be one manifest. */
static bool look_into(Import *im, OciPlace *place, const json_t *index, Pending *p, OciDescriptor *out,
                      bool *done)
{
    Choice c;
    if (!choose(im, place, index, "index", &c)) return false;
    if (c.n == 0 && place->digest.len) return add_nested(im, p, index);
    if (c.n != 1) return refuse_choice(im, place, json_object_get(index, "manifests"), &c);
    *place = (OciPlace){.folder = place->folder};
    if (strcmp(c.found.media_type, OCI_TYPE_INDEX) == 0) {
        p->next = p->n;
        return add_pending(im, p, &c.found);
    }
    *out = c.found;
    out->media_type = OCI_TYPE_MANIFEST;
    *done = strcmp(c.found.media_type, OCI_TYPE_MANIFEST) == 0;
    return *done ||
           import_fail(im, OCI_NOT_BUNDLE, out->digest, "its media type is not that of an OCI manifest");
}

static bool read_index(Import *im, json_t **out)
{
    Writer bytes = {0};
    bool ok = im->store->read(im->store, "index.json", 0, OCI_MAX_DOCUMENT, im->diags, &bytes) &&
              oci_json_read(&bytes, im->store->file, "index.json", im->diags, out) &&
              oci_json_is(*out, OCI_TYPE_INDEX, im->store->file, "index.json", im->diags);
    wr_free(&bytes);
    return ok;
}

static bool find_manifest(Import *im, const OciPlace *asked, OciDescriptor *out)
{
    OciPlace place = *asked;
    Pending pending = {0};
    json_t *index = NULL;
    bool done = false;
    bool ok = read_index(im, &index) && look_into(im, &place, index, &pending, out, &done);
    while (ok && !done) {
        Choice nothing = {.seen = 1};
        if (pending.next == pending.n) {
            ok = refuse_choice(im, &place, json_object_get(index, "manifests"), &nothing);
            break;
        }
        json_decref(index);
        index = NULL;
        ok = fetch_json(im, &pending.items[pending.next++], &index) &&
             look_into(im, &place, index, &pending, out, &done);
    }
    json_decref(index);
    return ok;
}

static bool check_layout(Import *im)
{
    Writer bytes = {0};
    json_t *json = NULL;
    bool ok = im->store->read(im->store, "oci-layout", 0, OCI_MAX_DOCUMENT, im->diags, &bytes) &&
              oci_json_read(&bytes, im->store->file, "oci-layout", im->diags, &json);
    const char *version = oci_json_text(json, "imageLayoutVersion");
    if (ok && (!version || strcmp(version, "1.0.0") != 0)) {
        diag_add(im->diags, OCI_NOT_LAYOUT, DIAG_AT(.file = im->store->file),
                 "imageLayoutVersion is not 1.0.0");
        ok = false;
    }
    json_decref(json);
    wr_free(&bytes);
    return ok;
}

/* ---- the bundle's bytes ---- */

static bool is_ours(Import *im, const json_t *manifest, const OciDescriptor *config, const char *what)
{
    const char *type = oci_json_text(manifest, "artifactType");
    if (strcmp(config->media_type, OCI_TYPE_CONFIG) == 0 && (!type || strcmp(type, OCI_TYPE_BUNDLE) == 0))
        return true;
    if (strcmp(config->media_type, OCI_TYPE_IMAGE) == 0)
        return import_fail(im, OCI_NOT_BUNDLE, what,
                           "this is a container image; a bundle is exported without --image");
    return import_fail(im, OCI_NOT_BUNDLE, what,
                       "this is no parigot bundle: artifactType or the config's media type is another");
}

/* Sizes are added up before anything is read for them: a bundle is smaller than 4 GiB. */
static bool plan_layers(Import *im, const json_t *layers, const char *what, OciDescriptor *head,
                        OciImported *out)
{
    size_t n = json_array_size(layers);
    if (n < 2 || n > 1 + BUNDLE_MAX_BLOBS)
        return import_fail(im, OCI_LAYERS, what, "layers are not a list of the bundle's head and its blobs");
    out->types = arena_array(im->arena, n, sizeof *out->types);
    out->sizes = arena_array(im->arena, n, sizeof *out->sizes);
    if (!out->types || !out->sizes) return import_fail(im, OUT_OF_MEMORY, what, "out of memory");
    uint64_t end = 0;
    for (size_t i = 0; i < n; i++) {
        OciDescriptor one;
        if (!oci_json_descriptor(json_array_get(layers, i), im->store->file, what, im->diags, &one))
            return false;
        if (one.size == 0 || one.size > UINT32_MAX - bundle_align(end))
            return import_fail(im, OCI_LAYERS, what,
                               "a layer is empty, or the bundle would have 4 GiB or more");
        end = bundle_align(end) + one.size;
        if (i == 0) {
            *head = one;
            continue;
        }
        out->types[i - 1] = arena_strndup(im->arena, one.media_type, strlen(one.media_type));
        out->sizes[i - 1] = one.size;
        if (!out->types[i - 1]) return import_fail(im, OUT_OF_MEMORY, what, "out of memory");
    }
    out->n_blobs = (uint32_t)(n - 1);
    if (strcmp(head->media_type, OCI_TYPE_HEAD) == 0) return true;
    return import_fail(im, OCI_LAYERS, what, "the first layer is not the head of a bundle");
}

/* The head tells its own size: a first look, so that gigabytes behind nonsense are not read. */
static bool fetch_head(Import *im, const OciDescriptor *head, Writer *bundle)
{
    BundleHeader h;
    if (!fetch(im, head,
               BUNDLE_HEADER_BYTES + BUNDLE_MAX_MANIFEST + BUNDLE_MAX_SIGNATURES * (2 + BUNDLE_MAX_RECORD),
               bundle))
        return false;
    if (head->size < BUNDLE_HEADER_BYTES)
        return import_fail(im, OCI_LAYERS, head->digest, "is shorter than a bundle's header");
    if (!bundle_read_header(bundle->ptr, im->store->file, im->diags, &h)) return false;
    if (head->size == BUNDLE_HEADER_BYTES + (uint64_t)h.manifest_size + h.signatures_size) return true;
    return import_fail(im, OCI_LAYERS, head->digest, "does not end where the bundle's header says");
}

static bool fetch_blobs(Import *im, const json_t *layers, const char *what, Writer *bundle)
{
    for (size_t i = 1; i < json_array_size(layers); i++) {
        OciDescriptor one;
        if (!oci_json_descriptor(json_array_get(layers, i), im->store->file, what, im->diags, &one))
            return false;
        wr_zeros(bundle, bundle_align(bundle->len) - bundle->len);
        if (bundle->failed) return import_fail(im, OUT_OF_MEMORY, what, "out of memory");
        if (!fetch(im, &one, UINT32_MAX, bundle)) return false;
    }
    return true;
}

static bool read_manifest(Import *im, const json_t *manifest, const char *what, OciImported *out)
{
    enum { MAX_CONFIG = 4096 }; /* a name and a number */
    const json_t *layers = json_object_get(manifest, "layers");
    OciDescriptor config, head;
    return oci_json_descriptor(json_object_get(manifest, "config"), im->store->file, what, im->diags,
                               &config) &&
           is_ours(im, manifest, &config, what) && plan_layers(im, layers, what, &head, out) &&
           fetch(im, &config, MAX_CONFIG, &out->config) && fetch_head(im, &head, &out->bundle) &&
           fetch_blobs(im, layers, what, &out->bundle);
}

bool oci_import(Arena *a, OciStore *store, const OciPlace *place, Diags *d, OciImported *out)
{
    Import im = {.arena = a, .store = store, .diags = d};
    OciDescriptor found;
    json_t *manifest = NULL;
    *out = (OciImported){0};
    if (sodium_init() < 0)
        return import_fail(&im, OUT_OF_MEMORY, store->file, "libsodium cannot be initialised");
    bool ok = check_layout(&im) && find_manifest(&im, place, &found) && fetch_json(&im, &found, &manifest) &&
              read_manifest(&im, manifest, found.digest, out);
    json_decref(manifest);
    return ok;
}

bool oci_check_bundle(const OciImported *imported, const Bundle *b, Diags *d)
{
    TextBuf config = {0};
    bool same = imported->n_blobs == b->n_blobs;
    for (uint32_t i = 0; same && i < b->n_blobs; i++)
        same = imported->sizes[i] == b->blobs[i].size &&
               strcmp(imported->types[i], oci_blob_type(b->manifest->blobs[i]->kind)) == 0;
    if (!same)
        diag_add(d, OCI_LAYERS, DIAG_AT(.file = b->file),
                 "the layers are not the blobs of the bundle that they make");
    oci_text_config(&config, b->manifest);
    bool told = !config.failed && config.len == imported->config.len &&
                memcmp(config.ptr, imported->config.ptr, config.len) == 0;
    if (!told)
        diag_add(d, OCI_DIFFERS, DIAG_AT(.file = b->file), "the config is not that of this bundle: %s",
                 config.ptr ? config.ptr : "");
    text_free(&config);
    return same && told;
}

void oci_imported_free(OciImported *imported)
{
    wr_free(&imported->bundle);
    wr_free(&imported->config);
}
