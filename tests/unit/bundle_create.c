/* Tests of bundle_create and bundle_revalidate: what goes into a manifest, order, descriptions of services, differences
 * between manifest and module, memory that runs out. Whole worlds and their errors are in tests/bundle/. */
#include "tests/unit/codes.h"
#include "tests/unit/failing_malloc.h"
#include "tests/unit/tap.h"

#include "bundle/create.h"
#include "validator/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- modules, made byte by byte ---- */

typedef struct Spec {
    const char *provides[3], *requires[3]; /* services; the method is "Do" */
    const PmSection *pm;
    uint32_t pages;                        /* 0 = 1 */
} Spec;

static void name(Writer *w, const char *s) { wr_name(w, str_of(s)); }

static void export_func(Writer *w, const char *s, uint32_t index)
{
    name(w, s);
    wr_byte(w, 0);
    wr_u32(w, index);
}

static size_t begin_section(Writer *w, uint8_t id)
{
    wr_byte(w, id);
    return wr_begin_size(w);
}

static uint32_t count(const char *const *list)
{
    uint32_t n = 0;
    while (n < 3 && list[n]) n++;
    return n;
}

static Writer make_module(const Spec *s)
{
    enum { T_CALL, T_ALLOC, T_INIT, T_METHOD, T_RESULT };
    static const uint8_t types[] = {5,    0x60, 3, 0x7f, 0x7f, 0x7f, 1,    0x7f, 0x60, 1,    0x7f, 1,    0x7f, 0x60, 2,    0x7f, 0x7f, 1,
                                    0x7f, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0,    0x60, 6,    0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0};
    uint32_t n_req = count(s->requires), n_prov = count(s->provides);
    Writer w = {0};
    wr_bytes(&w, "\0asm\1\0\0\0", 8);
    if (s->pm) pm_write(&w, s->pm);
    size_t mark = begin_section(&w, 1);
    wr_bytes(&w, types, sizeof types);
    wr_end_size(&w, mark);
    mark = begin_section(&w, 2);
    wr_u32(&w, n_req);
    for (uint32_t i = 0; i < n_req; i++) {
        name(&w, s->requires[i]);
        name(&w, "Do");
        wr_byte(&w, 0);
        wr_byte(&w, T_CALL);
    }
    wr_end_size(&w, mark);
    mark = begin_section(&w, 3);
    wr_u32(&w, 3 + n_prov);
    wr_bytes(&w, (uint8_t[]){T_ALLOC, T_INIT, T_RESULT}, 3);
    for (uint32_t i = 0; i < n_prov; i++) wr_byte(&w, T_METHOD);
    wr_end_size(&w, mark);
    mark = begin_section(&w, 5);
    wr_bytes(&w, (uint8_t[]){1, 1, 1, 2}, 2);
    wr_u32(&w, s->pages ? s->pages : 1);
    wr_u32(&w, s->pages ? s->pages : 2);
    wr_end_size(&w, mark);
    mark = begin_section(&w, 7);
    wr_u32(&w, 3 + n_prov);
    export_func(&w, "parigot_alloc", n_req);
    export_func(&w, "parigot_init", n_req + 1);
    export_func(&w, "parigot_result", n_req + 2);
    for (uint32_t i = 0; i < n_prov; i++) {
        char method[128];
        snprintf(method, sizeof method, "%s/Do", s->provides[i]);
        export_func(&w, method, n_req + 3 + i);
    }
    wr_end_size(&w, mark);
    mark = begin_section(&w, 10);
    wr_u32(&w, 3 + n_prov);
    wr_bytes(&w, (uint8_t[]){4, 0, 0x41, 0, 0x0b, 4, 0, 0x41, 0, 0x0b}, 10);
    for (uint32_t i = 0; i < 1 + n_prov; i++) wr_bytes(&w, (uint8_t[]){2, 0, 0x0b}, 3);
    wr_end_size(&w, mark);
    ck_assert(!w.failed);
    return w;
}

/* A world of modules by name, in one go. */
enum { MOST = 8 };
typedef struct TestWorld {
    World world;
    WorldModule modules[MOST];
    Writer bytes[MOST];
} TestWorld;

static const char *file_of(const char *module)
{
    static Arena files; /* for the program's life */
    return arena_printf(&files, "some/where/%s.wasm", module);
}

static void add_module(TestWorld *t, const char *module, const Spec *s)
{
    uint32_t i = t->world.n_modules++;
    t->bytes[i] = make_module(s);
    t->modules[i] = (WorldModule){.name = str_of(module), .file = file_of(module),
                                  .bytes = t->bytes[i].ptr, .size = t->bytes[i].len, .policy = val_builtin_policy(STR("strict")),
                                  .grant_imports = true};
    t->world.name = STR("test");
    t->world.tool = "test 0";
    t->world.modules = t->modules;
}

static void forget_world(TestWorld *t)
{
    for (uint32_t i = 0; i < t->world.n_modules; i++) wr_free(&t->bytes[i]);
}

static DiagCode create_code(const TestWorld *t, Writer *out)
{
    Diags d = {0};
    bool ok = bundle_create(&t->world, &d, out);
    ck_assert(ok == (d.errors == 0) && (ok || (out->len == 0 && !out->ptr)));
    DiagCode code = DIAG_NONE;
    for (size_t i = d.n; i--;)
        if (d.items[i].severity >= SEV_ERROR) code = d.items[i].code;
    diag_free(&d);
    return code;
}

static void open_bundle(const Writer *w, Bundle *out)
{
    Diags d = {0};
    BundleOpenOptions o = {.allow_unsigned = true};
    ck_assert(bundle_open_bytes(w->ptr, w->len, "test.pbundle", &o, &d, out));
    diag_free(&d);
}

/* ---- order ---- */

static const Spec a_of_b = {.provides = {"a.v1.A"}, .requires = {"b.v1.B"}}, b_of_c = {.provides = {"b.v1.B"}, .requires = {"c.v1.C"}},
                  c_alone = {.provides = {"c.v1.C"}}, nothing = {0}, c_of_a = {.provides = {"c.v1.C"}, .requires = {"a.v1.A"}};

static void ck_order(const char *const *names, const Spec *const *specs, uint32_t n, const char *expected)
{
    TestWorld t = {0};
    Writer w;
    Bundle b;
    char got[256] = "";
    for (uint32_t i = 0; i < n; i++) add_module(&t, names[i], specs[i]);
    ck_code(create_code(&t, &w), DIAG_NONE);
    open_bundle(&w, &b);
    for (size_t i = 0; i < b.manifest->n_modules; i++) strcat(strcat(got, i ? " " : ""), b.manifest->modules[i]->name);
    ck_assert_str_eq(got, expected);
    bundle_close(&b);
    wr_free(&w);
    forget_world(&t);
}

START_TEST(order)
{
    ck_order((const char *[]){"x", "a", "b", "c", "y"}, (const Spec *[]){&nothing, &a_of_b, &b_of_c, &c_alone, &nothing}, 5, "x c b a y");
    ck_order((const char *[]){"c", "b", "a"}, (const Spec *[]){&c_alone, &b_of_c, &a_of_b}, 3, "c b a");
    ck_order((const char *[]){"z", "y", "x"}, (const Spec *[]){&nothing, &nothing, &nothing}, 3, "z y x");
    TestWorld t = {0};
    Writer w;
    add_module(&t, "a", &a_of_b);
    add_module(&t, "b", &b_of_c);
    add_module(&t, "c", &c_of_a);
    ck_code(create_code(&t, &w), WORLD_CYCLE);
    forget_world(&t);
}
END_TEST

/* ---- what the linker recorded ---- */

static PmService one_service[1];
static PmInput inputs[2];
static PmSection section_of(const char *service, uint8_t use, uint8_t digest)
{
    one_service[0] = (PmService){.name = str_of(service), .use = use};
    memset(one_service[0].digest, digest, 32);
    return (PmSection){.services = one_service, .n_services = 1};
}

START_TEST(descriptions)
{
    static const struct {
        uint8_t provider, caller;
        DiagCode code;
    } rows[] = {{7, 7, DIAG_NONE}, {7, 8, WORLD_DESCRIPTION}, {0, 8, DIAG_NONE}, {7, 0, DIAG_NONE}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        TestWorld t = {0};
        Writer w;
        PmSection pm = section_of("c.v1.C", 1, rows[i].provider);
        add_module(&t, "c", &(Spec){.provides = {"c.v1.C"}, .pm = &pm});
        pm = section_of("c.v1.C", 2, rows[i].caller);
        add_module(&t, "b", &(Spec){.provides = {"b.v1.B"}, .requires = {"c.v1.C"}, .pm = &pm});
        ck_code(create_code(&t, &w), rows[i].code);
        if (rows[i].code == DIAG_NONE) {
            Bundle b;
            open_bundle(&w, &b);
            ck_assert_uint_eq(b.manifest->services[1]->descriptor_digest.len, 32);
            ck_assert_uint_eq(b.manifest->services[1]->descriptor_digest.data[0], rows[i].provider ? rows[i].provider : rows[i].caller);
            ck_assert_uint_eq(b.manifest->services[0]->descriptor_digest.len, 0);
            bundle_close(&b);
            wr_free(&w);
        }
        forget_world(&t);
    }
}
END_TEST

START_TEST(inputs_and_tool)
{
    TestWorld t = {0};
    Writer w;
    Bundle b;
    inputs[0] = (PmInput){.name = STR("lib.a"), .member = STR("x.o"), .producers = STR("clang 19")};
    inputs[1] = (PmInput){.name = STR("main.o")};
    memset(inputs[1].digest, 9, 32);
    PmSection pm = {.inputs = inputs, .n_inputs = 2};
    add_module(&t, "linked", &(Spec){.pm = &pm});
    add_module(&t, "foreign", &nothing);
    ck_code(create_code(&t, &w), DIAG_NONE);
    open_bundle(&w, &b);
    const BundleModule *linked = b.manifest->modules[0], *foreign = b.manifest->modules[1];
    ck_assert_str_eq(b.manifest->tool, "test 0");
    ck_assert_uint_eq(b.manifest->generation, 1);
    ck_assert(linked->n_inputs == 2 && foreign->n_inputs == 1);
    ck_assert_str_eq(linked->inputs[0]->member, "x.o");
    ck_assert_str_eq(linked->inputs[0]->producers, "clang 19");
    ck_assert_uint_eq(linked->inputs[1]->digest.data[31], 9);
    ck_assert_str_eq(foreign->inputs[0]->name, "foreign.wasm");
    ck_assert_mem_eq(foreign->inputs[0]->digest.data, b.manifest->blobs[foreign->blob]->digest.data, 32);
    ck_assert_uint_eq(foreign->limits->memory_bytes, 131072);
    ck_assert_uint_eq(foreign->share, 100);
    ck_assert_uint_eq(foreign->n_verdicts, VAL_RULE_COUNT);
    ck_assert(memcmp(b.blobs[linked->blob].ptr, t.bytes[0].ptr, t.bytes[0].len) == 0);
    bundle_close(&b);
    wr_free(&w);
    forget_world(&t);
}
END_TEST

/* ---- manifest and module ---- */

static bool check_with(const Bundle *b, const Spec *s, const PmSection *pm, size_t *findings)
{
    Arena a = {0};
    Diags d = {0};
    WasmModule m;
    Writer w = make_module(s);
    ck_assert(wasm_read_module(&a, w.ptr, w.len, "x", NULL, &d, &m));
    bool ok = bundle_check_module(b, 0, &m, pm, &d);
    for (size_t i = 0; i < d.n; i++) ck_code(d.items[i].code, BUNDLE_MODULE_DIFFERS);
    ck_assert(ok == (d.n == 0));
    *findings = d.n;
    wr_free(&w);
    diag_free(&d);
    arena_free(&a);
    return ok;
}

START_TEST(module_differs)
{
    TestWorld t = {0};
    Writer w;
    Bundle b;
    size_t n;
    Spec s = {.provides = {"a.v1.A", "b.v1.B"}, .requires = {"parigot.log.v1.Log", "parigot.clock.v1.Clock"}};
    add_module(&t, "m", &s);
    ck_code(create_code(&t, &w), DIAG_NONE);
    open_bundle(&w, &b);
    ck_assert(check_with(&b, &s, NULL, &n));
    Spec other = s;
    other.requires[1] = NULL; /* one import less */
    ck_assert(!check_with(&b, &other, NULL, &n) && n == 1);
    other = s;
    other.requires[0] = s.requires[1]; /* another one */
    ck_assert(!check_with(&b, &other, NULL, &n) && n == 1);
    other.requires[1] = s.requires[0]; /* another order */
    ck_assert(!check_with(&b, &other, NULL, &n) && n == 2);
    other = s;
    other.provides[1] = NULL;
    ck_assert(!check_with(&b, &other, NULL, &n) && n == 1);
    other = s;
    other.provides[2] = "c.v1.C";
    ck_assert(!check_with(&b, &other, NULL, &n) && n == 1);
    PmSection layout = {.has_layout = true, .layout = {.page_log2 = 12}};
    ck_assert(!check_with(&b, &s, &layout, &n) && n == 1);
    PmSection meter = {.has_meter = true, .meter_kind = 1};
    ck_assert(!check_with(&b, &s, &meter, &n) && n == 1);
    bundle_close(&b);
    wr_free(&w);
    forget_world(&t);
}
END_TEST

static DiagCode revalidate_code(const Bundle *b)
{
    Diags d = {0};
    bool ok = bundle_revalidate(b, &d);
    DiagCode code = DIAG_NONE;
    for (size_t i = d.n; i--;)
        if (d.items[i].severity >= SEV_ERROR) code = d.items[i].code;
    ck_assert(ok == (code == DIAG_NONE));
    diag_free(&d);
    return code;
}

/* The manifest of an open bundle is changed here by hand; a real one could not be without a new signature. */
START_TEST(revalidation)
{
    TestWorld t = {0};
    Writer w;
    Bundle b;
    add_module(&t, "a", &a_of_b);
    add_module(&t, "b", &(Spec){.provides = {"b.v1.B"}});
    t.modules[1].policy = val_builtin_policy(STR("reset"));
    ck_code(create_code(&t, &w), DIAG_NONE);
    open_bundle(&w, &b);
    ck_assert_uint_eq(b.manifest->n_policies, 2);
    ck_code(revalidate_code(&b), DIAG_NONE);
    BundleVerdict *v = b.manifest->modules[1]->verdicts[0];
    v->findings++;
    ck_code(revalidate_code(&b), BUNDLE_MODULE_DIFFERS);
    v->findings--;
    b.manifest->modules[1]->n_imports--;
    ck_code(revalidate_code(&b), BUNDLE_MODULE_DIFFERS);
    b.manifest->modules[1]->n_imports++;
    char *policy = b.manifest->policies[0]->text;
    b.manifest->policies[0]->text = (char *)(uintptr_t) "nonsense";
    ck_code(revalidate_code(&b), CFG_SYNTAX);
    b.manifest->policies[0]->text = policy;
    ck_code(revalidate_code(&b), DIAG_NONE);
    bundle_close(&b);
    wr_free(&w);
    forget_world(&t);
}
END_TEST

/* ---- limits of a bundle ---- */

START_TEST(number_of_modules)
{
    Writer w;
    TestWorld t = {0};
    add_module(&t, "m", &nothing);
    t.world.n_modules = 0;
    ck_code(create_code(&t, &w), WORLD_VALUE);
    t.world.n_modules = 1;
    WorldModule *many = calloc(BUNDLE_MAX_MODULES + 1, sizeof *many);
    for (int i = 0; i <= BUNDLE_MAX_MODULES; i++) many[i] = t.modules[0];
    World world = t.world;
    world.modules = many;
    world.n_modules = BUNDLE_MAX_MODULES + 1;
    Diags d = {0};
    ck_assert(!bundle_create(&world, &d, &w));
    ck_code(d.items[0].code, WORLD_VALUE);
    diag_free(&d);
    free(many);
    forget_world(&t);
}
END_TEST

/* ---- memory ---- */

/* Each allocation in turn fails: an error each time, no bytes, nothing left behind. */
START_TEST(memory_runs_out)
{
    TestWorld t = {0};
    Writer w, right;
    add_module(&t, "a", &a_of_b);
    add_module(&t, "b", &(Spec){.provides = {"b.v1.B"}, .requires = {"parigot.log.v1.Log"}});
    Str file = STR(BUNDLE_FILE_SERVICE), all[] = {STR("a")};
    WorldFolder folders[] = {{.name = STR("z"), .modules = all, .n_modules = 1}, {.name = STR("d"), .modules = all, .n_modules = 1, .write = true}};
    t.modules[0].grants = &file;
    t.modules[0].n_grants = 1;
    t.world.folders = folders;
    t.world.n_folders = 2;
    ck_code(create_code(&t, &right), DIAG_NONE);
    bool done = false;
    for (long n = 0; !done && n < 10000; n++) {
        Diags d = {0};
        fail_at = n;
        done = bundle_create(&t.world, &d, &w);
        bool reached = fail_at < 0; /* the failing call was made */
        fail_at = -1;
        ck_assert_msg(done ? d.errors == 0 : d.errors > 0 && w.len == 0, "allocation %ld", n);
        /* what could do without that memory has the same result */
        if (done) ck_assert_msg(w.len == right.len && memcmp(w.ptr, right.ptr, w.len) == 0, "allocation %ld", n);
        done = done && !reached;
        if (w.ptr) wr_free(&w);
        diag_free(&d);
    }
    ck_assert(done);
    wr_free(&right);
    forget_world(&t);
}
END_TEST

START_TEST(memory_runs_out_in_world_files)
{
    static const char text[] = "world = 1; name = \"x\"; main = \"a\"; remote = [ \"r.v1.R\" ];\n"
                               "modules = ( { name = \"a\"; file = \"a.wasm\"; grant = [ \"parigot.log.v1.Log\" ]; config = { k = \"v\"; }; } );\n"
                               "routes = ( { service = \"r.v1.R\"; to = \"a\"; } );\n"
                               "folders = ( { name = \"d\"; for = [ \"a\" ]; write = true; } );\n";
    bool done = false;
    for (long n = 0; !done && n < 10000; n++) {
        Arena a = {0};
        Diags d = {0};
        World w;
        fail_at = n;
        bool ok = bundle_parse_world(&a, STR(text), "x.cfg", &d, &w);
        bool reached = fail_at < 0;
        fail_at = -1;
        ck_assert_msg(ok || d.errors > 0, "allocation %ld", n);
        done = ok && !reached;
        bundle_close_world(&w);
        diag_free(&d);
        arena_free(&a);
    }
    ck_assert(done);
}
END_TEST

/* ---- times in world files ---- */

START_TEST(not_after)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0 = refused */
    } rows[] = {
        {"1970-01-01T00:00:01Z", 1},           {"2027-06-30T12:00:00Z", 1814356800},      {"2027-06-30T14:00:00+02:00", 1814356800},
        {"2027-06-30t06:30:00-05:30", 1814356800}, {"2027-06-30T12:00:00.999z", 1814356800}, {"2024-02-29T00:00:00Z", 1709164800},
        {"2023-02-29T00:00:00Z", 0},           {"2027-06-30", 0},                         {"2027-06-30T12:00:00", 0},
        {"2027-06-30T24:00:00Z", 0},           {"2027-13-01T00:00:00Z", 0},               {"2027-00-01T00:00:00Z", 0},
        {"2027-06-30T12:00:00+24:00", 0},      {"2027-06-30T12:00:00+1:00", 0},           {"2027-06-30T12:00:00Z ", 0},
        {"2027-06-30T12:00:00.Z", 0},          {"27-06-30T12:00:00Z", 0},                 {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", 0},           {"tomorrow", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Arena a = {0};
        Diags d = {0};
        World w;
        const char *text = arena_printf(&a, "world = 1; name = \"x\"; not_after = \"%s\"; modules = ( { name = \"a\"; file = \"a\"; } );", rows[i].text);
        bool ok = bundle_parse_world(&a, str_of(text), "x.cfg", &d, &w);
        ck_assert_msg(ok == (rows[i].seconds > 0) && (!ok || w.not_after == rows[i].seconds), "%s: %lld", rows[i].text, (long long)w.not_after);
        diag_free(&d);
        arena_free(&a);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("bundle-create");
    TCase *c = tcase_create("create");
    tcase_set_timeout(c, 120);
    suite_add_tcase(s, c);
    tcase_add_test(c, order);
    tcase_add_test(c, descriptions);
    tcase_add_test(c, inputs_and_tool);
    tcase_add_test(c, module_differs);
    tcase_add_test(c, revalidation);
    tcase_add_test(c, number_of_modules);
    tcase_add_test(c, memory_runs_out);
    tcase_add_test(c, memory_runs_out_in_world_files);
    tcase_add_test(c, not_after);
    return s;
}

int main(void) { return run_tap(suite()); }
