/* recode.c: a module's sections around code that is written anew. The contract is in recode.h. */
#include "linker/recode.h"

#include <setjmp.h>

typedef struct Copy {
    const WasmModule *m;
    const Recode *how;
    Arena *arena;
    Diags *diags;
    Writer *out;
    unsigned next_item; /* of how->items */
    CodeMap map; /* while there is debug information that needs it */
    DwarfSection *debug; /* by custom section, */
    uint32_t n_debug, next_debug; /* and the next of them */
    bool mapped; /* the code is written */
} Copy;

bool recode_check(const WasmModule *m, Diags *diags)
{
    for (uint32_t i = 0; i < m->n_customs; i++) {
        if (!str_eq(m->customs[i].name, STR("linking")) && !str_has_prefix(m->customs[i].name, STR("reloc."))) continue;
        diag_add(diags, LD_RECODE_RELOCS, DIAG_AT(.file = m->file), "it has relocations, which say where its code is");
        return false;
    }
    return true;
}

/* ---- sections that get longer ---- */

/* A vector with one more item. old: its payload, NULL: there was none */
static void write_longer(Copy *x, const RecodeItem *item, const WasmSection *old)
{
    uint32_t n = 0;
    wr_byte(x->out, item->section);
    size_t mark = wr_begin_size(x->out);
    if (old) {
        Reader r = wasm_reader(x->m, old->payload, x->diags);
        if (!rd_u32(&r, "count", &n)) n = 0; /* it was read once already */
        wr_u32(x->out, n + 1);
        wr_bytes(x->out, r.pos, rd_left(&r));
    } else wr_u32(x->out, 1);
    wr_bytes(x->out, item->bytes.ptr, item->bytes.len);
    wr_end_size(x->out, mark);
}

/* Those that go before this section or into it; true: it is written. NULL: all that are left */
static bool write_items_until(Copy *x, const WasmSection *s)
{
    bool written = false;
    for (; x->next_item < x->how->n_items; x->next_item++) {
        const RecodeItem *item = &x->how->items[x->next_item];
        if (s && wasm_section_order(s->id) < wasm_section_order(item->section)) break;
        written = s && s->id == item->section;
        write_longer(x, item, written ? s : NULL);
    }
    return written;
}

/* ---- code ---- */

static bool has_dwarf(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_customs; i++)
        if (str_has_prefix(m->customs[i].name, STR(".debug_"))) return true;
    return false;
}

bool recode_wants_inserts(const WasmModule *m, const Recode *how)
{
    return !how->strip_debug && !how->strip_all && has_dwarf(m);
}

/* Where the code of one body went. Offsets in the map count from the section's payload. */
static void map_body(Copy *x, const RecodedBody *said, uint32_t body, uint32_t payload, uint32_t to)
{
    (void)code_map_push(&x->map, x->m->bodies[body].offset - payload, to); /* out of memory: the map says so at the end */
    (void)code_map_push(&x->map, said->code_at - payload, to + said->head_size);
    for (size_t i = 0; i < said->n_inserts; i++)
        (void)code_map_insert(&x->map, said->inserts[i].at - payload, said->inserts[i].size);
}

/* The debug sections, as they are when the code has moved. */
static bool map_debug(Copy *x)
{
    x->mapped = true;
    if (x->map.n == 0) return true;
    return dwarf_remap(x->m, &x->map, x->arena, x->diags, &x->debug, &x->n_debug);
}

static void append(Writer *out, const Writer *body)
{
    wr_bytes(out, body->ptr, body->len);
    if (body->failed) out->failed = true;
}

/* One after the other, with the places that debug information asks for. payload: of the new section, in out */
static bool write_bodies(Copy *x, bool wants_map, const WasmSection *old, size_t payload)
{
    Writer body = {0};
    bool ok = true;
    x->map.arena = x->arena;
    for (uint32_t i = 0; i < x->m->n_bodies && ok; i++) {
        RecodedBody said = {0};
        body.len = 0;
        ok = x->how->body(x->how->ctx, i, &body, &said);
        if (!ok) break;
        wr_u32(x->out, (uint32_t)body.len);
        if (wants_map) map_body(x, &said, i, old->payload.offset, (uint32_t)(x->out->len - payload));
        append(x->out, &body);
    }
    wr_free(&body);
    return ok;
}

/* ---- code, by several threads ---- */

enum {
    CHUNK = 64 * 1024, /* bytes of code that a thread takes at a time */
    WAVE = 64          /* chunks that are written, then put together */
};

typedef struct Wave {
    const Copy *x;
    const CodeChunks *chunks;
    uint32_t first;      /* chunk */
    Writer out[WAVE];    /* by chunk */
    bool ok[WAVE];
    Writer body[PARALLEL_MOST]; /* by worker */
} Wave;

static void write_chunk(void *ctx, uint32_t n, unsigned worker)
{
    Wave *w = ctx;
    const Recode *how = w->x->how;
    const uint32_t *first = &w->chunks->first[w->first + n];
    Writer *out = &w->out[n], *body = &w->body[worker];
    out->len = 0;
    w->ok[n] = true;
    for (uint32_t i = first[0]; i < first[1] && w->ok[n]; i++) {
        RecodedBody said;
        body->len = 0;
        w->ok[n] = how->body(how->workers[worker], i, body, &said);
        wr_u32(out, (uint32_t)body->len);
        append(out, body);
    }
}

static bool write_waves(Copy *x, const CodeChunks *chunks)
{
    bool ok = true;
    Wave *w = arena_alloc(x->arena, sizeof *w);
    *w = (Wave){.x = x, .chunks = chunks};
    for (; w->first < chunks->n && ok; w->first += WAVE) {
        uint32_t n = chunks->n - w->first < WAVE ? chunks->n - w->first : WAVE;
        parallel_for(x->how->n_workers, n, write_chunk, w);
        for (uint32_t i = 0; i < n; i++) {
            ok &= w->ok[i];
            append(x->out, &w->out[i]);
        }
    }
    for (uint32_t i = 0; i < WAVE; i++) wr_free(&w->out[i]);
    for (uint32_t i = 0; i < PARALLEL_MOST; i++) wr_free(&w->body[i]);
    return ok;
}

static bool write_code(Copy *x, const WasmSection *old)
{
    bool wants_map = recode_wants_inserts(x->m, x->how), ok;
    CodeChunks chunks;
    wr_byte(x->out, SEC_CODE);
    size_t mark = wr_begin_size(x->out), payload = x->out->len;
    wr_u32(x->out, x->m->n_bodies);
    if (x->how->n_workers < 2 || wants_map || !wasm_code_chunks(x->m, CHUNK, x->arena, &chunks) || chunks.n < 2)
        ok = write_bodies(x, wants_map, old, payload);
    else ok = write_waves(x, &chunks);
    wr_end_size(x->out, mark);
    return ok && map_debug(x);
}

/* ---- custom sections ---- */

static bool is_debug(Str name)
{
    return str_has_prefix(name, STR(".debug_")) || str_eq(name, STR("sourceMappingURL")) ||
           str_eq(name, STR("external_debug_info"));
}

static bool is_stripped(const Copy *x, Str name)
{
    if (x->how->strip_all) return !str_eq(name, STR("target_features"));
    return x->how->strip_debug && is_debug(name);
}

static bool is_left_out(Copy *x, const WasmCustom *c, bool *told)
{
    if (str_eq(c->name, STR("parigot.module"))) return true;
    if (is_stripped(x, c->name)) return true;
    if (x->mapped && str_has_prefix(c->name, STR(".debug_"))) return false; /* it follows the code */
    if (!x->how->body || !(is_debug(c->name) || str_has_prefix(c->name, STR("metadata.code.")))) return false;
    if (!*told)
        diag_add(x->diags, LD_RECODE_DEBUG, DIAG_AT(.file = x->m->file, .offset = c->offset),
                 "%.*s is left out by %s: what it says of places in the code is not true any more", STR_ARG(c->name),
                 x->how->what);
    return *told = true;
}

static void copy_section(Copy *x, const WasmSection *s)
{
    wr_byte(x->out, s->id);
    wr_u32(x->out, s->payload.size);
    wr_bytes(x->out, wasm_at(x->m, s->payload), s->payload.size);
}

static void copy_custom(Copy *x, const WasmSection *s, const WasmCustom *c)
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

/* ---- the module ---- */

static void write_record(Copy *x)
{
    if (!x->how->has_record) return;
    PmSection record = x->how->record;
    if (!record.has_tool) record.tool = STR("parigot-ld " PARIGOT_VERSION);
    record.has_tool = true;
    pm_write(x->out, &record);
}

static bool write_sections(Copy *x)
{
    bool told = false;
    const WasmCustom *custom = x->m->customs; /* the next one */
    for (uint32_t i = 0; i < x->m->n_sections; i++) {
        const WasmSection *s = &x->m->sections[i];
        if (s->id == SEC_CUSTOM) {
            if (!is_left_out(x, custom, &told)) copy_custom(x, s, custom);
            custom++;
            continue;
        }
        if (write_items_until(x, s)) continue;
        if (s->id != SEC_CODE || !x->how->body) copy_section(x, s);
        else if (!write_code(x, s)) return false;
    }
    (void)write_items_until(x, NULL);
    return true;
}

bool recode(const WasmModule *m, const Recode *how, Arena *arena, Diags *diags, Writer *out)
{
    enum { MAGIC = 8 };
    Copy x = {.m = m, .how = how, .arena = arena, .diags = diags, .out = out};
    wr_bytes(out, m->bytes, MAGIC);
    write_record(&x);
    if (!write_sections(&x)) return false;
    if (out->failed || out->len > UINT32_MAX)
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    return !out->failed && out->len <= UINT32_MAX;
}

/* ---- threads ---- */

typedef struct Worker {
    const Recode *how; /* of the caller */
    void *ctx;
    Arena arena;
    Diags diags;
    jmp_buf out_of_memory;
    bool failed;
} Worker;

static void give_up(void *ctx)
{
    Worker *w = ctx;
    w->failed = true;
    longjmp(w->out_of_memory, 1);
}

static bool body_in_thread(void *ctx, uint32_t body, Writer *out, RecodedBody *said)
{
    Worker *w = ctx;
    return setjmp(w->out_of_memory) == 0 && w->how->body(w->ctx, body, out, said);
}

static bool end_workers(void **workers, unsigned n)
{
    bool failed = false;
    for (unsigned i = 0; i < n; i++) {
        Worker *w = workers[i];
        failed |= w->failed;
        diag_free(&w->diags);
        arena_free(&w->arena);
    }
    return !failed;
}

bool recode_in_threads(const WasmModule *m, const Recode *how, unsigned threads, void *(*copy)(void *, Arena *, Diags *),
                       Arena *arena, Diags *diags, Writer *out)
{
    unsigned n = threads > PARALLEL_MOST ? PARALLEL_MOST : threads;
    if (n < 2) return recode(m, how, arena, diags, out);
    Recode with = *how;
    with.workers = arena_array(arena, n, sizeof *with.workers);
    with.n_workers = n;
    for (unsigned i = 0; i < n; i++) {
        Worker *w = arena_alloc(arena, sizeof *w);
        *w = (Worker){.how = how, .arena = {.limit_bytes = arena->limit_bytes, .on_oom = give_up, .oom_ctx = w}};
        w->ctx = copy(how->ctx, &w->arena, &w->diags);
        with.workers[i] = w;
    }
    with.body = body_in_thread;
    with.ctx = with.workers[0];
    bool ok = recode(m, &with, arena, diags, out);
    if (end_workers(with.workers, n)) return ok;
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = m->file), "out of memory");
    return false;
}
