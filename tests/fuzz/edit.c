/* Fuzz target: edits of a valid module (linker/edit.c, entries.c) leave a valid one, whose border is what it was; entry thunks that
 * are put in can be taken out; source lines that are written anew are those that were read; and a source map that
 * somebody else wrote does no harm. */
#include "linker/entries.h"
#include "linker/opt_lines.h"
#include "linker/optimize.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_LIMIT = 256 << 20, MOST_BYTES = 32 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf out_of_memory;
static void give_up(void *ctx)
{
    (void)ctx;
    longjmp(out_of_memory, 1);
}

static Arena arena; /* static: a jump does not lose them */
static Diags diags;
static Writer written[8];
static size_t n_written;

static bool is_limit(const Diags *d)
{
    return d->n && (d->items[0].code == OUT_OF_MEMORY || d->items[0].code == VAL_IMPLEMENTATION);
}

/* The module after the edit; it must be valid. */
static bool apply(const WasmModule *m, const ModuleEdit *e, WasmModule *out)
{
    Writer *w = &written[n_written++];
    CodeMap map;
    ValReport report;
    *w = (Writer){.limit_bytes = MOST_BYTES};
    if (!edit_write(m, e, &arena, &diags, w, &map)) return false;
    if (val_module(&arena, w->ptr, w->len, "edited", NULL, &diags, &report)) {
        *out = report.module;
        return true;
    }
    if (!is_limit(&diags)) abort();
    return false;
}

/* The module's memory as a guest at another's, and back. */
static void move_memory(const WasmModule *m)
{
    ModuleEdit e;
    WasmModule plain, guest, back;
    edit_begin(m, &arena, &e);
    e.customs = EDIT_NAMES_ONLY;
    if (!m->n_memories || m->n_imported[KIND_MEMORY] || m->memories[0].shared || !apply(m, &e, &plain)) return;
    e.memory = EDIT_MEMORY_IMPORTED;
    if (!apply(m, &e, &guest)) return;
    edit_begin(&guest, &arena, &e);
    e.memory = EDIT_MEMORY_OWN;
    if (!apply(&guest, &e, &back)) return;
    if (!opt_same(&plain, &back, &arena, "edited", "fuzz", &diags)) abort();
}

static bool find_stack_pointer(const WasmModule *m, StackPointer *sp)
{
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        sp->global = i;
        if (m->globals[i].mutable && m->globals[i].type == TYPE_I32 && wasm_const_i32(m, m->globals[i].init, &sp->high)) return true;
    }
    return false;
}

static uint32_t count_code(const WasmModule *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_bodies; i++) n += m->bodies[i].size;
    return n;
}

static void make_entries(const WasmModule *m)
{
    StackPointer sp;
    ModuleEdit e;
    WasmModule with, again, without;
    if (!find_stack_pointer(m, &sp)) return;
    edit_begin(m, &arena, &e);
    entries_add(m, &sp, &arena, &e);
    if (!apply(m, &e, &with)) return;
    edit_begin(&with, &arena, &e);
    entries_add(&with, &sp, &arena, &e);
    if (e.n_bodies || e.n_funcs || !apply(&with, &e, &again)) abort(); /* there is nothing more to do */
    edit_begin(&with, &arena, &e);
    entries_strip(&with, &sp, &arena, &e);
    if (!apply(&with, &e, &without)) return;
    if (count_code(&without) > count_code(&with)) abort();
}

static bool has_long_name(const DwarfLines *l)
{
    enum { READ_AT_MOST = 4096 };
    for (size_t i = 0; i < l->n_files; i++)
        if (strlen(l->files[i]) > READ_AT_MOST || strncmp(l->files[i], "./", 2) == 0 || !*l->files[i]) return true;
    return false;
}

static void write_lines(const WasmModule *m)
{
    DwarfLines before, after;
    ModuleEdit e;
    WasmModule plain;
    ValReport report;
    if (!dwarf_all_lines(dwarf_open_module(m, &arena), &arena, &before) || has_long_name(&before)) return;
    edit_begin(m, &arena, &e);
    e.customs = EDIT_NAMES_ONLY;
    if (!apply(m, &e, &plain)) return;
    Writer *w = &written[n_written - 1];
    dwarf_write_lines(w, &before);
    if (w->failed || !val_module(&arena, w->ptr, w->len, "lines", NULL, &diags, &report)) return;
    for (size_t i = 0; i < before.n; i++)
        if (before.items[i].offset > m->size) return; /* of code that is not there */
    bool read = dwarf_all_lines(dwarf_open_module(&report.module, &arena), &arena, &after);
    if (!read || before.n != after.n || memcmp(before.items, after.items, before.n * sizeof *before.items) != 0) abort();
    Writer json = {0};
    lines_to_map(&report.module, &json);
    lines_from_map((Str){(const char *)json.ptr, json.len}, &report.module, &before, m, &arena, &after);
    wr_free(&json);
}

/* The input after its module, or all of it, as a map. */
static void read_map(const WasmModule *m, const uint8_t *data, size_t size)
{
    static const char head[] = "{\"mappings\":\"";
    DwarfLine lines[] = {{0, 0, 1}, {1000, 0, 2}};
    const char *files[] = {"a.c"};
    const DwarfLines known = {.items = lines, .n = 2, .files = files, .n_files = 1};
    DwarfLines out;
    Writer json = {0};
    wr_bytes(&json, head, sizeof head - 1);
    wr_bytes(&json, data, size);
    wr_byte(&json, '"');
    if (!json.failed) lines_from_map((Str){(const char *)json.ptr, json.len}, m, &known, m, &arena, &out);
    wr_free(&json);
}

static const uint8_t *last_custom(const WasmModule *m, size_t *size)
{
    const WasmCustom *c = m->n_customs ? &m->customs[m->n_customs - 1] : NULL;
    *size = c ? c->payload.size : 0;
    return c ? m->bytes + c->payload.offset : m->bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ValReport report;
    arena = (Arena){.limit_bytes = MEMORY_LIMIT, .on_oom = give_up};
    diags = (Diags){.limit = 20};
    n_written = 0;
    if (setjmp(out_of_memory) == 0 && val_module(&arena, data, size, "fuzz", NULL, &diags, &report)) {
        size_t n;
        const uint8_t *map = last_custom(&report.module, &n);
        move_memory(&report.module);
        make_entries(&report.module);
        write_lines(&report.module);
        read_map(&report.module, map, n);
    }
    for (size_t i = 0; i < n_written; i++) wr_free(&written[i]);
    diag_free(&diags);
    arena_free(&arena);
    return 0;
}
