/* image.c: an instance at one moment, instances made from it, and the way back (policy reset, docs/reset.md).
 *
 * An image holds what a module can change: memory (memory.c), globals, tables, which segments have been dropped. What it
 * cannot change it shares with its instances: imports, items of element segments. Functions are the module's, so a
 * reference in a table means the same in each instance. */
#include <stdlib.h>

#include "loader/interp.h"

struct LoadImage {
    LoadModule *module;
    Code *code;
    MemoryImage memory;
    Table *tables;         /* elems: malloc                                                                          */
    WasmRange *datas;
    ElemSegment *elems;    /* as they were; n is 0 when dropped                                                      */
    ElemSegment *owned;    /* the items of all of them                                                               */
    LoadImport *imports;
    uint32_t table_elems, table_elems_left;
    void (*refused)(void *host, LoadGrowth, uint64_t limit, uint64_t wanted);
    uint64_t stack_bytes;
    bool enforces_layout;
    size_t n_slots;
    Slot *globals;
    Arena arena;
};

static size_t global_slots(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_globals; i++)
        if (m->globals[i].type == TYPE_V128) return (size_t)m->n_globals * 2;
    return m->n_globals;
}

/* n items in the arena, equal to these; of no items, something that is not NULL. */
static void *copy_array(Arena *arena, const void *items, size_t n, size_t size)
{
    void *copy = arena_array(arena, n ? n : 1, size);
    if (copy && n) memcpy(copy, items, n * size);
    return copy;
}

/* to: elems as from has them; what grew is given back. */
static bool copy_table(Table *to, const Table *from)
{
    if (to->size != from->size || (from->size && !to->elems)) {
        Slot *elems = realloc(to->elems, (from->size ? from->size : 1) * sizeof *elems);
        if (!elems) return false;
        to->elems = elems;
    }
    to->size = from->size;
    to->max = from->max;
    to->type = from->type;
    if (from->size) memcpy(to->elems, from->elems, from->size * sizeof *to->elems);
    return true;
}

static bool copy_tables(Table *to, const Table *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!copy_table(&to[i], &from[i])) return false;
    return true;
}

void image_free(LoadImage *image)
{
    if (!image) return;
    const WasmModule *m = image->module->wasm;
    for (uint32_t i = 0; image->tables && i < m->n_tables; i++) free(image->tables[i].elems);
    for (uint32_t i = 0; image->owned && i < m->n_elems; i++) free(image->owned[i].items);
    memory_image_free(&image->memory);
    arena_free(&image->arena);
    free(image);
}

LoadImage *image_take(LoadInstance *instance)
{
    const WasmModule *m = instance->module->wasm;
    LoadImage *image = calloc(1, sizeof *image);
    if (!image) return NULL;
    image->module = instance->module;
    image->code = instance->code;
    image->memory = (MemoryImage){.fd = -1, .pagemap = -1};
    image->table_elems = instance->table_elems;
    image->table_elems_left = instance->table_elems_left;
    image->refused = instance->refused;
    image->stack_bytes = (uint64_t)((char *)instance->stack_end - (char *)instance->stack);
    image->enforces_layout = instance->enforces_layout;
    image->n_slots = global_slots(m);
    image->globals = copy_array(&image->arena, instance->globals, image->n_slots, sizeof(Slot));
    image->datas = copy_array(&image->arena, instance->datas, m->n_datas, sizeof *image->datas);
    image->elems = copy_array(&image->arena, instance->elems, m->n_elems, sizeof *image->elems);
    image->imports = copy_array(&image->arena, instance->imports, m->n_imported[KIND_FUNC], sizeof *image->imports);
    image->tables = arena_array(&image->arena, m->n_tables ? m->n_tables : 1, sizeof *image->tables);
    ElemSegment *owned = copy_array(&image->arena, instance->elems, m->n_elems, sizeof *owned);
    if (!image->globals || !image->datas || !image->elems || !image->imports || !image->tables || !owned ||
        !copy_tables(image->tables, instance->tables, m->n_tables) ||
        !memory_image_take(&image->memory, &instance->memory, instance->module->has_layout && instance->enforces_layout)) {
        image_free(image);
        return NULL;
    }
    image->owned = owned; /* from here on not the instance's */
    instance->image = image;
    return image;
}

LoadInstance *image_instance(LoadImage *image, void *host)
{
    LoadModule *module = image->module;
    const WasmModule *m = module->wasm;
    LoadInstance *instance = calloc(1, sizeof *instance + image->n_slots * sizeof(Slot));
    if (!instance) return NULL;
    instance->module = module;
    instance->image = image;
    instance->host = host;
    instance->code = image->code;
    instance->funcs = image->code->funcs;
    instance->imports = image->imports;
    instance->enforces_layout = image->enforces_layout;
    instance->table_elems = image->table_elems;
    instance->refused = image->refused;
    if (module->fuel) instance->gauge = (int64_t *)&instance->globals[module->fuel - 1].i;
    instance->datas = copy_array(&instance->arena, image->datas, m->n_datas, sizeof *instance->datas);
    instance->elems = copy_array(&instance->arena, image->elems, m->n_elems, sizeof *instance->elems);
    instance->tables = arena_array(&instance->arena, m->n_tables ? m->n_tables : 1, sizeof *instance->tables);
    if (instance->datas && instance->elems && instance->tables && instance_make_stack(instance, image->stack_bytes) &&
        memory_from_image(&instance->memory, &image->memory) && image_reset(instance))
        return instance;
    load_interp.destroy(instance);
    return NULL;
}

bool image_reset(LoadInstance *instance)
{
    const LoadImage *image = instance->image;
    const WasmModule *m = image->module->wasm;
    if (!image || instance->busy || !memory_restore(&instance->memory, &image->memory)) return false;
    if (!copy_tables(instance->tables, image->tables, m->n_tables)) return false;
    instance->table_elems_left = image->table_elems_left;
    if (image->n_slots) memcpy(instance->globals, image->globals, image->n_slots * sizeof(Slot));
    if (m->n_datas) memcpy(instance->datas, image->datas, m->n_datas * sizeof *instance->datas);
    if (m->n_elems) memcpy(instance->elems, image->elems, m->n_elems * sizeof *instance->elems);
    instance->fault_address = 0;
    atomic_store_explicit(&instance->interrupt, TRAP_NONE, memory_order_relaxed);
    return true;
}
