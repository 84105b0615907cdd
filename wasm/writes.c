/* writes.c: the walk of writes.h over one function.
 *
 * A fact is of a value, which never changes, so it holds from where it was found to the end of the block in which it was
 * found, unless nothing but that way leads behind it. A local is a name for a value: behind a point where ways meet, the
 * names that were set on one of them mean nothing; in a loop those that are set further down in the function. The stack
 * pointer is such a name too, and a call may set it. Each write of it keeps it within the stack, so whatever
 * it is found to be is there. */
#include "wasm/writes.h"

#include <string.h>

enum { RED_ZONE = 128, FRAME_ALIGN = 16 }; /* what LLVM leaves below the pointer to functions that call nothing */

typedef struct Local {
    uint32_t id, distance; /* its value; id VALUE_UNKNOWN: none that is named */
    uint32_t since;        /* the step at which that became known */
    uint32_t left;         /* how often it is set further down */
    uint32_t function;     /* in which all this is so */
} Local;

/* A destination d is at least stack_low and d + n at most stack_high; or d is above the sealed range, or n is 0. */
typedef struct Span {
    uint32_t d, n; /* ids; 0: there is none */
    uint32_t d_distance, n_distance;
} Span;

typedef struct Label {
    WasmOp op; /* block, loop, if, else */
    bool branched, then_live;
    size_t height;    /* entries of operands below it */
    uint32_t n_params, n_results;
    uint32_t outer_loop;
    size_t n_names, n_facts;
    Operand condition; /* of `if` */
    Span span;
} Label;

typedef struct Fact {
    uint32_t id;
    AddressSet before;
} Fact;

/* Where the stack pointer was last read. */
typedef struct PointerRead {
    uint32_t id, distance, run;
    const uint8_t *at;
} PointerRead;

typedef struct WriteState {
    Reader r;
    WasmInstr instr;
    Operand *operands; size_t n_operands, operands_cap;
    Label *labels;     size_t n_labels, labels_cap;
    AddressSet *sets;  size_t n_ids, sets_cap; /* by id */
    Local *locals;     size_t n_tracked, locals_cap; /* the first ones */
    uint32_t function; /* counted: what is said of locals in another one is void */
    uint32_t *names;   size_t n_names, names_cap; /* locals that were given a value, in order */
    Fact *facts;       size_t n_facts, facts_cap; /* in order */
    Local pointer;
    PointerRead read;
    Span span;
    uint32_t step, loop;  /* the innermost open one began at this step */
    uint32_t run;
    uint32_t dead_blocks; /* opened in code that cannot be reached */
    bool counted;         /* Local.left is: from the first loop on, where it begins to matter */
    bool live, failed;
} WriteState;

enum { THE_POINTER = NO_LOCAL - 1 }; /* among names */

static const Operand unknown = {.kind = OPERAND_VALUE, .local = NO_LOCAL};

/* ---- growing arrays: without memory the walk is over ---- */

#define PUSH(w, items, n, cap, item)                                                                         \
    do {                                                                                                     \
        void *grown_ = (w)->state->items;                                                                    \
        if ((w)->state->n == (w)->state->cap)                                                                \
            grown_ = arena_grow((w)->arena, grown_, (w)->state->n, &(w)->state->cap, sizeof *(w)->state->items); \
        if (grown_) {                                                                                        \
            (w)->state->items = grown_;                                                                      \
            (w)->state->items[(w)->state->n++] = (item);                                                     \
        } else (w)->state->failed = true;                                                                    \
    } while (0)

static void push(WriteWalk *w, Operand o)
{
    o.run = w->state->run;
    o.behind = w->state->r.pos;
    PUSH(w, operands, n_operands, operands_cap, o);
}

/* Valid code has an operand wherever one is popped; after a failure there may be none. */
static Operand pop(WriteWalk *w)
{
    WriteState *s = w->state;
    if (s->n_operands == 0) return unknown;
    Operand *top = &s->operands[s->n_operands - 1];
    if (top->kind != OPERAND_MANY) return s->operands[--s->n_operands];
    if (--top->c == 0) s->n_operands--;
    return unknown;
}

static void pop_n(WriteWalk *w, size_t n)
{
    WriteState *s = w->state;
    while (n && s->n_operands) {
        Operand *top = &s->operands[s->n_operands - 1];
        size_t here = top->kind == OPERAND_MANY ? top->c : 1;
        if (here <= n) s->n_operands--;
        else top->c -= (uint32_t)n;
        n -= here <= n ? here : n;
    }
}

static void push_unknown(WriteWalk *w, uint32_t n)
{
    Operand many = unknown;
    if (n > 1) many.kind = OPERAND_MANY;
    many.c = n;
    if (n) push(w, many);
}

/* ---- values and facts ---- */

static uint32_t new_value(WriteWalk *w, AddressSet set)
{
    PUSH(w, sets, n_ids, sets_cap, set);
    return w->state->failed ? VALUE_ZERO : (uint32_t)w->state->n_ids - 1;
}

static Operand value(uint32_t id, uint32_t distance)
{
    return (Operand){.kind = OPERAND_VALUE, .id = id, .distance = distance, .local = NO_LOCAL};
}

static Operand constant(uint32_t c) { return value(VALUE_ZERO, c); }

static bool is_constant(const Operand *o) { return o->kind == OPERAND_VALUE && o->id == VALUE_ZERO; }

static AddressSet set_of(const WriteWalk *w, const Operand *o)
{
    if (o->kind != OPERAND_VALUE || o->id == VALUE_UNKNOWN) return (AddressSet){0};
    return o->distance == 0 ? w->state->sets[o->id] : addr_shift(w->state->sets[o->id], o->distance);
}

/* The value with this id is in the set. */
static void learn(WriteWalk *w, uint32_t id, AddressSet set)
{
    WriteState *s = w->state;
    if (id < VALUE_FIRST || set.n == SET_ANY) return;
    Fact before = {id, s->sets[id]};
    PUSH(w, facts, n_facts, facts_cap, before);
    if (!s->failed) s->sets[id] = addr_meet(s->sets[id], set);
}

/* The operand is. */
static void learn_of(WriteWalk *w, const Operand *o, AddressSet set)
{
    if (o->kind == OPERAND_VALUE) learn(w, o->id, addr_shift(set, 0u - o->distance));
}

static void forget_facts(WriteState *s, size_t n)
{
    while (s->n_facts > n) {
        const Fact *f = &s->facts[--s->n_facts];
        s->sets[f->id] = f->before;
    }
}

/* ---- names ---- */

static Local *find_local(WriteState *s, uint32_t index)
{
    if (index == THE_POINTER) return &s->pointer;
    if (index >= s->n_tracked) return NULL;
    Local *l = &s->locals[index];
    if (l->function != s->function) *l = (Local){.function = s->function};
    return l;
}

static void name(WriteWalk *w, uint32_t index, uint32_t id, uint32_t distance)
{
    Local *l = find_local(w->state, index);
    l->id = id;
    l->distance = distance;
    l->since = w->state->step;
    PUSH(w, names, n_names, names_cap, index);
}

static void forget_names(WriteState *s, size_t n)
{
    while (s->n_names > n) find_local(s, s->names[--s->n_names])->id = VALUE_UNKNOWN;
}

/* In a loop a name may come around with another value. */
static bool is_named(const WriteState *s, const Local *l)
{
    return l->id != VALUE_UNKNOWN && (l->left == 0 || l->since >= s->loop);
}

static bool has_value(const Operand *o) { return o->kind == OPERAND_VALUE && o->id != VALUE_UNKNOWN; }

/* Is it worth to know this as another value and a distance? Where the sum can wrap, ranges of it are none of the other. */
static bool keeps_distance(const WriteWalk *w, const Operand *o)
{
    AddressPart parts[ADDRESS_PARTS];
    const AddressSet set = w->state->sets[o->id];
    if (o->distance == 0 || addr_within(set, w->bounds.stack_low, w->bounds.stack_high)) return true;
    unsigned n = addr_parts(set, parts), wraps = 0;
    for (unsigned i = 0; i < n; i++) {
        wraps += parts[i].low + o->distance < o->distance;
        wraps += parts[i].high + o->distance < o->distance;
    }
    return wraps == 0 || wraps == 2 * n;
}

/* Is it the same value still when it is put into a local? */
static bool is_followed(const WriteWalk *w, const Operand *o) { return has_value(o) && keeps_distance(w, o); }

static Operand get_local(WriteWalk *w, uint32_t index)
{
    Local *l = find_local(w->state, index);
    if (!l) return unknown;
    if (!is_named(w->state, l)) name(w, index, new_value(w, (AddressSet){0}), 0);
    Operand o = value(l->id, l->distance);
    o.local = index;
    return o;
}

static Operand set_local(WriteWalk *w, uint32_t index, Operand o)
{
    Local *l = find_local(w->state, index);
    if (!l) return o;
    l->left -= w->state->counted;
    if (!is_followed(w, &o)) o = value(new_value(w, (AddressSet){0}), 0);
    name(w, index, o.id, o.distance);
    o.local = index;
    return o;
}

/* ---- gaps ---- */

/* Which local has this value now, as far as the operand tells. */
static void check_local(WriteState *s, Operand *o)
{
    const Local *l = o->kind == OPERAND_VALUE && o->local != NO_LOCAL ? find_local(s, o->local) : NULL;
    if (!l || !is_named(s, l) || l->id != o->id || l->distance != o->distance) o->local = NO_LOCAL;
}

static bool ask(WriteWalk *w, Gap *gap)
{
    gap->instr = &w->state->instr;
    gap->run = w->state->run;
    if (!gap->at) gap->at = gap->instr->at;
    check_local(w->state, &gap->address);
    check_local(w->state, &gap->length);
    return w->gap(w->ctx, gap);
}

/* The operand is a place `below` bytes lower than the stack pointer where it was read in this run: is that in the stack? */
static void want_frame(WriteWalk *w, const Operand *o, uint32_t more)
{
    WriteState *s = w->state;
    if (!has_value(o) || o->id != s->read.id || s->read.run != s->run) return;
    uint32_t below = s->read.distance - o->distance;
    if ((int32_t)below <= 0) return;
    uint64_t least = (uint64_t)w->bounds.stack_low + below + more;
    const Operand read = value(s->read.id, s->read.distance);
    AddressSet known = set_of(w, &read);
    AddressPart parts[ADDRESS_PARTS];
    if (addr_parts(known, parts) == 0 || parts[0].low >= least) return;
    Gap gap = {.kind = GAP_FRAME, .at = s->read.at, .least = least > UINT32_MAX ? UINT32_MAX : (uint32_t)least, .address = read};
    if (ask(w, &gap)) learn_of(w, &read, addr_range(gap.least, UINT32_MAX));
}

static void check_store(WriteWalk *w, Operand address, uint64_t offset, uint64_t size)
{
    if (is_writable(&w->bounds, set_of(w, &address), offset, size)) return;
    want_frame(w, &address, 0);
    if (is_writable(&w->bounds, set_of(w, &address), offset, size)) return;
    Gap gap = {.kind = GAP_STORE, .offset = offset, .size = size, .address = address};
    if (ask(w, &gap) && (gap.address.local != NO_LOCAL || is_followed(w, &address)))
        learn_of(w, &address, writable_from(&w->bounds, gap.offset, gap.size));
}

static void check_bulk(WriteWalk *w)
{
    WriteState *s = w->state;
    Operand length = pop(w);
    (void)pop(w); /* source, or value */
    Operand address = pop(w);
    uint64_t most = addr_most(set_of(w, &length));
    if (is_constant(&length) && most > 0) check_store(w, address, 0, most);
    if (most == 0 || is_constant(&length)) return;
    want_frame(w, &address, 0);
    if (is_writable(&w->bounds, set_of(w, &address), 0, most)) return;
    bool spanned = has_value(&address) && address.id == s->span.d && address.distance == s->span.d_distance &&
                   has_value(&length) && length.id == s->span.n && length.distance == s->span.n_distance;
    if (!spanned) (void)ask(w, &(Gap){.kind = GAP_BULK, .address = address, .length = length});
}

static void set_pointer(WriteWalk *w, Operand o)
{
    WriteState *s = w->state;
    const AddressSet stack = addr_range(w->bounds.stack_low, w->bounds.stack_high);
    s->pointer.left -= s->counted;
    if (!addr_within(set_of(w, &o), w->bounds.stack_low, w->bounds.stack_high)) want_frame(w, &o, 0);
    if (!is_followed(w, &o)) o = value(new_value(w, (AddressSet){0}), 0);
    if (!addr_within(set_of(w, &o), w->bounds.stack_low, w->bounds.stack_high)) {
        Gap gap = {.kind = GAP_POINTER, .address = o};
        if (ask(w, &gap)) learn_of(w, &o, stack);
    }
    name(w, THE_POINTER, o.id, o.distance);
}

/* Wherever it is read, it is within the stack. */
static Operand get_pointer(WriteWalk *w)
{
    WriteState *s = w->state;
    Local *l = &s->pointer;
    if (!is_named(s, l))
        name(w, THE_POINTER, new_value(w, addr_range(w->bounds.stack_low, w->bounds.stack_high)), 0);
    s->read = (PointerRead){l->id, l->distance, s->run, s->instr.at};
    return value(l->id, l->distance);
}

/* ---- arithmetic ---- */

static Operand compare(OperandKind kind, const Operand *x, uint32_t c)
{
    if (!has_value(x)) return unknown;
    if (is_constant(x)) return constant(kind == OPERAND_BELOW ? x->distance < c : x->distance > c);
    return (Operand){.kind = (uint8_t)kind, .id = x->id, .distance = x->distance, .c = c, .local = NO_LOCAL};
}

static Operand above(const Operand *x, const Operand *y)
{
    if (is_constant(y)) return compare(OPERAND_ABOVE, x, y->distance);
    if (y->kind != OPERAND_ROOM || !has_value(x)) return unknown;
    return (Operand){.kind = OPERAND_BEYOND,
                     .id = x->id,
                     .distance = x->distance,
                     .c = y->c,
                     .other = y->id,
                     .other_distance = y->distance,
                     .local = NO_LOCAL};
}

static Operand align(WriteWalk *w, Operand x, Operand y)
{
    if (is_constant(&x)) {
        Operand swap = x;
        x = y;
        y = swap;
    }
    if (!is_constant(&y) || !has_value(&x)) return unknown;
    uint32_t mask = y.distance, low = ~mask;
    if (is_constant(&x)) return constant(x.distance & mask);
    if (low & (low + 1)) return unknown;
    want_frame(w, &x, low);
    AddressSet set = set_of(w, &x);
    return set.n == SET_ANY ? unknown : value(new_value(w, addr_align(set, mask)), 0);
}

static Operand binary(WriteWalk *w, WasmOp op, Operand x, Operand y)
{
    switch (op) {
    case OP_I32_ADD:
        if (is_constant(&y) && has_value(&x)) return value(x.id, x.distance + y.distance);
        if (is_constant(&x) && has_value(&y)) return value(y.id, y.distance + x.distance);
        return unknown;
    case OP_I32_SUB:
        if (is_constant(&y) && has_value(&x)) return value(x.id, x.distance - y.distance);
        if (is_constant(&x) && has_value(&y))
            return (Operand){.kind = OPERAND_ROOM, .id = y.id, .distance = y.distance, .c = x.distance, .local = NO_LOCAL};
        return unknown;
    case OP_I32_AND: return align(w, x, y);
    case OP_I32_LT_U: return is_constant(&y) ? compare(OPERAND_BELOW, &x, y.distance) : unknown;
    case OP_I32_GT_U: return above(&x, &y);
    default: return unknown;
    }
}

/* ---- conditions ---- */

/* What the value with the condition's id is when it came out so. */
static AddressSet outcome(const Operand *c, bool truth)
{
    AddressSet set = {0};
    switch ((OperandKind)c->kind) {
    case OPERAND_VALUE: set = truth ? addr_range(1, UINT32_MAX) : addr_range(0, 0); break;
    case OPERAND_BELOW:
        set = !truth ? addr_range(c->c, UINT32_MAX) : c->c ? addr_range(0, c->c - 1) : addr_range(1, 0);
        break;
    case OPERAND_ABOVE:
        set = !truth ? addr_range(0, c->c) : c->c < UINT32_MAX ? addr_range(c->c + 1, UINT32_MAX) : addr_range(1, 0);
        break;
    default: return set;
    }
    return addr_shift(set, 0u - c->distance);
}

static bool is_decided(const Operand *c) { return c->id >= VALUE_FIRST && c->kind != OPERAND_ROOM; }

static void learn_outcome(WriteWalk *w, const Operand *c, bool truth)
{
    if (is_decided(c)) learn(w, c->id, outcome(c, truth));
}

/* n <= c - d, and d is from stack_low to c: then d + n is at most c. */
static void learn_span(WriteWalk *w, const Operand *c)
{
    if (c->kind != OPERAND_BEYOND || c->other < VALUE_FIRST || c->id < VALUE_FIRST || c->c > w->bounds.stack_high) return;
    AddressSet d = addr_shift(w->state->sets[c->other], c->other_distance);
    if (addr_within(d, w->bounds.stack_low, c->c))
        w->state->span = (Span){c->other, c->id, c->other_distance, c->distance};
}

/* Does the condition's other outcome say the same as this span: nothing to write, or above the sealed range? */
static bool spares(const WriteWalk *w, const Operand *c, Span span)
{
    if (!span.d || !is_decided(c) || c->kind == OPERAND_BEYOND) return false;
    AddressSet other = addr_meet(w->state->sets[c->id], outcome(c, false));
    if (c->id == span.n && addr_most(addr_shift(other, span.n_distance)) == 0) return true; /* both may be one value */
    return c->id == span.d && addr_within(addr_shift(other, span.d_distance), w->bounds.sealed_high, UINT32_MAX);
}

/* ---- blocks ---- */

/* The local, or the stack pointer, that an instruction sets. */
static Local *is_set_by(const WriteWalk *w, const WasmInstr *i)
{
    switch (i->op) {
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE: return find_local(w->state, i->index);
    case OP_GLOBAL_SET: return i->index == w->stack_pointer ? &w->state->pointer : NULL;
    case OP_CALL:
    case OP_CALL_INDIRECT: return &w->state->pointer;
    default: return NULL;
    }
}

/* What is set in the rest of the function, and how often. */
static void count_sets(WriteWalk *w, Reader r)
{
    WasmInstr i;
    w->state->counted = true;
    while (r.pos != r.end && rd_instr(&r, &i)) {
        Local *set = is_set_by(w, &i);
        if (set) set->left++;
    }
}

static Label *top(WriteState *s) { return &s->labels[s->n_labels - 1]; }

static void open_block(WriteWalk *w, WasmOp op, uint32_t n_params, uint32_t n_results)
{
    WriteState *s = w->state;
    Operand condition = op == OP_IF ? pop(w) : unknown;
    pop_n(w, n_params);
    Label l = {.op = op, .height = s->n_operands, .n_params = n_params, .n_results = n_results, .outer_loop = s->loop,
               .n_names = s->n_names, .n_facts = s->n_facts, .condition = condition, .span = s->span};
    PUSH(w, labels, n_labels, labels_cap, l);
    if (s->failed) return;
    s->run++;
    push_unknown(w, n_params); /* by that name or another: in a loop they may come around */
    if (op == OP_IF) learn_outcome(w, &condition, true);
    if (op != OP_LOOP) return;
    if (!s->counted) count_sets(w, s->r);
    s->loop = s->step;
}

/* What is known where ways meet: no more than at the start of the block. */
static void meet(WriteState *s, const Label *l)
{
    forget_names(s, l->n_names);
    forget_facts(s, l->n_facts);
    s->span = l->span;
    s->run++;
}

static void at_else(WriteWalk *w)
{
    WriteState *s = w->state;
    Label *l = top(s);
    l->then_live = s->live;
    l->op = OP_ELSE;
    meet(s, l);
    s->live = true;
    s->n_operands = l->height;
    push_unknown(w, l->n_params);
    learn_outcome(w, &l->condition, false);
}

/* An `if` without `else`: the other way comes straight from its start. */
static void end_if(WriteWalk *w, const Label *l)
{
    WriteState *s = w->state;
    const Operand *c = &l->condition;
    if (is_constant(c) && c->distance != 0 && !l->branched) return; /* there is no other way */
    bool decided = is_decided(c) && !l->branched, arm = s->live;
    AddressSet in_arm = decided ? s->sets[c->id] : (AddressSet){0};
    Span span = s->span;
    meet(s, l);
    s->live = true;
    if (!decided) return;
    if (!arm) {
        learn(w, c->id, outcome(c, false));
        learn_span(w, c);
        return;
    }
    if (spares(w, c, span)) s->span = span;
    learn(w, c->id, addr_join(in_arm, addr_meet(s->sets[c->id], outcome(c, false))));
}

static void end_block(WriteWalk *w)
{
    WriteState *s = w->state;
    const Label l = *top(s);
    bool fell = s->live;
    s->n_labels--;
    s->loop = l.outer_loop;
    if (s->n_labels == 0) return;
    switch (l.op) {
    case OP_LOOP: break;
    case OP_IF:
        end_if(w, &l);
        break;
    case OP_ELSE:
        if (!l.branched && !l.then_live) break; /* there is one way */
        meet(s, &l);
        s->live = fell || l.then_live || l.branched;
        break;
    default:
        if (!l.branched) break;
        meet(s, &l);
        s->live = true;
    }
    if (!s->live) return;
    bool one_way = fell && !l.branched && (l.op == OP_LOOP || l.op == OP_BLOCK);
    if (one_way) return;
    s->n_operands = l.height;
    push_unknown(w, l.n_results);
}

static void branch_to(WriteState *s, uint32_t depth)
{
    if (depth < s->n_labels) s->labels[s->n_labels - 1 - depth].branched = true;
    s->run++;
}

static void branch_to_all(WriteState *s)
{
    Reader labels = s->r;
    labels.pos = s->instr.labels;
    for (uint32_t i = 0, depth; i < s->instr.n_labels; i++)
        if (rd_u32(&labels, "label", &depth)) branch_to(s, depth);
    branch_to(s, s->instr.index);
}

/* ---- instructions ---- */

static void call(WriteWalk *w, const WasmType *t)
{
    WriteState *s = w->state;
    s->run++;
    pop_n(w, t->n_params);
    push_unknown(w, t->n_results);
    s->pointer.left -= s->counted;
    name(w, THE_POINTER, new_value(w, addr_range(w->bounds.stack_low, w->bounds.stack_high)), 0);
}

/* Bytes that it writes at an address that is its first operand. */
static uint32_t store_width(const WasmOpInfo *info)
{
    bool memory = info->imm == IMM_MEMARG || info->imm == IMM_MEMARG_LANE;
    return memory && info->pops[1] && info->pushes[0] == 0 ? 1u << info->align_log2 : 0;
}

static void by_table(WriteWalk *w)
{
    WriteState *s = w->state;
    const WasmInstr *i = &s->instr;
    const WasmOpInfo *info = &wasm_op_info[i->op];
    size_t n = strlen(info->pops), n_results = strlen(info->pushes);
    uint32_t width = store_width(info);
    if (width) {
        pop_n(w, n - 1);
        check_store(w, pop(w), (uint64_t)i->value, width);
    } else if (n == 2 && n_results == 1 && info->prefix == 0) {
        Operand y = pop(w), x = pop(w);
        push(w, binary(w, i->op, x, y));
    } else {
        pop_n(w, n);
        push_unknown(w, (uint32_t)n_results);
    }
}

static void set_named(WriteWalk *w, bool tee)
{
    WriteState *s = w->state;
    Operand o = pop(w);
    if (has_value(&o) && o.id == s->read.id && (s->read.distance - o.distance) % FRAME_ALIGN == 0 &&
        s->read.distance - o.distance <= RED_ZONE)
        want_frame(w, &o, 0);
    o = set_local(w, s->instr.index, o);
    if (tee) push(w, o);
}

static void instruction(WriteWalk *w)
{
    WriteState *s = w->state;
    const WasmInstr *i = &s->instr;
    Operand x;
    switch (i->op) {
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: open_block(w, i->op, wasm_block_params(w->m, i->value), wasm_block_results(w->m, i->value)); return;
    case OP_ELSE: at_else(w); return;
    case OP_END: end_block(w); return;
    case OP_BR:
        branch_to(s, i->index);
        s->live = false;
        return;
    case OP_BR_IF:
        (void)pop(w);
        branch_to(s, i->index);
        return;
    case OP_BR_TABLE:
        branch_to_all(s);
        s->live = false;
        return;
    case OP_UNREACHABLE:
    case OP_RETURN:
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT: s->live = false; return;
    case OP_CALL: call(w, wasm_func_type(w->m, i->index)); return;
    case OP_CALL_INDIRECT:
        (void)pop(w);
        call(w, &w->m->types[i->index]);
        return;
    case OP_DROP: (void)pop(w); return;
    case OP_SELECT:
    case OP_SELECT_T:
    case OP_TABLE_FILL:
    case OP_TABLE_SET:
        pop_n(w, i->op == OP_TABLE_SET ? 2 : 3);
        if (i->op == OP_SELECT || i->op == OP_SELECT_T) push(w, unknown);
        return;
    case OP_TABLE_GROW:
        pop_n(w, 2);
        push(w, unknown);
        return;
    case OP_TABLE_GET:
        (void)pop(w);
        push(w, unknown);
        return;
    case OP_REF_NULL:
    case OP_REF_FUNC: push(w, unknown); return;
    case OP_LOCAL_GET: push(w, get_local(w, i->index)); return;
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE: set_named(w, i->op == OP_LOCAL_TEE); return;
    case OP_GLOBAL_GET: push(w, i->index == w->stack_pointer ? get_pointer(w) : unknown); return;
    case OP_GLOBAL_SET:
        x = pop(w);
        if (i->index == w->stack_pointer) set_pointer(w, x);
        return;
    case OP_I32_CONST: push(w, constant((uint32_t)i->value)); return;
    case OP_MEMORY_FILL:
    case OP_MEMORY_COPY:
    case OP_MEMORY_INIT: check_bulk(w); return;
    default: by_table(w);
    }
}

/* Until the `else` or `end` from which on code can be reached again. */
static void skip_dead(WriteWalk *w)
{
    WriteState *s = w->state;
    Local *set = is_set_by(w, &s->instr);
    if (set) set->left -= s->counted;
    switch (s->instr.op) {
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: s->dead_blocks++; return;
    case OP_ELSE:
        if (s->dead_blocks == 0) at_else(w);
        return;
    case OP_END:
        if (s->dead_blocks == 0) end_block(w);
        else s->dead_blocks--;
        return;
    default: return;
    }
}

/* ---- functions ---- */

static bool begin_locals(WriteWalk *w, const WasmType *type)
{
    enum { MOST_TRACKED = 1 << 16 }; /* engines take 50,000 */
    WriteState *s = w->state;
    WasmLocals l;
    if (!rd_locals(&s->r, &l)) return false;
    uint64_t total = (uint64_t)type->n_params + l.declared;
    s->n_tracked = total < MOST_TRACKED ? (size_t)total : MOST_TRACKED;
    s->function++;
    if (s->n_tracked > s->locals_cap) {
        s->locals_cap = s->n_tracked + s->n_tracked / 2;
        s->locals = arena_array(w->arena, s->locals_cap, sizeof *s->locals);
        if (!s->locals) s->locals_cap = s->n_tracked = 0;
    }
    return s->locals || s->n_tracked == 0;
}

static bool begin_function(WriteWalk *w, const WasmType *type)
{
    WriteState *s = w->state;
    s->n_operands = s->n_labels = s->n_names = s->n_facts = s->n_ids = 0;
    s->pointer = (Local){0};
    s->read = (PointerRead){0};
    s->span = (Span){0};
    s->step = s->loop = s->run = s->dead_blocks = 0;
    s->live = true;
    s->counted = false;
    if (!begin_locals(w, type)) return false;
    (void)new_value(w, (AddressSet){0}); /* VALUE_UNKNOWN */
    (void)new_value(w, addr_range(0, 0)); /* VALUE_ZERO */
    open_block(w, OP_BLOCK, 0, type->n_results);
    return !s->failed;
}

bool writes_walk(WriteWalk *w, uint32_t body)
{
    const WasmRange range = w->m->bodies[body];
    Diags ignored = DIAGS_NOTHING; /* the code is valid */
    if (!w->state) w->state = arena_alloc(w->arena, sizeof *w->state);
    WriteState *s = w->state;
    if (!s) return false;
    s->r = wasm_reader(w->m, range, &ignored);
    bool ok = begin_function(w, wasm_func_type(w->m, w->m->n_imported[KIND_FUNC] + body));
    while (ok && s->n_labels && !s->failed) {
        s->step++;
        ok = rd_instr(&s->r, &s->instr);
        if (!ok) break;
        if (s->live) instruction(w);
        else skip_dead(w);
    }
    diag_free(&ignored);
    return ok && !s->failed;
}
