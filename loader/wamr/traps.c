/* traps.c: why guest code has stopped: WAMR's words, and what it does not tell.
 *
 * WAMR says "out of bounds memory access" for whatever faults: a null pointer, sealed data, the end of the memory. Which it
 * was follows from the address, and that only a signal handler sees. So ours stands before WAMR's, notes the address, and
 * hands the fault on, if this thread is within a call of WAMR's. Every other fault, and what WAMR hands back, goes to
 * the handler that was there before both of us.
 *
 * Frames: WAMR has them if it was built with call stacks. It tells functions by name or index, not the instruction. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/fault.h"
#include "loader/wamr/wamr.h"

/* ---- faults ------------------------------------------------------------------------------------------------------------ */

/* Written once, before our handler can run. before: us and WAMR, as far as we were here before WAMR. */
static struct sigaction wamr_segv, wamr_bus, before_segv, before_bus;

typedef enum Watch {
    NOT_OURS, /* this thread runs nothing of WAMR's                                                                  */
    RUNNING,
    HANDED_ON /* WAMR is looking at a fault                                                                          */
} Watch;
static _Thread_local struct {
    Watch watch;
    bool seen;
    uintptr_t address;
} fault;

/* Not a guest's of WAMR: as if neither were here. */
static void hand_back(int signal_number, siginfo_t *info, void *context)
{
    const struct sigaction *before = signal_number == SIGSEGV ? &before_segv : &before_bus;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    if (before->sa_flags & SA_SIGINFO) before->sa_sigaction(signal_number, info, context);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) before->sa_handler(signal_number);
    else sigaction(signal_number, &standard, NULL); /* the instruction faults again, and ends the process */
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    if (fault.watch != RUNNING) {
        hand_back(signal_number, info, context);
        return;
    }
    fault.watch = HANDED_ON;
    fault.seen = true;
    fault.address = (uintptr_t)info->si_addr;
    const struct sigaction *wamr = signal_number == SIGSEGV ? &wamr_segv : &wamr_bus;
    wamr->sa_sigaction(signal_number, info, context); /* a guest's fault does not come back from here */
    fault.watch = RUNNING;
}

void traps_remember(void)
{
    sigaction(SIGSEGV, NULL, &before_segv);
    sigaction(SIGBUS, NULL, &before_bus);
}

void traps_install(void)
{
    struct sigaction ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&ours.sa_mask);
    if (sigaction(SIGSEGV, NULL, &wamr_segv) != 0 || sigaction(SIGBUS, NULL, &wamr_bus) != 0) return;
    /* Without handlers this libiwasm compares addresses: there is nothing to note. */
    if (!(wamr_segv.sa_flags & SA_SIGINFO) || !(wamr_bus.sa_flags & SA_SIGINFO)) return;
    sigaction(SIGSEGV, &ours, NULL);
    sigaction(SIGBUS, &ours, NULL);
}

void traps_begin(void)
{
    fault.watch = RUNNING;
    fault.seen = false;
}

void traps_end(void) { fault.watch = NOT_OURS; }

/* A fault within the memory's reservation: what is there. */
static void take_fault(const LoadInstance *instance, LoadTrap *trap)
{
    const LoadMemory *m = &instance->memory;
    const LoadModule *module = instance->module;
    uint64_t address = (uint64_t)(fault.address - (uintptr_t)m->base);
    if (!fault.seen || fault.address < (uintptr_t)m->base || address >= m->reserved_bytes) return;
    bool knows_stack = module->has_layout && instance->stack_pointer;
    trap->has_address = true;
    trap->address = address;
    trap->kind = fault_kind(m, knows_stack ? &module->layout : NULL, knows_stack ? *instance->stack_pointer : 0, address);
}

/* ---- words ------------------------------------------------------------------------------------------------------------- */

/* WAMR's own words; those that are load_trap_text's too are found there. */
static const struct {
    const char *words;
    LoadTrapKind kind;
} words_of_wamr[] = {
    {"wasm operand stack overflow",     TRAP_CALL_STACK},
    {"native stack overflow",           TRAP_CALL_STACK},
    {"wasm auxiliary stack overflow",   TRAP_SHADOW_STACK},
    {"wasm auxiliary stack underflow",  TRAP_SHADOW_STACK},
    {"unknown function",                TRAP_UNDEFINED_ELEM},
    {"allocate memory failed",          TRAP_NO_MEMORY},
    {"out of memory",                   TRAP_NO_MEMORY},
    {"terminated by user",              TRAP_KILLED},
};

static LoadTrapKind kind_of_words(const char *words)
{
    for (LoadTrapKind k = TRAP_UNREACHABLE; k <= TRAP_BAD_CALL_TYPE; k++)
        if (strcmp(words, load_trap_text(k)) == 0) return k;
    for (size_t i = 0; i < ARRAY_LEN(words_of_wamr); i++)
        if (strcmp(words, words_of_wamr[i].words) == 0) return words_of_wamr[i].kind;
    return TRAP_HOST;
}

/* ---- frames ------------------------------------------------------------------------------------------------------------ */

/* Of functions, all that is known is where they begin. Depth counts all; in the middle some are not kept. */
static void add_frame(const WasmModule *m, LoadTrap *trap, uint32_t func)
{
    uint32_t imported = m->n_imported[KIND_FUNC];
    if (func < imported || func - imported >= m->n_bodies) return;
    LoadFrame frame = {func, (uint32_t)m->bodies[func - imported].offset};
    if (trap->n_frames == LOAD_FRAMES_MAX) /* the outer ones move up */
        memmove(&trap->frames[LOAD_FRAMES_INNER], &trap->frames[LOAD_FRAMES_INNER + 1],
                (LOAD_FRAMES_OUTER - 1) * sizeof frame);
    else trap->n_frames++;
    trap->frames[trap->n_frames - 1] = frame;
    trap->depth++;
}

/* WAMR names a function by its export, which is "f12" in its copy, or "$f12". */
static uint32_t find_function(const char *name)
{
    char *end;
    if (*name == '$') name++;
    if (*name != 'f' || name[1] < '0' || name[1] > '9') return DIAG_NOWHERE32; /* an import: it has no frame of its own */
    unsigned long n = strtoul(name + 1, &end, 10);
    return *end == 0 && n < DIAG_NOWHERE32 ? (uint32_t)n : DIAG_NOWHERE32;
}

/* Lines "#00: 0x0123 - name". */
static void read_dump(const WasmModule *m, char *dump, LoadTrap *trap)
{
    for (char *save = NULL, *line = strtok_r(dump, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const char *name = *line == '#' ? strstr(line, " - ") : NULL;
        if (name) add_frame(m, trap, find_function(name + 3));
    }
}

static void fill_frames(LoadInstance *instance, LoadTrap *trap)
{
    if (!wasm_runtime_get_call_stack_buf_size || !wasm_runtime_dump_call_stack_to_buf) return;
    uint32_t size = wasm_runtime_get_call_stack_buf_size(instance->env);
    char *dump = size ? malloc(size + UINT64_C(1)) : NULL;
    if (!dump) return;
    uint32_t n = wasm_runtime_dump_call_stack_to_buf(instance->env, dump, size);
    dump[n < size ? n : size] = 0;
    read_dump(instance->module->wasm, dump, trap);
    free(dump);
}

void traps_where(LoadInstance *instance, LoadTrap *trap)
{
    enum { FRAMES = 256 };
    WASMCApiFrame frames[FRAMES];
    char why[64];
    *trap = (LoadTrap){0};
    if (!wasm_copy_callstack || !instance->trap) return;
    uint32_t n = wasm_copy_callstack(instance->env, frames, FRAMES, 0, why, sizeof why);
    for (uint32_t i = 0; i < n; i++) add_frame(instance->module->wasm, trap, frames[i].func_index);
}

/* ---- both -------------------------------------------------------------------------------------------------------------- */

void traps_fill(LoadInstance *instance)
{
    LoadTrap *trap = instance->trap;
    const char *words = wasm_runtime_get_exception(instance->inst);
    if (!instance->stopped) {
        static const char prefix[] = "Exception: ";
        if (!words) words = "";
        if (strncmp(words, prefix, sizeof prefix - 1) == 0) words += sizeof prefix - 1;
        trap->kind = kind_of_words(words);
        if (trap->kind == TRAP_HOST) snprintf(trap->detail, sizeof trap->detail, "WAMR says: %s", words);
        if (trap->kind == TRAP_OOB_MEMORY) take_fault(instance, trap);
        if (trap->kind == TRAP_UNREACHABLE && instance->gauge && *instance->gauge < 0) trap->kind = TRAP_FUEL;
        unsigned interrupt = atomic_load(&instance->interrupt);
        if (interrupt != TRAP_NONE) trap->kind = (LoadTrapKind)interrupt;
    }
    fill_frames(instance, trap);
    wasm_runtime_clear_exception(instance->inst);
}
