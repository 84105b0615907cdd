/* Tests of the linker as a library: objects written by hand as no compiler writes them, the same bytes
 * whatever the hash seed, memory that runs out at every point, and the table of options. */
#include "linker/command.h"
#include "tests/unit/tap.h"

#include <stdio.h>
#include <string.h>

/* ---- an object by hand: one function, the stack pointer, one datum ---- */

typedef struct Made {
    bool start;        /* has a start section                                                             */
    bool reloc;        /* the code's global.set has its relocation                                        */
    uint8_t raw_index; /* that stands in the code                                                         */
    const char *data_symbol; /* undefined data symbol whose address the code takes; NULL: none */
    bool own_global; /* a mutable global of the object's own                                            */
    const char *undefined; /* undefined function that is called; NULL: none */
} Made;

static size_t begin(Writer *w, uint8_t id)
{
    wr_byte(w, id);
    return wr_begin_size(w);
}

static size_t begin_custom(Writer *w, const char *name)
{
    size_t mark = begin(w, SEC_CUSTOM);
    wr_name(w, str_of(name));
    return mark;
}

static void import(Writer *w, const char *name, uint8_t kind, const uint8_t *type, size_t n)
{
    wr_name(w, STR("env"));
    wr_name(w, str_of(name));
    wr_byte(w, kind);
    wr_bytes(w, type, n);
}

static void write_head(Writer *w, const Made *m)
{
    static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0}, no_limits[] = {0, 0}, sp[] = {TYPE_I32, 1},
                         type0[] = {0};
    wr_bytes(w, head, sizeof head);
    size_t s = begin(w, SEC_TYPE);
    wr_bytes(w, (const uint8_t[]){1, TYPE_FUNC, 0, 0}, 4);
    wr_end_size(w, s);
    s = begin(w, SEC_IMPORT);
    wr_u32(w, 2 + (m->undefined != NULL));
    import(w, "__linear_memory", KIND_MEMORY, no_limits, sizeof no_limits);
    import(w, "__stack_pointer", KIND_GLOBAL, sp, sizeof sp);
    if (m->undefined) import(w, m->undefined, KIND_FUNC, type0, sizeof type0);
    wr_end_size(w, s);
    s = begin(w, SEC_FUNCTION);
    wr_bytes(w, (const uint8_t[]){1, 0}, 2);
    wr_end_size(w, s);
    if (m->own_global) {
        s = begin(w, SEC_GLOBAL);
        wr_bytes(w, (const uint8_t[]){1, TYPE_I32, 1, 0x41, 5, 0x0b}, 6);
        wr_end_size(w, s);
    }
    if (m->start) {
        s = begin(w, SEC_START);
        wr_byte(w, m->undefined ? 1 : 0);
        wr_end_size(w, s);
    }
}

/* Offsets of the operands in the code section's payload: count, size, locals, then i32.const 7, global.set.
 */
enum {
    SET_OPERAND = 1 + 1 + 1 + 2 + 1,
    CONST_OPERAND = SET_OPERAND + 5 + 1,
    CALL_OPERAND = CONST_OPERAND + 5 + 1 + 1
};
enum { CODE_SECTION_FIXED = 3 };

static void write_code(Writer *w, const Made *m)
{
    size_t s = begin(w, SEC_CODE);
    wr_u32(w, 1);
    size_t body = wr_begin_size(w);
    wr_bytes(w, (const uint8_t[]){0, 0x41, 7, 0x24}, 4);
    wr_u32_padded(w, m->raw_index);
    wr_byte(w, 0x41);
    wr_u32_padded(w, 0);
    wr_byte(w, 0x1a);
    if (m->undefined) {
        wr_byte(w, 0x10);
        wr_u32_padded(w, 0);
    }
    wr_byte(w, 0x0b);
    wr_end_size(w, body);
    wr_end_size(w, s);
}

static void write_linking(Writer *w, const Made *m)
{
    size_t s = begin_custom(w, "linking");
    wr_u32(w, 2);
    size_t table = begin(w, 8);
    wr_u32(w, 2 + (m->data_symbol != NULL) + (m->undefined != NULL) + m->own_global);
    wr_byte(w, SYM_FUNCTION); /* 0 */
    wr_u32(w, SYM_EXPORTED);
    wr_u32(w, m->undefined ? 1 : 0);
    wr_name(w, STR("parigot_event"));
    wr_byte(w, SYM_GLOBAL); /* 1 */
    wr_u32(w, SYM_UNDEFINED);
    wr_u32(w, 0);
    if (m->data_symbol) { /* 2 */
        wr_byte(w, SYM_DATA);
        wr_u32(w, SYM_UNDEFINED);
        wr_name(w, str_of(m->data_symbol));
    }
    if (m->undefined) {
        wr_byte(w, SYM_FUNCTION);
        wr_u32(w, SYM_UNDEFINED);
        wr_u32(w, 0);
    }
    if (m->own_global) {
        wr_byte(w, SYM_GLOBAL);
        wr_u32(w, 0);
        wr_u32(w, 1);
        wr_name(w, STR("mine"));
    }
    wr_end_size(w, table);
    wr_end_size(w, s);
}

static void write_relocs(Writer *w, const Made *m)
{
    uint32_t section = CODE_SECTION_FIXED + m->own_global + m->start;
    size_t s = begin_custom(w, "reloc.CODE");
    wr_u32(w, section);
    wr_u32(w, m->reloc + (m->data_symbol != NULL) + (m->undefined != NULL));
    if (m->reloc) {
        wr_byte(w, R_WASM_GLOBAL_INDEX_LEB);
        wr_u32(w, SET_OPERAND);
        wr_u32(w, 1);
    }
    if (m->data_symbol) {
        wr_byte(w, R_WASM_MEMORY_ADDR_SLEB);
        wr_u32(w, CONST_OPERAND);
        wr_u32(w, 2);
        wr_s32(w, 0);
    }
    if (m->undefined) {
        wr_byte(w, R_WASM_FUNCTION_INDEX_LEB);
        wr_u32(w, CALL_OPERAND);
        wr_u32(w, 2 + (m->data_symbol != NULL));
    }
    wr_end_size(w, s);
}

static Writer make_object(const Made *m)
{
    Writer w = {0};
    write_head(&w, m);
    write_code(&w, m);
    write_linking(&w, m);
    write_relocs(&w, m);
    ck_assert(!w.failed);
    return w;
}

/* ---- linking in memory ---- */

typedef struct Linked {
    bool ok;
    Diags diags;
    LdOutput out;
} Linked;

static void link_bytes(Linked *l, const Writer *objects, size_t n, bool isolate, size_t memory_limit)
{
    LdInput inputs[4];
    LdOptions o;
    *l = (Linked){0};
    ld_default_options(&o, isolate);
    for (size_t i = 0; i < n; i++)
        inputs[i] = (LdInput){.path = i ? "b.o" : "a.o", .bytes = objects[i].ptr, .size = objects[i].len};
    o.inputs = inputs;
    o.n_inputs = n;
    o.entry = NULL;
    o.memory_limit = memory_limit;
    l->ok = ld_link(&o, &l->diags, &l->out);
    if (!l->ok) ck_assert_msg(l->diags.errors > 0 && l->out.module.len == 0, "no reason given");
}

static bool has(const Linked *l, const char *code)
{
    for (size_t i = 0; i < l->diags.n; i++)
        if (strcmp(diag_code_text(l->diags.items[i].code), code) == 0) return true;
    return false;
}

static void done(Linked *l)
{
    ld_free_output(&l->out);
    diag_free(&l->diags);
}

START_TEST(test_by_hand)
{
    Writer w = make_object(&(Made){.reloc = true, .data_symbol = "__heap_base"});
    Linked l;
    link_bytes(&l, &w, 1, false, 0);
    ck_assert_msg(l.ok, "%s", l.diags.n ? l.diags.items[0].text : "?");
    done(&l);
    link_bytes(&l, &w, 1, true, 0); /* P503, P502: it is no world's module; nothing else is wrong with it */
    ck_assert(!has(&l, "W0307") && !has(&l, "P104"));
    done(&l);
    wr_free(&w);
}
END_TEST

/* global.set 1 without relocation is another object's global in the linked module. */
START_TEST(test_raw_index)
{
    Writer w[2] = {make_object(&(Made){.raw_index = 1}),
                   make_object(&(Made){.reloc = true, .own_global = true})};
    Linked l;
    link_bytes(&l, w, 1, true, 0);
    ck_assert(!l.ok && has(&l, "W0307"));
    done(&l);
    wr_free(&w[0]);
    wr_free(&w[1]);
}
END_TEST

START_TEST(test_own_global)
{
    Writer w = make_object(&(Made){.reloc = true, .own_global = true});
    Linked l;
    link_bytes(&l, &w, 1, true, 0);
    ck_assert(l.ok || !has(&l, "P101")); /* nothing refers to it: it is not in the module */
    done(&l);
    wr_free(&w);
}
END_TEST

START_TEST(test_start_section)
{
    Writer w = make_object(&(Made){.reloc = true, .start = true});
    Linked l;
    link_bytes(&l, &w, 1, false, 0);
    ck_assert(!l.ok && has(&l, "L0112"));
    done(&l);
    wr_free(&w);
}
END_TEST

START_TEST(test_undefined_and_dead)
{
    Writer w = make_object(&(Made){.reloc = true, .undefined = "nobody"});
    Linked l;
    link_bytes(&l, &w, 1, false, 0);
    ck_assert(!l.ok && has(&l, "L0103"));
    done(&l);
    wr_free(&w);
}
END_TEST

/* Names of linker symbols as functions, and the other way round. */
START_TEST(test_linker_symbols_as_functions)
{
    static const char *const names[] = {"__heap_base", "__dso_handle", "__stack_pointer",
                                        "__indirect_function_table", "__wasm_call_ctors"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        Writer w = make_object(&(Made){.reloc = true, .undefined = names[i]});
        Linked l;
        link_bytes(&l, &w, 1, false, 0);
        ck_assert_msg(l.ok == (strcmp(names[i], "__wasm_call_ctors") == 0), "%s", names[i]);
        done(&l);
        wr_free(&w);
    }
}
END_TEST

/* Each link has another seed for its tables of names. */
START_TEST(test_same_bytes)
{
    Writer w = make_object(&(Made){.reloc = true, .data_symbol = "__data_end"});
    Linked first, again;
    link_bytes(&first, &w, 1, false, 0);
    ck_assert(first.ok);
    for (int i = 0; i < 20; i++) {
        link_bytes(&again, &w, 1, false, 0);
        ck_assert(again.ok && again.out.module.len == first.out.module.len);
        ck_assert_mem_eq(again.out.module.ptr, first.out.module.ptr, first.out.module.len);
        done(&again);
    }
    done(&first);
    wr_free(&w);
}
END_TEST

START_TEST(test_out_of_memory)
{
    Writer w = make_object(&(Made){.reloc = true, .data_symbol = "__data_end"});
    bool ok = false;
    for (size_t limit = 1024; !ok && limit < (16 << 20); limit += limit / 4) {
        Linked l;
        link_bytes(&l, &w, 1, false, limit);
        ok = l.ok;
        ck_assert(ok || has(&l, "I0104"));
        done(&l);
    }
    ck_assert(ok);
    wr_free(&w);
}
END_TEST

/* ---- options ---- */

typedef struct Row {
    const char *text, *argument, *value, *action, *help;
} Row;
static const Row rows[] = {
#define OPT(text, argument, value, action, help) {text, #argument, value, #action, help},
#include "linker/options.def"
#undef OPT
};

static void no_memory(void *ctx)
{
    (void)ctx;
    ck_abort_msg("out of memory");
}

static bool parse(const char *option, const char *value, size_t *errors)
{
    char first[] = "parigot-ld", second[64], third[64], object[] = "x.o";
    char *argv[] = {first, second, third, object};
    Arena arena = {.on_oom = no_memory};
    Diags d = {0};
    LdCommand c;
    snprintf(second, sizeof second, "%s%s", option[1] ? "--" : "-", option);
    snprintf(third, sizeof third, "%s", value ? value : "x2.o");
    bool ok = ld_parse_options(4, argv, &arena, &d, &c);
    *errors = d.errors;
    diag_free(&d);
    arena_free(&arena);
    return ok;
}

START_TEST(test_every_option)
{
    const Row *r = &rows[_i];
    bool value = strcmp(r->argument, "VALUE") == 0 || strcmp(r->argument, "JOINED") == 0;
    size_t errors;
    bool ok = parse(r->text, value ? "nothing-takes-this" : NULL, &errors);
    if (strcmp(r->action, "REFUSE") == 0) {
        ck_assert_msg(!ok && errors == 1, "%s is refused", r->text);
        ck_assert_msg(strlen(r->help) > 10, "%s says why", r->text);
    } else if (!value && strcmp(r->action, "START_LIB") != 0 && strcmp(r->action, "END_LIB") != 0 &&
               strcmp(r->action, "IMPORT_MEMORY") != 0 && strcmp(r->action, "IMPORT_TABLE") != 0 &&
               strcmp(r->action, "NO_STACK_FIRST") != 0 && strcmp(r->action, "COMPRESS") != 0 &&
               strcmp(r->action, "EMIT_RELOCS") != 0)
        ck_assert_msg(ok, "%s is taken", r->text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(i == (size_t)_i || strcmp(rows[i].text, r->text) != 0, "%s is there twice", r->text);
}
END_TEST

/* Values that no option with a number may take. */
START_TEST(test_numbers)
{
    static const char *const names[] = {"max-memory",  "initial-memory", "initial-heap", "table-base",
                                        "error-limit", "threads",        "seal-align",   "page-size"};
    static const char *const wrong[] = {"", "-1", "0x", "12k", "99999999999999999999", " 5"};
    size_t errors;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (size_t k = 0; k < ARRAY_LEN(wrong); k++)
            ck_assert_msg(!parse(names[i], wrong[k], &errors), "%s=%s", names[i], wrong[k]);
    ck_assert(parse("max-memory", "0x100000", &errors) && parse("seal-align", "16384", &errors));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("linker");
    TCase *c = tcase_create("objects by hand");
    tcase_add_test(c, test_by_hand);
    tcase_add_test(c, test_raw_index);
    tcase_add_test(c, test_own_global);
    tcase_add_test(c, test_start_section);
    tcase_add_test(c, test_undefined_and_dead);
    tcase_add_test(c, test_linker_symbols_as_functions);
    tcase_add_test(c, test_same_bytes);
    tcase_add_test(c, test_out_of_memory);
    suite_add_tcase(s, c);
    c = tcase_create("options");
    tcase_add_loop_test(c, test_every_option, 0, ARRAY_LEN(rows));
    tcase_add_test(c, test_numbers);
    suite_add_tcase(s, c);
    return run_tap(s);
}
