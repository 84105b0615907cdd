/* mark_live.c: what the program can reach is kept; the rest is not written.
 *
 * Roots: the entry, exports, symbols marked no_strip, and the constructors and retained segments of each
 * object that counts as live: one named on the command line, or one in which something is live. From a
 * function or segment the search goes on through its relocations. Debug information keeps nothing alive. A
 * function whose address is null (a stub of ours) is kept by calls alone. */
#include "linker/ld.h"

#include <stdlib.h>

typedef struct Chunk {
    InFunc *func;
    InSegment *segment;
    Obj *obj;
} Chunk; /* one of the three */
typedef struct Queue {
    Chunk *items;
    size_t n, cap;
} Queue;

static void mark_symbol(Ld *ld, Queue *q, Symbol *s);

static void mark_func(Ld *ld, Queue *q, InFunc *f)
{
    if (f->live || f->discarded) return;
    f->live = true;
    if (f->obj) LD_PUSH(ld, q->items, q->n, q->cap) = (Chunk){.func = f};
}

static void mark_segment(Ld *ld, Queue *q, InSegment *s)
{
    if (s->live || s->discarded) return;
    s->live = true;
    LD_PUSH(ld, q->items, q->n, q->cap) = (Chunk){.segment = s};
}

static void mark_constructors(Ld *ld, Queue *q, Obj *obj)
{
    for (uint32_t i = 0; i < obj->o.n_inits; i++) mark_symbol(ld, q, obj->symbols[obj->o.inits[i].symbol]);
    for (uint32_t i = 0; i < obj->o.n_segments; i++)
        if (obj->o.segments[i].flags & SEGMENT_RETAIN) mark_segment(ld, q, &obj->segments[i]);
}

static void mark_object(Ld *ld, Queue *q, Obj *obj)
{
    if (obj->live) return;
    obj->live = true;
    LD_PUSH(ld, q->items, q->n, q->cap) = (Chunk){.obj = obj};
}

static void mark_symbol(Ld *ld, Queue *q, Symbol *s)
{
    if (s->live) return;
    s->live = true;
    if (s->state != SYM_DEFINED) return;
    if (s->obj) mark_object(ld, q, s->obj);
    switch (s->kind) {
    case SYM_FUNCTION: mark_func(ld, q, s->func); break;
    case SYM_DATA:
        if (s->segment) mark_segment(ld, q, s->segment);
        break;
    case SYM_GLOBAL: s->global->live = true; break;
    case SYM_TABLE: s->table->live = true; break;
    case SYM_TAG: s->tag->live = true; break;
    }
}

static int by_priority(const void *a, const void *b)
{
    const struct CtorCall *x = a, *y = b;
    if (x->priority != y->priority) return x->priority < y->priority ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool takes_address(uint8_t type)
{
    uint8_t kind = wasm_reloc_info(type)->index_kind;
    return kind == RI_TABLE_ELEM;
}

static void follow(Ld *ld, Queue *q, Obj *obj, WasmRelocCursor relocs)
{
    WasmReloc r;
    while (wasm_next_reloc(&relocs, &r)) {
        if (r.type == R_WASM_TYPE_INDEX_LEB) continue;
        Symbol *s = obj->symbols[r.index];
        if (s->kind == SYM_FUNCTION && s->state == SYM_DEFINED && s->func->null_address &&
            takes_address(r.type))
            continue;
        mark_symbol(ld, q, s);
    }
}

static void keep_all(Ld *ld, Queue *q)
{
    for (size_t o = 0; o < ld->n_objs; o++) {
        Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.module.n_bodies; i++) mark_func(ld, q, &obj->funcs[i]);
        for (uint32_t i = 0; i < obj->o.n_segments; i++) mark_segment(ld, q, &obj->segments[i]);
        for (uint32_t i = 0; i < obj->o.n_symbols; i++)
            if (obj->symbols[i]->state == SYM_DEFINED) mark_symbol(ld, q, obj->symbols[i]);
        const WasmModule *m = &obj->o.module; /* also those that lost to a definition elsewhere */
        for (uint32_t i = 0; i < m->n_globals - m->n_imported[KIND_GLOBAL]; i++) obj->globals[i].live = true;
        for (uint32_t i = 0; i < m->n_tables - m->n_imported[KIND_TABLE]; i++) obj->tables[i].live = true;
        for (uint32_t i = 0; i < m->n_tags - m->n_imported[KIND_TAG]; i++) obj->tags[i].live = true;
    }
    if (ld->call_ctors->linker) mark_symbol(ld, q, ld->call_ctors);
}

bool ld_is_exported(const Ld *ld, const Symbol *s)
{
    if (s->state != SYM_DEFINED || s->local) return false;
    if (s == ld->stack_pointer && s->linker) return s->exported; /* mutable: by name only */
    return s->exported || ld->opt->export_all || (ld->opt->export_dynamic && !s->hidden);
}

static bool is_root(const Ld *ld, const Symbol *s)
{
    if (s->state != SYM_DEFINED)
        return s->state == SYM_IS_UNDEFINED && s->no_strip && !s->weak && s->kind != SYM_TABLE;
    return s->no_strip || ld_is_exported(ld, s);
}

/* The constructors that will run, by priority, then in the order of the objects. */
static void gather_constructors(Ld *ld)
{
    for (size_t o = 0; o < ld->n_objs; o++) {
        const Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.n_inits; i++) {
            Symbol *s = obj->symbols[obj->o.inits[i].symbol];
            if (!s->live || s->kind != SYM_FUNCTION || (s->state == SYM_DEFINED && s->func->discarded))
                continue;
            LD_PUSH(ld, ld->ctors, ld->n_ctors, ld->ctors_cap) =
                (struct CtorCall){obj->o.inits[i].priority, s, (uint32_t)ld->n_ctors};
        }
    }
    if (ld->n_ctors) qsort(ld->ctors, ld->n_ctors, sizeof *ld->ctors, by_priority);
    if (ld->n_ctors && ld->call_ctors->linker) ld->call_ctors->live = ld->call_ctors->func->live = true;
}

static void removed(Ld *ld, const char *file, Str name)
{
    text_printf(ld->messages, "removing unused section %s:(%s)\n", file, ld_name_text(ld, name));
}

static void list_removed_of(Ld *ld, const Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    for (uint32_t i = 0; i < m->n_bodies; i++)
        if (!obj->funcs[i].live) removed(ld, obj->file, obj->funcs[i].name);
    for (uint32_t i = 0; i < obj->o.n_segments; i++)
        if (!obj->segments[i].live) removed(ld, obj->file, obj->o.segments[i].name);
    for (uint32_t i = 0; i < m->n_globals - m->n_imported[KIND_GLOBAL]; i++)
        if (!obj->globals[i].live) removed(ld, obj->file, obj->globals[i].name);
    for (uint32_t i = 0; i < m->n_tags - m->n_imported[KIND_TAG]; i++)
        if (!obj->tags[i].live) removed(ld, obj->file, obj->tags[i].name);
    for (uint32_t i = 0; i < m->n_tables - m->n_imported[KIND_TABLE]; i++)
        if (!obj->tables[i].live) removed(ld, obj->file, obj->tables[i].name);
}

static void list_removed(Ld *ld)
{
    for (size_t o = 0; o < ld->n_objs; o++) list_removed_of(ld, ld->objs[o]);
    for (size_t i = 0; i < ld->n_synthetic; i++)
        if (!ld->synthetic[i]->live) removed(ld, "<internal>", ld->synthetic[i]->name);
    if (ld->tls_base && !ld->tls_base->live) removed(ld, "<internal>", ld->tls_base->name);
}

static void follow_all(Ld *ld, Queue *q)
{
    while (q->n) {
        Chunk c = q->items[--q->n];
        if (c.obj) mark_constructors(ld, q, c.obj);
        else if (c.func)
            follow(ld, q, c.func->obj, wasm_relocs_in(c.func->obj->code_relocs, c.func->relocs));
        else follow(ld, q, c.segment->obj, wasm_relocs_in(c.segment->obj->data_relocs, c.segment->relocs));
    }
}

/* requires: no symbol changes its definition any more. provides: `live` of functions, segments, globals,
 * tables and symbols is final. */
void ld_mark_live(Ld *ld)
{
    Queue q = {0};
    for (uint32_t i = 0; i < ld->names.n; i++)
        if (is_root(ld, ld->symbols[i])) mark_symbol(ld, &q, ld->symbols[i]);
    for (size_t o = 0; o < ld->n_objs; o++)
        if (ld->objs[o]->live) mark_constructors(ld, &q, ld->objs[o]);
    if (ld->call_dtors) mark_symbol(ld, &q, ld->call_dtors);
    if (ld->opt->no_gc) keep_all(ld, &q);
    follow_all(ld, &q);
    gather_constructors(ld);
    if (ld->opt->print_gc) list_removed(ld);
}

/* requires: some of the constructors need not run any more. provides: `live` of functions, once more: those in the table
 * stay, and so does all data: addresses are final. */
void ld_mark_functions_again(Ld *ld)
{
    Queue q = {0};
    for (size_t o = 0; o < ld->n_objs; o++) {
        const Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.module.n_bodies; i++) obj->funcs[i].live = false;
        for (uint32_t i = 0; i < obj->o.n_symbols; i++)
            if (obj->symbols[i]->kind == SYM_FUNCTION && !obj->symbols[i]->linker) obj->symbols[i]->live = false;
    }
    for (uint32_t i = 0; i < ld->names.n; i++)
        if (ld->symbols[i]->kind == SYM_FUNCTION && is_root(ld, ld->symbols[i])) mark_symbol(ld, &q, ld->symbols[i]);
    for (size_t i = 0; i < ld->n_elems; i++) mark_symbol(ld, &q, ld->elems[i]);
    for (size_t i = 0; i < ld->n_ctors; i++) mark_symbol(ld, &q, ld->ctors[i].symbol);
    if (ld->call_dtors) mark_symbol(ld, &q, ld->call_dtors);
    follow_all(ld, &q);
}
