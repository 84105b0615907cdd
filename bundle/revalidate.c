/* revalidate.c: is what a manifest says about its modules true? Everything is proved again from the modules'
 * bytes. */
#include "bundle/create.h"

#include "validator/validator.h"

#include <string.h>

static bool same_verdicts(const BundleModule *said, const ValReport *is)
{
    if (said->n_verdicts != VAL_RULE_COUNT) return false;
    for (int r = 0; r < VAL_RULE_COUNT; r++) {
        const BundleVerdict *v = said->verdicts[r];
        const ValResult *now = &is->rules[r];
        if (strcmp(v->code, val_rule_info[r].code) != 0 || (int)v->result != (int)now->verdict ||
            v->findings != now->findings || v->waived != now->waived)
            return false;
    }
    return true;
}

static bool revalidate_module(Arena *a, const Bundle *b, uint32_t index, Diags *d)
{
    const BundleModule *said = b->manifest->modules[index];
    const BundlePolicy *policy = b->manifest->policies[said->policy];
    const BundleBlob *blob = &b->blobs[said->blob];
    DiagPlace at = DIAG_AT(.file = b->file);
    ValPolicy under;
    ValOptions o = {.policy = &under, .world = true};
    ValReport report;
    if (!val_parse_policy(a, str_of(policy->text), policy->name, d, &under)) return false;
    const char *name = arena_printf(a, "%s(%s)", b->file, said->name);
    if (!name) {
        diag_add(d, OUT_OF_MEMORY, at, "out of memory");
        return false;
    }
    if (!val_module(a, blob->ptr, blob->size, name, &o, d, &report)) return false;
    bool ok =
        bundle_check_module(b, index, &report.module, report.section == PM_PRESENT ? &report.pm : NULL, d);
    if (same_verdicts(said, &report)) return ok;
    diag_add(d, BUNDLE_MODULE_DIFFERS, at,
             "module \"%s\": the verdicts of the manifest are not those of this validator", said->name);
    return false;
}

bool bundle_revalidate(const Bundle *b, Diags *d)
{
    bool ok = true;
    for (uint32_t i = 0; i < b->manifest->n_modules; i++) {
        Arena a = {0};
        ok = revalidate_module(&a, b, i, d) && ok;
        arena_free(&a);
    }
    return ok;
}
