/* engine.c: what every engine does in the same way before guest code runs: imports by their names and types, layouts that
 * this host's pages can enforce, a memory within the limits; and how a host function stops its guest.
 *
 * Source: core 2.0 §4.5.4 "Instantiation"; docs/module-section.md "Checked means". */
#include "loader/engine.h"
#include "loader/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { PAGE_BYTES = 65536 };

/* ---- layout ------------------------------------------------------------------------------------------------------------ */

/* The layout's own rules are the validator's. */
bool load_check_layout(const WasmModule *m, const PmLayout *l, Diags *diags)
{
    DiagPlace place = DIAG_AT(.file = m->file);
    uint64_t host_page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t memory = m->n_memories > 0 ? (uint64_t)m->memories[0].min * PAGE_BYTES : 0;
    if (l->null_guard > l->sealed_low || l->sealed_low > l->sealed_high || l->sealed_high > l->heap_base ||
        l->heap_base > memory) {
        diag_add(diags, RUN_LAYOUT, place, "memory layout does not fit the module's memory of %llu bytes",
                 (unsigned long long)memory);
        return false;
    }
    if (l->seal == PM_SEAL_CHECK) return true; /* the code enforces it; pages help where they can */
    if (l->page_log2 >= 32 || host_page > UINT64_C(1) << l->page_log2 || l->null_guard % host_page != 0 ||
        l->sealed_low % host_page != 0 || l->sealed_high % host_page != 0) {
        diag_add(diags, RUN_LAYOUT, place, "pages of %llu bytes cannot enforce a layout made for pages of 2^%u bytes",
                 (unsigned long long)host_page, l->page_log2);
        return false;
    }
    return true;
}

bool load_pages_enforce(const PmLayout *l)
{
    uint64_t host_page = (uint64_t)sysconf(_SC_PAGESIZE);
    return l->null_guard % host_page == 0 && l->sealed_low % host_page == 0 && l->sealed_high % host_page == 0;
}

/* ---- memory ------------------------------------------------------------------------------------------------------------ */

bool load_open_memory(const WasmModule *m, const LoadLimits *limits, bool force_checks, LoadMemory *memory, Diags *diags)
{
    if (m->n_memories == 0) {
        memory->checked = force_checks;
        return true;
    }
    const WasmLimits *pages = &m->memories[0];
    uint64_t size = (uint64_t)pages->min * PAGE_BYTES;
    uint64_t max = (uint64_t)(pages->has_max ? pages->max : PAGE_BYTES) * PAGE_BYTES;
    uint64_t most = limits->memory_bytes ? limits->memory_bytes : LOAD_MEMORY_BYTES, limit = most / PAGE_BYTES * PAGE_BYTES;
    if (size > limit) {
        diag_add(diags, RUN_LIMIT, DIAG_AT(.file = m->file), "memory of %llu bytes exceeds the limit of %llu",
                 (unsigned long long)size, (unsigned long long)most);
        return false;
    }
    if (memory_open(memory, size, max < limit ? max : limit, force_checks)) return true;
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    return false;
}

/* ---- tables ------------------------------------------------------------------------------------------------------------ */

bool load_check_tables(const WasmModule *m, const LoadLimits *limits, uint32_t *most, Diags *diags)
{
    uint64_t elems = 0;
    for (uint32_t i = 0; i < m->n_tables; i++) elems += m->tables[i].limits.min;
    *most = limits->table_elems ? limits->table_elems : LOAD_TABLE_ELEMS;
    if (elems <= *most) return true;
    diag_add(diags, RUN_LIMIT, DIAG_AT(.file = m->file), "tables of %llu elements exceed the limit of %u",
             (unsigned long long)elems, *most);
    return false;
}

/* ---- imports ----------------------------------------------------------------------------------------------------------- */

static char letter_of_type(uint8_t type)
{
    switch (type) {
    case TYPE_I32: return 'i';
    case TYPE_I64: return 'I';
    case TYPE_F32: return 'f';
    case TYPE_F64: return 'F';
    case TYPE_V128: return 'V';
    case TYPE_FUNCREF: return 'c';
    case TYPE_EXTERNREF: return 'e';
    default: return '?';
    }
}

static bool same_types(const char *letters, const uint8_t *types, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (letters[i] != letter_of_type(types[i])) return false; /* also at the end of letters */
    return letters[n] == 0;
}

static const LoadImport *find_import(const WasmImport *wanted, const LoadImport *rows, size_t n_rows)
{
    for (size_t i = n_rows; i > 0; i--)
        if (str_eq(rows[i - 1].module, wanted->module) && str_eq(rows[i - 1].name, wanted->name)) return &rows[i - 1];
    return NULL;
}

bool load_link_imports(const WasmModule *m, const LoadImport *rows, size_t n_rows, Arena *arena, Diags *diags,
                       const LoadImport **out)
{
    LoadImport *linked = arena_array(arena, m->n_imported[KIND_FUNC], sizeof *linked);
    bool ok = linked != NULL || m->n_imported[KIND_FUNC] == 0;
    if (!ok) diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *wanted = &m->imports[i];
        DiagPlace place = DIAG_AT(.file = m->file, .offset = wanted->offset);
        const char *module = diag_escape(arena, wanted->module);
        const char *name = diag_escape(arena, wanted->name);
        const LoadImport *row = wanted->kind == KIND_FUNC ? find_import(wanted, rows, n_rows) : NULL;
        if (row == NULL) {
            const char *type = wanted->kind == KIND_FUNC
                                   ? wasm_type_signature(arena, wasm_func_type(m, wanted->index))
                                   : "";
            diag_add(diags, RUN_NO_IMPORT, place, "unknown import: %s \"%s\" \"%s\"%s%s", wasm_kind_text(wanted->kind),
                     module, name, *type ? " " : "", type ? type : "");
            ok = false;
            continue;
        }
        const WasmType *type = wasm_func_type(m, wanted->index);
        if (!same_types(row->params, type->params, type->n_params) ||
            !same_types(row->results, type->results, type->n_results)) {
            diag_add(diags, RUN_IMPORT_TYPE, place, "incompatible import type: \"%s\" \"%s\" is imported as %s", module,
                     name, wasm_type_signature(arena, type));
            ok = false;
            continue;
        }
        if (linked != NULL) linked[wanted->index] = *row;
    }
    *out = linked;
    return ok;
}

/* ---- host functions ---------------------------------------------------------------------------------------------------- */

bool load_host_trap(LoadHostCall *call, LoadTrapKind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    call->trap->kind = kind;
    vsnprintf(call->trap->detail, sizeof call->trap->detail, format, args);
    va_end(args);
    return false;
}

bool load_host_exit(LoadHostCall *call, int32_t code)
{
    call->trap->kind = TRAP_EXIT;
    call->trap->exit_code = code;
    return false;
}
