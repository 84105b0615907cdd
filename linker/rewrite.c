/* rewrite.c: --rewrite: a module that is linked already, by whatever made it, through the same rules, passes
 * and record as one that was linked here.
 *
 * Its own parigot.module, if it has one, keeps what the rules check (layout, globals, services, the addresses
 * of waivers); who made it of what, under which policy, is said anew: its input is the module that was given.
 */
#include "linker/entries.h"
#include "linker/ld.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

typedef struct Rewrite {
    const LdOptions *opt;
    Diags *diags;
    Arena arena;
    FileBytes file; /* owned, unless the input is in memory */
    const uint8_t *bytes;
    size_t size;
    Writer adopted; /* the module with what it lacks; empty: it lacks nothing */
    jmp_buf out_of_memory;
} Rewrite;

static void give_up(void *ctx)
{
    Rewrite *rw = ctx;
    longjmp(rw->out_of_memory, 1);
}

/* ---- the record ---- */

enum { PROVIDED = 1, REQUIRED = 2 };

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const PmService *)a)->name, ((const PmService *)b)->name);
}

/* Sorted by name, several of one name become one. */
static uint32_t merge_services(PmService *items, uint32_t n)
{
    uint32_t kept = 0;
    if (n) qsort(items, n, sizeof *items, by_name);
    for (uint32_t i = 0; i < n; i++) {
        if (kept && str_eq(items[kept - 1].name, items[i].name)) items[kept - 1].use |= items[i].use;
        else items[kept++] = items[i];
    }
    return kept;
}

static void add_services(Rewrite *rw, const WasmModule *m, PmSection *pm)
{
    PmService *items = arena_array(&rw->arena, (size_t)m->n_imports + m->n_exports, sizeof *items);
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].kind == KIND_FUNC && wasm_is_service(m->imports[i].module))
            items[n++] = (PmService){.name = m->imports[i].module, .use = REQUIRED};
    for (uint32_t i = 0; i < m->n_exports; i++) {
        Str service, method;
        if (m->exports[i].kind == KIND_FUNC && wasm_split_method(m->exports[i].name, &service, &method))
            items[n++] = (PmService){.name = service, .use = PROVIDED};
    }
    pm->services = items;
    pm->n_services = merge_services(items, n);
    for (uint32_t i = 0; i < pm->n_services && rw->opt->abi; i++) {
        const ValService *described = val_find_service(rw->opt->abi, items[i].name);
        if (described && described->has_digest)
            memcpy(items[i].digest, described->digest, sizeof items[i].digest);
    }
}

static void add_input(Rewrite *rw, PmSection *pm)
{
    const char *path = rw->opt->inputs[0].path, *slash = strrchr(path, '/');
    Str name = str_of(slash ? slash + 1 : path);
    pm->n_inputs = 1;
    pm->inputs = arena_alloc(&rw->arena, sizeof *pm->inputs);
    pm->inputs[0].name = str_is_utf8(name) ? name : str_of(diag_escape(&rw->arena, name));
    crypto_generichash(pm->inputs[0].digest, sizeof pm->inputs[0].digest, rw->bytes, rw->size, NULL, 0);
}

static PmSection new_record(Rewrite *rw, const ValReport *report)
{
    PmSection pm = report->section == PM_PRESENT ? report->pm : (PmSection){0};
    pm.has_tool = true;
    pm.tool = STR("parigot-ld " PARIGOT_VERSION);
    pm.has_policy = rw->opt->policy != NULL;
    if (pm.has_policy) {
        pm.policy_name = rw->opt->policy->name;
        memcpy(pm.policy_digest, rw->opt->policy_digest, sizeof pm.policy_digest);
    }
    add_services(rw, &report->module, &pm);
    add_input(rw, &pm);
    return pm;
}

/* ---- the passes ---- */

static bool read_input(Rewrite *rw)
{
    const LdInput *in = &rw->opt->inputs[0];
    if (!in->bytes && !file_read(in->path, 0, rw->diags, &rw->file)) return false;
    rw->bytes = in->bytes ? in->bytes : rw->file.ptr;
    rw->size = in->bytes ? in->size : rw->file.size;
    return true;
}

/* What the policy only notes is told when it is asked for. */
static void forget_notes(Rewrite *rw)
{
    size_t kept = 0;
    for (size_t i = 0; i < rw->diags->n; i++)
        if (rw->opt->notes || rw->diags->items[i].severity != SEV_NOTE)
            rw->diags->items[kept++] = rw->diags->items[i];
    rw->diags->n = kept;
}

/* ---- what modules lack that were not made for this ---- */

/* Replaces rw->adopted; m may be a view of it, and is one of the new bytes then. */
static bool apply(Rewrite *rw, const ModuleEdit *e, WasmModule *m)
{
    Writer out = {0};
    CodeMap map;
    ValReport report;
    const ValOptions how = {.threads = ld_threads(rw->opt)};
    bool ok = edit_write(m, e, &rw->arena, rw->diags, &out, &map);
    wr_free(&rw->adopted);
    rw->adopted = out;
    ok = ok && val_module(&rw->arena, out.ptr, out.len, rw->opt->inputs[0].path, &how, rw->diags, &report);
    if (ok) *m = report.module;
    return ok;
}

static bool has_export(const WasmModule *m, Str name)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, name)) return true;
    return false;
}

/* --start-export: the host calls it when it sees fit, and has given fuel. */
static bool export_start(Rewrite *rw, WasmModule *m)
{
    const DiagPlace at = DIAG_AT(.file = m->file);
    Str name = str_of(rw->opt->start_export);
    ModuleEdit e;
    PmSection own;
    if (!m->has_start) diag_add(rw->diags, LD_START_EXPORT, at, "--start-export: the module has no start function");
    else if (has_export(m, name))
        diag_add(rw->diags, LD_START_EXPORT, at, "--start-export: the module has an export \"%s\" already",
                 diag_escape(&rw->arena, name));
    else {
        edit_begin(m, &rw->arena, &e);
        PmFound found = pm_read(m, &rw->arena, rw->diags, &own);
        if (found == PM_BROKEN) return false;
        e.record = found == PM_PRESENT ? &own : NULL;
        e.no_start = true;
        ARENA_PUSH(&rw->arena, e.exports, e.n_exports, e.exports_cap) = (EditExport){name, KIND_FUNC, m->start};
        return apply(rw, &e, m);
    }
    return false;
}

/* A stack pointer that P101 does not let through only because entries do not reset it gets them to. In a world an entry is never
 * called while another one runs (docs/abi.md, rule 1), so what they reset it from is nobody's. */
static bool add_entries(Rewrite *rw, WasmModule *m, PmSection *record, uint32_t global)
{
    ModuleEdit e;
    StackPointer sp;
    record->has_globals = true;
    record->stack_pointer = global + 1;
    if (!entries_find(m, record, &sp)) return true; /* judged once more as it is */
    edit_begin(m, &rw->arena, &e);
    e.record = record;
    entries_add(m, &sp, &rw->arena, &e);
    return apply(rw, &e, m);
}

/* Where the policy has no mutable globals, and does not care little. */
static bool gives_entries(const LdOptions *o)
{
    return o->policy && o->policy->rules[RULE_P101].violated == VAL_ERROR &&
           o->policy->rules[RULE_P101].not_provable >= VAL_WARNING;
}

/* As it will be judged in the end, but for what it may still be given. */
static bool judge_before(Rewrite *rw, const WasmModule *m, ValReport *report)
{
    ValPolicy policy;
    ValOptions how = ld_val_options_before(rw->opt, &policy);
    if (how.policy && how.policy != &policy) policy = *how.policy;
    if (how.policy) how.policy = &policy;
    if (gives_entries(rw->opt)) policy.rules[RULE_P101].not_provable = VAL_OFF;
    if (how.policy && rw->opt->binaryen) /* what Binaryen writes anew, or finds that nobody needs, may not be there then */
        policy.rules[RULE_P601].violated = policy.rules[RULE_P606].violated = VAL_OFF;
    bool ok = val_view(&rw->arena, m, &how, rw->diags, report);
    forget_notes(rw);
    return ok;
}

static bool rewrite(Rewrite *rw, Writer *out)
{
    const LdOptions *o = rw->opt;
    WasmModule m;
    ValReport report;
    if (!read_input(rw) || !wasm_read_module(&rw->arena, rw->bytes, rw->size, o->inputs[0].path, NULL, rw->diags, &m))
        return false;
    if (o->start_export && !export_start(rw, &m)) return false;
    if (!judge_before(rw, &m, &report)) return false;
    PmSection record = new_record(rw, &report);
    if (gives_entries(o) && report.stack_to_reset && !add_entries(rw, &m, &record, report.stack_to_reset - 1)) return false;
    const MeterOptions with = {.kind = o->meter,
                               .record = o->isolate ? &record : NULL,
                               .strip_debug = o->strip != LD_STRIP_NONE,
                               .strip_all = o->strip == LD_STRIP_ALL};
    return ld_finish(o, &rw->arena, rw->diags, &m, &with, out);
}

static bool rewrite_guarded(Rewrite *rw, Writer *out)
{
    if (setjmp(rw->out_of_memory) == 0) return rewrite(rw, out);
    diag_add(rw->diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    return false;
}

bool ld_rewrite(const LdOptions *opt, Diags *diags, LdOutput *out)
{
    Rewrite rw = {.opt = opt, .diags = diags};
    rw.arena = (Arena){.limit_bytes = opt->memory_limit, .on_oom = give_up, .oom_ctx = &rw};
    *out = (LdOutput){0};
    bool ok = rewrite_guarded(&rw, &out->module);
    wr_free(&rw.adopted);
    arena_free(&rw.arena);
    file_close(&rw.file);
    if (!ok) wr_free(&out->module);
    return ok;
}
