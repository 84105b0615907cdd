/* profile.h: where the time of a world's modules goes: samples of call stacks, counted, as folded stacks:
 *
 *     greeter;fault_v1_Faulty_Do;endless_loop 298
 *
 * one line for each stack, process first, innermost function last, then how many samples had it. flamegraph.pl and
 * speedscope read that. Host memory is bounded: of more stacks than PROFILE_MOST_STACKS the later ones count as one. */
#ifndef PARIGOT_LOADER_PROFILE_H
#define PARIGOT_LOADER_PROFILE_H

#include "loader/engine.h"

enum { PROFILE_MOST_STACKS = 1 << 15 };

typedef struct Profile Profile;
Profile *profile_new(void); /* NULL: out of memory */
void profile_free(Profile *);
/* name, module: of the process; they outlive the profile. */
void profile_add(Profile *, const char *name, const WasmModule *module, const LoadTrap *place);
/* Sorted by the text of the lines. Names are escaped, and ';' within one is shown as ':'. */
void profile_print(const Profile *, TextBuf *);

#endif
