/* stack_scan.c: frames and calls of each function, from its code.
 *
 * One pass over a body knows for each point how far the stack pointer can be below its value at the function's
 * start, at most; where ways join the larger distance counts. The value comes and goes through locals (a frame
 * pointer), so a few of these are followed too. A loop may not come back with the pointer lower than it began,
 * nor a function return so: such code, like alloca, has no constant frame. What a loop makes of a followed local
 * is only seen at its end; then the body is read again without that local in loops: at most once for each.
 *
 * Compilers leave 128 bytes below the pointer to functions that call nothing (LLVM's red zone): an address that
 * is computed there counts as used. As in known.c, calls are taken to leave the pointer as it was: each function
 * is checked for that when it is scanned itself. */
#include "linker/stack_bound.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 8, WINDOW = 8, RED_ZONE = 128, STACK_ALIGN = 16, MOST_NESTED = 1 << 16 };
#define NOT_KNOWN INT64_MAX

typedef struct Value {
    enum { ANY, CONSTANT, STACK } kind;
    int64_t v; /* STACK: so far below the stack pointer's first value, or higher */
} Value;

typedef struct State {
    bool reached;
    int64_t pointer;
    int64_t slots[SLOTS]; /* as Value.v of STACK, or NOT_KNOWN */
} State;

typedef struct ScanLabel {
    WasmOp op;
    State before, after; /* before: at a loop's head, or at `if` */
    bool has_else;
} ScanLabel;

typedef struct Scan {
    StackGraph *g;
    StackNode *node;
    State now;
    ScanLabel *labels;
    size_t n_labels, labels_cap;
    uint32_t slot_locals[SLOTS];
    bool lost_in_loops[SLOTS];
    unsigned n_slots;
    struct {
        uint32_t local;
        int64_t v;
    } constants[WINDOW]; /* of locals, since the last point where ways meet */
    unsigned n_constants;
    Value window[WINDOW]; /* topmost operands; below them nothing is known */
    unsigned n_window;
    bool again;
} Scan;

/* ---- values ---- */

static void push(Scan *s, Value v)
{
    if (s->n_window == WINDOW) memmove(s->window, s->window + 1, --s->n_window * sizeof *s->window);
    s->window[s->n_window++] = v;
}

static Value pop(Scan *s) { return s->n_window ? s->window[--s->n_window] : (Value){ANY, 0}; }

static void forget(Scan *s) { s->n_window = s->n_constants = 0; }

static void cannot_know(Scan *s, const WasmInstr *i)
{
    if (!s->node->problem_at) s->node->problem_at = (uint32_t)(i->at - s->g->m->bytes);
}

static unsigned slot_of(const Scan *s, uint32_t local)
{
    unsigned slot = 0;
    while (slot < s->n_slots && s->slot_locals[slot] != local) slot++;
    return slot;
}

static Value local_value(const Scan *s, uint32_t local)
{
    for (unsigned i = 0; i < s->n_constants; i++)
        if (s->constants[i].local == local) return (Value){CONSTANT, s->constants[i].v};
    unsigned slot = slot_of(s, local);
    if (slot == s->n_slots || s->now.slots[slot] == NOT_KNOWN) return (Value){ANY, 0};
    return (Value){STACK, s->now.slots[slot]};
}

static void set_local(Scan *s, uint32_t local, Value v)
{
    for (unsigned i = 0; i < s->n_constants; i++)
        if (s->constants[i].local == local) s->constants[i] = s->constants[--s->n_constants];
    if (v.kind == CONSTANT) {
        if (s->n_constants == WINDOW)
            memmove(s->constants, s->constants + 1, --s->n_constants * sizeof *s->constants);
        s->constants[s->n_constants].local = local;
        s->constants[s->n_constants++].v = v.v;
    }
    unsigned slot = slot_of(s, local);
    if (slot == s->n_slots) {
        if (v.kind != STACK || slot == SLOTS) return;
        s->slot_locals[s->n_slots++] = local;
    }
    s->now.slots[slot] = v.kind == STACK ? v.v : NOT_KNOWN;
}

static void use(Scan *s, int64_t depth)
{
    if (depth > 0 && (uint64_t)depth > s->node->frame) s->node->frame = (uint64_t)depth;
}

/* Aligning down by a mask: as deep as it can get, for a stack that is aligned as the ABI wants it. */
static Value align_down(Value stack, Value mask)
{
    uint32_t low = ~(uint32_t)mask.v;
    if (mask.kind != CONSTANT || low & (low + 1)) return (Value){ANY, 0};
    int64_t aligned = (stack.v + (STACK_ALIGN - 1)) & ~(int64_t)(STACK_ALIGN - 1);
    return (Value){STACK, aligned + (low & ~(STACK_ALIGN - 1u))};
}

/* Functions that call nothing can have room from alloca without moving the pointer: an address that is so far below
 * it as nobody knows is such room, since what is theirs already lies above. */
static void binary(Scan *s, const WasmInstr *i)
{
    const WasmOp op = i->op;
    Value y = pop(s), x = pop(s), result = {ANY, 0};
    if (op == OP_I32_AND) result = x.kind == STACK ? align_down(x, y) : y.kind == STACK ? align_down(y, x) : result;
    else if (x.kind == STACK && y.kind == CONSTANT)
        result = (Value){STACK, op == OP_I32_ADD ? x.v - y.v : x.v + y.v};
    else if (x.kind == CONSTANT && y.kind == STACK && op == OP_I32_ADD) result = (Value){STACK, y.v - x.v};
    else if (x.kind == CONSTANT && y.kind == CONSTANT)
        result = (Value){CONSTANT, (int32_t)(uint32_t)(op == OP_I32_ADD ? x.v + y.v : x.v - y.v)};
    if (result.kind == STACK && result.v <= s->now.pointer + RED_ZONE) use(s, result.v);
    if (op == OP_I32_SUB && x.kind == STACK && x.v >= s->now.pointer && y.kind == ANY) cannot_know(s, i);
    push(s, result);
}

static void set_pointer(Scan *s, const WasmInstr *i)
{
    Value v = pop(s);
    if (v.kind == CONSTANT && s->g->has_top && (uint32_t)v.v == s->g->top) s->now.pointer = 0; /* a thunk */
    else if (v.kind != STACK || v.v > UINT32_MAX) cannot_know(s, i);
    else {
        s->now.pointer = v.v > 0 ? v.v : 0;
        use(s, v.v);
    }
}

/* ---- ways ---- */

static void join(State *into, const State *from)
{
    if (!from->reached) return;
    if (!into->reached) {
        *into = *from;
        return;
    }
    if (from->pointer > into->pointer) into->pointer = from->pointer;
    for (unsigned i = 0; i < SLOTS; i++)
        if (from->slots[i] > into->slots[i]) into->slots[i] = from->slots[i];
}

static void open_label(Scan *s, WasmOp op)
{
    if (op == OP_LOOP)
        for (unsigned i = 0; i < s->n_slots; i++)
            if (s->lost_in_loops[i]) s->now.slots[i] = NOT_KNOWN;
    ARENA_PUSH(s->g->arena, s->labels, s->n_labels, s->labels_cap) = (ScanLabel){.op = op, .before = s->now};
}

static bool branch(Scan *s, uint32_t depth, const WasmInstr *i)
{
    if (depth >= s->n_labels) return false;
    ScanLabel *l = &s->labels[s->n_labels - 1 - depth];
    if (!s->now.reached) return true;
    if (l->op != OP_LOOP) {
        join(&l->after, &s->now);
        return true;
    }
    if (s->now.pointer > l->before.pointer) cannot_know(s, i);
    for (unsigned k = 0; k < s->n_slots; k++)
        if (s->now.slots[k] > l->before.slots[k]) s->lost_in_loops[k] = s->again = true;
    return true;
}

static bool branch_table(Scan *s, const WasmInstr *i)
{
    Diags ignored = DIAGS_NOTHING;
    Reader r = {.base = s->g->m->bytes,
                .pos = i->labels,
                .end = s->g->m->bytes + s->g->m->size,
                .diags = &ignored,
                .file = s->g->m->file};
    for (uint32_t k = 0, depth; k <= i->n_labels; k++)
        if (!rd_u32(&r, "label", &depth) || !branch(s, depth, i)) return false;
    s->now.reached = false;
    return true;
}

static void leave(Scan *s, const WasmInstr *i)
{
    if (s->now.reached && s->now.pointer > 0) cannot_know(s, i);
}

static bool at_end(Scan *s, const WasmInstr *i)
{
    ScanLabel *l = &s->labels[--s->n_labels];
    if (l->op == OP_IF && !l->has_else) join(&l->after, &l->before);
    if (l->op != OP_LOOP) {
        join(&l->after, &s->now);
        s->now = l->after;
    }
    if (s->n_labels == 0) leave(s, i);
    return true;
}

static void at_else(Scan *s)
{
    ScanLabel *l = &s->labels[s->n_labels - 1];
    join(&l->after, &s->now);
    s->now = l->before;
    l->has_else = true;
}

static bool add_call(Scan *s, const WasmInstr *i, bool indirect, bool is_tail)
{
    StackGraph *g = s->g;
    if (i->index >= (indirect ? g->m->n_types : g->m->n_funcs)) return false;
    if (is_tail) leave(s, i);
    if (s->now.reached) {
        uint32_t to = indirect ? g->m->n_funcs + g->same_type[i->index] : i->index;
        ARENA_PUSH(g->arena, g->edges, g->n_edges, g->edges_cap) = (StackEdge){to, (uint64_t)s->now.pointer};
        s->node->n_edges++;
    }
    if (is_tail) s->now.reached = false;
    return true;
}

/* Instructions at which ways part or meet, and calls. */
static bool control(Scan *s, const WasmInstr *i)
{
    if (wasm_op_info[i->op].imm == IMM_BLOCK || i->op == OP_ELSE || i->op == OP_END) s->n_constants = 0;
    s->n_window = 0;
    switch (i->op) {
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: open_label(s, i->op); return true;
    case OP_ELSE: at_else(s); return true;
    case OP_END: return at_end(s, i);
    case OP_BR_IF: return branch(s, i->index, i);
    case OP_BR_TABLE: return branch_table(s, i);
    case OP_CALL: return add_call(s, i, false, false);
    case OP_CALL_INDIRECT: return add_call(s, i, true, false);
    case OP_RETURN_CALL: return add_call(s, i, false, true);
    case OP_RETURN_CALL_INDIRECT: return add_call(s, i, true, true);
    case OP_BR:
        if (!branch(s, i->index, i)) return false;
        break;
    case OP_RETURN: leave(s, i); break;
    case OP_UNREACHABLE: break;
    default: return true; /* what it leaves is not followed */
    }
    s->now.reached = false;
    return true;
}

static bool step(Scan *s, const WasmInstr *i)
{
    Value v;
    if (i->op == OP_REF_FUNC && i->index < s->g->m->n_funcs) s->g->taken[i->index] = true;
    switch (s->now.reached ? i->op : OP_NOP) {
    case OP_I32_CONST: push(s, (Value){CONSTANT, i->value}); return true;
    case OP_LOCAL_GET: push(s, local_value(s, i->index)); return true;
    case OP_LOCAL_SET: set_local(s, i->index, pop(s)); return true;
    case OP_LOCAL_TEE:
        v = pop(s);
        set_local(s, i->index, v);
        push(s, v);
        return true;
    case OP_GLOBAL_GET:
        push(s, i->index == s->g->pointer ? (Value){STACK, s->now.pointer} : (Value){ANY, 0});
        return true;
    case OP_GLOBAL_SET:
        if (i->index == s->g->pointer) set_pointer(s, i);
        else (void)pop(s);
        return true;
    case OP_I32_ADD:
    case OP_I32_SUB:
    case OP_I32_AND: binary(s, i); return true;
    case OP_DROP: (void)pop(s); return true;
    default: return control(s, i);
    }
}

/* ---- functions ---- */

static bool scan_body(Scan *s, Reader r)
{
    WasmInstr i;
    s->node->frame = s->node->n_edges = s->node->problem_at = 0;
    s->g->n_edges = s->node->first_edge;
    s->now = (State){.reached = true};
    for (unsigned k = 0; k < SLOTS; k++) s->now.slots[k] = NOT_KNOWN;
    s->n_labels = 0;
    s->again = false;
    forget(s);
    open_label(s, OP_BLOCK);
    while (s->n_labels) {
        if (!rd_instr(&r, &i) || !step(s, &i)) return false;
        if (s->n_labels <= MOST_NESTED) continue;
        cannot_know(s, &i); /* a state for each block of such code would be far larger than the code */
        s->again = false;
        break;
    }
    return true;
}

static bool scan_function(Scan *s, uint32_t body)
{
    StackGraph *g = s->g;
    Diags ignored = DIAGS_NOTHING;
    Reader r = wasm_reader(g->m, g->m->bodies[body], &ignored);
    s->node = &g->nodes[g->m->n_imported[KIND_FUNC] + body];
    s->node->first_edge = g->n_edges;
    WasmLocals locals;
    if (!rd_locals(&r, &locals)) return false;
    s->node->code_at = (uint32_t)rd_offset(&r);
    s->n_slots = 0;
    memset(s->lost_in_loops, 0, sizeof s->lost_in_loops);
    do
        if (!scan_body(s, r)) return false;
    while (s->again);
    return true;
}

/* ---- what a table may hold ---- */

static int by_type(const void *a, const void *b, void *types)
{
    const WasmType *x = (const WasmType *)types + *(const uint32_t *)a, *y = (const WasmType *)types + *(const uint32_t *)b;
    if (x->n_params != y->n_params) return x->n_params < y->n_params ? -1 : 1;
    if (x->n_results != y->n_results) return x->n_results < y->n_results ? -1 : 1;
    int order = x->n_params ? memcmp(x->params, y->params, x->n_params) : 0;
    if (!order && x->n_results) order = memcmp(x->results, y->results, x->n_results);
    if (order) return order;
    return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static void find_same_types(StackGraph *g)
{
    uint32_t n = g->m->n_types, *order = arena_array(g->arena, n, sizeof *order);
    g->same_type = arena_array(g->arena, n, sizeof *g->same_type);
    for (uint32_t i = 0; i < n; i++) order[i] = i;
    if (n) qsort_r(order, n, sizeof *order, by_type, g->m->types);
    for (uint32_t i = 0; i < n; i++) {
        bool same = i > 0 && wasm_same_type(&g->m->types[order[i - 1]], &g->m->types[order[i]]);
        g->same_type[order[i]] = same ? g->same_type[order[i - 1]] : order[i];
    }
}

static bool take(StackGraph *g, uint32_t func)
{
    if (func >= g->m->n_funcs) return false;
    g->taken[func] = true;
    return true;
}

/* One constant expression. */
static bool take_in_expr(StackGraph *g, Reader *r)
{
    WasmInstr i;
    do {
        if (!rd_instr(r, &i) || (i.op == OP_REF_FUNC && !take(g, i.index))) return false;
    } while (i.op != OP_END);
    return true;
}

static bool take_in_segments(StackGraph *g)
{
    Diags ignored = DIAGS_NOTHING;
    const WasmModule *m = g->m;
    for (uint32_t i = 0; i < m->n_elems; i++) {
        Reader r = wasm_reader(m, m->elems[i].items, &ignored);
        for (uint32_t k = 0, func; k < m->elems[i].n; k++)
            if (m->elems[i].exprs ? !take_in_expr(g, &r) : !rd_u32(&r, "function", &func) || !take(g, func))
                return false;
    }
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++) {
        Reader r = wasm_reader(m, m->globals[i].init, &ignored);
        if (!take_in_expr(g, &r)) return false;
    }
    return true;
}

/* A table that the host sees may hold whatever the host has: of ours, the exports. */
static bool take_of_host(StackGraph *g)
{
    const WasmModule *m = g->m;
    g->open_table = m->n_imported[KIND_TABLE] > 0;
    for (uint32_t i = 0; i < m->n_exports; i++) g->open_table |= m->exports[i].kind == KIND_TABLE;
    for (uint32_t i = 0; g->open_table && i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC && !take(g, m->exports[i].index)) return false;
    return true;
}

/* Behind the functions a node for each type: so calls of n functions in m places are n + m edges. */
static void add_types(StackGraph *g)
{
    const WasmModule *m = g->m;
    StackNode *types = g->nodes + m->n_funcs;
    for (uint32_t f = 0; f < m->n_funcs; f++)
        if (g->taken[f]) types[g->same_type[m->func_types[f]]].n_edges++;
    for (uint32_t t = 0; t < m->n_types; t++) {
        types[t].first_edge = g->n_edges;
        for (size_t k = 0; k < types[t].n_edges; k++)
            ARENA_PUSH(g->arena, g->edges, g->n_edges, g->edges_cap) = (StackEdge){0, 0};
        types[t].n_edges = 0;
    }
    for (uint32_t f = 0; f < m->n_funcs; f++) {
        if (!g->taken[f]) continue;
        StackNode *t = &types[g->same_type[m->func_types[f]]];
        g->edges[t->first_edge + t->n_edges++].to = f;
    }
}

bool stack_scan(StackGraph *g)
{
    const WasmModule *m = g->m;
    g->n_nodes = m->n_funcs + m->n_types;
    g->nodes = arena_array(g->arena, g->n_nodes, sizeof *g->nodes);
    g->taken = arena_array(g->arena, m->n_funcs, sizeof *g->taken);
    find_same_types(g);
    if (!take_in_segments(g) || !take_of_host(g)) return false;
    Scan *s = arena_alloc(g->arena, sizeof *s);
    s->g = g;
    for (uint32_t i = 0; i < m->n_bodies; i++)
        if (!scan_function(s, i)) return false;
    add_types(g);
    return true;
}
