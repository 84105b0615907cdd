/* The proof of a recorded layout (docs/module-section.md "Checked means"): one module that passes, then each thing wrong
 * in turn. Also entry thunks, frame checks, the waived range, and what two policies together come to. */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include <stdio.h>

/* What a test changes of the module that passes. */
typedef struct Made {
    PmSection pm;
    bool section_last, section_twice;
    uint32_t sp_init, sp_type, memory_pages;
    uint32_t data_at, data_size;
    bool global_before;      /* another mutable i32 before the stack pointer */
    const char *entry;       /* code of the exported entry, without `end`; NULL = a good thunk */
    size_t n_entry;
    uint32_t fuel_type;      /* of a mutable global behind the stack pointer; 0 = there is none */
    const char *fuel_export; /* its name, or NULL */
    const char *inner;       /* code of function 0 */
    size_t n_inner;
} Made;

static PmWaiver waivers[2];

enum { STACK_LOW = 4096, STACK_HIGH = 8192, SEALED_HIGH = 12288, WAIVED_HIGH = 12304, HEAP = 12304, CONTROL = 64 };

static Made good(void)
{
    Made m = {
        .pm = {.has_layout = true, .has_globals = true, .stack_pointer = 1,
               .layout = {.seal = PM_SEAL_ENGINE, .page_log2 = 12, .null_guard = 4096, .stack_low = STACK_LOW, .stack_high = STACK_HIGH,
                          .sealed_low = STACK_HIGH, .sealed_high = SEALED_HIGH, .waived_low = SEALED_HIGH, .waived_high = WAIVED_HIGH,
                          .heap_base = HEAP, .heap_control = CONTROL}},
        .sp_init = STACK_HIGH, .sp_type = TYPE_I32, .memory_pages = 1, .data_at = STACK_HIGH, .data_size = 100};
    waivers[0] = (PmWaiver){.waiver = STR("errno"), .rule = STR("P104"), .symbol = STR("errno"), .reason = STR("libc"),
                            .address = SEALED_HIGH, .size = 4};
    waivers[1] = (PmWaiver){.waiver = STR("seed"), .rule = STR("P104"), .symbol = STR("seed"), .reason = STR("libc"),
                            .address = SEALED_HIGH + 8, .size = 8};
    m.pm.waivers = waivers;
    m.pm.n_waivers = 2;
    return m;
}

static void write_body(Writer *w, const void *code, size_t n)
{
    size_t mark = wr_begin_size(w);
    wr_bytes(w, "\1\1\x7f", 3); /* one local: i32 */
    wr_bytes(w, code, n);
    wr_byte(w, 0x0b);
    wr_end_size(w, mark);
}

static void op_i32(Writer *w, uint8_t op, uint32_t value)
{
    wr_byte(w, op);
    if (op == 0x41) wr_s32(w, (int32_t)value);
    else wr_u32(w, value);
}

enum { I32_CONST = 0x41, GLOBAL_GET = 0x23, GLOBAL_SET = 0x24, LOCAL_GET = 0x20, LOCAL_TEE = 0x22, I32_SUB = 0x6b };

/* Functions: 0 inner () -> (); exported "a.v1.B/C" 1 (i32 i32 i32 i32); parigot_alloc 2, parigot_init 3. */
static void write_made(Writer *w, const Made *m)
{
    write_header(w);
    if (!m->section_last) pm_write(w, &m->pm);
    if (m->section_twice) pm_write(w, &m->pm);
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, 4);
    write_func_type(w, "", "");
    write_func_type(w, "iiii", "");
    write_func_type(w, "i", "i");
    write_func_type(w, "ii", "i");
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_FUNCTION);
    wr_bytes(w, "\4\0\1\2\3", 5);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_MEMORY);
    wr_bytes(w, "\1\1", 2);
    wr_u32(w, m->memory_pages);
    wr_u32(w, 16);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_GLOBAL);
    wr_u32(w, 1 + m->global_before + (m->fuel_type != 0));
    if (m->global_before) wr_bytes(w, "\x7f\1\x41\0\x0b", 5);
    wr_byte(w, (uint8_t)m->sp_type);
    wr_byte(w, 1);
    op_i32(w, m->sp_type == TYPE_I32 ? I32_CONST : 0x42, m->sp_init);
    wr_byte(w, 0x0b);
    if (m->fuel_type) {
        wr_byte(w, (uint8_t)m->fuel_type);
        wr_bytes(w, m->fuel_type == TYPE_I32 ? "\1\x41\0\x0b" : "\1\x42\0\x0b", 4);
    }
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_EXPORT);
    wr_u32(w, 3 + (m->fuel_export != NULL));
    if (m->fuel_export) {
        wr_name(w, str_of(m->fuel_export));
        wr_bytes(w, "\3\1", 2);
    }
    wr_name(w, STR("a.v1.B/C"));
    wr_bytes(w, "\0\1", 2);
    wr_name(w, STR("parigot_alloc"));
    wr_bytes(w, "\0\2", 2);
    wr_name(w, STR("parigot_init"));
    wr_bytes(w, "\0\3", 2);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, 4);
    write_body(w, m->inner, m->n_inner);
    Writer thunk = {0};
    op_i32(&thunk, I32_CONST, STACK_HIGH);
    op_i32(&thunk, GLOBAL_SET, m->global_before);
    if (m->entry) write_body(w, m->entry, m->n_entry);
    else write_body(w, thunk.ptr, thunk.len);
    for (int i = 0; i < 2; i++) {
        size_t n = thunk.len;
        wr_bytes(&thunk, "\x41\0", 2);
        write_body(w, thunk.ptr, thunk.len);
        thunk.len = n;
    }
    wr_free(&thunk);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_DATA);
    wr_bytes(w, "\1\0", 2);
    op_i32(w, I32_CONST, m->data_at);
    wr_byte(w, 0x0b);
    wr_u32(w, m->data_size);
    wr_zeros(w, m->data_size);
    wr_end_size(w, mark);
    if (m->section_last) pm_write(w, &m->pm);
    write_trailer(w);
}

/* strict, with the waivers that the module was linked with */
static ValWaiver grants[2];
static ValPolicy granting(void)
{
    ValPolicy p = *val_builtin_policy(STR("strict"));
    grants[0] = (ValWaiver){.name = STR("errno"), .rule = RULE_P104, .symbol = STR("errno"), .reason = STR("libc")};
    grants[1] = (ValWaiver){.name = STR("seed"), .rule = RULE_P104, .symbol = STR("seed"), .reason = STR("libc")};
    p.waivers = grants;
    p.n_waivers = 2;
    return p;
}

typedef struct Judged {
    bool ok;
    ValReport report;
    Diags diags;
    Arena arena;
    Writer w;
} Judged;

static Judged judge(const Made *m, const ValOptions *o)
{
    Judged j = {0};
    write_made(&j.w, m);
    ck_assert(!j.w.failed);
    j.ok = val_module(&j.arena, j.w.ptr, j.w.len, "test", o, &j.diags, &j.report);
    ck_assert_msg(j.report.valid, "%s", j.diags.n ? j.diags.items[0].text : "");
    return j;
}

static void done(Judged *j)
{
    wr_free(&j->w);
    arena_free(&j->arena);
    diag_free(&j->diags);
}

static bool says(const Judged *j, const char *words)
{
    for (size_t i = 0; i < j->diags.n; i++)
        if (strstr(j->diags.items[i].text, words)) return true;
    return false;
}

static void expect(const Made *m, ValRule rule, ValVerdict verdict, const char *words)
{
    ValPolicy p = granting();
    Judged j = judge(m, &(ValOptions){.policy = &p});
    for (size_t i = 0; i < j.diags.n && words && !says(&j, words); i++) fprintf(stderr, "# %s\n", j.diags.items[i].text);
    ck_assert_msg(j.report.rules[rule].verdict == verdict, "%s: %s", val_rule_info[rule].code, val_verdict_text(j.report.rules[rule].verdict));
    if (words) ck_assert_msg(says(&j, words), "nothing says: %s", words);
    if (verdict == VAL_VIOLATED) ck_assert_msg(!j.ok, "line %d", __LINE__);
    done(&j);
}

START_TEST(proved)
{
    Made m = good();
    ValPolicy p = granting();
    Judged j = judge(&m, &(ValOptions){.policy = &p, .strict = true});
    ck_assert_msg(j.ok, "%s", j.diags.n ? j.diags.items[0].text : "");
    ck_assert(j.report.layout_proved);
    for (int r = 0; r < VAL_RULE_COUNT; r++) {
        bool off = r == RULE_P403 || r == RULE_P404 || r == RULE_P504 || r == RULE_P606 || r >= RULE_P701; /* no store checks; nothing is described; not asked for; no meter */
        ck_assert_msg(j.report.rules[r].verdict == (off ? VAL_RULE_OFF : VAL_PROVED), "%s", val_rule_info[r].code);
    }
    ck_assert_uint_eq(j.report.rules[RULE_P104].waived, 2);
    ck_assert_uint_eq(j.report.n_waived, 2);
    ck_assert(str_eq(j.report.waived[1].symbol, STR("seed")) && j.report.waived[1].size == 8);
    done(&j);
}
END_TEST

/* ---- 1 ---- */

static void change_field(PmLayout *l, int field, uint32_t value)
{
    uint32_t *const fields[] = {&l->null_guard, &l->stack_low, &l->stack_high, &l->sealed_low, &l->sealed_high,
                                &l->waived_low, &l->waived_high, &l->heap_base, &l->heap_control};
    *fields[field] = value;
}

static const struct {
    int field;
    uint32_t value;
    const char *words;
} numbers[] = {
    {0, 4097, "null_guard 0x1001 is neither 0 nor 0x1000"},
    {0, 8192, "stack_low 0x1000 is below null_guard 0x2000"},
    {1, 4095, "stack_low 0xfff is below null_guard 0x1000"},
    {1, STACK_HIGH, "stack_low and stack_high are both"},
    {1, STACK_HIGH + 1, "stack_high 0x2000 is below stack_low 0x2001"},
    {2, STACK_HIGH + 16, "sealed_low 0x2000 is below stack_high 0x2010"},
    {3, STACK_HIGH + 16, "sealed_low 0x2010 is not a multiple of 2^12"},
    {3, SEALED_HIGH + 4096, "sealed_high 0x3000 is below sealed_low 0x4000"},
    {4, SEALED_HIGH + 4, "sealed_high 0x3004 is not a multiple of 2^12"},
    {5, SEALED_HIGH - 4, "waived_low 0x2ffc is below sealed_high 0x3000"},
    {6, SEALED_HIGH - 4, "waived_high 0x2ffc is below waived_low"},
    {7, WAIVED_HIGH - 1, "heap_base 0x300f is below waived_high 0x3010"},
    {7, 65536, "ends behind the initial memory, 0x10000"},
    {7, UINT32_MAX, "ends behind the initial memory, 0x10000"},
    {8, 257, "heap_control 257 is above 256"},
};

START_TEST(wrong_number)
{
    Made m = good();
    change_field(&m.pm.layout, numbers[_i].field, numbers[_i].value);
    expect(&m, RULE_P104, VAL_VIOLATED, numbers[_i].words);
}
END_TEST

START_TEST(wrong_page)
{
    Made m = good();
    m.pm.layout.page_log2 = 11;
    expect(&m, RULE_P104, VAL_VIOLATED, "page_log2 11");
    m.pm.layout.page_log2 = 17;
    expect(&m, RULE_P104, VAL_VIOLATED, "page_log2 17");
    m.pm.layout.page_log2 = 13; /* sealed_high is a multiple of 4096 only */
    expect(&m, RULE_P104, VAL_VIOLATED, "sealed_high 0x3000 is not a multiple of 2^13");
}
END_TEST

/* ---- 2 ---- */

START_TEST(stack_pointer)
{
    Made m = good();
    m.sp_init = STACK_HIGH - 16;
    expect(&m, RULE_P104, VAL_VIOLATED, "starts at 0x1ff0, stack_high is 0x2000");
    m = good();
    m.pm.stack_pointer = 2;
    expect(&m, RULE_P104, VAL_VIOLATED, "stack_pointer 1 is no mutable i32 global");
    m = good();
    m.global_before = true;
    m.pm.stack_pointer = 2;
    expect(&m, RULE_P104, VAL_VIOLATED, "stack_pointer 1 is not the first mutable i32 global, that is 0");
    m.pm.has_layout = false; /* the section may say less: then nothing rests on it */
    m.pm.stack_pointer = UINT32_MAX;
    expect(&m, RULE_P101, VAL_VIOLATED, NULL);
}
END_TEST

/* The host's fuel is an exception where it is what it should be: recorded, an i64, and the meter's alone (validator_fuel.c). */
START_TEST(fuel)
{
    Made m = good();
    m.fuel_type = TYPE_I64;
    m.fuel_export = "parigot:fuel";
    expect(&m, RULE_P101, VAL_VIOLATED, "mutable global 1"); /* not recorded */
    expect(&m, RULE_P103, VAL_VIOLATED, "exports the mutable global 1");
    m.pm.fuel = 2;
    expect(&m, RULE_P101, VAL_NOT_PROVABLE, "its meter is not proved");
    expect(&m, RULE_P103, VAL_PROVED, NULL);
    m.fuel_export = "parigot:fuel2";
    expect(&m, RULE_P103, VAL_VIOLATED, "exports the mutable global 1");
    m.fuel_export = "parigot:fuel";
    m.section_twice = true;
    expect(&m, RULE_P103, VAL_VIOLATED, "exports the mutable global 1");
    m.section_twice = false;
    m.fuel_type = TYPE_I32;
    expect(&m, RULE_P101, VAL_VIOLATED, "mutable global 1");
    expect(&m, RULE_P103, VAL_VIOLATED, "exports the mutable global 1");
}
END_TEST

START_TEST(entry_thunks)
{
    Made m = good();
    m.entry = "\x41\x80\x40\x24\0"; /* i32.const 8192, but in the wrong place: padded LEB128 is allowed */
    m.entry = "\x41\x80\xc0\x80\x80\x00\x24\x80\x80\x00";
    m.n_entry = 10;
    expect(&m, RULE_P101, VAL_PROVED, NULL);
    m.entry = "\x01\x41\x80\xc0\0\x24\0"; /* nop first */
    m.n_entry = 7;
    expect(&m, RULE_P101, VAL_VIOLATED, "entry \"a.v1.B/C\" does not start by setting the stack pointer, global 0, to 0x2000");
    expect(&m, RULE_P104, VAL_NOT_PROVABLE, "the stack pointer can carry state");
    m.entry = "\x41\xf0\xbf\0\x24\0"; /* 8176 */
    m.n_entry = 6;
    expect(&m, RULE_P101, VAL_VIOLATED, "does not start by setting");
    m.entry = "";
    m.n_entry = 0;
    expect(&m, RULE_P101, VAL_VIOLATED, "does not start by setting");
}
END_TEST

/* The stack pointer is set before anything else, on every path, or it is not set. */
START_TEST(almost_thunks)
{
    static const struct {
        const char *code;
        size_t n;
    } rows[] = {
        {"\x02\x40\x41\x80\xc0\0\x24\0\x0b", 9},             /* in a block */
        {"\x03\x40\x41\x80\xc0\0\x24\0\x0b", 9},             /* in a loop */
        {"\x20\0\x04\x40\x41\x80\xc0\0\x24\0\x0b", 11},      /* if the caller likes */
        {"\x41\x80\xc0\0\x21\0\x20\0\x24\0", 10},            /* through a local */
        {"\x23\0\x1a\x41\x80\xc0\0\x24\0", 9},              /* when it has been read */
        {"\x41\x80\xc0\0\x41\0\x6a\x24\0", 9},              /* by a sum */
        {"\x41\x80\xc0\0\x1a", 5},                            /* not at all */
        {"\x10\0\x41\x80\xc0\0\x24\0", 8},                   /* after a call */
    };
    Made m = good();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        m.entry = rows[i].code;
        m.n_entry = rows[i].n;
        expect(&m, RULE_P101, VAL_VIOLATED, "does not start by setting");
        expect(&m, RULE_P104, VAL_NOT_PROVABLE, NULL);
    }
}
END_TEST

/* A function that lowers the stack by n, with the check for `covered` before it when that is not 0. */
static void frame_body(Writer *w, uint32_t n, uint32_t covered, bool through_local)
{
    if (covered) {
        op_i32(w, GLOBAL_GET, 0);
        op_i32(w, I32_CONST, covered);
        wr_bytes(w, "\x49\x04\x40\x00\x0b", 5); /* i32.lt_u if unreachable end */
    }
    op_i32(w, GLOBAL_GET, 0);
    op_i32(w, I32_CONST, n);
    wr_byte(w, I32_SUB);
    if (through_local) op_i32(w, LOCAL_TEE, 0);
    op_i32(w, GLOBAL_SET, 0);
}

static const struct {
    uint32_t n, covered;
    bool ok;
} frame_rows[] = {
    {4096, 0, true}, {4112, 0, false}, {4112, STACK_LOW + 4112, true}, {4112, STACK_LOW + 4111, false}, {4112, STACK_LOW + 5000, true},
    {1u << 30, STACK_LOW + (1u << 30), true}, {1u << 30, STACK_LOW, false}, {4112, UINT32_MAX, true},
};

START_TEST(frames)
{
    for (int through_local = 0; through_local < 2; through_local++) {
        Made m = good();
        Writer w = {0};
        frame_body(&w, frame_rows[_i].n, frame_rows[_i].covered, through_local);
        m.inner = (const char *)w.ptr;
        m.n_inner = w.len;
        ValPolicy p = granting();
        Judged j = judge(&m, &(ValOptions){.policy = &p});
        ck_assert_msg(j.ok == frame_rows[_i].ok, "row %d, %s", _i, j.diags.n ? j.diags.items[0].text : "");
        ck_assert_uint_eq(j.report.n_frames, !frame_rows[_i].ok);
        if (!j.ok) {
            ck_assert_uint_eq(j.report.frames[0].func, 0);
            ck_assert_uint_eq(j.report.frames[0].depth, frame_rows[_i].n);
            ck_assert(says(&j, "over the null guard, without a check"));
        }
        done(&j);
        wr_free(&w);
    }
}
END_TEST

START_TEST(frame_in_a_thunk)
{
    Made m = good();
    Writer w = {0};
    op_i32(&w, I32_CONST, STACK_HIGH);
    op_i32(&w, GLOBAL_SET, 0);
    frame_body(&w, 8192, STACK_LOW + 8192, false);
    m.entry = (const char *)w.ptr;
    m.n_entry = w.len;
    expect(&m, RULE_P104, VAL_PROVED, NULL);
    wr_free(&w);
}
END_TEST

START_TEST(two_frames_add_up)
{
    Made m = good();
    Writer w = {0};
    frame_body(&w, 4112, STACK_LOW + 4112, false); /* the check covers the first only */
    frame_body(&w, 4112, 0, false);
    m.inner = (const char *)w.ptr;
    m.n_inner = w.len;
    ValPolicy p = granting();
    Judged j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert(!j.ok && j.report.n_frames == 1 && j.report.frames[0].depth == 8224);
    done(&j);
    wr_free(&w);
}
END_TEST

/* ---- 3, 4 ---- */

START_TEST(segments)
{
    Made m = good();
    m.data_at = STACK_HIGH - 4;
    expect(&m, RULE_P104, VAL_VIOLATED, "data segment 0, 0x1ffc to 0x2060, is in neither");
    m.data_at = SEALED_HIGH - 4;
    expect(&m, RULE_P104, VAL_VIOLATED, "is in neither");
    m.data_at = SEALED_HIGH;
    m.data_size = 16;
    expect(&m, RULE_P104, VAL_PROVED, NULL);
}
END_TEST

static const struct {
    uint32_t address;
    ValVerdict verdict;
} store_rows[] = {{0, VAL_VIOLATED}, {STACK_LOW, VAL_VIOLATED}, {STACK_HIGH, VAL_VIOLATED}, {SEALED_HIGH - 1, VAL_VIOLATED}, {SEALED_HIGH, VAL_PROVED},
                  {WAIVED_HIGH - 4, VAL_PROVED}, {HEAP, VAL_PROVED}, {HEAP + CONTROL - 4, VAL_PROVED}, {HEAP + CONTROL - 3, VAL_VIOLATED},
                  {UINT32_MAX, VAL_VIOLATED}};

START_TEST(stores)
{
    Made m = good();
    Writer w = {0};
    op_i32(&w, I32_CONST, store_rows[_i].address);
    wr_bytes(&w, "\x41\0\x36\2\0", 5);
    m.inner = (const char *)w.ptr;
    m.n_inner = w.len;
    expect(&m, RULE_P104, store_rows[_i].verdict, NULL);
    wr_free(&w);
}
END_TEST

/* Every instruction that writes memory, at a fixed address of the sealed range. Other operands are zero, or a length of four;
 * memory.init has to have a data count section (tests/validate/p104-memory-init.wat). */
static bool writes_memory(const WasmOpInfo *info)
{
    bool store = (info->imm == IMM_MEMARG || info->imm == IMM_MEMARG_LANE) && info->pushes[0] == 0;
    return info->imm != IMM_REFUSED && (store || info->imm == IMM_MEM2 || (info->imm == IMM_MEM && info->pops[0] == 'i' && info->pops[1]));
}

static void write_at(Writer *w, const WasmOpInfo *info, uint32_t address)
{
    static const struct {
        char letter;
        const char *code;
        size_t n;
    } zeros[] = {{'i', "\x41\4", 2}, {'I', "\x42\0", 2}, {'f', "\x43\0\0\0\0", 5}, {'F', "\x44\0\0\0\0\0\0\0\0", 9},
                 {'V', "\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18}};
    op_i32(w, I32_CONST, address);
    for (const char *p = info->pops + 1; *p; p++)
        for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
            if (zeros[i].letter == *p) wr_bytes(w, zeros[i].code, zeros[i].n);
    if (info->prefix) {
        wr_byte(w, info->prefix);
        wr_u32(w, info->code);
    } else {
        wr_byte(w, (uint8_t)info->code);
    }
    wr_zeros(w, info->imm == IMM_MEM ? 1 : info->imm == IMM_MEMARG_LANE ? 3 : 2); /* memories; or alignment, offset, lane */
}

START_TEST(every_write)
{
    unsigned found = 0;
    for (int op = 0; op < OP_COUNT; op++) {
        const WasmOpInfo *info = &wasm_op_info[op];
        if (!writes_memory(info)) continue;
        for (int sealed = 0; sealed < 2; sealed++) {
            Made m = good();
            Writer w = {0};
            write_at(&w, info, sealed ? STACK_HIGH : WAIVED_HIGH - 16);
            m.inner = (const char *)w.ptr;
            m.n_inner = w.len;
            if (sealed) expect(&m, RULE_P104, VAL_VIOLATED, "at the fixed address 0x2000");
            else expect(&m, RULE_P104, VAL_PROVED, NULL);
            wr_free(&w);
        }
        found++;
    }
    ck_assert_uint_eq(found, 9 + 1 + 4 + 2); /* stores of numbers, of vectors, of lanes; fill and copy */
}
END_TEST

/* ---- 5 ---- */

START_TEST(waived_range)
{
    Made m = good();
    waivers[1].address = SEALED_HIGH + 2;
    expect(&m, RULE_P104, VAL_VIOLATED, "waived data seed at 0x3002 overlaps what is before it, up to 0x3004");
    m = good();
    waivers[1].size = 16;
    expect(&m, RULE_P104, VAL_VIOLATED, "waivers reach 0x3018, waived_high is 0x3010");
    m = good();
    m.pm.layout.waived_high += 64;
    m.pm.layout.heap_base += 64;
    expect(&m, RULE_P104, VAL_VIOLATED, "no waiver covers 0x3010 to 0x3050 of the waived range");
    m = good();
    m.pm.n_waivers = 0;
    expect(&m, RULE_P104, VAL_VIOLATED, "no waiver covers 0x3000 to 0x3010");
    m = good();
    waivers[0].rule = STR("P105");
    expect(&m, RULE_P104, VAL_VIOLATED, "no waiver covers 0x3000 to 0x3008 of the waived range"); /* few bytes are state too */
    m = good();
    m.pm.n_waivers = 0;
    m.pm.layout.waived_high = SEALED_HIGH + 12;
    expect(&m, RULE_P104, VAL_VIOLATED, "no waiver covers 0x3000 to 0x300c");
    m = good();
    m.pm.layout.waived_high += 8;
    m.pm.layout.heap_base += 8;
    expect(&m, RULE_P104, VAL_VIOLATED, "no waiver covers 0x3010 to 0x3018");
    m = good();
    waivers[0].size = 1;
    expect(&m, RULE_P104, VAL_PROVED, NULL); /* three bytes before seed align it */
    m = good();
    waivers[0].symbol = STR("other");
    expect(&m, RULE_P104, VAL_VIOLATED, "writable static data: other, 4 bytes at 0x3000; waived when it was linked (errno), but not by policy strict");
}
END_TEST

START_TEST(what_a_policy_grants)
{
    Made m = good();
    ValPolicy p = granting();
    p.n_waivers = 1;
    Judged j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert(!j.ok && says(&j, "writable static data: seed"));
    done(&j);

    p = granting();
    grants[0].expires = 1000; /* over */
    j = judge(&m, &(ValOptions){.policy = &p, .now = 1001});
    ck_assert(!j.ok && says(&j, "writable static data: errno"));
    done(&j);
    j = judge(&m, &(ValOptions){.policy = &p, .now = 1000});
    ck_assert(j.ok);
    done(&j);

    p = granting(); /* by archive, up to so many bytes */
    waivers[0].has_archive = waivers[1].has_archive = true;
    memset(waivers[0].archive, 7, 32);
    memset(waivers[1].archive, 7, 32);
    p.n_waivers = 1;
    grants[0] = (ValWaiver){.name = STR("libc"), .rule = RULE_P104, .has_archive = true, .bytes = 12, .reason = STR("libc")};
    memset(grants[0].archive, 7, 32);
    j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert_msg(j.ok, "%s", j.diags.n ? j.diags.items[0].text : "");
    ck_assert_uint_eq(j.report.rules[RULE_P104].waived, 2);
    done(&j);
    grants[0].bytes = 11;
    j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert_msg(!j.ok, "line %d", __LINE__);
    done(&j);
    grants[0].bytes = 12;
    grants[0].archive[31] = 0;
    j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert_msg(!j.ok, "line %d", __LINE__);
    done(&j);

    p = granting(); /* by object: that object must be among the recorded inputs */
    m = good();
    PmInput input = {.name = STR("errno.o")};
    memset(input.digest, 9, 32);
    grants[0].has_object = true;
    memset(grants[0].object, 9, 32);
    j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert_msg(!j.ok, "line %d", __LINE__);
    done(&j);
    m.pm.inputs = &input;
    m.pm.n_inputs = 1;
    j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert(j.ok);
    done(&j);
}
END_TEST

/* ---- seals, places, two policies ---- */

START_TEST(seals)
{
    Made m = good();
    m.pm.layout.seal = PM_SEAL_NONE;
    expect(&m, RULE_P104, VAL_NOT_PROVABLE, "its data is not sealed");
    m.pm.layout.seal = PM_SEAL_CHECK;
    expect(&m, RULE_P104, VAL_PROVED, NULL); /* nothing is written */
    expect(&m, RULE_P403, VAL_PROVED, NULL);
    m.inner = "\x41\0\x28\2\0\x41\0\x36\2\0"; /* to an address that was loaded */
    m.n_inner = 10;
    expect(&m, RULE_P104, VAL_NOT_PROVABLE, "by checks in the code");
    expect(&m, RULE_P403, VAL_VIOLATED, "is not shown to stay");
}
END_TEST

START_TEST(places)
{
    ValPolicy p = granting();
    Made m = good();
    m.section_last = true;
    Judged j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert(j.report.section == PM_MISPLACED && says(&j, "not the first section") && j.diags.warnings > 0);
    ck_assert(j.report.rules[RULE_P104].verdict == VAL_PROVED); /* it does not write to memory at all */
    ck_assert(!j.report.layout_proved);
    done(&j);
    m = good();
    m.section_twice = true;
    j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert(j.report.section == PM_MISPLACED);
    done(&j);
    m = good();
    m.pm.layout.seal = 7; /* broken: an error, but the module is valid WebAssembly */
    j = judge(&m, &(ValOptions){.policy = &p});
    ck_assert(!j.ok && j.report.section == PM_BROKEN && j.diags.items[0].code == PM_BAD);
    done(&j);
}
END_TEST

START_TEST(two_policies)
{
    Made m = good();
    ValPolicy own = granting();
    const ValPolicy *floor = val_builtin_policy(STR("strict")), *reset = val_builtin_policy(STR("reset"));
    Judged j = judge(&m, &(ValOptions){.policy = floor, .also = &own});
    ck_assert(!j.ok && says(&j, "but not by policy strict")); /* the operator has not waived it */
    done(&j);
    j = judge(&m, &(ValOptions){.policy = reset, .also = &own});
    ck_assert(j.ok && says(&j, "but not by policy reset")); /* reset notes P104, and what it notes is no error because another waived it */
    ck_assert(j.report.rules[RULE_P104].verdict == VAL_VIOLATED && j.report.rules[RULE_P104].waived == 0 && j.diags.errors == 0);
    done(&j);
    j = judge(&m, &(ValOptions){.policy = &own, .also = reset}); /* whichever comes first */
    ck_assert(j.ok && j.report.rules[RULE_P104].verdict == VAL_VIOLATED);
    done(&j);
    j = judge(&m, &(ValOptions){.policy = &own, .also = &own});
    ck_assert(j.ok && j.report.rules[RULE_P104].verdict == VAL_PROVED && j.report.rules[RULE_P104].waived == 2);
    done(&j);
    j = judge(&m, &(ValOptions){.policy = reset});
    ck_assert(j.ok && j.report.rules[RULE_P104].verdict == VAL_VIOLATED);
    done(&j);
    ValPolicy small = *reset;
    small.limits[VAL_LIMIT_MEMORY] = 1 << 19;
    j = judge(&m, &(ValOptions){.policy = &own, .also = &small});
    ck_assert(!j.ok && says(&j, "limits.memory is 524288"));
    done(&j);
}
END_TEST

START_TEST(memory_fails)
{
    Made m = good();
    ValPolicy p = granting();
    Writer w = {0};
    write_made(&w, &m);
    bool ok = false;
    for (size_t limit = 1; !ok; limit += limit < 200000 ? 5000 : limit / 2) {
        Arena arena = {.limit_bytes = limit};
        Diags diags = {0};
        ValReport report;
        ok = val_module(&arena, w.ptr, w.len, "test", &(ValOptions){.policy = &p}, &diags, &report);
        ck_assert(ok || diags.errors > 0);
        ck_assert(limit < (size_t)1 << 30);
        diag_free(&diags);
        arena_free(&arena);
    }
    wr_free(&w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validator_layout");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_test(t, proved);
    tcase_add_loop_test(t, wrong_number, 0, ARRAY_LEN(numbers));
    tcase_add_test(t, wrong_page);
    tcase_add_test(t, stack_pointer);
    tcase_add_test(t, fuel);
    tcase_add_test(t, entry_thunks);
    tcase_add_test(t, almost_thunks);
    tcase_add_loop_test(t, frames, 0, ARRAY_LEN(frame_rows));
    tcase_add_test(t, frame_in_a_thunk);
    tcase_add_test(t, two_frames_add_up);
    tcase_add_test(t, segments);
    tcase_add_loop_test(t, stores, 0, ARRAY_LEN(store_rows));
    tcase_add_test(t, every_write);
    tcase_add_test(t, waived_range);
    tcase_add_test(t, what_a_policy_grants);
    tcase_add_test(t, seals);
    tcase_add_test(t, places);
    tcase_add_test(t, two_policies);
    tcase_add_test(t, memory_fails);
    return run_tap(s);
}
