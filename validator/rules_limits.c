/* rules_limits.c: P401 and P402 memory, P601 to P603 features, sizes and counts, P606 the form that WAMR
 * runs. P604 is found where the code is read (body.c) and with the types (structure.c). docs/rules.md */
#include "validator/state.h"

enum { PAGE = 65536 };

static unsigned long long limit(const Val *v, ValLimit l) { return v->limits[l]; }

void judge_memory(Val *v)
{
    const WasmModule *m = v->m;
    bool exported_ok = true;
    for (int i = 0; i < 2; i++)
        if (policy_at(v, i) && policy_at(v, i)->rules[RULE_P402].violated != VAL_OFF)
            exported_ok &= policy_at(v, i)->exports_memory;
    for (uint32_t i = 0; i < m->n_exports && !exported_ok; i++)
        if (m->exports[i].kind == KIND_MEMORY)
            violated(v, RULE_P402, SITE(m->exports[i].offset), m->exports[i].name,
                     "exports its memory as \"%.*s\"", STR_ARG(shown(v, m->exports[i].name)));
    if (m->n_memories == 0) return;
    const WasmLimits *l = &m->memories[0];
    uint64_t most = v->limits[VAL_LIMIT_MEMORY];
    if (!l->has_max) violated(v, RULE_P401, SITE_OF_MODULE, (Str){0}, "the memory has no maximum");
    else if ((uint64_t)l->max * PAGE > most)
        violated(v, RULE_P401, SITE_OF_MODULE, (Str){0},
                 "the memory's maximum is %llu bytes, limits.memory is %llu",
                 (unsigned long long)l->max * PAGE, limit(v, VAL_LIMIT_MEMORY));
    if (!l->has_max && (uint64_t)l->min * PAGE > most)
        violated(v, RULE_P401, SITE_OF_MODULE, (Str){0},
                 "the memory starts with %llu bytes, limits.memory is %llu",
                 (unsigned long long)l->min * PAGE, limit(v, VAL_LIMIT_MEMORY));
}

/* ---- P601 to P603 ---- */

static void within_limit(Val *v, ValLimit l, uint64_t value, const char *what)
{
    if (value > v->limits[l])
        violated(v, val_limit_info[l].rule, SITE_OF_MODULE, (Str){0}, "%llu %s, limits.%s is %llu",
                 (unsigned long long)value, what, val_limit_info[l].key, limit(v, l));
}

void judge_limits(Val *v)
{
    const WasmModule *m = v->m;
    for (int f = 0; f < FEATURE_COUNT; f++)
        if ((v->used >> f & 1) && !(v->features_policy >> f & 1))
            violated(v, RULE_P601, v->feature_site[f], (Str){0},
                     "feature %s is used, first here, and not on the policy's list",
                     wasm_feature_text((WasmFeature)f));
    uint64_t custom = 0, elements = 0;
    for (uint32_t i = 0; i < m->n_customs; i++) custom += m->customs[i].payload.size;
    for (uint32_t i = 0; i < m->n_tables; i++) elements += m->tables[i].limits.min;
    within_limit(v, VAL_LIMIT_MODULE, m->size, "bytes");
    within_limit(v, VAL_LIMIT_CUSTOM, custom, "bytes of custom sections");
    within_limit(v, VAL_LIMIT_TYPES, m->n_types, "types");
    within_limit(v, VAL_LIMIT_FUNCTIONS, m->n_funcs, "functions");
    within_limit(v, VAL_LIMIT_IMPORTS, m->n_imports, "imports");
    within_limit(v, VAL_LIMIT_EXPORTS, m->n_exports, "exports");
    within_limit(v, VAL_LIMIT_GLOBALS, m->n_globals, "globals");
    within_limit(v, VAL_LIMIT_TABLE, elements, "elements in tables");
    within_limit(v, VAL_LIMIT_SEGMENTS, (uint64_t)m->n_elems + m->n_datas, "segments");
}

/* ---- P606: FACTS of WAMR 2.4 ---- */

/* WAMR takes limits flags for a byte; padded ones are W0102 anyway. 2.4.3 reads a padded minimum or maximum: the form asks
 * for the one encoding that any version reads. */
static bool is_minimal(Reader *r)
{
    const uint8_t *start = r->pos;
    uint32_t value;
    if (!rd_u32(r, "limit", &value)) return false;
    size_t n = 1;
    while (value >>= 7) n++;
    return (size_t)(r->pos - start) == n;
}

static void judge_limits_form(Val *v, WasmSectionId id)
{
    const WasmModule *m = v->m;
    for (uint32_t i = 0; i < m->n_sections; i++) {
        uint32_t n;
        uint8_t flags, type;
        if (m->sections[i].id != id) continue;
        Reader r = wasm_reader(m, m->sections[i].payload, v->diags); /* valid: nothing will be recorded */
        bool ok = rd_u32(&r, "count", &n), minimal = true;
        for (; ok && n; n--) {
            ok = (id == SEC_MEMORY || rd_byte(&r, "type", &type)) && rd_byte(&r, "flags", &flags);
            if (ok) minimal &= is_minimal(&r);
            if (ok && flags & 1) minimal &= is_minimal(&r);
        }
        if (!minimal)
            violated(v, RULE_P606, SITE(m->sections[i].payload.offset), (Str){0},
                     "limits are padded in the %s section", id == SEC_MEMORY ? "memory" : "table");
    }
}

static void judge_wamr_features(Val *v)
{
    /* SIMD depends on WAMR's build: it is in the form where somebody asked for it by name. */
    WasmFeatures form = FEATURES_CORE, asked = v->o.features ? v->o.features : v->features_policy;
    form |= asked != UINT64_MAX ? asked & FEATURE_BIT(SIMD) : 0;
    for (int f = 0; f < FEATURE_COUNT; f++)
        if ((v->used & ~form) >> f & 1)
            violated(v, RULE_P606, v->feature_site[f], (Str){0}, "feature %s is used",
                     wasm_feature_text((WasmFeature)f));
}

static void judge_wamr_exports(Val *v)
{
    const WasmModule *m = v->m;
    bool heap_base = false, data_end = false;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        heap_base |= str_eq(e->name, STR("__heap_base"));
        data_end |= str_eq(e->name, STR("__data_end"));
        if (str_eq(e->name, STR("__wasm_call_ctors")) || str_eq(e->name, STR("__post_instantiate")))
            violated(v, RULE_P606, SITE(e->offset), e->name,
                     "WAMR runs the export \"%.*s\" when it instantiates", STR_ARG(shown(v, e->name)));
    }
    if (heap_base && data_end)
        violated(v, RULE_P606, SITE_OF_MODULE, (Str){0},
                 "exports __heap_base and __data_end: WAMR then shrinks the memory and guesses the stack");
}

static void judge_wamr_stack(Val *v)
{
    const WasmModule *m = v->m;
    uint32_t first = NONE32, named = NONE32;
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        if (!m->globals[i].mutable || m->globals[i].type != TYPE_I32) continue;
        if (first == NONE32) first = i;
        if (str_eq(global_name(v, i), STR("__stack_pointer"))) named = i;
    }
    if (v->report->section == PM_PRESENT && v->report->pm.stack_pointer) named = v->stack_pointer;
    if (named != NONE32 && named != first)
        violated(v, RULE_P606, SITE_OF_MODULE, (Str){0},
                 "WAMR takes global %u, the first mutable i32, for the stack pointer; it is global %u", first,
                 named);
}

void judge_wamr(Val *v)
{
    const WasmModule *m = v->m;
    if (!rule_on(v, RULE_P606)) return;
    judge_wamr_features(v);
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].kind != KIND_FUNC)
            violated(v, RULE_P606, SITE(m->imports[i].offset), m->imports[i].name, "imports a %s",
                     wasm_kind_text(m->imports[i].kind));
    if (m->has_start) violated(v, RULE_P606, SITE(m->start_offset), (Str){0}, "a start section");
    judge_wamr_exports(v);
    judge_wamr_stack(v);
    judge_limits_form(v, SEC_MEMORY);
    judge_limits_form(v, SEC_TABLE);
}
