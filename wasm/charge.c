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
