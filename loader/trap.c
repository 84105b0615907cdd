/* trap.c: what ends a call into the interpreter, and where: faults in guest code become traps, and frames are found.
 *
 * fault.c says that a fault is the guest's. The interpreter then leaves by siglongjmp to the start of the run: nothing is
 * half-done at such a point, since guest code holds no lock, and host functions run with in_guest off. The handler runs on
 * the thread's own stack, or its alternate stack if it has one. Guest frames are not on that stack (interp.c does not
 * recurse), so guests cannot exhaust it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <ucontext.h>

#include "loader/interp.h"

typedef struct InterpRun {
    Run run;
    LoadInstance *instance;
    sigjmp_buf escape;
} InterpRun;

/* Which instruction of which frame was running: interp.c keeps them in registers during an access. */
static void find_place(LoadInstance *instance, void *context)
{
#if defined(__x86_64__)
    if (instance->pc != NULL) return; /* in host code: a bulk operation */
    const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;
    instance->pc = (const Ins *)registers[REG_RDI];
    instance->fp = (Slot *)registers[REG_RSI];
#else
    (void)instance;
    (void)context;
#endif
}

static void on_fault(Run *run, uint64_t address, void *context)
{
    InterpRun *r = (InterpRun *)run;
    r->instance->fault_address = address;
    find_place(r->instance, context);
    pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL); /* as it was at the fault */
    siglongjmp(r->escape, 1);
}

/* ---- where an instruction belongs ---------------------------------------------------------------------------------- */

static int by_code(const void *a, const void *b)
{
    const Ins *x = (*(Func *const *)a)->code, *y = (*(Func *const *)b)->code;
    return x < y ? -1 : x > y;
}

/* The function whose code pc lies in, or whose entry it is; NULL: none. */
static const Func *func_at(Code *code, const Ins *pc)
{
    const Func *all = code->funcs;
    if ((const void *)pc >= (const void *)all && (const void *)pc < (const void *)(all + code->module->wasm->n_funcs))
        return all + ((const char *)pc - (const char *)all) / sizeof *all;

    const Func *found = NULL;
    pthread_mutex_lock(&code->module->lock);
    if (code->n_sorted != code->n_decoded) {
        qsort(code->decoded, code->n_decoded, sizeof(Func *), by_code);
        code->n_sorted = code->n_decoded;
    }
    size_t low = 0, high = code->n_decoded;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if ((const Ins *)code->decoded[mid]->code <= pc) low = mid + 1;
        else high = mid;
    }
    if (low > 0) {
        const Func *f = code->decoded[low - 1];
        if ((const Word *)pc - (const Word *)(const Ins *)f->code < (ptrdiff_t)f->n_words) found = f;
    }
    pthread_mutex_unlock(&code->module->lock);
    return found;
}

/* An activation, and the word of its function's code that was running. */
typedef struct Activation {
    const Func *func;
    uint32_t word;
} Activation;

static Activation activation(const Func *func, const Ins *pc, bool innermost)
{
    if (pc == (const Ins *)&func->stub) return (Activation){func, 0};
    ptrdiff_t word = (const Word *)pc - (const Word *)(const Ins *)func->code;
    return (Activation){func, (uint32_t)word - !innermost}; /* pc is where the call returns to: the call ends there */
}

/* Offsets are not kept: they come from decoding again, each function once. */
static void find_offsets(Code *code, LoadTrap *trap, const Activation *activations)
{
    bool done[LOAD_FRAMES_MAX] = {false};
    for (uint32_t i = 0; i < trap->n_frames; i++) {
        uint32_t words[LOAD_FRAMES_MAX], offsets[LOAD_FRAMES_MAX], n = 0;
        if (done[i]) continue;
        const Func *func = activations[i].func;
        for (uint32_t j = i; j < trap->n_frames; j++)
            if (activations[j].func == func) words[n++] = activations[j].word;
        decode_offsets(code, func, n, words, offsets);
        n = 0;
        for (uint32_t j = i; j < trap->n_frames; j++) {
            if (activations[j].func != func) continue;
            trap->frames[j] = (LoadFrame){func->index, offsets[n++]};
            done[j] = true;
        }
    }
}

/* Walks the records. In the middle of a deep stack, activations are counted, not kept. */
static void find_activations(LoadInstance *instance, LoadTrap *trap, Activation kept[LOAD_FRAMES_MAX])
{
    Code *code = instance->code;
    const Ins *pc = instance->pc;
    Slot *fp = instance->fp;
    Activation outer[LOAD_FRAMES_OUTER]; /* a ring of the latest seen */
    uint32_t depth = 0;

    for (bool innermost = true; pc != &code->finish; innermost = false) {
        const Func *func = func_at(code, pc);
        if (func == NULL) break;
        if (func->index >= code->module->wasm->n_imported[KIND_FUNC]) {
            Activation a = activation(func, pc, innermost);
            if (depth < LOAD_FRAMES_INNER) kept[depth] = a;
            else outer[depth % LOAD_FRAMES_OUTER] = a;
            depth++;
        }
        pc = fp[func->record].code;
        fp = fp[func->record + 1].frame;
    }

    trap->depth = depth;
    trap->n_frames = depth < LOAD_FRAMES_MAX ? depth : LOAD_FRAMES_MAX;
    for (uint32_t i = LOAD_FRAMES_INNER; i < trap->n_frames; i++)
        kept[i] = outer[(depth - trap->n_frames + i) % LOAD_FRAMES_OUTER];
}

static void fill_frames(LoadInstance *instance, LoadTrap *trap)
{
    Activation kept[LOAD_FRAMES_MAX];
    find_activations(instance, trap, kept);
    find_offsets(instance->code, trap, kept);
}

void trap_fill_functions(LoadInstance *instance, LoadTrap *trap)
{
    Activation kept[LOAD_FRAMES_MAX];
    find_activations(instance, trap, kept);
    for (uint32_t i = 0; i < trap->n_frames; i++) trap->frames[i] = (LoadFrame){.func = kept[i].func->index};
}

/* ---- what a fault means --------------------------------------------------------------------------------------------- */

static LoadTrapKind kind_of_fault(const LoadInstance *instance)
{
    const LoadModule *module = instance->module;
    bool known = module->has_layout && module->stack_pointer != 0;
    uint32_t sp = known ? (uint32_t)instance->globals[module->stack_pointer - 1].i : 0;
    return fault_kind(&instance->memory, known ? &module->layout : NULL, sp, instance->fault_address);
}

/* Frames larger than the null guard are checked in the prologue: an `unreachable` there means that the shadow stack is full. */
static bool is_frame_check(const LoadInstance *instance, LoadFrame frame)
{
    const LoadModule *module = instance->module;
    uint32_t offset;
    return module->has_layout && module->stack_pointer != 0 &&
           wasm_frame_check(module->wasm, frame.func, module->stack_pointer - 1, module->fuel, &offset) && offset == frame.offset;
}

void trap_fill(LoadInstance *instance, LoadTrap *trap, LoadTrapKind kind)
{
    trap->kind = kind;
    fill_frames(instance, trap);
    if (kind == TRAP_UNREACHABLE && trap->n_frames > 0 && is_frame_check(instance, trap->frames[0]))
        trap->kind = TRAP_SHADOW_STACK;
}

/* ---- running --------------------------------------------------------------------------------------------------------- */

LoadTrapKind trap_guarded_run(LoadInstance *instance, const Ins *pc, Slot *fp)
{
    InterpRun r = {.run = {.memory = &instance->memory, .fault = on_fault}, .instance = instance};
    LoadTrapKind kind;
    if (sigsetjmp(r.escape, 0) == 0) {
        fault_enter(&r.run);
        r.run.in_guest = 1;
        kind = interp_run(instance, pc, fp);
    } else {
        kind = kind_of_fault(instance);
        instance->trap->has_address = true;
    }
    r.run.in_guest = 0;
    fault_leave(&r.run);
    if (kind == TRAP_OOB_MEMORY) { /* found by a fault, or by a check */
        instance->trap->has_address = true;
        if (kind_of_fault(instance) == TRAP_SHADOW_STACK) kind = TRAP_SHADOW_STACK;
    }
    if (instance->trap->has_address) instance->trap->address = instance->fault_address;
    return kind;
}
