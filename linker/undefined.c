/* undefined.c: one look at every relocation that will be applied: what is nobody's definition, what needs a
 * place in the function table, and what needs a global that holds its address.
 *
 * An undefined symbol is reported once, with the first places that refer to it; those in dead code are none.
 */
#include "linker/ld.h"

enum { SHOWN_REFERENCES = 3 };
typedef struct Reference {
    Obj *obj;
    const InFunc *func;       /* NULL: from data */
    const InSegment *segment; /* NULL: from code */
    uint32_t offset;          /* in the section */
} Reference;
typedef struct Undefined {
    Symbol *symbol;
    Reference places[SHOWN_REFERENCES];
    uint32_t n_places, n_references;
} Undefined;
typedef struct Scan {
    Undefined *items;
    size_t n, cap;
} Scan;

/* ---- what becomes of undefined symbols ---- */

static bool is_import(const Ld *ld, const Symbol *s)
{
    if (s->kind == SYM_DATA) return false;
    if (s->explicit_import || ld->opt->relocatable) return true;
    if (ld->opt->isolate && !str_eq(ld_import_module(s), STR("env"))) return true;
    if (s->provided || ld_name_find(ld, &ld->may_be_undefined, s->name) != LD_NONE) return true;
    if (!ld->opt->allow_undefined_functions) return false;
    return s->kind == SYM_FUNCTION || ld->opt->unresolved == LD_UNRESOLVED_IGNORE; /* as wasm-ld */
}

static void note_undefined(Ld *ld, Scan *scan, Symbol *s, Reference at)
{
    if (!s->extra->undefined_as) {
        LD_PUSH(ld, scan->items, scan->n, scan->cap) = (Undefined){.symbol = s};
        ld_symbol_extra(ld, s)->undefined_as = (uint32_t)scan->n;
    }
    Undefined *u = &scan->items[s->extra->undefined_as - 1];
    u->n_references++;
    if (u->n_places < SHOWN_REFERENCES) u->places[u->n_places++] = at;
}

static void report(Ld *ld, const Undefined *u)
{
    const Symbol *s = u->symbol;
    bool warn = ld->opt->unresolved == LD_UNRESOLVED_WARN && s->kind != SYM_GLOBAL && s->kind != SYM_TABLE;
    const char *meant;
    DiagCode code = ld_undefined_code(ld, s, &meant);
    Diag *d = diag_add_as(ld->diags, warn ? SEV_WARNING : SEV_ERROR, code,
                          DIAG_AT(.file = u->places[0].obj->file, .symbol = s->name), "undefined symbol: %s",
                          ld_name_text(ld, s->name));
    if (!d) return; /* beyond --error-limit */
    for (uint32_t i = 0; i < u->n_places; i++) {
        const Reference *p = &u->places[i];
        ld_note_place(ld, d, "referenced by",
                      p->func ? ld_code_place(ld, p->obj, p->func, p->offset)
                              : ld_data_place(ld, p->obj, p->segment, p->offset));
    }
    if (u->n_references > u->n_places)
        diag_note(ld->diags, d, "referenced %u more times", u->n_references - u->n_places);
    if (meant) diag_note(ld->diags, d, "%s", meant);
    else ld_hint_undefined(ld, d, s);
}

/* A call must go somewhere that validates: to a function that traps. Its address compares equal to null. */
static void make_stub(Ld *ld, Symbol *s, const char *prefix)
{
    const char *name = arena_printf(&ld->arena, "%s%.*s", prefix, STR_ARG(s->name));
    s->func = ld_new_function(ld, str_of(name), s->type);
    s->func->null_address = true;
    s->state = SYM_DEFINED;
    s->linker = true;
    s->local = true; /* never exported */
    s->obj = NULL;
}

/* An error, or under --unresolved-symbols a warning or nothing; then a call traps and an address is zero.
 * What is neither function nor data has no such value. */
static void settle(Ld *ld, const Undefined *u)
{
    Symbol *s = u->symbol;
    bool can_be_null = s->kind == SYM_FUNCTION || s->kind == SYM_DATA;
    if (ld->opt->unresolved != LD_UNRESOLVED_IGNORE || !can_be_null) report(ld, u);
    if (ld->opt->unresolved != LD_UNRESOLVED_ERROR && s->kind == SYM_FUNCTION) {
        make_stub(ld, s, "undefined_stub:");
        s->live = s->func->live = true;
    }
}

/* Weak undefined functions get their stubs before the search for what is live: a dead one is not written.
 * requires: resolved symbols, checked signatures. */
void ld_stub_weak(Ld *ld)
{
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (s->state != SYM_IS_UNDEFINED || s->kind != SYM_FUNCTION || s->type == LD_NONE || !s->used)
            continue;
        if (s->weak) make_stub(ld, s, "undefined_weak:");
    }
}

/* ---- the scan ---- */

static void need_table_entry(Ld *ld, Symbol *s)
{
    if (s->kind != SYM_FUNCTION) return;
    if (s->state == SYM_DEFINED) {
        if (s->func->null_address || s->func->table_index != LD_NONE) return;
        s->func->table_index = 0; /* its place: assign.c */
    } else if (s->in_table || (s->weak && !ld->opt->relocatable) || !is_import(ld, s)) return;
    s->in_table = true;
    LD_PUSH(ld, ld->elems, ld->n_elems, ld->elems_cap) = s;
}

static void need_address_global(Ld *ld, Symbol *s)
{
    if (s->kind == SYM_GLOBAL || s->extra->got != LD_NONE) return;
    ld_symbol_extra(ld, s)->got = (uint32_t)ld->n_gots;
    LD_PUSH(ld, ld->gots, ld->n_gots, ld->gots_cap) = s;
    if (s->kind == SYM_FUNCTION) need_table_entry(ld, s);
}

/* from: of the code or data that the relocations are of */
static void scan(Ld *ld, Scan *sc, Obj *obj, Reference from, WasmRelocCursor relocs)
{
    WasmReloc r;
    while (wasm_next_reloc(&relocs, &r)) {
        if (r.type == R_WASM_TYPE_INDEX_LEB) continue;
        Symbol *s = obj->symbols[r.index];
        uint8_t kind = wasm_reloc_info(r.type)->index_kind;
        if (kind == RI_TABLE_ELEM) need_table_entry(ld, s);
        else if (kind == RI_GLOBAL) need_address_global(ld, s);
        if (s->state != SYM_DEFINED && !s->weak && !(ld->opt->relocatable && s->kind == SYM_DATA)) {
            if (s->imported || (!s->extra->undefined_as && is_import(ld, s))) s->imported = true;
            else note_undefined(ld, sc, s, (Reference){obj, from.func, from.segment, r.offset});
        }
    }
}

/* With --no-gc-sections debug information counts too: position-independent code's variables lie from a global on. */
static void scan_customs(Ld *ld, const Obj *obj)
{
    for (uint32_t i = 0; i < obj->n_customs; i++) {
        WasmReloc r;
        if (obj->customs[i].discarded) continue;
        for (WasmRelocCursor c = wasm_relocs_all(obj->customs[i].relocs); wasm_next_reloc(&c, &r);)
            if (r.index < obj->o.n_symbols && wasm_reloc_info(r.type)->index_kind == RI_GLOBAL)
                need_address_global(ld, obj->symbols[r.index]);
    }
}

/* requires: live is final. provides: ld->elems and ld->gots are complete; `imported` is set; every other
 * undefined symbol that something live needs has been reported. */
void ld_check_undefined(Ld *ld)
{
    Scan sc = {0};
    for (size_t o = 0; o < ld->n_objs; o++) {
        Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.module.n_bodies; i++)
            if (obj->funcs[i].live)
                scan(ld, &sc, obj, (Reference){.func = &obj->funcs[i]},
                     wasm_relocs_in(obj->code_relocs, obj->funcs[i].relocs));
        for (uint32_t i = 0; i < obj->o.n_segments; i++)
            if (obj->segments[i].live)
                scan(ld, &sc, obj, (Reference){.segment = &obj->segments[i]},
                     wasm_relocs_in(obj->data_relocs, obj->segments[i].relocs));
        if (ld->opt->no_gc) scan_customs(ld, obj);
    }
    for (uint32_t i = 0; i < ld->names.n;
         i++) { /* roots that are no more than declared, like import_name with `used` */
        Symbol *s = ld->symbols[i];
        bool needed = s->live || (ld->opt->relocatable && s->used);
        if (needed && s->state == SYM_IS_UNDEFINED && !s->imported && is_import(ld, s)) s->imported = true;
    }
    for (size_t i = 0; i < sc.n; i++) settle(ld, &sc.items[i]);
}
