/* Features: each that is supported can be switched off, and is then refused by its name; each other proposal is refused
 * by its name wherever it shows: in types, sections, kinds of imports and exports, flags of limits, instructions. */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include <stdio.h>

#define B(bytes)  (bytes), sizeof(bytes) - 1
#define MODULE    "\0asm\1\0\0\0"
#define ONE_FUNC  MODULE "\1\4\1\x60\0\0\3\2\1\0" /* of type [] -> [] */
#define ONE_TYPE  MODULE "\1\5\1\x60\1"           /* [the byte that follows] -> [], with a \0 behind it */

/* Does some diagnostic say this? */
static bool says(const Diags *d, const char *words)
{
    for (size_t i = 0; i < d->n; i++)
        if (strstr(d->items[i].text, words)) return true;
    return false;
}

static bool judge(const void *bytes, size_t n, WasmFeatures features, Diags *diags, ValReport *report, Arena *arena)
{
    return val_module(arena, bytes, n, "test", &(ValOptions){.features = features}, diags, report);
}

/* ---- supported: on and off ---- */

static const struct {
    WasmFeature feature;
    const char *bytes;
    size_t n;
} supported[] = {
    {FEATURE_MUTABLE_GLOBAL, B(MODULE "\2\6\1\0\0\3\x7f\1")},
    {FEATURE_MUTABLE_GLOBAL, B(MODULE "\6\6\1\x7f\1\x41\0\x0b\7\5\1\1g\3\0")},
    {FEATURE_SIGN_EXT, B(ONE_FUNC "\x0a\x08\1\6\0\x41\0\xc0\x1a\x0b")},
    {FEATURE_SAT_FLOAT, B(ONE_FUNC "\x0a\x0c\1\x0a\0\x43\0\0\0\0\xfc\0\x1a\x0b")},
    {FEATURE_MULTI_VALUE, B(MODULE "\1\6\1\x60\0\2\x7f\x7f")},
    {FEATURE_BULK_MEMORY, B(MODULE "\5\3\1\0\1\x0b\3\1\1\0")},
    {FEATURE_REFERENCE_TYPES, B(ONE_TYPE "\x6f\0")},
    {FEATURE_REFERENCE_TYPES, B(MODULE "\4\7\2\x70\0\0\x70\0\0")},
    {FEATURE_SIMD, B(ONE_TYPE "\x7b\0")},
    {FEATURE_EXTENDED_CONST, B(MODULE "\6\x09\1\x7f\0\x41\1\x41\2\x6a\x0b")},
    {FEATURE_TAIL_CALL, B(ONE_FUNC "\x0a\6\1\4\0\x12\0\x0b")},
};

START_TEST(on_and_off)
{
    WasmFeatures bit = UINT64_C(1) << supported[_i].feature;
    char words[80];
    Diags on = {0}, off = {0};
    Arena arena = {0};
    ValReport report;
    snprintf(words, sizeof words, "feature %s is not enabled", wasm_feature_text(supported[_i].feature));
    ck_assert_msg(judge(supported[_i].bytes, supported[_i].n, FEATURES_ALL, &on, &report, &arena), "row %d: %s", _i,
                  on.n ? on.items[0].text : "");
    ck_assert_msg(report.features & bit, "row %d: not among the features that the module needs", _i);
    ck_assert(!judge(supported[_i].bytes, supported[_i].n, FEATURES_ALL & ~bit, &off, &report, &arena));
    ck_assert_msg(says(&off, words), "row %d: %s", _i, off.items[0].text);
    diag_free(&on);
    diag_free(&off);
    arena_free(&arena);
}
END_TEST

/* ---- not supported: refused by name ---- */

static const struct {
    WasmFeature feature;
    const char *what, *bytes;
    size_t n;
} refused[] = {
    {FEATURE_THREADS, "shared memory", B(MODULE "\5\4\1\3\1\1")},
    {FEATURE_THREADS, "imported shared memory", B(MODULE "\2\7\1\0\0\2\3\1\1")},
    {FEATURE_THREADS, "shared table", B(MODULE "\4\5\1\x70\3\1\1")},
    {FEATURE_THREADS, "shared global", B(MODULE "\6\6\1\x7f\2\x41\0\x0b")},
    {FEATURE_EXCEPTIONS, "tag section", B(MODULE "\1\4\1\x60\0\0\x0d\3\1\0\0")},
    {FEATURE_EXCEPTIONS, "imported tag", B(MODULE "\1\4\1\x60\0\0\2\6\1\0\0\4\0\0")},
    {FEATURE_EXCEPTIONS, "exported tag", B(MODULE "\7\4\1\0\4\0")},
    {FEATURE_EXCEPTIONS, "exnref", B(ONE_TYPE "\x69\0")},
    {FEATURE_EXCEPTIONS, "nullexnref", B(ONE_TYPE "\x74\0")},
    {FEATURE_MEMORY64, "64-bit memory", B(MODULE "\5\3\1\4\1")},
    {FEATURE_MEMORY64, "64-bit table", B(MODULE "\4\4\1\x70\4\1")},
    {FEATURE_MULTI_MEMORY, "two memories", B(MODULE "\5\5\2\0\1\0\1")},
    {FEATURE_MULTI_MEMORY, "a memory beside an imported one", B(MODULE "\2\6\1\0\0\2\0\1\5\3\1\0\1")},
    {FEATURE_MULTI_MEMORY, "access to another memory", B(ONE_FUNC "\5\3\1\0\1\x0a\x0b\1\x09\0\x41\0\x28\x42\1\0\x1a\x0b")},
    {FEATURE_MULTI_MEMORY, "size of another memory", B(ONE_FUNC "\5\3\1\0\1\x0a\7\1\5\0\x3f\1\x1a\x0b")},
    {FEATURE_FUNCTION_REFS, "typed reference", B(MODULE "\1\6\1\x60\1\x63\0\0")},
    {FEATURE_FUNCTION_REFS, "table with an initialiser", B(MODULE "\4\x08\1\x40\0\x70\0\1\xd0\x70\x0b")},
    {FEATURE_FUNCTION_REFS, "ref.null of a type", B(ONE_FUNC "\x0a\7\1\5\0\xd0\0\x1a\x0b")},
    {FEATURE_GC, "struct type", B(MODULE "\1\3\1\x5f\0")},
    {FEATURE_GC, "array type", B(MODULE "\1\4\1\x5e\x7f\0")},
    {FEATURE_GC, "sub type", B(MODULE "\1\6\1\x50\0\x60\0\0")},
    {FEATURE_GC, "final sub type", B(MODULE "\1\6\1\x4f\0\x60\0\0")},
    {FEATURE_GC, "recursive types", B(MODULE "\1\6\1\x4e\1\x60\0\0")},
    {FEATURE_GC, "anyref", B(ONE_TYPE "\x6e\0")},
    {FEATURE_GC, "i31ref", B(ONE_TYPE "\x6c\0")},
    {FEATURE_GC, "i31 as an initialiser", B(MODULE "\6\x08\1\x70\0\x41\0\xfb\x1c\x0b")},
    {FEATURE_STACK_SWITCHING, "continuation type", B(MODULE "\1\3\1\x5d\0")},
    {FEATURE_STACK_SWITCHING, "contref", B(ONE_TYPE "\x68\0")},
    {FEATURE_CUSTOM_PAGES, "page size", B(MODULE "\5\4\1\x08\1\0")},
    {FEATURE_CUSTOM_DESCRIPTORS, "exact function import", B(MODULE "\1\4\1\x60\0\0\2\5\1\0\0\x20\0")},
    {FEATURE_CUSTOM_DESCRIPTORS, "exact reference", B(ONE_TYPE "\x62\0")},
    {FEATURE_STRINGREF, "stringref", B(ONE_TYPE "\x67\0")},
    {FEATURE_STRINGREF, "stringview_wtf8", B(ONE_TYPE "\x66\0")},
    {FEATURE_STRINGREF, "section of strings", B(MODULE "\x0e\2\0\0")},
    {FEATURE_SHARED_EVERYTHING, "shared type", B(MODULE "\1\5\1\x65\x60\0\0")},
    {FEATURE_SHARED_EVERYTHING, "shared reference", B(ONE_TYPE "\x65\0")},
    {FEATURE_COMPACT_IMPORTS, "compact imports", B(MODULE "\1\4\1\x60\0\0\2\x08\1\1m\0\x7f\1\0\0\0")},
};

static void expect_refusal(const char *what, const void *bytes, size_t n, WasmFeature feature)
{
    char words[80];
    Diags d = {0};
    Arena arena = {0};
    ValReport report;
    snprintf(words, sizeof words, "feature %s is not supported", wasm_feature_text(feature));
    ck_assert_msg(!judge(bytes, n, 0, &d, &report, &arena), "%s", what);
    ck_assert_msg(says(&d, words), "%s: %s", what, d.n ? d.items[0].text : "");
    ck_assert(!report.valid);
    diag_free(&d);
    arena_free(&arena);
}

START_TEST(by_name) { expect_refusal(refused[_i].what, refused[_i].bytes, refused[_i].n, refused[_i].feature); }
END_TEST

/* Each refused instruction, alone in a function. */
START_TEST(instruction_by_name)
{
    const WasmOpInfo *info = &wasm_op_info[_i];
    if (info->imm != IMM_REFUSED) return;
    Writer w = {0};
    wr_bytes(&w, ONE_FUNC, sizeof ONE_FUNC - 1);
    size_t section = begin_section(&w, SEC_CODE);
    wr_byte(&w, 1);
    size_t body = wr_begin_size(&w);
    wr_byte(&w, 0);
    if (info->prefix) wr_byte(&w, info->prefix);
    wr_u32(&w, info->code);
    wr_zeros(&w, 8);
    wr_end_size(&w, body);
    wr_end_size(&w, section);
    expect_refusal(wasm_op_text((WasmOp)_i), w.ptr, w.len, (WasmFeature)info->feature);
    wr_free(&w);
}
END_TEST

START_TEST(each_feature_is_tested)
{
    for (int f = 0; f < FEATURE_COUNT; f++) {
        bool found = f == FEATURE_MVP;
        for (size_t i = 0; i < ARRAY_LEN(supported); i++) found |= supported[i].feature == (WasmFeature)f;
        for (size_t i = 0; i < ARRAY_LEN(refused); i++) found |= refused[i].feature == (WasmFeature)f;
        for (int op = 0; op < OP_COUNT; op++) found |= wasm_op_info[op].imm == IMM_REFUSED && wasm_op_info[op].feature == f;
        ck_assert_msg(found, "no test of %s", wasm_feature_text((WasmFeature)f));
    }
}
END_TEST

/* Atomic operations are P202 besides being refused, those on globals and structs too. */
START_TEST(atomics_are_a_finding)
{
    static const struct { const char *bytes; size_t n; } rows[] = {
        {B(ONE_FUNC "\x0a\x08\1\6\0\xfe\3\0\x1a\x0b")}, {B(ONE_FUNC "\x0a\x08\1\6\0\xfe\x4f\0\0\x0b")}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Diags d = {0};
        Arena arena = {0};
        ValReport report;
        ValOptions o = {.policy = val_builtin_policy(STR("strict"))};
        ck_assert(!val_module(&arena, (const uint8_t *)rows[i].bytes, rows[i].n, "test", &o, &d, &report));
        ck_assert(report.rules[RULE_P202].verdict == VAL_VIOLATED);
        diag_free(&d);
        arena_free(&arena);
    }
}
END_TEST

/* ---- words of --features and of policies ---- */

START_TEST(words)
{
    Arena arena = {0};
    WasmFeatures set = 0;
    bool wamr = false;
    ck_assert_ptr_null(val_add_feature(&arena, STR("simd"), &set, &wamr));
    ck_assert(set == FEATURE_BIT(SIMD) && !wamr);
    ck_assert_ptr_null(val_add_feature(&arena, STR("wamr"), &set, &wamr));
    ck_assert(set == (FEATURES_CORE | FEATURE_BIT(SIMD)) && wamr);
    ck_assert_ptr_null(val_add_feature(&arena, STR("all"), &set, &wamr));
    ck_assert(set == FEATURES_ALL);
    const char *why = val_add_feature(&arena, STR("bulk_memory"), &set, &wamr);
    ck_assert(why && strstr(why, "did you mean bulk-memory?") && strstr(why, "tail-call, and the sets wamr and all"));
    why = val_add_feature(&arena, STR("threads"), &set, &wamr);
    ck_assert(why && strstr(why, "feature threads is not supported"));
    why = val_add_feature(&arena, STR("\x1b[31m"), &set, &wamr);
    ck_assert(why && !strchr(why, 0x1b) && !strstr(why, "did you mean"));
    ck_assert(set == FEATURES_ALL);
    arena_free(&arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validator_features");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, on_and_off, 0, ARRAY_LEN(supported));
    tcase_add_loop_test(t, by_name, 0, ARRAY_LEN(refused));
    tcase_add_loop_test(t, instruction_by_name, 0, OP_COUNT);
    tcase_add_test(t, each_feature_is_tested);
    tcase_add_test(t, atomics_are_a_finding);
    tcase_add_test(t, words);
    return run_tap(s);
}
