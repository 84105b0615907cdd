/* response.h: @file arguments, in both quotings. */
#ifndef PARIGOT_LINKER_RESPONSE_H
#define PARIGOT_LINKER_RESPONSE_H

#include "wasm/wasm.h"

/* ld_expand_arguments: argv[1..] with each @FILE replaced by the arguments in it, which may be @FILEs
 * themselves; an
 * @FILE that does not exist stays as it is. --rsp-quoting=windows anywhere on the command line chooses that
 * quoting. errors: IO_READ, USAGE (nested too deep, too many) owns:   strings are argv's or the arena's */
MUST_USE bool ld_expand_arguments(int argc, char **argv, Arena *, Diags *, char ***out, size_t *n);

#endif
