/* report_json.c: findings and verdicts as JSON. docs/validate-json.md has the schema. */
#include "validator/report.h"

static const char *const fail_levels[] = {
    [FAIL_ERROR] = "error", [FAIL_WARNING] = "warning", [FAIL_NOTE] = "note", [FAIL_NEVER] = "never"};

static void json_key(TextBuf *t, const char *key, Str value)
{
    text_printf(t, ",\"%s\":", key);
    text_add_json(t, value);
}

void json_features(TextBuf *t, WasmFeatures features)
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

void json_file(const Reporter *r, TextBuf *t, const FileReport *f)
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
    if (r->baseline) text_printf(t, ",\"known\":%zu", f->known);
    text_printf(t, ",\"errors\":%zu,\"warnings\":%zu,\"diagnostics\":[", f->diags->errors,
                f->diags->warnings);
    for (size_t i = 0; i < f->diags->n; i++) {
        text_add(t, i ? STR(",\n ") : STR("\n "));
        diag_format_json(t, &f->diags->items[i]);
    }
    text_add(t, STR("]}"));
}

void json_begin(const Reporter *r, TextBuf *t)
{
    text_printf(t, "{\"tool\":\"parigot-validate\",\"version\":\"%s\",\"policy\":{\"name\":", PARIGOT_VERSION);
    text_add_json(t, r->policy);
    text_printf(t, ",\"digest\":\"%s\"},\"failLevel\":\"%s\"", r->digest, fail_levels[r->fail_level]);
    if (r->baseline) {
        text_add(t, STR(",\"baseline\":"));
        text_add_json(t, str_of(r->baseline));
    }
    text_add(t, STR(",\"files\":["));
}

static void json_policy_waivers(const Reporter *r, TextBuf *t)
{
    static const char *const states[] = {
        [WAIVER_USED] = "used", [WAIVER_SOON] = "expires soon", [WAIVER_UNUSED] = "unused", [WAIVER_EXPIRED] = "expired"};
    char day[VAL_DAY_SIZE];
    text_add(t, STR("\n],\"waivers\":["));
    for (uint32_t i = 0; i < r->n_waivers; i++) {
        const ValWaiver *w = &r->waivers[i];
        text_printf(t, "%s{\"rule\":\"%s\"", i ? ",\n " : "", val_rule_info[w->rule].code);
        json_key(t, "name", w->name);
        json_key(t, "reason", w->reason);
        if (w->expires) json_key(t, "expires", str_of(val_day_text(day, w->expires)));
        text_printf(t, ",\"findings\":%u,\"state\":\"%s\"}", r->let_through[i], states[report_waiver_state(r, i)]);
    }
}

void json_end(const Reporter *r, TextBuf *t)
{
    json_policy_waivers(r, t);
    text_printf(t, "],\"summary\":{\"files\":%u,\"pass\":%u,\"fail\":%u,\"unread\":%u}}\n", r->n_files, r->n_passed,
                r->n_files - r->n_passed, r->n_unread);
}
