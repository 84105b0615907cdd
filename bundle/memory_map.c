/* memory_map.c: the linear memory of each module as a picture: what lies where, how large it is, and what
 * keeps it so. The layout is the manifest's, after it was compared with the module's own; sizes are from the
 * module's memory section. docs/module-section.md "Checked means".  See show.h */
#include "bundle/show.h"

#include <inttypes.h>

enum { PAGE_LOG2 = 16, BOX = 26, MAX_REGIONS = 16 };

typedef struct Region {
    uint64_t low, high; /* bytes, [low, high) */
    const char *name, *rule;
    bool absent; /* memory that is not there at the start */
} Region;

typedef struct Map {
    Region regions[MAX_REGIONS];
    size_t n;
    uint64_t end; /* of what is drawn so far */
} Map;

/* Regions come by rising address; what lies between two is padding. An empty one is not drawn. */
static void add(Map *m, Region r)
{
    if (r.low < m->end) r.low = m->end;
    if (r.high <= r.low) return;
    if (r.low > m->end) m->regions[m->n++] = (Region){m->end, r.low, "padding", "of no use", r.absent};
    m->regions[m->n++] = r;
    m->end = r.high;
}

/* What keeps guard and seal, by Layout.seal. */
static const struct {
    const char *word, *guard, *stack, *seal;
} kept[] = {
    [PM_SEAL_NONE] = {"no seal", "kept empty; nothing enforces it", "read, write", "constant by habit only"},
    [PM_SEAL_ENGINE] = {"seal by page protection", "no access: page protection", "read, write; grows down",
                        "read only after start: page protection"},
    [PM_SEAL_CHECK] = {"seal by store checks", "no writes: checks in the code",
                       "read, write; bounds checked in the code", "no writes: checks in the code"},
};

static void add_layout(Map *m, const BundleLayout *l, uint64_t size)
{
    const char *stack = kept[l->seal].stack;
    if (l->seal == PM_SEAL_ENGINE && l->null_guard && l->stack_low == l->null_guard)
        stack = "read, write; grows down to the guard";
    add(m, (Region){0, l->null_guard, "null guard", kept[l->seal].guard, false});
    add(m, (Region){l->stack_low, l->stack_high, "stack", stack, false});
    add(m, (Region){l->sealed_low, l->sealed_high, "sealed data", kept[l->seal].seal, false});
    add(m, (Region){l->waived_low, l->waived_high, "waived data", "read, write: by waiver", false});
    add(m, (Region){l->heap_base, (uint64_t)l->heap_base + l->heap_control, "heap control",
                    "read, write: the allocator's root", false});
    add(m, (Region){m->end < l->heap_base ? l->heap_base : m->end, size, "heap", "read, write", false});
}

static void draw_edge(Show *s, uint64_t address, const char *word)
{
    text_printf(s->text, "%12s +------------------------+%s%s\n", show_format(s, "0x%08" PRIx64, address),
                *word ? " " : "", word);
}

static void draw(Show *s, const Map *m, uint64_t size, uint64_t limit, const char *limit_word)
{
    draw_edge(s, 0, "");
    for (size_t i = 0; i < m->n; i++) {
        const Region *r = &m->regions[i];
        const char *bytes = show_bytes(s, r->high - r->low);
        char side = r->absent ? ':' : '|';
        text_printf(s->text, "%14c %-*s%*s %c %s\n", side, (int)(BOX - 4 - show_columns(bytes)), r->name,
                    (int)show_columns(bytes), bytes, side, r->rule);
        draw_edge(s, r->high, r->high == limit ? limit_word : r->high == size ? "size at the start" : "");
    }
}

static void draw_module(Show *s, const BundleModule *mod, const WasmLimits *memory)
{
    const BundleLayout *l = mod->layout;
    text_printf(s->text, "%s: ", mod->name);
    if (!memory) {
        text_add(s->text, STR("no memory\n"));
        return;
    }
    uint64_t size = (uint64_t)memory->min << PAGE_LOG2;
    uint64_t limit = memory->has_max ? (uint64_t)memory->max << PAGE_LOG2 : UINT64_C(1) << 32;
    const char *word = memory->has_max ? "maximum of the module" : "no maximum: all that there is";
    if (mod->limits->memory_bytes && mod->limits->memory_bytes < limit) {
        limit = mod->limits->memory_bytes;
        word = "limit of the world";
    }
    Map m = {0};
    if (l)
        text_printf(s->text, "%s, pages of %s\n", kept[l->seal].word,
                    show_bytes(s, UINT64_C(1) << l->page_log2));
    else text_add(s->text, STR("no layout was proved\n"));
    if (l) add_layout(&m, l, size);
    else add(&m, (Region){0, size, "memory", "data, stack, heap: nobody knows where", false});
    add(&m, (Region){m.end, limit, "not there yet", "read, write: after memory.grow", true});
    draw(s, &m, size, limit, word);
}

/* ---- what the modules themselves say ---- */

typedef struct Memories {
    WasmLimits *of; /* of each module that has memory */
    bool *has;
} Memories;

/* Each blob is read once, however many modules share it. */
static bool read_blob(Show *s, uint32_t blob, uint32_t first, Memories *out, Diags *d)
{
    const Bundle *b = s->bundle;
    const char *name = show_format(s, "%s(%s)", b->file, s->m->modules[first]->name);
    WasmReadOptions options = {0};
    WasmModule w;
    PmSection section;
    Arena arena = {0};
    bool ok = wasm_read_module(&arena, b->blobs[blob].ptr, b->blobs[blob].size, name, &options, d, &w);
    PmFound found = ok ? pm_read(&w, &arena, d, &section) : PM_BROKEN;
    ok = ok && found != PM_BROKEN;
    for (uint32_t i = first; ok && i < s->m->n_modules; i++) {
        if (s->m->modules[i]->blob != blob) continue;
        ok = bundle_check_module(b, i, &w, found == PM_PRESENT ? &section : NULL, d);
        out->has[i] = w.n_memories > 0;
        if (out->has[i]) out->of[i] = w.memories[0];
    }
    arena_free(&arena);
    return ok;
}

static bool read_memories(Show *s, Memories *out, Diags *d)
{
    bool ok = true, *seen = show_array(s, s->m->n_blobs, sizeof *seen);
    out->of = show_array(s, s->m->n_modules, sizeof *out->of);
    out->has = show_array(s, s->m->n_modules, sizeof *out->has);
    if (!seen || !out->of || !out->has) return false; /* the text has failed */
    for (uint32_t i = 0; i < s->m->n_modules; i++) {
        uint32_t blob = s->m->modules[i]->blob;
        if (!seen[blob]) ok = read_blob(s, blob, i, out, d) && ok;
        seen[blob] = true;
    }
    return ok;
}

bool bundle_show_memory_map(TextBuf *t, const Bundle *b, Diags *d)
{
    Show s = {.text = t, .bundle = b, .m = b->manifest};
    Memories memories = {0};
    bool ok = read_memories(&s, &memories, d);
    for (uint32_t i = 0; ok && i < b->manifest->n_modules; i++) {
        if (i) text_add(t, STR("\n"));
        draw_module(&s, b->manifest->modules[i], memories.has[i] ? &memories.of[i] : NULL);
    }
    arena_free(&s.arena);
    return ok;
}
