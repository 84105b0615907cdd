/* meter.c: a module with a meter: docs/metering.md. The gauge is added to globals and exports, bodies are
 * rewritten one after the other, parigot.module says so; recode.c does the rest. */
#include "linker/meter.h"
#include "linker/recode.h"


typedef struct Meter {
    const WasmModule *m;
    const MeterOptions *how;
    Arena *arena;
    Diags *diags;
    MeterPlan plan;
    uint32_t fuel; /* index of F */
} Meter;

/* ---- what cannot be metered ---- */

static bool has_fuel(const Meter *x, const PmSection *record)
{
    for (uint32_t i = 0; i < x->m->n_exports; i++)
        if (str_eq(x->m->exports[i].name, METER_EXPORT)) return true;
    return record->fuel || record->has_meter;
}

static bool check(Meter *x, const PmSection *record)
{
    const DiagPlace at = DIAG_AT(.file = x->m->file);
    size_t errors = x->diags->errors;
    if (has_fuel(x, record))
        diag_add(x->diags, LD_METERED, at, "it is metered already: it has parigot:fuel");
    bool movable = recode_check(x->m, x->diags);
    if (x->m->has_start)
        diag_add(x->diags, LD_METER_START,
                 DIAG_AT(.file = x->m->file, .offset = x->m->start_offset, .func = x->m->start),
                 "its start function runs before the host can give it fuel");
    return movable && x->diags->errors == errors;
}

/* ---- what is added ---- */

static void write_global(Writer *w)
{
    enum { MUTABLE = 1 };
    wr_byte(w, TYPE_I64);
    wr_byte(w, MUTABLE);
    wr_byte(w, (uint8_t)wasm_op_info[OP_I64_CONST].code);
    wr_s64(w, 0); /* nothing, until the host says how much */
    wr_byte(w, (uint8_t)wasm_op_info[OP_END].code);
}

static void write_export(Writer *w, uint32_t fuel)
{
    wr_name(w, METER_EXPORT);
    wr_byte(w, KIND_GLOBAL);
    wr_u32(w, fuel);
}

static void record_meter(const Meter *x, PmSection *record)
{
    record->has_globals = record->has_meter = true;
    record->fuel = x->fuel + 1;
    record->meter_kind = (uint8_t)x->how->kind;
    record->meter_prices = WASM_PRICES;
}

static bool write_body(void *ctx, uint32_t body, Writer *out, RecodedBody *said)
{
    Meter *x = ctx;
    MeterPlan *p = &x->plan;
    if (!meter_plan(p, body)) return false;
    meter_emit(p, body, x->fuel, out);
    *said = (RecodedBody){.head_size = p->head_size,
                          .code_at = p->locals.code_at,
                          .inserts = p->inserts,
                          .n_inserts = p->n_inserts};
    return true;
}

/* For a thread of its own. */
static void *copy_meter(void *ctx, Arena *arena, Diags *diags)
{
    const Meter *x = ctx;
    Meter *copy = arena_alloc(x->arena, sizeof *copy);
    *copy = *x;
    copy->plan.arena = arena;
    copy->plan.diags = diags;
    return copy;
}

static bool add_meter(Meter *x, Recode *r, Writer *out)
{
    enum { GLOBAL, EXPORT };
    RecodeItem items[] = {[GLOBAL] = {.section = SEC_GLOBAL}, [EXPORT] = {.section = SEC_EXPORT}};
    if (!check(x, &r->record)) return false;
    record_meter(x, &r->record);
    write_global(&items[GLOBAL].bytes);
    write_export(&items[EXPORT].bytes, x->fuel);
    r->items = items;
    r->n_items = ARRAY_LEN(items);
    r->body = write_body;
    r->ctx = x;
    x->plan = (MeterPlan){.m = x->m, .kind = x->how->kind, .arena = x->arena, .diags = x->diags,
                          .wants_inserts = recode_wants_inserts(x->m, r)};
    meter_begin(&x->plan);
    bool ok = !items[GLOBAL].bytes.failed && !items[EXPORT].bytes.failed &&
              recode_in_threads(x->m, r, x->how->threads, copy_meter, x->arena, x->diags, out);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) wr_free(&items[i].bytes);
    return ok;
}

bool ld_meter_module(const WasmModule *m, const MeterOptions *how, Arena *arena, Diags *diags, Writer *out)
{
    Meter x = {.m = m, .how = how, .arena = arena, .diags = diags, .fuel = m->n_globals};
    Recode r = {.what = "metering", .strip_debug = how->strip_debug, .strip_all = how->strip_all};
    PmFound found = pm_read(m, arena, diags, &r.record);
    if (found == PM_BROKEN) return false;
    r.has_record = found == PM_PRESENT || how->record || how->kind;
    if (how->record) r.record = *how->record;
    if (how->kind) return add_meter(&x, &r, out);
    return recode_check(m, diags) && recode(m, &r, arena, diags, out);
}
