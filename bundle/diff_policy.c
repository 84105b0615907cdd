/* diff_policy.c: what two policies ask for. They are read as every policy file is, and compared by what they
 * mean: a rule that is told more softly, a wider pattern, a higher limit or one more waiver is gained. See
 * diff.h
 *
 * Each policy is read once, and each pair compared once that stands behind some module; what cannot be read
 * is not comparable, which counts as gained. */
#include "bundle/diff.h"

#include "validator/validator.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_PAIRS = 64
}; /* more than that are not looked into: a manifest may have 4096 policies of any length */

typedef struct Pair {
    uint32_t before, after; /* indices of policies */
} Pair;

static int by_pair(const void *a, const void *b)
{
    const Pair *x = a, *y = b;
    if (x->before != y->before) return x->before < y->before ? -1 : 1;
    return x->after == y->after ? 0 : x->after < y->after ? -1 : 1;
}

typedef struct Compared {
    Diff *d;
    const char *name; /* of the policy as it is now */
    const ValPolicy *before, *after;
} Compared;

static const char *text_of(Compared *c, Str s) { return show_format(&c->d->show, "%.*s", STR_ARG(s)); }

static void compare(Compared *c, const char *key, const char *x, uint64_t weight_x, const char *y,
                    uint64_t weight_y)
{
    const char *name = show_format(&c->d->show, "%s: %s", c->name, key);
    diff_value(c->d, "policy", NULL, (DiffEntry){name, x, {weight_x, 0}, false},
               (DiffEntry){name, y, {weight_y, 0}, false});
}

static void compare_rules(Compared *c)
{
    static const char *const words[] = {
        [VAL_OFF] = "off", [VAL_NOTE] = "note", [VAL_WARNING] = "warning", [VAL_ERROR] = "error"};
    for (int r = 0; r < VAL_RULE_COUNT; r++) {
        const char *code = val_rule_info[r].code;
        ValLevel x = c->before->rules[r].violated, y = c->after->rules[r].violated;
        compare(c, show_format(&c->d->show, "%s violated", code), words[x], VAL_ERROR - x, words[y],
                VAL_ERROR - y);
        x = c->before->rules[r].not_provable;
        y = c->after->rules[r].not_provable;
        compare(c, show_format(&c->d->show, "%s not provable", code), words[x], VAL_ERROR - x, words[y],
                VAL_ERROR - y);
    }
}

static void compare_limits(Compared *c)
{
    for (int i = 0; i < VAL_LIMIT_COUNT; i++) {
        uint64_t x = c->before->limits[i], y = c->after->limits[i];
        const char *words[2];
        for (int j = 0; j < 2; j++)
            words[j] = (j ? y : x) == UINT64_MAX ? "none" : show_format(&c->d->show, "%" PRIu64, j ? y : x);
        compare(c, show_format(&c->d->show, "limit %s", val_limit_info[i].key), words[0], x, words[1], y);
    }
}

static DiffEntries patterns(Compared *c, const char *word, const Str *list, uint32_t n)
{
    DiffEntries e = diff_entries(c->d, n);
    for (uint32_t i = 0; i < n; i++)
        diff_put(&e, (DiffEntry){show_format(&c->d->show, "%s: %s %s", c->name, word, text_of(c, list[i])),
                                 "",
                                 {0, 0},
                                 false});
    return e;
}

static DiffEntries features(Compared *c, WasmFeatures set)
{
    DiffEntries e = diff_entries(c->d, FEATURE_COUNT);
    for (int f = 0; f < FEATURE_COUNT; f++)
        if (set >> f & 1)
            diff_put(&e, (DiffEntry){show_format(&c->d->show, "%s: feature %s", c->name,
                                                 wasm_feature_text((WasmFeature)f)),
                                     "",
                                     {0, 0},
                                     false});
    return e;
}

static DiffEntries waivers(Compared *c, const ValPolicy *p)
{
    DiffEntries e = diff_entries(c->d, p->n_waivers);
    for (uint32_t i = 0; i < p->n_waivers; i++) {
        const ValWaiver *w = &p->waivers[i];
        const char *what = w->has_archive  ? show_format(&c->d->show, "archive %s",
                                                         show_hex(&c->d->show, w->archive, sizeof w->archive))
                           : w->symbol.len ? text_of(c, w->symbol)
                                           : text_of(c, w->finding);
        const char *object =
            w->has_object ? show_format(&c->d->show, " of object %s", show_hex(&c->d->show, w->object, 8))
                          : "";
        diff_put(&e, (DiffEntry){show_format(&c->d->show, "%s: waiver %s %s%s", c->name,
                                             val_rule_info[w->rule].code, what, object),
                                 show_format(&c->d->show, "%s%s, %" PRIu64 " bytes: %s",
                                             w->expires ? "until " : "without end",
                                             w->expires ? show_day(&c->d->show, w->expires) : "", w->bytes,
                                             text_of(c, w->reason)),
                                 {w->bytes, w->expires ? (uint64_t)w->expires : UINT64_MAX},
                                 false});
    }
    return e;
}

static void compare_lists(Compared *c)
{
    const ValPolicy *x = c->before, *y = c->after;
    Diff *d = c->d;
    diff_lists(d, "policy", NULL, patterns(c, "imports allow", x->imports_allow, x->n_imports_allow),
               patterns(c, "imports allow", y->imports_allow, y->n_imports_allow), DIFF_GAINED, DIFF_LOST,
               NULL);
    diff_lists(d, "policy", NULL, patterns(c, "imports deny", x->imports_deny, x->n_imports_deny),
               patterns(c, "imports deny", y->imports_deny, y->n_imports_deny), DIFF_LOST, DIFF_GAINED, NULL);
    diff_lists(d, "policy", NULL, patterns(c, "exports allow", x->exports_allow, x->n_exports_allow),
               patterns(c, "exports allow", y->exports_allow, y->n_exports_allow), DIFF_GAINED, DIFF_LOST,
               NULL);
    diff_lists(d, "policy", NULL, features(c, x->features), features(c, y->features), DIFF_GAINED, DIFF_LOST,
               NULL);
    diff_lists(d, "policy", NULL, waivers(c, x), waivers(c, y), DIFF_GAINED, DIFF_LOST, NULL);
}

static void compare_policies(Compared *c)
{
    const ValPolicy *x = c->before, *y = c->after;
    compare(c, "base", val_base_text(x->base), x->base, val_base_text(y->base), y->base);
    compare_rules(c);
    compare_lists(c);
    compare(c, "memory exported", x->exports_memory ? "allowed" : "refused", x->exports_memory,
            y->exports_memory ? "allowed" : "refused", y->exports_memory);
    compare_limits(c);
}

/* What a policy's text says; NULL: it cannot be read. Kept for the next pair. */
static const ValPolicy *read_policy(Diff *d, const BundlePolicy *p, ValPolicy **kept, bool *read)
{
    if (*read) return *kept;
    *read = true;
    Diags none = DIAGS_NOTHING;
    ValPolicy *out = show_array(&d->show, 1, sizeof *out);
    if (out && val_parse_policy(&d->show.arena, str_of(p->text), "policy", &none, out)) *kept = out;
    return *kept;
}

typedef struct Read {
    ValPolicy **of;
    bool *read;
} Read;

static Read room_for(Diff *d, const BundleManifest *m)
{
    return (Read){show_array(&d->show, m->n_policies, sizeof(ValPolicy *)),
                  show_array(&d->show, m->n_policies, sizeof(bool))};
}

static void diff_pair(Diff *d, Pair p, Read *before, Read *after, bool look)
{
    const BundlePolicy *x = d->old_m->policies[p.before], *y = d->new_m->policies[p.after];
    if (strcmp(x->text, y->text) == 0) return;
    Compared c = {d, y->name, NULL, NULL};
    if (look) {
        c.before = read_policy(d, x, &before->of[p.before], &before->read[p.before]);
        c.after = read_policy(d, y, &after->of[p.after], &after->read[p.after]);
    }
    if (c.before && c.after) compare_policies(&c);
    else
        diff_add(d, (DiffItem){DIFF_GAINED, "policy", NULL,
                               show_format(&d->show, "%s: it differs, and cannot be compared", y->name),
                               x->name, y->name});
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const BundleModule *const *)a)->name, (*(const BundleModule *const *)b)->name);
}

/* The pairs of policies that modules of one name have. */
static size_t find_pairs(Diff *d, Pair *pairs)
{
    const BundleManifest *x = d->old_m, *y = d->new_m;
    const BundleModule **old = show_array(&d->show, x->n_modules, sizeof *old);
    size_t n = 0, kept = 0;
    if (!old) return 0;
    for (size_t i = 0; i < x->n_modules; i++) old[i] = x->modules[i];
    qsort(old, x->n_modules, sizeof *old, by_name);
    for (size_t i = 0; i < y->n_modules; i++) {
        const BundleModule *m = y->modules[i], **found = bsearch(&m, old, x->n_modules, sizeof *old, by_name);
        if (found) pairs[n++] = (Pair){(*found)->policy, m->policy};
    }
    qsort(pairs, n, sizeof *pairs, by_pair);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_pair(&pairs[i], &pairs[kept - 1]) != 0) pairs[kept++] = pairs[i];
    return kept;
}

void diff_policies(Diff *d)
{
    Read before = room_for(d, d->old_m), after = room_for(d, d->new_m);
    Pair *pairs = show_array(&d->show, d->new_m->n_modules, sizeof *pairs);
    if (!pairs || !before.of || !before.read || !after.of || !after.read) return;
    size_t n = find_pairs(d, pairs);
    for (size_t i = 0; i < n; i++) diff_pair(d, pairs[i], &before, &after, i < MAX_PAIRS);
}
