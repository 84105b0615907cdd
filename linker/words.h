/* words.h: what the files that speak of a link share (words.c, hints.c). All of it is made when there is something to
 * say, and not before. */
#ifndef PARIGOT_LINKER_WORDS_H
#define PARIGOT_LINKER_WORDS_H

#include "linker/ld.h"

typedef struct LdWords {
    uint64_t steps_left; /* of searches for messages, in the whole link */
} LdWords;
LdWords *ld_words(Ld *);
/* May a search of so many steps be made? Then they count. */
bool ld_may_search(Ld *, uint64_t steps);

#endif
