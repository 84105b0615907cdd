/* inputs.h: the files that are meant by the arguments of parigot-validate. */
#ifndef PARIGOT_VALIDATOR_INPUTS_H
#define PARIGOT_VALIDATOR_INPUTS_H

#include "wasm/wasm.h"

typedef struct Input {
    const char *path;    /* "-": standard input */
    const char *problem; /* why there is nothing to read; NULL: there should be */
    DiagCode code;       /* of the problem: IO_READ, IO_NO_FILE */
} Input;

typedef struct Inputs {
    Input *items; /* arena */
    size_t n, cap;
    bool failed;  /* out of memory */
} Inputs;

/* inputs_collect: arguments to files, in the order of the arguments; each folder's entries by name, bytewise.
 *
 * A folder stands for all *.wasm below it; links to folders are not followed, what is neither a file nor a link to one
 * is left out. An argument that is no file and has one of * ? [ is a pattern: each of its parts as for the shell, ** for
 * any number of folders; it stands for the regular files that it matches. A folder or pattern that stands for nothing is
 * a problem: a gate that looks at nothing must not let everything through. */
void inputs_collect(Arena *, char **arguments, int n, Inputs *out);

#endif
