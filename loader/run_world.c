/* run_world.c: the bundle path of parigot-run: verify, validate, map, run.
 *
 * A signal is state of the whole program, so the one static thing of the loader is here, in the tool: where the signal
 * handler finds the world. */
#include "loader/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loader/start.h"

enum { STATUS_SIGNAL = 128 };
static LoadWorld *volatile world_to_stop;
static volatile sig_atomic_t signals_seen;

/* The first asks the world to end. A guest that loops is not interrupted by that: whoever cannot wait signals twice. */
static void on_signal(int signal)
{
    if (signals_seen++) _exit(STATUS_SIGNAL + signal);
    LoadWorld *w = world_to_stop;
    if (w) load_world_stop(w, signal);
}

static void watch_signals(LoadWorld *w)
{
    world_to_stop = w;
    signals_seen = 0;
    struct sigaction action = {.sa_handler = w ? on_signal : SIG_DFL, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void tell(void *ctx, Str lines)
{
    (void)ctx;
    fwrite(lines.ptr, 1, lines.len, stderr);
}

static bool read_trust(const RunOptions *o, BundleTrust *trust, Diags *diags)
{
    bool ok = true;
    for (size_t i = 0; i < o->n_trust; i++) {
        switch (o->trust[i].kind) {
        case TRUST_FOLDER: ok &= bundle_trust_folder(trust, o->trust[i].value, diags); break;
        case TRUST_FILE: ok &= bundle_trust_file(trust, o->trust[i].value, diags); break;
        case TRUST_TEXT: ok &= bundle_trust_text(trust, o->trust[i].value, diags); break;
        case TRUST_REVOKED: ok &= bundle_trust_revoke(trust, o->trust[i].value, diags); break;
        }
    }
    return ok;
}

/* In base64, as behind -P, if it looks so; else the name of a file, as behind -p. */
static bool read_native_key(const char *value, BundleTrust *out, Diags *diags)
{
    static const char first[] = "RW"; /* of all keys: the algorithm */
    enum { TEXT_BYTES = 56 };
    bool text = strlen(value) == TEXT_BYTES && strncmp(value, first, 2) == 0 && !strchr(value, '.');
    return text ? bundle_trust_text(out, value, diags) : bundle_trust_file(out, value, diags);
}

static void tell_bundle(const Bundle *b)
{
    TextBuf t = {0};
    for (uint32_t i = 0; i < b->n_signers; i++) {
        char id[17];
        bundle_key_id_text(b->signers[i].key->id, id);
        text_printf(&t, "parigot-run: signed by %s (%s): %s\n", id, b->signers[i].key->name, b->signers[i].comment);
    }
    text_printf(&t, "parigot-run: %s: generation %llu, %zu modules\n", b->manifest->name,
                (unsigned long long)b->manifest->generation, b->manifest->n_modules);
    if (!t.failed) tell(NULL, (Str){t.ptr, t.len});
    text_free(&t);
}

static int status_of(const Diags *diags)
{
    int status = EXIT_FINDINGS;
    for (size_t i = 0; i < diags->n; i++) {
        switch (diags->items[i].code) {
        case OUT_OF_MEMORY: return EXIT_INTERNAL;
        case IO_READ: case IO_WRITE: case IO_TOO_BIG: case USAGE: case BUNDLE_BAD_STATE: case BUNDLE_BAD_ROTATION: case BUNDLE_BAD_KEY: case BUNDLE_NO_KEYS: status = EXIT_USAGE; break;
        default: break;
        }
    }
    return status;
}

static bool write_profile(const char *path, const LoadWorld *w, Diags *diags)
{
    TextBuf text = {0};
    load_world_profile(w, &text);
    if (text.failed) diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = path), "out of memory");
    bool ok = !text.failed && file_write(path, text.ptr ? text.ptr : "", text.len, 0644, false, diags);
    text_free(&text);
    return ok;
}

/* Diagnostics so far appear before the world says anything. */
static int run(const RunOptions *o, const LoadEngine *engine, const LoadBundle *bundle, const uint8_t *native_key, Diags *diags)
{
    LoadWorldOptions options = {.native_key = native_key, .floor = o->policy, .limits = o->limits, .grants = o->grants, .n_grants = o->n_grants, .checked = o->checked, .canonical_nans = o->canonical_nans, .tell = tell, .verbose = o->verbose,
                            .trace_calls = o->trace_calls, .stats = o->stats, .profile = o->profile != NULL,
                            .services = {.log_fd = STDOUT_FILENO, .log_times = o->log_times}};
    options.limits.process.deadline_ns = o->deadline_ns;
    options.limits.fuel_per_entry = o->fuel;
    options.limits.memory_bytes = o->memory_bytes;
    options.limits.stack_bytes = o->stack_bytes;
    options.limits.table_elems = o->table_elems;
    options.engine = engine;
    if (o->verbose) tell_bundle(&bundle->bundle);
    LoadWorld *w = load_bundle_start(bundle, &options, diags);
    if (!w) return status_of(diags);
    o->print(diags);
    watch_signals(w);
    int status = load_world_run(w);
    watch_signals(NULL);
    if (o->profile && !write_profile(o->profile, w, diags)) status = status_of(diags);
    load_world_close(w);
    return status;
}

int run_world(const RunOptions *o, Diags *diags)
{
    const LoadEngine *engine = o->engine ? load_engine_find(o->engine, diags) : &load_interp;
    if (!engine) return EXIT_USAGE;
    Arena arena = {0};
    BundleTrust trust = {.arena = &arena}, native = {.arena = &arena};
    LoadBundle bundle = {0};
    LoadOpenOptions options = {.trust = &trust, .require = o->require, .allow_unsigned = o->allow_unsigned, .state = o->state,
                               .now = (int64_t)time(NULL)};
    bool ok = read_trust(o, &trust, diags) && (!o->trust_native || read_native_key(o->trust_native, &native, diags)) && load_bundle_open(o->file, (Str){0}, &options, diags, &bundle);
    for (size_t i = 0; i < diags->n; i++)
        if (diags->items[i].code == BUNDLE_BAD_MAGIC)
            diag_note(diags, &diags->items[i], "of a bare module --invoke=EXPORT calls a function");
    int status = ok ? run(o, engine, &bundle, native.n ? native.keys[0].key : NULL, diags) : status_of(diags);
    load_bundle_close(&bundle);
    arena_free(&arena);
    return status;
}
