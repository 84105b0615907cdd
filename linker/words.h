/* words.h: what the files that speak of a link share (words.c, hints.c, near.c). All of it is done when there is
 * something to say, and not before. */
#ifndef PARIGOT_LINKER_WORDS_H
#define PARIGOT_LINKER_WORDS_H

#include "linker/ld.h"

typedef struct LdWords {
    uint64_t steps_left;        /* of searches for messages, in the whole link */
    size_t path_bytes_left;     /* of source files' names in messages, in the whole link */
    struct Candidates *defined; /* every name that somebody defines; NULL: not yet asked for (hints.c) */
} LdWords;
LdWords *ld_words(Ld *);
/* May a search of so many steps be made? Then they count. */
bool ld_may_search(Ld *, uint64_t steps);
/* A source file's name goes into a message: hostile DWARF can give each symbol a long one. False: it is one too many,
 * now and from now on. */
bool ld_may_name_source(Ld *, const char *path);

/* ---- near.c ---- */

/* The last identifier of a C++ name or of Rust's legacy form, else the name without underscores in front. */
Str ld_base_name(Str name);
bool ld_is_path(Str name);            /* it is of such a form */
bool ld_same_path(Str a, Str b);      /* both are, and all identifiers are equal (Rust's hashes aside) */
bool ld_has_rust_hash(Str name);      /* it ends as Rust's legacy names do: 17h, 16 digits, E */
bool ld_same_scope(Str a, Str b);     /* both are, and what is before the last identifiers is equal but for case, or absent */
uint8_t ld_fold(char c);              /* upper case to lower case, ASCII */
bool ld_same_letters(Str a, Str b);   /* equal but for case */
uint64_t ld_letters(Str s);           /* set of its letters: an edit adds and removes at most one */
unsigned ld_most_edits(Str s);        /* by how many edits a near miss of it may differ; 0: by none */
unsigned ld_distance(Str a, Str b, unsigned most); /* edits, case aside; most + 1: more than `most` */

#endif
