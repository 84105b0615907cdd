/* code_chunks.c: function bodies in portions of about the same size, for threads to share. */
#include "wasm/wasm.h"

uint64_t wasm_code_bytes(const WasmModule *m)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < m->n_bodies; i++) n += m->bodies[i].size;
    return n;
}

bool wasm_code_chunks(const WasmModule *m, uint32_t bytes, Arena *arena, CodeChunks *out)
{
    uint64_t filled = bytes;
    *out = (CodeChunks){.first = arena_array(arena, (size_t)(wasm_code_bytes(m) / bytes) + 2, sizeof *out->first)};
    if (!out->first) return false;
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        if (filled >= bytes) {
            out->first[out->n++] = i;
            filled = 0;
        }
        filled += m->bodies[i].size;
    }
    out->first[out->n] = m->n_bodies;
    return true;
}
