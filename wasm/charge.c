/* charge.c: reading the forms of docs/metering.md: the validator proves by them, the interpreter runs each as one step.
 *
 * Each form is read from its first instruction; what is not quite a form is none. */
#include "wasm/wasm.h"

enum { MOST_CHARGE = 0x7fffffff };

static bool take(Reader *s, WasmOp op, WasmInstr *i)
{
    Reader before = *s;
    if (s->pos != s->end && rd_instr(s, i) && i->op == op) return true;
    *s = before;
    return false;
}

static bool take_op(Reader *s, WasmOp op)
{
    WasmInstr i;
    return take(s, op, &i);
}

static bool take_index(Reader *s, WasmOp op, uint32_t index)
{
    WasmInstr i;
    return take(s, op, &i) && i.index == index;
}

static bool take_value(Reader *s, WasmOp op, int64_t value)
{
    WasmInstr i;
    return take(s, op, &i) && i.value == value;
}

/* i64.const 0  i64.lt_s  if */
static bool take_test(Reader *s)
{
    return take_value(s, OP_I64_CONST, 0) && take_op(s, OP_I64_LT_S) && take_value(s, OP_IF, BLOCK_VOID);
}

static bool take_trap(Reader *s) { return take_op(s, OP_UNREACHABLE) && take_op(s, OP_END); }

static bool take_gauge(Reader *s, uint32_t fuel, uint32_t local, uint8_t *from)
{
    Reader copy = *s;
    if (take_index(s, OP_GLOBAL_GET, fuel)) return *from = GAUGE_F, true;
    *s = copy;
    if (take_index(s, OP_LOCAL_GET, local)) return *from = GAUGE_L, true;
    return false;
}

/* What stands behind the subtraction: the new gauge is kept in F, or in L, and tested. */
static bool take_rest(Reader *s, uint32_t fuel, uint32_t local, uint8_t *kept)
{
    Reader copy = *s;
    *kept = GAUGE_F;
    if (take_index(s, OP_GLOBAL_SET, fuel))
        return take_index(s, OP_GLOBAL_GET, fuel) && take_test(s) && take_trap(s);
    *s = copy;
    *kept = GAUGE_L;
    return take_index(s, OP_LOCAL_TEE, local) && take_test(s) && take_index(s, OP_LOCAL_GET, local) &&
           take_index(s, OP_GLOBAL_SET, fuel) && take_trap(s);
}

bool wasm_read_charge(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out)
{
    WasmInstr amount;
    r.pos = at;
    if (!take_gauge(&r, fuel, local, &out->from) || !take(&r, OP_I64_CONST, &amount) || !take_op(&r, OP_I64_SUB) ||
        !take_rest(&r, fuel, local, &out->kept))
        return false;
    if (out->from == GAUGE_L && out->kept == GAUGE_F) return false; /* none of the forms */
    out->amount = amount.value;
    out->end = r.pos;
    return amount.value >= 1 && amount.value <= MOST_CHARGE;
}

void wasm_skip_charge(Reader *r, uint32_t fuel, uint32_t local)
{
    WasmCharge charge;
    if (wasm_read_charge(*r, r->pos, fuel, local, &charge)) r->pos = charge.end;
}

bool wasm_read_gauge_move(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out)
{
    r.pos = at;
    if (!take_gauge(&r, fuel, local, &out->from)) return false;
    if (out->from == GAUGE_F ? !take_index(&r, OP_LOCAL_SET, local) : !take_index(&r, OP_GLOBAL_SET, fuel)) return false;
    out->end = r.pos;
    return true;
}

static bool take_scale(Reader *s, WasmSizedPrice *out)
{
    WasmInstr n;
    if (!take(s, OP_I64_CONST, &n) || n.value < 0 || n.value > MOST_CHARGE) return false;
    out->n = (uint32_t)n.value;
    out->per = SIZED_EACH;
    if (take_op(s, OP_I64_MUL)) return true;
    out->per = SIZED_POWER;
    return take_op(s, OP_I64_SHR_U);
}

bool wasm_read_sized_charge(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out)
{
    WasmInstr operand;
    r.pos = at;
    if (!take(&r, OP_LOCAL_TEE, &operand) || !take_gauge(&r, fuel, local, &out->from) ||
        !take_index(&r, OP_LOCAL_GET, operand.index) || !take_op(&r, OP_I64_EXTEND_I32_U) || !take_scale(&r, &out->sized) ||
        !take_op(&r, OP_I64_SUB) || !take_rest(&r, fuel, local, &out->kept))
        return false;
    out->end = r.pos;
    return out->kept == out->from;
}

/* ---- counted loops ---- */

static bool same_operand(WasmOperand a, WasmOperand b) { return a.is_local == b.is_local && a.value == b.value; }

static bool take_operand(Reader *s, WasmOperand *out)
{
    Reader copy = *s;
    WasmInstr i;
    if (take(s, OP_LOCAL_GET, &i)) {
        *out = (WasmOperand){true, i.index};
        return true;
    }
    *s = copy;
    if (!take(s, OP_I32_CONST, &i)) return false;
    *out = (WasmOperand){false, (uint32_t)i.value};
    return true;
}

static bool take_this_operand(Reader *s, WasmOperand wanted)
{
    WasmOperand found;
    return take_operand(s, &found) && same_operand(found, wanted);
}

static bool take_distance(Reader *s, WasmCounted *out)
{
    return take_operand(s, &out->high) && take_operand(s, &out->low) && take_op(s, OP_I32_SUB) &&
           (out->high.is_local || out->low.is_local) && !same_operand(out->high, out->low);
}

/* 2^n as an i32.const, n at most WASM_COUNTED_SHIFT */
static bool take_power(Reader *s, uint8_t *shift)
{
    WasmInstr i;
    if (!take(s, OP_I32_CONST, &i) || i.value < 1 || i.value > 1 << WASM_COUNTED_SHIFT) return false;
    *shift = (uint8_t)__builtin_ctz((unsigned)i.value);
    return i.value == 1 << *shift;
}

/* How often the loop goes around, as an i64: (distance - 2^shift >> shift) + 1 */
static bool take_rounds(Reader *s, WasmCounted *out)
{
    return take_distance(s, out) && take_power(s, &out->shift) && take_op(s, OP_I32_SUB) &&
           (out->shift == 0 || (take_value(s, OP_I32_CONST, out->shift) && take_op(s, OP_I32_SHR_U))) &&
           take_op(s, OP_I64_EXTEND_I32_U) && take_value(s, OP_I64_CONST, 1) && take_op(s, OP_I64_ADD);
}

/* Does the step lead past the end? Such a loop goes around for ever, or as good as that. */
static bool take_odd(Reader *s, const WasmCounted *c)
{
    return take_this_operand(s, c->high) && take_this_operand(s, c->low) && take_op(s, OP_I32_XOR) &&
           take_value(s, OP_I32_CONST, (1 << c->shift) - 1) && take_op(s, OP_I32_AND) && take_op(s, OP_I32_OR);
}

bool wasm_read_counted_charge(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out)
{
    WasmInstr amount;
    r.pos = at;
    if (!take_gauge(&r, fuel, local, &out->from) || !take_rounds(&r, &out->counted) || !take(&r, OP_I64_CONST, &amount) ||
        !take_op(&r, OP_I64_MUL) || !take_op(&r, OP_I64_SUB))
        return false;
    bool in_local = out->from == GAUGE_L;
    if (in_local ? !take_index(&r, OP_LOCAL_TEE, local)
                 : !take_index(&r, OP_GLOBAL_SET, fuel) || !take_index(&r, OP_GLOBAL_GET, fuel))
        return false;
    if (!take_value(&r, OP_I64_CONST, 0) || !take_op(&r, OP_I64_LT_S) ||
        (out->counted.shift && !take_odd(&r, &out->counted)) || !take_value(&r, OP_IF, BLOCK_VOID) ||
        !take_value(&r, OP_I64_CONST, -1) || !take_index(&r, OP_GLOBAL_SET, fuel) || !take_trap(&r))
        return false;
    out->kept = out->from;
    out->amount = amount.value;
    out->end = r.pos;
    return amount.value >= 1 && amount.value <= MOST_CHARGE;
}

/* local.get i  i32.const n  i32.add  local.tee i */
static bool take_advance(Reader *s, uint32_t *counter, int64_t *by)
{
    WasmInstr i, n;
    if (!take(s, OP_LOCAL_GET, &i) || !take(s, OP_I32_CONST, &n) || !take_op(s, OP_I32_ADD)) return false;
    *counter = i.index;
    *by = n.value;
    return take_index(s, OP_LOCAL_TEE, i.index);
}

/* The counter moves on, and is compared with the end: which may stand before it, or be 0 and left out. */
static bool take_step(Reader *s, uint32_t *counter, int64_t *by, WasmOperand *end)
{
    Reader start = *s;
    if (take_advance(s, counter, by)) {
        Reader moved = *s;
        if (take_operand(s, end) && take_op(s, OP_I32_NE)) return true;
        *s = moved;
        *end = (WasmOperand){0};
        return true;
    }
    *s = start;
    return take_operand(s, end) && take_advance(s, counter, by) && take_op(s, OP_I32_NE);
}

bool wasm_find_counted_step(Reader r, const uint8_t *at, WasmCounted *out, const uint8_t **end)
{
    uint32_t counter;
    int64_t by;
    WasmOperand stop;
    r.pos = at;
    if (!take_step(&r, &counter, &by, &stop) || !take_index(&r, OP_BR_IF, 0)) return false;
    WasmOperand moving = {true, counter};
    int64_t stride = by < 0 ? -by : by;
    *out = by < 0 ? (WasmCounted){.high = moving, .low = stop} : (WasmCounted){.high = stop, .low = moving};
    *end = r.pos;
    if (same_operand(moving, stop) || stride < 1 || stride > 1 << WASM_COUNTED_SHIFT) return false;
    out->shift = (uint8_t)__builtin_ctzll((unsigned long long)stride);
    return stride == 1 << out->shift;
}

bool wasm_read_counted_step(Reader r, const uint8_t *at, const WasmCounted *c, const uint8_t **end)
{
    WasmCounted found;
    return wasm_find_counted_step(r, at, &found, end) && same_operand(found.high, c->high) &&
           same_operand(found.low, c->low) && found.shift == c->shift;
}
