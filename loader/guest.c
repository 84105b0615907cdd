/* guest.c: a module as a process: which exports are entered with what (docs/abi.md "What the module exports"), and what
 * its imports do ("What the module imports"). */
#include "loader/guest.h"

#include <stdio.h>

/* ---- entries ------------------------------------------------------------------------------------------------------------ */

static bool has_type(const WasmType *t, const char *params, const char *results)
{
    if (!t || t->n_params != strlen(params) || t->n_results != strlen(results)) return false;
    for (uint32_t i = 0; i < t->n_params; i++)
        if (t->params[i] != TYPE_I32) return false;
    for (uint32_t i = 0; i < t->n_results; i++)
        if (t->results[i] != TYPE_I32) return false;
    return true;
}

typedef enum Need { OPTIONAL, REQUIRED } Need;

/* params, results: one "i" for each; the border knows no other type. */
static bool find_entry(Guest *g, Str name, const char *params, const char *results, Need need, Diags *diags,
                       uint32_t *out)
{
    *out = DIAG_NOWHERE32;
    const WasmModule *m = g->module;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        if (m->exports[i].kind != KIND_FUNC || !str_eq(m->exports[i].name, name)) continue;
        *out = m->exports[i].index;
        if (has_type(wasm_func_type(m, *out), params, results)) return true;
        diag_add(diags, RUN_ENTRY, DIAG_AT(.file = g->place, .symbol = name),
                 "export \"%.*s\" has not the type of that entry: %zu i32 parameters, %s", STR_ARG(name),
                 strlen(params), *results ? "one i32 result" : "no result");
        return false;
    }
    if (need == OPTIONAL) return true;
    diag_add(diags, RUN_ENTRY, DIAG_AT(.file = g->place, .symbol = name), "export \"%.*s\" is missing", STR_ARG(name));
    return false;
}

/* Does it make calls that bring results? */
static bool makes_calls(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].kind == KIND_FUNC && !str_eq(m->imports[i].module, STR("parigot.kernel.v1.Kernel"))) return true;
    return false;
}

bool guest_find_entries(Guest *g, Arena *arena, const char *const *methods, uint32_t n_methods, Diags *diags)
{
    bool ok = find_entry(g, STR("parigot_alloc"), "i", "i", REQUIRED, diags, &g->alloc);
    ok &= find_entry(g, STR("parigot_init"), "ii", "i", REQUIRED, diags, &g->init);
    ok &= find_entry(g, STR("parigot_result"), "iiiiii", "", makes_calls(g->module) ? REQUIRED : OPTIONAL, diags, &g->result);
    ok &= find_entry(g, STR("parigot_event"), "iii", "", OPTIONAL, diags, &g->event);
    g->methods = arena_array(arena, n_methods ? n_methods : 1, sizeof *g->methods);
    if (!g->methods) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = g->place), "out of memory");
        return false;
    }
    for (uint32_t i = 0; i < n_methods; i++)
        ok &= find_entry(g, str_of(methods[i]), "iiii", "", REQUIRED, diags, &g->methods[i]);
    return ok;
}

bool guest_has_event(const Guest *g) { return g->event != DIAG_NOWHERE32; }

void guest_sampled(void *host, const LoadTrap *place)
{
    const Guest *g = host;
    profile_add(g->profile, g->name, g->module, place);
}

void guest_refused(void *host, LoadGrowth what, uint64_t limit, uint64_t wanted)
{
    Guest *g = host;
    GuestRefusal *r = &g->refusals[what];
    if (!r->wanted) g->engine->where(g->instance, &r->place); /* once: it takes time, and they may be many */
    if (wanted <= r->wanted) return;
    r->limit = limit;
    r->wanted = wanted;
}

/* ---- running ------------------------------------------------------------------------------------------------------------ */

static uint64_t fuel_left(const Guest *g)
{
    uint64_t used = g->pool ? g->pool->fuel_used : g->fuel_used;
    return used < g->fuel_total ? g->fuel_total - used : 0;
}

static RunEnd run_end(const Guest *g)
{
    switch (g->trap.kind) {
    case TRAP_EXIT: return RUN_RETURNED; /* the kernel knows */
    case TRAP_DEADLINE: return RUN_OUT_OF_TIME;
    case TRAP_FUEL: return g->fuel_total && fuel_left(g) == 0 ? RUN_USED_UP : RUN_OUT_OF_FUEL;
    default: return RUN_TRAPPED;
    }
}

static void give_fuel(Guest *g)
{
    int64_t *fuel = g->engine->fuel(g->instance);
    if (!fuel) return;
    uint64_t most = g->fuel_per_entry ? g->fuel_per_entry : INT64_MAX;
    if (g->fuel_total && fuel_left(g) < most) most = fuel_left(g);
    *fuel = most < INT64_MAX ? (int64_t)most : INT64_MAX;
    g->gauge = *fuel;
}

/* After guest code has run. The gauge of a module that ran dry stands below zero: it has had no more than it was given. */
static void keep_accounts(Guest *g)
{
    const LoadMemory *memory = g->engine->memory(g->instance);
    if (memory->size_bytes > g->memory_peak_bytes) g->memory_peak_bytes = memory->size_bytes;
    const int64_t *fuel = g->engine->fuel(g->instance);
    if (!fuel) return;
    int64_t left = *fuel > 0 ? *fuel : 0;
    if (left < g->gauge) {
        g->fuel_used += (uint64_t)(g->gauge - left);
        if (g->pool) g->pool->fuel_used += (uint64_t)(g->gauge - left);
    }
    g->gauge = left;
}

/* The trap is still as guest_start left it: after one, the instance is not entered again. */
static RunEnd call(Guest *g, uint32_t func, LoadSlot *slots)
{
    watchdog_begin(g->watchdog, g->engine, g->instance, process_turn_started(g->process), g->entry_limit_ns);
    bool returned = g->engine->call(g->instance, func, slots, &g->trap);
    watchdog_end(g->watchdog);
    keep_accounts(g);
    g->has_trap = !returned;
    return returned ? RUN_RETURNED : run_end(g);
}

/* One that is what the image says: the one that is kept is that already. */
static RunEnd start_from_image(Guest *g)
{
    g->has_trap = g->fueled = false;
    g->trap = (LoadTrap){0};
    if (!g->instance) g->instance = g->engine->from_image(g->pool->image, g);
    g->state = g->pool->state;
    if (g->instance) return RUN_RETURNED;
    if (!g->pool->was_full) g->on_no_space(g->ctx, g->place, "no memory or address space for another instance: requests wait until one is free");
    g->pool->was_full = true;
    return RUN_NO_ROOM;
}

static RunEnd guest_start(void *self)
{
    Guest *g = self;
    if (g->pool && g->pool->image) return start_from_image(g);
    Diags diags = {0};
    g->has_trap = false;
    g->instance = g->engine->instantiate(g->compiled, g->imports, g->n_imports, g, &g->limits, &diags);
    if (!g->instance) snprintf(g->why, sizeof g->why, "%s", diags.n ? diags.items[0].text : "host out of memory");
    diag_free(&diags);
    if (!g->instance) return RUN_TRAPPED;
    if (g->engine->memory(g->instance)->checked && !g->checked) g->on_no_space(g->ctx, g->place, "no address space for guard pages: every memory access is checked, which is slower");

    g->trap = (LoadTrap){0};
    g->fueled = false;
    give_fuel(g);
    watchdog_begin(g->watchdog, g->engine, g->instance, process_turn_started(g->process), g->entry_limit_ns);
    bool started = g->engine->start(g->instance, &g->trap);
    watchdog_end(g->watchdog);
    keep_accounts(g);
    g->has_trap = !started;
    return started ? RUN_RETURNED : run_end(g);
}

void guest_drop_instance(Guest *g)
{
    if (g->instance) g->engine->destroy(g->instance);
    g->instance = NULL;
}

void guest_drop_image(const LoadEngine *engine, GuestPool *pool)
{
    if (pool->image) engine->free_image(pool->image);
    pool->image = NULL;
}

static void guest_stop(void *self)
{
    Guest *g = self;
    bool keep = g->pool && g->pool->image && g->instance && !g->has_trap;
    if (!keep || !g->engine->reset(g->instance)) guest_drop_instance(g);
}

static bool guest_take_image(void *self)
{
    Guest *g = self;
    g->pool->state = g->state;
    g->pool->image = g->engine->take_image(g->instance);
    return g->pool->image != NULL;
}

static RunEnd guest_alloc(void *self, uint32_t len, uint32_t *address)
{
    Guest *g = self;
    LoadSlot slots[1] = {len};
    give_fuel(g);
    g->fueled = true;
    RunEnd end = call(g, g->alloc, slots);
    *address = end == RUN_RETURNED ? (uint32_t)slots[0] : 0;
    return end;
}

static RunEnd guest_enter(void *self, const Entry *e)
{
    Guest *g = self;
    if (!g->fueled) give_fuel(g);
    g->fueled = false;
    switch (e->kind) {
    case ENTRY_INIT: {
        LoadSlot slots[] = {e->ptr, e->len};
        RunEnd end = call(g, g->init, slots);
        g->state = end == RUN_RETURNED ? (uint32_t)slots[0] : 0;
        return end;
    }
    case ENTRY_METHOD: return call(g, g->methods[e->method], (LoadSlot[]){g->state, e->call, e->ptr, e->len});
    case ENTRY_RESULT:
        return call(g, g->result, (LoadSlot[]){g->state, e->cookie, e->status, e->ptr, e->len, e->flags});
    case ENTRY_EVENT: return call(g, g->event, (LoadSlot[]){g->state, e->event, e->call});
    case ENTRY_NONE: break;
    }
    return RUN_RETURNED;
}

static const uint8_t *guest_readable(void *self, uint32_t ptr, uint32_t len)
{
    Guest *g = self;
    return load_readable(g->engine->memory(g->instance), ptr, len);
}

static uint8_t *guest_writable(void *self, uint32_t ptr, uint32_t len)
{
    Guest *g = self;
    return load_writable(g->engine->memory(g->instance), ptr, len);
}

/* A trap that is the breach of a limit: which one, and its value. */
static bool breached_limit(const Guest *g, char *out, size_t size)
{
    const char *text = load_trap_text(g->trap.kind);
    uint64_t stack = g->limits.stack_bytes ? g->limits.stack_bytes : LOAD_STACK_BYTES;
    char deep[40] = "";
    switch (g->trap.kind) {
    case TRAP_DEADLINE:
        snprintf(out, size, "one entry ran for more than %.3g s", (double)g->entry_limit_ns / 1e9);
        return true;
    case TRAP_FUEL:
        if (g->fuel_total && fuel_left(g) == 0)
            snprintf(out, size, "%s: the process has used all of its %llu", text, (unsigned long long)g->fuel_total);
        else snprintf(out, size, "%s: one entry has used all of its %llu", text, (unsigned long long)g->fuel_per_entry);
        return true;
    case TRAP_CALL_STACK:
        if (g->trap.depth) snprintf(deep, sizeof deep, "%u calls deep, ", g->trap.depth); /* not every engine knows */
        snprintf(out, size, "%s: %sthe stack is limited to %llu B", text, deep, (unsigned long long)stack);
        return true;
    case TRAP_SHADOW_STACK:
        if (!g->stack_bytes) return false;
        snprintf(out, size, "%s: the module has %u B of stack in its memory", text, g->stack_bytes);
        return true;
    default: return false;
    }
}

static const char *guest_why(void *self)
{
    Guest *g = self;
    if (!g->has_trap) return g->why; /* it was not even instantiated */
    if (!breached_limit(g, g->why, sizeof g->why))
        snprintf(g->why, sizeof g->why, "%s%s%s", load_trap_text(g->trap.kind), *g->trap.detail ? ": " : "",
                 g->trap.detail);
    return g->why;
}

static uint64_t guest_fuel_used(void *self) { return ((Guest *)self)->fuel_used; }

const ProcessOps guest_ops = {guest_start, guest_stop, guest_alloc, guest_enter, guest_readable, guest_writable,
                              guest_why, guest_fuel_used, guest_take_image};

/* ---- imports ------------------------------------------------------------------------------------------------------------ */

/* The i32 result of an import, or the end of this entry. ptr, len: the message, for words. */
static bool give(LoadHostCall *h, int32_t result, const char *import, LoadSlot ptr, LoadSlot len)
{
    h->slots[0] = (uint32_t)result;
    if (result != KERNEL_STOP) return true;
    return load_host_trap(h, TRAP_MESSAGE, "%s: %u bytes at 0x%x", import, (uint32_t)len, (uint32_t)ptr);
}

static bool host_call(LoadHostCall *h)
{
    Guest *g = h->host;
    LoadSlot ptr = h->slots[0], len = h->slots[1];
    int32_t number = (int32_t)(intptr_t)h->data;
    int32_t result = kernel_call(g->process, (uint32_t)number, (uint32_t)ptr, (uint32_t)len, (uint32_t)h->slots[2]);
    return give(h, result, "a request", ptr, len);
}

static bool host_reply(LoadHostCall *h)
{
    Guest *g = h->host;
    const LoadSlot *s = h->slots;
    LoadSlot ptr = s[1], len = s[2];
    int32_t result = kernel_reply(g->process, (uint32_t)s[0], (uint32_t)ptr, (uint32_t)len, (uint32_t)s[3]);
    return give(h, result, "Kernel/Reply", ptr, len);
}

static bool host_fail(LoadHostCall *h)
{
    Guest *g = h->host;
    const LoadSlot *s = h->slots;
    LoadSlot ptr = s[2], len = s[3];
    int32_t result = kernel_fail(g->process, (uint32_t)s[0], (uint32_t)s[1], (uint32_t)ptr, (uint32_t)len);
    return give(h, result, "Kernel/Fail", ptr, len);
}

static bool host_cancel(LoadHostCall *h)
{
    Guest *g = h->host;
    return give(h, kernel_cancel(g->process, (uint32_t)h->slots[0]), "Kernel/Cancel", 0, 0);
}

static bool host_deadline(LoadHostCall *h)
{
    Guest *g = h->host;
    int32_t result = kernel_deadline(g->process, (uint32_t)h->slots[0], (uint32_t)h->slots[1]);
    return give(h, result, "Kernel/Deadline", 0, 0);
}

static bool host_exit(LoadHostCall *h)
{
    Guest *g = h->host;
    int32_t code = (int32_t)(uint32_t)h->slots[0];
    kernel_exit(g->process, code);
    return load_host_exit(h, code);
}

/* proto/parigot/kernel/v1/kernel.proto, service Kernel: its methods are flat. */
static const LoadImport kernel_methods[] = {
    {STR("parigot.kernel.v1.Kernel"), STR("Reply"),    "iiii", "i", host_reply,    NULL},
    {STR("parigot.kernel.v1.Kernel"), STR("Fail"),     "iiii", "i", host_fail,     NULL},
    {STR("parigot.kernel.v1.Kernel"), STR("Cancel"),   "i",    "i", host_cancel,   NULL},
    {STR("parigot.kernel.v1.Kernel"), STR("Deadline"), "ii",   "i", host_deadline, NULL},
    {STR("parigot.kernel.v1.Kernel"), STR("Exit"),     "i",    "i", host_exit,     NULL},
};

bool guest_kernel_import(Str method, LoadImport *out)
{
    for (size_t i = 0; i < ARRAY_LEN(kernel_methods); i++) {
        if (!str_eq(kernel_methods[i].name, method)) continue;
        *out = kernel_methods[i];
        return true;
    }
    return false;
}

void guest_call_import(Str service, Str method, int32_t number, LoadImport *out)
{
    *out = (LoadImport){service, method, "iii", "i", host_call, (void *)(intptr_t)number};
}
