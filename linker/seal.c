/* seal.c: which writes of a function need a check, and where it stands: docs/seal-check.md.
 *
 * The validator's walk tells of each write that it cannot prove to stay where it may; it is taken to be
 * checked from there on. A check stands in front of the write, or, where the address is in no local, behind what computes
 * it, unless ways part or meet in between. Several writes to one value, with nothing between
 * them at which ways part or meet, share the first one's check, made wide enough for all. What a frame needs of the
 * stack is checked where the stack pointer is read. */
#include "linker/seal.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_BACK = 16 }; /* checks; so that time is linear in the code */

/* ---- gaps ---- */

/* Those above the address, or the new stack pointer; the table decides. */
static void operands_above(const Gap *gap, SealCheck *out)
{
    const char *pops = wasm_op_info[gap->instr->op].pops;
    if (gap->kind != GAP_STORE && gap->kind != GAP_BULK) return;
    for (const char *p = pops + 1; *p; p++) out->above[out->n_above++] = wasm_type_of_letter(*p);
}

static void use_type(SealLocals *ours, uint8_t type, uint8_t *i32s)
{
    switch (type) {
    case TYPE_I32: ++*i32s; break;
    case TYPE_I64: ours->i64 = true; break;
    case TYPE_F32: ours->f32 = true; break;
    case TYPE_F64: ours->f64 = true; break;
    default: ours->v128 = true; break;
    }
}

static void use_locals(SealLocals *ours, const SealCheck *c)
{
    uint8_t i32s = 1; /* the address */
    for (unsigned i = 0; i < c->n_above; i++) use_type(ours, c->above[i], &i32s);
    if (i32s > ours->i32s) ours->i32s = i32s;
}

static bool has_stack_part(const WriteBounds *b, uint64_t offset, uint64_t size)
{
    AddressPart parts[ADDRESS_PARTS];
    const AddressSet set = writable_from(b, offset, size);
    return addr_parts(set, parts) && parts[0].low + offset < b->sealed_high;
}

/* A check of the same value in the same run, made wide enough for this write as well. */
static bool widen(SealPlan *p, Gap *gap)
{
    const WriteBounds *b = &p->walk.bounds;
    uint64_t end = gap->offset + gap->size;
    for (size_t k = 1; k <= LOOK_BACK && k <= p->n_checks; k++) {
        SealCheck *c = &p->checks[p->n_checks - k];
        if (c->kind != GAP_STORE || c->run != gap->run || c->address != gap->address.local || c->id != gap->address.id ||
            c->distance != gap->address.distance)
            continue;
        uint64_t low = c->offset < gap->offset ? c->offset : gap->offset, c_end = c->offset + c->size;
        uint64_t size = (c_end > end ? c_end : end) - low;
        if (has_stack_part(b, c->offset, c->size) != has_stack_part(b, low, size)) return false;
        gap->offset = c->offset = low;
        gap->size = c->size = size;
        return true;
    }
    return false;
}

/* Where it is not found, there will be two. */
static bool raise_frame(SealPlan *p, const Gap *gap)
{
    uint32_t at = (uint32_t)(gap->at - p->m->bytes);
    for (size_t k = 1; k <= LOOK_BACK && k <= p->n_checks; k++) {
        SealCheck *c = &p->checks[p->n_checks - k];
        if (c->run != gap->run) return false;
        if (c->kind != GAP_FRAME || c->at != at) continue;
        if (gap->least > c->least) c->least = gap->least;
        return true;
    }
    return false;
}

static bool close_gap(void *ctx, Gap *gap)
{
    SealPlan *p = ctx;
    bool named = gap->address.local != NO_LOCAL;
    if (gap->kind == GAP_FRAME && raise_frame(p, gap)) return true;
    if (gap->kind == GAP_STORE && named && widen(p, gap)) return true;
    SealCheck c = {.kind = gap->kind,
                   .at = (uint32_t)(gap->at - p->m->bytes),
                   .least = gap->least,
                   .offset = gap->offset,
                   .size = gap->size,
                   .address = gap->address.local,
                   .length = gap->length.local,
                   .id = gap->address.id,
                   .distance = gap->address.distance,
                   .run = gap->run};
    operands_above(gap, &c);
    bool spill = gap->kind == GAP_BULK ? !named || gap->length.local == NO_LOCAL : !named;
    if (spill && gap->kind != GAP_FRAME) {
        c.address = c.length = NO_LOCAL;
        c.early = gap->kind == GAP_STORE && gap->address.run == gap->run;
        if (c.early) {
            c.at = (uint32_t)(gap->address.behind - p->m->bytes);
            c.n_above = 0;
        }
        use_locals(&p->ours, &c);
    }
    c.order = p->n_checks;
    ARENA_PUSH(p->arena, p->checks, p->n_checks, p->checks_cap) = c;
    return true;
}

/* ---- functions ---- */

/* A frame's check stands before others that were planned earlier. */
static int by_place(const void *a, const void *b)
{
    const SealCheck *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool plan(SealPlan *p, uint32_t body)
{
    p->n_checks = p->n_inserts = 0;
    p->ours = (SealLocals){0};
    Reader r = wasm_reader(p->m, p->m->bodies[body], p->diags);
    const WasmType *type = wasm_func_type(p->m, p->m->n_imported[KIND_FUNC] + body);
    if (!rd_locals(&r, &p->locals)) return false;
    p->n_params = type ? type->n_params : 0;
    if (!writes_walk(&p->walk, body)) {
        diag_add(p->diags, OUT_OF_MEMORY, DIAG_AT(.file = p->m->file), "out of memory");
        return false;
    }
    if (p->n_checks) qsort(p->checks, p->n_checks, sizeof *p->checks, by_place);
    return true;
}

static bool write_body(void *ctx, uint32_t body, Writer *out, RecodedBody *said)
{
    SealPlan *p = ctx;
    if (!plan(p, body)) return false;
    seal_emit(p, body, out);
    *said = (RecodedBody){.head_size = p->head_size,
                          .code_at = p->locals.code_at,
                          .inserts = p->inserts,
                          .n_inserts = p->n_inserts};
    return true;
}

/* For a thread of its own. */
static void *copy_plan(void *ctx, Arena *arena, Diags *diags)
{
    const SealPlan *p = ctx;
    SealPlan *copy = arena_alloc(p->arena, sizeof *copy);
    *copy = *p;
    copy->arena = copy->walk.arena = arena;
    copy->diags = diags;
    copy->walk.ctx = copy;
    return copy;
}

/* ---- the module ---- */

static bool check(const WasmModule *m, const PmSection *record, PmFound found, Diags *diags)
{
    const DiagPlace at = DIAG_AT(.file = m->file);
    if (found == PM_BROKEN) return false;
    if (!record->has_layout || record->layout.stack_low >= record->layout.stack_high ||
        record->layout.stack_high > record->layout.sealed_high) {
        diag_add(diags, LD_SEAL_LAYOUT, at, "it records no memory layout: nothing says what must not be written");
        return false;
    }
    return recode_check(m, diags);
}

bool ld_seal_module(const WasmModule *m, const SealOptions *how, Arena *arena, Diags *diags, Writer *out)
{
    Recode r = {.what = "checking stores", .strip_debug = how->strip_debug, .strip_all = how->strip_all, .has_record = true};
    PmFound found = pm_read(m, arena, diags, &r.record);
    if (how->record) r.record = *how->record;
    if (!check(m, &r.record, found, diags)) return false;
    PmLayout *l = &r.record.layout;
    l->seal = PM_SEAL_CHECK;
    SealPlan p = {.m = m, .arena = arena, .diags = diags, .wants_inserts = recode_wants_inserts(m, &r)};
    p.walk = (WriteWalk){.m = m,
                         .arena = arena,
                         .bounds = {l->stack_low, l->stack_high, l->sealed_high},
                         .stack_pointer = r.record.stack_pointer ? r.record.stack_pointer - 1 : NO_LOCAL,
                         .gap = close_gap,
                         .ctx = &p};
    r.body = write_body;
    r.ctx = &p;
    return recode_in_threads(m, &r, how->threads, copy_plan, arena, diags, out);
}
