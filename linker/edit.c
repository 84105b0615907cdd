/* edit.c: a module's sections with a few things changed: see edit.h. All are copied byte for byte but for those that the
 * edit is about. */
#include "linker/edit.h"

#include <string.h>

typedef struct Edit {
    const WasmModule *m;
    const ModuleEdit *e;
    Arena *arena;
    Diags *diags;
    Writer *out;
    CodeMap *map;
    DwarfSection *debug; /* by custom section */
    uint32_t n_debug;
    bool mapped; /* the code is written, and debug is there */
    uint16_t written; /* 1 << section id: of those that an edit may bring into being */
} Edit;

void edit_begin(const WasmModule *m, Arena *arena, ModuleEdit *out)
{
    *out = (ModuleEdit){0};
    for (uint32_t i = 0; i < m->n_exports; i++)
        ARENA_PUSH(arena, out->exports, out->n_exports, out->exports_cap) =
            (EditExport){m->exports[i].name, m->exports[i].kind, m->exports[i].index};
}

uint32_t edit_code_start(const WasmModule *m, uint32_t body)
{
    Diags ignored = DIAGS_NOTHING;
    Reader r = wasm_reader(m, m->bodies[body], &ignored);
    WasmLocals l;
    return rd_locals(&r, &l) ? l.code_at : m->bodies[body].offset; /* the module is valid */
}

/* ---- sections ---- */

static size_t begin_section(Edit *x, uint8_t id)
{
    wr_byte(x->out, id);
    x->written |= (uint16_t)(1u << id);
    return wr_begin_size(x->out);
}

static void write_limits(Edit *x, const WasmLimits *l)
{
    wr_byte(x->out, l->has_max);
    wr_u32(x->out, l->min);
    if (l->has_max) wr_u32(x->out, l->max);
}

static uint32_t entry_end(const Edit *x, uint32_t i, const WasmSection *s)
{
    return i + 1 < x->m->n_imports ? x->m->imports[i + 1].offset : s->payload.offset + s->payload.size;
}

/* old: NULL: there is none yet */
static void write_imports(Edit *x, const WasmSection *old)
{
    uint32_t dropped = 0;
    bool add = x->e->memory == EDIT_MEMORY_IMPORTED;
    for (uint32_t i = 0; i < x->m->n_imports; i++)
        dropped += x->e->memory == EDIT_MEMORY_OWN && x->m->imports[i].kind == KIND_MEMORY;
    uint32_t n = x->m->n_imports - dropped + add;
    x->written |= 1u << SEC_IMPORT;
    if (n == 0) return;
    size_t mark = begin_section(x, SEC_IMPORT);
    wr_u32(x->out, n);
    for (uint32_t i = 0; old && i < x->m->n_imports; i++) {
        const WasmImport *im = &x->m->imports[i];
        if (x->e->memory == EDIT_MEMORY_OWN && im->kind == KIND_MEMORY) continue;
        wr_bytes(x->out, x->m->bytes + im->offset, entry_end(x, i, old) - im->offset);
    }
    if (add) {
        wr_name(x->out, EDIT_MODULE);
        wr_name(x->out, EDIT_MEMORY);
        wr_byte(x->out, KIND_MEMORY);
        write_limits(x, &x->m->memories[0]);
    }
    wr_end_size(x->out, mark);
}

static void write_memory(Edit *x)
{
    x->written |= 1u << SEC_MEMORY;
    if (x->e->memory == EDIT_MEMORY_IMPORTED) return;
    size_t mark = begin_section(x, SEC_MEMORY);
    wr_u32(x->out, 1);
    write_limits(x, &x->m->memories[0]);
    wr_end_size(x->out, mark);
}

static void write_functions(Edit *x)
{
    size_t mark = begin_section(x, SEC_FUNCTION);
    uint32_t first = x->m->n_imported[KIND_FUNC];
    wr_u32(x->out, x->m->n_bodies + (uint32_t)x->e->n_funcs);
    for (uint32_t i = 0; i < x->m->n_bodies; i++) wr_u32(x->out, x->m->func_types[first + i]);
    for (size_t i = 0; i < x->e->n_funcs; i++) wr_u32(x->out, x->e->funcs[i].type);
    wr_end_size(x->out, mark);
}

static void write_exports(Edit *x)
{
    x->written |= 1u << SEC_EXPORT;
    if (x->e->n_exports == 0) return;
    size_t mark = begin_section(x, SEC_EXPORT);
    wr_u32(x->out, (uint32_t)x->e->n_exports);
    for (size_t i = 0; i < x->e->n_exports; i++) {
        wr_name(x->out, x->e->exports[i].name);
        wr_byte(x->out, x->e->exports[i].kind);
        wr_u32(x->out, x->e->exports[i].index);
    }
    wr_end_size(x->out, mark);
}

/* ---- code ---- */

static void write_body(Edit *x, uint32_t body, const EditBody *edit, const WasmSection *old, size_t payload)
{
    const WasmRange r = x->m->bodies[body];
    uint32_t start = edit ? edit_code_start(x->m, body) : r.offset;
    uint32_t head = start - r.offset, cut = edit ? edit->cut : 0, put = edit ? (uint32_t)edit->put.len : 0;
    wr_u32(x->out, r.size - cut + put);
    /* out of memory: the map says so at the end */
    (void)code_map_push(x->map, r.offset - old->payload.offset, (uint32_t)(x->out->len - payload));
    wr_bytes(x->out, x->m->bytes + r.offset, head);
    if (edit) wr_bytes(x->out, edit->put.ptr, put);
    if (edit) { /* what was put in belongs to the first instruction that stays */
        uint32_t from = start - old->payload.offset, to = (uint32_t)(x->out->len - payload);
        (void)code_map_push(x->map, from, to - put);
        (void)code_map_push(x->map, from + cut, to - put);
        (void)code_map_push(x->map, from + cut + 1, to + 1);
    }
    wr_bytes(x->out, x->m->bytes + start + cut, r.size - head - cut);
}

static bool write_code(Edit *x, const WasmSection *old)
{
    size_t mark = begin_section(x, SEC_CODE), payload = x->out->len, next = 0;
    wr_u32(x->out, x->m->n_bodies + (uint32_t)x->e->n_funcs);
    for (uint32_t i = 0; i < x->m->n_bodies; i++) {
        const EditBody *edit = next < x->e->n_bodies && x->e->bodies[next].body == i ? &x->e->bodies[next++] : NULL;
        write_body(x, i, edit, old, payload);
    }
    for (size_t i = 0; i < x->e->n_funcs; i++) {
        wr_u32(x->out, (uint32_t)x->e->funcs[i].body.len);
        wr_bytes(x->out, x->e->funcs[i].body.ptr, x->e->funcs[i].body.len);
    }
    wr_end_size(x->out, mark);
    x->mapped = true;
    return x->e->customs != EDIT_ALL_CUSTOMS || dwarf_remap(x->m, x->map, x->arena, x->diags, &x->debug, &x->n_debug);
}

/* ---- custom sections ---- */

enum { NAMES_FUNCTIONS = 1 };

/* Those that stay, in out. returns how many */
static uint32_t copy_names(Edit *x, Reader *r, Writer *out)
{
    uint32_t n, func, kept = 0;
    Str name;
    if (!r || !rd_u32(r, "names", &n)) return 0;
    for (; n && rd_u32(r, "function", &func) && rd_name(r, "name", &name); n--) {
        if (x->e->is_no_name && x->e->is_no_name(name)) continue;
        wr_u32(out, func);
        wr_name(out, name);
        kept++;
    }
    return kept;
}

/* The functions' names with those of the new ones behind them; their indices are the highest. */
static void write_function_names(Edit *x, Reader *r)
{
    Writer names = {0};
    uint32_t n = copy_names(x, r, &names);
    for (size_t i = 0; i < x->e->n_funcs; i++) {
        if (!x->e->funcs[i].name.len) continue;
        wr_u32(&names, x->m->n_funcs + (uint32_t)i);
        wr_name(&names, x->e->funcs[i].name);
        n++;
    }
    wr_byte(x->out, NAMES_FUNCTIONS);
    size_t mark = wr_begin_size(x->out);
    wr_u32(x->out, n);
    wr_bytes(x->out, names.ptr, names.len);
    wr_end_size(x->out, mark);
    if (names.failed) x->out->failed = true;
    wr_free(&names);
}

/* A broken name section is copied as far as it can be read: it was no error before either. */
static void write_names(Edit *x, const WasmCustom *c)
{
    Diags ignored = DIAGS_NOTHING;
    Reader r = wasm_reader(x->m, c->payload, &ignored), sub;
    uint8_t id;
    uint32_t size;
    bool done = x->e->n_funcs == 0 && !x->e->is_no_name;
    size_t mark = begin_section(x, SEC_CUSTOM);
    wr_name(x->out, c->name);
    while (rd_left(&r) && rd_byte(&r, "id", &id) && rd_u32(&r, "size", &size) && rd_sub(&r, "subsection", size, &sub)) {
        if (!done && id > NAMES_FUNCTIONS) write_function_names(x, NULL);
        if (!done && id == NAMES_FUNCTIONS) write_function_names(x, &sub);
        else {
            wr_byte(x->out, id);
            wr_u32(x->out, size);
            wr_bytes(x->out, sub.pos, rd_left(&sub));
        }
        if (id >= NAMES_FUNCTIONS) done = true;
    }
    if (!done) write_function_names(x, NULL);
    wr_end_size(x->out, mark);
}

static void copy_section(Edit *x, const WasmSection *s)
{
    wr_byte(x->out, s->id);
    wr_u32(x->out, s->payload.size);
    wr_bytes(x->out, wasm_at(x->m, s->payload), s->payload.size);
}

static void write_custom(Edit *x, const WasmSection *s, const WasmCustom *c)
{
    if (str_eq(c->name, STR("parigot.module"))) return;
    if (str_eq(c->name, STR("name"))) {
        write_names(x, c);
        return;
    }
    if (x->e->customs == EDIT_NAMES_ONLY) return;
    for (uint32_t i = 0; i < x->n_debug; i++) {
        if (x->debug[i].custom != (uint32_t)(c - x->m->customs)) continue;
        if (!x->debug[i].bytes) return;
        size_t mark = begin_section(x, SEC_CUSTOM);
        wr_name(x->out, c->name);
        wr_bytes(x->out, x->debug[i].bytes, x->debug[i].size);
        wr_end_size(x->out, mark);
        return;
    }
    copy_section(x, s);
}

/* ---- the module ---- */

/* A section that the module lacks comes in front of the first one that is later in order; order 255: at the end. */
static void write_new(Edit *x, unsigned order)
{
    bool imports = x->e->memory == EDIT_MEMORY_IMPORTED, memory = x->e->memory == EDIT_MEMORY_OWN;
    if (imports && order > wasm_section_order(SEC_IMPORT) && !(x->written & 1u << SEC_IMPORT)) write_imports(x, NULL);
    if (memory && order > wasm_section_order(SEC_MEMORY) && !(x->written & 1u << SEC_MEMORY)) write_memory(x);
    if (order > wasm_section_order(SEC_EXPORT) && !(x->written & 1u << SEC_EXPORT)) write_exports(x);
}

static bool write_section(Edit *x, const WasmSection *s)
{
    switch (s->id) {
    case SEC_IMPORT: write_imports(x, s); return true;
    case SEC_FUNCTION: write_functions(x); return true;
    case SEC_MEMORY:
        if (x->e->memory == EDIT_MEMORY_STAYS) copy_section(x, s);
        else write_memory(x);
        return true;
    case SEC_EXPORT: write_exports(x); return true;
    case SEC_START:
        if (!x->e->no_start) copy_section(x, s);
        return true;
    case SEC_CODE: return write_code(x, s);
    default: copy_section(x, s); return true;
    }
}

bool edit_write(const WasmModule *m, const ModuleEdit *e, Arena *arena, Diags *diags, Writer *out, CodeMap *map)
{
    enum { MAGIC = 8, BEHIND_ALL = 255 };
    *map = (CodeMap){.arena = arena};
    Edit x = {.m = m, .e = e, .arena = arena, .diags = diags, .out = out, .map = map};
    const WasmCustom *custom = m->customs;
    wr_bytes(out, m->bytes, MAGIC);
    if (e->record) pm_write(out, e->record);
    for (uint32_t i = 0; i < m->n_sections; i++) {
        const WasmSection *s = &m->sections[i];
        if (s->id == SEC_CUSTOM) write_custom(&x, s, custom++);
        else {
            write_new(&x, wasm_section_order(s->id));
            if (!write_section(&x, s)) return false;
        }
    }
    write_new(&x, BEHIND_ALL);
    bool ok = !out->failed && !map->failed && out->len <= UINT32_MAX;
    if (!ok) diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    return ok;
}
