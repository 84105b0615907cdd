/* record.c: the section parigot.module: what the linker knows and the module no longer shows.
 * docs/module-section.md */
#include "linker/ld.h"
#include "validator/validator.h"

#include <stdlib.h>
#include <string.h>

static void add_layout(const Ld *ld, PmSection *pm)
{
    const LdLayout *l = &ld->layout;
    unsigned page_log2 = (unsigned)__builtin_ctz(ld->opt->seal_align);
    pm->has_layout = true;
    pm->layout = (PmLayout){.seal = PM_SEAL_ENGINE,
                            .page_log2 = (uint8_t)page_log2,
                            .null_guard = l->null_guard,
                            .stack_low = l->stack_low,
                            .stack_high = l->stack_high,
                            .sealed_low = l->sealed_low,
                            .sealed_high = l->sealed_high,
                            .waived_low = l->waived_low,
                            .waived_high = l->waived_high,
                            .heap_base = l->heap_base,
                            .heap_control = l->heap_control};
    pm->has_globals = true;
    pm->stack_pointer = ld->stack_pointer->global->out_index + 1;
}

/* ---- services ---- */

enum { PROVIDED = 1, REQUIRED = 2 };

typedef struct Services {
    NameTable names;
    PmService *items;
    size_t cap;
} Services;

static void add_service(Ld *ld, Services *s, Str name, uint8_t use)
{
    bool added;
    uint32_t k = ld_name_add(ld, &s->names, name, &added);
    s->items = arena_grow(&ld->arena, s->items, k, &s->cap, sizeof *s->items);
    if (added) {
        s->items[k] = (PmService){.name = name};
        const ValService *described = ld->opt->abi ? val_find_service(ld->opt->abi, name) : NULL;
        if (described && described->has_digest)
            memcpy(s->items[k].digest, described->digest, sizeof s->items[k].digest);
    }
    s->items[k].use |= use;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const PmService *)a)->name, ((const PmService *)b)->name);
}

/* "service/Method" in an export's name. */
static Str service_of(Str export)
{
    const char *slash = export.len ? memchr(export.ptr, '/', export.len) : NULL;
    return slash ? (Str){export.ptr, (size_t)(slash - export.ptr)} : (Str){0};
}

static void add_services(Ld *ld, PmSection *pm)
{
    Services s = {0};
    for (size_t i = 0; i < ld->n_imports; i++)
        if (ld->imports[i].symbol->kind == SYM_FUNCTION)
            add_service(ld, &s, ld_import_module(ld->imports[i].symbol), REQUIRED);
    for (size_t i = 0; i < ld->n_exports; i++) {
        Str name = service_of(ld->exports[i].name);
        if (ld->exports[i].kind == KIND_FUNC && name.len) add_service(ld, &s, name, PROVIDED);
    }
    pm->services = s.items;
    pm->n_services = s.names.n;
    if (pm->n_services) qsort(s.items, pm->n_services, sizeof *s.items, by_name);
}

/* ---- inputs ---- */

static int by_input(const void *a, const void *b)
{
    const PmInput *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    if (!c) c = str_cmp(x->member, y->member);
    return c ? c : memcmp(x->digest, y->digest, sizeof x->digest);
}

static void add_inputs(Ld *ld, PmSection *pm)
{
    pm->inputs = arena_array(&ld->arena, ld->n_objs, sizeof *pm->inputs);
    pm->n_inputs = (uint32_t)ld->n_objs;
    for (size_t i = 0; i < ld->n_objs; i++) {
        Obj *obj = ld->objs[i];
        PmInput *in = &pm->inputs[i];
        *in = (PmInput){.name = ld_utf8(ld, obj->input),
                        .member = ld_utf8(ld, obj->member),
                        .producers = ld_producers_text(ld, obj)};
        memcpy(in->digest, ld_object_digest(obj), sizeof in->digest);
    }
    if (pm->n_inputs) qsort(pm->inputs, pm->n_inputs, sizeof *pm->inputs, by_input);
}

/* ---- waivers ---- */

static uint32_t address_of(const LdWaived *w)
{
    return w->segment ? (uint32_t)(w->segment->out->address + w->segment->offset + w->offset) : 0;
}

static int by_address(const void *a, const void *b)
{
    const LdWaived *x = a, *y = b;
    uint32_t ax = address_of(x), ay = address_of(y);
    if (ax != ay) return ax < ay ? -1 : 1;
    return x->size > y->size ? -1 : x->size < y->size; /* of aliases the largest counts */
}

/* What a symbol takes: up to the next one of its segment, the first from the segment's start. So every byte
 * that is let through is somebody's. */
static void add_waiver(const LdWaived *all, size_t i, uint64_t *end, PmSection *pm)
{
    const LdWaived *w = &all[i];
    const ValWaiver *v = w->waiver;
    PmWaiver *out = &pm->waivers[pm->n_waivers];
    *out = (PmWaiver){.waiver = v->name,
                      .rule = str_of(val_rule_info[v->rule].code),
                      .symbol = w->symbol,
                      .has_archive = v->has_archive,
                      .reason = v->reason,
                      .expires = (uint64_t)v->expires};
    if (v->has_archive) memcpy(out->archive, v->archive, sizeof out->archive);
    if (w->segment) {
        bool first = i == 0 || all[i - 1].segment != w->segment;
        uint64_t from = first ? w->segment->out->address + w->segment->offset : address_of(w);
        if (from < *end) return; /* an alias of the one before */
        out->address = (uint32_t)from;
        out->size = (uint32_t)(w->until - from);
        *end = w->until;
    }
    pm->n_waivers++;
}

static void add_waivers(Ld *ld, PmSection *pm)
{
    if (!ld->n_waived) return;
    uint64_t end = 0;
    pm->waivers = arena_array(&ld->arena, ld->n_waived, sizeof *pm->waivers);
    qsort(ld->waived, ld->n_waived, sizeof *ld->waived, by_address);
    for (size_t i = ld->n_waived; i-- > 0;) {
        LdWaived *w = &ld->waived[i],
                 *next = i + 1 < ld->n_waived && w[1].segment == w->segment ? w + 1 : NULL;
        if (!w->segment) continue;
        if (!next) w->until = w->segment->out->address + w->segment->offset + w->segment->size;
        else w->until = address_of(next) > address_of(w) ? address_of(next) : next->until;
    }
    for (size_t i = 0; i < ld->n_waived; i++) add_waiver(ld->waived, i, &end, pm);
}

static void add_policy(const Ld *ld, PmSection *pm)
{
    pm->has_policy = true;
    pm->policy_name = ld->opt->policy->name;
    memcpy(pm->policy_digest, ld->opt->policy_digest, sizeof pm->policy_digest);
}

void ld_write_record(Ld *ld, Writer *w)
{
    PmSection pm = {.has_tool = true, .tool = STR("parigot-ld " PARIGOT_VERSION)};
    add_layout(ld, &pm);
    add_policy(ld, &pm);
    add_waivers(ld, &pm);
    add_services(ld, &pm);
    add_inputs(ld, &pm);
    pm_write(w, &pm);
}
