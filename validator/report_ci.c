/* report_ci.c: findings for systems that show them beside code: JUnit's XML, GitHub's workflow commands, SARIF.
 *
 * Names come from hostile modules: each format has its own escape, after the one that all texts pass. */
#include "validator/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- JUnit: <testsuites>, a <testsuite> a file, a <testcase> for the specification and one a rule ---- */

/* XML 1.0 §2.2 "Characters" and §2.4: of what may not stand there, the common escape leaves only U+FFFE and U+FFFF. */
static void add_xml(TextBuf *t, Str s)
{
    TextBuf safe = {0};
    text_add_escaped(&safe, s);
    for (size_t i = 0; i < safe.len; i++) {
        const char *p = safe.ptr + i;
        switch (*p) {
        case '&': text_add(t, STR("&amp;")); break;
        case '<': text_add(t, STR("&lt;")); break;
        case '>': text_add(t, STR("&gt;")); break;
        case '"': text_add(t, STR("&quot;")); break;
        default:
            if (safe.len - i >= 3 && (memcmp(p, "\xef\xbf\xbe", 3) == 0 || memcmp(p, "\xef\xbf\xbf", 3) == 0)) {
                text_add(t, STR("\xef\xbf\xbd"));
                i += 2;
            } else {
                text_add(t, (Str){p, 1});
            }
        }
    }
    t->failed |= safe.failed;
    text_free(&safe);
}

static bool is_of(const Diag *d, int rule)
{
    if (rule >= 0) return d->code == val_rule_info[rule].diag;
    return diag_code_text(d->code)[0] != 'P';
}

typedef struct Findings {
    size_t n, failing;
    const Diag *first; /* that fails */
} Findings;

static Findings findings_of(const Reporter *r, const Diags *diags, int rule)
{
    Findings found = {0};
    for (size_t i = 0; i < diags->n; i++) {
        const Diag *d = &diags->items[i];
        if (!is_of(d, rule)) continue;
        found.n++;
        if (r->fail_level == FAIL_NEVER || d->severity < report_lowest(r->fail_level)) continue;
        if (found.failing++ == 0) found.first = d;
    }
    return found;
}

static void add_lines(TextBuf *t, const Diags *diags, int rule)
{
    for (size_t i = 0; i < diags->n; i++) {
        if (!is_of(&diags->items[i], rule)) continue;
        TextBuf line = {0};
        diag_format_gnu(&line, &diags->items[i], "parigot-validate");
        if (line.len) add_xml(t, (Str){line.ptr, line.len - 1});
        text_add(t, STR("\n"));
        t->failed |= line.failed;
        text_free(&line);
    }
}

static void add_case(const Reporter *r, TextBuf *t, const FileReport *f, int rule)
{
    Findings found = findings_of(r, f->diags, rule);
    text_add(t, STR("  <testcase classname=\""));
    add_xml(t, str_of(f->file));
    if (rule < 0) text_add(t, STR("\" name=\"specification\""));
    else text_printf(t, "\" name=\"%s %s\"", val_rule_info[rule].code, val_rule_info[rule].name);
    if (found.failing) {
        text_printf(t, ">\n   <%s type=\"%s\" message=\"", f->read ? "failure" : "error", diag_code_text(found.first->code));
        add_xml(t, str_of(found.first->text));
        text_add(t, STR("\">"));
        add_lines(t, f->diags, rule);
        text_printf(t, "</%s>\n  </testcase>\n", f->read ? "failure" : "error");
    } else if (found.n) {
        text_add(t, STR(">\n   <system-out>"));
        add_lines(t, f->diags, rule);
        text_add(t, STR("</system-out>\n  </testcase>\n"));
    } else if (rule >= 0 && f->report->rules[rule].verdict == VAL_RULE_OFF) {
        text_add(t, STR("><skipped message=\"off\"/></testcase>\n"));
    } else if (rule >= 0 && f->report->rules[rule].verdict == VAL_NO_VERDICT) {
        text_add(t, STR("><skipped message=\"the module is not valid\"/></testcase>\n"));
    } else {
        text_add(t, STR("/>\n"));
    }
}

void junit_begin(const Reporter *r, TextBuf *t)
{
    text_add(t, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"parigot-validate, policy "));
    add_xml(t, r->policy);
    text_add(t, STR("\">\n"));
}

void junit_file(const Reporter *r, TextBuf *t, const FileReport *f)
{
    uint32_t tests = 0, failures = 0, skipped = 0;
    for (int rule = -1; rule < (f->read ? VAL_RULE_COUNT : 0); rule++) {
        Findings found = findings_of(r, f->diags, rule);
        ValVerdict verdict = rule < 0 ? VAL_PROVED : f->report->rules[rule].verdict;
        tests++;
        if (found.failing) failures++;
        else if (!found.n && (verdict == VAL_RULE_OFF || verdict == VAL_NO_VERDICT)) skipped++;
    }
    text_add(t, STR(" <testsuite name=\""));
    add_xml(t, str_of(f->file));
    text_printf(t, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", tests, f->read ? failures : 0,
                f->read ? 0 : failures, skipped);
    for (int rule = -1; rule < (f->read ? VAL_RULE_COUNT : 0); rule++) add_case(r, t, f, rule);
    text_add(t, STR(" </testsuite>\n"));
}

void junit_end(TextBuf *t) { text_add(t, STR("</testsuites>\n")); }

/* ---- GitHub: "Workflow commands for GitHub Actions", ::error file=F,line=N,title=T::message ---- */

/* The runner's own escapes: % CR LF everywhere, also : and , in a property. */
static void add_command(TextBuf *t, Str s, bool is_property)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ',')))
            text_printf(t, "%%%02X", (unsigned)c);
        else text_add(t, (Str){&c, 1});
    }
}

static void add_property(TextBuf *t, const char *value)
{
    TextBuf safe = {0};
    text_add_escaped(&safe, str_of(value));
    add_command(t, (Str){safe.ptr, safe.len}, true);
    t->failed |= safe.failed;
    text_free(&safe);
}

static void github_command(TextBuf *t, const Diag *d)
{
    const DiagPlace *p = &d->place;
    const char *file = p->src_file ? p->src_file : p->file;
    TextBuf message = {0};
    text_add(t, d->severity >= SEV_ERROR ? STR("::error ") : d->severity == SEV_WARNING ? STR("::warning ") : STR("::notice "));
    if (file) {
        text_add(t, STR("file="));
        add_property(t, file);
        text_printf(t, ",line=%u,", p->src_file && p->src_line ? p->src_line : 1);
    }
    text_printf(t, "title=%s ", diag_code_text(d->code));
    add_property(t, diag_summary(d->code));
    text_add(t, STR("::"));
    diag_format_gnu(&message, d, "parigot-validate");
    if (message.len) message.len--; /* the line's end */
    add_command(t, (Str){message.ptr, message.len}, false);
    for (const char *line = d->note; line;) {
        const char *end = strchr(line, '\n');
        TextBuf note = {0};
        text_add_escaped(&note, (Str){line, end ? (size_t)(end - line) : strlen(line)});
        text_add(t, STR("%0A"));
        add_command(t, (Str){note.ptr, note.len}, false);
        t->failed |= note.failed;
        text_free(&note);
        line = end ? end + 1 : NULL;
    }
    text_add(t, STR("\n"));
    t->failed |= message.failed;
    text_free(&message);
}

void github_file(TextBuf *t, const FileReport *f)
{
    for (size_t i = 0; i < f->diags->n; i++) github_command(t, &f->diags->items[i]);
}

/* ---- SARIF: all files in one log ---- */

/* Twice what a log may hold. Beyond that errors are still kept, and beyond that findings are only counted. */
enum { MOST_KEPT = 50000, MOST_ERRORS_KEPT = 100000 };

static void drop_all_but_errors(Diags *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].severity >= SEV_ERROR) d->items[kept++] = d->items[i];
    d->n = kept;
}

void sarif_keep(Reporter *r, FileReport *f)
{
    struct KeptDiags *k = &r->kept;
    size_t n = f->diags->n;
    if (k->findings >= MOST_KEPT) drop_all_but_errors(f->diags);
    k->left_out += n - f->diags->n;
    if (k->findings >= MOST_ERRORS_KEPT) {
        k->left_out += f->diags->n;
        return;
    }
    if (k->n == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 64;
        Diags *items = realloc(k->items, cap * sizeof *items);
        if (!items) {
            k->failed = true;
            return;
        }
        k->items = items;
        k->cap = cap;
    }
    k->findings += f->diags->n;
    k->items[k->n++] = *f->diags;
    *f->diags = (Diags){0};
}

void sarif_end(Reporter *r, TextBuf *t)
{
    struct KeptDiags *k = &r->kept;
    const Diags **list = malloc((k->n + 1) * sizeof *list);
    char *folder = getcwd(NULL, 0); /* NULL: paths stay as they are */
    t->failed |= k->failed || !list;
    for (size_t i = 0; list && i < k->n; i++) list[i] = &k->items[i];
    if (!t->failed)
        sarif_write(t, &(SarifRun){.tool = "parigot-validate",
                                   .folder = folder,
                                   .diags = list,
                                   .n = k->n,
                                   .left_out = k->left_out,
                                   .completed = r->n_unread == 0});
    for (size_t i = 0; i < k->n; i++) diag_free(&k->items[i]);
    free(folder);
    free(list);
    free(k->items);
}
