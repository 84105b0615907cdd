/* rules_globals.c: P101 to P103, mutable globals; and the start of a function, where thunks and frame checks
 * are found. docs/rules.md
 *
 * The stack pointer is let through where nothing in it survives an entry: every exported function first sets
 * it to its initial value. That is proved from the first two instructions, whoever made the module. */
#include "validator/state.h"

#include <string.h>

/* ---- the start of a function ---- */

void open_func(Val *v, uint32_t func, FuncStart *s)
{
    const WasmModule *m = v->m;
    *s = (FuncStart){0};
    if (func < m->n_imported[KIND_FUNC] || func - m->n_imported[KIND_FUNC] >= m->n_bodies) return;
    s->r = wasm_reader(m, m->bodies[func - m->n_imported[KIND_FUNC]],
                       v->diags); /* valid: nothing will be recorded */
    uint32_t groups, n;
    uint8_t type;
    s->ok = rd_u32(&s->r, "groups of locals", &groups);
    for (uint32_t i = 0; s->ok && i < groups; i++)
        s->ok = rd_u32(&s->r, "locals", &n) && rd_byte(&s->r, "type", &type);
}

bool start_op(FuncStart *s, WasmOp op) { return start_byte(s, (uint8_t)wasm_op_info[op].code); }

bool start_byte(FuncStart *s, uint8_t byte)
{
    if (!s->ok || s->r.pos == s->r.end || *s->r.pos != byte) return s->ok = false;
    s->r.pos++;
    return true;
}

bool start_u32(FuncStart *s, uint32_t value)
{
    uint32_t found;
    return s->ok = s->ok && rd_u32(&s->r, "index", &found) && found == value;
}

bool start_i32(FuncStart *s, uint32_t *value)
{
    int32_t found;
    if (!(s->ok = s->ok && rd_s32(&s->r, "constant", &found))) return false;
    *value = (uint32_t)found;
    return true;
}

static bool thunk(FuncStart *s, uint32_t global, uint32_t *value)
{
    return start_op(s, OP_I32_CONST) && start_i32(s, value) && start_op(s, OP_GLOBAL_SET) &&
           start_u32(s, global);
}

bool start_sets(const FuncStart *s, uint32_t global, uint32_t *value)
{
    FuncStart copy = *s;
    return thunk(&copy, global, value);
}

void take_thunk(FuncStart *s)
{
    for (int i = 0; i < 2; i++) { /* i32.const C, global.set sp */
        s->r.pos++;
        while (*s->r.pos & 0x80) s->r.pos++;
        s->r.pos++;
    }
}

/* ---- P101 ---- */

/* The first exported function that does not start by setting the global to its initial value; NULL when all
 * do. */
static const WasmExport *entry_without_reset(Val *v, uint32_t global)
{
    const WasmModule *m = v->m;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        uint32_t value;
        FuncStart s;
        if (m->exports[i].kind != KIND_FUNC) continue;
        open_func(v, m->exports[i].index, &s);
        if (!v->globals[global].has_init || !start_sets(&s, global, &value) ||
            value != v->globals[global].value)
            return &m->exports[i];
    }
    return NULL;
}

static bool is_exported(const WasmModule *m, uint32_t global)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_GLOBAL && m->exports[i].index == global) return true;
    return false;
}

static void judge_stack_pointer(Val *v, uint32_t global)
{
    const GlobalFacts *g = &v->globals[global];
    Site site = {v->m->globals[global].init.offset, NONE32};
    Str name = global_name(v, global);
    bool recorded = v->report->section == PM_PRESENT && v->report->pm.stack_pointer == global + 1;
    if (g->sets == 0 && !is_exported(v->m, global)) return; /* it never changes */
    const WasmExport *entry = entry_without_reset(v, global);
    if (!entry && !is_exported(v->m, global)) return;
    v->stack_ok = false;
    if (!recorded && !g->unlike_stack && g->has_init) {
        Str who = entry ? entry->name : STR("the host");
        not_provable(v, RULE_P101, site, name,
                     "global %u is used like a stack pointer (%u writes), but \"%.*s\" does not reset it",
                     global, g->sets, STR_ARG(who));
        return;
    }
    if (recorded && entry)
        violated(v, RULE_P101, SITE(entry->offset), entry->name,
                 "entry \"%.*s\" does not start by setting the stack pointer, global %u, to 0x%x",
                 STR_ARG(entry->name), global, g->value);
    else
        violated(v, RULE_P101, site, name, "mutable global %u (i32), %u writes, the first at 0x%x", global,
                 g->sets, g->first_set);
}

/* The host's fuel: an i64 that only the host and the metering code touch. Here: nobody but the host. */
static bool is_fuel(const Val *v, uint32_t global)
{
    return v->report->section == PM_PRESENT && v->report->pm.fuel == global + 1 &&
           v->m->globals[global].type == TYPE_I64;
}

void judge_globals(Val *v)
{
    const WasmModule *m = v->m;
    v->stack_ok = true;
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        const GlobalFacts *g = &v->globals[i];
        Site site = {m->globals[i].init.offset, NONE32};
        if (!m->globals[i].mutable) continue;
        if (i == v->stack_pointer) {
            judge_stack_pointer(v, i);
        } else if (is_fuel(v, i)) {
            if (g->sets)
                not_provable(v, RULE_P101, site, global_name(v, i),
                             "fuel, global %u, is written by code that this version does not prove", i);
        } else if (g->sets == 0) {
            violated(v, RULE_P101, site, global_name(v, i), "mutable global %u (%s), which no code writes", i,
                     wasm_type_text(m->globals[i].type));
        } else {
            violated(v, RULE_P101, site, global_name(v, i),
                     "mutable global %u (%s), %u writes, the first at 0x%x", i,
                     wasm_type_text(m->globals[i].type), g->sets, g->first_set);
        }
    }
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *im = &m->imports[i];
        if (im->kind == KIND_GLOBAL && m->globals[im->index].mutable)
            violated(v, RULE_P102, SITE(im->offset), im->name, "imports the mutable global \"%.*s\" \"%.*s\"",
                     STR_ARG(im->module), STR_ARG(im->name));
    }
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        if (e->kind != KIND_GLOBAL || !m->globals[e->index].mutable) continue;
        if (is_fuel(v, e->index) && str_eq(e->name, STR("parigot:fuel"))) continue;
        violated(v, RULE_P103, SITE(e->offset), e->name, "exports the mutable global %u as \"%.*s\"",
                 e->index, STR_ARG(e->name));
    }
}
