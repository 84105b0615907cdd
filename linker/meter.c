/* meter.c: a module's sections with a meter: docs/metering.md. All are copied byte for byte but for these:
 * the gauge is added to globals and exports behind what is there, so that no index changes; bodies are
 * rewritten one after the other; parigot.module says so, first of all. Debug information follows
 * the code; what else counts in its offsets is left out. */
#include "linker/meter.h"

typedef struct Meter {
    const WasmModule *m;
    const MeterOptions *how;
    Arena *arena;
    Diags *diags;
    Writer *out;
    PmSection record;
    uint32_t fuel;                 /* index of F */
    bool has_globals, has_exports; /* they are written, if they need be */
    bool has_record;
    CodeMap map; /* while there is debug information that needs it */
    DwarfSection *debug; /* by custom section, */
    uint32_t n_debug, next_debug; /* and the next of them */
    bool mapped; /* the code is written */
} Meter;

static const uint8_t section_orders[] = {
#define SECTION(name, id, order, text) [id] = order,
#include "wasm/sections.def"
#undef SECTION
};

/* ---- what cannot be metered ---- */

static bool has_fuel(const Meter *x)
{
    for (uint32_t i = 0; i < x->m->n_exports; i++)
        if (str_eq(x->m->exports[i].name, METER_EXPORT)) return true;
    return x->record.fuel || x->record.has_meter;
}

static bool has_relocs(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_customs; i++)
        if (str_eq(m->customs[i].name, STR("linking")) || str_has_prefix(m->customs[i].name, STR("reloc.")))
            return true;
    return false;
}

static bool check(Meter *x)
{
    const DiagPlace at = DIAG_AT(.file = x->m->file);
    size_t errors = x->diags->errors;
    PmFound found = pm_read(x->m, x->arena, x->diags, &x->record);
    if (found == PM_BROKEN) return false;
    x->has_record = found == PM_PRESENT || x->how->record || x->how->kind;
    if (x->how->record) x->record = *x->how->record;
    if (x->how->kind && has_fuel(x))
        diag_add(x->diags, LD_METERED, at, "it is metered already: it has parigot:fuel");
    if (has_relocs(x->m))
        diag_add(x->diags, LD_METER_RELOCS, at, "it has relocations, which say where its code is");
    if (x->how->kind && x->m->has_start)
        diag_add(x->diags, LD_METER_START,
                 DIAG_AT(.file = x->m->file, .offset = x->m->start_offset, .func = x->m->start),
                 "its start function runs before the host can give it fuel");
    return x->diags->errors == errors;
}

/* ---- sections ---- */

static void write_record(Meter *x)
{
    if (!x->has_record) return;
    if (x->how->kind) {
        x->record.has_globals = x->record.has_meter = true;
        x->record.fuel = x->fuel + 1;
        x->record.meter_kind = (uint8_t)x->how->kind;
        x->record.meter_prices = WASM_PRICES;
    }
    if (!x->record.has_tool) x->record.tool = STR("parigot-ld " PARIGOT_VERSION);
    x->record.has_tool = true;
    pm_write(x->out, &x->record);
}

/* A vector with one more item. old: its payload, NULL: there was none */
static size_t begin_longer(Meter *x, uint8_t id, const WasmSection *old)
{
    uint32_t n = 0;
    wr_byte(x->out, id);
    size_t mark = wr_begin_size(x->out);
    if (!old) {
        wr_u32(x->out, 1);
        return mark;
    }
    Reader r = wasm_reader(x->m, old->payload, x->diags);
    if (!rd_u32(&r, "count", &n)) n = 0; /* it was read once already */
    wr_u32(x->out, n + 1);
    wr_bytes(x->out, r.pos, rd_left(&r));
    return mark;
}

static void write_globals(Meter *x, const WasmSection *old)
{
    enum { MUTABLE = 1 };
    size_t mark = begin_longer(x, SEC_GLOBAL, old);
    wr_byte(x->out, TYPE_I64);
    wr_byte(x->out, MUTABLE);
    wr_byte(x->out, (uint8_t)wasm_op_info[OP_I64_CONST].code);
    wr_s64(x->out, 0); /* nothing, until the host says how much */
    wr_byte(x->out, (uint8_t)wasm_op_info[OP_END].code);
    wr_end_size(x->out, mark);
    x->has_globals = true;
}

static void write_exports(Meter *x, const WasmSection *old)
{
    size_t mark = begin_longer(x, SEC_EXPORT, old);
    wr_name(x->out, METER_EXPORT);
    wr_byte(x->out, KIND_GLOBAL);
    wr_u32(x->out, x->fuel);
    wr_end_size(x->out, mark);
    x->has_exports = true;
}

static bool has_dwarf(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_customs; i++)
        if (str_has_prefix(m->customs[i].name, STR(".debug_"))) return true;
    return false;
}

/* Where the code of one body went. Offsets in the map count from the section's payload. */
static void map_body(Meter *x, const MeterPlan *plan, uint32_t body, uint32_t payload, uint32_t to)
{
    uint32_t from = x->m->bodies[body].offset - payload;
    uint32_t first = plan->group_bytes.offset + plan->group_bytes.size - payload;
    if (!plan->wants_inserts) return;
    (void)code_map_push(&x->map, from, to); /* out of memory: the map says so at the end */
    (void)code_map_push(&x->map, first, to + plan->head_size);
    for (size_t i = 0; i < plan->n_inserts; i++)
        (void)code_map_insert(&x->map, plan->inserts[i].at - payload, plan->inserts[i].size);
}

/* The debug sections, as they are when the code has moved. */
static bool map_debug(Meter *x)
{
    x->mapped = true;
    if (x->map.n == 0) return true;
    return dwarf_remap(x->m, &x->map, x->arena, x->diags, &x->debug, &x->n_debug);
}

static bool write_code(Meter *x, const WasmSection *old)
{
    Writer body = {0};
    MeterPlan plan = {.m = x->m, .kind = x->how->kind, .arena = x->arena, .diags = x->diags};
    plan.wants_inserts = !x->how->strip_debug && !x->how->strip_all && has_dwarf(x->m);
    x->map.arena = x->arena;
    bool ok = true;
    meter_begin(&plan);
    wr_byte(x->out, SEC_CODE);
    size_t mark = wr_begin_size(x->out), payload = x->out->len;
    wr_u32(x->out, x->m->n_bodies);
    for (uint32_t i = 0; i < x->m->n_bodies && ok; i++) {
        body.len = 0;
        ok = meter_plan(&plan, i);
        if (!ok) break;
        meter_emit(&plan, i, x->fuel, &body);
        wr_u32(x->out, (uint32_t)body.len);
        map_body(x, &plan, i, old->payload.offset, (uint32_t)(x->out->len - payload));
        wr_bytes(x->out, body.ptr, body.len);
        if (body.failed) x->out->failed = true;
    }
    wr_end_size(x->out, mark);
    wr_free(&body);
    return ok && map_debug(x);
}

static bool is_debug(Str name)
{
    return str_has_prefix(name, STR(".debug_")) || str_eq(name, STR("sourceMappingURL")) ||
           str_eq(name, STR("external_debug_info"));
}

static bool is_stripped(const Meter *x, Str name)
{
    if (x->how->strip_all) return !str_eq(name, STR("target_features"));
    return x->how->strip_debug && is_debug(name);
}

static bool is_left_out(Meter *x, const WasmCustom *c, bool *told)
{
    if (str_eq(c->name, STR("parigot.module"))) return true;
    if (is_stripped(x, c->name)) return true;
    if (x->mapped && str_has_prefix(c->name, STR(".debug_"))) return false; /* it follows the code */
    if (!x->how->kind || !(is_debug(c->name) || str_has_prefix(c->name, STR("metadata.code.")))) return false;
    if (!*told)
        diag_add(x->diags, LD_METER_DEBUG, DIAG_AT(.file = x->m->file, .offset = c->offset),
                 "%.*s is left out: what it says of places in the code is not true any more",
                 STR_ARG(c->name));
    return *told = true;
}

static void copy_section(Meter *x, const WasmSection *s)
{
    wr_byte(x->out, s->id);
    wr_u32(x->out, s->payload.size);
    wr_bytes(x->out, wasm_at(x->m, s->payload), s->payload.size);
}

static void copy_custom(Meter *x, const WasmSection *s, const WasmCustom *c)
{
    uint32_t index = (uint32_t)(c - x->m->customs);
    while (x->next_debug < x->n_debug && x->debug[x->next_debug].custom < index) x->next_debug++;
    const DwarfSection *d = x->next_debug < x->n_debug ? &x->debug[x->next_debug] : NULL;
    if (!d || d->custom != index) {
        copy_section(x, s);
        return;
    }
    if (!d->bytes) return;
    wr_byte(x->out, s->id);
    size_t mark = wr_begin_size(x->out);
    wr_name(x->out, c->name);
    wr_bytes(x->out, d->bytes, d->size);
    wr_end_size(x->out, mark);
}

static bool write_sections(Meter *x)
{
    bool told = false;
    const WasmCustom *custom = x->m->customs; /* the next one */
    for (uint32_t i = 0; i < x->m->n_sections; i++) {
        const WasmSection *s = &x->m->sections[i];
        unsigned order = section_orders[s->id];
        if (order >= section_orders[SEC_GLOBAL] && !x->has_globals)
            write_globals(x, s->id == SEC_GLOBAL ? s : NULL);
        if (order >= section_orders[SEC_EXPORT] && !x->has_exports)
            write_exports(x, s->id == SEC_EXPORT ? s : NULL);
        if (x->how->kind && (s->id == SEC_GLOBAL || s->id == SEC_EXPORT)) continue;
        if (s->id == SEC_CUSTOM) {
            if (!is_left_out(x, custom, &told)) copy_custom(x, s, custom);
            custom++;
        } else if (s->id != SEC_CODE || !x->how->kind) copy_section(x, s);
        else if (!write_code(x, s)) return false;
    }
    if (!x->has_globals) write_globals(x, NULL);
    if (!x->has_exports) write_exports(x, NULL);
    return true;
}

bool ld_meter_module(const WasmModule *m, const MeterOptions *how, Arena *arena, Diags *diags, Writer *out)
{
    enum { MAGIC = 8 };
    Meter x = {.m = m, .how = how, .arena = arena, .diags = diags, .out = out, .fuel = m->n_globals};
    x.has_globals = x.has_exports = !how->kind;
    if (!check(&x)) return false;
    wr_bytes(out, m->bytes, MAGIC);
    write_record(&x);
    if (!write_sections(&x)) return false;
    if (out->failed || out->len > UINT32_MAX)
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    return !out->failed && out->len <= UINT32_MAX;
}
