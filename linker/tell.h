/* tell.h: parigot-ld's messages to the user. */
#ifndef PARIGOT_LINKER_TELL_H
#define PARIGOT_LINKER_TELL_H

#include "linker/command.h"

/* tell_diags: all that a run found, on standard error in the format of --error-format; with --error-file there, and on
 * standard error as text. What --error-limit and --fatal-warnings make of them is put into the Diags.
 * in:     completed  false: the run ended before it had looked at everything
 * out:    false when they could not be told (a message says so, where that is possible) */
bool tell_diags(const LdCommand *, Diags *, bool completed);

#endif
