/* meter_emit.c: a planned function's body with its charges: docs/metering.md "Forms".
 *
 * Bytes are copied as they are, indices included: our locals are the last ones. Before each step the gauge is
 * put where the step needs it, in the global F or in the local L, and behind it what the plan says is
 * charged, wherever the gauge is then. So what is right is always known, and moved only when somebody needs
 * it elsewhere. */
#include "linker/meter.h"

typedef struct Emit {
    MeterPlan *p;
    Writer *out;
    uint32_t fuel, local, size; /* indices of F, L and T */
    uint32_t done;              /* bytes of the file up to here are written */
    unsigned right;             /* GAUGE_IN_F, GAUGE_IN_L */
} Emit;

static void copy_until(Emit *e, uint32_t at)
{
    wr_bytes(e->out, e->p->m->bytes + e->done, at - e->done);
    e->done = at;
}

/* ---- forms ---- */

typedef struct Form {
    uint8_t bytes[128];
    unsigned n;
} Form;

static void put(Form *f, uint8_t byte) { f->bytes[f->n++] = byte; }

static void put_op(Form *f, WasmOp op) { put(f, (uint8_t)wasm_op_info[op].code); }

static void put_index(Form *f, WasmOp op, uint32_t index)
{
    put_op(f, op);
    for (; index >= 0x80; index >>= 7) put(f, (uint8_t)(index | 0x80));
    put(f, (uint8_t)index);
}

static void put_signed(Form *f, int32_t v)
{
    for (; v >= 0x40 || v < -0x40; v >>= 7) put(f, (uint8_t)(v | 0x80));
    put(f, (uint8_t)(v & 0x7f));
}

/* A constant from 0 to 2^31 - 1. */
static void put_const(Form *f, uint32_t v)
{
    put_op(f, OP_I64_CONST);
    put_signed(f, (int32_t)v);
}

static void put_i32(Form *f, int32_t v)
{
    put_op(f, OP_I32_CONST);
    put_signed(f, v);
}

/* What was charged is on the way to the local (teed), or in F. */
static void put_check(const Emit *e, Form *f, bool in_local)
{
    put_const(f, 0);
    put_op(f, OP_I64_LT_S);
    put_op(f, OP_IF);
    put(f, TYPE_VOID);
    if (in_local) {
        put_index(f, OP_LOCAL_GET, e->local);
        put_index(f, OP_GLOBAL_SET, e->fuel);
    }
    put_op(f, OP_UNREACHABLE);
    put_op(f, OP_END);
}

static void put_subtract(Emit *e, Form *f, bool to_local)
{
    put_op(f, OP_I64_SUB);
    if (to_local) put_index(f, OP_LOCAL_TEE, e->local);
    else {
        put_index(f, OP_GLOBAL_SET, e->fuel);
        put_index(f, OP_GLOBAL_GET, e->fuel);
    }
    put_check(e, f, to_local);
    e->right = to_local ? GAUGE_IN_L : GAUGE_IN_F;
}

static void put_gauge(const Emit *e, Form *f, bool of_local)
{
    if (of_local) put_index(f, OP_LOCAL_GET, e->local);
    else put_index(f, OP_GLOBAL_GET, e->fuel);
}

static void write_form(Emit *e, const Form *f)
{
    MeterPlan *p = e->p;
    if (p->wants_inserts)
        ARENA_PUSH(p->arena, p->inserts, p->n_inserts, p->inserts_cap) = (CodeInsert){e->done, f->n};
    wr_bytes(e->out, f->bytes, f->n);
}

static void need(Emit *e, unsigned where)
{
    if (e->right & where) return;
    Form f = {.n = 0};
    put_gauge(e, &f, where == GAUGE_IN_F);
    if (where == GAUGE_IN_F) put_index(&f, OP_GLOBAL_SET, e->fuel);
    else put_index(&f, OP_LOCAL_SET, e->local);
    write_form(e, &f);
    e->right = GAUGE_IN_BOTH;
}

static bool in_local_loop(const Emit *e, const Step *s)
{
    return s->loop != NO_LABEL && e->p->labels[s->loop].local;
}

/* A charge takes the gauge from where it is; it leaves it in the local when that is where it will be needed.
 */
static void charge(Emit *e, bool to_local, uint32_t units)
{
    Form f = {.n = 0};
    bool from_local = to_local ? e->right & GAUGE_IN_L : !(e->right & GAUGE_IN_F);
    put_gauge(e, &f, from_local);
    put_const(&f, units);
    put_subtract(e, &f, to_local || from_local);
    write_form(e, &f);
}

static void charge_behind(Emit *e, const Step *s)
{
    enum { MOST = INT32_MAX }; /* of one charge */
    const Label *l = &e->p->labels[s->label];
    bool to_local = in_local_loop(e, s) || s->wants_local || (s->kind == STEP_LOOP && l->local);
    copy_until(e, s->next);
    for (uint64_t left = s->charge; left; left -= left < MOST ? left : MOST)
        charge(e, to_local, left < MOST ? (uint32_t)left : MOST);
}

/* The operand stays on the stack. */
static void charge_by_size(Emit *e, const Step *s)
{
    WasmSizedPrice price = wasm_sized_price((WasmOp)s->op);
    bool in_local = in_local_loop(e, s) || !(e->right & GAUGE_IN_F);
    if (in_local) need(e, GAUGE_IN_L);
    Form f = {.n = 0};
    put_index(&f, OP_LOCAL_TEE, e->size);
    put_gauge(e, &f, in_local);
    put_index(&f, OP_LOCAL_GET, e->size);
    put_op(&f, OP_I64_EXTEND_I32_U);
    put_const(&f, price.n);
    put_op(&f, price.per == SIZED_EACH ? OP_I64_MUL : OP_I64_SHR_U);
    put_subtract(e, &f, in_local);
    write_form(e, &f);
}

static void put_operand(Form *f, WasmOperand o)
{
    if (o.is_local) put_index(f, OP_LOCAL_GET, o.value);
    else put_i32(f, (int32_t)o.value);
}

/* How often the loop will go around, as an i64. */
static void put_rounds(Form *f, const WasmCounted *c)
{
    put_operand(f, c->high);
    put_operand(f, c->low);
    put_op(f, OP_I32_SUB);
    put_i32(f, 1 << c->shift);
    put_op(f, OP_I32_SUB);
    if (c->shift) {
        put_i32(f, c->shift);
        put_op(f, OP_I32_SHR_U);
    }
    put_op(f, OP_I64_EXTEND_I32_U);
    put_const(f, 1);
    put_op(f, OP_I64_ADD);
}

/* Or does it miss its end? */
static void put_odd(Form *f, const WasmCounted *c)
{
    if (c->shift == 0) return;
    put_operand(f, c->high);
    put_operand(f, c->low);
    put_op(f, OP_I32_XOR);
    put_i32(f, (1 << c->shift) - 1);
    put_op(f, OP_I32_AND);
    put_op(f, OP_I32_OR);
}

/* All times around a loop, before it. */
static void charge_counted(Emit *e, const Label *l, uint32_t units)
{
    bool in_local = l->local || !(e->right & GAUGE_IN_F);
    Form f = {.n = 0};
    put_gauge(e, &f, in_local);
    put_rounds(&f, &l->times);
    put_const(&f, units);
    put_op(&f, OP_I64_MUL);
    put_op(&f, OP_I64_SUB);
    put_index(&f, in_local ? OP_LOCAL_TEE : OP_GLOBAL_SET, in_local ? e->local : e->fuel);
    if (!in_local) put_index(&f, OP_GLOBAL_GET, e->fuel);
    put_const(&f, 0);
    put_op(&f, OP_I64_LT_S);
    put_odd(&f, &l->times);
    put_op(&f, OP_IF);
    put(&f, TYPE_VOID);
    put_op(&f, OP_I64_CONST);
    put_signed(&f, -1);
    put_index(&f, OP_GLOBAL_SET, e->fuel);
    put_op(&f, OP_UNREACHABLE);
    put_op(&f, OP_END);
    e->right = in_local ? GAUGE_IN_L : GAUGE_IN_F;
    write_form(e, &f);
}

/* ---- ways ---- */

static unsigned place_of(const Label *l) { return l->local ? GAUGE_IN_L : GAUGE_IN_F; }

static void go_to(Emit *e, uint32_t label)
{
    need(e, place_of(&e->p->labels[label]));
    e->p->labels[label].right_behind &= (uint8_t)e->right;
}

static void go_to_all(Emit *e, const Step *s)
{
    const uint32_t *targets = &e->p->targets[s->label];
    for (uint32_t k = 0; k < s->n_targets; k++) need(e, place_of(&e->p->labels[targets[k]]));
    for (uint32_t k = 0; k < s->n_targets; k++) e->p->labels[targets[k]].right_behind &= (uint8_t)e->right;
}

static void before_if(Emit *e, const Step *s)
{
    Label *l = &e->p->labels[s->label];
    if (!l->has_else) go_to(e, s->label); /* around it */
    l->right_at_if = (uint8_t)e->right;
}

static void before_else(Emit *e, const Step *s)
{
    if (!s->dead_before) go_to(e, s->label);
    e->right = e->p->labels[s->label].right_at_if;
}

static void before_end(Emit *e, const Step *s)
{
    const Label *l = &e->p->labels[s->label];
    if (s->label == THE_FUNCTION && !s->dead_before) need(e, GAUGE_IN_F);
    if (l->kind == STEP_LOOP || !l->joined) return;
    if (!s->dead_before) go_to(e, s->label);
    e->right = l->right_behind;
}

/* Where the gauge is at its head, it is whenever the loop goes around: in L when L is right before it. */
static void before_loop(Emit *e, const Step *s)
{
    Label *l = &e->p->labels[s->label];
    if (l->local) need(e, GAUGE_IN_L);
    if (l->counted) charge_counted(e, l, (uint32_t)s->charge);
    l->local = e->right & GAUGE_IN_L;
    e->right = place_of(l);
}

static void before_step(Emit *e, const Step *s)
{
    copy_until(e, s->at);
    switch ((StepKind)s->kind) {
    case STEP_ENTRY:
    case STEP_BLOCK:
    case STEP_TRAP: break;
    case STEP_LOOP: before_loop(e, s); break;
    case STEP_IF: before_if(e, s); break;
    case STEP_ELSE: before_else(e, s); break;
    case STEP_END: before_end(e, s); break;
    case STEP_BR:
    case STEP_BR_IF: go_to(e, s->label); break;
    case STEP_BR_TABLE: go_to_all(e, s); break;
    case STEP_CALL:
        need(e, GAUGE_IN_F);
        e->right = GAUGE_IN_F;
        break;
    case STEP_SIZED: charge_by_size(e, s); break;
    case STEP_LEAVE: need(e, GAUGE_IN_F); break;
    }
}

static void write_locals(const Emit *e)
{
    const MeterPlan *p = e->p;
    wr_u32(e->out, p->locals.groups + p->uses_size + p->uses_local);
    wr_bytes(e->out, wasm_at(p->m, p->locals.group_bytes), p->locals.group_bytes.size);
    static const uint8_t size[] = {1, TYPE_I32}, local[] = {1, TYPE_I64};
    if (p->uses_size) wr_bytes(e->out, size, sizeof size);
    if (p->uses_local) wr_bytes(e->out, local, sizeof local);
}

void meter_emit(MeterPlan *p, uint32_t body, uint32_t fuel, Writer *out)
{
    const WasmRange range = p->m->bodies[body];
    uint32_t first = p->n_params + p->locals.declared;
    Emit e = {.p = p,
              .out = out,
              .fuel = fuel,
              .size = first,
              .local = first + p->uses_size,
              .done = p->locals.code_at,
              .right = GAUGE_IN_F};
    p->n_inserts = 0;
    write_locals(&e);
    p->head_size = (uint32_t)out->len;
    for (size_t i = 0; i < p->n_steps; i++) {
        const Step *s = &p->steps[i];
        before_step(&e, s);
        if (s->charge && !(s->kind == STEP_LOOP && p->labels[s->label].counted)) charge_behind(&e, s);
    }
    copy_until(&e, range.offset + range.size);
}
