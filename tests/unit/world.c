/* world.c: from a bundle to a running world, with modules written by hand: what is refused before anything runs, and
 * what a module may do wrong at its border.
 *
 * The modules are WebAssembly text, so they have no proved layout: the worlds run under policy audit, and so does the
 * operator. Modules that the linker made are run by the cases in tests/run. */
#include "loader/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "tests/unit/world_rig.h"

/* ---- modules ---------------------------------------------------------------------------------------------------------- */

static const char echo[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SAY_BACK);
/* Asks the echo with the bytes that lie at 2048, and exits with status * 8 + length of the answer, modulo 8. */
#define ASKER(body)                                                                                                 \
    MODULE(KERNEL_EXIT CALL("t.Echo", "Say", "say"), "(data (i32.const 2048) \"abc\")" INIT(body)                            \
           RESULT("(drop (call $exit (i32.add (i32.mul (local.get 2) (i32.const 8)) (i32.and (local.get 4) (i32.const 7)))))"))
static const char asker[] = ASKER("(drop (call $say (i32.const 2048) (i32.const 3) (i32.const 1))) (i32.const 0)");

static int run_pair(const char *a, const char *b)
{
    return run((Text[]){{"b", b, NULL}, {"a", a, NULL}}, 2, "a");
}

/* load_world_open refuses the bundle after `change` has been at the manifest, with this code first. */
static void refused(const Text *texts, size_t n, void (*change)(BundleManifest *), DiagCode code, const char *words)
{
    Made m = make(texts, n, NULL);
    if (change) change((BundleManifest *)(uintptr_t)m.bundle.manifest);
    Diags d = {0};
    LoadWorldOptions o = options();
    ck_assert_ptr_null(load_world_open(&m.bundle, &o, &d));
    bool found = false;
    for (size_t i = 0; i < d.n; i++) found |= d.items[i].code == code && strstr(d.items[i].text, words);
    if (!found) print(&d);
    ck_assert(found);
    diag_free(&d);
    unmake(&m);
}

/* ---- it works ------------------------------------------------------------------------------------------------------------- */

START_TEST(question_and_answer)
{
    ck_assert_int_eq(run_pair(asker, echo), 3);
}
END_TEST

START_TEST(with_checked_memory_too)
{
    LoadWorldOptions o = options();
    o.checked = true;
    ck_assert_int_eq(run_with((Text[]){{"b", echo, NULL}, {"a", asker, NULL}}, 2, "a", &o), 3);
}
END_TEST

START_TEST(the_init_request_tells_name_and_limits)
{
    /* exits with the message's first byte: field 1, varint; then the ABI version */
    static const char tells[] = MODULE(KERNEL_EXIT, INIT(
        "(call $exit (i32.add (i32.load8_u (local.get 0)) (i32.load8_u offset=1 (local.get 0))))"));
    ck_assert_int_eq(run((Text[]){{"a", tells, NULL}}, 1, "a"), 8 + 1);
}
END_TEST

START_TEST(without_main_the_world_ends_when_nothing_can_come)
{
    ck_assert_int_eq(run((Text[]){{"b", echo, NULL}}, 1, NULL), 0);
    static const char exits[] = MODULE(KERNEL_EXIT, INIT("(call $exit (i32.const 9))"));
    ck_assert_int_eq(run((Text[]){{"b", exits, NULL}}, 1, NULL), 0);
}
END_TEST

START_TEST(two_worlds_in_one_process)
{
    Made m1 = make((Text[]){{"b", echo, NULL}, {"a", asker, NULL}}, 2, "a");
    Made m2 = make((Text[]){{"b", echo, NULL}, {"a", asker, NULL}}, 2, "a");
    LoadWorldOptions o = options();
    Diags d = {0};
    LoadWorld *w1 = load_world_open(&m1.bundle, &o, &d), *w2 = load_world_open(&m2.bundle, &o, &d);
    LoadWorld *w3 = load_world_open(&m1.bundle, &o, &d); /* of the same bundle */
    ck_assert(w1 && w2 && w3);
    ck_assert_int_eq(load_world_run(w2), 3);
    ck_assert_int_eq(load_world_run(w1), 3);
    load_world_close(w1);
    ck_assert_int_eq(load_world_run(w3), 3);
    load_world_close(w2);
    load_world_close(w3);
    unmake(&m1);
    unmake(&m2);
}
END_TEST

/* One world a thread, at the same time: guests that trap by page faults, guests that are interrupted, and asked to end. */
static const char null_writer[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SERVE("t.Echo/Say",
    "(i32.store (i32.const -16) (i32.const 1))"));
static const char spinner[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SERVE("t.Echo/Say", "(loop (br 0))"));
typedef struct Runner {
    LoadWorld *world;
    int status;
} Runner;
static void run_in_thread(void *arg)
{
    Runner *r = arg;
    r->status = load_world_run(r->world);
}
static void tell_nobody(void *ctx, Str lines)
{
    (void)ctx;
    (void)lines;
}
START_TEST(worlds_in_threads)
{
    const char *const providers[] = {echo, null_writer, spinner};
    Made made[3];
    for (size_t i = 0; i < 3; i++) made[i] = make((Text[]){{"b", providers[i], NULL}, {"a", asker, NULL}}, 2, "a");
    for (unsigned round = 0; round < 5; round++) {
        Runner runners[6];
        uv_thread_t threads[6];
        Diags d = {0};
        LoadWorldOptions o = options();
        o.tell = tell_nobody;
        o.limits.entry_ns = 50000000;
        for (size_t i = 0; i < 6; i++) {
            runners[i] = (Runner){.world = load_world_open(&made[i % 3].bundle, &o, &d)};
            ck_assert_ptr_nonnull(runners[i].world);
        }
        for (size_t i = 0; i < 6; i++) ck_assert_int_eq(uv_thread_create(&threads[i], run_in_thread, &runners[i]), 0);
        for (size_t i = 0; i < 6; i++) {
            uv_thread_join(&threads[i]);
            if (i % 3 == 0) ck_assert_int_eq(runners[i].status, 3);
            else ck_assert_int_eq(runners[i].status >> 3, STATUS_UNAVAILABLE);
            load_world_close(runners[i].world);
        }
        diag_free(&d);
    }
    for (size_t i = 0; i < 3; i++) unmake(&made[i]);
}
END_TEST

START_TEST(it_can_be_stopped_from_another_thread)
{
    static const char silent[] = MODULE("", INIT("(i32.const 0)") SERVE("t.Echo/Say", ""));
    Made m = make((Text[]){{"b", silent, NULL}, {"a", asker, NULL}}, 2, "a");
    LoadWorldOptions o = options();
    Diags d = {0};
    Runner r = {.world = load_world_open(&m.bundle, &o, &d)};
    uv_thread_t thread;
    ck_assert_int_eq(uv_thread_create(&thread, run_in_thread, &r), 0);
    usleep(20000);
    load_world_stop(r.world, 2);
    uv_thread_join(&thread);
    ck_assert_int_eq(r.status, 128 + 2);
    load_world_close(r.world);
    unmake(&m);
}
END_TEST

START_TEST(a_world_that_never_ran_can_be_closed)
{
    Made m = make((Text[]){{"b", echo, NULL}, {"a", asker, NULL}}, 2, "a");
    LoadWorldOptions o = options();
    Diags d = {0};
    load_world_close(load_world_open(&m.bundle, &o, &d));
    unmake(&m);
}
END_TEST

START_TEST(it_ends_when_asked)
{
    /* a call that b never answers; nobody takes events */
    static const char silent[] = MODULE("", INIT("(i32.const 0)") SERVE("t.Echo/Say", ""));
    Made m = make((Text[]){{"b", silent, NULL}, {"a", asker, NULL}}, 2, "a");
    LoadWorldOptions o = options();
    Diags d = {0};
    LoadWorld *w = load_world_open(&m.bundle, &o, &d);
    load_world_stop(w, 15);
    ck_assert_int_eq(load_world_run(w), 128 + 15);
    load_world_close(w);
    unmake(&m);
}
END_TEST

/* ---- what is refused -------------------------------------------------------------------------------------------------------- */

static const char logger[] = MODULE(CALL("parigot.log.v1.Log", "Write", "write"),
                                    INIT("(call $write (i32.const 0) (i32.const 0) (i32.const 0))") RESULT(""));
static void revoke_grants(BundleManifest *m) { m->modules[0]->n_grants = 0; }
START_TEST(what_is_not_granted_is_not_there)
{
    ck_assert_int_eq(run((Text[]){{"a", logger, "parigot.log.v1.Log"}}, 1, NULL), 0);
    refused((Text[]){{"a", logger, "parigot.log.v1.Log"}}, 1, revoke_grants, RUN_NO_IMPORT, "not granted");
    static const char later[] = MODULE(CALL("parigot.clock.v1.Clock", "Alarm", "x"), INIT("(i32.const 0)") RESULT(""));
    refused((Text[]){{"a", later, "parigot.clock.v1.Clock"}}, 1, NULL, RUN_NO_IMPORT, "has no such method");
}
END_TEST

static void lose_provider(BundleManifest *m) { m->modules[0]->n_provides = 0; }
START_TEST(a_manifest_that_differs_from_its_modules)
{
    refused((Text[]){{"b", echo, NULL}, {"a", asker, NULL}}, 2, lose_provider, BUNDLE_MODULE_DIFFERS, "");
}
END_TEST

static void limit_fuel(BundleManifest *m) { m->modules[0]->limits->fuel_per_entry = 5; }
START_TEST(a_limit_that_cannot_be_kept)
{
    refused((Text[]){{"b", echo, NULL}}, 1, limit_fuel, RUN_FUEL, "not proved to be metered");
}
END_TEST

START_TEST(an_engine_that_knows_only_its_own_nans)
{
    Made m = make((Text[]){{"b", echo, NULL, 0}}, 1, NULL);
    LoadEngine other = load_interp;
    other.name = "other";
    other.lacks = LOAD_LACKS_NANS;
    LoadWorldOptions o = options();
    Diags d = {0};
    o.engine = &other;
    o.canonical_nans = true;
    ck_assert_ptr_null(load_world_open(&m.bundle, &o, &d));
    ck_assert(d.items[0].code == RUN_ENGINE_CANNOT && strstr(d.items[0].text, "engine other cannot make NaNs canonical"));
    diag_free(&d);
    o.engine = &load_interp;
    LoadWorld *w = load_world_open(&m.bundle, &o, &d);
    ck_assert_ptr_nonnull(w);
    ck_assert_int_eq(load_world_run(w), 0);
    load_world_close(w);
    unmake(&m);
}
END_TEST

START_TEST(entries_have_the_types_of_the_border)
{
    /* Policy audit only warns about these; the loader needs them to be so. */
    static const struct {
        const char *wat, *words;
    } bad[] = {
        {"(module (memory 1 1) (func (export \"parigot_init\") (param i32 i32) (result i32) (i32.const 0)))",
         "\"parigot_alloc\" is missing"},
        {"(module (memory 1 1) (func (export \"parigot_alloc\") (param i32) (result i32) (i32.const 0)))",
         "\"parigot_init\" is missing"},
        {"(module (memory 1 1) (func (export \"parigot_alloc\") (param i64) (result i32) (i32.const 0))"
         " (func (export \"parigot_init\") (param i32 i32) (result i32) (i32.const 0)))",
         "\"parigot_alloc\" has not the type"},
        {"(module (memory 1 1) (func (export \"parigot_alloc\") (param i32) (result i32) (i32.const 0))"
         " (func (export \"parigot_init\") (param i32 i32) (i32.const 0) drop))",
         "\"parigot_init\" has not the type"},
        {MODULE(CALL("parigot.log.v1.Log", "Write", "w"), INIT("(i32.const 0)")), "\"parigot_result\" is missing"},
        {MODULE("", INIT("(i32.const 0)") "(func (export \"parigot_event\") (param i32))"), "\"parigot_event\" has not"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *grant = strstr(bad[i].wat, "Log") ? "parigot.log.v1.Log" : NULL;
        refused((Text[]){{"a", bad[i].wat, grant}}, 1, NULL, RUN_ENTRY, bad[i].words);
    }
}
END_TEST

/* ---- what a module may do wrong ------------------------------------------------------------------------------------------------ */

static const char *const outside[] = {"0xffffffff", "0x20000", "0x1ffff", "0x80000000"};
START_TEST(messages_outside_memory_kill_the_sender)
{
    for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
        char wat[2000];
        snprintf(wat, sizeof wat,
                 ASKER("(drop (call $say (i32.const %s) (i32.const 2) (i32.const 1))) (i32.const 0)"), outside[i]);
        ck_assert_int_eq(run_pair(wat, echo), 134);
        ck_assert_ptr_nonnull(strstr(told.ptr, "a was killed: message outside memory"));
        snprintf(wat, sizeof wat,
                 MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SERVE("t.Echo/Say",
                 "(drop (call $reply (local.get 1) (i32.const %s) (i32.const 2) (i32.const 1)))")), outside[i]);
        ck_assert_int_eq(run_pair(asker, wat) >> 3, STATUS_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(told.ptr, "b was killed: message outside memory"));
    }
}
END_TEST

START_TEST(buffers_outside_memory_kill_the_receiver)
{
    for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
        char wat[2000];
        snprintf(wat, sizeof wat,
                 "(module " KERNEL_REPLY " (memory 2 16) (global $n (mut i32) (i32.const 1024))"
                 " (func (export \"parigot_alloc\") (param i32) (result i32)"
                 "   (global.get $n) (global.set $n (i32.const %s)))"
                 INIT("(i32.const 0)") SAY_BACK ")", outside[i]);
        int status = run_pair(asker, wat);
        ck_assert_int_eq(status >> 3, STATUS_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(told.ptr, "b was killed: message outside memory"));
        ck_assert_ptr_nonnull(strstr(told.ptr, ">>> serving t.Echo/Say for a"));
    }
}
END_TEST

START_TEST(an_entry_that_never_ends_is_interrupted)
{
    static const char loops[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SERVE("t.Echo/Say", "(loop (br 0))"));
    ck_assert_int_eq(run_pair(asker, loops) >> 3, STATUS_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(told.ptr, "b was killed: one entry ran for more than 0.3 s"));
    /* so is one in parigot_alloc */
    static const char hangs[] = "(module " KERNEL_REPLY " (memory 2 16)"
        " (func (export \"parigot_alloc\") (param i32) (result i32) (loop (br 0)) (i32.const 0)) "
        INIT("(i32.const 0)") SAY_BACK ")";
    ck_assert_int_eq(run_pair(asker, hangs) >> 3, STATUS_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(told.ptr, "in parigot_alloc"));
}
END_TEST

START_TEST(a_storm_of_calls_is_bounded)
{
    /* main calls itself tired: until -8; exits with the number of calls / 8 */
    static const char storm[] = ASKER(
        "(local $n i32) (loop (if (i32.gt_s (call $say (i32.const 2048) (i32.const 3) (i32.const 0)) (i32.const 0))"
        " (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br 1))))"
        " (call $exit (i32.div_u (local.get $n) (i32.const 8)))");
    ck_assert_int_eq(run_pair(storm, echo), 1024 / 8);
    LoadWorldOptions o = options();
    o.limits.process.calls = 80;
    ck_assert_int_eq(run_with((Text[]){{"b", echo, NULL}, {"a", storm, NULL}}, 2, "a", &o), 10);
}
END_TEST

START_TEST(main_killed_is_134_whatever_kills)
{
    static const char *const deaths[] = {
        INIT("unreachable"),
        INIT("(i32.div_s (i32.const 1) (i32.const 0))"),
        INIT("(i32.load (i32.const 0x20000))"),
        INIT("(loop (br 0)) (i32.const 0)"),
        "(func $f (call $f)) " INIT("(call $f) (i32.const 0)"),
    };
    for (size_t i = 0; i < ARRAY_LEN(deaths); i++) {
        char wat[1000];
        snprintf(wat, sizeof wat, MODULE("", "%s"), deaths[i]);
        ck_assert_int_eq(run((Text[]){{"a", wat, NULL}}, 1, "a"), 134);
        ck_assert_ptr_nonnull(strstr(told.ptr, ">>> in parigot_init"));
        ck_assert_msg(strstr(told.ptr, "[R0202]") != NULL, "%zu: %s", i, told.ptr);
    }
}
END_TEST

START_TEST(imports_within_alloc_fail)
{
    /* exits with minus what Say gives within parigot_alloc */
    static const char sly[] = "(module " KERNEL_EXIT CALL("t.Echo", "Say", "say") " (memory 2 16)"
        " (func (export \"parigot_alloc\") (param i32) (result i32)"
        "   (drop (call $exit (i32.sub (i32.const 0) (call $say (i32.const 0) (i32.const 0) (i32.const 1)))))"
        "   (i32.const 1024))" INIT("(i32.const 0)") RESULT("") ")";
    ck_assert_int_eq(run_pair(sly, echo), 9);
}
END_TEST

START_TEST(it_sleeps_without_blocking)
{
    /* a sleeps 50 ms (duration_ns = 50000000) and asks meanwhile: the echo's answer comes first; a exits with 3 then */
    static const char sleeper[] = MODULE(KERNEL_EXIT CALL("t.Echo", "Say", "say") CALL("parigot.clock.v1.Clock", "Sleep", "sleep"),
        "(data (i32.const 2048) \"\\08\\80\\e1\\eb\\17\") (global $got (mut i32) (i32.const 0))"
        INIT("(drop (call $sleep (i32.const 2048) (i32.const 5) (i32.const 1)))"
             "(drop (call $say (i32.const 2048) (i32.const 3) (i32.const 2))) (i32.const 0)")
        RESULT("(if (i32.eq (local.get 1) (i32.const 2)) (then (global.set $got (local.get 4)))"
               " (else (drop (call $exit (global.get $got)))))"));
    ck_assert_int_eq(run((Text[]){{"b", echo, NULL}, {"a", sleeper, "parigot.clock.v1.Clock"}}, 2, "a"), 3);
}
END_TEST

/* The table of system services says of this loader what is true. */
START_TEST(the_table_of_services_is_right)
{
    size_t here = 0, have = 0;
    for (size_t i = 0; i < BUNDLE_SYSTEM_COUNT; i++) {
        here += bundle_system_services[i].here;
        ck_assert(wasm_is_service(str_of(bundle_system_services[i].name)) && bundle_is_system_service(bundle_system_services[i].name));
        ck_assert(i == 0 || strcmp(bundle_system_services[i - 1].name, bundle_system_services[i].name) < 0);
    }
    for (; system_services[have]; have++) {
        const BundleSystemService *row = bundle_find_system_service(str_of(system_services[have]->name));
        ck_assert(row && row->here);
    }
    ck_assert_uint_eq(here, have);
    ck_assert(!bundle_find_system_service(STR(BUNDLE_KERNEL)) && !bundle_find_system_service(STR("")));
    ck_assert_str_eq(bundle_nearest_system_service(STR("Log")), "parigot.log.v1.Log");
    ck_assert_str_eq(bundle_nearest_system_service(STR("parigot.files.v1.File")), BUNDLE_FILE_SERVICE);
    ck_assert_ptr_null(bundle_nearest_system_service(STR("")));
    ck_assert_ptr_null(bundle_nearest_system_service(STR("greeting.v1.Greeter")));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("world");
    TCase *t = tcase_create("world");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, the_table_of_services_is_right);
    if (have_tool("wat2wasm")) {
        tcase_add_test(t, question_and_answer);
        tcase_add_test(t, with_checked_memory_too);
        tcase_add_test(t, the_init_request_tells_name_and_limits);
        tcase_add_test(t, without_main_the_world_ends_when_nothing_can_come);
        tcase_add_test(t, two_worlds_in_one_process);
        tcase_add_test(t, worlds_in_threads);
        tcase_add_test(t, it_can_be_stopped_from_another_thread);
        tcase_add_test(t, a_world_that_never_ran_can_be_closed);
        tcase_add_test(t, it_ends_when_asked);
        tcase_add_test(t, what_is_not_granted_is_not_there);
        tcase_add_test(t, a_manifest_that_differs_from_its_modules);
        tcase_add_test(t, a_limit_that_cannot_be_kept);
        tcase_add_test(t, an_engine_that_knows_only_its_own_nans);
        tcase_add_test(t, entries_have_the_types_of_the_border);
        tcase_add_test(t, messages_outside_memory_kill_the_sender);
        tcase_add_test(t, buffers_outside_memory_kill_the_receiver);
        tcase_add_test(t, an_entry_that_never_ends_is_interrupted);
        tcase_add_test(t, a_storm_of_calls_is_bounded);
        tcase_add_test(t, main_killed_is_134_whatever_kills);
        tcase_add_test(t, imports_within_alloc_fail);
        tcase_add_test(t, it_sleeps_without_blocking);
    }
    suite_add_tcase(s, t);
    return run_tap(s);
}
