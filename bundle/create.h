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

/* ---- sign.c: keys and signatures, minisign's forms ----------------------------------------------------------- */

/* Where the password of an encrypted key comes from; all NULL: asked for on the terminal. */
typedef struct BundlePassword {
    const char *file;        /* its first line                                                                */
    const char *environment; /* name of a variable                                                            */
} BundlePassword;

/* bundle_sign: adds one signature to a bundle in memory.
 * in:     key_file  a secret key as minisign -G [-W] writes it; opened last
 *         comment   the trusted comment, NULL: "timestamp:<now>\tfile:<name>\thashed" as minisign writes it
 * out:    *out      the whole bundle with one record more
 * errors: IO_READ, BUNDLE_BAD_KEY, BUNDLE_KEY_PASSWORD, B01 when the bytes are no bundle, BUNDLE_BAD_RECORD when
 *         there are sixteen signatures already, or one of this key */
MUST_USE bool bundle_sign(const uint8_t *bundle, size_t size, const char *key_file, const BundlePassword *,
                          const char *comment, Diags *, Writer *out);

/* The same for tools that parse hostile files: the key is only ever in a process that has parsed nothing.
 * bundle_signer_start forks that process (call it before the first input is opened, and before any thread);
 * bundle_signer_sign hands it the manifest's hash and gets a signature back; the key is opened at that moment.
 * bundle_signer_stop ends it; needed also after failure. */
typedef struct BundleSignerProcess { int pid, to, from; } BundleSignerProcess;
MUST_USE bool bundle_signer_start(BundleSignerProcess *, const char *key_file, const BundlePassword *, Diags *);
MUST_USE bool bundle_signer_sign(BundleSignerProcess *, const uint8_t *bundle, size_t size, const char *comment,
                                 Diags *, Writer *out);
void bundle_signer_stop(BundleSignerProcess *);

#endif
