/* finish.c: what is done to a module that was found good, whether it was linked or given: a new record, a
 * meter. It is judged once more as it will be written: nobody has to trust the passes that were here in
 * between. */
#include "linker/ld.h"

/* A meter that was asked for is proved, whatever the policy says of meters. */
static ValPolicy metered_policy(void)
{
    ValPolicy p = *val_builtin_policy(STR("none"));
    for (ValRule r = RULE_P701; r <= RULE_P703; r++)
        p.rules[r].violated = p.rules[r].not_provable = VAL_ERROR;
    return p;
}

/* What was told of the module before is not told again; only what is wrong now. */
static bool judge_again(const LdOptions *o, MeterKind kind, Arena *arena, Diags *diags, const Writer *bytes)
{
    const ValPolicy metered = metered_policy();
    ValOptions how = ld_val_options(o);
    if (kind) how.also = &metered;
    ValReport report;
    size_t kept = diags->n, warnings = diags->warnings;
    bool ok = val_module(arena, bytes->ptr, bytes->len, o->output, &how, diags, &report);
    for (size_t i = kept; i < diags->n; i++)
        if (diags->items[i].severity >= SEV_ERROR) diags->items[kept++] = diags->items[i];
    diags->n = kept;
    diags->warnings = warnings;
    return ok;
}

bool ld_finish(const LdOptions *o, Arena *arena, Diags *diags, const WasmModule *m, const MeterOptions *how,
               Writer *bytes)
{
    Writer out = {0};
    bool ok = ld_meter_module(m, how, arena, diags, &out);
    wr_free(bytes);
    *bytes = out;
    return ok && judge_again(o, how->kind, arena, diags, bytes);
}
