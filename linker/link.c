/* link.c: the passes of a link, in their order. What each requires and provides stands above its definition.
 */
#include "linker/ld.h"
#include "linker/stack_bound.h"
#include "validator/validator.h"

#include <string.h>
#include <sys/random.h>

void ld_default_options(LdOptions *o, bool isolate)
{
    *o = (LdOptions){.output = "a.out",
                     .isolate = isolate,
                     .stack_size = WASM_PAGE,
                     .page_size = WASM_PAGE,
                     .seal_align = 4096,
                     .table_base = 1,
                     .optimize = 1,
                     .child = CHILD_DEFAULT_LIMITS,
                     .import_memory_module = "env",
                     .import_memory_name = "memory",
                     .export_memory_name = "memory"};
    if (!isolate) {
        o->entry = "_start";
        return;
    }
    o->policy = val_builtin_policy(STR("strict"));
    o->max_memory = 16 << 20;
    o->no_export_memory = true;
}

/* The findings of a first look are forgotten when the module is written once more. */
typedef struct Mark {
    size_t n, errors, warnings;
} Mark;
static Mark mark_diags(const Diags *d) { return (Mark){d->n, d->errors, d->warnings}; }
static void forget_diags(Diags *d, Mark m)
{
    d->n = m.n;
    d->errors = m.errors;
    d->warnings = m.warnings;
}

/* What is no error and was, or was not, told of the objects by symbol is not told again of the module. */
static void forget_repeated(Ld *ld, size_t first)
{
    Diags *d = ld->diags;
    size_t kept = first;
    for (size_t i = first; i < d->n; i++) {
        ValRule rule;
        bool of_objects = val_rule_find(str_of(diag_code_text(d->items[i].code)), &rule) && rule < RULE_P301;
        if (d->items[i].severity >= SEV_ERROR ||
            (!of_objects && (d->items[i].severity > SEV_NOTE || ld->opt->notes)))
            d->items[kept++] = d->items[i];
        else if (d->items[i].severity == SEV_WARNING) d->warnings--;
    }
    d->n = kept;
}

unsigned ld_threads(const LdOptions *o)
{
    unsigned n = o->threads ? o->threads : parallel_processors();
    return n > PARALLEL_MOST ? PARALLEL_MOST : n;
}

static bool finish(Ld *ld, const WasmModule *m, Writer *out)
{
    const MeterOptions how = {.kind = ld->opt->meter};
    return ld_finish(ld->opt, &ld->arena, ld->diags, m, &how, out);
}

/* What is written is what was validated. Frames larger than the null guard are found by the validator; then
 * their checks are put in and the module is made, and judged, once more. */
static bool write_and_validate(Ld *ld, Writer *out)
{
    ValPolicy policy;
    ValOptions how = ld_val_options_before(ld->opt, &policy);
    ValReport report;
    for (int round = 0;; round++) {
        ld_write_module(ld, ld->opt->to_file ? NULL : out);
        if (ld->diags->errors) return false;
        if (!ld->opt->isolate && !ld->opt->meter) return true; /* nobody vouches for it: as with wasm-ld */
        Mark before = mark_diags(ld->diags);
        bool ok = val_module(&ld->arena, out->ptr, out->len, ld->opt->output, &how, ld->diags, &report);
        if (report.n_frames == 0 || round > 0) {
            ld_explain_findings(ld, &report.module, before.n);
            forget_repeated(ld, before.n);
            return ok && (!(ld->opt->meter || ld->opt->binaryen || ld->opt->seal_check) || finish(ld, &report.module, out));
        }
        forget_diags(ld->diags, before);
        ld_add_frame_checks(ld, report.frames, report.n_frames);
        wr_free(out);
    }
}

/* Passes allocate from one arena and do not ask whether there was memory: where there is none, the link is
 * over, from wherever it was. */
static void out_of_memory(void *ctx)
{
    Ld *ld = ctx;
    longjmp(ld->out_of_memory, 1);
}

static void give_up_aside(void *ctx)
{
    Ld *ld = ctx;
    longjmp(ld->aside.out_of_memory, 1);
}

static void *gather_aside(void *ctx)
{
    Ld *ld = ctx;
    if (setjmp(ld->aside.out_of_memory) == 0) ld_gather_customs(ld, &ld->aside.arena);
    else ld->aside.failed = true;
    return NULL;
}

/* DWARF, strings above all, takes as long as all that lies between resolve and write, and neither needs the other. */
static void start_gathering(Ld *ld)
{
    enum { WORTH_A_THREAD = 1 << 20 };
    uint64_t size = 0;
    for (size_t o = 0; o < ld->n_objs; o++) size += ld->objs[o]->debug.size;
    ld->aside.arena = (Arena){.limit_bytes = ld->opt->memory_limit, .on_oom = give_up_aside, .oom_ctx = ld};
    ld->aside.running = ld_threads(ld->opt) > 1 && size >= WORTH_A_THREAD &&
                        pthread_create(&ld->aside.thread, NULL, gather_aside, ld) == 0;
    if (!ld->aside.running) (void)gather_aside(ld);
}

static bool finish_gathering(Ld *ld)
{
    if (ld->aside.running) (void)pthread_join(ld->aside.thread, NULL);
    ld->aside.running = false;
    return !ld->aside.failed;
}

/* The bound does not depend on where things lie, so the module is made with the least stack, measured, and laid out
 * once more with the stack that it needs. */
static bool size_stack(Ld *ld)
{
    Writer w = {0};
    uint64_t bound;
    ld_write_module(ld, &w);
    bool ok = ld->diags->errors == 0 &&
              ld_stack_bound(&ld->arena, w.ptr, w.len, ld->opt->output, ld->diags, &bound);
    wr_free(&w);
    if (!ok) return false;
    if (bound > UINT32_MAX - STACK_ALIGN) {
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(), "memory too large: the stack needs %llu bytes",
                 (unsigned long long)bound);
        return false;
    }
    uint32_t size = ((uint32_t)bound + STACK_ALIGN - 1) & ~(STACK_ALIGN - 1u);
    ld_resize_stack(ld, size > ld->opt->stack_size ? size : ld->opt->stack_size);
    ld_fill_bodies(ld);
    return ld->diags->errors == 0;
}

/* Nothing is added to the link after `resolve`, to the module after `assign`, and no address moves after
 * `layout` but by `size_stack`. */
static bool link_all(Ld *ld, Writer *out)
{
    ld_read_inputs(ld); /* objects viewed, archives' indexes read */
    if (ld->diags->errors) return false;
    ld_resolve_symbols(ld);       /* one Symbol for each name; archive members as needed */
    ld_define_linker_symbols(ld); /* ends of stack, data, heap; the function table */
    ld_wrap_symbols(ld);          /* --wrap: references point to the wrappers */
    ld_export_symbols(ld);        /* entry and --export */
    if (ld->diags->errors > ld->survivable) return false;
    start_gathering(ld);     /* DWARF and the like, meanwhile */
    ld_check_signatures(ld); /* both ends of every call agree on the type */
    if (!ld->opt->relocatable) ld_stub_weak(ld); /* what is weak and nobody's can be called, and traps */
    ld_mark_live(ld);        /* what can be reached */
    if (!ld->opt->relocatable) ld_define_bounds(ld); /* the ends of segments that have names */
    ld_report_exports(ld);   /* --export finds what it names */
    ld_check_objects(ld);    /* the policy's rules, by symbol */
    ld_check_undefined(ld);  /* nothing live is missing; table and address globals known */
    ld_gather_features(ld);  /* what the objects use, and whether that goes together */
    if (!ld->opt->relocatable) ld_declare_entries(ld); /* thunks */
    if (ld->diags->errors) {
        if (ld->opt->isolate) ld_check_imports(ld); /* else they are judged on the module */
        return false;
    }
    ld_assign_indices(ld); /* every index is final */
    ld_layout_memory(ld);  /* every address is final */
    ld_fill_bodies(ld);    /* thunks, constructors */
    if (ld->diags->errors) return false;
    if (!finish_gathering(ld)) out_of_memory(ld);
    if (ld_keeps_relocs(ld)) ld_number_symbols(ld); /* for a later link */
    if (ld->opt->stack_auto && !size_stack(ld)) return false;
    if (!ld_run_constructors(ld)) return false; /* what they write is data, and they are gone */
    if (ld->opt->compress_relocations) ld_pack_code(ld); /* what addresses it has room for */
    if (ld->diags->errors) return false;
    return write_and_validate(ld, out); /* relocations are applied as the bytes are copied */
}

static bool link_guarded(Ld *ld, Writer *out)
{
    if (setjmp(ld->out_of_memory) == 0) {
        bool ok = link_all(ld, out);
        if (!ok) ld_report_held(ld);
        return ok;
    }
    diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    return false;
}

bool ld_link(const LdOptions *opt, Diags *diags, LdOutput *out)
{
    *out = (LdOutput){0};
    Ld ld = {.opt = opt, .diags = diags, .messages = &out->messages, .why_extract = &out->why_extract, .map = &out->map};
    ld.nearest_budget = VAL_NEAREST_BUDGET;
    ld.arena = (Arena){.limit_bytes = opt->memory_limit, .on_oom = out_of_memory, .oom_ctx = &ld};
    if (getrandom(&ld.hash_seed, sizeof ld.hash_seed, 0) != sizeof ld.hash_seed)
        ld.hash_seed = (uint64_t)(uintptr_t)&ld;
    bool ok = link_guarded(&ld, &out->module);
    (void)finish_gathering(&ld);
    ld_close_inputs(&ld);
    for (unsigned i = 0; i < ld.n_worker_arenas; i++) arena_free(&ld.worker_arenas[i]);
    arena_free(&ld.aside.arena);
    arena_free(&ld.arena);
    if (!ok) wr_free(&out->module);
    return ok;
}

void ld_free_output(LdOutput *out)
{
    wr_free(&out->module);
    text_free(&out->messages);
    text_free(&out->why_extract);
    text_free(&out->map);
}
