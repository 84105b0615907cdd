/* invoke.c: parigot-run FILE --invoke=EXPORT [ARG ...]: one export of one bare module. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "loader/engine.h"
#include "loader/run.h"

/* ---- deadline: a timer whose signal says which instance it is for ---- */

static void on_deadline(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    if (info->si_code == SI_TIMER) load_interp.interrupt(info->si_value.sival_ptr, TRAP_DEADLINE);
}

static bool set_deadline(LoadInstance *instance, uint64_t ns)
{
    struct sigaction action = {.sa_sigaction = on_deadline, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_ptr = instance};
    struct itimerspec when = {.it_value = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)}};
    timer_t timer;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGALRM, &action, NULL) == 0 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
           timer_settime(timer, 0, &when, NULL) == 0;
}

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

static int call_export(const RunOptions *o, const WasmModule *m, LoadInstance *instance, Diags *diags)
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
    if (o->deadline_ns > 0 && !set_deadline(instance, o->deadline_ns)) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "no timer for the deadline");
        return EXIT_USAGE;
    }
    int64_t *fuel = load_interp.fuel(instance);
    if (fuel) *fuel = o->fuel ? (int64_t)o->fuel : INT64_MAX;
    if (!load_interp.start(instance, &trap) || !load_interp.call(instance, func, slots, &trap)) return print_trap(&trap, m);
    return print_results(type, slots);
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

static int instantiate(const RunOptions *o, const ValReport *report, Diags *diags)
{
    const WasmModule *m = &report->module;
    PmSection section;
    bool has_section = read_section(report, &section) == PM_PRESENT;
    LoadCompileOptions compile = {.layout = has_section && section.has_layout ? &section.layout : NULL,
                                  .stack_pointer = has_section ? section.stack_pointer : 0,
                                  .fuel = report->metered ? section.fuel : 0,
                                  .force_checks = o->checked};
    LoadLimits limits = {.memory_bytes = o->memory_bytes, .stack_bytes = o->stack_bytes,
                         .table_elems = o->table_elems};
    if (o->fuel && !compile.fuel) {
        diag_add(diags, RUN_FUEL, DIAG_AT(.file = m->file), "--fuel: the module is not proved to be metered");
        return EXIT_FINDINGS;
    }
    LoadModule *module = load_interp.compile(m, &compile, diags);
    if (module == NULL) return EXIT_FINDINGS;
    int status = EXIT_FINDINGS;
    LoadInstance *instance = load_interp.instantiate(module, NULL, 0, NULL, &limits, diags);
    if (instance != NULL) {
        if (load_interp.memory(instance)->checked && !o->checked)
            diag_add(diags, RUN_NO_ADDRESS_SPACE, DIAG_AT(.file = m->file),
                     "no address space for guard pages: every memory access is checked, which is slower");
        status = call_export(o, m, instance, diags);
    }
    load_interp.destroy(instance);
    load_interp.free_module(module);
    return status;
}

int run_invoke(const RunOptions *o, Diags *diags)
{
    Arena arena = {0};
    FileBytes file;
    ValReport report;
    if (!file_read(o->file, 0, diags, &file)) return EXIT_USAGE;
    int status = EXIT_FINDINGS;
    ValOptions options = {.policy = o->policy, .features = load_interp.features, .meter = true, .now = (int64_t)time(NULL)};
    if (!o->allow_unsigned)
        diag_add(diags, RUN_UNSIGNED, DIAG_AT(.file = o->file), "a bare module is not signed; --allow-unsigned runs it");
    else if (val_module(&arena, file.ptr, file.size, o->file, &options, diags, &report))
        status = instantiate(o, &report, diags);
    arena_free(&arena);
    file_close(&file);
    return status;
}
