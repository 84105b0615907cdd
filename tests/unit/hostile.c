/* hostile.c: worlds in which one module is hostile. Whatever it does, the host's memory stays bounded, its caller gets
 * exactly one last result, and another service goes on answering: a prober that asks both asserts it, with each engine.
 *
 * The modules are WebAssembly text (world_rig.h). Hostile at the border with a proved layout: tests/run/hostile-*. */
#include "tests/unit/world_rig.h"

#include "loader/kernel.h"
#include "tests/unit/engines.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* ---- the cast ------------------------------------------------------------------------------------------------------------ */

/* It takes messages of 15 pages. */
static const char echo[] =
    "(module " KERNEL_REPLY " (memory 16) (func (export \"parigot_alloc\") (param i32) (result i32) (i32.const 1024))"
    INIT("(i32.const 0)") SAY_BACK ")";

/* Asks t.Bad/Do so many times, one after the other, and the echo all the time, until 20 more answers after the last
 * result of the last of those. Exits with that result's status; with 255 if an answer of the echo is wrong, 254 if it is
 * not even asked, 253 if there is a last result too many. */
static const char prober_text[] = MODULE(
    KERNEL_EXIT CALL("t.Bad", "Do", "bad") CALL("t.Echo", "Say", "say"),
    "(data (i32.const 2048) \"abc\") (global $rounds (mut i32) (i32.const %u)) (global $status (mut i32) (i32.const 0))"
    "(global $over (mut i32) (i32.const 0)) (global $pings (mut i32) (i32.const 0)) (global $open (mut i32) (i32.const 0))"
    "(func $ask (global.set $open (i32.const 1)) (drop (call $bad (i32.const 2048) (i32.const 3) (i32.const 1))))"
    "(func $ping (if (i32.le_s (call $say (i32.const 2048) (i32.const 3) (i32.const 2)) (i32.const 0))"
    "  (then (drop (call $exit (i32.const 254))))))"
    INIT("(call $ask) (call $ping) (i32.const 0)")
    RESULT("(if (i32.eq (local.get 1) (i32.const 1)) (then"
           "  (if (i32.eqz (i32.and (local.get 5) (i32.const 1))) (then return))"
           "  (if (i32.eqz (global.get $open)) (then (drop (call $exit (i32.const 253)))))"
           "  (global.set $open (i32.const 0))"
           "  (global.set $status (local.get 2))"
           "  (global.set $rounds (i32.sub (global.get $rounds) (i32.const 1)))"
           "  (if (global.get $rounds) (then (call $ask))"
           "   (else (global.set $over (i32.const 1)) (global.set $pings (i32.const 0))))"
           "  return))"
           "(if (i32.or (local.get 2) (i32.ne (local.get 4) (i32.const 3))) (then (drop (call $exit (i32.const 255)))))"
           "(global.set $pings (i32.add (global.get $pings) (i32.const 1)))"
           "(if (i32.and (global.get $over) (i32.ge_u (global.get $pings) (i32.const 20)))"
           "  (then (drop (call $exit (global.get $status)))))"
           "(call $ping)"));

#define ECHO          CALL("t.Echo", "Say", "say")
#define ITSELF        CALL("t.Bad", "Do", "do")
#define KERNEL_FAIL   KERNEL("Fail", "fail", "i32 i32 i32 i32")
#define KERNEL_CANCEL KERNEL("Cancel", "cancel", "i32")
#define KERNEL_DEADLINE KERNEL("Deadline", "deadline", "i32 i32")
#define BAD(imports, functions, body) MODULE(KERNEL_REPLY imports, functions INIT("(i32.const 0)") SERVE("t.Bad/Do", body))
#define OK          "(drop (call $reply (local.get 1) (i32.const 0) (i32.const 0) (i32.const 1)))"
#define IS(a, b)    "(if (i32.ne " a " (i32.const " b ")) (then unreachable))"

/* ---- one attack ---------------------------------------------------------------------------------------------------------- */

typedef struct Attack {
    const char *name, *bad;
    Status status;        /* that its caller gets */
    const char *told;     /* in the report of its death; NULL: it lives */
    unsigned rounds;      /* 0 = 1 */
    uint32_t restarts;
    LoadWorldLimits limits;
    uint64_t most_kib;    /* by which the host's memory may grow; 0 = MOST_KIB */
} Attack;
enum { MOST_KIB = 4096 };
#define SECOND UINT64_C(1000000000)
#define SHORT  (SECOND / 4)

/* From /proc/self/status, in KiB; 0: it does not say. */
static uint64_t status_row(const char *row)
{
    char line[256];
    uint64_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, row, strlen(row)) == 0) kib = strtoull(line + strlen(row), NULL, 10);
    if (f) fclose(f);
    return kib;
}

/* From now on the peak is counted anew, where the kernel can do that. */
static uint64_t begin_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f) fputs("5", f);
    if (f) fclose(f);
    return status_row("VmHWM:");
}

static void check_peak(const char *name, uint64_t before, uint64_t most_kib)
{
    uint64_t grown = status_row("VmHWM:") - before;
    if (SANITIZED) return; /* their own memory is many times as much */
    ck_assert_msg(grown <= most_kib, "%s: %llu KiB", name, (unsigned long long)grown);
}

static void attack(const Attack *a, const EngineRow *e)
{
    char prober[3000];
    snprintf(prober, sizeof prober, prober_text, a->rounds ? a->rounds : 1);
    Made m = make((Text[]){{"echo", echo, NULL, 0}, {"bad", a->bad, NULL, a->restarts}, {"main", prober, NULL, 0}}, 3, "main");
    LoadWorldOptions o = options();
    o.engine = e->engine;
    o.checked = e->checked;
    o.limits = a->limits;
    bool too_long = a->told && strstr(a->told, "ran for more than");
    if (!o.limits.entry_ns) o.limits.entry_ns = too_long ? SHORT : 5 * SECOND; /* a busy machine may stop anybody for a while */
    Diags d = {0};
    told.len = 0;
    text_add(&told, STR("-"));
    LoadWorld *w = load_world_open(&m.bundle, &o, &d);
    if (!w) print(&d);
    ck_assert_msg(w != NULL, "%s", a->name);
    uint64_t before = begin_peak();
    int status = load_world_run(w);
    check_peak(a->name, before, a->most_kib ? a->most_kib : MOST_KIB);
    load_world_close(w);
    diag_free(&d);
    unmake(&m);
    ck_assert_msg(status == (int)a->status, "%s, %s: %d: %s", a->name, e->name, status, told.ptr);
    const char *killed = strstr(told.ptr, "was killed");
    if (!a->told) ck_assert_msg(!killed, "%s: %s", a->name, told.ptr);
    else ck_assert_msg(killed && strstr(told.ptr, a->told), "%s: %s", a->name, told.ptr);
    if (a->told && status == STATUS_UNAVAILABLE)
        ck_assert_msg(strstr(told.ptr, "t.Bad/Do for main") || strstr(told.ptr, "parigot_init") ||
                      strstr(told.ptr, "being started"), "%s: %s", a->name, told.ptr);
}

static void attack_all(const Attack *attacks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < ARRAY_LEN(engine_rows); j++) attack(&attacks[i], &engine_rows[j]);
}

/* ---- time and depth ------------------------------------------------------------------------------------------------------ */

#define KILLED STATUS_UNAVAILABLE
#define TOO_LONG "bad was killed: one entry ran for more than 0.25 s"
#define TOO_DEEP "calls deep, the stack is limited to"

START_TEST(endless)
{
    static const Attack attacks[] = {
        {"a loop", BAD("", "", "(loop (br 0))"), KILLED, TOO_LONG},
        {"a loop through br_table", BAD("", "", "(loop (br_table 0 0 (i32.const 1)))"), KILLED, TOO_LONG},
        {"nested loops", BAD("", "", "(loop (loop (br_if 1 (local.get 1)) (br 0)))"), KILLED, TOO_LONG},
        {"tail calls", BAD("", "(func $f (return_call $f))", "(call $f)"), KILLED, TOO_LONG},
        {"tail calls through a table", BAD("", "(table funcref (elem $f)) (type $v (func)) (func $f (return_call_indirect (type $v) (i32.const 0)))",
                                           "(call $f)"), KILLED, TOO_LONG},
        {"calls that return", BAD("", "(func $f)", "(loop (call $f) (br 0))"), KILLED, TOO_LONG},
        {"an import that says no", BAD("", "", "(loop (drop (call $reply (i32.const 77) (i32.const 0) (i32.const 0) (i32.const 1))) (br 0))"),
         KILLED, TOO_LONG},
        {"in alloc", "(module " KERNEL_REPLY " (memory 1) (func (export \"parigot_alloc\") (param i32) (result i32)"
         " (if (i32.eq (local.get 0) (i32.const 3)) (then (loop (br 0)))) (i32.const 1024))" INIT("(i32.const 0)") SERVE("t.Bad/Do", OK) ")",
         KILLED, "in parigot_alloc, serving t.Bad/Do for main", .limits.entry_ns = SHORT},
        {"in the start function", MODULE(KERNEL_REPLY, "(func $s (loop (br 0))) (start $s)" INIT("(i32.const 0)") SERVE("t.Bad/Do", OK)),
         KILLED, "being started", .limits.entry_ns = SHORT},
        {"in init", MODULE(KERNEL_REPLY, INIT("(loop (br 0)) (i32.const 0)") SERVE("t.Bad/Do", OK)), KILLED, ">>> in parigot_init", .limits.entry_ns = SHORT},
        {"again and again", BAD("", "", "(loop (br 0))"), KILLED, TOO_LONG, 3, 600},
        {"no answer at all", BAD("", "", ""), STATUS_DEADLINE_EXCEEDED, NULL, .limits.process.deadline_ns = 50000000},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

START_TEST(recursion)
{
    static const Attack attacks[] = {
        {"direct", BAD("", "(func $f (call $f))", "(call $f)"), KILLED, TOO_DEEP},
        {"with a large frame", BAD("", "(func $f (local i64 i64 i64 i64 i64 i64 i64 i64 v128 v128 v128 v128 v128 v128 v128) (call $f))", "(call $f)"), KILLED, TOO_DEEP},
        {"of two", BAD("", "(func $f (call $g)) (func $g (call $f))", "(call $f)"), KILLED, TOO_DEEP},
        {"through a table", BAD("", "(table funcref (elem $f)) (type $v (func)) (func $f (call_indirect (type $v) (i32.const 0)))", "(call $f)"),
         KILLED, TOO_DEEP},
        {"through an import", BAD(ECHO, "(func $f (drop (call $say (i32.const 0) (i32.const 0) (i32.const 0))) (call $f))" RESULT(""), "(call $f)"),
         KILLED, TOO_DEEP},
        {"fibonacci", BAD("", "(func $f (param i64) (result i64) (i64.add (call $f (i64.sub (local.get 0) (i64.const 1)))"
                              " (call $f (i64.sub (local.get 0) (i64.const 2)))))", "(drop (call $f (i64.const 0)))"), KILLED, TOO_DEEP},
        {"on a small stack", BAD("", "(func $f (call $f))", "(call $f)"), KILLED, "the stack is limited to 4096 B", .limits.stack_bytes = 4096},
        {"on a large stack", BAD("", "(func $f (call $f))", "(call $f)"), KILLED, "the stack is limited to 67108864 B",
         .limits.stack_bytes = 64 << 20, .most_kib = 70000},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

/* ---- memory and tables --------------------------------------------------------------------------------------------------- */

#define HUGE(memory, functions, body)                                                                                  \
    "(module " KERNEL_REPLY memory " (func (export \"parigot_alloc\") (param i32) (result i32) (i32.const 1024))"        \
    functions INIT("(i32.const 0)") SERVE("t.Bad/Do", body) ")"
#define NO_MORE(grow) IS("(" grow " (i32.const -1))", "-1") IS("(" grow " (i32.const 0x80000000))", "-1")

START_TEST(memory_that_grows)
{
    static const Attack attacks[] = {
        {"until no more is given, and all of it is used",
         HUGE("(memory 1 65536)", "", "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))" NO_MORE("memory.grow")
              "(memory.fill (i32.const 0) (i32.const 7) (i32.mul (memory.size) (i32.const 65536)))" IS("(memory.size)", "16") OK),
         STATUS_OK, NULL, .limits.memory_bytes = 1 << 20},
        {"a little more than is given",
         HUGE("(memory 1 65536)", "", IS("(memory.grow (i32.const 15))", "1") IS("(memory.grow (i32.const 1))", "-1")
              "(i32.store (i32.const 0xffffc) (i32.const 1)) (i32.store (i32.const 0xffffd) (i32.const 1))" OK),
         KILLED, "out of bounds memory access", .limits.memory_bytes = (1 << 20) + 65535},
        {"for ever", HUGE("(memory 1 65536)", "", "(loop (drop (memory.grow (i32.const 1))) (br 0))"), KILLED, TOO_LONG,
         .limits.memory_bytes = 1 << 20},
        {"nothing, for ever", HUGE("(memory 1 65536)", "", "(loop (drop (memory.grow (i32.const 0))) (br 0))"), KILLED, TOO_LONG},
        {"not by more than the module's maximum", HUGE("(memory 1 3)", "", IS("(memory.grow (i32.const 3))", "-1")
              IS("(memory.grow (i32.const 2))", "1") NO_MORE("memory.grow") IS("(memory.grow (i32.const 1))", "-1") OK), STATUS_OK, NULL},
        {"in each of many lives", HUGE("(memory 1 65536)", "", "(memory.fill (i32.const 0) (i32.const 1) (i32.mul (i32.const 65536)"
              " (i32.add (i32.const 15) (memory.grow (i32.const 15))))) unreachable"), KILLED, "unreachable", 4, 600,
         .limits.memory_bytes = 1 << 20},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

START_TEST(tables_that_grow)
{
#define TABLE(functions, body) HUGE("(memory 1) (table $t 1 funcref)", functions, body)
    static const Attack attacks[] = {
        {"until no more is given", TABLE("", "(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 77)) (i32.const -1))))"
              IS("(table.size $t)", "99947") IS("(table.grow $t (ref.null func) (i32.const 0xffffffff))", "-1")
              IS("(table.grow $t (ref.null func) (i32.const 0x7fffffff))", "-1") OK),
         STATUS_OK, NULL, .limits.table_elems = 100000},
        {"at once, to the limit", TABLE("", IS("(table.grow $t (ref.null func) (i32.const 10000000))", "-1")
              IS("(table.grow $t (ref.null func) (i32.const 9999999))", "1") OK), STATUS_OK, NULL, .most_kib = 84000},
        {"several together", HUGE("(memory 1) (table $a 1 funcref) (table $b 1 externref)", "",
              IS("(table.grow $a (ref.null func) (i32.const 60000))", "1") IS("(table.grow $b (ref.null extern) (i32.const 60000))", "-1") OK),
         STATUS_OK, NULL, .limits.table_elems = 100000},
        {"for ever", TABLE("", "(loop (drop (table.grow $t (ref.null func) (i32.const 100))) (br 0))"), KILLED, TOO_LONG,
         .limits.table_elems = 100000},
        {"in each of many lives", TABLE("", "(drop (table.grow $t (ref.null func) (i32.const 99999))) unreachable"), KILLED,
         "unreachable", 4, 600, .limits.table_elems = 100000},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

/* Of 4 GiB, or that wrap around: they trap before the first byte, and at once. */
START_TEST(bulk_operations_of_4_gib)
{
#define BULK(operation) HUGE("(memory 1 16) (table $t 8 funcref) (data $d \"abc\") (elem $e func 0)", "", operation OK)
#define MEMORY(name, operation) {name, BULK(operation), KILLED, "out of bounds memory access"}
#define ELEMS(name, operation) {name, BULK(operation), KILLED, "out of bounds table access"}
    static const Attack attacks[] = {
        MEMORY("memory.fill", "(memory.fill (i32.const 0) (i32.const 1) (i32.const 0xffffffff))"),
        MEMORY("memory.fill that wraps", "(memory.fill (i32.const 0xfffffff0) (i32.const 1) (i32.const 0x20))"),
        MEMORY("memory.fill of nothing behind the end", "(memory.fill (i32.const 65537) (i32.const 1) (i32.const 0))"),
        MEMORY("memory.copy", "(memory.copy (i32.const 0) (i32.const 1) (i32.const 0xffffffff))"),
        MEMORY("memory.copy from beyond", "(memory.copy (i32.const 0) (i32.const 0xffff0000) (i32.const 0x10001))"),
        MEMORY("memory.copy to beyond", "(memory.copy (i32.const 0xffffffff) (i32.const 0) (i32.const 2))"),
        MEMORY("memory.init", "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0xffffffff))"),
        MEMORY("memory.init that wraps", "(memory.init $d (i32.const 0) (i32.const 0xffffffff) (i32.const 2))"),
        MEMORY("memory.init dropped", "(data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))"),
        ELEMS("table.fill", "(table.fill $t (i32.const 0) (ref.null func) (i32.const 0xffffffff))"),
        ELEMS("table.fill that wraps", "(table.fill $t (i32.const 0xffffffff) (ref.null func) (i32.const 2))"),
        ELEMS("table.copy", "(table.copy (i32.const 0) (i32.const 1) (i32.const 0xffffffff))"),
        ELEMS("table.init", "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0xffffffff))"),
        ELEMS("table.get", "(drop (table.get $t (i32.const 0xffffffff)))"),
        ELEMS("table.set", "(table.set $t (i32.const 8) (ref.null func))"),
        {"call_indirect", BULK("(call_indirect (param) (result) (i32.const 0xffffffff))"), KILLED, "undefined element"},
        /* as much as there is, again and again */
        {"memory.fill for ever", BULK("(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0))"), KILLED, TOO_LONG},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

/* ---- the border: messages, ids, alloc ------------------------------------------------------------------------------------- */

START_TEST(messages_that_are_not_in_memory)
{
    static const char *const where[][2] = {
        {"131072", "1"}, {"131071", "2"}, {"0xffffffff", "1"}, {"0xffffffff", "0xffffffff"}, {"0xfffffff0", "0x10"},
        {"0xfffffff0", "0x20"}, {"0", "0xffffffff"}, {"1", "0xffffffff"}, {"0x80000000", "0x80000000"}, {"0", "131073"},
    };
    static const char *const imports[] = {"$reply (local.get 1) %s (i32.const 1)", "$fail (local.get 1) (i32.const 3) %s",
                                          "$say %s (i32.const 0)", "$say %s (i32.const 1)"};
    for (size_t i = 0; i < ARRAY_LEN(where); i++) {
        for (size_t j = 0; j < ARRAY_LEN(imports); j++) {
            char range[80], call[200], wat[2000];
            snprintf(range, sizeof range, "(i32.const %s) (i32.const %s)", where[i][0], where[i][1]);
            int n = snprintf(call, sizeof call, "(drop (call ");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            n += snprintf(call + n, sizeof call - (size_t)n, imports[j], range);
#pragma GCC diagnostic pop
            snprintf(call + n, sizeof call - (size_t)n, "))");
            snprintf(wat, sizeof wat, BAD(KERNEL_FAIL ECHO, RESULT(""), "%s"), call);
            const EngineRow *e = &engine_rows[(i + j) % ARRAY_LEN(engine_rows)];
            attack(&(Attack){call, wat, KILLED, "bad was killed: message outside memory"}, e);
        }
    }
    static const Attack inside[] = {
        {"the last byte", BAD("", "", "(drop (call $reply (local.get 1) (i32.const 131071) (i32.const 1) (i32.const 1)))"), STATUS_OK, NULL},
        {"nothing, anywhere", BAD("", "", "(drop (call $reply (local.get 1) (i32.const -1) (i32.const 0) (i32.const 1)))"), STATUS_OK, NULL},
    };
    attack_all(inside, ARRAY_LEN(inside));
}
END_TEST

/* $i counts from 0 to n - 1 around the body. */
#define FOR(n, body) "(local $i i32) (loop $for " body " (local.set $i (i32.add (local.get $i) (i32.const 1)))"           \
                     " (br_if $for (i32.lt_u (local.get $i) (i32.const " n "))))"
#define REPLY_TO(id, flags) "(call $reply " id " (i32.const 0) (i32.const 0) (i32.const " flags "))"
#define OTHER_ID "(i32.add (local.get $i) (i32.add (local.get 1) (i32.const 1)))"

START_TEST(ids_that_are_not_its_own)
{
    /* -5 whatever is done with them. The prober and the echo have calls of their own meanwhile, with ids such as these. */
    static const Attack attacks[] = {
        {"replies", BAD("", "", FOR("5000", IS(REPLY_TO(OTHER_ID, "1"), "-5") IS(REPLY_TO(OTHER_ID, "0"), "-5")) OK), STATUS_OK, NULL, 3},
        {"strange ids", BAD("", "", IS(REPLY_TO("(i32.const 0)", "1"), "-5") IS(REPLY_TO("(i32.const -1)", "1"), "-5")
              IS(REPLY_TO("(i32.const 0x80000000)", "1"), "-5") IS(REPLY_TO("(i32.const 0x7fffffff)", "1"), "-5") OK), STATUS_OK, NULL},
        {"flags", BAD("", "", IS(REPLY_TO("(local.get 1)", "2"), "-3") IS(REPLY_TO("(local.get 1)", "4"), "-3") IS(REPLY_TO("(local.get 1)", "-1"), "-3")
              IS("(call $reply (local.get 1) (i32.const 1024) (i32.const 1) (i32.const 3))", "-3") OK), STATUS_OK, NULL},
        {"twice", BAD(KERNEL_FAIL, "", IS(REPLY_TO("(local.get 1)", "1"), "0") IS(REPLY_TO("(local.get 1)", "1"), "-5")
              IS("(call $fail (local.get 1) (i32.const 3) (i32.const 0) (i32.const 0))", "-5")), STATUS_OK, NULL, 3},
        {"after Fail", BAD(KERNEL_FAIL, "", IS("(call $fail (local.get 1) (i32.const 3) (i32.const 0) (i32.const 0))", "0")
              IS(REPLY_TO("(local.get 1)", "1"), "-5")), STATUS_INVALID_ARGUMENT, NULL, 3},
        {"failures", BAD(KERNEL_FAIL, "", FOR("5000", IS("(call $fail " OTHER_ID " (i32.const 3) (i32.const 0) (i32.const 0))", "-5")) OK),
         STATUS_OK, NULL, 3},
        {"statuses", BAD(KERNEL_FAIL, "", IS("(call $fail (local.get 1) (i32.const 0) (i32.const 0) (i32.const 0))", "-3")
              IS("(call $fail (local.get 1) (i32.const 17) (i32.const 0) (i32.const 0))", "-3")
              IS("(call $fail (local.get 1) (i32.const -1) (i32.const 0) (i32.const 0))", "-3") OK), STATUS_OK, NULL},
        {"cancels", BAD(KERNEL_CANCEL, "", FOR("5000", IS("(call $cancel (local.get $i))", "-5")) IS("(call $cancel (i32.const -1))", "-5") OK),
         STATUS_OK, NULL, 3},
        {"deadlines", BAD(KERNEL_DEADLINE, "", FOR("5000", IS("(call $deadline (local.get $i) (i32.const 0))", "-5")) OK), STATUS_OK, NULL, 3},
        {"its own, cancelled and cancelled again", BAD(ECHO KERNEL_CANCEL, RESULT(""), "(local $id i32)"
              "(local.set $id (call $say (i32.const 0) (i32.const 0) (i32.const 9)))" IS("(call $cancel (local.get $id))", "0")
              IS("(call $cancel (i32.add (local.get $id) (i32.const 1)))", "-5") OK), STATUS_OK, NULL, 3},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

/* What an import gives within parigot_alloc, when that is called for the prober's message of 3 bytes. */
#define IN_ALLOC(imports, body, answer)                                                                                \
    "(module " KERNEL_REPLY imports " (memory 2 16) (func (export \"parigot_alloc\") (param i32) (result i32)"              \
    " (if (i32.eq (local.get 0) (i32.const 3)) (then " body ")) " answer ")"                                             \
    INIT("(i32.const 0)") RESULT("") SERVE("t.Bad/Do", OK) ")"
START_TEST(alloc)
{
    static const Attack attacks[] = {
        {"a call within", IN_ALLOC(ECHO, IS("(call $say (i32.const 0) (i32.const 0) (i32.const 1))", "-9"), "(i32.const 1024)"), STATUS_OK, NULL},
        {"a reply within", IN_ALLOC("", IS(REPLY_TO("(i32.const 1)", "1"), "-9"), "(i32.const 1024)"), STATUS_OK, NULL},
        {"a failure within", IN_ALLOC(KERNEL_FAIL, IS("(call $fail (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 0))", "-9"),
              "(i32.const 1024)"), STATUS_OK, NULL},
        {"a cancel within", IN_ALLOC(KERNEL_CANCEL, IS("(call $cancel (i32.const 1))", "-9"), "(i32.const 1024)"), STATUS_OK, NULL},
        {"a deadline within", IN_ALLOC(KERNEL_DEADLINE, IS("(call $deadline (i32.const 1) (i32.const 1))", "-9"), "(i32.const 1024)"), STATUS_OK, NULL},
        {"the end within", IN_ALLOC(KERNEL_EXIT, "(drop (call $exit (i32.const 3)))", "(i32.const 1024)"), STATUS_UNAVAILABLE, NULL},
        {"a message outside memory within", IN_ALLOC(ECHO, IS("(call $say (i32.const -1) (i32.const 9) (i32.const 1))", "-9"), "(i32.const 1024)"),
         STATUS_OK, NULL},
        {"gives nothing", IN_ALLOC("", "(return (i32.const 0))", "(i32.const 1024)"), STATUS_RESOURCE_EXHAUSTED, NULL, 5},
        {"gives what is behind the end", IN_ALLOC("", "(return (i32.const 131072))", "(i32.const 1024)"), KILLED, "message outside memory"},
        {"gives what is partly behind the end", IN_ALLOC("", "(return (i32.const 131070))", "(i32.const 1024)"), KILLED, "message outside memory"},
        {"gives what ends at the end", IN_ALLOC("", "(return (i32.const 131069))", "(i32.const 1024)"), STATUS_OK, NULL},
        {"gives what wraps", IN_ALLOC("", "(return (i32.const -2))", "(i32.const 1024)"), KILLED, "message outside memory"},
        {"gives the same each time", IN_ALLOC("", "", "(i32.const 16)"), STATUS_OK, NULL, 5},
        {"traps", IN_ALLOC("", "unreachable", "(i32.const 1024)"), KILLED, "in parigot_alloc, serving t.Bad/Do for main"},
        {"recurses", "(module " KERNEL_REPLY " (memory 1) (func $a (export \"parigot_alloc\") (param i32) (result i32)"
         " (if (result i32) (i32.eq (local.get 0) (i32.const 3)) (then (call $a (local.get 0))) (else (i32.const 1024))))" INIT("(i32.const 0)")
         SERVE("t.Bad/Do", OK) ")", KILLED, "in parigot_alloc, serving t.Bad/Do for main"},
        {"grows the memory and gives its end", IN_ALLOC("", "(return (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))", "(i32.const 1024)"),
         STATUS_OK, NULL, 5},
        {"gives what lies behind what could be grown", IN_ALLOC("", "(drop (memory.grow (i32.const 99))) (return (i32.const 131072))", "(i32.const 1024)"),
         KILLED, "message outside memory"},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

/* ---- storms ------------------------------------------------------------------------------------------------------------------ */

/* Sends until it may not, whenever it runs. */
#define STORM(call) "(loop (br_if 0 (i32.gt_s " call " (i32.const 0))))"
#define SAY(len, cookie) "(call $say (i32.const 0) (i32.const " len ") (i32.const " cookie "))"
#define DO(cookie) "(call $do (i32.const 0) (i32.const 3) (i32.const " cookie "))"

/* 15 pages each. */
#define HUGE_STORM                                                                                                      \
    "(module " KERNEL_REPLY ECHO " (memory 16) (func (export \"parigot_alloc\") (param i32) (result i32) (i32.const 1024))" \
    INIT("(i32.const 0)") RESULT("") SERVE("t.Bad/Do", OK STORM(SAY("983040", "1")) STORM(SAY("65536", "1"))) ")"

START_TEST(storms)
{
    static const Attack attacks[] = {
        {"of calls", BAD(ECHO, RESULT(""), OK STORM(SAY("3", "1"))), STATUS_OK, NULL, 5},
        {"of calls that want no result", BAD(ECHO, RESULT(""), OK STORM(SAY("3", "0"))), STATUS_OK, NULL, 5},
        {"that never ends", BAD(ECHO, RESULT(STORM(SAY("3", "1"))), OK STORM(SAY("3", "1"))), STATUS_OK, NULL, 5},
        {"to itself", BAD(ITSELF, RESULT(""), OK STORM(DO("1"))), STATUS_OK, NULL, 5},
        {"to itself, without results", BAD(ITSELF, RESULT(""), OK STORM(DO("0"))), STATUS_OK, NULL, 5},
        {"to itself, never answered", BAD(ITSELF, RESULT(""), "(if (i32.eq (local.get 1) (i32.const 1)) (then " OK "))" STORM(DO("1"))), STATUS_OK, NULL},
        {"that kills itself", BAD(ECHO, RESULT(""), STORM(SAY("3", "0")) "unreachable"), KILLED, "unreachable", 4, 600},
        {"of kills of itself by itself", BAD(ITSELF, RESULT(""), STORM(DO("0")) "unreachable"), KILLED, "unreachable", 1, 600},
        {"of calls and cancels", BAD(ECHO KERNEL_CANCEL, RESULT(""), OK
              "(loop (br_if 0 (i32.eqz (call $cancel " SAY("3", "1") "))))"), STATUS_OK, NULL},
        {"of long messages", HUGE_STORM, STATUS_OK, NULL, 3, .most_kib = 140000},
        {"of long messages, little room", HUGE_STORM, STATUS_OK, NULL, 3, .limits.process.message_bytes = 65536, .most_kib = 6000},
        {"of deadlines", BAD(ECHO KERNEL_DEADLINE, RESULT(""), "(local $i i32)" OK
              "(local.set $i " SAY("3", "1") ") (loop (drop (call $deadline (local.get $i) (i32.const -1))) (br 0))"), STATUS_OK, TOO_LONG},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

/* Pieces, as many as are taken, again when there is room; the last one after so many. */
#define EVENT(body) "(func (export \"parigot_event\") (param i32 i32 i32) " body ")"
#define PIECES(many, len)                                                                                                    \
    BAD("", "(global $n (mut i32) (i32.const 0))"                                                                         \
        "(func $more (param i32)"                                                                                         \
        " (loop $l (br_if 1 (call $reply (local.get 0) (i32.const 0) (i32.const " len ") (i32.ge_u (global.get $n) (i32.const " many "))))" \
        "  (global.set $n (i32.add (global.get $n) (i32.const 1)))"                                                      \
        "  (br_if $l (i32.le_u (global.get $n) (i32.const " many ")))))"                                                    \
        EVENT("(if (i32.eq (local.get 1) (i32.const 2)) (then (call $more (local.get 2))))"), "(call $more (local.get 1))")
/* The same to itself, to as many calls as there may be, none of which is ever taken: it never returns. */
#define PIECES_FOR_NOBODY                                                                                               \
    BAD(ITSELF, "(global $n (mut i32) (i32.const 0))" RESULT(""),                                                        \
        "(if (i32.eqz (global.get $n)) (then (global.set $n (i32.const 1))" STORM(DO("1")) OK ") (else "                 \
        "(loop (br_if 0 (i32.eqz (call $reply (local.get 1) (i32.const 0) (i32.const 0) (i32.const 0)))))))")

START_TEST(pieces)
{
    static const Attack attacks[] = {
        {"without a byte", PIECES("20000", "0"), STATUS_OK, NULL, 1, .limits.process.queue = 4096},
        {"of a byte", PIECES("20000", "1"), STATUS_OK, NULL},
        {"of 64 KiB", PIECES("3000", "65536"), STATUS_OK, NULL, .most_kib = 10000},
        {"by default, for nobody", PIECES_FOR_NOBODY, STATUS_OK, NULL, 1, .most_kib = 16000},
        {"as many as can be allowed, for nobody", PIECES_FOR_NOBODY, STATUS_OK, NULL, 1, .most_kib = 160000,
         .limits.process = {.queue = UINT32_MAX, .calls = UINT32_MAX}},
    };
    attack_all(attacks, ARRAY_LEN(attacks));
}
END_TEST

/* ---- a shared service and its clients -------------------------------------------------------------------------------------- */

/* Says how often it has been asked since it began; "x" poisons it, and kills it. */
static const char victim[] = MODULE(
    KERNEL_REPLY, INIT("(i32.const 0)")
    SERVE("t.Echo/Say",
          "(i32.store8 (i32.const 5000) (i32.add (i32.load8_u (i32.const 5000)) (i32.const 1)))"
          "(if (i32.eq (i32.load8_u (local.get 2)) (i32.const 0x78)) (then (i32.store8 (i32.const 5000) (i32.const 100)) unreachable))"
          "(drop (call $reply (local.get 1) (i32.const 5000) (i32.const 1) (i32.const 1)))"));
/* Sends poison again and again. */
static const char poisoner[] = MODULE(ECHO, "(data (i32.const 2048) \"x\") (func $send (drop (call $say (i32.const 2048) (i32.const 1) (i32.const 1))))"
    INIT("(call $send) (i32.const 0)") RESULT("(call $send)"));
/* Asks until it has five answers; exits with 10 times that and how many of them were not as from a new instance. */
static const char innocent[] = MODULE(KERNEL_EXIT ECHO, "(global $good (mut i32) (i32.const 0)) (global $stale (mut i32) (i32.const 0))"
    "(func $send (drop (call $say (i32.const 2048) (i32.const 1) (i32.const 1))))"
    INIT("(call $send) (i32.const 0)")
    RESULT("(if (i32.eqz (local.get 2)) (then"
           " (global.set $good (i32.add (global.get $good) (i32.const 1)))"
           " (if (i32.gt_u (i32.load8_u (local.get 3)) (i32.const 100)) (then (global.set $stale (i32.add (global.get $stale) (i32.const 1)))))))"
           "(if (i32.eq (global.get $good) (i32.const 5))"
           " (then (drop (call $exit (i32.add (i32.mul (global.get $good) (i32.const 10)) (global.get $stale))))))"
           "(call $send)"));
static unsigned how_often(const char *words)
{
    unsigned n = 0;
    for (const char *at = told.ptr; (at = strstr(at, words)) != NULL; at += strlen(words)) n++;
    return n;
}
START_TEST(a_poison_message_does_not_take_a_shared_service_down)
{
    for (size_t i = 0; i < ARRAY_LEN(engine_rows); i++) {
        LoadWorldOptions o = options();
        o.engine = engine_rows[i].engine;
        o.checked = engine_rows[i].checked;
        Text texts[] = {{"victim", victim, NULL, 600}, {"bad", poisoner, NULL, 0}, {"main", innocent, NULL, 0}};
        ck_assert_int_eq(run_with(texts, 3, "main", &o), 50);
        text_add(&told, STR(""));
        ck_assert_uint_ge(how_often("victim was killed: unreachable"), 2);
        ck_assert_uint_eq(how_often(">>> serving t.Echo/Say for bad"), how_often("was killed"));
        ck_assert(strstr(told.ptr, "starts afresh in 0.01 s") && strstr(told.ptr, "starts afresh in 0.02 s"));
    }
}
END_TEST

/* What a provider says of a failure: exits with the length of the Failure that main gets. */
static const char reader[] = MODULE(KERNEL_EXIT CALL("t.Bad", "Do", "bad"),
    INIT("(drop (call $bad (i32.const 0) (i32.const 0) (i32.const 1))) (i32.const 0)") RESULT("(drop (call $exit (local.get 4)))"));
START_TEST(the_kernels_reasons_are_its_own)
{
    /* reason = KILLED; a message beside it; as packed bytes; unknown fields; not a Failure at all */
    static const struct {
        const char *bytes, *size;
        int left;
    } rows[] = {{"\\10\\01", "2", 0}, {"\\0a\\02hi\\10\\01", "6", 4}, {"\\12\\01\\01", "3", 0}, {"\\78\\01", "2", 0}, {"\\0a\\7f", "2", 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char wat[2000];
        snprintf(wat, sizeof wat, BAD(KERNEL_FAIL, "(data (i32.const 3000) \"%s\")",
                 "(drop (call $fail (local.get 1) (i32.const 14) (i32.const 3000) (i32.const %s)))"), rows[i].bytes, rows[i].size);
        ck_assert_int_eq(run((Text[]){{"bad", wat, NULL, 0}, {"main", reader, NULL, 0}}, 2, "main"), rows[i].left);
    }
}
END_TEST

/* Asks 100 times at once and exits with how many have ended with status 14, when all have. */
static const char many[] = MODULE(KERNEL_EXIT CALL("t.Bad", "Do", "bad"),
    "(global $n (mut i32) (i32.const 0)) (global $gone (mut i32) (i32.const 0))"
    INIT("(local $i i32) (loop $l (drop (call $bad (i32.const 0) (i32.const 3) (i32.const 1)))"
         " (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))) (i32.const 0)")
    RESULT("(global.set $n (i32.add (global.get $n) (i32.const 1)))"
           "(if (i32.eq (local.get 2) (i32.const 14)) (then (global.set $gone (i32.add (global.get $gone) (i32.const 1)))))"
           "(if (i32.eq (global.get $n) (i32.const 100)) (then (drop (call $exit (global.get $gone)))))"));
START_TEST(a_provider_that_ends_leaves_no_caller_waiting)
{
    /* It answers three calls, keeps seven open, and then: */
    static const char *const ends[] = {"(drop (call $exit (i32.const 7)))", "unreachable", "(loop (br 0))", "(drop (call $reply (i32.const 1) (i32.const -1) (i32.const 1) (i32.const 1)))"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char wat[2000];
        snprintf(wat, sizeof wat, BAD(KERNEL_EXIT, "(global $n (mut i32) (i32.const 0))",
                 "(global.set $n (i32.add (global.get $n) (i32.const 1)))"
                 "(if (i32.le_u (global.get $n) (i32.const 3)) (then " OK " return))"
                 "(if (i32.gt_u (global.get $n) (i32.const 10)) (then %s))"), ends[i]);
        ck_assert_int_eq(run((Text[]){{"bad", wat, NULL, 0}, {"main", many, NULL, 0}}, 2, "main"), 97);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hostile");
    TCase *t = tcase_create("hostile");
    tcase_set_timeout(t, 240);
    if (have_tool("wat2wasm")) {
        tcase_add_test(t, endless);
        tcase_add_test(t, recursion);
        tcase_add_test(t, memory_that_grows);
        tcase_add_test(t, tables_that_grow);
        tcase_add_test(t, bulk_operations_of_4_gib);
        tcase_add_test(t, messages_that_are_not_in_memory);
        tcase_add_test(t, ids_that_are_not_its_own);
        tcase_add_test(t, alloc);
        tcase_add_test(t, storms);
        tcase_add_test(t, pieces);
        tcase_add_test(t, a_poison_message_does_not_take_a_shared_service_down);
        tcase_add_test(t, the_kernels_reasons_are_its_own);
        tcase_add_test(t, a_provider_that_ends_leaves_no_caller_waiting);
    }
    suite_add_tcase(s, t);
    return run_tap(s);
}
