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

/* Which module is meant cannot be told. */
static void tell_names(const LdCommand *c, Diags *d)
{
    Diag *told = c->world_module
                     ? diag_add(d, USAGE, DIAG_AT(), "--world-module: %s has no module \"%s\"", c->world_file, c->world_module)
                     : diag_add(d, USAGE, DIAG_AT(), "--world: %s has %u modules: --world-module=NAME says which of them is linked here",
                                c->world_file, c->world.n_modules);
    for (uint32_t i = 0; i < c->world.n_modules; i++)
        diag_note(d, told, "there is: %.*s", STR_ARG(c->world.modules[i].name));
}

/* The world file's policy is the module's. One on the command line may say the same, and nothing else. */
static const ValPolicy *world_policy(LdCommand *c, const ValPolicy *asked, Arena *arena, Diags *d)
{
    size_t errors = d->errors;
    if (!bundle_read_world_around(arena, c->world_file, str_of(c->world_module), d, &c->world, &c->linked)) {
        if (d->errors == errors) tell_names(c, d);
        return NULL;
    }
    const ValPolicy *own = c->linked->policy;
    if (own->base == VAL_BASE_NONE)
        diag_add(d, USAGE, DIAG_AT(), "%s:%u: a module linked with policy none cannot be bundled: nothing was proved of it",
                 c->world_file, c->linked->line);
    uint8_t a[BUNDLE_DIGEST_BYTES], b[BUNDLE_DIGEST_BYTES];
    if (asked && val_policy_digest(asked, a) && val_policy_digest(own, b) && memcmp(a, b, sizeof a) != 0)
        diag_add(d, USAGE, DIAG_AT(), "--policy=%s: the world file says \"%.*s\" for module \"%.*s\" (%s:%u)", c->policy,
                 STR_ARG(own->name), STR_ARG(c->linked->name), c->world_file, c->linked->line);
    return own;
}

bool ld_choose_policy(LdCommand *c, Arena *arena, Diags *d)
{
    LdOptions *o = &c->link;
    o->policy = NULL;
    if (!o->isolate) return true;
    ValPolicy *asked = arena_alloc(arena, sizeof *asked);
    const ValPolicy *p = asked;
    if ((c->policy_given || !c->world_file) && !val_load_policy(arena, c->policy, d, asked)) return false;
    if (c->world_file) p = world_policy(c, c->policy_given ? asked : NULL, arena, d);
    else if (o->n_waivers && !add_waivers(o, asked, arena, d)) return false;
    if (!p) return false;
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
