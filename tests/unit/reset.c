/* reset.c: policy reset. What a request has done to its instance, the next one does not see: memory, its size, globals,
 * tables, dropped segments, calls that were left open. Requests at the same time have an instance each. */
#include <sys/resource.h>

#include "tests/unit/world_rig.h"

#include "validator/validator.h"

/* ---- the engine: image, dirt, reset ------------------------------------------------------------------------------------- */

/* Page 0 is the null guard, page 1 is sealed. `look` sums up all that `dirty` changes. */
static const char keeper[] =
    "(module (memory 8 64) (table $t 4 64 funcref) (global $g (mut i32) (i32.const 7)) (global $v (mut v128) (v128.const i64x2 1 2))"
    " (data (i32.const 4096) \"sealed\") (data (i32.const 8192) \"\\05\") (data $d \"xyz\") (elem $e func $one $two)"
    " (elem (i32.const 1) func $one)"
    " (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))"
    " (func (export \"dirty\") (param i32)"
    "  (local $at i32)"
    "  (global.set $g (i32.const 99)) (global.set $v (v128.const i64x2 3 4))"
    "  (table.set $t (i32.const 1) (ref.func $two)) (drop (table.grow $t (ref.func $two) (i32.const 3)))"
    "  (data.drop $d) (elem.drop $e)"
    "  (drop (memory.grow (i32.const 3))) (i32.store (i32.const 600000) (i32.const 77))"
    "  (local.set $at (i32.const 8192))"
    "  (loop $next"
    "   (i32.store (local.get $at) (i32.const 1234)) (local.set $at (i32.add (local.get $at) (i32.const 4096)))"
    "   (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $next (local.get 0))))"
    " (func (export \"look\") (result i32)"
    "  (local $at i32) (local $sum i32)"
    "  (local.set $at (i32.const 8192))"
    "  (loop $next"
    "   (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))"
    "   (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 524288))))"
    "  (i32.add (local.get $sum) (i32.add (i32.mul (i32.const 1000) (memory.size)) (i32.add (i32.mul (global.get $g) (i32.const 100000))"
    "   (i32.add (i32.mul (call_indirect (result i32) (i32.const 1)) (i32.const 10)) (i32.add (table.size $t) (i32x4.extract_lane 0 (global.get $v))))))))"
    /* What was dropped is there: else these trap. */
    " (func (export \"segments\") (memory.init $d (i32.const 9000) (i32.const 0) (i32.const 3)) (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2)))"
    " (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0)))"
    " (func (export \"store\") (param i32) (i32.store (local.get 0) (i32.const 1)))"
    " (func (export \"spin\") (loop $l (br $l))))";

typedef struct Engine {
    Bytes wasm;
    Arena arena;
    ValReport report;
    LoadModule *module;
    LoadImage *image;
    LoadInstance *a, *b; /* the one that the image was taken of, and one made from it */
} Engine;

static uint32_t find(const Engine *e, const char *name)
{
    const WasmModule *m = &e->report.module;
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, str_of(name))) return m->exports[i].index;
    ck_abort_msg("no export %s", name);
}

static LoadTrapKind call_it(const Engine *e, LoadInstance *i, const char *name, LoadSlot *slot)
{
    LoadTrap trap = {0};
    return load_interp.call(i, find(e, name), slot, &trap) ? TRAP_NONE : trap.kind;
}
static uint32_t look(const Engine *e, LoadInstance *i)
{
    LoadSlot slot = 0;
    ck_assert_int_eq(call_it(e, i, "look", &slot), TRAP_NONE);
    return (uint32_t)slot;
}
static LoadTrapKind access_at(const Engine *e, LoadInstance *i, const char *name, uint32_t address)
{
    LoadSlot slot = address;
    return call_it(e, i, name, &slot);
}

static void engine_open(Engine *e, bool checks)
{
    *e = (Engine){.wasm = assemble(keeper)};
    Diags d = {0};
    ValOptions options = {.policy = val_builtin_policy(STR("none")), .features = load_interp.features};
    bool ok = val_module(&e->arena, e->wasm.ptr, e->wasm.size, "keeper.wasm", &options, &d, &e->report);
    if (!ok) print(&d);
    ck_assert(ok);
    PmLayout layout = {.page_log2 = 12, .null_guard = 4096, .sealed_low = 4096, .sealed_high = 8192, .heap_base = 8192,
                       .seal = PM_SEAL_ENGINE};
    e->module = load_interp.compile(&e->report.module, &(LoadCompileOptions){.layout = &layout, .force_checks = checks}, &d);
    ck_assert_ptr_nonnull(e->module);
    e->a = load_interp.instantiate(e->module, NULL, 0, NULL, NULL, &d);
    LoadTrap trap = {0};
    ck_assert(e->a && load_interp.start(e->a, &trap));
    e->image = load_interp.take_image(e->a);
    ck_assert_ptr_nonnull(e->image);
    e->b = load_interp.from_image(e->image, NULL);
    ck_assert_ptr_nonnull(e->b);
    diag_free(&d);
}

static void engine_close(Engine *e)
{
    load_interp.destroy(e->a);
    load_interp.destroy(e->b);
    load_interp.free_image(e->image);
    load_interp.free_module(e->module);
    arena_free(&e->arena);
    bytes_free(&e->wasm);
}

static void is_as_new(const Engine *e, LoadInstance *i)
{
    ck_assert_uint_eq(look(e, i), 5 + 8 * 1000 + 7 * 100000 + 1 * 10 + 4 + 1);
    ck_assert_uint_eq(load_interp.memory(i)->size_bytes, 524288);
    ck_assert_int_eq(access_at(e, i, "load", 524288), TRAP_OOB_MEMORY);
    ck_assert_int_eq(access_at(e, i, "load", 600000), TRAP_OOB_MEMORY);
    ck_assert_int_eq(access_at(e, i, "load", 4), TRAP_NULL_POINTER);
    ck_assert_int_eq(access_at(e, i, "store", 4096), TRAP_READ_ONLY);
    LoadSlot slot = 4096;
    ck_assert_int_eq(call_it(e, i, "load", &slot), TRAP_NONE);
    ck_assert_uint_eq(slot, 0x6c616573); /* "seal" */
}

static void reset(LoadInstance *i) { ck_assert(load_interp.reset(i)); }

/* So many pages: few are copied back, of many all are dropped. */
static void check_pages(bool checks, uint32_t pages)
{
    Engine e;
    engine_open(&e, checks);
    is_as_new(&e, e.a);
    is_as_new(&e, e.b);
    LoadInstance *both[] = {e.a, e.b};
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            LoadSlot slot = pages;
            ck_assert_int_eq(call_it(&e, both[i], "dirty", &slot), TRAP_NONE);
            ck_assert_int_eq(call_it(&e, both[i], "segments", &slot), TRAP_OOB_MEMORY);
            is_as_new(&e, both[!i]); /* the other one has its own of everything */
            reset(both[i]);
            is_as_new(&e, both[i]);
            ck_assert_int_eq(call_it(&e, both[i], "segments", &slot), TRAP_NONE);
            reset(both[i]);
        }
    }
    /* What grows after a reset is zero. */
    LoadSlot slot = 1;
    ck_assert_int_eq(call_it(&e, e.b, "dirty", &slot), TRAP_NONE);
    slot = 524288 + 4096;
    ck_assert_int_eq(call_it(&e, e.b, "load", &slot), TRAP_NONE);
    ck_assert_uint_eq(slot, 0);
    engine_close(&e);
}

START_TEST(few_pages) { check_pages(false, 4); }
END_TEST
START_TEST(many_pages) { check_pages(false, 80); }
END_TEST
START_TEST(with_checks) { check_pages(true, 4); }
END_TEST
START_TEST(with_checks_many_pages) { check_pages(true, 80); }
END_TEST

START_TEST(an_interrupt_is_forgotten)
{
    Engine e;
    engine_open(&e, false);
    load_interp.interrupt(e.b, TRAP_DEADLINE);
    ck_assert_int_eq(call_it(&e, e.b, "spin", (LoadSlot[1]){0}), TRAP_DEADLINE);
    reset(e.b);
    is_as_new(&e, e.b);
    engine_close(&e);
}
END_TEST

/* ---- worlds ---------------------------------------------------------------------------------------------------------------- */

static const char echo[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SAY_BACK);
#define ECHO CALL("t.Echo", "Say", "echo")

/* Asks t.A/Do so many times, one behind the other or all at once, with a message as long as it has asked before, and
 * exits with the sum of what they bring: the length of an answer, or 4 * status. */
#define ASK "(drop (call $do (i32.const 2048) (global.get $asked) (i32.const 1))) (global.set $asked (i32.add (global.get $asked) (i32.const 1)))"
#define ASKER(first, next, n)                                                                                       \
    MODULE(KERNEL_EXIT CALL("t.A", "Do", "do") "(global $asked (mut i32) (i32.const 0)) (global $got (mut i32) (i32.const 0))" \
           "(global $sum (mut i32) (i32.const 0))",                                                                  \
           INIT(first " (i32.const 0)")                                                                             \
           RESULT("(global.set $sum (i32.add (global.get $sum) (select (i32.mul (local.get 2) (i32.const 4)) (local.get 4) (local.get 2))))" \
                  "(global.set $got (i32.add (global.get $got) (i32.const 1)))"                                       \
                  "(if (i32.eq (global.get $got) (i32.const " n ")) (then (drop (call $exit (global.get $sum)))) (else " next "))"))
static const char three_in_a_row[] = ASKER(ASK, ASK, "3");
static const char three_at_once[] = ASKER(ASK ASK ASK, "", "3");
/* None of them is of two bytes, at which `patient` traps. */
static const char three_quiet_at_once[] = ASKER("(global.set $asked (i32.const 3))" ASK ASK ASK, "", "3");
static const char two_at_once[] = ASKER(ASK ASK, "", "2");

/* The answer is as long as all that somebody has left here, and one. */
#define DIRT                                                                                                        \
    "(global $n (mut i32) (i32.const 0)) (table $t 2 8 funcref) (elem declare func $f) (data $d \"abcd\") (func $f)"   \
    "(func $dirt (result i32)"                                                                                       \
    " (memory.init $d (i32.const 70000) (i32.const 0) (i32.const 1)) (data.drop $d)" /* traps when it was dropped */      \
    " (drop (memory.grow (i32.const 1))) (drop (table.grow $t (ref.null func) (i32.const 1)))"                            \
    " (global.set $n (i32.add (global.get $n) (i32.const 1)))"                                                         \
    " (i32.store8 (i32.const 4000) (i32.add (i32.load8_u (i32.const 4000)) (i32.const 1)))"                              \
    " (i32.store8 (i32.const 140000) (i32.add (i32.load8_u (i32.const 140000)) (i32.const 1)))"                          \
    " (i32.sub (i32.add (i32.add (global.get $n) (memory.size)) (i32.add (table.size $t) (i32.add (i32.load8_u (i32.const 4000)) (i32.load8_u (i32.const 140000)))))" \
    "  (i32.const 8)))" /* 1 + 3 + 3 + 1 + 1 - 8: one when all is new */
#define REPLY_DIRT(call) "(drop (call $reply " call " (i32.const 2048) (call $dirt) (i32.const 1)))"
static const char dirty[] = MODULE(KERNEL_REPLY DIRT, INIT("(i32.const 0)") SERVE("t.A/Do", REPLY_DIRT("(local.get 1)")));

/* Answers when the echo has answered it; a message of two bytes makes it trap then. */
static const char patient[] =
    MODULE(KERNEL_REPLY ECHO DIRT "(global $call (mut i32) (i32.const 0)) (global $len (mut i32) (i32.const 0))",
           INIT("(i32.const 0)")
           SERVE("t.A/Do", "(if (global.get $call) (then unreachable)) (global.set $call (local.get 1)) (global.set $len (local.get 3))"
                           "(if (i32.ne (call $echo (i32.const 2048) (i32.const 1) (i32.const 5)) (i32.const 1)) (then unreachable))")
           RESULT("(if (i32.eq (global.get $len) (i32.const 2)) (then unreachable))" REPLY_DIRT("(global.get $call)")));

static LoadWorldOptions under_reset(void)
{
    LoadWorldOptions o = options();
    o.floor = val_builtin_policy(STR("reset"));
    return o;
}
static int run_reset(const char *service, const char *client, uint32_t instances)
{
    LoadWorldOptions o = under_reset();
    o.limits.instances = instances;
    return run_with((Text[]){{"echo", echo, NULL}, {"a", service, NULL}, {"main", client, NULL}}, 3, "main", &o);
}

START_TEST(nothing_is_left)
{
    ck_assert_int_eq(run_reset(dirty, three_in_a_row, 0), 3);
    ck_assert_int_eq(run_reset(dirty, three_in_a_row, 1), 3);
    ck_assert_int_eq(run_reset(dirty, three_at_once, 0), 3);
    LoadWorldOptions o = under_reset();
    o.checked = true;
    ck_assert_int_eq(run_with((Text[]){{"a", dirty, NULL}, {"main", three_in_a_row, NULL}}, 2, "main", &o), 3);
    /* Under a policy that lets one instance live on, it does. */
    o.floor = val_builtin_policy(STR("audit"));
    ck_assert_int_ne(run_with((Text[]){{"a", dirty, NULL}, {"main", two_at_once, NULL}}, 2, "main", &o), 2);
}
END_TEST

START_TEST(requests_at_once_do_not_see_each_other)
{
    ck_assert_int_eq(run_reset(patient, two_at_once, 0), 2);
    ck_assert_int_eq(run_reset(patient, two_at_once, 1), 2); /* the second waits for the first */
}
END_TEST

/* One of three: 14 for its caller, the two others are served. */
START_TEST(a_trap_kills_one_request)
{
    ck_assert_int_eq(run_reset(patient, three_at_once, 0), 14 * 4 + 2);
}
END_TEST

/* Who serves nobody has no requests that could see what others left. */
START_TEST(who_serves_nobody_keeps_its_state)
{
    LoadWorldOptions o = under_reset();
    ck_assert_int_eq(run_with((Text[]){{"a", MODULE(KERNEL_EXIT "(global $n (mut i32) (i32.const 3))",
                                                    INIT("(global.set $n (i32.add (global.get $n) (i32.const 1)))"
                                                         "(drop (call $exit (global.get $n))) (i32.const 0)")), NULL}}, 1, "a", &o), 4);
}
END_TEST

/* What parigot_init has done, and what came of the calls that it made, every request finds. */
START_TEST(the_image_is_taken_after_init)
{
    static const char prepared[] =
        MODULE(KERNEL_REPLY ECHO "(global $n (mut i32) (i32.const 0))",
               INIT("(drop (call $echo (i32.const 2048) (i32.const 3) (i32.const 1))) (global.set $n (i32.const 1)) (i32.const 9)")
               RESULT("(global.set $n (i32.add (global.get $n) (local.get 4)))")
               SERVE("t.A/Do", "(drop (call $reply (local.get 1) (i32.const 2048) (i32.sub (i32.add (global.get $n) (local.get 0)) (i32.const 10)) (i32.const 1)))"
                               "(global.set $n (i32.const 10))"));
    ck_assert_int_eq(run_reset(prepared, three_in_a_row, 0), 3 * 3);
}
END_TEST

/* Leaves a call open, and would trap at a result of it. The other one is told that nobody waits, and traps at that; unless it
 * has not had its turn yet, for then the request is gone before it came: turns depend on measured time. */
START_TEST(calls_left_open_are_cancelled)
{
    static const char hole[] = MODULE(DIRT, INIT("(i32.const 0)") SERVE("t.Hole/Fall", "")
               "(func (export \"parigot_event\") (param i32 i32 i32) (if (i32.eq (local.get 1) (i32.const 1)) (then unreachable)))");
    static const char leaver[] =
        MODULE(KERNEL_REPLY CALL("t.Hole", "Fall", "fall") ECHO DIRT "(global $call (mut i32) (i32.const 0))", INIT("(i32.const 0)")
               SERVE("t.A/Do", "(if (i32.ne (call $fall (i32.const 0) (i32.const 0) (i32.const 7)) (i32.const 1)) (then unreachable))"
                               "(global.set $call (local.get 1)) (drop (call $echo (i32.const 0) (i32.const 0) (i32.const 1)))")
               RESULT("(if (i32.eq (local.get 1) (i32.const 7)) (then unreachable))" REPLY_DIRT("(global.get $call)")));
    LoadWorldOptions o = under_reset();
    Text texts[] = {{"hole", hole, NULL}, {"echo", echo, NULL}, {"a", leaver, NULL}, {"main", three_in_a_row, NULL}};
    bool heard = false;
    for (int i = 0; i < 20 && !heard; i++) {
        int status = run_with(texts, 4, "main", &o);
        ck_assert_int_eq(status, 3);
        heard = strstr(told.ptr ? told.ptr : "", "hole was killed: unreachable") != NULL;
        ck_assert(!told.ptr || !strstr(told.ptr, "a was killed"));
    }
    ck_assert(heard);
}
END_TEST

/* Requests that never get an answer end by their deadline; their instances are then there for others. */
START_TEST(an_instance_ends_with_its_request)
{
    static const char silent[] =
        MODULE(KERNEL_REPLY DIRT, INIT("(i32.const 0)")
               SERVE("t.A/Do", "(if (i32.eq (local.get 3) (i32.const 2)) (then " REPLY_DIRT("(local.get 1)") "))"));
    static const char listens[] =
        MODULE(KERNEL_REPLY DIRT, INIT("(i32.const 0)")
               SERVE("t.A/Do", "(if (i32.eq (local.get 3) (i32.const 2)) (then " REPLY_DIRT("(local.get 1)") "))")
               "(func (export \"parigot_event\") (param i32 i32 i32) (drop (call $dirt)))");
    LoadWorldOptions o = under_reset();
    o.limits.instances = 1;
    o.limits.process.deadline_ns = 30000000;
    Text texts[] = {{"a", silent, NULL}, {"main", three_in_a_row, NULL}};
    int status = run_with(texts, 2, "main", &o);
    ck_assert_int_eq(status, 2 * 4 * 4 + 1);
    texts[0].wat = listens;
    ck_assert_int_eq(run_with(texts, 2, "main", &o), status);
}
END_TEST

/* Exit ends the request that it was called for; the module goes on. */
START_TEST(exit_of_one_request)
{
    static const char leaves[] = MODULE(KERNEL_REPLY KERNEL_EXIT DIRT, INIT("(i32.const 0)")
        SERVE("t.A/Do", "(if (i32.eq (local.get 3) (i32.const 1)) (then (drop (call $exit (i32.const 5)))))" REPLY_DIRT("(local.get 1)")));
    ck_assert_int_eq(run_reset(leaves, three_in_a_row, 0), 14 * 4 + 2);
}
END_TEST

/* Before there is an image, a kill is the module's. */
START_TEST(killed_in_init)
{
    static const char broken[] = MODULE(KERNEL_REPLY DIRT, INIT("unreachable") SERVE("t.A/Do", ""));
    ck_assert_int_eq(run_reset(broken, two_at_once, 0), 2 * 14 * 4);
    ck_assert_ptr_nonnull(strstr(told.ptr, "a was killed: unreachable"));
}
END_TEST

/* Address space for so many memories of 8 GiB besides what is there; further ones cannot be had. */
static void allow_memories(unsigned n)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    ck_assert(f && fscanf(f, "%lu", &pages) == 1);
    fclose(f);
    rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + n * (UINT64_C(8) << 30) + (UINT64_C(1) << 30);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes}), 0);
}

/* echo, main and the first instance of a take three; three requests are under way at once. */
START_TEST(without_address_space_requests_wait)
{
    allow_memories(3 + (unsigned)_i);
    ck_assert_int_eq(run_reset(patient, three_quiet_at_once, 0), 3);
    const char *full = "(a): no memory or address space for another instance: requests wait until one is free";
    const char *said = strstr(told.ptr ? told.ptr : "", full);
    ck_assert_int_eq(said != NULL, _i < 2);
    if (said) ck_assert_ptr_null(strstr(said + 1, full)); /* once */
    ck_assert(!told.ptr || !strstr(told.ptr, "killed"));
}
END_TEST

/* Samples are the module's, whichever instance was running. */
START_TEST(profile_of_all_instances)
{
    static const char spins[] =
        MODULE(KERNEL_REPLY DIRT "(func $spin (local $n i32) (local.set $n (i32.const 10000000))"
               "(loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))",
               INIT("(i32.const 0)") SERVE("t.A/Do", "(call $spin) " REPLY_DIRT("(local.get 1)")));
    Made m = make((Text[]){{"a", spins, NULL}, {"main", three_at_once, NULL}}, 2, "main");
    LoadWorldOptions o = under_reset();
    o.profile = o.stats = true;
    o.limits.entry_ns = 0;
    Diags d = {0};
    LoadWorld *w = load_world_open(&m.bundle, &o, &d);
    ck_assert_ptr_nonnull(w);
    ck_assert_int_eq(load_world_run(w), 3);
    TextBuf t = {0};
    load_world_profile(w, &t);
    unsigned long samples = 0;
    for (const char *line = t.ptr, *end; line && *line; line = end + 1) {
        ck_assert_ptr_nonnull(end = strchr(line, '\n'));
        const char *count = end;
        while (count[-1] != ' ') count--;
        if (strncmp(line, "a;", 2) == 0 && memmem(line, (size_t)(end - line), ";spin ", 6)) samples += strtoul(count, NULL, 10);
    }
    ck_assert_uint_ge(samples, 3);
    const char *row = strstr(told.ptr, "\na ");
    unsigned long served, made, failed, refused, entries;
    ck_assert(row && sscanf(row, "\na %lu %lu %lu %lu %lu", &served, &made, &failed, &refused, &entries) == 5);
    ck_assert(served == 3 && made == 0 && failed == 0 && refused == 0 && entries >= 4);
    text_free(&t);
    load_world_close(w);
    diag_free(&d);
    unmake(&m);
}
END_TEST

int main(void)
{
    if (!have_tool("wat2wasm")) {
        puts("1..0 # SKIP wat2wasm is not there");
        return 0;
    }
    Suite *s = suite_create("reset");
    TCase *t = tcase_create("reset");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, few_pages);
    tcase_add_test(t, many_pages);
    tcase_add_test(t, with_checks);
    tcase_add_test(t, with_checks_many_pages);
    tcase_add_test(t, an_interrupt_is_forgotten);
    tcase_add_test(t, nothing_is_left);
    tcase_add_test(t, requests_at_once_do_not_see_each_other);
    tcase_add_test(t, a_trap_kills_one_request);
    tcase_add_test(t, who_serves_nobody_keeps_its_state);
    tcase_add_test(t, the_image_is_taken_after_init);
    tcase_add_test(t, calls_left_open_are_cancelled);
    tcase_add_test(t, an_instance_ends_with_its_request);
    tcase_add_test(t, exit_of_one_request);
    tcase_add_test(t, killed_in_init);
    const char *sanitizer = getenv("PARIGOT_SANITIZE"); /* one that wants address space of its own */
    if (!sanitizer || strcmp(sanitizer, "none") == 0 || strcmp(sanitizer, "undefined") == 0)
        tcase_add_loop_test(t, without_address_space_requests_wait, 0, 3);
    tcase_add_test(t, profile_of_all_instances);
    suite_add_tcase(s, t);
    return run_tap(s);
}
