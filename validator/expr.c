/* expr.c: constant expressions. core 2.0 §3.3.10 "Constant Expressions", with extended-const's arithmetic. */
#include "validator/state.h"

typedef struct Expr {
    Val *v;
    Reader *r;
    uint8_t *stack; /* types */
    size_t n, cap;
    uint32_t at;
    bool ok;
} Expr;

static void fail(Expr *e, DiagCode code, const char *format, ...) PRINTF(3, 4);
static void fail(Expr *e, DiagCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(e->v->diags, code, place(e->v, SITE(e->at)), format, args);
    va_end(args);
    e->ok = false;
}

static void push(Expr *e, uint8_t type)
{
    uint8_t *stack = arena_grow(&e->v->scratch, e->stack, e->n, &e->cap, 1);
    if (!stack) {
        out_of_memory(e->v);
        e->ok = false;
        return;
    }
    e->stack = stack;
    stack[e->n++] = type;
}

static void pop(Expr *e, uint8_t want, const char *who)
{
    if (e->n == 0)
        fail(e, VAL_TYPE_MISMATCH, "type mismatch: %s needs %s, found nothing", who, wasm_type_text(want));
    else if (e->stack[--e->n] != want)
        fail(e, VAL_TYPE_MISMATCH, "type mismatch: %s needs %s, found %s", who, wasm_type_text(want),
             wasm_type_text(e->stack[e->n]));
}

/* Only imported globals are known here (core 2.0; a later version lets any earlier one in), and none that
 * changes. */
static void global_get(Expr *e)
{
    uint32_t index;
    const WasmModule *m = e->v->m;
    if (!(e->ok = rd_u32(e->r, "global index", &index))) return;
    if (index >= m->n_globals || index >= m->n_imported[KIND_GLOBAL])
        fail(e, VAL_UNKNOWN_GLOBAL,
             "unknown global %u: a constant expression may read imported globals, there are %u", index,
             m->n_imported[KIND_GLOBAL]);
    else if (m->globals[index].mutable)
        fail(e, VAL_NOT_CONSTANT, "constant expression required: global %u is mutable", index);
    else push(e, m->globals[index].type);
}

static void ref_func(Expr *e)
{
    uint32_t func;
    Val *v = e->v;
    if (!(e->ok = rd_u32(e->r, "function index", &func))) return;
    if (func >= v->m->n_funcs) {
        fail(e, VAL_UNKNOWN_FUNC, "unknown function %u: the module has %u", func, v->m->n_funcs);
        return;
    }
    v->declared[func / 8] |= (uint8_t)(1 << func % 8);
    push(e, TYPE_FUNCREF);
}

static void ref_null(Expr *e)
{
    uint8_t type;
    if (e->r->pos != e->r->end && *e->r->pos < 0x40) {
        refuse_feature(e->v, FEATURE_FUNCTION_REFS, SITE(e->at), "ref.null of a type index");
        e->ok = false;
        return;
    }
    if ((e->ok = rd_ref_type(e->r, e->v->allowed, "type of ref.null", &type))) push(e, type);
}

static void arithmetic(Expr *e, uint8_t type, const char *who)
{
    pop(e, type, who);
    if (e->ok) pop(e, type, who);
    if (e->ok) push(e, type);
}

static void instruction(Expr *e, WasmOp op)
{
    WasmFeature f = (WasmFeature)wasm_op_info[op].feature;
    switch (op) {
    case OP_I32_ADD:
    case OP_I32_SUB:
    case OP_I32_MUL:
    case OP_I64_ADD:
    case OP_I64_SUB:
    case OP_I64_MUL:
        if (!(e->v->allowed & FEATURE_BIT(EXTENDED_CONST))) {
            fail(e, VAL_NOT_CONSTANT,
                 "constant expression required: %s (feature extended-const is not enabled)", wasm_op_text(op));
            return;
        }
        (void)use_feature(e->v, FEATURE_EXTENDED_CONST, SITE(e->at), wasm_op_text(op));
        arithmetic(e, op == OP_I32_ADD || op == OP_I32_SUB || op == OP_I32_MUL ? TYPE_I32 : TYPE_I64,
                   wasm_op_text(op));
        return;
    case OP_I32_CONST:
    case OP_I64_CONST:
    case OP_F32_CONST:
    case OP_F64_CONST:
    case OP_V128_CONST:
        e->ok = rd_skip_imm(e->r, op);
        if (e->ok)
            push(e, op == OP_I32_CONST   ? TYPE_I32
                    : op == OP_I64_CONST ? TYPE_I64
                    : op == OP_F32_CONST ? TYPE_F32
                    : op == OP_F64_CONST ? TYPE_F64
                                         : TYPE_V128);
        break;
    case OP_REF_NULL: ref_null(e); break;
    case OP_REF_FUNC: ref_func(e); break;
    case OP_GLOBAL_GET: global_get(e); break;
    default:
        fail(e, VAL_NOT_CONSTANT, "constant expression required: %s is not constant", wasm_op_text(op));
        return;
    }
    if (f != FEATURE_MVP) (void)use_feature(e->v, f, SITE(e->at), wasm_op_text(op));
}

bool check_const_expr_at(Val *v, Reader *r, uint8_t type)
{
    Expr e = {.v = v, .r = r, .ok = true};
    WasmOp op = OP_NOP;
    do {
        e.at = (uint32_t)rd_offset(r);
        if (!rd_op(r, v->allowed, &op)) return false;
        if (op != OP_END) instruction(&e, op);
    } while (e.ok && op != OP_END);
    if (!e.ok) return false;
    pop(&e, type, "this initialiser");
    if (e.ok && e.n)
        fail(&e, VAL_TYPE_MISMATCH, "type mismatch: the initialiser leaves %zu values more than one", e.n);
    return e.ok;
}

void check_const_expr(Val *v, WasmRange range, uint8_t type)
{
    uint32_t value;
    if (type == TYPE_I32 && wasm_const_i32(v->m, range, &value)) return; /* nearly all of them */
    Reader r = wasm_reader(v->m, range, v->diags);
    if (check_const_expr_at(v, &r, type) && r.pos != r.end)
        invalid(v, VAL_NOT_CONSTANT, SITE((uint32_t)rd_offset(&r)),
                "constant expression required: code after its end");
}
