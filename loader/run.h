/* run.h: what parigot-run was asked to do. Private to the tool: main.c reads the command line, the rest does it. */
#ifndef PARIGOT_LOADER_RUN_H
#define PARIGOT_LOADER_RUN_H

#include "loader/engine.h"
#include "validator/validator.h"

enum { EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3, EXIT_TRAP = 134 };

typedef struct RunOptions {
    const char *file;          /* "-": standard input */
    const char *invoke;        /* export to call; NULL: run the world of a bundle */
    char *const *args;         /* of the export */
    size_t n_args;
    bool allow_unsigned;
    const ValPolicy *policy;   /* the operator's floor */
    uint64_t deadline_ns;      /* 0 = none */
    uint64_t memory_bytes;     /* 0 = the module's own maximum */
    uint64_t stack_bytes;      /* 0 = default */
    bool checked;              /* no reservation of address space */
} RunOptions;

/* run_invoke: validates a bare module, instantiates it without imports, calls one export, prints its results.
 * out: exit status; what was wrong is in the Diags, a trap on standard error */
int run_invoke(const RunOptions *, Diags *);

/* values.c: text of one value; false when it is not one of that type.
 * Integers: decimal or 0x, signed or unsigned. Floats: as C, with inf, nan, nan:0xPAYLOAD. References: null, or a number. */
bool value_parse(const char *text, uint8_t type, LoadSlot *out);
/* Integers decimal and signed; floats by the shortest digits that read back exactly. No newline. */
void value_print(TextBuf *, uint8_t type, LoadSlot);

#endif
