/* Tests of wasm/: reader and writer as laws, tables, arena, diagnostics, module view, parigot.module. */
#include "tests/unit/tap.h"
#include "wasm/wasm.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reader and writer ---- */

START_TEST(leb_round_trip)
{
    static const int64_t values[] = {0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        Writer w = {0};
        Diags d = {0};
        wr_s64(&w, values[i]);
        wr_u64(&w, (uint64_t)values[i]);
        wr_s32(&w, (int32_t)values[i]);
        wr_u32(&w, (uint32_t)values[i]);
        wr_u32_padded(&w, (uint32_t)values[i]);
        Reader r = rd_open(w.ptr, w.len, "mem", &d);
        int64_t s64;
        uint64_t u64;
        int32_t s32;
        uint32_t u32, padded;
        ck_assert(rd_s64(&r, "", &s64) && rd_u64(&r, "", &u64) && rd_s32(&r, "", &s32) && rd_u32(&r, "", &u32) &&
                  rd_u32(&r, "", &padded) && rd_end(&r, ""));
        ck_assert(s64 == values[i] && u64 == (uint64_t)values[i] && s32 == (int32_t)values[i] &&
                  u32 == (uint32_t)values[i] && padded == u32);
        wr_free(&w);
    }
}
END_TEST

/* core 2.0 §5.2.2: length and unused bits. The position stays where it was. */
START_TEST(leb_limits)
{
    static const struct {
        const char *bytes;
        size_t n;
        bool ok32, ok_s32;
    } rows[] = {
        {"\x80\x80\x80\x80\x00", 5, true, true},        {"\xff\xff\xff\xff\x0f", 5, true, false},
        {"\xff\xff\xff\xff\x07", 5, true, true},        {"\xff\xff\xff\xff\x7f", 5, false, true},
        {"\x80\x80\x80\x80\x10", 5, false, false},      {"\x80\x80\x80\x80\x80\x00", 6, false, false},
        {"\x80\x80\x80\x80\x78", 5, false, true},       {"\x80\x80\x80\x80\x70", 5, false, false},
        {"\x80", 1, false, false},                      {"", 0, false, false},
        {"\x00", 1, true, true},                        {"\x7f", 1, true, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Diags d = {0};
        Reader r = rd_open((const uint8_t *)rows[i].bytes, rows[i].n, "mem", &d), s = r;
        uint32_t u = 7;
        int32_t v = 7;
        ck_assert_msg(rd_u32(&r, "x", &u) == rows[i].ok32, "row %zu unsigned", i);
        ck_assert_msg(rd_s32(&s, "x", &v) == rows[i].ok_s32, "row %zu signed", i);
        if (!rows[i].ok32) ck_assert(r.pos == r.base && u == 7);
        if (!rows[i].ok_s32) ck_assert(s.pos == s.base && v == 7);
        ck_assert_uint_eq(d.errors, (size_t)!rows[i].ok32 + !rows[i].ok_s32);
        diag_free(&d);
    }
}
END_TEST

START_TEST(reader_bounds)
{
    Diags d = {0};
    static const uint8_t bytes[] = {3, 'a', 'b', 0xff, 200, 1, 9};
    Reader r = rd_open(bytes, 4, "mem", &d), sub;
    Str name;
    uint32_t n;
    ck_assert(!rd_name(&r, "name", &name)); /* not UTF-8 */
    ck_assert_int_eq(d.items[0].code, WASM_BAD_UTF8);
    r = rd_open(bytes + 4, 3, "mem", &d);
    ck_assert(!rd_count(&r, "things", 1, &n)); /* 200 things in one byte */
    ck_assert(r.pos == r.base);
    ck_assert(!rd_sub(&r, "sub", 4, &sub) && rd_sub(&r, "sub", 1, &sub) && rd_left(&sub) == 1 && rd_left(&r) == 2);
    ck_assert(!rd_end(&sub, "sub"));
    diag_free(&d);
}
END_TEST

START_TEST(writer_sizes)
{
    for (size_t n = 0; n < 300; n += 127) {
        Writer w = {0};
        size_t outer = wr_begin_size(&w), inner = wr_begin_size(&w);
        for (size_t i = 0; i < n; i++) wr_byte(&w, (uint8_t)i);
        wr_end_size(&w, inner);
        wr_end_size(&w, outer);
        Diags d = {0};
        Reader r = rd_open(w.ptr, w.len, "mem", &d);
        uint32_t size;
        ck_assert(rd_u32(&r, "", &size) && size == rd_left(&r) && rd_u32(&r, "", &size) && size == n && rd_left(&r) == n);
        wr_free(&w);
    }
    Writer small = {.limit_bytes = 3};
    wr_le32(&small, 1);
    ck_assert(small.failed && small.len == 0);
    wr_free(&small);
}
END_TEST

START_TEST(padded_fields)
{
    uint8_t at[5];
    put_u32_padded5(at, UINT32_MAX);
    ck_assert(memcmp(at, "\xff\xff\xff\xff\x0f", 5) == 0);
    put_s32_padded5(at, -1);
    ck_assert(memcmp(at, "\xff\xff\xff\xff\x7f", 5) == 0);
    put_s32_padded5(at, INT32_MIN);
    ck_assert(memcmp(at, "\x80\x80\x80\x80\x78", 5) == 0);
    put_s32_padded5(at, 1);
    ck_assert(memcmp(at, "\x81\x80\x80\x80\x00", 5) == 0);
}
END_TEST

/* ---- tables ---- */

START_TEST(opcode_rows)
{
    for (int op = 0; op < OP_COUNT; op++) {
        const WasmOpInfo *o = &wasm_op_info[op];
        ck_assert_msg(wasm_op_find(o->prefix, o->code) == (WasmOp)op, "%s is not found: rows out of order?", wasm_op_text((WasmOp)op));
        ck_assert_msg((o->imm == IMM_REFUSED) == !wasm_feature_supported((WasmFeature)o->feature), "%s", wasm_op_text((WasmOp)op));
        ck_assert(strspn(o->pops, "iIfFVr*") == strlen(o->pops) && strspn(o->pushes, "iIfFVr*") == strlen(o->pushes));
    }
    ck_assert_int_eq(wasm_op_find(0, 0x27), OP_COUNT);
    ck_assert_int_eq(wasm_op_find(0xfd, 0x9a), OP_COUNT);
    ck_assert_int_eq(wasm_op_find(0, 0x6a), OP_I32_ADD);
}
END_TEST

START_TEST(diag_rows)
{
    for (int c = DIAG_NONE + 1; c < DIAG_CODE_COUNT; c++) {
        const char *code = diag_code_text((DiagCode)c);
        ck_assert_msg(diag_find(code) == (DiagCode)c, "%s is there twice", code);
        ck_assert_msg(strlen(code) >= 4 && strlen(diag_summary((DiagCode)c)) > 0, "%s", code);
    }
    ck_assert_int_eq(diag_find("X9999"), DIAG_NONE);
}
END_TEST

START_TEST(reloc_rows)
{
    ck_assert_uint_eq(wasm_reloc_info(R_WASM_MEMORY_ADDR_I32)->width, 4);
    ck_assert_uint_eq(wasm_reloc_info(R_WASM_FUNCTION_INDEX_LEB)->width, 5);
    ck_assert(!wasm_reloc_info(R_WASM_FUNCTION_INDEX_LEB)->has_addend && wasm_reloc_info(R_WASM_SECTION_OFFSET_I32)->has_addend);
    ck_assert_ptr_null(wasm_reloc_info(200));
}
END_TEST

START_TEST(feature_names)
{
    WasmFeature f;
    ck_assert(wasm_feature_find(STR("tail-call"), &f) && f == FEATURE_TAIL_CALL);
    ck_assert(!wasm_feature_find(STR("tail"), &f));
    for (int i = 0; i < FEATURE_COUNT; i++)
        ck_assert(wasm_feature_supported((WasmFeature)i) == (FEATURES_ALL >> i & 1));
}
END_TEST

/* ---- arena, strings, diagnostics ---- */

START_TEST(arena_limits)
{
    Arena a = {.limit_bytes = 1 << 20};
    ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 2, 3)); /* n * size overflows */
    ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
    ck_assert_ptr_null(arena_alloc(&a, 1 << 20));
    size_t got = 0;
    while (arena_alloc(&a, 1000)) got++;
    ck_assert(got > 900 && a.used_bytes <= a.limit_bytes);
    arena_free(&a);
    ck_assert_uint_eq(a.used_bytes, 0);
    uint64_t *items = NULL;
    size_t cap = 0, n = 0;
    for (; n < 1000; n++) {
        items = arena_grow(&a, items, n, &cap, sizeof *items);
        items[n] = n;
    }
    for (size_t i = 0; i < n; i++) ck_assert_uint_eq(items[i], i);
    arena_free(&a);
}
END_TEST

START_TEST(utf8)
{
    static const struct {
        const char *s;
        bool ok;
    } rows[] = {{"", true},          {"abc", true},          {"\xc3\xa4", true},         {"\xc0\x80", false},
                {"\xe0\x80\x80", false}, {"\xed\xa0\x80", false}, {"\xf4\x8f\xbf\xbf", true}, {"\xf4\x90\x80\x80", false},
                {"\xf0\x8f\xbf\xbf", false}, {"\x80", false},       {"\xe2\x82", false},        {"\xff", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) ck_assert_msg(str_is_utf8(str_of(rows[i].s)) == rows[i].ok, "row %zu", i);
}
END_TEST

START_TEST(diag_shows_safely)
{
    Diags d = {.limit = 1};
    Diag *first = diag_add(&d, WASM_TRUNCATED, DIAG_AT(.file = "a\033[31m.wasm", .offset = 0x1f3, .func = 12, .func_name = STR("st\"art")), "unexpected end");
    diag_note(&d, first, "in \xff");
    diag_note(&d, first, "twice");
    ck_assert_ptr_null(diag_add(&d, WASM_JUNK, DIAG_AT(.file = "b"), "more"));
    ck_assert(d.errors == 2 && d.n == 1);
    TextBuf t = {0};
    diag_format(&t, &d.items[0], "parigot-validate", DIAG_TEXT);
    ck_assert_str_eq(t.ptr, "parigot-validate: error: a\\x1b[31m.wasm:0x1f3: unexpected end (func 12 \"st\"art\") [W0101]\n"
                            ">>> in \\xff\n>>> twice\n");
    text_free(&t);
    diag_format_json(&t, &d.items[0]);
    ck_assert_str_eq(t.ptr, "{\"code\":\"W0101\",\"severity\":\"error\",\"file\":\"a\\u001b[31m.wasm\",\"offset\":499,\"function\":12,"
                            "\"functionName\":\"st\\\"art\",\"message\":\"unexpected end\",\"note\":\"in \xef\xbf\xbd\\u000atwice\"}");
    text_free(&t);
    diag_free(&d);
}
END_TEST

START_TEST(escapes)
{
    static const struct {
        Str in;
        const char *text, *json;
    } rows[] = {
        {STR("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
        {STR("a\0b"), "a\\x00b", "\"a\\u0000b\""},
        {STR("a\xc2\xad"), "a\\xc2\\xad", "\"a\\u00ad\""},                   /* soft hyphen */
        {STR("\xe2\x80\xaex"), "\\xe2\\x80\\xaex", "\"\\u202ex\""},        /* from right to left */
        {STR("\xd8\x9c"), "\\xd8\\x9c", "\"\\u061c\""},                     /* Arabic letter mark */
        {STR("\xe3\x85\xa4"), "\\xe3\\x85\\xa4", "\"\\u3164\""},           /* Hangul filler */
        {STR("\xf3\xa0\x80\xa1"), "\\xf3\\xa0\\x80\\xa1", "\"\\udb40\\udc21\""}, /* a tag character, beyond 16 bits */
        {STR("\xff\n"), "\\xff\\x0a", "\"\xef\xbf\xbd\\u000a\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        TextBuf t = {0};
        Arena a = {0};
        text_add_escaped(&t, rows[i].in);
        ck_assert_str_eq(t.ptr, rows[i].text);
        ck_assert_str_eq(diag_escape(&a, rows[i].in), rows[i].text);
        t.len = 0;
        text_add_json(&t, rows[i].in);
        ck_assert_str_eq(t.ptr, rows[i].json);
        text_free(&t);
        arena_free(&a);
    }
}
END_TEST

START_TEST(diag_cuts_names)
{
    enum { LEN = 3001 };
    char name[LEN];
    for (int i = 0; i < LEN; i++) name[i] = "\xe2\x82\xac"[i % 3]; /* the euro sign */
    Diags d = {0};
    diag_add(&d, WASM_TRUNCATED, DIAG_AT(.symbol = {name, LEN - 1}, .func_name = {name, 510}), "x");
    ck_assert(str_eq(d.items[0].place.func_name, (Str){name, 510}));
    Str symbol = d.items[0].place.symbol;
    ck_assert(symbol.len == 513 && str_is_utf8(symbol) && str_has_suffix(symbol, STR("...")));
    diag_free(&d);
}
END_TEST

/* ---- files ---- */

START_TEST(files_are_whole)
{
    char folder[] = "/tmp/parigot-unit-XXXXXX", path[64], bad[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/f", folder);
    snprintf(bad, sizeof bad, "%s/none/f", folder);
    Diags d = {0};
    FileBytes f;
    ck_assert(file_write(path, "12345", 5, 0644, true, &d));
    ck_assert(file_read(path, 5, &d, &f) && f.size == 5 && memcmp(f.ptr, "12345", 5) == 0);
    file_close(&f);
    ck_assert(file_map(path, 0, &d, &f) && !f.mapped && f.size == 5); /* not worth it */
    file_close(&f);
    static const uint8_t large[100000] = {1};
    ck_assert(file_write(path, large, sizeof large, 0644, false, &d) && file_map(path, 0, &d, &f));
    ck_assert(f.mapped && f.size == sizeof large && memcmp(f.ptr, large, sizeof large) == 0);
    file_close(&f);
    ck_assert(file_write(path, "12345", 5, 0644, true, &d));
    ck_assert(!file_read(path, 4, &d, &f) && d.items[0].code == IO_TOO_BIG);
    ck_assert(!file_write(bad, "x", 1, 0644, false, &d) && d.items[1].code == IO_WRITE);
    ck_assert(!file_read(bad, 0, &d, &f) && d.items[2].code == IO_READ);
    ck_assert(!file_read(folder, 0, &d, &f));
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "a temporary file was left behind");
    diag_free(&d);
}
END_TEST

/* ---- modules ---- */

#define HEADER "\0asm\1\0\0\0"

static bool read_bytes(const char *bytes, size_t n, Diags *d, Arena *a, WasmModule *m)
{
    return wasm_read_module(a, (const uint8_t *)bytes, n, "mem", NULL, d, m);
}

START_TEST(module_errors)
{
    static const struct {
        const char *bytes;
        size_t n;
        DiagCode code;
    } rows[] = {
#define ROW(s, code) {s, sizeof s - 1, code}
        ROW("", WASM_TRUNCATED),
        ROW("\0as", WASM_TRUNCATED),
        ROW("\0wsm\1\0\0\0", WASM_BAD_MAGIC),
        ROW("\0asm\2\0\0\0", WASM_BAD_VERSION),
        ROW("\0asm\x0d\0\1\0", WASM_COMPONENT),
        ROW(HEADER "\x0e\0", WASM_SECTION_ID),
        ROW(HEADER "\1\5\0", WASM_TRUNCATED),
        ROW(HEADER "\1\2\0\0", WASM_BAD_SECTION_SIZE),
        ROW(HEADER "\1\1\0\1\1\0", WASM_SECTION_ORDER),
        ROW(HEADER "\3\1\0\1\1\0", WASM_SECTION_ORDER),
        ROW(HEADER "\1\5\1\x60\1\x10\0", WASM_BAD_TYPE),
        ROW(HEADER "\1\4\1\x5f\0\0", WASM_FEATURE),
        ROW(HEADER "\1\4\1\x61\0\0", WASM_BAD_TYPE),
        ROW(HEADER "\2\5\1\0\0\x05\0", WASM_BAD_KIND),
        ROW(HEADER "\3\2\1\0", WASM_COUNT_MISMATCH),
        ROW(HEADER "\5\4\1\3\1\1", WASM_FEATURE),
        ROW(HEADER "\5\3\1\x10\1", WASM_BAD_LIMITS),
        ROW(HEADER "\6\6\1\x7f\2\x41\0\x0b", WASM_FEATURE),
        ROW(HEADER "\6\6\1\x7f\4\x41\0\x0b", WASM_BAD_MUTABILITY),
        ROW(HEADER "\6\4\1\x7f\0\xff", WASM_BAD_OPCODE),
        ROW(HEADER "\x0b\3\1\3\0", WASM_BAD_SEGMENT),
        ROW(HEADER "\x09\4\1\x08\0\0", WASM_BAD_SEGMENT),
        ROW(HEADER "\x0d\1\0", WASM_FEATURE),
        ROW(HEADER "\0\2\1\xff", WASM_BAD_UTF8),
        ROW(HEADER "\1\5\xff\xff\xff\xff\x0f", WASM_TRUNCATED),
#undef ROW
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Diags d = {0};
        Arena a = {0};
        WasmModule m;
        ck_assert_msg(!read_bytes(rows[i].bytes, rows[i].n, &d, &a, &m), "row %zu", i);
        ck_assert_msg(d.items[0].code == rows[i].code, "row %zu: %s %s", i, diag_code_text(d.items[0].code), d.items[0].text);
        arena_free(&a);
        diag_free(&d);
    }
}
END_TEST

static void make_section(PmSection *s)
{
    static PmWaiver waivers[2];
    static PmService services[1];
    static PmInput inputs[1];
    waivers[0] = (PmWaiver){STR("errno"), STR("P104"), STR("errno"), false, {0}, STR("why"), 1234567890123, 8192, 4};
    waivers[1] = (PmWaiver){STR("libc"), STR("P104"), STR("x"), true, {1, 2, 3}, STR("libc"), 0, 8196, 8};
    services[0] = (PmService){STR("a.v1.B"), 3, {9}};
    inputs[0] = (PmInput){STR("lib.a"), STR("m.o"), {7}, STR("clang 19")};
    *s = (PmSection){.has_layout = true, .has_globals = true, .has_meter = true, .has_policy = true, .has_tool = true,
                     .layout = {1, 12, 4096, 4096, 69632, 69632, 73728, 73728, 73740, 73744, 256},
                     .stack_pointer = 1, .fuel = 2, .meter_kind = 1, .meter_prices = 1, .policy_name = STR("strict"),
                     .waivers = waivers, .n_waivers = 2, .services = services, .n_services = 1, .inputs = inputs, .n_inputs = 1,
                     .tool = STR("parigot-ld 0.1.0")};
}

START_TEST(module_section_round_trip)
{
    PmSection s, back;
    make_section(&s);
    Writer w = {0}, again = {0};
    wr_bytes(&w, HEADER, 8);
    pm_write(&w, &s);
    Diags d = {0};
    Arena a = {0};
    WasmModule m;
    ck_assert(read_bytes((char *)w.ptr, w.len, &d, &a, &m));
    ck_assert_int_eq(pm_read(&m, &a, &d, &back), PM_PRESENT);
    ck_assert(memcmp(&s.layout, &back.layout, sizeof s.layout) == 0 && back.n_waivers == 2 && back.waivers[1].archive[2] == 3 &&
              back.waivers[0].expires == 1234567890123 && str_eq(back.tool, s.tool));
    wr_bytes(&again, HEADER, 8);
    pm_write(&again, &back);
    ck_assert(again.len == w.len && memcmp(again.ptr, w.ptr, w.len) == 0);

    /* twice, or behind something else: it does not count */
    wr_bytes(&again, w.ptr + 8, w.len - 8);
    ck_assert(read_bytes((char *)again.ptr, again.len, &d, &a, &m));
    ck_assert_int_eq(pm_read(&m, &a, &d, &back), PM_MISPLACED);
    ck_assert_uint_eq(d.n, 0);

    /* every truncation and every flipped bit of the payload: no crash; what still reads is read */
    for (size_t i = 8; i < w.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            w.ptr[i] ^= (uint8_t)(1 << bit);
            Diags fd = {0};
            if (read_bytes((char *)w.ptr, w.len, &fd, &a, &m)) {
                PmFound found = pm_read(&m, &a, &fd, &back);
                ck_assert((found == PM_BROKEN) == (fd.errors > 0));
            }
            diag_free(&fd);
            w.ptr[i] ^= (uint8_t)(1 << bit);
        }
    for (size_t n = 0; n < w.len; n++) {
        Diags fd = {0};
        ck_assert(n == 8 || !read_bytes((char *)w.ptr, n, &fd, &a, &m));
        diag_free(&fd);
    }
    wr_free(&w);
    wr_free(&again);
    arena_free(&a);
}
END_TEST

START_TEST(module_without_memory)
{
    static const char bytes[] = HEADER "\1\4\1\x60\0\0\3\2\1\0\7\5\1\1" "f\0\0\x0a\4\1\2\0\x0b";
    Diags d = {0};
    Arena a = {0}, none = {.limit_bytes = 1};
    WasmModule m;
    ck_assert(read_bytes(bytes, sizeof bytes - 1, &d, &a, &m));
    ck_assert(m.n_funcs == 1 && m.n_bodies == 1 && m.n_exports == 1 && wasm_func_type(&m, 0) && !wasm_func_type(&m, 1));
    ck_assert(!read_bytes(bytes, sizeof bytes - 1, &d, &none, &m));
    ck_assert_int_eq(d.items[0].code, OUT_OF_MEMORY);
    arena_free(&a);
    diag_free(&d);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wasm");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_test(t, leb_round_trip);
    tcase_add_test(t, leb_limits);
    tcase_add_test(t, reader_bounds);
    tcase_add_test(t, writer_sizes);
    tcase_add_test(t, padded_fields);
    tcase_add_test(t, opcode_rows);
    tcase_add_test(t, diag_rows);
    tcase_add_test(t, reloc_rows);
    tcase_add_test(t, feature_names);
    tcase_add_test(t, arena_limits);
    tcase_add_test(t, utf8);
    tcase_add_test(t, diag_shows_safely);
    tcase_add_test(t, escapes);
    tcase_add_test(t, diag_cuts_names);
    tcase_add_test(t, files_are_whole);
    tcase_add_test(t, module_errors);
    tcase_add_test(t, module_section_round_trip);
    tcase_add_test(t, module_without_memory);
    return run_tap(s);
}
