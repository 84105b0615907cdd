/* iwasm.c: the kernel as a library of native functions for iwasm, WAMR's own program:
 *
 *     iwasm --native-lib=libparigot-wamr.so -f parigot_init MODULE.wasm 0 0
 *
 * iwasm loads one module, calls one export by name, prints what it returns, and ends. Nothing in that waits for messages. So
 * the call is taken as the wish to run the module, not as the run: the first import that parigot_init calls lands here, and
 * from here the module is run as parigot-run runs it: read again, validated, instantiated a second time, in a thread of its
 * own, entered by the kernel until its world has ended. Then iwasm ends with the world's exit status. What the first
 * instance had done until then was in its own memory, and is lost; a module that calls no import has nothing to do
 * (docs/abi.md rule 14), and ends by itself.
 *
 * iwasm asks a library for natives of one import module. An iwasm whose runtime is a shared library has us register the
 * others. One that is linked statically shows nothing of its runtime: it asks again each time that the option is given.
 *
 * What there is of state is static, since iwasm calls without context; it is written before iwasm starts the module. */
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundle/create.h"
#include "loader/wamr/wamr.h"
#include "loader/world.h"

#define TOOL "libparigot-wamr"
enum { STATUS_REFUSED = 1 };

#define FOR_IWASM __attribute__((visibility("default")))
FOR_IWASM int init_native_lib(void);
FOR_IWASM uint32_t get_native_lib(char **module_name, NativeSymbol **symbols);
FOR_IWASM void deinit_native_lib(void);

/* The natives of one import module. */
typedef struct Service {
    char *name;
    NativeSymbol *symbols;
    uint32_t n, cap;
    bool registered;
} Service;

static struct {
    Arena arena;
    const char *path;    /* of the module, as iwasm's command line has it; NULL: not yet known                      */
    FileBytes file;
    Service *services;
    size_t n, cap;
    size_t handed_out;   /* services that get_native_lib has named                                                   */
    size_t n_options;    /* how often iwasm was told to load this library                                            */
} iwasm;

/* ---- words ------------------------------------------------------------------------------------------------------------- */

static bool print_diags(Diags *diags)
{
    TextBuf out = {0};
    for (size_t i = 0; i < diags->n; i++)
        if (diags->items[i].code != BUNDLE_RUNS_UNSIGNED) diag_format(&out, &diags->items[i], TOOL, DIAG_TEXT);
    if (out.ptr) fputs(out.ptr, stderr);
    bool ok = diags->errors == 0 && !diags->out_of_memory;
    if (diags->out_of_memory || out.failed) fputs(TOOL ": error: out of memory [I0104]\n", stderr);
    text_free(&out);
    diag_free(diags);
    return ok;
}

static void tell(void *ctx, Str lines)
{
    (void)ctx;
    fwrite(lines.ptr, 1, lines.len, stderr);
}

/* ---- the world --------------------------------------------------------------------------------------------------------- */

/* "greeter" of "build/greeter.wasm"; what a name may not have becomes a hyphen. */
static Str name_of(Arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    Str stem = str_of(slash ? slash + 1 : path);
    if (str_has_suffix(stem, STR(".wasm"))) stem.len -= strlen(".wasm");
    char *name = arena_strndup(arena, stem.ptr, stem.len < 64 ? stem.len : 64);
    if (!name || !*name) return STR("module");
    for (char *p = name; *p; p++) {
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
        else if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || (p > name && strchr("._-", *p)))) *p = p > name ? '-' : 'm';
    }
    return str_of(name);
}

/* The module alone, with the system services that it imports. */
static World world_of_one(Arena *arena, WorldModule *m)
{
    Str name = name_of(arena, iwasm.path);
    *m = (WorldModule){.name = name, .file = iwasm.path, .bytes = iwasm.file.ptr, .size = iwasm.file.size,
                       .policy = val_builtin_policy(STR("reset")), .grant_imports = true};
    return (World){.name = name, .main = name, .modules = m, .n_modules = 1};
}

/* The module is to be one of its world's. */
static bool is_of_world(const World *world, Diags *diags)
{
    for (uint32_t i = 0; i < world->n_modules; i++) {
        const WorldModule *m = &world->modules[i];
        if (m->size == iwasm.file.size && memcmp(m->bytes, iwasm.file.ptr, m->size) == 0) return true;
    }
    diag_add(diags, USAGE, DIAG_AT(.file = iwasm.path), "is no module of the world in %s", world->file);
    return false;
}

/* PARIGOT_WORLD names a world file, for worlds of several modules and modules that want more than the defaults. */
static bool describe_world(Arena *arena, WorldModule *alone, Diags *diags, World *out)
{
    const char *path = getenv("PARIGOT_WORLD");
    *out = path ? (World){0} : world_of_one(arena, alone);
    bool ok = !path || (bundle_read_world(arena, path, diags, out) && is_of_world(out, diags));
    out->tool = TOOL " " PARIGOT_VERSION;
    return bundle_clock(diags, &out->now) && ok;
}

static int run_bundle(const Bundle *bundle, Diags *diags)
{
    const char *why;
    LoadWorldOptions options = {.engine = wamr_open(&why), .tell = tell, .tool = TOOL,
                                .services = {.log_fd = STDOUT_FILENO}};
    if (!options.engine) diag_add(diags, RUN_NO_ENGINE, DIAG_AT(.file = NULL), "%s", why);
    LoadWorld *w = options.engine ? load_world_open(bundle, &options, diags) : NULL;
    if (!print_diags(diags) || !w) return STATUS_REFUSED;
    int status = load_world_run(w);
    load_world_close(w);
    return status;
}

/* A bundle is made of it, in memory: so it is checked as any other, by the same code. */
static int run_module(void)
{
    Arena arena = {0};
    Diags diags = {0};
    World world = {0};
    WorldModule alone;
    Writer bytes = {0};
    Bundle bundle = {0};
    BundleOpenOptions unsigned_too = {.allow_unsigned = true};
    int status = STATUS_REFUSED;
    if (describe_world(&arena, &alone, &diags, &world) && bundle_create(&world, &diags, &bytes) &&
        bundle_open_bytes(bytes.ptr, bytes.len, iwasm.path, &unsigned_too, &diags, &bundle))
        status = run_bundle(&bundle, &diags);
    print_diags(&diags);
    bundle_close(&bundle);
    wr_free(&bytes);
    if (world.file) bundle_close_world(&world);
    arena_free(&arena);
    return status;
}

static void *world_thread(void *status)
{
    *(int *)status = run_module();
    return NULL;
}

/* Whatever import the module calls first. It does not return; so its type does not matter. */
static void called(void)
{
    int status = STATUS_REFUSED;
    pthread_t thread; /* of its own: in this one WAMR is within the first instance */
    if (pthread_create(&thread, NULL, world_thread, &status) != 0) fputs(TOOL ": error: no thread for the world [I0104]\n", stderr);
    else pthread_join(thread, NULL);
    exit(status);
}

/* ---- what iwasm is about to run ---------------------------------------------------------------------------------------- */

/* The first word that is no option; of all options -f and --function alone have their value in the next word. */
static bool read_command_line(void)
{
    FILE *f = fopen("/proc/self/cmdline", "re");
    char *word = NULL;
    size_t cap = 0;
    bool value = true; /* the program's name */
    while (f && !iwasm.path && getdelim(&word, &cap, 0, f) >= 0) {
        if (strncmp(word, "--native-lib=", 13) == 0) iwasm.n_options += strstr(word, "parigot-wamr") != NULL;
        if (!value && *word != '-') iwasm.path = arena_strndup(&iwasm.arena, word, strlen(word));
        value = !value && (strcmp(word, "-f") == 0 || strcmp(word, "--function") == 0);
    }
    free(word);
    if (f) fclose(f);
    return iwasm.path != NULL;
}

static Service *service_of(Str name)
{
    for (size_t i = 0; i < iwasm.n; i++)
        if (str_eq(str_of(iwasm.services[i].name), name)) return &iwasm.services[i];
    Service *more = arena_grow(&iwasm.arena, iwasm.services, iwasm.n, &iwasm.cap, sizeof *more);
    if (!more) return NULL;
    iwasm.services = more;
    more[iwasm.n] = (Service){.name = arena_strndup(&iwasm.arena, name.ptr, name.len)};
    return more[iwasm.n].name ? &more[iwasm.n++] : NULL;
}

static bool add_native(const WasmModule *m, const WasmImport *import)
{
    Service *s = service_of(import->module);
    if (s && !s->symbols) s->symbols = arena_array(&iwasm.arena, m->n_imports, sizeof *s->symbols);
    char *name = arena_strndup(&iwasm.arena, import->name.ptr, import->name.len);
    if (!s || !s->symbols || !name) return false;
    s->symbols[s->n++] = (NativeSymbol){.symbol = name, .func_ptr = (void *)called};
    return true;
}

static bool is_metered(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, STR("parigot:fuel"))) return true;
    return false;
}

/* Its imports, to be there when iwasm links it. Validation comes when it is run. */
static bool read_imports(Diags *diags)
{
    WasmModule m;
    WasmReadOptions options = {0};
    if (!file_read(iwasm.path, 0, diags, &iwasm.file) ||
        !wasm_read_module(&iwasm.arena, iwasm.file.ptr, iwasm.file.size, iwasm.path, &options, diags, &m))
        return false;
    if (is_metered(&m)) {
        diag_add(diags, RUN_ENGINE_CANNOT, DIAG_AT(.file = iwasm.path),
                 "iwasm cannot set the fuel of a metered module: use parigot-run --engine=wamr, or link without --meter");
        return false;
    }
    for (uint32_t i = 0; i < m.n_imports; i++) {
        if (m.imports[i].kind != KIND_FUNC || add_native(&m, &m.imports[i])) continue;
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = iwasm.path), "out of memory");
        return false;
    }
    if (!iwasm.n) diag_add(diags, RUN_ENGINE_CANNOT, DIAG_AT(.file = iwasm.path), "imports nothing: there is nothing to provide");
    return iwasm.n > 0;
}

/* ---- with iwasm's runtime, or beside it ---------------------------------------------------------------------------------- */

/* In the order of loading: what iwasm came with stands before us. Its libiwasm then is the one that we call as well. */
typedef struct Order {
    unsigned seen, runtime, self;
} Order;

static bool holds(const struct dl_phdr_info *info, const void *address)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t start = (uintptr_t)info->dlpi_addr + (uintptr_t)p->p_vaddr;
        if (p->p_type == PT_LOAD && (uintptr_t)address >= start && (uintptr_t)address - start < p->p_memsz) return true;
    }
    return false;
}

static int find_order(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    Order *o = data;
    o->seen++;
    if (holds(info, (const void *)wasm_runtime_load)) o->runtime = o->seen;
    if (holds(info, (const void *)called)) o->self = o->seen;
    return 0;
}

static bool shares_runtime(void)
{
    Order o = {0};
    dl_iterate_phdr(find_order, &o);
    return o.runtime && o.runtime < o.self;
}

/* iwasm itself registers the first. */
static bool register_others(Diags *diags)
{
    for (size_t i = 1; i < iwasm.n; i++) {
        Service *s = &iwasm.services[i];
        s->registered = wasm_runtime_register_natives(s->name, s->symbols, s->n);
        if (s->registered) continue;
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = iwasm.path), "out of memory");
        return false;
    }
    return true;
}

static bool check_options(Diags *diags)
{
    if (iwasm.n_options >= iwasm.n) return true;
    Diag *d = diag_add(diags, USAGE, DIAG_AT(.file = iwasm.path),
                       "this iwasm is linked statically, and asks a library for one service: give --native-lib=.../libparigot-wamr.so "
                       "%zu times, not %zu", iwasm.n, iwasm.n_options);
    for (size_t i = 0; i < iwasm.n; i++) diag_note(diags, d, "imported: %s", diag_escape(&iwasm.arena, str_of(iwasm.services[i].name)));
    return false;
}

/* ---- what iwasm calls ---------------------------------------------------------------------------------------------------- */

/* 0: good. Once for each --native-lib. */
int init_native_lib(void)
{
    if (iwasm.path) return iwasm.handed_out < iwasm.n ? 0 : -1;
    Diags diags = {0};
    if (!read_command_line())
        diag_add(&diags, USAGE, DIAG_AT(.file = NULL), "the command line of this program names no module: is it iwasm?");
    else if (read_imports(&diags))
        (void)(shares_runtime() ? register_others(&diags) : check_options(&diags));
    return print_diags(&diags) ? 0 : -1;
}

uint32_t get_native_lib(char **module_name, NativeSymbol **symbols)
{
    if (iwasm.handed_out >= iwasm.n) return 0;
    const Service *s = &iwasm.services[iwasm.handed_out++];
    *module_name = s->name;
    *symbols = s->symbols;
    return s->n;
}

/* The module has called nothing: there was nothing to do. */
void deinit_native_lib(void)
{
    if (!iwasm.path || iwasm.handed_out-- > 1) return;
    for (size_t i = 0; i < iwasm.n; i++)
        if (iwasm.services[i].registered) wasm_runtime_unregister_natives(iwasm.services[i].name, iwasm.services[i].symbols);
    file_close(&iwasm.file);
    arena_free(&iwasm.arena);
    memset(&iwasm, 0, sizeof iwasm);
}
