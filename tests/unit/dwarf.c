/* Tests of the way from code and symbols to source lines: what clang writes, in DWARF 4 and 5, in objects and linked;
 * then tables that somebody wrote to cost time or memory, and every byte of the debug sections flipped. */
#include "tests/unit/compile.h"
#include "tests/unit/tap.h"
#include "wasm/wasm.h"

#include <stdio.h>
#include <string.h>

typedef struct Opened {
    Arena arena;
    Diags diags;
    WasmObject object;
    Dwarf *dwarf;
} Opened;

static void open_object(Bytes b, Opened *o)
{
    *o = (Opened){0};
    ck_assert(wasm_read_object(&o->arena, b.ptr, b.size, "test.o", &o->diags, &o->object));
    o->dwarf = dwarf_open_object(&o->object, &o->arena);
}

static void close_object(Opened *o)
{
    arena_free(&o->arena);
    diag_free(&o->diags);
}

static uint32_t find_symbol(const WasmObject *o, const char *name)
{
    for (uint32_t i = 0; i < o->n_symbols; i++)
        if (str_eq(o->symbols[i].name, str_of(name))) return i;
    ck_abort_msg("no symbol %s", name);
}

static void expect_symbol(Opened *o, const char *symbol, const char *file, uint32_t line)
{
    const char *got_file = "nowhere";
    uint32_t got_line = 0;
    bool found = dwarf_line_of_symbol(o->dwarf, find_symbol(&o->object, symbol), &got_file, &got_line);
    ck_assert_msg(found == (line != 0), "%s: %s:%u", symbol, got_file, got_line);
    if (found) ck_assert_msg(got_line == line && strcmp(got_file, file) == 0, "%s: %s:%u", symbol, got_file, got_line);
}

/* The line of the relocation that names this symbol, in the code. */
static void expect_reference(Opened *o, const char *symbol, const char *file, uint32_t line)
{
    const char *got_file = "nowhere";
    uint32_t got_line = 0, wanted = find_symbol(&o->object, symbol);
    for (uint32_t i = 0; i < o->object.n_relocs; i++) {
        const WasmRelocs *rs = &o->object.relocs[i];
        if (o->object.module.sections[rs->section].id != SEC_CODE) continue;
        WasmReloc r;
        for (WasmRelocCursor c = wasm_relocs_all(rs); wasm_next_reloc(&c, &r);) {
            if (r.index != wanted || r.type == R_WASM_TYPE_INDEX_LEB) continue;
            ck_assert_msg(dwarf_line_of_code(o->dwarf, r.offset, &got_file, &got_line), "%s", symbol);
            ck_assert_msg(got_line == line && strcmp(got_file, file) == 0, "%s: %s:%u", symbol, got_file, got_line);
            return;
        }
    }
    ck_abort_msg("nothing refers to %s", symbol);
}

static const char *const flags[] = {"-O0 -gdwarf-4", "-O2 -gdwarf-4", "-O0 -gdwarf-5", "-O2 -gdwarf-5",
                                    "-O1 -gdwarf-3", "-O1 -gdwarf-2"};

static const char c_source[] =
    "#line 1 \"src/main.c\"\n"
    "int counter;\n"
    "static int hidden = 3;\n"
    "\n"
    "_Thread_local int mine;\n"
    "extern void first(int *), second(int *), third(int *), fourth(int *);\n"
    "#line 70 \"include/lib.h\"\n"
    "static inline void in_header(void) {\n"
    "    static int seen;\n"
    "    third(&seen);\n"
    "}\n"
    "#line 6 \"src/main.c\"\n"
    "void bump(void)\n"
    "{\n"
    "    static int local;\n"
    "    first(&local);\n"
    "    second(&hidden);\n"
    "    in_header();\n"
    "    fourth(&mine);\n"
    "}\n"
    "\n"
    "const int *constant(void) { static const int table[2] = {1, 2}; return table; }\n";

START_TEST(clang_c)
{
    Bytes b;
    Opened o;
    if (!compile("c", c_source, flags[_i], &b)) return;
    open_object(b, &o);
    ck_assert(o.dwarf);
    expect_symbol(&o, "counter", "src/main.c", 1);
    expect_symbol(&o, "hidden", "src/main.c", 2);
    expect_symbol(&o, "mine", "src/main.c", 4);
    expect_symbol(&o, "bump.local", "src/main.c", 8);
    expect_symbol(&o, "in_header.seen", "include/lib.h", 71);
    expect_symbol(&o, "bump", "src/main.c", 6);
    expect_symbol(&o, "constant.table", "src/main.c", 15);
    expect_symbol(&o, "first", NULL, 0);
    expect_reference(&o, "first", "src/main.c", 9);
    expect_reference(&o, "second", "src/main.c", 10);
    expect_reference(&o, "third", "include/lib.h", 72);
    expect_reference(&o, "fourth", "src/main.c", 12);
    const char *file;
    uint32_t line;
    ck_assert(!dwarf_line_of_code(o.dwarf, 0, &file, &line)); /* the number of functions */
    ck_assert(!dwarf_line_of_code(o.dwarf, UINT32_MAX, &file, &line));
    ck_assert(!dwarf_line_of_symbol(o.dwarf, UINT32_MAX, &file, &line));
    close_object(&o);
    bytes_free(&b);
}
END_TEST

START_TEST(clang_cpp)
{
    static const char source[] = "#line 1 \"a.cc\"\n"
                                 "struct S {\n"
                                 "    static int shared;\n"
                                 "    template <class T> static int of() { static int n; return ++n; }\n"
                                 "};\n"
                                 "\n"
                                 "int S::shared = 4;\n"
                                 "namespace { int quiet = 1; }\n"
                                 "inline int global_inline = 5;\n"
                                 "int use() { return S::of<int>() + S::shared++ + quiet++ + global_inline++; }\n";
    Bytes b;
    Opened o;
    if (!compile("c++", source, flags[_i], &b)) return;
    open_object(b, &o);
    expect_symbol(&o, "_ZN1S6sharedE", "a.cc", 2); /* clang tells where the member was declared */
    expect_symbol(&o, "_ZZN1S2ofIiEEivE1n", "a.cc", 3);
    expect_symbol(&o, "_ZN12_GLOBAL__N_15quietE", "a.cc", 7);
    expect_symbol(&o, "global_inline", "a.cc", 8);
    expect_symbol(&o, "_Z3usev", "a.cc", 9);
    close_object(&o);
    bytes_free(&b);
}
END_TEST

START_TEST(without_debug_info)
{
    Bytes b;
    Opened o;
    if (!compile("c", c_source, "-O1", &b)) return;
    open_object(b, &o);
    const char *file;
    uint32_t line;
    ck_assert(!o.dwarf);
    ck_assert(!dwarf_line_of_code(o.dwarf, 4, &file, &line));
    ck_assert(!dwarf_line_of_symbol(o.dwarf, 0, &file, &line));
    close_object(&o);
    bytes_free(&b);
}
END_TEST

/* A linked module: the addresses are in place, and dead functions have none. */
START_TEST(linked_module)
{
    static const char source[] = "#line 1 \"m.c\"\n"
                                 "static int dead(int x) { return x * 3; }\n"
                                 "int (*volatile unused)(int);\n"
                                 "void never(void) { unused = dead; }\n"
                                 "int __attribute__((noinline)) half(int x)\n"
                                 "{\n"
                                 "    if (x < 0)\n"
                                 "        __builtin_trap();\n"
                                 "    return x / 2;\n"
                                 "}\n"
                                 "int run(int x) { return half(x) + 1; }\n";
    Bytes b, linked;
    if (!compile("c", source, flags[_i], &b) || !link_by_wasm_ld(b, "--no-entry --export=run", &linked)) return;
    Arena a = {0};
    Diags d = {0};
    WasmModule m;
    ck_assert(wasm_read_module(&a, linked.ptr, linked.size, "m.wasm", NULL, &d, &m));
    Dwarf *dwarf = dwarf_open_module(&m, &a);
    ck_assert(dwarf);
    const WasmSection *code = NULL;
    for (uint32_t i = 0; i < m.n_sections; i++)
        if (m.sections[i].id == SEC_CODE) code = &m.sections[i];
    bool seen[12] = {0};
    for (uint32_t at = 0; at < code->payload.size; at++) {
        const char *file;
        uint32_t line;
        if (!dwarf_line_of_code(dwarf, at, &file, &line)) continue;
        ck_assert_str_eq(file, "m.c");
        ck_assert_uint_lt(line, ARRAY_LEN(seen));
        seen[line] = true;
    }
    ck_assert(seen[7] && seen[8] && seen[10]);
    ck_assert(!seen[1] && !seen[3]);
    arena_free(&a);
    diag_free(&d);
    bytes_free(&b);
    bytes_free(&linked);
}
END_TEST

/* Variables of a linked module, by addresses in them. */
static const char variables_source[] =
    "#line 1 \"v.c\"\n"
    "typedef struct Shelf { int size; short items[3][5]; struct Shelf *next; } Shelf;\n"
    "Shelf shelf = {1, {{1}}, 0};\n"
    "const volatile Shelf *shown;\n"
    "char letters[7];\n"
    "static long long wide;\n"
    "long long *use(void) { return &wide; }\n";
static const struct {
    const char *symbol;
    uint32_t line, size;
} variables[] = {{"shelf", 2, 40}, {"shown", 3, 4}, {"letters", 4, 7}};
#define EXPORT_VARIABLES "--no-entry --export=use --export=shelf --export=shown --export=letters"

static uint32_t address_of(const WasmModule *m, const char *symbol)
{
    uint32_t address = 0;
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, str_of(symbol)))
            ck_assert(wasm_const_i32(m, m->globals[m->exports[i].index].init, &address));
    ck_assert_uint_ne(address, 0);
    return address;
}

START_TEST(linked_variables)
{
    Bytes b, linked;
    if (!compile("c", variables_source, flags[_i], &b) || !link_by_wasm_ld(b, EXPORT_VARIABLES, &linked)) return;
    Arena a = {0};
    Diags d = {0};
    WasmModule m;
    DwarfVariable v;
    ck_assert(wasm_read_module(&a, linked.ptr, linked.size, "m.wasm", NULL, &d, &m));
    Dwarf *dwarf = dwarf_open_module(&m, &a);
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        uint32_t start = address_of(&m, variables[i].symbol), size = variables[i].size;
        for (uint32_t at = start; at < start + size; at++) {
            ck_assert_msg(dwarf_variable_at(dwarf, at, &v), "%s + %u", variables[i].symbol, at - start);
            ck_assert(str_eq(v.name, str_of(variables[i].symbol)) && v.address == start);
            ck_assert_uint_eq(v.size, size);
            ck_assert(v.line == variables[i].line && strcmp(v.file, "v.c") == 0);
        }
        if (dwarf_variable_at(dwarf, start + size, &v)) ck_assert(!str_eq(v.name, str_of(variables[i].symbol)));
    }
    ck_assert(!dwarf_variable_at(dwarf, 0, &v) && !dwarf_variable_at(dwarf, 4, &v) && !dwarf_variable_at(dwarf, UINT32_MAX, &v));
    ck_assert(!dwarf_variable_at(NULL, 0, &v));
    arena_free(&a);
    diag_free(&d);
    bytes_free(&b);
    bytes_free(&linked);
}
END_TEST

/* ---- hostile: by hand ---- */

static void custom(Writer *w, const char *name, Writer *payload)
{
    wr_byte(w, SEC_CUSTOM);
    size_t mark = wr_begin_size(w);
    wr_name(w, str_of(name));
    wr_bytes(w, payload->ptr, payload->len);
    wr_end_size(w, mark);
    wr_free(payload);
}

/* A module with 64 bytes of code section. */
static void begin_module(Writer *w)
{
    wr_bytes(w, "\0asm\1\0\0\0" "\1\4\1\x60\0\0" "\3\2\1\0" "\x0a\x40\1\x3e", 8 + 6 + 4 + 4);
    wr_zeros(w, 61);
    wr_byte(w, 0x0b);
}

static void le(Writer *w, unsigned size, uint64_t v)
{
    for (unsigned i = 0; i < size; i++) wr_byte(w, (uint8_t)(v >> (8 * i)));
}

typedef struct LineOptions {
    uint8_t line_range, opcode_base;
    Str tables, program;
    bool dwarf64;
} LineOptions;
static const LineOptions plain = {.line_range = 14, .opcode_base = 13};

/* One unit of .debug_line, version 5. */
static void line_unit(Writer *w, LineOptions o)
{
    static const uint8_t lengths[12] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    unsigned offset_size = o.dwarf64 ? 8 : 4;
    size_t header = 6 + sizeof lengths + o.tables.len;
    if (o.dwarf64) le(w, 4, 0xffffffff);
    le(w, offset_size, 4 + offset_size + header + o.program.len);
    le(w, 2, 5);
    wr_bytes(w, "\4\0", 2);
    le(w, offset_size, header);
    wr_bytes(w, "\1\1\1", 3);
    wr_byte(w, (uint8_t)-5);
    wr_byte(w, o.line_range);
    wr_byte(w, o.opcode_base);
    wr_bytes(w, lengths, sizeof lengths);
    wr_bytes(w, o.tables.ptr, o.tables.len);
    wr_bytes(w, o.program.ptr, o.program.len);
}

/* A directory "d", file 0 "a.c" in it. */
#define TABLES STR("\1\1\x08\1d\0" "\2\1\x08\2\x0b\1a.c\0\0")
/* set_address 16; advance_line 6; set_file 0; copy; special: +1 line, +2 address; advance_pc 8; end_sequence */
#define PROGRAM STR("\0\5\2\x10\0\0\0" "\3\6" "\4\0" "\1" "\x2f" "\2\x08" "\0\1\1")

static bool module_line(Writer *line, uint32_t at, const char **file, uint32_t *number, Arena *a)
{
    Writer w = {0};
    begin_module(&w);
    custom(&w, ".debug_line", line);
    WasmModule m;
    Diags d = {0};
    ck_assert_msg(wasm_read_module(a, w.ptr, w.len, "m.wasm", NULL, &d, &m), "%s", d.n ? d.items[0].text : "");
    Dwarf *dwarf = dwarf_open_module(&m, a);
    bool found = dwarf_line_of_code(dwarf, at, file, number);
    if (found) *file = arena_strndup(a, *file, strlen(*file));
    wr_free(&w);
    return found;
}

START_TEST(line_table_by_hand)
{
    for (int wide = 0; wide < 2; wide++) {
        static const struct { uint32_t at, line; } rows[] = {{15, 0}, {16, 7}, {17, 7}, {18, 8}, {25, 8}, {26, 0}};
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            Writer line = {0};
            Arena a = {0};
            const char *file;
            uint32_t number;
            LineOptions o = plain;
            o.dwarf64 = wide;
            o.tables = TABLES;
            o.program = PROGRAM;
            line_unit(&line, o);
            bool found = module_line(&line, rows[i].at, &file, &number, &a);
            ck_assert_msg(found == (rows[i].line != 0), "address %u", rows[i].at);
            if (found) ck_assert_msg(number == rows[i].line && strcmp(file, "a.c") == 0, "address %u: %s:%u", rows[i].at, file, number);
            arena_free(&a);
        }
    }
}
END_TEST

/* None of these has a place for address 16; none may take long, or much memory. */
static const struct {
    const char *what;
    LineOptions options;
} bad_units[] = {
    {"line_range 0", {0, 13, TABLES, PROGRAM}},
    {"opcode_base 0", {14, 0, TABLES, PROGRAM}},
    {"2^63 directories without bytes", {14, 13, STR("\1\1\x19\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), PROGRAM}},
    {"2^63 directories of no form", {14, 13, STR("\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), PROGRAM}},
    {"files without bytes", {14, 13, STR("\1\1\x08\1d\0\1\1\x19\x09xxxxxxxxxxxxxx"), PROGRAM}},
    {"255 formats", {14, 13, STR("\xff\1\x19\1\x19"), PROGRAM}},
    {"indirect of indirect", {14, 13, STR("\1\1\x16\1\x16\x16\x16\x16\x16\x16"), PROGRAM}},
    {"block longer than the header", {14, 13, STR("\1\1\x09\1\xff\xff\xff\xff\x0f"), PROGRAM}},
    {"unknown form", {14, 13, STR("\1\1\x7f\1d\0"), PROGRAM}},
    {"file without a name", {14, 13, STR("\0\0\1\2\x0b\1\0"), PROGRAM}},
    {"no files", {14, 13, STR("\0\0\0\0"), PROGRAM}},
    {"no tables", {14, 13, STR(""), PROGRAM}},
    {"no end of sequence", {14, 13, TABLES, STR("\0\5\2\x10\0\0\0\1\2\x08\1")}},
    {"no address", {14, 13, TABLES, STR("\1\2\x40\1\0\1\1")}},
    {"address beyond the code", {14, 13, TABLES, STR("\0\5\2\x10\0\1\0\1\2\x08\0\1\1")}},
    {"address of three bytes", {14, 13, TABLES, STR("\0\4\2\x10\0\0\1\2\x08\0\1\1")}},
    {"address goes back", {14, 13, TABLES, STR("\0\5\2\x18\0\0\0\1\0\5\2\x10\0\0\0\1\2\x08\0\1\1")}},
    {"address overflows", {14, 13, TABLES, STR("\0\5\2\x10\0\0\0\1\2\xff\xff\xff\xff\x0f\2\xff\xff\xff\xff\x0f\0\1\1")}},
    {"extended opcode of length 0", {14, 13, TABLES, STR("\0\0\0\0\0\0")}},
    {"extended opcode beyond the end", {14, 13, TABLES, STR("\0\xff\xff\xff\xff\x0f\2")}},
    {"file out of range", {14, 13, TABLES, STR("\0\5\2\x10\0\0\0\4\x09\1\2\x08\0\1\1")}},
    {"file beyond 32 bits", {14, 13, TABLES, STR("\0\5\2\x10\0\0\0\4\x80\x80\x80\x80\x10\1\2\x08\0\1\1")}},
    {"only line 0", {14, 13, TABLES, STR("\0\5\2\x10\0\0\0\3\x7f\4\0\1\2\x08\0\1\1")}},
};

START_TEST(bad_line_unit)
{
    Writer line = {0};
    Arena a = {0};
    const char *file;
    uint32_t number;
    line_unit(&line, bad_units[_i].options);
    ck_assert_msg(!module_line(&line, 16, &file, &number, &a), "%s: %s:%u", bad_units[_i].what, file, number);
    ck_assert_uint_lt(a.used_bytes, 1 << 20);
    arena_free(&a);
}
END_TEST

/* A bad unit is left; the one behind it is found. */
START_TEST(unit_behind_a_bad_one)
{
    Writer line = {0};
    Arena a = {0};
    const char *file;
    uint32_t number;
    LineOptions bad = plain, good = plain;
    bad.line_range = 0;
    good.tables = TABLES;
    good.program = PROGRAM;
    line_unit(&line, bad);
    line_unit(&line, good);
    ck_assert(module_line(&line, 16, &file, &number, &a));
    ck_assert_uint_eq(number, 7);
    arena_free(&a);
}
END_TEST

/* An object whose .debug_info and .debug_abbrev are given; a data symbol "x" to ask for, whose address stands at
 * `address_at` in .debug_info when that is not 0. */
static Bytes info_object(Writer *info, Writer *abbrev, uint8_t address_at)
{
    enum { DEBUG_INFO = 6 }; /* its number among the sections */
    Writer w = {0}, linking = {0}, line = {0}, relocs = {0};
    LineOptions o = plain;
    o.tables = TABLES;
    begin_module(&w);
    wr_bytes(&w, "\x0b\x0e\1\0\x41\0\x0b\x08" "12345678", 16);
    line_unit(&line, o);
    custom(&w, ".debug_line", &line);
    custom(&w, ".debug_abbrev", abbrev);
    custom(&w, ".debug_info", info);
    wr_bytes(&linking, "\2\x08\x08\1\1\0\1x\0\0\4", 11);
    custom(&w, "linking", &linking);
    wr_bytes(&relocs, (uint8_t[]){DEBUG_INFO, 1, R_WASM_MEMORY_ADDR_I32, address_at, 0, 0}, 6);
    if (address_at) custom(&w, "reloc..debug_info", &relocs);
    wr_free(&relocs);
    return (Bytes){w.ptr, w.len};
}

static void expect_no_symbol(Writer *info, Writer *abbrev)
{
    Opened o;
    Bytes b = info_object(info, abbrev, 0);
    open_object(b, &o);
    expect_symbol(&o, "x", NULL, 0);
    ck_assert_uint_lt(o.arena.used_bytes, 16 * b.size + (1 << 20));
    close_object(&o);
    bytes_free(&b);
}

/* Entries of one byte with very many attributes of none. */
START_TEST(attribute_bomb)
{
    enum { ATTRIBUTES = 100000, ENTRIES = 1000000 };
    Writer info = {0}, abbrev = {0};
    wr_bytes(&abbrev, "\1\x11\1\x10\x0b\0\0", 7); /* the unit's own: stmt_list, one byte */
    wr_bytes(&abbrev, "\2\x34\0", 3);
    for (int i = 0; i < ATTRIBUTES; i++) wr_bytes(&abbrev, "\x3f\x19", 2);
    wr_bytes(&abbrev, "\0\0\0", 3);
    le(&info, 4, 2 + 4 + 1 + 2 + ENTRIES);
    le(&info, 2, 4);
    le(&info, 4, 0);
    wr_bytes(&info, "\4\1\0", 3);
    for (int i = 0; i < ENTRIES; i++) wr_byte(&info, 2);
    expect_no_symbol(&info, &abbrev);
}
END_TEST

/* Very many units, each with a table of abbreviations of its own within one big one. */
START_TEST(abbreviation_bomb)
{
    enum { ABBREVIATIONS = 100000, UNITS = 100000 };
    Writer info = {0}, abbrev = {0};
    for (int i = 0; i < ABBREVIATIONS; i++) wr_bytes(&abbrev, "\1\x11\0\0\0", 5);
    for (int i = 0; i < UNITS; i++) {
        le(&info, 4, 2 + 4 + 1 + 1);
        le(&info, 2, 4);
        le(&info, 4, (uint64_t)i % ABBREVIATIONS * 5);
        wr_bytes(&info, "\4\1", 2);
    }
    expect_no_symbol(&info, &abbrev);
}
END_TEST

/* Codes that are not counted from 1 are searched for: a long table, asked very often. */
START_TEST(abbreviation_search_bomb)
{
    enum { ABBREVIATIONS = 100000, ENTRIES = 1000000 };
    Writer info = {0}, abbrev = {0};
    wr_bytes(&abbrev, "\1\x11\1\x10\x0b\0\0", 7);
    for (int i = 0; i < ABBREVIATIONS; i++) wr_bytes(&abbrev, "\x7e\x34\0\0\0", 5);
    wr_bytes(&abbrev, "\x7f\x34\0\0\0\0", 6);
    le(&info, 4, 2 + 4 + 1 + 2 + ENTRIES);
    le(&info, 2, 4);
    le(&info, 4, 0);
    wr_bytes(&info, "\4\1\0", 3);
    for (int i = 0; i < ENTRIES; i++) wr_byte(&info, 0x7f);
    expect_no_symbol(&info, &abbrev);
}
END_TEST

/* The entry at 13 has the address of "x" and takes its line from another, at 24, or from somewhere it should not be. */
START_TEST(origin)
{
    static const struct { uint32_t at, line; } rows[] = {{24, 9}, {13, 0}, {0, 0}, {1, 0}, {11, 0}, {26, 0}, {27, 0}, {28, 0}, {0xffffffff, 0}};
    Writer info = {0}, abbrev = {0};
    wr_bytes(&abbrev, "\1\x11\1\x10\x0b\0\0" "\2\x34\0\2\x18\x47\x13\0\0" "\3\x34\0\x3a\x0b\x3b\x0b\0\0\0", 26);
    le(&info, 4, 23);
    le(&info, 2, 4);
    le(&info, 4, 0);
    wr_bytes(&info, "\4\1\0" "\2\5\3\0\0\0\0", 10);
    le(&info, 4, rows[_i].at);
    wr_bytes(&info, "\3\0\x09", 3);
    Opened o;
    Bytes b = info_object(&info, &abbrev, 16);
    open_object(b, &o);
    expect_symbol(&o, "x", "a.c", rows[_i].line);
    close_object(&o);
    bytes_free(&b);
}
END_TEST

/* ---- every bit of the debug sections flipped, every question asked ---- */

static void ask_everything(Bytes b)
{
    Opened o = {0};
    if (wasm_read_object(&o.arena, b.ptr, b.size, "test.o", &o.diags, &o.object)) {
        o.dwarf = dwarf_open_object(&o.object, &o.arena);
        const char *file;
        uint32_t line, total = 0;
        for (uint32_t i = 0; i < o.object.n_symbols; i++)
            if (dwarf_line_of_symbol(o.dwarf, i, &file, &line)) total += line + (uint32_t)strlen(file);
        for (uint32_t at = 0; at < 256; at += 3)
            if (dwarf_line_of_code(o.dwarf, at, &file, &line)) total += line + (uint32_t)strlen(file);
        ck_assert_uint_le(o.arena.used_bytes, 16 << 20);
        (void)total;
    }
    close_object(&o);
}

static void ask_for_variables(Bytes b)
{
    Arena a = {0};
    Diags d = {0};
    WasmModule m;
    if (wasm_read_module(&a, b.ptr, b.size, "m.wasm", NULL, &d, &m)) {
        Dwarf *dwarf = dwarf_open_module(&m, &a);
        size_t total = 0;
        for (uint32_t at = 1000; at < 1100; at += 3) {
            DwarfVariable v;
            if (dwarf_variable_at(dwarf, at, &v)) total += v.name.len + v.size + (v.file ? strlen(v.file) : 0);
        }
        ck_assert_uint_le(a.used_bytes, 16 << 20);
        (void)total;
    }
    arena_free(&a);
    diag_free(&d);
}

static bool is_debug(const WasmCustom *c)
{
    return str_has_prefix(c->name, STR(".debug_")) || str_has_prefix(c->name, STR("reloc..debug_"));
}

START_TEST(flipped)
{
    static const char *const versions[] = {"-O1 -gdwarf-4", "-O1 -gdwarf-5"};
    Bytes b;
    Opened o;
    if (!compile("c", c_source, versions[_i], &b)) return;
    open_object(b, &o);
    for (uint32_t i = 0; i < o.object.module.n_customs; i++) {
        const WasmCustom *c = &o.object.module.customs[i];
        if (!is_debug(c)) continue;
        for (uint32_t k = 0; k < c->payload.size; k++)
            for (int bit = 0; bit < 8; bit++) {
                b.ptr[c->payload.offset + k] ^= (uint8_t)(1 << bit);
                ask_everything(b);
                b.ptr[c->payload.offset + k] ^= (uint8_t)(1 << bit);
            }
    }
    close_object(&o);
    bytes_free(&b);
}
END_TEST

START_TEST(flipped_variables)
{
    static const char *const versions[] = {"-O1 -gdwarf-4", "-O1 -gdwarf-5"};
    Bytes b, linked;
    if (!compile("c", variables_source, versions[_i], &b) || !link_by_wasm_ld(b, EXPORT_VARIABLES, &linked)) return;
    Arena a = {0};
    Diags d = {0};
    WasmModule m;
    ck_assert(wasm_read_module(&a, linked.ptr, linked.size, "m.wasm", NULL, &d, &m));
    for (uint32_t i = 0; i < m.n_customs; i++) {
        const WasmCustom *c = &m.customs[i];
        if (!is_debug(c)) continue;
        for (uint32_t at = c->payload.offset; at < c->payload.offset + c->payload.size; at++)
            for (int bit = 0; bit < 8; bit++) {
                linked.ptr[at] ^= (uint8_t)(1 << bit);
                ask_for_variables(linked);
                linked.ptr[at] ^= (uint8_t)(1 << bit);
            }
    }
    arena_free(&a);
    diag_free(&d);
    bytes_free(&b);
    bytes_free(&linked);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dwarf");
    TCase *t = tcase_create("clang");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, clang_c, 0, ARRAY_LEN(flags));
    tcase_add_loop_test(t, clang_cpp, 0, 4);
    tcase_add_loop_test(t, linked_module, 0, 4);
    tcase_add_test(t, without_debug_info);
    tcase_add_loop_test(t, linked_variables, 0, ARRAY_LEN(flags));
    tcase_add_loop_test(t, flipped, 0, 2);
    tcase_add_loop_test(t, flipped_variables, 0, 2);
    suite_add_tcase(s, t);
    t = tcase_create("hostile");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, line_table_by_hand);
    tcase_add_loop_test(t, bad_line_unit, 0, ARRAY_LEN(bad_units));
    tcase_add_test(t, unit_behind_a_bad_one);
    tcase_add_test(t, attribute_bomb);
    tcase_add_test(t, abbreviation_bomb);
    tcase_add_test(t, abbreviation_search_bomb);
    tcase_add_loop_test(t, origin, 0, 9);
    suite_add_tcase(s, t);
    return run_tap(s);
}
