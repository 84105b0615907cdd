/* module.c: from the bytes of a module to a view over them. core 2.0 §5.5 "Modules"
 *
 * Reads section by section, each through a reader that cannot see past the section. A section that cannot be
 * understood is reported and left; the next one is found by the size in its frame, so that one run reports as much as
 * it can. Nothing here looks at an index or at code: `wasm_read_module` answers "what does it say", the validator
 * "is it right". Arrays are allocated after their count was compared with the bytes that are left. */
#include "wasm/wasm.h"

#include <string.h>

typedef struct Ctx {
    WasmModule *m;
    Arena *arena;
    Diags *diags;
    bool object;
    WasmFeatures features;
    size_t cap_sections, cap_customs;
    uint32_t n_declared; /* functions of the function section */
} Ctx;

static const uint8_t magic[4] = {0, 'a', 's', 'm'};
static const uint8_t version_module[4] = {1, 0, 0, 0};
enum { COMPONENT_LAYER = 1 }; /* upper half of a component's version field */

/* ---- help for all sections ---- */

/* Macros, so that the compiler sees that they are false. */
#define no_memory(r) rd_fail(r, OUT_OF_MEMORY, "out of memory")
#define refuse_feature(r, f, what)                                                                                     \
    rd_fail(r, WASM_FEATURE, "feature %s is not %s: %s", wasm_feature_text(f),                                         \
            wasm_feature_supported(f) ? "enabled" : "supported", what)

static bool need_feature(Ctx *c, Reader *r, WasmFeature f, const char *what)
{
    return (c->features >> f & 1) || refuse_feature(r, f, what);
}

/* What is known of type encodings outside core 2.0: the byte, the feature that it belongs to. */
typedef struct ForeignType {
    uint8_t byte;
    WasmFeature feature;
    const char *what;
} ForeignType;

static const ForeignType foreign_values[] = {
    {0x63, FEATURE_FUNCTION_REFS, "typed reference (ref null ...)"},
    {0x64, FEATURE_FUNCTION_REFS, "typed reference (ref ...)"},
    {0x62, FEATURE_CUSTOM_DESCRIPTORS, "exact reference"},
    {0x69, FEATURE_EXCEPTIONS, "exnref"},
    {0x74, FEATURE_EXCEPTIONS, "nullexnref"},
    {0x68, FEATURE_STACK_SWITCHING, "contref"},
    {0x75, FEATURE_STACK_SWITCHING, "nullcontref"},
    {0x67, FEATURE_STRINGREF, "stringref"},
    {0x66, FEATURE_STRINGREF, "stringview_wtf8"},
    {0x61, FEATURE_STRINGREF, "stringview_iter"},
    {0x65, FEATURE_SHARED_EVERYTHING, "shared type"},
    {0x6a, FEATURE_GC, "arrayref"},
    {0x6b, FEATURE_GC, "structref"},
    {0x6c, FEATURE_GC, "i31ref"},
    {0x6d, FEATURE_GC, "eqref"},
    {0x6e, FEATURE_GC, "anyref"},
    {0x71, FEATURE_GC, "nullref"},
    {0x72, FEATURE_GC, "nullexternref"},
    {0x73, FEATURE_GC, "nullfuncref"},
};
static const ForeignType foreign_forms[] = {
    {0x5f, FEATURE_GC, "struct type"},
    {0x5e, FEATURE_GC, "array type"},
    {0x50, FEATURE_GC, "sub type"},
    {0x4f, FEATURE_GC, "final sub type"},
    {0x4e, FEATURE_GC, "recursive types"},
    {0x5d, FEATURE_STACK_SWITCHING, "continuation type"},
    {0x4d, FEATURE_CUSTOM_DESCRIPTORS, "descriptor type"},
    {0x4c, FEATURE_CUSTOM_DESCRIPTORS, "described type"},
    {0x65, FEATURE_SHARED_EVERYTHING, "shared type"},
};

static const ForeignType *find_foreign(const ForeignType *rows, size_t n, uint8_t byte)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].byte == byte) return &rows[i];
    return NULL;
}

static bool is_ref_prefix(uint8_t byte) { return byte == 0x63 || byte == 0x64; } /* (ref null ...), (ref ...) */

bool rd_value_type(Reader *r, WasmFeatures allowed, const char *what, uint8_t *out)
{
    uint8_t t;
    if (!rd_byte(r, what, &t)) return false;
    if (wasm_is_value_type(t)) {
        if (t == TYPE_V128 && !(allowed & FEATURE_BIT(SIMD))) return refuse_feature(r, FEATURE_SIMD, "v128");
        if (t == TYPE_EXTERNREF && !(allowed & FEATURE_BIT(REFERENCE_TYPES)))
            return refuse_feature(r, FEATURE_REFERENCE_TYPES, "externref");
        *out = t;
        return true;
    }
    const ForeignType *f = find_foreign(foreign_values, ARRAY_LEN(foreign_values), t);
    if (is_ref_prefix(t) && r->pos != r->end) { /* what it refers to says more than that it is a reference */
        const ForeignType *heap = find_foreign(foreign_values, ARRAY_LEN(foreign_values), *r->pos);
        if (heap && !is_ref_prefix(heap->byte)) f = heap;
    }
    r->pos--;
    if (f) return refuse_feature(r, f->feature, f->what);
    return rd_fail(r, WASM_BAD_TYPE, "malformed value type 0x%02x: %s", t, what);
}

bool rd_ref_type(Reader *r, WasmFeatures allowed, const char *what, uint8_t *out)
{
    uint8_t t;
    if (!rd_value_type(r, allowed, what, &t)) return false;
    if (!wasm_is_ref_type(t)) {
        r->pos--;
        return rd_fail(r, WASM_BAD_TYPE, "malformed reference type 0x%02x: %s", t, what);
    }
    *out = t;
    return true;
}

/* §5.3.8 "Limits". Flags beyond 0 and 1 belong to proposals: bit 1 shared, bit 2 64-bit, bit 3 custom page size. */
static bool read_limits(Ctx *c, Reader *r, bool is_memory, WasmLimits *out)
{
    enum { HAS_MAX = 1, SHARED = 2, INDEX64 = 4, PAGE_SIZE = 8 };
    uint32_t flags;
    const uint8_t *start = r->pos;
    if (!rd_u32(r, "limits flags", &flags)) return false;
    bool shared_object = c->object && is_memory && (flags & SHARED);
    if (flags > (shared_object ? SHARED | HAS_MAX : HAS_MAX)) {
        r->pos = start;
        if (flags > (HAS_MAX | SHARED | INDEX64 | PAGE_SIZE)) return rd_fail(r, WASM_BAD_LIMITS, "malformed limits flags 0x%x", flags);
        if (flags & PAGE_SIZE) return refuse_feature(r, FEATURE_CUSTOM_PAGES, "page size");
        if (flags & INDEX64) return refuse_feature(r, FEATURE_MEMORY64, "64-bit limits");
        return refuse_feature(r, FEATURE_THREADS, is_memory ? "shared memory" : "shared table");
    }
    if (r->pos - start != 1) { /* the flags are a byte in core 2.0 */
        r->pos = start;
        return rd_fail(r, WASM_BAD_LEB, "integer representation too long: limits flags");
    }
    *out = (WasmLimits){.has_max = flags & HAS_MAX, .shared = (flags & SHARED) != 0};
    return rd_u32(r, "minimum", &out->min) && (!out->has_max || rd_u32(r, "maximum", &out->max));
}

static bool read_table_type(Ctx *c, Reader *r, WasmTable *out)
{
    enum { TABLE_WITH_INIT = 0x40 };
    if (r->pos != r->end && *r->pos == TABLE_WITH_INIT)
        return refuse_feature(r, FEATURE_FUNCTION_REFS, "table with an initialiser");
    return rd_ref_type(r, c->features, "table element type", &out->elem_type) && read_limits(c, r, false, &out->limits);
}

static bool read_global_type(Ctx *c, Reader *r, WasmGlobal *out)
{
    uint8_t mutable;
    if (!rd_value_type(r, c->features, "global type", &out->type) || !rd_byte(r, "mutability", &mutable)) return false;
    if (mutable > 1) {
        r->pos--;
        if (mutable & 2)
            return rd_fail(r, WASM_FEATURE, "malformed mutability 0x%02x: feature %s is not supported: shared global", mutable,
                           wasm_feature_text(FEATURE_THREADS));
        return rd_fail(r, WASM_BAD_MUTABILITY, "malformed mutability 0x%02x", mutable);
    }
    out->mutable = mutable;
    return true;
}

/* ---- the sections ---- */

/* Types of the GC proposal are read over for one question: does another proposal build on them here? Returns false where
 * they end or cannot be followed; *found is set when a descriptor was seen. */
enum { FORM_REC = 0x4e, FORM_SUB = 0x50, FORM_SUB_FINAL = 0x4f, FORM_ARRAY = 0x5e, FORM_STRUCT = 0x5f, FORM_DESCRIPTOR = 0x4d,
       FORM_DESCRIBES = 0x4c, TYPE_EXACT = 0x62 };

static bool skip_foreign_value(Reader *r, bool *found)
{
    uint8_t byte;
    int64_t heap;
    if (!rd_byte(r, "type", &byte)) return false;
    if (!is_ref_prefix(byte)) return true;
    if (r->pos != r->end && *r->pos == TYPE_EXACT) *found = true;
    return !*found && rd_s33(r, "heap type", &heap);
}

static bool skip_foreign_values(Reader *r, bool with_mutability, bool *found)
{
    uint32_t n;
    uint8_t mutability;
    if (!rd_count(r, "types", 1, &n)) return false;
    for (; n; n--)
        if (!skip_foreign_value(r, found) || (with_mutability && !rd_byte(r, "mutability", &mutability))) return false;
    return true;
}

static bool skip_foreign_type(Reader *r, bool *found)
{
    uint8_t form, mutability;
    uint32_t n, super;
    if (!rd_byte(r, "form", &form)) return false;
    if (form == FORM_SUB || form == FORM_SUB_FINAL) {
        if (!rd_count(r, "supertypes", 1, &n)) return false;
        for (; n; n--)
            if (!rd_u32(r, "supertype", &super)) return false;
        if (!rd_byte(r, "form", &form)) return false;
    }
    switch (form) {
    case FORM_DESCRIPTOR:
    case FORM_DESCRIBES: *found = true; return false;
    case TYPE_FUNC: return skip_foreign_values(r, false, found) && skip_foreign_values(r, false, found);
    case FORM_STRUCT: return skip_foreign_values(r, true, found);
    case FORM_ARRAY: return skip_foreign_value(r, found) && rd_byte(r, "mutability", &mutability);
    case FORM_REC: return rd_count(r, "types", 1, &n); /* its types follow like others */
    default: return false;
    }
}

/* The reader stands before the first type that core 2.0 does not have. */
static bool has_descriptors(const Reader *types)
{
    Diags ignored = {.limit = 1};
    Reader r = *types;
    bool found = false;
    r.diags = &ignored;
    while (r.pos != r.end && skip_foreign_type(&r, &found)) continue;
    diag_free(&ignored);
    return found;
}

static bool read_func_type(Ctx *c, Reader *r, WasmType *t)
{
    uint8_t form;
    if (!rd_byte(r, "type form", &form)) return false;
    if (form != TYPE_FUNC) {
        r->pos--;
        const ForeignType *f = find_foreign(foreign_forms, ARRAY_LEN(foreign_forms), form);
        if (f && has_descriptors(r)) return refuse_feature(r, FEATURE_CUSTOM_DESCRIPTORS, "descriptor types");
        if (f) return refuse_feature(r, f->feature, f->what);
        return rd_fail(r, WASM_BAD_TYPE, "malformed type form 0x%02x (integer representation too long)", form);
    }
    uint8_t ignored;
    if (!rd_count(r, "parameters", 1, &t->n_params)) return false;
    t->params = r->pos;
    for (uint32_t i = 0; i < t->n_params; i++)
        if (!rd_value_type(r, c->features, "parameter type", &ignored)) return false;
    if (!rd_count(r, "results", 1, &t->n_results)) return false;
    t->results = r->pos;
    for (uint32_t i = 0; i < t->n_results; i++)
        if (!rd_value_type(r, c->features, "result type", &ignored)) return false;
    return true;
}

static bool read_types(Ctx *c, Reader *r)
{
    uint32_t n;
    if (!rd_count(r, "types", 2, &n)) return false; /* those of other proposals; of functions 3 */
    WasmModule *m = c->m;
    if (!(m->types = arena_array(c->arena, n, sizeof *m->types))) return no_memory(r);
    for (uint32_t i = 0; i < n; i++) {
        if (!read_func_type(c, r, &m->types[i])) return false;
        m->n_types = i + 1;
    }
    return true;
}

/* The index spaces of functions, tables, memories and globals begin with the imports: their arrays grow one by one here
 * and are extended once by the section that defines the rest. */
#define PUSH(kind, field, count)                                                                                       \
    do {                                                                                                               \
        void *grown = arena_grow(c->arena, m->field, m->count, &cap[kind], sizeof *m->field);                          \
        if (!grown) return no_memory(r);                                                                               \
        m->field = grown;                                                                                              \
    } while (0)

static bool read_tag_type(Reader *r, uint32_t *type)
{
    uint8_t attribute;
    return rd_byte(r, "tag attribute", &attribute) && rd_u32(r, "type index", type);
}

static bool read_import(Ctx *c, Reader *r, WasmImport *im, size_t cap[KIND_COUNT])
{
    WasmModule *m = c->m;
    im->offset = (uint32_t)rd_offset(r);
    if (!rd_name(r, "import module name", &im->module) || !rd_name(r, "import name", &im->name) ||
        !rd_byte(r, "import kind", &im->kind))
        return false;
    switch (im->kind) {
    case KIND_FUNC:
        PUSH(KIND_FUNC, func_types, n_funcs);
        if (!rd_u32(r, "type index", &m->func_types[m->n_funcs])) return false;
        im->index = m->n_funcs++;
        break;
    case KIND_TABLE:
        PUSH(KIND_TABLE, tables, n_tables);
        if (!read_table_type(c, r, &m->tables[m->n_tables])) return false;
        im->index = m->n_tables++;
        break;
    case KIND_MEMORY:
        PUSH(KIND_MEMORY, memories, n_memories);
        if (!read_limits(c, r, true, &m->memories[m->n_memories])) return false;
        im->index = m->n_memories++;
        break;
    case KIND_GLOBAL:
        PUSH(KIND_GLOBAL, globals, n_globals);
        if (!read_global_type(c, r, &m->globals[m->n_globals])) return false;
        im->index = m->n_globals++;
        break;
    case KIND_TAG:
        if (!c->object) {
            r->pos--;
            return refuse_feature(r, FEATURE_EXCEPTIONS, "imported tag");
        }
        PUSH(KIND_TAG, tag_types, n_tags);
        if (!read_tag_type(r, &m->tag_types[m->n_tags])) return false;
        im->index = m->n_tags++;
        break;
    default:
        r->pos--;
        if (im->kind == 0x20) return refuse_feature(r, FEATURE_CUSTOM_DESCRIPTORS, "import of an exact function");
        if (im->name.len == 0 && (im->kind == 0x7f || im->kind == 0x7e))
            return refuse_feature(r, FEATURE_COMPACT_IMPORTS, "several imports behind one module name");
        return rd_fail(r, WASM_BAD_KIND, "malformed import kind 0x%02x", im->kind);
    }
    m->n_imported[im->kind]++;
    return true;
}

static bool read_imports(Ctx *c, Reader *r)
{
    uint32_t n;
    if (!rd_count(r, "imports", 4, &n)) return false;
    WasmModule *m = c->m;
    if (!(m->imports = arena_array(c->arena, n, sizeof *m->imports))) return no_memory(r);
    size_t cap[KIND_COUNT] = {0};
    for (uint32_t i = 0; i < n; i++) {
        if (!read_import(c, r, &m->imports[i], cap)) return false;
        m->n_imports = i + 1;
    }
    return true;
}

/* Room for n more behind the n_old that the imports brought. */
static bool extend(Ctx *c, Reader *r, void **items, uint32_t n_old, uint32_t n, size_t size)
{
    void *p = arena_array(c->arena, (size_t)n_old + n, size);
    if (!p) return no_memory(r);
    if (n_old) memcpy(p, *items, (size_t)n_old * size);
    *items = p;
    return true;
}
#define EXTEND(field, count, n)                                                                                        \
    do {                                                                                                               \
        void *items = m->field;                                                                                        \
        if (!extend(c, r, &items, m->count, n, sizeof *m->field)) return false;                                        \
        m->field = items;                                                                                              \
    } while (0)

static bool read_functions(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "functions", 1, &n)) return false;
    EXTEND(func_types, n_funcs, n);
    for (uint32_t i = 0; i < n; i++) {
        if (!rd_u32(r, "type index", &m->func_types[m->n_funcs])) return false;
        m->n_funcs++;
        c->n_declared++;
    }
    return true;
}

static bool read_tables(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "tables", 3, &n)) return false;
    EXTEND(tables, n_tables, n);
    for (uint32_t i = 0; i < n; i++) {
        if (!read_table_type(c, r, &m->tables[m->n_tables])) return false;
        m->n_tables++;
    }
    return true;
}

static bool read_memories(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "memories", 2, &n)) return false;
    EXTEND(memories, n_memories, n);
    for (uint32_t i = 0; i < n; i++) {
        if (!read_limits(c, r, true, &m->memories[m->n_memories])) return false;
        m->n_memories++;
    }
    return true;
}

static bool read_tags(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!c->object) return refuse_feature(r, FEATURE_EXCEPTIONS, "tag section");
    if (!rd_count(r, "tags", 2, &n)) return false;
    EXTEND(tag_types, n_tags, n);
    for (uint32_t i = 0; i < n; i++) {
        if (!read_tag_type(r, &m->tag_types[m->n_tags])) return false;
        m->n_tags++;
    }
    return true;
}

static bool read_globals(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "globals", 3, &n)) return false;
    EXTEND(globals, n_globals, n);
    for (uint32_t i = 0; i < n; i++) {
        WasmGlobal *g = &m->globals[m->n_globals];
        if (!read_global_type(c, r, g) || !wasm_skip_expr(r, c->features, &g->init)) return false;
        m->n_globals++;
    }
    return true;
}

static bool read_exports(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "exports", 3, &n)) return false;
    if (!(m->exports = arena_array(c->arena, n, sizeof *m->exports))) return no_memory(r);
    for (uint32_t i = 0; i < n; i++) {
        WasmExport *e = &m->exports[i];
        e->offset = (uint32_t)rd_offset(r);
        if (!rd_name(r, "export name", &e->name) || !rd_byte(r, "export kind", &e->kind)) return false;
        if (e->kind > (c->object ? KIND_TAG : KIND_GLOBAL)) {
            r->pos--;
            if (e->kind == KIND_TAG) return refuse_feature(r, FEATURE_EXCEPTIONS, "exported tag");
            return rd_fail(r, WASM_BAD_KIND, "malformed export kind 0x%02x", e->kind);
        }
        if (!rd_u32(r, "export index", &e->index)) return false;
        m->n_exports = i + 1;
    }
    return true;
}

static bool read_start(Ctx *c, Reader *r)
{
    c->m->start_offset = (uint32_t)rd_offset(r);
    c->m->has_start = rd_u32(r, "start function", &c->m->start);
    return c->m->has_start;
}

/* §5.5.12 "Element Section": bit 0 passive or declarative, bit 1 explicit table or declarative, bit 2 expressions. */
static bool read_element(Ctx *c, Reader *r, WasmElem *e)
{
    enum { NOT_ACTIVE = 1, EXPLICIT = 2, EXPRS = 4 };
    uint32_t flags;
    uint8_t kind;
    *e = (WasmElem){.elem_type = TYPE_FUNCREF, .offset = (uint32_t)rd_offset(r)};
    if (!rd_u32(r, "element segment flags", &flags)) return false;
    if (flags > (NOT_ACTIVE | EXPLICIT | EXPRS)) return rd_fail(r, WASM_BAD_SEGMENT, "malformed element segment kind %u", flags);
    if (flags && !need_feature(c, r, FEATURE_BULK_MEMORY, "element segment flags")) return false;
    e->mode = !(flags & NOT_ACTIVE) ? SEG_ACTIVE : flags & EXPLICIT ? SEG_DECLARATIVE : SEG_PASSIVE;
    e->exprs = flags & EXPRS;
    if (e->mode == SEG_ACTIVE) {
        if ((flags & EXPLICIT) && !rd_u32(r, "table index", &e->table)) return false;
        if (!wasm_skip_expr(r, c->features, &e->where)) return false;
    }
    if (flags & (NOT_ACTIVE | EXPLICIT)) { /* says what it holds */
        if (e->exprs) {
            if (!rd_ref_type(r, c->features, "element type", &e->elem_type)) return false;
        } else {
            if (!rd_byte(r, "element kind", &kind)) return false;
            if (kind != 0) return rd_fail(r, WASM_BAD_SEGMENT, "malformed element kind 0x%02x", kind);
        }
    }
    if (!rd_count(r, "elements", e->exprs ? 2 : 1, &e->n)) return false;
    uint32_t start = (uint32_t)rd_offset(r);
    for (uint32_t i = 0; i < e->n; i++) {
        uint32_t func;
        WasmRange expr;
        if (e->exprs ? !wasm_skip_expr(r, c->features, &expr) : !rd_u32(r, "function index", &func)) return false;
    }
    e->items = (WasmRange){start, (uint32_t)rd_offset(r) - start};
    return true;
}

static bool read_elements(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "element segments", 3, &n)) return false;
    if (!(m->elems = arena_array(c->arena, n, sizeof *m->elems))) return no_memory(r);
    for (uint32_t i = 0; i < n; i++) {
        if (!read_element(c, r, &m->elems[i])) return false;
        m->n_elems = i + 1;
    }
    return true;
}

static bool read_data_count(Ctx *c, Reader *r)
{
    if (!need_feature(c, r, FEATURE_BULK_MEMORY, "data count section")) return false;
    c->m->has_data_count = rd_u32(r, "data count", &c->m->data_count);
    return c->m->has_data_count;
}

static bool read_code(Ctx *c, Reader *r)
{
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "function bodies", 3, &n)) return false;
    if (!(m->bodies = arena_array(c->arena, n, sizeof *m->bodies))) return no_memory(r);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size;
        const uint8_t *body;
        if (!rd_u32(r, "function body size", &size)) return false;
        uint32_t offset = (uint32_t)rd_offset(r);
        if (!rd_bytes(r, "function body", size, &body)) return false;
        m->bodies[i] = (WasmRange){offset, size};
        m->n_bodies = i + 1;
    }
    return true;
}

static bool read_data(Ctx *c, Reader *r)
{
    enum { ACTIVE, PASSIVE, ACTIVE_EXPLICIT };
    uint32_t n;
    WasmModule *m = c->m;
    if (!rd_count(r, "data segments", 2, &n)) return false;
    if (!(m->datas = arena_array(c->arena, n, sizeof *m->datas))) return no_memory(r);
    for (uint32_t i = 0; i < n; i++) {
        WasmData *d = &m->datas[i];
        uint32_t flags, size;
        const uint8_t *bytes;
        d->offset = (uint32_t)rd_offset(r);
        if (!rd_u32(r, "data segment flags", &flags)) return false;
        if (flags > ACTIVE_EXPLICIT) return rd_fail(r, WASM_BAD_SEGMENT, "malformed data segment kind %u", flags);
        if (flags && !need_feature(c, r, FEATURE_BULK_MEMORY, "data segment flags")) return false;
        d->mode = flags == PASSIVE ? SEG_PASSIVE : SEG_ACTIVE;
        if (flags == ACTIVE_EXPLICIT && !rd_u32(r, "memory index", &d->memory)) return false;
        if (d->mode == SEG_ACTIVE) {
            if (!wasm_skip_expr(r, c->features, &d->where)) return false;
            d->has_address = wasm_const_i32(m, d->where, &d->address);
        }
        if (!rd_u32(r, "data segment size", &size)) return false;
        d->bytes = (WasmRange){(uint32_t)rd_offset(r), size};
        if (!rd_bytes(r, "data segment", size, &bytes)) return false;
        m->n_datas = i + 1;
    }
    return true;
}

static bool read_custom(Ctx *c, Reader *r, uint32_t offset)
{
    WasmModule *m = c->m;
    WasmCustom *items = arena_grow(c->arena, m->customs, m->n_customs, &c->cap_customs, sizeof *items);
    if (!items) return no_memory(r);
    m->customs = items;
    WasmCustom *custom = &items[m->n_customs];
    *custom = (WasmCustom){.offset = offset, .order = m->n_sections - 1};
    if (!rd_name(r, "custom section name", &custom->name)) return false;
    custom->payload = (WasmRange){(uint32_t)rd_offset(r), (uint32_t)rd_left(r)};
    r->pos = r->end;
    m->n_customs++;
    return true;
}

static bool read_payload(Ctx *c, uint8_t id, uint32_t offset, Reader *r)
{
    switch ((WasmSectionId)id) {
    case SEC_CUSTOM: return read_custom(c, r, offset);
    case SEC_TYPE: return read_types(c, r);
    case SEC_IMPORT: return read_imports(c, r);
    case SEC_FUNCTION: return read_functions(c, r);
    case SEC_TABLE: return read_tables(c, r);
    case SEC_MEMORY: return read_memories(c, r);
    case SEC_TAG: return read_tags(c, r);
    case SEC_GLOBAL: return read_globals(c, r);
    case SEC_EXPORT: return read_exports(c, r);
    case SEC_START: return read_start(c, r);
    case SEC_ELEMENT: return read_elements(c, r);
    case SEC_DATA_COUNT: return read_data_count(c, r);
    case SEC_CODE: return read_code(c, r);
    case SEC_DATA: return read_data(c, r);
    }
    return true;
}

/* ---- the frame ---- */

static const struct {
    uint8_t order;
    const char *text;
} section_rows[] = {
#define SECTION(name, id, order, text) [id] = {order, text},
#include "wasm/sections.def"
#undef SECTION
};

uint8_t wasm_section_order(WasmSectionId id) { return section_rows[id].order; }

/* One section: frame, order, payload. false: nothing after it can be found. *last is the order of the last known one. */
static bool read_section(Ctx *c, Reader *r, uint8_t *last)
{
    enum { STRING_SECTION = 14 }; /* of the stringref proposal */
    WasmModule *m = c->m;
    uint32_t offset = (uint32_t)rd_offset(r), size;
    uint8_t id;
    Reader payload;
    if (!rd_byte(r, "section id", &id)) return false;
    if (id >= ARRAY_LEN(section_rows)) {
        r->pos--;
        if (id == STRING_SECTION)
            return rd_fail(r, WASM_SECTION_ID, "malformed section id %u: feature %s is not supported: section of strings", id,
                           wasm_feature_text(FEATURE_STRINGREF));
        return rd_fail(r, WASM_SECTION_ID, "malformed section id %u", id);
    }
    if (!rd_u32(r, "section size", &size)) return false;
    if (size > rd_left(r))
        return rd_fail(r, WASM_TRUNCATED, "unexpected end: length out of bounds: %s section of %u bytes, %zu left",
                       section_rows[id].text, size, rd_left(r));
    if (!rd_sub(r, "section", size, &payload)) return false;

    if (id != SEC_CUSTOM) {
        if (section_rows[id].order <= *last) {
            diag_add(c->diags, WASM_SECTION_ORDER, DIAG_AT(.file = m->file, .offset = offset),
                     "unexpected content after last section: %s section is out of order or there twice", section_rows[id].text);
            return true; /* not read: the first one stands */
        }
        *last = section_rows[id].order;
    }
    WasmSection *items = arena_grow(c->arena, m->sections, m->n_sections, &c->cap_sections, sizeof *items);
    if (!items) return no_memory(r);
    m->sections = items;
    m->sections[m->n_sections++] = (WasmSection){id, {(uint32_t)rd_offset(&payload), size}};

    if (read_payload(c, id, offset, &payload) && payload.pos != payload.end)
        (void)rd_fail(&payload, WASM_BAD_SECTION_SIZE, "section size mismatch: %zu bytes left over in the %s section",
                      rd_left(&payload), section_rows[id].text);
    return true;
}

static bool read_header(Reader *r)
{
    const uint8_t *p;
    if (r->pos == r->end) return rd_fail(r, WASM_TRUNCATED, "unexpected end: the file is empty");
    if (!rd_bytes(r, "magic header", sizeof magic, &p)) return false;
    if (memcmp(p, magic, sizeof magic) != 0) {
        r->pos = p;
        const char *kind = wasm_file_kind(p, rd_left(r));
        return rd_fail(r, WASM_BAD_MAGIC, "magic header not detected%s%s", kind ? ": " : "", kind ? kind : "");
    }
    if (!rd_bytes(r, "binary version", sizeof version_module, &p)) return false;
    if (memcmp(p, version_module, sizeof version_module) != 0) {
        r->pos = p;
        if (p[2] == COMPONENT_LAYER && p[3] == 0) return rd_fail(r, WASM_COMPONENT, "unknown binary version: this is a component, not a module");
        return rd_fail(r, WASM_BAD_VERSION, "unknown binary version");
    }
    return true;
}

static void check_counts(Ctx *c)
{
    WasmModule *m = c->m;
    if (c->n_declared != m->n_bodies)
        diag_add(c->diags, WASM_COUNT_MISMATCH, DIAG_AT(.file = m->file),
                 "function and code section have inconsistent lengths: %u and %u", c->n_declared, m->n_bodies);
    if (m->has_data_count && m->data_count != m->n_datas)
        diag_add(c->diags, WASM_COUNT_MISMATCH, DIAG_AT(.file = m->file),
                 "data count and data section have inconsistent lengths: %u and %u", m->data_count, m->n_datas);
}

bool wasm_read_module(Arena *arena, const uint8_t *bytes, size_t size, const char *file, const WasmReadOptions *options,
                      Diags *diags, WasmModule *m)
{
    *m = (WasmModule){.file = file, .bytes = bytes, .size = size, .arena = arena};
    Ctx c = {.m = m, .arena = arena, .diags = diags, .features = FEATURES_ALL};
    if (options) {
        c.object = options->object;
        if (options->features) c.features = options->features;
    }
    size_t errors = diags->errors;
    if (size > UINT32_MAX) {
        diag_add(diags, WASM_TOO_BIG, DIAG_AT(.file = file), "the file has %zu bytes", size);
        return false;
    }
    Reader r = rd_open(bytes, size, file, diags);
    if (!read_header(&r)) return false;
    uint8_t last = 0;
    while (r.pos != r.end)
        if (!read_section(&c, &r, &last)) return false;
    if (diags->errors == errors) check_counts(&c);
    return diags->errors == errors;
}

/* ---- questions about a module ---- */

Reader wasm_reader(const WasmModule *m, WasmRange range, Diags *diags)
{
    return (Reader){.base = m->bytes,
                    .pos = m->bytes + range.offset,
                    .end = m->bytes + range.offset + range.size,
                    .diags = diags,
                    .file = m->file};
}

const WasmCustom *wasm_find_custom(const WasmModule *m, Str name)
{
    for (uint32_t i = 0; i < m->n_customs; i++)
        if (str_eq(m->customs[i].name, name)) return &m->customs[i];
    return NULL;
}

const WasmType *wasm_func_type(const WasmModule *m, uint32_t func)
{
    if (func >= m->n_funcs || m->func_types[func] >= m->n_types) return NULL;
    return &m->types[m->func_types[func]];
}

bool wasm_same_type(const WasmType *a, const WasmType *b)
{
    return a->n_params == b->n_params && a->n_results == b->n_results &&
           (a->n_params == 0 || memcmp(a->params, b->params, a->n_params) == 0) &&
           (a->n_results == 0 || memcmp(a->results, b->results, a->n_results) == 0);
}

const char *wasm_type_signature(Arena *arena, const WasmType *t)
{
    enum { SHOWN = 16 }; /* of more, only the number is told */
    TextBuf b = {0};
    text_add(&b, STR("("));
    for (uint32_t i = 0; i < t->n_params && i < SHOWN; i++) text_printf(&b, i ? ", %s" : "%s", wasm_type_text(t->params[i]));
    if (t->n_params > SHOWN) text_printf(&b, ", ... %u in all", t->n_params);
    text_add(&b, STR(") -> "));
    if (t->n_results == 0) text_add(&b, STR("void"));
    if (t->n_results > 1) text_add(&b, STR("("));
    for (uint32_t i = 0; i < t->n_results && i < SHOWN; i++) text_printf(&b, i ? ", %s" : "%s", wasm_type_text(t->results[i]));
    if (t->n_results > SHOWN) text_printf(&b, ", ... %u in all", t->n_results);
    if (t->n_results > 1) text_add(&b, STR(")"));
    const char *text = b.failed ? NULL : arena_strndup(arena, b.ptr, b.len);
    text_free(&b);
    return text ? text : "(?)";
}

bool wasm_const_i32(const WasmModule *m, WasmRange expr, uint32_t *out)
{
    Diags ignored = {.limit = 1};
    Reader r = wasm_reader(m, expr, &ignored);
    WasmOp op, end;
    uint32_t plain;
    int32_t value;
    if (rd_plain_i32(&r, &plain) && r.pos == r.end) return *out = plain, true;
    r = wasm_reader(m, expr, &ignored);
    bool ok = rd_op(&r, FEATURES_ALL, &op) && op == OP_I32_CONST && rd_s32(&r, "value", &value) &&
              rd_op(&r, FEATURES_ALL, &end) && end == OP_END && r.pos == r.end;
    if (ok) *out = (uint32_t)value;
    diag_free(&ignored);
    return ok;
}
