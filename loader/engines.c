/* engines.c: engines by their names. */
#include "loader/engines.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <unistd.h>

/* A static libc may have them or not; what they load in a static program has no libc to rely on (is_static). */
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlerror

static const struct {
    const char *name, *file;
    bool built;
} plugins[] = {
#ifdef PARIGOT_WAMR
    {"wamr", "parigot-engine-wamr.so", true},
#else
    {"wamr", "parigot-engine-wamr.so", false},
#endif
};

bool load_engine_is_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(plugins); i++)
        if (strcmp(plugins[i].name, name) == 0) return true;
    return strcmp(name, load_interp.name) == 0;
}

static const LoadEngine *no_engine(Diags *diags, const char *name, const char *why)
{
    diag_add(diags, RUN_NO_ENGINE, DIAG_AT(.file = NULL), "engine %s: %s", name, why);
    return NULL;
}

/* The program itself comes first: one that no interpreter was asked for has loaded nothing, and cannot. */
static int has_interpreter(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) *(bool *)data |= info->dlpi_phdr[i].p_type == PT_INTERP;
    return 1;
}

static bool is_static(void)
{
    bool dynamic = false;
    dl_iterate_phdr(has_interpreter, &dynamic);
    return !dynamic || !dlopen || !dlsym || !dlerror;
}

/* Beside this program, in the build or where it is installed: PARIGOT_ENGINE_DIRS, relative to its folder. */
static void *open_plugin(const char *file)
{
    static const char *const folders[] = {PARIGOT_ENGINE_DIRS};
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0) return NULL;
    path[n] = 0;
    char *base = strrchr(path, '/');
    size_t room = base ? sizeof path - (size_t)(base - path) : 0;
    for (size_t i = 0; base && i < ARRAY_LEN(folders); i++) {
        int len = snprintf(base, room, "/%s/%s", folders[i], file);
        if (len > 0 && (size_t)len < room && access(path, F_OK) == 0) return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    return dlopen(file, RTLD_NOW | RTLD_LOCAL); /* for the words of why not */
}

const LoadEngine *load_engine_find(const char *name, Diags *diags)
{
    if (strcmp(name, load_interp.name) == 0) return &load_interp;
    size_t i = 0;
    while (i < ARRAY_LEN(plugins) && strcmp(plugins[i].name, name) != 0) i++;
    if (i == ARRAY_LEN(plugins)) return no_engine(diags, name, "there is no such engine");
    if (!plugins[i].built) return no_engine(diags, name, "this parigot-run was built without it");
    if (is_static()) return no_engine(diags, name, "a parigot-run that is linked statically has the interpreter alone");
    void *library = open_plugin(plugins[i].file);
    const LoadEnginePlugin *plugin = library ? dlsym(library, LOAD_ENGINE_SYMBOL) : NULL;
    const char *why = plugin ? NULL : dlerror();
    if (!plugin) return no_engine(diags, name, why ? why : "its plug-in cannot be loaded");
    if (strcmp(plugin->version, PARIGOT_VERSION) != 0 || plugin->engine_bytes != sizeof(LoadEngine))
        return no_engine(diags, name, "its plug-in is of another version of parigot");
    const LoadEngine *engine = plugin->open(&why);
    return engine ? engine : no_engine(diags, name, why);
}
