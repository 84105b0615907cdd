/* edit.h: a finished module in, the same module with a few things changed out: what its functions begin with, functions
 * behind those that are there, its exports, its start, whether its memory is its own. No index changes. Debug
 * information and names follow. Nothing here is trusted: what comes out is judged again.
 * Source: core 2.0 §5.5 "Modules". */
#ifndef PARIGOT_LINKER_EDIT_H
#define PARIGOT_LINKER_EDIT_H

#include "wasm/wasm.h"

/* The start of a body's code: so many bytes behind the declaration of locals are left out, and others stand there. */
typedef struct EditBody {
    uint32_t body, cut;
    Str put;
} EditBody;
/* A function behind all others. */
typedef struct EditFunc {
    uint32_t type;
    Str body; /* locals and code, without the size */
    Str name; /* for the name section, where there is one */
} EditFunc;
typedef struct EditExport {
    Str name;
    uint8_t kind;
    uint32_t index;
} EditExport;

typedef struct ModuleEdit {
    const PmSection *record; /* parigot.module; NULL: none. What the module has of it is left out */
    EditBody *bodies;        /* ascending, each body once */
    size_t n_bodies, bodies_cap;
    EditFunc *funcs;
    size_t n_funcs, funcs_cap;
    EditExport *exports; /* all of them */
    size_t n_exports, exports_cap;
    bool no_start;
    enum { EDIT_MEMORY_STAYS, EDIT_MEMORY_IMPORTED, EDIT_MEMORY_OWN } memory; /* IMPORTED: as EDIT_MODULE, EDIT_MEMORY */
    enum { EDIT_ALL_CUSTOMS, EDIT_NAMES_ONLY } customs;
    bool (*is_no_name)(Str); /* names of functions that are left out; NULL: none */
} ModuleEdit;
#define EDIT_MODULE STR("parigot")
#define EDIT_MEMORY STR("memory")

/* edit_begin: an edit that changes nothing: the exports as the module has them. */
void edit_begin(const WasmModule *, Arena *, ModuleEdit *out);
/* edit_write: the module's bytes.
 * in:     a module that was found valid; arena with on_oom
 * out:    *out  behind what was there; *map  where code went (empty: nowhere)
 * errors: OUT_OF_MEMORY; DEBUG_DROPPED are notes */
MUST_USE bool edit_write(const WasmModule *, const ModuleEdit *, Arena *, Diags *, Writer *out, CodeMap *map);
/* Where the code of a body begins, behind the declaration of locals. */
uint32_t edit_code_start(const WasmModule *, uint32_t body);

#endif
