/* known.c: what is known of constants, addresses and the stack pointer while a body is read. docs/rules.md,
 * P101 and P104
 *
 * A small abstract interpretation in the same pass: an operand or a local is unknown, a constant, or the
 * stack pointer at the function's start plus a constant. Values flow through locals, through addition and the
 * like, and through immutable globals; where control flow joins, locals are forgotten (operands below a block
 * cannot change in it). So what is called known is known on every path; what is not followed is simply
 * unknown. Calls are taken to leave the stack pointer as it was, as every compiler's code does. */
#include "validator/body.h"

enum { STACK_ALIGN = 16 }; /* tool-conventions BasicCABI.md "The linear stack" */
enum { STACK_STEP = 4 };   /* that of the compilers with the smallest: AssemblyScript pushes references */

void known_reset(Body *b)
{
    b->n_known =
        0; /* locals are fresh and unknown, but for zero in those that are not parameters: of no use */
    b->sp_moved = false;
    b->sp_known = true;
    b->sp_guessed = false;
    b->sp_delta = b->deepest = b->frame_depth = 0;
}

void known_forget(Body *b)
{
    b->v->report->type_comparisons += b->n_known;
    for (uint32_t i = 0; i < b->n_known; i++) b->local_types[b->known_locals[i]] &= TYPE_MASK;
    b->n_known = 0;
    if (b->sp_moved) b->sp_known = false;
}

void known_set_local(Body *b, uint32_t index, uint8_t operand, uint64_t value)
{
    if (index >= b->n_expanded) return;
    uint8_t *type = &b->local_types[index];
    if (!(operand & KNOWN)) {
        *type &= TYPE_MASK;
        return;
    }
    if ((*type & TYPE_MASK) != (operand & TYPE_MASK)) return; /* an error was reported */
    if (!(*type & KNOWN)) {
        if (b->n_known == MAX_KNOWN_LOCALS) return;
        b->known_locals[b->n_known++] = index;
        *type |= KNOWN;
    }
    b->local_vals[index] = value;
}

/* ---- the stack pointer ---- */

void known_global_get(Body *b, uint32_t index)
{
    const GlobalFacts *g = &b->v->globals[index];
    size_t slot = (size_t)(b->sp - 1 - b->ops);
    if (g->is_known) b->vals[slot] = kv(KV_CONST, g->value);
    else if (index == b->v->stack_pointer) {
        b->vals[slot] = kv(KV_STACK, b->sp_known ? b->sp_delta : 0u - b->deepest);
        b->sp_guessed |= !b->sp_known;
    } else return;
    b->sp[-1] |= KNOWN;
}

/* A value that a compiler writes to the stack pointer: a frame below where it was, or the way back. */
static bool is_frame(uint32_t delta) { return (int32_t)delta <= 0 && delta % STACK_STEP == 0; }

/* How deep the stack pointer was before this set; what is not known counts as the deepest point. */
static uint32_t depth_now(const Body *b) { return b->sp_known ? 0u - b->sp_delta : b->deepest; }

static void set_stack_pointer(Body *b, GlobalFacts *g, bool is_known, uint64_t value)
{
    Val *v = b->v;
    if (!is_known) {
        b->sp_moved = true;
        b->sp_known = false;
        return;
    }
    uint32_t low = (uint32_t)value;
    if (value >> 32 != KV_STACK) { /* a constant: only the start of an entry does this */
        if (!g->has_init || low != g->value) g->unlike_stack = true;
        b->sp_moved = true;
        b->sp_known = false;
        return;
    }
    if (!is_frame(low)) g->unlike_stack = true;
    else if (low) g->frames++;
    uint32_t before = depth_now(b), depth = 0u - low;
    b->sp_moved |= low != 0 || !b->sp_known || b->sp_delta != 0;
    b->sp_known = true;
    b->sp_delta = low;
    if ((int32_t)low > 0) return;
    if (depth > b->deepest) b->deepest = depth;
    if (depth > before && depth - before > v->null_guard) { /* one frame that could step over the guard */
        if (!b->frame_depth) b->frame_at = here(b).offset;
        b->frame_depth = b->deepest;
    }
}

/* A stack pointer is where it was when its function returns. What is not known at this point is no evidence. */
void known_leave(Body *b)
{
    if (!b->sp_moved || !b->sp_known || b->sp_guessed || b->sp_delta == 0) return;
    GlobalFacts *g = &b->v->globals[b->v->stack_pointer];
    if (g->left_by) return;
    g->left_by = b->sp_delta;
    g->left_func = b->func;
    g->left_at = here(b).offset;
}

void known_global_set(Body *b, uint32_t index, uint8_t operand, uint64_t value)
{
    GlobalFacts *g = &b->v->globals[index];
    if (g->sets++ == 0) {
        g->first_set = here(b).offset;
        g->first_func = b->func;
    }
    if (index == b->v->stack_pointer && b->v->track) set_stack_pointer(b, g, operand & KNOWN, value);
}

/* ---- arithmetic ---- */

static void set_result(Body *b, uint8_t *result, uint64_t value)
{
    b->vals[result - b->ops] = value;
    *result |= KNOWN;
}

static bool fold32(WasmOp op, uint32_t x, uint32_t y, uint32_t *out)
{
    switch (op) {
    case OP_I32_ADD: *out = x + y; return true;
    case OP_I32_SUB: *out = x - y; return true;
    case OP_I32_MUL: *out = x * y; return true;
    case OP_I32_AND: *out = x & y; return true;
    case OP_I32_OR: *out = x | y; return true;
    case OP_I32_XOR: *out = x ^ y; return true;
    case OP_I32_SHL: *out = x << (y & 31); return true;
    case OP_I32_SHR_U: *out = x >> (y & 31); return true;
    case OP_I32_SHR_S: *out = (uint32_t)((int32_t)x >> (y & 31)); return true;
    case OP_I32_ROTL: *out = x << (y & 31) | x >> (-y & 31); return true;
    case OP_I32_ROTR: *out = x >> (y & 31) | x << (-y & 31); return true;
    default: return false;
    }
}

static bool fold64(WasmOp op, uint64_t x, uint64_t y, uint64_t *out)
{
    switch (op) {
    case OP_I64_ADD: *out = x + y; return true;
    case OP_I64_SUB: *out = x - y; return true;
    case OP_I64_MUL: *out = x * y; return true;
    case OP_I64_AND: *out = x & y; return true;
    case OP_I64_OR: *out = x | y; return true;
    case OP_I64_XOR: *out = x ^ y; return true;
    case OP_I64_SHL: *out = x << (y & 63); return true;
    case OP_I64_SHR_U: *out = x >> (y & 63); return true;
    case OP_I64_SHR_S: *out = (uint64_t)((int64_t)x >> (y & 63)); return true;
    default: return false;
    }
}

/* One of the two is relative to the stack pointer. Aligning down by a mask is taken at its deepest: the frame
 * is then rather thought too large than too small. */
static bool fold_stack(WasmOp op, uint64_t left, uint64_t right, uint32_t *out)
{
    uint32_t x = (uint32_t)left, y = (uint32_t)right;
    bool left_stack = left >> 32 == KV_STACK, right_stack = right >> 32 == KV_STACK;
    if (left_stack && right_stack) return false;
    if (op == OP_I32_ADD) *out = x + y;
    else if (op == OP_I32_SUB && left_stack) *out = x - y;
    else if (op == OP_I32_AND) {
        uint32_t mask = left_stack ? y : x, delta = left_stack ? x : y,
                 low = ~mask; /* 2^n - 1 for an alignment */
        if (low & (low + 1)) return false;
        *out = (delta & ~(STACK_ALIGN - 1u)) - (low & ~(STACK_ALIGN - 1u));
    } else return false;
    return true;
}

void known_binary(Body *b, WasmOp op, uint8_t *result, uint8_t left_type, uint8_t right_type)
{
    (void)right_type;
    uint64_t left = b->vals[result - b->ops], right = b->vals[result + 1 - b->ops], value;
    uint32_t value32;
    if ((left_type & TYPE_MASK) == TYPE_I64) {
        if (fold64(op, left, right, &value)) set_result(b, result, value);
    } else if ((left_type & TYPE_MASK) != TYPE_I32) {
        return;
    } else if (left >> 32 == KV_CONST && right >> 32 == KV_CONST) {
        if (fold32(op, (uint32_t)left, (uint32_t)right, &value32))
            set_result(b, result, kv(KV_CONST, value32));
    } else if (fold_stack(op, left, right, &value32)) {
        set_result(b, result, kv(KV_STACK, value32));
    }
}

void known_unary(Body *b, WasmOp op, uint8_t *result, uint8_t operand_type)
{
    (void)operand_type;
    uint64_t operand = b->vals[result - b->ops];
    switch (op) {
    case OP_I32_WRAP_I64: set_result(b, result, kv(KV_CONST, (uint32_t)operand)); break;
    case OP_I64_EXTEND_I32_U:
        if (operand >> 32 == KV_CONST) set_result(b, result, (uint32_t)operand);
        break;
    case OP_I64_EXTEND_I32_S:
        if (operand >> 32 == KV_CONST) set_result(b, result, (uint64_t)(int64_t)(int32_t)(uint32_t)operand);
        break;
    default: break;
    }
}

/* ---- stores ---- */

void known_store(Body *b, uint64_t address, uint32_t offset, uint64_t size)
{
    if (address >> 32 != KV_CONST) return;
    judge_constant_store(b->v, here(b), (uint64_t)(uint32_t)address + offset, size);
}
