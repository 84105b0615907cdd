/* seal_emit.c: a planned function's body with its store checks: docs/seal-check.md "What parigot-ld writes".
 *
 * Bytes are copied as they are, indices included: our locals are the last ones. */
#include "linker/seal.h"

typedef struct Emit {
    const SealPlan *p;
    Writer *out;
    uint32_t done;  /* bytes of the file up to here are written */
    uint32_t first; /* index of our first local */
} Emit;

/* ---- instructions ---- */

static void op(Emit *e, WasmOp o) { wr_byte(e->out, (uint8_t)wasm_op_info[o].code); }

static void op_index(Emit *e, WasmOp o, uint32_t index)
{
    op(e, o);
    wr_u32(e->out, index);
}

static void i32_const(Emit *e, uint32_t c)
{
    op(e, OP_I32_CONST);
    wr_s32(e->out, (int32_t)c);
}

static void begin_if(Emit *e)
{
    op(e, OP_IF);
    wr_byte(e->out, TYPE_VOID);
}

static void trap_if(Emit *e)
{
    begin_if(e);
    op(e, OP_UNREACHABLE);
    op(e, OP_END);
}

/* Trap unless low <= local <= high. */
static void trap_outside(Emit *e, uint32_t local, uint32_t low, uint32_t high)
{
    op_index(e, OP_LOCAL_GET, local);
    if (low) {
        i32_const(e, low);
        op(e, OP_I32_SUB);
    }
    i32_const(e, high - low);
    op(e, OP_I32_GT_U);
    trap_if(e);
}

/* ---- checks ---- */

static void check_frame(Emit *e, const SealCheck *c)
{
    op_index(e, OP_GLOBAL_GET, e->p->walk.stack_pointer);
    i32_const(e, c->least);
    op(e, OP_I32_LT_U);
    trap_if(e);
}

static void check_store(Emit *e, const SealCheck *c, uint32_t address)
{
    AddressPart parts[ADDRESS_PARTS];
    const AddressSet set = writable_from(&e->p->walk.bounds, c->offset, c->size);
    unsigned n = addr_parts(set, parts);
    op_index(e, OP_LOCAL_GET, address);
    i32_const(e, parts[n - 1].low);
    op(e, OP_I32_LT_U);
    if (n == 1) {
        trap_if(e);
        return;
    }
    begin_if(e);
    trap_outside(e, address, parts[0].low, parts[0].high);
    op(e, OP_END);
}

/* Nothing may be wrong with where no byte is written. */
static void check_bulk(Emit *e, uint32_t address, uint32_t length)
{
    const WriteBounds *b = &e->p->walk.bounds;
    op_index(e, OP_LOCAL_GET, address);
    i32_const(e, b->sealed_high);
    op(e, OP_I32_LT_U);
    begin_if(e);
    op_index(e, OP_LOCAL_GET, length);
    begin_if(e);
    trap_outside(e, address, b->stack_low, b->stack_high);
    op_index(e, OP_LOCAL_GET, length);
    i32_const(e, b->stack_high);
    op_index(e, OP_LOCAL_GET, address);
    op(e, OP_I32_SUB);
    op(e, OP_I32_GT_U);
    trap_if(e);
    op(e, OP_END);
    op(e, OP_END);
}

/* ---- operands in our locals ---- */

static uint32_t local_of(const Emit *e, uint8_t type, uint32_t *i32s)
{
    const SealLocals *ours = &e->p->ours;
    uint32_t at = e->first + ours->i32s;
    if (type == TYPE_I32) return e->first + (*i32s)++;
    if (type == TYPE_I64) return at;
    at += ours->i64;
    if (type == TYPE_F32) return at;
    at += ours->f32;
    return type == TYPE_F64 ? at : at + ours->f64;
}

/* All are on the stack again, the address in the first of our locals, those above it in others. */
static void put_aside(Emit *e, const SealCheck *c, uint32_t above[2])
{
    uint32_t i32s = 1;
    for (unsigned i = 0; i < c->n_above; i++) above[i] = local_of(e, c->above[i], &i32s);
    for (unsigned i = c->n_above; i-- > 0;) op_index(e, OP_LOCAL_SET, above[i]);
    op_index(e, OP_LOCAL_TEE, e->first);
    for (unsigned i = 0; i < c->n_above; i++) op_index(e, OP_LOCAL_GET, above[i]);
}

static void write_check(Emit *e, const SealCheck *c)
{
    uint32_t address = c->address, above[2] = {c->length, c->length};
    if (c->kind == GAP_FRAME) {
        check_frame(e, c);
        return;
    }
    if (address == NO_LOCAL) {
        address = e->first;
        put_aside(e, c, above);
    }
    switch (c->kind) {
    case GAP_FRAME: break;
    case GAP_STORE: check_store(e, c, address); break;
    case GAP_BULK: check_bulk(e, address, above[1]); break;
    case GAP_POINTER: trap_outside(e, address, e->p->walk.bounds.stack_low, e->p->walk.bounds.stack_high); break;
    }
}

/* ---- bodies ---- */

static void write_locals(const Emit *e)
{
    const SealPlan *p = e->p;
    const struct {
        uint8_t n, type;
    } more[] = {{p->ours.i32s, TYPE_I32}, {p->ours.i64, TYPE_I64}, {p->ours.f32, TYPE_F32}, {p->ours.f64, TYPE_F64},
                {p->ours.v128, TYPE_V128}};
    uint32_t groups = p->locals.groups;
    for (size_t i = 0; i < ARRAY_LEN(more); i++) groups += more[i].n != 0;
    wr_u32(e->out, groups);
    wr_bytes(e->out, wasm_at(p->m, p->locals.group_bytes), p->locals.group_bytes.size);
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        if (more[i].n) wr_bytes(e->out, (const uint8_t[]){more[i].n, more[i].type}, 2);
}

static void copy_until(Emit *e, uint32_t at)
{
    wr_bytes(e->out, e->p->m->bytes + e->done, at - e->done);
    e->done = at;
}

void seal_emit(SealPlan *p, uint32_t body, Writer *out)
{
    const WasmRange range = p->m->bodies[body];
    Emit e = {.p = p, .out = out, .done = p->locals.code_at,
              .first = p->n_params + p->locals.declared};
    write_locals(&e);
    p->head_size = (uint32_t)out->len;
    for (size_t i = 0; i < p->n_checks; i++) {
        const SealCheck *c = &p->checks[i];
        copy_until(&e, c->at);
        size_t before = out->len;
        write_check(&e, c);
        if (p->wants_inserts)
            ARENA_PUSH(p->arena, p->inserts, p->n_inserts, p->inserts_cap) =
                (CodeInsert){c->at, (uint32_t)(out->len - before)};
    }
    copy_until(&e, range.offset + range.size);
}
