/* Fuzz target: a finished module through the validator, with and without rules. Whatever the rules say, whether the
 * module is valid does not depend on them; what is refused says why; what is proved of a layout is true when it is looked
 * at again, otherwise; and what stands behind the last body does not matter (fast.c reads ahead where it can). */
#include "validator/validator.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static bool inside(uint64_t low, uint64_t high, uint32_t from, uint32_t to) { return low >= from && high <= to; }

/* docs/module-section.md "Checked means" 1, 2 and 3 */
static void check_layout(const ValReport *r)
{
    const PmLayout *l = &r->pm.layout;
    const WasmModule *m = &r->module;
    const uint32_t order[] = {l->null_guard, l->stack_low, l->stack_high, l->sealed_low, l->sealed_high, l->waived_low, l->waived_high, l->heap_base};
    require(r->section == PM_PRESENT && r->pm.has_layout && l->stack_low < l->stack_high && l->heap_control <= 256);
    for (size_t i = 1; i < ARRAY_LEN(order); i++) require(order[i - 1] <= order[i]);
    require(m->n_memories == 1 && (uint64_t)l->heap_base + l->heap_control <= (uint64_t)m->memories[0].min << 16);
    for (uint32_t i = 0; i < m->n_datas; i++) {
        uint32_t at;
        if (m->datas[i].mode != SEG_ACTIVE) continue;
        require(wasm_const_i32(m, m->datas[i].where, &at));
        uint64_t end = (uint64_t)at + m->datas[i].bytes.size;
        require(inside(at, end, l->sealed_low, l->sealed_high) || inside(at, end, l->waived_low, l->waived_high));
    }
    if (r->pm.stack_pointer == 0) return;
    uint32_t first = m->n_imported[KIND_GLOBAL], value;
    while (first < m->n_globals && !(m->globals[first].mutable && m->globals[first].type == TYPE_I32)) first++;
    require(first < m->n_globals && r->pm.stack_pointer == first + 1);
    require(wasm_const_i32(m, m->globals[first].init, &value) && value == l->stack_high);
}

static bool judge(const uint8_t *data, size_t size, const ValOptions *o)
{
    Arena arena = {0};
    Diags diags = {.limit = 20};
    ValReport report;
    bool ok = val_module(&arena, data, size, "fuzz", o, &diags, &report), valid = report.valid;
    require(ok == (diags.errors == 0) && (!ok || valid));
    for (int r = 0; r < VAL_RULE_COUNT; r++) require(report.rules[r].verdict != VAL_PROVED || !report.rules[r].findings);
    if (report.layout_proved) check_layout(&report);
    diag_free(&diags);
    arena_free(&arena);
    return valid;
}

/* Waivers of each kind, and methods that are described: what is recorded in the module is compared with these. */
static const ValOptions *everything(void)
{
    static ValWaiver waivers[] = {
        {.name = {"archive", 7}, .rule = RULE_P101, .has_archive = true, .reason = {"why", 3}},
        {.name = {"data", 4}, .rule = RULE_P104, .has_archive = true, .reason = {"why", 3}, .bytes = 4096},
        {.name = {"errno", 5}, .rule = RULE_P104, .symbol = {"errno", 5}, .reason = {"why", 3}},
        {.name = {"object", 6}, .rule = RULE_P101, .symbol = {"x", 1}, .has_object = true, .reason = {"why", 3}, .expires = 1},
        {.name = {"finding", 7}, .rule = RULE_P105, .finding = {"P105@0", 6}, .reason = {"why", 3}},
    };
    static ValMethod methods[] = {{.name = {"C", 1}}, {.name = {"D", 1}, .streams_request = true}};
    static ValService services[] = {{.name = {"a.v1.B", 6}, .methods = methods, .n_methods = ARRAY_LEN(methods)}};
    static const ValAbi abi = {services, ARRAY_LEN(services)};
    static ValPolicy policy;
    static ValOptions o;
    policy = *val_builtin_policy(STR("strict"));
    policy.waivers = waivers;
    policy.n_waivers = ARRAY_LEN(waivers);
    o = (ValOptions){.policy = &policy, .abi = &abi, .now = 2, .findings_limit = 3};
    return &o;
}

static bool judge_with_trailer(const uint8_t *data, size_t size)
{
    enum { TRAILER = 32 };
    static const uint8_t trailer[TRAILER] = {0, TRAILER - 2};
    uint8_t *longer = malloc(size + TRAILER);
    require(longer);
    if (size) memcpy(longer, data, size);
    memcpy(longer + size, trailer, TRAILER);
    bool valid = judge(longer, size + TRAILER, NULL);
    free(longer);
    return valid;
}

static bool readable(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Diags diags = {.limit = 1};
    WasmModule m;
    bool ok = wasm_read_module(&arena, data, size, "fuzz", NULL, &diags, &m);
    diag_free(&diags);
    arena_free(&arena);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ValOptions all = {.policy = val_builtin_policy(STR("strict")), .also = val_builtin_policy(STR("audit")), .strict = true, .world = true, .wamr = true};
    bool valid = judge(data, size, NULL);
    require(judge(data, size, &all) == valid && judge(data, size, everything()) == valid);
    if (readable(data, size)) require(judge_with_trailer(data, size) == valid);
    return 0;
}
