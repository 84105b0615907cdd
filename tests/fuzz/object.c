/* Fuzz target: what the linker reads: an object, or an archive and each of its members, with debug information and the
 * isolation rules by symbol. */
#include "validator/validator.h"

enum { MEMORY_LIMIT = 64 << 20, QUESTIONS = 64, MEMBERS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_lines(const WasmObject *o, Arena *a)
{
    Dwarf *d = dwarf_open_object(o, a);
    const char *file;
    uint32_t line;
    for (uint32_t i = 0; i < o->n_symbols && i < QUESTIONS; i++) (void)dwarf_line_of_symbol(d, i, &file, &line);
    for (uint32_t i = 0; i < QUESTIONS; i++) (void)dwarf_line_of_code(d, i * 5, &file, &line);
}

static void judge(const WasmObject *o, Arena *a, Diags *diags)
{
    ValObjectReport r;
    Dwarf *d = dwarf_open_object(o, a);
    if (!val_object_rules(a, o, NULL, &r)) return;
    for (uint32_t i = 0; i < r.n_findings && i < QUESTIONS; i++) val_report_finding(o, &r.findings[i], d, SEV_ERROR, diags);
}

static void read_object(Arena *a, const uint8_t *data, size_t size, Diags *diags)
{
    WasmObject o;
    (void)wasm_is_object(data, size);
    if (!wasm_read_object(a, data, size, "fuzz", diags, &o)) return;
    ask_lines(&o, a);
    judge(&o, a, diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a = {.limit_bytes = MEMORY_LIMIT};
    Diags diags = {.limit = 20};
    Archive ar;
    if (!ar_is_archive(data, size)) read_object(&a, data, size, &diags);
    else if (ar_read(&a, data, size, "fuzz", &diags, &ar))
        for (uint32_t i = 0; i < ar.n_members && i < MEMBERS; i++)
            if (ar.members[i].bytes) read_object(&a, ar.members[i].bytes, ar.members[i].size, &diags);
    TextBuf text = {0};
    for (size_t i = 0; i < diags.n; i++) diag_format(&text, &diags.items[i], "fuzz", DIAG_TEXT);
    text_free(&text);
    diag_free(&diags);
    arena_free(&a);
    return 0;
}
