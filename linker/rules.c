/* rules.c: the isolation rules where the culprit still has a name: each object that is in the link, judged on
 * what of it is live (val_object_rules), and what a waiver lets through.
 *
 * A waiver names a symbol, or an archive by its digest, and goes into the record with address and size: so
 * nothing is let through that the module does not say. What the module shows itself is judged once more on
 * its bytes (link.c). */
#include "linker/words.h"
#include "validator/validator.h"

#include <sodium.h>
#include <string.h>

static ValLevel level_of(const Ld *ld, ValRule rule)
{
    return rule == VAL_RULE_COUNT ? VAL_ERROR : ld->opt->policy->rules[rule].violated;
}

static DiagSeverity severity(ValLevel level)
{
    return level == VAL_ERROR ? SEV_ERROR : level == VAL_WARNING ? SEV_WARNING : SEV_NOTE;
}

/* ---- scope: what of an object is in the module ---- */

static bool func_in(void *ctx, uint32_t func)
{
    const Obj *obj = ctx;
    return obj->funcs[func - obj->o.module.n_imported[KIND_FUNC]].live;
}

static bool segment_in(void *ctx, uint32_t segment) { return ((const Obj *)ctx)->segments[segment].live; }

static bool global_in(void *ctx, uint32_t global)
{
    const Obj *obj = ctx;
    return obj->globals[global - obj->o.module.n_imported[KIND_GLOBAL]].live;
}

static bool symbol_in(void *ctx, uint32_t symbol)
{
    const Symbol *s = ((const Obj *)ctx)->symbols[symbol];
    return s->live && (s->absolute || s->state != SYM_DEFINED);
}

/* ---- waivers ---- */

const uint8_t *ld_object_digest(Obj *obj)
{
    if (!obj->digest_known)
        crypto_generichash(obj->digest, sizeof obj->digest, obj->bytes, obj->size, NULL, 0);
    obj->digest_known = true;
    return obj->digest;
}

/* BLAKE2b-256 of the file, as `b2sum -l 256` prints it. Of a thin archive, which holds no more than names, of
 * the digests of its members in their order. NULL: a member could not be read, and that is an error. */
static const uint8_t *archive_digest(Ld *ld, LdArchive *a)
{
    crypto_generichash_state h;
    if (a->digest_known) return a->digest;
    crypto_generichash_init(&h, NULL, 0, sizeof a->digest);
    if (!a->ar.thin) crypto_generichash_update(&h, a->bytes, a->size);
    for (uint32_t i = 0; a->ar.thin && i < a->ar.n_members; i++) {
        ArMember *m = &a->ar.members[i];
        uint8_t digest[32];
        if (!m->bytes && !ld_map_member(ld, a, m)) return NULL;
        crypto_generichash(digest, sizeof digest, m->bytes, m->size, NULL, 0);
        crypto_generichash_update(&h, digest, sizeof digest);
    }
    crypto_generichash_final(&h, a->digest, sizeof a->digest);
    a->digest_known = true;
    return a->digest;
}

static bool is_of_archive(Ld *ld, const ValWaiver *w, LdArchive *a)
{
    const uint8_t *digest = w->has_archive && a ? archive_digest(ld, a) : NULL;
    return digest && memcmp(digest, w->archive, sizeof w->archive) == 0;
}

static bool has_expired(const Ld *ld, const ValWaiver *w)
{
    return w->expires && ld->opt->now && ld->opt->now > w->expires;
}

/* "P105@function" */
static bool names_function(Str finding, const ValObjectFinding *f, const Obj *obj)
{
    Str code = str_of(val_rule_info[f->rule].code);
    uint32_t imported = obj->o.module.n_imported[KIND_FUNC];
    if (f->func == DIAG_NOWHERE32 || f->func < imported || !str_has_prefix(finding, code) ||
        finding.len <= code.len || finding.ptr[code.len] != '@')
        return false;
    return str_eq((Str){finding.ptr + code.len + 1, finding.len - code.len - 1},
                  obj->funcs[f->func - imported].name);
}

static Str symbol_name(const Obj *obj, const ValObjectFinding *f)
{
    return f->symbol == DIAG_NOWHERE32 ? (Str){0} : obj->o.symbols[f->symbol].name;
}

/* What of one archive is found to break one rule. */
typedef struct Found {
    LdArchive *archive;
    ValRule rule;
    size_t first;   /* place of its first finding in the Diags */
    uint32_t n;     /* findings that no waiver let through */
    bool told;
    uint64_t bytes; /* of all findings, by whole segments */
    const Obj *obj; /* the segment that was counted last */
    uint32_t segment;
} Found;

typedef struct Judge {
    Ld *ld;
    Found *found;
    size_t n_found, cap_found;
    const Obj *obj; /* the segment that was counted last, and the waiver that let it through */
    uint32_t segment, waiver;
} Judge;

/* A segment is let through as a whole: so padding, and symbols with several names, count as in the record. */
static uint64_t bytes_of(const Judge *j, const Obj *obj, const ValObjectFinding *f, uint32_t waiver)
{
    if (f->segment == DIAG_NOWHERE32) return f->size;
    bool counted = j->obj == obj && j->segment == f->segment && j->waiver == waiver;
    return counted ? 0 : obj->segments[f->segment].size;
}

static bool lets_through(Judge *j, uint32_t waiver, const ValObjectFinding *f, Obj *obj)
{
    Ld *ld = j->ld;
    const ValWaiver *w = &ld->opt->policy->waivers[waiver];
    if (w->rule != f->rule || has_expired(ld, w)) return false;
    if (w->has_archive) {
        uint64_t bytes = bytes_of(j, obj, f, waiver);
        if (!is_of_archive(ld, w, obj->archive)) return false;
        return bytes <= w->bytes && ld->admitted[waiver] <= w->bytes - bytes;
    }
    if (w->finding.len) return names_function(w->finding, f, obj);
    if (!w->symbol.len || !str_eq(w->symbol, symbol_name(obj, f))) return false;
    return !w->has_object || memcmp(ld_object_digest(obj), w->object, sizeof w->object) == 0;
}

static bool is_waived(Judge *j, const ValObjectFinding *f, Obj *obj)
{
    Ld *ld = j->ld;
    if (f->rule == VAL_RULE_COUNT || !val_rule_info[f->rule].waivable) return false;
    for (uint32_t i = 0; i < ld->opt->policy->n_waivers; i++) {
        if (!lets_through(j, i, f, obj)) continue;
        ld->admitted[i] += bytes_of(j, obj, f, i);
        j->obj = obj;
        j->segment = f->segment;
        j->waiver = i;
        LdWaived w = {.waiver = &ld->opt->policy->waivers[i],
                      .obj = obj,
                      .symbol = symbol_name(obj, f),
                      .size = f->size};
        if (f->segment != DIAG_NOWHERE32) {
            w.segment = &obj->segments[f->segment];
            w.offset = f->symbol == DIAG_NOWHERE32 ? 0 : obj->o.symbols[f->symbol].data_offset;
        }
        LD_PUSH(ld, ld->waived, ld->n_waived, ld->waived_cap) = w;
        return true;
    }
    return false;
}

/* ---- what would let an archive through: told with its first finding ---- */

static Found *find_found(Judge *j, LdArchive *a, ValRule rule)
{
    for (size_t i = 0; i < j->n_found; i++)
        if (j->found[i].archive == a && j->found[i].rule == rule) return &j->found[i];
    LD_PUSH(j->ld, j->found, j->n_found, j->cap_found) =
        (Found){.archive = a, .rule = rule, .first = SIZE_MAX};
    return &j->found[j->n_found - 1];
}

static void count_found(Judge *j, Obj *obj, const ValObjectFinding *f, bool waived, const Diag *d)
{
    if (!obj->archive || f->rule == VAL_RULE_COUNT || !val_rule_info[f->rule].waivable) return;
    Found *found = find_found(j, obj->archive, f->rule);
    bool counted = f->segment != DIAG_NOWHERE32 && found->obj == obj && found->segment == f->segment;
    found->n += !waived;
    if (d && found->first == SIZE_MAX) found->first = (size_t)(d - j->ld->diags->items);
    if (counted) return;
    found->bytes += f->segment == DIAG_NOWHERE32 ? f->size : obj->segments[f->segment].size;
    found->obj = obj;
    found->segment = f->segment;
}

/* Waivers by archive that did not do it: too small, too old, or of another archive. */
static void tell_waivers(Ld *ld, Diag *d, const Found *found)
{
    for (uint32_t i = 0; i < ld->opt->policy->n_waivers; i++) {
        const ValWaiver *w = &ld->opt->policy->waivers[i];
        if (w->rule != found->rule || !w->has_archive) continue;
        if (!is_of_archive(ld, w, found->archive))
            diag_note(ld->diags, d, "waiver \"%.*s\" is for another archive", STR_ARG(w->name));
        else if (has_expired(ld, w)) diag_note(ld->diags, d, "waiver \"%.*s\" has expired", STR_ARG(w->name));
        else
            diag_note(ld->diags, d, "waiver \"%.*s\" admits %llu bytes, %llu are needed", STR_ARG(w->name),
                      (unsigned long long)w->bytes, (unsigned long long)found->bytes);
    }
}

/* ">>> libc.a: 8 findings, 1792 bytes; a waiver that admits them:", and the waiver as it would stand in a
 * policy. */
static void tell_found(Ld *ld, Found *found)
{
    const uint8_t *digest = found->told ? NULL : found->n && found->first != SIZE_MAX ? archive_digest(ld, found->archive) : NULL;
    if (!digest) return;
    found->told = true;
    Diag *d = &ld->diags->items[found->first];
    const char *slash = strrchr(found->archive->file, '/'), *code = val_rule_info[found->rule].code;
    Str name = str_of(slash ? slash + 1 : found->archive->file), stem = name;
    TextBuf hex = {0};
    if (str_has_suffix(stem, STR(".a"))) stem.len -= 2;
    tell_waivers(ld, d, found);
    val_digest_text(&hex, digest);
    diag_note(ld->diags, d,
              "%s: %u finding%s of %s; a waiver in the policy that lets through what this archive brings:",
              ld_name_text(ld, name), found->n, found->n == 1 ? "" : "s", code);
    diag_note(ld->diags, d,
              "{ name = \"%s-%s\"; rule = \"%s\"; archive = \"%s\"; bytes = %llu; reason = \"...\"; }",
              ld_name_text(ld, stem), code, code, hex.ptr ? hex.ptr : "",
              (unsigned long long)(found->bytes ? found->bytes : 1));
    text_free(&hex);
}

/* ---- one object ---- */

static Diag *tell(Judge *j, Obj *obj, const ValObjectFinding *f, ValLevel level, bool waived)
{
    Ld *ld = j->ld;
    Diag *d = NULL;
    if (!waived && (level != VAL_NOTE || ld->opt->notes)) {
        Dwarf *dwarf = ld_may_name_source(ld, NULL) ? ld_dwarf(ld, obj) : NULL;
        d = val_report_finding(&obj->o, f, dwarf, severity(level), ld->diags);
        if (d) (void)ld_may_name_source(ld, d->place.src_file);
    }
    count_found(j, obj, f, waived, d);
    return d;
}

/* What may be none when the constructors have been run. Data behind a waiver of another of its symbols is not sealed, and so
 * not held: judge_held. */
static bool hold(Ld *ld, Obj *obj, const ValObjectFinding *f, ValLevel level)
{
    const LdOptions *o = ld->opt;
    LdHeld h = {.obj = obj, .finding = *f};
    if (!ld->n_ctors || level < VAL_ERROR || o->import_memory || ld_keeps_relocs(ld)) return false;
    if (f->rule == RULE_P106 && f->symbol != DIAG_NOWHERE32) h.ctor = obj->symbols[f->symbol];
    else if (f->rule == RULE_P104 && o->seal_ctors && f->segment != DIAG_NOWHERE32) h.segment = &obj->segments[f->segment];
    else return false;
    LD_PUSH(ld, ld->held, ld->n_held, ld->held_cap) = h;
    return true;
}

static void report(Judge *j, Obj *obj, const ValObjectFinding *f)
{
    ValLevel level = level_of(j->ld, f->rule);
    if (level == VAL_OFF) return;
    bool waived = is_waived(j, f, obj);
    if (waived || !hold(j->ld, obj, f, level)) (void)tell(j, obj, f, level, waived);
}

/* requires: every finding has been judged. provides: what is held will be sealed. */
static void judge_held(Judge *j)
{
    Ld *ld = j->ld;
    size_t kept = 0;
    for (size_t i = 0; i < ld->n_held; i++) {
        LdHeld *h = &ld->held[i];
        bool in_waived_data = false;
        for (size_t k = 0; k < ld->n_waived && h->segment && !in_waived_data; k++)
            in_waived_data = ld->waived[k].segment == h->segment;
        if (in_waived_data) (void)tell(j, h->obj, &h->finding, VAL_ERROR, false);
        else ld->held[kept++] = *h;
    }
    ld->n_held = kept;
    for (size_t i = 0; i < kept; i++)
        if (ld->held[i].segment) ld->held[i].segment->seals = true;
}

static void tell_all_found(Judge *j)
{
    for (size_t i = 0; i < j->n_found; i++) tell_found(j->ld, &j->found[i]);
}

/* provides: what is still held is told, each with its note. */
void ld_report_held(Ld *ld)
{
    for (size_t i = 0; i < ld->n_held; i++) {
        const LdHeld *h = &ld->held[i];
        Diag *d = h->settled ? NULL : tell(ld->judge, h->obj, &h->finding, VAL_ERROR, false);
        if (d && h->note) diag_note(ld->diags, d, "%s", h->note);
        else if (d && h->ctor && !ld->opt->seal_ctors)
            diag_note(ld->diags, d, "with --seal-ctors it runs at link time, if it can, and what it writes is sealed");
    }
    ld->n_held = 0;
    if (ld->judge) tell_all_found(ld->judge);
}

static void judge(Judge *j, Obj *obj)
{
    Ld *ld = j->ld;
    const ValObjectScope scope = {
        .ctx = obj, .func = func_in, .segment = segment_in, .global = global_in, .symbol = symbol_in};
    ValObjectReport r;
    if (!val_object_rules(&ld->arena, &obj->o, &scope, &r)) {
        diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(.file = obj->file), "out of memory");
        return;
    }
    for (uint32_t i = 0; i < r.n_findings; i++) report(j, obj, &r.findings[i]);
    if (r.not_stored)
        diag_add_as(ld->diags, SEV_NOTE, r.findings[r.n_findings - 1].code, DIAG_AT(.file = obj->file),
                    "%u more findings in code", r.not_stored);
}

/* requires: live is final. provides: what the policy forbids has been reported by symbol, or is held; ld->waived is
 * complete. */
void ld_check_objects(Ld *ld)
{
    if (!ld->opt->isolate) return;
    Judge *j = ld->judge = arena_alloc(&ld->arena, sizeof *j);
    *j = (Judge){.ld = ld, .waiver = LD_NONE};
    ld->admitted = arena_array(&ld->arena, ld->opt->policy->n_waivers, sizeof *ld->admitted);
    for (size_t o = 0; o < ld->n_objs; o++)
        if (ld->objs[o]->live) judge(j, ld->objs[o]);
    judge_held(j);
    tell_all_found(j);
}
