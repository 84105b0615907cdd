/* nans.c: LoadCompileOptions.canonical_nans. What core 2.0 §4.3.3 "NaN Propagation" leaves open is the canonical NaN, to
 * the bit; what moves values keeps every payload. Each instruction is reached in the forms that the interpreter has for
 * it: operands from slots, from accumulators, constants, results into locals, memory, calls, other arithmetic. What is
 * right is computed here, in C, from bits. */
#include "loader/interp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/compile.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

/* ---- what is right -------------------------------------------------------------------------------------------------------- */

#define CANON32 0x7fc00000u
#define CANON64 (UINT64_C(0x7ff8) << 48)

static uint64_t bits_of(bool is64, double v) { return is64 ? load_from_f64(v) : load_from_f32((float)v); }
static double min_of(double x, double y) { return x < y || (x == y && signbit(x)) ? x : y; }
static double max_of(double x, double y) { return x > y || (x == y && !signbit(x)) ? x : y; }

/* The result's bits. The double of a float's sum, difference, product, quotient and root rounds to the float's: 53 >= 2 * 24 + 2. */
static uint64_t expected(bool is64, const char *op, uint64_t a, uint64_t b)
{
    double x = is64 ? load_to_f64(a) : (double)load_to_f32(a), y = is64 ? load_to_f64(b) : (double)load_to_f32(b), r;
    bool binary = strlen(op) == 3 && strcmp(op, "abs") != 0 && strcmp(op, "neg") != 0;
    uint64_t canonical = is64 ? CANON64 : CANON32;
    if (isnan(x) || (binary && isnan(y))) return canonical;
    if (strcmp(op, "add") == 0) r = x + y;
    else if (strcmp(op, "sub") == 0) r = x - y;
    else if (strcmp(op, "mul") == 0) r = x * y;
    else if (strcmp(op, "div") == 0) r = x / y;
    else if (strcmp(op, "min") == 0) r = min_of(x, y);
    else if (strcmp(op, "max") == 0) r = max_of(x, y);
    else if (strcmp(op, "sqrt") == 0) r = sqrt(x);
    else if (strcmp(op, "ceil") == 0) r = ceil(x);
    else if (strcmp(op, "floor") == 0) r = floor(x);
    else if (strcmp(op, "trunc") == 0) r = trunc(x);
    else if (strcmp(op, "nearest") == 0) r = nearbyint(x);
    else ck_abort_msg("%s", op);
    return isnan(r) ? canonical : bits_of(is64, r);
}

static const char *const binaries[] = {"add", "sub", "mul", "div", "min", "max"};
static const char *const unaries[] = {"sqrt", "ceil", "floor", "trunc", "nearest"};

static const uint32_t values32[] = {0, 0x80000000, 0x3f800000, 0xbf800000, 0x40200000, 0xc0200000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
                                    0x7fc00001, 0xffd55555, 0x7fffffff, 0x7f800001, 0xffbfffff, 0x7fa00000};
static uint64_t value(bool is64, size_t i)
{
    if (!is64) return values32[i];
    uint64_t v = values32[i];
    if ((v & 0x7f800000) != 0x7f800000) return load_from_f64((double)load_to_f32(v));
    return (v & 0x80000000) << 32 | UINT64_C(0x7ff) << 52 | (v & 0x7fffff) << 29 | ((v & 0x7fffff) != 0);
}

/* ---- the module ------------------------------------------------------------------------------------------------------------ */

typedef struct Unit {
    Arena arena;
    Bytes wasm;
    ValReport report;
    LoadModule *module;
    LoadInstance *instance;
} Unit;

static void open_unit(Unit *u, TextBuf *wat, bool canonical, bool checked)
{
    char folder[32];
    Diags d = {0};
    *u = (Unit){0};
    temporary_folder(folder);
    put_file(folder, "m.wat", wat->ptr, wat->len);
    run_in(folder, "wat2wasm m.wat -o m.wasm");
    u->wasm = get_file(folder, "m.wasm");
    remove_folder(folder);
    ValOptions options = {.policy = val_builtin_policy(STR("none")), .features = load_interp.features};
    ck_assert(val_module(&u->arena, u->wasm.ptr, u->wasm.size, "m.wasm", &options, &d, &u->report));
    u->module = load_interp.compile(&u->report.module, &(LoadCompileOptions){.canonical_nans = canonical, .force_checks = checked}, &d);
    ck_assert_ptr_nonnull(u->module);
    u->instance = load_interp.instantiate(u->module, NULL, 0, NULL, NULL, &d);
    LoadTrap trap = {0};
    ck_assert(u->instance && load_interp.start(u->instance, &trap));
    diag_free(&d);
}

static void close_unit(Unit *u)
{
    load_interp.destroy(u->instance);
    load_interp.free_module(u->module);
    arena_free(&u->arena);
    bytes_free(&u->wasm);
}

static void call(const Unit *u, const char *name, LoadSlot *slots)
{
    const WasmModule *m = &u->report.module;
    LoadTrap trap = {0};
    for (uint32_t i = 0; i < m->n_exports; i++) {
        if (!str_eq(m->exports[i].name, str_of(name))) continue;
        ck_assert_msg(load_interp.call(u->instance, m->exports[i].index, slots, &trap), "%s", name);
        return;
    }
    ck_abort_msg("no export %s", name);
}

/* Shapes in which a binary or unary instruction appears: $x and $y are floats, the result is to be one. X is the instruction
 * on what follows. How often it is applied to its own result as first operand, besides. */
typedef struct Shape {
    const char *name, *text;
    unsigned again;
} Shape;
static const Shape shapes[] = {
    {"slots", "(X (local.get $x) Y)", 0},
    {"accumulator", "(X (X (local.get $x) Y) Y)", 1},
    {"three times", "(X (X (X (local.get $x) Y) Y) Y)", 2},
    {"local", "(local.set $r (X (local.get $x) Y)) (local.get $r)", 0},
    {"itself", "(local.set $x (X (local.get $x) Y)) (local.get $x)", 0},
    {"tee", "(drop (T.neg (local.tee $r (X (local.get $x) Y)))) (local.get $r)", 0},
    {"memory", "(T.store (i32.const 8) (X (local.get $x) Y)) (T.load (i32.const 8))", 0},
    {"global", "(global.set $T (X (local.get $x) Y)) (global.get $T)", 0},
    {"call", "(call $same_T (X (local.get $x) Y))", 0},
    {"select", "(select (X (local.get $x) Y) (T.const 1) (i32.const 1))", 0},
    {"branch", "(block $b (result T) (br_if $b (X (local.get $x) Y) (i32.const 1)))", 0},
    {"compared", "(local.set $r (X (local.get $x) Y)) (if (T.eq (local.get $r) (local.get $r)) (then)) (local.get $r)", 0},
    {"loop", "(local.set $n (i32.const 3)) (loop $l (local.set $x (X (local.get $x) Y))"
             " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $x)", 2},
};

/* Replaces X, Y, T in a shape's text. */
static void add_shape(TextBuf *t, const Shape *s, const char *type, const char *op, const char *y)
{
    for (const char *p = s->text; *p; p++) {
        bool alone = *p != 'X' || (p[-1] == '(' && p[1] == ' ');
        if (*p == 'X' && alone) text_printf(t, "%s.%s", type, op);
        else if (*p == 'Y') text_add(t, str_of(y));
        else if (*p == 'T') text_add(t, str_of(type));
        else text_printf(t, "%c", *p);
    }
}

/* The function takes and gives bits. */
static void add_func(TextBuf *t, const char *name, const char *type, const Shape *s, const char *op, const char *y)
{
    const char *integer = strcmp(type, "f64") == 0 ? "i64" : "i32";
    text_printf(t, "(func (export \"%s %s.%s %s\") (param $a %s) (param $b %s) (result %s) (local $x %s) (local $y %s) (local $r %s) (local $n i32)"
                " (local.set $x (%s.reinterpret_%s (local.get $a))) (local.set $y (%s.reinterpret_%s (local.get $b)))",
                name, type, op, s->name, integer, integer, integer, type, type, type, type, integer, type, integer);
    add_shape(t, s, type, op, y);
    text_printf(t, " %s.reinterpret_%s)\n", integer, type);
}

static void begin_module(TextBuf *t)
{
    text_printf(t, "(module (memory 1) (global $f32 (mut f32) (f32.const 0)) (global $f64 (mut f64) (f64.const 0))"
                   "(func $same_f32 (param f32) (result f32) (local.get 0)) (func $same_f64 (param f64) (result f64) (local.get 0))\n");
}

static void check(const Unit *u, bool is64, const char *prefix, const char *op, const Shape *s, uint64_t a, uint64_t b)
{
    char name[64];
    snprintf(name, sizeof name, "%s %s.%s %s", prefix, is64 ? "f64" : "f32", op, s->name);
    uint64_t want = expected(is64, op, a, b);
    for (unsigned i = 0; i < s->again; i++) want = expected(is64, op, want, b);
    LoadSlot slots[2] = {a, b};
    call(u, name, slots);
    ck_assert_msg(slots[0] == want, "%s of %llx, %llx: %llx, not %llx", name, (unsigned long long)a, (unsigned long long)b,
                  (unsigned long long)slots[0], (unsigned long long)want);
}

/* Constants as second operand, as text and as bits. */
static const struct {
    const char *text;
    uint64_t bits[2];
} constants[] = {
    {"nan:0x123456", {0x7f923456, UINT64_C(0x7ff0000000123456)}},
    {"-nan", {0xffc00000, UINT64_C(0xfff8000000000000)}},
    {"-inf", {0xff800000, UINT64_C(0xfff0000000000000)}},
    {"0", {0, 0}},
};

static void check_scalars(bool checked)
{
    TextBuf t = {0};
    Unit u;
    begin_module(&t);
    for (int is64 = 0; is64 < 2; is64++) {
        const char *type = is64 ? "f64" : "f32";
        for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
            for (size_t j = 0; j < ARRAY_LEN(binaries); j++) {
                add_func(&t, "slot", type, &shapes[i], binaries[j], "(local.get $y)");
                for (size_t k = 0; k < ARRAY_LEN(constants); k++) {
                    char y[64], prefix[16];
                    snprintf(y, sizeof y, "(%s.const %s)", type, constants[k].text);
                    snprintf(prefix, sizeof prefix, "const%zu", k);
                    add_func(&t, prefix, type, &shapes[i], binaries[j], y);
                }
            }
            for (size_t j = 0; j < ARRAY_LEN(unaries); j++) add_func(&t, "slot", type, &shapes[i], unaries[j], "");
        }
    }
    text_printf(&t, ")");
    open_unit(&u, &t, true, checked);
    for (int is64 = 0; is64 < 2; is64++) {
        for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
            for (size_t a = 0; a < ARRAY_LEN(values32); a++) {
                uint64_t x = value(is64, a);
                for (size_t j = 0; j < ARRAY_LEN(binaries); j++) {
                    for (size_t b = 0; b < ARRAY_LEN(values32); b++) check(&u, is64, "slot", binaries[j], &shapes[i], x, value(is64, b));
                    for (size_t k = 0; k < ARRAY_LEN(constants); k++) {
                        char prefix[16];
                        snprintf(prefix, sizeof prefix, "const%zu", k);
                        check(&u, is64, prefix, binaries[j], &shapes[i], x, constants[k].bits[is64]);
                    }
                }
                for (size_t j = 0; j < ARRAY_LEN(unaries); j++) check(&u, is64, "slot", unaries[j], &shapes[i], x, 0);
            }
        }
    }
    close_unit(&u);
    text_free(&t);
}
START_TEST(scalars) { check_scalars(false); }
END_TEST
START_TEST(scalars_with_checks) { check_scalars(true); }
END_TEST

START_TEST(conversions)
{
    TextBuf t = {0};
    Unit u;
    begin_module(&t);
    text_printf(&t, "(func (export \"promote\") (param i32) (result i64) (i64.reinterpret_f64 (f64.promote_f32 (f32.reinterpret_i32 (local.get 0)))))"
                    "(func (export \"demote\") (param i64) (result i32) (i32.reinterpret_f32 (f32.demote_f64 (f64.reinterpret_i64 (local.get 0)))))"
                    "(func (export \"both\") (param i32) (result i32) (i32.reinterpret_f32 (f32.demote_f64 (f64.promote_f32 (f32.reinterpret_i32 (local.get 0)))))))");
    open_unit(&u, &t, true, false);
    for (size_t i = 0; i < ARRAY_LEN(values32); i++) {
        LoadSlot slot = value(false, i);
        float x = load_to_f32(slot);
        call(&u, "promote", &slot);
        ck_assert_uint_eq(slot, isnan(x) ? CANON64 : load_from_f64((double)x));
        slot = value(true, i);
        double y = load_to_f64(slot);
        call(&u, "demote", &slot);
        ck_assert_uint_eq(slot, isnan(y) ? CANON32 : load_from_f32((float)y));
        slot = value(false, i);
        call(&u, "both", &slot);
        ck_assert_uint_eq(slot, isnan(x) ? CANON32 : value(false, i));
    }
    close_unit(&u);
    text_free(&t);
}
END_TEST

/* ---- vectors ---------------------------------------------------------------------------------------------------------------- */

/* Operands at 0 and 16 of memory, the result at 32, by ways of their own. */
static const Shape vector_shapes[] = {
    {"memory", "(v128.store (i32.const 32) (X (v128.load (i32.const 0)) Y))", 0},
    {"locals", "(local.set $x (v128.load (i32.const 0))) (local.set $r (X (local.get $x) Y)) (v128.store (i32.const 32) (local.get $r))", 0},
    {"twice", "(v128.store (i32.const 32) (X (X (v128.load (i32.const 0)) Y) Y))", 1},
    {"tee", "(drop (local.tee $r (X (v128.load (i32.const 0)) Y))) (v128.store (i32.const 32) (local.get $r))", 0},
};

static void check_vector(const Unit *u, bool is64, const char *op, const Shape *s, const uint64_t lanes[8])
{
    char name[64];
    unsigned n = is64 ? 2 : 4, width = 16 / n;
    uint8_t *memory = load_interp.memory(u->instance)->base;
    snprintf(name, sizeof name, "%s.%s %s", is64 ? "f64x2" : "f32x4", op, s->name);
    for (unsigned i = 0; i < 2 * n; i++) memcpy(memory + i * width, &lanes[i], width); /* little-endian */
    LoadSlot none = 0;
    call(u, name, &none);
    for (unsigned i = 0; i < n; i++) {
        uint64_t got = 0, want = expected(is64, op, lanes[i], lanes[n + i]);
        for (unsigned j = 0; j < s->again; j++) want = expected(is64, op, want, lanes[n + i]);
        memcpy(&got, memory + 32 + i * width, width);
        ck_assert_msg(got == want, "%s lane %u: %llx, not %llx", name, i, (unsigned long long)got, (unsigned long long)want);
    }
}

START_TEST(vectors)
{
    TextBuf t = {0};
    Unit u;
    begin_module(&t);
    for (int is64 = 0; is64 < 2; is64++) {
        const char *type = is64 ? "f64x2" : "f32x4";
        for (size_t i = 0; i < ARRAY_LEN(vector_shapes); i++) {
            for (size_t j = 0; j < ARRAY_LEN(binaries) + ARRAY_LEN(unaries); j++) {
                bool binary = j < ARRAY_LEN(binaries);
                const char *op = binary ? binaries[j] : unaries[j - ARRAY_LEN(binaries)];
                text_printf(&t, "(func (export \"%s.%s %s\") (local $x v128) (local $r v128) ", type, op, vector_shapes[i].name);
                add_shape(&t, &vector_shapes[i], type, op, binary ? "(v128.load (i32.const 16))" : "");
                text_printf(&t, ")\n");
            }
        }
    }
    text_printf(&t, "(func (export \"promote\") (v128.store (i32.const 32) (f64x2.promote_low_f32x4 (v128.load (i32.const 0)))))"
                    "(func (export \"demote\") (v128.store (i32.const 32) (f32x4.demote_f64x2_zero (v128.load (i32.const 0))))))");
    open_unit(&u, &t, true, false);
    for (int is64 = 0; is64 < 2; is64++) {
        for (size_t i = 0; i < ARRAY_LEN(vector_shapes); i++) {
            for (size_t a = 0; a < ARRAY_LEN(values32); a++) {
                uint64_t lanes[8];
                for (size_t j = 0; j < 8; j++) lanes[j] = value(is64, (a + j * 5) % ARRAY_LEN(values32));
                for (size_t j = 0; j < ARRAY_LEN(binaries); j++) check_vector(&u, is64, binaries[j], &vector_shapes[i], lanes);
                for (size_t j = 0; j < ARRAY_LEN(unaries); j++) check_vector(&u, is64, unaries[j], &vector_shapes[i], lanes);
            }
        }
    }
    uint8_t *memory = load_interp.memory(u.instance)->base;
    LoadSlot none = 0;
    for (size_t i = 0; i < ARRAY_LEN(values32); i++) {
        uint64_t wide = value(true, i), got64 = 0;
        uint32_t narrow = values32[i], got32 = 0;
        memcpy(memory, &narrow, 4);
        memcpy(memory + 4, &narrow, 4);
        call(&u, "promote", &none);
        memcpy(&got64, memory + 40, 8);
        ck_assert_uint_eq(got64, isnan(load_to_f32(narrow)) ? CANON64 : load_from_f64((double)load_to_f32(narrow)));
        memcpy(memory + 8, &wide, 8);
        call(&u, "demote", &none);
        memcpy(&got32, memory + 36, 4);
        ck_assert_uint_eq(got32, isnan(load_to_f64(wide)) ? CANON32 : load_from_f32((float)load_to_f64(wide)));
    }
    close_unit(&u);
    text_free(&t);
}
END_TEST

/* ---- what is exact keeps every bit ------------------------------------------------------------------------------------------- */

START_TEST(payloads_are_kept)
{
    static const struct {
        const char *text; /* T: f32 or f64 */
        int change;       /* 0: none; 1: sign cleared, 2: flipped, 3: set */
    } rows[] = {
        {"(T.neg (local.get $x))", 2}, {"(T.abs (local.get $x))", 1}, {"(T.neg (T.neg (local.get $x)))", 0},
        {"(T.copysign (local.get $x) (T.const -1))", 3}, {"(T.copysign (local.get $x) (T.const nan))", 1},
        {"(T.store (i32.const 8) (local.get $x)) (T.load (i32.const 8))", 0}, {"(global.set $T (local.get $x)) (global.get $T)", 0},
        {"(call $same_T (local.get $x))", 0}, {"(select (local.get $x) (T.const 0) (i32.const 1))", 0},
        {"(block $b (result T) (br_if $b (local.get $x) (i32.const 1)))", 0},
        {"(T.neg (T.abs (T.neg (local.get $x))))", 3},
    };
    static const struct {
        const char *text;
        int change;
    } lanes[] = {
        {"(SHAPE.neg (SHAPE.splat (local.get $x)))", 2}, {"(SHAPE.abs (SHAPE.splat (local.get $x)))", 1},
        {"(SHAPE.pmin (SHAPE.splat (local.get $x)) (SHAPE.splat (T.const 1)))", 0}, {"(SHAPE.pmax (SHAPE.splat (local.get $x)) (SHAPE.splat (T.const 1)))", 0},
        {"(SHAPE.replace_lane 0 (v128.const i64x2 0 0) (local.get $x))", 0}, {"(v128.or (SHAPE.splat (local.get $x)) (v128.const i64x2 0 0))", 0},
    };
    TextBuf t = {0};
    Unit u;
    begin_module(&t);
    for (int is64 = 0; is64 < 2; is64++) {
        const char *type = is64 ? "f64" : "f32", *integer = is64 ? "i64" : "i32", *shape = is64 ? "f64x2" : "f32x4";
        for (size_t i = 0; i < ARRAY_LEN(rows) + ARRAY_LEN(lanes); i++) {
            bool vector = i >= ARRAY_LEN(rows);
            text_printf(&t, "(func (export \"%s %zu\") (param $a %s) (result %s) (local $x %s) (local.set $x (%s.reinterpret_%s (local.get $a))) ",
                        type, i, integer, integer, type, type, integer);
            if (vector) text_printf(&t, "(%s.extract_lane 0 ", shape);
            for (const char *p = vector ? lanes[i - ARRAY_LEN(rows)].text : rows[i].text; *p; p++) {
                if (strncmp(p, "SHAPE", 5) == 0) text_add(&t, str_of(shape)), p += 4;
                else if (*p == 'T') text_add(&t, str_of(type));
                else text_printf(&t, "%c", *p);
            }
            text_printf(&t, "%s %s.reinterpret_%s)\n", vector ? ")" : "", integer, type);
        }
    }
    text_printf(&t, ")");
    open_unit(&u, &t, true, false);
    for (int is64 = 0; is64 < 2; is64++) {
        uint64_t sign = is64 ? UINT64_C(1) << 63 : 0x80000000u;
        for (size_t i = 0; i < ARRAY_LEN(rows) + ARRAY_LEN(lanes); i++) {
            int change = i < ARRAY_LEN(rows) ? rows[i].change : lanes[i - ARRAY_LEN(rows)].change;
            for (size_t a = 0; a < ARRAY_LEN(values32); a++) {
                char name[32];
                uint64_t x = value(is64, a), want = change == 1 ? x & ~sign : change == 2 ? x ^ sign : change == 3 ? x | sign : x;
                double number = is64 ? load_to_f64(x) : (double)load_to_f32(x);
                if (i >= ARRAY_LEN(rows) + 2 && i < ARRAY_LEN(rows) + 4 && !isnan(number)) continue; /* pmin, pmax of numbers */
                LoadSlot slot = x;
                snprintf(name, sizeof name, "%s %zu", is64 ? "f64" : "f32", i);
                call(&u, name, &slot);
                ck_assert_msg(slot == want, "%s of %llx: %llx, not %llx", name, (unsigned long long)x, (unsigned long long)slot, (unsigned long long)want);
            }
        }
    }
    close_unit(&u);
    text_free(&t);
}
END_TEST

/* It costs nothing when it is not asked for: the code is the same, instruction by instruction. */
START_TEST(without_it_nothing_is_added)
{
    TextBuf t = {0}, off = {0}, on = {0};
    Unit u;
    text_printf(&t, "(module (func (export \"f\") (param f64 f64) (result f64) (f64.add (f64.mul (local.get 0) (local.get 1)) (f64.sqrt (local.get 0)))))");
    LoadSlot slots[2] = {0};
    open_unit(&u, &t, false, false);
    call(&u, "f", slots);
    decode_dump(&off, u.module);
    close_unit(&u);
    open_unit(&u, &t, true, false);
    call(&u, "f", slots);
    decode_dump(&on, u.module);
    close_unit(&u);
    text_add(&off, (Str){"", 1});
    text_add(&on, (Str){"", 1});
    ck_assert_ptr_null(strstr(off.ptr, "CANON"));
    unsigned n = 0;
    for (const char *p = on.ptr; (p = strstr(p, "F64_CANON")) != NULL; p++) n++;
    ck_assert_uint_eq(n, 3);
    text_free(&t);
    text_free(&off);
    text_free(&on);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("nans");
    TCase *t = tcase_create("nans");
    tcase_set_timeout(t, 120);
    if (have_tool("wat2wasm")) {
        tcase_add_test(t, scalars);
        tcase_add_test(t, scalars_with_checks);
        tcase_add_test(t, conversions);
        tcase_add_test(t, vectors);
        tcase_add_test(t, payloads_are_kept);
        tcase_add_test(t, without_it_nothing_is_added);
    }
    suite_add_tcase(s, t);
    return run_tap(s);
}
