/* parigot_cc.c: a C compiler for parigot's modules: clang with the right flags, then parigot-ld with the
 * guest library.
 *
 * Arguments go where they belong: sources and what clang knows to clang, objects, libraries and what
 * parigot-ld knows (by its own table of options) to the linker, in their order. Objects of one run lie in a
 * folder of their own under their sources' names: the module records inputs by the last part of their path,
 * and must be the same twice. */
#include "linker/command.h"
#include "linker/response.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3 };

typedef struct List {
    const char **items;
    size_t n, cap;
} List;

/* One part of the link's command line: a source is the object that it is compiled to. */
typedef struct Cc {
    Arena arena;
    List compile;          /* flags for clang */
    List sources, objects; /* objects[i] is made of sources[i] */
    List link;             /* inputs and options for the linker, in order; sources as their objects */
    const char *output, *clang, *guest, *self_dir, *temp_dir;
    enum { LINK, COMPILE_ONLY } mode;
    const char *mode_flag; /* -c, -S, -E ... */
    bool wasi;           /* --libc=wasi */
    const char *sysroot; /* of wasi-libc; NULL: /usr, which clang finds by itself */
    const char *wasi_libraries;
    bool verbose, dry_run, no_libraries, has_o_level, any_language;
} Cc;

static _Noreturn void out_of_memory(void *ctx)
{
    (void)ctx;
    fputs("parigot-cc: fatal error: out of memory [I0104]\n", stderr);
    _exit(EXIT_INTERNAL);
}

static void add(Cc *cc, List *l, const char *s)
{
    l->items = arena_grow(&cc->arena, l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = s;
}

static void add_all(Cc *cc, List *l, const List *more)
{
    for (size_t i = 0; i < more->n; i++) add(cc, l, more->items[i]);
}

static void complain(const char *format, ...) PRINTF(1, 2);
static void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("parigot-cc: error: ", stderr);
    vfprintf(stderr, format, args);
    fputs(" [U0101]\n", stderr);
    va_end(args);
}

/* ---- the command line ---- */

/* clang's options whose value is the next argument. */
static const char *const clang_takes_value[] = {
    "-D",         "-U",        "-I",  "-F",  "-include", "-imacros", "-isystem",       "-iquote",
    "-idirafter", "-isysroot", "-MF", "-MT", "-MQ",      "-Xclang",  "-Xpreprocessor", "-Xassembler",
    "-mllvm",     "-target",   "-x"};
/* Its options that are the linker's. */
static const char *const linker_takes_value[] = {"-L", "-l", "-u", "-z", "-e", "-T"};

static bool is_one_of(const char *const *list, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], s) == 0) return true;
    return false;
}

static bool begins(const char *s, const char *prefix) { return strncmp(s, prefix, strlen(prefix)) == 0; }

static bool is_source(const Cc *cc, const char *path)
{
    static const char *const endings[] = {".c", ".i", ".s", ".S", ".cc", ".cpp", ".cxx", ".C"};
    if (cc->any_language) return true;
    const char *dot = strrchr(path, '.');
    return dot && is_one_of(endings, ARRAY_LEN(endings), dot);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The source's name with .o; a second one of that name gets a number. */
static const char *object_name(Cc *cc, const char *source)
{
    const char *base = last_part(source), *dot = strrchr(base, '.');
    int len = dot ? (int)(dot - base) : (int)strlen(base);
    unsigned same = 1;
    for (size_t i = 0; i < cc->sources.n; i++) {
        const char *other = last_part(cc->sources.items[i]), *end = strrchr(other, '.');
        same +=
            (end ? (int)(end - other) : (int)strlen(other)) == len && strncmp(other, base, (size_t)len) == 0;
    }
    if (same == 1) return arena_printf(&cc->arena, "%s/%.*s.o", cc->temp_dir, len, base);
    return arena_printf(&cc->arena, "%s/%.*s.%u.o", cc->temp_dir, len, base, same);
}

static void add_source(Cc *cc, const char *path)
{
    const char *object = cc->mode == LINK ? object_name(cc, path) : "";
    add(cc, &cc->sources, path);
    add(cc, &cc->objects, object);
    add(cc, &cc->link, object);
}

static void split_commas(Cc *cc, const char *list)
{
    for (;;) {
        size_t len = strcspn(list, ",");
        add(cc, &cc->link, arena_strndup(&cc->arena, list, len));
        if (!list[len]) return;
        list += len + 1;
    }
}

static bool is_mode(const char *arg)
{
    static const char *const modes[] = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"};
    return is_one_of(modes, ARRAY_LEN(modes), arg);
}

/* --libc=parigot|wasi */
static bool choose_libc(Cc *cc, const char *name)
{
    cc->wasi = strcmp(name, "wasi") == 0;
    if (cc->wasi || strcmp(name, "parigot") == 0) return true;
    complain("--libc=%s: expected parigot or wasi", name);
    return false;
}

/* Options of our own. */
static bool take_own(Cc *cc, const char *arg)
{
    if (begins(arg, "--guest-dir=")) cc->guest = arg + 12;
    else if (begins(arg, "--clang=")) cc->clang = arg + 8;
    else if (begins(arg, "--sysroot=")) cc->sysroot = arg + 10;
    else if (strcmp(arg, "-v") == 0) cc->verbose = true;
    else if (strcmp(arg, "-###") == 0) cc->dry_run = true;
    else if (strcmp(arg, "-nostdlib") == 0 || strcmp(arg, "-nodefaultlibs") == 0) cc->no_libraries = true;
    else if (strcmp(arg, "-nostartfiles") == 0 || strcmp(arg, "-static") == 0)
        return true; /* there is nothing else */
    else return false;
    return true;
}

static bool take(Cc *cc, char **args, size_t n, size_t *at)
{
    const char *arg = args[(*at)++];
    bool linker_value = is_one_of(linker_takes_value, ARRAY_LEN(linker_takes_value), arg);
    bool clang_value = is_one_of(clang_takes_value, ARRAY_LEN(clang_takes_value), arg);
    bool output = strcmp(arg, "-o") == 0, xlinker = strcmp(arg, "-Xlinker") == 0;
    bool long_value = false, for_linker = begins(arg, "--") && ld_knows_option(arg, &long_value);
    const char *value = NULL;
    if (linker_value || clang_value || output || xlinker || long_value) {
        if (*at == n) {
            complain("%s: missing argument", arg);
            return false;
        }
        value = args[(*at)++];
    }
    bool in_guest_library = strcmp(arg, "-lm") == 0 || strcmp(arg, "-lc") == 0;
    if (in_guest_library && !cc->no_libraries) return true;
    if (begins(arg, "--libc=")) return choose_libc(cc, arg + 7);
    if (output) cc->output = value;
    else if (begins(arg, "-o") && arg[2]) cc->output = arg + 2;
    else if (xlinker) add(cc, &cc->link, value);
    else if (begins(arg, "-Wl,")) split_commas(cc, arg + 4);
    else if (is_mode(arg)) cc->mode_flag = arg;
    else if (take_own(cc, arg)) {
    } else if (linker_value || for_linker || begins(arg, "-L") || begins(arg, "-l") ||
               strcmp(arg, "-s") == 0 || begins(arg, "-z")) {
        add(cc, &cc->link, arg);
        if (value) add(cc, &cc->link, value);
    } else if (begins(arg, "-flto")) {
        complain("%s: link-time optimisation is not done", arg);
        return false;
    } else if (arg[0] == '-' && arg[1]) {
        if (begins(arg, "-O")) cc->has_o_level = true;
        if (strcmp(arg, "-x") == 0) cc->any_language = strcmp(value, "none") != 0;
        add(cc, &cc->compile, arg);
        if (value) add(cc, &cc->compile, value);
    } else if (is_source(cc, arg)) add_source(cc, arg);
    else add(cc, &cc->link, arg);
    return true;
}

/* ---- finding things ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *find_on_path(Cc *cc, const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t len = strcspn(path, ":");
        const char *candidate = arena_printf(&cc->arena, "%.*s/%s", (int)len, path, name);
        if (len && access(candidate, X_OK) == 0) return candidate;
        path += len + (path[len] == ':');
    }
    return NULL;
}

static bool find_clang(Cc *cc)
{
    static const char *const names[] = {"clang-19", "clang-20", "clang-21", "clang-22", "clang"};
    if (!cc->clang) cc->clang = getenv("PARIGOT_CLANG");
    for (size_t i = 0; !cc->clang && i < ARRAY_LEN(names); i++) cc->clang = find_on_path(cc, names[i]);
    if (!cc->clang) complain("clang is not on the PATH (package clang-19); --clang=PATH names one");
    return cc->clang != NULL;
}

static void find_self(Cc *cc)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    while (n > 0 && path[n - 1] != '/') n--;
    cc->self_dir = n > 1 ? arena_strndup(&cc->arena, path, (size_t)n - 1) : ".";
}

/* The guest library: named, or beside this program as it was built or installed. */
static bool find_guest(Cc *cc)
{
    if (!cc->guest) cc->guest = getenv("PARIGOT_GUEST_DIR");
    if (cc->guest) {
        if (is_folder(cc->guest)) return true;
        complain("no such folder: %s (the guest library's; see --guest-dir)", cc->guest);
        return false;
    }
    const char *places[] = {"abi-stubs/guest", "share/parigot/guest"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        cc->guest = arena_printf(&cc->arena, "%s/../%s", cc->self_dir, places[i]);
        if (is_folder(cc->guest)) return true;
    }
    cc->guest = NULL;
    return true;
}

/* Debian's wasi-libc, or another one in the same layout. */
static bool find_wasi_libc(Cc *cc)
{
    cc->wasi_libraries = arena_printf(&cc->arena, "%s/lib/wasm32-wasi", cc->sysroot ? cc->sysroot : "/usr");
    const char *libc = arena_printf(&cc->arena, "%s/libc.a", cc->wasi_libraries);
    if (!cc->wasi || access(libc, R_OK) == 0) return true;
    complain("no %s (package wasi-libc); --sysroot=FOLDER names another place", libc);
    return false;
}

/* compiler-rt's archive for what WebAssembly has no instruction for (128-bit products, long double), when
 * installed. */
static const char *find_builtins(Cc *cc)
{
    char real[PATH_MAX];
    if (!realpath(cc->clang, real)) return NULL;
    static const char *const forms[] = {"wasi/libclang_rt.builtins-wasm32.a",
                                        "wasm32-unknown-wasi/libclang_rt.builtins.a"};
    const char *found = NULL;
    char *slash = strrchr(real, '/');
    if (slash) *slash = 0;
    for (size_t i = 0; !found && i < ARRAY_LEN(forms); i++) {
        glob_t g;
        if (glob(arena_printf(&cc->arena, "%s/../lib/clang/*/lib/%s", real, forms[i]), 0, NULL, &g) != 0)
            continue;
        if (g.gl_pathc)
            found = arena_strndup(&cc->arena, g.gl_pathv[g.gl_pathc - 1], strlen(g.gl_pathv[g.gl_pathc - 1]));
        globfree(&g);
    }
    return found;
}

/* ---- running ---- */

static volatile sig_atomic_t interrupted;
static void on_signal(int number) { interrupted = number; }

static void catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) sigaction(signals[i], &action, NULL);
}

static void show(const List *command)
{
    for (size_t i = 0; i + 1 < command->n; i++) fprintf(stderr, i ? " \"%s\"" : "\"%s\"", command->items[i]);
    fputc('\n', stderr);
}

/* Runs one command, whose last item is NULL; its exit status, or 3. */
static int run(Cc *cc, List *command)
{
    add(cc, command, NULL);
    if (cc->verbose || cc->dry_run) show(command);
    if (cc->dry_run) return EXIT_CLEAN;
    pid_t pid;
    int status, error = posix_spawn(&pid, command->items[0], NULL, NULL,
                                    (char *const *)(uintptr_t)command->items, environ);
    if (error) {
        complain("cannot run %s: %s", command->items[0], strerror(error));
        return EXIT_USAGE;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        if (interrupted) kill(pid, SIGTERM);
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    fprintf(stderr, "parigot-cc: error: %s was killed by signal %d\n", command->items[0], WTERMSIG(status));
    return EXIT_INTERNAL;
}

/* What is said of sources before the user's own flags, so that those win. */
static List compile_command(Cc *cc)
{
    List l = {0};
    add(cc, &l, cc->clang);
    add(cc, &l, cc->wasi ? "--target=wasm32-wasi" : "--target=wasm32");
    if (!cc->wasi) add(cc, &l, "-ffreestanding");
    add(cc, &l, "-mbulk-memory");
    if (!cc->wasi) add(cc, &l, "-nostdlibinc");
    else if (cc->sysroot) add(cc, &l, arena_printf(&cc->arena, "--sysroot=%s", cc->sysroot));
    if (!cc->has_o_level) add(cc, &l, "-O2");
    if (cc->guest) {
        add(cc, &l, cc->wasi ? "-idirafter" : "-isystem"); /* <stdio.h> is wasi-libc's then */
        add(cc, &l, arena_printf(&cc->arena, "%s/include", cc->guest));
    }
    add_all(cc, &l, &cc->compile);
    return l;
}

static int compile_only(Cc *cc)
{
    List l = compile_command(cc);
    add(cc, &l, cc->mode_flag);
    if (cc->output) {
        add(cc, &l, "-o");
        add(cc, &l, cc->output);
    }
    add_all(cc, &l, &cc->sources);
    return run(cc, &l);
}

static int compile_sources(Cc *cc)
{
    int worst = EXIT_CLEAN; /* all are compiled, so that all errors are seen */
    for (size_t i = 0; i < cc->sources.n && !interrupted; i++) {
        List l = compile_command(cc);
        add(cc, &l, "-c");
        add(cc, &l, cc->sources.items[i]);
        add(cc, &l, "-o");
        add(cc, &l, cc->objects.items[i]);
        int status = run(cc, &l);
        if (status > worst) worst = status;
    }
    return interrupted ? EXIT_INTERNAL : worst;
}

/* A program over wasi-libc has main(): its entries are the library's. */
static void add_guest_libraries(Cc *cc, List *l)
{
    add(cc, l, arena_printf(&cc->arena, "%s/lib/libparigot%s.a", cc->guest, cc->wasi ? "-wasi" : ""));
    if (!cc->wasi) return;
    add(cc, l, "-u");
    add(cc, l, "parigot_init");
    add(cc, l, "-L");
    add(cc, l, cc->wasi_libraries);
    add(cc, l, "-lc");
}

static int link_objects(Cc *cc)
{
    List l = {0};
    const char *ld = arena_printf(&cc->arena, "%s/parigot-ld", cc->self_dir);
    add(cc, &l, access(ld, X_OK) == 0 ? ld : "/usr/bin/parigot-ld");
    add(cc, &l, "-o");
    add(cc, &l, cc->output ? cc->output : "a.wasm");
    add(cc, &l, arena_printf(&cc->arena, "--hide-prefix=%s/", cc->temp_dir));
    add_all(cc, &l, &cc->link);
    if (!cc->no_libraries) {
        const char *builtins = find_builtins(cc);
        if (cc->guest) add_guest_libraries(cc, &l);
        if (builtins) add(cc, &l, builtins);
    }
    return run(cc, &l);
}

static void remove_temporary(const Cc *cc)
{
    for (size_t i = 0; i < cc->objects.n; i++) unlink(cc->objects.items[i]);
    rmdir(cc->temp_dir);
}

static int build(Cc *cc)
{
    if (cc->mode == COMPILE_ONLY) return compile_only(cc);
    int status = compile_sources(cc);
    if (status == EXIT_CLEAN) status = link_objects(cc);
    return status;
}

static void print_help(void)
{
    puts(
        "usage: parigot-cc [options] FILE...\n"
        "Compiles C with clang and links it with parigot-ld and the guest library.\n\n"
        "  -o FILE           the module (default a.wasm); X.pbundle makes a bundle\n"
        "  -c, -S, -E        compile, assemble, preprocess only, as clang does\n"
        "  --policy=...      and every other long option of parigot-ld: handed to it,\n"
        "                    as are -L, -l, -u, -z, -s, -Wl,A,B and -Xlinker A\n"
        "  -nostdlib         without the guest library and compiler-rt\n"
        "  --guest-dir=DIR   the guest library (default: PARIGOT_GUEST_DIR, or beside\n"
        "                    this program)\n"
        "  --libc=wasi       over wasi-libc; stdout and stderr are log lines\n"
        "  --sysroot=DIR     where wasi-libc is (default /usr: Debian's)\n"
        "  --clang=PATH      the compiler (default: PARIGOT_CLANG, clang-19, clang)\n"
        "  -v, -###          show the commands; only show them\n\n"
        "Everything else goes to clang. What it is told first: --target=wasm32\n"
        "-ffreestanding -mbulk-memory -nostdlibinc -isystem DIR/include, and -O2 when no\n"
        "-O is given. See parigot-cc(1).");
}

/* Before any argument is placed, so that it is known whether sources become temporary objects. */
static void find_mode(Cc *cc, char **args, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_mode(args[i])) cc->mode = COMPILE_ONLY;
}

int main(int argc, char **argv)
{
    Cc cc = {.arena.on_oom = out_of_memory};
    Diags diags = {0};
    char **args;
    size_t n, at = 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) return print_help(), EXIT_CLEAN;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("parigot-cc " PARIGOT_VERSION), EXIT_CLEAN;
    if (!ld_expand_arguments(argc, argv, &cc.arena, &diags, &args, &n)) {
        complain("%s", diags.n ? diags.items[0].text : "response file");
        return EXIT_USAGE;
    }
    const char *tmp = getenv("TMPDIR");
    char *temp_dir = arena_printf(&cc.arena, "%s/parigot-cc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    cc.temp_dir = temp_dir;
    find_mode(&cc, args, n);
    find_self(&cc);
    if (cc.mode == LINK && !mkdtemp(temp_dir)) {
        complain("cannot make a temporary folder %s: %s", temp_dir, strerror(errno));
        return EXIT_USAGE;
    }
    catch_signals();
    bool ok = true;
    while (ok && at < n) ok = take(&cc, args, n, &at);
    if (ok && !cc.sources.n && !cc.link.n) ok = (complain("no input files"), false);
    int status = ok && find_clang(&cc) && find_guest(&cc) && find_wasi_libc(&cc) ? build(&cc) : EXIT_USAGE;
    if (cc.mode == LINK) remove_temporary(&cc);
    diag_free(&diags);
    arena_free(&cc.arena);
    return status;
}
