/* module.c: one validation, as the list of its passes. */
#include "validator/state.h"

/* What was asked for by an option is judged, also where no policy does; audit's warnings stay warnings. */
static void ask_for(Val *v, ValRule rule)
{
    if (v->rules[rule].violated == VAL_OFF) v->rules[rule].violated = VAL_ERROR;
}

static ValLevel higher(ValLevel a, ValLevel b) { return a > b ? a : b; }

/* What policy and options come to: for each rule the higher level, the smaller limits, the features of both.
 */
static void combine_policies(Val *v)
{
    v->features_policy = UINT64_MAX;
    for (int l = 0; l < VAL_LIMIT_COUNT; l++) v->limits[l] = UINT64_MAX;
    for (int i = 0; i < 2; i++) {
        const ValPolicy *p = policy_at(v, i);
        if (!p) continue;
        for (int r = 0; r < VAL_RULE_COUNT; r++) {
            v->rules[r].violated = higher(v->rules[r].violated, p->rules[r].violated);
            v->rules[r].not_provable = higher(v->rules[r].not_provable, p->rules[r].not_provable);
        }
        for (int l = 0; l < VAL_LIMIT_COUNT; l++)
            if (p->limits[l] < v->limits[l]) v->limits[l] = p->limits[l];
        v->features_policy &= p->features | FEATURE_BIT(MVP) | FEATURE_BIT(MUTABLE_GLOBAL);
    }
    v->judging = v->o.meter;
    if (v->o.wamr) v->rules[RULE_P606].violated = VAL_ERROR;
    if (v->o.named.n_services) ask_for(v, RULE_P303);
    if (v->o.abi) {
        ask_for(v, RULE_P301);
        ask_for(v, RULE_P305);
        ask_for(v, RULE_P504);
    }
    for (int r = 0; r < VAL_RULE_COUNT; r++) {
        if (v->o.strict) v->rules[r].not_provable = higher(v->rules[r].not_provable, v->rules[r].violated);
        v->report->rules[r].level = v->rules[r].violated;
        v->judging |= rule_on(v, (ValRule)r);
    }
}

static bool prepare(Val *v)
{
    const WasmModule *m = v->m;
    v->allowed = v->o.features ? v->o.features | FEATURE_BIT(MVP) : FEATURES_ALL;
    v->used = FEATURE_BIT(MVP);
    v->stack_pointer = NONE32;
    v->layout_ok = true;
    v->declared = arena_alloc(&v->scratch, (size_t)m->n_funcs / 8 + 1);
    v->globals = arena_array(&v->scratch, m->n_globals, sizeof *v->globals);
    if (v->declared && v->globals) return true;
    out_of_memory(v);
    return false;
}

static void judge(Val *v)
{
    check_meter(v);
    check_seal(v);
    judge_globals(v); /* provides stack_ok */
    judge_layout(v);
    judge_tables(v);
    judge_threads(v);
    judge_imports(v);
    judge_memory(v);
    judge_exports(v);
    judge_limits(v);
    judge_wamr(v);
}

/* What was not found broken holds: the rules above are complete for valid modules. */
static void conclude(Val *v)
{
    ValReport *r = v->report;
    for (int i = 0; i < VAL_RULE_COUNT; i++) {
        ValVerdict *verdict = &r->rules[i].verdict;
        bool asked = rule_on(v, (ValRule)i) && (i != RULE_P504 || v->o.abi) &&
                     (v->has_meter || (i != RULE_P702 && i != RULE_P703)) && (v->seal_recorded || i != RULE_P403);
        if (!asked) *verdict = VAL_RULE_OFF;
        else if (*verdict == VAL_NO_VERDICT && r->valid) *verdict = VAL_PROVED;
        else if (*verdict != VAL_VIOLATED && !r->valid) *verdict = VAL_NO_VERDICT;
    }
    r->features = v->used;
    r->scratch_bytes = v->scratch.used_bytes + v->workers_bytes;
}

bool val_view(Arena *arena, const WasmModule *m, const ValOptions *options, Diags *diags, ValReport *report)
{
    *report = (ValReport){.module = *m};
    Val v = {.m = m,
             .arena = arena,
             .diags = diags,
             .report = report,
             .scratch = {.limit_bytes = arena->limit_bytes},
             .errors_before = diags->errors,
             .nearest_budget = VAL_NEAREST_BUDGET};
    if (options) v.o = *options;
    combine_policies(&v);
    if (prepare(&v)) {
        check_structure(&v);
        if (v.judging) read_layout(&v);
        if (!v.types_broken) check_code(&v);
        report->valid = still_valid(&v);
        if (report->valid && v.judging) judge(&v);
    }
    conclude(&v);
    arena_free(&v.scratch);
    return diags->errors == v.errors_before;
}

void val_imports(const WasmModule *m, const ValOptions *options, Diags *diags)
{
    ValReport report = {.module = *m};
    Arena arena = {0};
    Val v = {.m = m,
             .arena = &arena,
             .diags = diags,
             .report = &report,
             .o = *options,
             .errors_before = diags->errors,
             .nearest_budget = VAL_NEAREST_BUDGET};
    combine_policies(&v);
    judge_imports(&v);
    arena_free(&v.scratch);
    arena_free(&arena);
}

bool val_module(Arena *arena, const uint8_t *bytes, size_t size, const char *file, const ValOptions *options,
                Diags *diags, ValReport *report)
{
    /* As an object: shared memories and tags are then read, and refused by rule and by name in
     * check_structure. */
    WasmReadOptions read = {.object = true, .features = options ? options->features : 0};
    WasmModule m;
    *report = (ValReport){0};
    if (!wasm_read_module(arena, bytes, size, file, &read, diags, &m)) {
        report->module = m;
        return false;
    }
    return val_view(arena, &m, options, diags, report);
}
