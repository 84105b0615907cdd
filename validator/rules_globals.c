/* rules_globals.c: P101 to P103, mutable globals; and the start of a function, where thunks and frame checks
 * are found. docs/rules.md
 *
 * The stack pointer is let through where nothing in it survives an entry: every exported function first sets
 * it to its initial value. That is proved from the first two instructions, whoever made the module. */
#include "validator/state.h"

#include <string.h>

/* ---- the start of a function ---- */

/* What a metered module pays for the entry: touches the fuel and, at most, that local. */
static void skip_entry_charge(const Val *v, Reader *r, uint32_t last_local)
{
    if (v->report->section != PM_PRESENT || v->report->pm.fuel == 0) return;
    wasm_skip_charge(r, v->report->pm.fuel - 1, last_local);
}

/* Many exports may name one function, and its locals be half of the file: they are stepped over once. */
void open_func(Val *v, uint32_t func, FuncStart *s)
{
    const WasmModule *m = v->m;
    *s = (FuncStart){0};
    if (func < m->n_imported[KIND_FUNC] || func - m->n_imported[KIND_FUNC] >= m->n_bodies) return;
    uint32_t body = func - m->n_imported[KIND_FUNC];
    WasmLocals l;
    s->r = wasm_reader(m, m->bodies[body], v->diags); /* valid: nothing will be recorded */
    if (!v->code_starts) v->code_starts = arena_array(&v->scratch, m->n_bodies, sizeof *v->code_starts);
    if (v->code_starts && v->code_starts[body]) {
        s->r.pos = m->bytes + v->code_starts[body];
        s->ok = true;
        return;
    }
    s->ok = rd_locals(&s->r, &l);
    if (s->ok) skip_entry_charge(v, &s->r, wasm_func_type(m, func)->n_params + l.declared - 1);
    if (s->ok && v->code_starts) v->code_starts[body] = (uint32_t)(s->r.pos - m->bytes);
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

/* ---- words ---- */

enum { NAME_SHOWN = 200 }; /* bytes of a name within other words */

static Str clip(Str name) { return name.len > NAME_SHOWN ? (Str){name.ptr, NAME_SHOWN} : name; }

static const char *words(const char *made) { return made ? made : ""; }

/* `0 "counter"`, by the name section or else by an export; `0` where it has no name. */
static const char *global_words(Val *v, uint32_t global)
{
    if (!worth_words(v, RULE_P101)) return "";
    Str name = global_name(v, global);
    const WasmExport *e = name.len ? NULL : v->globals[global].export;
    if (e) name = e->name;
    if (name.len == 0) return words(arena_printf(&v->scratch, "%u", global));
    return words(arena_printf(&v->scratch, "%u \"%.*s\"", global, STR_ARG(clip(shown(v, name)))));
}

/* `function 3 "next" (a.c:12)` */
static const char *func_words(Val *v, uint32_t func, uint32_t offset)
{
    DiagPlace p = place(v, (Site){offset, func});
    const char *name = p.func_name.len ? arena_printf(&v->scratch, " \"%.*s\"", STR_ARG(clip(shown(v, p.func_name)))) : "";
    const char *line = p.src_file ? arena_printf(&v->scratch, " (%s:%u)", p.src_file, p.src_line) : "";
    return words(arena_printf(&v->scratch, "function %u%s%s", func, words(name), words(line)));
}

/* `2 writes, the first at 0x5d in function 3 "next" (a.c:12)` */
static const char *write_words(Val *v, ValRule rule, uint32_t global)
{
    const GlobalFacts *g = &v->globals[global];
    if (!worth_words(v, rule)) return "";
    if (g->sets == 0) return "which no code writes";
    return words(arena_printf(&v->scratch, "%u write%s, the first at 0x%x in %s", g->sets, g->sets == 1 ? "" : "s",
                              g->first_set, func_words(v, g->first_func, g->first_set)));
}

/* ---- entries ---- */

/* A function that whoever holds the module can call. */
typedef struct Entry {
    uint32_t func, offset; /* index; of the export or import that gives it away */
    Str name;              /* of that */
    bool by_reference;
} Entry;

static bool resets(Val *v, uint32_t func, uint32_t global)
{
    uint32_t value;
    FuncStart s;
    open_func(v, func, &s);
    return v->globals[global].has_init && start_sets(&s, global, &value) && value == v->globals[global].value;
}

static bool has_funcref(const uint8_t *types, uint32_t n) { return n && memchr(types, TYPE_FUNCREF, n); }

/* Where a reference to a function could leave the module; false: nowhere. */
static bool references_leave(const WasmModule *m, Entry *out)
{
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        const WasmType *t = e->kind == KIND_FUNC ? wasm_func_type(m, e->index) : NULL;
        bool leaves = e->kind == KIND_TABLE || (e->kind == KIND_GLOBAL && m->globals[e->index].type == TYPE_FUNCREF) ||
                      (t && has_funcref(t->results, t->n_results));
        if (leaves) return *out = (Entry){.offset = e->offset, .name = e->name, .by_reference = true}, true;
    }
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *im = &m->imports[i];
        const WasmType *t = im->kind == KIND_FUNC ? wasm_func_type(m, im->index) : NULL;
        bool leaves = im->kind == KIND_TABLE ||
                      (im->kind == KIND_GLOBAL && m->globals[im->index].mutable && m->globals[im->index].type == TYPE_FUNCREF) ||
                      (t && has_funcref(t->params, t->n_params));
        if (leaves) return *out = (Entry){.offset = im->offset, .name = im->name, .by_reference = true}, true;
    }
    return false;
}

/* The first entry that does not start by setting the global to its initial value; false when all do. Where references
 * leave, each function that one can be made of is an entry. */
static bool entry_without_reset(Val *v, uint32_t global, Entry *out)
{
    const WasmModule *m = v->m;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        if (e->kind == KIND_FUNC && !resets(v, e->index, global))
            return *out = (Entry){e->index, e->offset, e->name, false}, true;
    }
    if (!references_leave(m, out)) return false;
    for (uint32_t func = m->n_imported[KIND_FUNC]; func < m->n_funcs; func++)
        if ((v->declared[func / 8] >> func % 8 & 1) && !resets(v, func, global)) return out->func = func, true;
    return false;
}

/* ---- P101 ---- */

/* What there is to say of a global that is not let through. */
static void violated_by(Val *v, uint32_t global)
{
    const GlobalFacts *g = &v->globals[global];
    Site site = {v->m->globals[global].init.offset, NONE32};
    const char *left = "";
    if (worth_words(v, RULE_P101) && g->left_by)
        left = words(arena_printf(&v->scratch, "; %s leaves it %u %s where it was",
                                  func_words(v, g->left_func, g->left_at),
                                  (int32_t)g->left_by < 0 ? 0u - g->left_by : g->left_by,
                                  (int32_t)g->left_by < 0 ? "below" : "above"));
    violated(v, RULE_P101, site, global_name(v, global), "mutable global %s (%s), %s%s", global_words(v, global),
             wasm_type_text(v->m->globals[global].type), write_words(v, RULE_P101, global), left);
}

static void judge_stack_pointer(Val *v, uint32_t global)
{
    const GlobalFacts *g = &v->globals[global];
    Site site = {v->m->globals[global].init.offset, NONE32};
    bool recorded = v->report->section == PM_PRESENT && v->report->pm.stack_pointer == global + 1;
    Entry entry = {.func = NONE32};
    bool exported = g->export != NULL;
    if (g->sets == 0 && !exported) return; /* it never changes */
    bool kept = entry_without_reset(v, global, &entry);
    if (!kept && !exported) return;
    v->stack_ok = false;
    if (recorded && kept && entry.by_reference)
        violated(v, RULE_P101, SITE(entry.offset), entry.name,
                 "\"%.*s\" lets references to functions out, and %s does not start by setting the stack pointer, global %u",
                 STR_ARG(clip(shown(v, entry.name))), func_words(v, entry.func, NONE32), global);
    else if (recorded && kept)
        violated(v, RULE_P101, SITE(entry.offset), entry.name,
                 "entry \"%.*s\" does not start by setting the stack pointer, global %u, to 0x%x",
                 STR_ARG(shown(v, entry.name)), global, g->value);
    else if (recorded || !used_like_stack(g))
        violated_by(v, global);
    else if (!kept)
        not_provable(v, RULE_P101, site, global_name(v, global),
                     "global %s is used like a stack pointer (%s), but it is exported: the host can set it",
                     global_words(v, global), write_words(v, RULE_P101, global));
    else if (entry.by_reference)
        not_provable(v, RULE_P101, site, global_name(v, global),
                     "global %s is used like a stack pointer (%s), but \"%.*s\" lets references to functions out, and %s does "
                     "not reset it", global_words(v, global), write_words(v, RULE_P101, global), STR_ARG(clip(shown(v, entry.name))),
                     func_words(v, entry.func, NONE32));
    else {
        v->report->stack_to_reset = global + 1;
        not_provable(v, RULE_P101, site, global_name(v, global),
                     "global %s is used like a stack pointer (%s), but entry \"%.*s\" does not reset it: what one entry "
                     "leaves in it the next one finds", global_words(v, global), write_words(v, RULE_P101, global),
                     STR_ARG(clip(shown(v, entry.name))));
    }
}

/* The host's fuel: fuel.c tells whether anybody but the meter touches it. */
static bool is_fuel(const Val *v, uint32_t global)
{
    return v->report->section == PM_PRESENT && v->report->pm.fuel == global + 1 &&
           v->m->globals[global].type == TYPE_I64;
}

static void judge_defined(Val *v)
{
    const WasmModule *m = v->m;
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        if (!m->globals[i].mutable) continue;
        if (i == v->stack_pointer) judge_stack_pointer(v, i);
        else if (!is_fuel(v, i)) violated_by(v, i);
        else if (!v->meter_ok)
            not_provable(v, RULE_P101, SITE(m->globals[i].init.offset), global_name(v, i),
                         "fuel, global %u: its meter is not proved (P702, P703)", i);
    }
}

void judge_globals(Val *v)
{
    const WasmModule *m = v->m;
    v->stack_ok = true;
    judge_defined(v);
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *im = &m->imports[i];
        if (im->kind == KIND_GLOBAL && m->globals[im->index].mutable)
            violated(v, RULE_P102, SITE(im->offset), im->name, "imports the mutable global \"%.*s\" \"%.*s\" (%s), %s",
                     STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)), wasm_type_text(m->globals[im->index].type),
                     write_words(v, RULE_P102, im->index));
    }
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        if (e->kind != KIND_GLOBAL || !m->globals[e->index].mutable) continue;
        if (is_fuel(v, e->index) && str_eq(e->name, STR("parigot:fuel"))) continue;
        violated(v, RULE_P103, SITE(e->offset), e->name, "exports the mutable global %u as \"%.*s\" (%s), %s",
                 e->index, STR_ARG(shown(v, e->name)), wasm_type_text(m->globals[e->index].type), write_words(v, RULE_P103, e->index));
    }
}
