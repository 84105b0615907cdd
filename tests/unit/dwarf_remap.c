/* Tests of debug sections that follow code: modules that clang and wasm-ld make, with bytes put into their code by rules,
 * must say of each place what they said before; by our reader, and by LLVM's where it is there. Then bytes of the debug
 * sections are damaged: lines may be lost, but never become wrong. */
#include "tests/unit/compile.h"
#include "tests/unit/tap.h"
#include "wasm/wasm.h"

#include <stdio.h>
#include <string.h>

/* ---- the map ---- */

START_TEST(map_boundaries)
{
    Arena a = {0};
    CodeMap m = {.arena = &a};
    ck_assert_uint_eq(code_map_find(&m, 7), 7);
    ck_assert(code_map_push(&m, 10, 10)); /* nothing has moved */
    ck_assert_uint_eq(m.n, 0);
    ck_assert(code_map_insert(&m, 20, 4) && code_map_insert(&m, 21, 2) && code_map_insert(&m, 21, 3));
    ck_assert(code_map_push(&m, 40, 50));
    ck_assert(code_map_insert(&m, 60, 1));
    static const uint32_t rows[][2] = {{0, 0}, {20, 20}, {21, 25}, {22, 31}, {39, 48}, {40, 50}, {60, 70}, {61, 72},
                                       {UINT32_MAX - 11, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) ck_assert_uint_eq(code_map_find(&m, rows[i][0]), rows[i][1]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t last = 0; last < m.n; last++) {
            size_t near = last;
            ck_assert_uint_eq(code_map_find_near(&m, rows[i][0], &near), rows[i][1]);
        }
    ck_assert(!m.failed);
    arena_free(&a);
}
END_TEST

/* What was removed is empty, and nothing passes what comes behind it. */
START_TEST(map_of_removed_code)
{
    Arena a = {0};
    CodeMap m = {.arena = &a};
    ck_assert(code_map_push(&m, 30, 20));
    static const uint32_t rows[][2] = {{0, 0}, {19, 19}, {20, 20}, {29, 20}, {30, 20}, {31, 21}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) ck_assert_uint_eq(code_map_find(&m, rows[i][0]), rows[i][1]);
    arena_free(&a);
}
END_TEST

START_TEST(map_without_memory)
{
    Arena a = {.limit_bytes = 1 << 16};
    CodeMap m = {.arena = &a};
    bool good = true;
    for (uint32_t i = 0; i < 1 << 16 && good; i++) good = code_map_insert(&m, i, 1);
    ck_assert(!good && m.failed);
    arena_free(&a);
}
END_TEST

/* ---- modules with bytes put into their code ---- */

typedef enum How {
    HOW_NOTHING,  /* with a pair behind the code, so that all is encoded anew */
    HOW_SHIFT,    /* each body's size in five bytes              */
    HOW_CALLS,    /* seven bytes in front of each call           */
    HOW_METER,    /* at entries, loops, and in front of each end */
    HOW_LOCALS,   /* one more declaration of locals, and calls   */
    HOW_ALL,      /* 200 bytes in front of everything            */
    HOW_COUNT
} How;

typedef struct Linked {
    Arena arena;
    Diags diags;
    WasmModule module;
    Dwarf *dwarf;
    Bytes bytes;
    uint32_t code, code_size;
} Linked;

static bool open_linked(Bytes b, Linked *l)
{
    *l = (Linked){.bytes = b};
    if (!wasm_read_module(&l->arena, b.ptr, b.size, "m.wasm", NULL, &l->diags, &l->module)) return false;
    l->dwarf = dwarf_open_module(&l->module, &l->arena);
    for (uint32_t i = 0; i < l->module.n_sections; i++)
        if (l->module.sections[i].id == SEC_CODE) {
            l->code = l->module.sections[i].payload.offset;
            l->code_size = l->module.sections[i].payload.size;
        }
    return true;
}

static void close_linked(Linked *l)
{
    arena_free(&l->arena);
    diag_free(&l->diags);
    bytes_free(&l->bytes);
}

static uint32_t bytes_before(How how, WasmOp op, bool first)
{
    bool call = op == OP_CALL || op == OP_CALL_INDIRECT;
    switch (how) {
    case HOW_CALLS:
    case HOW_LOCALS: return call ? 7 : 0;
    case HOW_METER: return first ? 20 : op == OP_LOOP ? 11 : op == OP_END ? 3 : 0;
    case HOW_ALL: return 200;
    default: return 0;
    }
}

static void nops(Writer *w, uint32_t n)
{
    while (n--) wr_byte(w, 0x01);
}

/* One body, without its size; `at` is where it begins in the payload. Offsets of the new one count from its beginning. */
static void write_body(const Linked *l, WasmRange body, How how, CodeMap *map, uint32_t at, Writer *w)
{
    Reader r = rd_open(l->bytes.ptr + body.offset, body.size, "body", NULL);
    uint32_t groups, n, old = body.offset - l->code;
    uint8_t type;
    ck_assert(rd_u32(&r, "groups", &groups));
    wr_u32(w, groups + (how == HOW_LOCALS));
    if (how == HOW_LOCALS) wr_bytes(w, "\5\x7e", 2);
    const uint8_t *declarations = r.pos;
    for (uint32_t i = 0; i < groups; i++) ck_assert(rd_u32(&r, "n", &n) && rd_byte(&r, "type", &type));
    wr_bytes(w, declarations, (size_t)(r.pos - declarations));
    ck_assert(code_map_push(map, old, at));
    ck_assert(code_map_push(map, old + (uint32_t)rd_offset(&r), at + (uint32_t)w->len));
    for (bool first = true; rd_left(&r); first = false) {
        const uint8_t *start = r.pos;
        WasmOp op;
        ck_assert(rd_op(&r, FEATURES_ALL, &op) && rd_skip_imm(&r, op));
        uint32_t before = bytes_before(how, op, first);
        nops(w, before);
        if (before) ck_assert(code_map_insert(map, old + (uint32_t)(start - r.base), before));
        wr_bytes(w, start, (size_t)(r.pos - start));
    }
}

static void write_code(const Linked *l, How how, CodeMap *map, Writer *w)
{
    wr_u32(w, l->module.n_bodies);
    for (uint32_t i = 0; i < l->module.n_bodies; i++) {
        CodeMap ignored = {.arena = map->arena};
        Writer body = {0};
        write_body(l, l->module.bodies[i], how, &ignored, 0, &body); /* for its size */
        uint32_t size = (uint32_t)body.len;
        if (how == HOW_SHIFT) wr_u32_padded(w, size);
        else wr_u32(w, size);
        body.len = 0;
        write_body(l, l->module.bodies[i], how, map, (uint32_t)w->len, &body);
        wr_bytes(w, body.ptr, body.len);
        wr_free(&body);
    }
    if (how == HOW_NOTHING) ck_assert(code_map_push(map, l->code_size + 100, l->code_size + 101));
}

static const DwarfSection *find_section(const DwarfSection *s, uint32_t n, uint32_t custom)
{
    for (uint32_t i = 0; i < n; i++)
        if (s[i].custom == custom) return &s[i];
    return NULL;
}

/* The module with the new code and the new debug sections. */
static Bytes write_module(const Linked *l, const Writer *code, const DwarfSection *s, uint32_t n)
{
    Writer w = {0};
    uint32_t custom = 0;
    wr_bytes(&w, l->bytes.ptr, 8);
    for (uint32_t i = 0; i < l->module.n_sections; i++) {
        const WasmSection *section = &l->module.sections[i];
        const DwarfSection *changed = NULL;
        const WasmCustom *c = NULL;
        if (section->id == SEC_CUSTOM) {
            c = &l->module.customs[custom];
            changed = find_section(s, n, custom++);
        }
        if (changed && !changed->bytes) continue;
        wr_byte(&w, section->id);
        size_t mark = wr_begin_size(&w);
        if (section->id == SEC_CODE) wr_bytes(&w, code->ptr, code->len);
        else if (c) {
            wr_name(&w, c->name);
            if (changed) wr_bytes(&w, changed->bytes, changed->size);
            else wr_bytes(&w, l->bytes.ptr + c->payload.offset, c->payload.size);
        } else wr_bytes(&w, l->bytes.ptr + section->payload.offset, section->payload.size);
        wr_end_size(&w, mark);
    }
    return (Bytes){w.ptr, w.len};
}

typedef struct Rewritten {
    CodeMap map;
    DwarfSection *sections;
    uint32_t n;
    Linked linked;
} Rewritten;

static void rewrite(Linked *l, How how, Rewritten *out)
{
    Writer code = {0};
    *out = (Rewritten){.map = {.arena = &l->arena}};
    write_code(l, how, &out->map, &code);
    ck_assert(dwarf_remap(&l->module, &out->map, &l->arena, &l->diags, &out->sections, &out->n));
    ck_assert(open_linked(write_module(l, &code, out->sections, out->n), &out->linked));
    wr_free(&code);
}

/* ---- what is compiled ---- */

static const char one_c[] =
    "#line 1 \"one.c\"\n"
    "extern void sink(int *);\n"
    "static inline __attribute__((always_inline)) int square(int x)\n"
    "{\n"
    "    int y = x * x;\n"
    "    if (y > 100) {\n"
    "        int z = y - 100;\n"
    "        sink(&z);\n"
    "        y = z;\n"
    "    }\n"
    "    return y;\n"
    "}\n"
    "int twice(int a)\n"
    "{\n"
    "    int s = 0;\n"
    "    for (int i = 0; i < a; i++) {\n"
    "        int q = square(i);\n"
    "        s += q;\n"
    "        sink(&s);\n"
    "    }\n"
    "    return s;\n"
    "}\n"
    "int dead(int b) { sink(&b); return square(b); }\n"
    "static int shared = 5;\n"
    "int *place(void) { return &shared; }\n"
    "int other(int b)\n"
    "{\n"
    "    int t[100];\n"
    "    for (int i = 0; i < 100; i++) {\n"
    "        int k = square(i + b);\n"
    "        if (k & 1) { int odd = k * 3; sink(&odd); t[i] = odd; }\n"
    "        else t[i] = square(k - b);\n"
    "    }\n"
    "    sink(t);\n"
    "    return t[3] + twice(b);\n"
    "}\n";
static const char two_c[] =
    "#define TWICE(x) (x) + (x)\n"
    "#line 1 \"two.c\"\n"
    "int twice(int), other(int), *place(void);\n"
    "int total;\n"
    "void sink(int *p)\n"
    "{\n"
    "    total += *p;\n"
    "}\n"
    "void also_dead(int *p) { p[3] = 4; sink(p); }\n"
    "void start(int v)\n"
    "{\n"
    "    int x = other(TWICE(v));\n"
    "    sink(&x);\n"
    "    { int w = twice(x); *place() = w; if (w > 4) sink(&w); }\n"
    "}\n";

static const char *const flags[] = {
    "-O0 -gdwarf-4", "-O2 -gdwarf-4", "-O0 -gdwarf-5", "-O2 -gdwarf-5", "-O1 -gdwarf-3", "-O2 -gdwarf-2",
    "-O1 -gdwarf-4 -gdwarf-aranges -gpubnames", "-O2 -gdwarf-5 -gdwarf-aranges -fdebug-macro",
    "-O2 -gdwarf-4 -fdebug-macro", "-Os -gdwarf-5 -gpubnames -fdebug-types-section",
};

static bool link_two(const char *f, Bytes *out)
{
    Bytes one, two;
    if (!have_tool("wasm-ld-19") || !compile("c", one_c, f, &one)) return false;
    if (!compile("c", two_c, f, &two)) return false;
    char folder[32];
    temporary_folder(folder);
    put_file(folder, "one.o", one.ptr, one.size);
    put_file(folder, "two.o", two.ptr, two.size);
    run_in(folder, "wasm-ld-19 --no-entry --export=start one.o two.o -o prog.wasm");
    *out = get_file(folder, "prog.wasm");
    remove_folder(folder);
    bytes_free(&one);
    bytes_free(&two);
    return true;
}

/* ---- by our reader ---- */

static bool same_place(bool found_a, const char *a, uint32_t line_a, bool found_b, const char *b, uint32_t line_b)
{
    return found_a == found_b && (!found_a || (line_a == line_b && strcmp(a, b) == 0));
}

/* Each byte of the new code: what the old code said of the byte at or behind whose boundary it stands. */
static uint32_t expect_lines(Linked *old, Rewritten *new)
{
    uint32_t at = 0, found = 0;
    for (uint32_t to = 0; to < new->linked.code_size; to++) {
        while (at < old->code_size && code_map_find(&new->map, at + 1) <= to) at++;
        const char *a = "nowhere", *b = "nowhere";
        uint32_t line_a = 0, line_b = 0;
        bool found_a = dwarf_line_of_code(old->dwarf, at, &a, &line_a);
        bool found_b = dwarf_line_of_code(new->linked.dwarf, to, &b, &line_b);
        ck_assert_msg(same_place(found_a, a, line_a, found_b, b, line_b), "0x%x is %s:%u, 0x%x is %s:%u", at, a, line_a, to,
                      b, line_b);
        found += found_a;
    }
    return found;
}

START_TEST(lines_follow)
{
    Bytes b;
    Linked old;
    if (!link_two(flags[_i], &b)) return;
    ck_assert(open_linked(b, &old));
    for (How how = 0; how < HOW_COUNT; how++) {
        Rewritten new;
        rewrite(&old, how, &new);
        ck_assert_msg(old.diags.n == 0, "%s", old.diags.n ? old.diags.items[0].text : "");
        ck_assert_uint_gt(expect_lines(&old, &new), 100);
        if (how == HOW_NOTHING) ck_assert_uint_eq(new.n, 0); /* byte for byte */
        close_linked(&new.linked);
    }
    close_linked(&old);
}
END_TEST

START_TEST(no_pairs_no_sections)
{
    Bytes b;
    Linked old;
    if (!link_two(flags[0], &b)) return;
    ck_assert(open_linked(b, &old));
    CodeMap map = {.arena = &old.arena};
    DwarfSection *sections;
    uint32_t n;
    ck_assert(dwarf_remap(&old.module, &map, &old.arena, &old.diags, &sections, &n) && n == 0);
    close_linked(&old);
}
END_TEST

/* ---- by LLVM's reader ---- */

/* The output of llvm-dwarfdump, in lines. */
typedef struct Dump { char **lines; size_t n, cap; } Dump;

static Dump dump(Arena *a, Bytes module, const char *option)
{
    Dump d = {0};
    char folder[32], command[256], *line = NULL;
    size_t size = 0;
    temporary_folder(folder);
    put_file(folder, "prog.wasm", module.ptr, module.size);
    snprintf(command, sizeof command, "llvm-dwarfdump-19 %s %s/prog.wasm 2>&1", option, folder);
    FILE *f = popen(command, "r");
    ck_assert(f);
    (void)getline(&line, &size, f); /* has the file's name */
    while (getline(&line, &size, f) > 0) ARENA_PUSH(a, d.lines, d.n, d.cap) = arena_strndup(a, line, strlen(line));
    free(line);
    pclose(f);
    remove_folder(folder);
    return d;
}

static const char *const code_words[] = {"DW_AT_low_pc", "DW_AT_high_pc", "DW_AT_entry_pc", "DW_AT_call_return_pc",
                                         "DW_AT_call_pc"};
/* Lines that name places in other sections. */
static const char *const offset_words[] = {"DW_AT_stmt_list", "DW_AT_ranges", "DW_AT_rnglists_base", "DW_AT_loclists_base",
                                           "loclist = 0x", "DW_AT_location\t(0x"};

static bool has_word(const char *line, const char *const words[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(line, words[i])) return true;
    return false;
}

/* Both lines are the same but for their numbers, which have moved. */
static bool moved_alike(const CodeMap *map, uint32_t code_size, const char *a, const char *b)
{
    while (*a && *b) {
        if (strncmp(a, "0x", 2) == 0 && strncmp(b, "0x", 2) == 0) {
            char *end_a, *end_b;
            uint64_t x = strtoull(a, &end_a, 16), y = strtoull(b, &end_b, 16);
            if ((x <= code_size ? code_map_find(map, (uint32_t)x) : x) != y) return false;
            a = end_a;
            b = end_b;
        } else if (*a++ != *b++) return false;
    }
    return *a == *b;
}

static bool dumped_alike(const CodeMap *map, uint32_t code_size, const char *a, const char *b)
{
    const char *range = strstr(a, "[0x");
    if (range && strstr(b, "[0x")) { /* an entry of a list; what stands in it is text */
        const char *behind = strchr(range, ')'), *new = strstr(b, "[0x"), *new_behind = strchr(new, ')');
        char x[64], y[64];
        if (!behind || !new_behind || behind - range > 60 || new_behind - new > 60) return false;
        snprintf(x, sizeof x, "%.*s", (int)(behind - range), range);
        snprintf(y, sizeof y, "%.*s", (int)(new_behind - new), new);
        return moved_alike(map, code_size, x, y) && strcmp(behind, new_behind) == 0;
    }
    if (has_word(a, code_words, ARRAY_LEN(code_words))) return moved_alike(map, code_size, a, b);
    if (has_word(a, offset_words, ARRAY_LEN(offset_words))) return true;
    return strcmp(a, b) == 0;
}

static void expect_same_dump(Linked *old, Rewritten *new, const char *option, bool is_line, size_t least)
{
    Dump a = dump(&old->arena, old->bytes, option), b = dump(&old->arena, new->linked.bytes, option);
    size_t compared = 0;
    bool dead = false; /* the entry is of code that was not linked: high_pc is a length */
    ck_assert_msg(a.n == b.n, "%s: %zu and %zu lines", option, a.n, b.n);
    for (size_t i = 0; i < a.n; i++) {
        const char *x = a.lines[i], *y = b.lines[i];
        if (strstr(x, "DW_AT_low_pc")) dead = strstr(x, "dead code");
        bool same;
        if (is_line && strncmp(x, "0x", 2) != 0) continue; /* offsets and lengths */
        if (is_line) same = moved_alike(&new->map, old->code_size, x, y);
        else if (dead && strstr(x, "DW_AT_high_pc")) same = strcmp(x, y) == 0;
        else same = dumped_alike(&new->map, old->code_size, x, y);
        ck_assert_msg(same, "%s: %s%s", option, x, y);
        compared++;
    }
    ck_assert_uint_ge(compared, least);
}

/* Arguments of templates: a function's address follows, a variable's stays. */
START_TEST(addresses_in_expressions)
{
    static const char source[] = "extern \"C\" int put(int);\n"
                                 "extern \"C\" int first(int x) { return put(x) + 1; }\n"
                                 "extern \"C\" int f(int x) { return put(x) + put(3); }\n"
                                 "int v;\n"
                                 "typedef int (*Function)(int);\n"
                                 "template <const Function F, int (&G)(int)> int call(int x) { return F(x) + G(x) + put(x); }\n"
                                 "template <int *P> int *give() { *P = put(1); return P; }\n"
                                 "extern \"C\" int *start(int x) { *give<&v>() = call<f, f>(f(x)); return &v; }\n";
    static const char *const versions[] = {"-gdwarf-4 -O0", "-gdwarf-5 -O0"};
    static const char *const options[] = {"--debug-info", "--debug-addr"};
    Bytes b, module;
    Linked old;
    Rewritten new;
    if (!have_tool("llvm-dwarfdump-19") || !compile("c++", source, versions[_i], &b)) return;
    if (!link_by_wasm_ld(b, "--no-entry --export=first --export=start --allow-undefined", &module)) return;
    bytes_free(&b);
    ck_assert(open_linked(module, &old));
    rewrite(&old, HOW_METER, &new);
    Dump x = dump(&old.arena, old.bytes, options[_i]), y = dump(&old.arena, new.linked.bytes, options[_i]);
    ck_assert_uint_eq(x.n, y.n);
    size_t moved = 0, stayed = 0;
    for (size_t i = 0; i < x.n; i++) {
        bool asked = _i == 0 ? strstr(x.lines[i], "DW_OP_addr ") != NULL : strncmp(x.lines[i], "0x", 2) == 0;
        if (!asked || strstr(x.lines[i], "Address table")) continue;
        const char *number = strstr(x.lines[i], "0x");
        bool code = strtoul(number, NULL, 16) < old.code_size; /* data begins at 1024 */
        ck_assert_msg(code ? moved_alike(&new.map, old.code_size, x.lines[i], y.lines[i]) : strcmp(x.lines[i], y.lines[i]) == 0,
                      "%s%s", x.lines[i], y.lines[i]);
        *(strcmp(x.lines[i], y.lines[i]) ? &moved : &stayed) += 1;
    }
    ck_assert_uint_ge(moved, 2);
    ck_assert_uint_ge(stayed, 1);
    ck_assert_uint_lt(old.code_size, 1024);
    close_linked(&new.linked);
    close_linked(&old);
}
END_TEST

static size_t errors(const Dump *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) n += strncmp(d->lines[i], "error:", 6) == 0 || strncmp(d->lines[i], "warning:", 8) == 0;
    return n;
}

START_TEST(llvm_agrees)
{
    Bytes b;
    Linked old;
    if (!have_tool("llvm-dwarfdump-19") || !link_two(flags[_i], &b)) return;
    ck_assert(open_linked(b, &old));
    for (How how = HOW_METER; how < HOW_COUNT; how++) {
        Rewritten new;
        rewrite(&old, how, &new);
        expect_same_dump(&old, &new, "--debug-info", false, 100);
        expect_same_dump(&old, &new, "--debug-line", true, 20);
        expect_same_dump(&old, &new, "--debug-aranges", false, strstr(flags[_i], "aranges") ? 5 : 0);
        Dump before = dump(&old.arena, old.bytes, "--verify"), after = dump(&old.arena, new.linked.bytes, "--verify");
        for (size_t i = 0; i < after.n && errors(&before) != errors(&after); i++) fputs(after.lines[i], stderr);
        ck_assert_uint_eq(errors(&before), errors(&after)); /* wasm-ld's .debug_str_offsets has some */
        close_linked(&new.linked);
    }
    close_linked(&old);
}
END_TEST

/* ---- hostile ---- */

static bool is_debug(const WasmCustom *c) { return str_has_prefix(c->name, STR(".debug_")); }

/* What is said of the new code was said of the old. */
static void expect_nothing_wrong(Bytes b, How how, const char *what, uint32_t where)
{
    Linked old;
    Rewritten new;
    Bytes copy = {malloc(b.size), b.size};
    memcpy(copy.ptr, b.ptr, b.size);
    if (open_linked(copy, &old)) {
        rewrite(&old, how, &new);
        ck_assert_uint_le(old.diags.n, 20);
        for (uint32_t at = 3; at < old.code_size; at += 5) {
            const char *x = "nowhere", *y = "nowhere";
            uint32_t line_x = 0, line_y = 0;
            if (!dwarf_line_of_code(new.linked.dwarf, code_map_find(&new.map, at), &y, &line_y)) continue;
            bool found = dwarf_line_of_code(old.dwarf, at, &x, &line_x);
            ck_assert_msg(found && line_x == line_y && strcmp(x, y) == 0, "%s 0x%x: 0x%x was %s:%u, is %s:%u", what, where, at,
                          x, line_x, y, line_y);
        }
        close_linked(&new.linked);
    }
    close_linked(&old);
}

START_TEST(damaged)
{
    static const char *const versions[] = {"-O1 -gdwarf-4 -gdwarf-aranges", "-O1 -gdwarf-5 -fdebug-macro"};
    Bytes b;
    Arena a = {0};
    Diags d = {0};
    WasmModule m;
    if (!link_two(versions[_i], &b)) return;
    ck_assert(wasm_read_module(&a, b.ptr, b.size, "m.wasm", NULL, &d, &m));
    for (uint32_t i = 0; i < m.n_customs; i++) {
        const WasmCustom *c = &m.customs[i];
        bool text = str_has_prefix(c->name, STR(".debug_str")) || str_eq(c->name, STR(".debug_line_str"));
        if (!is_debug(c) || text) continue;
        for (uint32_t k = 0; k < c->payload.size; k += 1 + k * 7 % 5) {
            uint8_t *at = &b.ptr[c->payload.offset + k], was = *at;
            *at = k % 3 == 0 ? 0xff : (uint8_t)(was ^ 1 << k % 8);
            char name[32];
            snprintf(name, sizeof name, "%.*s", STR_ARG(c->name));
            expect_nothing_wrong(b, k % 2 ? HOW_CALLS : HOW_ALL, name, k);
            *at = was;
        }
    }
    arena_free(&a);
    diag_free(&d);
    bytes_free(&b);
}
END_TEST

/* Every section cut short, at many lengths. */
START_TEST(cut)
{
    Bytes b;
    Linked old;
    if (!link_two(_i ? "-O1 -gdwarf-5" : "-O1 -gdwarf-4", &b)) return;
    ck_assert(open_linked(b, &old));
    for (uint32_t i = 0; i < old.module.n_customs; i++) {
        const WasmCustom *c = &old.module.customs[i];
        if (!is_debug(c)) continue;
        for (uint32_t size = 0; size < c->payload.size; size += 1 + c->payload.size / 40) {
            DwarfSection shorter = {i, old.bytes.ptr + c->payload.offset, size};
            Writer code = {0};
            wr_bytes(&code, old.bytes.ptr + old.code, old.code_size);
            Bytes module = write_module(&old, &code, &shorter, 1);
            expect_nothing_wrong(module, HOW_METER, "cut", size);
            bytes_free(&module);
            wr_free(&code);
        }
    }
    close_linked(&old);
}
END_TEST

/* ---- what cannot follow ---- */

static bool has_note(const Diags *d, const char *words)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].code == DEBUG_DROPPED && d->items[i].severity == SEV_NOTE && strstr(d->items[i].text, words)) return true;
    return false;
}

static uint8_t *section_bytes(const Linked *l, const char *name)
{
    const WasmCustom *c = wasm_find_custom(&l->module, str_of(name));
    ck_assert_msg(c, "%s", name);
    return l->bytes.ptr + c->payload.offset;
}

/* A unit of a version that nobody knows: the other one's lines, and entries, are there. */
START_TEST(unknown_version)
{
    static const struct { const char *section, *note; } rows[] = {{".debug_info", "entries of 1 units"}, {".debug_line", "1 units"}};
    Bytes b;
    Linked old;
    Rewritten new;
    if (!link_two("-O1 -gdwarf-5", &b)) return;
    ck_assert(open_linked(b, &old));
    section_bytes(&old, rows[_i].section)[4] = 9;
    rewrite(&old, HOW_CALLS, &new);
    ck_assert(old.diags.n == 1 && old.diags.errors == 0 && has_note(&old.diags, rows[_i].note));
    bool one = false, two = false;
    for (uint32_t at = 0; at < new.linked.code_size; at++) {
        const char *file;
        uint32_t line;
        if (!dwarf_line_of_code(new.linked.dwarf, at, &file, &line)) continue;
        one |= strcmp(file, "one.c") == 0;
        two |= strcmp(file, "two.c") == 0;
    }
    ck_assert(two && one == (_i == 0)); /* .debug_line does not need .debug_info */
    DwarfVariable v;
    bool found = false;
    for (uint32_t at = 1000; at < 2000 && !found; at++)
        found = dwarf_variable_at(new.linked.dwarf, at, &v) && str_eq(v.name, STR("total"));
    ck_assert(found);
    close_linked(&new.linked);
    close_linked(&old);
}
END_TEST

static void custom(Writer *w, const char *name, const void *payload, size_t size)
{
    wr_byte(w, SEC_CUSTOM);
    size_t mark = wr_begin_size(w);
    wr_name(w, str_of(name));
    wr_bytes(w, payload, size);
    wr_end_size(w, mark);
}

/* A module with one function: 300 nops from offset 6 of the code section, body at 4. */
static void one_function(Writer *w)
{
    wr_bytes(w, "\0asm\1\0\0\0" "\1\4\1\x60\0\0" "\3\2\1\0" "\x0a", 8 + 6 + 4 + 1);
    size_t mark = wr_begin_size(w);
    wr_byte(w, 1);
    wr_u32(w, 302);
    wr_byte(w, 0);
    nops(w, 300);
    wr_byte(w, 0x0b);
    wr_end_size(w, mark);
}

typedef struct HandMade {
    Writer module;
    Linked old;
    DwarfSection *sections;
    uint32_t n;
    CodeMap map;
} HandMade;

/* 1000 bytes in front of what is at 50. */
static bool remap_by_hand(HandMade *h)
{
    ck_assert(open_linked((Bytes){h->module.ptr, h->module.len}, &h->old));
    h->map.arena = &h->old.arena;
    ck_assert(code_map_insert(&h->map, 50, 1000));
    return dwarf_remap(&h->old.module, &h->map, &h->old.arena, &h->old.diags, &h->sections, &h->n);
}

static const DwarfSection *changed(const HandMade *h, const char *name)
{
    for (uint32_t i = 0; i < h->n; i++)
        if (str_eq(h->old.module.customs[h->sections[i].custom].name, str_of(name))) return &h->sections[i];
    return NULL;
}

/* DW_AT_high_pc, which has no more bytes than before. */
START_TEST(high_pc_without_room)
{
    static const struct { uint8_t form; const char *old, *new; size_t size; bool short_of; } rows[] = {
        {0x0b, "\xf0", "\xff", 1, true},                         /* data1 */
        {0x05, "\xf0\0", "\xd8\4", 2, false},                   /* data2 */
        {0x06, "\xf0\0\0\0", "\xd8\4\0\0", 4, false},          /* data4 */
        {0x0f, "\x7f", "\x7f", 1, true},                         /* udata */
        {0x0f, "\xf0\1", "\xd8\x09", 2, false},
        {0x0f, "\xf0\x81\0", "\xd8\x89\0", 3, false},
        {0x0d, "\x3f", "\x3f", 1, true},                         /* sdata */
        {0x0b, "\x20", "\x20", 1, false},                        /* ends in front */
    };
    HandMade h = {0};
    uint8_t abbrev[] = {1, 0x11, 0, 0x11, 0x01, 0x12, rows[_i].form, 0, 0, 0};
    uint8_t info[16 + 4] = {12 + (uint8_t)rows[_i].size, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1, 4};
    memcpy(info + 16, rows[_i].old, rows[_i].size);
    one_function(&h.module);
    custom(&h.module, ".debug_abbrev", abbrev, sizeof abbrev);
    custom(&h.module, ".debug_info", info, 16 + rows[_i].size);
    ck_assert(remap_by_hand(&h));
    const DwarfSection *s = changed(&h, ".debug_info");
    const uint8_t *now = s ? s->bytes : info;
    ck_assert(!s || s->size == 16 + rows[_i].size);
    ck_assert_mem_eq(now, info, 16);
    ck_assert_mem_eq(now + 16, rows[_i].new, rows[_i].size);
    ck_assert(has_note(&h.old.diags, "DW_AT_high_pc") == rows[_i].short_of && h.old.diags.n == rows[_i].short_of);
    close_linked(&h.old);
}
END_TEST

/* A number that stands in the abbreviation cannot become another for one entry. */
START_TEST(high_pc_for_all)
{
    HandMade h = {0};
    one_function(&h.module);
    custom(&h.module, ".debug_abbrev", "\1\x11\0\x11\1\x12\x21\xc0\0\0\0\0", 12);
    custom(&h.module, ".debug_info", "\x0d\0\0\0\5\0\1\4\0\0\0\0\1\x20\0\0\0", 17);
    ck_assert(remap_by_hand(&h));
    ck_assert(has_note(&h.old.diags, "entries of 1 units"));
    static const uint8_t empty[17] = {0x0d, 0, 0, 0, 5, 0, 1, 4};
    ck_assert_mem_eq(changed(&h, ".debug_info")->bytes, empty, sizeof empty);
    close_linked(&h.old);
}
END_TEST

START_TEST(sections_left_out)
{
    HandMade h = {0};
    one_function(&h.module);
    for (int i = 0; i < 100; i++) custom(&h.module, ".debug_frame", "x", 1);
    custom(&h.module, ".debug_aranges", "\1\0", 2);
    custom(&h.module, ".debug_macro", "\5\0\x63", 3);
    custom(&h.module, ".debug_str", "x", 2);
    custom(&h.module, "debug", "x", 1);
    ck_assert(remap_by_hand(&h));
    ck_assert_uint_eq(h.n, 102);
    for (uint32_t i = 0; i < h.n; i++) ck_assert(h.sections[i].custom == i && !h.sections[i].bytes);
    ck_assert(has_note(&h.old.diags, ".debug_frame is left out") && h.old.diags.n < 20);
    close_linked(&h.old);
}
END_TEST

START_TEST(section_twice)
{
    HandMade h = {0};
    one_function(&h.module);
    custom(&h.module, ".debug_str", "x", 2);
    custom(&h.module, "name", "", 0);
    custom(&h.module, ".debug_str", "y", 2);
    ck_assert(remap_by_hand(&h));
    ck_assert(h.n == 2 && h.sections[0].custom == 0 && h.sections[1].custom == 2 && !h.sections[0].bytes && !h.sections[1].bytes);
    ck_assert(has_note(&h.old.diags, "there twice"));
    close_linked(&h.old);
}
END_TEST

/* Each of very many entries names a list that begins within the one before; none of them ends. */
START_TEST(overlapping_lists)
{
    enum { ENTRIES = 200000, UNIT = 12 + 5 };
    static const struct { uint8_t version, form; const char *section; } rows[] = {
        {4, 0x17, ".debug_ranges"}, {5, 0x17, ".debug_rnglists"}};
    HandMade h = {0};
    Writer info = {0}, lists = {0};
    for (uint32_t i = 0; i < ENTRIES; i++) {
        bool old = rows[_i].version == 4;
        wr_le32(&info, old ? 12 : 13);
        wr_bytes(&info, old ? "\4\0\0\0\0\0\4" : "\5\0\1\4\0\0\0\0", old ? 7 : 8);
        wr_byte(&info, 1);
        wr_le32(&info, 12 + i * 4);
    }
    wr_le32(&lists, 8 + ENTRIES * 4);
    wr_bytes(&lists, "\5\0\4\0\0\0\0\0", 8);
    for (uint32_t i = 0; i < ENTRIES; i++) wr_bytes(&lists, "\4\1\4\1", 4);
    one_function(&h.module);
    custom(&h.module, ".debug_abbrev", (uint8_t[]){1, 0x11, 0, 0x55, rows[_i].form, 0, 0, 0}, 8);
    custom(&h.module, ".debug_info", info.ptr, info.len);
    custom(&h.module, rows[_i].section, lists.ptr, lists.len);
    ck_assert(remap_by_hand(&h));
    ck_assert(has_note(&h.old.diags, "entries of 200000 units"));
    wr_free(&info);
    wr_free(&lists);
    close_linked(&h.old);
}
END_TEST

START_TEST(out_of_memory)
{
    Bytes b;
    Linked old;
    if (!link_two(flags[3], &b)) return;
    ck_assert(open_linked(b, &old));
    CodeMap map = {.arena = &old.arena};
    ck_assert(code_map_insert(&map, 10, 100));
    bool good = false;
    for (size_t limit = 64; limit < 1 << 24 && !good; limit *= 2) {
        Arena a = {.limit_bytes = limit};
        Diags d = {0};
        DwarfSection *sections;
        uint32_t n;
        good = dwarf_remap(&old.module, &map, &a, &d, &sections, &n);
        ck_assert(good == (d.errors == 0) && (good || (n == 0 && d.items[d.n - 1].code == OUT_OF_MEMORY)));
        ck_assert_int_eq(good && limit == 64, false);
        arena_free(&a);
        diag_free(&d);
    }
    ck_assert(good);
    close_linked(&old);
}
END_TEST

/* Each unit of .debug_macro names the line table that its entries name. */
START_TEST(macros_follow)
{
    Bytes b;
    Linked old;
    Rewritten new;
    if (!link_two("-O1 -gdwarf-5 -undef -DX=1 -fdebug-macro", &b)) return;
    ck_assert(open_linked(b, &old));
    rewrite(&old, HOW_ALL, &new);
    const WasmCustom *macro = wasm_find_custom(&new.linked.module, STR(".debug_macro"));
    const WasmCustom *lines = wasm_find_custom(&new.linked.module, STR(".debug_line"));
    const uint8_t *second = new.linked.bytes.ptr + lines->payload.offset, *m = new.linked.bytes.ptr + macro->payload.offset;
    uint32_t length = second[0] | second[1] << 8;
    uint8_t header[7] = {5, 0, 2, (uint8_t)(length + 4), (uint8_t)((length + 4) >> 8)};
    ck_assert_mem_eq(m, "\5\0\2\0\0\0\0", 7);
    ck_assert(memmem(m, macro->payload.size, header, sizeof header));
    close_linked(&new.linked);
    close_linked(&old);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dwarf_remap");
    TCase *t = tcase_create("map");
    tcase_add_test(t, map_boundaries);
    tcase_add_test(t, map_of_removed_code);
    tcase_add_test(t, map_without_memory);
    suite_add_tcase(s, t);
    t = tcase_create("clang");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, lines_follow, 0, ARRAY_LEN(flags));
    tcase_add_loop_test(t, llvm_agrees, 0, ARRAY_LEN(flags));
    tcase_add_test(t, no_pairs_no_sections);
    tcase_add_test(t, macros_follow);
    tcase_add_loop_test(t, addresses_in_expressions, 0, 2);
    suite_add_tcase(s, t);
    t = tcase_create("hostile");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, unknown_version, 0, 2);
    tcase_add_loop_test(t, high_pc_without_room, 0, 8);
    tcase_add_test(t, high_pc_for_all);
    tcase_add_test(t, sections_left_out);
    tcase_add_test(t, section_twice);
    tcase_add_loop_test(t, overlapping_lists, 0, 2);
    tcase_add_test(t, out_of_memory);
    tcase_add_loop_test(t, damaged, 0, 2);
    tcase_add_loop_test(t, cut, 0, 2);
    suite_add_tcase(s, t);
    return run_tap(s);
}
