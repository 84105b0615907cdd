/* meter_plan.c: where a function is charged, and what: docs/metering.md.
 *
 * A forward pass reads the body and keeps its steps: instructions that change the way or matter to the gauge,
 * with the price of the straight run before each. All ways but those back to a loop's head lead to later
 * steps, so a backward pass knows at each point what the dearest way from there costs up to the next charge,
 * its *need*. At a point that charges, the need is what is charged and who comes there need bring nothing;
 * elsewhere it is what they must have paid: the point's *promise*.
 *
 * Always charged: the entry and loop heads, where credit is lost; a short loop that counts is charged before it,
 * for all the times that it will go around. Coarsely also what is behind a loop, else
 * each time around would pay for it; what is far, so that no way pays for much more than it runs; and what
 * leaves a loop that others go around. Exactly: each basic block. */
#include "linker/meter.h"

enum {
    MERGE = 6, /* so little behind a loop is paid for each time around rather than by a charge of its own */
    FAR = 512, /* a need beyond this is charged at the next place that can be */
    MOST_CALLS = 2,
    COLD = 16, /* so much more than the other way costs is charged apart when it leaves the loop */
    SHORT = 160, /* a loop of more bytes does not mind a charge each time around */
    STEP_MOST = 7 /* instructions of a counted loop's step */
};

/* ---- forward: steps ---- */

typedef struct Frame {
    uint32_t label;
    uint32_t called; /* at the `if` */
    bool dead;       /* in code that cannot be reached */
} Frame;

typedef struct Walk {
    MeterPlan *p;
    uint64_t cost;   /* since the last step */
    uint32_t called; /* as in Label */
    uint32_t dead;   /* blocks opened in code that cannot be reached, and 1; 0: this can be */
} Walk;

static uint32_t file_offset(const MeterPlan *p, const uint8_t *at) { return (uint32_t)(at - p->m->bytes); }

static Frame *top(const MeterPlan *p) { return &p->stack[p->n_stack - 1]; }

static uint32_t current_loop(const MeterPlan *p)
{
    uint32_t label = top(p)->label;
    return p->labels[label].kind == STEP_LOOP ? label : p->labels[label].loop;
}

static Step *add_step(Walk *w, StepKind kind, const WasmInstr *i, const uint8_t *next)
{
    MeterPlan *p = w->p;
    Step *s = &ARENA_PUSH(p->arena, p->steps, p->n_steps, p->steps_cap);
    *s = (Step){.kind = (uint8_t)kind,
                .op = (uint16_t)i->op,
                .at = file_offset(p, i->at),
                .next = file_offset(p, next),
                .loop = current_loop(p),
                .cost = w->cost};
    w->cost = 0;
    return s;
}

static uint32_t open_label(MeterPlan *p, StepKind kind, uint32_t carried)
{
    bool first = p->n_labels == 0;
    Label l = {.kind = (uint8_t)kind,
               .carried = carried,
               .loop = first ? NO_LABEL : current_loop(p),
               .called = NO_LABEL,
               .right_behind = GAUGE_IN_BOTH,
               .credit = UINT64_MAX};
    if (!first) l.depth = p->labels[top(p)->label].depth;
    if (kind == STEP_LOOP) l.depth++;
    ARENA_PUSH(p->arena, p->labels, p->n_labels, p->labels_cap) = l;
    return (uint32_t)p->n_labels - 1;
}

static void push_frame(Walk *w, uint32_t label)
{
    MeterPlan *p = w->p;
    ARENA_PUSH(p->arena, p->stack, p->n_stack, p->stack_cap) = (Frame){.label = label, .called = w->called};
}

static uint32_t target_of(const MeterPlan *p, uint32_t depth)
{
    return p->stack[p->n_stack - 1 - depth].label;
}

static void join(Walk *w, Label *l)
{
    l->joined = true;
    if (w->called < l->called) l->called = w->called;
}

/* A branch from here to that label. */
static void note_branch(Walk *w, uint32_t target)
{
    MeterPlan *p = w->p;
    Label *l = &p->labels[target];
    uint32_t loop = current_loop(p);
    if (loop != NO_LABEL && target < loop) p->labels[loop].left = true;
    if (l->kind == STEP_LOOP) {
        if (w->called < l->depth) l->quiet = true;
        l->backs++;
        return;
    }
    join(w, l);
    if (p->labels[top(p)->label].depth > l->depth) l->crossed = true;
}

static void note_table(Walk *w, Step *s, const WasmInstr *i)
{
    MeterPlan *p = w->p;
    s->label = (uint32_t)p->n_targets;
    s->n_targets = i->n_labels + 1;
    Reader r = {.base = p->m->bytes,
                .pos = i->labels,
                .end = p->m->bytes + s->next,
                .diags = p->diags,
                .file = p->m->file};
    for (uint32_t k = 0, depth; k <= i->n_labels; k++) {
        if (!rd_u32(&r, "label", &depth)) return; /* was read once already */
        uint32_t target = target_of(p, depth);
        note_branch(w, target);
        ARENA_PUSH(p->arena, p->targets, p->n_targets, p->targets_cap) = target;
    }
}

static void open_block(Walk *w, StepKind kind, const WasmInstr *i, const uint8_t *next)
{
    MeterPlan *p = w->p;
    uint32_t carried =
        kind == STEP_LOOP ? wasm_block_params(p->m, i->value) : wasm_block_results(p->m, i->value);
    Step *s = add_step(w, kind, i, next);
    uint32_t around = s->loop;
    s->label = open_label(p, kind, carried);
    if (kind == STEP_LOOP) {
        p->labels[s->label].at = file_offset(p, next);
        if (around != NO_LABEL) p->labels[around].outer = true;
    }
    push_frame(w, s->label);
}

static void at_else(Walk *w, const WasmInstr *i, const uint8_t *next)
{
    MeterPlan *p = w->p;
    Frame *f = top(p);
    Label *l = &p->labels[f->label];
    Step *s = add_step(w, STEP_ELSE, i, next);
    s->label = f->label;
    s->dead_before = w->dead != 0;
    if (!w->dead) join(w, l);
    l->has_else = true;
    w->called = f->called;
    w->dead = 0;
}

/* ---- counted loops ---- */

/* Where the last instructions before this branch begin: the straight run is read over once more. */
static bool find_step(const MeterPlan *p, const uint8_t *run, const Step *branch, WasmCounted *out)
{
    Reader r = {.base = p->m->bytes, .pos = run, .end = p->m->bytes + branch->next, .diags = p->diags, .file = p->m->file};
    const uint8_t *last[STEP_MOST], *end;
    size_t n = 0;
    WasmInstr i;
    while (r.pos != r.end && rd_instr(&r, &i)) last[n++ % STEP_MOST] = i.at;
    for (size_t k = 5; k <= STEP_MOST && k <= n; k += 2)
        if (wasm_find_counted_step(r, last[(n - k) % STEP_MOST], out, &end) && end == r.end) return true;
    return false;
}

static bool sets(const WasmInstr *i, WasmOperand o)
{
    return (i->op == OP_LOCAL_SET || i->op == OP_LOCAL_TEE) && o.is_local && o.value == i->index;
}

/* Only its step may change the counter. */
static bool changes_once(const MeterPlan *p, const Label *l, uint32_t end)
{
    Reader r = {.base = p->m->bytes,
                .pos = p->m->bytes + l->at,
                .end = p->m->bytes + end,
                .diags = p->diags,
                .file = p->m->file};
    uint32_t n = 0;
    WasmInstr i;
    while (r.pos != r.end && rd_instr(&r, &i)) n += sets(&i, l->times.high) || sets(&i, l->times.low);
    return n == 1;
}

/* A br_if back to the innermost block, a loop: is that its step? run: where the straight code before it begins. */
static void note_step(Walk *w, uint32_t run, const Step *s)
{
    MeterPlan *p = w->p;
    Label *l = &p->labels[s->label];
    if (p->kind != METER_COARSE || l->outer || l->calls || s->next - l->at > SHORT) return;
    l->counted = find_step(p, p->m->bytes + run, s, &l->times);
}

static void end_of_loop(MeterPlan *p, Label *l, uint32_t at)
{
    l->counted = l->counted && l->backs == 1 && !l->left && !l->outer && l->calls == 0 && changes_once(p, l, at);
    if (l->loop != NO_LABEL) p->labels[l->loop].calls += l->calls;
}

/* ---- ends ---- */

/* An `end`, of which only those are steps where ways meet or a loop is left. */
static void at_end(Walk *w, const WasmInstr *i, const uint8_t *next)
{
    MeterPlan *p = w->p;
    Frame f = *top(p);
    Label *l = &p->labels[f.label];
    bool alive = w->dead == 0, one_armed = l->kind == STEP_IF && !l->has_else;
    if (one_armed) { /* the way around it */
        l->joined = true;
        if (f.called < l->called) l->called = f.called;
    }
    bool is_step = l->kind == STEP_LOOP ? alive : l->joined || (f.label == THE_FUNCTION && alive);
    if (is_step) {
        Step *s = add_step(w, STEP_END, i, next);
        s->label = f.label;
        s->loop = l->loop; /* of what is behind it */
        s->dead_before = !alive;
    }
    if (l->kind != STEP_LOOP && l->joined) {
        if (!alive || l->called < w->called) w->called = l->called;
        w->dead = 0;
    }
    if (l->kind == STEP_LOOP) end_of_loop(p, l, file_offset(p, i->at));
    p->n_stack--;
    uint32_t depth = p->n_stack ? p->labels[top(p)->label].depth : 0;
    if (w->called > depth) w->called = depth;
}

static uint32_t carried_by(const MeterPlan *p, const WasmInstr *i)
{
    switch (i->op) {
    case OP_BR:
    case OP_BR_IF:
    case OP_BR_TABLE: return p->labels[target_of(p, i->index)].carried;
    case OP_RETURN: return p->labels[THE_FUNCTION].carried;
    default: return 0;
    }
}

static void in_dead_code(Walk *w, const WasmInstr *i, const uint8_t *next)
{
    switch (i->op) {
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: w->dead++; break;
    case OP_ELSE:
        if (w->dead == 1) at_else(w, i, next);
        break;
    case OP_END:
        if (w->dead == 1) at_end(w, i, next);
        else w->dead--;
        break;
    default: break;
    }
}

static void one_instruction(Walk *w, const WasmInstr *i, const uint8_t *next)
{
    MeterPlan *p = w->p;
    w->cost += wasm_price(p->m, i, carried_by(p, i));
    uint32_t run;
    Step *s;
    switch (i->op) {
    case OP_BLOCK: open_block(w, STEP_BLOCK, i, next); return;
    case OP_LOOP: open_block(w, STEP_LOOP, i, next); return;
    case OP_IF: open_block(w, STEP_IF, i, next); return;
    case OP_ELSE: at_else(w, i, next); return;
    case OP_END: at_end(w, i, next); return;
    case OP_BR:
    case OP_BR_IF:
        run = p->steps[p->n_steps - 1].next;
        s = add_step(w, i->op == OP_BR ? STEP_BR : STEP_BR_IF, i, next);
        s->label = target_of(p, i->index);
        note_branch(w, s->label);
        if (i->op == OP_BR_IF && i->index == 0 && p->labels[s->label].kind == STEP_LOOP) note_step(w, run, s);
        w->dead = i->op == OP_BR;
        return;
    case OP_BR_TABLE:
        note_table(w, add_step(w, STEP_BR_TABLE, i, next), i);
        w->dead = 1;
        return;
    case OP_CALL:
    case OP_CALL_INDIRECT:
        add_step(w, STEP_CALL, i, next);
        w->called = p->labels[top(p)->label].depth;
        if (current_loop(p) != NO_LABEL) p->labels[current_loop(p)].calls++;
        return;
    case OP_RETURN:
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT:
        add_step(w, STEP_LEAVE, i, next);
        if (current_loop(p) != NO_LABEL) p->labels[current_loop(p)].left = true;
        w->dead = 1;
        return;
    case OP_UNREACHABLE:
        add_step(w, STEP_TRAP, i, next);
        w->dead = 1;
        return;
    default:
        if (wasm_sized_price(i->op).per == SIZED_NOT) return;
        add_step(w, STEP_SIZED, i, next);
        p->uses_size = true;
    }
}

/* ---- a body ---- */

void meter_begin(MeterPlan *p) { wasm_plain_begin(&p->plain); }

static bool read_steps(MeterPlan *p, uint32_t body)
{
    Reader r = wasm_reader(p->m, p->m->bodies[body], p->diags);
    uint32_t func = p->m->n_imported[KIND_FUNC] + body;
    const WasmType *type = wasm_func_type(p->m, func);
    Walk w = {.p = p};
    WasmInstr i = {0};
    const uint8_t *last;
    p->n_steps = p->n_labels = p->n_targets = p->n_stack = 0;
    p->uses_local = p->uses_size = false;
    p->n_params = type ? type->n_params : 0;
    if (!rd_locals(&r, &p->locals)) return false;
    push_frame(&w, open_label(p, STEP_BLOCK, type ? type->n_results : 0));
    i.at = r.pos;
    add_step(&w, STEP_ENTRY, &i, r.pos);
    while (p->n_stack) {
        uint64_t cost = wasm_skip_plain(&p->plain, &r, &last);
        if (!w.dead) w.cost += cost;
        if (!rd_instr(&r, &i)) return false;
        if (w.dead) in_dead_code(&w, &i, r.pos);
        else one_instruction(&w, &i, r.pos);
    }
    return rd_end(&r, "function body");
}

/* ---- which loops have the gauge in the local ---- */

/* One that can go around without a call, and those within it. Where it is left, ways join with the gauge
 * there. */
static void choose_local(MeterPlan *p)
{
    for (size_t i = 0; i < p->n_labels; i++) {
        Label *l = &p->labels[i];
        if (l->kind != STEP_LOOP) continue;
        l->local = (l->quiet && l->calls <= MOST_CALLS && !l->counted) || (l->loop != NO_LABEL && p->labels[l->loop].local);
        p->uses_local |= l->local;
    }
    if (!p->uses_local) return;
    for (size_t i = 0; i < p->n_steps; i++) {
        const Step *s = &p->steps[i];
        if (s->loop == NO_LABEL || !p->labels[s->loop].local) continue;
        if (s->kind == STEP_BR || s->kind == STEP_BR_IF || s->kind == STEP_IF)
            p->labels[s->label].local |= s->label != THE_FUNCTION;
        for (uint32_t k = 0; s->kind == STEP_BR_TABLE && k < s->n_targets; k++)
            p->labels[p->targets[s->label + k]].local |= p->targets[s->label + k] != THE_FUNCTION;
    }
}

/* ---- backward: needs ---- */

static uint64_t max64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* A point of the way back, as it is seen from before it. */
typedef struct Point {
    uint64_t need;
    uint32_t around; /* as in Label */
    bool wants_local;
} Point;

static Point target_point(const MeterPlan *p, uint32_t label)
{
    const Label *l = &p->labels[label];
    if (l->kind == STEP_LOOP) return (Point){.around = l->depth, .wants_local = l->local};
    return (Point){.need = l->promise, .around = l->around};
}

/* Of two ways, of which one goes on. */
static Point either(Point on, Point other)
{
    return (Point){max64(on.need, other.need), max32(on.around, other.around), on.wants_local};
}

static bool leaves_loop(const MeterPlan *p, const Step *s, const Point *at)
{
    return s->loop != NO_LABEL && at->around < p->labels[s->loop].depth;
}

/* Is what begins behind this step charged there? other: the need of the other way. */
static bool is_charged(const MeterPlan *p, const Step *s, const Point *at, uint64_t other)
{
    const Label *l = &p->labels[s->label];
    bool end = s->kind == STEP_END;
    if (p->kind == METER_EXACT) return !end || l->kind != STEP_LOOP;
    if (at->need > FAR) return true;
    if (end) return at->need > MERGE && (l->kind == STEP_LOOP || l->crossed);
    return at->need > other + COLD && leaves_loop(p, s, at);
}

/* The point behind a step, charged there or promised to who comes. */
static Point settle(const MeterPlan *p, Step *s, Point at, uint64_t other)
{
    if (!is_charged(p, s, &at, other)) return at;
    s->charge = at.need;
    at.need = 0;
    return at;
}

static Point at_loop(const MeterPlan *p, Step *s, Point body)
{
    const Label *l = &p->labels[s->label];
    s->charge = body.need;
    return (Point){.around = body.around < l->depth ? body.around : l->depth - 1, .wants_local = l->local};
}

static Point at_if(const MeterPlan *p, Step *s, Point then)
{
    const Label *l = &p->labels[s->label];
    Point no = {.need = l->has_else ? l->else_promise : l->promise,
                .around = l->has_else ? l->else_around : l->around};
    return either(settle(p, s, then, no.need), no);
}

/* What is needed before a step when this is needed behind it. */
static Point before_step(const MeterPlan *p, Step *s, Point behind)
{
    Label *l = s->kind == STEP_BR_TABLE ? NULL : &p->labels[s->label];
    Point at = {0};
    s->wants_local = behind.wants_local;
    switch ((StepKind)s->kind) {
    case STEP_ENTRY:
    case STEP_BLOCK:
    case STEP_SIZED: return behind;
    case STEP_CALL: return (Point){.need = behind.need, .around = behind.around};
    case STEP_LOOP: return at_loop(p, s, behind);
    case STEP_IF: return at_if(p, s, behind);
    case STEP_ELSE:
        at = settle(p, s, behind, l->promise);
        l->else_promise = at.need;
        l->else_around = at.around;
        return (Point){.need = l->promise, .around = l->around, .wants_local = behind.wants_local};
    case STEP_END:
        at = settle(p, s, behind, 0);
        l->promise = at.need;
        l->around = at.around;
        return at;
    case STEP_BR: return target_point(p, s->label);
    case STEP_BR_IF: at = target_point(p, s->label); return either(settle(p, s, behind, at.need), at);
    case STEP_BR_TABLE:
        for (uint32_t k = 0; k < s->n_targets; k++)
            at = either(at, target_point(p, p->targets[s->label + k]));
        return at;
    case STEP_LEAVE:
    case STEP_TRAP: return at;
    }
    return at;
}

static void find_needs(MeterPlan *p)
{
    Point at = {0};
    for (size_t i = p->n_steps; i-- > 0;) {
        Step *s = &p->steps[i];
        at = before_step(p, s, at);
        at.need += s->cost;
    }
    p->steps[0].charge = at.need;
}

/* ---- forward once more: credit ---- */

/* What is left of earlier charges on every way here need not be charged again: the cheaper of two ways leaves
 * something, a loop that is left in the middle too. */
typedef struct Credit {
    MeterPlan *p;
    uint64_t now;
} Credit;

static void bring(Credit *c, uint32_t label)
{
    Label *l = &c->p->labels[label];
    if (c->now < l->credit) l->credit = c->now;
}

static void credit_before(Credit *c, const Step *s)
{
    Label *l = s->kind == STEP_BR_TABLE ? NULL : &c->p->labels[s->label];
    switch ((StepKind)s->kind) {
    case STEP_LOOP: c->now = 0; break;
    case STEP_IF:
        if (l->has_else) l->credit_at_if = c->now;
        else bring(c, s->label);
        break;
    case STEP_ELSE:
        if (!s->dead_before) bring(c, s->label);
        c->now = l->credit_at_if;
        break;
    case STEP_END:
        if (l->kind == STEP_LOOP || !l->joined) break;
        if (!s->dead_before) bring(c, s->label);
        c->now = l->credit;
        break;
    case STEP_BR:
    case STEP_BR_IF: bring(c, s->label); break;
    case STEP_BR_TABLE:
        for (uint32_t k = 0; k < s->n_targets; k++) bring(c, c->p->targets[s->label + k]);
        break;
    default: break;
    }
}

static void use_credit(MeterPlan *p)
{
    Credit c = {.p = p};
    for (size_t i = 0; i < p->n_steps; i++) {
        Step *s = &p->steps[i];
        if (!s->dead_before) c.now -= s->cost;
        credit_before(&c, s);
        if (i == 0) { /* not yet with the price of entering */
            c.now = s->charge;
        } else if (s->charge) {
            uint64_t need = s->charge;
            s->charge = need > c.now ? need - c.now : 0;
            if (need > c.now) c.now = need;
        }
    }
}

static void pay_entry(MeterPlan *p)
{
    uint32_t ours = p->uses_local + p->uses_size;
    p->steps[0].charge += WASM_PRICE_ENTRY + p->locals.declared + ours;
}

bool meter_plan(MeterPlan *p, uint32_t body)
{
    if (!read_steps(p, body)) return false;
    choose_local(p);
    find_needs(p);
    if (p->kind == METER_COARSE) use_credit(p);
    pay_entry(p);
    return true;
}
