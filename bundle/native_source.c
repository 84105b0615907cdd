/* native_source.c: from a module to what wasm2c is given, and from what it wrote to the text that cc is given.
 *
 * wasm2c writes a header, its own prelude, and then the functions. Of these the struct of an instance and the functions
 * are kept; abi.h and prelude.h stand before them, and behind them what only this module needs: how each function that
 * the host may enter takes its arguments from slots, how imports are called, and one NativeCode that leads to all of it.
 *
 * Names in that text are ours or wasm2c's (w2c_f12, a function by its index): the module has none any more. */
#include "bundle/native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char native_abi[], native_prelude[]; /* made by embed.py */

/* ---- can it be done? -------------------------------------------------------------------------------------------------- */

const char *native_obstacle(const NativeJob *job)
{
    static const WasmFeatures known = FEATURES_CORE;
    const WasmModule *m = job->module;
    for (int f = 0; f < FEATURE_COUNT; f++)
        if ((job->features & ~known) >> f & 1) return wasm_feature_text((WasmFeature)f);
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].kind != KIND_FUNC) return "an import that is no function";
    return NULL;
}

/* ---- which functions can be named from outside a function ------------------------------------------------------------- */

enum { CALLED = 1, REFERRED = 2 };

static void mark(uint8_t *marks, const WasmModule *m, uint32_t func, uint8_t how)
{
    if (func < m->n_funcs) marks[func] |= how;
}

static void mark_expr(uint8_t *marks, const WasmModule *m, Reader *r)
{
    WasmOp op = OP_NOP;
    uint32_t func;
    while (op != OP_END && rd_op(r, FEATURES_ALL, &op)) {
        if (op == OP_REF_FUNC) {
            if (!rd_u32(r, "function", &func)) return;
            mark(marks, m, func, REFERRED);
        } else if (op != OP_END && !rd_skip_imm(r, op)) return;
    }
}

/* Exports and the start function; what segments and globals refer to. No `ref.func` of code names another (core 2.0 §3.4.10). */
static uint8_t *mark_functions(const WasmModule *m, Arena *arena)
{
    uint8_t *marks = arena_alloc(arena, m->n_funcs + 1);
    if (!marks) return NULL;
    memset(marks, 0, m->n_funcs + 1);
    Diags ignored = {.limit = 1};
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC) mark(marks, m, m->exports[i].index, CALLED | REFERRED);
    if (m->has_start) mark(marks, m, m->start, CALLED);
    for (uint32_t i = 0; i < m->n_elems; i++) {
        Reader r = wasm_reader(m, m->elems[i].items, &ignored);
        uint32_t func;
        for (uint32_t j = 0; j < m->elems[i].n; j++) {
            if (m->elems[i].exprs) mark_expr(marks, m, &r);
            else if (rd_u32(&r, "function", &func)) mark(marks, m, func, REFERRED);
        }
    }
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        Reader r = wasm_reader(m, m->globals[i].init, &ignored);
        mark_expr(marks, m, &r);
    }
    diag_free(&ignored);
    return marks;
}

/* ---- what wasm2c is given ------------------------------------------------------------------------------------------ */

/* Imports by number, and no type of theirs changes. */
static void write_imports(const WasmModule *m, Writer *w)
{
    wr_byte(w, SEC_IMPORT);
    size_t mark = wr_begin_size(w);
    wr_u32(w, m->n_imports);
    for (uint32_t i = 0; i < m->n_imports; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%u", m->imports[i].index);
        wr_name(w, STR("h"));
        wr_name(w, str_of(name));
        wr_byte(w, KIND_FUNC);
        wr_u32(w, m->func_types[m->imports[i].index]);
    }
    wr_end_size(w, mark);
}

/* Exports declare that there may be references to a function; without them a segment does that. Behind the others, so that
 * no index changes. */
static void write_elems(const WasmModule *m, const WasmSection *s, const uint8_t *marks, Writer *w)
{
    enum { DECLARATIVE = 3, FUNCTIONS = 0 };
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_funcs; i++) n += (marks[i] & REFERRED) != 0;
    wr_byte(w, SEC_ELEMENT);
    size_t mark = wr_begin_size(w);
    wr_u32(w, m->n_elems + 1);
    if (s) {
        Diags ignored = {.limit = 1};
        Reader r = wasm_reader(m, s->payload, &ignored);
        uint32_t count;
        if (rd_u32(&r, "count", &count)) wr_bytes(w, r.pos, (size_t)(r.end - r.pos));
        diag_free(&ignored);
    }
    wr_byte(w, DECLARATIVE);
    wr_byte(w, FUNCTIONS);
    wr_u32(w, n);
    for (uint32_t i = 0; i < m->n_funcs; i++)
        if (marks[i] & REFERRED) wr_u32(w, i);
    wr_end_size(w, mark);
}

static bool is_behind_elems(uint8_t id) { return id == SEC_DATA_COUNT || id == SEC_CODE || id == SEC_DATA; }

void native_bare_module(const NativeJob *job, Arena *arena, Writer *out)
{
    static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    const WasmModule *m = job->module;
    const uint8_t *marks = mark_functions(m, arena);
    bool declared = (job->features & FEATURE_BIT(REFERENCE_TYPES)) == 0; /* there are no references */
    if (!marks) out->failed = true;
    wr_bytes(out, head, sizeof head);
    for (uint32_t i = 0; marks && i < m->n_sections; i++) {
        const WasmSection *s = &m->sections[i];
        if (s->id == SEC_CUSTOM || s->id == SEC_EXPORT || s->id == SEC_START) continue;
        if (!declared && (s->id == SEC_ELEMENT || is_behind_elems(s->id))) {
            declared = true;
            write_elems(m, s->id == SEC_ELEMENT ? s : NULL, marks, out);
            if (s->id == SEC_ELEMENT) continue;
        }
        if (s->id == SEC_IMPORT) {
            write_imports(m, out);
            continue;
        }
        wr_byte(out, s->id);
        wr_u32(out, s->payload.size);
        wr_bytes(out, wasm_at(m, s->payload), s->payload.size);
    }
}

/* ---- types ------------------------------------------------------------------------------------------------------------ */

/* As wasm2c calls them: the letter is that of a field in a struct of results. */
static char letter(uint8_t type)
{
    switch (type) {
    case TYPE_I32: return 'i';
    case TYPE_I64: return 'j';
    case TYPE_F32: return 'f';
    case TYPE_F64: return 'd';
    case TYPE_FUNCREF: return 'r';
    default: return 'e';
    }
}

static const char *c_type(uint8_t type)
{
    switch (type) {
    case TYPE_I32: return "u32";
    case TYPE_I64: return "u64";
    case TYPE_F32: return "f32";
    case TYPE_F64: return "f64";
    case TYPE_FUNCREF: return "wasm_rt_funcref_t";
    default: return "wasm_rt_externref_t";
    }
}

/* A value out of a slot, and into one. */
static const char *from_slot(uint8_t type)
{
    switch (type) {
    case TYPE_I32: return "(u32)";
    case TYPE_F32: return "f32_reinterpret_i32((u32)";
    case TYPE_F64: return "f64_reinterpret_i64(";
    case TYPE_FUNCREF: return "reference(";
    default: return "(";
    }
}
static const char *to_slot(uint8_t type)
{
    switch (type) {
    case TYPE_F32: return "i32_reinterpret_f32(";
    case TYPE_F64: return "i64_reinterpret_f64(";
    case TYPE_FUNCREF: return "reference_number(";
    default: return "(";
    }
}
static const char *closing(const char *opening)
{
    int open = 0;
    for (; *opening; opening++) open += (*opening == '(') - (*opening == ')');
    return open ? ")" : "";
}

static int compare_types(const void *a, const void *b, void *types)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const WasmType *x = (const WasmType *)types + i, *y = (const WasmType *)types + j;
    if (x->n_params != y->n_params) return x->n_params < y->n_params ? -1 : 1;
    if (x->n_results != y->n_results) return x->n_results < y->n_results ? -1 : 1;
    int order = x->n_params ? memcmp(x->params, y->params, x->n_params) : 0;
    if (order == 0 && x->n_results) order = memcmp(x->results, y->results, x->n_results);
    return order ? order : i < j ? -1 : i > j;
}

/* A number for each type, the same for equal ones: 1 and the index of the first of them. */
static uint32_t *number_types(const WasmModule *m, Arena *arena)
{
    uint32_t *order = arena_array(arena, m->n_types + 1, sizeof *order);
    uint32_t *numbers = arena_array(arena, m->n_types + 1, sizeof *numbers);
    if (!order || !numbers) return NULL;
    for (uint32_t i = 0; i < m->n_types; i++) order[i] = i;
    qsort_r(order, m->n_types, sizeof *order, compare_types, m->types);
    for (uint32_t i = 0; i < m->n_types; i++) {
        bool same = i && wasm_same_type(&m->types[order[i - 1]], &m->types[order[i]]);
        numbers[order[i]] = same ? numbers[order[i - 1]] : order[i] + 1;
    }
    return numbers;
}

/* ---- what this module needs beside its functions ------------------------------------------------------------------------ */

typedef struct Text {
    const NativeJob *job;
    const WasmModule *m;
    const uint8_t *marks;
    const uint32_t *numbers;
    uint32_t n_marked;
    TextBuf *out;
} Text;

static bool is_imported(const Text *t, uint32_t func) { return func < t->m->n_imported[KIND_FUNC]; }

static void write_name(const Text *t, uint32_t func)
{
    text_printf(t->out, is_imported(t, func) ? "Z_hZ_f%u" : "w2c_f%u", func);
}

/* References are numbers outside: index + 1. */
static void write_references(const Text *t)
{
    text_printf(t->out,
                "static const NativeFunc functions[%u];\n"
                "static wasm_rt_funcref_t reference(u64 number)\n{\n"
                "    for (u32 i = 0; i < %uu; i++)\n"
                "        if (functions[i].index + UINT64_C(1) == number) return (wasm_rt_funcref_t){functions[i].type, functions[i].fn, NULL};\n"
                "    return wasm_rt_funcref_null_value;\n}\n"
                "static u64 reference_number(wasm_rt_funcref_t r)\n{\n"
                "    for (u32 i = 0; r.func_type && i < %uu; i++)\n"
                "        if (functions[i].fn == r.func) return functions[i].index + UINT64_C(1);\n"
                "    return 0;\n}\n",
                t->n_marked + 1, t->n_marked, t->n_marked);
}

static void write_import(const Text *t, uint32_t func)
{
    const WasmType *type = wasm_func_type(t->m, func);
    const char *many = type->n_results > 1 ? "struct wasm_multi_" : type->n_results ? c_type(type->results[0]) : "void";
    text_printf(t->out, "%s", many);
    for (uint32_t i = 0; type->n_results > 1 && i < type->n_results; i++) text_printf(t->out, "%c", letter(type->results[i]));
    text_printf(t->out, " Z_hZ_f%u(struct Z_h_instance_t *instance", func);
    for (uint32_t i = 0; i < type->n_params; i++) text_printf(t->out, ", %s p%u", c_type(type->params[i]), i);
    uint32_t slots = type->n_params > type->n_results ? type->n_params : type->n_results;
    text_printf(t->out, ")\n{\n    u64 s[%u];\n", slots + 1);
    for (uint32_t i = 0; i < type->n_params; i++)
        text_printf(t->out, "    s[%u] = %sp%u%s;\n", i, to_slot(type->params[i]), i, closing(to_slot(type->params[i])));
    text_printf(t->out, "    CONTEXT(instance)->leave(CONTEXT(instance), NATIVE_CALL, %u, s);\n", func);
    if (type->n_results == 1)
        text_printf(t->out, "    return %ss[0]%s;\n", from_slot(type->results[0]), closing(from_slot(type->results[0])));
    if (type->n_results > 1) {
        text_printf(t->out, "    struct wasm_multi_");
        for (uint32_t i = 0; i < type->n_results; i++) text_printf(t->out, "%c", letter(type->results[i]));
        text_printf(t->out, " r;\n");
        for (uint32_t i = 0; i < type->n_results; i++)
            text_printf(t->out, "    r.%c%u = %ss[%u]%s;\n", letter(type->results[i]), i, from_slot(type->results[i]), i,
                        closing(from_slot(type->results[i])));
        text_printf(t->out, "    return r;\n");
    }
    text_printf(t->out, "}\n");
}

static void write_enter(const Text *t, uint32_t func)
{
    const WasmType *type = wasm_func_type(t->m, func);
    text_printf(t->out, "static void enter_f%u(void *instance, u64 *s)\n{\n    %s", func, type->n_results ? "__auto_type r = " : "");
    write_name(t, func);
    text_printf(t->out, "(instance");
    for (uint32_t i = 0; i < type->n_params; i++)
        text_printf(t->out, ", %ss[%u]%s", from_slot(type->params[i]), i, closing(from_slot(type->params[i])));
    text_printf(t->out, ");\n");
    if (type->n_results == 1)
        text_printf(t->out, "    s[0] = %sr%s;\n", to_slot(type->results[0]), closing(to_slot(type->results[0])));
    for (uint32_t i = 0; type->n_results > 1 && i < type->n_results; i++)
        text_printf(t->out, "    s[%u] = %sr.%c%u%s;\n", i, to_slot(type->results[i]), letter(type->results[i]), i,
                    closing(to_slot(type->results[i])));
    text_printf(t->out, "}\n");
}

static void write_functions(const Text *t)
{
    text_printf(t->out, "static const NativeFunc functions[%u] = {\n", t->n_marked + 1);
    for (uint32_t i = 0; i < t->m->n_funcs; i++) {
        if (!t->marks[i]) continue;
        text_printf(t->out, "    {%uu, %uu, (NativeFn)", i, t->numbers[t->m->func_types[i]]);
        write_name(t, i);
        if (t->marks[i] & CALLED) text_printf(t->out, ", enter_f%u},\n", i);
        else text_printf(t->out, ", NULL},\n");
    }
    text_printf(t->out, "};\n");
}

static void write_code(const Text *t)
{
    const WasmModule *m = t->m;
    text_printf(t->out, "static void instantiate(void *instance, u64 *s)\n{\n    (void)s;\n    Z_m_instantiate(instance%s);\n}\n",
                m->n_imports ? ", instance" : "");
    text_printf(t->out, "static const u32 tables[] = {");
    for (uint32_t i = 0; i < m->n_tables; i++) text_printf(t->out, "offsetof(Z_m_instance_t, w2c_T%u), ", i);
    text_printf(t->out, "0};\n__attribute__((visibility(\"default\"))) const NativeCode parigot_native = {\n"
                        "    .abi = PARIGOT_NATIVE_ABI, .instance_bytes = sizeof(Z_m_instance_t), .n_funcs = %u, .n_tables = %u,\n"
                        "    .funcs = functions, .tables_at = tables, .init = Z_m_init_module, .instantiate = instantiate,\n",
                t->n_marked, m->n_tables);
    text_printf(t->out, m->n_imports ? "    .self_at = offsetof(Z_m_instance_t, Z_h_instance),\n" : "    .self_at = NATIVE_NONE,\n");
    text_printf(t->out, m->n_memories ? "    .memory_at = offsetof(Z_m_instance_t, w2c_M0),\n" : "    .memory_at = NATIVE_NONE,\n");
    const struct {
        const char *field;
        uint32_t global;
    } globals[] = {{"fuel_at", t->job->fuel}, {"stack_pointer_at", t->job->stack_pointer}};
    for (size_t i = 0; i < ARRAY_LEN(globals); i++)
        if (globals[i].global) text_printf(t->out, "    .%s = offsetof(Z_m_instance_t, w2c_g%u),\n", globals[i].field, globals[i].global - 1);
        else text_printf(t->out, "    .%s = NATIVE_NONE,\n", globals[i].field);
    text_printf(t->out, "};\n");
}

/* ---- what wasm2c wrote --------------------------------------------------------------------------------------------------- */

static bool find(Str text, const char *what, size_t *at)
{
    const char *found = memmem(text.ptr, text.len, what, strlen(what));
    *at = found ? (size_t)(found - text.ptr) : 0;
    return found != NULL;
}

static Str from(Str s, size_t at) { return (Str){s.ptr + at, s.len - at}; }

/* Between `extern "C" {` and its end. */
static bool find_header(Str text, Str *out)
{
    static const char begin[] = "extern \"C\" {\n#endif\n", end[] = "\n#ifdef __cplusplus\n}";
    size_t at, n;
    if (!find(text, begin, &at)) return false;
    *out = from(text, at + sizeof begin - 1);
    if (!find(*out, end, &n)) return false;
    out->len = n + 1;
    return true;
}

static Str next_line(Str *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    size_t n = end ? (size_t)(end - rest->ptr) + 1 : rest->len;
    Str line = {rest->ptr, n};
    *rest = from(*rest, n);
    return line;
}

/* "static u32 w2c_f12(...) {": which function begins here; false: none. */
static bool begins_function(Str line, uint32_t *func)
{
    size_t at;
    if (!str_has_prefix(line, STR("static ")) || !str_has_suffix(line, STR(") {\n")) || !find(line, " w2c_f", &at)) return false;
    *func = (uint32_t)strtoul(line.ptr + at + 6, NULL, 10);
    return true;
}

static bool calls_itself(Str body, uint32_t func)
{
    char call[32];
    size_t at, end;
    snprintf(call, sizeof call, " w2c_f%u(instance", func);
    if (find(body, "\n}\n", &end)) body.len = end;
    return find(body, call, &at);
}

/* A function that is not put into another has a frame, and so a name when something goes wrong; whoever made the module has
 * done the inlining that pays. Recursive ones may be put into themselves, which a small one is twice as fast by.
 * The functions as they are, but that the `unreachable` of a frame check says what it is for. */
static void write_bodies(const Text *t, Str code)
{
    uint32_t func = UINT32_MAX, check = 0, n = 0;
    while (code.len) {
        Str line = next_line(&code);
        if (begins_function(line, &func)) {
            if (!calls_itself(code, func)) text_add(t->out, STR("__attribute__((noinline)) "));
            n = 0;
            check = t->job->stack_pointer && func < t->m->n_funcs ? wasm_frame_check(t->m, func, t->job->stack_pointer - 1, t->job->fuel, NULL)
                                                                  : 0;
        }
        if (check && str_has_suffix(line, STR(" UNREACHABLE;\n")) && ++n == check) text_add(t->out, STR("    STACK_FULL;\n"));
        else text_add(t->out, line);
    }
}

bool native_source(const NativeJob *job, Str wasm2c, Arena *arena, TextBuf *out)
{
    Text t = {.job = job, .m = job->module, .out = out};
    Str header;
    size_t code;
    t.marks = mark_functions(t.m, arena);
    t.numbers = number_types(t.m, arena);
    if (!t.marks || !t.numbers) return false;
    if (!find_header(wasm2c, &header) || !find(wasm2c, "\nstatic bool s_module_initialized = false;\n", &code)) return false;
    for (uint32_t i = 0; i < t.m->n_funcs; i++) t.n_marked += t.marks[i] != 0;

    text_add(out, str_of(native_abi));
    text_add(out, str_of(native_prelude));
    text_printf(out, "static const u32 type_numbers[] = {");
    for (uint32_t i = 0; i < t.m->n_types; i++) text_printf(out, "%uu, ", t.numbers[i]);
    text_printf(out, "0};\n");
    text_add(out, header);
    write_bodies(&t, from(wasm2c, code));
    write_references(&t);
    for (uint32_t i = 0; i < t.m->n_imported[KIND_FUNC]; i++) write_import(&t, i);
    for (uint32_t i = 0; i < t.m->n_funcs; i++)
        if (t.marks[i] & CALLED) write_enter(&t, i);
    write_functions(&t);
    write_code(&t);
    return !out->failed;
}
