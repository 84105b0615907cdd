/* Fuzz target: a valid module to which the linker adds store checks is proved to be checked; and whatever is proved, be it made
 * here or given, keeps out of its guard and its sealed data when it is run (metered, so that it ends). */
#include "linker/meter.h"
#include "linker/seal.h"
#include "tests/unit/seal_oracle.h"
#include "validator/validator.h"

#include <setjmp.h>
#include <stdlib.h>

enum { MEMORY_LIMIT = 256 << 20, MOST_BYTES = 8 << 20, CALLS = 8, PAGE = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf out_of_memory;
static void give_up(void *ctx)
{
    (void)ctx;
    longjmp(out_of_memory, 1);
}

/* What a pass makes, and with what. Static: a jump does not lose them. */
typedef struct Made {
    Writer bytes;
    Arena arena;
    Diags diags;
} Made;
static Made sealed, metered;

static void begin(Made *x)
{
    x->arena = (Arena){.limit_bytes = MEMORY_LIMIT, .on_oom = give_up};
    x->diags = (Diags){.limit = 20};
    x->bytes = (Writer){.limit_bytes = MOST_BYTES};
}

static void end(Made *x)
{
    wr_free(&x->bytes);
    diag_free(&x->diags);
    arena_free(&x->arena);
}

static ValPolicy asking(void)
{
    ValPolicy p = *val_builtin_policy(STR("none"));
    for (int r = 0; r < VAL_RULE_COUNT; r++)
        if (r == RULE_P403 || r >= RULE_P701) p.rules[r].violated = p.rules[r].not_provable = VAL_WARNING;
    p.rules[RULE_P701].violated = VAL_OFF;
    return p;
}

static bool judge(Arena *arena, const uint8_t *bytes, size_t size, Diags *diags, ValReport *report)
{
    const ValPolicy p = asking();
    return val_module(arena, bytes, size, "fuzz", &(ValOptions){.policy = &p}, diags, report);
}

static bool is_limit(const Diags *d)
{
    for (size_t i = 0; i < d->n; i++) {
        DiagCode c = d->items[i].code;
        if (c == OUT_OF_MEMORY || c == VAL_IMPLEMENTATION || c == VAL_TOO_MANY_LOCALS) return true;
    }
    return false;
}

/* A proved module, as it is when it pays for what it runs, still is, and behaves. */
static void run(const WasmModule *m, const PmLayout *layout)
{
    begin(&metered);
    if (setjmp(out_of_memory) == 0 &&
        ld_meter_module(m, &(MeterOptions){.kind = METER_COARSE}, &metered.arena, &metered.diags, &metered.bytes)) {
        Arena arena = {.limit_bytes = MEMORY_LIMIT};
        Diags diags = {.limit = 20};
        ValReport report;
        if (judge(&arena, metered.bytes.ptr, metered.bytes.len, &diags, &report)) {
            if (report.rules[RULE_P403].verdict != VAL_PROVED) abort();
            if (report.metered && !oracle_keeps_out(&report.module, layout, report.pm.fuel, CALLS, report.module.size * 2 + 1)) abort();
        } else if (!is_limit(&diags)) abort();
        diag_free(&diags);
        arena_free(&arena);
    }
    end(&metered);
}

/* The stack pointer, if it is one by this layout; *exported: then there is no proof. */
static uint32_t find_pointer(const WasmModule *m, uint32_t stack_high, bool *exported)
{
    uint32_t value, at = m->n_imported[KIND_GLOBAL];
    while (at < m->n_globals && !(m->globals[at].mutable && m->globals[at].type == TYPE_I32)) at++;
    if (at == m->n_globals || !wasm_const_i32(m, m->globals[at].init, &value) || value != stack_high) return 0;
    for (uint32_t i = 0; i < m->n_exports; i++) *exported |= m->exports[i].kind == KIND_GLOBAL && m->exports[i].index == at;
    return at + 1;
}

/* More locals than are followed, by the walk as by engines. */
static bool has_many_locals(const WasmModule *m)
{
    enum { MANY = 65000 };
    Diags diags = {.limit = 1};
    bool many = false;
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        Reader r = wasm_reader(m, m->bodies[i], &diags);
        WasmLocals locals;
        many |= !rd_locals(&r, &locals) || locals.declared > MANY;
    }
    diag_free(&diags);
    return many;
}

static void seal(const WasmModule *m)
{
    bool exported = false;
    PmSection record = {.has_layout = true,
                        .layout = {.page_log2 = 12, .null_guard = 4096, .stack_low = 4096, .stack_high = 8192, .sealed_low = 8192,
                                   .sealed_high = 12288, .waived_low = 12288, .waived_high = 12288, .heap_base = 12304}};
    record.stack_pointer = find_pointer(m, record.layout.stack_high, &exported);
    record.has_globals = record.stack_pointer != 0;
    if (exported || !m->n_memories || !m->memories[0].min || has_many_locals(m)) return;
    begin(&sealed);
    if (setjmp(out_of_memory) == 0 &&
        ld_seal_module(m, &(SealOptions){.record = &record}, &sealed.arena, &sealed.diags, &sealed.bytes)) {
        Arena arena = {.limit_bytes = MEMORY_LIMIT};
        Diags diags = {.limit = 20};
        ValReport report;
        if (judge(&arena, sealed.bytes.ptr, sealed.bytes.len, &diags, &report)) {
            if (report.rules[RULE_P403].verdict != VAL_PROVED) abort(); /* what the linker checks is proved */
            run(&report.module, &record.layout);
        } else if (!is_limit(&diags)) abort();
        diag_free(&diags);
        arena_free(&arena);
    }
    end(&sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {.limit_bytes = MEMORY_LIMIT};
    Diags diags = {.limit = 20};
    ValReport report;
    if (judge(&arena, data, size, &diags, &report)) {
        if (report.rules[RULE_P403].verdict == VAL_PROVED) run(&report.module, &report.pm.layout);
        seal(&report.module);
    }
    diag_free(&diags);
    arena_free(&arena);
    return 0;
}
