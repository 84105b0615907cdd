/* invoke.c: parigot-run FILE --invoke=EXPORT [ARG ...]: one export of one bare module. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "loader/run.h"
#include "loader/watchdog.h"

/* ---- the call ---- */

static bool find_export(const WasmModule *m, const char *name, Diags *diags, uint32_t *func)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC && str_eq(m->exports[i].name, str_of(name))) {
            *func = m->exports[i].index;
            return true;
        }
    Diag *d = diag_add(diags, RUN_NO_EXPORT, DIAG_AT(.file = m->file), "no exported function \"%s\"",
                       diag_escape(m->arena, str_of(name)));
    uint32_t shown = 0;
    for (uint32_t i = 0; i < m->n_exports && shown < 20; i++)
        if (m->exports[i].kind == KIND_FUNC) {
            diag_note(diags, d, "exported: \"%s\"", diag_escape(m->arena, m->exports[i].name));
            shown++;
        }
    return false;
}

static bool parse_args(const RunOptions *o, const WasmModule *m, const WasmType *type, Diags *diags, LoadSlot *slots)
{
    DiagPlace place = DIAG_AT(.file = m->file);
    if (o->n_args != type->n_params) {
        diag_add(diags, RUN_ARGUMENTS, place, "\"%s\" is %s and was given %zu arguments",
                 diag_escape(m->arena, str_of(o->invoke)), wasm_type_signature(m->arena, type), o->n_args);
        return false;
    }
    bool ok = true;
    for (uint32_t i = 0; i < type->n_params; slots += load_slots(&type->params[i++], 1)) {
        if (value_parse(o->args[i], type->params[i], slots)) continue;
        diag_add(diags, RUN_ARGUMENTS, place, "argument %u, \"%s\", is no %s", i + 1,
                 diag_escape(m->arena, str_of(o->args[i])), wasm_type_text(type->params[i]));
        ok = false;
    }
    return ok;
}

/* All output is made first and written once. */
static int print_results(const WasmType *type, const LoadSlot *slots)
{
    TextBuf out = {0};
    for (uint32_t i = 0; i < type->n_results; slots += load_slots(&type->results[i++], 1)) {
        value_print(&out, type->results[i], slots);
        text_add(&out, STR("\n"));
    }
    bool ok = !out.failed && (out.len == 0 || fwrite(out.ptr, 1, out.len, stdout) == out.len) && fflush(stdout) == 0;
    text_free(&out);
    if (!ok) fputs("parigot-run: error: standard output could not be written [I0102]\n", stderr);
    return ok ? EXIT_SUCCESS : EXIT_USAGE;
}

static int print_trap(const LoadTrap *trap, const WasmModule *m)
{
    TextBuf out = {0};
    load_trap_print(&out, trap, m, "parigot-run");
    if (out.ptr != NULL) fputs(out.ptr, stderr);
    text_free(&out);
    return EXIT_TRAP;
}

static uint64_t monotonic_now(void *ctx)
{
    (void)ctx;
    return uv_hrtime();
}

static bool run_to_end(const LoadEngine *engine, LoadInstance *instance, uint32_t func, LoadSlot *slots, LoadTrap *trap)
{
    return engine->start(instance, trap) && engine->call(instance, func, slots, trap);
}

/* start and the call together have until the deadline. */
static int run_with_deadline(const RunOptions *o, const LoadEngine *engine, LoadInstance *instance, uint32_t func,
                             LoadSlot *slots, LoadTrap *trap, Diags *diags)
{
    Watchdog *w = o->deadline_ns ? watchdog_new(o->deadline_ns, monotonic_now, NULL) : NULL;
    if (o->deadline_ns && !w) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = o->file), "no thread for the deadline");
        return EXIT_USAGE;
    }
    if (w) watchdog_begin(w, engine, instance, uv_hrtime(), o->deadline_ns);
    bool returned = run_to_end(engine, instance, func, slots, trap);
    if (w) watchdog_end(w);
    watchdog_free(w);
    return returned ? EXIT_SUCCESS : EXIT_TRAP;
}

static int call_export(const RunOptions *o, const LoadEngine *engine, const WasmModule *m, LoadInstance *instance, Diags *diags)
{
    uint32_t func;
    LoadTrap trap = {0};
    if (!find_export(m, o->invoke, diags, &func)) return EXIT_FINDINGS;
    const WasmType *type = wasm_func_type(m, func);
    LoadSlot *slots = arena_array(m->arena, (size_t)load_call_slots(type) + 1, sizeof *slots);
    if (slots == NULL) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
        return EXIT_USAGE;
    }
    if (!parse_args(o, m, type, diags, slots)) return EXIT_USAGE;
    int64_t *fuel = engine->fuel(instance);
    if (fuel) *fuel = o->fuel ? (int64_t)o->fuel : INT64_MAX;
    int status = run_with_deadline(o, engine, instance, func, slots, &trap, diags);
    return status == EXIT_SUCCESS ? print_results(type, slots) : status == EXIT_TRAP ? print_trap(&trap, m) : status;
}

/* Under --policy=none the validator does not look at parigot.module, but guard and seal are still what the module asks
 * for. What cannot be understood asks for nothing then. */
static PmFound read_section(const ValReport *report, PmSection *out)
{
    Diags ignored = {0};
    *out = report->pm;
    if (report->section != PM_ABSENT) return report->section;
    PmFound found = pm_read(&report->module, report->module.arena, &ignored, out);
    diag_free(&ignored);
    return found;
}

/* What the engine cannot do is not passed over in silence. */
static bool check_engine(const RunOptions *o, const LoadEngine *engine, Diags *diags)
{
    const char *what = o->checked && (engine->lacks & LOAD_LACKS_CHECKED) ? "has no code that compares addresses (--checked)"
                       : o->canonical_nans && (engine->lacks & LOAD_LACKS_NANS) ? "cannot make NaNs canonical (--canonical-nans)"
                       : o->deadline_ns && (engine->lacks & LOAD_LACKS_INTERRUPT) ? "cannot keep a --deadline here"
                                                                                  : NULL;
    if (what) diag_add(diags, RUN_ENGINE_CANNOT, DIAG_AT(.file = o->file), "engine %s %s", engine->name, what);
    return !what;
}

static int instantiate(const RunOptions *o, const LoadEngine *engine, const ValReport *report, Diags *diags)
{
    const WasmModule *m = &report->module;
    PmSection section;
    bool has_section = read_section(report, &section) == PM_PRESENT;
    LoadCompileOptions compile = {.layout = has_section && section.has_layout ? &section.layout : NULL,
                                  .stack_pointer = has_section ? section.stack_pointer : 0,
                                  .fuel = report->metered ? section.fuel : 0,
                                  .force_checks = o->checked,
                                  .canonical_nans = o->canonical_nans};
    LoadLimits limits = {.memory_bytes = o->memory_bytes, .stack_bytes = o->stack_bytes,
                         .table_elems = o->table_elems};
    if (o->fuel && !compile.fuel) {
        diag_add(diags, RUN_FUEL, DIAG_AT(.file = m->file), "--fuel: the module is not proved to be metered");
        return EXIT_FINDINGS;
    }
    LoadModule *module = engine->compile(m, &compile, diags);
    if (module == NULL) return EXIT_FINDINGS;
    int status = EXIT_FINDINGS;
    LoadInstance *instance = engine->instantiate(module, NULL, 0, NULL, &limits, diags);
    if (instance != NULL) {
        if (engine->memory(instance)->checked && !o->checked)
            diag_add(diags, RUN_NO_ADDRESS_SPACE, DIAG_AT(.file = m->file),
                     "no address space for guard pages: every memory access is checked, which is slower");
        status = call_export(o, engine, m, instance, diags);
    }
    engine->destroy(instance);
    engine->free_module(module);
    return status;
}

int run_invoke(const RunOptions *o, Diags *diags)
{
    Arena arena = {0};
    FileBytes file;
    ValReport report;
    const LoadEngine *engine = o->engine ? load_engine_find(o->engine, diags) : &load_interp;
    if (!engine || !file_read(o->file, 0, diags, &file)) return EXIT_USAGE;
    int status = EXIT_FINDINGS;
    ValOptions options = {.policy = o->policy, .features = engine->features, .wamr = engine->wamr_form, .meter = true,
                          .now = (int64_t)time(NULL)};
    if (!o->allow_unsigned)
        diag_add(diags, RUN_UNSIGNED, DIAG_AT(.file = o->file), "a bare module is not signed; --allow-unsigned runs it");
    else if (check_engine(o, engine, diags) && val_module(&arena, file.ptr, file.size, o->file, &options, diags, &report))
        status = instantiate(o, engine, &report, diags);
    arena_free(&arena);
    file_close(&file);
    return status;
}
