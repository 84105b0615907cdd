/* module_section.c: the custom section "parigot.module": what the linker knows and the finished module no longer shows.
 * Format: docs/module-section.md. What is read here is a claim; the validator checks it against the module. */
#include "wasm/wasm.h"

#include <string.h>

enum { PM_VERSION = 1, SKIPPED_FROM = 64 };
enum { SUB_LAYOUT = 1, SUB_GLOBALS, SUB_METER, SUB_POLICY, SUB_WAIVERS, SUB_SERVICES, SUB_INPUTS, SUB_TOOL };
static const Str section_name = {"parigot.module", 14};

/* ---- reading ---- */

static bool rd_b32(Reader *r, const char *what, uint8_t out[32])
{
    const uint8_t *p;
    if (!rd_bytes(r, what, 32, &p)) return false;
    memcpy(out, p, 32);
    return true;
}

static bool read_layout(Reader *r, PmLayout *l)
{
    if (!rd_byte(r, "seal", &l->seal) || !rd_byte(r, "page_log2", &l->page_log2)) return false;
    if (l->seal > PM_SEAL_CHECK) return rd_fail(r, PM_BAD, "parigot.module: no such seal: %u", l->seal);
    return rd_u32(r, "null_guard", &l->null_guard) && rd_u32(r, "stack_low", &l->stack_low) &&
           rd_u32(r, "stack_high", &l->stack_high) && rd_u32(r, "sealed_low", &l->sealed_low) &&
           rd_u32(r, "sealed_high", &l->sealed_high) && rd_u32(r, "waived_low", &l->waived_low) &&
           rd_u32(r, "waived_high", &l->waived_high) && rd_u32(r, "heap_base", &l->heap_base) &&
           rd_u32(r, "heap_control", &l->heap_control);
}

static bool read_waiver(Reader *r, PmWaiver *w)
{
    uint8_t has_archive;
    if (!rd_name(r, "waiver", &w->waiver) || !rd_name(r, "rule", &w->rule) || !rd_name(r, "symbol", &w->symbol) ||
        !rd_byte(r, "has_archive", &has_archive))
        return false;
    if (has_archive > 1) return rd_fail(r, PM_BAD, "parigot.module: has_archive is %u", has_archive);
    w->has_archive = has_archive;
    return (!has_archive || rd_b32(r, "archive", w->archive)) && rd_name(r, "reason", &w->reason) &&
           rd_u64(r, "expires", &w->expires) && rd_u32(r, "address", &w->address) && rd_u32(r, "size", &w->size);
}

static bool read_service(Reader *r, PmService *s)
{
    if (!rd_name(r, "service", &s->name) || !rd_byte(r, "use", &s->use)) return false;
    if (s->use < 1 || s->use > 3) return rd_fail(r, PM_BAD, "parigot.module: no such use of a service: %u", s->use);
    return rd_b32(r, "descriptor digest", s->digest);
}

static bool read_input(Reader *r, PmInput *in)
{
    return rd_name(r, "input", &in->name) && rd_name(r, "member", &in->member) && rd_b32(r, "digest", in->digest) &&
           rd_name(r, "producers", &in->producers);
}

/* A vector of items of one of the kinds above; min_item as for rd_count. */
#define READ_VEC(r, arena, what, min_item, items, n, read_item)                                                        \
    do {                                                                                                               \
        if (!rd_count(r, what, min_item, &(n))) return false;                                                          \
        uint32_t count = (n);                                                                                          \
        (n) = 0;                                                                                                       \
        if (!((items) = arena_array(arena, count, sizeof *(items)))) return rd_fail(r, OUT_OF_MEMORY, "out of memory"); \
        for (; (n) < count; (n)++)                                                                                     \
            if (!read_item(r, &(items)[n])) return false;                                                              \
    } while (0)

static bool read_subsection(Reader *r, Arena *arena, uint8_t id, PmSection *s)
{
    switch (id) {
    case SUB_LAYOUT: return s->has_layout = read_layout(r, &s->layout);
    case SUB_GLOBALS:
        return s->has_globals = rd_u32(r, "stack_pointer", &s->stack_pointer) && rd_u32(r, "fuel", &s->fuel);
    case SUB_METER:
        if (!rd_byte(r, "meter kind", &s->meter_kind) || !rd_u32(r, "prices", &s->meter_prices)) return false;
        if (s->meter_kind < 1 || s->meter_kind > 2) return rd_fail(r, PM_BAD, "parigot.module: no such meter: %u", s->meter_kind);
        return s->has_meter = true;
    case SUB_POLICY:
        return s->has_policy = rd_name(r, "policy", &s->policy_name) && rd_b32(r, "policy digest", s->policy_digest);
    case SUB_WAIVERS: READ_VEC(r, arena, "waivers", 8, s->waivers, s->n_waivers, read_waiver); return true;
    case SUB_SERVICES: READ_VEC(r, arena, "services", 34, s->services, s->n_services, read_service); return true;
    case SUB_INPUTS: READ_VEC(r, arena, "inputs", 35, s->inputs, s->n_inputs, read_input); return true;
    case SUB_TOOL: return s->has_tool = rd_name(r, "tool", &s->tool);
    default:
        if (id < SKIPPED_FROM) return rd_fail(r, PM_BAD, "parigot.module: unknown subsection %u", id);
        r->pos = r->end;
        return true;
    }
}

static bool read_section(Reader *r, Arena *arena, PmSection *out)
{
    uint32_t version, size;
    if (!rd_u32(r, "version of parigot.module", &version)) return false;
    if (version != PM_VERSION) return rd_fail(r, PM_BAD, "parigot.module: version %u is not %u", version, PM_VERSION);
    for (int last = 0; r->pos != r->end;) {
        uint8_t id;
        Reader sub;
        if (!rd_byte(r, "subsection id", &id)) return false;
        if (id <= last) return rd_fail(r, PM_BAD, "parigot.module: subsection %u after %d", id, last);
        last = id;
        if (!rd_u32(r, "subsection size", &size) || !rd_sub(r, "subsection", size, &sub) ||
            !read_subsection(&sub, arena, id, out))
            return false;
        if (sub.pos != sub.end) return rd_fail(&sub, PM_BAD, "parigot.module: %zu bytes left over in subsection %u", rd_left(&sub), id);
    }
    return true;
}

PmFound pm_read(const WasmModule *m, Arena *arena, Diags *diags, PmSection *out)
{
    *out = (PmSection){0};
    const WasmCustom *found = NULL;
    for (uint32_t i = 0; i < m->n_customs; i++) {
        if (!str_eq(m->customs[i].name, section_name)) continue;
        if (found || m->customs[i].order != 0) return PM_MISPLACED;
        found = &m->customs[i];
    }
    if (!found) return PM_ABSENT;
    Reader r = wasm_reader(m, found->payload, diags);
    if (read_section(&r, arena, out)) return PM_PRESENT;
    *out = (PmSection){0};
    return PM_BROKEN;
}

/* ---- writing ---- */

static size_t begin(Writer *w, uint8_t id)
{
    wr_byte(w, id);
    return wr_begin_size(w);
}

static void write_layout(Writer *w, const PmLayout *l)
{
    size_t mark = begin(w, SUB_LAYOUT);
    wr_byte(w, l->seal);
    wr_byte(w, l->page_log2);
    const uint32_t fields[] = {l->null_guard, l->stack_low,   l->stack_high, l->sealed_low,  l->sealed_high,
                               l->waived_low, l->waived_high, l->heap_base,  l->heap_control};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) wr_u32(w, fields[i]);
    wr_end_size(w, mark);
}

static void write_waivers(Writer *w, const PmSection *s)
{
    size_t mark = begin(w, SUB_WAIVERS);
    wr_u32(w, s->n_waivers);
    for (uint32_t i = 0; i < s->n_waivers; i++) {
        const PmWaiver *v = &s->waivers[i];
        wr_name(w, v->waiver);
        wr_name(w, v->rule);
        wr_name(w, v->symbol);
        wr_byte(w, v->has_archive);
        if (v->has_archive) wr_bytes(w, v->archive, 32);
        wr_name(w, v->reason);
        wr_u64(w, v->expires);
        wr_u32(w, v->address);
        wr_u32(w, v->size);
    }
    wr_end_size(w, mark);
}

static void write_services(Writer *w, const PmSection *s)
{
    size_t mark = begin(w, SUB_SERVICES);
    wr_u32(w, s->n_services);
    for (uint32_t i = 0; i < s->n_services; i++) {
        wr_name(w, s->services[i].name);
        wr_byte(w, s->services[i].use);
        wr_bytes(w, s->services[i].digest, 32);
    }
    wr_end_size(w, mark);
}

static void write_inputs(Writer *w, const PmSection *s)
{
    size_t mark = begin(w, SUB_INPUTS);
    wr_u32(w, s->n_inputs);
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        wr_name(w, s->inputs[i].name);
        wr_name(w, s->inputs[i].member);
        wr_bytes(w, s->inputs[i].digest, 32);
        wr_name(w, s->inputs[i].producers);
    }
    wr_end_size(w, mark);
}

void pm_write(Writer *w, const PmSection *s)
{
    size_t section = begin(w, SEC_CUSTOM), mark;
    wr_name(w, section_name);
    wr_u32(w, PM_VERSION);
    if (s->has_layout) write_layout(w, &s->layout);
    if (s->has_globals) {
        mark = begin(w, SUB_GLOBALS);
        wr_u32(w, s->stack_pointer);
        wr_u32(w, s->fuel);
        wr_end_size(w, mark);
    }
    if (s->has_meter) {
        mark = begin(w, SUB_METER);
        wr_byte(w, s->meter_kind);
        wr_u32(w, s->meter_prices);
        wr_end_size(w, mark);
    }
    if (s->has_policy) {
        mark = begin(w, SUB_POLICY);
        wr_name(w, s->policy_name);
        wr_bytes(w, s->policy_digest, 32);
        wr_end_size(w, mark);
    }
    if (s->n_waivers) write_waivers(w, s);
    if (s->n_services) write_services(w, s);
    if (s->n_inputs) write_inputs(w, s);
    if (s->has_tool) {
        mark = begin(w, SUB_TOOL);
        wr_name(w, s->tool);
        wr_end_size(w, mark);
    }
    wr_end_size(w, section);
}
