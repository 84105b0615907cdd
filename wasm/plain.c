/* plain.c: stepping over runs of plain instructions of valid code: those that pass control to the next one and cost what
 * they always cost, which is most of all code. Passes that follow control look at the others only. */
#include "wasm/wasm.h"

enum { NOT_PLAIN, ALONE, NUMBER /* LEB128 */, LOCAL, GLOBAL, NUMBERS /* two */, FOUR_BYTES, EIGHT_BYTES };

static uint8_t form_of(WasmOp op)
{
    switch (op) { /* control goes elsewhere, or comes from elsewhere */
    case OP_UNREACHABLE:
    case OP_ELSE:
    case OP_END:
    case OP_RETURN: return NOT_PLAIN;
    default: break;
    }
    switch ((WasmImm)wasm_op_info[op].imm) {
    case IMM_NONE: return ALONE;
    case IMM_LOCAL: return LOCAL;
    case IMM_GLOBAL: return GLOBAL;
    case IMM_I32:
    case IMM_I64: return NUMBER;
    case IMM_MEMARG: return NUMBERS;
    case IMM_F32: return FOUR_BYTES;
    case IMM_F64: return EIGHT_BYTES;
    default: return NOT_PLAIN;
    }
}

void wasm_plain_begin(WasmPlain *p)
{
    *p = (WasmPlain){.local = UINT32_MAX, .global = UINT32_MAX};
    for (WasmOp op = 0; op < OP_COUNT; op++) {
        const WasmInstr i = {.op = op};
        if (wasm_op_info[op].prefix || wasm_sized_price(op).per != SIZED_NOT) continue;
        p->ops[wasm_op_info[op].code].form = form_of(op);
        if (form_of(op)) p->ops[wasm_op_info[op].code].price = (uint8_t)wasm_price(NULL, &i, 0);
    }
}

static const uint8_t *behind_number(const uint8_t *at)
{
    while (*at++ & 0x80) {}
    return at;
}

static bool is_index(const uint8_t *at, uint32_t wanted)
{
    uint32_t index;
    if (*at < 0x80) return *at == wanted;
    return short_leb(at, &index) == 0 || index == wanted; /* five bytes: somebody else looks closely */
}

uint64_t wasm_skip_plain(const WasmPlain *p, Reader *r, const uint8_t **last)
{
    enum { LONGEST = 1 + 2 * 5 + 10 }; /* none is cut off by the end */
    uint64_t cost = 0;
    const uint8_t *at = r->pos, *before = NULL;
    while (r->end - at > LONGEST) {
        const WasmPlainOp op = p->ops[*at];
        const uint8_t *behind = at + 1;
        switch (op.form) {
        case ALONE: break;
        case LOCAL:
            if (is_index(behind, p->local)) goto stop;
            behind = behind_number(behind);
            break;
        case GLOBAL:
            if (is_index(behind, p->global)) goto stop;
            behind = behind_number(behind);
            break;
        case NUMBER: behind = behind_number(behind); break;
        case NUMBERS: behind = behind_number(behind_number(behind)); break;
        case FOUR_BYTES: behind += 4; break;
        case EIGHT_BYTES: behind += 8; break;
        default: goto stop;
        }
        cost += op.price;
        before = at;
        at = behind;
    }
stop:
    r->pos = at;
    *last = before;
    return cost;
}
