/* show.h: a bundle for people and for their programs: a summary, its manifest as JSON, lists of materials (SPDX, CycloneDX),
 * a graph of the world, maps of memory; and what is different between two bundles.
 *
 * All of these read an open bundle, append to a text, and decide nothing. Whatever stands in the manifest was written by
 * others: each string is escaped for the format that shows it. No clock of their own, no address, no order of hashing: the
 * same bundle gives the same bytes.  docs/inspect.md */
#ifndef PARIGOT_BUNDLE_SHOW_H
#define PARIGOT_BUNDLE_SHOW_H

#include "bundle/bundle.h"

/* ---- summary.c ---------------------------------------------------------------------------------------------- */

enum { SCREEN_COLUMNS = 80, SCREEN_LINES = 24 };
/* bundle_show_summary: what matters to who has to trust it, first.
 * in:     now      seconds since 1970: what has expired by then is said to have
 *         checked  keys were named, so signatures were verified
 *         full     everything that people read; else at most SCREEN_LINES - 1 lines of SCREEN_COLUMNS: what does not fit is
 *                  counted, however large the bundle is */
void bundle_show_summary(TextBuf *, const Bundle *, int64_t now, bool checked, bool full);
/* Everything: file, signatures, each field of the manifest. */
void bundle_show_json(TextBuf *, const Bundle *, bool checked);

/* ---- diff.c, diff_policy.c ------------------------------------------------------------------------------------ */

typedef struct ShowDiff {
    size_t gained, lost, changed;
} ShowDiff;
/* bundle_show_diff: what `new_b` may do that `old_b` may not, what it may not any more, and what else is different: as text for
 * people, or JSON. What cannot be compared counts as gained. */
ShowDiff bundle_show_diff(TextBuf *, const Bundle *old_b, const Bundle *new_b, bool json);

/* ---- graph.c -------------------------------------------------------------------------------------------------- */

/* The world's modules, services and calls in DOT. */
void bundle_show_graph(TextBuf *, const Bundle *);
/* The same as SVG, drawn by graphviz's dot: a child process with limits, without shell.
 * errors: LD_CHILD_MISSING and the other LD_CHILD codes; nothing is added */
MUST_USE bool bundle_show_svg(TextBuf *, const Bundle *, Diags *);

/* ---- sbom.c --------------------------------------------------------------------------------------------------- */

/* What the bundle is made of, as SPDX 2.3 and CycloneDX 1.6 in JSON. created: seconds since 1970, up to the year 9999; < 0:
 * nobody has said. */
void bundle_show_spdx(TextBuf *, const Bundle *, int64_t created);
void bundle_show_cyclonedx(TextBuf *, const Bundle *, int64_t created);

/* ---- memory_map.c ---------------------------------------------------------------------------------------------- */

/* bundle_show_memory_map: the linear memory of each module as a picture in text.
 * errors: W codes (the module cannot be read), BUNDLE_MODULE_DIFFERS (its layout is not the manifest's); nothing is added */
MUST_USE bool bundle_show_memory_map(TextBuf *, const Bundle *, Diags *);

/* ---- words.c: what several views say -------------------------------------------------------------------------- */

/* One view being written. What a show_ function returns lives in the arena, and is never NULL: without memory it is "?", and the
 * text has failed. */
typedef struct Show {
    TextBuf *text;
    const BundleManifest *m;
    const Bundle *bundle;
    Arena arena;
} Show;

const char *show_format(Show *, const char *format, ...) PRINTF(2, 3); /* not escaped */
const char *show_text(Show *, const char *);                     /* escaped for a terminal */
const char *show_cut(Show *, const char *, size_t columns);      /* the same, cut to so many columns: "..." at the end */
size_t show_columns(const char *escaped);                        /* how many columns it takes: one a character */
const char *show_bytes(Show *, uint64_t);                        /* "1.5 KiB" */
const char *show_time(Show *, int64_t seconds);                  /* "2027-06-30T12:00:00Z" */
const char *show_day(Show *, int64_t seconds);                   /* "2027-06-30" */
const char *show_hex(Show *, const uint8_t *, size_t n);
const char *show_result(Parigot__Bundle__V1__Result);            /* "proved", "not provable", ... */
const char *show_plural(size_t n);                               /* "" or "s" */
void *show_array(Show *, size_t n, size_t size);                 /* NULL: no memory, and the text has failed */

/* The fields of BundleLimits, memory first. */
typedef struct ShowLimit {
    const char *name;
    enum { LIMIT_COUNT, LIMIT_BYTES, LIMIT_TIME, LIMIT_RESTARTS } kind; /* of restarts 0 is none, else 0 is not said */
    size_t at;
    bool wide;  /* uint64_t, not uint32_t */
} ShowLimit;
enum { SHOW_N_LIMITS = 13 };
extern const ShowLimit show_limits[SHOW_N_LIMITS];
uint64_t show_limit(const ShowLimit *, const BundleLimits *); /* the value */

/* ---- services.c: who provides what, and who calls it ---------------------------------------------------------- */

enum { SHOW_HOST = -1, SHOW_ELSEWHERE = -2 };
typedef struct ShowServices {
    int32_t *provider; /* of each service of the manifest: a module's index, SHOW_HOST or SHOW_ELSEWHERE */
    bool *routed;      /* of each: a route says who answers                                              */
} ShowServices;
typedef struct ShowUse {
    size_t service;     /* index in the manifest's list */
    const char *method; /* NULL: granted */
} ShowUse;
bool show_services(Show *, ShowServices *out); /* false: no memory */
size_t show_find_service(const BundleManifest *, const char *name);
/* What a module calls and is granted, or provides, by service and method, without the kernel; a grant stands last of its service. */
ShowUse *show_requires(Show *, const BundleModule *, size_t *n);
ShowUse *show_provides(Show *, const BundleModule *, size_t *n);
size_t show_group_end(const ShowUse *, size_t n, size_t i); /* the uses of the service of use i end before it */

/* The kernel is everybody's: not worth a line. */
bool show_is_kernel(const char *service);

#endif
