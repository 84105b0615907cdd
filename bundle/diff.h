/* diff.h: differences between two bundles, being collected. Private to diff.c and diff_policy.c.  See show.h */
#ifndef PARIGOT_BUNDLE_DIFF_H
#define PARIGOT_BUNDLE_DIFF_H

#include "bundle/show.h"

typedef enum DiffKind {
    DIFF_GAINED,  /* the new bundle may do more, or less is known of it */
    DIFF_LOST,    /* it may do less, or more is known of it             */
    DIFF_CHANGED, /* neither, as far as a manifest tells                */
    DIFF_KINDS
} DiffKind;

typedef struct DiffItem {
    DiffKind kind;
    const char *what;           /* "import", "grant", ...: one of a closed set, see docs/inspect.md */
    const char *module;         /* or NULL: of the world                                            */
    const char *name;           /* what was gained, lost, changed                                   */
    const char *before, *after; /* or NULL: was not, is not there                                   */
} DiffItem;                     /* strings are the manifests' own or in the arena: not escaped      */

typedef struct Diff {
    Show show; /* of the new bundle; its arena has everything */
    const BundleManifest *old_m, *new_m;
    DiffItem *items;
    size_t n, cap;
    bool whole; /* a module is there or not: of what it has, only capabilities are told */
} Diff;

void diff_add(Diff *, DiffItem);

/* One thing that a bundle has, by key. Greater weights allow more. */
typedef struct DiffEntry {
    const char *key, *value;
    uint64_t weight[2];
    bool neutral; /* having it or not is no capability */
} DiffEntry;

typedef struct DiffEntries {
    DiffEntry *items;
    size_t n;
} DiffEntries;
DiffEntries diff_entries(Diff *, size_t cap);
void diff_put(DiffEntries *, DiffEntry);

/* diff_lists: what is in one list and not in the other, and what has another value. Equal keys may be there several times.
 * in:     gained, lost   what an entry only in `after`, only in `before` is
 *         absent         when not NULL: what stands for an entry that is not there; weights decide then */
void diff_lists(Diff *, const char *what, const char *module, DiffEntries before, DiffEntries after, DiffKind gained,
                DiffKind lost, const DiffEntry *absent);
/* Two values of one thing. */
void diff_value(Diff *, const char *what, const char *module, DiffEntry before, DiffEntry after);

/* diff_policy.c: what policies ask for. */
void diff_policies(Diff *);

#endif
