/* frame_check.c: where a function looks whether its frame fits the stack in linear memory, in the form that validator.h defines
 * ("Frame check"), behind the charge of a metered module's entry. */
#include "wasm/wasm.h"

/* The number of charges stepped over: 0 or 1. */
static uint32_t skip_charge(Reader *r, uint32_t fuel, uint32_t last_local)
{
    const uint8_t *before = r->pos;
    if (fuel) wasm_skip_charge(r, fuel - 1, last_local);
    return r->pos != before;
}

uint32_t wasm_frame_check(const WasmModule *m, uint32_t func, uint32_t stack_pointer, uint32_t fuel, uint32_t *offset)
{
    uint32_t global, number = 1;
    WasmLocals l;
    uint8_t byte;
    int32_t constant;
    WasmOp op = OP_NOP;
    if (func < m->n_imported[KIND_FUNC] || func >= m->n_funcs) return 0;
    Diags ignored = {.limit = 1};
    Reader r = wasm_reader(m, m->bodies[func - m->n_imported[KIND_FUNC]], &ignored);
    bool ok = rd_locals(&r, &l);
    uint32_t last_local = ok ? wasm_func_type(m, func)->n_params + l.declared - 1 : 0;
    if (ok) number += skip_charge(&r, fuel, last_local);
    ok = ok && rd_op(&r, FEATURES_ALL, &op);
    if (ok && op == OP_I32_CONST) /* an entry thunk's reset of the stack pointer stands before it */
        ok = rd_s32(&r, "stack_high", &constant) && rd_op(&r, FEATURES_ALL, &op) && op == OP_GLOBAL_SET &&
             rd_u32(&r, "global", &global) && rd_op(&r, FEATURES_ALL, &op);
    ok = ok && op == OP_GLOBAL_GET && rd_u32(&r, "global", &global) && global == stack_pointer && rd_op(&r, FEATURES_ALL, &op) &&
         op == OP_I32_CONST && rd_s32(&r, "limit", &constant) && rd_op(&r, FEATURES_ALL, &op) && op == OP_I32_LT_U &&
         rd_op(&r, FEATURES_ALL, &op) && op == OP_IF && rd_byte(&r, "block type", &byte);
    if (ok) number += skip_charge(&r, fuel, last_local); /* exact metering pays for the trap as well */
    if (ok && offset) *offset = (uint32_t)rd_offset(&r);
    ok = ok && rd_op(&r, FEATURES_ALL, &op) && op == OP_UNREACHABLE;
    diag_free(&ignored);
    return ok ? number : 0;
}
