/* engine.c: modules, instances and calls, as WAMR has them.
 *
 * A module is loaded from a copy of its validated bytes (copy.c). All of its imports are one native function, call_host: WAMR
 * resolves imports while it loads, from a list of the process, so under a lock the module's own imports are put into
 * that list, and taken away again. Which import was called, call_host learns from the attachment that WAMR keeps with
 * each; which instance, from its custom data.
 *
 * Functions are called by the name of an export, the only way there is: what is not exported cannot be called from here.
 *
 * Sources: wasm_export.h of WAMR 2.4; core 2.0 §4.5 "Modules". */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "loader/wamr/wamr.h"

enum { PAGE_BYTES = 65536, CELLS_OF_V128 = 4, CELLS_OF_SLOT = 2 };
#define RESERVED_BYTES (UINT64_C(8) << 30)
#define MOST_STACK     (UINT64_C(1) << 30)
#define MOST_TABLE     1024u /* WAMR's own maximum of a table that has none */

static bool out_of_memory(const WasmModule *m, Diags *diags)
{
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    return false;
}

/* ---- compiling --------------------------------------------------------------------------------------------------------- */

static void call_host(wasm_exec_env_t, uint64_t *args);

/* The imports of one module, and the memory of their names: WAMR keeps neither after loading. */
typedef struct Natives {
    NativeSymbol *symbols;
    char (*names)[COPY_NAME_BYTES];
} Natives;

static bool make_natives(const WasmModule *m, Arena *arena, Natives *n)
{
    uint32_t imported = m->n_imported[KIND_FUNC];
    n->symbols = arena_array(arena, imported + UINT64_C(1), sizeof *n->symbols);
    n->names = arena_array(arena, imported + UINT64_C(1), sizeof *n->names);
    if (!n->symbols || !n->names) return false;
    for (uint32_t i = 0; i < imported; i++) {
        copy_import_name(i, n->names[i]);
        n->symbols[i] = (NativeSymbol){.symbol = n->names[i], .func_ptr = (void *)call_host, .attachment = (void *)(uintptr_t)i};
    }
    return true;
}

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static bool load(LoadModule *module, Diags *diags)
{
    const WasmModule *m = module->wasm;
    uint32_t imported = m->n_imported[KIND_FUNC];
    Arena arena = {0};
    Natives natives;
    char why[160] = "";
    bool ok = make_natives(m, &arena, &natives);
    pthread_mutex_lock(&loading);
    bool registered = ok && imported && wasm_runtime_register_natives_raw(COPY_IMPORT_MODULE, natives.symbols, imported);
    ok = ok && (registered || !imported);
    if (ok) module->loaded = wasm_runtime_load(module->copy.ptr, (uint32_t)module->copy.len, why, sizeof why);
    if (registered) wasm_runtime_unregister_natives(COPY_IMPORT_MODULE, natives.symbols);
    pthread_mutex_unlock(&loading);
    arena_free(&arena);
    if (!ok) return out_of_memory(m, diags);
    if (!module->loaded) diag_add(diags, RUN_ENGINE_REFUSES, DIAG_AT(.file = m->file), "WAMR refuses the module: %s", why);
    return module->loaded != NULL;
}

static void wamr_free_module(LoadModule *module)
{
    if (!module) return;
    if (module->loaded && runtime_enter_thread()) wasm_runtime_unload(module->loaded);
    wr_free(&module->copy);
    free(module);
}

static LoadModule *wamr_compile(const WasmModule *m, const LoadCompileOptions *options, Diags *diags)
{
    if (!runtime_enter_thread()) return out_of_memory(m, diags), NULL;
    if (options->force_checks) {
        diag_add(diags, RUN_ENGINE_CANNOT, DIAG_AT(.file = m->file),
                 "engine wamr: whether addresses are compared is decided when libiwasm is built");
        return NULL;
    }
    if (options->layout && !load_check_layout(m, options->layout, diags)) return NULL;
    LoadModule *module = calloc(1, sizeof *module);
    if (!module) return out_of_memory(m, diags), NULL;
    module->wasm = m;
    module->has_layout = options->layout != NULL;
    if (module->has_layout) module->layout = *options->layout;
    if (!copy_module(m, options->fuel, options->stack_pointer, &module->copy)) (void)out_of_memory(m, diags);
    else if (load(module, diags)) return module;
    wamr_free_module(module);
    return NULL;
}

/* ---- memory ------------------------------------------------------------------------------------------------------------ */

/* What WAMR says now. Where there is no reservation, a memory that has grown may have moved. */
static void look_at_memory(LoadInstance *instance)
{
    wasm_memory_inst_t memory = instance->module->wasm->n_memories ? wasm_runtime_get_default_memory(instance->inst) : NULL;
    if (!memory) return;
    instance->memory.base = wasm_memory_get_base_address(memory);
    instance->memory.size_bytes = wasm_memory_get_cur_page_count(memory) * wasm_memory_get_bytes_per_page(memory);
}

static bool protect(const LoadInstance *instance, uint32_t low, uint32_t high, int protection)
{
    return low >= high || mprotect(instance->memory.base + low, high - low, protection) == 0;
}

/* The null guard is there before any guest code runs; the seal comes after start. */
static bool guard_memory(LoadInstance *instance, uint64_t limit, Diags *diags)
{
    const LoadModule *module = instance->module;
    const WasmModule *m = module->wasm;
    const PmLayout *l = &module->layout;
    LoadMemory *memory = &instance->memory;
    look_at_memory(instance);
    if (!memory->base) return true;
    uint64_t max = m->memories[0].has_max ? m->memories[0].max * UINT64_C(65536) : LOAD_MEMORY_BYTES;
    memory->max_bytes = max < limit ? max : limit;
    bool reserved = runtime_reserves(memory->base);
    memory->reserved_bytes = reserved ? RESERVED_BYTES : memory->size_bytes;
    memory->checked = !reserved;
    if (!module->has_layout) return true;
    memory->heap_base = l->heap_base;
    memory->null_guard = l->null_guard;
    instance->enforces_layout = reserved && load_pages_enforce(l);
    if (!instance->enforces_layout && l->seal == PM_SEAL_CHECK) return true; /* the code does it */
    if (reserved && protect(instance, 0, l->null_guard, PROT_NONE)) return true;
    diag_add(diags, RUN_LAYOUT, DIAG_AT(.file = m->file), "%s",
             reserved ? "the pages of WAMR's memory cannot be protected"
                      : "this libiwasm has no guard pages: a store to a protected page would end the host");
    return false;
}

/* ---- instances --------------------------------------------------------------------------------------------------------- */

static void wamr_destroy(LoadInstance *instance)
{
    if (!instance) return;
    bool entered = runtime_enter_thread(); /* without, what WAMR has stays allocated */
    if (instance->env && entered) wasm_runtime_destroy_exec_env(instance->env);
    if (instance->inst && entered) wasm_runtime_deinstantiate(instance->inst);
    arena_free(&instance->arena);
    free(instance);
}

static bool is_number(uint8_t type)
{
    return type == TYPE_I32 || type == TYPE_I64 || type == TYPE_F32 || type == TYPE_F64;
}

/* Types that a native function of WAMR's can have here: one result, nothing but numbers of 64 bits at most. */
static bool check_imports(const WasmModule *m, Diags *diags)
{
    bool ok = true;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmType *t = m->imports[i].kind == KIND_FUNC ? wasm_func_type(m, m->imports[i].index) : NULL;
        bool plain = t && t->n_results <= 1;
        for (uint32_t j = 0; plain && j < t->n_params; j++) plain = is_number(t->params[j]);
        if (!t || (plain && (t->n_results == 0 || is_number(t->results[0])))) continue;
        diag_add(diags, RUN_ENGINE_CANNOT, DIAG_AT(.file = m->file, .offset = m->imports[i].offset),
                 "engine wamr: a host function has numbers for parameters, and at most one result");
        ok = false;
    }
    return ok;
}

/* WAMR allocates a table for its maximum, or for 1024 elements when it has none. */
static bool check_tables(const WasmModule *m, const LoadLimits *limits, Diags *diags)
{
    uint32_t limit = limits->table_elems ? limits->table_elems : LOAD_TABLE_ELEMS;
    uint64_t total = 0;
    for (uint32_t i = 0; i < m->n_tables; i++) {
        const WasmLimits *l = &m->tables[i].limits;
        uint32_t max = l->has_max ? l->max : l->min > MOST_TABLE ? l->min : MOST_TABLE;
        total += l->min == l->max && l->has_max ? l->min : max;
    }
    if (total <= limit) return true;
    diag_add(diags, RUN_LIMIT, DIAG_AT(.file = m->file), "tables that may have %llu elements exceed the limit of %u",
             (unsigned long long)total, limit);
    return false;
}

static bool check_limits(const WasmModule *m, const LoadLimits *limits, uint64_t memory_limit, Diags *diags)
{
    uint64_t size = m->n_memories ? m->memories[0].min * UINT64_C(65536) : 0;
    if (size > memory_limit || (m->n_memories && memory_limit < PAGE_BYTES)) {
        diag_add(diags, RUN_LIMIT, DIAG_AT(.file = m->file), "memory of %llu bytes exceeds the limit of %llu",
                 (unsigned long long)size, (unsigned long long)memory_limit);
        return false;
    }
    if (limits->stack_bytes > MOST_STACK) {
        diag_add(diags, RUN_LIMIT, DIAG_AT(.file = m->file), "WAMR's stacks have %llu bytes at most",
                 (unsigned long long)MOST_STACK);
        return false;
    }
    return check_tables(m, limits, diags);
}

/* WAMR initialises tables and memory in words of its own; of those, a segment that does not fit has its code. */
static bool instantiate_failed(const WasmModule *m, const char *why, Diags *diags)
{
    if (strstr(why, "segment") || strstr(why, "out of bounds"))
        diag_add(diags, RUN_SEGMENT, DIAG_AT(.file = m->file), "WAMR says: %s", why);
    else if (strstr(why, "allocat") || strstr(why, "memory")) return out_of_memory(m, diags);
    else diag_add(diags, RUN_ENGINE_REFUSES, DIAG_AT(.file = m->file), "WAMR does not instantiate the module: %s", why);
    return false;
}

/* NULL: not exported. What is, stays where it is. */
static void *global_of(const LoadInstance *instance, const char *name)
{
    wasm_global_inst_t global;
    return wasm_runtime_get_export_global_inst(instance->inst, name, &global) ? global.global_data : NULL;
}

static bool make_instance(LoadInstance *instance, const LoadLimits *limits, uint64_t memory_limit, Diags *diags)
{
    const WasmModule *m = instance->module->wasm;
    uint32_t stack = (uint32_t)(limits->stack_bytes ? limits->stack_bytes : LOAD_STACK_BYTES);
    char why[160] = "";
    InstantiationArgs args = {.default_stack_size = stack,
                              .host_managed_heap_size = 0, /* no heap of WAMR's in the module's memory */
                              .max_memory_pages = (uint32_t)(memory_limit / PAGE_BYTES)};
    instance->inst = wasm_runtime_instantiate_ex(instance->module->loaded, &args, why, sizeof why);
    if (!instance->inst) return instantiate_failed(m, why, diags);
    wasm_runtime_set_custom_data(instance->inst, instance);
    instance->env = wasm_runtime_create_exec_env(instance->inst, stack);
    instance->entries = arena_array(&instance->arena, m->n_funcs ? m->n_funcs : 1, sizeof *instance->entries);
    if (!instance->env || !instance->entries) return out_of_memory(m, diags);
    instance->gauge = global_of(instance, COPY_FUEL);
    instance->stack_pointer = global_of(instance, COPY_STACK);
    return true;
}

static LoadInstance *wamr_instantiate(LoadModule *module, const LoadImport *imports, size_t n_imports, void *host,
                                      const LoadLimits *limits, Diags *diags)
{
    static const LoadLimits defaults;
    const WasmModule *m = module->wasm;
    if (!limits) limits = &defaults;
    uint64_t memory_limit = limits->memory_bytes ? limits->memory_bytes / PAGE_BYTES * PAGE_BYTES : LOAD_MEMORY_BYTES;
    LoadInstance *instance = runtime_enter_thread() ? calloc(1, sizeof *instance) : NULL;
    if (!instance) return out_of_memory(m, diags), NULL;
    instance->module = module;
    instance->host = host;
    instance->refused = limits->refused;
    if (load_link_imports(m, imports, n_imports, &instance->arena, diags, &instance->imports) && check_imports(m, diags) &&
        check_limits(m, limits, memory_limit, diags) && make_instance(instance, limits, memory_limit, diags) &&
        guard_memory(instance, memory_limit, diags))
        return instance;
    wamr_destroy(instance);
    return NULL;
}

/* ---- calls into the host ------------------------------------------------------------------------------------------------- */

/* args: a slot for each parameter; the result goes into the first. */
static void call_host(wasm_exec_env_t env, uint64_t *args)
{
    LoadInstance *instance = wasm_runtime_get_custom_data(wasm_runtime_get_module_inst(env));
    uint32_t index = (uint32_t)(uintptr_t)wasm_runtime_get_function_attachment(env);
    const LoadImport *import = &instance->imports[index];
    look_at_memory(instance);
    LoadHostCall call = {.instance = instance,
                         .host = instance->host,
                         .data = import->data,
                         .memory = &instance->memory,
                         .slots = args, /* WAMR has room for 16 at least */
                         .trap = instance->trap};
    traps_end(); /* faults of the host are its own */
    bool goes_on = import->fn(&call);
    traps_begin();
    if (!goes_on) {
        if (instance->trap->kind == TRAP_NONE) instance->trap->kind = TRAP_HOST;
        instance->stopped = true;
        wasm_runtime_set_exception(instance->inst, "stopped by the host");
    } else if (atomic_load(&instance->interrupt) != TRAP_NONE) {
        wasm_runtime_set_exception(instance->inst, "interrupted");
    }
}

/* ---- calls into the guest ------------------------------------------------------------------------------------------------ */

static bool refuse_call(LoadTrap *trap, LoadTrapKind kind, const char *detail)
{
    trap->kind = kind;
    snprintf(trap->detail, sizeof trap->detail, "%s", detail);
    return false;
}

/* NULL: it is not exported. */
static wasm_function_inst_t find_entry(LoadInstance *instance, uint32_t func)
{
    char name[COPY_NAME_BYTES];
    copy_export_name(func, name);
    if (!instance->entries[func]) instance->entries[func] = wasm_runtime_lookup_function(instance->inst, name);
    return instance->entries[func];
}

static uint32_t cells(uint8_t type)
{
    return type == TYPE_V128 ? CELLS_OF_V128 : type == TYPE_I64 || type == TYPE_F64 ? CELLS_OF_SLOT : 1;
}

static bool count_cells(const uint8_t *types, uint32_t n, uint32_t *out)
{
    *out = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_number(types[i]) && types[i] != TYPE_V128) return false;
        *out += cells(types[i]);
    }
    return true;
}

/* Little-endian on both sides: a slot is its cells, low one first. */
static void to_cells(const uint8_t *types, uint32_t n, const LoadSlot *slots, uint32_t *out)
{
    for (uint32_t i = 0; i < n; slots += load_slots(&types[i++], 1)) {
        memcpy(out, slots, cells(types[i]) * sizeof *out);
        out += cells(types[i]);
    }
}

static void from_cells(const uint8_t *types, uint32_t n, const uint32_t *in, LoadSlot *slots)
{
    for (uint32_t i = 0; i < n; slots += load_slots(&types[i++], 1)) {
        *slots = 0;
        memcpy(slots, in, cells(types[i]) * sizeof *in);
        in += cells(types[i]);
    }
}

static bool run(LoadInstance *instance, wasm_function_inst_t entry, uint32_t n_cells, uint32_t *argv, LoadTrap *trap)
{
    instance->trap = trap;
    instance->stopped = false;
    traps_begin();
    bool ok = wasm_runtime_call_wasm(instance->env, entry, n_cells, argv);
    traps_end();
    look_at_memory(instance);
    if (!ok) traps_fill(instance);
    instance->trap = NULL;
    return ok;
}

enum { FEW_CELLS = 32 };

static bool wamr_call(LoadInstance *instance, uint32_t func, LoadSlot *slots, LoadTrap *trap)
{
    const WasmType *type = wasm_func_type(instance->module->wasm, func);
    trap->kind = TRAP_NONE;
    trap->has_address = false;
    trap->detail[0] = 0;
    trap->depth = trap->n_frames = 0;
    if (instance->trap) return refuse_call(trap, TRAP_HOST, "the instance is running already");
    if (instance->broken) return refuse_call(trap, TRAP_KILLED, "WAMR cannot go on after an interruption");
    if (!type) return refuse_call(trap, TRAP_HOST, "no such function");
    unsigned interrupt = atomic_load(&instance->interrupt);
    if (interrupt != TRAP_NONE) return refuse_call(trap, (LoadTrapKind)interrupt, "");

    uint32_t n_params, n_results, few[FEW_CELLS] = {0};
    if (!count_cells(type->params, type->n_params, &n_params) || !count_cells(type->results, type->n_results, &n_results))
        return refuse_call(trap, TRAP_HOST, "engine wamr hands no references to functions");
    wasm_function_inst_t entry = find_entry(instance, func);
    if (!entry) return refuse_call(trap, TRAP_HOST, "engine wamr calls exported functions only");
    uint32_t room = n_params > n_results ? n_params : n_results;
    uint32_t *argv = room <= FEW_CELLS ? few : calloc(room, sizeof *argv);
    if (!argv || !runtime_enter_thread()) {
        if (argv != few) free(argv);
        return refuse_call(trap, TRAP_NO_MEMORY, "");
    }
    to_cells(type->params, type->n_params, slots, argv);
    bool ok = run(instance, entry, n_params, argv, trap);
    if (ok) from_cells(type->results, type->n_results, argv, slots);
    if (argv != few) free(argv);
    return ok;
}

/* Modules in WAMR's form have no start function (P606). */
static bool wamr_start(LoadInstance *instance, LoadTrap *trap)
{
    const PmLayout *l = &instance->module->layout;
    LoadMemory *m = &instance->memory;
    if (l->seal == PM_SEAL_NONE || !instance->enforces_layout) return true;
    if (!protect(instance, l->sealed_low, l->sealed_high, PROT_READ)) {
        *trap = (LoadTrap){.kind = TRAP_NO_MEMORY};
        return false;
    }
    m->sealed_low = l->sealed_low;
    m->sealed_high = l->sealed_high;
    m->sealed = true;
    return true;
}

/* With the thread manager a loop sees it at its next turn; without, the next call of a host function does. */
static void wamr_interrupt(LoadInstance *instance, LoadTrapKind kind)
{
    if (kind == TRAP_NONE) {
        instance->broken |= atomic_exchange(&instance->interrupt, TRAP_NONE) != TRAP_NONE;
        return;
    }
    atomic_store(&instance->interrupt, kind);
    if (runtime_can_interrupt()) wasm_runtime_terminate(instance->inst);
}

static const LoadMemory *wamr_memory(LoadInstance *instance) { return &instance->memory; }
static int64_t *wamr_fuel(LoadInstance *instance) { return instance->gauge; }

/* ---- the engine ---------------------------------------------------------------------------------------------------------- */

LoadEngine load_wamr = {
    .name = "wamr",
    .features = FEATURES_CORE,
    .wamr_form = true,
    .lacks = LOAD_LACKS_RESET | LOAD_LACKS_SAMPLES | LOAD_LACKS_CHECKED | LOAD_LACKS_NANS,
    .compile = wamr_compile,
    .free_module = wamr_free_module,
    .instantiate = wamr_instantiate,
    .start = wamr_start,
    .call = wamr_call,
    .interrupt = wamr_interrupt,
    .where = traps_where,
    .memory = wamr_memory,
    .fuel = wamr_fuel,
    .destroy = wamr_destroy,
};

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

const LoadEngine *wamr_open(const char **why)
{
    pthread_mutex_lock(&opening);
    *why = runtime_open();
    if (!*why && runtime_has_simd()) load_wamr.features |= FEATURE_BIT(SIMD);
    if (!*why && !runtime_can_interrupt()) load_wamr.lacks |= LOAD_LACKS_INTERRUPT;
    pthread_mutex_unlock(&opening);
    return *why ? NULL : &load_wamr;
}
