/* custom.c: custom sections: those of the objects put together (DWARF above all), and producers, which the
 * linker writes itself. tool-conventions ProducersSection.md */
#include "linker/ld.h"

#include <string.h>

/* ---- sections of the objects ---- */

bool ld_is_kept(const Ld *ld, Str name)
{
    for (size_t i = 0; i < ld->opt->keep_sections.n; i++)
        if (str_eq(str_of(ld->opt->keep_sections.items[i]), name)) return true;
    return false;
}

static bool is_copied(const Ld *ld, const InCustom *c)
{
    /* Those that a linker makes anew, bitcode that compilers enclose, and what only our own linker may say.
     */
    static const Str ours[] = {{"linking", 7},          {"name", 4},    {"producers", 9},
                               {"target_features", 15}, {".llvmbc", 7}, {".llvmcmd", 8},
                               {"parigot.module", 14}};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (str_eq(c->name, ours[i])) return false;
    if (c->discarded || c->size == 0 || str_has_prefix(c->name, STR("reloc."))) return false;
    if (ld->opt->strip == LD_STRIP_NONE) return true;
    bool debug = str_has_prefix(c->name, STR(".debug_"));
    return !debug || ld_is_kept(ld, c->name);
}

static bool is_strings(Str name)
{
    return str_eq(name, STR(".debug_str")) || str_eq(name, STR(".debug_line_str")) ||
           str_eq(name, STR(".debug_str.dwo"));
}

/* Strings of .debug_str are kept once; a part that does not end with one stands behind them as it is. */
static void add_part(Ld *ld, Arena *arena, OutCustom *out, InCustom *c)
{
    ARENA_PUSH(arena, out->parts, out->n, out->cap) = c;
    c->out = out;
    if (ld->opt->optimize > 0 && is_strings(c->name) && c->bytes[c->size - 1] == 0) {
        if (!out->merged) out->merged = arena_alloc(arena, sizeof *out->merged);
        ld_split_strings(ld, arena, c->bytes, c->size, &c->pieces, &c->n_pieces);
        ld_add_strings(arena, out->merged, c->bytes, c->size, c->pieces, c->n_pieces);
        return;
    }
    c->offset = out->size;
    out->size += c->size;
}

static OutCustom *new_section(Ld *ld, Arena *arena, Str name)
{
    OutCustom *out = arena_alloc(arena, sizeof *out);
    out->name = name;
    return ARENA_PUSH(arena, ld->customs, ld->n_customs, ld->customs_cap) = out;
}

/* requires: comdats are chosen. provides: ld->customs, and where each part goes. Nobody else looks at any of
 * it before the module is written, so it may be done beside the passes in between, with memory of its own. */
void ld_gather_customs(Ld *ld, Arena *arena)
{
    NameTable names = {0};
    for (size_t o = 0; o < ld->n_objs; o++) {
        Obj *obj = ld->objs[o];
        for (uint32_t i = 0; i < obj->n_customs; i++) {
            InCustom *c = &obj->customs[i];
            if (!is_copied(ld, c)) continue;
            bool added;
            uint32_t k = ld_name_add_hashed(arena, &names, c->name, ld_name_hash(ld, c->name), &added);
            add_part(ld, arena, added ? new_section(ld, arena, c->name) : ld->customs[k], c);
        }
        ld_forget_debug(obj);
    }
    for (size_t i = 0; i < ld->n_customs; i++) {
        OutCustom *out = ld->customs[i];
        if (!out->merged) continue;
        /* sorting costs more than the tails are worth, unless size is what was asked for */
        ld_place_strings(arena, out->merged, ld->opt->optimize > 1);
        out->size += out->merged->size;
    }
    for (size_t o = 0; o < ld->n_objs; o++) ld_forget_debug(ld->objs[o]); /* equal strings were compared */
}

/* ---- producers ---- */

typedef struct Producer {
    Str name, version;
} Producer;
typedef struct Producers {
    Producer *items;
    size_t n, cap;
} Producers;
static const Str field_names[] = {{"language", 8}, {"processed-by", 12}, {"sdk", 3}};
enum { PROCESSED_BY = 1 };

static void add_producer(Ld *ld, Producers *p, Str name, Str version)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->items[i].name, name)) return;
    LD_PUSH(ld, p->items, p->n, p->cap) = (Producer){name, version};
}

/* A broken section says nothing; it is information, no more. */
static void read_producers(Ld *ld, const Obj *obj, Producers fields[ARRAY_LEN(field_names)])
{
    enum { SHOWN = 64 }; /* of one object: each new name is compared with all before it */
    const WasmCustom *c = wasm_find_custom(&obj->o.module, STR("producers"));
    if (!c) return;
    Diags ignored = {.limit = 1};
    Reader r = wasm_reader(&obj->o.module, c->payload, &ignored);
    uint32_t n_fields, n;
    Str field, name, version;
    bool ok = rd_count(&r, "fields", 2, &n_fields) && n_fields <= ARRAY_LEN(field_names);
    for (uint32_t f = 0; ok && f < n_fields; f++) {
        ok = rd_name(&r, "field", &field) && rd_count(&r, "values", 2, &n) && n <= SHOWN;
        for (uint32_t i = 0; ok && i < n; i++) {
            ok = rd_name(&r, "name", &name) && rd_name(&r, "version", &version);
            for (size_t k = 0; ok && k < ARRAY_LEN(field_names); k++)
                if (str_eq(field, field_names[k]) && fields[k].n < SHOWN)
                    add_producer(ld, &fields[k], name, version);
        }
    }
    diag_free(&ignored);
}

void ld_write_producers(Ld *ld, Writer *w)
{
    Producers fields[ARRAY_LEN(field_names)] = {0};
    uint32_t n = 0;
    for (size_t o = 0; o < ld->n_objs; o++) read_producers(ld, ld->objs[o], fields);
    for (size_t k = 0; k < ARRAY_LEN(field_names); k++) n += fields[k].n != 0;
    if (n == 0) return;
    wr_byte(w, SEC_CUSTOM);
    size_t mark = wr_begin_size(w);
    wr_name(w, STR("producers"));
    wr_u32(w, n);
    for (size_t k = 0; k < ARRAY_LEN(field_names); k++) {
        if (!fields[k].n) continue;
        wr_name(w, field_names[k]);
        wr_u32(w, (uint32_t)fields[k].n);
        for (size_t i = 0; i < fields[k].n; i++) {
            wr_name(w, fields[k].items[i].name);
            wr_name(w, fields[k].items[i].version);
        }
    }
    wr_end_size(w, mark);
}

/* "clang 19.1.7": who made an object, for the record of inputs. */
Str ld_producers_text(Ld *ld, const Obj *obj)
{
    Producers fields[ARRAY_LEN(field_names)] = {0};
    read_producers(ld, obj, fields);
    TextBuf t = {0};
    for (size_t i = 0; i < fields[PROCESSED_BY].n; i++) {
        const Producer *p = &fields[PROCESSED_BY].items[i];
        text_printf(&t, "%s%.*s %.*s", i ? ", " : "", STR_ARG(p->name), STR_ARG(p->version));
    }
    Str s = {t.len ? arena_strndup(&ld->arena, t.ptr, t.len) : "", t.len};
    text_free(&t);
    return s;
}
