/* choose_policy.c: --policy and --waive: a built-in policy or a file's, with the waivers of the command line
 * added. */
#include "linker/command.h"
#include "validator/validator.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool add_waiver(ValPolicy *p, const LdWaiver *w, size_t number, Arena *arena, Diags *d)
{
    ValRule rule;
    if (!val_rule_find(str_of(w->rule), &rule)) {
        diag_add(d, USAGE, DIAG_AT(), "--waive: no such rule: %s (parigot-validate --list-rules names them)",
                 w->rule);
        return false;
    }
    if (!val_rule_info[rule].waivable) {
        diag_add(d, USAGE, DIAG_AT(), "--waive: %s cannot be waived: only P101, P104 to P106 and P6xx can",
                 w->rule);
        return false;
    }
    p->waivers[p->n_waivers++] = (ValWaiver){.name = str_of(arena_printf(arena, "command-line-%zu", number)),
                                             .rule = rule,
                                             .symbol = str_of(w->symbol),
                                             .reason = str_of(w->reason)};
    return true;
}

/* The base policy's waivers, then ours. The policy has another name then, as it has another digest. */
static bool add_waivers(LdOptions *o, ValPolicy *p, Arena *arena, Diags *d)
{
    ValWaiver *all = arena_array(arena, p->n_waivers + o->n_waivers, sizeof *all);
    if (p->n_waivers) memcpy(all, p->waivers, p->n_waivers * sizeof *all);
    p->waivers = all;
    bool ok = true;
    for (size_t i = 0; i < o->n_waivers; i++) ok &= add_waiver(p, &o->waivers[i], i + 1, arena, d);
    p->name = str_of(arena_printf(arena, "%.*s-with-waivers", STR_ARG(p->name)));
    return ok;
}

/* For waivers that end; builds that must come out the same tomorrow say when they are made. */
static int64_t now(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end;
    long long v = epoch && *epoch ? strtoll(epoch, &end, 10) : 0;
    return epoch && *epoch && !*end && v > 0 ? v : (int64_t)time(NULL);
}

bool ld_choose_policy(LdCommand *c, Arena *arena, Diags *d)
{
    LdOptions *o = &c->link;
    o->policy = NULL;
    if (!o->isolate) return true;
    ValPolicy *p = arena_alloc(arena, sizeof *p);
    if (!val_load_policy(arena, c->policy, d, p)) return false;
    if (o->n_waivers && !add_waivers(o, p, arena, d)) return false;
    if (!val_policy_digest(p, o->policy_digest)) {
        diag_add(d, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
        return false;
    }
    o->policy = p;
    if (o->seal_ctors && p->rules[RULE_P104].violated != VAL_ERROR)
        diag_add(d, USAGE, DIAG_AT(), "--seal-ctors needs a policy that forbids writable data (P104): \"%.*s\" lets it through",
                 STR_ARG(p->name));
    for (uint32_t i = 0; i < p->n_waivers; i++)
        if (p->waivers[i].expires) o->now = now();
    return d->errors == 0;
}
