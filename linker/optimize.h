/* optimize.h: -O1 to -O4, -Os, -Oz: Binaryen's optimiser on a finished module, in a process of its own, believed nothing.
 * docs/optimization.md */
#ifndef PARIGOT_LINKER_OPTIMIZE_H
#define PARIGOT_LINKER_OPTIMIZE_H

#include "linker/linker.h"

/* ld_optimize: the same module, optimised, with its entry thunks and frame checks.
 * in:     m       a module that was found good; not metered, without relocations
 *         record  what its parigot.module will say; stack_pointer becomes the index that it has now. NULL: none
 *         arena   with on_oom
 * out:    *out    the bytes: replaced. m may be a view of what was there
 * errors: LD_CHILD codes, LD_OPT_CHANGED, LD_OPT_REFUSED; LD_OPT_DEBUG is a warning */
MUST_USE bool ld_optimize(const LdOptions *, Arena *, Diags *, const WasmModule *m, PmSection *record, Writer *out);

/* opt_same: is the border of a module what it was? Imports may be fewer; all else that others see, or that lies in memory,
 * is the same. docs/optimization.md "What is compared"
 * errors: LD_OPT_CHANGED, the first difference; file and program are for the message */
MUST_USE bool opt_same(const WasmModule *before, const WasmModule *after, Arena *, const char *file, const char *program,
                       Diags *);

#endif
