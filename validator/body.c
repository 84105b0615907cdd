/* body.c: one function body, by the algorithm of core 2.0 §7.3 "Validation Algorithm": push_val, pop_val,
 * push_ctrl, pop_ctrl, unreachable. Every instruction is here; fast.c has short cuts for the common ones and
 * comes back here whenever something is not as it expects, so that each error has one place.
 *
 * What an instruction pops and pushes stands in opcodes.def; code is written only for control flow, for
 * instructions with indices, and for the few that are polymorphic. After an error the rest of the block
 * counts as unreachable: what follows is still checked, but one mistake is one message. */
#include "validator/body.h"

#include <string.h>

/* ---- errors ---- */

static void vrecord(Body *b, DiagCode code, const char *format, va_list args) PRINTF(3, 0);
static void vrecord(Body *b, DiagCode code, const char *format, va_list args)
{
    if (only_marked(b->v)) return;
    diag_vadd(b->v->diags, code, place(b->v, here(b)), format, args);
}

void body_error(Body *b, DiagCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vrecord(b, code, format, args);
    va_end(args);
}

/* After the reader has recorded why the code cannot be read further: say where it happened. */
static void give_up(Body *b)
{
    b->dead = true;
    Diags *d = b->v->diags;
    if (only_marked(b->v)) return;
    DiagPlace *p = d->n ? &d->items[d->n - 1].place : NULL;
    if (!p || p->func != DIAG_NOWHERE32 || p->offset != rd_offset(&b->r)) return; /* it was over the limit */
    Str name = func_name(b->v, b->func);
    const char *copy = name.len ? arena_strndup(&d->arena, name.ptr, name.len) : NULL;
    p->func = b->func;
    p->func_name = copy ? (Str){copy, name.len} : (Str){0};
}

static bool read_u32(Body *b, const char *what, uint32_t *out)
{
    if (rd_u32(&b->r, what, out)) return true;
    give_up(b);
    return false;
}

static bool read_byte(Body *b, const char *what, uint8_t *out)
{
    if (rd_byte(&b->r, what, out)) return true;
    give_up(b);
    return false;
}

static const char *type_text(uint8_t type)
{
    if ((type & TYPE_MASK) == BOTTOM) return "anything";
    return wasm_type_text(type & TYPE_MASK);
}

static const char *op_text(const Body *b)
{
    uint32_t code = *b->at;
    uint8_t prefix = 0;
    if (code >= 0xfb && code <= 0xfe) { /* it was read once: it is well-formed */
        prefix = (uint8_t)code;
        code = b->at[1] & 0x7f;
        for (const uint8_t *p = b->at + 1; *p & 0x80; p++)
            code |= (uint32_t)(p[1] & 0x7f) << 7 * (p + 1 - b->at - 1);
    }
    WasmOp op = wasm_op_find(prefix, code);
    return op == OP_COUNT ? "?" : wasm_op_text(op);
}

/* ---- types of blocks ---- */

static const uint8_t single[128] = {[TYPE_I32] = TYPE_I32,
                                    [TYPE_I64] = TYPE_I64,
                                    [TYPE_F32] = TYPE_F32,
                                    [TYPE_F64] = TYPE_F64,
                                    [TYPE_V128] = TYPE_V128,
                                    [TYPE_FUNCREF] = TYPE_FUNCREF,
                                    [TYPE_EXTERNREF] = TYPE_EXTERNREF};

static const uint8_t *sig_params(const Body *b, uint32_t sig, uint32_t *n)
{
    const WasmType *t = sig >= SIG_INDEX ? &b->m->types[sig - SIG_INDEX] : NULL;
    *n = t ? t->n_params : 0;
    return t ? t->params : single;
}

static const uint8_t *sig_results(const Body *b, uint32_t sig, uint32_t *n)
{
    const WasmType *t = sig >= SIG_INDEX ? &b->m->types[sig - SIG_INDEX] : NULL;
    *n = t ? t->n_results : sig == TYPE_VOID ? 0 : 1;
    return t ? t->results : &single[sig & TYPE_MASK];
}

const uint8_t *label_types(const Body *b, const Ctl *c, uint32_t *n)
{
    return c->kind == CTL_LOOP ? sig_params(b, c->sig, n) : sig_results(b, c->sig, n);
}

const uint8_t *end_types(const Body *b, const Ctl *c, uint32_t *n) { return sig_results(b, c->sig, n); }

/* ---- the operand stack ---- */

/* Moves the first `used` operands into room for cap of them. */
static bool grow_operands(Body *b, size_t used, size_t cap)
{
    Val *v = b->v;
    uint8_t *ops = arena_alloc(&v->scratch, cap);
    uint64_t *vals = ops && v->track ? arena_array(&v->scratch, cap, sizeof *vals) : NULL;
    if (!ops || (v->track && !vals)) {
        out_of_memory(v);
        b->dead = true;
        return false;
    }
    if (used) memcpy(ops, b->ops, used);
    for (size_t i = 0; vals && i < used; i++)
        if (ops[i] & KNOWN) vals[i] = b->vals[i];
    b->ops = ops;
    b->vals = vals;
    b->sp = ops + used;
    b->ops_end = ops + cap;
    return true;
}

bool reserve_operands(Body *b, uint32_t n)
{
    size_t used = (size_t)(b->sp - b->ops), left = rd_left(&b->r);
    size_t need = used + n + left + OPS_PAD; /* each byte of code can push one operand or sentinel */
    if (need <= (size_t)(b->ops_end - b->ops)) return true;
    if (used + n > VAL_MAX_OPERANDS + (size_t)OPS_PAD) {
        body_error(b, VAL_IMPLEMENTATION, "operand stack higher than %d in one function", VAL_MAX_OPERANDS);
        b->dead = true;
        return false;
    }
    return grow_operands(b, used, need + need / 2);
}

static void push_val(Body *b, uint8_t type) { *b->sp++ = type; }

static void unreachable(Body *b)
{
    b->sp = frame_base(b);
    b->ctl->unreachable = true;
}

static void missing(Body *b, uint8_t want)
{
    body_error(b, VAL_TYPE_MISMATCH, "type mismatch: %s needs %s, found nothing", op_text(b),
               want == BOTTOM ? "an operand" : type_text(want));
    unreachable(b);
}

static void mismatch(Body *b, uint8_t want, uint8_t actual)
{
    body_error(b, VAL_TYPE_MISMATCH, "type mismatch: %s needs %s, found %s", op_text(b), type_text(want),
               type_text(actual));
    unreachable(b);
}

/* Any type; the KNOWN bit is left in it. */
static uint8_t pop_any(Body *b)
{
    if (b->sp == frame_base(b)) {
        if (!b->ctl->unreachable) missing(b, BOTTOM);
        return BOTTOM;
    }
    return *--b->sp;
}

static uint8_t pop_val(Body *b, uint8_t want)
{
    if (b->sp == frame_base(b)) {
        if (!b->ctl->unreachable) missing(b, want);
        return BOTTOM;
    }
    uint8_t actual = *--b->sp;
    if ((actual & TYPE_MASK) != want && (actual & TYPE_MASK) != BOTTOM && want != BOTTOM)
        mismatch(b, want, actual);
    return actual;
}

/* Do the topmost n operands, all there and all of these very types? */
static bool same_types(const uint8_t *operands, const uint8_t *types, uint32_t n)
{
    uint8_t different = 0;
    for (uint32_t i = 0; i < n; i++) different |= (operands[i] ^ types[i]) & TYPE_MASK;
    return different == 0;
}

static void pop_vals(Body *b, const uint8_t *types, uint32_t n)
{
    b->v->report->type_comparisons += n;
    if (n <= (size_t)(b->sp - frame_base(b)) && same_types(b->sp - n, types, n)) {
        b->sp -= n;
        return;
    }
    while (n) pop_val(b, types[--n]);
}

static void push_vals(Body *b, const uint8_t *types, uint32_t n)
{
    if (n > 1 && !reserve_operands(b, n)) return;
    for (uint32_t i = 0; i < n; i++) b->sp[i] = types[i];
    b->sp += n;
    b->v->report->type_comparisons += n;
}

/* What br_table asks of each of its labels: that these operands are there, without taking them. */
static bool have_vals(Body *b, const uint8_t *types, uint32_t n)
{
    b->v->report->type_comparisons += n;
    size_t there = (size_t)(b->sp - frame_base(b));
    if (there < n && !b->ctl->unreachable) {
        body_error(b, VAL_TYPE_MISMATCH, "type mismatch: %s needs %u operands, found %zu", op_text(b), n,
                   there);
        return false;
    }
    for (uint32_t i = 1; i <= n && i <= there; i++) {
        uint8_t actual = b->sp[-(ptrdiff_t)i] & TYPE_MASK;
        if (actual == types[n - i] || actual == BOTTOM) continue;
        body_error(b, VAL_TYPE_MISMATCH, "type mismatch: %s needs %s, found %s", op_text(b),
                   type_text(types[n - i]), type_text(actual));
        return false;
    }
    return true;
}

/* ---- the control stack ---- */

/* Where fast.c stops opening blocks by itself: at the end of the room, or of the policy's patience. */
static void limit_ctls(Body *b)
{
    uint64_t limit = b->v->limits[VAL_LIMIT_NESTING];
    size_t last = b->cap_ctls - 1;
    b->ctl_last = b->ctls + (limit < last && !b->nested_too_deep ? limit : last);
}

static void push_ctrl(Body *b, CtlKind kind, uint32_t sig)
{
    size_t depth = (size_t)(b->ctl - b->ctls) + 1;
    if (depth >= b->cap_ctls) {
        Ctl *grown = arena_grow(&b->v->scratch, b->ctls, depth, &b->cap_ctls, sizeof *grown);
        if (!grown) {
            out_of_memory(b->v);
            b->dead = true;
            return;
        }
        b->ctls = grown;
        limit_ctls(b);
    }
    Val *v = b->v;
    if (depth > v->limits[VAL_LIMIT_NESTING] && !b->nested_too_deep) {
        b->nested_too_deep = true; /* said once a function */
        limit_ctls(b);
        violated(v, RULE_P604, here(b), (Str){0}, "blocks nested %zu deep, limits.nesting is %llu", depth,
                 (unsigned long long)v->limits[VAL_LIMIT_NESTING]);
    }
    uint32_t n;
    const uint8_t *params = sig_params(b, sig, &n);
    push_val(b, SENTINEL);
    b->ctl = &b->ctls[depth];
    *b->ctl = (Ctl){.height = (uint32_t)(b->sp - b->ops), .sig = sig, .kind = (uint8_t)kind};
    push_vals(b, params, n);
}

/* Takes the innermost block and its results off; the block itself is returned. */
static Ctl pop_ctrl(Body *b)
{
    Ctl c = *b->ctl;
    uint32_t n;
    const uint8_t *results = end_types(b, &c, &n);
    pop_vals(b, results, n);
    if (b->sp != frame_base(b)) {
        body_error(b, VAL_TYPE_MISMATCH,
                   "type mismatch: values remaining on stack at end of block: %zu too many, the topmost %s",
                   (size_t)(b->sp - frame_base(b)), type_text(b->sp[-1]));
        b->sp = frame_base(b);
    }
    b->sp--; /* the sentinel */
    b->ctl--;
    return c;
}

/* The block that a branch goes to; NULL was reported. */
static const Ctl *find_label(Body *b, uint32_t label)
{
    size_t open = (size_t)(b->ctl - b->ctls) + 1;
    if (label < open) return b->ctl - label;
    body_error(b, VAL_UNKNOWN_LABEL, "unknown label %u: %zu blocks are open", label, open);
    return NULL;
}

/* ---- immediates ---- */

static void feature_error(Body *b, WasmFeature f, const char *what)
{
    refuse_feature(b->v, f, here(b), what);
}

static bool feature(Body *b, WasmFeature f, const char *what) { return use_feature(b->v, f, here(b), what); }

/* §5.4.1: one byte for void or a value type, which are negative numbers; else a type index. */
static bool read_block_type(Body *b, uint32_t *sig)
{
    if (b->r.pos != b->r.end) {
        uint8_t first = *b->r.pos;
        if (first == TYPE_VOID) {
            b->r.pos++;
            *sig = TYPE_VOID;
            return true;
        }
        if ((first & 0xc0) == 0x40) { /* one byte, negative */
            uint8_t type;
            if (!rd_value_type(&b->r, b->v->allowed, "block type", &type)) {
                give_up(b);
                return false;
            }
            if (type == TYPE_V128) (void)feature(b, FEATURE_SIMD, "v128");
            *sig = type;
            return true;
        }
    }
    int64_t index;
    if (!rd_s33(&b->r, "block type", &index)) {
        give_up(b);
        return false;
    }
    if (index < 0 || index >= b->m->n_types) {
        body_error(b, VAL_UNKNOWN_TYPE, "unknown type %lld: the module has %u", (long long)index,
                   b->m->n_types);
        b->dead = true;
        return false;
    }
    if (!feature(b, FEATURE_MULTI_VALUE, "block with a type index")) return false;
    *sig = SIG_INDEX + (uint32_t)index;
    return true;
}

/* The one memory; core 2.0 encodes it as a zero byte. */
static bool need_memory(Body *b)
{
    if (b->m->n_memories) return true;
    body_error(b, VAL_UNKNOWN_MEMORY, "unknown memory 0: %s in a module without memory", op_text(b));
    return false;
}

static bool read_memory(Body *b)
{
    uint8_t index;
    if (!read_byte(b, "memory index", &index)) return false;
    if (index != 0) {
        body_error(b, WASM_FEATURE, "zero byte expected: feature %s is not supported: %s with a memory index",
                   wasm_feature_text(FEATURE_MULTI_MEMORY), op_text(b));
        b->dead = true;
        return false;
    }
    return true;
}

typedef struct MemArg {
    uint32_t align_log2, offset;
} MemArg;

static bool read_memarg(Body *b, uint8_t natural, MemArg *out)
{
    enum { HAS_MEMORY_INDEX = 0x40, FLAGS_END = 0x80, ALIGN_END = 32 };
    if (!read_u32(b, "alignment", &out->align_log2)) return false;
    if (out->align_log2 >= HAS_MEMORY_INDEX && out->align_log2 < FLAGS_END) {
        body_error(b, WASM_FEATURE,
                   "malformed memop flags 0x%x: feature %s is not supported: %s with a memory index",
                   out->align_log2, wasm_feature_text(FEATURE_MULTI_MEMORY), op_text(b));
        b->dead = true;
        return false;
    }
    if (!read_u32(b, "offset", &out->offset)) return false;
    if (out->align_log2 > natural)
        body_error(b, VAL_ALIGNMENT, "%salignment must not be larger than natural: 2^%u of %s",
                   out->align_log2 >= ALIGN_END ? "malformed memop flags: " : "", out->align_log2,
                   op_text(b));
    (void)need_memory(b);
    return true;
}

static bool read_table(Body *b, const char *what, uint32_t *index)
{
    const uint8_t *start = b->r.pos;
    if (!read_u32(b, what, index)) return false;
    if (*index >= b->m->n_tables) {
        body_error(b, VAL_UNKNOWN_TABLE, "unknown table %u: the module has %u", *index, b->m->n_tables);
        *index = NONE32;
        return true;
    }
    /* before reference types this was one zero byte */
    if (*index || b->r.pos - start != 1) (void)feature(b, FEATURE_REFERENCE_TYPES, "table index");
    return true;
}

static uint8_t elem_type(const Body *b, uint32_t table)
{
    return table == NONE32 ? BOTTOM : b->m->tables[table].elem_type;
}

static bool read_data_index(Body *b, uint32_t *index)
{
    if (!read_u32(b, "data segment index", index)) return false;
    if (!b->m->has_data_count) body_error(b, VAL_DATA_COUNT, "data count section required: %s", op_text(b));
    else if (*index >= b->m->data_count)
        body_error(b, VAL_UNKNOWN_DATA, "unknown data segment %u: the module has %u", *index,
                   b->m->data_count);
    return true;
}

static bool read_elem_index(Body *b, uint32_t *index)
{
    if (!read_u32(b, "element segment index", index)) return false;
    if (*index >= b->m->n_elems) {
        body_error(b, VAL_UNKNOWN_ELEM, "unknown elem segment %u: the module has %u", *index, b->m->n_elems);
        *index = NONE32;
    }
    return true;
}

/* ---- instructions that are decided by hand ---- */

static void check_block(Body *b, WasmOp op)
{
    uint32_t sig, n;
    if (!read_block_type(b, &sig)) return;
    if (op == OP_IF) pop_val(b, TYPE_I32);
    const uint8_t *params = sig_params(b, sig, &n);
    pop_vals(b, params, n);
    if (op == OP_LOOP) known_join(b);
    push_ctrl(b, op == OP_BLOCK ? CTL_BLOCK : op == OP_LOOP ? CTL_LOOP : CTL_IF, sig);
}

static void check_else(Body *b)
{
    if (b->ctl->kind != CTL_IF) {
        body_error(b, VAL_ELSE, "END opcode expected: else without if");
        b->dead = true;
        return;
    }
    Ctl c = pop_ctrl(b);
    known_join(b);
    push_ctrl(b, CTL_ELSE, c.sig);
}

static void check_end(Body *b)
{
    uint32_t n_params, n_results;
    Ctl c = *b->ctl;
    if (c.kind == CTL_IF) { /* a missing else hands the parameters on */
        const uint8_t *params = sig_params(b, c.sig, &n_params), *results = sig_results(b, c.sig, &n_results);
        if (n_params != n_results || (n_params && memcmp(params, results, n_params) != 0))
            body_error(b, VAL_TYPE_MISMATCH,
                       "type mismatch: if without else must have the same parameters and results");
    }
    if (b->ctl == b->ctls) { /* the function itself */
        pop_ctrl(b);
        b->ctl = b->ctls;
        if (b->r.pos != b->r.end)
            body_error(b, VAL_BODY_END, "END opcode expected: %zu bytes after the end of the function",
                       rd_left(&b->r));
        b->dead = true;
        return;
    }
    pop_ctrl(b);
    known_join(b);
    const uint8_t *results = sig_results(b, c.sig, &n_results);
    push_vals(b, results, n_results);
}

static void check_br(Body *b, bool conditional)
{
    uint32_t label, n;
    if (!read_u32(b, "label", &label)) return;
    if (conditional) pop_val(b, TYPE_I32);
    const Ctl *target = find_label(b, label);
    if (!target) {
        unreachable(b);
        return;
    }
    const uint8_t *types = label_types(b, target, &n);
    pop_vals(b, types, n);
    if (conditional) push_vals(b, types, n);
    else unreachable(b);
}

static void check_br_table(Body *b)
{
    uint32_t n, label, n_types = 0;
    if (!rd_count(&b->r, "branch targets", 1, &n)) {
        give_up(b);
        return;
    }
    Val *v = b->v;
    if (n > v->limits[VAL_LIMIT_BR_TABLE])
        violated(v, RULE_P604, here(b), (Str){0}, "br_table of %u targets, limits.br_table is %llu", n,
                 (unsigned long long)v->limits[VAL_LIMIT_BR_TABLE]);
    pop_val(b, TYPE_I32);
    const uint8_t *types = NULL; /* those of the last label: most tables have labels of one type */
    uint32_t arity = 0;
    bool ok = true;
    for (uint32_t i = 0; i <= n; i++) {
        if (b->r.pos != b->r.end && *b->r.pos < 0x80) label = *b->r.pos++; /* nearly all */
        else if (!read_u32(b, "label", &label)) return;
        const Ctl *target = ok ? find_label(b, label) : NULL;
        if (!target) {
            ok = false;
            continue;
        }
        const uint8_t *these = label_types(b, target, &n_types);
        if (types && n_types != arity) {
            body_error(b, VAL_TYPE_MISMATCH, "type mismatch: br_table to labels of %u and of %u operands",
                       arity, n_types);
            ok = false;
        } else if (these != types) {
            ok = have_vals(b, these, n_types);
        }
        types = these;
        arity = n_types;
    }
    unreachable(b);
}

/* The signature of a call: its operands, its results. */
static void apply(Body *b, const WasmType *t)
{
    pop_vals(b, t->params, t->n_params);
    push_vals(b, t->results, t->n_results);
}

/* A tail call gives the callee's results as one's own. */
static void tail(Body *b, const WasmType *t)
{
    pop_vals(b, t->params, t->n_params);
    const WasmType *own = b->type;
    if (t->n_results != own->n_results ||
        (t->n_results && memcmp(t->results, own->results, t->n_results) != 0))
        body_error(b, VAL_TYPE_MISMATCH, "type mismatch: %s of a function with other results than this one's",
                   op_text(b));
    unreachable(b);
}

static void check_call(Body *b, bool is_tail)
{
    uint32_t func;
    if (!read_u32(b, "function index", &func)) return;
    const WasmType *t = wasm_func_type(b->m, func);
    if (!t) {
        body_error(b, VAL_UNKNOWN_FUNC, "unknown function %u: the module has %u", func, b->m->n_funcs);
        unreachable(b);
        return;
    }
    if (is_tail) tail(b, t);
    else apply(b, t);
}

static void check_call_indirect(Body *b, bool is_tail)
{
    uint32_t type, table;
    if (!read_u32(b, "type index", &type) || !read_table(b, "table index", &table)) return;
    if (table != NONE32 && elem_type(b, table) != TYPE_FUNCREF)
        body_error(b, VAL_TYPE_MISMATCH, "type mismatch: %s through a table of %s", op_text(b),
                   type_text(elem_type(b, table)));
    if (type >= b->m->n_types) {
        body_error(b, VAL_UNKNOWN_TYPE, "unknown type %u: the module has %u", type, b->m->n_types);
        unreachable(b);
        return;
    }
    pop_val(b, TYPE_I32);
    if (is_tail) tail(b, &b->m->types[type]);
    else apply(b, &b->m->types[type]);
}

static bool is_number_or_vector(uint8_t t)
{
    t &= TYPE_MASK;
    return t == BOTTOM || (t >= TYPE_V128 && t <= TYPE_I32);
}

static void check_select(Body *b)
{
    pop_val(b, TYPE_I32);
    uint8_t second = pop_any(b) & TYPE_MASK, first = pop_any(b) & TYPE_MASK;
    if (!is_number_or_vector(first) || !is_number_or_vector(second)) {
        body_error(b, VAL_TYPE_MISMATCH,
                   "type mismatch: select without a type needs numbers or vectors, found %s and %s",
                   type_text(first), type_text(second));
        unreachable(b);
    } else if (first != second && first != BOTTOM && second != BOTTOM) {
        mismatch(b, first, second);
    }
    push_val(b, first == BOTTOM ? second : first);
}

static void check_select_t(Body *b)
{
    uint32_t n;
    uint8_t type = BOTTOM;
    if (!rd_count(&b->r, "types", 1, &n)) {
        give_up(b);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (!rd_value_type(&b->r, b->v->allowed, "type of select", &type)) {
            give_up(b);
            return;
        }
    if (n != 1) {
        body_error(b, VAL_ARITY, "invalid result arity: select of %u types", n);
        type = BOTTOM;
    }
    pop_val(b, TYPE_I32);
    pop_val(b, type);
    pop_val(b, type);
    push_val(b, type);
}

/* The local's type with its KNOWN bit, or BOTTOM when there is no such local. */
static uint8_t read_local(Body *b, uint32_t *index)
{
    if (!read_u32(b, "local index", index)) return BOTTOM;
    if (*index < b->n_locals) return local_type(b, *index);
    body_error(b, VAL_UNKNOWN_LOCAL, "unknown local %u: the function has %u", *index, b->n_locals);
    return BOTTOM;
}

static void check_local(Body *b, WasmOp op)
{
    uint32_t index;
    uint8_t type = read_local(b, &index), operand;
    if (b->dead) return;
    if (op == OP_LOCAL_GET) {
        if (type & KNOWN) b->vals[b->sp - b->ops] = b->local_vals[index];
        push_val(b, type);
        return;
    }
    operand = pop_val(b, type & TYPE_MASK);
    if ((type | operand) & KNOWN)
        known_set_local(b, index, operand, operand & KNOWN ? b->vals[b->sp - b->ops] : 0);
    if (op == OP_LOCAL_TEE) push_val(b, (type & TYPE_MASK) | (operand & KNOWN));
}

static void check_global(Body *b, WasmOp op)
{
    uint32_t index;
    uint8_t operand;
    if (!read_u32(b, "global index", &index)) return;
    if (index >= b->m->n_globals) {
        body_error(b, VAL_UNKNOWN_GLOBAL, "unknown global %u: the module has %u", index, b->m->n_globals);
        if (op == OP_GLOBAL_SET) pop_any(b);
        else push_val(b, BOTTOM);
        return;
    }
    const WasmGlobal *g = &b->m->globals[index];
    if (op == OP_GLOBAL_GET) {
        push_val(b, g->type);
        if (b->v->track) known_global_get(b, index);
        return;
    }
    if (!g->mutable) body_error(b, VAL_IMMUTABLE, "global is immutable: %u", index);
    operand = pop_val(b, g->type);
    if (b->v->judging) known_global_set(b, index, operand, operand & KNOWN ? b->vals[b->sp - b->ops] : 0);
}

/* P105: each instruction that changes a table is a finding. */
static void table_changed(Body *b)
{
    b->v->table_writes++;
    violated(b->v, RULE_P105, here(b), (Str){0}, "%s changes a table", op_text(b));
}

static void check_table_op(Body *b, WasmOp op)
{
    uint32_t table, second, segment;
    uint8_t type;
    switch (op) {
    case OP_TABLE_GET:
        if (!read_table(b, "table index", &table)) return;
        pop_val(b, TYPE_I32);
        push_val(b, elem_type(b, table));
        return;
    case OP_TABLE_SET:
        if (!read_table(b, "table index", &table)) return;
        pop_val(b, elem_type(b, table));
        pop_val(b, TYPE_I32);
        break;
    case OP_TABLE_GROW:
        if (!read_table(b, "table index", &table)) return;
        pop_val(b, TYPE_I32);
        pop_val(b, elem_type(b, table));
        push_val(b, TYPE_I32);
        break;
    case OP_TABLE_FILL:
        if (!read_table(b, "table index", &table)) return;
        pop_val(b, TYPE_I32);
        pop_val(b, elem_type(b, table));
        pop_val(b, TYPE_I32);
        break;
    case OP_TABLE_COPY:
        if (!read_table(b, "destination table", &table) || !read_table(b, "source table", &second)) return;
        if (table != NONE32 && second != NONE32 && elem_type(b, table) != elem_type(b, second))
            mismatch(b, elem_type(b, table), elem_type(b, second));
        pop_vals(b, (const uint8_t[]){TYPE_I32, TYPE_I32, TYPE_I32}, 3);
        break;
    default: /* OP_TABLE_INIT */
        if (!read_elem_index(b, &segment) || !read_table(b, "table index", &table)) return;
        type = segment == NONE32 ? BOTTOM : b->m->elems[segment].elem_type;
        if (table != NONE32 && type != BOTTOM && elem_type(b, table) != type)
            mismatch(b, elem_type(b, table), type);
        pop_vals(b, (const uint8_t[]){TYPE_I32, TYPE_I32, TYPE_I32}, 3);
        break;
    }
    table_changed(b);
}

static void check_ref_null(Body *b)
{
    uint8_t type;
    if (b->r.pos != b->r.end && *b->r.pos < 0x40) {
        feature_error(b, FEATURE_FUNCTION_REFS, "ref.null of a type index");
        b->dead = true;
    } else if (rd_ref_type(&b->r, b->v->allowed, "type of ref.null", &type)) push_val(b, type);
    else give_up(b);
}

static void check_ref_func(Body *b)
{
    uint32_t func;
    if (!read_u32(b, "function index", &func)) return;
    if (func >= b->m->n_funcs)
        body_error(b, VAL_UNKNOWN_FUNC, "unknown function %u: the module has %u", func, b->m->n_funcs);
    else if (!(b->v->declared[func / 8] >> func % 8 & 1))
        body_error(b, VAL_UNDECLARED_REF,
                   "undeclared function reference %u: no export, element segment or global names it", func);
    push_val(b, TYPE_FUNCREF);
}

static void check_ref_is_null(Body *b)
{
    uint8_t type = pop_any(b) & TYPE_MASK;
    if (type != BOTTOM && !wasm_is_ref_type(type)) {
        body_error(b, VAL_TYPE_MISMATCH, "type mismatch: ref.is_null needs a reference, found %s",
                   type_text(type));
        unreachable(b);
    }
    push_val(b, TYPE_I32);
}

/* ---- instructions that the table decides ---- */

/* Where the row pops an address and writes memory: how many bytes, else 0. The address is the first operand.
 */
static uint32_t store_width(const WasmOpInfo *info)
{
    bool memory = info->imm == IMM_MEMARG || (info->imm == IMM_MEMARG_LANE && info->pushes[0] == 0);
    return memory && info->pops[1] && info->pushes[0] == 0 ? 1u << info->align_log2 : 0;
}

/* A bulk instruction takes destination, source or value, length: dst and len are the operands' values where
 * known. */
static void note_bulk_store(Body *b, const uint8_t *operands)
{
    if (!(operands[0] & KNOWN)) return;
    uint64_t length = 0;
    if (operands[2] & KNOWN) {
        length = (uint32_t)b->vals[operands + 2 - b->ops];
        if (b->vals[operands + 2 - b->ops] >> 32 != KV_CONST) length = 0;
        else if (length == 0) return; /* writes nothing */
    }
    known_store(b, b->vals[operands - b->ops], 0, length);
}

static void check_by_table(Body *b, WasmOp op, const WasmOpInfo *info, uint32_t offset)
{
    size_t n = strlen(info->pops);
    const uint8_t *operands = b->sp - n;
    bool there = n <= (size_t)(b->sp - frame_base(b));
    for (size_t i = n; i; i--) pop_val(b, wasm_type_of_letter(info->pops[i - 1]));
    there &= b->sp == operands;
    if (there && n && b->v->track) {
        uint32_t width = store_width(info);
        if (width) b->v->memory_written = true;
        if (width && (operands[0] & KNOWN)) known_store(b, b->vals[operands - b->ops], offset, width);
        if (op == OP_MEMORY_FILL || op == OP_MEMORY_COPY || op == OP_MEMORY_INIT) {
            b->v->memory_written = true;
            note_bulk_store(b, operands);
        }
    }
    uint8_t left = there && n ? operands[0] : 0, right = there && n > 1 ? operands[1] : 0;
    if (info->pushes[0]) push_val(b, wasm_type_of_letter(info->pushes[0]));
    if (n == 2 && (left & right & KNOWN)) known_binary(b, op, b->sp - 1, left, right);
    if (n == 1 && (left & KNOWN)) known_unary(b, op, b->sp - 1, left);
}

/* A constant: pushed as known where that is of use. */
static void push_const(Body *b, uint8_t type, uint64_t value)
{
    if (b->v->track) {
        b->vals[b->sp - b->ops] = value;
        type |= KNOWN;
    }
    push_val(b, type);
}

static void check_lane(Body *b, uint32_t lanes)
{
    uint8_t lane;
    if (read_byte(b, "lane index", &lane) && lane >= lanes)
        body_error(b, VAL_LANE, "invalid lane index %u: %s has %u lanes", lane, op_text(b), lanes);
}

static void check_shuffle_lanes(Body *b)
{
    const uint8_t *lanes;
    if (!rd_bytes(&b->r, "lane indices", 16, &lanes)) {
        give_up(b);
        return;
    }
    for (int i = 0; i < 16; i++)
        if (lanes[i] >= 32) {
            body_error(b, VAL_LANE, "invalid lane index %u: i8x16.shuffle chooses from 32 lanes", lanes[i]);
            return;
        }
}

/* Reads the immediates of the instructions that the table decides. */
static void check_immediate(Body *b, const WasmOpInfo *info, MemArg *memarg)
{
    const uint8_t *bytes;
    uint32_t index;
    switch ((WasmImm)info->imm) {
    case IMM_MEMARG: (void)read_memarg(b, info->align_log2, memarg); break;
    case IMM_MEMARG_LANE:
        if (read_memarg(b, info->align_log2, memarg)) check_lane(b, 16u >> info->align_log2);
        break;
    case IMM_LANE: check_lane(b, 1u << info->align_log2); break;
    case IMM_LANES16: check_shuffle_lanes(b); break;
    case IMM_MEM:
        if (read_memory(b)) (void)need_memory(b);
        break;
    case IMM_MEM2:
        if (read_memory(b) && read_memory(b)) (void)need_memory(b);
        break;
    case IMM_DATA: (void)read_data_index(b, &index); break;
    case IMM_DATA_MEM:
        if (read_data_index(b, &index) && read_memory(b)) (void)need_memory(b);
        break;
    case IMM_ELEM: (void)read_elem_index(b, &index); break;
    case IMM_TABLE: (void)read_table(b, "table index", &index); break;
    case IMM_F32:
        if (!rd_bytes(&b->r, "f32 constant", 4, &bytes)) give_up(b);
        break;
    case IMM_F64:
        if (!rd_bytes(&b->r, "f64 constant", 8, &bytes)) give_up(b);
        break;
    case IMM_V128:
        if (!rd_bytes(&b->r, "v128 constant", 16, &bytes)) give_up(b);
        break;
    default: break; /* none, or read by hand */
    }
}

static void refuse_op(Body *b, WasmOp op)
{
    const WasmOpInfo *info = &wasm_op_info[op];
    if (info->feature == FEATURE_THREADS || info->feature == FEATURE_SHARED_EVERYTHING)
        violated(b->v, RULE_P202, here(b), (Str){0}, "%s", wasm_op_text(op));
    feature_error(b, (WasmFeature)info->feature, wasm_op_text(op));
    b->dead = true;
}

void check_instruction(Body *b, WasmOp op)
{
    const WasmOpInfo *info = &wasm_op_info[op];
    int32_t i32;
    int64_t i64;
    if (info->imm == IMM_REFUSED) {
        refuse_op(b, op);
        return;
    }
    if (info->feature != FEATURE_MVP && !feature(b, (WasmFeature)info->feature, wasm_op_text(op))) {
        b->dead = true; /* its immediates belong to a language that is not spoken here */
        return;
    }
    switch (op) {
    case OP_UNREACHABLE: unreachable(b); break;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: check_block(b, op); break;
    case OP_ELSE: check_else(b); break;
    case OP_END: check_end(b); break;
    case OP_BR: check_br(b, false); break;
    case OP_BR_IF: check_br(b, true); break;
    case OP_BR_TABLE: check_br_table(b); break;
    case OP_RETURN:
        if (!b->ctl->unreachable) known_leave(b);
        pop_vals(b, b->type->results, b->type->n_results);
        unreachable(b);
        break;
    case OP_CALL: check_call(b, false); break;
    case OP_CALL_INDIRECT: check_call_indirect(b, false); break;
    case OP_RETURN_CALL: check_call(b, true); break;
    case OP_RETURN_CALL_INDIRECT: check_call_indirect(b, true); break;
    case OP_DROP: pop_any(b); break;
    case OP_SELECT: check_select(b); break;
    case OP_SELECT_T: check_select_t(b); break;
    case OP_LOCAL_GET:
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE: check_local(b, op); break;
    case OP_GLOBAL_GET:
    case OP_GLOBAL_SET: check_global(b, op); break;
    case OP_TABLE_GET:
    case OP_TABLE_SET:
    case OP_TABLE_GROW:
    case OP_TABLE_FILL:
    case OP_TABLE_COPY:
    case OP_TABLE_INIT: check_table_op(b, op); break;
    case OP_REF_NULL: check_ref_null(b); break;
    case OP_REF_FUNC: check_ref_func(b); break;
    case OP_REF_IS_NULL: check_ref_is_null(b); break;
    case OP_I32_CONST:
        if (rd_s32(&b->r, "i32 constant", &i32)) push_const(b, TYPE_I32, kv(KV_CONST, (uint32_t)i32));
        else give_up(b);
        break;
    case OP_I64_CONST:
        if (rd_s64(&b->r, "i64 constant", &i64)) push_const(b, TYPE_I64, (uint64_t)i64);
        else give_up(b);
        break;
    default: {
        MemArg memarg = {0};
        check_immediate(b, info, &memarg);
        if (!b->dead) check_by_table(b, op, info, memarg.offset);
    }
    }
}

WasmOp read_opcode(Body *b)
{
    const uint8_t *start = b->at = b->r.pos;
    uint8_t first, prefix = 0;
    uint32_t code;
    if (!read_byte(b, "opcode", &first)) return OP_COUNT;
    code = first;
    if (first >= 0xfb && first <= 0xfe) {
        prefix = first;
        if (!read_u32(b, "opcode", &code)) return OP_COUNT;
    }
    WasmOp op = wasm_op_find(prefix, code);
    if (op != OP_COUNT) return op;
    b->r.pos = start;
    if (prefix) body_error(b, WASM_BAD_OPCODE, "illegal opcode %02x %02x", prefix, code);
    else body_error(b, WASM_BAD_OPCODE, "illegal opcode %02x", first);
    b->dead = true;
    return OP_COUNT;
}

/* ---- locals ---- */

uint8_t local_type_slow(const Body *b, uint32_t index)
{
    uint32_t low = 0, high = b->n_groups; /* the first group that ends after index */
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (b->groups[mid].end <= index) low = mid + 1;
        else high = mid;
    }
    return b->groups[low].type;
}

static bool add_group(Body *b, uint32_t end, uint8_t type)
{
    LocalGroup *groups = arena_grow(&b->v->scratch, b->groups, b->n_groups, &b->cap_groups, sizeof *groups);
    if (!groups) {
        out_of_memory(b->v);
        return false;
    }
    b->groups = groups;
    groups[b->n_groups++] = (LocalGroup){end, type};
    return true;
}

/* One run of locals of a type: the first ones are spread out, one byte each, but no more of them than the
 * body has bytes (a group of 2^32 locals takes six); the others stay a group. */
static bool add_locals(Body *b, uint32_t n, uint8_t type)
{
    uint32_t start = b->n_locals, room = b->room_locals;
    if (n > UINT32_MAX - start) {
        body_error(b, VAL_TOO_MANY_LOCALS, "too many locals: more than 4294967295");
        return false;
    }
    b->n_locals = start + n;
    if (start < room) {
        uint32_t spread = n < room - start ? n : room - start;
        memset(b->local_types + start, type, spread);
        b->n_expanded = start + spread;
        b->v->report->type_comparisons += spread;
    }
    return b->n_expanded == b->n_locals || add_group(b, b->n_locals, type);
}

static bool make_room_for_locals(Body *b, size_t body_size)
{
    enum { FEW = 64 };
    size_t cap =
        b->type->n_params + body_size + FEW; /* linear in the body, and in the type that it refers to */
    if (cap > UINT32_MAX / 2) cap = UINT32_MAX / 2;
    b->room_locals = (uint32_t)cap;
    b->n_locals = b->n_expanded = b->n_groups = 0;
    if (cap <= b->cap_locals) return true;
    cap += cap / 2;
    b->local_types = arena_alloc(&b->v->scratch, cap);
    b->local_vals = b->v->track ? arena_array(&b->v->scratch, cap, sizeof *b->local_vals) : NULL;
    b->cap_locals = cap;
    if (b->local_types && (b->local_vals || !b->v->track)) return true;
    b->cap_locals = 0;
    out_of_memory(b->v);
    return false;
}

static bool read_locals(Body *b)
{
    uint32_t n_groups, n;
    uint8_t type;
    b->at = b->r.pos;
    if (b->type->n_params) memcpy(b->local_types, b->type->params, b->type->n_params);
    b->n_locals = b->n_expanded = b->type->n_params;
    if (!rd_count(&b->r, "groups of locals", 2, &n_groups)) {
        give_up(b);
        return false;
    }
    for (uint32_t i = 0; i < n_groups; i++) {
        b->at = b->r.pos;
        if (!read_u32(b, "number of locals", &n)) return false;
        if (!rd_value_type(&b->r, b->v->allowed, "type of locals", &type)) {
            give_up(b);
            return false;
        }
        if (type == TYPE_V128) (void)feature(b, FEATURE_SIMD, "v128");
        if (type == TYPE_EXTERNREF || type == TYPE_FUNCREF)
            (void)feature(b, FEATURE_REFERENCE_TYPES, "reference in a local");
        if (n && !add_locals(b, n, type)) return false;
    }
    Val *v = b->v;
    if (b->n_locals > v->limits[VAL_LIMIT_LOCALS])
        violated(v, RULE_P604, here(b), (Str){0}, "%u locals, limits.locals is %llu", b->n_locals,
                 (unsigned long long)v->limits[VAL_LIMIT_LOCALS]);
    return true;
}

/* ---- bodies ---- */

void check_body(Body *b, uint32_t body)
{
    Val *v = b->v;
    WasmRange range = v->m->bodies[body];
    uint32_t func = v->m->n_imported[KIND_FUNC] + body;
    if (range.size > v->limits[VAL_LIMIT_BODY])
        violated(v, RULE_P602, (Site){range.offset, func}, (Str){0}, "function body of %u bytes, limits.body is %llu",
                 range.size, (unsigned long long)v->limits[VAL_LIMIT_BODY]);
    b->func = func;
    b->type = wasm_func_type(b->m, func);
    b->r = wasm_reader(b->m, range, b->v->diags);
    b->at = b->r.pos;
    b->dead = false;
    b->nested_too_deep = false;
    if (!make_room_for_locals(b, range.size)) return;
    if (!read_locals(b)) return;

    b->sp = b->ops + OPS_PAD;
    if (!reserve_operands(b, 0)) return;
    b->ctl = b->ctls;
    limit_ctls(b);
    *b->ctl = (Ctl){.height = OPS_PAD, .sig = SIG_INDEX + b->m->func_types[func], .kind = CTL_FUNC};
    known_reset(b);
    run_body(b);
    if (!b->ctls->unreachable) known_leave(b);
    if (b->frame_depth && still_valid(v)) judge_frame(v, func, b->frame_at, b->frame_depth);
}

Body *body_new(Val *v)
{
    enum { FIRST_CTLS = 64 };
    Body *b = arena_alloc(&v->scratch, sizeof *b);
    if (b) b->ctls = arena_array(&v->scratch, FIRST_CTLS, sizeof *b->ctls);
    if (!b || !b->ctls) {
        out_of_memory(v);
        return NULL;
    }
    b->cap_ctls = FIRST_CTLS;
    b->v = v;
    b->m = v->m;
    return grow_operands(b, 0, 4 * OPS_PAD) ? b : NULL; /* zeroed: the padding is sentinels, and nobody writes there */
}
