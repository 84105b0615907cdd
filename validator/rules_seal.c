/* rules_seal.c: P403 and P404, store checks: is each write kept out of the null guard and of the sealed data by the code
 * itself? docs/seal-check.md. What can be known of a write is writes.c; here it is compared with the layout that
 * parigot.module records, and told. One finding a function. */
#include "validator/state.h"
#include "wasm/writes.h"

typedef struct Judge {
    Val *v;
    uint32_t func;
    bool said; /* of this function */
} Judge;

static bool is_recorded(const Val *v)
{
    const ValReport *r = v->report;
    return r->section == PM_PRESENT && r->pm.has_layout && r->pm.layout.seal == PM_SEAL_CHECK;
}

/* `local 3 and 8 bytes`, `an address that is not followed` */
static const char *operand_words(Val *v, const Operand *o)
{
    const char *words = NULL;
    if (!worth_words(v, RULE_P403)) return "";
    if (o->kind != OPERAND_VALUE || o->id == VALUE_UNKNOWN) return "a computed address";
    if (o->id == VALUE_ZERO) words = arena_printf(&v->scratch, "0x%x", o->distance);
    else if (o->local != NO_LOCAL) words = arena_printf(&v->scratch, "local %u", o->local);
    return words ? words : "a computed address";
}

/* Nothing closes a gap here. Where a frame begins there is none yet: what is done with it tells. */
static bool report_gap(void *ctx, Gap *gap)
{
    Judge *j = ctx;
    Val *v = j->v;
    if (gap->kind == GAP_FRAME) return false;
    v->seal_ok = false;
    if (j->said) return false;
    j->said = true;
    const Site site = {(uint32_t)(gap->at - v->m->bytes), j->func};
    const char *text = wasm_op_info[gap->instr->op].text, *words = operand_words(v, &gap->address);
    if (gap->kind == GAP_POINTER)
        violated(v, RULE_P403, site, (Str){0}, "the stack pointer is set to %s, which is not shown to be within the stack, 0x%x to 0x%x",
                 words, v->stack_low, v->stack_high);
    else if (gap->kind == GAP_BULK)
        violated(v, RULE_P403, site, (Str){0}, "%s to %s is not shown to stay in the stack or above the sealed data", text, words);
    else
        violated(v, RULE_P403, site, (Str){0}, "%s of %llu byte%s at %s, offset %llu, is not shown to stay in the stack or above the sealed data",
                 text, (unsigned long long)gap->size, gap->size == 1 ? "" : "s", words, (unsigned long long)gap->offset);
    return false;
}

static void walk_all(Val *v)
{
    const PmLayout *l = &v->report->pm.layout;
    Judge j = {.v = v};
    WriteWalk w = {.m = v->m, .arena = &v->scratch, .gap = report_gap, .ctx = &j,
                   .bounds = {l->stack_low, l->stack_high, l->sealed_high},
                   .stack_pointer = v->report->pm.stack_pointer ? v->report->pm.stack_pointer - 1 : NO_LOCAL};
    for (uint32_t i = 0; i < v->m->n_bodies; i++) {
        j.func = v->m->n_imported[KIND_FUNC] + i;
        j.said = false;
        if (writes_walk(&w, i)) continue;
        out_of_memory(v);
        v->seal_ok = false;
        return;
    }
}

/* Does anybody but the code set the stack pointer? */
static bool pointer_is_shared(const Val *v)
{
    uint32_t sp = v->report->pm.stack_pointer;
    return sp && v->globals[sp - 1].export;
}

void check_seal(Val *v)
{
    v->seal_recorded = is_recorded(v);
    if (!v->seal_recorded && v->m->n_memories)
        violated(v, RULE_P404, SITE_OF_MODULE, (Str){0},
                 v->report->section == PM_PRESENT && v->report->pm.has_layout
                     ? "the module leaves its seal to the engine: its record says of no store checks"
                     : "no layout is recorded: nothing says what must not be written");
    if (!v->seal_recorded) return;
    v->seal_ok = v->numbers_ok;
    if (!v->numbers_ok)
        not_provable(v, RULE_P403, SITE_OF_MODULE, (Str){0}, "the recorded layout, by which stores would be judged, is broken (P104)");
    else if (pointer_is_shared(v)) {
        v->seal_ok = false;
        not_provable(v, RULE_P403, SITE(v->globals[v->stack_pointer].export->offset), (Str){0},
                     "the stack pointer is exported: the host can set it");
    } else walk_all(v);
}
