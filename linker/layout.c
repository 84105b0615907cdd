/* layout.c: where everything lies in memory.
 *
 * Under a policy (docs/module-section.md, layout): null guard, stack, sealed data, waived data, heap. Under
 * none what wasm-ld does: data from --global-base (1024), the stack behind it or first of all, then the heap.
 *
 * Segments of one kind go together under the name before the second dot (.rodata.x to .rodata), in the order
 * of the objects; read-only ones first, zero ones last. Strings that the compiler marked as mergeable are
 * kept once. Sums are 64 bits wide and compared with the memory's size at the end: an object can claim any
 * alignment. */
#include "linker/ld.h"
#include "validator/validator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t align_to(uint64_t v, uint64_t to) { return (v + to - 1) & ~(to - 1); }

/* ---- strings ---- */

typedef struct TailEntry {
    uint64_t key; /* some of its bytes */
    uint32_t index;
} TailEntry;

/* A file that was changed meanwhile may end without the NUL that was seen. */
static uint32_t string_size(const uint8_t *bytes, uint32_t size, uint32_t at)
{
    const uint8_t *end = memchr(bytes + at, 0, size - at);
    return end ? (uint32_t)(end - (bytes + at)) + 1 : size - at;
}

void ld_split_strings(Ld *ld, Arena *arena, const uint8_t *bytes, uint32_t size, StringPiece **pieces, uint32_t *n)
{
    uint32_t count = 0, i = 0;
    for (uint32_t at = 0; at < size; count++) at += string_size(bytes, size, at);
    *pieces = arena_array(arena, count, sizeof **pieces);
    for (uint32_t at = 0, len; at < size && i < count; at += len, i++) {
        len = string_size(bytes, size, at);
        (*pieces)[i] = (StringPiece){.in_offset = at, .string = ld_name_hash(ld, (Str){(const char *)bytes + at, len})};
    }
    *n = i;
}

/* Adds the strings of one section; where each will be is known after ld_place_strings. */
void ld_add_strings(Arena *arena, MergedStrings *m, const uint8_t *bytes, uint32_t size, StringPiece *pieces,
                    uint32_t n)
{
    enum { AHEAD = 8 };
    for (uint32_t i = 0; i < n; i++) {
        bool added;
        uint32_t at = pieces[i].in_offset, end = i + 1 < n ? pieces[i + 1].in_offset : size;
        if (i + AHEAD < n) ld_name_prefetch(&m->strings, pieces[i + AHEAD].string);
        pieces[i].string = ld_name_add_hashed(arena, &m->strings, (Str){(const char *)bytes + at, end - at},
                                              pieces[i].string, &added);
    }
}

/* Eight bytes of the string, counted from its end (the NUL is left out): the ones behind `skip`, last one first.
 * What is in front of its beginning is zero, which none of its bytes is. */
static uint64_t tail_key(Str s, size_t skip)
{
    uint64_t key = 0;
    for (size_t i = skip + 2; i < skip + 10; i++) key = key << 8 | (i <= s.len ? (uint8_t)s.ptr[s.len - i] : 0);
    return key;
}

static int by_key(const void *a, const void *b)
{
    const TailEntry *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key ? -1 : 1) : x->index > y->index ? 1 : -1;
}

/* By key, larger ones first, equal ones as they stand: byte by byte, the least one first. other has room for as many. */
static void sort_by_key(TailEntry *entries, TailEntry *other, uint32_t n)
{
    enum { FEW = 256, DIGITS = 256, STEPS = sizeof entries->key };
    if (n < FEW) {
        qsort(entries, n, sizeof *entries, by_key);
        return;
    }
    static_assert(STEPS % 2 == 0, "what is sorted ends where it began");
    for (unsigned step = 0; step < STEPS; step++) {
        uint32_t places[DIGITS] = {0}, at = 0;
        for (uint32_t i = 0; i < n; i++) places[entries[i].key >> 8 * step & 0xff]++;
        for (unsigned d = DIGITS; d-- > 0;) {
            uint32_t count = places[d];
            places[d] = at;
            at += count;
        }
        for (uint32_t i = 0; i < n; i++) other[places[entries[i].key >> 8 * step & 0xff]++] = entries[i];
        TailEntry *t = entries;
        entries = other;
        other = t;
    }
}

/* By the bytes from the end backwards, larger ones first: a string stands behind those that end with it. Eight bytes
 * at a time: those that are alike so far are sorted among themselves by the next eight. */
static void sort_by_tail(Arena *arena, const Str *names, TailEntry *entries, uint32_t n)
{
    typedef struct Run {
        uint32_t first, n;
        size_t skip;
    } Run;
    TailEntry *other = arena_array(arena, n, sizeof *other);
    Run *runs = NULL;
    size_t n_runs = 0, cap = 0;
    Run run = {0, n, 0};
    for (;;) {
        TailEntry *e = entries + run.first;
        for (uint32_t i = 0; i < run.n; i++) e[i].key = tail_key(names[e[i].index], run.skip);
        sort_by_key(e, other, run.n);
        for (uint32_t i = 0, j; i < run.n; i = j) {
            for (j = i + 1; j < run.n && e[j].key == e[i].key; j++) {}
            if (j - i == 1 || (e[i].key & 0xff) == 0) continue; /* alone, or the same to their beginning */
            ARENA_PUSH(arena, runs, n_runs, cap) = (Run){run.first + i, j - i, run.skip + sizeof e->key};
        }
        if (n_runs == 0) return;
        run = runs[--n_runs];
    }
}

/* Offsets of the distinct strings. With tails, one that ends another lies in that ("lo" in "hello"), and the
 * order is that of the ends; else they stand in the order in which they came. */
void ld_place_strings(Arena *arena, MergedStrings *m, bool tails)
{
    uint32_t n = m->strings.n;
    m->offsets = arena_array(arena, n, sizeof *m->offsets);
    m->order = arena_array(arena, n, sizeof *m->order);
    TailEntry *entries = arena_array(arena, tails ? n : 0, sizeof *entries);
    for (uint32_t i = 0; tails && i < n; i++) entries[i] = (TailEntry){0, i};
    if (tails && n) sort_by_tail(arena, m->strings.names, entries, n);
    Str last = {0};
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = tails ? entries[i].index : i;
        Str s = m->strings.names[k];
        if (tails && str_has_suffix(last, s)) {
            m->offsets[k] = m->size - s.len;
            continue;
        }
        m->offsets[k] = m->size;
        m->size += s.len;
        m->order[m->n_order++] = k;
        last = s;
    }
}

/* Where a byte of a split section went; in_offset is within it, or its very end. The search begins at *piece and
 * doubles its steps from there; the piece that it finds is left in *piece. */
uint64_t ld_piece_offset_from(const MergedStrings *m, const StringPiece *pieces, uint32_t n, uint64_t in_offset,
                              uint32_t *piece)
{
    if (!n) return in_offset;
    uint32_t low, high, step = 1, guess = *piece;
    if (pieces[guess].in_offset <= in_offset) {
        for (low = guess, high = n; low + step < n; low += step, step *= 2)
            if (pieces[low + step].in_offset > in_offset) {
                high = low + step;
                break;
            }
    } else {
        for (low = 0, high = guess; high > step; high -= step, step *= 2)
            if (pieces[high - step].in_offset <= in_offset) {
                low = high - step;
                break;
            }
    }
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (pieces[mid].in_offset <= in_offset) low = mid;
        else high = mid;
    }
    *piece = low;
    return m->offsets[pieces[low].string] + (in_offset - pieces[low].in_offset);
}

/* Strings are about as long as each other: it begins where the piece would be if they were. */
uint64_t ld_piece_offset(const MergedStrings *m, const StringPiece *pieces, uint32_t n, uint64_t in_offset)
{
    uint32_t last = n ? pieces[n - 1].in_offset : 0;
    uint32_t guess = in_offset < last ? (uint32_t)(in_offset * (n - 1) / last) : n ? n - 1 : 0;
    return ld_piece_offset_from(m, pieces, n, in_offset, &guess);
}

/* As in wasm-ld: strings of single bytes, and each ends within its segment. */
static bool is_mergeable(const Ld *ld, const InSegment *s)
{
    return ld->opt->optimize > 0 && (ld_segment_info(s)->flags & SEGMENT_STRINGS) && ld_segment_info(s)->align_log2 == 0 && s->size > 0 &&
           s->bytes[s->size - 1] == 0 && s->relocs.n == 0;
}

static bool is_zero(const InSegment *s)
{
    return s->size == 0 || (s->bytes[0] == 0 && memcmp(s->bytes, s->bytes + 1, s->size - 1) == 0);
}

/* ---- output segments ---- */

bool ld_is_tls(const InSegment *s)
{
    const WasmSegmentInfo *info = ld_segment_info(s);
    return info->flags & SEGMENT_TLS || str_has_prefix(info->name, STR(".tdata")) ||
           str_has_prefix(info->name, STR(".tbss"));
}

static Str out_name(const Ld *ld, const InSegment *s)
{
    static const Str kinds[] = {{".text.", 6},   {".data.", 6},  {".bss.", 5},
                                {".rodata.", 8}, {".tdata.", 7}, {".tbss.", 6}};
    Str name = ld_segment_info(s)->name;
    if (ld_is_tls(s)) return STR(".tdata");
    if (ld->opt->no_merge_data) return name;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_has_prefix(name, kinds[i])) return (Str){kinds[i].ptr, kinds[i].len - 1};
    return name;
}

static int rank(Str name)
{
    static const struct {
        Str prefix;
        int rank;
    } rows[] = {{{".tdata", 6}, 0}, {{".rodata", 7}, 1}, {{".data", 5}, 2}, {{".bss", 4}, 4}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_has_prefix(name, rows[i].prefix)) return rows[i].rank;
    return 3;
}

static int by_rank(const void *a, const void *b)
{
    const OutSegment *x = *(OutSegment *const *)a, *y = *(OutSegment *const *)b;
    if (x->area != y->area) return x->area < y->area ? -1 : 1;
    int rx = rank(x->name), ry = rank(y->name);
    if (rx != ry) return rx < ry ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Of segments that go together: a group's are the group's alone. */
static Str key(Ld *ld, Str name, Str comdat)
{
    if (!comdat.len) return name;
    const char *text = arena_printf(&ld->arena, "%.*s%c%.*s", STR_ARG(name), 0, STR_ARG(comdat));
    return (Str){text, name.len + 1 + comdat.len};
}

static void gather_segments(Ld *ld)
{
    NameTable tables[2] = {0};
    OutSegment **by_name[2] = {0};
    size_t caps[2] = {0};
    for (size_t o = 0; o < ld->n_objs; o++) {
        const uint32_t *groups = ld->opt->relocatable ? ld_comdats_of_segments(ld, ld->objs[o]) : NULL;
        for (uint32_t i = 0; i < ld->objs[o]->o.n_segments; i++) {
            InSegment *in = &ld->objs[o]->segments[i];
            if (!in->live) continue;
            OutArea area = ld->opt->isolate && !in->seals && !val_segment_is_constant(ld_segment_info(in))
                               ? AREA_WAIVED
                               : AREA_SEALED;
            bool added;
            Str comdat = groups && groups[i] ? ld->objs[o]->o.comdats[groups[i] - 1].name : (Str){0};
            uint32_t k = ld_name_add(ld, &tables[area], key(ld, out_name(ld, in), comdat), &added);
            if (added) {
                OutSegment *out = arena_alloc(&ld->arena, sizeof *out);
                *out = (OutSegment){
                    .name = out_name(ld, in), .comdat = comdat, .area = area, .index = (uint32_t)ld->n_segments};
                out->bss = !ld_keeps_relocs(ld) && str_has_prefix(out->name, STR(".bss"));
                LD_PUSH(ld, ld->segments, ld->n_segments, ld->segments_cap) = out;
                by_name[area] = arena_grow(&ld->arena, by_name[area], k, &caps[area], sizeof **by_name);
                by_name[area][k] = out;
            }
            OutSegment *out = by_name[area][k];
            in->out = out;
            LD_PUSH(ld, out->parts, out->n, out->cap) = in;
            if (out->bss && !is_zero(in)) out->bss = false; /* names prove nothing */
            uint32_t align_log2 = ld_segment_info(in)->align_log2;
            if (align_log2 > out->align_log2) out->align_log2 = align_log2;
        }
    }
    if (ld->n_segments) qsort(ld->segments, ld->n_segments, sizeof *ld->segments, by_rank);
}

/* Offsets within one output segment; its mergeable strings stand where the first of them would. */
static void place_parts(Ld *ld, OutSegment *out)
{
    MergedStrings *merged = NULL;
    for (size_t i = 0; i < out->n; i++) {
        InSegment *in = out->parts[i];
        if (!is_mergeable(ld, in)) continue;
        if (!merged) merged = arena_alloc(&ld->arena, sizeof *merged);
        ld_split_strings(ld, &ld->arena, in->bytes, in->size, &in->pieces, &in->n_pieces);
        ld_add_strings(&ld->arena, merged, in->bytes, in->size, in->pieces, in->n_pieces);
    }
    if (merged) ld_place_strings(&ld->arena, merged, true);
    bool merged_placed = false;
    for (size_t i = 0; i < out->n; i++) {
        InSegment *in = out->parts[i];
        if (!in->pieces) {
            out->size = align_to(out->size, UINT64_C(1) << ld_segment_info(in)->align_log2);
            in->offset = out->size;
            out->size += in->size;
        } else if (!merged_placed) {
            merged_placed = true;
            merged->offset = out->size;
            out->size += merged->size;
        }
    }
    out->merged = merged;
}

/* ---- memory ---- */

static uint64_t place_stack(Ld *ld, uint64_t at)
{
    LdLayout *l = &ld->layout;
    at = align_to(at, STACK_ALIGN);
    uint32_t size = ld->stack_size ? ld->stack_size : ld->opt->stack_size;
    if (size % STACK_ALIGN)
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(), "stack size must be 16-byte aligned: %u", size);
    l->stack_low = (uint32_t)at;
    at += size;
    l->stack_high = (uint32_t)at;
    return at;
}

static uint64_t place_area(Ld *ld, OutArea area, uint64_t at)
{
    for (size_t i = 0; i < ld->n_segments; i++) {
        OutSegment *s = ld->segments[i];
        if (s->area != area) continue;
        at = align_to(at, UINT64_C(1) << s->align_log2);
        s->address = at;
        at += s->size;
    }
    return at;
}

static uint64_t place_isolated(Ld *ld)
{
    LdLayout *l = &ld->layout;
    uint64_t page = ld->opt->seal_align, at = NULL_GUARD;
    l->null_guard = NULL_GUARD;
    at = align_to(place_stack(ld, at), page);
    l->global_base = l->sealed_low = (uint32_t)at;
    at = align_to(place_area(ld, AREA_SEALED, at), page);
    l->sealed_high = l->waived_low = (uint32_t)at;
    at = place_area(ld, AREA_WAIVED, at);
    l->waived_high = l->data_end = (uint32_t)at;
    at = align_to(at, HEAP_ALIGN);
    l->heap_base = (uint32_t)at;
    if (ld->heap_control) l->heap_control = HEAP_CONTROL;
    return at + l->heap_control;
}

static uint64_t place_plain(Ld *ld)
{
    LdLayout *l = &ld->layout;
    uint64_t at = ld->opt->relocatable ? 0 : ld->opt->has_global_base ? ld->opt->global_base : 1024;
    if (ld->opt->stack_first && !ld->opt->relocatable) {
        at = place_stack(ld, 0);
        if (ld->opt->has_global_base && ld->opt->global_base < at)
            diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(),
                     "--global-base cannot be less than stack size when --stack-first is used");
        else if (ld->opt->has_global_base) at = ld->opt->global_base;
    }
    l->global_base = (uint32_t)at;
    at = place_area(ld, AREA_SEALED, at);
    l->data_end = (uint32_t)at;
    if (!ld->opt->stack_first && !ld->opt->relocatable) at = place_stack(ld, at);
    at = align_to(at, HEAP_ALIGN);
    l->heap_base = (uint32_t)at;
    return at;
}

/* The sizes that the command line gives are whole pages, and large enough. */
static bool fits(Ld *ld, const char *what, uint64_t bytes, uint64_t needed)
{
    size_t errors = ld->diags->errors;
    if (bytes % ld->opt->page_size)
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(), "%s memory must be %u-byte aligned", what,
                 ld->opt->page_size);
    if (bytes < needed)
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(), "%s memory too small, %llu bytes needed", what,
                 (unsigned long long)needed);
    if (bytes > UINT64_C(1) << 32)
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(),
                 "%s memory too large, cannot be greater than 4294967296", what);
    return ld->diags->errors == errors;
}

static uint64_t add_heap(Ld *ld, uint64_t end)
{
    const uint64_t heap = ld->opt->initial_heap, most = UINT64_C(1) << 32;
    if (heap % ld->opt->page_size)
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(), "initial heap must be %u-byte aligned",
                 ld->opt->page_size);
    if (end <= most && heap > most - end)
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(), "initial heap too large, cannot be greater than %llu",
                 (unsigned long long)(most - end));
    else end += heap;
    return end;
}

static void size_memory(Ld *ld, uint64_t end)
{
    LdLayout *l = &ld->layout;
    const LdOptions *opt = ld->opt;
    end = add_heap(ld, end);
    if (opt->initial_memory && fits(ld, "initial", opt->initial_memory, end)) end = opt->initial_memory;
    end = align_to(end, opt->page_size);
    if (end > UINT64_C(1) << 32) {
        diag_add(ld->diags, LD_BAD_LAYOUT, DIAG_AT(), "memory too large: stack and data need %llu bytes",
                 (unsigned long long)end);
        end = 0;
    }
    l->pages = (uint32_t)(end / opt->page_size);
    l->heap_end = (uint32_t)(end > UINT32_MAX ? UINT32_MAX : end);
    if (opt->max_memory && fits(ld, "maximum", opt->max_memory, end)) {
        l->has_max = true;
        l->max_pages = (uint32_t)(opt->max_memory / opt->page_size);
    }
    if (opt->no_growable_memory) {
        l->has_max = true;
        l->max_pages = l->pages;
    }
}

/* What ended beyond 4 GiB was cut to 32 bits above; size_memory has said so, and nothing is written then. */
static void settle_symbols(Ld *ld)
{
    const LdLayout *l = &ld->layout;
    const struct {
        Symbol *symbol;
        uint32_t value;
    } rows[] = {
        {ld->heap_base, l->heap_base},         {ld->heap_end, l->heap_end},
        {ld->data_end, l->data_end},           {ld->stack_low, l->stack_low},
        {ld->stack_high, l->stack_high},       {ld->global_base, l->global_base},
        {ld->dso_handle, l->global_base},      {ld->heap_control, l->heap_base},
        {ld->table_base, ld->opt->table_base},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].symbol) rows[i].symbol->value = rows[i].value;
    if (ld->stack_pointer->linker) ld->stack_pointer->global->value = l->stack_high;
    for (size_t i = 0; i < ld->n_segments; i++) {
        const OutSegment *s = ld->segments[i];
        if (ld->tls_base && str_eq(s->name, STR(".tdata")))
            ld->tls_base->global->value = (uint32_t)s->address;
        uint32_t k = ld->n_bounds ? ld_name_find(ld, &ld->bound_names, s->name) : LD_NONE;
        if (k == LD_NONE) continue;
        if (ld->bounds[k].start) ld->bounds[k].start->value = (uint32_t)s->address;
        if (ld->bounds[k].stop) ld->bounds[k].stop->value = (uint32_t)(s->address + s->size);
    }
}

/* Modulo 2^64: whoever needs 32 bits checks. The end of the last of some merged strings is behind its own
 * copy. */
uint64_t ld_data_address(const Symbol *s, int64_t addend)
{
    if (s->state != SYM_DEFINED) return 0; /* weak */
    const InSegment *in = s->segment;
    if (s->linker || !in) return s->value + (uint64_t)addend;
    uint64_t at = s->value + (uint64_t)addend;
    if (!in->pieces) return in->out->address + in->offset + at;
    return in->out->address + in->out->merged->offset +
           ld_piece_offset(in->out->merged, in->pieces, in->n_pieces, at);
}

/* Data segments as they are written: none for what is zero, or empty. */
void ld_number_segments(Ld *ld)
{
    ld->n_data_segments = 0;
    for (size_t i = 0; i < ld->n_segments; i++) {
        OutSegment *s = ld->segments[i];
        bool left_out = s->bss && (!ld->opt->import_memory || ld->init_memory);
        bool written = !left_out && (s->size || ld_keeps_relocs(ld));
        s->index = written ? ld->n_data_segments++ : LD_NONE;
    }
}

static void place_all(Ld *ld)
{
    size_memory(ld, ld->opt->isolate ? place_isolated(ld) : place_plain(ld));
    settle_symbols(ld);
}

/* requires: all but the stack's size is laid out. provides: every address is final; what holds one is to be made again. */
void ld_resize_stack(Ld *ld, uint32_t size)
{
    ld->stack_size = size;
    place_all(ld);
}

/* requires: live is final. provides: every address is final, but for -z stack-size=auto. */
void ld_layout_memory(Ld *ld)
{
    gather_segments(ld);
    for (size_t i = 0; i < ld->n_segments; i++) place_parts(ld, ld->segments[i]);
    place_all(ld);
    ld_number_segments(ld);
}
