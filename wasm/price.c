/* price.c: what instructions cost, from prices.def: the validator proves with it what the linker charges by it. */
#include "wasm/wasm.h"

/* 1 + price; 0: like all others */
static const uint8_t bases[OP_COUNT] = {
#define PRICE(op, base)         [OP_##op] = 1 + base,
#define SIZED(op, base, PER, n) [OP_##op] = 1 + base,
#include "wasm/prices.def"
#undef PRICE
#undef SIZED
};

WasmSizedPrice wasm_sized_price(WasmOp op)
{
    switch (op) {
#define PRICE(op, base)
#define SIZED(op, base, PER, n)                                                                                        \
    case OP_##op: return (WasmSizedPrice){SIZED_##PER, n};
#include "wasm/prices.def"
#undef PRICE
#undef SIZED
    default: return (WasmSizedPrice){SIZED_NOT, 0};
    }
}

uint32_t wasm_price(const WasmModule *m, const WasmInstr *i, uint32_t carried)
{
    uint32_t price = bases[i->op] ? bases[i->op] - 1u : WASM_PRICE_OTHERS;
    const WasmType *type = NULL;
    switch (i->op) {
    case OP_BR:
    case OP_BR_IF:
    case OP_BR_TABLE:
    case OP_RETURN: return price + carried;
    case OP_CALL:
    case OP_RETURN_CALL: type = wasm_func_type(m, i->index); break;
    case OP_CALL_INDIRECT:
    case OP_RETURN_CALL_INDIRECT:
        if (i->index < m->n_types) type = &m->types[i->index];
        break;
    default: break;
    }
    return type ? price + type->n_params + type->n_results : price;
}
