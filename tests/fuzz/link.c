/* Fuzz target: an object or an archive, linked: under policy none with everything kept, and under strict. */
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

static void link_once(const uint8_t *data, size_t size, bool isolate)
{
    LdOptions o;
    Diags d = {.limit = 20};
    LdOutput out;
    LdInput in = {.path = "fuzz.o", .bytes = data, .size = size, .whole_archive = true};
    ld_default_options(&o, isolate);
    o.inputs = &in;
    o.n_inputs = 1;
    o.entry = NULL;
    o.memory_limit = 256 << 20;
    if (!isolate) {
        o.export_all = o.no_gc = true;
        o.allow_undefined_functions = true;
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
    ld_free_output(&out);
    tell(&d);
    diag_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t empty;
    if (size == 0) data = &empty; /* NULL would mean a path */
    link_once(data, size, false);
    link_once(data, size, true);
    return 0;
}
