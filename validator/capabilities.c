/* capabilities.c: --report=capabilities: what can this module do? Its imports are the whole of what it can ask for; its exports,
 * memory and features are what a host has to know. docs/validate-json.md has the JSON. */
#include "validator/report.h"

#include <string.h>

static const struct {
    Str module, name;
    const char *words;
} rows[] = {
#define CAPABILITY(module, name, words) {{module, sizeof module - 1}, {name, sizeof name - 1}, words},
#include "validator/capabilities.def"
#undef CAPABILITY
};

enum { PAGE_KIB = 64 };

/* ---- what an import is for ---- */

static bool fits(Str pattern, Str s)
{
    size_t n = pattern.len - 1; /* no pattern is empty */
    if (pattern.ptr[n] == '*') return s.len >= n && (n == 0 || memcmp(s.ptr, pattern.ptr, n) == 0);
    return s.len == pattern.len && memcmp(s.ptr, pattern.ptr, s.len) == 0;
}

/* Row of the table; -1: it is not known. Rows of one module stand together: it is compared once for them. */
static int row_of(const WasmImport *im)
{
    bool module_fits = false;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (i == 0 || rows[i].module.ptr != rows[i - 1].module.ptr) module_fits = fits(rows[i].module, im->module);
        if (module_fits && fits(rows[i].name, im->name)) return (int)i;
    }
    return -1;
}

/* Which words are said: each once, in the order of the table; *unknown counts imports that fit no row. */
static void find_words(const WasmModule *m, bool said[ARRAY_LEN(rows)], uint32_t *unknown)
{
    memset(said, 0, ARRAY_LEN(rows) * sizeof *said);
    *unknown = 0;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        int row = row_of(&m->imports[i]);
        if (row < 0) {
            ++*unknown;
            continue;
        }
        said[row] = true;
    }
    for (size_t i = 1; i < ARRAY_LEN(rows); i++)
        for (size_t k = 0; k < i && said[i]; k++)
            if (strcmp(rows[k].words, rows[i].words) == 0) {
                said[k] = true;
                said[i] = false;
            }
}

/* ---- types ---- */

static void limits_text(TextBuf *t, const WasmLimits *l)
{
    text_printf(t, "%u", l->min);
    if (l->has_max) text_printf(t, " to %u", l->max);
    else text_add(t, STR(" or more"));
    if (l->shared) text_add(t, STR(", shared"));
}

/* One type of many parameters may serve many exports: only short ones are written out, so that the report is linear in the file. */
static void signature(TextBuf *t, const WasmType *type)
{
    enum { MOST = 32 };
    Arena a = {0};
    if (type->n_params > MOST || type->n_results > MOST) {
        text_printf(t, "(%u parameters) -> (%u results)", type->n_params, type->n_results);
        return;
    }
    const char *words = wasm_type_signature(&a, type);
    if (words) text_add(t, str_of(words));
    else t->failed = true;
    arena_free(&a);
}

static void type_text(TextBuf *t, const WasmModule *m, uint8_t kind, uint32_t index)
{
    switch (kind) {
    case KIND_FUNC: signature(t, wasm_func_type(m, index)); break;
    case KIND_TABLE:
        text_printf(t, "%s, ", wasm_type_text(m->tables[index].elem_type));
        limits_text(t, &m->tables[index].limits);
        text_add(t, STR(" elements"));
        break;
    case KIND_MEMORY:
        limits_text(t, &m->memories[index]);
        text_add(t, STR(" pages"));
        break;
    case KIND_GLOBAL:
        text_printf(t, "%s%s", m->globals[index].mutable ? "mutable " : "", wasm_type_text(m->globals[index].type));
        break;
    default: break;
    }
}

static uint32_t mutable_globals(const WasmModule *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_globals; i++) n += m->globals[i].mutable;
    return n;
}

/* ---- text ---- */

static void text_words(TextBuf *t, const WasmModule *m)
{
    bool said[ARRAY_LEN(rows)];
    uint32_t unknown, n = 0;
    find_words(m, said, &unknown);
    text_add(t, STR("  can use     "));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (said[i]) text_printf(t, "%s%s", n++ ? ", " : "", rows[i].words);
    if (unknown) text_printf(t, "%s%u import%s of unknown meaning", n++ ? ", " : "", unknown, unknown == 1 ? "" : "s");
    text_add(t, n ? STR("\n") : STR("nothing: it imports nothing\n"));
}

static void text_features(TextBuf *t, WasmFeatures features)
{
    text_add(t, STR("  features   "));
    for (int f = 0; f < FEATURE_COUNT; f++)
        if (features >> f & 1) text_printf(t, " %s", wasm_feature_text((WasmFeature)f));
    text_add(t, STR("\n"));
}

static void text_memories(TextBuf *t, const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_memories; i++) {
        const WasmLimits *l = &m->memories[i];
        text_printf(t, "  memory      %llu KiB", (unsigned long long)l->min * PAGE_KIB);
        if (l->has_max) text_printf(t, " to %llu KiB", (unsigned long long)l->max * PAGE_KIB);
        else text_add(t, STR(", no maximum"));
        text_printf(t, "%s%s\n", l->shared ? ", shared with other threads" : "",
                    i < m->n_imported[KIND_MEMORY] ? ", imported" : "");
    }
}

static void text_imports(TextBuf *t, const WasmModule *m)
{
    if (m->n_imports) text_printf(t, "  imports     %u\n", m->n_imports);
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *im = &m->imports[i];
        int row = row_of(im);
        text_printf(t, "    %-8s  ", wasm_kind_text(im->kind));
        text_add_escaped(t, im->module);
        text_add(t, STR(" / "));
        text_add_escaped(t, im->name);
        text_add(t, STR(": "));
        type_text(t, m, im->kind, im->index);
        if (row >= 0) text_printf(t, "  [%s]", rows[row].words);
        text_add(t, STR("\n"));
    }
}

static void text_exports(TextBuf *t, const WasmModule *m)
{
    if (m->n_exports) text_printf(t, "  exports     %u\n", m->n_exports);
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        text_printf(t, "    %-8s  ", wasm_kind_text(e->kind));
        text_add_escaped(t, e->name);
        text_add(t, STR(": "));
        type_text(t, m, e->kind, e->index);
        text_add(t, STR("\n"));
    }
}

static void text_file(TextBuf *t, const FileReport *f)
{
    const WasmModule *m = &f->report->module;
    text_printf(t, ": %zu bytes, %u function%s, %u mutable global%s%s\n", m->size, m->n_funcs, m->n_funcs == 1 ? "" : "s", mutable_globals(m),
                mutable_globals(m) == 1 ? "" : "s",
                m->has_start ? ", runs code when it is instantiated (start)" : "");
    text_words(t, m);
    text_features(t, f->report->features);
    text_memories(t, m);
    text_imports(t, m);
    text_exports(t, m);
}

/* ---- JSON ---- */

static void json_limits(TextBuf *t, const WasmLimits *l)
{
    text_printf(t, "\"min\":%u", l->min);
    if (l->has_max) text_printf(t, ",\"max\":%u", l->max);
    if (l->shared) text_add(t, STR(",\"shared\":true"));
}

static void json_type(TextBuf *t, const WasmModule *m, uint8_t kind, uint32_t index)
{
    TextBuf words = {0};
    type_text(&words, m, kind, index);
    text_printf(t, ",\"kind\":\"%s\",\"type\":", wasm_kind_text(kind));
    text_add_json(t, (Str){words.ptr, words.len});
    t->failed |= words.failed;
    text_free(&words);
}

static void json_words(TextBuf *t, const WasmModule *m)
{
    bool said[ARRAY_LEN(rows)];
    uint32_t unknown, n = 0;
    find_words(m, said, &unknown);
    text_add(t, STR(",\"canUse\":["));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (said[i]) text_printf(t, "%s\"%s\"", n++ ? "," : "", rows[i].words);
    text_printf(t, "],\"unknownImports\":%u", unknown);
}

static void json_imports(TextBuf *t, const WasmModule *m)
{
    text_add(t, STR(",\"imports\":["));
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *im = &m->imports[i];
        int row = row_of(im);
        text_add(t, i ? STR(",\n  {\"module\":") : STR("\n  {\"module\":"));
        text_add_json(t, im->module);
        text_add(t, STR(",\"name\":"));
        text_add_json(t, im->name);
        json_type(t, m, im->kind, im->index);
        if (row >= 0) text_printf(t, ",\"use\":\"%s\"", rows[row].words);
        text_add(t, STR("}"));
    }
    text_add(t, STR("],\"exports\":["));
    for (uint32_t i = 0; i < m->n_exports; i++) {
        text_add(t, i ? STR(",\n  {\"name\":") : STR("\n  {\"name\":"));
        text_add_json(t, m->exports[i].name);
        json_type(t, m, m->exports[i].kind, m->exports[i].index);
        text_add(t, STR("}"));
    }
    text_add(t, STR("]"));
}

static void json_module(TextBuf *t, const FileReport *f)
{
    const WasmModule *m = &f->report->module;
    text_printf(t, ",\"bytes\":%zu,\"functions\":%u,\"mutableGlobals\":%u,\"start\":%s", m->size, m->n_funcs,
                mutable_globals(m), m->has_start ? "true" : "false");
    json_features(t, f->report->features);
    json_words(t, m);
    text_add(t, STR(",\"memories\":["));
    for (uint32_t i = 0; i < m->n_memories; i++) {
        text_printf(t, "%s{\"imported\":%s,", i ? "," : "", i < m->n_imported[KIND_MEMORY] ? "true" : "false");
        json_limits(t, &m->memories[i]);
        text_add(t, STR("}"));
    }
    text_add(t, STR("],\"tables\":["));
    for (uint32_t i = 0; i < m->n_tables; i++) {
        text_printf(t, "%s{\"imported\":%s,\"type\":\"%s\",", i ? "," : "", i < m->n_imported[KIND_TABLE] ? "true" : "false",
                    wasm_type_text(m->tables[i].elem_type));
        json_limits(t, &m->tables[i].limits);
        text_add(t, STR("}"));
    }
    text_add(t, STR("]"));
    json_imports(t, m);
}

/* ---- both ---- */

void capabilities_begin(const Reporter *r, TextBuf *t)
{
    if (r->format == REPORT_JSON)
        text_printf(t, "{\"tool\":\"parigot-validate\",\"version\":\"%s\",\"report\":\"capabilities\",\"files\":[", PARIGOT_VERSION);
}

/* Of what is not valid nothing is said but why. */
void capabilities_file(Reporter *r, TextBuf *t, const FileReport *f)
{
    bool valid = f->read && f->report->valid;
    r->n_files++;
    if (r->format == REPORT_JSON) {
        text_add(t, r->n_files > 1 ? STR(",\n{\"file\":") : STR("\n{\"file\":"));
        text_add_json(t, str_of(f->file));
        text_printf(t, ",\"valid\":%s", valid ? "true" : "false");
        if (valid) json_module(t, f);
        text_add(t, STR(",\"diagnostics\":["));
        for (size_t i = 0; i < f->diags->n; i++) {
            text_add(t, i ? STR(",\n ") : STR("\n "));
            diag_format_json(t, &f->diags->items[i]);
        }
        text_add(t, STR("]}"));
        return;
    }
    if (r->n_files > 1) text_add(t, STR("\n"));
    for (size_t i = 0; i < f->diags->n; i++) diag_format(t, &f->diags->items[i], NULL, r->colour ? DIAG_COLOUR : DIAG_TEXT);
    text_add_escaped(t, str_of(f->file));
    if (valid) {
        text_file(t, f);
        return;
    }
    if (f->read) report_invalid(t, f->diags);
    else text_add(t, STR(": could not be read"));
    text_add(t, STR("\n"));
}

void capabilities_end(const Reporter *r, TextBuf *t)
{
    if (r->format == REPORT_JSON) text_add(t, STR("\n]}\n"));
}
