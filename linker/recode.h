/* recode.h: a finished module in, the same module with other code out: what passes that rewrite code have in common.
 * All sections are copied byte for byte but for these: a pass writes each body anew, and may add items behind those
 * of other sections, so that no index changes; parigot.module is said anew, first of all. Debug information
 * follows the code; what else counts in its offsets is left out. */
#ifndef PARIGOT_LINKER_RECODE_H
#define PARIGOT_LINKER_RECODE_H

#include "wasm/wasm.h"

/* Bytes put in front of old ones, which are at this offset in the file. */
typedef struct CodeInsert {
    uint32_t at, size;
} CodeInsert;

/* What a pass says of a body that it has written. */
typedef struct RecodedBody {
    uint32_t head_size; /* of the new declaration of locals */
    uint32_t code_at;   /* where the old one ends: in the file */
    const CodeInsert *inserts; /* ascending; the pass's */
    size_t n_inserts;
} RecodedBody;

/* One more item for a section of which there is at most one. */
typedef struct RecodeItem {
    uint8_t section;
    Writer bytes;
} RecodeItem;

typedef struct Recode {
    const char *what;            /* does this: "metering", in messages */
    bool strip_debug, strip_all; /* custom sections with debug information, or all but target_features and ours, are left out */
    bool has_record;
    PmSection record;            /* of parigot.module, which is written when there is one */
    RecodeItem *items; unsigned n_items; /* by section, in the order of sections, one each */
    bool (*body)(void *ctx, uint32_t body, Writer *out, RecodedBody *); /* NULL: the code stays as it is */
    void *ctx;
    void **workers; unsigned n_workers; /* a ctx for each thread that may write bodies; 0: ctx alone does: recode_in_threads */
} Recode;

/* Does anybody want to know of inserts? */
bool recode_wants_inserts(const WasmModule *, const Recode *);
/* A pass can move this code: it is no object, nor has it relocations. errors: LD_RECODE_RELOCS */
MUST_USE bool recode_check(const WasmModule *, Diags *);
/* recode: the whole module.
 * in:     a valid module; arena with on_oom
 * out:    *out  the module's bytes, behind what was there; the caller's, also after an error
 * errors: those of the pass; LD_RECODE_DEBUG is a warning */
MUST_USE bool recode(const WasmModule *, const Recode *, Arena *, Diags *, Writer *out);
/* recode_in_threads: the same bytes, by so many threads. A thread has nothing to say but that memory is out.
 * in:     threads  0, 1: the caller's alone
 *         copy     makes a ctx for one thread, which allocates from that arena and reports there */
MUST_USE bool recode_in_threads(const WasmModule *, const Recode *, unsigned threads,
                                void *(*copy)(void *ctx, Arena *, Diags *), Arena *, Diags *, Writer *out);

#endif
