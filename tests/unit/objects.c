/* Tests of relocatable objects and archives: what clang and llvm-ar write, what nobody should write, and the same
 * cut short and flipped byte by byte. Objects from clang are made at run time; without clang-19 those tests say so. */
#include "tests/unit/compile.h"
#include "tests/unit/tap.h"
#include "wasm/wasm.h"

#include <stdio.h>
#include <string.h>

/* ---- what wasm_read_object promises ---- */

static void check_symbol(const WasmObject *o, const WasmSymbol *s)
{
    const WasmModule *m = &o->module;
    bool undefined = s->flags & SYM_UNDEFINED;
    uint32_t n = 0, imported = 0;
    switch (s->kind) {
    case SYM_FUNCTION: n = m->n_funcs, imported = m->n_imported[KIND_FUNC]; break;
    case SYM_GLOBAL: n = m->n_globals, imported = m->n_imported[KIND_GLOBAL]; break;
    case SYM_TAG: n = m->n_tags, imported = m->n_imported[KIND_TAG]; break;
    case SYM_TABLE: n = m->n_tables, imported = m->n_imported[KIND_TABLE]; break;
    case SYM_SECTION: ck_assert(!undefined && s->index < m->n_sections); return;
    case SYM_DATA:
        if (undefined) return;
        if (s->flags & SYM_ABSOLUTE) {
            ck_assert_uint_eq(s->index, DIAG_NOWHERE32);
            return;
        }
        ck_assert(s->index < m->n_datas);
        ck_assert((uint64_t)s->data_offset + s->data_size <= m->datas[s->index].bytes.size);
        return;
    default: ck_abort_msg("kind %u", s->kind);
    }
    ck_assert(s->index < n && undefined == (s->index < imported));
    if (undefined) ck_assert(s->import < m->n_imports && m->imports[s->import].index == s->index);
    else ck_assert_uint_eq(s->import, DIAG_NOWHERE32);
}

static bool inside(const WasmModule *m, uint8_t section_id, uint64_t low, uint64_t high)
{
    uint32_t n = section_id == SEC_CODE ? m->n_bodies : m->n_datas;
    for (uint32_t i = 0; i < n; i++) {
        WasmRange r = section_id == SEC_CODE ? m->bodies[i] : m->datas[i].bytes;
        if (low >= r.offset && high <= (uint64_t)r.offset + r.size) return true;
    }
    return false;
}

static WasmReloc reloc_at(const WasmRelocs *rs, uint32_t i)
{
    WasmReloc r = {0};
    WasmRelocCursor c = wasm_relocs_all(rs);
    do ck_assert(wasm_next_reloc(&c, &r));
    while (i--);
    return r;
}

static void check_relocs(const WasmObject *o, const WasmRelocs *rs)
{
    const WasmModule *m = &o->module;
    ck_assert(rs->section < m->n_sections && wasm_section_relocs(o, rs->section) == rs);
    WasmRange contents = wasm_section_contents(m, rs->section);
    uint8_t id = m->sections[rs->section].id;
    uint64_t least = 0;
    uint32_t n = 0;
    WasmReloc one, *r = &one;
    for (WasmRelocCursor c = wasm_relocs_all(rs); wasm_next_reloc(&c, r); n++) {
        const WasmRelocInfo *info = wasm_reloc_info(r->type);
        ck_assert(info && r->offset >= least);
        least = (uint64_t)r->offset + info->width;
        ck_assert(least <= contents.size);
        if (id != SEC_CUSTOM) ck_assert(inside(m, id, contents.offset + r->offset, contents.offset + least));
        ck_assert(r->index < (info->index_kind == RI_TYPE ? m->n_types : o->n_symbols));
    }
    ck_assert_uint_eq(n, rs->n);
}

static void check_promises(const WasmObject *o)
{
    const WasmModule *m = &o->module;
    ck_assert_uint_eq(o->n_segments, m->n_datas);
    for (uint32_t i = 0; i < m->n_funcs; i++) ck_assert(m->func_types[i] < m->n_types);
    for (uint32_t i = 0; i < o->n_symbols; i++) check_symbol(o, &o->symbols[i]);
    for (uint32_t i = 0; i < o->n_inits; i++) {
        ck_assert(o->inits[i].symbol < o->n_symbols);
        ck_assert(o->symbols[o->inits[i].symbol].kind == SYM_FUNCTION);
    }
    for (uint32_t i = 0; i < o->n_relocs; i++) check_relocs(o, &o->relocs[i]);
}

static bool read_object(Bytes b, Diags *d, Arena *a, WasmObject *o)
{
    return wasm_read_object(a, b.ptr, b.size, "test.o", d, o);
}

/* Reads and checks what must hold, whatever the bytes are. */
static void read_hostile(Bytes b)
{
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    (void)wasm_is_object(b.ptr, b.size);
    bool ok = read_object(b, &d, &a, &o);
    ck_assert_msg(ok == (d.errors == 0), "an error is told, and only then");
    if (ok) check_promises(&o);
    arena_free(&a);
    diag_free(&d);
}

/* ---- a small object, by hand ---- */

typedef enum Part { SYMBOLS, SEGMENTS, INITS, COMDATS, RELOC_CODE, RELOC_DATA, RELOC_CUSTOM, FEATURES, VERSION, EXTRA,
                    PART_COUNT } Part;
#define B(literal) STR(literal)

static void section(Writer *w, uint8_t id, Str name, Str payload)
{
    wr_byte(w, id);
    size_t mark = wr_begin_size(w);
    if (id == SEC_CUSTOM) wr_name(w, name);
    wr_bytes(w, payload.ptr, payload.len);
    wr_end_size(w, mark);
}

static void subsection(Writer *w, uint8_t id, Str payload)
{
    if (!payload.ptr) return;
    wr_byte(w, id);
    wr_u32(w, (uint32_t)payload.len);
    wr_bytes(w, payload.ptr, payload.len);
}

/* Sections 0 type, 1 import, 2 function, 3 code, 4 data, 5 custom "x". Function 0 and global 0 are imported, function 1
 * is defined. Code: function body at 2, immediates of `call` at 4 and of `i32.const` at 10. Data: bytes at 6..14. */
static Bytes small_object(const Str parts[PART_COUNT])
{
    Writer w = {0}, linking = {0};
    wr_bytes(&w, "\0asm\1\0\0\0", 8);
    section(&w, SEC_TYPE, STR(""), B("\1\x60\0\0"));
    section(&w, SEC_IMPORT, STR(""), B("\3\3env\1f\0\0" "\3env\2sp\3\x7f\1" "\3env\3mem\2\0\1"));
    section(&w, SEC_FUNCTION, STR(""), B("\1\0"));
    section(&w, SEC_CODE, STR(""), B("\1\x0f\0\x10\x80\x80\x80\x80\0\x41\x80\x80\x80\x80\0\x1a\x0b"));
    section(&w, SEC_DATA, STR(""), B("\1\0\x41\0\x0b\x08" "12345678"));
    section(&w, SEC_CUSTOM, STR("x"), B("abcdefgh"));
    wr_bytes(&linking, parts[VERSION].ptr, parts[VERSION].len);
    subsection(&linking, 8, parts[SYMBOLS]);
    subsection(&linking, 5, parts[SEGMENTS]);
    subsection(&linking, 6, parts[INITS]);
    subsection(&linking, 7, parts[COMDATS]);
    wr_bytes(&linking, parts[EXTRA].ptr, parts[EXTRA].len);
    section(&w, SEC_CUSTOM, STR("linking"), (Str){(const char *)linking.ptr, linking.len});
    if (parts[RELOC_CODE].ptr) section(&w, SEC_CUSTOM, STR("reloc.CODE"), parts[RELOC_CODE]);
    if (parts[RELOC_DATA].ptr) section(&w, SEC_CUSTOM, STR("reloc.DATA"), parts[RELOC_DATA]);
    if (parts[RELOC_CUSTOM].ptr) section(&w, SEC_CUSTOM, STR("reloc.x"), parts[RELOC_CUSTOM]);
    if (parts[FEATURES].ptr) section(&w, SEC_CUSTOM, STR("target_features"), parts[FEATURES]);
    wr_free(&linking);
    return (Bytes){w.ptr, w.len};
}

#define SMALL_SYMBOLS "\0\x10\0" "\0\0\1\4main" "\1\0\1x\0\0\4" "\2\x10\0" "\3\2\5"
static const Str good_parts[PART_COUNT] = {
    [VERSION] = STR("\2"),
    [SYMBOLS] = STR("\5" SMALL_SYMBOLS), /* 0 f, 1 main, 2 x, 3 sp, 4 section x */
    [SEGMENTS] = STR("\1\7.data.x\2\0"),
    [INITS] = STR("\1\x64\1"),
    [COMDATS] = STR("\1\1c\0\3\0\0\1\1\5\5"),
    [RELOC_CODE] = STR("\3\2" "\0\4\0" "\4\x0a\2\4"),
    [RELOC_DATA] = STR("\4\2" "\2\6\1" "\5\x0a\2\x7c"),
    [RELOC_CUSTOM] = STR("\5\2" "\x08\0\1\0" "\x09\4\4\5"),
    [FEATURES] = STR("\2+\7feature-\5other"),
};

START_TEST(small_object_is_read)
{
    Bytes b = small_object(good_parts);
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    ck_assert(wasm_is_object(b.ptr, b.size));
    ck_assert_msg(read_object(b, &d, &a, &o), "%s", d.n ? d.items[0].text : "");
    check_promises(&o);
    ck_assert_uint_eq(o.n_symbols, 5);
    ck_assert(str_eq(o.symbols[0].name, STR("f")) && (o.symbols[0].flags & SYM_UNDEFINED));
    ck_assert(str_eq(o.symbols[1].name, STR("main")) && o.symbols[1].index == 1);
    ck_assert(str_eq(o.symbols[2].name, STR("x")) && o.symbols[2].data_size == 4);
    ck_assert(str_eq(o.symbols[3].name, STR("sp")) && o.symbols[3].kind == SYM_GLOBAL);
    ck_assert(str_eq(o.segments[0].name, STR(".data.x")) && o.segments[0].align_log2 == 2);
    ck_assert(o.n_inits == 1 && o.inits[0].priority == 100 && o.inits[0].symbol == 1);
    ck_assert(o.n_comdats == 1 && o.comdats[0].n == 3 && str_eq(o.comdats[0].name, STR("c")));
    const WasmRelocs *code = wasm_section_relocs(&o, 3), *data = wasm_section_relocs(&o, 4), *x = wasm_section_relocs(&o, 5);
    ck_assert(code && code->n == 2 && reloc_at(code, 1).type == R_WASM_MEMORY_ADDR_SLEB && reloc_at(code, 1).addend == 4);
    ck_assert(data && data->n == 2 && reloc_at(data, 1).addend == -4);
    ck_assert(x && x->n == 2 && reloc_at(x, 1).offset == 4);
    ck_assert(!wasm_section_relocs(&o, 0) && !wasm_section_relocs(&o, 99));
    WasmRange contents = wasm_section_contents(&o.module, 5);
    ck_assert(contents.size == 8 && memcmp(b.ptr + contents.offset, "abcdefgh", 8) == 0);
    ck_assert(o.n_features == 2 && o.features[1].prefix == '-' && str_eq(o.features[0].name, STR("feature")));
    arena_free(&a);
    bytes_free(&b);
}
END_TEST

/* One part is replaced; this must be said about it. */
static const struct {
    const char *what;
    Part part;
    Str bytes;
    DiagCode code;
} bad_parts[] = {
    {"version 1", VERSION, STR("\1"), OBJ_BAD_LINKING},
    {"no version", VERSION, STR(""), OBJ_BAD_LINKING},
    {"subsection twice", EXTRA, STR("\5\1\0"), OBJ_BAD_LINKING},
    {"subsection beyond the end", EXTRA, STR("\x20\5\0"), WASM_TRUNCATED},
    {"symbols: a count that cannot be", SYMBOLS, STR("\xff\xff\xff\xff\x0f\0\x10\0"), WASM_TRUNCATED},
    {"symbols: bytes behind", SYMBOLS, STR("\5" SMALL_SYMBOLS "\0"), WASM_JUNK},
    {"symbols: one missing", SYMBOLS, STR("\6" SMALL_SYMBOLS), WASM_TRUNCATED},
    {"symbols: unknown kind", SYMBOLS, STR("\6" SMALL_SYMBOLS "\6\0\0"), OBJ_BAD_SYMBOL},
    {"function out of range", SYMBOLS, STR("\6" SMALL_SYMBOLS "\0\0\2\1z"), OBJ_BAD_SYMBOL},
    {"function: undefined, not imported", SYMBOLS, STR("\6" SMALL_SYMBOLS "\0\x10\1"), OBJ_BAD_SYMBOL},
    {"function: defined, imported", SYMBOLS, STR("\6" SMALL_SYMBOLS "\0\0\0\1z"), OBJ_BAD_SYMBOL},
    {"function: undefined and local", SYMBOLS, STR("\6" SMALL_SYMBOLS "\0\x12\0"), OBJ_BAD_SYMBOL},
    {"function: weak and local", SYMBOLS, STR("\6" SMALL_SYMBOLS "\0\3\1\1z"), OBJ_BAD_SYMBOL},
    {"function: name is not UTF-8", SYMBOLS, STR("\6" SMALL_SYMBOLS "\0\0\1\1\xff"), WASM_BAD_UTF8},
    {"global out of range", SYMBOLS, STR("\6" SMALL_SYMBOLS "\2\0\1\1z"), OBJ_BAD_SYMBOL},
    {"global: undefined and weak", SYMBOLS, STR("\6" SMALL_SYMBOLS "\2\x11\0"), OBJ_BAD_SYMBOL},
    {"table out of range", SYMBOLS, STR("\6" SMALL_SYMBOLS "\5\x10\0"), OBJ_BAD_SYMBOL},
    {"tag out of range", SYMBOLS, STR("\6" SMALL_SYMBOLS "\4\x10\0"), OBJ_BAD_SYMBOL},
    {"data: no such segment", SYMBOLS, STR("\6" SMALL_SYMBOLS "\1\0\1z\1\0\0"), OBJ_BAD_SYMBOL},
    {"data: begins behind its segment", SYMBOLS, STR("\6" SMALL_SYMBOLS "\1\0\1z\0\x09\0"), OBJ_BAD_SYMBOL},
    {"data: ends behind its segment", SYMBOLS, STR("\6" SMALL_SYMBOLS "\1\0\1z\0\5\4"), OBJ_BAD_SYMBOL},
    {"data: offset and size overflow", SYMBOLS, STR("\6" SMALL_SYMBOLS "\1\0\1z\0\4\xff\xff\xff\xff\x0f"), OBJ_BAD_SYMBOL},
    {"section out of range", SYMBOLS, STR("\6" SMALL_SYMBOLS "\3\2\x20"), OBJ_BAD_SYMBOL},
    {"section not local", SYMBOLS, STR("\6" SMALL_SYMBOLS "\3\0\5"), OBJ_BAD_SYMBOL},
    {"section undefined", SYMBOLS, STR("\6" SMALL_SYMBOLS "\3\x12\5"), OBJ_BAD_SYMBOL},
    {"more segment infos than segments", SEGMENTS, STR("\2\1a\0\0\1b\0\0"), OBJ_BAD_LINKING},
    {"alignment 2^32", SEGMENTS, STR("\1\1a\x20\0"), OBJ_BAD_LINKING},
    {"init function is no function", INITS, STR("\1\0\2"), OBJ_BAD_LINKING},
    {"init function out of range", INITS, STR("\1\0\5"), OBJ_BAD_LINKING},
    {"comdat: no name", COMDATS, STR("\1\0\0\1\0\0"), OBJ_BAD_COMDAT},
    {"comdat: flags", COMDATS, STR("\1\1c\1\0"), OBJ_BAD_COMDAT},
    {"comdat: imported function", COMDATS, STR("\1\1c\0\1\1\0"), OBJ_BAD_COMDAT},
    {"comdat: no such segment", COMDATS, STR("\1\1c\0\1\0\1"), OBJ_BAD_COMDAT},
    {"comdat: a section that is not custom", COMDATS, STR("\1\1c\0\1\5\3"), OBJ_BAD_COMDAT},
    {"comdat: unknown kind", COMDATS, STR("\1\1c\0\1\2\0"), OBJ_BAD_COMDAT},
    {"in two comdats", COMDATS, STR("\2\1c\0\1\1\1\1d\0\1\1\1"), OBJ_BAD_COMDAT},
    {"relocations: no such section", RELOC_CODE, STR("\x20\0"), OBJ_BAD_RELOC},
    {"relocations: for the type section", RELOC_CODE, STR("\0\0"), OBJ_BAD_RELOC},
    {"relocations: two sections for one", RELOC_DATA, STR("\3\0"), OBJ_BAD_RELOC},
    {"relocations: a count that cannot be", RELOC_CODE, STR("\3\xff\xff\xff\xff\x0f\0\4\0"), WASM_TRUNCATED},
    {"relocations: bytes behind", RELOC_CODE, STR("\3\1\0\4\0\0"), WASM_JUNK},
    {"relocation: unknown type", RELOC_CODE, STR("\3\1\x1b\4\0"), OBJ_BAD_RELOC},
    {"relocation: type of memory64", RELOC_CODE, STR("\3\1\x0f\4\2\0"), WASM_FEATURE},
    {"relocation: four bytes in code", RELOC_CODE, STR("\3\1\2\4\1"), OBJ_BAD_RELOC},
    {"relocation: LEB128 in data", RELOC_DATA, STR("\4\1\3\6\2\0"), OBJ_BAD_RELOC},
    {"relocation: symbol out of range", RELOC_CODE, STR("\3\1\0\4\5"), OBJ_BAD_RELOC},
    {"relocation: type index out of range", RELOC_CODE, STR("\3\1\6\4\1"), OBJ_BAD_RELOC},
    {"relocation: function of a data symbol", RELOC_CODE, STR("\3\1\0\4\2"), OBJ_BAD_RELOC},
    {"relocation: address of a function", RELOC_CODE, STR("\3\1\3\4\0\0"), OBJ_BAD_RELOC},
    {"relocation: offset of a data symbol", RELOC_CUSTOM, STR("\5\1\x08\0\2\0"), OBJ_BAD_RELOC},
    {"relocation: section of a function", RELOC_CUSTOM, STR("\5\1\x09\0\1\0"), OBJ_BAD_RELOC},
    {"relocation: global index of a section", RELOC_CODE, STR("\3\1\7\4\4"), OBJ_BAD_RELOC},
    {"relocation: plain global index of a function", RELOC_CUSTOM, STR("\5\1\x0d\0\1"), OBJ_BAD_RELOC},
    {"relocation: tag index of a function", RELOC_CODE, STR("\3\1\x0a\4\0"), OBJ_BAD_RELOC},
    {"relocation: table number of a function", RELOC_CODE, STR("\3\1\x14\4\0"), OBJ_BAD_RELOC},
    {"relocation: in the size of a body", RELOC_CODE, STR("\3\1\0\1\0"), OBJ_BAD_RELOC},
    {"relocation: across the end of a body", RELOC_CODE, STR("\3\1\0\x0d\0"), OBJ_BAD_RELOC},
    {"relocation: behind the section", RELOC_CODE, STR("\3\1\0\x40\0"), OBJ_BAD_RELOC},
    {"relocation: offset near 2^32", RELOC_CODE, STR("\3\1\0\xff\xff\xff\xff\x0f\0"), OBJ_BAD_RELOC},
    {"relocation: out of order", RELOC_CODE, STR("\3\2\0\x0a\0\0\4\0"), OBJ_BAD_RELOC},
    {"relocation: overlap", RELOC_CODE, STR("\3\2\0\4\0\0\x08\0"), OBJ_BAD_RELOC},
    {"relocation: in a segment's header", RELOC_DATA, STR("\4\1\2\2\1"), OBJ_BAD_RELOC},
    {"relocation: across the end of a segment", RELOC_DATA, STR("\4\1\2\x0b\1"), OBJ_BAD_RELOC},
    {"relocation: across the end of a custom section", RELOC_CUSTOM, STR("\5\1\x08\5\1\0"), OBJ_BAD_RELOC},
    {"feature with an unknown prefix", FEATURES, STR("\1?\1a"), OBJ_BAD_FEATURES},
    {"features cut short", FEATURES, STR("\2+\1a"), WASM_TRUNCATED},
};

START_TEST(bad_part)
{
    Str parts[PART_COUNT];
    memcpy(parts, good_parts, sizeof parts);
    parts[bad_parts[_i].part] = bad_parts[_i].bytes;
    if (bad_parts[_i].part == VERSION && bad_parts[_i].bytes.len == 0) /* else the next byte is taken for it */
        parts[SYMBOLS] = parts[SEGMENTS] = parts[INITS] = parts[COMDATS] = (Str){0}, parts[EXTRA] = STR("\x63");
    Bytes b = small_object(parts);
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    ck_assert_msg(!read_object(b, &d, &a, &o), "%s", bad_parts[_i].what);
    ck_assert_uint_ge(d.n, 1);
    ck_assert_msg(d.items[0].code == bad_parts[_i].code, "%s: %s", bad_parts[_i].what, d.items[0].text);
    ck_assert_str_eq(d.items[0].place.file, "test.o");
    ck_assert(d.items[0].place.offset != DIAG_NOWHERE);
    arena_free(&a);
    diag_free(&d);
    bytes_free(&b);
}
END_TEST

START_TEST(unknown_is_ignored)
{
    Str parts[PART_COUNT];
    memcpy(parts, good_parts, sizeof parts);
    parts[EXTRA] = STR("\x7f\2ab"); /* a subsection from the future */
    Bytes b = small_object(parts);
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    ck_assert(read_object(b, &d, &a, &o));
    arena_free(&a);
    bytes_free(&b);
}
END_TEST

/* Millions of errors in one file must not become millions of diagnostics. */
START_TEST(errors_are_bounded)
{
    Writer symbols = {0};
    wr_u32(&symbols, 100000);
    for (int i = 0; i < 100000; i++) wr_bytes(&symbols, "\0\0\x09\1z", 5);
    Str parts[PART_COUNT];
    memcpy(parts, good_parts, sizeof parts);
    parts[SYMBOLS] = (Str){(const char *)symbols.ptr, symbols.len};
    Bytes b = small_object(parts);
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    ck_assert(!read_object(b, &d, &a, &o));
    ck_assert_uint_ge(d.n, 10);
    ck_assert_uint_le(d.n, 30);
    arena_free(&a);
    diag_free(&d);
    wr_free(&symbols);
    bytes_free(&b);
}
END_TEST

START_TEST(not_an_object)
{
    static const char module[] = "\0asm\1\0\0\0\0\3\2xy";
    Bytes b = {(uint8_t *)(uintptr_t)module, sizeof module - 1};
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    ck_assert(!wasm_is_object(b.ptr, b.size));
    ck_assert(!wasm_is_object((const uint8_t *)"!<arch>\n", 8));
    ck_assert(!read_object(b, &d, &a, &o));
    ck_assert(d.items[0].code == OBJ_NOT_OBJECT);
    arena_free(&a);
    diag_free(&d);
}
END_TEST

/* Every truncation, every byte with each bit flipped, with the promises checked wherever it is still accepted. */
static void mutate(Bytes b, void (*read)(Bytes))
{
    for (size_t n = 0; n < b.size; n++) {
        uint8_t *cut = malloc(n ? n : 1); /* of its own, so that the sanitizer sees a read behind the end */
        memcpy(cut, b.ptr, n);
        read((Bytes){cut, n});
        free(cut);
    }
    for (size_t i = 0; i < b.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            b.ptr[i] ^= (uint8_t)(1 << bit);
            read(b);
            b.ptr[i] ^= (uint8_t)(1 << bit);
        }
}

START_TEST(small_object_mutated)
{
    Bytes b = small_object(good_parts);
    mutate(b, read_hostile);
    bytes_free(&b);
}
END_TEST

/* ---- objects from clang ---- */

static const char program[] =
    "int counter; static int hidden = 3; extern int ext(int); extern int missing __attribute__((weak));\n"
    "const char *const names[] = {\"a\", \"b\"};\n"
    "__attribute__((constructor(200))) static void start(void) { hidden += ext(1); }\n"
    "static int twice(int x) { return ext(x) * 2 + hidden; }\n"
    "int (*const table[])(int) = {twice, ext};\n"
    "int bump(int i) { counter++; return table[i & 1](counter) + names[i & 1][0] + (&missing ? missing : 0); }\n";

START_TEST(clang_object)
{
    Bytes b;
    if (!compile("c", program, "-O1 -g -mreference-types", &b)) return;
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    ck_assert(wasm_is_object(b.ptr, b.size));
    ck_assert_msg(read_object(b, &d, &a, &o), "%s", d.n ? d.items[0].text : "");
    check_promises(&o);
    bool counter = false, ext = false, missing = false;
    for (uint32_t i = 0; i < o.n_symbols; i++) {
        const WasmSymbol *s = &o.symbols[i];
        counter |= str_eq(s->name, STR("counter")) && str_eq(o.segments[s->index].name, STR(".bss.counter"));
        ext |= str_eq(s->name, STR("ext")) && s->kind == SYM_FUNCTION && (s->flags & SYM_UNDEFINED);
        missing |= str_eq(s->name, STR("missing")) && s->kind == SYM_DATA && (s->flags & SYM_BINDING_WEAK);
    }
    ck_assert(counter && ext && missing);
    ck_assert(o.n_inits == 1 && o.inits[0].priority == 200);
    ck_assert_uint_ge(o.n_features, 1);
    arena_free(&a);
    bytes_free(&b);
}
END_TEST

START_TEST(clang_object_mutated)
{
    Bytes b;
    if (!compile("c", program, "-O1 -g1", &b)) return;
    mutate(b, read_hostile);
    bytes_free(&b);
}
END_TEST

START_TEST(clang_comdats)
{
    static const char source[] = "template <class T> struct S { static int n; static int next() { return ++n; } };\n"
                                 "template <class T> int S<T>::n = 4;\n"
                                 "inline int once() { static int v; return ++v; }\n"
                                 "int use() { return S<int>::next() + S<char>::next() + once(); }\n";
    Bytes b;
    if (!compile("c++", source, "-O0 -g -fno-exceptions", &b)) return;
    Diags d = {0};
    Arena a = {0};
    WasmObject o;
    ck_assert_msg(read_object(b, &d, &a, &o), "%s", d.n ? d.items[0].text : "");
    check_promises(&o);
    ck_assert_uint_ge(o.n_comdats, 4);
    arena_free(&a);
    bytes_free(&b);
}
END_TEST

/* ---- archives ---- */

static void check_archive(const Archive *ar)
{
    uint64_t least = 0;
    for (uint32_t i = 0; i < ar->n_members; i++) {
        const ArMember *m = &ar->members[i];
        ck_assert(m->offset >= least && m->name.len && !memchr(m->name.ptr, 0, m->name.len));
        least = m->offset + 1;
        ck_assert(ar_member_at(ar, m->offset) == m && !ar_member_at(ar, m->offset + 1));
        if (ar->thin) ck_assert(!m->bytes);
        else ck_assert(m->bytes >= ar->bytes && m->size <= (size_t)(ar->bytes + ar->size - m->bytes));
    }
    for (uint32_t i = 0; i < ar->n_symbols; i++) ck_assert(ar_member_at(ar, ar->symbols[i].member_offset));
}

static void read_hostile_archive(Bytes b)
{
    Diags d = {0};
    Arena a = {0};
    Archive ar;
    bool ok = ar_read(&a, b.ptr, b.size, "test.a", &d, &ar);
    ck_assert_msg(ok == (d.errors == 0), "an error is told, and only then");
    if (ok) check_archive(&ar);
    arena_free(&a);
    diag_free(&d);
}

#define HEADER(name16, size10) name16 "0           0     0     100644  " size10 "`\n"
static const struct {
    const char *what;
    Str bytes;
    uint32_t members, symbols;
    const char *first; /* name of the first member */
    DiagCode code;     /* DIAG_NONE: it is read */
} archives[] = {
    {"empty", STR("!<arch>\n"), 0, 0, NULL, DIAG_NONE},
    {"GNU", STR("!<arch>\n" HEADER("/               ", "12        ") "\0\0\0\1\0\0\0\x50sym\0"
                HEADER("a.o/            ", "3         ") "abc\n"), 1, 1, "a.o", DIAG_NONE},
    {"last member not padded", STR("!<arch>\n" HEADER("a.o/            ", "3         ") "abc"), 1, 0, "a.o", DIAG_NONE},
    {"GNU, 64-bit index", STR("!<arch>\n" HEADER("/SYM64/         ", "20        ") "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x58sym\0"
                HEADER("a.o/            ", "3         ") "abc\n"), 1, 1, "a.o", DIAG_NONE},
    {"GNU, long name", STR("!<arch>\n" HEADER("//              ", "10        ") "x/\nlong/\n\n"
                HEADER("/3              ", "2         ") "ab"), 1, 0, "long", DIAG_NONE},
    {"thin", STR("!<thin>\n" HEADER("//              ", "12        ") "sub/name.o/\n"
                HEADER("/0              ", "99999     ")), 1, 0, "sub/name.o", DIAG_NONE},
    {"BSD", STR("!<arch>\n" HEADER("#1/12           ", "32        ") "__.SYMDEF\0\0\0" "\x08\0\0\0\0\0\0\0\x64\0\0\0\4\0\0\0sym\0"
                HEADER("#1/4            ", "7         ") "a.o\0abc\n"), 1, 1, "a.o", DIAG_NONE},
    {"name padded with spaces", STR("!<arch>\n" HEADER("a b.o           ", "0         ")), 1, 0, "a b.o", DIAG_NONE},
    {"not an archive", STR("!<arch>\r"), 0, 0, NULL, AR_BAD},
    {"header cut short", STR("!<arch>\na.o/"), 0, 0, NULL, WASM_TRUNCATED},
    {"bad end of header", STR("!<arch>\n" "a.o/            0           0     0     100644  0         xx"), 0, 0, NULL, AR_BAD},
    {"size is no number", STR("!<arch>\n" HEADER("a.o/            ", "0x10      ")), 0, 0, NULL, AR_BAD},
    {"size is empty", STR("!<arch>\n" HEADER("a.o/            ", "          ")), 0, 0, NULL, AR_BAD},
    {"size is negative", STR("!<arch>\n" HEADER("a.o/            ", "-1        ")), 0, 0, NULL, AR_BAD},
    {"size beyond the end", STR("!<arch>\n" HEADER("a.o/            ", "9999999999") "abc\n"), 0, 0, NULL, WASM_TRUNCATED},
    {"no name", STR("!<arch>\n" HEADER("                ", "0         ")), 0, 0, NULL, AR_BAD},
    {"long name without a table", STR("!<arch>\n" HEADER("/0              ", "0         ")), 0, 0, NULL, AR_BAD},
    {"long name beyond the table", STR("!<arch>\n" HEADER("//              ", "4         ") "abc\n"
                HEADER("/4              ", "0         ")), 0, 0, NULL, AR_BAD},
    {"long name without end", STR("!<arch>\n" HEADER("//              ", "4         ") "abcd"
                HEADER("/0              ", "0         ")), 0, 0, NULL, AR_BAD},
    {"empty long name", STR("!<arch>\n" HEADER("//              ", "2         ") "/\n"
                HEADER("/0              ", "0         ")), 0, 0, NULL, AR_BAD},
    {"nested thin archive", STR("!<thin>\n" HEADER("//              ", "4         ") "abc\n"
                HEADER("/0:60           ", "0         ")), 0, 0, NULL, AR_BAD},
    {"two tables of names", STR("!<arch>\n" HEADER("//              ", "0         ") HEADER("//              ", "0         ")), 0, 0, NULL, AR_BAD},
    {"two indexes", STR("!<arch>\n" HEADER("/               ", "4         ") "\0\0\0\0" HEADER("/               ", "4         ") "\0\0\0\0"), 0, 0, NULL, AR_BAD},
    {"BSD name longer than the member", STR("!<arch>\n" HEADER("#1/9            ", "3         ") "abc\n"), 0, 0, NULL, WASM_TRUNCATED},
    {"BSD name with a huge length", STR("!<arch>\n" HEADER("#1/9999999999999", "3         ") "abc\n"), 0, 0, NULL, AR_BAD},
    {"index names no member", STR("!<arch>\n" HEADER("/               ", "12        ") "\0\0\0\1\0\0\0\x51sym\0"
                HEADER("a.o/            ", "3         ") "abc\n"), 0, 0, NULL, AR_BAD},
    {"index with a huge count", STR("!<arch>\n" HEADER("/               ", "12        ") "\xff\xff\xff\xff\0\0\0\x50sym\0"), 0, 0, NULL, AR_BAD},
    {"index: name without end", STR("!<arch>\n" HEADER("/               ", "12        ") "\0\0\0\1\0\0\0\x50syms"
                HEADER("a.o/            ", "3         ") "abc\n"), 0, 0, NULL, AR_BAD},
    {"BSD index with an odd size", STR("!<arch>\n" HEADER("__.SYMDEF       ", "8         ") "\7\0\0\0\0\0\0\0"), 0, 0, NULL, AR_BAD},
    {"BSD index: name out of range", STR("!<arch>\n" HEADER("__.SYMDEF       ", "20        ") "\x08\0\0\0\x09\0\0\0\x58\0\0\0\4\0\0\0sym\0"
                HEADER("a.o/            ", "0         ")), 0, 0, NULL, AR_BAD},
};

START_TEST(archive)
{
    Bytes b = {malloc(archives[_i].bytes.len), archives[_i].bytes.len};
    memcpy(b.ptr, archives[_i].bytes.ptr, b.size);
    Diags d = {0};
    Arena a = {0};
    Archive ar;
    const char *what = archives[_i].what;
    bool ok = ar_read(&a, b.ptr, b.size, "test.a", &d, &ar);
    ck_assert_msg(ok == (archives[_i].code == DIAG_NONE), "%s: %s", what, d.n ? d.items[0].text : "accepted");
    if (!ok) ck_assert_msg(d.items[0].code == archives[_i].code, "%s: %s", what, d.items[0].text);
    else {
        check_archive(&ar);
        ck_assert_msg(ar.n_members == archives[_i].members && ar.n_symbols == archives[_i].symbols, "%s", what);
        if (archives[_i].first) ck_assert_msg(str_eq(ar.members[0].name, str_of(archives[_i].first)), "%s", what);
        if (ar.n_symbols) ck_assert(str_eq(ar.symbols[0].name, STR("sym")));
    }
    mutate(b, read_hostile_archive);
    arena_free(&a);
    diag_free(&d);
    bytes_free(&b);
}
END_TEST

/* Every form that llvm-ar writes, of two members of which one has a long name. */
START_TEST(llvm_archive)
{
    static const char *const forms[] = {"--format=gnu", "--format=bsd", "--format=darwin", "--thin"};
    Bytes object, b;
    if (!compile("c", program, "-O1", &object)) return;
    if (!make_archive(forms[_i], object, &b)) return;
    Diags d = {0};
    Arena a = {0};
    Archive ar;
    ck_assert(ar_is_archive(b.ptr, b.size));
    ck_assert_msg(ar_read(&a, b.ptr, b.size, "test.a", &d, &ar), "%s: %s", forms[_i], d.n ? d.items[0].text : "");
    check_archive(&ar);
    ck_assert(ar.n_members == 2 && ar.thin == (_i == 3));
    ck_assert(str_has_suffix(ar.members[0].name, STR("a-member-with-a-long-name.o")) && str_has_suffix(ar.members[1].name, STR("b.o")));
    bool found = false;
    for (uint32_t i = 0; i < ar.n_symbols; i++) found |= str_eq(ar.symbols[i].name, STR("counter"));
    ck_assert(found);
    arena_free(&a);
    diag_free(&d);
    bytes_free(&b);
    bytes_free(&object);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("objects");
    TCase *t = tcase_create("object");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, small_object_is_read);
    tcase_add_loop_test(t, bad_part, 0, ARRAY_LEN(bad_parts));
    tcase_add_test(t, unknown_is_ignored);
    tcase_add_test(t, errors_are_bounded);
    tcase_add_test(t, not_an_object);
    tcase_add_test(t, small_object_mutated);
    tcase_add_test(t, clang_object);
    tcase_add_test(t, clang_object_mutated);
    tcase_add_test(t, clang_comdats);
    suite_add_tcase(s, t);
    t = tcase_create("archive");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, archive, 0, ARRAY_LEN(archives));
    tcase_add_loop_test(t, llvm_archive, 0, 4);
    suite_add_tcase(s, t);
    return run_tap(s);
}
