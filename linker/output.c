/* output.c: the module's bytes. Sections in the order of core 2.0 §5.5.2; our own record stands first, what
 * the objects' custom sections say comes after the data.
 *
 * First a plan: pieces, each with its place in the file and its size, which are known before a byte of them
 * is made. Then the pieces are made, by as many threads as there are, in any order: straight into memory, or
 * each in a small buffer that is written to its place in the file, so that the module is never in memory as a
 * whole. A piece whose relocations cannot be applied is only noted; what is wrong with it is found out, and
 * said, after the threads are done. */
#include "linker/ld.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024 }; /* about: one function or section is not divided */

typedef enum PieceKind { PIECE_MADE, PIECE_CODE, PIECE_DATA, PIECE_STRINGS, PIECE_CUSTOM, PIECE_RELOCS } PieceKind;
typedef struct Piece {
    uint64_t at, size; /* in the module */
    PieceKind kind;
    PieceKind of;      /* relocations: of code, data or a custom section */
    uint32_t first, n; /* functions, parts of the segment or section, strings */
    union {
        const uint8_t *made; /* these very bytes */
        const OutSegment *segment;
        const OutCustom *custom;
        const MergedStrings *strings;
    };
    uint64_t from; /* data: offset in the segment at which the piece begins; relocations: how many */
} Piece;

typedef struct Plan {
    Ld *ld;
    Piece *pieces;
    size_t n, cap;
    uint64_t size;    /* of the module so far */
    uint64_t largest; /* piece that is made in a buffer */
    Writer head, linking, tail;
    LdPlaces places;
    uint8_t *memory;   /* where the module goes; NULL: into fd */
    uint8_t **buffers; /* one for each thread */
    int fd;
    bool *wrong; /* [n] the piece could not be made */
    int error;   /* errno of a write that failed */
} Plan;

static uint32_t leb_size(uint64_t v)
{
    uint32_t n = 1;
    for (; v >= 0x80; v >>= 7) n++;
    return n;
}

static uint8_t *put_leb(uint8_t *at, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) *at++ = (uint8_t)(v | 0x80);
    *at++ = (uint8_t)v;
    return at;
}

/* ---- the plan ---- */

static void add(Plan *plan, Piece p)
{
    if (p.size == 0) return;
    p.at = plan->size;
    plan->size += p.size;
    if (p.kind != PIECE_MADE && p.size > plan->largest) plan->largest = p.size;
    LD_PUSH(plan->ld, plan->pieces, plan->n, plan->cap) = p;
}

static void add_made(Plan *plan, const Writer *w)
{
    add(plan, (Piece){.kind = PIECE_MADE, .made = w->ptr, .size = w->len});
}

/* A few bytes: section ids, sizes, counts. */
static void add_bytes(Plan *plan, const Writer *w)
{
    uint8_t *copy = arena_alloc(&plan->ld->arena, w->len);
    memcpy(copy, w->ptr, w->len);
    add(plan, (Piece){.kind = PIECE_MADE, .made = copy, .size = w->len});
}

static uint64_t written_size(const InFunc *f) { return (uint64_t)f->size + f->extra->check_size; }

static void plan_code(Plan *plan)
{
    Ld *ld = plan->ld;
    if (!ld->n_funcs) return;
    uint64_t size = leb_size(ld->n_funcs);
    for (size_t i = 0; i < ld->n_funcs; i++) {
        InFunc *f = ld->funcs[i];
        size += leb_size(written_size(f));
        f->out_offset = (uint32_t)size;
        size += written_size(f);
    }
    Writer w = {0};
    wr_byte(&w, SEC_CODE);
    wr_u64(&w, size);
    wr_u32(&w, (uint32_t)ld->n_funcs);
    add_bytes(plan, &w);
    wr_free(&w);
    Piece p = {.kind = PIECE_CODE};
    for (size_t i = 0; i < ld->n_funcs; i++) {
        p.n++;
        p.size += leb_size(written_size(ld->funcs[i])) + written_size(ld->funcs[i]);
        if (p.size < PIECE_BYTES && i + 1 < ld->n_funcs) continue;
        add(plan, p);
        p = (Piece){.kind = PIECE_CODE, .first = (uint32_t)i + 1};
    }
}

static void plan_strings(Plan *plan, const MergedStrings *m)
{
    Piece p = {.kind = PIECE_STRINGS, .strings = m};
    for (uint32_t i = 0; i < m->n_order; i++) {
        p.n++;
        p.size += m->strings.names[m->order[i]].len;
        if (p.size < PIECE_BYTES && i + 1 < m->n_order) continue;
        add(plan, p);
        p = (Piece){.kind = PIECE_STRINGS, .strings = m, .first = i + 1};
    }
}

static void plan_segment(Plan *plan, const OutSegment *s)
{
    Piece p = {.kind = PIECE_DATA, .segment = s};
    uint64_t end = 0;
    bool merged_done = false;
    for (uint32_t i = 0; i < s->n; i++) {
        const InSegment *in = s->parts[i];
        if (in->pieces) {
            if (merged_done) continue;
            merged_done = true;
            p.size = end - p.from;
            add(plan, p);
            plan_strings(plan, s->merged);
            end = s->merged->offset + s->merged->size;
            p = (Piece){.kind = PIECE_DATA, .segment = s, .first = i, .from = end};
            continue;
        }
        p.n = i + 1 - p.first;
        end = in->offset + in->size;
        p.size = end - p.from;
        if (p.size < PIECE_BYTES) continue;
        add(plan, p);
        p = (Piece){.kind = PIECE_DATA, .segment = s, .first = i + 1, .from = end};
    }
    p.size = s->size - p.from;
    add(plan, p);
}

static void segment_head(Writer *w, const OutSegment *s)
{
    enum { ACTIVE = 0 };
    wr_u32(w, ACTIVE);
    ld_write_const_expr(w, (uint32_t)s->address);
    wr_u64(w, s->size);
}

static void plan_data(Plan *plan)
{
    Ld *ld = plan->ld;
    if (!ld->n_data_segments) return;
    Writer head = {0};
    uint64_t size = leb_size(ld->n_data_segments);
    for (size_t i = 0; i < ld->n_segments; i++) {
        if (ld->segments[i]->index == LD_NONE) continue;
        head.len = 0;
        segment_head(&head, ld->segments[i]);
        ld->segments[i]->place = size;
        ld->segments[i]->head_size = (uint32_t)head.len;
        size += head.len + ld->segments[i]->size;
    }
    head.len = 0;
    wr_byte(&head, SEC_DATA);
    wr_u64(&head, size);
    wr_u32(&head, ld->n_data_segments);
    for (size_t i = 0; i < ld->n_segments; i++) {
        if (ld->segments[i]->index == LD_NONE) continue;
        segment_head(&head, ld->segments[i]);
        add_bytes(plan, &head);
        head.len = 0;
        plan_segment(plan, ld->segments[i]);
    }
    wr_free(&head);
}

static void plan_custom(Plan *plan, OutCustom *out)
{
    out->at = plan->size;
    Writer head = {0};
    wr_byte(&head, SEC_CUSTOM);
    wr_u64(&head, leb_size(out->name.len) + out->name.len + out->size);
    wr_name(&head, out->name);
    add_bytes(plan, &head);
    wr_free(&head);
    if (out->merged) plan_strings(plan, out->merged);
    Piece p = {.kind = PIECE_CUSTOM, .custom = out};
    for (uint32_t i = 0; i < out->n; i++) {
        p.n++;
        if (!out->parts[i]->pieces) p.size += out->parts[i]->size;
        if (p.size < PIECE_BYTES && i + 1 < out->n) continue;
        add(plan, p);
        p = (Piece){.kind = PIECE_CUSTOM, .custom = out, .first = i + 1};
    }
    out->whole_size = plan->size - out->at;
}

/* ---- the plan of what a later link needs ---- */

/* Where the bytes of each went; their relocations go with them. */

RelocSite ld_code_site(const InFunc *f, uint8_t *at)
{
    const FuncExtra *x = f->extra;
    return (RelocSite){.at = at,
                       .in_offset = f->code_offset,
                       .size = f->size,
                       .obj = f->obj,
                       .func = f,
                       .split = x->check_size ? x->check_at : UINT32_MAX,
                       .shift = x->check_size};
}

static RelocSite data_site(const InSegment *in, uint8_t *at)
{
    return (RelocSite){.at = at,
                       .address = in->out->address + in->offset,
                       .in_offset = in->data_offset,
                       .size = in->size,
                       .split = UINT32_MAX,
                       .obj = in->obj};
}

/* Offsets count from behind the section's name. */
static RelocSite custom_site(const InCustom *c, uint8_t *at)
{
    return (RelocSite){.at = at, .size = c->size, .split = UINT32_MAX, .obj = c->obj, .section = c->name};
}

static bool copy_relocs_of(Ld *ld, const Piece *p, uint32_t i, RelocOutput *out)
{
    if (p->of == PIECE_CODE) {
        const InFunc *f = ld->funcs[i];
        RelocSite site = ld_code_site(f, NULL);
        return !f->relocs.n ||
               ld_copy_relocs(ld, &site, wasm_relocs_in(f->obj->code_relocs, f->relocs), f->out_offset, out);
    }
    if (p->of == PIECE_DATA) {
        const InSegment *in = p->segment->parts[i];
        RelocSite site = data_site(in, NULL);
        uint64_t at = p->segment->place + p->segment->head_size + in->offset;
        return !in->relocs.n ||
               ld_copy_relocs(ld, &site, wasm_relocs_in(in->obj->data_relocs, in->relocs), at, out);
    }
    const InCustom *c = p->custom->parts[i];
    RelocSite site = custom_site(c, NULL);
    uint64_t at = c->offset + (p->custom->merged ? p->custom->merged->size : 0);
    return c->pieces || ld_copy_relocs(ld, &site, wasm_relocs_all(c->relocs), at, out);
}

/* The pieces are added to the plan when it is known how large they are, which several threads can find out.
 */
typedef struct RelocPlan {
    Ld *ld;
    Piece *pieces;
    size_t n, cap;
    LdRelocSection *sections;
    size_t n_sections, sections_cap;
} RelocPlan;

static void measure(void *ctx, uint32_t i, unsigned worker)
{
    RelocPlan *rp = ctx;
    Piece *p = &rp->pieces[i];
    RelocOutput out = {0};
    (void)worker;
    for (uint32_t k = 0; k < p->n; k++) (void)copy_relocs_of(rp->ld, p, p->first + k, &out);
    p->size = out.size;
    p->from = out.n;
}

/* `items` of a section, divided. */
static void add_reloc_pieces(RelocPlan *rp, Piece of, uint32_t items, uint32_t together)
{
    for (of.first = 0; of.first < items; of.first += together) {
        of.n = items - of.first < together ? items - of.first : together;
        LD_PUSH(rp->ld, rp->pieces, rp->n, rp->cap) = of;
    }
}

static void begin_reloc_section(RelocPlan *rp, Str name, uint32_t section)
{
    LD_PUSH(rp->ld, rp->sections, rp->n_sections, rp->sections_cap) =
        (LdRelocSection){.name = name, .section = section, .first = rp->n};
}

static void list_relocs(RelocPlan *rp, uint32_t section)
{
    enum { FUNCTIONS = 512, SEGMENTS = 2048 };
    Ld *ld = rp->ld;
    if (ld->n_funcs) {
        begin_reloc_section(rp, STR("reloc.CODE"), section++);
        add_reloc_pieces(rp, (Piece){.kind = PIECE_RELOCS, .of = PIECE_CODE}, (uint32_t)ld->n_funcs,
                         FUNCTIONS);
    }
    if (ld->n_data_segments) {
        begin_reloc_section(rp, STR("reloc.DATA"), section++);
        for (size_t i = 0; i < ld->n_segments; i++)
            if (ld->segments[i]->index != LD_NONE)
                add_reloc_pieces(rp,
                                 (Piece){.kind = PIECE_RELOCS, .of = PIECE_DATA, .segment = ld->segments[i]},
                                 (uint32_t)ld->segments[i]->n, SEGMENTS);
    }
    for (size_t i = 0; i < ld->n_customs; i++) {
        const OutCustom *c = ld->customs[i];
        begin_reloc_section(rp, str_of(arena_printf(&ld->arena, "reloc.%.*s", STR_ARG(c->name))), section++);
        add_reloc_pieces(rp, (Piece){.kind = PIECE_RELOCS, .of = PIECE_CUSTOM, .custom = c}, (uint32_t)c->n,
                         1);
    }
}

static void plan_reloc_section(Plan *plan, const RelocPlan *rp, LdRelocSection *s, size_t end)
{
    uint64_t size = 0, n = 0;
    for (size_t i = s->first; i < end; i++) size += rp->pieces[i].size, n += rp->pieces[i].from;
    if (!n) return;
    s->at = plan->size;
    Writer head = {0};
    wr_byte(&head, SEC_CUSTOM);
    wr_u64(&head, leb_size(s->name.len) + s->name.len + leb_size(s->section) + leb_size(n) + size);
    wr_name(&head, s->name);
    wr_u32(&head, s->section);
    wr_u64(&head, n);
    add_bytes(plan, &head);
    wr_free(&head);
    for (size_t i = s->first; i < end; i++) add(plan, rp->pieces[i]);
    s->size = plan->size - s->at;
}

static uint32_t count_sections(const Writer *w)
{
    enum { MAGIC = 8 };
    Diags ignored = {.limit = 1};
    Reader r = rd_open(w->ptr, w->len, NULL, &ignored), section;
    uint32_t n = 0;
    uint8_t id;
    r.pos += w->len < MAGIC ? w->len : MAGIC;
    while (rd_left(&r) && rd_section(&r, &id, &section)) n++;
    diag_free(&ignored);
    return n;
}

static void plan_relocs(Plan *plan)
{
    Ld *ld = plan->ld;
    uint32_t code = count_sections(&plan->head),
             first_custom = code + (ld->n_funcs != 0) + (ld->n_data_segments != 0);
    ld_write_linking(ld, &plan->linking, first_custom);
    plan->places.linking = &plan->linking;
    add_made(plan, &plan->linking);
    RelocPlan rp = {.ld = ld};
    list_relocs(&rp, code);
    parallel_for(ld_threads(ld->opt), (uint32_t)rp.n, measure, &rp);
    for (size_t i = 0; i < rp.n_sections; i++)
        plan_reloc_section(plan, &rp, &rp.sections[i],
                           i + 1 < rp.n_sections ? rp.sections[i + 1].first : rp.n);
    plan->places.relocs = rp.sections;
    plan->places.n_relocs = rp.n_sections;
}

static void make_plan(Plan *plan)
{
    Ld *ld = plan->ld;
    ld_write_head(ld, &plan->head);
    add_made(plan, &plan->head);
    plan->places.code_at = plan->size;
    plan_code(plan);
    plan->places.data_at = plan->size;
    plan_data(plan);
    plan->places.code_size = plan->places.data_at - plan->places.code_at;
    plan->places.data_size = plan->size - plan->places.data_at;
    for (size_t i = 0; i < ld->n_customs; i++) plan_custom(plan, ld->customs[i]);
    plan->places.relocs_at = plan->size;
    if (ld_keeps_relocs(ld)) plan_relocs(plan);
    plan->places.tail_at = plan->size;
    plan->places.head = &plan->head;
    plan->places.tail = &plan->tail;
    ld_write_tail(ld, &plan->tail);
    add_made(plan, &plan->tail);
}

/* ---- the pieces ---- */

/* Each returns false when a relocation could not be applied. */

static bool make_code(Ld *ld, const Piece *p, uint8_t *at, bool quiet)
{
    bool ok = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const InFunc *f = ld->funcs[p->first + i];
        const FuncExtra *x = f->extra;
        at = put_leb(at, written_size(f));
        memcpy(at, f->body, x->check_at);
        if (x->check_size) memcpy(at + x->check_at, x->check, x->check_size);
        memcpy(at + x->check_at + x->check_size, f->body + x->check_at, f->size - x->check_at);
        if (f->relocs.n) {
            RelocSite site = ld_code_site(f, at);
            site.quiet = quiet;
            ok &= ld_apply_relocs(ld, &site, wasm_relocs_in(f->obj->code_relocs, f->relocs));
        }
        at += written_size(f);
    }
    return ok;
}

static bool make_data(Ld *ld, const Piece *p, uint8_t *at, bool quiet)
{
    const OutSegment *s = p->segment;
    uint64_t done = 0; /* bytes of the piece */
    bool ok = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const InSegment *in = s->parts[p->first + i];
        if (in->pieces) continue;
        uint64_t start = in->offset - p->from;
        memset(at + done, 0, start - done);
        if (in->size) memcpy(at + start, in->bytes, in->size);
        done = start + in->size;
        if (!in->relocs.n) continue;
        RelocSite site = data_site(in, at + start);
        site.quiet = quiet;
        ok &= ld_apply_relocs(ld, &site, wasm_relocs_in(in->obj->data_relocs, in->relocs));
    }
    memset(at + done, 0, p->size - done);
    return ok;
}

/* Bytes of which only a copy is wanted are read, small ones too: touching one page would map its neighbours. */
static void copy_section(const InCustom *c, uint8_t *at)
{
    const Obj *obj = c->obj;
    if (obj->fd < 0 || pread(obj->fd, at, c->size, c->bytes - obj->bytes) != (ssize_t)c->size)
        memcpy(at, c->bytes, c->size);
}

static bool make_custom(Ld *ld, const Piece *p, uint8_t *at, bool quiet)
{
    enum { WORTH_FORGETTING = 16 * 1024 };
    bool ok = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const InCustom *c = p->custom->parts[p->first + i];
        if (c->pieces) continue;
        copy_section(c, at);
        RelocSite site = custom_site(c, at);
        site.quiet = quiet;
        ok &= ld_apply_relocs(ld, &site, wasm_relocs_all(c->relocs));
        at += c->size;
        if (c->size >= WORTH_FORGETTING) ld_forget_debug(c->obj);
    }
    return ok;
}

static void make_strings(const Piece *p, uint8_t *at)
{
    const MergedStrings *m = p->strings;
    for (uint32_t i = 0; i < p->n; i++) {
        Str s = m->strings.names[m->order[p->first + i]];
        memcpy(at, s.ptr, s.len);
        at += s.len;
    }
}

/* They were measured; when they are another size now, the input was changed meanwhile. */
static bool make_relocs(Ld *ld, const Piece *p, uint8_t *at)
{
    RelocOutput out = {.at = at, .end = at + p->size};
    bool ok = true;
    for (uint32_t i = 0; i < p->n; i++) ok &= copy_relocs_of(ld, p, p->first + i, &out);
    if (out.size < p->size) memset(at + out.size, 0, p->size - out.size);
    return ok && out.size == p->size && out.n == p->from;
}

static bool make(Ld *ld, const Piece *p, uint8_t *at, bool quiet)
{
    switch (p->kind) {
    case PIECE_MADE: memcpy(at, p->made, p->size); return true;
    case PIECE_CODE: return make_code(ld, p, at, quiet);
    case PIECE_DATA: return make_data(ld, p, at, quiet);
    case PIECE_STRINGS: make_strings(p, at); return true;
    case PIECE_CUSTOM: return make_custom(ld, p, at, quiet);
    case PIECE_RELOCS: return make_relocs(ld, p, at);
    }
    return false;
}

static void write_to(Plan *plan, const uint8_t *bytes, uint64_t size, uint64_t at)
{
    while (size) {
        ssize_t n = pwrite(plan->fd, bytes, size, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            __atomic_store_n(&plan->error, n < 0 ? errno : EIO, __ATOMIC_RELAXED);
            return;
        }
        bytes += n;
        at += (uint64_t)n;
        size -= (uint64_t)n;
    }
}

static void make_and_place(void *ctx, uint32_t i, unsigned worker)
{
    Plan *plan = ctx;
    const Piece *p = &plan->pieces[i];
    if (plan->memory) {
        plan->wrong[i] = !make(plan->ld, p, plan->memory + p->at, true);
        return;
    }
    const uint8_t *bytes = p->made;
    if (p->kind != PIECE_MADE) {
        bytes = plan->buffers[worker];
        plan->wrong[i] = !make(plan->ld, p, plan->buffers[worker], true);
    }
    write_to(plan, bytes, p->size, p->at);
}

/* What went wrong is said in the order of the module. */
static void say_what_is_wrong(Plan *plan)
{
    Ld *ld = plan->ld;
    for (size_t i = 0; i < plan->n; i++) {
        if (!plan->wrong[i]) continue;
        uint8_t *scratch = malloc(plan->pieces[i].size);
        size_t before = ld->diags->errors;
        if (scratch) (void)make(ld, &plan->pieces[i], scratch, false);
        free(scratch);
        if (ld->diags->errors == before)
            diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory, or an input changed meanwhile");
    }
    if (plan->error)
        diag_add(ld->diags, IO_WRITE, DIAG_AT(.file = ld->opt->output), "cannot write: %s",
                 strerror(plan->error));
}

static bool get_memory(Plan *plan, Writer *w, unsigned threads)
{
    Ld *ld = plan->ld;
    plan->wrong = arena_array(&ld->arena, plan->n, sizeof *plan->wrong);
    if (w) {
        w->ptr = plan->memory = malloc(plan->size);
        w->len = w->cap = plan->size;
        return w->ptr != NULL;
    }
    plan->buffers = arena_array(&ld->arena, threads, sizeof *plan->buffers);
    for (unsigned i = 0; i < threads; i++) plan->buffers[i] = arena_alloc(&ld->arena, plan->largest);
    return true;
}

/* requires: everything is final. provides: the module's bytes, in the writer, or when that is NULL in the
 * file opt->fd. */
void ld_write_module(Ld *ld, Writer *w)
{
    enum { WORTH_A_THREAD = 1 << 20 };
    Plan plan = {.ld = ld, .fd = ld->opt->output_fd};
    make_plan(&plan);
    if (ld->opt->tell_map) ld_make_map(ld, &plan.places, ld->map);
    unsigned threads = ld_threads(ld->opt);
    if (threads > plan.size / WORTH_A_THREAD + 1) threads = (unsigned)(plan.size / WORTH_A_THREAD) + 1;
    if (plan.head.failed || plan.linking.failed || plan.tail.failed || plan.size > UINT32_MAX || !get_memory(&plan, w, threads))
        diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory, or the module is larger than 4 GiB");
    else {
        parallel_for(threads, (uint32_t)plan.n, make_and_place, &plan);
        say_what_is_wrong(&plan);
        ld_set_build_id(ld, w, plan.size);
    }
    wr_free(&plan.head);
    wr_free(&plan.linking);
    wr_free(&plan.tail);
}
