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

static Str any_import[] = {{"*/*", 3}};

/* What is not provable is one step less than violated, and never an error: strictness is an option of its own. */
#define LESS_ERROR   VAL_WARNING
#define LESS_WARNING VAL_NOTE
#define LESS_NOTE    VAL_NOTE
#define LESS_OFF     VAL_OFF

static const ValPolicy builtin[] = {
    [VAL_BASE_STRICT] = {
        .name = {"strict", 6},
        .base = VAL_BASE_STRICT,
#define RULE(code, name, waivable, strict, reset, audit) .rules[RULE_##code] = {VAL_##strict, LESS_##strict},
#include "validator/rules.def"
#undef RULE
        .imports_allow = any_import, .n_imports_allow = 1,
        .features = FEATURES_CORE,
#define LIMIT(NAME, key, unit, value, rule) .limits[VAL_LIMIT_##NAME] = (value),
#include "validator/limits.def"
#undef LIMIT
    },
    [VAL_BASE_RESET] = {
        .name = {"reset", 5},
        .base = VAL_BASE_RESET,
#define RULE(code, name, waivable, strict, reset, audit) .rules[RULE_##code] = {VAL_##reset, LESS_##reset},
#include "validator/rules.def"
#undef RULE
        .imports_allow = any_import, .n_imports_allow = 1,
        .features = FEATURES_CORE,
#define LIMIT(NAME, key, unit, value, rule) .limits[VAL_LIMIT_##NAME] = (value),
#include "validator/limits.def"
#undef LIMIT
    },
    [VAL_BASE_AUDIT] = {
        .name = {"audit", 5},
        .base = VAL_BASE_AUDIT,
#define RULE(code, name, waivable, strict, reset, audit) .rules[RULE_##code] = {VAL_##audit, LESS_##audit},
#include "validator/rules.def"
#undef RULE
        .imports_allow = any_import, .n_imports_allow = 1,
        .features = FEATURES_CORE,
#define LIMIT(NAME, key, unit, value, rule) .limits[VAL_LIMIT_##NAME] = (value),
#include "validator/limits.def"
#undef LIMIT
    },
    [VAL_BASE_NONE] = {
        .name = {"none", 4},
        .base = VAL_BASE_NONE, /* all rules off */
        .imports_allow = any_import, .n_imports_allow = 1,
        .exports_memory = true,
        .features = FEATURES_ALL,
#define LIMIT(NAME, key, unit, value, rule) .limits[VAL_LIMIT_##NAME] = UINT64_MAX,
#include "validator/limits.def"
#undef LIMIT
    },
};

const ValPolicy *val_builtin_policy(Str name)
{
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
        if (str_eq(name, builtin[i].name)) return &builtin[i];
    return NULL;
}

const char *val_base_text(ValBase base) { return builtin[base].name.ptr; }
