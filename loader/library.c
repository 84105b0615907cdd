/* library.c: libparigot-loader: what loader.h promises, on top of start.h (bundle to world), world.h (its steps) and host.h
 * (its calls). */
#include "loader/loader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "loader/host.h"
#include "loader/inspect.h"
#include "loader/start.h"

enum { ERRORS_KEPT = 100, STOP_SIGNAL = 15 };

/* ParigotStatus, ParigotReason and ParigotLevel are the numbers of the messages. */
_Static_assert(PARIGOT_UNAUTHENTICATED == (int)STATUS_MAX && PARIGOT_DEADLINE_EXCEEDED == (int)STATUS_DEADLINE_EXCEEDED &&
               PARIGOT_UNAVAILABLE == (int)STATUS_UNAVAILABLE && PARIGOT_UNIMPLEMENTED == (int)STATUS_UNIMPLEMENTED, "status");
_Static_assert(PARIGOT_REMOTE == (int)PARIGOT__KERNEL__V1__FAILURE__REASON__REMOTE &&
               PARIGOT_NO_FUEL == (int)PARIGOT__KERNEL__V1__FAILURE__REASON__NO_FUEL, "reason");

const char *parigot_loader_version(void) { return PARIGOT_VERSION; }

/* ---- errors ------------------------------------------------------------------------------------------------------------ */

struct ParigotErrors {
    Diags diags;
    TextBuf text;
};

ParigotErrors *parigot_errors_new(void)
{
    ParigotErrors *e = calloc(1, sizeof *e);
    if (e) e->diags.limit = ERRORS_KEPT;
    return e;
}

size_t parigot_errors_count(const ParigotErrors *e) { return e->diags.n; }

bool parigot_errors_get(const ParigotErrors *e, size_t i, ParigotError *out)
{
    if (i >= e->diags.n) return false;
    const Diag *d = &e->diags.items[i];
    *out = (ParigotError){.code = diag_code_text(d->code), .is_error = d->severity >= SEV_ERROR, .file = d->place.file,
                          .offset = d->place.offset, .text = d->text};
    return true;
}

const char *parigot_errors_text(ParigotErrors *e, const char *tool)
{
    TextBuf *t = &e->text;
    t->len = 0;
    t->failed = false;
    for (size_t i = 0; i < e->diags.n; i++) diag_format(t, &e->diags.items[i], tool, DIAG_TEXT);
    if (e->diags.errors > e->diags.errors_stored && !e->diags.out_of_memory)
        text_printf(t, "%s: %zu more errors are not shown\n", tool, e->diags.errors - e->diags.errors_stored);
    if (e->diags.out_of_memory || t->failed) return "error: out of memory [I0104]\n";
    return t->len ? t->ptr : "";
}

void parigot_errors_clear(ParigotErrors *e)
{
    diag_free(&e->diags);
    e->diags = (Diags){.limit = ERRORS_KEPT};
}

void parigot_errors_free(ParigotErrors *e)
{
    if (!e) return;
    diag_free(&e->diags);
    text_free(&e->text);
    free(e);
}

/* Where a function records: the caller's list, or one that nobody sees. */
typedef struct Record {
    Diags own, *diags;
} Record;

static Diags *begin_record(Record *r, ParigotErrors *e)
{
    r->own = (Diags){.limit = 1};
    return r->diags = e ? &e->diags : &r->own;
}

static void end_record(Record *r) { diag_free(&r->own); }

static void add_no_memory(Diags *d) { diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = NULL), "out of memory"); }

/* ---- trust --------------------------------------------------------------------------------------------------------------- */

struct ParigotTrust {
    atomic_uint refs; /* its owner, and each bundle */
    atomic_bool used;
    Arena arena;
    BundleTrust trust;
};

ParigotTrust *parigot_trust_new(void)
{
    ParigotTrust *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    atomic_init(&t->refs, 1);
    t->trust.arena = &t->arena;
    return t;
}

void parigot_trust_free(ParigotTrust *t)
{
    if (!t || atomic_fetch_sub(&t->refs, 1) > 1) return;
    arena_free(&t->arena);
    free(t);
}

typedef bool AddTrust(BundleTrust *, const char *, Diags *);

static bool add_trust(ParigotTrust *t, AddTrust *add, const char *value, ParigotErrors *errors)
{
    Record r;
    Diags *d = begin_record(&r, errors);
    bool ok = !atomic_load(&t->used);
    if (ok) ok = add(&t->trust, value, d);
    else diag_add(d, USAGE, DIAG_AT(.file = NULL), "keys are added before a bundle is opened with them");
    end_record(&r);
    return ok;
}

bool parigot_trust_add_file(ParigotTrust *t, const char *path, ParigotErrors *e) { return add_trust(t, bundle_trust_file, path, e); }
bool parigot_trust_add_folder(ParigotTrust *t, const char *path, ParigotErrors *e) { return add_trust(t, bundle_trust_folder, path, e); }
bool parigot_trust_add_key(ParigotTrust *t, const char *key, ParigotErrors *e) { return add_trust(t, bundle_trust_text, key, e); }
bool parigot_trust_revoke(ParigotTrust *t, const char *path, ParigotErrors *e) { return add_trust(t, bundle_trust_revoke, path, e); }

/* ---- bundles ------------------------------------------------------------------------------------------------------------- */

struct ParigotBundle {
    atomic_uint refs; /* its owner, and each world */
    ParigotTrust *trust;
    LoadBundle bundle;
};

void parigot_bundle_close(ParigotBundle *b)
{
    if (!b || atomic_fetch_sub(&b->refs, 1) > 1) return;
    load_bundle_close(&b->bundle);
    parigot_trust_free(b->trust);
    free(b);
}

static ParigotBundle *open_bundle(const char *file, Str bytes, const ParigotOpenOptions *o, Diags *d)
{
    static const ParigotOpenOptions defaults;
    if (!o) o = &defaults;
    ParigotBundle *b = calloc(1, sizeof *b);
    if (!b) {
        add_no_memory(d);
        return NULL;
    }
    atomic_init(&b->refs, 1);
    b->trust = o->trust;
    if (b->trust) {
        atomic_fetch_add(&b->trust->refs, 1);
        atomic_store(&b->trust->used, true);
    }
    LoadOpenOptions options = {.trust = b->trust ? &b->trust->trust : NULL, .require = o->require,
                               .allow_unsigned = o->allow_unsigned, .state = o->state,
                               .now = o->now ? o->now : (int64_t)time(NULL)};
    if (load_bundle_open(file, bytes, &options, d, &b->bundle)) return b;
    parigot_bundle_close(b);
    return NULL;
}

ParigotBundle *parigot_bundle_open(const char *path, const ParigotOpenOptions *o, ParigotErrors *errors)
{
    Record r;
    ParigotBundle *b = open_bundle(path, (Str){0}, o, begin_record(&r, errors));
    end_record(&r);
    return b;
}

ParigotBundle *parigot_bundle_open_bytes(const void *bytes, size_t size, const char *name, const ParigotOpenOptions *o,
                                         ParigotErrors *errors)
{
    Record r;
    ParigotBundle *b = open_bundle(name, (Str){size ? bytes : "", size}, o, begin_record(&r, errors));
    end_record(&r);
    return b;
}

void parigot_bundle_info(const ParigotBundle *b, ParigotBundleInfo *out)
{
    const Bundle *bundle = &b->bundle.bundle;
    const BundleManifest *m = bundle->manifest;
    *out = (ParigotBundleInfo){.name = m->name, .version = m->version, .generation = m->generation, .trusted = bundle->trusted,
                               .n_signers = bundle->n_signers, .n_modules = m->n_modules, .main = m->main};
}

bool parigot_bundle_signer(const ParigotBundle *b, size_t i, ParigotSigner *out)
{
    if (i >= b->bundle.bundle.n_signers) return false;
    const BundleSigner *s = &b->bundle.bundle.signers[i];
    *out = (ParigotSigner){.key_name = s->key->name, .comment = s->comment};
    bundle_key_id_text(s->key->id, out->key_id);
    return true;
}

/* ---- worlds -------------------------------------------------------------------------------------------------------------- */

struct ParigotWorld {
    ParigotBundle *bundle;
    LoadWorld *world;
    Host *host;
    Process *process;      /* the host's */
    const LoadMethod *methods; size_t n_methods;
    int32_t *imports;      /* of each method; -1: not asked for yet */
    ValPolicy policy;
    Arena arena;
    bool running;          /* within a function that runs the world: callbacks may come */
    bool ended;            /* open calls have had their last reply */
    void (*log)(void *ctx, const char *module, int level, const char *text);
    void (*tell)(void *ctx, const char *lines, size_t len);
    void *ctx;
};

static bool take_log_line(void *ctx, const char *module, int level, Str text)
{
    ParigotWorld *w = ctx;
    if (w->log) w->log(w->ctx, module, level, text.len ? text.ptr : "");
    return true;
}

static void take_lines(void *ctx, Str lines)
{
    ParigotWorld *w = ctx;
    if (w->tell) w->tell(w->ctx, lines.ptr, lines.len);
}

/* out: arena; NULL stays NULL: all that the bundle grants. */
static bool read_grants(ParigotWorld *w, const ParigotWorldOptions *o, Diags *d, Str **out)
{
    *out = NULL;
    if (!o->grants) return true;
    *out = arena_array(&w->arena, o->n_grants + 1, sizeof **out);
    if (!*out) {
        add_no_memory(d);
        return false;
    }
    for (size_t i = 0; i < o->n_grants; i++) {
        Str name = str_of(o->grants[i]);
        if (!bundle_find_system_service(name)) {
            diag_add(d, USAGE, DIAG_AT(.file = NULL), "there is no system service \"%s\"", o->grants[i]);
            return false;
        }
        (*out)[i] = str_of(bundle_find_system_service(name)->name);
    }
    return true;
}

static LoadWorldLimits limits_of(const ParigotLimits *l)
{
    return (LoadWorldLimits){
        .process = {.deadline_ns = l->deadline_ns, .calls = l->calls, .message_bytes = l->message_bytes, .queue = l->queue,
                    .waiting_bytes = l->waiting_bytes,                    .restarts_per_minute = l->restarts},
        .memory_bytes = l->memory_bytes, .stack_bytes = l->stack_bytes, .fuel_per_entry = l->fuel, .fuel_total = l->fuel_total,
        .table_elems = l->table_elements < LOAD_TABLE_ELEMS ? l->table_elements : LOAD_TABLE_ELEMS,
        .entry_ns = l->entry_ns, .instances = l->instances, .grace_ns = l->grace_ns,
    };
}

static bool add_host(ParigotWorld *w, Diags *d)
{
    w->methods = load_world_methods(w->world, &w->n_methods);
    w->imports = arena_array(&w->arena, w->n_methods + 1, sizeof *w->imports);
    w->host = host_new();
    if (w->methods && w->imports && w->host) {
        ProcessSpec spec = host_spec(w->host);
        w->process = load_world_add_host(w->world, &spec);
    }
    if (!w->process) {
        add_no_memory(d);
        return false;
    }
    for (size_t i = 0; i < w->n_methods; i++) w->imports[i] = -1;
    host_attach(w->host, w->process);
    return true;
}

static bool open_world(ParigotWorld *w, const ParigotWorldOptions *o, Diags *d)
{
    Str *grants;
    const char *tool = o->tool ? arena_strndup(&w->arena, o->tool, strlen(o->tool)) : "parigot";
    w->log = o->log;
    w->tell = o->tell;
    w->ctx = o->ctx;
    if (!tool) {
        add_no_memory(d);
        return false;
    }
    if (!val_load_policy(&w->arena, o->policy ? o->policy : "reset", d, &w->policy) || !read_grants(w, o, d, &grants))
        return false;
    LoadWorldOptions options = {.floor = &w->policy, .limits = limits_of(&o->limits), .grants = grants, .n_grants = o->n_grants,
                                .checked = o->checked, .canonical_nans = o->canonical_nans, .tell = take_lines, .ctx = w, .tool = tool, .verbose = o->verbose,
                                .trace_calls = o->trace_calls, .stats = o->stats,
                                .services = {.log_fd = -1, .log = take_log_line, .ctx = w}};
    w->world = load_bundle_start(&w->bundle->bundle, &options, d);
    return w->world && add_host(w, d);
}

ParigotWorld *parigot_world_start(ParigotBundle *b, const ParigotWorldOptions *o, ParigotErrors *errors)
{
    static const ParigotWorldOptions defaults;
    Record r;
    Diags *d = begin_record(&r, errors);
    ParigotWorld *w = calloc(1, sizeof *w);
    if (w) {
        atomic_fetch_add(&b->refs, 1);
        w->bundle = b;
        w->running = true; /* `tell` is called */
        bool ok = open_world(w, o ? o : &defaults, d);
        w->running = false;
        if (!ok) {
            parigot_world_close(w);
            w = NULL;
        }
    } else {
        add_no_memory(d);
    }
    end_record(&r);
    return w;
}

/* The world is over: who still waits for a reply is told. */
static void end_calls(ParigotWorld *w)
{
    if (w->ended) return;
    w->ended = true;
    if (w->host) host_end_calls(w->host);
}

static ParigotState step(ParigotWorld *w, uint64_t for_ns, const bool *enough)
{
    static const ParigotState states[] = {[LOAD_WORLD_BUSY] = PARIGOT_BUSY, [LOAD_WORLD_WAITING] = PARIGOT_WAITING,
                                          [LOAD_WORLD_IDLE] = PARIGOT_IDLE, [LOAD_WORLD_ENDED] = PARIGOT_ENDED};
    w->running = true;
    LoadWorldState state = load_world_step(w->world, for_ns, enough);
    if (state == LOAD_WORLD_ENDED) end_calls(w);
    w->running = false;
    return states[state];
}

ParigotState parigot_world_run(ParigotWorld *w, uint64_t for_ns) { return w->running ? PARIGOT_BUSY : step(w, for_ns, NULL); }

uint64_t parigot_world_due(const ParigotWorld *w) { return load_world_due(w->world); }
int parigot_world_fd(ParigotWorld *w) { return load_world_fd(w->world); }
void parigot_world_stop(ParigotWorld *w) { load_world_stop(w->world, STOP_SIGNAL); }
int parigot_world_status(const ParigotWorld *w) { return w->ended ? load_world_status(w->world) : -1; }

bool parigot_world_close(ParigotWorld *w)
{
    if (!w) return true;
    if (w->running) return false;
    w->running = true;
    if (w->world) load_world_end(w->world);
    end_calls(w);
    load_world_close(w->world);
    host_free(w->host);
    parigot_bundle_close(w->bundle);
    arena_free(&w->arena);
    free(w);
    return true;
}

/* ---- calls ----------------------------------------------------------------------------------------------------------------- */

const char *parigot_status_text(int status)
{
    if (status < 0 && status >= -(int)STATUS_MAX) status = -status;
    return inspect_status_name((Status)status);
}

/* The first method that is not before the name. */
static size_t method_at(const ParigotWorld *w, const char *name)
{
    size_t low = 0, high = w->n_methods;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (strcmp(w->methods[mid].name, name) < 0) low = mid + 1;
        else high = mid;
    }
    return low;
}

/* Methods of one service stand together: one of them is next to where this one would be. */
static bool is_of_service(const ParigotWorld *w, size_t i, Str service_and_slash)
{
    return i < w->n_methods && str_has_prefix(str_of(w->methods[i].name), service_and_slash);
}

int parigot_method(const ParigotWorld *w, const char *name)
{
    size_t i = method_at(w, name);
    if (i < w->n_methods && strcmp(w->methods[i].name, name) == 0) return (int)i;
    const char *slash = strchr(name, '/');
    Str service = {name, slash ? (size_t)(slash - name) + 1 : 0};
    bool known = service.len && (is_of_service(w, i, service) || (i > 0 && is_of_service(w, i - 1, service)));
    return known ? -PARIGOT_UNIMPLEMENTED : -PARIGOT_NOT_FOUND;
}

const char *parigot_method_name(const ParigotWorld *w, int method)
{
    return method >= 0 && (size_t)method < w->n_methods ? w->methods[method].name : NULL;
}

/* Calls may be made while the world does not run, and within a reply. */
static bool may_call(const ParigotWorld *w) { return !w->running || (w->host && host_is_in_reply(w->host)); }

/* The number that the kernel knows the method by; -1: out of memory. */
static int32_t import_of(ParigotWorld *w, int method)
{
    const LoadMethod *m = &w->methods[method];
    if (w->imports[method] < 0) w->imports[method] = kernel_import(w->process, m->provider, m->number);
    return w->imports[method];
}

int64_t parigot_call(ParigotWorld *w, int method, const void *request, size_t size, uint64_t timeout_ns, ParigotReplyFn *fn,
                     void *arg)
{
    if (method < 0) return method;
    if ((size_t)method >= w->n_methods) return -PARIGOT_NOT_FOUND;
    if (w->ended) return -PARIGOT_UNAVAILABLE;
    if (!may_call(w)) return -PARIGOT_FAILED_PRECONDITION;
    int32_t import = import_of(w, method);
    if (import < 0 || size > UINT32_MAX) return -PARIGOT_RESOURCE_EXHAUSTED;
    return host_call(w->host, (uint32_t)import, request, (uint32_t)size, timeout_ns, fn, arg);
}

int parigot_cancel(ParigotWorld *w, int64_t call)
{
    if (w->ended) return PARIGOT_NOT_FOUND;
    if (!may_call(w)) return PARIGOT_FAILED_PRECONDITION;
    return host_cancel(w->host, call) ? 0 : PARIGOT_NOT_FOUND;
}

/* Runs the world until *done. An open call always has something to wait for, its deadline at least, so that the world is
 * not idle before. */
static int wait_for(ParigotWorld *w, const bool *done, uint64_t for_ns)
{
    ParigotState state = step(w, for_ns, done);
    if (*done) return 0;
    return state == PARIGOT_IDLE ? PARIGOT_INTERNAL : PARIGOT_DEADLINE_EXCEEDED;
}

int parigot_wait(ParigotWorld *w, int64_t call, uint64_t for_ns)
{
    if (w->running) return PARIGOT_FAILED_PRECONDITION;
    bool done = false;
    if (w->ended || !host_watch(w->host, call, &done)) return PARIGOT_NOT_FOUND;
    int status = wait_for(w, &done, for_ns);
    if (!done) host_watch(w->host, call, NULL);
    return status;
}

typedef struct Asking {
    ParigotAnswer *answer;
    unsigned messages;
    bool done;
} Asking;

/* Cut between characters. */
static void keep_words(ParigotAnswer *out, const char *words)
{
    size_t n = strlen(words);
    if (n >= sizeof out->words)
        for (n = sizeof out->words - 1; n > 0 && ((uint8_t)words[n] & 0xc0) == 0x80;) n--;
    memcpy(out->words, words, n);
    out->words[n] = 0;
}

static void keep_answer(void *arg, const ParigotReply *r)
{
    Asking *a = arg;
    ParigotAnswer *out = a->answer;
    if (r->has_message && ++a->messages == 1 && r->size) {
        out->bytes = malloc(r->size);
        if (out->bytes) memcpy(out->bytes, r->bytes, r->size);
        out->size = r->size;
    }
    if (!r->last) return;
    a->done = true;
    out->status = r->status;
    out->reason = r->reason;
    keep_words(out, r->words);
    if (r->status) return;
    if (a->messages != 1) {
        out->status = PARIGOT_INTERNAL;
        snprintf(out->words, sizeof out->words, "%u messages came for an answer", a->messages);
    } else if (out->size && !out->bytes) {
        out->status = PARIGOT_RESOURCE_EXHAUSTED;
        snprintf(out->words, sizeof out->words, "out of memory");
    }
}

int parigot_ask(ParigotWorld *w, int method, const void *request, size_t size, uint64_t timeout_ns, ParigotAnswer *answer)
{
    Asking a = {.answer = answer};
    *answer = (ParigotAnswer){.status = PARIGOT_FAILED_PRECONDITION};
    if (w->running) return answer->status;
    int64_t call = parigot_call(w, method, request, size, timeout_ns, keep_answer, &a);
    int waited = call > 0 ? wait_for(w, &a.done, PARIGOT_FOREVER) : 0;
    if (call < 0) answer->status = (int)-call;
    else if (waited) {
        host_forget(w->host, call);
        answer->status = waited;
    }
    if (!answer->status) return 0;
    free(answer->bytes);
    answer->bytes = NULL;
    answer->size = 0;
    return answer->status;
}
