/* create.h: the create half of bundles: modules and a world in, bytes out; keys; signatures.
 *
 * Nothing here writes a file but keygen: a tool writes what it got by file_write, whole or not at all.
 * Same inputs, same bytes: no clock is read (the trusted comment's time is the caller's), inputs are recorded by the
 * last part of their path.
 *
 * Sources: docs/bundle-format.md, docs/world.md (world files); minisign's file forms. */
#ifndef PARIGOT_BUNDLE_CREATE_H
#define PARIGOT_BUNDLE_CREATE_H

#include "bundle/bundle.h"

typedef struct ValPolicy ValPolicy; /* validator/validator.h */

/* ---- world.c: the programs that a bundle starts, and what each may use -------------------------------------- */

typedef struct WorldLimits { /* 0 = the loader's default */
    uint64_t memory_bytes, fuel_per_entry, deadline_ns;
    uint32_t calls, message_bytes, queue, restarts_per_minute;
} WorldLimits;
typedef struct WorldPair { const char *key, *value; } WorldPair;
typedef struct WorldModule {
    const char *name;
    const char *file;               /* for diagnostics                                                        */
    const uint8_t *bytes;           /* borrowed                                                               */
    size_t size;
    const ValPolicy *policy;
    WorldLimits limits;
    uint32_t share;                 /* 0 = 100                                                                */
    const char **grants; size_t n_grants;   /* system services                                                */
    bool grant_imports;             /* all system services that it imports: what stands for `grant` where there
                                       is no world file                                                       */
    WorldPair *config;   size_t n_config;
    unsigned line;                  /* in the world file; 0 = none                                            */
} WorldModule;
typedef struct WorldRoute { const char *service, *module; } WorldRoute;
typedef struct WorldFolder { const char *name; bool write; const char **modules; size_t n_modules; } WorldFolder;

typedef struct World {
    const char *file;               /* the world file, or NULL                                                */
    const char *name, *version;     /* version may be NULL                                                    */
    uint64_t generation;            /* 0 = 1                                                                  */
    int64_t not_after;              /* 0 = none                                                               */
    const char *main;               /* NULL = none                                                            */
    const char *tool;               /* "parigot-ld 0.1.0"                                                     */
    int64_t now;                    /* waivers that have ended by then are refused; 0 = not compared          */
    WorldModule *modules; size_t n_modules;
    const char **remote;  size_t n_remote;
    WorldRoute *routes;   size_t n_routes;
    WorldFolder *folders; size_t n_folders;
} World;

/* ---- create.c ----------------------------------------------------------------------------------------------- */

/* bundle_create: validates every module under its policy, finds the start order, encodes the manifest and puts the
 * unsigned bundle together.
 * out:    *out     header, manifest, no signature, blobs; free with wr_free. Empty when false
 * errors: what the validator finds (nothing that violates goes into a bundle); B03, B04 (the world does not fit) */
MUST_USE bool bundle_create(const World *, Diags *, Writer *out);

/* ---- key.c: pairs of keys, minisign's file forms ---------------------------------------------------------------- */

/* Where the password of an encrypted key comes from; all NULL: asked for on the terminal. */
typedef struct BundlePassword {
    const char *file;        /* its first line                                                                */
    const char *environment; /* name of a variable                                                            */
} BundlePassword;

typedef struct BundleKeyFiles {
    const char *secret_file, *public_file;
    bool encrypt;            /* with a password                                                               */
    bool replace;            /* files that exist                                                              */
} BundleKeyFiles;
/* bundle_keygen: makes a pair and writes both files, the secret one readable by its owner only.
 * errors: IO_WRITE, BUNDLE_BAD_PASSWORD */
MUST_USE bool bundle_keygen(const BundleKeyFiles *, const BundlePassword *, uint8_t id[BUNDLE_KEY_ID_BYTES], Diags *);

/* ---- sign.c: signatures ------------------------------------------------------------------------------------------ */

/* A secret key is only ever in a process that has parsed nothing but the key: bundle_signer_start forks it.
 * bundle_signer_start   call it before the first input is opened and before any thread; nothing is read yet
 * bundle_signer_sign    hands the manifest's hash over; the key is opened at that moment, and forgotten again
 * bundle_signer_stop    ends the process; to be called whatever happened (also for a zero struct)
 * in:     key_file  a secret key as minisign -G [-W] or parigot-bundle keygen wrote it
 *         bundle    header, manifest, signatures, blobs; what they say is not looked at
 *         comment   the trusted comment: UTF-8, no control character but tab (bundle_default_comment)
 * out:    *out      the whole bundle with one record more; wr_free it
 * errors: IO_READ, BUNDLE_BAD_KEY, BUNDLE_BAD_PASSWORD; B01 when the bytes are no bundle; BUNDLE_SIGNED_TWICE when there
 *         are sixteen signatures already, or one under this key's id */
typedef struct BundleSignerProcess {
    int pid, socket;
    const char *key_file; /* borrowed */
} BundleSignerProcess;
MUST_USE bool bundle_signer_start(BundleSignerProcess *, const char *key_file, const BundlePassword *, Diags *);
MUST_USE bool bundle_signer_sign(BundleSignerProcess *, const uint8_t *bundle, size_t size, const char *file,
                                 const char *comment, Diags *, Writer *out);
void bundle_signer_stop(BundleSignerProcess *);

/* bundle_attach: adds a signature that `minisign -S` made of the extracted manifest. Its public key is not needed: whether
 * it is right shows when the bundle is opened.
 * in:     minisig   the text of the .minisig file
 * errors: BUNDLE_BAD_KEY (not such a file), and those of bundle_signer_sign */
MUST_USE bool bundle_attach(const uint8_t *bundle, size_t size, const char *file, Str minisig, const char *minisig_file,
                            Diags *, Writer *out);
/* The text of a .minisig file for signature record `index`, as `minisign -V -m MANIFEST` takes it; "" when out of memory. */
const char *bundle_minisig_text(Arena *, const Bundle *, uint32_t index);

/* bundle_clock: the time that goes into what is made: SOURCE_DATE_EPOCH when it is set, else the clock.
 * errors: USAGE when the variable is not a number of seconds */
MUST_USE bool bundle_clock(Diags *, int64_t *seconds);
/* "timestamp:1700000000\tfile:x.pbundle\thashed", as minisign writes it; the last part of the path. NULL: no memory. */
const char *bundle_default_comment(Arena *, const char *path, int64_t seconds);

#endif
