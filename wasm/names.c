/* names.c: the custom section "name", core 2.0 §7.4.1 "Name Section", with globals and data segments of the extended
 * name section proposal. Names are decoration: what cannot be read names nothing, and reading stops there. */
#include "wasm/wasm.h"

enum { SUB_FUNCS = 1, SUB_GLOBALS = 7, SUB_DATAS = 9 };

/* A map from index to name; entries beyond the index space are passed over. */
static void read_map(Reader *r, Arena *arena, uint32_t n_space, Str **out, uint32_t *n_out)
{
    uint32_t n, index;
    Str name;
    if (*out || n_space == 0 || !rd_count(r, "names", 2, &n)) return;
    Str *names = arena_array(arena, n_space, sizeof *names);
    if (!names) return;
    *out = names;
    *n_out = n_space;
    for (uint32_t i = 0; i < n; i++) {
        if (!rd_u32(r, "index", &index) || !rd_name(r, "name", &name)) return;
        if (index < n_space) names[index] = name;
    }
}

void wasm_read_names(const WasmModule *m, Arena *arena, WasmNames *out)
{
    *out = (WasmNames){0};
    const WasmCustom *custom = wasm_find_custom(m, STR("name"));
    if (!custom) return;
    Diags ignored = {.limit = 1};
    Reader r = wasm_reader(m, custom->payload, &ignored), sub;
    uint8_t id;
    uint32_t size;
    while (r.pos != r.end && rd_byte(&r, "subsection id", &id) && rd_u32(&r, "subsection size", &size) &&
           rd_sub(&r, "subsection", size, &sub)) {
        if (id == SUB_FUNCS) read_map(&sub, arena, m->n_funcs, &out->funcs, &out->n_funcs);
        if (id == SUB_GLOBALS) read_map(&sub, arena, m->n_globals, &out->globals, &out->n_globals);
        if (id == SUB_DATAS) read_map(&sub, arena, m->n_datas, &out->datas, &out->n_datas);
    }
    diag_free(&ignored);
}
