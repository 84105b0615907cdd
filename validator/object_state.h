/* object_state.h: what the two halves of the object rules share: object_rules.c (symbols, segments, sections) and
 * object_code.c (function bodies and initialisers against their relocations). Private to validator/. */
#ifndef PARIGOT_OBJECT_STATE_H
#define PARIGOT_OBJECT_STATE_H

#include "validator/validator.h"

typedef struct ObjectJudge {
    Arena *arena;
    const WasmObject *obj;
    const ValObjectScope *scope;
    ValObjectReport *report;
    bool is_allocator;       /* defines parigot_alloc: may write to the linker's symbols              */
    bool plain_calls;        /* call_indirect may name table 0 without a relocation                   */
    uint8_t *written;        /* a bit for each symbol: a store to it has been reported                */
    uint32_t told[DIAG_CODE_COUNT]; /* findings in code, by what they are                                    */
    bool out_of_memory;
} ObjectJudge;

#define NONE UINT32_MAX
#define FINDING(...) ((ValObjectFinding){.symbol = NONE, .segment = NONE, .func = NONE, .offset = NONE, __VA_ARGS__})

/* Records a finding of a rule, or of what else holds of every object. */
void object_violated(ObjectJudge *, ValRule, ValObjectFinding, const char *format, ...) PRINTF(4, 5);
void object_broken(ObjectJudge *, DiagCode, ValObjectFinding, const char *format, ...) PRINTF(4, 5);
void judge_object_code(ObjectJudge *); /* object_code.c */

/* Symbols that the linker defines. */
bool is_linker_symbol(Str name);

#endif
