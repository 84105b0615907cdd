/* Fuzz target: a valid module that the linker meters is proved to be metered, coarsely and exactly, under the validator's own
 * reading of the forms. */
#include "linker/meter.h"
#include "validator/validator.h"

#include <setjmp.h>
#include <stdlib.h>

enum { MEMORY_LIMIT = 256 << 20, MOST_BYTES = 32 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf out_of_memory;
static void give_up(void *ctx)
{
    (void)ctx;
    longjmp(out_of_memory, 1);
}

static ValPolicy asking(void)
{
    ValPolicy p = *val_builtin_policy(STR("none"));
    for (int r = RULE_P701; r <= RULE_P703; r++) p.rules[r].violated = VAL_ERROR;
    return p;
}

static void meter(const WasmModule *m, MeterKind kind)
{
    static Writer out; /* static: a jump does not lose them */
    static Arena arena;
    static Diags diags;
    arena = (Arena){.limit_bytes = MEMORY_LIMIT, .on_oom = give_up};
    diags = (Diags){.limit = 20};
    out = (Writer){.limit_bytes = MOST_BYTES};
    if (setjmp(out_of_memory) == 0 && ld_meter_module(m, &(MeterOptions){.kind = kind}, &arena, &diags, &out) && !out.failed) {
        ValPolicy p = asking();
        ValReport report;
        Arena a = {.limit_bytes = MEMORY_LIMIT};
        Diags d = {.limit = 20};
        if (!val_module(&a, out.ptr, out.len, "metered", &(ValOptions){.policy = &p}, &d, &report)) {
            bool limit = d.n && (d.items[0].code == OUT_OF_MEMORY || d.items[0].code == VAL_IMPLEMENTATION || d.items[0].code == VAL_TOO_MANY_LOCALS);
            if (!limit) abort(); /* what the linker makes is valid, and proved */
        } else if (!report.metered) abort();
        diag_free(&d);
        arena_free(&a);
    }
    wr_free(&out);
    diag_free(&diags);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {.limit_bytes = MEMORY_LIMIT};
    Diags diags = {.limit = 20};
    ValReport report;
    ValPolicy none = *val_builtin_policy(STR("none"));
    if (val_module(&arena, data, size, "fuzz", &(ValOptions){.policy = &none}, &diags, &report)) {
        meter(&report.module, METER_COARSE);
        meter(&report.module, METER_EXACT);
    }
    diag_free(&diags);
    arena_free(&arena);
    return 0;
}
