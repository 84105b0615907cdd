/* reproduce.h: --reproduce: a tar of all that a link was made of, which links again elsewhere. */
#ifndef PARIGOT_LINKER_REPRODUCE_H
#define PARIGOT_LINKER_REPRODUCE_H

#include "linker/command.h"

/* Zero is one that has not begun; all else is reproduce.c's. */
typedef struct LdReproduce {
    const LdCommand *command;
    Diags *diags;
    Arena arena;
    FileOutput out;
    const char **resolved; /* [command->link.n_inputs] path of each input that was opened */
    void *seen;            /* paths that are in the tar: tsearch(3) */
    bool begun, failed, told; /* told: why it failed is among the diagnostics */
} LdReproduce;

/* ld_reproduce_begin: opens the tar, and has the link tell of its inputs.
 * in:     command  with a --reproduce; its link.on_input is set
 * errors: IO_WRITE, IO_READ */
MUST_USE bool ld_reproduce_begin(LdReproduce *, LdCommand *, Diags *);
/* ld_reproduce_end: the command line as response.txt, version.txt; the tar appears, also when the link failed.
 * errors: IO_WRITE, OUT_OF_MEMORY */
MUST_USE bool ld_reproduce_end(LdReproduce *);

#endif
