/* object_rules.h: the isolation rules on relocatable objects, where the culprit still has a name. docs/rules.md
 *
 * What a finished module can only show by its addresses and stores, an object says itself: which symbol is writable
 * data, how large, in which segment, declared on which line. The linker asks for each object that is in the link, when
 * it knows what is live: state that nothing refers to is not in the module.
 * Besides, each index in the code must be covered by one relocation, and each relocation must cover an operand: else
 * code of one object could reach what belongs to another, past every rule.
 *
 * The object may be hostile: time and memory are linear in its size. */
#ifndef PARIGOT_OBJECT_RULES_H
#define PARIGOT_OBJECT_RULES_H

#include "validator/validator.h"

/* What of the object counts. A function that is NULL says yes to all. */
typedef struct ValObjectScope {
    void *ctx;
    bool (*func)(void *ctx, uint32_t func);       /* will this defined function be in the module?                 */
    bool (*segment)(void *ctx, uint32_t segment); /* ... this data segment?                                       */
    bool (*global)(void *ctx, uint32_t global);   /* ... this defined global?                                     */
    bool (*symbol)(void *ctx, uint32_t symbol);   /* undefined: does nobody define it, so that it will be an import?
                                                     absolute: does anything refer to it?                         */
} ValObjectScope;

typedef struct ValObjectFinding {
    DiagCode code;      /* of a rule (P101 ..); or OBJ_RAW_INDEX, OBJ_RELOC_SITE, OBJ_BAD_CODE, WASM_FEATURE: errors under
                           every policy but none, and not waivable                                                */
    ValRule rule;       /* VAL_RULE_COUNT when it is not one of a rule                                            */
    uint32_t symbol;    /* that it is about, or DIAG_NOWHERE32                                                    */
    uint32_t segment;   /* P104, P203: of the data, or DIAG_NOWHERE32                                             */
    uint32_t size;      /* P104, P203: bytes                                                                      */
    uint32_t func;      /* index in the object, or DIAG_NOWHERE32                                                 */
    uint32_t offset;    /* in the file, or DIAG_NOWHERE32                                                         */
    const char *text;   /* arena                                                                                  */
} ValObjectFinding;

typedef struct ValObjectReport {
    ValObjectFinding *findings; uint32_t n_findings; /* data by segment and offset, then code by offset           */
    size_t cap_findings;
    uint32_t not_stored; /* further findings in code, of codes of which VAL_OBJECT_CODE_FINDINGS are among these and
                            which cannot be waived                                                                */
} ValObjectReport;
enum { VAL_OBJECT_CODE_FINDINGS = 100 };

/* val_object_rules: P101 to P106 and P201 to P206 by symbol, and the relocations of code.
 * P101  a mutable global is defined          P102  one is undefined, but for __stack_pointer    P103  one is exported
 * P104  a symbol in a segment that is not constant by name (val_segment_is_constant), or such a segment without symbols; an
 *       absolute symbol; a store to a constant, or to the linker's own symbols outside of the object that defines
 *       parigot_alloc
 * P105  an instruction that changes a table (the first of a function); an exported table
 * P106  a constructor, or a start section    P201  shared memory               P202  atomic instructions
 * P203  thread-local data (P104 as well)     P204, P206  undefined symbols of foreign.def
 * P205  target features atomics, shared-mem
 * in:     scope  NULL: all of it counts
 * out:    *out   what was found; arrays and texts in the arena
 * returns false when memory was out: nothing can be said then */
MUST_USE bool val_object_rules(Arena *, const WasmObject *, const ValObjectScope *scope, ValObjectReport *out);

/* val_report_finding: as a Diag with object, symbol, function, and source line when there is DWARF (NULL: there is none).
 * returns what diag_add returned, for notes */
Diag *val_report_finding(const WasmObject *, const ValObjectFinding *, Dwarf *, DiagSeverity, Diags *);

/* Constant by name (.rodata, .data.rel.ro) and not thread-local. A name proves nothing; the seal does. */
bool val_segment_is_constant(const WasmSegmentInfo *);

/* A row of foreign.def. */
typedef struct ValForeign {
    ValRule rule;
    const char *module, *name, *what;
} ValForeign;
/* The first row that matches this import; NULL when none does. */
const ValForeign *val_find_foreign(Str module, Str name);

#endif
