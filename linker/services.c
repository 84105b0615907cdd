/* services.c: --abi and --service: which methods there are, and which of them an undefined function was meant
 * to be.
 *
 * Imports and exports are judged on the linked module (validator/rules_names.c). A C function that nobody
 * defines is no import: but if it looks like generated code for a method, saying so helps more than its name
 * does. */
#include "linker/command.h"
#include "linker/ld.h"
#include "validator/validator.h"

/* Without descriptions, only what could never be a service's name is known to be wrong. */
static bool check_named(const ValNamed *named, Diags *d)
{
    bool ok = true;
    for (uint32_t i = 0; i < named->n_services; i++)
        if (!wasm_is_service(named->services[i])) {
            diag_add(d, USAGE, DIAG_AT(), "--service=%.*s: not the full name of a service: package.Service",
                     STR_ARG(named->services[i]));
            ok = false;
        }
    return ok;
}

bool ld_load_services(LdCommand *c, Arena *arena, Diags *d)
{
    Str *names = arena_array(arena, c->services.n, sizeof *names);
    for (size_t i = 0; i < c->services.n; i++) names[i] = str_of(c->services.items[i]);
    c->link.named = (ValNamed){names, (uint32_t)c->services.n};
    if (!c->abi_files.n) return check_named(&c->link.named, d);
    ValAbi *abi = arena_alloc(arena, sizeof *abi);
    c->link.abi = abi;
    return val_load_abi(arena, c->abi_files.items, c->abi_files.n, d, abi) &&
           val_check_named(abi, &c->link.named, d);
}

ValOptions ld_val_options(const LdOptions *o)
{
    return (ValOptions){.policy = o->policy, .now = o->now, .abi = o->abi, .named = o->named,
                        .threads = ld_threads(o)};
}

ValOptions ld_val_options_before(const LdOptions *o, ValPolicy *policy)
{
    ValOptions how = ld_val_options(o);
    if (!o->policy || (!o->meter && !o->seal_check)) return how;
    *policy = *o->policy;
    if (o->meter) policy->rules[RULE_P701].violated = policy->rules[RULE_P701].not_provable = VAL_OFF;
    if (o->seal_check) policy->rules[RULE_P404].violated = policy->rules[RULE_P404].not_provable = VAL_OFF;
    how.policy = policy;
    return how;
}

static void judge_import(Ld *ld, const Symbol *s, const ValOptions *how)
{
    uint32_t type = 0, is_function = s->kind == SYM_FUNCTION;
    WasmImport import = {.module = ld_import_module(s),
                         .name = ld_import_name(s),
                         .kind = is_function             ? KIND_FUNC
                                 : s->kind == SYM_GLOBAL ? KIND_GLOBAL
                                                         : KIND_TABLE,
                         .offset = DIAG_NOWHERE32};
    WasmModule m = {.file = ld->opt->output,
                    .types = is_function ? &ld->types[s->type].type : NULL,
                    .n_types = is_function,
                    .func_types = &type,
                    .n_funcs = is_function,
                    .imports = &import,
                    .n_imports = 1};
    size_t first = ld->diags->n;
    val_imports(&m, how, ld->diags);
    for (size_t k = first; k < ld->diags->n; k++) ld_explain_import(ld, &ld->diags->items[k], s);
}

/* requires: ld_check_undefined, and some error. provides: findings of P301 to P305, so that they need no
 * second run. */
void ld_check_imports(Ld *ld)
{
    enum { MOST = 100 }; /* each costs a walk over all relocations */
    const ValOptions how = ld_val_options(ld->opt);
    uint32_t n = 0;
    for (uint32_t i = 0; i < ld->names.n && n < MOST; i++) {
        const Symbol *s = ld->symbols[i];
        bool judged =
            (s->kind == SYM_FUNCTION && s->type != LD_NONE) || s->kind == SYM_GLOBAL || s->kind == SYM_TABLE;
        if (!s->imported || !judged) continue;
        judge_import(ld, s, &how);
        n++;
    }
}

DiagCode ld_undefined_code(Ld *ld, const Symbol *s, const char **note)
{
    const ValAbi *abi = ld->opt->abi;
    ValNearest n;
    *note = NULL;
    if (!abi || s->kind != SYM_FUNCTION) return LD_UNDEFINED;
    if (val_nearest_symbol(abi, &(ValNamed){0}, s->name, &ld->nearest_budget, &n) && n.distance == 0) {
        bool named = val_is_named(&ld->opt->named, n.service->name);
        *note =
            arena_printf(&ld->arena,
                         named ? "it belongs to %.*s/%.*s: link the code that protoc-gen-parigot makes for it"
                               : "it belongs to %.*s/%.*s, a service that --service does not name",
                         STR_ARG(n.service->name), STR_ARG(n.method->name));
        return named ? P301 : P303;
    }
    if (val_nearest_symbol(abi, &ld->opt->named, s->name, &ld->nearest_budget, &n))
        *note =
            arena_printf(&ld->arena, "nearest: %.*s/%.*s", STR_ARG(n.service->name), STR_ARG(n.method->name));
    return P301;
}
