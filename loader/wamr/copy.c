/* copy.c: what WAMR gets to see of a module: the same code and data, and names that are ours.
 *
 * WAMR finds imports and exports by name, in lists of the whole process, as strings of C, with meanings of its own for some
 * (`_f` is `f`, `env` and `wasi_snapshot_preview1` are its libraries). So in its copy an import is "p" and the number of
 * its function, an exported function "f" and its number; besides them the gauge of the meter and the stack pointer are
 * exported, since there is no other way to read a global. Custom sections are left out.
 *
 * The module is valid and in WAMR's form (P606): its imports are functions. Source: core 2.0 §5.5 "Modules". */
#include <stdio.h>
#include <stdlib.h>

#include "loader/wamr/wamr.h"

enum { HEADER_BYTES = 8 };

void copy_import_name(uint32_t func, char out[COPY_NAME_BYTES]) { snprintf(out, COPY_NAME_BYTES, "%u", func); }
void copy_export_name(uint32_t func, char out[COPY_NAME_BYTES]) { snprintf(out, COPY_NAME_BYTES, "f%u", func); }

static void write_section(Writer *out, uint8_t id, Writer *payload)
{
    wr_byte(out, id);
    wr_u32(out, (uint32_t)payload->len);
    wr_bytes(out, payload->ptr, payload->len);
    out->failed |= payload->failed;
    wr_free(payload);
}

static void write_imports(Writer *out, const WasmModule *m)
{
    Writer w = {0};
    char name[COPY_NAME_BYTES];
    wr_u32(&w, m->n_imported[KIND_FUNC]);
    for (uint32_t i = 0; i < m->n_imported[KIND_FUNC]; i++) {
        copy_import_name(i, name);
        wr_name(&w, STR(COPY_IMPORT_MODULE));
        wr_name(&w, str_of(name));
        wr_byte(&w, KIND_FUNC);
        wr_u32(&w, m->func_types[i]);
    }
    write_section(out, SEC_IMPORT, &w);
}

static void write_export(Writer *w, const char *name, WasmKind kind, uint32_t index)
{
    wr_name(w, str_of(name));
    wr_byte(w, (uint8_t)kind);
    wr_u32(w, index);
}

/* exported: by function. n: how many of them */
static void write_exports(Writer *out, const WasmModule *m, const bool *exported, uint32_t n, uint32_t fuel, uint32_t stack)
{
    Writer w = {0};
    char name[COPY_NAME_BYTES];
    wr_u32(&w, n + (fuel > 0) + (stack > 0));
    for (uint32_t i = 0; i < m->n_funcs; i++) {
        if (!exported[i]) continue;
        copy_export_name(i, name);
        write_export(&w, name, KIND_FUNC, i);
    }
    if (fuel) write_export(&w, COPY_FUEL, KIND_GLOBAL, fuel - 1);
    if (stack) write_export(&w, COPY_STACK, KIND_GLOBAL, stack - 1);
    write_section(out, SEC_EXPORT, &w);
}

static bool write_sections(Writer *out, const WasmModule *m, uint32_t fuel, uint32_t stack)
{
    bool *exported = calloc(m->n_funcs + UINT64_C(1), sizeof *exported);
    uint32_t n = 0;
    if (!exported) return false;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        if (m->exports[i].kind != KIND_FUNC || exported[m->exports[i].index]) continue;
        exported[m->exports[i].index] = true;
        n++;
    }
    for (uint32_t i = 0; i < m->n_sections; i++) {
        const WasmSection *s = &m->sections[i];
        if (s->id == SEC_CUSTOM) continue;
        if (s->id == SEC_IMPORT) {
            write_imports(out, m);
        } else if (s->id == SEC_EXPORT) {
            write_exports(out, m, exported, n, fuel, stack);
        } else {
            wr_byte(out, s->id);
            wr_u32(out, s->payload.size);
            wr_bytes(out, wasm_at(m, s->payload), s->payload.size);
        }
    }
    free(exported);
    return true;
}

bool copy_module(const WasmModule *m, uint32_t fuel, uint32_t stack_pointer, Writer *out)
{
    if (fuel > m->n_globals) fuel = 0;
    if (stack_pointer > m->n_globals) stack_pointer = 0;
    wr_bytes(out, m->bytes, HEADER_BYTES);
    return write_sections(out, m, fuel, stack_pointer) && !out->failed;
}
