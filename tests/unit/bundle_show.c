/* Tests of what people look at: how each difference between two bundles counts, and that no view is ever cut short without
 * saying so. What views look like is in tests/bundle/inspect-*; materials are in tests/interop/sbom.py. */
#include "tests/unit/failing_malloc.h"
#include "tests/unit/tap.h"

#include "bundle/show.h"
#include "tests/unit/bundle_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_fixture(const Fixture *f, Bundle *out)
{
    Diags d = {0};
    BundleOpenOptions o = {.allow_unsigned = true};
    Writer w = fixture_bundle(f, NULL, 0);
    bool ok = bundle_open_bytes(w.ptr, w.len, "x.pbundle", &o, &d, out);
    ck_assert_msg(ok, "%s", d.n ? d.items[d.n - 1].text : "?");
    wr_free(&w);
    diag_free(&d);
}

/* ---- differences: what each change counts as ---- */

/* Room for what the fixture itself has none of. */
typedef struct Extra {
    BundleWaiver waiver;
    BundleWaiver *waivers[1];
    BundleFolder folder;
    BundleFolder *folders[1];
    char *strings[2];
    BundleService service;
    BundleService *services[4];
    BundleMeter meter;
    BundlePolicy policy;
} Extra;


static void add_waiver(Fixture *f, Extra *x)
{
    parigot__bundle__v1__waiver__init(&x->waiver);
    x->waiver.name = text("w");
    x->waiver.rule = text("P104");
    x->waiver.symbol = text("counter");
    x->waiver.reason = text("because");
    x->waiver.size = 4;
    x->waivers[0] = &x->waiver;
    f->modules[0].n_waivers = 1;
    f->modules[0].waivers = x->waivers;
}

static void nothing(Fixture *f, Extra *x) { (void)f, (void)x; }
static void generation_up(Fixture *f, Extra *x) { (void)x, f->manifest.generation++; }
static void expires(Fixture *f, Extra *x) { (void)x, f->manifest.not_after = 4102444800; }
static void version(Fixture *f, Extra *x) { (void)x, f->manifest.version = text("1.0.1"); }
static void no_main(Fixture *f, Extra *x) { (void)x, f->manifest.main = text(""); }
static void violated(Fixture *f, Extra *x) { (void)x, f->verdict.result = PARIGOT__BUNDLE__V1__RESULT__RESULT_VIOLATED; }
static void not_provable(Fixture *f, Extra *x) { (void)x, f->verdict.result = PARIGOT__BUNDLE__V1__RESULT__RESULT_NOT_PROVABLE; }
static void rule_off(Fixture *f, Extra *x) { (void)x, f->verdict.result = PARIGOT__BUNDLE__V1__RESULT__RESULT_OFF; }
static void finding(Fixture *f, Extra *x) { (void)x, f->verdict.waived = 1; }
static void no_verdict(Fixture *f, Extra *x) { (void)x, f->modules[0].n_verdicts = 0; }
static void fewer_calls(Fixture *f, Extra *x) { (void)x, f->limits.calls = 7; }
static void longer_deadline(Fixture *f, Extra *x) { (void)x, f->limits.deadline_ns++; }
static void no_deadline(Fixture *f, Extra *x) { (void)x, f->limits.deadline_ns = 0; }
static void restarts(Fixture *f, Extra *x) { (void)x, f->limits.restarts_per_minute = 1; }
static void more_memory(Fixture *f, Extra *x) { (void)x, f->limits.memory_bytes = 65536; }
static void share(Fixture *f, Extra *x) { (void)x, f->modules[1].share = 200; }
static void no_seal(Fixture *f, Extra *x) { (void)x, f->layout.seal = 0; }
static void checked_seal(Fixture *f, Extra *x) { (void)x, f->layout.seal = 2; }
static void no_guard(Fixture *f, Extra *x) { (void)x, f->layout.null_guard = 0; }
static void no_layout(Fixture *f, Extra *x) { (void)x, f->modules[0].layout = NULL; }
static void stack(Fixture *f, Extra *x) { (void)x, f->layout.stack_low = 8192; }
static void config(Fixture *f, Extra *x) { (void)x, f->config.value = text("you"); }
static void feature(Fixture *f, Extra *x) { (void)x, f->features[0] = text("simd"); }
static void no_grant_used(Fixture *f, Extra *x) { (void)x, f->modules[1].n_imports = 1; }
static void import_type(Fixture *f, Extra *x) { (void)x, f->imports[0].results.len = 0; }
static void input(Fixture *f, Extra *x) { (void)x, f->input.producers = text("another compiler"); }
static void renamed(Fixture *f, Extra *x) { (void)x, f->modules[0].name = text("server2"); }

static void metered(Fixture *f, Extra *x)
{
    parigot__bundle__v1__meter__init(&x->meter);
    x->meter.kind = 1;
    f->modules[0].meter = &x->meter;
}

static void larger_waiver(Fixture *f, Extra *x)
{
    add_waiver(f, x);
    x->waiver.size = 8;
}

static void shorter_waiver(Fixture *f, Extra *x)
{
    add_waiver(f, x);
    x->waiver.expires = 4102444800;
}

static void other_reason(Fixture *f, Extra *x)
{
    add_waiver(f, x);
    x->waiver.reason = text("for a reason");
}

static void code(Fixture *f, Extra *x)
{
    (void)x;
    f->contents[1] = STR("\0asm\1\0\0\0 the client, a little shorter");
    f->blobs[1].size = f->contents[1].len;
    f->blobs[1].digest = fixture_digest(f->digests[1], f->contents[1]);
}

static void policy_text(Fixture *f, const char *policy)
{
    f->policy.text = text(policy);
    f->policy.digest = fixture_digest(f->digests[2], str_of(policy));
}

#define POLICY(more) "policy = 1; name = \"p\"; base = \"strict\"; " more
static void policy_plain(Fixture *f, Extra *x) { (void)x, policy_text(f, POLICY("")); }
static void policy_soft(Fixture *f, Extra *x)
{
    (void)x;
    policy_text(f, POLICY("rules = ( { code = \"P104\"; violated = \"warning\"; } );"));
}
static void policy_wide(Fixture *f, Extra *x) { (void)x, policy_text(f, POLICY("exports = { allow = [ \"debug\" ]; };")); }
static void policy_deny(Fixture *f, Extra *x) { (void)x, policy_text(f, POLICY("imports = { deny = [ \"a.v1.*/*\" ]; };")); }
static void policy_limit(Fixture *f, Extra *x) { (void)x, policy_text(f, POLICY("limits = { memory = \"128 MiB\"; };")); }
static void policy_waiver(Fixture *f, Extra *x)
{
    (void)x;
    policy_text(f, POLICY("waivers = ( { name = \"e\"; rule = \"P104\"; symbol = \"errno\"; reason = \"r\"; } );"));
}
static void policy_broken(Fixture *f, Extra *x) { (void)x, policy_text(f, "policy = 1; nonsense"); }

static void folder(Fixture *f, Extra *x)
{
    static char *grants[] = {(char *)(uintptr_t)"parigot.file.v1.File", (char *)(uintptr_t)"parigot.log.v1.Log"};
    parigot__bundle__v1__folder__init(&x->folder);
    x->folder.name = text("data");
    x->folders[0] = &x->folder;
    f->modules[1].n_folders = 1;
    f->modules[1].folders = x->folders;
    f->modules[1].n_grants = 2;
    f->modules[1].grants = grants;
    parigot__bundle__v1__service__init(&x->service);
    x->service.name = grants[0];
    memcpy(x->services, (BundleService *[]){&f->services[0], &x->service, &f->services[1], &f->services[2]}, sizeof x->services);
    f->manifest.n_services = 4;
    f->manifest.services = x->services;
}

static void folder_writes(Fixture *f, Extra *x)
{
    folder(f, x);
    x->folder.write = true;
}

typedef struct Case {
    const char *what; /* stands in the text */
    void (*before)(Fixture *, Extra *), (*after)(Fixture *, Extra *);
    ShowDiff forth; /* gained, lost, changed; the other way around gained and lost change places */
} Case;

static const Case cases[] = {
    {"no difference", nothing, nothing, {0, 0, 0}},
    {"generation: 3 -> 4", nothing, generation_up, {0, 0, 1}}, /* back: below */
    {"not after: never -> 2100-01-01T00:00:00Z", nothing, expires, {0, 1, 0}},
    {"version: 1.0.0 -> 1.0.1", nothing, version, {0, 0, 1}},
    {"main", nothing, no_main, {0, 0, 1}},
    {"server: P101: proved -> violated", nothing, violated, {1, 0, 0}},
    {"server: P101: proved -> not provable", nothing, not_provable, {1, 0, 0}},
    {"server: P101: not provable -> off", not_provable, rule_off, {1, 0, 0}},
    {"server: P101: off -> violated", rule_off, violated, {1, 0, 0}},
    {"server: P101: off -> no verdict", rule_off, no_verdict, {0, 0, 1}},
    {"server: P101: proved -> proved, 1 waived", nothing, finding, {1, 0, 0}},
    {"server: P101: proved -> no verdict", nothing, no_verdict, {1, 0, 0}},
    {"client: calls: none of its own -> 7", nothing, fewer_calls, {0, 1, 0}},
    {"client: deadline: 30000000000 ns -> 30000000001 ns", nothing, longer_deadline, {1, 0, 0}},
    {"client: deadline: 30000000000 ns -> none of its own", nothing, no_deadline, {1, 0, 0}},
    {"client: restarts: none of its own -> 1 a minute", nothing, restarts, {1, 0, 0}},
    {"client: memory: none of its own -> 64 KiB", nothing, more_memory, {0, 1, 0}},
    {"client: share: 100 -> 200", nothing, share, {0, 0, 1}},
    {"server: seal: seal by page protection -> no seal", nothing, no_seal, {1, 0, 0}},
    {"server: seal: seal by page protection -> seal by store checks", nothing, checked_seal, {0, 0, 1}},
    {"server: null guard: 4 KiB -> 0 B", nothing, no_guard, {1, 0, 0}},
    {"server: seal: seal by page protection -> no layout proved", nothing, no_layout, {2, 0, 1}},
    {"server: stack: 64 KiB -> 60 KiB", nothing, stack, {0, 0, 1}},
    {"server: meter: not metered -> metered", nothing, metered, {0, 1, 0}},
    {"client: who: world -> you", nothing, config, {0, 0, 1}},
    {"server: simd", nothing, feature, {1, 1, 0}},
    {"client: parigot.log.v1.Log/Write", nothing, no_grant_used, {0, 1, 0}},
    {"client: a.v1.A/Do: (i32 i32 i32) -> (i32) -> (i32 i32 i32) -> ()", nothing, import_type, {0, 0, 1}},
    {"server: server.o: ", nothing, input, {0, 0, 1}},
    {"server2: added", nothing, renamed, {1, 1, 2}},
    {"client: code", nothing, code, {0, 0, 1}},
    {"server: P104 counter by w", nothing, add_waiver, {1, 0, 0}},
    {"server: P104 counter by w: 4 bytes", add_waiver, larger_waiver, {1, 0, 0}},
    {"server: P104 counter by w: 4 bytes, without end: because -> 4 bytes, until 2100-01-01", add_waiver, shorter_waiver, {0, 1, 0}},
    {"server: P104 counter by w: 4 bytes, without end: because -> 4 bytes", add_waiver, other_reason, {0, 0, 1}},
    {"client: data  read", nothing, folder, {2, 0, 1}}, /* the grant; the service */
    {"client: data: read -> write", folder, folder_writes, {1, 0, 0}},
    {"strict: P104 violated: error -> warning", policy_plain, policy_soft, {1, 0, 2}}, /* of both modules: another policy */
    {"strict: exports allow debug", policy_plain, policy_wide, {1, 0, 2}},
    {"strict: imports deny a.v1.*/*", policy_plain, policy_deny, {0, 1, 2}},
    {"strict: limit memory: 67108864 -> 134217728", policy_plain, policy_limit, {1, 0, 2}},
    {"strict: waiver P104 errno", policy_plain, policy_waiver, {1, 0, 2}},
};

static ShowDiff compare(const Bundle *a, const Bundle *b, char **text_of_it)
{
    TextBuf t = {0};
    ShowDiff found = bundle_show_diff(&t, a, b, false);
    ck_assert(!t.failed);
    *text_of_it = t.ptr;
    return found;
}

START_TEST(test_each_difference)
{
    const Case *c = &cases[_i];
    Fixture f[2];
    Extra x[2] = {0};
    Bundle b[2];
    char *forth, *back;
    for (int i = 0; i < 2; i++) fixture_init(&f[i]);
    c->before(&f[0], &x[0]);
    c->after(&f[1], &x[1]);
    for (int i = 0; i < 2; i++) open_fixture(&f[i], &b[i]);
    ShowDiff found = compare(&b[0], &b[1], &forth), reverse = compare(&b[1], &b[0], &back);
    ck_assert_msg(strstr(forth, c->what) != NULL, "%s", forth);
    ck_assert_msg(found.gained == c->forth.gained && found.lost == c->forth.lost && found.changed == c->forth.changed, "%s", forth);
    if (c->after != generation_up)
        ck_assert_msg(reverse.gained == c->forth.lost && reverse.lost == c->forth.gained && reverse.changed == c->forth.changed, "%s", back);
    free(forth);
    free(back);
    for (int i = 0; i < 2; i++) bundle_close(&b[i]);
}
END_TEST

/* What is not symmetric: a generation that goes back, and a policy that nobody can read, are gained whichever way. */
START_TEST(test_never_harmless)
{
    static const struct {
        void (*before)(Fixture *, Extra *), (*after)(Fixture *, Extra *);
        const char *what;
    } both[] = {{generation_up, nothing, "generation goes back: 4 -> 3"},
                {policy_plain, policy_broken, "it differs, and cannot be compared"},
                {policy_broken, policy_plain, "it differs, and cannot be compared"}};
    Fixture f[2];
    Extra x[2] = {0};
    Bundle b[2];
    char *t;
    for (int i = 0; i < 2; i++) fixture_init(&f[i]);
    both[_i].before(&f[0], &x[0]);
    both[_i].after(&f[1], &x[1]);
    for (int i = 0; i < 2; i++) open_fixture(&f[i], &b[i]);
    ShowDiff found = compare(&b[0], &b[1], &t);
    ck_assert_msg(found.gained == 1 && found.lost == 0 && strstr(t, both[_i].what), "%s", t);
    free(t);
    for (int i = 0; i < 2; i++) bundle_close(&b[i]);
}
END_TEST

/* ---- limits ---- */

/* Each field of the manifest's message is shown, and compared. */
START_TEST(test_every_limit)
{
    const ProtobufCMessageDescriptor *d = &parigot__bundle__v1__limits__descriptor;
    ck_assert_uint_eq(d->n_fields, SHOW_N_LIMITS);
    for (size_t i = 0; i < SHOW_N_LIMITS; i++) {
        size_t n = 0;
        for (unsigned j = 0; j < d->n_fields; j++)
            n += d->fields[j].offset == show_limits[i].at && (d->fields[j].type == PROTOBUF_C_TYPE_UINT64) == show_limits[i].wide;
        ck_assert_uint_eq(n, 1);
    }
    const ShowLimit *limit = &show_limits[_i];
    Fixture f[2];
    Bundle b[2];
    for (uint32_t j = 0; j < 2; j++) {
        fixture_init(&f[j]);
        void *at = (char *)&f[j].limits + limit->at;
        if (limit->wide) *(uint64_t *)at = 7777 + j;
        else *(uint32_t *)at = 7777 + j;
        open_fixture(&f[j], &b[j]);
    }
    TextBuf t = {0};
    ShowDiff found = bundle_show_diff(&t, &b[0], &b[1], false);
    ck_assert_uint_eq(found.gained, 1);
    ck_assert(found.lost == 0 && found.changed == 0 && strstr(t.ptr, "client: ") && strstr(t.ptr, limit->name));
    t.len = 0;
    found = bundle_show_diff(&t, &b[1], &b[0], false);
    ck_assert(found.gained == 0 && found.lost == 1 && found.changed == 0);
    t.len = 0;
    bundle_show_summary(&t, &b[0], 0, false, true);
    ck_assert(strstr(t.ptr, limit->kind == LIMIT_BYTES ? "7.6 KiB" : limit->kind == LIMIT_TIME ? "7.777e-06 s" : "7777"));
    text_free(&t);
    for (int j = 0; j < 2; j++) bundle_close(&b[j]);
}
END_TEST

/* ---- memory that runs out ---- */

static void show_brief(TextBuf *t, const Bundle *b) { bundle_show_summary(t, b, 0, false, false); }
static void show_full(TextBuf *t, const Bundle *b) { bundle_show_summary(t, b, 0, true, true); }
static void show_json(TextBuf *t, const Bundle *b) { bundle_show_json(t, b, false); }
static void show_spdx(TextBuf *t, const Bundle *b) { bundle_show_spdx(t, b, 0); }
static void show_cyclonedx(TextBuf *t, const Bundle *b) { bundle_show_cyclonedx(t, b, -1); }
static void show_nothing_less(TextBuf *t, const Bundle *b) { bundle_show_diff(t, b, b, true); }

static void (*const views[])(TextBuf *, const Bundle *) = {show_brief, show_full,         show_json,
                                                           show_spdx,  show_cyclonedx,    bundle_show_graph,
                                                           show_nothing_less};

/* A text that has not failed is all of it. */
START_TEST(test_no_memory)
{
    Fixture f;
    Extra x = {0};
    Bundle b;
    TextBuf all = {0};
    long n = 0;
    fixture_init(&f);
    folder_writes(&f, &x);
    add_waiver(&f, &x);
    open_fixture(&f, &b);
    views[_i](&all, &b);
    ck_assert(!all.failed && all.len > 100);
    for (bool failed = true; failed; n++) {
        TextBuf t = {0};
        fail_at = n;
        views[_i](&t, &b);
        failed = fail_at < 0; /* so there was a failure */
        fail_at = -1;
        ck_assert_msg(t.failed || (t.len == all.len && memcmp(t.ptr, all.ptr, t.len) == 0), "failure %ld: %s", n, t.ptr);
        text_free(&t);
    }
    ck_assert(n > 2);
    text_free(&all);
    bundle_close(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bundle_show");
    TCase *c = tcase_create("show");
    tcase_add_loop_test(c, test_each_difference, 0, ARRAY_LEN(cases));
    tcase_add_loop_test(c, test_never_harmless, 0, 3);
    tcase_add_loop_test(c, test_every_limit, 0, SHOW_N_LIMITS);
    tcase_add_loop_test(c, test_no_memory, 0, ARRAY_LEN(views));
    suite_add_tcase(suite, c);
    return run_tap(suite);
}
