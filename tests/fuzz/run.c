/* Fuzz target: a valid module is decoded and run, with guard pages and with checks. Every exported function is called
 * with zeros; imports do nothing. A thread interrupts what takes longer than a moment. */
#include "loader/engine.h"
#include "validator/validator.h"

#include <pthread.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the watchdog: interrupts the instance that has been running since the last tick but one ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static LoadInstance *watched;
static unsigned ticks;

static void *watch(void *unused)
{
    for (;;) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        pthread_mutex_lock(&lock);
        if (watched != NULL && ++ticks > 3) load_interp.interrupt(watched, TRAP_DEADLINE);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void start_watchdog(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, watch, NULL) == 0) pthread_detach(thread);
}

static void watch_instance(LoadInstance *instance)
{
    pthread_mutex_lock(&lock);
    watched = instance;
    ticks = 0;
    pthread_mutex_unlock(&lock);
}

/* ---- running ---- */

static bool nothing(LoadHostCall *call)
{
    const WasmType *type = call->data;
    memset(call->slots, 0, type->n_results * sizeof *call->slots);
    return true;
}

static const char *letters(Arena *a, const uint8_t *types, uint32_t n)
{
    char *text = arena_alloc(a, (size_t)n + 1);
    for (uint32_t i = 0; text != NULL && i < n; i++)
        text[i] = types[i] == TYPE_I32   ? 'i'
                  : types[i] == TYPE_I64 ? 'I'
                  : types[i] == TYPE_F32 ? 'f'
                  : types[i] == TYPE_F64 ? 'F'
                  : types[i] == TYPE_FUNCREF ? 'c' : 'e';
    return text;
}

static void run(Arena *a, const ValReport *report, bool checked, Diags *diags)
{
    const WasmModule *m = &report->module;
    LoadImport *imports = arena_array(a, (size_t)m->n_imports + 1, sizeof *imports);
    LoadSlot *slots = arena_array(a, VAL_MAX_PARAMS + VAL_MAX_RESULTS, sizeof *slots);
    if (imports == NULL || slots == NULL) return;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        if (m->imports[i].kind != KIND_FUNC) continue;
        const WasmType *type = wasm_func_type(m, m->imports[i].index);
        imports[i] = (LoadImport){m->imports[i].module, m->imports[i].name, letters(a, type->params, type->n_params),
                                  letters(a, type->results, type->n_results), nothing, NULL};
        memcpy(&imports[i].data, &type, sizeof type);
    }
    bool layout = report->section == PM_PRESENT && report->pm.has_layout;
    LoadCompileOptions options = {.layout = layout ? &report->pm.layout : NULL,
                                  .stack_pointer = layout ? report->pm.stack_pointer : 0,
                                  .force_checks = checked};
    LoadLimits limits = {.memory_bytes = 16 << 20, .stack_bytes = 65536, .table_elems = 100000};
    LoadModule *module = load_interp.compile(m, &options, diags);
    LoadInstance *instance =
        module ? load_interp.instantiate(module, imports, m->n_imports, NULL, &limits, diags) : NULL;
    if (instance != NULL) {
        LoadTrap trap = {0};
        watch_instance(instance);
        bool ok = load_interp.start(instance, &trap);
        for (uint32_t i = 0; ok && i < m->n_exports; i++) {
            if (m->exports[i].kind != KIND_FUNC) continue;
            memset(slots, 0, (VAL_MAX_PARAMS + VAL_MAX_RESULTS) * sizeof *slots);
            if (!load_interp.call(instance, m->exports[i].index, slots, &trap) && trap.kind == TRAP_DEADLINE) break;
        }
        watch_instance(NULL);
        if (trap.kind != TRAP_NONE) {
            TextBuf text = {0};
            load_trap_print(&text, &trap, m, "fuzz");
            text_free(&text);
        }
    }
    load_interp.destroy(instance);
    load_interp.free_module(module);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {0};
    Diags d = {.limit = 20};
    ValReport report;
    ValOptions options = {.policy = val_builtin_policy(STR("audit")), .features = load_interp.features};
    pthread_once(&once, start_watchdog);
    bool clean = val_module(&a, data, size, "fuzz", &options, &d, &report);
    if (clean || report.valid) {
        run(&a, &report, false, &d);
        run(&a, &report, true, &d);
    }
    diag_free(&d);
    arena_free(&a);
    return 0;
}
