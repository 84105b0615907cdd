/* oci.h: bundles as OCI artifacts and images, in and out of image layouts (folders that registries' tools copy).
 * Private to parigot-bundle: nothing here is linked into the loader or the linker.
 *
 *   oci_json.c    JSON that somebody else wrote: bounded, then handed to jansson
 *   oci_layout.c  the folder: what is read from it, how it changes
 *   oci_export.c  a bundle as an artifact
 *   oci_import.c  and back; its input is a store of named byte strings, so that it can be driven without a folder
 *   oci_image.c   a bundle, parigot-run and keys as an image that container runtimes start
 *
 * Sources: OCI image-spec 1.1 (image-layout.md, image-index.md, manifest.md, descriptor.md, config.md, layer.md);
 * docs/oci.md */
#ifndef PARIGOT_BUNDLE_OCI_H
#define PARIGOT_BUNDLE_OCI_H

#include "bundle/bundle.h"

#define OCI_TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define OCI_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_IMAGE    "application/vnd.oci.image.config.v1+json"
#define OCI_TYPE_TAR      "application/vnd.oci.image.layer.v1.tar"
#define OCI_TYPE_BUNDLE   "application/vnd.parigot.bundle.v1"             /* artifactType of our manifests      */
#define OCI_TYPE_CONFIG   "application/vnd.parigot.bundle.config.v1+json"
#define OCI_TYPE_HEAD     "application/vnd.parigot.bundle.head.v1"        /* header, manifest, signatures        */
#define OCI_ANNOTATION    "org.opencontainers.image."

enum {
    OCI_DIGEST_TEXT = 7 + 64,      /* "sha256:" and lower-case hexadecimal digits                               */
    OCI_MAX_DOCUMENT = 4 << 20,    /* index or manifest; the size that registries agree on                      */
    OCI_MAX_JSON_DEPTH = 32,
    OCI_MAX_JSON_VALUES = 200000,  /* and punctuation: bounds what jansson takes; 16385 layers make 131080       */
    OCI_MAX_INDEXES = 16,          /* within index.json, however nested, that are read for one import           */
    OCI_MAX_TAG = 128,
};

typedef struct OciDescriptor {
    const char *media_type;            /* borrowed                                                              */
    char digest[OCI_DIGEST_TEXT + 1];
    uint64_t size;
} OciDescriptor;

/* Of what a layout or image is made, the descriptor. */
void oci_describe(const void *bytes, size_t size, const char *media_type, OciDescriptor *out);
/* The descriptor as JSON, without what a caller may add before the closing brace. */
void oci_text_descriptor(TextBuf *, const OciDescriptor *);
MUST_USE bool oci_tag_ok(Str tag);     /* [A-Za-z0-9_][A-Za-z0-9._-]{0,127}                                       */
MUST_USE bool oci_digest_ok(Str digest);
/* The layer type of a blob of this kind. */
const char *oci_blob_type(Parigot__Bundle__V1__BlobKind);
/* The config blob of a bundle's artifact: a function of the manifest, so that it cannot say anything else. */
void oci_text_config(TextBuf *, const BundleManifest *);
/* The bundle's own bytes, as its file has them. */
void oci_write_bundle(const Bundle *, Writer *);
/* ,"annotations":{...}: name, version, and created when SOURCE_DATE_EPOCH is set. errors: USAGE */
MUST_USE bool oci_text_annotations(TextBuf *, const BundleManifest *, Diags *);
/* "2026-01-02T03:04:05Z" of SOURCE_DATE_EPOCH; "" when it is not set. errors: USAGE */
MUST_USE bool oci_created(char out[32], Diags *);

/* ---- a place: DIR, DIR:TAG, DIR@sha256:... ---------------------------------------------------------------------- */

typedef struct OciPlace {
    const char *folder;
    Str tag, digest; /* at most one is not empty */
} OciPlace;
/* oci_parse_place: a colon counts when no slash comes after it.   errors: USAGE */
MUST_USE bool oci_parse_place(Arena *, const char *text, Diags *, OciPlace *out);

/* ---- oci_layout.c: layouts on disk ------------------------------------------------------------------------------ */

/* Where the files of a layout come from, by their name in it ("index.json", "blobs/sha256/...").
 * read: appends all bytes of a file.
 * in:     [min, max] is what it may have; equal for blobs, whose size is known
 * errors: OCI_NO_BLOB (not there, or not a plain file), OCI_BAD_SIZE, IO_READ */
typedef struct OciStore OciStore;
struct OciStore {
    bool (*read)(OciStore *, const char *name, uint64_t min, uint64_t max, Diags *, Writer *append);
    const char *file; /* for diagnostics: what the user named */
    int fd;           /* of a folder */
};
/* Symbolic links below the folder are not followed, and nothing but plain files is read. */
MUST_USE bool oci_open_folder(const char *folder, Diags *, OciStore *out);
void oci_close_folder(OciStore *);

/* A layout that is being written. A new one is made beside its place and renamed; in one that is there, blobs come first,
 * then index.json is replaced. Whenever it stops, what is there is a whole layout. */
typedef struct OciLayout {
    const char *folder; /* where it will be */
    const char *path;   /* where it is being written: a temporary folder, or `folder` */
    int lock;           /* of the folder that is there, so that two writers do not lose each other's tags; or -1 */
    Arena *arena;
    Diags *diags;
} OciLayout;
/* errors: OCI_NOT_LAYOUT (the folder holds other things), IO_WRITE */
MUST_USE bool oci_begin(Arena *, const char *folder, Diags *, OciLayout *out);
MUST_USE bool oci_add_blob(OciLayout *, const void *bytes, size_t size, const char *media_type, OciDescriptor *out);
/* oci_commit: enters the manifest into index.json, in the place of what had its tag.
 * in:     more   further members of its descriptor, as JSON (",\"platform\":{...}"), or ""
 * errors: IO_WRITE, OCI_JSON, OCI_NOT_LAYOUT. Like oci_abandon it ends the use of the layout. */
MUST_USE bool oci_commit(OciLayout *, const OciDescriptor *manifest, const char *more, Str tag);
void oci_abandon(OciLayout *);

/* ---- oci_export.c, oci_image.c ---------------------------------------------------------------------------------- */

MUST_USE bool oci_export(Arena *, const Bundle *, const OciPlace *, Diags *);

typedef struct OciImage {
    const char *runtime;      /* path of a statically linked parigot-run                                        */
    const char *trust_folder; /* its files go into the image; NULL: it is mounted where the container runs      */
    uint32_t require;         /* 0: not said                                                                    */
} OciImage;
/* errors: OCI_RUNTIME, IO_READ, USAGE (names of files in the trust folder) and those of writing */
MUST_USE bool oci_export_image(Arena *, const Bundle *, const OciImage *, const OciPlace *, Diags *);

/* ---- oci_import.c ----------------------------------------------------------------------------------------------- */

typedef struct OciImported {
    Writer bundle;    /* to be opened like any bundle, and believed only then */
    Writer config;
    const char **types; /* media type of layer 1 + i; arena */
    uint64_t *sizes;    /* the same */
    uint32_t n_blobs;   /* layers but the first */
} OciImported;
/* oci_import: puts a bundle's bytes together. Every file is read once, compared with its digest, and used.
 * in:     place  tag or digest; neither: the layout has one manifest only
 * out:    *out   oci_imported_free frees it, whatever was returned
 * errors: B05, IO_READ */
MUST_USE bool oci_import(Arena *, OciStore *, const OciPlace *, Diags *, OciImported *out);
/* oci_check_bundle: are layers and config those of this bundle, which was opened from out->bundle?
 * errors: OCI_LAYERS, OCI_DIFFERS */
MUST_USE bool oci_check_bundle(const OciImported *, const Bundle *, Diags *);
void oci_imported_free(OciImported *);

#endif
