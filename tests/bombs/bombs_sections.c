/* bombs_sections.c: bombs in what is not code: types, imports, exports, globals and their initialisers, segments, tables,
 * memories; many small ones, few large ones, and those that make each of many look at each of many others. */
#include "tests/bombs/bombs.h"

#include <stdio.h>

static const char body[] = "\1\2\0\x0b"; /* one function: no locals, end */

static uint32_t root(uint32_t n)
{
    uint32_t r = 1;
    while ((uint64_t)r * r < n) r++;
    return r;
}

/* A name of its own for i, of so many letters; its end differs. */
static void put_name(Writer *w, uint32_t i, uint32_t len)
{
    char end[16];
    int n = snprintf(end, sizeof end, "%u", i);
    uint32_t before = len > (uint32_t)n ? len - (uint32_t)n : 0;
    wr_u32(w, before + (uint32_t)n);
    for (uint32_t k = 0; k < before; k++) wr_byte(w, 'a');
    wr_bytes(w, end, (size_t)n);
}

/* ---- types ---- */

static void empty_types(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) put_type(w, 0, 0);
}

static void bomb_types(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_TYPE, n / 3, empty_types, n / 3);
}

static void wide_types(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) put_type(w, BOMB_WIDE, BOMB_WIDE);
}

static void bomb_wide_types(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_TYPE, n / (2 * BOMB_WIDE) + 1, wide_types, n / (2 * BOMB_WIDE) + 1);
}

static void bomb_too_wide_types(Writer *w, uint32_t n) /* one of n parameters: refused */
{
    write_header(w);
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, 1);
    put_type(w, n, 0);
    wr_end_size(w, mark);
}

/* ---- imports ---- */

static void begin_types(Writer *w) /* 0 [] -> [], 1 [i32 x 1000] -> [i32 x 1000] */
{
    write_header(w);
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, 2);
    put_type(w, 0, 0);
    put_type(w, BOMB_WIDE, BOMB_WIDE);
    wr_end_size(w, mark);
}

static void short_imports(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        wr_name(w, STR("a.B"));
        wr_name(w, STR("c"));
        wr_bytes(w, i & 1 ? "\0\1" : "\0\0", 2);
    }
}

static void bomb_imports(Writer *w, uint32_t n)
{
    begin_types(w);
    put_section(w, SEC_IMPORT, n / 8, short_imports, n / 8);
}

static void empty_imports(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, "\0\0\0\0", 4);
}

static void bomb_empty_imports(Writer *w, uint32_t n)
{
    begin_types(w);
    put_section(w, SEC_IMPORT, n / 4, empty_imports, n / 4);
}

static void long_imports(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        put_name(w, i, n);
        put_name(w, i, n);
        wr_bytes(w, "\0\0", 2);
    }
}

static void bomb_long_imports(Writer *w, uint32_t n)
{
    uint32_t r = root(n / 2);
    begin_types(w);
    put_section(w, SEC_IMPORT, r, long_imports, r);
}

static void near_imports(Writer *w, uint32_t n) /* almost the methods of the service that is described */
{
    for (uint32_t i = 0; i < n; i++) {
        wr_name(w, STR("bomb.v1.Servise"));
        put_name(w, i, 12);
        wr_bytes(w, "\0\0", 2);
    }
}

static void bomb_near_imports(Writer *w, uint32_t n)
{
    begin_types(w);
    put_section(w, SEC_IMPORT, n / 31, near_imports, n / 31);
}

static void other_imports(Writer *w, uint32_t n) /* memories and mutable globals */
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, i & 1 ? "\1x\1y\2\0\1" : "\1x\1y\3\x7f\1", 7);
}

static void bomb_other_imports(Writer *w, uint32_t n)
{
    begin_types(w);
    put_section(w, SEC_IMPORT, n / 7, other_imports, n / 7);
}

/* ---- exports ---- */

static void begin_function(Writer *w)
{
    begin_types(w);
    size_t mark = begin_section(w, SEC_FUNCTION);
    wr_bytes(w, "\1\0", 2);
    wr_end_size(w, mark);
}

static void end_function(Writer *w)
{
    size_t mark = begin_section(w, SEC_CODE);
    wr_bytes(w, body, sizeof body);
    wr_end_size(w, mark);
}

static void exports_of(Writer *w, uint32_t n, uint32_t len)
{
    size_t mark = begin_section(w, SEC_EXPORT);
    wr_u32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        put_name(w, n - i, len);
        wr_bytes(w, "\0\0", 2);
    }
    wr_end_size(w, mark);
}

static void bomb_exports(Writer *w, uint32_t n)
{
    begin_function(w);
    exports_of(w, n / 8, 5);
    end_function(w);
}

static void bomb_long_exports(Writer *w, uint32_t n) /* each differs from its neighbours at its end only */
{
    begin_function(w);
    exports_of(w, root(n), root(n));
    end_function(w);
}

static void same_exports(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, "\1a\0\0", 4);
}

static void bomb_same_exports(Writer *w, uint32_t n)
{
    begin_function(w);
    put_section(w, SEC_EXPORT, n / 4, same_exports, n / 4);
    end_function(w);
}

/* A method without a result, exported again and again, whose beginning is behind half the file of locals: each export
 * asks whether its function starts by setting the stack pointer. */
static void bomb_exports_of_one(Writer *w, uint32_t n)
{
    begin_function(w);
    size_t mark = begin_section(w, SEC_MEMORY), inner;
    wr_bytes(w, "\1\1\1\1", 4);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_GLOBAL);
    wr_bytes(w, "\1\x7f\1\x41\0\x0b", 6);
    wr_end_size(w, mark);
    exports_of(w, n / 2 / 8, 5);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, 1);
    inner = wr_begin_size(w);
    wr_u32(w, n / 4);
    for (uint32_t i = 0; i < n / 4; i++) wr_bytes(w, "\0\x7f", 2);
    put_i32(w, 0);
    put_index(w, OP_GLOBAL_SET, 0);
    put_op(w, OP_END);
    wr_end_size(w, inner);
    wr_end_size(w, mark);
    write_trailer(w);
}

static void methods(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "bomb.v1.Service/Method%06u", i % 1000000);
        wr_name(w, str_of(name));
        wr_bytes(w, "\0\0", 2);
    }
}

static void bomb_methods(Writer *w, uint32_t n)
{
    begin_function(w);
    put_section(w, SEC_EXPORT, n / 31, methods, n / 31);
    end_function(w);
}

/* ---- globals and initialisers ---- */

static void mutable_globals(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, "\x7f\1\x41\0\x0b", 5);
}

static void bomb_globals(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_GLOBAL, n / 5, mutable_globals, n / 5);
}

static void bomb_exported_globals(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_GLOBAL, n / 13, mutable_globals, n / 13);
    size_t mark = begin_section(w, SEC_EXPORT);
    wr_u32(w, n / 13);
    for (uint32_t i = 0; i < n / 13; i++) {
        put_name(w, i, 5);
        wr_byte(w, KIND_GLOBAL);
        wr_u32(w, n / 13 - 1 - i);
    }
    wr_end_size(w, mark);
}

static void global_chain(Writer *w, uint32_t n) /* each from the one before, which only a later version allows */
{
    for (uint32_t i = 0; i < n; i++) {
        wr_bytes(w, "\x7f\0", 2);
        put_index(w, OP_GLOBAL_GET, i);
        put_op(w, OP_END);
    }
}

static void bomb_global_chain(Writer *w, uint32_t n)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_IMPORT);
    wr_bytes(w, "\1\1x\1y\3\x7f\0", 8);
    wr_end_size(w, mark);
    put_section(w, SEC_GLOBAL, n / 7, global_chain, n / 7);
}

static void long_initialiser(Writer *w, uint32_t n)
{
    wr_bytes(w, "\x7f\0", 2);
    put_i32(w, 0);
    for (uint32_t i = 0; i < n; i++) put_i32(w, 1);
    for (uint32_t i = 0; i < n; i++) put_op(w, OP_I32_ADD);
    put_op(w, OP_END);
}

static void bomb_long_initialiser(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_GLOBAL, 1, long_initialiser, n / 3);
}

static void deep_initialisers(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) long_initialiser(w, n / 3);
}

static void bomb_deep_initialisers(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_GLOBAL, root(n), deep_initialisers, root(n));
}

/* ---- segments ---- */

static void passive_elements(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, "\1\0\0", 3);
}

static void bomb_elements(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_ELEMENT, n / 3, passive_elements, n / 3);
}

static void one_element_segment(Writer *w, uint32_t n)
{
    wr_bytes(w, "\1\0", 2);
    wr_u32(w, n);
    wr_zeros(w, n);
}

static void bomb_one_segment(Writer *w, uint32_t n)
{
    begin_function(w);
    put_section(w, SEC_ELEMENT, 1, one_element_segment, n);
    end_function(w);
}

static void element_expressions(Writer *w, uint32_t n)
{
    wr_bytes(w, "\5\x70", 2);
    wr_u32(w, n);
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, i & 1 ? "\xd0\x70\x0b" : "\xd2\0\x0b", 3);
}

static void bomb_element_expressions(Writer *w, uint32_t n)
{
    begin_function(w);
    put_section(w, SEC_ELEMENT, 1, element_expressions, n / 3);
    end_function(w);
}

static void active_data(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, "\0\x41\0\x0b\0", 5);
}

static void bomb_data(Writer *w, uint32_t n)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_MEMORY);
    wr_bytes(w, "\1\1\1\1", 4);
    wr_end_size(w, mark);
    put_section(w, SEC_DATA, n / 5, active_data, n / 5);
}

static void passive_data(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, "\1\0", 2);
}

static void bomb_passive_data(Writer *w, uint32_t n)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_DATA_COUNT);
    wr_u32(w, n / 2);
    wr_end_size(w, mark);
    put_section(w, SEC_DATA, n / 2, passive_data, n / 2);
}

/* ---- tables, memories, tags ---- */

static void tables(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, "\x70\1\x80\0\1", 5); /* with a padded minimum (P606) */
}

static void bomb_tables(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_TABLE, n / 5, tables, n / 5);
}

static void memories(Writer *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) wr_bytes(w, i & 1 ? "\3\1\1" : "\1\2\1", 3); /* shared; minimum above maximum */
}

static void bomb_memories(Writer *w, uint32_t n)
{
    write_header(w);
    put_section(w, SEC_MEMORY, n / 3, memories, n / 3);
}

static void tags(Writer *w, uint32_t n) { wr_zeros(w, 2 * (size_t)n); }

static void bomb_tags(Writer *w, uint32_t n)
{
    begin_types(w);
    put_section(w, SEC_TAG, n / 2, tags, n / 2);
}

static void bomb_functions_of_no_type(Writer *w, uint32_t n)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_FUNCTION);
    wr_u32(w, n / 5);
    wr_zeros(w, n / 5);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, n / 5);
    for (uint32_t i = 0; i < n / 5; i++) wr_bytes(w, "\2\0\x0b", 3);
    wr_end_size(w, mark);
}

const Bomb bombs_sections[] = {
    {"types", bomb_types, 0},
    {"types of 1000 parameters", bomb_wide_types, 0},
    {"a type of all too many parameters", bomb_too_wide_types, 0},
    {"imports", bomb_imports, 0},
    {"imports without names", bomb_empty_imports, 0},
    {"imports of long names", bomb_long_imports, 0},
    {"imports that are near a method", bomb_near_imports, 0},
    {"imports of memories and globals", bomb_other_imports, 0},
    {"exports", bomb_exports, 0},
    {"exports with names alike", bomb_long_exports, 0},
    {"exports of the same name", bomb_same_exports, 0},
    {"exports of one function of many locals", bomb_exports_of_one, 0},
    {"exports of methods", bomb_methods, 0},
    {"mutable globals", bomb_globals, 0},
    {"exports of globals", bomb_exported_globals, 0},
    {"globals from globals", bomb_global_chain, 0},
    {"a long initialiser", bomb_long_initialiser, 0},
    {"deep initialisers", bomb_deep_initialisers, 0},
    {"element segments", bomb_elements, 0},
    {"a long element segment", bomb_one_segment, 0},
    {"elements by expressions", bomb_element_expressions, 0},
    {"data segments", bomb_data, 0},
    {"passive data segments", bomb_passive_data, 0},
    {"tables", bomb_tables, 0},
    {"memories", bomb_memories, 0},
    {"tags", bomb_tags, 0},
    {"functions of unknown types", bomb_functions_of_no_type, 0},
    {0},
};
