/* rules.c: the isolation rules where the culprit still has a name: each object that is in the link, judged on
 * what of it is live (validator/object_rules.h), and what a waiver lets through.
 *
 * A waiver names a symbol, or an archive by its digest, and goes into the record with address and size: so
 * nothing is let through that the module does not say. What the module shows itself is judged once more on
 * its bytes (link.c). */
#include "linker/ld.h"
#include "validator/object_rules.h"

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

static const uint8_t *archive_digest(LdArchive *a)
{
    if (!a->digest_known) crypto_generichash(a->digest, sizeof a->digest, a->bytes, a->size, NULL, 0);
    a->digest_known = true;
    return a->digest;
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

static bool lets_through(Ld *ld, uint32_t waiver, const ValObjectFinding *f, Obj *obj)
{
    const ValWaiver *w = &ld->opt->policy->waivers[waiver];
    if (w->rule != f->rule || (w->expires && ld->opt->now && ld->opt->now > w->expires)) return false;
    if (w->has_archive) {
        if (!obj->archive || memcmp(archive_digest(obj->archive), w->archive, sizeof w->archive) != 0)
            return false;
        return f->size <= w->bytes && ld->admitted[waiver] <= w->bytes - f->size;
    }
    if (w->finding.len) return names_function(w->finding, f, obj);
    if (!w->symbol.len || !str_eq(w->symbol, symbol_name(obj, f))) return false;
    return !w->has_object || memcmp(ld_object_digest(obj), w->object, sizeof w->object) == 0;
}

static bool is_waived(Ld *ld, const ValObjectFinding *f, Obj *obj)
{
    if (f->rule == VAL_RULE_COUNT || !val_rule_info[f->rule].waivable) return false;
    for (uint32_t i = 0; i < ld->opt->policy->n_waivers; i++) {
        if (!lets_through(ld, i, f, obj)) continue;
        ld->admitted[i] += f->size;
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

/* ---- one object ---- */

static void report(Ld *ld, Obj *obj, const ValObjectFinding *f)
{
    ValLevel level = level_of(ld, f->rule);
    if (level == VAL_OFF || is_waived(ld, f, obj)) return;
    if (level == VAL_NOTE && !ld->opt->notes) return;
    (void)val_report_finding(&obj->o, f, ld_dwarf(ld, obj), severity(level), ld->diags);
}

static void judge(Ld *ld, Obj *obj)
{
    const ValObjectScope scope = {
        .ctx = obj, .func = func_in, .segment = segment_in, .global = global_in, .symbol = symbol_in};
    ValObjectReport r;
    if (!val_object_rules(&ld->arena, &obj->o, &scope, &r)) {
        diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(.file = obj->file), "out of memory");
        return;
    }
    for (uint32_t i = 0; i < r.n_findings; i++) report(ld, obj, &r.findings[i]);
    if (r.not_stored)
        diag_add_as(ld->diags, SEV_NOTE, r.findings[r.n_findings - 1].code, DIAG_AT(.file = obj->file),
                    "%u more findings in code", r.not_stored);
}

/* requires: live is final. provides: what the policy forbids has been reported by symbol; ld->waived is
 * complete. */
void ld_check_objects(Ld *ld)
{
    if (!ld->opt->isolate) return;
    ld->admitted = arena_array(&ld->arena, ld->opt->policy->n_waivers, sizeof *ld->admitted);
    for (size_t o = 0; o < ld->n_objs; o++)
        if (ld->objs[o]->live) judge(ld, ld->objs[o]);
}
