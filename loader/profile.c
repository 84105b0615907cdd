/* profile.c: a table of call stacks that have been seen, by hash, open addressing. Names are looked up once, at the end. */
#include "loader/profile.h"

#include <stdlib.h>

typedef struct Stack {
    const char *name;          /* of the process; NULL: an empty place */
    const WasmModule *module;
    uint64_t hash, samples;
    uint32_t n_frames;
    bool cut;                  /* frames in the middle are not kept */
    uint32_t *funcs;           /* malloc; innermost first */
} Stack;

struct Profile {
    Stack *stacks; /* places: a power of two, at most half of them used */
    size_t places, n;
    uint64_t others; /* samples whose stack has no place */
};

enum { FIRST_PLACES = 256 };

Profile *profile_new(void)
{
    Profile *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->places = FIRST_PLACES;
    p->stacks = calloc(p->places, sizeof *p->stacks);
    if (p->stacks) return p;
    free(p);
    return NULL;
}

void profile_free(Profile *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->places; i++) free(p->stacks[i].funcs);
    free(p->stacks);
    free(p);
}

static uint64_t hash_of(const char *name, const LoadTrap *place)
{
    uint64_t h = (uint64_t)(uintptr_t)name * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < place->n_frames; i++) {
        h = (h ^ place->frames[i].func) * UINT64_C(0x100000001b3);
        h ^= h >> 29;
    }
    return h;
}

static bool is_same(const Stack *s, const char *name, const LoadTrap *place, uint64_t hash)
{
    if (s->hash != hash || s->name != name || s->n_frames != place->n_frames) return false;
    if (s->cut != (place->depth > place->n_frames)) return false;
    for (uint32_t i = 0; i < s->n_frames; i++)
        if (s->funcs[i] != place->frames[i].func) return false;
    return true;
}

/* Without memory the table stays as it is; false when it is full then. */
static bool make_room(Profile *p)
{
    if (p->n * 2 < p->places) return true;
    Stack *wide = calloc(p->places * 2, sizeof *wide);
    if (!wide) return false;
    for (size_t i = 0; i < p->places; i++) {
        if (!p->stacks[i].name) continue;
        size_t at = p->stacks[i].hash & (p->places * 2 - 1);
        while (wide[at].name) at = (at + 1) & (p->places * 2 - 1);
        wide[at] = p->stacks[i];
    }
    free(p->stacks);
    p->stacks = wide;
    p->places *= 2;
    return true;
}

void profile_add(Profile *p, const char *name, const WasmModule *module, const LoadTrap *place)
{
    uint64_t hash = hash_of(name, place);
    bool room = p->n < PROFILE_MOST_STACKS && make_room(p);
    size_t at = hash & (p->places - 1);
    while (p->stacks[at].name && !is_same(&p->stacks[at], name, place, hash)) at = (at + 1) & (p->places - 1);
    Stack *s = &p->stacks[at];
    uint32_t *funcs = s->name || !room ? NULL : malloc((place->n_frames + 1) * sizeof *funcs);
    if (!s->name && !funcs) {
        p->others++;
        return;
    }
    if (!s->name) {
        *s = (Stack){.name = name, .module = module, .hash = hash, .n_frames = place->n_frames,
                     .cut = place->depth > place->n_frames, .funcs = funcs};
        for (uint32_t i = 0; i < s->n_frames; i++) funcs[i] = place->frames[i].func;
        p->n++;
    }
    s->samples++;
}

/* ---- as text ----------------------------------------------------------------------------------------------------------- */

typedef struct Named {
    const WasmModule *module;
    WasmNames names;
} Named;

static const WasmNames *names_of(Arena *arena, Named *cache, size_t *n, const WasmModule *module)
{
    for (size_t i = 0; i < *n; i++)
        if (cache[i].module == module) return &cache[i].names;
    Named *new = &cache[(*n)++];
    new->module = module;
    wasm_read_names(module, arena, &new->names);
    return &new->names;
}

/* Escaped; the letter that separates functions is not part of a name. */
static void add_name(TextBuf *t, Str name)
{
    size_t before = t->len;
    text_add_escaped(t, name);
    for (size_t i = before; !t->failed && i < t->len; i++)
        if (t->ptr[i] == ';') t->ptr[i] = ':';
}

static void add_function(TextBuf *t, const WasmNames *names, uint32_t func)
{
    text_add(t, STR(";"));
    if (func < names->n_funcs && names->funcs[func].len > 0) add_name(t, names->funcs[func]);
    else text_printf(t, "func %u", func);
}

static void add_stack(TextBuf *t, const Stack *s, const WasmNames *names)
{
    add_name(t, str_of(s->name));
    for (uint32_t i = s->n_frames; i-- > 0;) {
        if (s->cut && i + 1 == LOAD_FRAMES_INNER) text_add(t, STR(";..."));
        add_function(t, names, s->funcs[i]);
    }
    text_printf(t, " %llu\n", (unsigned long long)s->samples);
}

static int by_text(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_cmp(*x, *y);
}

/* Lines in order of their bytes: places in the table are not the same from run to run. */
static void sort_lines(TextBuf *t, size_t n_lines)
{
    Str *lines = malloc((n_lines ? n_lines : 1) * sizeof *lines);
    char *sorted = malloc(t->len + 1);
    size_t n = 0, at = 0;
    if (!lines || !sorted) t->failed = true;
    for (size_t from = 0, i = 0; !t->failed && i < t->len; i++) {
        if (t->ptr[i] != '\n') continue;
        lines[n++] = (Str){t->ptr + from, i + 1 - from};
        from = i + 1;
    }
    if (!t->failed) {
        qsort(lines, n, sizeof *lines, by_text);
        for (size_t i = 0; i < n; i++) {
            memcpy(sorted + at, lines[i].ptr, lines[i].len);
            at += lines[i].len;
        }
        memcpy(t->ptr, sorted, at);
    }
    free(lines);
    free(sorted);
}

void profile_print(const Profile *p, TextBuf *t)
{
    Arena arena = {0};
    Named *cache = calloc(p->n + 1, sizeof *cache); /* at most a module for each stack */
    size_t n_named = 0, n_lines = 0;
    if (!cache) t->failed = true;
    for (size_t i = 0; !t->failed && i < p->places; i++) {
        const Stack *s = &p->stacks[i];
        if (!s->name) continue;
        add_stack(t, s, names_of(&arena, cache, &n_named, s->module));
        n_lines++;
    }
    if (!t->failed) sort_lines(t, n_lines);
    if (p->others) text_printf(t, "(other stacks) %llu\n", (unsigned long long)p->others);
    free(cache);
    arena_free(&arena);
}
