/* decode_vector.c: vector instructions into register code: what each takes from the operand stack and puts there. A vector is
 * two slots. Source: core 2.0 §4.4.3 "Vector Instructions" */
#include "loader/decode_impl.h"

#include <assert.h>

/* The signature is that of opcodes.def, a letter a value. Two vectors alone are taken from wherever they lie, other operands
 * stand in their own slots, one behind the other. */
static void decode_vector_op(Decoder *d, WasmOp op, SimdFn *fn)
{
    const WasmOpInfo *info = &wasm_op_info[op];
    const uint8_t *lane = NULL;
    uint16_t a, b = 0;
    if (info->imm == IMM_LANE && !rd_bytes(&d->in, "lane", 1, &lane)) return;
    if (strcmp(info->pops, "V") == 0) {
        a = dec_pop_wide(d);
    } else if (strcmp(info->pops, "VV") == 0) {
        b = dec_pop_wide(d);
        a = dec_pop_wide(d);
    } else {
        uint32_t n = 0;
        for (const char *letter = info->pops; *letter; letter++) n += *letter == 'V' ? 2 : 1;
        dec_flush_top(d, n);
        dec_set_height(d, d->height - n);
        a = (uint16_t)dec_slot_of_height(d, d->height);
    }
    Ins *ins = dec_emit(d, REG_V_OP);
    ins->a = a;
    ins->b = b;
    ins->c = lane ? *lane : 0;
    ins->imm64 = (uintptr_t)fn;
    dec_acc_lost(d);
    if (info->pushes[0] == 'V') {
        dec_push_wide_result(d);
        return;
    }
    uint32_t slot = dec_slot_of_height(d, d->height);
    dec_slot_changes(d, slot);
    ins->d = (uint16_t)slot;
    dec_push_temps(d, 1);
}

/* The vector just pushed, lane by lane, where it lies. */
static void decode_vector_canonical(Decoder *d, SimdFn *fn)
{
    uint16_t slot = dec_pop_wide(d);
    Ins *ins = dec_emit(d, REG_V_OP);
    ins->a = slot;
    ins->imm64 = (uintptr_t)fn;
    dec_push_wide_result(d);
}

static void decode_shuffle(Decoder *d)
{
    const uint8_t *lanes = NULL;
    bool ok = rd_bytes(&d->in, "lanes", 16, &lanes);
    assert(ok);
    (void)ok;
    uint16_t b = dec_pop_wide(d), a = dec_pop_wide(d);
    Ins *ins = dec_emit(d, REG_V_SHUFFLE);
    ins->a = a;
    ins->b = b;
    memcpy(d->out + d->last + 2, lanes, 16);
    dec_acc_lost(d);
    dec_push_wide_result(d);
}

static void decode_vector_const(Decoder *d)
{
    const uint8_t *bytes = NULL;
    uint64_t half[2] = {0};
    bool ok = rd_bytes(&d->in, "v128", 16, &bytes);
    assert(ok);
    if (ok) memcpy(half, bytes, sizeof half); /* little-endian, see simd.c */
    dec_push_const(d, half[0]);
    dec_push_const(d, half[1]);
    dec_mark_wide(d);
}

static void decode_vector_load(Decoder *d, RegOp reg_op, SimdLoadFn *fn)
{
    uint32_t offset = dec_read_memarg(d);
    Operand address = dec_pop(d);
    dec_in_slot(d, &address);
    Ins *ins = dec_emit(d, reg_op);
    ins->a = (uint16_t)address.slot;
    ins->u = offset;
    if (fn) {
        ins->imm64 = (uintptr_t)fn;
        dec_acc_lost(d);
    }
    dec_push_wide_result(d);
}

static void decode_vector_store(Decoder *d)
{
    uint32_t offset = dec_read_memarg(d);
    uint16_t value = dec_pop_wide(d);
    Operand address = dec_pop(d);
    dec_in_slot(d, &address);
    Ins *ins = dec_emit(d, REG_V_STORE128);
    ins->d = (uint16_t)address.slot;
    ins->a = value;
    ins->u = offset;
}

static void decode_lane_access(Decoder *d, RegOp reg_op, bool is_load)
{
    uint32_t offset = dec_read_memarg(d);
    const uint8_t *lane = NULL;
    bool ok = rd_bytes(&d->in, "lane", 1, &lane);
    assert(ok);
    dec_flush_top(d, 3);
    dec_set_height(d, d->height - 3);
    Ins *ins = dec_emit(d, reg_op);
    ins->a = (uint16_t)dec_slot_of_height(d, d->height);
    ins->u = offset;
    ins->u2 = ok ? *lane : 0;
    if (is_load) dec_push_wide_result(d);
}

void decode_vector(Decoder *d, WasmOp op)
{
    SimdFn *fn = simd_fn(op);
    SimdLoadFn *load_fn = simd_load_fn(op);
    if (fn) {
        SimdFn *canonical = d->code->module->canonical_nans ? simd_canonical(op) : NULL;
        decode_vector_op(d, op, fn);
        if (canonical) decode_vector_canonical(d, canonical);
        return;
    }
    switch (op) {
    case OP_V128_CONST: decode_vector_const(d); return;
    case OP_I8X16_SHUFFLE: decode_shuffle(d); return;
    case OP_V128_LOAD: decode_vector_load(d, REG_V_LOAD128, NULL); return;
    case OP_V128_STORE: decode_vector_store(d); return;
    case OP_V128_LOAD8_SPLAT: decode_vector_load(d, REG_V_LOAD8, load_fn); return;
    case OP_V128_LOAD16_SPLAT: decode_vector_load(d, REG_V_LOAD16, load_fn); return;
    case OP_V128_LOAD32_SPLAT:
    case OP_V128_LOAD32_ZERO: decode_vector_load(d, REG_V_LOAD32, load_fn); return;
    case OP_V128_LOAD8_LANE: decode_lane_access(d, REG_V_LOAD8_LANE, true); return;
    case OP_V128_LOAD16_LANE: decode_lane_access(d, REG_V_LOAD16_LANE, true); return;
    case OP_V128_LOAD32_LANE: decode_lane_access(d, REG_V_LOAD32_LANE, true); return;
    case OP_V128_LOAD64_LANE: decode_lane_access(d, REG_V_LOAD64_LANE, true); return;
    case OP_V128_STORE8_LANE: decode_lane_access(d, REG_V_STORE8_LANE, false); return;
    case OP_V128_STORE16_LANE: decode_lane_access(d, REG_V_STORE16_LANE, false); return;
    case OP_V128_STORE32_LANE: decode_lane_access(d, REG_V_STORE32_LANE, false); return;
    case OP_V128_STORE64_LANE: decode_lane_access(d, REG_V_STORE64_LANE, false); return;
    default:
        if (load_fn) decode_vector_load(d, REG_V_LOAD64, load_fn);
        else dec_fail(d, TRAP_TOO_COMPLEX); /* what compile() did not announce in its features */
    }
}
