/* Fuzz target: a finished module, through everything that reads one. */
#include "wasm/wasm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {0};
    Diags d = {.limit = 20};
    WasmModule m;
    if (wasm_read_module(&a, data, size, "fuzz", NULL, &d, &m)) {
        WasmNames names;
        PmSection pm;
        wasm_read_names(&m, &a, &names);
        (void)pm_read(&m, &a, &d, &pm);
    }
    diag_free(&d);
    arena_free(&a);
    return 0;
}
