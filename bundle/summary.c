/* summary.c: a bundle on one screen: who signed, until when, what was proved, what was let through, what it
 * may use; then its modules. What is not proved stands before what is. See show.h
 *
 * Without `full` the text has at most SCREEN_LINES - 1 lines. Each fact has a fixed share of them, and lists
 * are cut at the edge of the screen and counted; the modules get what is left: a few lines each, else one
 * line each, else a count. */
#include "bundle/container.h"
#include "bundle/json.h"
#include "bundle/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LABEL = 11,        /* columns before what a line says                      */
    BRIEF_ROWS = 2,    /* of signatures, open rules, waivers: the rest is told as a number */
    RULE_COUNT = 1000, /* P000 to P999: bundle_check_manifest lets no other through */
    RESULTS = 5,
};

#define RESULT(name) PARIGOT__BUNDLE__V1__RESULT__RESULT_##name

typedef struct Summary {
    Show show;
    int64_t now;
    bool full, checked;
} Summary;

/* ---- lists that end at the edge of the screen ---- */

/* In full, items are written as they come, on as many lines as they need. Else those that could fit on
 * `lines` (1 or 2) are kept, and written when it is known how many there are. */
typedef struct List {
    Summary *s;
    size_t indent, column, n, lines;
    const char *kept[2 * SCREEN_COLUMNS /
                     3]; /* on two lines: an item and what separates it take three columns at least */
} List;

static List list_begin(Summary *s, size_t before, const char *label)
{
    text_printf(s->show.text, "%*s%-*s", (int)before, "", LABEL, label);
    return (List){.s = s, .column = before + LABEL, .indent = before + LABEL, .lines = 1};
}

/* item: escaped */
static void list_item(List *l, const char *item)
{
    TextBuf *t = l->s->show.text;
    size_t columns = show_columns(item);
    if (!l->s->full) {
        if (l->n < ARRAY_LEN(l->kept)) l->kept[l->n] = item;
        l->n++;
        return;
    }
    if (l->n && l->column + 2 + columns >= SCREEN_COLUMNS) {
        text_printf(t, ",\n%*s", (int)l->indent, "");
        l->column = l->indent;
    } else if (l->n) {
        text_add(t, STR(", "));
        l->column += 2;
    }
    text_add(t, str_of(item));
    l->column += columns;
    l->n++;
}

/* Where items go when `n` of them are shown: does the last one end in the last line? */
static bool fits(const List *l, size_t n)
{
    size_t column = l->indent, lines = 1;
    size_t tail = n < l->n ? (size_t)snprintf(NULL, 0, ", and %zu more", l->n - n) : 0;
    for (size_t i = 0; i < n; i++) {
        size_t columns = show_columns(l->kept[i]) + (i + 1 < n ? 1 : tail); /* a comma, or the end */
        if (i && column + 1 + columns > SCREEN_COLUMNS) {
            column = l->indent;
            lines++;
        } else column += i > 0;
        column += columns;
        if (column > SCREEN_COLUMNS) return false;
    }
    return lines <= l->lines;
}

static void write_kept(const List *l, size_t n, const char *tail)
{
    Show *show = &l->s->show;
    size_t column = l->indent;
    for (size_t i = 0; i < n; i++) {
        const char *end = i + 1 < n ? "," : tail, *item = l->kept[i];
        size_t columns = show_columns(item) + show_columns(end);
        if (n == 1) item = show_cut(show, item, SCREEN_COLUMNS - l->indent - show_columns(end));
        if (i && column + 1 + columns > SCREEN_COLUMNS) {
            text_printf(show->text, "\n%*s", (int)l->indent, "");
            column = l->indent;
        } else if (i) {
            text_add(show->text, STR(" "));
            column++;
        }
        text_printf(show->text, "%s%s", item, end);
        column += columns;
    }
}

static void list_end(List *l, const char *when_empty)
{
    Show *show = &l->s->show;
    if (l->n == 0) text_add(show->text, str_of(when_empty));
    if (!l->s->full && l->n) {
        size_t n = l->n < ARRAY_LEN(l->kept) ? l->n : ARRAY_LEN(l->kept);
        while (n > 1 && !fits(l, n)) n--;
        write_kept(l, n, n < l->n ? show_format(show, ", and %zu more", l->n - n) : "");
    }
    text_add(show->text, STR("\n"));
}

/* One line: a label and what it says, cut at the edge; already escaped. */
static void line(Summary *s, const char *label, const char *text)
{
    if (!s->full) text = show_cut(&s->show, text, SCREEN_COLUMNS - LABEL);
    text_printf(s->show.text, "%-*s%s\n", LABEL, label, text);
}

static void more(Summary *s, size_t rows, const char *what)
{
    if (rows) line(s, "", show_format(&s->show, "and %zu more %s", rows, what));
}

static size_t rows_shown(const Summary *s, size_t rows)
{
    return s->full || rows < BRIEF_ROWS ? rows : BRIEF_ROWS;
}

/* ---- who and until when ---- */

static void add_title(Summary *s)
{
    const BundleManifest *m = s->show.m;
    const char *version =
        m->version[0] ? show_cut(&s->show, m->version, s->full ? SIZE_MAX : 20) : "(no version)";
    line(s, "bundle", show_format(&s->show, "%s %s, generation %" PRIu64, m->name, version, m->generation));
}

static void add_expiry(Summary *s)
{
    int64_t end = s->show.m->not_after;
    if (end && end < s->now) line(s, "EXPIRED", show_format(&s->show, "since %s", show_time(&s->show, end)));
    else line(s, "expires", end ? show_time(&s->show, end) : "never");
}

static const BundleSigner *signer_of(const Bundle *b, uint32_t record)
{
    for (uint32_t i = 0; i < b->n_signers; i++)
        if (b->signers[i].record == record) return &b->signers[i];
    return NULL;
}

static void add_signature(Summary *s, const BundleRecord *r, const BundleSigner *by)
{
    char id[17];
    bundle_key_id_text(r->id, id);
    const char *who =
        !by && s->checked ? ", which is not among the trusted ones"
        : !by             ? " (not checked: -p and --trust name keys)"
              : show_format(&s->show, " (%s): %s", show_text(&s->show, by->key->name), by->comment);
    line(s, "signed", show_format(&s->show, "by key %s%s", id, who));
}

/* Signatures that count come first: a stranger can add others, and must not push these off the screen. */
static void add_signatures(Summary *s)
{
    const Bundle *b = s->show.bundle;
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    Diags none = DIAGS_NOTHING;
    uint32_t n = 0;
    if (!bundle_read_records(b->signature_bytes, 0, b->file, &none, records, &n))
        n = 0; /* bundle_open has read them */
    if (n == 0) line(s, "signed", "by nobody");
    size_t shown = 0;
    for (int trusted = 1; trusted >= 0; trusted--)
        for (uint32_t i = 0; i < n; i++) {
            const BundleSigner *by = signer_of(b, i);
            if ((by != NULL) == trusted && shown < rows_shown(s, n)) {
                add_signature(s, &records[i], by);
                shown++;
            }
        }
    more(s, n - shown, n - shown == 1 ? "signature" : "signatures");
}

/* ---- what was proved ---- */

static unsigned rule_number(const char *code) { return (unsigned)strtoul(code + 1, NULL, 10) % RULE_COUNT; }

static const BundleVerdict *find_verdict(const BundleModule *m, unsigned rule)
{
    size_t low = 0, high = m->n_verdicts; /* sorted: bundle_check_manifest */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        unsigned at = rule_number(m->verdicts[mid]->code);
        if (at == rule) return m->verdicts[mid];
        if (at < rule) low = mid + 1;
        else high = mid;
    }
    return NULL;
}

typedef struct Proofs {
    uint32_t modules[RESULTS][RULE_COUNT]; /* how many have that verdict            */
    size_t open_modules;                   /* with a rule violated or not provable, or without any verdict */
    size_t asked_least, asked_most;        /* rules asked for, by module             */
    size_t without;                        /* modules without verdicts               */
} Proofs;

static void count_proofs(const BundleManifest *m, Proofs *p)
{
    p->asked_least = SIZE_MAX;
    for (size_t i = 0; i < m->n_modules; i++) {
        const BundleModule *mod = m->modules[i];
        size_t asked = 0, open = mod->n_verdicts == 0;
        for (size_t j = 0; j < mod->n_verdicts; j++) {
            unsigned result = (unsigned)mod->verdicts[j]->result % RESULTS;
            p->modules[result][rule_number(mod->verdicts[j]->code)]++;
            asked += result != RESULT(OFF);
            open += result == RESULT(VIOLATED) || result == RESULT(NOT_PROVABLE);
        }
        p->open_modules += open != 0;
        p->without += mod->n_verdicts == 0;
        if (asked < p->asked_least) p->asked_least = asked;
        if (asked > p->asked_most) p->asked_most = asked;
    }
}

/* "violated   P104: counter, server" */
static void add_open_rule(Summary *s, unsigned result, unsigned rule)
{
    const BundleManifest *m = s->show.m;
    List l = list_begin(s, 0, result == RESULT(VIOLATED) ? "VIOLATED" : "NOT PROVED");
    list_item(&l, show_format(&s->show, "P%03u", rule));
    for (size_t i = 0; i < m->n_modules; i++) {
        const BundleVerdict *v = find_verdict(m->modules[i], rule);
        if (v && (unsigned)v->result == result)
            list_item(&l, show_format(&s->show, "%s (%u finding%s)", m->modules[i]->name, v->findings,
                                      show_plural(v->findings)));
    }
    list_end(&l, "");
}

static void add_without(Summary *s)
{
    List l = list_begin(s, 0, "NO VERDICT");
    for (size_t i = 0; i < s->show.m->n_modules; i++)
        if (s->show.m->modules[i]->n_verdicts == 0) list_item(&l, s->show.m->modules[i]->name);
    list_end(&l, "");
}

static void add_open_rules(Summary *s, const Proofs *p)
{
    size_t rows = 0, shown = 0;
    for (unsigned r = 0; r < RULE_COUNT; r++)
        rows += (p->modules[RESULT(VIOLATED)][r] != 0) + (p->modules[RESULT(NOT_PROVABLE)][r] != 0);
    for (unsigned result = RESULT(VIOLATED); result <= RESULT(NOT_PROVABLE); result++)
        for (unsigned r = 0; r < RULE_COUNT; r++)
            if (p->modules[result][r] && shown < rows_shown(s, rows)) {
                add_open_rule(s, result, r);
                shown++;
            }
    more(s, rows - shown, "rules violated or not proved");
    if (p->without) add_without(s);
}

static void add_rules_off(Summary *s, const Proofs *p)
{
    size_t n = s->show.m->n_modules;
    List l = list_begin(s, 0, "rules off");
    for (int everywhere = 1; everywhere >= 0; everywhere--)
        for (unsigned r = 0; r < RULE_COUNT; r++) {
            uint32_t off = p->modules[RESULT(OFF)][r];
            if (off && (off == n) == everywhere)
                list_item(&l, everywhere ? show_format(&s->show, "P%03u", r)
                                         : show_format(&s->show, "P%03u in %" PRIu32 " of %zu", r, off, n));
        }
    list_end(&l, "no rule");
}

static void add_policies(Summary *s)
{
    const BundleManifest *m = s->show.m;
    uint32_t *modules = show_array(&s->show, m->n_policies, sizeof *modules);
    if (!modules) return;
    for (size_t i = 0; i < m->n_modules; i++) modules[m->modules[i]->policy]++;
    List l = list_begin(s, 0, "policy");
    for (size_t i = 0; i < m->n_policies; i++) {
        const BundlePolicy *p = m->policies[i];
        const char *name = show_cut(&s->show, p->name, s->full ? SIZE_MAX : 24);
        const char *digest = show_hex(&s->show, p->digest.data, s->full ? p->digest.len : 8);
        const char *few = m->n_policies == 1 || !s->full
                              ? ""
                              : show_format(&s->show, ": %u module%s", modules[i], show_plural(modules[i]));
        list_item(&l, show_format(&s->show, "%s (%s%s)", name, digest, few));
    }
    list_end(&l, "none");
}

static void add_proofs(Summary *s)
{
    size_t n = s->show.m->n_modules;
    Proofs *p = show_array(&s->show, 1, sizeof *p);
    if (!p) return;
    count_proofs(s->show.m, p);
    add_open_rules(s, p);
    if (p->open_modules)
        line(s, "proved",
             show_format(&s->show, "not everything: %zu of %zu module%s have open rules", p->open_modules, n,
                         show_plural(n)));
    else if (p->asked_least == p->asked_most)
        line(s, "proved",
             show_format(&s->show, "all %zu rules that are asked for, in %zu module%s", p->asked_most, n,
                         show_plural(n)));
    else line(s, "proved", show_format(&s->show, "all rules that are asked for, in %zu modules", n));
    add_rules_off(s, p);
    add_policies(s);
}

/* ---- what was let through ---- */

typedef struct WaiverRow {
    uint32_t module;
    const BundleWaiver *waiver;
} WaiverRow;

static int same_waiver(const WaiverRow *a, const WaiverRow *b)
{
    if (a->module != b->module) return a->module < b->module ? -1 : 1;
    int order = strcmp(a->waiver->rule, b->waiver->rule);
    return order ? order : strcmp(a->waiver->name, b->waiver->name);
}

static int by_waiver(const void *a, const void *b)
{
    const WaiverRow *x = a, *y = b;
    int order = same_waiver(x, y);
    if (order) return order;
    order = strcmp(x->waiver->symbol, y->waiver->symbol);
    if (order) return order;
    return x->waiver->address == y->waiver->address ? 0 : x->waiver->address < y->waiver->address ? -1 : 1;
}

static void add_waived_symbol(Summary *s, const BundleWaiver *w)
{
    Show *show = &s->show;
    const char *where = w->size ? show_format(show, ", %u bytes at 0x%x", w->size, w->address) : "";
    const char *archive =
        w->archive_digest.len
            ? show_format(show, ", archive %s", show_hex(show, w->archive_digest.data, w->archive_digest.len))
            : "";
    text_printf(show->text, "%*s%s%s%s\n", LABEL + 2, "", show_text(show, w->symbol), where, archive);
}

/* "waived     P104 in printf: 12 symbols, 1.8 KiB, until 2035-12-31, libc: wasi-libc of Debian 12" */
static void add_waivers_of(Summary *s, const WaiverRow *rows, size_t n)
{
    Show *show = &s->show;
    uint64_t bytes = 0;
    int64_t expires = 0;
    for (size_t i = 0; i < n; i++) {
        const BundleWaiver *w = rows[i].waiver;
        bytes += w->size;
        if (w->expires && (!expires || w->expires < expires)) expires = w->expires;
    }
    const BundleWaiver *w = rows->waiver;
    bool over = expires && expires < s->now; /* then the bundle does not run */
    line(s, over ? "OVER" : "waived",
         show_format(show, "%s in %s: %zu symbol%s, %s%s%s, %s: %s", show_text(show, w->rule),
                     show->m->modules[rows->module]->name, n, show_plural(n), show_bytes(show, bytes),
                     expires ? ", until " : "", expires ? show_day(show, expires) : "",
                     show_text(show, w->name), show_text(show, w->reason)));
    for (size_t i = 0; s->full && i < n; i++) add_waived_symbol(s, rows[i].waiver);
}

static void add_waivers(Summary *s)
{
    const BundleManifest *m = s->show.m;
    size_t n = 0, groups = 0, shown = 0;
    for (size_t i = 0; i < m->n_modules; i++) n += m->modules[i]->n_waivers;
    WaiverRow *rows = show_array(&s->show, n, sizeof *rows);
    if (!rows) return;
    n = 0;
    for (uint32_t i = 0; i < m->n_modules; i++)
        for (size_t j = 0; j < m->modules[i]->n_waivers; j++)
            rows[n++] = (WaiverRow){i, m->modules[i]->waivers[j]};
    qsort(rows, n, sizeof *rows, by_waiver);
    for (size_t i = 0; i < n; i++) groups += i == 0 || same_waiver(&rows[i - 1], &rows[i]) != 0;
    for (size_t i = 0, next; i < n && shown < rows_shown(s, groups); i = next, shown++) {
        for (next = i + 1; next < n && same_waiver(&rows[i], &rows[next]) == 0;) next++;
        add_waivers_of(s, rows + i, next - i);
    }
    more(s, groups - shown, groups - shown == 1 ? "waiver" : "waivers");
    if (n == 0) line(s, "waived", "nothing");
}

/* ---- what it may use ---- */

typedef struct Use {
    const char *what;
    uint32_t module;
} Use;

static int by_use(const void *a, const void *b)
{
    const Use *x = a, *y = b;
    int order = strcmp(x->what, y->what);
    return order ? order : x->module < y->module ? -1 : x->module > y->module;
}

/* "parigot.log.v1.Log (asker), parigot.net.v1.Net (3 modules)" */
static void add_uses(Summary *s, const char *label, size_t lines, Use *uses, size_t n)
{
    Show *show = &s->show;
    List l = list_begin(s, 0, label);
    l.lines = lines;
    qsort(uses, n, sizeof *uses, by_use);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && strcmp(uses[next].what, uses[i].what) == 0;) next++;
        if (s->full)
            for (size_t j = i; j < next; j++)
                list_item(&l,
                          show_format(show, "%s (%s)", uses[i].what, show->m->modules[uses[j].module]->name));
        else if (next - i > 1) list_item(&l, show_format(show, "%s (%zu modules)", uses[i].what, next - i));
        else
            list_item(&l, show_format(show, "%s (%s)", uses[i].what, show->m->modules[uses[i].module]->name));
    }
    list_end(&l, "nothing");
}

static void add_grants(Summary *s)
{
    const BundleManifest *m = s->show.m;
    size_t n = 0;
    for (size_t i = 0; i < m->n_modules; i++) n += m->modules[i]->n_grants;
    Use *uses = show_array(&s->show, n, sizeof *uses);
    if (!uses) return;
    n = 0;
    for (uint32_t i = 0; i < m->n_modules; i++)
        for (size_t j = 0; j < m->modules[i]->n_grants; j++) uses[n++] = (Use){m->modules[i]->grants[j], i};
    add_uses(s, "granted", 2, uses, n);
}

static void add_folders(Summary *s)
{
    const BundleManifest *m = s->show.m;
    size_t n = 0;
    for (size_t i = 0; i < m->n_modules; i++) n += m->modules[i]->n_folders;
    if (n == 0) return; /* as most bundles; then the grants say that no file can be opened */
    Use *uses = show_array(&s->show, n, sizeof *uses);
    if (!uses) return;
    n = 0;
    for (uint32_t i = 0; i < m->n_modules; i++)
        for (size_t j = 0; j < m->modules[i]->n_folders; j++) {
            const BundleFolder *f = m->modules[i]->folders[j];
            uses[n++] = (Use){show_format(&s->show, "%s, to %s", f->name, f->write ? "write" : "read"), i};
        }
    add_uses(s, "folders", 1, uses, n);
}

static void add_outside(Summary *s)
{
    const BundleManifest *m = s->show.m;
    List l = list_begin(s, 0, "remote");
    for (size_t i = 0; i < m->n_remote; i++) list_item(&l, m->remote[i]);
    list_end(&l, "nothing");
    if (m->n_routes == 0) return;
    l = list_begin(s, 0, "routes");
    for (size_t i = 0; i < m->n_routes; i++)
        list_item(&l, show_format(&s->show, "%s to %s", m->routes[i]->service, m->routes[i]->module));
    list_end(&l, "");
}

/* ---- modules ---- */

/* "provides  a.v1.A (2), b.v1.B (1)"; in full: "a.v1.A: Do, Undo" */
typedef struct Methods {
    List list;
    const char *service, *methods;
    size_t n;
} Methods;

static void end_service(Methods *x)
{
    Summary *s = x->list.s;
    if (x->n == 0) return;
    if (!s->full) list_item(&x->list, show_format(&s->show, "%s (%zu)", x->service, x->n));
    x->n = 0;
}

static void add_method(Methods *x, const char *service, const char *method)
{
    Summary *s = x->list.s;
    if (!s->full && show_is_kernel(service)) return;
    if (!x->service || strcmp(x->service, service) != 0) end_service(x);
    if (s->full) list_item(&x->list, x->n ? method : show_format(&s->show, "%s: %s", service, method));
    x->service = service;
    x->n++;
}

static void add_services(Summary *s, const BundleModule *mod)
{
    Methods x = {.list = {.s = s}};
    if (mod->n_provides) {
        x.list = list_begin(s, 4, "provides");
        for (size_t i = 0; i < mod->n_provides; i++)
            add_method(&x, mod->provides[i]->service, mod->provides[i]->method);
        end_service(&x);
        list_end(&x.list, "nothing");
    }
    size_t others = 0;
    for (size_t i = 0; i < mod->n_imports; i++)
        others += s->full || !show_is_kernel(mod->imports[i]->service);
    if (others == 0) return;
    x = (Methods){.list = list_begin(s, 4, "requires")};
    for (size_t i = 0; i < mod->n_imports; i++)
        add_method(&x, mod->imports[i]->service, mod->imports[i]->method);
    end_service(&x);
    list_end(&x.list, "nothing");
}

static void add_memory(Summary *s, const BundleModule *mod)
{
    Show *show = &s->show;
    const BundleLayout *l = mod->layout;
    List list = list_begin(s, 4, "memory");
    if (mod->limits->memory_bytes)
        list_item(&list, show_format(show, "%s", show_bytes(show, mod->limits->memory_bytes)));
    if (l) {
        static const char *const seals[] = {", but not sealed", " by pages", " by checks"};
        list_item(&list, show_format(show, "stack %s", show_bytes(show, l->stack_high - l->stack_low)));
        list_item(&list, show_format(show, "sealed %s%s", show_bytes(show, l->sealed_high - l->sealed_low),
                                     seals[l->seal % 3]));
        if (l->waived_high > l->waived_low)
            list_item(&list,
                      show_format(show, "waived %s", show_bytes(show, l->waived_high - l->waived_low)));
    } else list_item(&list, "no layout was proved");
    list_end(&list, "");
}

static void add_native(Summary *s, const BundleModule *mod)
{
    if (mod->n_native == 0) return;
    List l = list_begin(s, 4, "native");
    for (size_t i = 0; i < mod->n_native; i++) {
        const BundleNative *n = mod->native[i];
        list_item(&l, show_format(&s->show, "%s, %s", show_cut(&s->show, n->target, s->full ? SIZE_MAX : 40),
                                  show_bytes(&s->show, s->show.m->blobs[n->blob]->size)));
    }
    list_end(&l, "");
}

static const char *limit_text(Show *show, const ShowLimit *limit, uint64_t n)
{
    switch (limit->kind) {
    case LIMIT_BYTES: return show_format(show, "%s %s", limit->name, show_bytes(show, n));
    case LIMIT_TIME: return show_format(show, "%s %g s", limit->name, (double)n / 1e9);
    case LIMIT_RESTARTS: return show_format(show, "%" PRIu64 " restarts a minute", n);
    case LIMIT_COUNT: break;
    }
    return show_format(show, "%s %" PRIu64, limit->name, n);
}

static void add_limits(Summary *s, const BundleModule *mod)
{
    static const char *const meters[] = {NULL, "metered", "metered exactly"};
    Show *show = &s->show;
    const BundleLimits *l = mod->limits;
    List list = {.s = s};
    bool said = mod->share != 100 || mod->meter->kind;
    for (size_t i = 1; i < SHOW_N_LIMITS; i++) said |= show_limit(&show_limits[i], l) != 0;
    if (!said) return;
    list = list_begin(s, 4, "limits");
    list_item(&list, show_format(show, "share %u", mod->share));
    if (mod->meter->kind) list_item(&list, meters[mod->meter->kind % 3]);
    for (size_t i = 1; i < SHOW_N_LIMITS; i++) { /* memory has a line of its own */
        const ShowLimit *limit = &show_limits[i];
        uint64_t n = show_limit(limit, l);
        if (n) list_item(&list, limit_text(show, limit, n));
    }
    list_end(&list, "");
}

static void add_config(Summary *s, const BundleModule *mod)
{
    if (mod->n_config == 0) return;
    List l = list_begin(s, 4, "config");
    for (size_t i = 0; i < mod->n_config; i++)
        list_item(&l, show_format(&s->show, "%s = \"%s\"",
                                  show_cut(&s->show, mod->config[i]->key, s->full ? SIZE_MAX : 20),
                                  show_cut(&s->show, mod->config[i]->value, s->full ? SIZE_MAX : 30)));
    list_end(&l, "");
}

/* Only in full: verdicts, features, inputs. */
static void add_details(Summary *s, const BundleModule *mod)
{
    Show *show = &s->show;
    for (int result = RESULT(PROVED); result <= RESULT(OFF); result++) {
        size_t n = 0;
        for (size_t i = 0; i < mod->n_verdicts; i++) n += (int)mod->verdicts[i]->result == result;
        if (n == 0) continue;
        List l = list_begin(s, 4, show_result((Parigot__Bundle__V1__Result)result));
        for (size_t i = 0; i < mod->n_verdicts; i++) {
            const BundleVerdict *v = mod->verdicts[i];
            if ((int)v->result == result)
                list_item(&l, v->waived ? show_format(show, "%s (%u waived)", v->code, v->waived) : v->code);
        }
        list_end(&l, "");
    }
    List l = list_begin(s, 4, "features");
    for (size_t i = 0; i < mod->n_features; i++) list_item(&l, mod->features[i]);
    list_end(&l, "none");
    for (size_t i = 0; i < mod->n_inputs; i++) {
        const BundleInput *in = mod->inputs[i];
        bool member = in->member[0];
        text_printf(show->text, "    %-*s%s%s%s%s, %s, by %s\n", LABEL, "linked", show_text(show, in->name),
                    member ? "(" : "", show_text(show, in->member), member ? ")" : "",
                    show_hex(show, in->digest.data, in->digest.len),
                    in->producers[0] ? show_text(show, in->producers) : "unknown tools");
    }
}

typedef enum Detail { ONE_LINE, SOME_LINES } Detail;

static void add_module(Summary *s, const BundleModule *mod, Detail detail)
{
    Show *show = &s->show;
    const BundleManifest *m = show->m;
    const char *policy =
        m->n_policies > 1 ? show_format(show, ", policy %s", show_text(show, m->policies[mod->policy]->name))
                          : "";
    const char *first =
        show_format(show, "  %s  %s, %zu input%s%s", mod->name, show_bytes(show, m->blobs[mod->blob]->size),
                    mod->n_inputs, show_plural(mod->n_inputs), policy);
    text_printf(show->text, "%s\n", s->full ? first : show_cut(show, first, SCREEN_COLUMNS));
    if (detail == ONE_LINE) return;
    add_services(s, mod);
    add_memory(s, mod);
    add_native(s, mod);
    add_limits(s, mod);
    add_config(s, mod);
    if (s->full) add_details(s, mod);
}

static size_t count_lines(const TextBuf *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->len; i++) n += t->ptr[i] == '\n';
    return n;
}

/* As many modules as fit into `room` lines, the last line a count when there are more. A module has at least
 * one line. */
static void add_modules_into(Summary *s, size_t room)
{
    const BundleManifest *m = s->show.m;
    TextBuf *all = s->show.text, some = {0};
    s->show.text = &some;
    for (size_t i = 0; i < m->n_modules && count_lines(&some) <= room; i++)
        add_module(s, m->modules[i], SOME_LINES);
    s->show.text = all;
    if (count_lines(&some) <= room) {
        text_add(all, (Str){some.ptr, some.len});
        all->failed = all->failed || some.failed;
    } else {
        size_t n = m->n_modules <= room ? m->n_modules : room - 1;
        for (size_t i = 0; i < n; i++) add_module(s, m->modules[i], ONE_LINE);
        if (n < m->n_modules) text_printf(all, "  and %zu more\n", m->n_modules - n);
    }
    text_free(&some);
}

static void add_end(Summary *s)
{
    const BundleManifest *m = s->show.m;
    const char *when =
        m->main[0] ? show_format(&s->show, "with module %s", m->main) : "when nothing is left to do";
    line(s, "ends", show_format(&s->show, "%s; made by %s", when, show_text(&s->show, m->tool)));
    const char *hint = s->full ? "" : "; --full shows all, --json for programs";
    line(s, "modules", show_format(&s->show, "%zu, in start order%s", m->n_modules, hint));
}

void bundle_show_summary(TextBuf *t, const Bundle *b, int64_t now, bool checked, bool full)
{
    Summary s = {
        .show = {.text = t, .bundle = b, .m = b->manifest}, .now = now, .full = full, .checked = checked};
    TextBuf head = {0};
    s.show.text = &head;
    add_title(&s);
    add_signatures(&s);
    add_expiry(&s);
    add_proofs(&s);
    add_waivers(&s);
    add_grants(&s);
    add_folders(&s);
    add_outside(&s);
    add_end(&s);
    size_t used = count_lines(&head);
    if (full)
        for (size_t i = 0; i < b->manifest->n_modules; i++)
            add_module(&s, b->manifest->modules[i], SOME_LINES);
    else add_modules_into(&s, used + 2 < SCREEN_LINES ? SCREEN_LINES - 1 - used : 1);
    text_add(t, (Str){head.ptr, head.len});
    t->failed = t->failed || head.failed;
    text_free(&head);
    arena_free(&s.show.arena);
}

/* ---- everything, for programs ---- */

void bundle_show_json(TextBuf *t, const Bundle *b, bool checked)
{
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    Diags none = DIAGS_NOTHING;
    uint32_t n = 0;
    if (!bundle_read_records(b->signature_bytes, 0, b->file, &none, records, &n))
        n = 0; /* bundle_open has read them */
    Json j = {.text = t};
    json_object(&j, NULL);
    json_string(&j, "file", b->file);
    json_bool(&j, "checked", checked);
    json_bool(&j, "trusted", b->trusted);
    json_array(&j, "signatures");
    for (uint32_t i = 0; i < n; i++) {
        char id[17];
        const BundleSigner *by = signer_of(b, i);
        bundle_key_id_text(records[i].id, id);
        json_object(&j, NULL);
        json_string(&j, "key", id);
        if (by) json_str(&j, "trusted_comment", records[i].comment);
        if (by) json_string(&j, "trusted_as", by->key->name);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_message(&j, "manifest", &b->manifest->base);
    json_end_object(&j);
    text_add(t, STR("\n"));
}
