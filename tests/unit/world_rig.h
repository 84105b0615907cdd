/* world_rig.h: worlds of modules that are written by hand as WebAssembly text, made and run within a test. They have no
 * proved layout, so bundles are made under policy audit. */
#ifndef PARIGOT_TESTS_WORLD_RIG_H
#define PARIGOT_TESTS_WORLD_RIG_H
#include "loader/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/create.h"
#include "compile.h"
#include "tap.h"

/* ---- modules ---------------------------------------------------------------------------------------------------------- */

/* A whole module from its imports and its functions. Every one has a memory of two pages and hands out buffers at 1024. */
#define MODULE(imports, functions)                                                                                 \
    "(module " imports " (memory 2 16)"                                                                              \
    " (func (export \"parigot_alloc\") (param i32) (result i32) (i32.const 1024)) " functions ")"
#define CALL(service, method, name)                                                                                \
    "(import \"" service "\" \"" method "\" (func $" name " (param i32 i32 i32) (result i32)))"
#define KERNEL(method, name, params)                                                                               \
    "(import \"parigot.kernel.v1.Kernel\" \"" method "\" (func $" name " (param " params ") (result i32)))"
#define INIT(body)   "(func (export \"parigot_init\") (param i32 i32) (result i32) " body ")"
#define RESULT(body) "(func (export \"parigot_result\") (param i32 i32 i32 i32 i32 i32) " body ")"
#define SERVE(method, body) "(func (export \"" method "\") (param i32 i32 i32 i32) " body ")"
#define KERNEL_EXIT   KERNEL("Exit", "exit", "i32")
#define KERNEL_REPLY  KERNEL("Reply", "reply", "i32 i32 i32 i32")
#define SAY_BACK   SERVE("t.Echo/Say", "(drop (call $reply (local.get 1) (local.get 2) (local.get 3) (i32.const 1)))")

/* ---- worlds ------------------------------------------------------------------------------------------------------------ */

typedef struct Text {
    const char *name, *wat;
    const char *grant; /* one system service, or NULL */
    uint32_t restarts; /* a minute */
} Text;

typedef struct Made {
    Bundle bundle;
    Bytes wasm[4];
    Writer file;
} Made;

static Bytes assemble(const char *wat)
{
    char folder[32];
    temporary_folder(folder);
    put_file(folder, "m.wat", wat, strlen(wat));
    run_in(folder, "wat2wasm --enable-tail-call --debug-names m.wat -o m.wasm");
    Bytes b = get_file(folder, "m.wasm");
    remove_folder(folder);
    return b;
}

/* The same text is assembled once. The result is the caller's. */
static Bytes assembled(const char *wat)
{
    static struct {
        char *wat;
        Bytes wasm;
    } known[64];
    static size_t n;
    size_t i = 0;
    while (i < n && strcmp(known[i].wat, wat) != 0) i++;
    if (i == ARRAY_LEN(known)) return assemble(wat);
    if (i == n) {
        known[n].wasm = assemble(wat);
        known[n++].wat = strdup(wat);
    }
    Bytes copy = {malloc(known[i].wasm.size), known[i].wasm.size};
    ck_assert_ptr_nonnull(copy.ptr);
    memcpy(copy.ptr, known[i].wasm.ptr, copy.size);
    return copy;
}

static void print(const Diags *d)
{
    TextBuf t = {0};
    for (size_t i = 0; i < d->n; i++) diag_format(&t, &d->items[i], "test", DIAG_TEXT);
    if (t.ptr) fputs(t.ptr, stderr);
    text_free(&t);
}

static Made make(const Text *texts, size_t n, const char *main_module)
{
    Made made = {0};
    WorldModule modules[4] = {0};
    Str grants[4];
    for (size_t i = 0; i < n; i++) {
        made.wasm[i] = assembled(texts[i].wat);
        grants[i] = str_of(texts[i].grant);
        modules[i] = (WorldModule){.name = str_of(texts[i].name), .file = texts[i].name, .bytes = made.wasm[i].ptr,
                                   .size = made.wasm[i].size, .policy = val_builtin_policy(STR("audit")),
                                   .grants = &grants[i], .n_grants = texts[i].grant ? 1 : 0,
                                   .restarts_per_minute = texts[i].restarts};
    }
    World world = {.name = STR("test"), .main = str_of(main_module), .tool = "test", .modules = modules, .n_modules = n};
    Diags d = {0};
    bool ok = bundle_create(&world, &d, &made.file);
    if (!ok) print(&d);
    ck_assert(ok);
    diag_free(&d);
    ok = bundle_open_bytes(made.file.ptr, made.file.len, "t.pbundle", &(BundleOpenOptions){.allow_unsigned = true}, &d,
                           &made.bundle);
    if (!ok) print(&d);
    ck_assert(ok);
    diag_free(&d);
    return made;
}

static void unmake(Made *m)
{
    bundle_close(&m->bundle);
    wr_free(&m->file);
    for (size_t i = 0; i < ARRAY_LEN(m->wasm); i++) bytes_free(&m->wasm[i]);
}

static TextBuf told;
static void keep(void *ctx, Str lines)
{
    (void)ctx;
    text_add(&told, lines);
}
static LoadWorldOptions options(void)
{
    return (LoadWorldOptions){.floor = val_builtin_policy(STR("audit")), .tell = keep,
                              .services = {.log_fd = STDERR_FILENO}, .limits = {.entry_ns = 300000000}};
}

/* Runs a world of these modules; the exit status. told has the reports. */
static inline int run_with(const Text *texts, size_t n, const char *main_module, const LoadWorldOptions *o)
{
    Made m = make(texts, n, main_module);
    Diags d = {0};
    told.len = 0;
    LoadWorld *w = load_world_open(&m.bundle, o, &d);
    if (!w) print(&d);
    ck_assert_ptr_nonnull(w);
    int status = load_world_run(w);
    load_world_close(w);
    diag_free(&d);
    unmake(&m);
    return status;
}
static inline int run(const Text *texts, size_t n, const char *main_module)
{
    LoadWorldOptions o = options();
    return run_with(texts, n, main_module, &o);
}

#endif
