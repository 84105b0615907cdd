/* embed.c: libparigot-loader by its header, as another program meets it: worlds side by side, in one thread and in two;
 * replies in pieces, calls from replies; every wrong use; faults of the program beside those of guests.
 *
 * The modules are WebAssembly text: worlds run under policy audit (world_rig.h makes the bundles). */
#include "loader/loader.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/world_rig.h"

#define MS UINT64_C(1000000)

/* ---- modules ------------------------------------------------------------------------------------------------------------- */

static const char echo[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SAY_BACK);
/* Answers with as many bytes as it has served requests. */
static const char counter[] = MODULE(KERNEL_REPLY, "(global $n (mut i32) (i32.const 0))" INIT("(i32.const 0)") SERVE("t.Echo/Say",
    "(global.set $n (i32.add (global.get $n) (i32.const 1)))"
    "(drop (call $reply (local.get 1) (i32.const 2048) (global.get $n) (i32.const 1)))"));
/* As many pieces as the request has bytes, the n-th of n bytes, and an end without a message. */
static const char pieces[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SERVE("t.Echo/Say",
    "(local $n i32) (block (loop (br_if 1 (i32.ge_u (local.get $n) (local.get 3)))"
    " (local.set $n (i32.add (local.get $n) (i32.const 1)))"
    " (drop (call $reply (local.get 1) (i32.const 2048) (local.get $n) (i32.const 0))) (br 0)))"
    "(drop (call $reply (local.get 1) (i32.const 0) (i32.const 0) (i32.const 3)))"));
static const char silent[] = MODULE("", INIT("(i32.const 0)") SERVE("t.Echo/Say", ""));
static const char null_writer[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SERVE("t.Echo/Say",
    "(i32.store (i32.const -16) (i32.const 1))"));
static const char spinner[] = MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SERVE("t.Echo/Say", "(loop (br 0))"));
/* Fails with status 9 and a Failure whose message is "no\n". */
static const char failing[] = MODULE(KERNEL("Fail", "fail", "i32 i32 i32 i32"), "(data (i32.const 2048) \"\\0a\\03no\\0a\")"
    INIT("(i32.const 0)") SERVE("t.Echo/Say", "(drop (call $fail (local.get 1) (i32.const 9) (i32.const 2048) (i32.const 5)))"));
/* Logs "hi\n" on each request, and answers. */
static const char talker[] = MODULE(KERNEL_REPLY CALL("parigot.log.v1.Log", "Write", "write"),
    "(data (i32.const 2048) \"\\08\\03\\12\\03hi\\0a\")" INIT("(i32.const 0)") RESULT("") SERVE("t.Echo/Say",
    "(drop (call $write (i32.const 2048) (i32.const 7) (i32.const 0)))"
    "(drop (call $reply (local.get 1) (i32.const 0) (i32.const 0) (i32.const 1)))"));
/* Exits with 7 on the first request. */
static const char leaver[] = MODULE(KERNEL_EXIT, INIT("(i32.const 0)") SERVE("t.Echo/Say", "(drop (call $exit (i32.const 7)))"));
/* Takes events: exits with 5 when it is asked to. */
static const char polite[] = MODULE(KERNEL_EXIT, INIT("(i32.const 0)") SERVE("t.Echo/Say", "")
    "(func (export \"parigot_event\") (param i32 i32 i32) (if (i32.eq (local.get 1) (i32.const 3))"
    " (then (drop (call $exit (i32.const 5))))))");
/* Sleeps 40 ms from its start, once. */
static const char sleeper[] = MODULE(CALL("parigot.clock.v1.Clock", "Sleep", "sleep"),
    "(data (i32.const 2048) \"\\08\\80\\b4\\89\\13\")" INIT("(drop (call $sleep (i32.const 2048) (i32.const 5) (i32.const 1))) (i32.const 0)")
    RESULT("") SERVE("t.Echo/Say", ""));

/* ---- worlds -------------------------------------------------------------------------------------------------------------- */

typedef struct Talk {
    char lines[4096]; /* told and logged */
    void (*in_log)(struct Talk *);
    ParigotWorld *world;
    int got;
} Talk;
static void add_line(Talk *t, const char *line)
{
    size_t used = strlen(t->lines);
    snprintf(t->lines + used, sizeof t->lines - used, "%s", line);
}
static void on_tell(void *ctx, const char *lines, size_t len)
{
    ck_assert_uint_eq(strlen(lines), len);
    add_line(ctx, lines);
}
static void on_log(void *ctx, const char *module, int level, const char *text)
{
    Talk *t = ctx;
    char line[200];
    snprintf(line, sizeof line, "[%s %d %s]\n", module, level, text);
    add_line(t, line);
    if (t->in_log) t->in_log(t);
}

static ParigotBundle *open_made(const Made *m)
{
    ParigotErrors *e = parigot_errors_new();
    ParigotBundle *b = parigot_bundle_open_bytes(m->file.ptr, m->file.len, "t.pbundle",
                                                 &(ParigotOpenOptions){.allow_unsigned = true}, e);
    ck_assert_msg(b != NULL, "%s", parigot_errors_text(e, "test"));
    parigot_errors_free(e);
    return b;
}

static ParigotWorld *start(ParigotBundle *b, ParigotWorldOptions o)
{
    ParigotErrors *e = parigot_errors_new();
    if (!o.policy) o.policy = "audit";
    ParigotWorld *w = parigot_world_start(b, &o, e);
    ck_assert_msg(w != NULL, "%s", parigot_errors_text(e, "test"));
    parigot_errors_free(e);
    return w;
}

/* A world of one module, "b"; its bundle is closed at once: the world keeps it. */
static ParigotWorld *world_of(const char *wat, const char *main_module, ParigotWorldOptions o)
{
    bool logs = strstr(wat, "log.v1.Log"), sleeps = strstr(wat, "clock.v1.Clock");
    Made m = make((Text[]){{"b", wat, logs ? "parigot.log.v1.Log" : sleeps ? "parigot.clock.v1.Clock" : NULL}}, 1, main_module);
    ParigotBundle *b = open_made(&m);
    ParigotWorld *w = start(b, o);
    parigot_bundle_close(b);
    unmake(&m);
    return w;
}
#define WORLD_OF(wat, ...) world_of(wat, NULL, (ParigotWorldOptions){__VA_ARGS__})

static int ask(ParigotWorld *w, const char *text, ParigotAnswer *a)
{
    return parigot_ask(w, parigot_method(w, "t.Echo/Say"), text, strlen(text), 0, a);
}

/* What came for one call. */
typedef struct Got {
    unsigned n, lasts;
    size_t sizes[64];
    int status, reason;
    char words[100];
} Got;
static void take(void *arg, const ParigotReply *r)
{
    Got *g = arg;
    ck_assert_uint_eq(g->lasts, 0); /* nothing comes after the last */
    ck_assert(r->words != NULL);
    if (r->has_message && g->n < 64) g->sizes[g->n++] = r->size;
    g->lasts += r->last;
    g->status = r->status;
    g->reason = r->reason;
    snprintf(g->words, sizeof g->words, "%s", r->words);
}
static int64_t call(ParigotWorld *w, const char *text, uint64_t timeout_ns, Got *g)
{
    *g = (Got){0};
    return parigot_call(w, parigot_method(w, "t.Echo/Say"), text, strlen(text), timeout_ns, take, g);
}

/* ---- it works ---------------------------------------------------------------------------------------------------------------- */

START_TEST(question_and_answer)
{
    ParigotWorld *w = WORLD_OF(echo, .checked = _i == 1);
    ParigotAnswer a;
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_int_eq(ask(w, "abc", &a), 0);
        ck_assert_uint_eq(a.size, 3);
        ck_assert(memcmp(a.bytes, "abc", 3) == 0);
        ck_assert_str_eq(a.words, "");
        free(a.bytes);
    }
    ck_assert_int_eq(parigot_ask(w, 0, NULL, 0, 0, &a), 0); /* an empty message is one too */
    ck_assert_uint_eq(a.size, 0);
    ck_assert_ptr_null(a.bytes);
    ck_assert_int_eq(parigot_world_status(w), -1);
    ck_assert(parigot_world_close(w));
}
END_TEST

START_TEST(pieces_come_in_order)
{
    ParigotWorld *w = WORLD_OF(pieces);
    Got g;
    int64_t id = call(w, "123456789012345", 0, &g);
    ck_assert_int_gt(id, 0);
    ck_assert_uint_eq(g.n + g.lasts, 0); /* nothing runs by itself */
    ck_assert_int_eq(parigot_wait(w, id, PARIGOT_FOREVER), 0);
    ck_assert_uint_eq(g.n, 15);
    ck_assert_uint_eq(g.lasts, 1);
    for (unsigned i = 0; i < 15; i++) ck_assert_uint_eq(g.sizes[i], i + 1);
    ck_assert_int_eq(parigot_wait(w, id, PARIGOT_FOREVER), PARIGOT_NOT_FOUND);
    /* for a question there is one */
    ParigotAnswer a;
    ck_assert_int_eq(ask(w, "", &a), PARIGOT_INTERNAL);
    ck_assert_str_eq(a.words, "0 messages came for an answer");
    ck_assert_int_eq(ask(w, "xy", &a), PARIGOT_INTERNAL);
    ck_assert_str_eq(a.words, "2 messages came for an answer");
    ck_assert_ptr_null(a.bytes);
    ck_assert_int_eq(ask(w, "x", &a), 0);
    free(a.bytes);
    /* nobody wants the replies */
    ck_assert_int_gt(parigot_call(w, 0, "abc", 3, 0, NULL, NULL), 0);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_IDLE);
    parigot_world_close(w);
}
END_TEST

START_TEST(failures_say_why)
{
    ParigotAnswer a;
    ParigotWorld *w = WORLD_OF(failing);
    ck_assert_int_eq(ask(w, "", &a), 9);
    ck_assert_int_eq(a.reason, PARIGOT_REASON_NONE);
    ck_assert_str_eq(a.words, "no\\x0a"); /* escaped */
    parigot_world_close(w);

    Talk t = {0};
    w = WORLD_OF(null_writer, .tell = on_tell, .ctx = &t, .tool = "prog");
    ck_assert_int_eq(ask(w, "", &a), PARIGOT_UNAVAILABLE);
    ck_assert_int_eq(a.reason, PARIGOT_KILLED);
    ck_assert_ptr_nonnull(strstr(a.words, "b was killed: out of bounds memory access"));
    ck_assert_ptr_nonnull(strstr(t.lines, "prog: error: t.pbundle: b was killed"));
    ck_assert_ptr_nonnull(strstr(t.lines, ">>> serving t.Echo/Say for the host"));
    ck_assert_int_eq(ask(w, "", &a), PARIGOT_UNAVAILABLE); /* it stays dead, and says so at once */
    parigot_world_close(w);

    w = WORLD_OF(spinner, .limits = {.entry_ns = 50 * MS});
    ck_assert_int_eq(ask(w, "", &a), PARIGOT_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(a.words, "one entry ran for more than 0.05 s"));
    parigot_world_close(w);
}
END_TEST

START_TEST(log_lines_and_what_is_told)
{
    Talk t = {0};
    ParigotAnswer a;
    ParigotWorld *w = WORLD_OF(talker, .log = on_log, .tell = on_tell, .ctx = &t, .verbose = true, .trace_calls = true, .stats = true);
    ck_assert_int_eq(ask(w, "", &a), 0);
    ck_assert_ptr_nonnull(strstr(t.lines, "[b 3 hi\\x0a]"));
    ck_assert_ptr_nonnull(strstr(t.lines, "parigot: t.pbundle(b): validated again, under audit and audit"));
    parigot_world_close(w);
    ck_assert_ptr_nonnull(strstr(t.lines, "parigot: call: the host -> b t.Echo/Say: OK, 0 B in"));
    ck_assert_msg(strstr(t.lines, "the host                     0         1") != NULL, "%s", t.lines);
    w = WORLD_OF(talker); /* nobody listens: modules do not notice */
    ck_assert_int_eq(ask(w, "", &a), 0);
    parigot_world_close(w);
}
END_TEST

/* ---- methods, limits, deadlines ------------------------------------------------------------------------------------------------ */

START_TEST(methods_that_are_not_there)
{
    ParigotWorld *w = WORLD_OF(MODULE(KERNEL_REPLY, INIT("(i32.const 0)") SAY_BACK SERVE("t.Echo/Ask", "") SERVE("t.Aa/Z", "")));
    ParigotAnswer a;
    ck_assert_int_eq(parigot_method(w, "t.Aa/Z"), 0);
    ck_assert_int_eq(parigot_method(w, "t.Echo/Say"), 2);
    ck_assert_str_eq(parigot_method_name(w, 1), "t.Echo/Ask");
    ck_assert_ptr_null(parigot_method_name(w, 3));
    ck_assert_ptr_null(parigot_method_name(w, -1));
    static const char *const unknown[] = {"t.Echoo/Say", "t.Ech/Say", "t.Echo", "/Say", "", "/", "parigot.log.v1.Log/Write",
                                          "parigot.kernel.v1.Kernel/Exit", "t.Echo.Say", "zz.Z/Z"};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) ck_assert_int_eq(parigot_method(w, unknown[i]), -PARIGOT_NOT_FOUND);
    static const char *const methods[] = {"t.Echo/Sa", "t.Echo/Sayy", "t.Echo/", "t.Echo/A", "t.Echo/zz", "t.Aa/", "t.Aa/ZZ"};
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) ck_assert_int_eq(parigot_method(w, methods[i]), -PARIGOT_UNIMPLEMENTED);
    /* and calls to them: the status goes through */
    ck_assert_int_eq(parigot_ask(w, parigot_method(w, "t.No/No"), "x", 1, 0, &a), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_ask(w, parigot_method(w, "t.Echo/No"), "x", 1, 0, &a), PARIGOT_UNIMPLEMENTED);
    ck_assert_int_eq(parigot_call(w, 3, "x", 1, 0, NULL, NULL), -PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_call(w, 1 << 30, "x", 1, 0, NULL, NULL), -PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_cancel(w, 0), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_cancel(w, -1), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_cancel(w, INT64_MAX), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_wait(w, 1, 0), PARIGOT_NOT_FOUND);
    ck_assert_str_eq(parigot_status_text(-5), "NOT_FOUND");
    ck_assert_str_eq(parigot_status_text(16), "UNAUTHENTICATED");
    ck_assert_str_eq(parigot_status_text(17), "?");
    ck_assert_str_eq(parigot_status_text(INT32_MIN), "?");
    parigot_world_close(w);
}
END_TEST

START_TEST(limits_hold_for_the_host_too)
{
    ParigotWorld *w = WORLD_OF(silent, .limits = {.message_bytes = 100, .calls = 4, .deadline_ns = 20 * MS});
    char text[200];
    Got g[5];
    memset(text, 'x', sizeof text);
    text[101] = 0;
    ck_assert_int_eq(call(w, text, 0, &g[0]), -PARIGOT_RESOURCE_EXHAUSTED);
    text[100] = 0;
    for (unsigned i = 0; i < 4; i++) ck_assert_int_gt(call(w, text, 0, &g[i]), 0);
    ck_assert_int_eq(call(w, text, 0, &g[4]), -PARIGOT_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_IDLE);
    for (unsigned i = 0; i < 4; i++) ck_assert(g[i].lasts == 1 && g[i].status == PARIGOT_DEADLINE_EXCEEDED);
    ck_assert_uint_eq(g[4].lasts, 0); /* refused: never called */
    parigot_world_close(w);
    Made m = make((Text[]){{"b", echo, NULL}}, 1, NULL);
    ParigotBundle *b = open_made(&m);
    ck_assert_ptr_null(parigot_world_start(b, &(ParigotWorldOptions){.policy = "audit", .limits = {.fuel = 5}}, NULL));
    parigot_bundle_close(b);
    unmake(&m);
}
END_TEST

/* Whatever the program does: calls are bounded, each ends once, and lengths that nobody could have are not looked at. */
START_TEST(a_flood_of_the_programs_own)
{
    ParigotWorld *w = WORLD_OF(echo);
    unsigned made = 0, ended = 0;
    ck_assert_int_eq(parigot_call(w, 0, "x", SIZE_MAX, 0, NULL, NULL), -PARIGOT_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(parigot_call(w, 0, "x", UINT32_MAX, 0, NULL, NULL), -PARIGOT_RESOURCE_EXHAUSTED);
    for (unsigned round = 0; round < 3; round++) {
        int64_t id = 0;
        static Got each[1200];
        for (made = 0; made < 1200 && (id = call(w, "x", 0, &each[made])) > 0; made++) {}
        ck_assert_int_eq(id, -PARIGOT_RESOURCE_EXHAUSTED);
        ck_assert_uint_eq(made, 1024); /* the provider's limit for one caller */
        ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_IDLE);
        for (unsigned i = ended = 0; i < made; i++) ended += each[i].lasts == 1 && each[i].status == 0;
        ck_assert_uint_eq(ended, made);
    }
    parigot_world_close(w);
}
END_TEST

START_TEST(each_request_gets_a_fresh_instance)
{
    ParigotWorld *w = WORLD_OF(counter, .policy = "reset", .limits = {.instances = 2});
    ParigotAnswer a;
    Got g[6];
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_int_eq(ask(w, "x", &a), 0);
        ck_assert_uint_eq(a.size, 1); /* the first request that it has seen */
        free(a.bytes);
    }
    for (unsigned i = 0; i < 6; i++) call(w, "x", 0, &g[i]);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_IDLE);
    for (unsigned i = 0; i < 6; i++) ck_assert(g[i].n == 1 && g[i].sizes[0] == 1);
    parigot_world_close(w);
}
END_TEST

START_TEST(deadlines_waiting_and_cancelling)
{
    ParigotWorld *w = WORLD_OF(silent);
    ParigotAnswer a;
    Got g;
    ck_assert_int_eq(parigot_ask(w, 0, "x", 1, 20 * MS, &a), PARIGOT_DEADLINE_EXCEEDED);
    ck_assert_ptr_nonnull(strstr(a.words, "deadline exceeded"));
    int64_t id = call(w, "x", 0, &g);
    ck_assert_int_eq(parigot_wait(w, id, 5 * MS), PARIGOT_DEADLINE_EXCEEDED); /* only the waiting */
    ck_assert_uint_eq(g.lasts, 0);
    ck_assert_int_eq(parigot_cancel(w, id), 0);
    ck_assert_int_eq(parigot_cancel(w, id), 0); /* it is open until it was told */
    ck_assert_uint_eq(g.lasts, 0);
    ck_assert_int_eq(parigot_wait(w, id, PARIGOT_FOREVER), 0);
    ck_assert(g.lasts == 1 && g.status == PARIGOT_CANCELLED);
    ck_assert_int_eq(parigot_cancel(w, id), PARIGOT_NOT_FOUND);
    /* the number is not used again, and that of before means nobody */
    Got h;
    int64_t next = call(w, "x", 0, &h);
    ck_assert_int_ne(next, id);
    ck_assert_int_eq(parigot_cancel(w, id), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_cancel(w, next), 0);
    parigot_world_run(w, 0);
    ck_assert_uint_eq(h.lasts, 1);
    parigot_world_close(w);
}
END_TEST

/* ---- side by side ---------------------------------------------------------------------------------------------------------------- */

START_TEST(two_worlds_in_one_thread)
{
    Made m = make((Text[]){{"b", counter, NULL}}, 1, NULL);
    ParigotBundle *b = open_made(&m);
    ParigotWorld *w[2] = {start(b, (ParigotWorldOptions){0}), start(b, (ParigotWorldOptions){0})};
    ParigotAnswer a;
    Got g[2];
    for (unsigned i = 1; i < 200; i++) { /* turn by turn; the second is asked twice as often */
        call(w[0], "x", 0, &g[0]);
        call(w[1], "x", 0, &g[1]);
        while (!g[0].lasts || !g[1].lasts) {
            parigot_world_run(w[1], 0);
            parigot_world_run(w[0], 0);
        }
        ck_assert_uint_eq(g[0].sizes[0], i);
        ck_assert_uint_eq(g[1].sizes[0], 2 * i - 1);
        ck_assert_int_eq(ask(w[1], "x", &a), 0);
        free(a.bytes);
    }
    parigot_world_close(w[0]);
    ck_assert_int_eq(ask(w[1], "x", &a), 0);
    free(a.bytes);
    parigot_bundle_close(b);
    parigot_world_close(w[1]);
    unmake(&m);
}
END_TEST

typedef struct Thread {
    ParigotBundle *bundle;
    unsigned kind, good, bad;
} Thread;
static void *live(void *arg)
{
    Thread *t = arg;
    ParigotAnswer a;
    for (unsigned round = 0; round < 5; round++) {
        ParigotWorldOptions o = {.policy = "audit", .limits = {.entry_ns = t->kind == 2 ? 20 * MS : 0}};
        ParigotWorld *w = parigot_world_start(t->bundle, &o, NULL);
        for (unsigned i = 0; w && i < 500; i++) {
            int status = ask(w, "hello", &a);
            if (t->kind == 0 && !status && a.size == 5) t->good++;
            else if (t->kind > 0 && status == PARIGOT_UNAVAILABLE && a.reason == PARIGOT_KILLED) t->good++;
            else t->bad++;
            free(a.bytes);
        }
        parigot_world_close(w);
    }
    return NULL;
}
START_TEST(worlds_in_threads)
{
    static const char *const wats[] = {echo, null_writer, spinner};
    Thread t[4];
    pthread_t threads[4];
    Made m[3];
    ParigotBundle *b[3];
    for (unsigned i = 0; i < 3; i++) {
        m[i] = make((Text[]){{"b", wats[i], NULL}}, 1, NULL);
        b[i] = open_made(&m[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        t[i] = (Thread){.bundle = b[i % 3], .kind = i % 3}; /* two of them have worlds of the same bundle */
        ck_assert_int_eq(pthread_create(&threads[i], NULL, live, &t[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(t[i].bad, 0);
        ck_assert_uint_eq(t[i].good, 2500);
    }
    for (unsigned i = 0; i < 3; i++) {
        parigot_bundle_close(b[i]);
        unmake(&m[i]);
    }
}
END_TEST

/* ---- callbacks ------------------------------------------------------------------------------------------------------------------- */

typedef struct Chain {
    ParigotWorld *world;
    unsigned left, refused;
} Chain;
static void go_on(void *arg, const ParigotReply *r)
{
    Chain *c = arg;
    ParigotAnswer a;
    ck_assert_int_eq(r->status, 0);
    /* what runs the world is refused here, and does nothing */
    c->refused += parigot_ask(c->world, 0, "x", 1, 0, &a) == PARIGOT_FAILED_PRECONDITION;
    c->refused += parigot_wait(c->world, 1, 0) == PARIGOT_FAILED_PRECONDITION;
    c->refused += parigot_world_run(c->world, PARIGOT_FOREVER) == PARIGOT_BUSY;
    c->refused += !parigot_world_close(c->world);
    if (c->left-- > 0) ck_assert_int_gt(parigot_call(c->world, 0, "x", 1, 0, go_on, c), 0);
}
START_TEST(calls_from_replies)
{
    Chain c = {.world = WORLD_OF(echo), .left = 999};
    parigot_call(c.world, 0, "x", 1, 0, go_on, &c);
    ck_assert_int_eq(parigot_world_run(c.world, PARIGOT_FOREVER), PARIGOT_IDLE);
    ck_assert_uint_eq(c.refused, 4000);
    parigot_world_close(c.world);
}
END_TEST

/* Many at once, each of which makes more: slots move while a reply is given. */
static unsigned grown;
static void grow(void *arg, const ParigotReply *r)
{
    ParigotWorld *w = arg;
    ck_assert(r->last && r->status == 0);
    for (unsigned i = 0; i < 3 && grown < 1000; i++, grown++)
        ck_assert_int_gt(parigot_call(w, 0, "abcdefgh", 8, 0, grow, w), 0);
}
START_TEST(many_calls_at_once)
{
    ParigotWorld *w = WORLD_OF(echo);
    grown = 0;
    parigot_call(w, 0, "x", 1, 0, grow, w);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_IDLE);
    ck_assert_uint_eq(grown, 1000);
    parigot_world_close(w);
}
END_TEST

static void meddle(Talk *t)
{
    ParigotAnswer a;
    t->got += parigot_call(t->world, 0, "x", 1, 0, NULL, NULL) == -PARIGOT_FAILED_PRECONDITION;
    t->got += parigot_cancel(t->world, 1) == PARIGOT_FAILED_PRECONDITION;
    t->got += parigot_ask(t->world, 0, "x", 1, 0, &a) == PARIGOT_FAILED_PRECONDITION;
    t->got += !parigot_world_close(t->world);
    t->got += parigot_method(t->world, "t.Echo/Say") == 0;
}
START_TEST(a_log_callback_may_not_meddle)
{
    Talk t = {.in_log = meddle};
    ParigotAnswer a;
    t.world = WORLD_OF(talker, .log = on_log, .ctx = &t);
    ck_assert_int_eq(ask(t.world, "", &a), 0);
    ck_assert_int_eq(t.got, 5);
    parigot_world_close(t.world);
}
END_TEST

/* ---- the end ---------------------------------------------------------------------------------------------------------------------- */

START_TEST(after_the_end)
{
    ParigotWorld *w = world_of(leaver, "b", (ParigotWorldOptions){.policy = "audit"});
    Got g[3];
    ParigotAnswer a;
    for (unsigned i = 0; i < 3; i++) ck_assert_int_gt(call(w, "x", 0, &g[i]), 0);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_ENDED);
    for (unsigned i = 0; i < 3; i++) ck_assert(g[i].lasts == 1 && g[i].status == PARIGOT_UNAVAILABLE);
    ck_assert_str_eq(g[1].words, "the world has ended");
    ck_assert_int_eq(parigot_world_status(w), 7);
    ck_assert_int_eq(call(w, "x", 0, &g[0]), -PARIGOT_UNAVAILABLE);
    ck_assert_int_eq(ask(w, "x", &a), PARIGOT_UNAVAILABLE);
    ck_assert_int_eq(parigot_cancel(w, 1), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_wait(w, 1, 0), PARIGOT_NOT_FOUND);
    ck_assert_int_eq(parigot_world_run(w, 0), PARIGOT_ENDED);
    ck_assert_uint_eq(parigot_world_due(w), 0);
    parigot_world_stop(w);
    parigot_world_stop(w);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_ENDED);
    ck_assert_int_eq(parigot_world_status(w), 7);
    parigot_world_close(w);
    /* main is killed */
    w = world_of(null_writer, "b", (ParigotWorldOptions){.policy = "audit"});
    ck_assert_int_eq(ask(w, "x", &a), PARIGOT_UNAVAILABLE);
    ck_assert_int_eq(parigot_world_status(w), 134);
    parigot_world_close(w);
}
END_TEST

static void again(void *arg, const ParigotReply *r)
{
    Chain *c = arg;
    ck_assert(r->last && r->status == PARIGOT_UNAVAILABLE);
    c->left--;
    c->refused += parigot_call(c->world, 0, "x", 1, 0, again, c) == -PARIGOT_UNAVAILABLE;
    c->refused += !parigot_world_close(c->world);
}
START_TEST(closing_tells_those_who_wait)
{
    Chain c = {.world = WORLD_OF(silent), .left = 20};
    for (unsigned i = 0; i < 20; i++) ck_assert_int_gt(parigot_call(c.world, 0, "x", 1, 0, again, &c), 0);
    if (_i) parigot_world_run(c.world, 0); /* or they have not even started */
    ck_assert(parigot_world_close(c.world));
    ck_assert_uint_eq(c.left, 0);
    ck_assert_uint_eq(c.refused, 40);
    parigot_world_close(NULL);
    parigot_world_close(WORLD_OF(silent));
}
END_TEST

static void *stop_later(void *arg)
{
    usleep(20000);
    parigot_world_stop(arg);
    return NULL;
}
START_TEST(stopping)
{
    pthread_t thread;
    /* one that listens, and one that does not */
    ParigotWorld *w = world_of(polite, "b", (ParigotWorldOptions){.policy = "audit"});
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_IDLE);
    parigot_world_stop(w);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_ENDED);
    ck_assert_int_eq(parigot_world_status(w), 5);
    parigot_world_close(w);

    w = WORLD_OF(silent);
    Got g;
    call(w, "x", 0, &g);
    pthread_create(&thread, NULL, stop_later, w);
    ck_assert_int_eq(parigot_world_run(w, PARIGOT_FOREVER), PARIGOT_ENDED);
    pthread_join(thread, NULL);
    ck_assert(g.lasts == 1 && g.status == PARIGOT_UNAVAILABLE);
    ck_assert_int_eq(parigot_world_status(w), 143);
    parigot_world_close(w);

    w = WORLD_OF(silent); /* before anything has run */
    parigot_world_stop(w);
    ck_assert_int_eq(parigot_world_run(w, 0), PARIGOT_ENDED);
    parigot_world_close(w);
    w = WORLD_OF(silent); /* and never looked at */
    parigot_world_stop(w);
    parigot_world_close(w);
}
END_TEST

static unsigned lines_of(const char *command)
{
    FILE *f = popen(command, "r");
    unsigned n = 0;
    if (!f || fscanf(f, "%u", &n) != 1) n = 0;
    if (f) pclose(f);
    return n;
}
/* Worlds that come and go, ended in all ways: descriptors, mappings and threads are what they were. */
START_TEST(nothing_is_left_over)
{
    Made m = make((Text[]){{"b", echo, NULL}}, 1, NULL), trapping = make((Text[]){{"b", null_writer, NULL}}, 1, "b");
    char descriptors[100], mappings[100];
    snprintf(descriptors, sizeof descriptors, "ls /proc/%d/fd /proc/%d/task | wc -l", getpid(), getpid());
    snprintf(mappings, sizeof mappings, "wc -l </proc/%d/maps", getpid());
    unsigned before = 0, mapped = 0;
    for (unsigned i = 0; i < 60; i++) {
        ParigotBundle *b = open_made(i % 2 ? &m : &trapping);
        ParigotWorld *w = start(b, (ParigotWorldOptions){.limits = {.instances = 4}});
        Got g;
        call(w, "x", 0, &g);
        if (i % 3) parigot_world_run(w, PARIGOT_FOREVER);
        if (i % 5 == 0) parigot_world_stop(w);
        parigot_world_close(w);
        ck_assert_uint_eq(g.lasts, 1);
        parigot_bundle_close(b);
        if (i == 9) before = lines_of(descriptors), mapped = lines_of(mappings);
    }
    ck_assert(before > 0 && mapped > 0);
    unsigned after = lines_of(descriptors);
    for (unsigned i = 0; i < 100 && after > before; i++) { /* a thread that was joined may be listed for a moment more */
        usleep(10000);
        after = lines_of(descriptors);
    }
    ck_assert_uint_le(after, before);
#ifndef __SANITIZE_THREAD__ /* it has mappings of its own */
    ck_assert_uint_le(lines_of(mappings), mapped + 20); /* threads' heaps and stacks are kept; 50 worlds are not */
#endif
    unmake(&m);
    unmake(&trapping);
}
END_TEST

/* ---- in an event loop ------------------------------------------------------------------------------------------------------------- */

START_TEST(an_event_loop_of_ones_own)
{
    ParigotWorld *w = WORLD_OF(sleeper);
    struct pollfd fd = {.fd = parigot_world_fd(w), .events = POLLIN};
    ck_assert_uint_eq(parigot_world_due(w), 0); /* it has not run */
    ParigotState state;
    while ((state = parigot_world_run(w, 0)) == PARIGOT_BUSY) {}
    ck_assert_int_eq(state, PARIGOT_WAITING); /* for the clock */
    uint64_t due = parigot_world_due(w);
    ck_assert(due > 0 && due <= 40 * MS);
    ck_assert_int_eq(poll(&fd, 1, 0), 0);
    while ((state = parigot_world_run(w, 0)) == PARIGOT_WAITING) poll(&fd, 1, (int)(parigot_world_due(w) / MS) + 1);
    while (state == PARIGOT_BUSY) state = parigot_world_run(w, 0);
    ck_assert_int_eq(state, PARIGOT_IDLE);
    ck_assert_uint_eq(parigot_world_due(w), PARIGOT_FOREVER);
    Got g;
    int64_t id = call(w, "x", 30 * MS, &g);
    ck_assert_uint_eq(parigot_world_due(w), 0); /* there is something to do */
    while ((state = parigot_world_run(w, 0)) == PARIGOT_BUSY) {}
    ck_assert_int_eq(state, PARIGOT_WAITING);
    ck_assert_int_eq(parigot_wait(w, id, PARIGOT_FOREVER), 0);
    ck_assert_int_eq(g.status, PARIGOT_DEADLINE_EXCEEDED);
    ck_assert_int_eq(parigot_world_run(w, 0), PARIGOT_IDLE);
    /* a stop from elsewhere makes the descriptor readable */
    pthread_t thread;
    pthread_create(&thread, NULL, stop_later, w);
    ck_assert_int_eq(poll(&fd, 1, 10000), 1);
    ck_assert_int_eq(parigot_world_run(w, 0), PARIGOT_ENDED);
    pthread_join(thread, NULL);
    parigot_world_close(w);
}
END_TEST

START_TEST(time_is_kept)
{
    ParigotWorld *w = WORLD_OF(silent);
    Got g;
    call(w, "x", 0, &g);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    ck_assert_int_eq(parigot_world_run(w, 30 * MS), PARIGOT_WAITING);
    clock_gettime(CLOCK_MONOTONIC, &b);
    ck_assert_int_ge((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000, 29);
    parigot_world_close(w);
}
END_TEST

/* ---- faults of the program's own ---------------------------------------------------------------------------------------------------- */

static sigjmp_buf out_of_fault;
static volatile char *bad_page;
static volatile unsigned own_faults;
static void own_handler(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    if ((volatile char *)info->si_addr != bad_page) _exit(99);
    own_faults++;
    mprotect((void *)(uintptr_t)bad_page, 4096, PROT_READ | PROT_WRITE); /* and the access goes on */
}
static void fault(void)
{
    mprotect((void *)(uintptr_t)bad_page, 4096, PROT_NONE);
    *bad_page = 1;
}
static void fault_in_log(Talk *t)
{
    (void)t;
    fault();
}
static void fault_in_reply(void *arg, const ParigotReply *r)
{
    (void)arg;
    (void)r;
    fault();
}
/* The program had a handler before the first world: its faults are its own, wherever they happen, and guests' are guests'. */
START_TEST(faults_of_the_program_are_its_own)
{
    bad_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    Talk t = {.in_log = fault_in_log};
    ParigotAnswer a;
    fault();
    ParigotWorld *good = WORLD_OF(talker, .log = on_log, .ctx = &t), *bad = WORLD_OF(null_writer);
    fault();
    ck_assert_int_eq(ask(good, "", &a), 0); /* in the log callback */
    parigot_call(good, 0, NULL, 0, 0, fault_in_reply, NULL);
    ck_assert_int_eq(ask(bad, "", &a), PARIGOT_UNAVAILABLE);
    ck_assert_int_eq(a.reason, PARIGOT_KILLED);
    ck_assert_int_eq(parigot_world_run(good, PARIGOT_FOREVER), PARIGOT_IDLE);
    fault();
    parigot_world_close(good);
    parigot_world_close(bad);
    fault();
    ck_assert_uint_eq(own_faults, 7); /* the log callback twice */
}
END_TEST

static struct sigaction before;
static void later_handler(int signal_number, siginfo_t *info, void *context)
{
    if ((volatile char *)info->si_addr == bad_page) siglongjmp(out_of_fault, 1);
    before.sa_sigaction(signal_number, info, context); /* not ours: hand it on */
}
/* It installs one later, which hands on what is not its own. */
START_TEST(a_handler_that_comes_later_hands_on)
{
    bad_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ParigotWorld *w = WORLD_OF(null_writer);
    struct sigaction action = {.sa_sigaction = later_handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, &before);
    ck_assert(before.sa_flags & SA_SIGINFO);
    ParigotAnswer a;
    if (sigsetjmp(out_of_fault, 1) == 0) {
        *bad_page = 1;
        ck_abort_msg("no fault");
    }
    ck_assert_int_eq(ask(w, "", &a), PARIGOT_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(a.words, "out of bounds memory access"));
    parigot_world_close(w);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------------------------------------------------ */

static void expect(ParigotErrors *e, const char *code, const char *words)
{
    ParigotError first;
    ck_assert(parigot_errors_get(e, 0, &first));
    ck_assert_str_eq(first.code, code);
    ck_assert(first.is_error);
    ck_assert_msg(strstr(parigot_errors_text(e, "test"), words) != NULL, "%s", parigot_errors_text(e, "test"));
    ck_assert(!parigot_errors_get(e, parigot_errors_count(e), &first));
    parigot_errors_clear(e);
    ck_assert_uint_eq(parigot_errors_count(e), 0);
    ck_assert_str_eq(parigot_errors_text(e, "test"), "");
}

START_TEST(bundles_that_are_refused)
{
    ParigotErrors *e = parigot_errors_new();
    ck_assert_ptr_null(parigot_bundle_open("/nowhere/x.pbundle", NULL, e));
    expect(e, "I0101", "test: fatal error: /nowhere/x.pbundle: cannot open");
    ck_assert_ptr_null(parigot_bundle_open_bytes("nonsense, and long enough", 25, "n", NULL, e));
    expect(e, "B0101", "n");
    ck_assert_ptr_null(parigot_bundle_open_bytes(NULL, 0, "n", NULL, e));
    expect(e, "B0103", "n");
    Made m = make((Text[]){{"b", counter, NULL}}, 1, NULL);
    ck_assert_ptr_null(parigot_bundle_open_bytes(m.file.ptr, m.file.len, "t.pbundle", NULL, e));
    expect(e, "B0201", "not signed");
    ck_assert_ptr_null(parigot_bundle_open_bytes(m.file.ptr, m.file.len, "t.pbundle", NULL, NULL));
    ParigotBundle *b = open_made(&m);
    ParigotBundleInfo info;
    ParigotSigner signer;
    parigot_bundle_info(b, &info);
    ck_assert_str_eq(info.name, "test");
    ck_assert(!info.trusted && info.n_modules == 1 && info.generation == 1);
    ck_assert(!parigot_bundle_signer(b, 0, &signer));
    ck_assert_ptr_null(parigot_world_start(b, &(ParigotWorldOptions){.policy = "/nowhere/policy.cfg"}, e));
    expect(e, "I0101", "/nowhere/policy.cfg");
    ck_assert_ptr_null(parigot_world_start(b, &(ParigotWorldOptions){.policy = "strict"}, e));
    ck_assert_uint_gt(parigot_errors_count(e), 0);
    parigot_errors_clear(e);
    static const char *const grants[] = {"parigot.log.v1.Lug"};
    ck_assert_ptr_null(parigot_world_start(b, &(ParigotWorldOptions){.policy = "audit", .grants = grants, .n_grants = 1}, e));
    expect(e, "U0101", "there is no system service \"parigot.log.v1.Lug\"");
    parigot_bundle_close(b);
    unmake(&m);
    /* granted by the bundle, not by the program */
    m = make((Text[]){{"b", talker, "parigot.log.v1.Log"}}, 1, NULL);
    b = open_made(&m);
    ck_assert_ptr_null(parigot_world_start(b, &(ParigotWorldOptions){.policy = "audit", .grants = grants, .n_grants = 0}, e));
    expect(e, "R0206", "parigot.log.v1.Log");
    parigot_bundle_close(b);
    unmake(&m);
    parigot_errors_free(e);
    parigot_errors_free(NULL);
    parigot_bundle_close(NULL);
}
END_TEST

START_TEST(trust)
{
    ParigotErrors *e = parigot_errors_new();
    ParigotTrust *t = parigot_trust_new();
    ck_assert(!parigot_trust_add_file(t, "/nowhere/k.pub", e));
    expect(e, "I0101", "/nowhere/k.pub");
    ck_assert(!parigot_trust_add_key(t, "nonsense", e));
    expect(e, "B0207", "");
    ck_assert(!parigot_trust_add_folder(t, "/nowhere", e));
    parigot_errors_clear(e);
    ck_assert(!parigot_trust_revoke(t, "/nowhere", NULL));
    Made m = make((Text[]){{"b", echo, NULL}}, 1, NULL);
    ParigotOpenOptions o = {.trust = t, .allow_unsigned = true};
    ParigotBundle *b = parigot_bundle_open_bytes(m.file.ptr, m.file.len, "t", &o, e);
    ck_assert_ptr_nonnull(b);
    ParigotError warning;
    ck_assert(parigot_errors_get(e, 0, &warning));
    ck_assert_str_eq(warning.code, "B0206");
    ck_assert(!warning.is_error);
    parigot_errors_clear(e);
    ck_assert(!parigot_trust_add_key(t, "nonsense", e)); /* too late, whatever it is */
    expect(e, "U0101", "before a bundle is opened");
    parigot_trust_free(t); /* the bundle keeps it */
    ParigotWorld *w = start(b, (ParigotWorldOptions){0});
    parigot_bundle_close(b); /* the world keeps that */
    ParigotAnswer a;
    ck_assert_int_eq(ask(w, "ab", &a), 0);
    free(a.bytes);
    parigot_world_close(w);
    parigot_errors_free(e);
    unmake(&m);
    ck_assert_ptr_nonnull(strchr(parigot_loader_version(), '.'));
}
END_TEST

/* The echo's bundle of that generation, signed by the first n of the keys a and b, as a file in the folder. */
static void put_signed(const char *folder, const char *name, uint64_t generation, unsigned n)
{
    Bytes wasm = assemble(echo);
    WorldModule module = {.name = STR("b"), .file = "b", .bytes = wasm.ptr, .size = wasm.size,
                          .policy = val_builtin_policy(STR("audit"))};
    World world = {.name = STR("signed"), .generation = generation, .tool = "test", .modules = &module, .n_modules = 1};
    Diags d = {0};
    Writer bundle = {0};
    ck_assert(bundle_create(&world, &d, &bundle));
    for (unsigned i = 0; i < n; i++) {
        char key[64];
        BundleSignerProcess signer = {0};
        Writer more = {0};
        snprintf(key, sizeof key, "%s/%c.key", folder, 'a' + i);
        ck_assert(bundle_signer_start(&signer, key, NULL, &d) &&
                  bundle_signer_sign(&signer, bundle.ptr, bundle.len, name, "by a test", &d, &more));
        bundle_signer_stop(&signer);
        wr_free(&bundle);
        bundle = more;
    }
    put_file(folder, name, bundle.ptr, bundle.len);
    wr_free(&bundle);
    bytes_free(&wasm);
    diag_free(&d);
}

static void make_key(const char *folder, char name)
{
    char secret[64], public[64];
    uint8_t id[BUNDLE_KEY_ID_BYTES];
    Diags d = {0};
    snprintf(secret, sizeof secret, "%s/%c.key", folder, name);
    snprintf(public, sizeof public, "%s/%c.pub", folder, name);
    ck_assert(bundle_keygen(&(BundleKeyFiles){.secret_file = secret, .public_file = public}, NULL, id, &d));
}

/* NULL, and code: that is why. */
static ParigotBundle *open_in(const char *folder, const char *name, ParigotOpenOptions o, const char *code)
{
    char path[64], state[64];
    ParigotErrors *e = parigot_errors_new();
    ParigotError first = {.code = ""};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(state, sizeof state, "%s/state", folder);
    o.state = state;
    ParigotBundle *b = parigot_bundle_open(path, &o, e);
    parigot_errors_get(e, 0, &first);
    ck_assert_str_eq(first.code, code);
    parigot_errors_free(e);
    return b;
}

START_TEST(signed_bundles)
{
    char folder[32], path[64];
    temporary_folder(folder);
    make_key(folder, 'a');
    make_key(folder, 'b');
    put_signed(folder, "one", 5, 1);
    put_signed(folder, "both", 6, 2);
    put_signed(folder, "old", 4, 2);
    ParigotTrust *none = parigot_trust_new(), *all = parigot_trust_new(), *fewer = parigot_trust_new();
    ck_assert(parigot_trust_add_folder(all, folder, NULL));
    ck_assert_ptr_null(open_in(folder, "one", (ParigotOpenOptions){.trust = none}, "B0204"));
    ck_assert_ptr_null(open_in(folder, "one", (ParigotOpenOptions){.trust = all, .require = 2}, "B0204"));
    ParigotBundle *b = open_in(folder, "both", (ParigotOpenOptions){.trust = all, .require = 2}, "");
    ParigotBundleInfo info;
    ParigotSigner signer;
    parigot_bundle_info(b, &info);
    ck_assert(info.trusted && info.n_signers == 2 && info.generation == 6);
    ck_assert(parigot_bundle_signer(b, 1, &signer) && !parigot_bundle_signer(b, 2, &signer));
    ck_assert_str_eq(signer.key_name, "b.pub");
    ck_assert_str_eq(signer.comment, "by a test");
    ck_assert_uint_eq(strlen(signer.key_id), 16);
    /* opened is not run: the older one is still let in, until a world of the newer has been started */
    ParigotBundle *old = open_in(folder, "old", (ParigotOpenOptions){.trust = all}, "");
    ParigotWorld *w = start(b, (ParigotWorldOptions){0});
    ck_assert_ptr_null(open_in(folder, "old", (ParigotOpenOptions){.trust = all}, "B0212"));
    ck_assert_ptr_null(parigot_world_start(old, &(ParigotWorldOptions){.policy = "audit"}, NULL));
    parigot_world_close(w);
    parigot_bundle_close(old);
    parigot_bundle_close(b);
    /* a key that is revoked signs nothing */
    snprintf(path, sizeof path, "%s/a.pub", folder);
    ck_assert(parigot_trust_add_file(fewer, path, NULL) && parigot_trust_revoke(fewer, path, NULL));
    ck_assert_ptr_null(open_in(folder, "both", (ParigotOpenOptions){.trust = fewer}, "B0211"));
    /* one bit */
    Bytes bytes = get_file(folder, "both");
    ParigotErrors *e = parigot_errors_new();
    bytes.ptr[bytes.size - 1] ^= 1;
    ck_assert_ptr_null(parigot_bundle_open_bytes(bytes.ptr, bytes.size, "both", &(ParigotOpenOptions){.trust = all, .state = "none"}, e));
    ck_assert_uint_gt(parigot_errors_count(e), 0);
    parigot_errors_free(e);
    bytes_free(&bytes);
    parigot_trust_free(none);
    parigot_trust_free(all);
    parigot_trust_free(fewer);
    remove_folder(folder);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("embed");
    TCase *t = tcase_create("embed");
    tcase_set_timeout(t, 120);
    if (have_tool("wat2wasm")) {
        tcase_add_loop_test(t, question_and_answer, 0, 2);
        tcase_add_test(t, pieces_come_in_order);
        tcase_add_test(t, failures_say_why);
        tcase_add_test(t, log_lines_and_what_is_told);
        tcase_add_test(t, methods_that_are_not_there);
        tcase_add_test(t, limits_hold_for_the_host_too);
        tcase_add_test(t, a_flood_of_the_programs_own);
        tcase_add_test(t, each_request_gets_a_fresh_instance);
        tcase_add_test(t, deadlines_waiting_and_cancelling);
        tcase_add_test(t, two_worlds_in_one_thread);
        tcase_add_test(t, worlds_in_threads);
        tcase_add_test(t, calls_from_replies);
        tcase_add_test(t, many_calls_at_once);
        tcase_add_test(t, a_log_callback_may_not_meddle);
        tcase_add_test(t, after_the_end);
        tcase_add_loop_test(t, closing_tells_those_who_wait, 0, 2);
        tcase_add_test(t, stopping);
        tcase_add_test(t, nothing_is_left_over);
        tcase_add_test(t, an_event_loop_of_ones_own);
        tcase_add_test(t, time_is_kept);
        tcase_add_test(t, faults_of_the_program_are_its_own);
        tcase_add_test(t, a_handler_that_comes_later_hands_on);
        tcase_add_test(t, bundles_that_are_refused);
        tcase_add_test(t, trust);
        tcase_add_test(t, signed_bundles);
    }
    suite_add_tcase(s, t);
    return run_tap(s);
}
