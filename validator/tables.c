/* tables.c: rules, limits and built-in policies, all made from rules.def and limits.def. */
#include "validator/validator.h"

const ValRuleInfo val_rule_info[VAL_RULE_COUNT] = {
#define RULE(code, name, waivable, strict, reset, audit) [RULE_##code] = {#code, name, code, waivable},
#include "validator/rules.def"
#undef RULE
};

bool val_rule_find(Str code, ValRule *out)
{
    for (int r = 0; r < VAL_RULE_COUNT; r++)
        if (str_eq(code, str_of(val_rule_info[r].code))) {
            *out = (ValRule)r;
            return true;
        }
    return false;
}

const ValLimitInfo val_limit_info[VAL_LIMIT_COUNT] = {
#define LIMIT(NAME, key, unit, value, rule) [VAL_LIMIT_##NAME] = {key, VAL_UNIT_##unit, value, RULE_##rule},
#include "validator/limits.def"
#undef LIMIT
};

const char *val_verdict_text(ValVerdict v)
{
    static const char *const text[] = {"", "proved", "violated", "not provable", "off"};
    return text[v];
}

/* ---- built-in policies ---- */

static const Str any_import[] = {{"*/*", 3}};

/* What is not provable is one step less than violated, and never an error: strictness is an option of its own. */
#define LESS_ERROR   VAL_WARNING
#define LESS_WARNING VAL_NOTE
#define LESS_NOTE    VAL_NOTE
#define LESS_OFF     VAL_OFF

/* Rules and limits stand in one table each, with a column for a policy. */
#define BUILTIN(base_, text, features_)                                                                                 \
    [base_].name = {text, sizeof text - 1}, [base_].base = base_, [base_].imports_allow = any_import,                  \
    [base_].n_imports_allow = 1, [base_].features = features_
static const ValPolicy builtin[] = {
    BUILTIN(VAL_BASE_STRICT, "strict", FEATURES_CORE),
    BUILTIN(VAL_BASE_RESET, "reset", FEATURES_CORE),
    BUILTIN(VAL_BASE_AUDIT, "audit", FEATURES_CORE),
    BUILTIN(VAL_BASE_NONE, "none", FEATURES_ALL), /* all rules off */
    [VAL_BASE_NONE].exports_memory = true,
#define RULE(code, name, waivable, strict, reset, audit)                                                                \
    [VAL_BASE_STRICT].rules[RULE_##code] = {VAL_##strict, LESS_##strict},                                              \
    [VAL_BASE_RESET].rules[RULE_##code] = {VAL_##reset, LESS_##reset},                                                 \
    [VAL_BASE_AUDIT].rules[RULE_##code] = {VAL_##audit, LESS_##audit},
#include "validator/rules.def"
#undef RULE
#define LIMIT(NAME, key, unit, value, rule)                                                                             \
    [VAL_BASE_STRICT].limits[VAL_LIMIT_##NAME] = (value), [VAL_BASE_RESET].limits[VAL_LIMIT_##NAME] = (value),         \
    [VAL_BASE_AUDIT].limits[VAL_LIMIT_##NAME] = (value), [VAL_BASE_NONE].limits[VAL_LIMIT_##NAME] = UINT64_MAX,
#include "validator/limits.def"
#undef LIMIT
};
#undef BUILTIN

const ValPolicy *val_builtin_policy(Str name)
{
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
        if (str_eq(name, builtin[i].name)) return &builtin[i];
    return NULL;
}

const char *val_base_text(ValBase base) { return builtin[base].name.ptr; }
