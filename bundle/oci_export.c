/* oci_export.c: a bundle as an OCI artifact. Header, manifest and signature records are its first layer, each
 * blob a layer of its own, so that a registry keeps one copy of a module however many bundles have it, and a
 * signature more makes one small layer new. Padding is left out: its place and size follow from the rest.
 * JSON is written by hand: these bytes are hashed, and must not depend on a library's taste.  docs/oci.md §2
 */
#include "bundle/container.h"
#include "bundle/oci.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* docs/oci.md §2 "Layers" */
static const char *const blob_types[] = {
    [PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_MODULE] = "application/wasm",
    [PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NATIVE] = "application/vnd.parigot.bundle.native.v1",
    [PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DESCRIPTORS] = "application/vnd.parigot.bundle.descriptors.v1",
    [PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DEBUG] = "application/vnd.parigot.bundle.debug.v1",
};

const char *oci_blob_type(Parigot__Bundle__V1__BlobKind kind)
{
    bool known = kind > 0 && (size_t)kind < ARRAY_LEN(blob_types);
    return known ? blob_types[kind] : "application/octet-stream";
}

/* ---- what artifact and image have in common ---- */

bool oci_parse_place(Arena *a, const char *text, Diags *d, OciPlace *out)
{
    const char *slash = strrchr(text, '/'), *last = slash ? slash + 1 : text, *mark = strpbrk(last, ":@");
    *out = (OciPlace){.folder = mark ? arena_strndup(a, text, (size_t)(mark - text)) : text};
    if (!out->folder) return diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = text), "out of memory"), false;
    if (mark && *mark == ':') out->tag = str_of(mark + 1);
    if (mark && *mark == '@') out->digest = str_of(mark + 1);
    const char *wrong = NULL;
    if (!*out->folder) wrong = "a folder is missing before the tag or digest";
    else if (mark && *mark == ':' && !oci_tag_ok(out->tag))
        wrong = "a tag is [A-Za-z0-9_][A-Za-z0-9._-]*, at most 128 characters";
    else if (mark && *mark == '@' && !oci_digest_ok(out->digest))
        wrong = "a digest is sha256: and 64 hexadecimal digits in lower case";
    if (wrong) diag_add(d, USAGE, DIAG_AT(.file = text), "%s", wrong);
    return !wrong;
}

void oci_text_descriptor(TextBuf *t, const OciDescriptor *d)
{
    text_printf(t, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu", d->media_type, d->digest,
                (unsigned long long)d->size);
}

void oci_text_config(TextBuf *t, const BundleManifest *m)
{
    text_printf(t, "{\"name\":\"%s\",\"generation\":\"%llu\"}", m->name, (unsigned long long)m->generation);
}

bool oci_created(char out[32], Diags *d)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end;
    struct tm tm;
    out[0] = 0;
    if (!epoch) return true;
    errno = 0;
    long long value = strtoll(epoch, &end, 10);
    time_t seconds = (time_t)value;
    bool ok = !errno && end != epoch && !*end && value > 0 && value < INT64_C(253402300800) &&
              gmtime_r(&seconds, &tm) && strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (!ok)
        diag_add(d, USAGE, DIAG_AT(.file = NULL),
                 "SOURCE_DATE_EPOCH is not a number of seconds since 1970, before the year 10000");
    return ok;
}

bool oci_text_annotations(TextBuf *t, const BundleManifest *m, Diags *d)
{
    char created[32];
    if (!oci_created(created, d)) return false;
    text_printf(t, ",\"annotations\":{");
    if (*created) text_printf(t, "\"" OCI_ANNOTATION "created\":\"%s\",", created);
    text_printf(t, "\"" OCI_ANNOTATION "title\":\"%s\"", m->name);
    if (*m->version) {
        text_add(t, STR(",\"" OCI_ANNOTATION "version\":"));
        text_add_json(t, str_of(m->version));
    }
    text_add(t, STR("}"));
    return true;
}

/* ---- the artifact ---- */

static bool add_text(OciLayout *l, const TextBuf *t, const char *media_type, OciDescriptor *out)
{
    if (!t->failed) return oci_add_blob(l, t->ptr, t->len, media_type, out);
    diag_add(l->diags, OUT_OF_MEMORY, DIAG_AT(.file = l->folder), "out of memory");
    return false;
}

/* The bytes of the bundle before its first padding. */
static void write_head(const Bundle *b, Writer *w)
{
    bundle_write_header(w, (BundleHeader){(uint32_t)b->manifest_bytes.len, (uint32_t)b->signature_bytes.len});
    wr_bytes(w, b->manifest_bytes.ptr, b->manifest_bytes.len);
    wr_bytes(w, b->signature_bytes.ptr, b->signature_bytes.len);
}

void oci_write_bundle(const Bundle *b, Writer *w)
{
    write_head(b, w);
    for (uint32_t i = 0; i < b->n_blobs && !w->failed; i++) {
        wr_zeros(w, bundle_align(w->len) - w->len);
        wr_bytes(w, b->blobs[i].ptr, b->blobs[i].size);
    }
}

static bool add_head(OciLayout *l, const Bundle *b, TextBuf *layers)
{
    Writer w = {0};
    OciDescriptor head;
    write_head(b, &w);
    if (w.failed) diag_add(l->diags, OUT_OF_MEMORY, DIAG_AT(.file = l->folder), "out of memory");
    bool ok = !w.failed && oci_add_blob(l, w.ptr, w.len, OCI_TYPE_HEAD, &head);
    if (ok) oci_text_descriptor(layers, &head);
    wr_free(&w);
    return ok;
}

static bool add_layers(OciLayout *l, const Bundle *b, TextBuf *layers)
{
    if (!add_head(l, b, layers)) return false;
    for (uint32_t i = 0; i < b->n_blobs; i++) {
        OciDescriptor blob;
        if (!oci_add_blob(l, b->blobs[i].ptr, b->blobs[i].size, oci_blob_type(b->manifest->blobs[i]->kind),
                          &blob))
            return false;
        text_add(layers, STR("},"));
        oci_text_descriptor(layers, &blob);
    }
    text_add(layers, STR("}"));
    return true;
}

static bool add_config(OciLayout *l, const Bundle *b, OciDescriptor *out)
{
    TextBuf t = {0};
    oci_text_config(&t, b->manifest);
    bool ok = add_text(l, &t, OCI_TYPE_CONFIG, out);
    text_free(&t);
    return ok;
}

static bool add_manifest(OciLayout *l, const Bundle *b, const OciDescriptor *config, const TextBuf *layers,
                         OciDescriptor *out)
{
    TextBuf t = {0};
    text_printf(&t, "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST
                    "\",\"artifactType\":\"" OCI_TYPE_BUNDLE "\",\"config\":");
    oci_text_descriptor(&t, config);
    text_add(&t, STR("},\"layers\":["));
    text_add(&t, (Str){layers->ptr, layers->len});
    text_add(&t, STR("]"));
    bool ok = oci_text_annotations(&t, b->manifest, l->diags);
    text_add(&t, STR("}"));
    if (ok && t.len > OCI_MAX_DOCUMENT) {
        diag_add(l->diags, OCI_TOO_BIG, DIAG_AT(.file = l->folder),
                 "the OCI manifest of so many blobs would be larger than registries take");
        ok = false;
    }
    t.failed |= layers->failed;
    ok = ok && add_text(l, &t, OCI_TYPE_MANIFEST, out);
    text_free(&t);
    return ok;
}

bool oci_export(Arena *a, const Bundle *b, const OciPlace *place, Diags *d)
{
    OciLayout l;
    OciDescriptor config, manifest;
    TextBuf layers = {0};
    if (!oci_begin(a, place->folder, d, &l)) return false;
    bool ok = add_layers(&l, b, &layers) && add_config(&l, b, &config) &&
              add_manifest(&l, b, &config, &layers, &manifest);
    if (ok) ok = oci_commit(&l, &manifest, ",\"artifactType\":\"" OCI_TYPE_BUNDLE "\"", place->tag);
    else oci_abandon(&l);
    text_free(&layers);
    return ok;
}
