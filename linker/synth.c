/* synth.c: what no object brings: the stack pointer, symbols for the ends of things, the function that runs
 * the constructors, stubs, and the entries of a module that is isolated.
 *
 * Every export of an isolated module is a thunk that first sets the stack pointer to its start: so nothing
 * that an entry leaves in it is seen by the next one, and the validator can prove that (validator.h, "Entry
 * thunk"). Functions with a frame larger than the null guard get a check in front ("Frame check"): their
 * first store could jump over the guard. */
#include "linker/ld.h"
#include "validator/validator.h"

#include <string.h>

static const WasmType no_type = {0};

const FuncExtra ld_no_extra;

FuncExtra *ld_func_extra(Arena *arena, InFunc *f)
{
    FuncExtra *own = arena_alloc(arena, sizeof *own); /* there are few: a second one does no harm */
    *own = *f->extra;
    f->extra = own;
    return own;
}

static InFunc *new_function(Ld *ld, Str name, uint32_t type)
{
    static const uint8_t trap[] = {0x00 /* no locals */, 0x00 /* unreachable */, 0x0b /* end */};
    InFunc *f = arena_alloc(&ld->arena, sizeof *f);
    *f = (InFunc){.name = name,
                  .extra = &ld_no_extra,
                  .type = type,
                  .body = trap,
                  .size = sizeof trap,
                  .out_index = LD_NONE,
                  .table_index = LD_NONE};
    return f;
}

/* Before the objects' functions. */
InFunc *ld_new_function(Ld *ld, Str name, uint32_t type)
{
    InFunc *f = new_function(ld, name, type);
    LD_PUSH(ld, ld->synthetic, ld->n_synthetic, ld->synthetic_cap) = f;
    return f;
}

/* A local symbol for a function that traps, and whose address is null. */
Symbol *ld_stub(Ld *ld, Str name, uint32_t type)
{
    Symbol *s = arena_alloc(&ld->arena, sizeof *s);
    *s = (Symbol){.name = name,
                  .kind = SYM_FUNCTION,
                  .state = SYM_DEFINED,
                  .local = true,
                  .linker = true,
                  .type = type,
                  .out_index = LD_NONE,
                  .extra = &ld_no_symbol_extra};
    s->func = ld_new_function(ld, name, type);
    s->func->null_address = true;
    return s;
}

/* ---- symbols ---- */

/* They are the final link's: relocatable output only refers to them. */
static Symbol *nobodys(Ld *ld, Str name)
{
    Symbol *s = arena_alloc(&ld->arena, sizeof *s);
    *s = (Symbol){.name = name, .extra = &ld_no_symbol_extra, .type = LD_NONE, .out_index = LD_NONE};
    return s;
}

/* requires: no object read yet. An object that defines one of these names is a duplicate. */
void ld_declare_synthetic(Ld *ld)
{
    if (ld->opt->relocatable) {
        ld->call_ctors = nobodys(ld, STR("__wasm_call_ctors"));
        ld->stack_pointer = nobodys(ld, STR("__stack_pointer"));
        return;
    }
    Symbol *s = ld->call_ctors = ld_symbol(ld, STR("__wasm_call_ctors"));
    s->kind = SYM_FUNCTION;
    s->state = SYM_DEFINED;
    s->linker = s->hidden = true;
    s->type = ld_type_id(ld, &no_type);
    s->func = ld_new_function(ld, s->name, s->type);

    s = ld->stack_pointer = ld_symbol(ld, STR("__stack_pointer"));
    s->kind = SYM_GLOBAL;
    s->state = SYM_DEFINED;
    s->linker = s->hidden = true;
    s->global = arena_alloc(&ld->arena, sizeof *s->global);
    *s->global =
        (InGlobal){.type = TYPE_I32, .mutable = true, .live = true, .name = s->name, .out_index = LD_NONE};
}

static bool is_asked_for(const LdNames *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0) return true;
    return false;
}

/* A data symbol that exists only when something refers to it, or exports it, and no object defines it. */
static Symbol *define_address(Ld *ld, const char *name)
{
    Symbol *s = ld_find_symbol(ld, str_of(name));
    bool exported = ld->opt->export_all || is_asked_for(&ld->opt->exports, name) ||
                    is_asked_for(&ld->opt->exports_if_defined, name);
    if (!s && exported) s = ld_symbol(ld, str_of(name));
    if (!s || s->state == SYM_DEFINED || (s->state == SYM_NEW && !exported)) return NULL;
    if (s->obj && s->kind != SYM_DATA && s->kind != SYM_GLOBAL) {
        diag_add(ld->diags, LD_KIND_MISMATCH, DIAG_AT(.file = s->obj->file, .symbol = s->name),
                 "symbol type mismatch: %s is an address that the linker defines", name);
        return NULL;
    }
    s->kind = SYM_DATA; /* position-independent code asks for __memory_base as a global: it gets one that
                           holds this */
    s->state = SYM_DEFINED;
    s->linker = s->hidden = true;
    s->weak = false;
    s->segment = NULL;
    s->value = 0; /* comes with the layout */
    return s;
}

/* The allocator's control block is the one address that is written without being waived: only the object with
 * the allocator itself may name it. spec: docs/module-section.md, last paragraph */
static void define_heap_control(Ld *ld)
{
    if (!ld->opt->isolate) return;
    ld->heap_control = define_address(ld, "__parigot_heap_control");
    if (!ld->heap_control) return;
    const Symbol *alloc = ld_find_symbol(ld, STR("parigot_alloc"));
    const Obj *owner = alloc && alloc->state == SYM_DEFINED ? alloc->obj : NULL;
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_symbols; i++) {
            Obj *obj = ld->objs[o];
            if (obj == owner || obj->symbols[i] != ld->heap_control) continue;
            Diag *d =
                diag_add(ld->diags, LD_RESERVED, DIAG_AT(.file = obj->file, .symbol = ld->heap_control->name),
                         "__parigot_heap_control belongs to the object that defines parigot_alloc");
            if (owner) diag_note(ld->diags, d, "parigot_alloc is defined in %s", owner->file);
        }
}

/* One that --export-all does not bring into being: as wasm-ld 19 has it. */
static Symbol *define_named_address(Ld *ld, const char *name)
{
    bool named = ld_find_symbol(ld, str_of(name)) || is_asked_for(&ld->opt->exports, name) ||
                 is_asked_for(&ld->opt->exports_if_defined, name);
    return named ? define_address(ld, name) : NULL;
}

/* New in wasm-ld 20. */
static void define_first_page_end(Ld *ld)
{
    Symbol *s = define_named_address(ld, "__wasm_first_page_end");
    if (s) s->value = ld->opt->page_size;
}

/* Thread-local data is plain data of the one thread there is; where it starts is a constant. */
static void define_tls_base(Ld *ld)
{
    Symbol *s = define_named_address(ld, "__tls_base");
    if (!s) return;
    s->kind = SYM_GLOBAL;
    s->global = arena_alloc(&ld->arena, sizeof *s->global);
    *s->global = (InGlobal){.type = TYPE_I32, .name = s->name, .out_index = LD_NONE};
    ld->tls_base = s;
}

/* A name that C can spell has symbols for both its ends. */
static bool is_c_identifier(Str s)
{
    if (!s.len || (s.ptr[0] >= '0' && s.ptr[0] <= '9')) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], lower = (char)(c | 0x20);
        if (!(c == '_' || (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z'))) return false;
    }
    return true;
}

static Symbol *define_bound(Ld *ld, const char *prefix, Str name)
{
    const char *text = arena_printf(&ld->arena, "%s%.*s", prefix, STR_ARG(name));
    Symbol *s = define_address(ld, text);
    if (!s) return NULL;
    s->live = true;
    s->exported = is_asked_for(&ld->opt->exports, text) || is_asked_for(&ld->opt->exports_if_defined, text);
    return s;
}

static void define_bounds(Ld *ld, Str name)
{
    struct Bounds b = {
        .name = name, .start = define_bound(ld, "__start_", name), .stop = define_bound(ld, "__stop_", name)};
    bool added;
    if (!b.start && !b.stop) return;
    (void)ld_name_add(ld, &ld->bound_names, name, &added);
    LD_PUSH(ld, ld->bounds, ld->n_bounds, ld->bounds_cap) = b;
}

/* requires: live is final. */
void ld_define_bounds(Ld *ld)
{
    NameTable seen = {0};
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_segments; i++) {
            const InSegment *s = &ld->objs[o]->segments[i];
            bool added;
            if (!s->live || !is_c_identifier(ld_segment_info(s)->name)) continue;
            (void)ld_name_add(ld, &seen, ld_segment_info(s)->name, &added);
            if (added) define_bounds(ld, ld_segment_info(s)->name);
        }
}

static void find_table(Ld *ld)
{
    Symbol *s = ld_find_symbol(ld, STR("__indirect_function_table"));
    if (!s || s->state == SYM_NEW || s->kind != SYM_TABLE) return;
    ld->table_symbol = s;
    if (s->state != SYM_IS_UNDEFINED) return;
    if (ld->opt->import_table) {
        s->imported = true;
        s->obj = NULL; /* by its name from "env" */
        return;
    }
    InTable *t = arena_alloc(&ld->arena, sizeof *t);
    *t = (InTable){.type.elem_type = TYPE_FUNCREF, .name = s->name, .out_index = LD_NONE};
    s->state = SYM_DEFINED;
    s->linker = s->hidden = true;
    s->obj = NULL;
    s->table = t;
}

/* requires: symbols are resolved. provides: whatever the linker defines is defined; addresses come with the
 * layout. */
void ld_define_linker_symbols(Ld *ld)
{
    if (ld->opt->relocatable) {
        find_table(ld);
        return;
    }
    ld->dso_handle = define_address(ld, "__dso_handle");
    ld->data_end = define_address(ld, "__data_end");
    ld->stack_low = define_address(ld, "__stack_low");
    ld->stack_high = define_address(ld, "__stack_high");
    ld->global_base = define_address(ld, "__global_base");
    ld->heap_base = define_address(ld, "__heap_base");
    ld->heap_end = define_address(ld, "__heap_end");
    (void)define_address(ld, "__memory_base"); /* 0 */
    ld->table_base = define_address(ld, "__table_base");
    define_first_page_end(ld);
    define_tls_base(ld);
    define_heap_control(ld);
    find_table(ld);
}

/* ---- bodies ---- */

static void set_body(Ld *ld, InFunc *f, Writer *w)
{
    f->body = (const uint8_t *)arena_strndup(&ld->arena, (const char *)w->ptr, w->len);
    f->size = (uint32_t)w->len;
    if (w->failed) diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    wr_free(w);
}

static void op_u32(Writer *w, WasmOp o, uint32_t immediate)
{
    ld_write_op(w, o);
    wr_u32(w, immediate);
}

static void call_on(Ld *ld, Writer *w, const InFunc *f)
{
    for (uint32_t i = 0; i < ld->types[f->type].type.n_params; i++) op_u32(w, OP_LOCAL_GET, i);
    op_u32(w, OP_CALL, f->out_index);
}

static void fill_ctors(Ld *ld)
{
    Writer w = {0};
    wr_u32(&w, 0);
    for (size_t i = 0; i < ld->n_ctors; i++) {
        const Symbol *s = ld->ctors[i].symbol;
        if (s->state != SYM_DEFINED && !s->imported) {
            ld_hint_undefined(ld,
                              diag_add(ld->diags, LD_UNDEFINED,
                                       DIAG_AT(.file = ld_obj_text(s->obj), .symbol = s->name),
                                       "undefined symbol: %s", ld_name_text(ld, s->name)),
                              s);
            continue;
        }
        const WasmType *t = &ld->types[s->type].type;
        if (t->n_params)
            diag_add(ld->diags, LD_BAD_CTOR, DIAG_AT(.file = ld_obj_text(s->obj), .symbol = s->name),
                     "constructor functions cannot take arguments: %s", ld_name_text(ld, s->name));
        op_u32(&w, OP_CALL, s->state == SYM_DEFINED ? s->func->out_index : s->out_index);
        for (uint32_t r = 0; r < t->n_results; r++) ld_write_op(&w, OP_DROP);
    }
    ld_write_op(&w, OP_END);
    set_body(ld, ld->call_ctors->func, &w);
}

static void fill_entry(Ld *ld, const struct Thunk *t)
{
    Writer w = {0};
    wr_u32(&w, 0);
    if (t->resets_stack) {
        ld_write_const(&w, ld->layout.stack_high);
        op_u32(&w, OP_GLOBAL_SET, ld->stack_pointer->global->out_index);
    }
    if (t->runs_ctors) op_u32(&w, OP_CALL, ld->call_ctors->func->out_index);
    call_on(ld, &w, t->of);
    if (t->runs_dtors) op_u32(&w, OP_CALL, ld->call_dtors->func->out_index);
    ld_write_op(&w, OP_END);
    set_body(ld, t->func, &w);
}

/* Who imports a memory cannot know that it is zero. */
static void fill_init_memory(Ld *ld)
{
    Writer w = {0};
    wr_u32(&w, 0);
    for (size_t i = 0; i < ld->n_segments; i++) {
        const OutSegment *s = ld->segments[i];
        if (!s->bss || !s->size) continue;
        ld_write_const(&w, (uint32_t)s->address);
        ld_write_const(&w, 0);
        ld_write_const(&w, (uint32_t)s->size);
        wr_byte(&w, wasm_op_info[OP_MEMORY_FILL].prefix);
        wr_u32(&w, wasm_op_info[OP_MEMORY_FILL].code);
        wr_byte(&w, 0); /* memory */
    }
    ld_write_op(&w, OP_END);
    set_body(ld, ld->init_memory, &w);
}

/* requires: indices and addresses. provides: the bodies of all functions that the linker makes. */
void ld_fill_bodies(Ld *ld)
{
    if (ld->n_ctors && ld->call_ctors->linker) fill_ctors(ld);
    else if (ld->call_ctors->linker && ld->call_ctors->live) fill_ctors(ld); /* nothing to run */
    for (size_t i = 0; i < ld->n_thunks; i++)
        if (ld->thunks[i].func->live) fill_entry(ld, &ld->thunks[i]);
    if (ld->init_memory) fill_init_memory(ld);
}

/* ---- entries ---- */

/* Behind the objects' functions. */
static InFunc *new_entry(Ld *ld, Str name, InFunc *of, struct Thunk how)
{
    InFunc *f = new_function(ld, name, of->type);
    f->live = true;
    how.func = f;
    how.of = of;
    LD_PUSH(ld, ld->thunks, ld->n_thunks, ld->thunks_cap) = how;
    return f;
}

static Str export_name(const Symbol *s) { return s->func->extra->export_name.len ? s->func->extra->export_name : s->name; }

static void declare_isolated_entry(Ld *ld, Symbol *s)
{
    InFunc *inner = s->func;
    if (ld->n_ctors && !ld->call_ctors->used && str_eq(export_name(s), STR("parigot_init"))) {
        inner =
            new_entry(ld, STR("parigot_init with constructors"), inner, (struct Thunk){.runs_ctors = true});
        ld->ctors_run = true;
    }
    InFunc *thunk = new_entry(ld, export_name(s), inner, (struct Thunk){.resets_stack = true});
    ld_func_extra(&ld->arena, s->func)->thunk = thunk;
}

/* A program that has constructors and never calls them is a command in wasm-ld's eyes: each export runs them
 * first. */
static void declare_command(Ld *ld, Symbol *s)
{
    Str name = str_of(arena_printf(&ld->arena, "%.*s.command_export", STR_ARG(s->name)));
    ld_func_extra(&ld->arena, s->func)->thunk =
        new_entry(ld, name, s->func,
                  (struct Thunk){.runs_ctors = ld->call_ctors->live, .runs_dtors = ld->call_dtors != NULL});
}

/* Zero data of an imported memory is cleared at the start, where there is an instruction for it; else its
 * bytes are in the module. */
static void declare_init_memory(Ld *ld)
{
    if (!ld->opt->import_memory || !ld_has_feature(ld, "bulk-memory")) return;
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_segments && !ld->init_memory; i++) {
            const InSegment *s = &ld->objs[o]->segments[i];
            if (!s->live || !str_has_prefix(ld_segment_info(s)->name, STR(".bss"))) continue;
            ld->init_memory = ld_new_function(ld, STR("__wasm_init_memory"), ld_type_id(ld, &no_type));
            ld->init_memory->live = true;
        }
}

/* requires: live is final. */
void ld_declare_entries(Ld *ld)
{
    declare_init_memory(ld);
    bool command = !ld->opt->isolate && !ld->call_ctors->used && !ld_is_exported(ld, ld->call_ctors) &&
                   (ld->n_ctors || ld->call_dtors);
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (!s->live || s->kind != SYM_FUNCTION || !ld_is_exported(ld, s) || s->func->extra->thunk) continue;
        if (ld->opt->isolate) declare_isolated_entry(ld, s);
        else if (command) declare_command(ld, s);
    }
    if (!ld->n_held) ld_check_constructors_run(ld);
}

/* Those that are left when the module is written. */
void ld_check_constructors_run(Ld *ld)
{
    if (!ld->opt->isolate || !ld->n_ctors || ld->call_ctors->used || ld->ctors_run) return;
    diag_add(ld->diags, LD_BAD_CTOR,
             DIAG_AT(.file = ld_obj_text(ld->ctors[0].symbol->obj), .symbol = ld->ctors[0].symbol->name),
             "constructors would never run: no entry parigot_init is exported");
}

/* requires: ld->ctors is what will run. provides: what else ran them does not, and is not there when it did nothing else;
 * bodies are to be filled again. */
void ld_forget_constructors(Ld *ld)
{
    if (ld->n_ctors) return;
    if (ld->call_ctors->linker) ld->call_ctors->func->live = ld->call_ctors->live = ld->call_ctors->used;
    for (size_t i = 0; i < ld->n_thunks; i++) {
        struct Thunk *ran = &ld->thunks[i];
        if (!ran->runs_ctors) continue;
        ran->func->live = false;
        for (size_t k = 0; k < ld->n_thunks; k++)
            if (ld->thunks[k].of == ran->func) ld->thunks[k].of = ran->of;
    }
}

/* ---- frame checks ---- */

void ld_write_frame_check(Writer *w, uint32_t stack_pointer, uint32_t least)
{
    op_u32(w, OP_GLOBAL_GET, stack_pointer);
    ld_write_const(w, least);
    ld_write_op(w, OP_I32_LT_U);
    ld_write_op(w, OP_IF);
    wr_byte(w, TYPE_VOID);
    ld_write_op(w, OP_UNREACHABLE);
    ld_write_op(w, OP_END);
}

/* The check stands behind the local declarations, before everything else. */
static void add_check(Ld *ld, InFunc *f, uint32_t depth)
{
    Diags ignored = {.limit = 1};
    Reader r = rd_open(f->body, f->size, NULL, &ignored);
    WasmLocals l;
    bool ok = rd_locals(&r, &l);
    diag_free(&ignored);
    if (!ok) return; /* the validator has read them already */

    uint64_t least = (uint64_t)ld->layout.stack_low + depth;
    Writer w = {0};
    ld_write_frame_check(&w, ld->stack_pointer->global->out_index, least > UINT32_MAX ? UINT32_MAX : (uint32_t)least);
    FuncExtra *x = ld_func_extra(&ld->arena, f);
    x->check = (uint8_t *)arena_strndup(&ld->arena, (const char *)w.ptr, w.len);
    x->check_size = (uint32_t)w.len;
    x->check_at = l.code_at;
    wr_free(&w);
}

void ld_add_frame_checks(Ld *ld, const ValFrame *frames, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (frames[i].func >= ld->n_imported_funcs && frames[i].func - ld->n_imported_funcs < ld->n_funcs)
            add_check(ld, ld->funcs[frames[i].func - ld->n_imported_funcs], frames[i].depth);
}
