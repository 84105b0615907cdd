/* sarif.c: diagnostics as a SARIF log, OASIS SARIF 2.1.0, within what GitHub's code scanning takes ("SARIF support for
 * code scanning": at most 25,000 results a run, 10 MB, 1,024 characters a description, each result with a place). What is
 * beyond is counted in a notification; errors come first when there is too much.
 *
 * What has a file or a source line is a result. What has none (a library that is not found, a wrong option) cannot be
 * shown beside code: it is a notification of the invocation. Same diagnostics, same bytes: no dates, no host, no folder. */
#include "wasm/wasm.h"

#include <string.h>

/* GitHub's 10 MB are of the compressed log; a log that is smaller as it is stays smaller. */
enum { MOST_RESULTS = 25000, MOST_BYTES = 9500000, MOST_DESCRIPTION = 1024, MOST_MESSAGE = 4096, MOST_NAME = 1024, MOST_RELATED = 100,
       MOST_NOTIFICATIONS = 1000 };

typedef struct Log {
    TextBuf *out;
    const char *folder;
    const Diags *const *diags;
    size_t n_diags;
    uint64_t *seen; /* fingerprints of the results written: open addressing, SEEN_SLOTS; 0 = free */
    uint32_t *times;
    uint32_t rule_index[DIAG_CODE_COUNT]; /* + 1; 0: not used */
    bool comma;                           /* before the next item of the list that is being written */
} Log;

enum { SEEN_SLOTS = 1 << 16 }; /* more than twice the results */

static bool is_result(const Diag *d) { return d->place.src_file || (d->place.file && *d->place.file); }

static const char *level_text(DiagSeverity s)
{
    return s == SEV_NOTE ? "note" : s == SEV_WARNING ? "warning" : "error";
}

/* ---- pieces ---- */

/* The beginning of a text, cut between characters. */
static Str bounded(Str text, size_t most)
{
    if (text.len <= most) return text;
    while (most && ((unsigned char)text.ptr[most] & 0xc0) == 0x80) most--;
    return (Str){text.ptr, most};
}

static void key(Log *l, const char *name, Str value)
{
    text_printf(l->out, ",\"%s\":", name);
    text_add_json(l->out, value);
}

static void next_item(Log *l)
{
    text_add(l->out, l->comma ? STR(",\n") : STR("\n"));
    l->comma = true;
}

static void add_uri_byte(TextBuf *t, uint8_t c)
{
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/+@,=()", c);
    if (plain && c) text_printf(t, "%c", c);
    else text_printf(t, "%%%02X", c);
}

/* RFC 3986 §4.1 "URI Reference": relative where the file lies below the folder in which the tool runs, so that a CI
 * system finds it in its own checkout. Of "lib.a(member.o)" the archive is the file. */
static void uri(Log *l, const char *path)
{
    size_t len = strlen(path), folder = l->folder ? strlen(l->folder) : 0;
    const char *member = len && path[len - 1] == ')' ? strchr(path, '(') : NULL;
    if (member && member > path) len = (size_t)(member - path);
    if (folder && len > folder + 1 && strncmp(path, l->folder, folder) == 0 && path[folder] == '/') {
        path += folder + 1;
        len -= folder + 1;
    }
    while (len > 2 && path[0] == '.' && path[1] == '/') path += 2, len -= 2;
    text_add(l->out, path[0] == '/' ? STR("{\"uri\":\"file://") : STR("{\"uri\":\""));
    for (size_t i = 0; i < len; i++) add_uri_byte(l->out, (uint8_t)path[i]);
    text_add(l->out, STR("\"}"));
}

/* §3.29 "physicalLocation object". A byte offset is no place in a text: it is among the result's properties. */
static void physical(Log *l, const DiagPlace *p)
{
    text_add(l->out, STR("\"physicalLocation\":{\"artifactLocation\":"));
    uri(l, p->src_file ? p->src_file : p->file);
    text_printf(l->out, ",\"region\":{\"startLine\":%u}}", p->src_file && p->src_line ? p->src_line : 1);
}

/* §3.33 "logicalLocation object": the name as the source has it, and as the object has it. */
static void logical(Log *l, const DiagPlace *p)
{
    Arena a = {0};
    Str name = p->symbol.len ? p->symbol : p->func_name;
    if (name.len) {
        const char *source = demangle_name(&a, name);
        text_add(l->out, STR(",\"logicalLocations\":[{\"fullyQualifiedName\":"));
        text_add_json(l->out, bounded(source ? str_of(source) : name, MOST_NAME));
        key(l, "decoratedName", bounded(name, MOST_NAME));
        if (!p->symbol.len) key(l, "kind", STR("function"));
        text_add(l->out, STR("}]"));
    }
    arena_free(&a);
}

/* FNV-1a of what stays the same when lines, addresses and indices move: not for security. Never 0. */
static uint64_t fingerprint(const Diag *d)
{
    TextBuf t = {0};
    uint64_t h = 0xcbf29ce484222325;
    diag_identity(&t, d);
    for (size_t i = 0; i < t.len; i++) h = (h ^ (uint8_t)t.ptr[i]) * 0x100000001b3;
    text_free(&t);
    return h ? h : 1;
}

/* Which result of this fingerprint it is, from 1: two alike are two alerts. */
static uint32_t occurrence(Log *l, uint64_t h)
{
    size_t slot = h % SEEN_SLOTS;
    while (l->seen[slot] && l->seen[slot] != h) slot = (slot + 1) % SEEN_SLOTS;
    l->seen[slot] = h;
    return ++l->times[slot];
}

static void message(Log *l, const Diag *d)
{
    TextBuf t = {0};
    text_add(&t, str_of(d->text));
    if (d->note) text_printf(&t, "\n%s", d->note);
    text_add(l->out, STR("\"message\":{\"text\":"));
    text_add_json(l->out, bounded((Str){t.ptr, t.len}, MOST_MESSAGE));
    text_add(l->out, STR("}"));
    l->out->failed |= t.failed;
    text_free(&t);
}

/* ---- results, §3.27 ---- */

static void related(Log *l, const Diag *d)
{
    uint32_t n = 0;
    for (const DiagRelated *r = d->related; r && n < MOST_RELATED; r = r->next) {
        if (!r->place.src_file && !r->place.file) continue;
        text_printf(l->out, "%s{\"id\":%u,", n ? "," : ",\"relatedLocations\":[", n + 1);
        physical(l, &r->place);
        text_add(l->out, STR(",\"message\":{\"text\":"));
        text_add_json(l->out, bounded(str_of(r->text), MOST_DESCRIPTION));
        text_add(l->out, STR("}}"));
        n++;
    }
    if (n) text_add(l->out, STR("]"));
}

static void properties(Log *l, const DiagPlace *p)
{
    const char *before = ",\"properties\":{";
    if (p->file) {
        text_printf(l->out, "%s\"file\":", before);
        text_add_json(l->out, str_of(p->file));
        before = ",";
    }
    if (p->offset != DIAG_NOWHERE) {
        text_printf(l->out, "%s\"offset\":%llu", before, (unsigned long long)p->offset);
        before = ",";
    }
    if (p->func != DIAG_NOWHERE32) {
        text_printf(l->out, "%s\"function\":%u", before, p->func);
        before = ",";
    }
    if (*before == ',' && !before[1]) text_add(l->out, STR("}"));
}

static void result(Log *l, const Diag *d)
{
    next_item(l);
    text_printf(l->out, "{\"ruleId\":\"%s\",\"ruleIndex\":%u,\"level\":\"%s\",", diag_code_text(d->code),
                l->rule_index[d->code] - 1, level_text(d->severity));
    message(l, d);
    text_add(l->out, STR(",\"locations\":[{"));
    physical(l, &d->place);
    logical(l, &d->place);
    text_add(l->out, STR("}]"));
    related(l, d);
    uint64_t h = fingerprint(d);
    text_printf(l->out, ",\"partialFingerprints\":{\"parigot/v1\":\"%016llx:%u\"}", (unsigned long long)h, occurrence(l, h));
    properties(l, &d->place);
    text_add(l->out, STR("}"));
}

/* ---- rules, §3.49 "reportingDescriptor object" ---- */

static void description(Log *l, const char *name, const char *text)
{
    text_printf(l->out, ",\"%s\":{\"text\":", name);
    text_add_json(l->out, bounded(str_of(text), MOST_DESCRIPTION));
    text_add(l->out, STR("}"));
}

/* The letters of codes: wasm/diags.def. */
static const char *tags(char letter)
{
    switch (letter) {
    case 'P': return "\"isolation\",\"security\"";
    case 'B': return "\"bundle\",\"security\"";
    case 'C': return "\"configuration\"";
    case 'L': return "\"linking\"";
    case 'V': return "\"validation\"";
    case 'W': return "\"format\"";
    default: return "\"tool\"";
    }
}

static void rules(Log *l)
{
    uint32_t n = 0;
    for (size_t k = 0; k < l->n_diags; k++)
        for (size_t i = 0; i < l->diags[k]->n; i++) {
            const Diag *d = &l->diags[k]->items[i];
            if (l->rule_index[d->code]) continue;
            const char *code = diag_code_text(d->code), *help = diag_help(d->code);
            l->rule_index[d->code] = ++n;
            next_item(l);
            text_printf(l->out, "{\"id\":\"%s\"", code);
            description(l, "shortDescription", diag_summary(d->code));
            description(l, "fullDescription", diag_summary(d->code));
            description(l, "help", *help ? help : diag_summary(d->code));
            text_printf(l->out, ",\"helpUri\":\"%s/%s\"", PARIGOT_DOCS_URI, code[0] == 'P' ? "rules.md" : "messages.md");
            text_printf(l->out, ",\"defaultConfiguration\":{\"level\":\"%s\"},\"properties\":{\"tags\":[%s]}}",
                        level_text(diag_severity(d->code)), tags(code[0]));
        }
    l->comma = false;
}

/* ---- notifications, §3.58 ---- */

static void notification(Log *l, const Diag *d)
{
    next_item(l);
    text_printf(l->out, "{\"descriptor\":{\"id\":\"%s\",\"index\":%u},\"level\":\"%s\",", diag_code_text(d->code),
                l->rule_index[d->code] - 1, level_text(d->severity));
    message(l, d);
    text_add(l->out, STR("}"));
}

/* Results of these levels; returns how many found no room. */
static size_t results(Log *l, DiagSeverity lowest, DiagSeverity highest, size_t *written)
{
    size_t left_out = 0;
    for (size_t k = 0; k < l->n_diags; k++)
        for (size_t i = 0; i < l->diags[k]->n; i++) {
            const Diag *d = &l->diags[k]->items[i];
            if (!is_result(d) || d->severity < lowest || d->severity > highest) continue;
            if (*written >= MOST_RESULTS || l->out->len >= MOST_BYTES) {
                left_out++;
                continue;
            }
            result(l, d);
            ++*written;
        }
    return left_out;
}

/* In the order found; errors first only where there are more than a log may hold. */
static size_t all_results(Log *l)
{
    size_t n = 0, written = 0, left_out = 0;
    for (size_t k = 0; k < l->n_diags; k++) n += l->diags[k]->n;
    if (n <= MOST_RESULTS / 10) return results(l, SEV_NOTE, SEV_FATAL, &written); /* each has room for 3 KiB */
    left_out += results(l, SEV_ERROR, SEV_FATAL, &written);
    left_out += results(l, SEV_WARNING, SEV_WARNING, &written);
    return left_out + results(l, SEV_NOTE, SEV_NOTE, &written);
}

static void notifications(Log *l, size_t left_out)
{
    size_t n = 0;
    l->comma = false;
    for (size_t k = 0; k < l->n_diags; k++)
        for (size_t i = 0; i < l->diags[k]->n; i++)
            if (!is_result(&l->diags[k]->items[i]) && n++ < MOST_NOTIFICATIONS) notification(l, &l->diags[k]->items[i]);
    if (n > MOST_NOTIFICATIONS) left_out += n - MOST_NOTIFICATIONS;
    if (!left_out) return;
    next_item(l);
    text_printf(l->out, "{\"level\":\"warning\",\"message\":{\"text\":\"%zu more findings are not in this log\"}}", left_out);
}

void sarif_write(TextBuf *t, const SarifRun *run)
{
    Arena a = {0};
    Log l = {.out = t, .folder = run->folder, .diags = run->diags, .n_diags = run->n};
    l.seen = arena_array(&a, SEEN_SLOTS, sizeof *l.seen);
    l.times = arena_array(&a, SEEN_SLOTS, sizeof *l.times);
    if (!l.seen || !l.times) {
        t->failed = true;
        arena_free(&a);
        return;
    }
    text_add(t, STR("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[\n"
                    "{\"tool\":{\"driver\":{\"name\":"));
    text_add_json(t, str_of(run->tool));
    text_printf(t, ",\"semanticVersion\":\"%s\",\"rules\":[", PARIGOT_VERSION);
    rules(&l);
    text_add(t, STR("]}},\n\"columnKind\":\"utf16CodeUnits\",\"results\":["));
    size_t left_out = run->left_out + all_results(&l);
    text_printf(t, "],\n\"invocations\":[{\"executionSuccessful\":%s,\"toolExecutionNotifications\":[",
                run->completed ? "true" : "false");
    notifications(&l, left_out);
    text_add(t, STR("]}]}\n]}\n"));
    arena_free(&a);
}

void sarif_format(TextBuf *t, const char *tool, const char *folder, const Diags *const *diags, size_t n, bool completed)
{
    sarif_write(t, &(SarifRun){.tool = tool, .folder = folder, .diags = diags, .n = n, .completed = completed});
}
