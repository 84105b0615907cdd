/* report.c: findings and verdicts as text and as one line each; which format does what; what rules are there.
 * report_json.c and report_ci.c have the other formats. */
#include "validator/report.h"

#include <string.h>

/* ---- text ---- */

static bool is_rule_code(DiagCode code) { return diag_code_text(code)[0] == 'P'; }

/* Is this the last of its rule, "7 more findings of this rule, not shown"? */
static bool stands_for_rest(const Diag *d)
{
    return is_rule_code(d->code) && d->place.offset == DIAG_NOWHERE && str_has_suffix(str_of(d->text), STR(", not shown"));
}

/* W and V errors in the order found, then findings rule by rule. */
static void text_diags(const Reporter *r, TextBuf *t, const Diags *d)
{
    DiagStyle style = r->colour ? DIAG_COLOUR : DIAG_TEXT;
    for (size_t i = 0; i < d->n; i++)
        if (!is_rule_code(d->items[i].code)) diag_format(t, &d->items[i], NULL, style);
    for (int rule = 0; rule < VAL_RULE_COUNT; rule++)
        for (size_t i = 0; i < d->n; i++)
            if (d->items[i].code == val_rule_info[rule].diag) diag_format(t, &d->items[i], NULL, style);
    size_t shown = 0;
    for (size_t i = 0; i < d->n; i++) shown += d->items[i].severity >= SEV_ERROR && !stands_for_rest(&d->items[i]);
    if (d->errors > shown)
        text_printf(t, "%zu more error%s not shown (--error-limit=0 shows all)\n", d->errors - shown,
                    d->errors - shown == 1 ? " is" : "s are");
}

/* ", violated: P101 P104" */
static uint32_t codes(TextBuf *t, const ValReport *r, ValVerdict verdict, const char *title)
{
    uint32_t n = 0;
    for (int i = 0; i < VAL_RULE_COUNT; i++) {
        if (r->rules[i].verdict != verdict) continue;
        if (n++ == 0 && title) text_printf(t, "; %s:", title);
        if (title) text_printf(t, " %s", val_rule_info[i].code);
    }
    return n;
}

static void file_line(TextBuf *t, const FileReport *f)
{
    text_add(t, f->passes ? STR("pass  ") : STR("FAIL  "));
    text_add_escaped(t, str_of(f->file));
}

static uint32_t count_waived(const FileReport *f)
{
    uint32_t n = 0;
    for (int i = 0; f->read && i < VAL_RULE_COUNT; i++) n += f->report->rules[i].waived;
    return n;
}

bool report_refused_feature(const Diag *d, WasmFeature *out)
{
    const char *name = d->code == WASM_FEATURE ? strstr(d->text, "feature ") : NULL;
    if (!name) return false;
    name += strlen("feature ");
    return wasm_feature_find((Str){name, strcspn(name, " ")}, out);
}

/* ": not validated, needs threads; 2 errors": where nothing but features was refused, the module may well be one. */
void report_invalid(TextBuf *t, const Diags *d)
{
    WasmFeatures features = 0;
    WasmFeature f;
    bool others = false;
    for (size_t i = 0; i < d->n; i++) {
        if (report_refused_feature(&d->items[i], &f)) features |= UINT64_C(1) << f;
        else others |= !is_rule_code(d->items[i].code);
    }
    if (others) features = 0;
    text_add(t, features ? STR(": not validated, needs") : STR(": not a valid module"));
    for (int i = 0; i < FEATURE_COUNT; i++) {
        if (!(features >> i & 1)) continue;
        text_printf(t, " %s", wasm_feature_text((WasmFeature)i));
        if (features >> i >> 1) text_add(t, STR(","));
    }
    text_printf(t, "%s %zu error%s", features ? ";" : ",", d->errors, d->errors == 1 ? "" : "s");
}

static void verdict_line(TextBuf *t, const FileReport *f)
{
    uint32_t waived = count_waived(f);
    file_line(t, f);
    if (!f->read) {
        text_add(t, STR(": could not be read\n"));
        return;
    }
    uint32_t proved = codes(t, f->report, VAL_PROVED, NULL);
    if (!f->report->valid) report_invalid(t, f->diags);
    else text_printf(t, ": valid, %u rule%s proved", proved, proved == 1 ? "" : "s");
    (void)codes(t, f->report, VAL_VIOLATED, "violated");
    (void)codes(t, f->report, VAL_NOT_PROVABLE, "not provable");
    if (waived) text_printf(t, "; %u waived", waived);
    if (f->known) text_printf(t, "; %zu known", f->known);
    text_add(t, STR("\n"));
}

/* A row of the table that comes after several files. */
static void summary_row(TextBuf *t, const FileReport *f)
{
    text_add(t, f->passes ? STR("pass") : STR("FAIL"));
    if (f->read && f->report->valid)
        text_printf(t, " %7u %9u %13u %7u", codes(t, f->report, VAL_PROVED, NULL), codes(t, f->report, VAL_VIOLATED, NULL),
                    codes(t, f->report, VAL_NOT_PROVABLE, NULL), count_waived(f));
    else text_printf(t, " %7s %9s %13s %7s", "-", "-", "-", "-");
    text_printf(t, " %6zu %7zu %8zu  ", f->known, f->diags->errors, f->diags->warnings);
    text_add_escaped(t, str_of(f->file));
    text_add(t, STR("\n"));
}

/* Where to read on. */
static void explain_line(const Reporter *r, TextBuf *t)
{
    if (r->failing != DIAG_NONE)
        text_printf(t, ">>> parigot-validate --explain=%s says why that is a rule, and the cure\n", diag_code_text(r->failing));
}

static void summary(const Reporter *r, TextBuf *t)
{
    if (r->n_files < 2) return;
    text_printf(t, "\n%4s %7s %9s %13s %7s %6s %7s %8s\n", "", "proved", "violated", "not provable", "waived", "known",
                "errors", "warnings");
    if (r->summary.ptr) text_add(t, (Str){r->summary.ptr, r->summary.len});
    text_add(t, STR("\n"));
    report_totals(r, t);
}

/* ---- waivers ---- */

enum { SOON_SECONDS = 30 * 86400 };

WaiverState report_waiver_state(const Reporter *r, uint32_t waiver)
{
    const ValWaiver *w = &r->waivers[waiver];
    if (w->expires && r->now > w->expires) return WAIVER_EXPIRED;
    if (r->let_through[waiver] == 0) return WAIVER_UNUSED;
    return w->expires && w->expires - r->now < SOON_SECONDS ? WAIVER_SOON : WAIVER_USED;
}

static void count_waivers(Reporter *r, const FileReport *f)
{
    for (uint32_t i = 0; f->read && i < f->report->n_waived; i++) {
        r->let_through[f->report->waived[i].waiver - r->waivers]++; /* they are of this policy: there is no other */
    }
}

/* Those that somebody should look at: a policy is to say no more than it must. */
static void text_waivers(const Reporter *r, TextBuf *t)
{
    char day[VAL_DAY_SIZE];
    for (uint32_t i = 0; i < r->n_waivers; i++) {
        const ValWaiver *w = &r->waivers[i];
        WaiverState state = report_waiver_state(r, i);
        if (state == WAIVER_USED) continue;
        text_add(t, STR("waiver \""));
        text_add_escaped(t, w->name);
        text_printf(t, "\" (%s) ", val_rule_info[w->rule].code);
        if (state == WAIVER_UNUSED) text_add(t, STR("let nothing through: it can go\n"));
        else if (state == WAIVER_EXPIRED) text_printf(t, "expired after %s\n", val_day_text(day, w->expires));
        else
            text_printf(t, "expires after %s: %lld days from now\n", val_day_text(day, w->expires),
                        (long long)((w->expires - r->now) / 86400));
    }
}

/* ---- all formats ---- */

DiagSeverity report_lowest(FailLevel level)
{
    return level == FAIL_ERROR ? SEV_ERROR : level == FAIL_WARNING ? SEV_WARNING : SEV_NOTE;
}

void report_totals(const Reporter *r, TextBuf *t)
{
    text_printf(t, "%u file%s under policy ", r->n_files, r->n_files == 1 ? "" : "s");
    text_add_escaped(t, r->policy);
    text_printf(t, ": %u pass, %u fail\n", r->n_passed, r->n_files - r->n_passed);
}

void report_begin(Reporter *r, TextBuf *t)
{
    if (r->format == REPORT_JSON) json_begin(r, t);
    if (r->format == REPORT_JUNIT) junit_begin(r, t);
}

/* What is not shown of a rule is told with its number, where it is known: a baseline may know some of it. */
static void count_rest(FileReport *f)
{
    uint32_t shown[VAL_RULE_COUNT] = {0};
    Diag *rest[VAL_RULE_COUNT] = {0};
    ValRule rule;
    if (!f->read || f->known) return;
    for (size_t i = 0; i < f->diags->n; i++) {
        Diag *d = &f->diags->items[i];
        if (!val_rule_find(str_of(diag_code_text(d->code)), &rule)) continue;
        if (strcmp(d->text, val_more_findings) == 0) rest[rule] = d;
        else shown[rule]++;
    }
    for (int i = 0; i < VAL_RULE_COUNT; i++) {
        uint32_t n = f->report->rules[i].findings - shown[i];
        const char *words = n == 1 ? "more finding of this rule, not shown" : val_more_findings;
        const char *text = rest[i] ? arena_printf(&f->diags->arena, "%u %s", n, words) : NULL;
        if (text) rest[i]->text = text;
    }
}

void report_file(Reporter *r, TextBuf *t, FileReport *f)
{
    count_rest(f);
    r->n_files++;
    r->n_passed += f->passes;
    r->n_unread += !f->read;
    count_waivers(r, f);
    switch (r->format) {
    case REPORT_TEXT:
        if (r->n_files > 1) text_add(t, STR("\n"));
        text_diags(r, t, f->diags);
        verdict_line(t, f);
        summary_row(&r->summary, f);
        for (size_t i = 0; i < f->diags->n && !f->passes && r->failing == DIAG_NONE; i++)
            if (is_rule_code(f->diags->items[i].code) && f->diags->items[i].severity >= report_lowest(r->fail_level))
                r->failing = f->diags->items[i].code;
        break;
    case REPORT_GNU:
        for (size_t i = 0; i < f->diags->n; i++) diag_format_gnu(t, &f->diags->items[i], "parigot-validate");
        break;
    case REPORT_JSON: json_file(r, t, f); break;
    case REPORT_SARIF: sarif_keep(r, f); break;
    case REPORT_JUNIT: junit_file(r, t, f); break;
    case REPORT_GITHUB: github_file(t, f); break;
    }
}

void report_end(Reporter *r, TextBuf *t)
{
    switch (r->format) {
    case REPORT_TEXT:
        summary(r, t);
        text_waivers(r, t);
        explain_line(r, t);
        break;
    case REPORT_GNU: break;
    case REPORT_JSON: json_end(r, t); break;
    case REPORT_SARIF: sarif_end(r, t); break;
    case REPORT_JUNIT: junit_end(t); break;
    case REPORT_GITHUB: report_totals(r, t); break;
    }
    t->failed |= r->summary.failed;
    text_free(&r->summary);
}

/* ---- the rules themselves ---- */

void report_rules(TextBuf *t)
{
    for (int i = 0; i < VAL_RULE_COUNT; i++)
        text_printf(t, "%s  %-26s %s  %s\n", val_rule_info[i].code, val_rule_info[i].name,
                    val_rule_info[i].waivable ? "waivable" : "        ", diag_summary(val_rule_info[i].diag));
}

bool report_explain(TextBuf *t, const char *code)
{
    DiagCode c = diag_find(code);
    if (c == DIAG_NONE) return false;
    ValRule rule;
    text_printf(t, "%s: %s\n", code, diag_summary(c));
    if (*diag_help(c)) text_printf(t, "\n%s\n", diag_help(c));
    if (val_rule_find(str_of(code), &rule))
        text_printf(t, "\n%s\n",
                    val_rule_info[rule].waivable ? "A policy can waive it, with a reason (docs/policy.md)."
                                                 : "It cannot be waived.");
    return true;
}
