/* tables.c: names and types by value. One hash look-up each, the hash kept beside the index, so that growing
 * never touches the names again. */
#include "linker/ld.h"

#include <string.h>

enum { FIRST_SLOTS = 64 };

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    if (n) memcpy(&v, p, n);
    return v;
}

/* Multiply and fold, eight bytes a step. The seed is this run's own: an input cannot be made to collide. */
uint64_t ld_hash(const Ld *ld, const void *bytes, size_t n)
{
    const uint64_t k1 = 0x9e3779b97f4a7c15, k2 = 0xbf58476d1ce4e5b9;
    const uint8_t *p = bytes;
    uint64_t h = ld->hash_seed ^ mix(n ^ k1, k2);
    for (; n > 8; n -= 8, p += 8) h = mix(h ^ load(p, 8), k1 ^ ld->hash_seed);
    return mix(h ^ load(p, n), k2);
}

static void grow_slots(Arena *arena, NameTable *t, uint32_t n_slots)
{
    struct NameSlot *slots = arena_array(arena, n_slots, sizeof *slots);
    for (uint32_t i = 0; t->slots && i <= t->mask; i++) {
        if (!t->slots[i].index_plus_1) continue;
        uint32_t at = t->slots[i].hash & (n_slots - 1);
        while (slots[at].index_plus_1) at = (at + 1) & (n_slots - 1);
        slots[at] = t->slots[i];
    }
    t->slots = slots;
    t->mask = n_slots - 1;
}

/* The slot that holds the name, or the free one where it belongs. */
static struct NameSlot *find_slot(const NameTable *t, Str name, uint32_t hash)
{
    uint32_t at = hash & t->mask;
    for (;; at = (at + 1) & t->mask) {
        struct NameSlot *s = &t->slots[at];
        if (!s->index_plus_1 || (s->hash == hash && str_eq(t->names[s->index_plus_1 - 1], name))) return s;
    }
}

uint32_t ld_name_hash(const Ld *ld, Str name) { return (uint32_t)ld_hash(ld, name.ptr, name.len); }

uint32_t ld_name_add_hashed(Arena *arena, NameTable *t, Str name, uint32_t hash, bool *added)
{
    if (!t->slots || t->n >= t->mask / 4 * 3) grow_slots(arena, t, t->slots ? (t->mask + 1) * 2 : FIRST_SLOTS);
    struct NameSlot *s = find_slot(t, name, hash);
    *added = !s->index_plus_1;
    if (*added) {
        t->names = arena_grow(arena, t->names, t->n, &t->names_cap, sizeof *t->names);
        t->names[t->n] = name;
        *s = (struct NameSlot){hash, ++t->n};
    }
    return s->index_plus_1 - 1;
}

uint32_t ld_name_add(Ld *ld, NameTable *t, Str name, bool *added)
{
    return ld_name_add_hashed(&ld->arena, t, name, ld_name_hash(ld, name), added);
}

uint32_t ld_name_find(const Ld *ld, const NameTable *t, Str name)
{
    if (!t->slots) return LD_NONE;
    return find_slot(t, name, ld_name_hash(ld, name))->index_plus_1 - 1; /* 0 - 1 = LD_NONE */
}

/* ---- types ---- */

/* A signature as a name: the numbers of parameters and results, then their bytes. */
static Str type_key(Ld *ld, const WasmType *t, char *small, size_t small_size)
{
    size_t n = 4 + (size_t)t->n_params + t->n_results;
    char *p = n <= small_size ? small : arena_alloc(&ld->arena, n);
    put_le32((uint8_t *)p, t->n_params);
    if (t->n_params) memcpy(p + 4, t->params, t->n_params);
    if (t->n_results) memcpy(p + 4 + t->n_params, t->results, t->n_results);
    return (Str){p, n};
}

uint32_t ld_type_id(Ld *ld, const WasmType *t)
{
    char small[64];
    Str key = type_key(ld, t, small, sizeof small);
    uint32_t id = ld_name_find(ld, &ld->type_names, key);
    if (id != LD_NONE) return id;
    bool added;
    if (key.ptr == small) key.ptr = arena_strndup(&ld->arena, key.ptr, key.len);
    id = ld_name_add(ld, &ld->type_names, key, &added);
    ld->types = arena_grow(&ld->arena, ld->types, id, &ld->types_cap, sizeof *ld->types);
    const uint8_t *bytes =
        (const uint8_t *)key.ptr + 4; /* ours: a type may come from a buffer that goes away */
    ld->types[id] = (TypeInfo){{bytes, bytes + t->n_params, t->n_params, t->n_results}, LD_NONE};
    return id;
}

const char *ld_type_text(Ld *ld, uint32_t type)
{
    return type == LD_NONE ? "(unknown type)" : wasm_type_signature(&ld->arena, &ld->types[type].type);
}

/* ---- symbols ---- */

Symbol *ld_symbol(Ld *ld, Str name)
{
    bool added;
    uint32_t i = ld_name_add(ld, &ld->names, name, &added);
    if (!added) return ld->symbols[i];
    ld->symbols = arena_grow(&ld->arena, ld->symbols, i, &ld->symbols_cap, sizeof *ld->symbols);
    Symbol *s = arena_alloc(&ld->arena, sizeof *s);
    *s = (Symbol){.name = name, .type = LD_NONE, .out_index = LD_NONE, .extra = &ld_no_symbol_extra};
    return ld->symbols[i] = s;
}

Symbol *ld_find_symbol(const Ld *ld, Str name)
{
    uint32_t i = ld_name_find(ld, &ld->names, name);
    return i == LD_NONE ? NULL : ld->symbols[i];
}

const SymbolExtra ld_no_symbol_extra = {.got = LD_NONE};

SymbolExtra *ld_symbol_extra(Ld *ld, Symbol *s)
{
    SymbolExtra *own = arena_alloc(&ld->arena, sizeof *own); /* few change, and few of them more than once */
    *own = *s->extra;
    s->extra = own;
    return own;
}

const WasmImport *ld_import_of(const Symbol *s)
{
    if (s->extra->import) return s->extra->import;
    if (s->state == SYM_DEFINED || !s->obj) return NULL;
    const WasmSymbol *w = &s->obj->o.symbols[s->obj_symbol];
    return w->import == DIAG_NOWHERE32 ? NULL : &s->obj->o.module.imports[w->import];
}

Str ld_import_module(const Symbol *s)
{
    const WasmImport *im = ld_import_of(s);
    return im ? im->module : STR("env");
}

Str ld_import_name(const Symbol *s)
{
    const WasmImport *im = ld_import_of(s);
    return im ? im->name : s->name;
}
