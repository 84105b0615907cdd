/* fast.c: the loop over the instructions of a body: short cuts for those that most code consists of.
 *
 * One handler for each class of instructions, reached by a computed goto through a table of the 256 opcode
 * bytes, which is made from opcodes.def. A handler looks first and changes something only when all is as
 * expected; otherwise it jumps to `slow`, where body.c does the same instruction from its opcode on, with
 * errors, features, unreachable code and every rare form. So nothing is decided here that is not decided
 * there; taking all of this away changes the speed only.
 *
 * No handler checks for the end of the body: a body that ends less than MARGIN bytes before the end of the
 * file is left to body.c, so that immediates can be read; one that crosses the end is done again there, and
 * reported. No handler checks for too few operands: below each block's operands is a SENTINEL, which is no
 * type (body.h). */
#include "validator/body.h"

#include <string.h>

enum { MARGIN = 32 }; /* longer than any instruction that is read here */

static void one_slow_step(Body *b)
{
    if (b->r.pos == b->r.end) {
        b->at = b->r.pos;
        body_error(b, VAL_BODY_END, "unexpected end of section or function: END opcode expected");
        b->dead = true;
        return;
    }
    WasmOp op = read_opcode(b);
    if (op != OP_COUNT) check_instruction(b, op);
}

/* ---- the table of opcode bytes ---- */

typedef enum Class {
    C_SLOW,
    C_NOP,
    C_UNREACHABLE,
    C_BLOCK,
    C_LOOP,
    C_IF,
    C_ELSE,
    C_END,
    C_BR,
    C_BR_IF,
    C_RETURN,
    C_CALL,
    C_CALL_INDIRECT,
    C_DROP,
    C_SELECT,
    C_LOCAL_GET,
    C_LOCAL_SET,
    C_LOCAL_TEE,
    C_GLOBAL_GET,
    C_GLOBAL_SET,
    C_LOAD,
    C_STORE,
    C_I32_CONST,
    C_I64_CONST,
    C_F32_CONST,
    C_F64_CONST,
    C_UNARY,
    C_BINARY,
    C_I32_BINARY,
    C_SIGN_EXT,
    C_SIMD,
    C_COUNT
} Class;

static Class class_of_hand_written(WasmOp op)
{
    switch (op) {
    case OP_NOP: return C_NOP;
    case OP_UNREACHABLE: return C_UNREACHABLE;
    case OP_BLOCK: return C_BLOCK;
    case OP_LOOP: return C_LOOP;
    case OP_IF: return C_IF;
    case OP_ELSE: return C_ELSE;
    case OP_END: return C_END;
    case OP_BR: return C_BR;
    case OP_BR_IF: return C_BR_IF;
    case OP_RETURN: return C_RETURN;
    case OP_CALL: return C_CALL;
    case OP_CALL_INDIRECT: return C_CALL_INDIRECT;
    case OP_DROP: return C_DROP;
    case OP_SELECT: return C_SELECT;
    case OP_LOCAL_GET: return C_LOCAL_GET;
    case OP_LOCAL_SET: return C_LOCAL_SET;
    case OP_LOCAL_TEE: return C_LOCAL_TEE;
    case OP_GLOBAL_GET: return C_GLOBAL_GET;
    case OP_GLOBAL_SET: return C_GLOBAL_SET;
    case OP_I32_CONST: return C_I32_CONST;
    case OP_I64_CONST: return C_I64_CONST;
    case OP_F32_CONST: return C_F32_CONST;
    case OP_F64_CONST: return C_F64_CONST;
    default: return C_SLOW;
    }
}

static Class class_of(const Body *b, WasmOp op, const WasmOpInfo *info)
{
    size_t pops = strlen(info->pops), pushes = strlen(info->pushes);
    if (info->feature == FEATURE_SIGN_EXT) return C_SIGN_EXT;
    if (info->feature != FEATURE_MVP) return C_SLOW;
    if (info->imm == IMM_MEMARG) return b->m->n_memories == 0 ? C_SLOW : pushes ? C_LOAD : C_STORE;
    if (info->imm != IMM_NONE || info->pops[0] == '*' || pops == 0 || pushes != 1)
        return class_of_hand_written(op);
    if (pops == 1) return C_UNARY;
    return info->pops[0] == 'i' && info->pushes[0] == 'i' ? C_I32_BINARY : C_BINARY;
}

static uint8_t row_type(char letter)
{
    switch (letter) {
    case 'i': return TYPE_I32;
    case 'I': return TYPE_I64;
    case 'f': return TYPE_F32;
    case 'F': return TYPE_F64;
    case 'V': return TYPE_V128;
    default: return 0; /* none */
    }
}

static void fill_row(FastRow *row, const WasmOpInfo *info)
{
    size_t n = strlen(info->pops);
    row->n_in = (uint8_t)n;
    for (size_t i = 0; i < n && i < sizeof row->in; i++) row->in[i] = row_type(info->pops[i]);
    row->out = row_type(info->pushes[0]);
    row->align_log2 = info->align_log2;
}

static FastKind simd_kind(const Body *b, const WasmOpInfo *info)
{
    switch ((WasmImm)info->imm) {
    case IMM_NONE: return FAST_PLAIN;
    case IMM_MEMARG: return b->m->n_memories == 0 ? FAST_NONE : info->pushes[0] ? FAST_LOAD : FAST_STORE;
    case IMM_LANE: return FAST_LANE;
    case IMM_LANES16: return FAST_LANES16;
    case IMM_V128: return FAST_V128;
    default: return FAST_NONE;
    }
}

/* Vector instructions by the second number: all but loads and stores of lanes. */
static void fill_simd(Body *b)
{
    for (uint32_t code = 0; code < ARRAY_LEN(b->simd); code++) {
        WasmOp op = wasm_op_find(0xfd, code);
        if (op == OP_COUNT) continue;
        const WasmOpInfo *info = &wasm_op_info[op];
        if (info->feature != FEATURE_SIMD || !(b->v->allowed & FEATURE_BIT(SIMD))) continue;
        fill_row(&b->simd[code], info);
        b->simd[code].kind = simd_kind(b, info);
    }
}

static void fill_tables(Body *b, const void *const labels[C_COUNT])
{
    for (int byte = 0; byte < 256; byte++) {
        WasmOp op = wasm_op_find(0, (uint32_t)byte);
        b->jump[byte] = labels[C_SLOW];
        if (op == OP_COUNT) continue;
        b->jump[byte] = labels[class_of(b, op, &wasm_op_info[op])];
        fill_row(&b->rows[byte], &wasm_op_info[op]);
    }
    b->jump[0xfd] = labels[C_SIMD];
    fill_simd(b);
}

/* ---- reading ---- */

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint16_t load16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* LEB128 of at most four bytes: no bits can be too many. Longer ones are for body.c. */
#define READ_U32(out)                                                                                        \
    do {                                                                                                     \
        (out) = p[0];                                                                                        \
        if ((out) < 0x80) p += 1;                                                                            \
        else if (p[1] < 0x80) (out) = ((out)&0x7f) | (uint32_t)p[1] << 7, p += 2;                            \
        else if (p[2] < 0x80)                                                                                \
            (out) = ((out)&0x7f) | (uint32_t)(p[1] & 0x7f) << 7 | (uint32_t)p[2] << 14, p += 3;              \
        else if (p[3] < 0x80)                                                                                \
            (out) = ((out)&0x7f) | (uint32_t)(p[1] & 0x7f) << 7 | (uint32_t)(p[2] & 0x7f) << 14 |            \
                    (uint32_t)p[3] << 21,                                                                    \
            p += 4;                                                                                          \
        else goto slow;                                                                                      \
    } while (0)

/* ---- the loop ---- */

#define SAME(w, t0, t1)   (((w)&0x7f7f) == ((t0) | (t1) << 8))
#define IS(operand, type) (((operand)&TYPE_MASK) == (type))
#define NEXT                                                                                                 \
    do {                                                                                                     \
        if (__builtin_expect(p >= end, 0)) goto over;                                                        \
        at = p;                                                                                              \
        goto *jump[*p++];                                                                                    \
    } while (0)

static void run_fast(Body *b)
{
    static const void *const labels[C_COUNT] = {[C_SLOW] = &&slow,
                                                [C_NOP] = &&nop,
                                                [C_UNREACHABLE] = &&unreachable,
                                                [C_BLOCK] = &&block,
                                                [C_LOOP] = &&loop,
                                                [C_IF] = &&if_,
                                                [C_ELSE] = &&else_,
                                                [C_END] = &&end_,
                                                [C_BR] = &&br,
                                                [C_BR_IF] = &&br_if,
                                                [C_RETURN] = &&return_,
                                                [C_CALL] = &&call,
                                                [C_CALL_INDIRECT] = &&call_indirect,
                                                [C_DROP] = &&drop,
                                                [C_SELECT] = &&select,
                                                [C_LOCAL_GET] = &&local_get,
                                                [C_LOCAL_SET] = &&local_set,
                                                [C_LOCAL_TEE] = &&local_tee,
                                                [C_GLOBAL_GET] = &&global_get,
                                                [C_GLOBAL_SET] = &&global_set,
                                                [C_LOAD] = &&load,
                                                [C_STORE] = &&store,
                                                [C_I32_CONST] = &&i32_const,
                                                [C_I64_CONST] = &&i64_const,
                                                [C_F32_CONST] = &&f32_const,
                                                [C_F64_CONST] = &&f64_const,
                                                [C_UNARY] = &&unary,
                                                [C_BINARY] = &&binary,
                                                [C_I32_BINARY] = &&i32_binary,
                                                [C_SIGN_EXT] = &&sign_ext,
                                                [C_SIMD] = &&simd};
    if (!b->jump[0]) fill_tables(b, labels);

    /* Stores of operands are stores of bytes, which may be to anything as far as the compiler knows: what
     * does not change while handlers run is kept in variables of its own. `slow` may move the operands. */
    const WasmModule *const m = b->m;
    const WasmType *const types = m->types;
    const uint32_t *const func_types = m->func_types;
    const uint32_t n_funcs = m->n_funcs, n_locals = b->n_expanded;
    const void *const *const jump = b->jump;
    uint8_t *const local_types = b->local_types;
    uint8_t *ops = b->ops;
    uint64_t *vals = b->vals;
    Ctl *ctl = b->ctl;
    Val *const v = b->v;
    const bool track = v->track;
    const uint8_t known = track ? KNOWN : 0;
    const uint8_t *p = b->r.pos, *const end = b->r.end, *at = p;
    uint8_t *sp = b->sp;
    uint32_t n, label;
    uint8_t t;
    bool wrote = false;
    NEXT;

    /* ---- control ---- */
nop:
    NEXT;

unreachable:
    sp = ops + ctl->height;
    ctl->unreachable = true;
    NEXT;

block:
    n = CTL_BLOCK;
    goto open;
loop:
    n = CTL_LOOP;
    goto open;
if_:
    n = CTL_IF;
open: /* a block of kind n without parameters, with at most one result */
    t = *p;
    if (t != TYPE_VOID && (t < TYPE_F64 || t > TYPE_I32)) goto slow;
    if (ctl >= b->ctl_last) goto slow;
    if (n == CTL_IF) {
        if (!IS(sp[-1], TYPE_I32)) goto slow;
        sp--;
    } else if (n == CTL_LOOP) {
        known_join(b);
    }
    p++;
    *sp++ = SENTINEL;
    *++ctl = (Ctl){.height = (uint32_t)(sp - ops), .sig = t, .kind = (uint8_t)n};
    NEXT;

else_ : {
    Ctl *c = ctl;
    uint8_t *base = ops + c->height;
    if (c->kind != CTL_IF || c->sig >= SIG_INDEX) goto slow;
    if (c->sig == TYPE_VOID ? sp != base : sp != base + 1 || !IS(*base, c->sig)) goto slow;
    sp = base;
    c->kind = CTL_ELSE;
    c->unreachable = false;
    known_join(b);
    NEXT;
}

end_ : {
    Ctl *c = ctl;
    uint8_t *base = ops + c->height;
    if (c->sig == TYPE_VOID) {
        if (sp != base) goto slow;
        sp = base - 1;
    } else if (c->sig < SIG_INDEX) {
        if (sp != base + 1 || !IS(*base, c->sig) || c->kind == CTL_IF) goto slow;
        base[-1] = (uint8_t)c->sig; /* where the sentinel was */
        sp = base;
    } else if (c->kind == CTL_FUNC && p == end && sp == base + b->type->n_results &&
               b->type->n_results <= 1) {
        if (b->type->n_results && !IS(*base, b->type->results[0])) goto slow;
        goto done;
    } else {
        goto slow;
    }
    ctl = c - 1;
    known_join(b);
    NEXT;
}

br_if:
    READ_U32(label);
    if (!IS(sp[-1], TYPE_I32) || label > (size_t)(ctl - b->ctls)) goto slow;
    {
        const Ctl *c = ctl - label;
        if (c->sig >= SIG_INDEX) goto slow;
        if (c->sig != TYPE_VOID && c->kind != CTL_LOOP && !IS(sp[-2], c->sig)) goto slow;
    }
    sp--;
    NEXT;

br:
    READ_U32(label);
    if (label > (size_t)(ctl - b->ctls)) goto slow;
    {
        const Ctl *c = ctl - label;
        if (c->sig >= SIG_INDEX) goto slow;
        if (c->sig != TYPE_VOID && c->kind != CTL_LOOP && !IS(sp[-1], c->sig)) goto slow;
    }
    goto unreachable;

return_:
    if (b->type->n_results > 1 || (b->type->n_results == 1 && !IS(sp[-1], b->type->results[0]))) goto slow;
    if (b->sp_moved && !ctl->unreachable) {
        b->at = at;
        known_leave(b);
    }
    goto unreachable;

call : {
    READ_U32(n);
    if (n >= n_funcs) goto slow;
    const WasmType *type = &types[func_types[n]];
    if (type->n_params > 8 || type->n_results > 1) goto slow;
    if (type->n_params) {
        /* the last eight operands against the eight bytes up to the last parameter's type; what is too many
         * shifts out */
        uint64_t different =
            (load64(sp - 8) ^ load64(type->params + type->n_params - 8)) & 0x7f7f7f7f7f7f7f7f;
        if (different >> (8 * (8 - type->n_params))) goto slow;
    }
    sp -= type->n_params;
    if (type->n_results) *sp++ = type->results[0];
    NEXT;
}

call_indirect : {
    READ_U32(n);
    if (*p != 0 || m->n_tables == 0 || m->tables[0].elem_type != TYPE_FUNCREF || n >= m->n_types) goto slow;
    const WasmType *type = &types[n];
    if (!IS(sp[-1], TYPE_I32) || type->n_params > 8 || type->n_results > 1) goto slow;
    if (type->n_params) {
        uint64_t different =
            (load64(sp - 9) ^ load64(type->params + type->n_params - 8)) & 0x7f7f7f7f7f7f7f7f;
        if (different >> (8 * (8 - type->n_params))) goto slow;
    }
    p++;
    sp -= type->n_params + 1;
    if (type->n_results) *sp++ = type->results[0];
    NEXT;
}

    /* ---- parametric, variables ---- */
drop:
    if (sp[-1] == SENTINEL) goto slow;
    sp--;
    NEXT;

select:
    t = sp[-2] & TYPE_MASK;
    if (!IS(sp[-1], TYPE_I32) || !IS(sp[-3], t) || t < TYPE_V128) goto slow;
    sp -= 2;
    sp[-1] = t;
    NEXT;

local_get:
    READ_U32(n);
    if (n >= n_locals) goto slow;
    t = local_types[n];
    if (t & KNOWN) vals[sp - ops] = b->local_vals[n];
    *sp++ = t;
    NEXT;

local_set:
    READ_U32(n);
    if (n >= n_locals) goto slow;
    t = local_types[n];
    if ((t ^ sp[-1]) & TYPE_MASK) goto slow;
    sp--;
    if ((t | *sp) & KNOWN) known_set_local(b, n, *sp, vals[sp - ops]);
    NEXT;

local_tee:
    READ_U32(n);
    if (n >= n_locals) goto slow;
    t = local_types[n];
    if ((t ^ sp[-1]) & TYPE_MASK) goto slow;
    if ((t | sp[-1]) & KNOWN) known_set_local(b, n, sp[-1], vals[sp - 1 - ops]);
    NEXT;

global_get:
    READ_U32(n);
    if (n >= m->n_globals) goto slow;
    *sp++ = m->globals[n].type;
    if (track) {
        b->sp = sp;
        known_global_get(b, n);
    }
    NEXT;

global_set:
    READ_U32(n);
    if (n >= m->n_globals || !m->globals[n].mutable || !IS(sp[-1], m->globals[n].type)) goto slow;
    sp--;
    if (v->judging) {
        b->at = at;
        known_global_set(b, n, *sp, *sp & KNOWN ? vals[sp - ops] : 0);
    }
    NEXT;

    /* ---- memory ---- */
load : {
    const FastRow *row = &b->rows[*at];
    if (!IS(sp[-1], TYPE_I32) || *p > row->align_log2) goto slow;
    p++;
    READ_U32(n);
    sp[-1] = row->out;
    NEXT;
}

store : {
    const FastRow *row = &b->rows[*at];
    uint16_t w = load16(sp - 2);
    if (!SAME(w, TYPE_I32, row->in[1]) || *p > row->align_log2) goto slow;
    p++;
    READ_U32(n);
    sp -= 2;
    wrote = true;
    if (w & KNOWN) {
        b->at = at;
        known_store(b, vals[sp - ops], n, UINT64_C(1) << row->align_log2);
    }
    NEXT;
}

    /* ---- numbers ---- */
i32_const : {
    uint32_t value = p[0];
    if (value < 0x80) {
        value = (uint32_t)((int32_t)(value << 25) >> 25);
        p += 1;
    } else if (p[1] < 0x80) {
        value = (uint32_t)((int32_t)((value & 0x7f) << 18 | (uint32_t)p[1] << 25) >> 18);
        p += 2;
    } else if (p[2] < 0x80) {
        value = (uint32_t)((int32_t)((value & 0x7f) << 11 | (uint32_t)(p[1] & 0x7f) << 18 |
                                     (uint32_t)p[2] << 25) >>
                           11);
        p += 3;
    } else if (p[3] < 0x80) {
        value = (uint32_t)((int32_t)((value & 0x7f) << 4 | (uint32_t)(p[1] & 0x7f) << 11 |
                                     (uint32_t)(p[2] & 0x7f) << 18 | (uint32_t)p[3] << 25) >>
                           4);
        p += 4;
    } else if (p[4] < 0x08 || (p[4] & 0xf8) == 0x78) { /* the bits that do not fit are the sign's */
        value = (value & 0x7f) | (uint32_t)(p[1] & 0x7f) << 7 | (uint32_t)(p[2] & 0x7f) << 14 |
                (uint32_t)(p[3] & 0x7f) << 21 | (uint32_t)p[4] << 28;
        p += 5;
    } else {
        goto slow;
    }
    if (track) vals[sp - ops] = kv(KV_CONST, value);
    *sp++ = TYPE_I32 | known;
    NEXT;
}

i64_const : {
    uint64_t value = 0;
    unsigned shift = 0;
    do {
        if (shift == 63) goto slow;
        value |= (uint64_t)(*p & 0x7f) << shift;
        shift += 7;
    } while (*p++ & 0x80);
    if (track) vals[sp - ops] = (uint64_t)((int64_t)(value << (64 - shift)) >> (64 - shift));
    *sp++ = TYPE_I64 | known;
    NEXT;
}

f32_const:
    p += 4;
    *sp++ = TYPE_F32;
    NEXT;

f64_const:
    p += 8;
    *sp++ = TYPE_F64;
    NEXT;

sign_ext:
    if (!(v->used & FEATURE_BIT(SIGN_EXT))) goto slow;
unary : {
    const FastRow *row = &b->rows[*at];
    t = sp[-1];
    if (!IS(t, row->in[0])) goto slow;
    sp[-1] = row->out;
    if (t & KNOWN) known_unary(b, wasm_op_find(0, *at), sp - 1, t);
    NEXT;
}

i32_binary : {
    uint16_t w = load16(sp - 2);
    if (!SAME(w, TYPE_I32, TYPE_I32)) goto slow;
    sp--;
    sp[-1] = TYPE_I32;
    if ((w & 0x8080) == 0x8080) known_binary(b, wasm_op_find(0, *at), sp - 1, (uint8_t)w, (uint8_t)(w >> 8));
    NEXT;
}

binary : {
    const FastRow *row = &b->rows[*at];
    uint16_t w = load16(sp - 2);
    if (!SAME(w, row->in[0], row->in[1])) goto slow;
    sp--;
    sp[-1] = row->out;
    if ((w & 0x8080) == 0x8080) known_binary(b, wasm_op_find(0, *at), sp - 1, (uint8_t)w, (uint8_t)(w >> 8));
    NEXT;
}

    /* ---- vectors ---- */
simd : {
    READ_U32(n);
    if (n >= ARRAY_LEN(b->simd) || !(v->used & FEATURE_BIT(SIMD))) goto slow;
    const FastRow *row = &b->simd[n];
    if (row->kind == FAST_NONE) goto slow;
    for (uint8_t i = 0; i < row->n_in; i++)
        if (!IS(sp[i - row->n_in], row->in[i])) goto slow;
    switch (row->kind) {
    case FAST_LANE: /* the column align of opcodes.def has log2 of the number of lanes */
        if (*p++ >> row->align_log2) goto slow;
        break;
    case FAST_LANES16:
        if ((load64(p) | load64(p + 8)) & 0xe0e0e0e0e0e0e0e0) goto slow; /* each chooses one of 32 */
        p += 16;
        break;
    case FAST_V128: p += 16; break;
    case FAST_LOAD:
    case FAST_STORE:
        if (*p > row->align_log2 || (row->kind == FAST_STORE && (sp[-2] & KNOWN))) goto slow;
        p++;
        READ_U32(n);
        wrote |= row->kind == FAST_STORE;
        break;
    default: break;
    }
    sp -= row->n_in;
    if (row->out) *sp++ = row->out;
    NEXT;
}

over: /* an instruction ended at the end of the body, or crossed it: body.c says so */
    at = p == end ? p : at;
slow:
    b->r.pos = at;
    b->sp = sp;
    b->ctl = ctl;
    one_slow_step(b);
    p = b->r.pos;
    sp = b->sp;
    ctl = b->ctl;
    ops = b->ops;
    vals = b->vals;
    if (!b->dead) NEXT;
done:
    v->memory_written |= wrote;
}

void run_body(Body *b)
{
    const uint8_t *file_end = b->m->bytes + b->m->size;
    if ((size_t)(file_end - b->r.end) >= MARGIN) run_fast(b);
    else
        while (!b->dead) one_slow_step(b);
}
