/* report.c: findings and verdicts as text, as one line each, as JSON. docs/validate-json.md has the schema.
 */
#include "validator/report.h"

#include <string.h>

/* ---- text ---- */

static bool is_rule_code(DiagCode code) { return diag_code_text(code)[0] == 'P'; }

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
    for (size_t i = 0; i < d->n; i++) shown += d->items[i].severity >= SEV_ERROR;
    if (d->errors > shown)
        text_printf(t, "%zu more errors are not shown (--error-limit=0 shows all)\n", d->errors - shown);
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
    Arena a = {0};
    const char *safe = diag_escape(&a, str_of(f->file));
    if (safe) text_printf(t, "%s  %s", f->passes ? "pass" : "FAIL", safe);
    else t->failed = true;
    arena_free(&a);
}

static void verdict_line(TextBuf *t, const FileReport *f)
{
    uint32_t waived = 0;
    file_line(t, f);
    if (!f->read) {
        text_add(t, STR(": could not be read\n"));
        return;
    }
    if (!f->report->valid)
        text_printf(t, ": not a valid module, %zu error%s", f->diags->errors,
                    f->diags->errors == 1 ? "" : "s");
    else text_printf(t, ": valid, %u rules proved", codes(t, f->report, VAL_PROVED, NULL));
    (void)codes(t, f->report, VAL_VIOLATED, "violated");
    (void)codes(t, f->report, VAL_NOT_PROVABLE, "not provable");
    for (int i = 0; i < VAL_RULE_COUNT; i++) waived += f->report->rules[i].waived;
    if (waived) text_printf(t, "; %u waived", waived);
    text_add(t, STR("\n"));
}

/* ---- JSON ---- */

static void json_key(TextBuf *t, const char *key, Str value)
{
    text_printf(t, ",\"%s\":", key);
    text_add_json(t, value);
}

static void json_features(TextBuf *t, WasmFeatures features)
{
    bool first = true;
    text_add(t, STR(",\"features\":["));
    for (int f = 0; f < FEATURE_COUNT; f++)
        if (features >> f & 1) {
            text_printf(t, "%s\"%s\"", first ? "" : ",", wasm_feature_text((WasmFeature)f));
            first = false;
        }
    text_add(t, STR("]"));
}

static void json_rules(TextBuf *t, const ValReport *r)
{
    static const char *const levels[] = {
        [VAL_OFF] = "off", [VAL_NOTE] = "note", [VAL_WARNING] = "warning", [VAL_ERROR] = "error"};
    text_add(t, STR(",\"rules\":["));
    for (int i = 0; i < VAL_RULE_COUNT; i++) {
        const char *verdict = val_verdict_text(r->rules[i].verdict);
        text_printf(t,
                    "%s{\"code\":\"%s\",\"name\":\"%s\",\"verdict\":\"%s\",\"level\":\"%s\",\"findings\":%u,"
                    "\"waived\":%u}",
                    i ? "," : "", val_rule_info[i].code, val_rule_info[i].name, *verdict ? verdict : "none",
                    levels[r->rules[i].level], r->rules[i].findings, r->rules[i].waived);
    }
    text_add(t, STR("]"));
}

static void json_layout(TextBuf *t, const ValReport *r)
{
    const PmLayout *l = &r->pm.layout;
    if (r->section != PM_PRESENT || !r->pm.has_layout) return;
    text_printf(t,
                ",\"layout\":{\"proved\":%s,\"seal\":%u,\"pageLog2\":%u,\"nullGuard\":%u,\"stackLow\":%u,"
                "\"stackHigh\":%u,",
                r->layout_proved ? "true" : "false", l->seal, l->page_log2, l->null_guard, l->stack_low,
                l->stack_high);
    text_printf(t,
                "\"sealedLow\":%u,\"sealedHigh\":%u,\"waivedLow\":%u,\"waivedHigh\":%u,\"heapBase\":%u,"
                "\"heapControl\":%u}",
                l->sealed_low, l->sealed_high, l->waived_low, l->waived_high, l->heap_base, l->heap_control);
}

static void json_waived(TextBuf *t, const ValReport *r)
{
    text_add(t, STR(",\"waived\":["));
    for (uint32_t i = 0; i < r->n_waived; i++) {
        const ValWaived *w = &r->waived[i];
        text_printf(t, "%s{\"rule\":\"%s\"", i ? "," : "", val_rule_info[w->waiver->rule].code);
        json_key(t, "waiver", w->waiver->name);
        json_key(t, "symbol", w->symbol);
        json_key(t, "reason", w->waiver->reason);
        if (w->size) text_printf(t, ",\"address\":%u,\"size\":%u", w->address, w->size);
        if (w->func != DIAG_NOWHERE32) text_printf(t, ",\"function\":%u", w->func);
        text_add(t, STR("}"));
    }
    text_add(t, STR("]"));
}

static void json_file(const Reporter *r, TextBuf *t, const FileReport *f)
{
    text_add(t, r->n_files > 1 ? STR(",\n{\"file\":") : STR("\n{\"file\":"));
    text_add_json(t, str_of(f->file));
    text_printf(t, ",\"passes\":%s,\"valid\":%s", f->passes ? "true" : "false",
                f->read && f->report->valid ? "true" : "false");
    if (f->read) {
        json_features(t, f->report->features);
        json_rules(t, f->report);
        json_layout(t, f->report);
        json_waived(t, f->report);
    }
    text_printf(t, ",\"errors\":%zu,\"warnings\":%zu,\"diagnostics\":[", f->diags->errors,
                f->diags->warnings);
    for (size_t i = 0; i < f->diags->n; i++) {
        text_add(t, i ? STR(",\n ") : STR("\n "));
        diag_format_json(t, &f->diags->items[i]);
    }
    text_add(t, STR("]}"));
}

/* ---- all three ---- */

void report_begin(Reporter *r, TextBuf *t)
{
    if (r->format != REPORT_JSON) return;
    text_printf(t,
                "{\"tool\":\"parigot-validate\",\"version\":\"%s\",\"policy\":{\"name\":", PARIGOT_VERSION);
    text_add_json(t, r->policy);
    text_printf(t, ",\"digest\":\"%s\"},\"files\":[", r->digest);
}

void report_file(Reporter *r, TextBuf *t, const FileReport *f)
{
    r->n_files++;
    r->n_passed += f->passes;
    switch (r->format) {
    case REPORT_TEXT:
        text_diags(r, t, f->diags);
        verdict_line(t, f);
        file_line(&r->summary, f);
        text_add(&r->summary, STR("\n"));
        break;
    case REPORT_GNU:
        for (size_t i = 0; i < f->diags->n; i++) diag_format_gnu(t, &f->diags->items[i], "parigot-validate");
        break;
    case REPORT_JSON: json_file(r, t, f); break;
    }
}

void report_end(Reporter *r, TextBuf *t)
{
    if (r->format == REPORT_JSON) text_add(t, STR("\n]}\n"));
    if (r->format == REPORT_TEXT && r->n_files > 1)
        text_printf(t, "\n%s%u files under policy %.*s: %u pass, %u fail\n",
                    r->summary.ptr ? r->summary.ptr : "", r->n_files, STR_ARG(r->policy), r->n_passed,
                    r->n_files - r->n_passed);
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
