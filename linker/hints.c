/* hints.c: why a symbol may be undefined: what else there is of that name, and what is nearly called so.
 *
 * The order of the command line is never the reason: a definition in an archive is found whether the archive stands
 * before or behind what refers to it. What remains are definitions that do not count (static ones, those of a comdat
 * group that gave way, members that are no WebAssembly), names that are nearly right, and libraries that are missing
 * altogether (hints.def).
 *
 * Names are collected once, when the first symbol is undefined, and found by the letters of their base name
 * (ld_base_name); names at a distance are found by looking at all, as long as the budget of the link lasts. */
#include "linker/words.h"

#include <string.h>

enum { MOST_CANDIDATES = 1 << 20, MOST_OVERLOADS = 3 };

typedef enum Origin {
    FROM_LINK,     /* defined in the link */
    FROM_LINKER,   /* the linker would define it */
    FROM_LAZY,     /* an object between --start-lib and --end-lib */
    FROM_ARCHIVE,  /* an archive's index */
    FROM_DISCARDED, /* in a comdat group of which another object's copy was taken */
    FROM_LOCAL     /* not visible outside of its object */
} Origin;

typedef struct Candidate {
    Str name, key; /* key: a part of name */
    uint64_t letters; /* of the key */
    uint32_t next;    /* of the same hash: index + 1 */
    uint32_t index;   /* symbol of the object, member of the archive */
    uint8_t origin, kind; /* kind: SYM_FUNCTION .., or ANY_KIND */
    union {
        Symbol *symbol;
        Obj *obj;
        LdArchive *archive;
    };
} Candidate;
enum { ANY_KIND = 0xff };

typedef struct Candidates {
    Candidate *items;
    size_t n, cap;
    uint32_t *heads; /* index + 1 */
    uint32_t mask;
} Candidates;

/* ---- collecting ---- */

static uint32_t hash_key(const Ld *ld, Str key)
{
    uint64_t h = ld->hash_seed | 1;
    for (size_t i = 0; i < key.len; i++) h = (h ^ ld_fold(key.ptr[i])) * 0x100000001b3;
    return (uint32_t)(h ^ h >> 32);
}

static void add(Ld *ld, Candidates *c, Candidate item)
{
    if (c->n == MOST_CANDIDATES || item.name.len == 0) return;
    item.key = ld_base_name(item.name);
    item.letters = ld_letters(item.key);
    LD_PUSH(ld, c->items, c->n, c->cap) = item;
}

static void add_object(Ld *ld, Candidates *c, Obj *obj, bool lazy)
{
    for (uint32_t i = 0; i < obj->o.n_symbols; i++) {
        const WasmSymbol *w = &obj->o.symbols[i];
        if (w->kind == SYM_SECTION || w->flags & SYM_UNDEFINED) continue;
        Candidate item = {.name = w->name, .index = i, .obj = obj, .kind = w->kind};
        bool local = w->flags & SYM_BINDING_LOCAL;
        if (local && !lazy) item.origin = FROM_LOCAL;
        else if (lazy && !local) item.origin = FROM_LAZY;
        else if (!lazy && ld_is_discarded(obj, w)) item.origin = FROM_DISCARDED;
        else continue;
        add(ld, c, item);
    }
}

static void add_archive(Ld *ld, Candidates *c, LdArchive *a)
{
    for (uint32_t i = 0; i < a->ar.n_symbols; i++) {
        const ArMember *m = ar_member_at(&a->ar, a->ar.symbols[i].member_offset);
        if (m)
            add(ld, c,
                (Candidate){.name = a->ar.symbols[i].name,
                            .origin = FROM_ARCHIVE,
                            .kind = ANY_KIND,
                            .index = (uint32_t)(m - a->ar.members),
                            .archive = a});
    }
}

static void index_candidates(Ld *ld, Candidates *c)
{
    uint32_t size = 16;
    while (size < c->n) size *= 2;
    c->mask = size - 1;
    c->heads = arena_array(&ld->arena, size, sizeof *c->heads);
    for (size_t i = c->n; i--;) { /* so that a list has them in order */
        uint32_t *head = &c->heads[hash_key(ld, c->items[i].key) & c->mask];
        c->items[i].next = *head;
        *head = (uint32_t)i + 1;
    }
}

/* What synth.c defines when somebody asks for it. */
static const char *const ours[] = {"__data_end",    "__dso_handle", "__global_base", "__heap_base",  "__heap_end",
                                   "__memory_base", "__stack_high", "__stack_low",   "__table_base"};

static const Candidates *candidates(Ld *ld)
{
    LdWords *w = ld_words(ld);
    if (w->defined) return w->defined;
    Candidates *c = w->defined = arena_alloc(&ld->arena, sizeof *c);
    for (uint32_t i = 0; i < ld->names.n; i++) {
        Symbol *s = ld->symbols[i];
        if (s->state == SYM_DEFINED)
            add(ld, c, (Candidate){.name = s->name, .origin = FROM_LINK, .kind = s->kind, .symbol = s});
    }
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        add(ld, c, (Candidate){.name = str_of(ours[i]), .origin = FROM_LINKER, .kind = SYM_DATA});
    for (size_t i = 0; i < ld->n_sources; i++) {
        if (ld->sources[i].archive) add_archive(ld, c, ld->sources[i].archive);
        else if (!ld->sources[i].obj->in_link) add_object(ld, c, ld->sources[i].obj, true);
    }
    for (size_t i = 0; i < ld->n_objs; i++) add_object(ld, c, ld->objs[i], false);
    index_candidates(ld, c);
    return c;
}

/* ---- what is said of one ---- */

static LdPlace place_of(Ld *ld, const Candidate *c)
{
    switch ((Origin)c->origin) {
    case FROM_LINK: return ld_symbol_place(ld, c->symbol->obj, c->symbol->obj_symbol);
    case FROM_ARCHIVE: return (LdPlace){.text = ld_member_text(ld, c->archive, c->index)};
    case FROM_LINKER: return (LdPlace){.text = "<internal>"};
    case FROM_LAZY:
    case FROM_DISCARDED:
    case FROM_LOCAL: break;
    }
    return ld_symbol_place(ld, c->obj, c->index);
}

/* Not what other objects cannot see, nor the linker's own stubs. */
static bool may_be_meant(const Candidate *c, uint8_t kind)
{
    if (c->origin == FROM_LOCAL || c->origin == FROM_DISCARDED) return false;
    if (c->origin == FROM_LINK && c->symbol->local) return false;
    return c->kind == ANY_KIND || kind == ANY_KIND || c->kind == kind;
}

/* A member of the archive's index that did not bring the symbol. */
static void say_member(Ld *ld, Diag *d, const Candidate *c)
{
    const LdArchive *a = c->archive;
    const ArMember *m = &a->ar.members[c->index];
    const char *text = ld_member_text(ld, a, c->index);
    if (!a->tried[c->index]) return;
    if (a->members[c->index])
        diag_note(ld->diags, d, "the archive's index says that %s defines it, and it does not (llvm-ranlib mends it)", text);
    else if (m->size >= 4 && memcmp(m->bytes, "\177ELF", 4) == 0)
        diag_note(ld->diags, d, "%s has that name, but is an ELF object, not WebAssembly", text);
    else diag_note(ld->diags, d, "%s has that name, but is not a WebAssembly object", text);
}

/* The same name, where it does not count. */
static bool say_same_name(Ld *ld, Diag *d, const Candidates *all, Str name, Str key)
{
    uint32_t shown = 0;
    for (uint32_t i = all->heads[hash_key(ld, key) & all->mask]; i && ld_may_search(ld, 1); i = all->items[i - 1].next) {
        const Candidate *c = &all->items[i - 1];
        if (!str_eq(c->name, name) || shown == MOST_OVERLOADS) continue;
        switch ((Origin)c->origin) {
        case FROM_LOCAL:
            ld_note_place(ld, d,
                          c->kind == SYM_FUNCTION ? "a static function of that name is in" : "a static variable of that name is in",
                          place_of(ld, c));
            break;
        case FROM_DISCARDED:
            ld_note_place(ld, d, "the copy of its comdat group that was taken does not define it, as this one would:",
                          place_of(ld, c));
            break;
        case FROM_ARCHIVE: say_member(ld, d, c); break;
        case FROM_LAZY:
        case FROM_LINKER:
        case FROM_LINK: continue;
        }
        shown++;
    }
    return shown > 0;
}

static void suggest(Ld *ld, Diag *d, const char *before, const Candidate *c, const char *behind)
{
    diag_note(ld->diags, d, "did you mean%s%s%s", before, ld_name_text(ld, c->name), behind);
    if (c->origin == FROM_LINKER || (c->origin == FROM_LINK && !c->symbol->obj)) diag_note(ld->diags, d, "defined by the linker");
    else ld_note_place(ld, d, "defined in:", place_of(ld, c));
}

/* ---- near misses ---- */

/* How two names with the same base are akin; the less, the better. */
typedef enum Kinship {
    SAME_PATH,  /* C++ with other parameters, Rust of another build */
    OTHER_LANGUAGE, /* the same identifier in C and in C++ */
    SAME_LETTERS, /* another case, other underscores, another namespace */
    NO_KIN
} Kinship;

static Kinship kinship(Str name, Str key, const Candidate *c)
{
    bool a = ld_is_path(name), b = ld_is_path(c->name);
    if (a && b && ld_same_path(name, c->name)) return SAME_PATH;
    if (a != b) return str_eq(a ? key : name, a ? c->name : c->key) ? OTHER_LANGUAGE : NO_KIN;
    return ld_same_letters(key, c->key) && (!a || ld_same_scope(name, c->name)) ? SAME_LETTERS : NO_KIN;
}

static const Candidate *same_base(Ld *ld, Diag *d, const Candidates *all, Str name, Str key, uint8_t kind, Kinship *how)
{
    const Candidate *best = NULL;
    uint32_t overloads = 0;
    *how = NO_KIN;
    for (uint32_t i = all->heads[hash_key(ld, key) & all->mask]; i; i = all->items[i - 1].next) {
        const Candidate *c = &all->items[i - 1];
        if (!ld_may_search(ld, name.len + c->name.len)) break;
        if (!may_be_meant(c, kind) || str_eq(c->name, name)) continue;
        Kinship k = kinship(name, key, c);
        if (k == SAME_PATH && overloads < MOST_OVERLOADS && (overloads == 0 || !str_eq(best->name, c->name))) {
            if (ld_has_rust_hash(name)) ld_note_place(ld, d, "another build of it is in", place_of(ld, c));
            else suggest(ld, d, ": ", c, "");
            overloads++;
            best = c;
        }
        if (k < *how) {
            *how = k;
            if (!overloads) best = c;
        }
    }
    return best;
}

static const Candidate *at_distance(Ld *ld, const Candidates *all, Str name, Str key, uint8_t kind)
{
    const Candidate *best = NULL;
    uint64_t letters = ld_letters(key);
    bool path = ld_is_path(name);
    unsigned most = ld_most_edits(key);
    if (most == 0 || !ld_may_search(ld, all->n)) return NULL;
    for (size_t i = 0; i < all->n && most; i++) {
        const Candidate *c = &all->items[i];
        size_t more = c->key.len > key.len ? c->key.len - key.len : key.len - c->key.len;
        if (more > most || (unsigned)__builtin_popcountll(letters ^ c->letters) > 2 * most) continue;
        if (!ld_may_search(ld, c->name.len + key.len * (2 * most + 1))) break;
        if (!may_be_meant(c, kind) || str_eq(c->name, name) || ld_is_path(c->name) != path) continue;
        if (path && !ld_same_scope(name, c->name)) continue;
        unsigned d = ld_distance(key, c->key, most);
        if (d > most) continue;
        best = c;
        most = d - (d > 0); /* only what is nearer takes its place */
    }
    return best;
}

static bool say_same_base(Ld *ld, Diag *d, const Candidates *all, Str name, Str key, uint8_t kind)
{
    Kinship how;
    const Candidate *c = same_base(ld, d, all, name, key, kind, &how);
    switch (how) {
    case SAME_PATH: break; /* said */
    case OTHER_LANGUAGE:
        if (ld_is_path(name)) suggest(ld, d, ": extern \"C\" ", c, "");
        else suggest(ld, d, " to declare ", c, " as extern \"C\"?");
        break;
    case SAME_LETTERS: suggest(ld, d, ": ", c, ""); break;
    case NO_KIN: return false;
    }
    return true;
}

static bool say_at_distance(Ld *ld, Diag *d, const Candidates *all, Str name, Str key, uint8_t kind)
{
    const Candidate *c = at_distance(ld, all, name, key, kind);
    if (c) suggest(ld, d, ": ", c, "");
    return c != NULL;
}

/* ---- well-known symbols ---- */

static const struct {
    const char *name, *hint;
} known[] = {
#define HINT(name, hint) {name, hint},
#include "linker/hints.def"
#undef HINT
};

static bool say_known(Ld *ld, Diag *d, Str name)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        Str row = str_of(known[i].name);
        bool open = row.ptr[row.len - 1] == '*';
        if (open) row.len--;
        if (open ? !str_has_prefix(name, row) : !str_eq(name, row)) continue;
        diag_note(ld->diags, d, "%s", known[i].hint);
        return true;
    }
    return false;
}

/* ---- all of it ---- */

static void hint(Ld *ld, Diag *d, Str name, uint8_t kind)
{
    if (!d || name.len == 0) return;
    const Candidates *all = candidates(ld);
    Str key = ld_base_name(name);
    (void)(say_same_name(ld, d, all, name, key) || say_same_base(ld, d, all, name, key, kind) || say_known(ld, d, name) ||
           say_at_distance(ld, d, all, name, key, kind));
}

void ld_hint_undefined(Ld *ld, Diag *d, const Symbol *s) { hint(ld, d, s->name, s->kind); }
void ld_hint_name(Ld *ld, Diag *d, Str name) { hint(ld, d, name, ANY_KIND); }
