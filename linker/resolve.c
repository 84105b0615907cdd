/* resolve.c: one Symbol for each name, and archive members as they are needed.
 *
 * Objects are read in the order of the command line. A reference to something that an archive member defines
 * reads that member at once, before the next symbol of the object that refers; so a member stands before what
 * pulled it, as with wasm-ld. The nesting is kept on a stack of our own: a chain of members may be long.
 *
 * Rules, tool-conventions Linking.md "Symbol Table Subsection", and wasm-ld's where that is silent: a strong
 * definition beats a weak one, the first of two weak ones wins, two strong ones are an error; a weak
 * reference pulls no member; of comdat groups with one name the first wins, and what the others define
 * becomes a reference to it. */
#include "linker/ld.h"

#include <string.h>

typedef struct Frame {
    Obj *obj;
    uint32_t next;
    const char *who; /* that needed it; NULL: on the command line */
    Str symbol;      /* for what */
} Frame;
typedef struct Stack {
    Frame *items;
    size_t n, cap;
} Stack;

static const char *kind_text(uint8_t kind)
{
    static const char *const text[] = {"WASM_SYMBOL_TYPE_FUNCTION", "WASM_SYMBOL_TYPE_DATA",
                                       "WASM_SYMBOL_TYPE_GLOBAL",   "WASM_SYMBOL_TYPE_SECTION",
                                       "WASM_SYMBOL_TYPE_TAG",      "WASM_SYMBOL_TYPE_TABLE"};
    return kind < ARRAY_LEN(text) ? text[kind] : "?";
}

/* ---- what --trace-symbol tells ---- */

static void trace(Ld *ld, Str name, const char *file, const char *what)
{
    if (ld->traced.n && ld_name_find(ld, &ld->traced, name) != LD_NONE)
        text_printf(ld->messages, "%s: %s %s\n", file, what, ld_name_text(ld, name));
}

/* ---- conflicts ---- */

/* Both ends of a conflict, one a line. */
static void conflict_as(Ld *ld, DiagSeverity severity, DiagCode code, const Symbol *s, Obj *obj, uint32_t i,
                        const char *what, const char *was, const char *is)
{
    Diag *d = diag_add_as(ld->diags, severity, code, DIAG_AT(.file = ld_obj_text(obj), .symbol = s->name),
                          "%s: %s", what, ld_name_text(ld, s->name));
    ld_note_place(ld, d, arena_printf(&ld->arena, "defined %sin", was),
                  ld_symbol_place(ld, s->obj, s->obj_symbol));
    ld_note_place(ld, d, arena_printf(&ld->arena, "defined %sin", is), ld_symbol_place(ld, obj, i));
}

static void conflict(Ld *ld, DiagCode code, const Symbol *s, Obj *obj, uint32_t i, const char *what,
                     const char *was, const char *is)
{
    conflict_as(ld, SEV_ERROR, code, s, obj, i, what, was, is);
}

static bool same_kind(Ld *ld, const Symbol *s, Obj *obj, uint32_t i)
{
    uint8_t kind = obj->o.symbols[i].kind;
    if (s->kind == kind) return true;
    conflict(ld, LD_KIND_MISMATCH, s, obj, i, "symbol type mismatch",
             arena_printf(&ld->arena, "as %s ", kind_text(s->kind)),
             arena_printf(&ld->arena, "as %s ", kind_text(kind)));
    return false;
}

bool ld_is_discarded(const Obj *obj, const WasmSymbol *w)
{
    const WasmModule *m = &obj->o.module;
    if (w->kind == SYM_FUNCTION) return obj->funcs[w->index - m->n_imported[KIND_FUNC]].discarded;
    return w->kind == SYM_DATA && !(w->flags & SYM_ABSOLUTE) && obj->segments[w->index].discarded;
}

static bool is_defined_here(const Obj *obj, const WasmSymbol *w)
{
    return !(w->flags & SYM_UNDEFINED) && !ld_is_discarded(obj, w);
}

/* What a definition in an object says, put into the symbol. */
static void set_defined(Symbol *s, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    const WasmModule *m = &obj->o.module;
    s->kind = w->kind;
    s->state = SYM_DEFINED;
    s->weak = w->flags & SYM_BINDING_WEAK;
    s->local = w->flags & SYM_BINDING_LOCAL;
    s->hidden = w->flags & SYM_VISIBILITY_HIDDEN;
    s->absolute = w->flags & SYM_ABSOLUTE;
    s->no_strip |= (w->flags & SYM_NO_STRIP) != 0;
    s->exported = w->flags & SYM_EXPORTED;
    s->obj = obj;
    s->obj_symbol = i;
    s->linker = false;
    s->tls = w->kind == SYM_DATA && w->flags & SYM_TLS;
    switch (w->kind) {
    case SYM_FUNCTION:
        s->func = &obj->funcs[w->index - m->n_imported[KIND_FUNC]];
        s->type = s->func->type;
        break;
    case SYM_DATA:
        s->segment = s->absolute ? NULL : &obj->segments[w->index];
        s->value = w->data_offset;
        break;
    case SYM_GLOBAL: s->global = &obj->globals[w->index - m->n_imported[KIND_GLOBAL]]; break;
    case SYM_TABLE: s->table = &obj->tables[w->index - m->n_imported[KIND_TABLE]]; break;
    case SYM_TAG:
        s->tag = &obj->tags[w->index - m->n_imported[KIND_TAG]];
        s->type = s->tag->type;
        break;
    default: s->custom = NULL; break;
    }
}

static uint32_t referred_type(const Obj *obj, const WasmSymbol *w)
{
    switch (w->kind) {
    case SYM_FUNCTION: return obj->type_ids[obj->o.module.func_types[w->index]];
    case SYM_TAG: return obj->type_ids[obj->o.module.tag_types[w->index]];
    default: return LD_NONE;
    }
}

static const char *import_text(Ld *ld, const WasmImport *im)
{
    return arena_printf(&ld->arena, "as %s.%s ", ld_name_text(ld, im->module), ld_name_text(ld, im->name));
}

static bool is_named_import(const WasmSymbol *w)
{
    return w->kind != SYM_DATA && (w->flags & SYM_UNDEFINED) && (w->flags & SYM_EXPLICIT_NAME);
}

/* The first import that has a name of its own (import_name) counts, else the first. */
static void compare_import(Ld *ld, Symbol *s, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    if (w->kind == SYM_DATA || !(w->flags & SYM_UNDEFINED)) return; /* of a comdat group that gave way: no import */
    const WasmImport *im = &obj->o.module.imports[w->import], *was = ld_import_of(s);
    bool named = w->flags & SYM_EXPLICIT_NAME;
    if (!was || (named && !s->explicit_import)) {
        ld_symbol_extra(ld, s)->import = im;
        s->explicit_import = named;
    } else if (named && !(str_eq(was->module, im->module) && str_eq(was->name, im->name))) {
        ld->survivable++;
        conflict(ld, LD_IMPORT_MISMATCH, s, obj, i, "import name mismatch for symbol", import_text(ld, was),
                 import_text(ld, im));
    }
}

static void set_undefined(Ld *ld, Symbol *s, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    s->kind = w->kind;
    s->state = SYM_IS_UNDEFINED;
    s->weak = w->flags & SYM_BINDING_WEAK;
    s->obj = obj;
    s->obj_symbol = i;
    s->type = referred_type(obj, w);
    s->called = obj->called[i];
    s->no_strip |= (w->flags & SYM_NO_STRIP) != 0;
    s->explicit_import = is_named_import(w);
    if (s->extra->import) ld_symbol_extra(ld, s)->import = NULL;
}

/* ---- definitions ---- */

static bool same_global_type(Ld *ld, const Symbol *s, Obj *obj, uint32_t i)
{
    const WasmGlobal *g = &obj->o.module.globals[obj->o.symbols[i].index];
    uint8_t type;
    bool mutable;
    if (s->state == SYM_DEFINED) type = s->global->type, mutable = s->global->mutable;
    else if (!s->obj) return true; /* named by the command line only */
    else {
        const WasmGlobal *other = &s->obj->o.module.globals[s->obj->o.symbols[s->obj_symbol].index];
        type = other->type, mutable = other->mutable;
    }
    if (g->type == type && g->mutable == mutable) return true;
    conflict(
        ld, LD_KIND_MISMATCH, s, obj, i, "Global type mismatch",
        arena_printf(&ld->arena, "as %s %s ", mutable ? "mutable" : "immutable", wasm_type_text(type)),
        arena_printf(&ld->arena, "as %s %s ", g->mutable ? "mutable" : "immutable", wasm_type_text(g->type)));
    return false;
}

/* Who throws and who catches must agree on what is carried; wasm-ld warns, and so do we. */
static void check_tag(Ld *ld, const Symbol *s, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    if (w->kind != SYM_TAG || s->type == LD_NONE) return;
    uint32_t type = referred_type(obj, w);
    if (type != s->type)
        conflict_as(ld, SEV_WARNING, LD_SIGNATURE, s, obj, i, "Tag signature mismatch",
                    arena_printf(&ld->arena, "as %s ", ld_type_text(ld, s->type)),
                    arena_printf(&ld->arena, "as %s ", ld_type_text(ld, type)));
}

static void define(Ld *ld, Symbol *s, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    if (s->state == SYM_IS_UNDEFINED || s->state == SYM_DEFINED) {
        if (s->obj || s->state == SYM_DEFINED) {
            if (!same_kind(ld, s, obj, i)) return;
            if (w->kind == SYM_GLOBAL && !same_global_type(ld, s, obj, i)) return;
            check_tag(ld, s, obj, i);
        }
    }
    if (s->state == SYM_DEFINED) {
        if (w->flags & SYM_BINDING_WEAK) return;
        if (!s->weak) {
            if (ld->opt->multiple_definitions) return;
            bool go_on = ld->opt->go_on_after_duplicates;
            conflict_as(ld, go_on ? SEV_WARNING : SEV_ERROR, LD_DUPLICATE, s, obj, i, "duplicate symbol", "",
                        "");
            ld->survivable += !go_on; /* the first one counts */
            if (!go_on) return;
        }
    }
    set_defined(s, obj, i);
    trace(ld, s->name, obj->file, "definition of");
}

/* ---- references ---- */

static void push(Ld *ld, Stack *stack, Obj *obj, const char *who, Str symbol);

/* Reads the member that a lazy symbol stands for. What it defines is decided by what it holds, not by the
 * index. */
static void extract(Ld *ld, Stack *stack, Symbol *s, const char *who)
{
    Obj *obj = s->lazy_is_obj ? s->lazy_obj : ld_open_member(ld, s->archive, s->value);
    s->archive = NULL;
    if (obj) push(ld, stack, obj, who, s->name);
}

static void refer(Ld *ld, Stack *stack, Symbol *s, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    bool weak = w->flags & SYM_BINDING_WEAK;
    s->used = true;
    trace(ld, s->name, obj->file, "reference to");
    switch ((SymState)s->state) {
    case SYM_NEW: set_undefined(ld, s, obj, i); break;
    case SYM_LAZY:
        if (weak) {
            bool first = !s->weak_lazy;
            s->weak_lazy = true;
            if (first) {
                set_undefined(ld, s, obj, i);
                s->state = SYM_LAZY;
            }
        } else {
            set_undefined(ld, s, obj, i);
            extract(ld, stack, s, obj->file);
        }
        break;
    case SYM_IS_UNDEFINED:
        if (!s->obj) { /* named by the command line; now its kind is known */
            set_undefined(ld, s, obj, i);
            break;
        }
        if (!same_kind(ld, s, obj, i) || (w->kind == SYM_GLOBAL && !same_global_type(ld, s, obj, i))) break;
        check_tag(ld, s, obj, i);
        if (obj->called[i] && !s->called) {
            s->type = referred_type(obj, w);
            s->called = true;
        }
        if (!weak) s->weak = false;
        compare_import(ld, s, obj, i);
        break;
    case SYM_DEFINED:
        if (!same_kind(ld, s, obj, i)) break;
        if (w->kind == SYM_GLOBAL) (void)same_global_type(ld, s, obj, i);
        check_tag(ld, s, obj, i);
        break;
    }
}

/* ---- objects ---- */

static void discard(Obj *obj, const WasmComdat *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t index = c->entries[i].index;
        switch (c->entries[i].kind) {
        case 0: obj->segments[index].discarded = true; break;
        case 1: obj->funcs[index - obj->o.module.n_imported[KIND_FUNC]].discarded = true; break;
        case 5:
            if (obj->custom_of_section[index] != LD_NONE)
                obj->customs[obj->custom_of_section[index]].discarded = true;
            break;
        }
    }
}

static void choose_comdats(Ld *ld, Obj *obj)
{
    for (uint32_t i = 0; i < obj->o.n_comdats; i++) {
        bool first;
        (void)ld_name_add(ld, &ld->comdats, obj->o.comdats[i].name, &first);
        if (!first) discard(obj, &obj->o.comdats[i]);
    }
}

static void push(Ld *ld, Stack *stack, Obj *obj, const char *who, Str symbol)
{
    if (obj->in_link) return;
    obj->in_link = true;
    obj->lazy = false;
    if (ld->opt->trace) text_printf(ld->messages, "%s\n", obj->file);
    choose_comdats(ld, obj);
    LD_PUSH(ld, stack->items, stack->n, stack->cap) = (Frame){obj, 0, who, symbol};
}

/* Things have the names of their first symbols, also those that lose to another definition. */
static void name_definition(Obj *obj, const WasmSymbol *w)
{
    const uint32_t *imported = obj->o.module.n_imported;
    Str *name;
    switch (w->kind) {
    case SYM_FUNCTION: name = &obj->funcs[w->index - imported[KIND_FUNC]].name; break;
    case SYM_GLOBAL: name = &obj->globals[w->index - imported[KIND_GLOBAL]].name; break;
    case SYM_TABLE: name = &obj->tables[w->index - imported[KIND_TABLE]].name; break;
    case SYM_TAG: name = &obj->tags[w->index - imported[KIND_TAG]].name; break;
    default: return;
    }
    if (!name->len) *name = w->name;
}

static void add_symbol(Ld *ld, Stack *stack, Obj *obj, uint32_t i)
{
    const WasmSymbol *w = &obj->o.symbols[i];
    bool defined = is_defined_here(obj, w);
    if (!(w->flags & SYM_UNDEFINED)) name_definition(obj, w);
    if (w->kind == SYM_SECTION || (w->flags & SYM_BINDING_LOCAL && !(w->flags & SYM_UNDEFINED))) {
        Symbol *s = arena_alloc(&ld->arena, sizeof *s);
        *s = (Symbol){.name = w->name, .type = LD_NONE, .out_index = LD_NONE, .extra = &ld_no_symbol_extra};
        set_defined(s, obj, i);
        if (w->kind == SYM_SECTION && obj->custom_of_section[w->index] != LD_NONE)
            s->custom = &obj->customs[obj->custom_of_section[w->index]];
        obj->symbols[i] = s;
        return;
    }
    Symbol *s = obj->symbols[i] = ld_symbol(ld, w->name);
    if (defined) define(ld, s, obj, i);
    else refer(ld, stack, s, obj, i);
}

/* Objects for WebAssembly 1.0 have no symbol for the function table, and no relocations where they use it: it
 * is table 0, and there, whether anything is in it or not. Any other table must have its symbol. */
static void add_legacy_table(Ld *ld, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    uint32_t n = 0;
    if (m->n_tables == 0) return;
    for (uint32_t i = 0; i < obj->o.n_symbols; i++) n += obj->o.symbols[i].kind == SYM_TABLE;
    if (n == m->n_tables) return;
    const WasmImport *im = NULL;
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].kind == KIND_TABLE) im = &m->imports[i];
    if (n || m->n_tables != 1 || !im || !str_eq(im->name, STR("__indirect_function_table")) ||
        m->tables[0].elem_type != TYPE_FUNCREF) {
        diag_add(ld->diags, LD_BAD_OBJECT, DIAG_AT(.file = obj->file),
                 "expected one symbol table entry for each of the %u table(s) present, but got %u symbol(s) "
                 "instead.",
                 m->n_tables, n);
        return;
    }
    Symbol *s = ld_symbol(ld, im->name);
    if (s->state == SYM_NEW) {
        s->kind = SYM_TABLE;
        s->state = SYM_IS_UNDEFINED;
        ld_symbol_extra(ld, s)->import = im;
    }
    s->used = s->no_strip = true;
    ld->table_is_first = true;
}

/* Reads what is on the stack, and all members that it needs. */
static void drain(Ld *ld, Stack *stack)
{
    while (stack->n) {
        Frame *top = &stack->items[stack->n - 1];
        if (top->next < top->obj->o.n_symbols) {
            add_symbol(ld, stack, top->obj, top->next++);
            continue;
        }
        add_legacy_table(ld, top->obj);
        LD_PUSH(ld, ld->objs, ld->n_objs, ld->objs_cap) = top->obj;
        if (top->who && ld->opt->tell_why_extracted)
            text_printf(ld->why_extract, "%s\t%s\t%s\n", top->who, top->obj->file,
                        diag_escape(&ld->arena, ld_shown_name(ld, top->symbol)));
        stack->n--;
    }
}

/* ---- what would be defined if somebody asked ---- */

static void offer(Ld *ld, Stack *stack, Str name, LdArchive *archive, uint32_t member, Obj *obj)
{
    Symbol *s = ld_symbol(ld, name);
    if (s->state == SYM_LAZY || s->state == SYM_DEFINED) return;
    bool wanted = s->state == SYM_IS_UNDEFINED && !s->weak;
    const char *who = s->obj ? s->obj->file : "<internal>";
    s->weak_lazy = s->state == SYM_IS_UNDEFINED;
    s->value = member;
    s->lazy_is_obj = obj != NULL;
    if (obj) s->lazy_obj = obj;
    else s->archive = archive;
    if (!wanted) {
        s->state = SYM_LAZY;
        if (ld->traced.n)
            trace(ld, name, obj ? obj->file : ld_member_text(ld, archive, member), "lazy definition of");
        return;
    }
    extract(ld, stack, s, who);
    drain(ld, stack);
}

static void offer_archive(Ld *ld, Stack *stack, LdArchive *a)
{
    for (uint32_t i = 0; i < a->ar.n_symbols; i++) {
        const ArMember *m = ar_member_at(&a->ar, a->ar.symbols[i].member_offset);
        if (m) offer(ld, stack, a->ar.symbols[i].name, a, (uint32_t)(m - a->ar.members), NULL);
    }
}

static void offer_object(Ld *ld, Stack *stack, Obj *obj)
{
    for (uint32_t i = 0; i < obj->o.n_symbols && !obj->in_link; i++) {
        const WasmSymbol *w = &obj->o.symbols[i];
        if (w->kind != SYM_SECTION && !(w->flags & (SYM_UNDEFINED | SYM_BINDING_LOCAL)))
            offer(ld, stack, w->name, NULL, 0, obj);
    }
}

/* ---- symbols named by the command line ---- */

/* A name that the command line asks for pulls an archive member like a reference does. */
static void ask(Ld *ld, Stack *stack, Str name, const char *who)
{
    Symbol *s = ld_find_symbol(ld, name);
    if (!s) return;
    if (s->state == SYM_NEW) {
        s->kind = SYM_FUNCTION;
        s->state = SYM_IS_UNDEFINED;
    } else if (s->state == SYM_LAZY) {
        s->used = true;
        s->state = SYM_IS_UNDEFINED;
        s->obj = NULL;
        s->weak = false;
        extract(ld, stack, s, who);
        drain(ld, stack);
    }
}

static void ask_all(Ld *ld, Stack *stack, const LdNames *names, const char *who)
{
    for (size_t i = 0; i < names->n; i++) ask(ld, stack, str_of(names->items[i]), who);
}

/* ---- stub libraries ---- */

static void need_export(Ld *ld, Stack *stack, const LdStubs *lib, const Symbol *for_whom, Str name)
{
    ask(ld, stack, name, lib->file);
    Symbol *s = ld_find_symbol(ld, name);
    if (s && s->state == SYM_DEFINED) {
        s->exported = s->no_strip = true;
        trace(ld, name, lib->file, "exported");
    } else
        diag_add(ld->diags, LD_UNDEFINED, DIAG_AT(.file = lib->file, .symbol = name),
                 "undefined symbol: %s. Required by %s", ld_name_text(ld, name),
                 ld_name_text(ld, for_whom->name));
}

/* One that nobody defines is the host's, by its name or by the one that it is imported under; what it needs
 * in turn may pull members that need others. */
static bool provide(Ld *ld, Stack *stack, const LdStubs *lib)
{
    bool again = false;
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (s->state != SYM_IS_UNDEFINED || s->provided) continue;
        uint32_t k = ld_name_find(ld, &lib->names, s->name);
        if (k == LD_NONE && s->explicit_import) k = ld_name_find(ld, &lib->names, ld_import_name(s));
        if (k == LD_NONE) continue;
        s->provided = again = true;
        trace(ld, s->name, lib->file, "importing");
        for (size_t n = 0; n < lib->items[k].n; n++) need_export(ld, stack, lib, s, lib->items[k].needs[n]);
    }
    return again;
}

static void ask_stub_libraries(Ld *ld, Stack *stack)
{
    enum { MOST_ROUNDS = 1000 }; /* each looks at all symbols; more than two are rare */
    bool again = ld->n_stub_libraries != 0;
    for (int round = 0; again; round++) {
        again = false;
        if (round == MOST_ROUNDS) {
            diag_add(ld->diags, LD_BAD_OBJECT, DIAG_AT(.file = ld->stub_libraries[0]->file),
                     "stub libraries need each other more than %d times over", MOST_ROUNDS);
            return;
        }
        for (size_t i = 0; i < ld->n_stub_libraries; i++) again |= provide(ld, stack, ld->stub_libraries[i]);
    }
}

/* ---- --wrap ---- */

static void add_wrap(Ld *ld, Symbol *from, Symbol *to)
{
    bool added;
    uint32_t k = ld_name_add(ld, &ld->wraps, from->name, &added);
    ld->wrap_to = arena_grow(&ld->arena, ld->wrap_to, k, &ld->wraps_cap, sizeof *ld->wrap_to);
    if (added) ld->wrap_to[k] = (struct Wrap){from, to};
}

/* A function that the command line names: a member that defines it is read. */
static Symbol *need(Ld *ld, Stack *stack, const char *prefix, const char *name)
{
    Symbol *s = ld_symbol(ld, str_of(arena_printf(&ld->arena, "%s%s", prefix, name)));
    ask(ld, stack, s->name, "--wrap");
    return s;
}

static bool is_function(Ld *ld, const Symbol *s)
{
    if (s->state == SYM_NEW || s->state == SYM_LAZY || s->kind == SYM_FUNCTION) return true;
    diag_add(ld->diags, LD_KIND_MISMATCH, DIAG_AT(.file = ld_obj_text(s->obj), .symbol = s->name),
             "symbol type mismatch: %s is no function, which --wrap needs", ld_name_text(ld, s->name));
    return false;
}

/* What nobody mentions is not wrapped. */
static void prepare_wraps(Ld *ld, Stack *stack)
{
    for (size_t i = 0; i < ld->opt->wrap.n; i++) {
        const char *name = ld->opt->wrap.items[i];
        Symbol *s = ld_find_symbol(ld, str_of(name));
        if (!s || s->state == SYM_NEW || ld_name_find(ld, &ld->wraps, s->name) != LD_NONE) continue;
        Symbol *real = need(ld, stack, "__real_", name), *wrap = need(ld, stack, "__wrap_", name);
        if (real->used) ask(ld, stack, s->name, "--wrap");
        if (!is_function(ld, s) || !is_function(ld, real) || !is_function(ld, wrap)) continue;
        add_wrap(ld, s, wrap);
        add_wrap(ld, real, s);
    }
}

static Symbol *wrapped(const Ld *ld, Symbol *s)
{
    uint32_t k = ld_name_find(ld, &ld->wraps, s->name);
    return k != LD_NONE && ld->wrap_to[k].from == s ? ld->wrap_to[k].to : s;
}

/* One that only --wrap has named has the type that its first reference believes in. */
static void refer_instead(Symbol *to, const Obj *obj, uint32_t i)
{
    if (to->state == SYM_NEW) {
        to->kind = SYM_FUNCTION;
        to->state = SYM_IS_UNDEFINED;
    }
    if (to->type == LD_NONE) to->type = obj->symbols[i]->type;
    to->used = true;
}

/* requires: no symbol gets its first reference any more. provides: every reference points to what is meant,
 * that of the object which defines a wrapped symbol as well. */
void ld_wrap_symbols(Ld *ld)
{
    for (size_t o = 0; ld->wraps.n && o < ld->n_objs; o++) {
        Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->o.n_symbols; i++) {
            Symbol *to = wrapped(ld, obj->symbols[i]);
            if (to == obj->symbols[i]) continue;
            refer_instead(to, obj, i);
            obj->symbols[i] = to;
        }
    }
}

/* rustc asks for these in every link, and nothing can stop it. Under a policy they are what nobody needs (the layout is in the
 * record) and P501 refuses: they are exported only where exports.allow names them. */
static bool is_rustcs_habit(const Ld *ld, const Symbol *s)
{
    if (!ld->opt->isolate || !s->linker || (!str_eq(s->name, STR("__heap_base")) && !str_eq(s->name, STR("__data_end"))))
        return false;
    const ValPolicy *p = ld->opt->policy;
    for (uint32_t i = 0; i < p->n_exports_allow; i++)
        if (str_eq(p->exports_allow[i], s->name)) return false;
    return true;
}

static void export_named(Ld *ld, const LdNames *names)
{
    for (size_t i = 0; i < names->n; i++) {
        Symbol *s = ld_find_symbol(ld, str_of(names->items[i]));
        if (s && ld->wraps.n) s = wrapped(ld, s);
        if (s && s->state == SYM_DEFINED && !is_rustcs_habit(ld, s)) s->exported = true;
    }
}

/* The ends of a segment are symbols once it is known which are live. */
static bool is_bound(Str name)
{
    return str_has_prefix(name, STR("__start_")) || str_has_prefix(name, STR("__stop_"));
}

static void report_exports(Ld *ld, bool bounds)
{
    LdUnresolved what = ld->opt->unresolved;
    if (what != LD_UNRESOLVED_ERROR && what != LD_UNRESOLVED_WARN) return;
    for (size_t i = 0; i < ld->opt->exports.n; i++) {
        Str name = str_of(ld->opt->exports.items[i]);
        Symbol *s = ld_find_symbol(ld, name);
        if (s && ld->wraps.n) s = wrapped(ld, s);
        if ((s && s->state == SYM_DEFINED) || is_bound(name) != bounds) continue;
        if (what == LD_UNRESOLVED_ERROR) ld->survivable++;
        Diag *d = diag_add_as(ld->diags, what == LD_UNRESOLVED_WARN ? SEV_WARNING : SEV_ERROR, LD_NO_EXPORT,
                              DIAG_AT(.symbol = name), "symbol exported via --export not found: %s",
                              ld_name_text(ld, name));
        ld_hint_name(ld, d, name);
    }
}

/* requires: every symbol that will be defined is. */
void ld_report_exports(Ld *ld) { report_exports(ld, true); }

static void find_entry(Ld *ld)
{
    if (!ld->opt->entry) return;
    Symbol *s = ld_find_symbol(ld, str_of(ld->opt->entry));
    if (s && s->state == SYM_DEFINED && s->kind == SYM_FUNCTION) {
        s->exported = true;
        s->hidden = false;
        return;
    }
    ld->survivable++;
    ld_hint_name(ld,
                 diag_add(ld->diags, LD_NO_ENTRY, DIAG_AT(.symbol = str_of(ld->opt->entry)),
                          "entry symbol not defined (pass --no-entry to suppress): %s", ld->opt->entry),
                 str_of(ld->opt->entry));
}

/* A program that defines parigot_start has the guest library's entries: nothing else would pull them from it.
 */
static void ask_for_entries(Ld *ld, Stack *stack)
{
    const Symbol *start = ld_find_symbol(ld, STR("parigot_start"));
    if (!start || start->state != SYM_DEFINED) return;
    ask(ld, stack, STR("parigot_init"), "<internal>");
    ask(ld, stack, STR("parigot_alloc"), "<internal>");
}

/* A lazy symbol that nobody strongly wanted is an undefined weak one when somebody did weakly. */
static void settle_lazy(Ld *ld)
{
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (s->state != SYM_LAZY) continue;
        s->state = s->weak_lazy ? SYM_IS_UNDEFINED : SYM_NEW;
        s->weak = true;
    }
}

static bool is_named(const LdNames *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0) return true;
    return false;
}

/* A program that calls its constructors itself, or whose host does, sees to its destructors too. */
static bool has_dtors(const Ld *ld)
{
    static const char ctors[] = "__wasm_call_ctors";
    return !ld->opt->isolate && !ld->opt->relocatable && !ld->call_ctors->used &&
           !(ld->opt->entry && strcmp(ld->opt->entry, ctors) == 0) && !is_named(&ld->opt->exports, ctors) &&
           !is_named(&ld->opt->exports_if_defined, ctors);
}

/* requires: ld->sources. provides: ld->objs; every symbol of each is defined, or undefined for good. No
 * object joins the link after this. */
void ld_resolve_symbols(Ld *ld)
{
    Stack stack = {0};
    bool added;
    for (size_t i = 0; i < ld->opt->trace_symbols.n; i++)
        (void)ld_name_add(ld, &ld->traced, str_of(ld->opt->trace_symbols.items[i]), &added);
    for (size_t i = 0; i < ld->opt->allow_undefined.n; i++)
        (void)ld_name_add(ld, &ld->may_be_undefined, str_of(ld->opt->allow_undefined.items[i]), &added);
    if (ld->opt->tell_why_extracted) text_add(ld->why_extract, STR("reference\textracted\tsymbol\n"));
    ld_declare_synthetic(ld);
    for (size_t i = 0; i < ld->n_sources; i++) {
        struct LdSource *src = &ld->sources[i];
        if (src->archive) offer_archive(ld, &stack, src->archive);
        else if (src->obj->lazy) offer_object(ld, &stack, src->obj);
        else {
            push(ld, &stack, src->obj, NULL, (Str){0});
            drain(ld, &stack);
        }
    }
    ask_all(ld, &stack, &ld->opt->undefined, "<internal>");
    if (ld->opt->isolate) ask_for_entries(ld, &stack);
    ask_all(ld, &stack, &ld->opt->exports, "--export");
    ask_all(ld, &stack, &ld->opt->exports_if_defined, "--export");
    if (ld->opt->entry) ask(ld, &stack, str_of(ld->opt->entry), "--entry");
    if (has_dtors(ld)) ask(ld, &stack, STR("__wasm_call_dtors"), "<internal>");
    prepare_wraps(ld, &stack);
    ask_stub_libraries(ld, &stack);
    settle_lazy(ld);
}

/* requires: the linker's own symbols are defined. provides: `exported` is final. */
void ld_export_symbols(Ld *ld)
{
    export_named(ld, &ld->opt->exports);
    export_named(ld, &ld->opt->exports_if_defined);
    report_exports(ld, false);
    find_entry(ld);
    Symbol *dtors = has_dtors(ld) ? ld_find_symbol(ld, STR("__wasm_call_dtors")) : NULL;
    if (!dtors || dtors->state != SYM_DEFINED) return;
    const WasmType *t = dtors->kind == SYM_FUNCTION ? &ld->types[dtors->type].type : NULL;
    if (t && t->n_params == 0 && t->n_results == 0) ld->call_dtors = dtors;
    else
        diag_add(ld->diags, LD_BAD_CTOR, DIAG_AT(.file = ld_obj_text(dtors->obj), .symbol = dtors->name),
                 t ? "__wasm_call_dtors must have no argument or return values"
                   : "__wasm_call_dtors must be a function");
}
