/* in_process.c: one export of a bare module as native code, for bench.py: made as parigot-bundle create --native makes it, and
 * run by the engine that parigot-run --trust-native uses.
 *
 *     bench-native --make MODULE.wasm OUT.so
 *     bench-native MODULE.wasm NATIVE.so EXPORT NUMBER ...      numbers are i32 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/native.h"
#include "loader/engine.h"
#include "validator/validator.h"

static int tell(Diags *diags)
{
    TextBuf out = {0};
    for (size_t i = 0; i < diags->n; i++) diag_format(&out, &diags->items[i], "bench-native", DIAG_TEXT);
    fputs(out.ptr ? out.ptr : "", stderr);
    text_free(&out);
    return 2;
}

static int make(const ValReport *report, const char *path, Diags *diags)
{
    Arena arena = {0};
    NativeTools tools;
    Writer out = {0};
    NativeJob job = {.module = &report->module, .features = report->features, .name = str_of(path)};
    bool ok = native_find_tools(&arena, &tools, diags) && native_make(&tools, &job, diags, &out) == NATIVE_MADE &&
              file_write(path, out.ptr, out.len, 0644, false, diags);
    wr_free(&out);
    arena_free(&arena);
    return ok ? 0 : tell(diags);
}

static int run(const ValReport *report, const FileBytes *native, char **words, int n, Diags *diags)
{
    LoadCompileOptions options = {.native = native->ptr, .native_bytes = native->size};
    LoadModule *module = load_native.compile(&report->module, &options, diags);
    LoadInstance *instance = module ? load_native.instantiate(module, NULL, 0, NULL, NULL, diags) : NULL;
    LoadSlot slots[64] = {0};
    LoadTrap trap = {0};
    uint32_t func = UINT32_MAX;
    if (!instance) return tell(diags);
    for (uint32_t i = 0; i < report->module.n_exports; i++)
        if (str_eq(report->module.exports[i].name, str_of(words[0]))) func = report->module.exports[i].index;
    for (int i = 1; i < n; i++) slots[i - 1] = (uint32_t)atoi(words[i]);
    bool ok = load_native.start(instance, &trap) && load_native.call(instance, func, slots, &trap);
    if (ok) printf("%d\n", (int)slots[0]);
    else {
        TextBuf out = {0};
        load_trap_print(&out, &trap, &report->module, "bench-native");
        fputs(out.ptr ? out.ptr : "", stderr);
        text_free(&out);
    }
    load_native.destroy(instance);
    load_native.free_module(module);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    Arena arena = {0};
    Diags diags = {0};
    FileBytes file, native;
    ValReport report;
    ValOptions options = {0};
    bool making = argc == 4 && strcmp(argv[1], "--make") == 0;
    if (argc < 4) return fputs("bench-native: see the head of native.c\n", stderr), 2;
    const char *path = argv[making ? 2 : 1];
    if (!file_read(path, 0, &diags, &file) || !val_module(&arena, file.ptr, file.size, path, &options, &diags, &report))
        return tell(&diags);
    if (making) return make(&report, argv[3], &diags);
    if (!file_read(argv[2], 0, &diags, &native)) return tell(&diags);
    return run(&report, &native, argv + 3, argc - 3, &diags);
}
