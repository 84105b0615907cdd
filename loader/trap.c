/* trap.c: faults in guest code become traps.
 *
 * Guest memory is not checked by code but by the processor: what is out of bounds, below the null guard, or a write to
 * sealed data, faults. The signal handler takes the fault for the guest's if this thread is inside guest code at that
 * moment (a thread-local record says so: Run) and the address lies in the reservation of that instance's memory. Then it
 * leaves by siglongjmp to the start of the run. Nothing is half-done at such a point: guest code holds no lock, and host
 * functions run with in_guest off. Every other fault goes to the handler that was installed before, or kills the process
 * as it would have without us.
 *
 * The handler runs on the thread's own stack, or its alternate stack if it has one. Guest frames are not on that stack
 * (interp.c does not recurse), so guests cannot exhaust it. */
#include <errno.h>
#include <stdlib.h>
#include <ucontext.h>

#include "loader/interp.h"

/* The run that this thread is in, innermost. The one thing of the loader that is per thread. */
static _Thread_local Run *current_run;

/* The process's handlers from before; written once, under the once-control, before our handler can run. */
static struct sigaction previous_segv, previous_bus;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static bool installed;

static bool is_guests(const Run *run, const siginfo_t *info)
{
    if (run == NULL || !run->in_guest || info->si_code <= 0) return false; /* <= 0: sent by kill() and the like */
    const LoadMemory *m = &run->instance->memory;
    uintptr_t address = (uintptr_t)info->si_addr, base = (uintptr_t)m->base;
    return address >= base && address - base < m->reserved_bytes;
}

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

static void chain(int signal_number, siginfo_t *info, void *context)
{
    const struct sigaction *previous = signal_number == SIGSEGV ? &previous_segv : &previous_bus;
    if (previous->sa_flags & SA_SIGINFO) {
        previous->sa_sigaction(signal_number, info, context);
    } else if (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN) {
        previous->sa_handler(signal_number);
    } else { /* faults cannot be ignored: with the default handler back, the instruction faults again and ends it */
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(signal_number, &standard, NULL);
        if (info->si_code <= 0) raise(signal_number);
    }
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    Run *run = current_run;
    if (!is_guests(run, info)) {
        int saved_errno = errno;
        chain(signal_number, info, context);
        errno = saved_errno;
        return;
    }
    LoadInstance *instance = run->instance;
    run->in_guest = 0;
    instance->fault_address = (uint64_t)((uintptr_t)info->si_addr - (uintptr_t)instance->memory.base);
    find_place(instance, context);
    pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL); /* as it was at the fault */
    siglongjmp(run->escape, 1);
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    installed = sigaction(SIGSEGV, &action, &previous_segv) == 0 && sigaction(SIGBUS, &action, &previous_bus) == 0;
}

bool trap_handler_install(void)
{
    pthread_once(&install_once, install);
    return installed;
}

void trap_leave_guest(void) { current_run->in_guest = 0; }
void trap_enter_guest(void) { current_run->in_guest = 1; }

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

/* The shadow stack grows down into the null guard, where a null pointer's target is too. It was the stack if the stack
 * pointer has left its range, or if the address is not further below it than one frame that needs no check (a frame
 * larger than the guard has one, docs/module-section.md). */
static bool is_shadow_stack(const LoadInstance *instance, uint64_t address)
{
    const LoadModule *module = instance->module;
    if (!module->has_layout || module->stack_pointer == 0) return false;
    uint32_t sp = (uint32_t)instance->globals[module->stack_pointer - 1].i;
    const PmLayout *l = &module->layout;
    if (sp < l->stack_low || sp > l->stack_high) return true;
    return address < l->stack_low && sp - address <= l->null_guard;
}

static LoadTrapKind kind_of_fault(const LoadInstance *instance, uint64_t address)
{
    const LoadMemory *m = &instance->memory;
    if (address < m->null_guard) return is_shadow_stack(instance, address) ? TRAP_SHADOW_STACK : TRAP_NULL_POINTER;
    return m->sealed && address >= m->sealed_low && address < m->sealed_high ? TRAP_READ_ONLY : TRAP_OOB_MEMORY;
}

static void skip_charge(const LoadModule *module, Reader *r, uint32_t last_local)
{
    if (module->fuel) wasm_skip_charge(r, module->fuel - 1, last_local);
}

/* Frames larger than the null guard are checked in the prologue, in the form that validator.h defines: an `unreachable`
 * in it, at this offset, means that the shadow stack is full. */
static bool is_frame_check(const LoadInstance *instance, LoadFrame frame)
{
    const LoadModule *module = instance->module;
    const WasmModule *m = module->wasm;
    uint32_t global;
    WasmLocals l;
    uint8_t byte;
    int32_t constant;
    WasmOp op = OP_NOP;
    if (!module->has_layout || module->stack_pointer == 0) return false;
    Diags ignored = {.limit = 1};
    Reader r = wasm_reader(m, m->bodies[frame.func - m->n_imported[KIND_FUNC]], &ignored);
    bool ok = rd_locals(&r, &l);
    uint32_t last_local = ok ? wasm_func_type(m, frame.func)->n_params + l.declared - 1 : 0;
    if (ok) skip_charge(module, &r, last_local);
    ok = ok && rd_op(&r, FEATURES_ALL, &op);
    if (ok && op == OP_I32_CONST) /* an entry thunk's reset of the stack pointer stands before it */
        ok = rd_s32(&r, "stack_high", &constant) && rd_op(&r, FEATURES_ALL, &op) && op == OP_GLOBAL_SET &&
             rd_u32(&r, "global", &global) && rd_op(&r, FEATURES_ALL, &op);
    ok = ok && op == OP_GLOBAL_GET && rd_u32(&r, "global", &global) && global == module->stack_pointer - 1 &&
         rd_op(&r, FEATURES_ALL, &op) && op == OP_I32_CONST && rd_s32(&r, "limit", &constant) &&
         rd_op(&r, FEATURES_ALL, &op) && op == OP_I32_LT_U && rd_op(&r, FEATURES_ALL, &op) && op == OP_IF &&
         rd_byte(&r, "block type", &byte);
    if (ok) skip_charge(module, &r, last_local); /* exact metering pays for the trap as well */
    ok = ok && rd_offset(&r) == frame.offset;
    diag_free(&ignored);
    return ok;
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
    Run run = {.instance = instance, .outer = current_run};
    LoadTrapKind kind;
    if (sigsetjmp(run.escape, 0) == 0) {
        current_run = &run;
        run.in_guest = 1;
        kind = interp_run(instance, pc, fp);
    } else {
        kind = kind_of_fault(instance, instance->fault_address);
        instance->trap->has_address = true;
    }
    if (kind == TRAP_OOB_MEMORY) instance->trap->has_address = true; /* found by a check */
    if (instance->trap->has_address) {
        instance->trap->address = instance->fault_address;
        if (kind == TRAP_OOB_MEMORY && is_shadow_stack(instance, instance->fault_address)) kind = TRAP_SHADOW_STACK;
    }
    run.in_guest = 0;
    current_run = run.outer;
    return kind;
}
