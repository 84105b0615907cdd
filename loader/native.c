/* native.c: the native engine: a module's own functions as machine code, made by parigot-bundle create --native.
 *
 * What makes it another engine than the interpreter is in native_switch.c (guest code has a stack of its own) and
 * native_trap.c (why and where guest code was left). Here: compiling, which is loading; instances; calls; and the services
 * that guest code cannot do by itself. Memory, guard and seal are memory.c's, as in the interpreter.
 *
 * Guest code looks at nothing while it runs: whoever interrupts it pokes its thread (fault.h). The stack of guest code:
 *
 *     guard (no access) | head room: one frame that found the rest used up, signal handlers | what the limit allows
 *
 * A function that begins with its frame below the third part traps; no frame is larger than half of the second. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/native.h"

#if HAVE_NATIVE

enum { GUARD_BYTES = 65536, HEAD_ROOM_BYTES = 4 * PARIGOT_NATIVE_FRAME_BYTES, WASM_PAGE = 65536 };

/* ---- modules ---------------------------------------------------------------------------------------------------------- */

static void free_module(LoadModule *module)
{
    Object *o = (Object *)module;
    if (!o) return;
    object_close(o);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

static LoadModule *compile(const WasmModule *m, const LoadCompileOptions *options, Diags *diags)
{
    if (options->layout && !load_check_layout(m, options->layout, diags)) return NULL;
    Object *o = calloc(1, sizeof *o);
    if (!o || pthread_mutex_init(&o->lock, NULL) != 0) {
        free(o);
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
        return NULL;
    }
    o->wasm = m;
    o->stack_pointer = options->stack_pointer;
    o->metered = options->fuel != 0;
    o->has_layout = options->layout != NULL;
    if (o->has_layout) o->layout = *options->layout;
    o->bytes = options->native;
    o->size = options->native_bytes;
    if (object_open(o, diags)) return (LoadModule *)o;
    free_module((LoadModule *)o);
    return NULL;
}

/* ---- instances ---------------------------------------------------------------------------------------------------------- */

static bool out_of_memory(const Native *n, Diags *diags)
{
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = n->object->wasm->file), "out of memory");
    return false;
}

void native_destroy(LoadInstance *instance)
{
    Native *n = (Native *)instance;
    if (!n) return;
    for (uint32_t i = 0; n->context && i < n->object->wasm->n_tables; i++) free(native_table(n, i)->data);
    free(n->context);
    if (n->stack) munmap(n->stack, n->stack_bytes);
    memory_close(&n->memory);
    arena_free(&n->arena);
    free(n);
}

bool native_make_stack(Native *n, uint64_t limit)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), bytes = (limit + page - 1) / page * page + GUARD_BYTES + HEAD_ROOM_BYTES;
    if (bytes < limit) return false;
    void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return false;
    n->stack = p;
    n->stack_bytes = bytes;
    n->stack_limit_bytes = limit;
    return mprotect(n->stack + GUARD_BYTES, bytes - GUARD_BYTES, PROT_READ | PROT_WRITE) == 0;
}

void native_bind(Native *n)
{
    const NativeCode *code = n->object->code;
    char *data = native_data(n);
    *n->context = (NativeContext){.leave = native_leave, .trap = native_trap, .owner = n,
                                  .stack_limit = (uintptr_t)n->stack + n->stack_bytes - n->stack_limit_bytes,
                                  .null_guard = n->enforces_layout ? n->memory.null_guard : 0,
                                  .sealed_low = n->memory.sealed ? n->memory.sealed_low : 0,
                                  .sealed_high = n->memory.sealed ? n->memory.sealed_high : 0};
    if (code->self_at != NATIVE_NONE) memcpy(data + code->self_at, &(void *){data}, sizeof(void *));
    if (code->memory_at == NATIVE_NONE) return;
    NativeMemory *m = (NativeMemory *)(void *)(data + code->memory_at);
    *m = (NativeMemory){.data = n->memory.base, .pages = (uint32_t)(n->memory.size_bytes / WASM_PAGE),
                        .max_pages = (uint32_t)(n->memory.max_bytes / WASM_PAGE), .size = n->memory.size_bytes};
}

static bool make_memory(Native *n, const LoadLimits *limits, Diags *diags)
{
    const WasmModule *m = n->object->wasm;
    if (!load_open_memory(m, limits, false, &n->memory, diags)) return false;
    if (!n->memory.checked) return true;
    diag_add_as(diags, SEV_ERROR, RUN_NO_ADDRESS_SPACE, DIAG_AT(.file = m->file),
                "native code needs guard pages, and there is no address space for them");
    return false;
}

static bool make_tables(Native *n, const LoadLimits *limits, Diags *diags)
{
    const WasmModule *m = n->object->wasm;
    if (!load_check_tables(m, limits, &n->table_elems, diags)) return false;
    n->table_elems_left = n->table_elems;
    for (uint32_t i = 0; i < m->n_tables; i++) {
        const WasmLimits *l = &m->tables[i].limits;
        NativeTable *t = native_table(n, i);
        n->table_elems_left -= l->min;
        *t = (NativeTable){.max = l->has_max ? l->max : UINT32_MAX, .size = l->min};
        t->data = calloc(l->min ? l->min : 1, native_elem_bytes(n->object, i));
        if (!t->data) return out_of_memory(n, diags);
    }
    return true;
}

static bool segment_fails(const Native *n, Diags *diags, uint32_t offset, LoadTrapKind kind, const char *what, uint32_t index)
{
    diag_add(diags, RUN_SEGMENT, DIAG_AT(.file = n->object->wasm->file, .offset = offset), "%s: %s segment %u",
             load_trap_text(kind), what, index);
    return false;
}

/* The code that puts active segments in their places does not look whether they fit. Offsets are constants: no global that
 * one could name is imported, and sums are not translated. */
static bool check_segments(const Native *n, Diags *diags)
{
    const WasmModule *m = n->object->wasm;
    for (uint32_t i = 0; i < m->n_elems; i++) {
        const WasmElem *e = &m->elems[i];
        uint32_t at;
        if (e->mode != SEG_ACTIVE) continue;
        uint32_t size = native_table(n, e->table)->size;
        if (!wasm_const_i32(m, e->where, &at) || e->n > size || at > size - e->n)
            return segment_fails(n, diags, e->offset, TRAP_OOB_TABLE, "element", i);
    }
    for (uint32_t i = 0; i < m->n_datas; i++) {
        const WasmData *s = &m->datas[i];
        uint32_t at;
        if (s->mode != SEG_ACTIVE) continue;
        if (!wasm_const_i32(m, s->where, &at) || memory_check(&n->memory, at, s->bytes.size, true) != TRAP_NONE)
            return segment_fails(n, diags, s->offset, TRAP_OOB_MEMORY, "data", i);
    }
    return true;
}

/* ---- running ---------------------------------------------------------------------------------------------------------------- */

static bool run(Native *n, void (*fn)(void *, uint64_t *), LoadSlot *slots, LoadTrap *trap)
{
    NativeRun r = {.run = {.memory = &n->memory, .fault = native_on_fault, .poke = native_on_poke}, .native = n};
    r.at = (Switch){.trap = NO_NATIVE_TRAP, .stop = &n->stop, .in_guest = &r.run.in_guest};
    n->busy = true;
    n->trap = trap;
    n->run = &r;
    n->context->run = &r.at;
    atomic_store_explicit(&n->sampler, NULL, memory_order_relaxed); /* one asked for too late, of the call before */
    fault_enter(&r.run);
    atomic_store_explicit(&n->thread, fault_thread(), memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); /* from here on a poke comes, or what it is about is seen */
    bool returned = native_enter(&r.at, fn, native_data(n), slots, n->stack + n->stack_bytes);
    atomic_store_explicit(&n->thread, 0, memory_order_relaxed);
    fault_leave(&r.run);
    if (!returned) {
        trap->kind = native_trap_kind(&r, trap);
        native_fill_frames(&r, trap);
    }
    n->busy = false;
    n->trap = NULL;
    n->run = NULL;
    return returned;
}

static bool guard_memory(Native *n, Diags *diags)
{
    const Object *o = n->object;
    if (o->has_layout) {
        n->memory.heap_base = o->layout.heap_base;
        n->memory.null_guard = o->layout.null_guard;
        if (n->enforces_layout && !memory_guard(&n->memory, o->layout.null_guard)) return out_of_memory(n, diags);
    }
    native_bind(n);
    return true;
}

/* Globals and segments, by code that wasm2c made of them. Nothing of it can trap. */
static bool init_data(Native *n, Diags *diags)
{
    LoadTrap trap = {0};
    native_bind(n);
    return run(n, n->object->code->instantiate, NULL, &trap) || out_of_memory(n, diags);
}

static LoadInstance *instantiate(LoadModule *module, const LoadImport *imports, size_t n_imports, void *host,
                                 const LoadLimits *limits, Diags *diags)
{
    static const LoadLimits defaults;
    Object *o = (Object *)module;
    Native *n = calloc(1, sizeof *n);
    if (!limits) limits = &defaults;
    if (n) n->context = calloc(1, sizeof *n->context + o->code->instance_bytes);
    if (!n || !n->context || !fault_handler_install()) {
        if (n) free(n->context);
        free(n);
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = o->wasm->file), "out of memory");
        return NULL;
    }
    n->object = o;
    n->host = host;
    n->refused = limits->refused;
    n->enforces_layout = o->has_layout && load_pages_enforce(&o->layout);
    bool ok = load_link_imports(o->wasm, imports, n_imports, &n->arena, diags, &n->imports) && make_memory(n, limits, diags) &&
              make_tables(n, limits, diags) && check_segments(n, diags);
    if (ok && !native_make_stack(n, limits->stack_bytes ? limits->stack_bytes : LOAD_STACK_BYTES)) ok = out_of_memory(n, diags);
    if (ok && init_data(n, diags) && guard_memory(n, diags)) return (LoadInstance *)n;
    native_destroy((LoadInstance *)n);
    return NULL;
}

/* ---- calls from the host -------------------------------------------------------------------------------------------------------- */

static const NativeFunc *find_function(const NativeCode *code, uint32_t index)
{
    uint32_t low = 0, high = code->n_funcs;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (code->funcs[mid].index == index) return &code->funcs[mid];
        if (code->funcs[mid].index < index) low = mid + 1;
        else high = mid;
    }
    return NULL;
}

static bool refuse_call(LoadTrap *trap, const char *detail)
{
    trap->kind = TRAP_HOST;
    snprintf(trap->detail, sizeof trap->detail, "%s", detail);
    return false;
}

static bool call(LoadInstance *instance, uint32_t index, LoadSlot *slots, LoadTrap *trap)
{
    Native *n = (Native *)instance;
    trap->kind = TRAP_NONE;
    trap->has_address = false;
    trap->detail[0] = 0;
    trap->depth = trap->n_frames = 0;
    if (n->busy) return refuse_call(trap, "the instance is running already");
    const NativeFunc *f = find_function(n->object->code, index);
    if (!f || !f->enter) return refuse_call(trap, "no such function, or none that is exported");
    return run(n, f->enter, slots, trap);
}

static bool start(LoadInstance *instance, LoadTrap *trap)
{
    Native *n = (Native *)instance;
    const Object *o = n->object;
    const PmLayout *l = &o->layout;
    if (o->wasm->has_start) {
        LoadSlot none = 0;
        if (!call(instance, o->wasm->start, &none, trap)) return false;
    }
    if (!o->has_layout || l->seal == PM_SEAL_NONE || !n->enforces_layout) return true;
    if (memory_seal(&n->memory, l->sealed_low, l->sealed_high)) {
        native_bind(n);
        return true;
    }
    *trap = (LoadTrap){.kind = TRAP_NO_MEMORY};
    return false;
}

static void poke(Native *n)
{
    atomic_thread_fence(memory_order_seq_cst);
    pid_t thread = atomic_load_explicit(&n->thread, memory_order_relaxed);
    if (thread) fault_poke(thread);
}

static void interrupt(LoadInstance *instance, LoadTrapKind kind)
{
    Native *n = (Native *)instance;
    atomic_store_explicit(&n->stop, kind, memory_order_relaxed);
    if (kind != TRAP_NONE) poke(n);
}

static void sample(LoadInstance *instance, LoadSampleFn *fn)
{
    Native *n = (Native *)instance;
    atomic_store_explicit(&n->sampler, fn, memory_order_relaxed);
    poke(n);
}

static void where(LoadInstance *instance, LoadTrap *place)
{
    const Native *n = (Native *)instance;
    *place = (LoadTrap){0};
    if (n->busy) native_fill_frames(n->run, place);
}

static const LoadMemory *memory(LoadInstance *instance) { return &((Native *)instance)->memory; }

static int64_t *fuel(LoadInstance *instance)
{
    const Native *n = (Native *)instance;
    uint32_t at = n->object->code->fuel_at;
    return !n->object->metered || at == NATIVE_NONE ? NULL : (int64_t *)(void *)((char *)native_data(n) + at);
}

/* ---- what guest code leaves for --------------------------------------------------------------------------------------------------- */

static LoadTrapKind call_host(Native *n, uint32_t func, uint64_t *slots)
{
    const LoadImport *import = &n->imports[func];
    LoadHostCall host_call = {.instance = (LoadInstance *)n, .host = n->host, .data = import->data, .memory = &n->memory,
                              .slots = slots, .trap = n->trap};
    if (import->fn(&host_call)) return TRAP_NONE;
    return n->trap->kind != TRAP_NONE ? n->trap->kind : TRAP_HOST;
}

static void tell_refused(Native *n, LoadGrowth what, uint64_t limit, uint64_t wanted)
{
    if (n->refused && wanted > limit) n->refused(n->host, what, limit, wanted);
}

static void grow_memory(Native *n, uint64_t *slot)
{
    LoadMemory *m = &n->memory;
    uint64_t size = m->size_bytes, wanted = size + *slot * WASM_PAGE;
    tell_refused(n, GROWTH_MEMORY, m->max_bytes, wanted);
    bool grown = memory_grow(m, wanted);
    *slot = grown ? size / WASM_PAGE : UINT32_MAX;
    if (!grown) return;
    NativeMemory *view = (NativeMemory *)(void *)((char *)native_data(n) + n->object->code->memory_at);
    view->size = m->size_bytes;
    view->pages = (uint32_t)(m->size_bytes / WASM_PAGE);
}

/* slots: number, address of the value, offset of the table */
static void grow_table(Native *n, uint64_t *slots)
{
    const NativeCode *code = n->object->code;
    uint32_t table = 0, more = (uint32_t)slots[0];
    const void *value = (const void *)(uintptr_t)slots[1];
    while (table < code->n_tables && code->tables_at[table] != slots[2]) table++;
    slots[0] = UINT32_MAX;
    if (table == code->n_tables) return;
    NativeTable *t = native_table(n, table);
    size_t bytes = native_elem_bytes(n->object, table);
    if (more > t->max - t->size || more > n->table_elems_left) {
        uint64_t all = n->table_elems - n->table_elems_left;
        bool own = more > t->max - t->size;
        tell_refused(n, GROWTH_TABLES, own ? t->max : n->table_elems, own ? (uint64_t)t->size + more : all + more);
        return;
    }
    char *data = realloc(t->data, ((size_t)t->size + more) * bytes + 1);
    if (!data) return;
    for (uint32_t i = 0; i < more; i++) memcpy(data + ((size_t)t->size + i) * bytes, value, bytes);
    slots[0] = t->size;
    t->data = data;
    t->size += more;
    n->table_elems_left -= more;
}

bool native_serve(NativeContext *context, NativeService service, uint32_t index, uint64_t *slots)
{
    Native *n = context->owner;
    switch (service) {
    case NATIVE_CALL: n->run->kind = call_host(n, index, slots); break;
    case NATIVE_MEMORY_GROW: grow_memory(n, slots); break;
    case NATIVE_TABLE_GROW: grow_table(n, slots); break;
    case NATIVE_BAD_ACCESS:
        n->run->address = slots[0];
        n->run->kind = memory_check(&n->memory, slots[0], slots[1], slots[2] != 0);
        if (n->run->kind == TRAP_NONE) n->run->kind = TRAP_OOB_MEMORY;
        break;
    }
    return n->run->kind != TRAP_NONE;
}

const LoadEngine load_native = {
    .name = "native",
    .features = FEATURES_CORE,
    .lacks = LOAD_LACKS_CHECKED | LOAD_LACKS_NANS,
    .compile = compile,
    .free_module = free_module,
    .instantiate = instantiate,
    .start = start,
    .call = call,
    .interrupt = interrupt,
    .sample = sample,
    .where = where,
    .memory = memory,
    .fuel = fuel,
    .destroy = native_destroy,
    .take_image = native_take_image,
    .from_image = native_from_image,
    .reset = native_reset,
    .free_image = native_free_image,
};

#else /* a machine that native code is not made for */

bool load_native_here(void) { return false; }
const LoadEngine load_native = {.name = "native"};

#endif
