/* Fuzz target: the debug sections of a module follow code that has moved: the module is the input, and the seed of the map.
 * What comes out has to be read without harm, too. */
#include "wasm/wasm.h"

#include <stdlib.h>

enum { MEMORY_LIMIT = 64 << 20, MOST_PAIRS = 1000, QUESTIONS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Pushes and insertions at pseudo-random places: what a number generator makes of the input. */
static void make_map(CodeMap *map, const uint8_t *data, size_t size)
{
    uint32_t seed = 1, from = 0, to = 0;
    for (size_t i = 0; i < size; i++) seed = (seed ^ data[i]) * 16777619u;
    for (unsigned i = 0; i < MOST_PAIRS && from < 1 << 20; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t by = seed >> 8 & 7, more = seed >> 12 & (seed >> 31 ? 15 : 255);
        from += 1 + by;
        if (seed >> 30 & 1) {
            if (!code_map_insert(map, from, more)) return;
            to = code_map_find(map, ++from);
        } else {
            uint32_t now = code_map_find(map, from);
            to = (now > to ? now : to) + more;
            if (!code_map_push(map, from, to)) return;
        }
    }
}

/* The module with the new sections; its code is the old one: questions are asked for all addresses anyway. */
static void ask_lines(const WasmModule *m, const DwarfSection *sections, uint32_t n)
{
    Writer w = {0};
    Arena a = {.limit_bytes = MEMORY_LIMIT};
    Diags diags = {.limit = 20};
    WasmModule new;
    uint32_t custom = 0, next = 0;
    wr_bytes(&w, m->bytes, 8);
    for (uint32_t i = 0; i < m->n_sections; i++) {
        const WasmCustom *c = m->sections[i].id == SEC_CUSTOM ? &m->customs[custom++] : NULL;
        const DwarfSection *changed = c && next < n && sections[next].custom == custom - 1 ? &sections[next++] : NULL;
        if (changed && !changed->bytes) continue;
        wr_byte(&w, m->sections[i].id);
        size_t mark = wr_begin_size(&w);
        if (c) wr_name(&w, c->name);
        if (changed) wr_bytes(&w, changed->bytes, changed->size);
        else wr_bytes(&w, m->bytes + (c ? c->payload : m->sections[i].payload).offset, (c ? c->payload : m->sections[i].payload).size);
        wr_end_size(&w, mark);
    }
    if (next != n) abort(); /* by `custom`, each once */
    if (!w.failed && wasm_read_module(&a, w.ptr, w.len, "new", NULL, &diags, &new)) {
        Dwarf *d = dwarf_open_module(&new, &a);
        const char *file;
        uint32_t line;
        DwarfVariable v;
        for (uint32_t i = 0; i < QUESTIONS; i++) (void)dwarf_line_of_code(d, i * 5, &file, &line);
        (void)dwarf_variable_at(d, 1024, &v);
    }
    wr_free(&w);
    diag_free(&diags);
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {.limit_bytes = MEMORY_LIMIT};
    Diags diags = {.limit = 20};
    WasmModule m;
    CodeMap map = {.arena = &a};
    DwarfSection *sections;
    uint32_t n;
    if (wasm_read_module(&a, data, size, "fuzz", NULL, &diags, &m)) {
        make_map(&map, data, size);
        if (dwarf_remap(&m, &map, &a, &diags, &sections, &n)) ask_lines(&m, sections, n);
        if (diags.n > 20 + 20) abort(); /* errors stop at the limit; notes are few, whatever is wrong */
    }
    diag_free(&diags);
    arena_free(&a);
    return 0;
}
