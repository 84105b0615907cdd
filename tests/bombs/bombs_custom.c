/* bombs_custom.c: bombs in custom sections: names, parigot.module, features, producers, DWARF; together with findings that
 * make the validator look at them. */
#include "tests/bombs/bombs.h"

#include <stdlib.h>

static uint32_t root(uint32_t n)
{
    uint32_t r = 1;
    while ((uint64_t)r * r < n) r++;
    return r;
}

/* ---- findings: a function with so many stores to a fixed address, behind the section ---- */

static uint32_t n_stores;

static void stores(Writer *b, uint32_t n)
{
    wr_byte(b, 0);
    for (uint32_t i = 0; i < n; i++) {
        put_i32(b, 16);
        put_i32(b, 0);
        put_index(b, OP_I32_STORE, 2);
        wr_u32(b, 0);
    }
    put_op(b, OP_END);
}

/* A module with findings in function 0, half of its bytes; the custom section comes at its end, or at its beginning. */
static void with_findings(Writer *w, uint32_t n, void (*custom)(Writer *, uint32_t))
{
    n_stores = n / 2 / 7;
    put_module(w, stores, n_stores);
    custom(w, n / 2);
}

static void before_findings(Writer *w, uint32_t n, void (*custom)(Writer *, uint32_t))
{
    enum { HEADER_BYTES = 8 };
    Writer rest = {0};
    write_header(w);
    custom(w, n / 2);
    put_module(&rest, stores, n / 2 / 7);
    wr_bytes(w, rest.ptr + HEADER_BYTES, rest.len - HEADER_BYTES);
    w->failed |= rest.failed;
    wr_free(&rest);
}

/* ---- many ---- */

static void tiny_sections(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n / 3; i++) wr_bytes(w, "\0\1\0", 3);
}
static void bomb_custom_sections(Writer *w, uint32_t n) { with_findings(w, n, tiny_sections); }

static void huge_section(Writer *w, uint32_t n)
{
    size_t mark = begin_custom(w, STR("x"));
    wr_zeros(w, n);
    wr_end_size(w, mark);
}
static void bomb_huge_section(Writer *w, uint32_t n) { with_findings(w, n, huge_section); }

static void same_sections(Writer *w, uint32_t n)
{
    static const Str names[] = {{"name", 4}, {"target_features", 15}, {"producers", 9}, {".debug_line", 11}, {".debug_info", 11}};
    for (uint32_t i = 0; i < n / 16; i++) wr_end_size(w, begin_custom(w, names[i % ARRAY_LEN(names)]));
}
static void bomb_same_sections(Writer *w, uint32_t n) { with_findings(w, n, same_sections); }

/* ---- name ---- */

static size_t begin_names(Writer *w, uint8_t kind, size_t *section)
{
    *section = begin_custom(w, STR("name"));
    wr_byte(w, kind);
    return wr_begin_size(w);
}

static void name_of_a_function(Writer *w, uint32_t n, char letter)
{
    size_t section, sub = begin_names(w, 1, &section);
    wr_bytes(w, "\1\0", 2);
    wr_u32(w, n);
    for (uint32_t i = 0; i < n; i++) wr_byte(w, (uint8_t)letter);
    wr_end_size(w, sub);
    wr_end_size(w, section);
}

static void huge_name(Writer *w, uint32_t n) { name_of_a_function(w, n, 'a'); }
static void bomb_huge_name(Writer *w, uint32_t n) { with_findings(w, n, huge_name); }

static void name_to_escape(Writer *w, uint32_t n) { name_of_a_function(w, n, '\x1b'); }
static void bomb_name_to_escape(Writer *w, uint32_t n) { with_findings(w, n, name_to_escape); }

static void bomb_name_of_errors(Writer *w, uint32_t n) /* of a function that is not even valid */
{
    write_header(w);
    size_t mark = begin_section(w, SEC_TYPE), inner;
    wr_u32(w, 1);
    put_type(w, 0, 0);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_FUNCTION);
    wr_bytes(w, "\1\0", 2);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, 1);
    inner = wr_begin_size(w);
    wr_byte(w, 0);
    for (uint32_t i = 0; i < n / 4; i++) put_index(w, OP_LOCAL_GET, 9);
    put_op(w, OP_END);
    wr_end_size(w, inner);
    wr_end_size(w, mark);
    name_to_escape(w, n / 2);
}

/* The same map of names again and again, for functions that are not there; each tells of as many as it can. */
static void repeated_names(Writer *w, uint32_t n)
{
    size_t section = begin_custom(w, STR("name"));
    for (uint32_t i = 0; i < n / 6; i++) wr_bytes(w, i % 2 ? "\1\4\1\1\1a" : "\7\4\1\0\1a", 6);
    wr_end_size(w, section);
}
static void bomb_repeated_names(Writer *w, uint32_t n) { with_findings(w, n, repeated_names); }

static void names_of_one(Writer *w, uint32_t n)
{
    size_t section, sub = begin_names(w, 1, &section);
    wr_u32(w, n / 3);
    for (uint32_t i = 0; i < n / 3; i++) wr_bytes(w, "\0\1a", 3);
    wr_end_size(w, sub);
    wr_end_size(w, section);
}
static void bomb_names_of_one(Writer *w, uint32_t n) { with_findings(w, n, names_of_one); }

/* Mutable globals, all called errno. */
static void write_named_globals(Writer *w, uint32_t globals)
{
    size_t mark = begin_section(w, SEC_GLOBAL), section, sub;
    wr_u32(w, globals);
    for (uint32_t i = 0; i < globals; i++) wr_bytes(w, "\x7f\1\x41\0\x0b", 5);
    wr_end_size(w, mark);
    sub = begin_names(w, 7, &section);
    wr_u32(w, globals);
    for (uint32_t i = 0; i < globals; i++) {
        wr_u32(w, i);
        wr_name(w, STR("errno"));
    }
    wr_end_size(w, sub);
    wr_end_size(w, section);
}

/* Globals that all have the name that a waiver lets through, if its object was linked; and many objects were. */
static void bomb_named_globals(Writer *w, uint32_t n)
{
    uint32_t globals = n / 3 / 12, inputs = n / 3 / 36;
    PmInput *in = calloc(inputs, sizeof *in);
    if (!in) abort();
    for (uint32_t i = 0; i < inputs; i++) in[i] = (PmInput){.name = STR("a")};
    write_header(w);
    pm_write(w, &(PmSection){.inputs = in, .n_inputs = inputs});
    free(in);
    write_named_globals(w, globals);
}

/* ---- parigot.module ---- */

/* Waivers that were recorded, and globals that each might be one of theirs: the policy lets the archive through. */
static void bomb_archive_waivers(Writer *w, uint32_t n)
{
    uint32_t globals = n / 2 / 12, waivers = n / 2 / 60;
    PmWaiver *made = calloc(waivers, sizeof *made);
    if (!made) abort();
    for (uint32_t i = 0; i < waivers; i++)
        made[i] = (PmWaiver){.waiver = STR("libc"), .rule = STR("P101"), .symbol = STR("errnr"), .has_archive = true, .reason = STR("why")};
    write_header(w);
    pm_write(w, &(PmSection){.waivers = made, .n_waivers = waivers});
    free(made);
    write_named_globals(w, globals);
}

static const PmLayout layout = {.seal = PM_SEAL_ENGINE, .page_log2 = 12, .null_guard = 4096, .stack_low = 4096, .stack_high = 65536,
                                .sealed_low = 65536, .sealed_high = 65536, .waived_low = 65536, .waived_high = 65536,
                                .heap_base = 65536};

static void overlapping_waivers(Writer *w, uint32_t n)
{
    uint32_t count = n / 40;
    PmWaiver *made = calloc(count, sizeof *made);
    if (!made) abort();
    for (uint32_t i = 0; i < count; i++)
        made[i] = (PmWaiver){.waiver = STR("a"), .rule = STR("P104"), .symbol = STR("errno"), .reason = STR("why"), .address = 65536 - i % 7, .size = 8};
    pm_write(w, &(PmSection){.has_layout = true, .layout = layout, .waivers = made, .n_waivers = count});
    free(made);
}
static void bomb_waivers(Writer *w, uint32_t n) { before_findings(w, n, overlapping_waivers); }

static void long_waivers(Writer *w, uint32_t n) /* names that nearly fill the file, in each message anew */
{
    uint32_t count = root(n);
    char *name = malloc(count);
    PmWaiver *made = calloc(count, sizeof *made);
    if (!made || !name) abort();
    memset(name, '\n', count);
    for (uint32_t i = 0; i < count; i++)
        made[i] = (PmWaiver){.waiver = {name, 1}, .rule = STR("P104"), .symbol = {name, count}, .reason = STR("why"), .address = 4 * i, .size = 4};
    pm_write(w, &(PmSection){.has_layout = true, .layout = layout, .waivers = made, .n_waivers = count});
    free(made);
    free(name);
}
static void bomb_long_waivers(Writer *w, uint32_t n) { before_findings(w, n, long_waivers); }

static void services(Writer *w, uint32_t n)
{
    uint32_t count = n / 40;
    PmService *made = calloc(count, sizeof *made);
    if (!made) abort();
    for (uint32_t i = 0; i < count; i++) made[i] = (PmService){.name = STR("a.b.C"), .use = 3};
    pm_write(w, &(PmSection){.services = made, .n_services = count});
    free(made);
}
static void bomb_services(Writer *w, uint32_t n) { before_findings(w, n, services); }

static void subsections(Writer *w, uint32_t n) /* those that a reader skips: no more than there are ids */
{
    size_t mark = begin_custom(w, STR("parigot.module"));
    wr_u32(w, 1);
    for (int id = 64; id < 256; id++) {
        wr_byte(w, (uint8_t)id);
        wr_u32(w, n / 192);
        wr_zeros(w, n / 192);
    }
    wr_end_size(w, mark);
}
static void bomb_subsections(Writer *w, uint32_t n) { before_findings(w, n, subsections); }

static void misplaced(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n / 18; i++) {
        size_t mark = begin_custom(w, STR("parigot.module"));
        wr_u32(w, 1);
        wr_end_size(w, mark);
    }
}
static void bomb_misplaced(Writer *w, uint32_t n) { with_findings(w, n, misplaced); }

/* ---- tool conventions ---- */

static void target_features(Writer *w, uint32_t n)
{
    size_t mark = begin_custom(w, STR("target_features"));
    wr_u32(w, n / 9);
    for (uint32_t i = 0; i < n / 9; i++) {
        wr_byte(w, '+');
        wr_name(w, STR("atomics"));
    }
    wr_end_size(w, mark);
}
static void bomb_target_features(Writer *w, uint32_t n) { with_findings(w, n, target_features); }

/* ---- DWARF ---- */

/* .debug_line, version 4: as many units as there is room for; each says that it has the address of the code's first byte. */
static void line_unit(Writer *w, uint32_t n_rows)
{
    static const uint8_t lengths[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    size_t length = w->len;
    wr_le32(w, 0);
    wr_bytes(w, "\4\0", 2);
    size_t header = w->len;
    wr_le32(w, 0);
    wr_bytes(w, "\1\1\1\xfb\x0e\x0d", 6); /* minimum 1, operations 1, is_stmt, base -5, range 14, opcodes 13 */
    wr_bytes(w, lengths, sizeof lengths);
    wr_bytes(w, "\0a.c\0\0\0\0\0", 9); /* no directories; one file */
    uint32_t at = (uint32_t)(w->len - header - 4);
    memcpy(w->ptr + header, &at, 4);
    wr_bytes(w, "\0\5\2\0\0\0\0", 7); /* DW_LNE_set_address 0 */
    for (uint32_t i = 0; i < n_rows; i++) wr_byte(w, 13 + 5 + 14); /* a row, a byte on */
    wr_bytes(w, "\0\1\1", 3);
    at = (uint32_t)(w->len - length - 4);
    memcpy(w->ptr + length, &at, 4);
}

static void line_section(Writer *w, uint32_t n, uint32_t n_rows)
{
    size_t mark = begin_custom(w, STR(".debug_line"));
    for (size_t end = w->len + n; w->len < end && !w->failed;) line_unit(w, n_rows);
    wr_end_size(w, mark);
}

static void line_units(Writer *w, uint32_t n) { line_section(w, n, 1); }
static void bomb_line_units(Writer *w, uint32_t n) { with_findings(w, n, line_units); }

static void line_rows(Writer *w, uint32_t n) { line_section(w, n, n); }
static void bomb_line_rows(Writer *w, uint32_t n) { with_findings(w, n, line_rows); }

static void line_and_sections(Writer *w, uint32_t n)
{
    line_rows(w, n / 2);
    tiny_sections(w, n / 2);
}
static void bomb_line_and_sections(Writer *w, uint32_t n) { with_findings(w, n, line_and_sections); }

const Bomb bombs_custom[] = {
    {"custom sections", bomb_custom_sections, 0},
    {"a huge custom section", bomb_huge_section, 0},
    {"empty known custom sections", bomb_same_sections, 0},
    {"a huge name and findings", bomb_huge_name, 0},
    {"a huge name to escape and findings", bomb_name_to_escape, 0},
    {"a huge name and errors", bomb_name_of_errors, 0},
    {"maps of names", bomb_repeated_names, 0},
    {"names of one function", bomb_names_of_one, 0},
    {"globals by one name, and objects", bomb_named_globals, 0},
    {"globals by one name, and waivers of an archive", bomb_archive_waivers, 0},
    {"waivers that overlap", bomb_waivers, 0},
    {"waivers of long symbols", bomb_long_waivers, 0},
    {"services", bomb_services, 0},
    {"subsections to skip", bomb_subsections, 0},
    {"parigot.module many times", bomb_misplaced, 0},
    {"target features", bomb_target_features, 0},
    {"line tables", bomb_line_units, 0},
    {"rows of a line table", bomb_line_rows, 0},
    {"a line table and custom sections", bomb_line_and_sections, 0},
    {0},
};
