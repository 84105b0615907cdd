/* services.c: --abi and --service: which methods there are, and which of them an undefined function was meant
 * to be.
 *
 * Imports and exports are judged on the linked module (validator/rules_names.c). A C function that nobody
 * defines is no import: but if it looks like generated code for a method, saying so helps more than its name
 * does. */
#include "linker/command.h"
#include "linker/ld.h"
#include "validator/abi.h"

bool ld_load_services(LdCommand *c, Arena *arena, Diags *d)
{
    Str *names = arena_array(arena, c->services.n, sizeof *names);
    for (size_t i = 0; i < c->services.n; i++) names[i] = str_of(c->services.items[i]);
    c->link.named = (ValNamed){names, (uint32_t)c->services.n};
    if (!c->abi_files.n) return true;
    ValAbi *abi = arena_alloc(arena, sizeof *abi);
    c->link.abi = abi;
    return abi_load(arena, c->abi_files.items, c->abi_files.n, d, abi) &&
           abi_check_named(abi, &c->link.named, d);
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
