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

/* ---- world.c: the programs that a bundle starts, and what each may use --------------------------------------- */

/* A number of 0 is "not said" throughout; the loader's default holds then. */
typedef struct WorldPair { Str key, value; } WorldPair;
typedef struct WorldModule {
    Str name;
    const char *file;               /* for diagnostics, and the last part of it for provenance                */
    const uint8_t *bytes;           /* borrowed                                                               */
    size_t size;
    const ValPolicy *policy;
    uint64_t memory_bytes, fuel_per_entry, fuel_total, deadline_ns, entry_ns, stack_bytes;
    uint32_t calls, message_bytes, queue, restarts_per_minute, table_elems, waiting_bytes, instances;
    uint32_t share;                 /* 0 = 100                                                                */
    Str *grants;       uint32_t n_grants; /* system services                                                  */
    bool grant_imports;             /* all system services that it imports: what stands for `grant` where there
                                       is no world file                                                       */
    WorldPair *config; uint32_t n_config;
    uint32_t line;                  /* in the world file; 0 = none, here and below                            */
    FileBytes own;                  /* the bytes, when bundle_read_world has read them                        */
} WorldModule;
/* A folder of the operator's, and who sees it. One name may stand there twice: for one module to read, for another to write. */
typedef struct WorldFolder {
    Str name;
    Str *modules; uint32_t n_modules;
    bool write;
    uint32_t line;
} WorldFolder;
typedef struct WorldRoute { Str service, module; uint32_t line; } WorldRoute;

typedef struct World {
    const char *file;               /* the world file, or NULL                                                */
    Str name, version;
    uint64_t generation;            /* 0 = 1                                                                  */
    int64_t not_after;              /* seconds since 1970; 0 = none                                           */
    Str main;                       /* empty = none                                                           */
    uint32_t main_line, remote_line;
    const char *tool;               /* "parigot-ld 0.1.0"                                                     */
    bool native;                    /* native code is made of each module (docs/native.md)                    */
    int64_t now;                    /* waivers that have ended by then are refused; 0 = not compared          */
    WorldModule *modules; uint32_t n_modules;
    Str *remote;          uint32_t n_remote;
    WorldRoute *routes;   uint32_t n_routes;
    WorldFolder *folders; uint32_t n_folders;
} World;

/* bundle_read_world: reads a world file and the modules and policies that it names (paths are relative to it).
 * out:    *out     strings and arrays in the arena; bundle_close_world frees the modules' bytes, also after failure
 * errors: C codes with file:line, IO_READ; all of them
 * source: docs/world.md */
MUST_USE bool bundle_read_world(Arena *, const char *path, Diags *, World *out);
void bundle_close_world(World *);
/* bundle_read_world_around: the same but for one module, which somebody is about to make: its file is not opened.
 * in:     linked   its name; NULL: the only one that there is
 * out:    *module  that one, for file, bytes and size to be filled in
 * errors: those of bundle_read_world. false without any when no module is meant: out->modules has the names */
MUST_USE bool bundle_read_world_around(Arena *, const char *path, Str linked, Diags *, World *out, WorldModule **module);
/* bundle_parse_world: the same for text, without opening what it names: file, policy and bytes of modules stay empty. */
MUST_USE bool bundle_parse_world(Arena *, Str text, const char *name, Diags *, World *out);

/* ---- create.c ----------------------------------------------------------------------------------------------------- */

/* bundle_create: validates every module under its policy, finds the start order, encodes the manifest and puts the
 * unsigned bundle together. No clock is read and no path recorded but its last part: same inputs, same bytes.
 * out:    *out     header, manifest, no signature, blobs; free with wr_free. Empty when false
 * errors: what the validator finds (nothing that violates its policy goes into a bundle); B04 (the world does not fit);
 *         LD_CHILD_... of the programs that make native code */
MUST_USE bool bundle_create(const World *, Diags *, Writer *out);

/* ---- revalidate.c --------------------------------------------------------------------------------------------- */

/* bundle_revalidate: is everything that the manifest says about its modules true? Validates each under its own policy
 * and compares verdicts, imports, exports and layout. Before signing what somebody else has made.
 * errors: what the validator finds; BUNDLE_MODULE_DIFFERS */
MUST_USE bool bundle_revalidate(const Bundle *, Diags *);

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
/* bundle_signer_minisig: a signature of any bytes, as the text of a .minisig file.
 * in:     of   what they are, for the untrusted comment
 * out:    in the arena; NULL on failure */
const char *bundle_signer_minisig(BundleSignerProcess *, Arena *, Str bytes, const char *of, const char *comment, Diags *);

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
