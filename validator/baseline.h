/* baseline.h: findings that are known, so that only new ones fail a file. docs/baseline.md
 *
 * A finding of a rule is known by a fingerprint that survives unrelated changes (diag_identity), and by how many there are of it.
 * Errors of format and of validation are never in a baseline: of an invalid module nothing is known. */
#ifndef PARIGOT_VALIDATOR_BASELINE_H
#define PARIGOT_VALIDATOR_BASELINE_H

#include "validator/validator.h"

enum { BASELINE_MAX_BYTES = 16 << 20, BASELINE_PRINT = 16 /* bytes of BLAKE2b */,
       BASELINE_FINDINGS = 10000 /* of one rule in one file, the most that is compared */ };

typedef struct BaselineEntry {
    uint8_t print[BASELINE_PRINT];
    ValRule rule;
    uint32_t count, left; /* left: not yet found again */
    const char *file;     /* both: of an entry that is to be written */
    const char *words;
} BaselineEntry;

typedef struct Baseline {
    BaselineEntry *items; /* arena; by fingerprint, each once, when it was read */
    size_t n, cap;
    const char *folder;   /* paths below it are taken relative to it; NULL: none */
    bool failed;          /* out of memory */
} Baseline;

/* baseline_read: a file that baseline_text has written, perhaps with lines deleted.
 * errors: IO_READ, IO_TOO_BIG, BASELINE_VERSION, BASELINE_LINE with file:line; false when there was any */
MUST_USE bool baseline_read(Arena *, const char *path, Diags *, Baseline *);
MUST_USE bool baseline_parse(Arena *, Str text, const char *name, Diags *, Baseline *); /* name: for messages */

/* baseline_filter: takes what is known out of the diagnostics of one file, as many of each as there were; returns how many. */
size_t baseline_filter(Baseline *, Diags *);
/* baseline_collect: the same, and what is taken out is added to the baseline. */
size_t baseline_collect(Arena *, Baseline *, Diags *);
/* The text of what was collected: by file, rule and fingerprint, so that the same findings give the same bytes. Sorts. */
void baseline_text(TextBuf *, Baseline *);
size_t baseline_stale(const Baseline *); /* findings that were known and are no more */

#endif
