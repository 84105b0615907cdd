/* native_trap.c: why native code was left, and where it was.
 *
 * Every function keeps a frame pointer, so frames are a list in the guest's own stack: each has the address of the one before
 * and the address that its function returns to. What is not the module's own (how a function is entered, traps) is passed
 * over. What the compiler has put into its caller has no frame; offsets within functions are not known: they stay 0.
 *
 * A signal can come before a function has made its frame or after it has given it up. On x86-64 the instructions at that
 * place tell; else that function's caller is missing from the list, and nothing is worse. */
#include "loader/native.h"

#if HAVE_NATIVE

/* ---- frames ---------------------------------------------------------------------------------------------------------------- */

typedef struct Walk {
    Object *object;
    LoadTrap *out;
    LoadFrame outer[LOAD_FRAMES_OUTER]; /* a ring of the latest seen */
} Walk;

static void add(Walk *w, uintptr_t pc)
{
    NativeSymbol s;
    if (!object_has(w->object, pc) || !object_find(w->object, pc, &s)) return;
    LoadFrame frame = {.func = s.func};
    if (w->out->depth < LOAD_FRAMES_INNER) w->out->frames[w->out->depth] = frame;
    else w->outer[w->out->depth % LOAD_FRAMES_OUTER] = frame;
    w->out->depth++;
}

/* Return addresses stand behind their calls, which may be the last instruction of a function: one less is in it. */
static void walk(Walk *w, const Native *n, uintptr_t frame)
{
    uintptr_t low = (uintptr_t)n->stack, high = low + n->stack_bytes - 2 * sizeof(uintptr_t);
    while (frame >= low && frame <= high && frame % sizeof(uintptr_t) == 0) {
        const uintptr_t *f = (const uintptr_t *)frame;
        add(w, f[1] - 1);
        if (f[0] <= frame) break;
        frame = f[0];
    }
    LoadTrap *out = w->out;
    out->n_frames = out->depth < LOAD_FRAMES_MAX ? out->depth : LOAD_FRAMES_MAX;
    for (uint32_t i = LOAD_FRAMES_INNER; i < out->n_frames; i++)
        out->frames[i] = w->outer[(out->depth - out->n_frames + i) % LOAD_FRAMES_OUTER];
}

/* Where the function at this place returns to, when it has no frame at the moment; 0: it has one. */
static uintptr_t return_without_frame(Object *o, const Native *n, const Place *at)
{
    NativeSymbol s;
    if (!object_find(o, at->pc, &s)) return 0;
    if (at->link) return at->pc == s.at ? at->link : 0;
#ifdef __x86_64__
    enum { PUSH_RBP = 0x55, RET = 0xc3 };
    uintptr_t low = (uintptr_t)n->stack, high = low + n->stack_bytes - 2 * sizeof(uintptr_t);
    if (at->stack < low || at->stack > high || at->stack % sizeof(uintptr_t) != 0) return 0;
    const uint8_t *code = (const uint8_t *)at->pc;
    const uintptr_t *top = (const uintptr_t *)at->stack;
    if (at->pc == s.at || *code == RET) return top[0];
    if (at->pc == s.at + 1 && code[-1] == PUSH_RBP) return top[1];
#else
    (void)n;
#endif
    return 0;
}

static void fill_at(const NativeRun *r, const Place *at, LoadTrap *out)
{
    Walk w = {.object = r->native->object, .out = out};
    add(&w, at->pc);
    uintptr_t back = object_has(w.object, at->pc) ? return_without_frame(w.object, r->native, at) : 0;
    if (back) add(&w, back - 1);
    walk(&w, r->native, at->frame);
}

void native_fill_frames(const NativeRun *r, LoadTrap *out)
{
    out->depth = out->n_frames = 0;
    if (r->place.pc) {
        fill_at(r, &r->place, out);
    } else {
        Walk w = {.object = r->native->object, .out = out};
        add(&w, r->at.pc - 1);
        walk(&w, r->native, r->at.frame);
    }
}

/* ---- kinds ------------------------------------------------------------------------------------------------------------------ */

static uint32_t stack_pointer_of(const Native *n)
{
    uint32_t sp;
    memcpy(&sp, (const char *)native_data(n) + n->object->code->stack_pointer_at, sizeof sp);
    return sp;
}

static const PmLayout *known_layout(const Native *n)
{
    const Object *o = n->object;
    return o->has_layout && o->stack_pointer && o->code->stack_pointer_at != NATIVE_NONE ? &o->layout : NULL;
}

/* Of the module's own `unreachable`: a metered module that is dry runs into one (docs/metering.md). */
static LoadTrapKind unreachable_kind(const Native *n)
{
    int64_t gauge = 0;
    if (n->object->metered && n->object->code->fuel_at != NATIVE_NONE)
        memcpy(&gauge, (const char *)native_data(n) + n->object->code->fuel_at, sizeof gauge);
    return gauge < 0 ? TRAP_FUEL : TRAP_UNREACHABLE;
}

LoadTrapKind native_trap_kind(const NativeRun *r, LoadTrap *trap)
{
    static const LoadTrapKind kinds[NATIVE_TRAPS] = {
        [NATIVE_STACK_FULL] = TRAP_SHADOW_STACK,       [NATIVE_DIV_BY_ZERO] = TRAP_DIV_BY_ZERO,
        [NATIVE_INT_OVERFLOW] = TRAP_INT_OVERFLOW,     [NATIVE_BAD_CONVERSION] = TRAP_BAD_CONVERSION,
        [NATIVE_OOB_MEMORY] = TRAP_OOB_MEMORY,         [NATIVE_OOB_TABLE] = TRAP_OOB_TABLE,
        [NATIVE_UNDEFINED_ELEM] = TRAP_UNDEFINED_ELEM, [NATIVE_NULL_ELEM] = TRAP_NULL_ELEM,
        [NATIVE_BAD_CALL_TYPE] = TRAP_BAD_CALL_TYPE,   [NATIVE_CALL_STACK] = TRAP_CALL_STACK,
    };
    const Native *n = r->native;
    if (r->at.trap == NATIVE_UNREACHABLE) return unreachable_kind(n);
    if (r->at.trap < NATIVE_TRAPS) return kinds[r->at.trap];
    LoadTrapKind kind = r->kind;
    if (kind == TRAP_NONE && !r->faulted) return (LoadTrapKind)atomic_load(&n->stop); /* interrupted */
    const PmLayout *layout = known_layout(n);
    uint32_t sp = layout ? stack_pointer_of(n) : 0;
    if (r->faulted) kind = fault_kind(&n->memory, layout, sp, r->address);
    else if (kind == TRAP_OOB_MEMORY && fault_kind(&n->memory, layout, sp, r->address) == TRAP_SHADOW_STACK)
        kind = TRAP_SHADOW_STACK;
    if (r->faulted || kind == TRAP_OOB_MEMORY) {
        trap->has_address = true;
        trap->address = r->address;
    }
    return kind;
}

/* ---- in the signal handler ---------------------------------------------------------------------------------------------------- */

void native_on_fault(Run *run, uint64_t address, void *context)
{
    NativeRun *r = (NativeRun *)run;
    r->faulted = true;
    r->address = address;
    r->place = native_place(context);
    native_abandon(&r->at, context);
}

/* Of this thread guest code is all that is under way: so it holds nothing, and may be used as between two instructions. */
bool native_on_poke(Run *run, void *context)
{
    NativeRun *r = (NativeRun *)run;
    Native *n = r->native;
    Place place = native_place(context);
    bool in_guest = object_has(n->object, place.pc);
    if (!in_guest && !native_is_switch(place.pc)) return false; /* in another handler, which has interrupted the guest */
    if (atomic_load_explicit(&n->stop, memory_order_relaxed) != TRAP_NONE) {
        run->in_guest = 0;
        r->place = place;
        native_abandon(&r->at, context);
        return true;
    }
    if (!in_guest || atomic_load_explicit(&n->sampler, memory_order_relaxed) == NULL) return true;
    LoadTrap where = {0};
    run->in_guest = 0; /* a fault in what follows is not the guest's */
    fill_at(r, &place, &where);
    LoadSampleFn *sample = where.n_frames ? atomic_exchange(&n->sampler, NULL) : NULL; /* none: not in a function yet */
    if (sample) sample(n->host, &where);
    run->in_guest = 1;
    return true;
}

#endif
