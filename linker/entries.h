/* entries.h: entry thunks and frame checks of a finished module: docs/rules.md, "Forms that the proofs recognise". The
 * linker makes them with the module (synth.c); these take thunks away before an optimiser sees them, and put both into
 * modules that lack them. */
#ifndef PARIGOT_LINKER_ENTRIES_H
#define PARIGOT_LINKER_ENTRIES_H

#include "linker/edit.h"
#include "validator/validator.h"

/* The stack pointer, and what every entry sets it to. */
typedef struct StackPointer {
    uint32_t global;
    uint32_t high; /* its initial value */
} StackPointer;

/* The one that the record names; false: none, or it is no mutable i32 global initialised by a constant. */
bool entries_find(const WasmModule *, const PmSection *record, StackPointer *out);
/* Exports get the function behind their thunk; thunks that are functions themselves, and nothing else refers to, lose what
 * makes them thunks. requires: edit is new, and so for the others */
void entries_strip(const WasmModule *, const StackPointer *, Arena *, ModuleEdit *);
/* Every exported function becomes a thunk: in place where nothing else refers to it, else in front of it. */
void entries_add(const WasmModule *, const StackPointer *, Arena *, ModuleEdit *);
/* The functions that the validator names get their check. */
void entries_check_frames(const WasmModule *, const StackPointer *, const ValReport *, Arena *, ModuleEdit *);

#endif
