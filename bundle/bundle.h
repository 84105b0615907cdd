/* bundle.h: the verify half of bundles: what a loader needs to believe a file. No signing code, no validator.
 * (create.h has the other half.)
 *
 * A bundle is read in two steps, each byte once, into private memory. First the header, the manifest and the
 * signature records: of these only header and records are parsed, and the manifest is hashed. When enough distinct
 * trusted keys have signed that hash, the manifest is parsed; it tells exactly how many bytes follow and what their
 * digests are. Until bundle_open has returned true nothing in a Bundle may be used.
 *
 * Sources: docs/bundle-format.md; proto/parigot/bundle/v1/manifest.proto; minisign's file forms. */
#ifndef PARIGOT_BUNDLE_H
#define PARIGOT_BUNDLE_H

#include "proto/wire.h"
#include "wasm/wasm.h"
#include "parigot/bundle/v1/manifest.pb-c.h"

/* The messages of the manifest, by shorter names. Strings are never NULL, have no NUL inside and are UTF-8.
 * Module.limits and Module.meter are never NULL; Module.layout is when the module has no checked layout. */
typedef Parigot__Bundle__V1__Manifest BundleManifest;
typedef Parigot__Bundle__V1__Blob BundleBlobInfo;
typedef Parigot__Bundle__V1__Module BundleModule;
typedef Parigot__Bundle__V1__Native BundleNative;
typedef Parigot__Bundle__V1__Layout BundleLayout;
typedef Parigot__Bundle__V1__Limits BundleLimits;
typedef Parigot__Bundle__V1__Import BundleImport;
typedef Parigot__Bundle__V1__Method BundleMethod;
typedef Parigot__Bundle__V1__Service BundleService;
typedef Parigot__Bundle__V1__Route BundleRoute;
typedef Parigot__Bundle__V1__Policy BundlePolicy;
typedef Parigot__Bundle__V1__Verdict BundleVerdict;
typedef Parigot__Bundle__V1__Waiver BundleWaiver;
typedef Parigot__Bundle__V1__Meter BundleMeter;
typedef Parigot__Bundle__V1__Input BundleInput;
typedef Parigot__Bundle__V1__KeyValue BundleKeyValue;
typedef Parigot__Bundle__V1__Folder BundleFolder;

#define BUNDLE_SUFFIX        ".pbundle"
#define BUNDLE_MANIFEST_TYPE "parigot.bundle.v1.Manifest"
#define BUNDLE_KERNEL        "parigot.kernel.v1.Kernel" /* always granted */

enum {
    BUNDLE_VERSION = 1,
    BUNDLE_HEADER_BYTES = 24,
    BUNDLE_ALIGN = 4096,                /* of each blob in the file; in memory too                            */
    BUNDLE_MAX_MANIFEST = 16 << 20,
    BUNDLE_MAX_SIGNATURES = 16,
    BUNDLE_MAX_RECORD = 8 << 10,        /* one signature record, without its u16 size                         */
    BUNDLE_MAX_DEPTH = 8,               /* messages within messages, the manifest itself included              */
    BUNDLE_MAX_UNPACKED = 256 << 20,    /* memory that a manifest may take once it is unpacked                 */
    BUNDLE_FIRST_INFORMATION = 1000,    /* unknown fields from this number on are ignored, below they are refused */
    BUNDLE_MAX_MODULES = 4096,
    BUNDLE_MAX_BLOBS = 4 * BUNDLE_MAX_MODULES,
    BUNDLE_DIGEST_BYTES = 32,           /* BLAKE2b-256                                                         */
    BUNDLE_KEY_ID_BYTES = 8,
    BUNDLE_KEY_BYTES = 32,
    BUNDLE_SIGNATURE_BYTES = 64,
};

/* ---- trust.c: whose signatures count ------------------------------------------------------------------------ */

typedef struct BundleKey {
    uint8_t id[BUNDLE_KEY_ID_BYTES];  /* a hint: random, unsigned; shown as minisign does, by bundle_key_id_text */
    uint8_t key[BUNDLE_KEY_BYTES];    /* Ed25519; a canonical point of the main subgroup                        */
    const char *name;                 /* last part of the file's path, or the key itself in base64              */
    const Str *names;                 /* bundles that it may sign, a `*` at the end stands for any rest; NULL = all */
    uint32_t n_names;
} BundleKey;

/* An old key's word that a new one stands for the same signer. Its signature is right. */
typedef struct BundleRotation { BundleKey from, to; } BundleRotation;

/* A set of public keys. Zero is a valid empty set; nothing to free, all of it lies in the arena. */
typedef struct BundleTrust {
    Arena *arena;
    BundleKey *keys;                  /* trusted by themselves                                                  */
    size_t n, cap;
    BundleRotation *rotations;        /* no key is the `to` of two, and none leads back to itself               */
    size_t n_rotations, rotations_cap;
    BundleKey *revoked;
    size_t n_revoked, revoked_cap;
} BundleTrust;

/* bundle_trust_file: adds the public key in a file that `minisign -G` or `parigot-bundle keygen` wrote.
 * bundle_trust_folder: adds every *.pub in a folder, by name, with the bundle names of X.names beside X.pub, every
 *     *.rotation, and the list of revoked keys in the file `revoked`; a folder without any *.pub is an error.
 * bundle_trust_text: adds a public key given as its base64 line (minisign -P).
 * bundle_trust_revoke: the keys in a file are believed no longer: one a line, in base64; comments as in key files, or #.
 * bundle_trust_rotation: adds a statement and its signature, PATH and PATH.minisig. Whether its old key is trusted is
 *     asked when a bundle is opened.
 * in:     trust->arena is set. The same public key twice is kept (its ids may differ), and counts once.
 * errors: IO_READ, BUNDLE_BAD_KEY, BUNDLE_NO_KEYS, BUNDLE_BAD_ROTATION
 * source: docs/trust.md */
MUST_USE bool bundle_trust_file(BundleTrust *, const char *path, Diags *);
MUST_USE bool bundle_trust_folder(BundleTrust *, const char *path, Diags *);
MUST_USE bool bundle_trust_text(BundleTrust *, const char *base64, Diags *);
MUST_USE bool bundle_trust_revoke(BundleTrust *, const char *path, Diags *);
MUST_USE bool bundle_trust_rotation(BundleTrust *, const char *path, Diags *);
/* The same for bytes: text is the file's content, minisig that of PATH.minisig. */
MUST_USE bool bundle_trust_names_text(BundleTrust *, BundleKey *, Str text, const char *file, Diags *); /* X.names, of the key X */
MUST_USE bool bundle_trust_revoke_text(BundleTrust *, Str text, const char *file, Diags *);
MUST_USE bool bundle_trust_rotation_text(BundleTrust *, Str text, Str minisig, const char *file, Diags *);
/* The bytes of the statement that `from` signs; in the arena, NULL: no memory. */
const char *bundle_rotation_text(Arena *, const BundleKey *from, const BundleKey *to);
/* "ECD1A3F2E6B0C45D": the id as minisign prints it, sixteen upper-case hex digits. */
void bundle_key_id_text(const uint8_t id[BUNDLE_KEY_ID_BYTES], char out[17]);

typedef struct BundleSigner {
    const BundleKey *key;       /* in the trust set; trusted, and may sign this bundle                        */
    const char *comment;        /* the trusted comment, verified and escaped                                  */
    uint32_t record;            /* its number among the file's records                                        */
} BundleSigner;

/* ---- lineage.c: who stands for whom. A lineage is a key and those that it vouched for, one after the other ------ */

bool bundle_same_key(const uint8_t a[BUNDLE_KEY_BYTES], const uint8_t b[BUNDLE_KEY_BYTES]); /* in constant time */
/* The first key of the lineage: what is counted. The key itself when nobody vouched for it. */
const uint8_t *bundle_lineage(const BundleTrust *, const uint8_t key[BUNDLE_KEY_BYTES]);
/* Has a key of this lineage signed, among the first n signers? */
bool bundle_lineage_signed(const BundleTrust *, const uint8_t key[BUNDLE_KEY_BYTES], const BundleSigner *,
                           uint32_t n);
/* The revoked key, or NULL. */
const BundleKey *bundle_revoked_key(const BundleTrust *, const uint8_t key[BUNDLE_KEY_BYTES]);
/* Is the key among the trusted ones, or vouched for by one that is, through keys none of which is revoked? */
bool bundle_is_trusted(const BundleTrust *, const uint8_t key[BUNDLE_KEY_BYTES]);
/* May a trusted key sign bundles of this name? What is said of the key itself holds, else of the one that vouched. */
bool bundle_may_sign(const BundleTrust *, const uint8_t key[BUNDLE_KEY_BYTES], const char *name);

/* ---- open.c: from a file to something that can be believed -------------------------------------------------- */

typedef struct BundleBlob {
    const uint8_t *ptr;         /* private memory, starts at a page; the bytes whose digest was checked       */
    size_t size;
} BundleBlob;

typedef struct Bundle {
    const char *file;           /* borrowed from the caller                                                   */
    const BundleManifest *manifest;
    BundleBlob *blobs;          /* blobs[i] belongs to manifest->blobs[i]                                     */
    uint32_t n_blobs;
    bool trusted;               /* `require` lineages of trusted keys have signed. false only with allow_unsigned,
                                   ignore_signers                                                             */
    BundleSigner *signers;      /* one for each distinct trusted public key that has signed                   */
    uint32_t n_signers;
    uint32_t n_lineages;        /* of the signers: what is counted                                            */
    uint32_t n_signatures;      /* records in the file, of whomever                                           */
    Str manifest_bytes;         /* what was hashed and signed                                                 */
    Str signature_bytes;        /* all records                                                                */
    Arena arena;                /* manifest, signers                                                          */
    void *head_memory, *blob_memory; /* malloc                                                                */
    size_t blob_memory_size;
} Bundle;

typedef struct BundleOpenOptions {
    const BundleTrust *trust;   /* NULL: nobody                                                               */
    uint32_t require;           /* lineages that must have signed; 0 counts as 1                              */
    bool allow_unsigned;        /* too few trusted signatures: a warning (BUNDLE_RUNS_UNSIGNED), not an error.
                                   A wrong signature under a trusted key's id is an error all the same.       */
    bool ignore_signers;        /* who has signed is not asked, and nothing is said of it: trust, require and
                                   allow_unsigned do not matter, nobody counts as a signer                    */
    int64_t now;                /* seconds since 1970: not_after and waivers' ends are compared; 0 = are not  */
} BundleOpenOptions;

/* bundle_open: reads, verifies and checks a bundle.
 * in:     path     "-" is standard input
 * out:    *out     filled when true; bundle_close frees it. Empty when false
 * errors: IO_READ, B01 (container), B02 (signatures), B03 (manifest); in that order, nothing later is looked at
 * source: docs/bundle-format.md */
MUST_USE bool bundle_open(const char *path, const BundleOpenOptions *, Diags *, Bundle *out);
/* The same for bytes in memory; they are copied. */
MUST_USE bool bundle_open_bytes(const uint8_t *bytes, size_t size, const char *file, const BundleOpenOptions *,
                                Diags *, Bundle *out);
void bundle_close(Bundle *);

/* bundle_check_module: is this module what the manifest says? Imports with their types and in order, provided
 * methods among the exports, layout, meter. The loader calls it after it has read and validated the blob: the
 * verdicts in a manifest are information, these facts are what the loader acts on.
 * in:     section  from pm_read, or NULL when the module has none that counts
 * errors: BUNDLE_MODULE_DIFFERS, one for each difference */
MUST_USE bool bundle_check_module(const Bundle *, uint32_t module, const WasmModule *, const PmSection *, Diags *);

/* The module of that name, or NULL. */
const BundleModule *bundle_find_module(const BundleManifest *, const char *name);
/* Which module answers calls to a service: the route, else the only provider. -1: none (a system service, or remote). */
int bundle_provider(const BundleManifest *, const char *service);

/* ---- state.c: generations seen ---------------------------------------------------------------------------------- */

/* bundle_state_check: is the generation of a bundle at least the highest seen of its name, for every signer and every other
 *     key of his lineage?
 * bundle_state_update: the same, and records it when it is higher: locked, synced, replaced by rename. To be called when
 *     all else is checked, before anything of the bundle runs.
 * in:     path     of the state; need not exist
 *         bundle   of one that is not trusted nothing is compared or recorded
 * errors: BUNDLE_ROLLED_BACK; BUNDLE_BAD_STATE (it is damaged: nothing is believed); IO_READ, IO_WRITE
 * source: docs/trust.md */
MUST_USE bool bundle_state_check(const char *path, const Bundle *, const BundleTrust *, Diags *);
MUST_USE bool bundle_state_update(const char *path, const Bundle *, const BundleTrust *, Diags *);
/* bundle_state_default: where the state is unless somebody says otherwise, $XDG_STATE_HOME/parigot/generations or
 * ~/.local/state/parigot/generations; its folders are made when they are missing. NULL: there is no such place.
 * errors: USAGE, IO_WRITE, OUT_OF_MEMORY */
const char *bundle_state_default(Arena *, Diags *);

/* One line of a state. */
typedef struct BundleSeen { uint8_t key[BUNDLE_KEY_BYTES]; Str name; uint64_t generation; } BundleSeen;
typedef struct BundleSeens { BundleSeen *items; size_t n, cap; } BundleSeens; /* sorted by key and name */
/* Names lie in text, which is to stay.   errors: BUNDLE_BAD_STATE */
MUST_USE bool bundle_state_read(Arena *, Str text, const char *file, Diags *, BundleSeens *out);
void bundle_state_text(TextBuf *, const BundleSeens *);

/* ---- check.c: names --------------------------------------------------------------------------------------------- */

bool bundle_name_ok(Str);        /* of a bundle, module or folder: [a-z0-9][a-z0-9._-]{0,63}                      */
bool bundle_can_be_waived(Str rule);
bool bundle_is_system_service(const char *service);                       /* package parigot, or below it         */

/* ---- system.c: the services of the host --------------------------------------------------------------------------- */

#define BUNDLE_FILE_SERVICE "parigot.file.v1.File" /* whoever sees folders is granted it */

typedef struct BundleSystemService {
    const char *name;
    bool here;                  /* the loader of this tree has it                                             */
} BundleSystemService;
enum {
#define SYSTEM_SERVICE(id, name, here) BUNDLE_SYSTEM_##id,
#include "bundle/system_services.def"
#undef SYSTEM_SERVICE
    BUNDLE_SYSTEM_COUNT
};
extern const BundleSystemService bundle_system_services[BUNDLE_SYSTEM_COUNT]; /* sorted by name */
const BundleSystemService *bundle_find_system_service(Str name);              /* NULL: there is none              */
const char *bundle_nearest_system_service(Str name);                          /* that was probably meant, or NULL */

/* ---- manifest.c: the manifest's bytes ------------------------------------------------------------------------ */

/* What proto_check_wire says of a manifest. */
#define BUNDLE_WIRE_CODES ((ProtoWireCodes){MANIFEST_WIRE, MANIFEST_UNKNOWN_FIELD, MANIFEST_TOO_BIG})

/* bundle_read_manifest: bounds depth, count and size of the messages, refuses what is unknown, then unpacks.
 * bundle_check_manifest: everything that must hold within a manifest: names, indices, digests' lengths, order of
 * modules, one provider for each service, grants for each system service that is imported.
 * in:     the arena takes the messages; its limit bounds them too. A manifest to be checked has limits and meter in
 *         each module, as reading leaves it
 * errors: B03 */
MUST_USE bool bundle_read_manifest(Arena *, Str bytes, const char *file, Diags *, const BundleManifest **out);
MUST_USE bool bundle_check_manifest(const BundleManifest *, const char *file, Diags *);

#endif
