/* seal_oracle.h: does a module keep out of its guard and its sealed data? Not by reasoning: it is run, without any protection
 * of pages, its functions called with hostile arguments, one after the other on one instance, and the bytes are compared. */
#ifndef PARIGOT_TESTS_SEAL_ORACLE_H
#define PARIGOT_TESTS_SEAL_ORACLE_H

#include "loader/engine.h"
#include "validator/validator.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { ORACLE_MOST_PAGES = 64, ORACLE_SLOTS = 64, ORACLE_FUEL = 20000 };

static LoadInstance *oracle_instance; /* that is running */

static inline void oracle_alarm(int signal)
{
    (void)signal;
    if (oracle_instance) load_interp.interrupt(oracle_instance, TRAP_DEADLINE);
}

static inline void oracle_timer(long us)
{
    const struct itimerval timer = {.it_interval = {0, us}, .it_value = {0, us}};
    signal(SIGALRM, oracle_alarm);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static inline uint64_t oracle_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/* An address near a border, or anything. */
static inline uint32_t oracle_argument(const PmLayout *l, uint64_t *seed)
{
    const uint32_t near[] = {0,  l->stack_low, l->stack_high, l->sealed_low, l->sealed_high, l->heap_base, UINT32_MAX,
                             64, l->stack_high - l->stack_low, l->sealed_high / 2};
    uint64_t r = oracle_next(seed);
    if (r % 8 == 0) return (uint32_t)(r >> 32);
    if (r % 8 == 1) return (uint32_t)(r >> 32) % (l->heap_base + 1);
    uint32_t base = near[r / 8 % ARRAY_LEN(near)];
    return r % 8 < 5 ? base : base + (uint32_t)(r >> 32) % 129 - 64;
}

typedef struct OracleImage {
    uint8_t *guard, *sealed; /* malloc */
} OracleImage;

static inline bool oracle_same(const LoadMemory *m, const PmLayout *l, const OracleImage *before)
{
    return memcmp(m->base, before->guard, l->stack_low) == 0 &&
           memcmp(m->base + l->stack_high, before->sealed, l->sealed_high - l->stack_high) == 0;
}

/* One function, called so often. */
static inline bool oracle_call(LoadInstance *in, const WasmModule *m, const PmLayout *l, uint32_t func, int times, uint64_t *seed,
                               const OracleImage *before)
{
    const WasmType *t = wasm_func_type(m, func);
    if (load_call_slots(t) > ORACLE_SLOTS) return true;
    for (int i = 0; i < times; i++) {
        LoadSlot slots[ORACLE_SLOTS] = {0};
        LoadTrap trap = {0};
        for (uint32_t k = 0; k < t->n_params; k++)
            if (t->params[k] == TYPE_I32 || t->params[k] == TYPE_I64) slots[k] = oracle_argument(l, seed);
        load_interp.interrupt(in, TRAP_NONE);
        if (load_interp.fuel(in)) *load_interp.fuel(in) = ORACLE_FUEL;
        bool returned = load_interp.call(in, func, slots, &trap);
        if (!oracle_same(load_interp.memory(in), l, before)) return false;
        if (!returned && trap.kind == TRAP_DEADLINE) return true;
    }
    return true;
}

/* Is all in order after `times` calls of each exported function? A module that cannot be run is. fuel: as in LoadCompileOptions;
 * 0: calls are ended by the timer. */
static inline bool oracle_keeps_out(const WasmModule *m, const PmLayout *l, uint32_t fuel, int times, uint64_t seed)
{
    if (m->n_memories != 1 || m->memories[0].min > ORACLE_MOST_PAGES || l->heap_base > (uint64_t)m->memories[0].min << 16) return true;
    Diags diags = {.limit = 1};
    const LoadLimits limits = {.memory_bytes = (uint64_t)ORACLE_MOST_PAGES << 16, .stack_bytes = 1 << 16};
    LoadModule *module = load_interp.compile(m, &(LoadCompileOptions){.fuel = fuel}, &diags);
    LoadInstance *in = module ? load_interp.instantiate(module, NULL, 0, NULL, &limits, &diags) : NULL;
    bool ok = true;
    if (in) {
        const LoadMemory *memory = load_interp.memory(in);
        OracleImage before = {malloc(l->stack_low + 1), malloc(l->sealed_high - l->stack_high + 1)};
        LoadTrap trap = {0};
        memcpy(before.guard, memory->base, l->stack_low);
        memcpy(before.sealed, memory->base + l->stack_high, l->sealed_high - l->stack_high);
        oracle_instance = in;
        if (load_interp.fuel(in)) *load_interp.fuel(in) = ORACLE_FUEL;
        (void)!load_interp.start(in, &trap);
        ok = oracle_same(memory, l, &before);
        for (uint32_t i = 0; i < m->n_exports && ok; i++)
            if (m->exports[i].kind == KIND_FUNC) ok = oracle_call(in, m, l, m->exports[i].index, times, &seed, &before);
        oracle_instance = NULL;
        free(before.guard);
        free(before.sealed);
        load_interp.destroy(in);
    }
    if (module) load_interp.free_module(module);
    diag_free(&diags);
    return ok;
}

#endif
