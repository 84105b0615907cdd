/* features.c: target features: what each object says that its code uses, or must not be linked with; and the
 * section that says so of the module. tool-conventions Linking.md "Target Features Section"
 *
 * A feature is a name here, known to us or not: code that needs one which we do not know is the validator's
 * to refuse. */
#include "linker/ld.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 256 }; /* there are about twenty */

static int by_text(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

static bool has_feature(const Ld *ld, Str name)
{
    for (size_t i = 0; i < ld->n_features; i++)
        if (str_eq(ld->features[i], name)) return true;
    return false;
}

bool ld_has_feature(const Ld *ld, const char *name) { return has_feature(ld, str_of(name)); }

static void add_feature(Ld *ld, Str name)
{
    if (!has_feature(ld, name)) LD_PUSH(ld, ld->features, ld->n_features, ld->features_cap) = name;
}

static void add_named(Ld *ld, const LdNames *names)
{
    for (size_t i = 0; i < names->n; i++) add_feature(ld, str_of(names->items[i]));
}

static void add_used(Ld *ld)
{
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_features && ld->n_features < MOST; i++)
            if (ld->objs[o]->o.features[i].prefix != '-') add_feature(ld, ld->objs[o]->o.features[i].name);
}

/* ---- do they go together? ---- */

/* What one object disallows, no other may use. */
static void check_disallowed(Ld *ld)
{
    NameTable names = {0};
    const Obj **by = NULL;
    size_t cap = 0;
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_features; i++) {
            const WasmTargetFeature *f = &ld->objs[o]->o.features[i];
            bool added;
            if (f->prefix != '-') continue;
            uint32_t k = ld_name_add(ld, &names, f->name, &added);
            by = arena_grow(&ld->arena, by, k, &cap, sizeof *by);
            if (added) by[k] = ld->objs[o];
        }
    for (size_t o = 0; names.n && o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_features; i++) {
            const WasmTargetFeature *f = &ld->objs[o]->o.features[i];
            uint32_t k = f->prefix == '-' ? LD_NONE : ld_name_find(ld, &names, f->name);
            if (k != LD_NONE)
                diag_add(ld->diags, LD_FEATURES, DIAG_AT(.file = ld->objs[o]->file),
                         "Target feature '%s' used in %s is disallowed by %s. Use --no-check-features to "
                         "suppress.",
                         ld_name_text(ld, f->name), ld->objs[o]->file, by[k]->file);
        }
}

/* With --features, nobody may use another. Each is told once. */
static void check_allowed(Ld *ld)
{
    NameTable told = {0};
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_features; i++) {
            const WasmTargetFeature *f = &ld->objs[o]->o.features[i];
            bool added;
            if (f->prefix == '-' || has_feature(ld, f->name)) continue;
            (void)ld_name_add(ld, &told, f->name, &added);
            if (added)
                diag_add(
                    ld->diags, LD_FEATURES, DIAG_AT(.file = ld->objs[o]->file),
                    "Target feature '%s' used by %s is not allowed. Use --no-check-features to suppress.",
                    ld_name_text(ld, f->name), ld->objs[o]->file);
        }
}

/* Code with thread-local data was compiled for threads; a compiler that was not asked for them made plain
 * data. */
static void check_tls(Ld *ld)
{
    static const char *const needed[] = {"atomics", "bulk-memory"};
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_segments; i++) {
            const InSegment *s = &ld->objs[o]->segments[i];
            if (!s->live || !ld_is_tls(s)) continue;
            for (size_t k = 0; k < ARRAY_LEN(needed); k++)
                if (!ld_has_feature(ld, needed[k]))
                    diag_add(ld->diags, LD_FEATURES, DIAG_AT(.file = ld->objs[o]->file),
                             "'%s' feature must be used in order to use thread-local storage", needed[k]);
            return;
        }
}

static void check_mutable_globals(Ld *ld)
{
    if (ld_has_feature(ld, "mutable-globals")) return;
    for (uint32_t i = 0; i < ld->names.n; i++) {
        const Symbol *s = ld->symbols[i];
        if (s->kind != SYM_GLOBAL || !s->live) continue;
        bool exported = s->state == SYM_DEFINED && ld_is_exported(ld, s), imported = s->imported && s->obj;
        if (imported) imported = s->obj->o.module.globals[s->obj->o.symbols[s->obj_symbol].index].mutable;
        if (exported || imported)
            diag_add(ld->diags, LD_FEATURES, DIAG_AT(.file = ld_obj_text(s->obj), .symbol = s->name),
                     "mutable global %s but 'mutable-globals' feature not present in inputs: `%s`. Use "
                     "--no-check-features to suppress.",
                     imported ? "imported" : "exported", ld_name_text(ld, s->name));
    }
}

/* requires: live is final, undefined symbols are settled. provides: ld->features, sorted. */
void ld_gather_features(Ld *ld)
{
    add_named(ld, &ld->opt->extra_features);
    if (ld->opt->has_features) add_named(ld, &ld->opt->features);
    else add_used(ld);
    if (ld->n_features) qsort(ld->features, ld->n_features, sizeof *ld->features, by_text);
    if (ld->opt->no_check_features) return;
    if (ld->opt->has_features) check_allowed(ld);
    check_tls(ld);
    check_disallowed(ld);
    if (!ld->opt->isolate && !ld->opt->relocatable) check_mutable_globals(ld);
}

/* What an object must not be linked with, its part of a larger object must not be either; wasm-ld forgets it. */
static Str *gather_disallowed(Ld *ld, size_t *n)
{
    Str *names = NULL;
    size_t cap = 0;
    *n = 0;
    for (size_t o = 0; o < ld->n_objs; o++)
        for (uint32_t i = 0; i < ld->objs[o]->o.n_features; i++) {
            const WasmTargetFeature *f = &ld->objs[o]->o.features[i];
            bool known = f->prefix != '-' || has_feature(ld, f->name);
            for (size_t k = 0; k < *n && !known; k++) known = str_eq(names[k], f->name);
            if (!known && *n < MOST) LD_PUSH(ld, names, *n, cap) = f->name;
        }
    if (*n) qsort(names, *n, sizeof *names, by_text);
    return names;
}

static void write_feature(Writer *w, char prefix, Str name)
{
    wr_byte(w, (uint8_t)prefix);
    wr_name(w, name);
}

void ld_write_features(Ld *ld, Writer *w)
{
    size_t n_disallowed = 0;
    const Str *disallowed = ld->opt->relocatable ? gather_disallowed(ld, &n_disallowed) : NULL;
    if (ld->n_features + n_disallowed == 0 || (ld->opt->strip == LD_STRIP_ALL && !ld_is_kept(ld, STR("target_features"))))
        return;
    wr_byte(w, SEC_CUSTOM);
    size_t mark = wr_begin_size(w);
    wr_name(w, STR("target_features"));
    wr_u32(w, (uint32_t)(ld->n_features + n_disallowed));
    for (size_t i = 0; i < ld->n_features; i++) write_feature(w, '+', ld->features[i]);
    for (size_t i = 0; i < n_disallowed; i++) write_feature(w, '-', disallowed[i]);
    wr_end_size(w, mark);
}
