/* test_bombs.c: what a bomb costs is linear in its size. Each is validated at three sizes, under three settings, and the
 * report is made in every format; steps and memory (work.h) may grow as the file does, and stay below so many a byte.
 * Also: no bomb is called valid under one setting and not under another. */
#include "tests/bombs/bombs.h"
#include "tests/bombs/work.h"
#include "tests/unit/tap.h"
#include "validator/baseline.h"
#include "validator/report.h"

#include <stdio.h>

/* Bounds. A byte of code is decoded, checked, and may be a finding of several rules. Memory: arrays hold up to 48 bytes for an
 * item of two or three; a finding takes 500 and its texts. What is said costs as many steps as it has bytes, times a few, for
 * escapes; it is bounded by itself: a hundred findings of each rule, or all, with names of 512 bytes at most, in eight formats. */
enum {
    WORK_A_BYTE = 60, WORK_A_BYTE_SAID = 400, WORK_A_BYTE_OF_TEXT = 24, FIXED_WORK = 12000000,
    MEMORY_A_BYTE = 48, MEMORY_A_BYTE_SAID = 2000, FIXED_MEMORY = 8 << 20,
    TEXT_A_BYTE = 120, TEXT_A_BYTE_SAID = 6000, FIXED_TEXT = 8 << 20,
    GROWTH_WORK = 200000, GROWTH_MEMORY = 2 << 20, /* of no account beside the factor */
};
static const double growth = 1.25; /* more than the size has grown by: n log n of a sort, arrays that double */

/* ---- settings ---- */


/* A policy with a waiver of each kind, none of which fits. */
static const ValPolicy *waiving_policy(void)
{
    static ValPolicy p;
    static ValWaiver waivers[] = {
        {.name = {"archive", 7}, .rule = RULE_P101, .has_archive = true, .reason = {"why", 3}},
        {.name = {"archive of data", 15}, .rule = RULE_P104, .has_archive = true, .reason = {"why", 3}, .bytes = 4096},
        {.name = {"object", 6}, .rule = RULE_P101, .symbol = {"errno", 5}, .has_object = true, .object = {1}, .reason = {"why", 3}},
        {.name = {"finding", 7}, .rule = RULE_P105, .finding = {"P105@main", 9}, .reason = {"why", 3}},
    };
    p = *val_builtin_policy(STR("audit"));
    p.waivers = waivers;
    p.n_waivers = ARRAY_LEN(waivers);
    return &p;
}

static const ValAbi *described(void)
{
    enum { METHODS = 50 };
    static ValMethod methods[METHODS];
    static char names[METHODS][16];
    static ValService service = {.name = {"bomb.v1.Service", 15}, .methods = methods, .n_methods = METHODS};
    static const ValAbi abi = {&service, 1};
    for (int i = 0; i < METHODS; i++) {
        snprintf(names[i], sizeof names[i], "Method%06d", i);
        methods[i].name = str_of(names[i]);
    }
    return &abi;
}

typedef enum Setting { SPECIFICATION, RULES, ALL_SAID, SETTINGS } Setting;
static const char *const setting_names[] = {"the specification alone", "rules", "all findings said"};

static ValOptions options_of(Setting s)
{
    switch (s) {
    case SPECIFICATION: return (ValOptions){0};
    case RULES:
        return (ValOptions){.policy = val_builtin_policy(STR("strict")), .also = waiving_policy(), .strict = true, .world = true, .wamr = true};
    default:
        return (ValOptions){.policy = waiving_policy(), .abi = described(), .wamr = true, .findings_limit = UINT32_MAX};
    }
}

/* ---- costs ---- */

typedef struct Cost {
    size_t size, said; /* bytes of the bomb, and of all reports on it */
    Work work;
    bool valid;
} Cost;

static size_t report_once(ReportFormat format, bool capabilities, FileReport *f)
{
    TextBuf t = {0};
    Reporter r = {.format = format, .policy = STR("p"), .digest = "blake2b-256:"};
    if (capabilities) capabilities_begin(&r, &t);
    else report_begin(&r, &t);
    if (capabilities) capabilities_file(&r, &t, f);
    else report_file(&r, &t, f);
    if (capabilities) capabilities_end(&r, &t);
    else report_end(&r, &t);
    ck_assert(!t.failed);
    size_t said = t.len;
    text_free(&t);
    return said;
}

static size_t write_baseline(Diags *diags)
{
    Arena arena = {0};
    Baseline made = {0};
    TextBuf t = {0};
    (void)baseline_collect(&arena, &made, diags);
    baseline_text(&t, &made);
    ck_assert(!made.failed && !t.failed);
    size_t said = t.len;
    text_free(&t);
    arena_free(&arena);
    return said;
}

/* The report in each format, as parigot-validate makes it; at last in one that takes the findings. */
static size_t report_all(Setting s, ValReport *report, Diags *diags)
{
    static const ReportFormat formats[] = {REPORT_TEXT, REPORT_GNU, REPORT_JSON, REPORT_JUNIT, REPORT_GITHUB};
    FileReport f = {.file = "bomb.wasm", .read = true, .report = report, .diags = diags};
    size_t said = report_once(REPORT_TEXT, true, &f) + report_once(REPORT_JSON, true, &f);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) said += report_once(formats[i], false, &f);
    return said + (s == RULES ? write_baseline(diags) : report_once(REPORT_SARIF, false, &f));
}

static Cost cost_of(const Bomb *b, Setting s, uint32_t n)
{
    Writer w = {0};
    b->write(&w, n);
    ck_assert(!w.failed);
    ck_assert_msg(w.len > n / 2 && w.len < 2 * (size_t)n + 45000, "%s: %zu bytes, wanted %u", b->name, w.len, n);
    Arena arena = {0};
    Diags diags = {.limit = s == ALL_SAID ? 0 : 100};
    ValReport report;
    ValOptions o = options_of(s);
    work_start();
    bool ok = val_module(&arena, w.ptr, w.len, "bomb.wasm", &o, &diags, &report);
    ck_assert(ok == (diags.errors == 0) && !diags.out_of_memory);
    Cost c = {.size = w.len, .valid = report.valid};
    c.said = report_all(s, &report, &diags);
    c.work = work_done();
    diag_free(&diags);
    arena_free(&arena);
    wr_free(&w);
    return c;
}

static void check_growth(const Bomb *b, Setting s, Cost small, Cost large)
{
    double factor = growth * 2;
    ck_assert_msg((double)large.work.steps <= factor * (double)small.work.steps + GROWTH_WORK,
                  "%s, %s: %zu bytes took %llu steps, %zu bytes %llu", b->name, setting_names[s], small.size,
                  (unsigned long long)small.work.steps, large.size, (unsigned long long)large.work.steps);
    ck_assert_msg((double)large.work.peak_bytes <= factor * (double)small.work.peak_bytes + GROWTH_MEMORY,
                  "%s, %s: %zu bytes took %zu bytes of memory, %zu bytes %zu", b->name, setting_names[s], small.size,
                  small.work.peak_bytes, large.size, large.work.peak_bytes);
}

static void check_bounds(const Bomb *b, Setting s, Cost c)
{
    bool all = s == ALL_SAID;
    size_t a_byte = b->work ? b->work : all ? WORK_A_BYTE_SAID : WORK_A_BYTE;
    ck_assert_msg(c.work.steps <= c.size * a_byte + c.said * WORK_A_BYTE_OF_TEXT + FIXED_WORK, "%s, %s: %llu steps for %zu bytes",
                  b->name, setting_names[s], (unsigned long long)c.work.steps, c.size);
    ck_assert_msg(c.work.peak_bytes <= c.size * (all ? MEMORY_A_BYTE_SAID : MEMORY_A_BYTE) + FIXED_MEMORY,
                  "%s, %s: %zu bytes of memory for %zu", b->name, setting_names[s], c.work.peak_bytes, c.size);
    ck_assert_msg(c.said <= c.size * (all ? TEXT_A_BYTE_SAID : TEXT_A_BYTE) + FIXED_TEXT, "%s, %s: %zu bytes said of %zu", b->name,
                  setting_names[s], c.said, c.size);
}

static void check_bomb(const Bomb *b)
{
    bool valid[SETTINGS];
    for (Setting s = 0; s < SETTINGS; s++) {
        uint32_t n = b->work || s == ALL_SAID ? 3000 : 16000; /* where a byte costs much they are smaller */
        Cost once = cost_of(b, s, n), twice = cost_of(b, s, 2 * n), four = cost_of(b, s, 4 * n);
        if (getenv("BOMBS_SHOW"))
            printf("# %-45s %-24s %6zu B: steps a byte %8.1f %8.1f %8.1f, memory a byte %6.1f %6.1f %6.1f, said %6.1f, %s\n", b->name, setting_names[s], four.size,
                   (double)once.work.steps / (double)once.size, (double)twice.work.steps / (double)twice.size, (double)four.work.steps / (double)four.size,
                   (double)once.work.peak_bytes / (double)once.size, (double)twice.work.peak_bytes / (double)twice.size, (double)four.work.peak_bytes / (double)four.size,
                   (double)four.said / (double)four.size, four.valid ? "valid" : "not valid");
        fflush(stdout);
        check_growth(b, s, once, twice);
        check_growth(b, s, twice, four);
        check_bounds(b, s, four);
        valid[s] = four.valid;
    }
    ck_assert_msg(valid[SPECIFICATION] == valid[RULES] && valid[RULES] == valid[ALL_SAID], "%s: valid or not", b->name);
}

START_TEST(code) { check_bomb(&bombs_code[_i]); }
END_TEST
START_TEST(sections) { check_bomb(&bombs_sections[_i]); }
END_TEST
START_TEST(custom) { check_bomb(&bombs_custom[_i]); }
END_TEST

static int count(const Bomb *list)
{
    int n = 0;
    while (list[n].name) n++;
    return n;
}

int main(void)
{
    Suite *s = suite_create("bombs");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, code, 0, count(bombs_code));
    tcase_add_loop_test(t, sections, 0, count(bombs_sections));
    tcase_add_loop_test(t, custom, 0, count(bombs_custom));
    return run_tap(s);
}
