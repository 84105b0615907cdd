/* finish.c: what is done to a module that was found good, whether it was linked or given: a new record, store
 * checks, a meter. It is judged once more as it will be written: nobody has to trust the passes that were here in
 * between. */
#include "linker/ld.h"
#include "linker/optimize.h"
#include "linker/seal.h"

/* What was asked for is proved, whatever the policy says of it. */
static ValPolicy asked_for(const LdOptions *o, MeterKind kind)
{
    static const struct {
        ValRule rule;
        bool of_meter;
    } rows[] = {{RULE_P403, false}, {RULE_P404, false}, {RULE_P701, true}, {RULE_P702, true}, {RULE_P703, true}};
    ValPolicy p = *val_builtin_policy(STR("none"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].of_meter ? kind != METER_NONE : o->seal_check)
            p.rules[rows[i].rule].violated = p.rules[rows[i].rule].not_provable = VAL_ERROR;
    return p;
}

/* What was told of the module before is not told again; only what is wrong now. */
static bool judge(const LdOptions *o, const ValOptions *how, Arena *arena, Diags *diags, const Writer *bytes, ValReport *report)
{
    size_t kept = diags->n, warnings = diags->warnings;
    bool ok = val_module(arena, bytes->ptr, bytes->len, o->output, how, diags, report);
    for (size_t i = kept; i < diags->n; i++)
        if (diags->items[i].severity >= SEV_ERROR) diags->items[kept++] = diags->items[i];
    diags->n = kept;
    diags->warnings = warnings;
    return ok;
}

static bool judge_again(const LdOptions *o, MeterKind kind, Arena *arena, Diags *diags, const Writer *bytes)
{
    const ValPolicy asked = asked_for(o, kind);
    ValOptions how = ld_val_options(o);
    if (kind || o->seal_check) how.also = &asked;
    ValReport report;
    return judge(o, &how, arena, diags, bytes, &report);
}

/* What the module says of itself, or will say: *how->record, else what stands in it. NULL: nothing, or it is broken. */
static PmSection *record_of(const WasmModule *m, const MeterOptions *how, Arena *arena, Diags *diags, PmSection *room)
{
    if (how->record) *room = *how->record;
    else if (pm_read(m, arena, diags, room) != PM_PRESENT) return NULL;
    return room;
}

/* m and how become those of the optimised module, which is judged as the one before was. */
static bool optimize(const LdOptions *o, Arena *arena, Diags *diags, WasmModule *m, MeterOptions *how, PmSection *record,
                     Writer *bytes)
{
    size_t errors = diags->errors;
    ValPolicy policy;
    ValReport report;
    how->record = record_of(m, how, arena, diags, record);
    if (diags->errors != errors || !ld_optimize(o, arena, diags, m, how->record ? record : NULL, bytes)) return false;
    const ValOptions before = ld_val_options_before(o, &policy);
    bool ok = judge(o, &before, arena, diags, bytes, &report);
    *m = report.module;
    if (how->record) *record = report.pm; /* what it said before may lie in bytes that are gone */
    return ok;
}

/* m becomes the module with store checks; it is judged when all is done. */
static bool seal(const LdOptions *o, Arena *arena, Diags *diags, WasmModule *m, MeterOptions *how, Writer *bytes)
{
    const SealOptions with = {.record = how->record, .strip_debug = how->strip_debug, .strip_all = how->strip_all,
                              .threads = ld_threads(o)};
    const WasmReadOptions read = {.object = true};
    Writer out = {0};
    bool ok = ld_seal_module(m, &with, arena, diags, &out);
    wr_free(bytes);
    *bytes = out;
    how->record = NULL; /* it is in the module now */
    return ok && wasm_read_module(arena, bytes->ptr, bytes->len, o->output, &read, diags, m);
}

bool ld_finish(const LdOptions *o, Arena *arena, Diags *diags, const WasmModule *m, const MeterOptions *how,
               Writer *bytes)
{
    Writer out = {0};
    PmSection record;
    WasmModule module = *m;
    MeterOptions with = *how;
    with.threads = ld_threads(o);
    bool ok = !o->binaryen || optimize(o, arena, diags, &module, &with, &record, bytes);
    ok = ok && (!o->seal_check || seal(o, arena, diags, &module, &with, bytes));
    ok = ok && ld_meter_module(&module, &with, arena, diags, &out);
    wr_free(bytes);
    *bytes = out;
    return ok && judge_again(o, how->kind, arena, diags, bytes);
}
