/* map.c: --Map: where everything went, in wasm-ld's form: a line for each section, and in the larger ones for
 * each function, data segment and symbol, with its address in memory (or -), its offset in the file and its
 * size.
 *
 * Offsets in code and data are those of wasm-ld 19: they count from the section's first byte, not from what
 * follows its size, so they are a few bytes short; scripts that compare maps want it so. */
#include "linker/ld.h"

#define NO_ADDRESS UINT64_MAX

/* For each function and segment of an object its symbols, in their order. Numbers are index + 1, 0: none. */
typedef struct SymbolLists {
    uint32_t *of_func, *of_segment, *next;
} SymbolLists;

typedef struct Map {
    Ld *ld;
    TextBuf *t;
    const LdPlaces *places;
} Map;

static void columns(TextBuf *t, uint64_t address, uint64_t offset, uint64_t size)
{
    if (address == NO_ADDRESS) text_printf(t, "       - ");
    else text_printf(t, "%8llx ", (unsigned long long)address);
    text_printf(t, "%8llx %8llx ", (unsigned long long)offset, (unsigned long long)size);
}

/* ---- symbols by what they name ---- */

/* Backwards, each put in front: the lists come out in order, and no list is walked. */
static SymbolLists *lists_of(Ld *ld, Obj *obj)
{
    if (obj->map_lists) return obj->map_lists;
    const WasmModule *m = &obj->o.module;
    SymbolLists *l = obj->map_lists = arena_alloc(&ld->arena, sizeof *l);
    l->of_func = arena_array(&ld->arena, m->n_bodies, sizeof *l->of_func);
    l->of_segment = arena_array(&ld->arena, obj->o.n_segments, sizeof *l->of_segment);
    l->next = arena_array(&ld->arena, obj->o.n_symbols, sizeof *l->next);
    for (uint32_t i = obj->o.n_symbols; i-- > 0;) {
        const Symbol *s = obj->symbols[i];
        uint32_t *first = NULL;
        if (s->state != SYM_DEFINED || s->obj != obj) continue;
        if (s->kind == SYM_FUNCTION) first = &l->of_func[s->func - obj->funcs];
        if (s->kind == SYM_DATA && s->segment) first = &l->of_segment[s->segment - obj->segments];
        if (!first) continue;
        l->next[i] = *first;
        *first = i + 1;
    }
    return l;
}

static void symbols(const Map *m, const Obj *obj, uint32_t first, uint64_t offset, uint64_t size)
{
    for (uint32_t i = first; i; i = obj->map_lists->next[i - 1]) {
        const Symbol *s = obj->symbols[i - 1];
        if (s->kind == SYM_DATA) columns(m->t, ld_data_address(s, 0), offset + s->value, s->obj->o.symbols[s->obj_symbol].data_size);
        else columns(m->t, NO_ADDRESS, offset, size);
        text_printf(m->t, "%16s%s\n", "", diag_escape(&m->ld->arena, ld_shown_name(m->ld, s->name)));
    }
}

/* ---- sections ---- */

static void section(const Map *m, uint64_t at, uint64_t size, const char *name)
{
    columns(m->t, NO_ADDRESS, at, size);
    text_printf(m->t, "%s\n", name);
}

/* wasm-ld names a stub by the function that is not there. */
static Str shown(Str name)
{
    static const Str prefixes[] = {
        {"undefined_weak:", 15}, {"signature_mismatch:", 19}, {"undefined_stub:", 15}};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (str_has_prefix(name, prefixes[i]))
            return (Str){name.ptr + prefixes[i].len, name.len - prefixes[i].len};
    return name;
}

static void code(const Map *m)
{
    for (size_t i = 0; i < m->ld->n_funcs; i++) {
        const InFunc *f = m->ld->funcs[i];
        uint32_t body = f->size + f->extra->check_size, head = wr_u32_size(body);
        uint64_t at = m->places->code_at + f->out_offset - head;
        columns(m->t, NO_ADDRESS, at, head + body);
        text_printf(m->t, "%8s%s:(%s)\n", "", ld_obj_text(f->obj),
                    diag_escape(&m->ld->arena, f->obj ? f->name : shown(f->name)));
        if (f->obj) symbols(m, f->obj, lists_of(m->ld, f->obj)->of_func[f - f->obj->funcs], at, head + body);
    }
}

static void part(const Map *m, const OutSegment *s, const InSegment *in)
{
    bool written = s->index != LD_NONE;
    uint64_t offset = written ? m->places->data_at + s->place + s->head_size + in->offset : 0;
    columns(m->t, s->address + in->offset, offset, in->size);
    text_printf(m->t, "%8s%s:(%s)\n", "", in->obj->file,
                diag_escape(&m->ld->arena, ld_segment_info(in)->name));
    symbols(m, in->obj, lists_of(m->ld, in->obj)->of_segment[in - in->obj->segments], offset, 0);
}

static void data(const Map *m)
{
    for (size_t i = 0; i < m->ld->n_segments; i++) {
        const OutSegment *s = m->ld->segments[i];
        bool merged_done = false;
        uint64_t at = m->places->data_at + (s->index != LD_NONE ? s->place : 0);
        columns(m->t, s->address, at, s->size);
        text_printf(m->t, "%s\n", diag_escape(&m->ld->arena, s->name));
        for (size_t k = 0; k < s->n; k++) {
            if (!s->parts[k]->pieces) part(m, s, s->parts[k]);
            else if (!merged_done) {
                merged_done = true;
                columns(m->t, s->address + s->merged->offset, at + s->head_size + s->merged->offset,
                        s->merged->size);
                text_printf(m->t, "%8s<internal>:(%s)\n", "", diag_escape(&m->ld->arena, s->name));
            }
        }
    }
}

static void globals(const Map *m)
{
    for (size_t i = 0; i < m->ld->n_globals; i++) {
        const InGlobal *g = m->ld->globals[i];
        if (g->address_of) continue;
        columns(m->t, g->out_index, 0, 0);
        text_printf(m->t, "%8s%s\n", "", diag_escape(&m->ld->arena, g->name));
    }
}

static const char *const section_names[] = {
    [SEC_TYPE] = "TYPE",     [SEC_IMPORT] = "IMPORT", [SEC_FUNCTION] = "FUNCTION", [SEC_TABLE] = "TABLE",
    [SEC_MEMORY] = "MEMORY", [SEC_GLOBAL] = "GLOBAL", [SEC_EXPORT] = "EXPORT",     [SEC_START] = "START",
    [SEC_ELEMENT] = "ELEM",  [SEC_TAG] = "TAG"};

/* The small sections, as they were made. */
static void made(const Map *m, const Writer *w, uint64_t at)
{
    Diags ignored = {.limit = 1};
    Reader r = rd_open(w->ptr, w->len, NULL, &ignored), body;
    if (at == 0) r.pos += w->len < 8 ? w->len : 8; /* the module's own head */
    uint8_t id;
    Str name;
    for (;;) {
        uint64_t from = rd_offset(&r);
        if (!rd_left(&r) || !rd_section(&r, &id, &body)) break;
        const char *text = id < ARRAY_LEN(section_names) ? section_names[id] : NULL;
        if (!text && rd_name(&body, "name", &name))
            text = arena_printf(&m->ld->arena, "CUSTOM(%s)", diag_escape(&m->ld->arena, name));
        section(m, at + from, rd_offset(&r) - from, text ? text : "?");
        if (id == SEC_GLOBAL) globals(m);
    }
    diag_free(&ignored);
}

/* requires: the plan of the module is made. */
void ld_make_map(Ld *ld, const LdPlaces *places, TextBuf *t)
{
    const Map m = {ld, t, places};
    t->len = 0;
    text_printf(t, "    Addr      Off     Size Out     In      Symbol\n");
    made(&m, places->head, 0);
    if (places->code_size) {
        section(&m, places->code_at, places->code_size, "CODE");
        code(&m);
    }
    if (places->data_size) {
        section(&m, places->data_at, places->data_size, "DATA");
        data(&m);
    }
    for (size_t i = 0; i < ld->n_customs; i++) {
        const OutCustom *c = ld->customs[i];
        section(&m, c->at, c->whole_size,
                arena_printf(&ld->arena, "CUSTOM(%s)", diag_escape(&ld->arena, c->name)));
    }
    if (places->linking) made(&m, places->linking, places->relocs_at);
    for (size_t i = 0; i < places->n_relocs; i++)
        if (places->relocs[i].size)
            section(&m, places->relocs[i].at, places->relocs[i].size,
                    arena_printf(&ld->arena, "CUSTOM(%s)", ld_name_text(ld, places->relocs[i].name)));
    made(&m, places->tail, places->tail_at);
}
