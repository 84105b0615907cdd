/* Fuzz target: an object or an archive, linked: under policy none with everything kept, with the options that
 * look at or change the most, under strict, and for a later link, which can read what was written. */
#include "linker/linker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names from the input come out in every format. */
static void tell(Diags *d)
{
    const Diags *all = d;
    TextBuf t = {0};
    for (size_t i = 0; i < d->n; i++) diag_format_json(&t, &d->items[i]);
    demangle_diags(d);
    for (size_t i = 0; i < d->n; i++) {
        diag_format(&t, &d->items[i], "fuzz", DIAG_TEXT);
        diag_format_gnu(&t, &d->items[i], "fuzz");
    }
    sarif_format(&t, "fuzz", "/tmp", &all, 1, true);
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 && t.ptr[i] != '\n') __builtin_trap();
    text_free(&t);
}

typedef enum How { KEEP_ALL, MANY_OPTIONS, STRICT, RELOCATABLE, EMIT_RELOCS } How;

/* Maps, packed code, ids, wrapped and traced symbols, imported memory; members as they are needed. */
static void many_options(LdOptions *o, LdInput *in)
{
    static const char *names[] = {"f", "run", "_start", "g", "weak", "__stack_pointer"};
    static const LdNames all = {names, ARRAY_LEN(names), ARRAY_LEN(names)};
    in->whole_archive = false;
    o->exports = o->wrap = o->trace_symbols = o->undefined = all;
    o->unresolved = LD_UNRESOLVED_WARN;
    o->trace = o->print_gc = o->tell_map = o->tell_why_extracted = true;
    o->multiple_definitions = o->import_memory = o->export_table = true;
    o->optimize = 2;
    o->strip = LD_STRIP_DEBUG;
    o->compress_relocations = true;
    o->build_id = LD_BUILD_ID_SHA1;
    o->page_size = 1;
}

/* As a later link does. */
static void read_back(const Writer *w)
{
    Arena a = {0};
    Diags d = {.limit = 20};
    WasmObject o;
    if (!wasm_read_object(&a, w->ptr, w->len, "again", &d, &o)) __builtin_trap();
    diag_free(&d);
    arena_free(&a);
}

static void link_once(const uint8_t *data, size_t size, How how)
{
    bool isolate = how == STRICT;
    LdOptions o;
    Diags d = {.limit = 20};
    LdOutput out;
    LdInput in = {.path = "fuzz.o", .bytes = data, .size = size, .whole_archive = true};
    ld_default_options(&o, isolate);
    o.inputs = &in;
    o.n_inputs = 1;
    o.entry = NULL;
    o.memory_limit = 256 << 20;
    if (how == MANY_OPTIONS) many_options(&o, &in);
    if (how == KEEP_ALL) {
        o.export_all = o.no_gc = true;
        o.allow_undefined_functions = true;
        o.unresolved = LD_UNRESOLVED_IGNORE;
    }
    if (how == RELOCATABLE) o.relocatable = o.import_table = o.no_merge_data = o.no_gc = o.tell_map = true;
    if (how == EMIT_RELOCS) {
        o.emit_relocs = true;
        o.no_gc = o.export_all = size % 2; /* with what is dead and without */
        o.unresolved = LD_UNRESOLVED_IGNORE;
    }
    bool ok = ld_link(&o, &d, &out);
    if (ok && isolate) { /* for others nobody vouches */
        /* what is written is valid: read it again, with other eyes than those that passed it */
        ValReport report;
        Arena a = {0};
        Diags again = {.limit = 20};
        if (!val_module(&a, out.module.ptr, out.module.len, "again", NULL, &again, &report)) __builtin_trap();
        diag_free(&again);
        arena_free(&a);
    }
    if (ok && (o.relocatable || o.emit_relocs)) read_back(&out.module);
    ld_free_output(&out);
    tell(&d);
    diag_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t empty;
    if (size == 0) data = &empty; /* NULL would mean a path */
    for (How how = KEEP_ALL; how <= EMIT_RELOCS; how++) link_once(data, size, how);
    return 0;
}
