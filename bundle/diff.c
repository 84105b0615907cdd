/* diff.c: what is different between two bundles: capabilities gained first, then those lost, then the rest.
 *
 * Everything that can be gained has a key and, where it comes in degrees, weights: lists of such entries are
 * sorted and merged, so that all of it is n log n. What cannot be compared counts as gained: a gate must not
 * open for what it does not understand.  docs/inspect.md "Differences" */
#include "bundle/diff.h"

#include "bundle/container.h"
#include "bundle/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t UNLIMITED = UINT64_MAX;

void diff_add(Diff *d, DiffItem item)
{
    DiffItem *items = arena_grow(&d->show.arena, d->items, d->n, &d->cap, sizeof *items);
    if (!items) d->show.text->failed = true;
    else (d->items = items)[d->n++] = item;
}

DiffEntries diff_entries(Diff *d, size_t cap)
{
    return (DiffEntries){.items = show_array(&d->show, cap, sizeof(DiffEntry))};
}

void diff_put(DiffEntries *e, DiffEntry entry)
{
    if (e->items) e->items[e->n++] = entry; /* without memory the text has failed */
}

/* ---- comparing ---- */

static int by_key(const void *a, const void *b)
{
    const DiffEntry *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    if (!order) order = strcmp(x->value, y->value);
    for (int i = 0; i < 2 && !order; i++)
        order = x->weight[i] < y->weight[i] ? -1 : x->weight[i] > y->weight[i];
    return order;
}

static DiffKind kind_of(const DiffEntry *before, const DiffEntry *after)
{
    if (after->weight[0] > before->weight[0] || after->weight[1] > before->weight[1]) return DIFF_GAINED;
    if (after->weight[0] < before->weight[0] || after->weight[1] < before->weight[1]) return DIFF_LOST;
    return DIFF_CHANGED;
}

static const char *value_of(const DiffEntry *e) { return e->value[0] ? e->value : NULL; }

void diff_value(Diff *d, const char *what, const char *module, DiffEntry before, DiffEntry after)
{
    if (by_key(&before, &after) == 0) return;
    diff_add(d, (DiffItem){kind_of(&before, &after), what, module, after.key, before.value, after.value});
}

/* Drops what both lists have alike; both stay sorted. */
static void drop_same(DiffEntries *a, DiffEntries *b)
{
    size_t i = 0, j = 0, left = 0, right = 0;
    while (i < a->n || j < b->n) {
        int order = i == a->n ? 1 : j == b->n ? -1 : by_key(&a->items[i], &b->items[j]);
        if (order < 0) a->items[left++] = a->items[i++];
        else if (order > 0) b->items[right++] = b->items[j++];
        else i++, j++;
    }
    a->n = left;
    b->n = right;
}

void diff_lists(Diff *d, const char *what, const char *module, DiffEntries before, DiffEntries after,
                DiffKind gained, DiffKind lost, const DiffEntry *absent)
{
    if (before.n) qsort(before.items, before.n, sizeof *before.items, by_key);
    if (after.n) qsort(after.items, after.n, sizeof *after.items, by_key);
    drop_same(&before, &after);
    for (size_t i = 0, j = 0; i < before.n || j < after.n;) {
        const DiffEntry *x = i < before.n ? &before.items[i] : NULL,
                        *y = j < after.n ? &after.items[j] : NULL;
        int order = !x ? 1 : !y ? -1 : strcmp(x->key, y->key);
        i += order <= 0;
        j += order >= 0;
        if (order == 0) diff_add(d, (DiffItem){kind_of(x, y), what, module, y->key, x->value, y->value});
        else if (d->whole && (x ? x : y)->neutral) continue;
        else if (order < 0) {
            DiffKind kind = x->neutral ? DIFF_CHANGED : absent ? kind_of(x, absent) : lost;
            diff_add(d, (DiffItem){kind, what, module, x->key, value_of(x) ? x->value : "yes",
                                   absent ? absent->value : NULL});
        } else {
            DiffKind kind = y->neutral ? DIFF_CHANGED : absent ? kind_of(absent, y) : gained;
            diff_add(d, (DiffItem){kind, what, module, y->key, absent ? absent->value : NULL,
                                   value_of(y) ? y->value : "yes"});
        }
    }
}

/* A number of which 0 means that there is no limit of its own; none is more than any, but for restarts. */
static DiffEntry limit_of(Diff *d, const ShowLimit *limit, const BundleModule *m)
{
    static const char *const units[] = {[LIMIT_COUNT] = "", [LIMIT_TIME] = " ns", [LIMIT_RESTARTS] = " a minute"};
    uint64_t n = show_limit(limit, m->limits);
    const char *value = n == 0                         ? "none of its own"
                        : limit->kind == LIMIT_BYTES ? show_bytes(&d->show, n)
                                                     : show_format(&d->show, "%" PRIu64 "%s", n, units[limit->kind]);
    return (DiffEntry){limit->name, value, {n || limit->kind == LIMIT_RESTARTS ? n : UNLIMITED, 0}, false};
}

/* Something that is neither more nor less. */
static DiffEntry plain(const char *key, const char *value) { return (DiffEntry){key, value, {0, 0}, true}; }

static const char *digest(Diff *d, ProtobufCBinaryData b)
{
    return show_hex(&d->show, b.data, b.len < BUNDLE_DIGEST_BYTES ? b.len : BUNDLE_DIGEST_BYTES);
}

/* ---- a module ---- */

static const BundleModule *nothing(void)
{
    static BundleLimits limits = PARIGOT__BUNDLE__V1__LIMITS__INIT;
    static BundleMeter meter = PARIGOT__BUNDLE__V1__METER__INIT;
    static BundleModule empty = PARIGOT__BUNDLE__V1__MODULE__INIT;
    empty.limits = &limits;
    empty.meter = &meter;
    return &empty;
}

/* "(i32 i32)" */
static const char *types_of(Diff *d, ProtobufCBinaryData types)
{
    enum { LONGEST = 10 }; /* "externref " */
    char *out = show_array(&d->show, types.len * LONGEST + 3, 1), *at = out;
    if (!out) return "?";
    *at++ = '(';
    for (size_t i = 0; i < types.len; i++)
        at += sprintf(at, "%s%.9s", i ? " " : "", wasm_type_text(types.data[i]));
    *at = ')';
    return out;
}

static DiffEntries imports_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_imports);
    for (size_t i = 0; i < m->n_imports; i++) {
        const BundleImport *im = m->imports[i];
        const char *type =
            show_format(&d->show, "%s -> %s", types_of(d, im->params), types_of(d, im->results));
        diff_put(&e, (DiffEntry){show_format(&d->show, "%s/%s", im->service, im->method),
                                 type,
                                 {0, 0},
                                 show_is_kernel(im->service)});
    }
    return e;
}

static DiffEntries provides_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_provides);
    for (size_t i = 0; i < m->n_provides; i++)
        diff_put(&e,
                 plain(show_format(&d->show, "%s/%s", m->provides[i]->service, m->provides[i]->method), ""));
    return e;
}

static DiffEntries names(Diff *d, char *const *list, size_t n)
{
    DiffEntries e = diff_entries(d, n);
    for (size_t i = 0; i < n; i++) diff_put(&e, (DiffEntry){list[i], "", {0, 0}, false});
    return e;
}

static DiffEntries features_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = names(d, m->features, m->n_features);
    for (size_t i = 0; i < e.n; i++)
        e.items[i].neutral = strcmp(e.items[i].key, "mvp") == 0; /* every module has it */
    return e;
}

static DiffEntries folders_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_folders);
    for (size_t i = 0; i < m->n_folders; i++)
        diff_put(&e, (DiffEntry){m->folders[i]->name,
                                 m->folders[i]->write ? "write" : "read",
                                 {m->folders[i]->write, 0},
                                 false});
    return e;
}

static DiffEntries waivers_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_waivers);
    for (size_t i = 0; i < m->n_waivers; i++) {
        const BundleWaiver *w = m->waivers[i];
        const char *key = show_format(&d->show, "%s %s by %s", w->rule, w->symbol, w->name);
        const char *value = show_format(
            &d->show, "%" PRIu32 " bytes, %s%s%s%s: %s", w->size, w->expires ? "until " : "without end",
            w->expires ? show_day(&d->show, w->expires) : "", w->archive_digest.len ? ", archive " : "",
            w->archive_digest.len ? digest(d, w->archive_digest) : "", w->reason);
        diff_put(&e,
                 (DiffEntry){key, value, {w->size, w->expires ? (uint64_t)w->expires : UNLIMITED}, false});
    }
    return e;
}

/* How much a verdict leaves open, by Result; a rule without verdict is as one that is off. */
static const uint64_t openness[] = {2, 0, 3, 1, 2};
static const DiffEntry no_verdict = {"", "no verdict", {2, 0}, false};

static DiffEntries verdicts_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_verdicts);
    for (size_t i = 0; i < m->n_verdicts; i++) {
        const BundleVerdict *v = m->verdicts[i];
        const char *value = show_result(v->result);
        if (v->findings) value = show_format(&d->show, "%s, %" PRIu32 " findings", value, v->findings);
        if (v->waived) value = show_format(&d->show, "%s, %" PRIu32 " waived", value, v->waived);
        uint64_t open = (unsigned)v->result < ARRAY_LEN(openness) ? openness[v->result] : 3;
        diff_put(&e, (DiffEntry){v->code, value, {open, (uint64_t)v->findings + v->waived}, false});
    }
    return e;
}

/* Of a module that is new: what is proved is as it should be, so only the rest is told. */
static DiffEntries open_verdicts_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = verdicts_of(d, m);
    size_t kept = 0;
    for (size_t i = 0; i < e.n; i++)
        if (m->verdicts[i]->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_VIOLATED ||
            m->verdicts[i]->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_NOT_PROVABLE)
            e.items[kept++] = e.items[i];
    e.n = kept;
    return e;
}

static DiffEntries config_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_config);
    for (size_t i = 0; i < m->n_config; i++) diff_put(&e, plain(m->config[i]->key, m->config[i]->value));
    return e;
}

static DiffEntries inputs_of(Diff *d, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_inputs);
    for (size_t i = 0; i < m->n_inputs; i++) {
        const BundleInput *in = m->inputs[i];
        bool member = in->member[0];
        diff_put(&e, plain(show_format(&d->show, "%s%s%s%s", in->name, member ? "(" : "", in->member,
                                       member ? ")" : ""),
                           show_format(&d->show, "%s by %s", digest(d, in->digest),
                                       in->producers[0] ? in->producers : "unknown tools")));
    }
    return e;
}

/* Native code is trusted where a module is not: a new one counts. */
static DiffEntries native_of(Diff *d, const BundleManifest *of, const BundleModule *m)
{
    DiffEntries e = diff_entries(d, m->n_native);
    for (size_t i = 0; i < m->n_native; i++)
        diff_put(&e,
                 (DiffEntry){
                     m->native[i]->target, digest(d, of->blobs[m->native[i]->blob]->digest), {0, 0}, false});
    return e;
}

static void diff_limits(Diff *d, const char *name, const BundleModule *a, const BundleModule *b)
{
    for (size_t i = 0; i < SHOW_N_LIMITS; i++)
        diff_value(d, "limit", name, limit_of(d, &show_limits[i], a), limit_of(d, &show_limits[i], b));
    diff_value(d, "share", name, plain("share", show_format(&d->show, "%u", a->share)),
               plain("share", show_format(&d->show, "%u", b->share)));
}

/* What keeps a module within its bounds: meter, seal, guard. */
static DiffEntry meter_of(const BundleModule *m)
{
    static const char *const words[] = {"not metered", "metered", "metered exactly"};
    return (DiffEntry){"meter", words[m->meter->kind % 3], {m->meter->kind == 0, 0}, false};
}

static DiffEntry seal_of(const BundleModule *m)
{
    static const char *const words[] = {"no seal", "seal by page protection", "seal by store checks"};
    if (!m->layout) return (DiffEntry){"seal", "no layout proved", {2, 0}, false};
    return (DiffEntry){"seal", words[m->layout->seal % 3], {m->layout->seal == PM_SEAL_NONE, 0}, false};
}

static DiffEntry guard_of(Diff *d, const BundleModule *m)
{
    uint32_t bytes = m->layout ? m->layout->null_guard : 0;
    return (DiffEntry){"null guard", show_bytes(&d->show, bytes), {bytes == 0, 0}, false};
}

static DiffEntry stack_of(Diff *d, const BundleModule *m)
{
    return plain("stack",
                 m->layout ? show_bytes(&d->show, m->layout->stack_high - m->layout->stack_low) : "unknown");
}

static void diff_rules(Diff *d, const char *name, const BundleModule *a, const BundleModule *b)
{
    diff_lists(d, "verdict", name, verdicts_of(d, a), verdicts_of(d, b), DIFF_CHANGED, DIFF_CHANGED,
               &no_verdict);
    diff_lists(d, "waiver", name, waivers_of(d, a), waivers_of(d, b), DIFF_GAINED, DIFF_LOST, NULL);
    diff_value(d, "protection", name, meter_of(a), meter_of(b));
    diff_value(d, "protection", name, seal_of(a), seal_of(b));
    diff_value(d, "protection", name, guard_of(d, a), guard_of(d, b));
}

/* Capabilities of a module; `a` or `b` may be nothing(). */
static void diff_capabilities(Diff *d, const char *name, const BundleModule *a, const BundleModule *b)
{
    diff_lists(d, "import", name, imports_of(d, a), imports_of(d, b), DIFF_GAINED, DIFF_LOST, NULL);
    diff_lists(d, "grant", name, names(d, a->grants, a->n_grants), names(d, b->grants, b->n_grants),
               DIFF_GAINED, DIFF_LOST, NULL);
    diff_lists(d, "folder", name, folders_of(d, a), folders_of(d, b), DIFF_GAINED, DIFF_LOST, NULL);
    diff_lists(d, "feature", name, features_of(d, a), features_of(d, b), DIFF_GAINED, DIFF_LOST, NULL);
    diff_lists(d, "native", name, native_of(d, d->old_m, a), native_of(d, d->new_m, b), DIFF_GAINED,
               DIFF_LOST, NULL);
    diff_lists(d, "provides", name, provides_of(d, a), provides_of(d, b), DIFF_CHANGED, DIFF_CHANGED, NULL);
}

static const char *policy_of(Diff *d, const BundleManifest *of, const BundleModule *m)
{
    const BundlePolicy *p = of->policies[m->policy];
    return show_format(&d->show, "%s (%s)", p->name, show_hex(&d->show, p->digest.data, 8));
}

static const char *code_of(Diff *d, const BundleManifest *of, const BundleModule *m)
{
    const BundleBlobInfo *b = of->blobs[m->blob];
    return show_format(&d->show, "%s, %s", show_bytes(&d->show, b->size),
                       show_hex(&d->show, b->digest.data, 8));
}

static const char *module_of(Diff *d, const BundleManifest *of, const BundleModule *m)
{
    return show_format(&d->show, "%s, policy %s", code_of(d, of, m), of->policies[m->policy]->name);
}

static void diff_module(Diff *d, const BundleModule *a, const BundleModule *b)
{
    const char *name = b->name;
    diff_capabilities(d, name, a, b);
    diff_rules(d, name, a, b);
    diff_limits(d, name, a, b);
    diff_value(d, "policy", name, plain("policy", policy_of(d, d->old_m, a)),
               plain("policy", policy_of(d, d->new_m, b)));
    diff_value(d, "memory", name, stack_of(d, a), stack_of(d, b));
    const BundleBlobInfo *x = d->old_m->blobs[a->blob], *y = d->new_m->blobs[b->blob];
    if (memcmp(x->digest.data, y->digest.data, BUNDLE_DIGEST_BYTES) != 0)
        diff_add(d, (DiffItem){DIFF_CHANGED, "module", name, "code", code_of(d, d->old_m, a),
                               code_of(d, d->new_m, b)});
    diff_lists(d, "config", name, config_of(d, a), config_of(d, b), DIFF_CHANGED, DIFF_CHANGED, NULL);
    diff_lists(d, "input", name, inputs_of(d, a), inputs_of(d, b), DIFF_CHANGED, DIFF_CHANGED, NULL);
}

/* ---- the world ---- */

typedef struct Named {
    const BundleModule *module;
    size_t index;
} Named;

static int by_module_name(const void *a, const void *b)
{
    return strcmp(((const Named *)a)->module->name, ((const Named *)b)->module->name);
}

static Named *sorted_modules(Diff *d, const BundleManifest *m)
{
    Named *list = show_array(&d->show, m->n_modules, sizeof *list);
    for (size_t i = 0; list && i < m->n_modules; i++) list[i] = (Named){m->modules[i], i};
    if (list) qsort(list, m->n_modules, sizeof *list, by_module_name);
    return list;
}

static void diff_modules(Diff *d)
{
    const BundleManifest *x = d->old_m, *y = d->new_m;
    Named *before = sorted_modules(d, x), *after = sorted_modules(d, y);
    if (!before || !after) return;
    for (size_t i = 0, j = 0; i < x->n_modules || j < y->n_modules;) {
        const BundleModule *a = i < x->n_modules ? before[i].module : NULL,
                           *b = j < y->n_modules ? after[j].module : NULL;
        int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
        i += order <= 0;
        j += order >= 0;
        d->whole = false;
        if (order == 0) diff_module(d, a, b);
        else if (order < 0) {
            d->whole = true;
            diff_add(d, (DiffItem){DIFF_CHANGED, "module", NULL, a->name, module_of(d, x, a), NULL});
            diff_capabilities(d, a->name, a, nothing());
            diff_lists(d, "waiver", a->name, waivers_of(d, a), diff_entries(d, 0), DIFF_GAINED, DIFF_LOST,
                       NULL);
        } else {
            d->whole = true;
            diff_add(d, (DiffItem){DIFF_CHANGED, "module", NULL, b->name, NULL, module_of(d, y, b)});
            diff_capabilities(d, b->name, nothing(), b);
            diff_lists(d, "waiver", b->name, diff_entries(d, 0), waivers_of(d, b), DIFF_GAINED, DIFF_LOST,
                       NULL);
            diff_lists(d, "verdict", b->name, diff_entries(d, 0), open_verdicts_of(d, b), DIFF_GAINED,
                       DIFF_LOST, NULL);
        }
    }
}

/* The order of the modules that both have. */
static void diff_order(Diff *d)
{
    const BundleManifest *x = d->old_m, *y = d->new_m;
    Named *before = sorted_modules(d, x);
    size_t last = 0;
    bool any = false;
    for (size_t i = 0; before && i < y->n_modules; i++) {
        Named key = {y->modules[i], 0},
              *found = bsearch(&key, before, x->n_modules, sizeof key, by_module_name);
        if (!found) continue;
        if (any && found->index < last) {
            diff_add(d, (DiffItem){DIFF_CHANGED, "order", NULL, y->modules[i]->name, "started earlier",
                                   "started later"});
            return;
        }
        last = found->index;
        any = true;
    }
}

static DiffEntries routes_of(Diff *d, const BundleManifest *m)
{
    DiffEntries e = diff_entries(d, m->n_routes);
    for (size_t i = 0; i < m->n_routes; i++) diff_put(&e, plain(m->routes[i]->service, m->routes[i]->module));
    return e;
}

static DiffEntries services_of(Diff *d, const BundleManifest *m)
{
    DiffEntries e = diff_entries(d, m->n_services);
    for (size_t i = 0; i < m->n_services; i++) {
        const BundleService *s = m->services[i];
        diff_put(&e, plain(s->name,
                           s->descriptor_digest.len ? digest(d, s->descriptor_digest) : "no description"));
    }
    return e;
}

static DiffEntries signers_of(Diff *d, const Bundle *b)
{
    BundleRecord records[BUNDLE_MAX_SIGNATURES];
    Diags none = DIAGS_NOTHING;
    uint32_t n = 0;
    if (!bundle_read_records(b->signature_bytes, 0, b->file, &none, records, &n))
        n = 0; /* bundle_open has read them */
    DiffEntries e = diff_entries(d, BUNDLE_MAX_SIGNATURES);
    for (uint32_t i = 0; i < n; i++) {
        char id[17];
        const char *value = "not verified";
        bundle_key_id_text(records[i].id, id);
        for (uint32_t j = 0; j < b->n_signers; j++)
            if (b->signers[j].record == i)
                value = show_format(&d->show, "trusted as %s", b->signers[j].key->name);
        diff_put(&e, plain(show_format(&d->show, "%s", id), value));
    }
    return e;
}

static DiffEntry end_of(Diff *d, const BundleManifest *m)
{
    return (DiffEntry){"not after",
                       m->not_after ? show_time(&d->show, m->not_after) : "never",
                       {m->not_after ? (uint64_t)m->not_after : UNLIMITED, 0},
                       false};
}

/* A generation that goes back undoes what the newer bundle mended. */
static DiffEntry generation_of(Diff *d, const BundleManifest *m)
{
    return (DiffEntry){"generation",
                       show_format(&d->show, "%" PRIu64, m->generation),
                       {UNLIMITED - m->generation, 0},
                       false};
}

static void diff_generation(Diff *d)
{
    DiffEntry a = generation_of(d, d->old_m), b = generation_of(d, d->new_m);
    if (b.weight[0] < a.weight[0]) a.weight[0] = b.weight[0] = 0; /* higher is as it should be */
    else if (b.weight[0] > a.weight[0]) b.key = "generation goes back";
    if (strcmp(a.value, b.value) != 0) diff_value(d, "generation", NULL, a, b);
}

static void diff_world(Diff *d, const Bundle *old_b, const Bundle *new_b)
{
    const BundleManifest *x = d->old_m, *y = d->new_m;
    diff_generation(d);
    diff_value(d, "expiry", NULL, end_of(d, x), end_of(d, y));
    diff_lists(d, "remote", NULL, names(d, x->remote, x->n_remote), names(d, y->remote, y->n_remote),
               DIFF_GAINED, DIFF_LOST, NULL);
    diff_policies(d);
    diff_value(d, "name", NULL, plain("name", x->name), plain("name", y->name));
    diff_value(d, "version", NULL, plain("version", x->version), plain("version", y->version));
    diff_value(d, "tool", NULL, plain("made by", x->tool), plain("made by", y->tool));
    diff_value(d, "main", NULL, plain("main", x->main), plain("main", y->main));
    diff_lists(d, "route", NULL, routes_of(d, x), routes_of(d, y), DIFF_CHANGED, DIFF_CHANGED, NULL);
    diff_lists(d, "service", NULL, services_of(d, x), services_of(d, y), DIFF_CHANGED, DIFF_CHANGED, NULL);
    diff_lists(d, "signer", NULL, signers_of(d, old_b), signers_of(d, new_b), DIFF_CHANGED, DIFF_CHANGED,
               NULL);
    diff_order(d);
}

/* ---- told ---- */

static const char *const kinds[DIFF_KINDS] = {"gained", "lost", "changed"};

/* "  + import     asker: parigot.net.v1.Net/Connect" */
static void tell(Diff *d, const DiffItem *i)
{
    TextBuf *t = d->show.text;
    text_printf(t, "  %c %-11s", "+-*"[i->kind], i -> what);
    if (i->module) text_printf(t, "%s: ", show_text(&d->show, i->module));
    text_add(t, str_of(show_text(&d->show, i->name)));
    const char *before = i->before ? show_text(&d->show, i->before) : NULL,
               *after = i->after ? show_text(&d->show, i->after) : NULL;
    if (before && after) text_printf(t, ": %s -> %s", before, after);
    else if (i->kind == DIFF_CHANGED) text_add(t, after ? STR(": added") : STR(": removed"));
    const char *only = before && !after ? before : after && !before ? after : NULL;
    if (only && strcmp(only, "yes") != 0) text_printf(t, i->kind == DIFF_CHANGED ? " (%s)" : "  %s", only);
    text_add(t, STR("\n"));
}

static void tell_all(Diff *d, const size_t *count)
{
    TextBuf *t = d->show.text;
    for (int kind = 0; kind < DIFF_KINDS; kind++) {
        if (count[kind] == 0) continue;
        text_printf(t, "%s (%zu)\n", kinds[kind], count[kind]);
        for (size_t i = 0; i < d->n; i++)
            if ((int)d->items[i].kind == kind) tell(d, &d->items[i]);
    }
    if (d->n == 0) text_add(t, STR("no difference\n"));
}

static void json_bundle(Json *j, const char *key, const Bundle *b)
{
    json_object(j, key);
    json_string(j, "file", b->file);
    json_string(j, "name", b->manifest->name);
    json_string(j, "version", b->manifest->version);
    json_number(j, "generation", b->manifest->generation);
    json_bool(j, "trusted", b->trusted);
    json_end_object(j);
}

static void as_json(Diff *d, const Bundle *old_b, const Bundle *new_b)
{
    Json j = {.text = d->show.text};
    json_object(&j, NULL);
    json_bundle(&j, "old", old_b);
    json_bundle(&j, "new", new_b);
    json_bool(&j, "same", d->n == 0);
    for (int kind = 0; kind < DIFF_KINDS; kind++) {
        json_array(&j, kinds[kind]);
        for (size_t i = 0; i < d->n; i++) {
            const DiffItem *item = &d->items[i];
            if ((int)item->kind != kind) continue;
            json_object(&j, NULL);
            json_string(&j, "what", item->what);
            if (item->module) json_string(&j, "module", item->module);
            json_string(&j, "name", item->name);
            if (item->before) json_string(&j, "before", item->before);
            if (item->after) json_string(&j, "after", item->after);
            json_end_object(&j);
        }
        json_end_array(&j);
    }
    json_end_object(&j);
    text_add(j.text, STR("\n"));
}

ShowDiff bundle_show_diff(TextBuf *t, const Bundle *old_b, const Bundle *new_b, bool json)
{
    Diff d = {.show = {.text = t, .bundle = new_b, .m = new_b->manifest},
              .old_m = old_b->manifest,
              .new_m = new_b->manifest};
    diff_world(&d, old_b, new_b);
    diff_modules(&d);
    size_t count[DIFF_KINDS] = {0};
    for (size_t i = 0; i < d.n; i++) count[d.items[i].kind]++;
    if (json) as_json(&d, old_b, new_b);
    else tell_all(&d, count);
    arena_free(&d.show.arena);
    return (ShowDiff){count[DIFF_GAINED], count[DIFF_LOST], count[DIFF_CHANGED]};
}
