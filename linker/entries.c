/* entries.c: entry thunks and frame checks of a finished module. See entries.h.
 *
 * A function that is exported and nothing more can set the stack pointer itself; one that is also called, or whose
 * reference is taken, stays as it is for those, and the export gets a function of its own. */
#include "linker/entries.h"

#include "linker/ld.h"

#include <string.h>

bool entries_find(const WasmModule *m, const PmSection *record, StackPointer *out)
{
    if (!record || !record->has_globals || record->stack_pointer == 0) return false;
    uint32_t g = record->stack_pointer - 1;
    out->global = g;
    return g >= m->n_imported[KIND_GLOBAL] && g < m->n_globals && m->globals[g].mutable && m->globals[g].type == TYPE_I32 &&
           wasm_const_i32(m, m->globals[g].init, &out->high);
}

/* ---- who is referred to ---- */

enum { REFERRED = 1, EXPORTED = 2 };

static void refer(uint8_t *funcs, uint32_t n, uint32_t func)
{
    if (func < n) funcs[func] |= REFERRED;
}

/* Instructions of code, of a constant expression, or of several of these. */
static void refer_in(const WasmModule *m, Reader r, uint8_t *funcs)
{
    WasmInstr in;
    while (rd_left(&r) && rd_instr(&r, &in))
        if (in.op == OP_CALL || in.op == OP_RETURN_CALL || in.op == OP_REF_FUNC) refer(funcs, m->n_funcs, in.index);
}

/* REFERRED: by code, a table, a global or as the start function; EXPORTED. For each function. */
static uint8_t *references(const WasmModule *m, Arena *arena)
{
    Diags ignored = DIAGS_NOTHING;
    uint8_t *funcs = arena_array(arena, m->n_funcs + 1, sizeof *funcs);
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        Reader r = wasm_reader(m, m->bodies[i], &ignored);
        r.pos = m->bytes + edit_code_start(m, i);
        refer_in(m, r, funcs);
    }
    for (uint32_t i = 0; i < m->n_elems; i++) {
        Reader r = wasm_reader(m, m->elems[i].items, &ignored);
        uint32_t func;
        if (m->elems[i].exprs) refer_in(m, r, funcs);
        else
            for (uint32_t k = 0; k < m->elems[i].n && rd_u32(&r, "function", &func); k++) refer(funcs, m->n_funcs, func);
    }
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++)
        refer_in(m, wasm_reader(m, m->globals[i].init, &ignored), funcs);
    if (m->has_start) refer(funcs, m->n_funcs, m->start);
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC && m->exports[i].index < m->n_funcs) funcs[m->exports[i].index] |= EXPORTED;
    return funcs;
}

/* ---- thunks ---- */

/* Bytes that the thunk takes at the start of a body's code; 0: it has none. */
static uint32_t thunk_size(const WasmModule *m, uint32_t body, const StackPointer *sp)
{
    Diags ignored = DIAGS_NOTHING;
    Reader r = wasm_reader(m, m->bodies[body], &ignored);
    const uint8_t *start = r.pos = m->bytes + edit_code_start(m, body);
    WasmInstr value, set;
    bool is = rd_instr(&r, &value) && value.op == OP_I32_CONST && (uint32_t)value.value == sp->high && rd_left(&r) &&
              rd_instr(&r, &set) && set.op == OP_GLOBAL_SET && set.index == sp->global;
    return is ? (uint32_t)(r.pos - start) : 0;
}

static Str as_str(Arena *arena, Writer *w)
{
    Str s = {arena_strndup(arena, (const char *)w->ptr, w->len), w->len};
    wr_free(w);
    return s;
}

static void write_thunk(Writer *w, const StackPointer *sp)
{
    ld_write_const(w, sp->high);
    ld_write_op(w, OP_GLOBAL_SET);
    wr_u32(w, sp->global);
}

/* The function that a thunk hands its parameters to, when it does nothing else; UINT32_MAX: it does. */
static uint32_t behind_thunk(const WasmModule *m, uint32_t body, uint32_t thunk)
{
    Diags ignored = DIAGS_NOTHING;
    Reader r = wasm_reader(m, m->bodies[body], &ignored);
    uint32_t func = m->n_imported[KIND_FUNC] + body, n = wasm_func_type(m, func)->n_params;
    WasmInstr in, end;
    r.pos = m->bytes + edit_code_start(m, body) + thunk;
    for (uint32_t i = 0; i < n; i++)
        if (!rd_left(&r) || !rd_instr(&r, &in) || in.op != OP_LOCAL_GET || in.index != i) return UINT32_MAX;
    bool calls = rd_left(&r) && rd_instr(&r, &in) && in.op == OP_CALL && rd_left(&r) && rd_instr(&r, &end) &&
                 end.op == OP_END && !rd_left(&r);
    if (!calls || in.index < m->n_imported[KIND_FUNC]) return UINT32_MAX;
    return wasm_same_type(wasm_func_type(m, func), wasm_func_type(m, in.index)) ? in.index : UINT32_MAX;
}

void entries_strip(const WasmModule *m, const StackPointer *sp, Arena *arena, ModuleEdit *e)
{
    const uint8_t *funcs = references(m, arena);
    /* of each the index + 1 of the function behind it; 0: it stays */
    uint32_t *moved = arena_array(arena, m->n_funcs + 1, sizeof *moved);
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        uint32_t func = m->n_imported[KIND_FUNC] + i;
        uint32_t size = funcs[func] & EXPORTED ? thunk_size(m, i, sp) : 0;
        uint32_t behind = size ? behind_thunk(m, i, size) : UINT32_MAX;
        if (behind != UINT32_MAX) moved[func] = behind + 1;
        else if (size && funcs[func] == EXPORTED)
            ARENA_PUSH(arena, e->bodies, e->n_bodies, e->bodies_cap) = (EditBody){.body = i, .cut = size};
    }
    for (size_t i = 0; i < e->n_exports; i++)
        if (e->exports[i].kind == KIND_FUNC && moved[e->exports[i].index])
            e->exports[i].index = moved[e->exports[i].index] - 1;
}

/* A function that sets the stack pointer and calls another one. */
static EditFunc new_entry(const WasmModule *m, uint32_t func, const StackPointer *sp, Arena *arena)
{
    Writer w = {0};
    wr_u32(&w, 0);
    write_thunk(&w, sp);
    for (uint32_t i = 0; i < wasm_func_type(m, func)->n_params; i++) {
        ld_write_op(&w, OP_LOCAL_GET);
        wr_u32(&w, i);
    }
    ld_write_op(&w, OP_CALL);
    wr_u32(&w, func);
    ld_write_op(&w, OP_END);
    return (EditFunc){.type = m->func_types[func], .body = as_str(arena, &w)};
}

void entries_add(const WasmModule *m, const StackPointer *sp, Arena *arena, ModuleEdit *e)
{
    const uint8_t *funcs = references(m, arena);
    uint32_t *moved = arena_array(arena, m->n_funcs + 1, sizeof *moved); /* index of the new entry, 0: the same */
    Writer w = {0};
    write_thunk(&w, sp);
    const Str thunk = as_str(arena, &w);
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        uint32_t func = m->n_imported[KIND_FUNC] + i;
        if (!(funcs[func] & EXPORTED) || thunk_size(m, i, sp)) continue;
        if (funcs[func] == EXPORTED) {
            ARENA_PUSH(arena, e->bodies, e->n_bodies, e->bodies_cap) = (EditBody){.body = i, .put = thunk};
            continue;
        }
        moved[func] = m->n_funcs + (uint32_t)e->n_funcs;
        ARENA_PUSH(arena, e->funcs, e->n_funcs, e->funcs_cap) = new_entry(m, func, sp, arena);
    }
    for (size_t i = 0; i < e->n_exports; i++) {
        EditExport *x = &e->exports[i];
        if (x->kind != KIND_FUNC || !moved[x->index]) continue;
        x->index = moved[x->index];
        e->funcs[x->index - m->n_funcs].name = x->name;
    }
}

/* ---- frame checks ---- */

static Str thunk_and_check(const WasmModule *m, uint32_t body, const StackPointer *sp, uint32_t least, uint32_t thunk,
                           Arena *arena)
{
    Writer w = {0};
    wr_bytes(&w, m->bytes + edit_code_start(m, body), thunk);
    ld_write_frame_check(&w, sp->global, least);
    return as_str(arena, &w);
}

void entries_check_frames(const WasmModule *m, const StackPointer *sp, const ValReport *report, Arena *arena, ModuleEdit *e)
{
    uint64_t *least = arena_array(arena, m->n_bodies + 1, sizeof *least); /* 0: no check */
    for (uint32_t i = 0; i < report->n_frames; i++)
        if (report->frames[i].func >= m->n_imported[KIND_FUNC] && report->frames[i].func < m->n_funcs)
            least[report->frames[i].func - m->n_imported[KIND_FUNC]] =
                (uint64_t)report->pm.layout.stack_low + report->frames[i].depth;
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        if (!least[i]) continue;
        uint32_t thunk = thunk_size(m, i, sp), c = least[i] > UINT32_MAX ? UINT32_MAX : (uint32_t)least[i];
        ARENA_PUSH(arena, e->bodies, e->n_bodies, e->bodies_cap) =
            (EditBody){.body = i, .cut = thunk, .put = thunk_and_check(m, i, sp, c, thunk, arena)};
    }
}
