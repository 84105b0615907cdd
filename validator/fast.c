/* fast.c: the loop over the instructions of a body. */
#include "validator/body.h"

void run_body(Body *b)
{
    while (!b->dead) {
        if (b->r.pos == b->r.end) {
            b->at = b->r.pos;
            body_error(b, VAL_BODY_END, "unexpected end of section or function: END opcode expected");
            return;
        }
        WasmOp op = read_opcode(b);
        if (op != OP_COUNT) check_instruction(b, op);
    }
}
