/* limits.c: the breach of each limit of docs/limits.md that a module by hand can commit names process, limit, value, and the
 * functions that led there. Each limit is set as a bundle says it, as the operator does, and as both do; the smaller holds.
 * (Fuel, and lines of source, are in tests/run/limits.case: they take a linker.) */
#include <fcntl.h>

#include "tests/unit/world_rig.h"

/* ---- worlds: main asks a, which answers or not ------------------------------------------------------------------------------ */

#define DO CALL("t.A", "Do", "do")
#define ASK(len) "(drop (call $do (i32.const 2048) (i32.const " len ") (i32.const 1)))"
/* main exits after n calls have ended. What fails it logs: a Failure's field 1 becomes WriteRequest's field 2. */
#define MAIN(n, asks, at_result)                                                                                      \
    MODULE(DO KERNEL_EXIT CALL("parigot.log.v1.Log", "Write", "write"),                                                   \
           "(global $left (mut i32) (i32.const " n ")) (func $flood " asks ")" INIT("(call $flood) (i32.const 0)")          \
           RESULT("(if (i32.and (i32.ne (local.get 2) (i32.const 0)) (i32.ne (local.get 4) (i32.const 0)))"                \
                  " (then (i32.store8 (local.get 3) (i32.const 0x12)) (drop (call $write (local.get 3) (local.get 4) (i32.const 0)))))" \
                  "(global.set $left (i32.sub (global.get $left) (i32.and (local.get 5) (i32.const 1))))"                   \
                  "(if (i32.eqz (global.get $left)) (then (drop (call $exit (local.get 2)))) (else " at_result "))"))
#define SERVES(how)                                                                                                   \
    MODULE(KERNEL_REPLY, "(func $pour (param i32) " how ") " INIT("(i32.const 0)") SERVE("t.A/Do", "(call $pour (local.get 1))"))
#define PIECE(len, flags) "(drop (call $reply (local.get 0) (i32.const 2048) (i32.const " len ") (i32.const " flags ")))"
#define ANSWER PIECE("1", "1")

static const char answers[] = SERVES(ANSWER);
static const char asks_thrice[] = MAIN("1", ASK("900") ASK("900") ASK("900"), ""),
                  asks_once[] = MAIN("1", ASK("900"), "");

/* Either may be NULL. n: the limit's value. */
typedef void Set(BundleLimits *, LoadWorldLimits *, uint64_t n);
#define SET(name, field, theirs)                                                                                      \
    static void name(BundleLimits *b, LoadWorldLimits *o, uint64_t n)                                                 \
    {                                                                                                                 \
        if (b) b->field = (__typeof__(b->field))n;                                                                    \
        if (o) o->theirs = (__typeof__(o->theirs))n;                                                                  \
    }
SET(calls, calls, process.calls)
SET(queue, queue, process.queue)
SET(deadline, deadline_ns, process.deadline_ns)
SET(entry, entry_ns, entry_ns)
SET(stack, stack_bytes, stack_bytes)
SET(memory, memory_bytes, memory_bytes)
SET(table, table_elems, table_elems)

static void message(BundleLimits *b, LoadWorldLimits *o, uint64_t n)
{
    if (b) b->message_bytes = (uint32_t)n;
    if (o) o->process.message_bytes = (uint32_t)n;
}

/* n is for waiting bytes; with messages that are as short as it takes for it to hold. */
static void waiting(BundleLimits *b, LoadWorldLimits *o, uint64_t n)
{
    message(b, o, 1000);
    if (b) b->waiting_bytes = (uint32_t)n;
    if (o) o->process.waiting_bytes = (uint32_t)n;
}

/* And not much time for each. */
static void one_instance(BundleLimits *b, LoadWorldLimits *o, uint64_t n)
{
    deadline(b, o, 20000000);
    if (b) b->instances = (uint32_t)n;
    if (o) o->instances = (uint32_t)n;
}

/* The bundle must want restarts at all. */
static void restarts(BundleLimits *b, LoadWorldLimits *o, uint64_t n)
{
    if (b) b->restarts_per_minute = (uint32_t)n;
    if (o) o->process.restarts_per_minute = (uint32_t)n;
}

typedef struct Breach {
    const char *name;
    const char *a, *main;    /* two modules                                                                          */
    Set *set;
    uint64_t n;
    bool of_main;            /* whose limit it is, in the bundle                                                     */
    bool fresh;              /* policy reset                                                                         */
    bool bundle_only;        /* the operator's would hold for the other module first                                 */
    const char *words[3];    /* in what is told or logged, in this order                                             */
} Breach;

#define CALLED "parigot-run: call: main -> a t.A/Do: "
static const Breach breaches[] = {
    {"calls made", answers, asks_thrice, calls, 2, .of_main = true,
     .words = {CALLED "request not taken: calls of main limited to 2, would be 3", "  #0 func ", "\"flood\""}},
    {"calls at one", answers, asks_thrice, calls, 2, .bundle_only = true,
     .words = {CALLED "request not taken: calls of a limited to 2, would be 3", "\"flood\""}},
    {"message out", answers, asks_once, message, 899, .of_main = true,
     .words = {CALLED "request not taken: message of main limited to 899, would be 900", "\"flood\""}},
    {"message in", answers, asks_once, message, 899, .bundle_only = true,
     .words = {CALLED "request not taken: message of a limited to 899, would be 900", "\"flood\""}},
    {"reply out", SERVES(PIECE("901", "0") ANSWER), asks_once, message, 900, .bundle_only = true,
     .words = {CALLED "reply not taken: message of a limited to 900, would be 901", "\"pour\""}},
    {"reply in", SERVES(PIECE("901", "0") ANSWER), asks_once, message, 900, .of_main = true,
     .words = {CALLED "reply not taken: message of main limited to 900, would be 901", "\"pour\""}},
    {"queue", SERVES(PIECE("1", "0") PIECE("1", "0") PIECE("1", "0") "unreachable"),
     MAIN("1", ASK("1"), ""), queue, 2,
     .words = {CALLED "reply not taken: queue of a limited to 2, would be 3", "  #0 func ", "\"pour\""}},
    {"waiting requests", answers, asks_thrice, waiting, 2500, .of_main = true,
     .words = {CALLED "request not taken: waiting bytes of main limited to 2500, would be 2700", "\"flood\""}},
    {"waiting bytes are two messages", answers, asks_thrice, waiting, 1, .of_main = true,
     .words = {CALLED "request not taken: waiting bytes of main limited to 2256, would be 2700"}},
    {"waiting replies", SERVES(PIECE("900", "0") PIECE("900", "0") PIECE("900", "0") "unreachable"), MAIN("1", ASK("1"), ""), waiting, 2500,
     .words = {CALLED "reply not taken: waiting bytes for one caller of a limited to 1472, would be 2056", "\"pour\""}},
    {"deadline", SERVES(""), asks_once, deadline, 20000000,
     .words = {CALLED "DEADLINE_EXCEEDED", "main: deadline exceeded: no last result of t.A/Do from a within 0.02 s"}},
    {"entry", SERVES("(loop (br 0))"), asks_once, entry, 30000000, .words = {"a was killed: one entry ran for more than 0.03 s", "\"pour\""}},
    {"depth", SERVES("(call $pour (local.get 0))"), asks_once, stack, 8192,
     .words = {"a was killed: call stack exhausted: ", " calls deep, the stack is limited to 8192 B", "\"pour\""}},
    {"memory", SERVES("(drop (memory.grow (i32.const 2))) (drop (memory.grow (i32.const 5))) (drop (memory.grow (i32.const 4))) unreachable"), asks_once, memory, 6 * 65536,
     .words = {">>> memory of a limited to 393216 B; it asked for 589824 B, first at\n", "\"pour\"", "trap: unreachable"}},
    {"memory at the start", answers, asks_once, memory, 65536, .bundle_only = true,
     .words = {"a was killed: memory of 131072 bytes exceeds the limit of 65536"}},
    {"tables", MODULE(KERNEL_REPLY, "(table $t 3 funcref) (table 1 funcref) (func $pour (param i32)"
                      "(drop (table.grow $t (ref.null func) (i32.const 1))) (drop (table.grow $t (ref.null func) (i32.const 3))) unreachable)"
                      INIT("(i32.const 0)") SERVE("t.A/Do", "(call $pour (local.get 1))")), asks_once, table, 6,
     .words = {">>> tables of a limited to 6 elements; it asked for 8 elements, first at\n", "\"pour\"", "trap: unreachable"}},
    {"table's own maximum", MODULE(KERNEL_REPLY, "(table $t 3 4 funcref) (func $pour (param i32)"
                      "(drop (table.grow $t (ref.null func) (i32.const 2))) unreachable)"
                      INIT("(i32.const 0)") SERVE("t.A/Do", "(call $pour (local.get 1))")), asks_once, table, 6,
     .words = {">>> tables of a limited to 4 elements; it asked for 5 elements, first at\n", "\"pour\""}},
    {"tables at the start", MODULE(KERNEL_REPLY, "(table 3 funcref) (table 4 funcref)" INIT("(i32.const 0)") SERVE("t.A/Do", "")),
     asks_once, table, 6, .words = {"a was killed: tables of 7 elements exceed the limit of 6"}},
    {"restarts", SERVES("unreachable"), MAIN("2", ASK("1"), ASK("1")), restarts, 1,
     .words = {">>> starts afresh in 0.01 s\n", ">>> starts afresh in 60 s: restarts of a limited to 1 a minute\n", "\"pour\""}},
    {"instances", MODULE(KERNEL_REPLY, "(table $t 1 funcref)" INIT("(i32.const 0)")
                         SERVE("t.A/Do", "(table.set $t (i32.const 0) (ref.null func))")),
     MAIN("2", ASK("1") ASK("1"), ""), one_instance, 1, .fresh = true,
     .words = {"main: deadline exceeded: no last result of t.A/Do from a within 0.02 s\n",
               "main: deadline exceeded: no last result of t.A/Do from a within 0.02 s: all of its 1 instances were in use\n"}},
};

static void check_words(const Breach *b, const char *how)
{
    const char *at = told.ptr ? told.ptr : "";
    for (size_t i = 0; i < ARRAY_LEN(b->words) && b->words[i]; i++) {
        const char *found = strstr(at, b->words[i]);
        ck_assert_msg(found != NULL, "%s, %s: no \"%s\" in:\n%s", b->name, how, b->words[i], told.ptr ? told.ptr : "");
        at = found + strlen(b->words[i]);
    }
}

/* Runs a world with limits in its manifest and of the operator; 0: not said. What is logged goes behind what is told. */
static int run_limited(const Breach *b, uint64_t bundle, uint64_t operator)
{
    Made m = make((Text[]){{"a", b->a, NULL}, {"main", b->main, "parigot.log.v1.Log"}}, 2, "main");
    LoadWorldOptions o = options();
    o.trace_calls = true;
    if (b->fresh) o.floor = val_builtin_policy(STR("reset"));
    BundleManifest *manifest = (BundleManifest *)(uintptr_t)m.bundle.manifest;
    BundleLimits *limits = NULL;
    for (size_t i = 0; i < manifest->n_modules; i++)
        if (strcmp(manifest->modules[i]->name, b->of_main ? "main" : "a") == 0) limits = manifest->modules[i]->limits;
    if (bundle) b->set(limits, NULL, bundle);
    if (operator) b->set(NULL, &o.limits, operator);
    char path[] = "/tmp/parigot-limits-XXXXXX";
    int log = mkstemp(path);
    ck_assert_int_ge(log, 0);
    unlink(path);
    o.services.log_fd = log;

    Diags d = {0};
    told.len = 0;
    LoadWorld *w = load_world_open(&m.bundle, &o, &d);
    if (!w) print(&d);
    ck_assert_ptr_nonnull(w);
    int status = load_world_run(w);
    load_world_close(w);
    char line[1000];
    ssize_t n = pread(log, line, sizeof line, 0);
    text_add(&told, (Str){line, n > 0 ? (size_t)n : 0});
    close(log);
    diag_free(&d);
    unmake(&m);
    return status;
}

START_TEST(names_process_limit_and_value)
{
    const Breach *b = &breaches[_i];
    uint64_t more = b->n + 1;
    run_limited(b, b->n, 0);
    check_words(b, "the bundle's");
    run_limited(b, b->n, b->bundle_only ? 0 : more);
    check_words(b, "the bundle's, which is smaller");
    if (b->bundle_only) return;
    run_limited(b, b->set == restarts ? more : 0, b->n);
    check_words(b, "the operator's");
    run_limited(b, more, b->n);
    check_words(b, "the operator's, which is smaller");
}
END_TEST

int main(void)
{
    if (!have_tool("wat2wasm")) {
        puts("1..0 # SKIP wat2wasm is not there");
        return 0;
    }
    Suite *s = suite_create("limits");
    TCase *t = tcase_create("limits");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, names_process_limit_and_value, 0, ARRAY_LEN(breaches));
    suite_add_tcase(s, t);
    return run_tap(s);
}
