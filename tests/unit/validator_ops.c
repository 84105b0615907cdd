/* Every row of opcodes.def: one function that is valid, one that is not, and which error that is. Each as the last bytes
 * of the file, and with something behind it: the validator has two ways through code (fast.c). */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include <stdio.h>

#define B(bytes) (bytes), sizeof(bytes) - 1

/* The module around the function: types 0 [] -> [], 1 [i32] -> [i32], 2 [] -> [i32 i32]; functions 0 (under test: params
 * and results as wanted) and 1 of type 1; tables 0 funcref, 1 externref; a memory; globals 0 mut i32, 1 i64; element
 * segment 0; data segment 0. */
static void write_module(Writer *w, const char *params, const char *results, const void *code, size_t size, bool trailer)
{
    write_header(w);
    size_t mark = begin_section(w, SEC_TYPE), inner;
    wr_u32(w, 4);
    write_func_type(w, "", "");
    write_func_type(w, "i", "i");
    write_func_type(w, "", "ii");
    write_func_type(w, params, results);
    wr_end_size(w, mark);

    mark = begin_section(w, SEC_FUNCTION);
    wr_bytes(w, B("\2\3\1"));
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_TABLE);
    wr_bytes(w, B("\2\x70\0\1\x6f\0\1"));
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_MEMORY);
    wr_bytes(w, B("\1\0\1"));
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_GLOBAL);
    wr_bytes(w, B("\2\x7f\1\x41\0\x0b\x7e\0\x42\0\x0b"));
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_ELEMENT);
    wr_bytes(w, B("\1\1\0\1\1")); /* passive, function 1 */
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_DATA_COUNT);
    wr_byte(w, 1);
    wr_end_size(w, mark);

    mark = begin_section(w, SEC_CODE);
    wr_u32(w, 2);
    inner = wr_begin_size(w);
    wr_bytes(w, B("\1\1\x7f")); /* a local: i32 */
    wr_bytes(w, code, size);
    wr_byte(w, 0x0b);
    wr_end_size(w, inner);
    wr_bytes(w, B("\4\0\x20\0\x0b"));
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_DATA);
    wr_bytes(w, B("\1\1\1x"));
    wr_end_size(w, mark);
    if (trailer) write_trailer(w);
}

/* The first error's code, DIAG_NONE when there is none. */
static DiagCode judge(const char *params, const char *results, const void *code, size_t size, bool trailer, char text[200])
{
    Writer w = {0};
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    write_module(&w, params, results, code, size, trailer);
    ck_assert(!w.failed);
    uint8_t *exact = malloc(w.len); /* so that a sanitizer sees each step beyond it */
    memcpy(exact, w.ptr, w.len);
    bool ok = val_module(&arena, exact, w.len, "test", NULL, &diags, &report);
    DiagCode first = ok ? DIAG_NONE : diags.items[0].code;
    snprintf(text, 200, "%s", ok ? "valid" : diags.items[0].text);
    ck_assert(ok == report.valid);
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
    free(exact);
    return first;
}

static void expect(const char *op, const char *params, const char *results, const void *code, size_t size, DiagCode wanted)
{
    for (int trailer = 0; trailer < 2; trailer++) {
        char text[200];
        DiagCode found = judge(params, results, code, size, trailer, text);
        ck_assert_msg(found == wanted, "%s, trailer %d: wanted %s, found %s: %s", op, trailer, diag_code_text(wanted), diag_code_text(found), text);
    }
}

/* ---- rows that the table decides ---- */

static void write_immediate(Writer *w, const WasmOpInfo *info)
{
    switch ((WasmImm)info->imm) {
    case IMM_NONE: break;
    case IMM_MEMARG: wr_byte(w, info->align_log2); wr_u32(w, 300); break;
    case IMM_MEMARG_LANE: wr_byte(w, info->align_log2); wr_u32(w, 5); wr_byte(w, 0); break;
    case IMM_LANE: wr_byte(w, (uint8_t)((1 << info->align_log2) - 1)); break;
    case IMM_LANES16: wr_zeros(w, 15); wr_byte(w, 31); break;
    case IMM_MEM2: case IMM_ELEM_TABLE: case IMM_DATA_MEM: case IMM_TABLE2: wr_zeros(w, 2); break;
    case IMM_F32: wr_zeros(w, 4); break;
    case IMM_F64: wr_zeros(w, 8); break;
    case IMM_V128: wr_zeros(w, 16); break;
    default: wr_byte(w, 0);
    }
}

static void write_op(Writer *w, const WasmOpInfo *info)
{
    if (info->prefix) {
        wr_byte(w, info->prefix);
        wr_u32(w, info->code);
    } else {
        wr_byte(w, (uint8_t)info->code);
    }
    write_immediate(w, info);
}

/* The function gets its operands as parameters, and gives back what the instruction pushes. */
static void check_row(const WasmOpInfo *info, const char *params, const char *results, DiagCode wanted)
{
    Writer w = {0};
    for (uint32_t i = 0; i < strlen(params); i++) {
        wr_byte(&w, 0x20);
        wr_u32(&w, i);
    }
    write_op(&w, info);
    expect(wasm_op_text((WasmOp)(info - wasm_op_info)), params, results, w.ptr, w.len, wanted);
    wr_free(&w);
}

START_TEST(row)
{
    const WasmOpInfo *info = &wasm_op_info[_i];
    if (info->imm == IMM_REFUSED) {
        check_row(info, "", "", WASM_FEATURE);
        return;
    }
    if (info->pops[0] == '*' || strchr(info->pops, 'r')) return; /* by hand, below */
    check_row(info, info->pops, info->pushes, DIAG_NONE);
    /* wrong: each operand in turn of another type, one operand too few, another result */
    char params[8];
    for (size_t i = 0; info->pops[i]; i++) {
        strcpy(params, info->pops);
        params[i] = params[i] == 'F' ? 'i' : 'F';
        check_row(info, params, info->pushes, VAL_TYPE_MISMATCH);
        strcpy(params, info->pops);
        params[strlen(params) - 1] = 0;
        check_row(info, params, info->pushes, VAL_TYPE_MISMATCH);
    }
    check_row(info, info->pops, info->pushes[0] == 'F' ? "i" : "F", VAL_TYPE_MISMATCH);
}
END_TEST

/* ---- rows by hand: code that is valid, code that is not, and its error ---- */

static const struct {
    WasmOp op;
    const char *params, *results;
    const char *good; size_t n_good;
    const char *bad; size_t n_bad;
    DiagCode error;
} by_hand[] = {
    {OP_UNREACHABLE, "", "i", B("\x00\x6a"), B("\x00\x42\0"), VAL_TYPE_MISMATCH},
    {OP_BLOCK, "", "i", B("\x02\x7f\x41\0\x0b"), B("\x02\x7f\x42\0\x0b"), VAL_TYPE_MISMATCH},
    {OP_LOOP, "", "i", B("\x41\0\x03\1\x0b"), B("\x03\1\x0b"), VAL_TYPE_MISMATCH},
    {OP_IF, "i", "i", B("\x20\0\x04\x7f\x41\0\x05\x41\1\x0b"), B("\x20\0\x04\x7f\x41\0\x0b"), VAL_TYPE_MISMATCH},
    {OP_ELSE, "i", "", B("\x20\0\x04\x40\x05\x01\x0b"), B("\x02\x40\x05\x0b"), VAL_ELSE},
    {OP_END, "", "", B("\x02\x40\x0b"), B("\x0b"), VAL_BODY_END},
    {OP_BR, "", "i", B("\x41\0\x0c\0"), B("\x0c\0"), VAL_TYPE_MISMATCH},
    {OP_BR_IF, "i", "i", B("\x41\0\x20\0\x0d\0"), B("\x41\0\x42\0\x0d\0"), VAL_TYPE_MISMATCH},
    {OP_BR_TABLE, "i", "", B("\x02\x40\x20\0\x0e\2\0\1\0\x0b"), B("\x02\x7f\x41\0\x20\0\x0e\1\0\1\x0b\x1a"), VAL_TYPE_MISMATCH},
    {OP_RETURN, "", "ii", B("\x41\0\x41\0\x0f"), B("\x41\0\x42\0\x0f"), VAL_TYPE_MISMATCH},
    {OP_CALL, "i", "i", B("\x20\0\x10\1"), B("\x42\0\x10\1"), VAL_TYPE_MISMATCH},
    {OP_CALL_INDIRECT, "i", "i", B("\x20\0\x41\0\x11\1\0"), B("\x20\0\x41\0\x11\1\1"), VAL_TYPE_MISMATCH},
    {OP_RETURN_CALL, "i", "i", B("\x20\0\x12\1"), B("\x12\1"), VAL_TYPE_MISMATCH},
    {OP_RETURN_CALL_INDIRECT, "i", "i", B("\x20\0\x41\0\x13\1\0"), B("\x41\0\x13\0\0"), VAL_TYPE_MISMATCH},
    {OP_DROP, "", "", B("\x42\0\x1a"), B("\x1a"), VAL_TYPE_MISMATCH},
    {OP_SELECT, "i", "I", B("\x42\0\x42\1\x20\0\x1b"), B("\xd2\1\xd2\1\x20\0\x1b"), VAL_TYPE_MISMATCH},
    {OP_SELECT, "i", "I", B("\x42\0\x42\1\x20\0\x1b"), B("\x42\0\x41\1\x20\0\x1b"), VAL_TYPE_MISMATCH},
    {OP_SELECT_T, "i", "x", B("\xd0\x6f\xd0\x6f\x20\0\x1c\1\x6f"), B("\x20\0\x1c\0"), VAL_ARITY},
    {OP_LOCAL_GET, "I", "I", B("\x20\0"), B("\x20\2"), VAL_UNKNOWN_LOCAL},
    {OP_LOCAL_SET, "I", "", B("\x42\0\x21\0"), B("\x41\0\x21\0"), VAL_TYPE_MISMATCH},
    {OP_LOCAL_TEE, "I", "I", B("\x42\0\x22\0"), B("\x41\0\x22\0\x1a\x42\0"), VAL_TYPE_MISMATCH},
    {OP_GLOBAL_GET, "", "I", B("\x23\1"), B("\x23\2"), VAL_UNKNOWN_GLOBAL},
    {OP_GLOBAL_SET, "", "", B("\x41\0\x24\0"), B("\x42\0\x24\1"), VAL_IMMUTABLE},
    {OP_TABLE_GET, "", "x", B("\x41\0\x25\1"), B("\x41\0\x25\0"), VAL_TYPE_MISMATCH},
    {OP_TABLE_SET, "", "", B("\x41\0\xd2\1\x26\0"), B("\x41\0\xd2\1\x26\1"), VAL_TYPE_MISMATCH},
    {OP_TABLE_GROW, "", "i", B("\xd2\1\x41\0\xfc\x0f\0"), B("\xd2\1\x41\0\xfc\x0f\2"), VAL_UNKNOWN_TABLE},
    {OP_TABLE_FILL, "", "", B("\x41\0\xd0\x6f\x41\0\xfc\x11\1"), B("\x41\0\xd0\x6f\x41\0\xfc\x11\0"), VAL_TYPE_MISMATCH},
    {OP_REF_NULL, "", "x", B("\xd0\x6f"), B("\xd0\x70"), VAL_TYPE_MISMATCH},
    {OP_REF_IS_NULL, "x", "i", B("\x20\0\xd1"), B("\x41\0\xd1"), VAL_TYPE_MISMATCH},
    {OP_REF_FUNC, "", "r", B("\xd2\1"), B("\xd2\0"), VAL_UNDECLARED_REF},
};

START_TEST(hand)
{
    const char *text = wasm_op_text(by_hand[_i].op);
    expect(text, by_hand[_i].params, by_hand[_i].results, by_hand[_i].good, by_hand[_i].n_good, DIAG_NONE);
    expect(text, by_hand[_i].params, by_hand[_i].results, by_hand[_i].bad, by_hand[_i].n_bad, by_hand[_i].error);
}
END_TEST

START_TEST(each_row_by_hand_is_there)
{
    for (int op = 0; op < OP_COUNT; op++) {
        const WasmOpInfo *info = &wasm_op_info[op];
        bool found = info->imm == IMM_REFUSED || (info->pops[0] != '*' && !strchr(info->pops, 'r'));
        for (size_t i = 0; i < ARRAY_LEN(by_hand); i++) found |= by_hand[i].op == (WasmOp)op;
        ck_assert_msg(found, "no test of %s", wasm_op_text((WasmOp)op));
    }
}
END_TEST

/* Immediates that are not: too large an alignment, lanes, unknown indices, encodings that core 2.0 does not have. */
static const struct {
    const char *what, *params, *results, *code;
    size_t n;
    DiagCode error;
} wrong[] = {
    {"alignment", "i", "i", B("\x20\0\x28\3\0"), VAL_ALIGNMENT},
    {"alignment of a vector load", "i", "V", B("\x20\0\xfd\0\5\0"), VAL_ALIGNMENT},
    {"memory index", "i", "i", B("\x20\0\x28\x42\0\0"), WASM_FEATURE},
    {"memory.size of another memory", "", "i", B("\x3f\1"), WASM_FEATURE},
    {"lane", "V", "i", B("\x20\0\xfd\x1b\4"), VAL_LANE},
    {"lane of a store", "iV", "", B("\x20\0\x20\1\xfd\x58\0\0\x10"), VAL_LANE},
    {"shuffle", "V", "V", B("\x20\0\x20\0\xfd\x0d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20"), VAL_LANE},
    {"type index", "i", "", B("\x20\0\x11\x09\0"), VAL_UNKNOWN_TYPE},
    {"function index", "", "", B("\x10\2"), VAL_UNKNOWN_FUNC},
    {"function index of ref.func", "", "", B("\xd2\x09\x1a"), VAL_UNKNOWN_FUNC},
    {"table index", "", "", B("\x41\0\x11\0\2"), VAL_UNKNOWN_TABLE},
    {"label", "", "", B("\x0c\1"), VAL_UNKNOWN_LABEL},
    {"label of br_if", "", "", B("\x41\0\x0d\7"), VAL_UNKNOWN_LABEL},
    {"label of br_table", "", "", B("\x41\0\x0e\0\7"), VAL_UNKNOWN_LABEL},
    {"block type index", "", "", B("\x02\x09\x0b"), VAL_UNKNOWN_TYPE},
    {"block type of another feature", "", "", B("\x02\x6e\x0b"), WASM_FEATURE},
    {"ref.null of a type index", "", "", B("\xd0\0\x1a"), WASM_FEATURE},
    {"data segment", "", "", B("\xfc\x09\1"), VAL_UNKNOWN_DATA},
    {"element segment", "", "", B("\xfc\x0d\1"), VAL_UNKNOWN_ELEM},
    {"opcode", "", "", B("\x27"), WASM_BAD_OPCODE},
    {"opcode behind a prefix", "", "", B("\xfc\x7f"), WASM_BAD_OPCODE},
    {"LEB128 of six bytes", "", "", B("\x41\x80\x80\x80\x80\x80\0\x1a"), WASM_BAD_LEB},
    {"LEB128 with bits too many", "", "", B("\x41\x80\x80\x80\x80\x70\x1a"), WASM_BAD_LEB},
    {"i64 with bits too many", "", "", B("\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x40\x1a"), WASM_BAD_LEB},
    {"f64 cut short by the end", "", "", B("\x44\0\0\0"), WASM_TRUNCATED},
    {"opcode whose immediate is the end", "", "", B("\x41"), VAL_BODY_END},
    {"code after the end", "", "", B("\x0b\x01"), VAL_BODY_END},
    {"block without end", "", "", B("\x02\x40"), VAL_BODY_END},
    {"values left", "", "", B("\x41\0"), VAL_TYPE_MISMATCH},
    {"values left in a block", "", "", B("\x02\x40\x41\0\x0b"), VAL_TYPE_MISMATCH},
    {"operand of the block outside", "", "", B("\x41\0\x02\x40\x1a\x0b"), VAL_TYPE_MISMATCH},
    {"operands below a block", "", "i", B("\x41\0\x02\x40\x41\1\x6a\x1a\x0b"), VAL_TYPE_MISMATCH},
    {"unreachable code is checked", "", "", B("\x00\x41\0\x42\0\x6a\x1a"), VAL_TYPE_MISMATCH},
    {"unreachable code leaves a value", "", "", B("\x00\x41\0"), VAL_TYPE_MISMATCH},
    {"select of two types after unreachable", "", "", B("\x00\x41\0\x42\0\x41\0\x1b\x1a"), VAL_TYPE_MISMATCH},
};

START_TEST(refused) { expect(wrong[_i].what, wrong[_i].params, wrong[_i].results, wrong[_i].code, wrong[_i].n, wrong[_i].error); }
END_TEST

/* What looks odd and is valid. */
static const struct {
    const char *what, *params, *results, *code;
    size_t n;
} right[] = {
    {"stack-polymorphic code", "", "i", B("\x00\x1b\x1a\x6a")},
    {"select of nothing known", "", "", B("\x00\x1b\xd1\x1a")},
    {"br out of an if in unreachable code", "", "", B("\x00\x04\x40\x0c\1\x05\x0c\0\x0b")},
    {"br_table in unreachable code, labels of different types", "", "",
     B("\x02\x7f\x02\x7e\x00\x41\0\x0e\1\0\1\x0b\x1a\x41\0\x0b\x1a")},
    {"LEB128 padded to five bytes", "", "i", B("\x41\x80\x80\x80\x80\0")},
    {"five bytes of i32", "", "i", B("\x41\x80\x80\x80\x80\x78")},
    {"ten bytes of i64", "", "I", B("\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f")},
    {"label in three bytes", "", "", B("\x0c\x80\x80\0")},
    {"offset of 32 bits", "i", "i", B("\x20\0\x28\2\xff\xff\xff\xff\x0f")},
    {"block with parameters and results", "", "ii", B("\x41\0\x02\1\x0b\x1a\x02\2\x41\0\x41\0\x0b")},
};

START_TEST(accepted) { expect(right[_i].what, right[_i].params, right[_i].results, right[_i].code, right[_i].n, DIAG_NONE); }
END_TEST

/* Whole modules, for what is wrong outside of instructions and cannot be written as text. */
#define MODULE "\0asm\1\0\0\0"
static const struct {
    const char *what, *bytes;
    size_t n;
    DiagCode error;
} modules[] = {
    {"2^32 locals", B(MODULE "\1\4\1\x60\0\0\3\2\1\0\x0a\x0c\1\x0a\2\xff\xff\xff\xff\x0f\x7f\1\x7e\x0b"), VAL_TOO_MANY_LOCALS},
    {"2^32 - 1 locals", B(MODULE "\1\4\1\x60\0\0\3\2\1\0\x0a\x13\1\x11\2\xfe\xff\xff\xff\x0f\x7f\1\x7e\x20\xfe\xff\xff\xff\x0f\x1a\x0b"), DIAG_NONE},
    {"memory.init without a data count", B(MODULE "\1\4\1\x60\0\0\3\2\1\0\5\3\1\0\1\x0a\7\1\5\0\xfc\x09\0\x0b\x0b\3\1\1\0"), VAL_DATA_COUNT},
    {"a global that reads a later one", B(MODULE "\6\6\1\x7f\0\x23\0\x0b"), VAL_UNKNOWN_GLOBAL},
    {"an empty initialiser", B(MODULE "\6\4\1\x7f\0\x0b"), VAL_TYPE_MISMATCH},
    {"an initialiser of two values", B(MODULE "\6\x08\1\x7f\0\x41\0\x41\0\x0b"), VAL_TYPE_MISMATCH},
    {"extended constants", B(MODULE "\6\x09\1\x7f\0\x41\1\x41\2\x6a\x0b"), DIAG_NONE},
    {"extended constants of two types", B(MODULE "\6\x09\1\x7f\0\x41\1\x42\2\x6a\x0b"), VAL_TYPE_MISMATCH},
    {"elements of another type", B(MODULE "\4\4\1\x6f\0\1\x09\6\1\0\x41\0\x0b\0"), VAL_TYPE_MISMATCH},
    {"elements for no table", B(MODULE "\x09\6\1\0\x41\0\x0b\0"), VAL_UNKNOWN_TABLE},
    {"data for no memory", B(MODULE "\x0b\6\1\0\x41\0\x0b\0"), VAL_UNKNOWN_MEMORY},
    {"export of nothing", B(MODULE "\7\5\1\1a\2\0"), VAL_UNKNOWN_MEMORY},
    {"start of nothing", B(MODULE "\x08\1\0"), VAL_UNKNOWN_FUNC},
    {"memory above 4 GiB", B(MODULE "\5\5\1\0\x81\x80\4"), VAL_LIMITS},
};

START_TEST(whole_module)
{
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    bool ok = val_module(&arena, (const uint8_t *)modules[_i].bytes, modules[_i].n, "test", NULL, &diags, &report);
    DiagCode first = ok ? DIAG_NONE : diags.items[0].code;
    ck_assert_msg(first == modules[_i].error, "%s: %s %s", modules[_i].what, diag_code_text(first), ok ? "" : diags.items[0].text);
    diag_free(&diags);
    arena_free(&arena);
}
END_TEST

START_TEST(each_rule_is_explained)
{
    for (int r = 0; r < VAL_RULE_COUNT; r++) {
        ck_assert_str_eq(diag_code_text(val_rule_info[r].diag), val_rule_info[r].code);
        ck_assert_msg(strstr(diag_help(val_rule_info[r].diag), "cure: "), "%s", val_rule_info[r].code);
        ck_assert(r == 0 || strcmp(val_rule_info[r - 1].code, val_rule_info[r].code) < 0);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validator_ops");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, row, 0, OP_COUNT);
    tcase_add_loop_test(t, hand, 0, ARRAY_LEN(by_hand));
    tcase_add_test(t, each_row_by_hand_is_there);
    tcase_add_loop_test(t, refused, 0, ARRAY_LEN(wrong));
    tcase_add_loop_test(t, accepted, 0, ARRAY_LEN(right));
    tcase_add_loop_test(t, whole_module, 0, ARRAY_LEN(modules));
    tcase_add_test(t, each_rule_is_explained);
    return run_tap(s);
}
