/* decode.c: from stack code to register code, one function at a time, in one pass over its body.
 *
 * The operand stack is followed at decoding time. An operand at height h has its own slot; but what local.get and the
 * constants push is only noted (a Special) and goes into the instruction that uses it. What a branch can meet is kept
 * simple: where a block begins or a label is bound, every operand is in its own slot.
 *
 * Three things make the code short:
 *   - the last result of each class is also in an accumulator, so the next instruction takes it from there, and when it
 *     is the only one to use it, the store into the slot is dropped (Acc);
 *   - local.set and local.tee give the instruction that made the value the local's slot as destination;
 *   - a comparison that a branch uses becomes part of the branch.
 *
 * The module has been validated: indices, types and nesting are right, and the code after a branch is skipped. Time and
 * memory are linear in the body: a Special is copied at most once, and there are at most SPECIALS_MAX of them at a time.
 *
 * A vector is two slots everywhere, so that branches, calls and returns move it as two values. Heights count slots. Only
 * what names a value without its type (drop, select) and what works on vectors asks which two belong together (wide).
 *
 * Source: core 2.0 §4.4 "Instructions", §5.4. */
#include "loader/decode_impl.h"

#include <assert.h>
#include <stdlib.h>

/* ---- what interp.def says about the families ---------------------------------------------------------------------- */

typedef enum FamilyKind { KIND_BIN, KIND_CMP, KIND_UN, KIND_LOAD, KIND_STORE } FamilyKind;
typedef struct FamilyInfo {
    uint8_t kind;       /* FamilyKind */
    uint8_t T, R;       /* Class of operands and of the result */
    uint16_t first;     /* RegOp of the first form */
    uint16_t branch;    /* CMP: RegOp of the first BR_ form */
    uint16_t back;      /* CMPB: of the first BACK_ form; 0: there is none */
    uint16_t negation;  /* CMP: Family */
} FamilyInfo;

static const FamilyInfo families[FAM_COUNT] = {
#define BIN(name, T, R, expr)        [FAM_##name] = {KIND_BIN, T, R, REG_##name##_SS_S, 0, 0, 0},
#define BINT(name, T, R, trap, expr) [FAM_##name] = {KIND_BIN, T, R, REG_##name##_SS_S, 0, 0, 0},
#define CMP(name, T, negation, expr) [FAM_##name] = {KIND_CMP, T, I32, REG_##name##_SS_S, REG_BR_##name##_SS, 0, FAM_##negation},
#define CMPN                         CMP
#define CMPB(name, T, negation, expr) [FAM_##name] = {KIND_CMP, T, I32, REG_##name##_SS_S, REG_BR_##name##_SS, REG_BACK_##name##_SS, FAM_##negation},
#define UN(name, T, R, expr)         [FAM_##name] = {KIND_UN, T, R, REG_##name##_S_S, 0, 0, 0},
#define UNT(name, T, R, trap, expr)  [FAM_##name] = {KIND_UN, T, R, REG_##name##_S_S, 0, 0, 0},
#define LOAD(name, R, access)        [FAM_##name] = {KIND_LOAD, I32, R, REG_##name##_S_S, 0, 0, 0},
#define STORE(name, T, access)       [FAM_##name] = {KIND_STORE, T, T, REG_##name##_SS, 0, 0, 0},
#define OTHER(name, words)
#define VECTOR(name, words, width, at)
#include "loader/interp.def"
};

static const uint16_t family_of_op[OP_COUNT] = {
#define BIN(name, T, R, expr)          [OP_##name] = FAM_##name,
#define BINT(name, T, R, trap, expr)   [OP_##name] = FAM_##name,
#define CMP(name, T, negation, expr)   [OP_##name] = FAM_##name,
#define CMPN(name, T, negation, expr)
#define UN(name, T, R, expr)           [OP_##name] = FAM_##name,
#define UNN(name, T, R, expr)
#define UNT(name, T, R, trap, expr)    [OP_##name] = FAM_##name,
#define LOAD(name, R, access)          [OP_##name] = FAM_##name,
#define STORE(name, T, access)         [OP_##name] = FAM_##name,
#define OTHER(name, words)
#define VECTOR(name, words, width, at)
#include "loader/interp.def"
};

const uint8_t reg_op_words[REG_COUNT] = {
#define ONE(label, words)              words,
#include "loader/reg_ops.def"
};

/* x op y == y op x, NaN payloads aside */
static bool commutes(Family f)
{
    switch (f) {
    case FAM_I32_ADD: case FAM_I32_MUL: case FAM_I32_AND: case FAM_I32_OR: case FAM_I32_XOR:
    case FAM_I64_ADD: case FAM_I64_MUL: case FAM_I64_AND: case FAM_I64_OR: case FAM_I64_XOR:
    case FAM_I32_EQ: case FAM_I32_NE: case FAM_I64_EQ: case FAM_I64_NE:
    case FAM_F32_ADD: case FAM_F32_MUL: case FAM_F64_ADD: case FAM_F64_MUL: return true;
    default: return false;
    }
}

/* ---- state of one decoding ---------------------------------------------------------------------------------------- */

static const uint8_t acc_of_class[] = {[I32] = ACC_I, [I64] = ACC_I, [F32] = ACC_F, [F64] = ACC_D};
static const Acc acc_empty = {NO_SLOT, NO_SLOT, NO_PLACE, false, false};

static void forget_accs(Decoder *d)
{
    for (int i = 0; i < ACC_COUNT; i++) d->acc[i] = acc_empty;
}

/* What is called keeps the integer accumulator and no other: what the others hold is taken from its slot from now on. */
void dec_acc_lost(Decoder *d)
{
    d->acc[ACC_F] = d->acc[ACC_D] = acc_empty;
}

void dec_fail(Decoder *d, LoadTrapKind why)
{
    if (d->failed == TRAP_NONE) d->failed = why;
}

/* Room for n items in an array from malloc. */
static bool reserve(Decoder *d, void **items, size_t *cap, size_t n, size_t item_size)
{
    if (n <= *cap) return true;
    size_t new_cap = *cap * 2 > n ? *cap * 2 : n + 64;
    void *p = new_cap > SIZE_MAX / item_size ? NULL : realloc(*items, new_cap * item_size);
    if (p == NULL) {
        dec_fail(d, TRAP_NO_MEMORY);
        return false;
    }
    *items = p;
    *cap = new_cap;
    return true;
}

/* ---- emitting ----------------------------------------------------------------------------------------------------- */

/* Room for what one WebAssembly instruction can become, other than its br_table entries. Branches reach 2 GiB. */
enum { WORDS_PER_OP = 3 * SPECIALS_MAX + 64, WORDS_MAX = 1 << 27 };

static bool reserve_code(Decoder *d, size_t words)
{
    if (words > WORDS_MAX - d->n_out) {
        dec_fail(d, TRAP_TOO_COMPLEX);
        return false;
    }
    return reserve(d, (void **)&d->out, &d->cap_out, d->n_out + words, sizeof *d->out);
}

Ins *dec_ins_at(Decoder *d, size_t place) { return (Ins *)(d->out + place); }
static RegOp reg_op_at(Decoder *d, size_t place) { return (RegOp)d->out[place]; }

/* Appends an instruction with zero operands. Its place is d->last. */
Ins *dec_emit(Decoder *d, RegOp op)
{
    size_t place = d->n_out, words = reg_op_words[op];
    assert(place + words <= d->cap_out);
    memset(d->out + place, 0, words * sizeof *d->out);
    d->out[place] = op;
    d->n_out += words;
    d->last = place;
    d->last_family = FAM_NONE;
    for (uint32_t i = 0; i < d->n_wanted; i++)
        if (place <= d->wanted_words[i]) d->found_offsets[i] = d->op_offset; /* the last one to do so is right */
    return dec_ins_at(d, place);
}

/* ---- the operand stack -------------------------------------------------------------------------------------------- */

uint32_t dec_slot_of_height(const Decoder *d, uint32_t height) { return d->temp_base + height; }
static uint32_t slot_of_local(const Decoder *d, uint32_t local)
{
    if (d->has_wide_locals) return d->local_slots[local] & ~IS_WIDE;
    return local < d->n_params ? local : d->func->record + RECORD_SLOTS + (local - d->n_params);
}

/* The slot gets a new value: no accumulator holds it any more. */
void dec_slot_changes(Decoder *d, uint32_t slot)
{
    for (int i = 0; i < ACC_COUNT; i++) {
        if (d->acc[i].temp == slot) d->acc[i].temp = NO_SLOT;
        if (d->acc[i].local == slot) d->acc[i].local = NO_SLOT;
    }
}

void dec_set_height(Decoder *d, uint64_t height)
{
    if (d->temp_base + height > SLOTS_MAX) {
        dec_fail(d, TRAP_TOO_COMPLEX);
        return;
    }
    d->height = (uint32_t)height;
    if (d->height > d->max_height) d->max_height = d->height;
    while (d->n_wide > 0 && d->wide[d->n_wide - 1] + 2 > height) d->n_wide--;
}

/* n operands that are in their own slots */
void dec_push_temps(Decoder *d, uint32_t n)
{
    dec_set_height(d, (uint64_t)d->height + n);
}

/* ---- vectors on the operand stack ---- */

static bool top_is_wide(const Decoder *d) { return d->n_wide > 0 && d->wide[d->n_wide - 1] + 2 == d->height; }

/* The topmost two slots are a vector. */
void dec_mark_wide(Decoder *d)
{
    if (reserve(d, (void **)&d->wide, &d->cap_wide, d->n_wide + 1, sizeof *d->wide)) d->wide[d->n_wide++] = d->height - 2;
}

/* Values of these types, in their own slots. */
static void push_values(Decoder *d, const uint8_t *types, uint32_t n)
{
    for (uint32_t i = 0; i < n && !d->failed; i++) {
        dec_push_temps(d, types[i] == TYPE_V128 ? 2 : 1);
        if (types[i] == TYPE_V128) dec_mark_wide(d);
    }
}

/* Which accumulator holds this operand as raw bits; ACC_COUNT when none does. */
static int acc_holding(const Decoder *d, uint32_t slot)
{
    for (int i = 0; i < ACC_COUNT; i++)
        if (slot != NO_SLOT && (d->acc[i].temp == slot || d->acc[i].local == slot)) return i;
    return ACC_COUNT;
}

/* The operand has been popped and its one user takes it from the accumulator: its slot need not be written. */
static void drop_store(Decoder *d, Acc *acc, uint32_t slot)
{
    if (acc->temp != slot) return;
    if (acc->has_short) {
        assert(acc->local == NO_SLOT);
        d->out[acc->producer]++;
    }
    acc->has_short = acc->redirects = false;
    acc->temp = NO_SLOT;
}

/* Takes the operand from the accumulator of the class if it is there. */
static bool take_from_acc(Decoder *d, Operand o, Class class)
{
    Acc *acc = &d->acc[acc_of_class[class]];
    if (o.slot == NO_SLOT || (acc->temp != o.slot && acc->local != o.slot)) return false;
    drop_store(d, acc, o.slot);
    return true;
}

/* to = operand. consumed: it has been popped, nobody else needs its slot. */
static void emit_copy(Decoder *d, uint32_t to, Operand o, bool consumed)
{
    static const RegOp copy_of_acc[] = {REG_COPY_A, REG_COPY_F, REG_COPY_D};
    Ins *ins;
    if (o.slot == to) return;
    if (o.slot == NO_SLOT) {
        ins = dec_emit(d, REG_COPY_I);
        ins->imm64 = o.bits;
    } else {
        int i = acc_holding(d, o.slot);
        if (i < ACC_COUNT) {
            if (consumed) drop_store(d, &d->acc[i], o.slot);
            ins = dec_emit(d, copy_of_acc[i]);
        } else {
            ins = dec_emit(d, REG_COPY_S);
            ins->a = (uint16_t)o.slot;
        }
    }
    ins->d = (uint16_t)to;
    dec_slot_changes(d, to);
}

static Operand special_operand(const Decoder *d, const Special *s)
{
    return (Operand){s->slot, dec_slot_of_height(d, s->height), s->bits};
}

static void forget_special(Decoder *d, const Special *s)
{
    if (s->slot != NO_SLOT) d->pending[s->slot]--;
}

/* Every operand at this height or above goes into its own slot. */
static void flush_from(Decoder *d, uint32_t height)
{
    uint32_t first = d->n_specials;
    while (first > 0 && d->specials[first - 1].height >= height) first--;
    for (uint32_t i = first; i < d->n_specials; i++) {
        Operand o = special_operand(d, &d->specials[i]);
        emit_copy(d, o.own, o, false);
        forget_special(d, &d->specials[i]);
    }
    d->n_specials = first;
}

void dec_flush_top(Decoder *d, uint32_t n) { flush_from(d, d->height - n); }

/* The local is about to change: operands that mean its old value get it now. */
static void flush_local(Decoder *d, uint32_t slot)
{
    if (d->pending[slot] == 0) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < d->n_specials; i++) {
        Special s = d->specials[i];
        if (s.slot != slot) {
            d->specials[kept++] = s;
            continue;
        }
        Operand o = special_operand(d, &s);
        emit_copy(d, o.own, o, false);
    }
    d->n_specials = kept;
    d->pending[slot] = 0;
}

static void push_special(Decoder *d, uint32_t slot, uint64_t bits)
{
    if (d->n_specials == SPECIALS_MAX) flush_from(d, 0);
    d->specials[d->n_specials++] = (Special){d->height, slot, bits};
    if (slot != NO_SLOT) d->pending[slot]++;
    dec_set_height(d, (uint64_t)d->height + 1);
}

void dec_push_const(Decoder *d, uint64_t bits) { push_special(d, NO_SLOT, bits); }

static Operand peek(const Decoder *d)
{
    uint32_t height = d->height - 1;
    if (d->n_specials > 0 && d->specials[d->n_specials - 1].height == height)
        return special_operand(d, &d->specials[d->n_specials - 1]);
    uint32_t slot = dec_slot_of_height(d, height);
    return (Operand){slot, slot, 0};
}

Operand dec_pop(Decoder *d)
{
    Operand o = peek(d);
    if (o.slot != o.own) forget_special(d, &d->specials[--d->n_specials]);
    d->height--;
    return o;
}

/* A constant operand goes into its own slot, for instructions that take none in this place. */
uint16_t dec_in_slot(Decoder *d, Operand *o)
{
    if (o->slot == NO_SLOT) {
        emit_copy(d, o->own, *o, false);
        o->slot = o->own;
    }
    return (uint16_t)o->slot;
}

/* Pops a vector; returns the slot of its low half, the high half is in the next: those of a local, or its own. */
uint16_t dec_pop_wide(Decoder *d)
{
    const Special *top = d->specials + d->n_specials;
    bool is_local = d->n_specials >= 2 && top[-2].height + 2 == d->height && top[-2].slot != NO_SLOT &&
                    top[-1].slot == top[-2].slot + 1;
    if (!is_local) dec_flush_top(d, 2);
    (void)dec_pop(d);
    Operand low = dec_pop(d);
    dec_set_height(d, d->height);
    return (uint16_t)low.slot;
}

/* The instruction just emitted puts a vector into a new operand. */
void dec_push_wide_result(Decoder *d)
{
    uint32_t slot = dec_slot_of_height(d, d->height);
    dec_slot_changes(d, slot);
    dec_slot_changes(d, slot + 1);
    dec_ins_at(d, d->last)->d = (uint16_t)slot;
    dec_push_temps(d, 2);
    dec_mark_wide(d);
    d->last_wide = d->last;
}

/* The instruction just emitted puts its result of this class into a new operand, and into the accumulator. */
static void push_result(Decoder *d, Class class, Family family, bool has_short, bool redirects)
{
    uint32_t slot = dec_slot_of_height(d, d->height);
    d->acc_before_last = d->acc[ACC_I];
    dec_slot_changes(d, slot);
    d->acc[acc_of_class[class]] = (Acc){slot, NO_SLOT, d->last, has_short, redirects};
    d->last_family = family;
    if (redirects) dec_ins_at(d, d->last)->d = (uint16_t)slot;
    dec_push_temps(d, 1);
}

/* Whether the operand is what the last instruction has made, in a way that can still be changed. */
static bool made_by_last(const Decoder *d, Operand o, const Acc *acc)
{
    return o.slot == o.own && acc->temp == o.slot && acc->producer == d->last && d->last != NO_PLACE;
}

/* ---- plain instructions ------------------------------------------------------------------------------------------- */

static bool fits_imm(Class class, uint64_t bits)
{
    return class != I64 || (int64_t)bits == (int32_t)bits;
}

static void put_imm(Ins *ins, Class class, uint64_t bits)
{
    if (class == F64) ins->imm64 = bits;
    else ins->u = (uint32_t)bits;
}

static void decode_binary(Decoder *d, Family family)
{
    const FamilyInfo *f = &families[family];
    Class class = (Class)f->T;
    Operand y = dec_pop(d), x = dec_pop(d);
    if (x.slot == NO_SLOT && y.slot != NO_SLOT && commutes(family)) {
        Operand swap = x;
        x = y;
        y = swap;
    }
    dec_in_slot(d, &x);
    Ins *ins;
    if (y.slot == NO_SLOT && fits_imm(class, y.bits)) {
        bool in_acc = take_from_acc(d, x, class);
        ins = dec_emit(d, (RegOp)(f->first + (in_acc ? FORM_AI : FORM_SI)));
        put_imm(ins, class, y.bits);
    } else {
        dec_in_slot(d, &y);
        int form = take_from_acc(d, y, class) ? FORM_SA : take_from_acc(d, x, class) ? FORM_AS : FORM_SS;
        ins = dec_emit(d, (RegOp)(f->first + form));
        ins->b = (uint16_t)y.slot;
    }
    ins->a = (uint16_t)x.slot;
    push_result(d, (Class)f->R, family, true, true);
}

static void decode_unary(Decoder *d, Family family)
{
    const FamilyInfo *f = &families[family];
    Operand x = dec_pop(d);
    dec_in_slot(d, &x);
    bool in_acc = take_from_acc(d, x, (Class)f->T);
    dec_emit(d, (RegOp)(f->first + (in_acc ? FORM_A : FORM_S)))->a = (uint16_t)x.slot;
    push_result(d, (Class)f->R, family, true, true);
}

/* An address that is a constant and stays below 4 GiB with its offset becomes part of the instruction. */
static bool constant_address(Operand address, uint32_t offset, uint32_t *sum)
{
    *sum = (uint32_t)address.bits + offset;
    return address.slot == NO_SLOT && *sum >= offset;
}

static uint32_t read_u32(Decoder *d)
{
    uint32_t v = 0;
    bool ok = rd_u32(&d->in, "immediate", &v);
    assert(ok);
    (void)ok;
    return v;
}

uint32_t dec_read_memarg(Decoder *d)
{
    (void)read_u32(d); /* the alignment is a hint */
    return read_u32(d);
}

static void decode_load(Decoder *d, Family family)
{
    const FamilyInfo *f = &families[family];
    uint32_t offset = dec_read_memarg(d), sum;
    Operand address = dec_pop(d);
    if (constant_address(address, offset, &sum)) {
        dec_emit(d, (RegOp)(f->first + FORM_I))->u = sum;
    } else {
        dec_in_slot(d, &address);
        bool in_acc = take_from_acc(d, address, I32);
        Ins *ins = dec_emit(d, (RegOp)(f->first + (in_acc ? FORM_A : FORM_S)));
        ins->a = (uint16_t)address.slot;
        ins->u = offset;
    }
    push_result(d, (Class)f->R, family, true, true);
}

static void decode_store(Decoder *d, Family family)
{
    static const uint8_t forms[3][3] = {
        {STORE_SS, STORE_SA, STORE_SI}, {STORE_AS, STORE_AA, STORE_AI}, {STORE_IS, STORE_IA, STORE_II}};
    const FamilyInfo *f = &families[family];
    uint32_t offset = dec_read_memarg(d), sum;
    Operand value = dec_pop(d), address = dec_pop(d);
    bool constant = constant_address(address, offset, &sum);
    if (!constant) dec_in_slot(d, &address);
    int how_address = constant ? 2 : take_from_acc(d, address, I32) ? 1 : 0;
    int how_value = value.slot == NO_SLOT ? 2 : take_from_acc(d, value, (Class)f->T) ? 1 : 0;
    Ins *ins = dec_emit(d, (RegOp)(f->first + forms[how_address][how_value]));
    ins->d = (uint16_t)address.slot;
    ins->a = (uint16_t)value.slot;
    ins->u = constant ? sum : offset;
    if (how_value == 2) ins->imm64 = value.bits;
}

/* i32.eqz of a comparison is the opposite comparison; else, as i64.eqz and ref.is_null, comparison with zero. */
static void decode_is_zero(Decoder *d, Family equals)
{
    Operand x = peek(d);
    if (made_by_last(d, x, &d->acc[ACC_I]) && families[d->last_family].kind == KIND_CMP && d->last_family != FAM_NONE &&
        equals == FAM_I32_EQ) {
        Family negation = (Family)families[d->last_family].negation;
        d->out[d->last] = d->out[d->last] - families[d->last_family].first + families[negation].first;
        d->last_family = negation;
        return;
    }
    dec_push_const(d, 0);
    decode_binary(d, equals);
}

static void decode_wide_select(Decoder *d, Operand condition)
{
    dec_in_slot(d, &condition);
    uint16_t b = dec_pop_wide(d), a = dec_pop_wide(d);
    Ins *ins = dec_emit(d, REG_V_SELECT);
    ins->a = a;
    ins->b = b;
    ins->c = (uint16_t)condition.slot;
    dec_push_wide_result(d);
}

static void decode_select(Decoder *d)
{
    Operand condition = dec_pop(d);
    if (top_is_wide(d)) {
        decode_wide_select(d, condition);
        return;
    }
    Operand b = dec_pop(d), a = dec_pop(d);
    dec_in_slot(d, &condition);
    dec_in_slot(d, &b);
    dec_in_slot(d, &a);
    bool in_acc = take_from_acc(d, condition, I32);
    Ins *ins = dec_emit(d, in_acc ? REG_SELECT_A : REG_SELECT_S);
    ins->a = (uint16_t)a.slot;
    ins->b = (uint16_t)b.slot;
    ins->c = (uint16_t)condition.slot;
    push_result(d, I64, FAM_NONE, false, true); /* raw bits, of whatever class: only copies may use them for floats */
}

/* Results of arithmetic whose NaNs core 2.0 §4.3.3 "NaN Propagation" leaves open; FAM_NONE: it leaves nothing open. */
static Family canonical_of(Family f)
{
    switch (f) {
    case FAM_F32_ADD: case FAM_F32_SUB: case FAM_F32_MUL: case FAM_F32_DIV: case FAM_F32_MIN: case FAM_F32_MAX:
    case FAM_F32_CEIL: case FAM_F32_FLOOR: case FAM_F32_TRUNC: case FAM_F32_NEAREST: case FAM_F32_SQRT:
    case FAM_F32_DEMOTE_F64: return FAM_F32_CANON;
    case FAM_F64_ADD: case FAM_F64_SUB: case FAM_F64_MUL: case FAM_F64_DIV: case FAM_F64_MIN: case FAM_F64_MAX:
    case FAM_F64_CEIL: case FAM_F64_FLOOR: case FAM_F64_TRUNC: case FAM_F64_NEAREST: case FAM_F64_SQRT:
    case FAM_F64_PROMOTE_F32: return FAM_F64_CANON;
    default: return FAM_NONE;
    }
}

static void decode_arithmetic(Decoder *d, Family family)
{
    if (families[family].kind == KIND_UN) decode_unary(d, family);
    else decode_binary(d, family);
    if (!d->code->module->canonical_nans) return;
    Family canonical = canonical_of(family);
    if (canonical != FAM_NONE) decode_unary(d, canonical);
}

/* ---- variables ---- */

/* local = operand, which has been popped. */
static void assign_local(Decoder *d, uint32_t slot, Operand o)
{
    if (o.slot == slot) return;
    flush_local(d, slot);
    int i = acc_holding(d, o.slot);
    if (i < ACC_COUNT && made_by_last(d, o, &d->acc[i]) && d->acc[i].redirects) {
        Acc *acc = &d->acc[i];
        Acc mine = *acc;
        dec_ins_at(d, d->last)->d = (uint16_t)slot;
        dec_slot_changes(d, slot);
        *acc = (Acc){NO_SLOT, slot, mine.producer, false, false};
        d->last_family = FAM_NONE;
        return;
    }
    emit_copy(d, slot, o, true);
    if (i < ACC_COUNT) d->acc[i].local = slot;
}

/* ---- the meter: docs/metering.md ---- */

/* The forms are read as the validator reads them, each becomes one step. There is one gauge: where a module keeps it in
 * a local that is nobody else's, here it stays in its global, and moving it is nothing. */

static size_t here(const Decoder *d);

/* Where a loop begins with a charge, branches back to it can pay for the next time around themselves. */
static void note_charged_loop(Decoder *d, uint32_t amount, size_t charge_at)
{
    Label *l = &d->labels[d->n_labels - 1];
    if (l->op != OP_LOOP || l->charge || l->target != charge_at) return;
    l->charge = amount;
    l->behind = here(d);
    d->last = NO_PLACE; /* something may come to behind it */
}

static void emit_charge(Decoder *d, const WasmCharge *c)
{
    size_t at = here(d);
    dec_emit(d, REG_CHARGE)->u = (uint32_t)c->amount;
    note_charged_loop(d, (uint32_t)c->amount, at);
}

static void emit_counted_charge(Decoder *d, const WasmCharge *c)
{
    WasmOperand high = c->counted.high, low = c->counted.low;
    Ins *ins = dec_emit(d, REG_CHARGE_COUNTED);
    ins->u2 = (uint32_t)c->amount;
    ins->u3 = c->counted.shift | (low.is_local ? 0 : COUNTED_LOW_CONST) | (high.is_local ? 0 : COUNTED_HIGH_CONST);
    if (high.is_local) ins->d = (uint16_t)slot_of_local(d, high.value);
    else ins->u = high.value;
    if (low.is_local) ins->a = (uint16_t)slot_of_local(d, low.value);
    else ins->u = low.value;
}


/* Does the instruction at hand, which reads what may be the gauge, begin a charge or a move of it? */
static bool decode_charge(Decoder *d)
{
    WasmCharge c;
    uint32_t fuel = d->code->module->fuel - 1, local = d->gauge_local;
    const uint8_t *at = d->in.base + d->op_offset;
    if (fuel == UINT32_MAX) return false;
    if (wasm_read_charge(d->in, at, fuel, local, &c)) emit_charge(d, &c);
    else if (wasm_read_counted_charge(d->in, at, fuel, local, &c)) emit_counted_charge(d, &c);
    else if (!wasm_read_gauge_move(d->in, at, fuel, local, &c)) return false;
    d->in.pos = c.end;
    return true;
}

/* A local.tee has been done: was it the beginning of a charge by size? */
static void decode_sized_charge(Decoder *d, uint32_t slot)
{
    WasmCharge c;
    uint32_t fuel = d->code->module->fuel - 1;
    const uint8_t *at = d->in.base + d->op_offset;
    if (fuel == UINT32_MAX || !wasm_read_sized_charge(d->in, at, fuel, d->gauge_local, &c)) return;
    Ins *ins = dec_emit(d, c.sized.per == SIZED_EACH ? REG_CHARGE_EACH : REG_CHARGE_POWER);
    ins->a = (uint16_t)slot;
    ins->u = c.sized.n;
    d->in.pos = c.end;
}

static void push_wide_local(Decoder *d, uint32_t slot)
{
    push_special(d, slot, 0);
    push_special(d, slot + 1, 0);
    dec_mark_wide(d);
}

static void decode_wide_local_set(Decoder *d, uint32_t slot, bool tee)
{
    bool fresh = d->last != NO_PLACE && d->last_wide == d->last && d->pending[slot] == 0 && d->pending[slot + 1] == 0 &&
                 dec_ins_at(d, d->last)->d == dec_slot_of_height(d, d->height - 2);
    uint16_t from = dec_pop_wide(d);
    if (fresh) {
        dec_ins_at(d, d->last)->d = (uint16_t)slot;
    } else if (from != slot) {
        flush_local(d, slot);
        flush_local(d, slot + 1);
        Ins *ins = dec_emit(d, REG_V_COPY);
        ins->d = (uint16_t)slot;
        ins->a = from;
    }
    d->last_wide = NO_PLACE;
    dec_slot_changes(d, slot);
    dec_slot_changes(d, slot + 1);
    if (tee) push_wide_local(d, slot);
}

static bool is_wide_local(const Decoder *d, uint32_t local) { return d->has_wide_locals && d->local_slots[local] & IS_WIDE; }

static void decode_local_set(Decoder *d, bool tee)
{
    uint32_t local = read_u32(d), slot = slot_of_local(d, local);
    if (is_wide_local(d, local)) {
        decode_wide_local_set(d, slot, tee);
        return;
    }
    Operand o = dec_pop(d);
    assign_local(d, slot, o);
    if (!tee) return;
    push_special(d, slot, 0);
    decode_sized_charge(d, slot);
}

static void decode_global_get(Decoder *d)
{
    uint32_t global = read_u32(d);
    if (global == d->code->module->fuel - 1 && decode_charge(d)) return;
    if (d->m->globals[global].type == TYPE_V128) {
        Ins *ins = dec_emit(d, REG_V_GLOBAL_GET);
        ins->u = global;
        ins->u2 = d->m->n_globals + global;
        dec_push_wide_result(d);
        return;
    }
    dec_emit(d, REG_GLOBAL_GET)->u = global;
    push_result(d, I64, FAM_NONE, false, true);
}

static void decode_local_get(Decoder *d)
{
    uint32_t local = read_u32(d);
    if (local == d->gauge_local && decode_charge(d)) return;
    if (is_wide_local(d, local)) push_wide_local(d, slot_of_local(d, local));
    else push_special(d, slot_of_local(d, local), 0);
}

static void decode_global_set(Decoder *d)
{
    uint32_t global = read_u32(d);
    if (d->m->globals[global].type == TYPE_V128) {
        uint16_t from = dec_pop_wide(d);
        Ins *store = dec_emit(d, REG_V_GLOBAL_SET);
        store->a = from;
        store->u = global;
        store->u2 = d->m->n_globals + global;
        return;
    }
    Operand o = dec_pop(d);
    Ins *ins;
    if (o.slot == NO_SLOT) {
        ins = dec_emit(d, REG_GLOBAL_SET_I);
        ins->imm64 = o.bits;
    } else {
        bool in_acc = take_from_acc(d, o, I64);
        ins = dec_emit(d, in_acc ? REG_GLOBAL_SET_A : REG_GLOBAL_SET_S);
        ins->a = (uint16_t)o.slot;
    }
    ins->u = global;
}

/* ---- labels and branches ------------------------------------------------------------------------------------------ */

static size_t here(const Decoder *d) { return d->n_out * sizeof(Word); }
static size_t site_of(const Decoder *d, const int32_t *field) { return (size_t)((const char *)field - (const char *)d->out); }
static int32_t *field_at(Decoder *d, size_t site) { return (int32_t *)((char *)d->out + site); }

static void add_site(Decoder *d, size_t *chain, int32_t *field)
{
    *field = (int32_t)*chain;
    *chain = site_of(d, field);
}

/* Every branch of the chain comes here. */
static void bind(Decoder *d, size_t *chain)
{
    if (*chain == 0) return;
    for (size_t site = *chain; site != 0;) {
        size_t next = (size_t)*field_at(d, site);
        *field_at(d, site) = (int32_t)(here(d) - site);
        site = next;
    }
    *chain = 0;
    d->last = NO_PLACE;
}

static Label *label_at(Decoder *d, uint32_t depth) { return &d->labels[d->n_labels - 1 - depth]; }
static bool is_function(const Decoder *d, const Label *l) { return l == d->labels; }
static uint32_t arity(const Label *l) { return l->op == OP_LOOP ? l->n_params : l->n_results; }

/* The field will lead to the label: to the head of a loop, which is known, or to an end, which is not. */
static void aim(Decoder *d, Label *l, int32_t *field)
{
    if (l->op == OP_LOOP) *field = (int32_t)((int64_t)l->target - (int64_t)site_of(d, field));
    else add_site(d, &l->sites, field);
}

/* The instruction, a BACK, pays for the loop's charge and leads behind it. */
static void aim_behind(Decoder *d, const Label *l, Ins *ins)
{
    ins->u3 = l->charge;
    ins->target = (int32_t)((int64_t)l->behind - (int64_t)site_of(d, &ins->target));
}

/* Leaves the function with the topmost operands as results. */
static void emit_return(Decoder *d, bool consumed)
{
    static const RegOp return_of_acc[] = {REG_RETURN_A, REG_RETURN_F, REG_RETURN_D};
    Ins *ins;
    if (d->n_results == 0) {
        ins = dec_emit(d, REG_RETURN_0);
    } else if (d->n_results == 1) {
        Operand o = peek(d);
        int i = acc_holding(d, o.slot);
        if (o.slot == NO_SLOT) {
            ins = dec_emit(d, REG_RETURN_I);
            ins->imm64 = o.bits;
        } else if (i < ACC_COUNT) {
            if (consumed) drop_store(d, &d->acc[i], o.slot);
            ins = dec_emit(d, return_of_acc[i]);
        } else {
            ins = dec_emit(d, REG_RETURN_S);
            ins->a = (uint16_t)o.slot;
        }
    } else {
        dec_flush_top(d, d->n_results);
        ins = dec_emit(d, REG_RETURN_N);
        ins->d = (uint16_t)d->n_results;
        ins->a = (uint16_t)dec_slot_of_height(d, d->height - d->n_results);
    }
    ins->b = d->func->record;
}

/* The topmost operands go where the label expects them. */
static void move_to_label(Decoder *d, const Label *l, bool consumed)
{
    uint32_t n = arity(l);
    if (n == 0) return;
    if (n == 1) {
        emit_copy(d, dec_slot_of_height(d, l->height), peek(d), consumed);
        return;
    }
    dec_flush_top(d, n);
    if (d->height - n == l->height) return;
    Ins *ins = dec_emit(d, REG_MOVE);
    ins->d = (uint16_t)dec_slot_of_height(d, l->height);
    ins->a = (uint16_t)dec_slot_of_height(d, d->height - n);
    ins->b = (uint16_t)n;
}

static void emit_branch(Decoder *d, Label *l, bool consumed)
{
    if (is_function(d, l)) {
        emit_return(d, consumed);
        return;
    }
    move_to_label(d, l, consumed);
    if (l->charge) aim_behind(d, l, dec_emit(d, REG_BACK));
    else aim(d, l, &dec_emit(d, REG_BR)->target);
}

/* A condition, ready to become a branch. */
typedef struct Condition {
    RegOp op, back;      /* back: the same back to a charged loop; 0: there is none */
    uint16_t d, a;
    uint64_t imm64;
} Condition;

/* The comparison just emitted is taken back and becomes the condition. */
static Condition take_comparison(Decoder *d, bool negate)
{
    const FamilyInfo *f = &families[d->last_family];
    const Ins *ins = dec_ins_at(d, d->last);
    unsigned form = (unsigned)(reg_op_at(d, d->last) - f->first); /* to slot: even */
    const FamilyInfo *wanted = negate ? &families[f->negation] : f;
    Condition c = {.op = (RegOp)(wanted->branch + form / 2), .back = (RegOp)(wanted->back ? wanted->back + form / 2 : 0)};
    switch (form) {
    case FORM_SS: c.d = ins->a, c.a = ins->b; break;
    case FORM_AS: c.a = ins->b; break;
    case FORM_SA: c.d = ins->a; break;
    default: /* FORM_SI, FORM_AI */
        c.d = ins->a;
        c.imm64 = f->T == F64 ? ins->imm64 : f->T == I64 ? (uint64_t)(int64_t)ins->imm : ins->u;
    }
    d->n_out = d->last;
    d->last = NO_PLACE;
    d->acc[ACC_I] = d->acc_before_last;
    d->acc[ACC_I].has_short = d->acc[ACC_I].redirects = false;
    return c;
}

static Condition pop_condition(Decoder *d, bool negate)
{
    Operand o = dec_pop(d);
    if (made_by_last(d, o, &d->acc[ACC_I]) && d->last_family != FAM_NONE && families[d->last_family].kind == KIND_CMP) {
        Condition c = take_comparison(d, negate);
        /* against zero: shorter */
        if (c.imm64 == 0) switch (c.op) {
            case REG_BR_I32_NE_SI: return (Condition){REG_BR_IF_S, REG_BACK_IF_S, .a = c.d};
            case REG_BR_I32_NE_AI: return (Condition){REG_BR_IF_A, REG_BACK_IF_A, .a = 0};
            case REG_BR_I32_EQ_SI: return (Condition){REG_BR_UNLESS_S, REG_BACK_UNLESS_S, .a = c.d};
            case REG_BR_I32_EQ_AI: return (Condition){REG_BR_UNLESS_A, REG_BACK_UNLESS_A, .a = 0};
            default: break;
            }
        return c;
    }
    dec_in_slot(d, &o);
    bool in_acc = take_from_acc(d, o, I32);
    if (negate)
        return (Condition){in_acc ? REG_BR_UNLESS_A : REG_BR_UNLESS_S, in_acc ? REG_BACK_UNLESS_A : REG_BACK_UNLESS_S,
                           .a = (uint16_t)o.slot};
    return (Condition){in_acc ? REG_BR_IF_A : REG_BR_IF_S, in_acc ? REG_BACK_IF_A : REG_BACK_IF_S, .a = (uint16_t)o.slot};
}

static int32_t *emit_condition(Decoder *d, Condition c)
{
    Ins *ins = dec_emit(d, c.op);
    ins->d = c.d;
    ins->a = c.a;
    if (reg_op_words[c.op] == 3) ins->imm64 = c.imm64;
    return &ins->target;
}

static void emit_back(Decoder *d, const Label *l, Condition c)
{
    Ins *ins = dec_emit(d, c.back);
    ins->d = c.d;
    ins->a = c.a;
    ins->u2 = (uint32_t)c.imm64;
    aim_behind(d, l, ins);
}

static void decode_br_if(Decoder *d)
{
    Label *l = label_at(d, read_u32(d));
    /* The values for the label lie below the condition, and stay on the stack when the branch is not taken. */
    uint32_t n = arity(l), top = d->height - 1;
    uint32_t specials = d->n_specials;
    if (specials > 0 && d->specials[specials - 1].height == top) specials--; /* the condition */
    bool special = n == 1 && specials > 0 && d->specials[specials - 1].height + 1 == top;
    bool in_place = n == 0 || (!special && top - n == l->height);
    Condition c = pop_condition(d, !in_place);
    if (n > 1) dec_flush_top(d, n); /* here, because the copies hold on both ways */
    if (in_place && l->charge && c.back) {
        emit_back(d, l, c);
    } else if (in_place) {
        aim(d, l, emit_condition(d, c));
    } else {
        size_t around = 0;
        add_site(d, &around, emit_condition(d, c));
        Acc before[ACC_COUNT];
        memcpy(before, d->acc, sizeof before);
        emit_branch(d, l, false);
        memcpy(d->acc, before, sizeof before);
        bind(d, &around);
    }
    if (n > 0)
        for (int i = 0; i < ACC_COUNT; i++) d->acc[i].has_short = d->acc[i].redirects = false;
}

/* Entries lead straight to their labels, or to a stub that moves the values first: one stub for each label. */
static void decode_br_table(Decoder *d)
{
    uint32_t n_entries = read_u32(d) + 1; /* the default is the last */
    Reader again = d->in;
    Operand index = dec_pop(d);
    dec_in_slot(d, &index);
    bool in_acc = take_from_acc(d, index, I32);

    Reader first = d->in;
    uint32_t n = arity(label_at(d, read_u32(d)));
    d->in = first;
    dec_flush_top(d, n);

    if (!reserve_code(d, WORDS_PER_OP + n_entries)) return;
    Ins *ins = dec_emit(d, in_acc ? REG_BR_TABLE_A : REG_BR_TABLE_S);
    ins->a = (uint16_t)index.slot;
    ins->u = n_entries - 1;
    size_t table = here(d);
    memset(d->out + d->n_out, 0, (n_entries + 1) / 2 * sizeof(Word));
    d->n_out += (n_entries + 1) / 2;
    for (uint32_t i = 0; i < n_entries; i++) {
        Label *l = label_at(d, read_u32(d));
        int32_t *field = field_at(d, table + i * sizeof(int32_t));
        if (n == 0 || d->height - n == l->height) aim(d, l, field);
        else add_site(d, &l->stub, field);
    }
    if (n > 0) {
        for (uint32_t i = 0; i < n_entries; i++) {
            uint32_t depth = 0;
            if (!rd_u32(&again, "label", &depth)) return;
            Label *l = label_at(d, depth);
            if (l->stub == 0) continue;
            if (!reserve_code(d, WORDS_PER_OP)) return;
            bind(d, &l->stub);
            forget_accs(d);
            emit_branch(d, l, false);
        }
    }
    d->unreachable = true;
}

/* ---- blocks ---- */

static void read_block_type(Decoder *d, Label *l)
{
    int64_t type = 0;
    bool ok = rd_s33(&d->in, "block type", &type);
    assert(ok);
    (void)ok;
    l->result = TYPE_VOID;
    if (type >= 0) {
        l->type = &d->m->types[type];
        l->n_params = load_slots(l->type->params, l->type->n_params);
        l->n_results = load_slots(l->type->results, l->type->n_results);
    } else {
        l->result = type & 0x7f; /* one byte, read as a negative number */
        l->n_results = l->result == TYPE_VOID ? 0 : l->result == TYPE_V128 ? 2 : 1;
    }
}

static void push_params(Decoder *d, const Label *l)
{
    dec_set_height(d, l->height);
    if (l->type) push_values(d, l->type->params, l->type->n_params);
}

static void push_results(Decoder *d, const Label *l)
{
    dec_set_height(d, l->height);
    if (l->type) push_values(d, l->type->results, l->type->n_results);
    else if (l->result != TYPE_VOID) push_values(d, &l->result, 1);
}

static void open_block(Decoder *d, WasmOp op)
{
    Label l = {.op = (uint8_t)op};
    read_block_type(d, &l);
    if (!reserve(d, (void **)&d->labels, &d->cap_labels, d->n_labels + 1, sizeof *d->labels)) return;
    if (op == OP_IF) {
        Condition c = pop_condition(d, true);
        flush_from(d, 0);
        add_site(d, &l.else_site, emit_condition(d, c));
    } else {
        flush_from(d, 0);
    }
    l.height = d->height - l.n_params;
    if (op == OP_LOOP) {
        l.target = here(d);
        d->last = NO_PLACE;
        forget_accs(d);
    }
    d->labels[d->n_labels++] = l;
}

/* What is left on the stack where code has become unreachable means nothing. */
static void drop_specials(Decoder *d)
{
    while (d->n_specials > 0) forget_special(d, &d->specials[--d->n_specials]);
}

static void decode_else(Decoder *d)
{
    Label *l = label_at(d, 0);
    if (!d->unreachable) {
        dec_flush_top(d, l->n_results);
        aim(d, l, &dec_emit(d, REG_BR)->target);
    }
    drop_specials(d);
    l->op = OP_ELSE;
    push_params(d, l);
    bind(d, &l->else_site);
    forget_accs(d);
    d->unreachable = false;
}

static void decode_end(Decoder *d)
{
    Label *l = label_at(d, 0);
    bool function = is_function(d, l);
    if (!d->unreachable) {
        if (function) emit_return(d, true);
        else dec_flush_top(d, l->n_results);
    }
    if (d->unreachable || function) drop_specials(d);
    if (l->sites != 0 || l->else_site != 0) {
        push_results(d, l);
        bind(d, &l->else_site);
        bind(d, &l->sites);
        forget_accs(d);
        d->unreachable = false;
        if (function) emit_return(d, true);
    }
    d->n_labels--;
}

/* ---- calls -------------------------------------------------------------------------------------------------------- */

/* After a call: the callee's frame began at the first argument, and there the results are now. */
static void push_call_results(Decoder *d, const WasmType *type)
{
    dec_set_height(d, d->height - load_slots(type->params, type->n_params));
    forget_accs(d);
    size_t last = d->last;
    uint32_t slot = dec_slot_of_height(d, d->height);
    push_values(d, type->results, type->n_results);
    if (type->n_results == 1 && !top_is_wide(d)) d->acc[ACC_I] = (Acc){slot, NO_SLOT, last, false, false}; /* as every RETURN does */
}

static void decode_call(Decoder *d, bool tail)
{
    uint32_t index = read_u32(d);
    Func *callee = &d->code->funcs[index];
    const WasmType *type = wasm_func_type(d->m, index);
    uint32_t n_params = load_slots(type->params, type->n_params);
    dec_flush_top(d, n_params);
    Ins *ins = dec_emit(d, tail ? REG_RETURN_CALL : REG_CALL);
    ins->ptr = callee;
    ins->d = (uint16_t)dec_slot_of_height(d, d->height - n_params);
    if (tail) {
        ins->a = (uint16_t)n_params;
        ins->b = d->func->record;
        d->unreachable = true;
    } else {
        push_call_results(d, type);
    }
}

static void decode_call_indirect(Decoder *d, bool tail)
{
    uint32_t type_index = read_u32(d), table = read_u32(d);
    const WasmType *type = &d->m->types[type_index];
    uint32_t n_params = load_slots(type->params, type->n_params);
    Operand index = dec_pop(d);
    dec_in_slot(d, &index);
    bool in_acc = take_from_acc(d, index, I32);
    dec_flush_top(d, n_params);
    Ins *ins = dec_emit(d, tail ? (in_acc ? REG_RETURN_CALL_INDIRECT_A : REG_RETURN_CALL_INDIRECT_S)
                            : in_acc ? REG_CALL_INDIRECT_A : REG_CALL_INDIRECT_S);
    ins->d = (uint16_t)dec_slot_of_height(d, d->height - n_params);
    ins->a = (uint16_t)index.slot;
    ins->u2 = d->code->module->canonical[type_index];
    if (tail) {
        ins->b = d->func->record;
        ins->c = (uint16_t)n_params;
        ins->u3 = table;
        d->unreachable = true;
    } else {
        ins->u = table;
        push_call_results(d, type);
    }
}

/* ---- the rest ----------------------------------------------------------------------------------------------------- */

/* An instruction of the host's: n operands in consecutive slots; the result, if any, takes the place of the first. */
static Ins *emit_host_op(Decoder *d, RegOp op, uint32_t n_operands, uint32_t n_results)
{
    dec_flush_top(d, n_operands);
    Ins *ins = dec_emit(d, op);
    dec_set_height(d, d->height - n_operands);
    ins->a = (uint16_t)dec_slot_of_height(d, d->height);
    dec_push_temps(d, n_results);
    forget_accs(d);
    return ins;
}

static uint64_t read_const(Decoder *d, WasmOp op)
{
    const uint8_t *p = NULL;
    int32_t i32 = 0;
    int64_t i64 = 0;
    uint64_t bits = 0;
    bool ok;
    switch (op) {
    case OP_I32_CONST: ok = rd_s32(&d->in, "i32", &i32); bits = (uint32_t)i32; break;
    case OP_I64_CONST: ok = rd_s64(&d->in, "i64", &i64); bits = (uint64_t)i64; break;
    default: { /* little-endian */
        size_t size = op == OP_F32_CONST ? 4 : 8;
        ok = rd_bytes(&d->in, "float", size, &p);
        for (size_t i = size; ok && i > 0; i--) bits = bits << 8 | p[i - 1];
    }
    }
    assert(ok);
    (void)ok;
    return bits;
}

static void decode_op(Decoder *d, WasmOp op)
{
    Family family = (Family)family_of_op[op];
    if (family != FAM_NONE) switch ((FamilyKind)families[family].kind) {
        case KIND_BIN:
        case KIND_CMP:
        case KIND_UN: decode_arithmetic(d, family); return;
        case KIND_LOAD: decode_load(d, family); return;
        case KIND_STORE: decode_store(d, family); return;
        }
    switch (op) {
    case OP_NOP: return;
    case OP_UNREACHABLE: dec_emit(d, REG_UNREACHABLE); d->unreachable = true; return;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: open_block(d, op); return;
    case OP_ELSE: decode_else(d); return;
    case OP_END: decode_end(d); return;
    case OP_BR: emit_branch(d, label_at(d, read_u32(d)), true); d->unreachable = true; return;
    case OP_BR_IF: decode_br_if(d); return;
    case OP_BR_TABLE: decode_br_table(d); return;
    case OP_RETURN: emit_return(d, true); d->unreachable = true; return;
    case OP_CALL:
    case OP_RETURN_CALL: decode_call(d, op == OP_RETURN_CALL); return;
    case OP_CALL_INDIRECT:
    case OP_RETURN_CALL_INDIRECT: decode_call_indirect(d, op == OP_RETURN_CALL_INDIRECT); return;
    case OP_DROP:
        if (top_is_wide(d)) (void)dec_pop_wide(d);
        else (void)dec_pop(d);
        return;
    case OP_SELECT_T:
        for (uint32_t n = read_u32(d); n > 0; n--) (void)read_u32(d); /* the type: a byte below 0x80 */
        decode_select(d);
        return;
    case OP_SELECT: decode_select(d); return;
    case OP_LOCAL_GET: decode_local_get(d); return;
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE: decode_local_set(d, op == OP_LOCAL_TEE); return;
    case OP_GLOBAL_GET: decode_global_get(d); return;
    case OP_GLOBAL_SET: decode_global_set(d); return;
    case OP_I32_CONST:
    case OP_I64_CONST:
    case OP_F32_CONST:
    case OP_F64_CONST: dec_push_const(d, read_const(d, op)); return;
    case OP_I32_EQZ: decode_is_zero(d, FAM_I32_EQ); return;
    case OP_I64_EQZ: decode_is_zero(d, FAM_I64_EQ); return;
    case OP_REF_IS_NULL: decode_is_zero(d, FAM_I64_EQ); return;
    case OP_REF_NULL: (void)read_u32(d); dec_push_const(d, 0); return;
    case OP_REF_FUNC:
        dec_emit(d, REG_REF_FUNC)->u = read_u32(d);
        push_result(d, I64, FAM_NONE, false, true);
        return;

    case OP_MEMORY_SIZE: (void)read_u32(d); emit_host_op(d, REG_MEMORY_SIZE, 0, 1); return;
    case OP_MEMORY_GROW: (void)read_u32(d); emit_host_op(d, REG_MEMORY_GROW, 1, 1); return;
    case OP_MEMORY_COPY: (void)read_u32(d); (void)read_u32(d); emit_host_op(d, REG_MEMORY_COPY, 3, 0); return;
    case OP_MEMORY_FILL: (void)read_u32(d); emit_host_op(d, REG_MEMORY_FILL, 3, 0); return;
    case OP_MEMORY_INIT: {
        uint32_t data = read_u32(d);
        (void)read_u32(d);
        emit_host_op(d, REG_MEMORY_INIT, 3, 0)->u = data;
        return;
    }
    case OP_DATA_DROP: emit_host_op(d, REG_DATA_DROP, 0, 0)->u = read_u32(d); return;
    case OP_TABLE_GET: emit_host_op(d, REG_TABLE_GET, 1, 1)->u = read_u32(d); return;
    case OP_TABLE_SET: emit_host_op(d, REG_TABLE_SET, 2, 0)->u = read_u32(d); return;
    case OP_TABLE_SIZE: emit_host_op(d, REG_TABLE_SIZE, 0, 1)->u = read_u32(d); return;
    case OP_TABLE_GROW: emit_host_op(d, REG_TABLE_GROW, 2, 1)->u = read_u32(d); return;
    case OP_TABLE_FILL: emit_host_op(d, REG_TABLE_FILL, 3, 0)->u = read_u32(d); return;
    case OP_TABLE_COPY:
    case OP_TABLE_INIT: { /* to, from; segment, table: each in the order of the encoding */
        uint32_t first = read_u32(d), second = read_u32(d);
        Ins *ins = emit_host_op(d, op == OP_TABLE_COPY ? REG_TABLE_COPY : REG_TABLE_INIT, 3, 0);
        ins->u2 = first;
        ins->u3 = second;
        return;
    }
    case OP_ELEM_DROP: emit_host_op(d, REG_ELEM_DROP, 0, 0)->u = read_u32(d); return;
    default: decode_vector(d, op); return;
    }
}

/* Code that cannot be reached is stepped over; only its blocks are counted. */
static void skip_op(Decoder *d, WasmOp op)
{
    if (op == OP_END || op == OP_ELSE) {
        if (d->skipped == 0) {
            decode_op(d, op);
            return;
        }
        if (op == OP_END) d->skipped--;
        return;
    }
    if (op == OP_BLOCK || op == OP_LOOP || op == OP_IF) d->skipped++;
    bool ok = rd_skip_imm(&d->in, op);
    assert(ok);
    (void)ok;
}

/* ---- one function ------------------------------------------------------------------------------------------------- */

/* Slot of each local, once any of them is a vector. */
static void place_locals(Decoder *d, const WasmType *type, Reader groups_at, uint32_t n_groups, uint32_t n)
{
    if (!reserve(d, (void **)&d->local_slots, &d->cap_local_slots, n, sizeof *d->local_slots)) return;
    uint32_t slot = 0, at = 0;
    for (; at < type->n_params; at++) {
        bool wide = type->params[at] == TYPE_V128;
        d->local_slots[at] = slot | (wide ? IS_WIDE : 0);
        slot += wide ? 2 : 1;
    }
    slot = d->func->record + RECORD_SLOTS;
    d->in = groups_at;
    for (; n_groups > 0; n_groups--) {
        uint32_t count = read_u32(d);
        bool wide = read_u32(d) == TYPE_V128;
        for (; count > 0; count--, slot += wide ? 2 : 1) d->local_slots[at++] = slot | (wide ? IS_WIDE : 0);
    }
}

/* Local declarations, core 2.0 §5.4.4 "Code Section": how many slots they are, and which. */
static void read_locals(Decoder *d, const WasmType *type)
{
    uint64_t n = type->n_params, slots = d->n_params;
    uint32_t n_groups = read_u32(d);
    Reader groups_at = d->in;
    for (uint32_t i = 0; i < n_groups; i++) {
        uint32_t count = read_u32(d), local_type = read_u32(d); /* the type: a byte below 0x80 */
        n += count;
        slots += local_type == TYPE_V128 ? UINT64_C(2) * count : count;
    }
    if (slots > SLOTS_MAX - RECORD_SLOTS - CLEAR_SLOTS) {
        dec_fail(d, TRAP_TOO_COMPLEX);
        return;
    }
    d->n_locals = (uint32_t)slots;
    d->gauge_local = n > type->n_params ? (uint32_t)n - 1 : UINT32_MAX;
    d->has_wide_locals = slots != n;
    if (d->has_wide_locals) place_locals(d, type, groups_at, n_groups, (uint32_t)n);
}

static uint32_t clear_slots(const Decoder *d)
{
    return (d->n_locals - d->n_params + CLEAR_SLOTS - 1) / CLEAR_SLOTS * CLEAR_SLOTS;
}

static void decode_body(Decoder *d, Code *code, Func *func)
{
    const WasmModule *m = code->module->wasm;
    const WasmType *type = wasm_func_type(m, func->index);
    d->code = code;
    d->m = m;
    d->func = func;
    d->failed = TRAP_NONE;
    d->n_params = load_slots(type->params, type->n_params);
    d->n_results = load_slots(type->results, type->n_results);
    d->n_out = 0;
    d->height = d->max_height = 0;
    d->n_specials = 0;
    d->n_labels = 0;
    d->unreachable = false;
    d->skipped = 0;
    d->last = d->last_wide = NO_PLACE;
    d->n_wide = 0;
    forget_accs(d);

    d->in = wasm_reader(m, m->bodies[func->index - m->n_imported[KIND_FUNC]], &d->diags);
    read_locals(d, type);
    d->temp_base = func->record + RECORD_SLOTS + (d->n_locals - d->n_params);
    if (d->failed || !reserve(d, (void **)&d->pending, &d->cap_pending, d->temp_base + 1, 1) ||
        !reserve(d, (void **)&d->labels, &d->cap_labels, 1, sizeof *d->labels))
        return;
    memset(d->pending, 0, d->temp_base);
    dec_set_height(d, 0);
    d->labels[d->n_labels++] = (Label){.op = OP_BLOCK, .n_results = d->n_results, .type = type};

    while (d->n_labels > 0 && !d->failed) {
        WasmOp op = OP_NOP;
        d->op_offset = (uint32_t)rd_offset(&d->in);
        if (!rd_op(&d->in, FEATURES_ALL, &op)) {
            dec_fail(d, TRAP_TOO_COMPLEX);
            return;
        }
        if (!reserve_code(d, WORDS_PER_OP)) return;
        if (d->unreachable) skip_op(d, op);
        else decode_op(d, op);
    }
}

static Decoder *decoder_of(LoadModule *module)
{
    if (module->decoder == NULL) module->decoder = calloc(1, sizeof *module->decoder);
    return module->decoder;
}

void decoder_free(Decoder *d)
{
    if (d == NULL) return;
    free(d->out);
    free(d->pending);
    free(d->local_slots);
    free(d->wide);
    free(d->labels);
    diag_free(&d->diags);
    free(d);
}

/* Places of interp.c take the place of the RegOps. */
static void link_code(Word *words, size_t n, Labels labels)
{
    for (size_t i = 0; i < n;) {
        RegOp op = (RegOp)words[i];
        Ins *ins = (Ins *)(words + i);
        i += reg_op_words[op];
        if (op == REG_BR_TABLE_S || op == REG_BR_TABLE_A) i += (ins->u + 2) / 2;
        ins->run = label_of(labels, op);
    }
}

LoadTrapKind decode_function(Code *code, Func *func)
{
    LoadModule *module = code->module;
    LoadTrapKind result = TRAP_NONE;
    pthread_mutex_lock(&module->lock);
    Decoder *d = decoder_of(module);
    if (d == NULL) {
        result = TRAP_NO_MEMORY;
    } else if (atomic_load_explicit(&func->code, memory_order_relaxed) == (const Ins *)&func->stub) {
        d->n_wanted = 0;
        decode_body(d, code, func);
        result = d->failed;
        Func **decoded = NULL;
        Word *words = NULL;
        if (result == TRAP_NONE) {
            words = arena_array(&code->arena, d->n_out, sizeof *words);
            decoded = arena_grow(&code->arena, code->decoded, code->n_decoded, &code->cap_decoded, sizeof *decoded);
            if (words == NULL || decoded == NULL) result = TRAP_NO_MEMORY;
        }
        if (result == TRAP_NONE) {
            memcpy(words, d->out, d->n_out * sizeof *words);
            link_code(words, d->n_out, code->labels);
            code->decoded = decoded;
            code->decoded[code->n_decoded++] = func;
            uint32_t slots = d->temp_base + d->max_height, cleared = func->record + RECORD_SLOTS + clear_slots(d);
            if (slots < cleared) slots = cleared;
            func->n_words = (uint32_t)d->n_out;
            atomic_store_explicit(&func->frame_bytes, slots * (uint32_t)sizeof(Slot), memory_order_relaxed);
            atomic_store_explicit(&func->n_clear, (uint16_t)clear_slots(d), memory_order_relaxed);
            atomic_store_explicit(&func->code, (const Ins *)words, memory_order_release);
        }
    }
    pthread_mutex_unlock(&module->lock);
    return result;
}

void decode_offsets(Code *code, const Func *func, uint32_t n, const uint32_t words[], uint32_t offsets[])
{
    LoadModule *module = code->module;
    uint32_t body = module->wasm->bodies[func->index - module->wasm->n_imported[KIND_FUNC]].offset;
    for (uint32_t i = 0; i < n; i++) offsets[i] = body;

    pthread_mutex_lock(&module->lock);
    Decoder *d = decoder_of(module);
    if (d != NULL) {
        Func same = {.record = func->record, .index = func->index};
        d->n_wanted = n;
        d->wanted_words = words;
        d->found_offsets = offsets;
        decode_body(d, code, &same);
    }
    pthread_mutex_unlock(&module->lock);
}
