/* embed_memory.c: libparigot-loader when memory runs out: each allocation fails in turn, from the opening of a bundle to the
 * end of its world. What fails says so, each call that was made ends, and nothing is lost. */
#include "loader/loader.h"

#include <limits.h>

#include "tests/unit/failing_malloc.h"
#include "tests/unit/world_rig.h"

static bool failing; /* one allocation does */

static const char echo[] = MODULE(KERNEL_REPLY CALL("parigot.log.v1.Log", "Write", "write"),
    "(data (i32.const 3072) \"\\08\\03\\12\\03hi\\0a\")" INIT("(i32.const 0)") RESULT("") SERVE("t.Echo/Say",
    "(drop (call $write (i32.const 3072) (i32.const 7) (i32.const 0)))"
    "(drop (call $reply (local.get 1) (local.get 2) (local.get 3) (i32.const 1)))"));

/* Check allocates too: what was wrong is kept, and asserted when allocations work. */
static const char *wrong;
#define need(condition) do { if (!(condition)) wrong = #condition; } while (0)

static unsigned made, lasts, answered;
static void take(void *arg, const ParigotReply *r)
{
    (void)arg;
    lasts += r->last;
    answered += r->status == 0;
    /* DEADLINE_EXCEEDED: the module's reply found no memory, and the module does not look at that */
    need(r->status == 0 || r->status == PARIGOT_RESOURCE_EXHAUSTED || r->status == PARIGOT_UNAVAILABLE ||
         r->status == PARIGOT_CANCELLED || r->status == PARIGOT_DEADLINE_EXCEEDED);
}
static void drop_log(void *ctx, const char *module, int level, const char *text)
{
    (void)ctx;
    (void)module;
    (void)level;
    (void)text;
}
static void drop_lines(void *ctx, const char *lines, size_t len)
{
    (void)ctx;
    (void)lines;
    (void)len;
}

/* Everything once. false: somewhere memory was missing, and it was said. */
static bool session(const Made *m)
{
    static const char *const grants[] = {"parigot.log.v1.Log"};
    ParigotErrors *e = parigot_errors_new();
    ParigotTrust *t = parigot_trust_new();
    ParigotOpenOptions o = {.trust = t, .allow_unsigned = true};
    ParigotBundle *b = t ? parigot_bundle_open_bytes(m->file.ptr, m->file.len, "t.pbundle", &o, e) : NULL;
    ParigotWorldOptions options = {.policy = "audit", .log = drop_log, .tell = drop_lines, .tool = "prog", .stats = true,
                                   .trace_calls = true, .grants = grants, .n_grants = 1};
    ParigotWorld *w = b ? parigot_world_start(b, &options, e) : NULL;
    if (t && !w && e) need(strstr(parigot_errors_text(e, "t"), "[I0104]"));
    uint64_t timeout_ns = failing ? 20000000 : 20000000000;
    ParigotAnswer a;
    made = lasts = answered = 0;
    if (w) {
        int method = parigot_method(w, "t.Echo/Say");
        for (unsigned i = 0; i < 20; i++) made += parigot_call(w, method, "abc", 3, timeout_ns, take, NULL) > 0;
        made += parigot_ask(w, method, "abcdef", 6, timeout_ns, &a) == 0;
        free(a.bytes);
        lasts += a.status == 0;
        answered += a.status == 0;
        parigot_world_run(w, PARIGOT_FOREVER);
        need(lasts == made); /* each call has ended */
    }
    parigot_world_close(w);
    parigot_bundle_close(b);
    parigot_trust_free(t);
    parigot_errors_free(e);
    return answered == 21;
}

START_TEST(any_allocation_fails)
{
    Made m = make((Text[]){{"b", echo, "parigot.log.v1.Log"}}, 1, NULL);
    fail_at = LONG_MAX;
    ck_assert(session(&m));
    long all = LONG_MAX - fail_at;
    unsigned whole = 0;
    failing = true;
    for (long n = 0; n < all; n++) {
        fail_at = n;
        whole += session(&m);
        fail_at = -1;
        ck_assert_msg(!wrong, "allocation %ld: %s", n, wrong);
    }
    failing = false;
    ck_assert_int_gt(all, 100);
    ck_assert_uint_lt(whole, (unsigned)all / 2); /* what was missing mattered */
    ck_assert(session(&m));
    unmake(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("embed_memory");
    TCase *t = tcase_create("embed_memory");
    tcase_set_timeout(t, 120);
    if (have_tool("wat2wasm")) tcase_add_test(t, any_allocation_fails);
    suite_add_tcase(s, t);
    return run_tap(s);
}
