/* optimize.c: -O1 to -O4, -Os, -Oz: Binaryen's optimiser on a finished module. docs/optimization.md
 *
 *     module -> prepared: no thunks, memory imported, the stack pointer exported; names are its only custom section
 *            -> the child                                                             (child.c, parigot_opt.c)
 *            -> validated, compared with what went in                                 (opt_compare.c)
 *            -> restored: thunks, own memory, the other custom sections
 *            -> frame checks where frames are large now
 *
 * What is prepared keeps Binaryen from what it must not do: a thunk would let it fold the stack's addresses into constants,
 * which rule P104 could not tell from variables; a memory of the module's own would let it cut its segments; a stack
 * pointer that nobody else sees it might drop, or start elsewhere. */
#include "linker/optimize.h"

#include "linker/entries.h"
#include "linker/ld.h"
#include "linker/opt_lines.h"

#include <string.h>

#define RESERVED   STR("parigot:")
#define SP_EXPORT  STR("parigot:stack_pointer")
#define MEM_EXPORT STR("parigot:memory")

typedef struct Optimize {
    const LdOptions *o;
    Arena *arena;
    Diags *diags;
    const WasmModule *m; /* as it was given */
    PmSection *record;   /* or NULL */
    StackPointer sp;
    bool has_sp, own_memory;
    const char *program;
    Writer prepared, optimised, restored;
    WasmModule before, after; /* views of the first two */
    WasmFeatures features;    /* that the module needs, and those that it may use now */
    DwarfLines lines;         /* of the prepared module; none: nobody wants them, or there are none */
    Writer map_before, map_after;
} Optimize;

/* ---- what cannot be optimised ---- */

static bool refuse(Optimize *x, const char *why)
{
    diag_add(x->diags, LD_OPT_REFUSED, DIAG_AT(.file = x->m->file), "-O%s: %s", x->o->binaryen, why);
    return false;
}

static bool check(Optimize *x)
{
    if (x->record && x->record->has_meter) return refuse(x, "the module is metered already");
    if (x->record && x->record->has_layout && x->record->layout.seal == PM_SEAL_CHECK)
        return refuse(x, "the module has store checks already");
    for (uint32_t i = 0; i < x->m->n_customs; i++)
        if (str_eq(x->m->customs[i].name, STR("linking")) || str_has_prefix(x->m->customs[i].name, STR("reloc.")))
            return refuse(x, "the module has relocations, which say where its code is");
    for (uint32_t i = 0; i < x->m->n_exports; i++)
        if (str_has_prefix(x->m->exports[i].name, RESERVED))
            return refuse(x, "the module has an export whose name begins with parigot:");
    return true;
}

/* ---- before ---- */

static void add_export(Optimize *x, ModuleEdit *e, Str name, uint8_t kind, uint32_t index)
{
    ARENA_PUSH(x->arena, e->exports, e->n_exports, e->exports_cap) = (EditExport){name, kind, index};
}

/* Reads what the linker made itself, to be looked at: errors are not expected. */
static bool view(Optimize *x, const Writer *bytes, const char *name, const ValOptions *how, Diags *d, ValReport *report)
{
    return val_module(x->arena, bytes->ptr, bytes->len, name, how, d, report);
}

/* They stay where the program is there that can carry them. */
static void take_lines(Optimize *x, const CodeMap *moved)
{
    if (x->o->strip != LD_STRIP_NONE || !wasm_find_custom(x->m, STR(".debug_line"))) return;
    if (!child_find(x->arena, "wasm-opt", true)) return;
    if (!dwarf_all_lines(dwarf_open_module(x->m, x->arena), x->arena, &x->lines)) return;
    size_t near = 0;
    for (size_t i = 0; i < x->lines.n; i++)
        x->lines.items[i].offset = code_map_find_near(moved, x->lines.items[i].offset, &near);
    lines_to_map(&x->before, &x->map_before);
}

static bool prepare(Optimize *x)
{
    ModuleEdit e;
    CodeMap map;
    edit_begin(x->m, x->arena, &e);
    e.customs = EDIT_NAMES_ONLY;
    x->own_memory = x->m->n_memories && !x->m->n_imported[KIND_MEMORY];
    if (x->own_memory) {
        e.memory = EDIT_MEMORY_IMPORTED;
        add_export(x, &e, MEM_EXPORT, KIND_MEMORY, 0);
    }
    x->has_sp = entries_find(x->m, x->record, &x->sp);
    if (x->has_sp) {
        entries_strip(x->m, &x->sp, x->arena, &e);
        add_export(x, &e, SP_EXPORT, KIND_GLOBAL, x->sp.global);
    }
    if (!edit_write(x->m, &e, x->arena, x->diags, &x->prepared, &map)) return false;
    const ValOptions how = {.threads = ld_threads(x->o)};
    ValReport report;
    if (!view(x, &x->prepared, x->m->file, &how, x->diags, &report)) return false;
    x->before = report.module;
    x->features = report.features;
    take_lines(x, &map);
    return !x->map_before.failed;
}

/* ---- the child ---- */

/* What core 2.0 has, as far as the policy lets it be used, and what the module uses anyway. */
static const char *const *arguments(Optimize *x)
{
    static const struct {
        WasmFeature feature;
        const char *argument;
    } rows[] = {{FEATURE_SIGN_EXT, "--enable-sign-ext"},
                {FEATURE_SAT_FLOAT, "--enable-nontrapping-float-to-int"},
                {FEATURE_MULTI_VALUE, "--enable-multivalue"},
                {FEATURE_BULK_MEMORY, "--enable-bulk-memory"},
                {FEATURE_REFERENCE_TYPES, "--enable-reference-types"},
                {FEATURE_SIMD, "--enable-simd"},
                {FEATURE_TAIL_CALL, "--enable-tail-call"},
                {FEATURE_EXTENDED_CONST, "--enable-extended-const"}};
    static const char *const with_lines[] = {CHILD_INPUT_PATH, "-o", CHILD_OUTPUT_PATH, "-ism", CHILD_SECOND_INPUT_PATH,
                                             "-osm", CHILD_SECOND_OUTPUT_PATH};
    enum { OTHERS = 16 };
    const char **args = arena_array(x->arena, ARRAY_LEN(rows) + OTHERS, sizeof *args);
    size_t n = 0;
    x->features |= FEATURES_CORE & (x->o->policy ? x->o->policy->features : FEATURES_CORE);
    args[n++] = x->program;
    args[n++] = arena_printf(x->arena, "-O%s", x->o->binaryen);
    if (x->o->strip != LD_STRIP_ALL && wasm_find_custom(x->m, STR("name"))) args[n++] = "-g"; /* else it makes names up */
    args[n++] = "--mvp-features";
    args[n++] = "--enable-mutable-globals";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (x->features >> rows[i].feature & 1) args[n++] = rows[i].argument;
    for (size_t i = 0; i < ARRAY_LEN(with_lines) && x->lines.n; i++) args[n++] = with_lines[i];
    return args;
}

/* wasm-opt has the same passes behind the same arguments, and alone takes a source map. */
static bool run_child(Optimize *x)
{
    x->program = x->lines.n ? "wasm-opt" : "parigot-opt";
    const char *cores = arena_printf(x->arena, "BINARYEN_CORES=%u", ld_threads(x->o));
    const char *const environment[] = {"LC_ALL=C", cores, NULL};
    ChildResult result;
    ChildJob job = {.program = child_find(x->arena, x->program, x->lines.n != 0),
                    .arguments = arguments(x),
                    .environment = environment,
                    .input = x->prepared.ptr,
                    .input_size = x->prepared.len,
                    .has_second = x->lines.n != 0,
                    .second_input = x->map_before.ptr,
                    .second_input_size = x->map_before.len,
                    .limits = x->o->child};
    job.limits.processors = ld_threads(x->o);
    if (!job.program) {
        child_missing(x->program, arena_printf(x->arena, "-O%s", x->o->binaryen), CHILD_FROM_BINARYEN, x->diags);
        return false;
    }
    if (!child_run(&job, &result)) {
        child_tell(&job, &result, x->m->file, x->diags);
        return false;
    }
    x->optimised = result.output;
    x->map_after = result.second_output;
    return true;
}

/* It is input like any other. */
static bool judge_output(Optimize *x)
{
    Diags d = {.limit = 1};
    const ValOptions how = {.features = x->features | FEATURE_BIT(MVP) | FEATURE_BIT(MUTABLE_GLOBAL),
                            .threads = ld_threads(x->o)};
    ValReport report;
    bool ok = view(x, &x->optimised, x->o->output, &how, &d, &report);
    if (!ok) {
        Diag *diag = diag_add(x->diags, LD_CHILD_OUTPUT, DIAG_AT(.file = x->m->file), "%s wrote no valid module",
                              x->program);
        if (d.n) diag_note(x->diags, diag, "%s [%s]", d.items[0].text, diag_code_text(d.items[0].code));
    }
    diag_free(&d);
    x->after = report.module;
    return ok && opt_same(&x->before, &x->after, x->arena, x->o->output, x->program, x->diags);
}

/* ---- after ---- */

static bool is_about_places(Str name)
{
    return str_has_prefix(name, STR(".debug_")) || str_has_prefix(name, STR("metadata.code.")) ||
           str_eq(name, STR("sourceMappingURL")) || str_eq(name, STR("external_debug_info"));
}

/* Lines are kept; what else was said of the code (variables, types, who was inlined where) is not true of it any more. */
static void write_lines(Optimize *x)
{
    DwarfLines lines;
    Str map = {(const char *)x->map_after.ptr, x->map_after.len};
    lines_from_map(map, &x->before, &x->lines, &x->after, x->arena, &lines);
    dwarf_write_lines(&x->optimised, &lines);
    if (!x->o->notes) return;
    diag_add_as(x->diags, SEV_NOTE, LD_OPT_DEBUG, DIAG_AT(.file = x->m->file),
                "source lines are kept; what debug information says of variables and types is left out");
}

static void tell_left_out(Optimize *x, Str name)
{
    bool dwarf = str_has_prefix(name, STR(".debug_"));
    if (dwarf && !child_find(x->arena, "wasm-opt", true))
        diag_add(x->diags, LD_OPT_DEBUG, DIAG_AT(.file = x->m->file),
                 "debug information is left out: wasm-opt, which would carry its lines, is not here");
    else
        diag_add(x->diags, LD_OPT_DEBUG, DIAG_AT(.file = x->m->file), "%.*s is left out: %s", STR_ARG(name),
                 dwarf ? "it has no lines that could be kept" : "what it says of places in the code is not true any more");
}

/* The custom sections that the child was not shown, behind all others. What counts in places of the code is out of date. */
static void append_customs(Optimize *x)
{
    const WasmCustom *c = x->m->customs;
    bool stripped = x->o->strip != LD_STRIP_NONE, told = stripped;
    for (uint32_t i = 0; i < x->m->n_sections; i++) {
        const WasmSection *s = &x->m->sections[i];
        if (s->id != SEC_CUSTOM) continue;
        Str name = c++->name;
        if (str_eq(name, STR("parigot.module")) || str_eq(name, STR("name"))) continue;
        if (!is_about_places(name)) {
            wr_byte(&x->optimised, SEC_CUSTOM);
            wr_u32(&x->optimised, s->payload.size);
            wr_bytes(&x->optimised, wasm_at(x->m, s->payload), s->payload.size);
        } else if (x->lines.n && str_has_prefix(name, STR(".debug_"))) {
            if (str_eq(name, STR(".debug_line"))) write_lines(x);
        } else if (!told) {
            tell_left_out(x, name);
            told = true;
        }
    }
}

static void find_stack_pointer(Optimize *x)
{
    for (uint32_t i = 0; i < x->after.n_exports; i++)
        if (str_eq(x->after.exports[i].name, SP_EXPORT)) x->sp.global = x->after.exports[i].index;
    x->record->stack_pointer = x->sp.global + 1;
}

/* Functions without a name have one for Binaryen, which it writes down when others have theirs. */
static bool is_made_up(Str name)
{
    static const char import[] = "fimport$";
    if (str_has_prefix(name, STR(import))) name = (Str){name.ptr + sizeof import - 1, name.len - (sizeof import - 1)};
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] < '0' || name.ptr[i] > '9') return false;
    return true;
}

/* Ours are the last exports; opt_same has seen that they are there. */
static bool restore(Optimize *x)
{
    ModuleEdit e;
    CodeMap map;
    ValReport report;
    const ValOptions how = {.threads = ld_threads(x->o)};
    if (x->has_sp) find_stack_pointer(x);
    append_customs(x);
    if (!view(x, &x->optimised, x->m->file, &how, x->diags, &report)) return false;
    edit_begin(&report.module, x->arena, &e);
    e.n_exports -= (size_t)x->has_sp + x->own_memory;
    e.memory = x->own_memory ? EDIT_MEMORY_OWN : EDIT_MEMORY_STAYS;
    e.record = x->record;
    e.is_no_name = is_made_up;
    if (x->has_sp) entries_add(&report.module, &x->sp, x->arena, &e);
    return edit_write(&report.module, &e, x->arena, x->diags, &x->restored, &map);
}

/* Inlining makes frames larger: those above the null guard get their check now. */
static bool check_frames(Optimize *x)
{
    if (!x->has_sp || !x->record->has_layout) return true;
    Diags ignored = {.limit = 1};
    const ValOptions how = {.policy = val_builtin_policy(STR("audit")), .threads = ld_threads(x->o), .findings_limit = 1};
    ValReport report;
    bool ok = view(x, &x->restored, x->m->file, &how, &ignored, &report);
    diag_free(&ignored);
    if (!ok || report.n_frames == 0) return true; /* it is judged once more */
    ModuleEdit e;
    CodeMap map;
    Writer out = {0};
    edit_begin(&report.module, x->arena, &e);
    e.record = x->record;
    entries_check_frames(&report.module, &x->sp, &report, x->arena, &e);
    ok = edit_write(&report.module, &e, x->arena, x->diags, &out, &map);
    wr_free(&x->restored);
    x->restored = out;
    return ok;
}

bool ld_optimize(const LdOptions *o, Arena *arena, Diags *diags, const WasmModule *m, PmSection *record, Writer *out)
{
    Optimize x = {.o = o, .arena = arena, .diags = diags, .m = m, .record = record};
    bool ok = check(&x) && prepare(&x) && run_child(&x) && judge_output(&x) && restore(&x) && check_frames(&x);
    wr_free(&x.prepared);
    wr_free(&x.optimised);
    wr_free(&x.map_before);
    wr_free(&x.map_after);
    if (ok) {
        wr_free(out);
        *out = x.restored;
    } else wr_free(&x.restored);
    return ok;
}
