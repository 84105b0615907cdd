/* fuel.c: P701 to P703, the meter: does every path pay for what it runs? docs/metering.md has the forms.
 *
 * A walk over the code after it was found valid, only where the module records a meter. Three things are followed
 * on all paths at once, joined where they meet: the credit (what was charged minus what ran, at its smallest),
 * where the gauge is right (in the global F, in the local L), and whether control gets here at all. Nothing is
 * believed of the producer but the bytes. Linear in the code; one finding of each rule a function.
 *
 * Functions are walked by several threads, which say nothing: one with a finding is walked again afterwards, aloud, in the
 * order of the module (as in code.c). */
#include "validator/state.h"

#include <inttypes.h>

#define GAUGE_NAME STR("parigot:fuel")

/* What holds at a point of the code. */
typedef struct Point {
    int64_t credit;
    uint8_t right;
    bool live; /* control gets here */
} Point;

typedef struct Frame {
    WasmOp op;       /* block, loop, if, else */
    uint32_t carried; /* values that a branch to it brings */
    Point label;     /* loop: what a branch back must have; else the join of what has come so far */
    Point otherwise; /* if: its other arm */
} Frame;

typedef struct Meter {
    Val *v;
    const WasmModule *m;
    uint32_t fuel;       /* index of F */
    Reader r;
    uint32_t func, at;   /* offset of the instruction */
    uint32_t last_local; /* L, if it is one: declared, i64; else NONE32 */
    Point now;
    int64_t owed;        /* the price of entering, until the first charge */
    bool paid;           /* a charge by size has just been read, at this price */
    WasmSizedPrice paid_price;
    bool paid_loop;      /* a charge of a counted loop has just been read, */
    WasmCharge loop;     /* this one; also while control is in that loop */
    size_t loop_frame;   /* its frame; 0: there is none */
    const uint8_t *step_end; /* code up to here is the loop's step; NULL: that is still to come */
    bool uses_l, said_unpaid, said_touched;
    WasmPlain plain;
    bool closely;        /* one instruction after the other: something is wrong in this function */
    uint32_t foreign_l;  /* offset of an access to L outside of the forms, or NONE32 */
    Frame *frames;       /* [0] is the function */
    size_t n_frames, cap_frames;
    Arena *arena;        /* of frames */
    bool quiet, marked;  /* in a thread: findings only leave a mark */
    bool failed;         /* out of memory */
} Meter;

/* ---- findings: the first of each kind in a function ---- */

static void unpaid(Meter *t, const char *what, int64_t short_of)
{
    if (t->said_unpaid) return;
    t->said_unpaid = t->marked = true;
    if (t->quiet) return;
    t->v->meter_ok = false;
    if (short_of)
        violated(t->v, RULE_P702, (Site){t->at, t->func}, (Str){0}, "%s: %" PRId64 " more than was paid for", what, short_of);
    else violated(t->v, RULE_P702, (Site){t->at, t->func}, (Str){0}, "%s", what);
}

static void touched(Meter *t, uint32_t at, const char *what)
{
    if (t->said_touched) return;
    t->said_touched = t->marked = true;
    if (t->quiet) return;
    t->v->meter_ok = false;
    violated(t->v, RULE_P703, (Site){at, t->func}, (Str){0}, "%s", what);
}

/* ---- credit ---- */

static void spend(Meter *t, uint32_t price, const char *what)
{
    if (!t->now.live || price == 0) return;
    if (t->owed) {
        unpaid(t, "code before the first charge of its function", 0);
        t->owed = 0;
    }
    t->now.credit -= price;
    if (t->now.credit < 0) unpaid(t, what, -t->now.credit);
}

static void charge(Meter *t, int64_t amount)
{
    if (!t->now.live) return;
    t->now.credit += amount - t->owed;
    t->owed = 0;
    if (t->now.credit < 0) unpaid(t, "entering the function", -t->now.credit);
}

static void need(Meter *t, uint8_t right, const char *what)
{
    if (t->now.live && !(t->now.right & right)) unpaid(t, what, 0);
}

static Point join(Point a, Point b)
{
    if (!a.live) return b;
    if (!b.live) return a;
    return (Point){a.credit < b.credit ? a.credit : b.credit, a.right & b.right, true};
}

/* ---- forms ---- */

/* The instruction, which has been read, was the beginning of a form. */
static bool is_charge(Meter *t, const WasmInstr *first)
{
    WasmCharge c;
    if (!wasm_read_charge(t->r, first->at, t->fuel, t->last_local, &c)) return false;
    need(t, c.from, c.from == GAUGE_F ? "a charge to the global while the gauge is in a local"
                                  : "a charge to the local while the gauge is in the global");
    charge(t, c.amount);
    t->now.right = c.kept;
    t->uses_l |= c.kept == GAUGE_L;
    t->r.pos = c.end;
    return true;
}

static bool is_move(Meter *t, const WasmInstr *first)
{
    WasmCharge c;
    if (!wasm_read_gauge_move(t->r, first->at, t->fuel, t->last_local, &c)) return false;
    need(t, c.from, c.from == GAUGE_F ? "the global is loaded while the gauge is in a local"
                                  : "the local is stored while the gauge is in the global");
    t->now.right = GAUGE_F | GAUGE_L;
    t->uses_l = true;
    t->r.pos = c.end;
    return true;
}

/* The instruction behind the form is what it pays for. */
static bool is_sized_charge(Meter *t, const WasmInstr *first)
{
    WasmCharge c;
    if (!wasm_read_sized_charge(t->r, first->at, t->fuel, t->last_local, &c)) return false;
    need(t, c.from, "a charge by size where the gauge is not right");
    t->now.right = c.kept;
    t->uses_l |= c.kept == GAUGE_L;
    t->paid_price = c.sized;
    t->paid = true;
    t->r.pos = c.end;
    return true;
}

/* The loop behind the form is what it pays for. */
static bool is_counted_charge(Meter *t, const WasmInstr *first)
{
    WasmCharge c;
    if (!wasm_read_counted_charge(t->r, first->at, t->fuel, t->last_local, &c)) return false;
    need(t, c.from, "a charge of a loop where the gauge is not right");
    if (t->loop_frame) unpaid(t, "a loop that is paid before it within another", 0);
    t->now.right = c.kept;
    t->uses_l |= c.kept == GAUGE_L;
    t->loop = c;
    t->paid_loop = true;
    t->r.pos = c.end;
    return true;
}

/* ---- counted loops ---- */

static bool in_step(const Meter *t, const uint8_t *at) { return t->step_end && at < t->step_end; }

/* The one way back: what moves the counter on, compares it and branches. It is walked over like other code. */
static void look_for_step(Meter *t, const WasmInstr *i)
{
    if (t->n_frames - 1 != t->loop_frame || t->step_end || !t->now.live) return;
    const uint8_t *end;
    if (wasm_read_counted_step(t->r, i->at, &t->loop.counted, &end)) t->step_end = end;
}

static bool is_local(WasmOperand o, uint32_t local) { return o.is_local && o.value == local; }

static void look_for_counter(Meter *t, const WasmInstr *i)
{
    const WasmCounted *c = &t->loop.counted;
    if (t->now.live && (is_local(c->high, i->index) || is_local(c->low, i->index)) && !in_step(t, i->at))
        unpaid(t, "the counter or the end of a loop that is paid before it changes", 0);
}

static void in_counted_loop(Meter *t, const WasmInstr *i)
{
    switch (i->op) {
    case OP_LOCAL_GET:
    case OP_I32_CONST: look_for_step(t, i); break;
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE: look_for_counter(t, i); break;
    default: break;
    }
}

/* ---- control ---- */

static void push_frame(Meter *t, WasmOp op, uint32_t carried)
{
    Frame *frames = arena_grow(t->arena, t->frames, t->n_frames, &t->cap_frames, sizeof *frames);
    if (!frames) {
        t->failed = true;
        return;
    }
    t->frames = frames;
    frames[t->n_frames++] = (Frame){.op = op, .carried = carried};
}

static Frame *frame_of(Meter *t, uint32_t label) { return &t->frames[t->n_frames - 1 - label]; }

/* paid: by a charge of a counted loop just before it. */
static void begin_block(Meter *t, const WasmInstr *i, bool paid)
{
    Point before = t->now;
    uint32_t params = wasm_block_params(t->m, i->value), results = wasm_block_results(t->m, i->value);
    push_frame(t, i->op, i->op == OP_LOOP ? params : results);
    if (t->failed) return;
    Frame *f = frame_of(t, 0);
    if (i->op == OP_IF) f->otherwise = before;
    if (i->op != OP_LOOP) return;
    if (before.live && t->owed) {
        unpaid(t, "a loop before the first charge of its function", 0);
        t->owed = 0;
    }
    t->now.credit = 0; /* each time around is paid by itself */
    if (paid) {
        t->now.credit = t->loop.amount;
        t->loop_frame = t->n_frames - 1;
        t->step_end = NULL;
    }
    t->now.right = before.right & GAUGE_L ? GAUGE_L : GAUGE_F;
    if (before.live && !before.right) unpaid(t, "a loop where the gauge is right neither in the global nor in the local", 0);
    f->label = t->now;
}

static void leave_function(Meter *t)
{
    need(t, GAUGE_F, "the function is left while the gauge is in a local");
    if (t->now.live && t->owed) unpaid(t, "the function is left without a charge", 0);
}

static void branch(Meter *t, const uint8_t *from, uint32_t label)
{
    Frame *f = frame_of(t, label);
    if (!t->now.live) return;
    if (f == t->frames) leave_function(t);
    else if (f->op == OP_LOOP) {
        if (f->label.live) need(t, f->label.right, "a branch back with the gauge elsewhere than at the loop's start");
        if (f == &t->frames[t->loop_frame] && !in_step(t, from)) unpaid(t, "a branch back to a loop that is paid before it, without its step", 0);
    } else f->label = join(f->label, t->now);
}

static void end_block(Meter *t)
{
    Frame *f = frame_of(t, 0);
    if (f == t->frames) leave_function(t);
    else if (f->op != OP_LOOP) {
        t->now = join(t->now, f->label);
        if (f->op == OP_IF) t->now = join(t->now, f->otherwise);
    }
    t->n_frames--;
    if (t->n_frames == t->loop_frame) t->loop_frame = 0;
}

static void begin_else(Meter *t)
{
    Frame *f = frame_of(t, 0);
    f->op = OP_ELSE;
    f->label = join(f->label, t->now);
    t->now = f->otherwise;
}

static void branch_to_all(Meter *t, const WasmInstr *i)
{
    Reader labels = t->r;
    labels.pos = i->labels;
    for (uint32_t k = 0; k < i->n_labels; k++) {
        uint32_t label;
        if (!rd_u32(&labels, "label", &label)) return;
        branch(t, i->at, label);
    }
    branch(t, i->at, i->index);
}

static uint32_t carried_by(Meter *t, const WasmInstr *i)
{
    switch (i->op) {
    case OP_BR:
    case OP_BR_IF:
    case OP_BR_TABLE: return frame_of(t, i->index)->carried;
    case OP_RETURN: return t->frames->carried;
    default: return 0;
    }
}

static void control(Meter *t, const WasmInstr *i, bool paid_loop)
{
    switch (i->op) {
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: begin_block(t, i, paid_loop); break;
    case OP_ELSE: begin_else(t); break;
    case OP_END: end_block(t); break;
    case OP_BR_IF: branch(t, i->at, i->index); break;
    case OP_CALL:
    case OP_CALL_INDIRECT:
        need(t, GAUGE_F, "a call while the gauge is in a local");
        t->now.right &= GAUGE_F;
        break;
    case OP_BR: branch(t, i->at, i->index); break;
    case OP_BR_TABLE: branch_to_all(t, i); break;
    case OP_RETURN:
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT: leave_function(t); break;
    default: break;
    }
    if (i->op == OP_BR || i->op == OP_BR_TABLE || i->op == OP_RETURN || i->op == OP_RETURN_CALL ||
        i->op == OP_RETURN_CALL_INDIRECT || i->op == OP_UNREACHABLE)
        t->now.live = false;
}

/* ---- instructions ---- */

static bool is_form(Meter *t, const WasmInstr *i)
{
    switch (i->op) {
    case OP_GLOBAL_GET: return i->index == t->fuel && (is_charge(t, i) || is_move(t, i) || is_counted_charge(t, i));
    case OP_LOCAL_GET: return i->index == t->last_local && (is_charge(t, i) || is_move(t, i) || is_counted_charge(t, i));
    case OP_LOCAL_TEE: return i->index != t->last_local && is_sized_charge(t, i);
    default: return false;
    }
}

/* An instruction outside of the forms must leave F alone; and L, if this function turns out to keep the gauge there. */
static void look_for_touch(Meter *t, const WasmInstr *i)
{
    if ((i->op == OP_GLOBAL_GET || i->op == OP_GLOBAL_SET) && i->index == t->fuel)
        touched(t, t->at, i->op == OP_GLOBAL_SET ? "writes the fuel, and is no charge" : "reads the fuel, and is no charge");
    if ((i->op == OP_LOCAL_GET || i->op == OP_LOCAL_SET || i->op == OP_LOCAL_TEE) && i->index == t->last_local &&
        t->foreign_l == NONE32)
        t->foreign_l = t->at;
}

static void pay_by_size(Meter *t, WasmOp op, bool paid)
{
    WasmSizedPrice price = wasm_sized_price(op);
    if (price.per == SIZED_NOT || !t->now.live) return;
    if (!paid || t->paid_price.per != price.per || t->paid_price.n != price.n)
        unpaid(t, "an instruction whose size is not paid for just before it", 0);
}

static void instruction(Meter *t, const WasmInstr *i)
{
    bool paid = t->paid, paid_loop = t->paid_loop;
    t->paid = t->paid_loop = false;
    if (is_form(t, i)) return;
    if (t->loop_frame) in_counted_loop(t, i);
    look_for_touch(t, i);
    pay_by_size(t, i->op, paid);
    spend(t, wasm_price(t->m, i, carried_by(t, i)), wasm_op_text(i->op));
    control(t, i, paid_loop);
}

/* Runs that are paid for, and touch neither gauge nor the counter of a loop, as a whole. The last may begin a charge by
 * size, when what ended the run is its second instruction. */
static void plain_run(Meter *t)
{
    const uint8_t *start = t->r.pos, *last;
    if (t->closely || t->loop_frame) return;
    uint64_t cost = wasm_skip_plain(&t->plain, &t->r, &last);
    if (!last) return;
    if (t->now.live && (t->owed || t->now.credit < (int64_t)cost)) {
        t->r.pos = start;
        t->closely = true;
        return;
    }
    if (*last == wasm_op_info[OP_LOCAL_TEE].code) {
        t->r.pos = last;
        cost -= t->plain.ops[*last].price;
    }
    if (t->now.live) t->now.credit -= (int64_t)cost;
    if (t->r.pos != start) t->paid = t->paid_loop = false;
}

/* ---- functions ---- */

static bool read_locals(Meter *t, const WasmType *type)
{
    WasmLocals l;
    if (!rd_locals(&t->r, &l)) return false;
    t->last_local = l.last_type == TYPE_I64 ? type->n_params + l.declared - 1 : NONE32;
    t->owed = (int64_t)WASM_PRICE_ENTRY + l.declared;
    return true;
}

static void walk(Meter *t, uint32_t func)
{
    const WasmType *type = wasm_func_type(t->m, func);
    t->func = func;
    t->r = wasm_reader(t->m, t->m->bodies[func - t->m->n_imported[KIND_FUNC]], t->v->diags); /* valid: nothing is recorded */
    t->at = (uint32_t)rd_offset(&t->r);
    t->paid = t->paid_loop = false;
    t->loop_frame = 0;
    t->foreign_l = NONE32;
    t->uses_l = t->said_unpaid = t->said_touched = false;
    t->n_frames = 0;
    push_frame(t, OP_BLOCK, type->n_results);
    if (!read_locals(t, type)) return;
    t->now = (Point){.right = GAUGE_F, .live = true};
    t->closely = false;
    t->plain.local = t->last_local;
    while (t->n_frames && !t->failed) {
        WasmInstr i;
        plain_run(t);
        t->at = (uint32_t)rd_offset(&t->r);
        if (!rd_instr(&t->r, &i)) return;
        instruction(t, &i);
    }
    if (t->uses_l && t->foreign_l != NONE32)
        touched(t, t->foreign_l, "uses the local that the gauge is kept in");
}

/* ---- all functions, in threads ---- */

typedef struct Crew {
    Meter *workers;
    Arena *arenas; /* of workers */
    CodeChunks chunks;
    uint8_t *again; /* by body: to be walked again, aloud */
} Crew;

static void walk_chunk(void *ctx, uint32_t chunk, unsigned worker)
{
    Crew *c = ctx;
    Meter *t = &c->workers[worker];
    for (uint32_t i = c->chunks.first[chunk]; i < c->chunks.first[chunk + 1]; i++) {
        t->marked = t->failed = false;
        walk(t, t->m->n_imported[KIND_FUNC] + i);
        c->again[i] = t->marked || t->failed;
    }
}

/* false: this has to be done without threads */
static bool walk_in_threads(const Meter *t, unsigned threads, uint8_t **again)
{
    Arena *scratch = &t->v->scratch;
    Crew c = {.workers = arena_array(scratch, threads, sizeof *c.workers),
              .arenas = arena_array(scratch, threads, sizeof *c.arenas),
              .again = arena_alloc(scratch, t->m->n_bodies)};
    if (!c.workers || !c.arenas || !c.again || !wasm_code_chunks(t->m, CHUNK, scratch, &c.chunks)) return false;
    for (unsigned i = 0; i < threads; i++) {
        c.workers[i] = *t;
        c.workers[i].quiet = true;
        c.workers[i].arena = &c.arenas[i];
        c.arenas[i].limit_bytes = scratch->limit_bytes;
    }
    parallel_for(threads, c.chunks.n, walk_chunk, &c);
    for (unsigned i = 0; i < threads; i++) {
        t->v->workers_bytes += c.arenas[i].used_bytes;
        arena_free(&c.arenas[i]);
    }
    *again = c.again;
    return true;
}

static void walk_all(Meter *t)
{
    uint8_t *again = NULL;
    unsigned threads = t->v->o.threads > PARALLEL_MOST ? PARALLEL_MOST : t->v->o.threads;
    if (threads < 2 || wasm_code_bytes(t->m) < WORTH_THREADS || !walk_in_threads(t, threads, &again)) again = NULL;
    for (uint32_t i = 0; i < t->m->n_bodies && !t->failed; i++)
        if (!again || again[i]) walk(t, t->m->n_imported[KIND_FUNC] + i);
    if (t->failed) out_of_memory(t->v);
}

/* ---- the record, and what else the module says of the global ---- */

static void wrong(Val *v, Site site, const char *format, ...) PRINTF(3, 4);
static void wrong(Val *v, Site site, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vviolated(v, RULE_P703, site, (Str){0}, format, args);
    va_end(args);
    v->meter_ok = false;
}

static bool starts_with_constant(const WasmModule *m, WasmRange init)
{
    WasmInstr i;
    Diags ignored = DIAGS_NOTHING;
    Reader r = wasm_reader(m, init, &ignored);
    bool ok = rd_instr(&r, &i) && i.op == OP_I64_CONST;
    diag_free(&ignored);
    return ok;
}

/* Is there a global that can be F? */
static bool check_record(Val *v, const PmSection *pm)
{
    const WasmModule *m = v->m;
    uint32_t fuel = pm->fuel - 1;
    if (fuel >= m->n_globals || fuel < m->n_imported[KIND_GLOBAL] || m->globals[fuel].type != TYPE_I64 ||
        !m->globals[fuel].mutable) {
        wrong(v, SITE_OF_MODULE, "parigot.module: fuel %u is no mutable i64 global of this module", fuel);
        return false;
    }
    if (!starts_with_constant(m, m->globals[fuel].init))
        wrong(v, SITE(m->globals[fuel].init.offset), "the fuel is not initialised by i64.const");
    if (!pm->has_meter) wrong(v, SITE_OF_MODULE, "parigot.module: there is fuel, but no record of the meter");
    else if (pm->meter_prices != WASM_PRICES)
        wrong(v, SITE_OF_MODULE, "parigot.module: version %u of the price table, this validator has %d", pm->meter_prices,
              WASM_PRICES);
    return true;
}

static void check_exports(Val *v, uint32_t fuel)
{
    const WasmModule *m = v->m;
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        bool named = str_eq(e->name, GAUGE_NAME), is_it = e->kind == KIND_GLOBAL && e->index == fuel;
        if (named && is_it) n++;
        else if (named || is_it)
            wrong(v, SITE(e->offset), is_it ? "the fuel is exported by a second name" : "parigot:fuel is something else");
    }
    if (n == 0) wrong(v, SITE_OF_MODULE, "the fuel is not exported as parigot:fuel");
}

void check_meter(Val *v)
{
    const PmSection *pm = &v->report->pm;
    Meter t = {.v = v, .m = v->m, .arena = &v->scratch};
    v->has_meter = v->report->section == PM_PRESENT && (pm->fuel || pm->has_meter);
    v->meter_ok = v->has_meter;
    if (!v->has_meter) {
        violated(v, RULE_P701, SITE_OF_MODULE, (Str){0}, "no meter is recorded: nothing bounds what an entry runs");
        return;
    }
    if (pm->fuel == 0) wrong(v, SITE_OF_MODULE, "parigot.module: a meter is recorded, but no fuel");
    if (pm->fuel == 0 || !check_record(v, pm)) return;
    t.fuel = pm->fuel - 1;
    wasm_plain_begin(&t.plain);
    t.plain.global = t.fuel;
    check_exports(v, t.fuel);
    walk_all(&t);
    v->meter_ok &= !t.failed;
    v->report->metered = v->meter_ok;
}
