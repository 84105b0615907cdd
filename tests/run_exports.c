/* run_exports.c: calls every exported function without parameters, in order, and prints what wasm-interp prints.
 *
 *     run-exports [--checked | --dump] MODULE.wasm        --dump: also with parameters, as zeros; then the register code
 *
 * Imported functions print their arguments and give zeros: what wasm-interp does with --dummy-import-func. For
 * differential.py, which compares the two. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/interp.h"
#include "validator/validator.h"

static void print_value(uint8_t type, const LoadSlot *slots)
{
    LoadSlot v = slots[0];
    switch (type) {
    case TYPE_V128:
        printf("v128 i32x4:0x%08x 0x%08x 0x%08x 0x%08x", (unsigned)v, (unsigned)(v >> 32), (unsigned)slots[1],
               (unsigned)(slots[1] >> 32));
        break;
    case TYPE_I32: printf("i32:%u", (unsigned)v); break;
    case TYPE_I64: printf("i64:%llu", (unsigned long long)v); break;
    case TYPE_F32: printf("f32:%f", (double)load_to_f32(v)); break;
    case TYPE_F64: printf("f64:%f", load_to_f64(v)); break;
    default: printf("%s:%s", wasm_type_text(type), v == 0 ? "0" : "ref"); break;
    }
}

static void print_values(const uint8_t *types, uint32_t n, const LoadSlot *slots)
{
    for (uint32_t i = 0; i < n; slots += load_slots(&types[i++], 1)) {
        if (i > 0) printf(", ");
        print_value(types[i], slots);
    }
}

/* One for each import of the module. */
typedef struct Dummy {
    const WasmImport *import;
    const WasmType *type;
    char params[64], results[64];
} Dummy;

static bool dummy(LoadHostCall *call)
{
    const Dummy *d = call->data;
    printf("called host %.*s.%.*s(", STR_ARG(d->import->module), STR_ARG(d->import->name));
    print_values(d->type->params, d->type->n_params, call->slots);
    printf(") =>");
    memset(call->slots, 0, load_slots(d->type->results, d->type->n_results) * sizeof *call->slots);
    if (d->type->n_results > 0) printf(" ");
    print_values(d->type->results, d->type->n_results, call->slots);
    printf("\n");
    return true;
}

static void letters(char *out, const uint8_t *types, uint32_t n)
{
    for (uint32_t i = 0; i < n && i < 63; i++)
        out[i] = types[i] == TYPE_I32   ? 'i'
                 : types[i] == TYPE_I64 ? 'I'
                 : types[i] == TYPE_F32 ? 'f'
                 : types[i] == TYPE_F64 ? 'F'
                 : types[i] == TYPE_V128 ? 'V'
                 : types[i] == TYPE_FUNCREF ? 'c' : 'e';
}

static void call_exports(const WasmModule *m, LoadInstance *instance, bool with_params)
{
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        const WasmType *type = e->kind == KIND_FUNC ? wasm_func_type(m, e->index) : NULL;
        LoadSlot slots[1024] = {0};
        LoadTrap trap = {0};
        if (type == NULL || (type->n_params > 0 && !with_params)) continue;
        bool ok = load_interp.call(instance, e->index, slots, &trap);
        printf("%.*s() =>", STR_ARG(e->name));
        if (!ok) printf(" error: %s", load_trap_text(trap.kind));
        else if (type->n_results > 0) printf(" ");
        if (ok) print_values(type->results, type->n_results, slots);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    bool checked = argc > 2 && strcmp(argv[1], "--checked") == 0, dump = argc > 2 && strcmp(argv[1], "--dump") == 0;
    Arena arena = {0};
    Diags diags = {0};
    FileBytes file;
    ValReport report;
    ValOptions options = {.features = load_interp.features};
    int status = 2;
    if (argc < 2 || !file_read(argv[argc - 1], 0, &diags, &file)) return status;
    if (val_module(&arena, file.ptr, file.size, argv[argc - 1], &options, &diags, &report)) {
        const WasmModule *m = &report.module;
        Dummy *dummies = arena_array(&arena, m->n_imports + 1, sizeof *dummies);
        LoadImport *imports = arena_array(&arena, m->n_imports + 1, sizeof *imports);
        for (uint32_t i = 0; dummies != NULL && imports != NULL && i < m->n_imports; i++) {
            if (m->imports[i].kind != KIND_FUNC) continue;
            Dummy *d = &dummies[i];
            d->import = &m->imports[i];
            d->type = wasm_func_type(m, d->import->index);
            letters(d->params, d->type->params, d->type->n_params);
            letters(d->results, d->type->results, d->type->n_results);
            imports[i] = (LoadImport){d->import->module, d->import->name, d->params, d->results, dummy, d};
        }
        LoadCompileOptions compile = {.force_checks = checked};
        LoadModule *module = load_interp.compile(m, &compile, &diags);
        LoadInstance *instance =
            module ? load_interp.instantiate(module, imports, m->n_imports, NULL, NULL, &diags) : NULL;
        LoadTrap trap = {0};
        if (instance != NULL && load_interp.start(instance, &trap)) {
            call_exports(m, instance, dump);
            status = 0;
        }
        TextBuf text = {0};
        if (dump && instance != NULL) decode_dump(&text, module);
        if (text.ptr != NULL) fputs(text.ptr, stdout);
        text_free(&text);
        load_interp.destroy(instance);
        load_interp.free_module(module);
    }
    for (size_t i = 0; i < diags.n; i++) fprintf(stderr, "%s\n", diags.items[i].text);
    diag_free(&diags);
    arena_free(&arena);
    file_close(&file);
    return status;
}
