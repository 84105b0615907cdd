/* object.c: relocatable objects: the sections "linking" (version 2), "reloc.*" and "target_features", over the module
 * that carries them.
 *
 * After wasm_read_object every index is in range and every relation holds that the linker builds on: a symbol is
 * defined exactly when what it names is, a data symbol lies in its segment, a relocation lies in one function body,
 * one data segment or one custom section, behind the one before it, and its symbol is of a kind that its type can use.
 * Names are views of the file. Work and memory are linear in it: one array a vector, sized by its checked count.
 *
 * Source: tool-conventions Linking.md; where it is silent, what clang 19 and rustc write. */
#include "wasm/wasm.h"

#include <string.h>

enum { LINKING_VERSION = 2 };
enum { LINKING_SEGMENT_INFO = 5, LINKING_INIT_FUNCS = 6, LINKING_COMDAT_INFO = 7, LINKING_SYMBOL_TABLE = 8,
       LINKING_SUBSECTIONS = 9 };
enum { COMDAT_DATA = 0, COMDAT_FUNCTION = 1, COMDAT_SECTION = 5 };
enum { MAX_ALIGN_LOG2 = 31 };
/* A hostile object could hold millions of errors; nobody reads more than these. */
enum { MAX_ERRORS = 20 };

typedef struct ObjectReader {
    Arena *arena;
    Diags *diags;
    WasmObject *obj;
    size_t errors_before;
    uint32_t *import_of[KIND_COUNT]; /* import entry of each imported index */
} ObjectReader;

static bool out_of_memory(ObjectReader *o)
{
    diag_add(o->diags, OUT_OF_MEMORY, DIAG_AT(.file = o->obj->module.file), "out of memory while reading an object");
    return false;
}

static bool too_many_errors(const ObjectReader *o) { return o->diags->errors - o->errors_before > MAX_ERRORS; }

/* ---- a cheap look ---- */

/* Hops from section header to section header, without a look at what they hold. */
bool wasm_is_object(const uint8_t *bytes, size_t size)
{
    static const uint8_t magic[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    if (size < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0) return false;
    Diags ignored = {.limit = 1};
    Reader r = rd_open(bytes, size, NULL, &ignored);
    r.pos += sizeof magic;
    bool found = false, ok = true;
    while (ok && !found && rd_left(&r)) {
        uint8_t id;
        Reader section;
        Str name;
        ok = rd_section(&r, &id, &section);
        if (ok && id == SEC_CUSTOM) ok = rd_name(&section, "section name", &name), found = ok && str_eq(name, STR("linking"));
    }
    diag_free(&ignored);
    return found;
}

/* ---- sections by number ---- */

WasmRange wasm_section_contents(const WasmModule *m, uint32_t section)
{
    if (m->sections[section].id != SEC_CUSTOM) return m->sections[section].payload;
    uint32_t low = 0, high = m->n_customs;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (m->customs[mid].order < section) low = mid + 1;
        else high = mid;
    }
    return m->customs[low].payload;
}

const WasmRelocs *wasm_section_relocs(const WasmObject *obj, uint32_t section)
{
    uint32_t i = obj->section_relocs && section < obj->module.n_sections ? obj->section_relocs[section] : 0;
    return i ? &obj->relocs[i - 1] : NULL;
}

/* ---- "linking", symbol table: Linking.md "Symbol Table Subsection" ---- */

static const char *const symbol_kind_text[] = {"function", "data", "global", "section", "tag", "table"};

const char *wasm_symbol_kind_text(uint8_t kind)
{
    return kind < ARRAY_LEN(symbol_kind_text) ? symbol_kind_text[kind] : "?";
}

static bool bad_symbol(ObjectReader *o, const WasmSymbol *s, uint32_t number, const char *why)
{
    diag_add(o->diags, OBJ_BAD_SYMBOL, DIAG_AT(.file = o->obj->module.file, .offset = s->offset, .symbol = s->name),
             "invalid %s symbol %u: %s", wasm_symbol_kind_text(s->kind), number, why);
    return !too_many_errors(o);
}

/* Index space of a symbol of this kind, for the kinds that have one. */
static bool index_space(const WasmModule *m, uint8_t symbol_kind, WasmKind *kind, uint32_t *n)
{
    switch (symbol_kind) {
    case SYM_FUNCTION: *kind = KIND_FUNC, *n = m->n_funcs; return true;
    case SYM_GLOBAL: *kind = KIND_GLOBAL, *n = m->n_globals; return true;
    case SYM_TAG: *kind = KIND_TAG, *n = m->n_tags; return true;
    case SYM_TABLE: *kind = KIND_TABLE, *n = m->n_tables; return true;
    default: return false;
    }
}

static bool check_indexed_symbol(ObjectReader *o, WasmSymbol *s, uint32_t number, WasmKind kind, uint32_t n)
{
    const WasmModule *m = &o->obj->module;
    bool undefined = s->flags & SYM_UNDEFINED;
    if (s->index >= n) return bad_symbol(o, s, number, "its index is out of range");
    if (undefined != (s->index < m->n_imported[kind]))
        return bad_symbol(o, s, number, undefined ? "undefined, but it names no import" : "defined, but it names an import");
    if (!undefined) return true;

    s->import = o->import_of[kind][s->index];
    if (!(s->flags & SYM_EXPLICIT_NAME)) s->name = m->imports[s->import].name;
    if (s->flags & SYM_BINDING_LOCAL) return bad_symbol(o, s, number, "undefined and local");
    if ((s->flags & SYM_BINDING_WEAK) && s->kind != SYM_FUNCTION)
        return bad_symbol(o, s, number, "undefined and weak, which only functions and data can be");
    return true;
}

/* Wholly in its segment, which the size may not be trusted to be. */
static bool check_data_symbol(ObjectReader *o, WasmSymbol *s, uint32_t number)
{
    const WasmModule *m = &o->obj->module;
    if (s->flags & SYM_UNDEFINED) return true;
    if (s->flags & SYM_ABSOLUTE) {
        s->index = DIAG_NOWHERE32;
        return true;
    }
    if (s->index >= m->n_datas) return bad_symbol(o, s, number, "its segment is out of range");
    uint32_t size = m->datas[s->index].bytes.size;
    if (s->data_offset > size || s->data_size > size - s->data_offset)
        return bad_symbol(o, s, number, "it does not lie in its segment");
    return true;
}

static bool check_section_symbol(ObjectReader *o, WasmSymbol *s, uint32_t number)
{
    const WasmModule *m = &o->obj->module;
    if (s->index >= m->n_sections) return bad_symbol(o, s, number, "its section is out of range");
    if (!(s->flags & SYM_BINDING_LOCAL)) return bad_symbol(o, s, number, "a section symbol must be local");
    if (s->flags & SYM_UNDEFINED) return bad_symbol(o, s, number, "a section symbol cannot be undefined");
    return true;
}

/* One entry. true also after an error in what it says, so that others are told; false: they cannot be read. */
static bool read_symbol(ObjectReader *o, Reader *r, uint32_t number, WasmSymbol *s)
{
    s->offset = (uint32_t)rd_offset(r);
    s->import = DIAG_NOWHERE32;
    uint32_t flags;
    if (!rd_byte(r, "symbol kind", &s->kind) || !rd_u32(r, "symbol flags", &flags)) return false;
    s->flags = (uint16_t)flags;
    bool undefined = flags & SYM_UNDEFINED;
    if ((s->flags & SYM_BINDING_WEAK) && (s->flags & SYM_BINDING_LOCAL))
        return rd_fail(r, OBJ_BAD_SYMBOL, "invalid symbol %u: it is both weak and local", number);

    WasmKind kind;
    uint32_t n;
    if (index_space(&o->obj->module, s->kind, &kind, &n)) {
        if (!rd_u32(r, "symbol index", &s->index)) return false;
        if (!undefined || (s->flags & SYM_EXPLICIT_NAME))
            if (!rd_name(r, "symbol name", &s->name)) return false;
        return check_indexed_symbol(o, s, number, kind, n);
    }
    if (s->kind == SYM_DATA) {
        if (!rd_name(r, "symbol name", &s->name)) return false;
        if (!undefined)
            if (!rd_u32(r, "symbol segment", &s->index) || !rd_u32(r, "symbol offset", &s->data_offset) ||
                !rd_u32(r, "symbol size", &s->data_size))
                return false;
        return check_data_symbol(o, s, number);
    }
    if (s->kind == SYM_SECTION) return rd_u32(r, "symbol section", &s->index) && check_section_symbol(o, s, number);
    return rd_fail(r, OBJ_BAD_SYMBOL, "invalid symbol %u: kind %u is not known", number, s->kind);
}

static bool read_symbols(ObjectReader *o, Reader *r)
{
    enum { LEAST = 3 }; /* bytes: kind, flags, index */
    uint32_t n;
    if (!rd_count(r, "symbols", LEAST, &n)) return false;
    WasmSymbol *symbols = arena_array(o->arena, n, sizeof *symbols);
    if (!symbols) return out_of_memory(o);
    for (uint32_t i = 0; i < n; i++)
        if (!read_symbol(o, r, i, &symbols[i])) return false;
    o->obj->symbols = symbols;
    o->obj->n_symbols = n;
    return o->diags->errors == o->errors_before;
}

/* ---- "linking", the other subsections ---- */

/* Segments that the subsection does not reach have no name: nobody then takes them for read-only. */
static bool read_segment_info(ObjectReader *o, Reader *r)
{
    enum { LEAST = 3 };
    const WasmModule *m = &o->obj->module;
    uint32_t n;
    if (!rd_count(r, "segment infos", LEAST, &n)) return false;
    if (n > m->n_datas)
        return rd_fail(r, OBJ_BAD_LINKING, "%u segment infos for %u data segments", n, m->n_datas);
    for (uint32_t i = 0; i < n; i++) {
        WasmSegmentInfo *s = &o->obj->segments[i];
        if (!rd_name(r, "segment name", &s->name) || !rd_u32(r, "segment alignment", &s->align_log2) ||
            !rd_u32(r, "segment flags", &s->flags))
            return false;
        if (s->align_log2 > MAX_ALIGN_LOG2)
            return rd_fail(r, OBJ_BAD_LINKING, "alignment of segment %u is 2^%u", i, s->align_log2);
    }
    return true;
}

static bool read_inits(ObjectReader *o, Reader *r)
{
    enum { LEAST = 2 };
    WasmObject *obj = o->obj;
    uint32_t n;
    if (!rd_count(r, "init functions", LEAST, &n)) return false;
    obj->inits = arena_array(o->arena, n, sizeof *obj->inits);
    if (!obj->inits) return out_of_memory(o);
    for (uint32_t i = 0; i < n; i++) {
        WasmInitFunc *f = &obj->inits[i];
        if (!rd_u32(r, "init function priority", &f->priority) || !rd_u32(r, "init function symbol", &f->symbol))
            return false;
        if (f->symbol >= obj->n_symbols || obj->symbols[f->symbol].kind != SYM_FUNCTION)
            return rd_fail(r, OBJ_BAD_LINKING, "invalid function symbol: %u (init function %u)", f->symbol, i);
    }
    obj->n_inits = n;
    return true;
}

/* One bit for each thing that can be in a comdat, to see that it is in one only. */
typedef struct ComdatSeen { uint8_t *data, *function, *section; } ComdatSeen;

static bool claim(uint8_t *bits, uint32_t i)
{
    bool fresh = !(bits[i / 8] & 1 << i % 8);
    bits[i / 8] |= (uint8_t)(1 << i % 8);
    return fresh;
}

static bool read_comdat_entry(ObjectReader *o, Reader *r, ComdatSeen *seen, WasmComdatEntry *e)
{
    const WasmModule *m = &o->obj->module;
    if (!rd_byte(r, "comdat entry kind", &e->kind) || !rd_u32(r, "comdat entry index", &e->index)) return false;
    bool exists, fresh = false;
    switch (e->kind) {
    case COMDAT_DATA:
        exists = e->index < m->n_datas;
        if (exists) fresh = claim(seen->data, e->index);
        break;
    case COMDAT_FUNCTION:
        exists = e->index < m->n_funcs && e->index >= m->n_imported[KIND_FUNC];
        if (exists) fresh = claim(seen->function, e->index);
        break;
    case COMDAT_SECTION:
        exists = e->index < m->n_sections && m->sections[e->index].id == SEC_CUSTOM;
        if (exists) fresh = claim(seen->section, e->index);
        break;
    default: return rd_fail(r, OBJ_BAD_COMDAT, "COMDAT entry of unknown kind %u", e->kind);
    }
    if (!exists) return rd_fail(r, OBJ_BAD_COMDAT, "COMDAT entry out of range: kind %u, index %u", e->kind, e->index);
    if (!fresh) return rd_fail(r, OBJ_BAD_COMDAT, "in two COMDATs: kind %u, index %u", e->kind, e->index);
    return true;
}

static bool read_comdat(ObjectReader *o, Reader *r, ComdatSeen *seen, WasmComdat *c)
{
    enum { LEAST = 2 };
    uint32_t flags, n;
    if (!rd_name(r, "COMDAT name", &c->name) || !rd_u32(r, "COMDAT flags", &flags)) return false;
    if (c->name.len == 0) return rd_fail(r, OBJ_BAD_COMDAT, "a COMDAT has no name");
    if (flags != 0) return rd_fail(r, OBJ_BAD_COMDAT, "unsupported COMDAT flags: 0x%x", flags);
    if (!rd_count(r, "COMDAT entries", LEAST, &n)) return false;
    c->entries = arena_array(o->arena, n, sizeof *c->entries);
    if (!c->entries) return out_of_memory(o);
    for (uint32_t i = 0; i < n; i++)
        if (!read_comdat_entry(o, r, seen, &c->entries[i])) return false;
    c->n = n;
    return true;
}

static bool read_comdats(ObjectReader *o, Reader *r)
{
    enum { LEAST = 4 }; /* a name of one byte, flags, count */
    WasmObject *obj = o->obj;
    const WasmModule *m = &obj->module;
    uint32_t n;
    if (!rd_count(r, "COMDATs", LEAST, &n)) return false;
    obj->comdats = arena_array(o->arena, n, sizeof *obj->comdats);
    ComdatSeen seen = {.data = arena_alloc(o->arena, m->n_datas / 8 + 1),
                       .function = arena_alloc(o->arena, m->n_funcs / 8 + 1),
                       .section = arena_alloc(o->arena, m->n_sections / 8 + 1)};
    if (!obj->comdats || !seen.data || !seen.function || !seen.section) return out_of_memory(o);
    for (uint32_t i = 0; i < n; i++)
        if (!read_comdat(o, r, &seen, &obj->comdats[i])) return false;
    obj->n_comdats = n;
    return true;
}

/* In this order, whatever the order in the file: init functions refer to symbols. */
static const struct {
    uint8_t id;
    const char *text;
    bool (*read)(ObjectReader *, Reader *);
} subsections[] = {
    {LINKING_SYMBOL_TABLE, "symbol table", read_symbols},
    {LINKING_SEGMENT_INFO, "segment info", read_segment_info},
    {LINKING_INIT_FUNCS, "init functions", read_inits},
    {LINKING_COMDAT_INFO, "COMDAT info", read_comdats},
};

static bool read_linking(ObjectReader *o, const WasmCustom *section)
{
    Reader r = wasm_reader(&o->obj->module, section->payload, o->diags), found[LINKING_SUBSECTIONS] = {0};
    uint32_t version;
    if (!rd_u32(&r, "linking metadata version", &version)) return false;
    if (version != LINKING_VERSION)
        return rd_fail(&r, OBJ_BAD_LINKING, "unexpected metadata version: %u (expected: %u)", version, LINKING_VERSION);
    while (rd_left(&r)) {
        uint8_t id;
        uint32_t size;
        Reader sub;
        if (!rd_byte(&r, "linking subsection", &id) || !rd_u32(&r, "linking subsection size", &size) ||
            !rd_sub(&r, "linking subsection", size, &sub))
            return false;
        if (id >= LINKING_SUBSECTIONS) continue; /* "unknown subsections are ignored" */
        if (found[id].base) return rd_fail(&sub, OBJ_BAD_LINKING, "linking subsection %u is there twice", id);
        found[id] = sub;
    }
    for (size_t i = 0; i < ARRAY_LEN(subsections); i++) {
        Reader *sub = &found[subsections[i].id];
        if (sub->base && !(subsections[i].read(o, sub) && rd_end(sub, subsections[i].text))) return false;
    }
    return true;
}

/* ---- "reloc.*": Linking.md "Relocation Sections" ---- */

/* Walks, with ascending offsets, over the pieces of a section that relocations may change. */
typedef struct Pieces {
    const WasmModule *m;
    uint8_t section_id;
    uint32_t base, next, n; /* offset of the section's contents in the file; pieces not yet looked at */
    uint32_t low, high;     /* the current one, from the section's contents */
} Pieces;

static Pieces pieces_of(const WasmModule *m, uint32_t section)
{
    WasmRange contents = wasm_section_contents(m, section);
    uint8_t id = m->sections[section].id;
    Pieces p = {.m = m, .section_id = id, .base = contents.offset};
    if (id == SEC_CODE) p.n = m->n_bodies;
    else if (id == SEC_DATA) p.n = m->n_datas;
    else p.high = contents.size;
    return p;
}

/* Is [offset, offset + width) in one piece? */
static bool in_piece(Pieces *p, uint32_t offset, uint32_t width)
{
    while (offset >= p->high && p->next < p->n) {
        WasmRange r = p->section_id == SEC_CODE ? p->m->bodies[p->next] : p->m->datas[p->next].bytes;
        p->low = r.offset - p->base;
        p->high = p->low + r.size;
        p->next++;
    }
    return offset >= p->low && offset < p->high && width <= p->high - offset;
}

static bool check_reloc(ObjectReader *o, Reader *r, const WasmRelocInfo *info, const WasmReloc *rel)
{
    const WasmObject *obj = o->obj;
    if (info->index_kind == RI_TYPE) {
        if (rel->index < obj->module.n_types) return true;
        return rd_fail(r, OBJ_BAD_RELOC, "invalid relocation type index: %u (%s)", rel->index, info->text);
    }
    if (rel->index >= obj->n_symbols)
        return rd_fail(r, OBJ_BAD_RELOC, "invalid relocation symbol index: %u (%s)", rel->index, info->text);
    const WasmSymbol *s = &obj->symbols[rel->index];
    if (!(info->symbols & 1u << s->kind))
        return rd_fail(r, OBJ_BAD_RELOC, "invalid relocation: %s refers to %s symbol %u", info->text,
                       wasm_symbol_kind_text(s->kind), rel->index);
    return true;
}

static bool read_reloc(ObjectReader *o, Reader *r, Pieces *pieces, uint32_t least_offset, WasmReloc *rel)
{
    if (!rd_byte(r, "relocation type", &rel->type)) return false;
    const WasmRelocInfo *info = wasm_reloc_info(rel->type);
    if (!info) return rd_fail(r, OBJ_BAD_RELOC, "unknown relocation type: %u", rel->type);
    if (info->width > 5) return rd_fail(r, WASM_FEATURE, "%s needs memory64, which is not supported", info->text);
    if (!rd_u32(r, "relocation offset", &rel->offset) || !rd_u32(r, "relocation index", &rel->index)) return false;
    if (info->has_addend && !rd_s32(r, "relocation addend", &rel->addend)) return false;

    if (rel->offset < least_offset)
        return rd_fail(r, OBJ_BAD_RELOC, "relocations not in offset order, or they overlap: offset %u", rel->offset);
    bool in_code = info->field == FIELD_LEB32 || info->field == FIELD_SLEB32; /* custom sections have either */
    if (pieces->section_id == (in_code ? SEC_DATA : SEC_CODE))
        return rd_fail(r, OBJ_BAD_RELOC, "invalid relocation: %s does not belong in %s", info->text, in_code ? "data" : "code");
    if (!in_piece(pieces, rel->offset, info->width))
        return rd_fail(r, OBJ_BAD_RELOC, "invalid relocation offset: %u (%s)", rel->offset, info->text);
    return check_reloc(o, r, info, rel);
}

/* Nothing is wrong with almost any of them. NULL: this one has to be looked at more closely. */
static const uint8_t *plain_reloc(const WasmObject *obj, const Reader *r, Pieces *pieces, uint32_t least_offset,
                                  WasmReloc *rel)
{
    const uint8_t *next = wasm_short_reloc(r->pos, r->end, rel);
    if (!next) return NULL;
    const WasmRelocInfo *info = &wasm_reloc_rows[rel->type];
    if (!info->known || info->width > 5 || rel->offset < least_offset) return NULL;
    bool in_code = info->width == 5;
    if (pieces->section_id == (in_code ? SEC_DATA : SEC_CODE)) return NULL;
    if (info->symbols) {
        if (rel->index >= obj->n_symbols || !(info->symbols & 1u << obj->symbols[rel->index].kind)) return NULL;
    } else if (rel->index >= obj->module.n_types) return NULL;
    return in_piece(pieces, rel->offset, info->width) ? next : NULL;
}

static bool read_reloc_section(ObjectReader *o, const WasmCustom *section)
{
    enum { LEAST = 3 };
    WasmObject *obj = o->obj;
    const WasmModule *m = &obj->module;
    Reader r = wasm_reader(m, section->payload, o->diags);
    WasmRelocs *out = &obj->relocs[obj->n_relocs];
    uint32_t n;
    if (!rd_u32(&r, "section of relocations", &out->section)) return false;
    if (out->section >= m->n_sections)
        return rd_fail(&r, OBJ_BAD_RELOC, "invalid section index: %u", out->section);
    uint8_t id = m->sections[out->section].id;
    if (id != SEC_CODE && id != SEC_DATA && id != SEC_CUSTOM)
        return rd_fail(&r, OBJ_BAD_RELOC, "relocations for section %u, which is neither code, data nor custom", out->section);
    if (obj->section_relocs[out->section])
        return rd_fail(&r, OBJ_BAD_RELOC, "a second section of relocations for section %u", out->section);
    if (!rd_count(&r, "relocations", LEAST, &n)) return false;
    out->bytes = r.pos;
    out->size = (uint32_t)rd_left(&r);

    Pieces pieces = pieces_of(m, out->section);
    uint32_t least = 0;
    for (uint32_t i = 0; i < n; i++) {
        WasmReloc rel;
        const uint8_t *next = plain_reloc(obj, &r, &pieces, least, &rel);
        if (next) r.pos = next;
        else if (!read_reloc(o, &r, &pieces, least, &rel)) return false;
        least = rel.offset + wasm_reloc_info(rel.type)->width; /* below the end of the section: no overflow */
    }
    if (!rd_end(&r, "relocations")) return false;
    out->n = n;
    obj->section_relocs[out->section] = ++obj->n_relocs;
    return true;
}

WasmReloc *wasm_reloc_array(const WasmRelocs *r, Arena *arena)
{
    WasmReloc *items = arena_array(arena, r->n, sizeof *items);
    WasmRelocCursor c = wasm_relocs_all(r);
    for (uint32_t i = 0; items && i < r->n && wasm_next_reloc(&c, &items[i]); i++) {}
    return items;
}

static bool is_reloc_section(const WasmCustom *c) { return str_has_prefix(c->name, STR("reloc.")); }

static bool read_relocs(ObjectReader *o)
{
    WasmObject *obj = o->obj;
    const WasmModule *m = &obj->module;
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_customs; i++) n += is_reloc_section(&m->customs[i]);
    obj->relocs = arena_array(o->arena, n, sizeof *obj->relocs);
    obj->section_relocs = arena_array(o->arena, m->n_sections, sizeof *obj->section_relocs);
    if (!obj->relocs || !obj->section_relocs) return out_of_memory(o);
    bool ok = true;
    for (uint32_t i = 0; i < m->n_customs && !too_many_errors(o); i++)
        if (is_reloc_section(&m->customs[i])) ok &= read_reloc_section(o, &m->customs[i]);
    return ok;
}

/* ---- "target_features": Linking.md "Target Features Section" ---- */

static bool read_features(ObjectReader *o, const WasmCustom *section)
{
    enum { LEAST = 2 };
    WasmObject *obj = o->obj;
    Reader r = wasm_reader(&obj->module, section->payload, o->diags);
    uint32_t n;
    if (!rd_count(&r, "target features", LEAST, &n)) return false;
    obj->features = arena_array(o->arena, n, sizeof *obj->features);
    if (!obj->features) return out_of_memory(o);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t prefix;
        if (!rd_byte(&r, "target feature prefix", &prefix)) return false;
        if (prefix != '+' && prefix != '-' && prefix != '=')
            return rd_fail(&r, OBJ_BAD_FEATURES, "unknown feature policy prefix: 0x%02x", prefix);
        obj->features[i].prefix = (char)prefix;
        if (!rd_name(&r, "target feature name", &obj->features[i].name)) return false;
    }
    obj->n_features = n;
    return rd_end(&r, "target features");
}

/* ---- the whole ---- */

static bool map_imports(ObjectReader *o)
{
    const WasmModule *m = &o->obj->module;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        o->import_of[kind] = arena_array(o->arena, m->n_imported[kind], sizeof *o->import_of[kind]);
        if (!o->import_of[kind]) return out_of_memory(o);
    }
    for (uint32_t i = 0; i < m->n_imports; i++) o->import_of[m->imports[i].kind][m->imports[i].index] = i;
    return true;
}

/* The section of this name, which may be there once: *ok is false when there are two. */
static const WasmCustom *find_once(ObjectReader *o, Str name, DiagCode code, bool *ok)
{
    const WasmModule *m = &o->obj->module;
    const WasmCustom *found = NULL;
    for (uint32_t i = 0; i < m->n_customs; i++) {
        if (!str_eq(m->customs[i].name, name)) continue;
        if (found) {
            diag_add(o->diags, code, DIAG_AT(.file = m->file, .offset = m->customs[i].offset),
                     "a second section \"%.*s\"", STR_ARG(name));
            *ok = false;
            break;
        }
        found = &m->customs[i];
    }
    return found;
}

/* The reader of modules leaves indices to the validator, which never sees an object. */
static bool check_indices(ObjectReader *o)
{
    const WasmModule *m = &o->obj->module;
    const uint32_t n_of_kind[KIND_COUNT] = {m->n_funcs, m->n_tables, m->n_memories, m->n_globals, m->n_tags};
    uint32_t bad = DIAG_NOWHERE32;
    for (uint32_t i = 0; i < m->n_funcs; i++)
        if (m->func_types[i] >= m->n_types) bad = m->func_types[i];
    for (uint32_t i = 0; i < m->n_tags; i++)
        if (m->tag_types[i] >= m->n_types) bad = m->tag_types[i];
    if (bad != DIAG_NOWHERE32) {
        diag_add(o->diags, OBJ_BAD_SYMBOL, DIAG_AT(.file = m->file), "unknown type %u", bad);
        return false;
    }
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        if (e->index < n_of_kind[e->kind]) continue;
        diag_add(o->diags, OBJ_BAD_SYMBOL, DIAG_AT(.file = m->file, .offset = e->offset), "unknown %s %u: export \"%.*s\"",
                 wasm_kind_text(e->kind), e->index, STR_ARG(e->name));
        return false;
    }
    return true;
}

bool wasm_read_object(Arena *arena, const uint8_t *bytes, size_t size, const char *file, Diags *diags, WasmObject *out)
{
    *out = (WasmObject){0};
    ObjectReader o = {.arena = arena, .diags = diags, .obj = out, .errors_before = diags->errors};
    WasmModule *m = &out->module;
    if (!wasm_read_module(arena, bytes, size, file, &(WasmReadOptions){.object = true}, diags, m)) return false;

    bool ok = true;
    const WasmCustom *linking = find_once(&o, STR("linking"), OBJ_BAD_LINKING, &ok);
    const WasmCustom *features = find_once(&o, STR("target_features"), OBJ_BAD_FEATURES, &ok);
    if (!linking) {
        diag_add(diags, OBJ_NOT_OBJECT, DIAG_AT(.file = file), "not a relocatable wasm file");
        return false;
    }
    out->segments = arena_array(arena, m->n_datas, sizeof *out->segments);
    if (!out->segments) return out_of_memory(&o);
    out->n_segments = m->n_datas;
    if (!check_indices(&o) || !map_imports(&o) || !read_linking(&o, linking)) return false; /* nothing else makes sense without symbols */
    ok &= read_relocs(&o);
    if (features) ok &= read_features(&o, features);
    return ok;
}
