/* signatures.c: both ends of every direct call agree on the type, or the caller is told.
 *
 * C lets a caller believe anything of a function; WebAssembly does not: such a call would not validate.
 * wasm-ld warns and lets the call trap, and so do we under policy none; under any other it is an error. A
 * function whose address is taken and that is not called is no case for us: call_indirect checks the type
 * when it runs. */
#include "linker/ld.h"

/* Where each symbol is called first; looked for once an object has a mismatch, in one walk for all of its
 * symbols. */
static void find_first_calls(Ld *ld, Obj *obj)
{
    obj->first_call = arena_array(&ld->arena, obj->o.n_symbols, sizeof *obj->first_call);
    for (uint32_t f = 0; f < obj->o.module.n_bodies; f++) {
        const InFunc *func = &obj->funcs[f];
        WasmReloc r;
        for (WasmRelocCursor at = wasm_relocs_in(obj->code_relocs, func->relocs); wasm_next_reloc(&at, &r);) {
            if (r.type != R_WASM_FUNCTION_INDEX_LEB) continue; /* others' indices may not be symbols */
            FirstCall *c = &obj->first_call[r.index];
            if (!c->func) *c = (FirstCall){func, r.offset};
        }
    }
}

static LdPlace reference_place(Ld *ld, Obj *obj, uint32_t symbol)
{
    if (!obj->first_call) find_first_calls(ld, obj);
    const FirstCall *c = &obj->first_call[symbol];
    return c->func ? ld_code_place(ld, obj, c->func, c->offset) : (LdPlace){.obj = obj, .text = obj->file};
}

static void report(Ld *ld, const Symbol *s, Obj *obj, uint32_t i, uint32_t type, bool is_error)
{
    Diag *d = diag_add_as(ld->diags, is_error ? SEV_ERROR : SEV_WARNING, LD_SIGNATURE,
                          DIAG_AT(.file = obj->file, .symbol = s->name), "function signature mismatch: %s",
                          ld_name_text(ld, s->name));
    const char *what = s->state == SYM_DEFINED ? "defined" : "imported";
    ld_note_place(ld, d, arena_printf(&ld->arena, "%s as %s in", what, ld_type_text(ld, s->type)),
                  ld_symbol_place(ld, s->obj, s->obj_symbol));
    ld_note_place(ld, d, arena_printf(&ld->arena, "called as %s in", ld_type_text(ld, type)), reference_place(ld, obj, i));
}

/* The stub for callers who believe that s has this type; one for each type. */
static Symbol *variant(Ld *ld, Symbol *s, uint32_t type, bool *is_new)
{
    *is_new = false;
    for (Symbol *v = s->extra->variants; v; v = v->extra->variants)
        if (v->type == type) return v;
    Symbol *v = ld_stub(ld,
                        (Str){arena_printf(&ld->arena, "signature_mismatch:%.*s", STR_ARG(s->name)),
                              sizeof "signature_mismatch:" - 1 + s->name.len},
                        type);
    ld_symbol_extra(ld, v)->variants = s->extra->variants;
    ld_symbol_extra(ld, s)->variants = v;
    *is_new = true;
    return v;
}

static void check_reference(Ld *ld, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    Symbol *s = obj->symbols[i];
    if (w->kind != SYM_FUNCTION || !obj->called[i]) return;
    if (!(w->flags & SYM_UNDEFINED) && !ld_is_discarded(obj, w)) return; /* it calls its own */
    if (s->kind != SYM_FUNCTION || s->type == LD_NONE) return;
    uint32_t type = obj->type_ids[obj->o.module.func_types[w->index]];
    if (type == s->type) return;

    bool undefined = s->state == SYM_IS_UNDEFINED && !s->weak; /* then nobody knows which one is right */
    bool is_new;
    Symbol *v = variant(ld, s, type, &is_new);
    if (is_new) report(ld, s, obj, i, type, ld->opt->isolate || undefined);
    obj->symbols[i] = v;
}

/* requires: resolved symbols. provides: a direct call's symbol has the type that the caller believes. */
void ld_check_signatures(Ld *ld)
{
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_symbols; i++) check_reference(ld, ld->objs[o], i);
}
