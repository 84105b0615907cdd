/* start.h: from a file to a world: what parigot-run and libparigot-loader do in common before anything of a bundle runs.
 *
 * Source: docs/trust.md; docs/security.md. */
#ifndef PARIGOT_LOADER_START_H
#define PARIGOT_LOADER_START_H

#include "bundle/bundle.h"
#include "loader/world.h"

typedef struct LoadOpenOptions {
    const BundleTrust *trust;
    uint32_t require;          /* distinct keys; 0 = 1                                                               */
    bool allow_unsigned;
    const char *state;         /* file of generations seen; NULL: where it always is; "none": none is kept           */
    int64_t now;               /* seconds since 1970                                                                 */
} LoadOpenOptions;

/* A bundle that has been believed. */
typedef struct LoadBundle {
    Bundle bundle;
    const BundleTrust *trust;
    const char *state;         /* arena; NULL: no generations are kept                                              */
    int64_t now;
    Arena arena;
} LoadBundle;

/* load_bundle_open: verifies it, and its generation against the state.
 * in:     bytes  ptr NULL: they are read from the file; else what it holds, and the name is for errors
 * out:    *out   the caller's for load_bundle_close, also after false
 * errors: of bundle_open, bundle_state_default and bundle_state_check */
MUST_USE bool load_bundle_open(const char *file, Str bytes, const LoadOpenOptions *, Diags *, LoadBundle *out);
/* load_bundle_start: load_world_open, then the generation is recorded. NULL: neither.
 * in:     options->now is taken from the bundle
 * errors: of load_world_open and bundle_state_update */
LoadWorld *load_bundle_start(const LoadBundle *, const LoadWorldOptions *, Diags *);
void load_bundle_close(LoadBundle *);

#endif
