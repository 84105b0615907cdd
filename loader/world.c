/* world.c: from a verified bundle to processes that run.
 *
 * load_world_open is a list of passes over the modules; nothing of a guest runs before all of them have passed.
 * load_world_run turns the kernel's wheel inside libuv's: some turns, then a look at timers and at requests to end. */
#include "loader/world.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "loader/guest.h"
#include "loader/inspect.h"
#include "loader/native_pick.h"
#include "loader/watchdog.h"
#include "validator/validator.h"

enum { STATUS_KILLED = 134, STATUS_SIGNAL = 128, MOST_STATUS = 255 };
enum { TURNS = 16 }; /* between two looks at the event loop */
enum { STACKS_SHOWN = 100 }; /* of refused calls: reading names and places anew takes time, and a flood has many */
#define NS_PER_MS UINT64_C(1000000)
#define SAMPLE_NS NS_PER_MS /* between two samples of a profile */

typedef struct Member {
    Guest guest;
    const BundleModule *info;
    const BundleNative *native; /* that is run; NULL: the module itself is */
    ValReport report;
    LoadWorldLimits limits;       /* that hold */
    const char **methods;     /* "service/method" it provides */
    Str init;                 /* its InitRequest */
    bool fresh;               /* each request gets an instance of its own: */
    GuestPool pool;
    Guest *workers; uint32_t n_workers;
} Member;

typedef struct Native {
    const SystemService *service;
    void *self;
    Process *process;
} Native;

struct LoadWorld {
    const Bundle *bundle;
    const BundleManifest *manifest;
    LoadWorldOptions options;
    Arena arena;
    ValPolicy *policies;        /* by the index in the manifest */
    Member *members;            /* by the index in the manifest */
    uint32_t n_members;
    Native *natives; size_t n_natives;
    Kernel *kernel;
    Watchdog *watchdog;
    Profile *profile;
    TextBuf text;
    uv_loop_t loop;
    uv_timer_t timer;   /* the kernel's next one */
    uv_timer_t grace;
    uv_async_t stop;
    bool loop_open;
    atomic_int stop_signal, stop_requests;
    int stops_seen;
    unsigned stacks_shown;
    InspectMethod *called; size_t n_called; /* where statistics are wanted                                            */
    uint64_t shortest_entry_ns; /* limit of all members'                                                              */
    int forced_status; /* >= 0: the world ends now, with this */
    Process *host;     /* NULL: the host program makes no calls */
    bool over;
    int status;        /* when it is over */
};

static bool out_of_memory(LoadWorld *w, Diags *diags)
{
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = w->bundle->file), "out of memory");
    return false;
}

static uint64_t monotonic_now(void *ctx)
{
    (void)ctx;
    return uv_hrtime();
}

static uint64_t thread_cpu(void *ctx)
{
    (void)ctx;
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* Linux has it always */
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* ---- what the operator gets to read ----------------------------------------------------------------------------------- */

static void tell(LoadWorld *w)
{
    if (w->options.tell && !w->text.failed) w->options.tell(w->options.ctx, (Str){w->text.ptr, w->text.len});
    w->text.len = 0;
    w->text.failed = false;
}

#define STEP(w, ...)                                \
    do {                                            \
        if ((w)->options.verbose) {                 \
            text_printf(&(w)->text, "%s: ", (w)->options.tool); \
            text_printf(&(w)->text, __VA_ARGS__);   \
            text_printf(&(w)->text, "\n");          \
            tell(w);                                \
        }                                           \
    } while (0)

static const char *entry_text(EntryKind kind)
{
    switch (kind) {
    case ENTRY_INIT: return "parigot_init";
    case ENTRY_RESULT: return "parigot_result";
    case ENTRY_EVENT: return "parigot_event";
    default: return "";
    }
}

/* ">>> serving greeting.v1.Greeter/Hello for asker" */
static void tell_doing(TextBuf *t, const ProcessDeath *d)
{
    text_printf(t, ">>> %s", d->in_alloc ? "in parigot_alloc, " : "");
    switch (d->entry) {
    case ENTRY_NONE: text_printf(t, "being started"); break;
    case ENTRY_METHOD: text_printf(t, "serving %s for %s", d->method, d->sender); break;
    case ENTRY_RESULT:
        text_printf(t, "taking a result of %s from %s", d->method ? d->method : "a call",
                    d->sender ? d->sender : "the kernel");
        break;
    default: text_printf(t, "in %s", entry_text(d->entry)); break;
    }
    text_printf(t, "\n");
}

/* A module that is refused memory goes on, well or not: this may be why. */
static void tell_refusals(TextBuf *t, const Guest *g, const char *before)
{
    static const char *const what[GROWTH_KINDS] = {"memory", "tables"}, *const unit[GROWTH_KINDS] = {"B", "elements"};
    for (int i = 0; i < GROWTH_KINDS; i++) {
        const GuestRefusal *r = &g->refusals[i];
        if (!r->wanted) continue;
        text_printf(t, "%s%s of %s limited to %llu %s; it asked for %llu %s, first at\n", before, what[i], g->name,
                    (unsigned long long)r->limit, unit[i], (unsigned long long)r->wanted, unit[i]);
        load_frames_print(t, &r->place, g->module);
    }
}

static void on_died(void *ctx, const ProcessDeath *d)
{
    LoadWorld *w = ctx;
    TextBuf *t = &w->text;
    const Guest *g = process_self(d->process);
    Diags diags = {0};
    Diag *diag = diag_add(&diags, RUN_KILLED, DIAG_AT(.file = w->bundle->file), "%s was killed: %s",
                          process_name(d->process), d->why);
    if (diag) diag_format(t, diag, w->options.tool, DIAG_TEXT);
    diag_free(&diags);
    tell_doing(t, d);
    tell_refusals(t, g, ">>> ");
    if (d->restarts) {
        text_printf(t, ">>> starts afresh in %.3g s", (double)d->pause_ns / 1e9);
        if (d->restart_limit) text_printf(t, ": restarts of %s limited to %u a minute", process_name(d->process), d->restart_limit);
        text_printf(t, "\n");
    }
    if (g->has_trap) load_trap_print(t, &g->trap, g->module, w->options.tool);
    tell(w);
}

static void on_no_space(void *ctx, const char *place, const char *words)
{
    LoadWorld *w = ctx;
    Diags diags = {0};
    Diag *diag = diag_add(&diags, RUN_NO_ADDRESS_SPACE, DIAG_AT(.file = place), "%s", words);
    if (diag) diag_format(&w->text, diag, w->options.tool, DIAG_TEXT);
    diag_free(&diags);
    tell(w);
}

/* The instance that is, or waits to be, that process; NULL: a service of the host, or the host program. */
static const Guest *guest_of(const LoadWorld *w, const Process *p)
{
    for (size_t i = 0; i < w->n_natives; i++)
        if (w->natives[i].process == p) return NULL;
    return p == w->host ? NULL : process_self(p);
}

static void on_called(void *ctx, const CallRecord *r)
{
    LoadWorld *w = ctx;
    inspect_count(w->called, w->n_called, r);
    if (!w->options.trace_calls) return;
    inspect_call(&w->text, r, w->options.tool);
    const Guest *g = r->refused ? guest_of(w, r->sender) : NULL;
    if (g && w->stacks_shown < STACKS_SHOWN) {
        LoadTrap place;
        w->stacks_shown++;
        g->engine->where(g->instance, &place); /* a refusal happens in an import of the sender's */
        load_frames_print(&w->text, &place, g->module);
    }
    tell(w);
}

/* What the workers of a module have seen is the module's. */
static void gather_memory(Member *m)
{
    Guest *to = &m->guest;
    for (uint32_t i = 0; i < m->n_workers; i++) {
        const Guest *g = &m->workers[i];
        if (g->memory_peak_bytes > to->memory_peak_bytes) to->memory_peak_bytes = g->memory_peak_bytes;
        for (int j = 0; j < GROWTH_KINDS; j++)
            if (g->refusals[j].wanted > to->refusals[j].wanted) to->refusals[j] = g->refusals[j];
    }
}

/* The world has ended; its processes are still there. */
static void tell_stats(LoadWorld *w)
{
    size_t n = w->n_members + w->n_natives;
    InspectRow *rows = arena_array(&w->arena, n + 1, sizeof *rows);
    if (!rows) return;
    for (uint32_t i = 0; i < w->n_members; i++) {
        const Guest *g = &w->members[i].guest;
        rows[i] = (InspectRow){.process = g->process, .memory_peak_bytes = g->memory_peak_bytes};
    }
    for (size_t i = 0; i < w->n_natives; i++)
        rows[w->n_members + i] = (InspectRow){.process = w->natives[i].process, .native = true};
    if (w->host) rows[n++] = (InspectRow){.process = w->host};
    inspect_stats(&w->text, rows, n);
    inspect_methods(&w->text, w->called, w->n_called);
    for (uint32_t i = 0; i < w->n_members; i++) tell_refusals(&w->text, &w->members[i].guest, "");
    tell(w);
}

/* provides: the rows in which calls are counted. */
static bool count_methods(LoadWorld *w, Diags *diags)
{
    size_t n = 0;
    if (!w->options.stats) return true;
    for (uint32_t i = 0; i < w->n_members; i++) n += w->members[i].info->n_provides;
    for (size_t i = 0; i < w->n_natives; i++) n += w->natives[i].service->n_methods;
    w->called = arena_array(&w->arena, n + 1, sizeof *w->called);
    if (!w->called) return out_of_memory(w, diags);
    for (uint32_t i = 0; i < w->n_members; i++)
        for (size_t j = 0; j < w->members[i].info->n_provides; j++)
            w->called[w->n_called++] = (InspectMethod){.name = w->members[i].methods[j], .provider = w->members[i].guest.process};
    for (size_t i = 0; i < w->n_natives; i++)
        for (size_t j = 0; j < w->natives[i].service->n_methods; j++)
            w->called[w->n_called++] = (InspectMethod){.name = w->natives[i].service->methods[j], .provider = w->natives[i].process};
    inspect_sort(w->called, w->n_called);
    return true;
}

static void on_exited(void *ctx, Process *p, int32_t code)
{
    LoadWorld *w = ctx;
    STEP(w, "%s exits with %d", process_name(p), code);
}

/* ---- passes ----------------------------------------------------------------------------------------------------------------- */

/* provides: the policies of the manifest, from the text that was signed. */
static bool read_policies(LoadWorld *w, Diags *diags)
{
    size_t n = w->manifest->n_policies;
    w->policies = arena_array(&w->arena, n ? n : 1, sizeof *w->policies);
    if (!w->policies) return out_of_memory(w, diags);
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        const BundlePolicy *p = w->manifest->policies[i];
        const char *place = arena_printf(&w->arena, "%s(policy %s)", w->bundle->file, p->name);
        ok &= val_parse_policy(&w->arena, str_of(p->text), place ? place : w->bundle->file, diags, &w->policies[i]);
    }
    return ok;
}

/* The four rules by which a module keeps no state in fixed places. Not all proved: only a fresh instance for each
 * request gives what the policy promises (docs/reset.md). */
static bool keeps_state(const ValReport *r)
{
    static const ValRule rules[] = {RULE_P101, RULE_P104, RULE_P105, RULE_P106};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (r->rules[rules[i]].verdict != VAL_PROVED) return true;
    return false;
}

/* What the operator's policy only notes matters when the world does not start, and to who asks. */
static void forget_notes(Diags *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].severity != SEV_NOTE) d->items[kept++] = d->items[i];
    d->n = kept;
}

/* provides: every module is valid and keeps the operator's policy and its own; its view and layout are known. */
static bool validate(LoadWorld *w, Diags *diags)
{
    bool ok = true;
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        const BundleBlob *blob = &w->bundle->blobs[m->info->blob];
        const ValPolicy *own = &w->policies[m->info->policy];
        ValOptions options = {.policy = w->options.floor, .also = own, .features = w->options.engine->features, .wamr = w->options.engine->wamr_form,
                              .world = true, .now = w->options.now};
        if (!val_module(&w->arena, blob->ptr, blob->size, m->guest.place, &options, diags, &m->report)) {
            ok = false;
            continue;
        }
        const PmSection *section = m->report.section == PM_PRESENT ? &m->report.pm : NULL;
        ok &= bundle_check_module(w->bundle, i, &m->report.module, section, diags);
        bool wants_fresh = w->options.floor->base == VAL_BASE_RESET || own->base == VAL_BASE_RESET;
        bool serves = m->info->n_provides > 0; /* else there are no requests */
        m->fresh = wants_fresh && serves && keeps_state(&m->report);
        m->guest.module = &m->report.module;
        STEP(w, "%s: validated again, under %.*s and %.*s", m->guest.place, STR_ARG(w->options.floor->name),
             STR_ARG(own->name));
    }
    if (ok && !w->options.verbose) forget_notes(diags);
    return ok;
}

static uint64_t smaller(uint64_t a, uint64_t b) { return a == 0 ? b : b == 0 ? a : a < b ? a : b; }
static uint32_t smaller32(uint32_t a, uint32_t b) { return (uint32_t)smaller(a, b); }

static void tell_limits(LoadWorld *w, const Member *m)
{
    const LoadWorldLimits *l = &m->limits;
    const ProcessLimits *p = &l->process;
    STEP(w, "%s: memory %llu B, fuel %llu (0 = no limit), deadline %llu ns, calls %u, message %u B, queue %u, restarts %u, "
            "fuel in all %llu, entry %llu ns, waiting %u B, frames %llu B, table %u, instances %u",
         m->guest.place, (unsigned long long)l->memory_bytes, (unsigned long long)l->fuel_per_entry,
         (unsigned long long)p->deadline_ns, p->calls, p->message_bytes, p->queue, p->restarts_per_minute,
         (unsigned long long)l->fuel_total, (unsigned long long)l->entry_ns, p->waiting_bytes,
         (unsigned long long)l->stack_bytes, l->table_elems, l->instances);
}

/* What a bundle asks for is at most this, whatever the operator allows: the host's memory stays bounded whoever wrote it. */
static uint64_t up_to(uint64_t n, uint64_t most) { return n < most ? n : most; }
static uint64_t or_else(uint64_t n, uint64_t normal) { return n ? n : normal; }

/* The smaller ones of what bundle and operator say; 0 is what neither says. Fresh starts are different: 0 means none. */
static LoadWorldLimits smaller_limits(const BundleLimits *b, const LoadWorldLimits *o)
{
    uint32_t restarts = b->restarts_per_minute, most = o->process.restarts_per_minute;
    uint64_t instances = smaller(up_to(b->instances, LOAD_MOST_INSTANCES), up_to(o->instances, LOAD_MOST_INSTANCES));
    return (LoadWorldLimits){
        .process = process_limits((ProcessLimits){
            .deadline_ns = smaller(b->deadline_ns, o->process.deadline_ns),
            .calls = smaller32(b->calls, o->process.calls),
            .message_bytes = smaller32(b->message_bytes, o->process.message_bytes),
            .queue = smaller32(b->queue, o->process.queue),
            .waiting_bytes = smaller32(b->waiting_bytes, o->process.waiting_bytes),
            .restarts_per_minute = most && most < restarts ? most : restarts,
        }),
        .memory_bytes = smaller(b->memory_bytes, o->memory_bytes),
        .stack_bytes = or_else(smaller(up_to(b->stack_bytes, LOAD_MOST_STACK), o->stack_bytes), LOAD_STACK_BYTES),
        .fuel_per_entry = smaller(b->fuel_per_entry, o->fuel_per_entry),
        .fuel_total = smaller(b->fuel_total, o->fuel_total),
        .table_elems = (uint32_t)up_to(or_else(smaller(b->table_elems, o->table_elems), LOAD_TABLE_ELEMS), LOAD_TABLE_ELEMS),
        .entry_ns = or_else(smaller(b->entry_ns, o->entry_ns), LOAD_ENTRY_NS),
        .instances = (uint32_t)or_else(instances, LOAD_INSTANCES),
    };
}

/* provides: the limits that hold. */
static void set_limits(LoadWorld *w)
{
    w->shortest_entry_ns = UINT64_MAX;
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        LoadWorldLimits *l = &m->limits;
        BundleLimits none = PARIGOT__BUNDLE__V1__LIMITS__INIT;
        *l = smaller_limits(m->info->limits ? m->info->limits : &none, &w->options.limits);
        m->guest.limits = (LoadLimits){.memory_bytes = l->memory_bytes, .stack_bytes = l->stack_bytes,
                                      .table_elems = l->table_elems, .refused = guest_refused};
        m->guest.entry_limit_ns = l->entry_ns;
        m->guest.fuel_per_entry = l->fuel_per_entry;
        m->guest.fuel_total = l->fuel_total;
        if (l->entry_ns < w->shortest_entry_ns) w->shortest_entry_ns = l->entry_ns;
        if (m->report.layout_proved) m->guest.stack_bytes = m->report.pm.layout.stack_high - m->report.pm.layout.stack_low;
        tell_limits(w, m);
    }
}

static bool engine_cannot(const LoadEngine *engine, const char *place, const char *what, Diags *diags)
{
    diag_add(diags, RUN_ENGINE_CANNOT, DIAG_AT(.file = place), "engine %s %s", engine->name, what);
    return false;
}

/* What the world is asked for, of what an engine may lack. */
static bool check_options(const LoadWorld *w, const LoadEngine *engine, Diags *diags)
{
    const struct {
        bool asked;
        unsigned lack;
        const char *what;
    } rows[] = {
        {w->options.profile, LOAD_LACKS_SAMPLES, "takes no samples for a profile"},
        {w->options.checked, LOAD_LACKS_CHECKED, "has no code that compares addresses (checked)"},
        {w->options.canonical_nans, LOAD_LACKS_NANS, "cannot make NaNs canonical"},
    };
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].asked && (engine->lacks & rows[i].lack)) ok = engine_cannot(engine, w->bundle->file, rows[i].what, diags);
    return ok;
}

/* provides: the engine of each module: the native one where the operator's key has signed code for this machine. That it was
 * made from these very bytes of the module was found when the manifest was checked. */
static bool pick_native(LoadWorld *w, Diags *diags)
{
    const uint8_t *key = w->options.native_key;
    if (!key) return true;
    if (!load_native_here()) {
        diag_add(diags, RUN_NO_NATIVE, DIAG_AT(.file = w->bundle->file), "this program cannot run native code");
        return false;
    }
    if (!check_options(w, &load_native, diags)) return false;
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        m->native = native_pick(w->bundle, m->info, m->report.features, key, m->guest.place, diags);
        if (m->native) m->guest.engine = &load_native;
        STEP(w, "%s: %s", m->guest.place, m->native ? "runs natively" : "is interpreted");
    }
    return true;
}

/* provides: code that the engine can run. */
static bool compile(LoadWorld *w, Diags *diags)
{
    bool ok = true;
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        LoadCompileOptions options = {.layout = m->report.layout_proved ? &m->report.pm.layout : NULL,
                                      .stack_pointer = m->report.layout_proved ? m->report.pm.stack_pointer : 0,
                                      .fuel = m->report.metered ? m->report.pm.fuel : 0,
                                      .force_checks = w->options.checked,
                                      .canonical_nans = w->options.canonical_nans};
        if (m->native) {
            options.native = w->bundle->blobs[m->native->blob].ptr;
            options.native_bytes = w->bundle->blobs[m->native->blob].size;
        }
        m->guest.compiled = m->guest.engine->compile(&m->report.module, &options, diags);
        ok &= m->guest.compiled != NULL;
    }
    return ok;
}

/* provides: the functions to enter, and the names of the methods. */
static bool find_entries(LoadWorld *w, Diags *diags)
{
    bool ok = true;
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        uint32_t n = (uint32_t)m->info->n_provides;
        m->methods = arena_array(&w->arena, n ? n : 1, sizeof *m->methods);
        if (!m->methods) return out_of_memory(w, diags);
        for (uint32_t j = 0; j < n; j++) {
            const BundleMethod *method = m->info->provides[j];
            m->methods[j] = arena_printf(&w->arena, "%s/%s", method->service, method->method);
            if (!m->methods[j]) return out_of_memory(w, diags);
        }
        ok &= guest_find_entries(&m->guest, &w->arena, m->methods, n, diags);
    }
    return ok;
}

static int by_key(const void *a, const void *b)
{
    const BundleKeyValue *const *x = a, *const *y = b;
    return str_cmp(str_of((*x)->key), str_of((*y)->key));
}

/* The message of parigot_init. config in the order of the keys' bytes. */
static bool encode_init(LoadWorld *w, Member *m, Diags *diags)
{
    typedef Parigot__Kernel__V1__InitRequest__ConfigEntry Config;
    size_t n = m->info->n_config;
    BundleKeyValue **sorted = arena_array(&w->arena, n ? n : 1, sizeof *sorted);
    Config *configs = arena_array(&w->arena, n ? n : 1, sizeof *configs);
    Config **refs = arena_array(&w->arena, n ? n : 1, sizeof *refs);
    if (!sorted || !configs || !refs) return out_of_memory(w, diags);
    if (n) memcpy(sorted, m->info->config, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 0; i < n; i++) {
        configs[i] = (Config)PARIGOT__KERNEL__V1__INIT_REQUEST__CONFIG_ENTRY__INIT;
        configs[i].key = sorted[i]->key;
        configs[i].value = sorted[i]->value;
        refs[i] = &configs[i];
    }
    Parigot__Kernel__V1__Limits limits = PARIGOT__KERNEL__V1__LIMITS__INIT;
    limits.memory_bytes = m->limits.memory_bytes;
    limits.deadline_ns = m->limits.process.deadline_ns;
    limits.calls = m->limits.process.calls;
    limits.message_bytes = m->limits.process.message_bytes;
    limits.queue = m->limits.process.queue;
    Parigot__Kernel__V1__InitRequest init = PARIGOT__KERNEL__V1__INIT_REQUEST__INIT;
    init.abi_version = 1;
    init.module = m->info->name;
    init.n_config = n;
    init.config = refs;
    init.limits = &limits;
    size_t size = parigot__kernel__v1__init_request__get_packed_size(&init);
    uint8_t *bytes = arena_alloc(&w->arena, size);
    if (!bytes) return out_of_memory(w, diags);
    m->init = (Str){(const char *)bytes, parigot__kernel__v1__init_request__pack(&init, bytes)};
    return true;
}

static ProcessSpec process_spec(const Member *m, Guest *g)
{
    return (ProcessSpec){.name = g->name, .ops = &guest_ops, .self = g, .limits = m->limits.process,
                         .share = m->info->share, .takes_events = guest_has_event(g), .metered = m->report.metered, .init = m->init,
                         .methods = m->methods, .n_methods = (uint32_t)m->info->n_provides};
}

/* For a module that is reset, workers: guests that have all of it but an instance. */
static bool make_workers(LoadWorld *w, Member *m, Diags *diags)
{
    uint32_t n = m->limits.instances;
    m->workers = arena_array(&w->arena, n, sizeof *m->workers);
    if (!m->workers) return out_of_memory(w, diags);
    for (; m->n_workers < n; m->n_workers++) {
        Guest *g = &m->workers[m->n_workers];
        *g = m->guest;
        g->pool = &m->pool;
        ProcessSpec spec = process_spec(m, g);
        g->process = kernel_add_worker(w->kernel, m->guest.process, &spec);
        if (!g->process) return out_of_memory(w, diags);
    }
    STEP(w, "%s: keeps state, so each request gets a fresh instance, at most %u at a time", m->guest.place, n);
    return true;
}

/* provides: the kernel with a process for each module, in start order. */
static bool make_processes(LoadWorld *w, Diags *diags)
{
    KernelOptions options = {.now = monotonic_now, .cpu = thread_cpu, .died = on_died, .exited = on_exited,
                             .called = w->options.trace_calls || w->options.stats ? on_called : NULL, .ctx = w};
    w->kernel = kernel_new(&options);
    w->watchdog = watchdog_new(w->shortest_entry_ns, monotonic_now, w);
    if (!w->kernel || !w->watchdog) return out_of_memory(w, diags);
    if (w->options.profile && !(w->profile = profile_new())) return out_of_memory(w, diags);
    if (w->profile) watchdog_sample(w->watchdog, SAMPLE_NS, guest_sampled);
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        if (!encode_init(w, m, diags)) return false;
        m->guest.watchdog = w->watchdog;
        m->guest.profile = w->profile;
        ProcessSpec spec = process_spec(m, &m->guest);
        m->guest.process = kernel_add(w->kernel, &spec);
        if (!m->guest.process || (m->fresh && !make_workers(w, m, diags))) return out_of_memory(w, diags);
        if (strcmp(m->guest.name, w->manifest->main) == 0) kernel_set_main(w->kernel, m->guest.process);
    }
    return true;
}

static const SystemService *find_system_service(Str name)
{
    for (const SystemService *const *s = system_services; *s; s++)
        if (str_eq(str_of((*s)->name), name)) return *s;
    return NULL;
}

static bool operator_grants(const LoadWorld *w, Str service)
{
    for (size_t i = 0; i < w->options.n_grants; i++)
        if (str_eq(w->options.grants[i], service)) return true;
    return !w->options.grants;
}

/* What a module asks of the host must be there, and granted by the operator too. */
static bool check_service(LoadWorld *w, const Member *m, const char *asks, const char *service, Diags *diags)
{
    DiagPlace at = DIAG_AT(.file = m->guest.place);
    if (!find_system_service(str_of(service)))
        diag_add(diags, RUN_NO_SERVICE, at, "%s %s, and this host has no such service", asks, service);
    else if (!operator_grants(w, str_of(service)))
        diag_add(diags, RUN_NOT_GRANTED, at, "%s %s, which the operator does not grant", asks, service);
    else return true;
    return false;
}

/* provides: each system service that a module imports is there. By what the manifest says; whether that is true is
 * found out by validate. */
static bool check_services(LoadWorld *w, Diags *diags)
{
    bool ok = true;
    for (uint32_t i = 0; i < w->n_members; i++) {
        const Member *m = &w->members[i];
        const char *before = "";
        for (size_t j = 0; j < m->info->n_imports; j++) {
            const char *service = m->info->imports[j]->service;
            if (strcmp(service, before) != 0 && bundle_is_system_service(service) && strcmp(service, BUNDLE_KERNEL) != 0)
                ok &= check_service(w, m, "requires", service, diags);
            before = service; /* methods of one service mostly stand together */
        }
        for (size_t j = 0; j < m->info->n_folders; j++) {
            const char *asks = arena_printf(&w->arena, "sees the folder \"%s\" through", m->info->folders[j]->name);
            ok &= check_service(w, m, asks ? asks : "sees a folder through", BUNDLE_FILE_SERVICE, diags);
        }
    }
    return ok;
}

/* The system service of that name as a process, made at its first use. NULL with *known: out of memory. */
static Native *find_native(LoadWorld *w, Str name, bool *known)
{
    *known = true;
    for (size_t i = 0; i < w->n_natives; i++)
        if (str_eq(str_of(w->natives[i].service->name), name)) return &w->natives[i];
    const SystemService *s = find_system_service(name);
    *known = s != NULL;
    void *self = s ? s->open(&w->options.services) : NULL;
    if (!self) return NULL;
    NativeSpec spec = {.name = s->name, .ops = s->ops, .self = self, .methods = s->methods, .n_methods = s->n_methods};
    Native *n = &w->natives[w->n_natives++];
    *n = (Native){.service = s, .self = self, .process = kernel_add_native(w->kernel, &spec)};
    return n->process ? n : NULL;
}

static bool is_granted(const Member *m, Str service)
{
    for (size_t i = 0; i < m->info->n_grants; i++)
        if (str_eq(str_of(m->info->grants[i]), service)) return true;
    return false;
}

static bool is_remote(const BundleManifest *manifest, Str service)
{
    for (size_t i = 0; i < manifest->n_remote; i++)
        if (str_eq(str_of(manifest->remote[i]), service)) return true;
    return false;
}

static bool find_method(const char *const *methods, uint32_t n, Str service, Str method, uint32_t *out)
{
    for (*out = 0; *out < n; ++*out) {
        Str name = str_of(methods[*out]);
        if (name.len == service.len + 1 + method.len && str_has_prefix(name, service) &&
            name.ptr[service.len] == '/' && str_has_suffix(name, method))
            return true;
    }
    return false;
}

static bool no_import(const Member *m, const WasmImport *import, Diags *diags, const char *why)
{
    diag_add(diags, RUN_NO_IMPORT, DIAG_AT(.file = m->guest.place, .offset = import->offset),
             "import \"%.*s\" \"%.*s\": %s", STR_ARG(import->module), STR_ARG(import->name), why);
    return false;
}

/* Who answers one import. The kernel's own service is always there; what is the host's must be granted. */
static bool bind_import(LoadWorld *w, Member *m, const WasmImport *import, LoadImport *row, Diags *diags)
{
    Str service = import->module, method = import->name;
    if (str_eq(service, STR(BUNDLE_KERNEL)))
        return guest_kernel_import(method, row) || no_import(m, import, diags, "the kernel has no such method");

    Process *provider;
    uint32_t number;
    const char *name = arena_strndup(&w->arena, service.ptr, service.len);
    if (!name) return out_of_memory(w, diags);
    if (bundle_is_system_service(name)) {
        if (!is_granted(m, service) || !operator_grants(w, service))
            return no_import(m, import, diags, "that service is not granted to this module");
        bool known;
        Native *n = find_native(w, service, &known);
        if (!n) return known ? out_of_memory(w, diags) : no_import(m, import, diags, "this host has no such service");
        if (!find_method(n->service->methods, n->service->n_methods, service, method, &number))
            return no_import(m, import, diags, "that service has no such method");
        provider = n->process;
    } else {
        int i = bundle_provider(w->manifest, name);
        if (i < 0 && is_remote(w->manifest, service))
            return no_import(m, import, diags, "that service is remote, and this version calls no other host");
        if (i < 0) return no_import(m, import, diags, "no module of this bundle provides that service");
        const Member *other = &w->members[i];
        if (!find_method(other->methods, (uint32_t)other->info->n_provides, service, method, &number))
            return no_import(m, import, diags, "the module that provides that service has no such method");
        provider = other->guest.process;
    }
    int32_t kernel_number = kernel_import(m->guest.process, provider, number);
    if (kernel_number < 0) return out_of_memory(w, diags);
    guest_call_import(service, method, kernel_number, row);
    return true;
}

/* provides: every import of every module has its row. */
static bool bind_imports(LoadWorld *w, Diags *diags)
{
    size_t n_services = 0;
    while (system_services[n_services]) n_services++;
    w->natives = arena_array(&w->arena, n_services + 1, sizeof *w->natives);
    if (!w->natives) return out_of_memory(w, diags);
    bool ok = true;
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        const WasmModule *module = m->guest.module;
        m->guest.imports = arena_array(&w->arena, module->n_imports ? module->n_imports : 1, sizeof(LoadImport));
        if (!m->guest.imports) return out_of_memory(w, diags);
        for (uint32_t j = 0; j < module->n_imports; j++) {
            if (bind_import(w, m, &module->imports[j], &m->guest.imports[m->guest.n_imports], diags))
                m->guest.n_imports++;
            else ok = false;
        }
        for (uint32_t j = 0; j < m->n_workers; j++) {
            m->workers[j].imports = m->guest.imports;
            m->workers[j].n_imports = m->guest.n_imports;
        }
    }
    return ok;
}

/* A limit that cannot be kept is not passed over in silence. */
static bool check_fuel(LoadWorld *w, Diags *diags)
{
    bool ok = true;
    for (uint32_t i = 0; i < w->n_members; i++) {
        const Guest *g = &w->members[i].guest;
        if ((g->fuel_per_entry == 0 && g->fuel_total == 0) || w->members[i].report.metered) continue;
        uint64_t fuel = g->fuel_per_entry ? g->fuel_per_entry : g->fuel_total;
        diag_add(diags, RUN_FUEL, DIAG_AT(.file = g->place),
                 "fuel is limited to %llu for %s, but the module is not proved to be metered", (unsigned long long)fuel,
                 g->fuel_per_entry ? "an entry" : "the process");
        ok = false;
    }
    return ok;
}

/* An entry that does not end: fuel ends it, or somebody must interrupt it. A limit that was asked for has to hold. */
static bool check_interrupt(const LoadWorld *w, const Member *m, Diags *diags)
{
    uint64_t asked = smaller(m->info->limits ? m->info->limits->entry_ns : 0, w->options.limits.entry_ns);
    if (!(w->options.engine->lacks & LOAD_LACKS_INTERRUPT) || (m->guest.fuel_per_entry && !asked)) return true;
    if (asked) return engine_cannot(w->options.engine, m->guest.place, "cannot limit the time of an entry here", diags);
    diag_add(diags, RUN_ENGINE_LIMIT, DIAG_AT(.file = m->guest.place),
             "engine %s cannot end an entry that runs for more than %.3g s here", w->options.engine->name,
             (double)m->guest.entry_limit_ns / 1e9);
    return true;
}

/* Nor is what the engine cannot do. */
static bool check_engine(LoadWorld *w, Diags *diags)
{
    bool ok = check_options(w, w->options.engine, diags);
    for (uint32_t i = 0; i < w->n_members; i++) {
        const Member *m = &w->members[i];
        if (m->fresh && (w->options.engine->lacks & LOAD_LACKS_RESET))
            ok = engine_cannot(w->options.engine, m->guest.place, "cannot give each request a fresh instance, and the module keeps state", diags);
        ok &= check_interrupt(w, m, diags);
    }
    return ok;
}

static bool init_members(LoadWorld *w, Diags *diags)
{
    uint32_t n = (uint32_t)w->manifest->n_modules;
    w->members = arena_array(&w->arena, n ? n : 1, sizeof *w->members);
    if (!w->members) return out_of_memory(w, diags);
    w->n_members = n;
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        m->info = w->manifest->modules[i];
        m->guest.name = m->info->name;
        m->guest.engine = w->options.engine;
        m->guest.checked = w->options.checked;
        m->guest.on_no_space = on_no_space;
        m->guest.ctx = w;
        m->guest.place = arena_printf(&w->arena, "%s(%s)", w->bundle->file, m->info->name);
        if (!m->guest.place) return out_of_memory(w, diags);
    }
    return true;
}

/* ---- the event loop ------------------------------------------------------------------------------------------------------ */

static void timer_rings(uv_timer_t *timer) { (void)timer; } /* the kernel looks at its timers in each turn */

static void grace_is_over(uv_timer_t *timer)
{
    LoadWorld *w = timer->data;
    w->forced_status = STATUS_SIGNAL + atomic_load(&w->stop_signal);
}

/* First time: a word to those that can hear it, and some time for them. Else the end. */
static void stop_requested(uv_async_t *async)
{
    LoadWorld *w = async->data;
    int requests = atomic_load(&w->stop_requests);
    if (w->stops_seen == 0 && requests == 1 && kernel_hears_stop(w->kernel)) {
        w->stops_seen = requests;
        STEP(w, "asking the world to end");
        kernel_please_stop(w->kernel);
        uv_timer_start(&w->grace, grace_is_over, w->options.limits.grace_ns / NS_PER_MS, 0);
    } else {
        w->forced_status = STATUS_SIGNAL + atomic_load(&w->stop_signal);
    }
}

void load_world_stop(LoadWorld *w, int signal)
{
    atomic_store(&w->stop_signal, signal);
    atomic_fetch_add(&w->stop_requests, 1);
    uv_async_send(&w->stop);
}

static bool open_loop(LoadWorld *w, Diags *diags)
{
    if (uv_loop_init(&w->loop)) return out_of_memory(w, diags);
    w->loop_open = true;
    w->timer.data = w->grace.data = w->stop.data = w;
    uv_timer_init(&w->loop, &w->timer);
    uv_timer_init(&w->loop, &w->grace);
    if (uv_async_init(&w->loop, &w->stop, stop_requested)) {
        w->stop.data = NULL; /* was not made: is not to be closed */
        return out_of_memory(w, diags);
    }
    uv_run(&w->loop, UV_RUN_NOWAIT); /* from now on its descriptor tells of a stop */
    return true;
}

static void close_loop(LoadWorld *w)
{
    if (!w->loop_open) return;
    uv_close((uv_handle_t *)&w->timer, NULL);
    uv_close((uv_handle_t *)&w->grace, NULL);
    if (w->stop.data) uv_close((uv_handle_t *)&w->stop, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_loop_close(&w->loop);
}

/* Until a timer of the kernel's, or `until`, or something from outside. libuv counts in milliseconds: rather late than
 * early. */
static void wait_for_something(LoadWorld *w, uint64_t until)
{
    uint64_t due = kernel_next_timer(w->kernel), now = uv_hrtime();
    if (until < due) due = until;
    uint64_t ms = due <= now ? 0 : (due - now - 1) / NS_PER_MS + 1;
    uv_update_time(&w->loop);
    uv_timer_start(&w->timer, timer_rings, ms, 0);
    uv_run(&w->loop, UV_RUN_ONCE);
    uv_timer_stop(&w->timer);
}

static int status_of(int32_t code) { return code >= 0 && code <= MOST_STATUS ? code : MOST_STATUS; }

void load_world_end(LoadWorld *w)
{
    if (w->over) return;
    w->over = true;
    w->status = w->forced_status >= 0 ? w->forced_status
                : kernel_main_killed(w->kernel) ? STATUS_KILLED : status_of(kernel_exit_code(w->kernel));
    kernel_halt(w->kernel); /* calls that are open are traced as well */
    for (uint32_t i = 0; i < w->n_members; i++) gather_memory(&w->members[i]);
    if (w->options.stats) tell_stats(w);
}

/* Some turns. */
static KernelState take_turns(LoadWorld *w, const bool *enough)
{
    KernelState state = KERNEL_BUSY;
    kernel_was_away(w->kernel);
    for (int i = 0; i < TURNS && state == KERNEL_BUSY && !(enough && *enough); i++) state = kernel_step(w->kernel);
    return state;
}

LoadWorldState load_world_step(LoadWorld *w, uint64_t for_ns, const bool *enough)
{
    uint64_t now = uv_hrtime(), until = for_ns < UINT64_MAX - now ? now + for_ns : UINT64_MAX;
    while (!w->over) {
        KernelState state = take_turns(w, enough);
        if (state == KERNEL_ENDED) break;
        bool enough_now = enough && *enough;
        if (enough_now && !atomic_load(&w->stop_requests)) return LOAD_WORLD_BUSY; /* without a look at the event loop */
        bool idle = state == KERNEL_WAITING && kernel_next_timer(w->kernel) == UINT64_MAX;
        bool is_over = enough_now || (until != UINT64_MAX && uv_hrtime() >= until);
        if (state == KERNEL_BUSY || idle || is_over) uv_run(&w->loop, UV_RUN_NOWAIT);
        else wait_for_something(w, until);
        if (w->forced_status >= 0) break;
        if (idle && w->stops_seen == 0) return LOAD_WORLD_IDLE;
        if (is_over) return state == KERNEL_BUSY ? LOAD_WORLD_BUSY : LOAD_WORLD_WAITING;
    }
    load_world_end(w);
    return LOAD_WORLD_ENDED;
}

int load_world_run(LoadWorld *w)
{
    while (load_world_step(w, UINT64_MAX, NULL) != LOAD_WORLD_ENDED) {}
    return w->status;
}

int load_world_status(const LoadWorld *w) { return w->status; }

uint64_t load_world_due(const LoadWorld *w)
{
    if (w->over || kernel_is_busy(w->kernel)) return 0;
    uint64_t due = kernel_next_timer(w->kernel), now = uv_hrtime();
    int loop_ms = uv_backend_timeout(&w->loop); /* the time that a stop has, or a callback that waits; -1: nothing */
    uint64_t left = due == UINT64_MAX ? due : due > now ? due - now : 0, loop_ns = (uint64_t)loop_ms * NS_PER_MS;
    return loop_ms >= 0 && loop_ns < left ? loop_ns : left;
}

int load_world_fd(LoadWorld *w) { return uv_backend_fd(&w->loop); }

/* ---- the host program ------------------------------------------------------------------------------------------------------ */

Process *load_world_add_host(LoadWorld *w, const ProcessSpec *spec) { return w->host = kernel_add(w->kernel, spec); }

static bool is_routed_elsewhere(const BundleManifest *manifest, const char *service, const char *module)
{
    for (size_t i = 0; i < manifest->n_routes; i++)
        if (strcmp(manifest->routes[i]->service, service) == 0) return strcmp(manifest->routes[i]->module, module) != 0;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const LoadMethod *)a)->name, ((const LoadMethod *)b)->name);
}

const LoadMethod *load_world_methods(LoadWorld *w, size_t *n)
{
    size_t most = 0;
    for (uint32_t i = 0; i < w->n_members; i++) most += w->members[i].info->n_provides;
    LoadMethod *methods = arena_array(&w->arena, most + 1, sizeof *methods);
    if (!methods) return NULL;
    *n = 0;
    for (uint32_t i = 0; i < w->n_members; i++) {
        const Member *m = &w->members[i];
        for (uint32_t j = 0; j < m->info->n_provides; j++)
            if (!is_routed_elsewhere(w->manifest, m->info->provides[j]->service, m->info->name))
                methods[(*n)++] = (LoadMethod){m->methods[j], m->guest.process, j};
    }
    qsort(methods, *n, sizeof *methods, by_name);
    return methods;
}

/* ---- from the bundle to the world ------------------------------------------------------------------------------------------ */

LoadWorld *load_world_open(const Bundle *bundle, const LoadWorldOptions *options, Diags *diags)
{
    LoadWorld *w = calloc(1, sizeof *w);
    if (!w) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = bundle->file), "out of memory");
        return NULL;
    }
    w->bundle = bundle;
    w->manifest = bundle->manifest;
    w->options = *options;
    w->forced_status = -1;
    if (!w->options.tool) w->options.tool = "parigot-run";
    if (!w->options.engine) w->options.engine = &load_interp;
    if (!w->options.floor) w->options.floor = val_builtin_policy(STR("reset"));
    if (!w->options.limits.grace_ns) w->options.limits.grace_ns = LOAD_GRACE_NS;

    bool ok = init_members(w, diags)   /* a Member for each module of the manifest               */
              && check_services(w, diags)
              && read_policies(w, diags)
              && validate(w, diags)    /* after this: bytes can be believed, whoever made them    */
              && find_entries(w, diags);
    if (ok) set_limits(w);             /* after this: limits are final                            */
    ok = ok && check_fuel(w, diags)
            && check_engine(w, diags)
            && pick_native(w, diags)
            && compile(w, diags)
         && make_processes(w, diags)
         && bind_imports(w, diags)
         && count_methods(w, diags)
         && open_loop(w, diags);
    if (ok) return w;
    load_world_close(w);
    return NULL;
}

void load_world_profile(const LoadWorld *w, TextBuf *t) { profile_print(w->profile, t); }

void load_world_close(LoadWorld *w)
{
    if (!w) return;
    close_loop(w);
    kernel_free(w->kernel);
    for (size_t i = 0; i < w->n_natives; i++) w->natives[i].service->close(w->natives[i].self);
    watchdog_free(w->watchdog);
    profile_free(w->profile);
    for (uint32_t i = 0; i < w->n_members; i++) {
        Member *m = &w->members[i];
        for (uint32_t j = 0; j < m->n_workers; j++) guest_drop_instance(&m->workers[j]);
        guest_drop_image(m->guest.engine, &m->pool);
        if (m->guest.compiled) m->guest.engine->free_module(m->guest.compiled);
    }
    text_free(&w->text);
    arena_free(&w->arena);
    free(w);
}
