/* instance.c: compiling and instantiating for the interpreter, calls from the host, and the rarer instructions.
 *
 * Compiling decodes nothing: it gives every function a Func that decodes itself when it is first called. The cost of a
 * large module is that of what is used of it. A LoadModule has two Codes, because a memory for which no reservation could
 * be had needs code with checks; each comes to be when an instance needs it.
 *
 * Sources: core 2.0 §4.5 "Modules" (allocation, instantiation, invocation), §4.4.6 "Table", §4.4.7 "Memory Instructions". */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/interp.h"

#define PAGE_BYTES 65536

/* ---- compiling ---------------------------------------------------------------------------------------------------- */

static uint32_t hash_type(const WasmType *t)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (uint32_t i = 0; i < t->n_params; i++) h = (h ^ t->params[i]) * 16777619u;
    h = (h ^ 0xff) * 16777619u;
    for (uint32_t i = 0; i < t->n_results; i++) h = (h ^ t->results[i]) * 16777619u;
    return h;
}

/* canonical[i]: the first type that equals type i. Open addressing over a table of twice as many places. */
static bool find_canonical_types(LoadModule *module)
{
    const WasmModule *m = module->wasm;
    size_t places = 16;
    while (places < (size_t)m->n_types * 2) places *= 2;
    uint32_t *table = calloc(places, sizeof *table); /* type index + 1 */
    module->canonical = arena_array(&module->arena, m->n_types, sizeof *module->canonical);
    bool ok = table != NULL && (module->canonical != NULL || m->n_types == 0);
    for (uint32_t i = 0; ok && i < m->n_types; i++) {
        size_t at = hash_type(&m->types[i]) & (places - 1);
        while (table[at] != 0 && !wasm_same_type(&m->types[table[at] - 1], &m->types[i])) at = (at + 1) & (places - 1);
        if (table[at] == 0) table[at] = i + 1;
        module->canonical[i] = table[at] - 1;
    }
    free(table);
    return ok;
}

static void free_code(Code *code)
{
    free(code->funcs);
    arena_free(&code->arena);
}

static void interp_free_module(LoadModule *module)
{
    if (module == NULL) return;
    free_code(&module->guarded);
    free_code(&module->checked);
    decoder_free(module->decoder);
    pthread_mutex_destroy(&module->lock);
    arena_free(&module->arena);
    free(module);
}

static LoadModule *interp_compile(const WasmModule *m, const LoadCompileOptions *options, Diags *diags)
{
    if (options->layout != NULL && !load_check_layout(m, options->layout, diags)) return NULL;
    LoadModule *module = calloc(1, sizeof *module);
    if (module != NULL) {
        pthread_mutex_init(&module->lock, NULL);
        module->wasm = m;
        module->force_checks = options->force_checks;
        module->canonical_nans = options->canonical_nans;
        module->stack_pointer = options->stack_pointer <= m->n_globals ? options->stack_pointer : 0;
        module->fuel = options->fuel <= m->n_globals ? options->fuel : 0;
        module->has_layout = options->layout != NULL;
        if (module->has_layout) module->layout = *options->layout;
        if (find_canonical_types(module) && fault_handler_install()) return module;
    }
    interp_free_module(module);
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    return NULL;
}

/* Functions that decode themselves, or call the host. */
static bool make_code(LoadModule *module, Code *code, Labels labels)
{
    const WasmModule *m = module->wasm;
    code->module = module;
    code->labels = labels;
    code->finish.run = label_of(labels, REG_FINISH);
    Func *funcs = calloc((size_t)m->n_funcs + 1, sizeof *funcs);
    if (funcs == NULL) return false;
    for (uint32_t i = 0; i < m->n_funcs; i++) {
        const WasmType *type = &m->types[m->func_types[i]];
        Func *f = &funcs[i];
        f->stub = label_of(labels, i < m->n_imported[KIND_FUNC] ? REG_ENTER_HOST : REG_ENTER_UNDECODED);
        f->code = (const Ins *)&f->stub;
        f->record = (uint16_t)load_call_slots(type); /* the validator allows at most 1000 */
        f->frame_bytes = (f->record + RECORD_SLOTS) * (uint32_t)sizeof(Slot);
        f->type = module->canonical[m->func_types[i]];
        f->index = i;
    }
    code->funcs = funcs;
    return true;
}

static Code *code_for(LoadModule *module, bool checked)
{
    Code *code = checked ? &module->checked : &module->guarded;
    pthread_mutex_lock(&module->lock);
    bool ok = code->funcs != NULL || make_code(module, code, interp_labels(checked));
    pthread_mutex_unlock(&module->lock);
    return ok ? code : NULL;
}

/* ---- constant expressions: core 2.0 §3.3.7, with the extended-const proposal -------------------------------------------- */

/* A vector's initial value is one instruction: a constant, or the value of another global. high: its upper half. */
static bool evaluate_vector(LoadInstance *instance, WasmRange expr, Diags *diags, Slot *low, Slot *high)
{
    const WasmModule *m = instance->module->wasm;
    Reader r = wasm_reader(m, expr, diags);
    WasmOp op = OP_NOP;
    const uint8_t *p = NULL;
    uint32_t index = 0;
    if (!rd_op(&r, FEATURES_ALL, &op)) return false;
    if (op == OP_GLOBAL_GET) {
        if (!rd_u32(&r, "global", &index)) return false;
        *low = instance->globals[index];
        *high = instance->globals[m->n_globals + index];
        return true;
    }
    if (!rd_bytes(&r, "v128", 16, &p)) return false;
    memcpy(low, p, sizeof *low);
    memcpy(high, p + sizeof *low, sizeof *high);
    return true;
}

/* Evaluates one that has been validated. At most as many operands as the expression has bytes. */
static bool evaluate(LoadInstance *instance, WasmRange expr, Diags *diags, Slot *out)
{
    Reader r = wasm_reader(instance->module->wasm, expr, diags);
    Slot few[16], *stack = few;
    if (expr.size > ARRAY_LEN(few) && (stack = malloc(expr.size * sizeof *stack)) == NULL) return false;
    uint32_t n = 0;
    bool ok = true;
    for (WasmOp op = OP_NOP; ok && op != OP_END;) {
        int32_t i32 = 0;
        int64_t i64 = 0;
        uint32_t index = 0;
        const uint8_t *p;
        uint8_t type;
        ok = rd_op(&r, FEATURES_ALL, &op);
        if (!ok) break;
        switch (op) {
        case OP_END: break;
        case OP_I32_CONST: ok = rd_s32(&r, "i32", &i32); stack[n++].i = (uint32_t)i32; break;
        case OP_I64_CONST: ok = rd_s64(&r, "i64", &i64); stack[n++].i = (uint64_t)i64; break;
        case OP_F32_CONST:
            ok = rd_bytes(&r, "f32", 4, &p);
            stack[n].i = 0;
            if (ok) memcpy(&stack[n++], p, 4);
            break;
        case OP_F64_CONST:
            ok = rd_bytes(&r, "f64", 8, &p);
            if (ok) memcpy(&stack[n++], p, 8);
            break;
        case OP_REF_NULL: ok = rd_byte(&r, "reference type", &type); stack[n++].func = NULL; break;
        case OP_REF_FUNC: ok = rd_u32(&r, "function", &index); stack[n++].func = &instance->funcs[index]; break;
        case OP_GLOBAL_GET: ok = rd_u32(&r, "global", &index); stack[n++] = instance->globals[index]; break;
        case OP_I32_ADD: n--; stack[n - 1].i = (uint32_t)(stack[n - 1].i + stack[n].i); break;
        case OP_I32_SUB: n--; stack[n - 1].i = (uint32_t)(stack[n - 1].i - stack[n].i); break;
        case OP_I32_MUL: n--; stack[n - 1].i = (uint32_t)(stack[n - 1].i * stack[n].i); break;
        case OP_I64_ADD: n--; stack[n - 1].i += stack[n].i; break;
        case OP_I64_SUB: n--; stack[n - 1].i -= stack[n].i; break;
        case OP_I64_MUL: n--; stack[n - 1].i *= stack[n].i; break;
        default: ok = rd_fail(&r, WASM_FEATURE, "constant expression: %s", wasm_op_text(op));
        }
    }
    if (ok) *out = stack[0];
    if (stack != few) free(stack);
    return ok;
}

/* ---- allocation -------------------------------------------------------------------------------------------------------- */

static bool out_of_memory(LoadInstance *instance, Diags *diags)
{
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = instance->module->wasm->file), "out of memory");
    return false;
}

static bool make_tables(LoadInstance *instance, const LoadLimits *limits, Diags *diags)
{
    const WasmModule *m = instance->module->wasm;
    if (!load_check_tables(m, limits, &instance->table_elems, diags)) return false;
    instance->table_elems_left = instance->table_elems;
    instance->tables = arena_array(&instance->arena, m->n_tables, sizeof *instance->tables);
    if (instance->tables == NULL && m->n_tables > 0) return out_of_memory(instance, diags);
    for (uint32_t i = 0; i < m->n_tables; i++) {
        const WasmTable *t = &m->tables[i];
        instance->table_elems_left -= t->limits.min;
        Table *table = &instance->tables[i];
        table->type = t->elem_type;
        table->max = t->limits.has_max ? t->limits.max : UINT32_MAX;
        table->size = t->limits.min;
        if (table->size > 0 && (table->elems = calloc(table->size, sizeof *table->elems)) == NULL)
            return out_of_memory(instance, diags);
    }
    return true;
}

static bool make_globals(LoadInstance *instance, Diags *diags)
{
    const WasmModule *m = instance->module->wasm;
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        const WasmGlobal *g = &m->globals[i];
        Slot *low = &instance->globals[i];
        bool ok = g->type == TYPE_V128 ? evaluate_vector(instance, g->init, diags, low, &instance->globals[m->n_globals + i])
                                       : evaluate(instance, g->init, diags, low);
        if (!ok) return out_of_memory(instance, diags);
    }
    return true;
}

bool instance_make_stack(LoadInstance *instance, uint64_t wanted)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t bytes = (wanted + page - 1) / page * page;
    void *p = bytes < wanted ? MAP_FAILED
                             : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return false;
    instance->stack = p;
    instance->stack_bytes = bytes;
    instance->stack_end = (Slot *)((char *)p + wanted / sizeof(Slot) * sizeof(Slot));
    return true;
}

static bool make_stack(LoadInstance *instance, const LoadLimits *limits, Diags *diags)
{
    uint64_t wanted = limits->stack_bytes ? limits->stack_bytes : LOAD_STACK_BYTES;
    return instance_make_stack(instance, wanted) || out_of_memory(instance, diags);
}

/* ---- segments ------------------------------------------------------------------------------------------------------------ */

static bool segment_fails(LoadInstance *instance, Diags *diags, uint32_t offset, const char *phrase, const char *kind,
                          uint32_t index)
{
    diag_add(diags, RUN_SEGMENT, DIAG_AT(.file = instance->module->wasm->file, .offset = offset), "%s: %s segment %u",
             phrase, kind, index);
    return false;
}

/* The items of an element segment, as references. */
static bool read_elems(LoadInstance *instance, const WasmElem *e, Diags *diags, Slot *out)
{
    Reader r = wasm_reader(instance->module->wasm, e->items, diags);
    for (uint32_t i = 0; i < e->n; i++) {
        if (e->exprs) {
            WasmRange expr;
            if (!wasm_skip_expr(&r, FEATURES_ALL, &expr) || !evaluate(instance, expr, diags, &out[i])) return false;
        } else {
            uint32_t func;
            if (!rd_u32(&r, "function", &func)) return false;
            out[i].func = &instance->funcs[func];
        }
    }
    return true;
}

static bool init_elems(LoadInstance *instance, Diags *diags)
{
    const WasmModule *m = instance->module->wasm;
    instance->elems = arena_array(&instance->arena, m->n_elems, sizeof *instance->elems);
    if (instance->elems == NULL && m->n_elems > 0) return out_of_memory(instance, diags);
    for (uint32_t i = 0; i < m->n_elems; i++) {
        const WasmElem *e = &m->elems[i];
        ElemSegment *segment = &instance->elems[i];
        if (e->mode == SEG_DECLARATIVE) continue;
        if (e->mode == SEG_PASSIVE) {
            segment->items = malloc(e->n * sizeof *segment->items + 1);
            if (segment->items == NULL || !read_elems(instance, e, diags, segment->items))
                return out_of_memory(instance, diags);
            segment->n = e->n;
            continue;
        }
        Slot offset;
        if (!evaluate(instance, e->where, diags, &offset)) return out_of_memory(instance, diags);
        const Table *t = &instance->tables[e->table];
        if (e->n > t->size || (uint32_t)offset.i > t->size - e->n)
            return segment_fails(instance, diags, e->offset, load_trap_text(TRAP_OOB_TABLE), "element", i);
        if (!read_elems(instance, e, diags, t->elems + (uint32_t)offset.i)) return out_of_memory(instance, diags);
    }
    return true;
}

static bool init_datas(LoadInstance *instance, Diags *diags)
{
    const WasmModule *m = instance->module->wasm;
    instance->datas = arena_array(&instance->arena, m->n_datas, sizeof *instance->datas);
    if (instance->datas == NULL && m->n_datas > 0) return out_of_memory(instance, diags);
    for (uint32_t i = 0; i < m->n_datas; i++) {
        const WasmData *s = &m->datas[i];
        if (s->mode == SEG_PASSIVE) {
            instance->datas[i] = s->bytes;
            continue;
        }
        Slot offset;
        if (!evaluate(instance, s->where, diags, &offset)) return out_of_memory(instance, diags);
        uint32_t at = (uint32_t)offset.i;
        if (memory_check(&instance->memory, at, s->bytes.size, true) != TRAP_NONE)
            return segment_fails(instance, diags, s->offset, load_trap_text(TRAP_OOB_MEMORY), "data", i);
        if (s->bytes.size > 0) memcpy(instance->memory.base + at, wasm_at(m, s->bytes), s->bytes.size);
    }
    return true;
}

/* ---- instantiating ---------------------------------------------------------------------------------------------------- */

static void interp_destroy(LoadInstance *instance)
{
    if (instance == NULL) return;
    const WasmModule *m = instance->module->wasm;
    for (uint32_t i = 0; instance->tables != NULL && i < m->n_tables; i++) free(instance->tables[i].elems);
    for (uint32_t i = 0; !instance->image && instance->elems != NULL && i < m->n_elems; i++)
        free(instance->elems[i].items);
    if (instance->stack != NULL) munmap(instance->stack, instance->stack_bytes);
    memory_close(&instance->memory);
    arena_free(&instance->arena);
    free(instance);
}

static bool pick_code(LoadInstance *instance, Diags *diags)
{
    instance->code = code_for(instance->module, instance->memory.checked);
    if (instance->code == NULL) return out_of_memory(instance, diags);
    instance->funcs = instance->code->funcs;
    return true;
}

/* The guard before any guest code, the start function included; the seal after it. */
static bool guard_memory(LoadInstance *instance, Diags *diags)
{
    const LoadModule *module = instance->module;
    if (!module->has_layout) return true;
    instance->memory.heap_base = module->layout.heap_base;
    instance->memory.null_guard = module->layout.null_guard;
    if (!instance->enforces_layout) return true; /* PM_SEAL_CHECK on large pages */
    return memory_guard(&instance->memory, module->layout.null_guard) || out_of_memory(instance, diags);
}

static LoadInstance *interp_instantiate(LoadModule *module, const LoadImport *imports, size_t n_imports, void *host,
                                        const LoadLimits *limits, Diags *diags)
{
    const WasmModule *m = module->wasm;
    static const LoadLimits defaults;
    if (limits == NULL) limits = &defaults;
    bool has_vectors = false;
    for (uint32_t i = 0; i < m->n_globals; i++) has_vectors = has_vectors || m->globals[i].type == TYPE_V128;
    size_t n_slots = (size_t)m->n_globals << has_vectors;
    LoadInstance *instance = calloc(1, sizeof *instance + n_slots * sizeof(Slot));
    if (instance == NULL) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
        return NULL;
    }
    instance->module = module;
    if (module->fuel) instance->gauge = (int64_t *)&instance->globals[module->fuel - 1].i;
    instance->host = host;
    instance->refused = limits->refused;
    instance->enforces_layout = module->has_layout && load_pages_enforce(&module->layout);
    bool ok = load_link_imports(m, imports, n_imports, &instance->arena, diags, &instance->imports) &&
              load_open_memory(m, limits, module->force_checks, &instance->memory, diags) && pick_code(instance, diags) &&
              make_tables(instance, limits, diags) && make_stack(instance, limits, diags) &&
              make_globals(instance, diags) && init_elems(instance, diags) && init_datas(instance, diags) &&
              guard_memory(instance, diags);
    if (ok) return instance;
    interp_destroy(instance);
    return NULL;
}

/* ---- calls from the host ------------------------------------------------------------------------------------------------ */

static bool refuse_call(LoadTrap *trap, LoadTrapKind kind, const char *detail)
{
    trap->kind = kind;
    snprintf(trap->detail, sizeof trap->detail, "%s", detail);
    return false;
}

/* References cross the border as numbers. */
static void refs_to_host(const LoadInstance *instance, const uint8_t *types, uint32_t n, Slot *slots)
{
    for (uint32_t i = 0; i < n; slots += types[i++] == TYPE_V128 ? 2 : 1)
        if (types[i] == TYPE_FUNCREF) slots->i = slots->func ? (uint64_t)(slots->func - instance->funcs) + 1 : 0;
}

/* And values come in as the interpreter keeps them. */
static void from_host(const LoadInstance *instance, const uint8_t *types, uint32_t n, Slot *slots)
{
    for (uint32_t i = 0; i < n; slots += types[i++] == TYPE_V128 ? 2 : 1) {
        uint64_t v = slots->i;
        if (types[i] == TYPE_I32 || types[i] == TYPE_F32) slots->i = (uint32_t)v;
        else if (types[i] == TYPE_FUNCREF)
            slots->func = v > 0 && v <= instance->module->wasm->n_funcs ? &instance->funcs[v - 1] : NULL;
    }
}

static int64_t *interp_fuel(LoadInstance *instance)
{
    return instance->gauge;
}

static void interp_sample(LoadInstance *instance, LoadSampleFn *fn)
{
    uint32_t none = TRAP_NONE;
    atomic_store_explicit(&instance->sampler, fn, memory_order_relaxed);
    atomic_compare_exchange_strong(&instance->interrupt, &none, INTERRUPT_SAMPLE);
}

static void forget_sample(LoadInstance *instance)
{
    uint32_t wanted = INTERRUPT_SAMPLE;
    if (atomic_load_explicit(&instance->interrupt, memory_order_relaxed) == wanted)
        atomic_compare_exchange_strong(&instance->interrupt, &wanted, TRAP_NONE);
}

static void tell_sample(LoadInstance *instance)
{
    LoadTrap place = {0};
    forget_sample(instance);
    trap_fill_functions(instance, &place);
    atomic_load_explicit(&instance->sampler, memory_order_relaxed)(instance->host, &place);
}

static bool interp_call(LoadInstance *instance, uint32_t index, LoadSlot *slots, LoadTrap *trap)
{
    const WasmModule *m = instance->module->wasm;
    const WasmType *type = wasm_func_type(m, index);
    trap->kind = TRAP_NONE;
    trap->has_address = false;
    trap->detail[0] = 0;
    trap->depth = trap->n_frames = 0;
    if (instance->busy) return refuse_call(trap, TRAP_HOST, "the instance is running already");
    if (type == NULL) return refuse_call(trap, TRAP_HOST, "no such function");

    Func *func = &instance->funcs[index];
    Slot *fp = instance->stack;
    size_t stack_bytes = (size_t)((char *)instance->stack_end - (char *)fp);
    const Ins *pc = atomic_load_explicit(&func->code, memory_order_acquire);
    if (stack_bytes < atomic_load_explicit(&func->frame_bytes, memory_order_relaxed)) {
        trap->kind = TRAP_CALL_STACK;
        return false;
    }
    memcpy(fp, slots, load_slots(type->params, type->n_params) * sizeof *slots);
    from_host(instance, type->params, type->n_params, fp);
    Slot *record = fp + func->record;
    record[0].code = &instance->code->finish;
    record[1].frame = fp;
    memset(record + RECORD_SLOTS, 0, atomic_load_explicit(&func->n_clear, memory_order_relaxed) * sizeof *record);

    instance->busy = true;
    instance->trap = trap;
    instance->acc = 0;
    instance->acc_f = 0;
    instance->acc_d = 0;
    forget_sample(instance); /* one asked for too late, of the call before */
    LoadTrapKind kind;
    Slot *at = fp; /* fp stays: the results lie there */
    while ((kind = trap_guarded_run(instance, pc, at)) == (LoadTrapKind)INTERRUPT_SAMPLE) {
        tell_sample(instance);
        pc = instance->pc;
        at = instance->fp;
    }
    if (kind != TRAP_NONE) trap_fill(instance, trap, kind);
    instance->busy = false;
    instance->trap = NULL;
    if (kind != TRAP_NONE) return false;
    refs_to_host(instance, type->results, type->n_results, fp);
    memcpy(slots, fp, load_slots(type->results, type->n_results) * sizeof *slots);
    return true;
}

static bool interp_start(LoadInstance *instance, LoadTrap *trap)
{
    const LoadModule *module = instance->module;
    const PmLayout *l = &module->layout;
    if (module->wasm->has_start) {
        LoadSlot none = 0;
        if (!interp_call(instance, module->wasm->start, &none, trap)) return false;
    }
    if (!module->has_layout || l->seal == PM_SEAL_NONE || !instance->enforces_layout) return true;
    if (memory_seal(&instance->memory, l->sealed_low, l->sealed_high)) return true;
    *trap = (LoadTrap){.kind = TRAP_NO_MEMORY};
    return false;
}

static void interp_where(LoadInstance *instance, LoadTrap *place)
{
    *place = (LoadTrap){0};
    if (instance->busy) trap_fill(instance, place, TRAP_NONE);
}

static void interp_interrupt(LoadInstance *instance, LoadTrapKind kind)
{
    atomic_store_explicit(&instance->interrupt, kind, memory_order_relaxed);
}

static const LoadMemory *interp_memory(LoadInstance *instance) { return &instance->memory; }

const LoadEngine load_interp = {
    .name = "interp",
    .features = FEATURES_ALL,
    .compile = interp_compile,
    .free_module = interp_free_module,
    .instantiate = interp_instantiate,
    .start = interp_start,
    .call = interp_call,
    .interrupt = interp_interrupt,
    .sample = interp_sample,
    .where = interp_where,
    .memory = interp_memory,
    .fuel = interp_fuel,
    .destroy = interp_destroy,
    .take_image = image_take,
    .from_image = image_instance,
    .reset = image_reset,
    .free_image = image_free,
};

/* ---- host functions -------------------------------------------------------------------------------------------------------- */

LoadTrapKind op_enter_host(LoadInstance *instance, const Func *func, Slot *fp)
{
    const LoadImport *import = &instance->imports[func->index];
    const WasmType *type = wasm_func_type(instance->module->wasm, func->index);
    refs_to_host(instance, type->params, type->n_params, fp);
    LoadHostCall call = {.instance = instance,
                         .host = instance->host,
                         .data = import->data,
                         .memory = &instance->memory,
                         .slots = &fp->i,
                         .trap = instance->trap};
    Run *run = fault_current();
    run->in_guest = 0;
    bool ok = import->fn(&call);
    run->in_guest = 1;
    if (!ok) return instance->trap->kind != TRAP_NONE ? instance->trap->kind : TRAP_HOST;
    from_host(instance, type->results, type->n_results, fp);
    return TRAP_NONE;
}

LoadTrapKind op_enter_undecoded(LoadInstance *instance, Func *func) { return decode_function(instance->code, func); }

/* ---- memory instructions ---------------------------------------------------------------------------------------------------- */

/* Bulk work goes in pieces, so that an interrupt need not wait for all of 4 GiB. */
#define PIECE_BYTES (UINT32_C(16) << 20)

static LoadTrapKind interrupted(const LoadInstance *instance)
{
    uint32_t kind = atomic_load_explicit(&instance->interrupt, memory_order_relaxed);
    return kind == INTERRUPT_SAMPLE ? TRAP_NONE : (LoadTrapKind)kind; /* a sample is taken where it may begin again */
}

static LoadTrapKind refuse_access(LoadInstance *instance, LoadTrapKind kind, uint64_t address)
{
    instance->fault_address = address;
    return kind;
}

static void tell_refused(LoadInstance *instance, LoadGrowth what, uint64_t limit, uint64_t wanted)
{
    if (!instance->refused || wanted <= limit) return;
    Run *run = fault_current();
    run->in_guest = 0;
    instance->refused(instance->host, what, limit, wanted);
    run->in_guest = 1;
}

LoadTrapKind op_memory_grow(LoadInstance *instance, Slot *slots)
{
    LoadMemory *m = &instance->memory;
    uint64_t size = m->size_bytes, wanted = size + (uint64_t)(uint32_t)slots[0].i * PAGE_BYTES;
    tell_refused(instance, GROWTH_MEMORY, m->max_bytes, wanted);
    slots[0].i = memory_grow(m, wanted) ? size / PAGE_BYTES : UINT32_MAX;
    return TRAP_NONE;
}

LoadTrapKind op_memory_fill(LoadInstance *instance, Slot *slots)
{
    uint32_t to = (uint32_t)slots[0].i, n = (uint32_t)slots[2].i;
    LoadTrapKind kind = memory_check(&instance->memory, to, n, true);
    if (kind != TRAP_NONE) return refuse_access(instance, kind, to);
    while (n > 0 && kind == TRAP_NONE) {
        uint32_t piece = n < PIECE_BYTES ? n : PIECE_BYTES;
        memset(instance->memory.base + to, (uint8_t)slots[1].i, piece);
        to += piece;
        n -= piece;
        kind = n > 0 ? interrupted(instance) : TRAP_NONE;
    }
    return kind;
}

LoadTrapKind op_memory_copy(LoadInstance *instance, Slot *slots)
{
    uint32_t to = (uint32_t)slots[0].i, from = (uint32_t)slots[1].i, n = (uint32_t)slots[2].i;
    uint8_t *base = instance->memory.base;
    LoadTrapKind kind = memory_check(&instance->memory, from, n, false);
    if (kind != TRAP_NONE) return refuse_access(instance, kind, from);
    kind = memory_check(&instance->memory, to, n, true);
    if (kind != TRAP_NONE) return refuse_access(instance, kind, to);
    while (n > 0 && kind == TRAP_NONE) { /* from the end when the target lies above: later pieces are still as they were */
        uint32_t piece = n < PIECE_BYTES ? n : PIECE_BYTES, at = to > from ? n - piece : 0;
        memmove(base + to + at, base + from + at, piece);
        if (at == 0) {
            to += piece;
            from += piece;
        }
        n -= piece;
        kind = n > 0 ? interrupted(instance) : TRAP_NONE;
    }
    return kind;
}

LoadTrapKind op_memory_init(LoadInstance *instance, Slot *slots, uint32_t data)
{
    uint32_t to = (uint32_t)slots[0].i, from = (uint32_t)slots[1].i, n = (uint32_t)slots[2].i;
    const WasmRange *bytes = &instance->datas[data];
    LoadTrapKind kind = memory_check(&instance->memory, to, n, true);
    if (n > bytes->size || from > bytes->size - n) kind = TRAP_OOB_MEMORY;
    if (kind != TRAP_NONE) return refuse_access(instance, kind, to);
    if (n > 0) memcpy(instance->memory.base + to, wasm_at(instance->module->wasm, *bytes) + from, n);
    return TRAP_NONE;
}

/* ---- table instructions -------------------------------------------------------------------------------------------------------- */

LoadTrapKind op_table_get(LoadInstance *instance, Slot *slots, uint32_t table)
{
    const Table *t = &instance->tables[table];
    uint32_t i = (uint32_t)slots[0].i;
    if (i >= t->size) return TRAP_OOB_TABLE;
    slots[0] = t->elems[i];
    return TRAP_NONE;
}

LoadTrapKind op_table_set(LoadInstance *instance, Slot *slots, uint32_t table)
{
    const Table *t = &instance->tables[table];
    uint32_t i = (uint32_t)slots[0].i;
    if (i >= t->size) return TRAP_OOB_TABLE;
    t->elems[i] = slots[1];
    return TRAP_NONE;
}

LoadTrapKind op_table_grow(LoadInstance *instance, Slot *slots, uint32_t table)
{
    Table *t = &instance->tables[table];
    Slot value = slots[0];
    uint32_t n = (uint32_t)slots[1].i, old_size = t->size;
    slots[0].i = UINT32_MAX;
    if (n > t->max - t->size || n > instance->table_elems_left) {
        uint64_t all = instance->table_elems - instance->table_elems_left;
        bool own = n > t->max - t->size;
        tell_refused(instance, GROWTH_TABLES, own ? t->max : instance->table_elems, own ? (uint64_t)t->size + n : all + n);
        return TRAP_NONE;
    }
    if (n > 0) {
        Slot *elems = realloc(t->elems, ((size_t)old_size + n) * sizeof *elems);
        if (elems == NULL) return TRAP_NONE;
        t->elems = elems;
    }
    for (uint32_t i = 0; i < n; i++) t->elems[old_size + i] = value;
    t->size += n;
    instance->table_elems_left -= n;
    slots[0].i = old_size;
    return TRAP_NONE;
}

static bool outside(uint32_t at, uint32_t n, uint32_t size) { return n > size || at > size - n; }

LoadTrapKind op_table_fill(LoadInstance *instance, Slot *slots, uint32_t table)
{
    const Table *t = &instance->tables[table];
    uint32_t at = (uint32_t)slots[0].i, n = (uint32_t)slots[2].i;
    if (outside(at, n, t->size)) return TRAP_OOB_TABLE;
    for (uint32_t i = 0; i < n; i++) t->elems[at + i] = slots[1];
    return TRAP_NONE;
}

LoadTrapKind op_table_copy(LoadInstance *instance, Slot *slots, uint32_t to_table, uint32_t from_table)
{
    const Table *to = &instance->tables[to_table], *from = &instance->tables[from_table];
    uint32_t d = (uint32_t)slots[0].i, s = (uint32_t)slots[1].i, n = (uint32_t)slots[2].i;
    if (outside(s, n, from->size) || outside(d, n, to->size)) return TRAP_OOB_TABLE;
    if (n > 0) memmove(to->elems + d, from->elems + s, n * sizeof *to->elems);
    return TRAP_NONE;
}

LoadTrapKind op_table_init(LoadInstance *instance, Slot *slots, uint32_t elem, uint32_t table)
{
    const Table *t = &instance->tables[table];
    const ElemSegment *segment = &instance->elems[elem];
    uint32_t d = (uint32_t)slots[0].i, s = (uint32_t)slots[1].i, n = (uint32_t)slots[2].i;
    if (outside(s, n, segment->n) || outside(d, n, t->size)) return TRAP_OOB_TABLE;
    if (n > 0) memcpy(t->elems + d, segment->items + s, n * sizeof *t->elems);
    return TRAP_NONE;
}
